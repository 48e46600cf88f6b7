"""The self-test: what the engine says of solids whose dose-volume histogram is known, on the machine at hand.

Three things are held: the prism model against the contour stack's own prisms, the shape model against the ideal solid,
and the intervals against the ideal solid. The targets are those the engine was built to. No target is stated for the
error of the minimum and maximum of an ideal solid: they are single points of a surface that contours do not hold. Their
intervals are judged as all others are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rtcheck.dvh.conventions import structure_dose
from rtcheck.dvh.curve import StructureDose
from rtcheck.dvh.engine import StructureModel, sample_solid
from rtcheck.dvh.evaluate import evaluate
from rtcheck.dvh.field import PHYSICAL, DoseField, DosePart
from rtcheck.dvh.metric import Metric, MetricValue
from rtcheck.dvh.notation import print_metric
from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.solid import Leaf
from rtcheck.model.case import Case
from rtcheck.model.grid import DoseGrid
from rtcheck.model.structure import ROI
from rtcheck.phantom.cases import REFERENCE_GY, Phantom, clinical, stacks
from rtcheck.phantom.doses import LinearDose
from rtcheck.phantom.objects import dose_grid, region, rings_of
from rtcheck.phantom.truth import Truth, ideal_truth, prism_truth, true_value

__all__ = [
    "Covered", "Held", "Reading", "SelfTest", "asked", "covered", "file_readings", "held", "measured", "own_prisms",
    "readings", "self_test",
]  # fmt: skip

_D = tuple(Metric("D", at, "%", "Gy") for at in (98.0, 95.0, 50.0, 2.0))
_SMALL = Metric("D", 0.03, "cc", "Gy")
_SLACK = 5e-4
"""An interval whose end misses the truth by less than this share of the reference dose or of the volume holds it."""

CLASSES: dict[str, str] = {
    "Volume": "Volume", "Mean": "Mean dose", "D": "Dose at a volume", "V": "Volume at a dose",
    "Min": "Minimum, maximum", "Max": "Minimum, maximum",
}  # fmt: skip
"""Kind of metric to the class that one target is stated for."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric of one phantom: what it has to be and what was found; errors in per cent of `of`."""

    phantom: str
    metric: str
    kind: str
    truth: float
    found: MetricValue
    of: float

    @property
    def error(self) -> float:
        """Per cent; infinite where nothing was found."""
        return float("inf") if self.found.value is None else 100 * abs(self.found.value - self.truth) / self.of

    @property
    def half_width(self) -> float:
        """Half the interval, per cent; infinite where there is none."""
        if self.found.low is None or self.found.high is None:
            return float("inf")
        return 50 * (self.found.high - self.found.low) / self.of

    @property
    def inside(self) -> bool:
        """Whether the truth lies in the interval."""
        if self.found.low is None or self.found.high is None:
            return False
        slack = _SLACK * self.of
        return self.found.low - slack <= self.truth <= self.found.high + slack


@dataclass(frozen=True, slots=True)
class Held:
    """One class of metrics against its target.

    Attributes:
        name: of the class.
        of: what the errors are per cent of.
        count: number of readings.
        median, worst: per cent.
        judged: the figure that the target is for: the worst, or the 95th percentile.
        target: per cent; None where none is stated.
    """

    name: str
    of: str
    count: int
    median: float
    worst: float
    judged: float
    target: float | None

    @property
    def passed(self) -> bool:
        """Whether the target is met."""
        return self.target is None or self.judged <= self.target


@dataclass(frozen=True, slots=True)
class Covered:
    """How many intervals of one class of metrics hold the truth.

    Attributes:
        name: of the class.
        count, inside: number of intervals, and of those that hold the truth.
        outside: those that do not, in words.
        half_width: median half width, per cent as the errors of the class.
        judged: whether all have to hold it.
        error: median error of the values, per cent: what the half width is to be compared with.
    """

    name: str
    count: int
    inside: int
    outside: tuple[str, ...]
    half_width: float
    judged: bool
    error: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether every interval that is judged holds the truth."""
        return not self.judged or self.count == self.inside


@dataclass(frozen=True, slots=True)
class SelfTest:
    """The whole self-test.

    Attributes:
        phantoms: number of phantoms measured.
        prisms: the prism model against the contour stack's own prisms, worst case.
        solids: the shape model against the ideal solid, 95th percentile.
        intervals: those of both models against the ideal solid.
        files: of a phantom written as DICOM and read again against the same one in memory; empty where not done.
    """

    phantoms: int
    prisms: tuple[Held, ...]
    solids: tuple[Held, ...]
    intervals: tuple[Covered, ...]
    files: tuple[Held, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything holds."""
        held_all = all(each.passed for each in (*self.prisms, *self.solids, *self.files))
        return held_all and all(each.passed for each in self.intervals)


PRISM_TARGETS = {"Volume": 0.05, "Mean dose": 0.05, "Dose at a volume": 0.2, "Volume at a dose": 0.2,
                 "Minimum, maximum": 0.2}  # fmt: skip
SOLID_TARGETS = {"Volume": 0.6, "Mean dose": 0.1, "Dose at a volume": 0.6}
"""Dose at a volume: 0.2 % for the shape, and 0.4 % for what the dose grid leaves open."""


