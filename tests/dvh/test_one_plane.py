"""A structure drawn on one plane: solids of which it may be a section."""

import numpy as np
import pytest

from rtcheck.dvh import one_plane
from rtcheck.dvh.conventions import structure_dose
from rtcheck.dvh.engine import sample_solid
from rtcheck.dvh.one_plane import LABELS
from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.solid import Leaf
from rtcheck.geometry.variants import DOWN, LONG, UP, leaves_of, variants_of
from tests.analytic.phantoms import DOSES, METRICS, cone, field_of, grid_of, interval, lying_cylinder, roi_of, truth
from tests.geometry.contours import at, roi_of_rings

SIDE, THICK = 6.0, 3.0


def one_square(half=20.0, dose="oblique", centre=(0.0, 0.0)):
    square = SIDE / 2 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) + centre
    stack, _ = stack_contours(roi_of_rings([at(square, 0)]), THICK)
    field = field_of(grid_of(DOSES[dose], 1.0, half))
    return structure_dose(sample_solid("A", Leaf(stack), field, "shape"), None)


def test_the_readings_that_are_moved_are_those_that_they_are_named_after():
    """Bits of the mask follow the order of the readings."""
    square = SIDE / 2 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    stack, _ = stack_contours(roi_of_rings([at(square, 0)]), THICK)
    labels = [variant.label for variant in variants_of(leaves_of(Leaf(stack)))]
    for bit, label in ((one_plane._LONG, LONG), (one_plane._DOWN, DOWN), (one_plane._UP, UP)):
        assert 1 << labels.index(label) == bit


@pytest.mark.parametrize("centre", [(0.0, 0.0), (4.0, -3.0)])
def test_cones_and_leaning_prisms(centre):
    """Cones have 4.5 times the volume and their base on the far side; what leans has its middle half a step aside."""
    found = one_square(centre=centre)
    readings = dict(found.alternatives)
    middle = 50 + 0.5 * centre[0] - 0.4 * centre[1]
    for label, way in zip(LABELS[:2], (-1, 1), strict=True):
        assert readings[label].total_cm3 == pytest.approx(4.5 * SIDE**2 * THICK / 1000, rel=0.01)
        # the middle of a cone of height 4.5 mm is a quarter of it above its base
        assert mean(readings[label]) == pytest.approx(middle + way * 0.5 * (THICK - 4.5 / 4), abs=0.02)
    aside = (np.array([-0.5, 0.5, 0.4, -0.4] * 2) + np.repeat([-0.5, 0.5], 4)) * THICK / 2
    for label, shift in zip(LABELS[2:], aside, strict=True):
        assert readings[label].total_cm3 == pytest.approx(SIDE**2 * THICK / 1000, rel=2e-3)
        assert mean(readings[label]) == pytest.approx(middle + shift, abs=0.02)


def mean(dvh):
    return float(np.sum(dvh.dose_gy * dvh.volume_cm3) / np.sum(dvh.volume_cm3))


def test_beyond_the_dose_grid_the_dose_is_that_of_the_contour():
    """Where a reading leaves the dose grid it keeps the dose of what it was moved from, and nothing is outside."""
    readings = dict(one_square(half=1.5).alternatives)  # 4 mm to each side
    assert [readings[label].outside_cm3 for label in LABELS] == [0.0] * len(LABELS)


@pytest.mark.parametrize("model", ["shape", "prism"])
@pytest.mark.parametrize(
    ("solid", "spacing", "phase"), [(cone(6, 5), 3.0, 0.9), (cone(8, 4.6), 3.0, 0.84), (lying_cylinder(2, 8), 3.0, 0.9)]
)
@pytest.mark.parametrize("dose", ["along x", "along z", "oblique"])
def test_the_truth_lies_in_the_interval(solid, spacing, phase, model, dose):
    """Cones and cylinders that one plane meets off their middle: no metric lies outside."""
    stack, _ = stack_contours(roi_of(solid, spacing, phase), spacing)
    assert len(stack.planes_mm) == 1
    found = structure_dose(sample_solid("A", Leaf(stack), field_of(grid_of(DOSES[dose], 1.0, 20)), model), None)
    for name, right in truth(solid, DOSES[dose], 100_000).items():
        _, low, high = interval(found, name)
        assert low <= right <= high, name
    assert set(METRICS) >= {"Volume", "Mean"}
