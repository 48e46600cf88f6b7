"""Points on and in a solid made of plane regions, and how far other points are from it."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from rtcheck.geometry.nearest import tree_of
from rtcheck.geometry.slabs import Slabs, thick
from rtcheck.model.arrays import FloatArray

__all__ = ["Body", "depth_in", "distance_from", "filling_points", "inside", "surface_points"]


_SOME = 60
"""Surface points that give quick upper bounds of distances."""


class Body:
    """A solid prepared for many questions about points: which are inside, and how far from it the others are.

    Distances are to points set on the surface `step_mm` apart: never too short, and too long by at most
    ``step_mm² / (4 d)`` at the distance d.
    """

    def __init__(self, slabs: Slabs, step_mm: float) -> None:
        self.slabs = thick(slabs)
        self.step_mm = step_mm
        shapely.prepare(self.slabs.regions)
        surface = surface_points(slabs, step_mm)
        self._tree = tree_of(surface)
        self._box = self.slabs.bounds
        self._some = surface[:: max(len(surface) // _SOME, 1)]

    @property
    def surface(self) -> FloatArray:
        """(n, 3) points u, v, w on the surface, about `step_mm` apart."""
        return np.asarray(self._tree.data)

    def inside(self, points: FloatArray) -> NDArray[np.bool_]:
        """(n,) whether each of the points (n, 3), u v w in mm, is inside."""
        return inside(self.slabs, points)

    def distance(self, points: FloatArray, most_mm: float = np.inf) -> FloatArray:
        """(n,) distance of points (n, 3) from the solid in mm, 0 inside; infinite beyond `most_mm`."""
        out = np.zeros(len(points))
        outside = np.flatnonzero(~self.inside(points))
        out[outside] = self._tree.query(points[outside], distance_upper_bound=most_mm)[0]
        return out

    def bounds_of_distance(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return quick lower and upper bounds, (n,), of the distance: from the box, and from a few surface points."""
        low, high = self._box
        least = np.sqrt(np.sum(np.maximum(np.maximum(low - points, points - high), 0.0) ** 2, axis=1))
        return least, np.asarray(tree_of(self._some).query(points, eps=0.5)[0], dtype=np.float64)

    def at_distance(self, points: FloatArray, distance_mm: float) -> FloatArray:
        """(n, 3) points outside the solid moved along the line to its nearest point until they are so far from that."""
        nearest = np.asarray(self._tree.data)[self._tree.query(points)[1]]
        away = points - nearest
        length = np.linalg.norm(away, axis=1)
        return np.asarray(nearest + away * (distance_mm / np.maximum(length, 1e-9))[:, None])

    def to_surface(self, points: FloatArray, most_mm: float) -> FloatArray:
        """(n,) distance of points (n, 3) from the surface in mm, inside or outside; infinite beyond `most_mm`."""
        return np.asarray(self._tree.query(points, distance_upper_bound=most_mm)[0], dtype=np.float64)


def inside(slabs: Slabs, points: FloatArray) -> NDArray[np.bool_]:
    """(n,) whether points (n, 3) are inside a solid without gaps along w (see `thick`), or on its surface."""
    out = np.zeros(len(points), dtype=bool)
    if slabs.empty or len(points) == 0:
        return out
    at = np.clip(np.searchsorted(slabs.lower, points[:, 2], side="right") - 1, 0, len(slabs.lower) - 1)
    held = np.flatnonzero((points[:, 2] >= slabs.lower[at]) & (points[:, 2] <= slabs.upper[at]))
    order = held[np.argsort(at[held], kind="stable")]
    for slab, group in _groups(at[order]):
        chosen = order[group]
        out[chosen] = shapely.intersects_xy(slabs.regions[slab], points[chosen, 0], points[chosen, 1])
    return out


def _groups(sorted_labels: NDArray[np.int64]) -> list[tuple[int, slice]]:
    labels, starts = np.unique(sorted_labels, return_index=True)
    ends = [*starts[1:].tolist(), len(sorted_labels)][: len(labels)]
    return [(int(label), slice(a, b)) for label, a, b in zip(labels, starts.tolist(), ends, strict=True)]


def surface_points(slabs: Slabs, step_mm: float) -> FloatArray:
    """(n, 3) points u, v, w on the walls and on the faces that other slabs do not cover, about `step_mm` apart."""
    rings, owner = shapely.get_coordinates(
        shapely.segmentize(shapely.boundary(slabs.regions), step_mm), return_index=True
    )
    height = slabs.upper - slabs.lower
    levels = np.where(height > 0, np.ceil(height / step_mm).astype(np.int64) + 1, 1)
    count = levels[owner]
    point = np.repeat(np.arange(len(owner)), count)
    k = np.arange(len(point)) - np.repeat(np.cumsum(count) - count, count)
    share = k / np.maximum(count[point] - 1, 1)
    slab = owner[point]
    walls = np.column_stack([rings[point], slabs.lower[slab] + share * height[slab]])
    return np.concatenate([walls, *_faces(slabs, step_mm)])


