"""Standard output and standard error: results to the one, everything else to the other, and no mixing."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import click

from rtcheck.errors import OutputError

__all__ = ["note", "painter", "print_json", "print_text"]

_COLOURS = {
    "PASS": "green", "COVERED": "green", "MET": "green",
    "FAIL": "red", "VIOLATED": "red", "NOT_COVERED": "red", "NOT_TREATED": "red", "NO VERDICT": "red", "F": "red",
    "REVIEW": "yellow", "UNDECIDED": "yellow", "VARIATION": "yellow", "W": "yellow",
    "INCOMPLETE": "magenta", "NOT_EVALUATED": "magenta", "E": "magenta",
}  # fmt: skip


def print_text(text: str) -> None:
    """Print a text for people; characters that the terminal's encoding lacks become escapes."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    _write(text.encode(encoding, "backslashreplace"))


def print_json(text: str) -> None:
    """Print a JSON document as UTF-8, whatever the locale."""
    _write(text.encode("utf-8"))


def note(text: str) -> None:
    """Print a message to standard error; a closed one is no reason to fail."""
    with suppress(OSError, ValueError, AttributeError):
        encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
        sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stderr.flush()


def painter(text: str, role: str) -> str:
    """Colour a word on a terminal that shows colour; elsewhere leave it."""
    colour = _COLOURS.get(role)
    if colour is None or not _wants_colour():
        return text
    return click.style(text, fg=colour, bold=role in ("PASS", "FAIL", "NO VERDICT"))


def _wants_colour() -> bool:
    """Whether standard output is a terminal and nobody asked for plain text (no-color.org)."""
    terminal = sys.stdout is not None and sys.stdout.isatty()
    return terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _write(data: bytes) -> None:
    """Write bytes to standard output and flush them.

    A reader that has gone (``rtcheck ... | head``) is not an error: the exit code stays that of the result.

    Raises:
        OutputError: they could not be written for another reason, such as a full disk.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _lead_nowhere()
    except OSError as error:
        _lead_nowhere()
        raise OutputError(f"standard output could not be written: {error.strerror or error}") from error


def _lead_nowhere() -> None:
    """Let standard output lead nowhere: Python flushes it once more at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
