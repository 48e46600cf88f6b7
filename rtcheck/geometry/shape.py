"""A solid between its contours by interpolating their shape: signed distance per plane, cubic in w, tapered ends.

Where a contour has no counterpart on the next plane (islands that split, merge or begin; oblique tubes that move
by their own width), interpolated distance loses the shape: there, and across missing slices, prisms stand in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtcheck.geometry.distance import FAR_MM, centres_inside, plane_distances, spread
from rtcheck.geometry.ends import Tip, end_tips, plane_areas, tip_profile
from rtcheck.geometry.occupancy import Lattice
from rtcheck.geometry.solid import ContourStack, Leaf, Solid
from rtcheck.geometry.stagger import stagger
from rtcheck.geometry.variants import LeafState, SignedLeaf, Variant
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["Layers", "shape_layers"]

_TRUST = 0.2
_SLIVER_MM = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """Thin layers of a solid, as covered cells.

    Attributes:
        u_mm, v_mm, w_mm: (n,) centroid of the covered part of each cell, and the middle of its layer.
        volume_mm3: (n,) covered volume.
        mask: (n,) bit i is set when variant i has this cell.
    """

    u_mm: FloatArray
    v_mm: FloatArray
    w_mm: FloatArray
    volume_mm3: FloatArray
    mask: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class _Field:
    """Signed distance of one leaf.

    `planes` (m, rows, columns) is the distance; `bands` (m - 1, rows, columns) is true where the surface can pass
    between a pair of planes and all distances it depends on are known; then which pairs are trusted, and the ends.
    """

    stack: ContourStack
    planes: FloatArray
    bands: NDArray[np.bool_]
    trusted: tuple[bool, ...]
    tips: tuple[Tip, Tip]


Zone = tuple[str, int]
"""Where a w lies for one leaf: ("pair", j), ("low", end), ("high", end), ("plane", j) or ("out", 0)."""


def shape_layers(
    solid: Solid, leaves: tuple[SignedLeaf, ...], variants: tuple[Variant, ...], lattice: Lattice, layer_mm: float
) -> Layers:
    """Cover a solid with thin layers of cells, for all variants at once.

    Args:
        solid: the expression; all its stacks have the same axes.
        leaves: ``leaves_of(solid)``.
        variants: readings of the leaves; the order gives the bits of `Layers.mask`.
        lattice: cells in the plane; must leave one empty cell around the solid.
        layer_mm: no layer is thicker.
    """
    fields = tuple(_field(leaf.stack, lattice) for leaf in leaves)
    edges = np.unique(
        np.concatenate(
            [
                _boundaries(field, state)
                for variant in variants
                for field, state in zip(fields, variant.states, strict=True)
            ]
        )
    )
    edges = edges[np.concatenate([[True], np.diff(edges) > _SLIVER_MM])]
    found: list[tuple[FloatArray, FloatArray, FloatArray, FloatArray, IntArray]] = []
    number = 0
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        middle = (low + high) / 2
        zones: dict[tuple[Zone, ...], int] = {}
        for i, variant in enumerate(variants):
            key = tuple(_zone(field, state, middle) for field, state in zip(fields, variant.states, strict=True))
            zones[key] = zones.get(key, 0) | (1 << i)
        count = max(1, int(np.ceil((high - low) / layer_mm - 1e-6)))
        height = (high - low) / count
        w = low + (np.arange(count) + 0.5) * height
        for key, mask in zones.items():
            level = _level(solid, fields, key, w, 0)[0]
            if level is not None:
                layer, u, v, area, sw = _covered(level, lattice, number)
                found.append((u, v, w[layer] + sw * height, area * height, np.full(len(u), mask, dtype=np.int64)))
        number += count
    if not found:
        none = np.zeros(0)
        return Layers(none, none, none, none, np.zeros(0, dtype=np.int64))
    return Layers(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _field(stack: ContourStack, lattice: Lattice) -> _Field:
    """Distances of one leaf where they matter: near where the surface passes between planes, and in tapered ends."""
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
    for tip, plane in zip(tips, (0, m - 1), strict=True):
        if tip.tapered:
            needed[plane] |= spread(inside[plane], 2)
        elif tip.flare:
            outset = tip.flare * tip.reach[2] * _length_scale(stack, plane)
            needed[plane] |= spread(edge[plane], 3 + int(outset / min(lattice.du, lattice.dv)))
    planes = plane_distances(stack, lattice, inside, needed)
    trusted = tuple(j not in stack.gaps and _trusted(planes[j], planes[j + 1]) for j in range(m - 1))
    return _Field(stack, planes, bands, trusted, tips)


def _length_scale(stack: ContourStack, plane: int) -> float:
    """Area over circumference of one plane, mm: how far a contour moves for a relative growth of its area."""
    total = 0.0
    for r in range(int(stack.plane_starts[plane]), int(stack.plane_starts[plane + 1])):
        ring = stack.points_mm[stack.ring_starts[r] : stack.ring_starts[r + 1]]
        total += float(np.sum(np.hypot(*(np.roll(ring, -1, axis=0) - ring).T)))
    return float(plane_areas(stack)[plane]) / total


def _trusted(lower: FloatArray, upper: FloatArray) -> bool:
    """Whether the shape half way between two planes has about the area that their areas suggest."""
    expected = ((np.sqrt(np.sum(lower > 0)) + np.sqrt(np.sum(upper > 0))) / 2) ** 2
    return bool(abs(np.sum(lower + upper > 0) - expected) <= _TRUST * expected + 3 * np.sqrt(expected))


def _boundaries(field: _Field, state: LeafState) -> FloatArray:
    """Every w where the rule that gives a leaf's cross-section changes."""
    w = field.stack.planes_mm
    ends = [w[0] - field.tips[0].reach[state.low + 1], w[-1] + field.tips[1].reach[state.high + 1]]
    inner = [(w[j] + w[j + 1]) / 2 for j, trusted in enumerate(field.trusted) if not trusted]
    if state.empty and field.stack.gaps:
        half = float(np.median(np.diff(w))) / 2
        inner.extend(w[j] + half for j in field.stack.gaps)
        inner.extend(w[j + 1] - half for j in field.stack.gaps)
    return np.concatenate([w, ends, inner])


