"""The table of structure names (``names.toml``) to a `NameTable`, or every fault in it at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from rtcheck.catalogue.faults import Faults, Table, check_schema, describe, suggest, validate_table
from rtcheck.catalogue.locate import constraints_folder
from rtcheck.catalogue.registry_schema import Line
from rtcheck.catalogue.toml_file import TomlFile, read_toml
from rtcheck.errors import FileFaultsError
from rtcheck.rules.names import NameTable, StandardName, build_table, table_faults

__all__ = ["NAMES_SCHEMA", "read_names"]

NAMES_SCHEMA = "rtcheck.names/1"


class _StructureTable(Table):
    """``[[structure]]``."""

    name: Line = Field(description='the standard name, such as "Lung_L"')
    aliases: list[Line] | None = Field(default=None, description="a list of other spellings")
    composed_of: Annotated[list[Line], Field(min_length=2)] | None = Field(
        default=None, description="a list of at least two standard names"
    )


def read_names(path: str | Path | None = None) -> NameTable:
    """Read a table of names.

    Args:
        path: the file; None: the shipped one.

    Raises:
        FileFaultsError: anything is wrong with the file; carries every fault.
    """
    if path is None:
        folder = constraints_folder()
        path = "names.toml" if folder is None else folder / "names.toml"
    faults = Faults(str(path))
    file = read_toml(Path(path), faults)
    names = _names(file, faults) if file is not None else ()
    if faults.found or file is None:
        raise FileFaultsError(tuple(faults.found))
    return replace(build_table(names), sha256=file.sha256)


def _names(file: TomlFile, faults: Faults) -> tuple[StandardName, ...]:
    check_schema(file.data, NAMES_SCHEMA, faults)
    for key in file.data:
        if key not in ("schema", "structure"):
            faults.add(key, "an unknown key", "one of: schema, structure", suggest(key, ("schema", "structure")))
    raw = file.data.get("structure")
    if not isinstance(raw, list) or not raw:
        faults.add("structure", describe(raw), "tables, each headed [[structure]]")
        return ()
    tables = [validate_table(_StructureTable, entry, f"structure[{i}]", faults) for i, entry in enumerate(raw, start=1)]
    if any(table is None for table in tables):
        return ()
    names = tuple(
        StandardName(table.name, tuple(table.aliases or ()), tuple(table.composed_of or ()))
        for table in tables
        if table is not None
    )
    for index, problem in table_faults(names):
        faults.add(f"structure[{index + 1}]", problem, "each spelling once, parts that are names of this table")
    return names
