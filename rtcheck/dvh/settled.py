"""Whether a structure has been sampled finely enough: two independent samplings of it, and where they are compared."""

from __future__ import annotations

import numpy as np

from rtcheck.dvh.sampling import Samples
from rtcheck.dvh.tails import Wanting
from rtcheck.model.arrays import FloatArray

__all__ = ["unsettled"]

_TARGET = 5e-4
"""Sampling error of the mean, D50, D95 and D98 that is good enough, as a share of the maximum dose of the structure or,
where that is more, ..."""
_OF_ALL = 0.25
"""... of this share of the highest dose anywhere; twice this for D2, D5 and the hottest cm³."""
_LEADS = 3.0
"""The two samplings differ by about this many times the error of the finer one."""
_ASKED_SHARE = (0.5, 0.95, 0.98, 0.02, 0.05)
_ASKED_CM3 = (0.03, 0.1, 0.5, 1.0, 5.0)
"""Where the two samplings are compared: D of these shares of the volume and of these volumes, and the mean."""
_EVEN = 4
"""So many of these, from the mean on, are of the bulk or the cold end; the others are of the hot end."""


def unsettled(value: Samples, coarse: Samples, highest_gy: float) -> Wanting | None:
    """Where more samples are needed: the coarse sampling tells how far the fine one can be off.

    Args:
        value: the fine sampling, ascending.
        coarse: the other, ascending.
        highest_gy: of the whole dose.

    Returns:
        None where the fine one is good enough.
    """
    dose = value.dose_gy.sum(axis=0)
    unknown = np.isnan(dose)
    if np.any(unknown) and not np.all(unknown):
        return Wanting(throughout=True)  # the volume outside the dose grid is known by samples alone
    top = float(np.max(dose, initial=0.0, where=~unknown))
    if np.all(unknown) or top == 0:
        return None
    whole = float(np.sum(value.volume_cm3[value.mask & 1 == 1]))
    fine, rough = _asked(value, whole), _asked(coarse, whole)
    if len(fine) != len(rough):  # where the coarse one finds no dose at all
        return Wanting(throughout=True)
    allowed = _LEADS * _TARGET * max(top, _OF_ALL * highest_gy) * np.where(np.arange(len(fine)) < _EVEN, 1.0, 2.0)
    wrong = np.flatnonzero(np.abs(fine - rough) > allowed)
    if len(wrong) == 0:
        return None
    ranks = _ranks(whole)
    return Wanting(
        throughout=bool(wrong[0] < 2),
        hot_cm3=tuple(ranks[i - 1] for i in wrong.tolist() if i >= _EVEN),
        cold_cm3=tuple(whole - ranks[i - 1] for i in wrong.tolist() if 2 <= i < _EVEN),
    )


def _ranks(whole_cm3: float) -> list[float]:
    """Volumes from the hot end, cm³, the doses to which are compared."""
    return [*(share * whole_cm3 for share in _ASKED_SHARE), *(cm3 for cm3 in _ASKED_CM3 if cm3 < whole_cm3 / 2)]


def _asked(samples: Samples, whole_cm3: float) -> FloatArray:
    """Mean and doses to parts of a volume of `whole_cm3`, Gy; empty when no dose is known."""
    dose = samples.dose_gy.sum(axis=0)
    member = np.flatnonzero((samples.mask & 1 == 1) & ~np.isnan(dose))
    if len(member) == 0:
        return np.zeros(0)
    member = member[::-1]  # samples ascend
    dose, volume = dose[member], samples.volume_cm3[member]
    at = np.cumsum(volume) - volume / 2
    return np.concatenate([[np.sum(dose * volume) / np.sum(volume)], np.interp(_ranks(whole_cm3), at, dose)])
