"""Does what the plan prescribes to a structure arrive in it (RTD219, RTD602): the registry is not asked.

A dose that lies elsewhere - mirrored, turned, scrambled, shifted, scaled - often spares an organ. Lesions to be treated
are compared with the registry's prescription; whatever else the plan itself prescribes to is compared here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from rtcheck.conformity import in_dose_frame
from rtcheck.crosschecks.scanlines import scan, vertices_in_dose
from rtcheck.measure import Bench, stack_of
from rtcheck.model.finding import Finding, Severity, finding
from rtcheck.model.plan import Plan
from rtcheck.model.structure import ROI
from rtcheck.rules.course import Course
from rtcheck.units import format_number

__all__ = ["prescribed_findings"]

_PLAUSIBLE = (0.8, 1.3)
"""Target dose over prescription, as in `rtcheck.rules.prescription` (dicom-rt notes, row 49)."""
_IMPOSSIBLE = (0.5, 2.0)
"""Beyond these the dose is not that of this plan on these structures, whatever boosts or shields it has."""


def prescribed_findings(bench: Bench, course: Course, known: Collection[int]) -> tuple[Finding, ...]:
    """RTD219 where the mean dose of a structure does not fit what the plans prescribe to it.

    The lowest that it may have is the sum of the plans' prescriptions to the structure itself; the highest that of the
    plans' highest prescriptions, for a target may hold another one that is boosted. W beyond 0.8 and 1.3 of these, E
    beyond 0.5 and 2. RTD602 (W) where the dose grid does not hold the whole structure.

    Args:
        bench: with the dose and the contour stacks.
        course: plans and structures.
        known: ids of the ROIs of lesions to be treated, which are compared with the registry's prescription.
    """
    highest = sum(max(_doses(plan), default=0.0) for plan in course.plans)
    if highest <= 0 or any(grid.dose_type != "PHYSICAL" for grid in course.grids):
        return ()
    out = []
    for roi, prescribed in _prescribed(course):
        if id(roi) in known or not in_dose_frame(roi, bench.dose):
            continue
        stack, _ = stack_of(bench, roi)
        if stack is None:
            continue
        name = roi.name or f"ROI {roi.number}"
        _, mean, _ = scan(stack, bench.dose, 12, 3)
        if not (np.isfinite(mean) and vertices_in_dose(stack, bench.dose)):
            message = (
                f"The dose grid does not hold all of {name}, to which the plan prescribes {format_number(prescribed)} "
                "Gy: its dose was not compared with that. Export the dose of the whole target."
            )
            out.append(finding("RTD602", name, message, "W", prescribed_gy=prescribed))
            continue
        low, high = mean / prescribed, mean / highest
        if low >= _PLAUSIBLE[0] and high <= _PLAUSIBLE[1]:
            continue
        severity: Severity = "E" if low < _IMPOSSIBLE[0] or high > _IMPOSSIBLE[1] else "W"
        message = (
            f"The plan prescribes {format_number(prescribed)} Gy to {name}, whose mean dose is {mean:.3g} Gy. Check "
            "that the dose is of this plan, its scale, and where dose and structures lie."
        )
        out.append(finding("RTD219", name, message, severity, mean_gy=mean, prescribed_gy=prescribed))
    return tuple(out)


def _doses(plan: Plan) -> list[float]:
    return [
        reference.target_prescription_gy for reference in plan.dose_references
        if reference.kind == "TARGET" and reference.target_prescription_gy is not None
    ]  # fmt: skip


def _prescribed(course: Course) -> Iterable[tuple[ROI, float]]:
    """Structures of volume that plans prescribe to, each with the sum over the plans of the highest dose to it, Gy."""
    found: dict[tuple[str, int], float] = {}
    for plan in course.plans:
        own: dict[int, float] = {}
        for reference in plan.dose_references:
            dose, number = reference.target_prescription_gy or 0.0, reference.roi_number
            target = reference.kind == "TARGET" and reference.structure_type == "VOLUME"
            if target and dose > 0 and number is not None:
                own[number] = max(own.get(number, 0.0), dose)
        for number, dose in own.items():
            key = plan.structure_set_uid, number
            found[key] = found.get(key, 0.0) + dose
    for structures in course.structure_sets:
        for roi in structures.rois:
            dose = found.get((structures.sop_instance_uid, roi.number), 0.0)
            if dose > 0:
                yield roi, dose
