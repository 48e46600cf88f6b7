"""The two sample patients: what is in them and what was prescribed. `make_samples` writes their files."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.synthetic.attributes import Patient
from tests.synthetic.clouds import Cloud
from tests.synthetic.torso import LesionShape, TorsoShape

__all__ = ["SAMPLES", "Sample"]


@dataclass(frozen=True)
class Sample:
    """One sample patient.

    Attributes:
        folder: its folder under ``sample_dicom``.
        shape: anatomy, with every lesion there is.
        clouds: the dose given; a lesion without a cloud is not treated.
        without_ptv: lesions whose PTV nobody drew.
        label: of the plan.
    """

    folder: str
    patient: Patient
    shape: TorsoShape
    clouds: tuple[Cloud, ...]
    label: str
    without_ptv: tuple[str, ...] = field(default=())


_GUT = (("Stomach", 0.45), ("Duodenum", 0.45), ("Bowel_Small", 0.35), ("Colon", 0.35))
_LUMBAR = (("CaudaEquina", 0.45), ("Bowel_Small", 0.3))

_FIRST = {
    "L1": LesionShape("L1", (-88, -4, 10), (20, 22, 19), phase=0.4),
    "L2": LesionShape("L2", (-7, -34, -13), (9, 8, 12), margin=4, phase=1.2),
    "L3": LesionShape("L3", (92, 28, 120), (11, 10, 11), phase=2.0),
    "L4": LesionShape("L4", (-7, 35, -118), (9, 9, 10), margin=3, phase=2.7),
    "L5": LesionShape("L5", (37, 30, 12), (10, 8, 12), margin=4, phase=3.3),
}

_SECOND = {
    "L1": LesionShape("L1", (-82, -8, 8), (29, 30, 28), phase=1.1),
    "L2": LesionShape("L2", (-7, -36, -13), (10, 9, 12), margin=4, phase=2.2),
    "L3": LesionShape("L3", (93, -6, 94), (22, 22, 22), phase=0.2),
    "L4": LesionShape("L4", (8, 34, -121), (9, 9, 9), margin=3, phase=1.7),
    "L5": LesionShape("L5", (38, 31, 12), (9, 8, 11), margin=4, phase=2.9),
}

SAMPLES = (
    Sample(
        "icc-0001",
        Patient("ICC-0001", "Synthetic^One", "F", "19650101"),
        TorsoShape(lesions=tuple(_FIRST.values())),
        (
            Cloud(_FIRST["L1"], 50.0, reach=1.8, beam=180.0, spare=_GUT),
            Cloud(_FIRST["L2"], 45.0, hot=0.12, reach=2.4, beam=-90.0, spare=_GUT),
            Cloud(_FIRST["L3"], 50.0, reach=2.2, beam=20.0),
            Cloud(_FIRST["L4"], 45.0, hot=0.16, reach=2.4, beam=100.0, spare=_LUMBAR),
            Cloud(_FIRST["L5"], 45.0, hot=0.16, reach=2.4, beam=60.0, spare=(*_GUT, ("Kidney_L", 0.3))),
        ),
        "ICC_SBRT5",
    ),
    Sample(
        "icc-0002",
        Patient("ICC-0002", "Synthetic^Two", "M", "19580101"),
        TorsoShape(width=1.03, depth=1.02, liver=0.98, phase=1.9, lesions=tuple(_SECOND.values())),
        (
            Cloud(_SECOND["L1"], 50.0, reach=1.4, tail=0.6, beam=170.0, spare=_GUT),
            Cloud(_SECOND["L2"], 45.0, hot=0.12, reach=2.4, beam=-80.0, spare=_GUT),
            Cloud(_SECOND["L3"], 50.0, tail=0.85, beam=60.0, yield_to=("Heart", 0.62)),
            Cloud(_SECOND["L5"], 45.0, hot=0.16, reach=2.4, beam=70.0, spare=(*_GUT, ("Kidney_L", 0.3))),
        ),
        "ICC_SBRT5",
        without_ptv=("L4",),
    ),
)
