"""What contours themselves say of the extreme doses: in the solid for certain, edges and tips between planes."""

from dataclasses import replace

import numpy as np
import pytest

from rtcheck.dvh.drawn import Drawn, drawn_doses, drawn_range
from rtcheck.dvh.extremes import grid_lines, nodes_inside
from rtcheck.dvh.local import dose_about
from rtcheck.geometry.ends import end_tips
from rtcheck.geometry.prisms import prisms_of
from rtcheck.geometry.solid import Combination, Leaf
from rtcheck.geometry.variants import leaves_of, variants_of
from tests.analytic.phantoms import DOSES, box, circle, field_of, grid_of, roi_of, sphere
from tests.geometry.contours import at, on_planes, roi_of_rings, square
from tests.geometry.shapes import stack_of


def drawn_of(solid, field):
    leaves = leaves_of(solid)
    prisms = prisms_of(solid, leaves, variants_of(leaves))
    local = dose_about(field, leaves[0].stack.axes, np.full(3, -40.0), np.full(3, 40.0))
    lines = grid_lines(local)
    return drawn_doses(leaves, prisms, local, lines, nodes_inside(prisms, lines))


def range_of(solid, field):
    drawn = drawn_of(solid, field)
    return drawn_range(drawn, drawn.dose_gy.sum(axis=0))


def on_edges(w, dose, reach=(0.0, 0.0)):
    """The range of doses that are on the contours of planes, one dose each."""
    count = len(w)
    drawn = Drawn(np.array([dose]), np.arange(count), np.ones(count, dtype=bool), np.array(w, dtype=float), reach)
    return drawn_range(drawn, drawn.dose_gy[0])


def test_contours_are_in_the_solid():
    """A sphere's extremes are at least those on its contours at most a little beyond: no plane has its equator."""
    stack = stack_of(roi_of(sphere(12), 2.5, 0.5))
    found = range_of(Leaf(stack), field_of(grid_of(DOSES["along x"], 2.0, 20)))
    widest = 0.8 * np.sqrt(12**2 - np.abs(stack.planes_mm).min() ** 2)
    assert (found.coldest, found.hottest) == pytest.approx((50 - widest, 50 + widest), abs=2e-3)
    assert found.hottest < 50 + 0.8 * 12 < found.highest < 50 + 0.8 * 12 + 0.2
    assert found.lowest < 50 - 0.8 * 12 < found.coldest


def test_an_edge_between_two_planes():
    """Where sections grow from both sides in steps the edge is where the lines meet, and no further."""
    wedge = [at(circle(10 - abs(z - 0.9), 360), z) for z in np.arange(-8, 9, 2.0)]
    found = range_of(Leaf(stack_of(roi_of_rings(wedge))), field_of(grid_of(DOSES["along x"], 2.0, 20)))
    assert found.highest == pytest.approx(50 + 0.8 * 10, abs=0.02)
    assert found.lowest == pytest.approx(50 - 0.8 * 10, abs=0.02)
    assert found.hottest == pytest.approx(50 + 0.8 * 9.1, abs=2e-3)


def test_tips_beyond_the_last_planes():
    """Beyond the first and the last plane the dose goes on as between the last two, as far as the solid may reach."""
    stack = stack_of(roi_of(sphere(12), 2.5, 0.4))
    low, high = end_tips(stack)
    found = range_of(Leaf(stack), field_of(grid_of(DOSES["along z"], 2.0, 20)))
    assert found.highest == pytest.approx(50 + 0.8 * (stack.planes_mm[-1] + high.reach[2]), abs=1e-3)
    assert found.lowest == pytest.approx(50 + 0.8 * (stack.planes_mm[0] - low.reach[2]), abs=1e-3)
    assert found.hottest == pytest.approx(50 + 0.8 * stack.planes_mm[-1], abs=1e-3)
    assert found.coldest == pytest.approx(50 + 0.8 * stack.planes_mm[0], abs=1e-3)


def test_two_planes_and_one():
    """Two planes lead beyond both of them, and to nothing between; a single one to nothing at all."""
    assert on_edges([0, 2], [10, 14], (1, 1)).highest == 16
    assert on_edges([0, 2], [10, 14], (1, 1)).lowest == 8
    assert on_edges([0, 2], [10, 14]).highest == 14
    one = on_edges([3], [10], (5, 5))
    assert (one.coldest, one.hottest, one.lowest, one.highest) == (10, 10, 10, 10)


def test_one_side_tells_of_its_own_half():
    """Between the first two planes only the other side leads anywhere: half the way, not down to the first plane."""
    assert on_edges([0, 2, 4], [10, 14, 10]).highest == pytest.approx(16, abs=0.05)
    assert on_edges([0, 2, 4], [10, 14, 10]).highest < 16
    assert on_edges([0, 2, 4], [14, 10, 14]).lowest == pytest.approx(8, abs=0.05)
    assert on_edges([0, 2, 4, 6], [10, 12, 12, 10]).highest == pytest.approx(13, abs=0.05)


def test_nothing_is_read_across_a_missing_slice():
    """Over a gap two rising sides lead to no edge."""
    assert on_edges([0, 2, 4, 9, 11, 13], [10, 11, 12, 12, 11, 10]).highest < 12.6
    assert on_edges([0, 2, 4, 6, 8, 10], [10, 11, 12, 12, 11, 10]).highest == pytest.approx(12.5, abs=0.05)


