"""What a few numbers hang on: where a coarse sampling lies outside, how long edges are, decimal commas, ledges."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

from rtcheck.dvh.band import band
from rtcheck.dvh.beyond import BeyondDose
from rtcheck.dvh.conventions import structure_dose
from rtcheck.dvh.cumulative import curve_points
from rtcheck.dvh.curve import DVH
from rtcheck.dvh.engine import sample_solid
from rtcheck.dvh.evaluate import evaluate
from rtcheck.dvh.extreme_range import bends_at_ends
from rtcheck.dvh.extremes import edge_samples
from rtcheck.dvh.indices import Around, evaluate_around
from rtcheck.dvh.local import dose_about
from rtcheck.dvh.metric import Metric
from rtcheck.dvh.notation import MetricSyntaxError, parse_metric
from rtcheck.geometry.cleaning import resolve_plane
from rtcheck.geometry.occupancy import Lattice
from rtcheck.geometry.prisms import prisms_of
from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.slabs import slabs_of
from rtcheck.geometry.solid import Leaf
from rtcheck.geometry.stagger import reach, stagger
from rtcheck.geometry.surface import surface_points
from rtcheck.geometry.variants import leaves_of, variants_of
from tests.analytic.phantoms import box, circle, field_of, grid_of, roi_of, sphere
from tests.dvh.test_evaluate import ask, make_dose, make_dvh, ramp
from tests.dvh.test_extremes_left_out import spotted
from tests.geometry.contours import at, on_planes, roi_of_rings, square
from tests.geometry.shapes import stack_of


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize(("inside", "outside"), [(0.0, 0.4), (0.0, 3.0), (0.5, 0.4)])
def test_the_band_says_of_a_coarse_sampling_what_the_metrics_say(relative, inside, outside):
    """Where a coarse sampling sticks out of the dose grid the band is that of the volume metrics at every dose."""
    doses = np.linspace(0, 60, 13)
    dose = make_dose(
        make_dvh(np.linspace(10, 50, 200), np.full(200, 0.05), outside=inside),
        coarse=make_dvh(np.linspace(11, 51, 50), np.full(50, 0.2 - outside / 50), outside=outside),
    )
    found = band(dose, doses, relative=relative)
    exact = [evaluate(dose, Metric("V", float(d), "Gy", "%" if relative else "cc"), None) for d in doses]
    for name in ("low", "value", "high"):
        assert getattr(found, name) == pytest.approx([getattr(each, name) for each in exact], abs=1e-9), name


def test_the_error_of_rounded_contours_does_not_depend_on_where_they_lie():
    """Coordinates given to a tenth of a millimetre: three standard deviations of the volume, near and far from 0."""
    field = field_of(grid_of(lambda x, y, z: 20 + 0 * (x + y + z), 5.0, 20))
    found = []
    for shift in (0.0, 7.3):
        ring = np.array([[-5.3, -4.1], [5.2, -4.1], [5.2, 4.6], [-5.3, 4.6]]) + shift
        stack, _ = stack_contours(roi_of_rings(on_planes(ring, (0, 2, 4, 6))))
        assert stack.rounding_mm > 0
        found.append(sample_solid("A", Leaf(stack), field, "prism").volume_error_cm3)
        lengths = 4 * 2 * (10.5**2 + 8.7**2)
        exact = 3 * np.sqrt(lengths * (stack.rounding_mm * 2) ** 2 / 3) / 1000
        assert found[-1] == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("text", ["D95,5%[Gy]", "D0,3cc[Gy]", "V20,5Gy[%]", "V20,55Gy[%]"])
def test_a_decimal_comma_is_named(text):
    """A comma between digits is said to be a comma, and the metric with a point is offered, also for one digit."""
    with pytest.raises(MetricSyntaxError, match="point") as caught:
        parse_metric(text)
    assert text.replace(",", ".") in str(caught.value)


@pytest.mark.parametrize("top", [0.3, 1.0, 30.0])
def test_a_curve_of_low_doses_has_as_many_points(top):
    """Doses below 1 Gy are drawn as any others: evenly from 0 to the maximum, with the volume of the ramp at each."""
    doses, volumes = curve_points(ramp(0, top, total=10.0), 21)
    assert doses == pytest.approx(np.linspace(0, top, 21))
    assert volumes == pytest.approx(10 * (1 - doses / top), abs=2e-3)


@pytest.mark.parametrize("prescription", [0.5, 1.0, 40.0])
def test_a_dose_two_centimetres_away_is_a_share_of_any_prescription(prescription):
    """D2cm in per cent refers to the prescribed dose, however low, and widens by the rounding of the dose."""
    where = Around(beyond=(BeyondDose(0.4, 0.02, (0.0, 0.0, 0.0)),))
    found = evaluate_around(parse_metric("D2cm[%]"), make_dose(ramp(0, 1), dose_error=0.01), prescription, where)
    assert (found.value, found.code) == (pytest.approx(40 / prescription), "")
    assert (found.low, found.high) == pytest.approx((37 / prescription, 43 / prescription))


@pytest.mark.parametrize("model", ["prism", "shape"])
def test_rough_samplings_end_where_the_value_does(model):
    """The coarse sampling and the cubic one have the extremes of the value, not those of longer or shorter ends."""
    grid = grid_of(lambda x, y, z: 40 + 1.5 * z + 0 * x + 0 * y, 2.0, 20)
    leaf = Leaf(stack_of(roi_of(box(8, 8, 10), 2.5, 0.5)))
    found = structure_dose(sample_solid("A", leaf, field_of(grid), model), None)
    ends = {label: curve for label, curve in found.alternatives if label in ("short ends", "long ends")}
    assert ends["long ends"].minimum_gy < found.value.minimum_gy - 1 < ends["short ends"].minimum_gy - 2
    assert (found.value.minimum_gy, found.value.maximum_gy) == pytest.approx((25, 55), abs=1e-3)
    for rough in (found.coarse, found.bent):
        assert (rough.minimum_gy, rough.maximum_gy) == (found.value.minimum_gy, found.value.maximum_gy)


@pytest.mark.parametrize("outside", [0.1, 1.0, 5.0])
def test_however_little_is_outside_the_grid_counts(outside):
    """A tenth of a cm³ outside the dose grid leaves Mean, Max and hot power means without a value, and Min bare."""
    curve = make_dvh(np.linspace(20, 40, 100), np.full(100, 0.1), outside=outside)
    for text in ("Mean[Gy]", "Max[Gy]", "gEUD(a=8)[Gy]"):
        assert ask(text, curve).code == "RTD601", text
    for text in ("Min[Gy]", "gEUD(a=-10)[Gy]"):
        found = ask(text, curve)
        assert found.low == 0 < found.value, text


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_small_lobe_of_a_figure_eight_is_in_doubt(backwards, mirrored):
    """Whichever way a figure eight is wound, what readers may lose is its smaller lobe."""
    eight = np.array([[0, 0], [8, 8], [6, 8], [14, 0]], dtype=float)
    if mirrored:
        eight = eight * (-1, 1)
    if backwards:
        eight = eight[::-1]
    region = resolve_plane([eight], exclusive=False)
    # lobes of the base 14 and the height 7, and of the base 2 and the height 1
    assert region.area_mm2 == pytest.approx(49 + 1)
    assert region.crossing_mm2 == pytest.approx(1)


@pytest.mark.parametrize("layer", [0.5, 1.0])
def test_sections_of_a_ball_turned_over_are_its_sections_turned_over(layer):
    """Sections lie as densely towards the upper tip as towards the lower one."""
    rings = [at(circle(np.sqrt(81 - z * z)), z) for z in (-8.1, -5.6, -3.1, -0.6, 1.9, 4.4, 6.9)]
    one, two = (
        slabs_of(Leaf(stack_of(roi_of_rings([ring * (1, 1, sense) for ring in rings]))), "shape", layer_mm=layer)
        for sense in (1, -1)
    )
    assert np.sort(-one.lower) == pytest.approx(two.lower, abs=1e-6)
    assert shapely.area(one.regions)[::-1] == pytest.approx(shapely.area(two.regions), rel=1e-3, abs=0.05)


def test_homogeneity_widens_by_twice_what_a_dose_may_be_off():
    """Where two samplings agree, a dose keeps a small doubt; the homogeneity has twice that, over the median."""
    same = ramp(40, 60)
    dose, plain = ask("D98%[Gy]", same, coarse=same), ask("D98%[Gy]", same)
    doubt = dose.high - plain.high
    assert doubt > 0
    for text, share in (("HI_ICRU83", 2 / 50), ("D98%[%]", 100 / 40)):
        wide, narrow = ask(text, same, 40.0, coarse=same), ask(text, same, 40.0)
        assert wide.high - narrow.high == pytest.approx(share * doubt)
        assert narrow.low - wide.low == pytest.approx(share * doubt)


@pytest.mark.parametrize("half", [(3.0, 20.0, 6.0), (20.0, 3.0, 6.0), (3.0, 4.0, 30.0)])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_edges_are_searched_in_steps_along_every_axis(half, axis):
    """Under an oblique grid walls are looked at in steps: no two neighbouring doses of a slope are further apart."""
    leaf = Leaf(stack_of(roi_of(box(*half), 2.0, 0.5)))
    leaves = leaves_of(leaf)
    prisms = prisms_of(leaf, leaves, variants_of(leaves))
    slope = np.eye(3)[axis]
    grid = grid_of(lambda x, y, z: 50 + slope[0] * x + slope[1] * y + slope[2] * z, 2.0, 36, scaling=1e-6)
    local = dose_about(field_of(grid), np.eye(3), -np.array(half) - 2, np.array(half) + 2)
    found = np.sort(edge_samples(prisms, local, 0.5).dose_gy[0])
    assert np.diff(found).max() <= 0.5 + 1e-5
    ends = 50 + np.array([-1, 1]) * (half[axis] + (1 if axis == 2 else 0))
    assert (found[0], found[-1]) == pytest.approx(ends, abs=1e-5)


@pytest.mark.parametrize(("place", "expected"), [(0, (0, 0.4, 0, 0)), (399, (0, 0, 0, 0.4)), (200, (0, 0, 0, 0))])
def test_the_bend_of_the_outermost_sample_counts(place, expected):
    """The coldest and the hottest sample are among those whose bends are looked at."""
    dose = np.linspace(10.0, 20.0, 400)
    bent = dose.copy()
    bent[place] += 0.4
    value = DVH(dose, np.ones(400), 10.0, 20.0)
    assert bends_at_ends(value, (10.0, 20.0), dose, bent) == pytest.approx(expected)


@pytest.mark.parametrize("odd", [0, 1, 3])
def test_one_uneven_step_is_told(odd):
    """Planes of which one step is longer than the others are said to be uneven."""
    steps = np.full(4, 3.0)
    steps[odd] = 4.0
    heights = np.append(0.0, np.cumsum(steps))
    _, findings = stack_contours(roi_of_rings(on_planes(square(10), heights)))
    assert "RTD313" in [item.code for item in findings]
    _, findings = stack_contours(roi_of_rings(on_planes(square(10), np.arange(5) * 3.0)))
    assert "RTD313" not in [item.code for item in findings]


@pytest.mark.parametrize("model", ["prism", "shape"])
def test_both_extremes_have_a_range_of_their_own(model):
    """How far minimum and maximum may lie beyond the readings is told for both, and their intervals reach it."""

    def bell(x, y, z):
        return 10 + 40 * np.exp(-(x * x + y * y + z * z) / 60)

    grid = grid_of(bell, 2.5, 14, (1.25, 1.25, 1.25))
    found = structure_dose(sample_solid("A", Leaf(stack_of(roi_of(sphere(7), 2.0, 0.4))), field_of(grid), model), None)
    for name, ends in (("Min", found.minimum_gy), ("Max", found.maximum_gy)):
        low, high = ends
        asked = evaluate(found, Metric(name, None, "", "Gy"), None)
        assert low <= asked.value <= high
        assert asked.low <= low + 1e-9 and asked.high >= high - 1e-9
    assert found.maximum_gy[1] > 50 > found.value.maximum_gy


@pytest.mark.parametrize(("text", "read"), [("D50.5", "D50.5%[Gy]"), ("D50", "D50%[Gy]"), ("D2", "D2%[Gy]")])
def test_bare_numbers_that_can_only_be_per_cent_are(text, read):
    """A whole number, or one of 50 or more, is per cent after D; a broken one below could be cm³ and is refused."""
    assert parse_metric(f"{text}[Gy]") == parse_metric(read)
    for doubtful in ("D49.5[Gy]", "D0.5[Gy]", "D2.5[Gy]"):
        with pytest.raises(MetricSyntaxError, match="cc"):
            parse_metric(doubtful)


@pytest.mark.parametrize("value", [11.0, 29.0])
@pytest.mark.parametrize("sense", [1, -1])
def test_a_node_below_a_ledge_is_felt_at_the_ledge(value, sense):
    """Where contours widen from one plane to the next a node beside the narrow part is felt at the wide part's face."""
    rings = [at(square(4, -2, -2), sense * z) for z in (-5, -3, -1)]
    rings += [at(square(16, -8, -8), sense * z) for z in (1, 3, 5)]
    stack, _ = stack_contours(roi_of_rings(rings))
    # dose planes at odd multiples of 1.25 mm: the face at 0 lies half way between two of them
    grid = grid_of(lambda x, y, z: 20.0 + 0 * (x + y + z), 2.5, 20, (0.0, 0.0, 1.25))
    stored = np.array(grid.stored)
    place = np.round((np.array([5.0, 5.0, -1.25 * sense]) - grid.geometry.origin_mm) / 2.5).astype(int)
    stored[tuple(place[::-1])] = round(value * 1e4)
    stored.setflags(write=False)
    found = structure_dose(sample_solid("A", Leaf(stack), field_of(replace(grid, stored=stored)), "prism"), None)
    name = "minimum_gy" if value < 20 else "maximum_gy"
    assert getattr(found.value, name) == pytest.approx((20 + value) / 2, abs=1e-9)


