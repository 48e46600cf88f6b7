"""What judging gives: the outcome of one constraint, the state of one lesion, the words for them and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["LesionResult", "LesionState", "Outcome", "OutcomeState", "Verdict"]

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
