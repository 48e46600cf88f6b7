"""Numbers and units at the edges: what people write becomes Gy, %, cm3 and mm, and numbers become text again.

Inside the package everything is Gy, cm3 and mm; cGy, ml and cm exist only in text. Numbers are read strictly: ASCII
digits with at most one decimal point. No exponent, underscore, hexadecimal, NaN or infinity, which Python would take.
Units are powers of ten apart, so conversion is done on the decimal digits and is exact: ``0.7 cGy`` is the same
float as ``0.007 Gy``.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal

__all__ = ["fold_unit", "format_number", "match_number", "match_unit", "scale_number", "skip_blanks", "unit_spellings"]

_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,40})?|\.[0-9]{1,40}")

_UNITS: dict[str, tuple[str, int]] = {
    "gy": ("Gy", 0),
    "cgy": ("Gy", -2),
    "%": ("%", 0),
    "cc": ("cc", 0),
    "cm3": ("cc", 0),
    "cm^3": ("cc", 0),
    "cm³": ("cc", 0),
    "ccm": ("cc", 0),
    "ml": ("cc", 0),
    "mm": ("mm", 0),
    "cm": ("mm", 1),
}
"""Spelling in lower case to the canonical unit and the power of ten to it."""

_BY_LENGTH = sorted(_UNITS, key=lambda spelling: (-len(spelling), spelling))


def fold_unit(text: str) -> tuple[str, int] | None:
    """Return the canonical unit that `text` spells and the power of ten to it, or None: ``"cGy"`` is ``("Gy", -2)``."""
    return _UNITS.get(text.strip().lower())


def unit_spellings(canonical: str) -> tuple[str, ...]:
    """Return what may be written for a canonical unit, the canonical spelling first: ``("Gy", "cGy")``."""
    shown = {"Gy": ("Gy", "cGy"), "%": ("%",), "cc": ("cc", "cm3", "ml"), "mm": ("mm", "cm")}
    return shown[canonical]


def skip_blanks(text: str, position: int) -> int:
    """Return the first position from `position` on that is not a blank."""
    while position < len(text) and text[position] in " \t":
        position += 1
    return position


def match_number(text: str, position: int) -> tuple[Decimal, int] | None:
    """Read the unsigned decimal number at `position` and the position after it, or None.

    A number that runs on into another digit, a point or an exponent's digits is no number: ``1.2.3``.
    """
    found = _NUMBER.match(text, position)
    if found is None:
        return None
    end = found.end()
    if end < len(text) and (text[end] in "._" or text[end].isdigit()):
        return None
    return Decimal(found.group()), end


def match_unit(text: str, position: int) -> tuple[str, int, int] | None:
    """Read the unit at `position` as (canonical unit, power of ten, position after it), or None.

    A unit must not run on into a letter or digit: ``Gyx`` is no unit.
    """
    for spelling in _BY_LENGTH:
        end = position + len(spelling)
        runs_on = spelling[-1] != "%" and end < len(text) and (text[end].isalnum() or text[end] == "_")
        if text[position:end].lower() == spelling and not runs_on:
            return (*_UNITS[spelling], end)
    return None


def scale_number(number: Decimal, power: int) -> float:
    """Return `number` times ten to the `power`, correctly rounded to a float."""
    return float(number.scaleb(power))


def format_number(value: float) -> str:
    """Return the shortest decimal text that reads back as exactly `value`: no exponent, no trailing zeros.

    Raises:
        ValueError: `value` is NaN or infinite.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} has no decimal text")
    text = format(Decimal(repr(float(value))), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
