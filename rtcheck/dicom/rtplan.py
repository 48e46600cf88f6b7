"""RT Plan and RT Ion Plan to `Plan` (PS3.3 §C.8.8.9, .10, .13, .14, .15, .25, §C.8.8.16)."""

from __future__ import annotations

from typing import Literal

from rtcheck.dicom.attributes import (
    attempt,
    code,
    decimal,
    fault,
    has,
    integer,
    named_objects,
    point,
    required_code,
    required_integer,
    required_uid,
    sequence,
    text,
    timestamp,
    uid,
)
from rtcheck.dicom.dataset import Dataset
from rtcheck.errors import DicomError
from rtcheck.model.finding import Finding, finding
from rtcheck.model.plan import Beam, BeamDose, DoseReference, FractionGroup, Plan, PlanReference

__all__ = ["read_plan"]

_REFERENCE_KINDS = ("TARGET", "ORGAN_AT_RISK")
_REFERENCE_STRUCTURES = ("POINT", "VOLUME", "COORDINATES", "SITE")

_SAME_WEIGHT = 1e-3
"""Meterset weights are written with few digits."""
_DEFINED = ("FractionGroupSequence", "DoseReferenceSequence", "BeamSequence", "IonBeamSequence")


def read_plan(root: Dataset, kind: Literal["RT", "ION"]) -> Plan:
    """Read a plan. What is missing but may be is empty; what is there but wrong is a finding of the plan.

    Raises:
        DicomError: the object cannot be used.
    """
    label = root.source.label
    findings: list[Finding] = []
    plan_label = text(root, "RTPlanLabel")
    plan_name = text(root, "RTPlanName")
    for keyword, found in (("RTPlanLabel (300A,0002)", plan_label), ("RTPlanName (300A,0003)", plan_name)):
        if found.doubt:
            findings.append(finding("RTD011", label, f"{keyword}: {found.doubt}"))
    geometry = attempt(findings, None, "", required_code, root, "RTPlanGeometry", ("PATIENT", "TREATMENT_DEVICE"))
    groups = tuple(_fraction_group(item, findings) for item in sequence(root, "FractionGroupSequence"))
    beam_sequence = "BeamSequence" if kind == "RT" else "IonBeamSequence"
    beams = tuple(_beam(item, findings) for item in sequence(root, beam_sequence))
    _check_beams(root, groups, beams, findings)
    structure_set_uid = _structure_set_uid(root)
    _check_definition_sources(root, findings)
    references = tuple(_dose_reference(item, findings) for item in sequence(root, "DoseReferenceSequence"))
    _check_references(references, label, findings)
    if not groups:
        problem = "absent or empty; the number of fractions is not known"
        findings.append(finding("RTD502", label, f"FractionGroupSequence (300A,0070): {problem}"))
    if geometry != "TREATMENT_DEVICE" and not structure_set_uid:
        problem = "absent, but a plan for a patient requires it: the file may be cut short"
        findings.append(finding("RTD012", label, f"ReferencedStructureSetSequence (300C,0060): {problem}", "F"))
    return Plan(
        sop_instance_uid=required_uid(root, "SOPInstanceUID"),
        label=plan_label.value,
        kind=kind,
        fraction_groups=groups,
        beams=beams,
        dose_references=references,
        structure_set_uid=structure_set_uid,
        name=plan_name.value,
        intent=attempt(findings, "E", "", code, root, "PlanIntent"),
        geometry=geometry,
        approval_status=attempt(findings, None, "", code, root, "ApprovalStatus"),
        created=timestamp(root, ("RTPlanDate", "RTPlanTime")),
        frame_of_reference_uid=attempt(findings, None, "", uid, root, "FrameOfReferenceUID"),
        source=label,
        findings=tuple(findings),
        reviewed=timestamp(root, ("ReviewDate", "ReviewTime")),
        references=_references(root, findings),
        named=named_objects(root, "ReferencedRTPlanSequence", "ReferencedStructureSetSequence"),
    )


def _references(root: Dataset, findings: list[Finding]) -> tuple[PlanReference, ...]:
    """Other plans that this one names as its predecessor, as delivered before, and so on."""
    found = []
    for item in sequence(root, "ReferencedRTPlanSequence"):
        instance = attempt(findings, "W", "", required_uid, item, "ReferencedSOPInstanceUID")
        relationship = attempt(findings, "W", "", code, item, "RTPlanRelationship")
        if instance:
            found.append(PlanReference(instance, relationship))
    return tuple(found)


