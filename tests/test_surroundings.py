"""Distances between structures, the nearest organ, and the places of extreme doses, on a check's bench."""

import numpy as np
import pytest

from rtcheck.measure import Bench, Problem, measure
from rtcheck.rules.resolve import BoundOperation, BoundROI
from rtcheck.surroundings import distance_between, nearest_of, place_of_extreme
from tests.analytic.phantoms import box, cylinder, field_of, grid_of, roi_of, sphere
from tests.geometry.contours import roi_of_rings

SLOPE = lambda x, y, z: 50 + 0.5 * x - 0.4 * y + 0.3 * z  # noqa: E731
MODELS = ("prism", "shape")


def bench(model="shape", extent=45):
    return Bench(field_of(grid_of(SLOPE, 2.5, extent)), model)


def bound(phantom, centre=(0.0, 0.0, 0.0), spacing=2.5, phase=0.5):
    return BoundROI(roi_of(phantom, spacing, phase, centre=centre))


@pytest.mark.parametrize("model", MODELS)
def test_the_interval_holds_the_true_distance(model):
    """Between spheres and cylinders the interval holds the true gap, and the value is near it."""
    where = bench(model)
    target = bound(sphere(12))
    cases = ((sphere(7), (25, 0, 0), 6), (sphere(7), (0, 15, 20), 6), (cylinder(5, 20), (0, 22, 3), 5))
    others = [(bound(other, centre), gap) for other, centre, gap in cases]
    for other, gap in others:
        found = distance_between(where, target, other)
        assert found.value.low - 0.1 <= gap <= found.value.high + 0.1
        assert found.value.value == pytest.approx(gap, abs=1.9 if model == "prism" else 0.3)
        assert np.linalg.norm(np.subtract(found.first_mm, found.second_mm)) == pytest.approx(found.value.value, abs=0.6)


@pytest.mark.parametrize("model", MODELS)
def test_overlap_is_a_negative_distance(model):
    """Where structures overlap the distance is minus the depth of the deepest point."""
    found = distance_between(bench(model), bound(sphere(8), (20, 0, 0)), bound(sphere(20)))
    assert found.value.low <= -8 <= found.value.high
    assert found.first_mm == found.second_mm


def test_the_nearest_organ_is_found_without_measuring_those_far_away():
    """The nearest of several organs is returned with its distance; a far one is never measured."""
    where = bench()
    organs = [
        ("far", bound(sphere(5), (-35, 0, 0))),
        ("near", bound(box(5, 5, 10), (20, 0, 0))),
        ("mid", bound(sphere(5), (0, 26, 0))),
    ]
    name, found = nearest_of(where, bound(sphere(10)), organs)
    assert name == "near"
    assert found.value.value == pytest.approx(5, abs=0.3)
    far = organs[0][1]
    assert not any(key[0] == (id(far.roi),) and key[1] == "shape" for key in where.slabs)


def test_an_organ_that_cannot_be_used_could_be_the_nearest():
    """One organ without contours makes the nearest unknown, and so does a target without any; none at all likewise."""
    empty = BoundROI(roi_of_rings([]))
    target = bound(sphere(10))
    other = bound(sphere(5), (20, 0, 0))
    assert isinstance(nearest_of(bench(), target, [("a", other), ("b", empty)]), Problem)
    assert isinstance(nearest_of(bench(), empty, [("a", target)]), Problem)
    assert nearest_of(bench(), target, []).code == "RTD806"


def test_what_cannot_be_compared_is_a_problem():
    """Empty expressions, unusable structures and planes that are not parallel are named, never measured."""
    where = bench()
    target, far = bound(sphere(10)), bound(sphere(5), (30, 0, 0))
    nothing = BoundOperation("&", target, far)
    assert distance_between(where, target, nothing).code == "RTD605"
    assert isinstance(distance_between(where, BoundROI(roi_of_rings([])), target), Problem)
    ring = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], dtype=float)
    sagittal = BoundROI(roi_of_rings([np.column_stack([np.full(4, x), ring]) for x in (0.0, 3, 6)]))
    assert distance_between(where, target, sagittal).code == "RTD306"
    assert distance_between(where, BoundOperation("|", target, sagittal), far).code == "RTD306"
    assert nearest_of(where, target, [("s", sagittal)]).code == "RTD306"
    assert place_of_extreme(where, nothing, "min").code == "RTD605"


def test_one_thin_reading_without_volume_does_not_hide_a_distance():
    """A single slice read short has hardly any volume; its distance is still measured."""
    disc = BoundROI(roi_of_rings([roi_of(cylinder(5, 5), 2.5, 0.5).contours.points_mm[:240]]))
    found = distance_between(bench(), disc, bound(sphere(8), (20, 0, 0)))
    assert isinstance(found, Problem) or found.value.value > 6


@pytest.mark.parametrize("model", MODELS)
def test_extremes_lie_where_the_dose_says(model):
    """On a slope the places of the extremes of a box are its corners, with the doses of Min and Max."""
    where = bench(model)
    target = bound(box(10, 8, 10), (3, -2, 5))
    dose = measure(where, "box", target, None).value
    low, high = place_of_extreme(where, target, "min"), place_of_extreme(where, target, "max")
    assert low.at_mm == pytest.approx((-7, 6, -5), abs=0.2)
    assert high.at_mm == pytest.approx((13, -10, 15), abs=0.2)
    assert low.dose_gy == pytest.approx(dose.minimum_gy, abs=0.1)
    assert high.dose_gy == pytest.approx(dose.maximum_gy, abs=0.1)
    assert low.whole


def test_the_place_in_a_tilted_stack_is_in_patient_coordinates():
    """Sagittal contours give a place in patient coordinates too."""
    ring = np.array([[-10, -10], [10, -10], [10, 10], [-10, 10]], dtype=float)
    sagittal = BoundROI(roi_of_rings([np.column_stack([np.full(4, x), ring]) for x in np.arange(-9, 10, 2.0)]))
    assert place_of_extreme(bench("prism"), sagittal, "max").at_mm == pytest.approx((10, -10, 10), abs=0.1)


def test_outside_the_grid_the_place_is_unknown():
    """Partly outside the dose grid the place found says so; wholly outside there is none."""
    small = bench(extent=20)
    partly, wholly = bound(sphere(10), (19, 0, 0)), bound(sphere(10), (60, 0, 0))
    assert not place_of_extreme(small, partly, "max").whole
    assert place_of_extreme(small, wholly, "max").code == "RTD601"
