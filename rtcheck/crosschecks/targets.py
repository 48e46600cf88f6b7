"""The dose grid against the lesions: is it fine enough for the smallest, and is the hottest point in one of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from rtcheck.geometry.ends import plane_areas
from rtcheck.geometry.rings import plane_thickness
from rtcheck.measure import Bench, stack_of
from rtcheck.model.finding import Finding, finding
from rtcheck.model.grid import DoseGrid
from rtcheck.model.structure import ROI
from rtcheck.rules.course import Course
from rtcheck.rules.lesions import LesionBinding

__all__ = ["hot_spot_finding", "prism_volume_cm3", "spacing_finding", "voxel_cm3"]

_VOXELS_ACROSS = 5.0
"""Dose voxels that the smallest lesion should have across: with fewer, D95 of closed-form spheres in steep fields is
off by more than the calculation grid of stereotactic guidance allows (dvh-method §6; ICRU 91)."""
_HOTTER = 0.01


def prism_volume_cm3(bench: Bench, roi: ROI) -> float | None:
    """Return the volume of the contour stack of an ROI with half-slice ends; None where it has none."""
    stack, _ = stack_of(bench, roi)
    if stack is None:
        return None
    thickness = plane_thickness(stack.planes_mm, stack.thickness_mm or 3.0)
    return float(np.sum(np.abs(plane_areas(stack)) * thickness)) / 1000


def voxel_cm3(grids: Iterable[DoseGrid]) -> float:
    """Return the volume of the largest voxel of some grids."""
    return max((math.prod(_spacing(grid)) / 1000 for grid in grids), default=0.0)


def _spacing(grid: DoseGrid) -> tuple[float, float, float]:
    steps = np.diff(grid.geometry.offsets_mm)
    between = float(steps.max()) if len(steps) else max(grid.geometry.spacing_mm)
    return between, *grid.geometry.spacing_mm


def spacing_finding(bench: Bench, bindings: Iterable[LesionBinding], grids: Sequence[DoseGrid]) -> tuple[Finding, ...]:
    """RTD216 where a lesion is fewer than five dose voxels across, by the diameter of the sphere of its volume.

    The smallest structure of a lesion counts: its GTV where there is one.
    """
    step = max((max(_spacing(grid)) for grid in grids), default=0.0)
    smallest: tuple[float, str] | None = None
    for binding in bindings:
        if not binding.lesion.consolidative:
            continue
        for role in ("gtv", "ctv", "ptv"):
            bound = binding.roles.get(role)
            if bound is None or bound.problem:
                continue
            volumes = [prism_volume_cm3(bench, roi) for roi in bound.rois]
            whole = sum(volume for volume in volumes if volume is not None)
            if whole > 0 and None not in volumes:
                diameter = 10 * (6 * whole / math.pi) ** (1 / 3)
                smallest = min(smallest or (diameter, binding.lesion.id), (diameter, binding.lesion.id))
                break
    if smallest is None or step <= 0 or smallest[0] >= _VOXELS_ACROSS * step:
        return ()
    diameter, lesion = smallest
    return (
        finding(
            "RTD216",
            lesion,
            f"Lesion {lesion} is {diameter:.1f} mm across (sphere of its volume), {diameter / step:.1f} steps of the "
            f"dose grid ({step:g} mm): the dose at its edge is mostly interpolation. Recalculate on a finer grid.",
            diameter_mm=diameter,
            step_mm=step,
        ),
    )


def hot_spot_finding(course: Course, maxima: Sequence[float]) -> tuple[Finding, ...]:
    """RTD709 where the highest dose on the grid is above that in every target.

    Doses of several grids are only added where they share one geometry; else nothing is said.

    Args:
        course: with its doses.
        maxima: highest dose in each target of an active lesion, Gy; empty when none could be measured.
    """
    grids = course.grids
    if not grids or not maxima or any(grid.geometry != grids[0].geometry for grid in grids[1:]):
        return ()
    if len(grids) == 1:
        at = int(np.argmax(grids[0].stored))
        highest = float(grids[0].stored.reshape(-1)[at]) * grids[0].scaling_gy
    else:
        total = np.zeros(grids[0].geometry.shape)
        for grid in grids:
            total += grid.stored * grid.scaling_gy
        at = int(np.argmax(total))
        highest = float(total.reshape(-1)[at])
    inside = max(maxima)
    if highest <= inside * (1 + _HOTTER):
        return ()
    x, y, z = _centre(grids[0], at)
    return (
        finding(
            "RTD709",
            "dose",
            f"The highest dose, {highest:.2f} Gy at ({x:.0f}, {y:.0f}, {z:.0f}) mm, lies outside every target of an "
            f"active lesion (highest there: {inside:.2f} Gy). Look at the dose there.",
            maximum_gy=highest,
            targets_gy=inside,
            at_mm=[x, y, z],
        ),
    )


def _centre(grid: DoseGrid, index: int) -> tuple[float, float, float]:
    """Return the centre of a voxel by its flat index, LPS mm."""
    geometry = grid.geometry
    k, j, i = (int(part) for part in np.unravel_index(index, geometry.shape))
    spacing_y, spacing_x = geometry.spacing_mm
    at = (
        np.asarray(geometry.origin_mm)
        + i * spacing_x * np.asarray(geometry.row)
        + j * spacing_y * np.asarray(geometry.column)
        + geometry.offsets_mm[k] * np.asarray(geometry.normal)
    )
    return float(at[0]), float(at[1]), float(at[2])
