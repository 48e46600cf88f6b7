"""Which part of each cell of a lattice is inside, where a level function on the cell centres is positive.

The surface in a cell is the line on which the level, linear about the cell's centre, is zero: the area cut off a square
by a line and its first moments in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtcheck.geometry.distance import FAR_MM
from rtcheck.geometry.occupancy import Lattice
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["CutCells", "cut_cells", "section_areas"]

_NEAR = 0.75
"""A cell is looked at closely where its level is less than this part of its width and height together: the line cuts it
where the level is less than half of what it changes by along both, and levels change by up to twice the distance."""


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
    bound = _NEAR * (lattice.du + lattice.dv)
    layer, row, column = np.nonzero(level[:, 1:-1, 1:-1] > -bound)
    row, column = row + 1, column + 1
    value = level[layer, row, column]
    share = np.ones(len(value))
    x, y = np.full(len(value), 0.5), np.full(len(value), 0.5)
    slope_x, slope_y = np.zeros(len(value)), np.zeros(len(value))
    near = np.flatnonzero(value < bound)
    gx, gy = _slopes(level, (layer[near] * lattice.rows + row[near]) * lattice.columns + column[near])
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
    bound = _NEAR * (lattice.du + lattice.dv)
    inner = level[:, 1:-1, 1:-1]
    whole = np.count_nonzero(inner >= bound, axis=(1, 2)).astype(np.float64)
    near = np.zeros(level.shape, dtype=bool)
    near[:, 1:-1, 1:-1] = np.abs(inner) < bound
    at = np.flatnonzero(near)
    gx, gy = _slopes(level, at)
    share = _line(level.ravel()[at], gx, gy).area
    part = np.bincount(at // (lattice.rows * lattice.columns), share, len(level))
    return np.asarray((whole + part) * (lattice.du * lattice.dv))


def _slopes(level: FloatArray, at: IntArray) -> tuple[FloatArray, FloatArray]:
    """Change of the level per cell along u and v, at flat indices of cells that have neighbours."""
    flat, columns = level.ravel(), level.shape[2]
    here = flat[at]
    return _slope(flat[at + 1], here, flat[at - 1]), _slope(flat[at + columns], here, flat[at - columns])


def _slope(after: FloatArray, here: FloatArray, before: FloatArray) -> FloatArray:
    """Central difference per cell; one-sided where a neighbour's distance was not computed."""
    central = after - before
    central /= 2
    far = np.flatnonzero(np.maximum(np.abs(after), np.abs(before)) > FAR_MM / 10)
    if len(far):
        forward, backward = after[far] - here[far], here[far] - before[far]
        limit = FAR_MM / 10
        forward_good, backward_good = np.abs(forward) < limit, np.abs(backward) < limit
        one_sided = np.where(forward_good, forward, np.where(backward_good, backward, 0.0))
        central[far] = np.where(forward_good & backward_good, central[far], one_sided)
    return central


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """Unit squares cut by lines, each seen from its corner that lies deepest inside.

    Attributes:
        area: (n,) share of the square that is inside.
        flat: (n,) the level has no slope: all of the square is inside, or nothing.
        nx, ny: (n,) normal of the line, components positive and adding up to one.
        alpha: (n,) the line is where ``nx x + ny y`` is this.
        beyond_x, beyond_y: (n,) by how much that exceeds the square's sides.
        whole, over_x, over_y: (n,) the triangle below the line, and its parts beyond the square's sides.
    """

    area: FloatArray
    flat: NDArray[np.bool_]
    nx: FloatArray
    ny: FloatArray
    alpha: FloatArray
    beyond_x: FloatArray
    beyond_y: FloatArray
    whole: FloatArray
    over_x: FloatArray
    over_y: FloatArray


def _line(value: FloatArray, gx: FloatArray, gy: FloatArray) -> _Line:
    """Cut the unit square where ``value + gx (x - 1/2) + gy (y - 1/2) >= 0``."""
    nx, ny = np.abs(gx), np.abs(gy)
    scale = nx + ny
    flat = scale < 1e-12
    scale[flat] = 1.0
    # a bit of slope keeps axis-parallel lines regular
    nx, ny = np.maximum(nx / scale, 1e-6), np.maximum(ny / scale, 1e-6)
    total = nx + ny
    alpha = np.minimum(np.maximum(value / scale + total / 2, 0.0), total)
    beyond_x, beyond_y = np.maximum(alpha - nx, 0.0), np.maximum(alpha - ny, 0.0)
    twice = 2 * nx * ny
    whole, over_x, over_y = alpha * alpha / twice, beyond_x * beyond_x / twice, beyond_y * beyond_y / twice
    area = np.minimum(np.maximum(whole - over_x - over_y, 0.0), 1.0)
    area[flat] = value[flat] >= 0
    return _Line(area, flat, nx, ny, alpha, beyond_x, beyond_y, whole, over_x, over_y)


def _cut_square(value: FloatArray, gx: FloatArray, gy: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Area of the unit square where ``value + gx (x - 1/2) + gy (y - 1/2) >= 0``, and the centroid of that part."""
    cut = _line(value, gx, gy)
    thrice_x, thrice_y = 3 * cut.nx, 3 * cut.ny
    beyond_x, beyond_y = cut.beyond_x, cut.beyond_y
    over_x, over_y = cut.over_x, cut.over_y
    moment_x = cut.whole * cut.alpha / thrice_x - over_x * (1 + beyond_x / thrice_x) - over_y * beyond_y / thrice_x
    moment_y = cut.whole * cut.alpha / thrice_y - over_y * (1 + beyond_y / thrice_y) - over_x * beyond_x / thrice_y
    safe = np.maximum(cut.area, 1e-12)
    x, y = np.clip(moment_x / safe, 0, 1), np.clip(moment_y / safe, 0, 1)
    middle = cut.flat | (cut.area < 1e-8)
    x, y = np.where(middle, 0.5, x), np.where(middle, 0.5, y)
    return cut.area, np.where(gx > 0, 1 - x, x), np.where(gy > 0, 1 - y, y)
