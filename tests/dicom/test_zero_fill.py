"""Doses whose bytes are zero where a copy stopped or a block was lost."""

import numpy as np
import pytest

from rtcheck.dicom.zero_fill import zero_fill_findings

SHAPE = (20, 24, 24)


def blob(shape=SHAPE, threshold=0.0):
    """A smooth dose that falls to nothing before the ends of the grid, as 16-bit integers."""
    axes = [np.linspace(-1, 1, size) for size in shape]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    dose = np.clip(1.2 - np.sqrt((z / 0.9) ** 2 + (y / 0.8) ** 2 + (x / 0.7) ** 2), 0, 1)
    dose[dose < threshold] = 0
    return np.rint(dose * 50_000).astype(np.uint16)


def found(stored):
    return [(note.code, note.severity) for note in zero_fill_findings(stored, "x.dcm")]


@pytest.mark.parametrize("threshold", [0.0, 0.05, 0.2])
def test_a_whole_dose_is_quiet(threshold):
    """Zeros round a dose are no fault, also where small doses were cut away."""
    assert found(blob(threshold=threshold)) == []


def test_no_dose_at_all_is_not_a_lost_block():
    """A grid of zeros is another matter, judged by its level."""
    assert found(np.zeros(SHAPE, np.uint16)) == []


@pytest.mark.parametrize("plane", [6, 9, 12])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.6])
def test_a_copy_that_stopped_in_a_plane(plane, share):
    """Zeros from the middle of a hot plane to the end are refused."""
    stored = blob()
    at = plane * 24 * 24 + int(share * 24 * 24)
    stored.reshape(-1)[at:] = 0
    assert found(stored) == [("RTD208", "E")]


def test_a_copy_that_stopped_between_planes():
    """Zeros from one plane on, behind one of the hottest, are asked about."""
    stored = blob()
    stored[11:] = 0
    assert found(stored) == [("RTD208", "W")]


@pytest.mark.parametrize("start", [9 * 576 + 200, 9 * 576 + 251, 10 * 576 + 180])
def test_a_lost_block(start):
    """512 bytes of zeros between hot planes are refused wherever they begin."""
    stored = blob()
    stored.reshape(-1)[start : start + 256] = 0
    assert found(stored) == [("RTD208", "E")]


def test_a_box_of_dose_is_quiet():
    """A dose that ends at once on all sides, as a test phantom has it, is no lost block."""
    stored = np.zeros(SHAPE, np.uint32)
    stored[5:15, 6:18, 6:18] = 100
    assert found(stored) in ([], [("RTD208", "W")])
