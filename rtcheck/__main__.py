"""``python -m rtcheck`` and the ``rtcheck`` command."""

from __future__ import annotations

import contextlib
import gc
import os
import sys

from rtcheck.cli.main import run

__all__ = ["main"]


_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""What the libraries of linear algebra read when they are imported. Nothing here is large enough for their threads,
which cost memory and forbid the forks of `rtcheck.cli.workers`; who sets them has them."""

_GARBAGE = (20_000, 20, 20)
"""A run of seconds makes little garbage that counting references does not find; looking for it rarely saves 4 %."""


def main() -> None:
    """Run the command line and leave the process with its exit code."""
    for name in _THREADS:
        os.environ.setdefault(name, "1")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # nobody else's code has a say in what is valid
    gc.set_threshold(*_GARBAGE)
    with contextlib.suppress(Exception):  # whatever is wrong with it, it only makes a run quicker
        from rtcheck.cli.heap import keep_heap  # noqa: PLC0415 - its import may fail as well

        keep_heap()
    code = run()
    gc.freeze()  # what is left ends with the process: looking through it for garbage takes longer than starting did
    sys.exit(code)


if __name__ == "__main__":
    main()
