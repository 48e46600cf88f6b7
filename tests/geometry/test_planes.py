import numpy as np
import pytest

from rtcheck.geometry.planes import cluster_planes, common_axes, find_gaps


def ring(normal, shift=0.0, n=12, radius=5.0):
    """A circle across a unit normal."""
    normal = np.asarray(normal, dtype=float) / np.linalg.norm(normal)
    u = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
    u /= np.linalg.norm(u)
    v = np.cross(normal, u)
    angle = np.arange(n) * 2 * np.pi / n
    return radius * (np.outer(np.cos(angle), u) + np.outer(np.sin(angle), v)) + shift * normal


@pytest.mark.parametrize("normal", [(0, 0, 1), (1, 0, 0), (0, 1, 0), (1, 2, 3), (-1, 0.2, 0.1)])
def test_axes_are_right_handed_and_stand_on_the_contours(normal):
    """Whatever the orientation and winding, w is the common normal of all contours and u, v, w are right-handed."""
    rings = [ring(normal, s)[:: (-1) ** k] for k, s in enumerate((0.0, 3.0, 6.0))]
    axes, deviation = common_axes(np.concatenate(rings), np.array([0, 12, 24, 36]))
    assert deviation < 1e-9
    assert np.allclose(axes @ axes.T, np.eye(3))
    assert np.linalg.det(axes) == pytest.approx(1)
    assert abs(axes[2] @ (np.asarray(normal) / np.linalg.norm(normal))) == pytest.approx(1)


def test_warped_contour_is_measured():
    """How far a point leaves its plane is reported."""
    points = ring((0, 0, 1))
    points[3, 2] += 0.8
    _, deviation = common_axes(points, np.array([0, 12]))
    assert 0.3 < deviation <= 0.8


def test_close_positions_are_one_plane():
    """Positions within the tolerance become one plane at the mean of the distinct ones."""
    found = cluster_planes(np.array([0.0, 0.02, 0.02, 3.0, 6.0]))
    assert np.allclose(found.planes_mm, [0.01, 3, 6])
    assert found.plane_of.tolist() == [0, 0, 0, 1, 2]
    assert found.spread_mm == pytest.approx(0.02)


def test_a_chain_of_small_steps_is_not_one_plane():
    """The tolerance counts from a plane's first contour."""
    assert len(cluster_planes(np.arange(0, 1.0, 0.04)).planes_mm) > 5


def test_gap_is_more_than_one_and_a_half_spacings():
    """A step of twice the median misses a slice, one of 1.4 does not; two planes have no gap."""
    assert find_gaps(np.array([0.0, 2.0, 4.0, 8.0, 10.0])) == (2,)
    assert find_gaps(np.array([0.0, 2.0, 4.0, 6.8, 8.8])) == ()
    assert find_gaps(np.array([0.0, 50.0])) == ()


@pytest.mark.parametrize("planes", [[0, 3, 9], [0, 6, 9], [0, 9, 12], [0, 3, 6, 12, 15], [0, 3, 9, 12, 15, 24]])
def test_a_slice_taken_from_few_is_a_gap(planes):
    """The fewer planes there are, the more a missing one weighs: the wide spacing never hides itself."""
    steps = np.diff(planes)
    assert find_gaps(np.array(planes, float)) == tuple(np.flatnonzero(steps > 4.5).tolist())
