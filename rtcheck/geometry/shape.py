"""A solid between its contours by interpolating their shape, as thin layers of covered cells.

Where a section is that of contours as drawn (equal contours on neighbouring planes, flat ends, where interpolation is
not to be trusted) it is covered exactly, as a prism's; elsewhere from the level functions of the leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtcheck.geometry.coverage import cut_cells, section_areas
from rtcheck.geometry.cut_samples import WHOLE, feet, scaled_shares, spread_samples
from rtcheck.geometry.leaf_levels import edged_pairs, leaf_level
from rtcheck.geometry.levels import (
    EDGE,
    LevelField,
    Zone,
    boundaries,
    leaf_area,
    level_field,
    outset_mm,
    zones_at,
    zones_of,
)
from rtcheck.geometry.occupancy import Cells, Lattice, cover
from rtcheck.geometry.prisms import Regions
from rtcheck.geometry.solid import ContourStack, Leaf, Solid
from rtcheck.geometry.stagger import reach, stagger
from rtcheck.geometry.variants import LeafState, SignedLeaf, Variant
from rtcheck.model.arrays import FloatArray, IntArray, extent

__all__ = ["Layers", "combined_level", "shape_layers", "window_points"]

_SLIVER_MM = 1e-6
_EDGE_CELLS = 4.0
"""Points on straight contours are set at most this many cells apart."""
_SLICES = 6
"""The mean area of a layer is taken from this many sections of it."""
_BATCH_CELLS = 250_000
"""Levels of this many cells are computed at once."""
_DOUBTED = 2.0
"""Layers that only other readings than the first have are so many times as thick: they serve the interval alone."""
_FOOT = 0.75
"""A point of the surface belongs to a cell when it lies at most this many cells from the cell's centre."""


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """Thin layers of a solid, as covered cells.

    Points on the surface come along with no volume, since the extreme doses are there.

    Attributes:
        u_mm, v_mm, w_mm: (n,) a point in the covered part of each cell (its centroid where the cell is cut).
        volume_mm3: (n,) covered volume; 0 for points on the surface.
        mask: (n,) bit i is set when variant i has this cell.
        row, column, layer: (n,) cell of the lattice, and running number of the layer; 0 for points on the surface.
        middle_mm, height_mm: (n,) middle and thickness of the layer.
        whole: (n,) the cell is covered as a whole.
    """

    u_mm: FloatArray
    v_mm: FloatArray
    w_mm: FloatArray
    volume_mm3: FloatArray
    mask: IntArray
    row: IntArray
    column: IntArray
    layer: IntArray
    middle_mm: FloatArray
    height_mm: FloatArray
    whole: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Section:
    """A constant cross-section: its cells, and points on its contour."""

    cells: Cells
    contour: FloatArray


