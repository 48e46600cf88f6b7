"""The report as PDF: every block on its pages, text that can be read out again, nothing run, same bytes."""

import io
import re
import sys
import unicodedata
from dataclasses import replace

import pytest

from rtcheck.errors import MissingExtraError
from rtcheck.render.build_document import build_document
from rtcheck.render.document import Cell, Column, Row, Section, Table
from rtcheck.render.pdf_report import _pieces, pdf_report, printable
from tests.golden.reports import failing, passing, refused
from tests.hostile import CORPUS, sample
from tests.render.follow import all_texts, check_numbers, shown_texts
from tests.render.pages import document
from tests.render.test_build_document import checked  # noqa: F401 - a fixture

DECIMAL = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.])")
pypdf = pytest.importorskip("pypdf", reason="pypdf reads the pages back; it is in the group dev")
pytest.importorskip("typst", reason="the extra pdf is not installed")


def text_of(data):
    """All pages as text, without the marks where a line may break and without blanks."""
    reader = pypdf.PdfReader(io.BytesIO(data))
    return "".join(squeezed(page.extract_text()) for page in reader.pages)


def squeezed(text):
    """A text as it compares: compatibility forms made one, blanks and break marks gone."""
    text = unicodedata.normalize("NFKC", text.replace("\u00ad", "")).replace("\u200b", "")
    return re.sub(r"\s", "", text)


def numbers(data):
    """Every number of a document: those of the head, of facts, tables and paragraphs."""
    found = []

    def walk(value):
        if isinstance(value, Cell):
            found.extend((number, value) for number in value.numbers)
        elif isinstance(value, (list, tuple)):
            for one in value:
                walk(one)
        elif hasattr(value, "__dataclass_fields__"):
            for name in value.__dataclass_fields__:
                walk(getattr(value, name))

    walk((data.strip, data.sections))
    return found


@pytest.fixture(scope="module")
def made():
    return pdf_report(document())


def test_same_document_same_bytes(made):
    """Two runs give the same file, and it is a PDF/A-2b without a clock in it."""
    assert pdf_report(document()) == made
    assert made.startswith(b"%PDF-1.7")
    reader = pypdf.PdfReader(io.BytesIO(made))
    xmp = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    assert re.search(r"pdfaid:part>\s*2", xmp)
    assert re.search(r"pdfaid:conformance>\s*B", xmp)
    assert "1970-01-01" in xmp


def test_nothing_in_it_can_act(made):
    """There is no script, no form, no link out of the file, no attachment; every font is embedded."""
    reader = pypdf.PdfReader(io.BytesIO(made))
    for name in (b"/JavaScript", b"/JS ", b"/Launch", b"/EmbeddedFile", b"/AcroForm", b"/URI"):
        assert name not in made
    fonts = {}
    for page in reader.pages:
        fonts.update({key: value.get_object() for key, value in page["/Resources"].get("/Font", {}).items()})
    assert fonts
    for font in fonts.values():
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert any(key in descriptor for key in ("/FontFile2", "/FontFile3"))


def test_pages_have_a_header_and_numbers(made):
    """Each page says whose it is, and which of how many."""
    reader = pypdf.PdfReader(io.BytesIO(made))
    for number, page in enumerate(reader.pages, start=1):
        text = squeezed(page.extract_text())
        assert "PTV_L1·planA·FAIL" in text
        assert f"page{number}of{len(reader.pages)}" in text


def test_every_section_stands_in_its_order(made):
    """Titles of sections are headings in the order of the document, and nothing of a block is left out."""
    text = text_of(made)
    titles = [squeezed(section.title) for section in document().sections]
    assert [title for title in titles if title not in text] == []
    reader = pypdf.PdfReader(io.BytesIO(made))
    outline = [item.title for item in reader.outline if not isinstance(item, list)]
    assert outline == [section.title for section in document().sections]
    assert text.count("do:PTV_L1") == 3
    assert "whattodo" in text
    assert "20%10.0Gy" in text or "20%10Gy" in text


