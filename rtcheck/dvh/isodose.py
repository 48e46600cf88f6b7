"""The volume inside an isodose surface, in the neighbourhood of one target.

Between its nodes the dose is trilinear. A cell of eight nodes that all reach the dose is inside, one of which none
does is outside. Through every other cell run columns along its steepest axis, on which the dose is linear, so that the
part of each that reaches the dose is exact; the columns are 8 × 8, and what 4 × 4 of them say tells how far the sum can
be off (its error falls with the square of their spacing; on spheres it is below 0.02 % of the volume). Cells through
which a border of the neighbourhood or of the patient may pass are counted by points. In every cell these lie a little
elsewhere: a border along the grid would otherwise be off by the same in all cells. So the errors of the cells add up by
their squares.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rtcheck.dvh.at_points import bend_parts
from rtcheck.dvh.curve import BEND
from rtcheck.dvh.field import DoseField
from rtcheck.dvh.nodes import DoseNodes, refined
from rtcheck.geometry.stagger import stagger
from rtcheck.geometry.territory import Territory
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["IsodoseVolume", "Parcels", "isodose_volume"]

_FINE, _ROUGH = 8, 4
_PARTS = 4
_SURE = 3.0
"""Standard deviations of what is counted that an interval holds."""
_BATCH = 40_000
_UNKNOWN, _LOST, _INSIDE, _OUTSIDE, _OPEN = -1, 0, 1, 2, 3
"""A cell: not asked for yet; of another target; of this one, inside the patient or outside; on or near a border."""
_TOLERANCE = 1e-9
"""A dose reaches a limit when it is at least the limit less this fraction of it."""


@dataclass(frozen=True, slots=True)
class IsodoseVolume:
    """The volume of one neighbourhood that receives at least a dose.

    Attributes:
        cm3: inside the patient where an external contour is known, else all.
        low, high: bounds over the rounding of the dose, its interpolation, the columns, and, upwards, what of the cloud
            lies outside the external contour.
        outside_cm3: that part outside the external contour.
        cut: whether the surface reaches the edge of the dose grid, so that there is no upper bound.
    """

    cm3: float
    low: float
    high: float
    outside_cm3: float = 0.0
    cut: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Volumes in mm³: inside the patient and outside it, and what cubic interpolation would add.

    `spread` is the variance of what is inside, mm⁶: of cells that a border divides.
    """

    inside: float = 0.0
    outside: float = 0.0
    bend: float = 0.0
    spread: float = 0.0

    def __add__(self, other: _Sums) -> _Sums:
        return _Sums(
            self.inside + other.inside,
            self.outside + other.outside,
            self.bend + other.bend,
            self.spread + other.spread,
        )


class Parcels:
    """Whose the cells between the nodes of a dose are, as seen from one territory; each cell is asked for once.

    Most cells lie wholly on one side of every border, and several isodose volumes of one target ask for the same ones.
    """

    def __init__(self, nodes: DoseNodes, territory: Territory) -> None:
        self.nodes = nodes
        self.territory = territory
        self._kind = np.full([n - 1 for n in nodes.dose_gy.shape], _UNKNOWN, dtype=np.int8)

    def kinds(self, cells: IntArray) -> IntArray:
        """(n,) what each of the cells (n, 3), as k, j, i, is: `_LOST`, `_INSIDE`, `_OUTSIDE` or `_OPEN`."""
        k, j, i = cells.T
        asked = np.flatnonzero(self._kind[k, j, i] == _UNKNOWN)
        if len(asked):
            self._kind[k[asked], j[asked], i[asked]] = self._sorted(cells[asked])
        return np.asarray(self._kind[k, j, i], dtype=np.int64)

    def _sorted(self, cells: IntArray) -> IntArray:
        corner, size = _cell_boxes(self.nodes, cells)
        middle = self.nodes.lps(*(corner + size / 2).T)
        reach = float(np.linalg.norm(size, axis=1).max()) / 2
        side, near = self.territory.side(middle, reach)
        out = np.full(len(cells), _LOST, dtype=np.int64)
        out[near] = _OPEN
        asked = np.flatnonzero((side > 0) & ~near)
        body = self.territory.in_body(middle[asked])
        out[asked] = np.where(self.territory.near_body(middle[asked], reach), _OPEN, np.where(body, _INSIDE, _OUTSIDE))
        return out


