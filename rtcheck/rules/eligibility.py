"""The trial's own rules on the record: how many lesions, which facts, which arm. They know no dose and no structure.

Counting (contract §3 and §4): metastases that are active, palliative ones included. The primary is a site of disease,
not a metastasis; a resolved lesion no longer counts; the regional nodes together are one where the protocol says so,
and non-regional nodes that share a ``group`` are one.
"""

from __future__ import annotations

from collections.abc import Sequence

from rtcheck.model.finding import Finding, finding
from rtcheck.model.lesion import Lesion
from rtcheck.model.record import PatientRecord
from rtcheck.rules.conditions import FactTable, evaluate_conditions
from rtcheck.rules.constraint import EligibilityRule, LesionRules, Protocol, TrialRules

__all__ = ["check_eligibility", "count_metastases"]


def check_eligibility(record: PatientRecord, protocol: Protocol, facts: FactTable) -> tuple[Finding, ...]:
    """Apply every trial rule of the protocol to the record.

    Returns:
        RTD751 too many lesions; RTD752 or RTD755 a broken rule, RTD753 or RTD756 one whose facts are not recorded;
        RTD754 a consolidative plan for another arm; RTD510 earlier radiotherapy; RTD759 the report reveals the arm.
    """
    out: list[Finding] = []
    if protocol.lesions is not None:
        out += _check_counts(record.lesions, protocol.lesions)
        out += _check_measurable(record.lesions, protocol.lesions)
    for rule in protocol.eligibility:
        out += _check_rule(rule, facts)
    if protocol.trial is not None:
        out += _check_trial(record, protocol.trial)
    return (*out, *_prior_courses(record))


def count_metastases(lesions: Sequence[Lesion], rules: LesionRules, organ: str | None = None) -> int:
    """Count the active metastases, in one organ system or in all.

    Args:
        lesions: all registered ones.
        rules: whether the regional nodes together are one.
        organ: organ system, compared without case; None: all.
    """
    counted = set()
    for lesion in lesions:
        if not lesion.active or lesion.kind == "primary":
            continue
        if organ is not None and _organ(lesion) != organ.strip().casefold():
            continue
        if lesion.kind == "regional_node" and rules.regional_nodes_count_as_one:
            counted.add(("regional", ""))
        elif lesion.kind == "nonregional_node" and lesion.group:
            counted.add(("group", lesion.group))
        else:
            counted.add(("lesion", lesion.id))
    return len(counted)


def _organ(lesion: Lesion) -> str:
    return lesion.organ.strip().casefold()


def _check_counts(lesions: Sequence[Lesion], rules: LesionRules) -> list[Finding]:
    out: list[Finding] = []
    total = count_metastases(lesions, rules)
    if rules.max_total is not None and total > rules.max_total:
        out.append(
            finding(
                "RTD751",
                "lesions",
                f"The registry has {total} active metastases; the trial allows "
                f"{rules.max_total} (protocol: lesions.max_total).",
                count=total,
                limit=rules.max_total,
            )
        )
    if rules.max_per_organ is not None:
        for organ in sorted({_organ(lesion) for lesion in lesions}):
            count = count_metastases(lesions, rules, organ)
            if count > rules.max_per_organ:
                out.append(
                    finding(
                        "RTD751",
                        f"lesions {organ}",
                        f'The registry has {count} active metastases in "{organ}"; '
                        f"the trial allows {rules.max_per_organ} (protocol: lesions.max_per_organ).",
                        count=count,
                        limit=rules.max_per_organ,
                    )
                )
    return out


def _check_measurable(lesions: Sequence[Lesion], rules: LesionRules) -> list[Finding]:
    """Apply the rule on measurable lesions, which bears on the record: RTD755 broken, RTD756 not known."""
    if rules.min_measurable is None:
        return []
    active = [lesion for lesion in lesions if lesion.active]
    known = sum(lesion.measurable is True for lesion in active)
    unknown = [lesion.id for lesion in active if lesion.measurable is None]
    if known >= rules.min_measurable:
        return []
    asked = f"at least {rules.min_measurable} measurable (protocol: lesions.min_measurable)"
    if known + len(unknown) >= rules.min_measurable:
        return [
            finding(
                "RTD756",
                "lesions.min_measurable",
                f"{known} active lesions are recorded as measurable, "
                f"{asked}; not recorded for {', '.join(unknown)} (registry: lesion.measurable).",
                lesions=unknown,
            )
        ]
    return [
        finding(
            "RTD755",
            "lesions.min_measurable",
            f"{known} active lesions are recorded as measurable; the trial asks for {asked}.",
            count=known,
            limit=rules.min_measurable,
        )
    ]


def _check_rule(rule: EligibilityRule, facts: FactTable) -> list[Finding]:
    """Where all of `when` hold, all of `requires` must; either may be unknown."""
    asked = evaluate_conditions(rule.when, facts)
    if asked.value is False:
        return []
    kept = evaluate_conditions(rule.requires, facts)
    if kept.value is True:
        return []
    plan = rule.bears_on == "plan"
    if asked.value is True and kept.value is False:
        return [finding("RTD752" if plan else "RTD755", rule.id, f"The rule is broken. {kept.reason}".strip())]
    reasons = " ".join(dict.fromkeys(truth.reason for truth in (asked, kept) if truth.value is None and truth.reason))
    missing = sorted({key for truth in (asked, kept) if truth.value is None for key in truth.missing})
    return [
        finding("RTD753" if plan else "RTD756", rule.id, f"The rule cannot be told. {reasons}".strip(), missing=missing)
    ]


def _check_trial(record: PatientRecord, trial: TrialRules) -> list[Finding]:
    out: list[Finding] = []
    recorded = record.facts.get("trial.id")
    if recorded is not None and trial.id and str(recorded).strip().casefold() != trial.id.strip().casefold():
        # no code of its own: what the rule needs, that the patient is of this trial, is not what the registry records
        out.append(
            finding(
                "RTD753",
                "trial.id",
                f'The registry records trial "{recorded}" (trial.id), this protocol is of trial '
                f'"{trial.id}". Use the protocol of that trial, or correct the registry.',
            )
        )
    arm = record.arm
    consolidative = any(lesion.consolidative for lesion in record.lesions)
    if trial.consolidative_arms and consolidative:
        arms = ", ".join(f'"{name}"' for name in trial.consolidative_arms)
        if arm is None:
            out.append(
                finding(
                    "RTD753",
                    "trial.arm",
                    f"The arm is not recorded (registry: trial.arm); a consolidative plan is allowed only in {arms}.",
                )
            )
        elif arm not in trial.consolidative_arms:
            out.append(
                finding(
                    "RTD754",
                    "trial.arm",
                    f'The patient is of arm "{arm}" (registry: trial.arm); a consolidative plan '
                    f"is allowed only in {arms}.",
                )
            )
    if arm is not None:
        out.append(
            finding(
                "RTD759",
                "trial.arm",
                "The report tells the arm of the patient. Keep it from blinded outcome assessors.",
            )
        )
    return out


def _prior_courses(record: PatientRecord) -> list[Finding]:
    organs = [prior.organ for prior in record.prior_courses or ()]
    if not organs and record.facts.get("lung.prior_irradiation") is True:
        organs = ["lung"]
    if not organs:
        return []
    shown = ", ".join(organs)
    return [
        finding(
            "RTD510",
            "prior_course",
            f"Earlier radiotherapy is recorded ({shown}); its dose is not in the "
            "doses that were judged. Add it by hand before relying on the limits of these organs.",
            organs=organs,
        )
    ]
