"""The report as PDF, by Typst: one wheel without system libraries, so that it installs where a hospital can install.

The same document as the HTML page, every block in its order. Texts go to Typst as JSON strings, which it sets as they
are; none is ever read as markup. Fonts are bundled and embedded (Noto Sans CJK, cut down, under the Open Font License),
system fonts are not used, and there is no date in the file: same document, same bytes, on any machine. PDF/A-2b.
A character that the fonts lack is shown as its escape, as hidden characters are.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import as_file, files

import numpy as np

from rtcheck.extras import load_extra
from rtcheck.render.bar_svg import bar_svg
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
from rtcheck.render.dvh_svg import PAPER, plot_svg, swatch_svg
from rtcheck.render.picture_svg import isodose_legend, picture_svg
from rtcheck.render.terminal import cells

__all__ = ["pdf_report", "printable"]

_STANDARD = "a-2b"
_LONG = 14
"""Runs of so many characters without a blank may break anywhere: identifiers are wider than columns."""
_RUN = re.compile(rf"[^\s\u2e80-\uffff]{{{_LONG + 1},}}")
_DIGEST = re.compile("[0-9a-f]{64}")
_FONT = re.compile(r'font-family="[^"]*"')
_INK = {"good": "#176f2c", "bad": "#b3261e", "warn": "#8a5a00", "open": "#6f42c1"}
_ONE_LINE, _WIDEST, _HALF, _BAR = 20, 34, 50, 13
"""Characters of a column whose texts stay on one line; that one with sentences asks for; with digests; with bars."""
_LEAST = 14
"""Characters that a column of texts that wrap has at least."""
_ROOM = {False: 120, True: 185}
"""Characters that fit into a line of a table of many columns, on a page upright or across."""
_MANY_COLUMNS = 9
"""Tables with more columns lie across the page."""
_LONG_NOTES = 1200
"""Rows and findings with more characters may break over pages; shorter ones stay whole."""


def pdf_report(document: Document) -> bytes:
    """Return the pages of a document.

    Raises:
        MissingExtraError: Typst is not installed.
    """
    typst = load_extra("typst")
    data = json.dumps(_document(document), ensure_ascii=False)
    with as_file(files("rtcheck.render")) as folder:
        compiler = typst.Compiler(
            str(folder / "pdf" / "report.typ"),
            root=str(folder / "pdf"),
            font_paths=[str(folder / "fonts")],
            ignore_system_fonts=True,
            sys_inputs={"document": data},
        )
        return bytes(compiler.compile(format="pdf", pdf_standards=_STANDARD, timestamp=0))


def printable(text: str) -> str:
    r"""Return a text with every character that the bundled fonts lack as its escape, such as ``\U0001f600``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if character in "\n " or ord(character) in _covered()
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )  # fmt: skip


def _document(document: Document) -> dict[str, object]:
    """Return what the template reads."""
    strip = document.strip
    words = dict(document.words)
    return {
        "lang": document.html_language.partition("-")[0],
        "plain_title": printable(document.title),
        "header": _pieces(" · ".join(document.header)),
        "footer": _pieces(document.title),
        "page_of": printable(document.page_of),
        "what_to_do": _pieces(words.get("what_to_do", "what to do")),
        "strip": {
            "verdict": _pieces(strip.verdict),
            "tone": strip.tone,
            "sentence": _pieces(strip.sentence),
            "counts": [{"label": _pieces(label), "cell": _cell(cell)} for label, cell in strip.counts],
            "notices": [_paragraph(notice) for notice in strip.notices],
            "facts": _facts(strip.facts),
            "sign_off": _sign_off(strip.sign_off),
        },
        "sections": [
            {
                "title": _pieces(section.title),
                "blocks": [_block(block) for block in section.blocks],
                "flipped": any(
                    isinstance(block, Table) and len(block.columns) > _MANY_COLUMNS for block in section.blocks
                ),
            }
            for section in document.sections
        ],
    }


