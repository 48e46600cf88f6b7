"""A small box patient with closed-form volumes and doses, and the registry and protocol texts that go with it.

Contours lie on planes 3 mm apart; a box of n planes has the volume area × n × 3 mm with half-slice caps.
The default dose is a step: `HIGH_GY` in each PTV and 9 mm around it, `LOW_GY` elsewhere, so that target metrics
are exactly `HIGH_GY`, those of the cord exactly `LOW_GY`, and the verdict of the default case is PASS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from tests.synthetic.dicom import (
    DoseReferenceSpec,
    GridSpec,
    Patient,
    RoiSpec,
    box_grid,
    rt_dose,
    rt_plan,
    structure_set,
)
from tests.synthetic.encode import Encoding, write

__all__ = [
    "BOXES",
    "GRID",
    "HIGH_GY",
    "LOW_GY",
    "PROTOCOL",
    "REGISTRY",
    "SimpleCase",
    "box_contours",
    "box_roi",
    "box_volume_cc",
    "linear",
    "simple_case",
    "simple_datasets",
    "step",
    "uniform",
]

SPACING = 3.0
HIGH_GY, LOW_GY = 53.0, 2.0

# x, y and plane z limits in mm; planes are multiples of the spacing
BOXES: dict[str, tuple[str, tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "BODY": ("EXTERNAL", (-72, 72), (-60, 60), (-54, 63)),
    "Liver": ("ORGAN", (-60, 0), (-45, 25), (-45, 9)),
    "Lung_R": ("ORGAN", (-60, -8), (-45, 40), (18, 57)),
    "Lung_L": ("ORGAN", (8, 60), (-45, 40), (18, 57)),
    "SpinalCord": ("ORGAN", (-5, 5), (42, 52), (-54, 63)),
    "GTV_L1": ("GTV", (-42, -24), (-18, 0), (-24, -9)),
    "PTV_L1": ("PTV", (-46, -20), (-22, 4), (-27, -6)),
    "GTV_L2": ("GTV", (27, 41), (-12, 2), (30, 42)),
    "PTV_L2": ("PTV", (23, 45), (-16, 6), (27, 45)),
}
"""Name to interpreted type and limits. ROI numbers follow this order from 1."""

GRID = box_grid((-78, -66, -63), (78, 66, 72))
"""The default dose grid: 3 mm, with a margin round the body, so that nothing lies outside."""

REGISTRY = """\
schema = "rtcheck.registry/1"

[patient]
id = "TEST-0001"
age = 61
sex = "F"
ecog = 1

[trial]
id = "NCT06946849"
arm = "2L+RT"

[lung]
impaired = "no"
fev1_l = 2.4
fev1_percent = 88
prior_irradiation = false
interstitial_disease = false
home_oxygen = false

[liver]
child_pugh = "A"

[[lesion]]
id = "L1"
organ = "liver"
kind = "primary"
status = "active"
measurable = true
gtv = ["GTV_L1"]
ptv = ["PTV_L1"]
dose_gy = 50.0
fractions = 5

[[lesion]]
id = "L2"
organ = "lung"
kind = "organ_metastasis"
status = "active"
measurable = true
gtv = ["GTV_L2"]
ptv = ["PTV_L2"]
dose_gy = 50.0
fractions = 5
"""

PROTOCOL = """\
schema = "rtcheck.protocol/1"
id = "simple"
title = "Small protocol for tests"
version = "1.0.0"
status = "approved"
approved_by = "the tests"
approved_on = 2026-03-02

[lesions]
max_total = 5
max_per_organ = 3
regional_nodes_count_as_one = true
min_measurable = 1

[trial]
id = "NCT06946849"
consolidative_arms = ["2L+RT"]

[[constraint]]
id = "T.PTV.V100"
structure = "@lesion.ptv"
metric = "V100%[%]"
goal = ">= 95 %"
variation = ">= 90 %"
priority = "mandatory"
source = "SITE-DEFAULT"

[[constraint]]
id = "T.GTV.D99"
structure = "@lesion.gtv"
metric = "D99%[%]"
goal = ">= 100 %"
priority = "mandatory"
source = "SITE-DEFAULT"

[[constraint]]
id = "T.LiverGTV.Mean"
structure = "Liver - @gtv"
metric = "Mean[Gy]"
goal = "<= 25 Gy"
priority = "mandatory"
source = "SITE-DEFAULT"

[[constraint]]
id = "T.Cord.D0.035cc"
structure = "SpinalCord"
metric = "D0.035cc[Gy]"
goal = "<= 23 Gy"
priority = "mandatory"
source = "SITE-DEFAULT"

