"""Metrics of so little volume that the dose grid decides them (RTD604)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from rtcheck.dvh.metric import Metric
from rtcheck.model.finding import Finding, finding
from rtcheck.model.grid import DoseGrid

__all__ = ["near_point_finding", "near_volume_cm3"]

_POINT_CM3 = 0.035
"""What a point stands for in a report: the near-maximum of small volumes is that of 35 mm³ (ICRU 91)."""


def near_volume_cm3(metric: Metric, volume_cm3: float) -> float | None:
    """Return the volume that a near-extreme metric is about; None for metrics that are about more.

    Max and Min stand for 0.035 cm³; D and DC for their own volume, near either end of the structure.
    """
    if metric.kind in ("Max", "Min"):
        return _POINT_CM3
    if metric.kind not in ("D", "DC") or metric.at is None:
        return None
    part = metric.at if metric.at_unit == "cc" else metric.at / 100.0 * volume_cm3
    return min(part, volume_cm3 - part) if 0 <= part <= volume_cm3 else None


def near_point_finding(
    metric: Metric, name: str, subject: str, volume_cm3: float | None, grids: Iterable[DoseGrid]
) -> tuple[Finding, ...]:
    """RTD604 where such a volume is smaller than one voxel of the coarsest dose grid.

    Args:
        metric: what was evaluated.
        name: the metric as printed.
        subject: the structure.
        volume_cm3: of the structure; None when nothing was measured.
        grids: of the course.
    """
    near = near_volume_cm3(metric, volume_cm3) if volume_cm3 is not None else None
    voxel = max((_voxel_cm3(grid) for grid in grids), default=0.0)
    if near is None or volume_cm3 is None or near >= voxel:
        return ()
    return (
        finding(
            "RTD604",
            subject,
            f"{name} of {subject} is about {near:.2g} cm3, less than one voxel of the dose grid ({voxel:.2g} cm3): it "
            "depends on where the grid lies. Use a finer grid, or judge it by its interval.",
            near_cm3=near,
            voxel_cm3=voxel,
        ),
    )


def _voxel_cm3(grid: DoseGrid) -> float:
    steps = np.diff(grid.geometry.offsets_mm)
    between = float(np.max(steps)) if len(steps) else max(grid.geometry.spacing_mm)
    return between * grid.geometry.spacing_mm[0] * grid.geometry.spacing_mm[1] / 1000
