"""From a metric value and its limit to an outcome: judged at the value and at both ends of its interval.

Contract §6: beyond the variation (or beyond the goal where there is none) is VIOLATED, between goal and variation is
VARIATION, else MET. Where value, low and high agree that is the outcome; where they differ it is UNDECIDED. A limit met
exactly is met. Comparisons use full precision and are written so that a number that is not finite can never pass.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

from rtcheck.dvh.metric import MetricValue
from rtcheck.model.finding import Finding, Severity, finding
from rtcheck.rules.constraint import Comparator, Goal, GoalTable, Priority
from rtcheck.rules.result import Outcome, OutcomeState
from rtcheck.units import format_number

__all__ = [
    "Judgement",
    "Limit",
    "LookedUp",
    "doubt_lookup",
    "judge",
    "meets",
    "outcome_findings",
    "severity_for",
    "table_limits",
]

_PRIORITY_SEVERITY: dict[Priority, Severity] = {"mandatory": "E", "optimal": "W", "report": "I"}


@dataclass(frozen=True, slots=True)
class Limit:
    """A goal and the last acceptable value, None where there is none, in the unit of the metric."""

    goal: Goal
    variation: Goal | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What judging one value gave.

    Attributes:
        state: the outcome.
        reason: one sentence; empty for a plain MET.
        margin: distance from the value to the limit that decides, positive inside; None when not evaluated. The goal
            decides where it is met or there is no variation, else the variation.
        accepted: UNDECIDED, but the protocol accepts it and the value itself meets the goal: counts as MET.
        code: the finding code behind a state other than MET, such as RTD603 or RTD605; empty otherwise.
    """

    state: OutcomeState
    reason: str = ""
    margin: float | None = None
    accepted: bool = False
    code: str = ""


def meets(value: float, comparator: Comparator, limit: float) -> bool:
    """Whether ``value comparator limit`` holds; never for a value or limit that is not finite."""
    if not (math.isfinite(value) and math.isfinite(limit)):
        return False
    if comparator == "<=":
        return value <= limit
    if comparator == "<":
        return value < limit
    if comparator == ">=":
        return value >= limit
    return value > limit


def judge(limit: Limit, value: MetricValue, *, accept: bool = False) -> Judgement:
    """Judge a metric value at its value, low and high end.

    Args:
        limit: in the unit of the value.
        value: the metric value.
        accept: the protocol's ``undecided = "accept"``.

    Returns:
        The judgement. A value that is missing is NOT_EVALUATED; one that is not finite, or not inside its own
        interval, is NOT_EVALUATED with code RTD608.
    """
    if value.value is None or value.low is None or value.high is None:
        return Judgement("NOT_EVALUATED", value.reason or "The metric has no value.", code=value.code or "RTD706")
    numbers = (value.low, value.value, value.high)
    if not all(math.isfinite(number) for number in numbers) or not value.low <= value.value <= value.high:
        return Judgement(
            "NOT_EVALUATED",
            "The metric gave a number that is not finite or not inside its own interval: this is a fault of the "
            "program. Report it.",
            code="RTD608",
        )
    low, state, high = (_state(limit, number) for number in numbers)
    margin = _margin(limit, value.value)
    if low == state == high:
        return Judgement(state, _plain_reason(state, limit), margin)
    accepted = accept and state == "MET"
    reason = _undecided_reason(low, state, high, value)
    if accepted:
        reason += ' The protocol accepts this (undecided = "accept"): the value itself meets the goal.'
    return Judgement("UNDECIDED", reason, margin, accepted, "RTD603")


def _state(limit: Limit, number: float) -> OutcomeState:
    if meets(number, limit.goal.comparator, limit.goal.value):
        return "MET"
    if limit.variation is not None and meets(number, limit.variation.comparator, limit.variation.value):
        return "VARIATION"
    return "VIOLATED"


def _margin(limit: Limit, number: float) -> float:
    decides = limit.goal
    if limit.variation is not None and not meets(number, limit.goal.comparator, limit.goal.value):
        decides = limit.variation
    distance = decides.value - number if decides.comparator in ("<=", "<") else number - decides.value
    return distance + 0.0  # a plain zero, never minus zero


def _plain_reason(state: OutcomeState, limit: Limit) -> str:
    if state == "VARIATION" and limit.variation is not None:
        return f"The goal {limit.goal.text} is missed; the last acceptable value {limit.variation.text} is kept."
    if state == "VIOLATED":
        last = limit.variation or limit.goal
        return f"Beyond {last.text}."
    return ""


def _undecided_reason(low: OutcomeState, state: OutcomeState, high: OutcomeState, value: MetricValue) -> str:
    """Name the outcomes at the two ends of the interval and say what would settle it."""
    shown = [
        " ".join(filter(None, (format_number(round(end or 0.0, 6)), value.unit))) for end in (value.low, value.high)
    ]
    return (
        f"The limit lies inside the interval: {low} at {shown[0]}, {high} at {shown[1]}, {state} at the value. A finer "
        "dose grid or closer contour planes would narrow the interval; so would a plan that keeps more distance from "
        "the limit."
    )


@dataclass(frozen=True, slots=True)
class LookedUp:
    """A limit looked up in a goal table.

    Attributes:
        limit: at the looked-up value.
        others: at both ends of its interval and at every point of the table between them: the extremes of a piecewise
            linear function lie there.
        beyond: whether an end of the interval lies outside the table, where there is no limit.
    """

    limit: Limit
    others: tuple[Limit, ...]
    beyond: bool


