"""The surface of one contour stack as a level function: signed distance per plane, cubic in w, tapered ends.

Distance interpolated alone loses area where a section shrinks fast, and the cut of cells by straight lines a little
wherever contours bend. So each section's level is moved until its area is what the areas of the contours say (see
`rtcheck.geometry.leaf_levels`).

Where a contour has no counterpart on the next plane (islands that split, merge or begin; oblique tubes that move
by their own width), interpolated distance loses the shape: there, and across missing slices, prisms stand in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rtcheck.geometry.coverage import section_areas
from rtcheck.geometry.distance import FAR_MM, centres_inside, plane_distances, spread
from rtcheck.geometry.ends import Tip, end_tips, plane_areas, plane_perimeters, tip_profile
from rtcheck.geometry.islands import label_islands
from rtcheck.geometry.occupancy import Lattice
from rtcheck.geometry.ring_ends import RingEnd, ring_end
from rtcheck.geometry.sections import area_between, same_as_next
from rtcheck.geometry.solid import ContourStack
from rtcheck.geometry.variants import LeafState, few_planes
from rtcheck.model.arrays import FloatArray, IntArray, extent

__all__ = [
    "EDGE",
    "HIGH",
    "LOW",
    "OUT",
    "PAIR",
    "PLANE",
    "LevelField",
    "Zone",
    "Zones",
    "boundaries",
    "end_of",
    "entire",
    "leaf_area",
    "level_field",
    "outset_mm",
    "zones_at",
    "zones_of",
]

Zone = tuple[str, int]
"""Where a w lies for one leaf: ("pair", j), ("low", end), ("high", end), ("plane", j), ("edge", j) or ("out", 0)."""

_KINDS = ("out", "plane", "pair", "low", "high", "edge")
OUT, PLANE, PAIR, LOW, HIGH, EDGE = range(len(_KINDS))
_TRUST = 0.2
_TURN = 0.3
_TURN_PLANES = 0.7
"""Where contours have no counterpart on the next plane one of the two can reach further than half way, by this share of
the other half: the first plus the second over the number of planes, as the interval reaches beyond the models."""
_CHANGE = 0.2
"""As in `ends.jumps`, unless their areas are about the same."""
_ACROSS = 100
"""Cells across a stack of which the lattice holds a part only, when it is looked at as a whole."""
_KEPT = 4
"""Such fields that are remembered: the samplings of an expression ask for the same ones, one after the other."""


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
            result) areas on the lattice say nothing about the stack's, see `entire`.
        excess: (m,) how much more than `areas` the lattice is to find on each plane, mm²: 0 unless it is coarse.
        leans: for each end (rows, columns) how the contour moves on beyond it, mm per mm, besides its shrinking: as it
            does from the plane before; None where an end is flat or nothing is known.
        rings: for each end its last section where that has a hole that has been closing; else None.
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
    excess: FloatArray
    leans: tuple[FloatArray | None, FloatArray | None] = (None, None)
    rings: tuple[RingEnd | None, RingEnd | None] = (None, None)


def level_field(stack: ContourStack, lattice: Lattice) -> LevelField:
    """Distances of one stack where they matter: near where the surface passes between planes, and in its ends."""
    inside = centres_inside(stack, lattice)
    m = len(inside)
    edge = np.zeros_like(inside)
    edge[:, :-1] |= inside[:, :-1] != inside[:, 1:]
    edge[:, :, :-1] |= inside[:, :, :-1] != inside[:, :, 1:]
    needed = spread(edge, 2)
    bands = _bands(inside, edge)
    more = 2 if few_planes(stack) else 1
    for j in range(-more, more + 2):  # a pair of planes and those next to it
        here, there = max(j, 0), max(-j, 0)
        count = min(m - here, m - 1 - there)
        if count > 0:
            needed[here : here + count] |= bands[there : there + count]
    tips = end_tips(stack)
    areas, perimeters = plane_areas(stack), plane_perimeters(stack)
    for tip, plane in zip(tips, (0, m - 1), strict=True):
        if tip.tapered or tip.trend < 0:
            needed[plane] |= spread(inside[plane], 2)
            if tip.tapered:
                needed[_neighbour(plane)] |= needed[plane]
        elif tip.flare or tip.trend:
            outset = _outset(tip) * float(areas[plane] / perimeters[plane])
            needed[plane] |= spread(edge[plane], 3 + int(outset / min(lattice.du, lattice.dv)))
    planes = plane_distances(stack, lattice, inside, needed)
    same = same_as_next(stack)
    lowest, highest = extent(stack.points_mm)
    end = (lattice.u0 + lattice.du * (lattice.columns - 1), lattice.v0 + lattice.dv * (lattice.rows - 1))
    whole = bool(np.all(lowest >= (lattice.u0 + lattice.du, lattice.v0 + lattice.dv)) and np.all(highest <= end))
    if whole:
        good = _trusted(planes, areas, lattice) & _counterparts(planes, lattice)
        trusted = tuple(j not in stack.gaps and fine for j, fine in enumerate(good.tolist()))
    else:  # a contour may have its counterpart outside the lattice
        trusted = entire(stack).trusted
    low, high = (
        _lean(stack, planes, plane) if tip.tapered and trusted[min(plane, m - 2)] else None
        for tip, plane in zip(tips, (0, m - 1), strict=True)
    )
    first, last = (
        None if lean is None else ring_end(stack, lattice, inside, plane, _neighbour(plane))
        for lean, plane in ((low, 0), (high, m - 1))
    )
    constant = _constant(same)
    return LevelField(
        stack, lattice, planes, bands, trusted, constant, tips, areas, perimeters, whole, np.zeros(m), (low, high),
        (first, last),
    )  # fmt: skip


def _bands(inside: NDArray[np.bool_], edge: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(m - 1, rows, columns) near a contour of a pair of planes or of their neighbours, or between two of these."""
    m = len(inside)
    some, every = edge[:-1] | edge[1:], inside[:-1] & inside[1:]
    within = inside[:-1] | inside[1:]
    if m > 2:
        for of, join in ((edge, some), (inside, within)):
            join[1:] |= of[:-2]
            join[:-1] |= of[2:]
        every[1:] &= inside[:-2]
        every[:-1] &= inside[2:]
    return spread(some | (within & ~every), 2)


