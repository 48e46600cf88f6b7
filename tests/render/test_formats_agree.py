"""HTML, Markdown and CSV show the numbers of the JSON: each number of a page is in its document, and the other way."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser

import pytest

from rtcheck.render.build_document import build_document
from rtcheck.render.csv_report import csv_report
from rtcheck.render.html_report import html_report
from rtcheck.render.json_report import report_json
from rtcheck.render.markdown_report import markdown_report
from tests.golden.reports import failing, hostile, passing, refused
from tests.render.follow import all_texts, check_numbers, shown_texts
from tests.render.test_build_document import checked  # noqa: F401 - a fixture

NUMBER = re.compile(r"(?<![\w.])[-+]?\d+\.\d+(?![\w.])")
MAKERS = [failing, hostile, passing, refused]


class Text(HTMLParser):
    """The text of a page outside styles, scripts and drawings."""

    def __init__(self, page):
        super().__init__()
        self.parts, self.hidden = [], 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.hidden += tag in ("style", "script", "svg", "template")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "script", "svg", "template")

    def handle_data(self, data):
        if not self.hidden:
            self.parts.append(data)


def squeezed(text):
    return re.sub(r"\s+", "", text)


def numbers(text):
    return set(NUMBER.findall(text))


@pytest.mark.parametrize("make", MAKERS)
def test_html_shows_every_number_of_the_document(make):
    """Each cell with a number stands in the text of the page, as it was rounded."""
    document = build_document(make())
    check_numbers(document)
    page = squeezed(" ".join(Text(html_report(document)).parts))
    assert [text for text in shown_texts(document) if squeezed(text) not in page] == []


def test_html_of_a_check_shows_every_number(checked):  # noqa: F811
    """Lesion matrix, grids and margins too."""
    document = build_document(*checked)
    page = squeezed(" ".join(Text(html_report(document)).parts))
    assert [text for text in shown_texts(document) if squeezed(text) not in page] == []


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_html_has_no_number_of_its_own(make, language):
    """Outside drawings and embedded data every number of the page is in the document."""
    document = build_document(make(), None, language)
    page = " ".join(Text(html_report(document)).parts)
    assert numbers(page) - numbers(" ".join(all_texts(document))) == set()


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_markdown_has_no_number_of_its_own(make, language):
    """What the summary shows is in the document, rounded as there."""
    document = build_document(make(), None, language)
    plain = markdown_report(document).replace("\\", "")
    known = " ".join(all_texts(document)).replace("\\", "")
    assert numbers(plain) - numbers(known) == set()


@pytest.mark.parametrize("make", MAKERS)
def test_csv_numbers_are_the_full_ones(make):
    """Value, interval, margin and volume of each row are those of the JSON, to the last digit."""
    report = make()
    rows = list(csv.DictReader(io.StringIO(csv_report(report).lstrip("\ufeff"))))
    outcomes = json.loads(report_json(report))["outcomes"]
    shown = [row for row in rows if row["constraint"]]
    assert len(shown) == len(outcomes)
    for row, one in zip(shown, outcomes, strict=True):
        for column, key in (("value", "value"), ("low", "low"), ("high", "high"), ("margin", "margin"),
                            ("volume_cm3", "volume_cc")):  # fmt: skip
            assert (float(row[column]) if row[column] else None) == one[key], (column, row["constraint"])
