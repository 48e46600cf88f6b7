"""Further faults that a lenient reader turns into a plausible dose."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from tests.acceptance.trap_tools import (
    CORD,
    refused,
)
from tests.synthetic.dicom import box_grid


def second_group(datasets):
    """Another fraction group of five."""
    groups = datasets["plan"].FractionGroupSequence
    groups.append(copy.deepcopy(groups[0]))
    groups[1].FractionGroupNumber = 2


def same_number(datasets):
    """The cord takes the number of the liver, contours included."""
    datasets["struct"].StructureSetROISequence[4].ROINumber = 2
    datasets["struct"].ROIContourSequence[4].ReferencedROINumber = 2


def saturated(datasets):
    """Every voxel of the hot part stands at the largest integer."""
    values = np.frombuffer(datasets["dose"].PixelData, "<u2").copy()
    values[values > values.max() / 2] = 65535
    datasets["dose"]["PixelData"].value = values.tobytes()


def other_prescription(datasets):
    """The plan prescribes 60 Gy where 50 Gy are registered."""
    for item in datasets["plan"].DoseReferenceSequence:
        item.TargetPrescriptionDose = "60"


def attribute(keyword, value):
    """Set one attribute of the dose."""
    return lambda datasets: setattr(datasets["dose"], keyword, value)


OTHERS = {
    "signed pixels": (attribute("PixelRepresentation", 1), "RTD207"),
    "high bit out of place": (attribute("HighBit", 14), "RTD207"),
    "colour": (attribute("SamplesPerPixel", 3), "RTD207"),
    "inverse": (attribute("PhotometricInterpretation", "MONOCHROME1"), "RTD207"),
    "stretched direction": (attribute("ImageOrientationPatient", [2, 0, 0, 0, 1, 0]), "RTD213"),
    "skew direction": (attribute("ImageOrientationPatient", [1, 0, 0, 0.1, 1, 0]), "RTD213"),
    "negative spacing": (attribute("PixelSpacing", [-3, 3]), "RTD213"),
    "offsets of neither form": (attribute("GridFrameOffsetVector", [10 + 3 * k for k in range(46)]), "RTD210"),
    "zero scaling": (attribute("DoseGridScaling", "0"), "RTD206"),
    "negative scaling": (attribute("DoseGridScaling", "-0.001"), "RTD206"),
    "biologically weighted": (attribute("DoseType", "EFFECTIVE"), "RTD203"),
    "several plans of which one is there": (attribute("DoseSummationType", "MULTI_PLAN"), "RTD204"),
    "clipped maximum": (saturated, "RTD217"),
    "two fraction groups": (second_group, "RTD502"),
    "two structures of one number": (same_number, "RTD305"),
    "another prescription": (other_prescription, "RTD506"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_faults_that_read_well(bench, name):
    """Further faults that a lenient reader turns into a plausible dose are found by their codes and never pass."""
    change, code = OTHERS[name]
    result = bench.check(export=bench.build(mutate=change).folder, protocol=CORD)
    assert result.verdict in (None, "INCOMPLETE"), result.text
    assert code in result.codes, result.text


def test_absolute_offsets_of_a_turned_grid_are_refused(bench):
    """Absolute plane positions are defined for the standard orientation only: RTD210 for a prone grid."""
    grid = box_grid((-78, -66, -63), (78, 66, 72), position="HFP", absolute=True)
    refused(bench.check(export=bench.build(grid=grid).folder, protocol=CORD), "RTD210")
    clean = bench.build(grid=box_grid((-78, -66, -63), (78, 66, 72), position="HFP"))
    result = bench.check(export=clean.folder, protocol=CORD)
    assert result.severity("RTD214") == {"I"}
    assert result.verdict == "PASS", result.text
