"""How far a structure reaches beyond its first and last contour, and how its cross-section shrinks there.

A contour is drawn on every image that the structure meets, so its true end lies between the last contour and one
spacing beyond it. Half a spacing is the usual convention (dvh-method §4; dicom-rt-notes row 22). Where the areas of
the last three contours fall so fast that they vanish within a spacing, the end is tapered and much less uncertain:
the area of spheres, ellipsoids and cones is a quadratic in w, and that of bodies like lying cylinders and tori
the root of one, so both extrapolations bracket the tip, and the fourth contour tells which of them to believe.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rtcheck.geometry.solid import ContourStack
from rtcheck.geometry.variants import LeafState
from rtcheck.model.arrays import FloatArray, centre, frozen, successors

__all__ = [
    "Tip",
    "cut_ends",
    "end_tips",
    "hidden_share",
    "jumps",
    "plane_areas",
    "plane_middles",
    "plane_perimeters",
    "prism_bounds",
    "tip_profile",
]

_KNOWN = 64
"""Stacks whose areas and ends are remembered: every reading and both models ask for them again."""
_TRACE = 1e-3
_PAD = 0.1
"""Share of a spacing added to both sides of a tip's reach; by calibration on spheres, cones, tori and cylinders."""
_DOUBT = 0.4
"""How far a tip's reach extends towards what the other law says, when the fourth contour has told which one holds."""
_FLARE = 2.0
"""A flat end towards which the area grows may go on growing this much faster than between its last two contours."""
_WIDTH_POWER = 1.5
_MISFIT = 0.03
"""Where the law that is believed misses the fourth contour by more than this share, the end may be a corner: it then
reaches as far as one, beyond which no convex solid does."""
_STRAIGHT = 0.02
"""Areas that fall by the same from plane to plane, within this share, are those of an edge as well as of a tip."""
_LEANING = 0.15
"""An end where the way that sections lie aside of each other changes by more than this, in mm per mm, may be the rim
of a slanted face, before which the areas follow the law of the body."""
_SURE = 0.98
"""A change is never read on a contour plane itself, so that the contour there is as drawn."""
_JUMP = 0.2
"""Between two contours whose areas differ by less than this share of the larger one nothing else is left open."""
_ALIKE = 1 - 1e-6
"""Areas that differ by less than this are those of an upright wall."""
_TREND = 0.2
"""The width of a flat end goes on changing as between its last two contours, by at most this share per spacing."""


@dataclass(frozen=True, slots=True)
class Tip:
    """One end of a structure beyond its end contour.

    Attributes:
        reach: how far it reaches, in mm: at least, as estimated, at most.
        height: the same as heights of a prism on the end contour.
        slope, curvature, power: relative area at distance t is ``(1 + slope * t + curvature * t²) ** power``, until it
            is zero; slope and curvature are 0 for a flat end.
        flare: for a flat end towards which the area grows, its relative growth per mm; read long it goes on growing.
        trend: for a flat end, relative growth of its width per mm, towards the end; the shape goes on with it.
        corner: a tapered end that may be a corner of a solid with flat faces: the law is not that of the contours.
    """

    reach: tuple[float, float, float]
    height: tuple[float, float, float]
    slope: float = 0.0
    curvature: float = 0.0
    power: float = 1.0
    flare: float = 0.0
    trend: float = 0.0
    corner: bool = False

    @property
    def tapered(self) -> bool:
        """Whether the cross-section shrinks beyond the end contour."""
        return self.slope < 0


def plane_areas(stack: ContourStack) -> FloatArray:
    """(m,) area enclosed on each plane, mm² (signed areas of its rings; holes count negative), read-only."""
    return _measured(stack)[0]


def plane_perimeters(stack: ContourStack) -> FloatArray:
    """(m,) length of all contours of each plane, mm, read-only."""
    return _measured(stack)[1]


def plane_middles(stack: ContourStack) -> FloatArray:
    """(m, 2) centroid of what is enclosed on each plane, read-only."""
    return _measured(stack)[2]


