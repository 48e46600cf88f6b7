"""The CT behind the pictures of a report: read only when pictures are asked for.

A picture without its CT is still true, a CT in the wrong place is not. So whatever is doubtful about the images leaves
them out, with a note that says why; nothing here changes a verdict.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rtcheck.dicom.ctimage import CTImage, read_ct_image
from rtcheck.dicom.files import FoundFile, find_files, read_bytes
from rtcheck.dicom.recognise import read_dicom
from rtcheck.errors import DicomError
from rtcheck.model.case import Case, InputObject
from rtcheck.model.grid import GridGeometry
from rtcheck.model.image import ImageVolume

__all__ = ["CT_IMAGE", "read_images"]

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
"""SOP Class UID of CT Image Storage."""

_MAX_VOXELS = 300_000_000
"""Larger series are not loaded for pictures: 600 MB."""
_SAME_MM = 0.01
_SAME_COSINE = 1e-4


def read_images(
    paths: Sequence[Path | str], case: Case, frame_of_reference_uid: str
) -> tuple[ImageVolume | None, str]:
    """Read the CT series that lies in the frame of reference of the dose.

    Args:
        paths: as given to `rtcheck.dicom.case.read_case`.
        case: what that read: only files it listed, unchanged since, are looked at.
        frame_of_reference_uid: of the dose.

    Returns:
        The volume and an empty note; or None and one sentence that says why there is none. Of several series the one
        with the most images counts, then the one whose UID sorts first.
    """
    series: dict[str, list[InputObject]] = defaultdict(list)
    for one in case.inputs:
        if one.sop_class_uid == CT_IMAGE:
            series[one.series_uid].append(one)
    if not series:
        return None, "The export holds no CT images; the pictures show dose and contours alone."
    fitting = {
        uid: images
        for uid, images in series.items()
        if all(image.frame_of_reference_uid == frame_of_reference_uid for image in images)
    }
    if not frame_of_reference_uid or not fitting:
        return None, (
            "The CT images are not in the frame of reference of the dose; the pictures show dose and contours alone."
        )
    chosen = min(fitting, key=lambda uid: (-len(fitting[uid]), uid))
    try:
        return _stacked(_read(paths, fitting[chosen])), ""
    except DicomError as error:
        return None, f"The CT images cannot be shown ({error.code}, {error.subject}: {error.problem})."
    except OSError as error:
        return None, f"The CT images cannot be read ({error.strerror or 'input or output error'})."


def _read(paths: Sequence[Path | str], images: Sequence[InputObject]) -> list[CTImage]:
    """Read the files that `images` were found in; each must have the bytes it had."""
    files: dict[str, list[FoundFile]] = defaultdict(list)
    for file in find_files(paths, [])[0]:
        files[file.label].append(file)
    out: list[CTImage] = []
    voxels = 0
    for image in images:
        found = (read_bytes(file) for file in files[image.source])
        data = next((data for data in found if hashlib.sha256(data).hexdigest() == image.sha256), None)
        if data is None:
            raise DicomError("RTD001", image.source, "the file changed while the export was read; check it again")
        dicom = read_dicom(data, image.source)
        read = read_ct_image(dicom.root, dicom.transfer_syntax)
        voxels += read.hounsfield.size
        if voxels > _MAX_VOXELS:
            raise DicomError("RTD005", image.source, f"the series has more than {_MAX_VOXELS} pixels")
        out.append(read)
    return out


def _stacked(images: list[CTImage]) -> ImageVolume:
    """Stack the images of one series along their common normal.

    Raises:
        DicomError: RTD213 they are not parallel planes one above the other; RTD209 fewer than two, or two in one place.
    """
    first = images[0]
    normal = np.cross(first.row, first.column)
    for image in images[1:]:
        apart = image.position_mm - first.position_mm
        aside = apart - (apart @ normal) * normal
        turned = max(np.abs(image.row - first.row).max(), np.abs(image.column - first.column).max())
        same_pixels = np.allclose(image.spacing_mm, first.spacing_mm, rtol=0, atol=1e-4)
        if turned > _SAME_COSINE or np.abs(aside).max() > _SAME_MM or not same_pixels:
            raise DicomError("RTD213", image.sop_instance_uid, "the images are not parallel planes above each other")
        if image.hounsfield.shape != first.hounsfield.shape:
            raise DicomError("RTD207", image.sop_instance_uid, "the images differ in rows or columns")
    images = sorted(images, key=lambda image: (float(image.position_mm @ normal), image.sop_instance_uid))
    offsets = np.array([image.position_mm @ normal for image in images])
    if len(images) < 2 or np.diff(offsets).min() <= _SAME_MM:
        raise DicomError("RTD209", first.sop_instance_uid, "fewer than two images, or two at one position")
    rows, columns = first.hounsfield.shape
    volume = np.stack([image.hounsfield for image in images])
    volume.setflags(write=False)
    lowest = images[0]
    geometry = GridGeometry(
        origin_mm=_three(lowest.position_mm),
        row=_three(first.row),
        column=_three(first.column),
        spacing_mm=first.spacing_mm,
        offsets_mm=tuple((offsets - offsets[0]).tolist()),
        rows=rows,
        columns=columns,
        frame_of_reference_uid=first.frame_of_reference_uid,
    )
    return ImageVolume(geometry, volume, first.series_uid, tuple(image.sop_instance_uid for image in images))


def _three(vector: np.ndarray) -> tuple[float, float, float]:
    return float(vector[0]), float(vector[1]), float(vector[2])
