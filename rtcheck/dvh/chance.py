"""How far a metric may be off by sampling, where two samplings agree about it by chance.

What a finer and a coarser sampling say of one rank can be alike while both are wrong: where curves cross. What they say
next to it tells. The largest of those differences is left out: a step of the curve, which the samplings put a little
apart, is large in dose and says nothing of the ranks beside it.

The structure model that only serves the interval is sampled once, coarsely. What it differs by from the value runs
smoothly from rank to rank; what is uneven about it is chance.
"""

from __future__ import annotations

from collections.abc import Iterable

from rtcheck.dvh.cumulative import Cumulative, dose_to_hottest, volume_at_least

__all__ = ["doses_apart", "doses_uneven", "volumes_apart", "volumes_uneven"]

_STEP = 0.01
"""Neighbours lie one, two and three of these shares of the volume to either side (with one and two, samplings of two
islands agreed by chance on the median and beside it), ..."""
_OF_REST = 0.25
"""... or of these shares of what is left to the nearer end of the curve, where that is less."""


def doses_apart(fine: Cumulative, rough: Cumulative, share: float) -> float:
    """Return by how many Gy two samplings differ next to a rank: the second largest difference of six neighbours.

    Args:
        fine: the curve of the finer one.
        rough: of the coarser one.
        share: of the volume, from the hot end.
    """
    if fine.inside <= 0 or rough.inside <= 0:
        return 0.0
    return _second(
        abs(
            dose_to_hottest(fine, near * fine.inside, cold=False)
            - dose_to_hottest(rough, near * rough.inside, cold=False)
        )
        for near in _neighbours(share)
    )


def volumes_apart(fine: Cumulative, rough: Cumulative, dose_gy: float) -> float:
    """Return the same of the share of the volume that receives doses next to `dose_gy`."""
    if fine.inside <= 0 or rough.inside <= 0:
        return 0.0
    share = volume_at_least(fine, dose_gy) / fine.inside
    doses = [dose_to_hottest(fine, near * fine.inside, cold=False) for near in _neighbours(share)]
    return _second(
        abs(volume_at_least(fine, dose) / fine.inside - volume_at_least(rough, dose) / rough.inside) for dose in doses
    )


def doses_uneven(fine: Cumulative, other: Cumulative, share: float) -> float:
    """Return by how many Gy another model's samples may be off at a rank: how uneven its distance from the value is.

    Args:
        fine: the curve of the value.
        other: of the other model, sampled once.
        share: of the volume, from the hot end.

    Returns:
        The second largest, at five ranks about this one, of what the distance differs by from halfway between those at
        the ranks beside it: 0 where it is constant, or rises or falls evenly.
    """
    if fine.inside <= 0 or other.inside <= 0:
        return 0.0
    return _unevenness(
        [
            dose_to_hottest(other, near * other.inside, cold=False)
            - dose_to_hottest(fine, near * fine.inside, cold=False)
            for near in _neighbours(share, at=(0,))
        ]
    )


def volumes_uneven(fine: Cumulative, other: Cumulative, dose_gy: float) -> float:
    """Return the same of the share of the volume that receives `dose_gy` or more."""
    if fine.inside <= 0 or other.inside <= 0:
        return 0.0
    share = volume_at_least(fine, dose_gy) / fine.inside
    doses = [dose_to_hottest(fine, near * fine.inside, cold=False) for near in _neighbours(share, at=(0,))]
    return _unevenness(
        [volume_at_least(other, dose) / other.inside - volume_at_least(fine, dose) / fine.inside for dose in doses]
    )


def _unevenness(apart: list[float]) -> float:
    before, after = apart[:-2], apart[2:]
    return _second(abs(here - (b + a) / 2) for here, b, a in zip(apart[1:-1], before, after, strict=True))


def _neighbours(share: float, at: tuple[int, ...] = ()) -> list[float]:
    step = min(_STEP, _OF_REST * share, _OF_REST * (1 - share))
    return [share + many * step for many in (-3, -2, -1, *at, 1, 2, 3)] if step > 0 else []


def _second(differences: Iterable[float]) -> float:
    return sorted((0.0, 0.0, *differences))[-2]
