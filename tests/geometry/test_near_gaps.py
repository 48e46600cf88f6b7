"""Small distances between solids, exactly, and which points are beyond one."""

import numpy as np
import pytest
import shapely

from rtcheck.geometry.separation import deepest_point, smallest_gap
from rtcheck.geometry.slabs import slabs_of
from rtcheck.geometry.solid import Leaf
from rtcheck.geometry.surface import Body
from rtcheck.geometry.territory import Territory
from tests.analytic.phantoms import box, roi_of, sphere
from tests.geometry.contours import on_planes, roi_of_rings, square
from tests.geometry.random_solids import random_leaf
from tests.geometry.shapes import stack_of


def block(side, x, y, planes):
    """A square prism of slabs 2 mm thick, a side long."""
    return slabs_of(Leaf(stack_of(roi_of_rings(on_planes(square(side, x, y), planes)))), "prism")


@pytest.mark.parametrize(
    ("move", "gap"),
    [
        ((0.5, 0.0, 0.0), 0.5),
        ((0.0, 0.5, 0.0), 0.5),
        ((0.0, 0.0, 0.5), 0.5),
        ((0.3, 0.4, 0.0), 0.5),
        ((0.3, 0.0, 0.4), 0.5),
        ((0.0, 0.6, 0.8), 1.0),
        ((0.2, 0.3, 0.6), 0.7),
        ((-0.2, -0.3, -0.6), 0.7),
        ((0.0, -0.6, -0.8), 1.0),
        ((2.0, -3.0, -6.0), 7.0),
    ],
)
def test_blocks_a_little_apart(move, gap):
    """Faces, edges and corners of blocks less than a millimetre apart: exact, and the points lie on both."""
    one = block(10, 0, 0, (1, 3, 5, 7, 9))
    place = [10 + m if m > 0 else -7 + m if m < 0 else 1.5 for m in move[:2]]
    start = 10 + move[2] if move[2] > 0 else -10 + move[2] if move[2] < 0 else 0.7
    two = block(7, *place, start + np.array([1.0, 3, 5, 7, 9]))
    for found, sense in ((smallest_gap(one, two), 1), (smallest_gap(two, one), -1)):
        assert found.mm == pytest.approx(gap, abs=1e-9)
        away = sense * (found.second - found.first)
        assert away == pytest.approx(move, abs=1e-9)
    # points of the one solid are on it
    first = smallest_gap(one, two).first
    assert np.all(first >= -1e-9) and np.all(first <= 10 + 1e-9)
    shared = [axis for axis in range(3) if move[axis] == 0]
    assert all(0 < first[axis] < 10 for axis in shared)


@pytest.mark.parametrize("seed", range(8))
def test_the_nearest_pair_of_slabs_is_found(seed):
    """Between random prisms the distance is the least over all pairs of slabs, each pair asked."""
    rng = np.random.default_rng(seed)
    one = slabs_of(random_leaf(seed, planes=5), "prism")
    centre = rng.choice([-1, 1], 3) * rng.uniform(3, 9, 3)
    two = slabs_of(random_leaf(seed + 50, centre=tuple(centre), size=rng.uniform(1, 6), spacing=1.5, planes=5), "prism")
    rise = np.maximum(np.maximum(one.lower[:, None] - two.upper, two.lower - one.upper[:, None]), 0)
    least = np.hypot(shapely.distance(one.regions[:, None], two.regions[None, :]), rise).min()
    found = smallest_gap(one, two)
    assert found.mm == pytest.approx(least, abs=1e-9)
    if least > 0:
        assert np.linalg.norm(found.first - found.second) == pytest.approx(least, abs=1e-9)


