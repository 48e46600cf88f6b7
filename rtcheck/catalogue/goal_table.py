"""A goal that depends on another metric (``goal_table``), read from its table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rtcheck.catalogue.faults import Faults, describe, validate_table
from rtcheck.catalogue.protocol_schema import GoalTableTable
from rtcheck.dvh.notation import parse_metric
from rtcheck.errors import ExpressionSyntaxError, MetricSyntaxError
from rtcheck.rules.constraint import Comparator, GoalTable
from rtcheck.rules.expression import parse_expression

__all__ = ["read_goal_table"]

_Points = tuple[tuple[float, float], ...]


def read_goal_table(raw: object, key_path: str, faults: Faults) -> GoalTable | None:
    """Read a goal table; None, with faults noted, when anything in it is wrong.

    Where no comparator is written it follows from the variation, which lies on the lenient side of the goal: a
    variation above it means ``<=``, one below it ``>=``; without a variation ``<=`` is meant.
    """
    table = validate_table(GoalTableTable, raw, key_path, faults)
    if table is None:
        return None
    try:
        by = parse_metric(table.by)
    except MetricSyntaxError as error:
        faults.add_notation(f"{key_path}.by", error, 'a metric, such as "Volume[cc]"')
        by = None
    try:
        parse_expression(table.of)
    except ExpressionSyntaxError as error:
        faults.add_notation(f"{key_path}.of", error, 'a structure expression, such as "@lesion.ptv"')
    goal = _points(table.goal, f"{key_path}.goal", faults)
    variation = _points(table.variation or [], f"{key_path}.variation", faults)
    if goal is None or variation is None:
        return None
    comparator = _comparator(goal, variation, table.comparator, key_path, faults)
    if by is None or comparator is None:
        return None
    return GoalTable(by, table.of, comparator, goal, variation)


def _points(raw: Sequence[Sequence[float]], key_path: str, faults: Faults) -> _Points | None:
    for index, (here, following) in enumerate(pairwise(raw), start=1):
        if not here[0] < following[0]:
            faults.add(f"{key_path}[{index + 1}]", describe(following[0]), f"an x above {here[0]:g}: points ascend")
            return None
    return tuple((x, y) for x, y in raw)


def _comparator(
    goal: _Points, variation: _Points, written: Comparator | None, key_path: str, faults: Faults
) -> Comparator | None:
    """Return the direction of the limits, checked against the variation at every point of either list."""
    if not variation:
        return written or "<="
    if (goal[0][0], goal[-1][0]) != (variation[0][0], variation[-1][0]):
        faults.add(f"{key_path}.variation", f"points from {variation[0][0]:g} to {variation[-1][0]:g}",
                   f"the range of the goal, from {goal[0][0]:g} to {goal[-1][0]:g}")
        return None
    places = sorted({x for x, _ in (*goal, *variation)})
    room = [_at(variation, x) - _at(goal, x) for x in places]
    if all(step >= 0 for step in room):
        inferred: Comparator = "<="
    elif all(step <= 0 for step in room):
        inferred = ">="
    else:
        faults.add(f"{key_path}.variation", "values on both sides of the goal", "values on one side of it")
        return None
    if written is not None and written[0] != inferred[0] and any(step != 0 for step in room):
        faults.add(f"{key_path}.variation", f"values stricter than the goal under {written}",
                   "values on its lenient side")
        return None
    return written or inferred


def _at(points: _Points, x: float) -> float:
    """Linear interpolation at `x`, which lies between the first and the last point."""
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 <= x <= x1:
            return y0 + (y1 - y0) * ((x - x0) / (x1 - x0)) if x not in (x0, x1) else (y0 if x == x0 else y1)
    return points[-1][1]
