"""The registered prescription against what the plans state and what the dose delivers.

The prescription used everywhere is the registry's; the plan confirms it. A plan that states none is a note, one that
states another is RTD506, and a dose level that fits no lesion's prescription is RTD219.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from rtcheck.dvh.metric import MetricValue
from rtcheck.model.finding import Finding, finding
from rtcheck.model.lesion import Lesion
from rtcheck.model.plan import DoseReference, Plan
from rtcheck.rules.course import Course, describe_plan, fraction_count
from rtcheck.rules.lesions import LesionBinding
from rtcheck.rules.result import PlanStatement, PrescriptionState
from rtcheck.units import format_number

__all__ = [
    "DoseLevel", "PrescriptionCheck", "check_dose_level", "check_grid_level", "check_prescriptions", "plan_statements",
]  # fmt: skip

_PLAUSIBLE = (0.8, 1.3)
"""Median target dose over prescription (dicom-rt notes, row 49)."""

_HYPOTHESIS_TOLERANCE = 0.2

_NO_TARGET = ("EXTERNAL", "ORGAN", "AVOIDANCE", "BOLUS", "SUPPORT", "FIXATION", "CONTRAST_AGENT")
"""RTROIInterpretedType of what nobody prescribes to."""

_HOTTEST = 3.0
"""No plan's hottest point has more than this many times its prescription; steep stereotactic ones reach two."""


@dataclass(frozen=True, slots=True)
class PrescriptionCheck:
    """Findings, and the lesions whose registered prescription the plan contradicts."""

    findings: tuple[Finding, ...]
    contradicted: frozenset[str]


@dataclass(frozen=True, slots=True)
class DoseLevel:
    """Findings, and the wrong scale that would explain the dose of every target: then no dose metric is trusted."""

    findings: tuple[Finding, ...] = ()
    scale_error: str = ""


def check_prescriptions(course: Course, bindings: Sequence[LesionBinding]) -> PrescriptionCheck:
    """Compare each consolidative lesion's dose and fractions with the plans of the course.

    Fractions: some plan of the course must have the lesion's number. Dose: the TARGET dose references tied to one of
    the lesion's ROIs must state it, in one plan or summed over the plans; where none is tied to it, those without an
    ROI must state the dose of at least one lesion.
    """
    findings: list[Finding] = [item for plan in course.plans for item in (*_several(plan), *_at_odds(plan))]
    findings += [item for plan in course.plans for item in _no_targets(course, plan)]
    contradicted: set[str] = set()
    wanted = [binding for binding in bindings if binding.lesion.consolidative and binding.lesion.dose_gy is not None]
    counts = course.fraction_counts
    untied = [[ref for ref in _targets(plan) if ref.roi_number is None] for plan in course.plans]
    open_lesions: list[Lesion] = []
    for binding in wanted:
        lesion = binding.lesion
        if lesion.fractions is not None and counts and None not in counts and lesion.fractions not in counts:
            contradicted.add(lesion.id)
            planned = " and ".join(str(count) for count in sorted({count for count in counts if count}))
            findings.append(
                finding(
                    "RTD506",
                    lesion.id,
                    f"The registry prescribes {lesion.fractions} fractions "
                    f"(lesion {lesion.id}, fractions), the plan has {planned}. Correct the one that "
                    "is wrong.",
                    registry=lesion.fractions,
                    plan=[count or 0 for count in counts],
                )
            )
        stated = [_tied(course, plan, binding) for plan in course.plans]
        if not any(stated):
            open_lesions.append(lesion)
        elif not _states(stated, lesion.dose_gy or 0.0):
            contradicted.add(lesion.id)
            findings.append(_dose_mismatch(lesion, stated))
    values = [[ref.target_prescription_gy for ref in refs if ref.target_prescription_gy is not None] for refs in untied]
    if not open_lesions:
        return PrescriptionCheck(tuple(findings), frozenset(contradicted))
    if not any(values):
        ids = ", ".join(lesion.id for lesion in open_lesions)
        findings.append(
            finding(
                "RTD501",
                "prescription",
                f"The plan states no prescription for lesion {ids}: the "
                "registry's prescription is used and not confirmed.",
                severity="I",
            )
        )
    elif not any(_states(values, binding.lesion.dose_gy or 0.0) for binding in wanted):
        contradicted |= {lesion.id for lesion in open_lesions}
        findings += [_dose_mismatch(lesion, values) for lesion in open_lesions]
    return PrescriptionCheck(tuple(findings), frozenset(contradicted))


