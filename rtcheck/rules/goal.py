"""Goals as text: a comparator, a number and a unit that fits the metric, such as ``<= 13 Gy``. Never a bare number.

Limits in cGy, ml or cm3 are converted on their decimal digits. What no plan could fail, such as ``>= 0 %``, and what
no plan could meet, such as ``>= 101 %`` of a volume, is refused: such a limit would judge nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NoReturn

from rtcheck.dvh.metric import Metric
from rtcheck.dvh.notation import print_metric
from rtcheck.errors import GoalSyntaxError
from rtcheck.rules.constraint import Comparator, Goal
from rtcheck.units import format_number, match_number, match_unit, scale_number, skip_blanks, unit_spellings

__all__ = ["parse_goal", "print_goal"]

_COMPARATORS: tuple[Comparator, ...] = ("<=", ">=", "<", ">")
_MEANT = {"≤": "<=", "≥": ">=", "=<": "<=", "=>": ">=", "<": "<", ">": ">", "⩽": "<=", "⩾": ">=", "＜": "<", "＞": ">"}
_MAX_LENGTH = 60


def parse_goal(text: str, metric: Metric) -> Goal:
    """Read the goal of `metric`.

    Args:
        text: such as ``<= 13 Gy``; blanks do not matter.
        metric: what the goal is for; its output unit says which units fit.

    Returns:
        The goal with its value in the unit of the metric; `text` is as written, without outer blanks.

    Raises:
        GoalSyntaxError: no comparator, no number, no unit, or a unit that does not fit; names the position.
    """
    if len(text) > _MAX_LENGTH:
        raise GoalSyntaxError(text, _MAX_LENGTH, f"a goal has at most {_MAX_LENGTH} characters")
    start = skip_blanks(text, 0)
    comparator = next((each for each in _COMPARATORS if text.startswith(each, start)), None)
    if comparator is None:
        _refuse_comparator(text, start, metric)
    number_at = skip_blanks(text, start + len(comparator))
    found = match_number(text, number_at)
    if found is None:
        problem = f"expected a plain number after {comparator}"
        raise GoalSyntaxError(text, number_at, problem, _suggestion(comparator, "13", metric))
    number, end = found
    power, end = _read_unit(text, skip_blanks(text, end), number, comparator, metric)
    rest = skip_blanks(text, end)
    if rest < len(text):
        raise GoalSyntaxError(text, rest, f"expected nothing more, found {text[rest]!r}", text[:end].strip())
    value = scale_number(number, power)
    goal = Goal(comparator, value, metric.unit, text.strip())
    _refuse_empty(text, number_at, goal, metric)
    return goal


def print_goal(goal: Goal) -> str:
    """Return the canonical text of a goal, such as ``<= 13 Gy``; an index has no unit."""
    return f"{goal.comparator} {format_number(goal.value)} {goal.unit}".rstrip()


def _read_unit(text: str, at: int, number: Decimal, comparator: Comparator, metric: Metric) -> tuple[int, int]:
    """Check the unit at `at` against the metric; return its power of ten and the position after it."""
    matched = match_unit(text, at)
    name = print_metric(metric)
    shown = format_number(float(number))
    if metric.unit == "":
        if matched is not None:
            raise GoalSyntaxError(text, at, f"{name} has no unit", f"{comparator} {shown}")
        return 0, at
    spellings = " or ".join(unit_spellings(metric.unit))
    suggestion = f"{comparator} {shown} {metric.unit}" if _plausible(float(number), metric) else None
    if matched is None:
        found = f", found {text[at]!r}" if at < len(text) else ""
        raise GoalSyntaxError(text, at, f"expected the unit of {name}: {spellings}{found}", suggestion)
    if matched[0] != metric.unit:
        raise GoalSyntaxError(text, at, f"the unit does not fit {name}; expected {spellings}", suggestion)
    return matched[1], matched[2]


def _refuse_empty(text: str, number_at: int, goal: Goal, metric: Metric) -> None:
    """Refuse a limit that every plan meets or none can."""
    if goal.value == 0 and goal.comparator in (">=", ">"):
        raise GoalSyntaxError(text, number_at, "a lower limit of 0 judges nothing")
    if not _plausible(goal.value, metric):
        problem = f"{print_metric(metric)} never exceeds 100 %"
        raise GoalSyntaxError(text, number_at, problem)


def _plausible(value: float, metric: Metric) -> bool:
    """Whether a structure can have this value: no more than 100 % of its volume."""
    return not (metric.kind in ("V", "CV") and metric.unit == "%" and value > 100)


def _suggestion(comparator: str, number: str, metric: Metric) -> str:
    return f"{comparator} {number} {metric.unit}".rstrip()


def _refuse_comparator(text: str, start: int, metric: Metric) -> NoReturn:
    """Say that the goal does not begin with a comparator, and which one seems meant."""
    meant, width = next(((mark, len(key)) for key, mark in _MEANT.items() if text.startswith(key, start)), ("", 0))
    number_at = skip_blanks(text, start + width)
    found = match_number(text, number_at)
    if found is None:
        raise GoalSyntaxError(text, start, "expected a comparator: <=, <, >= or >", _suggestion("<=", "13", metric))
    number = format_number(scale_number(found[0], 0))
    if meant:
        raise GoalSyntaxError(text, start, f"the comparator is written {meant}", f"{meant}{text[start + width :]}")
    raise GoalSyntaxError(text, start, "expected a comparator: <=, <, >= or >", _suggestion("<=", number, metric))
