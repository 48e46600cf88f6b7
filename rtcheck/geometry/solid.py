"""A solid: contour stacks joined by set operations, the geometry behind a structure expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["Combination", "ContourStack", "Leaf", "Solid"]


@dataclass(frozen=True, slots=True, eq=False)
class ContourStack:
    """The closed contours of one ROI, cleaned, sorted into parallel planes.

    In-plane coordinates (u, v) and the plane position w are in mm along the unit vectors of `axes`:
    ``u = axes[0] · p``, ``v = axes[1] · p``, ``w = axes[2] · p`` for a point p in LPS mm (no origin shift).

    Attributes:
        name: of the ROI, for messages.
        axes: (3, 3) rows are the unit vectors of u, v, w in LPS; right-handed, read-only.
        planes_mm: (m,) ascending w of the planes, read-only.
        points_mm: (n, 2) u, v of all rings; rings are open (last point differs from first), read-only.
        ring_starts: (r + 1,) ring i is ``points_mm[ring_starts[i]:ring_starts[i + 1]]``.
        plane_starts: (m + 1,) plane j has rings ``plane_starts[j]:plane_starts[j + 1]``.
            Rings of one plane combine by even-odd parity: holes and islands. They are simple and do not cross each
            other; outer rings run anticlockwise in (u, v), holes clockwise.
        thickness_mm: assumed slab thickness of a single-plane stack; None when there are two planes or more.
        gaps: indices j where planes j and j + 1 are further apart than 1.5 median spacings (a missing slice).
        rounding_mm: half the last decimal digit of the stored coordinates, the contour rounding error.
    """

    name: str
    axes: FloatArray
    planes_mm: FloatArray
    points_mm: FloatArray
    ring_starts: IntArray
    plane_starts: IntArray
    thickness_mm: float | None = None
    gaps: tuple[int, ...] = ()
    rounding_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Leaf:
    """One ROI."""

    stack: ContourStack


@dataclass(frozen=True, slots=True)
class Combination:
    """``left operator right``: "-" difference, "|" union, "&" intersection."""

    operator: Literal["-", "|", "&"]
    left: Solid
    right: Solid


Solid = Leaf | Combination
