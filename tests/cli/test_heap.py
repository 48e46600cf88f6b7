"""Memory that is freed is kept for what comes next, where the C library can be told so."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from rtcheck.cli.heap import keep_heap

COUNT = """
import resource, sys
import numpy as np
from rtcheck.cli.heap import keep_heap
if sys.argv[1] == "keep":
    keep_heap()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def round_of_work():
    held = [np.ones(1_000_000) for _ in range(12)]
round_of_work()
before = faults()
for _ in range(5):
    round_of_work()
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only the GNU C library takes these parameters")
def test_arrays_that_come_and_go_find_their_memory_cleared_once():
    """Twelve arrays of 8 MB, made and freed again and again, touch new pages in the first round alone."""
    given, kept = (
        int(subprocess.run([sys.executable, "-c", COUNT, how], capture_output=True, text=True, check=True).stdout)
        for how in ("give", "keep")
    )
    assert kept < given / 10


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="nothing is asked for elsewhere")
@pytest.mark.parametrize("missing", ["the function", "foreign functions"])
def test_where_the_library_takes_no_parameters_nothing_happens(monkeypatch, missing):
    """Another C library has no such function, and a Python may be built without foreign functions: both go on."""
    if missing == "the function":
        monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    else:
        monkeypatch.setitem(sys.modules, "ctypes", None)
    keep_heap()
