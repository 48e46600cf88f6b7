from dataclasses import replace

import numpy as np
import pytest

from rtcheck.geometry.ends import plane_areas
from rtcheck.geometry.rings import plane_thickness, stack_contours
from rtcheck.model.finding import finding
from rtcheck.model.structure import ROI
from tests.geometry.contours import at, on_planes, roi_of_rings, square


def codes(findings):
    return [(f.code, f.severity) for f in findings]


def test_axial_contours_keep_lps_axes_exactly():
    """Axial contours give u = x, v = y, w = z and the planes where they were drawn."""
    stack, findings = stack_contours(roi_of_rings(on_planes(square(10))))
    assert findings == ()
    assert np.array_equal(stack.axes, np.eye(3))
    assert np.array_equal(stack.planes_mm, [0, 3, 6, 9])
    assert np.allclose(plane_areas(stack), 100)


def test_order_start_and_winding_do_not_matter():
    """Shuffled contours, rotated start vertices and reversed winding give the identical stack."""
    angle = np.arange(40) * 2 * np.pi / 40
    rings = [at(np.stack([9 * np.cos(angle) + z, 7 * np.sin(angle)], axis=1), z) for z in (0, 2, 4, 6)]
    rings += [at(square(2, x=1), z) for z in (2, 4)]
    first, _ = stack_contours(roi_of_rings(rings))
    rng = np.random.default_rng(4)
    shuffled = [
        np.roll(rings[i], int(rng.integers(40)), axis=0)[:: 1 if rng.random() < 0.5 else -1]
        for i in rng.permutation(len(rings))
    ]
    second, _ = stack_contours(roi_of_rings(shuffled))
    for name in ("points_mm", "ring_starts", "plane_starts", "planes_mm"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name


@pytest.mark.parametrize("axis", [0, 1])
def test_sagittal_and_coronal_contours_are_stacked(axis):
    """Contours drawn on sagittal or coronal planes are stacked along that normal."""
    rings = [np.insert(square(10), axis, z, axis=1) for z in (0.0, 3.0, 6.0)]
    stack, findings = stack_contours(roi_of_rings(rings))
    assert findings == ()
    assert np.array_equal(stack.axes[2], np.eye(3)[axis])
    assert np.allclose(plane_areas(stack), 100)
    assert np.linalg.det(stack.axes) == pytest.approx(1)


def test_oblique_contours_are_stacked_along_their_normal():
    """Parallel contours of any direction are accepted, with right-handed orthonormal axes."""
    tilt = np.deg2rad(20)
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    stack, findings = stack_contours(roi_of_rings([ring @ turn.T for ring in on_planes(square(10))]))
    assert findings == ()
    assert np.allclose(np.diff(stack.planes_mm), 3)
    assert np.allclose(stack.axes @ stack.axes.T, np.eye(3))
    assert np.allclose(plane_areas(stack), 100)


def test_contours_of_different_planes_are_refused():
    """Axial and sagittal contours in one ROI are RTD306."""
    rings = [*on_planes(square(10)), np.insert(square(10), 0, 5.0, axis=1)]
    stack, findings = stack_contours(roi_of_rings(rings))
    assert stack is None
    assert codes(findings) == [("RTD306", "E")]


def test_warped_contour_is_refused():
    """A contour that leaves its plane by a millimetre is RTD306."""
    ring = at(square(10), 0)
    ring[2, 2] = 1.0
    assert codes(stack_contours(roi_of_rings([ring, at(square(10), 3)]))[1]) == [("RTD306", "E")]


def test_no_closed_contour_is_no_volume():
    """An ROI of points only has no volume: RTD303, never 0 cm³."""
    stack, findings = stack_contours(roi_of_rings([at([[0, 0]], 0)], kind="POINT"))
    assert stack is None
    assert codes(findings) == [("RTD303", "E")]


def test_empty_roi_is_no_volume():
    """An ROI without any contour is RTD303."""
    assert codes(stack_contours(roi_of_rings([]))[1]) == [("RTD303", "E")]


def test_slivers_are_left_out_with_a_note():
    """Closed contours of one or two distinct points are left out, RTD305 as a warning."""
    rings = [*on_planes(square(10)), at([[1, 1], [2, 2], [1, 1]], 3), at([[1, 1]], 6)]
    stack, findings = stack_contours(roi_of_rings(rings))
    assert codes(findings) == [("RTD305", "W")]
    assert len(stack.ring_starts) == 5


def test_repeated_points_vanish_silently():
    """The first point repeated at the end and consecutive repeats change nothing."""
    ring = square(10)
    repeated = np.concatenate([ring[:2], ring[1:], ring[:1]])
    first, _ = stack_contours(roi_of_rings(on_planes(ring)))
    second, findings = stack_contours(roi_of_rings(on_planes(repeated)))
    assert findings == ()
    assert np.array_equal(first.points_mm, second.points_mm)


@pytest.mark.parametrize("change", [lambda r: r, lambda r: r[::-1], lambda r: np.roll(r, 2, axis=0)])
def test_stored_twice_is_counted_once(change):
    """A copy of a contour, also rotated or reversed, is dropped: RTD311; XOR would have emptied the plane."""
    rings = on_planes(square(10))
    stack, findings = stack_contours(roi_of_rings([*rings, change(rings[1])]))
    assert codes(findings) == [("RTD311", "W")]
    assert np.allclose(plane_areas(stack), 100)


def test_nested_contour_is_a_hole():
    """A contour inside another is a hole, which a note says; an island inside it is filled again."""
    rings = on_planes(square(10)) + on_planes(square(6, 2, 2)) + on_planes(square(2, 4, 4))
    stack, findings = stack_contours(roi_of_rings(rings))
    assert [(item.code, item.severity, item.evidence["contours"]) for item in findings] == [("RTD308", "I", 4)]
    assert np.allclose(plane_areas(stack), 100 - 36 + 4)


def test_xor_contours_combine_by_exclusive_or():
    """Half overlapping CLOSEDPLANAR_XOR squares enclose what is in one of them only."""
    rings = on_planes(square(10)) + on_planes(square(10, 5))
    stack, findings = stack_contours(roi_of_rings(rings, kind="CLOSEDPLANAR_XOR"))
    assert not [f for f in findings if f.severity == "E"]
    assert np.allclose(plane_areas(stack), 100)


def test_partial_overlap_is_ambiguous():
    """Half overlapping CLOSED_PLANAR squares are 150 to one reader and 100 to another: RTD309."""
    rings = on_planes(square(10)) + on_planes(square(10, 5))
    stack, findings = stack_contours(roi_of_rings(rings))
    assert stack is None
    assert codes(findings) == [("RTD309", "E")]


def test_mixed_closed_types_are_refused():
    """CLOSED_PLANAR and CLOSEDPLANAR_XOR in one ROI are two rules at once: RTD309."""
    rings = on_planes(square(10))
    kinds = ["CLOSED_PLANAR", "CLOSEDPLANAR_XOR"] * 2
    assert codes(stack_contours(roi_of_rings(rings, kinds=kinds))[1]) == [("RTD309", "E")]


@pytest.mark.parametrize("inner", [[[2, 2], [2, 8], [8, 8], [8, 2]], [[2, 2], [8, 2], [8, 8], [2, 8]]])
@pytest.mark.parametrize("channel", [[], [[1, 2]], [[0.5, 2], [1.5, 2]]])
def test_keyhole_of_either_winding(inner, channel):
    """A hole joined by a channel that is drawn there and back is a hole whichever way it is wound: 64, RTD308."""
    keyhole = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 2], *channel, *inner, [2, 2], *channel[::-1], [0, 2]]
    stack, findings = stack_contours(roi_of_rings(on_planes(keyhole)))
    assert [item.code for item in findings] == ["RTD308"]
    assert np.allclose(plane_areas(stack), 64)


