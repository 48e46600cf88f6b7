"""How finely a thin solid is sampled, so that cells fit within its thickness."""

import numpy as np
import pytest

from rtcheck.dvh.engine import _samples_across
from rtcheck.geometry.prisms import prisms_of
from rtcheck.geometry.solid import Leaf
from rtcheck.geometry.variants import leaves_of, variants_of
from tests.geometry.contours import at, roi_of_rings
from tests.geometry.shapes import stack_of


def plate(thick, wide, x=0.0):
    low, high = -wide / 2, wide / 2
    return np.array([[x, low], [x + thick, low], [x + thick, high], [x, high]])


@pytest.mark.parametrize("spacing", [0.6, 5.0])
@pytest.mark.parametrize("rings", [
    [plate(0.5, 60)], [plate(2, 40)], [plate(2, 40), plate(1, 30, 5)], [plate(6, 40), plate(3, 30, 2)]
], ids=["thin", "thicker", "two", "hollow"])  # fmt: skip
def test_cells_are_as_thick_as_a_plate_or_half_a_slab(spacing, rings):
    """The value's volume is cut into cells of the thickness, twice volume over sides, or half a slab where thinner."""
    stack = stack_of(roi_of_rings([at(ring, spacing * k) for k in range(12) for ring in rings]))
    leaves = leaves_of(Leaf(stack))
    prisms = prisms_of(Leaf(stack), leaves, variants_of(leaves))
    assert np.any(prisms.mask & 1 == 0)  # other readings, not counted, have more
    sizes = [np.ptp(ring, axis=0) for ring in rings]
    hollow = len(rings) == 2 and sizes[0][0] == 6
    area = sum(size.prod() * (-1 if hollow and k else 1) for k, size in enumerate(sizes))
    thickness = 2 * area / sum(2 * size.sum() for size in sizes)
    volume = area * spacing * 12
    expected = volume / thickness**2 / min(thickness, spacing / 2)
    assert _samples_across(prisms, volume, spacing) == pytest.approx(expected, abs=1)
