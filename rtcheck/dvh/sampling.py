"""Dose samples of a solid: where they are, what volume each stands for, and the dose there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtcheck.dvh.field import DoseField
from rtcheck.geometry.interpolate import bend_at, dose_at
from rtcheck.geometry.occupancy import Lattice, cover
from rtcheck.geometry.prisms import Prisms
from rtcheck.geometry.shape import shape_layers, window_points
from rtcheck.geometry.solid import Solid
from rtcheck.geometry.stagger import stagger
from rtcheck.geometry.variants import SignedLeaf, Variant
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = [
    "Resolution",
    "Samples",
    "bend_parts",
    "choose_resolution",
    "dose_parts",
    "field_spacing",
    "sample_prisms",
    "sample_shape",
]

_FINEST = 24
"""No cell smaller than the dose spacing over this: trilinear dose has nothing finer to show."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Samples of one solid under one structure model.

    Attributes:
        dose_gy: (parts, n) physical dose of each part of the course; NaN where it is unknown.
        volume_cm3: (n,) volume of each sample.
        mask: (n,) bit i is set when the sample belongs to variant i.
        bend_gy: (parts, n) what cubic interpolation of the dose would add; None when it was not asked for.
    """

    dose_gy: FloatArray
    volume_cm3: FloatArray
    mask: IntArray
    bend_gy: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """Cell size of the lattice in the plane and largest thickness of a sub-layer, mm; phase 0..1 of a cell."""

    cell_mm: float
    layer_mm: float
    phase: float


def field_spacing(field: DoseField) -> float:
    """Find the smallest voxel spacing of any grid of a field, mm."""
    out = []
    for part in field.parts:
        for grid in part.grids:
            steps = np.diff(grid.geometry.offsets_mm)
            out.append(min(*grid.geometry.spacing_mm, float(steps.min()) if len(steps) else np.inf))
    return float(min(out))


def choose_resolution(volume_mm3: float, slab_mm: float, spacing_mm: float, samples: int, phase: float) -> Resolution:
    """Nearly cubic sample cells, so many that about `samples` fill the volume.

    Args:
        volume_mm3: of the solid.
        slab_mm: typical slab thickness; at least two sub-layers go into each.
        spacing_mm: of the dose grid; cells are not made finer than a useful fraction of it.
        samples: wanted number.
        phase: shift of the lattice in cells.
    """
    edge = max((volume_mm3 / samples) ** (1 / 3), spacing_mm / _FINEST)
    layer = min(edge, slab_mm / 2)
    layer = slab_mm / np.ceil(slab_mm / layer - 1e-9)
    cell = max(float(np.sqrt(volume_mm3 / samples / layer)), spacing_mm / _FINEST)
    return Resolution(cell, float(layer), phase)


def sample_prisms(
    prisms: Prisms, axes: FloatArray, field: DoseField, resolution: Resolution, *, bend: bool = False
) -> tuple[Samples, FloatArray]:
    """Sample the dose in every slab: at the centroid of each covered cell, and on sub-layers through the slab.

    Returns:
        The samples, and the area of each cross-section as the lattice found it (mm²), to be compared with shapely's.
    """
    lattice = _lattice_over(prisms.points, resolution)
    sections = len(prisms.areas)
    cells = cover(prisms.points, prisms.ring_starts, prisms.section_of_ring, sections, lattice)
    areas = np.add.reduceat(np.append(cells.area_mm2, 0.0), cells.layer_starts[:-1]) if sections else np.zeros(0)
    thickness = prisms.upper - prisms.lower
    count = np.maximum(1, np.ceil(thickness / resolution.layer_mm - 1e-6)).astype(np.int64)
    slab = np.repeat(np.arange(len(count)), count)
    step = np.arange(len(slab)) - np.repeat(np.cumsum(count) - count, count)
    height = (thickness / count)[slab]
    w_layer = prisms.lower[slab] + (step + 0.5) * height
    # each sub-layer repeats the cells of its slab's cross-section
    begin = cells.layer_starts[:-1][prisms.section[slab]]
    length = cells.layer_starts[1:][prisms.section[slab]] - begin
    layer = np.repeat(np.arange(len(slab)), length)
    cell = np.arange(len(layer)) - np.repeat(np.cumsum(length) - length - begin, length)
    # whole cells are sampled anywhere inside; cut cells at the centroid of their covered part
    su, sv, sw = stagger(cells.row[cell], cells.column[cell], layer)
    whole = (cells.area_mm2[cell] > (1 - 1e-9) * resolution.cell_mm**2) * resolution.cell_mm
    points = cells.u_mm[cell] + su * whole, cells.v_mm[cell] + sv * whole, w_layer[layer] + sw * height[layer]
    volume = cells.area_mm2[cell] * height[layer] / 1000
    bends = bend_parts(field, axes, *points) if bend else None
    return Samples(dose_parts(field, axes, *points), volume, prisms.mask[slab][layer], bends), areas


def sample_shape(
    solid: Solid,
    leaves: tuple[SignedLeaf, ...],
    variants: tuple[Variant, ...],
    field: DoseField,
    resolution: Resolution,
    *,
    bend: bool = False,
) -> Samples:
    """Sample the dose in a solid whose contours are joined by interpolating their shape."""
    low, high = window_points(solid)
    if np.any(high <= low):
        return Samples(np.zeros((len(field.parts), 0)), np.zeros(0), np.zeros(0, dtype=np.int64))
    cell = resolution.cell_mm
    lattice = _lattice_over(np.stack([low - 1.5 * cell, high + 1.5 * cell]), resolution)
    layers = shape_layers(solid, leaves, variants, lattice, resolution.layer_mm)
    axes, points = leaves[0].stack.axes, (layers.u_mm, layers.v_mm, layers.w_mm)
    bends = bend_parts(field, axes, *points) if bend else None
    return Samples(dose_parts(field, axes, *points), layers.volume_mm3 / 1000, layers.mask, bends)


def dose_parts(field: DoseField, axes: FloatArray, u: FloatArray, v: FloatArray, w: FloatArray) -> FloatArray:
    """(parts, n) physical dose in Gy of each part of the course at points; NaN where any grid of a part ends."""
    out = np.zeros((len(field.parts), len(u)))
    for i, part in enumerate(field.parts):
        for grid in part.grids:
            out[i] += dose_at(grid, axes, u, v, w)
    return out


def bend_parts(field: DoseField, axes: FloatArray, u: FloatArray, v: FloatArray, w: FloatArray) -> FloatArray:
    """(parts, n) what cubic interpolation would add to the dose of each part at points, Gy."""
    out = np.zeros((len(field.parts), len(u)))
    for i, part in enumerate(field.parts):
        for grid in part.grids:
            out[i] += bend_at(grid, axes, u, v, w)
    return out


def _lattice_over(points: FloatArray, resolution: Resolution) -> Lattice:
    """Lay a lattice that covers all points, shifted by the phase."""
    low, high = points.min(axis=0), points.max(axis=0)
    cell = resolution.cell_mm
    start = low - resolution.phase * cell
    columns, rows = (np.floor((high - start) / cell).astype(int) + 1).tolist()
    return Lattice(float(start[0]), float(start[1]), cell, cell, columns, rows)
