"""One ``[[constraint]]`` to a `Constraint` value: notation, units, and that goal and variation agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rtcheck.catalogue.condition_table import FactUse, read_conditions
from rtcheck.catalogue.faults import Faults, describe, validate_table
from rtcheck.catalogue.goal_table import read_goal_table
from rtcheck.catalogue.protocol_schema import ConstraintTable
from rtcheck.dvh.metric import Metric
from rtcheck.dvh.notation import parse_metric, print_metric
from rtcheck.errors import ExpressionSyntaxError, GoalSyntaxError, MetricSyntaxError
from rtcheck.rules.constraint import Constraint, Goal
from rtcheck.rules.expression import parse_expression
from rtcheck.rules.goal import parse_goal

__all__ = ["read_constraint"]


def read_constraint(raw: object, key_path: str, file: str, faults: Faults, uses: list[FactUse]) -> Constraint | None:
    """Read one constraint.

    Every part is read for itself, so that one faulty key does not hide the faults of the others.

    Args:
        raw: the table as parsed.
        key_path: its place, such as ``constraint[3]``.
        file: name of its file, kept in the value for messages.
        faults: collector.
        uses: collector of the conditions, for the check of their facts.
    """
    fractions = _fractions(raw.get("fractions"), f"{key_path}.fractions", faults) if isinstance(raw, dict) else None
    table = validate_table(ConstraintTable, raw, key_path, faults)
    if not isinstance(raw, dict):
        return None
    metric = _metric(raw.get("metric"), f"{key_path}.metric", faults)
    _check_structure(raw.get("structure"), f"{key_path}.structure", faults)
    goal = _goal(raw.get("goal"), metric, f"{key_path}.goal", faults)
    variation = _goal(raw.get("variation"), metric, f"{key_path}.variation", faults)
    if goal is not None and variation is not None:
        _check_variation(goal, variation, f"{key_path}.variation", faults)
    goal_table = read_goal_table(raw["goal_table"], f"{key_path}.goal_table", faults) if "goal_table" in raw else None
    _check_limit(raw, key_path, faults)
    when = read_conditions(raw["when"], f"{key_path}.when", faults, uses) if "when" in raw else ()
    quantity = metric.biological if metric is not None else None
    if metric is not None and quantity is not None and quantity.ab is None and "alpha_beta" not in raw:
        faults.add(f"{key_path}.alpha_beta", "no such key", f"the α/β of {print_metric(metric)}, here or in the metric")
    if table is None or metric is None:
        return None
    return Constraint(
        id=table.id,
        structure=table.structure,
        metric=metric,
        priority=table.priority,
        source=table.source,
        goal=goal,
        variation=variation,
        goal_table=goal_table,
        fractions=fractions,
        alpha_beta=table.alpha_beta,
        when=when,
        where=table.where,
        confidence=table.confidence or "",
        endpoint=table.endpoint,
        note=table.note,
        file=file,
        key_path=key_path,
    )


def _metric(text: object, key_path: str, faults: Faults) -> Metric | None:
    if not isinstance(text, str) or not text.strip():
        return None  # the schema has said so
    try:
        return parse_metric(text)
    except MetricSyntaxError as error:
        faults.add_notation(key_path, error, 'a metric, such as "D0.5cc[Gy]"')
        return None


def _check_structure(text: object, key_path: str, faults: Faults) -> None:
    if not isinstance(text, str) or not text.strip():
        return
    try:
        parse_expression(text)
    except ExpressionSyntaxError as error:
        faults.add_notation(key_path, error, 'a structure expression, such as "Liver - @gtv"')


def _goal(text: object, metric: Metric | None, key_path: str, faults: Faults) -> Goal | None:
    if metric is None or not isinstance(text, str) or not text.strip():
        return None
    try:
        return parse_goal(text, metric)
    except GoalSyntaxError as error:
        faults.add_notation(key_path, error, f"comparator, number and the unit of {print_metric(metric)}")
        return None


def _check_variation(goal: Goal, variation: Goal, key_path: str, faults: Faults) -> None:
    """Check that the last acceptable value has the direction of the goal and is not stricter."""
    if goal.comparator[0] != variation.comparator[0]:
        faults.add(key_path, f'"{variation.text}", which points the other way than "{goal.text}"',
                   f"a comparator {goal.comparator[0]} or {goal.comparator[0]}=")
        return
    room = variation.value - goal.value if goal.comparator[0] == "<" else goal.value - variation.value
    stricter_at_limit = room == 0 and len(variation.comparator) < len(goal.comparator)
    if room < 0 or stricter_at_limit:
        faults.add(key_path, f'"{variation.text}", which is stricter than the goal "{goal.text}"',
                   "a value on the lenient side of the goal, or goal and variation exchanged")


def _check_limit(raw: Mapping[str, Any], key_path: str, faults: Faults) -> None:
    """Check that there is exactly one kind of limit; none is needed where a value is only reported."""
    if "goal_table" in raw:
        for key in ("goal", "variation"):
            if key in raw:
                faults.add(f"{key_path}.{key}", f"{key} beside goal_table", "either a goal_table or a goal")
    elif "goal" not in raw:
        if "variation" in raw:
            faults.add(f"{key_path}.variation", "a variation without a goal", "a goal as well")
        if raw.get("priority") != "report":
            faults.add(f"{key_path}.goal", "no such key", 'a goal such as "<= 13 Gy", or a goal_table')


def _fractions(raw: object, key_path: str, faults: Faults) -> tuple[int, int] | None:
    if not isinstance(raw, list) or len(raw) != 2 or not all(type(count) is int for count in raw):
        if type(raw) is int:
            faults.add(key_path, describe(raw), "lowest and highest fraction count in a list", f"[{raw}, {raw}]")
        return None
    low, high = raw
    if low < 1:
        faults.add(key_path, describe(low), "fraction counts of 1 or more")
    elif low > high:
        faults.add(key_path, f"[{low}, {high}]", "the lower count first", f"[{high}, {low}]")
    return low, high
