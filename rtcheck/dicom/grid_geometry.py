"""Where the voxels of an RT Dose lie (PS3.3 §C.7.6.2.1.1, §C.8.8.3.2, §10.7.1.3)."""

from __future__ import annotations

import numpy as np

from rtcheck.dicom.attributes import decimals, fault, required_decimals, required_uid, required_unsigned, unsigned_pairs
from rtcheck.dicom.dataset import Dataset, tag_of
from rtcheck.dicom.numbers import FARTHEST_MM
from rtcheck.model.arrays import FloatArray
from rtcheck.model.finding import Finding, finding
from rtcheck.model.grid import GridGeometry

__all__ = ["read_directions", "read_geometry"]

_ORTHONORMAL = 1e-3
"""Largest error of direction cosines: they are written with few digits, and are made exactly orthonormal afterwards."""
_AXIAL = 1e-5
"""How far from (1, 0, 0, 0, 1, 0) the cosines may be for absolute plane positions ("exactly", but for rounding)."""
_SAME_MM = 0.01
"""Positions closer than this are the same for telling forms apart; it moves no dose by anything that matters."""
_REPEATED_MM = 1e-3
"""Planes closer than this are the same plane; no voxel is smaller either."""
_DEFAULT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def read_geometry(root: Dataset, findings: list[Finding]) -> tuple[GridGeometry, bool]:
    """Return the geometry of a dose grid with ascending planes, and whether the stored planes must be reversed for it.

    ``P = S + X·Δcol·i + Y·Δrow·j + (X × Y)·offset[k]``. The patient position text is never looked at.

    Raises:
        DicomError: RTD209, RTD210 plane offsets; RTD213 orientation or spacing; RTD008 farther away than any patient;
            RTD012 an attribute is missing.
    """
    position = np.array(required_decimals(root, "ImagePositionPatient", 3))
    if np.abs(position).max() > FARTHEST_MM:
        raise fault("RTD008", root, "ImagePositionPatient", f"more than {FARTHEST_MM:g} mm away, where no patient is")
    cosines = required_decimals(root, "ImageOrientationPatient", 6)
    row, column = read_directions(root)
    spacing_y, spacing_x = required_decimals(root, "PixelSpacing", 2)
    if min(spacing_y, spacing_x) <= 0:
        raise fault("RTD213", root, "PixelSpacing", f"found {spacing_y} and {spacing_x} mm, expected positive numbers")
    if min(spacing_y, spacing_x) < _REPEATED_MM or max(spacing_y, spacing_x) > FARTHEST_MM:
        found = f"found {spacing_y:g} and {spacing_x:g} mm, expected {_REPEATED_MM:g} to {FARTHEST_MM:g}"
        raise fault("RTD213", root, "PixelSpacing", found)
    normal = np.cross(row, column)
    offsets, absolute = _plane_offsets(root, float(position[2]), cosines)
    steps = np.diff(offsets)
    descending = len(offsets) > 1 and steps[0] < 0
    if np.any(np.abs(steps) <= _REPEATED_MM) or np.any((steps < 0) != descending):
        raise fault("RTD209", root, "GridFrameOffsetVector", "planes repeat, or neither ascend nor descend throughout")
    if len(steps) > 1 and float(np.ptp(np.abs(steps))) > _SAME_MM:
        findings.append(
            finding(
                "RTD212",
                root.source.label,
                "plane spacing is uneven; the exact positions are used",
                smallest_mm=float(np.abs(steps).min()),
                largest_mm=float(np.abs(steps).max()),
            )
        )
    if descending:
        offsets = offsets[::-1]
    origin = position + normal * offsets[0]
    if absolute or np.abs(np.subtract(cosines, _DEFAULT)).max() > _AXIAL:
        form = "absolute plane positions" if absolute else "relative plane offsets"
        findings.append(
            finding("RTD214", root.source.label, f"grid orientation {_shown(cosines)} with {form}; handled exactly")
        )
    geometry = GridGeometry(
        origin_mm=(float(origin[0]), float(origin[1]), float(origin[2])),
        row=(float(row[0]), float(row[1]), float(row[2])),
        column=(float(column[0]), float(column[1]), float(column[2])),
        spacing_mm=(spacing_y, spacing_x),
        offsets_mm=tuple((offsets - offsets[0]).tolist()),
        rows=_size(root, "Rows"),
        columns=_size(root, "Columns"),
        frame_of_reference_uid=required_uid(root, "FrameOfReferenceUID"),
    )
    return geometry, descending


def _size(root: Dataset, keyword: str) -> int:
    found = required_unsigned(root, keyword, "RTD207")
    if found < 1:
        raise fault("RTD207", root, keyword, "found 0, expected a positive number")
    return found


def read_directions(root: Dataset) -> tuple[FloatArray, FloatArray]:
    """Return unit vectors along a row and along a column, made exactly orthonormal (Gram-Schmidt, row first).

    Raises:
        DicomError: RTD213 not two orthogonal unit vectors; RTD012 ImageOrientationPatient is missing.
    """
    cosines = required_decimals(root, "ImageOrientationPatient", 6)
    row, column = np.array(cosines[:3]), np.array(cosines[3:])
    unlike = np.abs(cosines).max() > 1 + _ORTHONORMAL  # and their products could overflow
    if unlike or not max(abs(row @ row - 1), abs(column @ column - 1), abs(row @ column)) <= _ORTHONORMAL:
        raise fault(
            "RTD213", root, "ImageOrientationPatient", f"found {_shown(cosines)}, expected two orthogonal unit vectors"
        )
    row = row / np.linalg.norm(row)
    column = column - (column @ row) * row
    return row, column / np.linalg.norm(column)


def _plane_offsets(root: Dataset, first_z: float, cosines: tuple[float, ...]) -> tuple[FloatArray, bool]:
    """Offsets along the normal from the first plane's position, in stored order; whether they were written absolute."""
    pointer = unsigned_pairs(root, "FrameIncrementPointer")
    offsets = np.array(decimals(root, "GridFrameOffsetVector"))
    if not len(offsets):
        raise fault("RTD209", root, "GridFrameOffsetVector", "absent or empty; the position of every plane is needed")
    if len(offsets) < 2:
        raise fault("RTD209", root, "GridFrameOffsetVector", "a single plane; dose between planes cannot be told")
    if np.abs(offsets).max() > FARTHEST_MM:
        raise fault("RTD008", root, "GridFrameOffsetVector", f"planes more than {FARTHEST_MM:g} mm away")
    if pointer != (tag_of("GridFrameOffsetVector"),):
        found = "absent" if not pointer else "points elsewhere"
        raise fault("RTD209", root, "FrameIncrementPointer", f"{found}, expected GridFrameOffsetVector (3004,000C)")
    if abs(offsets[0]) <= _REPEATED_MM:
        return offsets, False
    axial = float(np.abs(np.subtract(cosines, _DEFAULT)).max()) <= _AXIAL
    if abs(offsets[0] - first_z) <= _SAME_MM and axial:
        return offsets - offsets[0], True
    raise fault(
        "RTD210",
        root,
        "GridFrameOffsetVector",
        f"starts at {offsets[0]:g}: neither 0 nor, for axial planes, {first_z:g}, the z of ImagePositionPatient",
    )


def _shown(cosines: tuple[float, ...]) -> str:
    return "\\".join(f"{cosine:g}" for cosine in cosines)
