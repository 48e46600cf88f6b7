"""Structure expressions as solids: set algebra, margins and their intervals, on the bench of a check."""

import numpy as np
import pytest

from rtcheck.dvh.evaluate import evaluate
from rtcheck.dvh.notation import parse_metric
from rtcheck.measure import Bench, Problem, has_margin, measure, release, slabs_in
from rtcheck.rules.expression import parse_expression
from rtcheck.rules.names import NameTable
from rtcheck.rules.resolve import Resolution, resolve
from tests.analytic.phantoms import box, cylinder, field_of, grid_of, roi_of, sphere
from tests.geometry.contours import on_planes, roi_of_rings, square

SLOPE = lambda x, y, z: 50 + 0.5 * x - 0.4 * y + 0.3 * z  # noqa: E731
MODELS = ("prism", "shape")


def named(roi, name):
    from dataclasses import replace

    return replace(roi, name=name)


SOLIDS = {
    "A": roi_of(sphere(14), 2.5, 0.3),
    "B": roi_of(cylinder(9, 12), 3.0, 0.5, centre=(8, 3, 2)),
    "C": roi_of(box(6, 12, 9), 2.0, 0.5, centre=(-5, 4, -3)),
    "World": roi_of(box(32, 32, 30), 2.5, 0.5),
    "Far": roi_of(sphere(4), 2.0, 0.5, centre=(0, 0, 40)),
    "Gapped": roi_of_rings(on_planes(square(16, -8, -8), (0, 2, 4, 10, 12, 14))),
}
ROIS = tuple(named(roi, name) for name, roi in SOLIDS.items())


@pytest.fixture(scope="module", params=MODELS)
def bench(request):
    return Bench(field_of(grid_of(SLOPE, 2.5, 60)), request.param)


@pytest.fixture(scope="module")
def shapes():
    return Bench(field_of(grid_of(SLOPE, 2.5, 60)), "shape")


def bound(text):
    return resolve(parse_expression(text), Resolution(ROIS, NameTable((), {}), (), None))


def volume(bench, text):
    solid = bound(text)
    dose = measure(bench, text, solid, None)
    release(bench, solid)
    if isinstance(dose, Problem):
        assert dose.code == "RTD605"
        return 0.0
    return dose.value.total_cm3


def test_union_and_intersection_share_the_volume(bench):
    """|A| + |B| = |A or B| + |A and B|, also of three."""
    assert volume(bench, "A") + volume(bench, "B") == pytest.approx(
        volume(bench, "A | B") + volume(bench, "A & B"), rel=0.004
    )
    parts = [volume(bench, text) for text in ("A", "B", "C", "A & B", "A & C", "B & C", "A & B & C")]
    assert volume(bench, "A | B | C") == pytest.approx(sum(parts[:3]) - sum(parts[3:6]) + parts[6], rel=0.006)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("World - (A | B)", "(World - A) & (World - B)"),
        ("World - (A & B)", "(World - A) | (World - B)"),
        ("A & (B | C)", "(A & B) | (A & C)"),
        ("A | (B & C)", "(A | B) & (A | C)"),
        ("A - (B | C)", "(A - B) - C"),
        ("A - (A - B)", "A & B"),
        ("(A | B) - (A & B)", "(A - B) | (B - A)"),
    ],
)
def test_laws_of_set_algebra(bench, left, right):
    """De Morgan within a box, distribution, and differences: both sides have the same volume."""
    assert volume(bench, left) == pytest.approx(volume(bench, right), rel=0.004 if bench.model == "prism" else 0.008)


def test_doses_of_equal_expressions_are_equal(bench):
    """Two ways to write one solid have the same doses."""
    first, second = (measure(bench, text, bound(text), None) for text in ("A - (A - B)", "A & B"))
    for metric in ("Mean[Gy]", "D95%[Gy]", "D2%[Gy]"):
        found = [evaluate(dose, parse_metric(metric), None).value for dose in (first, second)]
        assert found[0] == pytest.approx(found[1], abs=0.1)


