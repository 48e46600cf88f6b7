import numpy as np
import pytest

from rtcheck.geometry.ends import (
    cut_ends,
    end_tips,
    hidden_share,
    jumps,
    plane_areas,
    plane_middles,
    plane_perimeters,
    prism_bounds,
    tip_profile,
)
from rtcheck.geometry.variants import LeafState
from tests.analytic.phantoms import box, circle, cone, roi_of, sphere, torus
from tests.geometry.contours import at, on_planes, roi_of_rings, square
from tests.geometry.shapes import stack_of


def test_areas_and_perimeters_count_holes():
    """A hole takes from the area and adds to the perimeter."""
    rings = on_planes(square(10), (0, 3)) + on_planes(square(4, 2, 2), (0,))
    stack = stack_of(roi_of_rings(rings))
    assert np.allclose(plane_areas(stack), [84, 100])
    assert np.allclose(plane_perimeters(stack), [56, 40])


@pytest.mark.parametrize("phantom", [sphere(11), torus(16, 7), cone(10, 22)], ids=lambda p: p.name)
@pytest.mark.parametrize("phase", [0.1, 0.5, 0.9])
def test_tip_of_a_closed_form_is_found(phantom, phase):
    """The upper end of a sphere, torus or cone is extrapolated to where it is, and lies in the reach."""
    stack = stack_of(roi_of(phantom, 2.0, phase))
    tip = end_tips(stack)[1]
    left = phantom.extent[2] - stack.planes_mm[-1]
    assert tip.tapered
    assert tip.reach[1] == pytest.approx(left, abs=0.02 * 2.0)
    assert tip.reach[0] <= left <= tip.reach[2]


def test_three_planes_tell_a_torus_from_a_sphere():
    """With three contours the way the section shrinks tells which law holds."""
    for phantom in (sphere(6.3), torus(16, 6.3)):
        stack = stack_of(roi_of(phantom, 4.5, 0.35))
        assert len(stack.planes_mm) == 3
        low, high = end_tips(stack)
        assert high.reach[1] == pytest.approx(6.3 - stack.planes_mm[-1], abs=0.1)
        assert low.reach[1] == pytest.approx(6.3 + stack.planes_mm[0], abs=0.1)


def test_flat_ends_range_from_nothing_to_a_spacing():
    """A flat end is half a spacing beyond its contour, at least at it and at most a spacing beyond."""
    tip = end_tips(stack_of(roi_of(box(5, 5, 10), 2.5, 0.5)))[0]
    assert not tip.tapered
    assert tip.reach == (0.0, 1.25, 2.5)
    assert np.array_equal(tip_profile(tip, 0, np.array([0.0, 1.0])), [1.0, 1.0])


def test_single_plane_reaches_from_a_trace_to_its_thickness():
    """One contour stands for a slab of the assumed thickness, read from a trace of it to twice as much."""
    tip, _ = end_tips(stack_of(roi_of_rings([at(square(10), 0)])))
    assert tip.reach == pytest.approx((0.0015, 1.5, 3.0))


def test_trend_of_a_growing_end_is_bounded():
    """However fast the last two contours grow, the shape beyond widens by at most a fifth per spacing."""
    stack = stack_of(roi_of_rings([at(circle(r), z) for r, z in ((20, 0), (8, 2), (7, 4), (6.5, 6))]))
    tip = end_tips(stack)[0]
    assert tip.trend == pytest.approx(0.1)
    assert tip.flare > 0


def test_missing_slice_at_the_end_leaves_it_flat():
    """Areas across a gap say nothing about the tip."""
    stack = stack_of(roi_of_rings([at(circle(r), z) for r, z in ((2, -9), (7, 0), (8, 2), (8.5, 4), (8.6, 6))]))
    tip = end_tips(stack)[0]
    assert not tip.tapered
    assert tip.trend == 0.0
    assert tip.reach == (0.0, 1.0, 2.0)


def test_prisms_meet_half_way_and_gaps_can_be_empty():
    """Prisms share the space between planes evenly; a missing slice left empty ends them half a spacing away."""
    stack = stack_of(roi_of_rings(on_planes(square(10), (0, 2, 4, 10, 12))))
    lower, upper = prism_bounds(stack, LeafState())
    assert np.allclose(lower, [-1, 1, 3, 7, 11])
    assert np.allclose(upper, [1, 3, 7, 11, 13])
    lower, upper = prism_bounds(stack, LeafState(empty=True))
    assert upper[2] == 5
    assert lower[3] == 9


def test_what_two_laws_say_about_a_tip_lies_in_its_reach():
    """Three contours leave open whether areas or their squares go with a parabola: the reach holds the ends of both."""
    for phantom in (sphere(6.3), torus(16, 6.3)):
        stack = stack_of(roi_of(phantom, 4.5, 0.35))
        tip = end_tips(stack)[1]
        w, areas = stack.planes_mm - stack.planes_mm[-1], plane_areas(stack)
        ends = [np.roots(np.polyfit(w, areas**power, 2)) for power in (1, 2)]
        ends = [min(float(root) for root in roots if root > 0) for roots in ends]
        assert abs(ends[0] - ends[1]) > 0.1
        assert tip.reach[0] <= min(ends)
        assert tip.reach[2] >= min(max(ends), 4.5)


