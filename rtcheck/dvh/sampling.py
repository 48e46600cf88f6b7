"""Dose samples of a solid: where they are, what volume each stands for, and the dose there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from rtcheck.dvh.boxes import Boxes, box_points, boxes_of, cut
from rtcheck.dvh.field import DoseField
from rtcheck.dvh.local import LocalDose, local_dose
from rtcheck.dvh.tails import FLAT, NOTHING_WANTING, Wanting, chosen_in, tails_of
from rtcheck.geometry.occupancy import Lattice
from rtcheck.geometry.prisms import Prisms
from rtcheck.geometry.shape import Layers, shape_layers, window_points
from rtcheck.geometry.solid import Solid
from rtcheck.geometry.stagger import stagger
from rtcheck.geometry.subcells import halved
from rtcheck.geometry.variants import SignedLeaf, Variant
from rtcheck.model.arrays import FloatArray, IntArray, extent

__all__ = [
    "Resolution",
    "Samples",
    "ascending",
    "choose_resolution",
    "field_spacing",
    "of_reading",
    "sample_prisms",
    "sample_shape",
]

_LEAST_CM3 = 0.1
"""Tails are cut until they hold less than this: 0.03 cm³ is then made of hundreds of samples ..."""
_LEAST_SHAPE_CM3 = 0.4
"""... or, between shapes, which are known less well, of dozens."""
_CORNERS = np.array(list(product((-0.5, 0.5), repeat=3))).T
_NOWHERE = np.zeros((3, 0))
_Ranges = dict[int, list[tuple[float, float]]]
"""Lowest and highest dose of each part, by mask."""
_FINEST = 24
"""No cell smaller than the dose spacing over this: trilinear dose has nothing finer to show."""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Samples of one solid under one structure model.

    Attributes:
        dose_gy: (parts, n) physical dose of each part of the course; NaN where it is unknown.
        volume_cm3: (n,) volume of each sample.
        mask: (n,) bit i is set when the sample belongs to variant i.
        points_mm: (3, n) u, v, w of each; (3, 0) where nobody needs them.
    """

    dose_gy: FloatArray
    volume_cm3: FloatArray
    mask: IntArray
    points_mm: FloatArray


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


def choose_resolution(
    volume_mm3: float, slab_mm: float, spacing_mm: float, samples: int, phase: float, layers: int = 2
) -> Resolution:
    """Nearly cubic sample cells, so many that about `samples` fill the volume.

    Args:
        volume_mm3: of the solid.
        slab_mm: typical slab thickness.
        spacing_mm: of the dose grid; cells are not made finer than a useful fraction of it.
        samples: wanted number.
        phase: shift of the lattice in cells.
        layers: at least so many sub-layers go into each slab.
    """
    edge = max((volume_mm3 / samples) ** (1 / 3), spacing_mm / _FINEST)
    layer = min(edge, slab_mm / layers)
    layer = slab_mm / np.ceil(slab_mm / layer - 1e-9)
    cell = max(float(np.sqrt(volume_mm3 / samples / layer)), spacing_mm / _FINEST)
    return Resolution(cell, float(layer), phase)