def isodose_volume(
    field: DoseField,
    nodes: DoseNodes,
    least_gy: float,
    territory: Territory,
    dose_error_gy: float = 0.0,
    parcels: Parcels | None = None,
) -> IsodoseVolume:
    """Measure the volume that receives at least a dose.

    Args:
        field: the dose of the course.
        nodes: ``dose_nodes(field)``.
        least_gy: the dose.
        territory: the neighbourhood.
        dose_error_gy: rounding of the stored dose.
        parcels: ``Parcels(nodes, territory)``, where several volumes of one territory are asked for.
    """
    parcels = parcels or Parcels(nodes, territory)
    fine = _volume(field, parcels, least_gy, _FINE, bend=True)
    rough = _volume(field, parcels, least_gy, _ROUGH)
    doubt = abs(fine.inside - rough.inside) + BEND * abs(fine.bend) + _SURE * math.sqrt(fine.spread)
    value = fine
    if not nodes.exact:
        value = _volume(field, Parcels(refined(field, nodes, least_gy), territory), least_gy, _FINE)
        doubt += abs(value.inside - fine.inside)
    low, high = value.inside - doubt, value.inside + value.outside + doubt
    if dose_error_gy > 0:
        low = min(low, _volume(field, parcels, least_gy + dose_error_gy, _ROUGH).inside - doubt)
        more = _volume(field, parcels, max(least_gy - dose_error_gy, 0.0), _ROUGH)
        high = max(high, more.inside + more.outside + doubt)
    return IsodoseVolume(
        value.inside / 1000,
        max(low, 0.0) / 1000,
        high / 1000,
        value.outside / 1000,
        _reaches_edge(nodes, least_gy - dose_error_gy, territory),
    )


def _reaches_edge(nodes: DoseNodes, least_gy: float, territory: Territory) -> bool:
    """Whether a node next to unknown dose, in the neighbourhood and the patient, reaches the dose."""
    known = ~np.isnan(nodes.dose_gy)
    kept = known.copy()
    for axis in range(3):
        first, last = [slice(None)] * 3, [slice(None)] * 3
        first[axis], last[axis] = slice(0, -1), slice(1, None)
        kept[tuple(first)] &= known[tuple(last)]
        kept[tuple(last)] &= known[tuple(first)]
        ends = [slice(None)] * 3
        for end in (0, -1):
            ends[axis] = slice(end, None) if end else slice(0, 1)
            kept[tuple(ends)] = False
    k, j, i = np.nonzero(known & ~kept & (np.nan_to_num(nodes.dose_gy) >= least_gy * (1 - _TOLERANCE)))
    if len(k) == 0:
        return False
    points = nodes.lps(nodes.x_mm[i], nodes.y_mm[j], nodes.z_mm[k])
    return bool(np.any(territory.belongs(points) & territory.in_body(points)))


def _volume(field: DoseField, parcels: Parcels, least_gy: float, columns: int, *, bend: bool = False) -> _Sums:
    """Volume of one neighbourhood with the dose at least `least_gy`."""
    least = least_gy * (1 - _TOLERANCE)
    dose, first = _hot_box(parcels.nodes.dose_gy, least)
    low = high = dose[:-1, :-1, :-1]
    for corner in range(1, 8):
        a, b, c = corner >> 2 & 1, corner >> 1 & 1, corner & 1
        part = dose[a : dose.shape[0] - 1 + a, b : dose.shape[1] - 1 + b, c : dose.shape[2] - 1 + c]
        low, high = np.minimum(low, part), np.maximum(high, part)  # NaN where any corner is unknown
    whole, mixed = low >= least, (high >= least) & (low < least)
    out = _whole_cells(parcels, np.argwhere(whole) + first)
    cells = np.argwhere(mixed) + first
    kinds = parcels.kinds(cells)
    cells, kinds = cells[kinds != _LOST], kinds[kinds != _LOST]
    for begin in range(0, len(cells), _BATCH):
        batch = slice(begin, begin + _BATCH)
        out += _mixed_cells(field, parcels, cells[batch], kinds[batch], least, columns, bend=bend)
    return out


