"""Rounding for people never moves a number across a limit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcheck.render.numbers import format_interval, format_margin, format_value, limit_number

QUICK = settings(derandomize=True, max_examples=300, deadline=None)
NUMBERS = st.floats(-1e6, 1e6, allow_nan=False, allow_subnormal=False)


@pytest.mark.parametrize(("value", "limits", "text"), [
    (46.123456, (), "46.1"), (6.5234, (), "6.52"), (0.0312, (), "0.03"), (123.456, (), "123.5"), (0.0, (), "0.0"),
    (1313.26, (), "1313"), (0.0004, (0.0,), "0.0004"),
    (13.04, (13.0,), "13.04"), (13.0004, (13.0,), "13.0004"), (13.0, (13.0,), "13.0"), (12.96, (13.0,), "12.96"),
    (-0.0, (), "0.0"), (13.000000000000002, (13.0,), "13.000000000000002"),
])
def test_digits_are_added_until_the_limit_is_not_crossed(value, limits, text):
    """The usual digits are shown, and more where fewer would tell another story."""
    assert format_value(value, limits) == text


@QUICK
@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_shown_number_stands_on_the_side_of_the_number_itself(value, limit, offset):
    """The text compares with every limit as the number does."""
    for near in (limit, value, value + offset * 1e-9):
        shown = float(format_value(value, (near, limit)))
        assert (shown > near) == (value > near)
        assert (shown < near) == (value < near)


@QUICK
@given(st.lists(st.floats(0, 1e4, allow_subnormal=False), min_size=3, max_size=3), st.floats(0, 1e4))
def test_an_interval_keeps_its_order_and_its_sides(numbers, limit):
    """Low, value and high keep their order and their side of the limit when rounded."""
    low, value, high = sorted(numbers)
    shown, interval = format_interval(value, low, high, (limit,))
    if not interval:
        assert low == high
        return
    texts = interval.split(" to " if " to " in interval else "-")
    assert float(texts[0]) <= float(shown) <= float(texts[1])
    for number, text in zip((low, value, high), (texts[0], shown, texts[1]), strict=True):
        assert (float(text) > limit) == (number > limit)
        assert (float(text) < limit) == (number < limit)


def test_an_interval_that_is_a_point_is_not_repeated():
    """A value without uncertainty stands alone."""
    assert format_interval(5.0, 5.0, 5.0) == ("5.00", "")
    assert format_interval(5.0, None, None) == ("5.00", "")
    assert format_interval(-1.0, -2.0, -0.5) == ("-1.00", "-2.00 to -0.50")


def test_a_violation_is_never_shown_as_zero():
    """A margin that is not zero keeps enough digits to show its sign."""
    assert format_margin(-0.0004, 1) == "-0.0004"
    assert format_margin(0.0, 1) == "+0.0"
    assert format_margin(3.876, 1) == "+3.9"
    assert format_margin(24.791, 2) == "+24.8"
    assert format_margin(1616.8, 1) == "+1617"


@pytest.mark.parametrize(("goal", "number"), [
    ("<= 13 Gy", 13.0), (">= 95.5 %", 95.5), ("<= 1300 cGy", 13.0), ("< 1e1", 10.0), (None, None), ("", None),
])
def test_the_number_of_a_goal_is_read_in_gy(goal, number):
    """Limits written in cGy are compared in Gy."""
    assert limit_number(goal) == number