def _zone(field: _Field, state: LeafState, w: float) -> Zone:
    """Name the rule that holds at w."""
    planes = field.stack.planes_mm
    if w < planes[0]:
        return ("low", state.low) if w > planes[0] - field.tips[0].reach[state.low + 1] else ("out", 0)
    if w > planes[-1]:
        return ("high", state.high) if w < planes[-1] + field.tips[1].reach[state.high + 1] else ("out", 0)
    j = min(int(np.searchsorted(planes, w, side="right")) - 1, len(planes) - 2)
    if field.trusted[j]:
        return "pair", j
    if state.empty and j in field.stack.gaps:
        half = float(np.median(np.diff(planes))) / 2
        if planes[j] + half < w < planes[j + 1] - half:
            return "out", 0
    return "plane", (j if w < (planes[j] + planes[j + 1]) / 2 else j + 1)


def _level(
    solid: Solid, fields: tuple[_Field, ...], zones: tuple[Zone, ...], w: FloatArray, first: int
) -> tuple[FloatArray | None, int]:
    """(layers, rows, columns) function that is positive inside the solid, None when it is empty; and the next leaf."""
    if isinstance(solid, Leaf):
        return _leaf_level(fields[first], zones[first], w), first + 1
    left, second = _level(solid.left, fields, zones, w, first)
    right, following = _level(solid.right, fields, zones, w, second)
    if left is None:
        return (right if solid.operator == "|" else None), following
    if right is None:
        return (None if solid.operator == "&" else left), following
    if solid.operator == "-":
        return np.minimum(left, -right), following
    return (np.maximum(left, right) if solid.operator == "|" else np.minimum(left, right)), following


def _leaf_level(field: _Field, zone: Zone, w: FloatArray) -> FloatArray | None:
    """Interpolated signed distance of one leaf at several w of one zone."""
    kind, index = zone
    if kind == "out":
        return None
    if kind == "plane":
        return np.repeat(field.planes[index][None], len(w), axis=0)
    planes = field.stack.planes_mm
    if kind == "pair":
        first, last = index, index + 1
        if index > 0 and field.trusted[index - 1]:
            first -= 1
        if index + 2 < len(planes) and field.trusted[index + 1]:
            last += 1
        level = np.tensordot(_lagrange(planes[first : last + 1], w), field.planes[first : last + 1], axes=1)
        return np.where(field.bands[index], level, np.where(field.planes[index] > 0, FAR_MM, -FAR_MM))
    tip, plane = (field.tips[0], 0) if kind == "low" else (field.tips[1], len(planes) - 1)
    share = tip_profile(tip, index, np.abs(w - planes[plane]))
    if tip.flare and index > 0:
        depth = (1 - share) * _length_scale(field.stack, plane)
    else:
        depth = _inset(field.planes[plane], share)
    return np.asarray(field.planes[plane][None] - depth[:, None, None])


def _lagrange(knots: FloatArray, w: FloatArray) -> FloatArray:
    """(len(w), len(knots)) weights of the polynomial through all knots."""
    out = np.ones((len(w), len(knots)))
    for a, knot in enumerate(knots):
        for b, other in enumerate(knots):
            if a != b:
                out[:, a] *= (w - other) / (knot - other)
    return out


