"""RT Plans and RT Ion Plans as DICOM means them (PS3.3 §C.8.8.9, .10, .13, .25)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rtcheck.model.finding import Finding

__all__ = ["Beam", "DoseReference", "FractionGroup", "Plan"]


@dataclass(frozen=True, slots=True)
class Beam:
    """A beam of the plan. `delivery_type` is TreatmentDeliveryType: TREATMENT counts, SETUP and port films do not."""

    number: int
    name: str = ""
    delivery_type: str = "TREATMENT"


@dataclass(frozen=True, slots=True)
class DoseReference:
    """One prescription item. Doses in Gy, None when absent.

    Attributes:
        kind: DoseReferenceType, TARGET or ORGAN_AT_RISK.
        structure_type: DoseReferenceStructureType: POINT, VOLUME, COORDINATES or SITE.
        roi_number: ReferencedROINumber, or None.
        target_prescription_gy: TargetPrescriptionDose, for the whole course of this plan.
    """

    number: int
    kind: str
    structure_type: str
    roi_number: int | None = None
    description: str = ""
    target_prescription_gy: float | None = None
    target_minimum_gy: float | None = None
    target_maximum_gy: float | None = None


@dataclass(frozen=True, slots=True)
class FractionGroup:
    """A fraction group.

    Attributes:
        number: FractionGroupNumber.
        fractions_planned: NumberOfFractionsPlanned, a positive integer, or None when missing or unusable.
        beams: ReferencedBeamNumber with BeamDose per fraction in Gy (None when absent).
        brachy_setups: ReferencedBrachyApplicationSetupNumber.
    """

    number: int
    fractions_planned: int | None
    beams: tuple[tuple[int, float | None], ...] = ()
    brachy_setups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan.

    Attributes:
        kind: "RT" or "ION".
        intent: PlanIntent, empty when absent.
        geometry: RTPlanGeometry: PATIENT or TREATMENT_DEVICE.
        approval_status: APPROVED, UNAPPROVED, REJECTED, or empty when absent.
        structure_set_uid: referenced structure set, empty when absent.
        created: RTPlanDate and RTPlanTime as YYYYMMDDHHMMSS, or empty.
        frame_of_reference_uid: of the plan, empty when absent.
    """

    sop_instance_uid: str
    label: str
    kind: Literal["RT", "ION"]
    fraction_groups: tuple[FractionGroup, ...]
    beams: tuple[Beam, ...]
    dose_references: tuple[DoseReference, ...]
    structure_set_uid: str
    name: str = ""
    intent: str = ""
    geometry: str = ""
    approval_status: str = ""
    created: str = ""
    frame_of_reference_uid: str = ""
    source: str = ""
    findings: tuple[Finding, ...] = ()
