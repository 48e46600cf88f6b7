"""Which part of each cell of a lattice is inside, where a level function on the cell centres is positive.

The surface in a cell is the line on which the level, linear about the cell's centre, is zero: the area cut off a square
by a line and its first moments in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtcheck.geometry.distance import FAR_MM
from rtcheck.geometry.occupancy import Lattice
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["CutCells", "cut_cells", "section_areas"]


@dataclass(frozen=True, slots=True, eq=False)
class CutCells:
    """Cells with a positive part, sorted by layer, row, column.

    Attributes:
        layer, row, column: (n,) which cell.
        x, y: (n,) centroid of the covered part, in cells from the cell's lower corner.
        share: (n,) covered part of the cell, at most 1.
        value: (n,) level at the cell's centre.
        slope_x, slope_y: (n,) change of the level per cell; 0 in whole cells far from the surface.
    """

    layer: IntArray
    row: IntArray
    column: IntArray
    x: FloatArray
    y: FloatArray
    share: FloatArray
    value: FloatArray
    slope_x: FloatArray
    slope_y: FloatArray


def cut_cells(level: FloatArray, lattice: Lattice) -> CutCells:
    """Find the covered part of every cell.

    Args:
        level: (layers, rows, columns) about the distance to the surface in mm, positive inside.
        lattice: its cells; the outermost ones are left out.
    """
    bound = lattice.du + lattice.dv
    layer, row, column = np.nonzero(level[:, 1:-1, 1:-1] > -bound)
    row, column = row + 1, column + 1
    value = level[layer, row, column]
    share = np.ones(len(value))
    x, y = np.full(len(value), 0.5), np.full(len(value), 0.5)
    slope_x, slope_y = np.zeros(len(value)), np.zeros(len(value))
    near = np.flatnonzero(value < bound)
    gx, gy = _slopes(level, layer[near], row[near], column[near])
    share[near], x[near], y[near] = _cut_square(value[near], gx, gy)
    slope_x[near], slope_y[near] = gx, gy
    keep = share > 1e-9
    return CutCells(
        layer[keep],
        row[keep],
        column[keep],
        x[keep],
        y[keep],
        share[keep],
        value[keep],
        slope_x[keep],
        slope_y[keep],
    )


def section_areas(level: FloatArray, lattice: Lattice) -> FloatArray:
    """(layers,) area in mm² where the level is positive."""
    bound = lattice.du + lattice.dv
    inner = level[:, 1:-1, 1:-1]
    whole = np.count_nonzero(inner >= bound, axis=(1, 2)).astype(np.float64)
    layer, row, column = np.nonzero(np.abs(inner) < bound)
    row, column = row + 1, column + 1
    gx, gy = _slopes(level, layer, row, column)
    share, _, _ = _cut_square(level[layer, row, column], gx, gy)
    return np.asarray((whole + np.bincount(layer, share, len(level))) * (lattice.du * lattice.dv))


def _slopes(level: FloatArray, layer: IntArray, row: IntArray, column: IntArray) -> tuple[FloatArray, FloatArray]:
    """Change of the level per cell along u and v."""
    here = level[layer, row, column]
    return (
        _slope(level[layer, row, column + 1], here, level[layer, row, column - 1]),
        _slope(level[layer, row + 1, column], here, level[layer, row - 1, column]),
    )


def _slope(after: FloatArray, here: FloatArray, before: FloatArray) -> FloatArray:
    """Central difference per cell; one-sided where a neighbour's distance was not computed."""
    forward, backward = after - here, here - before
    limit = FAR_MM / 10
    forward_good, backward_good = np.abs(forward) < limit, np.abs(backward) < limit
    both = (forward + backward) / 2
    return np.where(
        forward_good & backward_good, both, np.where(forward_good, forward, np.where(backward_good, backward, 0.0))
    )


def _cut_square(value: FloatArray, gx: FloatArray, gy: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Area of the unit square where ``value + gx (x - 1/2) + gy (y - 1/2) >= 0``, and the centroid of that part."""
    nx, ny = np.abs(gx), np.abs(gy)
    scale = nx + ny
    flat = scale < 1e-12
    scale = np.where(flat, 1.0, scale)
    # measured from the corner that lies deepest inside; a bit of slope keeps axis-parallel lines regular
    nx, ny = np.maximum(nx / scale, 1e-6), np.maximum(ny / scale, 1e-6)
    total = nx + ny
    alpha = np.clip(value / scale + total / 2, 0.0, total)
    beyond_x, beyond_y = np.maximum(alpha - nx, 0.0), np.maximum(alpha - ny, 0.0)
    twice = 2 * nx * ny
    whole, over_x, over_y = alpha**2 / twice, beyond_x**2 / twice, beyond_y**2 / twice
    area = np.clip(whole - over_x - over_y, 0.0, 1.0)
    moment_x = whole * alpha / (3 * nx) - over_x * (1 + beyond_x / (3 * nx)) - over_y * beyond_y / (3 * nx)
    moment_y = whole * alpha / (3 * ny) - over_y * (1 + beyond_y / (3 * ny)) - over_x * beyond_x / (3 * ny)
    safe = np.maximum(area, 1e-12)
    x, y = np.clip(moment_x / safe, 0, 1), np.clip(moment_y / safe, 0, 1)
    area = np.where(flat, (value >= 0).astype(np.float64), area)
    x, y = np.where(flat | (area < 1e-8), 0.5, x), np.where(flat | (area < 1e-8), 0.5, y)
    return area, np.where(gx > 0, 1 - x, x), np.where(gy > 0, 1 - y, y)
