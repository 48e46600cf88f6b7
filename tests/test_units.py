"""Numbers and units at the edges."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcheck.units import fold_unit, format_number, match_number, match_unit, scale_number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (13.0, "13"),
        (0.03, "0.03"),
        (95.5, "95.5"),
        (0.0, "0"),
        (-0.0, "0"),
        (1e-7, "0.0000001"),
        (1e20, "1" + "0" * 20),
        (-8.0, "-8"),
    ],
)
def test_numbers_print_without_exponent_or_trailing_zeros(value, text):
    """A number prints as the shortest plain decimal."""
    assert format_number(value) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_none_do_not_print(value):
    """NaN and infinity have no text."""
    with pytest.raises(ValueError, match="no decimal text"):
        format_number(value)


@settings(derandomize=True, max_examples=200)
@given(st.floats(min_value=1e-6, max_value=1e9))
def test_printed_numbers_read_back_exactly(value):
    """Reading a printed number gives the same float."""
    text = format_number(value)
    found = match_number(text, 0)
    assert found is not None
    assert (float(found[0]), found[1]) == (value, len(text))


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "+1", "1_000", "1.2.3", "", ".", "1.", "１２", "٣"])
def test_what_only_python_takes_for_a_number_is_none(text):
    """Signs, underscores, NaN, infinity, a bare point and foreign digits are refused."""
    assert match_number(text, 0) is None


def test_hexadecimal_and_exponents_end_after_the_plain_digits():
    """The digits before an x or e are the number; what follows is then refused as a unit."""
    assert match_number("0x10", 0) == (Decimal(0), 1)
    assert match_unit("0x10", 1) is None
    assert match_number("1e3", 0) == (Decimal(1), 1)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("cGy", ("Gy", -2)),
        ("GY", ("Gy", 0)),
        ("cm^3", ("cc", 0)),
        ("mL", ("cc", 0)),
        (" % ", ("%", 0)),
        ("cm", ("mm", 1)),
        ("mGy", None),
    ],
)
def test_units_fold_to_the_canonical_one(text, unit):
    """Each spelling has one canonical unit and a power of ten."""
    assert fold_unit(text) == unit


def test_the_longest_unit_is_taken():
    """cm3 is a volume and cm a length; a unit does not end inside a word."""
    assert match_unit("2cm3", 1) == ("cc", 0, 4)
    assert match_unit("2cm", 1) == ("mm", 1, 3)
    assert match_unit("2Gyx", 1) is None


def test_conversion_is_exact_on_the_decimal_digits():
    """0.7 cGy is the same float as 0.007 Gy, though 0.7 * 0.01 is not."""
    assert 0.7 * 0.01 != 0.007
    assert scale_number(Decimal("0.7"), -2) == 0.007
