"""Lengths: what is cut short, nested too deep, out of order or mislabelled never gets through."""

from struct import pack

import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence

from rtcheck.dicom import walker
from rtcheck.dicom.attributes import sequence
from rtcheck.dicom.objects import read_object
from rtcheck.dicom.recognise import read_dicom
from rtcheck.errors import DicomError
from tests.dicom.reading import all_findings, codes, dose, plan, read, square, struct
from tests.synthetic.dicom import RoiSpec
from tests.synthetic.encode import cut, duplicate_element, element_span, encode, swap_elements

FORMS = [(encoding, undefined) for encoding in ("implicit", "explicit", "big") for undefined in (False, True)]


def refusal(data):
    """Code of the error that reading `data` raises, or None."""
    try:
        read_object(read_dicom(data, "x.dcm"), "")
    except DicomError as error:
        return error.code
    return None


@pytest.mark.parametrize(("encoding", "undefined"), FORMS)
@pytest.mark.parametrize("header", [True, False])
def test_structure_set_cut_anywhere(encoding, undefined, header):
    """A structure set cut at any byte is refused: no contour vanishes in silence (row 1)."""
    data = encode(struct(), encoding, undefined_lengths=undefined, header=header)
    assert refusal(data) is None
    accepted = [at for at in range(len(data)) if refusal(cut(data, at)) is None]
    assert accepted == []


def test_structure_set_cut_anywhere_through_files(tmp_path):
    """The same through the files of a folder: each cut leaves a finding of severity F and no structure set."""
    data = encode(struct(RoiSpec("A", 1, [square(0.0)])), "implicit")
    for at in range(0, len(data), 7):
        case = read(tmp_path, cut(data, at))
        assert "F" in {note.severity for note in case.findings}, at
        assert case.structure_sets == ()


@pytest.mark.parametrize(("encoding", "undefined"), FORMS)
def test_dose_cut_anywhere(encoding, undefined):
    """A dose cut at any byte is refused."""
    data = encode(dose(), encoding, undefined_lengths=undefined)
    assert [at for at in range(len(data)) if refusal(cut(data, at)) is None] == []


@pytest.mark.parametrize(("encoding", "undefined"), FORMS)
def test_plan_cut_anywhere(tmp_path, encoding, undefined):
    """A plan cut at any byte is refused, or a finding says what is missing, or it is whole but for its approval."""
    data = encode(plan(), encoding, undefined_lengths=undefined)
    whole = read(tmp_path, data).plans[0]
    survivors = [at for at in range(len(data)) if refusal(cut(data, at)) is None]
    for at in survivors:
        case = read(tmp_path, cut(data, at))
        if "F" not in {note.severity for note in all_findings(case)}:
            found = case.plans[0]
            assert (found.fraction_groups, found.beams) == (whole.fraction_groups, whole.beams)
            assert found.structure_set_uid == whole.structure_set_uid
            assert found.approval_status in {"", "APPROVED"}
    assert len(survivors) < 50  # the boundaries of the elements at the top


def test_approval_cut_off_reads_as_absent(tmp_path):
    """Cut before its approval a plan is whole otherwise, and not approved."""
    data = encode(plan(), "explicit")
    case = read(tmp_path, cut(data, element_span(data, "ApprovalStatus")[0]))
    assert case.plans[0].approval_status == ""


def test_padding_of_zeros_is_tolerated(tmp_path):
    """Zero bytes after the last element are a note to acknowledge, other bytes are not tolerated."""
    data = encode(struct(), "implicit")
    assert codes(read(tmp_path / "zeros", data + bytes(500))) == ["RTD014W"]
    assert codes(read(tmp_path / "few", data + bytes(3))) == ["RTD014W"]
    assert codes(read(tmp_path / "text", data + b"tail")) == ["RTD002F"]
    assert codes(read(tmp_path / "more", data + bytes(40) + b"x")) == ["RTD002F"]


def test_trailing_padding_element_is_part_of_the_standard(tmp_path):
    """Data Set Trailing Padding (FFFC,FFFC) passes without a word."""
    data = encode(struct(), "implicit") + pack("<HHI", 0xFFFC, 0xFFFC, 4) + bytes(4)
    assert codes(read(tmp_path, data)) == []


def test_zero_filled_rest_of_a_copy(tmp_path):
    """A copy whose rest is still zeros is refused at whatever byte it stopped."""
    data = encode(struct(), "implicit")
    for at in range(400, len(data) - 12, 5):
        case = read(tmp_path, data[:at] + bytes(len(data) - at))
        # An ROI unusable by its numbers or a required part missing: something severe is always said.
        assert {note.severity for note in all_findings(case)} & {"F", "E"}, at


@pytest.mark.parametrize("depth", [walker.MAX_DEPTH, walker.MAX_DEPTH + 1, 400])
def test_nesting(depth):
    """Sequences nested deeper than the cap are refused without a recursion error (row 13)."""
    inner = b""
    for _ in range(depth):
        item = pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
        inner = pack("<HH2sHI", 0x3006, 0x0039, b"SQ", 0, len(item)) + item
    data = encode(struct(), "explicit")
    head, _, _ = element_span(data, "StructureSetLabel")
    expected = None if depth <= walker.MAX_DEPTH else "RTD005"
    try:
        read_dicom(data[:head] + inner, "x.dcm")
    except DicomError as error:
        assert error.code == expected
    else:
        assert expected is None


