"""How the process takes memory from the system: in few pieces, which it keeps until it ends.

Arrays of a few megabytes come and go by the thousand. By default the C library hands most of them back at once, and the
system clears the same pages again for the next ones, one by one. Kept they cost a twentieth of a run less. What is
computed is the same.
"""

from __future__ import annotations

import sys

__all__ = ["keep_heap"]

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
"""Parameters of mallopt(3)."""
_LARGEST = 32 << 20
"""Larger arrays are mapped and given back each for itself; the C library takes no larger threshold."""
_PIECE = 32 << 20
"""The heap grows by so much at a time."""


def keep_heap() -> None:
    """Let the C library keep what is freed; does nothing where it cannot be told to."""
    if not sys.platform.startswith("linux"):
        return
    try:
        import ctypes

        mallopt = ctypes.CDLL(None).mallopt
    except (ImportError, OSError, AttributeError):  # another C library than GNU's, a Python without ctypes
        return
    for parameter, value in ((_MMAP_THRESHOLD, _LARGEST), (_TRIM_THRESHOLD, 2**31 - 1), (_TOP_PAD, _PIECE)):
        mallopt(parameter, value)