@pytest.mark.parametrize(("planes", "height"), [((13, 15), 12.0), ((-5, -3), -2.0), ((4, 6), None)])
def test_points_of_a_gap_are_at_their_heights(planes, height):
    """Above, below or beside: the nearest point of the other solid is on its face, or half way up what both share."""
    one, two = block(10, 0, 0, (1, 3, 5, 7, 9)), block(4, 20, 3, planes)
    found = smallest_gap(one, two)
    if height is None:
        assert found.first[2] == found.second[2]
        assert 3 < found.first[2] < 7
    else:
        assert found.second[2] == pytest.approx(height, abs=1e-9)
        assert found.first[2] == pytest.approx(np.clip(height, 0, 10), abs=1e-9)
    assert found.first[0] == pytest.approx(10)


@pytest.mark.parametrize("centre", [(9.0, 0, 0), (0, 7.0, 3.0), (4.0, 4.0, 4.0)])
def test_a_ball_in_a_ball_is_as_deep_as_its_near_side(centre):
    """The deepest point of a ball of 5 mm in one of 14 mm is 14 mm less its distance, to two tenths."""
    small, big = (Leaf(stack_of(roi_of(sphere(r), 1.0, 0.5, c))) for r, c in ((5, centre), (14, (0.0, 0.0, 0.0))))
    found = deepest_point(slabs_of(small, "prism"), slabs_of(big, "prism"))
    exact = 14 - max(np.linalg.norm(centre) - 5, 0)
    assert exact - 0.6 <= found.mm <= exact + 0.3
    assert np.linalg.norm(found.first - np.array(centre)) <= 5.4


def test_points_beyond_a_distance_are_those_that_far_off():
    """A point counts as beyond a distance when its own is at least that, whether the box told it or the surface."""
    own = Body(slabs_of(Leaf(stack_of(roi_of(sphere(8), 2.0, 0.4))), "shape"), 0.5)
    territory = Territory(own)
    rng = np.random.default_rng(5)
    points = rng.normal(size=(400, 3))
    points *= (rng.uniform(6, 22, 400) / np.linalg.norm(points, axis=1))[:, None]
    away = np.linalg.norm(points, axis=1) - 8
    for distance in (3.0, 7.0):
        sure = np.abs(away - distance) > 0.2
        assert np.array_equal(territory.is_beyond(points, distance)[sure], (away >= distance)[sure])


def test_leads_agree_with_distances_whatever_the_margin():
    """The lead of a point is how much nearer its own target is; beyond a margin its sign holds and it is no more."""
    own, *others = (
        Body(slabs_of(Leaf(stack_of(roi_of(sphere(r), 2.0, 0.4, c))), "shape"), 0.5)
        for r, c in ((8, (0.0, 0.0, 0.0)), (5, (30.0, 0, 0)), (6, (0.0, -25.0, 8.0)))
    )
    territory = Territory(own, tuple(others))
    points = np.random.default_rng(2).uniform(-40, 40, (500, 3))
    exact = np.min([o.distance(points) for o in others], axis=0) - own.distance(points)
    assert territory.lead(points) == pytest.approx(exact)
    assert np.array_equal(territory.belongs(points), exact >= 0)
    for margin in (0.5, 5.0):
        lead = territory.lead(points, margin)
        near = np.abs(lead) <= margin
        assert lead[near] == pytest.approx(exact[near])
        assert np.array_equal(lead > 0, exact > 0)
        assert np.all(np.abs(exact[~near]) >= np.abs(lead[~near]) - 1e-9)
        side, close = territory.side(points, margin)
        assert np.all(close[np.abs(exact) <= 2 * margin])
        assert not np.any(close[np.abs(exact) > 2 * margin + 10])
        assert np.array_equal(side > 0, exact > 0)


def test_the_patients_skin_is_near_within_the_reach():
    """Near the skin means within the reach and one step of it, on either side, and nowhere else."""
    skin = Body(slabs_of(Leaf(stack_of(roi_of(box(20, 20, 20), 2.0, 0.5))), "prism"), 1.0)
    territory = Territory(skin, (), skin)
    for off, near in ((-4.5, False), (-2.4, True), (0.0, True), (2.4, True), (4.5, False)):
        for axis in range(3):
            point = np.zeros((1, 3))
            point[0, axis] = 20 + off
            assert territory.near_body(point, 2.0).tolist() == [near], (off, axis)
