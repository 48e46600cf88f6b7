"""Files of ours that are read back: results, exhibits, keys. Never more of one than is sane."""

from __future__ import annotations

from pathlib import Path

from rtcheck.errors import Fault, FileFaultsError

__all__ = ["read_stored", "read_stored_text"]

_MOST_BYTES = 128 * 2**20


def read_stored(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        FileFaultsError: it cannot be read, is no regular file, or is too large.
    """
    try:
        if not path.is_file():
            found = "a folder or device" if path.exists() else "no such file"
            raise FileFaultsError((Fault(str(path), "", found, "a file that rtcheck wrote"),))
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        fault = Fault(str(path), "", error.strerror or "an error", "a file that can be read")
        raise FileFaultsError((fault,)) from error
    if len(content) > _MOST_BYTES:
        raise FileFaultsError((Fault(str(path), "", f"more than {_MOST_BYTES} bytes", "a file that rtcheck wrote"),))
    return content


def read_stored_text(path: Path) -> str:
    """Return the content of a UTF-8 file.

    Raises:
        FileFaultsError: as `read_stored`, or it is not UTF-8.
    """
    try:
        return read_stored(path).decode("utf-8")
    except UnicodeDecodeError as error:
        fault = Fault(str(path), "", "bytes that are not UTF-8", "a file that rtcheck wrote")
        raise FileFaultsError((fault,)) from error
