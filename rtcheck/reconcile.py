"""Registered lesions against what was planned: the chain of targets, what the plans say, the dose, the organ.

The state of a lesion is decided by `rtcheck.rules.lesions`; here is what a physicist asks next.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import shapely

from rtcheck.dvh.evaluate import evaluate
from rtcheck.dvh.field import PHYSICAL
from rtcheck.dvh.metric import Metric, MetricValue
from rtcheck.geometry.slabs import Slabs
from rtcheck.geometry.variants import VALUE
from rtcheck.measure import Bench, Problem, measure, slabs_in
from rtcheck.rules.course import Course
from rtcheck.rules.lesions import ROLES, LesionBinding, registered_names, target_role
from rtcheck.rules.names import NameTable
from rtcheck.rules.organs import organ_rois
from rtcheck.rules.prescription import plan_statements
from rtcheck.rules.resolve import BoundExpression, BoundOperation, BoundROI, union_of
from rtcheck.rules.result import LowestDose, OrganCheck, Reconciliation, TargetLink
from rtcheck.surroundings import place_of_extreme

__all__ = ["reconcile", "reconcile_all", "role_solids", "share_inside"]

_VOLUME = Metric("Volume", None, "", "cc")
_MINIMUM = Metric("Min", None, "", "Gy")
_MEDIAN = Metric("Median", None, "", "Gy")
_ANY_LAYER_MM = 1.0
"""Prisms have no layers; the argument is not used for them."""
_EXACT = 1e-9


def reconcile_all(
    bindings: Iterable[LesionBinding],
    course: Course,
    bench: Bench,
    names: NameTable,
    *,
    contradicted: frozenset[str] = frozenset(),
    doubt: tuple[str, str] | None = None,
) -> dict[str, Reconciliation]:
    """Reconcile every active lesion, by its id; a resolved one needs no structure and no dose."""
    return {
        binding.lesion.id: reconcile(binding, course, bench, names, contradicted=contradicted, doubt=doubt)
        for binding in bindings
        if binding.lesion.active
    }


def reconcile(
    binding: LesionBinding,
    course: Course,
    bench: Bench,
    names: NameTable,
    *,
    contradicted: frozenset[str] = frozenset(),
    doubt: tuple[str, str] | None = None,
) -> Reconciliation:
    """Reconcile one active lesion with the structures, plans and doses of the course.

    Args:
        binding: the lesion with its structures.
        course: the plans and structure sets.
        bench: where structures are measured; what constraints measure later is not measured twice.
        names: the table in which its organ is looked up.
        contradicted: lesions whose prescription the plans contradict.
        doubt: (code, sentence) why no dose of this case may be shown as a number, or None.
    """
    solids = {role: solid for role, (_, solid) in role_solids(binding).items()}
    links = [_link(binding, role, solid, bench, doubt) for role, solid in solids.items()]
    usable = [(place, solid) for place, solid in enumerate(solids.values()) if solid is not None]
    for (place, inner), (_, outer) in itertools.pairwise(usable):
        share = share_inside(bench, inner, outer)
        links[place] = replace(links[place], inside_next=None if isinstance(share, Problem) else share)
    plans, state = plan_statements(course, binding, contradicted)
    lowest = _lowest(binding, solids, bench, doubt)
    return Reconciliation(tuple(links), plans, state, lowest, _organ(binding, solids, course, bench, names))


def role_solids(binding: LesionBinding) -> dict[str, tuple[str, BoundExpression | None]]:
    """Return what messages call the structures of a lesion, and each as a solid; None where it cannot be used."""
    return {
        role: (_name(binding, role), None if bound.problem else union_of([BoundROI(roi) for roi in bound.rois]))
        for role in ROLES
        if (bound := binding.roles.get(role)) is not None
    }


def _name(binding: LesionBinding, role: str) -> str:
    return " | ".join(roi.name for roi in binding.roles[role].rois)


def share_inside(bench: Bench, inner: BoundExpression, outer: BoundExpression) -> float | Problem:
    """Return the share of the volume of one structure that lies inside another, 0 to 1, both taken as prisms.

    The areas are those of the contours themselves; a share within 1e-9 of 0 or 1 is 0 or 1.
    """
    whole = slabs_in(bench, inner, "prism", VALUE, _ANY_LAYER_MM)
    if isinstance(whole, Problem):
        return whole
    common = slabs_in(bench, BoundOperation("&", inner, outer), "prism", VALUE, _ANY_LAYER_MM)
    if isinstance(common, Problem):
        return 0.0 if common.code == "RTD605" else common
    share = _volume(common) / _volume(whole)
    return 1.0 if share > 1 - _EXACT else 0.0 if share < _EXACT else share


def _volume(slabs: Slabs) -> float:
    return float(np.sum((slabs.upper - slabs.lower) * shapely.area(slabs.regions)))


def _link(
    binding: LesionBinding, role: str, solid: BoundExpression | None, bench: Bench, doubt: tuple[str, str] | None
) -> TargetLink:
    bound = binding.roles[role]
    rois = tuple(roi.name for roi in bound.rois)
    name = _name(binding, role)
    dose = Problem(bound.code, bound.problem) if solid is None else measure(bench, name, solid, PHYSICAL)
    if isinstance(dose, Problem):
        values = [MetricValue(None, None, None, unit, dose.reason, dose.code) for unit in ("cc", "Gy", "Gy")]
    else:
        values = [evaluate(dose, metric, binding.lesion.dose_gy) for metric in (_VOLUME, _MINIMUM, _MEDIAN)]
        if doubt is not None:
            values[1:] = [MetricValue(None, None, None, "Gy", doubt[1], doubt[0])] * 2
    problem = dose.reason if isinstance(dose, Problem) else ""
    return TargetLink(role, registered_names(binding.lesion, role), rois, problem, values[0], values[1], values[2])


def _lowest(
    binding: LesionBinding,
    solids: dict[str, BoundExpression | None],
    bench: Bench,
    doubt: tuple[str, str] | None,
) -> tuple[LowestDose, ...]:
    """Return the lowest dose in the target, and that in the GTV where the target is another structure."""
    target = target_role(binding)
    if target is None:
        return ()
    out = []
    for role in dict.fromkeys((target, "gtv")):
        solid = solids.get(role)
        if solid is None:
            continue
        structure = _name(binding, role)
        if doubt is not None:
            out.append(LowestDose(role, structure, None, None, doubt[1]))
            continue
        place = place_of_extreme(bench, solid, "min")
        if isinstance(place, Problem):
            out.append(LowestDose(role, structure, None, None, place.reason))
        elif not place.whole:
            reason = "Part of it lies outside the dose grid, where the dose may be lower."
            out.append(LowestDose(role, structure, None, None, reason))
        else:
            out.append(LowestDose(role, structure, place.dose_gy, place.at_mm))
    return tuple(out)


def _organ(
    binding: LesionBinding,
    solids: dict[str, BoundExpression | None],
    course: Course,
    bench: Bench,
    names: NameTable,
) -> OrganCheck:
    """Return whether the GTV (else CTV, else PTV) lies in the organ that the registry names."""
    structure, rois, reason = organ_rois(binding.lesion, course.rois, names)
    found = tuple(roi.name for roi in rois)
    if reason:
        return OrganCheck(structure, found, "", None, reason)
    role = next((role for role in ROLES if solids.get(role) is not None), "")
    solid = solids.get(role)
    if solid is None:
        return OrganCheck(structure, found, "", None, "It has no structure that can be used.")
    share = share_inside(bench, solid, union_of([BoundROI(roi) for roi in rois]))
    if isinstance(share, Problem):
        return OrganCheck(structure, found, role, None, share.reason)
    return OrganCheck(structure, found, role, share)