def sample_prisms(
    prisms: Prisms,
    local: LocalDose,
    resolution: Resolution,
    flat: float = FLAT,
    wanting: Wanting = NOTHING_WANTING,
    *,
    points: bool = False,
) -> tuple[Samples, FloatArray]:
    """Sample the dose in every slab: at the centroid of each covered cell, and on sub-layers through the slab.

    Cells in the tails of the dose are cut finer, exactly (see `rtcheck.dvh.tails`). They are chosen by the dose in
    their middle, which knows nothing of where in the cell the sample fell: chosen by the samples themselves, those
    that are hot by chance would be replaced, those that are cold by chance not, and the whole would come out low.

    Args:
        prisms: the slabs.
        local: the dose.
        resolution: of the lattice.
        flat: tails that vary less than this share of the maximum are left as they are.
        wanting: which tails are cut once more.
        points: whether anybody needs to know where the samples are.

    Returns:
        The samples, and the area of each cross-section as the lattice found it (mm²), to be compared with shapely's.
    """
    lattice = _lattice_over(prisms.points, resolution)
    boxes, areas = boxes_of(prisms, lattice, resolution.layer_mm)
    samples = _of_boxes(boxes, lattice, local, points=points)
    total, top = _limits(samples)
    kept: list[Samples] = []
    for tails in tails_of(total, _LEAST_CM3, wanting):
        middles = (boxes.u_mm, boxes.v_mm, boxes.w_mm)

        def middle(at: IntArray, middles: tuple[FloatArray, FloatArray, FloatArray] = middles) -> FloatArray:
            return np.asarray(local_dose(local, *(each.take(at) for each in middles)).sum(axis=0))

        chosen = chosen_in(samples.dose_gy.sum(axis=0), samples.volume_cm3, None, middle, tails, top, flat)
        if len(chosen) == 0:
            break
        rest = np.ones(len(samples.mask), dtype=bool)
        rest[chosen] = False
        kept.append(_part(samples, rest))
        boxes = cut(boxes, chosen, prisms, lattice)
        lattice = halved(lattice)
        samples = _of_boxes(boxes, lattice, local, points=points)
    return _together([*kept, samples]), areas


def sample_shape(
    solid: Solid,
    leaves: tuple[SignedLeaf, ...],
    variants: tuple[Variant, ...],
    local: LocalDose,
    resolution: Resolution,
    first_round: int = 0,
    *,
    wanting: Wanting = NOTHING_WANTING,
    points: bool = False,
) -> tuple[Samples, Samples]:
    """Sample the dose in the solid whose shape is interpolated between contours.

    The tails of the dose are made finer as for prisms: whole cells are cut exactly. In a cut cell eight samples fill a
    box about the centroid of the covered part, which is not exactly that part.

    Args:
        solid: the expression.
        leaves: its leaves.
        variants: readings of the leaves.
        local: the dose.
        resolution: of the lattice.
        first_round: start with this round of `rtcheck.dvh.tails`; 0 has both tails of 9 % of the volume.
        wanting: which tails are cut once more.
        points: whether anybody needs to know where the samples are.

    Returns:
        The samples, and points of the surface, without volume.
    """
    low, high = window_points(solid)
    if not np.all(low < high):
        return _nothing(local), _nothing(local)
    cell = resolution.cell_mm
    lattice = _lattice_over(np.stack([low - 1.5 * cell, high + 1.5 * cell]), resolution)
    layers = shape_layers(solid, leaves, variants, lattice, resolution.layer_mm)
    surface = _read(layers, np.flatnonzero(layers.volume_mm3 == 0), local, points=False)
    cells = np.flatnonzero(layers.volume_mm3 > 0)
    samples = undivided = _read(layers, cells, local, points=points)
    parts: _Parts | None = None
    total, top = _limits(samples)
    kept: list[Samples] = []
    ranges: _Ranges = {}
    for tails in tails_of(total, _LEAST_SHAPE_CM3, wanting)[first_round:]:

        def those(at: IntArray, parts: _Parts | None = parts) -> _Parts:
            return _parts_of(layers, cells[at], lattice) if parts is None else _some_parts(parts, at)

        def middle(at: IntArray, those: Callable[[IntArray], _Parts] = those) -> FloatArray:
            return np.asarray(local_dose(local, *those(at).middle_mm).sum(axis=0))

        value = samples.mask & 1 == 1  # other readings serve the interval alone
        chosen = chosen_in(samples.dose_gy.sum(axis=0), samples.volume_cm3, value, middle, tails, top)
        if len(chosen) == 0:
            break
        rest = np.ones(len(samples.mask), dtype=bool)
        rest[chosen] = False
        kept.append(_part(samples, rest))
        parts = _cut_parts(those(chosen))
        at = np.stack(stagger(*parts.cell))
        at *= parts.whole
        at *= parts.size_mm
        at += parts.middle_mm
        volume, mask = np.repeat(samples.volume_cm3[chosen] / 8, 8), np.repeat(samples.mask[chosen], 8)
        fine = Samples(local_dose(local, *at), volume, mask, at if points else _NOWHERE)
        samples = _within(fine, ~parts.whole, (undivided, surface), ranges)
    return _together([*kept, samples]), surface


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """What samples of a shape stand for: whole cells, and boxes about the samples of cut ones.

    Attributes:
        middle_mm: (3, n) u, v, w of the middle; of a cut cell, its sample.
        size_mm: (3, n) edges of the box.
        cell: (3, n) row, column and layer in the lattice of whole cells, as fine as these are.
        whole: (n,) whether it is a whole cell or part of one.
    """

    middle_mm: FloatArray
    size_mm: FloatArray
    cell: IntArray
    whole: NDArray[np.bool_]


