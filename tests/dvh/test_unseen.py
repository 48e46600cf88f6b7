"""What few contour planes leave open."""

import numpy as np
import pytest

from rtcheck.dvh.conventions import structure_dose
from rtcheck.dvh.curve import DVH
from rtcheck.dvh.engine import sample_solid
from rtcheck.dvh.local import dose_about, local_dose
from rtcheck.dvh.sampling import Samples
from rtcheck.dvh.unseen import bulge_mm, bulge_share, rounded, surface_slope
from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.solid import Leaf
from tests.analytic.phantoms import DOSES, cylinder, field_of, grid_of, interval, roi_of

LABELS = {"surface further out", "surface further in"}


def on_planes(count, step=2.5):
    """A cylinder on `count` planes."""
    return stack_contours(roi_of(cylinder(10, count * step / 2), step, 0.5))[0]


def sampled(count, dose="along x", model="shape"):
    stack = on_planes(count)
    field = field_of(grid_of(DOSES[dose], 2.0, 20))
    return structure_dose(sample_solid("A", Leaf(stack), field, model), None)


@pytest.mark.parametrize(("count", "expected"), [(2, 2.5 / 8), (3, 2.5 / 12), (4, 2.5 / 16), (5, 0.0), (12, 0.0)])
def test_bulge_is_the_sagitta_of_a_round_solid(count, expected):
    """A wall between n planes of distance h stands out by about h / 4n; five planes or more leave nothing open."""
    bulge = bulge_mm(on_planes(count))
    assert bulge == pytest.approx(expected, rel=0.08)
    # the arc whose radius is half the height of n planes, over the chord between two of them
    radius = count * 2.5 / 2
    assert count >= 5 or (radius - bulge) ** 2 + 1.25**2 == pytest.approx(radius**2)


@pytest.mark.parametrize("model", ["shape", "prism"])
def test_two_planes_leave_the_slope_over_the_bulge_open(model):
    """In a linear dose D98 and D2 of two planes are open by the slope times the bulge on either side, D50 is not."""
    found = sampled(2, model=model)
    for name in ("D98", "D2"):
        value, low, high = interval(found, name)
        for side in (value - low, high - value):
            assert 0.9 * 0.8 * 2.5 / 8 < side < 1.3 * 0.8 * 2.5 / 8
    value, low, high = interval(found, "D50")
    assert high - low < 0.1


@pytest.mark.parametrize("model", ["shape", "prism"])
def test_enough_planes_leave_the_interval_alone(model):
    """Readings with a moved surface exist for fewer than five planes only."""
    assert LABELS <= {label for label, _ in sampled(4, model=model).alternatives}
    assert not LABELS & {label for label, _ in sampled(5, model=model).alternatives}


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_two_contours_do_not_show_how_large_a_solid_is_between_them(count):
    """The volume of two planes may be larger by the bulge all around in every reading; of more or of one as drawn."""
    growth = bulge_share(on_planes(count))
    assert growth == pytest.approx(2 * bulge_mm(on_planes(2)) / 10 if count == 2 else 0.0, rel=2e-3)
    found = dict(sampled(count).alternatives)
    if count < 5:
        assert found["prism, surface further out"].total_cm3 == pytest.approx(found["prism"].total_cm3 * (1 + growth))
        assert found["prism, surface further in"].total_cm3 == pytest.approx(found["prism"].total_cm3)
        for ends in ("long ends", "prism, long ends", "short ends"):
            grown = found[ends].total_cm3 * (1 + growth)
            assert found[f"{ends}, surface further out"].total_cm3 == pytest.approx(grown)


def test_the_median_moves_a_little():
    """A solid may bulge on one side only: the median moves by a tenth of what the ends do, either way."""
    dose, volume = np.linspace(10.0, 20.0, 101), np.full(101, 0.1)
    samples = Samples(dose[None, :], volume, np.ones(101, dtype=np.int64), np.zeros((3, 0)))
    moved = dict(rounded(DVH(dose, volume, 10.0, 20.0), samples, np.full((1, 101), 2.0), (5,), None))
    out, inwards = moved["surface further out"].dose_gy, moved["surface further in"].dose_gy
    assert (out[50], inwards[50]) == pytest.approx((15.2, 14.8))
    assert (out[0], out[-1]) == pytest.approx((8.0, 22.0), abs=0.05)


def test_a_uniform_dose_stays_exact():
    """Where the dose does not change, a moved surface changes nothing."""
    assert interval(sampled(2, "uniform"), "D98")[1:] == pytest.approx((50.0, 50.0), rel=1e-12)


def test_doses_stay_positive_and_in_order():
    """A slope larger than the dose leaves doses of 0, ascending, with extremes no narrower than the samples."""
    dose, volume = np.linspace(0.0, 10.0, 50), np.full(50, 0.1)
    samples = Samples(dose[None, :], volume, np.ones(50, dtype=np.int64), np.zeros((3, 0)))
    for _, dvh in rounded(DVH(dose, volume, 0.0, 10.0), samples, np.full((1, 50), 3.0), (5,), None):
        assert dvh.minimum_gy <= dvh.dose_gy[0] and dvh.dose_gy[-1] <= dvh.maximum_gy
        assert np.all(np.diff(dvh.dose_gy) >= 0) and dvh.dose_gy[0] >= 0


def test_without_a_known_dose_no_surface_is_moved():
    """Where the dose of no sample is known there is no reading with a moved surface."""
    samples = Samples(np.full((1, 9), np.nan), np.ones(9), np.ones(9, dtype=np.int64), np.zeros((3, 0)))
    known = Samples(np.full((1, 9), 2.0), np.ones(9), np.ones(9, dtype=np.int64), np.zeros((3, 0)))
    assert rounded(DVH(np.full(9, 2.0), np.ones(9), 2.0, 2.0), samples, np.ones((1, 9)), (5,), None) == []
    assert rounded(DVH(np.zeros(0), np.zeros(0), 0.0, 0.0), known, np.ones((1, 9)), (5,), None) == []


def test_the_slope_at_the_surface_is_that_of_the_dose_in_the_plane():
    """What a linear dose changes within half a millimetre is half its slope in u and v; w does not matter."""
    field = field_of(grid_of(lambda x, y, z: 50 + 0.6 * x - 0.8 * y + 5 * z, 2.5, 10, scaling=1e-7))
    local = dose_about(field, np.eye(3), np.full(3, -5.0), np.full(3, 5.0))
    at = np.array([[0.0, 1.3], [2.0, -3.3], [1.0, 0.4]])
    samples = Samples(local_dose(local, *at), np.ones(2), np.ones(2, dtype=np.int64), at)
    assert surface_slope(local, samples, 0.5) == pytest.approx(np.full((1, 2), 0.5), abs=1e-5)


def test_where_the_dose_is_unknown_there_is_no_slope():
    """A sample outside the dose grid has no slope; at the grid's face the side that is known tells."""
    field = field_of(grid_of(lambda x, y, z: 50 + 0.6 * x + 0 * y + 0 * z, 2.5, 10, scaling=1e-7))
    edge = -field.parts[0].grids[0].geometry.origin_mm[0]
    local = dose_about(field, np.eye(3), np.full(3, -edge), np.full(3, edge))
    at = np.array([[edge + 5.0, edge], [0.0, 0.0], [0.0, 0.0]])
    samples = Samples(local_dose(local, *at), np.ones(2), np.ones(2, dtype=np.int64), at)
    assert surface_slope(local, samples, 0.5) == pytest.approx(np.array([[0.0, 0.3]]), abs=1e-5)
