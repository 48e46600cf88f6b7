"""Pitfalls of DICOM-RT that give a plausible wrong answer: tests for each row of the table in the design notes (§2).

Every trap is made from files that show it and run through `rtcheck check`; its clean twin passes. A trap's verdict is
never PASS where the row says refuse or not evaluable, and the finding carries the row's code.
"""

from __future__ import annotations

import pytest

from rtcheck.model.codes import CATALOGUE
from tests.acceptance import test_traps_contours, test_traps_encoding, test_traps_links
from tests.acceptance.trap_tools import CORD, PALLIATIVE

ROWS: dict[int, tuple[tuple[str, ...], str]] = {
    1: (("RTD002",), "test_row_1_cut_short"),
    3: (("RTD008",), "test_row_3_malformed_numbers"),
    4: (("RTD008", "RTD608"), "test_row_4_numbers_that_are_none"),
    5: (("RTD009",), "test_row_5_empty_slots"),
    6: (("RTD305",), "test_row_6_long_contours"),
    8: (("RTD208",), "test_row_8_pixel_size"),
    9: (("RTD208", "RTD209"), "test_row_9_frame_count"),
    14: (("RTD010",), "test_row_14_repeated_elements"),
    15: (("RTD006", "RTD007"), "test_row_15_same_uid"),
    22: (("RTD603",), "test_row_22_end_slices"),
    23: (("RTD312",), "test_row_23_missing_slices"),
    24: (("RTD313",), "test_row_24_irregular_spacing"),
    25: (("RTD313",), "test_row_25_planes_a_hair_apart"),
    27: (("RTD307",), "test_row_27_bow_tie"),
    28: (("RTD308",), "test_row_28_keyhole"),
    29: (("RTD309",), "test_row_29_partial_overlap"),
    30: (("RTD311",), "test_row_30_contour_twice"),
    45: (("RTD102",), "test_row_45_dose_of_another_plan"),
    46: (("RTD104",), "test_row_46_several_doses"),
    47: (("RTD505",), "test_row_47_beam_missing"),
    48: (("RTD205",), "test_row_48_session_dose"),
    49: (("RTD201", "RTD219"), "test_row_49_units"),
    52: (("RTD508",), "test_row_52_unlike_fractionation"),
    56: (("RTD109", "RTD110"), "test_row_56_not_for_treatment"),
    57: (("RTD301",), "test_row_57_missing_structure"),
}
"""Row of the table: its codes and the test that shows it."""

REQUIRED = {1, 3, 4, 5, 6, 8, 9, 14, 15, 22, 23, 24, 25, 27, 28, 29, 30, 45, 46, 47, 48, 49, 52, 56, 57}


def test_every_required_row_is_here():
    """Each required row of the table has its test in a module of traps, by name, and no such test is without a row."""
    modules = (test_traps_contours, test_traps_encoding, test_traps_links)
    named = {name for module in modules for name in vars(module) if name.startswith("test_row_")}
    assert set(ROWS) >= REQUIRED
    assert {name for _, name in ROWS.values()} <= named
    assert {int(name.split("_")[2]) for name in named} == set(ROWS)
    assert {code for codes, _ in ROWS.values() for code in codes} <= set(CATALOGUE)


@pytest.mark.parametrize("registry", [None, PALLIATIVE])
def test_the_clean_twin_passes(bench, registry):
    """The twin of nearly every trap is the box patient as it is: PASS, with its targets and by its cord alone."""
    result = bench.check(protocol=CORD, registry=registry)
    assert result.verdict == "PASS", result.text
