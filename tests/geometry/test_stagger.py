import numpy as np

from rtcheck.geometry.stagger import stagger


def test_shifts_stay_in_their_cell_and_average_out():
    """Shifts are within half a cell and opposite in pairs of layers, so that a block has none on average."""
    row, column, layer = (a.ravel() for a in np.indices((20, 20, 10)))
    for shift in stagger(row, column, layer):
        assert np.abs(shift).max() <= 0.5
        assert abs(shift.mean()) < 1e-12


def test_shifts_fill_the_cell_evenly():
    """Each eighth of the range gets its share of the shifts, to a tenth."""
    row, column, layer = (a.ravel() for a in np.indices((30, 30, 8)))
    for shift in stagger(row, column, layer):
        counts, _ = np.histogram(shift, np.linspace(-0.5, 0.5, 9))
        assert counts.max() / counts.min() < 1.1


def test_shifts_are_always_the_same():
    """The pattern is fixed: no random numbers."""
    one = np.array([3]), np.array([5]), np.array([7])
    assert [float(s[0]) for s in stagger(*one)] == [float(s[0]) for s in stagger(*one)]


def test_pairs_of_layers_have_shifts_of_their_own():
    """Layers two apart are shifted differently, so that a column of cells does not sample one line."""
    layer = np.arange(0, 20, 2)
    for shift in stagger(np.full(10, 3), np.full(10, 5), layer):
        assert len(np.unique(np.round(shift, 6))) == 10
