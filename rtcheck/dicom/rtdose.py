"""RT Dose to `DoseGrid` (PS3.3 §C.8.8.3): stored integer times DoseGridScaling is dose in Gy."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rtcheck.dicom.attributes import (
    attempt,
    code,
    codes,
    decimal,
    fault,
    has,
    named_objects,
    point,
    required_code,
    required_integer,
    required_uid,
    sequence,
    timestamp,
)
from rtcheck.dicom.dataset import Dataset
from rtcheck.dicom.dvh_sequence import read_vendor_dvhs
from rtcheck.dicom.grid_geometry import read_geometry
from rtcheck.dicom.pixels import read_stored_values
from rtcheck.dicom.zero_fill import zero_fill_findings
from rtcheck.errors import DicomError
from rtcheck.model.arrays import frozen
from rtcheck.model.finding import Finding, finding
from rtcheck.model.grid import DoseGrid, SummationType

__all__ = ["read_dose"]

_SUMMATION_TYPES = get_args(SummationType)
MAX_DOSE_GY = 1e6
"""A higher dose is a damaged scale: products are sterilised with 2.5e4 Gy. Below it every power that is used is finite.
"""
_CORRECTIONS = ("IMAGE", "ROI_OVERRIDE", "WATER")


def read_dose(root: Dataset, transfer_syntax: str) -> DoseGrid:
    """Read a dose grid.

    Raises:
        DicomError: the object cannot be used.
    """
    label = root.source.label
    findings: list[Finding] = []
    units = code(root, "DoseUnits")
    if units != "GY":
        raise fault("RTD201", root, "DoseUnits", f"found {units!r}, expected 'GY'; export absolute dose in Gy")
    dose_type = _dose_type(root)
    stated = required_code(root, "DoseSummationType", _SUMMATION_TYPES)
    summation: SummationType = stated  # type: ignore[assignment]  # refused above unless it is one of the types
    scaling = decimal(root, "DoseGridScaling", "RTD206")
    if scaling is None or not scaling > 0:
        found = "absent" if scaling is None else f"found {scaling:g}"
        raise fault("RTD206", root, "DoseGridScaling", f"{found}, expected a positive number of Gy per unit")
    geometry, reverse = read_geometry(root, findings)
    stored = read_stored_values(root, transfer_syntax, geometry.shape)
    highest = float(np.max(stored, initial=0)) * scaling
    if highest > MAX_DOSE_GY:
        problem = f"found {scaling:g}, by which the highest dose is {highest:g} Gy, as in no patient; export again"
        raise fault("RTD206", root, "DoseGridScaling", problem)
    saturated = _check_saturation(stored, label, findings)
    findings += zero_fill_findings(stored, label)
    if has(root, "RescaleSlope") or has(root, "RescaleIntercept"):
        message = "RescaleSlope (0028,1053) or RescaleIntercept is present; it is no part of RT Dose and is ignored"
        findings.append(finding("RTD014", label, message, "I"))
    plan_uids, groups, beams = _references(root, findings)
    correction, transform = _caveats(root, findings)
    return DoseGrid(
        geometry=geometry,
        stored=frozen(stored[::-1] if reverse else stored),
        scaling_gy=scaling,
        dose_type=dose_type,
        summation_type=summation,
        sop_instance_uid=required_uid(root, "SOPInstanceUID"),
        plan_uids=plan_uids,
        fraction_group=groups[0] if len(groups) == 1 else None,
        beams=beams,
        heterogeneity_correction=correction,
        spatial_transform=transform,
        saturated=saturated,
        created=timestamp(root, ("InstanceCreationDate", "InstanceCreationTime"), ("ContentDate", "ContentTime")),
        source=label,
        dvh_sequence=read_vendor_dvhs(root, findings),
        findings=tuple(findings),
        fraction_groups=groups,
        normalisation_point_mm=point(root, "NormalizationPoint", findings),
        structure_set_uids=_structure_sets(root, findings),
        named=named_objects(root, "ReferencedRTPlanSequence", "ReferencedStructureSetSequence"),
    )


def _check_saturation(stored: NDArray[Any], label: str, findings: list[Finding]) -> bool:
    """Whether values seem clipped at the largest integer: more than one voxel has it.

    Systems that scale each grid to the full range (RayStation does) put exactly one voxel there; a clipped maximum is a
    plateau.
    """
    largest = (1 << 8 * stored.itemsize) - 1
    count = int(np.count_nonzero(stored == largest))
    if count > 1:
        message = f"{count} voxels have {largest}, the largest value their bits can hold: the dose is clipped there"
        findings.append(finding("RTD217", label, message))
    elif count == 1:
        message = f"one voxel has the largest value {largest}: the grid is scaled to its full range"
        findings.append(finding("RTD217", label, message, "I"))
    return count > 1


def _dose_type(root: Dataset) -> Literal["PHYSICAL", "EFFECTIVE"]:
    found = required_code(root, "DoseType", ("PHYSICAL", "EFFECTIVE", "ERROR"))
    if found == "ERROR":
        raise fault("RTD201", root, "DoseType", "found 'ERROR': a difference of doses, not a dose")
    return "PHYSICAL" if found == "PHYSICAL" else "EFFECTIVE"


def _references(root: Dataset, findings: list[Finding]) -> tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]:
    """Plans, fraction groups, and beams or brachy setups whose dose this is."""
    plans = sequence(root, "ReferencedRTPlanSequence")
    groups = [group for plan in plans for group in sequence(plan, "ReferencedFractionGroupSequence")]
    beams: list[int] = []
    for parent in (*plans, *groups):
        beams += [required_integer(item, "ReferencedBeamNumber") for item in sequence(parent, "ReferencedBeamSequence")]
        beams += [
            required_integer(item, "ReferencedBrachyApplicationSetupNumber")
            for item in sequence(parent, "ReferencedBrachyApplicationSetupSequence")
        ]
    if len(set(beams)) < len(beams):
        raise DicomError("RTD010", root.source.label, "the same beam or setup is referenced twice")
    numbers = [required_integer(group, "ReferencedFractionGroupNumber") for group in groups]
    if len(numbers) > 1:
        message = f"the dose refers to {len(numbers)} fraction groups; at most one is supported"
        findings.append(finding("RTD502", root.source.label, message))
    plan_uids = tuple(required_uid(plan, "ReferencedSOPInstanceUID") for plan in plans)
    return plan_uids, tuple(numbers), tuple(beams)


def _structure_sets(root: Dataset, findings: list[Finding]) -> tuple[str, ...]:
    """Structure sets that the dose names, for its DVHs; one that cannot be read is a warning."""
    items = sequence(root, "ReferencedStructureSetSequence")
    found = [attempt(findings, "W", "", required_uid, item, "ReferencedSOPInstanceUID") for item in items]
    return tuple(uid for uid in found if uid)


def _caveats(root: Dataset, findings: list[Finding]) -> tuple[tuple[str, ...], str]:
    """Heterogeneity correction and spatial transform: reported when the dose is not that of the imaged patient."""
    label = root.source.label
    correction = attempt(findings, "W", (), codes, root, "TissueHeterogeneityCorrection")
    unknown = sorted(set(correction) - set(_CORRECTIONS))
    if "IMAGE" not in correction or "WATER" in correction or unknown:
        found = "/".join(correction) or "absent"
        message = f"TissueHeterogeneityCorrection (3004,0014) is {found}: use of the patient's densities is not sure"
        findings.append(finding("RTD221", label, message))
    transform = attempt(findings, "W", "", code, root, "SpatialTransformOfDose")
    if transform not in ("", "NONE"):
        message = f"SpatialTransformOfDose (3004,0005) is {transform}: the dose was moved"
        findings.append(finding("RTD221", label, message))
    return correction, transform
