"""Conditions and tiers in three-valued logic: true, false, or not known.

Where all must hold, false beats unknown beats true; where any may, true beats unknown beats false (Kleene's strong
logic). So taking a fact away can only turn an answer into "not known", never into another answer. An answer that is
not known names the registry keys that would settle it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from rtcheck.model.record import FactValue, PatientRecord
from rtcheck.rules.constraint import Condition, LesionRules, Tier
from rtcheck.rules.fact_words import fact_words
from rtcheck.rules.facts import Fact, FactTable, base_facts, look_up
from rtcheck.units import format_number

__all__ = [
    "FactTable",
    "Truth",
    "all_of",
    "any_of",
    "condition_text",
    "evaluate_condition",
    "evaluate_conditions",
    "evaluate_groups",
    "fact_table",
]


@dataclass(frozen=True, slots=True)
class Truth:
    """An answer.

    Attributes:
        value: True, False, or None where it is not known.
        missing: the registry keys that would settle an answer that is not known, in order of asking.
        reason: why it is false or not known, in one or more sentences; empty when true.
    """

    value: bool | None
    missing: tuple[str, ...] = ()
    reason: str = ""


def fact_table(
    record: PatientRecord | None,
    tiers: Sequence[Tier],
    plan_fractions: int | None,
    lesion_rules: LesionRules | None = None,
) -> FactTable:
    """Gather every fact of one patient and course, the tiers included.

    Args:
        record: the registry's record; None: nothing of it is known.
        tiers: of the protocol; those with the same `fact` belong together.
        plan_fractions: the common fraction count of the plans that are summed, or None.
        lesion_rules: of the protocol, for the number of metastases; None: counted by the defaults.
    """
    base = base_facts(record, plan_fractions, lesion_rules)
    named = dict.fromkeys(tier.fact for tier in tiers)
    resolved = {fact: _resolve_tier([tier for tier in tiers if tier.fact == fact], base) for fact in named}
    return replace(base, derived={**base.derived, **resolved})


def evaluate_conditions(conditions: Iterable[Condition], facts: FactTable) -> Truth:
    """Answer whether all conditions hold; no conditions at all hold."""
    return all_of([evaluate_condition(condition, facts) for condition in conditions])


def evaluate_groups(groups: Iterable[Sequence[Condition]], facts: FactTable) -> Truth:
    """Answer whether any group holds, each group holding when all its conditions do; no groups do not hold."""
    return any_of([evaluate_conditions(group, facts) for group in groups])


def all_of(truths: Sequence[Truth]) -> Truth:
    """Join answers of which all must be true: false beats unknown beats true."""
    return _join(truths, beats=False)


def any_of(truths: Sequence[Truth]) -> Truth:
    """Join answers of which one is enough: true beats unknown beats false."""
    return _join(truths, beats=True)


def evaluate_condition(condition: Condition, facts: FactTable) -> Truth:
    """Answer one test on one fact. A fact of a kind the test does not fit is not known, never false."""
    fact = look_up(facts, condition.fact)
    if fact.value is None:
        bounded = _bounds_decide(fact, condition)
        if bounded is not None:
            return bounded
        return Truth(None, fact.missing, fact.reason or _not_recorded(condition.fact, fact.missing))
    holds = _is_one_of(fact.value, condition.values) if condition.values else _is_in_range(fact.value, condition)
    if holds is None:
        shown = _show(fact.value)
        return Truth(None, (), f"{condition.fact} is {shown}, which cannot be tested with {condition_text(condition)}.")
    if holds:
        return Truth(True)
    return Truth(False, (), f"{fact_words(condition.fact)} is {_show(fact.value)}, not {condition_text(condition)}.")


def condition_text(condition: Condition) -> str:
    """Return the test of a condition in words, such as ``above 1 up to 1.2`` or ``known or suspected``."""
    if condition.values:
        return " or ".join(_show(value) for value in condition.values)
    bounds = (
        ("above", condition.above),
        ("at least", condition.at_least),
        ("below", condition.below),
        ("up to", condition.up_to),
    )
    return " ".join(f"{word} {_show(bound)}" for word, bound in bounds if bound is not None)


def _join(truths: Sequence[Truth], *, beats: bool) -> Truth:
    """Join answers; one that is `beats` decides, else one that is not known, else all are the other."""
    for deciding in (beats, None):
        same = [truth for truth in truths if truth.value is deciding]
        if same:
            missing = dict.fromkeys(key for truth in same for key in truth.missing)
            reasons = dict.fromkeys(truth.reason for truth in same if truth.reason)
            return Truth(deciding, tuple(missing), " ".join(reasons))
    reasons = dict.fromkeys(truth.reason for truth in truths if truth.reason)
    return Truth(not beats, (), " ".join(reasons))


def _resolve_tier(tiers: Sequence[Tier], facts: FactTable) -> Fact:
    """Find which tier of one fact applies: the worst one, unless a worse one cannot be excluded."""
    words = f"the {fact_words(tiers[0].fact)}"
    for rank in sorted({tier.rank for tier in tiers}, reverse=True):
        answers = [(tier, evaluate_groups(tier.any, facts)) for tier in tiers if tier.rank == rank]
        unknown = any_of([truth for _, truth in answers if truth.value is None])
        if unknown.value is None:
            open_tiers = " or ".join(tier.id for tier, truth in answers if truth.value is None)
            reason = f"{words} is unknown: {open_tiers} cannot be excluded. {unknown.reason}"
            return Fact(None, unknown.missing, reason)
        applying = dict.fromkeys(tier.id for tier, truth in answers if truth.value)
        if len(applying) > 1:
            return Fact(None, (), f"{words} is unknown: {' and '.join(applying)} apply with the same rank.")
        if applying:
            return Fact(next(iter(applying)))
    return Fact(None, (), f"{words} is unknown: none of {', '.join(tier.id for tier in tiers)} applies.")


def _is_one_of(value: FactValue, values: Sequence[FactValue]) -> bool | None:
    """Whether a fact equals one of the values of its kind; None when none of them is of its kind."""
    comparable = [each for each in values if _kind(each) == _kind(value)]
    if not comparable or not _is_usable(value):
        return None
    return value in comparable


def _is_in_range(value: FactValue, condition: Condition) -> bool | None:
    """Whether a number lies in a range; None for what is no number, and for a range without bounds."""
    bounds = (condition.above, condition.at_least, condition.below, condition.up_to)
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_usable(value):
        return None
    if all(bound is None for bound in bounds) or any(bound is not None and math.isnan(bound) for bound in bounds):
        return None
    above, at_least, below, up_to = bounds
    return (
        (above is None or value > above)
        and (at_least is None or value >= at_least)
        and (below is None or value < below)
        and (up_to is None or value <= up_to)
    )


def _bounds_decide(fact: Fact, condition: Condition) -> Truth | None:
    """Answer a range from the bounds of a number that is not known; None where it holds for some of them only."""
    if fact.low is None or fact.high is None or condition.values:
        return None
    if _is_in_range(fact.low, condition) and _is_in_range(fact.high, condition):
        return Truth(True)
    too_low = (condition.above is not None and fact.high <= condition.above) or (
        condition.at_least is not None and fact.high < condition.at_least
    )
    too_high = (condition.below is not None and fact.low >= condition.below) or (
        condition.up_to is not None and fact.low > condition.up_to
    )
    if not too_low and not too_high:
        return None
    shown = f"{fact.low:.4g} to {fact.high:.4g}"
    return Truth(False, (), f"{fact_words(condition.fact)} is {shown}, not {condition_text(condition)}.")


def _kind(value: FactValue) -> type:
    """Kind of a value for comparing: true is no 1, but 1 is 1.0."""
    if isinstance(value, bool):
        return bool
    if isinstance(value, int | float):
        return float
    return date if isinstance(value, date) else str


def _is_usable(value: FactValue) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _show(value: FactValue) -> str:
    """Return a value as it is written in words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format_number(value) if math.isfinite(value) else str(value)
    return str(value)


def _not_recorded(fact: str, missing: Sequence[str]) -> str:
    keys = ", ".join(missing)
    words = fact_words(fact)
    return f"{words} is not recorded (registry: {keys})." if keys else f"{words} is not known."
