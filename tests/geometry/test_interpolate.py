import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from rtcheck.geometry.interpolate import bend_at, dose_at
from rtcheck.model.grid import DoseGrid, GridGeometry
from tests.analytic.phantoms import ORIENTATIONS, grid_of

EYE = np.eye(3)


@pytest.mark.parametrize("orientation", sorted(ORIENTATIONS))
def test_linear_dose_is_exact_in_every_orientation(orientation):
    """In all eight patient orientations of the grid a linear dose comes back exactly, spacings unlike in x, y, z."""
    grid = grid_of(
        lambda x, y, z: 50 + 0.5 * x - 0.3 * y + 0.7 * z, (2.0, 3.0, 2.5), 20, orientation=orientation, scaling=1e-6
    )
    p = np.random.default_rng(1).uniform(-18, 18, (200, 3))
    found = dose_at(grid, EYE, *p.T)
    assert np.allclose(found, 50 + p @ (0.5, -0.3, 0.7), atol=2e-6)


def test_uneven_planes_and_oblique_grid_agree_with_scipy():
    """Uneven plane offsets and an oblique orientation give what scipy interpolates in the grid's own frame."""
    rng = np.random.default_rng(2)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    offsets = (0.0, 1.0, 3.5, 4.0, 9.0)
    stored = rng.integers(0, 60000, (5, 6, 7)).astype(np.uint16)
    stored.setflags(write=False)
    geometry = GridGeometry((3.0, -2.0, 1.0), tuple(turn[0]), tuple(turn[1]), (2.0, 1.5), offsets, 6, 7, "1.2")
    grid = DoseGrid(geometry, stored, 0.001, "PHYSICAL", "PLAN", "1", ())
    local = rng.uniform(0, 1, (300, 3)) * (6 * 1.5, 5 * 2.0, 9.0)
    points = np.array(geometry.origin_mm) + local @ np.stack([turn[0], turn[1], geometry.normal])
    reference = RegularGridInterpolator((offsets, np.arange(6) * 2.0, np.arange(7) * 1.5), stored * 0.001)
    assert np.allclose(dose_at(grid, EYE, *points.T), reference(local[:, ::-1]), atol=1e-9)


@pytest.mark.parametrize("jitter", [0.0, 1e-9, 0.2, 0.6])
def test_planes_that_are_nearly_even_are_as_exact_as_others(jitter):
    """Planes off their even places by next to nothing, a little or much: the dose is what scipy interpolates."""
    rng = np.random.default_rng(6)
    offsets = 2.5 * np.arange(12.0)
    offsets[1:-1] += rng.uniform(-jitter, jitter, 10)
    grid = flat_grid(tuple(offsets.tolist()))
    x, y = rng.uniform(0, 6, (2, 600))
    # anywhere, on the planes, and next to them
    z = np.concatenate([rng.uniform(0, offsets[-1], 564), offsets, offsets[:-1] + 1e-7, offsets[1:] - 1e-7, [0.0, 1.0]])
    reference = RegularGridInterpolator((offsets, np.arange(4) * 2.0, np.arange(5) * 1.5), grid.stored * 0.001)
    assert np.allclose(dose_at(grid, EYE, x.copy(), y.copy(), z.copy()), reference((z, y, x)), rtol=0, atol=1e-9)


def test_outside_the_voxel_centres_is_unknown():
    """Beyond the outermost voxel centres the dose is NaN, on them (to 1e-6 mm) it is known."""
    grid = grid_of(lambda x, y, z: 10 + 0 * x + 0 * y + 0 * z, 2.0, 4)
    edge = -grid.geometry.origin_mm[0]
    x = np.array([edge, edge + 5e-7, edge + 1e-3, -edge, -edge - 1e-3])
    assert np.array_equal(np.isnan(dose_at(grid, EYE, x, 0 * x, 0 * x)), [False, False, True, False, True])


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("offsets", [(0.0, 3.0, 6.0), (0.0, 1.0, 6.0), (0.0, 3.0)])
def test_a_hair_outside_the_dose_is_that_of_the_face(axis, offsets):
    """Up to a millionth of a mm outside the box of voxel centres the dose is that on its face, then it is unknown."""
    grid = flat_grid(offsets)
    end = (6.0, 6.0, offsets[-1])[axis]
    points = np.random.default_rng(7).uniform(0, 3, (20, 3))
    for face, off in ((0.0, -5e-7), (end, 5e-7)):
        points[:, axis] = face
        beyond = points.copy()
        beyond[:, axis] += off
        assert np.array_equal(dose_at(grid, EYE, *beyond.T.copy()), dose_at(grid, EYE, *points.T.copy()))
        beyond[:, axis] = face + 4 * off
        assert np.isnan(dose_at(grid, EYE, *beyond.T.copy())).all()


