"""One constraint with its citation, and where it is shipped, for ``explain CONSTRAINT-ID`` and ``protocol show``."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rtcheck.catalogue.faults import Faults
from rtcheck.catalogue.locate import shipped_file, shipped_names, shipped_source_names
from rtcheck.catalogue.protocol import read_protocol
from rtcheck.catalogue.toml_file import read_toml
from rtcheck.rules.constraint import Constraint, Protocol, Source

__all__ = [
    "ConstraintRecord",
    "constraint_records",
    "find_constraint",
    "shipped_constraint",
    "shipped_holders",
    "shipped_ids",
]


@dataclass(frozen=True, slots=True)
class ConstraintRecord:
    """A constraint and the source it cites."""

    constraint: Constraint
    source: Source


def constraint_records(protocol: Protocol) -> tuple[ConstraintRecord, ...]:
    """Return every constraint of a protocol with its source, in the order of the protocol."""
    return tuple(ConstraintRecord(each, protocol.sources[each.source]) for each in protocol.constraints)


def find_constraint(protocol: Protocol, constraint_id: str) -> ConstraintRecord | None:
    """Return the constraint of this id in a protocol, or None.

    The id of one point of a table, such as ``KEY.PTV.R50.v22``, finds the constraint that holds the table.
    """
    records = {record.constraint.id: record for record in constraint_records(protocol)}
    if constraint_id in records:
        return records[constraint_id]
    whole = records.get(constraint_id.rpartition(".v")[0])
    return whole if whole is not None and whole.constraint.goal_table is not None else None


def shipped_constraint(constraint_id: str) -> ConstraintRecord | None:
    """Return the constraint of this id in any shipped file, or None.

    An id begins with the key of its source, so the file of that source is read first, and mostly no other.

    Raises:
        FileFaultsError: a shipped file is damaged.
    """
    own = constraint_id.partition(".")[0].lower()
    likely = (own,) if own in shipped_source_names() else ()
    for name in itertools.chain(likely, _holders_by_file(constraint_id)):  # the others are opened only where needed
        record = find_constraint(read_protocol(name), constraint_id)
        if record is not None:
            return record
    return None


def shipped_holders(constraint_id: str) -> tuple[str, ...]:
    """Return the shipped protocols and sets that hold a constraint, themselves or through what they include, sorted."""
    files = {name: _raw(name) for name in shipped_names()}
    holding = {name for name, data in files.items() if constraint_id in _ids(data)}
    grown = True
    while grown:
        more = {name for name, data in files.items() if name not in holding and holding.intersection(_included(data))}
        holding |= more
        grown = bool(more)
    return tuple(sorted(holding))


def shipped_ids() -> tuple[str, ...]:
    """Return the id of every shipped constraint, each once: those of protocols and sets first."""
    names = (*shipped_names(), *shipped_source_names())
    return tuple(dict.fromkeys(found for name in names for found in _ids(_raw(name))))


def _holders_by_file(constraint_id: str) -> Iterable[str]:
    """Yield the shipped files in which the constraint itself stands."""
    whole = constraint_id.rpartition(".v")[0]
    for name in (*shipped_names(), *shipped_source_names()):
        if {constraint_id, whole}.intersection(_ids(_raw(name))):
            yield name


def _raw(name: str) -> Mapping[str, Any]:
    """Return a shipped file as parsed; nothing of a damaged one, whose faults `read_protocol` tells."""
    path = shipped_file(name)
    file = read_toml(path, Faults(name)) if path is not None else None
    return file.data if file is not None else {}


def _ids(data: Mapping[str, Any]) -> list[str]:
    raw = data.get("constraint")
    tables = [entry for entry in (raw if isinstance(raw, list) else []) if isinstance(entry, dict)]
    return [str(entry["id"]) for entry in tables if "id" in entry]


def _included(data: Mapping[str, Any]) -> list[str]:
    raw = data.get("include")
    return [str(name).removesuffix(".toml") for name in (raw if isinstance(raw, list) else [])]
