"""Write the golden files again: ``python -m tests.golden.write``. Read the difference before committing it."""

from __future__ import annotations

from pathlib import Path

from rtcheck.render.json_report import report_json
from rtcheck.render.junit_report import junit_report
from rtcheck.render.text_report import text_report
from tests.golden.reports import failing, hostile, passing, refused

FOLDER = Path(__file__).parent


def golden_files() -> dict[str, str]:
    """Name and expected content of every golden file made from a hand-made report."""
    files = {}
    for make in (failing, hostile, passing, refused):
        report = make()
        files[f"{make.__name__}.txt"] = text_report(report)
        files[f"{make.__name__}.json"] = report_json(report)
        files[f"{make.__name__}.xml"] = junit_report(report)
    return files


if __name__ == "__main__":
    for name, content in golden_files().items():
        (FOLDER / name).write_bytes(content.encode("utf-8"))
