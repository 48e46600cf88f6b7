"""DICOM-RT objects from simple inputs, for every test: structure sets, plans, doses, a few CT images.

Each function returns a pydicom Dataset that a test may change before `tests.synthetic.encode.write` puts it on disk.
Everything is deterministic: UIDs are hashes of a seed, dates are fixed, so the same input gives the same bytes.
No object describes a real person. Coordinates are LPS mm, arrays (nz, ny, nx), dose in Gy, as in `rtcheck.model.grid`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from tests.synthetic.attributes import (
    DATE,
    SOP_CLASS,
    TIME,
    Patient,
    base_dataset,
    number_text,
    set_raw,
    sop_reference,
    uid,
)
from tests.synthetic.grid import ORIENTATIONS, GridSpec, box_grid, grid_points
from tests.synthetic.volumes import ct_images, rt_dose

__all__ = [
    "DATE",
    "ORIENTATIONS",
    "SOP_CLASS",
    "TIME",
    "BeamSpec",
    "DoseReferenceSpec",
    "GridSpec",
    "Patient",
    "RoiSpec",
    "box_grid",
    "ct_images",
    "grid_points",
    "number_text",
    "rt_dose",
    "rt_plan",
    "set_raw",
    "structure_set",
    "uid",
]


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


def _coordinates(points: NDArray[np.float64], decimals: int) -> bytes:
    values = np.round(np.asarray(points, float).ravel(), decimals) + 0.0  # + 0.0 turns -0.0 into 0.0
    return "\\".join(f"{value:.{decimals}f}" for value in values).encode()


def structure_set(
    rois: Sequence[RoiSpec],
    *,
    seed: str = "case",
    patient: Patient | None = None,
    frame: str | None = None,
    label: str = "STRUCTS",
    approval: str | None = "APPROVED",
    images: Sequence[Dataset] = (),
    role: str = "struct",
) -> Dataset:
    """An RT Structure Set of `rois`. `images` (CT datasets) add the referenced series and an image to each contour."""
    frame = frame or uid(seed, "frame")
    ds = base_dataset("RTSTRUCT", role, seed, patient, frame=None)
    ds.StructureSetLabel, ds.StructureSetDate, ds.StructureSetTime = label, DATE, TIME
    at_z = {round(float(image.ImagePositionPatient[2]), 2): image for image in images}
    referenced_frame = Dataset()
    referenced_frame.FrameOfReferenceUID = frame
    if images:
        series, study = Dataset(), Dataset()
        series.SeriesInstanceUID = images[0].SeriesInstanceUID
        series.ContourImageSequence = [sop_reference(image.SOPClassUID, image.SOPInstanceUID) for image in images]
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
            contour.ContourImageSequence = [sop_reference(image.SOPClassUID, image.SOPInstanceUID)]
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
    *,
    seed: str = "case",
    kind: str = "RT",
    fractions: int | None = 5,
    beams: Sequence[BeamSpec] | None = None,
    dose_references: Sequence[DoseReferenceSpec] = (),
    intent: str | None = "CURATIVE",
    approval: str | None = "APPROVED",
    label: str = "PLAN",
    geometry: str = "PATIENT",
    structure_set_uid: str | None = None,
    patient: Patient | None = None,
    frame: str | None = None,
    role: str = "plan",
) -> Dataset:
    """An RT Plan (`kind` "RT") or RT Ion Plan ("ION") with one fraction group.

    `structure_set_uid` None points at ``uid(seed, "struct")``; "" leaves the reference out. `fractions`, `intent` and
    `approval` None write an empty count or leave the attribute out. Default beams: one treatment beam, one setup beam.
    """
    ds = base_dataset(
        "RTPLAN", role, seed, patient, frame=frame or uid(seed, "frame"), kind=f"RT{kind.replace('RT', '')}PLAN"
    )
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
        ds.ReferencedStructureSetSequence = [sop_reference(SOP_CLASS["RTSTRUCT"], structure_set_uid)]
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
        ("TargetPrescriptionDose", spec.prescription_gy),
        ("TargetMinimumDose", spec.minimum_gy),
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
