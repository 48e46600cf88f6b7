"""Chosen cells of a lattice cut into smaller ones, each with its exact covered area and centroid.

`occupancy.cover` fills whole lattices; here only the chosen cells are looked at, so that a few cells can be made fine
where the dose asks for it, whatever the size of the structure. The arithmetic per piece of an edge is the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtcheck.geometry.occupancy import Lattice, split_edges
from rtcheck.model.arrays import FloatArray, IntArray, successors

__all__ = ["FACTOR", "SubCells", "halved", "subcells"]

FACTOR = 2
"""Each cell is cut into this many along u and along v."""


@dataclass(frozen=True, slots=True, eq=False)
class SubCells:
    """The smaller cells of k chosen ones, all of shape (k, `FACTOR`, `FACTOR`): cell, row within it, column within it.

    Attributes:
        area_mm2: covered area, 0 where nothing is covered.
        u_mm, v_mm: centroid of the covered part; meaningless where the area is 0.
    """

    area_mm2: FloatArray
    u_mm: FloatArray
    v_mm: FloatArray


def halved(lattice: Lattice) -> Lattice:
    """Return the lattice whose cells are those of `lattice` cut along both axes."""
    return Lattice(
        lattice.u0,
        lattice.v0,
        lattice.du / FACTOR,
        lattice.dv / FACTOR,
        lattice.columns * FACTOR,
        lattice.rows * FACTOR,
    )


def subcells(
    points: FloatArray,
    ring_starts: IntArray,
    layer_of_ring: IntArray,
    lattice: Lattice,
    layer: IntArray,
    row: IntArray,
    column: IntArray,
) -> SubCells:
    """Cut the chosen cells of a lattice that holds all points.

    Args:
        points: (n, 2) u, v of all rings, mm; as `occupancy.cover` takes them.
        ring_starts: (r + 1,) ring offsets.
        layer_of_ring: (r,) layer of each ring.
        lattice: the cells.
        layer: (k,) layer of each chosen cell; no cell is chosen twice.
        row: (k,) its row.
        column: (k,) its column.
    """
    fine = halved(lattice)
    order = np.argsort(_key(layer, row, column, lattice), kind="stable")
    keys = _key(layer, row, column, lattice)[order]
    strips = np.unique(layer * lattice.rows + row)
    x0, x1, y0, y1, owner = _edges_near(points, ring_starts, layer_of_ring, fine, layer, row)
    y0, y1, x0, x1, owner = split_edges(y0, y1, x0, x1, owner)
    fine_row = np.floor((y0 + y1) / 2).astype(np.int64)
    in_strip = _found(strips, owner * lattice.rows + fine_row // FACTOR)[1] & (fine_row >= 0)
    x0, x1, y0, y1, owner = split_edges(x0[in_strip], x1[in_strip], y0[in_strip], y1[in_strip], owner[in_strip])
    fine_row = np.floor((y0 + y1) / 2).astype(np.int64)
    fine_column = np.floor((x0 + x1) / 2).astype(np.int64)
    x0, x1, y0, y1 = x0 - fine_column, x1 - fine_column, y0 - fine_row, y1 - fine_row
    fall, middle = y0 - y1, (y0 + y1) / 2
    where, inside = _found(keys, _key(owner, fine_row // FACTOR, fine_column // FACTOR, lattice))
    at = (order[where] * FACTOR + fine_row % FACTOR) * FACTOR + fine_column % FACTOR
    at = at[inside]
    shape = (len(layer), FACTOR, FACTOR)

    def gather(weights: FloatArray) -> FloatArray:
        return np.bincount(at, weights[inside], int(np.prod(shape))).reshape(shape).astype(np.float64, copy=False)

    # what the pieces left of a chosen cell add to each of its rows
    line = (owner * fine.rows + fine_row) * lattice.columns
    sorting = np.argsort(line + fine_column // FACTOR, kind="stable")
    place = (line + fine_column // FACTOR)[sorting]
    wanted = ((layer * fine.rows + row * FACTOR)[:, None] + np.arange(FACTOR)) * lattice.columns
    first, last = np.searchsorted(place, wanted), np.searchsorted(place, wanted + column[:, None])

    def running(weights: FloatArray) -> FloatArray:
        sums = np.concatenate([[0.0], np.cumsum(weights[sorting])])
        values = gather(weights)
        return np.asarray(np.cumsum(values, axis=2) - values + (sums[last] - sums[first])[:, :, None])

    behind = running(fall)
    share = gather(fall * (1 - (x0 + x1) / 2)) + behind
    moment_x = gather(fall * (1 - (x0 * x0 + x0 * x1 + x1 * x1) / 3) / 2) + behind / 2
    moment_y = gather(fall * (middle - (2 * x0 * y0 + x0 * y1 + x1 * y0 + 2 * x1 * y1) / 6)) + running(fall * middle)
    share = np.where(share > 1e-9, share, 0.0)
    safe = np.where(share > 0, share, 1.0)
    rows = (row * FACTOR)[:, None, None] + np.arange(FACTOR)[:, None]
    columns = (column * FACTOR)[:, None, None] + np.arange(FACTOR)
    return SubCells(
        area_mm2=share * (fine.du * fine.dv),
        u_mm=np.asarray(fine.u0 + fine.du * (columns + np.clip(moment_x / safe, 0, 1)), dtype=np.float64),
        v_mm=np.asarray(fine.v0 + fine.dv * (rows + np.clip(moment_y / safe, 0, 1)), dtype=np.float64),
    )


def _edges_near(
    points: FloatArray,
    ring_starts: IntArray,
    layer_of_ring: IntArray,
    fine: Lattice,
    layer: IntArray,
    row: IntArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, IntArray]:
    """Edges, in cells of the fine lattice, that reach the rows between the first and last chosen one of their layer."""
    layers = int(max(layer_of_ring.max(initial=0), layer.max(initial=0))) + 1
    lowest, highest = np.full(layers, np.inf), np.full(layers, -np.inf)
    np.minimum.at(lowest, layer, row * FACTOR)
    np.maximum.at(highest, layer, (row + 1) * FACTOR)
    owner = np.repeat(layer_of_ring, np.diff(ring_starts))
    following = successors(ring_starts)
    y = (points[:, 1] - fine.v0) / fine.dv
    y0, y1 = y, y[following]
    near = np.flatnonzero((y0 != y1) & (np.maximum(y0, y1) > lowest[owner]) & (np.minimum(y0, y1) < highest[owner]))
    x = (points[:, 0] - fine.u0) / fine.du
    return x[near], x[following[near]], y0[near], y1[near], owner[near]


def _key(layer: IntArray, row: IntArray, column: IntArray, lattice: Lattice) -> IntArray:
    return np.asarray((layer * lattice.rows + row) * lattice.columns + column)


def _found(keys: IntArray, wanted: IntArray) -> tuple[IntArray, np.ndarray]:
    """Place of each wanted key among ascending keys, and whether it is there."""
    if len(keys) == 0:
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=bool)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return place, keys[place] == wanted
