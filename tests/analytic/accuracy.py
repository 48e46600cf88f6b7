"""How far the values of the engine are off: ``python -m tests.analytic.accuracy [CASES [JOBS]] > tests/ACCURACY.md``.

Two tables. Under `prism` against the structure's own prisms in the gridded dose, the truth of `own_prisms`; under
`shape` against the solid itself in the same dose, where intervals have to hold its metrics in the dose itself too.
Volumes in per cent of the volume, doses in per cent of 50 Gy.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise

import numpy as np

from rtcheck.dvh.conventions import structure_dose
from rtcheck.dvh.engine import sample_solid
from rtcheck.dvh.evaluate import evaluate
from rtcheck.dvh.notation import parse_metric
from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.solid import Leaf
from tests.analytic.own_prisms import REFERENCE_GY, ROUND, case, solid_truth, truth
from tests.analytic.phantoms import field_of

CLASSES = ("volume", "mean", "Dx", "V(D)", "V(D), noise", "Min, Max")
"""Noise is a dose that jumps by 2 Gy from point to point: each sample is a throw of dice there, and volumes are known
to the root of their number."""
TRUTH = 1e-3
"""The truth itself is good to about this share of the reference."""
SIZES = (0.03, 0.3, 3.0, 30.0, 300.0, 1500.0)
SPANS = ((1.0, 1.5), (2.0, 2.5, 3.0), (4.0, 5.0))


def notation(name):
    """The metric of a key of `truth`."""
    if name == "Volume":
        return parse_metric("Volume[cc]")
    return parse_metric(f"{name}[cc]" if name.startswith("V") else f"{name}[Gy]")


def class_of(name):
    if name in ("Volume", "Mean"):
        return name.lower()
    return "Min, Max" if name in ("Min", "Max") else "Dx" if name.startswith("D") else "V(D)"


def own_prisms(seed):
    """Spacing, volume in cm³, worst error of each class in %, and what lies outside its interval, of one case."""
    one = case(seed)
    return one.spacing, one.volume_cm3, *errors(one, truth(one), "prism")


def whole_solid(seed):
    """The same of a solid without flat ends under the shape model; errors in the gridded dose, intervals in any."""
    one = case(seed, ROUND)
    exact = solid_truth(one, gridded=True)
    worst, outside = errors(one, exact, "shape")
    _, more = errors(one, solid_truth(one, gridded=False), "shape")
    return one.spacing, exact["Volume"], worst, outside + more


def errors(one, exact, model):
    """Worst error of each class in %, and what lies outside its interval by more than the truth is off itself."""
    stack, findings = stack_contours(one.roi)
    assert stack is not None, (one.says, findings)
    found = structure_dose(sample_solid("A", Leaf(stack), field_of(one.grid), model), None)
    worst, outside = {}, []
    for name, right in exact.items():
        if name == "V0.0Gy":  # of a dose that is 0 nearly everywhere: no metric
            continue
        value = evaluate(found, notation(name), None)
        if value.value is None:  # 0.03 cm³ of a solid that may have less, or the mean where it may leave the dose grid
            continue
        kind = class_of(name)
        of = exact["Volume"] if kind in ("volume", "V(D)") else REFERENCE_GY
        kind += ", noise" * (kind == "V(D)" and "noisy" in one.says)
        worst[kind] = max(worst.get(kind, 0.0), 100 * abs(value.value - right) / of)
        if not value.low - TRUTH * of <= right <= value.high + TRUTH * of:
            outside.append((one.says, name, value.low, right, value.high))
    return worst, outside


def table(found, share):
    """Markdown rows of the median and of the error that a share of the cases stays below, by spacing and size."""
    lines = [f"| spacing mm | cm³ | cases | {' | '.join(CLASSES)} |", "|---" * (len(CLASSES) + 3) + "|"]
    for span in SPANS:
        for least, most in pairwise(SIZES):
            some = [worst for spacing, cm3, worst, _ in found if spacing in span and least <= cm3 < most]
            if some:
                cells = [[worst[kind] for worst in some if kind in worst] for kind in CLASSES]
                parts = [
                    f"{_short(np.median(each))} / {_short(np.quantile(each, share))}" if each else "" for each in cells
                ]
                head = f"{span[0]:g} to {span[-1]:g} | {least:g} to {most:g} | {len(some)}"
                lines.append(f"| {head} | {' | '.join(parts)} |")
    return lines


def _short(error):
    return "0" if error < 5e-4 else f"{error:.1g}" if error < 0.01 else f"{error:.2g}"


PARTS = (
    (
        "`prism`, against its own prisms in the gridded dose",
        "All shapes, all four fields and noise. Median / worst.",
        own_prisms,
        1.0,
    ),
    (
        "`shape`, against the solid itself in the gridded dose",
        """Shapes without flat ends, since contours cannot tell where these are; no noise. Median / 95th percentile.
The intervals have to hold the metrics in the dose itself too.""",
        whole_solid,
        0.95,
    ),
)


def main(cases=400, jobs=2):
    """Print the page."""
    print("# How far values are off, by spacing and size\n")
    print(
        f"`python -m tests.analytic.accuracy {cases}`: {cases} random cases for each table, of ellipsoids, cylinders, "
        "boxes, cones, oblique tubes,\ntori and islands with holes, turned, in doses that are linear, radial, Gaussian "
        "or have an edge, on grids of eight orientations.\nErrors in per cent of the volume (volume, V) or of 50 Gy."
    )
    with ProcessPoolExecutor(int(jobs)) as pool:
        for title, note, work, share in PARTS:
            found = list(pool.map(work, range(int(cases)), chunksize=4))
            print(f"\n## {title}\n\n{note}\n")
            print("\n".join(table(found, share)))
            missed = [outside for _, _, _, outside in found if outside]
            print(f"\nTruth outside of an interval: in {len(missed)} of {len(found)} cases.")
            for says, name, low, right, high in (outside[0] for outside in missed):
                metric = f"V{float(name[1:-2]):.4g}Gy" if name.startswith("V") and name != "Volume" else name
                print(f"- {says}: {metric} {right:.4g}, not {low:.4g} to {high:.4g}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
