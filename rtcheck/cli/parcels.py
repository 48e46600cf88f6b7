"""A value on its way from one process to another, through a file in memory: its arrays as they are, the rest pickled.

Only processes of one run write and read these files; they have no name and end with the run.
"""

from __future__ import annotations

import os
import pickle
from itertools import islice

import numpy as np

__all__ = ["pack", "unpack"]

_AT_ONCE = 512
"""Buffers in one call; systems allow 1024."""


def pack(file: int, value: object) -> int:
    """Write a value over what the file held.

    Returns:
        The size of its head, which `unpack` needs.
    """
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    parts = [buffer.raw() for buffer in buffers]
    head = pickle.dumps((body, [len(part) for part in parts]))
    place = 0
    for part in (memoryview(head), *parts):
        rest = part
        while len(rest):
            written = os.pwrite(file, rest, place)
            place += written
            rest = rest[written:]
    return len(head)


def unpack(file: int, size: int) -> object:
    """Read the value back. Its arrays own their memory, each for itself, and are read-only where they were.

    Raises:
        EOFError: the file is shorter than it was written.
    """
    body, sizes = pickle.loads(os.pread(file, size, 0))  # noqa: S301 - written by a child of this process
    buffers = [np.empty(one, dtype=np.uint8).data for one in sizes]  # not cleared before they are filled
    place = size
    filled = iter(buffers)
    while group := list(islice(filled, _AT_ONCE)):
        wanted = sum(map(len, group))
        if os.preadv(file, group, place) != wanted:
            raise EOFError("a result from another process is cut short")
        place += wanted
    return pickle.loads(body, buffers=buffers)  # noqa: S301 - the same
