"""Make the n-th open, write, fsync, rename or allocation of a run fail, and only that one.

The operations are those of Python: what `io.open` and `os.open` open, what is written to a file or to standard output,
`os.fsync`, `os.replace`. Memory fails as it does for a program: some call in the package raises `MemoryError`.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import inspect
import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

__all__ = ["KINDS", "Fault", "fail_the"]

KINDS = ("open", "write", "fsync", "rename", "memory")
PACKAGE = str(Path(__file__).parents[2] / "rtcheck") + os.sep


class Fault:
    """Counts operations of one kind and fails the n-th (from 0). `place` is then the file that it was about."""

    def __init__(self, kind: str, number: int, code: int = errno.EIO) -> None:
        self.kind = kind
        self.number = number
        self.code = code
        self.count = 0
        self.place = ""

    def strike(self, kind: str, place: object = "") -> None:
        """Count one operation, and fail if it is the one."""
        if kind != self.kind:
            return
        self.count += 1
        if self.count == self.number + 1:
            self.place = str(place)
            raise OSError(self.code, os.strerror(self.code), str(place) or None)

    @property
    def struck(self) -> bool:
        """Whether the operation was reached."""
        return self.count > self.number


class _Writer:
    """A binary file whose writes may fail; half of what was to be written goes out before."""

    def __init__(self, file: Any, fault: Fault, place: object) -> None:
        self._file, self._fault, self._place = file, fault, place

    def write(self, data: bytes) -> int:
        try:
            self._fault.strike("write", self._place)
        except OSError:
            self._file.write(data[: len(data) // 2])
            raise
        return self._file.write(data)

    def __enter__(self) -> Self:
        self._file.__enter__()
        return self

    def __exit__(self, *arguments: object) -> Any:
        return self._file.__exit__(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextlib.contextmanager
def fail_the(fault: Fault) -> Iterator[Fault]:
    """Put the fault in place for what runs inside. What the interpreter opens to import modules is left alone."""
    originals = io.open, os.open, os.fdopen, os.fsync, os.replace, os.rename
    plain_open, os_open, fdopen, fsync, replace, rename = originals
    names: dict[int, str] = {}

    def opened(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if not isinstance(file, int) and not str(file).endswith((".py", ".pyc")):
            fault.strike("open", file)
        found = plain_open(file, mode, *arguments, **options)
        return _Writer(found, fault, file) if set(mode) & set("wax+") and "b" in mode else found

    def opened_low(path: Any, *arguments: Any, **options: Any) -> int:
        fault.strike("open", path)
        handle = os_open(path, *arguments, **options)
        names[handle] = str(path)
        return handle

    def opened_handle(handle: int, *arguments: Any, **options: Any) -> Any:
        return _Writer(fdopen(handle, *arguments, **options), fault, names.get(handle, "output"))

    def flushed(handle: int) -> None:
        fault.strike("fsync", names.get(handle, "output"))
        fsync(handle)

    def replaced(source: Any, target: Any, **options: Any) -> None:
        fault.strike("rename", target)
        replace(source, target, **options)

    def called(frame: Any, event: str, _argument: object) -> None:
        code = frame.f_code
        # A generator may be closed where no error can be raised to anybody.
        own = code.co_filename.startswith(PACKAGE) and not code.co_flags & inspect.CO_GENERATOR
        if event == "call" and own and not _inside_the_wall(frame):
            fault.count += 1
            if fault.count == fault.number + 1:
                fault.place = f"{Path(frame.f_code.co_filename).name}:{frame.f_code.co_name}"
                sys.setprofile(None)
                raise MemoryError

    io.open = builtins.open = opened
    os.open, os.fdopen, os.fsync, os.replace, os.rename = opened_low, opened_handle, flushed, replaced, replaced
    if fault.kind == "memory":
        sys.setprofile(called)
    try:
        yield fault
    finally:
        sys.setprofile(None)
        io.open = builtins.open = plain_open
        os.open, os.fdopen, os.fsync, os.replace, os.rename = os_open, fdopen, fsync, replace, rename


def _inside_the_wall(frame: Any) -> bool:
    """Whether the call is made by the code that reports errors: `run` itself, before or after its `try`."""
    return frame.f_code.co_filename.endswith(("__main__.py", "__init__.py")) or (
        frame.f_code.co_name in ("run", "_refused", "_wants_json") and frame.f_code.co_filename.endswith("main.py")
    )


Check = Callable[[], Any]
