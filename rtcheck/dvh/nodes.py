"""The dose of a course on the nodes of one lattice: the total of all its parts, and where each node is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtcheck.dvh.at_points import dose_parts
from rtcheck.dvh.field import DoseField
from rtcheck.model.arrays import FloatArray
from rtcheck.model.grid import DoseGrid

__all__ = ["DoseNodes", "dose_nodes", "refined"]

_LPS = np.eye(3)


@dataclass(frozen=True, slots=True, eq=False)
class DoseNodes:
    """Total physical dose on a lattice that is even or uneven along each of its axes.

    Attributes:
        dose_gy: (nz, ny, nx); NaN where the dose of some part is unknown.
        x_mm, y_mm, z_mm: positions along `basis`, ascending.
        origin_mm: (3,) LPS of the point where all positions are 0.
        basis: (3, 3) unit vectors of x, y, z in LPS.
        exact: whether the total is trilinear between these nodes: all grids have them in common.
    """

    dose_gy: FloatArray
    x_mm: FloatArray
    y_mm: FloatArray
    z_mm: FloatArray
    origin_mm: FloatArray
    basis: FloatArray
    exact: bool

    def lps(self, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
        """(n, 3) LPS of positions (n,)."""
        return np.asarray(self.origin_mm + np.stack([x, y, z], axis=1) @ self.basis)


def dose_nodes(field: DoseField) -> DoseNodes:
    """Return the total dose on the nodes of the finest grid of a course."""
    grids = [grid for part in field.parts for grid in part.grids]
    finest = min(grids, key=_voxel)
    geometry = finest.geometry
    x = np.arange(geometry.columns, dtype=np.float64) * np.float64(geometry.spacing_mm[1])
    y = np.arange(geometry.rows, dtype=np.float64) * np.float64(geometry.spacing_mm[0])
    z = np.asarray(geometry.offsets_mm)
    basis = np.array([geometry.row, geometry.column, geometry.normal])
    origin = np.asarray(geometry.origin_mm)
    if all(grid.geometry == geometry for grid in grids):
        total = np.zeros(geometry.shape)
        for grid in grids:
            total += grid.stored.astype(np.float64) * grid.scaling_gy
        return DoseNodes(total, x, y, z, origin, basis, exact=True)
    return _evaluated(field, x, y, z, origin, basis)


def _voxel(grid: DoseGrid) -> float:
    steps = np.diff(grid.geometry.offsets_mm)
    return grid.geometry.spacing_mm[0] * grid.geometry.spacing_mm[1] * float(steps.min() if len(steps) else np.inf)


def _evaluated(
    field: DoseField, x: FloatArray, y: FloatArray, z: FloatArray, origin: FloatArray, basis: FloatArray
) -> DoseNodes:
    out = np.empty((len(z), len(y), len(x)))
    grid_y, grid_x = (a.ravel() for a in np.meshgrid(y, x, indexing="ij"))
    for k, level in enumerate(z.tolist()):
        points = origin + np.stack([grid_x, grid_y, np.full(len(grid_x), level)], axis=1) @ basis
        out[k] = dose_parts(field, _LPS, *np.ascontiguousarray(points.T)).sum(axis=0).reshape(len(y), len(x))
    return DoseNodes(out, x, y, z, origin, basis, exact=False)


def refined(field: DoseField, nodes: DoseNodes, least_gy: float) -> DoseNodes:
    """Return nodes twice as dense along each axis, in the box where the dose reaches `least_gy`."""
    hot = np.nan_to_num(nodes.dose_gy, nan=-1.0) >= least_gy
    axes = []
    for axis, positions in ((2, nodes.x_mm), (1, nodes.y_mm), (0, nodes.z_mm)):
        found = np.flatnonzero(hot.any(axis=tuple(a for a in range(3) if a != axis)))
        if len(found) == 0:
            return nodes
        kept = positions[max(int(found[0]) - 1, 0) : int(found[-1]) + 2]
        axes.append(np.sort(np.concatenate([kept, (kept[:-1] + kept[1:]) / 2])))
    return _evaluated(field, axes[0], axes[1], axes[2], nodes.origin_mm, nodes.basis)
