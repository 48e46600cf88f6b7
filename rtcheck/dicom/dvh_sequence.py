"""The vendor's own DVHs inside an RT Dose (PS3.3 §C.8.8.4): read for comparison only, so never fatal."""

from __future__ import annotations

import numpy as np

from rtcheck.dicom.attributes import (
    code,
    decimal,
    fault,
    required_decimals,
    required_integer,
    required_sequence,
    sequence,
)
from rtcheck.dicom.dataset import Dataset
from rtcheck.errors import DicomError
from rtcheck.model.arrays import frozen
from rtcheck.model.finding import Finding, finding
from rtcheck.model.grid import VendorDVH

__all__ = ["read_vendor_dvhs"]


def read_vendor_dvhs(root: Dataset, findings: list[Finding]) -> tuple[VendorDVH, ...]:
    """All items of DVHSequence that can be read, in file order; one finding (W) for those that cannot."""
    curves: list[VendorDVH] = []
    problems: list[str] = []
    try:
        items = sequence(root, "DVHSequence")
    except DicomError as error:
        items, problems = (), [error.problem]
    for item in items:
        try:
            curves.append(_read_item(item))
        except DicomError as error:
            problems.append(error.problem)
    if problems:
        message = f"{len(problems)} of the embedded DVHs cannot be read, so they cannot be compared"
        findings.append(finding("RTD222", root.source.label, message, first=problems[0]))
    return tuple(curves)


def _read_item(item: Dataset) -> VendorDVH:
    included: list[int] = []
    excluded: list[int] = []
    for reference in required_sequence(item, "DVHReferencedROISequence"):
        number = required_integer(reference, "ReferencedROINumber")
        (excluded if code(reference, "DVHROIContributionType") == "EXCLUDED" else included).append(number)
    values = required_decimals(item, "DVHData")
    bins = required_integer(item, "DVHNumberOfBins")
    if len(values) != 2 * bins:
        raise fault("RTD009", item, "DVHData", f"found {len(values)} values, {bins} bins need {2 * bins}")
    scaling = decimal(item, "DVHDoseScaling")
    return VendorDVH(
        roi_numbers=tuple(included),
        excluded_roi_numbers=tuple(excluded),
        kind=code(item, "DVHType"),
        dose_units=code(item, "DoseUnits"),
        dose_type=code(item, "DoseType"),
        volume_units=code(item, "DVHVolumeUnits"),
        scaling=1.0 if scaling is None else scaling,
        data=frozen(np.array(values).reshape(-1, 2)),
        minimum=decimal(item, "DVHMinimumDose"),
        maximum=decimal(item, "DVHMaximumDose"),
        mean=decimal(item, "DVHMeanDose"),
    )