@pytest.mark.parametrize(
    "text", ["A - A", "A & Far", "A - World", "(A - World) + 5 mm", "A & (Far + 2 mm)", "C - 7 mm"]
)
def test_nothing_left_is_no_zero(bench, text):
    """An expression of which nothing is left has no metric and no volume: RTD605, never 0."""
    found = measure(bench, text, bound(text), None)
    assert isinstance(found, Problem)
    assert found.code == "RTD605"


def test_an_empty_part_leaves_the_rest(shapes):
    """What shrinks to nothing takes nothing away and adds nothing."""
    for text in ("A - (C - 7 mm)", "A | (C - 7 mm)"):
        assert volume(shapes, text) == pytest.approx(volume(shapes, "A"), rel=1e-6)


def test_margins_anywhere_in_an_expression(shapes):
    """A margin of a union is the union of the margins, and a shell is what a margin adds."""
    assert volume(shapes, "(B | C) + 4 mm") == pytest.approx(volume(shapes, "(B + 4 mm) | (C + 4 mm)"), rel=0.006)
    shell = volume(shapes, "C + 5 mm") - volume(shapes, "C")
    assert volume(shapes, "(C + 5 mm) - C") == pytest.approx(shell, rel=0.006)
    assert has_margin(bound("A - (B + 3 mm)"))


def test_a_margin_has_the_volume_of_the_closed_form(shapes):
    """A box with a margin of 5 mm holds Steiner's volume in its interval."""
    found = evaluate(measure(shapes, "C", bound("C + 5 mm"), None), parse_metric("Volume[cc]"), None)
    exact = 12 * 24 * 18 + 2 * (12 * 24 + 12 * 18 + 24 * 18) * 5 + np.pi * (12 + 24 + 18) * 25 + 4 / 3 * np.pi * 125
    assert found.low <= exact / 1000 <= found.high
    assert found.value == pytest.approx(exact / 1000, rel=0.01)


def test_the_interval_of_a_margin_is_not_less_than_that_of_its_structure(shapes):
    """How far a structure reaches beyond its last contour is as open with a margin as without."""
    for text in ("B + 5 mm", "B - 2 mm"):
        wide = evaluate(measure(shapes, text, bound(text), None), parse_metric("Volume[cc]"), None)
        plain = evaluate(measure(shapes, "B", bound("B"), None), parse_metric("Volume[cc]"), None)
        assert wide.high - wide.low > 0.5 * (plain.high - plain.low) * wide.value / plain.value


def test_a_subtracted_margin_is_read_the_other_way(shapes):
    """Where the subtrahend could be larger the result could be smaller."""
    found = evaluate(measure(shapes, "x", bound("C - (B + 5 mm)"), None), parse_metric("Volume[cc]"), None)
    assert found.low < found.value < found.high


def test_missing_slices_stay_open_under_a_margin(shapes):
    """The reading that leaves missing slices empty is among the alternatives of a margin."""
    dose = measure(shapes, "Gapped + 2 mm", bound("Gapped + 2 mm"), None)
    assert any(label.startswith("gaps empty") for label, _ in dose.alternatives)


def test_a_margin_of_planes_that_are_not_parallel_is_refused(shapes):
    """Structures contoured in unlike planes are not joined, with a margin or without."""
    ring = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], dtype=float)
    sagittal = named(roi_of_rings([np.column_stack([np.full(4, x), ring]) for x in (0.0, 3, 6)]), "S")
    solid = resolve(parse_expression("A - (S + 3 mm)"), Resolution((*ROIS, sagittal), NameTable((), {}), (), None))
    assert measure(shapes, "x", solid, None).code == "RTD306"
    assert slabs_in(shapes, solid, "prism", "", 1.0).code == "RTD306"
