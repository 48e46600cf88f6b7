"""What ``-o FORMAT=FILE`` can write: one table from format to renderer, each imported when it is first asked for."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rtcheck.cli.streams import note

if TYPE_CHECKING:
    from rtcheck.exhibits import Exhibits
    from rtcheck.render.document import Language
    from rtcheck.render.stored_selftest import StoredSelfTest
    from rtcheck.report import Report

__all__ = ["EXHIBITED", "FORMATS", "PICTURED", "Rendering", "rendered", "store_rendered"]

_OF_REPORT = {
    "csv": ("rtcheck.render.csv_report", "csv_report"),
    "json": ("rtcheck.render.json_report", "report_json"),
    "junit": ("rtcheck.render.junit_report", "junit_report"),
    "sarif": ("rtcheck.render.sarif_report", "sarif_report"),
    "text": ("rtcheck.render.text_report", "text_report"),
}
_OF_DOCUMENT = {
    "html": ("rtcheck.render.html_report", "html_report"),
    "markdown": ("rtcheck.render.markdown_report", "markdown_report"),
    "pdf": ("rtcheck.render.pdf_report", "pdf_report"),
}
FORMATS = tuple(sorted((*_OF_REPORT, *_OF_DOCUMENT, "exhibits")))
"""Every format; ``exhibits`` is the side file of a result."""

PICTURED = frozenset(("exhibits", "html", "pdf"))
"""Formats that hold curves and pictures."""

EXHIBITED = frozenset((*_OF_DOCUMENT, "exhibits"))
"""Formats that show more than the report holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """What is to be written: a report, its exhibits (None: none), the language, and the self-test of the machine."""

    report: Report
    exhibits: Exhibits | None
    language: Language
    selftest: StoredSelfTest | None


def rendered(rendering: Rendering, kind: str) -> bytes:
    """Return a report in one format.

    Raises:
        MissingExtraError: the format needs an optional package.
    """
    if kind == "exhibits":
        from rtcheck.exhibits import Exhibits
        from rtcheck.render.stored_exhibits import exhibits_bytes

        return exhibits_bytes(rendering.exhibits or Exhibits(), rendering.report)
    if kind in _OF_REPORT:
        module, name = _OF_REPORT[kind]
        made = getattr(importlib.import_module(module), name)(rendering.report)
    else:
        from rtcheck.render.build_document import PageOptions, build_document

        module, name = _OF_DOCUMENT[kind]
        done = rendering.report.provenance.conventions
        options = PageOptions(done.get("redacted") == "yes", done.get("blinded") == "yes", rendering.selftest)
        document = build_document(rendering.report, rendering.exhibits, rendering.language, options)
        made = getattr(importlib.import_module(module), name)(document)
    return made if isinstance(made, bytes) else str(made).encode("utf-8")


def store_rendered(rendering: Rendering, kind: str, path: Path) -> None:
    """Write a report in one format to a file, whole or not at all, for its owner only."""
    from rtcheck.render.store import store_bytes

    store_bytes(path, rendered(rendering, kind))
    note(f"{kind} written to {path}")
