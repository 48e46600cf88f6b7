"""The value and the interval of metrics, on dose distributions whose answers are known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rtcheck.dvh.cumulative import curve_points
from rtcheck.dvh.curve import DVH, StructureDose
from rtcheck.dvh.evaluate import evaluate, evaluate_prescription
from rtcheck.dvh.notation import parse_metric
from rtcheck.model.arrays import frozen


def make_dvh(doses, volumes=None, outside=0.0, minimum=None, maximum=None):
    """A DVH of ascending `doses`; each 1 cm3 where no volumes are given."""
    dose = np.asarray(doses, dtype=float)
    volume = np.ones(len(dose)) if volumes is None else np.asarray(volumes, dtype=float)
    low = minimum if minimum is not None else (dose[0] if len(dose) else math.nan)
    high = maximum if maximum is not None else (dose[-1] if len(dose) else math.nan)
    return DVH(dose, volume, float(low), float(high), outside)


def make_dose(value, alternatives=(), coarse=None, dose_error=0.0, volume_error=0.0):
    """A structure's dose with the given conventions."""
    return StructureDose(value, tuple(alternatives), coarse, dose_error, volume_error, "prism")


def ask(text, dvh, prescription=None, **more):
    """Evaluate one metric of one DVH."""
    return evaluate(make_dose(dvh, **more), parse_metric(text), prescription)


def ramp(low=0.0, high=100.0, n=10_000, total=100.0):
    """A linear dose: the volume is spread evenly from `low` to `high`."""
    edges = np.linspace(low, high, n + 1)
    return make_dvh(0.5 * (edges[1:] + edges[:-1]), np.full(n, total / n), minimum=low, maximum=high)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("Volume[cc]", 100.0),
        ("Mean[Gy]", 50.0),
        ("Median[Gy]", 50.0),
        ("Max[Gy]", 100.0),
        ("Min[Gy]", 0.0),
        ("D95%[Gy]", 5.0),
        ("D2%[Gy]", 98.0),
        ("D10cc[Gy]", 90.0),
        ("D100%[Gy]", 0.0),
        ("DC99%[Gy]", 99.0),
        ("DC30cc[Gy]", 30.0),
        ("V20Gy[%]", 80.0),
        ("V20Gy[cc]", 80.0),
        ("CV15Gy[cc]", 15.0),
        ("CV15Gy[%]", 15.0),
        ("V100%[%]", 50.0),
        ("CV50%[cc]", 25.0),
        ("D95%[%]", 10.0),
        ("Mean[%]", 100.0),
        ("D0.03cc[Gy]", 99.97),
    ],
)
def test_a_linear_dose_gives_the_closed_form(metric, expected):
    """On a dose that rises evenly through 100 cm3 each metric has its closed form."""
    found = ask(metric, ramp(), prescription=50.0)
    assert found.value == pytest.approx(expected, abs=1e-9)
    assert (found.low, found.high) == (found.value, found.value)
    assert (found.reason, found.code) == ("", "")


@pytest.mark.parametrize("level", [50.0, 49.3, 0.1 + 0.2, 7e-5 * 700_001])
def test_a_uniform_dose_is_exact(level):
    """All samples equal: every dose metric is that dose to the last digit, V at it is 100 %, just above it 0 %."""
    dvh = make_dvh([level] * 7, [0.1, 0.3, 0.7, 1.1, 1.3, 0.9, 0.123])
    for metric in ("D95%[Gy]", "D0.03cc[Gy]", "D100%[Gy]", "DC5%[Gy]", "Mean[Gy]", "Max[Gy]", "Min[Gy]", "Median[Gy]"):
        assert ask(metric, dvh).value == level
    for metric, value in [("V100%[%]", 100.0), ("V100.0001%[%]", 0.0), ("V99.9%[%]", 100.0), ("CV100%[%]", 0.0)]:
        found = ask(metric, dvh, prescription=level, volume_error=0.01)
        assert (found.low, found.value, found.high) == (value, value, value)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_samples_are_no_special_case(n):
    """One, two or three samples of one dose behave like many."""
    dvh = make_dvh([30.0] * n)
    assert ask("V30Gy[%]", dvh).value == 100.0
    assert ask("V30Gy[cc]", dvh).value == n
    assert ask("V30.001Gy[%]", dvh).value == 0.0
    assert ask("D50%[Gy]", dvh).value == 30.0


