"""A case that takes too long is stopped with a finding, so that a queue never waits for one file made to be slow."""

from __future__ import annotations

import mmap
import os
import signal
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rtcheck.errors import DicomError

__all__ = ["DEFAULT_SECONDS", "Clock", "within"]

DEFAULT_SECONDS = 120
"""Processor time of one case; the sample patients need a few seconds."""
_USED = struct.Struct("=d")
_TICK_S = 0.1
"""So often, in processor time, processes that work together look at what they have used together."""


class Clock:
    """The processor time of one case: of this process since the clock was made, and of the children that help it.

    Attributes:
        seconds: allowed in all; 0: without limit.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._began = time.process_time()
        self._place = 0
        self._spent: mmap.mmap | None = None

    def share(self, children: int) -> None:
        """Count with others from now on: to be called before `children` are forked, after earlier ones have ended."""
        if self._spent is not None:
            self._began -= sum(seconds for (seconds,) in list(_USED.iter_unpack(self._spent))[1:])
        self._spent = mmap.mmap(-1, _USED.size * (children + 1))
        if self.seconds:
            signal.setitimer(signal.ITIMER_PROF, _TICK_S, _TICK_S)

    def work_as(self, child: int) -> None:
        """Count as a child, numbered from 1, that ends with its parent, or in silence when the time is up."""
        self._place, self._began = child, 0.0
        parent = os.getppid()

        def tick(*_: object) -> None:
            if os.getppid() != parent or self.is_up():
                os._exit(1)

        signal.signal(signal.SIGPROF, tick)
        signal.setitimer(signal.ITIMER_PROF, _TICK_S, _TICK_S)

    def is_up(self) -> bool:
        """Whether everything is used up; the others see what this process has used."""
        used = time.process_time() - self._began
        if self._spent is not None:
            _USED.pack_into(self._spent, self._place * _USED.size, used)
            used = sum(seconds for (seconds,) in _USED.iter_unpack(self._spent))
        return bool(self.seconds) and used >= self.seconds

    def refuse(self) -> None:
        """Stop the case.

        Raises:
            DicomError: RTD005.
        """
        problem = (
            f"not done after {self.seconds:g} s of processor time; find out which file is unlike the others, or allow "
            "more time (--time-limit)"
        )
        raise DicomError("RTD005", "case", problem)

    @property
    def shared(self) -> bool:
        """Whether children count too."""
        return self._spent is not None


@contextmanager
def within(seconds: float) -> Iterator[Clock]:
    """Stop what runs inside when it has used more processor time than `seconds`; 0 sets no limit.

    Processor time, not the clock: a busy machine must not turn a slow answer into none. It is measured with an interval
    timer, in the main thread; where the system has none (Windows), or in another thread, nothing is limited.

    Yields:
        The clock, for whoever lets children help.

    Raises:
        DicomError: RTD005, the time is up.
    """
    if not seconds or not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield Clock(0.0)
        return
    clock = Clock(seconds)

    def stop(*_: object) -> None:
        if not clock.shared or clock.is_up():
            clock.refuse()

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield clock
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
