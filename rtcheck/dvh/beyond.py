"""The highest dose at a distance from a target: D2cm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rtcheck.dvh.at_points import bend_parts, dose_parts
from rtcheck.dvh.curve import BEND
from rtcheck.dvh.field import DoseField
from rtcheck.dvh.nodes import DoseNodes
from rtcheck.geometry.territory import Territory
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["BeyondDose", "highest_beyond"]

_CHUNK = 20_000
_STEP_MM = 0.6
_LEAST_MM = 0.02
_KEPT = 12
_SKIN_MM = 2.0
"""The first step from a point of the patient's surface."""
_NOT_MUCH = 0.9
"""Points of the patient's surface with less than this share of the dose known already are left out."""
_SLACK_MM = 0.01
"""Points set on the surface may be this much nearer to the target: its own surface is known by points."""
_STAR = np.array([(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)], dtype=np.float64)
_QUARTERS = np.array([(i, j, k) for i in (0.25, 0.75) for j in (0.25, 0.75) for k in (0.25, 0.75)])
_SURFACE_MM = 0.1
"""Distances are known to this: the surface of the target is known by points."""
_SHELL_MM = 5.0


@dataclass(frozen=True, slots=True)
class BeyondDose:
    """The highest dose of a neighbourhood at a distance from its target.

    Attributes:
        dose_gy: None where no point of the neighbourhood is so far away, or its dose is unknown.
        error_gy: what cubic interpolation would change there, and a tenth of a millimetre of the distance.
        at_mm: where, x, y, z in LPS.
        cut: whether the dose grid ends nearer to the target than the distance, or the highest dose lies on its edge:
            there may be more beyond.
    """

    dose_gy: float | None
    error_gy: float = 0.0
    at_mm: tuple[float, float, float] | None = None
    cut: bool = False


def highest_beyond(field: DoseField, nodes: DoseNodes, territory: Territory, distance_mm: float) -> BeyondDose:
    """Find the highest dose in the patient, in the target's neighbourhood, at least a distance from the target.

    Nodes are looked at from the hottest downwards until one lies in that region. Between nodes the dose can only be
    higher than at all of them on the region's inner surface: points are set on it wherever a cell with a hotter corner
    meets it, about a millimetre apart, and from the hottest of them the search goes on in ever smaller steps. Likewise
    from the hottest points of the patient's surface: between the last node inside and the skin the dose may rise.

    Args:
        field: the dose of the course.
        nodes: ``dose_nodes(field)``.
        territory: the neighbourhood.
        distance_mm: from the surface of the target, in all directions.
    """
    best, place = _hottest_node(nodes, territory, distance_mm)
    points = _surface_of(nodes, territory, distance_mm, best)
    step = _STEP_MM
    while len(points):
        points, dose = _hottest(field, territory, distance_mm, points)
        if len(points) and float(dose[0]) > best:
            best, place = float(dose[0]), points[0]
        if step < _LEAST_MM:
            break
        points = territory.at_distance((points[:, None, :] + step * _STAR).reshape(-1, 3), distance_mm)
        step /= 2
    points, step = _on_skin(field, territory, distance_mm, best), _SKIN_MM
    while len(points) and step >= _LEAST_MM:
        points, dose = _hottest(field, territory, distance_mm, (points[:, None, :] + step * _STAR).reshape(-1, 3))
        if len(points) and float(dose[0]) > best:
            best, place = float(dose[0]), points[0]
        step /= 2
    cut = _shell_cut(field, territory, distance_mm)
    if best < 0:
        return BeyondDose(None, cut=cut)
    bend = bend_parts(field, np.eye(3), *place[:, None]).sum(axis=0)
    distance = float(territory.distance(place[None, :])[0])
    near = np.concatenate([territory.at_distance(place[None, :], distance + d) for d in (-_SURFACE_MM, _SURFACE_MM)])
    moved = np.nan_to_num(dose_parts(field, np.eye(3), *np.ascontiguousarray(near.T)).sum(axis=0), nan=best)
    error = BEND * abs(float(bend[0])) + float(np.max(np.abs(moved - best)))
    x, y, z = place.tolist()
    return BeyondDose(best, error, (x, y, z), cut or _on_edge(field, nodes, place))


def _allowed(territory: Territory, points: FloatArray, distance_mm: float) -> NDArray[np.bool_]:
    """(n,) whether points are in the region."""
    out = territory.is_beyond(points, distance_mm)
    out[out] = territory.belongs(points[out])
    out[out] = territory.in_body(points[out])
    return out


def _hottest_node(nodes: DoseNodes, territory: Territory, distance_mm: float) -> tuple[float, FloatArray]:
    """Highest dose at a node in the region, and where; -1 where there is none."""
    dose = nodes.dose_gy
    order = _hottest_first(nodes)
    known = int(np.count_nonzero(~np.isnan(dose)))
    for begin in range(0, known, _CHUNK):
        k, j, i = np.unravel_index(order[begin : min(begin + _CHUNK, known)], dose.shape)
        points = nodes.lps(nodes.x_mm[i], nodes.y_mm[j], nodes.z_mm[k])
        found = np.flatnonzero(_allowed(territory, points, distance_mm))
        if len(found):
            first = int(found[0])
            return float(dose[k[first], j[first], i[first]]), points[first]
    return -1.0, np.zeros(3)


