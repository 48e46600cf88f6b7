"""Taking something away from an export, at random, never improves its verdict."""

from __future__ import annotations

import pytest

from tests.mutation.harness import Result
from tests.mutation.removals import EXEMPT, STARTS, improved, run


@pytest.mark.parametrize("block", range(4))
def test_a_seeded_sample_of_removals(block):
    """A hundred and twenty removals from exports of every verdict."""
    wrong, ends = run("ci", range(block * 30, (block + 1) * 30))
    assert wrong == [], ends


@pytest.mark.slow
def test_ten_thousand_removals():
    """The same, ten thousand times."""
    wrong, ends = run("slow", range(10_000))
    assert wrong == [], ends


@pytest.mark.parametrize(
    ("before", "after", "better"),
    [
        ("PASS", "REVIEW", False), ("REVIEW", "PASS", True), ("INCOMPLETE", "REVIEW", True), (None, "INCOMPLETE", True),
        (None, "FAIL", False), ("FAIL", "INCOMPLETE", False), ("FAIL", None, False), ("FAIL", "REVIEW", True),
        ("INCOMPLETE", "FAIL", False), ("REVIEW", None, False),
    ],
)  # fmt: skip
def test_what_counts_as_better(before, after, better):
    """PASS before REVIEW before INCOMPLETE before refusal; a failure may become unknown, never acceptable."""
    assert improved(Result({"verdict": before}), Result({"verdict": after})) is better


def test_removals_start_from_every_verdict():
    """The starts are enough, and what is exempt is little and has a reason."""
    assert len(STARTS) >= 15
    assert len(EXEMPT) <= 3
