"""A second engine: volume and mean dose of one structure along scan lines, with nothing of the first but its contours.

The first engine covers cells and samples them; this one cuts each contour plane with a few lines, takes the even-odd
spans between crossings, and looks the dose up with another interpolator. It is coarse on purpose: it is there to notice
a structure or a dose in the wrong place (RTD606), not to give numbers.
"""

from __future__ import annotations

import numpy as np

from rtcheck.dvh.curve import StructureDose
from rtcheck.dvh.field import DoseField
from rtcheck.geometry.rings import plane_thickness
from rtcheck.geometry.solid import ContourStack
from rtcheck.model.arrays import FloatArray, IntArray
from rtcheck.model.finding import Finding, finding
from rtcheck.model.grid import DoseGrid

__all__ = ["scan", "scanline_finding", "vertices_in_dose"]

_LOOKS = ((12, 3), (48, 12))
"""Lines on a plane and points along a span: of the first look, and of the finer one that counts where it disagrees."""
_GOLDEN = 0.6180339887498949
"""The lines of each plane are shifted by this share of their distance, so that thin layers are met somewhere."""
_VOLUME, _VOLUME_CM3 = 0.06, 0.05
_DOSE = 0.03
"""Tolerances beyond the first engine's spread: of the volume, and of the highest dose of the structure for its mean."""
_SPREAD = ("short ends", "long ends", "prism", "shape", "gaps empty")
_SPANS = 500
"""Spans at which the dose is looked up."""


def scanline_finding(name: str, stack: ContourStack, field: DoseField, dose: StructureDose) -> tuple[Finding, ...]:
    """RTD606 where the second engine is beyond the spread of the first by more than its own tolerance.

    Args:
        name: for messages.
        stack: contours of the structure.
        field: the dose of the course.
        dose: what the first engine found, physical.
    """
    spread = [dose.value, *(dvh for label, dvh in dose.alternatives if label in _SPREAD)]
    volumes = [dvh.total_cm3 for dvh in spread]
    with_dose = [dvh for dvh in spread if len(dvh.dose_gy)] if dose.value.outside_cm3 == 0 else []
    means = [float(np.sum(dvh.dose_gy * dvh.volume_cm3)) / float(np.sum(dvh.volume_cm3)) for dvh in with_dose]
    highest = max((dvh.maximum_gy for dvh in with_dose), default=0.0)
    apart: list[tuple[str, str, float, float, float]] = []
    for lines, along in _LOOKS:
        volume, mean, hottest = scan(stack, field, lines, along)
        apart = []
        slack = max(_VOLUME * max(volumes), _VOLUME_CM3)
        if not min(volumes) - slack <= volume <= max(volumes) + slack:
            apart.append(("volume", "cm3", volume, min(volumes), max(volumes)))
        margin = _DOSE * max(highest, hottest)
        if means and np.isfinite(mean) and not min(means) - margin <= mean <= max(means) + margin:
            apart.append(("mean dose", "Gy", mean, min(means), max(means)))
        if not apart:
            return ()
    return tuple(
        finding(
            "RTD606",
            name,
            f"Two independent computations of the {what} of {name} disagree: {second:.4g} {unit} along scan lines, "
            f"{low:.4g} to {high:.4g} {unit} by coverage. Neither is trusted.",
            second=second,
            low=low,
            high=high,
        )
        for what, unit, second, low, high in apart
    )


