"""Plane regions where a level function on the cells of a lattice is positive (marching squares)."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from rtcheck.geometry.occupancy import Lattice
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["level_regions"]

_CLEAR = 1e-6
"""A crossing keeps this share of a cell away from the cell centres, so that no piece of a contour has no length."""


def level_regions(level: FloatArray, lattice: Lattice) -> NDArray[Any]:
    """(layers,) polygons, multipolygons or empty geometries on which the level is positive.

    The level is linear between neighbouring cell centres; where both diagonals of a square of four centres could be
    joined, the mean of the four decides.

    Args:
        level: (layers, rows, columns) values at the cell centres, not positive in the outermost cells.
        lattice: the cells.
    """
    inside = level > 0
    # edges of the squares: along u from (row, column), along v likewise
    u_cross = inside[:, :, :-1] != inside[:, :, 1:]
    v_cross = inside[:, :-1, :] != inside[:, 1:, :]
    bottom, top = u_cross[:, :-1, :], u_cross[:, 1:, :]
    left, right = v_cross[:, :, :-1], v_cross[:, :, 1:]
    layer, row, column = np.nonzero(bottom | top | left | right)
    sides = np.stack([side[layer, row, column] for side in (bottom, right, top, left)])
    count = sides.sum(axis=0)
    points = np.stack(
        [
            _on_u(level, lattice, layer, row, column),
            _on_v(level, lattice, layer, row, column + 1),
            _on_u(level, lattice, layer, row + 1, column),
            _on_v(level, lattice, layer, row, column),
        ]
    )
    two = np.flatnonzero(count == 2)
    first = np.argmax(sides[:, two], axis=0)
    second = 3 - np.argmax(sides[::-1, two], axis=0)
    begin, end, owner = [points[first, two]], [points[second, two]], [layer[two]]
    four = np.flatnonzero(count == 4)
    if len(four):
        k, j, i = layer[four], row[four], column[four]
        middle = (level[k, j, i] + level[k, j, i + 1] + level[k, j + 1, i] + level[k, j + 1, i + 1]) > 0
        # the middle belongs to the two corners that are like it; the lines cut off the other two
        corner = inside[k, j, i] == middle
        for a, b, c, d, chosen in ((0, 1, 2, 3, corner), (3, 0, 1, 2, ~corner)):
            at = four[chosen]
            begin += [points[a, at], points[c, at]]
            end += [points[b, at], points[d, at]]
            owner += [layer[at], layer[at]]
    ends = np.stack([np.concatenate(begin), np.concatenate(end)], axis=1)
    owners = np.concatenate(owner)
    order = np.argsort(owners, kind="stable")
    out = np.full(len(level), shapely.from_wkt("POLYGON EMPTY"), dtype=object)
    if len(order):
        found, starts = np.unique(owners[order], return_index=True)
        lines = shapely.linestrings(ends[order])
        group = np.repeat(np.arange(len(found)), np.diff([*starts.tolist(), len(order)]))
        out[found] = shapely.build_area(shapely.multilinestrings(lines, indices=group))
    return out


def _on_u(level: FloatArray, lattice: Lattice, layer: IntArray, row: IntArray, column: IntArray) -> FloatArray:
    """(n, 2) where the level is zero between a cell centre and the next along u."""
    t = _share(level[layer, row, column], level[layer, row, column + 1])
    return _place(lattice, row.astype(np.float64) + 0.5, column + 0.5 + t)


def _on_v(level: FloatArray, lattice: Lattice, layer: IntArray, row: IntArray, column: IntArray) -> FloatArray:
    t = _share(level[layer, row, column], level[layer, row + 1, column])
    return _place(lattice, row + 0.5 + t, column.astype(np.float64) + 0.5)


def _share(first: FloatArray, second: FloatArray) -> FloatArray:
    apart = first - second
    return np.clip(first / np.where(apart == 0, 1.0, apart), _CLEAR, 1 - _CLEAR)


def _place(lattice: Lattice, row: FloatArray, column: FloatArray) -> FloatArray:
    return np.stack([lattice.u0 + lattice.du * column, lattice.v0 + lattice.dv * row], axis=1)
