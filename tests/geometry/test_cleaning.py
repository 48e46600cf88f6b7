from dataclasses import replace

import numpy as np
import pytest

from rtcheck.geometry.cleaning import canonical_ring, canonical_rings, resolve_plane, resolve_planes
from tests.geometry.contours import square


def test_canonical_ring_forgets_start_and_winding():
    """Any rotation and either winding of a ring become the same ring, anticlockwise from its smallest vertex."""
    ring = np.array([[0, 0], [4, 1], [5, 6], [1, 3]], dtype=float)
    for k in range(4):
        for turned in (np.roll(ring, k, axis=0), np.roll(ring, k, axis=0)[::-1]):
            assert np.array_equal(canonical_ring(turned), ring)


def test_rings_brought_into_form_together_are_those_of_each_alone():
    """Whatever their sizes, windings and first vertices, and where the smallest vertex occurs twice."""
    rng = np.random.default_rng(8)
    rings = [rng.integers(0, high, (int(rng.integers(3, 12)), 2)) * 0.5 for high in (2, 4, 50) for _ in range(60)]
    rings = [ring + rng.integers(-1000, 1000, 2) for ring in rings]
    for many in (rings, rings[:1], rings[::-1]):
        for ring, found in zip(many, canonical_rings(many), strict=True):
            assert np.array_equal(found, canonical_ring(ring))


def test_nested_contours_are_hole_and_island():
    """By parity the second of three nested contours is a hole and the third an island in it, however wound."""
    region = resolve_plane([square(10), square(6, 2, 2)[::-1], square(2, 4, 4)], exclusive=False)
    assert region.area_mm2 == pytest.approx(100 - 36 + 4)
    assert region.overlap_mm2 == 0


def test_copies_are_dropped():
    """An exact copy of a contour, wound the other way and begun elsewhere, is dropped, not subtracted."""
    region = resolve_plane([square(10), np.roll(square(10)[::-1], 2, axis=0)], exclusive=False)
    assert region.area_mm2 == pytest.approx(100)
    assert region.duplicates == 1


def test_partial_overlap_is_measured_unless_exclusive():
    """Contours that overlap partly are read by exclusive-or, and the area in doubt is reported, but not under XOR."""
    rings = [square(10), square(10, 5, 0)]
    region = resolve_plane(rings, exclusive=False)
    assert region.area_mm2 == pytest.approx(100)
    assert region.overlap_mm2 == pytest.approx(50)
    assert resolve_plane(rings, exclusive=True).overlap_mm2 == 0


def test_figure_of_eight_is_in_doubt():
    """A contour that crosses itself is read by parity, and what another reader would fill otherwise is reported."""
    eight = np.array([[0, 0], [4, 4], [4, 0], [0, 4]], dtype=float)
    region = resolve_plane([eight], exclusive=False)
    assert region.area_mm2 == pytest.approx(8)
    assert region.crossing_mm2 == pytest.approx(4)
    assert region.resolved == 1


def test_spike_is_retraced_without_doubt():
    """A contour that runs out and back along a line encloses what it would without it."""
    ring = np.array([[0, 0], [10, 0], [10, 5], [15, 5], [10, 5], [10, 10], [0, 10]], dtype=float)
    region = resolve_plane([ring], exclusive=False)
    assert region.area_mm2 == pytest.approx(100)
    assert region.crossing_mm2 == 0


def test_nothing_enclosed_is_nothing():
    """A contour folded onto itself has no rings."""
    region = resolve_plane([np.array([[0, 0], [5, 0], [10, 0]], dtype=float)], exclusive=False)
    assert region.rings == ()
    assert region.area_mm2 == 0


def test_planes_together_as_each_alone():
    """Planes read all at once give what each gives alone: plain, mirrored, with a hole, crossing, empty of area."""
    random = np.random.default_rng(5)
    angles = np.sort(random.uniform(0, 2 * np.pi, (6, 40)), axis=1)
    blobs = [np.stack([np.cos(a), np.sin(a)], axis=1) * (10 + random.uniform(0, 3, (40, 1))) for a in angles]
    eight = np.array([(0, 0), (10, 10), (10, 0), (0, 10)], dtype=float)
    flat = np.array([(0, 0), (5, 5), (10, 10)], dtype=float)
    planes = [[blobs[0]], [blobs[1][::-1]], [square(10), square(6, 2, 2)], [eight], [flat], [blobs[2]], [blobs[3]]]
    for exclusive in (False, True):
        for together, rings in zip(resolve_planes(planes, exclusive=exclusive), planes, strict=True):
            alone = resolve_plane(rings, exclusive=exclusive)
            assert len(together.rings) == len(alone.rings)
            assert all(np.array_equal(a, b) for a, b in zip(together.rings, alone.rings, strict=True))
            assert replace(together, rings=()) == replace(alone, rings=())


def test_a_ring_that_meets_itself_at_its_smallest_vertex_has_one_form():
    """Where the smallest vertex occurs twice every rotation still becomes the same ring, the smaller loop first."""
    ring = np.array([[0, 0], [4, 0], [4, 2], [0, 0], [3, 4], [0, 4]], dtype=float)
    for k in range(6):
        for turned in (np.roll(ring, k, axis=0), np.roll(ring, k, axis=0)[::-1]):
            assert np.array_equal(canonical_ring(turned), np.roll(ring, -3, axis=0))


def test_a_loop_behind_a_channel_may_cross_itself():
    """A bow-tie hung to a square by a channel: 16 by parity, and the lobe of 4 that a signed reading loses is told."""
    bow_tie = [[10, 0], [14, 4], [14, 0], [10, 4]]
    ring = np.array([[0, 0], [4, 0], *bow_tie, [10, 0], [4, 0], [4, 4], [0, 4]], float)
    region = resolve_plane([ring], exclusive=False)
    assert region.area_mm2 == pytest.approx(16 + 8)
    assert region.crossing_mm2 == pytest.approx(4)
    assert region.resolved == 1


def test_loops_without_area_enclose_nothing():
    """Two flat loops joined by a channel enclose nothing, and nobody reads them otherwise."""
    ring = np.array([[0, 0], [1, 0], [2, 0], [0, 0], [0, 5], [1, 5], [2, 5], [0, 5]], float)
    region = resolve_plane([ring], exclusive=False)
    assert region.rings == ()
    assert (region.area_mm2, region.crossing_mm2, region.resolved) == (0, 0, 1)


def test_a_point_said_twice_in_a_keyhole_is_said_once():
    """A vertex that is repeated on the plane does not hide the hole of a keyhole: 64 of 100."""
    inner = [[2, 2], [2, 8], [8, 8], [8, 2], [2, 2]]
    keyhole = [[0, 0], [0, 0], [10, 0], [10, 0], [10, 10], [0, 10], [0, 2], *inner, [0, 2]]
    assert resolve_plane([np.array(keyhole, float)], exclusive=False).area_mm2 == pytest.approx(64)
