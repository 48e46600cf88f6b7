"""What the export says of plans, doses and their links, as facts for a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from rtcheck.dvh.noticed import highest_dose
from rtcheck.exhibits import Composite, CompositePart, GridFacts, Link, LinkNode, PlanFacts, PrescriptionFact
from rtcheck.model.case import Case
from rtcheck.model.grid import DoseGrid
from rtcheck.model.plan import Plan
from rtcheck.rules.course import Course, fraction_count
from rtcheck.rules.dose_links import treatment_beams
from rtcheck.rules.result import Outcome

__all__ = ["composite", "grid_facts", "link_graph", "plan_facts"]

_PARALLEL = 1e-6


def plan_facts(course: Course) -> tuple[PlanFacts, ...]:
    """Return the plans of the course."""
    return tuple(_plan(plan, course) for plan in course.plans)


def grid_facts(course: Course) -> tuple[GridFacts, ...]:
    """Return the dose grids of the course."""
    return tuple(_grid(grid) for grid in course.grids)


def link_graph(case: Case) -> tuple[tuple[LinkNode, ...], tuple[Link, ...]]:
    """Return the objects of the export and what refers to what.

    A UID that is referred to and not in the export is a node of kind ``MISSING``; frames of reference are nodes.
    """
    labels = {plan.sop_instance_uid: plan.label for plan in case.plans}
    labels |= {structures.sop_instance_uid: structures.label for structures in case.structure_sets}
    labels |= {grid.sop_instance_uid: grid.summation_type for grid in case.doses}
    kinds = {item.sop_instance_uid: item.modality for item in case.inputs}
    kinds |= {plan.sop_instance_uid: "RTPLAN" for plan in case.plans}
    kinds |= {grid.sop_instance_uid: "RTDOSE" for grid in case.doses}
    kinds |= {structures.sop_instance_uid: "RTSTRUCT" for structures in case.structure_sets}
    links: set[tuple[str, str, str]] = set()
    frames: set[str] = set()
    for plan in case.plans:
        if plan.structure_set_uid:
            links.add((plan.sop_instance_uid, plan.structure_set_uid, "ReferencedStructureSetSequence"))
    for grid in case.doses:
        links |= {(grid.sop_instance_uid, uid, "ReferencedRTPlanSequence") for uid in grid.plan_uids}
        frame = grid.geometry.frame_of_reference_uid
        if frame:
            frames.add(frame)
            links.add((grid.sop_instance_uid, frame, "FrameOfReferenceUID"))
    for structures in case.structure_sets:
        used = {roi.frame_of_reference_uid for roi in structures.rois if roi.frame_of_reference_uid}
        for frame in used | set(structures.frame_of_reference_uids):
            frames.add(frame)
            links.add((structures.sop_instance_uid, frame, "ReferencedFrameOfReferenceUID"))
    shown = {uid for link in links for uid in link[:2]} | {
        uid for uid, kind in kinds.items() if kind in ("RTPLAN", "RTDOSE", "RTSTRUCT", "REG")
    }
    nodes = [
        LinkNode(uid, "FRAME" if uid in frames else kinds.get(uid, "MISSING"), labels.get(uid, ""), uid in kinds)
        for uid in sorted(shown)
    ]
    return tuple(nodes), tuple(Link(*link) for link in sorted(links))


def composite(course: Course, outcomes: Sequence[Outcome]) -> Composite | None:
    """Return how several plans were summed; None with one plan."""
    if len(course.plans) < 2:
        return None
    parts = tuple(
        CompositePart(
            tuple(plan.label or plan.sop_instance_uid for plan in part.plans),
            part.fractions,
            tuple(grid.sop_instance_uid for grid in part.grids),
        )
        for part in course.parts
    )
    biological = tuple(index for index, one in enumerate(outcomes) if "{" in one.metric)
    return Composite(parts, course.unlike, biological)


def _plan(plan: Plan, course: Course) -> PlanFacts:
    names = {roi.number: roi.name for structures in course.structure_sets
             if structures.sop_instance_uid == plan.structure_set_uid for roi in structures.rois}  # fmt: skip
    prescriptions = tuple(
        PrescriptionFact(
            names.get(ref.roi_number, "") if ref.roi_number is not None else "",
            ref.description,
            ref.target_prescription_gy,
        )
        for ref in plan.dose_references
        if ref.kind == "TARGET"
    )
    return PlanFacts(
        sop_instance_uid=plan.sop_instance_uid,
        label=plan.label,
        name=plan.name,
        kind=plan.kind,
        intent=plan.intent,
        geometry=plan.geometry,
        approval_status=plan.approval_status,
        created=plan.created,
        fractions=fraction_count(plan),
        treatment_beams=len(treatment_beams(plan, plan.fraction_groups)),
        prescriptions=prescriptions,
        structure_set_uid=plan.structure_set_uid,
        dose_sop_instance_uids=_doses(plan, course),
    )


def _doses(plan: Plan, course: Course) -> tuple[str, ...]:
    return tuple(grid.sop_instance_uid for part in course.parts if plan in part.plans for grid in part.grids)


def _grid(grid: DoseGrid) -> GridFacts:
    geometry = grid.geometry
    steps = np.diff(geometry.offsets_mm)
    between = float(np.median(steps)) if len(steps) else 0.0
    return GridFacts(
        sop_instance_uid=grid.sop_instance_uid,
        dose_type=grid.dose_type,
        summation_type=grid.summation_type,
        shape=geometry.shape,
        spacing_mm=(between, *geometry.spacing_mm),
        uneven=bool(len(steps)) and bool(np.ptp(steps) > 1e-3 * between),
        origin_mm=geometry.origin_mm,
        axial=_along(geometry.row, 0) and _along(geometry.column, 1),
        scaling_gy=grid.scaling_gy,
        maximum_gy=highest_dose(grid),
        heterogeneity_correction=grid.heterogeneity_correction,
        frame_of_reference_uid=geometry.frame_of_reference_uid,
        created=grid.created,
    )


def _along(vector: Iterable[float], axis: int) -> bool:
    return abs(abs(tuple(vector)[axis]) - 1.0) < _PARALLEL
