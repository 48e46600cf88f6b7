"""Laws of metric values on random weighted samples, with a second, simple evaluation beside."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcheck.dvh.cumulative import curve_points
from rtcheck.dvh.curve import DVH, StructureDose
from rtcheck.dvh.evaluate import evaluate
from rtcheck.dvh.metric import Metric

METRICS = [
    Metric("D", 95.0, "%", "Gy"),
    Metric("D", 2.0, "%", "%"),
    Metric("D", 0.5, "cc", "Gy"),
    Metric("DC", 30.0, "%", "Gy"),
    Metric("V", 20.0, "Gy", "%"),
    Metric("V", 20.0, "Gy", "cc"),
    Metric("V", 50.0, "%", "%"),
    Metric("CV", 30.0, "Gy", "cc"),
    Metric("CV", 30.0, "Gy", "%"),
    Metric("Mean", None, "", "Gy"),
    Metric("Max", None, "", "Gy"),
    Metric("Min", None, "", "%"),
    Metric("Median", None, "", "Gy"),
    Metric("Volume", None, "", "cc"),
]


@st.composite
def dvhs(draw, outside=True):
    """A DVH of up to 12 samples, plateaus included."""
    n = draw(st.integers(1, 12))
    doses = sorted(
        draw(
            st.lists(
                st.sampled_from([0.0, 10.0, 20.0, 20.0 + 1e-6, 33.3, 40.0, 60.0]) | st.floats(0.0, 70.0),
                min_size=n,
                max_size=n,
            )
        )
    )
    volumes = draw(st.lists(st.floats(0.01, 5.0), min_size=n, max_size=n))
    low, high = max(doses[0] - draw(st.floats(0.0, 3.0)), 0.0), doses[-1] + draw(st.floats(0.0, 3.0))
    unknown = draw(st.sampled_from([0.0, 0.0, 0.3])) if outside else 0.0
    return DVH(np.array(doses), np.array(volumes), low, high, unknown)


@st.composite
def structure_doses(draw):
    """A structure's dose with other conventions and rounding."""
    others = tuple((f"other {i}", draw(dvhs())) for i in range(draw(st.integers(0, 2))))
    coarse = draw(st.none() | dvhs())
    return StructureDose(
        draw(dvhs()),
        others,
        coarse,
        draw(st.sampled_from([0.0, 0.01, 1.0])),
        draw(st.sampled_from([0.0, 0.05])),
        "prism",
        bent=draw(st.none() | dvhs()),
    )


def alone(dvh):
    """The DVH as the only convention."""
    return StructureDose(dvh, (), None, 0.0, 0.0, "prism")


@settings(derandomize=True, max_examples=300, deadline=None)
@given(structure_doses(), st.sampled_from(METRICS))
def test_the_interval_holds_the_value_and_every_convention(dose, metric):
    """Low <= value <= high, and the value under each convention alone lies between."""
    found = evaluate(dose, metric, 50.0)
    if found.value is None:
        assert found.low is None and found.high is None and found.reason and found.code
        return
    assert found.low <= found.value <= found.high
    assert np.isfinite([found.low, found.value, found.high]).all()
    for _, dvh in dose.alternatives:
        other = evaluate(alone(dvh), metric, 50.0)
        assert found.low - 1e-9 <= other.value <= found.high + 1e-9


