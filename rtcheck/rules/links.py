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

from collections.abc import Iterable

from rtcheck.model.case import Case
from rtcheck.model.finding import Finding, finding
from rtcheck.model.plan import Plan
from rtcheck.model.record import PatientRecord
from rtcheck.model.structure import StructureSet
from rtcheck.rules.beams import beam_findings, radiation_findings
from rtcheck.rules.course import Course, CoursePart, describe_plan, fraction_count
from rtcheck.rules.dose_links import choose_doses
from rtcheck.rules.kinds import copied_doses, kind_findings
from rtcheck.rules.revisions import later, revision_findings

__all__ = ["select_course", "several_patients", "without_consequences"]

_NOT_FOR_TREATMENT = ("VERIFICATION", "MACHINE_QA", "RESEARCH", "SERVICE")
_FOR_TREATMENT = ("CURATIVE", "PALLIATIVE", "PROPHYLACTIC")


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
    findings += revision_findings(plans, named=bool(record and record.plans))
    parts, dose_findings = choose_doses(case, plans, named=bool(record and record.plans))
    findings += dose_findings
    structure_sets, link_findings = _choose_structures(case, plans)
    findings += link_findings
    findings += [item for part in parts for grid in part.grids for item in grid.findings]
    findings += _consistency(parts, structure_sets)
    findings += kind_findings(case, plans, [grid for part in parts for grid in part.grids])
    findings += copied_doses([grid for part in parts for grid in part.grids])
    used = {structures.sop_instance_uid for structures in structure_sets}
    others = tuple(item for item in case.structure_sets if item.sop_instance_uid not in used)
    return Course(plans, tuple(parts), structure_sets, others, tuple(findings))


def _choose_plans(case: Case, record: PatientRecord | None) -> tuple[tuple[Plan, ...], list[Finding]]:
    if record is None or not record.plans:
        if case.plans:
            return case.plans, []
        return (), [
            finding(
                "RTD102",
                "export",
                "The export has no RT Plan that could be read: nothing says which dose "
                "and which structures belong together. Export the plan with its dose and structures.",
            )
        ]
    chosen: list[Plan] = []
    findings: list[Finding] = []
    for index, selector in enumerate(record.plans):
        wanted = selector.sop_instance_uid or selector.label or ""
        matches = [
            plan
            for plan in case.plans
            if (plan.sop_instance_uid if selector.sop_instance_uid else plan.label) == wanted
        ]
        if len(matches) != 1:
            problem = "no plan" if not matches else f"{len(matches)} plans"
            findings.append(
                finding(
                    "RTD105",
                    f"plan[{index}]",
                    f'The registry names plan "{wanted}" as part of the course (plan[{index}]), but the '
                    f"export has {problem} of that name. Export that plan, or name the plan by its sop_instance_uid.",
                    found=sorted(plan.label for plan in case.plans),
                )
            )
        chosen += [plan for plan in matches if plan not in chosen]
    return tuple(sorted(chosen, key=lambda plan: plan.sop_instance_uid)), findings


def _plan_findings(plan: Plan) -> list[Finding]:
    """Read what the plan says of itself: intent, approval, fractions."""
    out: list[Finding] = []
    name = describe_plan(plan)
    if plan.intent in _NOT_FOR_TREATMENT:
        out.append(
            finding(
                "RTD109",
                name,
                f"PlanIntent is {plan.intent}: not a plan to treat the patient with. Name "
                "the plans of the course in the registry ([[plan]]), or leave this one out of the export.",
            )
        )
    elif plan.intent not in ("", *_FOR_TREATMENT):
        message = (
            f"PlanIntent (300A,000A) is {plan.intent}, none of the standard's terms: it may not be a plan to treat the "
            "patient with. Check its purpose."
        )
        out.append(finding("RTD109", name, message, "W", intent=plan.intent))
    if plan.geometry == "TREATMENT_DEVICE":
        out.append(
            finding(
                "RTD109",
                name,
                "RTPlanGeometry is TREATMENT_DEVICE: the plan has no patient geometry. "
                "Name the plans of the course in the registry ([[plan]]), or leave this one out of the "
                "export.",
            )
        )
    if plan.approval_status == "REJECTED":
        out.append(finding("RTD110", name, "ApprovalStatus is REJECTED. Export the approved plan.", severity="F"))
    elif plan.approval_status != "APPROVED":
        stated = plan.approval_status or "absent"
        out.append(
            finding(
                "RTD110",
                name,
                f"ApprovalStatus is {stated}; expected APPROVED. Approve the plan, or "
                "acknowledge that an unapproved plan was checked.",
            )
        )
    if len(plan.fraction_groups) != 1:
        out.append(
            finding(
                "RTD502",
                name,
                f"The plan has {len(plan.fraction_groups)} fraction groups; expected "
                "exactly one. The number of fractions is not known.",
            )
        )
    elif fraction_count(plan) is None:
        out.append(
            finding(
                "RTD502",
                name,
                "NumberOfFractionsPlanned (300A,0078) is missing or not a positive number. "
                "Constraints that depend on the number of fractions are not evaluated.",
            )
        )
    if any(group.brachy_setups for group in plan.fraction_groups):
        out.append(
            finding(
                "RTD204",
                name,
                "The plan delivers brachytherapy (brachy application setups): its dose "
                "near the sources is not checked by this program.",
            )
        )
    return out + beam_findings(plan)


