"""Signed distance to the contours of each plane, on the cell centres of a lattice, where it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rtcheck.geometry.occupancy import Lattice
from rtcheck.geometry.solid import ContourStack
from rtcheck.model.arrays import FloatArray, IntArray, centre, successors

__all__ = ["FAR_MM", "centres_inside", "plane_distances", "spread"]

_PAIRS = 65_536
"""So many pairs of a cell and a point of a contour are looked at together: what a processor keeps at hand."""

_KEPT = 4
"""The edges of so many stacks are remembered: its samplings, and those of an expression, follow one another."""

FAR_MM = 1e4
"""Stands for "far inside" and, negative, "far outside" where no distance was computed."""


def centres_inside(stack: ContourStack, lattice: Lattice) -> NDArray[np.bool_]:
    """(planes, rows, columns) whether each cell centre is inside the contours of each plane."""
    x, y, following, plane = _scaled(stack, lattice)
    x0, y0, x1, y1 = x, y, x[following], y[following]
    low, high = np.minimum(y0, y1), np.maximum(y0, y1)
    # rows whose centre line r + 1/2 the edge crosses, half open so that a shared vertex counts once
    first = np.maximum(np.ceil(low - 0.5), 0).astype(np.int64)
    last = np.minimum(np.ceil(high - 0.5) - 1, lattice.rows - 1).astype(np.int64)
    count = np.maximum(last - first + 1, 0)
    edge = np.repeat(np.arange(len(x)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    at = x0[edge] + (x1 - x0)[edge] * (row + 0.5 - y0[edge]) / (y1 - y0)[edge]
    column = np.clip(np.ceil(at - 0.5), 0, lattice.columns).astype(np.int64)
    shape = (len(stack.planes_mm), lattice.rows, lattice.columns + 1)
    flat = (plane[edge] * shape[1] + row) * shape[2] + column
    # bytes that run over keep their parity
    crossings = np.bincount(flat, minlength=int(np.prod(shape))).astype(np.uint8).reshape(shape)
    return np.asarray((np.cumsum(crossings, axis=2, dtype=np.uint8)[:, :, :-1] & 1).view(np.bool_))


def spread(mask: NDArray[np.bool_], cells: int) -> NDArray[np.bool_]:
    """Grow true cells by `cells` in each direction of the last two axes."""
    out = mask.copy()
    for _ in range(cells):
        wide = out.copy()
        wide[..., 1:, :] |= out[..., :-1, :]
        wide[..., :-1, :] |= out[..., 1:, :]
        out = wide.copy()
        out[..., :, 1:] |= wide[..., :, :-1]
        out[..., :, :-1] |= wide[..., :, 1:]
    return out


def plane_distances(
    stack: ContourStack, lattice: Lattice, inside: NDArray[np.bool_], needed: NDArray[np.bool_]
) -> FloatArray:
    """(planes, rows, columns) distance in mm to the plane's contours, positive inside; ±`FAR_MM` where not needed.

    The nearest edge is that of the nearest among points set along the contours at half a cell, or an edge next to it;
    the distance to each is exact. Where edges are shorter than a quarter of a cell every other corner is such a point.
    Which point is nearest is asked in single precision, three times as fast: of points that are alike to a hundredth of
    a mm either will do.
    """
    out = np.where(inside, FAR_MM, -FAR_MM)
    edges = _edges_of(stack)
    start_u, start_v, along_u, along_v, square = edges.ways
    length = np.sqrt(square)
    half = min(lattice.du, lattice.dv) / 2
    count = np.ceil(length / half).astype(np.int64)
    np.maximum(count, 1, out=count)
    short = length <= half / 2
    count[edges.other & short & short[edges.preceding]] = 0
    ends = np.cumsum(count)
    edge = np.repeat(np.arange(len(count)), count)
    share = (np.arange(len(edge)) - np.repeat(ends - count, count)) / count[edge]
    middle = centre(stack.points_mm)
    # |c - p|² but for |c|², which is the same for all points: p² - 2 c·p
    terms = np.empty((3, len(edge)), dtype=np.float32)
    set_u, set_v = start_u[edge] - middle[0], start_v[edge] - middle[1]
    set_u += along_u[edge] * share
    set_v += along_v[edge] * share
    terms[0], terms[1] = set_u, set_v
    set_u *= set_u
    set_v *= set_v
    np.add(set_u, set_v, out=terms[2], casting="same_kind")
    first = np.append(0, ends)[stack.ring_starts[stack.plane_starts]]
    at = np.flatnonzero(needed)
    plane, cell = np.divmod(at, lattice.rows * lattice.columns)
    row, column = np.divmod(cell, lattice.columns)
    u, v = lattice.u0 + lattice.du * (column + 0.5), lattice.v0 + lattice.dv * (row + 0.5)
    factors = np.ones((len(at), 3), dtype=np.float32)
    factors[:, 0], factors[:, 1] = -2 * (u - middle[0]), -2 * (v - middle[1])
    nearest = np.empty(len(at), dtype=np.int64)
    cells = np.searchsorted(plane, np.arange(len(needed) + 1)).tolist()
    for j, (begin, end) in enumerate(zip(first[:-1].tolist(), first[1:].tolist(), strict=True)):
        most = max(_PAIRS // max(end - begin, 1), 1)
        for start in range(cells[j], cells[j + 1], most):
            stop = min(start + most, cells[j + 1])
            np.argmin(factors[start:stop] @ terms[:, begin:end], axis=1, out=nearest[start:stop])
        nearest[cells[j] : cells[j + 1]] += begin
    nearest = edge[nearest]
    distance = _squares(u, v, edges.ways, nearest)
    before = edges.preceding[nearest]
    for near in (before, edges.preceding[before], edges.following[nearest]):
        np.minimum(distance, _squares(u, v, edges.ways, near), out=distance)
    np.sqrt(distance, out=distance)
    np.negative(distance, out=distance, where=~inside.ravel()[at])
    out.ravel()[at] = distance
    return out


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    """The edges of a stack's contours, each named by the point that it starts from.

    Attributes:
        preceding, following: (n,) the edges before and after each.
        other: (n,) every other one of each contour.
        ways: where each starts and its way, along u and v (mm), and the square of its length (mm²).
    """

    preceding: IntArray
    following: IntArray
    other: NDArray[np.bool_]
    ways: tuple[FloatArray, ...]


@lru_cache(maxsize=_KEPT)
def _edges_of(stack: ContourStack) -> _Edges:
    points, starts = stack.points_mm, stack.ring_starts
    following = successors(starts)
    preceding = np.arange(-1, len(points) - 1)
    preceding[starts[:-1]] = starts[1:] - 1
    start_u, start_v = points.T.copy()
    along_u, along_v = start_u[following] - start_u, start_v[following] - start_v
    other = (np.arange(len(points)) - np.repeat(starts[:-1], np.diff(starts))) % 2 == 1
    square = along_u * along_u + along_v * along_v
    return _Edges(preceding, following, other, (start_u, start_v, along_u, along_v, square))


def _squares(u: FloatArray, v: FloatArray, edges: tuple[FloatArray, ...], edge: IntArray) -> FloatArray:
    """(n,) squared distance of each centre to one edge; edges are their starts, their ways along u and v, squared."""
    start_u, start_v, along_u, along_v, square = (column.take(edge) for column in edges)
    np.subtract(u, start_u, out=start_u)
    np.subtract(v, start_v, out=start_v)
    share = start_u * along_u
    share += start_v * along_v
    share /= square
    np.clip(share, 0, 1, out=share)
    along_u *= share
    along_v *= share
    start_u -= along_u
    start_v -= along_v
    start_u *= start_u
    start_v *= start_v
    start_u += start_v
    return start_u


def _scaled(
    stack: ContourStack, lattice: Lattice
) -> tuple[FloatArray, FloatArray, NDArray[np.int64], NDArray[np.int64]]:
    """Ring points in cell units, index of each point's successor, and the plane of each point."""
    x = (stack.points_mm[:, 0] - lattice.u0) / lattice.du
    y = (stack.points_mm[:, 1] - lattice.v0) / lattice.dv
    following = successors(stack.ring_starts)
    ring_plane = np.repeat(np.arange(len(stack.planes_mm)), np.diff(stack.plane_starts))
    return x, y, following, np.repeat(ring_plane, np.diff(stack.ring_starts))
