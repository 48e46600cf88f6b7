"""Structure sets as DICOM means them: regions of interest with their contours, in their own frames of reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtcheck.model.arrays import FloatArray, IntArray
from rtcheck.model.finding import Finding

__all__ = ["ROI", "ContourSet", "StructureSet"]


@dataclass(frozen=True, slots=True, eq=False)
class ContourSet:
    """The contours of one ROI as one array of points and the offsets where each contour starts.

    Attributes:
        points_mm: (n, 3) x, y, z in LPS mm, in stored order, read-only.
        starts: (m + 1,) contour c is ``points_mm[starts[c]:starts[c + 1]]``, read-only.
        kinds: ContourGeometricType of each of the m contours.
        image_uids: SOP Instance UID of the image each contour refers to, empty text where there is none or several;
            an empty tuple when no contour refers to one.
        slabs_mm: ContourSlabThickness of each contour, 0 where there is none; an empty tuple when no contour has one.
    """

    points_mm: FloatArray
    starts: IntArray
    kinds: tuple[str, ...]
    image_uids: tuple[str, ...] = ()
    slabs_mm: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.points_mm.ndim != 2 or self.points_mm.shape[1] != 3:
            raise ValueError("points must be (n, 3)")
        if len(self.starts) != len(self.kinds) + 1 or self.starts[0] != 0 or self.starts[-1] != len(self.points_mm):
            raise ValueError("starts must run from 0 to the number of points, one more than there are contours")
        if np.any(np.diff(self.starts) < 0):
            raise ValueError("starts must not descend")


@dataclass(frozen=True, slots=True, eq=False)
class ROI:
    """One region of interest.

    Attributes:
        number: ROINumber, the identity within its set.
        name: ROIName decoded and stripped, for people; may be empty or repeat.
        interpreted_type: RTROIInterpretedType, or empty.
        frame_of_reference_uid: ReferencedFrameOfReferenceUID of this ROI; empty when missing.
        contours: all contours, of every geometric type.
        stated_volume_cm3: ROIVolume, or None.
        findings: what reading this ROI brought up; one of severity E makes the ROI unusable.
        density_override: names of ROIPhysicalProperty entries that override density.
        labels: ROIObservationLabel of its observations, each once.
        coded: CodeMeaning of its RTROIIdentificationCodeSequence, each once.
    """

    number: int
    name: str
    interpreted_type: str
    frame_of_reference_uid: str
    contours: ContourSet
    stated_volume_cm3: float | None = None
    findings: tuple[Finding, ...] = ()
    density_override: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    coded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class StructureSet:
    """One RT Structure Set.

    `created` is its date and time as YYYYMMDDHHMMSS (YYYYMMDD without a time), or empty; `reviewed` that of its
    approval, likewise.
    """

    sop_instance_uid: str
    label: str
    rois: tuple[ROI, ...]
    frame_of_reference_uids: tuple[str, ...]
    approval_status: str = ""
    created: str = ""
    source: str = ""
    findings: tuple[Finding, ...] = ()
    reviewed: str = ""
