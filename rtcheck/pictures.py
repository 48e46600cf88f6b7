"""The planes through the worst points of a plan, as arrays: what the pictures of a report are drawn from.

Pure: dose, CT and contours in, `PlanePicture` values out. Dose and CT are sampled at the same points by trilinear
interpolation; a contour stands for the slab about its plane (`rtcheck.geometry.cuts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rtcheck.dvh.at_points import dose_parts
from rtcheck.dvh.field import DoseField
from rtcheck.exhibits import Orientation, PlaneContour, PlanePicture, Point
from rtcheck.geometry.cuts import PLANE_AXES, Window, outlines
from rtcheck.geometry.interpolate import values_at
from rtcheck.geometry.solid import ContourStack
from rtcheck.model.arrays import FloatArray, frozen
from rtcheck.model.image import ImageVolume

__all__ = ["Outlined", "Subject", "plane_pictures"]

_NORMAL: dict[Orientation, int] = {"axial": 2, "coronal": 1, "sagittal": 0}
_LETTERS: dict[Orientation, tuple[str, str, str, str]] = {
    # x grows to the patient's left, y to the back, z to the head (LPS)
    "axial": ("R", "L", "A", "P"),
    "coronal": ("R", "L", "H", "F"),
    "sagittal": ("A", "P", "H", "F"),
}
_AROUND_MM = 45.0
"""So much around the target, or around the point, is shown at least."""
_HALF_MM = (70.0, 120.0)
"""Least and largest half width of a picture."""
_POINTS = 181
"""Samples along each side of a picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlined:
    """One structure to draw, as `PlaneContour` says; `stack` is its contours."""

    name: str
    role: Literal["target", "organ", "other"]
    number: int
    stack: ContourStack


@dataclass(frozen=True, slots=True)
class Subject:
    """What a set of pictures is of.

    Attributes:
        name: lesion id or structure name.
        kind: "lesion" or "organ".
        reason: what the point is, such as "coldest point of PTV_L3".
        point_mm: LPS.
        prescription_gy: what isodoses are per cent of; None: isodoses in Gy.
        focus: names of the structures that must be seen around the point.
    """

    name: str
    kind: Literal["lesion", "organ"]
    reason: str
    point_mm: Point
    prescription_gy: float | None
    focus: tuple[str, ...] = ()


def plane_pictures(
    subjects: Sequence[Subject], field: DoseField, image: ImageVolume | None, structures: Sequence[Outlined]
) -> tuple[PlanePicture, ...]:
    """Return the axial, the coronal and the sagittal plane through the point of each subject, in that order.

    Args:
        subjects: in the order of the pages.
        field: the dose of the course; pictures show its physical sum.
        image: in the same frame of reference, or None.
        structures: everything to draw, in the order of their numbers, in the same frame of reference.
    """
    return tuple(
        _picture(subject, orientation, _half_width(subject, structures), field, image, structures)
        for subject in subjects
        for orientation in _NORMAL
    )


def _half_width(subject: Subject, structures: Sequence[Outlined]) -> float:
    """Half the side of the pictures: the structures in focus about the point, and room around them."""
    reach = 0.0
    point = np.asarray(subject.point_mm)
    for structure in structures:
        if structure.name in subject.focus:
            stack = structure.stack
            local = point @ stack.axes.T
            reach = max(
                reach,
                float(np.max(np.abs(stack.points_mm - local[:2]))),
                float(np.max(np.abs(stack.planes_mm - local[2]))),
            )
    return float(np.clip(reach + _AROUND_MM, *_HALF_MM))


def _picture(
    subject: Subject,
    orientation: Orientation,
    half_mm: float,
    field: DoseField,
    image: ImageVolume | None,
    structures: Sequence[Outlined],
) -> PlanePicture:
    normal = _NORMAL[orientation]
    across, along = PLANE_AXES[normal]
    steps = np.linspace(-half_mm, half_mm, _POINTS)
    columns, rows = subject.point_mm[across] + steps, subject.point_mm[along] + steps
    points = np.empty((3, len(rows), len(columns)))
    points[across], points[along], points[normal] = columns[None, :], rows[:, None], subject.point_mm[normal]
    flat = points.reshape(3, -1)
    shape = len(rows), len(columns)
    axes = np.eye(3)
    dose = dose_parts(field, axes, *flat).sum(axis=0).reshape(shape)
    ct = None
    if image is not None:
        ct = _single(values_at(image.geometry, image.hounsfield, axes, *flat).reshape(shape))
    window: Window = float(columns[0]), float(columns[-1]), float(rows[0]), float(rows[-1])
    contours = []
    for structure in structures:
        lines = outlines(structure.stack, normal, subject.point_mm[normal], window)
        if lines:
            contours.append(PlaneContour(structure.name, structure.role, structure.number, lines))
    return PlanePicture(
        subject=subject.name,
        kind=subject.kind,
        reason=subject.reason,
        orientation=orientation,
        point_mm=subject.point_mm,
        columns_mm=frozen(columns),
        rows_mm=frozen(rows),
        dose_gy=_single(dose),
        ct_hu=ct,
        contours=tuple(contours),
        prescription_gy=subject.prescription_gy,
        letters=_LETTERS[orientation],
    )


def _single(values: FloatArray) -> NDArray[np.float32]:
    out: NDArray[np.float32] = values.astype(np.float32)
    out.setflags(write=False)
    return out
