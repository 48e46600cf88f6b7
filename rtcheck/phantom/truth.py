"""What the dose-volume histogram of a solid is: closed forms, independent of the engine that is tested by them.

*The ideal solid*: at a height z the part of a disc of radius R that lies beyond a distance h from its centre is the
circular segment ``R² acos(h/R) - h √(R² - h²)``; a rectangle is cut exactly (`_area_beyond`); heights are integrated by
Gauss-Legendre quadrature in θ, ``z = half sin θ``, in which all solids here are smooth.

*The contours' own prisms* in a linear dose: each contour is a polygon that reaches half way to its neighbours, and half
a spacing beyond the ends. With s along the dose gradient in the plane and q across it, Green's theorem makes the area
beyond s = σ a sum over edges, ``∮ q ds`` over what lies beyond; its integral over the thickness is ``∮ q (s - σ) ds``,
whose integrand is quadratic along an edge, so that Simpson's rule is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rtcheck.dvh.metric import Metric
from rtcheck.model.arrays import FloatArray
from rtcheck.phantom.doses import Dose, LinearDose, RadialDose
from rtcheck.phantom.solids import Solid

__all__ = ["Truth", "ideal_truth", "prism_truth", "true_value"]

_NODES = 300
_HALVINGS = 40
_DENSE = 20_001
"""Heights among which the extremes of an ideal solid are looked for."""

Rings = list[tuple[float, FloatArray, float]]


@dataclass(frozen=True, slots=True)
class Truth:
    """A solid in a dose: volume, mean, extremes, and the volume (mm³) that receives at least each dose of an array."""

    volume_mm3: float
    mean_gy: float
    minimum_gy: float
    maximum_gy: float
    at_least: Callable[[FloatArray], FloatArray]


def true_value(truth: Truth, metric: Metric) -> float:
    """Return what a metric of kind Volume, Mean, Min, Max, D (at % or cc) or V (at Gy, in %) has to be.

    Raises:
        ValueError: another kind.
    """
    if metric.kind == "Volume":
        return truth.volume_mm3 / 1000
    if metric.kind in ("Mean", "Min", "Max"):
        return {"Mean": truth.mean_gy, "Min": truth.minimum_gy, "Max": truth.maximum_gy}[metric.kind]
    if metric.at is None or metric.kind not in ("D", "V"):
        raise ValueError(f"no closed form of {metric.kind} here")
    if metric.kind == "V":
        return float(100 * truth.at_least(np.array([metric.at]))[0] / truth.volume_mm3)
    part = metric.at / 100 * truth.volume_mm3 if metric.at_unit == "%" else metric.at * 1000
    low, high = truth.minimum_gy, truth.maximum_gy
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if truth.at_least(np.array([middle]))[0] > part:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def ideal_truth(solid: Solid, dose: Dose) -> Truth:
    """Return the truth of a solid itself.

    Raises:
        ValueError: a radial dose in a solid of rectangular sections, for which there is no closed form here.
    """
    half = solid.half[2]
    angle, weight = _gauss(-np.pi / 2, np.pi / 2)
    z, weight = half * np.sin(angle), weight * half * np.cos(angle)
    first, second = solid.sections(z)
    dense = half * np.sin(np.linspace(-np.pi / 2, np.pi / 2, _DENSE))
    if isinstance(dose, RadialDose):
        if solid.shape != "ring":
            raise ValueError("a radial dose needs round sections")
        return _radial(solid, dose, (z, weight), dense)
    flank, rise = float(np.hypot(*dose.gradient[:2])), dose.gradient[2]
    area = np.pi * (first**2 - second**2) if solid.shape == "ring" else 4 * first * second
    outer, other = solid.sections(dense)
    sides = abs(dose.gradient[0]) * outer + abs(dose.gradient[1]) * other
    reach = flank * outer if solid.shape == "ring" else sides

    def at_least(doses: FloatArray) -> FloatArray:
        if flank == 0:
            above = _above_a_height(solid, (doses - dose.at_origin_gy) / rise)
            return above if rise > 0 else solid.volume_mm3 - above
        beyond = (doses[:, None] - dose.at_origin_gy - rise * z) / flank
        if solid.shape == "ring":
            return np.asarray((_segment(first, beyond) - _segment(second, beyond)) @ weight)
        s, q = _across(_rectangle(first, second), dose)
        return np.asarray(_area_beyond(s, q, beyond) @ weight)

    return Truth(
        volume_mm3=solid.volume_mm3,
        mean_gy=dose.at_origin_gy + rise * float(np.sum(weight * area * z)) / solid.volume_mm3,
        minimum_gy=float(np.min(dose.at_origin_gy + rise * dense - reach)),
        maximum_gy=float(np.max(dose.at_origin_gy + rise * dense + reach)),
        at_least=at_least,
    )


def prism_truth(rings: Rings, spacing_mm: float, dose: LinearDose) -> Truth:
    """Return the truth of the prisms of a contour stack in a linear dose.

    Args:
        rings: (height, polygon (n, 2), sign), each polygon centred on the axis and wound anticlockwise; the sign of a
            hole is -1.
        spacing_mm: between planes.
        dose: linear, in the frame of the contours.
    """
    flank, rise = float(np.hypot(*dose.gradient[:2])), dose.gradient[2]
    parts = [(z, sign, *_across(polygon[None], dose), _area(polygon)) for z, polygon, sign in rings]
    volume = spacing_mm * sum(sign * area for _, sign, _, _, area in parts)
    first = spacing_mm * sum(sign * area * z for z, sign, _, _, area in parts)
    ends = [
        dose.at_origin_gy + rise * (z + side * spacing_mm / 2) + flank * s
        for z, _, s, _, _ in parts
        for side in (-1, 1)
    ]

    def at_least(doses: FloatArray) -> FloatArray:
        out = np.zeros(len(doses))
        for z, sign, s, q, area in parts:
            low, high = z - spacing_mm / 2, z + spacing_mm / 2
            if flank == 0:
                height = np.clip((doses - dose.at_origin_gy) / rise, low, high)
                out += sign * area * (high - height if rise > 0 else height - low)
                continue
            beyond = (doses - dose.at_origin_gy) / flank
            if rise == 0:
                out += sign * spacing_mm * _area_beyond(s, q, beyond[:, None])[:, 0]
                continue
            tilt = rise / flank
            upper, lower = (_integral_beyond(s, q, (beyond - tilt * end)[:, None])[:, 0] for end in (high, low))
            out += sign * (upper - lower) / tilt
        return out

    return Truth(
        volume_mm3=volume,
        mean_gy=dose.at_origin_gy + rise * first / volume,
        minimum_gy=float(min(np.min(end) for end in ends)),
        maximum_gy=float(max(np.max(end) for end in ends)),
        at_least=at_least,
    )


def _radial(solid: Solid, dose: RadialDose, heights: tuple[FloatArray, FloatArray], dense: FloatArray) -> Truth:
    """Truth where the dose falls with the square of the distance: balls cut the sections in discs about the axis."""
    z, weight = heights
    outer, inner = solid.sections(z)

    def at_least(doses: FloatArray) -> FloatArray:
        reach2 = np.maximum((dose.at_origin_gy - doses[:, None]) / dose.fall - z**2, 0.0)
        return np.asarray(np.pi * (np.minimum(outer**2, reach2) - np.minimum(inner**2, reach2)) @ weight)

    square = np.pi * ((outer**4 - inner**4) / 2 + z**2 * (outer**2 - inner**2))
    far, near = solid.sections(dense)
    return Truth(
        volume_mm3=solid.volume_mm3,
        mean_gy=dose.at_origin_gy - dose.fall * float(np.sum(weight * square)) / solid.volume_mm3,
        minimum_gy=dose.at_origin_gy - dose.fall * float(np.max(far**2 + dense**2)),
        maximum_gy=dose.at_origin_gy - dose.fall * float(np.min(near**2 + dense**2)),
        at_least=at_least,
    )


@lru_cache(maxsize=1)
def _nodes() -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return np.asarray(nodes), np.asarray(weights)


def _gauss(low: float, high: float) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights between two ends."""
    nodes, weights = _nodes()
    return low + (nodes + 1) * (high - low) / 2, weights * (high - low) / 2


