"""What kind of value each fact has that a condition may name. Which facts there are, `rtcheck.rules.facts` says."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, Union, get_args, get_origin

from rtcheck.catalogue.registry_schema import FACT_TABLES
from rtcheck.rules.facts import DERIVED_FACTS, DERIVED_NUMBERS, REGISTRY_FACTS

__all__ = ["FactKind", "derived_facts", "is_taken", "qualified", "recorded_facts"]


@dataclass(frozen=True, slots=True)
class FactKind:
    """What a fact's values are: their type, and the words it is limited to (empty: any)."""

    type: Literal["number", "yes/no", "text", "date"]
    words: tuple[str, ...] = ()


_DERIVED_KINDS: Mapping[str, FactKind] = {fact: FactKind("number") for fact in DERIVED_NUMBERS}
"""Derived facts that are not yes or no."""


def derived_facts() -> dict[str, FactKind]:
    """Return the kind of every fact that follows from lesions and plans."""
    return {fact: _DERIVED_KINDS.get(fact, FactKind("yes/no")) for fact in DERIVED_FACTS}


def recorded_facts() -> dict[str, FactKind]:
    """Return the kind of every fact a registry can record, by ``table.key``; ``[exclusion]`` has free keys."""
    kinds = {}
    for fact in REGISTRY_FACTS:
        table, _, key = fact.partition(".")
        kinds[fact] = _kind(FACT_TABLES[table].model_fields[key].annotation)
    return kinds


def qualified(key: str, recorded: Mapping[str, FactKind]) -> tuple[str, ...]:
    """Return the facts that an unqualified key can mean: none, one, or several when it is not unique."""
    return tuple(fact for fact in recorded if fact == key or fact.partition(".")[2] == key)


def is_taken(name: str) -> bool:
    """Whether a fact of this name exists already, so that no tier may have it."""
    return name in DERIVED_FACTS or bool(qualified(name, recorded_facts()))


def _kind(annotation: object) -> FactKind:
    """Kind of a schema field such as ``float | None``."""
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = next(part for part in get_args(annotation) if part is not type(None))
    if get_origin(annotation) is Literal:
        return FactKind("text", tuple(str(word) for word in get_args(annotation)))
    if annotation is bool:
        return FactKind("yes/no")
    if annotation in (int, float):
        return FactKind("number")
    return FactKind("date") if annotation is date else FactKind("text")
