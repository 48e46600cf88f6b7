"""Contract §2, §5 and the method: `rtcheck dvh` against closed forms and against the brute-force oracle."""

from __future__ import annotations

import math

import numpy as np
import pydicom
import pytest

from tests.acceptance import oracle
from tests.acceptance.kit import run
from tests.acceptance.shapes import circle, layers, ramp, rectangle, ring_of, sphere, star, write_phantom
from tests.synthetic.dicom import ORIENTATIONS, box_grid

NAMES = {
    "Mean[Gy]": ("Mean",),
    "Max[Gy]": ("Max",),
    "Min[Gy]": ("Min",),
    "Median[Gy]": ("Median",),
    "Volume[cc]": ("Volume",),
    "D2%[Gy]": ("D", 2, "%"),
    "D95%[Gy]": ("D", 95, "%"),
    "D98%[Gy]": ("D", 98, "%"),
    "D0.5cc[Gy]": ("D", 0.5, "cc"),
    "DC99%[Gy]": ("DC", 99, "%"),
    "DC0.5cc[Gy]": ("DC", 0.5, "cc"),
    "V20Gy[%]": ("V", 20, "Gy", "%"),
    "V20Gy[cc]": ("V", 20, "Gy", "cc"),
    "CV22Gy[cc]": ("CV", 22, "Gy", "cc"),
    "CV22Gy[%]": ("CV", 22, "Gy", "%"),
}
"""Canonical metric to the oracle's arguments."""


def measure(folder, name, *extra):
    asked = [part for metric in NAMES for part in ("-m", metric)]
    result = run("dvh", folder, "--format", "json", "--structure-model", "prism", "--roi", name, *asked, *extra)
    assert result.code == 0, result.err + result.out[:500]
    document = result.doc
    assert document["schema"] == "rtcheck.dvh/1"
    (structure,) = document["structures"]
    assert structure["name"] == name
    assert list(structure["metrics"]) == list(NAMES)
    return structure


def reference_values(samples):
    return {name: oracle.metric(samples, *arguments) for name, arguments in NAMES.items()}


def compare(structure, truth, *, peak, volume, extreme=0.002, rough=0.0):
    """Values within the targets of the method (§7), and the truth inside every interval.

    `rough` is the oracle's own noise as a share of the reference dose or volume.
    """
    failures = []
    for name, expected in truth.items():
        found = structure["metrics"][name]
        kind = name.split("[")[0].rstrip("0123456789.%cGy")
        scale = peak if found["unit"] == "Gy" else 100.0 if found["unit"] == "%" else volume
        share = 0.0005 if kind in ("Mean", "Volume") else extreme if kind in ("Max", "Min") else 0.002
        allowed = (share + rough) * scale
        if abs(found["value"] - expected) > allowed:
            failures.append(f"{name}: {found['value']} is not {expected} ± {allowed}")
        slack = rough * scale + 1e-9 * scale + (extreme * scale if kind in ("Max", "Min") and extreme > 0.002 else 0)
        if not found["low"] - slack <= expected <= found["high"] + slack:
            failures.append(f"{name}: {expected} is outside {found['low']}..{found['high']}")
        if not found["low"] <= found["value"] <= found["high"]:
            failures.append(f"{name}: value outside its own interval: {found}")
    assert not failures, "\n".join(failures)


BOX = ((-9.0, 11.0), (-8.0, 8.0), (-10.0, 8.0))
STEP = 2.0


def box_truth(at_origin, axis, slope):
    """Closed form of a box in a dose that is linear along one axis: doses spread evenly from end to end."""
    low, high = BOX[axis]
    if axis == 2:
        low, high = low - STEP / 2, high + STEP / 2
    ends = sorted((at_origin + slope * low, at_origin + slope * high))
    span = ends[1] - ends[0]
    volume = (BOX[0][1] - BOX[0][0]) * (BOX[1][1] - BOX[1][0]) * (BOX[2][1] - BOX[2][0] + STEP) / 1000

    def at_least(dose):
        return min(1.0, max(0.0, (ends[1] - dose) / span))

    return {
        "Mean[Gy]": sum(ends) / 2,
        "Max[Gy]": ends[1],
        "Min[Gy]": ends[0],
        "Median[Gy]": sum(ends) / 2,
        "Volume[cc]": volume,
        "D2%[Gy]": ends[1] - 0.02 * span,
        "D95%[Gy]": ends[1] - 0.95 * span,
        "D98%[Gy]": ends[1] - 0.98 * span,
        "D0.5cc[Gy]": ends[1] - 0.5 / volume * span,
        "DC99%[Gy]": ends[0] + 0.99 * span,
        "DC0.5cc[Gy]": ends[0] + 0.5 / volume * span,
        "V20Gy[%]": 100 * at_least(20),
        "V20Gy[cc]": volume * at_least(20),
        "CV22Gy[cc]": volume * (1 - at_least(22)),
        "CV22Gy[%]": 100 * (1 - at_least(22)),
    }, volume


