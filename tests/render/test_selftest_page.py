"""The self-test on the pages of a result: read strictly, shown in every page, a failure before everything else."""

import io
import json
import re
from dataclasses import replace

import pytest

from rtcheck.cli.main import run
from rtcheck.errors import FileFaultsError
from rtcheck.render.build_document import PageOptions, build_document
from rtcheck.render.html_report import html_report
from rtcheck.render.json_report import report_json
from rtcheck.render.markdown_report import markdown_report
from rtcheck.render.page_selftest import _error
from rtcheck.render.selftest_report import selftest_json
from rtcheck.render.stored_selftest import _CLASSES, read_selftest
from rtcheck.selftest import CLASSES, Covered, Held, SelfTest
from tests.golden.reports import failing
from tests.render.follow import all_texts

SOFTWARE = dict(failing().provenance.software)


def result(worst=0.0123, inside=10, files=True):
    """A self-test of ten readings a class, made by hand."""
    rows = tuple(
        Held(name, "volume" if name.startswith("Vol") else "50 Gy", 10, 0.001, worst, worst,
             None if name == CLASSES["Min"] else 0.2)
        for name in dict.fromkeys(CLASSES.values())
    )  # fmt: skip
    missed = tuple(f"phantom {number}" for number in range(10 - inside))
    intervals = tuple(
        Covered(name, 10, inside, missed, 0.3, name != CLASSES["Min"]) for name in dict.fromkeys(CLASSES.values())
    )
    return SelfTest(28, rows, rows, intervals, rows if files else ())


def stored(software=None, **more):
    """The JSON of `result`."""
    made = result(**more)
    return selftest_json(made, software or SOFTWARE, 0 if made.passed else 1)


def page(text, language="en"):
    return build_document(failing(), None, language, PageOptions(selftest=read_selftest(text, "s.json")))


def words(document):
    return "\n".join(all_texts(document))


def test_classes_are_those_of_the_self_test():
    """The reader asks for exactly the classes that the self-test writes."""
    assert tuple(dict.fromkeys(CLASSES.values())) == _CLASSES


def test_a_passed_self_test_is_shown_with_its_worst_errors():
    """Version, phantoms, and the worst error of each class stand in the method section, and one word in the head."""
    document = page(stored())
    assert dict(document.strip.facts)["self-test"].text == "passed"
    method = next(section for section in document.sections if section.key == "method")
    tables = {block.key: block for block in method.blocks if hasattr(block, "rows")}
    assert len(tables["selftest"].rows) == 15
    assert all(row.cells[4].text == "0.0123" for row in tables["selftest"].rows)
    assert [row.cells[3].text for row in tables["selftest-intervals"].rows][-1] == "shown, not judged"
    assert "Passed: rtcheck 0.1.0, 28 phantoms" in words(document)
    assert not any("SELF-TEST" in notice.cell.text for notice in document.strip.notices)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_pages_say_it(language):
    """HTML, PDF and Markdown say how the self-test ended, in either language."""
    good, bad = page(stored(), language), page(stored(worst=0.25), language)
    failed = bad.strip.notices[0].cell.text
    for render in (html_report, markdown_report):
        assert failed in render(bad)
        assert failed not in render(good)
    assert "0.2500" in html_report(bad)
    pypdf = pytest.importorskip("pypdf", reason="pypdf reads the pages back; it is in the group dev")
    pytest.importorskip("typst", reason="the extra pdf is not installed")
    from rtcheck.render.pdf_report import pdf_report

    def text(document):
        pages = pypdf.PdfReader(io.BytesIO(pdf_report(document))).pages
        return re.sub(r"\s", "", "".join(one.extract_text() for one in pages)).replace("\u200b", "")

    assert re.sub(r"\s", "", failed) in text(bad)
    assert "0.2500" in text(bad)
    assert re.sub(r"\s", "", failed) not in text(good)


@pytest.mark.parametrize("change", [{"worst": 0.25}, {"inside": 9}, {"worst": float("inf")}])
def test_a_failed_self_test_stands_first(change):
    """A missed target, an interval without the truth, or no value: the first notice of the page says so."""
    document = page(stored(**change))
    notice = document.strip.notices[0]
    assert (notice.tone, dict(document.strip.facts)["self-test"].tone) == ("bad", "bad")
    assert "FAILED" in notice.cell.text
    assert "MISSED" in words(document)
    assert "FAILED: rtcheck 0.1.0" in words(document)


def test_other_software_is_said():
    """A self-test of another version, or beside other packages, is shown as such, not as passed."""
    document = page(stored(software={**SOFTWARE, "rtcheck": "0.0.9"}))
    assert dict(document.strip.facts)["self-test"].text == "passed, with other software"
    assert "rtcheck 0.0.9, not 0.1.0" in words(document)
    document = page(stored(software={**SOFTWARE, "numpy": "1.0"}))
    assert "numpy 1.0, not 2.0.0" in words(document)
    assert "rtcheck 0.1.0, not" not in words(document)


def test_without_one_the_page_says_how():
    """No self-test: the head says none was given, the method how to give one."""
    document = build_document(failing())
    assert dict(document.strip.facts)["self-test"].text == "none given"
    assert "--selftest selftest.json" in words(document)
    assert "Reading DICOM files was not part" in words(page(stored(files=False)))