@settings(derandomize=True, max_examples=300, deadline=None)
@given(dvhs(outside=False), st.sampled_from(METRICS), st.floats(0.0, 100.0), st.floats(0.02, 0.98))
def test_whatever_the_dose_outside_is_the_interval_holds_it(dvh, metric, hidden_dose, share):
    """Cut a part off a uniform-dose piece, call it outside: the interval holds what is true of the whole."""
    hidden = share * float(np.sum(dvh.volume_cm3)) / (1 - share)
    cut = evaluate(alone(DVH(dvh.dose_gy, dvh.volume_cm3, dvh.minimum_gy, dvh.maximum_gy, hidden)), metric, 50.0)
    if cut.value is None:
        return
    # the hidden piece is two samples, so that it is a plateau; no other sample may stand exactly there
    if np.any(np.abs(dvh.dose_gy - hidden_dose) < 1e-3) or metric.kind == "Min":
        return
    doses = np.concatenate((dvh.dose_gy, [hidden_dose, hidden_dose]))
    order = np.argsort(doses, kind="stable")
    volumes = np.concatenate((dvh.volume_cm3, [hidden / 2, hidden / 2]))[order]
    whole = DVH(doses[order], volumes, min(dvh.minimum_gy, hidden_dose), max(dvh.maximum_gy, hidden_dose))
    true = evaluate(alone(whole), metric, 50.0)
    # interpolation next to the piece moves the curve by at most half the neighbouring samples
    at = 0.5 * float(np.max(dvh.volume_cm3))
    if metric.kind in ("V", "CV"):
        slack = 100.0 * at / whole.total_cm3 if metric.unit == "%" else at
        assert cut.low - slack <= true.value <= cut.high + slack
    elif metric.kind == "Volume":
        assert abs(true.value - cut.value) < 1e-9


@settings(derandomize=True, max_examples=200, deadline=None)
@given(dvhs(outside=False), st.floats(0.1, 80.0), st.floats(0.1, 80.0))
def test_volume_falls_as_dose_rises(dvh, one, two):
    """V never rises with dose, and V and CV share the structure."""
    low, high = sorted((one, two))
    at = {d: evaluate(alone(dvh), Metric("V", d, "Gy", "cc"), None).value for d in (low, high)}
    assert at[low] >= at[high] - 1e-12
    assert abs(at[low] + evaluate(alone(dvh), Metric("CV", low, "Gy", "cc"), None).value - dvh.total_cm3) < 1e-9


@settings(derandomize=True, max_examples=200, deadline=None)
@given(dvhs(outside=False), st.floats(0.5, 99.5))
def test_dose_and_volume_are_inverse(dvh, percent):
    """At the dose D of a volume, at least that volume receives it; a little above, no more than it."""
    dose = evaluate(alone(dvh), Metric("D", percent, "%", "Gy"), None).value
    wanted = percent / 100.0 * dvh.total_cm3
    if dose > 0:
        assert evaluate(alone(dvh), Metric("V", dose, "Gy", "cc"), None).value >= wanted * (1 - 1e-6)
    above = evaluate(alone(dvh), Metric("V", dose * (1 + 1e-7) + 1e-9, "Gy", "cc"), None).value
    assert above <= wanted * (1 + 1e-6) + 1e-9


@settings(derandomize=True, max_examples=200, deadline=None)
@given(dvhs(outside=False), st.floats(0.5, 75.0))
def test_volume_agrees_with_counting_samples(dvh, dose):
    """Against a plain count of samples V differs by no more than the samples next to the dose."""
    found = evaluate(alone(dvh), Metric("V", dose, "Gy", "cc"), None).value
    counted = float(np.sum(dvh.volume_cm3[dvh.dose_gy >= dose]))
    assert abs(found - counted) <= 0.5 * float(np.max(dvh.volume_cm3)) + 1e-9


@settings(derandomize=True, max_examples=100, deadline=None)
@given(dvhs(outside=False), st.floats(0.5, 3.0))
def test_scaling_the_dose_scales_the_metrics(dvh, factor):
    """A dose everywhere so many times higher gives doses so many times higher."""
    scaled = DVH(dvh.dose_gy * factor, dvh.volume_cm3, dvh.minimum_gy * factor, dvh.maximum_gy * factor)
    for metric in (Metric("D", 90.0, "%", "Gy"), Metric("Mean", None, "", "Gy"), Metric("Max", None, "", "Gy")):
        one, other = (evaluate(alone(each), metric, None).value for each in (dvh, scaled))
        assert abs(one * factor - other) < 1e-6


@settings(derandomize=True, max_examples=100, deadline=None)
@given(dvhs(), st.integers(2, 40))
def test_the_output_curve_is_monotone(dvh, n):
    """Doses ascend and volumes descend from the volume inside the grid."""
    dose, volume = curve_points(dvh, n)
    assert np.all(np.diff(dose) > 0) or len(dose) == 1
    assert np.all(np.diff(volume) <= 1e-12)
    assert volume[0] == float(np.sum(dvh.volume_cm3))