def _above_a_height(solid: Solid, height: FloatArray) -> FloatArray:
    """(n,) volume above each height, mm³; integrated from that height on, where the integrand would jump."""
    half = solid.half[2]
    out = []
    for one in np.clip(height, -half, half).tolist():
        angle, weight = _gauss(float(np.arcsin(one / half)), np.pi / 2)
        first, second = solid.sections(half * np.sin(angle))
        area = np.pi * (first**2 - second**2) if solid.shape == "ring" else 4 * first * second
        out.append(float(np.sum(weight * half * np.cos(angle) * area)))
    return np.array(out)


def _segment(radius: FloatArray, beyond: FloatArray) -> FloatArray:
    """Area of discs (n,) beyond signed distances (m, n) from their centres, mm²."""
    h = np.clip(beyond, -radius, radius)
    share = np.divide(h, radius, out=np.ones_like(h), where=radius > 0)
    return np.asarray(radius**2 * np.arccos(share) - h * np.sqrt(np.maximum(radius**2 - h**2, 0.0)))


def _rectangle(x: FloatArray, y: FloatArray) -> FloatArray:
    """(n, 4, 2) corners, anticlockwise, of rectangles with half sides x and y (n,)."""
    return np.stack([np.stack([a * x, b * y], axis=1) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))], axis=1)


