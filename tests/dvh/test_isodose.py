"""Volumes inside isodose surfaces: what the dose does between its nodes, borders, unknown dose and rounding."""

import numpy as np
import pytest

from rtcheck.dvh.isodose import Parcels, isodose_volume
from rtcheck.dvh.nodes import dose_nodes
from rtcheck.geometry.slabs import slabs_of
from rtcheck.geometry.solid import Leaf
from rtcheck.geometry.surface import Body
from rtcheck.geometry.territory import Territory
from tests.analytic.phantoms import box, field_of, grid_of, roi_of, sphere
from tests.geometry.shapes import stack_of

BEND = 1.5
"""The interval takes one and a half times of what cubic interpolation would change."""


def bowl(x, y, z):
    """60 Gy in the middle, falling with the square of the distance."""
    return np.maximum(60 - 0.05 * (x * x + y * y + z * z), 0.0)


def ramp(x, y, z):
    """30 Gy at x = 0, falling by 2 Gy per mm."""
    return 30 - 2 * x + 0 * y + 0 * z


def body(phantom, centre=(0.0, 0.0, 0.0), step=1.0):
    return Body(slabs_of(Leaf(stack_of(roi_of(phantom, 2.0, 0.5, centre=centre))), "prism"), step)


def territory(others=(), external=None):
    return Territory(body(sphere(5)), tuple(others), external)


def measured(dose, least, where=None, spacing=2.0, half=18, shift=(0.3, 0.1, -0.4), error=0.0):
    field = field_of(grid_of(dose, spacing, half, shift))
    return isodose_volume(field, dose_nodes(field), least, where or territory(), error)


@pytest.mark.parametrize("spacing", [1.5, 2.0, 2.5])
@pytest.mark.parametrize("radius", [8.0, 12.0])
def test_a_bowl_between_nodes_is_short_of_its_ball_by_its_bend(spacing, radius):
    """A quadratic dose read on nodes h apart loses π R h² of its ball of radius R; half as much again is the margin.

    Between nodes a straight line is ``b h² t (1 - t)`` below ``a - b x²``: h² / 6 b in the mean along each of three
    axes, over a slope of ``2 b R``, on a surface of ``4 π R²``.
    """
    found = measured(bowl, 60 - 0.05 * radius**2, spacing=spacing)
    lost = np.pi * radius * spacing**2 / 1000
    assert found.cm3 == pytest.approx(4 / 3 * np.pi * radius**3 / 1000 - lost, abs=0.04 * lost)
    assert found.high - found.cm3 == pytest.approx(BEND * lost, rel=0.04)
    assert found.cm3 - found.low == pytest.approx(BEND * lost, rel=0.04)
    assert not found.cut


@pytest.mark.parametrize(("axis", "spacing"), [(0, (2.0, 3.0, 1.5)), (1, (3.0, 2.0, 1.5)), (2, (1.5, 3.0, 2.0))])
def test_a_bend_along_one_axis_counts_wherever_the_dose_bends_there(axis, spacing):
    """A parabola along one axis of a grid with unlike spacings moves the surface by ``h² t (1 - t) / 2x``."""
    def dose(*xyz):
        return 40 - 0.1 * xyz[axis] ** 2 + 0 * xyz[0] + 0 * xyz[1] + 0 * xyz[2]

    field = field_of(grid_of(dose, spacing, 14))
    nodes = dose_nodes(field)
    found = isodose_volume(field, nodes, 40 - 0.1 * 6.5**2, territory())
    # the surface crosses the axis between nodes at 6 and 8: t from the chord of the parabola
    t = (6.5**2 - 36) / (64 - 36)
    sides = [float(n[-1] - n[0]) for n in (nodes.x_mm, nodes.y_mm, nodes.z_mm)]
    face = float(np.prod(sides)) / sides[axis] / 1000
    x = 6 + 2 * t
    assert found.cm3 == pytest.approx(2 * x * face, rel=1e-6)
    # what cubic interpolation adds, over the slope of the chord
    moved = 0.1 * 4 * t * (1 - t) / (0.1 * (64 - 36) / 2)
    assert found.high - found.cm3 == pytest.approx(BEND * 2 * moved * face, rel=1e-3)


