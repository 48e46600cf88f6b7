"""The shape model's layers of a stack, and volumes per reading, for the geometry tests."""

import numpy as np

from rtcheck.geometry.occupancy import Lattice
from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.shape import shape_layers, window_points
from rtcheck.geometry.solid import Leaf
from rtcheck.geometry.variants import leaves_of, variants_of, with_edges


def stack_of(roi):
    stack, findings = stack_contours(roi)
    assert stack is not None, findings
    return stack


def layers_of(solid, cell=0.5, layer=0.4, phase=0.5, *, edges=False):
    """Layers and the labels of the variants."""
    solid = solid if not hasattr(solid, "planes_mm") else Leaf(solid)
    leaves = leaves_of(solid)
    variants = with_edges(variants_of(leaves), leaves) if edges else variants_of(leaves)
    low, high = window_points(solid)
    start = low - (1.5 + phase) * cell
    columns, rows = (np.floor((high + 1.5 * cell - start) / cell).astype(int) + 1).tolist()
    lattice = Lattice(float(start[0]), float(start[1]), cell, cell, columns, rows)
    return shape_layers(solid, leaves, variants, lattice, layer), [v.label for v in variants]


def volume(layers, variant=0, where=None):
    member = (layers.mask >> variant) & 1 == 1
    if where is not None:
        member &= where
    return float(np.sum(layers.volume_mm3[member]))
