"""The trial's rules on one record, as a table for people and as JSON: what is asked, what is recorded, what follows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rtcheck.model.finding import Finding
from rtcheck.model.record import PatientRecord
from rtcheck.render.explain_text import condition_text
from rtcheck.render.finding_lines import finding_lines
from rtcheck.render.json_report import document_text, findings_list, plain_json
from rtcheck.render.numbers import format_value
from rtcheck.render.terminal import visible, wrap
from rtcheck.rules.conditions import FactTable
from rtcheck.rules.constraint import Condition, EligibilityRule, Protocol
from rtcheck.rules.eligibility import Criterion
from rtcheck.rules.facts import look_up
from rtcheck.units import format_number

__all__ = ["eligibility_json", "eligibility_lines"]

SCHEMA = "rtcheck.registry-check/1"

_EXACT = 6
"""Characters up to which a number is shown as it was recorded."""

_STATES = (("broken", "BROKEN"), ("not recorded", "NOT RECORDED"), ("met", "MET"), ("not asked", "NOT ASKED"))


def eligibility_lines(
    protocol: Protocol, table: Sequence[Criterion], facts: FactTable, contradictions: Sequence[Finding] = ()
) -> list[str]:
    """Return the table as lines of at most 80 columns, broken rules first; a rule on the plan is marked with a star."""
    counts = ", ".join(f"{number} {state}" for state, _ in _STATES
                       if (number := sum(item.state == state for item in table)))  # fmt: skip
    lines = ["", *wrap(visible(f"ELIGIBILITY by {protocol.id} {protocol.version}: {counts or 'no rule'}"))]
    for state, word in _STATES:
        own = [item for item in table if item.state == state]
        if own:
            lines.append(f"  {word}")
        for item in own:
            mark = "*" if item.bears_on == "plan" else " "
            found = _found(item, facts)
            named = f"{item.id} ({item.number})" if item.number else item.id
            lines += wrap(visible(f"{mark} {named}"), "  ", "      ")
            said = _asks(item) + (f"; {found}" if found else "")
            lines += wrap(visible(said), "      ", "        ")
            if state == "not recorded":
                keys = ", ".join(item.missing)
                lines += wrap(visible(f"record {keys}" if keys else item.reason), "      ", "        ")
            elif state == "broken" and item.rule is None:
                lines += wrap(visible(item.reason), "      ", "        ")
    if any(item.bears_on == "plan" for item in table):
        lines += ["", "  * bears on the plan: broken is FAIL, not recorded is INCOMPLETE"]
    unnumbered = sum(item.rule is not None and not item.number for item in table)
    if unnumbered:
        said = (f"{unnumbered} rules stand without the number of the trial's criterion: the protocol file does not "
                'give it (criterion = "inclusion 8").')  # fmt: skip
        lines += ["", *wrap(said, "  ")]
    if contradictions:
        lines += ["", *finding_lines(contradictions)]
    return lines


def eligibility_json(
    record: PatientRecord,
    protocol: Protocol | None,
    table: Sequence[Criterion],
    facts: FactTable,
    findings: Sequence[Finding] = (),
) -> str:
    """Return the same as one JSON document; ``protocol`` is null where no protocol was given or known."""
    return document_text({
        "schema": SCHEMA,
        "exit_code": 0,
        "patient_id": record.patient_id,
        "registry": {"sha256": record.sha256},
        "protocol": None if protocol is None else {
            "id": protocol.id, "version": protocol.version, "status": protocol.status, "sha256": protocol.sha256,
        },
        "lesions": [
            {"id": lesion.id, "organ": lesion.organ, "kind": lesion.kind, "active": lesion.active,
             "consolidative": lesion.consolidative} for lesion in record.lesions
        ],
        "eligibility": [
            {"id": item.id, "criterion": item.number or None, "state": item.state, "bears_on": item.bears_on,
             "asks": _asks(item),
             "facts": {key: plain_json(look_up(facts, key).value) for key in _keys(item.rule)},
             "found": item.found, "reason": item.reason, "missing": list(item.missing), "code": item.code or None}
            for item in table
        ],
        "findings": findings_list(tuple(findings)),
    })  # fmt: skip


def _asks(item: Criterion) -> str:
    """Return what a rule asks: in its own words, else in those of its conditions."""
    if item.asks or item.rule is None:
        return item.asks
    rule = item.rule
    parts = [_all(rule.requires)] if rule.requires else []
    if rule.any:
        parts.append(", or ".join(_all(group) for group in rule.any))
    when = f", where {_all(rule.when)}" if rule.when else ""
    return " and ".join(parts) + when


def _all(conditions: Iterable[Condition]) -> str:
    return " and ".join(condition_text(one) for one in conditions)


def _found(item: Criterion, facts: FactTable) -> str:
    """Return what the record has of a rule, every fact with its value."""
    if item.rule is None:
        return item.found
    known = [(key, look_up(facts, key)) for key in _keys(item.rule)]
    said = []
    for key, fact in known:
        if fact.value is not None:
            said.append(f"{key} {_value(fact.value, _limits(item.rule, key))}")
        elif fact.low is not None and fact.high is not None:
            said.append(f"{key} {fact.low:.4g} to {fact.high:.4g}")
    return ", ".join(said)


def _keys(rule: EligibilityRule | None) -> tuple[str, ...]:
    """Return the facts a rule looks at, each once, those of `when` last."""
    if rule is None:
        return ()
    groups = (rule.requires, *rule.any, rule.when)
    return tuple(dict.fromkeys(condition.fact for group in groups for condition in group))


def _limits(rule: EligibilityRule, key: str) -> list[float]:
    """Return the bounds that a rule sets to a fact, so that its value is never rounded across one."""
    own = [condition for group in (rule.requires, *rule.any, rule.when) for condition in group if condition.fact == key]
    bounds = [bound for one in own for bound in (one.above, one.at_least, one.below, one.up_to)]
    return [bound for bound in bounds if bound is not None]


def _value(value: object, limits: Sequence[float]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        exact = format_number(value)
        return exact if len(exact) <= _EXACT else format_value(value, limits)
    return str(value)