def test_rounding_of_stored_doses_does_not_lose_coverage():
    """A stored integer times its scaling that comes out a digit below 50 counts as 50."""
    below = np.nextafter(50.0, 0.0)
    dvh = make_dvh([below, below, below, 50.0])
    assert ask("V50Gy[%]", dvh).value == 100.0
    assert ask("V100%[%]", dvh, prescription=50.0).value == 100.0
    assert ask("V50.0001Gy[%]", dvh).value == 0.0


def test_a_step_in_dose_is_a_step_in_volume():
    """Half at 20 Gy and half at 40 Gy: no volume is invented between the levels."""
    dvh = make_dvh([20.0] * 5 + [40.0] * 5)
    assert [ask(f"V{d}Gy[%]", dvh).value for d in (19, 20, 20.001, 39.999, 40, 40.001)] == [100, 100, 50, 50, 50, 0]
    assert ask("D50%[Gy]", dvh).value == 40.0
    assert ask("D50.1%[Gy]", dvh).value == 20.0
    assert ask("DC50%[Gy]", dvh).value == 20.0
    assert ask("DC50.1%[Gy]", dvh).value == 40.0


def test_between_single_samples_the_curve_is_straight():
    """Samples at 10, 20 and 40 Gy of 1, 2 and 1 cm3: the curve runs through the middles of their volumes."""
    dvh = make_dvh([10.0, 20.0, 40.0], [1.0, 2.0, 1.0], minimum=5.0, maximum=50.0)
    expected = {
        50.0: 0.0,
        45.0: 0.25,
        40.0: 0.5,
        30.0: 1.25,
        20.0: 2.0,
        15.0: 2.75,
        10.0: 3.5,
        7.5: 3.75,
        5.0: 4.0,
        1.0: 4.0,
    }
    for dose, volume in expected.items():
        assert ask(f"V{dose}Gy[cc]", dvh).value == pytest.approx(volume, abs=1e-12)
    for volume, dose in [(0.25, 45.0), (0.5, 40.0), (1.25, 30.0), (2.0, 20.0), (3.5, 10.0), (4.0, 5.0)]:
        assert ask(f"D{volume}cc[Gy]", dvh).value == pytest.approx(dose, abs=1e-12)


def test_more_volume_than_the_structure_has_is_undefined():
    """D-cc beyond the structure's volume is no number, not its minimum."""
    for metric in ("D5cc[Gy]", "DC5cc[Gy]"):
        found = ask(metric, make_dvh([10.0, 20.0], [2.0, 2.9]))
        assert (found.value, found.low, found.high, found.code) == (None, None, None, "RTD605")
        assert "4.9 cm³" in found.reason
    assert ask("D4.9cc[Gy]", make_dvh([10.0, 20.0], [2.0, 2.9])).value == 10.0


def test_more_volume_than_one_convention_gives_is_undefined():
    """Where another structure model has less volume than D-cc asks, the metric has no interval and no value."""
    found = ask(
        "D4cc[Gy]", make_dvh([10.0, 20.0], [2.0, 2.1]), alternatives=[("shape", make_dvh([10.0, 20.0], [1.9, 2.0]))]
    )
    assert (found.value, found.code) == (None, "RTD605")
    assert "shape" in found.reason


def test_no_volume_is_no_number():
    """A structure without volume has no V, not 0 %."""
    for metric in ("V20Gy[%]", "V20Gy[cc]", "Mean[Gy]", "Max[Gy]", "D95%[Gy]", "Volume[cc]", "CV15Gy[cc]"):
        found = ask(metric, make_dvh([]))
        assert (found.value, found.code) == (None, "RTD605")


@pytest.mark.parametrize("prescription", [None, 0.0, -1.0, math.nan, math.inf])
@pytest.mark.parametrize("metric", ["V100%[%]", "D95%[%]", "Mean[%]", "CV50%[cc]"])
def test_percent_of_dose_needs_a_prescription(metric, prescription):
    """A percentage of dose without a usable prescription is not evaluated."""
    found = ask(metric, ramp(), prescription=prescription)
    assert (found.value, found.code) == (None, "RTD501")


@pytest.mark.parametrize("metric", ["CI_Paddick", "CI_RTOG", "GI", "R50", "D2cm[Gy]"])
def test_what_lies_around_a_target_is_not_read_from_the_dose_in_it(metric):
    """An index of the dose around a target has no number in the target's own histogram, and says so."""
    found = ask(metric, ramp(), prescription=50.0)
    assert (found.value, found.low, found.high, found.code) == (None, None, None, "RTD706")
    assert "around a target" in found.reason


