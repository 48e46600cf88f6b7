"""From a report and its exhibits to the content of a page: every section in its order, worded and rounded."""

from __future__ import annotations

import json
from dataclasses import replace

from rtcheck.exhibits import Exhibits
from rtcheck.render.cells import short_uid
from rtcheck.render.document import Document, Language
from rtcheck.render.exhibits_json import exhibits_document
from rtcheck.render.json_report import report_json, report_sha256
from rtcheck.render.messages import HTML_LANGUAGES, renderer_words, say
from rtcheck.render.page_constraints import constraints_section
from rtcheck.render.page_findings import findings_section, passed_section
from rtcheck.render.page_identity import identity_section
from rtcheck.render.page_lesions import lesions_section
from rtcheck.render.page_method import composite_section, data_section, method_section
from rtcheck.render.page_plots import dvh_section, pictures_section
from rtcheck.render.page_strip import Page, PageOptions, verdict_strip
from rtcheck.render.terminal import visible
from rtcheck.report import Report

__all__ = ["PageOptions", "build_document"]


def build_document(
    report: Report,
    exhibits: Exhibits | None = None,
    language: Language = "en",
    options: PageOptions | None = None,
) -> Document:
    """Return the content of a page.

    Args:
        report: the result, redacted or blinded before where that was asked for.
        exhibits: of the same check, likewise; None where there are none, and the page says what is missing.
        language: of headings, states and notices.
        options: what was done to the result, and the self-test.

    Returns:
        The document; the same input gives the same document.
    """
    page = Page(report, exhibits, language, options or PageOptions(), report_sha256(report))
    sections = (
        identity_section(page),
        lesions_section(page),
        constraints_section(page),
        dvh_section(page),
        pictures_section(page),
        findings_section(page),
        passed_section(page),
        composite_section(page),
        method_section(page),
        data_section(page),
    )
    return Document(
        language=language,
        html_language=HTML_LANGUAGES[language],
        title=_title(page),
        header=_header(page),
        page_of=say(language, "page_of"),
        words=renderer_words(language),
        strip=verdict_strip(page),
        sections=tuple(section for section in sections if section is not None),
        report_json=report_json(report),
        exhibits_json="" if exhibits is None else _exhibits_json(exhibits, page.sha256),
    )


def _exhibits_json(exhibits: Exhibits, sha256: str) -> str:
    """Return the exhibits as compact JSON: with line ends, writing so many numbers takes ten times as long."""
    document = exhibits_document(replace(exhibits, report_sha256=sha256))
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _title(page: Page) -> str:
    parts = [page.say("title"), visible(page.report.patient_id), page.say(f"verdict.{_verdict(page)}")]
    return " – ".join(part for part in parts if part)


def _header(page: Page) -> tuple[str, ...]:
    report = page.report
    parts = [page.say("header.patient", id=visible(report.patient_id))] if report.patient_id else []
    labels = [visible(plan.label) or short_uid(plan.sop_instance_uid) for plan in report.plans]
    if labels:
        parts.append(page.say("header.plan", label=", ".join(labels)))
    return (*parts, page.say(f"verdict.{_verdict(page)}"))


def _verdict(page: Page) -> str:
    return page.report.verdict or "NO VERDICT"
