"""Decimal strings to numbers, strictly: one value, or a million in one vectorised pass.

A decimal string (DS, PS3.5 §6.2) is ``[+-]digits[.digits][E[+-]digits]`` with blanks allowed around it. ``nan``,
``inf``, ``0x10``, ``1.0D-3``, ``0,001``, ``0.1_1`` and ``1 .5`` are not, though one parser or another would make a
number of them. A number that overflows, or that vanishes although its digits are not zero, is refused as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtcheck.model.arrays import FloatArray

__all__ = ["FARTHEST_MM", "DecimalError", "Decimals", "parse_decimal", "parse_decimals"]

FARTHEST_MM = 1e5
"""No coordinate of a patient lies farther than this from the origin; a number beyond it is damaged, and its square or
the number of cells up to it could overflow."""

_DECIMAL = re.compile(rb" *([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?) *")
_EMPTY = re.compile(rb" *")
_NONZERO = re.compile(rb"[+-]?[0.]*[1-9]")

_BACKSLASH, _MINUS, _POINT, _ZERO = b"\\-.0"
_CHUNK = 1 << 18
"""Characters parsed at a time, so that the working arrays stay in the processor's cache."""
_MAX_DIGITS = 18
"""More digits than this could overflow the 64-bit mantissa."""
_EXACT_MANTISSA = 1 << 53
"""Integers up to here are exact doubles, as are powers of ten to 1e22: quotients are rounded once, as `float` does."""
_TEN_INT = 10 ** np.arange(_MAX_DIGITS + 1, dtype=np.int64)
_TEN_FLOAT = 10.0 ** np.arange(_MAX_DIGITS + 1)
_MAX_CHARACTERS = 256
"""Longer texts are no numbers that anybody wrote; to convert a million digits takes its time."""
_MAX_LENGTH = 16
"""The longest decimal string the standard allows."""


class DecimalError(ValueError):
    """A text is not a decimal string.

    Attributes:
        index: which value, from 0.
        empty: whether it is an empty slot rather than a malformed number.
        problem: what was found, for messages.
    """

    def __init__(self, index: int, text: bytes) -> None:
        self.index = index
        self.empty = _EMPTY.fullmatch(text) is not None
        shown = text[:24].decode("ascii", "backslashreplace")
        found = "empty" if self.empty else f"{shown!r}, not a finite decimal number"
        self.problem = f"value {index + 1} is {found}"
        super().__init__(self.problem)


@dataclass(frozen=True, slots=True, eq=False)
class Decimals:
    """Parsed values.

    Attributes:
        values: (n,) float64, each identical to what `float` gives.
        overlong: how many values are longer than the 16 characters the standard allows.
    """

    values: FloatArray
    overlong: int


def parse_decimal(text: bytes, index: int = 0) -> float:
    """One decimal string.

    Raises:
        DecimalError: not in the grammar, empty, overflowing, or vanishing though not zero. `index` is passed on.
    """
    match = _DECIMAL.fullmatch(text) if len(text) <= _MAX_CHARACTERS else None
    if match is None:
        raise DecimalError(index, text)
    number = float(match[1])
    if number in (np.inf, -np.inf) or (number == 0 and _NONZERO.match(match[1])):
        raise DecimalError(index, text)
    return number


def parse_decimals(text: bytes) -> Decimals:
    """All values of a backslash-separated text.

    Args:
        text: values without padding of the whole; ``b""`` holds one empty value and is refused.

    Raises:
        DecimalError: the first value that is not a decimal string.
    """
    characters = np.frombuffer(text + b"\\", dtype=np.uint8)
    ends = np.flatnonzero(characters == _BACKSLASH)
    values = np.empty(len(ends))
    overlong = first = done = 0
    while done < len(ends):
        last = max(int(np.searchsorted(ends, first + _CHUNK)), done + 1)
        stop = int(ends[last - 1]) + 1
        overlong += _parse_chunk(characters[first:stop], ends[done:last] - first, values[done:last], done)
        first, done = stop, last
    return Decimals(values, overlong)


def _parse_chunk(characters: NDArray[np.uint8], ends: NDArray[np.intp], out: FloatArray, offset: int) -> int:
    """Parse the values that end (exclusive) at `ends` into `out`; return how many are overlong.

    Plain values (an optional minus, digits, at most one point) are done together: their digits, taken without the
    point, make an integer mantissa, divided once by a power of ten. Everything else goes through `parse_decimal`, one
    by one; so does a value without digits, which ends the parse, for nothing after it is right.
    """
    n = len(ends)
    starts = np.empty(n, dtype=np.intp)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    lengths = ends - starts

    digits = characters - np.uint8(_ZERO)  # wraps around for what is no digit
    is_digit = digits < 10
    digit_at = np.flatnonzero(is_digit)
    digit_ends = np.cumsum(is_digit, dtype=np.int32)[ends].astype(np.intp)
    digit_counts = np.diff(digit_ends, prepend=0)

    points = np.flatnonzero(characters == _POINT)
    point_value = np.arange(n)  # one in each value, as planning systems write
    if len(points) != n or not np.all((starts <= points) & (points < ends)):
        point_value = np.searchsorted(ends, points)
    point_counts = np.bincount(point_value, minlength=n)
    after = np.zeros(n, dtype=np.intp)
    after[point_value] = ends[point_value] - points - 1
    negative = characters[starts] == _MINUS

    # A value whose characters are all accounted for is plain: nothing else can be in it.
    plain = (digit_counts + point_counts + negative == lengths) & (point_counts <= 1) & (digit_counts > 0)
    plain &= digit_counts <= _MAX_DIGITS
    if digit_at.size:
        powers = np.repeat(digit_ends, digit_counts) - np.arange(1, digit_at.size + 1)
        parts = digits[digit_at] * _TEN_INT[np.minimum(powers, _MAX_DIGITS)]
        sums = np.add.reduceat(parts, np.minimum(digit_ends - digit_counts, digit_at.size - 1))
        plain &= sums <= _EXACT_MANTISSA
        np.minimum(after, _MAX_DIGITS, out=after)
        np.divide(sums, _TEN_FLOAT[after], out=out)
        np.negative(out, where=negative, out=out)
    for i in np.flatnonzero(~plain).tolist():
        out[i] = parse_decimal(characters[starts[i] : ends[i]].tobytes(), offset + i)
    return int(np.count_nonzero(lengths > _MAX_LENGTH))
