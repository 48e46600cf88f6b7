"""An independent brute-force oracle for dose metrics. It shares no code with rtcheck.

DICOM is read value by value with plain pydicom. A structure is the stack of prisms of its contours: each contour
reaches half way to its neighbours and half a spacing beyond the ends. Jittered points fill every prism densely; a point
belongs to the structure when a ray from it crosses the contours of its plane an odd number of times; its dose is
interpolated linearly in all three directions between the voxel centres. Metrics are read off the sorted samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom

__all__ = ["Export", "Samples", "metric", "read_export", "sample"]

FINE = 4
"""Sub-slabs of every prism."""


@dataclass(frozen=True)
class Export:
    """Dose in Gy on planes along the normal, and contours by ROI name: (n, 3) arrays in LPS mm."""

    origin: np.ndarray
    row: np.ndarray
    column: np.ndarray
    spacing: tuple[float, float]
    planes: np.ndarray
    dose: np.ndarray
    contours: dict[str, list[np.ndarray]]


@dataclass(frozen=True)
class Samples:
    """Dose in Gy and volume in cm³ of every sample, hottest first; `volume` is their sum.

    `corners` is the dose at every contour vertex on both faces of its prism, which random points hardly reach.
    """

    dose: np.ndarray
    weight: np.ndarray
    corners: np.ndarray

    @property
    def volume(self) -> float:
        """cm³."""
        return float(self.weight.sum())


def read_export(folder: Path) -> Export:
    """Read the only dose and structure set in `folder`."""
    objects = [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]
    dose = next(item for item in objects if item.Modality == "RTDOSE")
    struct = next(item for item in objects if item.Modality == "RTSTRUCT")
    names = {int(item.ROINumber): str(item.ROIName) for item in struct.StructureSetROISequence}
    contours: dict[str, list[np.ndarray]] = {}
    for item in struct.ROIContourSequence:
        loops = contours.setdefault(names[int(item.ReferencedROINumber)], [])
        for contour in item.get("ContourSequence", []):
            values = [float(text) for text in contour.ContourData]
            loops.append(np.array([values[at : at + 3] for at in range(0, len(values), 3)]))
    frames, rows, columns = int(dose.NumberOfFrames), int(dose.Rows), int(dose.Columns)
    width = int(dose.BitsAllocated) // 8
    stored = np.array(
        [
            int.from_bytes(dose.PixelData[at : at + width], "little")
            for at in range(0, frames * rows * columns * width, width)
        ],
        dtype=float,
    )
    offsets = np.array([float(value) for value in dose.GridFrameOffsetVector])
    origin = np.array([float(value) for value in dose.ImagePositionPatient])
    direction = np.array([float(value) for value in dose.ImageOrientationPatient])
    if offsets[0] != 0:
        assert offsets[0] == origin[2]
        offsets = offsets - offsets[0]
    return Export(
        origin,
        direction[:3],
        direction[3:],
        (float(dose.PixelSpacing[0]), float(dose.PixelSpacing[1])),
        offsets,
        stored.reshape(frames, rows, columns) * float(dose.DoseGridScaling),
        contours,
    )


def _inside(points: np.ndarray, loops: list[np.ndarray]) -> np.ndarray:
    """Even-odd rule in the plane: (n, 2) points against closed polygons."""
    crossings = np.zeros(len(points), int)
    x, y = points[:, 0], points[:, 1]
    for loop in loops:
        for (ax, ay), (bx, by) in zip(loop[:, :2], np.roll(loop[:, :2], -1, axis=0), strict=True):
            if ay == by:
                continue
            spans = (ay > y) != (by > y)
            crossings += spans & (x < ax + (y - ay) * (bx - ax) / (by - ay))
    return crossings % 2 == 1


def _dose_at(export: Export, points: np.ndarray) -> np.ndarray:
    """Trilinear dose at (n, 3) LPS points; all must lie between voxel centres."""
    relative = points - export.origin
    i = relative @ export.row / export.spacing[1]
    j = relative @ export.column / export.spacing[0]
    along = relative @ np.cross(export.row, export.column)
    planes, dose = export.planes, export.dose
    if planes[0] > planes[-1]:
        planes, dose = planes[::-1], dose[::-1]
    k = np.interp(along, planes, np.arange(len(planes)))
    assert planes[0] <= along.min() <= along.max() <= planes[-1], "outside the dose grid"
    result = np.zeros(len(points))
    low = [np.minimum(np.floor(index).astype(int), size - 2) for index, size in zip((k, j, i), dose.shape, strict=True)]
    part = [index - start for index, start in zip((k, j, i), low, strict=True)]
    assert all(item.min() >= -1e-9 and item.max() <= 1 + 1e-9 for item in part), "outside the dose grid"
    for corner in range(8):
        step = [(corner >> axis) & 1 for axis in range(3)]
        share = np.prod([p if s else 1 - p for p, s in zip(part, step, strict=True)], axis=0)
        result += share * dose[low[0] + step[0], low[1] + step[1], low[2] + step[2]]
    return result


def sample(export: Export, name: str, step: float = 0.6, seed: int = 5) -> Samples:
    """Fill the prisms of ROI `name` with jittered points about `step` mm apart."""
    random = np.random.default_rng(seed)
    by_plane: dict[float, list[np.ndarray]] = {}
    for loop in export.contours[name]:
        assert np.ptp(loop[:, 2]) == 0, "the oracle knows axial contours only"
        by_plane.setdefault(float(loop[0, 2]), []).append(loop)
    heights = sorted(by_plane)
    gaps = np.diff(heights)
    doses, weights, corner_doses = [], [], []
    for index, z in enumerate(heights):
        below = gaps[index - 1] / 2 if index else gaps[0] / 2
        above = gaps[index] / 2 if index < len(gaps) else gaps[-1] / 2
        loops = by_plane[z]
        corners = np.concatenate(loops)[:, :2]
        for face in (z - below, z + above):
            corner_doses.append(_dose_at(export, np.column_stack([corners, np.full(len(corners), face)])))
        lower, upper = corners.min(axis=0), corners.max(axis=0)
        cells = np.ceil((upper - lower) / step - 1e-9).astype(int)
        size = (upper - lower) / cells
        grid = np.stack(np.meshgrid(np.arange(cells[0]), np.arange(cells[1]), indexing="ij"), axis=-1).reshape(-1, 2)
        for slab in range(FINE):
            flat = lower + (grid + random.random(grid.shape)) * size
            keep = _inside(flat, loops)
            flat = flat[keep]
            share = (slab + random.random(len(flat))) / FINE
            points = np.column_stack([flat, z - below + share * (below + above)])
            doses.append(_dose_at(export, points))
            weights.append(np.full(len(flat), size[0] * size[1] * (below + above) / FINE / 1000.0))
    dose, weight = np.concatenate(doses), np.concatenate(weights)
    order = np.argsort(-dose, kind="stable")
    return Samples(dose[order], weight[order], np.concatenate(corner_doses))


def metric(samples: Samples, kind: str, at: float | None = None, at_unit: str = "", unit: str = "") -> float:
    """One metric: D, DC, V, CV, Mean, Max, Min, Median, Volume; `at` in %, cc or Gy as `at_unit` says."""
    dose, weight, volume = samples.dose, samples.weight, samples.volume
    if kind in ("D", "DC", "Median"):
        share = 50.0 if kind == "Median" else float(at)
        wanted = volume * share / 100 if at_unit != "cc" or kind == "Median" else share
        if kind == "DC":
            wanted = volume - wanted
        return float(np.interp(wanted, np.cumsum(weight) - weight / 2, dose))
    if kind in ("V", "CV"):
        part = float(weight[dose >= at].sum() if kind == "V" else weight[dose < at].sum())
        return part if unit == "cc" else 100 * part / volume
    if kind == "Volume":
        return volume
    if kind == "Mean":
        return float((dose * weight).sum() / volume)
    every = np.concatenate([dose, samples.corners])
    return float(every.max() if kind == "Max" else every.min())