def _fraction_group(item: Dataset, findings: list[Finding]) -> FractionGroup:
    """One fraction group. BeamDose is per fraction (PS3.3 §C.8.8.13)."""
    number = required_integer(item, "FractionGroupNumber")
    fractions = attempt(findings, None, None, _fractions, item)
    doses = tuple(_beam_dose(beam, findings) for beam in sequence(item, "ReferencedBeamSequence"))
    beams = tuple((beam.number, beam.dose_gy) for beam in doses)
    stated = attempt(findings, "W", None, integer, item, "NumberOfBeams")
    if stated is not None and stated != len(beams):
        place = f"{item.path()}.NumberOfBeams (300A,0080)"
        message = f"{place} is {stated}, but {len(beams)} are listed: the file may be incomplete; export it again"
        findings.append(finding("RTD009", item.source.label, message))
    setups = tuple(
        required_integer(setup, "ReferencedBrachyApplicationSetupNumber")
        for setup in sequence(item, "ReferencedBrachyApplicationSetupSequence")
    )
    planned = attempt(findings, "W", None, integer, item, "NumberOfBrachyApplicationSetups")
    if planned is not None and planned != len(setups):
        place = f"{item.path()}.NumberOfBrachyApplicationSetups (300A,00A0)"
        message = f"{place} is {planned}, but {len(setups)} are listed: the file may be incomplete; export it again"
        findings.append(finding("RTD009", item.source.label, message))
    for what, numbers in (("beam", [n for n, _ in beams]), ("brachy setup", list(setups))):
        if len(set(numbers)) < len(numbers):
            raise DicomError("RTD010", item.source.label, f"{item.path()}: the same {what} is referenced twice")
    return FractionGroup(number, fractions, beams, setups, doses)


def _beam_dose(item: Dataset, findings: list[Finding]) -> BeamDose:
    return BeamDose(
        number=required_integer(item, "ReferencedBeamNumber"),
        dose_gy=attempt(findings, None, None, decimal, item, "BeamDose"),
        point_mm=point(item, "BeamDoseSpecificationPoint", findings),
        nominal=attempt(findings, "W", "", code, item, "BeamDoseMeaning") == "FRACTION_LEVEL",
        dose_type=attempt(findings, "W", "", code, item, "BeamDoseType"),
        meterset=attempt(findings, "W", None, decimal, item, "BeamMeterset"),
    )


def _fractions(item: Dataset) -> int:
    found = integer(item, "NumberOfFractionsPlanned", "RTD502")
    if found is None or found < 1:
        problem = "absent or empty" if found is None else f"found {found}"
        raise fault("RTD502", item, "NumberOfFractionsPlanned", f"{problem}, expected a positive whole number")
    return found


def _beam(item: Dataset, findings: list[Finding]) -> Beam:
    name = text(item, "BeamName").value if has(item, "BeamName") else ""
    delivery = attempt(findings, "E", "", code, item, "TreatmentDeliveryType")
    points = (*sequence(item, "ControlPointSequence"), *sequence(item, "IonControlPointSequence"))
    isocentres = [point(each, "IsocenterPosition", findings) for each in points if has(each, "IsocenterPosition")]
    _check_control_points(item, points, findings)
    boli = sequence(item, "ReferencedBolusSequence")
    bolus_rois = [attempt(findings, "W", None, integer, bolus, "ReferencedROINumber") for bolus in boli]
    return Beam(
        number=required_integer(item, "BeamNumber"),
        name=name,
        delivery_type=delivery or "TREATMENT",
        isocentres_mm=tuple(dict.fromkeys(found for found in isocentres if found is not None)),
        bolus_rois=tuple(number for number in bolus_rois if number is not None),
        boli=attempt(findings, "W", None, integer, item, "NumberOfBoli"),
        radiation=attempt(findings, "W", "", code, item, "RadiationType"),
    )


