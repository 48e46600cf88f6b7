"""Samples merged with their neighbours in dose: fewer, and every metric as it was."""

import numpy as np
import pytest

from rtcheck.dvh.sampling import Samples
from rtcheck.dvh.thinning import thinned


def samples(seed, count=200_000, *, tail=True):
    """Ascending samples of one part with small volumes in both tails, of two kinds of reading, and unknown ones."""
    rng = np.random.default_rng(seed)
    dose = np.sort(np.concatenate([rng.normal(50, 2, count // 2), rng.uniform(5, 60, count // 2)]))
    volume = rng.uniform(0.5, 1.5, count) * 1e-3
    if tail:
        volume[-5000:] /= 512
        volume[:5000] /= 8
    mask = rng.choice([1, 3, 2], count, p=[0.9, 0.05, 0.05]).astype(np.int64)
    unknown = np.full(40, np.nan)
    return Samples(
        np.concatenate([dose, unknown])[None], np.concatenate([volume, np.full(40, 2e-3)]),
        np.concatenate([mask, np.full(40, 1)]), np.zeros((3, 0)),
    )  # fmt: skip


def curve(some, bit):
    """Doses ascending and the middle of each one's volume from the hot end, of one reading where the dose is known."""
    member = (some.mask & bit != 0) & ~np.isnan(some.dose_gy[0])
    dose, volume = some.dose_gy[0, member], some.volume_cm3[member]
    assert np.all(dose[1:] >= dose[:-1])
    return dose, volume, np.sum(volume) - np.cumsum(volume) + volume / 2


@pytest.mark.parametrize("bit", [1, 2])
@pytest.mark.parametrize("seed", [1, 2])
def test_metrics_stay_as_they_were(seed, bit):
    """A third of the samples at most; volume and mean to twelve digits, doses to a thousandth of their range."""
    whole = samples(seed)
    few = thinned(whole)
    assert len(few.mask) < len(whole.mask) / 3
    (dose, volume, rank), (some, their, at) = curve(whole, bit), curve(few, bit)
    assert np.sum(their) == pytest.approx(np.sum(volume), rel=1e-12)
    assert np.sum(some * their) == pytest.approx(np.sum(dose * volume), rel=1e-12)
    total = float(np.sum(volume))
    asked = np.array([*(total * np.array([0.02, 0.05, 0.3, 0.5, 0.8, 0.95, 0.98])), 0.003, 0.03, 0.1, 1.0])
    before = np.interp(asked, rank[::-1], dose[::-1])
    after = np.interp(asked, at[::-1], some[::-1])
    share = 1.0 if bit == 1 else 0.1  # of the volume: what is merged is small against the whole
    assert np.abs(after - before).max() < 0.01 / share
    for limit in (20.0, 48.0, 50.0, 55.0):
        assert np.sum(their[some >= limit]) == pytest.approx(np.sum(volume[dose >= limit]), abs=5e-5 * total / share)


def test_readings_and_unknown_doses_are_kept_apart():
    """Every combination of readings keeps its volume, and what is unknown is not touched."""
    whole = samples(3)
    few = thinned(whole)
    for mask in (1, 2, 3):
        known, theirs = ((each.mask == mask) & ~np.isnan(each.dose_gy[0]) for each in (whole, few))
        assert np.sum(few.volume_cm3[theirs]) == pytest.approx(np.sum(whole.volume_cm3[known]), rel=1e-12)
    assert np.count_nonzero(np.isnan(few.dose_gy)) == 40
    assert np.all(np.isnan(few.dose_gy[0, -40:]))


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
    assert few.dose_gy[0, 0] == whole.dose_gy[0, 0]
    assert few.dose_gy[0, known][-1] == np.nanmax(whole.dose_gy)


def test_what_cannot_be_ordered_by_one_dose_is_left():
    """Of two parts of a course alike sums can be of unlike parts; and without a known dose there is nothing to do."""
    dose = np.linspace(10, 50, 90_000)
    two = Samples(np.stack([dose, dose[::-1]]), np.ones(90_000), np.ones(90_000, dtype=np.int64), np.zeros((3, 0)))
    assert thinned(two) is two
    none = Samples(np.full((1, 5), np.nan), np.ones(5), np.ones(5, dtype=np.int64), np.zeros((3, 0)))
    assert thinned(none) is none


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
    order = np.argsort(dose, kind="stable")
    few = thinned(Samples(dose[None, order], volume[order], np.ones(3 * count, dtype=np.int64), np.zeros((3, 0))))
    assert len(few.mask) < count
    limit = 50 * (1 - 1e-9)
    exact = float(np.sum(volume[dose >= limit]))
    assert np.sum(few.volume_cm3[few.dose_gy[0] >= limit]) == pytest.approx(exact, abs=3e-5)


def test_a_reading_of_which_nothing_is_known_stays():
    """Samples of a reading that lies wholly outside the dose grid are beside those of others whose dose is known."""
    whole = samples(6, 40_000)
    mask = np.where(np.isnan(whole.dose_gy[0]), 8, whole.mask)
    few = thinned(Samples(whole.dose_gy, whole.volume_cm3, mask, whole.points_mm))
    assert np.sum(few.volume_cm3[few.mask == 8]) == pytest.approx(40 * 2e-3)
    assert np.isnan(few.dose_gy[0, few.mask == 8]).all()
    assert not np.isnan(few.dose_gy[0, few.mask != 8]).any()
    assert np.sum(few.volume_cm3) == pytest.approx(np.sum(whole.volume_cm3), rel=1e-12)
