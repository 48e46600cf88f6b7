"""What a page shows beside the report: curves, lesion matrix, pictures, links, grids. Values only; nothing computes.

A `Report` holds what was judged; `Exhibits` hold what a reader needs to see that it was judged rightly. Both are made
in one pass (`rtcheck.check.check_with_exhibits`), since a structure is measured once. Whatever could not be had is None
or empty together with a reason: a page says what is missing, it never shows something in its place.

Positions are patient coordinates LPS in mm, doses Gy, volumes cm3; names, labels and UIDs are as in the export, so
exhibits hold patient data exactly as a report does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rtcheck.dvh.metric import MetricValue
from rtcheck.model.arrays import FloatArray, frozen

__all__ = [
    "Composite",
    "CompositePart",
    "Curve",
    "Exhibits",
    "GridFacts",
    "LesionExhibit",
    "LimitMark",
    "Link",
    "LinkNode",
    "Nearest",
    "Orientation",
    "PlanFacts",
    "PlaneContour",
    "PlanePicture",
    "Point",
    "PrescriptionFact",
    "StructureExhibit",
]

Point = tuple[float, float, float]
"""x, y, z in LPS mm."""

Orientation = Literal["axial", "coronal", "sagittal"]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The cumulative DVH of one structure with the interval of every point; all arrays (n,) and read-only.

    Attributes:
        dose_gy: ascending from 0 to at least the highest dose of any convention.
        low_cm3, value_cm3, high_cm3: volume that receives at least the dose: the value and its interval, each as the
            metric ``V{dose}Gy[cc]`` would give it.
        low_percent, value_percent, high_percent: the same as ``V{dose}Gy[%]``, of the structure's volume.
    """

    dose_gy: FloatArray
    low_cm3: FloatArray
    value_cm3: FloatArray
    high_cm3: FloatArray
    low_percent: FloatArray
    value_percent: FloatArray
    high_percent: FloatArray

    def __post_init__(self) -> None:
        for name in self.__slots__:
            array = getattr(self, name)
            if array.shape != self.dose_gy.shape or array.ndim != 1:
                raise ValueError("the arrays of a curve must be (n,) and of one length")
            object.__setattr__(self, name, frozen(np.asarray(array, dtype=np.float64)))


@dataclass(frozen=True, slots=True)
class LimitMark:
    """Where a limit was tested on a curve: a mark to draw.

    Attributes:
        outcome: index into ``Report.outcomes``.
        limit: "goal" or "variation".
        dose_gy: of the mark.
        volume_cm3, volume_percent: of the mark, both None for a limit on a mean, which is a dose and not a point of the
            curve: draw it at the dose axis.
        allowed: which side of the mark the curve has to pass on: "below" (less volume, or less dose) or "above".
    """

    outcome: int
    limit: Literal["goal", "variation"]
    dose_gy: float
    volume_cm3: float | None
    volume_percent: float | None
    allowed: Literal["below", "above"]


@dataclass(frozen=True, slots=True, eq=False)
class StructureExhibit:
    """One structure, or expression of structures, that was measured for one dose quantity.

    Attributes:
        name: as messages call it: the ROI's name, or the expression (``Liver - @gtv``).
        rois: names of the ROIs it is made of.
        role: "target" or "organ".
        lesion: id of the lesion it was measured for, or None.
        quantity: "" for physical dose, else as in the metric: ``EQD2;ab=3`` or ``BED;ab=10``.
        volume: Volume[cc] with its interval.
        minimum, maximum, mean: in Gy, of this quantity; value None with the reason where undefined.
        curve: None with `reason` where there is none.
        tested: marks of the limits, in the order of the outcomes.
        reason: why there is no curve; empty otherwise.
        minimum_at_mm, maximum_at_mm: where the extremes lie (physical dose only), or None where that is not known.
    """

    name: str
    rois: tuple[str, ...]
    role: Literal["target", "organ"]
    lesion: str | None
    quantity: str
    volume: MetricValue
    minimum: MetricValue
    maximum: MetricValue
    mean: MetricValue
    curve: Curve | None
    tested: tuple[LimitMark, ...] = ()
    reason: str = ""
    minimum_at_mm: Point | None = None
    maximum_at_mm: Point | None = None


