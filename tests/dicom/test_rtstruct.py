"""RT Structure Set: contours whole or not at all, names as written, identity by number."""

import numpy as np
import pytest
from pydicom import Dataset

from tests.dicom.reading import codes, read, square, struct
from tests.synthetic.dicom import RoiSpec, set_raw
from tests.synthetic.encode import encode

A = RoiSpec("Heart", 1, [square(0.0), square(3.0)])
B = RoiSpec("PTV", 2, [square(0.0, 5.0), square(3.0, 5.0), square(6.0, 5.0)], "PTV")


def rois_of(case):
    assert len(case.structure_sets) == 1, codes(case)
    return {roi.number: roi for roi in case.structure_sets[0].rois}


def contour(ds, roi=0, number=0):
    return ds.ROIContourSequence[roi].ContourSequence[number]


@pytest.mark.parametrize("encoding", ["implicit", "explicit", "big"])
@pytest.mark.parametrize("undefined", [False, True])
def test_contours_as_written(tmp_path, encoding, undefined):
    """Points, starts and types come out as they went in, whatever the encoding."""
    rois = rois_of(read(tmp_path, encode(struct(A, B), encoding, undefined_lengths=undefined)))
    assert rois[1].contours.points_mm.tolist() == np.concatenate(A.contours).tolist()
    assert rois[2].contours.points_mm.tolist() == np.concatenate(B.contours).tolist()
    assert rois[2].contours.starts.tolist() == [0, 4, 8, 12]
    assert rois[2].contours.kinds == ("CLOSED_PLANAR",) * 3
    assert rois[2].interpreted_type == "PTV"
    assert not rois[1].contours.points_mm.flags.writeable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"1\\2\\3\\4\\5\\6\\7\\8\\9", None),
        (b" 1 \\+2\\3.\\4e0\\5E+0\\.6\\7\\8\\9 ", None),
        (b"1\\2\\3\\4\\5\\6\\7\\8\\9\0", None),
        (b"1\\2\\3\\4\\5\\6\\7\\8\\nan", "RTD008E"),
        (b"1\\2\\3\\4\\5\\6\\7\\8\\inf", "RTD008E"),
        (b"1\\2\\3\\4\\5\\6\\7\\8\\1e-400", "RTD008E"),
        (b"1\\2\\3\\4\\5\\6\\7\\8\\1e400", "RTD008E"),
        (b"1\\2\\3\\4\\0.1_1\\6\\7\\8\\9", "RTD008E"),
        (b"1\\2\\3\\4\\0x10\\6\\7\\8\\9", "RTD008E"),
        (b"1\\2\\3\\4\\1.0D-3\\6\\7\\8\\9", "RTD008E"),
        (b"1\\2\\3\\4\\0,001\\6\\7\\8\\9", "RTD008E"),
        (b"1\\2\\3\\4\\1 .5\\6\\7\\8\\9", "RTD008E"),
        (b"1\\2\\3\\4\0\\5\\6\\7\\8\\9", "RTD008E"),
        (b"1\\2\\3\\4\\\\6\\7\\8\\9", "RTD009E"),
        (b"1\\2\\3\\4\\5\\6\\7\\8\\", "RTD009E"),
        (b"1\\2\\3\\4\\5\\6\\7\\8\\9\\", "RTD009E"),
        (b"1\\2\\3\\4\\5\\6\\7\\8", "RTD305E"),
        (b"1\\2\\3\\4\\5\\6", "RTD305E"),
        (b"", "RTD305E"),
        (b"1\\2\\3\\4\\5\\6\\7\\8\\1e300", "RTD008E"),
        (b"1\\2\\3\\4\\5\\6\\7\\10000\\9", "RTD305E"),
        (b"1\\2\\3\\4\\5\\6\\7\\2500\\9", None),
        (b"1\\2\\3\\4\\5\\6\\7\\-100001\\9", "RTD008E"),
        (b"1\\2\\3\\4\\5\\6\\7\\8\\9.000000000000000", "RTD014W"),
    ],
)
def test_contour_data(tmp_path, text, expected):
    """A contour with one bad number takes its ROI away, never the contour alone (rows 3, 4, 5)."""
    ds = struct(A, B)
    set_raw(contour(ds), "ContourData", text)
    contour(ds).NumberOfContourPoints = 3
    case = read(tmp_path, ds)
    rois = rois_of(case)
    assert codes(rois[1].findings) == ([expected] if expected else [])
    if expected and expected.endswith("E"):
        assert len(rois[1].contours.kinds) == 0
    else:
        assert rois[1].contours.points_mm[:2].tolist()[0] == [1, 2, 3]
    assert codes(rois[2].findings) == []
    assert len(rois[2].contours.kinds) == 3


