"""Rows of the text report: what stands in the columns, and how columns are fitted into 80 cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rtcheck.model.codes import CATALOGUE
from rtcheck.render.numbers import format_interval, format_margin, format_value, limit_number
from rtcheck.render.terminal import WIDTH, Paint, cells, pad, visible, wrap
from rtcheck.rules.result import Outcome

__all__ = ["LEGEND", "Row", "layout", "outcome_row", "without_repeats"]

LEGEND = {
    "secondary-source": ("*", "read in a secondary source"),
    "memory": ("?", "recalled, not yet read in the source"),
    "site-default": ("!", "proposed for the trial, not published"),
}
"""Marks of limits whose number was not read in the primary text, by ``Outcome.confidence``."""

_TO_DO = {
    "VIOLATED": "lower the dose there, or have the protocol's owner accept it",
    "NOT_EVALUATED": "provide what is missing; what is not judged cannot pass",
    "VARIATION": "improve the plan where it costs nothing, or acknowledge the variation",
}
_TO_DO_TARGET = "improve the plan, or record why less was accepted"
_LEAST_LABEL = 14
_MANY_DECIMALS = re.compile(r"\d+\.\d{4,}")
"""A number no person wrote: it was interpolated."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. All texts are ready to print.

    Attributes:
        label, value, goal, last, margin: columns.
        state: a word of the contract, or empty.
        notes: paragraphs below the row.
        advice: the paragraphs of `notes` that rows one after another may share.
    """

    label: str
    value: str
    goal: str
    last: str
    state: str
    margin: str
    notes: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    indent: str = "  "


def outcome_row(outcome: Outcome, indent: str = "  ", cause: str = "") -> Row:
    """Return the row of one outcome, with reason, source and what to do where it is not met.

    Units stand in the metric; a goal keeps its own where it is another one.

    Args:
        outcome: what was judged.
        indent: where the row starts.
        cause: the finding code behind a row that was not evaluated, or empty.
    """
    limits = [limit for limit in (limit_number(outcome.goal), limit_number(outcome.variation)) if limit is not None]
    value = margin = ""
    if outcome.value is not None:
        shown, interval = format_interval(outcome.value, outcome.low, outcome.high, limits)
        value = f"{shown} ({interval})" if interval else shown
        decimals = len(shown.partition(".")[2])
        margin = "" if outcome.margin is None else format_margin(outcome.margin, decimals)
    outcome = _with_short_limits(outcome)
    goal = visible(_without_unit(outcome.goal, outcome.unit))
    if goal and outcome.confidence in LEGEND:
        goal += LEGEND[outcome.confidence][0]
    # The comparator of the last acceptable value is that of the goal.
    last = visible(_without_unit(outcome.variation, outcome.unit).lstrip("<>= "))
    structure = " | ".join(outcome.rois) if outcome.lesion and outcome.rois else outcome.structure
    mark = f"  ({outcome.priority})" if outcome.lesion and outcome.priority != "mandatory" else ""
    label = visible(f"{structure}  {outcome.metric}{mark}")
    # A report-only row is shown and never judged.
    state = "" if outcome.priority == "report" and outcome.outcome != "NOT_EVALUATED" else outcome.outcome
    name = () if outcome.outcome in ("MET", "NOT_APPLICABLE") else (visible(outcome.constraint),)
    return Row(label, value, goal, last, state, margin, name, _advice(outcome, cause), indent)


def without_repeats(rows: Sequence[Row]) -> list[Row]:
    """Leave the advice of rows one after another that is the same with the last of them only."""
    repeated = [row.advice == after.advice for row, after in pairwise(rows)] + [False] * bool(rows)
    return [replace(row, advice=()) if again else row for row, again in zip(rows, repeated, strict=True)]


def layout(rows: Sequence[Row], paint: Paint, header: Row | None = None) -> list[str]:
    """Fit rows into columns; a label that is too long for its column stands on a line of its own.

    Args:
        rows: in the order to print.
        paint: colours the state.
        header: titles of the columns; its label starts at the margin.
    """
    everything = [*rows, header] if header else list(rows)
    value = max(cells(row.value) for row in everything)
    goal = max(cells(row.goal) for row in everything)
    last = max(cells(row.last) for row in everything)
    margin = max(cells(row.margin) for row in everything)
    # A state may reach into the column of the margin where its row has none.
    state = max(cells(row.state) - (0 if row.margin or not margin else margin + 2) for row in everything)
    taken = sum(width + 2 for width in (value, goal, last, state, margin) if width)
    room = max(_LEAST_LABEL, WIDTH - taken)
    label = min(room, max(cells(row.indent + row.label) for row in everything))

    def columns(row: Row) -> str:
        texts = ((row.value, value, True), (row.goal, goal, False), (row.last, last, True))
        before = "".join("  " + pad(text, width, right=right) for text, width, right in texts if width)
        after = "  " + pad(row.margin, margin, right=True) if margin else ""
        word = row.state.replace("_", " ")
        return before + "  " + pad(word, state) + after

    lines = []
    if header:
        titles = (pad(header.label, label) + columns(header)).rstrip()
        lines.append(titles if cells(titles) <= WIDTH else header.label)
    for row in rows:
        left = row.indent + row.label
        line = columns(row).rstrip()
        if cells(left) > label:
            lines += wrap(row.label, row.indent, row.indent + "  ")
            left = ""
        if line:
            whole = pad(left, label) + line
            fitted = [whole] if cells(whole) <= WIDTH else wrap(" ".join(whole.split()), row.indent, row.indent + "  ")
            word = row.state.replace("_", " ")
            lines += [part.replace(f"  {word}", f"  {paint(word, row.state)}", 1) for part in fitted]
        elif left:
            lines.append(left)
        for note in (*row.notes, *row.advice):
            lines += wrap(note, row.indent + "    ", row.indent + "      ")
    return lines


def _advice(outcome: Outcome, cause: str) -> tuple[str, ...]:
    """Return why a row is as it is and what to do."""
    if outcome.outcome in ("MET", "NOT_APPLICABLE"):
        return ()
    beyond = f"Beyond {outcome.variation or outcome.goal}."
    advice = [] if outcome.reason == beyond else [outcome.reason]  # the row itself says that
    if outcome.outcome == "NOT_EVALUATED" and cause in CATALOGUE:
        advice.append(f"do: {CATALOGUE[cause].fix} ({cause})")
    elif outcome.priority != "report" and outcome.outcome in _TO_DO:
        target = outcome.lesion is not None and outcome.outcome == "VIOLATED"
        advice.append(f"do: {_TO_DO_TARGET if target else _TO_DO[outcome.outcome]}")
    return tuple(visible(paragraph) for paragraph in advice if paragraph)


def _with_short_limits(outcome: Outcome) -> Outcome:
    """Round the limits that were read off a table (3.557058 to 3.56), in the row and in its reason.

    A rounded limit stands on the same side of value and interval as the limit itself.
    """
    ends = [end for end in (outcome.value, outcome.low, outcome.high) if end is not None]
    texts = {}
    for text in (outcome.goal, outcome.variation):
        found = _MANY_DECIMALS.search(text or "")
        if text and found:
            texts[text] = text.replace(found.group(), format_value(float(found.group()), ends))
    reason = outcome.reason
    for text, short in texts.items():
        reason = reason.replace(text, short)
    goal, variation = (texts.get(text, text) if text else text for text in (outcome.goal, outcome.variation))
    return replace(outcome, goal=goal, variation=variation, reason=reason)


def _without_unit(goal: str | None, unit: str) -> str:
    """Return a goal without the unit of its metric, which stands in the row already."""
    text = goal or ""
    return text.removesuffix(unit).rstrip() if unit else text
