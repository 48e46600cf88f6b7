"""Small changes of the box patient, from which the cases of every finding code are put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from pydicom import Dataset

from tests.acceptance.trap_tools import CORD, PALLIATIVE, cord, cord_loops
from tests.synthetic.attributes import base_dataset, number_text, uid
from tests.synthetic.dicom import GridSpec, RoiSpec, ct_images, set_raw, structure_set
from tests.synthetic.simple import BOXES, box_contours, box_roi

__all__ = [
    "Case", "beams", "both", "boxes", "change", "cord_with", "dose", "dvh_sequence", "image_patient", "iso",
    "other_frame", "plan", "raw", "references", "registration", "rois_with", "struct",
]  # fmt: skip

Mutate = Callable[[dict[str, Dataset]], None]


@dataclass(frozen=True)
class Case:
    """How one finding code is raised from files, and how it nearly is.

    Attributes:
        severity: with which it is raised.
        trigger, near: options of ``bench.build`` for the export that raises it and the one that must not.
        args, near_args: further arguments of the command.
        registry, protocol: of both; `near_registry` and `near_protocol` where they are what differs.
        command: check, dvh or inspect.
        near_note: the near miss may have the code as a note (I).
        extra: further files of the export that raises it, by name, made from the files by role.
    """

    severity: str
    trigger: Mapping[str, Any] = field(default_factory=dict)
    near: Mapping[str, Any] = field(default_factory=dict)
    args: tuple[str, ...] = ()
    near_args: tuple[str, ...] = ()
    registry: str = PALLIATIVE
    near_registry: str | None = None
    protocol: str = CORD
    near_protocol: str | None = None
    command: str = "check"
    near_note: bool = False
    extra: Mapping[str, Callable[[Mapping[str, bytes]], bytes]] = field(default_factory=dict)


def change(role: str, **attributes: Any) -> dict[str, Any]:
    """Set attributes of one object; None deletes one."""

    def mutate(datasets: dict[str, Dataset]) -> None:
        for keyword, value in attributes.items():
            if value is None:
                delattr(datasets[role], keyword)
            else:
                setattr(datasets[role], keyword, value)

    return {"mutate": mutate}


def dose(**attributes: Any) -> dict[str, Any]:
    """Set attributes of the dose."""
    return change("dose", **attributes)


def plan(**attributes: Any) -> dict[str, Any]:
    """Set attributes of the plan."""
    return change("plan", **attributes)


def struct(**attributes: Any) -> dict[str, Any]:
    """Set attributes of the structure set."""
    return change("struct", **attributes)


def raw(role: str, keyword: str, value: bytes) -> dict[str, Any]:
    """Write raw bytes under one attribute."""
    return {"mutate": lambda datasets: set_raw(datasets[role], keyword, value)}


def both(*options: Mapping[str, Any]) -> dict[str, Any]:
    """Several changes in turn."""

    def mutate(datasets: dict[str, Dataset]) -> None:
        for option in options:
            option["mutate"](datasets)

    return {"mutate": mutate}


def beams(index: int = 0, **attributes: Any) -> dict[str, Any]:
    """Set attributes of a beam's reference in the fraction group (or of the beam, for what belongs there)."""

    def mutate(datasets: dict[str, Dataset]) -> None:
        for keyword, value in attributes.items():
            place = datasets["plan"].BeamSequence[index]
            if keyword.startswith("BeamDose"):
                place = datasets["plan"].FractionGroupSequence[0].ReferencedBeamSequence[index]
            setattr(place, keyword, value)

    return {"mutate": mutate}


def iso(x: float, y: float, z: float) -> dict[str, Any]:
    """Move the isocentre."""

    def mutate(datasets: dict[str, Dataset]) -> None:
        datasets["plan"].BeamSequence[0].ControlPointSequence[0].IsocenterPosition = [str(x), str(y), str(z)]

    return {"mutate": mutate}


def references(**attributes: Any) -> dict[str, Any]:
    """Set attributes of every dose reference."""

    def mutate(datasets: dict[str, Dataset]) -> None:
        for item in datasets["plan"].DoseReferenceSequence:
            for keyword, value in attributes.items():
                setattr(item, keyword, value)

    return {"mutate": mutate}


def boxes(**limits: Any) -> dict[str, Any]:
    """The box patient with other boxes: name to (x, y, z) limits, or to (type, x, y, z)."""
    rois = []
    for number, (name, (kind, *old)) in enumerate(BOXES.items(), start=1):
        new = limits.get(name, (kind, *old))
        kind, x, y, z = new if len(new) == 4 else (kind, *new)
        rois.append(RoiSpec(name, number, box_contours(x, y, z), kind))
    return {"rois": rois}


