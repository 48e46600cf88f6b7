from dataclasses import replace

import numpy as np
import pytest
import shapely

from rtcheck.dvh.conventions import structure_dose
from rtcheck.dvh.engine import sample_solid
from rtcheck.dvh.evaluate import evaluate
from rtcheck.dvh.field import DoseField, DosePart
from rtcheck.dvh.metric import Biological
from rtcheck.dvh.notation import parse_metric
from rtcheck.geometry.polygons import plane_region
from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.solid import Combination, Leaf
from rtcheck.model.grid import DoseGrid
from tests.analytic.phantoms import box, circle, field_of, grid_of, interval, metric, roi_of, sphere
from tests.geometry.contours import at, on_planes, roi_of_rings, square

RADIAL = lambda x, y, z: 60 - 0.02 * (x * x + y * y + z * z)  # noqa: E731
SLOPE = lambda x, y, z: 50 + 0.5 * x - 0.4 * y + 0.5 * z  # noqa: E731


def stack_of(roi):
    stack, findings = stack_contours(roi)
    assert stack is not None, findings
    return stack


def dose_of(solid, field, model="prism", quantity=None):
    return structure_dose(sample_solid("A", solid, field, model), quantity)


def wavy_field():
    rng = np.random.default_rng(5)
    k = rng.normal(size=(4, 3)) * 0.15
    return field_of(grid_of(lambda x, y, z: 40 + 5 * sum(np.cos(a * x + b * y + c * z) for a, b, c in k), 2.5, 30))


def test_prisms_agree_with_brute_force():
    """Against dense point-in-polygon samples of the stack's own prisms in the gridded dose every metric agrees."""
    field = wavy_field()
    rng = np.random.default_rng(7)
    rings = [at(circle(9 + z / 4, 60) * rng.uniform(0.8, 1.2, (60, 1)) + (z / 3, 2), z) for z in np.arange(-9, 9, 2.5)]
    rings += [at(square(4, -2, -2), z) for z in np.arange(-4, 4, 2.5)]
    stack = stack_of(roi_of_rings(rings))
    planes = stack.planes_mm
    bounds = np.concatenate([[planes[0] - 1.25], (planes[1:] + planes[:-1]) / 2, [planes[-1] + 1.25]])
    points = rng.uniform(
        (*stack.points_mm.min(axis=0), bounds[0]), (*stack.points_mm.max(axis=0), bounds[-1]), (900_000, 3)
    )
    plane = np.searchsorted(bounds, points[:, 2]) - 1
    inside = np.zeros(len(points), dtype=bool)
    for j in range(len(planes)):
        region = plane_region(stack, j)
        shapely.prepare(region)
        inside[plane == j] = shapely.contains_xy(region, *points[plane == j, :2].T)
    from rtcheck.geometry.interpolate import dose_at

    values = np.sort(dose_at(field.parts[0].grids[0], np.eye(3), *points[inside].T))
    exact = sum((bounds[j + 1] - bounds[j]) * plane_region(stack, j).area for j in range(len(planes))) / 1000
    result = dose_of(Leaf(stack), field).value
    assert result.total_cm3 == pytest.approx(exact, rel=1e-9)
    rank = (np.arange(len(values)) + 0.5) / len(values)
    for name, q in (("D98", 0.02), ("D95", 0.05), ("D50", 0.5), ("D2", 0.98)):
        assert metric(result, name) == pytest.approx(np.interp(q, rank, values), abs=0.002 * 50)
    assert metric(result, "Mean") == pytest.approx(values.mean(), abs=0.0005 * 50)
    # no brute-force point may lie outside the extremes, and they are not far beyond the outermost ones
    assert result.minimum_gy - 1e-9 <= values[0] <= result.minimum_gy + 0.5
    assert result.maximum_gy - 0.5 <= values[-1] <= result.maximum_gy + 1e-9