def test_a_neighbour_halves_volume_and_bend():
    """Half way between two targets a ball of dose is cut: half its volume and half its bend are left."""
    radius, spacing = 12.0, 2.0
    cut = Territory(body(sphere(5), (-9.0, 0, 0), 0.5), (body(sphere(5), (9.0, 0, 0), 0.5),))
    found = measured(bowl, 60 - 0.05 * radius**2, cut, spacing, shift=(1.0, 0.1, -0.4))
    lost = np.pi * radius * spacing**2 / 2000
    exact = 2 / 3 * np.pi * radius**3 / 1000 - lost
    assert found.cm3 == pytest.approx(exact, rel=0.004)
    # and what is left open by the points that count divided cells
    assert 0.95 * BEND * lost < found.high - found.cm3 < 1.25 * BEND * lost
    assert found.outside_cm3 == 0


def test_what_lies_outside_the_patient_bounds_the_volume_from_above_only():
    """A patient that holds half of a ball of dose: half is the value, the other half is only in the upper bound."""
    radius, spacing = 12.0, 2.0
    skin = body(box(20, 20, 20), (0.0, 0.0, -20.0))
    found = measured(bowl, 60 - 0.05 * radius**2, territory(external=skin), spacing, shift=(0.3, 0.1, 1.0))
    lost = np.pi * radius * spacing**2 / 2000
    half = 2 / 3 * np.pi * radius**3 / 1000 - lost
    assert (found.cm3, found.outside_cm3) == pytest.approx((half, half), rel=0.01)
    doubt = found.cm3 - found.low
    assert 0.95 * BEND * lost < doubt < 1.25 * BEND * lost
    assert found.high == pytest.approx(found.cm3 + found.outside_cm3 + doubt, abs=1e-12)


def even(x, y, z):
    """50 Gy everywhere."""
    return 50.0 + 0 * x + 0 * y + 0 * z


@pytest.mark.parametrize("offset", [0.0, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8])
def test_a_skin_along_the_grid_divides_cells_within_the_interval(offset):
    """Of a patient whose faces lie anywhere between dose planes the volume is known within the interval, to 1 %."""
    found = measured(even, 40.0, territory(external=body(box(9, 9, 9), (offset, 0.0, 0.0))), shift=(0.0, 0.0, 0.0))
    exact = 18.0**3 / 1000
    doubt = found.cm3 - found.low
    assert abs(found.cm3 - exact) <= doubt
    assert abs(found.cm3 - exact) < 5e-3 * exact
    assert 2e-3 * exact < doubt < 1.5e-2 * exact


@pytest.mark.parametrize("offset", [0.0, 0.3, 0.7, 1.1, 1.6])
def test_a_surface_of_dose_cut_by_the_skin_is_within_the_interval(offset):
    """A slab of dose that ends between dose planes, cut by the patient: what is left of it lies in the interval."""
    skin = body(box(9, 9, 9), (offset, offset / 2, 0.0))
    found = measured(lambda x, y, z: 30 - 2 * z + 0 * x + 0 * y, 29.1, territory(external=skin), shift=(0.0, 0.0, 0.0))
    exact = 18.0 * 18.0 * 9.45 / 1000
    assert found.low <= exact <= 2 * found.cm3 - found.low
    assert abs(found.cm3 - exact) < 6e-3 * exact


