"""The table of limits: value with its interval, goal, margin with a bar, and where the limit comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rtcheck.model.codes import CATALOGUE
from rtcheck.render.cells import interval_cell, margin_bar, margin_cell, missing_cell, text_cell, tone_of
from rtcheck.render.document import Block, Cell, Column, Paragraph, Row, Section, Table
from rtcheck.render.messages import code_fix
from rtcheck.render.numbers import limit_number
from rtcheck.render.page_strip import Page
from rtcheck.render.terminal import visible
from rtcheck.rules.result import Outcome

__all__ = ["constraint_table", "constraints_section", "is_for_the_record", "outcome_cause"]

_URGENCY = ("VIOLATED", "NOT_EVALUATED", "UNDECIDED", "VARIATION", "MET", "NOT_APPLICABLE")
_PRIORITIES = ("mandatory", "optimal", "report")
_RIGHT = ("value", "goal", "variation", "margin")
_KEYS = (
    "structure", "metric", "value", "goal", "variation", "margin", "outcome", "priority", "source", "confidence",
)  # fmt: skip


def constraints_section(page: Page) -> Section:
    """Return the section: what is not met first, then what is met, then what is only shown."""
    outcomes = page.report.outcomes
    ranked = sorted(range(len(outcomes)), key=lambda place: (*_rank(outcomes[place]), place))
    shown = [place for place in ranked if outcomes[place].outcome != "NOT_APPLICABLE"]
    open_ones = [place for place in shown if outcomes[place].outcome != "MET"]
    met = [place for place in shown if outcomes[place].outcome == "MET"]
    recorded = [place for place in ranked if is_for_the_record(outcomes[place])]
    blocks: list[Block] = []
    if not shown and not recorded:
        blocks.append(Paragraph(text_cell(page.say("constraints.none")), "open"))
    elif not open_ones and met:
        blocks.append(Paragraph(text_cell(page.say("constraints.all_met")), "good"))
    for key, places in (("open", open_ones), ("met", met), ("report", recorded)):
        if places:
            blocks.append(constraint_table(page, f"constraints-{key}", page.say(f"constraints.{key}"), places))
    return Section("constraints", page.say("section.constraints"), tuple(blocks))


def constraint_table(
    page: Page, key: str, caption: str, places: Sequence[int], *, folded: bool = False, anchors: bool = True
) -> Table:
    """Return a table of the outcomes at some places of the report.

    Args:
        page: of which it is part.
        key: of the table.
        caption: of the table.
        places: indices into the outcomes, in the order of the rows.
        folded: as in `Table`.
        anchors: whether rows are the anchors of their outcomes; False for a second table of the same ones.
    """
    columns = tuple(
        Column(name, page.say(f"column.{name}"), "right" if name in _RIGHT else "left",
               wide=name in ("structure", "source"))
        for name in _KEYS
    )  # fmt: skip
    prefix = "outcome" if anchors else f"{key}-outcome"
    return Table(key, caption, columns, tuple(_row(page, place, prefix) for place in places), folded=folded)


def is_for_the_record(outcome: Outcome) -> bool:
    """Whether a row is shown although it is not judged: it is report-only and has a value."""
    return outcome.outcome == "NOT_APPLICABLE" and outcome.priority == "report" and outcome.value is not None


def outcome_cause(page: Page, outcome: Outcome) -> str:
    """Return the code behind an outcome that was not evaluated, from the finding that goes with it."""
    subject = outcome.constraint if outcome.lesion is None else f"{outcome.constraint} {outcome.lesion}"
    causes = (str(one.evidence.get("cause", "")) for one in page.report.findings
              if one.code == "RTD706" and one.subject == subject)  # fmt: skip
    return next(causes, "")


def _rank(outcome: Outcome) -> tuple[int, int]:
    priority = _PRIORITIES.index(outcome.priority) if outcome.priority in _PRIORITIES else len(_PRIORITIES)
    return priority, _URGENCY.index(outcome.outcome)


def _row(page: Page, place: int, prefix: str) -> Row:
    outcome = page.report.outcomes[place]
    path = f"report.outcomes[{place}]"
    limits = [limit for limit in (limit_number(outcome.goal), limit_number(outcome.variation)) if limit is not None]
    value = interval_cell(path, outcome, limits)
    shown = value.numbers[0].text if value.numbers else ""
    margin = margin_cell(path, outcome.margin, len(shown.partition(".")[2]))
    bar_text = page.say("bar.text", value=value.text, goal=outcome.goal or "", margin=margin.text)
    margin = replace(margin, bar=margin_bar(outcome, bar_text))
    structure = " | ".join(outcome.rois) if outcome.lesion and outcome.rois else outcome.structure
    if outcome.lesion:
        structure = f"{outcome.lesion}: {structure}"
    cells = (
        text_cell(structure, outcome.constraint),
        text_cell(outcome.metric),
        value,
        text_cell(outcome.goal or "") if outcome.goal else missing_cell(""),
        text_cell(outcome.variation or "") if outcome.variation else missing_cell(""),
        margin,
        _state(page, outcome),
        text_cell(page.say(f"priority.{outcome.priority}")),
        _source(page, outcome),
        text_cell(page.say(f"confidence.{outcome.confidence}")) if outcome.confidence else missing_cell(""),
    )
    return Row(f"{prefix}-{place + 1}", cells, tone_of(outcome.outcome), _notes(page, outcome))


def _state(page: Page, outcome: Outcome) -> Cell:
    if is_for_the_record(outcome):
        return text_cell(page.say("priority.report"), tone="quiet")
    word = page.say(f"state.{outcome.outcome}")
    if outcome.accepted:
        word = f"{word} ({page.say('state.accepted')})"
    return text_cell(word, tone=tone_of(outcome.outcome))


def _source(page: Page, outcome: Outcome) -> Cell:
    if not outcome.source:
        return missing_cell("")
    where = f"{outcome.source}, {outcome.where}" if outcome.where else outcome.source
    return text_cell(where, page.report.sources.get(outcome.source, ""), anchor="sources")


def _notes(page: Page, outcome: Outcome) -> tuple[str, ...]:
    """Return the constraint's id, why it is so and what to do, for rows that are not simply met."""
    state = outcome.outcome
    if state in ("MET", "NOT_APPLICABLE"):
        return (visible(outcome.reason),) if outcome.reason and not is_for_the_record(outcome) else ()
    notes = [outcome.constraint, outcome.reason]
    cause = outcome_cause(page, outcome)
    fix = code_fix(page.language, cause) if cause in CATALOGUE else ""
    if state == "NOT_EVALUATED" and fix:
        notes.append(f"{fix} ({cause})")
    elif outcome.priority != "report":
        target = outcome.lesion is not None and state == "VIOLATED"
        key = "do.VIOLATED.target" if target else f"do.{state}"
        if state in ("VIOLATED", "NOT_EVALUATED", "VARIATION"):
            notes.append(page.say(key))
    return tuple(visible(note) for note in notes if note)
