"""Our histograms beside those the planning system stored with the same dose (an Eclipse export).

The stored statistics are per cent of 14 Gy although their unit says GY, and the end of the outermost contours is a
convention in which systems differ: the volume is compared under the convention that the vendor's own volume shows.
"""

from pathlib import Path

import pytest

from rtcheck.dicom.case import read_case
from rtcheck.dvh.conventions import structure_dose
from rtcheck.dvh.engine import sample_solid
from rtcheck.dvh.evaluate import evaluate
from rtcheck.dvh.field import DoseField, DosePart
from rtcheck.dvh.notation import parse_metric
from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.solid import Leaf

EXPORT = Path(__file__).parents[3] / "shared" / "data" / "real" / "eclipse-breast-dvh"
PRESCRIPTION_GY = 14.0
pytestmark = pytest.mark.skipif(not EXPORT.is_dir(), reason="the real exports in ../shared are not here")


@pytest.fixture(scope="module")
def compared():
    """(name, vendor volume, vendor mean in Gy, {convention: (volume, mean)}, interval of the mean) of every curve."""
    case = read_case([EXPORT])
    (grid,) = case.doses
    (structures,) = case.structure_sets
    field = DoseField((DosePart((grid,), 7),))
    vendor = {item.roi_numbers[0]: item for item in grid.dvh_sequence}
    out = {}
    for roi in structures.rois:
        if roi.number not in vendor:
            continue
        stack, _ = stack_contours(roi)
        dose = structure_dose(sample_solid(roi.name, Leaf(stack), field), None)
        conventions = {"value": dose.value, **dict(dose.alternatives)}
        ours = {
            label: (dvh.total_cm3, float(dvh.dose_gy @ dvh.volume_cm3) / float(dvh.volume_cm3.sum()))
            for label, dvh in conventions.items()
        }
        item = vendor[roi.number]
        mean = evaluate(dose, parse_metric("Mean[Gy]"), None)
        out[roi.name] = (float(item.data[0, 1]), item.mean * PRESCRIPTION_GY / 100, ours, mean)
    return out


LARGE = ("Breast", "Heart", "Lt Lung", "Tumor Bed", "Tumor Bed Block")


def matching(vendor_volume, ours):
    """The convention whose volume is nearest to the vendor's."""
    return min(ours.values(), key=lambda pair: abs(pair[0] - vendor_volume))


def test_every_large_structure_is_compared(compared):
    """The structures above 10 cm³ that lie inside the grid are all there."""
    assert {name for name, row in compared.items() if row[0] > 10} - {"BODY"} == set(LARGE)


@pytest.mark.parametrize("name", LARGE)
def test_volume_above_10_cm3(compared, name):
    """Volumes agree within 1 % under the matching convention for the ends."""
    vendor_volume, _, ours, _ = compared[name]
    assert matching(vendor_volume, ours)[0] == pytest.approx(vendor_volume, rel=0.01)


@pytest.mark.parametrize("name", LARGE)
def test_mean_dose(compared, name):
    """Mean doses agree within 0.03 Gy or 0.5 % under the same convention, and lie inside our interval."""
    vendor_volume, vendor_mean, ours, mean = compared[name]
    ours_mean = matching(vendor_volume, ours)[1]
    assert abs(ours_mean - vendor_mean) <= max(0.03, 0.005 * vendor_mean)
    assert mean.low - 0.005 * vendor_mean <= vendor_mean <= mean.high + 0.005 * vendor_mean