def _choose_structures(case: Case, plans: tuple[Plan, ...]) -> tuple[tuple[StructureSet, ...], list[Finding]]:
    by_uid = {structures.sop_instance_uid: structures for structures in case.structure_sets}
    chosen: dict[str, StructureSet] = {}
    findings: list[Finding] = []
    for plan in plans:
        if plan.structure_set_uid in by_uid:
            chosen[plan.structure_set_uid] = by_uid[plan.structure_set_uid]
        else:
            what = (
                "refers to a structure set that is not in the export"
                if plan.structure_set_uid
                else "refers to no structure set"
            )
            findings.append(
                finding(
                    "RTD103",
                    describe_plan(plan),
                    f"The plan {what}. Export the plan with its own structure set.",
                    missing="structure set",
                )
            )
    sets = tuple(chosen[uid] for uid in sorted(chosen))
    findings += [item for structures in sets for item in (*structures.findings, *_approval(structures))]
    findings += [item for plan in plans if plan.structure_set_uid in chosen
                 for item in _prescribed_structures(plan, chosen[plan.structure_set_uid])]  # fmt: skip
    return sets, findings


def _approval(structures: StructureSet) -> list[Finding]:
    """RTD110 for a rejected set (F); one that is unapproved is a note, for few systems approve structures apart.

    RTD112 (W) for one that is newer than its approval.
    """
    name = structures.label or structures.source
    if structures.approval_status == "APPROVED" and later(structures.created, structures.reviewed):
        message = (
            "The structure set is dated after its approval: an earlier state of it was approved. Approve the "
            "structures as they are now."
        )
        dates = {"structures": structures.created, "approved": structures.reviewed}
        return [finding("RTD112", name, message, "W", **dates)]
    if structures.approval_status == "REJECTED":
        message = "ApprovalStatus of the structure set is REJECTED. Export the structures that were approved."
        return [finding("RTD110", name, message, "F")]
    if structures.approval_status not in ("", "APPROVED"):
        message = f"ApprovalStatus of the structure set is {structures.approval_status}."
        return [finding("RTD110", name, message, "I")]
    return []


def _prescribed_structures(plan: Plan, structures: StructureSet) -> list[Finding]:
    """RTD103 (W) for a prescription to a structure that the plan's own set does not have."""
    known = {roi.number for roi in structures.rois}
    wanted = {reference.roi_number for reference in plan.dose_references if reference.roi_number is not None}
    missing = sorted(wanted - known)
    if not missing:
        return []
    message = (
        f"The dose references of the plan name ROI {', '.join(map(str, missing))}, which its structure set does not "
        "have: the structures may be of another state than the plan was made on. Export both together."
    )
    return [finding("RTD103", describe_plan(plan), message, "W", rois=missing)]


def _consistency(parts: list[CoursePart], structure_sets: tuple[StructureSet, ...]) -> list[Finding]:
    """Frames of reference, dose types and dates of what will be summed and compared."""
    out: list[Finding] = []
    grids = [grid for part in parts for grid in part.grids]
    if len({grid.geometry.frame_of_reference_uid for grid in grids}) > 1:
        out.append(
            finding(
                "RTD401",
                "dose",
                "The doses of the course have different frames of reference and no "
                "registration joins them: they cannot be summed.",
            )
        )
    if len({grid.dose_type for grid in grids}) > 1:
        out.append(
            finding(
                "RTD203",
                "dose",
                "Doses of DoseType PHYSICAL and EFFECTIVE would be summed. No dose "
                "constraint is evaluated. Export all doses with one DoseType.",
            )
        )
    sets = {structures.sop_instance_uid: structures for structures in structure_sets}
    for part in parts:
        for plan in part.plans:
            structures = sets.get(plan.structure_set_uid)
            out += radiation_findings(plan, part.grids)
            for grid in part.grids:
                if set(grid.structure_set_uids) - {item.structure_set_uid for item in part.plans}:
                    message = (
                        "The dose names another structure set than the plan (ReferencedStructureSetSequence "
                        "(300C,0060)): it may have been calculated on other structures. Export all objects together."
                    )
                    out.append(finding("RTD103", grid.source, message, "W", named=list(grid.structure_set_uids)))
                if later(plan.created, grid.created):
                    out.append(
                        finding(
                            "RTD112",
                            describe_plan(plan),
                            "The plan is dated after its dose. Recalculate the "
                            "dose, or confirm that the plan has not changed.",
                            plan=plan.created,
                            dose=grid.created,
                        )
                    )
                if structures is not None and later(structures.created, grid.created):
                    out.append(
                        finding(
                            "RTD112",
                            structures.label or structures.source,
                            "The structure set is dated "
                            "after the dose. Confirm that the structures are those the plan was made with.",
                            structures=structures.created,
                            dose=grid.created,
                        )
                    )
    return out


def without_consequences(case: Case, findings: Iterable[Finding]) -> list[Finding]:
    """Leave out that a dose or structure set is missing where a file of the export was refused: it may be that file.

    The refusal is of severity F itself, so no severity is lost; the cause stands alone.
    """
    read = {item.source for item in case.inputs}
    refused = any(item.severity == "F" and item.subject not in read for item in case.findings)
    return [item for item in findings if not (refused and item.evidence.get("missing"))]


def several_patients(case: Case) -> list[Finding]:
    """Say where objects of one export carry different patient identifiers and no record joins them (RTD101).

    A warning while the objects refer to each other by UID; a refusal where nothing but the folder joins them.
    """
    if len(case.patient_ids) < 2:
        return []
    problem = (
        f"The objects carry {len(case.patient_ids)} different PatientIDs (0010,0020). `rtcheck check` refuses them "
        "unless the registry lists every one under patient.id or patient.dicom_ids."
    )
    return [finding("RTD101", "PatientID", problem, "W" if case.plans else "F", identifiers=len(case.patient_ids))]
