"""The surface of one contour stack as a level function: signed distance per plane, cubic in w, tapered ends.

Distance interpolated alone loses area where a section shrinks fast, and the cut of cells by straight lines a little
wherever contours bend. So each section's level is moved until its area is what the areas of the contours say.

Where a contour has no counterpart on the next plane (islands that split, merge or begin; oblique tubes that move
by their own width), interpolated distance loses the shape: there, and across missing slices, prisms stand in.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rtcheck.geometry.coverage import section_areas
from rtcheck.geometry.distance import FAR_MM, centres_inside, plane_distances, spread
from rtcheck.geometry.ends import Tip, end_tips, plane_areas, plane_perimeters, tip_profile
from rtcheck.geometry.islands import label_islands
from rtcheck.geometry.occupancy import Lattice
from rtcheck.geometry.sections import area_between, lagrange_weights, same_as_next, stencil_knots
from rtcheck.geometry.solid import ContourStack
from rtcheck.geometry.variants import LeafState
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = [
    "LevelField",
    "Zone",
    "Zones",
    "boundaries",
    "leaf_area",
    "leaf_level",
    "level_field",
    "outset_mm",
    "zones_at",
    "zones_of",
]

Zone = tuple[str, int]
"""Where a w lies for one leaf: ("pair", j), ("low", end), ("high", end), ("plane", j) or ("out", 0)."""

_KINDS = ("out", "plane", "pair", "low", "high")
_OUT, _PLANE, _PAIR, _LOW, _HIGH = range(len(_KINDS))
_TRUST = 0.2
_ALONG = 0.35
_STEPS = 4
_ENOUGH = 0.05
_ACROSS = 150
"""Cells across a stack of which the lattice holds a part only, when it is told where the stack can be interpolated."""


@dataclass(frozen=True, slots=True, eq=False)
class Zones:
    """The zones of a leaf that many layers lie in.

    Attributes:
        kind: (n,) first part of each layer's `Zone`, as index of `_KINDS`.
        index: (n,) second part.
        run: (n,) number of the run of layers that a layer belongs to: those of one zone, next to each other.
    """

    kind: IntArray
    index: IntArray
    run: IntArray


def zones_of(zones: list[Zone], counts: list[int]) -> Zones:
    """Repeat the zone of each run for all of its layers."""
    kind = np.array([_KINDS.index(name) for name, _ in zones], dtype=np.int64)
    index = np.array([second for _, second in zones], dtype=np.int64)
    run = np.repeat(np.arange(len(zones)), counts)
    return Zones(kind[run], index[run], run)


@dataclass(frozen=True, slots=True, eq=False)
class LevelField:
    """What the sections of one stack are interpolated from.

    Attributes:
        stack: the contours.
        lattice: cells whose centres carry the distances.
        planes: (m, rows, columns) signed distance, mm, positive inside.
        bands: (m - 1, rows, columns) where the surface can pass between a pair of planes; there all distances that
            it depends on are known.
        trusted: whether the surface between each pair of planes is interpolated.
        same: whether the section between each pair of planes is their common contour.
        tips: the ends.
        areas, perimeters: (m,) of the contours, mm² and mm.
        whole: whether the lattice holds all of the stack. Otherwise (a leaf of an expression that reaches beyond the
            result) areas on the lattice say nothing about the stack's and the level stays as interpolated.
    """

    stack: ContourStack
    lattice: Lattice
    planes: FloatArray
    bands: NDArray[np.bool_]
    trusted: tuple[bool, ...]
    same: tuple[bool, ...]
    tips: tuple[Tip, Tip]
    areas: FloatArray
    perimeters: FloatArray
    whole: bool


def level_field(stack: ContourStack, lattice: Lattice) -> LevelField:
    """Distances of one stack where they matter: near where the surface passes between planes, and in its ends."""
    inside = centres_inside(stack, lattice)
    m = len(inside)
    edge = np.zeros_like(inside)
    edge[:, :-1] |= inside[:, :-1] != inside[:, 1:]
    edge[:, :, :-1] |= inside[:, :, :-1] != inside[:, :, 1:]
    needed = spread(edge, 2)
    bands = np.zeros((max(m - 1, 0), *inside.shape[1:]), dtype=bool)
    for j in range(m - 1):
        near = slice(max(j - 1, 0), min(j + 3, m))
        some, every = inside[near].any(axis=0), inside[near].all(axis=0)
        bands[j] = spread(np.asarray((some & ~every) | edge[near].any(axis=0)), 2)
        needed[near] |= bands[j]
    tips = end_tips(stack)
    areas, perimeters = plane_areas(stack), plane_perimeters(stack)
    for tip, plane in zip(tips, (0, m - 1), strict=True):
        if tip.tapered or tip.trend < 0:
            needed[plane] |= spread(inside[plane], 2)
        elif tip.flare or tip.trend:
            outset = _outset(tip) * float(areas[plane] / perimeters[plane])
            needed[plane] |= spread(edge[plane], 3 + int(outset / min(lattice.du, lattice.dv)))
    planes = plane_distances(stack, lattice, inside, needed)
    same = same_as_next(stack)
    low, high = stack.points_mm.min(axis=0), stack.points_mm.max(axis=0)
    end = (lattice.u0 + lattice.du * (lattice.columns - 1), lattice.v0 + lattice.dv * (lattice.rows - 1))
    whole = bool(np.all(low >= (lattice.u0 + lattice.du, lattice.v0 + lattice.dv)) and np.all(high <= end))
    if whole:
        good = _trusted(planes, lattice) & _counterparts(planes, lattice)
        trusted = tuple(j not in stack.gaps and fine for j, fine in enumerate(good.tolist()))
    else:  # a contour may have its counterpart outside the lattice
        trusted = _trusted_as_a_whole(stack)
    return LevelField(stack, lattice, planes, bands, trusted, _constant(same), tips, areas, perimeters, whole)


@lru_cache(maxsize=256)
def _trusted_as_a_whole(stack: ContourStack) -> tuple[bool, ...]:
    """Say between which planes the surface is interpolated, from a lattice that holds all of the stack."""
    low, high = stack.points_mm.min(axis=0), stack.points_mm.max(axis=0)
    cell = float(np.max(high - low)) / _ACROSS
    start = low - 2.5 * cell
    columns, rows = (np.ceil((high - start) / cell).astype(int) + 3).tolist()
    return level_field(stack, Lattice(float(start[0]), float(start[1]), cell, cell, columns, rows)).trusted


def _constant(same: tuple[bool, ...]) -> tuple[bool, ...]:
    """Leave out pairs of equal contours whose planes beyond both differ: there the solid has its belly or waist."""
    last = len(same) - 1
    return tuple(
        equal and (last == 0 or (j > 0 and same[j - 1]) or (j < last and same[j + 1]) or j in (0, last))
        for j, equal in enumerate(same)
    )


def _outset(tip: Tip) -> float:
    """Relative growth of the area at the farthest point of an end that grows."""
    return max(0.0, tip.flare * tip.reach[2], (1 + tip.trend * tip.reach[2]) ** 2 - 1)


def outset_mm(stack: ContourStack) -> float:
    """How far the shape can reach beyond the contours in their plane, where an end grows, mm."""
    ratio = plane_areas(stack) / plane_perimeters(stack)
    low, high = end_tips(stack)
    return max(_outset(low) * float(ratio[0]), _outset(high) * float(ratio[-1]))


def _trusted(planes: FloatArray, lattice: Lattice) -> NDArray[np.bool_]:
    """Whether the shape half way between each two planes has about the area that their areas suggest.

    That is a mean of the two areas when the section shrinks in width only, of their roots when in all directions.
    """
    drawn = section_areas(planes, lattice)
    first, last = drawn[:-1], drawn[1:]
    half = section_areas((planes[:-1] + planes[1:]) / 2, lattice)
    least, most = ((first**0.5 + last**0.5) / 2) ** 2, (first + last) / 2
    slack = 3 * np.sqrt(most * (lattice.du * lattice.dv))
    return np.asarray(((1 - _TRUST) * least - slack <= half) & (half <= (1 + _TRUST) * most + slack))


def _counterparts(planes: FloatArray, lattice: Lattice) -> NDArray[np.bool_]:
    """Whether every island and every hole of either of two planes overlaps one of the other, to about half a cell."""
    near = float(np.hypot(lattice.du, lattice.dv)) / 2
    good = np.ones(len(planes) - 1, dtype=bool)
    for level in (planes, -planes):
        inside, close = level > 0, level > -near
        label, count = label_islands(inside)
        owner = np.zeros(count + 1, dtype=np.int64)
        owner[label] = np.arange(len(planes))[:, None, None]
        for here, there in ((slice(0, -1), slice(1, None)), (slice(1, None), slice(0, -1))):
            met = np.zeros(count + 1, dtype=bool)
            met[label[here][inside[here] & close[there]]] = True
            lonely = owner[1:][~met[1:]] - here.start
            good[lonely[(lonely >= 0) & (lonely < len(good))]] = False
    return good


def boundaries(field: LevelField, state: LeafState) -> FloatArray:
    """Every w where the rule that gives a leaf's cross-section changes."""
    w = field.stack.planes_mm
    ends = [w[0] - field.tips[0].reach[state.low + 1], w[-1] + field.tips[1].reach[state.high + 1]]
    inner = [(w[j] + w[j + 1]) / 2 for j, trusted in enumerate(field.trusted) if not trusted]
    if state.empty and field.stack.gaps:
        half = float(np.median(np.diff(w))) / 2
        inner.extend(w[j] + half for j in field.stack.gaps)
        inner.extend(w[j + 1] - half for j in field.stack.gaps)
    return np.concatenate([w, ends, inner])