def test_it_is_no_part_of_the_result():
    """The embedded JSON and its digest are the same with and without."""
    assert page(stored()).report_json == build_document(failing()).report_json == report_json(failing())


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda page: page.update(schema="rtcheck.report/1"), "schema"),
        (lambda page: page.pop("intervals"), "intervals"),
        (lambda page: page.update(more=1), "more"),
        (lambda page: page.update(passed=False), "passed"),
        (lambda page: page.update(exit_code=1), "exit_code"),
        (lambda page: page.update(phantoms=0), "phantoms"),
        (lambda page: page.update(passed="yes"), "passed"),
        (lambda page: page.update(software={"numpy": "1"}), "software.rtcheck"),
        (lambda page: page.update(software={"rtcheck": "<b>1</b>"}), "software"),
        (lambda page: page.update(prisms=[]), "prisms"),
        (lambda page: page.update(solids=page["solids"][1:]), "solids"),
        (lambda page: page.update(intervals={}), "intervals"),
        (lambda page: page["prisms"][0].update(judged=0.3, worst=0.3), "prisms[0].passed"),
        (lambda page: page["prisms"][0].update(judged=0.3), "prisms[0].worst"),
        (lambda page: page["prisms"][0].update(judged=None), "prisms[0]"),
        (lambda page: page["prisms"][1].update(worst=-1, judged=-1), "prisms[1].worst"),
        (lambda page: page["prisms"][1].update(percent_of="of nothing"), "prisms[1].percent_of"),
        (lambda page: page["prisms"][1].update(worst="0"), "prisms[1].worst"),
        (lambda page: page["prisms"][1].update(count=0), "prisms[1].count"),
        (lambda page: page["prisms"][1].update({"class": "Mean"}), "prisms"),
        (lambda page: page["intervals"][2].update(inside=9), "intervals[2].inside"),
        (lambda page: page["intervals"][2].update(inside=9, outside=["x"]), "intervals[2].passed"),
        (lambda page: page["intervals"][2].update(count=True), "intervals[2].count"),
    ],
)
def test_what_was_changed_is_refused(change, where):
    """Whatever does not follow from the figures, is missing, unknown or of another type: a fault that says where."""
    document = json.loads(stored())
    change(document)
    with pytest.raises(FileFaultsError) as caught:
        read_selftest(json.dumps(document), "s.json")
    assert any(fault.key_path.startswith(where) for fault in caught.value.faults)
    assert "s.json" in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "NaN", '{"schema": "rtcheck.selftest/1", "schema": 1}'])
def test_what_is_no_self_test_is_refused(text):
    """No JSON, another document, or a key that stands twice."""
    with pytest.raises(FileFaultsError):
        read_selftest(text, "s.json")


def test_a_rounded_error_stays_on_its_side_of_the_target():
    """An error just above its target is never shown as the target."""
    assert _error(0.2000000001, 0.2) == "0.2000000001"
    assert _error(0.2, 0.2) == "0.2000"
    assert _error(0.1, None) == "0.1000"
    assert _error(None, 0.2) == "–"


def test_from_the_command_line(tmp_path, capsys):
    """`report --selftest` shows it; a wrong file is exit 2 with a fault that names it, and nothing is written."""
    (tmp_path / "r.json").write_text(report_json(failing()), encoding="utf-8")
    (tmp_path / "s.json").write_text(stored(worst=0.25), encoding="utf-8")
    (tmp_path / "bad.json").write_text("{}", encoding="utf-8")
    html = tmp_path / "r.html"
    words = ["report", str(tmp_path / "r.json"), "-o", f"html={html}"]
    assert run([*words, "--selftest", str(tmp_path / "s.json")]) == failing().exit_code
    assert "THE SELF-TEST GIVEN WITH THIS REPORT FAILED" in html.read_text(encoding="utf-8")
    html.unlink()
    capsys.readouterr()
    for name in ("bad.json", "nowhere.json"):
        assert run([*words, "--selftest", str(tmp_path / name)]) == 2
        assert name in capsys.readouterr().err
    assert not html.exists()
    same = tmp_path / "s.json"
    assert run(["report", str(tmp_path / "r.json"), "-o", f"html={same}", "--selftest", str(same)]) == 2
    assert json.loads(same.read_text(encoding="utf-8"))["schema"] == "rtcheck.selftest/1"


def test_a_check_reads_it_before_anything_is_measured(tmp_path, capsys):
    """A wrong self-test file ends a check with exit 2, and what was asked for holds no verdict."""
    (tmp_path / "bad.json").write_text("{}", encoding="utf-8")
    out = tmp_path / "r.json"
    code = run(["check", str(tmp_path), "--registry", "none.toml", "--protocol", "nct06946849", "-o", f"json={out}",
                "--selftest", str(tmp_path / "bad.json")])  # fmt: skip
    assert code == 2
    assert "bad.json" in capsys.readouterr().err
    assert json.loads(out.read_text(encoding="utf-8"))["verdict"] is None


def test_equal_results_equal_pages():
    """Same self-test, same page."""
    assert html_report(page(stored())) == html_report(page(stored()))
    assert replace(read_selftest(stored(), "a"), passed=True) == read_selftest(stored(), "b")
