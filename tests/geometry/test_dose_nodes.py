from dataclasses import replace

import numpy as np
import pytest

from rtcheck.geometry.dose_nodes import nodes_about, read_bend, read_dose
from rtcheck.geometry.interpolate import bend_at, dose_at
from tests.analytic.phantoms import ORIENTATIONS, grid_of

EYE = np.eye(3)
WAVES = lambda x, y, z: 50 + 20 * np.cos(x / 9 + y / 7) * np.sin(z / 6)  # noqa: E731


def points(half, n=2000, seed=1):
    return np.random.default_rng(seed).uniform(-half, half, (n, 3)).T


@pytest.mark.parametrize("orientation", sorted(ORIENTATIONS))
def test_nodes_cut_out_give_the_dose_of_the_grid(orientation):
    """In every orientation of the grid dose and bend read from the nodes about a box are those of the whole grid."""
    grid = grid_of(WAVES, (2.0, 3.0, 2.5), 40, orientation=orientation)
    p = points(15)
    nodes = nodes_about(grid, EYE, p.min(axis=1), p.max(axis=1))
    assert nodes.dose_gy.size < grid.stored.size / 4
    assert np.allclose(read_dose(nodes, *p), dose_at(grid, EYE, *p), rtol=0, atol=1e-12)
    assert np.allclose(read_bend(nodes, *p), bend_at(grid, EYE, *p), rtol=0, atol=1e-12)


def test_uneven_planes_and_oblique_axes():
    """Uneven planes and axes turned against the grid change nothing."""
    grid = grid_of(WAVES, 2.0, 30)
    offsets = np.cumsum([0.0, *np.resize([1.0, 2.0, 4.0], len(grid.geometry.offsets_mm) - 1)])
    uneven = replace(grid, geometry=replace(grid.geometry, offsets_mm=tuple(offsets.tolist())))
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    p = points(10)
    for each, axes in ((uneven, EYE), (grid, turn), (uneven, turn)):
        nodes = nodes_about(each, axes, p.min(axis=1), p.max(axis=1))
        assert np.allclose(read_dose(nodes, *p), dose_at(each, axes, *p), rtol=0, atol=1e-12)
        assert np.allclose(read_bend(nodes, *p), bend_at(each, axes, *p), rtol=0, atol=1e-12)


def test_points_beyond_the_box_are_read_and_those_beyond_the_grid_unknown():
    """Points outside the box that was cut out still get the dose of the grid, points outside the grid NaN."""
    grid = grid_of(WAVES, 2.0, 20)
    nodes = nodes_about(grid, EYE, np.full(3, -4.0), np.full(3, 4.0))
    p = points(30)
    found, expected = read_dose(nodes, *p), dose_at(grid, EYE, *p)
    assert 0 < np.isnan(found).sum() < len(found)
    assert np.array_equal(found, expected, equal_nan=True)
    assert np.array_equal(read_bend(nodes, *p), bend_at(grid, EYE, *p))
    away = nodes_about(grid, EYE, np.full(3, 500.0), np.full(3, 510.0))
    assert np.isnan(read_dose(away, *(points(5) + 505))).all()


def test_the_grids_own_faces():
    """On the outermost voxel centres the dose is known, and no points at all are no error."""
    grid = grid_of(WAVES, 2.0, 10)
    edge = -grid.geometry.origin_mm[0]
    x = np.array([edge, -edge, edge + 5e-7])
    nodes = nodes_about(grid, EYE, np.full(3, -edge), np.full(3, edge))
    assert np.allclose(read_dose(nodes, x, x, x), dose_at(grid, EYE, x, x, x), rtol=0, atol=1e-12)
    assert np.array_equal(read_bend(nodes, x, x, x), bend_at(grid, EYE, x, x, x))
    none = np.zeros(0)
    assert len(read_dose(nodes, none, none, none)) == 0
    assert len(read_bend(nodes, none, none, none)) == 0


