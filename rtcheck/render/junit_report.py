"""The report as JUnit XML, so that a CI server shows it: one test case for the verdict and for each row.

A test case stands for the verdict, each lesion, each outcome and each finding of severity F, E or W. The file is all
green exactly when the verdict is PASS: what makes the verdict REVIEW or INCOMPLETE is not a success either.

=========================================  ===========  ======================
row                                        element      its ``type``
=========================================  ===========  ======================
VIOLATED, NOT_COVERED, NOT_TREATED         failure      the state
UNDECIDED, VARIATION                       failure      the state
NOT_EVALUATED                              error        the state
NOT_APPLICABLE, NOT_REQUIRED               skipped
report-only outcome                        (success; skipped where not evaluated)
finding F or E; finding W                  error; failure  its code
the report reveals the trial arm (RTD759)  (success)
=========================================  ===========  ======================

UNDECIDED is a success where the protocol accepts it (``undecided = "accept"``) and the value meets the goal.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from rtcheck.model.codes import CATALOGUE
from rtcheck.model.finding import Finding
from rtcheck.report import Report
from rtcheck.rules.result import LesionResult, Outcome

__all__ = ["junit_report"]

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_report(report: Report) -> str:
    """Return the report as a JUnit XML document, UTF-8 text with a newline at the end."""
    root = ET.Element("testsuites", name="rtcheck")
    _suite(root, "verdict", [*_arm_case(report), _verdict_case(report)])
    _suite(root, "lesions", [_lesion_case(lesion) for lesion in report.lesions])
    _suite(root, "outcomes", [_outcome_case(outcome) for outcome in report.outcomes])
    _suite(root, "findings", [_finding_case(one) for one in report.findings if one.severity != "I"])
    for kind in ("tests", "failures", "errors", "skipped"):
        root.set(kind, str(sum(int(suite.get(kind, "0")) for suite in root)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, name: str, cases: list[ET.Element]) -> None:
    suite = ET.SubElement(root, "testsuite", name=f"rtcheck.{name}", tests=str(len(cases)))
    for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(kind, str(sum(case.find(tag) is not None for case in cases)))
    for case in cases:
        case.set("classname", f"rtcheck.{name}")
        suite.append(case)


def _case(name: str, tag: str = "", kind: str = "", message: str = "") -> ET.Element:
    case = ET.Element("testcase", name=_clean(name))
    if tag:
        element = ET.SubElement(case, tag, message=_clean(message))
        if kind and tag != "skipped":
            element.set("type", kind)
    elif message:
        ET.SubElement(case, "system-out").text = _clean(message)
    return case


def _verdict_case(report: Report) -> ET.Element:
    name = f"verdict for {report.patient_id or 'no patient'}"
    if report.verdict == "PASS":
        return _case(name, message="PASS")
    tag = "failure" if report.verdict in ("FAIL", "REVIEW") else "error"
    verdict = report.verdict or "NO VERDICT"
    return _case(name, tag, verdict, f"{verdict} (exit {report.exit_code})")


def _arm_case(report: Report) -> list[ET.Element]:
    """Return the case that comes first where the report must be kept from blinded outcome assessors."""
    if not report.reveals_arm:
        return []
    return [_case("REVEALS THE TRIAL ARM: keep from blinded outcome assessors", message=CATALOGUE["RTD759"].title)]


def _lesion_case(lesion: LesionResult) -> ET.Element:
    tag = {"NOT_COVERED": "failure", "NOT_TREATED": "failure", "NOT_EVALUATED": "error", "NOT_REQUIRED": "skipped"}
    message = f"{lesion.state}: {lesion.reason}" if lesion.reason else lesion.state
    return _case(f"lesion {lesion.id} ({lesion.organ})", tag.get(lesion.state, ""), lesion.state, message)


def _outcome_case(outcome: Outcome) -> ET.Element:
    of_lesion = f" of {outcome.lesion}" if outcome.lesion else ""
    name = f"{outcome.constraint}: {outcome.structure} {outcome.metric}{of_lesion}"
    message = _outcome_message(outcome)
    state = outcome.outcome
    if outcome.priority == "report":
        return _case(name, "skipped" if state in ("NOT_EVALUATED", "NOT_APPLICABLE") else "", "", message)
    if state == "NOT_APPLICABLE":
        return _case(name, "skipped", "", message)
    if state == "MET" or outcome.accepted:
        return _case(name, message=message)
    return _case(name, "error" if state == "NOT_EVALUATED" else "failure", state, message)


def _outcome_message(outcome: Outcome) -> str:
    """Return the row in words, with numbers in full precision."""
    words: list[str] = [outcome.outcome]
    if outcome.value is not None:
        words.append(f"value {outcome.value!r} ({outcome.low!r} to {outcome.high!r}) {outcome.unit}".rstrip())
    if outcome.goal:
        words.append(f"goal {outcome.goal}")
    if outcome.variation:
        words.append(f"last acceptable {outcome.variation}")
    words.append(f"priority {outcome.priority}")
    if outcome.reason:
        words.append(outcome.reason)
    return "; ".join(words)


def _finding_case(one: Finding) -> ET.Element:
    tag = "failure" if one.severity == "W" else "error"
    name = f"{one.code} {one.subject}" if one.subject else one.code
    return _case(name, tag, one.code, f"{CATALOGUE[one.code].title}: {one.message}")


def _clean(text: str) -> str:
    """Show characters that XML cannot hold as escapes."""
    return _NOT_XML.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)