def plan_statements(
    course: Course, binding: LesionBinding, contradicted: frozenset[str] = frozenset()
) -> tuple[tuple[PlanStatement, ...], PrescriptionState]:
    """Return what each plan of the course says of one lesion, and whether that confirms the registered prescription.

    Args:
        course: the plans.
        binding: the lesion.
        contradicted: ids of the lesions whose prescription the plans contradict, as `check_prescriptions` found them.

    Returns:
        A statement for each plan: the doses tied to the lesion's structures, else those tied to none. Confirmed: a plan
        states its fractions, and a dose among them (or a sum over the plans) is the registered one.
    """
    lesion = binding.lesion
    tied = [_tied(course, plan, binding) for plan in course.plans]
    untied = [
        [ref.target_prescription_gy for ref in _targets(plan) if ref.roi_number is None
         and ref.target_prescription_gy is not None]
        for plan in course.plans
    ]  # fmt: skip
    used = tied if any(tied) else untied
    out = tuple(
        PlanStatement(plan.label, plan.sop_instance_uid, fraction_count(plan), tuple(doses), bool(own))
        for plan, doses, own in zip(course.plans, used, tied, strict=True)
    )
    if lesion.id in contradicted:
        return out, "contradicted"
    dose = lesion.dose_gy is not None and _states(used, lesion.dose_gy)
    count = lesion.fractions is not None and lesion.fractions in [each.fractions for each in out]
    return out, "confirmed" if dose and count else "not stated"


def _several(plan: Plan) -> list[Finding]:
    """RTD501 (W) for a structure for which one plan states different prescriptions."""
    stated: dict[int, set[float]] = {}
    for ref in _targets(plan):
        if ref.roi_number is not None and ref.target_prescription_gy is not None:
            stated.setdefault(ref.roi_number, set()).add(ref.target_prescription_gy)
    out = []
    for number, values in sorted(stated.items()):
        if max(values) - min(values) > max(0.005 * max(values), 0.01):
            shown = " and ".join(format_number(value) for value in sorted(values))
            message = (
                f"The plan prescribes {shown} Gy to one structure (ROI {number}, TargetPrescriptionDose (300A,0026)). "
                "Check which is meant."
            )
            out.append(finding("RTD501", describe_plan(plan), message, "W", plan_gy=sorted(values)))
    return out


def _at_odds(plan: Plan) -> list[Finding]:
    """RTD501 (W) for a dose reference that contradicts itself: a target's dose for an organ, or bounds out of order."""
    out = []
    for ref in plan.dose_references:
        stated = [
            (value, what) for value, what in (
                (ref.target_minimum_gy, "TargetMinimumDose (300A,0025)"),
                (ref.target_prescription_gy, "TargetPrescriptionDose (300A,0026)"),
                (ref.target_maximum_gy, "TargetMaximumDose (300A,0027)"),
            ) if value is not None
        ]  # fmt: skip
        wrong = ""
        if ref.kind == "ORGAN_AT_RISK" and ref.target_prescription_gy is not None:
            wrong = "is of type ORGAN_AT_RISK but states a TargetPrescriptionDose (300A,0026)"
        if ref.target_prescription_gy is not None and ref.target_prescription_gy <= 0:
            wrong = f"prescribes {format_number(ref.target_prescription_gy)} Gy (TargetPrescriptionDose (300A,0026))"
        for (low, one), (high, other) in itertools.pairwise(stated):
            if low > high * (1 + 1e-3):
                wrong = f"states {format_number(low)} Gy as {one}, above {format_number(high)} Gy as {other}"
        if wrong:
            message = f"Dose reference {ref.number} {wrong}. Check what is prescribed."
            out.append(finding("RTD501", describe_plan(plan), message, "W", reference=ref.number))
    return out


def _no_targets(course: Course, plan: Plan) -> list[Finding]:
    """RTD320 for a prescription to a structure that by its own type is no target."""
    rois = next((item.rois for item in course.structure_sets if item.sop_instance_uid == plan.structure_set_uid), ())
    numbers = {ref.roi_number for ref in _targets(plan)}
    return [
        finding(
            "RTD320",
            roi.name or f"ROI {roi.number}",
            f"{describe_plan(plan)} prescribes to {roi.name or f'ROI {roi.number}'}, which is of type "
            f"{roi.interpreted_type}. Check which structure is meant.",
            interpreted_type=roi.interpreted_type,
        )
        for roi in rois if roi.number in numbers and roi.interpreted_type in _NO_TARGET
    ]  # fmt: skip


