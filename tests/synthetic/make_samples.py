"""Write the DICOM files of the sample patients: ``python -m tests.synthetic.make_samples`` from the repository root.

The same code gives the same bytes on every machine: no clock, no random numbers of a library, values rounded before
they are stored. Registry, protocol and README files of `sample_dicom` are written by hand and left alone.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from tests.synthetic.clouds import dose_on_plane
from tests.synthetic.dicom import (
    BeamSpec,
    DoseReferenceSpec,
    GridSpec,
    RoiSpec,
    box_grid,
    ct_images,
    rt_dose,
    rt_plan,
    structure_set,
)
from tests.synthetic.encode import write
from tests.synthetic.isolines import rings
from tests.synthetic.samples import SAMPLES, Sample
from tests.synthetic.solids import Plane, Solid
from tests.synthetic.torso import lesion_solids, torso_solids

__all__ = ["export", "main"]

BOTTOM, TOP, SLICE = -180.0, 186.0, 3.0
CT_GRID = GridSpec((-203.2, -152.0, BOTTOM), (123, 96, 128), (3.2, 3.2), tuple(SLICE * k for k in range(123)))
DOSE_GRID = box_grid((-181.0, -114.0, -184.0), (181.5, 121.0, 191.0), (2.5, 2.5, 2.5))
DOSE_STEP = "0.001"  # Gy: 1 mGy, 0.002 % of the prescription, and 65 Gy fits into 16 bit
RING_GRID_MM = 2.0
WIDE_RINGS = {"BODY": 7.0, "Skin": 7.0, "Chestwall": 5.5}
"""Vertex spacing of the long, smooth outlines; 4 mm elsewhere."""

# Hounsfield units, painted in this order; names with an underscore are tissues without a contour of their own
TISSUES: tuple[tuple[str, float], ...] = (
    ("BODY", -95), ("_lean", 48), ("_inner", -88), ("_process", 240), ("_spine", 260), ("SpinalCanal", 32),
    ("Rib", 300), ("Lung_R", -810), ("Lung_L", -815), ("Heart", 42), ("GreatVes", 118), ("Esophagus", 34),
    ("Bronchus_Main", -920), ("Bronchus_Small", -880), ("Trachea", -960), ("Liver", 62),
    ("Gallbladder", 12), ("BileDuct_Common", 14), ("Spleen", 54),
    ("Kidney_L", 96), ("Kidney_R", 95), ("Stomach", 26), ("Duodenum", 30),
    ("Colon", 8), ("Bowel_Small", 24),
)
LESION_HU = {"L1": 44, "L2": 40, "L3": 34, "L4": 130, "L5": 36}


def export(sample: Sample, folder: Path) -> list[Path]:
    """Write one patient's CT, structure set, plan and dose into `folder`; return the paths."""
    organs, targets = torso_solids(sample.shape), lesion_solids(sample.shape)
    near = _near(organs)
    hounsfield = _hounsfield(organs, targets, near, sample.folder)
    ct = ct_images(hounsfield, CT_GRID, seed=sample.folder, patient=sample.patient)
    rois = _rois(sample, organs, targets, near)
    numbers = {roi.name: roi.number for roi in rois}
    dose = np.stack([dose_on_plane(sample.clouds, targets, organs, plane) for plane in _planes(DOSE_GRID)])
    plan = rt_plan(
        seed=sample.folder, patient=sample.patient, label=sample.label, fractions=5, beams=_beams(sample),
        dose_references=[
            DoseReferenceSpec(i, cloud.dose_gy, numbers[f"PTV_{cloud.lesion.id}"], description=f"PTV_{cloud.lesion.id}")
            for i, cloud in enumerate(sample.clouds, start=1)
        ],
    )
    objects: list[tuple[str, Dataset]] = [(f"CT.{k:03d}.dcm", image) for k, image in enumerate(ct)]
    objects += [
        (f"RS.{sample.folder}.dcm", structure_set(rois, seed=sample.folder, patient=sample.patient, images=ct)),
        (f"RP.{sample.folder}.dcm", plan),
        (
            f"RD.{sample.folder}.dcm",
            rt_dose(dose, DOSE_GRID, seed=sample.folder, patient=sample.patient, scaling=DOSE_STEP),
        ),
    ]
    return [write(ds, folder / name) for name, ds in objects]


def _planes(grid: GridSpec) -> list[Plane]:
    """The planes of an unturned grid."""
    _, ny, nx = grid.shape
    x = (grid.origin[0] + grid.spacing[1] * np.arange(nx))[None, :]
    y = (grid.origin[1] + grid.spacing[0] * np.arange(ny))[:, None]
    return [Plane(x, y, grid.origin[2] + offset) for offset in grid.planes]


