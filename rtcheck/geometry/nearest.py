"""The nearest of many points: the one place that needs a tree, brought in when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtcheck.model.arrays import FloatArray

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

__all__ = ["tree_of"]


def tree_of(points: FloatArray) -> cKDTree:
    """Return a tree over points (n, k) that is asked by its ``query``."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - a third of a second at the start that most checks never need

    return cKDTree(points)