def _parts_of(layers: Layers, at: IntArray, lattice: Lattice) -> _Parts:
    u, v, w = layers.u_mm[at], layers.v_mm[at], layers.w_mm[at]
    row, column, height, whole = layers.row[at], layers.column[at], layers.height_mm[at], layers.whole[at]
    middle_u, middle_v = lattice.u0 + lattice.du * (column + 0.5), lattice.v0 + lattice.dv * (row + 0.5)
    # a box about the sample that stays in its cell: a cut cell's centroid lies as near to the cell's side as the
    # covered part is thin
    full_u, full_v = np.full(len(at), lattice.du), np.full(len(at), lattice.dv)
    size_u = np.maximum(lattice.du - 2 * np.abs(u - middle_u), 0.0)
    size_v = np.maximum(lattice.dv - 2 * np.abs(v - middle_v), 0.0)
    return _Parts(
        np.where(whole, np.stack([middle_u, middle_v, layers.middle_mm[at]]), np.stack([u, v, w])),
        np.where(whole, np.stack([full_u, full_v, height]), np.stack([size_u, size_v, height / 2])),
        np.stack([row, column, layers.layer[at]]),
        whole,
    )


def _some_parts(parts: _Parts, at: IntArray) -> _Parts:
    return _Parts(parts.middle_mm[:, at], parts.size_mm[:, at], parts.cell[:, at], parts.whole[at])


def _cut_parts(parts: _Parts) -> _Parts:
    """Cut each in half along u, v and w."""
    upper = (_CORNERS[[1, 0, 2]] > 0).astype(np.int64)
    middle, size = np.empty((2, 3, len(parts.whole), 8))
    cell = np.empty((3, len(parts.whole), 8), dtype=np.int64)
    for axis in range(3):  # one at a time: what is wanted stays at hand
        size[axis] = (parts.size_mm[axis] / 2)[:, None]
        np.multiply(size[axis], _CORNERS[axis], out=middle[axis])
        middle[axis] += parts.middle_mm[axis][:, None]
        np.add((2 * parts.cell[axis])[:, None], upper[axis], out=cell[axis])
    whole = np.repeat(parts.whole, 8)
    return _Parts(middle.reshape(3, -1), size.reshape(3, -1), cell.reshape(3, -1), whole)


def _within(samples: Samples, which: NDArray[np.bool_], among: tuple[Samples, Samples], ranges: _Ranges) -> Samples:
    """Keep the doses of divided samples of cut cells within those of the undivided ones and of the surface.

    The box over which a sample near the surface is spread sticks out of the solid; what lies there is not its dose.

    Args:
        samples: divided.
        which: (n,) those of cut cells.
        among: the undivided ones, and the surface.
        ranges: what was found among them before, by mask; more is added.
    """
    dose = samples.dose_gy
    places = np.flatnonzero(which)
    masks = samples.mask[places]
    for mask in np.flatnonzero(np.bincount(masks)).tolist():
        if mask not in ranges:
            ranges[mask] = [_range_of(among, mask, part) for part in range(len(dose))]
        at = places[masks == mask]
        for part, (lowest, highest) in enumerate(ranges[mask]):
            dose[part, at] = np.clip(dose[part, at], lowest, highest)
    return samples


def _range_of(among: tuple[Samples, Samples], mask: int, part: int) -> tuple[float, float]:
    """Lowest and highest known dose of one part in samples of all the readings of a mask."""
    known = [each.dose_gy[part, (each.mask & mask) == mask] for each in among]
    lowest = min(float(np.min(each, initial=np.inf, where=~np.isnan(each))) for each in known)
    highest = max(float(np.max(each, initial=-np.inf, where=~np.isnan(each))) for each in known)
    return lowest, highest


