"""From the dose in a structure to the value of a metric with its interval.

The interval is the envelope over every convention left open, with dose and volume rounding, widened by what the
metric moves between the coarse and the fine sampling. Where part of the structure lies outside the dose grid its dose
is somewhere from 0 to infinity; the interval holds both, and where that leaves no bound there is no value.

Definitions: ICRU 83 (2010) section 3.3 for D, V and the mean; TG-263 section 9 for CV (volume receiving less than the
dose) and DC (dose to the coldest volume); BED = D (1 + (D/n) / (α/β)), Fowler 1989. How the curve runs between samples
stands in `rtcheck.dvh.cumulative`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from rtcheck.dvh.chance import doses_apart, doses_uneven, volumes_apart, volumes_uneven
from rtcheck.dvh.cumulative import VOLUME_TOLERANCE, Cumulative, cumulative, dose_to_hottest, volume_at_least
from rtcheck.dvh.curve import DVH, StructureDose
from rtcheck.dvh.effective import VEFF_N, effective_volume_percent, power_mean
from rtcheck.dvh.metric import Metric, MetricValue
from rtcheck.dvh.notation import print_metric
from rtcheck.units import format_number

__all__ = ["evaluate", "evaluate_prescription"]

_READ_BETWEEN_SAMPLES = ("D", "DC", "Mean", "Median", "gEUD", "HI_ICRU83", "Veff")
_LEAST_SAMPLING = 4e-4
"""The sampling error of a dose is at least this share of the range of doses in the structure; by calibration on closed
forms, where two samplings agreed by chance up to that."""

_AROUND = ("CI_Paddick", "CI_RTOG", "GI", "R50", "D2cm")
"""Indices of the dose around a target: see `rtcheck.dvh.indices`."""


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
        number is not finite, RTD706 for kinds that are not of a structure's own dose.
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


def _evaluate(dose: StructureDose, metric: Metric, prescription_gy: float | None) -> MetricValue:
    name = print_metric(metric)
    if metric.kind in _AROUND:
        raise _NotEvaluable("RTD706", f"{name} is about the dose around a target, not about the dose in it")
    if metric.kind in ("BED", "RxTotal"):
        raise _NotEvaluable("RTD706", f"{name} is a metric of a prescription, not of a structure's dose")
    prescribed = prescription_gy is not None and math.isfinite(prescription_gy) and prescription_gy > 0
    if metric.needs_prescription and not prescribed:
        raise _NotEvaluable("RTD501", f"{name} needs a prescribed dose, and there is none")
    measure = _measure(metric, prescription_gy, dose.dose_error_gy, dose.volume_error_cm3)
    central = measure(_curve(dose.value))
    ranges = [central, *(_measure_other(label, dvh, measure) for label, dvh in dose.alternatives)]
    sampling = bend = 0.0
    if dose.coarse is not None:
        # how much lies outside is what the fine sampling says; the coarse one only tells how far a metric moves
        filled = _curve(dose.value).outside == 0
        rough = _measure_other("coarser sampling", _inside(dose.coarse, filled=filled), measure).value
        sampling = abs(central.value - rough)
        if dose.bent is not None:
            bent = _measure_other("cubic interpolation of the dose", _inside(dose.bent, filled=filled), measure).value
            bend = bent - rough
    if metric.kind in _READ_BETWEEN_SAMPLES and dose.coarse is not None:
        # two samplings may agree by chance: they are never trusted beyond this share of the doses they span
        spread = dose.value.maximum_gy - dose.value.minimum_gy
        to_unit = 100.0 / _prescribed(prescription_gy) if metric.unit == "%" else 1.0
        if metric.kind == "HI_ICRU83":  # a difference of two doses, over the median
            to_unit = 2.0 / _dose_at_volume(_curve(dose.value), Metric("Median", None, "", "Gy")).value
        sampling = max(sampling, _LEAST_SAMPLING * spread * to_unit)
    if dose.coarse is not None:
        sampling = max(sampling, _by_chance(dose.coarse, doses_apart, volumes_apart, dose, metric, prescription_gy))
    uneven = sampling
    for label, dvh in dose.alternatives:
        if label in dose.coarsely[:1]:
            uneven = max(sampling, _by_chance(dvh, doses_uneven, volumes_uneven, dose, metric, prescription_gy))
    errors = [sampling, *(uneven if label in dose.coarsely else sampling for label, _ in dose.alternatives)]
    low = min(each.low - error for each, error in zip(ranges, errors, strict=True))
    high = max(each.high + error for each, error in zip(ranges, errors, strict=True))
    low, high = low + min(bend, 0.0), high + max(bend, 0.0)
    beyond = {"Min": dose.minimum_gy, "Max": dose.maximum_gy}.get(metric.kind)
    if beyond is not None:
        to_unit = 100.0 / _prescribed(prescription_gy) if metric.unit == "%" else 1.0
        low, high = min(low, beyond[0] * to_unit), max(high, beyond[1] * to_unit)
    if not all(math.isfinite(number) for number in (central.value, low, high)):
        raise _NotEvaluable("RTD608", f"{name} is not a finite number")
    if metric.unit == "%" and metric.kind in ("V", "CV"):
        high = min(high, 100.0)
    return MetricValue(central.value, min(max(low, 0.0), central.value), max(high, central.value), metric.unit)


def _by_chance(
    rough: DVH,
    doses: Callable[[Cumulative, Cumulative, float], float],
    volumes: Callable[[Cumulative, Cumulative, float], float],
    dose: StructureDose,
    metric: Metric,
    prescription_gy: float | None,
) -> float:
    """How far another sampling differs next to what is asked (`rtcheck.dvh.chance`), in the unit of the metric."""
    fine, other = _curve(dose.value), _curve(rough)
    if metric.kind in ("D", "DC", "Median"):
        to_unit = 100.0 / _prescribed(prescription_gy) if metric.unit == "%" else 1.0
        at = 50.0 if metric.kind == "Median" else metric.at
        assert at is not None
        share = at / 100.0 if metric.kind == "Median" or metric.at_unit == "%" else at / fine.total
        return doses(fine, other, 1 - share if metric.kind == "DC" else share) * to_unit
    if metric.kind in ("V", "CV"):
        assert metric.at is not None
        at_gy = metric.at if metric.at_unit == "Gy" else metric.at / 100.0 * _prescribed(prescription_gy)
        return volumes(fine, other, at_gy) * (100.0 if metric.unit == "%" else fine.inside)
    return 0.0


def _inside(rough: DVH, *, filled: bool) -> DVH:
    """Return a coarse sampling as lying wholly inside the dose grid where the fine one does."""
    return replace(rough, outside_cm3=0.0) if filled and rough.outside_cm3 > 0 else rough


def _measure_other(label: str, dvh: DVH, measure: Callable[[Cumulative], _Bounded]) -> _Bounded:
    """Measure under another convention; where that has no value the interval has no end, so the metric has none."""
    try:
        return measure(_curve(dvh))
    except _NotEvaluable as why:
        raise _NotEvaluable(why.code, f"{why.reason} (with {label})") from None


def _measure(
    metric: Metric, prescription_gy: float | None, dose_error: float, volume_error: float
) -> Callable[[Cumulative], _Bounded]:
    """Return the function from one convention's curve to the value and bounds of `metric` in its output unit."""
    if metric.kind == "Volume":
        return lambda curve: _Bounded(curve.total, curve.total - volume_error, curve.total + volume_error)
    if metric.kind in ("V", "CV"):
        assert metric.at is not None
        at_gy = metric.at if metric.at_unit == "Gy" else metric.at / 100.0 * _prescribed(prescription_gy)
        at_least = metric.kind == "V"
        relative = metric.unit == "%"
        return lambda curve: _volume(curve, at_gy, dose_error, volume_error, at_least=at_least, relative=relative)
    if metric.kind == "HI_ICRU83":
        return lambda curve: _homogeneity(curve, dose_error)
    if metric.kind == "Veff":
        return lambda curve: _effective(curve, _prescribed(prescription_gy), dose_error)
    to_unit = 100.0 / _prescribed(prescription_gy) if metric.unit == "%" else 1.0

    def measure_dose(curve: Cumulative) -> _Bounded:
        found = _dose(curve, metric)
        return _Bounded(found.value * to_unit, (found.low - dose_error) * to_unit, (found.high + dose_error) * to_unit)

    return measure_dose


