"""Where the lowest and the highest dose in a solid can be: points that samples at cell centroids never reach.

Between its grid points the dose is linear along each axis of the grid. In a slab of constant cross-section it is therefore
extreme at a dose node inside, where an edge of the cross-section meets a face of a dose cell or turns, on such an
edge's own stationary point, or where a column of nodes enters or leaves the solid (dvh-method §5).
"""

from __future__ import annotations

import numpy as np

from rtcheck.dvh.field import DoseField
from rtcheck.dvh.sampling import Samples, dose_parts
from rtcheck.geometry.interpolate import grid_frame
from rtcheck.geometry.occupancy import split_edges
from rtcheck.geometry.prisms import Prisms
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["grid_lines", "prism_extremes"]

Lines = tuple[FloatArray, FloatArray, FloatArray]


def grid_lines(field: DoseField, axes: FloatArray) -> Lines | None:
    """Positions along u, v and w where a dose grid has voxel centres, all grids of the field together.

    None when some grid's axes are not parallel to u, v, w, in whatever order and sense.
    """
    found: list[list[FloatArray]] = [[], [], []]
    for part in field.parts:
        for grid in part.grids:
            geometry = grid.geometry
            matrix, offset = grid_frame(geometry, axes)
            big = np.abs(matrix) > 1e-9
            if not (np.all(big.sum(axis=0) == 1) and np.all(big.sum(axis=1) == 1)):
                return None
            positions = (
                np.arange(geometry.columns) * geometry.spacing_mm[1],
                np.arange(geometry.rows) * geometry.spacing_mm[0],
                np.asarray(geometry.offsets_mm),
            )
            for axis, values in enumerate(positions):
                target = int(np.argmax(big[axis]))
                found[target].append((values - offset[axis]) / matrix[axis, target])
    u, v, w = (np.unique(np.concatenate(axis)) for axis in found)
    return u, v, w


def prism_extremes(prisms: Prisms, axes: FloatArray, field: DoseField, lines: Lines) -> Samples:
    """Dose at every candidate for an extreme; the samples carry no volume.

    Args:
        prisms: slabs of constant cross-section.
        axes: (3, 3) unit vectors of u, v, w in LPS.
        field: the dose; its grids are parallel to the axes.
        lines: ``grid_lines(field, axes)``.
    """
    heights, slab = _heights(prisms, lines[2])
    u, v, height = _edge_points(prisms, lines, slab)
    on_edges = _dosed(field, axes, u, v, heights[height], prisms.mask[slab[height]])
    u, v, w, mask = _node_points(prisms, lines)
    return _joined(on_edges, _dosed(field, axes, u, v, w, mask))


def _heights(prisms: Prisms, lines: FloatArray) -> tuple[FloatArray, IntArray]:
    """Both faces of every slab and the dose planes between them, and the slab of each."""
    first = np.searchsorted(lines, prisms.lower, side="right")
    count = np.maximum(np.searchsorted(lines, prisms.upper, side="left") - first, 0)
    slab = np.repeat(np.arange(len(count)), count)
    inner = np.arange(len(slab)) - np.repeat(np.cumsum(count) - count, count) + first[slab]
    every = np.arange(len(count))
    return np.concatenate([prisms.lower, prisms.upper, lines[inner]]), np.concatenate([every, every, slab])


