"""The phantoms of the self-test: fixed, so that every machine tests the same."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle

from rtcheck.phantom.doses import Dose, LinearDose, RadialDose
from rtcheck.phantom.objects import ORIENTATIONS, Setting
from rtcheck.phantom.solids import Solid, box, cone, cylinder, lying_cylinder, sphere, torus

__all__ = ["REFERENCE_GY", "Phantom", "clinical", "stacks", "through_files"]

REFERENCE_GY = 50.0
"""What errors of dose are given in per cent of."""

_LINEAR = (
    (0.8, 0.0, 0.0), (0.0, 0.0, 0.8), (0.5, -0.4, 0.5), (0.0, 0.7, 0.0), (-0.3, 0.2, -0.9), (0.6, 0.0, 0.6),
)  # fmt: skip
"""Gradients in Gy/mm."""


@dataclass(frozen=True, slots=True)
class Phantom:
    """One solid in one dose, drawn in one way."""

    solid: Solid
    dose: Dose
    setting: Setting


def stacks() -> tuple[Phantom, ...]:
    """Return solids from 0.03 to 34 cm³ in linear doses, at all slice spacings, in all orientations, some tilted."""
    solids = (
        sphere(2), sphere(3), sphere(5), sphere(12), sphere(20), cylinder(2.5, 5), cylinder(8, 20), cylinder(12, 31),
        lying_cylinder(3, 9), lying_cylinder(10, 28), cone(6, 12), cone(14, 24), box(4, 3, 3), box(20, 16, 22),
        torus(6, 3), torus(16, 6),
    )  # fmt: skip
    ways = zip(
        cycle((1.0, 2.0, 3.0, 1.5, 2.5)), cycle((0.5, 0.13, 0.8, 0.37)), cycle((2.0, 1.0, 2.5)), cycle(ORIENTATIONS),
        cycle(((0.0, 0.0), (0.0, 0.0), (20.0, 35.0))), cycle(_LINEAR),
    )  # fmt: skip
    out = []
    for solid, (spacing, phase, grid, orientation, tilt, gradient) in zip(solids, ways, strict=False):
        # a solid gets three planes at least; with fewer nothing is tested but the convention
        setting = Setting(
            min(spacing, 2 * solid.half[2] / 3), phase, grid, orientation=orientation, tilt_deg=tilt,
            centre_mm=(12.25, -180.5, 41.75),
        )  # fmt: skip
        out.append(Phantom(solid, LinearDose(REFERENCE_GY, gradient), setting))
    return tuple(out)


def clinical() -> tuple[Phantom, ...]:
    """Return solids of clinical size, slices of 2 to 3 mm, in linear and radial doses.

    Flat ends lie half a spacing beyond the end planes: no rule can find others.
    """
    round_ends = (
        sphere(12), sphere(15), sphere(20), sphere(25), lying_cylinder(12, 30), lying_cylinder(16, 40), torus(20, 12),
        torus(28, 14),
    )  # fmt: skip
    radial = RadialDose(60.0, 0.01)
    out = []
    ways = zip(cycle((2.0, 3.0, 2.5)), cycle((0.3, 0.5, 0.05, 0.8, 0.62)), cycle((2.0, 2.5)), cycle(_LINEAR))
    for i, (solid, (spacing, phase, grid, gradient)) in enumerate(zip(round_ends, ways, strict=False)):
        dose = radial if i in (1, 3, 7) else LinearDose(REFERENCE_GY, gradient)
        tilt = (15.0, 25.0) if i % 3 == 2 else (0.0, 0.0)
        out.append(Phantom(solid, dose, Setting(spacing, phase, grid, tilt_deg=tilt)))
    for solid, spacing, dose in (
        (cylinder(12, 30), 2.5, LinearDose(REFERENCE_GY, _LINEAR[2])),
        (box(26, 30, 36), 3.0, LinearDose(REFERENCE_GY, _LINEAR[4])),
        (cylinder(16, 28), 2.0, radial), (cone(18, 36), 2.0, LinearDose(REFERENCE_GY, _LINEAR[5])),
    ):  # fmt: skip
        out.append(Phantom(solid, dose, Setting(spacing, 0.5, 2.0)))
    return tuple(out)


def through_files() -> Phantom:
    """Return the phantom that goes through DICOM files: a ring in a decubitus position."""
    setting = Setting(1.5, 0.4, 2.0, orientation="HFDR", centre_mm=(-31.5, 12.25, -402.75))
    return Phantom(torus(16, 7), LinearDose(REFERENCE_GY, (0.3, -0.5, 0.6)), setting)
