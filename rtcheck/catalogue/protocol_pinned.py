"""A pinned copy's ``[pinned]`` table: what it was made of, and the digest that shows a later edit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from rtcheck.catalogue.faults import Faults
from rtcheck.catalogue.protocol_schema import PinnedTable
from rtcheck.rules.constraint import Pinned, ProtocolFile

__all__ = ["check_pinned", "content_digest"]


def content_digest(data: Mapping[str, Any]) -> str:
    """SHA-256 of everything a parsed file says, its own digest left out; comments and layout do not count.

    It is over the canonical JSON of the tables: sorted keys, no blanks, dates as texts marked as such.
    """
    pinned = {key: value for key, value in data.get("pinned", {}).items() if key != "content_sha256"}
    text = json.dumps({**data, "pinned": pinned}, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def check_pinned(table: PinnedTable, data: Mapping[str, Any], faults: Faults) -> Pinned:
    """Read ``[pinned]``; a file that includes others, or was changed after it was approved, is at fault."""
    if "include" in data:
        faults.add("include", "a file included by a pinned copy", "a copy that stands alone, as approve writes it")
    if content_digest(data) != table.content_sha256:
        faults.add(
            "pinned.content_sha256",
            "a file that was changed after it was approved",
            "the file as `rtcheck protocol approve` wrote it; change what it was made of and approve that",
        )
    return Pinned(
        of=table.of,
        sha256=table.sha256,
        names_sha256=table.names_sha256,
        files=tuple(ProtocolFile(file.name, file.sha256) for file in table.files),
        confirmed=tuple(table.confirmed or ()),
    )


def _plain(value: object) -> object:
    """Return what JSON lacks: dates; a time or any other value is in no table of ours and is taken as its text."""
    return {"date": value.isoformat()} if isinstance(value, date) else {"other": str(value)}
