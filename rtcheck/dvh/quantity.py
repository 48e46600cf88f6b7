"""Physical dose, EQD2 and BED at sample points of a course of several plans."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rtcheck.dvh.field import Quantity
from rtcheck.model.arrays import FloatArray

__all__ = ["convert", "quantum", "total"]


def convert(dose_gy: FloatArray, fractions: int, quantity: Quantity) -> FloatArray:
    """Turn the dose D of one plan, given in n fractions, into the wanted quantity.

    EQD2 = D (D/n + α/β) / (2 + α/β) and BED = D (1 + D / (n α/β)), the linear-quadratic model.

    Raises:
        ValueError: a biological quantity without a positive α/β, or without fractions.
    """
    if quantity is None:
        return dose_gy
    if quantity.ab is None or not quantity.ab > 0:
        raise ValueError(f"{quantity.kind} needs a positive alpha/beta")
    if fractions < 1:
        raise ValueError(f"{quantity.kind} needs a number of fractions")
    if quantity.kind == "EQD2":
        return np.asarray(dose_gy * (dose_gy / fractions + quantity.ab) / (2 + quantity.ab))
    return np.asarray(dose_gy * (1 + dose_gy / (fractions * quantity.ab)))


def total(parts_gy: FloatArray, fractions: Sequence[int], quantity: Quantity) -> FloatArray:
    """(n,) sum over the parts (parts, n), each converted before the sum; NaN where any part is unknown."""
    out = convert(parts_gy[0], fractions[0], quantity)
    for dose, n in zip(parts_gy[1:], fractions[1:], strict=True):
        out = out + convert(dose, n, quantity)
    return out


def quantum(parts_gy: FloatArray, fractions: Sequence[int], step_gy: Sequence[float], quantity: Quantity) -> float:
    """Error of a dose from the rounding of the stored integers, at the highest dose of each part.

    Args:
        parts_gy: (parts, n) physical dose at the samples.
        fractions: of each part.
        step_gy: half a quantisation step of each part, summed over its grids.
        quantity: what the error is wanted in.
    """
    if quantity is None:
        return float(sum(step_gy))
    out = 0.0
    for dose, n, step in zip(parts_gy, fractions, step_gy, strict=True):
        top = float(np.max(dose, initial=0.0, where=~np.isnan(dose)))
        ends = convert(np.array([top, top + step]), n, quantity)
        out += float(ends[1] - ends[0])
    return out