def table_limits(table: GoalTable, lookup: MetricValue, unit: str) -> LookedUp | str:
    """Look up the limits of a goal table, linear between its points.

    Args:
        table: points with ascending x.
        lookup: the value of ``table.by`` with its interval.
        unit: unit of the limits, that of the constraint's metric.

    Returns:
        The limits; or the reason in one sentence where the looked-up value is missing or outside the table.
    """
    if lookup.value is None or lookup.low is None or lookup.high is None:
        return lookup.reason or "The metric that the goal depends on has no value."
    if not all(math.isfinite(number) for number in (lookup.value, lookup.low, lookup.high)):
        return "The metric that the goal depends on is not a finite number."
    first, last = table.goal[0][0], table.goal[-1][0]
    if table.variation:
        first, last = max(first, table.variation[0][0]), min(last, table.variation[-1][0])
    if not first <= lookup.value <= last:
        shown = " ".join(filter(None, (format_number(round(lookup.value, 3)), lookup.unit)))
        return (
            f"The goal depends on {table.of}, {shown}, and is given only from {format_number(first)} to "
            f"{format_number(last)}: the table is not extrapolated."
        )
    knots = [x for x, _ in (*table.goal, *table.variation)]
    tried = sorted(
        {max(lookup.low, first), min(lookup.high, last), *(x for x in knots if lookup.low < x < lookup.high)}
    )
    others = tuple(_limit_at(table, x, unit) for x in tried if first <= x <= last)
    return LookedUp(_limit_at(table, lookup.value, unit), others, lookup.low < first or lookup.high > last)


def doubt_lookup(judgement: Judgement, looked_up: LookedUp, value: MetricValue) -> Judgement:
    """Add a warning (RTD603) where the interval of the looked-up value allows a limit that judges otherwise.

    The limit is that of the looked-up value (contract §3), so the outcome stays; the warning keeps it from passing
    unseen.
    """
    if judgement.state not in ("MET", "VARIATION"):
        return judgement
    states = {judge(limit, value).state for limit in looked_up.others} - {judgement.state}
    if not states and not looked_up.beyond:
        return judgement
    what = f"{' or '.join(sorted(states))} is possible" if states else "one end of it is outside the table"
    reason = f"{judgement.reason} Within the interval of the value that the goal depends on, {what}.".strip()
    return replace(judgement, reason=reason, code="RTD603")


def _limit_at(table: GoalTable, x: float, unit: str) -> Limit:
    goal = _goal_at(table.goal, x, table.comparator, unit)
    return Limit(goal, _goal_at(table.variation, x, table.comparator, unit) if table.variation else None)


def _goal_at(points: tuple[tuple[float, float], ...], x: float, comparator: Comparator, unit: str) -> Goal:
    """Return the goal at x, which lies inside the points."""
    y = points[-1][1]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if x <= x1:
            y = y0 + (y1 - y0) * ((x - x0) / (x1 - x0))
            break
    shown = format_number(round(y, 6))
    return Goal(comparator, y, unit, f"{comparator} {shown} {unit}".rstrip())


def severity_for(severity: Severity, priority: Priority) -> Severity:
    """Weaken the severity of a finding that only touches a constraint of this priority.

    A finding about an optimal constraint is at most W, about a report-only one I (contract §6). F stays F.
    """
    if severity == "F":
        return "F"
    order = "IWE"
    return min(severity, _PRIORITY_SEVERITY[priority], key=order.index)


def outcome_findings(outcome: Outcome, code: str, *, target: bool) -> tuple[Finding, ...]:
    """Make the finding that goes with an outcome.

    Args:
        outcome: as judged.
        code: ``Judgement.code``: the cause where it was not evaluated or undecided.
        target: whether the constraint is about a target (coverage, hot spot) and not about an organ.

    Returns:
        RTD701 (target below), RTD702 (target above) or RTD703 (organ) where VIOLATED, RTD705 at VARIATION, RTD603 where
        UNDECIDED, RTD706 where NOT_EVALUATED, with the severity its priority allows; nothing for MET.
    """
    priority: Priority = outcome.priority  # type: ignore[assignment]  # the report keeps it as text
    subject = outcome.constraint if outcome.lesion is None else f"{outcome.constraint} {outcome.lesion}"
    what = f"{outcome.structure} {outcome.metric}"
    shown = {
        key: value
        for key, value in (
            ("value", outcome.value),
            ("low", outcome.low),
            ("high", outcome.high),
            ("goal", outcome.goal),
            ("variation", outcome.variation),
        )
        if value is not None
    }
    if outcome.outcome == "VIOLATED":
        upper = bool(outcome.goal and outcome.goal.startswith("<"))
        violated = ("RTD702" if upper else "RTD701") if target else "RTD703"
        return (finding(violated, subject, f"{what}: {outcome.reason}", severity_for("E", priority), **shown),)
    borderline = (finding("RTD603", subject, f"{what}: {outcome.reason}", severity_for("W", priority), **shown),)
    if outcome.outcome == "MET" and code == "RTD603":
        return borderline
    if outcome.outcome == "VARIATION":
        return (finding("RTD705", subject, f"{what}: {outcome.reason}", severity_for("W", priority), **shown),)
    if outcome.outcome == "UNDECIDED":
        severity: Severity = "I" if outcome.accepted else severity_for("W", priority)
        return (finding("RTD603", subject, f"{what}: {outcome.reason}", severity, **shown),)
    if outcome.outcome == "NOT_EVALUATED":
        out = [finding("RTD706", subject, f"{what}: {outcome.reason}", severity_for("E", priority), cause=code)]
        if code == "RTD608":
            out.append(finding("RTD608", subject, f"{what}: {outcome.reason}"))
        return tuple(out)
    return ()
