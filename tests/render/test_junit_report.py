"""JUnit is all green exactly when the verdict is PASS."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from rtcheck.model.finding import finding
from rtcheck.render.junit_report import junit_report
from tests.golden.reports import failing, hostile, outcome, passing, refused


def cases(report):
    return {case.get("name"): case for case in ET.fromstring(junit_report(report)).iter("testcase")}


def red(report):
    return [name for name, case in cases(report).items() if case.find("failure") is not None
            or case.find("error") is not None]


@pytest.mark.parametrize("make", [failing, hostile, passing, refused])
def test_green_means_pass(make):
    """Any verdict but PASS leaves something red."""
    report = make()
    assert bool(red(report)) == (report.verdict != "PASS")


def test_every_row_is_a_test_case():
    """The verdict, each lesion, each outcome and each finding above a note has a case; the counts agree."""
    report = failing()
    root = ET.fromstring(junit_report(report))
    serious = [one for one in report.findings if one.severity != "I"]
    assert int(root.get("tests")) == 1 + len(report.lesions) + len(report.outcomes) + len(serious)
    for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(root.get(kind)) == len(list(root.iter(tag)))


@pytest.mark.parametrize(("state", "tag"), [
    ("VIOLATED", "failure"), ("VARIATION", "failure"), ("UNDECIDED", "failure"), ("NOT_EVALUATED", "error"),
    ("NOT_APPLICABLE", "skipped"), ("MET", None),
])
def test_each_state_has_its_element(state, tag):
    """A state is a failure, an error, skipped or a success as documented."""
    report = replace(passing(), outcomes=(outcome("A", "Heart", "Mean[Gy]", state, value=1.0, low=1.0, high=1.0),),
                     lesions=())
    (case,) = [case for name, case in cases(report).items() if name.startswith("A:")]
    found = [child.tag for child in case if child.tag != "system-out"]
    assert found == ([tag] if tag else [])


def test_an_accepted_undecided_row_is_a_success():
    """Where the protocol accepts a limit inside the interval, the row is not red."""
    row = replace(outcome("A", "Heart", "Mean[Gy]", "UNDECIDED", value=1.0, low=0.0, high=20.0), accepted=True)
    report = replace(passing(), outcomes=(row,), lesions=())
    assert red(report) == []


def test_a_warning_is_red_and_a_note_is_not():
    """A finding of severity W makes the verdict REVIEW, so it is not a success."""
    findings = (finding("RTD805", "p", "draft"), finding("RTD304", "x", "y"))
    warned = replace(passing(), verdict="REVIEW", findings=findings)
    assert red(warned) == ["verdict for ICC-0001", "RTD805 p"]


def test_hostile_names_stay_text():
    """Markup and control characters in names neither open elements nor break the file."""
    root = ET.fromstring(junit_report(hostile()))
    assert {element.tag for element in root.iter()} <= {
        "testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out"}
    assert any("\\x1b[31mPTV" in case.get("name", "") for case in root.iter("testcase"))


def test_a_report_that_reveals_the_arm_says_so_first():
    """The first case of all is the warning, and it is green: it is no fault of the plan."""
    report = replace(passing(), reveals_arm=True)
    assert next(iter(cases(report))) == "REVEALS THE TRIAL ARM: keep from blinded outcome assessors"
    assert red(report) == []