def _across(polygons: FloatArray, dose: LinearDose) -> tuple[FloatArray, FloatArray]:
    """Corners (..., k, 2) as s along the gradient in the plane and q across it, to its left."""
    gradient = np.asarray(dose.gradient[:2])
    size = float(np.hypot(*gradient))
    along = gradient / size if size > 0 else np.array([1.0, 0.0])
    return polygons @ along, polygons @ np.array([-along[1], along[0]])


def _edges(s: FloatArray, q: FloatArray, beyond: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Find what lies beyond a cut (m, n) of each edge of polygons (n, k): its ends (a, b), and q there, (m, n, k)."""
    s2, q2 = np.roll(s, -1, axis=-1), np.roll(q, -1, axis=-1)
    slope = np.divide(q2 - q, s2 - s, out=np.zeros_like(s), where=s2 != s)
    cut = beyond[:, :, None]
    a, b = np.maximum(s, cut), np.maximum(s2, cut)
    return a, b, q + slope * (a - s), q + slope * (b - s)


def _area_beyond(s: FloatArray, q: FloatArray, beyond: FloatArray) -> FloatArray:
    """(m, n) area of anticlockwise polygons (n, k) where s is at least `beyond` (m, n)."""
    a, b, qa, qb = _edges(s, q, beyond)
    return np.asarray(-np.sum((b - a) * (qa + qb), axis=-1) / 2)


def _integral_beyond(s: FloatArray, q: FloatArray, beyond: FloatArray) -> FloatArray:
    """(m, n) integral of `_area_beyond` from `beyond` to infinity."""
    a, b, qa, qb = _edges(s, q, beyond)
    cut = beyond[:, :, None]
    at_a, middle, at_b = qa * (a - cut), (qa + qb) / 2 * ((a + b) / 2 - cut), qb * (b - cut)
    return np.asarray(-np.sum((b - a) * (at_a + 4 * middle + at_b), axis=-1) / 6)


def _area(polygon: FloatArray) -> float:
    """Area of an anticlockwise polygon (n, 2)."""
    x, y = polygon.T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)