def self_test() -> SelfTest:
    """Measure every phantom and compare: contour stacks under the prism model, solids under the shape model."""
    drawn, ideal = stacks(), clinical()
    prisms: list[Reading] = []
    solids: list[Reading] = []
    intervals: list[Reading] = []
    for done, phantom in enumerate((*drawn, *ideal)):
        model: StructureModel = "prism" if done < len(drawn) else "shape"
        dose = measured(
            region(phantom.solid, phantom.setting), dose_grid(phantom.solid, phantom.dose, phantom.setting), model
        )
        whole = list(readings(_name(phantom), ideal_truth(phantom.solid, phantom.dose), dose))
        intervals += whole
        if model == "prism":
            prisms += readings(_name(phantom), own_prisms(phantom), dose)
        else:
            solids += whole
    return SelfTest(
        phantoms=len(drawn) + len(ideal),
        prisms=held(prisms, PRISM_TARGETS, 100.0),
        solids=held(solids, SOLID_TARGETS, 95.0),
        intervals=covered(intervals),
    )


def file_readings(phantom: Phantom, case: Case) -> tuple[Held, ...]:
    """Return the classes of metrics of a phantom that was read as a case, against its own prisms.

    Raises:
        ValueError: the case does not hold exactly one region and one dose.
    """
    rois = [roi for structures in case.structure_sets for roi in structures.rois]
    if len(rois) != 1 or len(case.doses) != 1:
        raise ValueError(f"{len(rois)} regions and {len(case.doses)} doses were read, one each was written")
    dose = measured(rois[0], case.doses[0], "prism")
    return held(list(readings(_name(phantom), own_prisms(phantom), dose)), PRISM_TARGETS, 100.0)


def own_prisms(phantom: Phantom) -> Truth:
    """Return the truth of the prisms of a phantom's contours."""
    assert isinstance(phantom.dose, LinearDose)
    spacing = phantom.setting.spacing_mm
    return prism_truth(rings_of(phantom.solid, spacing, phantom.setting.phase), spacing, phantom.dose)


def measured(roi: ROI, grid: DoseGrid, model: StructureModel) -> StructureDose:
    """Return the dose in a region as a check would measure it.

    Raises:
        ValueError: the contours could not be used.
    """
    stack, findings = stack_contours(roi)
    if stack is None:
        raise ValueError(f"{roi.name}: {'; '.join(item.message for item in findings)}")
    field = DoseField((DosePart((grid,), 5),))
    return structure_dose(sample_solid(roi.name, Leaf(stack), field, model), PHYSICAL)


def asked(truth: Truth) -> tuple[Metric, ...]:
    """Return the metrics that are compared: extremes, mean, doses at volumes, and the volume at a dose in between."""
    between = round(0.7 * truth.minimum_gy + 0.3 * truth.maximum_gy, 1)
    plain = (Metric("Volume", None, "", "cc"), *(Metric(kind, None, "", "Gy") for kind in ("Mean", "Min", "Max")))
    small = (_SMALL,) if truth.volume_mm3 > 60 else ()
    return (*plain, *_D, *small, Metric("V", between, "Gy", "%"))


def readings(name: str, truth: Truth, dose: StructureDose) -> Iterator[Reading]:
    """Yield every metric that is asked of one measured dose, with its truth."""
    for metric in asked(truth):
        exact = true_value(truth, metric)
        of = {"cc": exact, "%": 100.0}.get(metric.unit, REFERENCE_GY)
        yield Reading(name, print_metric(metric), metric.kind, exact, evaluate(dose, metric, None), of)


def held(found: Sequence[Reading], targets: dict[str, float], percentile: float) -> tuple[Held, ...]:
    """Return each class of metrics against its target, at a percentile of the errors (100: the worst)."""
    out = []
    for name in dict.fromkeys(CLASSES.values()):
        errors = np.array([each.error for each in found if CLASSES[each.kind] == name])
        of = "volume" if name in ("Volume", "Volume at a dose") else f"{REFERENCE_GY:g} Gy"
        judged = float(np.percentile(errors, percentile, method="higher"))
        out.append(
            Held(name, of, len(errors), float(np.median(errors)), float(errors.max()), judged, targets.get(name))
        )
    return tuple(out)


def covered(found: Sequence[Reading]) -> tuple[Covered, ...]:
    """Return how many intervals hold the truth, by class of metrics."""
    out = []
    for name in dict.fromkeys(CLASSES.values()):
        own = [each for each in found if CLASSES[each.kind] == name]
        outside = tuple(
            f"{each.phantom}: {each.metric} {_missed(each)}" for each in own if not each.inside
        )
        width, error = np.median([(each.half_width, each.error) for each in own], axis=0).tolist()
        out.append(Covered(name, len(own), len(own) - len(outside), outside, width, judged=True, error=error))
    return tuple(out)


def _missed(reading: Reading) -> str:
    low, high = reading.found.low, reading.found.high
    if low is None or high is None:
        return f"has no value: {reading.found.reason}"
    return f"is {reading.truth:.6g}, the interval {low:.6g} to {high:.6g}"


def _name(phantom: Phantom) -> str:
    setting = phantom.setting
    tilted = ", tilted" if any(setting.tilt_deg) else ""
    return (f"{phantom.solid.name}, planes {setting.spacing_mm:.3g} mm, dose {setting.grid_mm:g} mm, "
            f"{setting.orientation}{tilted}")  # fmt: skip