def test_points_of_a_surface_are_on_the_surface():
    """Between sections of an interpolated shape there are no faces: points of a ball's surface lie on it."""
    for layer in (0.5, 1.0):
        slabs = slabs_of(Leaf(stack_of(roi_of(sphere(10), 2.5, 0.4))), "shape", layer_mm=layer)
        away = np.linalg.norm(surface_points(slabs, 0.7), axis=1)
        assert away.min() > 10 - 0.9
        assert away.max() < 10 + layer * 0.4 + 0.05


def test_shifts_fill_the_unit_cube_evenly():
    """Shifts of neighbouring cells fill each eighth of the cube alike, unrelated between axes."""
    row, column = (a.ravel() for a in np.meshgrid(np.arange(40), np.arange(40)))
    shifts = np.array(stagger(row, column, np.full(1600, 4)))
    assert shifts.min() >= -0.5 and shifts.max() <= 0.5
    octants = np.bincount(((shifts > 0) * np.array([[1], [2], [4]])).sum(axis=0), minlength=8)
    assert octants.min() > 170 and octants.max() < 230
    assert np.abs(np.corrcoef(shifts) - np.eye(3)).max() < 0.1


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 1.0])
def test_a_straight_face_leaves_a_cell_as_much_room_as_it_covers(share):
    """Samples of a cell covered up to a straight face across u or v reach over all that is covered; else nowhere."""
    lattice = Lattice(-3.0, 1.0, 0.5, 2.0, 8, 6)
    row, column = np.array([2, 2, 2]), np.array([3, 3, 3])
    left, low = -3.0 + 0.5 * 3, 1.0 + 2.0 * 2
    u = left + 0.5 * np.array([share / 2, 0.5, 1 / 3])
    v = low + 2.0 * np.array([0.5, 1 - share / 2, 1 / 3])
    along_u, along_v = reach(lattice, row, column, u, v, np.array([share, share, 0.5]))
    assert along_u == pytest.approx([0.5 * share, 0.5, 0])
    assert along_v == pytest.approx([2.0, 2.0 * share, 0])


def test_a_lone_spot_is_where_it_was_put():
    """The helper that marks dose nodes marks the node asked for and no other."""
    grid = spotted(29.0, [(2.5, -5.0, 7.5)])
    (index,) = np.argwhere(grid.stored != 200_000)
    assert index[::-1] * 2.5 + np.array(grid.geometry.origin_mm) == pytest.approx([2.5, -5.0, 7.5])
