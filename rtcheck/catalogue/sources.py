"""Citations: the shipped ``sources.toml``, one beside a site's own file, and ``[sources.KEY]`` tables of a protocol."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rtcheck.catalogue.faults import Faults, check_schema, describe, validate_table
from rtcheck.catalogue.protocol_schema import SourceTable
from rtcheck.catalogue.toml_file import TomlFile, read_toml
from rtcheck.rules.constraint import Source

__all__ = ["SOURCES_SCHEMA", "add_sources", "read_sources_file"]

SOURCES_SCHEMA = "rtcheck.sources/1"


def read_sources_file(path: Path, known: dict[str, Source], faults: Faults) -> TomlFile | None:
    """Read a sources file and add its entries to `known`; None, with faults noted, when it cannot be read."""
    file = read_toml(path, faults)
    if file is None:
        return None
    check_schema(file.data, SOURCES_SCHEMA, faults)
    for key in file.data:
        if key not in ("schema", "sources"):
            faults.add(key, "an unknown key", "one of: schema, sources", "sources" if key == "source" else "")
    add_sources(file.data.get("sources"), known, faults)
    return file


def add_sources(raw: object, known: dict[str, Source], faults: Faults) -> None:
    """Add the tables ``[sources.KEY]`` to `known`. A key that is known already must say the same."""
    if raw is None:
        return
    if not isinstance(raw, dict) or not raw:
        faults.add("sources", describe(raw), "tables, each headed [sources.KEY]")
        return
    for key, entry in raw.items():
        source = _source(key, entry, faults)
        if source is None:
            continue
        if known.setdefault(key, source) != source:
            faults.add(f"sources.{key}", "a key that is defined already, with another text", "a key of its own")


def _source(key: str, raw: Mapping[str, Any], faults: Faults) -> Source | None:
    table = validate_table(SourceTable, raw, f"sources.{key}", faults)
    if table is None:
        return None
    citation = table.citation if table.year is None else f"{table.citation} ({table.year})"
    return Source(key, citation, table.reference or "", table.verified or "")