@pytest.mark.parametrize("count", [b"4.0", b"3", b"5", b"-4", b"0", b"", b"4\\4", b"4e0"])
def test_point_count(tmp_path, count):
    """The number of points is the checksum of a contour (rows 2, 7)."""
    ds = struct(A)
    set_raw(contour(ds), "NumberOfContourPoints", count)
    assert set(codes(read(tmp_path, ds))) <= {"RTD305E", "RTD009E"}
    assert codes(read(tmp_path, ds)) != []


def test_whole_vector_split_into_two_contours(tmp_path):
    """Counts that add up over the ROI but not for each contour are refused."""
    ds = struct(A)
    contour(ds, 0, 0).NumberOfContourPoints, contour(ds, 0, 1).NumberOfContourPoints = 3, 5
    assert codes(read(tmp_path, ds)) == ["RTD305E"]


def test_contour_written_as_unknown(tmp_path):
    """A contour of more than 65534 bytes arrives as UN in explicit files and is decoded all the same (row 6)."""
    angles = np.linspace(0, 2 * np.pi, 5000, endpoint=False)
    points = np.column_stack([50 * np.cos(angles), 50 * np.sin(angles), np.zeros(5000)])
    for vr in ("UN", "DS"):
        ds = struct(RoiSpec("Body", 1, [points], "EXTERNAL"))
        text = bytes(contour(ds).get_item("ContourData").value)
        assert len(text) > 65534
        set_raw(contour(ds), "ContourData", text, "UN")
        for encoding in ("explicit", "big") if vr == "UN" else ("implicit",):
            case = read(tmp_path / f"{vr}{encoding}", ds, encoding=encoding)
            assert codes(case) == []
            assert np.abs(rois_of(case)[1].contours.points_mm - points).max() < 0.006


def test_contour_of_another_representation(tmp_path):
    """Contour data of a representation that cannot hold decimal strings are refused."""
    ds = struct(A)
    set_raw(contour(ds), "ContourData", b"1\\2\\3\\4\\5\\6\\7\\8\\9 ", "OB")
    assert codes(read(tmp_path, ds)) == ["RTD013E"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("CLOSEDPLANAR_XOR", []), ("OPEN_PLANAR", []), ("closed_planar", ["RTD305E"]), ("", ["RTD305E"])],
)
def test_geometric_type(tmp_path, kind, expected):
    """The types of the standard are kept, any other takes the ROI away."""
    ds = struct(A)
    set_raw(contour(ds), "ContourGeometricType", kind.encode())
    case = read(tmp_path, ds)
    assert codes(case) == expected
    if not expected:
        assert rois_of(case)[1].contours.kinds == (kind, "CLOSED_PLANAR")


def test_point(tmp_path):
    """A point is one point."""
    point = RoiSpec("Iso", 1, [np.array([[1.0, 2.0, 3.0]])], "ISOCENTER", "POINT")
    assert codes(read(tmp_path / "one", struct(point))) == []
    assert codes(read(tmp_path / "four", struct(RoiSpec("Iso", 1, [square(0.0)], "ISOCENTER", "POINT")))) == ["RTD305E"]


def test_shifted_contours(tmp_path):
    """A retired offset vector that would move the contour is refused; one of zeros is not."""
    for name, offset, expected in (
        ("shift", b"0\\0\\1.5", ["RTD305E"]),
        ("zero", b"0\\0\\0.0", []),
        ("minus", b"-0\\0\\+0", []),
    ):
        ds = struct(A)
        set_raw(contour(ds), "ContourOffsetVector", offset)
        assert codes(read(tmp_path / name, ds)) == expected


def test_roi_without_contours(tmp_path):
    """An ROI without contours is listed with none."""
    case = read(tmp_path, struct(A, RoiSpec("Empty", 2)))
    assert len(rois_of(case)[2].contours.points_mm) == 0
    assert codes(case) == []


