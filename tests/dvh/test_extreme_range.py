"""Between which doses the extremes of a solid lie, and when the dose grid is too coarse for its gradient."""

import numpy as np
import pytest

from rtcheck.dvh.conventions import structure_dose
from rtcheck.dvh.curve import DVH
from rtcheck.dvh.drawn import DrawnRange
from rtcheck.dvh.engine import sample_solid
from rtcheck.dvh.evaluate import evaluate
from rtcheck.dvh.extreme_range import bends_at_ends, extreme_range, within_surface
from rtcheck.dvh.metric import Metric
from rtcheck.dvh.noticed import bend_findings
from rtcheck.dvh.sampling import Samples
from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.solid import Leaf
from tests.analytic.phantoms import field_of, grid_of, interval, roi_of, sphere

NOTHING = DVH(np.zeros(0), np.zeros(0), np.nan, np.nan)


def even(low, high, n=101, total=10.0):
    dose = np.linspace(low, high, n)
    return DVH(dose, np.full(n, total / n), low, high)


def bell(x, y, z):
    """A smooth dose that falls to a fifth within 12 mm of its top."""
    return 50 * np.exp(-(x * x + y * y + z * z) / 90)


def dose_in(phantom, field, spacing, shift, model, planes=2.0):
    stack, _ = stack_contours(roi_of(phantom, planes, 0.4))
    grid = grid_of(field, spacing, max(phantom.extent) + 5, shift)
    return structure_dose(sample_solid("A", Leaf(stack), field_of(grid), model), None)


@pytest.mark.parametrize("model", ["prism", "shape"])
@pytest.mark.parametrize("shift", [0.0, 0.9, 1.25])
def test_the_top_between_grid_points_lies_in_the_interval(model, shift):
    """Half a voxel beside every grid point a hot spot is hotter than the grid says, by what its curvature makes it."""
    found = dose_in(sphere(8), bell, 2.5, (shift,) * 3, model)
    value, low, high = interval(found, "Max")
    assert low <= value <= 50 + 1e-6
    assert high >= 50 - 1e-6
    if shift == 1.25:
        assert 50 - value == pytest.approx(50 * (1 - np.exp(-3 * 1.25**2 / 90)), abs=0.01)
        assert high - low < 4 * (50 - value)


@pytest.mark.parametrize("model", ["prism", "shape"])
@pytest.mark.parametrize("radius", [9.0, 15.0])
def test_the_least_dose_of_a_concentric_sphere_lies_in_the_interval(model, radius):
    """Where all of a surface has the same dose the least found is always a little too low; the interval knows."""
    exact = 60 - 0.02 * radius**2
    found = dose_in(sphere(radius), lambda x, y, z: 60 - 0.02 * (x * x + y * y + z * z), 2.0, (0.3, 0.1, -0.4), model)
    _, low, high = interval(found, "Min")
    assert low - 0.025 <= exact <= high + 0.025


def test_bends_at_the_ends_are_those_of_the_ends():
    """A bend among the hottest raises the maximum, one in the middle moves neither end."""
    dose = np.linspace(10.0, 20.0, 400)
    bend = np.where(dose > 19.9, 0.3, 0.0) + np.where(np.abs(dose - 15) < 1, -2.0, 0.0)
    value = DVH(dose, np.ones(400), 10.0, 20.0)
    assert bends_at_ends(value, (np.nan, np.nan), dose, dose + bend) == pytest.approx((0, 0, 0, 0.3))
    within = bends_at_ends(value, (15.0, 20.0), dose, dose + bend)
    assert within == pytest.approx((-2.0, 0, 0, 0.3))
    assert bends_at_ends(value, (10.0, 20.0), np.zeros(0), np.zeros(0)) == (0.0, 0.0, 0.0, 0.0)


def test_a_top_elsewhere_counts():
    """A place that only cubic interpolation makes the hottest raises the maximum by what it is above it."""
    dose = np.linspace(10.0, 20.0, 400)
    bent = dose.copy()
    bent[300] = 21.0
    assert bends_at_ends(DVH(dose, np.ones(400), 10.0, 20.0), (np.nan, np.nan), dose, bent)[3] == pytest.approx(1.0)


