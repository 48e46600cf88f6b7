"""Text for a terminal: names made visible and harmless, widths in terminal cells, wrapping that never overflows.

Names come from DICOM files and registries, so they may hold control characters, bidirectional overrides or zero-width
characters that would hide or reorder what a reader sees. They are shown as escapes. Chinese, Japanese and Korean
characters are two cells wide.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from rich.cells import cell_len

__all__ = ["WIDTH", "Paint", "cells", "no_paint", "pad", "visible", "wrap"]

WIDTH = 80
"""Columns that every line fits into."""

Paint = Callable[[str, str], str]
"""Colours a text: (text, role) to text, where the role is a verdict, a state or a severity. Never needed to read."""

_HIDDEN = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"))


def no_paint(text: str, role: str) -> str:  # noqa: ARG001 - the signature of Paint
    """Return the text as it is: the paint of everything that is not a terminal."""
    return text


def visible(text: str) -> str:
    r"""Return the text with characters that hide as escapes (``\x1b``).

    These are control, bidirectional, zero-width, private and unassigned characters, and every blank but the common
    one: two names that differ only in such a character do not match, and must not look alike.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in _HIDDEN and character != " " else character
        for character in text
    )


def cells(text: str) -> int:
    """Return the width of the text in terminal cells."""
    return cell_len(text)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Pad with blanks to `width` cells, on the left when `right`; a longer text stays as it is."""
    blanks = " " * max(0, width - cells(text))
    return blanks + text if right else text + blanks


def wrap(text: str, indent: str = "", hanging: str | None = None, width: int = WIDTH) -> list[str]:
    """Break a text into lines of at most `width` cells at its blanks; a word that is too long is cut.

    Args:
        text: one paragraph; runs of blanks inside are kept as they are except at the breaks.
        indent: put before the first line.
        hanging: put before the others; as `indent` when None.
        width: cells a line may have.
    """
    following = indent if hanging is None else hanging
    lines: list[str] = []
    line, empty = indent, True
    for word in text.split(" "):
        joined = word if empty else " " + word
        if cells(line) + cells(joined) <= width:
            line, empty = line + joined, False
            continue
        if not empty:
            lines.append(line.rstrip())
            line, empty = following, True
        rest = word
        while cells(line) + cells(rest) > width:
            head = _head(rest, width - cells(line))
            lines.append(line + head)
            line, rest = following, rest[len(head):]
        line, empty = line + rest, not rest
    if not empty or not lines:
        lines.append(line.rstrip())
    return lines


def _head(text: str, width: int) -> str:
    """Return the longest beginning of the text that fits into `width` cells, at least one character."""
    end = 1
    while end < len(text) and cells(text[: end + 1]) <= width:
        end += 1
    return text[:end]
