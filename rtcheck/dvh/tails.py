"""Where to sample finely: the hottest and the coldest samples of a structure, again and again.

D2%, D0.03cc and the like depend on few of the samples that fill a structure evenly. So the hottest are cut into eight
smaller ones, the hottest of these again, until the smallest volume that metrics ask for is made of hundreds of samples;
and once the coldest, for D98%. Where the dose hardly varies among them nothing is cut.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rtcheck.model.arrays import FloatArray

__all__ = ["FLAT", "LEVELS", "near_tails", "tail"]

LEVELS = 8
"""At most so many rounds of cutting; the coldest samples are looked at in the first only."""

_SHARE = 3 / 32
"""The tail of the first round holds this share of the volume ..."""
_NEXT = 3 / 64
"""... and that of each next round this share, divided by eight for each round: what is left of the samples there."""
FLAT = 0.02
"""A tail whose doses differ by less than this share of the maximum is fine enough: the error of a rank among n evenly
spread samples is their spread times about n^(-1/2), below 0.05 % of the maximum, unless they all lie
in a rim thinner than a cell."""


def near_tails(dose_gy: FloatArray, level: int) -> NDArray[np.bool_]:
    """Choose the quarter of the samples, in number, among which the tails are: the hottest, and at first the coldest.

    Args:
        dose_gy: (n,) dose at the samples; NaN, the unknown dose, is never chosen.
        level: number of the round, from 0.
    """
    known = dose_gy[~np.isnan(dose_gy)]
    quarter = len(known) // 4
    if quarter == 0:
        return np.asarray(~np.isnan(dose_gy))
    places = [quarter, len(known) - quarter] if level == 0 else [len(known) - quarter]
    parted = np.partition(known, places)
    near = dose_gy >= parted[len(known) - quarter]
    if level == 0:
        near |= dose_gy <= parted[quarter]
    return np.asarray(near)


def tail(
    dose_gy: FloatArray,
    volume_cm3: FloatArray,
    total_cm3: float,
    top_gy: float,
    level: int,
    least_cm3: float,
    flat: float = FLAT,
    *,
    cold: bool,
) -> NDArray[np.bool_]:
    """Choose the samples of one end of the dose that are to be cut.

    Args:
        dose_gy: (n,) dose at the samples; NaN, the unknown dose, is never chosen.
        volume_cm3: (n,) their volumes.
        total_cm3: volume of the structure.
        top_gy: its highest dose.
        level: number of the round, from 0.
        least_cm3: rounds go on while the tail holds more than this.
        flat: the end is fine enough where its doses differ by less than this share of the highest.
        cold: choose the coldest, not the hottest.

    Returns:
        (n,) true for the chosen; all false where that end is fine enough.
    """
    none = np.zeros(len(dose_gy), dtype=bool)
    wanted = (_SHARE if level == 0 else _NEXT / 8**level) * total_cm3
    if level > 0 and (cold or wanted <= least_cm3):
        return none
    known = np.flatnonzero(~np.isnan(dose_gy))
    if len(known) == 0:
        return none
    heat = -dose_gy[known] if cold else dose_gy[known]
    order = np.argsort(-heat)  # only the dose at a volume is wanted: the order of equal ones does not matter
    last = min(int(np.searchsorted(np.cumsum(volume_cm3[known][order]), wanted)), len(known) - 1)
    edge = float(heat[order[last]])
    if float(heat[order[0]]) - edge < flat * top_gy:
        return none
    chosen = heat >= edge
    if np.sum(volume_cm3[known][chosen]) > 2 * wanted:  # many of the same dose: cutting them shows nothing
        chosen = heat > edge
    none[known[chosen]] = True
    return none
