"""What the export leaves out although a comparison rests on it: one note that lists it (RTD016)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from rtcheck.crosschecks.plan_sense import delivered
from rtcheck.model.case import Case
from rtcheck.model.finding import Finding, finding, some_of
from rtcheck.model.grid import DoseGrid
from rtcheck.model.plan import Plan
from rtcheck.model.structure import ROI
from rtcheck.rules.course import Course
from rtcheck.rules.roles import is_typed

__all__ = ["absent_finding"]

_WHOLE = 14
"""Digits of a date with its time; with fewer, what was made on one day has no order."""


def absent_finding(
    case: Case,
    course: Course,
    used: Iterable[ROI],
    *,
    no_volume: Sequence[str],
    no_curve: Sequence[str],
    warned: Collection[str],
) -> tuple[Finding, ...]:
    """RTD016: one note of everything optional that is absent and that could have spoken against the plan.

    Each comparison behind it warns (W) or refuses (F) where it finds a contradiction; with its ground taken out of the
    export the warning goes, and this note says so. What has a note of its own (images, beam doses, structures of which
    nothing is stated, a plan without a prescription) is not repeated.

    Args:
        case: for the patient's attributes.
        course: what is judged.
        used: the ROIs that a constraint or lesion uses.
        no_volume: names of measured structures without ROIVolume, of which a stored DVH was compared.
        no_curve: names of measured structures with ROIVolume, of which no DVH is stored.
        warned: codes of the warnings that were given: what has one need not be asked for again.
    """
    known_rois = list(used)
    untyped = sorted({roi.name or f"ROI {roi.number}" for roi in known_rois if not is_typed(roi)})
    absent = [*case.person_unstated]
    for plan in course.plans:
        absent += _of_plan(plan)
        if "RTD510" not in warned:
            absent += _of_earlier_treatment(plan)
    for structures in course.structure_sets:
        if not structures.approval_status:
            absent.append("ApprovalStatus (300E,0002) of the structure set")
        if structures.approval_status == "APPROVED":
            absent += _date(structures.reviewed, "ReviewDate (300E,0004), ReviewTime (300E,0005) of the structure set")
        absent += _date(structures.created, "StructureSetDate (3006,0008), StructureSetTime (3006,0009)")
    for grid in course.grids:
        absent += _of_dose(grid)
    if untyped:
        absent.append(f"RTROIInterpretedType (3006,00A4) of {some_of(untyped)}")
    for attribute, unstated in (
        ("RTROIIdentificationCodeSequence (3006,0086)", [roi for roi in known_rois if not roi.coded]),
        ("ROIObservationLabel (3006,0085)", [roi for roi in known_rois if not roi.labels]),
    ):
        if unstated:
            absent.append(f"{attribute} of {some_of(sorted(roi.name or f'ROI {roi.number}' for roi in unstated))}")
    if "RTD513" not in warned:
        known = sorted({roi.name or f"ROI {roi.number}" for roi in course.rois if roi.density_override})
        other = f"structures other than {some_of(known)}" if known else "any structure"
        absent.append(f"an overridden density (ROIPhysicalPropertiesSequence (3006,00B0)) of {other}")
    if no_volume:
        absent.append(f"ROIVolume (3006,002C) of {some_of(sorted(no_volume))}")
    if no_curve:
        absent.append(f"a stored DVH (3004,0050) of {some_of(sorted(no_curve))}")
    listed = list(dict.fromkeys(absent))
    if not listed:
        return ()
    message = (
        f"The export leaves out, so that nothing was compared with it: {'; '.join(listed)}. What that would show "
        "against the plan is not seen here."
    )
    return (finding("RTD016", "export", message, absent=listed),)


def _of_plan(plan: Plan) -> Iterator[str]:
    """List what a plan could say of its purpose, its beams and its dates."""
    if not plan.intent:
        yield "PlanIntent (300A,000A)"
    beams = delivered(plan)
    if any(not beam.isocentres_mm for beam in beams):
        yield "IsocenterPosition (300A,012C) of every beam"
    if any(beam.boli is None for beam in beams):
        yield "NumberOfBoli (300A,00ED) of every beam"
    yield from _date(plan.created, "RTPlanDate (300A,0006), RTPlanTime (300A,0007)")
    if plan.approval_status == "APPROVED":
        yield from _date(plan.reviewed, "ReviewDate (300E,0004), ReviewTime (300E,0005)")


def _of_earlier_treatment(plan: Plan) -> Iterator[str]:
    """List what a plan could say of treatment that its dose does not hold."""
    if not plan.dose_references or any(reference.prior_gy is None for reference in plan.dose_references):
        yield "NominalPriorDose (300A,001A)"
    if not any(reference.relationship in ("PRIOR", "CONCURRENT") for reference in plan.references):
        yield "a prior or concurrent plan (ReferencedRTPlanSequence (300C,0002))"


def _of_dose(grid: DoseGrid) -> Iterator[str]:
    """List what a dose could say of its date and of where it came from."""
    yield from _date(grid.created, "InstanceCreationDate (0008,0012), InstanceCreationTime (0008,0013) of the dose")
    if not grid.spatial_transform:
        yield "SpatialTransformOfDose (3004,0005)"


def _date(stamp: str, attributes: str) -> Iterator[str]:
    if len(stamp) < _WHOLE:
        yield attributes
