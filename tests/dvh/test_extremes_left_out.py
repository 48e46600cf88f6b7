"""The search for extreme doses leaves out only what cannot be extreme, on the cold side as on the hot one."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

from rtcheck.dvh.conventions import structure_dose
from rtcheck.dvh.engine import sample_solid
from rtcheck.dvh.extremes import deep_nodes, grid_lines, nodes_inside, prism_extremes
from rtcheck.dvh.local import dose_about, local_dose
from rtcheck.dvh.sampling import Samples
from rtcheck.geometry.prisms import prisms_of
from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.solid import Leaf
from rtcheck.geometry.variants import leaves_of, variants_of
from tests.analytic.phantoms import field_of, grid_of, roi_of, sphere
from tests.geometry.contours import at, on_planes, roi_of_rings, square
from tests.geometry.random_solids import random_roi


def rough_grid(seed, orientation="HFS", spacing=3.0):
    """A grid whose nodes have unrelated doses of 10 to 50 Gy."""
    grid = grid_of(lambda x, y, z: 30 + 0 * (x + y + z), spacing, 14, (0.3, 0.1, -0.4), orientation)
    stored = np.random.default_rng(seed).integers(100_000, 500_000, grid.stored.shape).astype(np.uint32)
    stored.setflags(write=False)
    return replace(grid, stored=stored)


def prepared(seed, orientation="HFS"):
    leaf = Leaf(stack_contours(random_roi(seed))[0])
    leaves = leaves_of(leaf)
    prisms = prisms_of(leaf, leaves, variants_of(leaves))
    low = np.append(prisms.points.min(axis=0), prisms.lower.min())
    high = np.append(prisms.points.max(axis=0), prisms.upper.max())
    local = dose_about(field_of(rough_grid(seed, orientation)), leaf.stack.axes, low, high)
    lines = grid_lines(local)
    return prisms, local, lines, nodes_inside(prisms, lines)


def samples(dose, mask):
    order = np.argsort(dose, kind="stable")
    return Samples(dose[order][None, :], np.zeros(len(dose)), mask[order], np.zeros((3, 0)))


def corners(prisms, local):
    """Doses of some corners of the contours in the middles of their slabs."""
    u, v = prisms.points[::2].T
    section = np.repeat(prisms.section_of_ring, np.diff(prisms.ring_starts))[::2]
    slab = np.array([int(np.flatnonzero(prisms.section == s)[0]) for s in section])
    return local_dose(local, u, v, ((prisms.lower + prisms.upper) / 2)[slab])[0], prisms.mask[slab]


NOTHING = samples(np.zeros(0), np.zeros(0, dtype=np.int64))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kept", ["coldest", "hottest", "some", "unknown"])
def test_whatever_is_known_no_extreme_is_lost(seed, kept):
    """Knowing cold doses only, hot ones only, or some unknown ones, every reading keeps the extremes it has alone."""
    prisms, local, lines, inside = prepared(seed, ("HFS", "FFP", "HFDL")[seed % 3])
    every = prism_extremes(prisms, local, lines, inside, NOTHING)
    dose, mask = corners(prisms, local)
    order = np.argsort(dose)
    chosen = {"coldest": order[:4], "hottest": order[-4:], "some": order[::3], "unknown": order[1::4]}[kept]
    dose, mask = dose[chosen], mask[chosen]
    if kept == "unknown":
        dose = np.append(dose, [np.nan, np.nan])
        mask = np.append(mask, [mask[0], mask[-1]])
    known = samples(dose, mask)
    some = prism_extremes(prisms, local, lines, inside, known)
    for bit in range(int(prisms.mask.max()).bit_length()):
        full = every.dose_gy[0][(every.mask >> bit) & 1 == 1]
        part = np.concatenate([each.dose_gy[0][(each.mask >> bit) & 1 == 1] for each in (some, known)])
        assert np.nanmax(part) == pytest.approx(full.max(), abs=1e-12)
        assert np.nanmin(part) == pytest.approx(full.min(), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_extremes_are_those_of_dense_points(seed):
    """Of each reading the extremes found are those of dense points on the walls and of the nodes in the slabs."""
    prisms, local, lines, inside = prepared(seed)
    found = prism_extremes(prisms, local, lines, inside, NOTHING)
    us, vs = (a.ravel() for a in np.meshgrid(lines[0], lines[1]))
    section = np.repeat(prisms.section_of_ring, np.diff(prisms.ring_starts))
    for bit in range(int(prisms.mask.max()).bit_length()):
        own = found.dose_gy[0][(found.mask >> bit) & 1 == 1]
        doses = []
        for slab in np.flatnonzero((prisms.mask >> bit) & 1 == 1):
            ring = prisms.points[section == prisms.section[slab]]
            low, high = prisms.lower[slab], prisms.upper[slab]
            share, height = (a.ravel() for a in np.meshgrid(np.linspace(0, 1, 17), np.linspace(low, high, 9)))
            edge = np.roll(ring, -1, axis=0) - ring
            walls = ring[:, None, :] + share[:, None] * edge[:, None, :]
            held = shapely.contains_xy(shapely.Polygon(ring), us, vs)
            heights = np.append(lines[2][(lines[2] > low) & (lines[2] < high)], [low, high])
            u = np.concatenate([walls[..., 0].ravel(), np.tile(us[held], len(heights))])
            v = np.concatenate([walls[..., 1].ravel(), np.tile(vs[held], len(heights))])
            w = np.concatenate([np.tile(height, len(ring)), np.repeat(heights, np.count_nonzero(held))])
            doses.append(local_dose(local, u, v, w)[0])
        dense = np.concatenate(doses)
        assert own.min() == pytest.approx(dense.min(), abs=0.06)
        assert own.max() == pytest.approx(dense.max(), abs=0.06)


@pytest.mark.parametrize("seed", range(8))
def test_nodes_inside_are_those_of_the_polygon(seed):
    """Nodes strictly inside the contours are inside and those outside are not, with corners and edges on the lines."""
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 9))
    ring = np.round(np.stack([np.cos(angle), np.sin(angle)], axis=1) * rng.uniform(4, 9, (9, 1)))
    outer = shapely.Polygon(ring)
    if not outer.is_valid:
        outer = shapely.box(-7, -5, 6, 8)
        ring = shapely.get_coordinates(outer)[:-1]
    leaf = Leaf(stack_contours(roi_of_rings(on_planes(ring, (-4, -2, 0, 2))))[0])
    leaves = leaves_of(leaf)
    us, vs = np.arange(-12.0, 13), np.arange(-10.0, 12)
    found = nodes_inside(prisms_of(leaf, leaves, variants_of(leaves)), (us, vs, np.zeros(1)))
    u, v = np.meshgrid(us, vs)
    boundary = shapely.distance(shapely.points(u, v), outer.exterior) < 1e-9
    for section in found:
        assert np.array_equal(section[~boundary], shapely.contains_xy(outer, u, v)[~boundary])


def spotted(value, spots, spacing=2.5, half=20):
    """20 Gy everywhere but at the nodes nearest to some places."""
    grid = grid_of(lambda x, y, z: 20.0 + 0 * (x + y + z), spacing, half)
    stored = np.array(grid.stored)
    for place in spots:
        index = [round((c - o) / spacing) for c, o in zip(place, grid.geometry.origin_mm)]
        stored[tuple(index[::-1])] = round(value * 1e4)
    stored.setflags(write=False)
    return replace(grid, stored=stored)


@pytest.mark.parametrize("model", ["prism", "shape"])
@pytest.mark.parametrize("spot", [(0.0, 0.0, 0.0), (7.5, -2.5, 5.0), (-5.0, 7.5, -10.0), (2.5, 2.5, 12.5)])
@pytest.mark.parametrize(("value", "name"), [(11.0, "minimum_gy"), (29.0, "maximum_gy")])
def test_one_cold_node_is_the_minimum_as_one_hot_node_is_the_maximum(model, spot, value, name):
    """A lone node colder or hotter than all else, anywhere deep in a ball, is found exactly under both models."""
    stack, _ = stack_contours(roi_of(sphere(17), 2.5, 0.4))
    field = field_of(spotted(value, [spot]))
    found = structure_dose(sample_solid("A", Leaf(stack), field, model), None)
    assert getattr(found.value, name) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(("value", "name"), [(11.0, "minimum_gy"), (29.0, "maximum_gy")])
@pytest.mark.parametrize("place", [(5.0, 2.0), (2.0, 5.0), (-5.0, 2.0), (2.0, -5.0)])
@pytest.mark.parametrize("height", [0.0, 2.5, -2.5])
def test_a_node_outside_a_wall_is_felt_at_the_wall(value, name, place, height):
    """A node half a voxel outside the wall of a box: the extreme lies on the wall beside it, half way to 20 Gy."""
    half = [3.75 if abs(a) == 5.0 else 7.5 for a in place]
    ring = square(1) * (2 * np.array(half)) - half
    stack, _ = stack_contours(roi_of_rings(on_planes(ring, np.arange(-6, 6.1, 2.0))))
    spot = (*(np.sign(a) * 5.0 if abs(a) == 5.0 else 2.5 for a in place), height)
    found = structure_dose(sample_solid("A", Leaf(stack), field_of(spotted(value, [spot])), "prism"), None)
    assert getattr(found.value, name) == pytest.approx((20 + value) / 2, abs=1e-3)


@pytest.mark.parametrize("corner", [(1, 1), (1, -1), (-1, 1), (-1, -1)])
@pytest.mark.parametrize("value", [0.0, 60.0])
def test_a_slanted_wall_across_a_cell_is_extreme_in_its_middle(corner, value):
    """A wall along the diagonal of a cell whose three other corners have 20 Gy: a quarter of what is beyond is felt."""
    ring = np.array([[0, 0], [4, 0], [0, 4]]) * corner
    stack, _ = stack_contours(roi_of_rings(on_planes(ring, np.arange(-6, 6.1, 2.0))))
    own = [(0.0, 0.0), (4.0 * corner[0], 0.0), (0.0, 4.0 * corner[1])]
    side = np.arange(-16.0, 17, 4)
    spots = [(x, y, z) for x in side for y in side for z in side if (x, y) not in own]
    found = structure_dose(sample_solid("A", Leaf(stack), field_of(spotted(value, spots, 4.0, 12)), "prism"), None)
    name = "minimum_gy" if value < 20 else "maximum_gy"
    assert getattr(found.value, name) == pytest.approx(20 + (value - 20) / 4, abs=1e-9)


@pytest.mark.parametrize("value", [11.0, 29.0])
@pytest.mark.parametrize("sense", [1, -1])
def test_a_node_above_an_end_is_felt_at_the_face(value, sense):
    """A node beyond an end plane: readings that end earlier or later feel less or more of it."""
    stack, _ = stack_contours(roi_of_rings(on_planes(square(16, -8, -8), np.arange(-6, 6.1, 2.0))))
    found = structure_dose(
        sample_solid("A", Leaf(stack), field_of(spotted(value, [(2.5, 0.0, sense * 7.5)])), "prism"), None
    )
    name = "minimum_gy" if value < 20 else "maximum_gy"
    # faces at 6 (short), 7 (as usual) and 8 mm (long): at 0.4 and 0.8 of the way from 5 mm to the node, and beyond it
    assert getattr(found.value, name) == pytest.approx(20 + 0.8 * (value - 20), abs=1e-3)
    others = dict(found.alternatives)
    assert getattr(others["short ends"], name) == pytest.approx(20 + 0.4 * (value - 20), abs=1e-2)
    assert getattr(others["long ends"], name) == pytest.approx(value, abs=1e-3)


def test_deep_nodes_are_those_of_three_sections():
    """A node counts as deep only where the slab's section and both its neighbours hold it."""
    rings = [at(square(16, -8, -8), z) for z in (-6, -4, -2, 2, 4, 6)]
    leaf = Leaf(stack_contours(roi_of_rings([*rings, at(square(4, -2, -2), 0)]))[0])
    leaves = leaves_of(leaf)
    prisms = prisms_of(leaf, leaves, variants_of(leaves))
    known = samples(np.array([19.0, 21.0]), np.array([1, 1]))
    for z, deep in ((0.0, False), (-2.0, False), (2.0, False), (-4.0, True), (4.0, True), (6.0, False)):
        field = field_of(spotted(5.0, [(5.0, 0.0, z)], 1.0, 12))
        local = dose_about(field, leaf.stack.axes, np.array([-8, -8, -8.0]), np.array([8, 8, 8.0]))
        lines = grid_lines(local)
        found = deep_nodes(prisms, local, lines, nodes_inside(prisms, lines), known)
        dose = found.dose_gy[0][found.mask & 1 == 1]
        assert np.min(dose, initial=20.0) == pytest.approx(5.0 if deep else 20.0), z


