"""Samples of about one dose merged: fewer, and every metric as it was."""

import numpy as np
import pytest

from rtcheck.dvh.sampling import Samples
from rtcheck.dvh.thinning import thinned


def samples(seed, count=200_000, *, tail=True):
    """Samples of one part with small volumes in both tails, of two kinds of reading, and unknown ones; not in order."""
    rng = np.random.default_rng(seed)
    dose = np.sort(np.concatenate([rng.normal(50, 2, count // 2), rng.uniform(5, 60, count // 2)]))
    volume = rng.uniform(0.5, 1.5, count) * 1e-3
    if tail:
        volume[-5000:] /= 512
        volume[:5000] /= 8
    mask = rng.choice([1, 3, 2], count, p=[0.9, 0.05, 0.05]).astype(np.int64)
    unknown = np.full(40, np.nan)
    mixed = rng.permutation(count + 40)
    return Samples(
        np.concatenate([dose, unknown])[None, mixed], np.concatenate([volume, np.full(40, 2e-3)])[mixed],
        np.concatenate([mask, np.full(40, 1)])[mixed], np.zeros((3, 0)),
    )  # fmt: skip


def by_dose(some):
    """The same samples in order."""
    order = np.argsort(some.dose_gy[0], kind="stable")
    return Samples(some.dose_gy[:, order], some.volume_cm3[order], some.mask[order], some.points_mm)


def curve(some, bit):
    """Doses ascending and the middle of each one's volume from the hot end, of one reading where the dose is known."""
    member = (some.mask & bit != 0) & ~np.isnan(some.dose_gy[0])
    dose, volume = some.dose_gy[0, member], some.volume_cm3[member]
    assert np.all(dose[1:] >= dose[:-1])
    return dose, volume, np.sum(volume) - np.cumsum(volume) + volume / 2


@pytest.mark.parametrize("bit", [1, 2])
@pytest.mark.parametrize("seed", [1, 2])
def test_metrics_stay_as_they_were(seed, bit):
    """A third of the samples; volume and mean to twelve digits, doses to a thousandth of a Gy."""
    whole = samples(seed)
    few = thinned(whole)
    assert len(few.mask) < len(whole.mask) * 0.35
    whole = by_dose(whole)
    (dose, volume, rank), (some, their, at) = curve(whole, bit), curve(few, bit)
    assert np.sum(their) == pytest.approx(np.sum(volume), rel=1e-12)
    assert np.sum(some * their) == pytest.approx(np.sum(dose * volume), rel=1e-12)
    total = float(np.sum(volume))
    asked = np.array([*(total * np.array([0.02, 0.05, 0.3, 0.5, 0.8, 0.95, 0.98])), 0.003, 0.03, 0.1, 1.0])
    before = np.interp(asked, rank[::-1], dose[::-1])
    after = np.interp(asked, at[::-1], some[::-1])
    share = 1.0 if bit == 1 else 0.1  # of the volume: what is merged is small against the whole
    assert np.abs(after - before).max() < 1e-3 / share
    for limit in (20.0, 48.0, 50.0, 55.0):
        exact = np.interp(limit, dose, rank)
        assert np.interp(limit, some, at) == pytest.approx(exact, abs=5e-5 * total / share)


def test_readings_and_unknown_doses_are_kept_apart():
    """Every combination of readings keeps its volume, and what is unknown is not touched."""
    whole = samples(3)
    few = thinned(whole)
    for mask in (1, 2, 3):
        known, theirs = ((each.mask == mask) & ~np.isnan(each.dose_gy[0]) for each in (whole, few))
        assert np.sum(few.volume_cm3[theirs]) == pytest.approx(np.sum(whole.volume_cm3[known]), rel=1e-12)
    assert np.count_nonzero(np.isnan(few.dose_gy)) == 40
    assert np.all(np.isnan(few.dose_gy[0, -40:]))


def test_a_reading_of_which_nothing_is_known_stays():
    """Samples of a reading that lies wholly outside the dose grid are beside those of others whose dose is known."""
    whole = samples(6, 40_000)
    mask = np.where(np.isnan(whole.dose_gy[0]), 8, whole.mask)
    few = thinned(Samples(whole.dose_gy, whole.volume_cm3, mask, whole.points_mm))
    assert np.sum(few.volume_cm3[few.mask == 8]) == pytest.approx(40 * 2e-3)
    assert np.isnan(few.dose_gy[0, few.mask == 8]).all()
    assert not np.isnan(few.dose_gy[0, few.mask != 8]).any()
    assert np.sum(few.volume_cm3) == pytest.approx(np.sum(whole.volume_cm3), rel=1e-12)


@pytest.mark.parametrize("share", [0.6, 1e-3, 2e-5])
@pytest.mark.parametrize("low", [0.0, 7.3])
def test_what_has_a_dose_exactly_keeps_it(share, low):
    """A plateau, as rounding leaves it, is not merged with the doses beside it: it still reaches its own dose."""
    rng = np.random.default_rng(11)
    count = 150_000
    level = np.full(count, 50.0) * (1 + rng.choice([-1, 0, 1], count) * 2e-16)
    slope = rng.choice([rng.uniform(low, 60, count), rng.uniform(49.98, 50.02, count)])
    dose = np.concatenate([level, slope, rng.uniform(low, 60, count)])
    volume = np.repeat([share / count, 0.2 * (1 - share) / count, 0.8 * (1 - share) / count], count)
    few = thinned(Samples(dose[None], volume, np.ones(3 * count, dtype=np.int64), np.zeros((3, 0))))
    assert len(few.mask) < 3 * count
    limit = 50 * (1 - 1e-9)
    exact = float(np.sum(volume[dose >= limit]))
    assert np.sum(few.volume_cm3[few.dose_gy[0] >= limit]) == pytest.approx(exact, abs=1.3e-4)


def test_an_even_dose_keeps_its_last_digit():
    """Samples of one dose are merged to that dose, not to a mean that rounding moves."""
    even = 0.1 + 0.2
    count = 100_000
    volume = np.random.default_rng(5).uniform(1, 2, count)
    few = thinned(Samples(np.full((1, count), even), volume, np.ones(count, dtype=np.int64), np.zeros((3, 0))))
    assert len(few.mask) < count
    assert np.all(few.dose_gy == even)


def test_ends_are_never_merged_into_the_bulk():
    """The hottest and the coldest sample stay as they are, however small or large."""
    whole = samples(4, tail=False)
    few = thinned(whole)
    known = ~np.isnan(few.dose_gy[0])
    for mask in (1, 2, 3):
        dose, theirs = whole.dose_gy[0, whole.mask == mask], few.dose_gy[0, known & (few.mask == mask)]
        assert (theirs[0], theirs[-1]) == (np.nanmin(dose), np.nanmax(dose))


def test_what_cannot_be_merged_is_put_in_order():
    """Of two parts of a course alike sums can be of unlike parts; few samples and unknown doses stay as they are."""
    dose = np.linspace(50, 10, 90_000)
    two = Samples(np.stack([dose, dose / 2]), np.ones(90_000), np.ones(90_000, dtype=np.int64), np.zeros((3, 0)))
    found = thinned(two)
    assert np.array_equal(found.dose_gy, two.dose_gy[:, ::-1])
    few = Samples(np.array([[3.0, np.nan, 1.0]]), np.arange(3.0), np.arange(3), np.zeros((3, 0)))
    found = thinned(few)
    assert found.dose_gy[0, :2].tolist() == [1.0, 3.0]
    assert found.volume_cm3.tolist() == [2.0, 0.0, 1.0]
    assert found.mask.tolist() == [2, 0, 1]
    none = Samples(np.full((1, 20_000), np.nan), np.ones(20_000), np.ones(20_000, dtype=np.int64), np.zeros((3, 0)))
    assert np.isnan(thinned(none).dose_gy).all()
    assert thinned(none).volume_cm3.sum() == 20_000


def test_no_two_doses_further_apart_than_a_thousandth_of_a_gy_become_one():
    """Whatever the range, what is merged is within a step: each sample finds its dose again among the merged ones."""
    for top in (0.5, 20.0, 400.0):
        dose = np.random.default_rng(7).uniform(0.01, top, 40_000)
        few = thinned(Samples(dose[None], np.ones(40_000), np.ones(40_000, dtype=np.int64), np.zeros((3, 0))))
        near = few.dose_gy[0][np.clip(np.searchsorted(few.dose_gy[0], dose), 0, len(few.mask) - 1)]
        before = few.dose_gy[0][np.clip(np.searchsorted(few.dose_gy[0], dose) - 1, 0, len(few.mask) - 1)]
        assert np.minimum(np.abs(near - dose), np.abs(before - dose)).max() <= min(1e-3, top / 32_000)