def test_long_tables_repeat_their_header():
    """A table over several pages has its header on each of them, and all rows."""
    base = document()
    columns = (Column("a", "First column"), Column("b", "Second column", "right"))
    rows = tuple(Row(f"r{i}", (Cell(f"row {i}"), Cell(str(i))), notes=("a note",)) for i in range(120))
    long = replace(base, sections=(Section("lesions", "Long", (Table("t", "A long one", columns, rows),)),))
    reader = pypdf.PdfReader(io.BytesIO(pdf_report(long)))
    pages = [squeezed(page.extract_text()) for page in reader.pages]
    assert len(pages) > 2
    assert all("Firstcolumn" in page for page in pages[-2:])
    assert all(f"row{i}" in "".join(pages) for i in range(120))


@pytest.mark.parametrize("make", [failing, passing, refused], ids=lambda make: make.__name__)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_number_is_printed(make, language):
    """Every number that the document shows stands in the text of the pages, in its cell's words."""
    page = build_document(make(), None, language)
    text = text_of(pdf_report(page))
    shown = numbers(page)
    assert shown
    for number, cell in shown:
        assert number.text in cell.text
        assert squeezed(cell.text) in text, cell.text


def test_every_number_of_a_check_is_printed(checked):  # noqa: F811
    """With curves and lesion matrix too, each shown number of the document stands on the pages."""
    page = build_document(*checked)
    check_numbers(page)
    text = text_of(pdf_report(page))
    assert [shown for shown in shown_texts(page) if squeezed(shown) not in text] == []


@pytest.mark.parametrize("make", [failing, passing], ids=lambda make: make.__name__)
def test_no_number_of_its_own(make):
    """Whatever decimal number stands on the pages is in the document."""
    page = build_document(make())
    known = set(DECIMAL.findall(" ".join(all_texts(page)).replace("\u200b", "")))
    reader = pypdf.PdfReader(io.BytesIO(pdf_report(page)))
    found = {one for each in reader.pages for one in DECIMAL.findall(each.extract_text().replace("\u200b", ""))}
    assert found - known == set()


def test_chinese_is_printed_and_read_back():
    """Chinese names and texts can be read out of the file again, rare characters of names too."""
    text = text_of(pdf_report(document("肝右叶 堃喆 GTV", language="zh")))
    assert text.count("肝右叶堃喆GTV") > 20


def test_only_long_runs_get_marks_where_a_line_may_break():
    """Names and sentences are cut nowhere, so that they can be found and copied; long identifiers may break."""
    sentence = "PTV_L1_boost of 违反了强制限值，或有登记病灶未获覆盖或未治疗"
    assert _pieces(sentence) == [sentence]
    long = "a " + "2.25.1735876646" * 3 + " b"
    assert "".join(_pieces(long)) == long
    assert max(map(len, _pieces(long))) <= 16
    assert _pieces("") == []


def test_what_the_fonts_lack_is_an_escape():
    """A character without a glyph is shown as its escape; others stay."""
    assert printable("PTV 肝 ≥ 95 % ±") == "PTV 肝 ≥ 95 % ±"
    assert printable("a\U0001f600b") == "a\\U0001f600b"
    assert "a\\U0001f600b" in text_of(pdf_report(document("a\U0001f600b")))


@pytest.mark.parametrize("item", sample(14), ids=lambda item: item.name)
def test_hostile_texts_are_only_text(item):
    """Whatever a name holds is printed as it stands; there are as many headings as before, and nothing acts."""
    check_hostile(item.text)


@pytest.mark.slow
@pytest.mark.parametrize("item", CORPUS, ids=lambda item: item.name)
def test_all_hostile_texts_are_only_text(item):
    """The same for all five hundred."""
    check_hostile(item.text)


def check_hostile(words):
    from rtcheck.render.terminal import visible

    shown = visible(words)
    made = pdf_report(document(shown, curves=2, points=11))
    reader = pypdf.PdfReader(io.BytesIO(made))
    assert len([item for item in reader.outline if not isinstance(item, list)]) == len(document().sections)
    for name in (b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/URI"):
        assert name not in made
    if len(shown) < 400 and shown.strip() and shown.isascii():
        assert squeezed(shown) in text_of(made)


def test_without_typst_the_message_says_what_to_install(monkeypatch):
    """Where the optional package is missing, the error names the extra that brings it."""
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(MissingExtraError, match=r"rtcheck\[pdf\]"):
        pdf_report(document())