def test_metrics_of_the_prescription_are_not_read_from_a_dose():
    """BED10 and RxTotal belong to the prescription; asked of a structure they have no value."""
    assert ask("BED10[Gy]", ramp(), prescription=50.0).code == "RTD706"
    assert ask("RxTotal[Gy]", ramp(), prescription=50.0).code == "RTD706"


def test_the_prescription_has_its_biologically_effective_dose():
    """50 Gy in 5 fractions is 100 Gy BED10 and 216.7 Gy BED3."""
    assert evaluate_prescription(parse_metric("BED10[Gy]"), 50.0, 5).value == 100.0
    assert evaluate_prescription(parse_metric("BED3[Gy]"), 50.0, 5).value == pytest.approx(216.666666666)
    rx = evaluate_prescription(parse_metric("RxTotal[Gy]"), 50.0, None)
    assert (rx.value, rx.low, rx.high, rx.unit) == (50.0, 50.0, 50.0, "Gy")
    assert evaluate_prescription(parse_metric("BED10[Gy]"), 50.0, None).code == "RTD502"
    assert evaluate_prescription(parse_metric("BED10[Gy]"), None, 5).code == "RTD501"
    with pytest.raises(ValueError, match=r"Mean\[Gy\]"):
        evaluate_prescription(parse_metric("Mean[Gy]"), 50.0, 5)


def test_the_interval_is_the_envelope_over_the_conventions():
    """Low and high are the least and the greatest over the value and its alternatives."""
    others = [("shape", ramp(2.0, 102.0)), ("short ends", ramp(-1.0 + 1.0, 99.0))]
    found = ask("D95%[Gy]", ramp(), alternatives=others)
    assert found.value == pytest.approx(5.0)
    assert found.low == pytest.approx(4.95)
    assert found.high == pytest.approx(7.0)


def test_the_sampling_error_widens_both_sides():
    """What a metric moves between coarse and fine sampling is added on both sides."""
    found = ask("Mean[Gy]", ramp(), alternatives=[("shape", ramp(2.0, 102.0))], coarse=ramp(0.5, 100.5))
    assert (found.low, found.value, found.high) == pytest.approx((49.5, 50.0, 52.5))


@pytest.mark.parametrize(("moved", "low", "high"), [(2.0, 49.5, 54.5), (-2.0, 47.5, 52.5)])
def test_the_bend_of_the_dose_widens_one_side(moved, low, high):
    """What the bent dose moves a metric is added to the side it moves to, and no other."""
    bent = ramp(0.5 + moved, 100.5 + moved)
    more = {"alternatives": [("shape", ramp(2.0, 102.0))], "coarse": ramp(0.5, 100.5)}
    dose = replace(make_dose(ramp(), **more), bent=bent)
    found = evaluate(dose, parse_metric("Mean[Gy]"), None)
    assert (found.low, found.value, found.high) == pytest.approx((low, 50.0, high))


def test_bend_and_sampling_never_cancel():
    """A coarse sampling that is low by what the bend raises it leaves both in the interval."""
    dose = replace(make_dose(ramp(), coarse=ramp(-1.0, 99.0)), bent=ramp())
    found = evaluate(dose, parse_metric("Mean[Gy]"), None)
    assert (found.low, found.high) == pytest.approx((49.0, 52.0))


def test_extremes_have_a_range_of_their_own():
    """What no histogram holds of an extreme widens the interval of that extreme, and of nothing else."""
    dose = replace(make_dose(ramp()), minimum_gy=(0.0, 1.5), maximum_gy=(99.0, 103.0))
    least, most, mean = (evaluate(dose, parse_metric(name), 50.0) for name in ("Min[Gy]", "Max[%]", "Mean[Gy]"))
    assert (least.low, least.value, least.high) == pytest.approx((0.0, 0.0, 1.5))
    assert (most.low, most.value, most.high) == pytest.approx((198.0, 200.0, 206.0))
    assert mean.low == mean.high == pytest.approx(50.0)


