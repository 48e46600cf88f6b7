"""Class A: mutations after which an export says the same: the verdict and every number must stay (to 1e-9).

They work on the objects of the small patients and write them again; each may be combined with any encoding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import numpy as np
from pydicom import Dataset

from tests.mutation.edits import element_paths, load
from tests.synthetic.dicom import set_raw, uid
from tests.synthetic.encode import encode
from tests.synthetic.grid import ORIENTATIONS

__all__ = ["PRESERVING", "preserve", "turn_dose"]

Objects = dict[str, Dataset]
_POSITIONS = (
    "IsocenterPosition", "DoseReferencePointCoordinates", "BeamDoseSpecificationPoint", "SurfaceEntryPoint",
)  # fmt: skip
"""Positions in a plan, in the frame of the patient."""


def _structs(objects: Objects) -> list[Dataset]:
    return [ds for ds in objects.values() if ds.get("Modality") == "RTSTRUCT"]


def _doses(objects: Objects) -> list[Dataset]:
    return [ds for ds in objects.values() if ds.get("Modality") == "RTDOSE"]


def _loops(objects: Objects) -> list[Dataset]:
    return [
        loop for ds in _structs(objects) for item in ds.ROIContourSequence for loop in item.get("ContourSequence", [])
    ]


def _tokens(loop: Dataset) -> list[list[str]]:
    """The points of a contour as they are written."""
    values = [str(value) for value in loop.ContourData]
    return [values[at : at + 3] for at in range(0, len(values), 3)]


def _set_points(loop: Dataset, points: list[list[str]]) -> None:
    set_raw(loop, "ContourData", "\\".join(value for point in points for value in point).encode())
    loop["ContourData"]


def _shuffle_rois(objects: Objects, random: Random) -> None:
    for ds in _structs(objects):
        for keyword in ("StructureSetROISequence", "ROIContourSequence", "RTROIObservationsSequence"):
            items = list(ds[keyword].value)
            random.shuffle(items)
            ds[keyword].value = items


def _shuffle_contours(objects: Objects, random: Random) -> None:
    for ds in _structs(objects):
        for item in ds.ROIContourSequence:
            loops = list(item.get("ContourSequence", []))
            random.shuffle(loops)
            if loops:
                item["ContourSequence"].value = loops


def _rotate_vertices(objects: Objects, random: Random) -> None:
    for loop in _loops(objects):
        points = _tokens(loop)
        start = random.randrange(len(points))
        _set_points(loop, points[start:] + points[:start])


def _reverse_winding(objects: Objects, random: Random) -> None:
    for loop in _loops(objects):
        if random.random() < 0.7:
            _set_points(loop, _tokens(loop)[::-1])


def _pad_numbers(objects: Objects, random: Random) -> None:
    """Blanks, plus signs and zeros that change no number."""
    for loop in _loops(objects):
        dress: tuple[Callable[[str], str], ...] = (
            str, lambda t: f" {t}", lambda t: f"{t} ", lambda t: f"{t}0" if "." in t else t,
        )  # fmt: skip
        _set_points(loop, [[random.choice(dress)(value) for value in point] for point in _tokens(loop)])


def _fall(objects: Objects, _: Random) -> None:
    """Frames in reverse, with the offsets that say so."""
    for ds in _doses(objects):
        offsets = [float(value) for value in ds.GridFrameOffsetVector]
        stored = _array(ds)[::-1]
        if abs(offsets[0]) > 1e-6:
            _write_dose(ds, stored, [*map(float, ds.ImagePositionPatient[:2]), offsets[-1]], offsets[::-1])
            continue
        cosines = np.array(ds.ImageOrientationPatient, float)
        normal = np.cross(cosines[:3], cosines[3:])
        origin = np.array(ds.ImagePositionPatient, float) + normal * offsets[-1]
        _write_dose(ds, stored, origin, [value - offsets[-1] for value in offsets[::-1]])


def _other_form(objects: Objects, _: Random) -> None:
    """Relative offsets become absolute positions or the reverse, where the axes allow it."""
    for ds in _doses(objects):
        if [float(value) for value in ds.ImageOrientationPatient] != [1, 0, 0, 0, 1, 0]:
            continue
        offsets = [float(value) for value in ds.GridFrameOffsetVector]
        z = float(ds.ImagePositionPatient[2])
        shift = z if abs(offsets[0]) < 1e-6 else -z
        ds.GridFrameOffsetVector = [f"{value + shift:.6g}" for value in offsets]


def _array(ds: Dataset) -> np.ndarray:
    shape = int(ds.NumberOfFrames), int(ds.Rows), int(ds.Columns)
    return np.frombuffer(ds.PixelData, f"<u{int(ds.BitsAllocated) // 8}").reshape(shape)


def _write_dose(ds: Dataset, stored: np.ndarray, origin: Any, offsets: list[float]) -> None:
    ds.NumberOfFrames, ds.Rows, ds.Columns = stored.shape
    ds.ImagePositionPatient = [f"{value:.6g}" for value in origin]
    ds.GridFrameOffsetVector = [f"{value:.6g}" for value in offsets]
    ds["PixelData"].value = np.ascontiguousarray(stored).tobytes()


def turn_dose(ds: Dataset, position: str) -> None:
    """Store the dose of an upright grid as another patient position has it: the same voxels, other axes.

    The four axial positions and the four decubitus ones; the grid must be stored head first supine, offsets relative.
    """
    assert [float(value) for value in ds.ImageOrientationPatient] == [1, 0, 0, 0, 1, 0]
    row, column = (np.array(axis, float) for axis in ORIENTATIONS[position])
    normal = np.cross(row, column)
    stored = _array(ds)
    steps = np.array([*map(float, reversed(ds.PixelSpacing)), 0.0])
    offsets = np.array(ds.GridFrameOffsetVector, float)
    corner = np.array(ds.ImagePositionPatient, float)
    counts = np.array(stored.shape[::-1])
    # Axes of the array in the order z, y, x; each new axis is one of them, perhaps reversed.
    axes = [int(np.argmax(np.abs(axis))) for axis in (normal, column, row)]
    turned = stored.transpose([2 - axis for axis in axes])
    origin = corner.copy()
    for place, (axis, direction) in enumerate(zip(axes, (normal, column, row), strict=True)):
        if direction[axis] < 0:
            turned = np.flip(turned, place)
            origin[axis] += offsets[-1] if axis == 2 else (counts[axis] - 1) * steps[axis]
    ds.ImageOrientationPatient = [f"{value:g}" for value in (*row, *column)]
    ds.PixelSpacing = [f"{steps[axes[1]]:g}", f"{steps[axes[2]]:g}"]
    along = offsets if normal[2] > 0 else (offsets[-1] - offsets)[::-1]
    _write_dose(ds, turned, origin, along.tolist())


def _turn(objects: Objects, random: Random) -> None:
    position = random.choice(sorted(ORIENTATIONS))
    for ds in _doses(objects):
        upright = [float(value) for value in ds.ImageOrientationPatient] == [1, 0, 0, 0, 1, 0]
        offsets = [float(value) for value in ds.GridFrameOffsetVector]
        if upright and offsets[0] == 0 and offsets[-1] > 0:
            turn_dose(ds, position)


def _move(objects: Objects, random: Random) -> None:
    """Everything by the same vector of powers of two, which rounds nothing."""
    shift = np.array([random.choice((-64.0, -8.0, 0.0, 16.0, 128.0)) for _ in range(3)])
    for loop in _loops(objects):
        points = np.array(_tokens(loop), float) + shift
        _set_points(loop, [[f"{value:.6g}" for value in point] for point in points])
    for ds in _doses(objects):
        offsets = [float(value) for value in ds.GridFrameOffsetVector]
        ds.ImagePositionPatient = [f"{value:.6g}" for value in np.array(ds.ImagePositionPatient, float) + shift]
        if abs(offsets[0]) > 1e-6:
            ds.GridFrameOffsetVector = [f"{value + shift[2]:.6g}" for value in offsets]
    for ds in objects.values():
        for node, tag in element_paths(ds):
            if node[tag].keyword in _POSITIONS and node[tag].value:
                node[tag].value = [f"{value:.6g}" for value in np.array(node[tag].value, float) + shift]


def _rename_uids(objects: Objects, random: Random) -> None:
    """Every UID of the export becomes another one, the same everywhere."""
    new: dict[str, str] = {}
    salt = random.random()

    def walk(ds: Dataset) -> None:
        for element in ds:
            if element.VR == "SQ":
                for item in element.value:
                    walk(item)
            elif element.VR == "UI" and not str(element.value).startswith("1.2.840.10008."):
                element.value = new.setdefault(str(element.value), uid("renamed", str(salt), str(element.value)))

    for ds in objects.values():
        walk(ds)


def _private(objects: Objects, random: Random) -> None:
    """Private elements that nobody asked for."""
    for ds in objects.values():
        block = ds.private_block(0x3009, "RTCHECK TEST", create=True)
        block.add_new(1, "LO", "DoseUnits RELATIVE")
        block.add_new(2, "UN", random.randbytes(2 * random.randrange(40)))
        inner = Dataset()
        inner.PatientID = "SOMEBODY-ELSE"
        block.add_new(3, "SQ", [inner])


def _nothing(objects: Objects, _: Random) -> None:
    """Only another encoding."""


PRESERVING: dict[str, Callable[[Objects, Random], None]] = {
    "shuffle-rois": _shuffle_rois, "shuffle-contours": _shuffle_contours, "rotate-vertices": _rotate_vertices,
    "reverse-winding": _reverse_winding, "pad-numbers": _pad_numbers, "fall": _fall, "other-form": _other_form,
    "turn": _turn, "move": _move, "rename-uids": _rename_uids, "private": _private, "recode": _nothing,
}  # fmt: skip


def preserve(files: Mapping[str, bytes], names: list[str], random: Random) -> tuple[dict[str, bytes], str]:
    """Apply preserving mutations by name, then write all in an encoding and under names chosen at random."""
    objects = {name: load(data) for name, data in files.items()}
    for name in names:
        PRESERVING[name](objects, random)
    encoding = random.choice(("explicit", "implicit", "big", "rle"))
    undefined = random.random() < 0.5
    out = {}
    for name, ds in objects.items():
        actual = "explicit" if encoding == "rle" and "PixelData" not in ds else encoding
        folder = random.choice(("", "a-", "z-", "0-"))
        out[f"{folder}{name}"] = encode(ds, actual, undefined_lengths=undefined)
    return out, f"{'+'.join(names)} as {encoding}{' with undefined lengths' if undefined else ''}"
