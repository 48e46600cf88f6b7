"""The surface of one contour stack as a level function: signed distance per plane, cubic in w, tapered ends.

Distance interpolated alone loses area where a section shrinks fast, and the cut of cells by straight lines a little
wherever contours bend. So each section's level is moved until its area is what the areas of the contours say.

Where a contour has no counterpart on the next plane (islands that split, merge or begin; oblique tubes that move
by their own width), interpolated distance loses the shape: there, and across missing slices, prisms stand in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from rtcheck.geometry.coverage import section_areas
from rtcheck.geometry.distance import FAR_MM, centres_inside, plane_distances, spread
from rtcheck.geometry.ends import Tip, end_tips, plane_areas, plane_perimeters, tip_profile
from rtcheck.geometry.occupancy import Lattice
from rtcheck.geometry.sections import area_between, lagrange_weights, same_as_next, stencil
from rtcheck.geometry.solid import ContourStack
from rtcheck.geometry.variants import LeafState
from rtcheck.model.arrays import FloatArray

__all__ = ["LevelField", "Zone", "boundaries", "leaf_area", "leaf_level", "level_field", "outset_mm", "zone_at"]

Zone = tuple[str, int]
"""Where a w lies for one leaf: ("pair", j), ("low", end), ("high", end), ("plane", j) or ("out", 0)."""

_TRUST = 0.2
_ALONG = 0.35
_STEPS = 4
_ENOUGH = 0.05


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
    trusted = tuple(
        j not in stack.gaps
        and _trusted(planes[j], planes[j + 1], lattice)
        and _counterparts(planes[j], planes[j + 1], lattice)
        for j in range(m - 1)
    )
    same = same_as_next(stack)
    low, high = stack.points_mm.min(axis=0), stack.points_mm.max(axis=0)
    end = (lattice.u0 + lattice.du * (lattice.columns - 1), lattice.v0 + lattice.dv * (lattice.rows - 1))
    whole = bool(np.all(low >= (lattice.u0 + lattice.du, lattice.v0 + lattice.dv)) and np.all(high <= end))
    return LevelField(stack, lattice, planes, bands, trusted, _constant(same), tips, areas, perimeters, whole)


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


def _trusted(lower: FloatArray, upper: FloatArray, lattice: Lattice) -> bool:
    """Whether the shape half way between two planes has about the area that their areas suggest.

    That is a mean of the two areas when the section shrinks in width only, of their roots when in all directions.
    """
    first, half, last = section_areas(np.stack([lower, (lower + upper) / 2, upper]), lattice).tolist()
    cell = lattice.du * lattice.dv
    least, most = ((first**0.5 + last**0.5) / 2) ** 2, (first + last) / 2
    slack = 3 * float(np.sqrt(most * cell))
    return bool((1 - _TRUST) * least - slack <= half <= (1 + _TRUST) * most + slack)


def _counterparts(lower: FloatArray, upper: FloatArray, lattice: Lattice) -> bool:
    """Whether every island and every hole of either plane overlaps one of the other plane, to about half a cell."""
    near = float(np.hypot(lattice.du, lattice.dv)) / 2
    for first, second in ((lower, upper), (upper, lower), (-lower, -upper), (-upper, -lower)):
        label, count = ndimage.label(first > 0)
        if len(np.unique(label[(first > 0) & (second > -near)])) < count:
            return False
    return True


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


def zone_at(field: LevelField, state: LeafState, w: float) -> Zone:
    """Name the rule that holds at w: "plane" wherever the section is that of a contour plane as drawn."""
    planes, tips = field.stack.planes_mm, field.tips
    if w < planes[0]:
        if w <= planes[0] - tips[0].reach[state.low + 1]:
            return ("out", 0)
        return ("low", state.low) if _changes(tips[0], state.low) else ("plane", 0)
    if w > planes[-1]:
        if w >= planes[-1] + tips[1].reach[state.high + 1]:
            return ("out", 0)
        return ("high", state.high) if _changes(tips[1], state.high) else ("plane", len(planes) - 1)
    j = min(int(np.searchsorted(planes, w, side="right")) - 1, len(planes) - 2)
    if field.trusted[j]:
        return ("plane", j) if field.same[j] else ("pair", j)
    if state.empty and j in field.stack.gaps:
        half = float(np.median(np.diff(planes))) / 2
        if planes[j] + half < w < planes[j + 1] - half:
            return "out", 0
    return "plane", (j if w < (planes[j] + planes[j + 1]) / 2 else j + 1)


def _changes(tip: Tip, end: int) -> bool:
    """Whether the section changes beyond the end contour."""
    return tip.tapered or tip.trend != 0 or (end > 0 and tip.flare > 0)


def leaf_area(field: LevelField, zone: Zone, w: FloatArray) -> FloatArray:
    """Area of the section of one leaf at several w of one zone, mm²."""
    kind, index = zone
    if kind == "out":
        return np.zeros(len(w))
    if kind == "plane":
        return np.full(len(w), field.areas[index])
    planes = field.stack.planes_mm
    if kind == "pair":
        return area_between(planes, field.areas, field.tips, stencil(field.trusted, index), index, w)
    tip, plane = _end(field, kind)
    return np.asarray(tip_profile(tip, index, np.abs(w - planes[plane])) * field.areas[plane])


def leaf_level(field: LevelField, zone: Zone, w: FloatArray, area: FloatArray) -> FloatArray | None:
    """Level of one leaf at several w of one zone, (layers, rows, columns), so that its sections have the areas given.

    None where the leaf is absent.
    """
    kind, index = zone
    if kind == "out":
        return None
    if kind == "plane":
        level = _to_area(field, field.planes[index][None], area[:1], field.perimeters[index : index + 1])
        return np.repeat(level, len(w), axis=0)
    if kind == "pair":
        return _between(field, index, w, area)
    return _beyond(field, kind, area)


def _between(field: LevelField, pair: int, w: FloatArray, area: FloatArray) -> FloatArray:
    """Level between a plane and the next."""
    knots = field.stack.planes_mm
    near = stencil(field.trusted, pair)
    weights = lagrange_weights(np.asarray(knots[near.start : near.stop]), w)
    band, lower, upper = field.bands[pair], field.planes[pair], field.planes[pair + 1]
    level = np.tensordot(weights, field.planes[near.start : near.stop], axes=1)
    level = np.where(band, level, np.where(lower > 0, FAR_MM, -FAR_MM))
    # along the way from one contour to the other as far as that goes: a side that both share stays where it is
    gain = float(field.areas[pair + 1] - field.areas[pair])
    if gain != 0 and field.whole:
        step = (area - section_areas(level, field.lattice)) / gain
        step = np.where(np.abs(step) <= _ALONG, step, 0.0)
        level += step[:, None, None] * np.where(band, upper - lower, 0.0)
    share = (w - knots[pair]) / (knots[pair + 1] - knots[pair])
    perimeter = (1 - share) * field.perimeters[pair] + share * field.perimeters[pair + 1]
    return _to_area(field, level, area, perimeter)


def _beyond(field: LevelField, kind: str, area: FloatArray) -> FloatArray:
    """Level beyond an end contour."""
    _, plane = _end(field, kind)
    share = area / field.areas[plane]
    perimeter = np.sqrt(np.maximum(share, 1e-3)) * field.perimeters[plane]
    grown = (1 - share) * float(field.areas[plane] / field.perimeters[plane])
    depth = np.where(share > 1, grown, _inset(field.planes[plane], share))
    level = field.planes[plane][None] - depth[:, None, None]
    return _to_area(field, level, area, perimeter)


def _end(field: LevelField, kind: str) -> tuple[Tip, int]:
    """Return the tip that "low" or "high" names, and its contour plane."""
    return (field.tips[0], 0) if kind == "low" else (field.tips[1], len(field.areas) - 1)


def _to_area(field: LevelField, level: FloatArray, target: FloatArray, perimeter: FloatArray) -> FloatArray:
    """Move each section's contour outwards or inwards until it encloses the wanted area."""
    if not field.whole:
        return level
    lattice = field.lattice
    reach = 2 * (lattice.du + lattice.dv)
    for _ in range(_STEPS):
        miss = target - section_areas(level, lattice)
        level = np.asarray(level + np.clip(miss / perimeter, -reach, reach)[:, None, None])
        # one step does but for sections that are thin against the cells
        if np.all(np.abs(miss) <= _ENOUGH * target):
            break
    return level


def _inset(distance: FloatArray, share: FloatArray) -> FloatArray:
    """How far to move the contour inwards so that `share` of its area is left."""
    inside = np.sort(distance[distance > 0])
    n = len(inside)
    if n == 0 or np.all(share >= 1):
        return np.zeros(len(share))
    lost = np.concatenate([[0.0], (np.arange(n) + 0.5) / n, [1.0]])
    depth = np.concatenate([[0.0], inside, [inside[-1] * (1 + 0.5 / n)]])
    return np.asarray(np.interp(1 - share, lost, depth))
