"""The dose-volume histogram as a value: dose samples in ascending order with the volume each stands for. No bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtcheck.model.arrays import FloatArray
from rtcheck.model.finding import Finding

__all__ = ["BEND", "DVH", "StructureDose"]

BEND = 1.5
"""The cubic correction counts this much in the interval: it is an estimate itself. Where the dose falls off over more
than one and a half grid steps the true correction was 0 to 1.3 times the estimate, in 240 smooth fields."""


@dataclass(frozen=True, slots=True, eq=False)
class DVH:
    """Dose samples of one structure under one convention.

    Attributes:
        dose_gy: (n,) ascending, read-only.
        volume_cm3: (n,) volume of each sample, positive, read-only.
        minimum_gy, maximum_gy: extremes by their own search, at least as wide as the samples; NaN when n is 0.
        outside_cm3: volume of the structure where the dose is unknown (outside the dose grid), not in the samples.
    """

    dose_gy: FloatArray
    volume_cm3: FloatArray
    minimum_gy: float
    maximum_gy: float
    outside_cm3: float = 0.0

    @property
    def total_cm3(self) -> float:
        """Volume of the structure, the part outside the dose grid included."""
        return float(np.sum(self.volume_cm3)) + self.outside_cm3


@dataclass(frozen=True, slots=True, eq=False)
class StructureDose:
    """The dose in one structure for one dose quantity: the convention that gives the value, and the others.

    Attributes:
        value: the DVH under the chosen structure model at the finest sampling.
        alternatives: (label, DVH) of every convention left open: the other structure model, short and long ends,
            and for few contour planes the surface further out and in.
            The interval of a metric is the envelope over `value` and these ...
        coarsely: labels of those that come from the other structure model, itself first, which is sampled once: what
            they say is also widened by how uneven that model's distance from the value is (`rtcheck.dvh.chance`).
        coarse: ... widened on both sides by ``|metric(value) - metric(coarse)|``: the DVH of a coarser, independent
            sampling, which tells the sampling error ...
        bent: ... and on one side by ``metric(bent) - metric(coarse)``: the coarse sampling with `BEND` times what cubic
            interpolation of the dose would add to each sample (each, not the metric, since near its highest dose a
            volume grows faster than the dose does). It tells what the spacing of the dose grid leaves open,
            and to which side; with the sampling error in one number the two could cancel each other ...
        dose_error_gy: ... and for doses by this (quantisation of the stored integers); V-type metrics are evaluated
            at the dose plus and minus it.
        volume_error_cm3: half width added to volumes for contour rounding.
        model: "prism" or "shape", what `value` is.
        findings: what sampling brought up (gaps, overlap, partly outside and so on).
        minimum_gy, maximum_gy: lowest and highest that the extreme dose may be beyond what the conventions say, for
            what no DVH holds: the dose between its grid points at one place, and samples that stick out of the
            surface. None where there is no more.
    """

    value: DVH
    alternatives: tuple[tuple[str, DVH], ...]
    coarse: DVH | None
    dose_error_gy: float
    volume_error_cm3: float
    model: str
    findings: tuple[Finding, ...] = ()
    bent: DVH | None = None
    minimum_gy: tuple[float, float] | None = None
    maximum_gy: tuple[float, float] | None = None
    coarsely: tuple[str, ...] = ()
