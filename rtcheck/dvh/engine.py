"""From a solid and the dose of a course to samples of the dose in it, with every convention that is left open.

`sample_solid` does the work once per structure; `rtcheck.dvh.conventions.structure_dose` turns its samples into
histograms of physical dose, EQD2 or BED.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from rtcheck.dvh.drawn import Drawn, drawn_doses
from rtcheck.dvh.extremes import (
    deep_nodes,
    edge_samples,
    grid_lines,
    joined,
    nodes_inside,
    oblique_margin,
    outermost,
    prism_extremes,
)
from rtcheck.dvh.field import DoseField
from rtcheck.dvh.local import dose_about, local_bend
from rtcheck.dvh.noticed import (
    bend_findings,
    coarse_step,
    gap_findings,
    highest_dose,
    outside_findings,
    size_findings,
    step_findings,
)
from rtcheck.dvh.sampling import (
    Resolution,
    Samples,
    choose_resolution,
    field_spacing,
    sample_prisms,
    sample_shape,
)
from rtcheck.dvh.settled import settled
from rtcheck.dvh.sliding import slid, slides
from rtcheck.dvh.tails import Wanting
from rtcheck.dvh.unseen import bulge_mm, bulge_share, surface_slope
from rtcheck.geometry.prisms import Prisms, prisms_of
from rtcheck.geometry.shape import window_points
from rtcheck.geometry.smooth_volume import smooth_volume
from rtcheck.geometry.solid import Leaf, Solid
from rtcheck.geometry.variants import SignedLeaf, Variant, leaves_of, variants_of, with_edges
from rtcheck.model.arrays import FloatArray, extent, successors
from rtcheck.model.finding import Finding, finding

__all__ = ["DEFAULT_STRUCTURE_MODEL", "SampledSolid", "StructureModel", "sample_solid"]

StructureModel = Literal["prism", "shape"]
DEFAULT_STRUCTURE_MODEL: StructureModel = "shape"
"""What fills the space between contours unless a protocol or the user says otherwise."""

_SAMPLES = 24_000
"""Samples of a structure under the prism model, those of its tails not counted, before more are asked for."""
_SHAPE = 32_000
"""The same of an interpolated shape when it gives the value."""
_OTHER = 12_000
"""The same for either model when it only serves the interval."""
_FLAT = 0.01
"""Tails of the prism model's value are cut where they vary more than this: in a torus the coldest 2 % lay in a rim half
as thick as a cell, and two samplings agreed on a dose that was off by 0.15 % of the highest."""
_AREA_RTOL = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class SampledSolid:
    """A solid with the dose of every part of the course at its samples.

    Attributes:
        name: the structure or expression, for messages.
        model: structure model of the value.
        variants: labels of the readings; bit i of a sample's mask is variant i. The first is the value.
        shapes: the same under the shape model, which may have more.
        value: None when the solid is empty or cannot be computed.
        coarse: an independent, coarser sampling of the value.
        bend_gy: (parts, n) what cubic interpolation of the dose would add to them.
        other: samples under the other structure model; none of them where it leaves nothing, which metrics then say.
        slope_gy: (parts, n) how far the dose of the samples of `coarse` changes within what the surface may move
            between few contours (`rtcheck.dvh.unseen`); None where there are enough of them.
        extremes: candidates for the extreme doses under the prism model, without volume.
        surface: the same under the shape model.
        extreme_margin_gy: what the search for extremes may miss, physical dose; 0 where it is exact.
        planes: number of contour planes of the structure with the fewest.
        fractions: (parts,) number of fractions of each part.
        quantum_gy: (parts,) half a step of the stored integers where it is coarse (`coarse_step`), summed over the
            grids of a part.
        volume_error_cm3: from the rounding of contour coordinates.
        smooth_cm3: volume by the areas of the contours alone; None for what is joined of several stacks.
        findings: what sampling brought up.
        drawn: doses on the contours as drawn; None where a dose grid lies obliquely.
        slid: samples of prisms that lean, where sections move aside by their own width; else None.
        share_out: how much larger the volume may be than between two contours as drawn, relative to it.
    """

    name: str
    model: StructureModel
    variants: tuple[str, ...]
    shapes: tuple[str, ...]
    value: Samples | None
    coarse: Samples | None
    bend_gy: FloatArray | None
    other: Samples | None
    slope_gy: FloatArray | None
    extremes: Samples | None
    surface: Samples | None
    extreme_margin_gy: float
    planes: int
    fractions: tuple[int, ...]
    quantum_gy: tuple[float, ...]
    volume_error_cm3: float
    smooth_cm3: float | None
    findings: tuple[Finding, ...]
    drawn: Drawn | None = None
    share_out: float = 0.0
    slid: Samples | None = None


def sample_solid(
    name: str, solid: Solid, field: DoseField, model: StructureModel = DEFAULT_STRUCTURE_MODEL
) -> SampledSolid:
    """Sample the dose in a solid under every reading that is left open.

    Args:
        name: for messages.
        solid: contour stacks joined by set operations, in the frame of reference of the dose.
        field: the dose of the course.
        model: what the value is computed with.

    Returns:
        The samples. Findings: RTD306 E when stacks of different orientation are joined, RTD312 for missing slices,
        RTD317 W when small against the dose voxels, RTD601 E or RTD602 W when wholly or partly outside the dose
        grid, RTD605 E when nothing is left, RTD606 E when two area computations disagree.
    """
    leaves = leaves_of(solid)
    axes = leaves[0].stack.axes
    variants = variants_of(leaves)
    shapes = with_edges(variants, leaves)
    fractions = tuple(part.fractions for part in field.parts)
    quantum_gy = tuple(sum(map(coarse_step, part.grids)) / 2 for part in field.parts)
    labels = tuple(variant.label for variant in variants)

    def unusable(*faults: Finding) -> SampledSolid:
        return SampledSolid(
            name, model, labels, labels, *(None,) * 7, 0.0, 0, fractions, quantum_gy, 0.0, None, faults
        )

    if any(not np.allclose(leaf.stack.axes, axes, rtol=0, atol=1e-9) for leaf in leaves[1:]):
        return unusable(
            finding("RTD306", name, f"{name} joins structures whose contour planes are not parallel to each other.")
        )
    prisms = prisms_of(solid, leaves, variants)
    volume = _prism_volume(prisms)
    if not volume > 0:
        return unusable(finding("RTD605", name, f"{name} is empty: no volume is left."))
    findings: list[Finding] = []
    spacing = field_spacing(field)
    slab = float(np.median(prisms.upper - prisms.lower))
    highest = sum(highest_dose(grid) for part in field.parts for grid in part.grids)
    local = dose_about(field, axes, *_reach(solid, leaves, prisms))

    thin = _samples_across(prisms, volume, slab)

    def at(count: int, phase: float = 0.5, layers: int = 2) -> Resolution:
        return choose_resolution(volume, slab, spacing, count, phase, layers)

    few = min(max(_OTHER, thin), 2 * _OTHER)
    if model == "prism":

        def prism_samples(
            count: int, phase: float, wanting: Wanting, _: tuple[Variant, ...], *, points: bool
        ) -> tuple[Samples, FloatArray]:
            return sample_prisms(prisms, local, at(count, phase, layers=1), _FLAT, wanting, points=points)

        value, coarse, areas = settled(prism_samples, variants, _SAMPLES, thin, highest)
        other, surface = sample_shape(solid, leaves, shapes, local, at(few), first_round=1)
        prism, shape = value, other
    else:

        def shape_samples(
            count: int, phase: float, wanting: Wanting, of: tuple[Variant, ...], *, points: bool
        ) -> tuple[Samples, Samples]:
            return sample_shape(solid, leaves, of, local, at(count, phase), wanting=wanting, points=points)

        value, coarse, surface = settled(shape_samples, shapes, _SHAPE, thin, highest)
        if not np.any(value.mask & 1):
            return unusable(finding("RTD605", name, f"{name} is empty: its interpolated shape has no volume."))
        other, areas = sample_prisms(prisms, local, at(few))
        prism, shape = other, value
    aside = None
    if isinstance(solid, Leaf) and slides(solid.stack):
        aside = slid(solid.stack, sample_prisms(prisms, local, at(few), points=True)[0], local)
    surface = outermost(surface)
    bend_gy = local_bend(local, *coarse.points_mm)
    reach = max(map(bulge_mm, (leaf.stack for leaf in leaves)))
    slope_gy = surface_slope(local, coarse, reach) if reach > 0 else None
    lines = grid_lines(local)
    drawn = None
    if lines is not None:
        inside = nodes_inside(prisms, lines)
        drawn = drawn_doses(leaves, prisms, local, lines, inside)
        extremes, margin = prism_extremes(prisms, local, lines, inside, prism), 0.0
        nodes = deep_nodes(prisms, local, lines, inside, shape, surface)
        surface = outermost(joined([surface, nodes]))
    else:
        extremes, margin = edge_samples(prisms, local, spacing / 4), oblique_margin(local)
    coarse = replace(coarse, points_mm=np.zeros((3, 0)))
    worst = float(np.max(np.abs(areas - prisms.areas) / prisms.areas))
    if not worst <= _AREA_RTOL:
        findings.append(
            finding(
                "RTD606",
                name,
                f"Two independent area computations for {name} differ by {worst:.2g} of a "
                "cross-section; the contours are degenerate.",
                relative=worst,
            )
        )
    findings.extend(outside_findings(name, value))
    findings.extend(size_findings(name, volume, field))
    findings.extend(step_findings(field))
    findings.extend(bend_findings(name, coarse, bend_gy, highest))
    findings.extend(gap_findings(name, value, labels))
    return SampledSolid(
        name=name,
        model=model,
        variants=labels,
        shapes=tuple(variant.label for variant in shapes),
        value=value,
        coarse=coarse,
        bend_gy=bend_gy,
        other=other,
        slope_gy=slope_gy,
        extremes=extremes,
        surface=surface,
        extreme_margin_gy=margin,
        planes=min(len(leaf.stack.planes_mm) for leaf in leaves),
        fractions=fractions,
        quantum_gy=quantum_gy,
        volume_error_cm3=_rounding_error(leaves),
        smooth_cm3=smooth_volume(solid.stack) / 1000 if isinstance(solid, Leaf) else None,
        findings=tuple(findings),
        drawn=drawn,
        share_out=max(bulge_share(leaf.stack) for leaf in leaves),
        slid=aside,
    )


def _samples_across(prisms: Prisms, volume_mm3: float, slab_mm: float) -> int:
    """How many samples put a cell within the thickness of the solid: twice its volume over its area, all round."""
    following = successors(prisms.ring_starts)
    edge = prisms.points[following] - prisms.points
    around = np.repeat(prisms.section_of_ring, np.diff(prisms.ring_starts))
    perimeter = np.bincount(around, np.hypot(edge[:, 0], edge[:, 1]), len(prisms.areas))
    area = np.sum(((prisms.upper - prisms.lower) * perimeter[prisms.section])[prisms.mask & 1 == 1])
    thickness = 2 * volume_mm3 / float(area)
    return int(volume_mm3 / (min(slab_mm / 2, thickness) * thickness**2))


def _reach(solid: Solid, leaves: tuple[SignedLeaf, ...], prisms: Prisms) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest u, v, w that samples of either model are likely to have."""
    step = max(float(np.max(np.diff(leaf.stack.planes_mm), initial=0.0)) for leaf in leaves)
    low, high = window_points(solid)
    lowest, highest = extent(prisms.points)
    return (
        np.append(np.minimum(low, lowest), prisms.lower.min() - step),
        np.append(np.maximum(high, highest), prisms.upper.max() + step),
    )


def _prism_volume(prisms: Prisms) -> float:
    """Volume of the value, mm³."""
    return float(np.sum(((prisms.upper - prisms.lower) * prisms.areas[prisms.section])[prisms.mask & 1 == 1]))


def _rounding_error(leaves: tuple[SignedLeaf, ...]) -> float:
    """Three standard deviations of the volume when every vertex is rounded independently, cm³.

    A vertex rounded by up to r moves by r/√3 (standard deviation) across its two edges, each half of whose length it
    carries along.
    """
    variance = 0.0
    for leaf in leaves:
        stack = leaf.stack
        if stack.rounding_mm == 0:
            continue
        following = successors(stack.ring_starts)
        length = np.linalg.norm(stack.points_mm[following] - stack.points_mm, axis=1)
        steps = np.diff(stack.planes_mm)
        thickness = stack.thickness_mm if stack.thickness_mm is not None else float(np.median(steps))
        variance += float(np.sum(length**2)) * (stack.rounding_mm * thickness) ** 2 / 3
    return float(3 * np.sqrt(variance) / 1000)
