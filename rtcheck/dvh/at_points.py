"""The dose of a course at any points, read from its whole grids; about one solid see `rtcheck.dvh.local`."""

from __future__ import annotations

import numpy as np

from rtcheck.dvh.field import DoseField
from rtcheck.geometry.interpolate import bend_at, dose_at
from rtcheck.model.arrays import FloatArray

__all__ = ["bend_parts", "dose_parts"]


def dose_parts(field: DoseField, axes: FloatArray, u: FloatArray, v: FloatArray, w: FloatArray) -> FloatArray:
    """(parts, n) physical dose in Gy of each part of the course at points; NaN where any grid of a part ends."""
    out = np.zeros((len(field.parts), len(u)))
    for i, part in enumerate(field.parts):
        for grid in part.grids:
            out[i] += dose_at(grid, axes, u, v, w)
    return out


def bend_parts(field: DoseField, axes: FloatArray, u: FloatArray, v: FloatArray, w: FloatArray) -> FloatArray:
    """(parts, n) what cubic interpolation would add to the dose of each part at points, Gy."""
    out = np.zeros((len(field.parts), len(u)))
    for i, part in enumerate(field.parts):
        for grid in part.grids:
            out[i] += bend_at(grid, axes, u, v, w)
    return out
