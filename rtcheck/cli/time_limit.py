"""A case that takes too long is stopped with a finding, so that a queue never waits for one file made to be slow."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rtcheck.errors import DicomError

__all__ = ["DEFAULT_SECONDS", "within"]

DEFAULT_SECONDS = 120
"""Processor time of one case; the sample patients need a few seconds."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Stop what runs inside when it has used more processor time than `seconds`; 0 sets no limit.

    Processor time, not the clock: a busy machine must not turn a slow answer into none. It is measured with an interval
    timer, in the main thread; where the system has none (Windows), or in another thread, nothing is limited.

    Raises:
        DicomError: RTD005, the time is up.
    """
    if not seconds or not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        problem = (
            f"not done after {seconds:g} s of processor time; find out which file is unlike the others, or allow more "
            "time (--time-limit)"
        )
        raise DicomError("RTD005", "case", problem)

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
