"""The exports that mutation starts from: small patients in many encodings and forms, the samples, the real exports.

A seed is a handful of files as bytes with the registry and protocol that go with them. The small ones have two
structures of a few contours and a dose of a few hundred voxels, so that a whole check takes tens of milliseconds.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from tests.acceptance.kit import COVERAGE, LESIONS, constraint, protocol_text, registry_text
from tests.synthetic.dicom import DoseReferenceSpec, RoiSpec, box_grid, rt_dose, rt_plan, set_raw, structure_set
from tests.synthetic.encode import encode
from tests.synthetic.simple import box_contours

__all__ = ["SEEDS", "Seed", "build", "datasets", "small_files"]

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_dicom"
REAL = ROOT.parent / "shared" / "data" / "real"

LOW, HIGH = (-20.0, -20.0, -15.0), (20.0, 36.0, 15.0)
PTV = ((-10, 10), (-10, 10), (-6, 6))
CORD = ((-4, 4), (22, 30), (-6, 6))
BODY = ((-18, 18), (-18, 33), (-12, 12))
TARGET_GY, CORD_GY = 53.0, 6.0


@dataclass(frozen=True)
class Seed:
    """One export.

    Attributes:
        files: name to bytes.
        registry, protocol: texts of the two files.
        values: whether the independent oracle can compute its metrics (prisms of axial contours, one dose).
        weight: how often it is chosen, relative to the others.
    """

    files: Mapping[str, bytes]
    registry: str
    protocol: str
    values: bool = True
    weight: int = 10

    def write(self, root: Path, files: Mapping[str, bytes] | None = None) -> None:
        """Write the export, or other files in its place, with registry and protocol below a folder."""
        (root / "export").mkdir(parents=True, exist_ok=True)
        for name, data in (self.files if files is None else files).items():
            (root / "export" / name).write_bytes(data)
        (root / "registry.toml").write_text(self.registry, encoding="utf-8")
        (root / "protocol.toml").write_text(self.protocol, encoding="utf-8")


def dose_at(points: np.ndarray) -> np.ndarray:
    """A plateau round the target that falls towards the cord, with a slight tilt; in Gy at points (..., 3).

    It is level as far as any interpolation of the dose in target and cord reaches: the grid is fine enough for it.
    """
    fall = np.clip((points[..., 1] - 13.5) / 4.0, 0.0, 1.0)
    return TARGET_GY - (TARGET_GY - CORD_GY) * fall + 0.01 * points[..., 0]


def rois(**changes: RoiSpec) -> list[RoiSpec]:
    """A target, a piece of cord, and the body round both."""
    found = {
        "PTV_L1": RoiSpec("PTV_L1", 1, box_contours(*PTV, 3.0), "PTV", volume_cc=6.0),
        "SpinalCord": RoiSpec("SpinalCord", 2, box_contours(*CORD, 3.0), "ORGAN"),
        "BODY": RoiSpec("BODY", 3, box_contours(*BODY, 3.0), "EXTERNAL"),
    }
    found.update(changes)
    return list(found.values())


def datasets(
    *,
    position: str = "HFS",
    descending: bool = False,
    absolute: bool = False,
    bits: int = 16,
    structures: list[RoiSpec] | None = None,
    plan: Mapping[str, Any] | None = None,
    dose: Callable[[np.ndarray], np.ndarray] = dose_at,
    steps: tuple[float, float, float] = (3.0, 3.0, 3.0),
) -> dict[str, pydicom.Dataset]:
    """The small patient: struct, plan, dose, before anything is written."""
    grid = box_grid(LOW, HIGH, steps, position=position, descending=descending, absolute=absolute)
    options = {"fractions": 5, "dose_references": [DoseReferenceSpec(1, 50.0, 1)], **(plan or {})}
    return {
        "struct": structure_set(rois() if structures is None else structures),
        "plan": rt_plan(**options),
        "dose": rt_dose(dose, grid, bits=bits, plan_kind=options.get("kind", "RT")),
    }


def _registry(**changes: Any) -> str:
    lesion = {key: value for key, value in LESIONS[0].items() if key != "gtv"}
    return registry_text(lesions=[{**lesion, **changes}])


def _protocol(*, model: str = "prism", cord: str = "<= 10 Gy", variation: str | None = None) -> str:
    limit = constraint("cord", goal=cord, **({"variation": variation} if variation else {}))
    return protocol_text(limit, constraint("mean", metric="Mean[Gy]"), conventions={"structure_model": model})


def _encoded(objects: Mapping[str, pydicom.Dataset], encoding: str = "explicit", **options: Any) -> dict[str, bytes]:
    return {
        f"{role}.dcm": encode(ds, "explicit" if encoding == "rle" and "PixelData" not in ds else encoding, **options)
        for role, ds in objects.items()
    }


def _small(
    objects: Mapping[str, pydicom.Dataset] | None = None,
    encoding: str = "explicit",
    *,
    registry: str | None = None,
    protocol: str | None = None,
    values: bool = True,
    **options: Any,
) -> Seed:
    files = _encoded(objects or datasets(), encoding, **options)
    return Seed(files, registry or _registry(), protocol or _protocol(), values)


def _holes() -> Seed:
    """Target with a hole by the exclusive-or type; cord with a keyhole."""
    outer, inner = box_contours(*PTV, 3.0), box_contours((-3, 3), (-3, 3), PTV[2], 3.0)
    loops = [loop for pair in zip(outer, inner, strict=True) for loop in pair]
    keys = []
    for loop in box_contours(*CORD, 3.0):
        z = loop[0, 2]
        ring = [(-2, 24, z), (-2, 28, z), (2, 28, z), (2, 24, z), (-2, 24, z)]
        keys.append(np.array([*loop.tolist(), loop[0].tolist(), *ring]))
    target = RoiSpec("PTV_L1", 1, loops, "PTV", "CLOSEDPLANAR_XOR")
    return _small(datasets(structures=rois(PTV_L1=target, SpinalCord=RoiSpec("SpinalCord", 2, keys))))


def _chinese() -> Seed:
    """Names in GB18030 that the registry and the protocol use as they are."""
    objects = datasets()
    struct = objects["struct"]
    struct.SpecificCharacterSet = "GB18030"
    for item, name in zip(struct.StructureSetROISequence, ("\u809d\u9776\u533a", "\u810a\u9ad3"), strict=False):
        set_raw(item, "ROIName", name.encode("gb18030"))
    row = constraint("cord", structure="\u810a\u9ad3")
    text = protocol_text(row, conventions={"structure_model": "prism"})
    return _small(objects, registry=_registry(ptv=["\u809d\u9776\u533a"]), protocol=text)


def _share(share: float, points: Any) -> Any:
    """A share of the dose."""
    return dose_at(points) * share


def _beams() -> Seed:
    """Two doses by beam, 32 bits, that together are the plan's."""
    from tests.synthetic.dicom import BeamSpec

    beams = [BeamSpec(1, "A", dose_gy=5.0, meterset=100.0), BeamSpec(2, "B", dose_gy=5.0, meterset=100.0)]
    objects = datasets(plan={"beams": beams})
    grid = box_grid(LOW, HIGH, (3.0, 3.0, 3.0))
    del objects["dose"]
    for number in (1, 2):
        part = partial(_share, number / 3)
        objects[f"dose{number}"] = rt_dose(
            part, grid, bits=32, summation="BEAM", beams=[number], role=f"dose{number}"
        )
    return _small(objects, values=False)


