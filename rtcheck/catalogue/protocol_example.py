"""One ``[[example]]`` of a protocol file to an `Example` value. Whether it holds, `rtcheck.catalogue.examples` says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, get_args

from rtcheck.catalogue.facts import FactKind, derived_facts, qualified, recorded_facts
from rtcheck.catalogue.faults import Faults, describe, suggest, validate_table
from rtcheck.catalogue.protocol_schema import ExampleTable
from rtcheck.model.record import FactValue
from rtcheck.rules.constraint import Example
from rtcheck.rules.result import OutcomeState

__all__ = ["read_example"]

_OUTCOMES = get_args(OutcomeState)
_VALUE = "a number, or [value, low, high] with low <= value <= high"


def read_example(raw: object, key_path: str, file: str, faults: Faults) -> Example | None:
    """Read one example; None, with faults noted, when its table is wrong.

    That the constraints and tiers it names exist is checked when it runs: they may stand in another file.
    """
    table = validate_table(ExampleTable, raw, key_path, faults)
    if table is None:
        return None
    if not table.expect and not table.expect_facts:
        faults.add(key_path, "neither expect nor expect_facts", "what the example should give")
    return Example(
        name=table.name,
        facts=_facts(table.facts or {}, f"{key_path}.facts", faults),
        lesions=tuple(table.lesions or ()),
        fractions=table.fractions,
        values=_values(table.values or {}, f"{key_path}.values", faults),
        lookups=_values(table.lookups or {}, f"{key_path}.lookups", faults),
        expect=_outcomes(table.expect or {}, f"{key_path}.expect", faults),
        expect_facts=_scalars(table.expect_facts or {}, f"{key_path}.expect_facts", faults),
        file=file,
        key_path=key_path,
    )


def _facts(raw: Mapping[str, Any], key_path: str, faults: Faults) -> dict[str, FactValue]:
    recorded, derived = recorded_facts(), derived_facts()
    facts: dict[str, FactValue] = {}
    for key, value in raw.items():
        place = f"{key_path}.{key}"
        if key in derived:
            expected = "the recorded facts, lesions and fractions it follows from"
            faults.add(place, "a fact that follows from others", expected)
            continue
        if key.startswith("exclusion.") and key != "exclusion.":
            kind, name = FactKind("yes/no"), key
        else:
            homes = qualified(key, recorded)
            if len(homes) != 1:
                known = [*recorded, *(fact.partition(".")[2] for fact in recorded)]
                faults.add(place, "an unknown fact" if not homes else "a key of several tables",
                           " or ".join(f'"{home}"' for home in homes) or "a key of the registry",
                           suggest(key, known) if not homes else "")
                continue
            kind, name = recorded[homes[0]], homes[0]
        if not _fits(value, kind):
            words = f", one of: {', '.join(kind.words)}" if kind.words else ""
            faults.add(place, describe(value), f"a value of the kind {kind.type}{words}")
            continue
        facts[name] = value
    return facts


def _fits(value: object, kind: FactKind) -> bool:
    match kind.type:
        case "yes/no":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "date":
            return isinstance(value, date) and not isinstance(value, datetime)
        case _:
            return isinstance(value, str) and (not kind.words or value in kind.words)


def _values(raw: Mapping[str, Any], key_path: str, faults: Faults) -> dict[str, tuple[float, float, float]]:
    values: dict[str, tuple[float, float, float]] = {}
    for key, given in raw.items():
        numbers = given if isinstance(given, list) else [given] * 3
        if len(numbers) != 3 or not all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers):
            faults.add(f'{key_path}."{key}"', describe(given), _VALUE)
            continue
        value, low, high = (float(one) for one in numbers)
        if not low <= value <= high:
            faults.add(f'{key_path}."{key}"', f"[{value:g}, {low:g}, {high:g}]", _VALUE)
            continue
        values[key] = value, low, high
    return values


def _outcomes(raw: Mapping[str, Any], key_path: str, faults: Faults) -> dict[str, str]:
    outcomes: dict[str, str] = {}
    for key, word in raw.items():
        if word in _OUTCOMES:
            outcomes[key] = word
        else:
            hint = suggest(word, _OUTCOMES) if isinstance(word, str) else ""
            faults.add(f'{key_path}."{key}"', describe(word), f"one of: {', '.join(_OUTCOMES)}", hint)
    return outcomes


def _scalars(raw: Mapping[str, Any], key_path: str, faults: Faults) -> dict[str, FactValue]:
    facts: dict[str, FactValue] = {}
    for key, value in raw.items():
        if isinstance(value, bool | int | float | str | date) and not isinstance(value, datetime):
            facts[key] = value
        else:
            faults.add(f"{key_path}.{key}", describe(value), 'a value, or "unknown"')
    return facts
