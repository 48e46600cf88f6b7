"""Cells of a page from numbers: rounded by the one rule of `rtcheck.render.numbers`, with the path of every number.

What is missing is a dash, never a zero and never an empty cell that could be read as one; its title says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from rtcheck.render.document import Bar, Cell, Number, Tone
from rtcheck.render.numbers import format_interval, format_margin, format_value, limit_number
from rtcheck.render.terminal import visible
from rtcheck.rules.result import Outcome

__all__ = [
    "MISSING",
    "Interval",
    "count_cell",
    "interval_cell",
    "join_cells",
    "margin_bar",
    "margin_cell",
    "missing_cell",
    "number_cell",
    "short_uid",
    "text_cell",
    "tone_of",
    "uid_cell",
    "whole_cell",
]

MISSING = "–"
"""Stands where a number could not be had."""

_SHORT = 12
_TONES: dict[str, Tone] = {
    "PASS": "good", "COVERED": "good", "MET": "good",
    "FAIL": "bad", "VIOLATED": "bad", "NOT_COVERED": "bad", "NOT_TREATED": "bad", "NO VERDICT": "bad", "F": "bad",
    "REVIEW": "warn", "UNDECIDED": "warn", "VARIATION": "warn", "W": "warn",
    "INCOMPLETE": "open", "NOT_EVALUATED": "open", "E": "open",
    "NOT_APPLICABLE": "quiet", "NOT_REQUIRED": "quiet", "I": "quiet",
}  # fmt: skip


class Interval(Protocol):
    """A value with its interval: a `MetricValue` or an `Outcome`."""

    @property
    def value(self) -> float | None: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...
    @property
    def unit(self) -> str: ...
    @property
    def reason(self) -> str: ...


def tone_of(word: str) -> Tone:
    """Return the tone of a verdict, a state or a severity of the contract."""
    return _TONES.get(word, "")


def text_cell(text: str, title: str = "", tone: Tone = "", anchor: str = "") -> Cell:
    """Return a cell without numbers; the text is made visible, a dash stands for an empty one."""
    return Cell(visible(text) or MISSING, tone=tone, title=visible(title), anchor=anchor)


def missing_cell(reason: str) -> Cell:
    """Return the cell of something that could not be had."""
    return Cell(MISSING, title=visible(reason), tone="quiet")


def number_cell(path: str, value: float | None, unit: str = "", reason: str = "") -> Cell:
    """Return the cell of one number with its unit."""
    if value is None:
        return missing_cell(reason)
    text = format_value(value)
    return Cell(f"{text} {unit}".rstrip(), (Number(path, value, text),))


def whole_cell(path: str, value: int | None, word: str = "", reason: str = "") -> Cell:
    """Return the cell of a whole number, such as a number of fractions."""
    if value is None:
        return missing_cell(reason)
    return Cell(f"{value} {word}".rstrip(), (Number(path, value, str(value)),))


def count_cell(path: str, field: str, word: str, count: int, tone: Tone = "") -> Cell:
    """Return the cell of a count; its path is ``count:PATH.FIELD=WORD``: how many items of a list have that word."""
    return Cell(str(count), (Number(f"count:{path}.{field}={word}", count, str(count)),), tone)


def interval_cell(path: str, found: Interval, limits: Sequence[float] = (), *, unit: str | None = None) -> Cell:
    """Return the cell of a value with its interval: ``46.1 (45.8-46.3) Gy``; a dash with the reason where missing.

    Args:
        path: of what holds `value`, `low` and `high`.
        found: the value.
        limits: it must stand on the right side of after rounding.
        unit: shown; None: its own. Empty: none, where the column or the metric says it.
    """
    if found.value is None:
        return missing_cell(found.reason)
    shown, between = format_interval(found.value, found.low, found.high, limits)
    numbers = [Number(f"{path}.value", found.value, shown)]
    if between and found.low is not None and found.high is not None:
        separator = " to " if " to " in between else "-"
        # the low end may itself begin with a minus sign, then the separator is a word
        low, _, high = between.partition(separator)
        numbers += [Number(f"{path}.low", found.low, low), Number(f"{path}.high", found.high, high)]
    shown_unit = found.unit if unit is None else unit
    text = " ".join(part for part in (shown, f"({between})" if between else "", shown_unit) if part)
    return Cell(text, tuple(numbers))


def margin_cell(path: str, margin: float | None, decimals: int) -> Cell:
    """Return the signed distance to the limit that decides, with as many decimals as the value beside it."""
    if margin is None:
        return missing_cell("")
    text = format_margin(margin, decimals)
    return Cell(text, (Number(f"{path}.margin", margin, text),))


def join_cells(cells: Iterable[Cell], separator: str = " ") -> Cell:
    """Return one cell of several, with all their numbers; the first tone and title that are not empty stay."""
    kept = list(cells)
    first = Cell(separator.join(cell.text for cell in kept if cell.text))
    numbers = tuple(number for cell in kept for number in cell.numbers)
    tone: Tone = next((cell.tone for cell in kept if cell.tone), "")
    title = next((cell.title for cell in kept if cell.title), "")
    return replace(first, numbers=numbers, tone=tone, title=title)


def margin_bar(outcome: Outcome, text: str) -> Bar | None:
    """Return the bar of an outcome's margin; None where there is no value or no limit.

    The bar spans the value, its interval and the limits with a tenth of their range on both sides.
    """
    goal, variation = limit_number(outcome.goal), limit_number(outcome.variation)
    if outcome.value is None or goal is None or outcome.low is None or outcome.high is None or not outcome.goal:
        return None
    marks = [outcome.low, outcome.value, outcome.high, goal, *([variation] if variation is not None else [])]
    least, most = min(marks), max(marks)
    room = 0.1 * (most - least) or 0.1 * abs(goal) or 1.0
    start, length = least - room, most - least + 2 * room

    def at(number: float) -> float:
        return (number - start) / length

    return Bar(
        at(outcome.value), at(outcome.low), at(outcome.high), at(goal), None if variation is None else at(variation),
        outcome.goal.startswith("<"), tone_of(outcome.outcome), visible(text),
    )  # fmt: skip


def short_uid(uid: str) -> str:
    """Return the last digits of a UID, which differ where whole UIDs share their beginning."""
    return uid if len(uid) <= _SHORT else f"…{uid[-_SHORT:]}"


def uid_cell(uid: str) -> Cell:
    """Return a shortened UID or digest with the whole one as its title."""
    return text_cell(short_uid(uid), uid) if uid else missing_cell("")