def _gap() -> Seed:
    """A cord that lacks a slice: the verdict cannot be PASS."""
    loops = box_contours(*CORD, 3.0)
    del loops[2]
    return _small(datasets(structures=rois(SpinalCord=RoiSpec("SpinalCord", 2, loops))))


def _turned() -> Seed:
    """Feet first and prone, offsets that fall, the other structure model."""
    objects = datasets(position="FFP", descending=True)
    return _small(objects, undefined_lengths=True, protocol=_protocol(model="shape"), values=False)


def _sample() -> Seed:
    """The first sample patient, cropped: three structures, every second contour point dropped, a coarser dose."""
    export = SAMPLES / "icc-0001" / "export"
    struct, plan, dose = (pydicom.dcmread(next(export.glob(f"{kind}.*.dcm"))) for kind in ("RS", "RP", "RD"))
    kept = {"PTV_L3", "SpinalCord", "GTV_L3"}
    for ds in (struct, plan, dose):
        deque(ds.iterall(), maxlen=0)  # pydicom reads late; the encoder wants elements
    numbers = {item.ROINumber for item in struct.StructureSetROISequence if item.ROIName in kept}
    for keyword, key in (
        ("StructureSetROISequence", "ROINumber"),
        ("ROIContourSequence", "ReferencedROINumber"),
        ("RTROIObservationsSequence", "ReferencedROINumber"),
    ):
        setattr(struct, keyword, [item for item in struct[keyword].value if item[key].value in numbers])
    for item in struct.ROIContourSequence:
        if item.ReferencedROINumber != 0 and len(item.ContourSequence) > 30:
            item.ContourSequence = [loop for loop in item.ContourSequence if 90 < float(loop.ContourData[2]) < 150]
        for loop in item.ContourSequence:
            points = np.array(loop.ContourData, float).reshape(-1, 3)[::4]
            loop.NumberOfContourPoints = len(points)
            set_raw(loop, "ContourData", "\\".join(f"{value:.2f}" for value in points.ravel()).encode())
            if "ContourImageSequence" in loop:
                del loop.ContourImageSequence
    lesion = {**LESIONS[1], "id": "L3", "gtv": ["GTV_L3"], "ptv": ["PTV_L3"]}
    return Seed(
        _encoded({"struct": struct, "plan": plan, "dose": _coarse(dose, slice(None, None, 2))}),
        registry_text(patient={"id": "ICC-0001"}, lesions=[lesion]),
        protocol_text(
            {**COVERAGE, "goal": ">= 10 %", "variation": ">= 5 %"}, constraint("cord", goal="<= 60 Gy"),
            coverage=False, conventions={"structure_model": "prism"},
        ),
        values=False,
        weight=3,
    )  # fmt: skip


