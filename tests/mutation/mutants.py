"""One mutant by number: which seed, which class, what was done, how it ended, and whether that is right.

Everything follows from ``(seed, number)``, so a mutant can be made again from these two alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from pydicom import Dataset

from tests.acceptance import oracle
from tests.mutation.breaking import BREAKING
from tests.mutation.edits import EDITS
from tests.mutation.harness import Result, Workbench, metrics_of
from tests.mutation.preserving import PRESERVING, preserve
from tests.mutation.second_reading import differences, objections, read_again
from tests.mutation.seeds import SEEDS, build

__all__ = ["Judge", "Mutant", "make"]

_SHARES = (("A", 0.05), ("B", 0.8), ("C", 0.15))
_PRESERVABLE = frozenset(
    (
        "explicit", "implicit", "undefined", "big", "rle", "absolute", "feet-first", "turned", "holes", "beams", "gap",
        "failing", "variation", "unapproved", "ion",
    )
)  # fmt: skip
_BETTER = {None: 0, "FAIL": 0, "INCOMPLETE": 1, "REVIEW": 2, "PASS": 3}


@dataclass(frozen=True)
class Mutant:
    """What was made: `kind` is the class, `what` names the mutation and its place."""

    seed: str
    kind: str
    name: str
    what: str
    files: Mapping[str, bytes]


def make(seed: int | str, number: int) -> Mutant:
    """The mutant of a seed and a number."""
    random = Random(f"{seed}/{number}")
    while True:
        weights = [build(name).weight for name in SEEDS]
        chosen = random.choices(SEEDS, weights)[0]
        kind = random.choices([kind for kind, _ in _SHARES], [share for _, share in _SHARES])[0]
        files = build(chosen).files
        if kind == "A":
            if chosen not in _PRESERVABLE:
                continue
            names = random.sample(sorted(PRESERVING), random.choice((1, 2, 3)))
            mutated, what = preserve(files, names, random)
            return Mutant(chosen, kind, "+".join(sorted(names)), what, mutated)
        if kind == "C" and (chosen == "deflated" or (chosen.startswith("real-") and random.random() < 0.8)):
            continue
        table = BREAKING if kind == "B" else EDITS
        name = random.choice(sorted(table))
        done = table[name](files, random)
        if done is not None:
            return Mutant(chosen, kind, name, done[1], done[0])


class Judge:
    """Checks mutants on a workbench and says what is wrong with how they ended."""

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        self.whole: dict[str, Result] = {}
        self.reread: dict[int, tuple[bytes, Any]] = {}

    def intact(self, name: str) -> Result:
        """The result of a seed as it is."""
        if name not in self.whole:
            self.whole[name] = self.bench.run(build(name))
        return self.whole[name]

    def judge(self, mutant: Mutant) -> tuple[Result, list[str]]:
        """Check a mutant; return its result and what is wrong with it, nothing if all is well."""
        before = self.intact(mutant.seed)
        result = self.bench.run(build(mutant.seed), mutant.files)
        if result.crash:
            return result, [result.crash]
        if mutant.kind == "A":
            return result, _same(before, result)
        return result, self.silent(mutant, before, result)

    def silent(self, mutant: Mutant, before: Result, result: Result) -> list[str]:
        """What of a result is wrong without a word about it."""
        out = _coherent(result)
        again = {name: self.read(data) for name, data in mutant.files.items()}
        again = {name: ds for name, ds in again.items() if ds is not None}
        changed = {
            name: ds for name, ds in again.items() if mutant.files[name] is not build(mutant.seed).files.get(name)
        }
        found, known = metrics_of(result.document), metrics_of(before.document)
        if result.case is not None:
            # What pydicom cannot read at all, such as a character set of another representation, may stay the same.
            readable = changed if found != known else {k: ds for k, ds in changed.items() if isinstance(ds, Dataset)}
            out += differences(_only(result.case, readable), readable)
        if result.verdict == "PASS":
            record = self.bench.texts(build(mutant.seed).registry, build(mutant.seed).protocol)[0]
            objected = objections(again, record.patient_id, record.lesions[0].fractions or 0)
            out += [f"PASS although: {what}" for what in objected]
        if found == known:
            if _BETTER[result.verdict] > _BETTER[before.verdict] and not _explained(before, result):
                out.append(f"{before.verdict} became {result.verdict} with the same metrics")
        elif build(mutant.seed).values and mutant.seed not in ("big", "rle") and result.verdict is not None:
            out += self.values(mutant, again, {key: row for key, row in found.items() if row != known.get(key)})
        return out

    def read(self, data: bytes) -> Any:
        """A file as pydicom reads it; those of the seeds are read once."""
        known = self.reread.get(id(data))
        if known is None or known[0] is not data:
            known = data, read_again({"": data}).get("")
            if any(data is kept for name in SEEDS for kept in build(name).files.values()):
                self.reread[id(data)] = known
        return known[1]

    def values(self, mutant: Mutant, again: Mapping[str, Any], rows: Mapping[Any, Any]) -> list[str]:
        """Metrics that changed, against the brute-force oracle on the same bytes."""
        export = self.bench.folder / "export"
        try:
            read = oracle.read_export(export)
        except Exception:
            return []
        out = []
        for (name, _), (_, value, low, high) in rows.items():
            wanted = _ROWS.get(name)
            if wanted is None or value is None:
                continue
            try:
                samples = oracle.sample(read, wanted[0], 1.0)
            except Exception:
                continue
            expected = most = oracle.metric(samples, *wanted[1:])
            if wanted[1] == "Max":  # random points hardly meet the hottest voxel; no point is hotter than its voxels
                most = float(_near(read, wanted[0]).max())
            spread = 0.02 * max(abs(expected), 1.0) + (2.0 if name == "cov" else 0.0)
            if expected > high + spread or most < low - spread:
                out.append(f"{name} is {value:g} ({low:g} to {high:g}), the oracle finds {expected:g}")
        return out


def _near(export: oracle.Export, name: str) -> np.ndarray:
    """Doses of the voxels in and next to the box round a structure."""
    points = np.concatenate(export.contours[name])
    relative = points - export.origin
    axes = (np.cross(export.row, export.column), export.column, export.row)
    dose = export.dose
    steps = (abs(export.planes[1] - export.planes[0]), *export.spacing)
    for axis, (direction, step) in enumerate(zip(axes, steps, strict=True)):
        at = relative @ direction
        if axis == 0:
            place = np.abs(export.planes[:, None] - [at.min(), at.max()]).argmin(axis=0)
        else:
            place = np.array([at.min(), at.max()]) / step
        low, high = int(place.min()) - 3, int(place.max()) + 4
        dose = dose.take(range(max(low, 0), min(high, dose.shape[axis])), axis)
    return dose


_ROWS: dict[str, tuple[Any, ...]] = {
    "cov": ("PTV_L1", "V", 50.0, "Gy", "%"),
    "cord": ("SpinalCord", "Max"),
    "mean": ("SpinalCord", "Mean"),
}


@dataclass(frozen=True)
class _Part:
    doses: tuple[Any, ...]
    structure_sets: tuple[Any, ...]
    plans: tuple[Any, ...]
    findings: tuple[Any, ...]


def _only(case: Any, names: Mapping[str, Any]) -> _Part:
    """The objects of a case that came from some files."""
    parts = (
        tuple(item for item in held if item.source in names) for held in (case.doses, case.structure_sets, case.plans)
    )
    return _Part(*parts, case.findings)


def _coherent(result: Result) -> list[str]:
    """The contract's rules of verdict, exit code, outcomes and findings, written here once more."""
    document = result.document
    severities = {item["severity"] for item in document["findings"]}
    mandatory = [row["outcome"] for row in document["outcomes"] if row["priority"] == "mandatory"]
    states = {item["state"] for item in document["lesions"]}
    out = []
    if (document["verdict"] is None) != ("F" in severities):
        out.append(f"verdict {document['verdict']} with severities {sorted(severities)}")
    if document["verdict"] in ("PASS", "REVIEW") and (
        "E" in severities or {"VIOLATED", "NOT_EVALUATED"} & set(mandatory) or states - {"COVERED", "NOT_REQUIRED"}
    ):
        out.append(f"{document['verdict']} with outcomes {mandatory}, lesions {sorted(states)}, {sorted(severities)}")
    if document["verdict"] == "PASS" and ("W" in severities or set(mandatory) - {"MET", "NOT_APPLICABLE"}):
        out.append(f"PASS with outcomes {mandatory}, {sorted(severities)}")
    for row in document["outcomes"]:
        if row["value"] is not None and not row["low"] <= row["value"] <= row["high"]:
            out.append(f"{row['constraint']}: {row['value']} outside {row['low']} to {row['high']}")
    exits = {"PASS": 0, "FAIL": 1, "REVIEW": 3, "INCOMPLETE": 3, None: 4}
    if document["exit_code"] != exits[document["verdict"]]:
        out.append(f"exit {document['exit_code']} for {document['verdict']}")
    return out


