"""Dose samples of a solid: where they are, what volume each stands for, and the dose there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from rtcheck.dvh.boxes import box_points, boxes_of, cut
from rtcheck.dvh.field import DoseField
from rtcheck.dvh.tails import LEVELS, near_tails, tail
from rtcheck.geometry.interpolate import bend_at, dose_at
from rtcheck.geometry.occupancy import Lattice
from rtcheck.geometry.prisms import Prisms
from rtcheck.geometry.shape import shape_layers, window_points
from rtcheck.geometry.solid import Solid
from rtcheck.geometry.subcells import halved
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
    "with_bend",
]

_LEAST_CM3 = 0.1
"""Tails are cut until they hold less than this: 0.03 cm³ is then made of hundreds of samples ..."""
_LEAST_SHAPE_CM3 = 0.4
"""... or, between shapes, which are known less well, of dozens."""
_CORNERS = np.array(list(product((-0.5, 0.5), repeat=3))).T
_FINEST = 24
"""No cell smaller than the dose spacing over this: trilinear dose has nothing finer to show."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Samples of one solid under one structure model.

    Attributes:
        dose_gy: (parts, n) physical dose of each part of the course; NaN where it is unknown.
        volume_cm3: (n,) volume of each sample.
        mask: (n,) bit i is set when the sample belongs to variant i.
        points_mm: (3, n) u, v, w of each; (3, 0) once nobody needs them.
        bend_gy: (parts, n) what cubic interpolation of the dose would add; None when it was not asked for.
    """

    dose_gy: FloatArray
    volume_cm3: FloatArray
    mask: IntArray
    points_mm: FloatArray
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
    prisms: Prisms, axes: FloatArray, field: DoseField, resolution: Resolution
) -> tuple[Samples, FloatArray]:
    """Sample the dose in every slab: at the centroid of each covered cell, and on sub-layers through the slab.

    Cells in the tails of the dose are cut finer, exactly (see `rtcheck.dvh.tails`). They are chosen by the dose in
    their middle, which knows nothing of where in the cell the sample fell: chosen by the samples themselves, those
    that are hot by chance would be replaced, those that are cold by chance not, and the whole would come out low.

    Returns:
        The samples, and the area of each cross-section as the lattice found it (mm²), to be compared with shapely's.
    """
    lattice = _lattice_over(prisms.points, resolution)
    boxes, areas = boxes_of(prisms, lattice, resolution.layer_mm)
    samples = _sampled(field, axes, np.stack(box_points(boxes, lattice)), boxes.volume_cm3, boxes.mask)
    limits = _limits(samples)
    kept: list[Samples] = []
    for level in range(LEVELS):
        near = near_tails(samples.dose_gy.sum(axis=0), level)
        middle = np.full(len(near), np.nan)
        middle[near] = dose_parts(field, axes, boxes.u_mm[near], boxes.v_mm[near], boxes.w_mm[near]).sum(axis=0)
        chosen = _tails(middle, samples.volume_cm3, limits, level, _LEAST_CM3)
        if not np.any(chosen):
            break
        kept.append(_part(samples, ~chosen))
        boxes = cut(boxes, chosen, prisms, lattice)
        lattice = halved(lattice)
        samples = _sampled(field, axes, np.stack(box_points(boxes, lattice)), boxes.volume_cm3, boxes.mask)
    return _together([*kept, samples]), areas


def sample_shape(
    solid: Solid,
    leaves: tuple[SignedLeaf, ...],
    variants: tuple[Variant, ...],
    field: DoseField,
    resolution: Resolution,
    first_round: int = 0,
) -> Samples:
    """Sample the dose in a solid whose contours are joined by interpolating their shape.

    In the tails of the dose each sample's volume is spread over eight points of a box about it. `first_round` is the
    round of `rtcheck.dvh.tails` to begin with: 1 cuts but the hottest percent.
    """
    low, high = window_points(solid)
    if np.any(high <= low):
        return Samples(np.zeros((len(field.parts), 0)), np.zeros(0), np.zeros(0, dtype=np.int64), np.zeros((3, 0)))
    cell = resolution.cell_mm
    lattice = _lattice_over(np.stack([low - 1.5 * cell, high + 1.5 * cell]), resolution)
    layers = shape_layers(solid, leaves, variants, lattice, resolution.layer_mm)
    axes = leaves[0].stack.axes
    # a box about the sample that stays in its cell: a cut cell's centroid lies as near to the cell's side as the
    # covered part is thin
    within = [np.mod((u - first) / cell, 1.0) for u, first in ((layers.u_mm, lattice.u0), (layers.v_mm, lattice.v0))]
    reach = [cell * (1 - 2 * np.abs(share - 0.5)) for share in within]
    size = np.stack([*reach, np.full(len(layers.w_mm), resolution.layer_mm / 2)])
    points = np.stack([layers.u_mm, layers.v_mm, layers.w_mm])
    samples = whole = _sampled(field, axes, points, layers.volume_mm3 / 1000, layers.mask)
    limits = _limits(samples)
    kept: list[Samples] = []
    for level in range(first_round, LEVELS):
        dose = samples.dose_gy.sum(axis=0)
        dose = np.where(near_tails(dose, level), dose, np.nan)
        chosen = _tails(dose, samples.volume_cm3, limits, level, _LEAST_SHAPE_CM3)
        if not np.any(chosen):
            break
        kept.append(_part(samples, ~chosen))
        size = size[:, chosen] / 2
        points = (samples.points_mm[:, chosen, None] + _CORNERS[:, None, :] * size[:, :, None]).reshape(3, -1)
        size = np.repeat(size, 8, axis=1)
        volume, mask = np.repeat(samples.volume_cm3[chosen] / 8, 8), np.repeat(samples.mask[chosen], 8)
        samples = _within(_sampled(field, axes, points, volume, mask), whole)
    return _together([*kept, samples])


def _within(samples: Samples, whole: Samples) -> Samples:
    """Keep the doses of divided samples within those of the undivided ones, which include the surface.

    The box over which a sample near the surface is spread sticks out of the solid; what lies there is not its dose.
    """
    dose = samples.dose_gy.copy()
    for mask in np.unique(samples.mask).tolist():
        known = whole.dose_gy[:, (whole.mask & mask) == mask]
        known = known[:, ~np.isnan(known.sum(axis=0))]
        if known.shape[1]:
            at = samples.mask == mask
            dose[:, at] = np.clip(dose[:, at], known.min(axis=1)[:, None], known.max(axis=1)[:, None])
    return replace(samples, dose_gy=dose)


def with_bend(samples: Samples, field: DoseField, axes: FloatArray) -> Samples:
    """Return the samples with what cubic interpolation of the dose would add."""
    return replace(samples, bend_gy=bend_parts(field, axes, *samples.points_mm))


def _sampled(field: DoseField, axes: FloatArray, points: FloatArray, volume_cm3: FloatArray, mask: IntArray) -> Samples:
    return Samples(dose_parts(field, axes, *points), volume_cm3, mask, points)


def _limits(samples: Samples) -> tuple[float, float]:
    """Volume of the value, cm³, and the highest dose."""
    dose = samples.dose_gy.sum(axis=0)
    top = float(np.max(dose, initial=0.0, where=~np.isnan(dose)))
    return float(np.sum(samples.volume_cm3[samples.mask & 1 == 1])), top


def _tails(
    dose_gy: FloatArray, volume_cm3: FloatArray, limits: tuple[float, float], level: int, least_cm3: float
) -> NDArray[np.bool_]:
    chosen = tail(dose_gy, volume_cm3, *limits, level, least_cm3, cold=False)
    chosen |= tail(dose_gy, volume_cm3, *limits, level, least_cm3, cold=True)
    return chosen


def _part(samples: Samples, which: NDArray[np.bool_] | IntArray) -> Samples:
    at = np.flatnonzero(which) if which.dtype == np.bool_ else which
    return Samples(
        samples.dose_gy.take(at, axis=1), samples.volume_cm3[at], samples.mask[at], samples.points_mm.take(at, axis=1)
    )


def _together(parts: list[Samples]) -> Samples:
    """All parts as one, by ascending dose, so that whoever sorts them again has little to do."""
    whole = Samples(
        np.concatenate([part.dose_gy for part in parts], axis=1),
        np.concatenate([part.volume_cm3 for part in parts]),
        np.concatenate([part.mask for part in parts]),
        np.concatenate([part.points_mm for part in parts], axis=1),
    )
    return _part(whole, _ascending(whole.dose_gy.sum(axis=0)))


def _ascending(dose_gy: FloatArray) -> IntArray:
    """Order of ascending dose, equal ones as they come: the quick sort is enough where no two are equal or unknown."""
    order = np.argsort(dose_gy)
    dose = dose_gy[order]
    if not np.all(dose[1:] > dose[:-1]):
        order = np.argsort(dose_gy, kind="stable")
    return order


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
