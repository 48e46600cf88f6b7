"""Synthetic objects with pixels: RT Dose and CT images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.tag import Tag

from tests.synthetic.attributes import SOP_CLASS, Patient, base_dataset, number_text, sop_reference, uid
from tests.synthetic.grid import GridSpec, grid_points

__all__ = ["ct_images", "rt_dose"]


def rt_dose(
    dose_gy: NDArray[np.float64] | Callable[[NDArray[np.float64]], Any],
    grid: GridSpec,
    *,
    seed: str = "case",
    bits: int = 16,
    scaling: str | None = None,
    units: str = "GY",
    dose_type: str = "PHYSICAL",
    summation: str = "PLAN",
    plan_uids: Sequence[str] | None = None,
    plan_kind: str = "RT",
    beams: Sequence[int] = (),
    fraction_group: int | None = None,
    heterogeneity: str | None = "IMAGE",
    patient: Patient | None = None,
    frame: str | None = None,
    role: str = "dose",
) -> Dataset:
    """An RT Dose.

    Args:
        dose_gy: (nz, ny, nx) in the stored order of `grid`, or a function of points (..., 3) in LPS mm giving Gy.
        grid: where the voxels are.
        bits: 16 or 32 per voxel.
        scaling: DoseGridScaling as text; by default the finest of 1, 2, 5 times a power of ten (at least 1e-7 Gy)
            that keeps the maximum below saturation, so that short decimal doses are stored exactly.
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
    ds = base_dataset("RTDOSE", role, seed, patient, frame=frame or uid(seed, "frame"))
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
        ds.ReferencedRTPlanSequence = [sop_reference(sop_class, name) for name in plan_uids]
        if beams or fraction_group is not None:
            group = _group_reference(beams, fraction_group or 1)
            ds.ReferencedRTPlanSequence[0].ReferencedFractionGroupSequence = [group]
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
    hu: NDArray[np.int16],
    grid: GridSpec,
    *,
    seed: str = "case",
    patient: Patient | None = None,
    frame: str | None = None,
) -> list[Dataset]:
    """One CT image for each plane of `hu` (nz, ny, nx, Hounsfield units), stored as signed 16 bit, intercept 0."""
    normal = np.cross(grid.row, grid.column)
    images = []
    for k, (plane, offset) in enumerate(zip(hu, grid.planes, strict=True)):
        ds = base_dataset("CT", f"ct {k}", seed, patient, frame=frame or uid(seed, "frame"))
        ds.SeriesInstanceUID, ds.ImageType = uid(seed, "series", "ct"), ["ORIGINAL", "PRIMARY", "AXIAL"]
        ds.InstanceNumber, ds.AcquisitionNumber, ds.KVP = k + 1, 1, "120"
        ds.SliceThickness = number_text(abs(grid.planes[1] - grid.planes[0]) if len(grid.planes) > 1 else 3.0)
        ds.PatientPosition = grid.position
        position = np.asarray(grid.origin) + offset * normal
        ds.ImagePositionPatient = [number_text(round(float(value), 6)) for value in position]
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
