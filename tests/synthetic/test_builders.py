"""The builders themselves: what they write is what was asked for, in every encoding, and always the same bytes."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pydicom
import pytest

from tests.synthetic.dicom import ORIENTATIONS, box_grid, ct_images, grid_points, rt_dose, set_raw, uid
from tests.synthetic.encode import (
    SYNTAXES,
    cut,
    duplicate_element,
    element_span,
    encode,
    overwrite_value,
    pad_pixels,
    swap_elements,
)
from tests.synthetic.simple import BOXES, HIGH_GY, LOW_GY, box_volume_cc, linear, simple_case, simple_datasets


def _read(data: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(data), force=data[128:132] != b"DICM")


@pytest.mark.parametrize("encoding", list(SYNTAXES))
@pytest.mark.parametrize("bits", [16, 32])
def test_dose_survives_every_encoding(encoding, bits):
    """The stored integers and the scaling read back the same from every transfer syntax and depth."""
    grid = box_grid((-10, -8, -6), (11, 7, 6), (3.0, 2.5, 2.0))
    expected = 30 + grid_points(grid) @ [0.1, 0.2, 0.3]
    ds = _read(encode(rt_dose(linear(30, (0.1, 0.2, 0.3)), grid, bits=bits), encoding))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(
            ds.pixel_array * float(ds.DoseGridScaling), expected, atol=1e-3 if bits == 16 else 1e-6
        )


@pytest.mark.parametrize("position", list(ORIENTATIONS))
@pytest.mark.parametrize("descending", [False, True])
def test_grid_covers_the_same_box_in_every_orientation(position, descending):
    """Turning the storage order leaves the set of voxel centres unchanged."""
    grid = box_grid((-9, -6, 3), (9, 6, 12), (3, 2, 3), position=position, descending=descending)
    assert grid.offsets[0] == 0
    assert (np.diff(grid.offsets) < 0).all() == descending
    points = grid_points(grid).reshape(-1, 3)
    swapped = abs(grid.row[0]) < 0.5
    np.testing.assert_allclose(points.min(0), [-9, -6, 3])
    np.testing.assert_allclose(points.max(0), [9, 6, 12])
    assert grid.shape == ((4, 10, 5) if swapped else (4, 7, 7))


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("header", [False, True])
@pytest.mark.parametrize("encoding", ["implicit", "explicit", "big"])
def test_structure_set_survives_every_encoding(encoding, header, undefined):
    """Contours read back to 0.01 mm with or without header and with both kinds of sequence length."""
    data = encode(simple_datasets()["struct"], encoding, header=header, undefined_lengths=undefined)
    ds = _read(data)
    assert [item.ROIName for item in ds.StructureSetROISequence] == list(BOXES)
    first = ds.ROIContourSequence[1].ContourSequence[0]
    assert [float(v) for v in first.ContourData] == [-60, -45, -45, 0, -45, -45, 0, 25, -45, -60, 25, -45]
    marker = b"\xfe\xff\xdd\xe0" if encoding != "big" else b"\xff\xfe\xe0\xdd"
    assert (marker in data) == undefined


def test_same_input_same_bytes(tmp_path):
    """Two builds of the simple case are byte for byte equal."""
    for name in ("a", "b"):
        simple_case(tmp_path / name)
    for path in sorted((tmp_path / "a" / "export").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / "export" / path.name).read_bytes()


def test_objects_are_linked_by_uid():
    """Dose points at the plan and the plan at the structure set."""
    parts = simple_datasets()
    assert parts["dose"].ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID == parts["plan"].SOPInstanceUID
    assert parts["plan"].ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID == parts["struct"].SOPInstanceUID
    assert uid("a", 1) != uid("a", 2)
    assert len(uid("x")) <= 64


def test_traps_do_what_they_say():
    """The byte mutators change exactly the element they name."""
    parts = simple_datasets()
    data = encode(parts["dose"])
    twice = duplicate_element(data, "DoseGridScaling", b"0.009")
    assert twice.count(b"\x04\x30\x0e\x00DS") == 2
    assert _read(twice).DoseGridScaling == 0.009
    for undefined in (False, True):
        plan = encode(parts["plan"], undefined_lengths=undefined)
        head, start, end = element_span(plan, "FractionGroupSequence", 0, "NumberOfFractionsPlanned")
        assert (start - head, plan[start:end]) == (8, b"5 ")
        _, start, end = element_span(plan, "ApprovalStatus")
        assert plan[start:end] == b"APPROVED"
    changed = overwrite_value(encode(parts["plan"]), b"-5", "FractionGroupSequence", 0, "NumberOfFractionsPlanned")
    assert _read(changed).FractionGroupSequence[0].NumberOfFractionsPlanned == -5
    moved = swap_elements(data, "DoseUnits", "DoseGridScaling")
    assert len(moved) == len(data)
    assert moved.index(b"\x04\x30\x0e\x00") < moved.index(b"\x04\x30\x02\x00")
    assert len(cut(data, -7)) == len(data) - 7
    before = len(parts["dose"].PixelData)
    pad_pixels(parts["dose"], 4)
    assert len(parts["dose"].PixelData) == before + 4


def test_raw_values_bypass_checking():
    """A value that is no decimal string reaches the file unchanged."""
    plan = simple_datasets()["dose"]
    set_raw(plan, "DoseGridScaling", b"nan")
    assert b"\x04\x30\x0e\x00DS\x04\x00nan " in encode(plan)


@pytest.mark.parametrize("encoding", ["implicit", "explicit", "big"])
@pytest.mark.parametrize("value", [b"0,001 ", b"1.0D-3", b"1 .5", b"\\1 ", b"0x10"])
def test_raw_values_survive_writing(encoding, value):
    """Malformed numbers reach the file as they are, at the top and inside sequences, in every encoding."""
    parts = simple_datasets()
    set_raw(parts["dose"], "DoseGridScaling", value)
    set_raw(parts["struct"].ROIContourSequence[1].ContourSequence[0], "ContourData", value)
    assert value in encode(parts["dose"], encoding)
    assert value in encode(parts["struct"], encoding)


def test_wrong_syntax_can_be_claimed():
    """The header can name another transfer syntax than the one in the file."""
    data = encode(simple_datasets()["plan"], "explicit", claim=SYNTAXES["implicit"])
    assert SYNTAXES["implicit"].encode() + b"\0" in data[:400]
    assert SYNTAXES["explicit"].encode() not in data[:400]


def test_ct_is_written():
    """CT images carry HU as signed integers on the planes asked for."""
    grid = box_grid((-6, -6, 0), (6, 6, 6))
    images = ct_images(np.full(grid.shape, -1000, np.int16), grid)
    assert [image.ImagePositionPatient[2] for image in images] == [0, 3, 6]
    assert (_read(encode(images[1])).pixel_array == -1000).all()


def test_box_volumes():
    """Half-slice caps: the GTV of lesion 1 is 18 × 18 × 18 mm."""
    assert box_volume_cc("GTV_L1") == pytest.approx(18**3 / 1000)


def test_the_simple_case_passes(tmp_path):
    """The box patient as it comes gets PASS, with exactly the doses it is made of."""
    from rtcheck.catalogue.protocol import read_protocol
    from rtcheck.catalogue.registry import read_record
    from rtcheck.check import check
    from rtcheck.dicom.case import read_case

    case = simple_case(tmp_path)
    report = check(read_case([case.folder]), read_record(case.registry), read_protocol(case.protocol))
    assert [item.code for item in report.findings if item.severity != "I"] == []
    assert report.verdict == "PASS"
    values = {(item.constraint, item.lesion): item.value for item in report.outcomes}
    assert values["T.GTV.D99", "L1"] == pytest.approx(100 * HIGH_GY / 50)
    assert values["T.Cord.D0.035cc", None] == pytest.approx(LOW_GY)
