"""The rows of the lesion matrix: what a physicist reads of every registered lesion, with why where it is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rtcheck.dvh.curve import StructureDose
from rtcheck.dvh.evaluate import evaluate
from rtcheck.dvh.field import PHYSICAL
from rtcheck.dvh.metric import Metric, MetricValue
from rtcheck.exhibits import LesionExhibit, Nearest
from rtcheck.measure import Bench, Problem, measure
from rtcheck.rules.lesions import LesionBinding, target_role
from rtcheck.rules.resolve import BoundROI, union_of
from rtcheck.rules.result import Outcome

__all__ = ["Doubt", "absent_lesion", "lesion_exhibit", "target_dose", "worst_outcome"]

Doubt = tuple[str, str]
"""(code, sentence) why a number may not be shown."""

_METRICS = {
    "volume": Metric("Volume", None, "", "cc"),
    "d98": Metric("D", 98.0, "%", "Gy"),
    "d95": Metric("D", 95.0, "%", "Gy"),
    "d50": Metric("D", 50.0, "%", "Gy"),
    "d2": Metric("D", 2.0, "%", "Gy"),
    "v100": Metric("V", 100.0, "%", "%"),
    "minimum": Metric("Min", None, "", "Gy"),
    "ci": Metric("CI_Paddick", None, "", ""),
    "gi": Metric("GI", None, "", ""),
}
_CONTRADICTED = ("RTD506", "The registered prescription differs from the plan's.")
_NOT_LOCATED = "It was not located."


def lesion_exhibit(
    binding: LesionBinding, bench: Bench, doubt: Doubt | None = None, *, contradicted: bool = False
) -> LesionExhibit:
    """Return the row of one lesion, measured on its target (PTV, else CTV, else GTV).

    Its indices follow when the report is made (`rtcheck.gather.places.indexed_lesion`): they look at the external
    contour, and whatever stacking that brings up must not come into the report because a page was asked for.

    Args:
        binding: the lesion with its structures.
        bench: where structures are measured.
        doubt: why no dose of this case may be shown as a number, or None.
        contradicted: whether the plan contradicts its registered prescription.
    """
    lesion = binding.lesion
    role = target_role(binding)
    if role is None:
        return absent_lesion(binding, "It has no target structure that can be used.", "RTD301")
    name = " | ".join(roi.name for roi in binding.roles[role].rois)
    dose = target_dose(binding, bench)
    assert dose is not None
    if isinstance(dose, Problem):
        return absent_lesion(binding, dose.reason, dose.code, name, role)
    values = {}
    for key, metric in _METRICS.items():
        why = doubt or (_CONTRADICTED if contradicted and metric.needs_prescription else None)
        if why is not None and metric.kind != "Volume":
            values[key] = MetricValue(None, None, None, metric.unit, why[1], why[0])
        else:
            values[key] = evaluate(dose, metric, lesion.dose_gy)
    return _row(binding, name, role, values, _NOT_LOCATED)


def target_dose(binding: LesionBinding, bench: Bench) -> StructureDose | Problem | None:
    """Return the physical dose in a lesion's target; None where it has none."""
    role = target_role(binding)
    if role is None:
        return None
    rois = binding.roles[role].rois
    return measure(bench, " | ".join(roi.name for roi in rois), union_of([BoundROI(roi) for roi in rois]), PHYSICAL)


def absent_lesion(
    binding: LesionBinding, reason: str, code: str, structure: str = "", role: str = ""
) -> LesionExhibit:
    """Return the row of a lesion of which nothing was measured."""
    values = {key: MetricValue(None, None, None, metric.unit, reason, code) for key, metric in _METRICS.items()}
    return _row(binding, structure, role, values, reason)


def worst_outcome(outcomes: Sequence[Outcome] | Mapping[int, Outcome], places: Sequence[int]) -> int | None:
    """Return the place of the outcome with the least margin, as a share of what it is judged at; None without one."""
    known = [place for place in places if outcomes[place].margin is not None]
    order = ("mandatory", "optimal", "report")
    return min(known, key=lambda place: (order.index(outcomes[place].priority), _share(outcomes[place])), default=None)


def _share(outcome: Outcome) -> float:
    """Return the margin relative to the limit, so that Gy and per cent can be compared."""
    margin, value = outcome.margin or 0.0, outcome.value or 0.0
    return margin / max(abs(value) + abs(margin), 1e-9)


def _row(
    binding: LesionBinding, structure: str, role: str, values: dict[str, MetricValue], nowhere: str
) -> LesionExhibit:
    lesion = binding.lesion
    return LesionExhibit(
        id=lesion.id,
        organ=lesion.organ,
        structure=structure,
        role=role,
        volume=values["volume"],
        prescription_gy=lesion.dose_gy,
        fractions=lesion.fractions,
        d98=values["d98"],
        d95=values["d95"],
        d50=values["d50"],
        d2=values["d2"],
        v100=values["v100"],
        minimum=values["minimum"],
        minimum_at_mm=None,
        minimum_where=nowhere,
        ci=values["ci"],
        gi=values["gi"],
        nearest=Nearest("", MetricValue(None, None, None, "mm", nowhere)),
    )
