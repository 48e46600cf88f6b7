"""Where the lowest and the highest dose in a solid can be: points that samples at cell centroids never reach.

Between its grid points the dose is linear along each axis of the grid. In a slab of constant cross-section it is
therefore extreme at a dose node inside, where an edge of the cross-section meets a face of a dose cell or turns, on
such an edge's own stationary point, or where a column of nodes enters or leaves the solid (dvh-method §5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtcheck.dvh.field import DoseField
from rtcheck.dvh.sampling import Samples, dose_parts
from rtcheck.geometry.interpolate import EDGE_MM, grid_frame
from rtcheck.geometry.occupancy import split_edges
from rtcheck.geometry.prisms import Prisms
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["edge_samples", "grid_lines", "oblique_margin", "prism_extremes"]

_NO_POINTS: FloatArray = np.zeros((3, 0))
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
    edges = _edge_pieces(prisms, lines)
    piece, height = _each_height(edges, prisms, slab)
    w, mask = heights[height], prisms.mask[slab[height]]
    corners = _dosed(field, axes, edges.u0[piece], edges.v0[piece], w, mask)
    u, v, node_w, node_mask = _node_points(prisms, lines, _nodes_of(field, axes))
    found = _joined(corners, _dosed(field, axes, u, v, node_w, node_mask))
    between = _worth_a_look(edges, piece, height, corners, found, _mixed_difference(prisms, axes, field))
    for t in (0.25, 0.5, 0.75):
        at = piece[between]
        u = edges.u0[at] + t * (edges.u1[at] - edges.u0[at])
        v = edges.v0[at] + t * (edges.v1[at] - edges.v0[at])
        found = _joined(found, _dosed(field, axes, u, v, w[between], mask[between]))
    return _outermost(found)


def _outermost(found: Samples) -> Samples:
    """Keep the lowest and the highest of each set of variants; all of them where parts are yet to be converted."""
    if len(found.dose_gy) > 1:
        return found
    dose = found.dose_gy[0]
    known = np.flatnonzero(~np.isnan(dose))
    keep: list[int] = []
    for mask in np.flatnonzero(np.bincount(found.mask[known])).tolist():
        members = known[found.mask[known] == mask]
        keep.extend((int(members[np.argmin(dose[members])]), int(members[np.argmax(dose[members])])))
    return Samples(found.dose_gy[:, keep], found.volume_cm3[keep], found.mask[keep], found.points_mm)


def edge_samples(prisms: Prisms, axes: FloatArray, field: DoseField, step_mm: float) -> Samples:
    """Dose on the edges of every slab, at least every `step_mm`: the search when a dose grid lies obliquely.

    `oblique_margin` bounds what it can miss.
    """
    points = prisms.points
    low, high = points.min(axis=0), points.max(axis=0)
    lines = (
        np.arange(low[0], high[0] + step_mm, step_mm),
        np.arange(low[1], high[1] + step_mm, step_mm),
        np.arange(prisms.lower.min(), prisms.upper.max() + step_mm, step_mm),
    )
    heights, slab = _heights(prisms, lines[2])
    edges = _edge_pieces(prisms, lines)
    piece, height = _each_height(edges, prisms, slab)
    return _dosed(field, axes, edges.u0[piece], edges.v0[piece], heights[height], prisms.mask[slab[height]])


def oblique_margin(prisms: Prisms, axes: FloatArray, field: DoseField) -> float:
    """Bound by how much the extremes exceed those of samples and edges under an oblique grid, Gy.

    Trilinear dose bends only at cell faces, by the second difference of the stored values; half a step away from
    such a bend the dose is off its peak by up to a quarter of it along each axis.
    """
    return float(
        sum(
            float(np.max(np.abs(np.diff(values, n=2, axis=axis)), initial=0.0)) / 4
            for values in _boxes(prisms, axes, field)
            for axis in range(3)
        )
    )


def _heights(prisms: Prisms, lines: FloatArray) -> tuple[FloatArray, IntArray]:
    """Both faces of every slab and the dose planes between them, and the slab of each."""
    first = np.searchsorted(lines, prisms.lower, side="right")
    count = np.maximum(np.searchsorted(lines, prisms.upper, side="left") - first, 0)
    slab = np.repeat(np.arange(len(count)), count)
    inner = np.arange(len(slab)) - np.repeat(np.cumsum(count) - count, count) + first[slab]
    every = np.arange(len(count))
    return np.concatenate([prisms.lower, prisms.upper, lines[inner]]), np.concatenate([every, every, slab])


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    """Pieces of the edges of all cross-sections, none crossing a cell face, sorted by section."""

    u0: FloatArray
    u1: FloatArray
    v0: FloatArray
    v1: FloatArray
    section: IntArray


def _edge_pieces(prisms: Prisms, lines: Lines) -> _Edges:
    """Cut every edge where it meets a face of a dose cell."""
    points, starts = prisms.points, prisms.ring_starts
    following = np.arange(1, len(points) + 1)
    following[starts[1:] - 1] = starts[:-1]
    owner = np.repeat(prisms.section_of_ring, np.diff(starts))
    u0, u1, v0, v1, owner = split_edges(
        points[:, 0], points[following, 0], points[:, 1], points[following, 1], owner, lines[0]
    )
    v0, v1, u0, u1, owner = split_edges(v0, v1, u0, u1, owner, lines[1])
    return _Edges(u0, u1, v0, v1, owner)


def _each_height(edges: _Edges, prisms: Prisms, slab: IntArray) -> tuple[IntArray, IntArray]:
    """Every pair of a piece and a height of a slab with its cross-section: index of the piece, index of the height."""
    every = np.arange(len(prisms.areas))
    begin = np.searchsorted(edges.section, every, side="left")
    length = (np.searchsorted(edges.section, every, side="right") - begin)[prisms.section[slab]]
    height = np.repeat(np.arange(len(slab)), length)
    begin = begin[prisms.section[slab]]
    return np.arange(len(height)) - np.repeat(np.cumsum(length) - length - begin, length), height


def _worth_a_look(
    edges: _Edges, piece: IntArray, height: IntArray, corners: Samples, found: Samples, mixed_gy: float
) -> IntArray:
    """Pieces (at a height) whose inside could beat the extremes found at corners and nodes.

    Along a slanted piece the dose is a parabola that leaves its chord by at most a quarter of the mixed second
    difference of the cell. A piece is left out only when even that cannot reach what every variant already has.
    """
    slanted = (edges.u0 != edges.u1) & (edges.v0 != edges.v1)
    if len(corners.dose_gy) > 1:
        return np.flatnonzero(slanted[piece])
    dose = found.dose_gy[0]
    tops, bottoms = [], []
    for bit in range(int(np.max(found.mask, initial=0)).bit_length()):
        member = dose[(found.mask >> bit) & 1 == 1]
        member = member[~np.isnan(member)]
        if len(member):
            tops.append(float(member.max()))
            bottoms.append(float(member.min()))
    if not tops:
        return np.zeros(0, dtype=np.int64)
    here = corners.dose_gy[0]
    # pieces follow each other along their ring, so the end of one is the start of the next but for the ring's last
    after = np.append(here[1:], here[:1])
    follows = np.append(
        (height[1:] == height[:-1])
        & (edges.u0[piece[1:]] == edges.u1[piece[:-1]])
        & (edges.v0[piece[1:]] == edges.v1[piece[:-1]]),
        False,
    )
    reach = mixed_gy / 4
    high, low = np.fmax(here, after) + reach > min(tops), np.fmin(here, after) - reach < max(bottoms)
    return np.flatnonzero(slanted[piece] & (high | low | ~follows))


def _mixed_difference(prisms: Prisms, axes: FloatArray, field: DoseField) -> float:
    """Find the largest mixed second difference between neighbouring dose nodes around a solid, Gy."""
    out = 0.0
    for values in _boxes(prisms, axes, field):
        worst = 0.0
        for first, second in ((0, 1), (0, 2), (1, 2)):
            mixed = np.diff(np.diff(values, axis=first), axis=second)
            worst = max(worst, float(np.max(np.abs(mixed), initial=0.0)))
        out += worst
    return out


def _boxes(prisms: Prisms, axes: FloatArray, field: DoseField) -> list[FloatArray]:
    """Dose in Gy of each grid's nodes in the box around a solid, with two nodes to spare."""
    low, high = prisms.points.min(axis=0), prisms.points.max(axis=0)
    corners = np.array(
        [
            (u, v, w)
            for u in (low[0], high[0])
            for v in (low[1], high[1])
            for w in (prisms.lower.min(), prisms.upper.max())
        ]
    )
    out = []
    for part in field.parts:
        for grid in part.grids:
            geometry = grid.geometry
            matrix, offset = grid_frame(geometry, axes)
            position = corners @ matrix.T + offset
            box = []
            for axis, nodes in enumerate(
                (
                    np.arange(geometry.columns) * geometry.spacing_mm[1],
                    np.arange(geometry.rows) * geometry.spacing_mm[0],
                    np.asarray(geometry.offsets_mm),
                )
            ):
                first = max(int(np.searchsorted(nodes, position[:, axis].min())) - 2, 0)
                box.append(slice(first, int(np.searchsorted(nodes, position[:, axis].max())) + 2))
            out.append(grid.stored[box[2], box[1], box[0]].astype(np.float64) * grid.scaling_gy)
    return out