@pytest.mark.parametrize("model", ["prism", "shape"])
@pytest.mark.parametrize(("value", "name"), [(11.0, "minimum_gy"), (29.0, "maximum_gy")])
def test_a_node_half_way_between_contours_is_found_too(model, value, name):
    """Where dose planes lie half way between contour planes a lone node is the extreme as it is anywhere else."""
    stack, _ = stack_contours(roi_of(sphere(17), 2.5, 0.3))
    assert -1.25 == pytest.approx(stack.planes_mm[6])
    found = structure_dose(sample_solid("A", Leaf(stack), field_of(spotted(value, [(0.0, 0, 0)])), model), None)
    assert getattr(found.value, name) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("corner", [(1, 1), (1, -1), (-1, 1), (-1, -1)])
@pytest.mark.parametrize("half", [(6.5, 6.5), (6.5, 7.5), (7.5, 6.5), (7.5, 7.5)])
def test_in_the_outermost_cells_of_the_grid_the_corner_is_extreme(corner, half):
    """A box that ends within the outermost cells, or where the grid does: of a slope its corners are the extremes."""
    grid = grid_of(lambda x, y, z: 40 + 2 * corner[0] * x + 2 * corner[1] * y + 0.1 * z, 2.5, 2.5)
    assert grid.geometry.origin_mm == (-7.5, -7.5, -7.5)
    ring = square(2, -1, -1) * half
    stack, _ = stack_contours(roi_of_rings(on_planes(ring, np.arange(-4, 4.1, 2.0))))
    found = structure_dose(sample_solid("A", Leaf(stack), field_of(grid), "prism"), None)
    slope = 2 * sum(half) + 0.1 * 5
    assert (found.value.minimum_gy, found.value.maximum_gy) == pytest.approx((40 - slope, 40 + slope), abs=1e-3)
