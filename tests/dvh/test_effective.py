"""Homogeneity, generalised equivalent uniform dose and effective volume against closed forms."""

import math

import numpy as np
import pytest

from rtcheck.dvh.effective import VEFF_N
from tests.dvh.test_evaluate import ask, make_dvh, ramp


@pytest.mark.parametrize("a", [-20, -2, -0.5, 0.5, 1, 1.5, 4, 8, 40])
def test_power_mean_of_a_ramp(a):
    """Of a dose spread evenly from 20 to 60 Gy the power mean is that of the integral, to a millionth."""
    exact = ((60 ** (a + 1) - 20 ** (a + 1)) / ((a + 1) * 40)) ** (1 / a)
    assert ask(f"gEUD(a={a})[Gy]", ramp(20, 60)).value == pytest.approx(exact, rel=1e-6)


def test_power_mean_of_minus_one_is_harmonic():
    """With a = -1 the power mean is the harmonic one."""
    assert ask("gEUD(a=-1)[Gy]", ramp(20, 60)).value == pytest.approx(40 / math.log(3), rel=1e-6)


@pytest.mark.parametrize("a", [-100, -1, 1, 8, 500])
def test_a_uniform_dose_is_its_own_equivalent(a):
    """Whatever a is, a uniform dose is equivalent to itself, without overflow."""
    assert ask(f"gEUD(a={a})[Gy]", make_dvh([37.0] * 5)).value == pytest.approx(37.0, rel=1e-12)


def test_power_mean_grows_with_its_exponent_between_minimum_and_maximum():
    """From cold to hot exponents the power mean ascends, near minimum, mean and near maximum."""
    values = [ask(f"gEUD(a={a})[Gy]", ramp(20, 60)).value for a in (-200, -10, -1, 1, 3, 10, 200)]
    assert values == sorted(values)
    assert values[0] < 21.5
    assert values[-1] > 58.5
    assert values[3] == pytest.approx(ask("Mean[Gy]", ramp(20, 60)).value, rel=1e-9)


def test_a_cold_power_mean_of_an_unirradiated_part_is_zero():
    """Where the dose reaches 0 Gy a negative exponent gives 0, and without any dose every exponent does."""
    assert ask("gEUD(a=-10)[Gy]", make_dvh([0.0, 0.0, 50.0])).value == 0
    assert ask("gEUD(a=8)[Gy]", make_dvh([0.0, 0.0])).value == 0


def test_outside_the_grid_a_hot_power_mean_has_no_bound_and_a_cold_one_has():
    """What lies outside could be hot without bound; for cold exponents it could be cold, or add nothing."""
    half = make_dvh([40.0, 50.0], outside=2.0)
    assert ask("gEUD(a=8)[Gy]", half).code == "RTD601"
    found = ask("gEUD(a=-10)[Gy]", half)
    assert found.low == 0
    inside = ask("gEUD(a=-10)[Gy]", make_dvh([40.0, 50.0])).value
    assert (found.value, found.high) == (pytest.approx(inside), pytest.approx(inside * 0.5 ** (-1 / 10)))
    assert ask("gEUD(a=-10)[Gy]", make_dvh([], outside=1.0)).code == "RTD601"


def test_homogeneity_of_a_ramp():
    """Of a dose spread evenly from 40 to 60 Gy, D2 - D98 is 19.2 Gy and the median 50 Gy."""
    assert ask("HI_ICRU83", ramp(40, 60)).value == pytest.approx(19.2 / 50, rel=1e-6)


def test_homogeneity_of_a_uniform_dose_is_zero_and_widens_with_the_dose_error():
    """A uniform dose has index 0; rounding of the stored dose opens the interval upwards only."""
    found = ask("HI_ICRU83", make_dvh([50.0] * 9), dose_error=0.5)
    assert (found.value, found.low, found.high) == (0, 0, pytest.approx(1 / 49.5))


def test_homogeneity_is_judged_under_each_convention():
    """The interval holds the index under every convention, each with its own three doses."""
    found = ask("HI_ICRU83", ramp(40, 60), alternatives=(("other", ramp(30, 60)),))
    assert found.high == pytest.approx(0.96 * 30 / 45, rel=1e-6)


def test_homogeneity_without_dose_is_undefined():
    """A median of 0 Gy leaves no index, and part outside the grid is bounded or refused."""
    assert ask("HI_ICRU83", make_dvh([0.0, 0.0, 0.0])).code == "RTD605"
    assert ask("HI_ICRU83", make_dvh([40.0] * 99, outside=1.0)).code in ("", "RTD601")
    assert ask("HI_ICRU83", make_dvh([40.0, 50.0], outside=2.0)).code == "RTD601"


def test_effective_volume_of_a_uniform_dose():
    """Uniformly irradiated to half the prescription, the effective volume is 0.5 to the power 1/n."""
    found = ask("Veff[%]", make_dvh([25.0] * 4), prescription=50.0)
    assert found.value == pytest.approx(100 * 0.5 ** (1 / VEFF_N[0]))
    assert found.high == pytest.approx(50.0)
    assert ask("Veff[%]", make_dvh([50.0] * 4), prescription=50.0).value == pytest.approx(100)
    rounded = ask("Veff[%]", make_dvh([25.0] * 4), prescription=50.0, dose_error=0.5)
    assert rounded.low == pytest.approx(100 * (24.5 / 50) ** (1 / 0.97))
    assert rounded.high == pytest.approx(100 * (25.5 / 50))


def test_effective_volume_of_partial_irradiation():
    """A quarter irradiated to the prescription and the rest not at all is an effective volume of a quarter."""
    n = 4000
    dose = make_dvh(np.repeat([0.0, 40.0], [3 * n, n]), np.full(4 * n, 1 / n))
    assert ask("Veff[%]", dose, prescription=40.0).value == pytest.approx(25, rel=1e-3)


def test_effective_volume_needs_a_prescription_and_the_whole_organ():
    """Without a prescription, or partly outside the grid, there is no effective volume."""
    assert ask("Veff[%]", ramp()).code == "RTD501"
    assert ask("Veff[%]", make_dvh([40.0], outside=1.0), prescription=50.0).code == "RTD601"


def test_the_sampling_error_reaches_every_one_of_them():
    """A coarser sampling that differs widens the interval, and one that agrees by chance is not trusted wholly."""
    for text in ("gEUD(a=8)[Gy]", "HI_ICRU83", "Veff[%]"):
        agreed = ask(text, ramp(40, 60), prescription=50.0, coarse=ramp(40, 60))
        differs = ask(text, ramp(40, 60), prescription=50.0, coarse=ramp(39, 63))
        assert agreed.low < agreed.value < agreed.high
        assert differs.high - differs.value > agreed.high - agreed.value


@pytest.mark.parametrize(("a", "power"), [(2, 1300 / 3), (3, 10_000.0), (-1, np.log(3) / 20)])
def test_power_mean_between_two_samples_is_the_integral(a, power):
    """One sample of 20 Gy between 10 and 30 Gy stands for all doses between: the integral of D^a over them."""
    found = ask(f"gEUD(a={a})[Gy]", make_dvh([20.0], minimum=10.0, maximum=30.0))
    assert found.value == pytest.approx(power ** (1 / a), rel=1e-4)
