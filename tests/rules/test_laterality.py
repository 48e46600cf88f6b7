"""Sides of names: told from the middle of the body, or from the other structure of a pair in the same frame."""

from dataclasses import replace

from rtcheck.rules.laterality import laterality_findings
from tests.boxes import box

RIGHT, LEFT = ((-60, -40), (0, 20), (0, 12)), ((40, 60), (0, 20), (0, 12))


def test_without_a_body_the_other_one_of_a_pair_tells_the_side():
    """Lungs whose names are exchanged are seen from each other; x grows towards the patient's left."""
    swapped = box(*RIGHT, number=1, name="Lung_L"), box(*LEFT, number=2, name="Lung_R")
    assert [item.subject for item in laterality_findings(swapped, None, swapped)] == [
        "structure set", "Lung_L", "Lung_R",
    ]  # fmt: skip
    right = box(*LEFT, number=1, name="Lung_L"), box(*RIGHT, number=2, name="Lung_R")
    assert laterality_findings(right, None, right) == ()


def test_a_partner_in_another_frame_tells_nothing():
    """Coordinates of two frames of reference are not compared."""
    here, there = box(*RIGHT, number=1, name="Lung_L"), box(*LEFT, number=2, name="Lung_R")
    there = replace(there, frame_of_reference_uid="9.9.9")
    assert laterality_findings((here, there), None, (here, there)) == ()
