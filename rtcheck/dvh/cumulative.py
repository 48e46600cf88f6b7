"""The cumulative dose-volume curve of one structure: which volume receives at least a dose, and the inverse.

It is read from the sorted samples without bins. Each sample stands for a small volume around it, so the curve goes
through the middle of each sample's volume and is straight between samples; it starts at the maximum and ends at the
minimum, which have their own search. Samples of exactly equal dose form a plateau: there the curve steps, and the
whole plateau receives its dose. So a uniform dose gives exact results.

"At least" allows for the rounding of binary fractions: a stored integer times its scaling can be 49.99999999999999
where 50 was meant. A dose within `DOSE_TOLERANCE` of the limit, relative to it, counts as reaching it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rtcheck.dvh.curve import DVH
from rtcheck.model.arrays import FloatArray, frozen

__all__ = [
    "DOSE_TOLERANCE",
    "VOLUME_TOLERANCE",
    "Cumulative",
    "cumulative",
    "curve_points",
    "dose_to_hottest",
    "forget_curves",
    "volume_at_least",
]

DOSE_TOLERANCE = 1e-9
"""A dose reaches a limit when it is at least the limit less this fraction of it."""

VOLUME_TOLERANCE = 1e-9
"""Volumes are equal within this fraction of the structure; a smaller part outside the dose grid counts as inside."""


@dataclass(frozen=True, slots=True, eq=False)
class Cumulative:
    """The cumulative curve of one DVH.

    Attributes:
        dose: (n,) Gy, descending from the maximum to the minimum, read-only; empty without volume inside.
        volume: (n,) cm3 that receive at least `dose`, ascending from 0 to `inside`, read-only.
        inside, outside: cm3 inside and outside the dose grid.
        source: what it is the curve of.
        finite: whether all doses and volumes are finite; if not, the curve is empty.
    """

    dose: FloatArray
    volume: FloatArray
    inside: float
    outside: float
    source: DVH
    finite: bool = True

    @property
    def total(self) -> float:
        """Volume of the whole structure in cm3."""
        return self.inside + self.outside

    @property
    def mean(self) -> float:
        """Mean dose of the part inside the dose grid in Gy; NaN without one."""
        if len(self.dose) == 0:
            return math.nan
        doses, volumes = self.source.dose_gy, self.source.volume_cm3
        # from the middle of the range, so that a uniform dose is its own mean to the last digit
        middle = 0.5 * (float(doses[0]) + float(doses[-1]))
        return middle + float(np.sum((doses - middle) * volumes)) / self.inside


@lru_cache(maxsize=24)  # the conventions of one structure: its metrics are asked one after the other
def cumulative(dvh: DVH) -> Cumulative:
    """Build the cumulative curve of `dvh`.

    Raises:
        ValueError: the samples do not ascend in dose, which is a fault of the program.
    """
    dose, weight = dvh.dose_gy[::-1], dvh.volume_cm3[::-1]
    inside, outside = float(np.sum(dvh.volume_cm3)), dvh.outside_cm3
    ends = (dvh.minimum_gy, dvh.maximum_gy, float(dose[0]), float(dose[-1])) if len(dose) else ()
    falls = dose[1:] < dose[:-1]
    strictly = bool(falls.all())
    # between finite ends what falls from each to the next is finite; only plateaus can hide something else
    if not (all(map(math.isfinite, (inside, outside, *ends))) and (strictly or bool(np.isfinite(dose).all()))):
        return Cumulative(np.zeros(0), np.zeros(0), inside, outside, dvh, finite=False)
    if outside < VOLUME_TOLERANCE * (inside + outside):
        outside = 0.0
    if inside <= 0:
        return Cumulative(np.zeros(0), np.zeros(0), 0.0, outside, dvh)
    end = np.cumsum(weight)
    end *= inside / end[-1]
    if strictly:
        levels, nodes = dose, weight * -0.5
        nodes += end
    elif np.any(dose[1:] > dose[:-1]):
        raise ValueError("the samples of a DVH must ascend in dose")
    else:
        nodes, levels = _plateau_nodes(dose, end, falls)
    top, bottom = max(dvh.maximum_gy, float(dose[0])), min(dvh.minimum_gy, float(dose[-1]))
    return Cumulative(
        dose=_between(top, levels, bottom),
        volume=_between(0.0, nodes, inside),
        inside=inside,
        outside=outside,
        source=dvh,
    )


def _between(first: float, values: FloatArray, last: float) -> FloatArray:
    """Return the values with one more at either end, read-only."""
    out = np.empty(len(values) + 2)
    out[0], out[1:-1], out[-1] = first, values, last
    out.setflags(write=False)
    return out


def forget_curves() -> None:
    """Let go of the curves kept for the last structure: they take several times the memory of its samples."""
    cumulative.cache_clear()


def _plateau_nodes(dose: FloatArray, end: FloatArray, falls: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Return the volumes and doses of the nodes: middles of single samples, both ends of runs of equal dose."""
    first, last = np.concatenate(([True], falls)), np.concatenate((falls, [True]))
    start = np.concatenate(([0.0], end[:-1]))
    nodes = np.where(last, np.where(first, 0.5 * (start + end), end), start)
    kept = first | last
    return nodes[kept], dose[kept]


