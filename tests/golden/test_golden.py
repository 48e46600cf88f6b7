"""Every renderer gives the stored text for the hand-made reports, byte for byte."""

from __future__ import annotations

import pytest

from tests.golden.write import FOLDER, golden_files

FILES = golden_files()


@pytest.mark.parametrize("name", sorted(FILES))
def test_rendering_equals_its_golden_file(name):
    """A renderer's output changes only together with its golden file."""
    assert FILES[name] == (FOLDER / name).read_bytes().decode("utf-8")
