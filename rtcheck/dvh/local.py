"""The dose about one solid, each grid's nodes cut out once for all the points that are asked for."""

from __future__ import annotations

import numpy as np

from rtcheck.dvh.field import DoseField
from rtcheck.geometry.dose_nodes import DoseNodes, nodes_about, read_bend, read_dose
from rtcheck.model.arrays import FloatArray

__all__ = ["LocalDose", "dose_about", "local_bend", "local_dose"]

LocalDose = tuple[tuple[DoseNodes, ...], ...]
"""The nodes about a solid of each grid of each part of the course."""


def dose_about(field: DoseField, axes: FloatArray, low: FloatArray, high: FloatArray) -> LocalDose:
    """Cut the nodes about a box out of every grid, see `dose_nodes.nodes_about`."""
    return tuple(tuple(nodes_about(grid, axes, low, high) for grid in part.grids) for part in field.parts)


def local_dose(local: LocalDose, u: FloatArray, v: FloatArray, w: FloatArray) -> FloatArray:
    """(parts, n) physical dose in Gy of each part of the course at points; NaN where any grid of a part ends."""
    out = np.zeros((len(local), len(u)))
    for i, grids in enumerate(local):
        for nodes in grids:
            out[i] += read_dose(nodes, u, v, w)
    return out


def local_bend(local: LocalDose, u: FloatArray, v: FloatArray, w: FloatArray) -> FloatArray:
    """(parts, n) what cubic interpolation would add to the dose of each part at points, Gy."""
    out = np.zeros((len(local), len(u)))
    for i, grids in enumerate(local):
        for nodes in grids:
            out[i] += read_bend(nodes, u, v, w)
    return out
