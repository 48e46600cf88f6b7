"""The volume of a stack from the areas of its contours alone, whatever happens to islands and holes between them.

Where islands move by their own width or holes open, the surface between contours cannot be interpolated and prisms
stand in for both structure models, which then agree on a volume that is off by up to a few per cent. The areas still
change smoothly: between planes and beyond tapered ends they follow the same laws as those of the interpolated shape.
"""

from __future__ import annotations

import numpy as np

from rtcheck.geometry.ends import end_tips, plane_areas, tip_profile
from rtcheck.geometry.sections import area_between
from rtcheck.geometry.solid import ContourStack

__all__ = ["smooth_volume"]

_POINTS = 16
"""The area is averaged over so many heights between two planes, and beyond an end."""


def smooth_volume(stack: ContourStack) -> float:
    """Return the integral of the area along w, mm³; missing slices are filled by prisms."""
    planes, areas, tips = stack.planes_mm, plane_areas(stack), end_tips(stack)
    share = (np.arange(_POINTS) + 0.5) / _POINTS
    known = tuple(j not in stack.gaps for j in range(len(planes) - 1))
    steps = np.diff(planes)
    pair = np.repeat(np.arange(len(steps)), _POINTS)
    inner = area_between(planes, areas, tips, known, pair, planes[pair] + np.tile(share, len(steps)) * steps[pair])
    means = np.where(known, inner.reshape(-1, _POINTS).mean(axis=1), (areas[:-1] + areas[1:]) / 2)
    ends = (
        area * tip.reach[1] * float(np.mean(tip_profile(tip, 0, share * tip.reach[1])))
        for tip, area in zip(tips, (float(areas[0]), float(areas[-1])), strict=True)
    )
    return float(np.sum(means * steps)) + sum(ends)
