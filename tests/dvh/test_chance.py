"""Sampling errors where two samplings agree by chance: what they say of the ranks beside the one asked for."""

from dataclasses import replace

import numpy as np
import pytest

from rtcheck.dvh.band import band
from rtcheck.dvh.chance import doses_apart, doses_uneven, volumes_apart, volumes_uneven
from rtcheck.dvh.cumulative import cumulative
from rtcheck.dvh.curve import DVH, StructureDose
from rtcheck.dvh.evaluate import evaluate
from rtcheck.dvh.notation import parse_metric

COUNT = 10_000


def dvh(dose):
    """Equal samples of 100 cm³ in all, at these doses."""
    dose = np.sort(np.asarray(dose, dtype=float))
    return DVH(dose, np.full(len(dose), 100.0 / len(dose)), float(dose[0]), float(dose[-1]))


EVEN = 60 * (np.arange(COUNT) + 0.5) / COUNT
"""The hottest share s of the volume has 60 (1 - s) Gy or more."""


def crossing(share, tilt):
    """Doses that agree with `EVEN` at one share of the volume from the hot end and nowhere near it."""
    hot = 1 - (np.arange(COUNT) + 0.5) / COUNT
    return EVEN + tilt * (share - hot)


def test_beside_a_crossing_the_samplings_differ():
    """Curves that cross at the median by 10 Gy a whole volume differ by 0.1, 0.2 and 0.3 Gy beside it."""
    fine, rough = cumulative(dvh(EVEN)), cumulative(dvh(crossing(0.5, 10.0)))
    assert doses_apart(fine, rough, 0.5) == pytest.approx(0.3, abs=1e-6)
    assert doses_apart(fine, rough, 0.3) == pytest.approx(2.2, abs=1e-6)
    assert doses_apart(rough, rough, 0.5) == 0.0
    # 60 Gy a volume here and 70 there: one to three per cent of it are 0.6 to 1.8 Gy, and 6/7 to 18/7 of a per cent
    assert volumes_apart(fine, rough, 30.0) == pytest.approx(0.03 / 7, abs=1e-5)


@pytest.mark.parametrize("share", [0.004, 0.996])
def test_near_an_end_neighbours_are_nearer(share):
    """A quarter to three quarters of what is left to the end on either side: never beyond it."""
    fine, rough = cumulative(dvh(EVEN)), cumulative(dvh(crossing(share, 100.0)))
    assert doses_apart(fine, rough, share) == pytest.approx(0.3, abs=0.01)
    assert doses_apart(fine, rough, 0.0) == doses_apart(fine, rough, 1.0) == 0.0
    assert volumes_apart(fine, rough, 0.0) == volumes_apart(fine, rough, 80.0) == 0.0


def test_a_step_beside_it_does_not_count():
    """Of two plateaus whose step the samplings put a little apart, the ranks beside it are as well known as before."""
    fine = cumulative(dvh(np.where(EVEN < 30.9, 20.0, 50.0)))
    rough = cumulative(dvh(np.where(EVEN < 31.5, 20.0, 50.0)))
    assert doses_apart(fine, rough, 0.47) == 0.0
    assert doses_apart(fine, rough, 0.485) == 0.0


def test_without_a_known_dose_there_is_nothing_to_compare():
    """A sampling that lies outside the dose grid says nothing."""
    none = cumulative(DVH(np.zeros(0), np.zeros(0), float("nan"), float("nan"), 5.0))
    some = cumulative(dvh(EVEN))
    for fine, rough in ((none, some), (some, none)):
        assert doses_apart(fine, rough, 0.5) == volumes_apart(fine, rough, 30.0) == 0.0


@pytest.mark.parametrize(
    ("metric", "least", "prescription"),
    [
        ("D50%[Gy]", 0.3, None), ("D50%[%]", 0.6, 50.0), ("D50cc[Gy]", 0.3, None), ("DC50cc[Gy]", 0.3, None),
        ("Median[Gy]", 0.3, None), ("V30Gy[%]", 0.3 / 0.7, None), ("V30Gy[cc]", 0.3 / 0.7, None),
        ("CV30Gy[cc]", 0.3 / 0.7, None), ("V60%[%]", 0.3 / 0.7, 50.0),
    ],
)  # fmt: skip
def test_intervals_hold_what_crossing_samplings_leave_open(metric, least, prescription):
    """Half the interval of a metric at a crossing is what the samplings differ by beside it; other metrics' is not."""
    dose = StructureDose(dvh(EVEN), (), dvh(crossing(0.5, 10.0)), 0.0, 0.0, "shape")
    found = evaluate(dose, parse_metric(metric), prescription)
    assert (found.high - found.low) / 2 == pytest.approx(least, rel=0.02)
    alone = evaluate(replace(dose, coarse=dvh(EVEN)), parse_metric(metric), prescription)
    assert (alone.high - alone.low) / 2 < 0.2 * least
    plotted = band(dose, np.array([30.0]), relative="%" in metric)
    assert (plotted.high[0] - plotted.low[0]) / 2 == pytest.approx(0.3 / 0.7, rel=0.02)


