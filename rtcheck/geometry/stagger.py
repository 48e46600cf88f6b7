"""A fixed pattern of shifts that keeps samples from lining up with the dose gradient.

Samples at the centres of a regular lattice share one dose along every lattice plane across a gradient, so that the
histogram climbs in steps. Shifted by a low-discrepancy sequence each sample still stands for its own cell, the shifts
average out, and the same input gives the same bytes.
"""

from __future__ import annotations

import numpy as np

from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["stagger"]

_PLASTIC = 1.2207440846057596
"""Real root of x⁴ = x + 1; its inverse powers fill the unit cube evenly (Roberts' R3 sequence)."""


def stagger(row: IntArray, column: IntArray, layer: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shifts along u, v and w for cells of a lattice, as fractions of a cell from -1/2 to 1/2.

    Args:
        row: (n,) row of the lattice.
        column: (n,) column of the lattice.
        layer: (n,) running number of the layer; odd layers get the opposite shifts of even ones, so that pairs cancel.
    """
    pair = layer // 2
    sign = np.where(layer % 2 == 0, 1.0, -1.0)
    number = row * 1.0 + column * 411.0 + pair * 7919.0
    out = [sign * (np.modf(0.5 + number * _PLASTIC**-k)[0] - 0.5) for k in (1, 2, 3)]
    return out[0], out[1], out[2]
