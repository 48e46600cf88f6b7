"""The highest dose at a distance from a target against closed forms and dense points."""

import numpy as np
import pytest

from rtcheck.dvh.at_points import bend_parts, dose_parts
from rtcheck.dvh.beyond import highest_beyond
from rtcheck.dvh.field import DoseField, DosePart
from rtcheck.dvh.nodes import dose_nodes
from rtcheck.geometry.slabs import slabs_of
from rtcheck.geometry.solid import Leaf
from rtcheck.geometry.surface import Body
from rtcheck.geometry.territory import Territory
from tests.analytic.phantoms import box, field_of, grid_of, roi_of, sphere
from tests.geometry.shapes import stack_of

EYE = np.eye(3)
BEND = 1.5
FAR = 8.0


def body(phantom, centre=(0.0, 0.0, 0.0), step=0.4):
    return Body(slabs_of(Leaf(stack_of(roi_of(phantom, 2.0, 0.5, centre=centre))), "prism"), step)


@pytest.fixture(scope="module")
def cube():
    return body(box(5, 5, 5))


def asked(field, territory, distance=FAR):
    return highest_beyond(field, dose_nodes(field), territory, distance)


def slope(x, y, z):
    """No bend anywhere, highest at high x."""
    return 60 + x - 0.3 * y + 0.2 * z


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("sense", [1, -1])
def test_beyond_a_plane_the_dose_is_that_on_it(cube, axis, sense):
    """A dose that rises along one axis: its highest lies on the skin 14 mm from the middle, where no node is near."""
    def dose(*xyz):
        fall = np.abs(xyz[axis] - sense * 30)
        return 60 - fall + 0 * (xyz[0] + xyz[1] + xyz[2]) - 0.2 * sum(np.abs(xyz[a]) for a in range(3) if a != axis)

    skin = [40.0, 40.0, 40.0]
    skin[axis] = 14.0
    field = field_of(grid_of(lambda *xyz: np.maximum(dose(*xyz), 0), 2.0, 46, (0.3 * sense,) * 3))
    found = asked(field, Territory(cube, (), body(box(*skin), step=2.0)))
    # no node lies between the region's inner surface and the skin
    assert found.dose_gy == pytest.approx(60 - 30 + 14, abs=0.15)
    assert found.at_mm[axis] * sense == pytest.approx(14, abs=0.05)
    assert not found.cut


@pytest.mark.parametrize("shift", [0.0, 0.7, 1.3])
def test_beside_a_ball_of_dose_the_hottest_point_is_on_the_surface(cube, shift):
    """A cone of dose beside the target: the highest dose 8 mm off is on the line to its top, and nothing bends."""
    top = np.array([3.0, 0.5, -0.7])

    def dose(x, y, z):
        return 50 - np.sqrt((x - top[0]) ** 2 + (y - top[1]) ** 2 + (z - top[2]) ** 2)

    field = field_of(grid_of(dose, 1.0, 24, (shift,) * 3))
    found = asked(field, Territory(cube))
    assert found.dose_gy == pytest.approx(50 - 10, abs=0.05)
    assert found.at_mm == pytest.approx((13, 0.5, -0.7), abs=0.4)
    # a tenth of a millimetre of the distance moves the dose by as much, at 1 Gy/mm
    assert 0.1 <= found.error_gy <= 0.2
    assert not found.cut