def test_the_range_spans_conventions_and_bends():
    """One and a half times the bends are added to the envelope, and a trace of the range; nothing known has none."""
    found = extreme_range([even(10, 20), NOTHING, even(11, 22)], (10.5, 19.0), (-1.0, 0.0, 0.0, 2.0))
    trace = 3e-4 * (22 - 10)
    assert np.allclose(found, ((8.5 - trace, 11.0 + trace), (19.0 - trace, 25.0 + trace)))
    assert extreme_range([NOTHING], (np.nan, np.nan), (0.0, 0.0, 0.0, 0.0)) is None
    assert extreme_range([even(1, 2)], (np.nan, np.nan), (-9.0, 0.0, -9.0, 0.0)) == ((0.0, 1.0003), (0.0, 2.0003))


def test_the_range_holds_what_the_contours_say():
    """The extremes on the contours and those between them are in the range; contours that say nothing add nothing."""
    drawn = DrawnRange(coldest=12.0, hottest=18.0, lowest=9.0, highest=23.0)
    found = extreme_range([even(10, 20)], (np.nan, np.nan), (0.0,) * 4, drawn)
    assert np.allclose(found, ((9.0, 12.0), (18.0, 23.0)), atol=5e-3)
    silent = extreme_range([even(10, 20)], (np.nan, np.nan), (0.0,) * 4, DrawnRange(*(np.nan,) * 4))
    assert silent == extreme_range([even(10, 20)], (np.nan, np.nan), (0.0,) * 4)


def test_samples_outside_the_surface_are_a_few():
    """Extremes of the shape are those of its surface, or what one per cent of the volume says where that is further."""
    assert within_surface(even(10, 20), np.array([10.5, 19.9])) == pytest.approx((10.0, 20.0), abs=0.11)
    low, high = within_surface(even(10, 20, 10_001), np.array([12.0, 15.0]))
    assert (low, high) == pytest.approx((10.1, 19.9), abs=0.003)
    assert np.isnan(within_surface(even(10, 20), np.zeros(0))).all()
    assert np.isnan(within_surface(NOTHING, np.array([1.0]))).all()


def samples_of(dose):
    return Samples(np.asarray(dose)[None, :], np.ones(len(dose)), np.ones(len(dose), dtype=np.int64), np.zeros((3, 0)))


@pytest.mark.parametrize(("moved", "highest", "said"), [(1.05, 50.0, True), (0.95, 50.0, False), (1.05, 300.0, False)])
def test_a_dose_that_the_grid_does_not_resolve_is_said(moved, highest, said):
    """RTD216 where cubic interpolation moves a metric by more than 2 % of the highest dose, or of a quarter of all."""
    samples = samples_of(np.linspace(30.0, 50.0, 500))
    found = bend_findings("PTV", samples, np.full((1, 500), moved), highest)
    assert [(item.code, item.severity, item.subject) for item in found] == ([("RTD216", "I", "PTV")] if said else [])
    assert all("1.05 Gy" in item.message for item in found)


def test_a_bend_at_one_place_is_not_said():
    """One sample that bends by more moves no metric by as much."""
    bend = np.zeros((1, 500))
    bend[0, 400] = 9.0
    assert bend_findings("PTV", samples_of(np.linspace(30.0, 50.0, 500)), bend, 50.0) == []


def test_a_penumbra_of_one_voxel_is_said_by_the_engine():
    """A dose that falls from 50 Gy to 5 Gy within a voxel at the rim of a target is RTD216; a gentle one is not."""
    stack, _ = stack_contours(roi_of(sphere(8), 2.0, 0.4))
    for width, codes in ((1.0, ["RTD216"]), (30.0, [])):

        def field(x, y, z, width=width):
            return 5 + 45 / (1 + np.exp((np.sqrt(x * x + y * y + z * z) - 7.5) / width))

        grid = grid_of(field, 2.5, 14)
        sampled = sample_solid("PTV", Leaf(stack), field_of(grid))
        assert [item.code for item in sampled.findings] == codes


def test_a_margin_of_extremes_is_in_per_cent_where_asked():
    """The range of the maximum is converted as its value is."""
    found = dose_in(sphere(8), bell, 2.5, (1.25,) * 3, "prism")
    gray, percent = (evaluate(found, Metric("Max", None, "", unit), 50.0) for unit in ("Gy", "%"))
    assert (percent.low, percent.high) == pytest.approx((2 * gray.low, 2 * gray.high))
