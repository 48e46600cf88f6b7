"""The self-test of the machine on a page: its result in the head, its figures among the method.

Its numbers are texts without a JSON path: the self-test is no part of the result and not embedded with it.
"""

from __future__ import annotations

from rtcheck.render.cells import text_cell
from rtcheck.render.document import Block, Cell, Column, Paragraph, Row, Table, Tone
from rtcheck.render.page_strip import Page, selftest_state
from rtcheck.render.stored_selftest import ClassHeld, IntervalsHeld, StoredSelfTest, differing_software

__all__ = ["selftest_blocks"]

_SHOWN, _MOST_DIGITS = 4, 17


def selftest_blocks(page: Page) -> tuple[Block, ...]:
    """Return what the method section says of the self-test; that there is none, where none was given."""
    found = page.options.selftest
    if found is None:
        return (Paragraph(text_cell(page.say("selftest.none")), "open"),)
    tone: Tone = "good" if selftest_state(page) == "passed" else "warn" if found.passed else "bad"
    words = page.say(
        "selftest.passed" if found.passed else "selftest.failed",
        version=found.software["rtcheck"], phantoms=found.phantoms,
    )  # fmt: skip
    blocks: list[Block] = [Paragraph(text_cell(f"{page.say('selftest.title')}: {words}"), tone)]
    differing = _differing(page, found)
    if differing:
        blocks.append(Paragraph(text_cell(page.say("selftest.differs", list=differing)), "warn"))
    if not any(row.part == "files" for row in found.classes):
        blocks.append(Paragraph(text_cell(page.say("selftest.no_files")), "open"))
    return (*blocks, _classes(page, found.classes), _intervals(page, found.intervals))


def _differing(page: Page, selftest: StoredSelfTest) -> str:
    used = dict(page.report.provenance.software)
    return "; ".join(
        page.say("selftest.differs.item", name=name, found=found or "–", used=version or "–")
        for name, found, version in differing_software(selftest, used)
    )


def _classes(page: Page, rows: tuple[ClassHeld, ...]) -> Table:
    sides = {"count": "right", "worst": "right", "judged": "right", "target": "right"}
    columns = tuple(
        Column(f"selftest-{key}", page.say(f"column.selftest.{key}"), "right" if key in sides else "left")
        for key in ("class", "part", "of", "count", "worst", "judged", "target", "state")
    )
    shown = tuple(
        Row(
            f"selftest-{number}",
            (
                text_cell(page.say(f"selftest.class.{row.name}")),
                text_cell(page.say(f"selftest.part.{row.part}")),
                text_cell(page.say("selftest.of.volume") if row.percent_of == "volume" else row.percent_of),
                text_cell(str(row.count)),
                text_cell(_error(row.worst, row.target)),
                text_cell(_error(row.judged, row.target)),
                text_cell("–" if row.target is None else f"{row.target:g}"),
                _state(page, judged=row.target is not None, passed=row.passed),
            ),
            "" if row.passed else "bad",
        )
        for number, row in enumerate(rows, start=1)
    )
    return Table("selftest", page.say("selftest.caption"), columns, shown)


def _intervals(page: Page, rows: tuple[IntervalsHeld, ...]) -> Table:
    columns = (
        Column("selftest-class", page.say("column.selftest.class")),
        Column("selftest-count", page.say("column.selftest.count"), "right"),
        Column("selftest-inside", page.say("column.selftest.inside"), "right"),
        Column("selftest-state", page.say("column.selftest.state")),
    )
    shown = tuple(
        Row(
            f"selftest-interval-{number}",
            (
                text_cell(page.say(f"selftest.class.{row.name}")),
                text_cell(str(row.count)),
                text_cell(str(row.inside)),
                _state(page, judged=row.judged, passed=row.passed),
            ),
            "" if row.passed else "bad",
        )
        for number, row in enumerate(rows, start=1)
    )
    return Table("selftest-intervals", page.say("selftest.intervals"), columns, shown)


def _state(page: Page, *, judged: bool, passed: bool) -> Cell:
    if not judged:
        return text_cell(page.say("selftest.not_judged"), tone="quiet")
    return text_cell(page.say("selftest.ok" if passed else "selftest.missed"), tone="good" if passed else "bad")


def _error(value: float | None, target: float | None) -> str:
    """Return an error in per cent, with as many digits as keep it on its side of the target; – where there is none."""
    if value is None:
        return "–"
    for digits in range(_SHOWN, _MOST_DIGITS):
        text = f"{value:.{digits}f}"
        if target is None or (float(text) <= target) == (value <= target):
            return text
    return repr(value)