def _of_boxes(boxes: Boxes, lattice: Lattice, local: LocalDose, *, points: bool) -> Samples:
    at = box_points(boxes, lattice)
    return Samples(local_dose(local, *at), boxes.volume_cm3, boxes.mask, np.stack(at) if points else _NOWHERE)


def _read(layers: Layers, at: IntArray, local: LocalDose, *, points: bool) -> Samples:
    where = np.stack([layers.u_mm[at], layers.v_mm[at], layers.w_mm[at]])
    dose = local_dose(local, *where)
    return Samples(dose, layers.volume_mm3[at] / 1000, layers.mask[at], where if points else _NOWHERE)


def _nothing(local: LocalDose) -> Samples:
    none = np.zeros(0)
    return Samples(np.zeros((len(local), 0)), none, np.zeros(0, dtype=np.int64), np.zeros((3, 0)))


def _limits(samples: Samples) -> tuple[float, float]:
    """Volume of the value, cm³, and the highest dose."""
    dose = samples.dose_gy.sum(axis=0)
    top = float(np.max(dose, initial=0.0, where=~np.isnan(dose)))
    return float(np.sum(samples.volume_cm3[samples.mask & 1 == 1])), top


def _part(samples: Samples, which: NDArray[np.bool_] | IntArray) -> Samples:
    at = np.flatnonzero(which) if which.dtype == np.bool_ else which
    return Samples(
        samples.dose_gy.take(at, axis=1),
        samples.volume_cm3[at],
        samples.mask[at],
        samples.points_mm.take(at, axis=1) if samples.points_mm.shape[1] else _NOWHERE,
    )


def _together(parts: list[Samples]) -> Samples:
    """All parts as one, by ascending dose, so that whoever wants them in order has nothing to do."""
    whole = Samples(
        np.concatenate([part.dose_gy for part in parts], axis=1),
        np.concatenate([part.volume_cm3 for part in parts]),
        np.concatenate([part.mask for part in parts]),
        np.concatenate([part.points_mm for part in parts], axis=1),
    )
    return _part(whole, ascending(whole.dose_gy.sum(axis=0)))


def of_reading(samples: Samples, variant: int) -> Samples:
    """Return the samples that one reading has, in their order."""
    return _part(samples, (samples.mask >> variant) & 1 == 1)


def ascending(dose_gy: FloatArray) -> IntArray:
    """Order of ascending dose, equal ones as they come, unknown ones (NaN) last.

    What is in order already is not sorted. The bits of doses, which are not negative, ascend as they do; with the place
    of each in the last of them they are sorted as plain numbers, and what those last bits would have told is mended.
    """
    unknown = np.isnan(dose_gy)
    if np.all((dose_gy[1:] >= dose_gy[:-1]) | unknown[1:]):
        return np.arange(len(dose_gy))
    if np.min(dose_gy, initial=0.0, where=~unknown) < 0:
        return np.argsort(dose_gy, kind="stable")
    places = len(dose_gy).bit_length()
    key = np.where(unknown, np.inf, dose_gy).view(np.int64) >> places
    key <<= places
    key |= np.arange(len(dose_gy))
    key.sort()
    order = key & ((1 << places) - 1)
    dose = dose_gy[order]
    falls = dose[1:] < dose[:-1]
    if np.any(falls):
        alike = np.cumsum(np.append(False, np.diff(key >> places) != 0))
        at = np.flatnonzero(np.isin(alike, alike[1:][falls]))
        order[at] = order[at][np.lexsort((order[at], dose[at], alike[at]))]
    return order


def _lattice_over(points: FloatArray, resolution: Resolution) -> Lattice:
    """Lay a lattice that covers all points, shifted by the phase."""
    low, high = extent(points)
    cell = resolution.cell_mm
    start = low - resolution.phase * cell
    columns, rows = (np.floor((high - start) / cell).astype(int) + 1).tolist()
    return Lattice(float(start[0]), float(start[1]), cell, cell, columns, rows)
