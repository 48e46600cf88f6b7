"""The self-test: its closed forms against each other and against dense points, and that it fails when it should."""

import contextlib
import io
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rtcheck import selftest as module
from rtcheck.cli.main import run
from rtcheck.dvh.metric import MetricValue
from rtcheck.dvh.notation import parse_metric
from rtcheck.phantom import solids
from rtcheck.phantom.cases import clinical, stacks, through_files
from rtcheck.phantom.doses import LinearDose, RadialDose, dose_at_points
from rtcheck.phantom.objects import ORIENTATIONS, Setting, dose_grid, region, rings_of
from rtcheck.phantom.truth import ideal_truth, prism_truth, true_value
from rtcheck.render.selftest_report import selftest_text
from rtcheck.selftest import Reading, covered, held, own_prisms

SOLIDS = (
    solids.sphere(12), solids.cylinder(8, 20), solids.lying_cylinder(10, 28), solids.cone(14, 24),
    solids.box(20, 16, 22), solids.torus(16, 6),
)  # fmt: skip
LINEAR = [LinearDose(50, gradient) for gradient in ((0.5, -0.4, 0.5), (0, 0, 0.8), (0, 0, -0.8), (0.7, 0, 0))]
ASKED = [parse_metric(text) for text in ("Mean[Gy]", "D98%[Gy]", "D95%[Gy]", "D50%[Gy]", "D2%[Gy]", "D0.03cc[Gy]")]


def points_in(solid, count=100_000):
    """Random points in a solid, by its sections alone."""
    rng = np.random.default_rng(20261122)
    points = rng.uniform(-1, 1, (count, 3)) * solid.half
    first, second = solid.sections(points[:, 2])
    x, y = np.abs(points[:, 0]), np.abs(points[:, 1])
    if solid.shape == "rectangle":
        return points[(x <= first) & (y <= second)]
    return points[(np.hypot(x, y) <= first) & (np.hypot(x, y) >= second)]


@pytest.mark.parametrize("solid", SOLIDS, ids=lambda s: s.name)
@pytest.mark.parametrize("dose", [*LINEAR, RadialDose(60, 0.02)], ids=str)
def test_closed_forms_agree_with_dense_points(solid, dose):
    """Mean, doses at volumes and volumes at doses are those of random points in the solid."""
    if solid.shape == "rectangle" and isinstance(dose, RadialDose):
        with pytest.raises(ValueError, match="round sections"):
            ideal_truth(solid, dose)
        return
    truth = ideal_truth(solid, dose)
    values = np.sort(dose_at_points(dose, points_in(solid)))
    assert true_value(truth, ASKED[0]) == pytest.approx(values.mean(), abs=0.06)
    for share in (2, 50, 98):
        exact = true_value(truth, parse_metric(f"D{share}%[Gy]"))
        assert exact == pytest.approx(np.percentile(values, 100 - share), abs=0.12)
        at = float(np.round(exact, 3))
        assert true_value(truth, parse_metric(f"V{at}Gy[%]")) == pytest.approx(100 * np.mean(values >= at), abs=0.6)
    assert truth.minimum_gy - 1e-6 <= values[0]
    assert values[-1] <= truth.maximum_gy + 1e-6
    assert values[0] - truth.minimum_gy < 0.8
    assert truth.maximum_gy - values[-1] < 0.8


@pytest.mark.parametrize(
    ("solid", "dose"), [(solid, dose) for solid in SOLIDS[:1] + SOLIDS[4:] for dose in (LINEAR[0], LINEAR[2])],
    ids=lambda given: getattr(given, "name", None) or str(given),
)
def test_thin_prisms_become_the_solid(solid, dose):
    """Prisms of contours 0.25 mm apart and the solid itself, two derivations, agree to a few hundredths of a Gy."""
    ideal, drawn = ideal_truth(solid, dose), prism_truth(rings_of(solid, 0.25, 0.5), 0.25, dose)
    assert drawn.volume_mm3 == pytest.approx(ideal.volume_mm3, rel=2e-3)
    for metric in (ASKED[0], ASKED[1], ASKED[4]):
        assert true_value(drawn, metric) == pytest.approx(true_value(ideal, metric), abs=2e-2)
    assert drawn.minimum_gy == pytest.approx(ideal.minimum_gy, abs=0.15)
    assert drawn.maximum_gy == pytest.approx(ideal.maximum_gy, abs=0.15)


