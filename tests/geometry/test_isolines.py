"""Plane regions from level functions: areas, holes, and squares whose four corners alternate."""

import numpy as np
import pytest
import shapely

from rtcheck.geometry.isolines import level_regions
from rtcheck.geometry.occupancy import Lattice

LATTICE = Lattice(-10.0, -10.0, 0.5, 0.5, 40, 40)


def centres():
    at = -10 + 0.5 * (np.arange(40) + 0.5)
    return np.meshgrid(at, at)


def test_circles_and_rings_have_their_area():
    """A circle and a ring have the area of the closed form to a thousandth; a level below zero has none."""
    u, v = centres()
    radius = np.hypot(u, v)
    regions = level_regions(np.stack([7 - radius, 2 - np.abs(radius - 5), np.full_like(u, -1.0)]), LATTICE)
    assert shapely.area(regions[0]) == pytest.approx(np.pi * 49, rel=2e-3)
    assert shapely.area(regions[1]) == pytest.approx(np.pi * (49 - 9), rel=3e-3)
    assert shapely.get_num_interior_rings(regions[1]) == 1
    assert shapely.is_empty(regions[2])


def test_islands_in_a_hole():
    """An island within a hole of a region is part of it."""
    u, v = centres()
    radius = np.hypot(u, v)
    region = level_regions(np.maximum(2 - np.abs(radius - 6), 2 - radius)[None], LATTICE)[0]
    assert shapely.area(region) == pytest.approx(np.pi * (64 - 16 + 4), rel=4e-3)
    assert not shapely.contains_xy(region, 3, 0)
    assert shapely.contains_xy(region, 0, 0)


def saddle(diagonal, other):
    """A level on 4 × 4 cells that is positive on one diagonal of the middle square."""
    level = np.full((1, 4, 4), -1.0)
    level[0, 1, 1] = level[0, 2, 2] = diagonal
    level[0, 1, 2] = level[0, 2, 1] = other
    return level


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("diagonal", "other", "parts"), [(3.0, -1.0, 1), (1.0, -3.0, 2)])
def test_the_mean_of_four_decides_a_saddle(diagonal, other, parts, turned):
    """Two positive corners across a square are joined when the mean is positive, and apart when it is not."""
    level = saddle(diagonal, other)
    level = level[:, :, ::-1].copy() if turned else level
    lattice = Lattice(0.0, 0.0, 1.0, 1.0, 4, 4)
    region = level_regions(level, lattice)[0]
    assert shapely.get_num_geometries(region) == parts
    assert shapely.contains_xy(region, 2.0, 2.0) == (parts == 1)
    assert shapely.is_valid(region)


def test_random_levels_give_valid_regions():
    """Whatever the level, the region is valid and holds exactly the cell centres where it is positive."""
    rng = np.random.default_rng(4)
    level = rng.normal(size=(20, 12, 14))
    level[:, [0, -1], :] = level[:, :, [0, -1]] = -1.0
    lattice = Lattice(0.0, 0.0, 1.0, 1.0, 14, 12)
    v, u = np.meshgrid(np.arange(12) + 0.5, np.arange(14) + 0.5, indexing="ij")
    for layer, region in zip(level, level_regions(level, lattice), strict=True):
        assert shapely.is_valid(region)
        assert np.array_equal(shapely.contains_xy(region, u, v), layer > 0)
