"""A metric: what is asked of a dose distribution in a structure, in the notation of TG-263.

This module defines the value; its notation (parse, print) stands in `rtcheck.dvh.notation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Biological", "Kind", "Metric", "MetricValue"]

Kind = Literal[
    "D", "DC", "V", "CV", "Mean", "Max", "Min", "Median", "Volume",
    "CI_Paddick", "CI_RTOG", "GI", "R50", "D2cm", "HI_ICRU83", "gEUD", "BED", "RxTotal", "Veff",
]


@dataclass(frozen=True, slots=True)
class Biological:
    """A dose quantity other than physical dose: ``{EQD2;ab=3}`` or ``{BED;ab=10}``.

    `ab` is α/β in Gy, or None when the metric leaves it to the constraint's ``alpha_beta``.
    """

    kind: Literal["EQD2", "BED"]
    ab: float | None


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        kind: which metric.
        at: the number in it: the volume of D and DC, the dose of V and CV, ``a`` of gEUD, α/β of BED; else None.
        at_unit: unit of `at`: ``%`` or ``cc`` for D and DC; ``Gy`` or ``%`` (of the prescription) for V, CV; else "".
        unit: output unit: ``Gy``, ``%`` (of the prescription for doses, of the structure's volume for volumes), ``cc``,
            or "" for indices.
        biological: the dose quantity, None for physical dose.
    """

    kind: Kind
    at: float | None
    at_unit: str
    unit: str
    biological: Biological | None = None

    @property
    def needs_prescription(self) -> bool:
        """Whether it cannot be computed without a prescription."""
        if self.kind in ("V", "CV"):
            return self.at_unit == "%"
        if self.kind in ("D", "DC", "Mean", "Max", "Min", "Median", "D2cm"):
            return self.unit == "%"
        return self.kind in ("CI_Paddick", "CI_RTOG", "GI", "R50", "BED", "RxTotal", "Veff")


@dataclass(frozen=True, slots=True)
class MetricValue:
    """The value of a metric with its interval: the envelope over what the standards leave open, no standard deviation.

    Attributes:
        value, low, high: in `unit`; ``low <= value <= high``; all None when it could not be evaluated.
        unit: as ``Metric.unit``.
        reason: why it could not be evaluated, one sentence; empty otherwise.
        code: the finding code behind `reason` (such as RTD601, RTD605); empty otherwise.
    """

    value: float | None
    low: float | None
    high: float | None
    unit: str
    reason: str = ""
    code: str = ""
