"""Between which doses the lowest and the highest dose of a solid lie: more than the conventions themselves say.

An extreme is a single point, so that nothing averages out. Two things are left open that no histogram holds. Between
its grid points the dose bends: at the place of the extreme by what cubic interpolation adds there. And samples of an
interpolated shape stand for cells that its surface cuts, up to 0.3 mm outside of it, while the points that were sought
on the surface itself miss what lies within: the extreme of the shape lies between what either says. What the contours
themselves say of both (`rtcheck.dvh.drawn`) comes on top.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from rtcheck.dvh.curve import BEND, DVH
from rtcheck.dvh.drawn import DrawnRange
from rtcheck.dvh.sampling import ascending
from rtcheck.model.arrays import FloatArray

__all__ = ["bends_at_ends", "extreme_range", "within_surface"]

_AROUND = 16
"""So many of the hottest and of the coldest samples tell how the dose bends at the extremes."""
_LEAST = 3e-4
"""Readings may agree by chance: no end of an extreme is known better than this share of the range of doses."""
_FEW_CM3 = 0.1
_FEW = 0.01
"""Hotter than the surface are, outside of it, samples of less than this volume or share of the volume in all."""


def extreme_range(
    conventions: Iterable[DVH],
    more_gy: tuple[float, float],
    bends_gy: tuple[float, float, float, float],
    drawn: DrawnRange | None = None,
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return lowest and highest of the minimum, and of the maximum, Gy; None where there is none.

    Args:
        conventions: histograms of all readings.
        more_gy: a minimum and a maximum besides theirs; NaN for none.
        bends_gy: `bends_at_ends`.
        drawn: what the contours themselves say.
    """
    ends = [(dvh.minimum_gy, dvh.maximum_gy) for dvh in conventions]
    lowest, highest = (
        [each for each in (*column, more) if math.isfinite(each)]
        for column, more in zip(zip(*ends, strict=True), more_gy, strict=True)
    )
    if not lowest or not highest:
        return None
    if drawn is not None and math.isfinite(drawn.coldest):
        lowest += [drawn.lowest, drawn.coldest]
        highest += [drawn.hottest, drawn.highest]
    down, up, sink, rise = (BEND * bend for bend in bends_gy)
    least = _LEAST * (max(highest) - min(lowest))
    return (
        (max(min(lowest) + down - least, 0.0), max(lowest) + up + least),
        (max(min(highest) + sink - least, 0.0), max(highest) + rise + least),
    )


def bends_at_ends(
    value: DVH, within_gy: tuple[float, float], coarse_gy: FloatArray, cubic_gy: FloatArray
) -> tuple[float, float, float, float]:
    """Return how far down and up cubic interpolation moves the minimum, then the maximum, Gy; downwards is negative.

    Args:
        value: the histogram.
        within_gy: `within_surface` of the interpolated shape.
        coarse_gy: (n,) dose at samples of the value, without unknown ones.
        cubic_gy: (n,) the same with cubic interpolation.
    """
    if len(coarse_gy) == 0:
        return 0.0, 0.0, 0.0, 0.0
    order = ascending(coarse_gy)
    dose, bend = coarse_gy[order], (cubic_gy - coarse_gy)[order]

    def about(place: int) -> FloatArray:
        return bend[max(place - _AROUND, 0) : place + _AROUND]

    # prisms have corners far outside of the shape: how the dose bends there says nothing about the shape's extremes
    low, high = np.searchsorted(dose, np.nan_to_num(within_gy, nan=value.minimum_gy)).tolist()
    cold = np.concatenate([about(0), about(low)])
    hot = np.concatenate([about(len(dose)), about(high)])
    # the highest under cubic interpolation can lie elsewhere: half a cell beside the hottest grid point, say
    return (
        min(0.0, float(cold.min()), float(cubic_gy.min()) - value.minimum_gy),
        max(0.0, float(cold.max())),
        min(0.0, float(hot.min())),
        max(0.0, float(hot.max()), float(cubic_gy.max()) - value.maximum_gy),
    )


def within_surface(shape: DVH, surface_gy: FloatArray) -> tuple[float, float]:
    """Return the minimum and the maximum of an interpolated shape without samples that stick out of it, Gy.

    Args:
        shape: its histogram.
        surface_gy: (n,) dose at points sought on the surface and inside, without unknown ones.

    Returns:
        NaN for both when the histogram or the search is empty.
    """
    if len(surface_gy) == 0 or len(shape.dose_gy) == 0:
        return math.nan, math.nan
    volume = np.cumsum(shape.volume_cm3)
    part = min(_FEW_CM3, _FEW * float(volume[-1]))
    cold = float(shape.dose_gy[min(int(np.searchsorted(volume, part)), len(volume) - 1)])
    hot = float(shape.dose_gy[int(np.searchsorted(volume, float(volume[-1]) - part))])
    return min(cold, float(surface_gy.min())), max(hot, float(surface_gy.max()))
