"""``python -m tests.mutation --count 100000 --seed 1``: make, check and judge mutants; write out those that misbehave.

A mutant that misbehaves goes to ``--out`` as a folder with its files, registry, protocol and a note; moved to
``tests/mutation/cases/`` it is a test.
"""

from __future__ import annotations

import argparse
import collections
import sys
import time
from pathlib import Path

from tests.mutation.harness import Workbench
from tests.mutation.mutants import Judge, Mutant, make
from tests.mutation.seeds import build


def write_out(folder: Path, mutant: Mutant, label: str, problems: list[str]) -> Path:
    """Write a mutant as files, with a note of what it is and what was wrong."""
    place = folder / label
    build(mutant.seed).write(place, mutant.files)
    note = [f"seed {mutant.seed}, class {mutant.kind}, {mutant.name}: {mutant.what}", *problems]
    (place / "note.txt").write_text("\n".join(note) + "\n", encoding="utf-8")
    return place


def run(seed: str, numbers: range, out: Path | None, *, verbose: bool = True) -> tuple[int, collections.Counter[str]]:
    """Run mutants; return how many misbehaved, and how many there were of each class and end."""
    ends: collections.Counter[str] = collections.Counter()
    wrong, slowest, start = 0, 0.0, time.process_time()
    with Workbench() as bench:
        judge = Judge(bench)
        for number in numbers:
            try:
                mutant = make(seed, number)
            except Exception as error:  # a fault of the harness must not end a run of hours; it counts as wrong
                wrong += 1
                print(f"{number} could not be made: {type(error).__name__}: {error}", flush=True)
                continue
            result, problems = judge.judge(mutant)
            slowest = max(slowest, result.seconds)
            before = judge.intact(mutant.seed)
            same = "same" if result.document.get("outcomes") == before.document.get("outcomes") else "other"
            ends[f"{mutant.kind} {result.verdict or ('crash' if result.crash else 'refused')} {same}"] += 1
            ends[f"seed {mutant.seed}"] += 1
            if problems:
                wrong += 1
                if out is not None:
                    write_out(out, mutant, f"{seed}-{number}", problems)
                if verbose:
                    print(f"{number} {mutant.seed} {mutant.kind} {mutant.name}: {mutant.what}", flush=True)
                    for problem in problems[:4]:
                        print(f"    {problem}", flush=True)
            if verbose and (number + 1) % 1000 == 0:
                used = time.process_time() - start
                print(f"{number + 1} done, {wrong} wrong, {used:.0f} s, slowest {slowest:.2f} s", flush=True)
    return wrong, ends


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    wrong, ends = run(options.seed, range(options.start, options.start + options.count), options.out)
    for end, count in sorted(ends.items()):
        print(f"{count:8d}  {end}")
    print(f"{options.count} mutants, {wrong} misbehaved")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