@dataclass(frozen=True, slots=True)
class _Span:
    """Neighbouring layers of a constant cross-section: w where they begin and end, how many, number of the first."""

    low: float
    high: float
    count: int
    number: int


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring layers in one zone of each leaf.

    Attributes:
        key: the zones.
        low, high: w where the layers begin and end.
        count: how many layers.
        number: running number of the first.
        mask: bit i is set when variant i has these layers.
    """

    key: tuple[Zone, ...]
    low: float
    high: float
    count: int
    number: int
    mask: int


def shape_layers(
    solid: Solid, leaves: tuple[SignedLeaf, ...], variants: tuple[Variant, ...], lattice: Lattice, layer_mm: float
) -> Layers:
    """Cover a solid with thin layers of cells, for all variants at once.

    Args:
        solid: the expression; all its stacks have the same axes.
        leaves: ``leaves_of(solid)``.
        variants: readings of the leaves; the order gives the bits of `Layers.mask`.
        lattice: cells in the plane; must leave one empty cell around the solid.
        layer_mm: no layer of the first reading is thicker.
    """
    fields = tuple(level_field(leaf.stack, lattice) for leaf in leaves)
    edges = np.unique(
        np.concatenate(
            [
                boundaries(field, state)
                for variant in variants
                for field, state in zip(fields, variant.states, strict=True)
            ]
        )
    )
    edges = edges[np.concatenate([[True], np.diff(edges) > _SLIVER_MM])]
    regions = Regions(leaves)
    sections: dict[tuple[int, ...], _Section | None] = {}
    repeats: dict[tuple[tuple[int, ...], int], list[_Span]] = {}
    found: list[Layers] = []
    runs: list[_Run] = []
    number = most = 0
    middles = (edges[:-1] + edges[1:]) / 2
    rules = [_rules(field, {variant.states[i] for variant in variants}, middles) for i, field in enumerate(fields)]
    along = [list(zip(*(rule[s] for rule, s in zip(rules, v.states, strict=True)), strict=True)) for v in variants]
    for place, (low, high) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        zones: dict[tuple[Zone, ...], int] = {}
        for i, keys in enumerate(along):
            zones[keys[place]] = zones.get(keys[place], 0) | (1 << i)
        number += most
        most = 0
        for key, mask in zones.items():
            thickest = layer_mm if mask & 1 else _DOUBTED * layer_mm
            count = max(1, int(np.ceil((high - low) / thickest - 1e-6)))
            most = max(most, count)
            if all(kind in ("plane", "out") for kind, _ in key):
                planes = tuple(
                    _first_same(field, index) if kind == "plane" else -1
                    for field, (kind, index) in zip(fields, key, strict=True)
                )
                if planes not in sections:
                    sections[planes] = _section(solid, regions, planes, lattice)
                repeats.setdefault((planes, mask), []).append(_Span(low, high, count, number))
            elif _remains(solid, iter([kind != "out" for kind, _ in key])):
                runs.append(_Run(key, low, high, count, number, mask))
    for (planes, mask), spans in repeats.items():
        section = sections[planes]
        if section is not None:
            found.extend(_repeated(section, lattice, spans, mask))
    for batch in _batches(runs, lattice):
        found.extend(_interpolated(solid, fields, batch))
    if not found:
        none = np.zeros(0)
        found.append(_surface(none, none, none, np.zeros(0, dtype=np.int64)))
    return Layers(
        u_mm=np.concatenate([each.u_mm for each in found]),
        v_mm=np.concatenate([each.v_mm for each in found]),
        w_mm=np.concatenate([each.w_mm for each in found]),
        volume_mm3=np.concatenate([each.volume_mm3 for each in found]),
        mask=np.concatenate([each.mask for each in found]),
        row=np.concatenate([each.row for each in found]),
        column=np.concatenate([each.column for each in found]),
        layer=np.concatenate([each.layer for each in found]),
        middle_mm=np.concatenate([each.middle_mm for each in found]),
        height_mm=np.concatenate([each.height_mm for each in found]),
        whole=np.concatenate([each.whole for each in found]),
    )


def _rules(field: LevelField, states: set[LeafState], w: FloatArray) -> dict[LeafState, list[Zone]]:
    """Zones of a leaf at each w in each reading; an edge between two planes only where it makes a difference."""
    rules = {state: zones_at(field, state, w) for state in states}
    if any(state.edges for state in states):
        alike = {("edge", at): ("pair", at) for at, edged in enumerate(edged_pairs(field).tolist()) if not edged}
        rules = {state: [alike.get(zone, zone) for zone in zones] for state, zones in rules.items()}
    return rules


def _surface(u: FloatArray, v: FloatArray, w: FloatArray, mask: IntArray) -> Layers:
    """Points on the surface."""
    zero, none = np.zeros(len(u)), np.zeros(len(u), dtype=np.int64)
    return Layers(u, v, w, zero, mask, none, none, none, w, zero, np.zeros(len(u), dtype=bool))


def _first_same(field: LevelField, plane: int) -> int:
    """Lowest plane from which on up to this one all contours are the same."""
    while plane > 0 and field.same[plane - 1]:
        plane -= 1
    return plane


def _section(solid: Solid, regions: Regions, planes: tuple[int, ...], lattice: Lattice) -> _Section | None:
    """Cover one combination of contours exactly; None when nothing is left of it."""
    region, _ = regions.evaluate(solid, planes)
    if region is None:
        return None
    rings = regions.rings(region)
    starts = np.concatenate([[0], np.cumsum([len(ring) for ring in rings])]).astype(np.int64)
    cells = cover(np.concatenate(rings), starts, np.zeros(len(rings), dtype=np.int64), 1, lattice)
    step = _EDGE_CELLS * min(lattice.du, lattice.dv)
    return _Section(cells, np.concatenate([_along(ring, step) for ring in rings]))


def _along(ring: FloatArray, step_mm: float) -> FloatArray:
    """Points of a ring, its edges divided so that none is longer than a step."""
    edge = np.roll(ring, -1, axis=0) - ring
    count = np.maximum(np.ceil(np.hypot(edge[:, 0], edge[:, 1]) / step_mm).astype(np.int64), 1)
    owner = np.repeat(np.arange(len(ring)), count)
    part = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    return np.asarray(ring[owner] + edge[owner] * (part / count[owner])[:, None])


def _repeated(section: _Section, lattice: Lattice, spans: list[_Span], mask: int) -> list[Layers]:
    """Layers of a constant cross-section, and its contour on both faces of each span."""
    cells, size = section.cells, len(section.cells.area_mm2)
    counts = np.array([span.count for span in spans])
    low, high = (np.array([getattr(span, name) for span in spans]) for name in ("low", "high"))
    own = np.repeat(np.arange(len(spans)), counts)
    step = np.arange(len(own)) - np.repeat(np.cumsum(counts) - counts, counts)
    thickness = ((high - low) / counts)[own]
    number = np.array([span.number for span in spans])[own] + step
    height, middle, layer = (np.repeat(each, size) for each in (thickness, low[own] + (step + 0.5) * thickness, number))
    u, v, area = (np.tile(a, len(own)) for a in (cells.u_mm, cells.v_mm, cells.area_mm2))
    row, column = np.tile(cells.row, len(own)), np.tile(cells.column, len(own))
    su, sv, sw = stagger(row, column, layer)
    along_u, along_v = (
        np.tile(a, len(own)) for a in reach(lattice, cells.row, cells.column, cells.u_mm, cells.v_mm, cells.area_mm2)
    )
    faces = np.unique(np.concatenate([low, high]))
    contour = np.tile(section.contour, (len(faces), 1))
    return [
        Layers(
            u_mm=u + su * along_u,
            v_mm=v + sv * along_v,
            w_mm=middle + sw * height,
            volume_mm3=area * height,
            mask=np.full(len(u), mask, dtype=np.int64),
            row=row,
            column=column,
            layer=layer,
            middle_mm=middle,
            height_mm=height,
            whole=area > WHOLE * lattice.du * lattice.dv,
        ),
        _surface(
            contour[:, 0],
            contour[:, 1],
            np.repeat(faces, len(section.contour)),
            np.full(len(contour), mask, dtype=np.int64),
        ),
    ]


def _batches(runs: list[_Run], lattice: Lattice) -> Iterator[list[_Run]]:
    """Give runs to be computed together: many, as each computation costs time whatever its size, but not too many."""
    most = max(1, _BATCH_CELLS // (lattice.rows * lattice.columns))
    batch: list[_Run] = []
    layers = 0
    for run in runs:
        if batch and layers + run.count > most:
            yield batch
            batch, layers = [], 0
        batch.append(run)
        layers += run.count
    if batch:
        yield batch


def _interpolated(solid: Solid, fields: tuple[LevelField, ...], runs: list[_Run]) -> list[Layers]:
    """Layers of a changing cross-section, and points of its surface."""
    lattice = fields[0].lattice
    counts = [run.count for run in runs]
    own = np.repeat(np.arange(len(runs)), counts)
    first = (np.cumsum(counts) - counts)[own]
    last = first + np.array(counts)[own] - 1
    place = np.arange(len(own)) - first
    low = np.array([run.low for run in runs])[own]
    height = np.array([(run.high - run.low) / run.count for run in runs])[own]
    mask = np.array([run.mask for run in runs], dtype=np.int64)[own]
    ordinal = place + np.array([run.number for run in runs])[own]
    w = low + (place + 0.5) * height
    # a layer stands for the mean of its sections, not for the one in its middle: near a tip they differ
    slices = place[:, None] * _SLICES + np.arange(_SLICES) + 0.5
    fine = low[:, None] + slices * (height[:, None] / _SLICES)
    zones = [zones_of([run.key[i] for run in runs], counts) for i in range(len(fields))]
    areas = [leaf_area(field, zone, fine).mean(axis=1) for field, zone in zip(fields, zones, strict=True)]
    levels = iter([leaf_level(f, zone, w, area) for f, zone, area in zip(fields, zones, areas, strict=True)])
    level = combined_level(solid, levels)
    cells = cut_cells(level, lattice)
    share = cells.share
    if isinstance(solid, Leaf):
        # an area is what the contours say, but for a shape with edges, which says it itself
        areas[0] = np.where(zones[0].kind == EDGE, section_areas(level, lattice), areas[0])
        share = scaled_shares(share, cells.layer, areas[0] / (lattice.du * lattice.dv))
    below, above = np.maximum(cells.layer - 1, first[cells.layer]), np.minimum(cells.layer + 1, last[cells.layer])
    rates = level[above, cells.row, cells.column] - level[below, cells.row, cells.column]
    rates /= np.maximum(above - below, 1)
    x, y, sw = spread_samples(cells, rates, ordinal)
    foot_x, foot_y = feet(cells)
    # NaN, where the level is flat, compares as false
    edge = np.flatnonzero((np.abs(foot_x - 0.5) < _FOOT) & (np.abs(foot_y - 0.5) < _FOOT))
    layer = cells.layer
    return [
        Layers(
            u_mm=lattice.u0 + lattice.du * (cells.column + x),
            v_mm=lattice.v0 + lattice.dv * (cells.row + y),
            w_mm=w[layer] + sw * height[layer],
            volume_mm3=share * (lattice.du * lattice.dv * height[layer]),
            mask=mask[layer],
            row=cells.row,
            column=cells.column,
            layer=ordinal[layer],
            middle_mm=w[layer],
            height_mm=height[layer],
            whole=share > WHOLE,
        ),
        _surface(
            lattice.u0 + lattice.du * (cells.column[edge] + foot_x[edge]),
            lattice.v0 + lattice.dv * (cells.row[edge] + foot_y[edge]),
            w[layer[edge]],
            mask[layer[edge]],
        ),
    ]


def combined_level(solid: Solid, levels: Iterator[FloatArray]) -> FloatArray:
    """(layers, rows, columns) function that is positive inside the solid, from those of its leaves in order."""
    if isinstance(solid, Leaf):
        return next(levels)
    left = combined_level(solid.left, levels)
    right = combined_level(solid.right, levels)
    if solid.operator == "-":
        return np.minimum(left, -right)
    return np.maximum(left, right) if solid.operator == "|" else np.minimum(left, right)


def _remains(solid: Solid, there: Iterator[bool]) -> bool:
    """Whether anything can be left of the solid where some leaves are absent."""
    if isinstance(solid, Leaf):
        return next(there)
    left = _remains(solid.left, there)
    right = _remains(solid.right, there)
    if solid.operator == "-":
        return left
    return left or right if solid.operator == "|" else left and right


def window_points(solid: Solid) -> FloatArray:
    """(2, 2) lowest and highest u, v that the solid can reach: those of its minuends."""
    if isinstance(solid, Leaf):
        return _window(solid.stack)
    left = window_points(solid.left)
    if solid.operator == "-":
        return left
    right = window_points(solid.right)
    if solid.operator == "|":
        return np.stack([np.minimum(left[0], right[0]), np.maximum(left[1], right[1])])
    return np.stack([np.maximum(left[0], right[0]), np.minimum(left[1], right[1])])


def _window(stack: ContourStack) -> FloatArray:
    """Box the contours, with room for an end that grows."""
    outset = outset_mm(stack)
    low, high = extent(stack.points_mm)
    return np.stack([low - outset, high + outset])