def test_half_way_between_targets_cells_are_divided_within_the_interval():
    """A border between two targets that lies along the grid leaves each its half of an even dose."""
    for offset in (0.0, 0.25, 0.5, 0.75):
        skin = body(box(9, 9, 9), (offset, 0.0, 0.0))
        one, other = (body(sphere(4), (offset + side, 0.0, 0.0), 0.5) for side in (-5.0, 5.0))
        found = measured(even, 40.0, Territory(one, (other,), skin), shift=(0.0, 0.0, 0.0))
        assert abs(found.cm3 - 18.0**3 / 2000) <= found.cm3 - found.low


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_rounding_of_the_dose_moves_a_plane_both_ways(axis):
    """In a dose that falls by 2 Gy/mm a rounding of 1 Gy moves the surface by half a millimetre to either side."""
    def dose(*xyz):
        return 30 - 2 * xyz[axis] + 0 * xyz[0] + 0 * xyz[1] + 0 * xyz[2]

    skin = body(box(9, 9, 9))
    found = measured(dose, 27.0, territory(external=skin), error=1.0, half=14)
    assert found.cm3 == pytest.approx((9 + 1.5) * 18 * 18 / 1000, rel=0.02)
    plain = measured(dose, 27.0, territory(external=skin), half=14)
    assert found.cm3 == plain.cm3
    assert plain.low - found.low == pytest.approx(0.5 * 18 * 18 / 1000, rel=0.1)
    # above, the part outside the patient counts as well
    assert found.high - plain.high > 0.5 * 18 * 18 / 1000


def test_a_dose_at_its_limit_counts():
    """Cells whose nodes have exactly the dose are inside, whole; a dose a billionth of it short as well."""
    def flat(x, y, z):
        return np.where(np.abs(x) < 7, 30.0, 0.0) + 0 * y + 0 * z

    skin = body(box(8, 8, 8))
    found = measured(flat, 30.0, territory(external=skin), shift=(0.0, 0.0, 0.0), half=12)
    assert found.cm3 == pytest.approx(12 * 16 * 16 / 1000, rel=0.02)
    nearly = measured(flat, 30.0 * (1 + 5e-10), territory(external=skin), shift=(0, 0, 0), half=12)
    assert nearly.cm3 == pytest.approx(found.cm3)
    assert measured(flat, 30.0 * (1 + 1e-6), territory(external=skin), shift=(0, 0, 0), half=12).cm3 < 0.01


def test_no_dose_reaches_a_limit_above_all():
    """Above the highest dose there is no volume, no doubt and no edge."""
    found = measured(bowl, 61.0)
    assert (found.cm3, found.low, found.high, found.outside_cm3, found.cut) == (0, 0, 0, 0, False)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("sense", [1, -1])
def test_an_isodose_that_leaves_the_grid_anywhere_is_cut(axis, sense):
    """A cloud that reaches one face of the grid is cut there; not where that is outside the patient or another's."""
    far = np.zeros(3)
    far[axis] = sense * 16.0

    def dose(x, y, z):
        return np.maximum(40 - ((x - far[0]) ** 2 + (y - far[1]) ** 2 + (z - far[2]) ** 2) / 4, 0)

    assert measured(dose, 30.0, half=14, shift=(0, 0, 0)).cut
    assert not measured(dose, 30.0, half=24, shift=(0, 0, 0)).cut
    inner = body(box(9, 9, 9))
    assert not measured(dose, 30.0, territory(external=inner), half=14, shift=(0, 0, 0)).cut
    other = body(sphere(5), tuple(far.tolist()))
    assert not measured(dose, 30.0, territory([other]), half=14, shift=(0, 0, 0)).cut
    half = [20.0 if a == axis else 10.0 for a in range(3)]
    beside = tuple(0.0 if a == axis else 10.0 for a in range(3))
    assert measured(dose, 30.0, territory(external=body(box(*half), beside)), half=14, shift=(0, 0, 0)).cut
    # a rounding that makes the edge reach the dose cuts too
    assert not measured(dose, 41.0, half=14, shift=(0, 0, 0)).cut
    assert measured(dose, 41.0, half=14, shift=(0, 0, 0), error=3.0).cut


