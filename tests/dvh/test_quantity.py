"""Physical dose, EQD2 and BED, and what the rounding of stored integers makes of them."""

import numpy as np
import pytest

from rtcheck.dvh.metric import Biological
from rtcheck.dvh.quantity import convert, quantum, total

EQD2, BED = Biological("EQD2", 3.0), Biological("BED", 10.0)


def test_the_formulas():
    """20 Gy in 5 fractions: EQD2 = 20 (4 + 3) / 5 = 28 Gy for α/β = 3, BED = 20 (1 + 4 / 10) = 28 Gy for α/β = 10."""
    dose = np.array([0.0, 20.0])
    assert convert(dose, 5, EQD2).tolist() == [0, 28]
    assert convert(dose, 5, BED).tolist() == [0, 28]
    assert convert(dose, 5, None) is dose


MISSING = [(Biological("BED", None), 5), (Biological("BED", 0.0), 5), (BED, 0)]


@pytest.mark.parametrize(("quantity", "fractions"), MISSING)
def test_what_is_missing_is_refused(quantity, fractions):
    """Without a positive α/β or a number of fractions there is no biological dose."""
    with pytest.raises(ValueError, match="BED needs a"):
        convert(np.ones(3), fractions, quantity)


def test_parts_are_converted_before_they_are_added():
    """Two parts of 10 Gy in 5 and in 1 fractions: 10 (2 + 3) / 5 + 10 (10 + 3) / 5."""
    assert total(np.full((2, 1), 10.0), (5, 1), EQD2).tolist() == [36]
    assert np.isnan(total(np.array([[10.0], [np.nan]]), (5, 1), EQD2)).all()


@pytest.mark.parametrize("top", [0.2, 20.0])
def test_a_step_counts_as_much_as_at_the_highest_dose(top):
    """Half a step of 0.1 Gy moves EQD2 by the difference quotient at the highest known dose of the part."""
    dose = np.array([[0.0, top, np.nan]])
    expected = ((top + 0.1) * ((top + 0.1) / 5 + 3) - top * (top / 5 + 3)) / 5
    assert quantum(dose, (5,), (0.1,), EQD2) == pytest.approx(expected, rel=1e-9)
    assert quantum(dose, (5,), (0.1,), None) == 0.1
    assert quantum(np.repeat(dose, 2, axis=0), (5, 5), (0.1, 0.1), EQD2) == pytest.approx(2 * expected, rel=1e-9)
