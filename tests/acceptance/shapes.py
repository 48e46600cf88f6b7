"""Small phantom exports for the DVH tests: a structure set, a plan and a dose of a few thousand voxels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.synthetic.dicom import GridSpec, RoiSpec, box_grid, rt_dose, rt_plan, structure_set
from tests.synthetic.encode import write

__all__ = ["circle", "layers", "ramp", "rectangle", "ring_of", "sphere", "star", "write_phantom"]


def rectangle(x: Sequence[float], y: Sequence[float], z: float) -> np.ndarray:
    """Four corners."""
    return np.array([(x[0], y[0], z), (x[1], y[0], z), (x[1], y[1], z), (x[0], y[1], z)], float)


def ring_of(points: Sequence[Sequence[float]], z: float) -> np.ndarray:
    """A polygon in the plane z."""
    return np.array([(a, b, z) for a, b in points], float)


def circle(centre: Sequence[float], radius: float, z: float, count: int = 48) -> np.ndarray:
    """A regular polygon."""
    angle = 2 * np.pi * np.arange(count) / count
    x, y = centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)
    return np.column_stack([x, y, np.full(count, z)])


def star(centre: Sequence[float], inner: float, outer: float, z: float, tips: int = 7, turn: float = 0.2) -> np.ndarray:
    """A simple polygon that is far from convex."""
    angle = turn + np.pi * np.arange(2 * tips) / tips
    radius = np.where(np.arange(2 * tips) % 2, inner, outer)
    x, y = centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)
    return np.column_stack([x, y, np.full(2 * tips, z)])


def layers(start: float, stop: float, step: float) -> list[float]:
    """Plane positions, both ends included."""
    return [start + step * index for index in range(round((stop - start) / step) + 1)]


def sphere(centre: Sequence[float], radius: float, step: float) -> list[np.ndarray]:
    """The circles of a sphere on planes half a step off its poles, so that the prisms have its height."""
    count = round(2 * radius / step)
    heights = centre[2] - radius + step * (np.arange(count) + 0.5)
    return [circle(centre, float(np.sqrt(radius**2 - (z - centre[2]) ** 2)), float(z)) for z in heights]


def ramp(at_origin: float, gradient: Sequence[float]) -> Callable[[np.ndarray], np.ndarray]:
    """A linear dose, cut at zero (far from the structures)."""
    return lambda points: np.maximum(at_origin + points @ np.asarray(gradient, float), 0.0)


def write_phantom(
    folder: Path,
    rois: dict[str, list[np.ndarray]],
    dose: Any,
    grid: GridSpec | None = None,
    *,
    bits: int = 32,
    decimals: int = 4,
    **options: Any,
) -> Path:
    """Write one structure set, plan and dose; the default grid is 3 mm from -30 to 30 mm on every axis."""
    grid = grid or box_grid((-30, -30, -30), (30, 30, 30))
    specs = [RoiSpec(name, number, loops, decimals=decimals) for number, (name, loops) in enumerate(rois.items(), 1)]
    objects = {
        "struct": structure_set(specs, seed="phantom"),
        "plan": rt_plan(seed="phantom"),
        "dose": rt_dose(dose, grid, seed="phantom", bits=bits, **options),
    }
    for role, ds in objects.items():
        write(ds, folder / f"{role}.dcm")
    return folder