def _check_control_points(item: Dataset, points: tuple[Dataset, ...], findings: list[Finding]) -> None:
    """Report control points that are fewer or more than the beam says, or that do not reach its final weight (W)."""
    stated = attempt(findings, "W", None, integer, item, "NumberOfControlPoints")
    if stated is not None and stated != len(points):
        place = f"{item.path()}.NumberOfControlPoints (300A,0110)"
        message = f"{place} is {stated}, but {len(points)} are there: the file may be incomplete; export it again"
        findings.append(finding("RTD009", item.source.label, message, "W"))
        return
    final = attempt(findings, "W", None, decimal, item, "FinalCumulativeMetersetWeight")
    last = attempt(findings, "W", None, decimal, points[-1], "CumulativeMetersetWeight") if points else None
    if final is not None and last is not None and abs(final - last) > _SAME_WEIGHT * max(abs(final), abs(last)):
        place = f"{item.path()}.FinalCumulativeMetersetWeight (300A,010E)"
        message = f"{place} is {final:g}, but the control points end at {last:g}: some may be lost; export it again"
        findings.append(finding("RTD009", item.source.label, message, "W"))


def _check_references(references: tuple[DoseReference, ...], label: str, findings: list[Finding]) -> None:
    """Report a DoseReferenceNumber that several references have (W): what refers to it refers to any of them."""
    numbers = [reference.number for reference in references]
    repeated = sorted({number for number in numbers if numbers.count(number) > 1})
    if repeated:
        shown = ", ".join(map(str, repeated))
        message = f"DoseReferenceNumber (300A,0012) {shown} is given to several dose references; export the plan again"
        findings.append(finding("RTD010", label, message, "W"))


def _check_beams(
    root: Dataset, groups: tuple[FractionGroup, ...], beams: tuple[Beam, ...], findings: list[Finding]
) -> None:
    """Report beams that a fraction group names but the plan does not describe; numbers must be unique."""
    label = root.source.label
    numbers = [beam.number for beam in beams]
    if len(set(numbers)) < len(numbers):
        raise DicomError("RTD010", label, "BeamNumber (300A,00C0): the same number is given to several beams")
    group_numbers = [group.number for group in groups]
    if len(set(group_numbers)) < len(group_numbers):
        raise DicomError("RTD010", label, "FractionGroupNumber (300A,0071): the same number is given to several groups")
    missing = sorted({number for group in groups for number, _ in group.beams} - set(numbers))
    if missing:
        shown = ", ".join(map(str, missing))
        message = f"beam {shown} of the fraction group is not described in the plan: the file may be incomplete"
        findings.append(finding("RTD012", label, message))


def _dose_reference(item: Dataset, findings: list[Finding]) -> DoseReference:
    def dose(keyword: str) -> float | None:
        return attempt(findings, None, None, decimal, item, keyword)

    return DoseReference(
        number=required_integer(item, "DoseReferenceNumber"),
        kind=attempt(findings, None, "", required_code, item, "DoseReferenceType", _REFERENCE_KINDS),
        structure_type=attempt(
            findings, None, "", required_code, item, "DoseReferenceStructureType", _REFERENCE_STRUCTURES
        ),
        roi_number=attempt(findings, None, None, integer, item, "ReferencedROINumber"),
        description=text(item, "DoseReferenceDescription").value,
        target_prescription_gy=dose("TargetPrescriptionDose"),
        target_minimum_gy=dose("TargetMinimumDose"),
        target_maximum_gy=dose("TargetMaximumDose"),
        prior_gy=attempt(findings, "W", None, decimal, item, "NominalPriorDose"),
    )


def _check_definition_sources(root: Dataset, findings: list[Finding]) -> None:
    """Report objects that define part of the plan (DefinitionSourceSequence): they may say something else (§C.36)."""
    parts = (root, *(item for keyword in _DEFINED for item in sequence(root, keyword)))
    count = sum(len(sequence(part, "DefinitionSourceSequence")) for part in parts)
    if count:
        message = (
            f"{count} part(s) of the plan are defined by other objects (DefinitionSourceSequence (0008,1156)), such as "
            "an RT Physician Intent: these are not evaluated and may change what the plan means"
        )
        findings.append(finding("RTD013", root.source.label, message))


def _structure_set_uid(root: Dataset) -> str:
    items = sequence(root, "ReferencedStructureSetSequence")
    if len(items) > 1:
        raise fault("RTD009", root, "ReferencedStructureSetSequence", f"found {len(items)} items, expected one")
    return required_uid(items[0], "ReferencedSOPInstanceUID") if items else ""
