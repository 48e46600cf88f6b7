"""Pitfalls of grids, numbers and names that give a believable dose in the wrong place (rows 7 to 50 of the table)."""

from __future__ import annotations

import numpy as np
import pytest

from tests.acceptance.code_kit import cord_with
from tests.acceptance.kit import constraint, protocol_text
from tests.acceptance.trap_tools import CORD, PALLIATIVE, X, cord_loops, not_evaluated
from tests.synthetic.dicom import ORIENTATIONS, box_grid, set_raw
from tests.synthetic.simple import BOXES, linear

LOW, HIGH = (-80, -68, -64), (80, 68, 74)
STEPS = (2.0, 3.0, 2.5)
GRADIENT = np.array([0.11, 0.05, 0.07])
MEANS = protocol_text(
    *(constraint(name, structure=name, metric="Mean[Gy]", goal="<= 90 Gy") for name in ("Liver", "Lung_L")),
    constraint("SpinalCord", metric="Mean[Gy]", goal="<= 90 Gy"),
    coverage=False,
)
GRIDS = {
    **{position: {"position": position} for position in ORIENTATIONS},
    "absolute offsets": {"absolute": True},
    "falling offsets": {"descending": True},
    "falling absolute offsets": {"descending": True, "absolute": True},
    "feet first, falling": {"position": "FFS", "descending": True},
    "uneven planes": {"plane_positions": [-64.0, -61.0, *np.arange(-57.5, 76.0, 2.5).tolist()]},
}


@pytest.mark.parametrize("name", GRIDS)
def test_row_39_to_43_where_the_dose_is(bench, name):
    """A dose that rises along all three axes is found where it is: every orientation, offset form and direction.

    Voxels of three different sizes show swapped spacings, the slope shows half a voxel of shift, mirrored or reversed
    axes, displaced planes and mean plane spacing.
    """
    grid = box_grid(LOW, HIGH, STEPS, **GRIDS[name])
    made = bench.build(dose=linear(25.0, GRADIENT), grid=grid)
    result = bench.check(export=made.folder, protocol=MEANS, registry=PALLIATIVE)
    for structure in ("Liver", "Lung_L", "SpinalCord"):
        centre = [(low + high) / 2 for low, high in BOXES[structure][1:]]
        assert result.outcome(structure)["value"] == pytest.approx(25 + GRADIENT @ centre, abs=0.01), result.text
    assert ("RTD214" in result.codes) == (name not in ("HFS", "falling offsets", "uneven planes")), result.text
    assert ("RTD212" in result.codes) == (name == "uneven planes")


@pytest.mark.parametrize("value", [b"30.0", b"5.5", b"-5", b"0", b"five"])
def test_row_7_fractions_are_whole_and_positive(bench, value):
    """A number of fractions that is no positive whole number is not used: RTD502."""

    def change(datasets):
        set_raw(datasets["plan"].FractionGroupSequence[0], "NumberOfFractionsPlanned", value)

    result = bench.check(export=bench.build(mutate=change).folder, protocol=CORD, registry=PALLIATIVE)
    assert "RTD502" in result.codes, result.text
    assert result.verdict != "PASS"


def test_row_21_names_taken_out(bench):
    """Names emptied by de-identification match nothing: the structure is missing, not spared (RTD301)."""

    def change(datasets):
        for item in datasets["struct"].StructureSetROISequence:
            item.ROIName = ""

    result = bench.check(export=bench.build(mutate=change).folder, protocol=CORD, registry=PALLIATIVE)
    not_evaluated(result, "RTD301")


def test_row_32_degenerate_contours(bench):
    """A first point that is repeated changes nothing; a closed contour of two points is left out and said (RTD305)."""
    loops = cord_loops()
    repeated = [np.vstack([loop, loop[:1]]) for loop in loops]
    same = bench.check(export=bench.build(**cord_with(repeated)).folder, protocol=CORD, registry=PALLIATIVE)
    assert same.verdict == "PASS", same.text
    assert same.outcome("volume")["value"] == pytest.approx(12.0)
    sliver = bench.build(**cord_with([*loops, loops[9][:2]]))
    found = bench.check(export=sliver.folder, protocol=CORD, registry=PALLIATIVE)
    assert found.severity("RTD305") == {"W"}, found.text
    assert found.outcome("volume")["value"] == pytest.approx(12.0)


def test_row_50_coarse_steps(bench):
    """A dose stored in steps of half a gray widens every interval by half a step and says so (RTD216)."""

    def change(datasets):
        values = np.frombuffer(datasets["dose"].PixelData, "<u2") * float(datasets["dose"].DoseGridScaling)
        datasets["dose"].DoseGridScaling = "0.5"
        datasets["dose"]["PixelData"].value = np.rint(values / 0.5).astype("<u2").tobytes()

    result = bench.check(export=bench.build(mutate=change).folder, protocol=CORD, registry=PALLIATIVE)
    assert result.severity("RTD216") == {"W"}, result.text
    assert result.outcome("cord")["high"] == pytest.approx(2.25)
    assert result.verdict == "REVIEW"


def test_a_gradient_within_one_voxel_is_said(bench):
    """A dose that falls within one voxel across the cord is noted (RTD216); one that falls evenly over all is not."""
    (left, right), x = X, np.mean(X)

    def check(dose):
        """A plan that prescribes nothing, since its dose is that of the cord."""
        case = bench.build(dose=dose, mutate=lambda datasets: datasets["plan"].__delattr__("DoseReferenceSequence"))
        return bench.check(export=case.folder, protocol=CORD, registry=PALLIATIVE)

    sharp = check(lambda points: np.where(points[..., 0] < x, 2.0, 0.5))
    assert sharp.severity("RTD216") == {"I"}, sharp.text
    assert sharp.verdict == "PASS"
    slope = 1.5 / (right - left)
    even = check(lambda points: 0.5 + slope * np.clip(right - points[..., 0], 0, 40))
    assert not even.severity("RTD216"), even.text
    assert even.verdict == "PASS"
