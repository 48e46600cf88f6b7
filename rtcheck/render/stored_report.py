"""A stored result read again: strictly, every fault at once, its digest and its verdict checked.

A result is a record of a patient: one that was cut, edited or comes from another version is refused, never shown as if
nothing had happened.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import cast

from rtcheck.errors import Fault, FileFaultsError
from rtcheck.model.case import InputObject
from rtcheck.model.codes import CATALOGUE
from rtcheck.model.finding import Finding
from rtcheck.render.decode import Decoder, parse_json
from rtcheck.render.json_report import SCHEMA, document_text, report_json
from rtcheck.report import PlanSummary, Provenance, Report
from rtcheck.rules.result import LesionResult, Outcome, Verdict
from rtcheck.rules.verdict import fold_verdict

__all__ = ["read_report"]

_KEYS = (
    "schema", "verdict", "exit_code", "case", "provenance", "lesions", "outcomes", "findings", "reveals_arm",
    "unconstrained", "sources", "sha256",
)  # fmt: skip
_RERUN = "a result as rtcheck wrote it; run the check again"


@dataclass(frozen=True, slots=True)
class _StoredPlan:
    label: str
    sop_instance_uid: str
    fractions: int | None
    approval_status: str
    doses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _StoredInput:
    modality: str
    sop_instance_uid: str
    sha256: str


@dataclass(frozen=True, slots=True)
class _StoredCase:
    patient_id: str
    plans: tuple[_StoredPlan, ...]


@dataclass(frozen=True, slots=True)
class _StoredProvenance:
    software: dict[str, str]
    inputs: tuple[_StoredInput, ...]
    protocol: dict[str, str]
    registry: dict[str, str]
    conventions: dict[str, str]


def read_report(text: str, file: str) -> Report:
    """Read a stored result.

    Args:
        text: of the JSON document.
        file: its name, for messages.

    Returns:
        The report; `rtcheck.render.json_report.report_json` gives the same document again, byte for byte.

    Raises:
        FileFaultsError: it is not a whole, unchanged result of this version; every fault at once.
    """
    decoder = Decoder(file)
    document = decoder.keys(parse_json(text, file), _KEYS, "")
    if document is not None and document["schema"] != SCHEMA:
        decoder.fault("schema", "another schema", f"{SCHEMA!r}: a result of rtcheck check")
    decoder.finish()
    assert document is not None
    report = _report(decoder, document)
    decoder.finish()
    assert report is not None
    if document["sha256"] != _digest(document):
        raise FileFaultsError((Fault(file, "sha256", "a digest of other content: the file was changed", _RERUN),))
    if report.verdict != fold_verdict(report.outcomes, report.lesions, report.findings):
        raise FileFaultsError((Fault(file, "verdict", "one that does not follow from its outcomes", _RERUN),))
    if report_json(report) != document_text(document):
        raise FileFaultsError((Fault(file, "", "content that this version would write otherwise", _RERUN),))
    return report


def _digest(document: dict[str, object]) -> str:
    """Return the digest as `rtcheck.render.json_report.report_sha256` does: of everything before it."""
    content = {key: value for key, value in document.items() if key != "sha256"}
    return hashlib.sha256(document_text(content).encode("utf-8")).hexdigest()


def _report(decoder: Decoder, document: dict[str, object]) -> Report | None:
    case = decoder.decode(_StoredCase, document["case"], "case")
    made = decoder.decode(_StoredProvenance, document["provenance"], "provenance")
    lesions = decoder.decode(tuple[LesionResult, ...], document["lesions"], "lesions")
    outcomes = decoder.decode(tuple[Outcome, ...], _renamed(document["outcomes"]), "outcomes")
    findings = _findings(decoder, document["findings"])
    verdict = decoder.decode(Verdict | None, document["verdict"], "verdict")
    exit_code = decoder.decode(int, document["exit_code"], "exit_code")
    reveals = decoder.decode(bool, document["reveals_arm"], "reveals_arm")
    unconstrained = decoder.decode(tuple[str, ...], document["unconstrained"], "unconstrained")
    sources = decoder.decode(dict[str, str], document["sources"], "sources")
    if decoder.faults:
        return None
    for index, lesion in enumerate(lesions):
        for each in lesion.outcomes:
            if not 0 <= each < len(outcomes):
                decoder.fault(f"lesions[{index}].outcomes", "an index", f"one below {len(outcomes)}")
    plans = tuple(
        PlanSummary(plan.label, plan.sop_instance_uid, plan.fractions, plan.approval_status, plan.doses)
        for plan in case.plans
    )
    inputs = tuple(
        InputObject(one.modality, one.sop_instance_uid, "", one.sha256, "", used=False) for one in made.inputs
    )
    provenance = Provenance(made.software, inputs, made.protocol, made.registry, made.conventions)
    return Report(
        verdict, exit_code, case.patient_id, plans, lesions, outcomes, findings, provenance, unconstrained, sources,
        reveals,
    )  # fmt: skip


def _renamed(outcomes: object) -> object:
    """Return outcomes with the one key that the document names otherwise."""
    if not isinstance(outcomes, list):
        return outcomes
    return [
        {("volume_cm3" if key == "volume_cc" else key): value for key, value in cast("dict[str, object]", one).items()}
        if isinstance(one, dict)
        else one
        for one in outcomes
    ]


def _findings(decoder: Decoder, value: object) -> tuple[Finding, ...]:
    if not isinstance(value, list):
        decoder.fault("findings", "no list", "a list")
        return ()
    out = []
    for index, one in enumerate(value):
        path = f"findings[{index}]"
        if isinstance(one, dict) and isinstance(one.get("code"), str) and one["code"] not in CATALOGUE:
            decoder.fault(f"{path}.code", "a code that this version does not know", "a code of `rtcheck explain`")
            continue
        found = decoder.decode(Finding, one, path)
        if found is not None:
            out.append(found)
    return tuple(out)
