"""What the exporting system says of a structure against what was measured: volume (RTD316) and stored DVH (RTD222).

Neither is ever a source of a number. Systems end structures differently, so a stated volume agrees when it fits any of
the usual ends: at the last contour, or half a spacing beyond. A structure that lost an end contour fits none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from rtcheck.dvh.curve import DVH, StructureDose
from rtcheck.geometry.ends import plane_areas
from rtcheck.geometry.rings import plane_thickness
from rtcheck.geometry.solid import ContourStack
from rtcheck.model.arrays import FloatArray
from rtcheck.model.finding import Finding, finding, some_of
from rtcheck.model.grid import VendorDVH
from rtcheck.model.structure import ROI
from rtcheck.rules.course import Course

__all__ = [
    "Compared", "agreement_finding", "compare_stored", "stack_volume_finding", "stored_curves", "unstated_finding",
    "volume_finding",
]  # fmt: skip

_ENDS = ("", "short ends", "prism", "prism, short ends", "shape", "shape, short ends")
_OPEN = (*_ENDS, "long ends", "prism, long ends", "shape, long ends")
_LARGE_CM3, _LARGE, _MIDDLE, _SMALL_CM3 = 10.0, 0.02, 0.05, 0.05
"""Volumes agree within 2 % from 10 cm³, 5 % from 1 cm³, 0.05 cm³ below (Eaton and Alty 2017; dvh-method §8)."""
_MEAN, _AT_VOLUME = 0.01, 0.02
"""Mean and Dx of a stored curve agree within these shares of the highest dose of the grid."""
_SHARES = (0.98, 0.95, 0.5, 0.05, 0.02)
_FEW_PLANES, _COMPARED_CM3 = 6, 1.0
"""Below this nothing can be said: the systems' conventions differ by more (dvh-method §8)."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One stored curve beside ours.

    Attributes:
        reading: how the stored bins had to be read to come nearest to ours.
        volume: relative difference of the volumes, ours the reference, outside the spread of our conventions.
        dose: largest difference of mean and Dx outside our spread, as a share of the highest dose of the grid.
        agrees: whether both are within their tolerances.
    """

    name: str
    reading: str
    volume: float
    dose: float
    agrees: bool


def volume_finding(roi: ROI, dose: StructureDose, area_share: float) -> tuple[Finding, ...]:
    """RTD316 where ROIVolume fits none of the usual ways to end the structure.

    Args:
        roi: with its stated volume.
        dose: as measured, with every convention.
        area_share: volume that an end contour and its slab have, as a share of the whole, for the words.
    """
    return _volume_apart_from(roi, dose.value.total_cm3, _volumes(dose, _ENDS), area_share)


def stack_volume_finding(roi: ROI, stack: ContourStack) -> tuple[Finding, ...]:
    """RTD316 likewise for a structure that is not measured by itself but is part of what is, or of a lesion.

    Its volume is that of prisms and that of frusta between the planes, with half a slab beyond the ends and without.
    """
    areas, planes = np.abs(plane_areas(stack)), stack.planes_mm
    slabs = areas * plane_thickness(planes, stack.thickness_mm or 3.0)
    between = np.diff(planes) * (areas[1:] + areas[:-1] + np.sqrt(areas[1:] * areas[:-1])) / 3
    ends = float(slabs[0] + slabs[-1]) / 2
    whole, inner = float(np.sum(slabs)), float(np.sum(between))
    every = (whole, whole - ends, inner + ends, inner) if len(planes) > 1 else (whole, 0.0)
    return _volume_apart_from(roi, whole / 1000, (min(every) / 1000, max(every) / 1000), ends / whole if whole else 0.0)


def _volume_apart_from(
    roi: ROI, value: float, volumes: tuple[float, float], area_share: float
) -> tuple[Finding, ...]:
    """RTD316 where a stated volume lies off the lowest and the highest of ours, cm³."""
    stated = roi.stated_volume_cm3
    if stated is None:
        return ()
    low, high = volumes
    slack = _slack(max(stated, high))
    if low - slack <= stated <= high + slack:
        return ()
    missing = (stated - high) / value / area_share if area_share > 0 and stated > high else 0.0
    hint = f", as if about {missing:.0f} end contour(s) were missing" if 0.5 <= missing <= 5 else ""
    return (
        finding(
            "RTD316",
            roi.name or f"ROI {roi.number}",
            f"ROIVolume (3006,002C) states {stated:.4g} cm3, the contours enclose {value:.4g} ({low:.4g} to {high:.4g})"
            f" cm3{hint}. Compare volume and number of slices with the planning system.",
            stated_cm3=stated,
            value_cm3=value,
            low_cm3=low,
            high_cm3=high,
        ),
    )


def _slack(volume_cm3: float) -> float:
    if volume_cm3 < 1.0:
        return _SMALL_CM3
    return (_LARGE if volume_cm3 >= _LARGE_CM3 else _MIDDLE) * volume_cm3


def _conventions(dose: StructureDose, labels: Sequence[str]) -> list[DVH]:
    return [dose.value, *(dvh for label, dvh in dose.alternatives if label in labels)]


def _volumes(dose: StructureDose, labels: Sequence[str]) -> tuple[float, float]:
    found = [dvh.total_cm3 for dvh in _conventions(dose, labels)]
    return min(found), max(found)


def stored_curves(course: Course) -> dict[int, VendorDVH]:
    """Return the stored curves that can be compared, by ROI number.

    Only where one dose stands for the whole course and its structures are of one set; a curve of several ROIs, of
    another kind of dose, or in units that need a reference is left out.
    """
    if len(course.grids) != 1 or len(course.structure_sets) != 1:
        return {}
    (grid,), (structures,) = course.grids, course.structure_sets
    if set(grid.structure_set_uids) - {structures.sop_instance_uid}:
        return {}
    out: dict[int, VendorDVH] = {}
    twice: set[int] = set()
    for curve in grid.dvh_sequence:
        if len(curve.roi_numbers) != 1 or curve.excluded_roi_numbers or curve.dose_units not in ("", "GY"):
            continue
        if curve.dose_type not in ("", grid.dose_type) or curve.kind not in ("CUMULATIVE", "DIFFERENTIAL"):
            continue
        number = curve.roi_numbers[0]
        twice |= {number} & out.keys()
        out[number] = curve
    return {number: curve for number, curve in out.items() if number not in twice}


def compare_stored(name: str, curve: VendorDVH, dose: StructureDose, planes: int, highest_gy: float) -> Compared | None:
    """Compare one stored curve with ours under every reading of its bins; None where nothing could be told.

    Args:
        name: of the structure.
        curve: as stored.
        dose: as measured, physical.
        planes: contour planes of the structure.
        highest_gy: highest dose of the grid.
    """
    if planes < _FEW_PLANES or dose.value.total_cm3 < _COMPARED_CM3 or len(dose.value.dose_gy) == 0 or highest_gy <= 0:
        return None
    edges, volumes = _cumulative(curve)
    if len(volumes) < 2 or not volumes[0] > 0:
        return None
    ours = [_asked(dvh) for dvh in _conventions(dose, _OPEN)]
    low, high = np.min(ours, axis=0), np.max(ours, axis=0)
    best: tuple[float, str] | None = None
    for reading, at in edges.items():
        theirs = _asked_of(at, volumes)
        away = np.maximum(np.maximum(low - theirs, theirs - high), 0.0) / highest_gy
        worst = float(np.max(away / np.array([_MEAN, *([_AT_VOLUME] * len(_SHARES))])))
        if best is None or worst < best[0]:
            best = worst, reading
    assert best is not None
    volume = _volume_apart(curve, float(volumes[0]), dose)
    agrees = best[0] <= 1 and volume[0] <= 1
    return Compared(name, best[1], volume[1], best[0] * _MEAN, agrees)


def _volume_apart(curve: VendorDVH, stored_cm3: float, dose: StructureDose) -> tuple[float, float]:
    """How far the stored volume lies from ours: in tolerances, and relative.

    Per cent has no volume, and of a structure that the dose grid cuts each system counts another part.
    """
    if curve.volume_units != "CM3" or dose.value.outside_cm3 > 0:
        return 0.0, 0.0
    low, high = _volumes(dose, _OPEN)
    apart = max(low - stored_cm3, stored_cm3 - high, 0.0)
    return apart / _slack(max(stored_cm3, high)), apart / dose.value.total_cm3


def _cumulative(curve: VendorDVH) -> tuple[dict[str, FloatArray], FloatArray]:
    """Return dose positions in Gy under each reading, and the volume that receives at least that dose.

    The standard's first column is the width of a bin (PS3.3 §C.8.8.4); some systems write its edge instead, which
    shows in values that rise all along.
    """
    first, volumes = curve.data[:, 0] * curve.scaling, curve.data[:, 1]
    if curve.kind == "DIFFERENTIAL":
        volumes = np.cumsum(volumes[::-1])[::-1]
    rising = len(first) > 2 and bool(np.all(np.diff(first) > 0))
    if rising:
        return {"bin edges": np.asarray(first)}, np.asarray(volumes)
    upper = np.cumsum(first)
    lower = upper - first
    return {
        "bin widths, volume at the lower edge": lower,
        "bin widths, volume at the middle": (lower + upper) / 2,
        "bin widths, volume at the upper edge": upper,
    }, np.asarray(volumes)


def _asked_of(at_gy: FloatArray, volumes: FloatArray) -> FloatArray:
    """Mean and Dx of a cumulative curve."""
    share = np.minimum.accumulate(volumes / volumes[0])
    mean = float(at_gy[0] + np.sum((share[:-1] + share[1:]) / 2 * np.diff(at_gy)))
    doses = np.interp(_SHARES, share[::-1], at_gy[::-1])
    return np.array([mean, *doses])


def _asked(dvh: DVH) -> FloatArray:
    """Mean and Dx of a histogram of ours, of the part inside the dose grid."""
    whole = float(np.sum(dvh.volume_cm3))
    # samples ascend in dose, so that the share above falls
    at = 1 - (np.cumsum(dvh.volume_cm3) - dvh.volume_cm3 / 2) / whole
    doses = np.interp(_SHARES, at[::-1], dvh.dose_gy[::-1])
    return np.array([float(np.sum(dvh.dose_gy * dvh.volume_cm3)) / whole, *doses])


def disagreement(compared: Compared) -> Finding:
    """RTD222 for a stored curve that disagrees."""
    return finding(
        "RTD222",
        compared.name,
        f"The DVH of {compared.name} that is stored with the dose differs from ours: volume by {compared.volume:.1%} "
        f"beyond the usual conventions, doses by {compared.dose:.1%} of the highest dose (read as {compared.reading}). "
        "Check that the structures did not change after the dose was calculated.",
        volume=compared.volume,
        dose=compared.dose,
    )


def agreement_finding(compared: Iterable[Compared]) -> tuple[Finding, ...]:
    """RTD222: one finding for each stored curve that disagrees, and one note for all that agree."""
    every = list(compared)
    out = [disagreement(item) for item in every if not item.agrees]
    agreeing = [item for item in every if item.agrees]
    if agreeing:
        worst = max(item.dose for item in agreeing)
        out.append(
            finding(
                "RTD222",
                "dose",
                f"{len(agreeing)} DVH(s) stored with the dose agree with ours (doses within {worst:.2%} of the highest "
                "dose beyond our intervals); none of them is used.",
                "I",
                structures=sorted(item.name for item in agreeing),
            )
        )
    return tuple(out)


def unstated_finding(names: Iterable[str]) -> tuple[Finding, ...]:
    """RTD316, a note for all structures of which the export states nothing to compare with."""
    listed = sorted(names)
    if not listed:
        return ()
    return (
        finding(
            "RTD316",
            "structures",
            f"Neither ROIVolume (3006,002C) nor a stored DVH could be compared for {some_of(listed)}: a lost end "
            "contour would not be seen.",
            "I",
            structures=listed,
        ),
    )
