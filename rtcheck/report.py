"""The report: everything one check found, as one frozen value. Renderers read it and compute nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rtcheck.model.case import InputObject
from rtcheck.model.finding import Finding
from rtcheck.rules.result import LesionResult, LesionState, Outcome, OutcomeState, Verdict

__all__ = ["LesionResult", "LesionState", "Outcome", "OutcomeState", "PlanSummary", "Provenance", "Report", "Verdict"]

@dataclass(frozen=True, slots=True)
class PlanSummary:
    """One plan of the course."""

    label: str
    sop_instance_uid: str
    fractions: int | None
    approval_status: str = ""
    dose_sop_instance_uids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the report was made from. `software` maps package to version; `conventions` names every convention used."""

    software: Mapping[str, str]
    inputs: tuple[InputObject, ...]
    protocol: Mapping[str, str]
    registry: Mapping[str, str]
    conventions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Report:
    """The whole result. `verdict` is None when a finding of severity F stands or nothing could be judged.

    `exit_code` is the code to return. `unconstrained` lists structures for which no constraint applies.
    `reveals_arm`: whether the report tells the trial arm; it must say so on its face (RTD759).
    """

    verdict: Verdict | None
    exit_code: int
    patient_id: str
    plans: tuple[PlanSummary, ...]
    lesions: tuple[LesionResult, ...]
    outcomes: tuple[Outcome, ...]
    findings: tuple[Finding, ...]
    provenance: Provenance
    unconstrained: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    reveals_arm: bool = False
