"""From the contours of one ROI, as stored, to a clean contour stack of simple rings.

Nothing doubtful is repaired in silence. What is unambiguous is cleaned and noted; what two readers would fill
differently makes the ROI unusable (dicom-rt-notes §1.3, rows 22 to 33; PS3.3 §C.8.8.6).
"""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from rtcheck.geometry.cleaning import PlaneRegion, resolve_planes
from rtcheck.geometry.planes import PLANAR_MM, cluster_planes, common_axes, find_gaps
from rtcheck.geometry.polygons import signed_area
from rtcheck.geometry.solid import ContourStack
from rtcheck.model.arrays import FloatArray, IntArray, frozen
from rtcheck.model.finding import Finding, finding
from rtcheck.model.structure import ROI

__all__ = ["SINGLE_PLANE_MM", "plane_thickness", "stack_contours"]

SINGLE_PLANE_MM = 3.0
"""Slab thickness assumed for an ROI drawn on one plane only, when nobody knows better."""

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_AMBIGUOUS_SHARE = 1e-3
_AMBIGUOUS_MM3 = 5.0


def stack_contours(
    roi: ROI, single_plane_mm: float | None = None
) -> tuple[ContourStack | None, tuple[Finding, ...]]:
    """Clean and sort the closed contours of one ROI into parallel planes.

    The result does not depend on the order of contours, their first vertex or their winding.

    Args:
        roi: as read. Only contours of type CLOSED_PLANAR and CLOSEDPLANAR_XOR have a volume; open ones among them
            make the ROI unusable (RTD309), single points are left out (RTD305).
        single_plane_mm: thickness assumed when there is only one plane; None: what its contours state
            (ContourSlabThickness), else `SINGLE_PLANE_MM`.

    Returns:
        The stack, or None when the ROI cannot be used; then a finding of severity E says why (those of `roi.findings`
        that are E are handed back for that reason). Findings: RTD303, RTD305, RTD306, RTD307, RTD308, RTD309, RTD311,
        RTD313, RTD317. A missing slice (RTD312) is only marked in ``ContourStack.gaps``: its effect on the
        dose decides how severe it is.
    """
    broken = tuple(f for f in roi.findings if f.severity in ("E", "F"))
    if broken:
        return None, broken
    name = roi.name or f"ROI {roi.number}"
    chosen = [c for c, kind in enumerate(roi.contours.kinds) if kind in _CLOSED]
    if not chosen:
        return None, (
            finding(
                "RTD303",
                name,
                f"{name} has no closed contour, so no volume; draw or export it again.",
                contours=len(roi.contours.kinds),
            ),
        )
    others = Counter(kind for kind in roi.contours.kinds if kind not in _CLOSED)
    points_only = others.pop("POINT", 0)
    if others:
        return None, (
            finding(
                "RTD309",
                name,
                f"{name} mixes closed contours with {others.total()} that are open ({', '.join(sorted(others))}): what "
                "these enclose cannot be told. Close them, or export them as a structure of their own.",
                kinds=sorted(others),
            ),
        )
    kinds = sorted({roi.contours.kinds[c] for c in chosen})
    if len(kinds) > 1:
        return None, (
            finding(
                "RTD309",
                name,
                f"{name} mixes contours of type {kinds[0]} and {kinds[1]}: two rules for "
                "holes at once; export it with one type.",
                kinds=kinds,
            ),
        )
    stated = {roi.contours.slabs_mm[c] for c in chosen} if roi.contours.slabs_mm else {0.0}
    known = single_plane_mm is None and len(stated) == 1 and max(stated) > 0
    thickness = max(stated) if known else single_plane_mm or SINGLE_PLANE_MM
    points, starts = _selected(roi, chosen)
    if not np.all(np.isfinite(points)):
        return None, (finding("RTD305", name, f"{name} has contour coordinates that are not finite numbers."),)
    notes: list[Finding] = []
    if points_only:
        message = f"{points_only} contour(s) of {name} are single points (POINT), which enclose nothing; left out."
        notes.append(finding("RTD305", name, message, severity="W", contours=points_only))
    points, starts, slivers = _without_repeats(points, starts)
    if slivers:
        notes.append(
            finding(
                "RTD305",
                name,
                f"{slivers} closed contour(s) of {name} with fewer than three distinct points "
                "enclose nothing and were left out.",
                severity="W",
                contours=slivers,
            )
        )
    if len(starts) < 2:
        return None, (*notes, finding("RTD303", name, f"No closed contour of {name} has three distinct points."))

    axes, deviation = common_axes(points, starts)
    if deviation > PLANAR_MM:
        return None, (
            *notes,
            finding(
                "RTD306",
                name,
                f"The contours of {name} are not planar and parallel: a point lies "
                f"{deviation:.3g} mm off its plane (up to {PLANAR_MM} mm is accepted).",
                deviation_mm=deviation,
            ),
        )
    local = points @ axes.T
    clusters = cluster_planes(_contour_positions(local[:, 2], starts))
    if clusters.spread_mm > 1e-3:
        notes.append(
            finding(
                "RTD313",
                name,
                f"Contour planes of {name} up to {clusters.spread_mm:.3g} mm apart were taken as one plane.",
                spread_mm=clusters.spread_mm,
            )
        )
    contours = [local[a:b, :2] for a, b in itertools.pairwise(starts.tolist())]
    members: list[list[FloatArray]] = [[] for _ in clusters.planes_mm]
    for plane, ring in zip(clusters.plane_of.tolist(), contours, strict=True):
        members[plane].append(ring)
    exclusive = kinds[0] == "CLOSEDPLANAR_XOR"
    regions = resolve_planes(members, exclusive=exclusive)
    faults, kept = _judge(name, regions, clusters.planes_mm, thickness, exclusive=exclusive)
    notes.extend(kept)
    if faults:
        return None, (*notes, *faults)

    filled = [j for j, region in enumerate(regions) if region.rings]
    if not filled:
        return None, (*notes, finding("RTD303", name, f"The closed contours of {name} enclose no area."))
    if len(filled) < len(regions):
        empty = len(regions) - len(filled)
        message = f"On {empty} plane(s) the closed contours of {name} enclose no area; they were left out."
        notes.append(finding("RTD305", name, message, severity="W", planes=empty))
    planes = clusters.planes_mm[filled]
    gaps = find_gaps(planes)
    rings = [ring for j in filled for ring in regions[j].rings]
    ring_points = np.concatenate(rings)
    ring_starts = np.concatenate([[0], np.cumsum([len(ring) for ring in rings])]).astype(np.int64)
    plane_starts = np.concatenate([[0], np.cumsum([len(regions[j].rings) for j in filled])]).astype(np.int64)
    notes.extend(_displaced(name, planes, ring_points, ring_starts[plane_starts]))
    notes.extend(_spacing_findings(name, planes, gaps, thickness, known=known))
    stack = ContourStack(
        name=name,
        axes=frozen(axes),
        planes_mm=frozen(planes),
        points_mm=frozen(ring_points),
        ring_starts=frozen(ring_starts),
        plane_starts=frozen(plane_starts),
        thickness_mm=thickness if len(planes) == 1 else None,
        gaps=gaps,
        rounding_mm=_rounding(points),
    )
    return stack, tuple(notes)


