"""The area of a cross-section between contours, from the areas on the contours.

Areas of spheres, ellipsoids and cones are quadratics in w, those of bodies like lying cylinders and tori the roots of
one. A polynomial through the areas, or through their squares, is therefore exact for all of these, where interpolated
distances alone fall short of the steep sides next to a tip.
"""

from __future__ import annotations

import numpy as np

from rtcheck.geometry.ends import Tip
from rtcheck.geometry.solid import ContourStack
from rtcheck.model.arrays import FloatArray

__all__ = ["area_between", "lagrange_weights", "same_as_next", "stencil"]


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
    """(len(w), len(knots)) weights of the polynomial through all knots."""
    out = np.ones((len(w), len(knots)))
    for a, knot in enumerate(knots):
        for b, other in enumerate(knots):
            if a != b:
                out[:, a] *= (w - other) / (knot - other)
    return out


def area_between(
    planes: FloatArray, areas: FloatArray, tips: tuple[Tip, Tip], near: range, pair: int, w: FloatArray
) -> FloatArray:
    """Area of the cross-section at each w between plane `pair` and the next, mm².

    The law (areas or their squares) is that of the nearer end. The area leaves the range between its two planes only
    where the planes beyond say that there is a waist or a belly.

    Args:
        planes: (m,) w of the planes.
        areas: (m,) area on each.
        tips: both ends, the lower one first.
        near: planes to go through, see `stencil`.
        pair: index of the lower plane.
        w: (n,) between the two planes.
    """
    upper_half = 2 * pair > len(planes) - 2
    power = tips[1 if upper_half else 0].power
    knots = np.asarray(planes[near.start : near.stop])
    law = areas[near.start : near.stop] ** (1 / power)
    found = np.maximum(lagrange_weights(knots, w) @ law, 0.0) ** power
    low, high = sorted((float(areas[pair]), float(areas[pair + 1])))
    before = float(areas[pair - 1]) if near.start < pair else (0.0 if pair == 0 and tips[0].tapered else None)
    last = len(planes) - 2
    after = float(areas[pair + 2]) if near.stop > pair + 2 else (0.0 if pair == last and tips[1].tapered else None)
    belly = before is not None and after is not None and before <= areas[pair] and after <= areas[pair + 1]
    waist = before is not None and after is not None and before >= areas[pair] and after >= areas[pair + 1]
    return np.clip(found, 0.5 * low if waist else low, 1.5 * high if belly else high)