def test_element_cap(monkeypatch):
    """More elements than the cap are refused."""
    data = encode(struct(), "explicit")
    monkeypatch.setattr(walker, "MAX_ELEMENTS", 30)
    assert refusal(data) == "RTD005"


def test_a_sequence_under_the_tag_of_a_number(tmp_path):
    """Contours whose sequence got the tag of a number are no empty structure: the file is refused."""
    data = encode(struct(), "implicit", undefined_lengths=True)
    assert refusal(data) is None
    sequence_of_contours = pack("<HHI", 0x3006, 0x0040, 0xFFFFFFFF)
    assert sequence_of_contours in data
    assert refusal(data.replace(sequence_of_contours, pack("<HHI", 0x3006, 0x0046, 0xFFFFFFFF), 1)) == "RTD002"


def test_tag_given_twice(tmp_path):
    """A scaling given twice leaves no dose, where the last one would win by a factor (row 14)."""
    data = duplicate_element(encode(dose(), "explicit"), "DoseGridScaling", b"9e-3")
    case = read(tmp_path, data)
    assert case.doses == ()
    assert codes(case) == ["RTD010F"]


def test_unused_tag_given_twice(tmp_path):
    """A tag given twice that nobody reads still keeps the case from passing."""
    case = read(tmp_path, duplicate_element(encode(dose(), "explicit"), "StudyID", b"2"))
    assert codes(case) == ["RTD010E"]


def test_tags_out_of_order(tmp_path):
    """Elements in the wrong order are a finding (row 14)."""
    case = read(tmp_path, swap_elements(encode(dose(), "explicit"), "DoseUnits", "DoseType"))
    assert codes(case) == ["RTD010E"]


def test_twice_inside_an_item(tmp_path):
    """A point count given twice inside a contour makes that ROI unusable, not the others."""
    case = read(tmp_path, _with_item_element_twice(encode(struct(), "explicit")))
    assert "RTD010E" in codes(case.structure_sets[0].rois[0].findings)
    assert len(case.structure_sets[0].rois[0].contours.kinds) == 0


def _with_item_element_twice(data):
    path = ("ROIContourSequence", 0, "ContourSequence", 0, "NumberOfContourPoints")
    head, _, end = element_span(data, *path)
    extra = data[head:end]
    lengths = []
    for upto in (1, 3):  # the sequences, then the items around the element
        _, start, _ = element_span(data, *path[:upto])
        lengths += [start - 4, start + 4]
    out = bytearray(data[:end] + extra + data[end:])
    for at in lengths:
        value = int.from_bytes(out[at : at + 4], "little") + len(extra)
        out[at : at + 4] = value.to_bytes(4, "little")
    return bytes(out)


def test_length_of_an_item_changed():
    """An item length off by two in either direction is refused."""
    data = encode(struct(), "explicit")
    _, start, _ = element_span(data, "ROIContourSequence")
    for change in (-2, 2):
        value = int.from_bytes(data[start + 4 : start + 8], "little") + change
        broken = data[: start + 4] + value.to_bytes(4, "little") + data[start + 8 :]
        assert refusal(broken) in {"RTD002", "RTD004"}


def test_sequence_written_with_unknown_representation():
    """A known sequence whose representation is written UN holds implicit items and is read (PS3.5 §6.2.2)."""
    explicit, implicit = encode(struct(), "explicit"), encode(struct(), "implicit")
    head, _, end = element_span(explicit, "ROIContourSequence")
    whole = read_dicom(implicit, "x").root
    element = whole.elements[0x30060039]
    items = implicit[element.offset : element.offset + element.length]
    data = explicit[:head] + pack("<HH2sHI", 0x3006, 0x0039, b"UN", 0, len(items)) + items + explicit[end:]
    structure_set = read_object(read_dicom(data, "x"), "").structure_set
    assert structure_set.rois[0].contours.points_mm.tolist() == [*square(0.0).tolist(), *square(3.0).tolist()]


def test_odd_length_is_noted(tmp_path):
    """A value of odd length is read and noted."""
    data = encode(struct(), "explicit")
    head, start, end = element_span(data, "StructureSetLabel")
    odd = data[: head + 6] + pack("<H", end - start - 1) + data[start : end - 1] + data[end:]
    case = read(tmp_path, odd)
    assert codes(case) == ["RTD014W"]
    assert case.structure_sets[0].label == "STRUCTS"


def test_private_elements_and_sequences_are_walked(tmp_path):
    """Private elements, sequences among them, are skipped with their lengths checked."""
    item = Dataset()
    item.PatientID = "inner"
    ds = struct()
    block = ds.private_block(0x3007, "TEST", create=True)
    block.add_new(1, "SQ", Sequence([item]))
    block.add_new(2, "OB", b"\x01\x02")
    for encoding, undefined in FORMS:
        data = encode(ds, encoding, undefined_lengths=undefined)
        assert refusal(data) is None
        assert refusal(data[:-1]) is not None
    assert codes(read(tmp_path, ds)) == []


def test_place_in_messages():
    """A message names the path to the element, counted from one."""
    root = read_dicom(encode(struct(), "explicit"), "x").root
    contour = sequence(sequence(root, "ROIContourSequence")[0], "ContourSequence")[1]
    assert contour.path() == "ROIContourSequence[1].ContourSequence[2]"
    assert contour.place(0x30060050) == "ROIContourSequence[1].ContourSequence[2].ContourData (3006,0050)"
