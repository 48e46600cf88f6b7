"""The doses of the beams against the prescription and against the dose grid (RTD504): is the plan still normalised."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

from rtcheck.geometry.interpolate import dose_at
from rtcheck.model.finding import Finding, finding
from rtcheck.model.plan import BeamDose, Plan
from rtcheck.rules.course import Course, describe_plan, fraction_count
from rtcheck.rules.dose_links import treatment_beams
from rtcheck.units import format_number

__all__ = ["beam_dose_findings"]

_TOLERANCE = 0.05
"""Beam doses are stated for a point, prescriptions often for a volume: less than this is no contradiction."""


def beam_dose_findings(course: Course) -> tuple[Finding, ...]:
    """RTD504 where beam dose × fractions is neither a prescription of the plan nor the dose at its own point.

    BeamDose is of one fraction at BeamDoseSpecificationPoint (PS3.3 §C.8.8.13). The sum of all beams, or that of the
    beams of each point, must be a prescription or the sum of all of them. A prescription to an isodose gives a higher
    sum, which the dose grid then has at the point: so both are looked at. Nominal and effective beam doses are left
    out, and so is a plan of which some treatment beam states none: that is a note (I).
    """
    out = []
    for plan in course.plans:
        fractions = fraction_count(plan)
        doses = _stated(plan)
        if not doses and treatment_beams(plan, plan.fraction_groups):
            message = (
                "Not every treatment beam states a physical BeamDose (300A,0084): whether they add up to the "
                "prescription was not checked."
            )
            out.append(finding("RTD504", describe_plan(plan), message, "I"))
        prescribed = sorted(
            {
                reference.target_prescription_gy
                for reference in plan.dose_references
                if reference.kind == "TARGET" and reference.target_prescription_gy
            }
        )
        if fractions is None or not doses or not prescribed:
            continue
        sums: dict[tuple[float, float, float] | None, float] = defaultdict(float)
        for dose in doses:
            sums[dose.point_mm] += fractions * (dose.dose_gy or 0.0)
        wanted = [*prescribed, sum(prescribed)]
        if any(math.isclose(sum(sums.values()), value, rel_tol=_TOLERANCE) for value in wanted):
            continue
        for point, total in sorted(sums.items(), key=lambda item: (item[0] is not None, item[0] or ())):
            if any(math.isclose(total, value, rel_tol=_TOLERANCE) for value in wanted):
                continue
            there = _dose_at(course, plan, point) if point is not None else None
            if there is not None and math.isclose(total, there, rel_tol=_TOLERANCE):
                continue
            shown = ", ".join(format_number(round(value, 3)) for value in prescribed)
            seen = "" if there is None else f"; the dose grid has {there:.2f} Gy at that point"
            out.append(
                finding(
                    "RTD504",
                    describe_plan(plan),
                    f"The beam doses add up to {total:.2f} Gy in {fractions} fractions, the plan prescribes {shown} Gy"
                    f"{seen}. Check the number of fractions and whether the plan was normalised after the dose was "
                    "calculated.",
                    beams_gy=total,
                    prescribed_gy=prescribed,
                    grid_gy=there,
                )
            )
    return tuple(out)


def _stated(plan: Plan) -> list[BeamDose]:
    """Return the physical doses of all treatment beams; empty when one of them states none."""
    delivered = set(treatment_beams(plan, plan.fraction_groups))
    doses = [dose for group in plan.fraction_groups for dose in group.beam_doses if dose.number in delivered]
    if any(dose.dose_gy is None or dose.nominal or dose.dose_type == "EFFECTIVE" for dose in doses):
        return []
    return doses


def _dose_at(course: Course, plan: Plan, point: tuple[float, float, float]) -> float | None:
    """Return the dose of one plan at a point; None where it is not its alone, in another frame, or unknown there."""
    part = next((item for item in course.parts if item.plans == (plan,)), None)
    if part is None:
        return None
    x, y, z = (np.array([value]) for value in point)
    total = 0.0
    for grid in part.grids:
        if plan.frame_of_reference_uid not in ("", grid.geometry.frame_of_reference_uid):
            return None
        total += float(dose_at(grid, np.eye(3), x, y, z)[0])
    return total if math.isfinite(total) else None
