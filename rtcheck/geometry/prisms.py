"""A solid as slabs of constant cross-section: each contour reaches half way to its neighbours (the prism model).

For an expression the slabs are cut wherever any leaf changes its contour, and each distinct combination of contours is
computed once by exact polygon operations. All variants share the slabs; a bit mask says which variants have which.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from rtcheck.geometry.ends import prism_bounds
from rtcheck.geometry.polygons import combine_regions, drawn_areas, plane_region, rings_of
from rtcheck.geometry.solid import Leaf, Solid
from rtcheck.geometry.variants import SignedLeaf, Variant
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["Prisms", "Regions", "prisms_of"]

_SLIVER_MM = 1e-6
Planes = tuple[int, ...]
"""The plane of each leaf that holds somewhere along w; -1 where the leaf is absent."""


@dataclass(frozen=True, slots=True, eq=False)
class Prisms:
    """Slabs with their cross-sections.

    Attributes:
        lower, upper: (s,) w of each slab, mm; slabs of different variants may coincide.
        section: (s,) index of the cross-section.
        mask: (s,) bit i is set when variant i has this slab.
        points, ring_starts, section_of_ring: rings of all cross-sections (see `occupancy.cover`).
        areas: (sections,) area of each cross-section by shapely, mm².
    """

    lower: FloatArray
    upper: FloatArray
    section: IntArray
    mask: IntArray
    points: FloatArray
    ring_starts: IntArray
    section_of_ring: IntArray
    areas: FloatArray


class Regions:
    """Regions of an expression where each leaf has the contours of one of its planes; each plane is built once."""

    def __init__(self, leaves: tuple[SignedLeaf, ...]) -> None:
        self.leaves = leaves
        self.planes: dict[tuple[int, int], shapely.Geometry] = {}

    def plane(self, leaf: int, plane: int) -> shapely.Geometry:
        key = (leaf, plane)
        if key not in self.planes:
            self.planes[key] = plane_region(self.leaves[leaf].stack, plane)
        return self.planes[key]

    def evaluate(
        self, solid: Solid, planes: Planes, first: int = 0
    ) -> tuple[shapely.Geometry | tuple[int, int] | None, int]:
        """Return the region under `solid` and the number of the leaf after it.

        The region is None when empty, and (leaf, plane) when it is one leaf's plane as drawn.
        """
        if isinstance(solid, Leaf):
            return ((first, planes[first]) if planes[first] >= 0 else None), first + 1
        left, second = self.evaluate(solid.left, planes, first)
        right, following = self.evaluate(solid.right, planes, second)
        if left is None:
            return (right if solid.operator == "|" else None), following
        if right is None:
            return (None if solid.operator == "&" else left), following
        region = combine_regions(solid.operator, self.shape(left), self.shape(right))
        return (region if shapely.area(region) > 0 else None), following

    def shape(self, region: shapely.Geometry | tuple[int, int]) -> shapely.Geometry:
        return self.plane(*region) if isinstance(region, tuple) else region

    def area(self, region: shapely.Geometry | tuple[int, int]) -> float:
        """Return the area of a region by shapely, mm²."""
        if isinstance(region, tuple):
            return float(drawn_areas(self.leaves[region[0]].stack)[region[1]])
        return float(shapely.area(region))

    def rings(self, region: shapely.Geometry | tuple[int, int]) -> list[FloatArray]:
        """Return the rings of a region; those of one leaf's plane exactly as the stack holds them."""
        if not isinstance(region, tuple):
            return rings_of(region)
        stack = self.leaves[region[0]].stack
        first, last = int(stack.plane_starts[region[1]]), int(stack.plane_starts[region[1] + 1])
        return [stack.points_mm[stack.ring_starts[r] : stack.ring_starts[r + 1]] for r in range(first, last)]


def prisms_of(solid: Solid, leaves: tuple[SignedLeaf, ...], variants: tuple[Variant, ...]) -> Prisms:
    """Cut a solid into slabs of constant cross-section, for all variants at once.

    Args:
        solid: the expression; all its stacks have the same axes.
        leaves: ``leaves_of(solid)``.
        variants: readings of the leaves; the order gives the bits of `Prisms.mask`.
    """
    bounds = [
        [prism_bounds(leaf.stack, state) for leaf, state in zip(leaves, variant.states, strict=True)]
        for variant in variants
    ]
    edges = np.unique(np.concatenate([b for row in bounds for pair in row for b in pair]))
    edges = edges[np.concatenate([[True], np.diff(edges) > _SLIVER_MM])]
    middle = (edges[:-1] + edges[1:]) / 2
    chosen = [np.stack([_plane_at(lower, upper, middle) for lower, upper in row]) for row in bounds]
    slabs: dict[tuple[int, Planes], int] = {}
    for i, planes in enumerate(chosen):
        for slab, key in enumerate(zip(*planes.tolist(), strict=True)):
            slabs[(slab, key)] = slabs.get((slab, key), 0) | (1 << i)
    regions = Regions(leaves)
    sections: dict[Planes, int] = {}
    rings: list[FloatArray] = []
    ring_section: list[int] = []
    areas: list[float] = []
    rows: list[tuple[float, float, int, int]] = []
    for (slab, key), mask in sorted(slabs.items()):
        if key not in sections:
            region, _ = regions.evaluate(solid, key)
            sections[key] = len(areas) if region is not None else -1
            if region is not None:
                found = regions.rings(region)
                rings.extend(found)
                ring_section.extend([len(areas)] * len(found))
                areas.append(regions.area(region))
        if sections[key] >= 0:
            rows.append((float(edges[slab]), float(edges[slab + 1]), sections[key], mask))
    rows = _joined(rows)
    return Prisms(
        lower=np.array([row[0] for row in rows]),
        upper=np.array([row[1] for row in rows]),
        section=np.array([row[2] for row in rows], dtype=np.int64),
        mask=np.array([row[3] for row in rows], dtype=np.int64),
        points=np.concatenate(rings) if rings else np.zeros((0, 2)),
        ring_starts=np.concatenate([[0], np.cumsum([len(r) for r in rings])]).astype(np.int64),
        section_of_ring=np.array(ring_section, dtype=np.int64),
        areas=np.array(areas),
    )


def _plane_at(lower: FloatArray, upper: FloatArray, w: FloatArray) -> IntArray:
    """Plane whose prism holds each w, or -1."""
    j = np.clip(np.searchsorted(lower, w, side="right") - 1, 0, len(lower) - 1)
    return np.where((w > lower[j]) & (w < upper[j]), j, -1).astype(np.int64)


def _joined(rows: list[tuple[float, float, int, int]]) -> list[tuple[float, float, int, int]]:
    """Touching slabs of the same cross-section and variants become one."""
    out: list[tuple[float, float, int, int]] = []
    for row in sorted(rows, key=lambda r: (r[2], r[3], r[0])):
        if out and out[-1][2:] == row[2:] and out[-1][1] == row[0]:
            out[-1] = (out[-1][0], row[1], row[2], row[3])
        else:
            out.append(row)
    return sorted(out)