@pytest.mark.parametrize("seed", range(4))
def test_no_point_of_the_region_is_hotter(cube, seed):
    """In hilly doses no dense point of the region exceeds what is found, which is the dose at its place."""
    rng = np.random.default_rng(seed)
    tops, heights = rng.uniform(-15, 15, (12, 3)), rng.uniform(10, 30, 12)

    def dose(x, y, z):
        return 5 + sum(
            h * np.exp(-((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2) / 40) for (a, b, c), h in zip(tops, heights)
        )

    shift = rng.uniform(-1, 1, 3)
    field = field_of(grid_of(dose, 2.5, 24, tuple(shift)))
    other = body(sphere(4), tuple((rng.choice([-1, 1], 3) * 14.0).tolist()))
    skin = body(box(22, 17, 25), step=2.0)
    territory = Territory(cube, (other,), skin)
    found = asked(field, territory)
    side = np.arange(-24, 24.01, 0.6)
    points = np.stack(np.meshgrid(side, side, side), axis=-1).reshape(-1, 3)
    outside = np.maximum(np.abs(points) - 5, 0)
    points = points[np.linalg.norm(outside, axis=1) >= FAR]
    held = np.abs(points[:, 0]) <= 22
    held &= (np.abs(points[:, 1]) <= 17) & (np.linalg.norm(np.maximum(np.abs(points) - 5, 0), axis=1) <= np.maximum(
        np.linalg.norm(points - other.slabs.bounds.mean(axis=0), axis=1) - 4, 0))
    points = points[held]
    every = dose_parts(field, EYE, *np.ascontiguousarray(points.T)).sum(axis=0)
    assert found.dose_gy >= np.nanmax(every) - 0.02
    place = np.array(found.at_mm)[:, None]
    assert dose_parts(field, EYE, *place).sum() == pytest.approx(found.dose_gy, abs=1e-9)
    assert found.error_gy >= BEND * abs(bend_parts(field, EYE, *place).sum())
    away = np.linalg.norm(np.maximum(np.abs(found.at_mm) - 5.0, 0))
    assert away >= FAR - 0.02
    assert away <= np.linalg.norm(np.array(found.at_mm) - other.slabs.bounds.mean(axis=0)) - 4 + 0.3
    assert np.all(np.abs(found.at_mm) <= np.array([22, 17, 25]))


def test_a_hot_node_within_the_region_is_its_own_answer(cube):
    """A lone hot node inside the region is the answer, exactly, wherever it lies; nearer ones do not count."""
    def lone(x, y, z):
        out = np.full(np.broadcast(x, y, z).shape, 10.0)
        out[(np.abs(x - 16) < 1) & (np.abs(y) < 1) & (np.abs(z + 4) < 1)] = 33.0
        out[(np.abs(x + 6) < 1) & (np.abs(y) < 1) & (np.abs(z) < 1)] = 50.0
        return out

    field = field_of(grid_of(lone, 2.0, 24))
    found = asked(field, Territory(cube))
    assert found.dose_gy == pytest.approx(33.0, abs=1e-9)
    assert found.at_mm == pytest.approx((16, 0, -4))
    bend = abs(bend_parts(field, EYE, *np.array(found.at_mm)[:, None]).sum())
    assert found.error_gy >= BEND * bend


@pytest.mark.parametrize(("half", "cut"), [(15.0, True), (16.5, True), (19.5, False)])
@pytest.mark.parametrize("face", range(6))
def test_a_grid_that_ends_within_five_millimetres_of_the_region_cuts_it(cube, half, cut, face):
    """The region begins 13 mm from the middle: a grid that ends before 18 mm, on any side, cuts it."""
    axis, sense = face % 3, 1 if face < 3 else -1
    shift = [0.0, 0.0, 0.0]
    # a grid of 1 mm whose extent is 2 mm more than asked, moved so that one face lies where wanted
    shift[axis] = -sense * (32 - half)
    falling = field_of(grid_of(lambda x, y, z: 60 - 0.5 * np.sqrt(x * x + y * y + z * z), 1.0, 30, tuple(shift)))
    assert asked(falling, Territory(cube)).cut == cut
    # what lies outside the patient, or nearer to another target, does not count
    if half == 15.0:
        assert not asked(falling, Territory(cube, (), body(box(14.5, 14.5, 14.5), step=2.0))).cut
        place = [0.0, 0.0, 0.0]
        place[axis] = sense * 21.0
        sides = [30.0, 30.0, 30.0]
        sides[axis] = 8.0
        assert not asked(falling, Territory(cube, (body(box(*sides), tuple(place), 2.0),))).cut


def test_the_hottest_on_the_edge_of_the_grid_may_not_be_the_hottest(cube):
    """Where the highest dose lies on the edge of the grid more may lie beyond it."""
    found = asked(field_of(grid_of(slope, 2.0, 24)), Territory(cube))
    assert found.cut
    assert found.dose_gy == pytest.approx(slope(28, -28, 28), abs=1e-3)
    assert found.error_gy == pytest.approx(0, abs=0.3)


def test_a_patient_that_ends_before_the_region_has_no_dose(cube):
    """Where no point of the patient is 8 mm away there is no dose, and no edge of the grid matters."""
    found = asked(field_of(grid_of(slope, 2.0, 10)), Territory(cube, (), body(box(9, 9, 9), step=1.0)))
    assert (found.dose_gy, found.at_mm, found.cut) == (None, None, False)


@pytest.mark.parametrize("skin", [20.2, 20.9, 21.7])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_dose_goes_on_rising_up_to_the_skin(cube, skin, axis):
    """Where the dose rises towards the skin the highest lies on it, between the last node inside and the next."""
    def rising(*xyz):
        return np.maximum(30 + xyz[axis] - 0.1 * sum(np.abs(xyz[a]) for a in range(3) if a != axis), 0)

    sides = [25.0, 25.0, 25.0]
    centre = [0.0, 0.0, 0.0]
    centre[axis] = skin - 25
    field = field_of(grid_of(rising, 2.0, 34))
    found = asked(field, Territory(cube, (), body(box(*sides), tuple(centre), 1.0)))
    # planes of contours lie 2 mm apart and the last one stands for half of that beyond it
    assert found.dose_gy == pytest.approx(30 + skin, abs=0.03)
    assert found.at_mm[axis] == pytest.approx(skin, abs=0.03)


def test_skin_near_the_target_or_nearer_to_another_one_is_left_out(cube):
    """Of the patient's surface only what is far enough, and in the target's neighbourhood, counts."""
    field = field_of(grid_of(lambda x, y, z: np.maximum(30 + x + 0 * y + 0 * z, 0), 2.0, 34))
    near = asked(field, Territory(cube, (), body(box(12.5, 12.5, 12.5), step=1.0)))
    assert 30 + 12 < near.dose_gy <= 30 + 12.51
    other = body(sphere(4), (18.0, 0, 0))
    shared = asked(field, Territory(cube, (other,), body(box(21, 6, 6), step=1.0)))
    assert shared.at_mm is None or shared.at_mm[0] < 13


def test_the_edge_of_a_bend_and_a_tenth_of_a_millimetre_are_the_error(cube):
    """Radial dose 60 - r²/20: the error is the bend at the place and what a tenth of a millimetre of distance makes."""
    field = field_of(grid_of(lambda x, y, z: np.maximum(60 - (x * x + y * y + z * z) / 20, 0), 2.0, 20))
    found = asked(field, Territory(cube))
    place = np.array(found.at_mm)
    # nodes are even; the nearest points at 13 mm lie between them along one axis
    assert np.sort(np.abs(place)) == pytest.approx([0, 0, 13], abs=0.4)
    assert found.dose_gy == pytest.approx(60 - (144 + 196) / 2 / 20, abs=0.02)
    bend = 4 / 4 / 20
    gradient = (196 - 144) / 2 / 20
    assert found.error_gy == pytest.approx(BEND * bend + 0.1 * gradient, rel=0.1)


@pytest.mark.parametrize("corner", [(a, b, c) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)])
@pytest.mark.parametrize("node", [9.0, 9.55])
def test_a_hot_node_too_near_shines_into_the_region(cube, corner, node):
    """Off a corner of the target a lone hot node lies up to a millimetre too near: the one cell beyond it is searched.

    In that cell the dose is ``(1 - s) (1 - t) (1 - u)`` of the node's, highest on the diagonal, where the distance from
    the corner is 8 mm.
    """
    at = np.array(corner) * node

    def lone(x, y, z):
        hot = (np.abs(x - at[0]) < 1) & (np.abs(y - at[1]) < 1) & (np.abs(z - at[2]) < 1)
        return np.where(hot, 60.0, 10.0)

    found = asked(field_of(grid_of(lone, 2.0, 20, tuple(at % 2))), Territory(cube))
    t = (5 + FAR / np.sqrt(3) - node) / 2
    assert found.dose_gy == pytest.approx(10 + 50 * (1 - t) ** 3, abs=0.35)
    assert found.dose_gy > 10 + 50 * (1 - t) ** 3 - 0.1
    assert np.array(found.at_mm) * corner == pytest.approx([5 + FAR / np.sqrt(3)] * 3, abs=0.25)


