"""The Markdown summary: everything from outside is shown and nothing of it is read as markup, link or mention."""

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from rtcheck.render.build_document import build_document
from rtcheck.render.markdown_report import SHOWN, escape_markdown, markdown_report
from rtcheck.render.terminal import visible
from tests.golden.reports import failing, passing, refused
from tests.hostile import CORPUS
from tests.render.pages import document
from tests.render.test_pdf_report import numbers

READ = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def tokens(text):
    """Kinds of all tokens, inline ones too, and the text that a reader sees."""
    kinds, seen = [], []
    for token in READ.parse(text):
        kinds.append(token.type)
        for child in token.children or ():
            if child.type in ("html_inline", "text_special") and child.content == "<!-- -->":
                continue
            if child.type in ("text", "text_special"):
                seen.append(child.content)
            else:
                kinds.append(child.type)
    return kinds, "".join(seen)


def outline(text):
    """Kinds of tokens without runs of text."""
    return [kind for kind in tokens(text)[0] if kind != "softbreak"]


@pytest.mark.parametrize("item", CORPUS, ids=lambda item: item.name)
def test_hostile_texts_are_only_text(item):
    """In a heading, a list, a quote and a cell of a table each of five hundred texts leaves the structure as it is."""
    words = visible(item.text)
    page = "# {0}\n\n- {0}\n- a: {0}\n\n> {0}\n\n| a | b |\n| --- | --- |\n| {0} | x{0} |\n"
    harmless = outline(page.format(escape_markdown("harmless")))
    shown = escape_markdown(words)
    if not words.strip():
        return
    assert outline(page.format(shown)) == harmless
    seen = tokens(f"x {shown}")[1]
    assert re.sub(r"\s+", "", seen) == re.sub(r"\s+", "", f"x{words}")


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("@octocat", "@octocat"),
        ("see #12 and GH-12", "#12"),
        ("GH-12", "GH-12"),
        ("http://a.b/c", "http://"),
        ("www.example.org", "www.example"),
        ("mailto:a@b.org", "mailto:a"),
        (":skull:", ":skull:"),
        ("$x$", "$"),
        ("a|b", "|"),
        ("<b>", "<b>"),
        ("- item", "- item"),
        ("1. item", "1. item"),
    ],
)
def test_nothing_is_linked_or_called(text, never):
    """Mentions, issue numbers, addresses, emoji and formulas are taken apart where nobody sees it."""
    assert never not in escape_markdown(text)
    assert tokens(f"x {escape_markdown(text)}")[1] == f"x {text}"


def test_the_structure_is_that_of_the_harmless_document():
    """The whole summary has the same structure whatever stands in its texts."""
    assert outline(markdown_report(document("a|b <script> *x* @me #1"))) == outline(markdown_report(document("plain")))


@pytest.mark.parametrize("make", [failing, passing, refused], ids=lambda make: make.__name__)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_number_is_that_of_the_page(make, language):
    """Every number of the head and of the sections of the summary is in it, in the words of its cell."""
    page = build_document(make(), None, language)
    kept = tuple(section for section in page.sections if section.key in SHOWN)
    text = tokens(markdown_report(page))[1]
    shown = numbers(replace(page, sections=kept))
    assert shown
    for number, cell in shown:
        assert number.text in cell.text
        assert cell.text in text
    assert page.strip.verdict in text


def test_the_summary_ends_with_what_it_leaves_out():
    """Same document, same text; the last line names the sections that stand in the other formats."""
    text = markdown_report(document())
    assert text == markdown_report(document())
    assert text.startswith("# ")
    assert text.endswith(")\n")
    assert "Method" in text.splitlines()[-1]
    assert "\n\n\n" not in text
    assert "<details><summary>" not in text  # passed checks are left out whole
