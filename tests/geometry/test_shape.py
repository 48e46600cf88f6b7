import numpy as np
import pytest

from rtcheck.geometry.solid import Combination, Leaf
from rtcheck.geometry.stagger import stagger
from tests.analytic.phantoms import box, circle, cone, cylinder, lying_cylinder, roi_of, sphere, torus
from tests.geometry.contours import at, on_planes, roi_of_rings, square
from tests.geometry.shapes import layers_of, stack_of, volume


@pytest.mark.parametrize(
    ("phantom", "spacing"),
    [
        (sphere(6.5), 2.5),
        (sphere(13.3), 2.0),
        (lying_cylinder(9.7, 11), 2.5),
        (torus(15, 6.2), 2.5),
        (torus(12, 9.1), 1.5),
    ],
    ids=lambda p: getattr(p, "name", p),
)
@pytest.mark.parametrize("phase", [0.07, 0.35, 0.61, 0.93])
def test_tapered_solids_have_their_volume(phantom, spacing, phase):
    """From spheres to tori the volume is within 0.1 % of the solid, wherever the planes lie."""
    layers, _ = layers_of(stack_of(roi_of(phantom, spacing, phase)))
    assert volume(layers) == pytest.approx(phantom.volume_mm3, rel=1e-3)


@pytest.mark.parametrize("spacing", [1.0, 2.5])
def test_cone_has_its_volume_when_planes_bisect_its_base(spacing):
    """A cone's width goes on growing towards its flat base, and its tip ends where the trend says."""
    layers, _ = layers_of(stack_of(roi_of(cone(14, 24.3), spacing, 0.5)))
    assert volume(layers) == pytest.approx(cone(14, 24.3).volume_mm3, rel=1e-3)


@pytest.mark.parametrize("phantom", [box(10, 8, 6.25), cylinder(7.3, 10)], ids=lambda p: p.name)
def test_equal_contours_give_exact_prisms(phantom):
    """Between equal contours and at flat ends the section is the drawn polygon: volume exact to 1e-9."""
    layers, _ = layers_of(stack_of(roi_of(phantom, 2.5, 0.5)))
    assert volume(layers) == pytest.approx(phantom.volume_mm3, rel=1e-9)


def test_a_difference_of_boxes_is_exact():
    """A - B is exact where neither changes between two planes."""
    a = Leaf(stack_of(roi_of(box(10, 10, 10), 2.5, 0.5)))
    b = Leaf(stack_of(roi_of(box(4, 5, 5), 2.5, 0.5)))
    layers, _ = layers_of(Combination("-", a, b))
    assert volume(layers) == pytest.approx(8000 - 800, rel=1e-9)


def test_a_belly_between_two_equal_contours_is_kept():
    """Planes that lie evenly about a sphere's middle are equal contours, and yet the sphere bulges between them."""
    phantom = sphere(6.2)
    layers, _ = layers_of(
        stack_of(roi_of_rings([at(circle(np.sqrt(6.2**2 - z * z)), z) for z in (-3.75, -1.25, 1.25, 3.75)]))
    )
    between = volume(layers, where=np.abs(layers.w_mm) < 1.25)
    assert between == pytest.approx(np.pi * (6.2**2 * 2.5 - 2 / 3 * 1.25**3), rel=2e-3)
    assert volume(layers) == pytest.approx(phantom.volume_mm3, rel=2e-3)


def test_an_island_without_counterpart_stays_a_prism():
    """Where an island ends, it keeps half a spacing of its section and the other one is not blown up."""
    rings = on_planes(square(20, -10, -10), (0, 3, 6, 9)) + on_planes(square(5, 20, 0), (0, 3))
    layers, _ = layers_of(stack_of(roi_of_rings(rings)))
    island = layers.u_mm > 15
    assert volume(layers, where=island) == pytest.approx(25 * 6, rel=1e-9)
    assert volume(layers, where=~island) == pytest.approx(400 * 12, rel=1e-9)


def test_a_hole_that_opens_stays_a_prism():
    """Where a hole begins it reaches half way to the plane without it."""
    rings = on_planes(square(20, -10, -10), (0, 3, 6, 9)) + on_planes(square(6, -3, -3), (6, 9))
    layers, _ = layers_of(stack_of(roi_of_rings(rings)))
    assert volume(layers) == pytest.approx(400 * 12 - 36 * 6, rel=1e-9)