def _hot_box(dose_gy: FloatArray, least: float) -> tuple[FloatArray, IntArray]:
    """Return the nodes of the box where the dose reaches `least`, one more on every side, and the first's indices."""
    hot = dose_gy >= least
    spans = []
    for axis in range(3):
        found = np.flatnonzero(hot.any(axis=tuple(a for a in range(3) if a != axis)))
        spans.append(slice(max(int(found[0]) - 1, 0), int(found[-1]) + 2) if len(found) else slice(0, 2))
    return dose_gy[tuple(spans)], np.array([span.start for span in spans])


def _cell_boxes(nodes: DoseNodes, cells: IntArray) -> tuple[FloatArray, FloatArray]:
    """(n, 3) lower corner and size of cells, along x, y, z."""
    axes = (nodes.x_mm, nodes.y_mm, nodes.z_mm)
    corner = np.stack([axes[a][cells[:, 2 - a]] for a in range(3)], axis=1)
    size = np.stack([np.diff(axes[a])[cells[:, 2 - a]] for a in range(3)], axis=1)
    return corner, size


def _whole_cells(parcels: Parcels, cells: IntArray) -> _Sums:
    if len(cells) == 0:
        return _Sums()
    kinds = parcels.kinds(cells)
    cells, kinds = cells[kinds != _LOST], kinds[kinds != _LOST]
    corner, size = _cell_boxes(parcels.nodes, cells)
    volume = size.prod(axis=1)
    out = _Sums(float(np.sum(volume[kinds == _INSIDE])), float(np.sum(volume[kinds == _OUTSIDE])))
    open_ = kinds == _OPEN
    if np.any(open_):
        share = (np.arange(_PARTS) + 0.5) / _PARTS
        grid = np.stack(np.meshgrid(share, share, share), axis=-1).reshape(-1, 3)
        aside = _aside(cells[open_])[:, None, :] / _PARTS
        points = (corner[open_][:, None, :] + (grid + aside) * size[open_][:, None, :]).reshape(-1, 3)
        points = parcels.nodes.lps(*points.T)
        owner = np.repeat(np.arange(np.count_nonzero(open_)), len(grid))
        out += _counted(parcels.territory, points, volume[open_][owner] / len(grid), owner)
    return out


def _aside(cells: IntArray) -> FloatArray:
    """(n, 3) how far the points of each cell (k, j, i) are moved along x, y, z, as shares of their spacing."""
    k, j, i = cells.T
    return np.stack(stagger(j, i, k), axis=1)


def _counted(territory: Territory, points: FloatArray, volume: FloatArray, owner: IntArray) -> _Sums:
    """Sum the volume of points by where they are; `owner` is the cell of each.

    A border along the grid that divides a cell is off by up to half the spacing of its points, evenly spread.
    """
    own = territory.belongs(points)
    body = territory.in_body(points)
    total = np.bincount(owner, volume)
    inside = np.bincount(owner, np.where(own & body, volume, 0.0))
    divided = total[(inside > 0) & (inside < total * (1 - _TOLERANCE))]
    return _Sums(
        float(np.sum(inside)), float(np.sum(volume[own & ~body])), spread=float(np.sum(divided**2)) / (12 * _PARTS**2)
    )


