"""Indices of the dose around a target, from volumes and doses that are given (further: tests/test_conformity.py)."""

import pytest

from rtcheck.dvh.beyond import BeyondDose
from rtcheck.dvh.indices import Around, evaluate_around
from rtcheck.dvh.notation import parse_metric
from tests.dvh.test_evaluate import make_dose, make_dvh

TARGET = make_dose(make_dvh([50.0]), dose_error=0.1)


def two_centimetres_away(*found, text="D2cm[Gy]", prescription=50.0):
    return evaluate_around(parse_metric(text), TARGET, prescription, Around(beyond=found))


def test_the_interval_spans_the_readings_and_their_errors():
    """The value is that of the first reading; the interval reaches over all, by the largest error and the rounding."""
    found = two_centimetres_away(BeyondDose(20.0, 0.3), BeyondDose(18.0, 0.5), BeyondDose(21.0, 0.2))
    assert (found.value, found.low, found.high) == pytest.approx((20.0, 17.4, 21.6))
    found = two_centimetres_away(BeyondDose(20.0, 0.3), BeyondDose(21.0, 0.2), text="D2cm[%]")
    assert (found.value, found.low, found.high) == pytest.approx((40.0, 39.2, 42.8))
    assert two_centimetres_away(BeyondDose(0.2, 0.5)).low == 0


def test_one_reading_without_an_answer_leaves_none():
    """Cut by the grid under any reading there is no bound; without tissue, or prescription for per cent, no value."""
    assert two_centimetres_away(BeyondDose(20.0), BeyondDose(21.0, cut=True)).code == "RTD601"
    assert two_centimetres_away(BeyondDose(20.0), BeyondDose(None)).code == "RTD605"
    assert two_centimetres_away().code == "RTD605"
    for prescription in (None, 0.0, -1.0, float("inf")):
        assert two_centimetres_away(BeyondDose(20.0), text="D2cm[%]", prescription=prescription).code == "RTD501"
    assert two_centimetres_away(BeyondDose(20.0), prescription=None).value == 20
