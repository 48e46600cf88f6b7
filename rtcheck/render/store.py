"""Storing a result as a file that is either whole or not there at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from rtcheck.errors import OutputError

__all__ = ["store_bytes", "store_text"]


def store_text(path: Path, text: str) -> None:
    """Write a text as UTF-8 under a name, as `store_bytes` does."""
    store_bytes(path, text.encode("utf-8"))


def store_bytes(path: Path, content: bytes) -> None:
    """Write a file under a name, durably and all at once.

    The content goes to a temporary file in the same folder, is flushed to the disk, and takes the name by renaming; the
    folder is flushed too. The file can be read and written by its owner only, since results hold patient data.

    Args:
        path: the final name. An existing regular file is replaced; anything else under the name is refused.
        content: the whole of it.

    Raises:
        OutputError: it could not be stored; nothing partial is left under any name.
    """
    try:
        if path.exists() and not path.is_file():
            raise OutputError(f"{path} exists and is not a regular file; name a file")
        handle, temporary = tempfile.mkstemp(prefix=".rtcheck-", suffix=".tmp", dir=path.parent)
    except OSError as error:
        raise _failed(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
        _flush_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            Path(temporary).unlink()
        if isinstance(error, OSError):
            raise _failed(path, error) from error
        raise


def _flush_folder(folder: Path) -> None:
    """Flush the folder's entry of the new name, where the system can open folders."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _failed(path: Path, error: OSError) -> OutputError:
    if isinstance(error, OutputError):
        return error
    return OutputError(f"{path} could not be written: {error.strerror or error}; check the folder and its free space")
