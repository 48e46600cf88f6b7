"""What widens an interval and what is said of missing slices, each against its formula."""

import numpy as np
import pytest

from rtcheck.dvh.conventions import structure_dose
from rtcheck.dvh.curve import DVH
from rtcheck.dvh.engine import sample_solid
from rtcheck.dvh.noticed import gap_findings
from rtcheck.dvh.sampling import Samples
from rtcheck.dvh.unseen import rounded
from rtcheck.geometry.solid import Leaf
from rtcheck.geometry.variants import GAPS_EMPTY
from tests.analytic.phantoms import field_of, grid_of, roi_of, sphere
from tests.dvh.test_evaluate import ask, make_dvh, ramp
from tests.geometry.shapes import stack_of


@pytest.mark.parametrize("error", [0.0, 0.5, 2.0])
def test_homogeneity_of_a_ramp_is_bounded_by_the_dose_error(error):
    """D2 - D98 may be off by twice the error of a dose, the median by once: 19.2 Gy over 50 Gy and its bounds."""
    found = ask("HI_ICRU83", ramp(40, 60), dose_error=error)
    assert found.low == pytest.approx((19.2 - 2 * error) / (50 + error), rel=1e-4)
    assert found.high == pytest.approx((19.2 + 2 * error) / (50 - error), rel=1e-4)


@pytest.mark.parametrize(("error", "code"), [(49.9, ""), (50.1, "RTD605")])
def test_homogeneity_is_undefined_where_the_median_may_be_zero(error, code):
    """An error as large as the median dose leaves no homogeneity."""
    assert ask("HI_ICRU83", ramp(40, 60), dose_error=error).code == code


@pytest.mark.parametrize("a", [0.5, 1, 2, 8])
def test_a_hot_power_mean_counts_what_has_no_dose(a):
    """Of a dose spread evenly from 0 to 60 Gy the power mean is ``60 / (a + 1) ** (1 / a)``; none of it is lost."""
    assert ask(f"gEUD(a={a})[Gy]", ramp(0, 60)).value == pytest.approx(60 / (a + 1) ** (1 / a), rel=1e-4)
    half = make_dvh([0.0, 60.0])
    assert ask(f"gEUD(a={a})[Gy]", half).value > 0


def samples(first, second, volume=0.1):
    """Samples of the value (bit 0) and of the reading with empty gaps (bit 1): what both have, and only the value."""
    dose = np.concatenate([first, second])
    mask = np.concatenate([np.full(len(first), 3), np.full(len(second), 1)]).astype(np.int64)
    order = np.argsort(dose, kind="stable")
    return Samples(dose[order][None, :], np.full(len(dose), volume), mask[order], np.zeros((3, 0)))


LABELS = ("", GAPS_EMPTY)


@pytest.mark.parametrize(
    ("first", "second", "severity"),
    [
        # one per cent of the volume, at the median: no dose moves
        (np.linspace(49.5, 50.5, 990), np.full(10, 50.0), "W"),
        # three per cent of it
        (np.linspace(49.5, 50.5, 970), np.full(30, 50.0), "E"),
        # one and a half per cent of it at the hot end, where D2 falls by more than a per cent of the maximum
        (np.concatenate([np.linspace(40, 41, 980), np.full(5, 50.0)]), np.full(15, 50.0), "E"),
        # the same at the cold end, where D98 rises
        (np.concatenate([np.linspace(49, 50, 980), np.full(5, 30.0)]), np.full(15, 30.0), "E"),
    ],
)
def test_missing_slices_are_an_error_where_volume_or_any_dose_moves(first, second, severity):
    """RTD312 is E where volume moves by more than 2 % or the mean, D98, D50 or D2 by more than 1 % of the maximum."""
    found = gap_findings("A", samples(first, second), LABELS)
    assert [(item.code, item.severity) for item in found] == [("RTD312", severity)]
    share = len(second) / (len(first) + len(second))
    assert f"{share:.1%}" in found[0].message
    assert gap_findings("A", samples(first, second), ("", "short ends")) == []


def test_a_moved_surface_moves_each_dose_by_its_rank_and_slope():
    """A dose at rank r moves by 2 r - 1 times what doses like it change, about the median by a tenth: 4 r Gy here."""
    rank = (np.arange(2000) + 0.5) / 2000
    dose = 20 + 30 * rank
    value = DVH(dose, np.full(2000, 0.01), 20.0, 50.0)
    known = Samples(dose[None, :], np.full(2000, 0.01), np.ones(2000, dtype=np.int64), np.zeros((3, 0)))
    out, into = rounded(value, known, 4 * rank[None, :], (5,), None)
    assert (out[0], into[0]) == ("surface further out", "surface further in")
    middle = (rank > 0.02) & (rank < 0.98)
    for (_, found), sense in ((out, 1), (into, -1)):
        part = 2 * rank - 1
        moved = dose + sense * np.where(part < -0.1, part, np.maximum(part, 0.1)) * 4 * rank
        assert found.dose_gy[middle] == pytest.approx(np.sort(moved)[middle], abs=0.05)
        assert np.array_equal(found.volume_cm3, value.volume_cm3)
    # within a hundredth of the end the mean is taken of what there is
    assert (out[1].minimum_gy, out[1].maximum_gy) == pytest.approx((20 - 0.02, 50 + 4 - 0.02), abs=2e-3)
    assert into[1].maximum_gy == pytest.approx(max(50 - 3.98, into[1].dose_gy[-1]), abs=2e-3)


def test_no_reading_has_a_negative_dose():
    """At the edge of a field every reading of a ball has doses of 0 Gy or more, in ascending order."""
    grid = grid_of(lambda x, y, z: np.maximum(3 * x - 12, 0) + 0 * y + 0 * z, 2.0, 16)
    for model in ("prism", "shape"):
        stack = stack_of(roi_of(sphere(9), 3.0, 0.4))
        found = structure_dose(sample_solid("A", Leaf(stack), field_of(grid), model), None)
        for label, curve in found.alternatives:
            assert curve.dose_gy.min() >= 0 and curve.minimum_gy >= 0, label
            assert np.all(np.diff(curve.dose_gy) >= 0), label
            assert curve.maximum_gy >= curve.dose_gy[-1], label
