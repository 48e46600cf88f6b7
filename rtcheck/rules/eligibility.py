"""The trial's own rules on the record: how many lesions, which facts, which arm. They know no dose and no structure.

Each rule is met, broken, not known, or not asked of this patient, in three-valued logic. `eligibility_table` says so of
every rule, for people who enter records; `check_eligibility` says what of it a check must show.

Taking a fact away never turns a broken or unknown rule into one that is met. It can turn a broken rule of the record
(RTD755, W) into an unknown one, which the contract makes a note (RTD756, I).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rtcheck.model.finding import Finding, finding
from rtcheck.model.lesion import Lesion
from rtcheck.model.record import PatientRecord
from rtcheck.rules.conditions import FactTable, Truth, all_of, evaluate_conditions, evaluate_groups
from rtcheck.rules.constraint import EligibilityRule, LesionRules, Protocol, TrialRules
from rtcheck.rules.contradictions import record_contradictions
from rtcheck.rules.counting import count_metastases, measurable_lesions, organ_systems

__all__ = ["Criterion", "CriterionState", "check_eligibility", "count_metastases", "eligibility_table", "judge_rule"]

CriterionState = Literal["met", "broken", "not recorded", "not asked"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One rule of the trial, judged on one record.

    Attributes:
        id: of the rule, or its key path in the protocol (``lesions.max_total``).
        state: not asked: it does not concern this patient.
        bears_on: the plan or the record.
        rule: the rule of ``[[eligibility]]``; None for those of ``[lesions]`` and ``[trial]``.
        asks: what it asks, in words; empty where the rule's conditions say it.
        found: what the record has of it, in words; empty where the rule's facts say it.
        reason: why it is broken or not known; empty when met.
        missing: registry keys that would settle what is not known.
        code: of the finding it makes; empty where it makes none.
        evidence: the numbers behind it.
        number: of the trial's criterion, such as ``inclusion 8``; empty where the protocol file does not give it.
    """

    id: str
    state: CriterionState
    bears_on: Literal["plan", "record"]
    rule: EligibilityRule | None = None
    asks: str = ""
    found: str = ""
    reason: str = ""
    missing: tuple[str, ...] = ()
    code: str = ""
    evidence: tuple[tuple[str, object], ...] = ()
    number: str = ""


def check_eligibility(record: PatientRecord, protocol: Protocol, facts: FactTable) -> tuple[Finding, ...]:
    """Apply every trial rule of the protocol to the record.

    Returns:
        RTD751 too many lesions; RTD752 or RTD755 a broken rule, RTD753 or RTD756 one whose facts are not recorded;
        RTD754 a consolidative plan for another arm; RTD760 contradictions; RTD510 earlier radiotherapy; RTD759 the
        report reveals the arm.
    """
    out = [_finding(item) for item in eligibility_table(record, protocol, facts) if item.code]
    out += record_contradictions(record)
    if record.arm is not None or (protocol.trial is not None and _needs_arm(record, protocol.trial)):
        told = "The report tells the arm of the patient. Keep it from blinded outcome assessors."
        out.append(finding("RTD759", "trial.arm", told))
    return (*out, *_prior_courses(record))


def eligibility_table(record: PatientRecord, protocol: Protocol, facts: FactTable) -> tuple[Criterion, ...]:
    """Judge every rule of the trial: lesions first, then the rules in the order of the protocol, then trial and arm."""
    out: list[Criterion] = []
    if protocol.lesions is not None:
        of_lesions = [*_counts(record.lesions, protocol.lesions), *_measurable(record.lesions, protocol.lesions)]
        out += [replace(item, number=protocol.lesions.criterion) for item in of_lesions]
    out += [_criterion(rule, facts) for rule in protocol.eligibility]
    if protocol.trial is not None:
        out += _trial(record, protocol.trial)
    return tuple(out)


def judge_rule(rule: EligibilityRule, facts: FactTable) -> tuple[CriterionState, Truth]:
    """Judge one rule: where all of `when` hold, all of `requires` must, and one group of `any` where there are some.

    Returns:
        The state, and the answer that explains it: reasons, and the keys that would settle it.
    """
    asked = evaluate_conditions(rule.when, facts)
    if asked.value is False:
        return "not asked", asked
    kept = evaluate_conditions(rule.requires, facts)
    if rule.any:
        kept = all_of([kept, evaluate_groups(rule.any, facts)])
    if kept.value is True:
        return "met", kept
    if asked.value is True and kept.value is False:
        return "broken", kept
    unknown = [truth for truth in (asked, kept) if truth.value is None]
    missing = sorted({key for truth in unknown for key in truth.missing})
    reasons = dict.fromkeys(truth.reason for truth in unknown if truth.reason)
    return "not recorded", Truth(None, tuple(missing), " ".join(reasons))


def _finding(item: Criterion) -> Finding:
    named = f"{item.number[:1].upper()}{item.number[1:]}. {item.reason}" if item.number else item.reason
    made = finding(item.code, item.id, named)
    number = {"criterion": item.number} if item.number else {}
    return replace(made, evidence=dict(sorted({**dict(item.evidence), **number}.items())))


