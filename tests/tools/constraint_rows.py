"""One row of the evidence (or the anchor rows of one table) to a ``[[constraint]]``.

Nothing is bent. What the format can say exactly is said; where it cannot (a condition in words, an equality), the row
is carried with priority ``report``, so that it is shown and never judged, and its note says what the table says. A row
that was recalled and not read is at most ``optimal``. What cannot be a constraint at all, `not_a_constraint` names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from tests.tools.evidence import Row

__all__ = [
    "ALWAYS", "REMARKS", "TIER_ID", "anchor_id", "conditions", "constraint", "entries", "metric", "not_a_constraint",
    "pair", "priority", "structure", "unexpressed",
]  # fmt: skip

STRUCTURES = {
    "Liver-GTV": "Liver - @gtv",
    "Lungs-GTV": "Lungs - @gtv",
    "PTV": "@lesion.ptv",
    "GTV": "@lesion.gtv",
}
"""Structures of the evidence that are no plain names, as structure expressions."""

CONDITIONS = {
    "Child-Pugh A": 'child_pugh = "A"',
    "Child-Pugh B": 'child_pugh = "B"',
    "no cirrhosis or Child-Pugh A": 'child_pugh = "A"',
    "Child-Pugh A or no cirrhosis": 'child_pugh = "A"',
    "male patient": 'sex = "M"',
    "female patient": 'sex = "F"',
    "interstitial lung disease": "interstitial_disease = true",
    "FEV1 <= 1.5 L or < 60 % predicted": 'lung_function = ["LF-B", "LF-C"]',
    "FEV1 <= 1.5 L or < 60 % predicted, 9-15 fractions": 'lung_function = ["LF-B", "LF-C"]',
}
"""Conditions in words that a condition of the file can express; several in one row are joined by a semicolon."""

TIER_ID = re.compile(r"FEV1 > [\d.]+ (?:to [\d.]+ L, or FEV1 |L and FEV1 >= ).*")
"""Conditions that are the words of a lung-function tier; the last part of the row's id names the tier."""

ALWAYS = {
    "SITE-DEFAULT.1-15fx.GTV.D99.cov": "the table asks it only where an organ limit lowers the PTV coverage; no data "
    "tell why a coverage is low, so it is asked always, which is stricter",
}
"""Rows whose condition is dropped because always is stricter than sometimes, and why."""

_NO_CIRRHOSIS = ('"no cirrhosis" is no fact of the registry: without a Child-Pugh class the row '
                 "counts as met only when the value meets it")  # fmt: skip
REMARKS = {
    "no cirrhosis or Child-Pugh A": _NO_CIRRHOSIS,
    "Child-Pugh A or no cirrhosis": _NO_CIRRHOSIS,
}
"""Conditions that are expressed in part, on the safe side, and how."""

ANCHOR = re.compile(r"PTV volume = ([\d.]+) cc \(interpolate linearly; no extrapolation\)")
_BED_VOLUME = re.compile(r"Volume above BED (\d+) Gy using alpha/beta (\d+)\b.*")
_NAME = re.compile(r"[A-Za-z]+(?:_[A-Z][a-z]*)?")


def not_a_constraint(row: Row) -> str | None:
    """Why a row can be no constraint, or None when it is one."""
    if row["structure"] == "(patient)":
        return "a value of the patient and not of a dose"
    if "|" in row["structure"]:
        return "asks for the better of two kidneys, which no structure expression can choose"
    if row["metric"].startswith("FocalDamage"):
        return "an isodose for counting sacrificed liver; no metric of the notation"
    return None


def structure(row: Row) -> str:
    """The row's structure as an expression."""
    name = row["structure"]
    if name == "BODY-PTV" and row["metric"].startswith("D2cm"):
        return STRUCTURES["PTV"]  # D2cm is the dose of the body around the target it is asked of
    margin = re.fullmatch(r"(\w+)_PRV(\d\d)", name)
    if margin:
        return f"{margin.group(1)} + {int(margin.group(2))} mm"
    if name not in STRUCTURES and not _NAME.fullmatch(name):
        raise SystemExit(f"{row['id']}: nothing says what to do with the structure {name}")
    return STRUCTURES.get(name, name)


def metric(row: Row) -> str:
    """The row's metric in the notation of the contract."""
    text = row["metric"].replace("[%Rx]", "[%]")
    bed = re.fullmatch(r"BED(\d+)\[Gy\]", text)
    if bed and row["structure"] == "GTV":
        if not row["note"].startswith("BED10 from GTV D99%"):
            raise SystemExit(f"{row['id']}: nothing says of which dose the BED is meant")
        return f"D99%{{BED;ab={bed.group(1)}}}[Gy]"
    if text.startswith("VBED"):
        words = _BED_VOLUME.fullmatch(row["note"])
        if not words or text != f"VBED{words.group(1)}[%]":
            raise SystemExit(f"{row['id']}: nothing says which BED is meant")
        return f"V{words.group(1)}Gy{{BED;ab={words.group(2)}}}[%]"
    return {"R100[ratio]": "CI_RTOG", "R50[ratio]": "R50"}.get(text, text)


def conditions(row: Row) -> list[str]:
    """What of the row's condition the format expresses, as the entries of ``when``."""
    return [] if row["id"] in ALWAYS else _condition(row)[0]


def unexpressed(row: Row) -> bool:
    """Whether some of the row's condition is words that the format cannot express."""
    return row["id"] not in ALWAYS and _condition(row)[1]


def _condition(row: Row) -> tuple[list[str], bool]:
    words = row["condition"]
    if not words or ANCHOR.fullmatch(words):
        return [], False
    if TIER_ID.fullmatch(words):
        return [f'lung_function = "{row["id"].rpartition(".")[2]}"'], False
    if words in CONDITIONS:
        return [CONDITIONS[words]], False
    parts = words.split("; ")
    return [CONDITIONS[part] for part in parts if part in CONDITIONS], True


