"""What lies between and beyond planes where a solid has an edge, leans, or moves by its own width."""

import numpy as np
import pytest

from rtcheck.geometry.coverage import section_areas
from rtcheck.geometry.leaf_levels import edged_pairs, leaf_level
from rtcheck.geometry.levels import level_field, zones_of
from rtcheck.geometry.occupancy import Lattice
from rtcheck.geometry.solid import Combination, Leaf
from rtcheck.geometry.variants import EDGES, LeafState, leaves_of, variants_of, with_edges
from tests.analytic.phantoms import circle, cylinder, rectangle, roi_of
from tests.geometry.contours import at, on_planes, roi_of_rings
from tests.geometry.shapes import layers_of, stack_of, volume

RIDGE = 2.4


def width(w, sign=1):
    """Of a house: upright walls up to the edge of the roof, or a roof that opens like a funnel."""
    return 8 - sign * np.maximum(w - RIDGE, 0.0)


def square(half, aside=0.0):
    return rectangle(half, half) + np.array([aside, 0.0])


def house(planes=range(-7, 8, 2), sign=1):
    return stack_of(roi_of_rings([at(rectangle(width(z, sign), 6.0), z) for z in planes]))


def leaning(way=0.8, radius=8.0, spacing=2.5):
    """A ball whose sections are pushed aside in proportion to their height."""
    heights = np.arange(-radius + 0.6 * spacing, radius, spacing)
    rings = [at(circle(np.sqrt(radius**2 - z * z)) + np.array([way * z, 0.0]), z) for z in heights]
    return stack_of(roi_of_rings(rings)), float(heights[-1])


def lattice_over(stack, cell=0.25):
    low, high = stack.points_mm.min(axis=0) - 3 * cell, stack.points_mm.max(axis=0) + 3 * cell
    columns, rows = (np.ceil((high - low) / cell).astype(int) + 1).tolist()
    return Lattice(float(low[0]), float(low[1]), cell, cell, columns, rows)


@pytest.mark.parametrize("sign", [1, -1])
def test_flat_faces_meet_where_they_do(sign):
    """With an edge between two planes the reading with edges has their volume; the smooth one rounds it off."""
    stack = house(sign=sign)
    layers, labels = layers_of(stack, 0.25, 0.1, edges=True)
    heights = 1 + (np.arange(2000) + 0.5) / 1000
    exact = float(np.mean(2 * width(heights, sign) * 12.0)) * 2
    between = (layers.w_mm > 1) & (layers.w_mm < 3)
    smooth = abs(volume(layers, 0, between) - exact)
    assert smooth > 0.012 * exact
    for label in EDGES:  # about corners that open, distances are those to the corner
        assert abs(volume(layers, labels.index(label), between) - exact) < (0.01 if sign > 0 else 0.2) * smooth


def test_edges_are_read_only_where_they_make_a_difference():
    """Between planes about the edge, where it bends the smooth shape too, and in no solid that leans evenly."""
    stack = house()
    assert np.flatnonzero(edged_pairs(level_field(stack, lattice_over(stack)))).tolist() == [4, 5, 6]
    tube = stack_of(roi_of_rings([at(circle(6.0) + np.array([0.5 * z, 0.2 * z]), z) for z in range(0, 20, 2)]))
    assert not edged_pairs(level_field(tube, lattice_over(tube))).any()


def test_next_to_an_end_an_edge_is_half_way():
    """Between the last two planes the walls go on half way as they come, then straight to the last contour."""
    stack = house((-7, -5, -3, -1, 1, 3))
    layers, labels = layers_of(stack, 0.25, 0.1, edges=True)
    between = (layers.w_mm > 1) & (layers.w_mm < 3)
    smooth, edge = (volume(layers, labels.index(label), between) for label in EDGES)
    assert edge == pytest.approx((16 * 12 * 1 + (16 + 2 * width(3)) / 2 * 12 * 1), rel=1e-3)
    assert smooth == pytest.approx(volume(layers, 0, between), rel=1e-3)
    assert edge > 1.003 * smooth
    over = stack_of(roi_of_rings([at(rectangle(width(z), 6.0), -z) for z in (-7, -5, -3, -1, 1, 3)]))
    layers, labels = layers_of(over, 0.25, 0.1, edges=True)
    between = (layers.w_mm < -1) & (layers.w_mm > -3)
    assert volume(layers, labels.index(EDGES[1]), between) == pytest.approx(edge, rel=1e-3)


