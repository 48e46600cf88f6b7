"""A solid as plane regions along w, under one reading: what margins, distances and neighbourhoods are computed from.

Prisms are slabs of constant cross-section. An interpolated shape is sections without thickness, close together, and
slabs where its cross-section does not change. Both are one kind of value here, so that what is written for one holds
for the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from rtcheck.geometry.isolines import level_regions
from rtcheck.geometry.leaf_levels import leaf_level
from rtcheck.geometry.levels import LevelField, Zone, boundaries, leaf_area, level_field, zones_at, zones_of
from rtcheck.geometry.occupancy import Lattice
from rtcheck.geometry.prisms import Regions, prisms_of
from rtcheck.geometry.shape import combined_level, window_points
from rtcheck.geometry.solid import Solid
from rtcheck.geometry.variants import VALUE, Variant, leaves_of, variants_of
from rtcheck.model.arrays import FloatArray

__all__ = ["LAYER_MM", "Slabs", "empty_slabs", "parallel", "slabs_of", "thick"]

Regions2D = NDArray[Any]

_SLIVER_MM = 1e-6
_ACROSS = 40
"""Cells across a typical section of an interpolated shape."""
_CELL_MM = (0.2, 1.5)
LAYER_MM = 1.0
"""Sections of an interpolated shape are at most this far apart unless another distance is asked for."""
_TIP_SECTIONS = 10
"""At least so many sections in a tapered end, close together near its tip."""
_INSIDE = 1e-4
"""Sections at the ends of a zone are taken this share of it inside."""
_BATCH_CELLS = 400_000


@dataclass(frozen=True, slots=True, eq=False)
class Slabs:
    """Plane regions of one solid, sorted by w.

    Attributes:
        axes: (3, 3) unit vectors of u, v, w in LPS.
        lower, upper: (n,) w of each slab in mm; equal for a section without thickness. Slabs do not overlap.
        regions: (n,) polygons or multipolygons in (u, v), none empty.
        step_mm: how far sections without thickness are apart at most; 0 where there are none.
    """

    axes: FloatArray
    lower: FloatArray
    upper: FloatArray
    regions: Regions2D
    step_mm: float = 0.0

    @property
    def empty(self) -> bool:
        """Whether nothing is left of the solid."""
        return len(self.lower) == 0

    @property
    def bounds(self) -> FloatArray:
        """(2, 3) lowest and highest u, v, w."""
        box = shapely.total_bounds(self.regions)
        return np.array([[box[0], box[1], self.lower.min()], [box[2], box[3], self.upper.max()]])


def empty_slabs(axes: FloatArray) -> Slabs:
    """Return the solid without any volume."""
    return Slabs(axes, np.zeros(0), np.zeros(0), np.zeros(0, dtype=object))


def parallel(first: FloatArray, second: FloatArray) -> bool:
    """Whether two sets of axes are the same, so that regions of both lie in common planes."""
    return bool(np.allclose(first, second, rtol=0, atol=1e-9))


def slabs_of(solid: Solid, model: Literal["prism", "shape"], reading: str = VALUE, layer_mm: float = LAYER_MM) -> Slabs:
    """Cut a solid into plane regions.

    Args:
        solid: contour stacks with the same axes, joined by set operations.
        model: what fills the space between contours.
        reading: label of a variant (see `rtcheck.geometry.variants`); one that this solid does not have is its value.
        layer_mm: sections of an interpolated shape are at most this far apart.
    """
    leaves = leaves_of(solid)
    known = {variant.label: variant for variant in variants_of(leaves)}
    variant = known.get(reading, known[VALUE])
    return _prism_slabs(solid, variant) if model == "prism" else _shape_slabs(solid, variant, layer_mm)


def _prism_slabs(solid: Solid, variant: Variant) -> Slabs:
    leaves = leaves_of(solid)
    prisms = prisms_of(solid, leaves, (variant,))
    starts, rings = prisms.ring_starts, prisms.section_of_ring
    outlines = [shapely.polygons(prisms.points[starts[r] : starts[r + 1]]) for r in range(len(rings))]
    regions = [
        reduce(shapely.symmetric_difference, [outlines[r] for r in np.flatnonzero(rings == section)])
        for section in range(len(prisms.areas))
    ]
    order = np.argsort(prisms.lower, kind="stable")
    return _slabs(
        leaves[0].stack.axes,
        prisms.lower[order],
        prisms.upper[order],
        [regions[section] for section in prisms.section[order].tolist()],
        0.0,
    )


def _slabs(axes: FloatArray, lower: FloatArray, upper: FloatArray, regions: list[Any], step: float) -> Slabs:
    out = np.empty(len(regions), dtype=object)
    out[:] = regions
    kept = shapely.area(out) > 0 if len(out) else np.zeros(0, dtype=bool)
    return Slabs(axes, lower[kept], upper[kept], out[kept], step)


def thick(slabs: Slabs) -> Slabs:
    """Return the solid with each section drawn out half way to its neighbours: a staircase without gaps."""
    if slabs.empty:
        return slabs
    lower, upper = slabs.lower.copy(), slabs.upper.copy()
    middle = (upper[:-1] + lower[1:]) / 2
    flat = lower == upper
    # a thick neighbour keeps its face: the section alone is drawn out as far as that
    lower[1:] = np.where(flat[1:], np.where(flat[:-1], middle, slabs.upper[:-1]), lower[1:])
    upper[:-1] = np.where(flat[:-1], np.where(flat[1:], middle, slabs.lower[1:]), upper[:-1])
    return Slabs(slabs.axes, lower, upper, slabs.regions, slabs.step_mm)


def _shape_slabs(solid: Solid, variant: Variant, layer_mm: float) -> Slabs:
    leaves = leaves_of(solid)
    axes = leaves[0].stack.axes
    low, high = window_points(solid)
    if np.any(high <= low):
        return empty_slabs(axes)
    lattice = _lattice(solid, low, high)
    fields = tuple(level_field(leaf.stack, lattice) for leaf in leaves)
    edges = np.unique(np.concatenate([boundaries(f, s) for f, s in zip(fields, variant.states, strict=True)]))
    edges = edges[np.concatenate([[True], np.diff(edges) > _SLIVER_MM])]
    drawn = Regions(leaves)
    rows: list[tuple[float, float, Any]] = []
    open_: list[tuple[float, tuple[Zone, ...]]] = []
    middles = (edges[:-1] + edges[1:]) / 2
    zones = zip(*(zones_at(f, s, middles) for f, s in zip(fields, variant.states, strict=True)), strict=True)
    for begin, end, key in zip(edges[:-1].tolist(), edges[1:].tolist(), zones, strict=True):
        if all(kind in ("plane", "out") for kind, _ in key):
            region, _ = drawn.evaluate(solid, tuple(index if kind == "plane" else -1 for kind, index in key))
            if region is not None:
                rows.append((begin, end, drawn.shape(region)))
        else:
            open_.extend((w, key) for w in _sections(begin, end, key, layer_mm))
    for batch in _batches(open_, lattice):
        regions = level_regions(_level(solid, fields, batch), lattice)
        rows.extend((w, w, region) for (w, _), region in zip(batch, regions, strict=True))
    rows.sort(key=lambda row: row[:2])
    return _slabs(
        axes,
        np.array([row[0] for row in rows]),
        np.array([row[1] for row in rows]),
        [row[2] for row in rows],
        layer_mm if open_ else 0.0,
    )


def _lattice(solid: Solid, low: FloatArray, high: FloatArray) -> Lattice:
    """Lay cells so fine that a typical section of the smallest leaf is `_ACROSS` of them wide."""
    widths = []
    for leaf in leaves_of(solid):
        starts = leaf.stack.ring_starts[:-1]
        points = leaf.stack.points_mm
        wide = np.maximum.reduceat(points, starts) - np.minimum.reduceat(points, starts)
        widths.append(float(np.median(wide.min(axis=1))))
    cell = float(np.clip(min(widths) / _ACROSS, *_CELL_MM))
    start = low - 2.5 * cell
    columns, rows = (np.ceil((high - start) / cell).astype(int) + 3).tolist()
    return Lattice(float(start[0]), float(start[1]), cell, cell, columns, rows)


def _sections(begin: float, end: float, key: tuple[Zone, ...], layer_mm: float) -> list[float]:
    """Choose w of the sections between two edges, both ends included; in an end dense towards its tip."""
    span = end - begin
    share = np.linspace(0.0, 1.0, max(int(np.ceil(span / layer_mm - 1e-9)), 1) + 1)
    kinds = {kind for kind, _ in key}
    if kinds & {"low", "high"}:
        share = np.linspace(0.0, 1.0, max(_TIP_SECTIONS, 2 * len(share)) + 1)
        if "low" in kinds and "high" not in kinds:
            share = share**2
        elif "high" in kinds and "low" not in kinds:
            share = 1 - (1 - share) ** 2
    share = np.clip(share, _INSIDE, 1 - _INSIDE)
    return np.unique(begin + span * share).tolist()  # type: ignore[no-any-return]  # a list of float


def _batches(
    items: list[tuple[float, tuple[Zone, ...]]], lattice: Lattice
) -> Iterator[list[tuple[float, tuple[Zone, ...]]]]:
    """Give sections to be computed together; those of one zone stay next to each other."""
    most = max(1, _BATCH_CELLS // (lattice.rows * lattice.columns))
    for begin in range(0, len(items), most):
        yield items[begin : begin + most]


def _level(solid: Solid, fields: tuple[LevelField, ...], items: list[tuple[float, tuple[Zone, ...]]]) -> FloatArray:
    """(layers, rows, columns) function that is positive inside the solid."""
    w = np.array([item[0] for item in items])
    levels = []
    for i, field in enumerate(fields):
        zones = zones_of([key[i] for _, key in items], [1] * len(items))
        levels.append(leaf_level(field, zones, w, leaf_area(field, zones, w[:, None])[:, 0]))
    return combined_level(solid, iter(levels))
