"""The report: everything one check found, as one frozen value. Renderers read it and compute nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rtcheck.model.case import InputObject
from rtcheck.model.finding import Finding

__all__ = ["LesionResult", "LesionState", "Outcome", "OutcomeState", "PlanSummary", "Provenance", "Report", "Verdict"]

Verdict = Literal["PASS", "REVIEW", "INCOMPLETE", "FAIL"]
OutcomeState = Literal["MET", "VARIATION", "VIOLATED", "UNDECIDED", "NOT_EVALUATED", "NOT_APPLICABLE"]
LesionState = Literal["COVERED", "NOT_COVERED", "NOT_TREATED", "NOT_EVALUATED", "NOT_REQUIRED"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One constraint judged once (a lesion constraint is judged once for each lesion).

    `value`, `low`, `high` and `unit` as `MetricValue`; None where nothing was evaluated. `goal` and `variation` are
    texts such as ``<= 13 Gy``. `margin` is the distance from the value to the limit that decides, positive inside.
    `rois` names the ROIs the expression was made of. The fields from `source` on let a reader check the limit.
    `accepted`: UNDECIDED, but the protocol accepts that and the value itself meets the goal, so it counts as MET.
    """

    constraint: str
    structure: str
    lesion: str | None
    metric: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    goal: str | None
    variation: str | None
    priority: str
    outcome: OutcomeState
    reason: str = ""
    margin: float | None = None
    rois: tuple[str, ...] = ()
    volume_cm3: float | None = None
    source: str = ""
    where: str = ""
    confidence: str = ""
    endpoint: str = ""
    note: str = ""
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class LesionResult:
    """One registered lesion: its state, why, its structures by role, and the indices of its outcomes."""

    id: str
    organ: str
    kind: str
    state: LesionState
    reason: str
    structures: Mapping[str, tuple[str, ...]]
    outcomes: tuple[int, ...]
    dose_gy: float | None = None
    fractions: int | None = None


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
    `reveals_arm`: whether the report tells the trial arm.
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