def _faces(slabs: Slabs, step_mm: float) -> list[FloatArray]:
    """Faces: both ends, and wherever the cross-section changes from one slab to the next."""
    out = [
        _spread(slabs.regions[0], float(slabs.lower[0]), step_mm),
        _spread(slabs.regions[-1], float(slabs.upper[-1]), step_mm),
    ]
    regions = slabs.regions
    reach = slabs.step_mm * 1.5 + 1e-6
    apart = slabs.lower[1:] - slabs.upper[:-1] > reach
    for j in np.flatnonzero(apart).tolist():
        out += [
            _spread(regions[j], float(slabs.upper[j]), step_mm),
            _spread(regions[j + 1], float(slabs.lower[j + 1]), step_mm),
        ]
    joined = np.flatnonzero(~apart)
    exposed = shapely.symmetric_difference(regions[joined], regions[joined + 1])
    for j, region in zip(joined.tolist(), exposed, strict=True):
        out.append(_spread(region, float((slabs.upper[j] + slabs.lower[j + 1]) / 2), step_mm))
    return out


def _spread(region: shapely.Geometry, w: float, step_mm: float) -> FloatArray:
    """(n, 3) points of a square lattice inside a region, at w."""
    if shapely.is_empty(region):
        return np.zeros((0, 3))
    low_u, low_v, high_u, high_v = shapely.bounds(region).tolist()
    u, v = (np.arange(low + step_mm / 2, high, step_mm) for low, high in ((low_u, high_u), (low_v, high_v)))
    grid_u, grid_v = (a.ravel() for a in np.meshgrid(u, v))
    shapely.prepare(region)
    held = shapely.contains_xy(region, grid_u, grid_v)
    return np.column_stack([grid_u[held], grid_v[held], np.full(int(np.count_nonzero(held)), w)])


def filling_points(slabs: Slabs, step_mm: float) -> FloatArray:
    """(n, 3) points in the solid on a cubic lattice."""
    whole = thick(slabs)
    out = [np.zeros((0, 3))]
    low, high = float(whole.lower[0]), float(whole.upper[-1])
    for w in np.arange(low + step_mm / 2, high, step_mm).tolist():
        j = int(np.searchsorted(whole.lower, w, side="right")) - 1
        if w <= whole.upper[j]:
            out.append(_spread(whole.regions[j], w, step_mm))
    return np.concatenate(out)


def distance_from(slabs: Slabs, points: FloatArray) -> FloatArray:
    """(n,) exact distance of points (n, 3) from a solid, 0 inside: over all slabs, so for few points."""
    flat = shapely.points(points[:, :2])
    out = np.full(len(points), np.inf)
    for region, low, high in zip(slabs.regions, slabs.lower.tolist(), slabs.upper.tolist(), strict=True):
        rise = np.maximum(np.maximum(low - points[:, 2], points[:, 2] - high), 0.0)
        near = np.flatnonzero(rise < out)
        if len(near):
            out[near] = np.minimum(out[near], np.hypot(rise[near], shapely.distance(region, flat[near])))
    return np.asarray(out, dtype=np.float64)


def depth_in(slabs: Slabs, points: FloatArray) -> FloatArray:
    """(n,) exact distance of points inside a solid without gaps from its surface, 0 outside: for few points."""
    flat = shapely.points(points[:, :2])
    w = points[:, 2]
    edges = shapely.boundary(slabs.regions)
    ends = np.minimum(w - slabs.lower[0], slabs.upper[-1] - w)
    out = np.maximum(ends, 0.0)
    holes = np.flatnonzero(slabs.lower[1:] - slabs.upper[:-1] > 1e-6)
    for j in holes.tolist():
        out = np.minimum(out, np.maximum(np.maximum(slabs.upper[j] - w, w - slabs.lower[j + 1]), 0.0))
    # the nearest slabs first, so that most of the others cannot be nearer still
    middle = float(np.median(w)) if len(w) else 0.0
    for s in np.argsort(np.maximum(slabs.lower - middle, middle - slabs.upper), kind="stable").tolist():
        region, edge = slabs.regions[s], edges[s]
        rise = np.maximum(np.maximum(slabs.lower[s] - w, w - slabs.upper[s]), 0.0)
        near = np.flatnonzero(rise < out)
        if len(near):
            held = shapely.intersects(region, flat[near])
            across = np.where(held, shapely.distance(edge, flat[near]), 0.0)
            out[near] = np.minimum(out[near], np.hypot(rise[near], across))
    return np.asarray(out, dtype=np.float64)
