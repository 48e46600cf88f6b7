"""How far a structure reaches beyond its first and last contour.

A contour is drawn on every image that the structure meets, so its true end lies between the last contour and one
spacing beyond. Half a spacing is the usual convention (dvh-method §4; dicom-rt-notes row 22).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtcheck.geometry.solid import ContourStack
from rtcheck.geometry.variants import LeafState
from rtcheck.model.arrays import FloatArray

__all__ = ["Reach", "end_reach", "prism_bounds"]

_TRACE = 1e-3


@dataclass(frozen=True, slots=True)
class Reach:
    """Distance in mm that a structure reaches beyond an end contour: at least, as estimated, at most."""

    short: float
    estimate: float
    long: float

    def at(self, end: int) -> float:
        """The reach of an end state: -1 short, 0 estimate, 1 long."""
        return (self.short, self.estimate, self.long)[end + 1]


def end_spacing(stack: ContourStack) -> tuple[float, float]:
    """Plane spacing that holds at the lower and at the upper end; across a missing slice the median stands in."""
    steps = np.diff(stack.planes_mm)
    median = float(np.median(steps))
    low = median if 0 in stack.gaps else float(steps[0])
    high = median if len(steps) - 1 in stack.gaps else float(steps[-1])
    return low, high


def end_reach(stack: ContourStack) -> tuple[Reach, Reach]:
    """Reach of prisms beyond the first and the last plane."""
    if stack.thickness_mm is not None:
        half = stack.thickness_mm / 2
        # never nothing at all: an empty variant has no dose to compare
        one = Reach(_TRACE * half, half, 2 * half)
        return one, one
    low, high = end_spacing(stack)
    return Reach(0.0, low / 2, low), Reach(0.0, high / 2, high)


def prism_bounds(stack: ContourStack, state: LeafState) -> tuple[FloatArray, FloatArray]:
    """Lower and upper w of each plane's prism: half way to the neighbours, by `state` beyond the ends and into gaps."""
    planes = stack.planes_mm
    middle = (planes[:-1] + planes[1:]) / 2
    low, high = end_reach(stack)
    lower = np.concatenate([[planes[0] - low.at(state.end)], middle])
    upper = np.concatenate([middle, [planes[-1] + high.at(state.end)]])
    if state.empty and stack.gaps:
        half = float(np.median(np.diff(planes))) / 2
        for j in stack.gaps:
            upper[j] = planes[j] + half
            lower[j + 1] = planes[j + 1] - half
    return lower, upper
