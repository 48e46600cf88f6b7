"""Which cells of a plane hang together: islands and holes on a lattice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rtcheck.model.arrays import IntArray

__all__ = ["label_islands"]


def label_islands(mask: NDArray[np.bool_]) -> tuple[IntArray, int]:
    """Give every island of true cells a number; cells join along rows and columns, never from plane to plane.

    Args:
        mask: (planes, rows, columns).

    Returns:
        (planes, rows, columns) number of each cell's island from 1, 0 for false cells, and how many there are. Islands
        are numbered by their first cell.
    """
    start = mask.copy()
    start[:, :, 1:] &= ~mask[:, :, :-1]
    # runs of true cells along a row, numbered from 1
    run = np.cumsum(start.ravel()).reshape(mask.shape)
    run[~mask] = 0
    count = int(start.sum())
    # two runs of neighbouring rows meet first where the later of the two begins
    meet = mask[:, :-1] & mask[:, 1:] & (start[:, :-1] | start[:, 1:])
    upper, lower = run[:, :-1][meet], run[:, 1:][meet]
    least = np.arange(count + 1)
    while len(upper):
        first, second = least[upper], least[lower]
        apart = first != second
        if not np.any(apart):
            break
        upper, lower = upper[apart], lower[apart]
        low, high = np.minimum(first, second)[apart], np.maximum(first, second)[apart]
        np.minimum.at(least, high, low)
        while True:
            nearer = least[least]
            if np.array_equal(nearer, least):
                break
            least = nearer
    names, number = np.unique(least, return_inverse=True)
    return np.asarray(number.reshape(-1)[run], dtype=np.int64), len(names) - 1
