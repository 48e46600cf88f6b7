"""From the dose in a structure to the value of a metric with its interval.

The volume that receives at least a dose is read from the sorted samples without bins. Each sample stands for a small
volume around it, so the curve goes through the middle of each sample's volume and is straight between samples; it
starts at the maximum and ends at the minimum, which have their own search. Samples of exactly equal dose form a
plateau: there the curve steps, and the whole plateau receives its dose. So a uniform dose gives exact results.

"At least" allows for the rounding of binary fractions: a stored integer times its scaling can be 49.99999999999999
where 50 was meant. A dose within `DOSE_TOLERANCE` of the limit, relative to it, counts as reaching it.

The interval is the envelope over every convention left open, with dose and volume rounding, widened by what the
metric moves between the coarse and the fine sampling. Where part of the structure lies outside the dose grid its dose
is somewhere from 0 to infinity; the interval holds both, and where that leaves no bound there is no value.

Definitions: ICRU 83 (2010) section 3.3 for D, V and the mean; TG-263 section 9 for CV (volume receiving less than the
dose) and DC (dose to the coldest volume); BED = D (1 + (D/n) / (α/β)), Fowler 1989.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rtcheck.dvh.curve import DVH, StructureDose
from rtcheck.dvh.metric import Metric, MetricValue
from rtcheck.dvh.notation import print_metric
from rtcheck.model.arrays import FloatArray, frozen
from rtcheck.units import format_number

__all__ = ["DOSE_TOLERANCE", "OUTSIDE_TOLERANCE", "curve_points", "evaluate", "evaluate_prescription"]

DOSE_TOLERANCE = 1e-9
"""A dose reaches a limit when it is at least the limit less this fraction of it."""

OUTSIDE_TOLERANCE = 1e-9
"""A part outside the dose grid of less than this fraction of the structure is rounding and counts as inside."""

_NOT_YET = ("CI_Paddick", "CI_RTOG", "GI", "R50", "D2cm", "HI_ICRU83", "gEUD", "Veff")


@dataclass(frozen=True, slots=True, eq=False)
class _Curve:
    """The cumulative curve of one DVH: `dose` descends from maximum to minimum while `volume` ascends to `inside`."""

    dose: FloatArray
    volume: FloatArray
    mean: float
    inside: float
    outside: float

    @property
    def total(self) -> float:
        return self.inside + self.outside


@dataclass(frozen=True, slots=True)
class _Bounded:
    """What one convention says: the value of the known part, and bounds over what is unknown."""

    value: float
    low: float
    high: float


class _NotEvaluable(Exception):  # noqa: N818 - never leaves this module
    """The metric has no value: the finding code and the sentence that says why."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


def evaluate(dose: StructureDose, metric: Metric, prescription_gy: float | None) -> MetricValue:
    """Evaluate `metric` with its interval.

    Args:
        dose: the dose in the structure, already of the quantity (physical, EQD2, BED) the metric asks for.
        metric: what is asked.
        prescription_gy: what percent of dose refer to, in Gy; None when there is none.

    Returns:
        The value with ``low <= value <= high``, or none with the reason and its finding code: RTD501 without a
        prescription that is needed, RTD601 outside the dose grid without a bound, RTD605 undefined, RTD608 when a
        number is not finite, RTD706 for kinds that this version does not evaluate.
    """
    try:
        return _evaluate(dose, metric, prescription_gy)
    except _NotEvaluable as why:
        return MetricValue(None, None, None, metric.unit, why.reason, why.code)


def evaluate_prescription(metric: Metric, dose_gy: float | None, fractions: int | None) -> MetricValue:
    """Evaluate ``RxTotal[Gy]`` or ``BED10[Gy]`` of a prescription of `dose_gy` in `fractions`.

    The prescription is exact, so the interval is the value. Raises ValueError for any other kind of metric.
    """
    if metric.kind not in ("BED", "RxTotal"):
        raise ValueError(f"{print_metric(metric)} is not a metric of the prescription")
    if dose_gy is None or not (math.isfinite(dose_gy) and dose_gy > 0):
        return MetricValue(None, None, None, metric.unit, "there is no prescribed dose", "RTD501")
    value = dose_gy
    if metric.kind == "BED":
        if fractions is None or fractions < 1:
            return MetricValue(None, None, None, metric.unit, "the number of fractions is not known", "RTD502")
        assert metric.at is not None
        value = dose_gy * (1.0 + dose_gy / fractions / metric.at)
    return MetricValue(value, value, value, metric.unit)


