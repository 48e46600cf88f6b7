"""What a structure drawn on one plane may be: the third dimension of a single contour is unknown.

Its neighbours are not drawn, so it ends within one slab thickness t on either side, and that is all. Readings of its
ends reach from nothing to 2 t, twice the volume that is assumed. A solid that widens away from the plane can be larger:
a cone whose apex lies a above its section A and whose base lies t below has the volume ``A (a + t)³ / (3 a²)``, which
has no bound as a goes to 0, when the plane just grazes the tip. Here a is taken as half of t: a base three times as
wide as the section, 4.5 times the volume that is assumed. Of 2291 spheres, ellipsoids, cones, cylinders, boxes and
tori, upright and turned, that met one plane by chance 3.6 % had more, and 9.8 % more than twice; no bound holds all of
them, and 0 is the only one from below. Besides, a solid may lie aslant: what goes on to one side of the plane only,
and as much aside as it rises, has its dose elsewhere by half of t.
"""

from __future__ import annotations

import numpy as np

from rtcheck.dvh.local import LocalDose, local_dose
from rtcheck.dvh.sampling import Samples
from rtcheck.geometry.ends import plane_middles
from rtcheck.geometry.solid import ContourStack
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["LABELS", "one_plane"]

_APEX = 0.5
"""How far the apex of the cone is from the plane, as a share of the thickness."""
_LEAN = 1.0
"""How far aside a leaning solid goes, in mm per mm of its height."""
_LONG, _DOWN, _UP = 4, 8, 16
"""Bits of the readings that reach as far as they can to both sides, down alone, and up alone (`variants_of`)."""
LABELS = (
    "a cone upwards",
    "a cone downwards",
    *(f"{way}wards and aside ({side})" for way in ("down", "up") for side in ("-u", "+u", "-v", "+v")),
)


def one_plane(stack: ContourStack, samples: Samples, local: LocalDose) -> Samples:
    """Return samples of the solids that a single contour may be a section of, with the dose there.

    Args:
        stack: of one plane.
        samples: of its prisms in all readings, with points.
        local: the dose.

    Returns:
        Samples whose bit i of the mask is reading i of `LABELS`. Where they leave the dose grid they keep the dose of
        the sample that they were moved from.
    """
    middle = plane_middles(stack)[0][:, None]
    assert stack.thickness_mm is not None  # stated or assumed: without one a single plane has no volume
    apex = _APEX * stack.thickness_mm
    found: list[tuple[FloatArray, FloatArray]] = []
    places: list[IntArray] = []

    def add(which: int, scale: FloatArray, aside: tuple[float, float]) -> None:
        at = np.flatnonzero((samples.mask & which != 0) & (scale > 0))
        points = samples.points_mm[:, at]
        rise = np.abs(points[2] - stack.planes_mm[0])
        moved = middle + (points[:2] - middle) * scale[at] + np.array(aside)[:, None] * rise
        dose = local_dose(local, moved[0], moved[1], points[2])
        found.append((np.where(np.isnan(dose), samples.dose_gy[:, at], dose), samples.volume_cm3[at] * scale[at] ** 2))
        places.append(np.full(len(at), 1 << len(places), dtype=np.int64))

    above = samples.points_mm[2] - stack.planes_mm[0]
    for way in (1, -1):
        add(_LONG, 1 - way * above / apex, (0.0, 0.0))
    upright = np.ones(len(above))
    for which in (_DOWN, _UP):
        for aside in ((-_LEAN, 0.0), (_LEAN, 0.0), (0.0, -_LEAN), (0.0, _LEAN)):
            add(which, upright, aside)
    dose, volume = (np.concatenate(each, axis=-1) for each in zip(*found, strict=True))
    return Samples(dose, volume, np.concatenate(places), np.zeros((3, 0)))