def priority(row: Row) -> str:
    """The row's priority: lowered where it cannot be judged as the table means it, or was recalled and not read."""
    if unexpressed(row) or row["comparator"] not in ("<", "<=", ">", ">="):
        return "report"
    if row["confidence"] == "memory" and row["priority"] == "mandatory":
        return "optimal"
    return row["priority"]


def entries(rows: Sequence[Row]) -> list[str]:
    """Every ``[[constraint]]`` of some rows: one a row, and one for all anchors of a table, where the first stands."""
    out: dict[str, list[Row]] = {}
    for row in rows:
        if not_a_constraint(row) is None:
            out.setdefault(anchor_id(row) or row["id"], []).append(row)
    return [table_constraint(key, group) if anchor_id(group[0]) else constraint(group[0]) for key, group in out.items()]


def anchor_id(row: Row) -> str | None:
    """The id of the constraint that holds an anchor row; None for a row that is no anchor."""
    if not ANCHOR.fullmatch(row["condition"]):
        return None
    head, _, last = row["id"].rpartition(".v")
    return head if head and last else None


def constraint(row: Row) -> str:
    """One row as a ``[[constraint]]``."""
    lines = _head(row, row["id"])
    if row["comparator"] in ("<", "<=", ">", ">="):
        lines.append(pair("goal", _limit(row, row["comparator"], row["limit_value"])))
        if row["acceptable_variation_value"]:  # the value itself is acceptable
            lines.append(pair("variation", _limit(row, f"{row['comparator'][0]}=", row["acceptable_variation_value"])))
    elif row["priority"] != "report" or row["acceptable_variation_value"]:
        raise SystemExit(f"{row['id']}: a row without a limit can only be reported")
    return "\n".join([*lines, *_tail(row, _note(row))])


def table_constraint(key: str, rows: Sequence[Row]) -> str:
    """The anchor rows of one table as one ``[[constraint]]`` with a ``goal_table``."""
    first = rows[0]
    alike = ("fractions_min", "fractions_max", "structure", "metric", "comparator", "limit_unit", "priority",
             "source_key", "source_section", "site_or_protocol", "endpoint", "confidence", "note")  # fmt: skip
    if any(row[column] != first[column] for row in rows for column in alike):
        raise SystemExit(f"{key}: the anchors of one table differ in more than their numbers")
    places = [ANCHOR.fullmatch(row["condition"]).group(1) for row in rows]  # type: ignore[union-attr]
    goal = [f"[{x}, {row['limit_value']}]" for x, row in zip(places, rows, strict=True)]
    last = [f"[{x}, {row['acceptable_variation_value']}]" for x, row in zip(places, rows, strict=True)]
    table = (f'goal_table = {{ by = "Volume[cc]", of = "{STRUCTURES["PTV"]}", '
             f'comparator = "{first["comparator"]}", goal = [\n  {", ".join(goal)},\n], variation = [\n  '
             f"{', '.join(last)},\n] }}")  # fmt: skip
    held = f"Rows of the table from {places[0]} to {places[-1]} cc: {len(rows)}; linear between, not evaluated outside"
    note = _joined([first["note"].removesuffix("; anchor row"), _structure_note(first), held])
    return "\n".join([*_head(first, key), table, *_tail(first, note)])


def _head(row: Row, key: str) -> list[str]:
    return ["[[constraint]]", pair("id", key), pair("structure", structure(row)), pair("metric", metric(row))]


def _tail(row: Row, note: str) -> list[str]:
    lines = [pair("priority", priority(row)), f"fractions = [{row['fractions_min']}, {row['fractions_max']}]"]
    if conditions(row):
        lines.append(f"when = {{ {', '.join(conditions(row))} }}")
    return [
        *lines,
        pair("source", row["source_key"]),
        pair("where", f"{row['source_section']} ({row['site_or_protocol']})"),
        pair("confidence", row["confidence"]),
        pair("endpoint", row["endpoint"]),
        pair("note", note),
    ]


def _limit(row: Row, comparator: str, number: str) -> str:
    unit = {"% of prescription": "%", "ratio": ""}.get(row["limit_unit"], row["limit_unit"])
    return f"{comparator} {number} {unit}".rstrip()


def _note(row: Row) -> str:
    """The note of the table, then what was done with the row and why."""
    parts = [row["note"], _structure_note(row)]
    lowered = f" ({row['priority']} in the table)" if priority(row) != row["priority"] else ""
    if row["id"] in ALWAYS:
        parts.append(f"Condition of the table: {row['condition']}; {ALWAYS[row['id']]}")
    if row["condition"] in REMARKS:
        parts.append(f"Condition of the table: {row['condition']}; {REMARKS[row['condition']]}")
    if unexpressed(row):
        parts.append(f"Condition of the table: {row['condition']}; the record cannot tell all of it, so the row is "
                     f"shown and not judged{lowered}")  # fmt: skip
    if row["comparator"] == "=":
        parts.append(f"The table says: = {row['limit_value']} {row['limit_unit']}; an equality is no limit")
    if row["confidence"] == "memory":
        parts.append("Recalled, no text retrieved: confirm it in the original before use"
                     f"{'' if unexpressed(row) else lowered}")  # fmt: skip
    return _joined(parts)


def _structure_note(row: Row) -> str:
    return f"Structure: {row['structure_definition']}" if row["structure_definition"] else ""


def _joined(parts: Sequence[str]) -> str:
    return ". ".join(part.rstrip(".") for part in parts if part)


def pair(key: str, value: str) -> str:
    """A key and a text as a line of TOML."""
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"  # a JSON text is a TOML basic string
