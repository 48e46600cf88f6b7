r"""The outcomes as CSV (RFC 4180), one row each, for spreadsheets and statistics programs.

Numbers are those of the JSON report in full precision, and never text; an empty field is a missing value. A text that a
spreadsheet would take for a formula gets an apostrophe in front, and so does one that begins with an apostrophe: taking
away one leading apostrophe gives every text back. The file begins with a byte order mark, without which spreadsheets
read Chinese names wrongly. A result without outcomes has one row that says so: an empty table must not look like a
good one.
"""

from __future__ import annotations

import csv
import io

from rtcheck.render.json_report import report_sha256
from rtcheck.report import Report

__all__ = ["COLUMNS", "csv_report", "safe_text"]

COLUMNS = (
    "patient_id", "verdict", "lesion", "lesion_state", "constraint", "structure", "rois", "metric", "value", "low",
    "high", "unit", "goal", "variation", "margin", "priority", "outcome", "accepted", "reason", "volume_cm3", "source",
    "where", "confidence", "endpoint", "note", "protocol", "protocol_version", "rtcheck", "result_sha256",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "−", "＝", "＋", "－", "＠", "'")
"""What begins a formula in some spreadsheet, full-width forms included; and the apostrophe itself."""

_NO_VERDICT = "NO_VERDICT"


def csv_report(report: Report) -> str:
    """Return the table as text, lines ending in CR LF, with a byte order mark."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in _rows(report):
        writer.writerow([_field(row.get(name)) for name in COLUMNS])
    return "\ufeff" + out.getvalue().encode("utf-8", "backslashreplace").decode("utf-8")


def safe_text(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; one leading apostrophe less is the text itself."""
    return f"'{text}" if text.lstrip(" \u00a0\u3000").startswith(_FORMULA) or text.startswith(_FORMULA) else text


def _rows(report: Report) -> list[dict[str, object]]:
    common: dict[str, object] = {
        "patient_id": report.patient_id,
        "verdict": report.verdict or _NO_VERDICT,
        "protocol": report.provenance.protocol.get("id", ""),
        "protocol_version": report.provenance.protocol.get("version", ""),
        "rtcheck": report.provenance.software.get("rtcheck", ""),
        "result_sha256": report_sha256(report),
    }
    states = {lesion.id: lesion.state for lesion in report.lesions}
    rows: list[dict[str, object]] = []
    for outcome in report.outcomes:
        own = {name: getattr(outcome, name) for name in outcome.__slots__}
        lesion_state = states.get(outcome.lesion or "", "")
        rows.append({**common, **own, "rois": " | ".join(outcome.rois), "lesion_state": lesion_state})
    if not rows:
        told = "; ".join(f"{one.code}: {one.message}" for one in report.findings if one.severity == "F")
        rows.append({**common, "outcome": "NOT_EVALUATED", "reason": told or "nothing was evaluated"})
    return rows


def _field(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    return safe_text(str(value))
