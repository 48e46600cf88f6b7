"""The export is read in a process beside this one, which meanwhile reads its own files and imports what measures."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rtcheck.cli.workers import Crew

if TYPE_CHECKING:
    from rtcheck.model.case import Case

__all__ = ["read_apart"]


def read_apart(workers: Crew, paths: tuple[Path, ...], *, allow_deflated: bool) -> Callable[[], Case]:
    """Start reading an export; to be called before anything heavy is imported, without which it is read when asked for.

    Returns:
        What gives the case, or raises what `rtcheck.dicom.case.read_case` raises.
    """

    def read() -> Case:
        from rtcheck.dicom.case import read_case

        return read_case(paths, allow_deflated=allow_deflated)

    if "rtcheck.check" in sys.modules:  # nothing is left to do meanwhile
        return read
    started = workers.start(read)
    # numpy.unique imports it when it is first called: here that costs nothing, and once for all processes to come
    import numpy.ma  # noqa: F401

    return cast("Callable[[], Case]", started)
