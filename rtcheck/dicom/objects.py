"""One DICOM object to what this package knows of it: plan, dose, structure set, or an entry in the list of inputs."""

from __future__ import annotations

from dataclasses import dataclass

from rtcheck.dicom.attributes import code, fault, required_uid, uid
from rtcheck.dicom.image_plane import IMAGE_CLASSES, read_image_plane
from rtcheck.dicom.recognise import DicomFile
from rtcheck.dicom.reg import DEFORMABLE, RIGID, read_registration
from rtcheck.dicom.rtdose import read_dose
from rtcheck.dicom.rtplan import read_plan
from rtcheck.dicom.rtstruct import read_structure_set
from rtcheck.dicom.text import character_set_doubt
from rtcheck.model.case import InputObject
from rtcheck.model.finding import Finding, finding
from rtcheck.model.grid import DoseGrid
from rtcheck.model.image_plane import ImagePlane
from rtcheck.model.plan import Plan
from rtcheck.model.registration import SpatialRegistration
from rtcheck.model.structure import StructureSet

__all__ = ["SOP_CLASSES", "ReadObject", "read_object"]

_RT = "1.2.840.10008.5.1.4.1.1.481."
_DOSE, _STRUCT, _PLAN, _ION_PLAN = f"{_RT}2", f"{_RT}3", f"{_RT}5", f"{_RT}8"
SOP_CLASSES = {_DOSE: "RTDOSE", _STRUCT: "RTSTRUCT", _PLAN: "RTPLAN", _ION_PLAN: "RTPLAN"}
"""The SOP classes whose numbers are used, and the modality each must have."""

_SECOND_GENERATION = frozenset(f"{_RT}{number}" for number in range(10, 30))
"""RT Physician Intent, RT Segment Annotation, RT radiation sets and their kind (PS3.3 §C.36): they can override what
the objects above say, and are not evaluated."""


@dataclass(frozen=True, slots=True)
class ReadObject:
    """What one file holds: at most one of `plan` to `image`; `findings` are about the file itself."""

    input: InputObject
    plan: Plan | None = None
    dose: DoseGrid | None = None
    structure_set: StructureSet | None = None
    findings: tuple[Finding, ...] = ()
    registration: SpatialRegistration | None = None
    image: ImagePlane | None = None


def read_object(dicom: DicomFile, digest: str) -> ReadObject:
    """Read one object.

    Args:
        dicom: the file, its structure checked.
        digest: SHA-256 of its bytes.

    Raises:
        DicomError: RTD015 when it contradicts itself about what it is; else as its reader says.
    """
    root = dicom.root
    sop_class = required_uid(root, "SOPClassUID")
    modality = code(root, "Modality")
    _check_kind(dicom, sop_class, modality)
    findings = _file_findings(dicom, sop_class, modality)
    plan = read_plan(root, "ION" if sop_class == _ION_PLAN else "RT") if sop_class in (_PLAN, _ION_PLAN) else None
    dose = read_dose(root, dicom.transfer_syntax) if sop_class == _DOSE else None
    structure_set = read_structure_set(root) if sop_class == _STRUCT else None
    used = sop_class in SOP_CLASSES
    entry = InputObject(
        modality=modality or "?",
        sop_instance_uid=required_uid(root, "SOPInstanceUID"),
        sop_class_uid=sop_class,
        sha256=digest,
        source=root.source.label,
        used=used,
        study_uid=uid(root, "StudyInstanceUID"),
        series_uid=uid(root, "SeriesInstanceUID"),
        frame_of_reference_uid=uid(root, "FrameOfReferenceUID"),
        description=_describe(plan, dose, structure_set),
    )
    registration = read_registration(root, sop_class) if sop_class in (RIGID, DEFORMABLE) else None
    image = read_image_plane(root) if sop_class in IMAGE_CLASSES else None
    return ReadObject(entry, plan, dose, structure_set, tuple(findings), registration, image)


def _check_kind(dicom: DicomFile, sop_class: str, modality: str) -> None:
    """SOP class, modality and meta information must tell one story (RTD015)."""
    root = dicom.root
    expected = SOP_CLASSES.get(sop_class)
    if expected is not None and modality != expected:
        raise fault("RTD015", root, "Modality", f"found {modality!r}, but the SOP class is that of {expected}")
    if expected is None and modality in SOP_CLASSES.values():
        raise fault("RTD015", root, "SOPClassUID", f"found {sop_class}, which is not that of modality {modality}")
    stated = uid(dicom.meta, "MediaStorageSOPClassUID")
    if stated and stated != sop_class:
        raise fault(
            "RTD015", root, "SOPClassUID", f"found {sop_class}, but MediaStorageSOPClassUID (0002,0002) is {stated}"
        )


def _file_findings(dicom: DicomFile, sop_class: str, modality: str) -> list[Finding]:
    """Return what is noticed about the file before its content is read."""
    label = dicom.root.source.label
    findings: list[Finding] = []
    misplaced = dicom.root.source.misplaced
    if misplaced:
        message = f"elements are out of order or given twice, first {misplaced[0]}; export the file again"
        findings.append(finding("RTD010", label, message, elements=list(misplaced)))
    findings += [finding("RTD014", label, f"{deviation}; read as if it were right") for deviation in dicom.deviations]
    if not dicom.part_10:
        proof = f"the content proves {modality}, {dicom.root.source.encoding.name}"
        findings.append(finding("RTD014", label, f"no preamble and no DICOM prefix; {proof}"))
    stated = uid(dicom.meta, "MediaStorageSOPInstanceUID")
    if stated and stated != uid(dicom.root, "SOPInstanceUID"):
        message = "SOP Instance UID differs between file meta information and data set; that of the data set is used"
        findings.append(finding("RTD014", label, message))
    doubt = character_set_doubt(dicom.root) if sop_class in SOP_CLASSES else ""
    if doubt:
        findings.append(finding("RTD011", label, f"{doubt}; export the file again"))
    if sop_class in _SECOND_GENERATION:
        message = (
            f"a second-generation RT object ({modality}) is listed but not evaluated; it may change what the plan means"
        )
        findings.append(finding("RTD013", label, message))
    return findings


def _describe(plan: Plan | None, dose: DoseGrid | None, structure_set: StructureSet | None) -> str:
    """One line for `inspect`, without patient data (labels and names may hold some)."""
    if plan is not None:
        counts = "+".join(str(group.fractions_planned or "?") for group in plan.fraction_groups) or "?"
        kind = "ion plan" if plan.kind == "ION" else "plan"
        return f"{kind}, {len(plan.beams)} beams, {counts} fractions, {plan.approval_status or 'approval not stated'}"
    if dose is not None:
        planes, rows, columns = dose.geometry.shape
        return f"{dose.summation_type} dose, {dose.dose_type}, {columns}x{rows}x{planes}"
    if structure_set is not None:
        contours = sum(len(roi.contours.kinds) for roi in structure_set.rois)
        return f"{len(structure_set.rois)} ROIs, {contours} contours"
    return ""
