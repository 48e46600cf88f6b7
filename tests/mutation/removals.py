"""Random removals from exports: files, structures, elements, inner contours. A verdict never gets better by one.

``python -m tests.mutation.removals --count 10000`` runs any number of them.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping
from random import Random

from pydicom import Dataset

from tests.mutation.edits import element_paths, load, store
from tests.mutation.harness import Result, Workbench
from tests.mutation.seeds import SEEDS, Seed, build

__all__ = ["EXEMPT", "STARTS", "improved", "remove", "run"]

STARTS = tuple(
    name for name in SEEDS
    if name in (
        "explicit", "implicit", "undefined", "absolute", "feet-first", "turned", "holes", "chinese", "beams", "gap",
        "failing", "variation", "unapproved", "rejected", "ion", "sample",
    )
)  # fmt: skip

EXEMPT = {
    "ApprovalStatus": "a REJECTED plan whose status is gone is a plan not known to be approved: REVIEW at best",
    "PlanIntent": "an intent that forbids a verdict is gone with it; the standard does not require one",
}
"""Elements whose removal may turn a refusal into a REVIEW, with the reason; never into a PASS."""

_RANK = {"PASS": 3, "REVIEW": 2, "INCOMPLETE": 1, None: 0}


def improved(before: Result, after: Result) -> bool:
    """Whether a verdict moved towards PASS. What failed may become unknown, never acceptable."""
    if before.verdict == "FAIL":
        return after.verdict in ("PASS", "REVIEW")
    if after.verdict == "FAIL":
        return False
    return _RANK[after.verdict] > _RANK[before.verdict]


def remove(files: Mapping[str, bytes], random: Random) -> tuple[dict[str, bytes], str]:
    """Take one thing away from an export: what is left is well formed."""
    kind = random.choices(("file", "roi", "tag", "contour"), (1, 3, 10, 6))[0]
    if kind == "file":
        name = random.choice(sorted(files))
        return {key: data for key, data in files.items() if key != name}, f"file {name}"
    if kind == "tag":
        name = random.choice(sorted(files))
        ds = load(files[name])
        node, tag = random.choice([(node, tag) for node, tag in element_paths(ds)
                                   if tag not in (0x00080016, 0x00080018)])  # fmt: skip
        what = f"{name} {node[tag].keyword or hex(tag)}"
        del node[tag]
        return {**files, name: store(ds)}, f"tag {what}"
    name = next(name for name in sorted(files) if name.startswith("struct"))
    ds = load(files[name])
    if kind == "roi":
        at = random.randrange(len(ds.StructureSetROISequence))
        number = ds.StructureSetROISequence[at].ROINumber
        what = f"roi {ds.StructureSetROISequence[at].get('ROIName', number)}"
        for keyword, key in (("StructureSetROISequence", "ROINumber"), ("ROIContourSequence", "ReferencedROINumber"),
                             ("RTROIObservationsSequence", "ReferencedROINumber")):  # fmt: skip
            ds[keyword].value = [item for item in ds[keyword].value if item[key].value != number]
        return {**files, name: store(ds)}, what
    inner = [
        (item, at) for item in ds.ROIContourSequence for at in range(1, len(item.get("ContourSequence", [])) - 1)
        if _is_inner(item, at)
    ]  # fmt: skip
    item, at = random.choice(inner)
    del item.ContourSequence[at]
    return {**files, name: store(ds)}, f"contour {at} of ROI {item.ReferencedROINumber}"


def _is_inner(item: Dataset, at: int) -> bool:
    """Whether a contour is the only one of its plane and lies between others: nothing but a gap is left of it."""
    heights = [float(loop.ContourData[2]) for loop in item.ContourSequence]
    z = heights[at]
    return heights.count(z) == 1 and min(heights) < z < max(heights)


def run(seed: str, numbers: range, *, verbose: bool = True) -> tuple[list[str], Counter[str]]:
    """Make removals by number; return those after which a verdict was better, and how all ended."""
    wrong: list[str] = []
    ends: Counter[str] = Counter()
    with Workbench() as bench:
        whole: dict[str, Result] = {}
        for number in numbers:
            random = Random(f"removal/{seed}/{number}")
            name = random.choice(STARTS)
            start: Seed = build(name)
            if name not in whole:
                whole[name] = bench.run(start)
            files, what = remove(start.files, random)
            after = bench.run(start, files)
            ends[f"{what.split()[0]}: {whole[name].verdict} -> {after.verdict}"] += 1
            exempt = any(f" {keyword}" in what for keyword in EXEMPT) and after.verdict != "PASS"
            if after.crash or (improved(whole[name], after) and not exempt):
                wrong.append(f"{number} {name} without {what}: {whole[name].verdict} -> {after.verdict} {after.crash}")
                if verbose:
                    print(wrong[-1], flush=True)
            if verbose and (number + 1) % 1000 == 0:
                print(f"{number + 1} done, {len(wrong)} wrong", flush=True)
    return wrong, ends


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    wrong, ends = run(options.seed, range(options.start, options.start + options.count))
    for end, count in sorted(ends.items()):
        print(f"{count:8d}  {end}")
    print(f"{options.count} removals, {len(wrong)} improved a verdict")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
