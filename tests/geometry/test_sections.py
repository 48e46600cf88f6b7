"""Areas between planes, readings of ends beside missing slices, points on walls, bends at the faces of a grid."""

import numpy as np
import pytest

from rtcheck.geometry.dose_nodes import nodes_about, read_bend, read_dose
from rtcheck.geometry.ends import Tip, end_tips
from rtcheck.geometry.interpolate import bend_at, dose_at
from rtcheck.geometry.sections import area_between
from rtcheck.geometry.slabs import slabs_of
from rtcheck.geometry.solid import Leaf
from rtcheck.geometry.surface import surface_points
from tests.analytic.phantoms import ORIENTATIONS, box, circle, grid_of, roi_of
from tests.geometry.contours import at, roi_of_rings
from tests.geometry.shapes import stack_of

FLAT = Tip((0.0, 1.0, 2.0), (0.0, 1.0, 2.0))
BALL = Tip((0.0, 1.0, 2.0), (0.0, 1.0, 2.0), slope=-1.0)
TUBE = Tip((0.0, 1.0, 2.0), (0.0, 1.0, 2.0), slope=-1.0, power=0.5)


def areas_at(planes, areas, w, tips=(FLAT, FLAT), trusted=None):
    planes, areas, w = (np.asarray(each, dtype=float) for each in (planes, areas, w))
    pair = np.clip(np.searchsorted(planes, w) - 1, 0, len(planes) - 2)
    return area_between(planes, areas, tips, trusted or (True,) * (len(planes) - 1), pair, w)


@pytest.mark.parametrize("planes", [np.arange(-8, 9, 2.0), np.array([-8, -5, -4, -1, 0.5, 3, 5.5, 8])])
@pytest.mark.parametrize(("tip", "power"), [(BALL, 1.0), (TUBE, 0.5)])
def test_balls_and_tubes_have_their_areas_between_planes(planes, tip, power):
    """Areas (or their squares) that are a parabola in w are so between all planes, belly included."""
    law = lambda w: (100.0 - w * w) ** power * 3  # noqa: E731
    w = np.setdiff1d(np.arange(planes[0] + 0.1, planes[-1], 0.3), planes)
    assert areas_at(planes, law(planes), w, (tip, tip)) == pytest.approx(law(w), rel=1e-9)
    # a waist is the same turned over, between flat ends
    waist = lambda w: 50 + w * w  # noqa: E731
    inner = w[(w > planes[1]) & (w < planes[-2])]
    assert areas_at(planes, waist(planes), inner) == pytest.approx(waist(inner), rel=1e-9)


def test_each_half_follows_the_law_of_its_own_end():
    """Below the middle the law of the lower end holds, above it that of the upper."""
    planes = np.arange(0, 13, 2.0)
    ball, tube = 40 + 3 * planes + planes**2, np.sqrt(900 + 100 * planes + 60 * planes**2)
    for tips, areas, rule in (((BALL, TUBE), ball, "low"), ((TUBE, BALL), tube, "low"), ((TUBE, BALL), ball, "high"),
                              ((BALL, TUBE), tube, "high")):  # fmt: skip
        w = np.array([2.7, 3.5, 4.9]) if rule == "low" else np.array([8.5, 9.1])
        exact = 40 + 3 * w + w**2 if areas is ball else np.sqrt(900 + 100 * w + 60 * w**2)
        assert areas_at(planes, areas, w, tips) == pytest.approx(exact, rel=1e-9)


def test_a_step_is_not_overshot_and_bellies_and_waists_are_bounded():
    """Beside a step areas stay between those drawn; a belly has at most half as much again, a waist half at least."""
    w = np.array([0.5, 1.0, 1.5, 2.5, 3.0, 3.5, 4.5, 5.0])
    step = areas_at([0, 2, 4, 6], [100, 100, 900, 900], w)
    assert step[:3] == pytest.approx(100)
    assert np.all(np.diff(step[3:6]) > 0) and np.all((step[3:6] > 100) & (step[3:6] < 900))
    assert step[6:] == pytest.approx(900)
    belly = areas_at([0, 2, 4, 6], [1, 500, 520, 1], [3.0])
    waist = areas_at([0, 2, 4, 6], [900, 100, 90, 900], [3.0])
    assert 520 < belly[0] <= 1.5 * 520
    assert 45 <= waist[0] < 90
    assert areas_at([0, 2, 4, 6], [1, 5000, 5000, 1], [3.0])[0] == pytest.approx((9 * 5000 - 1) / 8)
    assert areas_at([0, 2, 4, 6], [9000, 100, 100, 9000], [3.0])[0] == pytest.approx(50)