def zones_at(field: LevelField, state: LeafState, w: FloatArray) -> list[Zone]:
    """Name the rule that holds at each w: "plane" wherever the section is that of a contour plane as drawn.

    Args:
        field: the leaf.
        state: reading of its ends and gaps.
        w: (n,) mm, none of them a boundary.
    """
    planes, tips = field.stack.planes_mm, field.tips
    last = len(planes) - 1
    pair = np.clip(np.searchsorted(planes, w, side="right") - 1, 0, max(last - 1, 0))
    after = np.minimum(pair + 1, last)
    nearer = np.where(w < (planes[pair] + planes[after]) / 2, pair, after)
    trusted, same = np.array([*field.trusted, False]), np.array([*field.same, False])
    kind = np.where(trusted[pair] & ~same[pair], _PAIR, _PLANE)
    index = np.where(trusted[pair], pair, nearer)
    if state.empty and field.stack.gaps:
        half = float(np.median(np.diff(planes))) / 2
        between = (planes[pair] + half < w) & (w < planes[after] - half) & ~trusted[pair]
        kind[between & np.isin(pair, field.stack.gaps)] = _OUT
    for beyond, tip, end, plane, changing in (
        (w < planes[0], tips[0], state.low, 0, _LOW),
        (w > planes[-1], tips[1], state.high, last, _HIGH),
    ):
        changes = _changes(tip, end)
        kind[beyond], index[beyond] = (changing, end) if changes else (_PLANE, plane)
        kind[beyond & (np.abs(w - planes[plane]) >= tip.reach[end + 1])] = _OUT
    index[kind == _OUT] = 0
    return list(zip([_KINDS[number] for number in kind.tolist()], index.tolist(), strict=True))


