"""Dose between the voxel centres of a grid, by trilinear interpolation of the stored integers in float64."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtcheck.model.arrays import FloatArray, IntArray, frozen
from rtcheck.model.grid import DoseGrid, GridGeometry

__all__ = ["EDGE_MM", "bend_at", "cut_off", "dose_at", "grid_frame", "grid_positions", "values_at"]

EDGE_MM = 1e-6
"""A point this far outside the box of voxel centres still counts as on its face."""


def grid_frame(geometry: GridGeometry, axes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the affine map from (u, v, w) along `axes` to mm along the grid's rows, columns and normal.

    Args:
        geometry: of the dose grid.
        axes: (3, 3) rows are u, v, w in LPS.

    Returns:
        matrix (3, 3) and offset (3,): ``position = matrix @ (u, v, w) + offset``, where position is
        (along a row, along a column, along the normal) from the centre of voxel (0, 0, 0).
    """
    return _frame(geometry, tuple(axes.ravel().tolist()))


@lru_cache(maxsize=64)
def _frame(geometry: GridGeometry, along: tuple[float, ...]) -> tuple[FloatArray, FloatArray]:
    axes = np.array(along).reshape(3, 3)
    basis = np.stack([geometry.row, geometry.column, geometry.normal], axis=1)
    # a permutation with signs is its own transpose's inverse: exact, where a solver might leave 1e-17 behind
    parallel = bool(np.all((np.abs(basis) == 1) | (basis == 0)))
    inverse = basis.T if parallel else np.linalg.inv(basis)
    return frozen(inverse @ axes.T), frozen(-(inverse @ np.asarray(geometry.origin_mm)))