@pytest.mark.parametrize("planes", [1, 2])
def test_grids_of_one_or_two_planes(planes):
    """A dose on one plane is known on that plane, on two planes between them, as the whole grid says."""
    grid = grid_of(WAVES, 2.0, 10)
    offsets = grid.geometry.offsets_mm[:planes]
    flat = replace(grid, stored=grid.stored[:planes], geometry=replace(grid.geometry, offsets_mm=offsets))
    x, y, _ = points(8, 200)
    z = np.resize(np.array(grid.geometry.origin_mm[2] + np.asarray([*offsets, np.mean(offsets)])), len(x))
    nodes = nodes_about(flat, EYE, np.full(3, -8.0), np.full(3, 8.0))
    found = read_dose(nodes, x, y, z)
    assert not np.isnan(found).any()
    assert np.allclose(found, dose_at(flat, EYE, x, y, z), rtol=0, atol=1e-12)
    assert np.allclose(read_bend(nodes, x, y, z), bend_at(flat, EYE, x, y, z), rtol=0, atol=1e-12)
    assert np.isnan(read_dose(nodes, x, y, z + 40)).all()


def test_a_hair_before_the_first_voxel_is_on_it():
    """Up to 1e-6 mm outside the grid the dose is that of its face; beyond it is unknown, with uneven planes too."""
    grid = grid_of(WAVES, 2.0, 10)
    offsets = np.cumsum([0.0, *np.resize([1.0, 2.0, 4.0], len(grid.geometry.offsets_mm) - 1)])
    uneven = replace(grid, geometry=replace(grid.geometry, offsets_mm=tuple(offsets.tolist())))
    first = np.array(grid.geometry.origin_mm)
    for each in (grid, uneven):
        shape = each.geometry
        last = first + np.array([2.0 * (shape.columns - 1), 2.0 * (shape.rows - 1), shape.offsets_mm[-1]])
        nodes = nodes_about(each, EYE, first, last)
        for corner, out, stored in ((first, -1, each.stored[0, 0, 0]), (last, 1, each.stored[-1, -1, -1])):
            near, far = (read_dose(nodes, *(corner + out * hair)[:, None])[0] for hair in (5e-7, 5e-6))
            assert near == pytest.approx(stored * each.scaling_gy, abs=1e-9)
            assert np.isnan(far)
            # along the uneven axis alone
            beyond = corner + np.array([0, 0, out * 5e-6])
            assert np.isnan(read_dose(nodes, *beyond[:, None])[0])


def test_next_to_the_ends_of_the_grid_the_bend_is_that_of_the_whole():
    """In the first and last cell along each axis the bend read from the nodes is that of the grid."""
    grid = grid_of(WAVES, 2.0, 10)
    edge = -grid.geometry.origin_mm[0]
    nodes = nodes_about(grid, EYE, np.full(3, -edge), np.full(3, edge))
    inner = points(8, 50)
    for axis in range(3):
        for face in (-edge + 0.7, edge - 0.7):
            p = inner.copy()
            p[axis] = face
            expected = bend_at(grid, EYE, *p)
            assert np.abs(expected).max() > 0.01
            assert np.allclose(read_bend(nodes, *p), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize(("top", "curve", "middle", "last"), [(45, 0.5, -6, 2), (18, 1, 0, 4)])
def test_a_dose_cut_off_at_zero_is_bent_as_further_in(way, uneven, top, curve, middle, last):
    """In the last cells before a parabola is cut off at zero the bend is that of the parabola, on either side.

    Zero lies 3.5 mm aside: the grid holds 13 Gy at 2 mm, none at 4, and would have -5 there. Or 4.2 mm: it holds 2 Gy
    at 4 mm, none at 6, and would have -18, so that the last of what it holds seems bent the other way.
    """
    dose = lambda x, y, z: np.maximum(top - curve * (way * x - middle) ** 2 + 0 * y + 0 * z, 0)  # noqa: E731
    grid = grid_of(dose, 2.0, 12, scaling=1e-7)
    if uneven:
        offsets = np.asarray(grid.geometry.offsets_mm) + np.linspace(0, 1, len(grid.geometry.offsets_mm)) ** 2
        grid = replace(grid, geometry=replace(grid.geometry, offsets_mm=tuple(offsets.tolist())))
    x = np.linspace(-10, 10, 81)
    p = x, np.full(81, 0.3), np.full(81, 0.4)
    nodes = nodes_about(grid, EYE, np.array([-11.0, -1, -1]), np.array([11.0, 1, 1]))
    bend = read_bend(nodes, *p)
    assert np.allclose(bend, bend_at(grid, EYE, *p), rtol=0, atol=1e-9)
    cell = (way * x > last - 2) & (way * x < last)
    share = np.abs(x[cell]) / 2 % 1
    assert np.allclose(bend[cell], curve * 4 * share * (1 - share), rtol=0, atol=1e-5)
    assert np.all(bend[way * x >= 6] <= 1e-6)