def _changes(tip: Tip, end: int) -> bool:
    """Whether the section changes beyond the end contour."""
    return tip.tapered or tip.trend != 0 or (end > 0 and tip.flare > 0)


def leaf_area(field: LevelField, zones: Zones, w: FloatArray) -> FloatArray:
    """Area of one leaf's section at w, mm².

    Args:
        field: the leaf.
        zones: of n layers.
        w: (n, k) in the zone of each layer.
    """
    planes = field.stack.planes_mm
    out = np.zeros(w.shape)
    drawn = zones.kind == _PLANE
    out[drawn] = field.areas[zones.index[drawn], None]
    pair = np.flatnonzero(zones.kind == _PAIR)
    if len(pair):
        index = np.repeat(zones.index[pair], w.shape[1])
        between = area_between(planes, field.areas, field.tips, field.trusted, index, w[pair].ravel())
        out[pair] = between.reshape(len(pair), -1)
    for kind in (_LOW, _HIGH):
        tip, plane = _end(field, kind)
        for end in (-1, 0, 1):
            at = np.flatnonzero((zones.kind == kind) & (zones.index == end))
            if len(at):
                out[at] = tip_profile(tip, end, np.abs(w[at] - planes[plane])) * field.areas[plane]
    return out


def leaf_level(field: LevelField, zones: Zones, w: FloatArray, area: FloatArray) -> FloatArray:
    """Level of one leaf, (layers, rows, columns), so that its sections have the areas given.

    Args:
        field: the leaf.
        zones: of n layers.
        w: (n,) in the zone of each layer.
        area: (n,) mm².
    """
    level = np.full((len(w), *field.planes.shape[1:]), -FAR_MM)
    perimeter = np.ones(len(w))
    drawn = np.flatnonzero(zones.kind == _PLANE)
    level[drawn] = field.planes[zones.index[drawn]]
    perimeter[drawn] = field.perimeters[zones.index[drawn]]
    pair = np.flatnonzero(zones.kind == _PAIR)
    if len(pair):
        level[pair], perimeter[pair] = _between(field, zones.index[pair], w[pair], area[pair])
    for kind in (_LOW, _HIGH):
        beyond = np.flatnonzero(zones.kind == kind)
        if len(beyond):
            level[beyond], perimeter[beyond] = _beyond(field, kind, area[beyond])
    if field.whole:
        _to_area(field.lattice, level, zones, area, perimeter)
    return level