def test_a_section_that_grows_thin_inwards_does_not_shrink_in_width():
    """Where the next contour is larger in area but narrower, areas themselves are extrapolated."""
    rings = [at(square(10), 0)]
    for z, (a, b) in ((2, (60, 4)), (4, (66, 5))):
        rings.append(at([[0, 0], [a, 0], [a, b], [0, b]], z))
    tip = end_tips(stack_of(roi_of_rings(rings)))[0]
    assert tip.tapered
    assert tip.power == 1.0
    # the parabola through 100, 240 and 330 mm² on planes 2 mm apart
    assert tip.reach[1] == pytest.approx(max(-np.roots(np.polyfit([0, 2, 4], [100, 240, 330], 2))), rel=1e-9)


@pytest.mark.parametrize("phantom", [sphere(11), sphere(24), torus(16, 7), box(8, 8, 9)], ids=lambda p: p.name)
def test_nothing_jumps_in_a_smooth_solid(phantom):
    """Areas that change from plane to plane as their neighbours do leave nothing open between them."""
    for phase in (0.1, 0.5, 0.9):
        assert np.max(jumps(stack_of(roi_of(phantom, 2.0, phase)))) < 0.12


def test_a_change_that_neighbours_do_not_show_may_be_anywhere_between():
    """A step is read at either plane: short, the small section goes on as far as that; long, the large one does."""
    rings = on_planes(square(10, -5, -5), (0, 3, 6)) + on_planes(square(30, -15, -15), (9, 12, 15))
    stack = stack_of(roi_of_rings(rings))
    assert np.allclose(jumps(stack), [0, 0, 1, 0, 0])
    for state, where in ((LeafState(), 7.5), (LeafState(-1, -1), 9), (LeafState(1, 1), 6)):
        lower, upper = prism_bounds(stack, state)
        assert upper[2] == lower[3] == pytest.approx(where, abs=0.05)
    # and the other way round, whichever end is read
    turned_over = stack_of(roi_of_rings([ring * (1, 1, -1) for ring in rings]))
    assert prism_bounds(turned_over, LeafState(-1, 1))[1][2] == pytest.approx(-9, abs=0.05)
    assert prism_bounds(turned_over, LeafState(1, -1))[1][2] == pytest.approx(-6, abs=0.05)


def test_small_changes_do_not_jump():
    """Contours that differ by less than a fifth of their area are drawn a little differently, that is all."""
    sizes = (10, 10, 10, 9.2, 9.2, 9.2)
    rings = [at(square(a, -a / 2, -a / 2)[:, :2], 3 * k) for k, a in enumerate(sizes)]
    assert not jumps(stack_of(roi_of_rings(rings))).any()


def test_a_single_plane_has_no_jumps():
    """There is nothing between one plane."""
    assert len(jumps(stack_of(roi_of_rings([at(square(10), 0)])))) == 0


def pyramid(base, tip, planes):
    """Squares that shrink evenly to a point."""
    sides = [base * (tip - z) / tip for z in planes]
    return stack_of(roi_of_rings([at(square(a, -a / 2, -a / 2)[:, :2], z) for a, z in zip(sides, planes)]))


def test_a_corner_reaches_as_far_as_one():
    """Where the areas follow no law of the contours the end may be a corner, whose sections shrink to a point."""
    planes = (0.0, 2.0, 4.0, 6.0)
    sides = (14.0, 14.0, 12.0, 5.0)
    rings = [at(square(a, -a / 2, -a / 2)[:, :2], z) for a, z in zip(sides, planes)]
    tip = end_tips(stack_of(roi_of_rings(rings)))[1]
    assert tip.corner
    # the sides of the last two shrink by 7 in 2 mm: 5 more take 1.43 mm
    assert tip.reach[2] == pytest.approx(10 / 7 + 0.2, abs=1e-6)
    assert not end_tips(stack_of(roi_of(sphere(11), 2.0, 0.4)))[1].corner


def test_to_a_corner_the_area_may_fall_as_its_square():
    """Between the last two planes of a corner the mean area is the pyramid's at the least, in the short reading."""
    stack = pyramid(20.0, 10.3, (0.0, 2.0, 4.0, 6.0, 8.0, 10.0))
    assert end_tips(stack)[1].corner
    short = prism_bounds(stack, LeafState(-1, -1))
    small, large = plane_areas(stack)[[-1, -2]]
    volume = (short[1][-2] - 8) * large + (10 - short[0][-1]) * small
    exact = 2 * (large + small + np.sqrt(large * small)) / 3
    assert volume == pytest.approx(exact, rel=0.03)
    assert volume < 2 * (large + small) / 2


