"""The content of a page: complete, in order, every number that of the JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from rtcheck.check import check_with_exhibits
from rtcheck.model.codes import CATALOGUE
from rtcheck.render.build_document import PageOptions, build_document
from rtcheck.render.document import FindingList, Table
from rtcheck.render.json_report import report_json
from rtcheck.render.messages import LANGUAGES, MESSAGES, code_fix, code_title, code_why, say
from rtcheck.render.messages_codes import CODE_TITLES_ZH
from rtcheck.render.messages_fix_zh import CODE_FIX_ZH
from rtcheck.render.messages_why_zh import CODE_WHY_ZH
from rtcheck.render.stored_exhibits import exhibits_bytes, read_exhibits
from tests.boxes import case, dose, lesion, limit, plan, protocol, record
from tests.golden.reports import failing, hostile, passing, refused
from tests.render.follow import all_cells, all_texts, check_numbers

ORDER = ["identity", "lesions", "constraints", "dvh", "pictures", "findings", "passed", "composite", "method", "data"]


@pytest.fixture(scope="module")
def checked():
    """A check with a covered and an untreated lesion, a violated organ limit and an absent organ."""
    constraints = (
        limit("COV", "@lesion.ptv", "D95%[Gy]", ">= 50 Gy"),
        limit("HOT", "@lesion.ptv", "V100%[%]", ">= 95 %", variation=">= 90 %"),
        limit("CORD", "SpinalCord", "Max[Gy]", "<= 2 Gy"),
        limit("LIVER", "Liver", "Mean[Gy]", "<= 60 Gy", priority="optimal"),
        limit("HEART", "Heart", "Max[Gy]", "<= 30 Gy"),
    )
    two = (lesion(), lesion(id="L2", gtv=("GTV_L2",), ptv=("PTV_L2",)))
    return check_with_exhibits(case(doses=(dose(),)), record(*two), protocol(*constraints))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("make", [failing, hostile, passing, refused])
def test_every_number_without_exhibits_is_that_of_the_json(make, language):
    """Paths lead to the full number, texts are its rounding, whatever the result."""
    document = build_document(make(), None, language)
    assert check_numbers(document) > 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_with_exhibits_is_that_of_the_json(checked, language):
    """The lesion matrix, the grids and the plans are followed into the exhibits."""
    document = build_document(*checked, language)
    assert check_numbers(document) > 30
    assert any(number.path.startswith("exhibits.lesions") for cell in all_cells(document) for number in cell.numbers)


def test_the_json_in_the_page_is_the_json_of_the_result(checked):
    """It is embedded byte for byte, and the exhibits name its digest."""
    report, exhibits = checked
    document = build_document(report, exhibits)
    assert document.report_json == report_json(report)
    assert json.loads(document.exhibits_json)["report_sha256"] == json.loads(document.report_json)["sha256"]


@pytest.mark.parametrize("make", [failing, passing, refused])
def test_sections_stand_in_the_order_of_the_page(make):
    """A section of which nothing is known stands all the same; only the composite one needs several plans."""
    keys = [section.key for section in build_document(make()).sections]
    assert keys == [key for key in ORDER if key in keys]
    assert set(ORDER) - set(keys) <= {"composite"}
    assert all(section.blocks for section in build_document(make()).sections)


def test_untreated_lesions_come_first_and_say_why(checked):
    """The row of L2 stands before that of the covered lesion, its doses are dashes with the reason."""
    document = build_document(*checked)
    table = next(block for section in document.sections if section.key == "lesions" for block in section.blocks)
    assert isinstance(table, Table)
    assert [row.cells[0].text for row in table.rows] == ["L2", "L1"]
    d95 = [column.key for column in table.columns].index("d95")
    assert table.rows[0].cells[d95].text == "–"
    assert table.rows[0].cells[d95].title
    assert table.rows[1].cells[d95].text.startswith("52.0")


def test_every_outcome_and_every_finding_is_on_the_page(checked):
    """Nothing that was judged or noticed is left out, met and folded ones included."""
    report, exhibits = checked
    document = build_document(report, exhibits)
    ids = {row.id for section in document.sections for block in section.blocks if isinstance(block, Table)
           for row in block.rows}  # fmt: skip
    assert {f"outcome-{place + 1}" for place in range(len(report.outcomes))} <= ids
    paths = {item.path for section in document.sections for block in section.blocks
             for item in getattr(block, "items", ()) if hasattr(item, "path")}  # fmt: skip
    assert paths == {f"report.findings[{place}]" for place in range(len(report.findings))}


def test_ids_are_unique_and_plain(checked):
    """Every row has an anchor of its own that no page format has to escape."""
    document = build_document(*checked)
    ids = [row.id for section in document.sections for block in section.blocks if isinstance(block, Table)
           for row in block.rows]  # fmt: skip
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9-]+", each) for each in ids)


def test_the_marks_of_the_limits_lie_where_they_were_tested(checked):
    """D95% at 95 per cent and 50 Gy, V100% at the prescription, Max at no volume, Mean without one."""
    report, exhibits = checked
    found = {
        (report.outcomes[mark.outcome].constraint, mark.limit): mark
        for one in exhibits.structures
        for mark in one.tested
    }
    assert (found["COV", "goal"].dose_gy, found["COV", "goal"].volume_percent) == (50.0, 95.0)
    assert (found["HOT", "variation"].dose_gy, found["HOT", "variation"].volume_percent) == (50.0, 90.0)
    assert found["HOT", "goal"].allowed == "above"
    assert (found["CORD", "goal"].dose_gy, found["CORD", "goal"].volume_cm3) == (2.0, 0.0)
    assert found["CORD", "goal"].allowed == "below"
    assert found["LIVER", "goal"].volume_percent is None


def test_without_exhibits_the_page_says_what_is_missing():
    """Neither curves nor pictures nor lesion doses are passed over in silence."""
    document = build_document(failing())
    missing = say("en", "notice.no_exhibits")
    assert missing in [notice.cell.text for notice in document.strip.notices]
    for key in ("dvh", "pictures"):
        section = next(section for section in document.sections if section.key == key)
        assert [block.cell.text for block in section.blocks] == [missing]


def test_exhibits_do_not_change_the_report(checked):
    """The same check with and without exhibits gives the same bytes."""
    from rtcheck.check import check

    constraints = (limit("COV", "@lesion.ptv", "D95%[Gy]", ">= 50 Gy"), limit("C", "SpinalCord", "Max[Gy]", "<= 9 Gy"))
    made = case(doses=(dose(),)), record(lesion()), protocol(*constraints)
    assert report_json(check(*made)) == report_json(check_with_exhibits(*made)[0])


def test_what_exhibits_stack_does_not_come_into_the_report():
    """An external contour with a fault of its own, looked at for the indices of a page, changes nothing."""
    from rtcheck.check import check
    from tests.boxes import box, rois, structures

    body = box((-48, 48), (-48, 48), (-48, 48), number=9, name="BODY", kind="EXTERNAL")
    twice = replace(body.contours, points_mm=_twice(body.contours.points_mm), starts=_starts(body.contours),
                    kinds=body.contours.kinds * 2)  # fmt: skip
    sets = (structures([*rois(), replace(body, contours=twice)]),)
    made = case(doses=(dose(),), sets=sets), record(lesion()), protocol()
    report, exhibits = check_with_exhibits(*made)
    assert report_json(check(*made)) == report_json(report)
    assert exhibits.lesions[0].ci.value is not None


def _twice(points):
    import numpy as np

    out = np.concatenate([points, points])
    out.setflags(write=False)
    return out


def _starts(contours):
    import numpy as np

    out = np.concatenate([contours.starts, contours.starts[1:] + contours.starts[-1]])
    out.setflags(write=False)
    return out


def test_stored_exhibits_come_back_and_belong_to_their_result(checked):
    """The same page is made from what was stored; beside another result, cut or no gzip they are refused."""
    from rtcheck.errors import FileFaultsError

    report, exhibits = checked
    content = exhibits_bytes(exhibits, report)
    assert content == exhibits_bytes(exhibits, report)
    back = read_exhibits(content, report, "x")
    assert build_document(report, back).exhibits_json == build_document(report, exhibits).exhibits_json
    assert exhibits_bytes(back, report) == content
    for bad, beside in ((content, replace(report, patient_id="other")), (content[:-20], report), (b"{}", report)):
        with pytest.raises(FileFaultsError):
            read_exhibits(bad, beside, "x")


def test_every_message_and_code_has_both_languages():
    """No key lacks a translation, no translation has other places to fill, no code is without a Chinese title."""
    for key, texts in MESSAGES.items():
        assert len(texts) == 2, key
        assert all(text.strip() for text in texts), key
        assert len({frozenset(re.findall(r"\{(\w+)\}", text)) for text in texts}) == 1, key
    assert set(CODE_TITLES_ZH) >= set(CATALOGUE)
    assert {code: code_title("zh", code) for code in CATALOGUE} == {code: CODE_TITLES_ZH[code] for code in CATALOGUE}


@pytest.mark.parametrize(("texts", "kind"), [(CODE_WHY_ZH, "why"), (CODE_FIX_ZH, "fix")])
def test_no_code_lacks_why_and_fix_in_chinese(texts, kind):
    """Each code has both, in Chinese, with the numbers and keys of the English text; no code is unknown."""
    assert list(texts) == list(CATALOGUE)
    for code, text in texts.items():
        english = getattr(CATALOGUE[code], kind)
        assert re.search(r"[\u4e00-\u9fff]", text), code
        assert text.endswith("。"), code
        assert sorted(re.findall(r"\d+", text)) == sorted(re.findall(r"\d+", english)), code
        for pattern in (r"`[^`]+`", r"\w+_\w+", r"\[\[\w+\]\]"):
            assert sorted(re.findall(pattern, text, re.ASCII)) == sorted(re.findall(pattern, english, re.ASCII)), code


def test_a_chinese_page_explains_its_findings_in_chinese(checked):
    """Why and what to do are those of the page's language, in findings and below rows that were not evaluated."""
    document = build_document(*checked, "zh")
    items = [item for section in document.sections for block in section.blocks if isinstance(block, FindingList)
             for item in block.items if item.severity != "I"]  # fmt: skip
    assert items
    for item in items:
        assert (item.why, item.fix) == (CODE_WHY_ZH[item.code], CODE_FIX_ZH[item.code])
        assert (code_why("en", item.code), code_fix("en", item.code)) == (CATALOGUE[item.code].why,
                                                                        CATALOGUE[item.code].fix)  # fmt: skip
    texts = set(all_texts(document))
    assert not texts & {text for code in CATALOGUE.values() for text in (code.why, code.fix)}
    assert f"{CODE_FIX_ZH['RTD301']} (RTD301)" in " ".join(texts)


