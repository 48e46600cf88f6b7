"""A site's own copy of a protocol: one file with everything it includes, approved, and sealed against later edits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from rtcheck.catalogue.protocol import read_parts
from rtcheck.catalogue.protocol_file import PROTOCOL_SCHEMA, ProtocolPart
from rtcheck.catalogue.protocol_pinned import content_digest
from rtcheck.catalogue.toml_text import toml_comment, toml_document
from rtcheck.rules.constraint import Constraint, Protocol

__all__ = ["ApprovedCopy", "Doubt", "approved_copy", "doubts"]

Reason = Literal["memory", "site-default", "unstated", "note", "secondary-source"]

_ASKS = re.compile(
    r"confirm|uncertain|unclear|inconsistent|to be (?:checked|approved|verified)|not verified", re.IGNORECASE
)
"""Words of a note that ask a reader to look again."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A limit that somebody has to compare with its source before it is relied on, and why."""

    constraint: Constraint
    reason: Reason


@dataclass(frozen=True, slots=True)
class ApprovedCopy:
    """The text of a pinned copy, the protocol it was made of, and the limits that were confirmed by the approver."""

    text: str
    protocol: Protocol
    confirmed: tuple[Doubt, ...]


def doubts(protocol: Protocol) -> tuple[Doubt, ...]:
    """Return the limits to be confirmed, in the order of the protocol; limits read in their primary text are none.

    One whose note asks for confirmation is counted under that reason where its number was read at least in a secondary
    source.
    """
    found = []
    for one in protocol.constraints:
        reason = _reason(one)
        if reason is not None:
            found.append(Doubt(one, reason))
    return tuple(found)


def _reason(one: Constraint) -> Reason | None:
    if one.confidence == "memory":
        return "memory"
    if one.confidence == "site-default":
        return "site-default"
    if not one.confidence:
        return "unstated"
    if _ASKS.search(one.note):
        return "note"
    return "secondary-source" if one.confidence == "secondary-source" else None


def approved_copy(name_or_path: str | Path, by: str, on: date, *, software: str) -> ApprovedCopy:
    """Make the pinned copy of a protocol.

    Args:
        name_or_path: as for `read_protocol`.
        by: who approves it.
        on: the day.
        software: version of this program, for the comment at the top.

    Returns:
        The copy. Its text reads back to the same limits, rules, tiers, examples and citations, and includes nothing.

    Raises:
        FileFaultsError: the protocol has faults; a protocol with faults is never approved.
    """
    protocol, parts = read_parts(name_or_path)
    confirmed = tuple(doubt for doubt in doubts(protocol) if doubt.reason != "secondary-source")
    data = _data(protocol, parts, by, on, [doubt.constraint.id for doubt in confirmed])
    data["pinned"]["content_sha256"] = content_digest(data)
    head = toml_comment(
        f"A pinned copy of {protocol.id} {protocol.version}, made by rtcheck {software} protocol approve.\n"
        "Do not edit: a changed copy is refused. Change what it was made of, and approve that again."
    )
    return ApprovedCopy(head + "\n" + toml_document(data), protocol, confirmed)


def _data(
    protocol: Protocol, parts: Sequence[ProtocolPart], by: str, on: date, confirmed: list[str]
) -> dict[str, Any]:
    """Merge the tables of all files as `read_protocol` does: lists in the order of reading, of tables the last."""
    root = parts[-1].data
    head = {key: root[key] for key in ("id", "title", "version") if key in root}
    data: dict[str, Any] = {
        "schema": PROTOCOL_SCHEMA, **head, "status": "approved", "approved_by": by, "approved_on": on,
    }
    data["pinned"] = {
        "of": protocol.id,
        "sha256": protocol.sha256,
        "names_sha256": protocol.names.sha256,
        "files": [{"name": file.name, "sha256": file.sha256} for file in protocol.files],
        **({"confirmed": confirmed} if confirmed else {}),
    }
    for part in parts:
        data |= {
            key: value for key, value in part.data.items()
            if isinstance(value, Mapping) and key not in ("sources", "pinned")
        }
    for part in parts:
        for key, value in part.data.items():
            if isinstance(value, list) and key != "include":
                data.setdefault(key, []).extend(value)
    sources = {
        key: {
            "citation": source.citation,
            **({"reference": source.reference} if source.reference else {}),
            **({"verified": source.verified} if source.verified else {}),
        }
        for key, source in protocol.sources.items()
    }
    return {**data, "sources": sources} if sources else data