def test_unknown_doses_say_nothing():
    """A plane whose dose is unknown is left out; with none known there is no range."""
    assert on_edges([0, 2, 4, 6], [np.nan, 12.0, 11.0, 10.0], (1, 0)).highest == 12.5
    assert np.isnan(on_edges([0, 2], [np.nan, np.nan]).hottest)


def hot_in_the_middle(field_doses):
    return field_of(*(grid_of(dose, 2.5, 20) for dose in field_doses))


PEAK = lambda x, y, z: 30 + 20 * np.exp(-(x * x + y * y + z * z) / 60)  # noqa: E731
FLAT = lambda x, y, z: 5 + 0 * (x + y + z)  # noqa: E731


@pytest.mark.parametrize("doses", [(PEAK,), (PEAK, FLAT)], ids=["one grid", "two grids"])
def test_the_dose_within_the_contours_counts(doses):
    """The hottest place may lie within the contours, whether one grid or a sum of several holds the dose."""
    found = range_of(Leaf(stack_of(roi_of(box(10, 10, 10), 2.5, 0.5))), hot_in_the_middle(doses))
    assert found.hottest == pytest.approx(50 + 5 * (len(doses) - 1), abs=2.6)
    assert found.coldest < 32 + 5 * (len(doses) - 1)


def test_contours_beyond_the_grid_and_cells_without_nodes():
    """Planes above the grid have no dose, and contours that hold no node only that of their edge."""
    tall = Leaf(stack_of(roi_of_rings(on_planes(square(1.0, 0.3, 0.3), np.arange(-60, 61, 2.0)))))
    drawn = drawn_of(tall, field_of(grid_of(DOSES["along z"], 2.5, 20)))
    assert np.isnan(drawn.dose_gy[0][drawn.plane == 0]).all()
    assert np.isnan(drawn.dose_gy[0][~drawn.edge]).all()
    # cut by the grid, at 25 mm
    assert drawn_range(drawn, drawn.dose_gy[0]).hottest == pytest.approx(50 + 0.8 * 24, abs=1e-3)


def test_an_expression_has_the_contours_that_are_left_of_it():
    """Of A - B only what is left of A on each plane counts, and it reaches no further than its planes."""
    a, b = (Leaf(stack_of(roi_of(box(*half), 2.5, 0.5))) for half in ((10, 10, 10), (5, 30, 30)))
    field = field_of(grid_of(DOSES["along x"], 2.5, 40))
    drawn = drawn_of(Combination("&", a, b), field)
    found = drawn_range(drawn, drawn.dose_gy[0])
    assert (found.coldest, found.hottest) == pytest.approx((46, 54), abs=1e-3)
    assert drawn.reach_mm == (0.0, 0.0)
    none = drawn_of(Combination("&", a, Leaf(stack_of(roi_of(box(1, 1, 5), 2.5, 0.5, (30.0, 0, 0))))), field)
    assert none.dose_gy.shape == (1, 0)
    assert np.isnan(drawn_range(none, none.dose_gy[0]).coldest)


def test_before_a_corner_nearly_the_whole_way_counts():
    """Where an end may be a corner or cut aslant the other side leads almost to the end's plane; else half the way."""
    dose, w = np.array([[9.0, 12.0, 10.0, 8.0]]), 2.0 * np.arange(4)
    drawn = Drawn(dose, np.arange(4), np.ones(4, dtype=bool), w, (0.0, 0.0))
    flat = drawn_range(drawn, drawn.dose_gy[0])
    one, other, both = (
        drawn_range(replace(drawn, corner=corner), drawn.dose_gy[0])
        for corner in ((True, False), (False, True), (True, True))
    )
    assert flat.highest == other.highest == pytest.approx(13, abs=0.02)
    assert one.highest == both.highest == pytest.approx(14, abs=0.06)
    assert flat.lowest == one.lowest == 8
    falling = drawn_range(replace(drawn, corner=(False, True)), -drawn.dose_gy[0][::-1])
    assert falling.lowest == pytest.approx(-14, abs=0.06)


@pytest.mark.parametrize(("rings", "corner", "more"), [
    (on_planes(square(10), range(0, 18, 3)), (False, False), (0.04, 0.04)),
    ([*on_planes(square(9), (0,)), *on_planes(square(10), range(3, 18, 3))], (True, False), (0.04, 0.04)),
    ([*on_planes(square(10), range(0, 15, 3)), *on_planes(square(9), (15,))], (False, True), (0.04, 0.04)),
])  # fmt: skip
def test_ends_that_are_cut_aslant(rings, corner, more):
    """A flat end may reach a little beyond the plane where nobody drew it, and a smaller one may be cut aslant."""
    drawn = drawn_of(Leaf(stack_of(roi_of_rings(rings))), field_of(grid_of(DOSES["along x"], 2.0, 20)))
    assert drawn.corner == corner
    assert drawn.reach_mm == pytest.approx(tuple(3.0 + each for each in more))
    assert drawn.hidden == 0


def test_of_expressions_nothing_is_known_beyond_the_planes():
    """The ends of structures that are joined are not those of the result."""
    one, other = (Leaf(stack_of(roi_of_rings(on_planes(square(10), (z, z + 3))))) for z in (0, 6))
    drawn = drawn_of(Combination("|", one, other), field_of(grid_of(DOSES["along x"], 2.0, 20)))
    assert (drawn.reach_mm, drawn.corner) == ((0.0, 0.0), (False, False))
