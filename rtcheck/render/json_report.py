"""The report as JSON, schema ``rtcheck.report/1``: the keys of the contract, further ones beside them.

Same report, same bytes: keys stand in a fixed order, inputs are named by UID and digest and never by path, and neither
the time nor the host is in it. Numbers have full precision; NaN and Infinity never appear. The last key, ``sha256``, is
the digest of everything before it, so that a stored result that was changed is noticed when it is read again.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import date
from numbers import Integral, Real

from rtcheck.model.finding import Finding
from rtcheck.render.reconciliation import reconciliation_document
from rtcheck.report import PlanSummary, Provenance, Report
from rtcheck.rules.result import LesionResult, Outcome

__all__ = [
    "SCHEMA",
    "document_text",
    "findings_list",
    "plain_json",
    "report_document",
    "report_json",
    "report_sha256",
    "table_text",
]

SCHEMA = "rtcheck.report/1"


def report_json(report: Report) -> str:
    """Return the report as one JSON document, UTF-8 text with a newline at the end.

    Raises:
        ValueError: a number that is not finite reached the report, which is a fault in rtcheck.
    """
    return document_text({**report_document(report), "sha256": report_sha256(report)})


def report_sha256(report: Report) -> str:
    """Return the digest of a report: of its document as text, which ends with this digest under ``sha256``."""
    return hashlib.sha256(document_text(report_document(report)).encode("utf-8")).hexdigest()


def report_document(report: Report) -> dict[str, object]:
    """Return the report as plain dicts and lists in the order of the contract, without its digest."""
    return {
        "schema": SCHEMA,
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        "case": {"patient_id": report.patient_id, "plans": [_plan(plan) for plan in report.plans]},
        "provenance": _provenance(report.provenance),
        "lesions": [_lesion(lesion) for lesion in report.lesions],
        "outcomes": [_outcome(outcome) for outcome in report.outcomes],
        "findings": findings_list(report.findings),
        "reveals_arm": report.reveals_arm,
        "unconstrained": list(report.unconstrained),
        "sources": dict(sorted(report.sources.items())),
    }


def document_text(document: Mapping[str, object]) -> str:
    """Write a document in the one form all our JSON has: UTF-8, two blanks, given order, no NaN, newline at the end."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2)
    # A file name with bytes that are not UTF-8 arrives with lone surrogates, which no encoder takes.
    return text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


def table_text(document: Mapping[str, object]) -> str:
    """Write a document in the same form, but a list of numbers in one line: thousands of lines serve nobody."""
    text = _in_lines(document, "\n")
    return text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


def _in_lines(value: object, line: str) -> str:
    deeper = line + "  "
    if isinstance(value, Mapping) and value:
        items = (f"{_scalar(key)}: {_in_lines(item, deeper)}" for key, item in value.items())
        return "{" + deeper + ("," + deeper).join(items) + line + "}"
    if isinstance(value, list) and value and not all(isinstance(item, (int, float)) for item in value):
        return "[" + deeper + ("," + deeper).join(_in_lines(item, deeper) for item in value) + line + "]"
    return _scalar(value)


def _scalar(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def findings_list(findings: tuple[Finding, ...]) -> list[dict[str, object]]:
    """Return findings as the contract has them."""
    return [
        {
            "code": one.code,
            "severity": one.severity,
            "subject": one.subject,
            "message": one.message,
            "evidence": {key: plain_json(one.evidence[key]) for key in sorted(one.evidence)},
        }
        for one in findings
    ]


def plain_json(value: object) -> object:
    """Turn evidence into JSON values; a number that is not finite becomes its name, since JSON has none for it."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        number = float(value)
        return number if math.isfinite(number) else str(number)
    if isinstance(value, Mapping):
        return {str(key): plain_json(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, (list, tuple)):
        return [plain_json(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain_json(item) for item in value), key=str)
    return value.isoformat() if isinstance(value, date) else str(value)


def _plan(plan: PlanSummary) -> dict[str, object]:
    return {
        "label": plan.label,
        "sop_instance_uid": plan.sop_instance_uid,
        "fractions": plan.fractions,
        "approval_status": plan.approval_status,
        "doses": list(plan.dose_sop_instance_uids),
    }


def _provenance(provenance: Provenance) -> dict[str, object]:
    inputs = sorted(provenance.inputs, key=lambda one: (one.modality, one.sop_instance_uid, one.sha256))
    return {
        "software": dict(sorted(provenance.software.items())),
        "inputs": [
            {"modality": one.modality, "sop_instance_uid": one.sop_instance_uid, "sha256": one.sha256}
            for one in inputs
        ],
        "protocol": dict(provenance.protocol),
        "registry": dict(provenance.registry),
        "conventions": dict(sorted(provenance.conventions.items())),
    }


def _lesion(lesion: LesionResult) -> dict[str, object]:
    return {
        "id": lesion.id,
        "organ": lesion.organ,
        "kind": lesion.kind,
        "state": lesion.state,
        "reason": lesion.reason,
        "structures": {role: list(names) for role, names in lesion.structures.items()},
        "dose_gy": lesion.dose_gy,
        "fractions": lesion.fractions,
        "outcomes": list(lesion.outcomes),
        "site": lesion.site,
        "intent": lesion.intent,
        "group": lesion.group,
        "judged_with": list(lesion.judged_with),
        "reconciliation": reconciliation_document(lesion.reconciliation),
    }


def _outcome(outcome: Outcome) -> dict[str, object]:
    return {
        "constraint": outcome.constraint,
        "structure": outcome.structure,
        "lesion": outcome.lesion,
        "metric": outcome.metric,
        "value": outcome.value,
        "low": outcome.low,
        "high": outcome.high,
        "unit": outcome.unit,
        "goal": outcome.goal,
        "variation": outcome.variation,
        "priority": outcome.priority,
        "outcome": outcome.outcome,
        "reason": outcome.reason,
        "accepted": outcome.accepted,
        "margin": outcome.margin,
        "rois": list(outcome.rois),
        "volume_cc": outcome.volume_cm3,
        "source": outcome.source,
        "where": outcome.where,
        "confidence": outcome.confidence,
        "endpoint": outcome.endpoint,
        "note": outcome.note,
    }
