"""The array types of the model, and how an array in a frozen value is made read-only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FloatArray", "IntArray", "frozen"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array read-only and contiguous; a view is copied so that nobody can change it from outside."""
    out = np.ascontiguousarray(array)
    if out.base is not None or out is array:
        out = out.copy()
    out.setflags(write=False)
    return out