def rois_with(*more: RoiSpec, **renamed: str) -> dict[str, Any]:
    """The box patient with further structures and other names."""
    rois = [box_roi(name, number) for number, name in enumerate(BOXES, 1)]
    return {"rois": [*(replace(roi, name=renamed.get(roi.name, roi.name)) for roi in rois), *more]}


def cord_with(loops: Any = None, **changes: Any) -> dict[str, Any]:
    """The box patient with another cord."""
    return {"rois": cord(cord_loops() if loops is None else loops, **changes)}


def other_frame(**extra: Any) -> dict[str, Any]:
    """Structures 7, -5 and 6 mm off in a frame of their own (all boxes turned a quarter about z)."""
    frame = uid("other", "frame")

    def mutate(datasets: dict[str, Dataset]) -> None:
        turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
        rois = []
        for number, name in enumerate(BOXES, 1):
            roi = box_roi(name, number)
            loops = [(loop - [7, -5, 6]) @ turn for loop in roi.contours]
            rois.append(RoiSpec(name, number, loops, roi.type, decimals=4))
        datasets["struct"] = structure_set(rois, seed="simple", frame=frame)
        for change_ in extra.values():
            change_["mutate"](datasets)

    return {"mutate": mutate}


def registration(kind: str = "RIGID", scale: float = 1.0, *, inverse: bool = False) -> dict[str, Any]:
    """A Spatial Registration that maps the frame of `other_frame` into that of the dose (or the reverse)."""

    def mutate(datasets: dict[str, Dataset]) -> None:
        here, there = uid("simple", "frame"), uid("other", "frame")
        matrix = np.array([[0, -1, 0, 7], [1, 0, 0, -5], [0, 0, 1, 6], [0, 0, 0, 1]], float)
        matrix[:3, :3] *= scale
        source, target = there, here
        if inverse:
            matrix, source, target = np.linalg.inv(matrix), here, there
        ds = base_dataset("REG", "registration", "simple", None, frame=target, kind="REG")
        item, holder, entry = Dataset(), Dataset(), Dataset()
        entry.FrameOfReferenceTransformationMatrixType = kind
        entry.FrameOfReferenceTransformationMatrix = [number_text(float(value)) for value in matrix.ravel()]
        holder.MatrixSequence, holder.RegistrationTypeCodeSequence = [entry], []
        item.FrameOfReferenceUID, item.MatrixRegistrationSequence = source, [holder]
        ds.RegistrationSequence = [item]
        datasets["reg"] = ds

    return {"mutate": mutate}


def image_patient(shift: float = 0.0, *, missing: bool = False, exported: bool = True) -> dict[str, Any]:
    """The box patient with a CT; one image lies `shift` mm from where the contours that refer to it are.

    `missing` leaves that image out, `exported` false all of them.
    """
    def mutate(datasets: dict[str, Dataset]) -> None:
        z = np.arange(-54.0, 64.0, 3.0)
        grid = GridSpec((-78.0, -66.0, -54.0), (len(z), 4, 4), (40.0, 40.0), tuple(float(v + 54) for v in z))
        images = ct_images(np.zeros(grid.shape, np.int16), grid, seed="simple")
        rois = [box_roi(name, number) for number, name in enumerate(BOXES, 1)]
        datasets["struct"] = structure_set(rois, seed="simple", images=images)
        moved = images[20]
        x, y, at = moved.ImagePositionPatient
        moved.ImagePositionPatient = [x, y, str(float(at) + shift)]
        if missing:
            del images[20]
        for index, image in enumerate(images if exported else ()):
            datasets[f"ct{index:03d}"] = image

    return {"mutate": mutate}


def dvh_sequence(dose_gy: float, volume_cc: float, *, edges: bool = False) -> dict[str, Any]:
    """A stored DVH of the cord: all of `volume_cc` receives `dose_gy`."""

    def mutate(datasets: dict[str, Dataset]) -> None:
        number = list(BOXES).index("SpinalCord") + 1
        bins = round(dose_gy / 0.01)
        item, roi = Dataset(), Dataset()
        roi.ReferencedROINumber, roi.DVHROIContributionType = number, "INCLUDED"
        item.DVHReferencedROISequence, item.DVHType = [roi], "CUMULATIVE"
        item.DoseUnits, item.DoseType, item.DVHDoseScaling, item.DVHVolumeUnits = "GY", "PHYSICAL", "1", "CM3"
        item.DVHNumberOfBins = bins + 1
        firsts = [f"{0.01 * k:.2f}" for k in range(bins + 1)] if edges else ["0.01"] * (bins + 1)
        volumes = [number_text(volume_cc)] * bins + ["0"]
        item.DVHData = [text for pair in zip(firsts, volumes, strict=True) for text in pair]
        item.DVHMeanDose = number_text(dose_gy)
        datasets["dose"].DVHSequence = [item]

    return {"mutate": mutate}
