"""Thin walls that slant: sections that move aside by their own width from plane to plane."""

import numpy as np
import pytest

from rtcheck.dvh.conventions import structure_dose
from rtcheck.dvh.engine import sample_solid
from rtcheck.dvh.sliding import slides
from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.solid import Leaf
from tests.analytic.phantoms import DOSES, field_of, grid_of, interval, rectangle, sphere
from tests.geometry.contours import at, roi_of_rings
from tests.geometry.shapes import stack_of

LABEL = "prisms that lean"


def wall(lean, thick=3.0, spacing=3.0, count=9):
    heights = (np.arange(count) - (count - 1) / 2) * spacing
    rings = [at(rectangle(thick / 2, 12.0) + np.array([lean * z, 0.0]), z) for z in heights]
    return stack_contours(roi_of_rings(rings))[0]


@pytest.mark.parametrize("model", ["shape", "prism"])
@pytest.mark.parametrize("lean", [1.4, 2.0])
def test_a_slanted_wall_is_within_the_interval(lean, model):
    """Along the slant the wall is longer than its staircase shows: D98 and D2 of the wall are in the interval."""
    field = field_of(grid_of(DOSES["along x"], 2.0, 40, (0.3, 0.1, -0.4)))
    found = structure_dose(sample_solid("A", Leaf(wall(lean)), field, model), None)
    assert LABEL in dict(found.alternatives)
    # x is the sum of two even spreads: over the thickness, and along the slant, which is the longer one
    across, along = 3.0, 27.0 * lean
    ends = along / 2 + across / 2 - np.sqrt(2 * 0.02 * across * along)
    if ends < (along - across) / 2:
        ends = along / 2 - 0.02 * along
    for name, exact in (("D98", 50 - 0.8 * ends), ("D2", 50 + 0.8 * ends)):
        _, low, high = interval(found, name)
        assert low - 0.025 <= exact <= high + 0.025


def test_only_sections_that_slide_are_let_lean():
    """A steep wall, and a ball, have no reading more; one that moves by half its width has."""
    assert not slides(wall(0.4))
    assert slides(wall(0.5))
    assert not slides(stack_of(roi_of_rings([at(ring, z) for z in (-4, 0, 4) for ring in sphere(8).rings(z)])))


def test_one_plane_may_slide():
    """Of a single contour nothing is known."""
    assert slides(stack_of(roi_of_rings([at(rectangle(2.0, 3.0), 0)])))


def test_a_reading_that_leaves_the_dose_grid_keeps_the_dose_of_the_contours():
    """Where the dose grid ends at the contours the prisms that lean have no unknown dose either."""
    field = field_of(grid_of(DOSES["along x"], 1.0, 19, (0.0, 0.0, 0.0)))
    found = structure_dose(sample_solid("A", Leaf(wall(1.4, count=9)), field, "shape"), None)
    assert found.value.outside_cm3 == 0
    assert dict(found.alternatives)[LABEL].outside_cm3 == 0
