"""Where to sample finely: the hottest and the coldest samples of a structure, again and again.

D2%, D0.03cc and the like depend on few of the samples that fill a structure evenly. So the hottest are cut into eight
smaller ones, the hottest of these again, until the smallest volume that metrics ask for is made of hundreds of samples;
and once the coldest, for D98%. Where the dose hardly varies among them nothing is cut. Bands of doses between are cut
once where two samplings differ there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest

import numpy as np
from numpy.typing import NDArray

from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["FLAT", "NOTHING_WANTING", "Tails", "Wanting", "chosen_in", "near_tails", "tail", "tails_of"]

_LEVELS = 8
"""At most so many rounds of cutting; the coldest samples are looked at in the first only, unless more is asked for."""

_SHARE = 5 / 64
"""The tail of the first round holds this share of the volume, so that D95% and D5% lie well inside it, ..."""
_NEXT = 3 / 64
"""... and that of each next round this share, divided by eight for each round: what is left of the samples there."""
_NEAR = 2.5
"""So many times as many samples are looked at closely as have a tail's volume by their mean, ..."""
_BRINK = 0.8
"""... and if any beyond this share of these is in a tail, twice as many: in a target with a plateau and a steep edge,
samples of cells that are cold in their middle lay beyond all that were looked at, those left were the hot ones among
them, and V near the end of the tail came out 0.75 % of the volume too high."""
FLAT = 0.02
"""A tail whose doses differ by less than this share of the maximum is fine enough: the error of a rank among n evenly
spread samples is their spread times about n^(-1/2), below 0.05 % of the maximum, unless they all lie
in a rim thinner than a cell."""
_STEPS = 4_000
"""The dose to a volume is looked for to this part of the range of the doses."""
_ALIKE = 1e-9
"""Doses whose range is less are one, Gy."""
_AROUND = 1.25
"""A round that is added for the dose at some volume takes in this much more than the volume."""


@dataclass(frozen=True, slots=True)
class Tails:
    """What is cut in one round.

    Attributes:
        hot_cm3: volume of the hottest samples; 0 for none.
        cold_cm3: volume of the coldest.
        between_gy: lowest and highest dose of bands.
    """

    hot_cm3: float
    cold_cm3: float
    between_gy: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Wanting:
    """Where a sampling is too coarse.

    Attributes:
        throughout: everywhere.
        hot_cm3: volumes from the hot end the dose to which wants samples once more divided.
        cold_cm3: the same from the cold end.
        between_gy: lowest and highest dose of bands whose samples are to be divided.
    """

    throughout: bool = False
    hot_cm3: tuple[float, ...] = ()
    cold_cm3: tuple[float, ...] = ()
    between_gy: tuple[tuple[float, float], ...] = ()


NOTHING_WANTING = Wanting()


def tails_of(total_cm3: float, least_cm3: float, wanting: Wanting = NOTHING_WANTING) -> tuple[Tails, ...]:
    """Say what is cut in each round.

    Args:
        total_cm3: volume of the structure.
        least_cm3: the hottest are cut while they are more than this.
        wanting: where one round more is asked for.
    """
    shares = [_SHARE] + [_NEXT / 8**level for level in range(1, _LEVELS)]
    hot = [share * total_cm3 for share in shares]
    hot = hot[:1] + [volume for volume in hot[1:] if volume > least_cm3]
    ends = zip_longest(_deeper(hot, wanting.hot_cm3), _deeper(hot[:1], wanting.cold_cm3), fillvalue=0.0)
    first, *others = (Tails(*each) for each in ends)
    return replace(first, between_gy=wanting.between_gy), *others


def _deeper(rounds: list[float], wanted: tuple[float, ...]) -> list[float]:
    """Widen, for each wanted volume, the first round that it is not in; no round is wider than the one before."""
    out = [*rounds, 0.0]
    for volume in wanted:
        place = next(level for level, cut in enumerate([*rounds, 0.0]) if cut <= volume)
        out[place] = max(out[place], _AROUND * volume)
    for level, (before, here) in enumerate(pairwise(out), start=1):
        out[level] = min(before, here)
    return out if out[-1] > 0 else out[:-1]


