"""Where a contour stack crosses a plane of the patient axes: the outlines that a picture draws.

A contour stands for the slab about its plane, as in the prism model: half way to its neighbours, nothing in a gap of
missing slices. So what is drawn is what was contoured, and the steps between slices show where nobody drew anything.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely

from rtcheck.geometry.ends import prism_bounds
from rtcheck.geometry.polygons import plane_region
from rtcheck.geometry.solid import ContourStack
from rtcheck.geometry.variants import LeafState
from rtcheck.model.arrays import FloatArray, frozen, successors

__all__ = ["PLANE_AXES", "Window", "outlines"]

PLANE_AXES = {0: (1, 2), 1: (0, 2), 2: (0, 1)}
"""By the LPS axis normal to a picture: the axes along its columns and its rows (sagittal y, z; coronal x, z; axial x,
y)."""

Window = tuple[float, float, float, float]
"""Lowest and highest column coordinate, lowest and highest row coordinate, mm."""

_PARALLEL = 1e-6
_OBLIQUE_STEP_MM = 0.75


def outlines(stack: ContourStack, normal: int, at_mm: float, window: Window) -> tuple[FloatArray, ...]:
    """Return the lines in which the boundary of a stack crosses a plane, clipped to a window.

    Args:
        stack: of one structure.
        normal: LPS axis normal to the plane: 0 sagittal, 1 coronal, 2 axial.
        at_mm: position of the plane along it.
        window: what the picture shows.

    Returns:
        Polylines (n, 2) of column and row coordinates in mm; a closed one repeats its first point at its end.
    """
    along = np.abs(stack.axes[2])
    if along[normal] > 1 - _PARALLEL:
        region = _level(stack, normal, at_mm)
    elif along[normal] < _PARALLEL and np.all((along < _PARALLEL) | (along > 1 - _PARALLEL)):
        region = _upright(stack, normal, at_mm)
    else:
        region = _sampled(stack, normal, at_mm, window)
    if region is None or shapely.is_empty(region):
        return ()
    lines = shapely.clip_by_rect(shapely.boundary(region), window[0], window[2], window[1], window[3])
    parts = shapely.get_parts(shapely.line_merge(lines))
    found = [np.asarray(shapely.get_coordinates(part)) for part in parts if shapely.length(part) > 0]
    return tuple(frozen(points) for points in sorted(found, key=lambda points: tuple(points[0].tolist())))


def _slab_at(stack: ContourStack, w: float) -> int | None:
    """Return the plane whose slab holds w."""
    lower, upper = prism_bounds(stack, LeafState(empty=True))
    inside = np.flatnonzero((lower <= w) & (w <= upper))
    return int(inside[np.argmin(np.abs(stack.planes_mm[inside] - w))]) if len(inside) else None


def _level(stack: ContourStack, normal: int, at_mm: float) -> shapely.Geometry | None:
    """Cut along the contours' own plane: the contours of the slab."""
    plane = _slab_at(stack, at_mm * float(np.sign(stack.axes[2, normal])))
    if plane is None:
        return None
    turn = stack.axes[:2][:, list(PLANE_AXES[normal])]
    return shapely.transform(plane_region(stack, plane), lambda points: points @ turn)


def _upright(stack: ContourStack, normal: int, at_mm: float) -> shapely.Geometry | None:
    """Cut across the contours: on each plane the stretches inside, each as thick as its slab.

    On the plane, points with ``a·u + b·v = at`` lie in the picture; the stretch runs along the direction (-b, a).
    """
    across = stack.axes[:2, normal]
    run = np.array([-across[1], across[0]])
    following = successors(stack.ring_starts)
    off = stack.points_mm @ across - at_mm
    pos = stack.points_mm @ run
    crossing = np.flatnonzero((off > 0) != (off[following] > 0))
    if len(crossing) == 0:
        return None
    after = following[crossing]
    place = pos[crossing] + (pos[after] - pos[crossing]) * off[crossing] / (off[crossing] - off[after])
    ring = np.searchsorted(stack.ring_starts, crossing, side="right") - 1
    plane = np.searchsorted(stack.plane_starts, ring, side="right") - 1
    order = np.lexsort((place, plane))
    place, plane = place[order], plane[order]
    # even-odd: on a closed ring there is an even number of crossings, so neighbours pair up within a plane
    begin, end, plane = place[::2], place[1::2], plane[::2]
    lower, upper = prism_bounds(stack, LeafState(empty=True))
    # back to LPS: where the stretch direction and the stack's normal point
    columns, rows = PLANE_AXES[normal]
    towards = run @ stack.axes[:2]
    upwards = stack.axes[2]
    corners = []
    for s, w in ((begin, lower[plane]), (end, upper[plane])):
        corners.append((s * towards[columns] + w * upwards[columns], s * towards[rows] + w * upwards[rows]))
    (x0, y0), (x1, y1) = corners
    boxes = shapely.box(np.minimum(x0, x1), np.minimum(y0, y1), np.maximum(x0, x1), np.maximum(y0, y1))
    return shapely.union_all(boxes, grid_size=1e-6)


def _sampled(stack: ContourStack, normal: int, at_mm: float, window: Window) -> shapely.Geometry | None:
    """Cut obliquely to the contours: what is inside on a fine lattice."""
    columns, rows = PLANE_AXES[normal]
    x = np.arange(window[0], window[1] + _OBLIQUE_STEP_MM, _OBLIQUE_STEP_MM)
    y = np.arange(window[2], window[3] + _OBLIQUE_STEP_MM, _OBLIQUE_STEP_MM)
    points = np.zeros((len(y), len(x), 3))
    points[..., columns], points[..., rows], points[..., normal] = x[None, :], y[:, None], at_mm
    u, v, w = np.moveaxis(points @ stack.axes.T, -1, 0)
    lower, upper = prism_bounds(stack, LeafState(empty=True))
    inside = np.zeros(u.shape, dtype=bool)
    for plane in range(len(stack.planes_mm)):
        here = (w >= lower[plane]) & (w < upper[plane])
        if np.any(here):
            region = plane_region(stack, plane)
            inside[here] = shapely.contains_xy(region, u[here], v[here])
    boxes = []
    half = _OBLIQUE_STEP_MM / 2
    for at, row in zip(y.tolist(), inside, strict=True):
        changes = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(np.int8)))
        boxes += [
            shapely.box(x[a] - half, at - half, x[b - 1] + half, at + half) for a, b in list(pairwise(changes))[::2]
        ]
    return shapely.union_all(boxes, grid_size=1e-6) if boxes else None