def test_without_neighbours_the_shape_is_straight():
    """Two planes without a counterpart on either side leave nothing to go on: the surface between them is straight."""
    rings = [at(square(4, 30.0), -2), at(square(6), 0), at(square(5), 2), at(square(4, -30.0), 4)]
    stack = stack_of(roi_of_rings(rings))
    field = level_field(stack, lattice_over(stack))
    assert field.trusted == (False, True, False)
    heights = np.array([0.5, 1.0, 1.5])
    level = leaf_level(field, zones_of([("edge", 1)], [3]), heights, np.zeros(3))
    assert section_areas(level, field.lattice) == pytest.approx((12 - heights) ** 2, rel=2e-3)


def test_readings_with_edges_need_a_few_planes():
    """Two planes show no edge, and of many none matters; in an expression each leaf is read by its own planes."""
    short, few, many = (Leaf(stack_of(roi_of_rings(on_planes(square(9), range(n))))) for n in (2, 5, 40))
    for solid in (short, many, Combination("-", many, short)):
        leaves = leaves_of(solid)
        assert with_edges(variants_of(leaves), leaves) == variants_of(leaves)
    leaves = leaves_of(Combination("-", few, many))
    found = with_edges(variants_of(leaves), leaves)
    assert [(each.label, each.states) for each in found[5:]] == [
        (EDGES[0], (LeafState(edges=1), LeafState())),
        (EDGES[1], (LeafState(edges=2), LeafState())),
    ]


@pytest.mark.parametrize("cut", [False, True])
def test_a_tip_that_leans_goes_on_leaning(cut):
    """Beyond the last plane a leaning ball is where it leans to, also where an expression leaves only a part of it."""
    way = 0.8
    stack, last = leaning(way)
    solid = Leaf(stack)
    if cut:  # the lattice holds the tip only
        middle = way * last
        solid = Combination("&", solid, Leaf(stack_of(roi_of_rings([at(square(6, middle), z) for z in (0, 5, 10)]))))
    layers, _ = layers_of(solid, 0.25, 0.1)
    tip = (layers.mask & 1 == 1) & (layers.w_mm > last) & (layers.volume_mm3 > 0)
    weight = layers.volume_mm3[tip]
    aside = float(np.sum((layers.u_mm[tip] - way * layers.w_mm[tip]) * weight) / np.sum(weight))
    beyond = float(np.sum((layers.w_mm[tip] - last) * weight) / np.sum(weight))
    assert way * beyond > 0.5
    assert abs(aside) < 0.16 * way * beyond


def test_sections_without_a_counterpart_reach_more_or_less_far():
    """Where contours move by their own width the larger reaches beyond half way, read long, and less, read short."""
    stack = stack_of(roi_of_rings([at(square(5), 0), at(square(2, 20.0), 3), at(square(2, 20.0), 6)]))
    layers, labels = layers_of(stack, 0.25, 0.25)
    between = (layers.w_mm > 0) & (layers.w_mm < 3)
    short, value, long = (volume(layers, labels.index(label), between) for label in ("short ends", "", "long ends"))
    moved = (0.3 + 0.7 / 3) * 1.5 * (100 - 16)
    assert value == pytest.approx(1.5 * (100 + 16))
    assert (value - short, long - value) == pytest.approx((moved, moved))


def test_equal_sections_without_a_counterpart_meet_half_way():
    """Sections of about the same area, and missing slices, are left as they are."""
    stack = stack_of(roi_of_rings([at(square(5), 0), at(square(4.7, 20.0), 3), at(square(4.7, 20.0), 6)]))
    layers, labels = layers_of(stack, 0.25, 0.25)
    between = (layers.w_mm > 0) & (layers.w_mm < 3)
    assert volume(layers, labels.index("long ends"), between) == pytest.approx(volume(layers, 0, between))
    gap = stack_of(roi_of_rings([at(square(size), z) for z, size in ((0, 5), (3, 5), (6, 5), (15, 2), (18, 2))]))
    layers, labels = layers_of(gap, 0.25, 0.25)
    between = (layers.w_mm > 6) & (layers.w_mm < 15)
    assert volume(layers, labels.index("long ends"), between) == pytest.approx(volume(layers, 0, between))


def test_upright_walls_have_no_lean():
    """A flat end is as drawn: nothing is known of how it would go on."""
    stack = stack_of(roi_of(cylinder(8, 10), 2.5, 0.5))
    assert level_field(stack, lattice_over(stack)).leans == (None, None)