def _neighbour(plane: int) -> int:
    """Index of the plane next to the first or the last one, inwards."""
    return 1 if plane == 0 else plane - 1


def _lean(stack: ContourStack, planes: FloatArray, plane: int) -> FloatArray:
    """How each part of the contour of an end plane goes on moving beyond it, mm outwards per mm, without their mean.

    A tip that leans goes on leaning, and a long section stays long; how much it shrinks its areas tell.
    """
    other = _neighbour(plane)
    known = (np.abs(planes[plane]) < FAR_MM) & (np.abs(planes[other]) < FAR_MM)
    areas, perimeters = plane_areas(stack), plane_perimeters(stack)
    grown = 2 * (areas[plane] - areas[other]) / (perimeters[plane] + perimeters[other])
    way = abs(float(stack.planes_mm[plane] - stack.planes_mm[other]))
    return np.where(known, (planes[plane] - planes[other] - float(grown)) / way, 0.0)


@lru_cache(maxsize=_KEPT)
def entire(stack: ContourStack) -> LevelField:
    """Return the field of a stack on a coarse lattice that holds all of it.

    Its cells may be as large as the stack is thin: its areas are compared with what it says of the contours as drawn.
    """
    low, high = extent(stack.points_mm)
    cell = float(np.max(high - low)) / _ACROSS
    start = low - 2.5 * cell
    columns, rows = (np.ceil((high - start) / cell).astype(int) + 3).tolist()
    lattice = Lattice(float(start[0]), float(start[1]), cell, cell, columns, rows)
    field = level_field(stack, lattice)
    return replace(field, excess=section_areas(field.planes, lattice) - field.areas)


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