def test_the_middle_of_a_plane_leaves_out_its_holes():
    """The centroid of a square is its middle; a hole to one side moves it to the other, by what is left of the area."""
    rings = on_planes(square(10), (0, 3)) + on_planes(square(4, 5, 3), (0,))
    middles = plane_middles(stack_of(roi_of_rings(rings)))
    assert np.allclose(middles, [[(100 * 5 - 16 * 7) / 84, 5], [5, 5]])


def slanted(shift, planes=np.arange(-8.0, 9.0, 2.0), radius=9.0):
    """A ball whose sections lie aside of each other as `shift` says of each w."""
    rings = [at(circle(np.sqrt(radius**2 - z * z)) + np.array([shift(z), 0.0]), z) for z in planes]
    return stack_of(roi_of_rings(rings))


def test_an_end_that_begins_to_lean_may_be_the_rim_of_a_slanted_face():
    """A body that leans all along reaches as far as its areas tell; where it begins to lean it may reach further."""
    upright, leaning = (end_tips(slanted(shift))[1] for shift in (lambda z: 0.0, lambda z: 1.5 * z))
    assert not upright.corner
    assert not leaning.corner
    assert leaning.reach == pytest.approx(upright.reach)
    rim = end_tips(slanted(lambda z: max(z - 6.0, 0.0)))[1]
    assert rim.corner
    assert rim.reach[2] > upright.reach[2]
    assert rim.reach[1] == pytest.approx(upright.reach[1])
    low = end_tips(slanted(lambda z: max(-6.0 - z, 0.0)))[0]
    assert low.corner


def test_two_planes_show_nothing_of_a_change():
    """Between two planes that differ much either section may go on all the way, between two that are alike not."""
    assert jumps(stack_of(roi_of_rings([at(square(10), 0), at(square(6), 3)]))).tolist() == [1]
    assert jumps(stack_of(roi_of_rings([at(square(10), 0), at(square(9.5), 3)]))).tolist() == [0]


def test_three_planes_that_lean_may_end_in_a_corner():
    """Of three planes whose middles turn aside both ends may be corners; of three in a row neither."""

    def three(aside):
        return stack_of(roi_of_rings([at(circle(4) + np.array([aside, 0]), 0), at(circle(8), 3), at(circle(5), 6)]))

    assert [tip.corner for tip in end_tips(three(2.0))] == [True, True]
    assert [tip.corner for tip in end_tips(three(0.0))] == [False, False]


def test_what_is_hidden_is_what_jumps_next_to_a_corner():
    """Of a box that ends in a sliver a large share is hidden; of one with upright ends, or of a ball, nothing is."""
    box_of = [at(square(10), z) for z in range(0, 15, 3)]
    sliver = np.array([[0, 0], [10, 0], [10, 0.5], [0, 0.5]])
    stack = stack_of(roi_of_rings([*box_of, at(sliver, 15)]))
    assert any(tip.corner for tip in end_tips(stack))
    # all of the change from 100 to 5 mm² within 3 mm, and nothing of the upright end
    volume = 100 * 1.5 + 4 * 300 + 52.5 * 3 + 5 * 1.5
    assert hidden_share(stack) == pytest.approx(jumps(stack)[-1] * 95 * 3 / volume)
    assert hidden_share(stack) > 0.1
    assert hidden_share(stack_of(roi_of_rings(box_of))) == 0
    assert hidden_share(stack_of(roi_of(sphere(9), 2.0, 0.3))) == 0
    assert hidden_share(stack_of(roi_of_rings([at(square(10), 0)]))) == 0


def test_an_end_cut_aslant_is_hidden_where_the_other_one_is_a_corner():
    """A last contour that is a little smaller, and no tip, hides what lies beyond it."""
    trimmed = np.array([[1, 0], [10, 0], [10, 10], [0, 10], [0, 1]])
    sliver = np.array([[0, 0], [10, 0], [10, 0.5], [0, 0.5]])
    walls = [at(square(10), z) for z in range(3, 15, 3)]
    upright, cut = (stack_of(roi_of_rings([at(first, 0), *walls, at(sliver, 15)])) for first in (square(10), trimmed))
    assert (cut_ends(upright), cut_ends(cut)) == ((False, False), (True, False))
    turned = stack_of(roi_of_rings([at(sliver, 0), *walls, at(trimmed, 15)]))
    assert cut_ends(turned) == (False, True)
    assert hidden_share(cut) == pytest.approx(hidden_share(turned))
    volume = 99.5 * 3 + (100 * 4 - 0.5) * 3
    assert hidden_share(cut) - hidden_share(upright) == pytest.approx(99.5 * 1.5 / volume, rel=0.2)
    assert cut_ends(stack_of(roi_of_rings([at(square(10), 0)]))) == (False, False)
