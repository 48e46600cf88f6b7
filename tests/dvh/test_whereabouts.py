"""The place of an extreme dose in a solid (further: tests/test_surroundings.py)."""

import numpy as np
import pytest

from rtcheck.dvh.whereabouts import extreme_place
from rtcheck.geometry.slabs import empty_slabs, slabs_of
from rtcheck.geometry.solid import Leaf
from tests.analytic.phantoms import field_of, grid_of, roi_of, sphere
from tests.geometry.shapes import stack_of

BOWL = lambda x, y, z: 20 + 0.1 * ((x - 1.3) ** 2 + (y + 2.1) ** 2 + (z - 0.7) ** 2)  # noqa: E731


def test_in_nothing_there_is_no_place():
    """An empty solid has no lowest and no highest dose."""
    field = field_of(grid_of(BOWL, 1.0, 15))
    assert extreme_place(empty_slabs(np.eye(3)), field, "min") is None
    assert extreme_place(empty_slabs(np.eye(3)), field, "max") is None


@pytest.mark.parametrize("model", ["prism", "shape"])
def test_the_bottom_of_a_bowl_is_found_within_a_cell(model):
    """The lowest dose of a bowl lies at the node nearest to its middle; the highest on the ball's far side."""
    slabs = slabs_of(Leaf(stack_of(roi_of(sphere(9), 2.0, 0.4))), model)
    field = field_of(grid_of(BOWL, 1.0, 15))
    low, high = (extreme_place(slabs, field, which) for which in ("min", "max"))
    assert low.at_mm == pytest.approx((1, -2, 1), abs=0.05)
    assert low.dose_gy == pytest.approx(BOWL(1, -2, 1), abs=1e-3)
    assert low.whole and high.whole
    away = np.array([-1.3, 2.1, -0.7])
    size = float(np.linalg.norm(away))
    # prisms have steps, whose corners stand out by up to half a slice
    assert high.at_mm == pytest.approx(tuple(away / size * 9), abs=1.6 if model == "shape" else 3.0)
    assert high.dose_gy == pytest.approx(20 + 0.1 * (9 + size) ** 2, abs=0.7 if model == "shape" else 2.0)
