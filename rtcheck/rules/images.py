"""Do contours lie on the images they refer to (RTD319)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from rtcheck.model.finding import Finding, finding, some_of
from rtcheck.model.image_plane import ImagePlane
from rtcheck.model.structure import ROI

__all__ = ["image_findings"]

_OFF_MM = 0.25
"""A contour may lie this far from its image: coordinates are rounded, the next image is a millimetre away or more."""


def image_findings(rois: Iterable[ROI], images: Iterable[ImagePlane]) -> tuple[Finding, ...]:
    """RTD319 for every ROI with contours off their image, on an image of another frame, or on one that is missing.

    What could not be compared is a note (I): everything in an export without images, which is usual; in one that has
    some, structures whose contours name none.
    """
    listed = list(rois)
    by_uid = {image.sop_instance_uid: image for image in images}
    if not by_uid:
        message = (
            "The export has no planning images that can be read (CT, MR or PET): whether the contours lie on the "
            "images they were drawn on was not checked."
        )
        return (finding("RTD319", "images", message, "I"),) if listed else ()
    normals = {
        uid: np.concatenate([normal := np.cross(image.row, image.column), [normal @ np.asarray(image.position_mm)]])
        for uid, image in by_uid.items()
    }
    out = [item for roi in listed for item in _roi(roi, by_uid, normals)]
    unnamed = sorted({
        roi.name or f"ROI {roi.number}" for roi in listed
        if len(roi.contours.kinds) and not all(roi.contours.image_uids or ("",))
    })  # fmt: skip
    if unnamed:
        message = (
            f"Contours of {some_of(unnamed)} do not say on which image they were drawn (ContourImageSequence, or "
            "they were moved): whether they lie on it was not checked."
        )
        out.append(finding("RTD319", "images", message, "I", structures=unnamed))
    return tuple(out)


def _roi(roi: ROI, images: Mapping[str, ImagePlane], normals: Mapping[str, np.ndarray]) -> list[Finding]:
    uids, contours = roi.contours.image_uids, roi.contours
    if not uids or not len(contours.points_mm):
        return []
    name = roi.name or f"ROI {roi.number}"
    out = []
    absent = sum(1 for uid in uids if uid and uid not in images)
    if absent:
        message = (
            f"{absent} contour(s) of {name} refer to images that are not in the export, though others are. Export the "
            "whole planning series."
        )
        out.append(finding("RTD319", name, message, contours=absent))
    frames = {images[uid].frame_of_reference_uid for uid in uids if uid in images} - {"", roi.frame_of_reference_uid}
    if frames and roi.frame_of_reference_uid:
        message = f"{name} refers to images of another frame of reference than its own. Check on what it was drawn."
        out.append(finding("RTD319", name, message, frames=sorted(frames)))
    unknown = np.full(4, np.nan)
    plane = np.array([normals.get(uid, unknown) for uid in uids])
    owner = np.repeat(np.arange(len(uids)), np.diff(contours.starts))
    away = np.abs(np.einsum("ij,ij->i", contours.points_mm, plane[owner, :3]) - plane[owner, 3])
    away = np.where(np.isnan(away), 0.0, away)
    if float(away.max()) > _OFF_MM:
        off = len(np.unique(owner[away > _OFF_MM]))
        message = (
            f"{off} contour(s) of {name} lie up to {float(away.max()):.1f} mm off the image they refer to. Look at the "
            "structure on its planning image."
        )
        out.append(finding("RTD319", name, message, contours=off, distance_mm=float(away.max())))
    return out
