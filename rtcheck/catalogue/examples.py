"""Running the examples written inside a protocol, with the code that judges a plan: conditions, tiers, limits.

Nothing is measured: the example gives the metric values. What it does not give has no value, so that an example can
show as well what happens when something is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from rtcheck.dvh.metric import MetricValue
from rtcheck.errors import Fault, FileFaultsError
from rtcheck.judging import settle
from rtcheck.model.lesion import Lesion
from rtcheck.model.record import FactValue, PatientRecord
from rtcheck.rules.binding import applicability
from rtcheck.rules.conditions import fact_table
from rtcheck.rules.constraint import Constraint, Example, Protocol
from rtcheck.rules.facts import FactTable, look_up
from rtcheck.rules.outcome import Judgement, Limit, LookedUp, doubt_lookup, judge, table_limits

__all__ = ["ExampleResult", "Mismatch", "run_examples"]

_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What an example expected of a constraint or fact and what it found, with the reason that was given."""

    subject: str
    expected: str
    found: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """An example and where it failed; no mismatches: it holds. `checked` counts what it expects."""

    example: Example
    mismatches: tuple[Mismatch, ...]
    checked: int


def run_examples(protocol: Protocol) -> tuple[ExampleResult, ...]:
    """Run every example of a protocol, in file order.

    Raises:
        FileFaultsError: an example names a constraint or fact that the protocol does not have.
    """
    by_id = {one.id: one for one in protocol.constraints}
    tiers = {tier.fact for tier in protocol.tiers}
    faults = [fault for example in protocol.examples for fault in _faults(example, by_id, tiers)]
    if faults:
        raise FileFaultsError(tuple(faults))
    return tuple(_run(example, protocol, by_id) for example in protocol.examples)


def _faults(example: Example, by_id: Mapping[str, Constraint], tiers: set[str]) -> list[Fault]:
    faults = []
    for key in ("values", "lookups", "expect"):
        for name in getattr(example, key):
            if name not in by_id:
                faults.append(Fault(example.file, f'{example.key_path}.{key}."{name}"', "an unknown constraint",
                                    "the id of a constraint of this protocol"))
            elif key == "lookups" and by_id[name].goal_table is None:
                faults.append(Fault(example.file, f'{example.key_path}.{key}."{name}"', "a constraint without a table",
                                    "a constraint with a goal_table"))
    table = FactTable()
    for name in example.expect_facts:
        absent = look_up(table, name)
        if name not in tiers and not absent.missing and name not in fact_table(None, (), None).derived:
            faults.append(Fault(example.file, f"{example.key_path}.expect_facts.{name}", "an unknown fact",
                                "a tier of this protocol or a fact"))
    return faults


def _run(example: Example, protocol: Protocol, by_id: Mapping[str, Constraint]) -> ExampleResult:
    facts = _fact_table(example, protocol)
    accept = protocol.conventions.undecided == "accept"
    found: list[Mismatch] = []
    for name, expected in example.expect.items():
        judgement = _judge(by_id[name], example, facts, accept=accept)
        if judgement.state != expected:
            found.append(Mismatch(name, expected, judgement.state, judgement.reason))
    for name, wanted in example.expect_facts.items():
        fact = look_up(facts, name)
        if _shown(fact.value) != _shown(wanted):
            found.append(Mismatch(name, _shown(wanted), _shown(fact.value), fact.reason))
    return ExampleResult(example, tuple(found), len(example.expect) + len(example.expect_facts))


def _fact_table(example: Example, protocol: Protocol) -> FactTable:
    lesions = tuple(
        Lesion(f"L{index}", organ, "organ_metastasis", active=True)
        for index, organ in enumerate(example.lesions, start=1)
    )
    record = PatientRecord("example", (), example.facts, lesions)
    return fact_table(record, protocol.tiers, example.fractions, protocol.lesions)


def _judge(one: Constraint, example: Example, facts: FactTable, *, accept: bool) -> Judgement:
    applies, reason = applicability(one, facts, example.fractions, known=example.fractions is not None)
    if applies is False:
        return Judgement("NOT_APPLICABLE", reason)
    unit = one.metric.unit
    value = _metric_value(example.values.get(one.id), unit)
    if one.goal_table is not None:
        limits = table_limits(one.goal_table, _metric_value(example.lookups.get(one.id), one.goal_table.by.unit), unit)
        if not isinstance(limits, LookedUp):
            return Judgement("NOT_EVALUATED", limits, code="RTD706")
        judgement = doubt_lookup(judge(limits.limit, value, accept=accept), limits, value)
    elif one.goal is not None:
        judgement = judge(Limit(one.goal, one.variation), value, accept=accept)
    elif value.value is None:
        judgement = Judgement("NOT_EVALUATED", value.reason)
    else:
        judgement = Judgement("NOT_APPLICABLE", "Shown, not judged: the constraint has no goal.")
    return settle(judgement, applies=applies, reason=reason, value=value)


def _metric_value(given: tuple[float, float, float] | None, unit: str) -> MetricValue:
    if given is None:
        return MetricValue(None, None, None, unit, "The example gives no value.", "RTD706")
    return MetricValue(*given, unit)


def _shown(value: FactValue | None) -> str:
    match value:
        case None:
            return _UNKNOWN
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"{float(value):g}"
        case date():
            return value.isoformat()
        case _:
            return value
