"""The HTML page: one file, closed to the network, whose structure no text from outside can change."""

import base64
import hashlib
import html.parser
import json
import re

import pytest

from rtcheck.render.bar_svg import bar_svg
from rtcheck.render.document import Bar
from rtcheck.render.dvh_svg import plot_svg
from rtcheck.render.html_report import html_report
from rtcheck.render.picture_svg import picture_svg
from tests.hostile import CORPUS
from tests.render.pages import document, picture


class Outline(html.parser.HTMLParser):
    """Start and end tags with the names of their attributes, in order; texts of scripts and styles by tag."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self._open = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        if tag in ("script", "style"):
            self._open.append(tag)
            self.texts.append("")

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, tuple(name for name, _ in attrs)))

    def handle_endtag(self, tag):
        self.tags.append(("/", tag))
        if tag in ("script", "style"):
            self._open.pop()

    def handle_data(self, data):
        if self._open:
            self.texts[-1] += data

    def handle_comment(self, data):
        self.tags.append(("comment", data))


@pytest.fixture(scope="module")
def page():
    return html_report(document())


@pytest.fixture(scope="module")
def harmless(page):
    return Outline(page)


def test_same_document_same_bytes(page):
    """The same document gives the same page."""
    assert html_report(document()) == page


def test_nothing_is_loaded_from_anywhere(page):
    """No address but data and fragments of the page itself; no style attribute, no handler."""
    found = re.findall(r'\s(?:href|src|srcset|action|data|poster|xlink:href)="([^"]*)"', page)
    assert found
    assert all(address.startswith(("#", "data:image/jpeg;base64,")) for address in found)
    assert not re.search(r"<[^>]*\s(style|on\w+)=", page.split("<script")[0])
    assert not re.search(r"@import|url\(", page)


def test_the_policy_names_the_one_style_and_the_one_script(page, harmless):
    """Everything is forbidden but data pictures and what has the digests in the policy."""
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    policy = html.unescape(policy)
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    style, *scripts = harmless.texts
    for kind, text in (("style", style), ("script", scripts[-1])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_the_json_is_in_the_page():
    """The JSON report reads back from the page as it was, whatever is in it."""
    words = "</script><!-- \u2028 & <script>"
    shown = Outline(html_report(document(words)))
    assert json.loads(shown.texts[1]) == {"schema": "rtcheck.report/1", "name": words}


@pytest.mark.parametrize("part", range(10))
def test_hostile_texts_change_no_element(part):
    """500 hostile strings through every text: the elements and attributes are those of the harmless page."""
    harmless = Outline(html_report(document(curves=2, points=13))).tags
    for item in CORPUS[part::10]:
        assert Outline(html_report(document(item.text, curves=2, points=13))).tags == harmless, item.name


def test_every_block_is_there(page):
    """All sections in order, every row, note, finding and picture."""
    keys = re.findall(r'<section id="([a-z]+)"', page)
    assert keys == ["identity", "lesions", "constraints", "dvh", "pictures", "findings", "passed", "method", "data"]
    assert page.count('class="bar"') == 3
    assert page.count('class="plane"') == 3
    assert page.count("<details open") == 1, "folded lists are open where no script closes them"
    assert "RTD301" in page


def test_pictures_without_ct_or_dose():
    """A plane without CT is drawn, and one whose dose is unknown throughout."""
    assert "<image" in picture_svg(picture(ct=False), "t", "d")
    blind = picture()
    object.__setattr__(blind, "dose_gy", blind.dose_gy * float("nan"))
    assert 'stroke="#8c7ae6"' not in picture_svg(blind, "t", "d")


def test_axial_pictures_are_not_upside_down():
    """In an axial picture the back is below, in the others the head is above: the same point is mirrored."""
    def height(kind):
        return float(re.search(r"M0 ([\d.]+)h9", picture_svg(picture(kind), "t", "d"))[1])

    assert height("axial") == pytest.approx(360 * (12 - -70 + 160 / 120) / (160 + 160 / 60), abs=0.1)
    assert height("coronal") == pytest.approx(360 - height("axial"), abs=0.1)


def test_a_plot_shows_its_marks_and_names():
    """Each curve has a band, a line, its name and its marks; an empty plot has axes alone."""
    full = document().sections[3].blocks[0]
    drawn = plot_svg(full)
    assert drawn.count("<title>") == 1 + 8
    assert all(f">PTV_L1 {number}</text>" in drawn for number in range(4))
    object.__setattr__(full, "lines", ())
    assert "volume [%]" in plot_svg(full)


def test_bar_ends():
    """Positions beyond the bar stay on it."""
    drawn = bar_svg(Bar(1.7, -0.2, 2.0, 0.5, None, False, "", "far out"))
    assert 'cx="116"' in drawn
    assert "far out" in drawn
