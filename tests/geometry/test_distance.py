import numpy as np

from rtcheck.geometry.distance import FAR_MM, centres_inside, plane_distances
from rtcheck.geometry.occupancy import Lattice
from tests.analytic.phantoms import circle
from tests.geometry.contours import at, on_planes, roi_of_rings, square
from tests.geometry.shapes import stack_of


def brute_force(stack, plane, x, y):
    """Distance of each point to every edge of a plane, the least of them."""
    least = np.full(x.shape, np.inf)
    for ring in range(stack.plane_starts[plane], stack.plane_starts[plane + 1]):
        points = stack.points_mm[stack.ring_starts[ring] : stack.ring_starts[ring + 1]]
        for a, b in zip(points, np.roll(points, -1, axis=0)):
            share = np.clip(((x - a[0]) * (b - a)[0] + (y - a[1]) * (b - a)[1]) / np.sum((b - a) ** 2), 0, 1)
            least = np.minimum(least, np.hypot(x - a[0] - share * (b - a)[0], y - a[1] - share * (b - a)[1]))
    return least


def test_distances_are_those_to_the_nearest_edge():
    """On planes with holes, islands and ragged contours each distance is exact to a twentieth of a cell."""
    rng = np.random.default_rng(3)
    rings = [at(circle(9, 40) * rng.uniform(0.8, 1.2, (40, 1)), z) for z in (0.0, 3.0)]
    rings += [at(square(3, 14, 2), 0.0), *on_planes(square(4, -2, -2), (0, 3))]
    stack = stack_of(roi_of_rings(rings))
    lattice = Lattice(-13.0, -12.0, 0.7, 0.7, 46, 35)
    inside = centres_inside(stack, lattice)
    needed = rng.random(inside.shape) < 0.7
    found = plane_distances(stack, lattice, inside, needed)
    x = lattice.u0 + 0.7 * (np.arange(lattice.columns) + 0.5)
    y = lattice.v0 + 0.7 * (np.arange(lattice.rows) + 0.5)
    x, y = np.broadcast_arrays(x, y[:, None])
    assert np.array_equal(found > 0, inside)
    for plane in range(2):
        exact = brute_force(stack, plane, x, y)[needed[plane]]
        assert np.abs(np.abs(found[plane][needed[plane]]) - exact).max() < 0.05 * 0.7
    assert np.all(np.abs(found[~needed]) == FAR_MM)
