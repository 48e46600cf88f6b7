"""Signed distance to the contours of each plane, on the cell centres of a lattice, where it is needed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from rtcheck.geometry.occupancy import Lattice
from rtcheck.geometry.solid import ContourStack
from rtcheck.model.arrays import FloatArray

__all__ = ["FAR_MM", "centres_inside", "plane_distances", "spread"]

FAR_MM = 1e4
"""Stands for "far inside" and, negative, "far outside" where no distance was computed."""


def centres_inside(stack: ContourStack, lattice: Lattice) -> NDArray[np.bool_]:
    """(planes, rows, columns) whether each cell centre is inside the contours of each plane."""
    x, y, following, plane = _scaled(stack, lattice)
    x0, y0, x1, y1 = x, y, x[following], y[following]
    low, high = np.minimum(y0, y1), np.maximum(y0, y1)
    # rows whose centre line r + 1/2 the edge crosses, half open so that a shared vertex counts once
    first = np.maximum(np.ceil(low - 0.5), 0).astype(np.int64)
    last = np.minimum(np.ceil(high - 0.5) - 1, lattice.rows - 1).astype(np.int64)
    count = np.maximum(last - first + 1, 0)
    edge = np.repeat(np.arange(len(x)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    at = x0[edge] + (x1 - x0)[edge] * (row + 0.5 - y0[edge]) / (y1 - y0)[edge]
    column = np.clip(np.ceil(at - 0.5), 0, lattice.columns).astype(np.int64)
    shape = (len(stack.planes_mm), lattice.rows, lattice.columns + 1)
    flat = (plane[edge] * shape[1] + row) * shape[2] + column
    crossings = np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape)
    return np.asarray(np.cumsum(crossings, axis=2)[:, :, :-1] % 2 == 1)


def spread(mask: NDArray[np.bool_], cells: int) -> NDArray[np.bool_]:
    """Grow true cells by `cells` in each direction of the last two axes."""
    out = mask.copy()
    for _ in range(cells):
        wide = out.copy()
        wide[..., 1:, :] |= out[..., :-1, :]
        wide[..., :-1, :] |= out[..., 1:, :]
        out = wide.copy()
        out[..., :, 1:] |= wide[..., :, :-1]
        out[..., :, :-1] |= wide[..., :, 1:]
    return out


def plane_distances(
    stack: ContourStack, lattice: Lattice, inside: NDArray[np.bool_], needed: NDArray[np.bool_]
) -> FloatArray:
    """(planes, rows, columns) distance in mm to the plane's contours, positive inside; ±`FAR_MM` where not needed.

    The nearest contour is found among points set along it at half a cell, then the distance to that edge is exact.
    """
    out = np.where(inside, FAR_MM, -FAR_MM)
    following = np.arange(1, len(stack.points_mm) + 1)
    following[stack.ring_starts[1:] - 1] = stack.ring_starts[:-1]
    spacing = min(lattice.du, lattice.dv) / 2
    for plane in range(len(stack.planes_mm)):
        rows, columns = np.nonzero(needed[plane])
        if len(rows) == 0:
            continue
        begin, end = stack.ring_starts[stack.plane_starts[plane]], stack.ring_starts[stack.plane_starts[plane + 1]]
        start, along = stack.points_mm[begin:end], stack.points_mm[following[begin:end]] - stack.points_mm[begin:end]
        length = np.hypot(along[:, 0], along[:, 1])
        count = np.ceil(length / spacing).astype(np.int64) + 1
        edge = np.repeat(np.arange(len(start)), count)
        step = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
        points = start[edge] + along[edge] * (step / count[edge])[:, None]
        centres = np.stack([lattice.u0 + lattice.du * (columns + 0.5), lattice.v0 + lattice.dv * (rows + 0.5)], axis=1)
        nearest = edge[cKDTree(points, balanced_tree=False, compact_nodes=False).query(centres)[1]]
        offset = centres - start[nearest]
        share = np.clip(np.einsum("ij,ij->i", offset, along[nearest]) / length[nearest] ** 2, 0, 1)
        offset -= share[:, None] * along[nearest]
        distance = np.hypot(offset[:, 0], offset[:, 1])
        out[plane, rows, columns] = np.where(inside[plane, rows, columns], distance, -distance)
    return out


def _scaled(
    stack: ContourStack, lattice: Lattice
) -> tuple[FloatArray, FloatArray, NDArray[np.int64], NDArray[np.int64]]:
    """Ring points in cell units, index of each point's successor, and the plane of each point."""
    x = (stack.points_mm[:, 0] - lattice.u0) / lattice.du
    y = (stack.points_mm[:, 1] - lattice.v0) / lattice.dv
    following = np.arange(1, len(x) + 1)
    following[stack.ring_starts[1:] - 1] = stack.ring_starts[:-1]
    ring_plane = np.repeat(np.arange(len(stack.planes_mm)), np.diff(stack.plane_starts))
    return x, y, following, np.repeat(ring_plane, np.diff(stack.ring_starts))
