"""The same bytes read a second time, with pydicom and by hand: what must agree, and what forbids a PASS.

`differences` compares every number that the program took from the files with this reading. `objections` lists what of
it makes a PASS impossible, by rules written here once more from the standard and the contract. Neither imports rtcheck.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pydicom
from pydicom import Dataset
from pydicom.valuerep import PersonName

__all__ = ["differences", "objections", "read_again"]

_KINDS = {"RTDOSE": "2", "RTSTRUCT": "3", "RTPLAN": "5"}


def read_again(files: Mapping[str, bytes]) -> dict[str, Dataset | Exception]:
    """Every file as pydicom reads it, or what it raises. A file that is no DICOM for it is left out."""
    found: dict[str, Dataset | Exception] = {}
    for name, data in files.items():
        if not data:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                # Elements are converted when they are asked for: what nobody reads may be as odd as it likes.
                found[name] = pydicom.dcmread(io.BytesIO(data), force=data[128:132] != b"DICM")
            except Exception as error:
                found[name] = error
    return found


def _uid(ds: Dataset, keyword: str) -> str:
    return str(ds.get(keyword, "") or "").strip("\0 ")


def _numbers(value: Any) -> list[float]:
    if value is None or value == "":
        return []
    items = value if isinstance(value, Iterable) and not isinstance(value, str) else [value]
    return [float(item) for item in items]


def _stored(ds: Dataset) -> np.ndarray:
    """The integers of the pixel data, (planes, rows, columns), as the header says they are written."""
    shape = int(ds.get("NumberOfFrames", 1)), int(ds.Rows), int(ds.Columns)
    if ds.file_meta.get("TransferSyntaxUID", "") == "1.2.840.10008.1.2.5":
        return ds.pixel_array.reshape(shape)
    order = ">" if not ds.original_encoding[1] else "<"
    count = int(np.prod(shape))
    return np.frombuffer(ds.PixelData, f"{order}u{int(ds.BitsAllocated) // 8}")[:count].reshape(shape)


def differences(case: Any, again: Mapping[str, Dataset | Exception]) -> list[str]:
    """What the program read otherwise than pydicom did.

    An object that the program put in doubt (E) is passed over, whether the doubt is of the object or of its file: with
    it no case is more than INCOMPLETE, and the report says which file to export again.
    """
    out: list[str] = []
    by_source = {**again}
    doubted = {note.subject for note in case.findings if note.severity in "FE"}
    for kind, held in (("dose", case.doses), ("struct", case.structure_sets), ("plan", case.plans)):
        for item in held:
            if item.source in doubted or any(note.severity in "FE" for note in item.findings):
                continue
            ds = by_source.get(item.source)
            if not isinstance(ds, Dataset):
                out.append(f"{item.source}: pydicom cannot read it ({ds!r:.120})")
                continue
            try:
                out += [f"{item.source}: {what}" for what in _COMPARE[kind](item, ds)]
            except Exception as error:
                out.append(f"{item.source}: the second reading fails: {type(error).__name__}: {error!s:.120}")
    return out


def _dose(item: Any, ds: Dataset) -> list[str]:
    out = []
    if item.scaling_gy != float(ds.DoseGridScaling):
        out.append("DoseGridScaling")
    offsets = np.array(_numbers(ds.GridFrameOffsetVector))
    stored = _stored(ds)
    if offsets[0] > offsets[-1]:
        offsets, stored = offsets[::-1], stored[::-1]
    if not np.array_equal(stored, item.stored):
        out.append("PixelData")
    cosines = np.array(_numbers(ds.ImageOrientationPatient))
    origin = np.array(_numbers(ds.ImagePositionPatient))
    if abs(_numbers(ds.GridFrameOffsetVector)[0]) > 1e-3:
        origin = np.array([origin[0], origin[1], offsets[0]])
    else:
        origin = origin + np.cross(cosines[:3], cosines[3:]) * offsets[0]
    geometry = item.geometry
    if not np.allclose(np.subtract(offsets, offsets[0]), geometry.offsets_mm, rtol=0, atol=1e-6):
        out.append("GridFrameOffsetVector")
    if not np.allclose(origin, geometry.origin_mm, rtol=0, atol=0.02):
        out.append("ImagePositionPatient")
    if not np.allclose((*geometry.row, *geometry.column), cosines, rtol=0, atol=2e-3):
        out.append("ImageOrientationPatient")
    if tuple(geometry.spacing_mm) != tuple(_numbers(ds.PixelSpacing)):
        out.append("PixelSpacing")
    if geometry.frame_of_reference_uid != _uid(ds, "FrameOfReferenceUID"):
        out.append("FrameOfReferenceUID")
    plans = [_uid(plan, "ReferencedSOPInstanceUID") for plan in ds.get("ReferencedRTPlanSequence", [])]
    if list(item.plan_uids) != plans:
        out.append("ReferencedRTPlanSequence")
    if item.summation_type != _uid(ds, "DoseSummationType") or item.dose_type != _uid(ds, "DoseType"):
        out.append("DoseSummationType or DoseType")
    return out


def _struct(item: Any, ds: Dataset) -> list[str]:
    out = []
    frames = {int(roi.ROINumber): _uid(roi, "ReferencedFrameOfReferenceUID") for roi in ds.StructureSetROISequence}
    # pydicom splits names at backslashes
    names = {int(roi.ROINumber): "\\".join(map(str, _listed(roi.get("ROIName")))) for roi in ds.StructureSetROISequence}
    loops = {int(roi.ReferencedROINumber): roi.get("ContourSequence") or [] for roi in ds.ROIContourSequence}
    if {roi.number for roi in item.rois} != names.keys():
        out.append("ROINumber")
    for roi in item.rois:
        if any(note.severity in "FE" for note in roi.findings):
            continue
        # Padding is blanks on both sides and NULs at the end; a NUL before or in a name is part of it (PS3.5 §6.2).
        name = names.get(roi.number, "").rstrip(" \0").lstrip(" ")
        if roi.name.isascii() and name.isascii() and roi.name != name:
            out.append(f"ROIName of ROI {roi.number}")
        if roi.frame_of_reference_uid != frames.get(roi.number):
            out.append(f"frame of reference of ROI {roi.number}")
        found = [_numbers(_decoded(loop)) for loop in loops.get(roi.number, [])]
        flat = [value for values in found for value in values]
        if not np.array_equal(np.array(flat).reshape(-1), roi.contours.points_mm.reshape(-1)):
            out.append(f"ContourData of ROI {roi.number}")
        if np.diff(roi.contours.starts).tolist() != [len(values) // 3 for values in found]:
            out.append(f"contours of ROI {roi.number}")
        if list(roi.contours.kinds) != [_uid(loop, "ContourGeometricType") for loop in loops.get(roi.number, [])]:
            out.append(f"ContourGeometricType of ROI {roi.number}")
    return out


def _listed(value: Any) -> list[Any]:
    # pydicom makes an object of a name that says it is of a person: its letters are no values
    return [] if value is None else [value] if isinstance(value, str | PersonName) else list(value)


def _decoded(loop: Dataset) -> Any:
    value = loop.get("ContourData")
    return value.strip(b"\0 ").decode("ascii").split("\\") if isinstance(value, bytes) else value


def _plan(item: Any, ds: Dataset) -> list[str]:
    out = []
    groups = ds.get("FractionGroupSequence", [])
    if [group.fractions_planned for group in item.fraction_groups] != [
        int(group.NumberOfFractionsPlanned) for group in groups
    ]:
        out.append("NumberOfFractionsPlanned")
    stated = [
        [(int(beam.ReferencedBeamNumber), float(beam.BeamDose) if beam.get("BeamDose") is not None else None)
         for beam in group.get("ReferencedBeamSequence", [])]
        for group in groups
    ]  # fmt: skip
    if [list(group.beams) for group in item.fraction_groups] != stated:
        out.append("BeamDose")
    doses = [reference.get("TargetPrescriptionDose") for reference in ds.get("DoseReferenceSequence", [])]
    if [reference.target_prescription_gy for reference in item.dose_references] != [
        None if dose is None else float(dose) for dose in doses
    ]:
        out.append("TargetPrescriptionDose")
    if item.approval_status != _uid(ds, "ApprovalStatus"):
        out.append("ApprovalStatus")
    sets = [_uid(entry, "ReferencedSOPInstanceUID") for entry in ds.get("ReferencedStructureSetSequence", [])]
    if [uid for uid in [item.structure_set_uid] if uid] != sets:
        out.append("ReferencedStructureSetSequence")
    return out


_COMPARE = {"dose": _dose, "struct": _struct, "plan": _plan}


def objections(again: Mapping[str, Dataset | Exception], patient_id: str, fractions: int) -> list[str]:
    """Why the export as pydicom reads it may not pass: rules of identity, links, units, approval and fractions."""
    objects = [ds for ds in again.values() if isinstance(ds, Dataset) and len(ds)]
    out = [f"{name} cannot be read" for name, ds in again.items() if isinstance(ds, Exception)]
    if {_uid(ds, "PatientID") for ds in objects} != {patient_id}:
        out.append("PatientID")
    by_kind = {kind: [ds for ds in objects if _uid(ds, "Modality") == kind] for kind in _KINDS}
    for kind, held in by_kind.items():
        if not held:
            out.append(f"no {kind}")
        suffixes = {"5", "8"} if kind == "RTPLAN" else {_KINDS[kind]}
        if {_uid(ds, "SOPClassUID").rpartition("481.")[2] for ds in held} - suffixes:
            out.append(f"SOPClassUID of {kind}")
    if out:
        return out
    plans, sets, doses = by_kind["RTPLAN"], by_kind["RTSTRUCT"], by_kind["RTDOSE"]
    for plan in plans:
        wanted = [_uid(entry, "ReferencedSOPInstanceUID") for entry in plan.get("ReferencedStructureSetSequence", [])]
        if wanted != [_uid(entry, "SOPInstanceUID") for entry in sets]:
            out.append("plan does not refer to the structure set")
        if _uid(plan, "ApprovalStatus") != "APPROVED":
            out.append("not approved")
        if _uid(plan, "RTPlanGeometry") != "PATIENT":
            out.append("RTPlanGeometry")
        if _uid(plan, "PlanIntent") in ("VERIFICATION", "MACHINE_QA", "RESEARCH", "SERVICE"):
            out.append("PlanIntent")
        counts = [group.get("NumberOfFractionsPlanned") for group in plan.get("FractionGroupSequence", [])]
        if counts != [fractions]:
            out.append(f"fractions {counts}")
    known = {_uid(plan, "SOPInstanceUID") for plan in plans}
    for dose in doses:
        wanted = [_uid(entry, "ReferencedSOPInstanceUID") for entry in dose.get("ReferencedRTPlanSequence", [])]
        if len(wanted) != 1 or wanted[0] not in known:
            out.append("dose does not refer to the plan")
        if _uid(dose, "DoseUnits") != "GY" or _uid(dose, "DoseType") != "PHYSICAL":
            out.append("DoseUnits or DoseType")
        if _uid(dose, "DoseSummationType") not in ("PLAN", "BEAM", "FRACTION"):
            out.append("DoseSummationType")
        frames = {_uid(roi, "ReferencedFrameOfReferenceUID") for roi in sets[0].StructureSetROISequence}
        if frames != {_uid(dose, "FrameOfReferenceUID")}:
            out.append("FrameOfReferenceUID")
    return out