def box_loops():
    return [rectangle(BOX[0], BOX[1], z) for z in layers(*BOX[2], STEP)]


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("slope", [0.8, -0.5])
def test_box_in_linear_dose_has_its_closed_form(tmp_path, axis, slope):
    """Every metric of a box in a linear dose is the closed form, for gradients along each axis and both ways."""
    gradient = [0.0, 0.0, 0.0]
    gradient[axis] = slope
    write_phantom(tmp_path, {"Box": box_loops()}, ramp(21, gradient))
    truth, volume = box_truth(21, axis, slope)
    compare(measure(tmp_path, "Box"), truth, peak=30, volume=volume)
    samples = oracle.sample(oracle.read_export(tmp_path), "Box")
    for name, value in reference_values(samples).items():
        assert value == pytest.approx(truth[name], abs=0.12), f"the oracle is wrong on {name}"


FORMS = [
    (position, descending, absolute)
    for position in ORIENTATIONS
    for descending in (False, True)
    for absolute in (False, True)
    if not absolute or position == "HFS"
]


@pytest.mark.parametrize(("position", "descending", "absolute"), FORMS)
def test_orientation_and_offset_form_change_nothing(tmp_path, position, descending, absolute):
    """An oblique gradient on an uneven-sided grid gives the same metrics however the voxels are stored."""
    grid = box_grid(
        (-27, -24, -21), (27, 24, 24), (3.0, 2.0, 2.5), position=position, descending=descending, absolute=absolute
    )
    loops = [ring_of([(-12, -6), (13, -9), (9, 10), (-3, 3)], z) for z in layers(-8, 7, 3)]
    write_phantom(tmp_path, {"Wedge": loops}, ramp(21, (0.3, -0.45, 0.35)), grid)
    area = 0.5 * abs(sum(
        a * d - b * c for (a, b), (c, d) in zip(loops[0][:, :2], np.roll(loops[0][:, :2], -1, axis=0), strict=True)
    ))  # fmt: skip
    samples = oracle.sample(oracle.read_export(tmp_path), "Wedge")
    structure = measure(tmp_path, "Wedge")
    assert structure["volume_cc"]["value"] == pytest.approx(area * 18 / 1000, rel=1e-6)
    corners = np.array([loop for loop in loops])[:, :, :2].reshape(-1, 2)
    ends = [21 + corners @ [0.3, -0.45] + 0.35 * z for z in (-9.5, 8.5)]
    truth = reference_values(samples)
    truth["Max[Gy]"], truth["Min[Gy]"] = max(map(np.max, ends)), min(map(np.min, ends))
    truth["Volume[cc]"] = area * 18 / 1000
    compare(structure, truth, peak=32, volume=samples.volume, rough=0.0015)


def radial(centre, peak=30.0, fall=0.02):
    def dose(points):
        return peak * np.exp(-fall * np.linalg.norm(points - np.asarray(centre, float), axis=-1))

    return dose


SOLIDS = {
    "sphere": (sphere((1.3, -0.7, 0.4), 11, 2), radial((2, 1, -3))),
    "small sphere": (sphere((-2.2, 1.1, 0.6), 6, 2), ramp(21, (0.4, 0.3, -0.5))),
    "hole": (
        [loop for z in layers(-8, 8, 2) for loop in (circle((0, 0), 12, z), circle((2, 1), 6, z))],
        ramp(21, (0.4, -0.2, 0.3)),
    ),
    "island in a hole": (
        [
            loop
            for z in layers(-6, 6, 3)
            for loop in (circle((0, 0), 14, z), circle((0, 0), 9, z), circle((1, 1), 4, z))
        ],
        ramp(21, (0.5, 0.1, 0.1)),
    ),
    "two parts side by side": (
        [loop for z in layers(-6, 6, 3) for loop in (circle((-9, 0), 6, z), rectangle((4, 16), (-5, 6), z))],
        ramp(21, (0.5, 0.2, 0.0)),
    ),
    "parts that begin and end on different planes": (
        [circle((-9, 0), 6, z) for z in layers(-9, 3, 3)] + [rectangle((4, 16), (-5, 6), z) for z in layers(-3, 9, 3)],
        ramp(21, (0.3, 0.2, 0.3)),
    ),
    "star": ([star((1, -2), 5, 14, z) for z in layers(-8, 8, 2)], ramp(21, (0.3, 0.5, -0.2))),
    "leaning": ([circle((z / 2, -z / 3), 8, z) for z in layers(-10, 8, 2)], radial((0, 0, 0), fall=0.03)),
}


