"""Smooth analytic solids on one axial plane: ellipsoids, superellipses, tubes along curves, and their combinations.

A solid is a function of a `Plane` giving a field (ny, nx) in mm: negative inside, zero on the surface, and close to
the distance to it. Composite solids stay fields, so organs can be cut from each other before contours are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

__all__ = [
    "FAR_MM",
    "Field",
    "Plane",
    "Solid",
    "bumpy",
    "cut",
    "ellipsoid",
    "grown",
    "intersection",
    "named",
    "prism",
    "tube",
    "union",
]

Field = NDArray[np.float64]

FAR_MM = 99.0
"""What a field is far from its solid, where nobody needs the distance."""


@dataclass
class Plane:
    """One axial plane: x (1, nx) and y (ny, 1) in LPS mm, z; fields of named solids are kept in `cache`."""

    x: Field
    y: Field
    z: float
    cache: dict[str, Field] = field(default_factory=dict)


Solid = Callable[[Plane], Field]


def named(name: str, solid: Solid) -> Solid:
    """`solid`, evaluated only once a plane."""

    def evaluate(plane: Plane) -> Field:
        if name not in plane.cache:
            plane.cache[name] = solid(plane)
        return plane.cache[name]

    return evaluate


def ellipsoid(
    centre: Sequence[float], radii: Sequence[float], *, power: float = 2.0, lean: Sequence[float] = (0, 0),
    everywhere: bool = False,
) -> Solid:
    """``|x/a|^p + |y/b|^p + |z/c|^p <= 1`` about `centre`; `lean` shifts the centre by (x, y) mm for each mm of z.

    The field is (g - 1) / |grad g| of the gauge g, exact to first order at the surface. Beyond 30 mm round the solid it
    is `FAR_MM` unless `everywhere` is set.
    """
    a, b, c = radii
    reach = np.inf if everywhere else 30.0

    def evaluate(plane: Plane) -> Field:
        x, y = plane.x[0], plane.y[:, 0]
        out = np.full((len(y), len(x)), FAR_MM)
        dz = plane.z - centre[2]
        if abs(dz) > c + reach:
            return out
        cx, cy = centre[0] + lean[0] * dz, centre[1] + lean[1] * dz
        columns = slice(*np.searchsorted(x, [cx - a - reach, cx + a + reach]))
        rows = slice(*np.searchsorted(y, [cy - b - reach, cy + b + reach]))
        u, v, w = np.abs(plane.x[:, columns] - cx) / a, np.abs(plane.y[rows] - cy) / b, abs(dz) / c
        g = np.maximum((u**power + v**power + w**power) ** (1 / power), 1e-3)
        slopes = ((u / g) ** (power - 1) / a, (v / g) ** (power - 1) / b, (w / g) ** (power - 1) / c)
        slope = np.sqrt(slopes[0] ** 2 + slopes[1] ** 2 + slopes[2] ** 2)
        out[rows, columns] = (g - 1) / np.maximum(slope, 0.3 / max(radii))
        return out

    return evaluate


def prism(knots: Sequence[tuple[float, float, float, float]], *, power: float = 2.5) -> Solid:
    """A trunk: superellipses with half axes and y centre interpolated through `knots` (z, a, b, y centre)."""
    table = np.asarray(sorted(knots), float)
    shape = PchipInterpolator(table[:, 0], table[:, 1:])

    def evaluate(plane: Plane) -> Field:
        a, b, centre = shape(np.clip(plane.z, table[0, 0], table[-1, 0]))
        u, v = np.abs(plane.x) / a, np.abs(plane.y - centre) / b
        g = np.maximum((u**power + v**power) ** (1 / power), 1e-3)
        slope = np.sqrt(((u / g) ** (power - 1) / a) ** 2 + ((v / g) ** (power - 1) / b) ** 2)
        return (g - 1) / np.maximum(slope, 1e-4)

    return evaluate


def tube(points: Sequence[Sequence[float]], radii: float | Sequence[float], *, step: float = 4.0) -> Solid:
    """A tube of varying radius along a smooth curve through `points` (x, y, z); its ends are round."""
    knots = np.asarray(points, float)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1))])
    samples = np.linspace(0.0, along[-1], max(3, round(along[-1] / step) + 1))
    curve = PchipInterpolator(along, knots)(samples)
    widths = np.interp(samples, along, np.broadcast_to(np.asarray(radii, float), along.shape))
    start, delta = curve[:-1], np.diff(curve, axis=0)
    length2 = np.sum(delta**2, axis=1)
    reach = widths.max() + 12.0

    def evaluate(plane: Plane) -> Field:
        x, y = plane.x[0], plane.y[:, 0]
        best = np.full((len(y), len(x)), FAR_MM)
        low, high = np.minimum(curve[:-1], curve[1:]) - reach, np.maximum(curve[:-1], curve[1:]) + reach
        for i in np.flatnonzero((low[:, 2] < plane.z) & (high[:, 2] > plane.z)):
            columns = slice(*np.searchsorted(x, [low[i, 0], high[i, 0]]))
            rows = slice(*np.searchsorted(y, [low[i, 1], high[i, 1]]))
            dx, dy, dz = plane.x[:, columns] - start[i, 0], plane.y[rows] - start[i, 1], plane.z - start[i, 2]
            t = np.clip((dx * delta[i, 0] + dy * delta[i, 1] + dz * delta[i, 2]) / length2[i], 0, 1)
            distance = np.sqrt((dx - t * delta[i, 0]) ** 2 + (dy - t * delta[i, 1]) ** 2 + (dz - t * delta[i, 2]) ** 2)
            nearest = distance - widths[i] - t * (widths[i + 1] - widths[i])
            best[rows, columns] = np.minimum(best[rows, columns], nearest)
        return best

    return evaluate


def union(*solids: Solid, blend: float = 0.0) -> Solid:
    """All of `solids`; `blend` mm rounds the crease between them."""

    def evaluate(plane: Plane) -> Field:
        out = solids[0](plane)
        for solid in solids[1:]:
            other = solid(plane)
            if blend > 0:
                h = np.maximum(blend - np.abs(out - other), 0.0) / blend
                out = np.minimum(out, other) - h * h * blend / 4
            else:
                out = np.minimum(out, other)
        return out

    return evaluate


def intersection(*solids: Solid, blend: float = 0.0) -> Solid:
    """What is in every one of `solids`."""
    inverse = union(*(lambda plane, s=solid: -s(plane) for solid in solids), blend=blend)
    return lambda plane: -inverse(plane)


def cut(solid: Solid, *others: Solid, gap: float = 1.0) -> Solid:
    """`solid` without `others` and without `gap` mm round them."""

    def evaluate(plane: Plane) -> Field:
        out = solid(plane)
        for other in others:
            out = np.maximum(out, gap - other(plane))
        return out

    return evaluate


def grown(solid: Solid, margin: float) -> Solid:
    """`solid` with `margin` mm added (negative: taken away)."""
    return lambda plane: solid(plane) - margin


def bumpy(solid: Solid, height: float, wavelength: float, phase: float = 0.0) -> Solid:
    """`solid` with a smooth, repeatable unevenness of its surface of at most `height` mm."""
    k = 2 * np.pi / wavelength

    def evaluate(plane: Plane) -> Field:
        x = np.sin(k * plane.x + 1.3 * phase + 0.7 * np.sin(0.6 * k * plane.z + phase))
        y = np.sin(k * plane.y * 1.13 + 2.1 * phase + 0.5)
        z = np.sin(k * plane.z * 0.91 + 0.4 * phase + 1.1)
        return solid(plane) + height * (x + y + z) / 3

    return evaluate
