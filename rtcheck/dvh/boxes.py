"""The parts of a solid that samples stand for under the prism model: covered cells times sub-layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtcheck.geometry.occupancy import Lattice, cover
from rtcheck.geometry.prisms import Prisms
from rtcheck.geometry.stagger import reach, stagger
from rtcheck.geometry.subcells import FACTOR, subcells
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["Boxes", "box_points", "boxes_of", "cut"]

_WHOLE = 1 - 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Covered cells on sub-layers, all (n,).

    Attributes:
        section: cross-section of the prisms.
        row, column: cell of the lattice.
        u_mm, v_mm: centroid of the covered part.
        area_mm2: covered area.
        layer: running number of the sub-layer.
        w_mm: its middle.
        height_mm: its thickness.
        mask: bit i is set when variant i has it.
    """

    section: IntArray
    row: IntArray
    column: IntArray
    u_mm: FloatArray
    v_mm: FloatArray
    area_mm2: FloatArray
    layer: IntArray
    w_mm: FloatArray
    height_mm: FloatArray
    mask: IntArray

    @property
    def volume_cm3(self) -> FloatArray:
        """Covered volume."""
        return self.area_mm2 * self.height_mm / 1000


def boxes_of(prisms: Prisms, lattice: Lattice, layer_mm: float) -> tuple[Boxes, FloatArray]:
    """Fill every slab with cells and sub-layers of at most `layer_mm`.

    Returns:
        The boxes, and the area of each cross-section as the lattice found it, mm².
    """
    sections = len(prisms.areas)
    cells = cover(prisms.points, prisms.ring_starts, prisms.section_of_ring, sections, lattice)
    areas = np.add.reduceat(np.append(cells.area_mm2, 0.0), cells.layer_starts[:-1]) if sections else np.zeros(0)
    thickness = prisms.upper - prisms.lower
    count = np.maximum(1, np.ceil(thickness / layer_mm - 1e-6)).astype(np.int64)
    slab = np.repeat(np.arange(len(count)), count)
    step = np.arange(len(slab)) - np.repeat(np.cumsum(count) - count, count)
    height = (thickness / count)[slab]
    middle = prisms.lower[slab] + (step + 0.5) * height
    # each sub-layer repeats the cells of its slab's cross-section
    begin = cells.layer_starts[:-1][prisms.section[slab]]
    length = cells.layer_starts[1:][prisms.section[slab]] - begin
    layer = np.repeat(np.arange(len(slab)), length)
    cell = np.arange(len(layer)) - np.repeat(np.cumsum(length) - length - begin, length)
    boxes = Boxes(
        section=prisms.section[slab][layer],
        row=cells.row[cell],
        column=cells.column[cell],
        u_mm=cells.u_mm[cell],
        v_mm=cells.v_mm[cell],
        area_mm2=cells.area_mm2[cell],
        layer=layer,
        w_mm=middle[layer],
        height_mm=height[layer],
        mask=prisms.mask[slab][layer],
    )
    return boxes, areas


def box_points(boxes: Boxes, lattice: Lattice) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Where each box is sampled: rectangles anywhere inside, other cut cells at the centroid of their covered part."""
    su, sv, sw = stagger(boxes.row, boxes.column, boxes.layer)
    along_u, along_v = reach(lattice, boxes.row, boxes.column, boxes.u_mm, boxes.v_mm, boxes.area_mm2)
    return (
        boxes.u_mm + su * along_u,
        boxes.v_mm + sv * along_v,
        boxes.w_mm + sw * boxes.height_mm,
    )


def cut(boxes: Boxes, at: IntArray, prisms: Prisms, lattice: Lattice) -> Boxes:
    """Cut the chosen boxes in half along u, v and w, exactly; the cells are those of the halved lattice.

    Args:
        boxes: on `lattice`.
        at: (k,) the chosen, ascending.
        prisms: what the boxes fill.
        lattice: as before the cut.
    """
    key = (boxes.section[at] * lattice.rows + boxes.row[at]) * lattice.columns + boxes.column[at]
    _, first, cell = np.unique(key, return_index=True, return_inverse=True)
    one = at[first]
    row, column, area = boxes.row[one], boxes.column[one], boxes.area_mm2[one]
    half = np.arange(FACTOR)
    shape = (len(one), FACTOR, FACTOR)
    rows = np.broadcast_to((row * FACTOR)[:, None, None] + half[:, None], shape).copy()
    columns = np.broadcast_to((column * FACTOR)[:, None, None] + half, shape).copy()
    u = lattice.u0 + lattice.du / FACTOR * (columns + 0.5)
    v = lattice.v0 + lattice.dv / FACTOR * (rows + 0.5)
    areas = np.broadcast_to(area[:, None, None] / FACTOR**2, shape).copy()
    partial = np.flatnonzero(area <= _WHOLE * lattice.du * lattice.dv)
    if len(partial):
        found = subcells(
            prisms.points,
            prisms.ring_starts,
            prisms.section_of_ring,
            lattice,
            boxes.section[one][partial],
            row[partial],
            column[partial],
        )
        u[partial], v[partial], areas[partial] = found.u_mm, found.v_mm, found.area_mm2
    # (chosen, sub-layer, row and column), without what is empty
    parts = (len(at), FACTOR, FACTOR**2)
    place = np.broadcast_to((cell.ravel() * FACTOR**2)[:, None, None] + np.arange(FACTOR**2), parts).ravel()
    upper = np.tile(np.repeat(np.arange(FACTOR), FACTOR**2), len(at))
    box = np.repeat(at, FACTOR**3)
    area = areas.ravel().take(place)
    filled = np.flatnonzero(area > 0)
    if len(filled) < len(area):
        place, upper, box, area = place.take(filled), upper.take(filled), box.take(filled), area.take(filled)
    height = boxes.height_mm.take(box) / FACTOR
    return Boxes(
        section=boxes.section.take(box),
        row=rows.ravel().take(place),
        column=columns.ravel().take(place),
        u_mm=u.ravel().take(place),
        v_mm=v.ravel().take(place),
        area_mm2=area,
        layer=boxes.layer.take(box) * FACTOR + upper,
        w_mm=boxes.w_mm.take(box) + (upper - (FACTOR - 1) / 2) * height,
        height_mm=height,
        mask=boxes.mask.take(box),
    )