def curve_points(dvh: DVH, n: int = 201) -> tuple[FloatArray, FloatArray]:
    """Sample the cumulative curve for output.

    Args:
        dvh: of one structure.
        n: number of points, at least 2.

    Returns:
        ``(dose_gy, volume_cm3)``, both (n,) and read-only: doses ascending evenly from 0 to the maximum, and the volume
        inside the dose grid that receives at least each. One point when the maximum is 0, none when there are no
        samples.
    """
    if len(dvh.dose_gy) == 0:
        return frozen(np.zeros(0)), frozen(np.zeros(0))
    curve = _curve(dvh)
    top = float(curve.dose[0])
    doses = np.linspace(0.0, top, max(n, 2)) if top > 0 else np.zeros(1)
    volumes = np.array([_volume_at_least(curve, float(dose)) for dose in doses])
    return frozen(doses), frozen(volumes)


def _evaluate(dose: StructureDose, metric: Metric, prescription_gy: float | None) -> MetricValue:
    name = print_metric(metric)
    if metric.kind in _NOT_YET:
        raise _NotEvaluable("RTD706", f"{name} is not implemented in this version")
    if metric.kind in ("BED", "RxTotal"):
        raise _NotEvaluable("RTD706", f"{name} is a metric of a prescription, not of a structure's dose")
    prescribed = prescription_gy is not None and math.isfinite(prescription_gy) and prescription_gy > 0
    if metric.needs_prescription and not prescribed:
        raise _NotEvaluable("RTD501", f"{name} needs a prescribed dose, and there is none")
    measure = _measure(metric, prescription_gy, dose.dose_error_gy, dose.volume_error_cm3)
    central = measure(_checked_curve(dose.value))
    ranges = [central, *(_measure_other(label, dvh, measure) for label, dvh in dose.alternatives)]
    sampling = 0.0
    if dose.coarse is not None:
        sampling = abs(central.value - _measure_other("coarser sampling", dose.coarse, measure).value)
    low = min(each.low for each in ranges) - sampling
    high = max(each.high for each in ranges) + sampling
    if not all(math.isfinite(number) for number in (central.value, low, high)):
        raise _NotEvaluable("RTD608", f"{name} is not a finite number")
    if metric.unit == "%" and metric.kind in ("V", "CV"):
        high = min(high, 100.0)
    return MetricValue(central.value, min(max(low, 0.0), central.value), max(high, central.value), metric.unit)


def _measure_other(label: str, dvh: DVH, measure: Callable[[_Curve], _Bounded]) -> _Bounded:
    """Measure under another convention; where that has no value the interval has no end, so the metric has none."""
    try:
        return measure(_checked_curve(dvh))
    except _NotEvaluable as why:
        raise _NotEvaluable(why.code, f"{why.reason} (with {label})") from None


def _measure(
    metric: Metric, prescription_gy: float | None, dose_error: float, volume_error: float
) -> Callable[[_Curve], _Bounded]:
    """Return the function from one convention's curve to the value and bounds of `metric` in its output unit."""
    if metric.kind == "Volume":
        return lambda curve: _Bounded(curve.total, curve.total - volume_error, curve.total + volume_error)
    if metric.kind in ("V", "CV"):
        assert metric.at is not None
        at_gy = metric.at if metric.at_unit == "Gy" else metric.at / 100.0 * _prescribed(prescription_gy)
        at_least = metric.kind == "V"
        relative = metric.unit == "%"
        return lambda curve: _volume(curve, at_gy, dose_error, volume_error, at_least=at_least, relative=relative)
    to_unit = 100.0 / _prescribed(prescription_gy) if metric.unit == "%" else 1.0

    def measure_dose(curve: _Curve) -> _Bounded:
        found = _dose(curve, metric)
        return _Bounded(
            found.value * to_unit, (found.low - dose_error) * to_unit, (found.high + dose_error) * to_unit
        )

    return measure_dose


