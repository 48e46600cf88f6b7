"""Slabs of both structure models, distances between solids, and depths, against closed forms and brute force."""

import numpy as np
import pytest
import shapely
from scipy.spatial import cKDTree

from rtcheck.geometry.separation import deepest_point, smallest_gap
from rtcheck.geometry.slabs import empty_slabs, slabs_of, thick
from rtcheck.geometry.solid import Combination, Leaf
from rtcheck.geometry.surface import Body, depth_in, distance_from, filling_points, inside, surface_points
from rtcheck.geometry.variants import LONG, SHORT
from tests.analytic.phantoms import box, cylinder, roi_of, sphere, torus
from tests.geometry.contours import on_planes, roi_of_rings, square
from tests.geometry.random_solids import random_leaf
from tests.geometry.shapes import stack_of


def leaf(phantom, spacing=2.5, phase=0.4, centre=(0.0, 0.0, 0.0)):
    return Leaf(stack_of(roi_of(phantom, spacing, phase, centre=centre)))


def volume(slabs):
    solid = thick(slabs)
    return float(np.sum(shapely.area(solid.regions) * (solid.upper - solid.lower)))


@pytest.mark.parametrize("phantom", [sphere(9), sphere(20), cylinder(8, 15), torus(14, 6)], ids=lambda p: p.name)
def test_slabs_have_the_volume_of_their_model(phantom):
    """Both models' slabs fill the volume of the phantom, the shape's sections to half a percent of it."""
    assert volume(slabs_of(leaf(phantom), "prism")) == pytest.approx(phantom.volume_mm3, rel=0.06)
    most = 0.068 if phantom.flat else 0.008
    assert volume(slabs_of(leaf(phantom), "shape")) == pytest.approx(phantom.volume_mm3, rel=most)


def test_the_ring_keeps_its_hole():
    """The hole of a torus stays a hole in both models."""
    for model in ("prism", "shape"):
        solid = thick(slabs_of(leaf(torus(14, 6)), model))
        assert inside(solid, np.array([[0.0, 0, 0.2], [14, 0, 0.2]])).tolist() == [False, True]


def test_readings_move_the_ends():
    """Read short a solid ends earlier, read long later, under both models."""
    solid = leaf(cylinder(8, 15))
    for model in ("prism", "shape"):
        heights = [np.ptp(slabs_of(solid, model, reading).bounds[:, 2]) for reading in (SHORT, "", LONG)]
        assert heights[0] < heights[1] < heights[2]


def test_nothing_is_left_of_disjoint_solids():
    """An intersection of solids that do not meet has no slabs, under both models, and thickening keeps it empty."""
    far = leaf(sphere(5), centre=(40.0, 0, 0))
    high = leaf(sphere(5), centre=(0.0, 0, 40))
    near = leaf(sphere(5))
    for other in (far, high):
        for model in ("prism", "shape"):
            assert slabs_of(Combination("&", near, other), model).empty
    assert thick(empty_slabs(np.eye(3))).empty
    assert not inside(empty_slabs(np.eye(3)), np.zeros((2, 3))).any()


@pytest.mark.parametrize(("centre", "gap"), [((30, 0, 0), 15), ((0, 20, 0), 5), ((3, 2, 24), 4), ((18, 19, 0), 5)])
def test_boxes_are_as_far_apart_as_their_faces_and_edges(centre, gap):
    """Between boxes the distance is that of faces, or of edges, exactly; the points lie on them."""
    one, two = leaf(box(5, 5, 10), 2.5, 0.5), leaf(box(10, 10, 10), 2.5, 0.5, centre)
    found = smallest_gap(slabs_of(one, "prism"), slabs_of(two, "prism"))
    assert found.mm == pytest.approx(gap, abs=1e-6)
    assert np.linalg.norm(found.first - found.second) == pytest.approx(gap, abs=1e-6)


@pytest.mark.parametrize("direction", [(1, 0, 0), (0, 0.6, 0.8), (0, 0, 1), (0.5, 0.5, np.sqrt(0.5))])
def test_spheres_are_as_far_apart_as_their_centres_say(direction):
    """Between spheres the shape model's distance is right to a fraction of a millimetre in every direction."""
    one, two = leaf(sphere(12)), leaf(sphere(7), 2.0, 0.3, tuple(np.array(direction) * 25))
    slabs = [slabs_of(solid, "shape", layer_mm=0.5) for solid in (one, two)]
    low, high = smallest_gap(*map(thick, slabs)).mm, smallest_gap(*slabs).mm
    assert low - 0.1 <= 6 <= high + 0.1
    assert high - low < 0.6


@pytest.mark.parametrize("seed", range(6))
def test_distance_agrees_with_brute_force(seed):
    """Between random prisms no two surface points are nearer than the distance found, and some are nearly as near."""
    one = slabs_of(random_leaf(seed), "prism")
    two = slabs_of(random_leaf(seed + 50, centre=(9.0, 12.0, 6.0), spacing=3.0), "prism")
    found = smallest_gap(one, two)
    nearest = cKDTree(surface_points(one, 0.3)).query(surface_points(two, 0.3))[0].min()
    assert found.mm - 1e-9 <= nearest <= found.mm + 0.1
    assert smallest_gap(two, one).mm == pytest.approx(found.mm, abs=1e-9)


def test_overlapping_solids_touch():
    """Solids that overlap, or one inside the other, have no distance."""
    big = slabs_of(leaf(sphere(20)), "prism")
    for centre in ((5, 0, 0), (22, 0, 0)):
        assert smallest_gap(big, slabs_of(leaf(sphere(6), centre=centre), "prism")).mm == 0


