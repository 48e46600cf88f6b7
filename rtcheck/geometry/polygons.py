"""Between rings (coordinate arrays) and shapely polygons; set operations on plane regions."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import shapely

from rtcheck.geometry.solid import ContourStack
from rtcheck.model.arrays import FloatArray

__all__ = ["combine_regions", "drawn_areas", "plane_region", "rings_of", "signed_area"]


def signed_area(ring: FloatArray) -> float:
    """Area of an open ring (n, 2), positive when anticlockwise; taken about its first vertex to keep digits."""
    x, y = (ring - ring[0]).T
    return float(0.5 * np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def rings_of(region: shapely.Geometry) -> list[FloatArray]:
    """Open rings (n, 2) of the polygons in a region: outer ones anticlockwise, holes clockwise, in a canonical order.

    Lines and points that set operations may leave behind enclose nothing and are dropped.
    """
    parts = shapely.get_parts(region)
    parts = shapely.get_parts(parts) if np.any(shapely.get_type_id(parts) > 3) else parts
    parts = parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 0)]
    rings = []
    for polygon in parts:
        rings.append(_canonical(shapely.get_exterior_ring(polygon), positive=True))
        rings.extend(
            _canonical(shapely.get_interior_ring(polygon, k), positive=False)
            for k in range(shapely.get_num_interior_rings(polygon))
        )
    return sorted(rings, key=lambda ring: ring.ravel().tolist())


def _canonical(ring: shapely.Geometry, *, positive: bool) -> FloatArray:
    """Open coordinates from the lexicographically smallest vertex on, in the wanted sense of rotation."""
    xy = shapely.get_coordinates(ring)[:-1]
    if (signed_area(xy) > 0) != positive:
        xy = xy[::-1]
    first = int(np.lexsort((xy[:, 1], xy[:, 0]))[0])
    return np.concatenate([xy[first:], xy[:first]])


@lru_cache(maxsize=1024)  # a stack is the leaf of several expressions, and each is looked at several times
def plane_region(stack: ContourStack, plane: int) -> shapely.Geometry:
    """Build the region of one plane of a stack, rings combined by even-odd parity.

    This does not look at the rings' winding, so that its area is a second opinion on what occupancy finds.
    """
    first, last = int(stack.plane_starts[plane]), int(stack.plane_starts[plane + 1])
    starts = stack.ring_starts
    region: shapely.Geometry = shapely.polygons(stack.points_mm[starts[first] : starts[first + 1]])
    for r in range(first + 1, last):
        region = shapely.symmetric_difference(region, shapely.polygons(stack.points_mm[starts[r] : starts[r + 1]]))
    return region


@lru_cache(maxsize=8)
def drawn_areas(stack: ContourStack) -> FloatArray:
    """(planes,) area of `plane_region` of each plane, mm²; planes of one contour are measured all at once."""
    starts, of_plane = stack.ring_starts, stack.plane_starts
    out = np.empty(len(of_plane) - 1)
    single = np.diff(of_plane) == 1
    rings = of_plane[:-1][single]
    counts = np.diff(starts)[rings]
    owner = np.repeat(np.arange(len(rings)), counts)
    points = np.arange(len(owner)) + np.repeat(starts[rings] - (np.cumsum(counts) - counts), counts)
    if len(rings):
        out[single] = shapely.area(shapely.polygons(shapely.linearrings(stack.points_mm[points], indices=owner)))
    for plane in np.flatnonzero(~single).tolist():
        out[plane] = shapely.area(plane_region(stack, plane))
    out.setflags(write=False)
    return out


def combine_regions(operator: str, left: shapely.Geometry, right: shapely.Geometry) -> shapely.Geometry:
    """``left operator right`` for "-" difference, "|" union, "&" intersection."""
    if operator == "-":
        return shapely.difference(left, right)
    if operator == "|":
        return shapely.union(left, right)
    return shapely.intersection(left, right)
