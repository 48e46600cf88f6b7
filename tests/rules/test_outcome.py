"""Judging a value at both ends of its interval: contract §6 and the goal tables of §3."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcheck.dvh.metric import Metric, MetricValue
from rtcheck.report import Outcome
from rtcheck.rules.constraint import Goal, GoalTable
from rtcheck.rules.outcome import Limit, doubt_lookup, judge, meets, outcome_findings, severity_for, table_limits


def goal(text):
    comparator, number = text.split()
    return Goal(comparator, float(number), "Gy", f"{text} Gy")


def limit(text, last=None):
    return Limit(goal(text), goal(last) if last else None)


def value(number, low=None, high=None):
    return MetricValue(number, number if low is None else low, number if high is None else high, "Gy")


@pytest.mark.parametrize(
    ("asked", "last", "number", "state"),
    [
        ("<= 13", None, 13.0, "MET"),
        ("<= 13", None, math.nextafter(13.0, 14), "VIOLATED"),
        ("< 13", None, 13.0, "VIOLATED"),
        ("< 13", None, math.nextafter(13.0, 12), "MET"),
        (">= 50", None, 50.0, "MET"),
        (">= 50", None, math.nextafter(50.0, 0), "VIOLATED"),
        ("> 50", None, 50.0, "VIOLATED"),
        ("<= 13", "<= 15.2", 13.0, "MET"),
        ("<= 13", "<= 15.2", 14.0, "VARIATION"),
        ("<= 13", "<= 15.2", 15.2, "VARIATION"),
        ("<= 13", "<= 15.2", 15.21, "VIOLATED"),
        (">= 95", ">= 90", 92.0, "VARIATION"),
        (">= 95", ">= 90", 90.0, "VARIATION"),
        (">= 95", ">= 90", 89.0, "VIOLATED"),
    ],
)
def test_a_limit_met_exactly_is_met_and_beyond_the_last_value_is_violated(asked, last, number, state):
    """Goal and variation split the line in three, and a limit met exactly is met with full precision."""
    assert judge(limit(asked, last), value(number)).state == state


def test_where_value_low_and_high_agree_that_is_the_outcome():
    """An interval on one side of the limit does not disturb the outcome."""
    assert judge(limit("<= 13"), value(12, 11, 12.9)).state == "MET"
    assert judge(limit("<= 13"), value(14, 13.1, 15)).state == "VIOLATED"
    assert judge(limit("<= 13", "<= 15"), value(14, 13.1, 15)).state == "VARIATION"


@pytest.mark.parametrize(
    ("number", "low", "high", "both"),
    [
        (12.9, 12.8, 13.1, ("MET", "VIOLATED")),
        (13.1, 12.9, 13.2, ("MET", "VIOLATED")),
        (13.0, 13.0, 13.1, ("MET", "VIOLATED")),
    ],
)
def test_where_the_three_differ_it_is_undecided_and_the_reason_names_both(number, low, high, both):
    """A limit inside the interval is UNDECIDED, and the reason names the outcome at either end and what would help."""
    judgement = judge(limit("<= 13"), value(number, low, high))
    assert judgement.state == "UNDECIDED"
    assert judgement.code == "RTD603"
    assert all(word in judgement.reason for word in both)
    assert "dose grid" in judgement.reason


def test_an_interval_over_goal_and_variation_is_undecided_too():
    """MET at one end and VARIATION at the other is UNDECIDED, not the milder of the two."""
    judgement = judge(limit("<= 13", "<= 15"), value(13.5, 12.9, 14))
    assert judgement.state == "UNDECIDED"
    assert "MET" in judgement.reason
    assert "VARIATION" in judgement.reason


def test_accepting_undecided_needs_the_value_itself_to_meet_the_goal():
    """`undecided = "accept"` accepts where the value meets the goal and nowhere else."""
    inside = judge(limit("<= 13"), value(12.9, 12.8, 13.1), accept=True)
    beyond = judge(limit("<= 13"), value(13.05, 12.8, 13.1), accept=True)
    at_variation = judge(limit("<= 13", "<= 15"), value(13.05, 12.8, 13.1), accept=True)
    assert (inside.state, inside.accepted) == ("UNDECIDED", True)
    assert (beyond.state, beyond.accepted) == ("UNDECIDED", False)
    assert (at_variation.state, at_variation.accepted) == ("UNDECIDED", False)
    assert not judge(limit("<= 13"), value(12.9, 12.8, 13.1)).accepted


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("comparator", ["<=", "<", ">=", ">"])
def test_a_number_that_is_not_finite_never_passes(number, comparator):
    """Neither as value, nor as an end of the interval, nor as a limit."""
    asked = Limit(Goal(comparator, 13.0, "Gy", ""))
    assert not meets(number, comparator, 13.0)
    assert not meets(13.0, comparator, number)
    for candidate in (value(number), value(10, number, 20), value(10, 5, number)):
        judgement = judge(asked, candidate)
        assert (judgement.state, judgement.code) == ("NOT_EVALUATED", "RTD608")


def test_a_value_outside_its_own_interval_never_passes():
    """An interval that does not hold its value is a fault of the program and refuses the verdict."""
    assert judge(limit("<= 13"), MetricValue(10.0, 11.0, 12.0, "Gy")).code == "RTD608"


def test_a_missing_value_is_not_evaluated_with_its_reason():
    """What could not be computed carries its reason and code on."""
    judgement = judge(limit("<= 13"), MetricValue(None, None, None, "Gy", "the structure has no volume", "RTD605"))
    assert (judgement.state, judgement.reason, judgement.code) == (
        "NOT_EVALUATED",
        "the structure has no volume",
        "RTD605",
    )


@pytest.mark.parametrize(
    ("asked", "last", "number", "margin"),
    [
        ("<= 13", None, 12.0, 1.0),
        ("<= 13", None, 14.0, -1.0),
        (">= 50", None, 50.5, 0.5),
        ("<= 13", "<= 15", 12.0, 1.0),
        ("<= 13", "<= 15", 14.0, 1.0),
        ("<= 13", "<= 15", 16.0, -1.0),
        ("<= 13", None, 13.0, 0.0),
    ],
)
def test_the_margin_is_positive_inside_the_limit_that_decides(asked, last, number, margin):
    """The goal decides where it is met or stands alone, else the variation."""
    found = judge(limit(asked, last), value(number)).margin
    assert found == margin
    assert math.copysign(1, found) == (1 if margin >= 0 else -1)


TABLE = GoalTable(
    Metric("Volume", None, "", "cc"),
    "@lesion.ptv",
    "<=",
    ((1.8, 5.9), (3.8, 5.5), (7.4, 5.1)),
    ((1.8, 7.5), (3.8, 6.5), (7.4, 6.0)),
)


def at(number, low=None, high=None):
    return MetricValue(number, number if low is None else low, number if high is None else high, "cc")


def test_a_goal_table_is_linear_between_its_points():
    """Half way between two points the limit is half way between theirs, and at a point it is the point's."""
    middle = table_limits(TABLE, at(2.8), "").limit
    assert middle.goal.value == pytest.approx(5.7)
    assert middle.variation.value == pytest.approx(7.0)
    assert table_limits(TABLE, at(1.8), "").limit.goal.value == 5.9
    assert table_limits(TABLE, at(7.4), "").limit.goal.value == pytest.approx(5.1)


