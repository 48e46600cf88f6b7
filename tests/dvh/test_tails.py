"""Metrics that depend on few of the samples: the hottest cm³ of large structures, against closed forms."""

import numpy as np
import pytest

from rtcheck.dvh.conventions import structure_dose
from rtcheck.dvh.engine import sample_solid
from rtcheck.dvh.evaluate import evaluate
from rtcheck.dvh.notation import parse_metric
from rtcheck.dvh.tails import Tails, Wanting, chosen_in, near_tails, tail, tails_of
from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.solid import Leaf
from tests.analytic.own_prisms import case, truth
from tests.analytic.phantoms import field_of, grid_of, roi_of, sphere

RADIUS = 70.0
HOT = 0.5
SLACK_GY = 0.02
"""What drawing the sphere as polygons on planes moves its pole by, 0.04 mm, makes."""


def cap_dose(volume_cm3, slope):
    """Dose above which the hottest part of a sphere lies when the dose climbs by `slope` Gy/mm along x from 0."""
    # a cap of height h has the volume π h² (3 R - h) / 3
    heights = np.linspace(0, 2 * RADIUS, 200_001)
    volumes = np.pi * heights**2 * (3 * RADIUS - heights) / 3000
    return slope * (RADIUS - np.interp(volume_cm3, volumes, heights))


@pytest.mark.parametrize("model", ["prism", "shape"])
def test_the_hottest_of_a_large_sphere(model):
    """D0.03cc to D5cc of a 1437 cm³ sphere lie within 0.3 % of the closed form, in an interval of a few percent."""
    stack, _ = stack_contours(roi_of(sphere(RADIUS), 3.0, 0.5))
    field = field_of(grid_of(lambda x, y, z: 40 + HOT * x + 0 * y + 0 * z, 2.5, RADIUS + 4))
    dose = structure_dose(sample_solid("A", Leaf(stack), field, model), None)
    for name in ("D0.03cc", "D0.1cc", "D0.5cc", "D1cc", "D5cc"):
        true = 40 + cap_dose(float(name[1:-2]), HOT)
        found = evaluate(dose, parse_metric(f"{name}[Gy]"), None)
        assert found.value == pytest.approx(true, rel=3e-3), name
        assert found.low - SLACK_GY <= true <= found.high + SLACK_GY, name
        assert found.high - found.low < 0.02 * true, name


def test_a_hot_spot_between_coarse_samples():
    """D0.5cc of a 1437 cm³ sphere with a spherical hot spot of 16 mm is that of the spot, to 1 % of the maximum."""
    stack, _ = stack_contours(roi_of(sphere(RADIUS), 3.0, 0.5))
    where = np.array([21.3, -17.7, 12.9])

    def peak(x, y, z):
        return 20 + 30 * np.exp(-((x - where[0]) ** 2 + (y - where[1]) ** 2 + (z - where[2]) ** 2) / (2 * 8.0**2))

    field = field_of(grid_of(peak, 1.5, RADIUS + 4))
    dose = structure_dose(sample_solid("A", Leaf(stack), field, "prism"), None)
    for cm3 in (0.03, 0.1, 0.5, 1.0, 5.0):
        radius = (cm3 * 1000 * 3 / 4 / np.pi) ** (1 / 3)
        true = 20 + 30 * np.exp(-(radius**2) / (2 * 8.0**2))
        found = evaluate(dose, parse_metric(f"D{cm3}cc[Gy]"), None)
        assert found.value == pytest.approx(true, abs=0.01 * 50), cm3
        assert found.low <= true <= found.high, cm3


def test_a_flat_tail_is_left_alone():
    """Where the hottest samples have nearly the same dose none is cut, and unknown doses never are."""
    dose, volume = np.full(1000, 50.0), np.ones(1000)
    dose[:3] = 50.5
    assert not np.any(tail(dose, volume, 93.75, 50.5, cold=False))
    dose[:] = np.linspace(10, 50, 1000)
    dose[-5:] = np.nan
    chosen = tail(dose, volume, 93.75, 50.0, cold=False)
    assert np.flatnonzero(chosen).tolist() == list(range(901, 995))
    assert not np.any(near_tails(dose, volume, Tails(93.75, 93.75))[0][-5:])


def test_the_rounds_of_a_tail():
    """Each round holds an eighth of the share before until little is left; what is wanted is cut once more."""
    plain = tails_of(1000.0, 0.1)
    assert [round(each.hot_cm3, 3) for each in plain] == [78.125, 5.859, 0.732]
    assert [each.cold_cm3 for each in plain] == [78.125, 0, 0]
    more = tails_of(1000.0, 0.1, Wanting(hot_cm3=(20.0, 0.03), cold_cm3=(50.0,)))
    assert [round(each.hot_cm3, 4) for each in more] == [78.125, 25.0, 0.7324, 0.0375]
    assert [each.cold_cm3 for each in more] == [78.125, 62.5, 0, 0]


def test_the_candidates_hold_the_tail():
    """The samples looked at closely are a quarter, or more than twice those that make up the tail; at both ends."""
    dose, volume = np.linspace(10, 50, 1000), np.ones(1000)
    assert np.flatnonzero(near_tails(dose, volume, Tails(90.0, 0.0))[0]).tolist() == list(range(750, 1000))
    assert np.flatnonzero(near_tails(dose, volume, Tails(0.0, 200.0))[0]).tolist() == list(range(500))


def test_beyond_the_brink_of_the_candidates_there_may_be_more():
    """The outermost fifth of the candidates at either end; where all are candidates there is nothing beyond."""
    dose, volume = np.linspace(10, 50, 1000), np.ones(1000)
    near, brink = near_tails(dose, volume, Tails(90.0, 120.0))
    assert np.flatnonzero(near).tolist() == [*range(300), *range(750, 1000)]
    assert np.flatnonzero(brink).tolist() == [*range(239, 300), *range(750, 801)]
    near, brink = near_tails(dose, volume, Tails(90.0, 120.0), 10.0)
    assert np.all(near) and not np.any(brink)