def _nodes_of(field: DoseField, axes: FloatArray) -> NDArray[np.integer] | None:
    """(w, v, u) stored integers of the only grid of a field, in ascending order of the lines; None: several grids."""
    grids = [grid for part in field.parts for grid in part.grids]
    if len(grids) != 1:
        return None
    matrix, _ = grid_frame(grids[0].geometry, axes)
    # axis 0, 1, 2 of the stored array run along the grid's normal, a column and a row: rows 2, 1, 0 of the matrix
    target = [int(np.argmax(np.abs(matrix[row]))) for row in (2, 1, 0)]
    turned = grids[0].stored.transpose([target.index(axis) for axis in (2, 1, 0)])
    senses = [float(matrix[2 - target.index(axis), axis]) for axis in (2, 1, 0)]
    return turned[tuple(slice(None, None, 1 if sense > 0 else -1) for sense in senses)]


def _node_points(
    prisms: Prisms, lines: Lines, stored: NDArray[np.integer] | None
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    """Dose nodes inside, and where columns of nodes (u, v) pass through a face of a slab into the open.

    With `stored`, the nodes of the only grid, only the lowest and the highest at each height of each slab.
    """
    low, high = prisms.points.min(axis=0), prisms.points.max(axis=0)
    window = [
        slice(int(np.searchsorted(axis, low[i])), int(np.searchsorted(axis, high[i], side="right")))
        for i, axis in enumerate(lines[:2])
    ]
    us, vs = lines[0][window[0]], lines[1][window[1]]
    inside = _nodes_inside(prisms, us, vs)
    if stored is not None:
        stored = np.ascontiguousarray(stored[:, window[1], window[0]]).reshape(len(stored), -1)
    found: list[tuple[FloatArray, FloatArray, FloatArray, IntArray]] = []

    def add(at: IntArray, w: float, mask: int) -> None:
        if stored is not None:
            dose = _plane_at(stored, lines[2], w, at)
            if dose is None:
                return
            at = at[[int(np.argmin(dose)), int(np.argmax(dose))]]
        rows, columns = np.divmod(at, len(us))
        found.append((us[columns], vs[rows], np.full(len(rows), w), np.full(len(rows), mask, dtype=np.int64)))

    for s, (lower, upper, section, mask) in enumerate(
        zip(prisms.lower.tolist(), prisms.upper.tolist(), prisms.section.tolist(), prisms.mask.tolist(), strict=True)
    ):
        here = inside[section]
        first, last = np.searchsorted(lines[2], lower, side="right"), np.searchsorted(lines[2], upper, side="left")
        nodes = np.flatnonzero(here)
        for w in lines[2][first:last].tolist():
            add(nodes, w, mask)
        for face, touching in ((lower, prisms.upper == lower), (upper, prisms.lower == upper)):
            covered = np.zeros_like(here)
            for other in np.flatnonzero(touching & ((prisms.mask & mask) == mask)).tolist():
                if other != s:
                    covered |= inside[prisms.section[other]]
            add(np.flatnonzero(here & ~covered), face, mask)
    if not found:
        none = np.zeros(0)
        return none, none, none, np.zeros(0, dtype=np.int64)
    u, v, w, masks = (np.concatenate(column) for column in zip(*found, strict=True))
    return u, v, w, masks


def _plane_at(stored: NDArray[np.integer], lines: FloatArray, w: float, at: IntArray) -> FloatArray | None:
    """Interpolated integers at w of the columns of nodes `at`; None where there are none or the dose is unknown."""
    if len(at) == 0 or w < lines[0] - EDGE_MM or w > lines[-1] + EDGE_MM:
        return None
    k = max(int(np.searchsorted(lines, w, side="right")) - 1, 0)
    below: FloatArray = stored[k].take(at).astype(np.float64)
    if k + 1 >= len(lines) or w <= lines[k]:
        return below
    share = (w - float(lines[k])) / float(lines[k + 1] - lines[k])
    return np.asarray(below + share * (stored[k + 1].take(at).astype(np.float64) - below))


def _nodes_inside(prisms: Prisms, us: FloatArray, vs: FloatArray) -> np.ndarray:
    """(sections, len(vs), len(us)) whether each node is inside each cross-section, by parity of crossings."""
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


def _dosed(field: DoseField, axes: FloatArray, u: FloatArray, v: FloatArray, w: FloatArray, mask: IntArray) -> Samples:
    """Dose at points that stand for no volume."""
    return Samples(dose_parts(field, axes, u, v, w), np.zeros(len(u)), mask, _NO_POINTS)


def _joined(first: Samples, second: Samples) -> Samples:
    """Two sets of samples as one."""
    return Samples(
        np.concatenate([first.dose_gy, second.dose_gy], axis=1),
        np.concatenate([first.volume_cm3, second.volume_cm3]),
        np.concatenate([first.mask, second.mask]),
        _NO_POINTS,
    )