def test_the_median_is_as_well_known_as_d50():
    """Where what samplings differ by grows from rank to rank, the median has the interval of D50%."""
    dose = StructureDose(dvh(EVEN), (), dvh(crossing(0.45, 10.0)), 0.0, 0.0, "shape")
    median, half = (evaluate(dose, parse_metric(metric), None) for metric in ("Median[Gy]", "D50%[Gy]"))
    assert (median.low, median.value, median.high) == (half.low, half.value, half.high)
    assert median.high - median.value == pytest.approx(0.7, rel=1e-3)


def bumped(height, offset=0.1, tilt=10.0):
    """`EVEN` lowered by an offset and tilted, and within 0.4 % of the volume about the median `height` more."""
    hot = 1 - (np.arange(COUNT) + 0.5) / COUNT
    dose = EVEN - offset + tilt * (0.5 - hot)
    dose[np.abs(hot - 0.5) < 0.004] += height
    return np.sort(dose)


def test_what_is_uneven_about_another_model_is_chance():
    """An even distance from the value tells nothing; a bump of 0.2 Gy at one rank is half uneven at its neighbours."""
    fine, even, uneven = cumulative(dvh(EVEN)), cumulative(dvh(bumped(0.0))), cumulative(dvh(bumped(0.2)))
    assert doses_uneven(fine, even, 0.5) == pytest.approx(0.0, abs=1e-9)
    assert volumes_uneven(fine, even, 30.0) == pytest.approx(0.0, abs=1e-9)
    assert doses_uneven(fine, uneven, 0.5) == pytest.approx(0.1, abs=1e-6)
    assert volumes_uneven(fine, uneven, 30.0) > 0.0005
    assert doses_uneven(fine, uneven, 0.2) == pytest.approx(0.0, abs=1e-9)
    none = cumulative(DVH(np.zeros(0), np.zeros(0), float("nan"), float("nan"), 5.0))
    for pair in ((none, even), (fine, none)):
        assert doses_uneven(*pair, 0.5) == volumes_uneven(*pair, 30.0) == 0.0
    for share in (0.0, 1.0):
        assert doses_uneven(fine, uneven, share) == 0.0


NOISY = bumped(-0.2)


@pytest.mark.parametrize(
    ("metric", "prescription"),
    [("D50%[Gy]", None), ("D50%[%]", 50.0), ("DC50cc[Gy]", None), ("Median[Gy]", None), ("V30Gy[%]", None),
     ("V30Gy[cc]", None), ("CV60%[cc]", 50.0)],
)  # fmt: skip
def test_the_end_of_another_model_is_as_uncertain_as_its_samples(metric, prescription):
    """Its own end of the interval moves out by what is uneven about it; the end of the value's readings does not."""
    other, long = dvh(NOISY), dvh(EVEN + 1.0)
    sure = StructureDose(dvh(EVEN), (("shape", other), ("long ends", long)), dvh(EVEN), 0.0, 0.0, "prism")
    unsure = replace(sure, coarsely=("shape",))
    before, found = (evaluate(each, parse_metric(metric), prescription) for each in (sure, unsure))
    fine, rough = cumulative(sure.value), cumulative(other)
    if parse_metric(metric).kind in ("V", "CV"):
        move, least, share = volumes_uneven(fine, rough, 30.0) * 100.0, 0.0, 1.0
    else:
        # two samplings that agree may still be off by a share of the range of doses: either end is that far out anyway
        move, least, share = doses_uneven(fine, rough, 0.5), 4e-4 * 60, 2.0 if "[%]" in metric else 1.0
    assert move > 0.09
    wider = (before.low - found.low, found.high - before.high)
    assert min(wider) == 0.0
    assert max(wider) == pytest.approx((move - least) * share, rel=1e-4)
    if "V30" in metric:
        plotted = band(unsure, np.array([30.0]), relative="%" in metric)
        assert (plotted.low[0], plotted.high[0]) == pytest.approx((found.low, found.high), rel=1e-12)
