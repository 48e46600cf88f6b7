"""Spatial Registrations as DICOM means them (PS3.3 §C.20.2): matrices from source frames into a registered frame."""

from __future__ import annotations

from dataclasses import dataclass

from rtcheck.model.finding import Finding

__all__ = ["FrameTransform", "SpatialRegistration"]

Matrix = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FrameTransform:
    """One item of the Registration Sequence.

    Attributes:
        source_uid: frame of reference of the data that are registered.
        matrices: each 16 numbers, row-major, homogeneous; a point p of the source frame becomes ``M p`` in the
            registered frame, where M is their product in the order of the items (PS3.3 equation C.20.2-2).
        kinds: FrameOfReferenceTransformationMatrixType of each: RIGID, RIGID_SCALE or AFFINE.
    """

    source_uid: str
    matrices: tuple[Matrix, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpatialRegistration:
    """One Spatial Registration object.

    Attributes:
        registered_uid: the frame of reference into which every transform leads.
        deformable: it is a Deformable Spatial Registration; its transforms are not read.
        problem: why it cannot be used, one sentence; empty when it was read whole.
    """

    sop_instance_uid: str
    registered_uid: str
    transforms: tuple[FrameTransform, ...] = ()
    deformable: bool = False
    problem: str = ""
    source: str = ""
    findings: tuple[Finding, ...] = ()