@pytest.mark.parametrize("kind", ["even", "plateau", "noise"])
@pytest.mark.parametrize("cold", [False, True])
def test_a_tail_is_that_of_all_the_middles(kind, cold):
    """Whatever the samples say, the cells of a tail are those whose middles are hottest or coldest, all of them.

    A plateau with a steep edge, where small cells lie: of the cells that are cold in their middle some have a sample
    from the plateau. Left out they would be the hot ones, and what replaces the others the cold.
    """
    rng = np.random.default_rng(7)
    count = 20_000
    middle = {
        "even": np.linspace(10, 50, count),
        "plateau": np.where(np.arange(count) < count // 3, np.linspace(20, 50, count), 50 + rng.normal(0, 0.5, count)),
        "noise": 50 + rng.normal(0, 2, count),
    }[kind]
    spread = {"even": 0.5, "plateau": 8.0, "noise": 2.0}[kind]
    volume = np.where(middle < 48, 0.3, 1.0)
    middle, dose = middle * 1.0, middle + rng.uniform(-spread, spread, count)
    if not cold:
        middle, dose = 80 - middle, 80 - dose
    wanted = 0.18 * np.sum(volume)
    asked = []

    def looked_at(at):
        asked.append(len(at))
        return middle[at]

    tails = Tails(0.0, wanted) if cold else Tails(wanted, 0.0)
    chosen = chosen_in(dose, volume, None, looked_at, tails, 60.0)
    exact = np.flatnonzero(tail(middle, volume, wanted, 60.0, cold=cold))
    apart = np.setxor1d(chosen, exact)
    assert np.sum(volume[apart]) < 2e-3 * wanted
    assert (len(asked) == 1) == (kind == "even")
    assert asked[0] < 0.6 * count
    some = dose > np.median(dose)
    among = chosen_in(dose, volume, some, looked_at, tails, 60.0)
    assert np.all(some[among])


def test_the_volume_does_not_depend_on_the_tails():
    """Cutting the tails leaves the volume of the structure as it was, to the last nine digits."""
    stack, _ = stack_contours(roi_of(sphere(20), 2.5, 0.5))
    flat, steep = (
        structure_dose(
            sample_solid(
                "A", Leaf(stack), field_of(grid_of(lambda x, y, z, g=g: 40 + g * x + g * y / 3 + g * z / 5, 2.5, 24))
            ),
            None,
        )
        for g in (0.0, 1.0)
    )
    assert len(steep.coarse.dose_gy) > 1.5 * len(flat.coarse.dose_gy)  # of the value, like neighbours are one
    assert steep.value.total_cm3 == pytest.approx(flat.value.total_cm3, rel=1e-9)


def test_small_tails_are_chosen_at_either_end():
    """Of even doses the hottest or coldest that make up a volume are chosen, also of less than a cubic centimetre."""
    dose, volume = np.linspace(10, 50, 1000), np.full(1000, 0.01)
    assert np.flatnonzero(tail(dose, volume, 0.5, 50.0, cold=False)).tolist() == list(range(950, 1000))
    assert np.flatnonzero(tail(dose, volume, 0.5, 50.0, cold=True)).tolist() == list(range(50))
    for nothing in (0.0, -1.0):
        assert not np.any(tail(dose, volume, nothing, 50.0, cold=False))
    assert not np.any(tail(np.full(10, np.nan), np.ones(10), 1.0, 50.0, cold=False))
    # more than there is: all of them
    assert np.all(tail(dose, volume, 100.0, 50.0, cold=True))


def test_a_plateau_at_the_edge_of_a_tail_is_left_alone():
    """Where a dose that many samples share ends the tail, only what is beyond it is cut: the plateau shows nothing."""
    dose, volume = np.full(1000, 20.0), np.full(1000, 0.01)
    dose[:7] = np.linspace(30, 36, 7)
    assert np.flatnonzero(tail(dose, volume, 0.5, 36.0, cold=False)).tolist() == list(range(7))


def test_bands_are_cut_in_the_first_round_wherever_the_samples_lie():
    """All whose middles have a dose of a band, in the first round only; the dose at their samples does not matter."""
    rounds = tails_of(1000.0, 0.1, Wanting(between_gy=((20.0, 22.0), (30.0, 31.0))))
    assert [each.between_gy for each in rounds] == [((20.0, 22.0), (30.0, 31.0)), (), ()]
    middle = np.linspace(10, 50, 4001)
    dose = middle + np.random.default_rng(3).uniform(-15, 15, 4001)
    dose[2000] = np.nan
    volume = np.full(4001, 0.25)
    got = chosen_in(dose, volume, None, lambda at: middle[at], Tails(0.0, 0.0, rounds[0].between_gy), 50.0)
    wanted = ((middle >= 20) & (middle <= 22)) | ((middle >= 30) & (middle <= 31))
    wanted[2000] = False
    assert got.tolist() == np.flatnonzero(wanted).tolist()


def test_the_median_of_a_steep_edge():
    """In a dose that falls from 67 to 13 Gy within few mm D50% is off by less than 0.05 % of 50 Gy."""
    one = case(166)
    stack, _ = stack_contours(one.roi)
    dose = structure_dose(sample_solid("A", Leaf(stack), field_of(one.grid), "prism"), None)
    found = evaluate(dose, parse_metric("D50%[Gy]"), None)
    assert found.value == pytest.approx(truth(one)["D50%"], abs=0.05e-2 * 50)
