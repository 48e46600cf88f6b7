"""Samples of a solid: how many, in what order, and none of what is not there."""

import numpy as np
import pytest

from rtcheck.dvh.at_points import bend_parts, dose_parts
from rtcheck.dvh.field import DoseField, DosePart
from rtcheck.dvh.local import dose_about
from rtcheck.dvh.sampling import (
    Resolution,
    ascending,
    choose_resolution,
    field_spacing,
    sample_shape,
)
from rtcheck.geometry.solid import Combination, Leaf
from rtcheck.geometry.variants import leaves_of, variants_of
from tests.analytic.phantoms import field_of, grid_of, roi_of, sphere
from tests.geometry.shapes import stack_of

EYE = np.eye(3)
SLOPE = lambda x, y, z: 50 + 0.5 * x - 0.4 * y + 0.5 * z  # noqa: E731


def test_nothing_has_no_samples():
    """An intersection of solids side by side has no sample and no point of a surface."""
    left, right = (Leaf(stack_of(roi_of(sphere(5), 2.5, 0.3, (x, 0.0, 0.0)))) for x in (0.0, 40.0))
    solid = Combination("&", left, right)
    local = dose_about(field_of(grid_of(SLOPE, 2.5, 15)), EYE, np.zeros(3), np.ones(3))
    leaves = leaves_of(solid)
    for found in sample_shape(solid, leaves, variants_of(leaves), local, Resolution(1.0, 1.0, 0.5)):
        assert found.dose_gy.shape == (1, 0)
        assert len(found.volume_cm3) == len(found.mask) == 0


@pytest.mark.parametrize(("volume", "slab", "spacing"), [(8000.0, 2.5, 2.0), (50_000.0, 5.0, 2.5), (300.0, 1.0, 2.0)])
def test_cells_are_nearly_cubes_and_as_many_as_asked(volume, slab, spacing):
    """About so many cells fill the volume, in whole sub-layers of a slab, at least two of them."""
    found = choose_resolution(volume, slab, spacing, 4000, 0.25)
    assert volume / (found.cell_mm**2 * found.layer_mm) == pytest.approx(4000, rel=1e-6)
    assert slab / found.layer_mm == pytest.approx(round(slab / found.layer_mm), abs=1e-9)
    assert found.layer_mm <= slab / 2 + 1e-12
    assert 0.4 < found.cell_mm / found.layer_mm < 2.6
    assert found.phase == 0.25


def test_cells_are_no_finer_than_the_dose_has_detail():
    """No cell is smaller than the dose spacing over 24."""
    assert choose_resolution(1.0, 2.4, 2.4, 10**9, 0.5).cell_mm == pytest.approx(0.1)
    assert choose_resolution(1.0, 2.4, 2.4, 10**9, 0.5).layer_mm == pytest.approx(0.1)


def test_the_finest_step_of_any_grid():
    """The spacing of a field is the least along any axis of any of its grids."""
    grids = grid_of(SLOPE, (2.0, 3.0, 1.5), 8), grid_of(SLOPE, (2.0, 1.25, 2.5), 8)
    assert field_spacing(field_of(grids[0])) == 1.5
    assert field_spacing(field_of(*grids)) == 1.25
    assert field_spacing(DoseField((DosePart(grids[:1], 5), DosePart(grids[1:], 5)))) == 1.25


def test_doses_ascend_and_equal_ones_stay_as_they_came():
    """The order is that of a stable sort, unknown doses last."""
    rng = np.random.default_rng(3)
    for size in (0, 1, 50, 5000):
        dose = rng.integers(0, 40, size).astype(float)
        dose[rng.random(size) < 0.1] = np.nan
        assert np.array_equal(ascending(dose), np.argsort(dose, kind="stable"))
        assert np.array_equal(ascending(np.sort(dose)), np.arange(size))
    unlike = rng.random(100)
    assert np.array_equal(ascending(unlike), np.argsort(unlike))


def test_grids_of_a_part_add_and_parts_stay_apart():
    """Each part is the sum of its grids at every point; the bend of a parabola likewise, h² a t (1 - t)."""
    bowl = lambda x, y, z: 20 + 0.1 * x * x + 0 * y + 0 * z  # noqa: E731
    one, two = grid_of(SLOPE, 2.5, 20, scaling=1e-6), grid_of(bowl, 2.0, 20, scaling=1e-6)
    field = DoseField((DosePart((one, two), 5), DosePart((two,), 3)))
    x = np.array([0.5, 3.0, -7.5])
    y, z = np.array([1.0, -2.0, 4.0]), np.array([0.0, 5.0, -3.0])
    t = x / 2 - np.floor(x / 2)
    # the grid's centres lie at even x; between them the straight line is a h² t (1 - t) above the parabola
    above = 0.1 * 4 * t * (1 - t)
    assert dose_parts(field, EYE, x, y, z) == pytest.approx(
        np.stack([SLOPE(x, y, z) + bowl(x, y, z) + above, bowl(x, y, z) + above]), abs=1e-5
    )
    assert bend_parts(field, EYE, x, y, z) == pytest.approx(np.stack([-above, -above]), abs=1e-5)
