"""The neighbourhood of one target among several: which points count as its own.

A point belongs to the target that it is nearest to, surface to point, and a point inside a target to that target, also
where two overlap. So every point outside all targets belongs to exactly one of them (the nearest, with its own surface
reaching half way to the next), and where the dose clouds of several lesions run into each other each is cut at the
middle between the targets. Nothing is said about connection: a patch of high dose far away counts for the nearest
target.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rtcheck.geometry.surface import Body
from rtcheck.model.arrays import FloatArray

__all__ = ["Territory"]


@dataclass(frozen=True, slots=True, eq=False)
class Territory:
    """One target, the others, and the external contour; points are (n, 3) in LPS mm.

    Attributes:
        own: the target.
        others: the other targets.
        external: the patient, or None where no external contour is known.
    """

    own: Body
    others: tuple[Body, ...] = ()
    external: Body | None = None

    def belongs(self, points: FloatArray) -> NDArray[np.bool_]:
        """(n,) whether no other target is nearer than the own one."""
        return np.asarray(self.lead(points, 0.0) >= 0)

    def lead(self, points: FloatArray, margin_mm: float = np.inf) -> FloatArray:
        """(n,) by how much the own target is nearer than any other, mm; infinite where there is no other.

        Beyond `margin_mm`, to either side, only the sign is right and the size a lower bound.
        """
        out = np.full(len(points), np.inf)
        if not self.others or len(points) == 0:
            return out
        nearest, farthest = _bounds(self.own, points)
        open_: list[NDArray[np.bool_]] = []
        for other in self.others:
            least, most = _bounds(other, points)
            ahead, behind = least - farthest, most - nearest
            sure = (ahead > margin_mm) | (behind < -margin_mm)
            out = np.minimum(out, np.where(ahead > margin_mm, ahead, np.where(sure, behind, np.inf)))
            open_.append(~sure)
        lost = out < -margin_mm
        asked = np.flatnonzero(np.any(open_, axis=0) & ~lost)
        own = _distance(self.own, points[asked])
        for other, unsure in zip(self.others, open_, strict=True):
            held = unsure[asked]
            at = asked[held]
            out[at] = np.minimum(out[at], _distance(other, points[at]) - own[held])
        return out  # never negative inside the own target

    def in_body(self, points: FloatArray) -> NDArray[np.bool_]:
        """(n,) whether inside the external contour; everywhere where none is known."""
        if self.external is None:
            return np.ones(len(points), dtype=bool)
        return self.external.inside(points @ self.external.slabs.axes.T)

    def skin(self) -> FloatArray:
        """(n, 3) points on the external contour, about the `step_mm` of its body apart; none where it is not known."""
        if self.external is None:
            return np.zeros((0, 3))
        return np.asarray(self.external.surface @ self.external.slabs.axes)

    def side(self, points: FloatArray, reach_mm: float) -> tuple[FloatArray, NDArray[np.bool_]]:
        """(n,) lead of each point (see `lead`), and whether a border of the territory may pass within `reach_mm`."""
        margin = 2 * reach_mm + self.own.step_mm / 4
        lead = self.lead(points, margin)
        return lead, np.asarray(np.abs(lead) <= margin)

    def near_body(self, points: FloatArray, reach_mm: float) -> NDArray[np.bool_]:
        """(n,) whether the surface of the patient may pass within `reach_mm` of each point."""
        if self.external is None:
            return np.zeros(len(points), dtype=bool)
        most = reach_mm + self.external.step_mm
        return np.asarray(self.external.to_surface(points @ self.external.slabs.axes.T, most) <= most)

    def distance(self, points: FloatArray) -> FloatArray:
        """(n,) distance from the own target, mm; 0 inside."""
        return _distance(self.own, points)

    def is_beyond(self, points: FloatArray, distance_mm: float) -> NDArray[np.bool_]:
        """(n,) whether the distance from the own target is at least `distance_mm`."""
        least, most = _bounds(self.own, points)
        out = least >= distance_mm
        asked = np.flatnonzero(~out & (most >= distance_mm))
        out[asked] = _distance(self.own, points[asked]) >= distance_mm
        return out

    def at_distance(self, points: FloatArray, distance_mm: float) -> FloatArray:
        """(n, 3) points outside the own target moved to a distance from it (see `Body.at_distance`)."""
        axes = self.own.slabs.axes
        return np.asarray(self.own.at_distance(points @ axes.T, distance_mm) @ axes)


def _distance(body: Body, points: FloatArray) -> FloatArray:
    return body.distance(points @ body.slabs.axes.T)


def _bounds(body: Body, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    return body.bounds_of_distance(points @ body.slabs.axes.T)