@pytest.mark.parametrize("corner", [(1, 1, 1), (-1, 1, -1)])
def test_the_corner_of_a_grid_shines_into_the_region(cube, corner):
    """A grid that begins at a lone hot node a little too near: the one hot cell there is is searched to its corners."""
    node, at = 9.4, 9.4 * np.array(corner)

    def lone(x, y, z):
        return np.where((x * corner[0] < -9) & (y * corner[1] < -9) & (z * corner[2] < -9), 60.0, 10.0)

    grid = grid_of(lone, 2.0, 6, centre=tuple(at + 10 * np.array(corner)))
    found = asked(field_of(grid), Territory(cube))
    t = (5 + FAR / np.sqrt(3) - node) / 2
    assert found.dose_gy == pytest.approx(10 + 50 * (1 - t) ** 3, abs=0.35)
    assert np.array(found.at_mm) * corner == pytest.approx([5 + FAR / np.sqrt(3)] * 3, abs=0.25)


def test_two_plans_are_what_one_plan_of_both_is(cube):
    """The dose of a course in two parts gives the same highest dose, place and error as both in one grid."""
    def both(x, y, z):
        return np.maximum(60 - (x * x + y * y + z * z) / 20, 0)

    whole = grid_of(both, 3.0, 20, (0.7, 0.1, -0.4))
    parts = [grid_of(lambda *xyz, k=k: k * both(*xyz), 3.0, 20, (0.7, 0.1, -0.4), scaling=1e-6) for k in (0.25, 0.75)]
    one = asked(field_of(whole), Territory(cube))
    two = asked(DoseField(tuple(DosePart((grid,), 5) for grid in parts)), Territory(cube))
    assert (two.dose_gy, two.error_gy) == pytest.approx((one.dose_gy, one.error_gy), abs=2e-3)
    assert two.at_mm == pytest.approx(one.at_mm, abs=0.1)