def test_unknown_dose_inside_the_lattice_is_an_edge():
    """Where a second grid ends inside the first the sum is unknown; a cloud that reaches there is cut."""
    wide, narrow = grid_of(bowl, 2.0, 20), grid_of(bowl, 2.0, 9)
    field = field_of(wide, narrow)
    nodes = dose_nodes(field)
    assert not nodes.exact
    assert isodose_volume(field, nodes, 2 * (60 - 0.05 * 16**2), territory()).cut
    assert not isodose_volume(field, nodes, 2 * (60 - 0.05 * 6**2), territory()).cut


@pytest.mark.parametrize("share", [0.2, 0.35, 0.5])
def test_one_hot_node_has_the_volume_under_a_hyperbola(share):
    """About a lone hot node the dose is x y z in each of eight cells: 1 - c + c ln c - c (ln c)² / 2 of each is hot."""
    def lone(x, y, z):
        return np.where((np.abs(x) < 1) & (np.abs(y) < 1) & (np.abs(z) < 1), 50.0, 0.0)

    log = np.log(share)
    exact = 8 * (1 - share + share * log - share * log * log / 2) * (2 * 3 * 2.5) / 1000
    found = measured(lone, 50 * share, spacing=(2.0, 3.0, 2.5), shift=(0, 0, 0), half=8)
    assert found.cm3 == pytest.approx(exact, rel=0.02)
    assert 0 <= found.low < exact < found.high < 8 * 15 / 1000 * 2
    assert measured(lone, 50 * share, spacing=(2.0, 3.0, 2.5), shift=(0, 0, 0), half=8, error=40.0).low == 0


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("sense", [1, -1])
def test_a_border_across_the_dose_divides_the_cell_of_the_isodose(axis, sense):
    """The isodose at 7.6 mm and the skin at 6.8 mm lie in one cell: 0.8 mm between them are inside, the rest is not."""
    def dose(*xyz):
        return 30 - 2 * sense * xyz[axis] + 0 * xyz[0] + 0 * xyz[1] + 0 * xyz[2]

    half, centre = [8.0, 8.0, 8.0], [0.0, 0.0, 0.0]
    half[axis], centre[axis] = 10.0, sense * 16.8
    skin = body(box(*half), tuple(centre), 0.5)
    field = field_of(grid_of(dose, 2.0, 8))
    nodes = dose_nodes(field)
    found = isodose_volume(field, nodes, 30 - 2 * 7.6, territory(external=skin))
    assert found.cm3 == pytest.approx(0.8 * 16 * 16 / 1000, rel=1e-6)
    side = float(nodes.x_mm[-1])
    assert found.cm3 + found.outside_cm3 == pytest.approx((side / 2 + 7.6) * side * side / 1000, rel=1e-6)


def test_grids_shifted_against_each_other_leave_a_small_doubt():
    """The sum of two shifted grids is read on nodes twice as dense; what that changes is all that it adds to doubt."""
    one, two = (grid_of(lambda *xyz: bowl(*xyz) / 2, 2.0, 18, (s, s, s)) for s in (0.0, 0.7))
    field = field_of(one, two)
    radius, lost = 12.0, np.pi * 12.0 * 4 / 1000
    found = isodose_volume(field, dose_nodes(field), 60 - 0.05 * radius**2, territory())
    assert found.cm3 == pytest.approx(4 / 3 * np.pi * radius**3 / 1000 - lost, abs=0.4 * lost)
    assert BEND * lost * 0.9 < found.high - found.cm3 < BEND * lost * 2
    assert found.cm3 - found.low == pytest.approx(found.high - found.cm3)


def test_parcels_asked_twice_say_the_same():
    """What is known of cells from one isodose volume serves the next: the same numbers as without."""
    field = field_of(grid_of(bowl, 3.0, 14, (0.3, 0.1, -0.4)))
    nodes = dose_nodes(field)
    where = territory([body(sphere(4), (14.0, 0, 0))], body(box(14, 11, 14)))
    shared = Parcels(nodes, where)
    for least in (50.0, 56.0):
        alone = isodose_volume(field, nodes, least, where, 0.1)
        assert isodose_volume(field, nodes, least, where, 0.1, shared) == alone
