"""The order of ascending dose, whatever the doses: that of a stable sort, unknown doses last."""

import numpy as np
import pytest

from rtcheck.dvh.sampling import ascending


def doses(seed):
    """Doses of one kind or another: even, quantised, in clusters narrower than the sort can tell, with zeros."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 3000))
    kind = seed % 5
    if kind == 0:
        return rng.uniform(0, 70, count)
    if kind == 1:
        return rng.integers(0, 40, count) * 0.5
    if kind == 2:
        return 50 * (1 + rng.integers(-200, 200, count) * 2.0**-52)
    if kind == 3:
        return np.where(rng.uniform(size=count) < 0.5, 0.0, rng.choice([1e-300, 5e-324, 2.0, 2.0 + 2**-50], count))
    return rng.normal(0, 1, count)


@pytest.mark.parametrize("unknown", [0.0, 0.3])
@pytest.mark.parametrize("seed", range(40))
def test_the_order_is_that_of_a_stable_sort(seed, unknown):
    """Equal doses keep their order; doses that differ in their last bits only do not; NaN of either sign is last."""
    dose = doses(seed)
    rng = np.random.default_rng(seed + 1000)
    dose[rng.uniform(size=len(dose)) < unknown] = np.nan if seed % 2 else -np.nan
    assert np.array_equal(ascending(dose), np.argsort(dose, kind="stable"))


def test_what_is_in_order_stays():
    """Nothing, one dose, and doses that ascend are taken as they come."""
    for dose in ([], [3.0], [1.0, 1.0, 2.0, np.nan], [np.nan, np.nan]):
        assert np.array_equal(ascending(np.array(dose)), np.arange(len(dose)))
