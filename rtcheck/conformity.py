"""Indices of the dose around a target, on the bench of a check: what is measured once, and for whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rtcheck.dvh.beyond import highest_beyond
from rtcheck.dvh.curve import StructureDose
from rtcheck.dvh.field import PHYSICAL, DoseField
from rtcheck.dvh.indices import AROUND_KINDS, D2CM_MM, Around, evaluate_around
from rtcheck.dvh.isodose import IsodoseVolume, Parcels, isodose_volume
from rtcheck.dvh.metric import Metric, MetricValue
from rtcheck.dvh.nodes import dose_nodes
from rtcheck.geometry.slabs import LAYER_MM
from rtcheck.geometry.surface import Body
from rtcheck.geometry.territory import Territory
from rtcheck.geometry.variants import LONG, SHORT, VALUE
from rtcheck.measure import Bench, Problem, expression_key, measure, slabs_in
from rtcheck.model.finding import Finding, finding
from rtcheck.model.structure import ROI
from rtcheck.rules.lesions import LesionBinding, target_role
from rtcheck.rules.resolve import BoundExpression, BoundROI, union_of

__all__ = ["AROUND_KINDS", "IndexFound", "evaluate_index", "external_of", "in_dose_frame", "targets_of"]

_OWN_STEP_MM = 0.5
_STEP_MM = 1.0
_EXTERNAL_STEP_MM = 3.0
_LEAST_OUTSIDE = 1e-3
"""A smaller share of a dose cloud outside the external contour is the roughness of that contour."""


@dataclass(frozen=True, slots=True, eq=False)
class IndexFound:
    """The value of an index, the dose in the target it came from, and what was noticed."""

    value: MetricValue
    dose: StructureDose | None = None
    findings: tuple[Finding, ...] = ()


def targets_of(lesions: Iterable[LesionBinding]) -> tuple[tuple[str, BoundExpression | None], ...]:
    """Return the target of every active lesion, palliative ones too; None where it has none that can be used."""
    out: list[tuple[str, BoundExpression | None]] = []
    for binding in lesions:
        if binding.lesion.active:
            role = target_role(binding)
            rois = binding.roles[role].rois if role is not None else ()
            out.append((binding.lesion.id, union_of([BoundROI(roi) for roi in rois]) if rois else None))
    return tuple(out)


def external_of(rois: Sequence[ROI]) -> ROI | None:
    """Return the structure of type EXTERNAL; of several that with the most points; None without one."""
    found = [roi for roi in rois if roi.interpreted_type == "EXTERNAL" and len(roi.contours.points_mm)]
    return max(found, key=lambda roi: len(roi.contours.points_mm), default=None)


def in_dose_frame(roi: ROI, dose: DoseField) -> bool:
    """Whether a structure is in the frame of reference of every grid: only then its coordinates mean anything there."""
    frames = {grid.geometry.frame_of_reference_uid for part in dose.parts for grid in part.grids}
    return frames == {roi.frame_of_reference_uid}


def evaluate_index(
    bench: Bench,
    name: str,
    bound: BoundExpression,
    metric: Metric,
    prescription_gy: float | None,
    lesion: str = "",
    instead: StructureDose | None = None,
) -> IndexFound:
    """Evaluate an index of the dose around a target.

    The neighbourhood of the target ends half way to the targets of the other active lesions (see
    `rtcheck.geometry.territory`). Where the external contour is known only the dose inside it counts for the value; of
    a cloud that reaches beyond it the part outside is in the interval, with finding RTD602.

    Args:
        bench: with the targets of all active lesions and the external contour.
        name: what messages call the target.
        bound: the target.
        metric: one of `AROUND_KINDS`.
        prescription_gy: of the lesion that the target belongs to.
        lesion: its id; empty where the target is no lesion's.
        instead: the dose in the target under another convention; None: as it is measured.
    """
    dose = instead if instead is not None else measure(bench, name, bound, PHYSICAL)
    if isinstance(dose, Problem):
        return IndexFound(MetricValue(None, None, None, metric.unit, dose.reason, dose.code))
    early = evaluate_around(metric, dose, prescription_gy, Around()) if prescription_gy is None else None
    if early is not None and metric.needs_prescription:
        return IndexFound(early, dose)
    readings: list[Territory] = []
    models = ("prism", "shape") if bench.model == "prism" else ("shape", "prism")
    asked = ((models[0], VALUE), (models[1], VALUE), ("prism", LONG), ("prism", SHORT))
    for model, reading in asked if metric.kind == "D2cm" else asked[:1]:
        territory = _territory(bench, bound, lesion, model, reading)
        if isinstance(territory, Problem):
            return IndexFound(MetricValue(None, None, None, metric.unit, territory.reason, territory.code), dose)
        readings.append(territory)
    if bench.nodes is None:
        bench.nodes = dose_nodes(bench.dose)
    if metric.kind == "D2cm":
        beyond = tuple(highest_beyond(bench.dose, bench.nodes, territory, D2CM_MM) for territory in readings)
        return IndexFound(evaluate_around(metric, dose, prescription_gy, Around(beyond=beyond)), dose)
    assert prescription_gy is not None
    around = Around()
    if metric.kind in ("CI_Paddick", "CI_RTOG", "GI"):
        around = replace(around, full=_isodose(bench, bound, prescription_gy, readings[0], dose))
    if metric.kind in ("GI", "R50"):
        around = replace(around, half=_isodose(bench, bound, prescription_gy / 2, readings[0], dose))
    value = evaluate_around(metric, dose, prescription_gy, around)
    clouds = [cloud for cloud in (around.full, around.half) if cloud is not None]
    share = max((cloud.outside_cm3 / (cloud.cm3 + cloud.outside_cm3 or 1.0) for cloud in clouds), default=0.0)
    noticed: tuple[Finding, ...] = ()
    if share > _LEAST_OUTSIDE and value.value is not None:
        noticed = (
            finding(
                "RTD602",
                name,
                f"{share:.1%} of the isodose volume about {name} lies outside the external contour: the indices of "
                "conformity and gradient count what is inside, and their intervals reach to all of it.",
                fraction=share,
            ),
        )
    return IndexFound(value, dose, noticed)


def _territory(bench: Bench, bound: BoundExpression, lesion: str, model: str, reading: str) -> Territory | Problem:
    """Return the neighbourhood of a target among those of the other lesions."""
    own = _body(bench, bound, model, reading, _OWN_STEP_MM)
    if isinstance(own, Problem):
        return own
    others = []
    for other, target in bench.targets:
        if other == lesion or (target is not None and expression_key(target) == expression_key(bound)):
            continue
        if target is None:
            return Problem(
                "RTD301",
                f"Lesion {other} has no target structure that can be used: where its neighbourhood begins, and which "
                "dose belongs to it, is not known.",
            )
        body = _body(bench, target, bench.model, VALUE, _STEP_MM)
        if isinstance(body, Problem):
            return body
        others.append(body)
    if bench.external is None or not in_dose_frame(bench.external, bench.dose):
        return Territory(own, tuple(others))
    external = _body(bench, BoundROI(bench.external), "prism", VALUE, _EXTERNAL_STEP_MM)
    if isinstance(external, Problem):
        return external
    return Territory(own, tuple(others), external)


def _body(bench: Bench, bound: BoundExpression, model: str, reading: str, step_mm: float) -> Body | Problem:
    key = (expression_key(bound), model, reading, step_mm)
    if key not in bench.bodies:
        slabs = slabs_in(bench, bound, "prism" if model == "prism" else "shape", reading, LAYER_MM)
        if isinstance(slabs, Problem):
            return slabs
        bench.bodies[key] = Body(slabs, step_mm)
    return bench.bodies[key]


def _isodose(
    bench: Bench, bound: BoundExpression, least_gy: float, territory: Territory, dose: StructureDose
) -> IsodoseVolume:
    solid = expression_key(bound)
    if (solid, least_gy) not in bench.isodoses:
        assert bench.nodes is not None
        parcels = bench.parcels.setdefault(solid, Parcels(bench.nodes, territory))
        bench.isodoses[solid, least_gy] = isodose_volume(
            bench.dose, bench.nodes, least_gy, territory, dose.dose_error_gy, parcels
        )
    return bench.isodoses[solid, least_gy]
