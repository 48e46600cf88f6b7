"""Readings that err to the same side, where much of a solid is hidden between two planes."""

import numpy as np
import pytest

from rtcheck.dvh.curve import DVH
from rtcheck.dvh.together import together


def even(low, high, cm3=1.0, n=200, outside=0.0):
    dose, volume = np.linspace(low, high, n), np.full(n, cm3 / n)
    return DVH(dose, volume, low, high, outside)


NONE = DVH(np.zeros(0), np.zeros(0), float("nan"), float("nan"))
VALUE = even(40, 60)


def both(questions, hidden=0.025, value=VALUE):
    return [dvh for _, dvh in together(value, questions, hidden)]


def test_the_worst_answers_to_all_questions_add_up():
    """At every rank the coldest answer to each question counts, and a third more; likewise the hottest."""
    ends = [(even(39, 59, 0.9), VALUE), (even(39.5, 61, 1.05), VALUE)]
    between = [(even(38, 58, 1.1), VALUE), (even(32, 68, 1.0), even(30, 70, 2.0))]
    colder, hotter = both([ends, between])
    middle = len(VALUE.dose_gy) // 2
    assert colder.dose_gy[middle] == pytest.approx(VALUE.dose_gy[middle] - 1.3 * 3, abs=1e-2)
    # in the upper half the fourth is colder than what it changes by up to 2 Gy, in the lower half hotter
    assert hotter.dose_gy[middle] == pytest.approx(VALUE.dose_gy[middle] + 1.3 * 0.25, abs=0.02)
    assert hotter.dose_gy[20] == pytest.approx(VALUE.dose_gy[20] + 1.3 * 2 * (1 - 2 * 20 / 199), abs=0.02)
    assert colder.total_cm3 == hotter.total_cm3 == VALUE.total_cm3
    assert np.all(np.diff(colder.dose_gy) >= 0) and np.all(np.diff(hotter.dose_gy) >= 0)


def test_extremes_are_those_of_the_readings():
    """No dose lies beyond the extremes of all readings: those have their own search."""
    colder, hotter = both([[(even(39, 59), VALUE)], [(even(38.5, 62), VALUE)]])
    assert (colder.minimum_gy, colder.maximum_gy) == (38.5, 60)
    assert (hotter.minimum_gy, hotter.maximum_gy) == (40, 62)
    assert colder.dose_gy[0] == 38.5
    assert hotter.dose_gy[-1] == 62


def test_what_is_hidden_weighs_as_much_as_there_is():
    """A quarter of what counts in full moves a dose by a quarter; what lies outside the dose grid stays there."""
    value = even(40, 60, outside=0.5)
    (colder, _), (quarter, _) = (both([[(even(38, 58, outside=0.4), value)]], part, value) for part in (0.5, 0.01))
    assert value.dose_gy[100] - quarter.dose_gy[100] == pytest.approx((value.dose_gy[100] - colder.dose_gy[100]) / 4)
    assert quarter.outside_cm3 == 0.5


def test_readings_without_samples_say_nothing():
    """A reading or a base without volume in the dose grid is left out, and nothing is made of no samples."""
    assert together(NONE, [[(VALUE, VALUE)]], 0.1) == []
    for colder in both([[(NONE, VALUE), (VALUE, NONE)]]):
        assert np.array_equal(colder.dose_gy, VALUE.dose_gy)