def test_rounding_of_the_dose_widens_doses_and_moves_the_dose_of_volumes():
    """Doses take the dose error as it is; V is taken at the dose less and plus it."""
    doses = ask("Mean[Gy]", ramp(), dose_error=0.5)
    assert (doses.low, doses.value, doses.high) == pytest.approx((49.5, 50.0, 50.5))
    percent = ask("D95%[%]", ramp(), prescription=50.0, dose_error=0.5)
    assert (percent.low, percent.value, percent.high) == pytest.approx((9.0, 10.0, 11.0))
    volume = ask("V20Gy[%]", ramp(), dose_error=0.5)
    assert (volume.low, volume.value, volume.high) == pytest.approx((79.5, 80.0, 80.5))
    cold = ask("CV20Gy[cc]", ramp(), dose_error=0.5)
    assert (cold.low, cold.value, cold.high) == pytest.approx((19.5, 20.0, 20.5))
    assert ask("Min[Gy]", ramp(), dose_error=0.5).low == 0.0


def test_rounding_of_contours_widens_volumes():
    """Volumes take the contour rounding, but a dose that nothing in the structure reaches keeps 0."""
    volume = ask("Volume[cc]", ramp(), volume_error=0.2)
    assert (volume.low, volume.value, volume.high) == pytest.approx((99.8, 100.0, 100.2))
    part = ask("V20Gy[cc]", ramp(), volume_error=0.2)
    assert (part.low, part.value, part.high) == pytest.approx((79.8, 80.0, 80.2))
    none = ask("V120Gy[cc]", ramp(), volume_error=0.2)
    assert (none.low, none.value, none.high) == (0.0, 0.0, 0.0)
    whole = ask("CV120Gy[cc]", ramp(), volume_error=0.2)
    assert (whole.low, whole.value, whole.high) == pytest.approx((99.8, 100.0, 100.2))


def partly_outside():
    """80 cm3 from 20 to 100 Gy inside the grid, 20 cm3 outside."""
    inside = ramp(20.0, 100.0, total=80.0)
    return DVH(inside.dose_gy, inside.volume_cm3, 20.0, 100.0, 20.0)


def test_outside_the_grid_volumes_are_bounded_by_all_or_nothing():
    """The unknown part may receive the dose or not; percentages are of the whole structure."""
    percent = ask("V60Gy[%]", partly_outside())
    assert (percent.low, percent.value, percent.high) == pytest.approx((40.0, 50.0, 60.0))
    volume = ask("V60Gy[cc]", partly_outside())
    assert (volume.low, volume.value, volume.high) == pytest.approx((40.0, 40.0, 60.0))
    cold = ask("CV60Gy[cc]", partly_outside())
    assert (cold.low, cold.value, cold.high) == pytest.approx((40.0, 40.0, 60.0))
    assert ask("Volume[cc]", partly_outside()).value == pytest.approx(100.0)


def test_outside_the_grid_doses_are_bounded_where_they_can_be():
    """D at a volume larger than the outside part has bounds: that part coldest, or hottest."""
    median = ask("Median[Gy]", partly_outside())
    assert (median.low, median.value, median.high) == pytest.approx((50.0, 60.0, 70.0))
    near_minimum = ask("D95%[Gy]", partly_outside())
    assert (near_minimum.low, near_minimum.value, near_minimum.high) == pytest.approx((0.0, 24.0, 25.0))
    least = ask("Min[Gy]", partly_outside())
    assert (least.low, least.value, least.high) == (0.0, 20.0, 20.0)


@pytest.mark.parametrize("metric", ["Mean[Gy]", "Max[Gy]", "D2%[Gy]", "D0.03cc[Gy]", "D20cc[Gy]", "DC80%[Gy]"])
def test_outside_the_grid_what_has_no_upper_bound_has_no_value(metric):
    """The unknown part may be the hottest: a maximum, a mean or a small hot volume cannot be told."""
    found = ask(metric, partly_outside())
    assert (found.value, found.code) == (None, "RTD601")
    assert "20 cm³" in found.reason
    assert "20 %" in found.reason


def test_outside_under_one_convention_only_also_takes_the_value_away():
    """Where another structure model reaches beyond the grid, the mean has no upper bound."""
    found = ask("Mean[Gy]", ramp(), alternatives=[("long ends", partly_outside())])
    assert (found.value, found.code) == (None, "RTD601")
    assert "long ends" in found.reason


def test_the_coarse_sampling_does_not_say_what_lies_outside():
    """A crumb that only the coarse sampling puts outside the grid does not take the mean away."""
    inside = ramp(0.5, 100.5)
    coarse = DVH(inside.dose_gy, inside.volume_cm3, 0.5, 100.5, 0.01)
    found = ask("Mean[Gy]", ramp(), coarse=coarse)
    assert (found.low, found.value, found.high) == pytest.approx((49.5, 50.0, 50.5))


