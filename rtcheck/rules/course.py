"""The course: the plans that are judged together, with their doses and structures."""

from __future__ import annotations

from dataclasses import dataclass

from rtcheck.model.finding import Finding
from rtcheck.model.grid import DoseGrid
from rtcheck.model.plan import Plan
from rtcheck.model.structure import ROI, StructureSet

__all__ = ["Course", "CoursePart", "describe_plan", "fraction_count"]


@dataclass(frozen=True, slots=True, eq=False)
class CoursePart:
    """The dose of one plan for its whole delivery, or of several plans that a MULTI_PLAN dose holds together.

    Attributes:
        plans: one plan, or all plans of a MULTI_PLAN dose.
        grids: one dose, or the BEAM doses to be summed; sorted by SOP Instance UID.
        fractions: number of fractions; None when missing, invalid or not the same for all `plans`.
    """

    plans: tuple[Plan, ...]
    grids: tuple[DoseGrid, ...]
    fractions: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """The plans that are judged together, with their doses and structures.

    Attributes:
        plans: sorted by SOP Instance UID.
        parts: doses; empty or incomplete only together with a finding of severity F.
        structure_sets: those the plans refer to, without repetition.
        other_structure_sets: the export's other sets: only looked at to tell whether a lesion was contoured at all.
        findings: of the links, and those reading brought up about the plans and doses used.
    """

    plans: tuple[Plan, ...]
    parts: tuple[CoursePart, ...]
    structure_sets: tuple[StructureSet, ...]
    other_structure_sets: tuple[StructureSet, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def grids(self) -> tuple[DoseGrid, ...]:
        """Every dose grid of the course."""
        return tuple(grid for part in self.parts for grid in part.grids)

    @property
    def rois(self) -> tuple[ROI, ...]:
        """The ROIs in which names are looked up."""
        return tuple(roi for structures in self.structure_sets for roi in structures.rois)

    @property
    def fraction_counts(self) -> tuple[int | None, ...]:
        """The number of fractions of each plan."""
        return tuple(fraction_count(plan) for plan in self.plans)

    @property
    def fractions(self) -> int | None:
        """The number of fractions that all plans share; None when unknown or unlike."""
        counts = set(self.fraction_counts)
        return counts.pop() if len(counts) == 1 else None

    @property
    def unlike(self) -> bool:
        """Whether plans of known, different numbers of fractions are summed."""
        return len({count for count in self.fraction_counts if count is not None}) > 1


def fraction_count(plan: Plan) -> int | None:
    """Return the number of fractions of a plan: of its only fraction group, if that states a positive number."""
    if len(plan.fraction_groups) != 1:
        return None
    planned = plan.fraction_groups[0].fractions_planned
    return planned if planned is not None and planned > 0 else None


def describe_plan(plan: Plan) -> str:
    """Name a plan for messages: its label, or its UID where it has none."""
    return f'plan "{plan.label}"' if plan.label else f"plan {plan.sop_instance_uid}"
