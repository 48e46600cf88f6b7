"""Fewer samples that say the same: neighbours in dose become one where their volume is small against what is asked.

A sampling is made fine so that its samples lie everywhere; once they are in order of dose, far fewer tell every rank.
"""

from __future__ import annotations

import numpy as np

from rtcheck.dvh.sampling import Samples, ascending
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["thinned"]

_BULK = 20_000
"""No sample is merged to more than this part of the volume, ..."""
_ENDS = 1_000
"""... nor to more than this part of the volume that is hotter, or colder: D0.03cc is as well known as D50%."""


def thinned(samples: Samples) -> Samples:
    """Merge neighbours in dose that belong to the same readings: volumes add up, doses are averaged by volume.

    Args:
        samples: ascending, as `rtcheck.dvh.sampling` gives them. Of several parts they are left as they are: doses that
            are alike in all may be of different parts.

    Returns:
        The samples, ascending, unknown doses as they were; a rank is off by at most half of what was merged.
    """
    known = samples.dose_gy.shape[1] - int(np.count_nonzero(np.isnan(samples.dose_gy[0])))
    if len(samples.dose_gy) != 1 or known == 0:
        return samples
    volume = samples.volume_cm3[:known]
    colder = np.cumsum(volume) - volume / 2
    whole = float(np.sum(volume))
    most = np.minimum(whole / _BULK, np.minimum(colder, whole - colder) / _ENDS)
    mask, dose = samples.mask[:known], samples.dose_gy[0, :known]
    if mask[0] != mask[-1] or np.any(mask[1:] != mask[:-1]):
        # ascending within each kind, one kind after the other; there are ten readings at most
        order = np.argsort(mask.astype(np.uint16), kind="stable")
        mask, dose, volume, most = mask[order], dose[order], volume[order], most[order]
    starts = _starts(volume, most, mask)
    size = np.add.reduceat(volume, starts)
    lowest, highest = dose[starts], dose[np.append(starts[1:], known) - 1]
    # what is of one dose keeps it to the last digit
    mean = np.clip(np.add.reduceat(dose * volume, starts) / size, lowest, highest)
    merged = np.concatenate([mean, samples.dose_gy[0, known:]])
    order = ascending(merged)
    return Samples(
        merged[order][None],
        np.concatenate([size, samples.volume_cm3[known:]])[order],
        np.concatenate([mask[starts], samples.mask[known:]])[order],
        np.zeros((3, 0)),
    )


def _starts(volume_cm3: FloatArray, most_cm3: FloatArray, mask: IntArray) -> IntArray:
    """Where a new sample begins when ascending samples of one kind are merged, each to at most about `most_cm3`."""
    with np.errstate(divide="ignore"):
        step = np.minimum(volume_cm3 / most_cm3, 1.0)
    place = np.floor(np.cumsum(step) - step / 2)
    return np.flatnonzero(np.concatenate([[True], (place[1:] > place[:-1]) | (mask[1:] != mask[:-1])]))
