"""DICOM-RT objects from simple inputs, for every test: structure sets, plans, doses, a few CT images.

Each function returns a pydicom Dataset that a test may change before `tests.synthetic.encode.write` puts it on disk.
Everything is deterministic: UIDs are hashes of a seed, dates are fixed, so the same input gives the same bytes.
No object describes a real person. Coordinates are LPS mm, arrays (nz, ny, nx), dose in Gy, as in `rtcheck.model.grid`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.tag import Tag

from tests.synthetic.grid import ORIENTATIONS, GridSpec, box_grid, grid_points

__all__ = [
    "DATE", "ORIENTATIONS", "SOP_CLASS", "BeamSpec", "DoseReferenceSpec", "GridSpec", "Patient", "RoiSpec", "TIME",
    "box_grid", "ct_images", "grid_points", "number_text", "rt_dose", "rt_plan", "set_raw", "structure_set", "uid",
]

DATE, TIME = "20260302", "101500"

SOP_CLASS = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "RTDOSE": "1.2.840.10008.5.1.4.1.1.481.2",
    "RTSTRUCT": "1.2.840.10008.5.1.4.1.1.481.3",
    "RTPLAN": "1.2.840.10008.5.1.4.1.1.481.5",
    "RTIONPLAN": "1.2.840.10008.5.1.4.1.1.481.8",
}

@dataclass(frozen=True)
class Patient:
    """Who the objects claim to belong to."""

    id: str = "TEST-0001"
    name: str = "Synthetic^Phantom"
    sex: str = "O"
    birth_date: str = "19650101"


@dataclass(frozen=True)
class RoiSpec:
    """One region of interest: `contours` are arrays (n, 3); `kind` is one ContourGeometricType or one per contour."""

    name: str
    number: int
    contours: Sequence[NDArray[np.float64]] = ()
    type: str = "ORGAN"
    kind: str | Sequence[str] = "CLOSED_PLANAR"
    volume_cc: float | None = None
    frame: str | None = None
    relative_electron_density: float | None = None
    decimals: int = 2


@dataclass(frozen=True)
class BeamSpec:
    """One beam; `dose_gy` is BeamDose per fraction, None leaves it out; `gantry` is start and stop angle."""

    number: int
    name: str = ""
    delivery: str = "TREATMENT"
    dose_gy: float | None = None
    meterset: float | None = None
    gantry: tuple[float, float] = (181.0, 179.0)


@dataclass(frozen=True)
class DoseReferenceSpec:
    """One item of the Dose Reference Sequence, doses in Gy for the whole plan."""

    number: int
    prescription_gy: float | None = None
    roi_number: int | None = None
    kind: str = "TARGET"
    structure_type: str = "VOLUME"
    description: str = ""
    minimum_gy: float | None = None
    maximum_gy: float | None = None


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
    """Put `value` under `keyword` as raw bytes, unchecked: NaN, decimal commas, wrong lengths, whatever a trap needs."""
    tag = Tag(tag_for_keyword(keyword))
    if len(value) % 2:
        value += b" "
    ds[tag] = RawDataElement(tag, vr or dictionary_VR(tag), len(value), value, 0, False, True, True)


def _base(modality: str, role: str, seed: str, patient: Patient, frame: str | None, kind: str | None = None) -> Dataset:
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


def _reference(sop_class: str, instance: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
    return item


def _coordinates(points: NDArray[np.float64], decimals: int) -> bytes:
    values = np.round(np.asarray(points, float).ravel(), decimals) + 0.0  # + 0.0 turns -0.0 into 0.0
    return "\\".join(f"{value:.{decimals}f}" for value in values).encode()


def structure_set(
    rois: Sequence[RoiSpec], *, seed: str = "case", patient: Patient | None = None, frame: str | None = None,
    label: str = "STRUCTS", approval: str | None = "APPROVED", images: Sequence[Dataset] = (), role: str = "struct",
) -> Dataset:
    """An RT Structure Set of `rois`. `images` (CT datasets) add the referenced series and an image to each contour."""
    patient = patient or Patient()
    frame = frame or uid(seed, "frame")
    ds = _base("RTSTRUCT", role, seed, patient, None)
    ds.StructureSetLabel, ds.StructureSetDate, ds.StructureSetTime = label, DATE, TIME
    at_z = {round(float(image.ImagePositionPatient[2]), 2): image for image in images}
    referenced_frame = Dataset()
    referenced_frame.FrameOfReferenceUID = frame
    if images:
        series, study = Dataset(), Dataset()
        series.SeriesInstanceUID = images[0].SeriesInstanceUID
        series.ContourImageSequence = [_reference(image.SOPClassUID, image.SOPInstanceUID) for image in images]
        study.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"
        study.ReferencedSOPInstanceUID = images[0].StudyInstanceUID
        study.RTReferencedSeriesSequence = [series]
        referenced_frame.RTReferencedStudySequence = [study]
    other = sorted({roi.frame for roi in rois if roi.frame and roi.frame != frame})
    ds.ReferencedFrameOfReferenceSequence = [referenced_frame, *(_frame_item(name) for name in other)]
    ds.StructureSetROISequence, ds.ROIContourSequence, ds.RTROIObservationsSequence = [], [], []
    for index, roi in enumerate(rois):
        ds.StructureSetROISequence.append(_roi_item(roi, frame))
        ds.ROIContourSequence.append(_contour_item(roi, index, at_z))
        ds.RTROIObservationsSequence.append(_observation_item(roi))
    if approval is not None:
        _approve(ds, approval)
    return ds


def _frame_item(name: str) -> Dataset:
    item = Dataset()
    item.FrameOfReferenceUID = name
    return item


def _roi_item(roi: RoiSpec, frame: str) -> Dataset:
    item = Dataset()
    item.ROINumber, item.ROIName, item.ROIGenerationAlgorithm = roi.number, roi.name, "MANUAL"
    item.ReferencedFrameOfReferenceUID = roi.frame or frame
    if roi.volume_cc is not None:
        item.ROIVolume = number_text(roi.volume_cc)
    return item


def _contour_item(roi: RoiSpec, index: int, at_z: dict[float, Dataset]) -> Dataset:
    item = Dataset()
    item.ReferencedROINumber = roi.number
    item.ROIDisplayColor = [(97 * index + 60) % 256, (57 * index + 180) % 256, (151 * index + 30) % 256]
    contours = []
    for number, points in enumerate(roi.contours, start=1):
        contour = Dataset()
        contour.ContourNumber = number
        contour.ContourGeometricType = roi.kind if isinstance(roi.kind, str) else roi.kind[number - 1]
        contour.NumberOfContourPoints = len(points)
        image = at_z.get(round(float(points[0][2]), 2)) if len(points) else None
        if image is not None:
            contour.ContourImageSequence = [_reference(image.SOPClassUID, image.SOPInstanceUID)]
        set_raw(contour, "ContourData", _coordinates(points, roi.decimals))
        contours.append(contour)
    if contours:
        item.ContourSequence = contours
    return item


def _observation_item(roi: RoiSpec) -> Dataset:
    item = Dataset()
    item.ObservationNumber, item.ReferencedROINumber = roi.number, roi.number
    item.RTROIInterpretedType, item.ROIInterpreter = roi.type, ""
    if roi.relative_electron_density is not None:
        density = Dataset()
        density.ROIPhysicalProperty = "REL_ELEC_DENSITY"
        density.ROIPhysicalPropertyValue = number_text(roi.relative_electron_density)
        item.ROIPhysicalPropertiesSequence = [density]
    return item


def _approve(ds: Dataset, status: str) -> None:
    ds.ApprovalStatus = status
    if status in {"APPROVED", "REJECTED"}:
        ds.ReviewDate, ds.ReviewTime, ds.ReviewerName = DATE, TIME, "Synthetic^Reviewer"


def rt_plan(
    *, seed: str = "case", kind: str = "RT", fractions: int | None = 5, beams: Sequence[BeamSpec] | None = None,
    dose_references: Sequence[DoseReferenceSpec] = (), intent: str | None = "CURATIVE",
    approval: str | None = "APPROVED", label: str = "PLAN", geometry: str = "PATIENT",
    structure_set_uid: str | None = None, patient: Patient | None = None, frame: str | None = None, role: str = "plan",
) -> Dataset:
    """An RT Plan (`kind` "RT") or RT Ion Plan ("ION") with one fraction group.

    `structure_set_uid` None points at ``uid(seed, "struct")``; "" leaves the reference out. `fractions`, `intent` and
    `approval` None write an empty count or leave the attribute out. Default beams: one treatment beam, one setup beam.
    """
    ds = _base("RTPLAN", role, seed, patient or Patient(), frame or uid(seed, "frame"), "RTIONPLAN" if kind == "ION" else None)
    if beams is None:
        beams = (BeamSpec(1, "Arc 1", dose_gy=10.0, meterset=2500.0), BeamSpec(99, "CBCT", "SETUP", gantry=(0.0, 0.0)))
    ds.RTPlanLabel, ds.RTPlanName, ds.RTPlanDate, ds.RTPlanTime = label, label, DATE, TIME
    if intent is not None:
        ds.PlanIntent = intent
    ds.RTPlanGeometry = geometry
    if dose_references:
        ds.DoseReferenceSequence = [_dose_reference(spec, seed) for spec in dose_references]
    group = Dataset()
    group.FractionGroupNumber, group.NumberOfFractionsPlanned = 1, fractions
    group.NumberOfBeams, group.NumberOfBrachyApplicationSetups = len(beams), 0
    group.ReferencedBeamSequence = []
    for beam in beams:
        item = Dataset()
        if beam.dose_gy is not None:
            item.BeamDose = number_text(beam.dose_gy)
        if beam.meterset is not None:
            item.BeamMeterset = number_text(beam.meterset)
        item.ReferencedBeamNumber = beam.number
        group.ReferencedBeamSequence.append(item)
    ds.FractionGroupSequence = [group]
    setattr(ds, "IonBeamSequence" if kind == "ION" else "BeamSequence", [_beam_item(beam, kind) for beam in beams])
    setup = Dataset()
    setup.PatientSetupNumber, setup.PatientPosition = 1, "HFS"
    ds.PatientSetupSequence = [setup]
    if structure_set_uid is None:
        structure_set_uid = uid(seed, "struct")
    if structure_set_uid:
        ds.ReferencedStructureSetSequence = [_reference(SOP_CLASS["RTSTRUCT"], structure_set_uid)]
    if approval is not None:
        _approve(ds, approval)
    return ds


def _dose_reference(spec: DoseReferenceSpec, seed: str) -> Dataset:
    item = Dataset()
    item.DoseReferenceNumber, item.DoseReferenceUID = spec.number, uid(seed, "dose reference", spec.number)
    item.DoseReferenceStructureType, item.DoseReferenceType = spec.structure_type, spec.kind
    if spec.description:
        item.DoseReferenceDescription = spec.description
    if spec.roi_number is not None:
        item.ReferencedROINumber = spec.roi_number
    for keyword, value in (
        ("TargetPrescriptionDose", spec.prescription_gy), ("TargetMinimumDose", spec.minimum_gy),
        ("TargetMaximumDose", spec.maximum_gy),
    ):
        if value is not None:
            setattr(item, keyword, number_text(value))
    return item


def _beam_item(beam: BeamSpec, kind: str) -> Dataset:
    item = Dataset()
    item.TreatmentMachineName, item.BeamNumber, item.BeamName = "SYNTHETIC", beam.number, beam.name
    item.BeamType, item.RadiationType = "DYNAMIC", "PROTON" if kind == "ION" else "PHOTON"
    item.TreatmentDeliveryType = beam.delivery
    item.NumberOfWedges = item.NumberOfCompensators = item.NumberOfBoli = item.NumberOfBlocks = 0
    item.FinalCumulativeMetersetWeight, item.NumberOfControlPoints = "1", 2
    points = []
    for index, angle in enumerate(beam.gantry):
        point = Dataset()
        point.ControlPointIndex, point.CumulativeMetersetWeight = index, str(index)
        point.GantryAngle = number_text(angle)
        if index == 0:
            point.NominalBeamEnergy, point.IsocenterPosition = "6", ["0", "0", "0"]
            point.GantryRotationDirection = "CW" if beam.gantry[0] != beam.gantry[1] else "NONE"
        points.append(point)
    setattr(item, "IonControlPointSequence" if kind == "ION" else "ControlPointSequence", points)
    if kind == "ION":
        item.ScanMode = "MODULATED"
    item.ReferencedPatientSetupNumber = 1
    return item


def rt_dose(
    dose_gy: NDArray[np.float64] | Callable[[NDArray[np.float64]], Any], grid: GridSpec, *, seed: str = "case",
    bits: int = 16, scaling: str | None = None, units: str = "GY", dose_type: str = "PHYSICAL",
    summation: str = "PLAN", plan_uids: Sequence[str] | None = None, plan_kind: str = "RT",
    beams: Sequence[int] = (), fraction_group: int | None = None, heterogeneity: str | None = "IMAGE",
    patient: Patient | None = None, frame: str | None = None, role: str = "dose",
) -> Dataset:
    """An RT Dose.

    Args:
        dose_gy: (nz, ny, nx) in the stored order of `grid`, or a function of points (..., 3) in LPS mm giving Gy.
        bits: 16 or 32 per voxel. scaling: DoseGridScaling as text; by default the finest of 1, 2, 5 times a power of
            ten that keeps the maximum below saturation (at least 1e-7 Gy), so that short decimal doses are stored exactly.
        plan_uids: referenced plans; None means ``uid(seed, "plan")``, () leaves the reference out.
        beams, fraction_group: written into the first plan reference; beams without a group get group 1.
    """
    values = np.asarray(dose_gy(grid_points(grid)) if callable(dose_gy) else dose_gy, dtype=float)
    values = np.broadcast_to(values, grid.shape)
    top = 2**bits - 2
    if scaling is None:
        steps = (f"{digit}e{power}" for power in range(-7, 6) for digit in (1, 2, 5))
        scaling = next(number_text(float(step)) for step in steps if values.max() <= top * float(step))
    stored = np.rint(values / float(scaling))
    if stored.min() < 0 or stored.max() > top + 1:
        raise ValueError("dose does not fit the stored integers")
    ds = _base("RTDOSE", role, seed, patient or Patient(), frame or uid(seed, "frame"))
    ds.InstanceNumber = 1
    nz, ny, nx = grid.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.NumberOfFrames = 1, "MONOCHROME2", nz
    ds.Rows, ds.Columns, ds.FrameIncrementPointer = ny, nx, Tag("GridFrameOffsetVector")
    ds.BitsAllocated = ds.BitsStored = bits
    ds.HighBit, ds.PixelRepresentation = bits - 1, 0
    ds.SliceThickness = ""
    ds.ImagePositionPatient = [number_text(value) for value in grid.origin]
    ds.ImageOrientationPatient = [number_text(value) for value in (*grid.row, *grid.column)]
    ds.PixelSpacing = [number_text(value) for value in grid.spacing]
    shift = grid.origin[2] if grid.absolute else 0.0
    ds.GridFrameOffsetVector = [number_text(round(value + shift, 6)) for value in grid.planes]
    ds.DoseUnits, ds.DoseType, ds.DoseSummationType, ds.DoseGridScaling = units, dose_type, summation, scaling
    if heterogeneity is not None:
        ds.TissueHeterogeneityCorrection = heterogeneity
    plan_uids = (uid(seed, "plan"),) if plan_uids is None else plan_uids
    if plan_uids:
        sop_class = SOP_CLASS["RTIONPLAN" if plan_kind == "ION" else "RTPLAN"]
        ds.ReferencedRTPlanSequence = [_reference(sop_class, name) for name in plan_uids]
        if beams or fraction_group is not None:
            ds.ReferencedRTPlanSequence[0].ReferencedFractionGroupSequence = [_group_reference(beams, fraction_group or 1)]
    ds.add_new("PixelData", "OW", np.ascontiguousarray(stored.astype(f"<u{bits // 8}")).tobytes())
    return ds


def _group_reference(beams: Sequence[int], number: int) -> Dataset:
    group = Dataset()
    group.ReferencedFractionGroupNumber = number
    if beams:
        group.ReferencedBeamSequence = []
        for beam in beams:
            item = Dataset()
            item.ReferencedBeamNumber = beam
            group.ReferencedBeamSequence.append(item)
    return group


def ct_images(
    hu: NDArray[np.int16], grid: GridSpec, *, seed: str = "case", patient: Patient | None = None,
    frame: str | None = None,
) -> list[Dataset]:
    """One CT image for each plane of `hu` (nz, ny, nx, Hounsfield units), stored as signed 16 bit, intercept 0."""
    normal = np.cross(grid.row, grid.column)
    images = []
    for k, (plane, offset) in enumerate(zip(hu, grid.planes, strict=True)):
        ds = _base("CT", f"ct {k}", seed, patient or Patient(), frame or uid(seed, "frame"))
        ds.SeriesInstanceUID, ds.ImageType = uid(seed, "series", "ct"), ["ORIGINAL", "PRIMARY", "AXIAL"]
        ds.InstanceNumber, ds.AcquisitionNumber, ds.KVP = k + 1, 1, "120"
        ds.SliceThickness = number_text(abs(grid.planes[1] - grid.planes[0]) if len(grid.planes) > 1 else 3.0)
        ds.PatientPosition = grid.position
        ds.ImagePositionPatient = [number_text(round(float(value), 6)) for value in np.asarray(grid.origin) + offset * normal]
        ds.ImageOrientationPatient = [number_text(value) for value in (*grid.row, *grid.column)]
        ds.PixelSpacing = [number_text(value) for value in grid.spacing]
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.Rows, ds.Columns = plane.shape
        ds.BitsAllocated = ds.BitsStored = 16
        ds.HighBit, ds.PixelRepresentation = 15, 1
        ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "HU"
        ds.add_new("PixelData", "OW", np.ascontiguousarray(plane.astype("<i2")).tobytes())
        images.append(ds)
    return images
