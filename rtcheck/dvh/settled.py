"""A structure sampled finely enough: two independent samplings are compared, and more are taken until they agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rtcheck.dvh.sampling import Samples, of_reading
from rtcheck.dvh.tails import NOTHING_WANTING, Wanting
from rtcheck.dvh.thinning import thinned
from rtcheck.geometry.variants import Variant
from rtcheck.model.arrays import FloatArray

__all__ = ["settled", "unsettled"]

_Found = TypeVar("_Found")
_FINE = 64_000
"""So many where the first do not agree, ..."""
_MOST = 96_000
"""... and so many where these still do not agree; more would take more memory than all else. Where samplings differ in
the tails or in a band of doses only, these are cut once more instead."""
_MORE = 4
"""Samples of the fine over those of the coarse sampling."""

_TARGET = 5e-4
"""Sampling error of the mean, D50, D95 and the like that is good enough, as a share of the maximum dose of the
structure or, where that is more, ..."""
_OF_ALL = 0.25
"""... of this share of the highest dose anywhere; twice this for D2, D5 and the hottest cm³."""
_RANK = 2e-3
"""And that of V, as a share of the volume: where the dose hardly varies, as in a target, doses settle long before
volumes do. They are compared at every half per cent: at tenths two samplings of a lying cylinder agreed by chance."""
_EVERY = np.arange(1, 200) / 200
_LEAD = 2.0
"""The largest difference of volumes is about this many times the largest error of the finer sampling."""
_OUTSIDE = 5e-4
"""And that of the volume outside the dose grid."""
_SAME = 1e-4
"""Doses that differ by less than this share of the same are one: an even dose has all of the volume at once."""
_LEADS = 3.0
"""The two samplings differ by about this many times the error of the finer one."""
_BULK = (0.1, 0.2, *(part / 40 for part in range(11, 30)), 0.8, 0.9)
"""Where the two samplings are compared, besides the mean: D of these shares of the volume, as many as it takes for
both not to be wrong alike by chance (about the median, where all is sampled finer, every fortieth: at tenths two
samplings of a torus in a step of the dose agreed on a median that was off by 0.23 % of 50 Gy), ..."""
_COLD, _HOT = (0.95, 0.98), (0.02, 0.05)
_HOT_CM3 = (0.03, 0.1, 0.5, 1.0, 5.0)
"""... D of these, and of these volumes."""
_SHARES = (*_BULK, *_COLD, *_HOT)
_END = 0.25
"""What differs within this share of the volume from either end is sampled finer there alone, ..."""
_BESIDE = 0.1
"""... and where doses differ between, as in a steep edge, so much of the volume to either side, ..."""
_BETWEEN = 0.4
"""... unless that is more than this share of it, which is no less work than all of it. Where volumes differ there, all
is sampled finer: in a dose that is even, or jumps from voxel to voxel, cells of any middle may hold it."""


def settled(
    sample: Callable[..., tuple[Samples, _Found]],
    variants: tuple[Variant, ...],
    least: int,
    thin: int,
    highest_gy: float,
) -> tuple[Samples, Samples, _Found]:
    """Sample until a finer and a coarser sampling, which share no sample, agree, or as finely as memory allows.

    Args:
        sample: takes how many samples, the phase of the lattice, what is wanting, the readings and whether anybody
            needs the points; gives the samples and something more.
        variants: the readings; the coarser sampling may do without all but the first.
        least: samples of the first finer sampling ...
        thin: ... unless a thin structure asks for more.
        highest_gy: of the whole dose.

    Returns:
        The finer one, thinned, the coarser one with its points, and what came with the finer one.
    """
    count = max(least, min(thin, _FINE))
    value, more = sample(count, 0.5, NOTHING_WANTING, variants, points=True)
    coarse, _ = sample(count // _MORE, 0.25, NOTHING_WANTING, variants[:1], points=True)
    for phase in (0.25, 0.5):
        wanting = unsettled(value, coarse, highest_gy)
        if wanting is None or (phase == 0.5 and not (wanting.throughout or wanting.between_gy)):
            break
        coarse = of_reading(value, 0)
        if wanting.throughout or least < count < _FINE:
            count = _FINE if count < _FINE else _MOST
            wanting = NOTHING_WANTING
        elif phase == 0.5:
            count = max(count, _FINE)
        value, more = sample(count, phase, wanting, variants, points=phase == 0.25)
    return thinned(value), coarse, more


def unsettled(value: Samples, coarse: Samples, highest_gy: float) -> Wanting | None:
    """Where more samples are needed: the coarse sampling tells how far the fine one can be off.

    Args:
        value: the fine sampling, ascending.
        coarse: the other, ascending.
        highest_gy: of the whole dose.

    Returns:
        None where the fine one is good enough.
    """
    fine, rough = _curve(value), _curve(coarse)
    if len(fine.dose_gy) == 0 or fine.dose_gy[-1] <= 0:
        return None
    top, whole = float(fine.dose_gy[-1]), fine.whole_cm3
    known, rough_known = fine.known_cm3 / whole, rough.known_cm3 / rough.whole_cm3
    if abs(known - rough_known) > _LEADS * _OUTSIDE or len(rough.dose_gy) == 0:
        return Wanting(throughout=True)
    ranks = [*(share * whole for share in _SHARES), *(cm3 for cm3 in _HOT_CM3 if cm3 < whole / 2)]
    reference = max(top, _OF_ALL * highest_gy)
    allowed = _LEADS * _TARGET * reference
    even = len(_BULK) + len(_COLD)
    apart = np.abs(_doses(fine, np.array(ranks)) - _doses(rough, np.array(ranks)))
    wrong = apart > np.where(np.arange(len(ranks)) < even, 1.0, 2.0) * allowed
    volumes = _EVERY[_volumes_differ(rough, _doses(fine, _EVERY * fine.known_cm3), _SAME * reference)]
    here = np.flatnonzero(wrong).tolist()
    if abs(fine.mean_gy - rough.mean_gy) > allowed or np.any((volumes > _END) & (volumes < 1 - _END)):
        return Wanting(throughout=True)
    shares = np.array([ranks[i] for i in here if i < even]) / whole
    hot = [ranks[i] for i in here if i >= even or ranks[i] <= _END * whole]
    cold = [whole - ranks[i] for i in here if i < even and whole - ranks[i] <= _END * whole]
    hot += [float(share) * whole for share in volumes[volumes <= _END][-1:]]
    cold += [float(1 - share) * whole for share in volumes[volumes >= 1 - _END][:1]]
    bands = _bands(shares[(shares > _END) & (shares < 1 - _END)])
    if sum(high - low for low, high in bands) > _BETWEEN:
        return Wanting(throughout=True)
    between = tuple(
        (float(low), float(high)) for high, low in (_doses(fine, np.array(band) * whole) for band in bands)
    )
    return Wanting(hot_cm3=tuple(hot), cold_cm3=tuple(cold), between_gy=between) if hot or cold or between else None


def _bands(shares: FloatArray) -> list[tuple[float, float]]:
    """Return ranges that hold all shares, with `_BESIDE` on either side, none touching another."""
    out: list[tuple[float, float]] = []
    for share in np.sort(shares).tolist():
        if out and share - _BESIDE <= out[-1][1]:
            out[-1] = (out[-1][0], share + _BESIDE)
        else:
            out.append((share - _BESIDE, share + _BESIDE))
    return out


@dataclass(frozen=True, slots=True, eq=False)
class _Curve:
    """What a sampling says of the first reading.

    Attributes:
        dose_gy: (n,) known doses, ascending.
        upto_cm3: (n,) volume that has these doses or less.
        middle_cm3: (n,) the same to the middle of each sample.
        known_cm3, whole_cm3: where the dose is known, and of all.
        mean_gy: where it is known.
    """

    dose_gy: FloatArray
    upto_cm3: FloatArray
    middle_cm3: FloatArray
    known_cm3: float
    whole_cm3: float
    mean_gy: float


def _curve(samples: Samples) -> _Curve:
    dose, volume = samples.dose_gy.sum(axis=0), samples.volume_cm3
    member = np.flatnonzero((samples.mask & 1).astype(bool))
    if len(member) < len(dose):
        dose, volume = dose.take(member), volume.take(member)
    count = len(dose) - int(np.count_nonzero(np.isnan(dose)))  # unknown ones are last
    whole = float(np.sum(volume))
    dose, volume = dose[:count], volume[:count]
    upto = np.cumsum(volume)
    known = float(upto[-1]) if count else 0.0
    mean = float(np.sum(dose * volume)) / known if known > 0 else 0.0
    return _Curve(dose, upto, upto - volume / 2, known, whole, mean)


def _doses(curve: _Curve, ranks_cm3: FloatArray) -> FloatArray:
    """Doses to volumes from the hot end, Gy."""
    return np.interp(curve.known_cm3 - ranks_cm3, curve.middle_cm3, curve.dose_gy)


def _volumes_differ(coarse: _Curve, dose_gy: FloatArray, same_gy: float) -> NDArray[np.bool_]:
    """Whether the coarse sampling has another share of the volume at each dose than that of `_EVERY`, by too much."""
    below = np.concatenate([[0.0], coarse.upto_cm3]) / coarse.known_cm3
    least = 1 - below[np.searchsorted(coarse.dose_gy, dose_gy + same_gy, side="right")]
    most = 1 - below[np.searchsorted(coarse.dose_gy, dose_gy - same_gy, side="left")]
    return np.asarray(np.maximum(least - _EVERY, _EVERY - most) > _LEAD * _RANK)
