"""One patient written in many ways that mean the same: the same verdict, and every metric equal to 1e-9.

All eight orientations of the dose grid, both forms of its plane offsets, both directions of its frames, shuffled items,
rotated start vertices, reversed winding, three encodings; each alone, and all of them crossed with each other.
"""

from __future__ import annotations

import itertools
from random import Random

import numpy as np
import pytest

from tests.acceptance.kit import constraint, protocol_text
from tests.mutation.harness import Workbench, metrics_of
from tests.mutation.mutants import _same
from tests.mutation.preserving import PRESERVING, turn_dose
from tests.mutation.seeds import Seed, build, datasets, rois
from tests.synthetic.dicom import RoiSpec
from tests.synthetic.encode import encode
from tests.synthetic.grid import ORIENTATIONS

ENCODINGS = ("explicit", "implicit", "big")
ORDERS = ("shuffle-rois", "shuffle-contours", "rotate-vertices", "reverse-winding", "all of them")


def uneven(points):
    """A dose that differs along all three axes and nowhere repeats: an exchange of axes or a mirror image shows."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    return 52.0 + 0.11 * x - 0.07 * y + 0.05 * z + 0.0021 * x * y - 0.0013 * y * z + 0.0007 * x * x


def lopsided():
    """A target without any symmetry, so that no turn of the grid maps it onto itself."""
    target = rois()[0]
    loops = [loop + np.array([0.1 * k, 0.3 * k, 0.0]) for k, loop in enumerate(target.contours)]
    for k, loop in enumerate(loops):
        loop[0, 0] -= 1.0 + 0.2 * k
        loop[2, 1] += 2.0
    return rois(PTV_L1=RoiSpec("PTV_L1", 1, loops, "PTV", decimals=3))


def variants():
    """(name, position, falling, absolute, order, encoding): each alone, then a Latin selection of all crossed."""
    whole = list(itertools.product(sorted(ORIENTATIONS), (False, True), (False, True), (None, *ORDERS), ENCODINGS))
    allowed = [item for item in whole if not item[2] or item[0] == "HFS"]  # absolute offsets are for axial axes only
    return allowed


ALL = variants()


def build_variant(position, falling, absolute, order, encoding, seed, dose=uneven):
    objects = datasets(dose=dose, structures=lopsided())
    random = Random(seed)
    for name in ORDERS[:-1]:
        if order in (name, ORDERS[-1]):
            PRESERVING[name](objects, random)
    if position != "HFS":
        turn_dose(objects["dose"], position)
    if falling:
        PRESERVING["fall"](objects, random)
    if absolute:
        PRESERVING["other-form"](objects, random)
    return {f"{role}.dcm": encode(ds, encoding) for role, ds in objects.items()}


def compare(model, chosen, protocol="", least=3, dose=uneven):
    """Check the variants against the plain export under a structure model; return what differs."""
    like = build("explicit")
    protocol = protocol or like.protocol.replace('structure_model = "prism"', f'structure_model = "{model}"')
    wrong = []
    with Workbench() as bench:
        plain = Seed(build_variant("HFS", False, False, None, "explicit", 0, dose), like.registry, protocol)
        whole = bench.run(plain)
        assert whole.verdict is not None
        assert len(metrics_of(whole.document)) >= least
        for number, variant in enumerate(chosen):
            result = bench.run(plain, build_variant(*variant, number, dose))
            problems = [result.crash, *_same(whole, result)]
            wrong += [f"{variant}: {problem}" for problem in problems if problem]
    return wrong


def test_there_are_as_many_ways_as_there_should_be():
    """Eight orientations by two directions, absolute offsets where they are legal, six orders, three encodings."""
    assert len(ORIENTATIONS) == 8
    assert len(ALL) == 8 * 2 * 6 * 3 + 2 * 6 * 3


@pytest.mark.parametrize("model", ["prism", "shape"])
def test_each_orientation_direction_and_form(model):
    """Each of the eight orientations, in both directions, and the absolute form in both."""
    chosen = [item for item in ALL if item[3] is None and item[4] == "explicit"]
    assert len(chosen) == 18
    assert compare(model, chosen) == []


def test_each_order_and_encoding():
    """Each order of items, vertices and winding, in each encoding."""
    chosen = [item for item in ALL if item[:3] == ("HFS", False, False)]
    assert len(chosen) == 18
    assert compare("prism", chosen) == []


def test_a_sample_of_all_crossed():
    """A sample of every combination."""
    assert compare("prism", ALL[::23]) == []


@pytest.mark.slow
@pytest.mark.parametrize("model", ["prism", "shape"])
def test_all_crossed(model):
    """Every combination, under both models."""
    assert compare(model, ALL) == []


METRICS = {
    "SpinalCord": ("Max[Gy]", "Min[Gy]", "Mean[Gy]", "D0.03cc[Gy]", "D2%[Gy]", "D98%[Gy]", "DC0.03cc[Gy]", "V20Gy[cc]",
                   "V52.9Gy[%]", "CV50Gy[cc]", "gEUD(a=8)[Gy]", "Volume[cc]"),
    "@lesion.ptv": ("Max[Gy]", "Min[Gy]", "Mean[Gy]", "D0.03cc[Gy]", "D2%[Gy]", "D98%[Gy]", "DC0.03cc[Gy]", "V20Gy[cc]",
                    "V52.9Gy[%]", "CV50Gy[cc]", "gEUD(a=8)[Gy]", "Volume[cc]", "CI_Paddick", "CI_RTOG", "GI", "R50",
                    "D2cm[Gy]", "HI_ICRU83"),
}  # fmt: skip


def steep(points):
    """A dose that falls by 50 Gy within a centimetre, askew to every axis."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    return 30 + 25 * np.tanh((x - 0.3 * y + 0.2 * z) / 6) + 0.01 * y


def hills(points):
    """A dose with maxima and minima inside the structures."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    return 40 + 8 * np.sin(x / 3.1 + 0.2) * np.cos(y / 2.7) * np.sin(z / 4.3 + 0.7)


@pytest.mark.slow
@pytest.mark.parametrize("dose", [uneven, steep, hills])
@pytest.mark.parametrize("model", ["prism", "shape"])
def test_every_metric_in_every_orientation(model, dose):
    """Thirty metrics, among them extremes and indices, on three doses: the same in every orientation and direction."""
    pairs = [(name, metric) for name, metrics in METRICS.items() for metric in metrics]
    units = [metric.partition("[")[2].strip("]") for _, metric in pairs]
    rows = [constraint(f"m{number}", structure=name, metric=metric, goal=f">= 0.001 {unit}".strip())
            for number, ((name, metric), unit) in enumerate(zip(pairs, units, strict=True))]  # fmt: skip
    protocol = protocol_text(*rows, coverage=False, conventions={"structure_model": model})
    chosen = [item for item in ALL if item[3] is None and item[4] == "explicit"]
    assert compare(model, chosen, protocol, 28, dose) == []
