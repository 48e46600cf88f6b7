"""Plain values to TOML text that reads back equal: one key a line, inline tables for what is nested."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

__all__ = ["toml_comment", "toml_document"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_LINE = 110
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\f": "\\f"}


def toml_document(data: Mapping[str, Any]) -> str:
    """Return a document: scalars and lists first, then tables, then lists of tables, each in the order given.

    Args:
        data: texts, numbers, yes/no, dates, lists and tables. The values of ``sources`` are tables of their own.

    Raises:
        TypeError: a value that TOML has no form for.
    """
    lines = [f"{_key(key)} = {_value(value)}" for key, value in data.items() if not _is_table(value)]
    for key, value in data.items():
        if isinstance(value, Mapping) and value and all(isinstance(item, Mapping) for item in value.values()):
            for name, table in value.items():
                lines += _table(f"[{_key(key)}.{_key(name)}]", table)
        elif isinstance(value, Mapping):
            lines += _table(f"[{_key(key)}]", value)
        elif _is_table(value):
            for table in value:
                lines += _table(f"[[{_key(key)}]]", table)
    return "\n".join(lines) + "\n"


def toml_comment(text: str) -> str:
    """Return a text as comment lines; control characters, which TOML forbids there, become blanks."""
    shown = ["".join(letter if letter.isprintable() else " " for letter in line) for line in text.split("\n")]
    return "".join(f"# {line}".rstrip() + "\n" for line in shown)


def _is_table(value: object) -> bool:
    """Whether a value gets a header of its own at the top level."""
    if isinstance(value, Mapping):
        return True
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _table(header: str, table: Mapping[str, Any]) -> list[str]:
    return ["", header, *(f"{_key(key)} = {_value(value)}" for key, value in table.items())]


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return repr(value)
        case str():
            return _string(value)
        case date():
            return value.isoformat()
        case Mapping():
            return "{ " + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + " }"
        case Sequence():
            items = [_value(item) for item in value]
            line = f"[{', '.join(items)}]"
            return line if len(line) <= _LONGEST_LINE else "[\n" + "".join(f"  {item},\n" for item in items) + "]"
        case _:
            raise TypeError(f"TOML has no form for {type(value).__name__}")


def _string(text: str) -> str:
    letters = (
        _ESCAPES.get(letter) or (letter if ord(letter) >= 0x20 and ord(letter) != 0x7F else f"\\u{ord(letter):04x}")
        for letter in text
    )
    return '"' + "".join(letters) + '"'