def test_same_bytes_twice_and_from_shuffled_contours():
    """Repeated runs, and contours in another order, start and winding, give bitwise the same samples."""
    roi = roi_of(sphere(9), 2.5, 0.3)
    c = roi.contours
    rings = [c.points_mm[a:b] for a, b in zip(c.starts[:-1], c.starts[1:])]
    turned = roi_of_rings([np.roll(r[:: (-1) ** i], 7 * i, axis=0) for i, r in enumerate(rings)][::-1])
    field = wavy_field()
    first, again, other = (dose_of(Leaf(stack_of(r)), field) for r in (roi, roi, turned))
    for result in (again, other):
        assert np.array_equal(first.value.dose_gy, result.value.dose_gy)
        assert np.array_equal(first.value.volume_cm3, result.value.volume_cm3)
        assert first.value.maximum_gy == result.value.maximum_gy


def test_moving_everything_changes_nothing():
    """Contours and dose moved together by any vector give the same metrics."""
    move = np.array([31.7, -12.3, 55.1])
    first = dose_of(Leaf(stack_of(roi_of(sphere(9), 2.5, 0.3))), field_of(grid_of(SLOPE, 2.5, 15)))
    second = dose_of(
        Leaf(stack_of(roi_of(sphere(9), 2.5, 0.3, centre=move))), field_of(grid_of(SLOPE, 2.5, 15, centre=move))
    )
    for name in ("Volume", "Mean", "D98", "D2", "Min", "Max"):
        assert metric(first.value, name) == pytest.approx(metric(second.value, name), rel=1e-6)


def test_union_of_disjoint_structures_adds():
    """The volume of a union of disjoint structures is the sum, of an intersection nothing at all."""
    a, b = (Leaf(stack_of(roi_of(sphere(6), 2.5, p, centre=(x, 0, 0)))) for p, x in ((0.3, -8), (0.7, 8)))
    field = field_of(grid_of(SLOPE, 2.5, 20))
    whole = dose_of(Combination("|", a, b), field)
    assert whole.value.total_cm3 == pytest.approx(sum(dose_of(x, field).value.total_cm3 for x in (a, b)), rel=1e-9)
    nothing = sample_solid("A & B", Combination("&", a, b), field, "prism")
    assert [f.code for f in nothing.findings] == ["RTD605"]
    assert structure_dose(nothing, None).value.total_cm3 == 0


@pytest.mark.parametrize("model", ["prism", "shape"])
def test_set_operations_of_unlike_planes(model):
    """With contours on different planes volume(A - B) + volume(A & B) is volume(A), under both models."""
    a = Leaf(stack_of(roi_of(sphere(12), 2.5, 0.3)))
    b = Leaf(stack_of(roi_of(sphere(8), 3.0, 0.6, centre=(6, 2, 1))))
    field = field_of(grid_of(SLOPE, 2.5, 20))
    volume = {op: dose_of(Combination(op, a, b), field, model).value.total_cm3 for op in "-&|"}
    whole, other = (dose_of(x, field, model).value.total_cm3 for x in (a, b))
    tolerance = 1e-9 if model == "prism" else 2e-3
    assert volume["-"] + volume["&"] == pytest.approx(whole, rel=tolerance)
    assert volume["|"] + volume["&"] == pytest.approx(whole + other, rel=tolerance)


def test_ends_pull_apart_in_a_difference():
    """In A - B the smallest reading ends A early and B late, so its interval is wider than that of B fixed."""
    a = Leaf(stack_of(roi_of(box(10, 10, 10), 2.5, 0.5)))
    b = Leaf(stack_of(roi_of(box(5, 5, 5), 2.5, 0.5)))
    result = dose_of(Combination("-", a, b), field_of(grid_of(SLOPE, 2.5, 20)))
    volumes = {label: dvh.total_cm3 for label, dvh in result.alternatives}
    assert result.value.total_cm3 == pytest.approx(7.0, rel=1e-6)
    assert volumes["short ends"] == pytest.approx(7.0 - 1.0 - 0.25, rel=1e-6)
    assert volumes["long ends"] == pytest.approx(7.0 + 1.0 + 0.25, rel=1e-6)


def test_oblique_and_axial_structures_are_not_joined():
    """An expression of axial and sagittal contours is RTD306 and has no dose."""
    a = Leaf(stack_of(roi_of_rings(on_planes(square(10)))))
    b = Leaf(stack_of(roi_of_rings([np.insert(square(10), 0, z, axis=1) for z in (0.0, 3.0)])))
    sampled = sample_solid("A - B", Combination("-", a, b), field_of(grid_of(SLOPE, 2.5, 20)), "prism")
    assert [(f.code, f.severity) for f in sampled.findings] == [("RTD306", "E")]
    assert len(structure_dose(sampled, None).value.dose_gy) == 0


