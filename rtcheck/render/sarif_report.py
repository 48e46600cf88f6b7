"""The report as SARIF 2.1.0, so that code-scanning pages show it: one result for each outcome and each finding.

Rules are constraints and finding codes. What is violated or an error has kind fail and level error; what is at
variation or to be acknowledged kind fail and level warning; what could not be evaluated is open, what is undecided
review, what is met pass, what does not apply notApplicable. Messages show rounded numbers, properties the full ones.
"""

from __future__ import annotations

from rtcheck.model.codes import CATALOGUE
from rtcheck.model.finding import Finding
from rtcheck.render.json_report import document_text, plain_json, report_sha256
from rtcheck.render.numbers import format_interval, limit_number
from rtcheck.render.terminal import visible
from rtcheck.report import Report
from rtcheck.rules.result import Outcome

__all__ = ["sarif_report"]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"F": "error", "E": "error", "W": "warning", "I": "note"}
_STATES = {
    "VIOLATED": ("fail", "error"), "NOT_EVALUATED": ("open", "none"), "UNDECIDED": ("review", "none"),
    "VARIATION": ("fail", "warning"), "MET": ("pass", "none"), "NOT_APPLICABLE": ("notApplicable", "none"),
}  # fmt: skip


def sarif_report(report: Report) -> str:
    """Return the report as one SARIF document, UTF-8 text with a newline at the end."""
    codes = sorted({one.code for one in report.findings})
    constraints = sorted({one.constraint for one in report.outcomes} - set(codes))
    sources = {one.constraint: one for one in reversed(report.outcomes)}
    rules = [_code_rule(code) for code in codes] + [_limit_rule(report, sources[name]) for name in constraints]
    places = {str(rule["id"]): index for index, rule in enumerate(rules)}
    results = [_finding(one, places) for one in report.findings] + [_outcome(one, places) for one in report.outcomes]
    driver = {
        "name": "rtcheck",
        "version": report.provenance.software.get("rtcheck", ""),
        "rules": rules,
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {
            "verdict": report.verdict,
            "exit_code": report.exit_code,
            "sha256": report_sha256(report),
            "reveals_arm": report.reveals_arm,
        },
    }
    return document_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _code_rule(code: str) -> dict[str, object]:
    entry = CATALOGUE[code]
    rule: dict[str, object] = {
        "id": code,
        "shortDescription": {"text": entry.title},
        "defaultConfiguration": {"level": _LEVELS[entry.severity]},
    }
    if entry.why:
        rule["fullDescription"] = {"text": entry.why}
    if entry.fix:
        rule["help"] = {"text": entry.fix}
    return rule


def _limit_rule(report: Report, one: Outcome) -> dict[str, object]:
    citation = report.sources.get(one.source, one.source)
    rule: dict[str, object] = {
        "id": visible(one.constraint),
        "shortDescription": {"text": visible(f"{one.structure} {one.metric} {one.goal or ''}".strip())},
    }
    if citation:
        rule["fullDescription"] = {"text": visible(" ".join(filter(None, (citation, one.where))))}
    return rule


def _finding(one: Finding, places: dict[str, int]) -> dict[str, object]:
    said = one.message if not one.subject or one.message.startswith(one.subject) else f"{one.subject}: {one.message}"
    return {
        "ruleId": one.code,
        "ruleIndex": places[one.code],
        "kind": "informational" if one.severity == "I" else "fail",
        # SARIF §3.27.10: a level other than none goes with kind fail only
        "level": "none" if one.severity == "I" else _LEVELS[one.severity],
        "message": {"text": visible(said)},
        "properties": {
            "severity": one.severity,
            "subject": one.subject,
            "evidence": {key: plain_json(one.evidence[key]) for key in sorted(one.evidence)},
        },
    }


def _outcome(one: Outcome, places: dict[str, int]) -> dict[str, object]:
    kind, level = _STATES[one.outcome]
    if one.priority != "mandatory" and level == "error":
        level = "warning"
    if one.priority == "report":
        kind, level = ("informational" if one.value is not None else "notApplicable"), "none"
    return {
        "ruleId": visible(one.constraint),
        "ruleIndex": places[visible(one.constraint)],
        "kind": kind,
        "level": level,
        "message": {"text": visible(_said(one))},
        "properties": {
            "outcome": one.outcome,
            "priority": one.priority,
            "lesion": one.lesion,
            "value": one.value,
            "low": one.low,
            "high": one.high,
            "unit": one.unit,
            "margin": one.margin,
        },
    }


def _said(one: Outcome) -> str:
    words = [f"{one.lesion}: " if one.lesion else "", f"{one.structure} {one.metric} {one.outcome}"]
    if one.value is not None:
        limits = [limit for limit in (limit_number(one.goal), limit_number(one.variation)) if limit is not None]
        shown, between = format_interval(one.value, one.low, one.high, limits)
        words.append(f", {shown}{f' ({between})' if between else ''} {one.unit}".rstrip())
    if one.goal:
        words.append(f", goal {one.goal}")
    if one.reason:
        words.append(f". {one.reason}")
    return "".join(words)
