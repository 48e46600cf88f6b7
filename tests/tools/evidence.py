"""The evidence tables as they are: rows, sources and proposed sets."""

from __future__ import annotations

import csv
from pathlib import Path

__all__ = ["Evidence", "Row", "read_table"]

Row = dict[str, str]


class Evidence:
    """The three tables of a folder.

    Attributes:
        rows: the limits by id, in the order of the table.
        sources: the citations, in the order of the table.
        sets: for each proposed set its row ids in order.
    """

    def __init__(self, folder: Path) -> None:
        table = read_table(folder / "constraints.csv")
        self.rows = {row["id"]: row for row in table}
        if len(self.rows) != len(table):
            raise SystemExit(f"{folder}: an id stands twice")
        self.sources = read_table(folder / "sources.csv")
        self.sets: dict[str, list[str]] = {}
        for entry in sorted(read_table(folder / "default_sets.csv"), key=lambda e: (e["set_name"], int(e["order"]))):
            self.sets.setdefault(entry["set_name"], []).append(entry["constraint_id"])

    def rows_of(self, source: str) -> list[Row]:
        """Return the rows of one source, in the order of the table."""
        return [row for row in self.rows.values() if row["source_key"] == source]


def read_table(path: Path) -> list[Row]:
    """Return the rows of a CSV file with a head line."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))
