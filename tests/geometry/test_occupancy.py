"""How much of each cell of a lattice polygons cover."""

import numpy as np
import pytest

from rtcheck.geometry.occupancy import Lattice, cover, split_edges

TRIANGLE = np.array([[0.3, 0.2], [5.1, 0.9], [2.2, 4.7]])


def test_edges_are_cut_at_every_line_between_their_ends():
    """An edge from 0 to 10 is cut at the lines strictly inside it, where it crosses them; its label goes along."""
    a0, a1, b0, b1, owner = split_edges(
        np.array([0.0, 4.0]), np.array([10.0, 4.0]), np.array([0.0, 1.0]), np.array([20.0, 3.0]), np.array([7, 9]),
        np.array([-1.0, 0.0, 4.0, 9.0, 10.0, 12.0]),
    )  # fmt: skip
    assert a0.tolist() == [0, 4, 9, 4]
    assert a1.tolist() == [4, 9, 10, 4]
    assert b0.tolist() == [0, 8, 18, 1]
    assert b1.tolist() == [8, 18, 20, 3]
    assert owner.tolist() == [7, 7, 7, 9]


def test_backwards_is_the_same_the_other_way_round():
    """An edge from 10 to 0 is cut at the same places, from its own start on."""
    lines = np.array([4.0, 9.0])
    back = split_edges(np.array([10.0]), np.array([0.0]), np.array([20.0]), np.array([0.0]), np.array([1]), lines)
    assert [part.tolist() for part in back[:4]] == [[10, 9, 4], [9, 4, 0], [20, 18, 8], [18, 8, 0]]


def test_without_lines_nothing_is_cut():
    """No lines leave every edge as it is."""
    edges = [np.array([0.5, 9.5]), np.array([3.5, 1.5]), np.array([0.0, 1.0]), np.array([2.0, 3.0]), np.array([4, 5])]
    for before, after in zip(edges, split_edges(*edges, np.zeros(0)), strict=True):
        assert np.array_equal(before, after)


def test_whole_numbers_are_the_lines_of_a_lattice():
    """Without given lines edges are cut at the whole numbers strictly inside them."""
    a0, a1, *_ = split_edges(np.array([1.0]), np.array([3.5]), np.array([0.0]), np.array([0.0]), np.array([0]))
    assert (a0.tolist(), a1.tolist()) == ([1, 2, 3], [2, 3, 3.5])


@pytest.mark.parametrize("shift", [0.0, -0.4, 2.5])
def test_area_and_centroid_are_those_of_the_polygon(shift):
    """Cells of any size add up to the polygon: its area and its centroid; what lies outside the lattice is left out."""
    lattice = Lattice(-1.0 + shift, -1.0, 0.7, 0.9, 20, 20)
    cells = cover(TRIANGLE, np.array([0, 3]), np.array([0]), 1, lattice)
    if shift <= 0:
        assert cells.area_mm2.sum() == pytest.approx(0.5 * (4.8 * 4.5 - 0.7 * 1.9), rel=1e-12)
        centroid = [np.sum(cells.area_mm2 * each) / cells.area_mm2.sum() for each in (cells.u_mm, cells.v_mm)]
        assert centroid == pytest.approx(TRIANGLE.mean(axis=0), rel=1e-12)
    else:
        import shapely

        part = shapely.intersection(shapely.polygons(TRIANGLE), shapely.box(1.5, -1, 20, 20))
        assert cells.area_mm2.sum() == pytest.approx(part.area, rel=1e-12)
        assert np.sum(cells.area_mm2 * cells.u_mm) / part.area == pytest.approx(part.centroid.x, rel=1e-12)
