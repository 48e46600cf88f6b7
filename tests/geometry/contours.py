"""Small ROIs for the geometry tests."""

import numpy as np

from rtcheck.model.structure import ROI, ContourSet


def roi_of_rings(rings, kind="CLOSED_PLANAR", name="A", kinds=None):
    """An ROI of contours given as (n, 3) arrays."""
    points = np.concatenate([np.asarray(r, dtype=float) for r in rings]) if rings else np.zeros((0, 3))
    starts = np.concatenate([[0], np.cumsum([len(r) for r in rings])]).astype(np.int64)
    return ROI(1, name, "ORGAN", "1.2.3", ContourSet(points, starts, tuple(kinds or [kind] * len(rings))))


def at(ring, z):
    """A ring (n, 2) at height z."""
    ring = np.asarray(ring, dtype=float)
    return np.column_stack([ring, np.full(len(ring), float(z))])


def square(side, x=0.0, y=0.0):
    return np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]], dtype=float)


def on_planes(ring, planes=(0, 3, 6, 9)):
    return [at(ring, z) for z in planes]
