"""The page that links pitfalls, codes and tests is current, complete, and names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

from rtcheck.model.codes import CATALOGUE
from tests.tools.catalogue_table import TARGET, table
from tests.tools.pitfall_rows import ALL_ROWS, SYMPTOMS, row_tests

ROOT = Path(__file__).resolve().parents[1]


def test_the_page_is_current():
    """The committed page is what the script writes."""
    assert TARGET.read_text(encoding="utf-8") == table(), "run: python -m tests.tools.catalogue_table"


def test_every_pitfall_is_there():
    """All 58 rows have codes of the catalogue, or a test that shows that the data are read right."""
    assert set(SYMPTOMS) == set(ALL_ROWS) == set(range(1, 59))
    for codes, tests in ALL_ROWS.values():
        assert codes or tests
        assert set(codes) <= set(CATALOGUE)


def test_every_test_exists():
    """Each test that the page names is a function of that module."""
    for test in row_tests():
        module, name = test.split("::")
        text = (ROOT / module).read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(", text, re.MULTILINE), test