def test_stored_values_come_back_exactly_at_voxel_centres():
    """At a voxel centre the dose is the stored integer times the scaling, in float64."""
    grid = grid_of(lambda x, y, z: 50 + x + 0 * y + z, 2.5, 10, scaling=1e-7)
    k, j, i = 2, 5, 3
    p = np.array(grid.geometry.origin_mm) + 2.5 * np.array([i, j, k])
    assert dose_at(grid, EYE, *p[:, None])[0] == pytest.approx(float(grid.stored[k, j, i]) * 1e-7, rel=1e-15)


def test_bend_makes_up_for_a_parabola():
    """For a dose quadratic in x, y, z the trilinear value plus the bend is exact inside the grid."""
    dose = lambda x, y, z: 60 - 0.02 * (x * x + y * y) - 0.05 * z * z  # noqa: E731
    grid = grid_of(dose, 2.5, 20, scaling=1e-7)
    p = np.random.default_rng(3).uniform(-15, 15, (100, 3)).T
    assert np.allclose(dose_at(grid, EYE, *p) + bend_at(grid, EYE, *p), dose(*p), atol=1e-5)


def flat_grid(offsets):
    """A grid of 4 x 5 voxels on these planes, of random integers."""
    stored = np.random.default_rng(4).integers(0, 60000, (len(offsets), 4, 5)).astype(np.uint16)
    stored.setflags(write=False)
    geometry = GridGeometry((0.0, 0.0, 0.0), (1, 0, 0), (0, 1, 0), (2.0, 1.5), offsets, 4, 5, "1.2")
    return DoseGrid(geometry, stored, 0.001, "PHYSICAL", "PLAN", "1", ())


def test_a_single_plane_is_known_on_that_plane_alone():
    """Dose of one plane is bilinear on it and unknown a hair above or below."""
    grid = flat_grid((0.0,))
    x, y = np.random.default_rng(5).uniform(0, 6, (2, 50))
    reference = RegularGridInterpolator((np.arange(4) * 2.0, np.arange(5) * 1.5), grid.stored[0] * 0.001)
    assert np.allclose(dose_at(grid, EYE, x.copy(), y.copy(), 0 * x), reference((y, x)), rtol=0, atol=1e-9)
    for z in (-1e-3, 1e-3):
        assert np.isnan(dose_at(grid, EYE, x.copy(), y.copy(), 0 * x + z)).all()


def test_two_planes_bend_within_themselves_only():
    """Two planes show no curvature between them: the bend is that within the planes, weighed by the nearer one."""
    x, y = np.meshgrid(np.arange(5) * 1.5, np.arange(4) * 2.0)
    stored = np.rint(1000 * np.stack([20 + 0.5 * x * x + y, 30 + 0.5 * x * x - y])).astype(np.uint32)
    stored.setflags(write=False)
    grid = DoseGrid(flat_grid((0.0, 3.0)).geometry, stored, 0.001, "PHYSICAL", "PLAN", "1", ())
    at = np.array([[2.0, 3.0, 1.0], [2.9, 1.7, 2.0]]).T
    t = at[0] / 1.5 - np.floor(at[0] / 1.5)
    # a parabola a x² is below its chord by a t (1 - t) h²
    expected = -0.5 * t * (1 - t) * 1.5**2
    assert np.allclose(bend_at(grid, EYE, *at.copy()), expected, atol=1e-3)