def _coarse(dose: pydicom.Dataset, step: slice) -> pydicom.Dataset:
    """A dose with every second voxel in all directions."""
    stored = dose.pixel_array[step, step, step]
    dose.NumberOfFrames, dose.Rows, dose.Columns = stored.shape
    dose.PixelSpacing = [str(float(value) * step.step) for value in dose.PixelSpacing]
    dose.GridFrameOffsetVector = [str(value) for value in dose.GridFrameOffsetVector][step]
    dose.PixelData = np.ascontiguousarray(stored).tobytes()
    dose["PixelData"].VR = "OW"
    return dose


def _real(folder: str, registry: str, protocol: str | None = None, weight: int = 1) -> Callable[[], Seed]:
    def make() -> Seed:
        here = ROOT / "tests" / "real"
        files = {path.name: path.read_bytes() for path in sorted((REAL / folder).glob("*.dcm"))}
        text = protocol or (here / "protocol.toml").read_text(encoding="utf-8")
        return Seed(files, (here / registry).read_text(encoding="utf-8"), text, values=False, weight=weight)

    return make


_ONE_ROW = protocol_text(
    constraint("volume", structure="Heart", metric="Volume[cc]", goal=">= 1 cc"),
    coverage=False, conventions={"structure_model": "prism"},
)  # fmt: skip

_REJECTED: Callable[[], dict[str, pydicom.Dataset]] = lambda: datasets(plan={"approval": "REJECTED"})  # noqa: E731
_MAKERS: dict[str, Callable[[], Seed]] = {
    "explicit": _small,
    "implicit": lambda: _small(encoding="implicit"),
    "undefined": lambda: _small(encoding="implicit", undefined_lengths=True),
    "big": lambda: _small(encoding="big"),
    "headerless": lambda: _small(encoding="implicit", header=False),
    "rle": lambda: _small(encoding="rle"),
    "deflated": lambda: _small(encoding="deflated"),
    "absolute": lambda: _small(datasets(absolute=True, descending=True)),
    "feet-first": lambda: _small(datasets(position="FFS")),
    "turned": _turned,
    "holes": _holes,
    "chinese": _chinese,
    "beams": _beams,
    "gap": _gap,
    "failing": lambda: _small(protocol=_protocol(cord="<= 1 Gy")),
    "variation": lambda: _small(protocol=_protocol(cord="<= 1 Gy", variation="<= 10 Gy")),
    "unapproved": lambda: _small(datasets(plan={"approval": None})),
    "rejected": lambda: _small(_REJECTED()),
    "ion": lambda: _small(datasets(plan={"kind": "ION"}), undefined_lengths=True),
    "sample": _sample,
    "real-eclipse": _real("eclipse-breast-dvh", "eclipse-registry.toml", _ONE_ROW),
    "real-raystation": _real("raystation-proton-slope", "raystation-registry.toml"),
    "real-odd": _real("pydicom-odd", "eclipse-registry.toml", weight=4),
    "real-monaco": _real("monaco-plans", "eclipse-registry.toml", weight=4),
    "real-mim": _real("mim-struct", "eclipse-registry.toml", weight=4),
}
SEEDS = tuple(name for name in _MAKERS if not name.startswith("real-") or REAL.is_dir())
"""Names of all seeds that can be built here."""


@cache
def build(name: str) -> Seed:
    """One seed by name."""
    return _MAKERS[name]()


def small_files() -> dict[str, Seed]:
    """Plan, dose and structure set of one very small patient in four encodings: what is cut at every byte."""
    structures = [
        RoiSpec("PTV_L1", 1, box_contours(*PTV, 3.0), "PTV"),
        RoiSpec("BODY", 2, box_contours((-13, 13), (-13, 12), (-9, 9), 9.0), "EXTERNAL"),
    ]
    grid = box_grid((-14.0, -14.0, -10.0), (14.0, 13.0, 11.0), (3.0, 3.0, 3.0))
    objects = {**datasets(structures=structures), "dose": rt_dose(dose_at, grid)}
    for keyword in ("ApprovalStatus", "ReviewDate", "ReviewTime", "ReviewerName"):
        del objects["struct"][keyword]
    forms: dict[str, dict[str, Any]] = {
        "implicit": {"encoding": "implicit"},
        "explicit": {"encoding": "explicit"},
        "big": {"encoding": "big"},
        "undefined": {"encoding": "explicit", "undefined_lengths": True},
    }
    protocol = protocol_text(conventions={"structure_model": "prism"})
    return {
        name: Seed(_encoded(copy.deepcopy(objects), **form), _registry(), protocol) for name, form in forms.items()
    }