@pytest.mark.parametrize(
    ("centre", "depth"), [((12.0, 0, 0), 8), ((0, 0, 0), 10), ((0, 0, 15.0), 5), ((0, 4.0, 0), 10)]
)
def test_a_box_reaches_as_deep_as_its_deepest_point(centre, depth):
    """The deepest point of a box in another one is found to a tenth of a millimetre."""
    small, big = leaf(box(10, 10, 10), 2.5, 0.5, centre), leaf(box(10, 10, 10), 2.5, 0.5)
    found = deepest_point(slabs_of(small, "prism"), slabs_of(big, "prism"))
    assert depth - 0.1 <= found.mm <= depth + 1e-6


def test_apart_there_is_no_depth():
    """The depth of solids that do not overlap is 0."""
    one, two = (slabs_of(leaf(sphere(5), centre=(x, 0, 0)), "prism") for x in (0, 30))
    assert deepest_point(one, two).mm == 0
    near = slabs_of(Leaf(stack_of(roi_of_rings(on_planes(square(4, 4.5, 4.5))))), "prism")
    assert deepest_point(near, one).mm == 0


def test_two_islands_along_w_have_a_gap_between_them():
    """A point between two islands of one solid is outside, and a point near the inner face of one is not deep."""
    rings = on_planes(square(20, -10, -10), (0, 2, 4, 6)) + on_planes(square(20, -10, -10), (30, 32, 34, 36))
    stack = stack_of(roi_of_rings(rings))
    solid = slabs_of(Leaf(stack), "prism", "gaps empty")
    asked = np.array([[0, 0, 3.0], [0, 0, 18], [0, 0, 33], [0, 0, 90]])
    assert inside(solid, asked).tolist() == [True, False, True, False]
    depth = depth_in(solid, np.array([[0, 0, 6.5], [0, 0, 18.0]]))
    assert depth[0] == pytest.approx(0.5, abs=1e-6)
    assert depth[1] == 0
    faces = surface_points(solid, 1.0)
    assert {7.0, 29.0} <= set(np.round(faces[np.abs(faces[:, :2]).max(axis=1) < 5][:, 2], 6).tolist())


def test_points_fill_the_solid():
    """Points fill a solid as densely as asked, and the distances of a prepared solid agree with the exact ones."""
    solid = slabs_of(random_leaf(3), "prism")
    points = filling_points(solid, 0.5)
    assert len(points) * 0.125 == pytest.approx(volume(solid), rel=0.03)
    body = Body(solid, 0.5)
    assert body.inside(points).all()
    asked = np.random.default_rng(1).uniform(-25, 25, (300, 3))
    exact, found = distance_from(solid, asked), body.distance(asked)
    assert np.all((found >= exact - 1e-9) & (found <= exact + 0.25 / (4 * np.maximum(exact, 0.2)) + 0.02))
    assert np.all(np.isinf(body.distance(asked[exact > 5], 2.0)))


def test_the_points_of_a_lattice_leave_a_gap_between_islands_empty():
    """Filling two islands that missing slices part leaves the gap empty; exact distances are those of the faces."""
    rings = on_planes(square(20, -10, -10), (0, 2, 4, 6)) + on_planes(square(20, -10, -10), (30, 32, 34, 36))
    solid = slabs_of(Leaf(stack_of(roi_of_rings(rings))), "prism", "gaps empty")
    points = filling_points(solid, 1.0)
    assert len(points) == 2 * 8 * 400
    assert not np.any((points[:, 2] > 7) & (points[:, 2] < 29))
    asked = np.array([[0, 0, 3.0], [0, 0, 12.0], [13.0, 14.0, 33.0], [0, 12.0, 40.0], [0, 0, -3.0]])
    assert distance_from(solid, asked) == pytest.approx([0, 5, 5, np.hypot(2, 3), 2])
    assert distance_from(solid, asked[:1]).tolist() == [0]


def test_boxes_round_a_corner_are_no_nearer_than_they_seem():
    """A notch whose box overlaps and an island nearer elsewhere: the island's 2 mm are the distance, exactly."""
    notched = [[0, 0], [30, 0], [30, 10], [10, 10], [10, 30], [0, 30]]
    one = slabs_of(Leaf(stack_of(roi_of_rings(on_planes(notched, (0, 3, 6, 9, 12, 15))))), "prism")
    rings = on_planes(square(10, 18, 18), (0, 3, 6, 9, 12)) + on_planes(square(10, -12, 0), (15, 18, 21))
    two = slabs_of(Leaf(stack_of(roi_of_rings(rings))), "prism")
    found = smallest_gap(one, two)
    assert found.mm == pytest.approx(2, abs=1e-12)
    assert np.abs(found.first - found.second) == pytest.approx([2, 0, 0])


def test_tips_side_by_side_keep_their_volume():
    """Of two balls one above the other, side by side, the upper begins while the lower ends: both keep their tips."""
    low, high = leaf(sphere(9)), leaf(sphere(9), centre=(30.0, 0, 17.0))
    both = slabs_of(Combination("|", low, high), "shape")
    assert volume(both) == pytest.approx(2 * sphere(9).volume_mm3, rel=0.008)
    assert both.bounds[:, 2] == pytest.approx([-9, 26], abs=0.3)


def test_a_difference_of_shapes_loses_what_both_have():
    """A ball with a ball cut out of its side has the volume of the one less the lens that both share."""
    one, two = leaf(sphere(9)), leaf(sphere(9), centre=(10.0, 0, 0))
    found = volume(slabs_of(Combination("-", one, two), "shape", layer_mm=0.5))
    # the lens of two balls of radius r, d apart: π (4 r + d) (2 r - d)² / 12
    lens = np.pi * (4 * 9 + 10) * (2 * 9 - 10) ** 2 / 12
    assert found == pytest.approx(sphere(9).volume_mm3 - lens, rel=0.015)
