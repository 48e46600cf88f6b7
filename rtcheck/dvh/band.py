"""The cumulative curve of a structure with its interval, at many doses at once: what a DVH plot draws.

Every point is what the metrics ``V{dose}Gy[cc]`` and ``V{dose}Gy[%]`` give (`rtcheck.dvh.evaluate`), computed for all
doses together; a test holds the two against each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rtcheck.dvh.chance import volumes_apart, volumes_uneven
from rtcheck.dvh.cumulative import DOSE_TOLERANCE, Cumulative, cumulative
from rtcheck.dvh.curve import DVH, StructureDose
from rtcheck.model.arrays import FloatArray

__all__ = ["Band", "band", "drawing_doses"]

_EVEN = 121
_BY_VOLUME = 80


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Volumes (n,) that receive at least each dose, with their interval."""

    low: FloatArray
    value: FloatArray
    high: FloatArray


def drawing_doses(dose: StructureDose, more_gy: tuple[float, ...] = ()) -> FloatArray:
    """Return doses to draw a curve at: (n,) ascending, evenly over the range and evenly over the volume.

    Args:
        dose: of the structure.
        more_gy: doses that must be among them, such as those of limits; those not in the range are left out.

    Returns:
        From 0 to the highest dose of any convention; empty where the structure has no known dose.
    """
    conventions = (dose.value, *(dvh for _, dvh in dose.alternatives))
    tops = [float(cumulative(dvh).dose[0]) for dvh in conventions if len(cumulative(dvh).dose)]
    curve = cumulative(dose.value)
    if not tops or len(curve.dose) == 0:
        return np.zeros(0)
    top = max(tops) + dose.dose_error_gy
    shares = np.linspace(0.0, curve.inside, _BY_VOLUME)
    by_volume = np.interp(shares, curve.volume, curve.dose)
    more = [gray for gray in more_gy if 0 <= gray <= top]
    return np.unique(np.concatenate((np.linspace(0.0, top, _EVEN), by_volume, more)))


def band(dose: StructureDose, doses_gy: FloatArray, *, relative: bool) -> Band | None:
    """Return the volume that receives at least each dose.

    Args:
        dose: of the structure.
        doses_gy: (n,) in the quantity of `dose`.
        relative: per cent of the structure's volume instead of cm3.

    Returns:
        None where the metrics would have no value: a number that is not finite, no volume, or none inside the grid.
    """
    conventions = [cumulative(dvh) for dvh in (dose.value, *(dvh for _, dvh in dose.alternatives))]
    rough = [each for each in (dose.coarse, dose.bent) if dose.coarse is not None and each is not None]
    conventions.extend(cumulative(_without_outside(each, conventions[0])) for each in rough)
    if any(not curve.finite or curve.inside <= 0 for curve in conventions):
        return None
    found = [_of(curve, dose, doses_gy, relative=relative) for curve in conventions]
    sampling = bend = np.zeros(len(doses_gy))
    if len(rough) == 2:
        bend = found.pop().value - found[-1].value
    unit = 100.0 if relative else conventions[0].inside
    if rough:
        apart = [unit * volumes_apart(conventions[0], cumulative(dose.coarse), gray) for gray in doses_gy.tolist()]
        sampling = np.maximum(np.abs(found[0].value - found.pop().value), apart)
    labels = ["", *(label for label, _ in dose.alternatives)]
    uneven = sampling
    for label, curve in zip(labels, conventions, strict=False):
        if label in dose.coarsely[:1]:
            uneven = np.maximum(
                sampling, [unit * volumes_uneven(conventions[0], curve, gray) for gray in doses_gy.tolist()]
            )
    errors = [uneven if label in dose.coarsely else sampling for label in labels]
    low = np.min([one.low - error for one, error in zip(found, errors, strict=True)], axis=0) + np.minimum(bend, 0.0)
    high = np.max([one.high + error for one, error in zip(found, errors, strict=True)], axis=0) + np.maximum(bend, 0.0)
    value = found[0].value
    if relative:
        high = np.minimum(high, 100.0)
    return Band(np.minimum(np.maximum(low, 0.0), value), value, np.maximum(high, value))


def _without_outside(coarse: DVH, value: Cumulative) -> DVH:
    """Return the coarse sampling as `evaluate` takes it: how much lies outside is what the fine one says."""
    return replace(coarse, outside_cm3=0.0) if coarse.outside_cm3 > 0 and value.outside == 0 else coarse


def _of(curve: Cumulative, dose: StructureDose, doses_gy: FloatArray, *, relative: bool) -> Band:
    """Return what one convention says, with the rounding of doses and contours."""
    ascending = np.ascontiguousarray(curve.dose[::-1])
    value = _at_least(curve, ascending, doses_gy)
    lows, highs = [], []
    for shift in (-dose.dose_error_gy, dose.dose_error_gy):
        known = _at_least(curve, ascending, doses_gy + shift)
        still = (known <= 0) | (relative & (known >= curve.inside))
        part = np.where(still, 0.0, dose.volume_error_cm3)
        lows.append(known - part)
        highs.append(known + part + curve.outside)
    low, high = np.maximum(np.minimum(*lows), 0.0), np.maximum(*highs)
    if relative:
        value, low, high = 100.0 * (value / curve.inside), 100.0 * (low / curve.total), 100.0 * (high / curve.total)
    return Band(low, np.minimum(np.maximum(value, low), high), high)


def _at_least(curve: Cumulative, ascending: FloatArray, doses_gy: FloatArray) -> FloatArray:
    """Return what `rtcheck.dvh.cumulative.volume_at_least` returns, for all doses."""
    count = len(ascending) - np.searchsorted(ascending, doses_gy - DOSE_TOLERANCE * np.abs(doses_gy), side="left")
    inner = np.clip(count, 1, len(ascending) - 1)
    above, below = curve.dose[inner - 1], curve.dose[inner]
    span = np.where(above > below, above - below, 1.0)
    with np.errstate(over="ignore"):  # doses that differ by less than can be divided by
        share = np.clip((above - doses_gy) / span, 0.0, 1.0)
    between = curve.volume[inner - 1] + share * (curve.volume[inner] - curve.volume[inner - 1])
    return np.where(count == 0, 0.0, np.where(count == len(ascending), curve.inside, between))
