"""Which target a point belongs to, by its distances from the surfaces."""

import numpy as np
import pytest

from rtcheck.geometry.slabs import slabs_of
from rtcheck.geometry.solid import Leaf
from rtcheck.geometry.surface import Body
from rtcheck.geometry.territory import Territory
from tests.analytic.phantoms import roi_of, sphere
from tests.geometry.shapes import stack_of


def ball(radius, x):
    return Body(slabs_of(Leaf(stack_of(roi_of(sphere(radius), 2.0, 0.4, (x, 0.0, 0.0)))), "shape"), 0.5)


OWN, OTHER, BODY = ball(8, 0.0), ball(5, 30.0), ball(40, 0.0)


@pytest.mark.parametrize("x", [9.0, 16.0, 17.0, 24.0])
def test_a_point_belongs_to_the_nearer_surface(x):
    """Between balls of 8 and 5 mm, 30 mm apart, the border is at 16.5 mm; one point alone is told as many are."""
    territory = Territory(OWN, (OTHER,))
    point = np.array([[x, 0.0, 0.0]])
    assert territory.belongs(point).tolist() == [x < 16.5]
    assert territory.lead(point)[0] == pytest.approx((25 - x) - (x - 8), abs=0.3)
    assert territory.distance(point)[0] == pytest.approx(x - 8, abs=0.2)
    assert territory.is_beyond(point, 7.0).tolist() == [x > 15]


def test_alone_everything_belongs_and_nobody_knows_a_body():
    """Without other targets every point belongs, infinitely far ahead; without a body all are in it."""
    territory = Territory(OWN)
    points = np.array([[500.0, 0, 0], [0, 0, 0]])
    assert np.isinf(territory.lead(points)).all()
    assert territory.belongs(points).all() and territory.in_body(points).all()
    assert not territory.near_body(points, 1000.0).any()
    assert len(territory.lead(np.zeros((0, 3)))) == 0


def test_the_body_ends_at_the_external_contour():
    """Points in the external contour are in the body; near its surface a border may pass."""
    territory = Territory(OWN, (OTHER,), BODY)
    points = np.array([[0, 0, 35.0], [0, 0, 39.0], [0, 0, 41.5], [0, 0, 60.0]])
    assert territory.in_body(points).tolist() == [True, True, False, False]
    assert territory.near_body(points, 2.0).tolist() == [False, True, True, False]


def test_a_border_may_pass_where_the_leads_are_small():
    """Within a reach of 2 mm a border passes near 16.5 mm and not 5 mm away; the sign of the lead is right far off."""
    lead, near = Territory(OWN, (OTHER,)).side(np.array([[10.0, 0, 0], [16.0, 0, 0], [17.0, 0, 0], [24.0, 0, 0]]), 2.0)
    assert near.tolist() == [False, True, True, False]
    assert (lead > 0).tolist() == [True, True, False, False]
    moved = Territory(OWN).at_distance(np.array([[12.0, 0, 0], [0, 3.0, 30.0]]), 20.0)
    assert np.linalg.norm(moved, axis=1) == pytest.approx([28, 28], abs=0.2)
