"""Five hundred hostile texts through every format of a result: text stays text, structure stays as it was."""

import io
import json
import re
import unicodedata
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from rtcheck.render.bar_svg import bar_svg
from rtcheck.render.build_document import build_document
from rtcheck.render.csv_report import csv_report
from rtcheck.render.document import Bar
from rtcheck.render.dvh_svg import plot_svg
from rtcheck.render.json_report import report_json
from rtcheck.render.junit_report import junit_report
from rtcheck.render.markdown_report import markdown_report
from rtcheck.render.pdf_report import pdf_report, printable
from rtcheck.render.picture_svg import picture_svg
from rtcheck.render.sarif_report import sarif_report
from rtcheck.render.stored_report import read_report
from rtcheck.render.terminal import visible
from tests.golden.reports import failing
from tests.hostile import CORPUS, assert_plain, sample
from tests.render.pages import document, picture
from tests.render.test_csv_report import back, rows_of
from tests.render.test_markdown_report import outline

PARTS = 20


def report_with(text):
    """A result with a text wherever words from outside stand."""
    base = failing()
    outcomes = tuple(
        replace(one, structure=text, reason=text, note=text, where=text, endpoint=text, rois=(text,))
        for one in base.outcomes
    )
    findings = tuple(replace(one, subject=text, message=text) for one in base.findings)
    plans = tuple(replace(one, label=text) for one in base.plans)
    lesions = tuple(replace(one, site=text) for one in base.lesions)
    return replace(base, patient_id=text, outcomes=outcomes, findings=findings, plans=plans, lesions=lesions)


def encodable(text):
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def check_data(item):
    """JSON, SARIF, CSV and JUnit: valid, the text read back, the structure that of a harmless text."""
    made, kept = report_with(item.text), encodable(item.text)
    stored = json.loads(report_json(made))
    assert {one["structure"] for one in stored["outcomes"]} == {kept}
    assert report_json(read_report(report_json(made), "r.json")) == report_json(made)
    sarif, plain = json.loads(sarif_report(made)), json.loads(sarif_report(report_with("PTV_L1")))
    assert shape(sarif) == shape(plain), item.name
    for result in sarif["runs"][0]["results"]:
        assert_plain(result["message"]["text"])
    rows = rows_of(made)
    assert len(rows) == len(made.outcomes)
    for row in rows:
        assert None not in row
        for name in ("patient_id", "structure", "note", "reason", "where"):
            assert back(row[name]) == kept, (item.name, name)
        for name, value in row.items():
            if not re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", value):
                assert value.lstrip(" ")[:1] not in set("=+-@\t\r\n"), (item.name, name)
    assert len(csv_report(made).encode()) > 0
    assert [one.tag for one in ET.fromstring(junit_report(made)).iter()] == [
        one.tag for one in ET.fromstring(junit_report(report_with("PTV_L1"))).iter()
    ], item.name


def shape(value):
    """A JSON value without its texts and numbers: keys, lengths and kinds."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return type(value).__name__


def check_markdown(item):
    """The whole summary of a result: headings, tables, lists and quotes as with a harmless text, no HTML, no link."""
    made = markdown_report(build_document(report_with(item.text)))
    plain = markdown_report(build_document(report_with("PTV_L1" if item.text.strip() else item.text)))
    assert outline(made) == outline(plain), item.name
    assert_plain(made)
    bare = made.replace("<!-- -->", "").replace("<details>", "").replace("</details>", "")
    assert not re.search(r"</?[A-Za-z!?](?!ummary)", bare.replace("</summary>", "").replace("<summary>", "")), item.name
    assert not re.search(r"@(?=[\w-])|(?<=\w)://|\]\(", made), item.name


def check_svg(item):
    """Bars, plots and pictures are well-formed, with the elements and attributes of harmless ones."""

    def drawn(words):
        page = document(words, curves=2, points=13)
        plot = page.sections[3].blocks[0]
        yield bar_svg(Bar(0.6, 0.5, 0.7, 0.5, None, True, "warn", words))
        yield plot_svg(plot)
        yield picture_svg(picture(name=words, points=13), words, words)

    for hostile, plain in zip(drawn(visible(item.text)), drawn("PTV_L1"), strict=True):
        assert elements(hostile) == elements(plain), item.name


def elements(drawing):
    changing = {"d", "x", "y", "x1", "x2", "y1", "y2", "points", "transform", "width", "height"}
    return [
        (one.tag, sorted(key for key in one.attrib if key not in changing)) for one in ET.fromstring(drawing).iter()
    ]


def squeezed(text):
    """A text as it compares: compatibility forms made one, blanks and break marks gone."""
    return re.sub(r"[\s\u200b\u00ad]", "", unicodedata.normalize("NFKC", text))


def check_pdf(item, structure):
    """The pages of a result: same headings, nothing that acts, and the text itself, character by character."""
    pypdf = pytest.importorskip("pypdf", reason="pypdf reads the pages back; it is in the group dev")
    made = pdf_report(document(visible(item.text), curves=2, points=11))
    reader = pypdf.PdfReader(io.BytesIO(made))
    assert headings(reader) == structure, item.name
    for name in (b"/JavaScript", b"/JS ", b"/Launch", b"/EmbeddedFile", b"/AcroForm", b"/URI"):
        assert name not in made, item.name
    shown = printable(visible(item.text))
    text = squeezed("".join(page.extract_text() for page in reader.pages))
    if len(shown) <= 120:
        # a name from right to left is read back in another order
        if not any(unicodedata.bidirectional(one) in ("R", "AL", "AN") for one in shown):
            assert squeezed(shown) in text, item.name
        assert len(reader.pages) == structure_pages(), item.name


def headings(reader):
    return [entry.title for entry in reader.outline if not isinstance(entry, list)]


_PAGES = []


def structure_pages():
    """Pages of the harmless document."""
    if not _PAGES:
        import pypdf

        made = pdf_report(document("PTV_L1", curves=2, points=11))
        _PAGES.append(len(pypdf.PdfReader(io.BytesIO(made)).pages))
    return _PAGES[0]


@pytest.fixture(scope="module")
def structure():
    """Headings of the harmless document."""
    return [section.title for section in document().sections]


BLANKS = tuple(item for item in CORPUS if item.text and not item.text.isspace() and item.text.strip(" ") != item.text)
SAMPLE = (*sample(40), *BLANKS)
FEW = sample(10)


@pytest.mark.parametrize("check", [check_data, check_markdown, check_svg], ids=lambda check: check.__name__[6:])
def test_a_sample_in_every_text_format(check):
    """A text of each kind through JSON, SARIF, CSV, JUnit, Markdown and the drawings."""
    for item in SAMPLE:
        check(item)


def test_a_sample_on_pages_of_paper(structure):
    """A text of each kind through PDF."""
    pytest.importorskip("typst", reason="the extra pdf is not installed")
    for item in FEW:
        check_pdf(item, structure)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("check", [check_data, check_markdown, check_svg], ids=lambda check: check.__name__[6:])
def test_all_in_every_text_format(check, part):
    """All five hundred through JSON, SARIF, CSV, JUnit, Markdown and the drawings."""
    for item in CORPUS[part::PARTS]:
        check(item)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_all_on_pages_of_paper(part, structure):
    """All five hundred through PDF."""
    pytest.importorskip("typst", reason="the extra pdf is not installed")
    for item in CORPUS[part::PARTS]:
        check_pdf(item, structure)