def plane_thickness(planes: FloatArray, single_plane_mm: float) -> FloatArray:
    """(m,) slab thickness of each plane: half way to its neighbours, at the ends half a spacing beyond."""
    if len(planes) == 1:
        return np.array([single_plane_mm])
    steps = np.diff(planes)
    padded = np.concatenate([steps[:1], steps, steps[-1:]])
    return np.asarray((padded[:-1] + padded[1:]) / 2)


def _selected(roi: ROI, chosen: list[int]) -> tuple[FloatArray, IntArray]:
    """Points and offsets of the chosen contours."""
    starts = roi.contours.starts
    parts = [roi.contours.points_mm[starts[c] : starts[c + 1]] for c in chosen]
    return np.concatenate(parts), np.concatenate([[0], np.cumsum([len(p) for p in parts])]).astype(np.int64)


def _without_repeats(points: FloatArray, starts: IntArray) -> tuple[FloatArray, IntArray, int]:
    """Drop points equal to their cyclic predecessor, then contours of fewer than three distinct points; count these."""
    counts = np.diff(starts)
    contour = np.repeat(np.arange(len(counts)), counts)
    if len(points) == 0:
        return points, np.zeros(1, dtype=np.int64), len(counts)
    filled = counts > 0
    first, last = starts[:-1][filled], starts[1:][filled] - 1
    differs = points[1:] != points[:-1]
    keep = np.zeros(len(points), dtype=bool)
    keep[1:] = differs[:, 0] | differs[:, 1] | differs[:, 2]
    keep[first] = np.any(points[first] != points[last], axis=1)
    if not keep.all():
        points, contour = points[keep], contour[keep]
    sizes = np.bincount(contour, minlength=len(counts))
    distinct = np.array(
        [size if size > 8 else len(np.unique(points[contour == c], axis=0)) for c, size in enumerate(sizes.tolist())]
    )
    good = distinct >= 3
    points = points[good[contour]]
    return points, np.concatenate([[0], np.cumsum(sizes[good])]).astype(np.int64), int(np.sum(~good))


def _contour_positions(w: FloatArray, starts: IntArray) -> FloatArray:
    """Mid position of each contour along the normal: independent of point order, exact for constant w."""
    first = starts[:-1]
    low, high = np.minimum.reduceat(w, first), np.maximum.reduceat(w, first)
    return np.asarray(low + (high - low) / 2)


