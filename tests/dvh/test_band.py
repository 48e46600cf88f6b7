"""The band of a drawn curve is what the V metrics say at every dose."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings

from rtcheck.dvh.band import band, drawing_doses
from rtcheck.dvh.evaluate import evaluate
from rtcheck.dvh.metric import Metric
from tests.dvh.test_evaluate import make_dose, make_dvh, ramp
from tests.property.test_evaluate_laws import structure_doses

DOSES = np.array([0.0, 1e-9, 5.0, 10.0, 20.0, 20.0 + 1e-6, 33.3, 40.0, 59.999, 60.0, 72.9, 80.0])


@given(structure_doses())
@settings(max_examples=60, derandomize=True, deadline=None)
def test_the_band_is_that_of_the_volume_metrics(dose):
    """Value, low and high equal V[cc] and V[%] at every dose, and there is no band where those have no value."""
    for unit in ("cc", "%"):
        expected = [evaluate(dose, Metric("V", float(at), "Gy", unit), None) for at in DOSES]
        found = band(dose, DOSES, relative=unit == "%")
        if found is None:
            assert all(one.value is None for one in expected)
            continue
        for name in ("low", "value", "high"):
            np.testing.assert_allclose(getattr(found, name), [getattr(one, name) for one in expected], rtol=1e-12,
                                       atol=1e-12)


def test_the_doses_reach_from_zero_over_every_convention_and_hold_the_limits():
    """The axis starts at 0, ends at the highest dose of any convention with its rounding, and holds what is asked."""
    dose = make_dose(ramp(0, 40), alternatives=(("hot", ramp(0, 50)),), dose_error=0.5)
    doses = drawing_doses(dose, (13.37, 99.0))
    assert doses[0] == 0.0
    assert doses[-1] == 50.5
    assert 13.37 in doses
    assert 99.0 not in doses
    assert np.all(np.diff(doses) > 0)


def test_a_structure_without_samples_has_no_doses_to_draw():
    """Wholly outside the dose grid there is nothing to draw."""
    assert len(drawing_doses(make_dose(make_dvh([], outside=3.0)))) == 0


def test_a_band_that_no_metric_would_have_is_none():
    """Without a finite number, or without volume inside the dose grid under some convention, nothing is drawn."""
    doses = np.linspace(0, 50, 5)
    assert band(make_dose(make_dvh([10.0, math.inf])), doses, relative=False) is None
    assert band(make_dose(make_dvh([], outside=3.0)), doses, relative=False) is None
    assert band(make_dose(ramp(), [("other", make_dvh([], outside=3.0))]), doses, relative=True) is None
    assert band(make_dose(ramp(), coarse=make_dvh([math.nan])), doses, relative=True) is None
