"""A solid whose sections move aside by about their own width from plane to plane: thin walls and tubes that slant.

Contours without a counterpart on the next plane leave both structure models upright prisms, a staircase. One reading
more lets each prism lean: half way towards each neighbour its section moves aside as far as the middles of the contours
do. Its volume stays the same. A solid on a single plane is let do whatever it may, see `rtcheck.dvh.one_plane`.
"""

from __future__ import annotations

import numpy as np

from rtcheck.dvh.local import LocalDose, local_dose
from rtcheck.dvh.one_plane import one_plane
from rtcheck.dvh.sampling import Samples
from rtcheck.geometry.ends import plane_areas, plane_middles, plane_perimeters
from rtcheck.geometry.solid import ContourStack

__all__ = ["slid", "slides"]

_WIDTH = 0.5
"""Sections slide where their middle moves by this share of their width (twice the area over the perimeter) or more."""
_PAIRS = 0.2
"""Where fewer pairs of planes than this share slide, the rest of the solid outweighs them."""


def slides(stack: ContourStack) -> bool:
    """Whether sections move aside by about their width from plane to plane, or may: of one plane nothing is known."""
    if len(stack.planes_mm) == 1:
        return True
    aside = np.hypot(*np.diff(plane_middles(stack), axis=0).T)
    width = 2 * plane_areas(stack) / plane_perimeters(stack)
    sliding = np.count_nonzero(aside >= _WIDTH * np.minimum(width[:-1], width[1:]))
    return bool(sliding > _PAIRS * len(aside))


def slid(stack: ContourStack, samples: Samples, local: LocalDose) -> Samples:
    """Return samples of prisms moved to where leaning prisms have them, with the dose there.

    Args:
        stack: the contours.
        samples: of its prisms, with points.
        local: the dose.

    Returns:
        Samples of one reading; of a stack of one plane, of all those of `rtcheck.dvh.one_plane`.
    """
    if len(stack.planes_mm) == 1:
        return one_plane(stack, samples, local)
    u, v, w = samples.points_mm
    planes = stack.planes_mm
    slope = np.diff(plane_middles(stack), axis=0) / np.diff(planes)[:, None]
    # beyond the ends as between the last two planes
    below, above = np.concatenate([slope[:1], slope]), np.concatenate([slope, slope[-1:]])
    own = np.searchsorted((planes[:-1] + planes[1:]) / 2, w)
    rise = w - planes[own]
    aside = np.where((rise < 0)[:, None], below[own], above[own]) * rise[:, None]
    dose = local_dose(local, u + aside[:, 0], v + aside[:, 1], w)
    # a reading does not lie outside the dose grid where the contours do not
    dose = np.where(np.isnan(dose), samples.dose_gy, dose)
    return Samples(dose, samples.volume_cm3, samples.mask, np.zeros((3, 0)))
