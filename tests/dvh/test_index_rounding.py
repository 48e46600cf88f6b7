"""What the rounding of contours does to indices of conformity: it moves the covered volume as well as the target's."""

import itertools

import numpy as np
import pytest

from rtcheck.dvh.indices import Around, evaluate_around
from rtcheck.dvh.isodose import IsodoseVolume
from rtcheck.dvh.notation import parse_metric
from tests.dvh.test_evaluate import make_dose, make_dvh

CLOUD = IsodoseVolume(20.0, 20.0, 20.0)


def paddick(doses, error=0.5, cloud=CLOUD, outside=0.0):
    dose = make_dose(make_dvh(doses, outside=outside), volume_error=error)
    found = evaluate_around(parse_metric("CI_Paddick"), dose, 45.0, Around(full=cloud))
    return found.value, found.low, found.high


def test_the_covered_volume_moves_with_the_contours():
    """Of 10 cm³ 6 are covered: each part of the surface may be off by half a cubic centimetre, and so may all of it."""
    value, low, high = paddick([40.0] * 4 + [50.0] * 6)
    assert (value, low, high) == pytest.approx((36 / 200, 5.5**2 / 200, 6.5**2 / 200))
    for inside, outside in itertools.product(np.linspace(-0.5, 0.5, 11), repeat=2):
        if abs(inside + outside) <= 0.5:
            assert low - 1e-12 <= (6 + inside) ** 2 / ((10 + inside + outside) * 20) <= high + 1e-12


def test_a_shell_is_covered_where_all_is_and_not_where_nothing_is():
    """All of 10 cm³ covered: the index is the target over the cloud, and moves with it. Nothing covered: it is 0."""
    assert paddick([50.0] * 10) == pytest.approx((10 / 20, 9.5 / 20, 10.5 / 20))
    assert paddick([40.0] * 10) == (0.0, 0.0, 0.0)


def test_less_than_the_rounding_may_be_covered():
    """A covered part smaller than the rounding may be nothing at all; none makes more of a target than all of it."""
    assert paddick([40.0] * 8 + [50.0] * 2, error=2.5)[1:] == pytest.approx((0.0, 4.5**2 / 200))
    assert paddick([50.0] * 10, cloud=IsodoseVolume(10.0, 10.0, 10.0)) == pytest.approx((1.0, 0.95, 1.0))


def test_what_lies_outside_the_grid_may_be_covered():
    """Of 10 cm³ 2 lie outside the dose grid: covered or not, they and the rounding are in the interval."""
    value, low, high = paddick([50.0] * 8, outside=2.0)
    assert (value, low, high) == pytest.approx((64 / 200, 7.5**2 / 200, 10.5 / 20))