def _near(organs: Mapping[str, Solid]) -> list[set[str]]:
    """For each CT plane the organs that a coarse look finds on it or close to it: the others need no second look."""
    found = []
    for fine in _planes(CT_GRID):
        coarse = Plane(np.arange(-200.0, 201.0, 8.0)[None, :], np.arange(-136.0, 137.0, 8.0)[:, None], fine.z)
        found.append({name for name, solid in organs.items() if solid(coarse).min() < 10.0})
    return found


def _rois(
    sample: Sample, organs: Mapping[str, Solid], targets: Mapping[str, tuple[Solid, Solid]], near: list[set[str]],
) -> list[RoiSpec]:
    solids = {name: solid for name, solid in organs.items() if not name.startswith("_")}
    solids = {"BODY": solids.pop("BODY")} | dict(sorted(solids.items()))
    for name, (gtv, ptv) in targets.items():
        solids[f"GTV_{name}"] = gtv
        if name not in sample.without_ptv:
            solids[f"PTV_{name}"] = ptv
    x = np.arange(-199.37, 200.0, RING_GRID_MM)
    y = np.arange(-139.21, 140.0, RING_GRID_MM)
    contours: dict[str, list[NDArray[np.float64]]] = {name: [] for name in solids}
    for k, z in enumerate(np.arange(BOTTOM, TOP + 1, SLICE)):
        plane = Plane(x[None, :], y[:, None], float(z))
        for name, solid in solids.items():
            if name in organs and name not in near[k]:
                continue
            for ring in rings(solid(plane), x, y, spacing=WIDE_RINGS.get(name, 4.0)):
                contours[name].append(np.column_stack([ring, np.full(len(ring), z)]))
    kinds = {"BODY": "EXTERNAL"}
    return [
        RoiSpec(name, number, contours[name], kinds.get(name, name[:3] if name[:4] in {"GTV_", "PTV_"} else "ORGAN"))
        for number, name in enumerate(solids, start=1)
    ]


def _beams(sample: Sample) -> list[BeamSpec]:
    """Two arcs for each treated lesion, and a setup beam."""
    beams = []
    for i, cloud in enumerate(sample.clouds):
        name = cloud.lesion.id
        beams.append(BeamSpec(2 * i + 1, f"{name} CW", meterset=1200.0 + 35 * i, gantry=(181.0, 179.0)))
        beams.append(BeamSpec(2 * i + 2, f"{name} CCW", meterset=1150.0 + 35 * i, gantry=(179.0, 181.0)))
    return [*beams, BeamSpec(99, "CBCT", "SETUP", gantry=(0.0, 0.0))]


def _hounsfield(
    organs: Mapping[str, Solid], targets: Mapping[str, tuple[Solid, Solid]], near: list[set[str]], seed: str,
) -> NDArray[np.int16]:
    """CT numbers (nz, ny, nx): tissues painted over each other with soft edges, plus a fine repeatable texture."""
    solids = dict(organs)
    painted = [*TISSUES, *((f"GTV_{name}", value) for name, value in LESION_HU.items())]
    solids |= {f"GTV_{name}": gtv for name, (gtv, _) in targets.items()}
    images = []
    for k, plane in enumerate(_planes(CT_GRID)):
        hu = np.full(CT_GRID.shape[1:], -1000.0)
        for name, value in painted:
            if name in organs and name not in near[k]:
                continue
            share = np.clip(0.5 - solids[name](plane) / CT_GRID.spacing[0], 0, 1)
            hu = hu + (value - hu) * share
        inside = organs["BODY"](plane) < 0
        images.append(np.rint(hu + np.where(inside, _texture(k, seed), 0)))
    return np.stack(images).astype(np.int16)


def _texture(k: int, seed: str) -> NDArray[np.float64]:
    """About ±12 HU (ny, nx) from integer arithmetic alone, so that it is the same everywhere."""
    ny, nx = CT_GRID.shape[1:]
    j, i = np.mgrid[0:ny, 0:nx].astype(np.uint64)
    value = i * np.uint64(73856093) + j * np.uint64(19349663) + np.uint64(k * 83492791 + sum(seed.encode()))
    for shift in (13, 7, 17):
        value = (value ^ (value >> np.uint64(shift))) * np.uint64(0x9E3779B1) & np.uint64(0xFFFFFFFF)
    return (value >> np.uint64(20)).astype(float) / 4096 * 24 - 12


def main(root: Path | None = None) -> None:
    """Rebuild every sample below `root`, by default ``sample_dicom`` of the current directory."""
    root = root or Path("sample_dicom")
    for sample in SAMPLES:
        folder = root / sample.folder / "export"
        for stale in folder.glob("*.dcm"):
            stale.unlink()
        paths = export(sample, folder)
        size = sum(path.stat().st_size for path in paths)
        print(f"{folder}: {len(paths)} files, {size / 1e6:.1f} MB", file=sys.stderr)


if __name__ == "__main__":
    main()