@dataclass(frozen=True, slots=True)
class Nearest:
    """The organ nearest to a lesion among those that limit it: that have an applicable mandatory limit on dose.

    An organ from which targets are taken away (``Liver - @gtv``) surrounds the lesion and does not count.

    Attributes:
        organ: its name; empty with `distance.reason` where it is not known.
        distance: surface to surface in mm between the prisms of the contours, 0 where they touch or overlap; the
            interval is that of short and long ends. Value None with the reason where it is not known.
        at_mm: the point of the lesion nearest to it, or None.
    """

    organ: str
    distance: MetricValue
    at_mm: Point | None = None


@dataclass(frozen=True, slots=True)
class LesionExhibit:
    """The row of one registered lesion in the lesion matrix; its state stands in ``Report.lesions`` under the same id.

    Every value that could not be had is a `MetricValue` of None with its reason.

    Attributes:
        id, organ: as registered.
        structure: name of the target the numbers are of (PTV, else CTV, else GTV); empty where none can be used.
        role: "ptv", "ctv", "gtv", or empty.
        volume: cc.
        prescription_gy, fractions: as registered, or None.
        d98, d95, d50, d2: near-minimum to near-maximum in Gy (ICRU 83).
        v100: V100%[%]: share of the target that receives the prescription.
        minimum: Min[Gy].
        minimum_at_mm: where that is, or None; then `minimum_where` says why it is not known.
        ci, gi: CI_Paddick and GI (ICRU 91).
        nearest: the nearest organ that limits it.
        worst_outcome: index into ``Report.outcomes`` of the outcome of this lesion with the least margin, or None.
    """

    id: str
    organ: str
    structure: str
    role: str
    volume: MetricValue
    prescription_gy: float | None
    fractions: int | None
    d98: MetricValue
    d95: MetricValue
    d50: MetricValue
    d2: MetricValue
    v100: MetricValue
    minimum: MetricValue
    minimum_at_mm: Point | None
    minimum_where: str
    ci: MetricValue
    gi: MetricValue
    nearest: Nearest
    worst_outcome: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PlaneContour:
    """Where one structure crosses a plane.

    Attributes:
        name: of the structure.
        role: "target", "organ" or "other".
        number: place of the structure in a fixed order, so that every picture draws it alike.
        lines_mm: polylines, each (n, 2) in the plane's (column, row) coordinates of `PlanePicture`; a closed one
            repeats its first point at the end.
    """

    name: str
    role: Literal["target", "organ", "other"]
    number: int
    lines_mm: tuple[FloatArray, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PlanePicture:
    """One plane through one point, as arrays: what a picture is drawn from.

    The plane is spanned by the patient axes (LPS), whatever the orientation of the dose grid: axial x right, y down;
    coronal x right, z up; sagittal y right, z up. So the left side of the patient is on the right of an axial picture.

    Attributes:
        subject: lesion id or structure name that the picture is of.
        kind: "lesion" or "organ".
        reason: what the point is, such as "coldest point of PTV_L3"; English.
        orientation: of the plane.
        point_mm: the point shown, LPS.
        columns_mm: (nc,) ascending coordinates along the horizontal axis of the picture (x, or y when sagittal).
        rows_mm: (nr,) ascending coordinates along the vertical axis (y when axial, else z).
        dose_gy: (nr, nc), NaN outside the dose grid.
        ct_hu: (nr, nc) on the same points, NaN outside, or None where there is no CT.
        contours: of the structures that cross the plane.
        prescription_gy: what isodoses are per cent of: the lesion's, or for an organ the highest of the plan; None:
            isodoses in Gy.
        letters: orientation letters (left, right, top, bottom) of the picture, such as ("R", "L", "A", "P").
    """

    subject: str
    kind: Literal["lesion", "organ"]
    reason: str
    orientation: Orientation
    point_mm: Point
    columns_mm: FloatArray
    rows_mm: FloatArray
    dose_gy: NDArray[np.float32]
    ct_hu: NDArray[np.float32] | None
    contours: tuple[PlaneContour, ...]
    prescription_gy: float | None
    letters: tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class LinkNode:
    """One object of the link graph; `kind` is a Modality, ``FRAME`` for a frame of reference, or ``MISSING``."""

    uid: str
    kind: str
    label: str
    used: bool


@dataclass(frozen=True, slots=True)
class Link:
    """One edge of the link graph: object `source` refers to object `target` (UIDs) by `meaning`, a DICOM keyword."""

    source: str
    target: str
    meaning: str


@dataclass(frozen=True, slots=True)
class PrescriptionFact:
    """What a plan states for one target: the DoseReference item, None where it does not say."""

    roi: str
    description: str
    dose_gy: float | None


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """One plan of the course as the export states it. `created` is YYYYMMDDHHMMSS or empty."""

    sop_instance_uid: str
    label: str
    name: str
    kind: str
    intent: str
    geometry: str
    approval_status: str
    created: str
    fractions: int | None
    treatment_beams: int
    prescriptions: tuple[PrescriptionFact, ...]
    structure_set_uid: str
    dose_sop_instance_uids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GridFacts:
    """One dose grid of the course.

    Attributes:
        shape: (planes, rows, columns).
        spacing_mm: (between planes, between rows, between columns); the first is the median where `uneven`.
        origin_mm: centre of the first voxel, LPS.
        axial: whether rows and columns run along the patient's x and y axes.
        scaling_gy: DoseGridScaling.
        maximum_gy: the highest stored dose.
        created: YYYYMMDDHHMMSS or empty.
    """

    sop_instance_uid: str
    dose_type: str
    summation_type: str
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    uneven: bool
    origin_mm: Point
    axial: bool
    scaling_gy: float
    maximum_gy: float
    heterogeneity_correction: tuple[str, ...]
    frame_of_reference_uid: str
    created: str


@dataclass(frozen=True, slots=True)
class CompositePart:
    """One summand of a composite dose: labels of its plans, its fractions (None: not known), its doses."""

    plans: tuple[str, ...]
    fractions: int | None
    dose_sop_instance_uids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Composite:
    """How several plans were summed.

    Attributes:
        parts: in the order of the sum.
        unlike: whether their fractionations differ, so that physical dose is not judged.
        outcomes: indices into ``Report.outcomes`` of the metrics on EQD2 or BED.
    """

    parts: tuple[CompositePart, ...]
    unlike: bool
    outcomes: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Exhibits:
    """Everything a page shows beside the report.

    Attributes:
        structures: measured ones in the order of their first outcome, physical dose before EQD2 and BED.
        lesions: one for each registered lesion, in the order of the report.
        pictures: planes, three for each subject: axial, coronal, sagittal.
        pictures_missing: why there are none (or not all), one sentence; empty when nothing is missing.
        nodes, links: the link graph.
        plans, grids: facts of the course.
        composite: None with one plan.
        report_sha256: digest of the report these belong to (`rtcheck.render.json_report`), empty until stored.
    """

    structures: tuple[StructureExhibit, ...] = ()
    lesions: tuple[LesionExhibit, ...] = ()
    pictures: tuple[PlanePicture, ...] = ()
    pictures_missing: str = ""
    nodes: tuple[LinkNode, ...] = ()
    links: tuple[Link, ...] = ()
    plans: tuple[PlanFacts, ...] = ()
    grids: tuple[GridFacts, ...] = ()
    composite: Composite | None = None
    report_sha256: str = ""
