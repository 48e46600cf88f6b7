"""A solid as a planning system would export it: contours on planes, and a dose grid over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtcheck.model.arrays import FloatArray, frozen
from rtcheck.model.grid import DoseGrid, GridGeometry
from rtcheck.model.structure import ROI, ContourSet
from rtcheck.phantom.doses import Dose, dose_at_points
from rtcheck.phantom.solids import Solid
from rtcheck.phantom.truth import Rings

__all__ = ["ORIENTATIONS", "Setting", "dose_grid", "region", "rings_of", "rotation"]

FRAME = "2.25.1.1"
_CORNERS = 120
_LEAST_MM = 0.02
"""A section thinner than this is not drawn."""
_QUANTUM_GY = 1e-6

ORIENTATIONS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "HFS": ((1, 0, 0), (0, 1, 0)),
    "HFP": ((-1, 0, 0), (0, -1, 0)),
    "FFS": ((-1, 0, 0), (0, 1, 0)),
    "FFP": ((1, 0, 0), (0, -1, 0)),
    "HFDL": ((0, -1, 0), (1, 0, 0)),
    "HFDR": ((0, 1, 0), (-1, 0, 0)),
    "FFDL": ((0, 1, 0), (1, 0, 0)),
    "FFDR": ((0, -1, 0), (-1, 0, 0)),
}
"""Row and column directions of images in the eight patient positions, LPS."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a solid is drawn and where the dose is known.

    Attributes:
        spacing_mm: between contour planes.
        phase: 0..1, where the first plane lies above the lower end, in spacings.
        grid_mm: spacing of the dose grid.
        shift_mm: of the dose grid against the solid.
        orientation: key of `ORIENTATIONS` of the dose grid.
        tilt_deg: rotation of the solid and of the dose about the y and then the z axis of the patient.
        centre_mm: where the solid's middle lies in the patient, LPS.
    """

    spacing_mm: float
    phase: float
    grid_mm: float
    shift_mm: tuple[float, float, float] = (0.3, -0.2, 0.4)
    orientation: str = "HFS"
    tilt_deg: tuple[float, float] = (0.0, 0.0)
    centre_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)


def rotation(tilt_deg: tuple[float, float]) -> FloatArray:
    """(3, 3) matrix from the frame of the solid to the patient."""
    angles = np.radians(np.asarray(tilt_deg, dtype=np.float64))
    (a, b), (c, d) = np.cos(angles), np.sin(angles)
    about_y = np.array([[a, 0, c], [0, 1, 0], [-c, 0, a]])
    about_z = np.array([[b, -d, 0], [d, b, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y)


def rings_of(solid: Solid, spacing_mm: float, phase: float) -> Rings:
    """Draw the solid: (height, polygon (n, 2) mm, sign) of each contour, in the frame of the solid.

    A circle becomes a polygon of the same area, as a careful drawing would have.
    """
    half = solid.half[2]
    count = int(np.ceil(2 * half / spacing_mm - phase))
    z: FloatArray = -half + (phase + np.arange(count, dtype=np.float64)) * spacing_mm
    z = z[(z > -half) & (z < half - 1e-9)]
    out: Rings = []
    for height, first, second in zip(z.tolist(), *(part.tolist() for part in solid.sections(z)), strict=True):
        if solid.shape == "rectangle":
            if min(first, second) > _LEAST_MM / 2:
                corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (first, second)
                out.append((height, corners, 1.0))
            continue
        for radius, sign in ((first, 1.0), (second, -1.0)):
            if radius > _LEAST_MM / 2:
                out.append((height, _circle(radius), sign))
    return out


def region(solid: Solid, setting: Setting) -> ROI:
    """Return the contours as a region of interest of the patient."""
    turn = rotation(setting.tilt_deg)
    rings = rings_of(solid, setting.spacing_mm, setting.phase)
    points = [np.column_stack([polygon, np.full(len(polygon), z)]) @ turn.T for z, polygon, _ in rings]
    starts = np.concatenate([[0], np.cumsum([len(ring) for ring in points])])
    contours = ContourSet(
        frozen(np.concatenate(points) + setting.centre_mm), frozen(starts), ("CLOSED_PLANAR",) * len(points)
    )
    return ROI(1, solid.name, "PTV", FRAME, contours)


def dose_grid(solid: Solid, dose: Dose, setting: Setting) -> DoseGrid:
    """Return the dose on a grid that reaches beyond the solid on all sides."""
    row, column = (np.array(direction, dtype=np.float64) for direction in ORIENTATIONS[setting.orientation])
    normal = np.cross(row, column)
    turn = rotation(setting.tilt_deg)
    reach = np.abs(turn) @ np.asarray(solid.half) + setting.spacing_mm + np.abs(setting.shift_mm)
    counts = [int(np.ceil(np.abs(axis) @ reach / setting.grid_mm)) + 2 for axis in (row, column, normal)]
    origin = np.add(setting.centre_mm, setting.shift_mm)
    origin = origin - sum(n * setting.grid_mm * axis for n, axis in zip(counts, (row, column, normal), strict=True))
    i, j, k = (np.arange(2 * n + 1) * setting.grid_mm for n in counts)
    points = origin + k[:, None, None, None] * normal + j[None, :, None, None] * column + i[:, None] * row
    values = dose_at_points(dose, (points - setting.centre_mm) @ turn)
    geometry = GridGeometry(
        origin_mm=(float(origin[0]), float(origin[1]), float(origin[2])),
        row=ORIENTATIONS[setting.orientation][0],
        column=ORIENTATIONS[setting.orientation][1],
        spacing_mm=(setting.grid_mm, setting.grid_mm),
        offsets_mm=tuple(k.tolist()),
        rows=len(j),
        columns=len(i),
        frame_of_reference_uid=FRAME,
    )
    stored = frozen(np.rint(values / _QUANTUM_GY).astype(np.uint32))
    return DoseGrid(geometry, stored, _QUANTUM_GY, "PHYSICAL", "PLAN", "2.25.1.2", ())


def _circle(radius: float) -> FloatArray:
    angle = np.arange(_CORNERS) * (2 * np.pi / _CORNERS)
    drawn = radius * np.sqrt((2 * np.pi / _CORNERS) / np.sin(2 * np.pi / _CORNERS))
    return np.asarray(np.stack([drawn * np.cos(angle), drawn * np.sin(angle)], axis=1))