def chosen_in(
    dose_gy: FloatArray,
    volume_cm3: FloatArray,
    among: NDArray[np.bool_] | None,
    middle_gy: Callable[[IntArray], FloatArray],
    tails: Tails,
    top_gy: float,
    flat: float = FLAT,
) -> IntArray:
    """Choose what is cut in one round, by the dose in the middle of what each sample stands for.

    Args:
        dose_gy: (n,) dose at the samples; NaN, the unknown dose, is never chosen.
        volume_cm3: (n,) their volumes.
        among: (n,) those that may be chosen; None for all.
        middle_gy: gives the dose in the middle of what the samples of these numbers stand for.
        tails: what is to be cut.
        top_gy: highest dose of the structure.
        flat: an end is fine enough where its doses differ by less than this share of the highest.

    Returns:
        (k,) numbers of the chosen, ascending.
    """
    times = _NEAR
    while True:
        near, brink = near_tails(dose_gy, volume_cm3, tails, times)
        at = np.flatnonzero(near if among is None else near & among)
        middle, volume = middle_gy(at), volume_cm3.take(at)
        chosen = tail(middle, volume, tails.hot_cm3, top_gy, flat, cold=False)
        chosen |= tail(middle, volume, tails.cold_cm3, top_gy, flat, cold=True)
        for low, high in tails.between_gy:
            chosen |= (middle >= low) & (middle <= high)
        at = at[chosen]
        if not np.any(brink.take(at)):
            return at
        times *= 2


def near_tails(
    dose_gy: FloatArray, volume_cm3: FloatArray, tails: Tails, times: float = _NEAR
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Choose the samples among which the tails are: more than twice as many as have the volumes.

    Args:
        dose_gy: (n,) dose at the samples; NaN, the unknown dose, is never chosen.
        volume_cm3: (n,) their volumes.
        tails: what is to be cut.
        times: so many times as many as have the volumes by their mean.

    Returns:
        (n,) true for them, and (n,) true for those beyond which there may be more.
    """
    unknown = np.isnan(dose_gy)
    known = dose_gy[~unknown]
    mean = float(np.sum(volume_cm3)) / max(len(dose_gy), 1)
    hot, cold = (
        max(len(known) // 4, int(times * volume / mean)) if volume > 0 else 0
        for volume in (tails.hot_cm3, tails.cold_cm3)
    )
    nowhere = np.zeros(len(dose_gy), dtype=bool)
    if max(hot, cold) >= len(known) or hot == cold == 0 or tails.between_gy:
        return ~unknown, nowhere
    inner = [round(_BRINK * count) for count in (hot, cold)]
    places = {len(known) - hot: hot, len(known) - inner[0]: hot, cold - 1: cold, inner[1] - 1: cold}
    parted = np.partition(known, [place for place, count in places.items() if count])
    near, brink = nowhere, nowhere.copy()
    if hot:
        hottest = dose_gy >= parted[len(known) - hot]
        near |= hottest
        brink |= hottest & (dose_gy <= parted[len(known) - inner[0]])
    if cold:
        coldest = dose_gy <= parted[cold - 1]
        near |= coldest
        brink |= coldest & (dose_gy >= parted[inner[1] - 1])
    return near, brink


def tail(
    dose_gy: FloatArray, volume_cm3: FloatArray, wanted_cm3: float, top_gy: float, flat: float = FLAT, *, cold: bool
) -> NDArray[np.bool_]:
    """Choose the samples of one end of the dose that are to be cut.

    Args:
        dose_gy: (n,) dose at the samples; NaN, the unknown dose, is never chosen.
        volume_cm3: (n,) their volumes.
        wanted_cm3: volume of those to be cut; 0 for none.
        top_gy: highest dose of the structure.
        flat: the end is fine enough where its doses differ by less than this share of the highest.
        cold: choose the coldest, not the hottest.

    Returns:
        (n,) true for the chosen; all false where that end is fine enough.
    """
    none = np.zeros(len(dose_gy), dtype=bool)
    if wanted_cm3 <= 0:
        return none
    known = np.flatnonzero(~np.isnan(dose_gy))
    if len(known) == 0:
        return none
    dose, volume = dose_gy[known], volume_cm3[known]
    low, high = float(dose.min()), float(dose.max())
    if high - low < max(flat * top_gy, _ALIKE):
        return none
    # which doses are within the volume is asked to a part of their range; how far these differ is then exact
    step = ((dose - low if cold else high - dose) * (_STEPS / (high - low))).astype(np.int64)
    sums = np.cumsum(np.bincount(step, volume))
    last = min(int(np.searchsorted(sums, wanted_cm3)), len(sums) - 1)
    chosen = step <= last
    if (np.max(dose[chosen]) - low if cold else high - np.min(dose[chosen])) < flat * top_gy:
        return none
    if sums[last] > 2 * wanted_cm3:  # many of about the same dose: cutting them shows nothing
        chosen = step < last
    none[known[chosen]] = True
    return none
