"""A believable dose: a cloud for each lesion, with a hot centre, a steep edge and a tail shaped by arcs; their sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tests.synthetic.solids import Field, Plane, Solid
from tests.synthetic.torso import LesionShape

__all__ = ["Cloud", "dose_on_plane"]


@dataclass(frozen=True)
class Cloud:
    """The dose given to one lesion.

    Attributes:
        dose_gy: prescription, reached a little outside the PTV.
        hot: how far the centre rises above it, as a fraction.
        tail: height of the slow part of the fall-off, as a fraction of the prescription.
        beam: direction in degrees (0 left, 90 back) where the tail is highest.
        spare: organs that the plan keeps low, with the fraction of tail dose taken away at their surface.
        yield_to: an organ for which even the target gives way, and the fraction of dose given up at its surface.
        reach: how far outside the PTV, in mm, the prescription dose is reached.
    """

    lesion: LesionShape
    dose_gy: float
    hot: float = 0.2
    tail: float = 0.45
    beam: float = 180.0
    spare: Sequence[tuple[str, float]] = ()
    yield_to: tuple[str, float] | None = None
    reach: float = 1.0


def _softplus(value: Field, width: float) -> Field:
    return width * np.logaddexp(0.0, value / width)


def _cloud(cloud: Cloud, ptv: Solid, organs: Mapping[str, Solid], plane: Plane) -> Field:
    lesion = cloud.lesion
    u = ptv(plane) - cloud.reach
    outside, inside = _softplus(u, 0.8), _softplus(-u, 0.8)
    dx, dy, dz = plane.x - lesion.centre[0], plane.y - lesion.centre[1], plane.z - lesion.centre[2]
    angle = np.arctan2(dy, dx) - np.radians(cloud.beam)
    away = 1 - np.exp(-(dx**2 + dy**2) / 15.0**2)
    lobes = 1 + away * (0.30 * np.cos(angle) + 0.16 * np.cos(3 * angle + 0.8))
    size = max(lesion.radii) + lesion.margin
    # arcs turn round the patient's axis: beyond the field's edge there is only scatter and leakage
    field = 0.10 + 0.90 / (1 + np.exp((abs(dz) - size - 8) / 4.0))
    slow = cloud.tail * lobes * field
    fraction = (1 - slow) * np.exp(-outside / 5.5) + slow * (size / (size + 0.75 * outside)) ** 2
    fraction = fraction + cloud.hot * (1 - np.exp(-inside / 7.0))
    for name, strength in cloud.spare:
        near = np.exp(-np.maximum(organs[name](plane), 0) / 9.0)
        fraction = fraction * (1 - strength * near / (1 + np.exp(-(u - 4) / 1.2)))
    if cloud.yield_to is not None:
        name, strength = cloud.yield_to
        fraction = fraction * (1 - strength * np.exp(-np.maximum(organs[name](plane), 0) / 9.0))
    return cloud.dose_gy * fraction


def dose_on_plane(
    clouds: Sequence[Cloud], targets: Mapping[str, tuple[Solid, Solid]], organs: Mapping[str, Solid], plane: Plane,
) -> Field:
    """Dose in Gy (ny, nx): the clouds as a planner would fit them together, with build-up at the skin, zero in air."""
    together = sum(_cloud(cloud, targets[cloud.lesion.id][1], organs, plane) ** 2 for cloud in clouds) ** 0.5
    return together / (1 + np.exp((organs["BODY"](plane) + 4.0) / 1.5))
