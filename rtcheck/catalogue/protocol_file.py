"""One protocol or constraint file, without the files it includes, to its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from rtcheck.catalogue.condition_table import FactUse, read_conditions
from rtcheck.catalogue.constraint_table import read_constraint
from rtcheck.catalogue.facts import is_taken
from rtcheck.catalogue.faults import Faults, Table, check_schema, describe, misplaced_key, suggest, validate_table
from rtcheck.catalogue.protocol_example import read_example
from rtcheck.catalogue.protocol_pinned import check_pinned
from rtcheck.catalogue.protocol_schema import (
    ConstraintTable,
    ConventionsTable,
    EligibilityTable,
    ExampleTable,
    HeadTable,
    LesionsTable,
    PinnedTable,
    TierTable,
    TrialTable,
)
from rtcheck.catalogue.sources import add_sources
from rtcheck.catalogue.toml_file import TomlFile
from rtcheck.rules.constraint import (
    Constraint,
    Conventions,
    EligibilityRule,
    Example,
    LesionRules,
    Pinned,
    Tier,
    TrialRules,
)

__all__ = ["PROTOCOL_SCHEMA", "ProtocolPart", "read_part"]

PROTOCOL_SCHEMA = "rtcheck.protocol/1"

T = TypeVar("T", bound=Table)

_TABLES: dict[str, type[Table]] = {
    "lesions": LesionsTable, "conventions": ConventionsTable, "trial": TrialTable, "pinned": PinnedTable,
}
_LISTS: dict[str, type[Table]] = {
    "eligibility": EligibilityTable, "tier": TierTable, "constraint": ConstraintTable, "example": ExampleTable,
}
_KEYS_ELSEWHERE = {
    name: tuple(table.model_fields)
    for name, table in {**_TABLES, **_LISTS}.items()
    if name not in ("pinned", "example")
}


@dataclass(frozen=True, slots=True)
class ProtocolPart:
    """What one file says.

    Attributes:
        name: of the file.
        head: its top-level keys.
        include: names as written, in order.
        lesions, trial, conventions: None where the file has no such table.
        constraints, eligibility, tiers: in file order, faulty ones left out.
        ids: (kind, id, key path) of everything that must be unique over all files.
        tier_words: (fact, id) of its tiers, faulty ones included.
        uses: its conditions, whose facts are checked when all files are read.
        cited: (source key, key path) of its constraints, faulty ones included.
        sources: its ``[sources.KEY]`` tables, as parsed.
        examples: in file order, faulty ones left out.
        pinned: what it is a copy of, or None.
        data: the file as parsed.
        faults: collector of the file.
    """

    name: str
    head: HeadTable
    include: tuple[str, ...]
    lesions: LesionRules | None
    trial: TrialRules | None
    conventions: Conventions | None
    constraints: tuple[Constraint, ...]
    eligibility: tuple[EligibilityRule, ...]
    tiers: tuple[Tier, ...]
    ids: tuple[tuple[str, str, str], ...]
    tier_words: tuple[tuple[str, str], ...]
    uses: tuple[FactUse, ...]
    cited: tuple[tuple[str, str], ...]
    sources: object
    examples: tuple[Example, ...]
    pinned: Pinned | None
    data: Mapping[str, Any]
    faults: Faults

    def add_sources(self, known: dict[str, Any]) -> None:
        """Add the file's own sources to `known`."""
        add_sources(self.sources, known, self.faults)


def read_part(file: TomlFile, faults: Faults, *, included: bool) -> ProtocolPart:
    """Read one file; faults are noted, and whatever can be read is returned. An included file needs no id."""
    data = file.data
    check_schema(data, PROTOCOL_SCHEMA, faults)
    _refuse_unknown_keys(data, faults)
    head = _head(data, faults)
    if "id" not in data and not included:
        faults.add("id", "no such key", "the protocol's id, a text")
    uses: list[FactUse] = []
    lesions = _table(data, "lesions", LesionsTable, faults)
    trial = _table(data, "trial", TrialTable, faults)
    conventions = _table(data, "conventions", ConventionsTable, faults)
    constraints = [
        read_constraint(entry, path, file.name, faults, uses) for entry, path in _entries(data, "constraint", faults)
    ]
    eligibility = [_eligibility(entry, path, faults, uses) for entry, path in _entries(data, "eligibility", faults)]
    tiers = [_tier(entry, path, faults, uses) for entry, path in _entries(data, "tier", faults)]
    examples = [read_example(entry, path, file.name, faults) for entry, path in _entries(data, "example", faults)]
    pinned = _table(data, "pinned", PinnedTable, faults)
    return ProtocolPart(
        name=file.name,
        head=head,
        include=tuple(head.include or ()),
        lesions=LesionRules(**lesions.model_dump()) if lesions is not None else None,
        trial=TrialRules(trial.id, tuple(trial.consolidative_arms or ())) if trial is not None else None,
        conventions=Conventions(**conventions.model_dump()) if conventions is not None else None,
        constraints=tuple(constraint for constraint in constraints if constraint is not None),
        eligibility=tuple(rule for rule in eligibility if rule is not None),
        tiers=tuple(tier for tier in tiers if tier is not None),
        ids=_ids(data),
        tier_words=tuple((str(entry.get("fact")), str(entry.get("id"))) for entry, _ in _raw_tables(data, "tier")),
        uses=tuple(uses),
        cited=tuple(
            (entry["source"], f"{key_path}.source")
            for entry, key_path in _raw_tables(data, "constraint")
            if isinstance(entry.get("source"), str) and entry["source"].strip()
        ),
        sources=data.get("sources"),
        examples=tuple(example for example in examples if example is not None),
        pinned=check_pinned(pinned, data, faults) if pinned is not None else None,
        data=data,
        faults=faults,
    )


