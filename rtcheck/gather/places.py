"""Where things are, for the pages: every lesion's coldest point and nearest organ, the worst organ's hottest point.

This comes after the report is made, so that nothing it stacks or samples can change what was found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from rtcheck.conformity import evaluate_index
from rtcheck.dvh.curve import StructureDose
from rtcheck.dvh.metric import Metric, MetricValue
from rtcheck.exhibits import LesionExhibit, Nearest, StructureExhibit
from rtcheck.gather.lesions import worst_outcome
from rtcheck.geometry.separation import Gap, smallest_gap
from rtcheck.geometry.slabs import Slabs, parallel
from rtcheck.geometry.variants import LONG, SHORT, VALUE
from rtcheck.measure import Bench, Problem, slabs_in
from rtcheck.rules.binding import Binding, needs_dose
from rtcheck.rules.lesions import LesionBinding
from rtcheck.rules.resolve import BoundExpression, BoundOperation, BoundROI, is_target_expression, rois_of, union_of
from rtcheck.rules.result import Outcome
from rtcheck.surroundings import place_of_extreme

__all__ = ["indexed_lesion", "limiting_organs", "located_lesion", "located_organ"]

_CI = Metric("CI_Paddick", None, "", "")
_GI = Metric("GI", None, "", "")
_LAYER_MM = 0.5
_OUTSIDE = "Part of it lies outside the dose grid: the lowest dose may be there."


def limiting_organs(bindings: Sequence[Binding]) -> tuple[tuple[str, BoundExpression], ...]:
    """Return the organs whose distance matters to a lesion: each with a mandatory limit on dose that was evaluated.

    An organ from which targets are taken away (``Liver - @gtv``) surrounds a lesion by its definition and is left out.
    """
    found: dict[tuple[str, ...], tuple[str, BoundExpression]] = {}
    for binding in bindings:
        solid, constraint = binding.solid, binding.constraint
        if solid is None or binding.applies is False or binding.code or binding.lesion is not None:
            continue
        if constraint.priority != "mandatory" or not needs_dose(binding.metric) or _takes_away(solid):
            continue
        if not is_target_expression(constraint.structure):
            name = solid.roi.name if isinstance(solid, BoundROI) else constraint.structure
            found.setdefault(tuple(roi.name for roi in rois_of(solid)), (name, solid))
    return tuple(found.values())


def indexed_lesion(
    row: LesionExhibit, binding: LesionBinding, dose: StructureDose | None, bench: Bench
) -> LesionExhibit:
    """Return the row of a lesion with its conformity and gradient index.

    Args:
        row: so far.
        binding: of the lesion.
        dose: in its target; None where no dose of it may be shown.
        bench: of the check.
    """
    if dose is None or not row.role or row.v100.value is None:
        return row
    solid = union_of([BoundROI(roi) for roi in binding.roles[row.role].rois])
    ci, gi = (
        evaluate_index(bench, row.structure, solid, metric, row.prescription_gy, row.id, dose).value
        for metric in (_CI, _GI)
    )
    return replace(row, ci=ci, gi=gi)


def located_lesion(
    row: LesionExhibit, binding: LesionBinding, organs: Sequence[tuple[str, BoundExpression]], bench: Bench
) -> LesionExhibit:
    """Return the row of a lesion with its coldest point and its nearest organ, or with why they are not known."""
    if not row.role or row.volume.value is None:
        return row
    solid = union_of([BoundROI(roi) for roi in binding.roles[row.role].rois])
    if row.minimum.value is not None:
        place = place_of_extreme(bench, solid, "min")
        if isinstance(place, Problem):
            row = replace(row, minimum_where=place.reason)
        else:
            row = replace(row, minimum_at_mm=place.at_mm, minimum_where="" if place.whole else _OUTSIDE)
    return replace(row, nearest=_nearest(bench, solid, organs))


def located_organ(
    structures: Mapping[int, tuple[StructureExhibit, ...]],
    bindings: Sequence[Binding],
    outcomes: Mapping[int, Outcome],
    bench: Bench,
) -> dict[int, tuple[StructureExhibit, ...]]:
    """Return the exhibits with the hottest point of the organ that has the least margin to a limit on physical dose.

    Args:
        structures: exhibits by the place of the first binding of their solid.
        bindings: of the check.
        outcomes: of the bindings, by place.
        bench: where structures are located.
    """
    organs = {one.rois: place for place, group in structures.items() for one in group
              if one.role == "organ" and not one.quantity and one.curve is not None}  # fmt: skip
    places = [
        place
        for place, outcome in outcomes.items()
        if outcome.rois in organs and outcome.priority != "report" and outcome.lesion is None
    ]
    worst = worst_outcome(outcomes, sorted(places))
    located = dict(structures)
    if worst is None:
        return located
    place = organs[outcomes[worst].rois]
    solid = bindings[place].solid
    found = place_of_extreme(bench, solid, "max") if solid is not None else None
    if found is not None and not isinstance(found, Problem):
        located[place] = tuple(
            one if one.quantity else replace(one, maximum_at_mm=found.at_mm) for one in structures[place]
        )
    return located


def _nearest(bench: Bench, target: BoundExpression, organs: Sequence[tuple[str, BoundExpression]]) -> Nearest:
    """Return the organ nearest to a target between the prisms of their contours, from end to end of the interval.

    An organ that cannot be used makes the answer unknown: it could be the nearest.
    """

    def unknown(problem: Problem) -> Nearest:
        return Nearest("", MetricValue(None, None, None, "mm", problem.reason, problem.code))

    if not organs:
        return unknown(Problem("RTD806", "No organ with an applicable limit has a structure."))
    own = slabs_in(bench, target, "prism", VALUE, _LAYER_MM)
    if isinstance(own, Problem):
        return unknown(own)
    best: tuple[str, BoundExpression, Gap] | None = None
    for name, organ in organs:
        other = slabs_in(bench, organ, "prism", VALUE, _LAYER_MM)
        if isinstance(other, Problem):
            return unknown(other)
        if not parallel(own.axes, other.axes):
            return unknown(Problem("RTD306", "Their contour planes are not parallel to each other."))
        if best is not None and _box_gap(own, other) >= best[2].mm:
            continue
        gap = smallest_gap(own, other)
        if best is None or gap.mm < best[2].mm:
            best = name, organ, gap
    assert best is not None
    name, organ, gap = best
    gaps = [gap.mm]
    for reading in (LONG, SHORT):
        one, two = (slabs_in(bench, each, "prism", reading, _LAYER_MM) for each in (target, organ))
        problem = next((each for each in (one, two) if isinstance(each, Problem)), None)
        if isinstance(one, Problem) or isinstance(two, Problem):
            assert problem is not None
            if reading == SHORT and problem.code == "RTD605":
                continue  # a reading without volume says nothing about where the structure is
            return unknown(problem)
        gaps.append(smallest_gap(one, two).mm)
    x, y, z = (own.axes.T @ gap.first).tolist()
    return Nearest(name, MetricValue(gap.mm, min(gaps), max(gaps), "mm"), (x, y, z))


def _box_gap(one: Slabs, two: Slabs) -> float:
    """Distance between the boxes of two solids, mm: no more than that of the solids."""
    (low, high), (other_low, other_high) = one.bounds, two.bounds
    return float(np.linalg.norm(np.maximum(np.maximum(other_low - high, low - other_high), 0.0)))


def _takes_away(solid: BoundExpression) -> bool:
    if isinstance(solid, BoundOperation):
        return solid.operator == "-" or _takes_away(solid.left) or _takes_away(solid.right)
    return False
