"""One constraint with its citation, for ``explain CONSTRAINT-ID`` and ``protocol show``."""

from __future__ import annotations

from dataclasses import dataclass

from rtcheck.catalogue.locate import shipped_names
from rtcheck.catalogue.protocol import read_protocol
from rtcheck.rules.constraint import Constraint, Protocol, Source

__all__ = ["ConstraintRecord", "constraint_records", "find_constraint", "shipped_constraint"]


@dataclass(frozen=True, slots=True)
class ConstraintRecord:
    """A constraint and the source it cites."""

    constraint: Constraint
    source: Source


def constraint_records(protocol: Protocol) -> tuple[ConstraintRecord, ...]:
    """Return every constraint of a protocol with its source, in the order of the protocol."""
    return tuple(ConstraintRecord(each, protocol.sources[each.source]) for each in protocol.constraints)


def find_constraint(protocol: Protocol, constraint_id: str) -> ConstraintRecord | None:
    """Return the constraint of this id in a protocol, or None."""
    return next((record for record in constraint_records(protocol) if record.constraint.id == constraint_id), None)


def shipped_constraint(constraint_id: str) -> ConstraintRecord | None:
    """Return the constraint of this id in any shipped file, or None.

    Raises:
        FileFaultsError: a shipped file is damaged.
    """
    for name in shipped_names():
        record = find_constraint(read_protocol(name), constraint_id)
        if record is not None:
            return record
    return None