def check_grid_level(course: Course) -> list[Finding]:
    """RTD219 where the highest dose of a plan's grids cannot be that of its own prescription.

    For courses without a target whose dose could be compared. The sum of the highest doses of the grids is no lower
    than the highest dose of their sum; the lowest and the highest prescription of the plan bound what it may be.
    """
    out = []
    for part in course.parts:
        prescribed = [ref.target_prescription_gy or 0.0 for plan in part.plans for ref in _targets(plan)]
        prescribed = [value for value in prescribed if value > 0]
        if len(part.plans) != 1 or not prescribed:
            continue
        maxima = [float(grid.stored.max(initial=0)) * grid.scaling_gy for grid in part.grids]
        if sum(maxima) < _PLAUSIBLE[0] * min(prescribed) or max(maxima) > _HOTTEST * max(prescribed):
            message = (
                f"The highest dose, {sum(maxima):.3g} Gy, does not fit what the plan prescribes "
                f"({', '.join(format_number(value) for value in sorted(set(prescribed)))} Gy). Check DoseGridScaling, "
                "DoseSummationType and the prescription."
            )
            name = describe_plan(part.plans[0])
            out.append(finding("RTD219", name, message, highest_gy=sum(maxima), prescribed_gy=sorted(set(prescribed))))
    return out


def _targets(plan: Plan) -> list[DoseReference]:
    return [ref for ref in plan.dose_references if ref.kind == "TARGET" and ref.target_prescription_gy is not None]


def _tied(course: Course, plan: Plan, binding: LesionBinding) -> list[float]:
    """Return the doses one plan states for the lesion's own ROIs, by ROI number in that plan's structure set."""
    rois = next((item.rois for item in course.structure_sets if item.sop_instance_uid == plan.structure_set_uid), ())
    own = {id(roi) for bound in binding.roles.values() for roi in bound.rois}
    numbers = {roi.number for roi in rois if id(roi) in own}
    return [
        ref.target_prescription_gy
        for ref in _targets(plan)
        if ref.roi_number in numbers and ref.target_prescription_gy is not None
    ]


def _states(stated: Sequence[Sequence[float]], dose_gy: float) -> bool:
    """Whether one plan's value, or a sum of one value from each plan that states any, is the dose (within 0.5 %)."""
    values = [value for plan in stated for value in plan]
    present = [plan for plan in stated if plan]
    # a handful of references in a plan; beyond that the sums are not tried, which can only refuse more
    sums = [sum(combo) for combo in itertools.product(*present)] if len(present) <= 6 else []
    return any(abs(value - dose_gy) <= max(0.005 * dose_gy, 0.01) for value in (*values, *sums))


def _dose_mismatch(lesion: Lesion, stated: Sequence[Sequence[float]]) -> Finding:
    values = sorted({value for plan in stated for value in plan})
    shown = ", ".join(format_number(value) for value in values)
    return finding(
        "RTD506",
        lesion.id,
        f"The registry prescribes {format_number(lesion.dose_gy or 0.0)} Gy (lesion "
        f"{lesion.id}, dose_gy), the plan's dose references state {shown} Gy. Correct the one that is "
        "wrong.",
        registry_gy=lesion.dose_gy,
        plan_gy=values,
    )


def check_dose_level(medians: Sequence[tuple[Lesion, MetricValue]], fractions: int | None) -> DoseLevel:
    """Compare the median target doses with the prescriptions.

    Args:
        medians: median physical target dose of each consolidative lesion that has one.
        fractions: of the course; None when unknown or unlike.

    Returns:
        RTD219 when no lesion's ratio lies within 0.8 to 1.3, or one lies above; with `scale_error` set when one factor
        (100, 1/100, N, 1/N) explains every ratio within 20 %.
    """
    ratios = [
        (lesion, value.value / lesion.dose_gy)
        for lesion, value in medians
        if value.value is not None and lesion.dose_gy
    ]
    low, high = _PLAUSIBLE
    if not ratios or (any(ratio >= low for _, ratio in ratios) and all(ratio <= high for _, ratio in ratios)):
        return DoseLevel()
    factors = {
        "100 times too high, as if cGy were labelled Gy": 100.0,
        "100 times too low, as if Gy were labelled cGy": 0.01,
    }
    if fractions is not None and fractions > 1:
        factors[f"{fractions} times too high, as if multiplied once more by the number of fractions"] = float(fractions)
        factors[f"{fractions} times too low, as if of one fraction only"] = 1 / fractions
    fitting = [
        text
        for text, factor in factors.items()
        if all(abs(ratio / factor - 1) <= _HYPOTHESIS_TOLERANCE for _, ratio in ratios)
    ]
    shown = ", ".join(f"{lesion.id} {ratio:.3g}" for lesion, ratio in ratios)
    guess = f" The dose would be {fitting[0]}." if fitting else ""
    item = finding(
        "RTD219",
        "dose",
        f"Median target dose over prescription is outside {low} to {high}: "
        f"{shown}.{guess} Check DoseGridScaling, DoseSummationType and the registered prescription.",
        ratios={lesion.id: ratio for lesion, ratio in ratios},
    )
    return DoseLevel((item,), fitting[0] if fitting else "")
