"""Mutated files: they read, or every fault is a fault. Nothing else ever comes out."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from rtcheck.catalogue.locate import constraints_folder
from rtcheck.catalogue.protocol import read_protocol
from rtcheck.catalogue.registry import read_record
from rtcheck.errors import FileFaultsError
from tests.catalogue.test_protocol import PROTOCOL, TABLE
from tests.catalogue.test_registry import RECORD

VALUES = ["", "0", "-1", "1.5", "1e400", "nan", "true", '""', '"x"', '"<= 5 Gy"', "[]", "[1]", "[[1, 2]]", "{}",
          "{ a = 1 }", "{ above = 1 }", "2026-01-01", "10:00:00", '"\\u0000"', "[{ a = [] }]", "9" * 400]  # fmt: skip


@st.composite
def mutated(draw, text):
    """`text` with a few lines dropped, doubled, swapped or given another value, or a few characters changed."""
    lines = text.splitlines()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["drop", "double", "swap", "value", "character", "key"])):
            case "drop" if len(lines) > 1:
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "swap":
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case "value" if "=" in lines[at]:
                lines[at] = f"{lines[at].partition('=')[0]}= {draw(st.sampled_from(VALUES))}"
            case "key" if "=" in lines[at]:
                key = draw(st.sampled_from(["id", "when", "any", "goal", "x", "gtv", "status"]))
                lines[at] = f"{key} = {lines[at].partition('=')[2]}"
            case _:
                place = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:place] + draw(st.characters(codec="utf-8")) + lines[at][place + 1 :]
    return "\n".join(lines) + "\n"


def check(read, text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.toml"
        path.write_text(text, encoding="utf-8", newline="\n")
        try:
            first = read(path)
        except FileFaultsError as error:
            assert error.faults
            for fault in error.faults:
                assert fault.file
                assert fault.found
                assert fault.expected
                assert "\n" not in fault.found
        else:
            assert read(path) == first


@settings(derandomize=True, max_examples=200, deadline=None)
@given(mutated(RECORD))
def test_mutated_records(text):
    """A mutated registry file reads or gives faults."""
    check(read_record, text)


@settings(derandomize=True, max_examples=250, deadline=None)
@given(mutated(PROTOCOL + TABLE))
def test_mutated_protocols(text):
    """A mutated protocol file reads or gives faults."""
    check(read_protocol, text)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(mutated((constraints_folder() / "lung-function.toml").read_text(encoding="utf-8")))
def test_mutated_shipped_files(text):
    """A mutated shipped set reads or gives faults."""
    check(read_protocol, text)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(content):
    """Any bytes are faults of the file, not a crash."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.toml"
        path.write_bytes(content)
        for read in (read_record, read_protocol):
            try:
                read(path)
            except FileFaultsError as error:
                assert error.faults