def test_sagittal_structure_meets_axial_dose():
    """A box drawn on sagittal planes has the metrics of the same box drawn on axial ones."""
    field = field_of(grid_of(SLOPE, 2.0, 20))
    planes = np.arange(-9, 10, 2.0)
    flat = square(20, -10, -10)
    axial = dose_of(Leaf(stack_of(roi_of_rings([at(flat, z) for z in planes]))), field)
    sagittal = dose_of(Leaf(stack_of(roi_of_rings([np.insert(flat, 0, x, axis=1) for x in planes]))), field)
    for name in ("Volume", "Mean", "D98", "D50", "D2", "Min", "Max"):
        assert metric(axial.value, name) == pytest.approx(metric(sagittal.value, name), abs=0.03)


def test_parts_are_converted_before_the_sum():
    """EQD2 of two plans with unlike fractions is the sum of each plan's own EQD2, not that of the summed dose."""
    first, second = (grid_of(lambda x, y, z, d=d: d + 0 * x + 0 * y + 0 * z, 2.5, 15) for d in (30.0, 20.0))
    field = DoseField((DosePart((first,), 3), DosePart((second,), 10)))
    result = dose_of(Leaf(stack_of(roi_of(sphere(9), 2.5, 0.3))), field, quantity=Biological("EQD2", 3.0))
    expected = 30 * (30 / 3 + 3) / 5 + 20 * (20 / 10 + 3) / 5
    assert metric(result.value, "Mean") == pytest.approx(expected, abs=1e-3)
    assert result.value.maximum_gy == pytest.approx(expected, abs=1e-3)
    bed = dose_of(Leaf(stack_of(roi_of(sphere(9), 2.5, 0.3))), field, quantity=Biological("BED", 10.0))
    assert metric(bed.value, "Mean") == pytest.approx(30 * (1 + 10 / 10) + 20 * (1 + 2 / 10), abs=1e-3)


def test_beams_on_different_grids_add_at_the_samples():
    """Two beam doses on unlike grids give the sum of both at every sample."""
    one = grid_of(lambda x, y, z: 20 + 0.5 * x + 0 * y + 0 * z, 2.5, 15)
    two = grid_of(lambda x, y, z: 30 - 0.5 * x + 0 * y + 0 * z, (2.0, 3.0, 1.5), 16, shift=(0.3, 0.2, 0.1))
    result = dose_of(Leaf(stack_of(roi_of(sphere(9), 2.5, 0.3))), field_of(one, two))
    assert np.allclose(result.value.dose_gy, 50, atol=1e-3)
    assert result.dose_error_gy == 0


def test_outside_the_grid_is_not_zero():
    """What lies outside the dose grid is volume of unknown dose, RTD602, and never a sample of 0 Gy."""
    stack = stack_of(roi_of(box(10, 10, 10), 2.5, 0.5))
    grid = grid_of(SLOPE, 2.5, 20, centre=(-18, 0, 0))
    edge = grid.geometry.origin_mm[0] + 2.5 * (grid.geometry.columns - 1)
    sampled = sample_solid("A", Leaf(stack), field_of(grid), "prism")
    value = structure_dose(sampled, None).value
    assert [f.code for f in sampled.findings] == ["RTD602"]
    assert value.outside_cm3 == pytest.approx((10 - edge) * 400 / 1000, rel=0.03)
    assert value.total_cm3 == pytest.approx(8.0, rel=1e-6)
    assert value.dose_gy.min() > 30


def test_wholly_outside_is_said():
    """A structure that never meets the dose grid is RTD601 E and has no samples."""
    stack = stack_of(roi_of(sphere(9), 2.5, 0.3, centre=(500, 0, 0)))
    sampled = sample_solid("A", Leaf(stack), field_of(grid_of(SLOPE, 2.5, 20)), "prism")
    assert ("RTD601", "E") in [(f.code, f.severity) for f in sampled.findings]
    assert len(structure_dose(sampled, None).value.dose_gy) == 0


