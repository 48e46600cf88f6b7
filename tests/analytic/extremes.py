"""Highest and lowest dose of closed forms in the doses of the phantoms, and solids turned at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely

from tests.analytic.phantoms import Phantom, circle

SLOPES = {"uniform": (0, 0, 0), "along x": (0.8, 0, 0), "along z": (0, 0, 0.8), "oblique": (0.5, -0.4, 0.5)}
WIDE = 999.0


@dataclass(frozen=True)
class Turned:
    """A phantom, how far it reaches along a direction, and how far its farthest point is from the middle, mm."""

    phantom: Phantom
    support: Callable
    farthest: float


def reach_of(phantom, slope):
    """How far the dose rises from the middle of an upright phantom to its hottest point."""
    a, b, c = phantom.extent
    x, y, z = slope
    kind, flank = phantom.name.split()[0], np.hypot(x, y)
    return {
        "sphere": lambda: a * np.linalg.norm(slope),
        "cylinder": lambda: a * flank + c * abs(z),
        "lying": lambda: a * abs(x) + b * np.hypot(y, z),
        "cone": lambda: max(z * c, a * flank - z * c),
        "box": lambda: abs(x) * a + abs(y) * b + abs(z) * c,
        "torus": lambda: (a - c) * flank + c * np.linalg.norm(slope),
    }[kind]()


def farthest_of(phantom):
    """How far the farthest point of an upright phantom is from its middle."""
    a, b, c = phantom.extent
    kind = phantom.name.split()[0]
    out = {"cylinder": (a, c), "lying": (a, b), "cone": (a, c), "box": (a, b, c)}
    return float(np.linalg.norm(out.get(kind, (a,))))


def extremes(support, farthest, nearest, dose):
    """Minimum and maximum in one of the phantoms' doses."""
    if dose == "radial":
        return {"Min": 60 - 0.02 * farthest**2, "Max": 60 - 0.02 * nearest**2}
    slope = np.array(SLOPES[dose], dtype=float)
    return {"Min": 50 - support(-slope), "Max": 50 + support(slope)}


def upright_extremes(phantom, dose):
    """Minimum and maximum of an upright phantom."""
    hole = max(0.0, phantom.extent[0] - 2 * phantom.extent[2]) if phantom.name.startswith("torus") else 0.0
    return extremes(lambda slope: reach_of(phantom, slope), farthest_of(phantom), hole, dose)


def rotation(rng):
    """An evenly distributed rotation."""
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    return q * np.sign(np.diag(r))


def strip(low, high, along):
    """The strip of the plane where ``low <= p · along <= high``."""
    aside = np.array([-along[1], along[0]]) * WIDE
    return shapely.Polygon([along * low + aside, along * low - aside, along * high - aside, along * high + aside])


def open_ring(region):
    return [np.array(region.exterior.coords)[:-1]] if region.area > 0.01 else []


def turned_box(rng, axes):
    half = rng.uniform(4, 15, 3)
    flat = np.hypot(axes[0], axes[1])

    def rings(z):
        region = shapely.box(-WIDE, -WIDE, WIDE, WIDE)
        for i in range(3):
            low, high = (-half[i] - z * axes[2, i]) / flat[i], (half[i] - z * axes[2, i]) / flat[i]
            region = shapely.intersection(region, strip(low, high, axes[:2, i] / flat[i]))
        return open_ring(region)

    def inside(x, y, z):
        return np.all([np.abs(x * a + y * b + z * c) <= h for (a, b, c), h in zip(axes.T, half)], axis=0)

    def support(g):
        return float(np.abs(axes.T @ g) @ half)

    return 8 * half.prod(), inside, rings, support, float(np.linalg.norm(half))


def turned_cylinder(rng, axes):
    radius, half = rng.uniform(4, 15), rng.uniform(4, 18)
    axis = axes[:, 0]
    flat, up = np.hypot(axis[0], axis[1]), axis[2]
    along, ring = axis[:2] / flat, circle(radius, 720)
    aside = np.array([-along[1], along[0]])

    def rings(z):
        ellipse = shapely.Polygon(((ring[:, :1] + z * flat) / up) * along + ring[:, 1:] * aside)
        low, high = sorted(((-half - z * up) / flat, (half - z * up) / flat))
        return open_ring(shapely.intersection(ellipse, strip(low, high, along)))

    def inside(x, y, z):
        t = x * axis[0] + y * axis[1] + z * axis[2]
        return (np.abs(t) <= half) & (x * x + y * y + z * z - t * t <= radius**2)

    def support(g):
        return half * abs(g @ axis) + radius * np.sqrt(max(g @ g - (g @ axis) ** 2, 0.0))

    return 2 * np.pi * radius**2 * half, inside, rings, support, float(np.hypot(radius, half))


def turned_ellipsoid(rng, axes):
    half = rng.uniform(4, 18, 3)
    form, inverse = axes / half**2 @ axes.T, axes * half**2 @ axes.T
    root = np.linalg.cholesky(form[:2, :2])

    def rings(z):
        middle = -np.linalg.solve(form[:2, :2], form[:2, 2] * z)
        left = 1 - form[2, 2] * z * z - form[:2, 2] @ middle * z
        return [middle + np.linalg.solve(root.T, circle(1.0, 720).T * np.sqrt(left)).T] if left > 1e-6 else []

    def inside(x, y, z):
        p = (x, y, z)
        return sum(form[i, j] * p[i] * p[j] for i in range(3) for j in range(3)) <= 1

    def support(g):
        return float(np.sqrt(g @ inverse @ g))

    return 4 / 3 * np.pi * half.prod(), inside, rings, support, float(half.max())


KINDS = {"box": turned_box, "cylinder": turned_cylinder, "ellipsoid": turned_ellipsoid}


def turned_solid(rng, least_mm3=1000.0):
    """A box, a cylinder or an ellipsoid of `least_mm3` or more in any direction."""
    axes, kind = rotation(rng), str(rng.choice(sorted(KINDS)))
    volume = 0.0
    while volume < least_mm3:
        volume, inside, rings, support, farthest = KINDS[kind](rng, axes)
    extent = tuple(support(axis) for axis in np.eye(3))
    return Turned(Phantom(f"turned {kind}", inside, rings, volume, extent, kind != "ellipsoid"), support, farthest)
