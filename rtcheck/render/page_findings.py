"""Findings with what to do, and what was checked without a finding."""

from __future__ import annotations

from rtcheck.model.codes import CATALOGUE
from rtcheck.model.finding import Finding
from rtcheck.render.cells import text_cell, tone_of
from rtcheck.render.document import Block, Column, FindingItem, FindingList, Paragraph, Row, Section, Table
from rtcheck.render.messages import code_fix, code_title, code_why
from rtcheck.render.page_constraints import constraint_table, is_for_the_record
from rtcheck.render.page_strip import Page
from rtcheck.render.terminal import visible

__all__ = ["CHECKED", "findings_section", "passed_section"]

_SEVERITIES = "FEWI"
CHECKED = ("0", "1", "2", "3", "4", "5", "6")
"""First digits of the codes that are checks of the data; 7 is judgement, 8 our files, 9 operation."""


def findings_section(page: Page) -> Section:
    """Return the section: every finding, those that bear on the verdict first, notes folded."""
    numbered = list(enumerate(page.report.findings))
    ranked = sorted(numbered, key=lambda item: (_SEVERITIES.index(item[1].severity), item[1].code, item[0]))
    serious = tuple(_item(page, place, one) for place, one in ranked if one.severity != "I")
    notes = tuple(_item(page, place, one) for place, one in ranked if one.severity == "I")
    blocks: list[Block] = []
    if serious:
        blocks.append(FindingList("findings-serious", page.say("findings.serious"), serious))
    if notes:
        blocks.append(FindingList("findings-notes", page.say("findings.notes"), notes, folded=True))
    if not blocks:
        blocks.append(Paragraph(text_cell(page.say("findings.none"))))
    return Section("findings", page.say("section.findings"), tuple(blocks))


def passed_section(page: Page) -> Section:
    """Return the section: data checks that raised nothing, limits that do not apply, structures without a limit."""
    report = page.report
    blocks: list[Block] = []
    if report.verdict is None:
        blocks.append(Paragraph(text_cell(page.say("passed.not_listed")), "open"))
    else:
        raised = {one.code for one in report.findings}
        codes = [code for code in CATALOGUE if code[3] in CHECKED and code not in raised]
        columns = (Column("code", page.say("column.code")), Column("check", page.say("column.check"), wide=True))
        rows = tuple(
            Row(f"passed-{code.lower()}", (text_cell(code), text_cell(code_title(page.language, code))))
            for code in codes
        )
        blocks.append(Table("passed-checks", page.say("passed.checks"), columns, rows, folded=True))
    idle = [
        place
        for place, one in enumerate(report.outcomes)
        if one.outcome == "NOT_APPLICABLE" and not is_for_the_record(one)
    ]
    if idle:
        caption = page.say("passed.not_applicable")
        blocks.append(constraint_table(page, "not-applicable", caption, idle, folded=True))
    if report.unconstrained:
        names = ", ".join(visible(name) for name in report.unconstrained)
        blocks.append(Paragraph(text_cell(f"{page.say('passed.unconstrained')}: {names}")))
    return Section("passed", page.say("section.passed"), tuple(blocks))


def _item(page: Page, place: int, one: Finding) -> FindingItem:
    note = one.severity == "I"
    return FindingItem(
        code=one.code,
        severity=one.severity,
        severity_word=page.say(f"severity.{one.severity}"),
        tone=tone_of(one.severity),
        title=visible(code_title(page.language, one.code)),
        subject=visible(one.subject),
        message=visible(one.message),
        why="" if note else code_why(page.language, one.code),
        fix="" if note else code_fix(page.language, one.code),
        path=f"report.findings[{place}]",
    )
