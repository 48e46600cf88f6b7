"""Where the samples of covered cells lie, what they stand for, and the points of the surface next to them."""

from __future__ import annotations

import numpy as np

from rtcheck.geometry.coverage import CutCells
from rtcheck.geometry.distance import FAR_MM
from rtcheck.geometry.stagger import stagger
from rtcheck.model.arrays import FloatArray, IntArray

__all__ = ["WHOLE", "feet", "scaled_shares", "spread_samples"]

WHOLE = 1 - 1e-6
"""A cell covered beyond this share is whole: rounding must not decide where its sample lies."""
_FLAT = 1e-9
_SCALE = 4.0
"""Cut cells are scaled by at most this factor to give a section its area."""


def feet(cells: CutCells) -> tuple[FloatArray, FloatArray]:
    """Point of the surface nearest to each cell's centre, in cells from its corner; NaN where the level is flat."""
    steep = cells.slope_x**2 + cells.slope_y**2
    step = cells.value / np.where(steep > _FLAT, steep, np.nan)
    return 0.5 - step * cells.slope_x, 0.5 - step * cells.slope_y


def spread_samples(cells: CutCells, rates: FloatArray, ordinal: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sample position of each cell in cells from its corner, and along w in layers from the middle of its layer.

    Samples of whole cells are staggered within them. In a cut cell the sample starts from the centroid of the covered
    part and is moved along the surface only: along the contour, and along w as the surface runs there.

    Args:
        cells: the cells.
        rates: (n,) change of the level at each cell's centre from layer to layer.
        ordinal: (layers,) running number of each layer.
    """
    su, sv, sw = stagger(cells.row, cells.column, ordinal[cells.layer])
    rate = np.where(np.abs(rates) < FAR_MM / 10, rates, 0.0)
    whole = cells.share > WHOLE
    # a whole cell stays inside the solid through the layer, or as far up or down it as it does
    falling = rate * sw < 0
    room = np.where(falling, np.maximum(cells.value, 0.0) / np.maximum(np.abs(rate * sw), 1e-9), 1.0)
    sw = np.where(whole, sw * np.minimum(room, 1.0), sw)
    steep = cells.slope_x**2 + cells.slope_y**2
    gentle = steep > _FLAT
    safe = np.where(gentle, steep, 1.0)
    out = np.where(gentle, np.clip(rate * sw / np.sqrt(safe), -1.0, 1.0), 0.0) / np.sqrt(safe)
    chord = np.where(gentle, np.minimum(1.0, 2 * np.sqrt(cells.share)) * su / np.sqrt(safe), 0.0)
    return (
        np.where(whole, 0.5 + su, cells.x - out * cells.slope_x - chord * cells.slope_y),
        np.where(whole, 0.5 + sv, cells.y - out * cells.slope_y + chord * cells.slope_x),
        np.where(whole | gentle, sw, 0.0),
    )


def scaled_shares(share: FloatArray, layer: IntArray, target: FloatArray) -> FloatArray:
    """Scale the cut cells of each layer, up to `_SCALE`, so that its shares add up to the target."""
    cut = share <= WHOLE
    full = np.bincount(layer, ~cut, len(target))
    part = np.bincount(layer, share * cut, len(target))
    factor = np.clip((target - full) / np.maximum(part, 1e-9), 1 / _SCALE, _SCALE)
    return np.where(cut, share * factor[layer], share)
