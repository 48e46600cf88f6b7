"""Do the structures lie where their names and roles say: in the body, in each other, in their organ (RTD320)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import shapely

from rtcheck.crosschecks.outline import Outline, distance_outside
from rtcheck.geometry.planes import MERGE_MM
from rtcheck.geometry.polygons import plane_region
from rtcheck.geometry.rings import plane_thickness
from rtcheck.geometry.solid import ContourStack
from rtcheck.measure import Bench, stack_of
from rtcheck.model.finding import Finding, finding
from rtcheck.model.structure import ROI
from rtcheck.rules.lesions import LesionBinding
from rtcheck.rules.names import NameTable
from rtcheck.rules.organs import organ_rois

__all__ = ["nested_findings", "organ_findings", "outside_body", "region_near", "within_body"]

_OUTSIDE_MM = 3.0
"""A contour may leave the outline by this much: outlines are smoothed and drawn coarsely."""
_VERTICES = 8
"""Vertices of each contour that are looked at."""
_NOT_IN_BODY = (
    "EXTERNAL", "BOLUS", "SUPPORT", "FIXATION", "ISOCENTER", "MARKER", "REGISTRATION", "CONTROL", "DOSE_REGION",
    "DOSE_MEASUREMENT", "IRRAD_VOLUME", "TREATED_VOLUME",
)  # fmt: skip
_SHARE, _CM3 = 0.01, 0.02
"""A structure lies outside the one that holds it when more than this share and more than this volume does."""
_HALF = 0.5


def within_body(outline: Outline, rois: Iterable[ROI]) -> tuple[Finding, ...]:
    """RTD320 for every structure that leaves the outline of the body by more than 3 mm."""
    out = []
    for roi in rois:
        if roi is outline.roi or roi.interpreted_type in _NOT_IN_BODY or not len(roi.contours.points_mm):
            continue
        if roi.frame_of_reference_uid != outline.roi.frame_of_reference_uid:
            continue
        points = _some_vertices(roi)
        away = distance_outside(outline, points)
        farthest = float(away.max())
        if farthest > _OUTSIDE_MM:
            name = roi.name or f"ROI {roi.number}"
            out.append(
                finding(
                    "RTD320",
                    name,
                    f"{name} reaches {farthest:.1f} mm outside the body ({outline.roi.name}). Check its contours and "
                    "the outline, and what the dose there means.",
                    outside_mm=round(farthest, 3),
                    share=round(float(np.mean(away > _OUTSIDE_MM)), 6),
                )
            )
    return tuple(out)


def outside_body(outline: Outline, point_mm: Sequence[float]) -> float:
    """Return how far one point lies outside the body, mm."""
    return float(distance_outside(outline, np.array([point_mm], float))[0])


def _some_vertices(roi: ROI) -> np.ndarray:
    """Up to `_VERTICES` vertices of each contour, evenly chosen."""
    sizes, first = np.diff(roi.contours.starts), roi.contours.starts[:-1]
    steps = np.arange(_VERTICES)
    chosen = first[:, None] + np.minimum(steps * np.maximum(sizes, 1)[:, None] // _VERTICES, sizes[:, None] - 1)
    return np.asarray(roi.contours.points_mm[np.unique(chosen[sizes > 0])])


def nested_findings(bench: Bench, bindings: Iterable[LesionBinding]) -> tuple[Finding, ...]:
    """RTD320 where the GTV of a lesion is not in its CTV, or either is not in its PTV."""
    out = []
    for binding in bindings:
        if not binding.lesion.consolidative:
            continue
        present = [role for role in ("gtv", "ctv", "ptv") if role in binding.roles and not binding.roles[role].problem]
        for inner, outer in itertools.pairwise(present):
            inside = _stacks(bench, binding.roles[inner].rois)
            around = _stacks(bench, binding.roles[outer].rois)
            if inside is None or around is None:
                continue
            whole, beyond = _outside(inside, around)
            if whole > 0 and beyond > max(_SHARE * whole, _CM3 * 1000):
                names = [" | ".join(roi.name for roi in binding.roles[role].rois) for role in (inner, outer)]
                out.append(
                    finding(
                        "RTD320",
                        binding.lesion.id,
                        f"{beyond / whole:.1%} of {names[0]} ({inner.upper()} of lesion {binding.lesion.id}) lies "
                        f"outside {names[1]} ({outer.upper()}). Check both contours, and that the registry names the "
                        "right ones.",
                        outside_cm3=beyond / 1000,
                        share=beyond / whole,
                    )
                )
    return tuple(out)


def organ_findings(
    bench: Bench, bindings: Iterable[LesionBinding], rois: Sequence[ROI], names: NameTable, used: Callable[[ROI], bool]
) -> tuple[Finding, ...]:
    """RTD320 where most of a lesion lies outside the organ that the registry gives it.

    An organ from which the lesions were cut out still holds them: on each plane its parts are taken with their convex
    hulls. The warning counts (W) where a constraint uses the organ; else it is a note, for an organ that nobody needs
    may be left out of an export.

    Args:
        bench: with the contour stacks.
        bindings: of the registered lesions.
        rois: in which organs are looked up.
        names: the table of names.
        used: whether a constraint or lesion uses a structure.
    """
    out = []
    for binding in bindings:
        role = next((r for r in ("gtv", "ctv", "ptv") if r in binding.roles and not binding.roles[r].problem), None)
        if role is None or not binding.lesion.consolidative:
            continue
        _, organ, _ = organ_rois(binding.lesion, rois, names)
        inside, around = _stacks(bench, binding.roles[role].rois), _stacks(bench, organ)
        if not organ or inside is None or around is None:
            continue
        whole, beyond = _outside(inside, around, hulls=True)
        if whole > 0 and beyond > _HALF * whole:
            named = ", ".join(roi.name for roi in organ)
            out.append(
                finding(
                    "RTD320",
                    binding.lesion.id,
                    f"Lesion {binding.lesion.id} is registered in the {binding.lesion.organ}, but {beyond / whole:.0%} "
                    f"of its {role.upper()} lies outside {named}. Check the names and the organ in the registry.",
                    "W" if all(used(roi) for roi in organ) else "I",
                    share=beyond / whole,
                )
            )
    return tuple(out)


def _stacks(bench: Bench, rois: Iterable[ROI]) -> list[ContourStack] | None:
    found = [stack_of(bench, roi)[0] for roi in rois]
    usable = [stack for stack in found if stack is not None]
    return usable if len(usable) == len(found) and usable else None


def region_near(stacks: Iterable[ContourStack], axes: np.ndarray, w: float) -> shapely.Geometry:
    """Return the union of the cross-sections at `w`: each stack's nearest plane, half a spacing beyond its ends."""
    parts = []
    for stack in stacks:
        if not np.allclose(stack.axes, axes, rtol=0, atol=1e-9):
            continue
        planes = stack.planes_mm
        at = int(np.argmin(np.abs(planes - w)))
        reach = float(plane_thickness(planes, stack.thickness_mm or 3.0)[at]) / 2
        if abs(float(planes[at]) - w) <= reach + MERGE_MM:
            parts.append(plane_region(stack, at))
    return shapely.union_all(parts) if parts else shapely.Polygon()


def _outside(
    stacks: Sequence[ContourStack], around: Sequence[ContourStack], *, hulls: bool = False
) -> tuple[float, float]:
    """Return the volume of some stacks and how much of it lies outside others (or their convex hulls), mm³."""
    whole = beyond = 0.0
    for stack in stacks:
        thickness = plane_thickness(stack.planes_mm, stack.thickness_mm or 3.0)
        for plane, w in enumerate(stack.planes_mm.tolist()):
            region = plane_region(stack, plane)
            outer = region_near(around, stack.axes, w)
            whole += float(shapely.area(region)) * float(thickness[plane])
            outside = shapely.difference(region, shapely.convex_hull(outer) if hulls else outer)
            beyond += float(shapely.area(outside)) * float(thickness[plane])
    return whole, beyond