def _block(block: Block) -> dict[str, object]:
    kind = {"kind": type(block).__name__}
    if isinstance(block, Table):
        return kind | _table(block)
    if isinstance(block, FindingList):
        return kind | {"title": _pieces(block.title), "items": [_finding(item) for item in block.items]}
    if isinstance(block, Facts):
        return kind | {"title": _pieces(block.title), "items": _facts(block.items)}
    if isinstance(block, Paragraph):
        return kind | _paragraph(block)
    if isinstance(block, Plot):
        return kind | _plot(block)
    if isinstance(block, PictureSet):
        return kind | _pictures(block)
    assert isinstance(block, SignOff)
    return kind | _sign_off(block)


def _table(table: Table) -> dict[str, object]:
    """Return a table; reasons for missing values, which a page shows when pointed at, become notes below it."""
    marks: dict[str, str] = {}
    for row in table.rows:
        for cell in row.cells:
            if _is_missing(cell):
                marks.setdefault(cell.title, _mark(len(marks)))
    widths = _widths(table, _ROOM[len(table.columns) > _MANY_COLUMNS])
    return {
        "caption": _pieces(table.caption),
        "size": 6.6 if sum(width for width, _ in widths) > 90 or len(widths) > 7 else 7.5,
        "header_column": table.header_column,
        "columns": [
            {"title": _pieces(column.title), "align": column.align, "share": width, "wide": wide}
            for column, (width, wide) in zip(table.columns, widths, strict=True)
        ],
        "rows": [
            {
                "tone": row.tone,
                "cells": [_cell(cell, marks.get(cell.title, "") if _is_missing(cell) else "") for cell in row.cells],
                "notes": [_pieces(note) for note in row.notes],
                "long": sum(map(len, (*row.notes, *(cell.text for cell in row.cells)))) > _LONG_NOTES,
            }
            for row in table.rows
        ],
        "notes": [{"mark": mark, "text": _pieces(text)} for text, mark in marks.items()],
    }  # fmt: skip


def _widths(table: Table, room: int) -> list[tuple[int, bool]]:
    """Return the width of each column in characters, and whether its texts wrap, so that it takes part of the rest."""
    asked = []
    for place, column in enumerate(table.columns):
        texts = [column.title, *(_shown(row.cells[place]) for row in table.rows)]
        longest = max(map(cells, texts))
        words = max(cells(word) for text in texts for word in [*text.split(), ""])
        least = _BAR if any(row.cells[place].bar for row in table.rows) else 0
        asked.append(max(least, min(longest, _HALF if words > _WIDEST else _WIDEST)))
    # the fewer columns stay on one line, the more room is left for those that wrap
    for one_line in (_ONE_LINE, 14, 10):
        narrow = [width + 2 for width in asked if width <= one_line]
        if len(narrow) < len(asked) and sum(narrow) <= room - _LEAST * (len(asked) - len(narrow)):
            return [(width + 2 if width <= one_line else width, width > one_line) for width in asked]
    return [(max(width, 4) + 3, True) for width in asked]


def _is_missing(cell: Cell) -> bool:
    return cell.text == "–" and bool(cell.title)


def _mark(place: int) -> str:
    """Return a, b, ... z, aa, ab ..."""
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(ord("a") + rest) + text
    return text


def _cell(cell: Cell, mark: str = "") -> dict[str, object]:
    """Return a cell; an identifier that a page shortens is printed whole."""
    bar = None if cell.bar is None else _svg(bar_svg(cell.bar, PAPER, _INK.get(cell.bar.tone, "")))
    alt = "" if cell.bar is None else printable(cell.bar.text)
    return {"text": _pieces(_shown(cell)), "tone": cell.tone, "bar": bar, "alt": alt, "mark": mark}


def _shown(cell: Cell) -> str:
    """Return the text of a cell; of an identifier that was shortened the whole one."""
    if cell.text.startswith("…") and cell.title.endswith(cell.text[1:]) and " " not in cell.title:
        return cell.title
    return cell.title if _DIGEST.fullmatch(cell.title) and cell.title.startswith(cell.text) else cell.text