@pytest.mark.parametrize("solid", SOLIDS)
def test_solids_agree_with_brute_force(tmp_path, solid):
    """Spheres, holes, islands and parts agree with the dense point sampling, and its value lies in every interval."""
    loops, dose = SOLIDS[solid]
    write_phantom(tmp_path, {"ROI": loops}, dose, box_grid((-27, -27, -24), (27, 27, 24)))
    samples = oracle.sample(oracle.read_export(tmp_path), "ROI", step=0.25)
    compare(
        measure(tmp_path, "ROI"), reference_values(samples), peak=30, volume=samples.volume, rough=0.0015, extreme=0.01
    )


def test_uneven_dose_planes_are_used_where_they_are(tmp_path):
    """Dose planes at uneven positions keep a linear dose linear."""
    positions = [-24.0, -20.0, -17.5, -12.0, -9.0, -7.0, -2.0, 1.0, 2.0, 6.5, 11.0, 13.0, 19.0]
    grid = box_grid((-27, -27, 0), (27, 27, 0), (3, 3, 3), plane_positions=positions)
    write_phantom(tmp_path, {"Box": box_loops()}, ramp(21, (0, 0, 0.8)), grid)
    truth, volume = box_truth(21, 2, 0.8)
    compare(measure(tmp_path, "Box"), truth, peak=30, volume=volume)


@pytest.mark.parametrize("bits", [16, 32])
def test_uniform_dose_is_that_dose(tmp_path, bits):
    """In a uniform dose every dose metric is exactly that dose, and its interval no wider than the stored step."""
    write_phantom(tmp_path, {"Box": box_loops()}, lambda points: np.full(points.shape[:-1], 20.0), bits=bits)
    grain = float(pydicom.dcmread(tmp_path / "dose.dcm").DoseGridScaling)
    metrics = measure(tmp_path, "Box")["metrics"]
    for name in ("Mean[Gy]", "Max[Gy]", "Min[Gy]", "Median[Gy]", "D2%[Gy]", "D98%[Gy]", "DC99%[Gy]", "D0.5cc[Gy]"):
        found = metrics[name]
        assert found["value"] == pytest.approx(20.0, rel=1e-12), name
        assert 20.0 - grain <= found["low"] <= 20.0 <= found["high"] <= 20.0 + grain, name
    assert metrics["V20Gy[%]"]["value"] == pytest.approx(100.0, rel=1e-12), "V counts what receives at least the dose"
    assert metrics["CV22Gy[%]"]["value"] == pytest.approx(100.0, rel=1e-12)


def test_v_counts_the_limit_itself_and_cv_does_not(tmp_path):
    """V is the volume that receives at least the dose, CV the volume that receives less: together the whole."""
    write_phantom(tmp_path, {"Box": box_loops()}, lambda points: np.full(points.shape[:-1], 20.0))
    result = run("dvh", tmp_path, "--format", "json", "-m", "V20Gy[cc]", "-m", "CV20Gy[cc]", "-m", "Volume[cc]")
    metrics = result.doc["structures"][0]["metrics"]
    assert metrics["CV20Gy[cc]"]["value"] == 0
    assert metrics["V20Gy[cc]"]["value"] == pytest.approx(metrics["Volume[cc]"]["value"], rel=1e-12)


