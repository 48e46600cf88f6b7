"""What a level function knows of a stack: how its ends lean, and the names of the rules along it."""

import numpy as np
import pytest

from rtcheck.geometry.levels import level_field, zones_at
from rtcheck.geometry.occupancy import Lattice
from rtcheck.geometry.variants import LeafState
from tests.analytic.phantoms import circle
from tests.geometry.contours import at, on_planes, roi_of_rings, square
from tests.geometry.shapes import layers_of, stack_of


@pytest.mark.parametrize("sense", [1, -1])
def test_the_tips_of_a_leaning_ball_lean_on(sense):
    """Beyond its end contours a ball that leans by 0.3 mm per mm goes on along its axis, to a hundredth of a mm."""
    planes = np.arange(-10.0, 12.0, 2.5)
    rings = [at(circle(np.sqrt(144 - z * z)) + np.array([sense * 0.3 * z, 0]), z) for z in planes]
    layers, _ = layers_of(stack_of(roi_of_rings(rings)), 0.5, 0.3)
    value = (layers.mask & 1 == 1) & (layers.volume_mm3 > 0)
    for tip in (layers.w_mm < planes[0], layers.w_mm > planes[-1]):
        weights = layers.volume_mm3[value & tip]
        off = layers.u_mm - sense * 0.3 * layers.w_mm
        assert np.average(off[value & tip], weights=weights) == pytest.approx(0, abs=0.01)
        assert weights.sum() == pytest.approx(np.pi * 2**2 * (36 - 2) / 3, rel=5e-3)


def test_where_a_stack_is_not_its_zone_says_so_in_one_way():
    """Beyond either end, in each reading, and in slices left empty the zone is ("out", 0)."""
    stack = stack_of(roi_of_rings(on_planes(square(10), (0.0, 3.0, 6.0, 15.0, 18.0, 21.0))))
    field = level_field(stack, Lattice(-2.0, -2.0, 1.0, 1.0, 14, 14))
    w = np.array([-9.0, -3.1, -2.9, -1.4, -0.1, 1.0, 7.4, 7.6, 10.4, 13.4, 13.6, 21.1, 22.4, 23.9, 24.1, 30.0])
    usual, long, short = LeafState(), LeafState(1, 1, empty=True), LeafState(-1, -1)
    names = {state: [index if kind == "plane" else (kind, index) for kind, index in zones_at(field, state, w)]
             for state in (usual, long, short)}  # fmt: skip
    out = ("out", 0)
    assert names[usual] == [out, out, out, 0, 0, 0, 2, 2, 2, 3, 3, 5, 5, out, out, out]
    assert names[long] == [out, out, 0, 0, 0, 0, 2, out, out, out, 3, 5, 5, 5, out, out]
    assert names[short] == [out, out, out, out, out, 0, 2, 2, 2, 3, 3, out, out, out, out, out]


@pytest.mark.parametrize("sense", [1, -1])
def test_edges_next_to_an_end_are_of_the_second_reading_and_not_of_round_tips(sense):
    """The first reading has edges between inner planes only, the second next to a flat end too, none next to a tip."""
    planes = np.arange(-10.0, 6.0, 2.5)
    stack = stack_of(roi_of_rings([at(circle(np.sqrt(144 - z * z)), sense * z) for z in planes]))
    field = level_field(stack, Lattice(-14.0, -14.0, 1.0, 1.0, 28, 28))
    assert [tip.tapered for tip in field.tips][::sense] == [True, False]
    between = (stack.planes_mm[:-1] + stack.planes_mm[1:]) / 2
    names = [[name for name, _ in zones_at(field, LeafState(edges=edges), between)][::sense] for edges in range(3)]
    inner = ["edge"] * 4
    assert names == [["pair"] * 6, ["pair", *inner, "pair"], ["pair", *inner, "edge"]]
    for edges in range(3):
        assert [at for _, at in zones_at(field, LeafState(edges=edges), between)] == list(range(6))
    beyond = sense * np.array([-12.1, -11.9, 6.2, 6.3])
    tip, flat = ("low", "high")[::sense]
    assert zones_at(field, LeafState(), beyond) == [("out", 0), (tip, 0), (flat, 0), ("out", 0)]
