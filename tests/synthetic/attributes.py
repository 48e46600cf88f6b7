"""What all synthetic objects share: deterministic UIDs, fixed dates, decimal strings, patient and study attributes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

__all__ = [
    "DATE",
    "SOP_CLASS",
    "TIME",
    "Patient",
    "base_dataset",
    "number_text",
    "set_raw",
    "sop_reference",
    "uid",
]

DATE, TIME = "20260302", "101500"

SOP_CLASS = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "RTDOSE": "1.2.840.10008.5.1.4.1.1.481.2",
    "RTSTRUCT": "1.2.840.10008.5.1.4.1.1.481.3",
    "RTPLAN": "1.2.840.10008.5.1.4.1.1.481.5",
    "REG": "1.2.840.10008.5.1.4.1.1.66.1",
    "RTIONPLAN": "1.2.840.10008.5.1.4.1.1.481.8",
}


@dataclass(frozen=True)
class Patient:
    """Who the objects claim to belong to."""

    id: str = "TEST-0001"
    name: str = "Synthetic^Phantom"
    sex: str = "O"
    birth_date: str = "19650101"


def uid(*parts: object) -> str:
    """A UID under 2.25 that depends on `parts` only."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:15], 'big')}"


def number_text(value: float) -> str:
    """The shortest decimal text of at most 16 characters (DS) nearest to `value`."""
    if float(value).is_integer() and abs(value) < 1e15:
        return str(int(value))
    for digits in range(17, 5, -1):
        text = repr(float(value)) if digits == 17 else f"{value:.{digits}g}"
        if len(text) <= 16:
            return text
    raise ValueError(f"{value} does not fit into a decimal string")


def set_raw(ds: Dataset, keyword: str, value: bytes, vr: str | None = None) -> None:
    """Put `value` under `keyword` as raw bytes, unchecked: NaN, decimal commas, whatever a trap needs."""
    tag = Tag(tag_for_keyword(keyword))
    if len(value) % 2:
        value += b" "
    ds[tag] = RawDataElement(tag, vr or dictionary_VR(tag), len(value), value, 0, False, True, True)


def base_dataset(
    modality: str,
    role: str,
    seed: str,
    patient: Patient | None,
    *,
    frame: str | None,
    kind: str | None = None,
) -> Dataset:
    """What every object carries: patient, study, series, dates; `kind` is the SOP class if not that of `modality`."""
    patient = patient or Patient()
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID = SOP_CLASS[kind or modality]
    ds.SOPInstanceUID = uid(seed, role)
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber = DATE, TIME, "1", ""
    ds.InstanceCreationDate, ds.InstanceCreationTime = DATE, TIME
    ds.SeriesDate, ds.SeriesTime, ds.SeriesNumber = DATE, TIME, 1
    ds.Modality, ds.Manufacturer, ds.ManufacturerModelName = modality, "rtcheck synthetic", "phantom builder"
    ds.SoftwareVersions, ds.ReferringPhysicianName, ds.OperatorsName = "1", "", ""
    ds.PatientName, ds.PatientID = patient.name, patient.id
    ds.PatientBirthDate, ds.PatientSex = patient.birth_date, patient.sex
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uid(seed, "study"), uid(seed, "series", role)
    if frame is not None:
        ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = frame, ""
    return ds


def sop_reference(sop_class: str, instance: str) -> Dataset:
    """An item that refers to an object."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
    return item
