"""The region that the contours of one plane enclose, as simple rings, and how far readers could differ about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from rtcheck.geometry.polygons import rings_of, signed_area
from rtcheck.model.arrays import FloatArray

__all__ = ["PlaneRegion", "canonical_ring", "canonical_rings", "resolve_plane", "resolve_planes"]


@dataclass(frozen=True, slots=True)
class PlaneRegion:
    """What the contours of one plane enclose.

    Attributes:
        rings: (n, 2) open rings, simple; outer ones anticlockwise, holes clockwise; in canonical order.
        area_mm2: enclosed area under the even-odd rule.
        crossing_mm2: area within single contours on which even-odd, non-zero and signed winding do not all agree.
        overlap_mm2: area on which union and exclusive-or differ between contours that are neither nested nor disjoint.
        duplicates: exact copies that were dropped.
        resolved: contours that touch or retrace themselves, read by the even-odd rule.
    """

    rings: tuple[FloatArray, ...]
    area_mm2: float
    crossing_mm2: float
    overlap_mm2: float
    duplicates: int
    resolved: int


def canonical_ring(ring: FloatArray) -> FloatArray:
    """Return the same ring, anticlockwise, starting at its lexicographically smallest vertex.

    When that vertex occurs more than once, the rotation whose coordinates come first is taken.
    """
    if signed_area(ring) < 0:
        ring = ring[::-1]
    candidates = np.flatnonzero(ring[:, 0] == ring[:, 0].min())
    candidates = candidates[ring[candidates, 1] == ring[candidates, 1].min()]
    if len(candidates) == 1:
        first = int(candidates[0])
        return np.concatenate([ring[first:], ring[:first]])
    return min((np.roll(ring, -int(c), axis=0) for c in candidates), key=lambda r: r.ravel().tolist())


def canonical_rings(rings: list[FloatArray]) -> list[FloatArray]:
    """Return what `canonical_ring` gives for each ring, of all at once."""
    counts = np.array([len(ring) for ring in rings])
    ends = np.cumsum(counts)
    starts = ends - counts
    points = np.concatenate(rings)
    x, y = points.T
    lowest = x == np.repeat(np.minimum.reduceat(x, starts), counts)
    of_lowest = np.where(lowest, y, np.inf)
    candidate = lowest & (y == np.repeat(np.minimum.reduceat(of_lowest, starts), counts))
    several = np.add.reduceat(candidate, starts, dtype=np.int64) > 1
    first = np.zeros(len(rings), dtype=np.int64)
    at = np.flatnonzero(candidate)
    first[np.repeat(np.arange(len(rings)), counts)[at]] = at
    following = np.arange(1, len(points) + 1)
    following[ends - 1] = starts
    # about each ring's first vertex, to keep digits
    from_x, from_y = x - np.repeat(x[starts], counts), y - np.repeat(y[starts], counts)
    turn = np.add.reduceat(from_x * from_y[following] - from_x[following] * from_y, starts)
    sense = np.where(turn < 0, -1, 1)
    step = np.arange(len(points)) - np.repeat(starts, counts)
    place = np.repeat(first - starts, counts) + np.repeat(sense, counts) * step
    ordered = points[np.repeat(starts, counts) + place % np.repeat(counts, counts)]
    return [
        canonical_ring(ring) if doubtful else ordered[start:end]
        for ring, doubtful, start, end in zip(rings, several.tolist(), starts.tolist(), ends.tolist(), strict=True)
    ]


def resolve_planes(planes: list[list[FloatArray]], *, exclusive: bool) -> list[PlaneRegion]:
    """Read the contours of each plane, as `resolve_plane` does.

    Most planes hold one contour that nothing is wrong with: these are looked at all at once.
    """
    single = [j for j, rings in enumerate(planes) if len(rings) == 1]
    plain: dict[int, PlaneRegion] = {}
    if single:
        alone = dict(zip(single, canonical_rings([planes[j][0] for j in single]), strict=True))
        owner = np.repeat(np.arange(len(single)), [len(alone[j]) for j in single])
        polygons = shapely.polygons(shapely.linearrings(np.concatenate(list(alone.values())), indices=owner))
        sound = shapely.is_valid(polygons)
        for j, valid, area in zip(single, sound.tolist(), shapely.area(polygons).tolist(), strict=True):
            if valid and area > 0:
                plain[j] = PlaneRegion((alone[j],), area, 0.0, 0.0, 0, 0)
    return [
        plain[j] if j in plain else resolve_plane(rings, exclusive=exclusive) for j, rings in enumerate(planes)
    ]


def resolve_plane(rings: list[FloatArray], *, exclusive: bool) -> PlaneRegion:
    """Read the contours of one plane by the even-odd rule, and measure where another reading would differ.

    Args:
        rings: (n, 2) u, v of each contour, any winding, first point not repeated.
        exclusive: contours are of type CLOSEDPLANAR_XOR, so that exclusive-or is the rule and overlap no ambiguity.
    """
    ordered = sorted((canonical_ring(ring) for ring in rings), key=lambda r: r.ravel().tolist())
    unique: list[FloatArray] = []
    for ring in ordered:
        if not unique or ring.shape != unique[-1].shape or not np.array_equal(ring, unique[-1]):
            unique.append(ring)
    duplicates = len(ordered) - len(unique)
    crossing, resolved = 0.0, 0
    shapes = []
    for ring in unique:
        polygon = shapely.polygons(ring)
        if not shapely.is_valid(polygon):
            polygon, differs = _self_touching(ring)
            crossing += differs
            resolved += 1
        if shapely.area(polygon) > 0:
            shapes.append(polygon)
    if len(shapes) == 1:
        region = shapes[0]
        overlap = 0.0
    elif shapes:
        region, overlap = _combine(shapes, exclusive=exclusive)
    else:
        return PlaneRegion((), 0.0, crossing, 0.0, duplicates, resolved)
    out = tuple(rings_of(region))
    return PlaneRegion(out, float(shapely.area(region)), crossing, overlap, duplicates, resolved)


def _combine(shapes: list[shapely.Geometry], *, exclusive: bool) -> tuple[shapely.Geometry, float]:
    """Exclusive-or of several polygons, and the area of partial overlap that union would have kept."""
    overlap = 0.0
    if not exclusive:
        tree = shapely.STRtree(shapes)
        left, right = tree.query(shapes, predicate="intersects")
        areas = shapely.area(shapes)
        for a, b in sorted({(int(i), int(j)) for i, j in zip(left, right, strict=True) if i < j}):
            common = float(shapely.area(shapely.intersection(shapes[a], shapes[b])))
            smaller = float(min(areas[a], areas[b]))
            if 1e-9 * smaller < common < (1 - 1e-6) * smaller:
                overlap += common
    region = shapes[0]
    for other in shapes[1:]:
        region = shapely.symmetric_difference(region, other)
    return region, overlap


def _self_touching(ring: FloatArray) -> tuple[shapely.Geometry, float]:
    """Find the region of a ring that meets itself, and the area on which another reading would differ.

    A channel that is drawn there and back encloses nothing: it joins loops that are contours of their own (a keyhole,
    PS3.3 §C.8.8.6.3), whichever way each of them is wound.
    """
    loops = _without_channels(ring)
    if len(loops) == 1:
        return _even_odd(loops[0])
    regions, differs = [], 0.0
    for loop in loops:
        polygon = shapely.polygons(loop)
        if not shapely.is_valid(polygon):
            polygon, more = _even_odd(loop)
            differs += more
        if shapely.area(polygon) > 0:
            regions.append(polygon)
    if not regions:
        return shapely.Polygon(), differs
    region, overlap = _combine(regions, exclusive=False)
    return region, differs + overlap


def _without_channels(ring: FloatArray) -> list[FloatArray]:
    """Split a ring at every edge that it retraces in the opposite direction; the ring alone where there is none."""
    following = np.roll(ring, -1, axis=0)
    edges = [(tuple(a), tuple(b)) for a, b in zip(ring.tolist(), following.tolist(), strict=True)]
    waiting: dict[tuple[tuple[float, ...], tuple[float, ...]], list[int]] = {}
    dropped: set[int] = set()
    for index, (start, end) in enumerate(edges):
        back = waiting.get((end, start))
        if back:
            dropped |= {index, back.pop()}
        else:
            waiting.setdefault((start, end), []).append(index)
    if not dropped:
        return [ring]
    open_ends: dict[tuple[float, ...], list[tuple[float, ...]]] = {}
    for index, (start, end) in enumerate(edges):
        if index not in dropped:
            open_ends.setdefault(start, []).append(end)
    loops: list[FloatArray] = []
    for index, (start, _) in enumerate(edges):
        while index not in dropped and open_ends.get(start):
            loop, here = [start], open_ends[start].pop(0)
            while here != start:
                loop.append(here)
                here = open_ends[here].pop(0)
            if len(loop) > 2:
                loops.append(np.array(loop))
    return loops or [ring]


def _even_odd(ring: FloatArray) -> tuple[shapely.Geometry, float]:
    """Find the even-odd region of a ring that meets itself, and what the winding rule fills differently."""
    closed = np.vstack([ring, ring[:1]])
    faces = shapely.get_parts(shapely.polygonize([shapely.unary_union(shapely.linestrings(closed))]))
    if len(faces) == 0:
        return shapely.Polygon(), 0.0
    inner = shapely.get_coordinates(shapely.point_on_surface(faces))
    winding = np.array([_winding(ring, point) for point in inner])
    areas = shapely.area(faces)
    # a face of even, non-zero winding is a hole to one reader and filled to the other; of a figure eight, whose lobes
    # are wound opposite ways, both rules fill all, but a reader that goes by the sign keeps one lobe or subtracts it
    differs = float(np.sum(areas[(winding % 2 == 0) & (winding != 0)]))
    differs += float(min(np.sum(areas[winding > 0]), np.sum(areas[winding < 0])))
    return shapely.union_all(faces[winding % 2 == 1]), differs


def _winding(ring: FloatArray, point: FloatArray) -> int:
    """Winding number of a ring about a point that is not on it."""
    start, end = ring - point, np.roll(ring, -1, axis=0) - point
    side = start[:, 0] * end[:, 1] - start[:, 1] * end[:, 0]
    up = (start[:, 1] <= 0) & (end[:, 1] > 0) & (side > 0)
    down = (start[:, 1] > 0) & (end[:, 1] <= 0) & (side < 0)
    return int(np.sum(up)) - int(np.sum(down))