@lru_cache(maxsize=1)  # all targets and readings of a case look at the same nodes
def _hottest_first(nodes: DoseNodes) -> IntArray:
    return np.argsort(-np.nan_to_num(nodes.dose_gy, nan=-1.0), axis=None, kind="stable").astype(np.int64)


def _surface_of(nodes: DoseNodes, territory: Territory, distance_mm: float, best: float) -> FloatArray:
    """(n, 3) points on the inner surface of the region, from every cell near it with a corner hotter than `best`."""
    dose = np.nan_to_num(nodes.dose_gy, nan=-1.0)
    high = dose[:-1, :-1, :-1]
    for corner in range(1, 8):
        a, b, c = corner >> 2 & 1, corner >> 1 & 1, corner & 1
        high = np.maximum(high, dose[a : dose.shape[0] - 1 + a, b : dose.shape[1] - 1 + b, c : dose.shape[2] - 1 + c])
    k, j, i = np.nonzero(high > best)
    low = np.stack([nodes.x_mm[i], nodes.y_mm[j], nodes.z_mm[k]], axis=1)
    size = np.stack([np.diff(nodes.x_mm)[i], np.diff(nodes.y_mm)[j], np.diff(nodes.z_mm)[k]], axis=1)
    middle, reach = nodes.lps(*(low + size / 2).T), float(np.linalg.norm(size, axis=1).max(initial=0.0)) / 2
    meets = territory.is_beyond(middle, distance_mm - reach) & ~territory.is_beyond(middle, distance_mm + reach)
    points = (low[meets, None, :] + _QUARTERS * size[meets, None, :]).reshape(-1, 3)
    return territory.at_distance(nodes.lps(*points.T), distance_mm) if len(points) else points


def _on_skin(field: DoseField, territory: Territory, distance_mm: float, best: float) -> FloatArray:
    """(n, 3) the hottest points of the patient's surface at the distance or further, unless much colder than `best`."""
    points = territory.skin()
    dose = np.nan_to_num(dose_parts(field, np.eye(3), *np.ascontiguousarray(points.T)).sum(axis=0), nan=-1.0)
    order = np.argsort(-dose, kind="stable")
    order = order[: np.count_nonzero(dose > _NOT_MUCH * max(best, 0.0))]
    for begin in range(0, len(order), _CHUNK // 10):
        some = points[order[begin : begin + _CHUNK // 10]]
        far = territory.is_beyond(some, distance_mm)
        far[far] = territory.belongs(some[far])
        if np.any(far):
            return some[far][:_KEPT]
    return np.zeros((0, 3))


def _hottest(
    field: DoseField, territory: Territory, distance_mm: float, points: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the hottest of points that are in the region, and their doses, the hottest first."""
    dose = dose_parts(field, np.eye(3), *np.ascontiguousarray(points.T)).sum(axis=0)
    order = np.argsort(-np.nan_to_num(dose, nan=-1.0), kind="stable")
    order = order[: np.count_nonzero(~np.isnan(dose))]
    for begin in range(0, len(order), _CHUNK // 10):
        some = order[begin : begin + _CHUNK // 10]
        found = some[_allowed(territory, points[some], distance_mm - _SLACK_MM)]
        if len(found):
            return points[found[:_KEPT]], dose[found[:_KEPT]]
    return np.zeros((0, 3)), np.zeros(0)


def _on_edge(field: DoseField, nodes: DoseNodes, place: FloatArray) -> bool:
    """Whether the dose is unknown a little way off along some axis of the grid."""
    step = 0.01 * min(float(np.diff(axis).min()) for axis in (nodes.x_mm, nodes.y_mm, nodes.z_mm) if len(axis) > 1)
    around = place + step * np.concatenate([nodes.basis, -nodes.basis])
    return bool(np.isnan(dose_parts(field, np.eye(3), *np.ascontiguousarray(around.T)).sum(axis=0)).any())


def _shell_cut(field: DoseField, territory: Territory, distance_mm: float) -> bool:
    """Whether the dose is unknown at some point of the region within a few mm of its inner surface."""
    low, high = territory.own.slabs.bounds
    reach = distance_mm + _SHELL_MM
    axes = [np.arange(a - reach, b + reach + _SHELL_MM, _SHELL_MM) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 3) @ territory.own.slabs.axes
    unknown = np.isnan(dose_parts(field, np.eye(3), *np.ascontiguousarray(points.T)).sum(axis=0))
    points = points[unknown]
    distance = territory.distance(points)
    points = points[(distance >= distance_mm) & (distance <= reach)]
    return bool(np.any(territory.in_body(points) & territory.belongs(points)))
