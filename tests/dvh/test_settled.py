"""When two samplings of one solid agree well enough, and where more samples are wanted if not."""

import numpy as np
import pytest

from rtcheck.dvh.sampling import Samples
from rtcheck.dvh.settled import settled, unsettled
from rtcheck.dvh.tails import NOTHING_WANTING, Wanting


def samples(dose, volume=0.01, mask=1):
    """Samples of one part at these doses, ascending."""
    dose = np.atleast_2d(np.asarray(dose, dtype=float))
    count = dose.shape[1]
    return Samples(dose, np.full(count, volume), np.full(count, mask, dtype=np.int64), np.zeros((3, 0)))


RAMP = np.linspace(10, 50, 1000)


def test_what_agrees_is_settled():
    """Two samplings of the same even doses want nothing more; nor does a dose of 0, or one that nobody knows."""
    assert unsettled(samples(RAMP), samples(RAMP[::4], 0.04), 50.0) is None
    assert unsettled(samples(np.zeros(9)), samples(np.ones(9)), 50.0) is None
    assert unsettled(samples(np.full(9, np.nan)), samples(RAMP), 50.0) is None


def test_what_is_partly_unknown_wants_samples_everywhere():
    """The volume outside the dose grid is known by samples alone: the two may differ in it by 3 x 0.05 %."""
    assert unsettled(samples([*RAMP, np.nan]), samples(RAMP), 50.0) is None
    assert unsettled(samples([*RAMP, np.nan, np.nan]), samples(RAMP), 50.0) == Wanting(throughout=True)
    assert unsettled(samples(RAMP), samples([*RAMP, np.nan, np.nan]), 50.0) == Wanting(throughout=True)
    assert unsettled(samples(RAMP), samples(np.full(9, np.nan)), 50.0) == Wanting(throughout=True)


def test_means_may_differ_by_a_share_of_the_maximum():
    """The mean may differ by 3 x 0.05 % of the highest dose in the structure, or of a quarter of that anywhere."""
    for moved, highest, wanted in ((0.07, 50, None), (0.08, 50, True), (0.14, 400, None), (0.16, 400, True)):
        found = unsettled(samples(RAMP), samples(RAMP + moved), highest)
        assert (found and found.throughout) == wanted, (moved, highest)


def test_only_the_end_that_differs_is_wanted():
    """Differing near 2 % of the volume asks for the hot end there, differing at 98 % for the cold end.

    The last is how far from the end volumes differ: of 40 Gy 1 Gy is 2.5 % of the volume, and half of that a share.
    """
    hot, cold = RAMP.copy(), RAMP.copy()
    hot[-30:-10] += 1.0
    cold[10:30] -= 1.0
    assert unsettled(samples(RAMP), samples(hot), 50.0) == Wanting(hot_cm3=(pytest.approx(0.2), 0.1, 0.25))
    found = unsettled(samples(RAMP), samples(cold), 50.0)
    assert found == Wanting(cold_cm3=(pytest.approx(0.2), pytest.approx(0.25)))


def test_only_the_value_counts():
    """Samples of other readings than the value do not matter."""
    other = samples(RAMP + 20, mask=2)
    mixed = Samples(
        np.concatenate([samples(RAMP).dose_gy, other.dose_gy], axis=1), np.full(2000, 0.01),
        np.repeat([1, 2], 1000), np.zeros((3, 0)),
    )  # fmt: skip
    assert unsettled(mixed, samples(RAMP), 70.0) is None


def test_five_cubic_centimetres_are_asked_for_where_they_are_less_than_half():
    """Of 12 cm³ the hottest 5 are compared too, and asked for alone where they alone differ."""
    fine = np.linspace(10, 90, 1200)
    moved = fine.copy()
    moved[693:708] += 0.29  # of 0.07 Gy a sample: a third of a per cent of the volume
    assert unsettled(samples(fine), samples(moved), 50.0) == Wanting(hot_cm3=(5.0,))
    assert unsettled(samples(fine, 0.0075), samples(moved, 0.0075), 50.0) is None


def test_a_difference_in_the_middle_wants_samples_everywhere():
    """Where the median alone differs, the mean agreeing, more samples are wanted throughout."""
    moved = RAMP.copy()
    moved[490:510] += 1.0
    assert unsettled(samples(RAMP), samples(moved), 50.0) == Wanting(throughout=True)


@pytest.mark.parametrize("share", [0.1, 0.2, 0.275, 0.3, 0.4, 0.45, 0.525, 0.575, 0.7, 0.725, 0.8, 0.9])
def test_a_difference_anywhere_in_the_bulk_is_found(share):
    """Two samplings that agree in mean and median can both be wrong: they are compared at many shares of the volume.

    Within a quarter of the volume from either end that end is sampled finer, elsewhere a band of doses: those of
    a tenth of the volume on either side.
    """
    moved = RAMP.copy()
    at = round((1 - share) * 1000)
    moved[at - 3 : at + 3] += 0.1
    hot = (pytest.approx(10 * share),) if share < 0.25 else ()
    cold = (pytest.approx(10 * (1 - share)),) if share > 0.75 else ()
    band = (pytest.approx(46 - 40 * share, abs=1.3), pytest.approx(54 - 40 * share, abs=1.3))
    found = unsettled(samples(RAMP), samples(moved), 50.0)
    assert (found.hot_cm3[:1], found.cold_cm3) == (hot, cold)
    assert found.between_gy == (() if hot or cold else (band,))
    assert not found.throughout
    moved[498:502] += 0.2
    more = unsettled(samples(RAMP), samples(moved), 50.0).between_gy
    for dose in (30, 50 - 40 * share)[: 1 if hot or cold else 2]:
        assert any(low < dose < high for low, high in more)