def _edge_points(prisms: Prisms, lines: Lines, slab: IntArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Vertices, crossings with cell faces and points between them on the edges of each slab, at each of its heights.

    On a piece inside one cell the dose at constant w is a parabola: three points between its ends leave at most
    1/64 of its second difference unseen, which is below what the sampling resolves.
    """
    points, starts = prisms.points, prisms.ring_starts
    following = np.arange(1, len(points) + 1)
    following[starts[1:] - 1] = starts[:-1]
    owner = np.repeat(prisms.section_of_ring, np.diff(starts))
    u0, u1, v0, v1, owner = split_edges(
        points[:, 0], points[following, 0], points[:, 1], points[following, 1], owner, lines[0]
    )
    v0, v1, u0, u1, owner = split_edges(v0, v1, u0, u1, owner, lines[1])
    # pieces parallel to a grid axis are linear: only slanted ones can peak between their ends
    slanted = np.flatnonzero((u0 != u1) & (v0 != v1))
    u = np.concatenate([u0, *(u0[slanted] + t * (u1 - u0)[slanted] for t in (0.25, 0.5, 0.75))])
    v = np.concatenate([v0, *(v0[slanted] + t * (v1 - v0)[slanted] for t in (0.25, 0.5, 0.75))])
    owner = np.concatenate([owner, *(owner[slanted] for _ in range(3))])
    order = np.argsort(owner, kind="stable")
    u, v, owner = u[order], v[order], owner[order]
    begin = np.searchsorted(owner, np.arange(len(prisms.areas)), side="left")
    length = np.searchsorted(owner, np.arange(len(prisms.areas)), side="right") - begin
    section = prisms.section[slab]
    height = np.repeat(np.arange(len(slab)), length[section])
    at = np.arange(len(height)) - np.repeat(np.cumsum(length[section]) - length[section] - begin[section], length[section])
    return u[at], v[at], height


def _node_points(prisms: Prisms, lines: Lines) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    """Dose nodes inside, and where columns of nodes (u, v) pass through a face of a slab into the open."""
    low, high = prisms.points.min(axis=0), prisms.points.max(axis=0)
    us = lines[0][(lines[0] >= low[0]) & (lines[0] <= high[0])]
    vs = lines[1][(lines[1] >= low[1]) & (lines[1] <= high[1])]
    inside = _nodes_inside(prisms, us, vs)
    found: list[tuple[FloatArray, FloatArray, FloatArray, IntArray]] = []

    def add(which: np.ndarray, w: float, mask: int) -> None:
        rows, columns = np.nonzero(which)
        found.append((us[columns], vs[rows], np.full(len(rows), w), np.full(len(rows), mask, dtype=np.int64)))

    for s, (lower, upper, section, mask) in enumerate(zip(
        prisms.lower.tolist(), prisms.upper.tolist(), prisms.section.tolist(), prisms.mask.tolist(), strict=True
    )):
        here = inside[section]
        first, last = np.searchsorted(lines[2], lower, side="right"), np.searchsorted(lines[2], upper, side="left")
        for w in lines[2][first:last].tolist():
            add(here, w, mask)
        for face, touching in ((lower, prisms.upper == lower), (upper, prisms.lower == upper)):
            covered = np.zeros_like(here)
            for other in np.flatnonzero(touching & ((prisms.mask & mask) == mask)).tolist():
                if other != s:
                    covered |= inside[prisms.section[other]]
            add(here & ~covered, face, mask)
    if not found:
        none = np.zeros(0)
        return none, none, none, np.zeros(0, dtype=np.int64)
    u, v, w, masks = (np.concatenate(column) for column in zip(*found, strict=True))
    return u, v, w, masks


def _nodes_inside(prisms: Prisms, us: FloatArray, vs: FloatArray) -> np.ndarray:
    """(sections, len(vs), len(us)) whether each node is inside each cross-section, by parity of crossings to its left."""
    points, starts = prisms.points, prisms.ring_starts
    following = np.arange(1, len(points) + 1)
    following[starts[1:] - 1] = starts[:-1]
    owner = np.repeat(prisms.section_of_ring, np.diff(starts))
    u0, v0 = points.T
    u1, v1 = points[following].T
    first = np.searchsorted(vs, np.minimum(v0, v1), side="left")
    count = np.maximum(np.searchsorted(vs, np.maximum(v0, v1), side="left") - first, 0)
    edge = np.repeat(np.arange(len(u0)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    at = u0[edge] + (u1 - u0)[edge] * (vs[row] - v0[edge]) / (v1 - v0)[edge]
    shape = (len(prisms.areas), len(vs), len(us) + 1)
    flat = (owner[edge] * shape[1] + row) * shape[2] + np.searchsorted(us, at, side="left")
    crossings = np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape)
    return np.asarray(np.cumsum(crossings, axis=2)[:, :, :-1] % 2 == 1)


def _dosed(
    field: DoseField, axes: FloatArray, u: FloatArray, v: FloatArray, w: FloatArray, mask: IntArray
) -> Samples:
    """Dose at points that stand for no volume."""
    return Samples(dose_parts(field, axes, u, v, w), np.zeros(len(u)), mask)


def _joined(first: Samples, second: Samples) -> Samples:
    """Two sets of samples as one."""
    return Samples(
        np.concatenate([first.dose_gy, second.dose_gy], axis=1),
        np.concatenate([first.volume_cm3, second.volume_cm3]),
        np.concatenate([first.mask, second.mask]),
    )
