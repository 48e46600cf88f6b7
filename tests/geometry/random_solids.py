"""Random stacks of star-shaped polygons, and their prisms as brute-force points, for the geometry tests."""

import numpy as np

from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.solid import Leaf
from tests.geometry.contours import at, roi_of_rings


def random_roi(seed, centre=(0.0, 0.0, 0.0), size=8.0, spacing=2.5, planes=6):
    """An ROI of wobbling polygons on even planes."""
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 14))
    rings = []
    for k in range(planes):
        radius = size * rng.uniform(0.5, 1.0, len(angle))
        ring = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1) + centre[:2]
        rings.append(at(ring, centre[2] + (k - planes / 2) * spacing))
    return roi_of_rings(rings)


def random_leaf(seed, **changes):
    stack, findings = stack_contours(random_roi(seed, **changes))
    assert stack is not None, findings
    return Leaf(stack)
