"""Curves of measured structures with the marks of the limits that were tested on them.

A structure is measured for the judgement; this looks at the same samples once more before they are released.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rtcheck.dvh.band import band, drawing_doses
from rtcheck.dvh.curve import StructureDose
from rtcheck.dvh.evaluate import evaluate
from rtcheck.dvh.field import Quantity
from rtcheck.dvh.metric import Metric, MetricValue
from rtcheck.exhibits import Curve, LimitMark, StructureExhibit
from rtcheck.gather.lesions import Doubt
from rtcheck.measure import Bench, Problem, measure
from rtcheck.rules.binding import Binding
from rtcheck.rules.constraint import Goal
from rtcheck.rules.goal import parse_goal
from rtcheck.rules.resolve import BoundExpression, BoundROI, is_target_expression, rois_of
from rtcheck.rules.result import Outcome
from rtcheck.units import format_number

__all__ = ["curve_of", "limit_marks", "quantity_text", "structure_exhibits", "target_exhibit"]

_VOLUME = Metric("Volume", None, "", "cc")
_MINIMUM = Metric("Min", None, "", "Gy")
_MAXIMUM = Metric("Max", None, "", "Gy")
_MEAN = Metric("Mean", None, "", "Gy")
_WITHOUT_DOSE = ("RxTotal", "BED")


def structure_exhibits(
    bindings: Sequence[Binding],
    outcomes: Mapping[int, Outcome],
    places: Sequence[int],
    bench: Bench,
    doubts: tuple[Doubt | None, Doubt | None] = (None, None),
) -> tuple[StructureExhibit, ...]:
    """Return what to show of one solid: one exhibit for each dose quantity that its metrics ask for.

    Args:
        bindings: all of the check.
        outcomes: of the bindings at `places`.
        places: of the bindings that share the solid.
        bench: where it is measured, its samples not yet released.
        doubts: why no dose may be shown as a number, or None; and the same of physical dose.
    """
    used = [place for place in places if _is_measured(bindings[place])]
    if not used:
        return ()
    solid = bindings[used[0]].solid
    assert solid is not None
    asked: dict[Quantity, list[int]] = {}
    for place in sorted(used):
        asked.setdefault(bindings[place].metric.biological, []).append(place)
    physical_first = sorted(asked.items(), key=lambda item: (item[0] is not None, quantity_text(item[0])))
    shown = []
    for quantity, own in physical_first:
        tested = [(place, outcomes[place], bindings[place]) for place in own]
        shown.append(_exhibit(tested, solid, quantity, bench, doubts[quantity is None]))
    return tuple(shown)


def target_exhibit(
    name: str, lesion: str, solid: BoundExpression, bench: Bench, doubt: Doubt | None = None
) -> StructureExhibit:
    """Return what to show of a lesion's target that no constraint was measured on."""
    return _shown(_Subject(name, "target", lesion), solid, None, (), bench, doubt)


def curve_of(dose: StructureDose, more_gy: Sequence[float] = ()) -> Curve | None:
    """Return the curve of a structure with its interval, with points at the doses given; None where it has none."""
    doses = drawing_doses(dose, tuple(more_gy))
    if not len(doses):
        return None
    absolute, relative = band(dose, doses, relative=False), band(dose, doses, relative=True)
    if absolute is None or relative is None:
        return None
    return Curve(
        doses, absolute.low, absolute.value, absolute.high, relative.low, relative.value, relative.high
    )


def quantity_text(quantity: Quantity) -> str:
    """Return a dose quantity as metrics write it, such as ``EQD2;ab=3``; empty for physical dose."""
    if quantity is None:
        return ""
    return quantity.kind if quantity.ab is None else f"{quantity.kind};ab={format_number(quantity.ab)}"


def limit_marks(index: int, outcome: Outcome, binding: Binding, total_cm3: float | None) -> tuple[LimitMark, ...]:
    """Return the marks of an outcome's goal and last acceptable value on the curve of its structure.

    Args:
        index: of the outcome in the report.
        outcome: with its limits as judged.
        binding: with its metric and prescription.
        total_cm3: volume of the structure; None: not known, then per cent and cm3 cannot be turned into each other.
    """
    marks = []
    for limit, text in (("goal", outcome.goal), ("variation", outcome.variation)):
        if text is None:
            continue
        mark = _mark(parse_goal(text, binding.metric), binding, total_cm3)
        if mark is not None:
            dose, cm3, percent, allowed = mark
            marks.append(LimitMark(index, "goal" if limit == "goal" else "variation", dose, cm3, percent, allowed))
    return tuple(marks)


