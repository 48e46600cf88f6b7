"""How several plans were summed, how numbers were made, and the data themselves."""

from __future__ import annotations

from rtcheck.render.cells import text_cell, whole_cell
from rtcheck.render.document import Block, Column, Facts, Paragraph, Row, Section, Table
from rtcheck.render.json_report import SCHEMA
from rtcheck.render.messages import MESSAGES
from rtcheck.render.page_constraints import constraint_table
from rtcheck.render.page_selftest import selftest_blocks
from rtcheck.render.page_strip import Page
from rtcheck.render.terminal import visible

__all__ = ["composite_section", "data_section", "method_section"]

_PARTS = ("sampling", "interval", "rounding", "dvh", "coordinates")
_LIMITS = ("contours", "dose", "grid", "motion", "pictures")


def composite_section(page: Page) -> Section | None:
    """Return the section; None with one plan."""
    if len(page.report.plans) < 2:
        return None
    composite = page.exhibits.composite if page.exhibits is not None else None
    blocks: list[Block] = []
    if composite is not None:
        blocks.append(Paragraph(text_cell(page.say("composite.unlike" if composite.unlike else "composite.alike"))))
        columns = (
            Column("plan", page.say("column.plan")),
            Column("fractions", page.say("column.fractions"), "right"),
            Column("dose", page.say("column.dose")),
        )
        rows = tuple(
            Row(
                f"part-{index + 1}",
                (
                    text_cell(", ".join(part.plans)),
                    whole_cell(
                        f"exhibits.composite.parts[{index}].fractions", part.fractions, reason=page.say("unknown")
                    ),
                    text_cell(", ".join(part.dose_sop_instance_uids)),
                ),
            )
            for index, part in enumerate(composite.parts)
        )
        blocks.append(Table("composite-parts", page.say("composite.parts"), columns, rows))
    biological = [place for place, one in enumerate(page.report.outcomes) if "{" in one.metric]
    shown = [place for place in biological if page.report.outcomes[place].outcome != "NOT_APPLICABLE"]
    if shown:
        caption = page.say("composite.biological")
        blocks.append(constraint_table(page, "composite-limits", caption, shown, anchors=False))
    blocks.append(Paragraph(text_cell(page.say("composite.formula"))))
    return Section("composite", page.say("section.composite"), tuple(blocks))


def method_section(page: Page) -> Section:
    """Return the section on conventions, sampling, rounding, self-test and known limits."""
    provenance = page.report.provenance
    conventions = tuple(
        (page.say(f"method.{key}") if f"method.{key}" in MESSAGES else visible(key), text_cell(value))
        for key, value in sorted(provenance.conventions.items())
    )
    blocks: list[Block] = [Facts("conventions", page.say("method.conventions"), conventions)]
    words = [(page.say(f"method.{part}.title"), text_cell(_text(page, part))) for part in _PARTS]
    blocks.append(Facts("method", page.say("section.method"), tuple(words)))
    blocks += selftest_blocks(page)
    limits = tuple((str(number), text_cell(page.say(f"method.limit.{key}"))) for number, key in enumerate(_LIMITS, 1))
    blocks.append(Facts("limits", page.say("method.limits.title"), limits))
    software = tuple((visible(name), text_cell(version)) for name, version in sorted(provenance.software.items()))
    blocks.append(Facts("software", page.say("method.software"), software))
    if page.report.sources:
        columns = (Column("key", page.say("column.key")), Column("citation", page.say("column.citation"), wide=True))
        rows = tuple(
            Row(f"source-{index + 1}", (text_cell(key), text_cell(citation)))
            for index, (key, citation) in enumerate(sorted(page.report.sources.items()))
        )
        blocks.append(Table("sources", page.say("method.sources"), columns, rows))
    return Section("method", page.say("section.method"), tuple(blocks))


def data_section(page: Page) -> Section:
    """Return the section that says what is embedded."""
    text = page.say("data.text", schema=SCHEMA, sha256=page.sha256)
    return Section("data", page.say("section.data"), (Paragraph(text_cell(text)),))


def _text(page: Page, part: str) -> str:
    return page.say(f"method.{part}.text" if f"method.{part}.text" in MESSAGES else f"method.{part}")
