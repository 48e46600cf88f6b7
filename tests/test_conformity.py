"""Indices of the dose around a target against closed forms: spheres of dose about spheres, planes between them."""

from dataclasses import replace

import numpy as np
import pytest

from rtcheck.conformity import evaluate_index, external_of, targets_of
from rtcheck.dvh.indices import Around, evaluate_around
from rtcheck.dvh.isodose import IsodoseVolume, isodose_volume
from rtcheck.dvh.nodes import dose_nodes, refined
from rtcheck.dvh.notation import parse_metric
from rtcheck.geometry.slabs import slabs_of
from rtcheck.geometry.solid import Leaf
from rtcheck.geometry.surface import Body
from rtcheck.geometry.territory import Territory
from rtcheck.measure import Bench, measure
from rtcheck.model.lesion import Lesion
from rtcheck.rules.lesions import LesionBinding, RoleBinding
from rtcheck.rules.resolve import BoundMargin, BoundROI
from tests.analytic.phantoms import box, field_of, grid_of, roi_of, sphere
from tests.dvh.test_evaluate import make_dose, make_dvh
from tests.geometry.contours import roi_of_rings
from tests.geometry.shapes import stack_of

BALL = 4 / 3 * np.pi / 1000
SLOPE = 1.5


def cone_dose(*centres, top=60.0):
    """60 Gy at each centre, 1.5 Gy less each mm; never negative."""

    def dose(x, y, z):
        near = np.min([np.sqrt((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2) for a, b, c in centres], axis=0)
        return np.maximum(top - SLOPE * near, 0.0)

    return dose


def bench(*centres, spacing=2.0, extent=50, model="shape", **changes):
    return Bench(field_of(grid_of(cone_dose(*(centres or ((0, 0, 0),))), spacing, extent)), model, **changes)


def target(radius=10, centre=(0.0, 0.0, 0.0)):
    return BoundROI(roi_of(sphere(radius), 2.0, 0.4, centre=centre))


def ask(where, text, bound, prescription=42.0, lesion=""):
    return evaluate_index(where, "target", bound, parse_metric(text), prescription, lesion).value


def radius_of(dose_gy):
    return (60 - dose_gy) / SLOPE


def cap(radius, height):
    """Volume of a ball beyond a plane at a distance from its centre, cm³."""
    h = max(radius - height, 0.0)
    return np.pi * h * h * (3 * radius - h) / 3000


@pytest.mark.parametrize("model", ["prism", "shape"])
@pytest.mark.parametrize("rx", [36.0, 42.0, 45.0])
def test_concentric_spheres(rx, model):
    """A sphere of dose about a sphere: every index is a ratio of the cubes of radii, inside the interval and near."""
    where, bound = bench(model=model), target(10)
    full, half = radius_of(rx), radius_of(rx / 2)
    exact = {
        "CI_RTOG": (full / 10) ** 3,
        "CI_Paddick": min(full, 10) ** 6 / (full**3 * 10**3),
        "GI": (half / full) ** 3,
        "R50": (half / 10) ** 3,
    }
    for text, value in exact.items():
        found = ask(where, text, bound, rx)
        assert found.low <= value <= found.high, text
        assert found.value == pytest.approx(value, rel=0.035 if model == "shape" else 0.08), text


@pytest.mark.parametrize("model", ["prism", "shape"])
def test_dose_two_centimetres_away(model):
    """Beyond 2 cm from a sphere of 10 mm the highest dose is that at 30 mm, 15 Gy, in Gy and per cent."""
    where, bound = bench(model=model), target(10)
    found = ask(where, "D2cm[Gy]", bound, None)
    assert found.low <= 15 <= found.high
    assert found.value == pytest.approx(15, abs=0.3 if model == "shape" else 1.2)
    percent = ask(where, "D2cm[%]", bound, 30.0)
    assert percent.value == pytest.approx(found.value / 0.3)
    assert ask(where, "D2cm[%]", bound, None).code == "RTD501"


def test_an_offset_isodose_covers_part():
    """An isodose sphere beside the target: the covered part is a lens."""
    where, bound = bench((8, 0, 0)), target(10)
    full = radius_of(42.0)
    d, r, s = 8.0, 10.0, full
    lens = np.pi * (r + s - d) ** 2 * (d * d + 2 * d * (r + s) - 3 * (r - s) ** 2) / (12 * d) / 1000
    found = ask(where, "CI_Paddick", bound)
    exact = lens**2 / (BALL * r**3 * BALL * s**3)
    assert found.low <= exact <= found.high
    assert found.value == pytest.approx(exact, rel=0.02)


def test_bridging_clouds_are_cut_half_way():
    """Two lesions whose half isodoses run into each other: each has its own sphere less the cap beyond the middle."""
    first, second = target(8), target(8, (28.0, 0, 0))
    where = bench((0, 0, 0), (28, 0, 0), extent=60, targets=(("L1", first), ("L2", second)))
    half = radius_of(21.0)
    exact = (BALL * half**3 - cap(half, 14)) / (BALL * 8**3)
    for bound, lesion in ((first, "L1"), (second, "L2")):
        found = ask(where, "R50", bound, lesion=lesion)
        assert found.low <= exact <= found.high
        assert found.value == pytest.approx(exact, rel=0.015)
    # beyond 2 cm from the first the second is hot, and not its own
    assert ask(where, "D2cm[Gy]", first, lesion="L1").value == pytest.approx(60 - SLOPE * 28, abs=0.3)


def test_each_lesion_has_its_own_prescription():
    """Indices of two lesions refer to their own prescriptions, whatever the other's is."""
    first, second = target(8), target(10, (60.0, 0, 0))
    where = bench((0, 0, 0), (60, 0, 0), extent=95, spacing=2.5, targets=(("L1", first), ("L2", second)))
    assert ask(where, "CI_RTOG", first, 45.0, "L1").value == pytest.approx((10 / 8) ** 3, rel=0.05)
    assert ask(where, "CI_RTOG", second, 39.0, "L2").value == pytest.approx((14 / 10) ** 3, rel=0.05)


def test_an_overlapping_target_keeps_what_is_inside_it():
    """Where two targets overlap the dose inside each is its own."""
    first, second = target(10), target(10, (6.0, 0, 0))
    where = bench((0, 0, 0), targets=(("L1", first), ("L2", second)))
    found = ask(where, "CI_RTOG", first, 45.0, "L1")
    assert found.value == pytest.approx(1.0, rel=0.03)


def test_a_lesion_without_target_leaves_the_neighbourhood_unknown():
    """With one active lesion that has no usable target no dose can be said to belong to another."""
    bound = target(10)
    where = bench(targets=(("L1", bound), ("L2", None)))
    for text in ("CI_RTOG", "D2cm[Gy]"):
        found = ask(where, text, bound, lesion="L1")
        assert (found.value, found.code) == (None, "RTD301")
        assert "L2" in found.reason
    broken = BoundROI(roi_of_rings([]))
    assert ask(bench(targets=(("L2", broken),)), "R50", bound).value is None
    assert ask(bench(), "R50", broken).value is None


def test_the_part_of_a_cloud_outside_the_patient_is_bounded():
    """Cut by the external contour the value counts what is inside; the interval reaches to all, and RTD602 says so."""
    skin = replace(roi_of(box(45, 45, 11), 2.0, 0.5), interpreted_type="EXTERNAL", name="BODY")
    bound = target(10)
    where = bench(external=skin)
    half = radius_of(21.0)
    found = evaluate_index(where, "target", bound, parse_metric("R50"), 42.0)
    inside = (BALL * half**3 - 2 * cap(half, 11)) / (BALL * 10**3)
    assert found.value.value == pytest.approx(inside, rel=0.02)
    assert found.value.low <= inside < (half / 10) ** 3 <= found.value.high
    assert [item.code for item in found.findings] == ["RTD602"]
    assert ask(where, "D2cm[Gy]", bound).value == pytest.approx(15, abs=0.4)
    assert not evaluate_index(bench(), "target", bound, parse_metric("R50"), 42.0).findings
    broken = replace(roi_of_rings([]), interpreted_type="EXTERNAL")
    assert ask(bench(external=broken), "R50", bound).value is None


def test_no_tissue_two_centimetres_away_has_no_dose():
    """A patient that ends nearer than 2 cm from the target everywhere has no D2cm."""
    skin = replace(roi_of(box(20, 20, 20), 2.0, 0.5), interpreted_type="EXTERNAL")
    assert ask(bench(external=skin), "D2cm[Gy]", target(15)).code == "RTD605"


@pytest.mark.parametrize(
    ("extent", "refused"), [(22, ("R50", "GI", "D2cm[Gy]")), (6, ("CI_RTOG", "R50", "CI_Paddick"))]
)
def test_a_cloud_cut_by_the_grid_has_no_bound(extent, refused):
    """Where an isodose, or the region 2 cm away, reaches the edge of the dose grid there is no value: RTD601."""
    where, bound = bench(extent=extent), target(8)
    for text in refused:
        found = ask(where, text, bound)
        assert (found.value, found.code) == (None, "RTD601"), text
    if extent == 22:
        assert ask(where, "CI_RTOG", bound).value == pytest.approx((12 / 8) ** 3, rel=0.03)


def test_without_a_prescription_there_is_no_index():
    """Everything but D2cm in Gy refers to a prescription."""
    for text in ("CI_Paddick", "CI_RTOG", "GI", "R50"):
        assert ask(bench(), text, target(), None).code == "RTD501"
        assert ask(bench(), text, target(), 0.0).code == "RTD501"


def test_nothing_receives_the_prescription():
    """Where no dose reaches the prescription GI and CI_Paddick are undefined, and CI_RTOG is 0."""
    where, bound = bench(), target()
    assert ask(where, "CI_Paddick", bound, 70.0).code == "RTD605"
    assert ask(where, "GI", bound, 70.0).code == "RTD605"
    assert ask(where, "CI_RTOG", bound, 70.0).value == 0


def test_a_margin_can_be_a_target():
    """An index of a target with a margin is that of the grown sphere."""
    where, bound = bench(), BoundMargin(target(8), 2.0)
    assert ask(where, "CI_RTOG", bound).value == pytest.approx((12 / 10) ** 3, rel=0.02)


def test_dose_error_and_volume_error_open_the_interval():
    """Rounding of doses and contours widens an index on both sides, and a target of no certain volume has none."""
    dose = make_dose(make_dvh(np.linspace(40, 60, 200), np.full(200, 0.05)), volume_error=0.5, dose_error=0.5)
    cloud = IsodoseVolume(9.0, 8.5, 9.5)
    found = evaluate_around(parse_metric("CI_RTOG"), dose, 50.0, Around(full=cloud))
    assert (found.low, found.value, found.high) == pytest.approx((8.5 / 10.5, 0.9, 9.5 / 9.5))
    covered = evaluate_around(parse_metric("CI_Paddick"), dose, 50.0, Around(full=cloud))
    assert covered.low < covered.value == pytest.approx(5.0**2 / 90, rel=0.02)
    # 5 cm³ receive 50 Gy; half a gray moves that by 0.25 cm³, the contours by up to 0.5 cm³
    assert 4.2**2 / (10.5 * 9.5) < covered.low < 4.8**2 / (10.5 * 9.5)
    assert 5.2**2 / (9.5 * 8.5) < covered.high < 5.8**2 / (9.5 * 8.5)
    tiny = make_dose(make_dvh([50.0], [0.1]), volume_error=0.2)
    assert evaluate_around(parse_metric("R50"), tiny, 50.0, Around(half=cloud)).code == "RTD605"
    other = make_dose(make_dvh([50.0], [9.0]), alternatives=(("short ends", make_dvh([])),))
    assert evaluate_around(parse_metric("R50"), other, 50.0, Around(half=cloud)).code == "RTD605"
    coarse = make_dose(make_dvh([50.0], [9.0]), coarse=make_dvh([50.0], [8.0]))
    assert evaluate_around(parse_metric("R50"), coarse, 50.0, Around(half=cloud)).high > 9.5 / 9.0
    endless = evaluate_around(parse_metric("R50"), coarse, 50.0, Around(half=IsodoseVolume(9.0, 8.0, np.inf)))
    assert endless.code == "RTD608"
    emptied = make_dose(make_dvh([50.0], [9.0]), coarse=make_dvh([]))
    assert evaluate_around(parse_metric("R50"), emptied, 50.0, Around(half=cloud)).high == pytest.approx(9.5 / 9.0)


@pytest.mark.parametrize("spacing", [1.0, 2.5])
def test_isodose_volumes_of_a_linear_dose_are_exact(spacing):
    """Where the dose is linear the volume between the edge and a plane is exact, oblique planes to a thousandth."""
    straight = field_of(grid_of(lambda x, y, z: 50 + 0.5 * x, spacing, 20))
    oblique = field_of(grid_of(lambda x, y, z: 50 + 0.5 * x + 0.3 * y - 0.2 * z, spacing, 20))
    own = Territory(Body(slabs_of(Leaf(stack_of(roi_of(sphere(5), 2.0, 0.5))), "prism"), 1.0))
    for field in (straight, oblique):
        nodes = dose_nodes(field)
        side = float(nodes.x_mm[-1]) / 10
        found = isodose_volume(field, nodes, 50.0, own, 0.5)
        assert found.cm3 == pytest.approx(side**3 / 2, rel=1e-3)
        assert found.low < found.cm3 < found.high
        assert found.cut


def test_grids_without_common_nodes_are_summed_between_them():
    """Two grids shifted against each other give the isodose volume of their sum, within the interval."""
    one, two = (grid_of(cone_dose((0, 0, 0), top=30.0), 2.0, 45, centre=(s, s, s)) for s in (0.0, 0.7))
    field = field_of(one, two)
    nodes = dose_nodes(field)
    assert not nodes.exact
    own = Territory(Body(slabs_of(Leaf(stack_of(roi_of(sphere(5), 2.0, 0.5))), "prism"), 1.0))
    found = isodose_volume(field, nodes, 24.0, own)
    assert found.low <= BALL * 12**3 <= found.high
    assert found.cm3 == pytest.approx(BALL * 12**3, rel=0.02)
    assert refined(field, nodes, 1000.0) is nodes


def test_the_external_contour_is_the_structure_of_that_type():
    """Of several structures of type EXTERNAL that with the most points counts; without one there is none."""
    small, large = (replace(roi_of(sphere(r), 2.0, 0.5), interpreted_type="EXTERNAL") for r in (5, 20))
    organ = roi_of(sphere(30), 2.0, 0.5)
    assert external_of((small, organ, large)) is large
    assert external_of((organ,)) is None
    assert targets_of(()) == ()


def test_targets_are_those_of_active_lesions():
    """Every active lesion has its target, PTV before GTV, None where it has none; a resolved one is left out."""
    ptv, gtv = (roi_of(sphere(r), 2.0, 0.5) for r in (8, 6))
    lesions = [
        LesionBinding(
            Lesion(name, "liver", "primary", active),
            {role: RoleBinding((name,), rois) for role, rois in roles.items()},
            exists=True,
        )
        for name, active, roles in (
            ("L1", True, {"gtv": (gtv,), "ptv": (ptv,)}),
            ("L2", True, {"gtv": (gtv,)}),
            ("L3", True, {}),
            ("L4", False, {"ptv": (ptv,)}),
        )
    ]
    found = targets_of(lesions)
    assert [(name, target and target.roi) for name, target in found] == [("L1", ptv), ("L2", gtv), ("L3", None)]


def test_the_target_is_measured_once_for_all_its_indices():
    """Indices share the dose in the target and the isodose volumes."""
    where, bound = bench(), target()
    ask(where, "GI", bound)
    before = dict(where.isodoses)
    ask(where, "CI_Paddick", bound)
    assert where.isodoses == before
    assert measure(where, "target", bound, None) is where.doses[next(iter(where.doses))]
