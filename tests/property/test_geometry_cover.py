import numpy as np
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rtcheck.geometry.occupancy import Lattice, cover
from rtcheck.geometry.polygons import rings_of

coordinate = st.floats(-20, 20, allow_nan=False).map(lambda x: round(x, 3))
star = st.lists(st.floats(2, 18).map(lambda x: round(x, 3)), min_size=3, max_size=24)
cell = st.floats(0.4, 5).map(lambda x: round(x, 3))


def star_polygon(radii, cx, cy):
    angle = np.arange(len(radii)) * 2 * np.pi / len(radii)
    return shapely.Polygon(
        np.stack([cx + np.array(radii) * np.cos(angle), cy + np.array(radii) * np.sin(angle)], axis=1)
    )


@settings(derandomize=True, max_examples=60, deadline=None)
@given(star, star, coordinate, coordinate, cell, cell)
def test_cover_equals_clipping_cell_by_cell(first, second, cx, cy, du, dv):
    """Area and centroid of every covered cell equal those of the region clipped to the cell by shapely."""
    region = star_polygon(first, 0, 0).symmetric_difference(star_polygon(second, cx, cy))
    assume(region.area > 1e-3)
    rings = rings_of(region)
    starts = np.concatenate([[0], np.cumsum([len(r) for r in rings])])
    lattice = Lattice(-40.1, -39.7, du, dv, int(np.ceil(80 / du)), int(np.ceil(80 / dv)))
    cells = cover(np.concatenate(rings), starts, np.zeros(len(rings), dtype=np.int64), 1, lattice)
    assert np.isclose(cells.area_mm2.sum(), region.area, rtol=1e-9)
    u, v = lattice.u0 + cells.column * du, lattice.v0 + cells.row * dv
    clipped = shapely.intersection(region, shapely.box(u, v, u + du, v + dv))
    assert np.allclose(shapely.area(clipped), cells.area_mm2, atol=1e-7 * du * dv)
    large = cells.area_mm2 > 1e-4 * du * dv
    centre = shapely.get_coordinates(shapely.centroid(clipped[large]))
    assert np.allclose(centre, np.stack([cells.u_mm, cells.v_mm], axis=1)[large], atol=1e-4 * max(du, dv))


@settings(derandomize=True, max_examples=40, deadline=None)
@given(star, st.integers(0, 23), st.floats(0.05, 0.95), cell)
def test_a_window_sees_its_part_of_the_whole(radii, column, share, size):
    """A lattice smaller than the rings finds in its cells what a lattice over everything finds there."""
    rings = rings_of(star_polygon(radii, 0, 0))
    points, starts = np.concatenate(rings), np.array([0, len(rings[0])])
    n = int(np.ceil(40 / size))
    whole = cover(points, starts, np.zeros(1, dtype=np.int64), 1, Lattice(-20, -20, size, size, n, n))
    first, wide = min(column, n - 1), max(1, int(share * n / 2))
    window = cover(
        points, starts, np.zeros(1, dtype=np.int64), 1, Lattice(-20 + first * size, -20, size, size, wide, n)
    )
    inside = (whole.column >= first) & (whole.column < first + wide)
    expected = dict(zip(zip(whole.row[inside], whole.column[inside] - first), whole.area_mm2[inside]))
    found = dict(zip(zip(window.row, window.column), window.area_mm2))
    assert all(abs(expected.get(key, 0.0) - found.get(key, 0.0)) < 1e-7 * size * size for key in {*expected, *found})


@settings(derandomize=True, max_examples=30, deadline=None)
@given(star, st.integers(1, 7), cell)
def test_splitting_edges_changes_nothing(radii, pieces, size):
    """Points added along a contour's edges leave every covered cell as it was."""
    ring = rings_of(star_polygon(radii, 0, 0))[0]
    along = np.arange(pieces) / pieces
    finer = (ring[:, None] + along[None, :, None] * (np.roll(ring, -1, axis=0) - ring)[:, None]).reshape(-1, 2)
    lattice = Lattice(-20, -20, size, size, int(np.ceil(40 / size)), int(np.ceil(40 / size)))
    both = [cover(r, np.array([0, len(r)]), np.zeros(1, dtype=np.int64), 1, lattice) for r in (ring, finer)]
    areas = [np.bincount(c.row * lattice.columns + c.column, c.area_mm2, lattice.rows * lattice.columns) for c in both]
    assert np.allclose(*areas, atol=1e-7 * size * size)
