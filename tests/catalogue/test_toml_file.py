"""Files that are no usable TOML: refused with file, line and column, never with a traceback."""

from __future__ import annotations

import os

import pytest

from rtcheck.catalogue.registry import read_record
from rtcheck.catalogue.toml_file import LARGEST_FILE
from rtcheck.errors import FileFaultsError


def fault_of(path):
    with pytest.raises(FileFaultsError) as caught:
        read_record(path)
    (fault,) = caught.value.faults
    return fault


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a = 1\nb = = 2\n", "line 2, column 5"),
        (b"a = 1\na = 2\n", "line 2"),
        (b"[patient]\nid = 'x'\n[patient]\n", "line 3"),
        (b'a = "unfinished', "line 1, column 16 (end of file)"),
        (b"a = [1,\n", "line 2, column 1 (end of file)"),
        (b"schema = '\xff\xfe'\n", "line 1 that are not UTF-8"),
        (b"ok = 1\nname = '\xe9'\n", "line 2 that are not UTF-8"),
        (b"\x00\x01\x02", "line 1, column 1"),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
        (b"a = " + b"[" * 30 + b"]" * 30, "nested too deeply"),
        (b"a = " + b"9" * 20_000, "too many digits"),
        (b"a = 1\n" + b"a." * 2000 + b"a = 1", "more than 1000 dots in line 2"),
        (b"#" * (LARGEST_FILE + 1), "more than 1048576 bytes"),
    ],
)
def test_unusable_content(tmp_path, content, found):
    """Each kind of unusable content is one fault that says where and what."""
    path = tmp_path / "registry.toml"
    path.write_bytes(content)
    fault = fault_of(path)
    assert found in fault.found
    assert fault.file == str(path)


def test_a_flood_of_faults_ends(tmp_path):
    """A file that is something else altogether gives many faults and a last word, soon."""
    path = tmp_path / "registry.toml"
    path.write_text("".join(f"a{i} = 1\n" for i in range(5000)), encoding="utf-8")
    with pytest.raises(FileFaultsError) as caught:
        read_record(path)
    assert len(caught.value.faults) == 501
    assert caught.value.faults[-1].found == "more than 500 faults"


def test_missing_file(tmp_path):
    """A missing file is a fault of that file."""
    assert fault_of(tmp_path / "none.toml").found == "no such file"


def test_folder_is_no_file(tmp_path):
    """A folder is not read."""
    assert fault_of(tmp_path).found == "a folder"


def test_pipe_is_not_waited_for(tmp_path):
    """A pipe is refused instead of waited for."""
    os.mkfifo(tmp_path / "pipe.toml")
    assert fault_of(tmp_path / "pipe.toml").found == "a device or pipe"


def test_name_with_zero_character():
    """A name that no file can have is a fault, not a crash."""
    assert "cannot be read" in fault_of("a\0b.toml").found
