"""Spatial Registration to `SpatialRegistration` (PS3.3 §C.20.2). Never fatal: it is used on request only."""

from __future__ import annotations

from rtcheck.dicom.attributes import code, required_decimals, required_sequence, required_uid, uid
from rtcheck.dicom.dataset import Dataset
from rtcheck.errors import DicomError
from rtcheck.model.registration import FrameTransform, SpatialRegistration

__all__ = ["DEFORMABLE", "RIGID", "read_registration"]

RIGID = "1.2.840.10008.5.1.4.1.1.66.1"
DEFORMABLE = "1.2.840.10008.5.1.4.1.1.66.3"


def read_registration(root: Dataset, sop_class: str) -> SpatialRegistration:
    """Read a registration; what is wrong with it is in its `problem` and stands in the way only where it is asked for.

    Raises:
        DicomError: the object has no SOP Instance UID.
    """
    instance = required_uid(root, "SOPInstanceUID")
    label = root.source.label
    if sop_class == DEFORMABLE:
        return SpatialRegistration(instance, "", deformable=True, source=label)
    try:
        registered = required_uid(root, "FrameOfReferenceUID")
        transforms = tuple(_transform(item) for item in required_sequence(root, "RegistrationSequence"))
    except DicomError as error:
        return SpatialRegistration(instance, "", problem=error.problem, source=label)
    return SpatialRegistration(instance, registered, transforms, source=label)


def _transform(item: Dataset) -> FrameTransform:
    matrices = [
        matrix
        for registration in required_sequence(item, "MatrixRegistrationSequence")
        for matrix in required_sequence(registration, "MatrixSequence")
    ]
    return FrameTransform(
        source_uid=uid(item, "FrameOfReferenceUID"),
        matrices=tuple(required_decimals(matrix, "FrameOfReferenceTransformationMatrix", 16) for matrix in matrices),
        kinds=tuple(code(matrix, "FrameOfReferenceTransformationMatrixType") for matrix in matrices),
    )
