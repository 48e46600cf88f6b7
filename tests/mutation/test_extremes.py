"""Every decimal number of an export as large, as small and as negative as one can be written: refused or judged."""

from __future__ import annotations

import pytest

from tests.mutation.edits import element_paths, load, store
from tests.mutation.harness import Workbench
from tests.mutation.seeds import build
from tests.synthetic.dicom import set_raw

VALUES = ("1e300", "9e307", "1e155", "-1e300", "1e100", "1e-300", "5e-324", "9e4", "-1e5")
PLACES_OF = {"explicit": ("dose.dcm", "struct.dcm", "plan.dcm"), "beams": ("plan.dcm",)}


def places():
    """(seed, file, number of the element) of the first two elements of each keyword."""
    found = []
    for seed, names in PLACES_OF.items():
        for name in names:
            seen: dict[str, int] = {}
            for number, (node, tag) in enumerate(element_paths(load(build(seed).files[name]))):
                keyword = node[tag].keyword
                if node[tag].VR == "DS":
                    seen[keyword] = seen.get(keyword, 0) + 1
                    if seen[keyword] <= 2:
                        found.append((seed, name, number))
    return found


def put(data, number, value, *, everywhere):
    """Write a number in place of the first value of an element, or of all of them."""
    ds = load(data)
    node, tag = list(element_paths(ds))[number]
    held = node[tag].value
    texts = [""] if held is None else [str(held)] if isinstance(held, (str, float)) else [str(item) for item in held]
    texts = [value] * len(texts) if everywhere else [value, *texts[1:]]
    set_raw(node, node[tag].keyword, "\\".join(texts).encode())
    return store(ds)


def ends(chosen):
    """Check each (place, value, everywhere); return what crashed, hung or warned of an overflow."""
    wrong = []
    with Workbench() as bench:
        for (seed, name, number), value, everywhere in chosen:
            start = build(seed)
            data = put(start.files[name], number, value, everywhere=everywhere)
            result = bench.run(start, {**start.files, name: data})
            if result.crash:
                wrong.append((seed, name, number, value, everywhere, result.crash))
    return wrong


EVERY = [(place, value, everywhere) for place in places() for value in VALUES for everywhere in (False, True)]


def test_a_sample_of_extreme_numbers():
    """A sample over all places and values; warnings are errors, so that an overflow in the arithmetic shows."""
    assert len(EVERY) > 500
    assert ends(EVERY[::31]) == []


@pytest.mark.slow
def test_every_extreme_number():
    """Every value in every place."""
    assert ends(EVERY) == []