def test_dumbbell_joined_by_a_channel_is_two_islands():
    """Two loops joined by a retraced line both count, whichever way they are wound."""
    ring = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0], [-3, 0], [-3, 4], [-7, 4], [-7, 0], [-3, 0]]
    stack, findings = stack_contours(roi_of_rings(on_planes(ring)))
    assert [item.code for item in findings] == ["RTD308"]
    assert np.allclose(plane_areas(stack), 32)


def test_keyhole_is_a_hole():
    """A keyhole contour encloses its ring, not the hole: 64 of 100, RTD308."""
    keyhole = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 2], [2, 2], [2, 8], [8, 8], [8, 2], [2, 2], [0, 2]]
    stack, findings = stack_contours(roi_of_rings(on_planes(keyhole)))
    assert codes(findings) == [("RTD308", "I")]
    assert np.allclose(plane_areas(stack), 64)


def test_doubly_wound_contour_is_ambiguous():
    """A contour that winds twice around its middle is filled by one rule and hollow by the other: RTD307."""
    ring = [[0, 0], [20, 0], [20, 20], [0, 20], [0, 1], [16, 1], [16, 16], [4, 16], [4, 4], [12, 4], [12, 12], [-1, 12]]
    stack, findings = stack_contours(roi_of_rings(on_planes(ring)))
    assert stack is None
    assert codes(findings) == [("RTD307", "E")]


