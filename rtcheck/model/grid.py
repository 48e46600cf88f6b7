"""Where dose values are, and the values themselves. The conventions of the whole package are written here once.

*Coordinates* are DICOM patient coordinates (LPS) in mm; points are arrays (n, 3) of x, y, z.
*Arrays* on a grid are (nz, ny, nx): plane k, row j, column i.
*Voxel (k, j, i)* has its centre at ``origin + i * spacing_x * row + j * spacing_y * column + offset[k] * normal``
with ``normal = row × column`` (PS3.3 §C.7.6.2.1.1, §C.8.8.3.2). The origin is the first voxel's centre, not its corner.
*Dose* is in Gy, volume in cm³, fractions of a whole are 0..1; per cent and cGy exist only in text.
Outside the box spanned by voxel centres the dose is unknown, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rtcheck.model.arrays import FloatArray
from rtcheck.model.finding import Finding

__all__ = ["DoseGrid", "DoseType", "GridGeometry", "SummationType"]

DoseType = Literal["PHYSICAL", "EFFECTIVE"]
SummationType = Literal[
    "PLAN", "MULTI_PLAN", "FRACTION", "BEAM", "BRACHY", "FRACTION_SESSION", "BEAM_SESSION", "BRACHY_SESSION",
    "CONTROL_POINT", "RECORD", "PLAN_OVERVIEW",
]


@dataclass(frozen=True, slots=True)
class GridGeometry:
    """Positions of the voxels of one grid.

    Attributes:
        origin_mm: centre of voxel (0, 0, 0), LPS. It belongs to the plane of the smallest offset.
        row: unit vector along a row (direction of growing column index i), LPS.
        column: unit vector along a column (direction of growing row index j), LPS.
        spacing_mm: (spacing_y, spacing_x): between rows, between columns; DICOM PixelSpacing order.
        offsets_mm: position of each plane along ``row × column`` relative to `origin_mm`; strictly ascending, first 0.
            May be uneven.
        rows, columns: ny and nx.
        frame_of_reference_uid: the frame in which all of this is said.
    """

    origin_mm: tuple[float, float, float]
    row: tuple[float, float, float]
    column: tuple[float, float, float]
    spacing_mm: tuple[float, float]
    offsets_mm: tuple[float, ...]
    rows: int
    columns: int
    frame_of_reference_uid: str

    def __post_init__(self) -> None:
        numbers = (*self.origin_mm, *self.row, *self.column, *self.spacing_mm, *self.offsets_mm)
        if not np.all(np.isfinite(numbers)):
            raise ValueError("grid geometry has a number that is not finite")
        x, y = np.asarray(self.row), np.asarray(self.column)
        if abs(x @ x - 1) > 1e-3 or abs(y @ y - 1) > 1e-3 or abs(x @ y) > 1e-3:
            raise ValueError(f"row {self.row} and column {self.column} directions are not orthonormal")
        if min(self.spacing_mm) <= 0 or self.rows < 1 or self.columns < 1 or not self.offsets_mm:
            raise ValueError("grid spacing and size must be positive")
        if self.offsets_mm[0] != 0 or np.any(np.diff(self.offsets_mm) <= 0):
            raise ValueError("plane offsets must ascend strictly from 0")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(nz, ny, nx)."""
        return len(self.offsets_mm), self.rows, self.columns

    @property
    def normal(self) -> tuple[float, float, float]:
        """Unit vector ``row × column``, the direction of growing plane index."""
        n = np.cross(self.row, self.column)
        return float(n[0]), float(n[1]), float(n[2])


@dataclass(frozen=True, slots=True, eq=False)
class DoseGrid:
    """One RT Dose object: stored integers, their scaling, and what the sum stands for.

    Attributes:
        geometry: voxel positions.
        stored: unsigned integers (nz, ny, nx), read-only; planes in ascending offset order. Dose in Gy is
            ``stored * scaling_gy`` in float64 (PS3.3 §C.8.8.3).
        scaling_gy: DoseGridScaling, Gy per unit; positive and finite.
        dose_type: PHYSICAL or EFFECTIVE (a biological correction was applied by the exporting system).
        summation_type: DoseSummationType as stored.
        sop_instance_uid: of this object.
        plan_uids: SOP Instance UIDs of the referenced plans (one, or several for MULTI_PLAN, or none).
        fraction_group: referenced fraction group number, or None when none or several are referenced.
        fraction_groups: every referenced fraction group number.
        normalisation_point_mm: NormalizationPoint, or None; it does not rescale anything.
        beams: referenced beam numbers (BEAM doses), or brachy setup numbers; empty when the dose is of the whole plan.
        heterogeneity_correction: TissueHeterogeneityCorrection values, possibly empty.
        spatial_transform: SpatialTransformOfDose, empty when absent.
        saturated: whether some stored value is the largest that its bits can hold.
        created: instance or content creation date and time as YYYYMMDDHHMMSS (YYYYMMDD without a time), or empty.
        source: file name for messages.
        dvh_sequence: the vendor's own curves, as read; never used for a verdict.
        structure_set_uids: SOP Instance UIDs of the structure sets of these curves; often none.
        named: SOP Instance UID and SOP Class UID of every object it refers to, as it says.
    """

    geometry: GridGeometry
    stored: NDArray[Any]
    scaling_gy: float
    dose_type: DoseType
    summation_type: SummationType
    sop_instance_uid: str
    plan_uids: tuple[str, ...]
    fraction_group: int | None = None
    beams: tuple[int, ...] = ()
    heterogeneity_correction: tuple[str, ...] = ()
    spatial_transform: str = ""
    saturated: bool = False
    created: str = ""
    source: str = ""
    dvh_sequence: tuple[VendorDVH, ...] = ()
    findings: tuple[Finding, ...] = ()
    fraction_groups: tuple[int, ...] = ()
    normalisation_point_mm: tuple[float, float, float] | None = None
    structure_set_uids: tuple[str, ...] = ()
    named: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.stored.shape != self.geometry.shape:
            raise ValueError(f"dose array {self.stored.shape} does not fit its geometry {self.geometry.shape}")
        if self.stored.flags.writeable:
            raise ValueError("dose array must be read-only")
        if not (np.isfinite(self.scaling_gy) and self.scaling_gy > 0):
            raise ValueError(f"dose scaling {self.scaling_gy} is not a positive number")


@dataclass(frozen=True, slots=True, eq=False)
class VendorDVH:
    """One item of the DVH Sequence as the exporting system wrote it (PS3.3 §C.8.8.4): a cross-check, nothing more.

    Attributes:
        roi_numbers: referenced ROI numbers with contribution INCLUDED.
        excluded_roi_numbers: those with contribution EXCLUDED.
        kind: CUMULATIVE, DIFFERENTIAL or NATURAL.
        dose_units, dose_type, volume_units: as stored.
        scaling: DVHDoseScaling.
        data: (n, 2) bin widths (or edges: systems differ) and volumes, unscaled.
        minimum, maximum, mean: stored statistics, or None.
    """

    roi_numbers: tuple[int, ...]
    excluded_roi_numbers: tuple[int, ...]
    kind: str
    dose_units: str
    dose_type: str
    volume_units: str
    scaling: float
    data: FloatArray
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
