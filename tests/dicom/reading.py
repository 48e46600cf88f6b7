"""Helpers of the reader's tests: write datasets to a folder, read it, look at the findings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from pydicom import Dataset

from rtcheck.dicom.case import read_case
from rtcheck.model.case import Case
from rtcheck.model.finding import Finding
from tests.synthetic.dicom import GridSpec, RoiSpec, rt_dose, rt_plan, structure_set
from tests.synthetic.encode import encode

__all__ = ["GRID", "REAL", "all_findings", "codes", "dose", "plan", "read", "square", "struct"]

REAL = Path(__file__).parents[3] / "shared" / "data" / "real"

GRID = GridSpec((-10.0, -20.0, -30.0), (4, 3, 5), (2.0, 3.0), (0.0, 2.5, 5.0, 7.5))


def square(z: float, half: float = 10.0) -> np.ndarray:
    """A square around the z axis."""
    return np.array([(-half, -half, z), (half, -half, z), (half, half, z), (-half, half, z)])


def struct(*rois: RoiSpec, **options: object) -> Dataset:
    """A small structure set, of one ROI unless others are given; without approval, it ends with what it needs."""
    rois = rois or (RoiSpec("Heart", 1, [square(0.0), square(3.0)]),)
    return structure_set(rois, **{"approval": None, **options})


def plan(**options: object) -> Dataset:
    """A plan."""
    return rt_plan(**options)


def dose(**options: object) -> Dataset:
    """A dose that is different in every voxel."""
    values = options.pop("values", np.arange(60.0).reshape(4, 3, 5) / 10)
    return rt_dose(values, options.pop("grid", GRID), **options)


def read(folder: Path, *contents: Dataset | bytes, encoding: str = "explicit", **options: bool) -> Case:
    """Write each of `contents` (datasets, or finished bytes) below `folder` and read it as a case."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(contents):
        data = content if isinstance(content, bytes) else encode(content, encoding)
        (folder / f"{number}.dcm").write_bytes(data)
    return read_case([folder], **options)


def all_findings(case: Case) -> list[Finding]:
    """Those of the case, of its objects and of their ROIs."""
    objects = (*case.plans, *case.doses, *case.structure_sets)
    rois = [roi for structures in case.structure_sets for roi in structures.rois]
    return [note for holder in (case, *objects, *rois) for note in holder.findings]


def codes(case_or_findings: Case | Iterable[Finding]) -> list[str]:
    """Code and severity of each finding, such as "RTD208F", sorted."""
    notes = all_findings(case_or_findings) if isinstance(case_or_findings, Case) else case_or_findings
    return sorted(note.code + note.severity for note in notes)