@lru_cache(maxsize=_KNOWN)
def _measured(stack: ContourStack) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Areas, perimeters and centroids of all planes."""
    following = successors(stack.ring_starts)
    u, v = stack.points_mm.T.copy()
    next_u, next_v = u.take(following), v.take(following)
    length = np.hypot(next_u - u, next_v - v)
    # about the middle of all points, to keep digits
    middle = centre(stack.points_mm)
    u, next_u, v, next_v = u - middle[0], next_u - middle[0], v - middle[1], next_v - middle[1]
    cross = u * next_v - next_u * v
    rings, planes = stack.ring_starts[:-1], stack.plane_starts[:-1]
    areas, perimeters = (np.add.reduceat(np.add.reduceat(each, rings), planes) for each in (cross / 2, length))
    moments = [np.add.reduceat((here + there) * cross / 6, rings[planes]) for here, there in ((u, next_u), (v, next_v))]
    return frozen(areas), frozen(perimeters), frozen(middle + np.column_stack(moments) / areas[:, None])


@lru_cache(maxsize=_KNOWN)
def end_tips(stack: ContourStack) -> tuple[Tip, Tip]:
    """Both ends of a stack, the lower one first."""
    if stack.thickness_mm is not None:
        half = stack.thickness_mm / 2
        # never nothing at all: an empty variant would have no dose to compare
        reach = (_TRACE * half, half, 2 * half)
        one = Tip(reach, reach)
        return one, one
    areas, perimeters = plane_areas(stack), plane_perimeters(stack)
    steps = np.diff(stack.planes_mm)
    median = float(np.median(steps))
    count = len(steps)
    lean = np.diff(np.diff(plane_middles(stack), axis=0) / steps[:, None], axis=0)
    leaning = [*(np.hypot(*lean.T) > _LEANING), False]  # of two planes nothing is known
    gaps = [j in stack.gaps for j in range(count)]
    low = _tip(areas[:4], perimeters, steps[:3], (gaps[0], 1 in stack.gaps), median, leaning=bool(leaning[0]))
    high = _tip(
        areas[::-1][:4],
        perimeters[::-1],
        steps[::-1][:3],
        (gaps[-1], count - 2 in stack.gaps),
        median,
        leaning=bool(leaning[-2 if count > 1 else -1]),
    )
    return low, high


def _tip(
    areas: FloatArray,
    perimeters: FloatArray,
    steps: FloatArray,
    gaps: tuple[bool, bool],
    median: float,
    *,
    leaning: bool,
) -> Tip:
    """Judge the end at ``areas[0]``, from up to four areas and the perimeters inwards, and the steps between them."""
    spacing = median if gaps[0] else float(steps[0])
    reach = (0.0, spacing / 2, spacing)
    trend = float((1 - np.sqrt(areas[1] / areas[0])) / steps[0]) if not any(gaps) else 0.0
    trend = float(np.clip(trend, -_TREND / spacing, _TREND / spacing))
    if not any(gaps) and areas[0] > areas[1]:
        flare = _FLARE * float((1 - areas[1] / areas[0]) / steps[0])
        return Tip(reach, (0.0, spacing / 2, spacing * (1 + flare * spacing / 2)), flare=flare, trend=trend)
    flat = Tip(reach, reach, trend=trend)
    if any(gaps) or len(areas) < 3 or not areas[0] < areas[1]:
        return flat
    t = -np.concatenate([[0.0], np.cumsum(steps)])
    relative = areas / areas[0]
    plain, squared = _quadratic(t[:3], relative[:3]), _quadratic(t[:3], relative[:3] ** 2)
    roots = _first_root(*plain), _first_root(*squared)
    if not min(roots) < spacing:
        return flat
    # the fourth area tells which law holds; without it, whether the section shrinks in width only or in all directions;
    # where only one law ends within a spacing, take that one
    by_squares = not roots[0] < spacing
    corner = leaning
    if len(areas) == 3 and max(roots) < spacing:
        by_squares = _shrinks_in_width(areas, perimeters)
    if len(areas) > 3:
        misses = [
            abs(_parabola(law, float(t[3])) - float(relative[3]) ** (k + 1)) / float(relative[3]) ** (k + 1)
            for k, law in enumerate((plain, squared))
        ]
        if max(roots) < np.inf:
            by_squares = misses[1] < misses[0] and roots[1] < spacing
        # areas that fall by the same from plane to plane, or ever less, may be those of an edge: its corners come last
        corner |= bool(misses[by_squares] > _MISFIT or plain[1] * steps[0] > -_STRAIGHT * abs(plain[0]))
    (slope, curvature), power = (squared, 0.5) if by_squares else (plain, 1.0)
    estimate = min(roots[1] if by_squares else roots[0], spacing)
    doubt = _DOUBT if len(areas) > 3 else 1.0
    other = estimate + doubt * (min(roots[0] if by_squares else roots[1], spacing) - estimate)
    least, most = min(estimate, other) - _PAD * spacing, max(estimate, other) + _PAD * spacing
    if corner:
        most = max(most, _corner(areas, float(steps[0])) + _PAD * spacing)
    reach = (max(0.0, least), estimate, min(spacing, most))
    share = float(np.mean(_profile(slope, curvature, power, (np.arange(64) + 0.5) / 64 * estimate)))
    # systems that cut prisms off at the end contours exist, however the structure tapers
    height = (0.0, spacing / 2, max(share * reach[2], spacing / 2))
    return Tip(reach, height, slope, curvature, power, corner=corner)


def _corner(areas: FloatArray, step: float) -> float:
    """How far a corner reaches whose sections shrink in all directions, to a point, as the last two contours do."""
    return step / (float(np.sqrt(areas[1] / areas[0])) - 1)


def _shrinks_in_width(areas: FloatArray, perimeters: FloatArray) -> bool:
    """Whether the area goes with the first rather than the second power of the width, from the last two contours.

    Area over perimeter stands for the width: it shrinks with the square root of the area in a sphere or cone, and with
    the area itself in a torus or a lying cylinder.
    """
    width = areas[:2] / perimeters[:2]
    power = np.log(areas[1] / areas[0]) / np.log(width[1] / width[0]) if width[1] > width[0] else np.inf
    return bool(power < _WIDTH_POWER)


def _parabola(law: tuple[float, float], t: float) -> float:
    """Evaluate ``1 + slope t + curvature t²``."""
    return 1 + t * (law[0] + law[1] * t)


def _profile(slope: float, curvature: float, power: float, t: FloatArray) -> FloatArray:
    """Relative area of a tapered end at distances t."""
    return np.asarray(np.clip(1 + t * (slope + curvature * t), 0.0, 1.0) ** power)


def _quadratic(t: FloatArray, values: FloatArray) -> tuple[float, float]:
    """Slope and curvature of the parabola through three points, the first at t = 0 with value 1."""
    first = (values[1] - values[0]) / (t[1] - t[0])
    second = ((values[2] - values[1]) / (t[2] - t[1]) - first) / (t[2] - t[0])
    return float(first - second * t[1]), float(second)


def _first_root(slope: float, curvature: float) -> float:
    """Smallest positive t with ``1 + slope t + curvature t² = 0``; infinite when there is none.

    A parabola that only just fails to touch zero (a cone's, after rounding) counts as touching it.
    """
    under = slope * slope - 4 * curvature
    if -1e-2 * slope * slope <= under < 0:
        under = 0.0
    if under < 0:
        return float("inf")
    below = -slope + np.sqrt(under)
    root = 2 / below if below > 0 else float("inf")
    return float(root)


def tip_profile(tip: Tip, end: int, t: FloatArray) -> FloatArray:
    """Area of the cross-section at distances t beyond the end contour, relative to it, for end state -1, 0 or 1.

    The estimated profile is stretched so that it ends at the state's own reach.
    """
    if not tip.tapered:
        growth = 1 + tip.flare * t if end > 0 and tip.flare > 0 else (1 + tip.trend * t) ** 2
        return np.asarray(growth)
    return _profile(tip.slope, tip.curvature, tip.power, t * (tip.reach[1] / tip.reach[end + 1]))


@lru_cache(maxsize=_KNOWN)
def jumps(stack: ContourStack) -> FloatArray:
    """(m - 1,) how much of the change of area between each plane and the next the others do not show, 0 to 1.

    A solid that tapers does so over several planes. Where a whole change happens between two of them (a flat end cut
    aslant, an island that ends) it can happen anywhere between. Shown is what the changes on either side are, or where
    they lead to when they go on changing as they do, and the end of the last contour itself. Two planes alone show
    nothing of it.
    """
    areas = plane_areas(stack)
    change = np.abs(np.diff(areas)) / np.diff(stack.planes_mm)
    if len(change) == 0:
        return frozen(change)
    larger = np.maximum(areas[:-1], areas[1:])
    much = np.abs(np.diff(areas)) > _JUMP * larger
    if len(change) == 1:
        return frozen(np.where(much, 1.0, 0.0))
    ends = areas[[0, -1]] / np.diff(stack.planes_mm)[[0, -1]]
    near = np.concatenate([[0.0, ends[0]], change, [ends[1], 0.0]])
    one, other = (np.maximum(a, 2 * a - b) for a, b in ((near[1:-3], near[:-4]), (near[3:-1], near[4:])))
    one[:2], other[-2:] = near[1:3][: len(one[:2])], near[-3:-1][-len(other[-2:]) :]
    hidden = np.clip(1 - (one + other) / np.maximum(change, 1e-9), 0.0, 1.0)
    # to a corner the area falls as its square: a sixth of the change less than half way, on the mean
    root = np.sqrt(areas)
    squared = np.abs(np.diff(root)) / (root[:-1] + root[1:]) / 3
    for tip, pair in zip(end_tips(stack), (0, -1), strict=True):
        if tip.corner:
            hidden[pair] = max(hidden[pair], squared[pair])
    return frozen(np.where(much, hidden, 0.0))


def cut_ends(stack: ContourStack) -> tuple[bool, bool]:
    """Tell for both ends whether they may be flat and cut aslant: a last contour that is smaller, without a tip."""
    areas = plane_areas(stack)
    if len(areas) < 2:
        return False, False
    low, high = end_tips(stack)
    return (
        bool(not low.tapered and areas[0] < _ALIKE * areas[1]),
        bool(not high.tapered and areas[-1] < _ALIKE * areas[-2]),
    )


def hidden_share(stack: ContourStack) -> float:
    """Return how much of the volume comes or goes between two planes without the others showing it (see `jumps`).

    Of a solid without corners, none: round ones with few planes seem to jump too, and their readings hold them. Where
    one end is a corner, of another that is cut aslant all that lies beyond its contour is hidden, too.
    """
    if not any(tip.corner for tip in end_tips(stack)):
        return 0.0
    areas, steps = plane_areas(stack), np.diff(stack.planes_mm)
    volume = np.sum((areas[:-1] + areas[1:]) * steps) + areas[0] * steps[0] + areas[-1] * steps[-1]
    cut = sum(float(areas[end] * steps[end]) for end, one in zip((0, -1), cut_ends(stack), strict=True) if one)
    return float((2 * np.sum(jumps(stack) * np.abs(np.diff(areas)) * steps) + cut) / volume)


def prism_bounds(stack: ContourStack, state: LeafState) -> tuple[FloatArray, FloatArray]:
    """Lower and upper w of each plane's prism: half way to the neighbours, by `state` beyond the ends and into gaps."""
    planes = stack.planes_mm
    middle = (planes[:-1] + planes[1:]) / 2
    low, high = end_tips(stack)
    if state.low or state.high:
        # short, the smaller section goes on as far as the change may wait; long, the larger one does
        end = np.where(np.arange(len(middle)) < len(middle) / 2, state.low, state.high)
        grows = np.sign(np.diff(plane_areas(stack)))
        middle = middle - end * grows * jumps(stack) * np.diff(planes) / 2 * _SURE
    lower = np.concatenate([[planes[0] - low.height[state.low + 1]], middle])
    upper = np.concatenate([middle, [planes[-1] + high.height[state.high + 1]]])
    if state.empty and stack.gaps:
        half = float(np.median(np.diff(planes))) / 2
        for j in stack.gaps:
            upper[j] = planes[j] + half
            lower[j + 1] = planes[j + 1] - half
    return lower, upper
