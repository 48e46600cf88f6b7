"""Position and orientation of a cross-sectional image from its header (PS3.3 §C.7.6.2)."""

from __future__ import annotations

from rtcheck.dicom.attributes import fault, raw_value, required_uid, uid
from rtcheck.dicom.dataset import Dataset
from rtcheck.dicom.numbers import DecimalError, parse_decimal
from rtcheck.dicom.text import trim
from rtcheck.errors import DicomError
from rtcheck.model.image_plane import ImagePlane

__all__ = ["IMAGE_CLASSES", "read_image_plane"]

_STORAGE = "1.2.840.10008.5.1.4.1.1."
IMAGE_CLASSES = frozenset((f"{_STORAGE}2", f"{_STORAGE}4", f"{_STORAGE}128"))
"""CT, MR and PET Image Storage: one plane an object."""

_UNIT = 1e-3


def read_image_plane(root: Dataset) -> ImagePlane | None:
    """Return where an image lies; None where its header does not say, for it only serves a cross-check."""
    try:
        position = _numbers(root, "ImagePositionPatient", 3)
        cosines = _numbers(root, "ImageOrientationPatient", 6)
        instance, frame = required_uid(root, "SOPInstanceUID"), uid(root, "FrameOfReferenceUID")
        series = uid(root, "SeriesInstanceUID")
    except (DicomError, DecimalError):
        return None
    row, column = cosines[:3], cosines[3:]
    skew = sum(a * b for a, b in zip(row, column, strict=True))
    if abs(sum(c * c for c in row) - 1) > _UNIT or abs(sum(c * c for c in column) - 1) > _UNIT or abs(skew) > _UNIT:
        return None
    return ImagePlane(
        instance,
        frame,
        (position[0], position[1], position[2]),
        (row[0], row[1], row[2]),
        (column[0], column[1], column[2]),
        series,
    )


def _numbers(root: Dataset, keyword: str, count: int) -> tuple[float, ...]:
    """Return so many decimal strings one by one: for three numbers this is quicker than the reader of long vectors.

    They are counted before they are taken apart: an element may hold millions.
    """
    raw = raw_value(root, keyword, ("DS",))
    found = raw.count(b"\\") + 1
    if found != count:
        raise fault("RTD009", root, keyword, f"found {found} values, expected {count}")
    return tuple(parse_decimal(trim(part)) for part in raw.split(b"\\"))