def test_a_metric_without_closed_form_is_refused():
    """There is no truth of a conformity index."""
    with pytest.raises(ValueError, match="no closed form"):
        true_value(ideal_truth(SOLIDS[0], LINEAR[0]), parse_metric("Median[Gy]"))


def test_phantoms_cover_what_is_promised():
    """Sizes down to 0.03 cm³, every patient orientation, tilted planes, and linear and radial doses are in it."""
    drawn = stacks()
    assert min(each.solid.volume_mm3 for each in drawn) < 34
    assert {each.setting.orientation for each in drawn} == set(ORIENTATIONS)
    assert any(any(each.setting.tilt_deg) for each in drawn)
    assert {type(each.dose) for each in clinical()} == {LinearDose, RadialDose}
    assert all(max(each.solid.half) >= 12 and 2 <= each.setting.spacing_mm <= 3 for each in clinical())


def test_dose_grid_gives_a_linear_dose_back():
    """Every voxel has the dose of the formula, turned and shifted as the solid is."""
    solid, dose = SOLIDS[0], LINEAR[0]
    setting = Setting(2.0, 0.5, 2.5, orientation="FFDL", tilt_deg=(90.0, 0.0), centre_mm=(5, 6, 7))
    grid = dose_grid(solid, dose, setting)
    geometry = grid.geometry
    corner = np.asarray(geometry.origin_mm) - (5, 6, 7)
    # a quarter turn about y takes the solid's (x, y, z) to (z, y, -x)
    expected = 50 + 0.5 * -corner[2] - 0.4 * corner[1] + 0.5 * corner[0]
    assert grid.stored[0, 0, 0] * grid.scaling_gy == pytest.approx(expected)
    points = region(solid, setting).contours.points_mm - (5, 6, 7)
    assert np.hypot(np.hypot(*points.T[:2]), points[:, 2]) == pytest.approx(12, abs=0.01)
    assert np.ptp(points[:120, 0]) == pytest.approx(0, abs=1e-9)


@pytest.fixture
def brief(monkeypatch):
    """The self-test with one phantom of each sort."""
    monkeypatch.setattr(module, "stacks", lambda: stacks()[3:4])
    monkeypatch.setattr(module, "clinical", lambda: clinical()[:1])


def command(*words):
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(out):
        code = run(["selftest", *words])
        out.flush()
    return code, out.buffer.getvalue().decode()


def test_the_whole_self_test_passes():
    """On the machine that runs this, every class of metrics is within its target and every judged interval holds."""
    before = set(Path(tempfile.gettempdir()).glob("rtcheck-*/phantom*"))
    code, text = command("--format", "json")
    page = json.loads(text)
    assert code == page["exit_code"] == 0
    assert page["schema"] == "rtcheck.selftest/1"
    assert page["passed"] is True
    assert page["phantoms"] == len(stacks()) + len(clinical())
    judged = [row for key in ("prisms", "solids", "files") for row in page[key] if row["target"] is not None]
    assert len(judged) == 13
    assert all(row["judged"] <= row["target"] for row in judged)
    assert all(row["inside"] == row["count"] for row in page["intervals"] if row["judged"])
    assert set(Path(tempfile.gettempdir()).glob("rtcheck-*/phantom*")) <= before


