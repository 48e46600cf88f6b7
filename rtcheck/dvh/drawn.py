"""What the contours themselves say of the extreme doses: they are in the solid, whatever lies between them.

The solid holds its contours as drawn, so its highest dose is at least the highest on them or in them, and its lowest at
most the lowest: readings of a model may stick out of the solid, the contours do not. On the other side the highest dose
on the contour, plane after plane, tells what lies between two planes: where it rises towards them from either side the
solid may have an edge between them that neither model shows, and beyond the last plane its tip. In a linear dose the
highest dose of the sections of a convex solid is concave in w (Brunn), so that the straight lines through the nearest
two planes on either side bound it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from rtcheck.dvh.extremes import Lines
from rtcheck.dvh.local import LocalDose, local_dose
from rtcheck.dvh.turned import turned
from rtcheck.geometry.ends import cut_ends, end_tips, hidden_share
from rtcheck.geometry.prisms import Prisms
from rtcheck.geometry.variants import SignedLeaf
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["Drawn", "DrawnRange", "drawn_doses", "drawn_range"]

_SLIVER_MM = 1e-6
_MOST = 20_000
"""At most about so many points within the contours are asked for their dose one by one."""
_BETWEEN = (np.arange(64) + 0.5) / 64
_NEAR_CORNER = 0.02
"""Up to this share of the first and last pair of planes from the end, a corner may stand out between them."""
_UNDRAWN_MM = 0.04
"""A solid may reach this far beyond the next plane where nobody drew it: its section there may be too small to draw."""
_GAP = 1.5
"""Over a missing slice, planes this many times further apart than usual, nothing is read from either side."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Doses on and within the contours of a solid, on their planes.

    Attributes:
        dose_gy: (parts, n) physical dose of each part of the course; NaN where it is unknown. Of a single part only the
            lowest and the highest on each contour plane.
        plane: (n,) which plane.
        edge: (n,) on the contour, not within.
        planes_mm: (p,) ascending w of the planes.
        reach_mm: how far beyond the first and beyond the last plane the solid may reach.
        corner: whether it may have a corner at the first, and at the last plane.
        hidden: the largest share of any stack that comes or goes unseen between two planes.
    """

    dose_gy: FloatArray
    plane: IntArray
    edge: NDArray[np.bool_]
    planes_mm: FloatArray
    reach_mm: tuple[float, float]
    corner: tuple[bool, bool] = (False, False)
    hidden: float = 0.0


@dataclass(frozen=True, slots=True)
class DrawnRange:
    """What contours say of the minimum and the maximum, Gy; NaN where they say nothing.

    Attributes:
        coldest, hottest: on and within the contours: the minimum is at most, the maximum at least this.
        lowest, highest: what the minimum may be at least, and the maximum at most, between and beyond the planes.
    """

    coldest: float
    hottest: float
    lowest: float
    highest: float


def drawn_doses(
    leaves: tuple[SignedLeaf, ...], prisms: Prisms, local: LocalDose, lines: Lines, inside: NDArray[np.bool_]
) -> Drawn:
    """Read the dose on and within the contours of the first reading of a solid.

    Args:
        leaves: of the solid.
        prisms: its slabs of constant cross-section.
        local: the dose; its grids are parallel to the axes.
        lines: positions of the nodes of all grids.
        inside: (sections, v, u) which crossings of the lines lie in each section.
    """
    planes = np.unique(np.concatenate([leaf.stack.planes_mm for leaf in leaves]))
    slab, plane = _planes_of(prisms, planes)
    begin = np.append(prisms.ring_starts[np.searchsorted(prisms.section_of_ring, np.arange(len(prisms.areas)))],
                      len(prisms.points))  # fmt: skip
    section = prisms.section[slab]
    length = (begin[1:] - begin[:-1])[section]
    owner = np.repeat(np.arange(len(slab)), length)
    at = np.arange(len(owner)) - np.repeat(np.cumsum(length) - length - begin[section], length)
    edges = local_dose(local, prisms.points[at, 0], prisms.points[at, 1], planes[plane[owner]])
    found, where, edge = [edges], [plane[owner]], [np.ones(len(owner), dtype=bool)]
    nodes = turned(local)
    if len(slab) and nodes is not None:
        starts = np.cumsum(length) - length
        found = [np.stack([np.fmin.reduceat(edges[0], starts), np.fmax.reduceat(edges[0], starts)]).reshape(1, -1)]
        where, edge = [np.tile(plane, 2)], [np.ones(2 * len(slab), dtype=bool)]
        within = np.array([_within(nodes, lines[2], planes[p], inside[s]) for p, s in zip(plane, section, strict=True)])
        found.append(within.T.reshape(1, -1))
        where.append(np.tile(plane, 2))
        edge.append(np.zeros(2 * len(slab), dtype=bool))
    elif len(slab):
        step = max(1, int(np.count_nonzero(inside[section])) // _MOST)
        pair, row, column = (index[::step] for index in np.nonzero(inside[section]))
        found.append(local_dose(local, lines[0][column], lines[1][row], planes[plane[pair]]))
        where.append(plane[pair])
        edge.append(np.zeros(len(pair), dtype=bool))
    return Drawn(
        np.concatenate(found, axis=1),
        np.concatenate(where),
        np.concatenate(edge),
        planes,
        *_ends(leaves),
        hidden=max(hidden_share(leaf.stack) for leaf in leaves),
    )


def _planes_of(prisms: Prisms, planes: FloatArray) -> tuple[IntArray, IntArray]:
    """Every pair of a slab of the first reading and a contour plane in it or on its face: other readings end there."""
    own = np.flatnonzero(prisms.mask & 1 == 1)
    first = np.searchsorted(planes, prisms.lower[own] - _SLIVER_MM)
    count = np.searchsorted(planes, prisms.upper[own] + _SLIVER_MM) - first
    slab = np.repeat(own, count)
    plane = np.arange(len(slab)) - np.repeat(np.cumsum(count) - count - first, count)
    return slab, plane.astype(np.int64)


def _within(nodes: FloatArray, lines: FloatArray, w: float, inside: NDArray[np.bool_]) -> tuple[float, float]:
    """Lowest and highest dose at w of the columns of nodes in a section; NaN where there is none."""
    k = int(np.searchsorted(lines, w, side="right")) - 1
    if k < 0 or k + 1 >= len(lines) or not inside.any():
        return np.nan, np.nan
    share = (w - float(lines[k])) / float(lines[k + 1] - lines[k])
    dose = nodes[k][inside]
    dose = dose + share * (nodes[k + 1][inside] - dose)
    return float(dose.min()), float(dose.max())


def _ends(leaves: tuple[SignedLeaf, ...]) -> tuple[tuple[float, float], tuple[bool, bool]]:
    """How far the solid may reach beyond the planes, and whether it has corners; of expressions nothing is known."""
    if len(leaves) > 1:
        return (0.0, 0.0), (False, False)
    stack = leaves[0].stack
    tips, steps = end_tips(stack), np.diff(stack.planes_mm)
    low, high = (
        tip.reach[2] + (_UNDRAWN_MM if tip.reach[2] >= np.max(steps[near], initial=0.0) else 0.0)
        for tip, near in zip(tips, (slice(0, 1), slice(-1, None)), strict=True)
    )
    below, above = cut_ends(stack)
    return (low, high), (tips[0].corner or below, tips[1].corner or above)


def drawn_range(drawn: Drawn, dose_gy: FloatArray) -> DrawnRange:
    """Return what the contours say of the extremes.

    Args:
        drawn: where the doses are.
        dose_gy: (n,) dose there, of the quantity that is asked for; NaN where it is unknown.
    """
    known = ~np.isnan(dose_gy)
    if not np.any(known):
        return DrawnRange(*(float("nan"),) * 4)
    coldest, hottest = float(dose_gy[known].min()), float(dose_gy[known].max())
    low, high = np.full(len(drawn.planes_mm), np.inf), np.full(len(drawn.planes_mm), -np.inf)
    edge = known & drawn.edge
    np.minimum.at(low, drawn.plane[edge], dose_gy[edge])
    np.maximum.at(high, drawn.plane[edge], dose_gy[edge])
    held = np.isfinite(low)
    w = drawn.planes_mm[held]
    roof = partial(_roof, w, reach=drawn.reach_mm, corner=drawn.corner)
    lowest, highest = -roof(-low[held]), roof(high[held])
    return DrawnRange(coldest, hottest, min(coldest, lowest), max(hottest, highest))


def _roof(w: FloatArray, dose: FloatArray, reach: tuple[float, float], corner: tuple[bool, bool]) -> float:
    """Highest dose that the lines through the nearest two planes on either side allow, between and beyond the planes.

    Args:
        w: (p,) of the planes, ascending.
        dose: (p,) highest on each.
        reach: how far below the first and above the last it goes on.
        corner: whether the first and the last plane may cut a corner off.
    """
    if len(w) < 2:
        return -np.inf
    step, slope = np.diff(w), np.diff(dose) / np.diff(w)
    ends = max(dose[0] - min(slope[0], 0.0) * reach[0], dose[-1] + max(slope[-1], 0.0) * reach[1])
    if len(w) < 3:
        return float(max(ends, dose.max()))
    # where only one side has two planes, that side tells of the half that is nearer to it, before a corner of most
    first, last = (_NEAR_CORNER if each else 0.5 for each in corner)
    rising, falling = np.append(np.inf, slope[:-1]), np.append(slope[1:], -np.inf)
    from_left = dose[:-1, None] + rising[:, None] * _BETWEEN * step[:, None]
    from_right = dose[1:, None] - falling[:, None] * (1 - _BETWEEN) * step[:, None]
    from_left[0, first > _BETWEEN] = from_right[-1, 1 - last < _BETWEEN] = -np.inf
    near = step <= _GAP * float(np.median(step))
    return float(max(ends, np.minimum(from_left, from_right)[near].max()))
