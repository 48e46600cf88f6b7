"""Closed contours of a field on a plane by marching squares, resampled to even vertex spacing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon

__all__ = ["rings"]

# edges of a cell: 0 bottom, 1 right, 2 top, 3 left; by case the pairs of edges that a line joins (inside on its left)
_LINES = {
    1: [(0, 3)], 2: [(1, 0)], 3: [(1, 3)], 4: [(2, 1)], 6: [(2, 0)], 7: [(2, 3)], 8: [(3, 2)],
    9: [(0, 2)], 11: [(1, 2)], 12: [(3, 1)], 13: [(0, 1)], 14: [(3, 0)],
}

_SADDLES = {
    (5, True): [(0, 1), (2, 3)], (5, False): [(0, 3), (2, 1)],
    (10, True): [(1, 2), (3, 0)], (10, False): [(1, 0), (3, 2)],
}


def rings(
    field: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64], *, spacing: float = 3.4,
    smallest_mm2: float = 12.0,
) -> list[NDArray[np.float64]]:
    """Closed rings (n, 2) of x, y where `field` (ny, nx) is zero, outer ones and holes alike, largest first.

    `x` and `y` are the even coordinates of columns and rows. The field is taken as positive on the border.
    Vertices are `spacing` mm apart along the ring; rings under `smallest_mm2` are dropped.
    """
    field = field.copy()
    field[[0, -1], :] = np.maximum(field[[0, -1], :], 1e-6)
    field[:, [0, -1]] = np.maximum(field[:, [0, -1]], 1e-6)
    found = []
    for ring in _closed_lines(field):
        points = np.column_stack([x[0] + ring[:, 0] * (x[1] - x[0]), y[0] + ring[:, 1] * (y[1] - y[0])])
        if _area(points) < smallest_mm2:
            continue
        even = _resampled(points, spacing)
        if not Polygon(even).is_valid:
            even = _resampled(points, spacing / 2)
        found.append((-_area(even), tuple(even[0]), even))
    return [even for *_, even in sorted(found, key=lambda item: item[:2])]


def _area(points: NDArray[np.float64]) -> float:
    return float(abs(np.sum(points[:, 0] * np.roll(points[:, 1], -1) - np.roll(points[:, 0], -1) * points[:, 1])) / 2)


def _resampled(points: NDArray[np.float64], spacing: float) -> NDArray[np.float64]:
    closed = np.vstack([points, points[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    count = max(12, round(along[-1] / spacing))
    at = np.arange(count) * along[-1] / count
    return np.column_stack([np.interp(at, along, closed[:, 0]), np.interp(at, along, closed[:, 1])])


def _closed_lines(field: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Rings in units of columns and rows. Crossings are keyed by (row, column, 0 along x or 1 along y)."""
    inside = field < 0
    case = inside[:-1, :-1] + 2 * inside[:-1, 1:] + 4 * inside[1:, 1:] + 8 * inside[1:, :-1]
    following: dict[tuple[int, int, int], tuple[int, int, int]] = {}
    for j, i in zip(*np.nonzero((case != 0) & (case != 15)), strict=True):
        j, i = int(j), int(i)
        edges = [(j, i, 0), (j, i + 1, 1), (j + 1, i, 0), (j, i, 1)]
        kind = int(case[j, i])
        lines = _LINES.get(kind)
        if lines is None:  # a saddle: the mean of the corners says which pair is joined
            joined = field[j : j + 2, i : i + 2].mean() < 0
            lines = _SADDLES[kind, bool(joined)]
        for start, stop in lines:
            following[edges[start]] = edges[stop]
    out = []
    while following:
        first = next(iter(following))
        keys, key = [first], following.pop(first)
        while key != first:
            keys.append(key)
            key = following.pop(key)
        out.append(np.array([_crossing(field, *key) for key in keys]))
    return out


def _crossing(field: NDArray[np.float64], j: int, i: int, along_y: int) -> tuple[float, float]:
    near, far = field[j, i], field[j + along_y, i + 1 - along_y]
    t = near / (near - far)
    return (i, j + t) if along_y else (i + t, j)
