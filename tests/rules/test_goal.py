"""Goals as text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcheck.dvh.notation import parse_metric
from rtcheck.errors import GoalSyntaxError
from rtcheck.rules.constraint import Goal
from rtcheck.rules.goal import parse_goal, print_goal


@pytest.mark.parametrize(
    ("text", "metric", "comparator", "value", "canonical"),
    [
        ("<= 13 Gy", "Mean[Gy]", "<=", 13.0, "<= 13 Gy"),
        ("<= 1300 cGy", "Mean[Gy]", "<=", 13.0, "<= 13 Gy"),
        ("<0.7cGy", "D0.03cc[Gy]", "<", 0.007, "< 0.007 Gy"),
        (">= 95 %", "V100%[%]", ">=", 95.0, ">= 95 %"),
        (">=95%", "D95%[%]", ">=", 95.0, ">= 95 %"),
        (">= 105 %", "D95%[%]", ">=", 105.0, ">= 105 %"),
        (">= 700 cc", "CV15Gy[cc]", ">=", 700.0, ">= 700 cc"),
        ("> 700 ml", "CV15Gy[cc]", ">", 700.0, "> 700 cc"),
        ("< 0.5 cm3", "V20Gy[cc]", "<", 0.5, "< 0.5 cc"),
        ("<= 0 %", "V20Gy[%]", "<=", 0.0, "<= 0 %"),
        ("<= 1.2", "CI_RTOG", "<=", 1.2, "<= 1.2"),
        ("  >  70  Gy ", "BED10[Gy]", ">", 70.0, "> 70 Gy"),
    ],
)
def test_goals_are_read_in_the_unit_of_their_metric(text, metric, comparator, value, canonical):
    """A comparator, a number and a fitting unit make a goal, converted to the metric's unit."""
    asked = parse_metric(metric)
    goal = parse_goal(text, asked)
    assert goal == Goal(comparator, value, asked.unit, text.strip())
    assert print_goal(goal) == canonical
    assert parse_goal(canonical, asked).value == value


@pytest.mark.parametrize(
    ("text", "metric", "position", "suggestion"),
    [
        ("13", "Mean[Gy]", 0, "<= 13 Gy"),
        ("13 Gy", "Mean[Gy]", 0, "<= 13 Gy"),
        ("<= 13", "Mean[Gy]", 5, "<= 13 Gy"),
        ("<= 13 %", "Mean[Gy]", 6, "<= 13 Gy"),
        ("<= 13 Gy", "V20Gy[%]", 6, "<= 13 %"),
        (">= 700 Gy", "V20Gy[%]", 7, None),
        ("<= 13 mm", "Mean[Gy]", 6, "<= 13 Gy"),
        ("<= 13 mGy", "Mean[Gy]", 6, "<= 13 Gy"),
        ("<= 13 Gy per fraction", "Mean[Gy]", 9, "<= 13 Gy"),
        ("<= 1.2 Gy", "CI_RTOG", 7, "<= 1.2"),
        ("<= 1.2 x", "CI_RTOG", 7, "<= 1.2"),
        ("<= Gy", "Mean[Gy]", 3, "<= 13 Gy"),
        ("<= -1 Gy", "Mean[Gy]", 3, "<= 13 Gy"),
        ("<= 1e3 Gy", "Mean[Gy]", 4, "<= 1 Gy"),
        ("<= nan Gy", "Mean[Gy]", 3, "<= 13 Gy"),
        ("<= 1_0 Gy", "Mean[Gy]", 3, "<= 13 Gy"),
        ("= 13 Gy", "Mean[Gy]", 0, "<= 13 Gy"),
        ("=< 13 Gy", "Mean[Gy]", 0, "<= 13 Gy"),
        ("≥ 95 %", "V100%[%]", 0, ">= 95 %"),
        (">= 101 %", "V100%[%]", 3, None),
        (">= 0 cc", "CV15Gy[cc]", 3, None),
        ("", "Mean[Gy]", 0, "<= 13 Gy"),
        ("<=", "Mean[Gy]", 2, "<= 13 Gy"),
        ("<= 13 Gy" + " " * 60, "Mean[Gy]", 60, None),
    ],
)
def test_wrong_goals_are_refused_at_the_faulty_character(text, metric, position, suggestion):
    """A bare number, a unit that does not fit or anything more is refused with its place."""
    with pytest.raises(GoalSyntaxError) as caught:
        parse_goal(text, parse_metric(metric))
    assert (caught.value.position, caught.value.suggestion) == (position, suggestion)
    if suggestion is not None:
        assert parse_goal(suggestion, parse_metric(metric))


@settings(derandomize=True, max_examples=200)
@given(
    st.sampled_from(["<=", "<", ">=", ">"]),
    st.floats(min_value=1e-4, max_value=100.0),
    st.sampled_from(["Mean[Gy]", "V20Gy[%]", "CV15Gy[cc]", "GI"]),
)
def test_reading_a_printed_goal_gives_it_back(comparator, value, metric):
    """Printing and reading a goal are inverse up to the text as written."""
    asked = parse_metric(metric)
    text = print_goal(Goal(comparator, value, asked.unit, "as written"))
    assert parse_goal(text, asked) == Goal(comparator, value, asked.unit, text)
