"""Several readings of one solid, each sampled by itself, as one dose: what a margin needs.

A margin is made of one reading of its operand (where that ends, what lies between its contours), so that each reading
gives a solid of its own. The value comes from the first; of the others the value joins the conventions left open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rtcheck.dvh.curve import StructureDose

__all__ = ["with_readings"]


def with_readings(dose: StructureDose, others: Iterable[tuple[str, StructureDose]]) -> StructureDose:
    """Return the dose with the values of other readings among its alternatives.

    Args:
        dose: of the reading that gives the value.
        others: label and dose of each other reading. One that leaves no volume is left out; of one that is mixed with
            structures of their own the alternative of the same label joins too.
    """
    more = []
    for label, other in others:
        if other.value.total_cm3 > 0:
            more.append((label, other.value))
            more.extend((name, dvh) for name, dvh in other.alternatives if name == label)
    return replace(dose, alternatives=(*dose.alternatives, *more))
