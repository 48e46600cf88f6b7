"""One CT image to Hounsfield units and its place (PS3.3 §C.8.2.1, §C.7.6.2.1.1, §C.7.6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtcheck.dicom.attributes import decimal, fault, required_code, required_decimals, required_uid, required_unsigned
from rtcheck.dicom.dataset import Dataset
from rtcheck.dicom.grid_geometry import read_directions
from rtcheck.dicom.pixels import decode_values
from rtcheck.model.arrays import FloatArray

__all__ = ["CTImage", "read_ct_image"]


@dataclass(frozen=True, slots=True, eq=False)
class CTImage:
    """One image.

    Attributes:
        sop_instance_uid, series_uid, frame_of_reference_uid: what it is.
        position_mm: (3,) centre of the first pixel, LPS.
        row, column: (3,) unit vectors of growing column and row index, LPS.
        spacing_mm: (between rows, between columns).
        hounsfield: (rows, columns) int16.
    """

    sop_instance_uid: str
    series_uid: str
    frame_of_reference_uid: str
    position_mm: FloatArray
    row: FloatArray
    column: FloatArray
    spacing_mm: tuple[float, float]
    hounsfield: NDArray[Any]


def read_ct_image(root: Dataset, transfer_syntax: str) -> CTImage:
    """Read a CT Image Storage object.

    Raises:
        DicomError: an attribute that is needed is missing or wrong, or the pixels cannot be decoded.
    """
    row, column = read_directions(root)
    spacing_y, spacing_x = required_decimals(root, "PixelSpacing", 2)
    if min(spacing_y, spacing_x) <= 0:
        raise fault("RTD213", root, "PixelSpacing", f"found {spacing_y} and {spacing_x} mm, expected positive numbers")
    return CTImage(
        sop_instance_uid=required_uid(root, "SOPInstanceUID"),
        series_uid=required_uid(root, "SeriesInstanceUID"),
        frame_of_reference_uid=required_uid(root, "FrameOfReferenceUID"),
        position_mm=np.array(required_decimals(root, "ImagePositionPatient", 3)),
        row=row,
        column=column,
        spacing_mm=(spacing_y, spacing_x),
        hounsfield=_hounsfield(root, transfer_syntax),
    )


def _hounsfield(root: Dataset, transfer_syntax: str) -> NDArray[Any]:
    """Return stored value times RescaleSlope plus RescaleIntercept, rounded to whole units."""
    wrong = "RTD207"
    samples = required_unsigned(root, "SamplesPerPixel", wrong)
    if samples != 1:
        raise fault(wrong, root, "SamplesPerPixel", f"found {samples}, expected 1")
    required_code(root, "PhotometricInterpretation", ("MONOCHROME2",), wrong)
    allocated = required_unsigned(root, "BitsAllocated", wrong)
    stored = required_unsigned(root, "BitsStored", wrong)
    high = required_unsigned(root, "HighBit", wrong)
    signed = required_unsigned(root, "PixelRepresentation", wrong)
    if allocated != 16 or not 8 <= stored <= 16 or high != stored - 1 or signed not in (0, 1):
        found = f"{allocated} bits allocated, {stored} stored, highest {high}, representation {signed}"
        raise fault(wrong, root, "BitsStored", f"found {found}; expected those of a CT image (PS3.3 §C.8.2.1)")
    slope, intercept = decimal(root, "RescaleSlope"), decimal(root, "RescaleIntercept")
    if not slope or intercept is None:
        raise fault("RTD012", root, "RescaleSlope", "slope or intercept absent, or slope zero: no Hounsfield units")
    rows, columns = required_unsigned(root, "Rows", wrong), required_unsigned(root, "Columns", wrong)
    if rows < 2 or columns < 2:
        raise fault(wrong, root, "Rows", f"found {rows} x {columns} pixels")
    values = decode_values(root, transfer_syntax, (1, rows, columns), 16)[0]
    # bits above the stored ones are padding or overlays of older systems and no part of the value
    values <<= 16 - stored
    plain = values.view(np.int16) >> (16 - stored) if signed else values >> (16 - stored)
    units: NDArray[Any] = np.clip(np.rint(plain * slope + intercept), -32768, 32767).astype(np.int16)
    return units
