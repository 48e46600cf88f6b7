"""A case: everything one patient's export holds that this package reads, with what was noticed on the way."""

from __future__ import annotations

from dataclasses import dataclass, field

from rtcheck.model.finding import Finding
from rtcheck.model.grid import DoseGrid
from rtcheck.model.image_plane import ImagePlane
from rtcheck.model.plan import Plan
from rtcheck.model.registration import SpatialRegistration
from rtcheck.model.structure import StructureSet

__all__ = ["Case", "InputObject"]


@dataclass(frozen=True, slots=True)
class InputObject:
    """One DICOM object that was found.

    Attributes:
        modality: RTPLAN, RTDOSE, RTSTRUCT, CT, REG and so on.
        sop_instance_uid, sop_class_uid: of the object.
        sha256: of the file's bytes.
        source: file name relative to the PATH given.
        used: whether this package reads numbers from it.
        study_uid, series_uid, frame_of_reference_uid: links, empty when absent.
        description: modality-specific one-liner for `inspect`, without patient data.
    """

    modality: str
    sop_instance_uid: str
    sop_class_uid: str
    sha256: str
    source: str
    used: bool
    study_uid: str = ""
    series_uid: str = ""
    frame_of_reference_uid: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """All objects of one patient. Tuples are sorted by SOP Instance UID, so file order never matters.

    Attributes:
        patient_id: DICOM PatientID shared by all objects; empty when there is none or they differ.
        patient_ids: every PatientID found, sorted. More than one is refused by `check` unless the registry lists them
            all (RTD101): only the record can say that two identifiers are one patient.
        registrations: Spatial Registration objects, applied only where a caller asks for one.
        images: where the cross-sectional images lie, for telling whether contours lie on them.
        plans, doses, structure_sets: the objects that could be read.
        inputs: every DICOM object found, also those not used.
        ignored_files: number of files that are not DICOM.
        person_unstated: attributes of the patient that not every object states, so that they say less about whether
            all are of one person.
        sexes, birth_dates: every PatientSex (F or M) and PatientBirthDate found, sorted, to compare with the record
            and for nothing else: they are never printed.
        findings: what reading brought up; those of one ROI are in ``ROI.findings``.
    """

    patient_id: str
    plans: tuple[Plan, ...] = ()
    doses: tuple[DoseGrid, ...] = ()
    structure_sets: tuple[StructureSet, ...] = ()
    inputs: tuple[InputObject, ...] = ()
    ignored_files: int = 0
    findings: tuple[Finding, ...] = ()
    patient_ids: tuple[str, ...] = ()
    registrations: tuple[SpatialRegistration, ...] = ()
    images: tuple[ImagePlane, ...] = ()
    person_unstated: tuple[str, ...] = ()
    sexes: tuple[str, ...] = field(default=(), repr=False)
    birth_dates: tuple[str, ...] = field(default=(), repr=False)
