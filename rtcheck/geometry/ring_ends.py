"""How a section whose hole is closing goes on beyond its last contour: its outlines and its holes by themselves.

The distance to the nearest contour says of a point in a wall how far it is to either side, whichever is nearer. Where a
wall moves by its own thickness from plane to plane, as it does near the top of a shell, points by the outline come to
lie by the hole, and the difference of two such distances says nothing about either. Moved inwards as a whole, the last
section would thin from both sides and its hole would open, although it has been closing. So outlines and holes are
gone on with apart, each as it moved between the last two planes, in proportion to how far the section has shrunk.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rtcheck.geometry.distance import FAR_MM, centres_inside, plane_distances, spread
from rtcheck.geometry.ends import Tip, plane_areas, plane_perimeters
from rtcheck.geometry.occupancy import Lattice
from rtcheck.geometry.solid import ContourStack
from rtcheck.model.arrays import FloatArray, IntArray, centre, successors

__all__ = ["RingEnd", "ring_depths", "ring_end", "ring_levels"]

_KEPT = 8
"""Ends that are remembered: all samplings of a structure ask for the same two."""
_SPARE = 2
"""Cells about the last section in which distances are known."""


@dataclass(frozen=True, slots=True, eq=False)
class RingEnd:
    """The last section of an end, in two parts.

    Attributes:
        outline, hole: (rows, columns) signed distance to each, mm, positive inside the outline and inside the hole.
        outline_change, hole_change: (rows, columns) what these gained from the plane before.
        shrunk_mm: how far the section's contours moved inwards from the plane before, on the mean.
        depth_mm: area of the last section over its perimeter.
    """

    outline: FloatArray
    outline_change: FloatArray
    hole: FloatArray
    hole_change: FloatArray
    shrunk_mm: float
    depth_mm: float


def ring_end(
    stack: ContourStack, lattice: Lattice, inside: NDArray[np.bool_], plane: int, before: int
) -> RingEnd | None:
    """Take the section of an end plane apart.

    Args:
        stack: the contours.
        lattice: cells whose centres carry the distances.
        inside: (planes, rows, columns) whether each centre is inside the contours of each plane.
        plane: the first plane or the last one; its section is smaller than that of the plane before.
        before: the plane next to it.

    Returns:
        None where either plane has no hole, or an island in one, or the holes have not been closing.
    """
    parts = _parts(stack, plane, before)
    if parts is None:
        return None
    outline, hole = parts
    in_outline, in_hole = centres_inside(outline, lattice), centres_inside(hole, lattice)
    if not np.array_equal(in_outline & ~in_hole, inside[[plane, before]]):
        return None
    needed = np.broadcast_to(spread(in_outline[0], _SPARE), in_outline.shape)  # the section shrinks
    (out, out_before), (into, into_before) = (
        plane_distances(part, lattice, within, needed) for part, within in ((outline, in_outline), (hole, in_hole))
    )
    areas, around = plane_areas(stack), plane_perimeters(stack)
    return RingEnd(
        outline=out,
        outline_change=out - out_before,
        hole=into,
        hole_change=into - into_before,
        shrunk_mm=2 * float((areas[before] - areas[plane]) / (around[plane] + around[before])),
        depth_mm=float(areas[plane] / around[plane]),
    )


@lru_cache(maxsize=_KEPT)
def _parts(stack: ContourStack, plane: int, before: int) -> tuple[ContourStack, ContourStack] | None:
    """Return the outlines and the holes of two planes; None where either has no hole, or where they do not close."""
    outline, hole = (_rings_of(stack, (plane, before), sign) for sign in (1, -1))
    if outline is None or hole is None:
        return None
    here, there = plane_areas(hole).tolist()
    return (outline, hole) if abs(here) < abs(there) else None


def _rings_of(stack: ContourStack, planes: tuple[int, int], sign: int) -> ContourStack | None:
    """Return the outer rings or, with a sign of -1, the holes of two planes; None where one of them has none."""
    starts = stack.ring_starts
    following = successors(starts)
    x, y = (stack.points_mm - centre(stack.points_mm)).T
    area = np.add.reduceat(x * y[following] - x[following] * y, starts[:-1])
    rings = [
        [ring for ring in range(stack.plane_starts[plane], stack.plane_starts[plane + 1]) if area[ring] * sign > 0]
        for plane in planes
    ]
    if not all(rings):
        return None
    points = [stack.points_mm[starts[ring] : starts[ring + 1]] for ring in (*rings[0], *rings[1])]
    return ContourStack(
        name=stack.name,
        axes=stack.axes,
        planes_mm=stack.planes_mm[list(planes)],
        points_mm=np.concatenate(points),
        ring_starts=_offsets([len(each) for each in points]),
        plane_starts=_offsets([len(each) for each in rings]),
    )


def _offsets(counts: list[int]) -> IntArray:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def ring_depths(end: RingEnd, tip: Tip, size: FloatArray) -> FloatArray:
    """(n,) how far the contours of the end plane have moved inwards where the section has shrunk, on the mean, mm.

    Args:
        end: the last section.
        tip: which law its area follows: of what shrinks in width only, the perimeter stays.
        size: (n,) area relative to that of the last section.
    """
    return np.asarray(end.depth_mm * (1 - size if tip.power < 1 else 2 * (1 - np.sqrt(size))))


def ring_levels(end: RingEnd, inwards_mm: FloatArray) -> FloatArray:
    """(n, rows, columns) level beyond the end plane, positive inside.

    Args:
        end: the last section.
        inwards_mm: (n,) how far its contours have moved inwards on the mean.
    """
    part = (inwards_mm / end.shrunk_mm)[:, None, None]
    outline, hole = end.outline + part * end.outline_change, end.hole + part * end.hole_change
    return np.asarray(np.clip(np.minimum(outline, -hole), -FAR_MM, FAR_MM))
