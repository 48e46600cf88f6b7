"""Upright pictures of polygons with slanted edges, holes and islands: what a straight line has inside of them."""

import numpy as np
import pytest
import shapely

from rtcheck.geometry.cuts import outlines
from tests.geometry.contours import on_planes, roi_of_rings, square
from tests.geometry.shapes import stack_of

WIDE = (-100.0, 100.0, -100.0, 100.0)


def wobbling(seed, size):
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 11))
    return size * rng.uniform(0.5, 1.0, (11, 1)) * np.stack([np.cos(angle), np.sin(angle)], axis=1)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("normal", [0, 1])
@pytest.mark.parametrize("at", [-6.3, -1.1, 0.4, 2.0, 5.7])
def test_an_upright_picture_is_as_wide_as_the_contours_there(seed, normal, at):
    """Across random polygons with a hole each stretch is as long as the line inside, and as high as the slabs."""
    outer, hole = wobbling(seed, 15), square(3, -1.5, -1.2)
    rings = on_planes(outer, (0, 3, 6, 9)) + on_planes(hole, (0, 3, 6, 9)) + on_planes(square(4, 30, 30), (3, 6))
    region = shapely.Polygon(outer, [hole]) if shapely.Polygon(outer).contains(shapely.Polygon(hole)) else None
    if region is None:
        region = shapely.Polygon(outer).symmetric_difference(shapely.Polygon(hole))
    line = shapely.LineString([(at, -99), (at, 99)] if normal == 0 else [(-99, at), (99, at)])
    held = shapely.intersection(line, region)
    drawn = outlines(stack_of(roi_of_rings(rings)), normal, at, WIDE)
    picture = shapely.Polygon()
    for each in drawn:
        picture = picture.symmetric_difference(shapely.Polygon(each))
    assert picture.area == pytest.approx(held.length * 12, abs=1e-3)
    if held.length:
        along = 1 if normal == 0 else 0
        low, _, high, _ = picture.bounds
        assert (low, high) == pytest.approx((held.bounds[along], held.bounds[along + 2]), abs=1e-5)
        assert picture.bounds[1::2] == pytest.approx((-1.5, 10.5), abs=1e-5)
