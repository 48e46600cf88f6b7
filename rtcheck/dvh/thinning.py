"""Fewer samples that say the same: neighbours in dose become one where their volume is small against what is asked.

A sampling is made fine so that its samples lie everywhere; once they are in order of dose, far fewer tell every rank.
"""

from __future__ import annotations

import numpy as np

from rtcheck.dvh.sampling import Samples, ascending
from rtcheck.model.arrays import FloatArray

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
    doses, volumes, masks = [], [], []
    for mask in np.flatnonzero(np.bincount(samples.mask[:known])).tolist():
        at = np.flatnonzero(samples.mask[:known] == mask)
        dose, size = _merged(samples.dose_gy[0, at], volume[at], most[at])
        doses.append(dose)
        volumes.append(size)
        masks.append(np.full(len(dose), mask, dtype=np.int64))
    rest = slice(known, None)
    dose = np.concatenate([*doses, samples.dose_gy[0, rest]])
    order = ascending(dose)
    return Samples(
        dose[order][None],
        np.concatenate([*volumes, samples.volume_cm3[rest]])[order],
        np.concatenate([*masks, samples.mask[rest]])[order],
        np.zeros((3, 0)),
    )


def _merged(dose_gy: FloatArray, volume_cm3: FloatArray, most_cm3: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Merge ascending samples of one kind, each to at most about `most_cm3`."""
    with np.errstate(divide="ignore"):
        step = np.minimum(volume_cm3 / most_cm3, 1.0)
    place = np.floor(np.cumsum(step) - step / 2)
    starts = np.flatnonzero(np.append(True, place[1:] > place[:-1]))
    size = np.add.reduceat(volume_cm3, starts)
    lowest, highest = dose_gy[starts], dose_gy[np.append(starts[1:], len(dose_gy)) - 1]
    mean = np.add.reduceat(dose_gy * volume_cm3, starts) / size
    return np.clip(mean, lowest, highest), size  # what is of one dose keeps it to the last digit
