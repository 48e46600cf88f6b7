"""Reading one TOML file of ours safely: bounded size and depth, UTF-8 whatever the locale, digest of the bytes."""

from __future__ import annotations

import hashlib
import math
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtcheck.catalogue.faults import Faults

__all__ = ["LARGEST_FILE", "TomlFile", "read_toml"]

LARGEST_FILE = 1024 * 1024
"""Bytes. A protocol or registry of this size is a mistake or an attack."""

_DEEPEST = 16
_MOST_DOTS = 1000


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A parsed file.

    Attributes:
        name: for messages and provenance, without the folder.
        data: its top-level table.
        sha256: digest of its bytes.
        content: its bytes.
    """

    name: str
    data: dict[str, Any]
    sha256: str
    content: bytes


def read_toml(path: Path, faults: Faults) -> TomlFile | None:
    """Read and parse a TOML file; None, with faults noted, when it cannot be.

    A byte order mark at the start is skipped: some editors write one, and it says nothing.
    """
    content = _read_bytes(path, faults)
    if content is None:
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        faults.add("", f"bytes in line {number} that are not UTF-8", "a text file saved as UTF-8")
        return None
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > _MOST_DOTS:  # the time to parse a dotted key grows with the square of its parts
            faults.add("", f"more than {_MOST_DOTS} dots in line {number}", "keys and texts a clinic would write")
            return None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.add("", _syntax_fault(str(error), text), "TOML, each key once")
        return None
    except RecursionError:
        faults.add("", "tables or lists nested too deeply", f"at most {_DEEPEST} levels")
        return None
    except ValueError:  # the interpreter refuses to convert a number of thousands of digits
        faults.add("", "a number with too many digits", "numbers a clinic would write")
        return None
    if not _shallow(data, "", 1, faults):
        return None
    return TomlFile(path.name, data, hashlib.sha256(content).hexdigest(), content)


def _read_bytes(path: Path, faults: Faults) -> bytes | None:
    try:
        if path.is_dir():
            faults.add("", "a folder", "a TOML file")
            return None
        if path.exists() and not path.is_file():
            faults.add("", "a device or pipe", "a TOML file")
            return None
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        faults.add("", "no such file", "an existing TOML file")
        return None
    except (OSError, ValueError) as error:  # ValueError: a zero character in the name
        reason = getattr(error, "strerror", None) or "its name is not a file name"
        faults.add("", f"a file that cannot be read: {reason}", "a readable TOML file")
        return None
    if len(content) > LARGEST_FILE:
        faults.add("", f"more than {LARGEST_FILE} bytes", "a file of at most 1 MiB")
        return None
    return content


def _syntax_fault(message: str, text: str) -> str:
    """Return the parser's message with line and column, also where the fault is the end of the file."""
    place = re.search(r"\(at (?:line (\d+), column (\d+)|end of document)\)", message)
    reason = message[: place.start()].strip() if place else message
    if place and place.group(1):
        return f"a syntax fault in line {place.group(1)}, column {place.group(2)}: {reason}"
    lines = text.split("\n")
    return f"a syntax fault in line {len(lines)}, column {len(lines[-1]) + 1} (end of file): {reason}"


def _shallow(value: object, key_path: str, depth: int, faults: Faults) -> bool:
    """Whether the parsed tree is shallow enough to go on; notes that, and every number that is not finite."""
    if isinstance(value, float) and not math.isfinite(value):
        faults.add(key_path, "a number that is not finite", "a finite number")
    if not isinstance(value, dict | list):
        return True
    if depth > _DEEPEST:
        faults.add(key_path, "tables or lists nested too deeply", f"at most {_DEEPEST} levels")
        return False
    if isinstance(value, dict):
        parts = [(f"{key_path}.{key}" if key_path else key, item) for key, item in value.items()]
    else:
        parts = [(f"{key_path}[{index}]", item) for index, item in enumerate(value, start=1)]
    shallow = [_shallow(item, path, depth + 1, faults) for path, item in parts]  # every part is looked at
    return all(shallow)