def _trusted(planes: FloatArray, areas: FloatArray, lattice: Lattice) -> NDArray[np.bool_]:
    """Whether the shape half way between each two planes has about the area that their areas suggest.

    That is a mean of the two areas when the section shrinks in width only, of their roots when in all directions.
    """
    first, last = areas[:-1], areas[1:]
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
    inner = _turns(field, state)[~np.array(field.trusted, dtype=bool)].tolist()
    if state.empty and field.stack.gaps:
        half = float(np.median(np.diff(w))) / 2
        inner.extend(w[j] + half for j in field.stack.gaps)
        inner.extend(w[j + 1] - half for j in field.stack.gaps)
    return np.concatenate([w, ends, inner])


def _turns(field: LevelField, state: LeafState) -> FloatArray:
    """(m - 1,) where the section of each plane gives way to the next one's if nothing is interpolated between the two.

    Half way, unless a reading has short or long ends: how a section turns into one that it does not overlap is as open
    as where a solid ends, so the larger one reaches less or more far.
    """
    w = field.stack.planes_mm
    middle = (w[:-1] + w[1:]) / 2
    if not (state.low or state.high):
        return np.asarray(middle)
    count = len(middle)
    end = np.where(np.arange(count) < count / 2, state.low, state.high)
    gain = np.diff(field.areas)
    open_ = np.abs(gain) > _CHANGE * np.maximum(field.areas[:-1], field.areas[1:])
    open_[list(field.stack.gaps)] = False
    return np.asarray(middle - end * np.sign(gain) * open_ * (_TURN + _TURN_PLANES / len(w)) * np.diff(w) / 2)


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
    turns = np.append(_turns(field, state), planes[-1])
    nearer = np.where(w < turns[pair], pair, after)
    trusted, same = np.array([*field.trusted, False]), np.array([*field.same, False])
    kind = np.where(trusted[pair] & ~same[pair], PAIR, PLANE)
    if state.edges:
        # a round tip says itself how it ends
        smooth = np.zeros(last + 1, dtype=bool)
        smooth[0], smooth[max(last - 1, 0)] = (state.edges < 2 or (tip.tapered and not tip.corner) for tip in tips)
        kind[(kind == PAIR) & ~smooth[pair]] = EDGE
    index = np.where(trusted[pair], pair, nearer)
    if state.empty and field.stack.gaps:
        half = float(np.median(np.diff(planes))) / 2
        between = (planes[pair] + half < w) & (w < planes[after] - half) & ~trusted[pair]
        kind[between & np.isin(pair, field.stack.gaps)] = OUT
    for beyond, tip, end, plane, changing in (
        (w < planes[0], tips[0], state.low, 0, LOW),
        (w > planes[-1], tips[1], state.high, last, HIGH),
    ):
        changes = _changes(tip, end)
        kind[beyond], index[beyond] = (changing, end) if changes else (PLANE, plane)
        kind[beyond & (np.abs(w - planes[plane]) >= tip.reach[end + 1])] = OUT
    index[kind == OUT] = 0
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
    drawn = zones.kind == PLANE
    out[drawn] = field.areas[zones.index[drawn], None]
    pair = np.flatnonzero(zones.kind == PAIR)
    if len(pair):
        index = np.repeat(zones.index[pair], w.shape[1])
        between = area_between(planes, field.areas, field.tips, field.trusted, index, w[pair].ravel())
        out[pair] = between.reshape(len(pair), -1)
    for kind in (LOW, HIGH):
        tip, plane = end_of(field, kind)
        for end in (-1, 0, 1):
            at = np.flatnonzero((zones.kind == kind) & (zones.index == end))
            if len(at):
                out[at] = tip_profile(tip, end, np.abs(w[at] - planes[plane])) * field.areas[plane]
    return out


def end_of(field: LevelField, kind: int) -> tuple[Tip, int]:
    """Return the tip that a kind of zone names, and its contour plane."""
    return (field.tips[0], 0) if kind == LOW else (field.tips[1], len(field.areas) - 1)
