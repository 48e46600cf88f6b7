"""Which plans, doses and structure sets make the course that is judged: by UID only, never by time, name or folder.

The rules, in the order they are applied:

1. *Plans.* Those the registry names by label or UID; without such a list, all plans of the export.
2. *Doses.* One PLAN dose that refers to the plan (or one FRACTION dose where the plan has a single fraction group:
   it is the whole delivery of that group, PS3.3 §C.8.8.3). Two of them are a refusal. BEAM doses are summed only where
   no such dose exists and they are exactly the planned treatment beams, once each, on one grid. A MULTI_PLAN dose
   stands only for exactly the plans of the course. Doses of single sessions, control points, records and overviews
   never stand for a plan.
3. *A dose of a plan that is not in the export* shows that a plan of the course may be missing: a refusal, unless the
   registry says which plans make the course.
4. *Structures.* The sets the plans refer to. Names are looked up over all of them; a name that two sets have is
   ambiguous.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rtcheck.model.case import Case
from rtcheck.model.finding import Finding, finding
from rtcheck.model.grid import DoseGrid
from rtcheck.model.plan import FractionGroup, Plan
from rtcheck.model.record import PatientRecord
from rtcheck.model.structure import ROI, StructureSet

__all__ = ["Course", "CoursePart", "fraction_count", "select_course", "treatment_beams"]

_NOT_FOR_TREATMENT = ("VERIFICATION", "MACHINE_QA", "RESEARCH", "SERVICE")
_NOT_DELIVERED = ("SETUP", "OPEN_PORTFILM", "TRMT_PORTFILM")
_SESSION = ("FRACTION_SESSION", "BEAM_SESSION", "BRACHY_SESSION")


@dataclass(frozen=True, slots=True, eq=False)
class CoursePart:
    """The dose of one plan for its whole delivery, or of several plans that a MULTI_PLAN dose holds together.

    Attributes:
        plans: one plan, or all plans of a MULTI_PLAN dose.
        grids: one dose, or the BEAM doses to be summed; sorted by SOP Instance UID.
        fractions: number of fractions; None when missing, invalid or not the same for all `plans`.
    """

    plans: tuple[Plan, ...]
    grids: tuple[DoseGrid, ...]
    fractions: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """The plans that are judged together, with their doses and structures.

    Attributes:
        plans: sorted by SOP Instance UID.
        parts: doses; empty or incomplete only together with a finding of severity F.
        structure_sets: those the plans refer to, without repetition.
        other_structure_sets: the export's other sets: only looked at to tell whether a lesion was contoured at all.
        findings: of the links, and those reading brought up about the plans and doses used.
    """

    plans: tuple[Plan, ...]
    parts: tuple[CoursePart, ...]
    structure_sets: tuple[StructureSet, ...]
    other_structure_sets: tuple[StructureSet, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def grids(self) -> tuple[DoseGrid, ...]:
        """Every dose grid of the course."""
        return tuple(grid for part in self.parts for grid in part.grids)

    @property
    def rois(self) -> tuple[ROI, ...]:
        """The ROIs in which names are looked up."""
        return tuple(roi for structures in self.structure_sets for roi in structures.rois)

    @property
    def fraction_counts(self) -> tuple[int | None, ...]:
        """The number of fractions of each plan."""
        return tuple(fraction_count(plan) for plan in self.plans)

    @property
    def fractions(self) -> int | None:
        """The number of fractions that all plans share; None when unknown or unlike."""
        counts = set(self.fraction_counts)
        return counts.pop() if len(counts) == 1 else None

    @property
    def unlike(self) -> bool:
        """Whether plans of known, different numbers of fractions are summed."""
        return len({count for count in self.fraction_counts if count is not None}) > 1


def fraction_count(plan: Plan) -> int | None:
    """Return the number of fractions of a plan: of its only fraction group, if that states a positive number."""
    if len(plan.fraction_groups) != 1:
        return None
    planned = plan.fraction_groups[0].fractions_planned
    return planned if planned is not None and planned > 0 else None


def treatment_beams(plan: Plan, groups: Iterable[FractionGroup]) -> Counter[int]:
    """How often each beam that delivers treatment dose occurs in `groups`; a beam of unstated type counts."""
    skipped = {beam.number for beam in plan.beams if beam.delivery_type in _NOT_DELIVERED}
    return Counter(number for group in groups for number, _ in group.beams if number not in skipped)


def select_course(case: Case, record: PatientRecord | None) -> Course:
    """Choose the plans, doses and structure sets of the course.

    Args:
        case: the export.
        record: the trial's record, whose ``[[plan]]`` entries name the plans of the course; None: all plans.

    Returns:
        The course. What could not be linked is a finding of severity F in it.
    """
    plans, findings = _choose_plans(case, record)
    findings += [item for plan in plans for item in (*_plan_findings(plan), *plan.findings)]
    parts, dose_findings = _choose_doses(case, plans, named=bool(record and record.plans))
    findings += dose_findings
    structure_sets, link_findings = _choose_structures(case, plans)
    findings += link_findings
    findings += [item for part in parts for grid in part.grids for item in grid.findings]
    findings += _consistency(parts, structure_sets)
    used = {structures.sop_instance_uid for structures in structure_sets}
    others = tuple(item for item in case.structure_sets if item.sop_instance_uid not in used)
    return Course(plans, tuple(parts), structure_sets, others, tuple(findings))


def _describe(plan: Plan) -> str:
    return f'plan "{plan.label}"' if plan.label else f"plan {plan.sop_instance_uid}"


def _choose_plans(case: Case, record: PatientRecord | None) -> tuple[tuple[Plan, ...], list[Finding]]:
    if record is None or not record.plans:
        if case.plans:
            return case.plans, []
        return (), [finding("RTD102", "export", "The export has no RT Plan that could be read: nothing says which dose "
                            "and which structures belong together. Export the plan with its dose and structures.")]
    chosen: list[Plan] = []
    findings: list[Finding] = []
    for index, selector in enumerate(record.plans):
        wanted = selector.sop_instance_uid or selector.label or ""
        matches = [plan for plan in case.plans
                   if (plan.sop_instance_uid if selector.sop_instance_uid else plan.label) == wanted]
        if len(matches) != 1:
            problem = "no plan" if not matches else f"{len(matches)} plans"
            findings.append(finding(
                "RTD105", f"plan[{index}]",
                f'The registry names plan "{wanted}" as part of the course (plan[{index}]), but the export has {problem} of '
                "that name. Export that plan, or name the plan by its sop_instance_uid.",
                found=sorted(plan.label for plan in case.plans)))
        chosen += [plan for plan in matches if plan not in chosen]
    return tuple(sorted(chosen, key=lambda plan: plan.sop_instance_uid)), findings


def _plan_findings(plan: Plan) -> list[Finding]:
    """Read what the plan says of itself: intent, approval, fractions."""
    out: list[Finding] = []
    name = _describe(plan)
    if plan.intent in _NOT_FOR_TREATMENT:
        out.append(finding("RTD109", name, f"PlanIntent is {plan.intent}: not a plan to treat the patient with. Name "
                           "the plans of the course in the registry ([[plan]]), or leave this one out of the export."))
    if plan.geometry == "TREATMENT_DEVICE":
        out.append(finding("RTD109", name, "RTPlanGeometry is TREATMENT_DEVICE: the plan has no patient geometry. "
                           "Name the plans of the course in the registry ([[plan]]), or leave this one out of the "
                           "export."))
    if plan.approval_status == "REJECTED":
        out.append(finding("RTD110", name, "ApprovalStatus is REJECTED. Export the approved plan.", severity="F"))
    elif plan.approval_status != "APPROVED":
        stated = plan.approval_status or "absent"
        out.append(finding("RTD110", name, f"ApprovalStatus is {stated}; expected APPROVED. Approve the plan, or "
                           "acknowledge that an unapproved plan was checked."))
    if len(plan.fraction_groups) != 1:
        out.append(finding("RTD502", name, f"The plan has {len(plan.fraction_groups)} fraction groups; expected "
                           "exactly one. The number of fractions is not known."))
    elif fraction_count(plan) is None:
        out.append(finding("RTD502", name, "NumberOfFractionsPlanned (300A,0078) is missing or not a positive number. "
                           "Constraints that depend on the number of fractions are not evaluated."))
    if any(group.brachy_setups for group in plan.fraction_groups):
        out.append(finding("RTD204", name, "The plan delivers brachytherapy (brachy application setups): its dose "
                           "near the sources is not checked by this program."))
    return out


def _choose_doses(case: Case, plans: tuple[Plan, ...], *, named: bool) -> tuple[list[CoursePart], list[Finding]]:
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
        if multi.exact:
            findings.append(finding("RTD104", multi.exact[0].source, "Every plan has its own dose: the MULTI_PLAN "
                                    "dose is not used.", severity="I"))
        return parts, findings
    if not parts and len(multi.exact) == 1 and len(missing) >= len(plans):
        counts = {fraction_count(plan) for plan in plans}
        return [CoursePart(plans, (multi.exact[0],), counts.pop() if len(counts) == 1 else None)], findings
    if len(multi.exact) > 1:
        findings.append(finding("RTD104", multi.exact[0].source, f"The export has {len(multi.exact)} MULTI_PLAN doses "
                                "of the same plans, and no rule chooses one. Leave one in the export.",
                                doses=[dose.source for dose in multi.exact]))
    for dose in multi.partial:
        findings.append(finding("RTD106", dose.source, "The MULTI_PLAN dose does not stand for exactly the plans of "
                                "the course. Export the dose of each plan, or a sum of exactly these plans.",
                                referenced=list(dose.plan_uids), course=[plan.sop_instance_uid for plan in plans]))
        findings.append(finding("RTD204", dose.source, "No dose in the export stands for the whole course."))
    return parts, findings + missing


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
            out.append(finding("RTD204", dose.source, f"A dose of DoseSummationType {dose.summation_type} is never "
                                                      "used.",
                               severity="I"))
            continue
        absent = [uid for uid in dose.plan_uids if uid not in present]
        if dose.plan_uids and not absent:
            continue
        what = "refers to no plan" if not dose.plan_uids else "refers to a plan that is not in the export"
        if named:
            out.append(finding("RTD102", dose.source, f"The dose {what}: it is not used.", severity="I", plans=absent))
        else:
            out.append(finding("RTD102", dose.source, f"The dose {what}: a plan of the course may be missing. Export "
                               "that plan, leave the dose out, or name the plans of the course in the registry "
                               "([[plan]]).",
                               plans=absent))
    return out


def _dose_of_plan(plan: Plan, doses: list[DoseGrid]) -> tuple[tuple[DoseGrid, ...], list[Finding], bool]:
    """Return the doses that stand for one plan, the findings, and whether a dose that is present was refused."""
    name = _describe(plan)
    whole = [dose for dose in doses if dose.summation_type == "PLAN"]
    fraction_doses = [dose for dose in doses if dose.summation_type == "FRACTION"]
    if not whole and len(plan.fraction_groups) == 1:
        number = plan.fraction_groups[0].number
        whole = [dose for dose in fraction_doses if dose.fraction_group in (None, number)]
    beams = [dose for dose in doses if dose.summation_type == "BEAM"]
    if len(whole) > 1:
        return (), [finding("RTD104", name, f"The export has {len(whole)} doses of the whole plan with different "
                            "content, and no rule chooses one (never the latest). Leave one in the export.",
                            doses=sorted(dose.source for dose in whole))], True
    if whole:
        problems = _listed_beams(plan, whole[0])
        if beams:
            problems.append(finding("RTD104", name, f"{len(beams)} BEAM doses are not used: the plan has a dose of "
                                                    "the whole.",
                                    severity="I"))
        return (whole[0],), problems, False
    if beams:
        problems = _beam_sum_problems(plan, beams)
        grids = tuple(sorted(beams, key=lambda dose: dose.sop_instance_uid))
        return (() if problems else grids), problems, bool(problems)
    sessions = [dose for dose in doses if dose.summation_type in _SESSION]
    out: list[Finding] = []
    if sessions:
        out.append(finding("RTD205", name, "The only dose is of a single session (DoseSummationType "
                           f"{sessions[0].summation_type}); it is not multiplied by a guessed number of fractions.",
                           doses=sorted(dose.source for dose in sessions)))
    if doses:
        kinds = sorted({dose.summation_type for dose in doses})
        out.append(finding("RTD204", name, "No dose stands for the whole plan: found DoseSummationType "
                           f"{', '.join(kinds)}; expected PLAN, or BEAM for every beam. Export the plan dose."))
        return (), out, True
    return (), [finding("RTD102", name, "No dose in the export refers to this plan. Export its dose.")], False


def _listed_beams(plan: Plan, dose: DoseGrid) -> list[Finding]:
    """Check that a dose of the whole that lists beams lists every treatment beam and no foreign one."""
    if not dose.beams:
        return []
    planned = set(treatment_beams(plan, plan.fraction_groups))
    known = planned | {beam.number for beam in plan.beams}
    listed = set(dose.beams)
    if planned <= listed <= known:
        return []
    return [finding("RTD505", dose.source, "The dose is labelled as that of the whole plan but lists other beams than "
                    "the planned treatment beams. Export the dose of the whole plan.",
                    listed=sorted(listed), planned=sorted(planned))]


def _beam_sum_problems(plan: Plan, doses: list[DoseGrid]) -> list[Finding]:
    """Why BEAM doses cannot be summed; empty when they are exactly the planned treatment beams on one grid."""
    name = _describe(plan)
    planned = treatment_beams(plan, plan.fraction_groups)
    present = Counter(number for dose in doses for number in dose.beams)
    out: list[Finding] = []
    if not planned or planned != present or any(not dose.beams for dose in doses) or max(present.values()) > 1:
        out.append(finding("RTD505", name, "The BEAM doses are not exactly the planned treatment beams, once each. "
                           "Export the dose of every beam, or the plan dose.",
                           planned=sorted(planned.elements()), found=sorted(present.elements())))
    if any(dose.geometry != doses[0].geometry for dose in doses):
        out.append(finding("RTD505", name, "The BEAM doses do not share one grid and frame of reference. Export the "
                           "plan dose, or all beams on one grid."))
    return out


def _choose_structures(case: Case, plans: tuple[Plan, ...]) -> tuple[tuple[StructureSet, ...], list[Finding]]:
    by_uid = {structures.sop_instance_uid: structures for structures in case.structure_sets}
    chosen: dict[str, StructureSet] = {}
    findings: list[Finding] = []
    for plan in plans:
        if plan.structure_set_uid in by_uid:
            chosen[plan.structure_set_uid] = by_uid[plan.structure_set_uid]
        else:
            what = "refers to a structure set that is not in the export" if plan.structure_set_uid else \
                "refers to no structure set"
            findings.append(finding("RTD103", _describe(plan), f"The plan {what}. Export the plan with its own "
                "structure set."))
    sets = tuple(chosen[uid] for uid in sorted(chosen))
    findings += [item for structures in sets for item in structures.findings]
    return sets, findings


def _consistency(parts: list[CoursePart], structure_sets: tuple[StructureSet, ...]) -> list[Finding]:
    """Frames of reference, dose types and dates of what will be summed and compared."""
    out: list[Finding] = []
    grids = [grid for part in parts for grid in part.grids]
    if len({grid.geometry.frame_of_reference_uid for grid in grids}) > 1:
        out.append(finding("RTD401", "dose", "The doses of the course have different frames of reference and no "
                           "registration joins them: they cannot be summed."))
    if len({grid.dose_type for grid in grids}) > 1:
        out.append(finding("RTD203", "dose", "Doses of DoseType PHYSICAL and EFFECTIVE would be summed. No dose "
                           "constraint is evaluated. Export all doses with one DoseType."))
    sets = {structures.sop_instance_uid: structures for structures in structure_sets}
    for part in parts:
        for plan in part.plans:
            structures = sets.get(plan.structure_set_uid)
            for grid in part.grids:
                if _later(plan.created, grid.created):
                    out.append(finding("RTD112", _describe(plan), "The plan is dated after its dose. Recalculate the "
                                       "dose, or confirm that the plan has not changed.", plan=plan.created, dose=grid.created))
                if structures is not None and _later(structures.created, grid.created):
                    out.append(finding("RTD112", structures.label or structures.source, "The structure set is dated "
                                       "after the dose. Confirm that the structures are those the plan was made with.",
                                       structures=structures.created, dose=grid.created))
    return out


def _later(first: str, second: str) -> bool:
    """Whether one date and time is after another, to the precision both have; False when either is unknown."""
    length = min(len(first), len(second), 14)
    return length >= 8 and first[:length] > second[:length]
