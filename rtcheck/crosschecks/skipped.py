"""Were slices left out all along: contours with images between them, or with slabs that do not meet (RTD312, RTD313).

A slice that is missing among others shows in the spacing of the planes (`rtcheck.geometry.planes.find_gaps`). Every
second slice left out is as regular as thick slices are: only the images it was drawn on, or a stated thickness, tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from rtcheck.geometry.ends import plane_areas
from rtcheck.geometry.planes import MERGE_MM, MERGE_SHARE
from rtcheck.geometry.rings import plane_thickness
from rtcheck.geometry.solid import ContourStack
from rtcheck.measure import Bench, stack_of
from rtcheck.model.arrays import FloatArray
from rtcheck.model.finding import Finding, finding
from rtcheck.model.image_plane import ImagePlane
from rtcheck.model.structure import ROI

__all__ = ["skipped_findings"]

_ON_MM = 0.25
"""A contour this near to an image lies on it, as in `rtcheck.rules.images`."""
_PARALLEL = 1e-3
_VOLUME = 0.02
"""A change of the volume beyond this changes the result (E); the same holds for gaps that the spacing shows."""


def skipped_findings(bench: Bench, rois: Iterable[ROI], images: Sequence[ImagePlane]) -> tuple[Finding, ...]:
    """Look for slices left out of structures whose planes are evenly spaced.

    Returns:
        RTD312 where images lie between neighbouring contours, both of which lie on images of the same series, or where
        the stated slabs (ContourSlabThickness) do not reach each other: E where leaving that empty changes the volume
        by more than 2 %, else W. RTD313 (W) where the stated slabs overlap. Gaps that are seen without are left out.
    """
    out: list[Finding] = []
    for roi in rois:
        stack, _ = stack_of(bench, roi)
        if stack is None or len(stack.planes_mm) < 2:
            continue
        name = roi.name or f"ROI {roi.number}"
        between, drawn = _between(stack, _series_of(roi, images))
        if between.any():
            message = (
                f"{int(np.sum(between > 0))} of {len(between)} pairs of neighbouring contours of {name} have images "
                "between them on which nothing of it is drawn"
            )
            steps = np.diff(stack.planes_mm)
            out.append(_left_out(name, stack, message, np.where(between > 0, steps - drawn, 0.0)))
        out += _slabs(name, roi, stack)
    return tuple(out)


def _series_of(roi: ROI, images: Sequence[ImagePlane]) -> list[ImagePlane]:
    """Return the images of the series a structure was drawn on: of those it names, else the only one in its frame."""
    named = set(roi.contours.image_uids) - {""}
    framed = [image for image in images if image.frame_of_reference_uid == roi.frame_of_reference_uid]
    series = {image.series_uid for image in framed if image.sop_instance_uid in named}
    series = series or {image.series_uid for image in framed}
    return [image for image in framed if image.series_uid in series] if len(series) == 1 else []


def _between(stack: ContourStack, images: Sequence[ImagePlane]) -> tuple[FloatArray, float]:
    """Return how many images lie between each pair of neighbouring planes, and how far the images are apart, mm.

    Pairs of which a plane lies on no image were drawn elsewhere, and nothing is said of them.
    """
    normal = stack.axes[2]
    at = np.unique(
        [
            round(float(normal @ np.asarray(image.position_mm)), 3)
            for image in images
            if abs(abs(float(normal @ np.cross(image.row, image.column))) - 1) <= _PARALLEL
        ]
    )
    planes = stack.planes_mm
    if len(at) < 2:
        return np.zeros(len(planes) - 1), 0.0
    on = np.min(np.abs(planes[:, None] - at), axis=1) <= _ON_MM
    found = np.searchsorted(at, planes[1:] - _ON_MM) - np.searchsorted(at, planes[:-1] + _ON_MM, side="right")
    counts = np.where(on[1:] & on[:-1], found, 0).astype(np.float64)
    counts[list(stack.gaps)] = 0
    return counts, float(np.median(np.diff(at)))


def _slabs(name: str, roi: ROI, stack: ContourStack) -> list[Finding]:
    """Compare stated slabs with the distances of the planes."""
    stated = [value for value in roi.contours.slabs_mm if value > 0]
    if not stated:
        return []
    steps = np.delete(np.diff(stack.planes_mm), list(stack.gaps))
    tolerance = MERGE_MM + MERGE_SHARE * steps
    shown = f"ContourSlabThickness (3006,0044) of {name} states {_range(stated)} mm"
    apart = f"its planes are {_range(steps.tolist())} mm apart"
    out = []
    if np.any(min(stated) < steps - tolerance):
        missing = np.diff(stack.planes_mm) - min(stated)
        missing[list(stack.gaps)] = 0
        out.append(_left_out(name, stack, f"{shown}, {apart}: slabs that do not meet", np.maximum(missing, 0.0)))
    if np.any(max(stated) > steps + tolerance):
        message = (
            f"{shown}, {apart}: the slabs overlap. Each plane reaches half way to its neighbours; check the slices."
        )
        out.append(finding("RTD313", name, message, stated_mm=max(stated), smallest_mm=float(steps.min())))
    return out


def _left_out(name: str, stack: ContourStack, what: str, empty_mm: FloatArray) -> Finding:
    """RTD312 about what would be empty between planes: `empty_mm` (m - 1,) of each distance."""
    areas = np.abs(plane_areas(stack))
    whole = float(np.sum(areas * plane_thickness(stack.planes_mm, 0.0)))
    share = float(np.sum(empty_mm * (areas[1:] + areas[:-1]) / 2)) / whole
    message = (
        f"{what}: slices may be missing all along. They were filled; left empty, the volume would be {share:.1%} less. "
        "Draw or interpolate the slices, or confirm that none is missing."
    )
    return finding("RTD312", name, message, "E" if share > _VOLUME else "W", volume_change=share)


def _range(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:.4g}" if high - low < 0.005 else f"{low:.4g} to {high:.4g}"
