"""Where structures cross the planes of a picture: the exact outlines of boxes, holes and shifted slices."""

import numpy as np
import pytest
import shapely

from rtcheck.geometry.cuts import outlines
from rtcheck.geometry.rings import stack_contours
from rtcheck.model.structure import ROI, ContourSet

WIDE = (-100.0, 100.0, -100.0, 100.0)


def stack_of(contours):
    points = np.concatenate(contours)
    starts = np.cumsum([0, *map(len, contours)]).astype(np.int64)
    roi = ROI(1, "R", "", "1.2.3", ContourSet(points, starts, ("CLOSED_PLANAR",) * len(contours)))
    stack, _ = stack_contours(roi)
    return stack


def square(x0, x1, y0, y1, z):
    return np.array([[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]], float)


def area(lines):
    """Of closed outlines by even-odd parity."""
    region = shapely.Polygon()
    for line in lines:
        region = region.symmetric_difference(shapely.Polygon(line))
    return region.area


def bounds(lines):
    points = np.concatenate(lines)
    return [*points.min(axis=0), *points.max(axis=0)]


def test_a_box_on_three_planes():
    """A box of 20 x 10 x 12 mm shows as three rectangles; the ends reach half a slice beyond the contours."""
    stack = stack_of([square(-10, 10, 5, 15, z) for z in (0, 3, 6, 9)])
    assert bounds(outlines(stack, 2, 4.0, WIDE)) == pytest.approx([-10, 5, 10, 15])
    assert bounds(outlines(stack, 1, 10.0, WIDE)) == pytest.approx([-10, -1.5, 10, 10.5])
    assert bounds(outlines(stack, 0, 0.0, WIDE)) == pytest.approx([5, -1.5, 15, 10.5])
    for normal, at in ((2, 4.0), (1, 10.0), (0, 0.0)):
        (line,) = outlines(stack, normal, at, WIDE)
        assert np.array_equal(line[0], line[-1])


@pytest.mark.parametrize(("normal", "at"), [(2, -5.0), (2, 20.0), (1, 0.0), (0, 11.0)])
def test_a_plane_that_misses(normal, at):
    """A plane beside the structure shows nothing of it."""
    assert outlines(stack_of([square(-10, 10, 5, 15, z) for z in (0, 3, 6)]), normal, at, WIDE) == ()


def test_holes_and_islands():
    """A hole is a hole on every plane."""
    stack = stack_of([part for z in (0, 3, 6) for part in (square(-20, 20, -20, 20, z), square(-5, 5, -5, 5, z))])
    assert area(outlines(stack, 2, 3.0, WIDE)) == pytest.approx(1600 - 100)
    assert area(outlines(stack, 1, 0.0, WIDE)) == pytest.approx(30 * 9)
    assert area(outlines(stack, 1, 10.0, WIDE)) == pytest.approx(40 * 9)


def test_steps_between_slices():
    """Slices of different extent show as steps half way between them."""
    stack = stack_of([square(0, 10, 0, 10, 0), square(0, 20, 0, 10, 4)])
    (line,) = outlines(stack, 1, 5.0, WIDE)
    assert area([line]) == pytest.approx(10 * 4 + 20 * 4)


def test_a_missing_slice_is_not_drawn():
    """Nothing is drawn where a slice is missing."""
    stack = stack_of([square(0, 10, 0, 10, z) for z in (0, 3, 6, 15, 18, 21)])
    assert len(outlines(stack, 1, 5.0, WIDE)) == 2
    assert outlines(stack, 2, 10.0, WIDE) == ()


def test_lines_end_at_the_window():
    """What lies beyond the window is cut off, and the window's edge is no outline."""
    stack = stack_of([square(-50, 50, -50, 50, z) for z in (0, 3)])
    lines = outlines(stack, 2, 0.0, (0.0, 80.0, -20.0, 20.0))
    assert len(lines) == 1
    assert np.all(lines[0][:, 0] == 50)


@pytest.mark.parametrize("normal", [0, 1, 2])
def test_contours_drawn_on_sagittal_planes(normal):
    """Contours of another orientation, and oblique ones, show where they are."""
    upright = np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])  # turns axial contours into sagittal ones
    box = [square(-10, 10, 5, 15, z) @ upright for z in (0, 3, 6, 9)]
    axes = [axis for axis in range(3) if axis != normal]
    low, high = np.array([-1.5, -10, 5]), np.array([10.5, 10, 15])
    points = np.concatenate(box)
    order = [int(np.argmin(np.abs(low - value))) for value in points.min(axis=0) - np.array([0, 0, 0])]
    assert sorted(order) == [0, 1, 2]
    low, high = low[order], high[order]
    found = bounds(outlines(stack_of(box), normal, float((low + high)[normal] / 2), WIDE))
    assert found == pytest.approx([*low[axes], *high[axes]])
    angle = np.radians(20)
    tilt = np.array([[1, 0, 0], [0, np.cos(angle), np.sin(angle)], [0, -np.sin(angle), np.cos(angle)]])
    oblique = outlines(stack_of([square(-10, 10, -10, 10, z) @ tilt for z in (-6, -3, 0, 3, 6)]), normal, 0.0, WIDE)
    across = {0: 20 * 15.0, 1: 20 * 15.0 / np.cos(angle), 2: 20 * 20 / np.cos(angle)}[normal]
    assert area(oblique) == pytest.approx(across, rel=0.15)


@pytest.mark.parametrize("window", [(-20.0, 20.0, 8.0, 25.0), (-8.0, 3.0, 5.0, 25.0), (-20.0, -2.0, -25.0, 4.0)])
def test_an_oblique_picture_of_a_part_shows_that_part(window):
    """In a window that only some slabs reach the outline of an oblique box is its own, to a step of the lattice."""
    turn = np.deg2rad(30)
    basis = np.array([[1, 0, 0], [0, np.cos(turn), np.sin(turn)], [0, -np.sin(turn), np.cos(turn)]])
    stack = stack_of([square(-10, 10, -10, 10, z) @ basis for z in range(-15, 16, 3)])
    corners = np.array([(0, v, w) for v, w in ((-10, -16.5), (10, -16.5), (10, 16.5), (-10, 16.5), (-10, -16.5))])
    box = window[0], window[2], window[1], window[3]
    true = shapely.clip_by_rect(shapely.linestrings((corners @ basis)[:, 1:]), *box)
    found = shapely.multilinestrings(list(map(shapely.linestrings, outlines(stack, 0, 0.0, window))))
    assert shapely.length(true) > 10
    assert shapely.hausdorff_distance(found, true) < 1.0