def test_missing_slices_are_read_both_ways():
    """A gap that changes the volume is RTD312 E, and both readings are in the interval."""
    stack = stack_of(roi_of_rings(on_planes(square(20, -10, -10), (-6, -3, 0, 9, 12))))
    sampled = sample_solid("A", Leaf(stack), field_of(grid_of(SLOPE, 2.5, 25)), "prism")
    assert ("RTD312", "E") in [(f.code, f.severity) for f in sampled.findings]
    volumes = {label: dvh.total_cm3 for label, dvh in structure_dose(sampled, None).alternatives}
    assert volumes["gaps empty"] == pytest.approx(0.4 * 15, rel=1e-9)
    assert structure_dose(sampled, None).value.total_cm3 == pytest.approx(0.4 * 21, rel=1e-9)


def test_harmless_gap_is_a_warning():
    """A gap between two slivers of a large structure is RTD312 W."""
    large = [at(square(60, -30, -30), z) for z in np.arange(-30, 30, 3.0)]
    small = [at(square(2), z) for z in (30, 36, 39)]
    sampled = sample_solid("A", Leaf(stack_of(roi_of_rings(large + small))), field_of(grid_of(SLOPE, 2.5, 60)), "prism")
    assert ("RTD312", "W") in [(f.code, f.severity) for f in sampled.findings]


def test_single_plane_ranges_from_nothing_to_twice():
    """One contour: the interval of the volume runs from nearly nothing to twice the assumed thickness."""
    stack = stack_of(roi_of_rings([at(square(20, -10, -10), 0)]))
    value, low, high = interval(dose_of(Leaf(stack), field_of(grid_of(SLOPE, 2.5, 20))), "Volume")
    assert value == pytest.approx(1.2, rel=1e-6)
    assert low < 0.01
    assert high >= 2.4


def test_two_planes_are_enough():
    """Two contours give a solid of two slabs under both models."""
    stack = stack_of(roi_of_rings(on_planes(square(20, -10, -10), (0, 3))))
    for model in ("prism", "shape"):
        value = dose_of(Leaf(stack), field_of(grid_of(SLOPE, 2.5, 20)), model).value
        assert value.total_cm3 == pytest.approx(2.4, rel=2e-3)


def test_islands_that_begin_and_end_keep_their_volume():
    """Where an island has no counterpart on the next plane the shape model keeps its volume as prisms."""
    rings = [at(square(20, -10, -10), z) for z in (0, 3, 6)] + [at(square(20, 30, -10), z) for z in (6, 9, 12)]
    stack = stack_of(roi_of_rings(rings))
    field = field_of(grid_of(SLOPE, 2.5, 60))
    prism, shape = (dose_of(Leaf(stack), field, m).value.total_cm3 for m in ("prism", "shape"))
    assert shape == pytest.approx(prism, rel=0.02)


def test_oblique_dose_grid_bounds_its_extremes():
    """With a dose grid turned against the contours the extremes found and their bound enclose the true ones."""
    grid = grid_of(SLOPE, 2.5, 25)
    turn = np.deg2rad(10)
    geometry = grid.geometry
    row, column = (float(np.cos(turn)), float(np.sin(turn)), 0.0), (-float(np.sin(turn)), float(np.cos(turn)), 0.0)
    oblique = replace(grid, geometry=replace(geometry, row=row, column=column))
    stack = stack_of(roi_of(box(8, 8, 8), 2.0, 0.5))
    origin = np.array(geometry.origin_mm)
    dense = np.stack(np.meshgrid(*[np.linspace(-8, 8, 41)] * 3), axis=-1).reshape(-1, 3)
    basis = np.stack([row, column, (0.0, 0.0, 1.0)])
    exact = SLOPE(*((dense - origin) @ basis.T + origin).T)
    result = dose_of(Leaf(stack), field_of(oblique))
    lowest = min(d.minimum_gy for d in (result.value, *(x for _, x in result.alternatives)))
    highest = max(d.maximum_gy for d in (result.value, *(x for _, x in result.alternatives)))
    assert lowest <= exact.min() + 1e-3
    assert highest >= exact.max() - 1e-3
    assert result.value.maximum_gy == pytest.approx(exact.max(), abs=0.05)


