"""Conditions as written in a file (``when``, ``requires``, the groups of a tier) to `Condition` values.

That the facts they name exist and can be tested as written is checked when all files are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from rtcheck.catalogue.facts import FactKind, derived_facts, is_taken, qualified, recorded_facts
from rtcheck.catalogue.faults import Faults, describe, suggest
from rtcheck.model.record import FactValue
from rtcheck.rules.constraint import Condition

__all__ = ["FactUse", "check_facts", "read_conditions"]

_BOUNDS = ("above", "at_least", "below", "up_to")
_EXPECTED = "a value, a list of values, true or false, or a range such as { above = 1.0, up_to = 1.2 }"


@dataclass(frozen=True, slots=True)
class FactUse:
    """A condition, where it stands, and whether it defines a tier. Checked when all tiers are known."""

    condition: Condition
    key_path: str
    faults: Faults
    in_tier: bool = False


def read_conditions(
    raw: object, key_path: str, faults: Faults, uses: list[FactUse], *, in_tier: bool = False
) -> tuple[Condition, ...]:
    """Read the conditions of one table, all of which must hold; faults are noted, the rest is still read."""
    if not isinstance(raw, dict) or not raw:
        faults.add(key_path, describe(raw), 'a table of conditions, not empty, such as { child_pugh = "A" }')
        return ()
    conditions = []
    for fact, test in raw.items():
        place = f'{key_path}."{fact}"' if "." in fact else f"{key_path}.{fact}"
        condition = _condition(fact, test, place, faults)
        if condition is not None:
            conditions.append(condition)
            uses.append(FactUse(condition, place, faults, in_tier))
    return tuple(conditions)


def _condition(fact: str, test: object, key_path: str, faults: Faults) -> Condition | None:
    if isinstance(test, dict):
        return _range(fact, test, key_path, faults)
    values: list[Any] = test if isinstance(test, list) else [test]
    if not values or not all(_is_scalar(value) for value in values):
        faults.add(key_path, describe(test), _EXPECTED)
        return None
    if any(isinstance(value, str) and not value.strip() for value in values):
        faults.add(key_path, "an empty text", _EXPECTED)
        return None
    if len({(type(value), value) for value in values}) < len(values):
        faults.add(key_path, "a value twice", "each value once")
        return None
    return Condition(fact, values=tuple(values))


def _range(fact: str, test: Mapping[str, Any], key_path: str, faults: Faults) -> Condition | None:
    strange = [key for key in test if key not in _BOUNDS]
    if strange:
        quoted = f'"{fact}.{strange[0]}"' if not isinstance(test[strange[0]], int | float) else ""
        hint = suggest(strange[0], _BOUNDS) or quoted
        faults.add(f"{key_path}.{strange[0]}", "an unknown key", f"one of: {', '.join(_BOUNDS)}", hint)
        return None
    bounds: dict[str, float] = {}
    for key, bound in test.items():
        if isinstance(bound, bool) or not isinstance(bound, int | float):
            faults.add(f"{key_path}.{key}", describe(bound), "a number")
            return None
        bounds[key] = float(bound)
    low = [bounds[key] for key in ("above", "at_least") if key in bounds]
    high = [bounds[key] for key in ("below", "up_to") if key in bounds]
    if not bounds or len(low) > 1 or len(high) > 1:
        found = "both " + (" and ".join(_BOUNDS[:2]) if len(low) > 1 else " and ".join(_BOUNDS[2:]))
        faults.add(key_path, found if bounds else "an empty table", _EXPECTED)
        return None
    if low and high and (low[0] > high[0] or (low[0] == high[0] and not {"at_least", "up_to"} <= set(bounds))):
        faults.add(key_path, f"a range from {low[0]:g} to {high[0]:g}, which holds nothing", "the smaller bound first")
        return None
    return Condition(
        fact,
        above=bounds.get("above"),
        at_least=bounds.get("at_least"),
        below=bounds.get("below"),
        up_to=bounds.get("up_to"),
    )


def _is_scalar(value: object) -> bool:
    return isinstance(value, bool | int | float | str | date) and not isinstance(value, datetime)


def check_facts(uses: Sequence[FactUse], tiers: Sequence[tuple[str, str]]) -> None:
    """Note every condition whose fact does not exist, or cannot be tested as written.

    Args:
        uses: the conditions of all files.
        tiers: (fact, id) of every tier of all files, faulty ones included, so that a fault in a tier is not reported
            again wherever the tier is used.
    """
    recorded = recorded_facts()
    of_tiers: dict[str, FactKind] = {}
    for fact, word in tiers:
        if is_taken(fact):
            continue  # noted where the tier stands; the fact itself keeps its meaning
        words = of_tiers[fact].words if fact in of_tiers else ()
        of_tiers[fact] = FactKind("text", (*words, word))
    for use in uses:
        _check_fact(use, recorded, of_tiers)


def _check_fact(use: FactUse, recorded: Mapping[str, FactKind], of_tiers: Mapping[str, FactKind]) -> None:
    fact = use.condition.fact
    if use.in_tier and fact in of_tiers:
        use.faults.add(use.key_path, f"the tier fact {fact}", "a recorded or derived fact: no tier rests on a tier")
        return
    table, _, key = fact.partition(".")
    if table == "exclusion" and key:
        kind = FactKind("yes/no")
    elif fact in of_tiers:
        kind = of_tiers[fact]
    elif fact in derived_facts():
        kind = derived_facts()[fact]
    else:
        homes = qualified(fact, recorded)
        if len(homes) != 1:
            _note_unknown(use, homes, recorded, of_tiers)
            return
        kind = recorded[homes[0]]
    _check_test(use, kind)


def _note_unknown(
    use: FactUse, homes: Sequence[str], recorded: Mapping[str, FactKind], of_tiers: Mapping[str, FactKind]
) -> None:
    if homes:
        use.faults.add(use.key_path, f"{use.condition.fact}, a key of several tables",
                       "the key with its table, in quotes: " + " or ".join(f'"{home}"' for home in homes))
        return
    known = [*recorded, *(fact.partition(".")[2] for fact in recorded), *derived_facts(), *of_tiers]
    use.faults.add(use.key_path, "an unknown fact",
                   "a key of the registry, a tier of this protocol, or one of: " + ", ".join(derived_facts()),
                   suggest(use.condition.fact, known))


def _check_test(use: FactUse, kind: FactKind) -> None:
    condition = use.condition
    if not condition.values:
        if kind.type != "number":
            use.faults.add(use.key_path, f"a range on a fact of the kind {kind.type}", "a range only on a number")
        return
    for value in condition.values:
        if _kind_of(value) != kind.type:
            use.faults.add(use.key_path, describe(value), f"a value of the kind {kind.type}")
        elif kind.words and value not in kind.words:
            use.faults.add(use.key_path, describe(value), "one of: " + ", ".join(kind.words),
                           suggest(str(value), kind.words))


def _kind_of(value: FactValue) -> str:
    match value:
        case bool():
            return "yes/no"
        case int() | float():
            return "number"
        case str():
            return "text"
        case _:
            return "date"
