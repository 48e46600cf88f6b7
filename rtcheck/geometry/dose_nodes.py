"""The nodes of a dose grid about one solid, cut out once and read at many points.

Every sampling of a solid asks for the dose within the same box, tens of thousands of points at a time. The nodes of
that box are converted to Gy once; what is read is what `interpolate.dose_at` gives, to the rounding of the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtcheck.geometry.interpolate import EDGE_MM, bend_at, cut_off, dose_at, grid_frame, grid_positions
from rtcheck.model.arrays import FloatArray, IntArray, frozen
from rtcheck.model.grid import DoseGrid

__all__ = ["DoseNodes", "nodes_about", "read_bend", "read_dose"]

_SPARE = 2
"""Nodes kept beyond the box on every side: cubic interpolation looks that far."""


@dataclass(frozen=True, slots=True, eq=False)
class DoseNodes:
    """The part of a dose grid about a solid.

    Attributes:
        grid: the whole grid.
        axes: (3, 3) unit vectors of u, v, w in LPS.
        matrix, offset: of `interpolate.grid_frame`.
        first: number of the first node along a row, a column and the normal.
        spacing: mm along each, 0 where the planes are uneven.
        offsets: (n,) of the planes in the box, mm.
        to_cells, cell_offset: the same map to cells from the first node on; to mm from it where planes are uneven.
        dose_gy: (planes, rows, columns) of the nodes, read-only.
    """

    grid: DoseGrid
    axes: FloatArray
    matrix: FloatArray
    offset: FloatArray
    first: tuple[int, int, int]
    spacing: tuple[float, float, float]
    offsets: FloatArray
    to_cells: FloatArray
    cell_offset: FloatArray
    dose_gy: FloatArray


def nodes_about(grid: DoseGrid, axes: FloatArray, low: FloatArray, high: FloatArray) -> DoseNodes:
    """Cut out the nodes about a box.

    Args:
        grid: the dose.
        axes: (3, 3) unit vectors of u, v, w in LPS.
        low: (3,) lowest u, v, w that will be asked for, mm; other points are read too, but slowly.
        high: (3,) the highest.
    """
    geometry = grid.geometry
    matrix, offset = grid_frame(geometry, axes)
    corners = np.array([(u, v, w) for u in (low[0], high[0]) for v in (low[1], high[1]) for w in (low[2], high[2])])
    position = corners @ matrix.T + offset
    knots = (
        np.arange(geometry.columns) * geometry.spacing_mm[1],
        np.arange(geometry.rows) * geometry.spacing_mm[0],
        np.asarray(geometry.offsets_mm),
    )
    spans = []
    for axis, nodes in enumerate(knots):
        begin = max(min(int(np.searchsorted(nodes, position[:, axis].min())), len(nodes)) - 1 - _SPARE, 0)
        end = min(int(np.searchsorted(nodes, position[:, axis].max(), side="right")) + 1 + _SPARE, len(nodes))
        spans.append(slice(min(begin, len(nodes) - 1), max(end, 1)))
    steps = np.diff(knots[2])
    even = len(steps) > 0 and bool(np.all(np.abs(steps - steps[0]) <= 1e-9 * steps[0]))
    spacing = (geometry.spacing_mm[1], geometry.spacing_mm[0], float(steps[0]) if even else 0.0)
    start = np.array([nodes[span.start] for nodes, span in zip(knots, spans, strict=True)])
    unit = np.array([size if size > 0 else 1.0 for size in spacing])
    return DoseNodes(
        grid=grid,
        axes=axes,
        matrix=matrix,
        offset=offset,
        first=(spans[0].start, spans[1].start, spans[2].start),
        spacing=spacing,
        offsets=frozen(knots[2][spans[2]]),
        to_cells=frozen(matrix / unit[:, None]),
        cell_offset=frozen((offset - start) / unit),
        dose_gy=frozen(grid.stored[spans[2], spans[1], spans[0]] * np.float64(grid.scaling_gy)),
    )


def read_dose(nodes: DoseNodes, u: FloatArray, v: FloatArray, w: FloatArray) -> FloatArray:
    """(n,) trilinear dose in Gy at points; NaN outside the box spanned by the voxel centres of the grid."""
    cells = _cells(nodes, u, v, w)
    if cells is None:
        return dose_at(nodes.grid, nodes.axes, u, v, w)
    at, (tx, ty, tz) = cells
    flat = nodes.dose_gy.ravel()
    along_y, along_z = _strides(nodes)
    below = _in_plane(flat, at, along_y, tx, ty)
    above = _in_plane(flat[along_z:], at, along_y, tx, ty)
    above -= below
    above *= tz
    above += below
    return above


def _in_plane(flat: FloatArray, at: IntArray, along_y: int, tx: FloatArray, ty: FloatArray) -> FloatArray:
    near = flat.take(at)
    more = flat[1:].take(at)
    more -= near
    more *= tx
    near += more
    far = flat[along_y:].take(at)
    more = flat[along_y + 1 :].take(at)
    more -= far
    more *= tx
    far += more
    far -= near
    far *= ty
    near += far
    return near


def read_bend(nodes: DoseNodes, u: FloatArray, v: FloatArray, w: FloatArray) -> FloatArray:
    """(n,) what cubic interpolation would add to the dose at points, Gy, as `interpolate.bend_at` says it."""
    cells = _cells(nodes, u, v, w) if nodes.spacing[2] > 0 else None
    if cells is None:
        return bend_at(nodes.grid, nodes.axes, u, v, w)
    at, shares = cells
    along_y, along_z = _strides(nodes)
    strides = (1, along_y, along_z)
    flat = nodes.dose_gy.ravel()
    z, rest = np.divmod(at, along_z)
    y, x = np.divmod(rest, along_y)
    nearest = [(share > 0.5) * stride for share, stride in zip(shares, strides, strict=True)]
    out = np.zeros(len(at))
    for axis, (share, stride, number) in enumerate(zip(shares, strides, (x, y, z), strict=True)):
        size = nodes.dose_gy.shape[2 - axis]
        if size < 3 or len(number) == 0:
            continue
        column = at + nearest[axis - 1]
        column += nearest[axis - 2]
        before = after = column
        inner = int(number.min()) >= 1 and int(number.max()) <= size - 3
        if not inner:  # next to the grid's own end, whose second difference is that of its neighbour
            before = column + (np.maximum(number, 1) - number) * stride
            after = column + (np.minimum(number, size - 3) - number) * stride
        # the second differences at the node before and at the node after, together
        here, far = flat.take(before - stride), flat.take(after + 2 * stride)
        if inner and here.all() and far.all():
            here -= flat.take(column)
            column += stride
            here -= flat.take(column)
            here += far
        else:
            near, middle = flat.take(before), flat.take(after + stride)
            cut = (here == 0) & (near > 0), (far == 0) & (middle > 0)
            first = here - 2 * near + flat.take(before + stride)
            second = far - 2 * middle + flat.take(after)
            here = first + second
            here += cut_off(first, second, *cut)
        here *= share * (1 - share)
        out -= here
    out /= 4
    return out


def _strides(nodes: DoseNodes) -> tuple[int, int]:
    _, rows, columns = nodes.dose_gy.shape
    return columns, rows * columns


def _cells(
    nodes: DoseNodes, u: FloatArray, v: FloatArray, w: FloatArray
) -> tuple[IntArray, tuple[FloatArray, FloatArray, FloatArray]] | None:
    """Find the lower corner of the cell of each point, and the fractions; None when some point is in no cell."""
    if min(nodes.dose_gy.shape) < 2:
        return None
    position = grid_positions(nodes.to_cells, nodes.cell_offset, u, v, w)
    at: IntArray | None = None
    shares: list[FloatArray] = []
    for axis in (2, 1, 0):
        size, spacing = nodes.dose_gy.shape[2 - axis], nodes.spacing[axis]
        share = position[axis]
        if len(share) == 0:
            lower = np.zeros(0, dtype=np.int64)
        elif spacing > 0:
            slack = EDGE_MM / spacing
            least, most = float(share.min()), float(share.max())
            if not (least >= -slack and most <= size - 1 + slack):
                return None
            lower = share.astype(np.int64)
            if most >= size - 1:
                np.minimum(lower, size - 2, out=lower)
            share -= lower
            if least < 0:
                np.maximum(share, 0.0, out=share)
            if most > size - 1:
                np.minimum(share, 1.0, out=share)
        else:
            knots = nodes.offsets - nodes.offsets[0]
            if not (float(share.min()) >= -EDGE_MM and float(share.max()) <= knots[-1] + EDGE_MM):
                return None
            lower = np.clip(np.searchsorted(knots, share, side="right") - 1, 0, size - 2)
            share -= knots[lower]
            share /= np.diff(knots)[lower]
            np.clip(share, 0.0, 1.0, out=share)
        shares.append(share)
        if at is None:
            at = lower
        else:
            at *= size
            at += lower
    assert at is not None
    return at, (shares[2], shares[1], shares[0])
