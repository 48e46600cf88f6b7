"""The dose of a course: one part for each plan, summed at the sample points, never resampled onto another grid."""

from __future__ import annotations

from dataclasses import dataclass

from rtcheck.dvh.metric import Biological
from rtcheck.model.grid import DoseGrid

__all__ = ["PHYSICAL", "DoseField", "DosePart", "Quantity"]

Quantity = Biological | None
"""Which dose: None is physical dose; else EQD2 or BED with its α/β (which must be set here)."""

PHYSICAL: Quantity = None


@dataclass(frozen=True, slots=True)
class DosePart:
    """The dose of one plan for its whole delivery: the sum of `grids` (one PLAN dose, or all its BEAM doses)."""

    grids: tuple[DoseGrid, ...]
    fractions: int


@dataclass(frozen=True, slots=True)
class DoseField:
    """The dose of a course: the sum over its parts.

    For EQD2 and BED each part is converted with its own number of fractions before the sum.
    A point outside any one grid has unknown dose.
    """

    parts: tuple[DosePart, ...]
