"""Where things are: the distance between two structures, the organ nearest to a lesion, the place of an extreme dose.

All work on the bench of a check, so that what was stacked once is not stacked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rtcheck.dvh.metric import MetricValue
from rtcheck.dvh.whereabouts import Place, extreme_place
from rtcheck.geometry.separation import deepest_point, smallest_gap
from rtcheck.geometry.slabs import Slabs, parallel, thick
from rtcheck.geometry.variants import LONG, SHORT, VALUE
from rtcheck.measure import Bench, Problem, slabs_in, stack_of
from rtcheck.model.arrays import FloatArray
from rtcheck.rules.resolve import BoundExpression, rois_of

__all__ = ["Distance", "distance_between", "nearest_of", "place_of_extreme"]

_LAYER_MM = 0.5
"""Sections of an interpolated shape are this far apart where distances are asked for."""
_DEPTH_ERROR_MM = 0.1
"""A depth is searched, and may be short by this much."""

Point = tuple[float, float, float]
Model = Literal["prism", "shape"]


@dataclass(frozen=True, slots=True)
class Distance:
    """How far two structures are apart, surface to surface.

    Attributes:
        value: in mm with its interval. Positive: the smallest distance between them. 0: they touch. Negative: they
            overlap, and the point of the first that lies deepest in the second is this far below its surface.
        first_mm, second_mm: the nearest points of the first and the second, x, y, z in LPS; the deepest point twice
            where they overlap.
    """

    value: MetricValue
    first_mm: Point
    second_mm: Point


def distance_between(bench: Bench, first: BoundExpression, second: BoundExpression) -> Distance | Problem:
    """Measure the distance between two structure expressions.

    The value is that of the structure model of the bench. The interval is the envelope over the other model and over
    both ends of every structure being long or short, with the rounding of the contours.

    Returns:
        The distance, or a `Problem` where one of them cannot be used or is empty, or where their contour planes are
        not parallel (RTD306).
    """
    other: Model = "prism" if bench.model == "shape" else "shape"
    found: list[tuple[float, float, float, FloatArray, FloatArray]] = []
    axes = np.eye(3)
    for model, reading in ((bench.model, VALUE), (other, VALUE), ("prism", LONG), ("prism", SHORT)):
        one = slabs_in(bench, first, model, reading, _LAYER_MM)
        two = slabs_in(bench, second, model, reading, _LAYER_MM)
        if isinstance(one, Problem) or isinstance(two, Problem):
            problem = one if isinstance(one, Problem) else two
            assert isinstance(problem, Problem)
            if reading == SHORT and problem.code == "RTD605":
                continue  # a reading without volume says nothing about where the structure is
            return problem
        if not parallel(one.axes, two.axes):
            return Problem("RTD306", "Their contour planes are not parallel to each other.")
        axes = one.axes
        found.append(_signed(one, two))
    value, _, _, start, end = found[0]
    slack = sum(_rounding(bench, bound) for bound in (first, second))
    low = min(each[1] for each in found) - slack
    high = max(each[2] for each in found) + slack
    return Distance(MetricValue(value, low, high, "mm"), _lps(axes, start), _lps(axes, end))


def _signed(one: Slabs, two: Slabs) -> tuple[float, float, float, FloatArray, FloatArray]:
    """Distance with bounds for what the sections leave open, and both points in u, v, w."""
    least = smallest_gap(thick(one), thick(two))
    if least.mm > 0:
        # the staircase of sections is never farther away than the solid, the sections alone are hardly nearer
        gap = smallest_gap(one, two) if one.step_mm or two.step_mm else least
        return max(gap.mm, least.mm), least.mm, max(gap.mm, least.mm), gap.first, gap.second
    deep = deepest_point(one, two)
    # the corners of a staircase stand in for a slope, on either side of it
    slack = two.step_mm / 2
    return -deep.mm, -deep.mm - _DEPTH_ERROR_MM - slack, -deep.mm + min(slack, deep.mm), deep.first, deep.second


def _lps(axes: FloatArray, point: FloatArray) -> Point:
    x, y, z = (axes.T @ point).tolist()
    return x, y, z


def _rounding(bench: Bench, bound: BoundExpression) -> float:
    stacks = [stack_of(bench, roi)[0] for roi in rois_of(bound)]
    return max((stack.rounding_mm for stack in stacks if stack is not None), default=0.0)


def nearest_of(
    bench: Bench, target: BoundExpression, organs: Sequence[tuple[str, BoundExpression]]
) -> tuple[str, Distance] | Problem:
    """Find which of several structures is nearest to a target.

    Only those whose box comes nearer than the best found so far are measured. Structures that cannot be used make the
    answer unknown: one of them could be the nearest.

    Args:
        bench: where structures are measured.
        target: the lesion's target.
        organs: names and expressions; of equal distances the first counts.

    Returns:
        Name and distance (from the target to it); a `Problem` where there is no organ, or one that cannot be used.
    """
    if not organs:
        return Problem("RTD806", "No organ with an applicable limit has a structure.")
    box = _box(bench, target)
    if isinstance(box, Problem):
        return box
    bounds: list[float] = []
    for _, organ in organs:
        found = _box(bench, organ)
        if isinstance(found, Problem):
            return found
        bounds.append(float(np.linalg.norm(np.maximum(np.maximum(box[0] - found[1], found[0] - box[1]), 0.0))))
    best: tuple[str, Distance] | None = None
    for place in np.argsort(bounds, kind="stable").tolist():
        if best is not None and best[1].value.value is not None and bounds[place] > max(best[1].value.value, 0.0):
            break
        measured = distance_between(bench, target, organs[place][1])
        if isinstance(measured, Problem):
            return measured
        if best is None or (measured.value.value or 0.0) < (best[1].value.value or 0.0):
            best = organs[place][0], measured
    assert best is not None
    return best


def _box(bench: Bench, bound: BoundExpression) -> FloatArray | Problem:
    """(2, 3) lowest and highest x, y, z in LPS that prisms can reach."""
    slabs = slabs_in(bench, bound, "prism", LONG, _LAYER_MM)
    if isinstance(slabs, Problem):
        return slabs
    low, high = slabs.bounds
    corners = np.array([[(low, high)[bit >> k & 1][k] for k in range(3)] for bit in range(8)]) @ slabs.axes
    return np.stack([corners.min(axis=0), corners.max(axis=0)])


def place_of_extreme(bench: Bench, bound: BoundExpression, which: Literal["min", "max"]) -> Place | Problem:
    """Find where in a structure the dose of the course is lowest or highest, under the structure model of the bench.

    Returns:
        The point in LPS and its dose; a `Problem` where the structure cannot be used or lies outside the dose grid.
    """
    slabs = slabs_in(bench, bound, bench.model, VALUE, _LAYER_MM)
    if isinstance(slabs, Problem):
        return slabs
    place = extreme_place(slabs, bench.dose, which)
    return Problem("RTD601", "It lies wholly outside the dose grid: its dose is unknown.") if place is None else place
