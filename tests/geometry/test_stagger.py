from itertools import product
from math import factorial

import numpy as np

from rtcheck.geometry.stagger import stagger

SHARES = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98])


def test_shifts_stay_in_their_cell_and_average_out():
    """Shifts are within half a cell, and a block has none on average, to a hundredth of a cell."""
    row, column, layer = (a.ravel() for a in np.indices((20, 20, 10)))
    for shift in stagger(row, column, layer):
        assert np.abs(shift).max() <= 0.5
        assert abs(shift.mean()) < 0.01


def test_shifts_fill_the_cell_evenly():
    """Each eighth of the range gets its share of the shifts, to a tenth."""
    row, column, layer = (a.ravel() for a in np.indices((30, 30, 30)))
    for shift in stagger(row, column, layer):
        counts, _ = np.histogram(shift, np.linspace(-0.5, 0.5, 9))
        assert counts.max() / counts.min() < 1.1


def test_shifts_are_always_the_same():
    """The pattern is fixed: no random numbers."""
    one = np.array([3]), np.array([5]), np.array([7])
    assert [float(s[0]) for s in stagger(*one)] == [float(s[0]) for s in stagger(*one)]


def test_layers_have_shifts_of_their_own():
    """Along a column of cells no two are shifted alike, so that they do not sample one line."""
    layer = np.arange(20)
    for shift in stagger(np.full(20, 3), np.full(20, 5), layer)[:2]:
        assert len(np.unique(np.round(shift, 6))) == 20


def test_a_plane_of_cells_is_filled_evenly_across():
    """The gaps between the shifts across any plane of 20 by 20 cells are at most three times the mean gap."""
    for axis, at in product(range(3), (0, 7, 41)):
        size = [20, 20, 20]
        size[axis] = 1
        place = [a.ravel() + (at if k == axis else 0) for k, a in enumerate(np.indices(size))]
        shift = np.sort(stagger(*place)[(1, 0, 2)[axis]])
        gaps = np.diff(np.append(shift, shift[0] + 1))
        assert gaps.max() < 3 / 400


def below(dose, edges):
    """Share of a box that has less than a linear dose, which rises by `edges` along its edges from 0."""
    edges = edges[edges > 1e-9]
    n = len(edges)
    total = sum((-1) ** sum(out) * np.maximum(dose - np.dot(out, edges), 0) ** n for out in product((0, 1), repeat=n))
    return total / np.prod(edges) / factorial(n)


def linear_doses(seed):
    """Boxes of 600 to 20,000 cells anywhere, with the rise of the dose per cell along row, column and layer."""
    rng = np.random.default_rng(seed)
    for _ in range(16):
        ratio = 10 ** rng.uniform(-0.5, 0.5, 3)
        size = np.maximum(2, np.round((10 ** rng.uniform(2.8, 4.3) / np.prod(ratio)) ** (1 / 3) * ratio)).astype(int)
        first = rng.integers(0, 60, 3)
        for k in range(16):
            rise = np.zeros(3)
            if k % 4 < 2:
                rise[k // 4 % 3] = 1
            if k % 4 == 1:  # nearly along an axis
                rise += rng.normal(size=3) * 10 ** rng.uniform(-2.5, -0.7)
            elif k % 4 == 2:
                rise[rng.permutation(3)[:2]] = rng.normal(size=2)
            elif k % 4 == 3:
                rise = rng.normal(size=3)
            yield size, first, rise


def volumes_off(shifts, seed):
    """How far the volumes that samples give are off at most for each dose, in per cent of the box."""
    out = []
    for size, first, rise in linear_doses(seed):
        place = np.indices(size).reshape(3, -1)
        along = np.array(shifts(*(place + first[:, None])))[[1, 0, 2]]
        points = place + 0.5 + along
        points = np.where(rise[:, None] < 0, size[:, None] - points, points)
        dose = np.sort(np.abs(rise) @ points)
        at = (SHARES * len(dose)).astype(int)
        out.append(np.abs(below(dose[at], np.abs(rise) * size) - (at + 0.5) / len(dose)).max() * 100)
    return np.array(out)


def test_volumes_of_linear_doses_are_off_by_half_as_much_as_at_random():
    """In boxes, along axes, nearly along them and obliquely: root mean square over all."""
    random = np.random.default_rng(1)
    ours = volumes_off(stagger, 200)
    theirs = volumes_off(lambda row, *_: random.uniform(-0.5, 0.5, (3, len(row))), 200)
    none = volumes_off(lambda row, *_: np.zeros((3, len(row))), 200)
    ours, theirs, none = (np.sqrt(np.mean(each**2)) for each in (ours, theirs, none))
    assert ours < 0.3
    assert ours < 0.5 * theirs
    assert theirs < 0.3 * none
