"""What few contour planes do not show: how far a solid bulges or tapers between them.

Neighbouring contours that are nearly equal tell both structure models the same, upright walls; their difference then
says nothing about the error. Yet a round solid that n planes of distance h meet is about n h high, so its wall is an
arc of radius n h / 2 and stands out from the chord between two contours by its sagitta, h / 2 (n - √(n² - 1)), about
h / (4 n): 0.3 mm for two planes 2.5 mm apart. Either way, since whether the wall is drawn at its widest is as unknown.
With five planes or more the two models tell it apart.
"""

from __future__ import annotations

import math

import numpy as np

from rtcheck.dvh.curve import DVH
from rtcheck.dvh.field import Quantity
from rtcheck.dvh.local import LocalDose, local_dose
from rtcheck.dvh.quantity import total
from rtcheck.dvh.sampling import Samples
from rtcheck.geometry.ends import plane_areas, plane_perimeters
from rtcheck.geometry.solid import ContourStack
from rtcheck.model.arrays import FloatArray, frozen

__all__ = ["bulge_mm", "bulge_share", "rounded", "surface_slope"]

_ENOUGH = 5
"""Planes from which on nothing is added."""
_UNEVEN = 0.1
"""The two sides of a solid need not bulge alike: the median moves by this share of what the ends do."""
_ALIKE = 0.01
"""Slopes are averaged over samples this share of the volume colder and hotter."""


def bulge_mm(stack: ContourStack) -> float:
    """Return how far the wall between contours may stand out or in, mm; 0 for five planes or more."""
    count = len(stack.planes_mm)
    if count >= _ENOUGH:
        return 0.0
    step = float(np.median(np.diff(stack.planes_mm))) if count > 1 else (stack.thickness_mm or 0.0)
    return step / 2 * (count - math.sqrt(count * count - 1)) if count > 1 else step / 4


def bulge_share(stack: ContourStack) -> float:
    """Return how much the volume grows, relative to it, where the wall stands out; 0 but for two planes.

    Two contours do not show whether the solid is larger between them than at either; a third one would.
    """
    if len(stack.planes_mm) != 2:
        return 0.0
    return bulge_mm(stack) * float(plane_perimeters(stack).sum() / plane_areas(stack).sum())


def surface_slope(local: LocalDose, samples: Samples, reach_mm: float) -> FloatArray:
    """(parts, n) how far the dose changes within `reach_mm` of each sample in the plane of the contours, Gy.

    Where the dose grid ends on one side the other side alone tells; 0 where the dose is unknown.
    """
    u, v, w = samples.points_mm
    sides = []
    for du, dv in ((reach_mm, 0.0), (0.0, reach_mm)):
        both = [np.abs(local_dose(local, u + i * du, v + i * dv, w) - samples.dose_gy) for i in (-1, 1)]
        sides.append(np.fmax(*both))
    return np.asarray(np.nan_to_num(np.hypot(*sides), nan=0.0))


def rounded(
    value: DVH,
    samples: Samples,
    slope_gy: FloatArray,
    fractions: tuple[int, ...],
    quantity: Quantity,
    share_out: float = 0.0,
) -> list[tuple[str, DVH]]:
    """Return the histogram with the surface moved out and in, as readings with their labels.

    The ends of the histogram are what lies at the surface: they move by what the dose changes there, the median hardly,
    and between them every dose by its rank. Parts of a course count as if all fell off the same way.

    Args:
        value: the histogram.
        samples: of the same solid.
        slope_gy: `surface_slope` of them.
        fractions: (parts,) number of fractions of each part.
        quantity: of `value`.
        share_out: how much larger the volume is where the surface lies further out, relative to it.
    """
    dose = total(samples.dose_gy, fractions, quantity)
    known = np.flatnonzero((samples.mask & 1 == 1) & ~np.isnan(dose))
    if len(known) == 0 or len(value.dose_gy) == 0:
        return []
    known = known[np.argsort(dose[known], kind="stable")]
    step = (total(samples.dose_gy + slope_gy, fractions, quantity) - dose)[known]
    volume = samples.volume_cm3[known]
    share = np.append(0.0, np.cumsum(volume) / np.sum(volume))
    summed = np.append(0.0, np.cumsum(step * volume) / np.sum(volume))
    rank = (np.cumsum(value.volume_cm3) - value.volume_cm3 / 2) / np.sum(value.volume_cm3)

    def mean_step(at: FloatArray) -> FloatArray:
        low, high = np.maximum(at - _ALIKE, 0.0), np.minimum(at + _ALIKE, 1.0)
        return np.asarray((np.interp(high, share, summed) - np.interp(low, share, summed)) / (high - low))

    part = 2 * rank - 1
    shift = np.where(part < -_UNEVEN, part, np.maximum(part, _UNEVEN)) * mean_step(rank)
    ends = mean_step(np.array([0.0, 1.0])).tolist()
    out = []
    for label, sign in (("surface further out", 1), ("surface further in", -1)):
        moved = np.sort(np.maximum(value.dose_gy + sign * shift, 0.0))
        lowest, highest = value.minimum_gy - sign * ends[0], value.maximum_gy + sign * ends[1]
        out.append(
            (
                label,
                DVH(
                    dose_gy=frozen(moved),
                    volume_cm3=value.volume_cm3 if sign < 0 else frozen(value.volume_cm3 * (1 + share_out)),
                    minimum_gy=min(max(lowest, 0.0), float(moved[0])),
                    maximum_gy=max(highest, float(moved[-1])),
                    outside_cm3=value.outside_cm3 * (1 + share_out if sign > 0 else 1),
                ),
            )
        )
    return out
