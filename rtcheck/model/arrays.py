"""The array types of the model, and how an array in a frozen value is made read-only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FloatArray", "IntArray", "centre", "extent", "frozen", "successors"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array read-only and contiguous; a view is copied so that nobody can change it from outside."""
    out = np.ascontiguousarray(array)
    if out.base is not None or out is array:
        out = out.copy()
    out.setflags(write=False)
    return out


def extent(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(k,) lowest and (k,) highest coordinates of points (n, k); by column, which is many times faster."""
    return np.array([column.min() for column in points.T]), np.array([column.max() for column in points.T])


def centre(points: FloatArray) -> FloatArray:
    """(k,) mean of points (n, k)."""
    return np.array([column.mean() for column in points.T])


def successors(starts: IntArray) -> IntArray:
    """(n,) index of the point after each, round its ring; rings are ``starts[r]:starts[r + 1]`` of n points."""
    following = np.arange(1, starts[-1] + 1)
    following[starts[1:] - 1] = starts[:-1]
    return following
