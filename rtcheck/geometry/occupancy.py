"""Exactly how much of each cell of a lattice is inside a set of rings, and where in the cell that part lies.

Each edge is split at cell rows and columns. A piece adds, to its own cell, the signed area between itself and the
cell's far side, and to all later cells of the row its whole height: the accumulation that font rasterisers use
(dvh-method §3). First moments come the same way, so that the centroid of the covered part is exact too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtcheck.model.arrays import FloatArray, IntArray, successors

__all__ = ["Cells", "Lattice", "cover", "split_edges"]

_LEAST_COVER = 1e-9


@dataclass(frozen=True, slots=True)
class Lattice:
    """Rectangular cells in a plane.

    Cell (row, column) spans ``u0 + column * du`` to ``+ du`` and ``v0 + row * dv`` to ``+ dv``.

    Attributes:
        u0, v0: corner of cell (0, 0), mm.
        du, dv: cell size, mm.
        columns, rows: number of cells along u and along v.
    """

    u0: float
    v0: float
    du: float
    dv: float
    columns: int
    rows: int


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Covered cells of several layers, sorted by layer, row, column.

    Attributes:
        layer_starts: (layers + 1,) cells of layer l are ``layer_starts[l]:layer_starts[l + 1]``.
        u_mm, v_mm: (n,) centroid of the covered part.
        area_mm2: (n,) covered area, positive.
        row, column: (n,) which cell of the lattice.
    """

    layer_starts: IntArray
    u_mm: FloatArray
    v_mm: FloatArray
    area_mm2: FloatArray
    row: IntArray
    column: IntArray


def cover(points: FloatArray, ring_starts: IntArray, layer_of_ring: IntArray, layers: int, lattice: Lattice) -> Cells:
    """Covered cells of every layer.

    Args:
        points: (n, 2) u, v of all rings, mm; outer rings anticlockwise, holes clockwise, none crossing another.
        ring_starts: (r + 1,) ring offsets.
        layer_of_ring: (r,) layer of each ring.
        layers: number of layers.
        lattice: cells; what lies outside the lattice is left out.
    """
    following = successors(ring_starts)
    scaled = (points - (lattice.u0, lattice.v0)) / (lattice.du, lattice.dv)
    x0, y0 = scaled.T
    x1, y1 = scaled[following].T
    layer = np.repeat(layer_of_ring, np.diff(ring_starts))
    rising = y0 != y1
    y0, y1, x0, x1, owner = split_edges(y0[rising], y1[rising], x0[rising], x1[rising], layer[rising])
    x0, x1, y0, y1, owner = split_edges(x0, x1, y0, y1, owner)
    row = np.floor((y0 + y1) / 2).astype(np.int64)
    column = np.floor((x0 + x1) / 2).astype(np.int64)
    inside = (row >= 0) & (row < lattice.rows) & (column < lattice.columns) & (y0 != y1)
    x0, x1, y0, y1, row, column, owner = (a[inside] for a in (x0, x1, y0, y1, row, column, owner))
    # what lies left of the lattice covers its rows from their first cell on
    left = column < 0
    column[left] = 0
    x0, x1 = np.where(left, 0.0, x0 - column), np.where(left, 0.0, x1 - column)
    y0, y1 = y0 - row, y1 - row
    fall = y0 - y1
    shape = (layers, lattice.rows, lattice.columns)
    at = (owner * lattice.rows + row) * lattice.columns + column

    def gather(weights: FloatArray) -> FloatArray:
        return np.bincount(at, weights, int(np.prod(shape))).reshape(shape).astype(np.float64, copy=False)

    def running(weights: FloatArray) -> FloatArray:
        values = gather(weights)
        return np.asarray(np.cumsum(values, axis=2) - values)

    behind = running(fall)
    area = gather(fall * (1 - (x0 + x1) / 2)) + behind
    covered = np.flatnonzero(area.ravel() > _LEAST_COVER)
    moment_x = gather(fall * (1 - (x0 * x0 + x0 * x1 + x1 * x1) / 3) / 2).ravel()[covered] + behind.ravel()[covered] / 2
    middle = (y0 + y1) / 2
    moment_y = gather(fall * (middle - (2 * x0 * y0 + x0 * y1 + x1 * y0 + 2 * x1 * y1) / 6)) + running(fall * middle)
    share = area.ravel()[covered]
    # row and column by how many cells each row has: quicker than dividing
    row_ends = np.searchsorted(covered, np.arange(1, layers * lattice.rows + 1) * lattice.columns)
    in_row = np.diff(row_ends, prepend=0)
    column = covered - np.repeat(np.arange(layers * lattice.rows) * lattice.columns, in_row)
    row = np.repeat(np.tile(np.arange(lattice.rows), layers), in_row)
    return Cells(
        layer_starts=np.append(0, row_ends[lattice.rows - 1 :: lattice.rows]).astype(np.int64),
        u_mm=np.asarray(lattice.u0 + lattice.du * (column + np.clip(moment_x / share, 0, 1)), dtype=np.float64),
        v_mm=np.asarray(
            lattice.v0 + lattice.dv * (row + np.clip(moment_y.ravel()[covered] / share, 0, 1)), dtype=np.float64
        ),
        area_mm2=share * (lattice.du * lattice.dv),
        row=row,
        column=column,
    )


def split_edges(
    a0: FloatArray, a1: FloatArray, b0: FloatArray, b1: FloatArray, owner: IntArray, lines: FloatArray | None = None
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, IntArray]:
    """Cut edges wherever their first coordinate passes a line.

    Args:
        a0: first coordinate of the starts; cut at lines strictly between start and end.
        a1: first coordinate of the ends.
        b0: the other coordinate of the starts.
        b1: the other coordinate of the ends.
        owner: a label carried along.
        lines: ascending positions of the lines; None: the whole numbers.

    Returns:
        a0, a1, b0, b1, owner of the pieces, in the order of the edges and along each.
    """
    low, high = np.minimum(a0, a1), np.maximum(a0, a1)
    if lines is None:
        first, last = np.floor(low).astype(np.int64) + 1, np.ceil(high).astype(np.int64) - 1
    elif len(lines) == 0:
        return a0, a1, b0, b1, owner
    else:
        first, last = np.searchsorted(lines, low, side="right"), np.searchsorted(lines, high, side="left") - 1
    pieces = np.maximum(last - first + 2, 1)
    ends = np.cumsum(pieces)
    opening = ends - pieces
    up = a1 >= a0
    sense = np.where(up, 1, -1)
    # number of the line at which each piece ends; the last piece ends where its edge does
    number = np.repeat(np.where(up, first, last) - sense * opening, pieces)
    number += np.repeat(sense, pieces) * np.arange(len(number))
    end = number.astype(np.float64) if lines is None else lines[np.clip(number, 0, len(lines) - 1)]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(a1 != a0, (b1 - b0) / (a1 - a0), 0.0)
    to_b = end - np.repeat(a0, pieces)
    to_b *= np.repeat(slope, pieces)
    to_b += np.repeat(b0, pieces)
    end[ends - 1], to_b[ends - 1] = a1, b1
    begin, from_b = np.empty_like(end), np.empty_like(to_b)
    begin[1:], from_b[1:] = end[:-1], to_b[:-1]
    begin[opening], from_b[opening] = a0, b0
    return begin, end, from_b, to_b, np.repeat(owner, pieces)