def _judge(
    name: str, regions: list[PlaneRegion], planes: FloatArray, single_plane_mm: float, *, exclusive: bool
) -> tuple[list[Finding], list[Finding]]:
    """Faults that make the ROI unusable, and notes, from what resolving the planes showed."""
    thickness = plane_thickness(planes, single_plane_mm)
    volume = float(np.sum(thickness * [region.area_mm2 for region in regions]))
    tolerance = max(_AMBIGUOUS_MM3, _AMBIGUOUS_SHARE * volume)
    crossing = float(np.sum(thickness * [region.crossing_mm2 for region in regions]))
    overlap = float(np.sum(thickness * [region.overlap_mm2 for region in regions]))
    faults = []
    if crossing > tolerance:
        faults.append(
            finding(
                "RTD307",
                name,
                f"{name} has self-crossing contours: by the rules that readers use to fill them (even-odd, non-zero "
                f"or signed winding) its volume differs by {crossing / 1000:.3g} cm3; redraw them.",
                difference_cm3=crossing / 1000,
            )
        )
    if overlap > tolerance:
        faults.append(
            finding(
                "RTD309",
                name,
                f"{name} has contours on one plane that overlap partly: joined or subtracted its "
                f"volume differs by {overlap / 1000:.3g} cm3; redraw them or export holes unambiguously.",
                difference_cm3=overlap / 1000,
            )
        )
    notes = []
    resolved = sum(region.resolved for region in regions)
    if resolved and not faults:
        notes.append(
            finding(
                "RTD308",
                name,
                f"{resolved} contour(s) of {name} touch or retrace themselves or each other "
                "(keyhole) and were read by the even-odd rule.",
                contours=resolved,
            )
        )
    # Holes of planes on which no contour had to be resolved are whole contours inside others.
    inner = [(signed_area(ring), float(step)) for region, step in zip(regions, thickness, strict=True)
             if not region.resolved and len(region.rings) > 1 for ring in region.rings]  # fmt: skip
    holes = [-area * step for area, step in inner if area < 0]
    if holes and not exclusive and not faults:
        message = (
            f"{len(holes)} contour(s) of {name} lie inside others and were read as holes of together "
            f"{sum(holes) / 1000:.3g} cm3, as is usual; the standard has no rule for it. Look whether they are holes."
        )
        notes.append(finding("RTD308", name, message, contours=len(holes), holes_cm3=sum(holes) / 1000))
    duplicates = sum(region.duplicates for region in regions)
    if duplicates:
        notes.append(
            finding(
                "RTD311",
                name,
                f"{duplicates} contour(s) of {name} are stored twice; the copies were dropped.",
                contours=duplicates,
            )
        )
    return faults, notes


def _spacing_findings(
    name: str, planes: FloatArray, gaps: tuple[int, ...], single_plane_mm: float, *, known: bool
) -> list[Finding]:
    """RTD317 for a single plane, RTD313 for irregular spacing (gaps are the engine's business)."""
    if len(planes) == 1:
        what = "stated (ContourSlabThickness (3006,0044))" if known else "assumed"
        return [
            finding(
                "RTD317",
                name,
                f"{name} has contours on one plane only; a thickness of {single_plane_mm:g} mm is "
                f"{what}; anything from none to twice that, wider beyond the plane or aslant, is in the interval.",
                thickness_mm=single_plane_mm,
            )
        ]
    steps = np.delete(np.diff(planes), list(gaps))
    median = float(np.median(np.diff(planes)))
    off = float(np.max(np.abs(steps - median)))
    if off > 0.05 + 0.05 * median:
        return [
            finding(
                "RTD313",
                name,
                f"The contour planes of {name} are unevenly spaced ({steps.min():.4g} to "
                f"{steps.max():.4g} mm); each plane reaches half way to its neighbours.",
                smallest_mm=float(steps.min()),
                largest_mm=float(steps.max()),
            )
        ]
    return []


def _displaced(name: str, planes: FloatArray, points: FloatArray, starts: IntArray) -> list[Finding]:
    """RTD305 (W) for a plane beside both of its neighbours, which lie over each other: it seems shifted or of another.

    Compared by the boxes round what each plane encloses, so that only what is plainly elsewhere is named.
    """
    if len(planes) < 3:
        return []
    low, high = (np.column_stack([end.reduceat(column, starts[:-1]) for column in points.T]) for end in
                 (np.minimum, np.maximum))  # fmt: skip

    def apart(a: slice, b: slice) -> NDArray[np.bool_]:
        return np.asarray(np.any((low[a] > high[b]) | (low[b] > high[a]), axis=1))

    before, here, after = slice(None, -2), slice(1, -1), slice(2, None)
    off = np.flatnonzero(apart(here, before) & apart(here, after) & ~apart(before, after)) + 1
    if len(off) == 0:
        return []
    shown = ", ".join(f"{planes[k]:.4g}" for k in off[:5].tolist())
    message = (
        f"What {name} encloses at {shown} mm lies beside both neighbouring planes, which lie over each other: a "
        "contour seems displaced. Look at it on its image."
    )
    return [finding("RTD305", name, message, severity="W", planes=len(off))]


def _rounding(points: FloatArray) -> float:
    """Half the last decimal digit that the coordinates use; 0 when more than six decimals are used.

    Whole millimetres only are taken as one decimal: no planning system rounds coarser, while drawn boxes are exact.
    """
    for decimals in range(1, 7):
        scaled = points * 10.0**decimals
        if np.all(np.abs(scaled - np.rint(scaled)) < 1e-4):
            return float(0.5 * 10.0**-decimals)
    return 0.0
