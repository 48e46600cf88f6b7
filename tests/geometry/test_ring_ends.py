"""Ends whose last contour has a hole: beyond it outline and hole each go on as they came."""

import numpy as np
import pytest

from rtcheck.geometry.levels import level_field
from rtcheck.geometry.solid import Combination, Leaf
from tests.analytic.phantoms import circle, rectangle, roi_of, torus
from tests.geometry.contours import at, roi_of_rings
from tests.geometry.shapes import layers_of, stack_of
from tests.geometry.test_edges import lattice_over

TOP = 12.0
HOLE, ASIDE = 0.4, 0.6
"""Radius of the hole, and how far aside its middle lies, as shares of the radius of the outline."""


def size(z):
    return 0.6 * np.sqrt(np.maximum(TOP**2 - z * z, 0.0))


def shell(sign=1, spacing=3.0, phase=0.3):
    """A wall about a hole, drawn aside as it closes: from plane to plane it moves by about its own width."""
    heights = sign * np.arange(phase * spacing - TOP, TOP, spacing)
    rings = [at(share * circle(size(z)) + np.array([ASIDE * size(z), 0.0]), z) for z in heights for share in (1, HOLE)]
    return stack_of(roi_of_rings(rings)), float(heights[-1])


@pytest.mark.parametrize(("sign", "cut"), [(1, False), (-1, False), (1, True)])
def test_a_hole_that_closes_goes_on_closing(sign, cut):
    """Beyond the last plane the wall is where it closes in to, about a hole that is as large as it should be.

    So it is where an expression leaves the tip alone.
    """
    stack, last = shell(sign)
    solid = Leaf(stack)
    if cut:  # the lattice holds the tip only
        box = rectangle(6, 6) + np.array([2.0, 0.0])
        solid = Combination("&", solid, Leaf(stack_of(roi_of_rings([at(box, z) for z in (6, 9, 12)]))))
    layers, _ = layers_of(solid, 0.2, 0.1)
    tip = (layers.mask & 1 == 1) & (sign * layers.w_mm > sign * last) & (layers.volume_mm3 > 0)
    u, v, weight = layers.u_mm[tip], layers.v_mm[tip], layers.volume_mm3[tip]
    z = np.linspace(abs(last), TOP, 2001)
    area = size(z) ** 2
    middle = ASIDE * np.sum(area * size(z)) / np.sum(area)
    assert np.sum(u * weight) / np.sum(weight) == pytest.approx(middle, rel=0.02)
    # about its own middle, the mean square of the distance in a wall from radius HOLE to 1
    around = np.sum(((u - ASIDE * size(layers.w_mm[tip])) ** 2 + v**2) * weight) / np.sum(weight)
    assert around == pytest.approx((1 + HOLE**2) / 2 * np.sum(area * size(z) ** 2) / np.sum(area), rel=0.08)


def test_a_hole_that_opens_is_left_to_open():
    """A lying torus ends in its crest, whichever way it is looked at: both sides of the wall come towards it."""
    stack = stack_of(roi_of(torus(12, 5), 2.0, 0.35))
    field = level_field(stack, lattice_over(stack))
    assert all(lean is not None for lean in field.leans)
    assert field.rings == (None, None)


def test_without_a_hole_on_both_planes_and_with_an_island_in_it_nothing_is_taken_apart():
    """A hole that begins at the last plane, one that ends before it, an island in a hole: the section goes on whole."""
    heights = (0, 2, 4, 6)
    outline = {z: np.sqrt(64 - z * z) for z in heights}
    for shares in ((None, None, None, 0.5), (0.5, 0.5, 0.5, None)):
        rings = [at(circle(outline[z]), z) for z in heights]
        rings += [at(share * circle(outline[z]), z) for z, share in zip(heights, shares, strict=True) if share]
        stack = stack_of(roi_of_rings(rings))
        assert level_field(stack, lattice_over(stack)).rings == (None, None)
    nested = [at(share * circle(outline[z]), z) for z in heights for share in (1, 0.7, 0.3)]
    stack = stack_of(roi_of_rings(nested))
    field = level_field(stack, lattice_over(stack))
    assert field.leans[1] is not None
    assert field.rings == (None, None)


def test_upright_rings_have_no_such_end():
    """A flat end is as drawn, hole and all."""
    stack = stack_of(roi_of_rings([at(rectangle(a, a), z) for z in range(0, 12, 3) for a in (9, 4)]))
    assert level_field(stack, lattice_over(stack)).rings == (None, None)
