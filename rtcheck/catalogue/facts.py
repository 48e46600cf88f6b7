"""Which facts a condition may name, and what kind of value each has."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, Union, get_args, get_origin

from rtcheck.catalogue.registry_schema import FACT_TABLES

__all__ = ["DERIVED_FACTS", "FactKind", "is_taken", "qualified", "recorded_facts"]


@dataclass(frozen=True, slots=True)
class FactKind:
    """What a fact's values are: their type, and the words it is limited to (empty: any)."""

    type: Literal["number", "yes/no", "text", "date"]
    words: tuple[str, ...] = ()


DERIVED_FACTS: Mapping[str, FactKind] = {
    "lung_lesion": FactKind("yes/no"),
    "liver_lesion": FactKind("yes/no"),
    "lung_at_risk": FactKind("yes/no"),
    "plan_fractions": FactKind("number"),
}
"""Facts that follow from lesions and plans."""


def recorded_facts() -> dict[str, FactKind]:
    """Every fact a registry can record, by ``table.key``; ``[exclusion]`` has free keys and is not listed."""
    return {
        f"{table}.{key}": _kind(field.annotation)
        for table, model in FACT_TABLES.items()
        for key, field in model.model_fields.items()
        if table != "patient" or key not in ("id", "dicom_ids")
    }


def qualified(key: str, recorded: Mapping[str, FactKind]) -> tuple[str, ...]:
    """The facts that an unqualified key can mean: none, one, or several when it is not unique."""
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