def _inset(distance: FloatArray, share: FloatArray) -> FloatArray:
    """How far to move the contour inwards so that `share` of its area is left."""
    if np.all(share >= 1):
        return np.zeros(len(share))
    inside = np.sort(distance[distance > 0])
    n = len(inside)
    if n == 0:
        return np.zeros(len(share))
    lost = np.concatenate([[0.0], (np.arange(n) + 0.5) / n, [1.0]])
    depth = np.concatenate([[0.0], inside, [inside[-1] * (1 + 0.5 / n)]])
    return np.asarray(np.interp(1 - share, lost, depth))


def _covered(
    level: FloatArray, lattice: Lattice, first: int
) -> tuple[IntArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Layer, sample position u and v, area, and shift along w of each cell where the level function is positive.

    The surface in a cell is the line on which the level, linear about the cell's centre, is zero: the area cut off
    a square by a line and its first moments in closed form.
    """
    bound = lattice.du + lattice.dv
    layer, row, column = np.nonzero(level[:, 1:-1, 1:-1] > -bound)
    row, column = row + 1, column + 1
    value = level[layer, row, column]
    share = np.ones(len(value))
    x, y = np.full(len(value), 0.5), np.full(len(value), 0.5)
    near = np.flatnonzero(value < bound)
    at = (layer[near], row[near], column[near])
    right, left = level[at[0], at[1], at[2] + 1], level[at[0], at[1], at[2] - 1]
    upper, lower = level[at[0], at[1] + 1, at[2]], level[at[0], at[1] - 1, at[2]]
    share[near], x[near], y[near] = _cut_square(
        value[near], _slope(right, value[near], left), _slope(upper, value[near], lower)
    )
    keep = share > 1e-9
    layer, row, column = layer[keep], row[keep], column[keep]
    share, x, y = share[keep], x[keep], y[keep]
    su, sv, sw = stagger(row, column, layer + first)
    whole = share == 1.0
    return (
        layer,
        lattice.u0 + lattice.du * (column + x + su * whole),
        lattice.v0 + lattice.dv * (row + y + sv * whole),
        share * (lattice.du * lattice.dv),
        sw,
    )


def _slope(after: FloatArray, here: FloatArray, before: FloatArray) -> FloatArray:
    """Central difference per cell; one-sided where a neighbour's distance was not computed."""
    forward, backward = after - here, here - before
    limit = FAR_MM / 10
    forward_good, backward_good = np.abs(forward) < limit, np.abs(backward) < limit
    both = (forward + backward) / 2
    return np.where(
        forward_good & backward_good, both, np.where(forward_good, forward, np.where(backward_good, backward, 0.0))
    )


def _cut_square(value: FloatArray, gx: FloatArray, gy: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Area of the unit square where ``value + gx (x - 1/2) + gy (y - 1/2) >= 0``, and the centroid of that part."""
    nx, ny = np.abs(gx), np.abs(gy)
    scale = nx + ny
    flat = scale < 1e-12
    scale = np.where(flat, 1.0, scale)
    # measured from the corner that lies deepest inside; a bit of slope keeps axis-parallel lines regular
    nx, ny = np.maximum(nx / scale, 1e-6), np.maximum(ny / scale, 1e-6)
    total = nx + ny
    alpha = np.clip(value / scale + total / 2, 0.0, total)
    beyond_x, beyond_y = np.maximum(alpha - nx, 0.0), np.maximum(alpha - ny, 0.0)
    twice = 2 * nx * ny
    whole, over_x, over_y = alpha**2 / twice, beyond_x**2 / twice, beyond_y**2 / twice
    area = np.clip(whole - over_x - over_y, 0.0, 1.0)
    moment_x = whole * alpha / (3 * nx) - over_x * (1 + beyond_x / (3 * nx)) - over_y * beyond_y / (3 * nx)
    moment_y = whole * alpha / (3 * ny) - over_y * (1 + beyond_y / (3 * ny)) - over_x * beyond_x / (3 * ny)
    safe = np.maximum(area, 1e-12)
    x, y = np.clip(moment_x / safe, 0, 1), np.clip(moment_y / safe, 0, 1)
    area = np.where(flat, (value >= 0).astype(np.float64), area)
    x, y = np.where(flat | (area < 1e-8), 0.5, x), np.where(flat | (area < 1e-8), 0.5, y)
    return area, np.where(gx > 0, 1 - x, x), np.where(gy > 0, 1 - y, y)


def window_points(solid: Solid) -> NDArray[np.float64]:
    """(2, 2) lowest and highest u, v that the solid can reach: those of its minuends."""
    if isinstance(solid, Leaf):
        points = solid.stack.points_mm
        return np.stack([points.min(axis=0), points.max(axis=0)])
    left = window_points(solid.left)
    if solid.operator == "-":
        return left
    right = window_points(solid.right)
    if solid.operator == "|":
        return np.stack([np.minimum(left[0], right[0]), np.maximum(left[1], right[1])])
    return np.stack([np.maximum(left[0], right[0]), np.minimum(left[1], right[1])])
