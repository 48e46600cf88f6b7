"""Where in a solid the dose is lowest or highest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from rtcheck.dvh.at_points import dose_parts
from rtcheck.dvh.field import DoseField
from rtcheck.geometry.slabs import Slabs, thick
from rtcheck.geometry.surface import filling_points, inside, surface_points
from rtcheck.model.arrays import FloatArray

__all__ = ["Place", "extreme_place"]

_POINTS = 20_000
_STEP_MM = (0.2, 4.0)
_CANDIDATES = 8
_LEAST_STEP_MM = 0.01
_STAR = np.array([(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Place:
    """A point and its dose.

    Attributes:
        at_mm: x, y, z in LPS mm.
        dose_gy: physical dose of the whole course there.
        whole: whether all of the solid is inside the dose grid; if not, the true extreme may lie outside it.
    """

    at_mm: tuple[float, float, float]
    dose_gy: float
    whole: bool = True


def extreme_place(slabs: Slabs, field: DoseField, which: Literal["min", "max"]) -> Place | None:
    """Find the point of a solid with the lowest or the highest dose.

    Points on the surface and in the solid are looked at first, about 20,000 of them; about the best of them the search
    goes on in ever smaller steps, down to 0.01 mm. So the dose found is at most as extreme as that of the metric
    ``Min[Gy]`` or ``Max[Gy]``, and close to it; of equal doses the one lowest in z, y, x is returned.

    Returns:
        The place; None where the solid is empty or lies wholly outside the dose grid.
    """
    if slabs.empty:
        return None
    solid = thick(slabs)
    low, high = slabs.bounds
    step = float(np.clip((np.prod(np.maximum(high - low, 1.0)) / _POINTS) ** (1 / 3), *_STEP_MM))
    points = np.concatenate([surface_points(slabs, step), filling_points(slabs, step)])
    dose = _dose(field, slabs.axes, points)
    known = ~np.isnan(dose)
    if not np.any(known):
        return None
    sign = 1.0 if which == "min" else -1.0
    whole = bool(np.all(known))
    best = _best(points[known], dose[known], sign)
    while step > _LEAST_STEP_MM:
        near = (best[:, None, :] + step * _STAR).reshape(-1, 3)
        near = np.concatenate([best, near[inside(solid, near)]])
        found = _dose(field, slabs.axes, near)
        known = ~np.isnan(found)
        best = _best(near[known], found[known], sign)
        step /= 2
    value = float(_dose(field, slabs.axes, best[:1])[0])
    x, y, z = (slabs.axes.T @ best[0]).tolist()
    return Place((x, y, z), value, whole)


def _dose(field: DoseField, axes: FloatArray, points: FloatArray) -> FloatArray:
    return np.asarray(dose_parts(field, axes, *np.ascontiguousarray(points.T)).sum(axis=0))


def _best(points: FloatArray, dose: FloatArray, sign: float) -> FloatArray:
    """Points of the most extreme doses; among equal ones the order is that of w, v, u, whatever came first."""
    order = np.lexsort((points[:, 0], points[:, 1], points[:, 2], sign * dose))
    return points[order[:_CANDIDATES]]