def test_a_step_does_not_overshoot():
    """Equal contours beside a step stay as they are, and the step's slab lies between the two areas."""
    rings = on_planes(square(10, -5, -5), (0, 3, 6)) + on_planes(square(30, -15, -15), (9, 12, 15))
    layers, _ = layers_of(stack_of(roi_of_rings(rings)))
    assert volume(layers, where=layers.w_mm < 6) == pytest.approx(100 * 7.5, rel=1e-9)
    step = volume(layers, where=(layers.w_mm > 6) & (layers.w_mm < 9))
    assert 100 * 3 < step < 900 * 3


def test_readings_of_the_ends_enclose_the_value():
    """Short ends make less, long ends more of a solid; flat ends by a half spacing each."""
    layers, labels = layers_of(stack_of(roi_of(box(10, 10, 10), 2.5, 0.5)))
    short, long = labels.index("short ends"), labels.index("long ends")
    assert volume(layers, short) == pytest.approx(8000 - 400 * 2.5, rel=1e-9)
    assert volume(layers, long) == pytest.approx(8000 + 400 * 2.5, rel=1e-9)


def test_no_sample_leaves_the_solid():
    """Samples and points of the surface lie inside a sphere, to a quarter of a cell, and touch its surface."""
    layers, _ = layers_of(stack_of(roi_of(sphere(12), 2.5, 0.3)))
    value = layers.mask & 1 == 1
    radius = np.sqrt(layers.u_mm**2 + layers.v_mm**2 + layers.w_mm**2)[value]
    assert radius.max() < 12 + 0.15
    assert np.sum(radius > 12 - 0.05) > 500


def test_samples_do_not_bunch():
    """Along an axis of the lattice the samples of a tapering bar are spread evenly, cut cells included."""
    layers, _ = layers_of(stack_of(roi_of_rings([at(circle(5 - 0.3 * z), z) for z in np.arange(-5, 6, 2.0)])), cell=1.0)
    value = (layers.mask & 1 == 1) & (np.abs(layers.u_mm) < 2)
    parts, _ = np.histogram(layers.u_mm[value], np.arange(-2, 2.01, 0.5), weights=layers.volume_mm3[value])
    assert parts.max() / parts.min() < 1.3


def test_samples_of_a_prism_are_staggered_by_the_fixed_pattern():
    """In whole cells of a prism samples lie off the middle by the pattern's shifts along u, v and w."""
    cell, start = 0.8, -10 - 2 * 0.8
    layers, _ = layers_of(stack_of(roi_of(box(10, 10, 10), 2.5, 0.5)), cell)
    whole = layers.whole & (layers.mask & 1 == 1)
    assert np.count_nonzero(whole) > 5000
    place = [each[whole] for each in (layers.row, layers.column, layers.layer)]
    middle = (start + cell * (place[1] + 0.5), start + cell * (place[0] + 0.5), layers.middle_mm[whole])
    size = (cell, cell, layers.height_mm[whole])
    found = (layers.u_mm[whole], layers.v_mm[whole], layers.w_mm[whole])
    for shift, low, along, at_ in zip(stagger(*place), middle, size, found):
        assert at_ == pytest.approx(low + shift * along, abs=1e-9)
    # the layers lie on each other without gaps, and are numbered upwards
    middles, one = np.unique(middle[2], return_index=True)
    height = size[2][one]
    assert middles[0] - height[0] / 2 == pytest.approx(-10, abs=1e-9)
    assert np.diff(middles) == pytest.approx((height[1:] + height[:-1]) / 2, abs=1e-9)
    assert middles[-1] + height[-1] / 2 == pytest.approx(10, abs=1e-9)
    assert np.all(np.diff(place[2][one]) > 0)


def turned(roi_rings, matrix, shift=(0.0, 0.0)):
    return roi_of_rings([np.column_stack([r[:, :2] @ np.array(matrix).T + shift, r[:, 2]]) for r in roi_rings])


RINGS = [at(circle(9 - 0.05 * z * z, 60) * (1, 0.6) + (0.2 * z, 1), z) for z in np.arange(-9, 10, 2.0)]