def _prescribed(prescription_gy: float | None) -> float:
    assert prescription_gy is not None
    return prescription_gy


def _volume(
    curve: Cumulative, at_gy: float, dose_error: float, volume_error: float, *, at_least: bool, relative: bool
) -> _Bounded:
    """Bound the volume receiving at least `at_gy` (or less than it), in cm3 or in percent of the structure.

    Contour rounding adds or takes away a thin shell. Its dose lies in the range of the structure's doses, so a dose
    above the maximum or not above the minimum is not moved by it (except the whole volume itself, in cm3).
    """
    if curve.inside <= 0:
        raise _NotEvaluable("RTD601", _outside_sentence(curve))

    def ends(dose_gy: float) -> tuple[float, float]:
        known = volume_at_least(curve, dose_gy)
        volume = known if at_least else curve.inside - known
        part = 0.0 if volume <= 0 or (relative and volume >= curve.inside) else volume_error
        return volume - part, volume + part + curve.outside

    known = volume_at_least(curve, at_gy)
    value = known if at_least else curve.inside - known
    both = (*ends(at_gy - dose_error), *ends(at_gy + dose_error))
    low, high = max(min(both), 0.0), max(both)
    if relative:
        # the share first: a part divided by itself is exactly 1, a hundredfold of it need not be 100
        return _clipped(100.0 * (value / curve.inside), 100.0 * (low / curve.total), 100.0 * (high / curve.total))
    return _clipped(value, low, high)


