"""What judging gives: the outcome of one constraint, the state of one lesion, the words for them and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from rtcheck.dvh.metric import MetricValue

__all__ = [
    "LesionResult", "LesionState", "LowestDose", "OrganCheck", "Outcome", "OutcomeState", "PlanStatement",
    "PrescriptionState", "Reconciliation", "TargetLink", "Verdict",
]

Verdict = Literal["PASS", "REVIEW", "INCOMPLETE", "FAIL"]
OutcomeState = Literal["MET", "VARIATION", "VIOLATED", "UNDECIDED", "NOT_EVALUATED", "NOT_APPLICABLE"]
LesionState = Literal["COVERED", "NOT_COVERED", "NOT_TREATED", "NOT_EVALUATED", "NOT_REQUIRED"]
PrescriptionState = Literal["confirmed", "contradicted", "not stated"]


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
class TargetLink:
    """One link of the chain GTV, CTV, PTV of a lesion.

    Attributes:
        role: gtv, ctv or ptv.
        registered, rois: names in the registry, and those of the structures found for them.
        problem: why it cannot be used, one sentence; empty when it can.
        volume: in cm³.
        minimum, median: physical dose of the course in it, Gy.
        inside_next: share of its volume inside the next link that can be used, 0 to 1; None where there is none.
    """

    role: str
    registered: tuple[str, ...]
    rois: tuple[str, ...]
    problem: str
    volume: MetricValue
    minimum: MetricValue
    median: MetricValue
    inside_next: float | None = None


@dataclass(frozen=True, slots=True)
class PlanStatement:
    """What one plan says of a lesion: its fractions, and the target prescription doses that can be the lesion's, Gy.

    `tied`: they are stated for one of the lesion's structures, and not for the plan as a whole.
    """

    label: str
    sop_instance_uid: str
    fractions: int | None
    dose_gy: tuple[float, ...]
    tied: bool


@dataclass(frozen=True, slots=True)
class LowestDose:
    """Where the lowest dose in a lesion's target is: the point in LPS mm; None, with the reason, where not known."""

    role: str
    structure: str
    dose_gy: float | None
    at_mm: tuple[float, float, float] | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OrganCheck:
    """Whether a lesion lies in the organ that the registry names.

    Attributes:
        structure: standard name of the organ; empty where it has none.
        rois: whose union it is.
        role: of the lesion's structure that was compared: its GTV, else CTV, else PTV.
        share: of that structure's volume inside the organ, 0 to 1; None where it could not be told.
        reason: why it could not be told, one sentence.
    """

    structure: str
    rois: tuple[str, ...]
    role: str
    share: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A registered lesion against the structures, plans and doses of the course.

    Attributes:
        chain: its links in the order GTV, CTV, PTV, as far as registered.
        plans: what each plan of the course says of it.
        prescription: whether the plans confirm what is registered.
        lowest: the lowest dose in the target (PTV, else CTV, else GTV), and in the GTV where that is another structure.
        organ: whether it lies in its organ.
    """

    chain: tuple[TargetLink, ...]
    plans: tuple[PlanStatement, ...]
    prescription: PrescriptionState
    lowest: tuple[LowestDose, ...]
    organ: OrganCheck


@dataclass(frozen=True, slots=True)
class LesionResult:
    """One registered lesion: its state, why, its structures by role, and the indices of its outcomes.

    Attributes:
        intent: consolidative, palliative, or resolved where it is not active.
        group: of nodes that are counted as one; empty where it stands alone.
        judged_with: ids of the lesions of its group with which its coverage was judged together.
        reconciliation: None where the case came to no verdict, and for a resolved lesion.
    """

    id: str
    organ: str
    kind: str
    state: LesionState
    reason: str
    structures: Mapping[str, tuple[str, ...]]
    outcomes: tuple[int, ...]
    dose_gy: float | None = None
    fractions: int | None = None
    site: str = ""
    intent: str = "consolidative"
    group: str = ""
    judged_with: tuple[str, ...] = ()
    reconciliation: Reconciliation | None = None
