"""Solids with closed forms, their contours at any planes, dose fields, and brute-force truth for DVH metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rtcheck.dvh.curve import DVH, StructureDose
from rtcheck.dvh.evaluate import evaluate
from rtcheck.dvh.field import DoseField, DosePart
from rtcheck.dvh.metric import Metric
from rtcheck.model.grid import DoseGrid, GridGeometry
from rtcheck.model.structure import ROI, ContourSet

CIRCLE = 240
METRICS = ("Volume", "Mean", "D98", "D95", "D50", "D2")


@dataclass(frozen=True)
class Phantom:
    """`inside(x, y, z)`, `rings(z)` -> list of (n, 2), exact volume in mm³, half extents in mm; flat ends or not."""

    name: str
    inside: Callable
    rings: Callable
    volume_mm3: float
    extent: tuple[float, float, float]
    flat: bool = False


def circle(radius, n=CIRCLE):
    angle = np.arange(n) * (2 * np.pi / n)
    # vertices a little outside the circle, so that the polygon has the circle's area as a careful drawing would
    radius = radius * np.sqrt((2 * np.pi / n) / np.sin(2 * np.pi / n))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def rectangle(a, b):
    return np.array([[-a, -b], [a, -b], [a, b], [-a, b]], dtype=float)


def sphere(r):
    return Phantom(
        f"sphere {r}",
        lambda x, y, z: x * x + y * y + z * z <= r * r,
        lambda z: [circle(np.sqrt(r * r - z * z))],
        4 / 3 * np.pi * r**3,
        (r, r, r),
    )


def cylinder(r, half):
    return Phantom(
        f"cylinder {r}x{2 * half}",
        lambda x, y, z: (x * x + y * y <= r * r) & (np.abs(z) <= half),
        lambda z: [circle(r)],
        np.pi * r * r * 2 * half,
        (r, r, half),
        flat=True,
    )


def lying_cylinder(r, half):
    return Phantom(
        f"lying cylinder {r}x{2 * half}",
        lambda x, y, z: (y * y + z * z <= r * r) & (np.abs(x) <= half),
        lambda z: [rectangle(half, np.sqrt(r * r - z * z))],
        np.pi * r * r * 2 * half,
        (half, r, r),
    )


def cone(r, height):
    h = height / 2
    return Phantom(
        f"cone {r}x{height}",
        lambda x, y, z: (np.abs(z) <= h) & (x * x + y * y <= (r * (h - z) / height) ** 2),
        lambda z: [circle(r * (h - z) / height)],
        np.pi * r * r * height / 3,
        (r, r, h),
        flat=True,
    )


def box(a, b, c):
    return Phantom(
        f"box {a}x{b}x{c}",
        lambda x, y, z: (np.abs(x) <= a) & (np.abs(y) <= b) & (np.abs(z) <= c),
        lambda z: [rectangle(a, b)],
        8.0 * a * b * c,
        (a, b, c),
        flat=True,
    )


def torus(major, minor):
    return Phantom(
        f"torus {major}/{minor}",
        lambda x, y, z: (np.sqrt(x * x + y * y) - major) ** 2 + z * z <= minor * minor,
        lambda z: [circle(major + np.sqrt(minor**2 - z * z)), circle(major - np.sqrt(minor**2 - z * z))],
        2 * np.pi**2 * major * minor**2,
        (major + minor, major + minor, minor),
    )


def roi_of(phantom, spacing, phase, centre=(0.0, 0.0, 0.0)):
    """Contours on every plane ``(k + phase) * spacing`` (relative to the lower end) that meets the phantom."""
    half = phantom.extent[2]
    planes = np.arange(-half + phase * spacing, half, spacing)
    planes = planes[(planes > -half) & (planes < half - 1e-9)]
    rings, starts = [], [0]
    for z in planes:
        for ring in phantom.rings(z):
            if np.ptp(ring[:, 0]) < 0.02 or np.ptp(ring[:, 1]) < 0.02:
                continue
            rings.append(np.column_stack([ring, np.full(len(ring), z)]) + centre)
            starts.append(starts[-1] + len(ring))
    return ROI(
        1,
        phantom.name,
        "PTV",
        "1.2.3",
        ContourSet(np.concatenate(rings), np.array(starts), ("CLOSED_PLANAR",) * len(rings)),
    )


DOSES = {
    "uniform": lambda x, y, z: np.full(np.broadcast(x, y, z).shape, 50.0),
    "along x": lambda x, y, z: 50 + 0.8 * x + 0 * y + 0 * z,
    "along z": lambda x, y, z: 50 + 0.8 * z + 0 * x + 0 * y,
    "oblique": lambda x, y, z: 50 + 0.5 * x - 0.4 * y + 0.5 * z,
    "radial": lambda x, y, z: 60 - 0.02 * (x * x + y * y + z * z),
}

ORIENTATIONS = {
    "HFS": ((1, 0, 0), (0, 1, 0)),
    "HFP": ((-1, 0, 0), (0, -1, 0)),
    "FFS": ((-1, 0, 0), (0, 1, 0)),
    "FFP": ((1, 0, 0), (0, -1, 0)),
    "HFDL": ((0, -1, 0), (1, 0, 0)),
    "HFDR": ((0, 1, 0), (-1, 0, 0)),
    "FFDL": ((0, 1, 0), (1, 0, 0)),
    "FFDR": ((0, -1, 0), (-1, 0, 0)),
}


def grid_of(dose, spacing, half, shift=(0.0, 0.0, 0.0), orientation="HFS", centre=(0.0, 0.0, 0.0), scaling=1e-4):
    """A dose grid about `centre` that spans at least `half` to each side; `spacing` is one number or (x, y, z)."""
    row, column = (np.array(v, dtype=float) for v in ORIENTATIONS[orientation])
    normal = np.cross(row, column)
    steps = np.broadcast_to(np.asarray(spacing, dtype=float), (3,))
    n = [int(np.ceil(half / s)) + 2 for s in steps]
    origin = np.asarray(centre) + shift - row * n[0] * steps[0] - column * n[1] * steps[1] - normal * n[2] * steps[2]
    i, j, k = (np.arange(2 * m + 1) * s for m, s in zip(n, steps))
    points = origin + k[:, None, None, None] * normal + j[None, :, None, None] * column + i[None, None, :, None] * row
    relative = points - centre
    values = dose(relative[..., 0], relative[..., 1], relative[..., 2])
    stored = np.rint(values / scaling).astype(np.uint32)
    stored.setflags(write=False)
    geometry = GridGeometry(
        tuple(origin.tolist()),
        tuple(row.tolist()),
        tuple(column.tolist()),
        (steps[1], steps[0]),
        tuple(k.tolist()),
        len(j),
        len(i),
        "1.2.3",
    )
    return DoseGrid(geometry, stored, scaling, "PHYSICAL", "PLAN", "1.2.3.4", ("1.2",))


def field_of(*grids, fractions=5):
    return DoseField((DosePart(tuple(grids), fractions),))


def metric(dvh: DVH, name: str) -> float:
    """Volume in cm³, doses in Gy; D from the cumulative volume at the middle of each sample, linear between."""
    if name == "Volume":
        return dvh.total_cm3
    if len(dvh.dose_gy) == 0:
        return float("nan")
    volume = dvh.volume_cm3
    if name == "Mean":
        return float(np.sum(dvh.dose_gy * volume) / np.sum(volume))
    if name == "Max":
        return dvh.maximum_gy
    if name == "Min":
        return dvh.minimum_gy
    at = (np.cumsum(volume) - volume / 2) / np.sum(volume)
    return float(
        np.interp(
            1 - float(name[1:]) / 100,
            np.concatenate([[0], at, [1]]),
            np.concatenate([[dvh.minimum_gy], dvh.dose_gy, [dvh.maximum_gy]]),
        )
    )


def interval(result: StructureDose, name: str) -> tuple[float, float, float]:
    """value, low, high as every result states them."""
    kind, at = (name, None) if name in ("Volume", "Mean", "Min", "Max") else ("D", float(name[1:]))
    found = evaluate(result, Metric(kind, at, "%" if at else "", "cc" if name == "Volume" else "Gy"), None)
    return found.value, found.low, found.high


def truth(phantom, dose, points=1_500_000) -> dict[str, float]:
    """Metrics of the ideal solid in the ideal dose, by dense points."""
    ex, ey, ez = phantom.extent
    step = (8 * ex * ey * ez / points) ** (1 / 3)
    n = [int(np.ceil(2 * e / step)) for e in (ez, ey, ex)]
    rng = np.random.default_rng(20240607)
    index = np.indices(n)
    # one random point in each cell: no lattice plane of points lines up with the gradient
    z, y, x = ((i + rng.random(n)) * (2 * e / m) - e for i, e, m in zip(index, (ez, ey, ex), n))
    values = np.sort(dose(x, y, z)[phantom.inside(x, y, z)])
    at = (np.arange(len(values)) + 0.5) / len(values)
    out = {name: float(np.interp(1 - float(name[1:]) / 100, at, values)) for name in METRICS[2:]}
    return {"Volume": phantom.volume_mm3 / 1000, "Mean": float(values.mean()), **out}
