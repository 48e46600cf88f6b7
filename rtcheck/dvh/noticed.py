"""Findings about the dose samples of a structure: outside the grid, small or steep against it, missing slices."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from rtcheck.dvh.field import DoseField
from rtcheck.dvh.sampling import Samples
from rtcheck.geometry.variants import GAPS_EMPTY
from rtcheck.model.arrays import FloatArray
from rtcheck.model.finding import Finding, finding
from rtcheck.model.grid import DoseGrid

__all__ = [
    "bend_findings",
    "coarse_step",
    "gap_findings",
    "highest_dose",
    "outside_findings",
    "size_findings",
    "step_findings",
]

_FEW_VOXELS = 27
_GRIDS = 8
"""So many grids whose highest dose is remembered: every structure asks for it."""
_GAP_VOLUME = 0.02
_GAP_DOSE = 0.01
_BENT = 0.02
"""Cubic interpolation may move the mean, D98, D50 or D2 by this share of the highest dose of the structure, or of
`_OF_ALL` of the highest anywhere where that is more. Where it says more a penumbra may be thinner than a voxel; in some
such fields the truth was outside the interval."""
_OF_ALL = 0.25
_COARSE_STEP = 0.001
"""Share of the highest dose of a grid above which a step of its stored integers counts (pitfall 50 of the notes)."""


def outside_findings(name: str, samples: Samples) -> list[Finding]:
    """RTD601 when all, RTD602 when part of the value lies where the dose is unknown."""
    member = samples.mask & 1 == 1
    unknown = np.isnan(samples.dose_gy.sum(axis=0)) & member
    share = float(np.sum(samples.volume_cm3[unknown]) / np.sum(samples.volume_cm3[member]))
    if share == 0:
        return []
    if np.array_equal(unknown, member):
        return [
            finding("RTD601", name, f"{name} lies wholly outside the dose grid: its dose is unknown.", fraction=1.0)
        ]
    return [
        finding(
            "RTD602",
            name,
            f"{share:.3%} of the volume of {name} lies outside the dose grid, where the dose is unknown.",
            fraction=share,
        )
    ]


def size_findings(name: str, volume_mm3: float, field: DoseField) -> list[Finding]:
    """RTD317 when the solid is smaller than a block of 3 x 3 x 3 voxels of the coarsest grid."""
    voxel = 0.0
    for part in field.parts:
        for grid in part.grids:
            steps = np.diff(grid.geometry.offsets_mm)
            step = float(np.median(steps)) if len(steps) else 0.0
            voxel = max(voxel, grid.geometry.spacing_mm[0] * grid.geometry.spacing_mm[1] * step)
    if volume_mm3 >= _FEW_VOXELS * voxel:
        return []
    return [
        finding(
            "RTD317",
            name,
            f"{name} ({volume_mm3 / 1000:.3g} cm3) is smaller than {_FEW_VOXELS} voxels of the dose "
            "grid: its dose is mostly interpolation.",
            volume_cm3=volume_mm3 / 1000,
            voxel_cm3=voxel / 1000,
        )
    ]


def gap_findings(name: str, samples: Samples, labels: tuple[str, ...]) -> list[Finding]:
    """RTD312: what leaving missing slices empty does to volume, mean, D98, D50 and D2.

    E when the volume moves by more than `_GAP_VOLUME` or a dose by more than `_GAP_DOSE` of the maximum;
    W otherwise. Both readings are in the interval either way.
    """
    empty = [i for i, label in enumerate(labels) if label.startswith(GAPS_EMPTY)]
    if not empty:
        return []
    dose = samples.dose_gy.sum(axis=0)
    filled, top = _summary(dose, samples, 0), float(np.nanmax(dose, initial=0.0))
    volume, shift = 0.0, 0.0
    for i in empty:
        other = _summary(dose, samples, i)
        volume = max(volume, abs(float(other[0] / filled[0]) - 1))
        shift = max(shift, float(np.max(np.abs(other[1:] - filled[1:]))) / top if top > 0 else 0.0)
    harmless = volume <= _GAP_VOLUME and shift <= _GAP_DOSE
    return [
        finding(
            "RTD312",
            name,
            f"{name} misses contours between its planes: left empty its volume changes by {volume:.1%} "
            f"and its doses by up to {shift:.1%} of the maximum. Draw the missing slices.",
            severity="W" if harmless else "E",
            volume_change=volume,
            dose_change=shift,
        )
    ]


def bend_findings(name: str, samples: Samples, bend_gy: FloatArray, highest_gy: float) -> list[Finding]:
    """RTD216 where the dose between the grid's points is uncertain: trilinear and cubic interpolation disagree.

    A note: every interval is widened by more than they differ, and a limit that this brings into doubt is undecided.

    Args:
        name: of the structure, for the message.
        samples: of it.
        bend_gy: (parts, n) what cubic interpolation would add to them.
        highest_gy: of the whole dose.
    """
    dose, bend = samples.dose_gy.sum(axis=0), bend_gy.sum(axis=0)
    top = max(float(np.max(dose, initial=0.0, where=~np.isnan(dose))), _OF_ALL * highest_gy)
    if not float(np.max(np.abs(bend), initial=0.0)) > _BENT * top:
        return []
    straight, cubic = (_summary(each, samples, 0)[1:] for each in (dose, dose + bend))
    moved = np.abs(cubic - straight)
    worst = int(np.argmax(moved))
    if not moved[worst] > _BENT * top:
        return []
    metric = ("mean", "D98%", "D50%", "D2%")[worst]
    return [
        finding(
            "RTD216",
            name,
            f"Between the points of the dose grid the dose in {name} is uncertain: cubic instead of linear "
            f"interpolation moves its {metric} by {moved[worst]:.3g} Gy. The intervals are widened by more than that, "
            "but a gradient that the grid does not resolve can hide more. Recalculate on a finer grid.",
            severity="I",
            metric=metric,
            moved_gy=float(moved[worst]),
        )
    ]


def _summary(dose: FloatArray, samples: Samples, variant: int) -> FloatArray:
    """Volume, mean, D98, D50 and D2 of one variant, where the dose is known."""
    member = (samples.mask >> variant) & 1 == 1
    total_volume = float(np.sum(samples.volume_cm3[member]))
    member &= ~np.isnan(dose)
    order = np.argsort(dose[member], kind="stable")
    values, volume = dose[member][order], samples.volume_cm3[member][order]
    if len(values) == 0:
        return np.array([total_volume, 0.0, 0.0, 0.0, 0.0])
    at = (np.cumsum(volume) - volume / 2) / np.sum(volume)
    ranks = np.interp([0.02, 0.5, 0.98], at, values)
    return np.array([total_volume, np.sum(values * volume) / np.sum(volume), *ranks])


@lru_cache(maxsize=_GRIDS)
def highest_dose(grid: DoseGrid) -> float:
    """Return the highest dose stored in a grid, Gy."""
    return float(np.max(grid.stored)) * grid.scaling_gy


def coarse_step(grid: DoseGrid) -> float:
    """Return the step of the stored integers in Gy where it is coarse, else 0.

    Up to 0.1 % of the highest dose of the grid the stored dose is taken as it is written: DICOM defines it as integer
    times scaling, and a limit met exactly by that number is met. A coarser step widens every interval by half of it.
    """
    return grid.scaling_gy if grid.scaling_gy > _COARSE_STEP * highest_dose(grid) else 0.0


def step_findings(field: DoseField) -> list[Finding]:
    """RTD216 for every grid whose stored integers step coarsely."""
    return [
        finding(
            "RTD216",
            grid.source or "dose",
            f"The dose is stored in steps of {grid.scaling_gy:.3g} Gy (DoseGridScaling), more than "
            f"{_COARSE_STEP:.1%} of its maximum: every interval is widened by half a step. Export it with 32 bits.",
            step_gy=grid.scaling_gy,
        )
        for part in field.parts
        for grid in part.grids
        if coarse_step(grid) > 0
    ]