def _facts(items: Iterable[tuple[str, Cell]]) -> list[dict[str, object]]:
    return [{"label": _pieces(label), "cell": _cell(cell)} for label, cell in items]


def _paragraph(block: Paragraph) -> dict[str, object]:
    return {"cell": _cell(block.cell), "tone": block.tone}


def _sign_off(block: SignOff) -> dict[str, object]:
    return {"text": _pieces(block.text), "fields": [_pieces(field) for field in block.fields]}


def _finding(item: FindingItem) -> dict[str, object]:
    names = {"severity": item.severity_word, "title": item.title, "code": item.code, "subject": item.subject,
             "message": item.message, "why": item.why, "fix": item.fix}  # fmt: skip
    long = sum(map(len, names.values())) > _LONG_NOTES
    return {"tone": item.tone, "long": long, **{name: _pieces(text) for name, text in names.items()}}


def _plot(plot: Plot) -> dict[str, object]:
    lines = [{"label": _pieces(line.label), "swatch": _svg(swatch_svg(line.style, PAPER))} for line in plot.lines]
    return {"title": _pieces(plot.title), "svg": _svg(plot_svg(plot, PAPER)), "alt": printable(plot.summary),
            "lines": lines, "summary": _pieces(plot.summary)}  # fmt: skip


def _pictures(block: PictureSet) -> dict[str, object]:
    planes = [
        {"svg": _svg(picture_svg(picture, title, text)), "title": _pieces(title), "alt": printable(text)}
        for picture, title, text in block.planes
    ]
    known = [float(np.nanmax(one.dose_gy)) for one, _, _ in block.planes if not np.all(np.isnan(one.dose_gy))]
    legend = isodose_legend(block.planes[0][0].prescription_gy, max(known)) if known else ()
    return {
        "title": _pieces(block.title),
        "caption": _pieces(block.caption),
        "coordinates": _cell(block.coordinates),
        "planes": planes,
        "isodoses": [{"colour": colour, "text": f"{percent} %  {gy} Gy"} for colour, percent, gy in legend],
    }


def _svg(drawing: str) -> str:
    """Return a drawing in the bundled font."""
    return printable(_FONT.sub('font-family="Report Sans"', drawing))


def _pieces(text: str) -> list[str]:
    """Return a text cut where a line may break inside a long run without blanks; the pieces together are the text.

    Chinese may break anywhere as it is, and is not cut.
    """
    out = [""]
    at = 0
    shown = printable(text)
    for run in _RUN.finditer(shown):
        out[-1] += shown[at : run.start()]
        pieces = [run.group()[start : start + _LONG] for start in range(0, len(run.group()), _LONG)]
        out[-1] += pieces[0]
        out += pieces[1:]
        at = run.end()
    out[-1] += shown[at:]
    return [piece for piece in out if piece]


@cache
def _covered() -> frozenset[int]:
    """Return the characters that the regular font has, from its table of characters (OpenType cmap, format 4)."""
    data = (files("rtcheck.render") / "fonts" / "ReportSans-Regular.otf").read_bytes()
    tables = {data[12 + 16 * i : 16 + 16 * i]: struct.unpack_from(">II", data, 20 + 16 * i)[0]
              for i in range(struct.unpack_from(">H", data, 4)[0])}  # fmt: skip
    start = tables[b"cmap"]
    out: set[int] = set()
    for i in range(struct.unpack_from(">H", data, start + 2)[0]):
        at = start + struct.unpack_from(">I", data, start + 8 + 8 * i)[0]
        if struct.unpack_from(">H", data, at)[0] == 4:
            out |= _segments(data, at)
    return frozenset(out - {0xFFFF})


def _segments(data: bytes, at: int) -> set[int]:
    count = struct.unpack_from(">H", data, at + 6)[0] // 2

    def numbers(offset: int) -> Sequence[int]:
        return struct.unpack_from(f">{count}H", data, at + offset)

    ends, starts = numbers(14), numbers(16 + 2 * count)
    return {point for first, last in zip(starts, ends, strict=True) for point in range(first, last + 1)}
