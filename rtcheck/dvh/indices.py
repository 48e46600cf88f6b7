"""Indices of conformity and gradient: the dose around a target against the target itself.

* ``CI_Paddick = TV_PIV² / (TV × PIV)``, Paddick 2000 (10.3171/jns.2000.93.supplement_3.0219), ICRU 91.
* ``CI_RTOG = PIV / TV``, Shaw 1993 (10.1016/0360-3016(93)90548-A).
* ``GI = V_half / PIV``, Paddick and Lippitz 2006 (10.3171/sup.2006.105.7.194).
* ``R50 = V_half / TV``, RTOG 0813 and 0915.
* ``D2cm``: the highest dose at least 2 cm from the target in any direction, RTOG 0813 and 0915.

TV is the volume of the target, PIV the volume inside the prescription isodose, TV_PIV that of the target inside it,
V_half the volume inside the isodose of half the prescription. PIV and V_half are those of the target's neighbourhood
(see `rtcheck.geometry.territory`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from rtcheck.dvh.beyond import BeyondDose
from rtcheck.dvh.cumulative import VOLUME_TOLERANCE, Cumulative, cumulative, volume_at_least
from rtcheck.dvh.curve import DVH, StructureDose
from rtcheck.dvh.isodose import IsodoseVolume
from rtcheck.dvh.metric import Kind, Metric, MetricValue
from rtcheck.dvh.notation import print_metric

__all__ = ["AROUND_KINDS", "D2CM_MM", "Around", "evaluate_around"]

AROUND_KINDS: tuple[Kind, ...] = ("CI_Paddick", "CI_RTOG", "GI", "R50", "D2cm")
D2CM_MM = 20.0


@dataclass(frozen=True, slots=True)
class Around:
    """The dose around one target.

    Attributes:
        full: volume inside the prescription isodose.
        half: volume inside the isodose of half the prescription.
        beyond: the highest dose 2 cm or more away, under every reading of the target; the value first.
    """

    full: IsodoseVolume | None = None
    half: IsodoseVolume | None = None
    beyond: tuple[BeyondDose, ...] = ()


_Bounds = tuple[float, float, float]
"""value, low, high."""


def evaluate_around(metric: Metric, dose: StructureDose, prescription_gy: float | None, around: Around) -> MetricValue:
    """Evaluate an index of the dose around a target, with its interval.

    Args:
        metric: one of `AROUND_KINDS`.
        dose: physical dose in the target.
        prescription_gy: of the target's lesion.
        around: what the metric needs of the surroundings.

    Returns:
        The value; or none with RTD501 without a prescription, RTD601 where the edge of the dose grid leaves no bound,
        RTD605 where nothing receives the prescription.
    """

    def none(code: str, reason: str) -> MetricValue:
        return MetricValue(None, None, None, metric.unit, reason, code)

    name = print_metric(metric)
    if metric.kind == "D2cm":
        return _beyond(metric, prescription_gy, around.beyond, dose.dose_error_gy)
    if prescription_gy is None or not (math.isfinite(prescription_gy) and prescription_gy > 0):
        return none("RTD501", f"{name} needs a prescribed dose, and there is none")
    cut = [
        percent
        for percent, volume in (("prescription", around.full), ("half-prescription", around.half))
        if volume is not None and volume.cut
    ]
    if cut:
        return none(
            "RTD601",
            f"the {' and the '.join(cut)} isodose reaches the edge of the dose grid, so that {name} has no bound; "
            "export the dose on a larger grid",
        )
    if around.full is not None and metric.kind in ("CI_Paddick", "GI") and not around.full.low > 0:
        return none("RTD605", f"{name} is undefined: no volume receives the prescribed dose for certain")
    found = _ratio(metric, dose, prescription_gy, around)
    if isinstance(found, str):
        return none("RTD605", found)
    value, low, high = found
    if not all(math.isfinite(number) for number in found):
        return none("RTD608", f"{name} is not a finite number")
    most = 1.0 if metric.kind == "CI_Paddick" else math.inf
    value = min(value, most)
    return MetricValue(value, min(max(low, 0.0), value), max(min(high, most), value), metric.unit)


def _ratio(metric: Metric, dose: StructureDose, prescription_gy: float, around: Around) -> _Bounds | str:
    full, half = around.full, around.half
    if metric.kind == "GI":
        assert full is not None
        assert half is not None
        # the smaller volume lies within the larger
        return half.cm3 / full.cm3, max(half.low / full.high, 1.0), half.high / full.low
    cloud = half if metric.kind == "R50" else full
    assert cloud is not None

    def measure(curve: Cumulative) -> _Bounds | str:
        target = _bounded_target(curve, dose.volume_error_cm3)
        if isinstance(target, str):
            return target
        if metric.kind != "CI_Paddick":
            return cloud.cm3 / target[0], cloud.low / target[2], cloud.high / target[1]
        covered = _covered(curve, prescription_gy, dose.dose_error_gy)
        low, high = (
            _least_and_most(volume, target[0], dose.volume_error_cm3)[side] for side, volume in enumerate(covered[1:])
        )
        return covered[0] ** 2 / (target[0] * cloud.cm3), low / cloud.high, high / cloud.low

    return _envelope(dose, measure)


def _envelope(dose: StructureDose, measure: Callable[[Cumulative], _Bounds | str]) -> _Bounds | str:
    """Return the value, and bounds over every convention, widened by the sampling error."""
    central = measure(cumulative(dose.value))
    if isinstance(central, str):
        return central
    others: list[_Bounds] = []
    for _, dvh in dose.alternatives:
        other = measure(cumulative(dvh))
        if isinstance(other, str):
            return other
        others.append(other)
    low, high = min(each[1] for each in (central, *others)), max(each[2] for each in (central, *others))
    sampling = abs(_rough(dose.coarse, measure, central[0]) - central[0])
    bend = 0.0
    if dose.coarse is not None and dose.bent is not None:
        bend = _rough(dose.bent, measure, central[0]) - _rough(dose.coarse, measure, central[0])
    return central[0], low - sampling + min(bend, 0.0), high + sampling + max(bend, 0.0)


def _rough(coarse: DVH | None, measure: Callable[[Cumulative], _Bounds | str], value: float) -> float:
    """Return what a coarse sampling says; what the fine one says where there is none, or where it says nothing."""
    rough = None if coarse is None else measure(cumulative(coarse))
    return value if rough is None or isinstance(rough, str) else rough[0]


def _bounded_target(curve: Cumulative, error_cm3: float) -> _Bounds | str:
    if not curve.finite or not curve.total > error_cm3:
        return "the target has no volume for certain"
    return curve.total, curve.total - error_cm3, curve.total + error_cm3


def _covered(curve: Cumulative, least_gy: float, error_gy: float) -> _Bounds:
    """Volume of the target inside the isodose; what lies outside the grid may or may not be."""
    value, low, high = (volume_at_least(curve, least_gy + shift) for shift in (0.0, error_gy, -error_gy))
    return value, low, high + curve.outside


def _least_and_most(covered_cm3: float, target_cm3: float, error_cm3: float) -> tuple[float, float]:
    """Bound TV_PIV² / TV over the rounding of the contours, which moves what is covered and what is not.

    The shell that rounding adds or takes away has doses of the structure: where all of it is covered so is the shell,
    where nothing is nor is the shell. Otherwise either part moves by up to the error, and so do both together: the
    quotient is least where the covered part shrinks and the other grows as much.
    """
    if covered_cm3 <= 0:
        return 0.0, 0.0
    if covered_cm3 >= target_cm3 * (1 - VOLUME_TOLERANCE):
        return covered_cm3**2 / target_cm3 - error_cm3, covered_cm3**2 / target_cm3 + error_cm3
    return max(covered_cm3 - error_cm3, 0.0) ** 2 / target_cm3, (covered_cm3 + error_cm3) ** 2 / target_cm3


def _beyond(
    metric: Metric, prescription_gy: float | None, found: tuple[BeyondDose, ...], error_gy: float
) -> MetricValue:
    name = print_metric(metric)
    if metric.unit == "%" and (prescription_gy is None or not (math.isfinite(prescription_gy) and prescription_gy > 0)):
        return MetricValue(
            None, None, None, metric.unit, f"{name} needs a prescribed dose, and there is none", "RTD501"
        )
    if any(each.cut for each in found):
        return MetricValue(
            None, None, None, metric.unit,
            f"the dose grid ends within 2 cm of the target or where the dose is highest, so that {name} has no bound; "
            "export the dose on a larger grid", "RTD601",
        )  # fmt: skip
    doses = [each.dose_gy for each in found if each.dose_gy is not None]
    if len(doses) < len(found) or not doses:
        return MetricValue(
            None, None, None, metric.unit, f"{name} is undefined: no tissue lies 2 cm from the target", "RTD605"
        )
    to_unit = 100.0 / prescription_gy if metric.unit == "%" and prescription_gy is not None else 1.0
    slack = max(each.error_gy for each in found) + error_gy
    low, high = max(min(doses) - slack, 0.0), max(doses) + slack
    return MetricValue(doses[0] * to_unit, low * to_unit, high * to_unit, metric.unit)
