"""What a report was made from: plans, inputs, files of ours with their digests, and every convention used."""

from __future__ import annotations

from collections.abc import Mapping

from rtcheck.model.case import Case
from rtcheck.model.record import PatientRecord
from rtcheck.report import PlanSummary, Provenance
from rtcheck.rules.constraint import Protocol
from rtcheck.rules.course import Course, fraction_count
from rtcheck.rules.names import NameTable

__all__ = ["END_SLICES", "plan_summaries", "provenance"]

END_SLICES: Mapping[str, str] = {
    "prism": "half a plane spacing beyond the first and the last contour",
    "shape": "tapered beyond the first and the last contour as the sections shrink; flat ends half a plane spacing",
}
"""What each structure model takes to lie beyond the outermost contours; where an end may lie feeds every interval."""


def plan_summaries(course: Course) -> tuple[PlanSummary, ...]:
    """Return the plans of a course with the doses that stand for each."""
    return tuple(
        PlanSummary(
            plan.label,
            plan.sop_instance_uid,
            fraction_count(plan),
            plan.approval_status,
            tuple(grid.sop_instance_uid for part in course.parts if plan in part.plans for grid in part.grids),
        )
        for plan in course.plans
    )


def provenance(
    case: Case, record: PatientRecord, protocol: Protocol, names: NameTable, model: str, software: Mapping[str, str],
    registration: str | None = None,
) -> Provenance:
    """Return what a check was made from. No file name, time or host is in it: the same input gives the same bytes.

    Args:
        case: the export.
        record: the trial's record.
        protocol: the limits.
        names: the table of structure names that was used.
        model: the structure model that was used.
        software: package to version.
        registration: SOP Instance UID of the Spatial Registration that was asked for, if any.
    """
    return Provenance(
        software=dict(sorted(software.items())),
        inputs=case.inputs,
        protocol={
            "id": protocol.id,
            "version": protocol.version,
            "status": protocol.status,
            "title": protocol.title,
            "sha256": protocol.sha256,
            "names_sha256": names.sha256,
        },
        registry={"sha256": record.sha256},
        conventions={
            "structure_model": model,
            "undecided": protocol.conventions.undecided,
            "dose_interpolation": "trilinear",
            "outside_dose_grid": "unknown",
            "end_slices": END_SLICES[model],
            "interval": "envelope over what the standards leave open",
            **({"registration": registration} if registration else {}),
        },
    )