@pytest.mark.parametrize("matrix", [((0, -1), (1, 0)), ((-1, 0), (0, -1)), ((1, 0), (0, -1)), ((0, 1), (1, 0))])
def test_quarter_turns_and_mirrors_keep_the_volume(matrix):
    """Contours turned by quarter turns or mirrored have the same volume under every reading."""
    first, labels = layers_of(stack_of(roi_of_rings(RINGS)))
    other, _ = layers_of(stack_of(turned(RINGS, matrix)))
    for i in range(len(labels)):
        assert volume(other, i) == pytest.approx(volume(first, i), rel=2e-4)


def test_turned_over_solid_has_the_same_volume():
    """Contours in mirrored order along the normal have the same volume."""
    first, _ = layers_of(stack_of(roi_of_rings(RINGS)))
    other, _ = layers_of(stack_of(roi_of_rings([r * (1, 1, -1) for r in RINGS])))
    assert volume(other) == pytest.approx(volume(first), rel=1e-6)


def test_splitting_edges_changes_nothing():
    """Contours with a point added in the middle of each edge have the same volume."""
    split = []
    for ring in RINGS:
        middle = (ring + np.roll(ring, -1, axis=0)) / 2
        split.append(np.stack([ring, middle], axis=1).reshape(-1, 3))
    first, _ = layers_of(stack_of(roi_of_rings(RINGS)))
    other, _ = layers_of(stack_of(roi_of_rings(split)))
    assert volume(other) == pytest.approx(volume(first), rel=1e-6)


def test_lattice_phase_hardly_matters():
    """The volume is the contours', not the lattice's: another phase and a coarser cell give it to 0.02 %."""
    stack = stack_of(roi_of(torus(15, 6.2), 2.0, 0.4))
    first, coarse = layers_of(stack, 0.4, 0.4, 0.5)[0], layers_of(stack, 0.9, 0.4, 0.25)[0]
    assert volume(first) == pytest.approx(volume(coarse), rel=2e-4)


def test_solids_one_above_the_other_have_nothing_in_common():
    """An intersection of solids at different heights has no cell and no surface, with round and with flat ends."""
    for phantom in (sphere(5), box(5, 5, 5)):
        low, high = (Leaf(stack_of(roi_of(phantom, 2.5, 0.3, (0.0, 0, z)))) for z in (0, 40))
        layers, _ = layers_of(Combination("&", low, high))
        assert len(layers.volume_mm3) == 0


@pytest.mark.parametrize(("planes", "within"), [((4.5, 7.0, 9.5), 0.05), ((6.5, 7.0, 7.5), 0.12)])
def test_a_small_part_of_a_ball_is_as_round_as_the_ball(planes, within):
    """A post that sees only the rim of a ball, where some planes have no contour, meets its shape, not its prisms."""
    ball, post = sphere(10), square(0.5, 7.5, -0.25) if planes[0] < 5 else square(1.5, 6.5, -0.75)
    other = Leaf(stack_of(roi_of_rings(on_planes(post, planes))))
    layers, _ = layers_of(Combination("&", Leaf(stack_of(roi_of(ball, 2.5, 0.4))), other), cell=0.05, layer=0.1)
    half = (planes[1] - planes[0]) / 2
    box_ = [np.linspace(low, high, 161)[:-1] + (high - low) / 320 for low, high in zip(post.min(0), post.max(0))]
    z = np.linspace(planes[0] - half, planes[-1] + half, 241)[:-1] + half / 80
    share = ball.inside(box_[0][:, None, None], box_[1][:, None], z).mean()
    exact = share * np.prod(np.ptp(post, axis=0)) * 6 * half
    assert volume(layers) == pytest.approx(exact, rel=within)


def test_missing_slices_are_left_empty_half_a_slice_from_their_neighbours():
    """Planes 0, 3, 6, 12, 15: read empty, what is between 7.5 and 10.5 mm is not there; read filled it is."""
    stack = stack_of(roi_of_rings(on_planes(square(10), (0, 3, 6, 12, 15))))
    layers, labels = layers_of(stack)
    empty = labels.index("gaps empty")
    assert volume(layers) == pytest.approx(1800, rel=1e-9)
    assert volume(layers, empty) == pytest.approx(1500, rel=1e-9)
    assert volume(layers, empty, (layers.w_mm > 7.5) & (layers.w_mm < 10.5)) == 0
    assert volume(layers, empty, layers.w_mm > 10.5) == pytest.approx(600, rel=1e-9)
