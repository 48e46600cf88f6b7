"""Mutants of whole exports: none crashes, hangs, takes too much memory, or reaches a silently wrong verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.__main__ import run
from tests.mutation.harness import Workbench
from tests.mutation.mutants import Judge, make
from tests.mutation.seeds import REAL, SEEDS, build

CASES = sorted(path for path in (Path(__file__).parent / "cases").glob("*") if path.is_dir())
BLOCKS = [(block, 100) for block in range(5)]
"""Blocks of mutants of the normal run; the seeds are built once for all of them."""


@pytest.mark.parametrize(("block", "count"), BLOCKS)
def test_a_seeded_sample_of_mutants(block, count):
    """Mutants of all three classes end as they must: the same, refused, or as a second reader of the bytes says."""
    wrong, ends = run("ci", range(block * count, (block + 1) * count), None, verbose=True)
    assert wrong == 0, ends


@pytest.mark.slow
def test_ten_thousand_mutants():
    """The same for ten thousand mutants; `python -m tests.mutation` runs any number."""
    wrong, ends = run("slow", range(10_000), None)
    assert wrong == 0, ends


def test_there_are_seeds_enough():
    """At least twelve seeds of our own, and the real exports where they are."""
    own = [name for name in SEEDS if not name.startswith("real-")]
    assert len(own) >= 12
    assert not REAL.is_dir() or len(SEEDS) >= len(own) + 5


def test_seeds_cover_every_verdict():
    """The seeds start from every verdict there is, and from none."""
    with Workbench() as bench:
        found = {bench.run(build(name)).verdict for name in SEEDS if not name.startswith("real-")}
    assert found == {"PASS", "REVIEW", "INCOMPLETE", "FAIL", None}


def test_a_mutant_can_be_made_again():
    """Seed and number make the same mutant each time."""
    first, second = make("again", 17), make("again", 17)
    assert (first.seed, first.what, dict(first.files)) == (second.seed, second.what, dict(second.files))


def test_the_judge_sees_what_is_wrong():
    """A dose that the program read otherwise than the bytes say, and a verdict that does not follow, are noticed."""
    seed = build("explicit")
    with Workbench() as bench:
        judge = Judge(bench)
        mutant = next(found for number in range(10_000) if (found := make("x", number)).name == "scale"
                      and found.seed == "explicit" and "times 0.01" in found.what)  # fmt: skip
        result, problems = judge.judge(mutant)
        assert not problems
        assert result.verdict != "PASS"
        whole = judge.intact("explicit")
        lied = type(whole)(whole.document, whole.case, "", 0.0)
        assert judge.silent(mutant, whole, lied), "the numbers of the whole file for those of a mutant"
        document = {**whole.document, "findings": [{"code": "RTD208", "severity": "E"}]}
        assert judge.silent(make("x", 0), whole, type(whole)(document, whole.case, "", 0.0))
    assert seed.files


@pytest.mark.parametrize("case", CASES, ids=[path.name for path in CASES])
def test_cases_that_once_went_wrong(case):
    """A mutant that once misbehaved is refused or judged as its note says."""
    from tests.acceptance.kit import run as command

    expected = (case / "expected.txt").read_text(encoding="utf-8").split()
    result = command("check", case / "export", "--registry", case / "registry.toml", "--protocol",
                     case / "protocol.toml", "--format", "json")  # fmt: skip
    assert str(result.verdict) == expected[0], result.text
    assert set(expected[1:]) <= {item["code"] + item["severity"] for item in result.doc["findings"]}, result.text