def test_tiny_structure_against_the_grid_is_said():
    """A lesion smaller than 27 dose voxels is RTD317."""
    stack = stack_of(roi_of(sphere(3), 1.0, 0.3))
    sampled = sample_solid("A", Leaf(stack), field_of(grid_of(SLOPE, 2.5, 15)), "prism")
    assert [f.code for f in sampled.findings] == ["RTD317"]


def test_biological_dose_without_alpha_beta_is_refused():
    """EQD2 without α/β is an error of the caller, not a number."""
    stack = stack_of(roi_of(sphere(5), 2.0, 0.3))
    with pytest.raises(ValueError, match="alpha/beta"):
        dose_of(Leaf(stack), field_of(grid_of(SLOPE, 2.5, 15)), quantity=Biological("EQD2", None))


@pytest.mark.parametrize(("scaling", "error"), [(0.04, 0.0), (0.08, 0.04)])
def test_only_a_coarse_step_of_the_stored_integers_widens_the_interval(scaling, error):
    """A step above 0.1 % of the highest dose widens by half of it and is RTD216; a finer one is taken as written."""
    geometry = grid_of(lambda x, y, z: 50 + 0 * x + 0 * y + 0 * z, 2.5, 15).geometry
    stored = np.full(geometry.shape, round(50 / scaling), dtype=np.uint16)
    stored.setflags(write=False)
    grid = DoseGrid(geometry, stored, scaling, "PHYSICAL", "PLAN", "1.2", ("1.3",), source="dose.dcm")
    result = dose_of(Leaf(stack_of(roi_of(sphere(9), 2.5, 0.3))), field_of(grid))
    assert result.dose_error_gy == pytest.approx(error)
    assert [item.subject for item in result.findings if item.code == "RTD216"] == (["dose.dcm"] if error else [])


def edge_of_a_tip():
    """A sphere and a post beside its tip: they meet in the sphere's last prism, not in its rounded shape."""
    ball = Leaf(stack_of(roi_of(sphere(10), 2.5, 0.4)))
    post = Leaf(stack_of(roi_of_rings(on_planes(square(0.2, 5.02, -0.1), (10.0, 11.0, 12.0)))))
    return Combination("&", ball, post)


def test_what_only_one_model_finds_has_a_volume_under_that_model_alone():
    """0.2 x 0.2 x 0.25 mm between prisms, nothing between shapes: RTD605 there, never "outside the dose grid"."""
    field = field_of(grid_of(SLOPE, 2.5, 15))
    prism = dose_of(edge_of_a_tip(), field, "prism")
    assert prism.value.total_cm3 == pytest.approx(0.2 * 0.2 * 0.25 / 1000, rel=1e-9)
    assert dict(prism.alternatives)["shape"].total_cm3 == 0
    sampled = sample_solid("A", edge_of_a_tip(), field, "shape")
    assert [(f.code, f.severity) for f in sampled.findings] == [("RTD605", "E")]
    assert structure_dose(sampled, None).value.total_cm3 == 0


def test_what_one_model_does_not_find_at_all_has_no_metric():
    """A post beside a ball's shape but in its prisms has a volume between prisms and no metric."""
    ball = Leaf(stack_of(roi_of(sphere(10), 2.5, 0.4)))
    post = Leaf(stack_of(roi_of_rings(on_planes(square(0.1, 7.8, -0.05), (7.0, 7.1, 7.2)))))
    dose = dose_of(Combination("&", ball, post), field_of(grid_of(SLOPE, 2.5, 15)), "prism")
    assert dose.value.total_cm3 == pytest.approx(0.1 * 0.1 * 0.3 / 1000, rel=1e-9)
    assert {dvh.total_cm3 for label, dvh in dose.alternatives if label.startswith("shape")} == {0}
    for text in ("Volume[cc]", "D98%[Gy]", "Max[Gy]"):
        found = evaluate(dose, parse_metric(text), None)
        assert (found.value, found.code) == (None, "RTD605")


