"""The self-test as a page of 80 columns that a department files, and as JSON, schema ``rtcheck.selftest/1``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from rtcheck.render.json_report import document_text
from rtcheck.render.stored_selftest import SCHEMA
from rtcheck.render.terminal import Paint, no_paint, wrap
from rtcheck.selftest import Covered, Held, SelfTest

__all__ = ["selftest_json", "selftest_text"]

_DRAWN = "16 solids from 0.03 to 34 cm³, slices of 1 to 3 mm, all patient orientations, some tilted; worst case judged."
_IDEAL = (
    "12 solids of 24 mm and more, slices of 2 to 3 mm; the 95th percentile is judged. Target of dose at a volume: "
    "0.2 % for the shape and 0.4 % for the dose grid."
)
_READ = "A torus in a decubitus position, written as RT Structure Set and RT Dose and read back; worst case judged."
_HEADS = (
    ("Prism model against the prisms of the contours, linear doses", "prisms", _DRAWN),
    ("Shape model against the ideal solid, linear and radial doses", "solids", _IDEAL),
    ("Read from DICOM files, against the prisms of the contours", "files", _READ),
)
_NO_FILES = "Reading DICOM files was not part of this run."


def selftest_json(result: SelfTest, software: Mapping[str, str], exit_code: int) -> str:
    """Return the self-test as one JSON document; errors in per cent, full precision, null where a value is missing."""
    return document_text({
        "schema": SCHEMA,
        "exit_code": exit_code,
        "passed": result.passed,
        "software": dict(software),
        "phantoms": result.phantoms,
        **{key: [_held(each) for each in getattr(result, key)] for _, key, _ in _HEADS},
        "intervals": [
            {
                "class": each.name,
                "count": each.count,
                "inside": each.inside,
                "outside": list(each.outside),
                "half_width_percent": _finite(each.half_width),
                "median_error_percent": _finite(each.error),
                "judged": each.judged,
                "passed": each.passed,
            }
            for each in result.intervals
        ],
    })


def selftest_text(result: SelfTest, software: Mapping[str, str], exit_code: int, paint: Paint = no_paint) -> str:
    """Return the self-test as text that ends in a newline."""
    word = "PASS" if result.passed else "FAIL"
    head = [f"rtcheck {software.get('rtcheck', '')} self-test   {result.phantoms} phantoms with closed forms"]
    blocks = [head, [paint(word, word)]]
    for title, key, note in _HEADS:
        rows: tuple[Held, ...] = getattr(result, key)
        if rows:
            blocks.append([title.upper(), *wrap(note, "  "), *_held_rows(rows)])
        else:
            blocks.append([title.upper(), f"  {_NO_FILES}"])
    blocks.append(_interval_rows(result.intervals))
    used = ", ".join(f"{name} {version}" for name, version in software.items() if name != "rtcheck")
    blocks.append(wrap(f"with {used}", hanging="  "))
    blocks.append([f"exit {exit_code}"])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _held_rows(rows: Iterable[Held]) -> list[str]:
    lines = [f"  {'error, % of':<33}{'n':>4}{'median':>9}{'worst':>9}{'judged':>9}{'target':>8}"]
    for row in rows:
        target = "-" if row.target is None else f"{row.target:.2f}"
        state = "" if row.target is None else ("  ok" if row.passed else "  OVER")
        lines.append(
            f"  {f'{row.name}, {row.of}':<33}{row.count:>4}{row.median:>9.4f}{row.worst:>9.4f}{row.judged:>9.4f}"
            f"{target:>8}{state}"
        )
    return lines


def _interval_rows(rows: Iterable[Covered]) -> list[str]:
    lines = [
        "INTERVALS AGAINST THE IDEAL SOLID",
        *wrap("Of all phantoms. The end of an interval may miss the truth by 0.05 % of the dose or volume. Medians of "
              "half the width and, beside it, of the error of the value:", "  "),
        f"  {'':<33}{'n':>4}{'hold it':>9}{'half width %':>14}{'error %':>9}",
    ]  # fmt: skip
    for row in rows:
        state = "" if not row.judged else ("  ok" if row.passed else "  MISSED")
        lines.append(f"  {row.name:<33}{row.count:>4}{row.inside:>9}{row.half_width:>14.4f}{row.error:>9.4f}{state}")
        for text in row.outside:
            lines += wrap(text, "    ", "      ")
    return lines


def _held(row: Held) -> dict[str, object]:
    return {
        "class": row.name,
        "percent_of": row.of,
        "count": row.count,
        "median": _finite(row.median),
        "worst": _finite(row.worst),
        "judged": _finite(row.judged),
        "target": row.target,
        "passed": row.passed,
    }


def _finite(error: float) -> float | None:
    """Return an error; None where nothing was found to compare, which no JSON number can say."""
    return error if math.isfinite(error) else None
