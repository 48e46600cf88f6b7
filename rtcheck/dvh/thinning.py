"""Fewer samples that say the same: neighbours in dose become one where their volume is small against what is asked.

A sampling is made fine so that its samples lie everywhere; once that is done, far fewer tell every rank. What is merged
is never much of the volume, nor of what is hotter or colder: an even dose, and the volume that has it, stay what they
are, whatever lies next to it.
"""

from __future__ import annotations

import numpy as np

from rtcheck.dvh.sampling import Samples, ascending
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["thinned"]

_STEPS = 32_768
"""Doses within this part of their range are merged before anything is put in order, ..."""
_STEP_GY = 1e-3
"""... or within this, where it is less, ..."""
_BULK = 4_000
"""... unless they have more than this part of the volume ..."""
_ENDS = 200
"""... or more than this part of the volume that is hotter, or colder: D0.03cc is as well known as D50%."""
_MANY = 60_000
"""Where more are left, neighbours in dose are merged to a tenth of these parts."""
_FEW = 16_384
"""So many samples are put in order as they are."""


def thinned(samples: Samples) -> Samples:
    """Merge samples of about one dose that belong to the same readings: volumes add up, doses are averaged by volume.

    The hottest and the coldest sample of each kind stay as they are, and so do all where the course has several parts:
    sums that are alike may be of parts that are not.

    Args:
        samples: in any order.

    Returns:
        The samples by ascending dose, unknown doses (NaN) last; nobody needs their points any more.
    """
    dose, volume, mask = samples.dose_gy, samples.volume_cm3, samples.mask
    if len(dose) != 1 or len(mask) <= _FEW:
        return _ordered(dose, volume, mask)
    unknown = np.flatnonzero(np.isnan(dose[0]))
    if len(unknown) == len(mask):
        return samples
    known = dose[0], volume, mask
    if len(unknown):
        there = np.flatnonzero(~np.isnan(dose[0]))
        known = dose[0, there], volume[there], mask[there]
    kinds = np.flatnonzero(np.bincount(known[2]))
    few = _by_step(*known, kinds)
    order = ascending(few[0])
    few = few[0][order], few[1][order], few[2][order]
    if len(order) > _MANY:
        few = _by_volume(*few, kinds)
    rest = dose[0, unknown], volume[unknown], mask[unknown]
    joined = [np.concatenate(parts) for parts in zip(few, rest, strict=True)]
    return Samples(joined[0][None], joined[1], joined[2], np.zeros((3, 0)))


def _ordered(dose_gy: FloatArray, volume_cm3: FloatArray, mask: IntArray) -> Samples:
    order = ascending(dose_gy.sum(axis=0))
    return Samples(dose_gy.take(order, axis=1), volume_cm3[order], mask[order], np.zeros((3, 0)))


def _ends(dose_gy: FloatArray, mask: IntArray, kinds: IntArray) -> IntArray:
    """Where the hottest and the coldest sample of each kind are."""
    found: set[int] = set()
    for kind in kinds.tolist():
        at = np.flatnonzero(mask == kind)
        dose = dose_gy[at]
        found |= {int(at[np.argmin(dose)]), int(at[np.argmax(dose)])}
    return np.array(sorted(found), dtype=np.int64)


def _by_step(
    dose_gy: FloatArray, volume_cm3: FloatArray, mask: IntArray, kinds: IntArray
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Merge samples of one kind within a step of dose; those of steps with much volume stay, in any order."""
    low, high = float(dose_gy.min()), float(dose_gy.max())
    step = min((high - low) / _STEPS, _STEP_GY)
    place = ((dose_gy - low) * (1 / step if step > 0 else 0.0)).astype(np.int64)
    if len(kinds) > 1:
        number = np.zeros(int(kinds[-1]) + 1, dtype=np.int64)
        number[kinds] = np.arange(len(kinds))
        place *= len(kinds)
        place += number[mask]
    size = np.bincount(place, volume_cm3).astype(np.float64, copy=False)
    colder = np.cumsum(size)
    whole = float(colder[-1])
    colder -= size / 2
    merged = size <= np.minimum(whole / _BULK, np.minimum(colder, whole - colder) / _ENDS)
    apart = ~merged[place]
    apart[_ends(dose_gy, mask, kinds)] = True
    stay = np.flatnonzero(apart)
    volume = volume_cm3.copy()
    volume[stay] = 0.0
    size = np.bincount(place, volume).astype(np.float64, copy=False)
    # the mean from one of their own, so that samples of one dose keep it to the last digit
    own = np.zeros(len(size))
    own[place] = dose_gy
    above = dose_gy - own.take(place)
    above *= volume
    beyond = np.bincount(place, above)
    at = np.flatnonzero(size > 0)
    return (
        np.concatenate([own[at] + beyond[at] / size[at], dose_gy[stay]]),
        np.concatenate([size[at], volume_cm3[stay]]),
        np.concatenate([kinds[at % len(kinds)], mask[stay]]),
    )


def _by_volume(
    dose_gy: FloatArray, volume_cm3: FloatArray, mask: IntArray, kinds: IntArray
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Merge ascending samples of one kind, each to a small volume, whatever their doses; ascending again."""
    colder = np.cumsum(volume_cm3)
    whole = float(colder[-1])
    colder -= volume_cm3 / 2
    most = np.minimum(whole / _BULK, np.minimum(colder, whole - colder) / _ENDS) / 10
    parts = []
    for kind in kinds.tolist():
        at = np.flatnonzero(mask == kind)
        dose, volume = dose_gy[at], volume_cm3[at]
        with np.errstate(divide="ignore"):
            share = np.minimum(volume / most[at], 1.0)
        place = np.floor(np.cumsum(share) - share / 2)
        starts = np.flatnonzero(np.append(True, place[1:] > place[:-1]))
        size = np.add.reduceat(volume, starts)
        mean = np.add.reduceat(dose * volume, starts) / size
        # what is of one dose keeps it to the last digit
        mean = np.clip(mean, dose[starts], dose[np.append(starts[1:], len(dose)) - 1])
        parts.append((mean, size, np.full(len(starts), kind, dtype=np.int64)))
    few, size, kind_of = (np.concatenate(each) for each in zip(*parts, strict=True))
    order = ascending(few)
    return few[order], size[order], kind_of[order]
