"""What is in an export and what hangs on what, without any judgement: the value behind `rtcheck inspect`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rtcheck.geometry.rings import stack_contours
from rtcheck.model.case import Case, InputObject
from rtcheck.model.finding import Finding
from rtcheck.model.grid import DoseGrid
from rtcheck.model.plan import Plan
from rtcheck.model.structure import ROI, StructureSet
from rtcheck.rules.links import select_course, several_patients

__all__ = ["DoseEntry", "Inventory", "Link", "PlanEntry", "ROIEntry", "StructureSetEntry", "take_inventory"]


@dataclass(frozen=True, slots=True)
class Link:
    """One object refers to another.

    Attributes:
        kind: ``plan -> structure set`` or ``dose -> plan``.
        source_uid, target_uid: SOP Instance UIDs.
        found: whether the export has the target.
    """

    kind: str
    source_uid: str
    target_uid: str
    found: bool


@dataclass(frozen=True, slots=True)
class PlanEntry:
    """One plan: its fraction counts by group, treatment beams, intent, approval and target prescriptions in Gy."""

    label: str
    sop_instance_uid: str
    kind: str
    fractions: tuple[int | None, ...]
    beams: int
    intent: str
    approval_status: str
    prescriptions_gy: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class DoseEntry:
    """One dose grid.

    Attributes:
        shape: planes, rows, columns.
        spacing_mm: along a row, along a column, and between planes (the smallest and the largest step).
        origin_mm: centre of the first voxel, LPS.
        row, column: unit vectors along a row and along a column, LPS.
        maximum_gy: largest stored value.
    """

    sop_instance_uid: str
    dose_type: str
    summation_type: str
    plan_uids: tuple[str, ...]
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float, float]
    origin_mm: tuple[float, float, float]
    row: tuple[float, float, float]
    column: tuple[float, float, float]
    maximum_gy: float
    frame_of_reference_uid: str


@dataclass(frozen=True, slots=True)
class ROIEntry:
    """One ROI. `planes` is the number of contour planes, 0 where it has no usable solid; `usable` says which."""

    number: int
    name: str
    interpreted_type: str
    contours: int
    planes: int
    usable: bool
    frame_of_reference_uid: str
    stated_volume_cm3: float | None


@dataclass(frozen=True, slots=True)
class StructureSetEntry:
    """One structure set with its ROIs in the order of their numbers."""

    label: str
    sop_instance_uid: str
    approval_status: str
    rois: tuple[ROIEntry, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything an export holds. No patient data beyond PatientID.

    Attributes:
        objects: every DICOM object, also those not used.
        findings: of reading, of the links, and of the contours, the serious ones first; each once.
        usable: whether reading left nothing that would refuse the case.
    """

    patient_id: str
    objects: tuple[InputObject, ...]
    ignored_files: int
    plans: tuple[PlanEntry, ...]
    doses: tuple[DoseEntry, ...]
    structure_sets: tuple[StructureSetEntry, ...]
    links: tuple[Link, ...]
    findings: tuple[Finding, ...]
    usable: bool


def take_inventory(case: Case) -> Inventory:
    """List what a case holds and which object refers to which."""
    entries, contour_findings = [], []
    for structures in case.structure_sets:
        entry, found = _structure_set(structures)
        entries.append(entry)
        contour_findings += found
    own = [*(item for plan in case.plans for item in plan.findings),
           *(item for grid in case.doses for item in grid.findings),
           *(item for structures in case.structure_sets for item in structures.findings)]
    course = select_course(case, None)
    findings = (*case.findings, *several_patients(case), *own, *course.findings, *contour_findings)
    return Inventory(
        patient_id=", ".join(case.patient_ids),
        objects=case.inputs,
        ignored_files=case.ignored_files,
        plans=tuple(_plan(plan) for plan in case.plans),
        doses=tuple(_dose(grid) for grid in case.doses),
        structure_sets=tuple(entries),
        links=tuple(_links(case)),
        findings=_sorted(findings),
        usable=bool(case.inputs) and not any(item.severity == "F" for item in case.findings),
    )


def _plan(plan: Plan) -> PlanEntry:
    beams = sum(beam.delivery_type == "TREATMENT" for beam in plan.beams)
    doses = sorted({reference.target_prescription_gy for reference in plan.dose_references
                    if reference.target_prescription_gy is not None})
    fractions = tuple(group.fractions_planned for group in plan.fraction_groups)
    return PlanEntry(plan.label, plan.sop_instance_uid, plan.kind, fractions, beams, plan.intent,
                     plan.approval_status, tuple(doses))


def _dose(grid: DoseGrid) -> DoseEntry:
    geometry = grid.geometry
    steps = np.diff(geometry.offsets_mm)
    least, most = (float(steps.min()), float(steps.max())) if len(steps) else (0.0, 0.0)
    spacing_y, spacing_x = geometry.spacing_mm
    return DoseEntry(
        sop_instance_uid=grid.sop_instance_uid,
        dose_type=grid.dose_type,
        summation_type=grid.summation_type,
        plan_uids=grid.plan_uids,
        shape=geometry.shape,
        spacing_mm=(spacing_x, spacing_y, least, most),
        origin_mm=geometry.origin_mm,
        row=geometry.row,
        column=geometry.column,
        maximum_gy=float(grid.stored.max()) * grid.scaling_gy,
        frame_of_reference_uid=geometry.frame_of_reference_uid,
    )


def _structure_set(structures: StructureSet) -> tuple[StructureSetEntry, list[Finding]]:
    findings: list[Finding] = []
    rois = []
    for roi in sorted(structures.rois, key=lambda one: one.number):
        entry, found = _roi(roi)
        rois.append(entry)
        findings += found
    return (StructureSetEntry(structures.label, structures.sop_instance_uid, structures.approval_status, tuple(rois)),
            findings)


def _roi(roi: ROI) -> tuple[ROIEntry, tuple[Finding, ...]]:
    stack, found = stack_contours(roi)
    planes = 0 if stack is None else len(stack.planes_mm)
    entry = ROIEntry(roi.number, roi.name, roi.interpreted_type, len(roi.contours.kinds), planes, stack is not None,
                     roi.frame_of_reference_uid, roi.stated_volume_cm3)
    return entry, (*roi.findings, *found)


def _links(case: Case) -> Iterable[Link]:
    plans = {plan.sop_instance_uid for plan in case.plans}
    sets = {structures.sop_instance_uid for structures in case.structure_sets}
    for plan in case.plans:
        if plan.structure_set_uid:
            yield Link("plan -> structure set", plan.sop_instance_uid, plan.structure_set_uid,
                       plan.structure_set_uid in sets)
    for grid in case.doses:
        for target in grid.plan_uids:
            yield Link("dose -> plan", grid.sop_instance_uid, target, target in plans)


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    once = {(item.code, item.severity, item.subject, item.message): item for item in findings}
    return tuple(sorted(once.values(), key=lambda item: ("FEWI".index(item.severity), item.code, item.subject,
                                                         item.message)))
