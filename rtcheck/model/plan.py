"""RT Plans and RT Ion Plans as DICOM means them (PS3.3 §C.8.8.9, .10, .13, .25)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rtcheck.model.finding import Finding

__all__ = ["Beam", "BeamDose", "DoseReference", "FractionGroup", "Plan", "PlanReference"]

Point = tuple[float, float, float]
"""x, y, z in LPS mm."""


@dataclass(frozen=True, slots=True)
class Beam:
    """A beam of the plan.

    Attributes:
        delivery_type: TreatmentDeliveryType: TREATMENT counts, SETUP and port films do not.
        isocentres_mm: every IsocenterPosition of its control points, each once, in the plan's frame of reference.
        bolus_rois: ROI numbers of its ReferencedBolusSequence.
        boli: NumberOfBoli, None when absent.
        radiation: RadiationType, such as PHOTON or PROTON; empty when absent.
    """

    number: int
    name: str = ""
    delivery_type: str = "TREATMENT"
    isocentres_mm: tuple[Point, ...] = ()
    bolus_rois: tuple[int, ...] = ()
    boli: int | None = None
    radiation: str = ""


@dataclass(frozen=True, slots=True)
class BeamDose:
    """What a fraction group says of the dose of one beam (PS3.3 §C.8.8.13).

    Attributes:
        dose_gy: BeamDose, of one fraction, at `point_mm`; None when absent.
        point_mm: BeamDoseSpecificationPoint, None when absent.
        nominal: BeamDoseMeaning is FRACTION_LEVEL: the value is a share of the fraction's dose, not this beam's.
        dose_type: BeamDoseType, PHYSICAL or EFFECTIVE; empty when absent.
        meterset: BeamMeterset, of one fraction, in monitor units or minutes; None when absent.
    """

    number: int
    dose_gy: float | None
    point_mm: Point | None = None
    nominal: bool = False
    dose_type: str = ""
    meterset: float | None = None


@dataclass(frozen=True, slots=True)
class DoseReference:
    """One prescription item. Doses in Gy, None when absent.

    Attributes:
        kind: DoseReferenceType, TARGET or ORGAN_AT_RISK.
        structure_type: DoseReferenceStructureType: POINT, VOLUME, COORDINATES or SITE.
        roi_number: ReferencedROINumber, or None.
        target_prescription_gy: TargetPrescriptionDose, for the whole course of this plan.
        prior_gy: NominalPriorDose, from earlier treatment and in no dose of this plan.
    """

    number: int
    kind: str
    structure_type: str
    roi_number: int | None = None
    description: str = ""
    target_prescription_gy: float | None = None
    target_minimum_gy: float | None = None
    target_maximum_gy: float | None = None
    prior_gy: float | None = None


@dataclass(frozen=True, slots=True)
class FractionGroup:
    """A fraction group.

    Attributes:
        number: FractionGroupNumber.
        fractions_planned: NumberOfFractionsPlanned, a positive integer, or None when missing or unusable.
        beams: ReferencedBeamNumber with BeamDose per fraction in Gy (None when absent).
        brachy_setups: ReferencedBrachyApplicationSetupNumber.
        beam_doses: what is said of each beam's dose, in the order of `beams`.
    """

    number: int
    fractions_planned: int | None
    beams: tuple[tuple[int, float | None], ...] = ()
    brachy_setups: tuple[int, ...] = ()
    beam_doses: tuple[BeamDose, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanReference:
    """Another plan this one names: its SOP Instance UID and the RTPlanRelationship, such as PRIOR or PREDECESSOR."""

    sop_instance_uid: str
    relationship: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan.

    Attributes:
        kind: "RT" or "ION".
        intent: PlanIntent, empty when absent.
        geometry: RTPlanGeometry: PATIENT or TREATMENT_DEVICE.
        approval_status: APPROVED, UNAPPROVED, REJECTED, or empty when absent.
        structure_set_uid: referenced structure set, empty when absent.
        created: RTPlanDate and RTPlanTime as YYYYMMDDHHMMSS (YYYYMMDD without a time), or empty.
        reviewed: ReviewDate and ReviewTime of the approval, likewise.
        frame_of_reference_uid: of the plan, empty when absent.
        references: other plans it names.
        named: SOP Instance UID and SOP Class UID of every object it refers to, as it says.
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
    reviewed: str = ""
    references: tuple[PlanReference, ...] = ()
    named: tuple[tuple[str, str], ...] = ()
