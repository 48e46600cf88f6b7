"""Decimal strings: the grammar, and that the vectorised pass gives what `float` gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcheck.dicom.numbers import DecimalError, parse_decimal, parse_decimals

GOOD = ["0", "-0", "+0", "1", "-1.5", "+2.25", ".5", "-.5", "5.", "1e3", "1E-3", "-1.25e+02", "007", "1.00000000000000"]
BAD = [
    "nan", "NaN", "inf", "-inf", "Infinity", "0x10", "1.0D-3", "0,001", "0.1_1", "1_0", "1 .5", "1. 5", "--1", "+-1",
    "1-", "1-2", "1.2.3", ".", "-", "+", "e5", "1e", "1e+", "1e1.5", "\t1", "1\n", "1\0002", "①", "1e400", "-1e400",
    "1e-400", "-0.5e-330", "12a", "1e5e5", "\x001",
]  # fmt: skip


def same(parsed, texts):
    expected = np.array([float(text) for text in texts])
    return parsed.tobytes() == expected.tobytes()


@pytest.mark.parametrize("text", GOOD)
def test_good_number(text):
    """A number of the grammar is read as `float` reads it, alone and among others, with blanks around it."""
    assert same(parse_decimals(f"1\\{text}\\ {text} ".encode()).values, ["1", text, text])
    assert parse_decimal(text.encode()) == float(text)


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize("neighbours", [("", ""), ("1.5\\", "\\-2")])
def test_bad_number(text, neighbours):
    """Nothing outside the grammar becomes a number, and the error says which value it was."""
    before, after = neighbours
    with pytest.raises(DecimalError) as caught:
        parse_decimals((before + text + after).encode())
    assert caught.value.index == before.count("\\")
    assert not caught.value.empty
    with pytest.raises(DecimalError):
        parse_decimal(text.encode())


@pytest.mark.parametrize(
    ("text", "index"), [("", 0), ("1\\", 1), ("\\1", 0), ("1\\\\2", 1), ("1\\  \\2", 1), ("12\\", 1)]
)
def test_empty_slot(text, index):
    """An empty slot is told apart from a malformed number (row 5)."""
    with pytest.raises(DecimalError) as caught:
        parse_decimals(text.encode())
    assert caught.value.empty
    assert caught.value.index == index


decimals = st.from_regex(r"[+-]?([0-9]{1,20}\.?[0-9]{0,20}|\.[0-9]{1,20})([eE][+-]?[0-9]{1,2})?", fullmatch=True)
ordinary = st.builds(lambda value, digits: f"{value:.{digits}f}", st.floats(-1e4, 1e4), st.integers(0, 8))


@given(st.lists(st.one_of(decimals, ordinary), min_size=1, max_size=40))
@settings(derandomize=True, max_examples=500, deadline=None)
def test_identical_to_float(texts):
    """Every value is bit for bit what `float` gives, however many digits and whatever exponent."""
    assert same(parse_decimals("\\".join(texts).encode()).values, texts)


@given(st.binary(max_size=12), st.integers(0, 3))
@settings(derandomize=True, max_examples=1500, deadline=None)
def test_vector_and_single_agree(noise, position):
    """The vectorised pass accepts a text exactly when each of its values is accepted alone."""
    values = [b"1.5", b"-2", b"33", b"0.25"]
    values[position] = noise
    text = b"\\".join(values)
    try:
        expected = [parse_decimal(part) for part in text.split(b"\\")]
    except DecimalError:
        with pytest.raises(DecimalError):
            parse_decimals(text)
    else:
        assert parse_decimals(text).values.tolist() == expected


@given(st.text(alphabet="0123456789.-+eE \\", max_size=30))
@settings(derandomize=True, max_examples=1500, deadline=None)
def test_vector_and_single_agree_on_near_numbers(text):
    """The same for texts made of the characters of numbers only."""
    raw = text.encode()
    try:
        expected = [parse_decimal(part) for part in raw.split(b"\\")]
    except DecimalError:
        with pytest.raises(DecimalError):
            parse_decimals(raw)
    else:
        assert same(parse_decimals(raw).values, [part.decode() for part in raw.split(b"\\")])
        assert len(expected) == raw.count(b"\\") + 1


def test_many_values_across_chunks():
    """A long text is parsed in pieces, and no value is lost or changed where they meet."""
    rng = np.random.default_rng(5)
    texts = [
        f"{value:.{digits}f}"
        for value, digits in zip(rng.uniform(-500, 500, 120_000), rng.integers(0, 7, 120_000), strict=True)
    ]
    texts[60_000] = "1e-3"
    parsed = parse_decimals("\\".join(texts).encode())
    assert same(parsed.values, texts)
    bad = list(texts)
    bad[100_000] = "1,5"
    with pytest.raises(DecimalError) as caught:
        parse_decimals("\\".join(bad).encode())
    assert caught.value.index == 100_000


def test_one_value_longer_than_a_chunk():
    """A value longer than the piece parsed at a time is still one value, and too long for a number."""
    text = "0." + "1" * 300_000
    with pytest.raises(DecimalError, match=r"value 2 is '0\.1111"):
        parse_decimals(f"1\\{text}\\2".encode())


def test_long_values():
    """Two hundred digits are a number, written too long; more than 256 characters are none."""
    text = "0." + "1" * 200
    parsed = parse_decimals(f"1\\{text}\\2".encode())
    assert same(parsed.values, ["1", text, "2"])
    assert parsed.overlong == 1
    with pytest.raises(DecimalError):
        parse_decimals(b"0." + b"1" * 256)


def test_overlong_values_are_counted():
    """Sixteen characters are allowed, seventeen are counted."""
    assert parse_decimals(b"-123.45678901234\\1").overlong == 0
    assert parse_decimals(b"-123.456789012345\\1").overlong == 1