[[constraint]]
id = "T.Lungs.V20"
structure = "(Lung_L | Lung_R) - @gtv"
metric = "V20Gy[%]"
goal = "<= 25 %"
priority = "optimal"
source = "SITE-DEFAULT"
"""

DoseFunction = Callable[[NDArray[np.float64]], Any]


@dataclass(frozen=True)
class SimpleCase:
    """Where `simple_case` put things. `files` by role: struct, plan, dose."""

    folder: Path
    registry: Path
    protocol: Path
    files: Mapping[str, Path]


def uniform(dose_gy: float) -> DoseFunction:
    """The same dose everywhere."""
    return lambda points: np.full(points.shape[:-1], dose_gy)


def linear(at_origin_gy: float, gradient_gy_per_mm: Sequence[float]) -> DoseFunction:
    """Dose ``at_origin + gradient · p``, never below zero; trilinear interpolation gives it back exactly."""
    return lambda points: np.maximum(at_origin_gy + points @ np.asarray(gradient_gy_per_mm, float), 0.0)


def step(
    names: Sequence[str] = ("PTV_L1", "PTV_L2"), high_gy: float = HIGH_GY, low_gy: float = LOW_GY, margin: float = 9.0
) -> DoseFunction:
    """`high_gy` at voxels inside the boxes `names` widened by `margin` mm, else `low_gy`."""

    def dose(points: NDArray[np.float64]) -> NDArray[np.float64]:
        inside = np.zeros(points.shape[:-1], bool)
        for name in names:
            limits = np.asarray(BOXES[name][1:])
            inside |= np.all((points >= limits[:, 0] - margin) & (points <= limits[:, 1] + margin), axis=-1)
        return np.where(inside, high_gy, low_gy)

    return dose


def box_contours(
    x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], spacing: float = SPACING
) -> list[NDArray[np.float64]]:
    """One rectangle on each plane from z[0] to z[1], both included."""
    planes = z[0] + spacing * np.arange(round((z[1] - z[0]) / spacing) + 1)
    return [np.array([(x[0], y[0], w), (x[1], y[0], w), (x[1], y[1], w), (x[0], y[1], w)], float) for w in planes]


def box_roi(name: str, number: int, **changes: Any) -> RoiSpec:
    """The ROI `name` of `BOXES`."""
    kind, x, y, z = BOXES[name]
    return RoiSpec(name, number, box_contours(x, y, z), kind, **changes)


def box_volume_cc(name: str) -> float:
    """Volume of a box of `BOXES` with half-slice caps, in cm³."""
    _, x, y, z = BOXES[name]
    return (x[1] - x[0]) * (y[1] - y[0]) * (z[1] - z[0] + SPACING) / 1000.0


def simple_datasets(
    *,
    dose: DoseFunction | NDArray[np.float64] | None = None,
    grid: GridSpec = GRID,
    bits: int = 16,
    rois: Sequence[RoiSpec] | None = None,
    seed: str = "simple",
    patient: Patient | None = None,
    fractions: int | None = 5,
    plan_kind: str = "RT",
) -> dict[str, Dataset]:
    """The three objects of the box patient by role (struct, plan, dose), before anything is written."""
    patient = patient or Patient()
    if rois is None:
        rois = [box_roi(name, number) for number, name in enumerate(BOXES, start=1)]
    numbers = {roi.name: roi.number for roi in rois}
    references = [
        DoseReferenceSpec(index, 50.0, numbers[name], description=name)
        for index, name in enumerate((name for name in ("PTV_L1", "PTV_L2") if name in numbers), start=1)
    ]
    return {
        "struct": structure_set(rois, seed=seed, patient=patient),
        "plan": rt_plan(
            seed=seed, kind=plan_kind, fractions=fractions, dose_references=references, label="SIMPLE", patient=patient
        ),
        "dose": rt_dose(
            step() if dose is None else dose, grid, seed=seed, bits=bits, plan_kind=plan_kind, patient=patient
        ),
    }


def simple_case(
    folder: Path,
    *,
    mutate: Callable[[dict[str, Dataset]], None] | None = None,
    mutate_bytes: Mapping[str, Callable[[bytes], bytes]] | None = None,
    encoding: Encoding = "explicit",
    header: bool = True,
    undefined_lengths: bool = False,
    registry: str = REGISTRY,
    protocol: str = PROTOCOL,
    **options: Any,
) -> SimpleCase:
    """Write the box patient under `folder`: ``export/*.dcm``, ``registry.toml``, ``protocol.toml``.

    Args:
        folder: made if need be.
        mutate: gets the datasets by role before writing; it may change, add or delete entries.
        mutate_bytes: by role, what to do to the finished bytes.
        encoding, header, undefined_lengths: as for `tests.synthetic.encode.encode`; "rle" is for objects with pixels.
        registry, protocol: texts of the two files.
        options: of `simple_datasets`.
    """
    datasets = simple_datasets(**options)
    if mutate is not None:
        mutate(datasets)
    export = folder / "export"
    export.mkdir(parents=True, exist_ok=True)
    files = {}
    for role, ds in datasets.items():
        actual: Encoding = "explicit" if encoding == "rle" and "PixelData" not in ds else encoding
        path = write(ds, export / f"{role}.dcm", actual, header=header, undefined_lengths=undefined_lengths)
        if mutate_bytes and role in mutate_bytes:
            path.write_bytes(mutate_bytes[role](path.read_bytes()))
        files[role] = path
    (folder / "registry.toml").write_text(registry, encoding="utf-8")
    (folder / "protocol.toml").write_text(protocol, encoding="utf-8")
    return SimpleCase(export, folder / "registry.toml", folder / "protocol.toml", files)
