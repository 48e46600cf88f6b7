"""The benchmark case: a liver and lung patient of ellipsoids and tubes, whose volumes and doses are known as formulas.

Flat ends lie half a spacing beyond the last plane: no program could know them elsewhere.

Thirty regions, 1 to 25 cm long, about 285,000 contour points on planes 3 mm apart, a dose of 200 x 140 x 127 voxels of
2.5 mm with three targets of 50 Gy. Everything follows from the tables below; nothing is random but the points of the
truth, which have a fixed seed. `small` takes seven regions with few points and a coarse dose, for a run within seconds.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tests.bench.programs import METRICS
from tests.synthetic.attributes import Patient
from tests.synthetic.dicom import RoiSpec, ct_images, rt_dose, rt_plan, structure_set
from tests.synthetic.encode import write
from tests.synthetic.grid import GridSpec

SPACING = 3.0


@dataclass(frozen=True)
class Region:
    """An ellipsoid, or an elliptic cylinder along z with flat ends; centre and half axes in mm, LPS."""

    name: str
    kind: str
    centre: tuple[float, float, float]
    half: tuple[float, float, float]
    flat: bool = False

    @property
    def volume_cm3(self):
        a, b, c = self.half
        return (2 * np.pi if self.flat else 4 / 3 * np.pi) * a * b * c / 1000


def _lesion(name, centre, radius):
    return (
        Region(f"GTV_{name}", "GTV", centre, (radius, radius, radius)),
        Region(f"PTV_{name}", "PTV", centre, (radius + 5, radius + 5, radius + 7)),
    )


LESIONS = (("L1", (-60.0, -10.0, -32.0), 19.0), ("L2", (-78.0, 22.0, 79.0), 11.0), ("L3", (70.0, 30.0, 101.0), 7.5))
REGIONS = (
    Region("BODY", "EXTERNAL", (0, 0, 0), (190, 118, 148.5), flat=True),
    Region("Lung_R", "ORGAN", (-78, 5, 70), (58, 72, 68)),
    Region("Lung_L", "ORGAN", (80, 8, 74), (52, 70, 66)),
    Region("Liver", "ORGAN", (-62, -8, -42), (88, 68, 62)),
    Region("Heart", "ORGAN", (22, -44, 42), (50, 42, 44)),
    Region("Stomach", "ORGAN", (64, -30, -40), (44, 36, 46)),
    Region("Spleen", "ORGAN", (112, 40, -30), (30, 40, 46)),
    Region("Kidney_R", "ORGAN", (-62, 62, -96), (28, 24, 50)),
    Region("Kidney_L", "ORGAN", (62, 62, -84), (28, 24, 50)),
    Region("SpinalCord", "ORGAN", (0, 78, 0), (6.5, 5.5, 145.5), flat=True),
    Region("SpinalCanal", "ORGAN", (0, 78, 0), (10, 9, 145.5), flat=True),
    Region("Esophagus", "ORGAN", (6, 46, 78), (9, 8, 70.5), flat=True),
    Region("Trachea", "ORGAN", (0, 30, 120), (10, 9, 25.5), flat=True),
    Region("Aorta", "ORGAN", (16, 52, -9), (12, 12, 136.5), flat=True),
    Region("VenaCava", "ORGAN", (-18, 40, -39), (12, 10, 109.5), flat=True),
    Region("Duodenum", "ORGAN", (-16, 6, -98), (28, 22, 24)),
    Region("Bowel", "ORGAN", (24, -36, -112), (110, 48, 36)),
    Region("Gallbladder", "ORGAN", (-40, -50, -76), (14, 17, 26)),
    Region("Pancreas", "ORGAN", (26, 14, -74), (52, 14, 20)),
    Region("ChestWall_R", "ORGAN", (-156, 10, 30), (11, 54, 106.5), flat=True),
    Region("ChestWall_L", "ORGAN", (156, 10, 30), (11, 54, 106.5), flat=True),
    Region("Bronchus_R", "ORGAN", (-26, 28, 82), (12, 8, 13)),
    Region("Bronchus_L", "ORGAN", (26, 28, 84), (12, 8, 13)),
    *(region for lesion in LESIONS for region in _lesion(*lesion)),
    Region("ITV_L2", "CTV", (-78, 22, 79), (12.5, 12.5, 15)),
)  # fmt: skip


def dose_at(points):
    """Gy at points (..., 3) in mm: a Gaussian cloud and a wide tail about each target; smooth everywhere."""
    total = np.zeros(points.shape[:-1])
    for _, centre, radius in LESIONS:
        away2 = np.sum((points - np.asarray(centre)) ** 2, axis=-1)
        width = 1.35 * (radius + 5)
        total += 46.0 * np.exp(-0.5 * (away2 / width**2) ** 1.5) + 11.0 * np.exp(-0.5 * away2 / 80.0**2)
    return total


def contours(region, step_mm):
    """One polygon a plane, of the area of the true section; planes at multiples of 3 mm."""
    a, b, c = region.half
    first, last = (np.ceil((region.centre[2] - c) / SPACING + 1e-9), np.floor((region.centre[2] + c) / SPACING - 1e-9))
    out = []
    for z in np.arange(first, last + 1) * SPACING:
        share = 1.0 if region.flat else np.sqrt(max(1 - ((z - region.centre[2]) / c) ** 2, 0.0))
        if min(a, b) * share < 0.5:
            continue
        count = int(np.clip(2 * np.pi * np.sqrt(a * b) * share / step_mm, 24, 1200))
        angle = np.arange(count) * (2 * np.pi / count)
        grown = share * np.sqrt((2 * np.pi / count) / np.sin(2 * np.pi / count))
        out.append(np.column_stack([
            region.centre[0] + a * grown * np.cos(angle), region.centre[1] + b * grown * np.sin(angle),
            np.full(count, z),
        ]))  # fmt: skip
    return out


def truth(region, count):
    """Volume by formula, doses by stratified points in the solid itself under the formula of the dose."""
    rng = np.random.default_rng(20261122)
    n = round(count ** (1 / 3))
    u, v, w = ((index + rng.random(index.shape)) / n for index in np.indices((n, n, n)))
    # equal volumes: radius by its square (cylinder) or by the height's marginal (ellipsoid), angle and height uniform
    angle = 2 * np.pi * v
    if region.flat:
        radius, height = np.sqrt(u), 2 * w - 1
    else:
        radius3 = np.cbrt(u)
        height = radius3 * (2 * w - 1)
        radius = np.sqrt(np.maximum(radius3**2 - height**2, 0))
    unit = np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=-1).reshape(-1, 3)
    values = np.sort(dose_at(np.asarray(region.centre) + unit * region.half))
    at = (np.arange(len(values)) + 0.5) / len(values)
    out = {"Volume": region.volume_cm3, "Mean": float(values.mean())}
    return out | {name: float(np.interp(1 - float(name[1:]) / 100, at, values)) for name in METRICS[1:]}


def build(folder, *, small=False, images=False, copies=1):
    """Write ``export/{struct,plan,dose}.dcm``, ``truth.json`` and, when asked, CT images on the planes of the contours.

    `copies` repeats every region under names of their own.

    Returns:
        A description: numbers of regions, contours, points and voxels.
    """
    folder = Path(folder)
    step, spacing, shape = (6.0, 5.0, (64, 70, 100)) if small else (0.8, 2.5, (127, 140, 200))
    origin = tuple(-spacing * (n - 1) / 2 + shift for n, shift in zip(reversed(shape), (0.4, 0.7, 0.3)))
    patient = Patient("BENCH-0001", "Benchmark^Synthetic")
    regions = REGIONS[9::3] if small else REGIONS
    names = ["", *(f"_{copy}" for copy in range(2, copies + 1))]
    regions = [replace(region, name=f"{region.name}{name}") for name in names for region in regions]
    drawn = [contours(region, step) for region in regions]
    rois = [
        RoiSpec(region.name, number, rings, region.kind)
        for number, (region, rings) in enumerate(zip(regions, drawn), start=1)
    ]
    grid = GridSpec(origin, shape, (spacing, spacing), tuple(k * spacing for k in range(shape[0])))
    ct = []
    if images:
        z = np.arange(-51, 51) * SPACING
        hu = np.zeros((len(z), 256, 400), np.int16)
        ct = ct_images(hu, GridSpec((-250.0, -160.0, z[0]), hu.shape, (1.25, 1.25), tuple(z - z[0])), patient=patient)
    objects = {
        "struct": structure_set(rois, patient=patient, images=ct),
        "plan": rt_plan(patient=patient),
        "dose": rt_dose(dose_at, grid, bits=32, patient=patient),
    }
    for role, dataset in objects.items():
        write(dataset, folder / "export" / f"{role}.dcm")
    for index, dataset in enumerate(ct):
        write(dataset, folder / "images" / f"ct{index:03}.dcm")
    known = {region.name: truth(region, 20_000 if small else 1_000_000) for region in regions}
    (folder / "truth.json").write_text(json.dumps(known, indent=1))
    about = {
        "regions": len(regions),
        "contours": sum(map(len, drawn)),
        "points": sum(len(ring) for rings in drawn for ring in rings),
        "voxels": list(shape),
        "spacing": spacing,
        "small": small,
    }
    (folder / "about.json").write_text(json.dumps(about))
    return about


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Build the benchmark case.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--images", action="store_true")
    parser.add_argument("--copies", type=int, default=1)
    given = parser.parse_args()
    print(json.dumps(build(given.folder, small=given.small, images=given.images, copies=given.copies)))
