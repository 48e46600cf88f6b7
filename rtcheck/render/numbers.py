"""How numbers are rounded for people, said once.

One or two decimals for three significant digits, none from a thousand on. A rounded number never lies about a limit:
it stands on the same side of every limit as the number itself, and equals a limit only when the number does. Where it
would not, digits are added until it does. A value and its interval are shown with the same number of decimals.
Rounding is for reading only: every comparison was made before, in full precision.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

__all__ = ["format_interval", "format_margin", "format_value", "limit_number"]

_MOST = 17
"""Decimals beyond which a number is written in full, exponent and all."""

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def format_interval(
    value: float, low: float | None, high: float | None, limits: Sequence[float] = (),
) -> tuple[str, str]:
    """Return the value and its interval ``low-high`` as texts; the interval is empty when a point or not known."""
    ends = [end for end in (low, high) if end is not None]
    decimals = max(_decimals(number, limits) for number in (value, *ends))
    shown = _fixed(value, decimals)
    if low is None or high is None or low == high:
        return shown, ""
    between = "-" if low >= 0 and decimals <= _MOST else " to "
    return shown, f"{_fixed(low, decimals)}{between}{_fixed(high, decimals)}"


def format_value(value: float, limits: Sequence[float] = ()) -> str:
    """Return one number as text, on the right side of every limit."""
    return _fixed(value, _decimals(value, limits))


def format_margin(margin: float, most_decimals: int = 2) -> str:
    """Return a signed distance to a limit; a distance that is not zero is never shown as zero.

    Args:
        margin: the distance, positive inside the limit.
        most_decimals: how many the value beside it has; more are shown only where the sign would be lost.
    """
    text = _fixed(margin, _decimals(margin, (0.0,), min(_usual(margin), most_decimals)))
    return text if margin < 0 else "+" + text


def limit_number(goal: str | None) -> float | None:
    """Return the number in a goal such as ``<= 13 Gy``, in Gy where the goal is in cGy; None when there is none."""
    found = _NUMBER.search(goal) if goal else None
    if goal is None or found is None:
        return None
    number = float(found.group())
    return number / 100 if goal[found.end():].strip().casefold() == "cgy" else number


def _usual(number: float) -> int:
    """Return the usual number of decimals: 1313, 123.5, 46.1, 6.52, 0.67."""
    size = abs(number) if math.isfinite(number) else 0.0
    return 2 if 0 < size < 10 else 1 if size < 1000 else 0


def _decimals(number: float, limits: Sequence[float], usual: int | None = None) -> int:
    """Return the fewest decimals, from the usual number on, that keep the number on its side of every limit."""
    for decimals in range(_usual(number) if usual is None else usual, _MOST + 1):
        rounded = float(_fixed(number, decimals))
        if all(_side(rounded, limit) == _side(number, limit) for limit in limits):
            return decimals
    return _MOST + 1


def _side(number: float, limit: float) -> int:
    return (number > limit) - (number < limit)


def _fixed(number: float, decimals: int) -> str:
    """Return the number with so many decimals; a zero has no sign."""
    if not math.isfinite(number) or decimals > _MOST:
        return repr(float(number) + 0.0)
    rounded = Decimal(repr(float(number))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)
    return f"{abs(rounded) if rounded == 0 else rounded:f}"
