import numpy as np
import pytest
from scipy import ndimage

from rtcheck.geometry.islands import label_islands

IN_PLANE = ndimage.generate_binary_structure(3, 1) & (np.arange(3) == 1)[:, None, None]


@pytest.mark.parametrize("share", [0.0, 0.2, 0.45, 0.6, 0.8, 1.0])
def test_islands_are_those_of_a_second_opinion(share):
    """Random masks of any filling have the islands, in the order of their first cells, that scipy finds."""
    rng = np.random.default_rng(7)
    for shape in ((1, 1, 1), (4, 9, 7), (3, 25, 30)):
        mask = rng.random(shape) < share
        expected, count = ndimage.label(mask, IN_PLANE)
        label, number = label_islands(mask)
        assert number == count
        assert np.array_equal(label, expected)


def test_a_spiral_is_one_island():
    """A path that winds through the plane is one island, however far its runs are apart."""
    mask = np.zeros((1, 21, 21), dtype=bool)
    mask[0, ::2] = True
    mask[0, 1::4, -1] = mask[0, 3::4, 0] = True
    assert label_islands(mask)[1] == 1