def _same(before: Result, after: Result, ends: float = 1e-9) -> list[str]:
    """Class A: verdict, lesions and metrics as before, the ends of intervals to `ends`."""
    out = [] if before.verdict == after.verdict else [f"{before.verdict} became {after.verdict} {_codes(after)}"]
    old, new = metrics_of(before.document), metrics_of(after.document)
    if old.keys() != new.keys():
        return [*out, f"evaluated {sorted(old)} before, {sorted(new)} after"]
    for key, row in old.items():
        for name, first, second in zip(("outcome", "value", "low", "high"), row, new[key], strict=True):
            if isinstance(first, str) or first is None:
                if first != second:
                    out.append(f"{key} {name}: {first} became {second}")
                continue
            allowed = 1e-9 if name == "value" else ends
            if second is None or abs(first - second) > allowed * max(abs(first), abs(second), 1.0):
                out.append(f"{key} {name}: {first!r} became {second!r}")
    states = [[item["state"] for item in result.document["lesions"]] for result in (before, after)]
    return out if states[0] == states[1] else [*out, f"lesions {states[0]} became {states[1]}"]


def _explained(before: Result, after: Result) -> bool:
    """A better verdict with the same metrics: right only where a fact that weakened it is really another one now."""
    return before.verdict is None and after.verdict is not None and bool(before.document["outcomes"])


def _codes(result: Result) -> list[str]:
    return sorted({item["code"] + item["severity"] for item in result.document.get("findings", ())} - {"RTD759I"})
