"""Solids whose horizontal sections are known at any height: spheres, cylinders, cones, boxes, tori.

A solid stands in a frame of its own, in mm, with its middle at the origin. Every section is centred on the z axis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rtcheck.model.arrays import FloatArray

__all__ = ["Sections", "Solid", "box", "cone", "cylinder", "lying_cylinder", "sphere", "torus"]

Sections = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True, slots=True)
class Solid:
    """One solid.

    Attributes:
        name: kind and sizes in mm, for people.
        shape: what a section is: a ring between two circles about the axis, or a rectangle.
        sections: from heights (n,) to (outer radius, inner radius) of rings, or half sides (x, y) of rectangles, mm.
        volume_mm3: closed form.
        half: (3,) half extents, mm.
        flat: whether its ends are flat: then contours alone cannot say where they are.
    """

    name: str
    shape: Literal["ring", "rectangle"]
    sections: Sections
    volume_mm3: float
    half: tuple[float, float, float]
    flat: bool = False


def sphere(radius: float) -> Solid:
    """Return a sphere."""
    return Solid(
        f"sphere r {radius:g}", "ring", lambda z: (_chord(radius, z), np.zeros(len(z))),
        4 / 3 * np.pi * radius**3, (radius, radius, radius),
    )  # fmt: skip


def cylinder(radius: float, length: float) -> Solid:
    """Return a cylinder along z."""
    return Solid(
        f"cylinder r {radius:g}, {length:g}", "ring", lambda z: (np.full(len(z), radius), np.zeros(len(z))),
        np.pi * radius**2 * length, (radius, radius, length / 2), flat=True,
    )  # fmt: skip


def lying_cylinder(radius: float, length: float) -> Solid:
    """Return a cylinder along x."""
    return Solid(
        f"lying cylinder r {radius:g}, {length:g}", "rectangle",
        lambda z: (np.full(len(z), length / 2), _chord(radius, z)),
        np.pi * radius**2 * length, (length / 2, radius, radius),
    )  # fmt: skip


def cone(radius: float, height: float) -> Solid:
    """Return a cone along z, its tip at the upper end."""
    return Solid(
        f"cone r {radius:g}, {height:g}", "ring", lambda z: (radius * (0.5 - z / height), np.zeros(len(z))),
        np.pi * radius**2 * height / 3, (radius, radius, height / 2), flat=True,
    )  # fmt: skip


def box(x: float, y: float, z: float) -> Solid:
    """Return a box of these sides."""
    return Solid(
        f"box {x:g} x {y:g} x {z:g}", "rectangle", lambda h: (np.full(len(h), x / 2), np.full(len(h), y / 2)),
        x * y * z, (x / 2, y / 2, z / 2), flat=True,
    )  # fmt: skip


def torus(major: float, minor: float) -> Solid:
    """Return a torus about the z axis."""
    return Solid(
        f"torus {major:g}/{minor:g}", "ring", lambda z: (major + _chord(minor, z), major - _chord(minor, z)),
        2 * np.pi**2 * major * minor**2, (major + minor, major + minor, minor),
    )  # fmt: skip


def _chord(radius: float, z: FloatArray) -> FloatArray:
    """Half the chord of a circle at distance z from its centre."""
    return np.asarray(np.sqrt(np.maximum(radius**2 - z**2, 0.0)))