def test_a_region_without_dose_has_no_dose_but_a_value(cube):
    """Where the region receives nothing its highest dose is 0 Gy; that is not the same as unknown."""
    def near(x, y, z):
        return np.where((np.abs(x) < 7) & (np.abs(y) < 7) & (np.abs(z) < 7), 30.0, 0.0)

    found = asked(field_of(grid_of(near, 2.0, 20)), Territory(cube))
    assert (found.dose_gy, found.error_gy) == (0.0, 0.0)


def test_unknown_nodes_are_not_taken_for_doses(cube):
    """Low doses whose sum ends within the lattice: the highest is a known dose, not one of the unknown nodes'."""
    def faint(x, y, z):
        return np.maximum(0.5 - np.sqrt(x * x + y * y + z * z) / 100, 0)

    field = field_of(grid_of(faint, 2.0, 34, scaling=1e-6), grid_of(faint, 2.0, 20, scaling=1e-6))
    found = asked(field, Territory(cube))
    assert found.dose_gy == pytest.approx(2 * (0.5 - 0.13), abs=2e-3)
    assert not found.cut


def test_one_voxel_from_the_edge_is_not_the_edge(cube):
    """The highest dose at a node one voxel from the edge of the grid is not cut; on the edge it is."""
    for place, cut in ((22.0, False), (24.0, True)):

        def lone(x, y, z, place=place):
            return np.where((np.abs(x - place) < 1) & (np.abs(y) < 1) & (np.abs(z) < 1), 60.0, 10.0)

        found = asked(field_of(grid_of(lone, 2.0, 20)), Territory(cube))
        assert (found.dose_gy, found.cut) == (pytest.approx(60), cut)
