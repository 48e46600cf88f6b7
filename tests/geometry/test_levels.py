"""Where sections are interpolated, where they stay as drawn, and how far ends grow, by volumes of the layers."""

import numpy as np
import pytest

from tests.analytic.phantoms import circle, cone, roi_of, sphere
from tests.geometry.contours import at, roi_of_rings, square
from tests.geometry.shapes import layers_of, stack_of, volume


def window(layers, low, high, variant=0):
    return volume(layers, variant, (layers.w_mm > low) & (layers.w_mm < high))


@pytest.mark.parametrize("cell", [0.4, 1.0])
@pytest.mark.parametrize("sense", [1, -1])
@pytest.mark.parametrize("radii", [(20, 8, 7, 6.5), (12, 11.4, 10.9, 10.5), (9, 8, 8, 8)])
def test_a_growing_end_grows_as_far_as_its_law_says(cell, sense, radii):
    """Read long an end goes on growing twice as fast as between its last contours, as usual by its width's trend.

    However fine the cells are: the surface then moves across dozens of them.
    """
    spacing = 2.0
    rings = [at(circle(r), sense * spacing * k) for k, r in enumerate(radii)]
    layers, labels = layers_of(stack_of(roi_of_rings(rings)), cell, 0.25)
    area, before = np.pi * radii[0] ** 2, np.pi * radii[1] ** 2
    flare = 2 * (1 - before / area) / spacing
    trend = min((1 - np.sqrt(before / area)) / spacing, 0.2 / spacing)
    long = volume(layers, labels.index("long ends"), sense * layers.w_mm < 0)
    assert long == pytest.approx(area * (spacing + flare * spacing**2 / 2), rel=5e-3)
    # half a spacing of (1 + trend t)²
    half = spacing / 2
    usual = ((1 + trend * half) ** 3 - 1) / (3 * trend)
    assert volume(layers, 0, sense * layers.w_mm < 0) == pytest.approx(area * usual, rel=5e-3)
    assert volume(layers, labels.index("short ends"), sense * layers.w_mm < 0) == 0


def moved(shift, hole, sense=1):
    """A disc growing from plane to plane with an island beside it, or a hole in it, that moves between two of them."""
    rings = []
    for k, (radius, place) in enumerate(zip((12, 16, 17, 21), (0, 0, shift, shift))):
        z = 3.0 * sense * k
        rings.append(at(circle(radius + 10 * hole), z))
        rings.append(at(square(4, (-2 if hole else 30) + place, -2), z))
    return stack_of(roi_of_rings(rings))


@pytest.mark.parametrize("hole", [False, True])
@pytest.mark.parametrize("sense", [1, -1])
@pytest.mark.parametrize(("shift", "drawn"), [(2.0, False), (3.5, False), (5.0, True), (-9.0, True)])
def test_between_islands_without_counterpart_sections_are_as_drawn(hole, sense, shift, drawn):
    """An island or a hole that moves by more than its width leaves its pair of planes as prisms, and no other pair."""
    layers, _ = layers_of(moved(shift, hole, sense), 0.5, 0.3)
    turned = [sense * low for low in (3.0, 4.5, 6.0)]
    island = -16.0 if hole else 16.0
    exact = [(np.pi * (r + 10 * hole) ** 2 + island) * 1.5 for r in (16, 17)]
    found = [window(layers, *sorted(turned[k : k + 2])) for k in (0, 1)]
    if drawn:
        assert found == pytest.approx(exact, rel=1e-9)
    else:
        assert sum(found) == pytest.approx(sum(exact), rel=0.01)
        assert found[0] > exact[0] * 1.005
        assert found[1] < exact[1] * 0.995
    # the discs of the other pairs change all the way: half way to the next plane they have lost or gained something
    for low, (a, b) in ((0.0, (12, 16)), (6.0, (17, 21))):
        first, last = (np.pi * (r + 10 * hole) ** 2 + island for r in (a, b))
        found = window(layers, *sorted((sense * low, sense * (low + 1.5))))
        assert 1.5 * first * 1.02 < found < 1.5 * (first + last) / 2 * 0.98
    # and where the island is, is where it was drawn
    if drawn and not hole:
        first = (layers.u_mm > 29.9) & (layers.u_mm < 34.1) & (np.abs(layers.w_mm) < 4.5)
        assert volume(layers, 0, first & (np.abs(layers.w_mm) > 3)) == pytest.approx(16 * 1.5, rel=1e-9)


@pytest.mark.parametrize("spacing", [1.5, 2.5])
@pytest.mark.parametrize("sense", [1, -1])
def test_samples_of_thick_layers_stay_under_a_flat_roof(spacing, sense):
    """Where layers are thicker than cells a flat roof passes whole cells within their layer: samples stay under it."""
    roof = cone(20, 12)
    rings = [ring * (1, 1, sense) for ring in rings_of(roof, spacing)]
    layers, _ = layers_of(stack_of(roi_of_rings(rings)), 0.5, 1.2)
    w = sense * layers.w_mm
    value = (layers.mask & 1 == 1) & layers.whole & (np.abs(w) < 6 - spacing)
    over = np.hypot(layers.u_mm, layers.v_mm)[value] - 20 * (6 - w[value]) / 12
    assert over.max() < 0.36
    assert np.sum(over > 0.05) < 0.012 * len(over)
    # and they use the room there is, up and down
    off = (layers.w_mm - layers.middle_mm)[value] / layers.height_mm[value]
    assert off.min() == pytest.approx(-0.5, abs=0.01) and off.max() == pytest.approx(0.5, abs=0.01)


