"""The report as Markdown: a summary for the page of a CI job or a comment, in the form GitHub and GitLab read.

It holds the verdict, the notices, the lesions, the limits and the findings; curves, pictures, passed checks and method
stand in the other formats, and the last line says so. Every text from outside is shown as it is: no markup, link,
mention, issue number, emoji or HTML comes of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rtcheck.render.document import (
    Block,
    Cell,
    Document,
    Facts,
    FindingItem,
    FindingList,
    Paragraph,
    PictureSet,
    Plot,
    SignOff,
    Table,
)

__all__ = ["escape_markdown", "markdown_report"]

SHOWN = ("lesions", "constraints", "findings", "composite")
"""Sections of the summary."""

_SPLIT = "<!-- -->"
"""Nothing that is seen; it keeps what follows from being read together with what stands before."""

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;", "\\": "&#92;", "`": "&#96;",
                           "|": "&#124;", "*": "&#42;", "_": "&#95;", "[": "&#91;", "]": "&#93;", "~": "&#126;",
                           "{": "&#123;", "}": "&#125;", "!": "&#33;", "^": "&#94;"})  # fmt: skip
_JOINED = re.compile(
    r"@(?=[\w-])"  # mentions, addresses
    r"|(?<![&])#(?=\w)"  # issue numbers; not the number of an entity
    r"|(?<=\w):(?=//)"  # links of any scheme
    r"|\b(?:mailto|xmpp|www|GH)(?=[:.-])"
    r"|:(?=[\w+-]+:)",  # emoji
    re.IGNORECASE,
)
_FIRST = re.compile(r"^(\s*)([-+=](?=[-+=\s]*$|\s)|#(?=[#\s]|$)|\d+(?=[.)](?:\s|$)))")


def escape_markdown(text: str) -> str:
    """Return a text as Markdown that shows it and does nothing else, also in a cell of a table or a list item."""
    flat = " ".join(text.split()) if any(c in text for c in "\r\n\t\v\f") else text
    safe = _JOINED.sub(lambda found: found.group() + _SPLIT, flat.translate(_ENTITIES))
    # a digit or sign at the start of a line could begin a list, a heading or a rule
    return _FIRST.sub(lambda found: f"{found.group(1)}{found.group(2)}{_SPLIT}", safe)


def markdown_report(document: Document) -> str:
    """Return the summary of a document, ending in a newline."""
    strip = document.strip
    verdict = f"**{escape_markdown(strip.verdict)}**: {escape_markdown(strip.sentence)}"
    lines = [f"# {escape_markdown(document.title)}", "", verdict, ""]
    lines += [*(f"- {escape_markdown(label)}: {_cell(cell)}" for label, cell in strip.counts), ""]
    for notice in strip.notices:
        lines += [f"> {_cell(notice.cell)}", ""]
    lines += [*_facts(strip.facts), ""]
    for section in document.sections:
        if section.key in SHOWN:
            lines += [f"## {escape_markdown(section.title)}", ""]
            for block in section.blocks:
                lines += [*_block(block, document), ""]
    left_out = [section.title for section in document.sections if section.key not in SHOWN]
    if left_out:
        lines += [f"({'; '.join(escape_markdown(title) for title in left_out)}: HTML, PDF, JSON)"]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _block(block: Block, document: Document) -> list[str]:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, FindingList):
        return _findings(block, dict(document.words).get("what_to_do", "what to do"))
    if isinstance(block, Facts):
        return [*([f"### {escape_markdown(block.title)}", ""] if block.title else []), *_facts(block.items)]
    if isinstance(block, Paragraph):
        return [f"> {_cell(block.cell)}" if block.tone else _cell(block.cell)]
    assert isinstance(block, (PictureSet, Plot, SignOff))
    return []


def _table(table: Table) -> list[str]:
    """Set a table; the notes of its rows stand below it, since a Markdown row is one line."""
    titles = [escape_markdown(column.title) for column in table.columns]
    rules = ["---:" if column.align == "right" else "---" for column in table.columns]
    lines = [_row(titles), _row(rules), *(_row(_cell(cell) for cell in row.cells) for row in table.rows)]
    notes = [
        f"- {_strong(_cell(row.cells[table.header_column]))}: {' '.join(escape_markdown(note) for note in row.notes)}"
        for row in table.rows
        if row.notes
    ]
    body = [*lines, *(["", *notes] if notes else [])]
    caption = escape_markdown(table.caption)
    if table.folded:
        return [f"<details><summary>{caption}</summary>", "", *body, "", "</details>"]
    return [f"### {caption}", "", *body]


def _findings(block: FindingList, what_to_do: str) -> list[str]:
    title = escape_markdown(block.title)
    items = [_finding(item, what_to_do) for item in block.items]
    if block.folded:
        return [f"<details><summary>{title}</summary>", "", *items, "", "</details>"]
    return [*([f"### {title}", ""] if title else []), *items]


def _finding(item: FindingItem, what_to_do: str) -> str:
    about = f"{escape_markdown(item.subject)}: " if item.subject else ""
    fix = f" *{escape_markdown(what_to_do)}* {escape_markdown(item.fix)}" if item.fix else ""
    word, title = escape_markdown(item.severity_word), escape_markdown(item.title)
    return f"- **{word} {escape_markdown(item.code)}** {title}. {about}{escape_markdown(item.message)}{fix}"


def _facts(items: Iterable[tuple[str, Cell]]) -> list[str]:
    return [f"- {escape_markdown(label)}: {_cell(cell)}" for label, cell in items]


def _cell(cell: Cell) -> str:
    """Return the text of a cell, or what its bar says where it has no text."""
    return escape_markdown(cell.text or (cell.bar.text if cell.bar else ""))


def _strong(markdown: str) -> str:
    """Set in bold; blanks at the ends would keep the stars from being read as bold."""
    inner = markdown.strip()
    return f"**{inner}**" if inner else "–"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
