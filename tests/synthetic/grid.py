"""Voxel positions of synthetic dose and CT: axis-aligned boxes stored in any of the eight patient orientations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ORIENTATIONS", "GridSpec", "box_grid", "grid_points"]

ORIENTATIONS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "HFS": ((1, 0, 0), (0, 1, 0)),
    "HFP": ((-1, 0, 0), (0, -1, 0)),
    "FFS": ((-1, 0, 0), (0, 1, 0)),
    "FFP": ((1, 0, 0), (0, -1, 0)),
    "HFDL": ((0, -1, 0), (1, 0, 0)),
    "HFDR": ((0, 1, 0), (-1, 0, 0)),
    "FFDL": ((0, 1, 0), (1, 0, 0)),
    "FFDR": ((0, -1, 0), (-1, 0, 0)),
}
"""Row and column directions of axial planes for each patient position, as a scanner writes them (down is gravity)."""


@dataclass(frozen=True)
class GridSpec:
    """Voxel positions in stored order; plane k lies at ``origin + offsets[k] * (row × column)``.

    `spacing` is (between rows, between columns). `offsets` start at 0 and may descend or be uneven. `absolute` writes
    them as z positions (form b of PS3.3 §C.8.8.3.2, legal for HFS only; other orientations make a trap).
    """

    origin: tuple[float, float, float]
    shape: tuple[int, int, int]
    spacing: tuple[float, float] = (3.0, 3.0)
    offsets: tuple[float, ...] = ()
    row: tuple[float, float, float] = (1, 0, 0)
    column: tuple[float, float, float] = (0, 1, 0)
    absolute: bool = False
    position: str = "HFS"

    @property
    def planes(self) -> tuple[float, ...]:
        """Offsets, evenly spaced by the row spacing when none were given."""
        return self.offsets or tuple(k * self.spacing[0] for k in range(self.shape[0]))


def box_grid(
    lower: Sequence[float],
    upper: Sequence[float],
    spacing: Sequence[float] = (3.0, 3.0, 3.0),
    *,
    position: str = "HFS",
    descending: bool = False,
    absolute: bool = False,
    plane_positions: Sequence[float] | None = None,
) -> GridSpec:
    """A grid whose voxel centres cover the LPS box `lower`..`upper`, stored as patient position `position` has it.

    Args:
        lower, upper: x, y, z in mm; the first and last voxel centres lie on `lower` and at or beyond `upper`.
        spacing: steps along a row, along a column and between planes, in mm.
        position: one of `ORIENTATIONS`; it turns the storage order, not the patient.
        descending: frames are stored against the plane normal, so offsets fall.
        absolute: see `GridSpec`.
        plane_positions: z of each plane instead of an even spacing; they replace the z limits of the box.
    """
    row, column = ORIENTATIONS[position]
    low, high = np.asarray(lower, float), np.asarray(upper, float)
    origin = np.zeros(3)
    counts = []
    for direction, step in ((row, spacing[0]), (column, spacing[1])):
        axis = int(np.argmax(np.abs(direction)))
        count = math.ceil((high[axis] - low[axis]) / step - 1e-9) + 1
        origin[axis] = low[axis] if direction[axis] > 0 else low[axis] + (count - 1) * step
        counts.append(count)
    if plane_positions is None:
        count = math.ceil((high[2] - low[2]) / spacing[2] - 1e-9) + 1
        plane_positions = [float(low[2]) + k * spacing[2] for k in range(count)]
    normal_z = float(np.cross(row, column)[2])
    z = sorted(plane_positions, reverse=(normal_z < 0) != descending)
    origin[2] = z[0]
    offsets = tuple((value - z[0]) * normal_z for value in z)
    return GridSpec(
        tuple(map(float, origin)),
        (len(z), counts[1], counts[0]),
        (spacing[1], spacing[0]),
        offsets,
        row,
        column,
        absolute,
        position,
    )


def grid_points(grid: GridSpec) -> NDArray[np.float64]:
    """(nz, ny, nx, 3) LPS mm of every voxel centre, in stored order."""
    _, ny, nx = grid.shape
    row, column = np.asarray(grid.row, float), np.asarray(grid.column, float)
    planes = np.asarray(grid.planes)[:, None, None, None] * np.cross(row, column)
    lines = (np.arange(ny) * grid.spacing[0])[None, :, None, None] * column
    cells = (np.arange(nx) * grid.spacing[1])[None, None, :, None] * row
    return np.asarray(grid.origin) + planes + lines + cells
