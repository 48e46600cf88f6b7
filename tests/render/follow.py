"""Every number of a page followed back to the JSON: the harness for all formats.

    document = build_document(report, exhibits)
    for cell in all_cells(document): ...           # every cell of strip and sections
    check_numbers(document)                        # each path leads to the value, each text is its rounding
    shown_texts(document)                          # the texts that a format must contain
"""

from __future__ import annotations

import json
import re
from decimal import Decimal

from rtcheck.render.document import Cell, Facts, FindingList, Paragraph, PictureSet, Plot, SignOff, Table

__all__ = ["all_cells", "all_texts", "check_numbers", "shown_texts", "value_at"]


def all_cells(document):
    """Every cell of a document, in the order of the page."""
    strip = document.strip
    yield from (cell for _, cell in (*strip.counts, *strip.facts))
    yield from (notice.cell for notice in strip.notices)
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Facts):
                yield from (cell for _, cell in block.items)
            elif isinstance(block, Table):
                yield from (cell for row in block.rows for cell in row.cells)
            elif isinstance(block, Paragraph):
                yield block.cell
            elif isinstance(block, PictureSet):
                yield block.coordinates
            else:
                assert isinstance(block, (FindingList, Plot, SignOff))


def all_texts(document):
    """Every text that a reader of the page can see, cells and labels alike."""
    strip = document.strip
    yield from (document.title, *document.header, strip.verdict, strip.sentence, strip.sign_off.text)
    yield from (label for label, _ in (*strip.counts, *strip.facts))
    for cell in all_cells(document):
        assert isinstance(cell, Cell)
        yield from (cell.text, cell.title)
    for section in document.sections:
        yield section.title
        for block in section.blocks:
            if isinstance(block, Facts):
                yield from (block.title, *(label for label, _ in block.items))
            elif isinstance(block, Table):
                yield block.caption
                yield from (column.title for column in block.columns)
                yield from (note for row in block.rows for note in row.notes)
            elif isinstance(block, FindingList):
                yield block.title
                for item in block.items:
                    yield from (item.title, item.subject, item.message, item.why, item.fix, item.severity_word)
            elif isinstance(block, PictureSet):
                yield from (block.title, block.caption)
                yield from (text for _, title, alt in block.planes for text in (title, alt))
            elif isinstance(block, Plot):
                yield from (block.title, block.summary, *(line.label for line in block.lines))


def value_at(document, path):
    """The number at a path, or the count of a ``count:`` path."""
    trees = {"report": json.loads(document.report_json)}
    if document.exhibits_json:
        trees["exhibits"] = json.loads(document.exhibits_json)
    if path.startswith("count:"):
        inner, _, wanted = path.removeprefix("count:").partition("=")
        place, _, field = inner.rpartition(".")
        return sum(one[field] == wanted for one in _follow(trees, place))
    return _follow(trees, path)


def _follow(tree, path):
    for key, index in re.findall(r"([A-Za-z_0-9]+)|\[(\d+)\]", path):
        tree = tree[key] if key else tree[int(index)]
    return tree


def check_numbers(document):
    """Every number shown is the one at its path, rounded half to even; return how many were followed."""
    followed = 0
    for cell in all_cells(document):
        for number in cell.numbers:
            exact = value_at(document, number.path)
            assert exact == number.value, number
            assert number.text in cell.text, (number, cell.text)
            shown = Decimal(number.text)
            digits = -min(shown.as_tuple().exponent, 0)
            assert abs(shown - Decimal(repr(float(exact)))) <= Decimal(1).scaleb(-digits) / 2, number
            followed += 1
    return followed


def shown_texts(document):
    """The texts of all cells with numbers: what every format of the page must contain, in this order."""
    return [cell.text for cell in all_cells(document) if cell.numbers]
