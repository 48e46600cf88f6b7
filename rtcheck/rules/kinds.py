"""Are the objects of a course what those that refer to them say, and each of them one of its own (RTD015, RTD104)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from rtcheck.model.case import Case
from rtcheck.model.finding import Finding, finding
from rtcheck.model.grid import DoseGrid
from rtcheck.model.plan import Plan

__all__ = ["copied_doses", "kind_findings"]


def kind_findings(case: Case, plans: Iterable[Plan], grids: Iterable[DoseGrid]) -> list[Finding]:
    """RTD015 (W) for a reference by UID to an object that is of another SOP class than the reference says.

    A system that wrote both would not call its photon plan an ion plan: UIDs were copied or mapped.
    """
    kinds = {item.sop_instance_uid: item.sop_class_uid for item in case.inputs}
    out = []
    items: list[Plan | DoseGrid] = [*plans, *grids]
    for item in items:
        wrong = sorted({uid for uid, kind in item.named if kinds.get(uid, kind) != kind})
        if wrong:
            message = (
                "It refers to an object by UID as of another SOP class (ReferencedSOPClassUID (0008,1150)) than that "
                "object has: links may have been rewritten. Export all objects together."
            )
            out.append(finding("RTD015", item.source, message, "W", objects=wrong))
    return out


def copied_doses(grids: Sequence[DoseGrid]) -> list[Finding]:
    """RTD104 (W) for doses that would be summed and are the same voxel for voxel: one may be a copy of the other."""
    out = []
    for one, other in itertools.combinations(grids, 2):
        if one.geometry != other.geometry or not np.any(one.stored):
            continue
        same = one.scaling_gy == other.scaling_gy and np.array_equal(one.stored, other.stored)
        if same:
            message = (
                f"The dose is the same as that of {other.source}, voxel for voxel, and both are summed: one may be a "
                "copy, and the dose of the other missing. Confirm that both are delivered."
            )
            out.append(finding("RTD104", one.source, message, "W", other=other.source))
    return out
