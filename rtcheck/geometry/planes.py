"""Where the planes of a contour stack are: common normal, in-plane axes, and which contours share a plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtcheck.model.arrays import FloatArray, IntArray, successors

__all__ = [
    "GAP_FACTOR",
    "MERGE_MM",
    "MERGE_SHARE",
    "PLANAR_MM",
    "Clusters",
    "cluster_planes",
    "common_axes",
    "find_gaps",
]

PLANAR_MM = 0.05
"""A contour may leave its plane by this much."""

MERGE_MM = 0.05
MERGE_SHARE = 0.05
"""Contours are one plane when they lie within ``MERGE_MM + MERGE_SHARE * spacing`` (dicom-rt-notes, row 25)."""

GAP_FACTOR = 1.5
"""Neighbouring planes further apart than this many median spacings have a slice missing (row 23)."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Contours sorted into planes.

    Attributes:
        planes_mm: (m,) ascending positions; the mean of the distinct positions merged into each.
        plane_of: (c,) plane index of each contour.
        spread_mm: the largest distance between positions that were merged into one plane.
    """

    planes_mm: FloatArray
    plane_of: IntArray
    spread_mm: float


def common_axes(points: FloatArray, starts: IntArray) -> tuple[FloatArray, float]:
    """Find the in-plane and normal directions shared by all contours.

    Axial contours, by far the common case, get the LPS unit vectors exactly. Otherwise the normal is the mean of the
    contours' area vectors (Newell), each turned to the same side.

    Args:
        points: (n, 3) LPS mm.
        starts: (c + 1,) contour offsets; every contour has at least three points.

    Returns:
        Axes (3, 3), rows u, v, w (right-handed), and the largest distance in mm of a point from its contour's plane.
    """
    first, last = starts[:-1], starts[1:]
    z_range = np.maximum.reduceat(points[:, 2], first) - np.minimum.reduceat(points[:, 2], first)
    if float(z_range.max()) <= 2 * PLANAR_MM:
        return np.eye(3), float(z_range.max()) / 2
    following = successors(starts)
    middle = np.repeat(np.add.reduceat(points, first, axis=0) / (last - first)[:, None], last - first, axis=0)
    area_vectors = np.add.reduceat(np.cross(points - middle, points[following] - middle), first, axis=0)
    longest = area_vectors[np.argmax(np.einsum("ij,ij->i", area_vectors, area_vectors))]
    normal = np.sum(area_vectors * np.where(area_vectors @ longest < 0, -1.0, 1.0)[:, None], axis=0)
    length = float(np.linalg.norm(normal))
    if length == 0:
        return np.eye(3), float("inf")
    normal /= length
    if normal[np.argmax(np.abs(normal))] < 0:
        normal = -normal
    axes = _axes_for(normal)
    w = points @ axes[2]
    mean_w = np.repeat(np.add.reduceat(w, first) / (last - first), last - first)
    return axes, float(np.max(np.abs(w - mean_w)))


def _axes_for(normal: FloatArray) -> FloatArray:
    """Right-handed u, v, w for a unit normal; exact unit vectors when it is one to within 1e-6."""
    k = int(np.argmax(np.abs(normal)))
    if abs(normal[k] - 1) < 1e-9 and np.sum(np.abs(normal)) - abs(normal[k]) < 1e-6:
        unit = np.eye(3)
        return np.stack([unit[(k + 1) % 3], unit[(k + 2) % 3], unit[k]])
    u = np.zeros(3)
    u[int(np.argmin(np.abs(normal)))] = 1.0
    u -= normal * (normal @ u)
    u /= np.linalg.norm(u)
    return np.stack([u, np.cross(normal, u), normal])


def cluster_planes(position: FloatArray) -> Clusters:
    """Sort contour positions along the normal into planes.

    Args:
        position: (c,) mean w of each contour, mm.
    """
    distinct = np.unique(position)
    steps = np.diff(distinct)
    wide = steps[steps > MERGE_MM]
    tolerance = MERGE_MM + MERGE_SHARE * float(np.median(wide)) if len(wide) else MERGE_MM
    groups = [[float(distinct[0])]]
    for value in distinct[1:].tolist():
        # measured from the group's first member, so that a chain of small steps cannot grow without end
        if value - groups[-1][0] <= tolerance:
            groups[-1].append(value)
        else:
            groups.append([value])
    # sum over the distinct positions, not over contours: a plane with many islands must not pull the position
    planes = np.array([sum(group) / len(group) if len(group) > 1 else group[0] for group in groups])
    lows = np.array([group[0] for group in groups])
    plane_of = np.searchsorted(lows, position, side="right") - 1
    return Clusters(planes, plane_of.astype(np.int64), max(group[-1] - group[0] for group in groups))


def find_gaps(planes: FloatArray) -> tuple[int, ...]:
    """Return the indices j where planes j and j + 1 are further apart than `GAP_FACTOR` median spacings.

    Of an even number of spacings the lower middle one is taken, not the mean of two: of four planes one of which is
    lost two spacings are left, 3 and 6 mm, and their mean would hide the gap.
    """
    if len(planes) < 3:
        return ()
    steps = np.diff(planes)
    middle = float(np.sort(steps)[(len(steps) - 1) // 2])
    return tuple(np.flatnonzero(steps > GAP_FACTOR * middle).tolist())
