"""Which doses stand for the plans of a course: rules 2 and 3 of `rtcheck.rules.links`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from rtcheck.model.case import Case
from rtcheck.model.finding import Finding, finding
from rtcheck.model.grid import DoseGrid
from rtcheck.model.plan import FractionGroup, Plan
from rtcheck.rules.course import CoursePart, describe_plan, fraction_count

__all__ = ["NOT_DELIVERED", "choose_doses", "treatment_beams"]

NOT_DELIVERED = ("SETUP", "OPEN_PORTFILM", "TRMT_PORTFILM")
"""TreatmentDeliveryType (PS3.3 §C.8.8.14) of beams that are no treatment."""
_SAME_DOSE = 0.02
"""Share of the highest dose by which a whole and the sum of its parts may differ: each is rounded, and calculated."""
_SESSION = ("FRACTION_SESSION", "BEAM_SESSION", "BRACHY_SESSION")


def treatment_beams(plan: Plan, groups: Iterable[FractionGroup]) -> Counter[int]:
    """How often each beam that delivers treatment dose occurs in `groups`; a beam of unstated type counts."""
    skipped = {beam.number for beam in plan.beams if beam.delivery_type in NOT_DELIVERED}
    return Counter(number for group in groups for number, _ in group.beams if number not in skipped)


def choose_doses(case: Case, plans: tuple[Plan, ...], *, named: bool) -> tuple[list[CoursePart], list[Finding]]:
    """Choose the dose parts of the course, and say why a dose is used or not."""
    findings = _orphans(case, named=named)
    if not plans:
        return [], findings
    multi = _multi_plan(case, plans)
    parts: list[CoursePart] = []
    missing: list[Finding] = []
    for plan in plans:
        own = [dose for dose in case.doses if dose.plan_uids == (plan.sop_instance_uid,)]
        grids, problems, refused = _dose_of_plan(plan, own)
        if grids:
            parts.append(CoursePart((plan,), grids, fraction_count(plan)))
            findings += problems
        else:
            (findings if refused else missing).extend(problems)
    if len(parts) == len(plans):
        for dose in multi.exact:
            message = "Every plan has its own dose: the MULTI_PLAN dose is not used."
            findings.append(_unused(dose, [grid for part in parts for grid in part.grids], message))
        return parts, findings
    if not parts and len(multi.exact) == 1 and len(missing) >= len(plans):
        counts = {fraction_count(plan) for plan in plans}
        return [CoursePart(plans, (multi.exact[0],), counts.pop() if len(counts) == 1 else None)], findings
    if len(multi.exact) > 1:
        findings.append(
            finding(
                "RTD104",
                multi.exact[0].source,
                f"The export has {len(multi.exact)} MULTI_PLAN doses "
                "of the same plans, and no rule chooses one. Leave one in the export.",
                doses=[dose.source for dose in multi.exact],
            )
        )
    for dose in multi.partial:
        findings.append(
            finding(
                "RTD106",
                dose.source,
                "The MULTI_PLAN dose does not stand for exactly the plans of "
                "the course. Export the dose of each plan, or a sum of exactly these plans.",
                referenced=list(dose.plan_uids),
                course=[plan.sop_instance_uid for plan in plans],
            )
        )
        findings.append(finding("RTD204", dose.source, "No dose in the export stands for the whole course."))
    return parts, findings + missing


def _unused(whole: DoseGrid, parts: Sequence[DoseGrid], message: str, subject: str = "") -> Finding:
    """RTD104 about doses that are not needed: a note, and W where whole and parts are on one grid and differ.

    They differ where some voxel is apart by more than 2 % of the highest dose of the whole, or by the steps of the
    stored integers.
    """
    name = subject or whole.source
    if not parts or any(part.geometry != whole.geometry for part in parts):
        return finding("RTD104", name, message, "I")
    total = np.zeros(whole.geometry.shape)
    for part in parts:
        total += part.stored * part.scaling_gy
    apart = float(np.max(np.abs(total - whole.stored * whole.scaling_gy), initial=0.0))
    steps = whole.scaling_gy + sum(part.scaling_gy for part in parts)
    highest = float(whole.stored.max(initial=0)) * whole.scaling_gy
    if apart <= max(_SAME_DOSE * highest, steps):
        return finding("RTD104", name, f"{message} They agree within {apart:.3g} Gy.", "I", apart_gy=apart)
    message = f"{message} They differ by up to {apart:.3g} Gy: one of them is of another state. Export them together."
    return finding("RTD104", name, message, "W", apart_gy=apart)


@dataclass(frozen=True, slots=True, eq=False)
class _MultiPlan:
    exact: tuple[DoseGrid, ...]
    partial: tuple[DoseGrid, ...]


def _multi_plan(case: Case, plans: tuple[Plan, ...]) -> _MultiPlan:
    course = {plan.sop_instance_uid for plan in plans}
    doses = [dose for dose in case.doses if dose.summation_type == "MULTI_PLAN" and course & set(dose.plan_uids)]
    exact = tuple(dose for dose in doses if set(dose.plan_uids) == course and len(dose.plan_uids) == len(course))
    return _MultiPlan(exact, tuple(dose for dose in doses if dose not in exact))


def _orphans(case: Case, *, named: bool) -> list[Finding]:
    """Doses of plans that are not in the export. They are never used; without a list of plans they are a refusal."""
    present = {plan.sop_instance_uid for plan in case.plans}
    out: list[Finding] = []
    for dose in case.doses:
        if dose.summation_type in ("RECORD", "PLAN_OVERVIEW"):
            out.append(
                finding(
                    "RTD204",
                    dose.source,
                    f"A dose of DoseSummationType {dose.summation_type} is never used.",
                    severity="I",
                )
            )
            continue
        absent = [uid for uid in dose.plan_uids if uid not in present]
        if dose.plan_uids and not absent:
            continue
        what = "refers to no plan" if not dose.plan_uids else "refers to a plan that is not in the export"
        if named:
            out.append(finding("RTD102", dose.source, f"The dose {what}: it is not used.", severity="I", plans=absent))
        else:
            out.append(
                finding(
                    "RTD102",
                    dose.source,
                    f"The dose {what}: a plan of the course may be missing. Export "
                    "that plan, leave the dose out, or name the plans of the course in the registry "
                    "([[plan]]).",
                    plans=absent,
                )
            )
    return out


def _dose_of_plan(plan: Plan, doses: list[DoseGrid]) -> tuple[tuple[DoseGrid, ...], list[Finding], bool]:
    """Return the doses that stand for one plan, the findings, and whether a dose that is present was refused."""
    name = describe_plan(plan)
    whole = [dose for dose in doses if dose.summation_type == "PLAN"]
    fraction_doses = [dose for dose in doses if dose.summation_type == "FRACTION"]
    if not whole and len(plan.fraction_groups) == 1:
        number = plan.fraction_groups[0].number
        whole = [dose for dose in fraction_doses if dose.fraction_group in (None, number)]
    beams = [dose for dose in doses if dose.summation_type == "BEAM"]
    foreign = _foreign_groups(plan, [*whole, *(dose for dose in fraction_doses if dose not in whole), *beams])
    if foreign:
        return (), foreign, True
    if len(whole) > 1:
        return (
            (),
            [
                finding(
                    "RTD104",
                    name,
                    f"The export has {len(whole)} doses of the whole plan with different "
                    "content, and no rule chooses one (never the latest). Leave one in the export.",
                    doses=sorted(dose.source for dose in whole),
                )
            ],
            True,
        )
    if whole:
        problems = _listed_beams(plan, whole[0])
        if beams:
            message = f"{len(beams)} BEAM doses are not used: the plan has a dose of the whole."
            complete = not _beam_sum_problems(plan, beams)
            problems.append(_unused(whole[0], beams if complete else [], message, name))
        return (whole[0],), problems, False
    if beams:
        problems = _beam_sum_problems(plan, beams)
        grids = tuple(sorted(beams, key=lambda dose: dose.sop_instance_uid))
        return (() if problems else grids), problems, bool(problems)
    sessions = [dose for dose in doses if dose.summation_type in _SESSION]
    out: list[Finding] = []
    if sessions:
        out.append(
            finding(
                "RTD205",
                name,
                "The only dose is of a single session (DoseSummationType "
                f"{sessions[0].summation_type}); it is not multiplied by a guessed number of fractions.",
                doses=sorted(dose.source for dose in sessions),
            )
        )
    if doses:
        kinds = sorted({dose.summation_type for dose in doses})
        out.append(
            finding(
                "RTD204",
                name,
                "No dose stands for the whole plan: found DoseSummationType "
                f"{', '.join(kinds)}; expected PLAN, or BEAM for every beam. Export the plan dose.",
            )
        )
        return (), out, True
    return (), [
        finding("RTD102", name, "No dose in the export refers to this plan. Export its dose.", missing="dose")
    ], False


def _foreign_groups(plan: Plan, doses: list[DoseGrid]) -> list[Finding]:
    """Doses of fraction groups that the plan does not have: they were made from another plan, or another state of it.

    A dose labelled as that of the whole plan that lists only some of its groups is not the whole either (RTD204).
    """
    known = {group.number for group in plan.fraction_groups}
    out = []
    for dose in doses:
        listed = set(dose.fraction_groups)
        if listed - known:
            out.append(
                finding(
                    "RTD102",
                    dose.source,
                    f"The dose is of fraction group {_numbers(listed - known)}, which {describe_plan(plan)} does not "
                    f"have (it has {_numbers(known) or 'none'}): the dose was made from another state of the plan. "
                    "Export plan and dose together.",
                    dose=sorted(listed),
                    plan=sorted(known),
                )
            )
        elif dose.summation_type == "PLAN" and listed and listed < known:
            out.append(
                finding(
                    "RTD204",
                    dose.source,
                    "The dose is labelled as that of the whole plan but lists only fraction group "
                    f"{_numbers(listed)} of {_numbers(known)}. Export the dose of the whole plan.",
                    dose=sorted(listed),
                    plan=sorted(known),
                )
            )
    return out


def _numbers(values: set[int]) -> str:
    return ", ".join(map(str, sorted(values)))


def _listed_beams(plan: Plan, dose: DoseGrid) -> list[Finding]:
    """Check that a dose of the whole that lists beams lists every treatment beam and no foreign one."""
    if not dose.beams:
        return []
    planned = set(treatment_beams(plan, plan.fraction_groups))
    known = planned | {beam.number for beam in plan.beams if beam.delivery_type in NOT_DELIVERED}
    listed = set(dose.beams)
    if planned <= listed <= known:
        return []
    return [
        finding(
            "RTD505",
            dose.source,
            "The dose is labelled as that of the whole plan but lists other beams than "
            "the planned treatment beams. Export the dose of the whole plan.",
            listed=sorted(listed),
            planned=sorted(planned),
        )
    ]


def _beam_sum_problems(plan: Plan, doses: list[DoseGrid]) -> list[Finding]:
    """Why BEAM doses cannot be summed; empty when they are exactly the planned treatment beams on one grid."""
    name = describe_plan(plan)
    planned = treatment_beams(plan, plan.fraction_groups)
    present = Counter(number for dose in doses for number in dose.beams)
    out: list[Finding] = []
    if not planned or planned != present or any(not dose.beams for dose in doses) or max(present.values()) > 1:
        out.append(
            finding(
                "RTD505",
                name,
                "The BEAM doses are not exactly the planned treatment beams, once each. "
                "Export the dose of every beam, or the plan dose.",
                planned=sorted(planned.elements()),
                found=sorted(present.elements()),
            )
        )
    if any(dose.geometry != doses[0].geometry for dose in doses):
        out.append(
            finding(
                "RTD505",
                name,
                "The BEAM doses do not share one grid and frame of reference. Export the "
                "plan dose, or all beams on one grid.",
            )
        )
    return out
