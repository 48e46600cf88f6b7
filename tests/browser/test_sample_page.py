"""The page of a sample patient in a real browser, as a physicist gets it: complete, small, whole on every width."""

from pathlib import Path

import pytest

from rtcheck.catalogue.protocol import read_protocol
from rtcheck.catalogue.registry import read_record
from rtcheck.check import Settings, check_with_exhibits
from rtcheck.dicom.case import read_case
from rtcheck.dicom.images import read_images
from rtcheck.gather.planes import picture_frame, with_pictures
from rtcheck.render.build_document import build_document
from rtcheck.render.html_report import html_report

SAMPLE = Path(__file__).resolve().parents[2] / "sample_dicom"
pytestmark = pytest.mark.skipif(not (SAMPLE / "icc-0002" / "export").is_dir(), reason="the samples are not built")


@pytest.fixture(scope="module")
def page_file(chromium, tmp_path_factory):
    """The page of the second patient, who fails; without the indices, which take longest and are a few cells."""
    export = SAMPLE / "icc-0002" / "export"
    case, record = read_case([export]), read_record(str(SAMPLE / "icc-0002" / "registry.toml"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rtcheck.gather.gallery.indexed_lesion", lambda row, *_, **__: row)
        protocol = read_protocol(str(SAMPLE / "protocol.toml"))
        report, exhibits = check_with_exhibits(case, record, protocol, Settings(software={"rtcheck": "test"}))
    image, note = read_images([export], case, picture_frame(case))
    document = build_document(report, with_pictures(exhibits, report, case, record, image, note))
    page = html_report(document)
    assert html_report(document) == page, "same input, same bytes"
    assert len(page.encode()) < 2_000_000
    path = tmp_path_factory.mktemp("sample") / "report.html"
    path.write_text(page, "utf-8")
    return path


def test_it_is_whole_on_every_width(visit, page_file):
    """No fault and no sideways scrolling, in light and dark; nothing serious for axe-core."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for width, dark in ((320, True), (768, False), (1440, False)):
        seen = visit(page_file, width=width, dark=dark)
        seen.page.wait_for_selector(".uplot canvas")
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        assert seen.page.locator("svg.plane").count() == 9
        if width == 1440:
            found = axe.run(seen.page).response["violations"]
            assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
        assert seen.faults == []
        assert seen.page.evaluate("window.refused") == []


def test_nothing_is_cut_on_paper(visit, page_file):
    """On A4 no table is wider than its page: the lesion matrix and the limits stand on landscape pages."""
    for width, tables in ((1030, ".table-lesions, .table-constraints, [class^=table-met]"), (700, "table")):
        seen = visit(page_file, width=width)
        seen.page.emulate_media(media="print")
        wide = seen.page.evaluate(
            "([tables, landscape]) => [...document.querySelectorAll(tables)].filter(one => landscape || "
            "!one.closest('#lesions, #constraints')).filter(one => one.scrollWidth > one.parentElement.clientWidth + 1)"
            ".map(one => one.className + ' ' + one.scrollWidth + ' > ' + one.parentElement.clientWidth)",
            [tables, width > 800],
        )
        assert wide == []
