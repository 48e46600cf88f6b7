"""Twelve small files cut at every byte: no verdict differs from the whole file's except towards refusal.

Plan, dose and structure set of one small patient in four encodings. A cut file is refused; where it is not, what was
cut off can only have been an approval or padding, and the verdict is not better for it.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.mutation.harness import Workbench, metrics_of
from tests.mutation.seeds import small_files

WORSE = {"PASS": 3, "REVIEW": 2, "INCOMPLETE": 1, "FAIL": 0, None: -1}
ENCODINGS = ("implicit", "explicit", "big", "undefined")
FILES = [(encoding, name) for encoding in ENCODINGS for name in ("plan", "dose", "struct")]


def cut_through(bench, encoding, name, step, offset=0):
    """Cut one file at every `step`-th byte; give what differs from the whole file other than towards refusal."""
    seed = small_files()[encoding]
    files = seed.files
    whole = bench.run(seed)
    assert whole.verdict == "PASS", whole.document["findings"]
    wrong, ends = [], Counter()
    data = files[f"{name}.dcm"]
    for at in range(offset, len(data), step):
        result = bench.run(seed, {**files, f"{name}.dcm": data[:at]})
        ends[result.verdict] += 1
        if result.crash:
            wrong.append((at, result.crash))
        elif result.verdict is not None:
            same = metrics_of(result.document) == metrics_of(whole.document)
            if not same or WORSE[result.verdict] > WORSE[whole.verdict]:
                wrong.append((at, result.verdict))
            elif result.verdict == whole.verdict and name != "plan":
                wrong.append((at, "cut and nothing said"))
    return wrong, ends


@pytest.mark.parametrize(("encoding", "name"), FILES)
def test_a_sample_of_cuts(encoding, name):
    """About fifty cuts of each file, other ones in each file."""
    with Workbench() as bench:
        size = len(small_files()[encoding].files[f"{name}.dcm"])
        step = max(1, size // 50)
        wrong, ends = cut_through(bench, encoding, name, step, FILES.index((encoding, name)) % step)
    assert wrong == []
    assert ends[None] >= 0.8 * sum(ends.values())


@pytest.mark.slow
@pytest.mark.parametrize(("encoding", "name"), FILES)
def test_every_cut(encoding, name):
    """Every byte."""
    with Workbench() as bench:
        wrong, ends = cut_through(bench, encoding, name, 1)
    print(encoding, name, dict(ends))
    assert wrong == []