@pytest.mark.usefixtures("brief")
def test_the_page_fits_and_says_the_same():
    """The text has 80 columns at most, the verdict on top, every class with its target, and no clock or host."""
    code, text = command()
    assert (code, command()[1]) == (0, text)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert text.splitlines()[2] == "PASS"
    assert text.endswith("exit 0\n")
    for name in ("Volume, volume", "Mean dose", "Dose at a volume", "Volume at a dose", "Minimum, maximum"):
        assert sum(line.startswith(f"  {name}") for line in text.splitlines()) == 3 + (name != "Volume, volume")


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize(
    ("part", "change", "row"),
    [
        ("dose", lambda dvh: replace(dvh, dose_gy=dvh.dose_gy + 0.4), "Dose at a volume"),
        ("mean", lambda dvh: replace(dvh, dose_gy=dvh.dose_gy + 0.06), "Mean dose"),
        ("volume", lambda dvh: replace(dvh, volume_cm3=dvh.volume_cm3 * 1.007), "Volume"),
        ("extremes", lambda dvh: replace(dvh, maximum_gy=dvh.maximum_gy + 0.2), "Minimum, maximum"),
    ],
)
def test_a_wrong_engine_fails(monkeypatch, part, change, row):
    """An engine whose doses, volumes or extremes are a little off is told from a right one, and exit is 1."""
    right = module.structure_dose

    def wrong(*given):
        found = right(*given)
        return replace(found, value=change(found.value))

    monkeypatch.setattr(module, "structure_dose", wrong)
    code, text = command()
    assert code == 1
    assert text.splitlines()[2] == "FAIL"
    assert any(line.startswith(f"  {row}") and line.endswith("OVER") for line in text.splitlines())


@pytest.mark.usefixtures("brief")
def test_intervals_that_are_too_narrow_fail(monkeypatch):
    """Without its alternatives the interval of a value misses the truth; the page says of which phantom."""
    right = module.structure_dose

    def narrow(*given):
        found = right(*given)
        off = replace(found.value, volume_cm3=found.value.volume_cm3 * 1.002)
        return replace(found, value=off, alternatives=(), coarse=None, volume_error_cm3=0.0, dose_error_gy=0.0)

    monkeypatch.setattr(module, "structure_dose", narrow)
    code, text = command()
    assert code == 1
    assert "MISSED" in text
    assert "Volume[cc] is" in " ".join(text.split())


def test_a_metric_without_a_value_never_counts_as_held():
    """No value is an infinite error and an interval that holds nothing."""
    nothing = Reading("p", "Mean[Gy]", "Mean", 50.0, MetricValue(None, None, None, "Gy", "why not"), 50.0)
    found = [nothing, *(replace(nothing, kind=kind) for kind in ("Volume", "D", "V", "Min"))]
    assert not any(each.inside for each in found)
    rows = held(found, {"Mean dose": 0.1}, 100.0)
    assert [row.name for row in rows if not row.passed] == ["Mean dose"]
    assert covered(found)[1].outside == ("p: Mean[Gy] has no value: why not",)


def test_files_that_do_not_come_back_are_an_error(monkeypatch):
    """When what was written is not what was read, the self-test ends in an error, never in a PASS."""
    from rtcheck.model.case import Case

    monkeypatch.setattr(module, "stacks", lambda: stacks()[:1])
    with pytest.raises(ValueError, match="0 regions and 0 doses"):
        module.file_readings(through_files(), Case(""))
    broken = replace(region(SOLIDS[0], Setting(2.0, 0.5, 2.5)), name="A")
    flat = replace(broken, contours=replace(broken.contours, points_mm=broken.contours.points_mm * 0))
    with pytest.raises(ValueError, match="A: "):
        module.measured(flat, dose_grid(SOLIDS[0], LINEAR[0], Setting(2.0, 0.5, 2.5)), "prism")


def test_text_says_when_no_file_was_read():
    """A result without files says so instead of leaving the paragraph out."""
    truth = own_prisms(stacks()[3])
    assert truth.volume_mm3 > 0
    text = selftest_text(module.SelfTest(0, (), (), ()), {"rtcheck": "1"}, 0)
    assert "Reading DICOM files was not part of this run." in text