def _dose(curve: Cumulative, metric: Metric) -> _Bounded:
    """Bound a dose metric in Gy over what is unknown outside the dose grid, without rounding."""
    if metric.kind in ("D", "DC", "Median"):
        return _dose_at_volume(curve, metric)
    if curve.inside <= 0:
        raise _NotEvaluable("RTD601", _outside_sentence(curve))
    if metric.kind == "gEUD" and metric.at is not None and metric.at < 0:
        # cold doses rule: what lies outside makes it 0 where it is unirradiated, and adds nothing where it is hot
        value = power_mean(curve, metric.at)
        high = value * (curve.inside / curve.total) ** (1 / metric.at)
        return _Bounded(value, 0.0 if curve.outside > 0 else value, high)
    if metric.kind == "Min":
        least = float(curve.dose[-1])
        return _Bounded(least, 0.0 if curve.outside > 0 else least, least)
    if curve.outside > 0:  # Mean, Max and hot power means have no upper bound
        raise _NotEvaluable("RTD601", _outside_sentence(curve))
    if metric.kind == "gEUD":
        assert metric.at is not None
        value = power_mean(curve, metric.at)
        return _Bounded(value, value, value)
    value = curve.mean if metric.kind == "Mean" else float(curve.dose[0])
    return _Bounded(value, value, value)


def _dose_at_volume(curve: Cumulative, metric: Metric) -> _Bounded:
    """Bound D, DC or the median: the dose that the hottest (or all but the coldest) part of the volume receives."""
    at = 50.0 if metric.kind == "Median" else metric.at
    relative = metric.kind == "Median" or metric.at_unit == "%"
    assert at is not None
    cold = metric.kind == "DC"

    def hottest(whole: float) -> float:
        part = at / 100.0 * whole if relative else at
        return whole - part if cold else part

    part = hottest(curve.total)
    slack = VOLUME_TOLERANCE * curve.total
    if part < -slack or part > curve.total + slack:
        has = f"the structure has {curve.total:.4g} cm³, less than {format_number(at)} cc"
        raise _NotEvaluable("RTD605", f"{print_metric(metric)} is undefined: {has}")
    if curve.outside == 0:
        value = dose_to_hottest(curve, part, cold=cold)
        return _Bounded(value, value, value)
    if curve.inside <= 0 or part <= curve.outside:
        raise _NotEvaluable("RTD601", _outside_sentence(curve))
    low = dose_to_hottest(curve, part, cold=cold) if part <= curve.inside else 0.0
    high = dose_to_hottest(curve, part - curve.outside, cold=cold)
    inside = min(max(hottest(curve.inside), 0.0), curve.inside)
    return _clipped(dose_to_hottest(curve, inside, cold=cold), low, high)


def _homogeneity(curve: Cumulative, dose_error: float) -> _Bounded:
    """Bound (D2% - D98%) / D50%, ICRU 83 (2010) equation 3.2."""
    hot, cold, middle = (_dose_at_volume(curve, Metric("D", at, "%", "Gy")) for at in (2.0, 98.0, 50.0))
    if middle.low - dose_error <= 0:
        raise _NotEvaluable("RTD605", "HI_ICRU83 is undefined: the median dose is 0 Gy")
    least = max(hot.low - cold.high - 2 * dose_error, 0.0) / (middle.high + dose_error)
    most = (hot.high - cold.low + 2 * dose_error) / (middle.low - dose_error)
    return _clipped((hot.value - cold.value) / middle.value, least, most)


def _effective(curve: Cumulative, prescription_gy: float, dose_error: float) -> _Bounded:
    """Bound the effective volume over the values of n that are left open."""
    if curve.outside > 0:
        raise _NotEvaluable("RTD601", _outside_sentence(curve))
    means = [(n, power_mean(curve, 1 / n)) for n in VEFF_N]
    found = [
        effective_volume_percent(max(mean + shift, 0.0), n, prescription_gy)
        for n, mean in means
        for shift in (0.0, -dose_error, dose_error)
    ]
    return _Bounded(found[0], min(found), max(found))


def _clipped(value: float, low: float, high: float) -> _Bounded:
    return _Bounded(min(max(value, low), high), low, high)


def _outside_sentence(curve: Cumulative) -> str:
    percent = 100.0 * curve.outside / curve.total
    return (
        f"{curve.outside:.4g} cm³ of the structure ({percent:.3g} %) lie outside the dose grid, where the dose is "
        "unknown: no bound can be given; export the dose on a grid that holds the structure"
    )


def _curve(dvh: DVH) -> Cumulative:
    """Return the cumulative curve of `dvh`, refusing what no metric can be read from."""
    curve = cumulative(dvh)
    if not curve.finite:
        raise _NotEvaluable("RTD608", "a dose or volume is not a finite number")
    if curve.total <= 0:
        raise _NotEvaluable("RTD605", "the structure has no volume")
    return curve