@pytest.mark.parametrize("number", [1.7, 8.0, math.nextafter(1.8, 0), math.nextafter(7.4, 8)])
def test_a_goal_table_is_not_extrapolated(number):
    """Outside the points there is no limit but a reason."""
    reason = table_limits(TABLE, at(number), "")
    assert isinstance(reason, str)
    assert "not extrapolated" in reason


def test_the_variation_may_be_given_for_a_shorter_range():
    """Outside either line there is no limit."""
    table = GoalTable(Metric("Volume", None, "", "cc"), "PTV", "<=", ((1, 5), (9, 5)), ((2, 6), (8, 6)))
    assert isinstance(table_limits(table, at(1.5), ""), str)
    assert isinstance(table_limits(table, at(8.5), ""), str)
    assert table_limits(table, at(2), "").limit.variation.value == 6


def doubted(table, lookup, number):
    looked_up = table_limits(table, lookup, "")
    return doubt_lookup(judge(looked_up.limit, value(number)), looked_up, value(number))


@pytest.mark.parametrize(
    ("number", "state", "code"),
    [
        (5.65, "MET", "RTD603"),
        (5.5, "MET", ""),
        (6.9, "VARIATION", "RTD603"),
        (6.5, "VARIATION", ""),
        (7.1, "VIOLATED", ""),
        (7.3, "VIOLATED", ""),
    ],
)
def test_the_interval_of_the_looked_up_value_warns(number, state, code):
    """The limit is that of the looked-up value; where its interval allows another outcome a warning says so."""
    judgement = doubted(TABLE, at(2.8, 2.3, 3.3), number)
    assert (judgement.state, judgement.code) == (state, code)
    assert ("is possible" in judgement.reason) == bool(code)


def test_an_interval_that_leaves_the_table_warns():
    """At its end outside the table there is no limit at all."""
    judgement = doubted(TABLE, at(1.9, 1.7, 2.0), 1.0)
    assert (judgement.state, judgement.code) == ("MET", "RTD603")
    assert "outside the table" in judgement.reason