def _is_measured(binding: Binding) -> bool:
    applies = binding.applies is not False and not binding.code and binding.solid is not None
    return applies and binding.metric.kind not in _WITHOUT_DOSE


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is shown: its name, whether it is a target, and the lesion it belongs to."""

    name: str
    role: Literal["target", "organ"]
    lesion: str | None


_Tested = Sequence[tuple[int, Outcome, Binding]]


def _exhibit(
    tested: _Tested, solid: BoundExpression, quantity: Quantity, bench: Bench, doubt: Doubt | None
) -> StructureExhibit:
    lesions = {binding.lesion.lesion.id for _, _, binding in tested if binding.lesion is not None}
    lesion = next(iter(lesions)) if len(lesions) == 1 else None
    target = any(is_target_expression(binding.constraint.structure) for _, _, binding in tested)
    name = solid.roi.name if isinstance(solid, BoundROI) else tested[0][2].constraint.structure
    if not isinstance(solid, BoundROI) and lesion is not None:
        name = f"{name} of {lesion}"
    subject = _Subject(name, "target" if target else "organ", lesion)
    return _shown(subject, solid, quantity, tested, bench, doubt)


def _shown(
    subject: _Subject,
    solid: BoundExpression,
    quantity: Quantity,
    tested: _Tested,
    bench: Bench,
    doubt: Doubt | None,
) -> StructureExhibit:
    """Measure a structure (again: its samples are kept) and take its curve, extremes and marks."""

    def made(
        volume: MetricValue, extremes: Sequence[MetricValue], curve: Curve | None, marks: tuple[LimitMark, ...],
        reason: str,
    ) -> StructureExhibit:  # fmt: skip
        minimum, maximum, mean = extremes
        rois = tuple(roi.name for roi in rois_of(solid))
        return StructureExhibit(
            subject.name, rois, subject.role, subject.lesion, quantity_text(quantity), volume, minimum, maximum, mean,
            curve, marks, reason,
        )  # fmt: skip

    dose = measure(bench, subject.name, solid, quantity)
    if isinstance(dose, Problem):
        none = [MetricValue(None, None, None, "Gy", dose.reason, dose.code)] * 3
        return made(MetricValue(None, None, None, "cc", dose.reason, dose.code), none, None, (), dose.reason)
    volume = evaluate(dose, _VOLUME, None)
    if doubt is not None:
        return made(volume, [MetricValue(None, None, None, "Gy", doubt[1], doubt[0])] * 3, None, (), doubt[1])
    marks = tuple(
        mark for index, outcome, binding in tested for mark in limit_marks(index, outcome, binding, volume.value)
    )
    curve = curve_of(dose, sorted({mark.dose_gy for mark in marks}))
    extremes = [evaluate(dose, metric, None) for metric in (_MINIMUM, _MAXIMUM, _MEAN)]
    reasons = (one.reason for one in (volume, *extremes) if one.reason)
    reason = "" if curve is not None else next(reasons, "No dose is known in it.")
    return made(volume, extremes, curve, marks, reason)


_Mark = tuple[float, float | None, float | None, Literal["below", "above"]]
"""Dose, volume in cm3, volume in per cent, the side allowed."""


def _mark(goal: Goal, binding: Binding, total_cm3: float | None) -> _Mark | None:
    """Return dose, volume in cm3 and in per cent, and the allowed side; None where a metric is no point of a curve."""
    metric = binding.metric
    upper = goal.comparator.startswith("<")
    if metric.kind in ("V", "CV"):
        return _volume_mark(goal.value, binding, total_cm3, upper=upper)
    if metric.kind not in ("D", "DC", "Max", "Min", "Median", "Mean"):
        return None
    dose = goal.value
    if metric.unit == "%":
        if not binding.prescription_gy:
            return None
        dose = goal.value / 100.0 * binding.prescription_gy
    side: Literal["below", "above"] = "below" if upper else "above"
    if metric.kind == "Mean":
        return dose, None, None, side
    share = {"Max": 0.0, "Min": 100.0, "Median": 50.0}.get(metric.kind)
    if share is None and metric.at_unit == "%":
        share = metric.at if metric.kind == "D" else 100.0 - (metric.at or 0.0)
    if share is not None:
        return dose, None if total_cm3 is None else share / 100.0 * total_cm3, share, side
    cm3 = metric.at or 0.0
    if metric.kind == "DC":
        if total_cm3 is None:
            return None
        cm3 = total_cm3 - cm3
    return dose, cm3, 100.0 * cm3 / total_cm3 if total_cm3 else None, side


def _volume_mark(limit: float, binding: Binding, total_cm3: float | None, *, upper: bool) -> _Mark | None:
    metric = binding.metric
    assert metric.at is not None
    dose = metric.at
    if metric.at_unit == "%":
        if not binding.prescription_gy:
            return None
        dose = metric.at / 100.0 * binding.prescription_gy
    if metric.unit == "%":
        percent: float | None = 100.0 - limit if metric.kind == "CV" else limit
        cm3 = None if total_cm3 is None or percent is None else percent / 100.0 * total_cm3
    else:
        if metric.kind == "CV" and total_cm3 is None:
            return None
        cm3 = (total_cm3 or 0.0) - limit if metric.kind == "CV" else limit
        percent = 100.0 * cm3 / total_cm3 if total_cm3 else None
    return dose, cm3, percent, "below" if upper == (metric.kind == "V") else "above"
