"""All second looks at a course, in the order in which a check can take them.

`look_at` is called while a structure's samples are there; `look_over` once at the end, for what needs no samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rtcheck.conformity import in_dose_frame
from rtcheck.crosschecks.anatomy import nested_findings, organ_findings, within_body
from rtcheck.crosschecks.beam_dose import beam_dose_findings
from rtcheck.crosschecks.outline import body_roi, outline_of, outlines_finding
from rtcheck.crosschecks.plan_sense import accessory_findings, isocentre_findings, override_findings
from rtcheck.crosschecks.prescribed import prescribed_findings
from rtcheck.crosschecks.scanlines import scanline_finding
from rtcheck.crosschecks.skipped import skipped_findings
from rtcheck.crosschecks.stated import (
    Compared,
    agreement_finding,
    compare_stored,
    stack_volume_finding,
    stored_curves,
    unstated_finding,
    volume_finding,
)
from rtcheck.crosschecks.targets import hot_spot_finding, spacing_finding
from rtcheck.dvh.curve import StructureDose
from rtcheck.dvh.field import PHYSICAL
from rtcheck.dvh.noticed import highest_dose
from rtcheck.geometry.ends import plane_areas
from rtcheck.geometry.rings import plane_thickness
from rtcheck.geometry.solid import ContourStack
from rtcheck.judging import Judged
from rtcheck.measure import Bench, Problem, measure, stack_of
from rtcheck.model.case import Case
from rtcheck.model.finding import Finding, finding
from rtcheck.model.grid import VendorDVH
from rtcheck.model.structure import ROI
from rtcheck.rules.course import Course
from rtcheck.rules.identity import copied_findings, identity_findings
from rtcheck.rules.images import image_findings
from rtcheck.rules.laterality import laterality_findings
from rtcheck.rules.lesions import LesionBinding, target_role
from rtcheck.rules.names import NameTable
from rtcheck.rules.outcome import outcome_findings
from rtcheck.rules.resolve import BoundExpression, BoundROI, union_of

__all__ = [
    "Looks", "distrusted", "look_at", "look_at_parts", "look_over", "looks_for", "stored_findings", "target_maximum",
]  # fmt: skip


@dataclass(slots=True, eq=False)
class Looks:
    """What is looked for while structures are measured, and what was seen.

    Attributes:
        curves: stored curves by ROI number.
        highest_gy: highest dose of the only grid; 0 where there are several.
        seen: ROIs already looked at.
        compared: stored curves that were compared, with their ROI.
        findings: RTD316 and RTD606, each with its ROI.
        unstated: names of structures of which the export states neither volume nor a curve that could be compared.
        no_volume: names of those without a stated volume of which a curve was compared.
        no_curve: names of those with a stated volume and no stored curve.
    """

    curves: dict[int, VendorDVH]
    highest_gy: float
    seen: set[int] = field(default_factory=set)
    compared: list[tuple[ROI, Compared]] = field(default_factory=list)
    findings: list[tuple[ROI, Finding]] = field(default_factory=list)
    unstated: list[str] = field(default_factory=list)
    no_volume: list[str] = field(default_factory=list)
    no_curve: list[str] = field(default_factory=list)


def looks_for(course: Course) -> Looks:
    """Return an empty record of looks at the structures of a course."""
    grids = course.grids
    highest = highest_dose(grids[0]) if len(grids) == 1 else 0.0
    return Looks(stored_curves(course), highest)


def look_at(looks: Looks, bench: Bench, bound: BoundExpression | None) -> Finding | None:
    """Compare a structure whose physical dose is on the bench with what is stated of it and with the second engine.

    Returns:
        RTD606 where the two engines disagree about it; then nothing measured of it is trusted.
    """
    if not isinstance(bound, BoundROI) or id(bound.roi) in looks.seen:
        return None
    dose = _known(bench, bound)
    stack, _ = stack_of(bench, bound.roi)
    if dose is None or stack is None:
        return None
    roi, name = bound.roi, bound.roi.name or f"ROI {bound.roi.number}"
    looks.seen.add(id(roi))
    noticed = (*volume_finding(roi, dose, _end_share(stack)), *scanline_finding(name, stack, bench.dose, dose))
    looks.findings += [(roi, item) for item in noticed]
    curve = looks.curves.get(roi.number)
    compared = None
    if curve is not None:
        compared = compare_stored(name, curve, dose, len(stack.planes_mm), looks.highest_gy)
        if compared is not None:
            looks.compared.append((roi, compared))
    if roi.stated_volume_cm3 is None:
        (looks.unstated if compared is None else looks.no_volume).append(name)
    elif curve is None:
        looks.no_curve.append(name)
    return next((item for item in noticed if item.code == "RTD606"), None)


def look_at_parts(looks: Looks, bench: Bench, rois: Iterable[ROI]) -> None:
    """Compare the stated volume of structures that are only parts of what was measured, or of a lesion."""
    for roi in rois:
        stack, _ = stack_of(bench, roi)
        if stack is None or id(roi) in looks.seen:
            continue
        looks.seen.add(id(roi))
        looks.findings += [(roi, item) for item in stack_volume_finding(roi, stack)]
        if roi.stated_volume_cm3 is None:
            looks.unstated.append(roi.name or f"ROI {roi.number}")


def distrusted(judged: Judged, why: Finding) -> Judged:
    """Take the judgement of a structure back that the two engines do not agree about."""
    if judged.outcome.outcome in ("NOT_APPLICABLE", "NOT_EVALUATED"):
        return judged
    outcome = replace(
        judged.outcome, outcome="NOT_EVALUATED", value=None, low=None, high=None, margin=None, reason=why.message
    )
    kept = tuple(item for item in judged.findings if not item.code.startswith("RTD7") and item.code != "RTD603")
    return Judged(outcome, (*kept, *outcome_findings(outcome, "RTD606", target=False)))


def _known(bench: Bench, bound: BoundROI) -> StructureDose | None:
    """Return the physical dose of a structure where it has been measured; nothing is measured for a look."""
    return next((dose for (key, quantity), dose in bench.doses.items()
                 if quantity is PHYSICAL and key == (id(bound.roi),)), None)  # fmt: skip


def _end_share(stack: ContourStack) -> float:
    """Return the mean share of the volume that an end contour has."""
    parts = np.abs(plane_areas(stack)) * plane_thickness(stack.planes_mm, stack.thickness_mm or 3.0)
    return float((parts[0] + parts[-1]) / 2 / np.sum(parts)) if len(parts) else 0.0


def stored_findings(looks: Looks) -> list[tuple[ROI | None, Finding]]:
    """Return everything seen while measuring, with the ROI it is about; None for what is about the dose."""
    out: list[tuple[ROI | None, Finding]] = [*looks.findings]
    by_name = {compared.name: roi for roi, compared in looks.compared}
    items = [*agreement_finding(compared for _, compared in looks.compared), *unstated_finding(looks.unstated)]
    return out + [(by_name.get(item.subject), item) for item in items]


def target_maximum(bench: Bench, binding: LesionBinding) -> float | None:
    """Return the highest dose in the target of a lesion, Gy, over all conventions; None where it has none."""
    role = target_role(binding)
    if role is None:
        return None
    target = union_of([BoundROI(roi) for roi in binding.roles[role].rois])
    dose = measure(bench, binding.lesion.id, target, PHYSICAL) if target is not None else None
    if dose is None or isinstance(dose, Problem) or len(dose.value.dose_gy) == 0:
        return None
    every = [dose.value, *(dvh for _, dvh in dose.alternatives)]
    return max(dvh.maximum_gy for dvh in every if np.isfinite(dvh.maximum_gy))


def look_over(
    case: Case,
    course: Course,
    bench: Bench,
    lesions: Sequence[LesionBinding],
    touched: Iterable[ROI],
    maxima: Sequence[float],
    names: NameTable,
) -> tuple[Finding, ...]:
    """Look at what needs no samples: body, anatomy, images, beams, bolus, overrides, dose grid, hottest point.

    Args:
        case: for its images.
        course: what is judged.
        bench: with the contour stacks.
        lesions: with their structures.
        touched: the ROIs that a constraint or lesion uses.
        maxima: highest dose in the target of each consolidative lesion.
        names: the table of names.
    """
    used = list(touched)
    known = {id(roi) for roi in used}
    framed = [roi for roi in course.rois if in_dose_frame(roi, bench.dose)]
    body = body_roi(framed)
    outline = outline_of(body) if body is not None else None
    out: list[Finding] = [*outlines_finding(framed)]
    if outline is None:
        out.append(
            finding(
                "RTD320",
                "body",
                "No outline of the body (type EXTERNAL) can be used, of axial contours in the frame of reference of "
                "the dose: whether targets, organs and isocentre lie inside the patient was not checked. Export it.",
            )
        )
    else:
        out += [*within_body(outline, used), *isocentre_findings(course.plans, outline)]
    out += laterality_findings(course.rois, body, used)
    treated = {id(roi) for each in lesions if each.lesion.consolidative for role in each.roles.values()
               for roi in role.rois}  # fmt: skip
    out += prescribed_findings(bench, course, treated)
    out += nested_findings(bench, lesions)
    out += organ_findings(bench, lesions, course.rois, names, _is_used(known))
    out += [*identity_findings(used, course.rois, names), *copied_findings(used, course.rois, lesions, names)]
    out += [*image_findings(used, case.images), *skipped_findings(bench, used, case.images)]
    out += [*beam_dose_findings(course), *accessory_findings(course), *override_findings(bench, course, lesions)]
    out += spacing_finding(bench, lesions, course.grids)
    hot = hot_spot_finding(course, maxima)
    if hot:
        others = [binding for binding in lesions if binding.lesion.active and not binding.lesion.consolidative]
        found = [target_maximum(bench, binding) for binding in others]
        hot = hot_spot_finding(course, [*maxima, *(value for value in found if value is not None)])
    return (*out, *hot)


def _is_used(known: set[int]) -> Callable[[ROI], bool]:
    return lambda roi: id(roi) in known
