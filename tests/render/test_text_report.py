"""The text for people: 80 columns, verdict first, failing rows first, no repetition, readable without colour."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from rtcheck.model.finding import finding
from rtcheck.render.text_report import text_report
from tests.golden.reports import failing, hostile, outcome, passing, refused

NAMES = st.text(alphabet=st.characters(), max_size=50)


@pytest.mark.parametrize("make", [failing, hostile, passing, refused])
def test_every_line_fits_80_cells(make):
    """No line is wider than a terminal of 80 columns, whatever the names."""
    text = text_report(make())
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert not any(line != line.rstrip() for line in text.splitlines())


@settings(derandomize=True, max_examples=80, deadline=None)
@given(NAMES, NAMES, st.floats(0, 1e9), st.floats(0, 1e9), NAMES)
def test_any_name_and_number_fits(structure, reason, value, margin, subject):
    """Names of any script and numbers of any size fit, and no control character survives."""
    row = outcome("C", structure, "Mean[Gy]", "VIOLATED", value=value, low=value / 2, high=value * 2, margin=-margin,
                  reason=reason)
    text = text_report(replace(failing(), patient_id=subject, outcomes=(row,), lesions=(),
                               findings=(finding("RTD011", subject, reason),), unconstrained=(structure,)))
    assert max(cell_len(line) for line in text.split("\n")) <= 80
    assert all(character == "\n" or character.isprintable() for character in text)


def test_the_verdict_comes_before_everything_it_rests_on():
    """After the header the first word is the verdict, then lesions, organs, findings."""
    text = text_report(failing())
    parts = ("rtcheck 0.1.0", "\nFAIL ", "\nLESIONS", "\nORGANS", "\nFINDINGS", "\nexit 1")
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_failing_rows_come_first():
    """Within lesions and organs the worst states stand on top."""
    text = text_report(failing())
    assert text.index("NOT TREATED") < text.index("NOT COVERED") < text.index("  L1  liver")
    organs = text[text.index("\nORGANS"):]
    rows = ("Liver - @gtv", "Lungs - @gtv", "SpinalCord", "Kidneys", "Heart")
    places = [organs.index(f"\n  {row}") for row in rows]
    assert places == sorted(places)


def test_a_failing_row_says_all_there_is_to_know():
    """Value, interval, goal, last acceptable value, margin, state, source and what to do stand with the row."""
    text = text_report(failing())
    row = next(line for line in text.splitlines() if "Liver - @gtv" in line)
    for part in ("15.9 (15.8-16.0)", "<= 13*", "15.2", "VIOLATED", "-0.7"):
        assert part in row
    assert "      UK-2022.5fx.Liver-GTV.Mean\n" in text
    assert "do: lower the dose there" in text


def test_findings_that_repeat_a_row_are_not_told_twice():
    """RTD757, RTD701, RTD703 and RTD706 stand with their rows only."""
    text = text_report(failing())
    findings = text[text.index("\nFINDINGS"):text.index("\nexit")]
    assert "RTD301 E" in findings
    for code in ("RTD757", "RTD701", "RTD703", "RTD706"):
        assert code not in findings


def test_a_finding_without_a_row_is_told():
    """A finding of the same kind that no row tells is not lost."""
    text = text_report(replace(failing(), findings=(finding("RTD703", "Unknown.Constraint", "limit exceeded"),)))
    assert "RTD703 E  Unknown.Constraint: limit exceeded" in text


def test_rows_that_do_not_apply_are_only_counted():
    """Rows for other fractionations do not lengthen the report."""
    text = text_report(failing())
    assert "TG-101.15fx" not in text
    assert "1 row not applicable" in text


def test_doubtful_limits_are_marked_and_the_marks_explained():
    """A limit not read in the primary text has a mark, and the legend says what it means."""
    text = text_report(failing())
    assert "* read in a secondary source" in text
    assert "<= 28 " in text, "a limit from the primary text has no mark"
    assert "secondary source" not in text_report(passing())


def test_colour_changes_no_word():
    """Painting only wraps words: taken away, the text is the plain one."""
    painted = text_report(failing(), lambda text, role: f"\x01{text}\x02")
    assert "\x01FAIL\x02" in painted
    assert "\x01NOT TREATED\x02" in painted
    assert painted.replace("\x01", "").replace("\x02", "") == text_report(failing())


def test_a_refusal_names_the_file_and_the_next_command():
    """Exit 4 says why and what to run next."""
    text = text_report(refused())
    assert "NO VERDICT" in text
    assert "RTD206 F  dose.dcm: (3004,000E)" in text
    assert text.endswith("exit 4   rtcheck explain RTD206\n")


def test_a_value_beyond_its_limit_never_looks_equal_to_it():
    """Rounding does not hide a violation."""
    row = outcome("C", "Heart", "Mean[Gy]", "VIOLATED", value=13.0000004, low=13.0000004, high=13.0000004,
                  margin=-0.0000004)
    text = text_report(replace(passing(), outcomes=(row,), lesions=()))
    assert "13.0000004" in text
    assert "-0.0000004" in text


def test_the_same_advice_is_said_once():
    """Rows one after another that fail for the same reason share the reason."""
    rows = tuple(outcome(f"C{number}", "Heart", "Mean[Gy]", "NOT_EVALUATED", reason="Nothing is known.")
                 for number in range(3))
    text = text_report(replace(failing(), outcomes=rows, lesions=(), findings=()))
    assert text.count("Nothing is known.") == 1
    assert all(f"      C{number}\n" in text for number in range(3))


def test_notes_alone_make_a_section():
    """A report whose findings are all notes shows them."""
    text = text_report(replace(passing(), findings=(finding("RTD304", "Kidney_L", "matched through the table"),)))
    assert "RTD304 I  Kidney_L: matched through the table" in text
    assert "exit 0" in text


def test_a_report_that_reveals_the_arm_says_so_before_its_verdict():
    """Whoever opens it is warned before reading anything else."""
    text = text_report(replace(failing(), reveals_arm=True))
    assert 0 < text.index("REVEALS THE TRIAL ARM: keep it from blinded outcome assessors") < text.index("\nFAIL ")
    assert "REVEALS" not in text_report(failing())


def test_a_limit_read_off_a_table_is_rounded_without_crossing_the_value():
    """3.557058 is shown as 3.56, in the row and its reason; with more digits where that would tell another story."""
    row = outcome("R50", "@lesion.ptv", "R50", "VARIATION", value=3.6, low=3.6, high=3.6, goal="<= 3.557058",
                  variation="<= 4.512345", margin=0.9, reason="The goal <= 3.557058 is missed.")  # fmt: skip
    text = text_report(replace(failing(), outcomes=(row,), lesions=()))
    assert "<= 3.56" in text
    assert "4.51" in text
    assert "3.557058" not in text
    close = replace(row, value=3.558, low=3.558, high=3.558)
    assert "<= 3.557" in text_report(replace(failing(), outcomes=(close,), lesions=()))
