"""The HTML report in a real browser: it loads alone, answers pointer and keyboard, prints, fits and can be read out."""

import re

import numpy as np
import pytest

from rtcheck.render.html_report import html_report
from tests.hostile import sample
from tests.render.pages import document

WIDTHS = (320, 768, 1440)


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """The page of a document with one of everything."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html_report(document("PTV_L1 肝", curves=9)), "utf-8")
    return path


def test_it_loads_alone(visit, page_file):
    """One request, for the file itself; nothing refused by the policy, nothing on the console."""
    seen = visit(page_file)
    seen.page.wait_for_selector(".uplot canvas")
    assert [url for url in seen.requests if not url.startswith(("data:", "blob:"))] == [page_file.as_uri()]
    assert seen.faults == []
    assert seen.page.evaluate("window.refused") == []


def test_the_policy_refuses_what_is_not_in_it(visit, page_file):
    """A script, a style or a picture that somebody adds to the page does not run and is not loaded."""
    seen = visit(page_file)
    seen.page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        " document.body.append(s);"
        " const i = new Image(); i.src = 'http://localhost:9/x.png'; document.body.append(i);"
        " document.body.setAttribute('style', 'color: red'); }"
    )
    seen.page.wait_for_function("window.refused.length >= 3")
    assert seen.page.evaluate("window.ran") is None
    assert seen.failed == [("http://localhost:9/x.png", "csp")]


def test_hover_reads_dose_and_volume(visit, page_file):
    """Over the plot, the dose under the pointer and the volume of each curve there are written out."""
    seen = visit(page_file)
    plot = seen.page.locator(".u-over")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    seen.page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 40)
    seen.page.wait_for_function("document.querySelector('.readout .at').textContent.endsWith('Gy')")
    dose = float(seen.page.locator(".readout .at").inner_text().split()[0])
    assert 0.4 < dose / 70 < 0.6
    line = document(curves=1).sections[3].blocks[0].lines[0].curve
    expected = np.interp(dose, line.dose_gy, line.value_percent)
    shown = seen.page.locator(".curves output").first.inner_text()
    assert shown.endswith(" %")
    assert float(shown.split()[0]) == pytest.approx(expected, abs=1.0)


def test_the_keyboard_reads_the_curves(visit, page_file):
    """Arrow keys on the slider do what the pointer does, and say the dose."""
    seen = visit(page_file)
    slider = seen.page.get_by_label("Read the curves at")
    slider.focus()
    for _ in range(5):
        slider.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == seen.page.locator(".readout .at").inner_text()
    assert seen.page.locator(".curves output").nth(3).inner_text().endswith("%")


def test_structures_switch_on_and_off(visit, page_file):
    """A press hides a curve, by pointer and by keyboard; another brings it back."""
    seen = visit(page_file)
    button = seen.page.locator("button.curve").first
    assert button.get_attribute("aria-pressed") == "true"
    pixels = "document.querySelector('.uplot canvas').toDataURL()"
    before = seen.page.evaluate(pixels)
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    seen.page.wait_for_function(f"before => {pixels} !== before", arg=before)
    button.focus()
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    seen.page.wait_for_function(f"before => {pixels} === before", arg=before)
    assert seen.faults == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_sideways_scrolling(visit, page_file, width, dark):
    """At 320, 768 and 1440 px the page is as wide as the window."""
    seen = visit(page_file, width=width, dark=dark)
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    assert seen.page.evaluate("document.querySelector('.u-wrap').getBoundingClientRect().right") <= width
    ground = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (not dark)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
def test_axe_finds_no_serious_fault(visit, page_file, width, dark):
    """axe-core reports nothing serious or critical, folded lists opened."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    seen = visit(page_file, width=width, dark=dark)
    seen.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    found = axe.run(seen.page).response["violations"]
    serious = [
        (one["id"], [node["target"] for node in one["nodes"]][:4])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.parametrize("size", ["A4", "Letter"])
def test_print_paginates(visit, page_file, size):
    """Printed, the static plot stands in place of the interactive one, folded lists are open, pages are numbered."""
    seen = visit(page_file, dark=True)
    pdf = seen.page.pdf(format=size, prefer_css_page_size=False)
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert pages >= 2
    seen.page.emulate_media(media="print")
    assert not seen.page.locator(".uplot").is_visible()
    assert seen.page.locator("svg.plot").is_visible()
    assert seen.page.locator("#row-2").bounding_box()["height"] > 5, "what is folded on screen is printed"
    assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_complete_without_scripts(visit, page_file):
    """Without JavaScript every section, the plot, its legend and the folded lists are there."""
    seen = visit(page_file, scripts=False)
    page = seen.page
    assert page.locator("svg.plot").is_visible()
    assert page.locator("svg.plane").count() == 3
    assert page.locator(".curves .curve").count() == 9
    assert page.locator("#row-2").is_visible()
    assert page.locator("button, .uplot").count() == 0
    assert page.locator("section").count() == 9


STRUCTURE = """html => [...new DOMParser().parseFromString(html, 'text/html').querySelectorAll('*')].map(
    one => one.tagName + ' ' + [...one.attributes].map(a => a.name).sort().join(','))"""


def test_hostile_texts_change_no_element(visit, page_file):
    """As a browser reads the page, hostile texts leave its elements and their attributes as they are."""
    page = visit(page_file).page
    harmless = page.evaluate(STRUCTURE, html_report(document(curves=2, points=13)))
    for item in sample(40):
        hostile = html_report(document(item.text, curves=2, points=13))
        assert page.evaluate(STRUCTURE, hostile) == harmless, item.name
