"""The cumulative curve of one DVH: which volume receives a dose, and which dose a volume receives."""

import math

import numpy as np
import pytest

from rtcheck.dvh.cumulative import cumulative, curve_points, dose_to_hottest, forget_curves, volume_at_least
from tests.dvh.test_evaluate import make_dvh, ramp


def test_dose_and_volume_of_a_ramp():
    """Of 100 cm³ evenly between 0 and 100 Gy, 100 - D cm³ receive D, and the hottest V cm³ receive 100 - V."""
    curve = cumulative(ramp())
    for dose in (0.0, 12.3, 50.0, 99.99):
        assert volume_at_least(curve, dose) == pytest.approx(100 - dose)
        for cold in (False, True):
            assert dose_to_hottest(curve, 100 - dose, cold=cold) == pytest.approx(dose, abs=1e-9)
    assert volume_at_least(curve, 100.1) == 0
    assert volume_at_least(curve, -1.0) == pytest.approx(100)
    assert curve.mean == pytest.approx(50)


def test_more_than_there_is_receives_the_minimum():
    """Asked for more volume than the structure has, or for none, the dose is the minimum or the maximum."""
    curve = cumulative(make_dvh([10.0, 20.0, 30.0], minimum=8.0, maximum=33.0))
    for cold in (False, True):
        assert dose_to_hottest(curve, 3.5, cold=cold) == 8
        assert dose_to_hottest(curve, 0.0, cold=cold) == 33


def test_at_a_step_the_hot_side_and_the_cold_side_differ():
    """Of two plateaus of 1 cm³, the hottest cubic centimetre receives the upper dose, all but the coldest the lower."""
    curve = cumulative(make_dvh([10.0, 10.0, 40.0, 40.0], [0.5, 0.5, 0.5, 0.5]))
    assert dose_to_hottest(curve, 1.0, cold=False) == 40
    assert dose_to_hottest(curve, 1.0, cold=True) == 10
    assert dose_to_hottest(curve, 0.7, cold=True) == 40
    assert dose_to_hottest(curve, 1.3, cold=False) == 10
    assert volume_at_least(curve, 40.0) == 1
    assert volume_at_least(curve, 10.0) == 2


def test_without_a_dose_there_is_no_mean():
    """Of a structure wholly outside the dose grid the mean is not a number, and the curve has no point."""
    outside = make_dvh([], outside=3.0)
    curve = cumulative(outside)
    assert math.isnan(curve.mean)
    assert (curve.inside, curve.outside, curve.total) == (0, 3, 3)
    assert [len(each) for each in curve_points(outside)] == [0, 0]


def test_a_curve_of_what_is_not_finite_is_refused():
    """A dose that is no finite number has no curve to draw."""
    for doses in ([10.0, math.inf], [math.nan, 10.0], [10.0, 10.0, math.nan]):
        assert not cumulative(make_dvh(doses)).finite
        with pytest.raises(ValueError, match="finite"):
            curve_points(make_dvh(doses))


def test_samples_out_of_order_are_a_fault():
    """Samples that do not ascend are a fault of the program, not a curve."""
    with pytest.raises(ValueError, match="must ascend"):
        cumulative(make_dvh([10.0, 30.0, 20.0]))


def test_points_of_a_curve():
    """Doses go evenly from 0 to the maximum; a structure without any dose has the one point at 0."""
    doses, volumes = curve_points(ramp(), 5)
    assert doses.tolist() == [0, 25, 50, 75, 100]
    assert volumes == pytest.approx([100, 75, 50, 25, 0], abs=1e-9)
    assert [each.tolist() for each in curve_points(make_dvh([0.0, 0.0]))] == [[0], [2]]
    assert len(curve_points(ramp(), 1)[0]) == 2


def test_a_sliver_outside_counts_as_inside():
    """Less than a billionth of the structure outside the dose grid is rounding; more is not."""
    assert cumulative(make_dvh([10.0], outside=5e-10)).outside == 0
    assert cumulative(make_dvh([10.0], outside=5e-9)).outside == 5e-9


def test_curves_are_kept_until_they_are_forgotten():
    """A curve is computed once for the metrics of a structure, and again after it was let go."""
    dvh = ramp()
    first = cumulative(dvh)
    assert cumulative(dvh) is first
    forget_curves()
    again = cumulative(dvh)
    assert again is not first
    assert np.array_equal(again.dose, first.dose)
