"""The nodes of a dose grid in the order of the axes of the contours."""

from __future__ import annotations

import numpy as np

from rtcheck.dvh.local import LocalDose
from rtcheck.geometry.dose_nodes import DoseNodes
from rtcheck.model.arrays import FloatArray

__all__ = ["turned"]


def turned(local: LocalDose) -> FloatArray | None:
    """(w, v, u) dose at the nodes of the only grid of a field, in ascending order of the lines; None: several grids."""
    every: list[DoseNodes] = [nodes for part in local for nodes in part]
    if len(every) != 1:
        return None
    matrix = every[0].matrix
    # axis 0, 1, 2 of the array run along the grid's normal, a column and a row: rows 2, 1, 0 of the matrix
    target = [int(np.argmax(np.abs(matrix[row]))) for row in (2, 1, 0)]
    turned = every[0].dose_gy.transpose([target.index(axis) for axis in (2, 1, 0)])
    senses = [float(matrix[2 - target.index(axis), axis]) for axis in (2, 1, 0)]
    return turned[tuple(slice(None, None, 1 if sense > 0 else -1) for sense in senses)]
