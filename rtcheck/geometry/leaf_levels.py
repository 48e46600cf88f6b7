"""The level function of one contour stack in thin layers, each moved until its section has the area it should have.

A lattice may hold a part of a stack only: that of an expression's result, where a leaf reaches beyond it. Areas on such
a lattice say nothing about the stack's. How far the level has to be moved is then found on a coarse lattice that holds
all of the stack, against what that lattice says of the contours as drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtcheck.geometry.coverage import section_areas
from rtcheck.geometry.distance import FAR_MM
from rtcheck.geometry.levels import EDGE, HIGH, LOW, OUT, PAIR, PLANE, LevelField, Zones, end_of, entire
from rtcheck.geometry.ring_ends import ring_depths, ring_levels
from rtcheck.geometry.sections import lagrange_weights, stencil_knots
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["edged_pairs", "leaf_level"]

_ALONG = 0.35
_STEPS = 4
_ENOUGH = 0.05
_EDGED = 5e-3
"""An edge that changes a section by less than this share of its area is left out."""
_BATCH_CELLS = 250_000
"""Levels of about this many cells are computed at once where only their moves are wanted."""


@dataclass(frozen=True, slots=True, eq=False)
class _Moves:
    """How far each of n layers is moved from what interpolation alone says.

    Attributes:
        along: (n,) on the way from one contour to the next, as a share of it.
        inwards: (n,) from the end contour, beyond it, mm.
        outwards: (n,) after that, mm.
    """

    along: FloatArray
    inwards: FloatArray
    outwards: FloatArray


def leaf_level(field: LevelField, zones: Zones, w: FloatArray, area: FloatArray) -> FloatArray:
    """Level of one leaf, (layers, rows, columns), so that its sections have the areas given.

    Args:
        field: the leaf.
        zones: of n layers.
        w: (n,) in the zone of each layer.
        area: (n,) mm².
    """
    return _moved(field, zones, w, area, None if field.whole else _moves_of_all(field, zones, w, area))[0]


def _moves_of_all(field: LevelField, zones: Zones, w: FloatArray, area: FloatArray) -> _Moves:
    """Find the moves of layers on a coarse lattice that holds all of the stack."""
    moves = _Moves(*np.zeros((3, len(w))))
    # as drawn is as it should be
    changing = np.flatnonzero((zones.kind != PLANE) & (zones.kind != OUT))
    if len(changing) == 0:
        return moves
    whole = entire(field.stack)
    most = max(_BATCH_CELLS // whole.planes[0].size, 1)
    for begin in range(0, len(changing), most):
        at = changing[begin : begin + most]
        _, run = np.unique(zones.run[at], return_inverse=True)
        some = Zones(zones.kind[at], zones.index[at], run)
        _, found = _moved(whole, some, w[at], area[at], None)
        moves.along[at], moves.inwards[at], moves.outwards[at] = found.along, found.inwards, found.outwards
    return moves


def _moved(
    field: LevelField, zones: Zones, w: FloatArray, area: FloatArray, moves: _Moves | None
) -> tuple[FloatArray, _Moves]:
    """Levels, and how they were moved: by `moves` where they are known."""
    level = np.full((len(w), *field.planes.shape[1:]), -FAR_MM)
    perimeter = np.ones(len(w))
    excess = np.zeros(len(w))
    along, inwards, outwards = np.zeros((3, len(w))) if moves is None else (moves.along, moves.inwards, moves.outwards)
    drawn = np.flatnonzero(zones.kind == PLANE)
    level[drawn] = field.planes[zones.index[drawn]]
    perimeter[drawn] = field.perimeters[zones.index[drawn]]
    pair = np.flatnonzero(zones.kind == PAIR)
    if len(pair):
        j = zones.index[pair]
        level[pair] = _interpolated(field, j, w[pair])
        knots = field.stack.planes_mm
        share = (w[pair] - knots[j]) / (knots[j + 1] - knots[j])
        perimeter[pair] = (1 - share) * field.perimeters[j] + share * field.perimeters[j + 1]
        excess[pair] = (1 - share) * field.excess[j] + share * field.excess[j + 1]
        if moves is None:
            along[pair] = _way_to_go(field, j, area[pair] + excess[pair] - section_areas(level[pair], field.lattice))
        _go(field, j, along[pair], pair, level)
    edge = np.flatnonzero(zones.kind == EDGE)
    if len(edge):
        level[edge] = _edged(field, zones.index[edge], w[edge])
    for kind in (LOW, HIGH):
        beyond = np.flatnonzero(zones.kind == kind)
        if len(beyond):
            tip, plane = end_of(field, kind)
            size = area[beyond] / field.areas[plane]
            root = np.sqrt(np.maximum(size, 1e-3))
            perimeter[beyond], excess[beyond] = root * field.perimeters[plane], root * field.excess[plane]
            end = 0 if kind == LOW else 1
            ring, lean = field.rings[end], field.leans[end]
            if ring is not None:
                if moves is None:
                    first = ring_depths(ring, tip, size)
                    missing = area[beyond] + excess[beyond] - section_areas(ring_levels(ring, first), field.lattice)
                    # further on the way, not evenly all round: a hole that closes would open
                    inwards[beyond] = first - missing / perimeter[beyond]
                level[beyond] = ring_levels(ring, inwards[beyond])
                continue
            if moves is None:
                grown = (1 - size) * float(field.areas[plane] / field.perimeters[plane])
                inwards[beyond] = np.where(size > 1, grown, _inset(field.planes[plane], size))
            level[beyond] = field.planes[plane][None] - inwards[beyond, None, None]
            if lean is not None:
                level[beyond] += np.abs(w[beyond] - field.stack.planes_mm[plane])[:, None, None] * lean
    if moves is None:
        _to_area(field, level, zones, area + excess, perimeter, outwards)
    else:
        level += outwards[:, None, None]
    return level, _Moves(along, inwards, outwards)


def _interpolated(field: LevelField, pair: IntArray, w: FloatArray) -> FloatArray:
    """Level between a plane and the next, for layers sorted by pair."""
    first, near = stencil_knots(field.stack.planes_mm, field.trusted, pair)
    weights = lagrange_weights(near, w)
    size = field.planes[0].size
    level = np.empty((len(w), *field.planes.shape[1:]))
    for j, at in _spans(pair):
        low, count = int(first[at.start]), int(np.count_nonzero(~np.isnan(near[at.start])))
        planes = field.planes[low : low + count].reshape(count, size)
        np.einsum("lk,kc->lc", weights[at, :count], planes, out=level[at].reshape(-1, size))
        np.copyto(level[at], np.where(field.planes[j] > 0, FAR_MM, -FAR_MM), where=~field.bands[j])
    return level


def edged_pairs(field: LevelField) -> NDArray[np.bool_]:
    """(m - 1,) whether it makes a difference that the solid may have an edge between each plane and the next."""
    planes = field.stack.planes_mm
    pair = np.arange(len(planes) - 1)
    middle = (planes[:-1] + planes[1:]) / 2
    smooth = _interpolated(field, pair, middle)
    moved = np.abs(_edged(field, pair, middle) - smooth)
    # the mean over a strip about the contour, a cell wide on both sides, times its length
    cell = max(field.lattice.du, field.lattice.dv)
    area = np.sum(moved, axis=(1, 2), where=np.abs(smooth) < cell) * (field.lattice.du * field.lattice.dv / (2 * cell))
    return np.asarray(area > _EDGED * field.areas[:-1])


def _edged(field: LevelField, pair: IntArray, w: FloatArray) -> FloatArray:
    """Level between a plane and the next if the solid has an edge between them, for layers sorted by pair.

    From either side the parabola through the nearest three planes is gone on with; of the two, and of the straight line
    between the contours, the middle one is taken. So flat faces meet where they do, and what is smooth stays as it is.
    Where one side alone has planes, its parabola goes half way.
    """
    knots, trusted = field.stack.planes_mm, field.trusted
    level = np.empty((len(w), *field.planes.shape[1:]))
    for j, at in _spans(pair):
        share = ((w[at] - knots[j]) / (knots[j + 1] - knots[j]))[:, None, None]
        straight = field.planes[j] + share * (field.planes[j + 1] - field.planes[j])
        below, above = _alike(trusted, j, -1), _alike(trusted, j + 1, 1)
        if len(below) > 1 and len(above) > 1:
            one, other = (_through(field, near, w[at]) - straight for near in (below, above))
            straight += np.where(one * other > 0, np.where(np.abs(one) < np.abs(other), one, other), 0.0)
        elif len(below) > 1 or len(above) > 1:
            near, part = (below, 1 - share) if len(below) > 1 else (above, share)
            middle = _through(field, near, (knots[j : j + 1] + knots[j + 1]) / 2)
            middle -= (field.planes[j] + field.planes[j + 1]) / 2
            straight += np.where(part < 0.5, 2 * part * middle, _through(field, near, w[at]) - straight)
        level[at] = np.where(field.bands[j], straight, np.where(field.planes[j] > 0, FAR_MM, -FAR_MM))
    return level


def _alike(trusted: tuple[bool, ...], plane: int, step: int) -> IntArray:
    """List a plane and up to two more in one direction, as far as the surface between them is interpolated."""
    near = [plane]
    while len(near) < 3 and 0 <= min(near[-1], near[-1] + step) < len(trusted):
        if not trusted[min(near[-1], near[-1] + step)]:
            break
        near.append(near[-1] + step)
    return np.array(near)


def _through(field: LevelField, near: IntArray, w: FloatArray) -> FloatArray:
    """Level at w of the polynomial through some planes."""
    weights = lagrange_weights(np.tile(field.stack.planes_mm[near], (len(w), 1)), w)
    return np.asarray(np.tensordot(weights, field.planes[near], axes=1))


def _spans(pair: IntArray) -> list[tuple[int, slice]]:
    """Each pair among layers sorted by it, and its layers."""
    pairs, begin = np.unique(pair, return_index=True)
    ends = [*begin[1:].tolist(), len(pair)]
    return [(int(j), slice(start, stop)) for j, start, stop in zip(pairs, begin.tolist(), ends, strict=True)]


def _way_to_go(field: LevelField, pair: IntArray, missing: FloatArray) -> FloatArray:
    """How far along the way from one contour to the other to gain an area: a side that both share stays where it is."""
    gain = field.areas[pair + 1] - field.areas[pair]
    step = missing / np.where(gain != 0, gain, np.inf)
    return np.where(np.abs(step) <= _ALONG, step, 0.0)


def _go(field: LevelField, pair: IntArray, step: FloatArray, layers: IntArray, level: FloatArray) -> None:
    """Move levels, in place, along the way from one contour to the other."""
    for j, at in _spans(pair):
        if np.any(step[at]):
            change = np.where(field.bands[j], field.planes[j + 1] - field.planes[j], 0.0)
            level[layers[at]] += step[at, None, None] * change


def _to_area(
    field: LevelField, level: FloatArray, zones: Zones, target: FloatArray, perimeter: FloatArray, moved: FloatArray
) -> None:
    """Move each section's contour outwards or inwards, in place, until it encloses the wanted area; add up how far."""
    lattice = field.lattice
    reach = 2 * (lattice.du + lattice.dv)
    open_ = np.flatnonzero((zones.kind != OUT) & (zones.kind != EDGE))
    for _ in range(_STEPS):
        if len(open_) == 0:
            break
        some = level if len(open_) == len(level) else level[open_]
        miss = target[open_] - section_areas(some, lattice)
        shift = np.zeros(len(level))
        shift[open_] = np.clip(miss / perimeter[open_], -reach, reach)
        level += shift[:, None, None]
        moved += shift
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