@pytest.mark.parametrize("quantity", [None, Biological("EQD2", 3.0)])
def test_an_oblique_grid_widens_the_extremes_by_what_bends_in_a_cell(quantity):
    """Under a grid turned against the contours a paraboloid's peak lies within the bound: a quarter of what bends."""
    grid = grid_of(RADIAL, 2.5, 25, scaling=1e-6)
    turn = np.deg2rad(20)
    row, column = (float(np.cos(turn)), float(np.sin(turn)), 0.0), (-float(np.sin(turn)), float(np.cos(turn)), 0.0)
    oblique = replace(grid, geometry=replace(grid.geometry, row=row, column=column))
    result = dose_of(Leaf(stack_of(roi_of(box(8, 8, 8), 2.0, 0.5))), field_of(oblique), quantity=quantity)
    bound = dict(result.alternatives)["bound of the extremes"]
    # the second difference along each of three axes is 2 x 0.02 x 2.5²
    margin = 3 * 0.25 / 4
    if quantity is not None:
        top = max(result.value.dose_gy)
        # the inverse of D (D/5 + 3) / 5
        physical = (-3 + np.sqrt(9 + 4 * top)) / 0.4
        margin = ((physical + margin) * ((physical + margin) / 5 + 3) - physical * (physical / 5 + 3)) / 5
    assert bound.maximum_gy - result.value.maximum_gy == pytest.approx(margin, rel=1e-2)
    assert result.value.minimum_gy - bound.minimum_gy == pytest.approx(margin, rel=1e-2)
    assert np.array_equal(bound.dose_gy, result.value.dose_gy)


def test_a_bound_below_no_dose_is_no_dose():
    """The lower bound of a minimum of 0 Gy stays 0 Gy."""
    grid = grid_of(lambda x, y, z: np.maximum(np.abs(x) - 5, 0) + 0 * y + 0 * z, 2.5, 25)
    turn = np.deg2rad(20)
    row, column = (float(np.cos(turn)), float(np.sin(turn)), 0.0), (-float(np.sin(turn)), float(np.cos(turn)), 0.0)
    oblique = replace(grid, geometry=replace(grid.geometry, row=row, column=column))
    result = dose_of(Leaf(stack_of(roi_of(box(8, 8, 8), 2.0, 0.5))), field_of(oblique))
    assert dict(result.alternatives)["bound of the extremes"].minimum_gy == 0


def test_a_thread_of_a_contour_is_degenerate():
    """A plane whose contour is too thin to have an area that two computations agree on is RTD606, never a number."""
    rings = [*on_planes(square(10), (0, 3, 6)), at([[0, 0], [1e-10, 0], [1e-10, 10], [0, 10]], 9)]
    sampled = sample_solid("A", Leaf(stack_of(roi_of_rings(rings))), field_of(grid_of(SLOPE, 2.5, 25)), "prism")
    found = [item for item in sampled.findings if item.code == "RTD606"]
    assert [item.severity for item in found] == ["E"]
    assert found[0].evidence["relative"] == pytest.approx(1)


def test_missing_slices_outside_the_grid_are_said_by_their_volume():
    """Wholly outside the dose grid a missing slice changes the volume by a sixth, and no dose that anybody knows."""
    rings = on_planes(square(10, 200, 200), (0, 3, 6, 12, 15))
    sampled = sample_solid("A", Leaf(stack_of(roi_of_rings(rings))), field_of(grid_of(SLOPE, 2.5, 15)), "prism")
    found = {item.code: item for item in sampled.findings}
    assert found["RTD601"].severity == found["RTD312"].severity == "E"
    assert found["RTD312"].evidence["volume_change"] == pytest.approx(3 / 18)
    assert found["RTD312"].evidence["dose_change"] == 0


def test_dose_without_fractions_has_no_biological_dose():
    """EQD2 of a plan without a number of fractions is refused, not taken as physical dose."""
    field = DoseField((DosePart((grid_of(SLOPE, 2.5, 15),), 0),))
    with pytest.raises(ValueError, match="EQD2 needs a number of fractions"):
        dose_of(Leaf(stack_of(roi_of(sphere(9), 2.5, 0.3))), field, quantity=Biological("EQD2", 3.0))