def grid_positions(
    matrix: FloatArray, offset: FloatArray, u: FloatArray, v: FloatArray, w: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Apply `grid_frame`'s map; terms that are exactly zero are skipped."""
    out = []
    for row, shift in zip(matrix, offset, strict=True):
        terms = [factor * values for factor, values in zip(row.tolist(), (u, v, w), strict=True) if factor != 0]
        total = terms[0]
        total += shift
        for term in terms[1:]:
            total += term
        out.append(total)
    return out[0], out[1], out[2]


def dose_at(grid: DoseGrid, axes: FloatArray, u: FloatArray, v: FloatArray, w: FloatArray) -> FloatArray:
    """Dose in Gy at points; NaN where it is unknown, outside the box spanned by the voxel centres.

    Args:
        grid: the dose.
        axes: (3, 3) unit vectors of u, v, w in LPS.
        u: (n,) coordinates in mm.
        v: likewise.
        w: likewise.
    """
    out = values_at(grid.geometry, grid.stored, axes, u, v, w)
    out *= grid.scaling_gy
    return out


def values_at(
    geometry: GridGeometry, stored: NDArray[Any], axes: FloatArray, u: FloatArray, v: FloatArray, w: FloatArray
) -> FloatArray:
    """Return stored values at points, trilinear; NaN outside the box spanned by the voxel centres.

    Any orientation and uneven planes are exact: positions go through the full direction cosines, plane numbers
    through the stored offsets.

    Args:
        geometry: where the voxels are.
        stored: (nz, ny, nx) values of the voxels.
        axes: (3, 3) unit vectors of u, v, w in LPS.
        u: (n,) coordinates in mm.
        v: likewise.
        w: likewise.
    """
    x, y, z = grid_positions(*grid_frame(geometry, axes), u, v, w)
    i, ti, inside = _between(x, geometry.columns, geometry.spacing_mm[1])
    j, tj, inside_j = _between(y, geometry.rows, geometry.spacing_mm[0])
    k, tk, inside_k = _between_planes(z, np.asarray(geometry.offsets_mm))
    inside &= inside_j
    inside &= inside_k
    every = bool(np.all(inside))
    out = np.full(0 if every else len(x), np.nan)
    if len(x) == 0 or not np.any(inside):
        return out
    if not every:
        i, j, k, ti, tj, tk = (a[inside] for a in (i, j, k, ti, tj, tk))
    k0, j0, i0 = int(k.min()), int(j.min()), int(i.min())
    # only the box that is needed becomes float64; a repeated last layer stands in for neighbours of weight zero
    box = stored[k0 : int(k.max()) + 2, j0 : int(j.max()) + 2, i0 : int(i.max()) + 2].astype(np.float64)
    short = [
        int(k.max()) + 2 - k0 - box.shape[0],
        int(j.max()) + 2 - j0 - box.shape[1],
        int(i.max()) + 2 - i0 - box.shape[2],
    ]
    if any(short):
        box = np.pad(box, [(0, s) for s in short], mode="edge")
    _, ny, nx = box.shape
    flat = box.ravel()
    at = ((k - k0) * ny + (j - j0)) * nx + (i - i0)
    below = _bilinear(flat, at, nx, ti, tj)
    at += ny * nx
    above = _bilinear(flat, at, nx, ti, tj)
    above -= below
    above *= tk
    below += above
    if every:
        return below
    out[inside] = below
    return out


def bend_at(grid: DoseGrid, axes: FloatArray, u: FloatArray, v: FloatArray, w: FloatArray) -> FloatArray:
    """Return what cubic interpolation would add to the trilinear dose at points, in Gy; 0 where the dose is unknown.

    Along each axis, at the fraction t of a step, the mean of the parabolas through the nodes before and after
    differs from the straight line by ``-t (1 - t) / 2`` of the second difference (Catmull-Rom); the three are added.
    It tells how much the grid's own coarseness leaves open. A second difference that reaches a node where the dose has
    been cut off at zero says less than there is, see `cut_off`.
    """
    geometry = grid.geometry
    position = grid_positions(*grid_frame(geometry, axes), u, v, w)
    nodes = (
        np.arange(geometry.columns) * geometry.spacing_mm[1],
        np.arange(geometry.rows) * geometry.spacing_mm[0],
        np.asarray(geometry.offsets_mm),
    )
    inside = np.ones(len(u), dtype=bool)
    lower, share = [], []
    for values, knots in zip(position, nodes, strict=True):
        i, t, good = _between_planes(values, knots)
        inside &= good
        lower.append(i)
        share.append(t)
    out = np.zeros(len(u))
    if not np.any(inside):
        return out
    lower = [i[inside] for i in lower]
    share = [t[inside] for t in share]
    bend = np.zeros(len(lower[0]))
    for axis, knots in enumerate(nodes):
        if len(knots) < 3:
            continue
        # where the second derivative is taken: the nearest column of nodes, the nodes before and after
        column = [np.minimum(i + (t > 0.5), len(n) - 1) for i, t, n in zip(lower, share, nodes, strict=True)]
        i, t = lower[axis], share[axis]
        following = np.minimum(i + 1, len(knots) - 1)
        first, before = _second_derivative(grid.stored, knots, axis, i, column, -1)
        second, after = _second_derivative(grid.stored, knots, axis, following, column, 1)
        here = first + second
        here += cut_off(first, second, before, after)
        bend -= (knots[following] - knots[i]) ** 2 * t * (1 - t) / 4 * here
    out[inside] = bend
    return out * grid.scaling_gy


def cut_off(
    first: FloatArray, second: FloatArray, before: NDArray[np.bool_], after: NDArray[np.bool_]
) -> FloatArray | float:
    """Return what to add to the sum of two second differences where either says less than there is.

    A dose that falls to zero between two nodes is bent as much before it gets there as it was further in; but the node
    beyond, where it is stored as zero and not as less, makes it seem straighter, or bent the other way. There the other
    difference counts twice, if it is the larger one or the lower one.

    Args:
        first: (n,) second difference at the node before each point.
        second: (n,) at the node after it.
        before: (n,) whether the dose is zero at the far node of the first, and more at its middle one.
        after: (n,) the same of the second.
    """
    if not (before.any() or after.any()):
        return 0.0
    more = second - first
    larger = np.abs(second) > np.abs(first)
    out = np.where(before & (larger | (more < 0)), more, 0.0)
    return np.asarray(out - np.where(after & (~larger | (more > 0)), more, 0.0))


def _second_derivative(
    stored: NDArray[Any], knots: FloatArray, axis: int, at: IntArray, column: list[IntArray], way: int
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Second derivative along an axis at node `at` of each column, knots uneven; the ends repeat their neighbours'.

    With it, whether the dose is zero at the node that lies one to the side of `way`, and more at `at`.
    """
    middle = np.clip(at, 1, len(knots) - 2)

    def node(number: IntArray) -> FloatArray:
        i, j, k = (number if a == axis else index for a, index in enumerate(column))
        return np.asarray(stored[k, j, i].astype(np.float64))

    before, centre, after = node(middle - 1), node(middle), node(middle + 1)
    first, second = knots[middle] - knots[middle - 1], knots[middle + 1] - knots[middle]
    found = np.asarray(2 * ((after - centre) / second - (centre - before) / first) / (second + first))
    return found, ((after if way > 0 else before) == 0) & (centre > 0)


def _bilinear(flat: FloatArray, at: IntArray, nx: int, ti: FloatArray, tj: FloatArray) -> FloatArray:
    """Interpolated value in the plane whose corner indices are `at`."""
    lower = flat[at]
    lower += ti * (flat[at + 1] - lower)
    upper = flat[at + nx]
    upper += ti * (flat[at + nx + 1] - upper)
    upper -= lower
    upper *= tj
    lower += upper
    return lower


def _between(position: FloatArray, count: int, spacing: float) -> tuple[IntArray, FloatArray, np.ndarray]:
    """Lower index, fraction to the next, and whether inside, on an even axis of `count` centres."""
    index = position / spacing
    inside = (index >= -EDGE_MM / spacing) & (index <= count - 1 + EDGE_MM / spacing)
    lower = np.floor(index)
    np.maximum(lower, 0, out=lower)
    np.minimum(lower, max(count - 2, 0), out=lower)
    index -= lower
    np.maximum(index, 0.0, out=index)
    np.minimum(index, 1.0, out=index)
    return lower.astype(np.int64), index, inside


def _between_planes(position: FloatArray, offsets: FloatArray) -> tuple[IntArray, FloatArray, np.ndarray]:
    """Do the same on the plane axis, whose offsets may be uneven."""
    inside = (position >= offsets[0] - EDGE_MM) & (position <= offsets[-1] + EDGE_MM)
    if len(offsets) == 1:
        return np.zeros(len(position), dtype=np.int64), np.zeros(len(position)), inside
    step = float(offsets[-1] - offsets[0]) / (len(offsets) - 1)
    if np.max(np.abs(offsets - (offsets[0] + step * np.arange(len(offsets))))) < step / 4:
        # nearly even: the number by division is the right one or its neighbour
        share = position - offsets[0]
        share /= step
        np.fmax(share, 0, out=share)
        np.minimum(share, len(offsets) - 2, out=share)
        lower = share.astype(np.int64)
        lower -= position < offsets[lower]
        lower += position >= offsets[lower + 1]
        np.maximum(lower, 0, out=lower)
        np.minimum(lower, len(offsets) - 2, out=lower)
    else:
        lower = np.clip(np.searchsorted(offsets, position, side="right") - 1, 0, len(offsets) - 2)
    below = offsets[lower]
    share = position - below
    share /= offsets[lower + 1] - below
    np.maximum(share, 0.0, out=share)
    np.minimum(share, 1.0, out=share)
    return lower, share, inside