def test_curve_is_cumulative_and_ends_agree_with_the_metrics(tmp_path):
    """The curve never rises, starts at the volume and is as V says at its own doses."""
    write_phantom(tmp_path, {"Box": box_loops()}, ramp(21, (0.8, 0, 0)))
    structure = measure(tmp_path, "Box")
    dose, volume = (np.array(structure["curve"][key]) for key in ("dose_gy", "volume_cc"))
    assert len(dose) == len(volume) > 10
    assert (np.diff(dose) > 0).all()
    assert (np.diff(volume) <= 1e-12).all()
    assert volume[0] == pytest.approx(structure["volume_cc"]["value"], rel=1e-9)
    truth, total = box_truth(21, 0, 0.8)
    ends = truth["Min[Gy]"], truth["Max[Gy]"]
    expected = total * np.clip((ends[1] - dose) / (ends[1] - ends[0]), 0, 1)
    np.testing.assert_allclose(volume, expected, atol=0.01 * total)
    assert structure["number"] == 1
    assert set(structure["volume_cc"]) >= {"value", "low", "high"}


def test_all_structures_by_default_and_those_asked_for_otherwise(tmp_path):
    """Without --roi every structure is listed, in the order of the set; --roi is repeatable."""
    loops = {"B": box_loops(), "A": sphere((0, 0, 0), 8, 2), "C": sphere((3, 0, 0), 6, 2)}
    write_phantom(tmp_path, loops, ramp(21, (0.1, 0, 0)))
    every = run("dvh", tmp_path, "--format", "json").doc["structures"]
    assert [item["name"] for item in every] == ["B", "A", "C"]
    some = run("dvh", tmp_path, "--format", "json", "--roi", "C", "--roi", "A").doc["structures"]
    assert sorted(item["name"] for item in some) == ["A", "C"]


def test_structure_model_is_an_option_printed_with_the_result(tmp_path):
    """Prism and shape differ on a sphere, and either names itself in the document."""
    write_phantom(tmp_path, {"S": sphere((0, 0, 0), 9, 3)}, radial((0, 0, 0), fall=0.05))
    documents = {}
    for model in ("prism", "shape"):
        result = run("dvh", tmp_path, "--format", "json", "--structure-model", model, "-m", "D98%[Gy]")
        assert result.code == 0
        assert f'"{model}"' in result.out
        documents[model] = result.doc["structures"][0]["metrics"]["D98%[Gy]"]
    assert documents["prism"]["value"] != documents["shape"]["value"]
    assert run("dvh", tmp_path, "--structure-model", "cylinder").code == 2


def test_end_slices_are_in_the_interval(tmp_path):
    """The volume of a stack has half-slice caps, and the interval covers the stack cut at its last contours."""
    write_phantom(tmp_path, {"Box": box_loops()}, ramp(21, (0, 0, 0.5)))
    area = 20 * 16
    volume = measure(tmp_path, "Box")["volume_cc"]
    assert volume["value"] == pytest.approx(area * 20 / 1000, rel=1e-6)
    assert volume["low"] <= area * 18 / 1000 * (1 + 1e-9)
    assert volume["high"] >= volume["value"]


def test_text_names_every_structure_and_fits_a_terminal(tmp_path):
    """The default output is text for people: names, metrics, no colour when it is not a terminal."""
    write_phantom(tmp_path, {"Box": box_loops()}, ramp(21, (0, 0, 0.5)))
    result = run("dvh", tmp_path, "-m", "D95%[Gy]")
    assert result.code == 0
    assert "Box" in result.out
    assert "D95%[Gy]" in result.out
    assert "\x1b" not in result.out
    assert max(map(len, result.out.splitlines())) <= 80
    with pytest.raises(AssertionError):
        result.doc


def test_dose_outside_the_grid_is_not_zero(tmp_path):
    """A structure that leaves the dose grid gets no silent value: what it cannot bound it does not give."""
    loops = [rectangle((-10, 10), (-10, 10), z) for z in layers(0, 45, 3)]
    write_phantom(tmp_path, {"Long": loops}, ramp(21, (0, 0, 0.1)))
    result = run("dvh", tmp_path, "--format", "json", "-m", "Max[Gy]", "-m", "Mean[Gy]", "-m", "Min[Gy]")
    assert {item["code"] for item in result.doc["findings"]} & {"RTD601", "RTD602"}
    metrics = result.doc["structures"][0]["metrics"]
    assert metrics["Max[Gy]"]["value"] is None or metrics["Max[Gy]"]["high"] is None, metrics
    low = metrics["Min[Gy]"]["low"]
    assert low is None or low <= 0 or math.isclose(low, 0)
