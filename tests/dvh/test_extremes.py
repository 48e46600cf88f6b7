"""The search for extreme doses: nothing that is left out could have been one."""

from dataclasses import replace

import numpy as np
import pytest

from rtcheck.dvh.conventions import structure_dose
from rtcheck.dvh.engine import sample_solid
from rtcheck.dvh.extremes import grid_lines, nodes_inside, oblique_margin, prism_extremes
from rtcheck.dvh.local import dose_about, local_dose
from rtcheck.dvh.sampling import Samples
from rtcheck.geometry.prisms import prisms_of
from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.solid import Leaf
from rtcheck.geometry.variants import leaves_of, variants_of
from tests.analytic.phantoms import field_of, grid_of, roi_of, sphere, torus

WAVES = lambda x, y, z: 40 + 9 * np.cos(x / 4 + y / 3) + 8 * np.sin(z / 3 - x / 5)  # noqa: E731


def test_a_hot_node_deep_inside_is_the_maximum_of_the_shape():
    """One hot dose node deep inside a large structure is its maximum under the shape model too."""
    grid = grid_of(lambda x, y, z: 20.0 + 0 * x + 0 * y + 0 * z, 2.5, 45)
    stored = np.array(grid.stored)
    stored[tuple(n // 2 for n in stored.shape)] = 300_000
    stored.setflags(write=False)
    stack, _ = stack_contours(roi_of(sphere(40), 2.5, 0.3))
    found = structure_dose(sample_solid("A", Leaf(stack), field_of(replace(grid, stored=stored)), "shape"), None)
    assert found.value.maximum_gy == pytest.approx(30.0, abs=1e-9)


@pytest.mark.parametrize("phantom", [sphere(13), torus(15, 6)], ids=lambda p: p.name)
def test_leaving_out_what_cannot_be_extreme_changes_no_extreme(phantom):
    """With samples known in advance the search finds the extremes that it finds when nothing is known, per reading."""
    leaf = Leaf(stack_contours(roi_of(phantom, 2.5, 0.3))[0])
    leaves = leaves_of(leaf)
    prisms = prisms_of(leaf, leaves, variants_of(leaves))
    low = np.append(prisms.points.min(axis=0), prisms.lower.min())
    high = np.append(prisms.points.max(axis=0), prisms.upper.max())
    local = dose_about(field_of(grid_of(WAVES, 2.0, 26, (0.3, 0.1, -0.4))), leaf.stack.axes, low, high)
    lines = grid_lines(local)
    inside = nodes_inside(prisms, lines)
    nothing = Samples(np.zeros((1, 0)), np.zeros(0), np.zeros(0, dtype=np.int64), np.zeros((3, 0)))
    every = prism_extremes(prisms, local, lines, inside, nothing)
    # what is known are points of the solid: some of its corners, in the middle of a slab
    u, v = prisms.points[::3].T
    section = np.repeat(prisms.section_of_ring, np.diff(prisms.ring_starts))[::3]
    slab = np.array([int(np.flatnonzero(prisms.section == s)[0]) for s in section])
    w, mask = ((prisms.lower + prisms.upper) / 2)[slab], prisms.mask[slab]
    dose = local_dose(local, u, v, w)
    known = Samples(dose, np.zeros(len(u)), mask, np.zeros((3, 0)))
    some = prism_extremes(prisms, local, lines, inside, known)
    for bit in range(int(prisms.mask.max()).bit_length()):
        full = every.dose_gy[0][(every.mask >> bit) & 1 == 1]
        part = np.concatenate([each.dose_gy[0][(each.mask >> bit) & 1 == 1] for each in (some, known)])
        assert part.max() == pytest.approx(full.max(), abs=1e-12)
        assert part.min() == pytest.approx(full.min(), abs=1e-12)


def test_a_saddle_bends_across_two_axes_and_is_counted():
    """Along no axis of the grid a saddle bends; half a step away obliquely it is off by an eighth of what it twists."""
    twist, step = 0.02, 2.0  # Gy/mm², mm
    grid = grid_of(lambda x, y, z: 50 + twist * x * y + 0 * z, step, 12)
    local = dose_about(field_of(grid), np.eye(3), np.full(3, -10.0), np.full(3, 10.0))
    assert oblique_margin(local) == pytest.approx(twist * step**2 / 8, rel=1e-2)
    # the dose half a step from its peak, on a face that cuts the grid's axes at 45 degrees
    peak, beside = (local_dose(local, *np.array([[x], [y], [0.0]]))[0, 0] for x, y in ((2.0, 2.0), (3.0, 1.0)))
    across = step / 2 / np.sqrt(2)
    nearer = local_dose(local, *np.array([[2.0 + across], [2.0 - across], [0.0]]))[0, 0]
    assert beside < nearer < peak
    assert peak - nearer <= oblique_margin(local) * (1 + 1e-2)