def test_what_is_not_trusted_is_not_looked_at():
    """Beyond a pair that is not trusted nothing counts: between two planes alone the law is a straight line."""
    planes, areas = [0, 2, 4, 6], [1.0, 100.0, 140.0, 9.0]
    assert areas_at(planes, areas, [2.5, 3.5], trusted=(False, True, False)) == pytest.approx([110, 130])
    # with one neighbour a parabola through three
    three = np.polyval(np.polyfit([0, 2, 4], [1, 100, 140], 2), 3.0)
    assert areas_at(planes, areas, [3.0], trusted=(True, True, False))[0] == pytest.approx(three)
    three = np.polyval(np.polyfit([2, 4, 6], [100, 140, 9], 2), 3.0)
    assert areas_at(planes, areas, [3.0], trusted=(False, True, True))[0] == pytest.approx(min(three, 140))


@pytest.mark.parametrize("sense", [1, -1])
@pytest.mark.parametrize("gap", [0, 1])
def test_an_end_beside_missing_slices_is_flat(sense, gap):
    """Where one of the last two steps is a gap nothing is said of how the end goes on: half a spacing, as drawn."""
    heights = [0.0, 7.5, 10.0, 12.5, 15.0] if gap == 0 else [0.0, 2.5, 10.0, 12.5, 15.0]
    for radii in ((9, 8, 7, 7, 7), (5, 8, 9, 9, 9)):
        stack = stack_of(roi_of_rings([at(circle(r), sense * z) for r, z in zip(radii, heights)]))
        tip = end_tips(stack)[0 if sense > 0 else 1]
        assert (tip.reach, tip.height) == ((0.0, 1.25, 2.5), (0.0, 1.25, 2.5))
        assert (tip.slope, tip.flare, tip.trend) == (0, 0, 0)


@pytest.mark.parametrize("step", [0.4, 1.0, 1.7, 3.0])
def test_points_on_walls_are_no_further_apart_than_asked(step):
    """On the walls and faces of a box every point has a point of the surface within 0.71 steps."""
    solid = slabs_of(Leaf(stack_of(roi_of(box(5, 4, 6.25), 2.5, 0.5))), "prism")
    points = surface_points(solid, step)
    rng = np.random.default_rng(1)
    for axis in range(3):
        for sense in (-1, 1):
            asked = rng.uniform(-1, 1, (60, 3)) * (5, 4, 6.25)
            asked[:, axis] = sense * (5, 4, 6.25)[axis]
            near = np.linalg.norm(asked[:, None, :] - points[None], axis=2).min(axis=1)
            assert near.max() <= step * np.sqrt(0.5) + 1e-9
    assert np.all(np.abs(points) <= np.array([5, 4, 6.25]) + 1e-9)


@pytest.mark.parametrize("orientation", sorted(ORIENTATIONS)[:4])
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("sense", [1, -1])
def test_bends_in_the_outermost_cells_are_those_of_the_grid(orientation, axis, sense):
    """In the first and the last two cells along every axis dose and bend read from the nodes are the whole grid's."""
    grid = grid_of(lambda x, y, z: 50 + 20 * np.cos(x / 9 + y / 7) * np.sin(z / 6), (2.0, 3.0, 2.5), 9,
                   orientation=orientation)  # fmt: skip
    geometry = grid.geometry
    basis = np.array([geometry.row, geometry.column, geometry.normal])
    size = np.array([(geometry.columns - 1) * 2.0, (geometry.rows - 1) * 3.0, geometry.offsets_mm[-1]])
    if orientation in ("FFDL", "FFDR", "HFDL", "HFDR"):
        size[:2] = (geometry.columns - 1) * geometry.spacing_mm[1], (geometry.rows - 1) * geometry.spacing_mm[0]
    share = np.random.default_rng(axis).uniform(0, 1, (300, 3))
    share[:, axis] = np.random.default_rng(9).uniform(0, 0.2, 300)
    if sense < 0:
        share[:, axis] = 1 - share[:, axis]
    p = (np.asarray(geometry.origin_mm) + (share * size) @ basis).T
    nodes = nodes_about(grid, np.eye(3), p.min(axis=1), p.max(axis=1))
    assert read_dose(nodes, *p) == pytest.approx(dose_at(grid, np.eye(3), *p), abs=1e-10)
    assert read_bend(nodes, *p) == pytest.approx(bend_at(grid, np.eye(3), *p), abs=1e-10)
    assert np.abs(read_bend(nodes, *p)).max() > 0.1