def test_a_bend_of_the_table_inside_the_interval_is_tried():
    """The extremes of a piecewise linear limit lie at its points, which are judged where the interval holds them."""
    bent = GoalTable(Metric("Volume", None, "", "cc"), "PTV", "<=", ((1, 10), (2, 4), (3, 10)))
    assert doubted(bent, at(1.5, 1.2, 2.8), 5.0).code == "RTD603"
    assert doubted(bent, at(1.5, 1.2, 1.8), 5.0).code == ""


def test_a_looked_up_value_that_is_missing_gives_its_reason():
    """Without the looked-up value there is no limit."""
    assert table_limits(TABLE, MetricValue(None, None, None, "cc", "no structure", "RTD301"), "") == "no structure"
    assert isinstance(table_limits(TABLE, value(math.nan), ""), str)


def outcome(state, priority="mandatory", lesion=None, asked="<= 13 Gy", accepted=False):
    return Outcome(
        "C1", "Liver", lesion, "Mean[Gy]", 1.0, 1.0, 1.0, "Gy", asked, None, priority, state, "why", accepted=accepted
    )


@pytest.mark.parametrize(
    ("state", "priority", "severity"),
    [
        ("VIOLATED", "mandatory", "E"),
        ("VIOLATED", "optimal", "W"),
        ("VIOLATED", "report", "I"),
        ("VARIATION", "mandatory", "W"),
        ("VARIATION", "optimal", "W"),
        ("VARIATION", "report", "I"),
        ("NOT_EVALUATED", "mandatory", "E"),
        ("NOT_EVALUATED", "optimal", "W"),
        ("NOT_EVALUATED", "report", "I"),
        ("UNDECIDED", "mandatory", "W"),
        ("UNDECIDED", "optimal", "W"),
        ("UNDECIDED", "report", "I"),
    ],
)
def test_a_finding_weighs_as_much_as_the_priority_of_its_constraint(state, priority, severity):
    """Findings about optimal constraints are W, about report-only ones I."""
    (item,) = outcome_findings(outcome(state, priority), "", target=False)
    assert item.severity == severity


def test_each_outcome_has_its_code():
    """Coverage, hot spot, organ limit, variation, borderline and not evaluated have codes of their own."""

    def codes(item, target):
        return [finding.code for finding in outcome_findings(item, "", target=target)]

    assert codes(outcome("VIOLATED", asked=">= 50 Gy", lesion="L1"), target=True) == ["RTD701"]
    assert codes(outcome("VIOLATED", asked="<= 60 Gy", lesion="L1"), target=True) == ["RTD702"]
    assert codes(outcome("VIOLATED"), target=False) == ["RTD703"]
    assert codes(outcome("VARIATION"), target=False) == ["RTD705"]
    assert codes(outcome("UNDECIDED"), target=False) == ["RTD603"]
    assert codes(outcome("NOT_EVALUATED"), target=False) == ["RTD706"]
    assert codes(outcome("MET"), target=False) == []
    assert codes(outcome("NOT_APPLICABLE"), target=False) == []


def test_an_outcome_whose_limit_is_in_doubt_is_a_warning():
    """MET with a looked-up limit that could be another one keeps its state and is borderline."""
    (item,) = outcome_findings(outcome("MET"), "RTD603", target=False)
    assert (item.code, item.severity) == ("RTD603", "W")
    assert len(outcome_findings(outcome("VARIATION"), "RTD603", target=False)) == 1


def test_an_accepted_undecided_outcome_is_a_note():
    """RTD603 is I where the protocol accepts it and the value meets the goal."""
    (item,) = outcome_findings(outcome("UNDECIDED", accepted=True), "RTD603", target=False)
    assert (item.code, item.severity) == ("RTD603", "I")


def test_a_number_that_is_not_finite_refuses_the_verdict():
    """RTD608 is F whatever the priority."""
    found = outcome_findings(outcome("NOT_EVALUATED", "optimal"), "RTD608", target=False)
    assert ("RTD608", "F") in [(item.code, item.severity) for item in found]


def test_priority_only_weakens_and_never_touches_a_refusal():
    """F stays F; nothing is made more severe."""
    assert severity_for("F", "report") == "F"
    assert severity_for("I", "mandatory") == "I"
    assert severity_for("W", "mandatory") == "W"
    assert severity_for("E", "optimal") == "W"


ORDER = {"MET": 2, "VARIATION": 1, "VIOLATED": 0}


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.floats(0, 100), st.floats(0, 5), st.floats(0, 5), st.floats(0, 5), st.floats(0, 5))
def test_a_wider_interval_never_turns_an_outcome_into_a_better_one(number, below, above, more_below, more_above):
    """What is known less well may become UNDECIDED, never MET from something else."""
    asked = limit("<= 50", "<= 55")
    narrow = judge(asked, value(number, number - below, number + above)).state
    wide = judge(asked, value(number, number - below - more_below, number + above + more_above)).state
    assert wide in (narrow, "UNDECIDED")
