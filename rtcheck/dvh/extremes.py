"""Where the lowest and the highest dose in a solid can be: points that samples at cell centroids never reach.

Between its grid points the dose is linear along each axis of the grid. In a slab of constant cross-section it is
therefore extreme at a dose node inside, where an edge of the cross-section meets a face of a dose cell or turns, on
such an edge's own stationary point, or where a column of nodes enters or leaves the solid (dvh-method §5).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtcheck.dvh.local import LocalDose, local_dose
from rtcheck.dvh.sampling import Samples
from rtcheck.dvh.turned import turned
from rtcheck.geometry.interpolate import EDGE_MM
from rtcheck.geometry.occupancy import split_edges
from rtcheck.geometry.prisms import Prisms
from rtcheck.model.arrays import FloatArray, IntArray, extent, successors

__all__ = [
    "deep_nodes",
    "edge_samples",
    "grid_lines",
    "joined",
    "nodes_inside",
    "oblique_margin",
    "outermost",
    "prism_extremes",
]

Lines = tuple[FloatArray, FloatArray, FloatArray]


def grid_lines(local: LocalDose) -> Lines | None:
    """Positions along u, v and w where a dose grid has voxel centres, all grids of the field together.

    None when some grid's axes are not parallel to u, v, w, in whatever order and sense.
    """
    found: list[list[FloatArray]] = [[], [], []]
    for part in local:
        for nodes in part:
            big = np.abs(nodes.matrix) > 1e-9
            if not (np.all(big.sum(axis=0) == 1) and np.all(big.sum(axis=1) == 1)):
                return None
            _, rows, columns = nodes.dose_gy.shape
            positions = (
                (nodes.first[0] + np.arange(columns)) * nodes.spacing[0],
                (nodes.first[1] + np.arange(rows)) * nodes.spacing[1],
                nodes.offsets,
            )
            for axis, values in enumerate(positions):
                target = int(np.argmax(big[axis]))
                found[target].append((values - nodes.offset[axis]) / nodes.matrix[axis, target])
    u, v, w = (np.unique(np.concatenate(axis)) for axis in found)
    return u, v, w


def prism_extremes(
    prisms: Prisms, local: LocalDose, lines: Lines, inside: NDArray[np.bool_], known: Samples
) -> Samples:
    """Dose at every candidate for an extreme that could beat the samples; the result carries no volume.

    With one grid, an edge within a column of dose cells whose nodes all lie between the extremes already known is left
    out, and so are the nodes of such a slab: trilinear dose never leaves the range of its nodes.

    Args:
        prisms: slabs of constant cross-section.
        local: the dose; its grids are parallel to the axes.
        lines: ``grid_lines(local)``.
        inside: ``nodes_inside(prisms, lines)``.
        known: samples of the same prisms, ascending.
    """
    edges = _edge_pieces(prisms, lines)
    nodes = turned(local)
    slabs = np.ones(len(prisms.lower), dtype=bool)
    if nodes is not None:
        edges, slabs = _promising(prisms, edges, lines, nodes, inside, _limits(prisms, (known,)))
    heights, slab = _heights(prisms, lines[2])
    piece, height = _each_height(edges, prisms, slab)
    w, mask = heights[height], prisms.mask[slab[height]]
    found = [_dosed(local, edges.u0[piece], edges.v0[piece], w, mask)]
    found.append(_dosed(local, *_node_points(prisms, lines, nodes, inside, slabs)))
    # along a slanted piece the dose is a parabola
    slanted = np.flatnonzero((edges.u0 != edges.u1)[piece] & (edges.v0 != edges.v1)[piece])
    at, w, mask = piece[slanted], w[slanted], mask[slanted]
    for t in (0.25, 0.5, 0.75):
        u = edges.u0[at] + t * (edges.u1[at] - edges.u0[at])
        v = edges.v0[at] + t * (edges.v1[at] - edges.v0[at])
        found.append(_dosed(local, u, v, w, mask))
    return outermost(joined(found))


def deep_nodes(prisms: Prisms, local: LocalDose, lines: Lines, inside: NDArray[np.bool_], *known: Samples) -> Samples:
    """Dose at the nodes that lie inside the contours of their slab and of both its neighbours.

    There the shape between the contours holds them too, whichever way it is interpolated.

    Args:
        prisms: slabs of constant cross-section.
        local: the dose; its grids are parallel to the axes.
        lines: ``grid_lines(local)``.
        inside: ``nodes_inside(prisms, lines)``.
        known: samples of the shape, ascending, and any others.
    """
    nodes = turned(local)
    slabs = np.ones(len(prisms.lower), dtype=bool)
    if nodes is not None:
        lowest, highest = _limits(prisms, known)
        first, last = _node_planes(prisms, lines[2])
        top, bottom = nodes.max(axis=(1, 2)), nodes.min(axis=(1, 2))
        for s, section in enumerate(prisms.section.tolist()):
            planes = slice(first[s], last[s] + 1)
            slabs[s] = bool(np.any(top[planes] > highest[s]) or np.any(bottom[planes] < lowest[s]))
            if slabs[s]:
                beyond = (nodes[planes] > highest[s]) | (nodes[planes] < lowest[s])
                slabs[s] = bool(np.any(beyond & inside[section]))
    return outermost(_dosed(local, *_node_points(prisms, lines, nodes, inside, slabs, deep=True)))


def outermost(found: Samples) -> Samples:
    """Keep the lowest and the highest of each set of variants; all of them where parts are yet to be converted."""
    if len(found.dose_gy) > 1:
        return found
    dose = found.dose_gy[0]
    known = np.flatnonzero(~np.isnan(dose))
    keep: list[int] = []
    masks = found.mask[known]
    for mask in np.flatnonzero(np.bincount(masks)).tolist():
        members = known[masks == mask]
        keep.extend((int(members[np.argmin(dose[members])]), int(members[np.argmax(dose[members])])))
    return Samples(found.dose_gy[:, keep], found.volume_cm3[keep], found.mask[keep], np.zeros((3, 0)))


def edge_samples(prisms: Prisms, local: LocalDose, step_mm: float) -> Samples:
    """Dose on the edges of every slab, at least every `step_mm`: the search when a dose grid lies obliquely.

    `oblique_margin` bounds what it can miss.
    """
    points = prisms.points
    low, high = extent(points)
    lines = (
        np.arange(low[0], high[0] + step_mm, step_mm),
        np.arange(low[1], high[1] + step_mm, step_mm),
        np.arange(prisms.lower.min(), prisms.upper.max() + step_mm, step_mm),
    )
    heights, slab = _heights(prisms, lines[2])
    edges = _edge_pieces(prisms, lines)
    piece, height = _each_height(edges, prisms, slab)
    return _dosed(local, edges.u0[piece], edges.v0[piece], heights[height], prisms.mask[slab[height]])


def oblique_margin(local: LocalDose) -> float:
    """Bound by how much the extremes exceed those of samples and edges no further than half a step away, Gy.

    Along each axis of the grid trilinear dose bends only at cell faces, by the second difference of the stored values:
    half a step away from such a bend the dose is off its peak by up to a quarter of it. Across two axes it bends within
    the cells, by the mixed difference times the product of both ways: half a step away, obliquely, by up to an eighth.
    """
    return float(
        sum(
            sum(_largest(np.diff(nodes.dose_gy, n=2, axis=axis)) for axis in range(3)) / 4
            + sum(_largest(np.diff(np.diff(nodes.dose_gy, axis=i), axis=j)) for i, j in ((0, 1), (0, 2), (1, 2))) / 8
            for part in local
            for nodes in part
        )
    )


def _largest(values: FloatArray) -> float:
    return float(np.max(np.abs(values), initial=0.0))


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
    following = successors(starts)
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


def _limits(prisms: Prisms, known: tuple[Samples, ...]) -> tuple[FloatArray, FloatArray]:
    """(slabs,) the dose below which and the dose above which something new would be found in each slab, Gy.

    The first of the known ascend in dose, unknown doses last, so that nothing but their ends is looked at.
    """
    lowest, highest = np.full(len(prisms.mask), -np.inf), np.full(len(prisms.mask), np.inf)
    first, *others = known
    dose = first.dose_gy.sum(axis=0)
    count = len(dose) - int(np.count_nonzero(np.isnan(dose)))
    for bit in range(int(np.max(prisms.mask, initial=0)).bit_length()):
        least, most = np.inf, -np.inf
        member = (first.mask[:count] & (1 << bit)) != 0
        if member.any():
            least, most = float(dose[member.argmax()]), float(dose[count - 1 - member[::-1].argmax()])
        for other in others:
            more = other.dose_gy.sum(axis=0)[(other.mask & (1 << bit)) != 0]
            more = more[~np.isnan(more)]
            least, most = float(np.min(more, initial=least)), float(np.max(more, initial=most))
        has = (prisms.mask >> bit) & 1 == 1
        lowest[has], highest[has] = np.maximum(lowest[has], least), np.minimum(highest[has], most)
    return lowest, highest


def _node_planes(prisms: Prisms, lines: FloatArray) -> tuple[IntArray, IntArray]:
    """(slabs,) first and last plane of nodes on which the dose in each slab depends."""
    first = np.searchsorted(lines, prisms.lower, side="right") - 1
    last = np.searchsorted(lines, prisms.upper, side="left")
    return np.clip(first, 0, len(lines) - 1), np.clip(last, 0, len(lines) - 1)


def _promising(
    prisms: Prisms,
    edges: _Edges,
    lines: Lines,
    nodes: FloatArray,
    inside: NDArray[np.bool_],
    limits: tuple[FloatArray, FloatArray],
) -> tuple[_Edges, NDArray[np.bool_]]:
    """Pieces of edges in columns of cells that reach beyond the limits, and the slabs in which nodes inside do.

    Args:
        prisms: the slabs.
        edges: pieces, sorted by section.
        lines: of the grid.
        nodes: (w, v, u) dose at the crossings of the lines, Gy.
        inside: (sections, v, u) which nodes lie in each section.
        limits: (slabs,) lowest and highest dose known.
    """
    column = np.clip(np.searchsorted(lines[0], (edges.u0 + edges.u1) / 2) - 1, 0, max(len(lines[0]) - 2, 0))
    row = np.clip(np.searchsorted(lines[1], (edges.v0 + edges.v1) / 2) - 1, 0, max(len(lines[1]) - 2, 0))
    first, last = _node_planes(prisms, lines[2])
    begin = np.searchsorted(edges.section, np.arange(len(prisms.areas) + 1)).tolist()
    keep, slabs = np.zeros(len(column), dtype=bool), np.zeros(len(first), dtype=bool)
    order = np.argsort(prisms.section, kind="stable")
    starts = np.searchsorted(prisms.section[order], np.arange(len(prisms.areas) + 1)).tolist()
    found: dict[tuple[float, float], NDArray[np.bool_]] = {}
    for s, (start, stop) in enumerate(itertools.pairwise(starts)):
        own = order[start:stop]
        lowest, highest = float(limits[0][own].max()), float(limits[1][own].min())
        if (lowest, highest) not in found:
            found[lowest, highest] = (nodes > highest) | (nodes < lowest)
        planes = found[lowest, highest][int(first[own].min()) : int(last[own].max()) + 1]
        beyond = np.asarray(planes.any(axis=0))
        if not beyond.any():
            continue
        slabs[own] = np.any(beyond & inside[s])
        # a cell has the nodes after its first as well
        cells = np.array(beyond)
        cells[:-1] |= beyond[1:]
        cells[:, :-1] |= cells[:, 1:]
        piece = slice(begin[s], begin[s + 1])
        keep[piece] = cells[row[piece], column[piece]]
    kept = _Edges(edges.u0[keep], edges.u1[keep], edges.v0[keep], edges.v1[keep], edges.section[keep])
    return kept, slabs


def _node_points(
    prisms: Prisms,
    lines: Lines,
    nodes: FloatArray | None,
    inside: NDArray[np.bool_],
    slabs: NDArray[np.bool_],
    *,
    deep: bool = False,
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    """Dose nodes inside the chosen slabs, and where columns of nodes pass through a face of a slab into the open.

    With `nodes`, those of the only grid, only the lowest and the highest at each height of each slab. `deep` asks for
    the nodes that are inside both neighbours of the slab as well, and for no faces.
    """
    us, vs = lines[0], lines[1]
    flat = None if nodes is None else nodes.reshape(len(nodes), -1)
    found: list[tuple[FloatArray, FloatArray, FloatArray, IntArray]] = []

    def add(at: IntArray, w: float, mask: int) -> None:
        if flat is not None:
            dose = _plane_at(flat, lines[2], w, at)
            if dose is None:
                return
            at = at[[int(np.argmin(dose)), int(np.argmax(dose))]]
        rows, columns = np.divmod(at, len(us))
        found.append((us[columns], vs[rows], np.full(len(rows), w), np.full(len(rows), mask, dtype=np.int64)))

    for s in np.flatnonzero(slabs).tolist():
        lower, upper, mask = float(prisms.lower[s]), float(prisms.upper[s]), int(prisms.mask[s])
        here = inside[prisms.section[s]]
        faces = []
        for face, touching in ((lower, prisms.upper == lower), (upper, prisms.lower == upper)):
            covered = np.zeros_like(here)
            for other in np.flatnonzero(touching & ((prisms.mask & mask) == mask)).tolist():
                covered |= inside[prisms.section[other]]
            faces.append((face, covered))
        # a dose plane where two slabs meet is the upper one's: none lies between the two
        first, last = np.searchsorted(lines[2], lower, side="left"), np.searchsorted(lines[2], upper, side="left")
        within = np.flatnonzero(here & faces[0][1] & faces[1][1] if deep else here)
        for w in lines[2][first:last].tolist():
            add(within, w, mask)
        if not deep:
            for face, covered in faces:
                add(np.flatnonzero(here & ~covered), face, mask)
    if not found:
        none = np.zeros(0)
        return none, none, none, np.zeros(0, dtype=np.int64)
    u, v, w, masks = (np.concatenate(column) for column in zip(*found, strict=True))
    return u, v, w, masks


def _plane_at(flat: FloatArray, lines: FloatArray, w: float, at: IntArray) -> FloatArray | None:
    """Interpolated dose at w of the columns of nodes `at`; None where there are none or the dose is unknown."""
    if len(at) == 0 or w < lines[0] - EDGE_MM or w > lines[-1] + EDGE_MM:
        return None
    k = max(int(np.searchsorted(lines, w, side="right")) - 1, 0)
    below: FloatArray = flat[k].take(at)
    if k + 1 >= len(lines) or w <= lines[k]:
        return below
    share = (w - float(lines[k])) / float(lines[k + 1] - lines[k])
    return np.asarray(below + share * (flat[k + 1].take(at) - below))


def nodes_inside(prisms: Prisms, lines: Lines) -> NDArray[np.bool_]:
    """(sections, v, u) whether each crossing of the lines is inside each cross-section, by parity of crossings."""
    us, vs = lines[0], lines[1]
    points, starts = prisms.points, prisms.ring_starts
    following = successors(starts)
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


def _dosed(local: LocalDose, u: FloatArray, v: FloatArray, w: FloatArray, mask: IntArray) -> Samples:
    """Dose at points that stand for no volume."""
    return Samples(local_dose(local, u, v, w), np.zeros(len(u)), mask, np.zeros((3, 0)))


def joined(parts: list[Samples]) -> Samples:
    """All sets of samples as one."""
    return Samples(
        np.concatenate([part.dose_gy for part in parts], axis=1),
        np.concatenate([part.volume_cm3 for part in parts]),
        np.concatenate([part.mask for part in parts]),
        np.zeros((3, 0)),
    )
