"""The targets of the method, in the worst of random cases down to 0.03 cm³, and the tables that report them."""

import numpy as np
import pytest

from tests.analytic.accuracy import CLASSES, own_prisms, table, whole_solid

WORST = {"volume": 0.05, "mean": 0.05, "Dx": 0.2, "V(D)": 0.2, "V(D), noise": 0.6, "Min, Max": 0.2}
"""Of the prism model against its own prisms in the gridded dose: per cent of the volume or of 50 Gy."""
WORST_SHAPE = {"volume": 0.6, "mean": 0.1, "Dx": 0.6}
"""Of the shape model against the solid, for 95 of 100 of clinical size."""


@pytest.mark.parametrize("block", range(4))
def test_the_prism_model_is_true_to_its_own_prisms(block):
    """In none of these cases is any number off by more than the method allows, nor outside its interval."""
    for seed in range(6 * block, 6 * block + 6):
        _, _, worst, outside = own_prisms(seed)
        assert not outside
        assert {kind: error for kind, error in worst.items() if error > WORST[kind]} == {}, seed


def test_samplings_that_agree_by_chance_at_tenths_of_the_volume():
    """In a step of the dose the median of a torus moves by 0.1 Gy for a thousandth of the volume, and is as true."""
    _, _, worst, outside = own_prisms(537)
    assert not outside
    assert worst["Dx"] < WORST["Dx"] / 2


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_the_prism_model_is_true_in_all_cases(block):
    """The same in 2000 more, and the medians are ten times better."""
    found = [own_prisms(seed) for seed in range(100 + 100 * block, 200 + 100 * block)]
    assert [each for _, _, _, outside in found for each in outside] == []
    for kind in CLASSES:
        errors = np.array([worst.get(kind, 0.0) for _, _, worst, _ in found])
        assert errors.max() <= WORST[kind], (kind, 100 + 100 * block + int(errors.argmax()))
    # V(D) is left out of the medians: the truth of a million points is itself off by a twentieth of a per cent
    for kind in ("volume", "mean", "Min, Max"):
        assert np.median([worst[kind] for _, _, worst, _ in found if kind in worst]) <= WORST[kind] / 10


OPEN = (83, 86, 95, 180, 182, 823, 1062, 1182)
"""Tips that lean, islands that move by their own width, two planes that do not show how large the solid is between
them, and a dose with its peak between grid points."""


# of 116, 178 and 204 neither model has the right volume; in 157 the median lies between the doses of two islands; in
# 323 the dose is cut off at zero a cell away; in 897 so steeply that it seems bent the other way; in 533 the wall about
# a hole moves by its own width towards either end; on the median of 1025 two samplings agree by chance
@pytest.mark.parametrize("seed", [2, 13, 37, 116, 157, 178, 204, 323, 533, 897, 1025, *OPEN])
def test_the_shape_model_is_true_to_the_solid(seed):
    """The metrics of solids lie in their intervals; of clinical sizes the values are within the method's bounds."""
    spacing, cm3, worst, outside = whole_solid(seed)
    assert not outside
    if cm3 >= 7 and spacing <= 3:
        assert all(worst[kind] <= allowed for kind, allowed in WORST_SHAPE.items())


@pytest.mark.slow
@pytest.mark.parametrize("block", range(5))
def test_the_shape_model_is_true_in_all_cases(block):
    """Of 1000 more, no truth of 3 cm³ or more lies outside, of 30 smaller ones one; 95 of 100 are within bounds."""
    found = [whole_solid(seed) for seed in range(100 + 200 * block, 300 + 200 * block)]
    assert [each for _, cm3, _, outside in found for each in outside if cm3 >= 3] == []
    small = [bool(outside) for _, cm3, _, outside in found if cm3 < 3]
    assert sum(small) <= 1 + len(small) / 30
    clinical = [worst for spacing, cm3, worst, _ in found if spacing <= 3 and cm3 >= 7]
    for kind, allowed in WORST_SHAPE.items():
        assert np.quantile([worst[kind] for worst in clinical], 0.95) <= allowed


def test_the_tables_have_a_row_for_each_spacing_and_size():
    """Median and worst of every class, and how many cases there were."""
    errors = [dict.fromkeys(CLASSES[:-1], each) for each in (0.01, 0.02, 0.06)]
    count = len(CLASSES) - 1
    rows = table([(2.5, 5.0, worst, []) for worst in errors] + [(1.0, 0.1, errors[0], [])], 1.0)[2:]
    assert rows == [
        f"| 1 to 1.5 | 0.03 to 0.3 | 1 | {' | '.join(['0.01 / 0.01'] * count)} |  |",
        f"| 2 to 3 | 3 to 30 | 3 | {' | '.join(['0.02 / 0.06'] * count)} |  |",
    ]