def _mixed_cells(
    field: DoseField, parcels: Parcels, cells: IntArray, kinds: IntArray, least: float, columns: int, *, bend: bool
) -> _Sums:
    """Volume of the cells through which the surface passes."""
    nodes = parcels.nodes
    k, j, i = cells.T
    corners = np.stack(
        [nodes.dose_gy[k + a, j + b, i + c] for a in (0, 1) for b in (0, 1) for c in (0, 1)], axis=1
    ).reshape(-1, 2, 2, 2)  # (n, z, y, x)
    steep = np.stack([np.abs(np.diff(corners, axis=3 - a).sum(axis=(1, 2, 3))) for a in range(3)], axis=1)
    out = _Sums()
    along = np.argmax(steep, axis=1)
    for axis in range(3):
        for divided in (False, True):
            chosen = np.flatnonzero((along == axis) & ((kinds == _OPEN) == divided))
            if len(chosen):
                values = np.moveaxis(corners[chosen], 3 - axis, -1)  # (n, slower other, faster other, along)
                out += _columns(
                    field, parcels, values, cells[chosen], kinds[chosen], axis, least,
                    _ROUGH if divided else columns, divided=divided, bend=bend,
                )  # fmt: skip
    return out


def _columns(
    field: DoseField,
    parcels: Parcels,
    values: FloatArray,
    cells: IntArray,
    kinds: IntArray,
    axis: int,
    least: float,
    columns: int,
    *,
    divided: bool,
    bend: bool,
) -> _Sums:
    """Volume of cells from columns along one axis; cells that are not divided lie on one side of every border."""
    nodes, territory = parcels.nodes, parcels.territory
    corner, size = _cell_boxes(nodes, cells)
    share = (np.arange(columns) + 0.5) / columns
    p, q = (a.ravel() for a in np.meshgrid(share, share, indexing="ij"))
    weights = np.stack([(1 - p) * (1 - q), (1 - p) * q, p * (1 - q), p * q])  # (4, columns²)
    ends = np.einsum("nsa,sc->nca", values.reshape(len(values), 4, 2), weights)
    first, second = ends[..., 0], ends[..., 1]
    rise = second - first
    at = np.clip((least - first) / np.where(rise == 0, 1.0, rise), 0.0, 1.0)
    begin = np.where(first >= least, 0.0, np.where(second >= least, at, 1.0))
    end = np.where(second >= least, 1.0, np.where(first >= least, at, 0.0))
    length = np.maximum(end - begin, 0.0)
    slower, faster = [a for a in (2, 1, 0) if a != axis]
    volume = length * (size.prod(axis=1) / columns**2)[:, None]

    def points_at(where: FloatArray, cell: IntArray, column: IntArray) -> FloatArray:
        position = corner[cell].copy()
        position[:, axis] += where * size[cell, axis]
        position[:, slower] += p[column] * size[cell, slower]
        position[:, faster] += q[column] * size[cell, faster]
        return nodes.lps(*position.T)

    out = _Sums()
    if divided:
        cell, column = np.nonzero(length > 0)
        part, owner = (a.ravel() for a in np.meshgrid(np.arange(_PARTS), cell, indexing="ij"))
        column = np.tile(column, _PARTS)
        aside = _aside(cells)[owner]
        where = begin[owner, column] + length[owner, column] * (part + 0.5 + aside[:, axis]) / _PARTS
        aside[:, axis] = 0.0
        points = points_at(where, owner, column) + (aside * size[owner] / columns) @ nodes.basis
        out += _counted(territory, points, volume[owner, column] / _PARTS, owner)
    else:
        each = volume.sum(axis=1)
        out += _Sums(float(np.sum(each[kinds == _INSIDE])), float(np.sum(each[kinds == _OUTSIDE])))
    if bend:
        cell, column = np.nonzero((first >= least) != (second >= least))
        points = points_at(at[cell, column], cell, column)
        more = bend_parts(field, np.eye(3), *np.ascontiguousarray(points.T)).sum(axis=0)
        change = np.clip(more / np.abs(rise[cell, column]), -1.0, 1.0) * (size.prod(axis=1) / columns**2)[cell]
        mine = territory.belongs(points) & territory.in_body(points) if divided else (kinds == _INSIDE)[cell]
        out += _Sums(bend=float(np.sum(change[mine])))
    return out
