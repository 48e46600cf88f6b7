"""Which points of a plan are shown as pictures, and the pictures: of each failing lesion, and of the worst organ.

They come after the check: points were located when structures were measured, images are read only when pictures are
asked for, and nothing here can change a report.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from rtcheck.exhibits import Exhibits, StructureExhibit
from rtcheck.gather.lesions import worst_outcome
from rtcheck.geometry.rings import stack_contours
from rtcheck.measure import dose_field
from rtcheck.model.case import Case
from rtcheck.model.image import ImageVolume
from rtcheck.model.record import PatientRecord
from rtcheck.model.structure import ROI
from rtcheck.pictures import Outlined, Subject, plane_pictures
from rtcheck.report import Report
from rtcheck.rules.course import Course
from rtcheck.rules.links import select_course
from rtcheck.rules.result import Outcome

__all__ = ["picture_frame", "with_pictures"]

_FAILING = ("NOT_COVERED", "NOT_TREATED")
_TARGETS = ("PTV", "CTV", "GTV")
_OTHER = ("EXTERNAL", "SUPPORT", "FIXATION", "BOLUS", "DOSE_REGION", "CONTROL", "TREATED_VOLUME", "IRRAD_VOLUME")


def picture_frame(case: Case) -> str:
    """Return the frame of reference in which all doses of a case lie; empty when there is none, or several."""
    frames = {grid.geometry.frame_of_reference_uid for grid in case.doses}
    return frames.pop() if len(frames) == 1 else ""


def with_pictures(
    exhibits: Exhibits, report: Report, case: Case, record: PatientRecord, image: ImageVolume | None, note: str = ""
) -> Exhibits:
    """Return the exhibits of a check with pictures, or with the reason why there are none.

    Args:
        exhibits: of the check of `case` and `record`.
        report: of the same check.
        case: as read.
        record: of the patient.
        image: CT in `picture_frame`, or None.
        note: why there is no image.
    """
    course = select_course(case, record)
    if report.verdict is None or not course.parts:
        return replace(exhibits, pictures=(), pictures_missing="Nothing was measured, so there is no point to show.")
    found, missing = _lesions(exhibits, report)
    organ, without = _organ(exhibits, report)
    subjects = [*found, *organ]
    structures = _structures(course, report) if subjects else ()
    pictures = plane_pictures(subjects, dose_field(course.parts), image, structures)
    notes = [*missing, *without, *([note] if note and pictures else [])]
    return replace(exhibits, pictures=pictures, pictures_missing=" ".join(notes))


def _lesions(exhibits: Exhibits, report: Report) -> tuple[list[Subject], list[str]]:
    """Return the coldest point of each failing lesion, and why some have none."""
    rows = {row.id: row for row in exhibits.lesions}
    found, missing = [], []
    for result in report.lesions:
        row = rows.get(result.id)
        if result.state not in _FAILING:
            continue
        if row is None or row.minimum_at_mm is None:
            why = row.minimum_where or row.minimum.reason if row is not None else ""
            missing.append(f"No picture of {result.id}: {why or 'it has no dose.'}")
            continue
        reason = f"coldest point of {row.structure}"
        names = (row.structure, *result.structures.get(row.role, ()))
        found.append(Subject(result.id, "lesion", reason, row.minimum_at_mm, row.prescription_gy, names))
    return found, missing


def _organ(exhibits: Exhibits, report: Report) -> tuple[list[Subject], list[str]]:
    """Return the hottest point of the organ with the least margin, or why there is none."""
    organs = {
        one.rois: one
        for one in exhibits.structures
        if one.role == "organ" and not one.quantity and one.maximum_at_mm is not None
    }
    places = [
        place
        for place, outcome in enumerate(report.outcomes)
        if outcome.lesion is None and outcome.priority != "report" and _shown(outcome, organs) is not None
    ]
    worst = worst_outcome(report.outcomes, places)
    if worst is None:
        return [], ["No organ has a measured limit and a point to show."]
    organ = _shown(report.outcomes[worst], organs)
    assert organ is not None
    assert organ.maximum_at_mm is not None
    prescriptions = [lesion.dose_gy for lesion in report.lesions if lesion.dose_gy is not None]
    reason = f"hottest point of {organ.name}"
    highest = max(prescriptions, default=None)
    return [Subject(organ.name, "organ", reason, organ.maximum_at_mm, highest)], []


def _shown(outcome: Outcome, organs: dict[tuple[str, ...], StructureExhibit]) -> StructureExhibit | None:
    return organs.get(outcome.rois)


def _structures(course: Course, report: Report) -> tuple[Outlined, ...]:
    """Return every structure with contours in the frame of the dose, in the order of the export."""
    frames = {grid.geometry.frame_of_reference_uid for grid in course.grids}
    registered = {name for lesion in report.lesions for names in lesion.structures.values() for name in names}
    out = []
    for number, roi in enumerate(course.rois):
        if frames != {roi.frame_of_reference_uid}:
            continue
        stack, _ = stack_contours(roi)
        if stack is not None:
            out.append(Outlined(roi.name or f"ROI {roi.number}", _role(roi, registered), number, stack))
    return tuple(out)


def _role(roi: ROI, registered: set[str]) -> Literal["target", "organ", "other"]:
    if roi.name in registered or roi.interpreted_type in _TARGETS:
        return "target"
    return "other" if roi.interpreted_type in _OTHER else "organ"
