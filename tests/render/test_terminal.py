"""Names are made harmless and lines never overflow."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from rtcheck.render.terminal import cells, pad, visible, wrap

QUICK = settings(derandomize=True, max_examples=150, deadline=None)
ANY_TEXT = st.text(alphabet=st.characters(), max_size=60)


def test_control_and_bidirectional_characters_become_escapes():
    """Escape sequences, overrides, zero-width characters and lone surrogates are shown, not obeyed."""
    assert visible("a\x1b[31m\u202eb\u200b\x00\ud800肝") == "a\\x1b[31m\\u202eb\\u200b\\x00\\ud800肝"


def test_ordinary_names_stay_as_they_are():
    """Letters of any script, marks and symbols are not touched."""
    assert visible("GTV_L1 Leber-Ø 肺_L α/β") == "GTV_L1 Leber-Ø 肺_L α/β"


@QUICK
@given(ANY_TEXT)
def test_nothing_visible_hides(text):
    """No character that hides or reorders text survives."""
    shown = visible(text)
    assert all(unicodedata.category(character)[0] != "C" for character in shown)
    assert not set("\u2028\u2029") & set(shown)
    assert visible(shown) == shown


@QUICK
@given(ANY_TEXT, st.integers(0, 10), st.integers(0, 12), st.integers(20, 80))
def test_wrapped_lines_fit_and_lose_nothing(text, indent, hanging, width):
    """Wrapped lines are no wider than asked, and hold every character but blanks at the breaks."""
    shown = visible(text)
    lines = wrap(shown, " " * indent, " " * hanging, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(shown.split())


def test_chinese_characters_count_two_cells():
    """Padding counts cells, not characters."""
    assert cells("肝脏") == 4
    assert pad("肝脏", 6) == "肝脏  "
    assert pad("肝脏", 6, right=True) == "  肝脏"
    assert pad("too long", 3) == "too long"