def test_repeated_number(tmp_path):
    """Two ROIs of one number are both unusable."""
    case = read(tmp_path, struct(A, RoiSpec("Other", 1, [square(0.0)]), B))
    found = case.structure_sets[0].rois
    assert [len(roi.contours.kinds) for roi in found] == [0, 0, 3]
    assert "RTD010E" in codes(found[0].findings)
    assert "RTD010E" in codes(found[1].findings)
    assert codes(found[2].findings) == []


def test_repeated_contour_item(tmp_path):
    """Two contour items for one ROI are ambiguous."""
    ds = struct(A)
    ds.ROIContourSequence.append(ds.ROIContourSequence[0])
    assert codes(read(tmp_path, ds)) == ["RTD305E"]


def test_contours_of_nobody(tmp_path):
    """Contours of an ROI number that is not defined are reported."""
    ds = struct(A, B)
    ds.ROIContourSequence[1].ReferencedROINumber = 9
    case = read(tmp_path, ds)
    assert codes(case) == ["RTD305E"]
    assert len(rois_of(case)[2].contours.kinds) == 0


@pytest.mark.parametrize("number", [b"1.0", b"", b"x", b"99999999999"])
def test_roi_number(tmp_path, number):
    """An ROI whose number is no whole number is left out and said so."""
    ds = struct(A, B)
    set_raw(ds.StructureSetROISequence[0], "ROINumber", number)
    case = read(tmp_path, ds)
    assert {"RTD008E", "RTD012E"} & set(codes(case.structure_sets[0].findings))
    assert list(rois_of(case)) == [2]


def test_frame_of_reference(tmp_path):
    """Each ROI has its own frame of reference; a missing or unlisted one is an error of that ROI."""
    ds = struct(A, RoiSpec("Moved", 2, [square(0.0)], frame="1.2.3.4"))
    case = read(tmp_path / "own", ds)
    assert codes(case) == []
    assert rois_of(case)[2].frame_of_reference_uid == "1.2.3.4"
    ds.StructureSetROISequence[1].ReferencedFrameOfReferenceUID = "1.2.3.5"
    assert codes(read(tmp_path / "unlisted", ds)) == ["RTD404E"]
    del ds.StructureSetROISequence[1].ReferencedFrameOfReferenceUID
    case = read(tmp_path / "missing", ds)
    assert codes(rois_of(case)[2].findings) == ["RTD404E"]
    assert codes(rois_of(case)[1].findings) == []


@pytest.mark.parametrize("keyword", ["StructureSetROISequence", "ROIContourSequence", "RTROIObservationsSequence"])
@pytest.mark.parametrize("empty", [False, True])
def test_missing_sequence(tmp_path, keyword, empty):
    """A structure set without one of its three parts is refused: the file may be cut."""
    ds = struct(A)
    if empty:
        setattr(ds, keyword, [])
    else:
        delattr(ds, keyword)
    case = read(tmp_path, ds)
    assert codes(case) == ["RTD012F"]
    assert case.structure_sets == ()


def test_details(tmp_path):
    """Stated volume, density override, label, approval and date are kept."""
    ds = struct(
        RoiSpec("Metal", 1, [square(0.0)], volume_cc=1.25, relative_electron_density=3.0),
        approval="APPROVED",
        label="S1",
    )
    case = read(tmp_path, ds)
    roi = rois_of(case)[1]
    assert (roi.stated_volume_cm3, roi.density_override) == (1.25, ("REL_ELEC_DENSITY",))
    found = case.structure_sets[0]
    assert (found.label, found.approval_status, found.created) == ("S1", "APPROVED", "20260302101500")
    assert found.source == "0.dcm"


def test_type_said_twice_differently(tmp_path):
    """Two observations that contradict each other give no type."""
    ds = struct(A)
    other = Dataset()
    other.ObservationNumber, other.ReferencedROINumber, other.RTROIInterpretedType, other.ROIInterpreter = (
        9,
        1,
        "PTV",
        "",
    )
    ds.RTROIObservationsSequence.append(other)
    case = read(tmp_path, ds)
    assert codes(case) == ["RTD320W"]
    assert rois_of(case)[1].interpreted_type == ""