def _refuse_unknown_keys(data: Mapping[str, Any], faults: Faults) -> None:
    known = ("schema", *HeadTable.model_fields, *_TABLES, *_LISTS, "sources")
    for key in data:
        if key not in known:
            hint = suggest(key, known) or misplaced_key(key, _KEYS_ELSEWHERE)
            faults.add(key, "an unknown key", f"one of: {', '.join(known)}", hint)


def _head(data: Mapping[str, Any], faults: Faults) -> HeadTable:
    """Read the top-level keys. Where some are faulty the others still count: what they include is read as well."""
    raw = {key: value for key, value in data.items() if key in HeadTable.model_fields}
    head = validate_table(HeadTable, raw, "", faults)
    if head is None:
        sound = {key: value for key, value in raw.items() if validate_table(HeadTable, {key: value}, "", Faults(""))}
        head = HeadTable.model_validate(sound)
    if data.get("status") == "approved":
        for key, words in (("approved_by", "who approved it, a text"), ("approved_on", "a date without quotes")):
            if key not in data:
                faults.add(key, "no such key", f"{words}: the status is approved")
    return head


def _table(data: Mapping[str, Any], key: str, model: type[T], faults: Faults) -> T | None:
    return validate_table(model, data[key], key, faults, _KEYS_ELSEWHERE) if key in data else None


def _entries(data: Mapping[str, Any], key: str, faults: Faults) -> list[tuple[Any, str]]:
    """Return the entries of one ``[[key]]`` with their key paths, counted from 1."""
    raw = data.get(key)
    if raw is None:
        return []
    if not isinstance(raw, list) or not raw:
        faults.add(key, describe(raw), f"tables, each headed [[{key}]]")
        return []
    return [(entry, f"{key}[{index}]") for index, entry in enumerate(raw, start=1)]


def _eligibility(raw: object, key_path: str, faults: Faults, uses: list[FactUse]) -> EligibilityRule | None:
    table = validate_table(EligibilityTable, raw, key_path, faults)
    if not isinstance(raw, dict):
        return None
    requires = read_conditions(raw["requires"], f"{key_path}.requires", faults, uses) if "requires" in raw else ()
    when = read_conditions(raw["when"], f"{key_path}.when", faults, uses) if "when" in raw else ()
    groups = raw.get("any")
    alternatives = tuple(
        read_conditions(group, f"{key_path}.any[{index}]", faults, uses)
        for index, group in enumerate(groups if isinstance(groups, list) else [], start=1)
    )
    if "requires" not in raw and "any" not in raw:
        faults.add(f"{key_path}.requires", "no such key, and no any either",
                   "a table of conditions, such as { fev1_l = { above = 1.0 } }, or a list of such tables in any")
    if table is None:
        return None
    return EligibilityRule(table.id, requires, when, table.bears_on, alternatives, table.text or "",
                           table.criterion or "")


def _tier(raw: object, key_path: str, faults: Faults, uses: list[FactUse]) -> Tier | None:
    table = validate_table(TierTable, raw, key_path, faults)
    if not isinstance(raw, dict):
        return None
    if is_taken(str(raw.get("fact"))):
        faults.add(f"{key_path}.fact", f"{describe(raw['fact'])}, a fact that exists already", "a name of its own")
    groups = raw.get("any")
    conditions = tuple(
        read_conditions(group, f"{key_path}.any[{index}]", faults, uses, in_tier=True)
        for index, group in enumerate(groups if isinstance(groups, list) else [], start=1)
    )
    return None if table is None else Tier(table.fact, table.id, table.rank, conditions)


def _ids(data: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """Collect all that must be unique over all files, from the raw tables, faulty ones included."""
    found: list[tuple[str, str, str]] = []
    for kind in ("constraint", "eligibility"):
        for entry, key_path in _raw_tables(data, kind):
            if isinstance(entry.get("id"), str):
                found.append((kind, entry["id"], f"{key_path}.id"))
    for entry, key_path in _raw_tables(data, "tier"):
        if isinstance(entry.get("fact"), str):
            found += [
                (f"tier {key} of {entry['fact']}", str(entry[key]), f"{key_path}.{key}")
                for key in ("id", "rank") if key in entry
            ]  # fmt: skip
    return tuple(found)


def _raw_tables(data: Mapping[str, Any], key: str) -> list[tuple[dict[str, Any], str]]:
    raw = data.get(key)
    entries = enumerate(raw if isinstance(raw, list) else [], start=1)
    return [(entry, f"{key}[{index}]") for index, entry in entries if isinstance(entry, dict)]
