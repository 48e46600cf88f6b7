"""How far two solids are apart, or how deep one reaches into the other, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from rtcheck.geometry.nearest import tree_of
from rtcheck.geometry.slabs import Slabs, thick
from rtcheck.geometry.surface import depth_in, filling_points, inside, surface_points
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["Gap", "deepest_point", "smallest_gap"]

_CHUNK = 256
_VERTICES = 20_000
_TOUCH_MM = 1e-9
_POINTS = 1000
_FILL_MM = (0.25, 3.0)
_EPS = 0.25
"""The first look at depths may be short by this share; it only chooses where to look closely."""
_CANDIDATES = 8
_KEPT = 2
_ROUNDS = 7


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """The nearest points of two solids, or the point of one that lies deepest in the other.

    Attributes:
        mm: distance; 0 where the solids touch or overlap.
        first, second: (3,) the points in u, v, w of the solids; the same point where the solids overlap.
    """

    mm: float
    first: FloatArray
    second: FloatArray


def smallest_gap(first: Slabs, second: Slabs) -> Gap:
    """Return the smallest distance between two solids with the same axes, neither empty.

    Between prisms it is exact: the least, over all pairs of slabs, of the distance of their regions in the plane and of
    their faces along w taken together. Sections without thickness are taken as they are; see `thick`.
    """
    lower = np.maximum(first.lower[:, None] - second.upper, second.lower - first.upper[:, None])
    rise = np.maximum(lower, 0.0)
    a, b = shapely.bounds(first.regions), shapely.bounds(second.regions)
    across = [
        np.maximum(np.maximum(a[:, None, k] - b[None, :, k + 2], b[None, :, k] - a[:, None, k + 2]), 0.0)
        for k in (0, 1)
    ]
    bound = np.sqrt(rise**2 + across[0] ** 2 + across[1] ** 2).ravel()
    order = np.argsort(bound, kind="stable")
    best, pair = _between_vertices(first, second, rise)
    shapely.prepare(first.regions)
    for begin in range(0, len(order), _CHUNK):
        chunk = order[begin : begin + _CHUNK]
        chunk = chunk[bound[chunk] < best]
        if not len(chunk) or best <= _TOUCH_MM:
            break
        i, j = np.divmod(chunk, len(second.lower))
        # whether a pair comes nearer than the best is told much sooner than how near it comes
        room = np.sqrt(np.maximum(best**2 - rise[i, j] ** 2, 0.0))
        nearer = shapely.dwithin(first.regions[i], second.regions[j], room)
        i, j = i[nearer], j[nearer]
        if not len(i):
            continue
        found = np.hypot(shapely.distance(first.regions[i], second.regions[j]), rise[i, j])
        k = int(np.argmin(found))
        if found[k] < best:
            best, pair = float(found[k]), (int(i[k]), int(j[k]))
    return Gap(best if best > _TOUCH_MM else 0.0, *_points(first, second, pair))


def _between_vertices(first: Slabs, second: Slabs, rise: FloatArray) -> tuple[float, tuple[int, int]]:
    """Return the distance of two slabs between two of their vertices, near to each other: never below the smallest."""
    (one, i), (two, j) = _vertices(first), _vertices(second)
    _, nearest = tree_of(two).query(one)
    apart = np.hypot(np.linalg.norm(one[:, :2] - two[nearest, :2], axis=1), rise[i, j[nearest]])
    k = int(np.argmin(apart))
    return float(apart[k]), (int(i[k]), int(j[nearest[k]]))


def _vertices(slabs: Slabs) -> tuple[FloatArray, IntArray]:
    """(n, 3) some vertices of the regions, half way up their slabs, and (n,) the slab of each."""
    points, owner = shapely.get_coordinates(slabs.regions, return_index=True)
    some = slice(None, None, 1 + len(points) // _VERTICES)
    points, owner = points[some], owner[some]
    return np.column_stack([points, 0.5 * (slabs.lower + slabs.upper)[owner]]), owner


def _points(first: Slabs, second: Slabs, pair: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    i, j = pair
    line = shapely.get_coordinates(shapely.shortest_line(first.regions[i], second.regions[j]))
    low, high = max(first.lower[i], second.lower[j]), min(first.upper[i], second.upper[j])
    if low <= high:
        w = ((low + high) / 2,) * 2
    elif first.lower[i] > second.upper[j]:
        w = (first.lower[i], second.upper[j])
    else:
        w = (first.upper[i], second.lower[j])
    return np.array([*line[0], w[0]]), np.array([*line[1], w[1]])


def deepest_point(first: Slabs, second: Slabs) -> Gap:
    """Return the point of the first solid that lies deepest in the second, and how deep below its surface.

    Both have the same axes and neither is empty. The depth is 0, at the nearest point, where they do not overlap. It is
    searched from points on and in the first solid and then refined; the result is never more than the true depth.
    """
    first, second = thick(first), thick(second)
    low = np.maximum(first.bounds[0], second.bounds[0])
    high = np.minimum(first.bounds[1], second.bounds[1])
    size = np.maximum(high - low, 1e-3)
    step = float(np.clip((np.prod(size) / _POINTS) ** (1 / 3), *_FILL_MM))
    points = np.concatenate([surface_points(first, step), filling_points(first, step)])
    points = points[np.all((points >= low) & (points <= high), axis=1)]
    points = points[inside(second, points)]
    if len(points) == 0:
        gap = smallest_gap(first, second)
        return Gap(0.0, gap.first, gap.first)
    shapely.prepare(second.regions)
    rough = tree_of(surface_points(second, 2 * step)).query(points, eps=_EPS)[0]
    points = points[np.argsort(-rough, kind="stable")[:_CANDIDATES]]
    depth = depth_in(second, points)
    for _ in range(_ROUNDS):
        near = (points[:, None, :] + step / 2 * _STAR).reshape(-1, 3)
        near = near[inside(first, near)]
        points = np.concatenate([points, near])
        depth = np.concatenate([depth, depth_in(second, near)])
        best = _best(depth)
        points, depth, step = points[best], depth[best], step / 2
    return Gap(float(depth[0]), points[0], points[0])


_STAR = np.array([(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1) if (i, j, k) != (0, 0, 0)])


def _best(depth: FloatArray) -> IntArray:
    return np.argsort(-depth, kind="stable")[:_KEPT].astype(np.int64)
