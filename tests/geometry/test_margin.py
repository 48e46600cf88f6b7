"""Margins in three dimensions against Steiner's formula, brute-force distances and each other."""

import numpy as np
import pytest
import shapely

from rtcheck.geometry.margin import margin_layer_mm, with_margin
from rtcheck.geometry.slabs import slabs_of, thick
from rtcheck.geometry.solid import Combination, Leaf
from rtcheck.geometry.surface import depth_in, distance_from, inside
from tests.analytic.phantoms import box, cylinder, roi_of, sphere
from tests.geometry.contours import on_planes, roi_of_rings, square
from tests.geometry.random_solids import random_leaf
from tests.geometry.shapes import stack_of

BALL = 4 / 3 * np.pi


def grown(leaf, mm, model="prism"):
    return with_margin(slabs_of(leaf, model, layer_mm=margin_layer_mm(mm)), mm, "grown")


def volume(solid):
    slabs = slabs_of(solid, "prism")
    return float(np.sum(shapely.area(slabs.regions) * (slabs.upper - slabs.lower)))


def leaf(phantom, phase=0.5, spacing=2.5):
    return Leaf(stack_of(roi_of(phantom, spacing, phase)))


def steiner(volume_mm3, area, mean_width, mm):
    """Volume of a convex body with a margin: V + A r + M r² + 4/3 π r³, M the integral of the mean curvature."""
    return volume_mm3 + area * mm + mean_width * mm**2 + BALL * mm**3


@pytest.mark.parametrize("model", ["prism", "shape"])
@pytest.mark.parametrize("mm", [1, 3, 5, 10, 20])
def test_a_grown_box_has_round_edges(mm, model):
    """A box with a margin has the volume of its faces, quarter cylinders and eighths of a ball, to 0.3 %."""
    exact = steiner(20 * 16 * 20, 2 * (20 * 16 + 20 * 20 + 16 * 20), np.pi * (20 + 16 + 20), mm)
    assert volume(grown(leaf(box(10, 8, 10)), mm, model)) == pytest.approx(exact, rel=0.003)


@pytest.mark.parametrize("mm", [2, 5, 10])
def test_a_grown_cylinder_has_a_rim_of_a_torus(mm):
    """A cylinder with a margin has the volume of Steiner's formula, to 0.3 %."""
    exact = steiner(np.pi * 64 * 30, 2 * np.pi * 64 + 2 * np.pi * 8 * 30, np.pi * 30 + np.pi**2 * 8, mm)
    assert volume(grown(leaf(cylinder(8, 15)), mm)) == pytest.approx(exact, rel=0.003)


@pytest.mark.parametrize("mm", [-5, -2, 1, 3, 8])
def test_a_grown_sphere_is_a_sphere(mm):
    """An interpolated sphere with a margin is a sphere of the other radius, to 0.6 % of the volume."""
    found = grown(leaf(sphere(12), 0.3), mm, "shape")
    assert volume(found) == pytest.approx(BALL * (12 + mm) ** 3, rel=0.006)


@pytest.mark.parametrize("mm", [-4, -1])
def test_a_shrunk_box_is_a_smaller_box(mm):
    """A box shrunk by a margin keeps its edges."""
    assert volume(grown(leaf(box(10, 8, 10)), mm)) == pytest.approx(
        (20 + 2 * mm) * (16 + 2 * mm) * (20 + 2 * mm), rel=0.005
    )


def test_a_margin_larger_than_the_solid_leaves_nothing():
    """Shrunk by more than half its width, or its height, nothing is left."""
    assert grown(leaf(box(10, 8, 10)), -8.5) is None
    assert grown(leaf(box(30, 30, 10)), -10.5) is None


@pytest.mark.parametrize("mm", [2.0, 6.0, -1.5])
@pytest.mark.parametrize("seed", range(4))
def test_margins_agree_with_distances(seed, mm):
    """Of random points those nearer than the margin are inside the grown solid, those farther are not, to 0.25 mm."""
    solid = random_leaf(seed)
    slabs = slabs_of(solid, "prism")
    points = np.random.default_rng(seed).uniform(-18, 18, (1500, 3))
    signed = distance_from(slabs, points) - depth_in(slabs, points)
    sure = np.abs(signed - mm) > 0.25
    found = grown(solid, mm)
    held = inside(thick(slabs_of(found, "prism")), points) if found is not None else np.zeros(len(points), dtype=bool)
    assert np.array_equal(held[sure], signed[sure] < mm)


def test_a_margin_of_two_is_two_margins():
    """Growing by 3 and again by 4 mm is growing by 7 mm; growing and shrinking again gives a box back."""
    solid = leaf(box(10, 8, 10))
    assert volume(grown(grown(solid, 3), 4)) == pytest.approx(volume(grown(solid, 7)), rel=0.008)
    assert volume(grown(grown(solid, 4), -4)) == pytest.approx(20 * 16 * 20, rel=0.01)


def test_a_margin_closes_a_hole_and_joins_islands():
    """A hole narrower than twice the margin is filled; islands nearer than that become one, others stay apart."""
    ring = on_planes(square(30, -15, -15)) + on_planes(square(6, -3, -3))
    filled = grown(Leaf(stack_of(roi_of_rings(ring))), 4)
    assert all(len(part) == 1 for part in np.split(np.diff(filled.stack.plane_starts), len(filled.stack.planes_mm)))
    low, high = on_planes(square(10), (0, 2, 4, 6)), on_planes(square(10), (30, 32, 34, 36))
    two = Combination("|", Leaf(stack_of(roi_of_rings(low))), Leaf(stack_of(roi_of_rings(high))))
    assert isinstance(grown(two, 5), Combination)
    assert isinstance(grown(two, 12), Leaf)
    shrunk = grown(two, -1)
    assert isinstance(shrunk, Combination)
    assert volume(shrunk) == pytest.approx(2 * 8 * 8 * 6, rel=0.02)


def test_a_sliver_is_one_plane_with_its_thickness():
    """What is left of a thin solid may be one plane, which keeps its thickness."""
    found = grown(leaf(box(10, 8, 2.5)), -2.4)
    assert len(found.stack.planes_mm) == 1
    assert found.stack.thickness_mm == pytest.approx(0.2, abs=0.01)
