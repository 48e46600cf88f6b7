"""The outline of the body: which structure it is, and how far points lie outside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from rtcheck.model.arrays import FloatArray, IntArray
from rtcheck.model.finding import Finding, finding
from rtcheck.model.structure import ROI
from rtcheck.rules.names import fold_name

__all__ = ["Outline", "body_roi", "distance_outside", "outline_of", "outlines_finding"]

_NAMES = ("body", "external", "patient outline", "outer contour", "体轮廓", "外轮廓")
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_AXIAL_MM = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """The body on each of its planes.

    Attributes:
        roi: the structure.
        planes_mm: (m,) ascending z.
        regions: (m,) shapely polygons in x, y; holes are filled, parts of one plane united.
        half_mm: half the median spacing: so far the body reaches beyond its end planes.
    """

    roi: ROI
    planes_mm: FloatArray
    regions: shapely.Geometry
    half_mm: float


def body_roi(rois: Sequence[ROI]) -> ROI | None:
    """Return the structure of type EXTERNAL, else one with a customary name; of several that with the most points."""
    drawn = [roi for roi in rois if _drawn(roi)]
    found = [roi for roi in drawn if roi.interpreted_type == "EXTERNAL"]
    found = found or [roi for roi in drawn if fold_name(roi.name) in _NAMES]
    return max(found, key=lambda roi: (len(roi.contours.points_mm), -roi.number), default=None)


def outlines_finding(rois: Sequence[ROI]) -> tuple[Finding, ...]:
    """RTD320 where several structures claim to be the body: a box round the patient hides what leaves it."""
    found = [roi for roi in rois if roi.interpreted_type == "EXTERNAL" and _drawn(roi)]
    if len(found) < 2:
        return ()
    names = ", ".join(sorted(roi.name or f"ROI {roi.number}" for roi in found))
    message = (
        f"{len(found)} structures are of type EXTERNAL ({names}): which is the body cannot be told. That with the most "
        "points was taken to see whether targets, organs and isocentre lie inside. Leave the type to one of them."
    )
    return (finding("RTD320", "body", message, structures=len(found)),)


def _drawn(roi: ROI) -> bool:
    return any(kind in _CLOSED for kind in roi.contours.kinds)


def outline_of(roi: ROI) -> Outline | None:
    """Build the outline; None where its contours are not axial or enclose nothing."""
    contours = roi.contours
    sizes = np.diff(contours.starts)
    chosen = np.flatnonzero([kind in _CLOSED for kind in contours.kinds] & (sizes >= 3))
    if len(chosen) == 0:
        return None
    points = np.concatenate([contours.points_mm[contours.starts[c] : contours.starts[c + 1]] for c in chosen])
    owner = np.repeat(np.arange(len(chosen)), sizes[chosen])
    starts = np.concatenate([[0], np.cumsum(sizes[chosen])])[:-1]
    low, high = np.minimum.reduceat(points[:, 2], starts), np.maximum.reduceat(points[:, 2], starts)
    if float(np.max(high - low)) > 2 * _AXIAL_MM:
        return None
    areas = shapely.polygons(shapely.linearrings(points[:, :2], indices=owner))
    valid = shapely.is_valid(areas)
    areas[~valid] = shapely.make_valid(areas[~valid])
    level = np.round((low + high) / 2, 1)
    planes, plane_of = np.unique(level, return_inverse=True)
    regions = np.array([_united(areas[plane_of == k]) for k in range(len(planes))])
    shapely.prepare(regions)
    half = float(np.median(np.diff(planes))) / 2 if len(planes) > 1 else 1.5
    return Outline(roi, planes, regions, half)


def _united(parts: shapely.Geometry) -> shapely.Geometry:
    return parts[0] if len(parts) == 1 else shapely.union_all(parts)


def distance_outside(outline: Outline, points_mm: FloatArray) -> FloatArray:
    """(n,) how far each point lies outside the body, in mm: in its plane, or beyond the end planes; 0 inside."""
    plane, beyond = _nearest(outline, points_mm[:, 2])
    inside = shapely.contains_xy(outline.regions[plane], points_mm[:, 0], points_mm[:, 1])
    out = np.where(beyond > 0, beyond, 0.0)
    for index in np.flatnonzero(~inside).tolist():
        x, y = points_mm[index, :2]
        away = shapely.distance(outline.regions[plane[index]], shapely.points(x, y))
        out[index] = max(out[index], float(away))
    return out


def _nearest(outline: Outline, z: FloatArray) -> tuple[IntArray, FloatArray]:
    """Index of the nearest plane, and how far z lies beyond what the end planes stand for."""
    planes = outline.planes_mm
    above = np.clip(np.searchsorted(planes, z), 0, len(planes) - 1)
    below = np.maximum(above - 1, 0)
    plane = np.where(np.abs(planes[above] - z) < np.abs(planes[below] - z), above, below)
    beyond = np.maximum(planes[0] - z, z - planes[-1]) - outline.half_mm
    return plane.astype(np.int64), np.asarray(beyond)