def test_bands_that_are_most_of_the_volume_are_all_of_it():
    """Each band takes in a fifth of the volume: two next to each other are one, with three everything is sampled."""
    moved = RAMP.copy()
    for at in (300, 450):
        moved[at - 3 : at + 3] += 0.1
    few = unsettled(samples(RAMP), samples(moved), 50.0)
    assert few.between_gy == ((pytest.approx(18, abs=0.3), pytest.approx(32, abs=0.3)),)
    assert not few.throughout
    moved[597:603] += 0.1
    assert unsettled(samples(RAMP), samples(moved), 50.0) == Wanting(throughout=True)


def test_volumes_that_differ_at_an_end_want_that_end():
    """Where the dose is even but for some samples of the hot end, the volume that has the dose of D10 differs there."""
    even = np.linspace(49.9, 50.0, 1000)
    moved = even.copy()
    moved[800:900] = 49.996
    found = unsettled(samples(even), samples(np.sort(moved)), 50.0)
    assert found == Wanting(hot_cm3=(pytest.approx(1.95),))
    moved[400:500] = 49.956
    assert unsettled(samples(even), samples(np.sort(moved)), 50.0) == Wanting(throughout=True)


def test_volumes_of_an_even_dose_are_compared_too():
    """Where doses differ by less than is asked of them, the volumes at them may not differ by 2 x 0.2 %."""
    even = np.linspace(49.9, 50.0, 1000)
    for more, wanted in ((0.0004, None), (0.007, True)):  # of 0.1 Gy; half a per cent is one dose
        found = unsettled(samples(even), samples(even + more), 50.0)
        assert (found and found.throughout) == wanted, more
    step = np.repeat([20.0, 50.0], 500)
    assert unsettled(samples(step), samples(step), 50.0) is None


def drawn_until_settled(*doses, least=24_000, thin=0):
    """How `settled` draws where the drawings give these doses in turn, and what it takes of them."""
    calls = []

    def sample(count, phase, wanting, readings, *, points):
        calls.append((count, phase, wanting, readings, points))
        return samples(np.sort(doses[len(calls) - 1])), f"with drawing {len(calls)}"

    value, coarse, more = settled(sample, ("value", "short ends"), least, thin, 50.0)
    return calls, float(value.dose_gy[0, 0]), float(coarse.dose_gy[0, 0]), more


EVERYWHERE = RAMP + 1.0


def test_two_samplings_that_agree_are_enough():
    """The finer one is the value; the coarser one has a quarter of the samples, of the first reading only."""
    calls, value, coarse, more = drawn_until_settled(RAMP, RAMP + 0.01)
    assert calls == [
        (24_000, 0.5, NOTHING_WANTING, ("value", "short ends"), True),
        (6_000, 0.25, NOTHING_WANTING, ("value",), True),
    ]
    assert (value, coarse, more) == (10.0, 10.01, "with drawing 1")


def test_samplings_that_differ_are_followed_by_finer_ones_until_two_agree():
    """What was the finer one is the coarser one of the next two, points and all; after two more it is enough."""
    calls, value, coarse, more = drawn_until_settled(RAMP, EVERYWHERE, RAMP + 0.01)
    assert [call[:3] for call in calls[2:]] == [(64_000, 0.25, NOTHING_WANTING)]
    assert (value, coarse, more) == (10.01, 10.0, "with drawing 3")
    calls, value, coarse, more = drawn_until_settled(RAMP, EVERYWHERE, RAMP + 2, RAMP + 3)
    assert [(call[0], call[1], call[4]) for call in calls] == [
        (24_000, 0.5, True), (6_000, 0.25, True), (64_000, 0.25, True), (96_000, 0.5, False),
    ]  # fmt: skip
    assert (value, coarse, more) == (13.0, 12.0, "with drawing 4")


def test_a_band_that_differs_is_cut_once_and_then_sampled_finer_too():
    """First the number of samples stays; where it differs from them too, there are more, and again the band."""
    steep, steeper = RAMP.copy(), RAMP.copy()
    steep[497:503] += 0.1
    steeper[497:503] -= 0.1
    calls, *_ = drawn_until_settled(RAMP, steep, RAMP)
    assert len(calls) == 3
    assert calls[2][:2] == (24_000, 0.25)
    assert calls[2][2].between_gy and calls[2][2] == unsettled(samples(RAMP), samples(steep), 50.0)
    calls, *_ = drawn_until_settled(RAMP, steep, steeper, RAMP)
    assert [call[:2] for call in calls[2:]] == [(24_000, 0.25), (64_000, 0.5)]
    assert calls[3][2].between_gy and not calls[3][2].throughout


def test_tails_that_differ_are_cut_once_more_and_no_further():
    """The number of samples stays, unless it was raised for a thin structure: then all of it is sampled finer."""
    hot = RAMP.copy()
    hot[-30:-10] += 1.0
    calls, *_ = drawn_until_settled(RAMP, hot, hot)
    assert len(calls) == 3
    assert calls[2][:2] == (24_000, 0.25)
    assert calls[2][2] == unsettled(samples(RAMP), samples(np.sort(hot)), 50.0)
    assert calls[2][2].hot_cm3
    calls, *_ = drawn_until_settled(RAMP, hot, RAMP, thin=30_000)
    assert [call[:3] for call in calls] == [
        (30_000, 0.5, NOTHING_WANTING), (7_500, 0.25, NOTHING_WANTING), (64_000, 0.25, NOTHING_WANTING),
    ]  # fmt: skip
    calls, *_ = drawn_until_settled(RAMP, EVERYWHERE, RAMP, thin=1_000_000)
    assert [call[0] for call in calls] == [64_000, 16_000, 96_000]
