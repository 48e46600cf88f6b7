"""The head of a page: verdict with its counts, protocol, software, redaction and blinding, notices, the box to sign."""

from __future__ import annotations

from dataclasses import dataclass

from rtcheck.exhibits import Exhibits
from rtcheck.render.cells import count_cell, short_uid, text_cell, tone_of, whole_cell
from rtcheck.render.document import Cell, Language, Paragraph, SignOff, Tone, VerdictStrip
from rtcheck.render.messages import say
from rtcheck.render.stored_selftest import StoredSelfTest, differing_software
from rtcheck.render.terminal import visible
from rtcheck.report import Report

__all__ = ["Page", "PageOptions", "selftest_state", "verdict_strip"]


@dataclass(frozen=True, slots=True)
class PageOptions:
    """What was done to the result before it is shown, and what stands beside it.

    Attributes:
        redacted, blinded: whether report and exhibits were (`rtcheck.render.redact`, `rtcheck.render.blind`).
        selftest: of the machine, as it was stored; None when none was given.
    """

    redacted: bool = False
    blinded: bool = False
    selftest: StoredSelfTest | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """What every part of a page is made from; `exhibits` is None where there are none."""

    report: Report
    exhibits: Exhibits | None
    language: Language
    options: PageOptions
    sha256: str

    def say(self, key: str, **values: object) -> str:
        """Return a message in the language of the page."""
        return say(self.language, key, **values)


_COUNTS = (
    ("lesions.state", "NOT_TREATED", "count.NOT_TREATED"),
    ("lesions.state", "NOT_COVERED", "count.NOT_COVERED"),
    ("lesions.state", "NOT_EVALUATED", "count.lesion.NOT_EVALUATED"),
    ("lesions.state", "COVERED", "count.COVERED"),
    ("lesions.state", "NOT_REQUIRED", "count.NOT_REQUIRED"),
    ("outcomes.outcome", "VIOLATED", "count.VIOLATED"),
    ("outcomes.outcome", "NOT_EVALUATED", "count.NOT_EVALUATED"),
    ("outcomes.outcome", "UNDECIDED", "count.UNDECIDED"),
    ("outcomes.outcome", "VARIATION", "count.VARIATION"),
    ("outcomes.outcome", "MET", "count.MET"),
    ("findings.severity", "F", "count.F"),
    ("findings.severity", "E", "count.E"),
    ("findings.severity", "W", "count.W"),
)


def verdict_strip(page: Page) -> VerdictStrip:
    """Return the head of a page."""
    code = page.report.verdict or "NO VERDICT"
    return VerdictStrip(
        verdict=page.say(f"verdict.{code}"),
        verdict_code=code,
        tone=tone_of(code),
        sentence=page.say(f"meaning.{code}"),
        counts=_counts(page),
        facts=_facts(page),
        notices=_notices(page),
        sign_off=SignOff(
            page.say("sign.text"),
            tuple(page.say(f"sign.{key}") for key in ("name", "role", "date", "signature")),
        ),
    )


def _counts(page: Page) -> tuple[tuple[str, Cell], ...]:
    report = page.report
    words: dict[str, list[str]] = {
        "lesions.state": [one.state for one in report.lesions],
        "outcomes.outcome": [one.outcome for one in report.outcomes],
        "findings.severity": [one.severity for one in report.findings],
    }
    shown = []
    for place, word, key in _COUNTS:
        number = sum(each == word for each in words[place])
        if number:
            path, _, field = place.partition(".")
            shown.append((page.say(key), count_cell(f"report.{path}", field, word, number, tone_of(word))))
    return tuple(shown)


def _facts(page: Page) -> tuple[tuple[str, Cell], ...]:
    report, options = page.report, page.options
    provenance = report.provenance
    protocol, software = provenance.protocol, provenance.software
    status = protocol.get("status", "")
    known = status if status in ("draft", "approved") else ""
    facts = [
        ("fact.patient", text_cell(report.patient_id)),
        ("fact.plan", text_cell(", ".join(plan.label or short_uid(plan.sop_instance_uid) for plan in report.plans))),
        ("fact.plan_approval", _approval(page)),
        ("fact.protocol", text_cell(protocol.get("id", ""), protocol.get("title", ""))),
        ("fact.version", text_cell(protocol.get("version", ""))),
        ("fact.protocol_status", text_cell(page.say(f"protocol.{known}"), tone="warn" if known != "approved" else "")),
        ("fact.software", text_cell(f"rtcheck {software.get('rtcheck', '')}".rstrip())),
        ("fact.selftest", _selftest(page)),
        ("fact.redaction", text_cell(page.say("redaction.yes" if options.redacted else "redaction.no"))),
        ("fact.blinding", text_cell(page.say("blinding.yes" if options.blinded else "blinding.no"))),
        ("fact.exit_code", whole_cell("report.exit_code", report.exit_code)),
        ("fact.result", text_cell(page.sha256[:16], page.sha256)),
    ]
    return tuple((page.say(key), cell) for key, cell in facts)


def selftest_state(page: Page) -> str:
    """Return ``none``, ``failed``, ``differs`` (passed, with other software than that of the result) or ``passed``."""
    found = page.options.selftest
    if found is None:
        return "none"
    if not found.passed:
        return "failed"
    return "differs" if differing_software(found, dict(page.report.provenance.software)) else "passed"


def _selftest(page: Page) -> Cell:
    state = selftest_state(page)
    tones: dict[str, Tone] = {"none": "", "failed": "bad", "differs": "warn", "passed": ""}
    return text_cell(page.say(f"selftest.state.{state}"), tone=tones[state])


def _approval(page: Page) -> Cell:
    """Return the approval of the plans: each state once, the worst first."""
    states = {plan.approval_status for plan in page.report.plans}
    order = ("REJECTED", "UNAPPROVED", "", "APPROVED")
    words = [page.say(f"approval.{state}") for state in order if state in states]
    words += sorted(visible(state) for state in states if state not in order)
    tone: Tone = "warn" if states - {"APPROVED"} else ""
    return text_cell(", ".join(words), tone=tone)


def _notices(page: Page) -> tuple[Paragraph, ...]:
    report, options = page.report, page.options
    told: list[tuple[str, Tone]] = []
    if selftest_state(page) == "failed":
        told.append(("notice.selftest_failed", "bad"))
    if report.reveals_arm and not options.blinded:
        told.append(("notice.arm", "warn"))
    if report.provenance.protocol.get("status") == "draft" or any(one.code == "RTD805" for one in report.findings):
        told.append(("notice.draft", "warn"))
    if options.blinded:
        told.append(("blinding.yes", "quiet"))
    if options.redacted:
        told.append(("redaction.yes", "quiet"))
    if page.exhibits is None:
        told.append(("notice.no_exhibits", "open"))
    if page.language != "en":
        told.append(("notice.language", "quiet"))
    told.append(("notice.second_check", "quiet"))
    return tuple(Paragraph(text_cell(page.say(key)), tone) for key, tone in told)