def rings_of(phantom, spacing):
    half = phantom.extent[2]
    return [at(ring, z) for z in np.arange(-half + spacing / 2, half, spacing) for ring in phantom.rings(z)]


@pytest.mark.parametrize("cell", [0.5, 1.0])
@pytest.mark.parametrize("phase", [0.1, 0.6])
def test_samples_of_a_ball_have_its_moments(cell, phase):
    """The mean place of the samples is the ball's middle, and their mean squares are r² / 5 along each axis."""
    layers, _ = layers_of(stack_of(roi_of(sphere(12), 2.0, phase)), cell, 0.5)
    value = (layers.mask & 1 == 1) & (layers.volume_mm3 > 0)
    weights = layers.volume_mm3[value]
    for place in (layers.u_mm[value], layers.v_mm[value], layers.w_mm[value]):
        assert np.average(place, weights=weights) == pytest.approx(0, abs=0.01)
        assert np.average(place**2, weights=weights) == pytest.approx(144 / 5, rel=2e-3)
    # points of the surface come along, on the surface
    surface = layers.volume_mm3 == 0
    away = np.sqrt(layers.u_mm**2 + layers.v_mm**2 + layers.w_mm**2)[surface & (layers.mask & 1 == 1)]
    assert np.median(away) == pytest.approx(12, abs=0.02)
    assert len(away) > 300


@pytest.mark.parametrize("sense", [1, -1])
@pytest.mark.parametrize(("shift", "drawn"), [(2.0, False), (4.0, False), (8.0, True), (9.5, True)])
def test_a_tube_that_moves_by_nearly_its_width_is_as_drawn(sense, shift, drawn):
    """An oblique tube follows its contours; where half way between two of them little would be left, it has steps."""
    rings = [at(circle(5) + np.array([sense * shift * k, 0]), 3.0 * k) for k in range(5)]
    layers, _ = layers_of(stack_of(roi_of_rings(rings)), 0.4, 0.3)
    value = (layers.mask & 1 == 1) & (layers.volume_mm3 > 0)
    for plane in (1, 2):
        for low in (3.0 * plane, 3.0 * plane + 1.5):
            held = value & (layers.w_mm > low) & (layers.w_mm < low + 1.5)
            assert np.sum(layers.volume_mm3[held]) == pytest.approx(np.pi * 25 * 1.5, rel=1e-9 if drawn else 5e-3)
            place = np.average(layers.u_mm[held], weights=layers.volume_mm3[held])
            nearest = plane if low == 3.0 * plane else plane + 1
            along = nearest if drawn else (low + 0.75) / 3
            assert sense * place == pytest.approx(shift * along, abs=0.02 if drawn else 0.05 * shift)


@pytest.mark.parametrize("radius", [7.0, 13.0])
@pytest.mark.parametrize("cell", [0.4, 1.1])
def test_between_planes_a_ball_has_its_volume_to_five_digits(radius, cell):
    """Layers are scaled to the areas between the contours, which a ball's law gives exactly, whatever the cells."""
    layers, _ = layers_of(stack_of(roi_of(sphere(radius), 2.0, 0.3)), cell, 0.25)
    low = -radius + 0.6
    high = low + 2.0 * np.floor((radius - 1e-9 - low) / 2.0)
    exact = np.pi * (radius**2 * (high - low) - (high**3 - low**3) / 3)
    assert window(layers, low, high) == pytest.approx(exact, rel=3e-5)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("sense", [1, -1])
def test_a_side_that_all_contours_share_stays_where_it_is(axis, sense):
    """Plates that grow on one side only keep the other straight, between the planes too."""
    rings = []
    for k, width in enumerate((10.0, 14.0, 20.0, 23.0, 24.0)):
        plate = square(1) * (width, 20.0)
        plate[:, 0] *= sense
        rings.append(at(plate if axis == 0 else plate[:, ::-1], 2.5 * k))
    layers, _ = layers_of(stack_of(roi_of_rings(rings)), 0.5, 0.3)
    on = (layers.volume_mm3 == 0) & (layers.mask & 1 == 1) & (layers.w_mm > 0) & (layers.w_mm < 10)
    across, along = (layers.u_mm[on], layers.v_mm[on]) if axis == 0 else (layers.v_mm[on], layers.u_mm[on])
    middle = (along > 3) & (along < 17) & (sense * across < 5)
    assert np.count_nonzero(middle) > 100
    assert np.abs(across[middle]).max() < 0.05
    # and the other side moves on evenly from contour to contour
    far = (along > 3) & (along < 17) & (sense * across > 5)
    between = far & (np.abs(layers.w_mm[on] - 3.75) < 0.2)
    assert np.abs(sense * across[between] - 17).max() < 0.5