def test_a_chinese_page_has_the_terms_of_the_field(checked):
    """Prescription, target, organ at risk, DVH, conformity index, covered, not evaluated."""
    texts = " ".join(all_texts(build_document(*checked, "zh")))
    for term in ("处方剂量", "靶区", "剂量体积直方图", "适形指数", "已覆盖", "未评估", "未治疗", "危及器官"):
        assert term in texts, term


def test_a_page_says_what_was_done_to_it():
    """Redaction, blinding and their absence are stated on its face."""
    plain = dict(build_document(passing()).strip.facts)
    done = dict(build_document(passing(), None, "en", PageOptions(redacted=True, blinded=True)).strip.facts)
    assert plain["redaction"].text != done["redaction"].text
    assert plain["blinding"].text != done["blinding"].text


def test_several_plans_have_a_composite_section():
    """What was summed stands on the page."""
    both = (plan(), plan(uid="1.2.3.9", label="B"))
    doses = (dose(), dose(uid="1.2.3.8", plan_uids=("1.2.3.9",)))
    made = case(plans=both, doses=doses)
    report, exhibits = check_with_exhibits(made, record(lesion(dose_gy=100.0)), protocol())
    if report.verdict is None:
        pytest.fail(str(report.findings))
    document = build_document(report, exhibits)
    assert "composite" in [section.key for section in document.sections]
    check_numbers(document)