def test_bow_tie_is_refused():
    """A bow-tie has two lobes of 25 by both fill rules, 0 by its signed area, and was a square of 100: RTD307."""
    stack, findings = stack_contours(roi_of_rings(on_planes([[0, 0], [10, 10], [10, 0], [0, 10]])))
    assert stack is None
    assert codes(findings) == [("RTD307", "E")]


def test_planes_a_hair_apart_are_one():
    """Contours 0.02 mm apart share a plane, RTD313."""
    rings = [*on_planes(square(10)), at(square(3, 20), 3.02)]
    stack, findings = stack_contours(roi_of_rings(rings))
    assert len(stack.planes_mm) == 4
    assert codes(findings) == [("RTD313", "W")]
    assert np.allclose(plane_areas(stack), [100, 109, 100, 100])


def test_irregular_spacing_is_said():
    """Planes at uneven distances are RTD313, and no gap."""
    stack, findings = stack_contours(roi_of_rings(on_planes(square(10), (0, 3, 6, 10, 14))))
    assert codes(findings) == [("RTD313", "W")]
    assert stack.gaps == ()


def test_missing_slice_is_marked():
    """A step of two spacings is marked as a gap; what it does is the engine's business."""
    stack, findings = stack_contours(roi_of_rings(on_planes(square(10), (0, 3, 6, 12, 15))))
    assert stack.gaps == (2,)
    assert findings == ()


def test_single_plane_has_an_assumed_thickness():
    """One plane only: RTD317 and the thickness that was assumed."""
    stack, findings = stack_contours(roi_of_rings([at(square(10), 0)]), single_plane_mm=2.0)
    assert codes(findings) == [("RTD317", "W")]
    assert stack.thickness_mm == 2.0


@pytest.mark.parametrize(("slabs", "thickness", "word"), [
    ((), 3.0, "assumed"), ((0.0, 0.0), 3.0, "assumed"), ((5.0, 5.0), 5.0, "stated"), ((5.0, 2.0), 3.0, "assumed"),
])  # fmt: skip
def test_a_single_plane_has_the_thickness_that_its_contours_state(slabs, thickness, word):
    """All contours of the plane state one thickness, and it is taken; what a caller knows goes before it."""
    roi = roi_of_rings([at(square(10), 0), at(square(10, x=30.0), 0)])
    stated = replace(roi, contours=replace(roi.contours, slabs_mm=slabs))
    stack, findings = stack_contours(stated)
    assert stack.thickness_mm == thickness
    (said,) = [item.message for item in findings if item.code == "RTD317"]
    assert f"{thickness:g} mm is {word}" in said
    assert stack_contours(stated, single_plane_mm=2.0)[0].thickness_mm == 2.0


def test_unreadable_roi_stays_unusable():
    """A finding of severity E from reading makes the ROI unusable and is handed back as the reason."""
    good = roi_of_rings(on_planes(square(10)))
    fault = finding("RTD305", "A", "count mismatch")
    stack, findings = stack_contours(ROI(1, "A", "ORGAN", "1.2", good.contours, findings=(fault,)))
    assert stack is None
    assert findings == (fault,)


def test_not_a_number_is_refused():
    """A coordinate that is not finite is RTD305, never geometry."""
    rings = on_planes(square(10))
    rings[1][0, 0] = np.nan
    assert codes(stack_contours(roi_of_rings(rings))[1]) == [("RTD305", "E")]


def test_rounding_is_read_from_the_digits():
    """Coordinates with two decimals are rounded by up to 0.005 mm."""
    angle = np.arange(50) * 2 * np.pi / 50
    ring = np.round(np.stack([9 * np.cos(angle), 7 * np.sin(angle)], axis=1), 2)
    assert stack_contours(roi_of_rings(on_planes(ring)))[0].rounding_mm == pytest.approx(0.005)


