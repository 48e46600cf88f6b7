"""RT Structure Set to `StructureSet` (PS3.3 §A.19.3, §C.8.8.5, §C.8.8.6, §C.8.8.8)."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

from rtcheck.dicom.attributes import (
    attempt,
    code,
    decimal,
    required_integer,
    required_sequence,
    required_uid,
    sequence,
    text,
    timestamp,
    uid,
)
from rtcheck.dicom.contours import NO_CONTOURS, check_point_count, read_contours
from rtcheck.dicom.dataset import Dataset
from rtcheck.errors import DicomError
from rtcheck.model.finding import Finding, finding
from rtcheck.model.structure import ROI, StructureSet

__all__ = ["MAX_ROIS", "read_structure_set"]

MAX_ROIS = 10_000
"""ROIs of one structure set beyond this are refused."""

_Items = dict[int, list[Dataset]]


def read_structure_set(root: Dataset) -> StructureSet:
    """Read a structure set.

    What is wrong with one ROI is in its findings and makes that ROI unusable; a missing sequence that the standard
    requires makes the object unusable, for the file may be cut.

    Raises:
        DicomError: the object cannot be used.
    """
    label = root.source.label
    findings: list[Finding] = []
    definitions = required_sequence(root, "StructureSetROISequence")
    if len(definitions) > MAX_ROIS:
        raise DicomError("RTD005", label, f"{len(definitions)} ROIs, at most {MAX_ROIS} are read")
    contour_items = required_sequence(root, "ROIContourSequence")
    check_point_count(contour_items)
    contours = _by_roi(contour_items, findings)
    observations = _by_roi(required_sequence(root, "RTROIObservationsSequence"), findings)
    frames = _frames(root, findings)

    rois: list[ROI] = []
    for definition in definitions:
        number = attempt(findings, "E", None, required_integer, definition, "ROINumber")
        if number is not None:
            rois.append(_read_roi(definition, number, contours, observations, frames))
    _mark_repeated_numbers(rois)
    findings += [
        finding("RTD305", label, f"contours of ROI number {number}, which StructureSetROISequence does not define")
        for number in sorted(contours.keys() - {roi.number for roi in rois})
    ]
    findings += [
        finding("RTD305", label, f"observations of ROI number {number}, which StructureSetROISequence does not define: "
                "what they say of a structure is lost; export the structure set again", "W")
        for number in sorted(observations.keys() - {roi.number for roi in rois})
    ]  # fmt: skip
    set_label = text(root, "StructureSetLabel")
    if set_label.doubt:
        findings.append(finding("RTD011", label, f"StructureSetLabel (3006,0002): {set_label.doubt}"))
    return StructureSet(
        sop_instance_uid=required_uid(root, "SOPInstanceUID"),
        label=set_label.value,
        rois=tuple(sorted(rois, key=lambda roi: roi.number)),
        frame_of_reference_uids=frames,
        approval_status=attempt(findings, None, "", code, root, "ApprovalStatus"),
        created=timestamp(root, ("StructureSetDate", "StructureSetTime")),
        source=label,
        findings=tuple(findings),
        reviewed=timestamp(root, ("ReviewDate", "ReviewTime")),
    )


def _read_roi(definition: Dataset, number: int, contours: _Items, observations: _Items, frames: tuple[str, ...]) -> ROI:
    findings: list[Finding] = []
    name = text(definition, "ROIName")
    subject = name.value or f"ROI {number}"
    if name.doubt:
        place = f"{definition.path()}.ROIName (3006,0026)"
        findings.append(finding("RTD011", subject, f"{place}: {name.doubt}", bytes=name.raw.hex()))
    if "\\" in name.value and not name.doubt:
        findings.append(finding("RTD014", subject, "the ROI name contains a backslash; it is taken as one name"))
    frame_place = f"{definition.path()}.ReferencedFrameOfReferenceUID (3006,0024)"
    frame = attempt(findings, "E", "", uid, definition, "ReferencedFrameOfReferenceUID")
    if not frame:
        findings.append(finding("RTD404", subject, f"{frame_place} is missing"))
    elif frames and frame not in frames:
        findings.append(finding("RTD404", subject, f"{frame_place} is not among the frames of reference of the set"))
    items = contours.get(number, [])
    if len(items) > 1:
        findings.append(finding("RTD305", subject, f"{len(items)} items of ROIContourSequence, expected one"))
        items = []
    return ROI(
        number=number,
        name=name.value,
        interpreted_type=_interpreted_type(observations.get(number, []), subject, findings),
        frame_of_reference_uid=frame,
        contours=read_contours(tuple(items), subject, findings) if items else NO_CONTOURS,
        stated_volume_cm3=attempt(findings, "W", None, decimal, definition, "ROIVolume"),
        findings=tuple(findings),
        density_override=_density_override(observations.get(number, []), findings),
        labels=_texts(observations.get(number, []), "ROIObservationLabel", findings),
        coded=_texts(_identities(observations.get(number, []), findings), "CodeMeaning", findings),
    )


def _frames(root: Dataset, findings: list[Finding]) -> tuple[str, ...]:
    """Frames of reference that the set lists, its own first; in file order, without repeats."""
    places = (root, *sequence(root, "ReferencedFrameOfReferenceSequence"))
    found = [attempt(findings, None, "", uid, place, "FrameOfReferenceUID") for place in places]
    return tuple(dict.fromkeys(frame for frame in found if frame))


def _by_roi(items: tuple[Dataset, ...], findings: list[Finding]) -> _Items:
    """Items by their ReferencedROINumber; an item without a usable one is a finding of the set."""
    found: _Items = defaultdict(list)
    for item in items:
        number = attempt(findings, "E", None, required_integer, item, "ReferencedROINumber")
        if number is not None:
            found[number].append(item)
    return dict(found)


def _interpreted_type(items: list[Dataset], subject: str, findings: list[Finding]) -> str:
    types = sorted({attempt(findings, None, "", code, item, "RTROIInterpretedType") for item in items} - {""})
    if len(types) > 1:
        findings.append(finding("RTD320", subject, f"several interpreted types: {', '.join(types)}; none is used"))
        return ""
    return types[0] if types else ""


def _density_override(items: list[Dataset], findings: list[Finding]) -> tuple[str, ...]:
    found = {
        attempt(findings, "W", "", code, entry, "ROIPhysicalProperty")
        for item in items
        for entry in sequence(item, "ROIPhysicalPropertiesSequence")
    }
    return tuple(sorted(found - {""}))


def _identities(items: list[Dataset], findings: list[Finding]) -> list[Dataset]:
    """Items of RTROIIdentificationCodeSequence: what the ROI is, in the terms of a coding scheme."""
    keyword = "RTROIIdentificationCodeSequence"
    return [entry for item in items for entry in attempt(findings, "W", (), sequence, item, keyword)]


def _texts(items: list[Dataset], keyword: str, findings: list[Finding]) -> tuple[str, ...]:
    """Return a text of each item, each once and sorted; it only serves a cross-check, so a doubtful one is left out."""
    found = set()
    for item in items:
        read = attempt(findings, "W", None, text, item, keyword)
        if read is not None and not read.doubt:
            found.add(read.value)
    return tuple(sorted(found - {""}))


def _mark_repeated_numbers(rois: list[ROI]) -> None:
    """ROINumber is the identity of an ROI: where two share one, neither can be trusted."""
    counts = Counter(roi.number for roi in rois)
    for index, roi in enumerate(rois):
        if counts[roi.number] > 1:
            subject = roi.name or f"ROI {roi.number}"
            repeated = finding("RTD010", subject, f"ROINumber (3006,0022) {roi.number} is given to several ROIs")
            rois[index] = replace(roi, contours=NO_CONTOURS, stated_volume_cm3=None, findings=(*roi.findings, repeated))
