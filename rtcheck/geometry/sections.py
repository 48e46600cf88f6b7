"""The area of a cross-section between contours, from the areas on the contours.

Areas of spheres, ellipsoids and cones are quadratics in w, those of bodies like lying cylinders and tori the roots of
one. A polynomial through the areas, or through their squares, is therefore exact for all of these, where interpolated
distances alone fall short of the steep sides next to a tip.
"""

from __future__ import annotations

import numpy as np

from rtcheck.geometry.ends import Tip
from rtcheck.geometry.solid import ContourStack
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["area_between", "lagrange_weights", "same_as_next", "stencil", "stencil_knots"]


def same_as_next(stack: ContourStack) -> tuple[bool, ...]:
    """Tell for each pair of neighbouring planes whether their contours are the same, point for point."""
    first, last = stack.plane_starts[:-1], stack.plane_starts[1:]
    begin, end = stack.ring_starts[first], stack.ring_starts[last]
    out = []
    for j in range(len(first) - 1):
        here, there = (stack.ring_starts[first[k] : last[k] + 1] - begin[k] for k in (j, j + 1))
        equal = np.array_equal(here, there)
        out.append(
            equal and np.array_equal(stack.points_mm[begin[j] : end[j]], stack.points_mm[begin[j + 1] : end[j + 1]])
        )
    return tuple(out)


def stencil(trusted: tuple[bool, ...], pair: int) -> range:
    """Planes through which the surface between `pair` and the next is interpolated: up to one more on either side."""
    first = pair - 1 if pair > 0 and trusted[pair - 1] else pair
    last = pair + 2 if pair + 1 < len(trusted) and trusted[pair + 1] else pair + 1
    return range(first, last + 1)


def lagrange_weights(knots: FloatArray, w: FloatArray) -> FloatArray:
    """(n, k) weights of the polynomials through all knots.

    Args:
        knots: (n, k) knots; those that are NaN are left out and get the weight 0.
        w: (n,) where.
    """
    out = np.ones(knots.shape)
    for a in range(knots.shape[1]):
        for b in range(knots.shape[1]):
            if a != b:
                factor = (w - knots[:, b]) / (knots[:, a] - knots[:, b])
                out[:, a] *= np.where(np.isnan(knots[:, b]), 1.0, factor)
    return np.where(np.isnan(knots), 0.0, out)


def stencil_knots(planes: FloatArray, trusted: tuple[bool, ...], pair: IntArray) -> tuple[IntArray, FloatArray]:
    """First plane of the `stencil` of each pair, and the planes' w, (n, 4), NaN beyond the stencil."""
    near = [stencil(trusted, j) for j in range(len(trusted))]
    first = np.array([each.start for each in near], dtype=np.int64)[pair]
    count = np.array([len(each) for each in near], dtype=np.int64)[pair]
    at = first[:, None] + np.arange(4)
    return first, np.where(np.arange(4) < count[:, None], planes[np.minimum(at, len(planes) - 1)], np.nan)


def area_between(
    planes: FloatArray,
    areas: FloatArray,
    tips: tuple[Tip, Tip],
    trusted: tuple[bool, ...],
    pair: IntArray,
    w: FloatArray,
) -> FloatArray:
    """Area of the cross-section at each w between a plane `pair` and the next, mm².

    The law (areas or their squares) is that of the nearer end. The area leaves the range between its two planes only
    where the planes beyond say that there is a waist or a belly.

    Args:
        planes: (m,) w of the planes.
        areas: (m,) area on each.
        tips: both ends, the lower one first.
        trusted: (m - 1) whether the surface between each pair of planes is interpolated, see `stencil`.
        pair: (n,) index of the lower plane.
        w: (n,) between the two planes.
    """
    first, knots = stencil_knots(planes, trusted, pair)
    last = len(planes) - 2
    power = np.where(2 * pair > last, tips[1].power, tips[0].power)
    at = np.minimum(first[:, None] + np.arange(4), last + 1)
    law = areas[at] ** (1 / power)[:, None]
    found = np.maximum((lagrange_weights(knots, w) * law).sum(axis=1), 0.0) ** power
    here, there = areas[pair], areas[pair + 1]
    low, high = np.minimum(here, there), np.maximum(here, there)
    # NaN, where nothing is known beyond, compares as false
    before = np.where(
        first < pair, areas[np.maximum(pair - 1, 0)], np.where((pair == 0) & tips[0].tapered, 0.0, np.nan)
    )
    more = first + np.count_nonzero(~np.isnan(knots), axis=1) > pair + 2
    after = np.where(
        more, areas[np.minimum(pair + 2, last + 1)], np.where((pair == last) & tips[1].tapered, 0.0, np.nan)
    )
    belly, waist = (before <= here) & (after <= there), (before >= here) & (after >= there)
    return np.asarray(np.clip(found, np.where(waist, 0.5 * low, low), np.where(belly, 1.5 * high, high)))