def _prescribed(prescription_gy: float | None) -> float:
    assert prescription_gy is not None
    return prescription_gy


def _volume(
    curve: _Curve, at_gy: float, dose_error: float, volume_error: float, *, at_least: bool, relative: bool
) -> _Bounded:
    """Bound the volume receiving at least `at_gy` (or less than it), in cm3 or in percent of the structure.

    Contour rounding adds or takes away a thin shell. Its dose lies in the range of the structure's doses, so a dose
    above the maximum or not above the minimum is not moved by it (except the whole volume itself, in cm3).
    """
    if curve.inside <= 0:
        raise _NotEvaluable("RTD601", _outside_sentence(curve))

    def ends(dose_gy: float) -> tuple[float, float]:
        known = _volume_at_least(curve, dose_gy)
        volume = known if at_least else curve.inside - known
        part = 0.0 if volume <= 0 or (relative and volume >= curve.inside) else volume_error
        return volume - part, volume + part + curve.outside

    known = _volume_at_least(curve, at_gy)
    value = known if at_least else curve.inside - known
    both = (*ends(at_gy - dose_error), *ends(at_gy + dose_error))
    low, high = max(min(both), 0.0), max(both)
    if relative:
        return _clipped(100.0 * value / curve.inside, 100.0 * low / curve.total, 100.0 * high / curve.total)
    return _clipped(value, low, high)


def _dose(curve: _Curve, metric: Metric) -> _Bounded:
    """Bound a dose metric in Gy over what is unknown outside the dose grid, without rounding."""
    if metric.kind in ("D", "DC", "Median"):
        return _dose_at_volume(curve, metric)
    if curve.inside <= 0:
        raise _NotEvaluable("RTD601", _outside_sentence(curve))
    if metric.kind == "Min":
        least = float(curve.dose[-1])
        return _Bounded(least, 0.0 if curve.outside > 0 else least, least)
    if curve.outside > 0:  # Mean and Max have no upper bound
        raise _NotEvaluable("RTD601", _outside_sentence(curve))
    value = curve.mean if metric.kind == "Mean" else float(curve.dose[0])
    return _Bounded(value, value, value)


def _dose_at_volume(curve: _Curve, metric: Metric) -> _Bounded:
    """Bound D, DC or the median: the dose that the hottest (or all but the coldest) part of the volume receives."""
    at = 50.0 if metric.kind == "Median" else metric.at
    relative = metric.kind == "Median" or metric.at_unit == "%"
    assert at is not None
    cold = metric.kind == "DC"

    def hottest(whole: float) -> float:
        part = at / 100.0 * whole if relative else at
        return whole - part if cold else part

    part = hottest(curve.total)
    slack = OUTSIDE_TOLERANCE * curve.total
    if part < -slack or part > curve.total + slack:
        has = f"the structure has {curve.total:.4g} cm³, less than {format_number(at)} cc"
        raise _NotEvaluable("RTD605", f"{print_metric(metric)} is undefined: {has}")
    if curve.outside == 0:
        value = _dose_to_hottest(curve, part, cold=cold)
        return _Bounded(value, value, value)
    if curve.inside <= 0 or part <= curve.outside:
        raise _NotEvaluable("RTD601", _outside_sentence(curve))
    low = _dose_to_hottest(curve, part, cold=cold) if part <= curve.inside else 0.0
    high = _dose_to_hottest(curve, part - curve.outside, cold=cold)
    inside = min(max(hottest(curve.inside), 0.0), curve.inside)
    return _clipped(_dose_to_hottest(curve, inside, cold=cold), low, high)


def _clipped(value: float, low: float, high: float) -> _Bounded:
    return _Bounded(min(max(value, low), high), low, high)


def _outside_sentence(curve: _Curve) -> str:
    percent = 100.0 * curve.outside / curve.total
    return (
        f"{curve.outside:.4g} cm³ of the structure ({percent:.3g} %) lie outside the dose grid, where the dose is "
        "unknown: no bound can be given; export the dose on a grid that holds the structure"
    )


