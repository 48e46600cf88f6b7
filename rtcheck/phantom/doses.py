"""Dose fields in the frame of a solid, as formulas: linear and radial."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtcheck.model.arrays import FloatArray

__all__ = ["Dose", "LinearDose", "RadialDose", "dose_at_points"]


@dataclass(frozen=True, slots=True)
class LinearDose:
    """Dose in Gy at the origin and its gradient in Gy/mm. Trilinear interpolation of a dose grid gives it back."""

    at_origin_gy: float
    gradient: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class RadialDose:
    """``at_origin - fall * r²``, r in mm from the origin, fall in Gy/mm². A dose grid gives it but nearly back."""

    at_origin_gy: float
    fall: float


Dose = LinearDose | RadialDose


def dose_at_points(dose: Dose, points: FloatArray) -> FloatArray:
    """Return (...) Gy at points (..., 3) in mm in the frame of the solid."""
    if isinstance(dose, LinearDose):
        return np.asarray(dose.at_origin_gy + points @ np.asarray(dose.gradient))
    return np.asarray(dose.at_origin_gy - dose.fall * np.sum(points**2, axis=-1))