def scan(stack: ContourStack, field: DoseField, lines: int, along: int) -> tuple[float, float, float]:
    """Return volume in cm³ with half-slice ends, and mean and highest dose in Gy (NaN where it is unknown).

    Args:
        stack: contours of the structure.
        field: the dose of the course.
        lines: on each plane.
        along: points on each span of a line.
    """
    u0, u1, v, plane, width = _spans(stack, lines)
    if len(u0) == 0:
        return 0.0, float("nan"), float("nan")
    weight = width * plane_thickness(stack.planes_mm, stack.thickness_mm or 3.0)[plane]
    w = stack.planes_mm[plane]
    volume = float(np.sum((u1 - u0) * weight)) / 1000
    every = slice(None, None, len(u0) // _SPANS + 1)
    u0, u1, v, w, weight = u0[every], u1[every], v[every], w[every], weight[every]
    steps = (np.arange(along) + 0.5) / along
    u = (u0[:, None] + steps * (u1 - u0)[:, None]).ravel()
    points = np.column_stack([u, np.repeat(v, along), np.repeat(w, along)]) @ stack.axes
    parts = np.repeat((u1 - u0) * weight, along)
    dose = sum((_dose(grid, points) for part in field.parts for grid in part.grids), np.zeros(len(points)))
    if np.any(np.isnan(dose)):
        return volume, float("nan"), float("nan")
    return volume, float(np.sum(dose * parts) / np.sum(parts)), float(dose.max())


def vertices_in_dose(stack: ContourStack, field: DoseField) -> bool:
    """Whether every vertex of a structure lies where every dose grid of the course has a dose."""
    rings = np.repeat(stack.planes_mm, np.diff(stack.plane_starts))
    points = np.column_stack([stack.points_mm, np.repeat(rings, np.diff(stack.ring_starts))]) @ stack.axes
    return all(bool(np.all(np.isfinite(_dose(grid, points)))) for part in field.parts for grid in part.grids)


def _spans(
    stack: ContourStack, lines: int
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray, FloatArray]:
    """Spans between crossings by even-odd parity: from u0 to u1 at v on a plane; the distance of its lines."""
    sizes = np.diff(stack.ring_starts)
    owner = np.repeat(np.repeat(np.arange(len(stack.planes_mm)), np.diff(stack.plane_starts)), sizes)
    following = np.arange(1, len(owner) + 1)
    following[stack.ring_starts[1:] - 1] = stack.ring_starts[:-1]
    u, v = stack.points_mm.T
    first = stack.ring_starts[stack.plane_starts[:-1]]
    low, high = np.minimum.reduceat(v, first), np.maximum.reduceat(v, first)
    width = (high - low) / lines
    phase = np.arange(len(low)) * _GOLDEN % 1.0
    # in these coordinates the lines of every plane are the whole numbers
    at = (v - low[owner]) / width[owner] - phase[owner]
    below, above = np.minimum(at, at[following]), np.maximum(at, at[following])
    from_line, to_line = np.ceil(below).astype(np.int64), np.ceil(above).astype(np.int64)
    count = to_line - from_line
    edge = np.repeat(np.arange(len(u)), count)
    line = from_line[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    share = (line - at[edge]) / (at[following[edge]] - at[edge])
    hit = u[edge] + share * (u[following[edge]] - u[edge])
    order = np.lexsort((hit, line, owner[edge]))
    hit, line, plane = hit[order], line[order], owner[edge][order]
    # closed rings cross a line an even number of times
    start, end = hit[0::2], hit[1::2]
    plane, line = plane[0::2], line[0::2]
    return start, end, low[plane] + (line + phase[plane]) * width[plane], plane, width[plane]


def _dose(grid: DoseGrid, points: FloatArray) -> FloatArray:
    """Trilinear dose at LPS points as the weighted sum of eight voxels; NaN outside the box of voxel centres."""
    geometry = grid.geometry
    basis = np.array([geometry.normal, geometry.column, geometry.row])
    along = (points - np.asarray(geometry.origin_mm)) @ np.linalg.inv(basis)
    offsets = np.asarray(geometry.offsets_mm)
    k = np.interp(along[:, 0], offsets, np.arange(len(offsets)), left=-1.0, right=len(offsets) + 1.0)
    index = np.column_stack([k, along[:, 1] / geometry.spacing_mm[0], along[:, 2] / geometry.spacing_mm[1]])
    last = np.array(geometry.shape) - 1
    unknown = np.any((index < -1e-6) | (index > last + 1e-6), axis=1)
    index = np.clip(index, 0, last)
    below = np.floor(index).astype(np.int64)
    share = index - below
    above = np.minimum(below + 1, last)
    found = np.zeros(len(points))
    for upper in np.ndindex(2, 2, 2):
        k, j, i = (above[:, axis] if up else below[:, axis] for axis, up in enumerate(upper))
        wk, wj, wi = (share[:, axis] if up else 1 - share[:, axis] for axis, up in enumerate(upper))
        found += wk * wj * wi * grid.stored[k, j, i]
    return np.where(unknown, np.nan, found * grid.scaling_gy)
