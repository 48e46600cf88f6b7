"""Readings of a solid that are each sampled by themselves, as one dose."""

from rtcheck.dvh.readings import with_readings
from tests.dvh.test_evaluate import make_dose, make_dvh


def test_other_readings_join_the_alternatives():
    """The value of each other reading joins under its label, with its own alternative of that label and no other."""
    value, short, long = (make_dvh([dose]) for dose in (10.0, 9.0, 11.0))
    own, unlike = make_dvh([9.5]), make_dvh([20.0])
    dose = with_readings(
        make_dose(value, [("prism", unlike)]),
        [("short ends", make_dose(short, [("short ends", own), ("prism", unlike)])), ("long ends", make_dose(long))],
    )
    assert dose.value is value
    assert [label for label, _ in dose.alternatives] == ["prism", "short ends", "short ends", "long ends"]
    assert [dvh.dose_gy[0] for _, dvh in dose.alternatives] == [20.0, 9.0, 9.5, 11.0]


def test_a_reading_without_volume_is_left_out():
    """Where a margin leaves nothing of one reading, the others tell."""
    value = make_dvh([10.0])
    dose = with_readings(make_dose(value), [("short ends", make_dose(make_dvh([]), [("short ends", value)]))])
    assert dose.alternatives == ()