@pytest.mark.parametrize("metric", ["Volume[cc]", "V40Gy[%]", "V40Gy[cc]", "CV40Gy[cc]"])
def test_a_coarse_sampling_that_lies_outside_alike_widens_nothing(metric):
    """Where the fine sampling lies partly outside the grid, what the coarse one has outside stays there."""
    alone, both = ask(metric, partly_outside()), ask(metric, partly_outside(), coarse=partly_outside())
    assert (both.low, both.value, both.high) == pytest.approx((alone.low, alone.value, alone.high))


def test_wholly_outside_only_the_volume_is_known():
    """A structure outside the dose grid has a volume and no dose."""
    dvh = make_dvh([], outside=5.0)
    assert ask("Volume[cc]", dvh).value == 5.0
    for metric in ("V20Gy[%]", "CV20Gy[cc]", "D95%[Gy]", "Min[Gy]", "Mean[Gy]"):
        assert ask(metric, dvh).code == "RTD601"


def test_a_rounding_crumb_outside_counts_as_inside():
    """Less than a billionth of the volume outside does not take the mean away."""
    inside = ramp()
    dvh = DVH(inside.dose_gy, inside.volume_cm3, 0.0, 100.0, 1e-8)
    assert ask("Mean[Gy]", dvh).value == pytest.approx(50.0)
    assert ask("Max[Gy]", dvh).value == 100.0


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_number_that_is_not_finite_never_becomes_a_value(bad):
    """NaN or infinity among samples or extremes leaves the metric without a value."""
    for dvh in (make_dvh([1.0, bad], maximum=2.0), make_dvh([1.0, 2.0], maximum=bad), make_dvh([1.0, 2.0], [1.0, bad])):
        found = ask("V1Gy[%]", dvh)
        assert (found.value, found.code) == (None, "RTD608")


def test_samples_that_do_not_ascend_are_a_bug():
    """A DVH out of order is refused loudly rather than read wrongly."""
    with pytest.raises(ValueError, match="ascend"):
        ask("D95%[Gy]", make_dvh([2.0, 1.0], minimum=1.0, maximum=2.0))


def test_the_curve_for_output_falls_from_the_whole_volume():
    """The curve starts at 0 Gy with the volume inside the grid and never rises."""
    dose, volume = curve_points(ramp(), 11)
    assert dose.tolist() == pytest.approx(list(range(0, 101, 10)))
    assert volume.tolist() == pytest.approx([100.0 - d for d in dose.tolist()], abs=1e-9)
    assert curve_points(make_dvh([0.0, 0.0]))[1].tolist() == [2.0]
    assert curve_points(make_dvh([]))[0].tolist() == []
    with pytest.raises(ValueError, match="read-only"):
        volume[0] = 1.0


@pytest.mark.parametrize("count", [3, 7, 49, 97, 1001])
def test_all_of_the_volume_is_exactly_100_percent(count):
    """A structure that receives the dose everywhere has V% of exactly 100, whatever its volume in binary digits."""
    volumes = np.random.default_rng(count).uniform(0.001, 0.3, count)
    dose = make_dose(DVH(frozen(np.full(count, 50.0)), frozen(volumes), 50.0, 50.0))
    found = evaluate(dose, parse_metric("V50Gy[%]"), None)
    assert (found.value, found.low, found.high) == (100.0, 100.0, 100.0)


def test_a_number_beyond_all_numbers_is_no_value():
    """In per cent of a prescription next to nothing a dose is no finite number: RTD608, no value."""
    found = ask("D50%[%]", ramp(), prescription=1e-308)
    assert (found.value, found.low, found.high, found.code) == (None, None, None, "RTD608")
    assert "not a finite number" in found.reason


def test_the_coldest_of_what_lies_outside_may_have_no_dose():
    """D95% of 90 cm³ inside and 10 outside the grid may be 0 Gy: the bound is 0, the value that of the known part."""
    found = ask("D95%[Gy]", make_dvh(np.full(90, 50.0), outside=10.0))
    assert (found.value, found.low, found.high) == (50, 0, 50)


def test_the_dose_to_the_coldest_part_of_what_is_inside():
    """Of 100 cm³ inside and 10 outside the hottest 0.5 cm³ of what is known receive 99.5 Gy: what DC99.5cc says."""
    found = ask("DC99.5cc[Gy]", replace(ramp(), outside_cm3=10.0))
    assert found.value == pytest.approx(99.5)
    # 10.5 cm³ are hotter; the ten outside are, or none of them is
    assert (found.low, found.high) == pytest.approx((89.5, 99.5))