def _criterion(rule: EligibilityRule, facts: FactTable) -> Criterion:
    state, truth = judge_rule(rule, facts)
    plan = rule.bears_on == "plan"
    said, code, missing = "", "", truth.missing
    evidence: tuple[tuple[str, object], ...] = ()
    if state == "broken":
        code = "RTD752" if plan else "RTD755"
        said, missing = f"The rule is broken. {truth.reason}".strip(), ()
    elif state == "not recorded":
        code = "RTD753" if plan else "RTD756"
        said = f"The rule cannot be told. {truth.reason}".strip()
        evidence = (("missing", list(missing)),)
    return Criterion(rule.id, state, rule.bears_on, rule, rule.text, "", said, missing, code, evidence, rule.criterion)


def _counts(lesions: Sequence[Lesion], rules: LesionRules) -> Iterator[Criterion]:
    if rules.max_total is not None:
        total = count_metastases(lesions, rules)
        yield _count(
            "lesions", total, rules.max_total, f"at most {rules.max_total} metastases",
            f"The registry has {total} active metastases; the trial allows {rules.max_total} (protocol: "
            "lesions.max_total).",
        )  # fmt: skip
    if rules.max_per_organ is not None:
        for organ in organ_systems(lesions, rules):
            count = count_metastases(lesions, rules, organ)
            yield _count(
                f"lesions {organ}", count, rules.max_per_organ, f"at most {rules.max_per_organ} in one organ system",
                f'The registry has {count} active metastases in "{organ}"; the trial allows {rules.max_per_organ} '
                "(protocol: lesions.max_per_organ).",
            )  # fmt: skip


def _count(name: str, count: int, limit: int, asks: str, broken: str) -> Criterion:
    found = f"{count} active metastas{'is' if count == 1 else 'es'}"
    if count <= limit:
        return Criterion(name, "met", "plan", asks=asks, found=found)
    return Criterion(name, "broken", "plan", asks=asks, found=found, reason=broken, code="RTD751",
                     evidence=(("count", count), ("limit", limit)))


def _measurable(lesions: Sequence[Lesion], rules: LesionRules) -> Iterator[Criterion]:
    """Apply the rule on measurable lesions, which bears on the record: RTD755 broken, RTD756 not known."""
    if rules.min_measurable is None:
        return
    known, unknown = measurable_lesions(lesions, rules)
    name, asks = "lesions.min_measurable", f"at least {rules.min_measurable} measurable"
    found = f"{known} active lesions are recorded as measurable"
    if known >= rules.min_measurable:
        yield Criterion(name, "met", "record", asks=asks, found=found)
    elif known + len(unknown) >= rules.min_measurable:
        yield Criterion(
            name, "not recorded", "record", asks=asks, found=found, missing=("lesion.measurable",), code="RTD756",
            reason=f"{found}, {asks} (protocol: lesions.min_measurable); not recorded for {', '.join(unknown)} "
            "(registry: lesion.measurable, and lesion.soft_tissue of a bone metastasis).",
            evidence=(("lesions", list(unknown)),),
        )  # fmt: skip
    else:
        yield Criterion(
            name, "broken", "record", asks=asks, found=found, code="RTD755",
            reason=f"{found}; the trial asks for {asks} (protocol: lesions.min_measurable).",
            evidence=(("count", known), ("limit", rules.min_measurable)),
        )  # fmt: skip


def _trial(record: PatientRecord, trial: TrialRules) -> Iterator[Criterion]:
    recorded = record.facts.get("trial.id")
    if recorded is not None and trial.id and str(recorded).strip().casefold() != trial.id.strip().casefold():
        # no code of its own: what the rule needs, that the patient is of this trial, is not what the registry records
        yield Criterion(
            "trial.id", "broken", "plan", asks=f"a patient of {trial.id}", found=f'trial "{recorded}"', code="RTD753",
            reason=f'The registry records trial "{recorded}" (trial.id), this protocol is of trial "{trial.id}". Use '
            "the protocol of that trial, or correct the registry.",
        )  # fmt: skip
    if not trial.consolidative_arms:
        return
    arm = record.arm
    arms = ", ".join(f'"{name}"' for name in trial.consolidative_arms)
    asks, found = f"a consolidative plan only in {arms}", f'arm "{arm}"' if arm is not None else ""
    if not any(lesion.consolidative for lesion in record.lesions):
        yield Criterion("trial.arm", "not asked", "plan", asks=asks, found=found)
    elif arm is None:
        yield Criterion(
            "trial.arm", "not recorded", "plan", asks=asks, missing=("trial.arm",), code="RTD753",
            reason=f"The arm is not recorded (registry: trial.arm); a consolidative plan is allowed only in {arms}.",
        )  # fmt: skip
    elif arm not in trial.consolidative_arms:
        yield Criterion(
            "trial.arm", "broken", "plan", asks=asks, found=found, code="RTD754",
            reason=f'The patient is of arm "{arm}" (registry: trial.arm); a consolidative plan is allowed only in '
            f"{arms}.",
        )  # fmt: skip
    else:
        yield Criterion("trial.arm", "met", "plan", asks=asks, found=found)


def _needs_arm(record: PatientRecord, trial: TrialRules) -> bool:
    """Whether a consolidative plan alone already tells the arm."""
    return bool(trial.consolidative_arms) and any(lesion.consolidative for lesion in record.lesions)


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
