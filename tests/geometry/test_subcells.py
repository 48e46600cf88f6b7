"""Cells cut in four against covering the halved lattice as a whole."""

import numpy as np

from rtcheck.geometry.occupancy import Lattice, cover
from rtcheck.geometry.subcells import halved, subcells

ANGLE = np.arange(200) * (2 * np.pi / 200)


def flower(radius, centre, sense=1):
    """A ring with five petals."""
    r = radius * (1 + 0.2 * np.cos(5 * ANGLE))
    return (np.stack([r * np.cos(ANGLE), r * np.sin(ANGLE)], axis=1) + centre)[::sense]


def test_chosen_cells_are_cut_as_the_whole_lattice_would_be():
    """Area and centroid of every part of every chosen cell are those of a lattice of half the size; holes, islands."""
    rings = [flower(10, (0, 0)), flower(3, (1, 0), -1), flower(5, (20, 3)), flower(7, (4, 5))]
    points, layer_of_ring = np.concatenate(rings), np.array([0, 0, 0, 1])
    starts = np.cumsum([0] + [len(ring) for ring in rings])
    lattice = Lattice(-13.0, -13.0, 1.3, 1.1, 40, 30)
    cells = cover(points, starts, layer_of_ring, 2, lattice)
    chosen = np.random.default_rng(1).random(len(cells.area_mm2)) < 0.5
    layer = np.repeat([0, 1], np.diff(cells.layer_starts))[chosen]
    found = subcells(points, starts, layer_of_ring, lattice, layer, cells.row[chosen], cells.column[chosen])
    assert np.allclose(found.area_mm2.sum(axis=(1, 2)), cells.area_mm2[chosen], rtol=0, atol=1e-12)
    fine = cover(points, starts, layer_of_ring, 2, halved(lattice))
    shape = (2, 2 * lattice.rows, 2 * lattice.columns)
    whole = np.zeros((3, *shape))
    whole[:, np.repeat([0, 1], np.diff(fine.layer_starts)), fine.row, fine.column] = (
        fine.area_mm2,
        fine.u_mm,
        fine.v_mm,
    )
    rows = 2 * cells.row[chosen][:, None, None] + np.arange(2)[:, None]
    columns = 2 * cells.column[chosen][:, None, None] + np.arange(2)
    area, u, v = whole[:, layer[:, None, None], rows, columns]
    assert np.allclose(found.area_mm2, area, rtol=0, atol=1e-12)
    large = area > 1e-6
    assert np.allclose(found.u_mm[large], u[large], rtol=0, atol=1e-6)
    assert np.allclose(found.v_mm[large], v[large], rtol=0, atol=1e-6)


def test_cells_wholly_inside_or_outside():
    """A cell that no contour meets is whole or empty, however far left the contour lies."""
    square = np.array([[0.0, 0.0], [40.0, 0.0], [40.0, 20.0], [0.0, 20.0]])
    lattice = Lattice(-2.0, -2.0, 2.0, 2.0, 24, 14)
    two, ring = np.array([0, 0]), np.array([0, 4])
    found = subcells(square, ring, np.array([0]), lattice, two, np.array([5, 0]), np.array([12, 12]))
    assert np.allclose(found.area_mm2, np.array([1.0, 0.0])[:, None, None])
    assert np.allclose(found.u_mm[0], lattice.u0 + 2 * 12 + np.array([0.5, 1.5]))


def test_no_chosen_cell_gives_none():
    """Where no cell is chosen there is no smaller one."""
    square = np.array([[0.0, 0.0], [40.0, 0.0], [40.0, 20.0], [0.0, 20.0]])
    none = np.zeros(0, dtype=np.int64)
    found = subcells(square, np.array([0, 4]), np.array([0]), Lattice(-2.0, -2.0, 2.0, 2.0, 24, 14), none, none, none)
    assert found.area_mm2.shape == found.u_mm.shape == (0, 2, 2)