@pytest.mark.parametrize("ring", [np.zeros((0, 3)), at([[1, 1], [2, 2], [1, 1]], 3)], ids=["no point", "two points"])
def test_slivers_alone_are_no_volume(ring):
    """Where no closed contour has three distinct points there is no volume: RTD303 beside the note."""
    stack, findings = stack_contours(roi_of_rings([ring]))
    assert stack is None
    assert codes(findings) == [("RTD305", "W"), ("RTD303", "E")]


def test_contours_drawn_there_and_back_enclose_nothing():
    """Contours whose points lie on a line have no area: RTD303, never a volume of 0."""
    stack, findings = stack_contours(roi_of_rings(on_planes([[0, 0], [1, 0], [3, 0]])))
    assert stack is None
    assert codes(findings) == [("RTD308", "I"), ("RTD303", "E")]


def test_points_on_a_line_have_no_plane():
    """A contour along an oblique line spans no plane: RTD306."""
    stack, findings = stack_contours(roi_of_rings([np.array([[0, 0, 0], [1, 1, 5], [2, 2, 10]])]))
    assert stack is None
    assert codes(findings) == [("RTD306", "E")]


@pytest.mark.parametrize(
    ("side", "other", "shared", "usable"),
    [(100, 10, 3, True), (100, 10, 5, False), (20, 4, 0.4, True), (20, 4, 0.5, False)],
)
def test_an_overlap_that_hardly_matters_is_accepted(side, other, shared, usable):
    """Contours may overlap partly on a slice of 3 mm by 0.1 % of the volume or by 5 mm³, whichever is more."""
    rings = [*on_planes(square(side)), at(square(other, side - shared, 1), 3)]
    stack, findings = stack_contours(roi_of_rings(rings))
    assert (stack is not None) == usable
    assert ("RTD309" in [item.code for item in findings]) != usable


def test_a_slab_reaches_half_way_to_its_neighbours():
    """Each plane is as thick as the halves of its steps; an end as its only step; one alone as was assumed."""
    assert plane_thickness(np.array([5.0]), 2.0).tolist() == [2]
    assert plane_thickness(np.array([0.0, 3.0]), 2.0).tolist() == [3, 3]
    assert plane_thickness(np.array([0.0, 2.0, 6.0]), 2.0).tolist() == [2, 3, 4]


@pytest.mark.parametrize("kind", ["OPEN_PLANAR", "OPEN_NONPLANAR"])
def test_open_contours_among_closed_ones_are_refused(kind):
    """What open contours enclose cannot be told, so that the whole structure is not used."""
    rings = on_planes(square(10))
    stack, findings = stack_contours(roi_of_rings(rings, kinds=[*["CLOSED_PLANAR"] * 3, kind]))
    assert stack is None
    assert [(item.code, item.severity) for item in findings] == [("RTD309", "E")]
    assert kind in findings[0].message


def test_single_points_among_contours_are_left_out_with_a_warning():
    """Points enclose nothing: the volume is that of the closed contours, and somebody is to look."""
    rings = [*on_planes(square(10)), at([[5.0, 5.0]], 12.0)]
    stack, findings = stack_contours(roi_of_rings(rings, kinds=[*["CLOSED_PLANAR"] * 4, "POINT"]))
    assert len(stack.planes_mm) == 4
    assert [(item.code, item.severity) for item in findings] == [("RTD305", "W")]


def test_planes_that_enclose_nothing_are_left_out_with_a_warning():
    """A contour drawn there and back on one plane of several does not count, and is said."""
    flat = at([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0], [10.0, 0.0]], 12.0)
    stack, findings = stack_contours(roi_of_rings([*on_planes(square(10)), flat]))
    assert stack.planes_mm.tolist() == [0, 3, 6, 9]
    assert ("RTD305", "W") in [(item.code, item.severity) for item in findings]


@pytest.mark.parametrize(("shift", "said"), [(11.0, True), (9.0, False)])
def test_a_plane_beside_its_neighbours_seems_displaced(shift, said):
    """A contour that lies beside the planes before and after it is said; one that still overlaps them is not."""
    rings = [at(square(10, shift if z == 6 else 0.0), z) for z in (0, 3, 6, 9)]
    stack, findings = stack_contours(roi_of_rings(rings))
    assert stack is not None
    assert [(item.code, item.severity) for item in findings] == ([("RTD305", "W")] if said else [])
    assert not stack_contours(roi_of_rings(rings[:2]))[1]
