"""Processes that compute ahead, so that a check uses more than one processor; its result is that of one process.

Children are forked: they have the case as it is and send back values, which are the same whoever computes them. What a
child cannot deliver (it was killed, ran out of memory, raised something) the parent computes itself, and so fails as it
would have failed alone. Where forking is not there or not safe, everything runs in the parent.

Tasks wait in a pipe, from which parent and children take them in turn: the system gives each to one process only.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from rtcheck.cli.time_limit import Clock

__all__ = ["MOST_JOBS", "Crew", "Shared", "crew", "usable_processors"]

MOST_JOBS = 4
"""More processes than this gain little, and each takes memory."""
_FEWEST = 4
"""Fewer tasks than this are not worth a fork."""
_AHEAD = 12
"""So many results may wait until they are asked for: they are megabytes each."""
_LATER = (signal.SIGINT, signal.SIGTERM)

_TOKEN = struct.Struct("=ii")
"""A task to do: its place, and where its result goes."""
_NOTE = struct.Struct("=iiq")
"""The same of a task that is done, and the size of the result's head; negative where there is none."""


def usable_processors() -> int:
    """How many processors this process may use, at most `MOST_JOBS`."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), MOST_JOBS)
    return min(os.cpu_count() or 1, MOST_JOBS)


@contextmanager
def crew(jobs: int, clock: Clock) -> Iterator[Crew]:
    """Give a crew whose children end with the block, however it ends.

    Args:
        jobs: processes that compute at a time, the parent among them; 1 forks none.
        clock: counts the processor time of the children too.
    """
    one = Crew(jobs, clock)
    try:
        yield one
    finally:
        one.close()


class Crew:
    """The processes of one run: what they are given to do is pure, nothing that it changes is seen outside."""

    def __init__(self, jobs: int, clock: Clock) -> None:
        self._jobs = jobs
        self._clock = clock
        self._work: list[Shared] = []

    def start(self, task: Callable[[], object]) -> Callable[[], object]:
        """Start one task in a child, where there may be one; return what gives its result, or raises, once."""
        one = self._shared([task], 1 if self._jobs > 1 else 0)

        def finish() -> object:
            try:
                return one.take(0)
            finally:
                one.close()

        return finish

    def share(self, tasks: Sequence[Callable[[], object]]) -> Callable[[int], object]:
        """Start children on tasks, in the order in which their results will be asked for.

        Returns:
            What gives the result of the task at a place, or raises what the task raises, once.
        """
        return self._shared(tasks, self._jobs - 1 if len(tasks) >= _FEWEST else 0).take

    def _shared(self, tasks: Sequence[Callable[[], object]], children: int) -> Shared:
        one = Shared(tasks, self._clock)
        self._work.append(one)
        if children > 0 and _may_fork():
            one.fork(children)
        return one

    def close(self) -> None:
        """End all children."""
        for one in self._work:
            one.close()


def _may_fork() -> bool:
    """Whether a forked copy of this process can go on: on a system made for it, with one thread.

    Warnings of a run that is looked into (RTCHECK_DEBUG) are to be seen, and children say nothing.
    """
    if not sys.platform.startswith("linux") or threading.active_count() > 1 or os.environ.get("RTCHECK_DEBUG"):
        return False
    try:
        return len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208 - threads of libraries count as well
    except OSError:
        return False


def _ready(files: Iterable[int], *, wait: bool) -> list[int]:
    """Return the files that something can be read from, or that have ended; wait for one where asked to."""
    waiting = select.poll()  # unlike select.select for any number of open files
    for file in files:
        waiting.register(file, select.POLLIN)
    return [file for file, _ in waiting.poll(None if wait else 0)]


class Shared:
    """Tasks, and the processes that share them. Without children every task is done when its result is asked for."""

    def __init__(self, tasks: Sequence[Callable[[], object]], clock: Clock) -> None:
        self._tasks = tasks
        self._clock = clock
        self._children: dict[int, int] = {}  # process id by the pipe from it
        self._results: dict[int, object] = {}  # of tasks that the parent did before they were asked for
        self._sent: dict[int, tuple[int, int]] = {}  # slot and size of results that children have delivered
        self._failed: set[int] = set()
        self._issued = 0
        self._slots: list[int] = []
        self._tokens = self._feed = -1

    def fork(self, children: int) -> None:
        """Start children; none where the system has no room for them."""
        try:
            self._tokens, self._feed = os.pipe()
            os.set_blocking(self._tokens, False)
            for slot in range(min(_AHEAD, len(self._tasks))):
                self._slots.append(os.memfd_create("rtcheck"))
                self._issue(slot)
            self._clock.share(children)
            for child in range(1, children + 1):
                self._fork_one(child)
        except OSError:
            self._dismiss()

    def _fork_one(self, child: int) -> None:
        read, write = os.pipe()
        # an interrupt must not fall between the fork and the child's own way of taking it
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (*_LATER, signal.SIGPROF))
        try:
            pid = os.fork()
            if pid == 0:
                with contextlib.suppress(BaseException):
                    self._work(child, write)
                os._exit(1)
            self._children[read] = pid
        except OSError:
            os.close(read)
            raise
        finally:
            os.close(write)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _issue(self, slot: int) -> None:
        """Let the next task be taken, its result to go into a slot that is free."""
        if self._issued < len(self._tasks):
            os.write(self._feed, _TOKEN.pack(self._issued, slot))
            self._issued += 1

    def _claim(self) -> tuple[int, int] | None:
        """Take a waiting task; None where none waits.

        Raises:
            EOFError: there will be no more.
        """
        try:
            token = os.read(self._tokens, _TOKEN.size)
        except BlockingIOError:
            return None
        if not token:
            raise EOFError
        place, slot = _TOKEN.unpack(token)
        return place, slot

    # --- the child ----------------------------------------------------------------------------------------------------

    def _work(self, child: int, notes: int) -> None:
        """Do tasks until there are no more; never returns to who forked."""
        from rtcheck.cli.parcels import pack

        for number in _LATER:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)  # ends in silence; the parent says that it was interrupted
        self._clock.work_as(child)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (*_LATER, signal.SIGPROF))
        os.close(self._feed)  # so that the pipe ends with the parent
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(silence, stream)
        gc.freeze()  # what the parent made is neither searched for garbage nor copied by that
        while True:
            _ready([self._tokens], wait=True)
            claimed = self._claim()
            if claimed is None:
                continue
            place, slot = claimed
            try:
                size = pack(self._slots[slot], self._tasks[place]())
            except Exception:  # noqa: BLE001 - the parent does it again and meets what is to be met
                size = -1
            os.write(notes, _NOTE.pack(place, slot, size))

    # --- the parent ---------------------------------------------------------------------------------------------------

    def take(self, place: int) -> object:
        """Return the result of a task, or raise what the task raises; each is asked for once."""
        while self._is_elsewhere(place):
            claimed = self._claim() if len(self._results) < _AHEAD else None
            if claimed is None:
                self._hear(wait=True)
                continue
            other, slot = claimed
            if other == place:
                self._issue(slot)
                break
            self._do_early(other)
            self._issue(slot)
        if place in self._results:
            return self._results.pop(place)
        if place not in self._sent:
            return self._tasks[place]()
        from rtcheck.cli.parcels import unpack

        slot, size = self._sent.pop(place)
        try:
            return unpack(self._slots[slot], size)
        except (EOFError, OSError):
            return self._tasks[place]()
        finally:
            if self._children:
                self._issue(slot)

    def _is_elsewhere(self, place: int) -> bool:
        """Whether the result of a task can only come from a child, or wait in the pipe."""
        self._hear(wait=False)
        known = place in self._results or place in self._sent or place in self._failed
        return bool(self._children) and place < self._issued and not known

    def _do_early(self, place: int) -> None:
        """Do a task that will be asked for later; what goes wrong goes wrong again, and is told, when it is."""
        try:
            self._results[place] = self._tasks[place]()
        except Exception:
            if self._clock.is_up():
                raise
            self._failed.add(place)

    def _hear(self, *, wait: bool) -> None:
        """Take note of what children have done."""
        if not self._children:
            return
        self._clock.is_up()  # they see what was used here
        for notes in _ready(self._children, wait=wait):
            note = os.read(notes, _NOTE.size)
            if not note:  # it was killed, or the time is up: what it was doing nobody else does
                self._dismiss()
                if self._clock.is_up():
                    self._clock.refuse()
                return
            place, slot, size = _NOTE.unpack(note)
            if size < 0:
                self._failed.add(place)
                self._issue(slot)
            else:
                self._sent[place] = slot, size

    def _dismiss(self) -> None:
        """End the children; results that they delivered stay."""
        for notes, pid in self._children.items():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                os.waitpid(pid, 0)
            os.close(notes)
        self._children = {}
        for end in (self._tokens, self._feed):
            if end >= 0:
                os.close(end)
        self._tokens = self._feed = -1

    def close(self) -> None:
        """End the children and forget what they delivered."""
        self._dismiss()
        for slot in self._slots:
            os.close(slot)
        self._slots = []
        self._sent = {}
