"""Fewer samples that say the same: those of one dose, to a thousandth of a Gy or less, become one.

A sampling is made fine so that its samples lie everywhere; once that is done, far fewer tell every rank.
"""

from __future__ import annotations

import numpy as np

from rtcheck.dvh.sampling import Samples, ascending
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["thinned"]

_STEPS = 32_768
"""Doses are told apart to this part of their range at least, ..."""
_STEP_GY = 1e-3
"""... and to this."""
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
    known, size, kind = dose[0], volume.copy(), mask
    if len(unknown):
        there = np.flatnonzero(~np.isnan(dose[0]))
        known, size, kind = known[there], size[there], kind[there]
    kinds = np.flatnonzero(np.bincount(kind))
    ends = _ends(known, kind, kinds)
    at_ends = (known[ends], size[ends], kind[ends])
    size[ends] = 0.0
    few = _merged(known, size, kind, kinds)
    rest = (dose[0, unknown], volume[unknown], mask[unknown])
    joined = [np.concatenate(parts) for parts in zip(few, at_ends, rest, strict=True)]
    return _ordered(joined[0][None], joined[1], joined[2])


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


def _merged(
    dose_gy: FloatArray, volume_cm3: FloatArray, mask: IntArray, kinds: IntArray
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Merge samples of one kind within a step of dose; a step without volume is left out."""
    low, high = float(dose_gy.min()), float(dose_gy.max())
    step = min((high - low) / _STEPS, _STEP_GY)
    place = ((dose_gy - low) * (1 / step if step > 0 else 0.0)).astype(np.int64)
    if len(kinds) > 1:
        number = np.zeros(int(kinds[-1]) + 1, dtype=np.int64)
        number[kinds] = np.arange(len(kinds))
        place *= len(kinds)
        place += number[mask]
    size = np.bincount(place, volume_cm3).astype(np.float64, copy=False)
    # the mean from one of their own, so that samples of one dose keep it to the last digit
    own = np.zeros(len(size))
    own[place] = dose_gy
    above = dose_gy - own.take(place)
    above *= volume_cm3
    beyond = np.bincount(place, above)
    at = np.flatnonzero(size > 0)
    size = size[at]
    return own[at] + beyond[at] / size, size, kinds[at % len(kinds)]
