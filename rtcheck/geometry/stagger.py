"""A fixed pattern of shifts that keeps samples from lining up with the dose gradient.

Samples at the centres of a regular lattice share one dose along every lattice plane across a gradient, so that the
histogram climbs in steps. Shifted by a low-discrepancy sequence each sample still stands for its own cell, the shifts
average out, and the same input gives the same bytes.
"""

from __future__ import annotations

import numpy as np

from rtcheck.geometry.occupancy import Lattice
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["reach", "stagger"]

_RECTANGLE = 1e-6
"""A covered part is a rectangle when its share of the cell is that of the box about its centroid, within this."""
_WHOLE = 1 - 1e-12
"""A cell covered beyond this share is whole."""

_PLASTIC = 1.324717957244746
"""Real root of x³ = x + 1; its inverse powers fill the unit square evenly (Roberts' R2 sequence)."""
_ONE, _TWO = 1 / _PLASTIC, 1 / _PLASTIC**2
_START = 0.25
"""Shift of the first cell, beyond a whole number."""


def stagger(row: IntArray, column: IntArray, layer: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shifts along u, v and w for cells of a lattice, as fractions of a cell from -1/2 to 1/2.

    Along an axis a cell is shifted by where it is along the two others: the cells of a plane across an axis, whichever
    plane it is, are shifted along it by a sequence that fills their range evenly, and along a row of cells the shifts
    to its sides are those of a sequence that fills the square. In boxes of 600 to 20,000 cells in linear doses, against
    their closed form, volumes are off by half as much as with random shifts, or with multiples of one number for all.

    Args:
        row: (n,) row of the lattice.
        column: (n,) column of the lattice.
        layer: (n,) running number of the layer.
    """
    along_u = row * _TWO - layer * _ONE + _START
    along_v = column * _ONE - layer * _TWO + _START
    along_w = column * _TWO - row * _ONE + _START
    return along_u - np.rint(along_u), along_v - np.rint(along_v), along_w - np.rint(along_w)


def reach(
    lattice: Lattice, row: IntArray, column: IntArray, u_mm: FloatArray, v_mm: FloatArray, area_mm2: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """How far the covered part of each cell extends along u and v, in mm, where it is a rectangle; else 0.

    A whole cell is one, and so is a cell along a straight face across u or v. Sampled at its centroid alone, every cell
    along a face across the gradient would have one dose, and the histogram a step where there is none.

    Args:
        lattice: of the cells.
        row: (n,) row of each cell.
        column: (n,) column of each cell.
        u_mm: (n,) centroid of the covered part along u.
        v_mm: (n,) centroid of the covered part along v.
        area_mm2: (n,) covered area.
    """
    size = lattice.du * lattice.dv
    full_u, full_v = np.full(len(row), lattice.du), np.full(len(row), lattice.dv)
    cut = np.flatnonzero(area_mm2 < _WHOLE * size)
    along_u = 1 - 2 * np.abs((u_mm[cut] - lattice.u0) / lattice.du - column[cut] - 0.5)
    along_v = 1 - 2 * np.abs((v_mm[cut] - lattice.v0) / lattice.dv - row[cut] - 0.5)
    rectangle = np.abs(along_u * along_v - area_mm2[cut] / size) < _RECTANGLE
    full_u[cut] = np.where(rectangle, along_u * lattice.du, 0.0)
    full_v[cut] = np.where(rectangle, along_v * lattice.dv, 0.0)
    return full_u, full_v
