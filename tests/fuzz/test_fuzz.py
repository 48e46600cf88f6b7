"""The reader under a coverage-guided fuzzer: nothing but refusals comes out of it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.fuzz_reader import check_bytes, corpus

ROOT = Path(__file__).parents[2]
FOUND = sorted((Path(__file__).parent / "found").glob("*"))


def test_what_the_fuzzer_starts_from():
    """The corpus holds readable files of every kind and encoding."""
    codes = [check_bytes(data) for data in corpus().values()]
    assert codes.count(None) >= 0.8 * len(codes)


@pytest.mark.parametrize("path", FOUND, ids=[path.name for path in FOUND])
def test_what_the_fuzzer_found(path):
    """An input that once broke the reader is refused or read."""
    check_bytes(path.read_bytes())


def test_random_bytes_behind_every_header():
    """A few thousand blunt changes without guidance: only refusals."""
    random, files = Random(7731), sorted(corpus().items())
    for _ in range(3000):
        data = bytearray(random.choice(files)[1])
        for _ in range(random.choice((1, 3, 30))):
            data[random.randrange(len(data))] = random.randrange(256)
        check_bytes(bytes(data[: random.randrange(1, len(data))] if random.random() < 0.2 else data))


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed (group fuzz)")
def test_a_minute_of_fuzzing(tmp_path):
    """A minute of coverage-guided fuzzing finds nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.fuzz_reader", str(tmp_path / "corpus"), "-max_total_time=60",
         f"-artifact_prefix={tmp_path}/", "-rss_limit_mb=2048", "-timeout=10"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