def volume_at_least(curve: Cumulative, dose_gy: float) -> float:
    """Return the volume in cm3, of the part inside the dose grid, that receives at least `dose_gy`."""
    reaching = dose_gy - DOSE_TOLERANCE * abs(dose_gy)
    count = len(curve.dose) - int(np.searchsorted(curve.dose[::-1], reaching, side="left"))
    if count == 0:
        return 0.0
    if count == len(curve.dose):
        return curve.inside
    above, below = float(curve.dose[count - 1]), float(curve.dose[count])
    from_volume, to_volume = float(curve.volume[count - 1]), float(curve.volume[count])
    share = min(max((above - dose_gy) / (above - below), 0.0), 1.0)
    return from_volume + share * (to_volume - from_volume)


def dose_to_hottest(curve: Cumulative, volume_cm3: float, *, cold: bool) -> float:
    """Return the dose in Gy at `volume_cm3` from the hot end; at a step the upper dose, or the lower one if `cold`."""
    slack = VOLUME_TOLERANCE * curve.inside
    if cold:
        index = int(np.searchsorted(curve.volume, volume_cm3 + slack, side="right")) - 1
        if index >= len(curve.volume) - 1 or curve.volume[index] >= volume_cm3 - slack:
            return float(curve.dose[index])
        left = index
    else:
        index = int(np.searchsorted(curve.volume, volume_cm3 - slack, side="left"))
        if index >= len(curve.volume):
            return float(curve.dose[-1])
        if index == 0 or curve.volume[index] <= volume_cm3 + slack:
            return float(curve.dose[index])
        left = index - 1
    span = float(curve.volume[left + 1] - curve.volume[left])
    share = (volume_cm3 - float(curve.volume[left])) / span
    return float(curve.dose[left]) + share * float(curve.dose[left + 1] - curve.dose[left])


def curve_points(dvh: DVH, n: int = 201) -> tuple[FloatArray, FloatArray]:
    """Sample the cumulative curve for output.

    Args:
        dvh: of one structure.
        n: number of points, at least 2.

    Returns:
        ``(dose_gy, volume_cm3)``, both (n,) and read-only: doses ascending evenly from 0 to the maximum, and the volume
        inside the dose grid that receives at least each. One point when the maximum is 0, none when there are no
        samples.

    Raises:
        ValueError: a dose or volume is not finite.
    """
    curve = cumulative(dvh)
    if not curve.finite:
        raise ValueError("a dose or volume is not a finite number")
    if len(curve.dose) == 0:
        return frozen(np.zeros(0)), frozen(np.zeros(0))
    top = float(curve.dose[0])
    doses = np.linspace(0.0, top, max(n, 2)) if top > 0 else np.zeros(1)
    return frozen(doses), frozen(_volumes_at_least(curve, doses))


def _volumes_at_least(curve: Cumulative, dose_gy: FloatArray) -> FloatArray:
    """(n,) what `volume_at_least` gives for each dose."""
    size = len(curve.dose)
    count = size - np.searchsorted(curve.dose[::-1], dose_gy - DOSE_TOLERANCE * np.abs(dose_gy), side="left")
    at = np.clip(count, 1, size - 1)
    above, step = curve.dose[at - 1], curve.dose[at - 1] - curve.dose[at]
    share = np.clip((above - dose_gy) / np.where(step > 0, step, 1.0), 0.0, 1.0)
    between = curve.volume[at - 1] + share * (curve.volume[at] - curve.volume[at - 1])
    return np.where(count == 0, 0.0, np.where(count == size, curve.inside, between))
