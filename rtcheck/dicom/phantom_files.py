"""A phantom as the bytes of DICOM files, for the self-test: what is written here is read again like any export."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pydicom
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from rtcheck.model.arrays import FloatArray
from rtcheck.model.grid import DoseGrid
from rtcheck.model.structure import ROI

__all__ = ["phantom_files"]

_STRUCT, _DOSE = "1.2.840.10008.5.1.4.1.1.481.3", "1.2.840.10008.5.1.4.1.1.481.2"


def phantom_files(roi: ROI, grid: DoseGrid) -> dict[str, bytes]:
    """Return the bytes of an RT Structure Set with one region and of an RT Dose, by file name.

    Explicit VR little endian, coordinates as decimal strings of 16 characters, doses as 32 bit integers.
    """
    return {
        "phantom-struct.dcm": _encoded(_structure_set(roi), _STRUCT, "2.25.1.3"),
        "phantom-dose.dcm": _encoded(_dose(grid), _DOSE, grid.sop_instance_uid),
    }


def _structure_set(roi: ROI) -> Dataset:
    frame = _item(FrameOfReferenceUID=roi.frame_of_reference_uid)
    contours = []
    for (start, stop), kind in zip(pairwise(roi.contours.starts.tolist()), roi.contours.kinds, strict=True):
        points = roi.contours.points_mm[start:stop]
        item = _item(ContourGeometricType=kind, NumberOfContourPoints=len(points))
        item.ContourData = _decimals(points.ravel())
        contours.append(item)
    region = _item(ROINumber=roi.number, ROIName=roi.name, ROIGenerationAlgorithm="",
                   ReferencedFrameOfReferenceUID=roi.frame_of_reference_uid)  # fmt: skip
    return _item(
        Modality="RTSTRUCT",
        StructureSetLabel="PHANTOM",
        ReferencedFrameOfReferenceSequence=[frame],
        StructureSetROISequence=[region],
        ROIContourSequence=[_item(ReferencedROINumber=roi.number, ContourSequence=contours)],
        RTROIObservationsSequence=[
            _item(ObservationNumber=1, ReferencedROINumber=roi.number, RTROIInterpretedType=roi.interpreted_type)
        ],
    )


def _dose(grid: DoseGrid) -> Dataset:
    geometry = grid.geometry
    planes, rows, columns = geometry.shape
    return _item(
        Modality="RTDOSE",
        FrameOfReferenceUID=geometry.frame_of_reference_uid,
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        NumberOfFrames=planes,
        FrameIncrementPointer=0x3004000C,
        Rows=rows,
        Columns=columns,
        PixelSpacing=_decimals(np.asarray(geometry.spacing_mm)),
        ImagePositionPatient=_decimals(np.asarray(geometry.origin_mm)),
        ImageOrientationPatient=_decimals(np.asarray((*geometry.row, *geometry.column))),
        GridFrameOffsetVector=_decimals(np.asarray(geometry.offsets_mm)),
        BitsAllocated=32,
        BitsStored=32,
        HighBit=31,
        PixelRepresentation=0,
        DoseUnits="GY",
        DoseType=grid.dose_type,
        DoseSummationType=grid.summation_type,
        DoseGridScaling=f"{grid.scaling_gy:.10g}",
        PixelData=grid.stored.astype("<u4").tobytes(),
    )


def _item(**attributes: object) -> Dataset:
    out = Dataset()
    for keyword, value in attributes.items():
        setattr(out, keyword, value)
    return out


def _decimals(numbers: FloatArray) -> list[str]:
    """Return decimal strings; 1e-9 mm is far below what matters, and 16 characters hold any patient."""
    return [f"{number:.9f}".rstrip("0").rstrip(".") for number in (numbers + 0.0).tolist()]


def _encoded(dataset: Dataset, sop_class: str, uid: str) -> bytes:
    dataset.SpecificCharacterSet, dataset.PatientID, dataset.PatientName = "ISO_IR 192", "PHANTOM", "Phantom"
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, uid
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "2.25.1.4", f"{uid}.1"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(sop_class), UID(uid)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta = meta
    out = io.BytesIO()
    pydicom.dcmwrite(out, dataset, enforce_file_format=True)
    return out.getvalue()