def _checked_curve(dvh: DVH) -> _Curve:
    """Return the curve of `dvh`, refusing what no metric can be read from."""
    if dvh.total_cm3 <= 0:
        raise _NotEvaluable("RTD605", "the structure has no volume")
    extremes_known = len(dvh.dose_gy) == 0 or (math.isfinite(dvh.minimum_gy) and math.isfinite(dvh.maximum_gy))
    if not (extremes_known and math.isfinite(dvh.total_cm3) and bool(np.all(np.isfinite(dvh.dose_gy)))):
        raise _NotEvaluable("RTD608", "a dose or volume is not a finite number")
    return _curve(dvh)


@lru_cache(maxsize=8)  # the conventions of one structure: its metrics are asked one after the other
def _curve(dvh: DVH) -> _Curve:
    """Build the cumulative curve: nodes at the middle of single samples, at both ends of plateaus."""
    dose, weight = dvh.dose_gy[::-1], dvh.volume_cm3[::-1]
    inside, outside = float(np.sum(dvh.volume_cm3)), dvh.outside_cm3
    if outside < OUTSIDE_TOLERANCE * (inside + outside):
        outside = 0.0
    if inside <= 0:
        return _Curve(np.zeros(0), np.zeros(0), math.nan, 0.0, outside)
    if np.any(dose[1:] > dose[:-1]):
        raise ValueError("the samples of a DVH must ascend in dose")
    end = np.cumsum(weight)
    end *= inside / end[-1]
    start = np.concatenate(([0.0], end[:-1]))
    first = np.flatnonzero(np.concatenate(([True], dose[1:] != dose[:-1])))
    last = np.append(first[1:] - 1, len(dose) - 1)
    single = first == last
    enters = np.where(single, 0.5 * (start[first] + end[last]), start[first])
    kept = np.column_stack((np.ones(len(first), dtype=bool), ~single)).ravel()
    nodes = np.column_stack((enters, end[last])).ravel()[kept]
    levels = np.repeat(dose[first], 2)[kept]
    top, bottom = max(dvh.maximum_gy, float(dose[0])), min(dvh.minimum_gy, float(dose[-1]))
    # the mean is taken from the middle of the range, so that a uniform dose is its own mean to the last digit
    middle = 0.5 * (float(dose[0]) + float(dose[-1]))
    return _Curve(
        dose=frozen(np.concatenate(([top], levels, [bottom]))),
        volume=frozen(np.concatenate(([0.0], nodes, [inside]))),
        mean=middle + float(np.sum((dvh.dose_gy - middle) * dvh.volume_cm3)) / inside,
        inside=inside,
        outside=outside,
    )


def _volume_at_least(curve: _Curve, dose_gy: float) -> float:
    """Return the volume in cm3, of the part inside the dose grid, that receives at least `dose_gy`."""
    reaching = dose_gy - DOSE_TOLERANCE * abs(dose_gy)
    count = len(curve.dose) - int(np.searchsorted(curve.dose[::-1], reaching, side="left"))
    if count == 0:
        return 0.0
    if count == len(curve.dose):
        return curve.inside
    above, below = float(curve.dose[count - 1]), float(curve.dose[count])
    from_volume, to_volume = float(curve.volume[count - 1]), float(curve.volume[count])
    share = min(max((above - dose_gy) / (above - below), 0.0), 1.0)
    return from_volume + share * (to_volume - from_volume)


def _dose_to_hottest(curve: _Curve, volume_cm3: float, *, cold: bool) -> float:
    """Return the dose in Gy at `volume_cm3` from the hot end; at a step the upper dose, or the lower one if `cold`."""
    slack = OUTSIDE_TOLERANCE * curve.inside
    if cold:
        index = int(np.searchsorted(curve.volume, volume_cm3 + slack, side="right")) - 1
        if index >= len(curve.volume) - 1 or curve.volume[index] >= volume_cm3 - slack:
            return float(curve.dose[index])
        left = index
    else:
        index = int(np.searchsorted(curve.volume, volume_cm3 - slack, side="left"))
        if index >= len(curve.volume):
            return float(curve.dose[-1])
        if index == 0 or curve.volume[index] <= volume_cm3 + slack:
            return float(curve.dose[index])
        left = index - 1
    span = float(curve.volume[left + 1] - curve.volume[left])
    share = (volume_cm3 - float(curve.volume[left])) / span
    return float(curve.dose[left]) + share * float(curve.dose[left + 1] - curve.dose[left])
