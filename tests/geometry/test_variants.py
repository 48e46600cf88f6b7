"""The readings of an expression that the standards leave open."""

from rtcheck.geometry.solid import Combination, Leaf
from rtcheck.geometry.variants import GAPS_EMPTY, LeafState, leaves_of, variants_of
from tests.geometry.contours import on_planes, roi_of_rings, square
from tests.geometry.shapes import stack_of

WHOLE = Leaf(stack_of(roi_of_rings(on_planes(square(10)))))
MISSING = Leaf(stack_of(roi_of_rings(on_planes(square(10), (0, 3, 6, 12, 15)))))


def readings(solid):
    return {variant.label: variant.states for variant in variants_of(leaves_of(solid))}


def test_signs_follow_the_differences():
    """In A - (B - C) what is taken from a subtrahend is added: C counts like A."""
    solid = Combination("-", WHOLE, Combination("-", WHOLE, MISSING))
    assert [leaf.sign for leaf in leaves_of(solid)] == [1, -1, 1]


def test_short_ends_make_the_result_small():
    """Read short a minuend ends early and a subtrahend late; read long the reverse."""
    found = readings(Combination("-", WHOLE, WHOLE))
    assert found["short ends"] == (LeafState(-1, -1), LeafState(1, 1))
    assert found["long ends"] == (LeafState(1, 1), LeafState(-1, -1))
    assert found["lower end long, upper short"] == (LeafState(1, -1), LeafState(-1, 1))
    assert found["lower end short, upper long"] == (LeafState(-1, 1), LeafState(1, -1))
    assert found[""] == (LeafState(), LeafState())
    assert len(found) == 5


def test_missing_slices_on_both_sides_of_a_difference_pull_apart():
    """Where both sides miss slices each is left empty alone too; on one side there is one reading more."""
    filled, empty = LeafState(), LeafState(empty=True)
    found = readings(Combination("-", MISSING, MISSING))
    assert found[GAPS_EMPTY] == (empty, empty)
    assert found[f"{GAPS_EMPTY} (minuend)"] == (empty, filled)
    assert found[f"{GAPS_EMPTY} (subtrahend)"] == (filled, empty)
    assert len(found) == 8
    one = readings(Combination("-", WHOLE, MISSING))
    assert one[GAPS_EMPTY] == (filled, empty)
    assert len(one) == 6
