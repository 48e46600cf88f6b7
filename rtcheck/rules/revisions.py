"""What plans say of other plans, of earlier treatment and of their own dates (RTD105, RTD510, RTD112)."""

from __future__ import annotations

from collections.abc import Sequence

from rtcheck.model.finding import Finding, finding
from rtcheck.model.plan import Plan
from rtcheck.rules.course import describe_plan

__all__ = ["later", "revision_findings"]

_REPLACED = ("PREDECESSOR", "ALTERNATIVE")
_ELSEWHERE = ("PRIOR", "CONCURRENT")


def revision_findings(plans: Sequence[Plan], *, named: bool) -> list[Finding]:
    """Look at how the plans of a course relate to each other and to plans outside it.

    Args:
        plans: of the course.
        named: the registry lists the plans of the course.

    Returns:
        RTD105 (F) where a plan and the one it replaces would both be summed, unless the registry names both; RTD510 (W)
        for earlier or concurrent treatment that is not in the course; RTD112 (W) for an approval older than the plan;
        RTD109 (W) for a plan that verifies another.
    """
    inside = {plan.sop_instance_uid: plan for plan in plans}
    out: list[Finding] = []
    for plan in plans:
        name = describe_plan(plan)
        for other in plan.references:
            known = inside.get(other.sop_instance_uid)
            if other.relationship == "VERIFIED_PLAN":
                message = (
                    "The plan says that it verifies another (RTPlanRelationship (300A,0055) VERIFIED_PLAN): it may not "
                    "be a plan to treat the patient with. Export the plan that it verifies."
                )
                out.append(finding("RTD109", name, message, "W", plan=other.sop_instance_uid))
            if other.relationship in _REPLACED and known is not None and known is not plan and not named:
                out.append(
                    finding(
                        "RTD105",
                        name,
                        f"The plan names {describe_plan(known)} as its {other.relationship.lower()} "
                        "(RTPlanRelationship): one replaces the other, and both would be summed. Leave one out of the "
                        "export, or name the plans of the course in the registry ([[plan]]).",
                        relationship=other.relationship,
                    )
                )
            elif other.relationship in _ELSEWHERE and known is None:
                out.append(
                    finding(
                        "RTD510",
                        name,
                        f"The plan names a {other.relationship.lower()} plan that is not part of the course: its dose "
                        "is not in the doses that were judged. Add it, or judge the combined dose by hand.",
                        relationship=other.relationship,
                        plan=other.sop_instance_uid,
                    )
                )
        prior = [reference.prior_gy for reference in plan.dose_references if (reference.prior_gy or 0) > 0]
        if prior:
            out.append(
                finding(
                    "RTD510",
                    name,
                    f"The plan states a NominalPriorDose (300A,001A) of {max(value or 0 for value in prior):g} Gy "
                    "from earlier treatment: it is not in the doses that were judged. Judge the combined dose by hand.",
                    prior_gy=max(value or 0 for value in prior),
                )
            )
        if plan.approval_status == "APPROVED" and later(plan.created, plan.reviewed):
            out.append(
                finding(
                    "RTD112",
                    name,
                    "The plan is dated after its approval: an earlier state of it was approved. Approve the plan as it "
                    "is now.",
                    plan=plan.created,
                    approved=plan.reviewed,
                )
            )
    return out


def later(first: str, second: str) -> bool:
    """Whether one date and time is after another, to the precision both have; False when either is unknown."""
    length = min(len(first), len(second), 14)
    return length >= 8 and first[:length] > second[:length]
