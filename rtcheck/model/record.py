"""The trial's record of one patient, as read from a registry file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from rtcheck.model.lesion import Lesion

__all__ = ["FactValue", "PatientRecord", "PlanSelector", "PriorCourse"]

FactValue = bool | int | float | str | date
"""A recorded fact. Units are in its key, such as ``lung.fev1_l``."""


@dataclass(frozen=True, slots=True)
class PlanSelector:
    """Names one plan of the course, by its label or its SOP Instance UID (one of the two is None)."""

    label: str | None = None
    sop_instance_uid: str | None = None


@dataclass(frozen=True, slots=True)
class PriorCourse:
    """Earlier radiotherapy. `details` holds whatever else the registry says of it."""

    organ: str
    details: Mapping[str, FactValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """One patient's record.

    Attributes:
        patient_id: equals DICOM PatientID, or lists it in `dicom_ids`.
        facts: every recorded scalar, by ``table.key`` in the registry's own spelling, such as ``lung.fev1_l``,
            ``trial.arm``, ``patient.age``; absent means not known. `impaired` keeps its registry word.
        lesions: in file order.
        plans: the plans that make the course; empty: all plans of the export.
        prior_courses: earlier radiotherapy; None when the registry does not say anything about it.
        source: file name for messages.
        sha256: of the file's bytes.
    """

    patient_id: str
    dicom_ids: tuple[str, ...]
    facts: Mapping[str, FactValue]
    lesions: tuple[Lesion, ...]
    plans: tuple[PlanSelector, ...] = ()
    prior_courses: tuple[PriorCourse, ...] | None = None
    source: str = ""
    sha256: str = ""

    @property
    def arm(self) -> str | None:
        """The trial arm, or None when not recorded."""
        arm = self.facts.get("trial.arm")
        return str(arm) if arm is not None else None
