"""A stored result is read back to the same bytes, or refused with every fault."""

from __future__ import annotations

import json

import pytest

from rtcheck.errors import FileFaultsError
from rtcheck.render.json_report import document_text, report_json
from rtcheck.render.stored_report import read_report
from tests.golden.reports import failing, hostile, passing, refused


@pytest.fixture(scope="module")
def whole():
    """A result whose verdict follows from its outcomes, as text."""
    return report_json(consistent(failing()))


def consistent(report):
    """The report with the verdict that its hand-made outcomes and findings have."""
    from dataclasses import replace

    from rtcheck.rules.verdict import fold_verdict

    return replace(report, verdict=fold_verdict(report.outcomes, report.lesions, report.findings))


@pytest.mark.parametrize("make", [failing, hostile, passing, refused])
def test_a_result_comes_back_byte_for_byte(make):
    """Whatever names it holds, the report that is read gives the same document again."""
    text = report_json(consistent(make()))
    assert report_json(read_report(text, "result.json")) == text


def faults(text):
    with pytest.raises(FileFaultsError) as caught:
        read_report(text, "result.json")
    return [(fault.key_path, fault.found) for fault in caught.value.faults]


def test_a_changed_number_is_noticed_by_the_digest(whole):
    """A value edited by hand is not shown as if rtcheck had found it."""
    assert "46.123456" in whole
    assert [path for path, _ in faults(whole.replace("46.123456", "50.123456"))] == ["sha256"]


def test_a_changed_verdict_with_a_new_digest_is_noticed(whole):
    """Even with its digest made anew, a verdict that does not follow from the outcomes is refused."""
    import hashlib

    document = json.loads(whole)
    document["verdict"] = "PASS"
    content = {key: value for key, value in document.items() if key != "sha256"}
    document["sha256"] = hashlib.sha256(document_text(content).encode()).hexdigest()
    assert [path for path, _ in faults(document_text(document))] == ["verdict"]


def test_every_fault_is_told_at_once_with_its_path(whole):
    """Unknown, missing and ill-typed keys are found together."""
    document = json.loads(whole)
    document["outcomes"][0]["value"] = "46.1"
    document["outcomes"][1]["colour"] = "red"
    del document["lesions"][0]["state"]
    document["findings"][0]["code"] = "RTD999"
    document["case"]["plans"][0]["fractions"] = True
    found = {path for path, _ in faults(document_text(document))}
    assert found == {
        "outcomes[0].value", "outcomes[1].colour", "lesions[0].state", "findings[0].code", "case.plans[0].fractions",
    }  # fmt: skip


@pytest.mark.parametrize("text", [
    "", "{", "[]", "null", '{"schema": "rtcheck.dvh/1"}', '{"a": 1, "a": 2}', '{"a": NaN}', "[" * 100_000, "\ud800",
])  # fmt: skip
def test_what_is_no_result_is_refused_without_a_traceback(text):
    """Cut, empty, foreign or hostile documents are faults of the file."""
    assert faults(text)


def test_no_content_of_the_file_is_repeated_in_messages(whole):
    """A message names the key and never the text that stood there, which may be patient data."""
    document = json.loads(whole)
    document["case"]["patient_id"] = ["ZHANG^SAN"]
    document["outcomes"][0]["outcome"] = "ZHANG^SAN"
    with pytest.raises(FileFaultsError) as caught:
        read_report(document_text(document), "result.json")
    assert "ZHANG" not in str(caught.value)


def test_every_cut_of_a_result_is_refused(whole):
    """A result that was cut anywhere is not read as another one."""
    for length in range(0, len(whole) - 2, 97):
        assert faults(whole[:length])


def test_the_reconciliation_of_lesions_comes_back_and_is_redacted():
    """A checked patient with everything its lesions hold is read back to the same bytes; free text and names go."""
    from dataclasses import replace

    from rtcheck.check import check
    from rtcheck.render.pseudonyms import Pseudonyms
    from rtcheck.render.redact import redact
    from tests.boxes import CORD, COVERAGE, case, lesion, protocol, record

    site = replace(lesion(), site="beside the scar of Mr Somebody")
    report = check(case(), record(site), protocol(COVERAGE, CORD))
    assert report.lesions[0].reconciliation is not None
    text = report_json(report)
    assert read_report(text, "result.json") == replace(report, provenance=read_report(text, "r").provenance)
    kept, _ = redact(report, None, Pseudonyms())
    assert "Somebody" not in report_json(kept)
    assert kept.lesions[0].reconciliation.plans[0].label != report.plans[0].label