def _between(field: LevelField, pair: IntArray, w: FloatArray, area: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Level between a plane and the next, for layers sorted by pair, and about the perimeters."""
    knots = field.stack.planes_mm
    first, near = stencil_knots(knots, field.trusted, pair)
    weights = lagrange_weights(near, w)
    size = field.planes[0].size
    level = np.empty((len(w), *field.planes.shape[1:]))
    pairs, begin = np.unique(pair, return_index=True)
    spans = list(zip(pairs.tolist(), begin.tolist(), [*begin[1:].tolist(), len(pair)], strict=True))
    for j, start, stop in spans:
        low, count = int(first[start]), int(np.count_nonzero(~np.isnan(near[start])))
        planes = field.planes[low : low + count].reshape(count, size)
        np.einsum("lk,kc->lc", weights[start:stop, :count], planes, out=level[start:stop].reshape(-1, size))
        np.copyto(level[start:stop], np.where(field.planes[j] > 0, FAR_MM, -FAR_MM), where=~field.bands[j])
    # along the way from one contour to the other as far as that goes: a side that both share stays where it is
    gain = field.areas[pair + 1] - field.areas[pair]
    if field.whole and np.any(gain != 0):
        step = (area - section_areas(level, field.lattice)) / np.where(gain != 0, gain, np.inf)
        step = np.where(np.abs(step) <= _ALONG, step, 0.0)
        for j, start, stop in spans:
            if np.any(step[start:stop]):
                change = np.where(field.bands[j], field.planes[j + 1] - field.planes[j], 0.0)
                level[start:stop] += step[start:stop, None, None] * change
    share = (w - knots[pair]) / (knots[pair + 1] - knots[pair])
    return level, (1 - share) * field.perimeters[pair] + share * field.perimeters[pair + 1]


def _beyond(field: LevelField, kind: int, area: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Level beyond an end contour, and about the perimeters."""
    _, plane = _end(field, kind)
    share = area / field.areas[plane]
    perimeter = np.sqrt(np.maximum(share, 1e-3)) * field.perimeters[plane]
    grown = (1 - share) * float(field.areas[plane] / field.perimeters[plane])
    depth = np.where(share > 1, grown, _inset(field.planes[plane], share))
    return field.planes[plane][None] - depth[:, None, None], perimeter


def _end(field: LevelField, kind: int) -> tuple[Tip, int]:
    """Return the tip that a kind of zone names, and its contour plane."""
    return (field.tips[0], 0) if kind == _LOW else (field.tips[1], len(field.areas) - 1)


def _to_area(lattice: Lattice, level: FloatArray, zones: Zones, target: FloatArray, perimeter: FloatArray) -> None:
    """Move each section's contour outwards or inwards, in place, until it encloses the wanted area."""
    reach = 2 * (lattice.du + lattice.dv)
    open_ = np.flatnonzero(zones.kind != _OUT)
    for _ in range(_STEPS):
        if len(open_) == 0:
            break
        some = level if len(open_) == len(level) else level[open_]
        miss = target[open_] - section_areas(some, lattice)
        shift = np.zeros(len(level))
        shift[open_] = np.clip(miss / perimeter[open_], -reach, reach)
        level += shift[:, None, None]
        # one step does but for sections that are thin against the cells
        missed = np.zeros(int(zones.run[-1]) + 1, dtype=bool)
        missed[zones.run[open_][np.abs(miss) > _ENOUGH * target[open_]]] = True
        open_ = open_[missed[zones.run[open_]]]


def _inset(distance: FloatArray, share: FloatArray) -> FloatArray:
    """How far to move the contour inwards so that `share` of its area is left."""
    inside = np.sort(distance[distance > 0])
    n = len(inside)
    if n == 0 or np.all(share >= 1):
        return np.zeros(len(share))
    lost = np.concatenate([[0.0], (np.arange(n) + 0.5) / n, [1.0]])
    depth = np.concatenate([[0.0], inside, [inside[-1] * (1 + 0.5 / n)]])
    return np.asarray(np.interp(1 - share, lost, depth))
