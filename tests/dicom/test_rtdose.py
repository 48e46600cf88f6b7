"""RT Dose: positions, integers, units and everything that would shift or scale a dose in silence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dicom.reading import GRID, codes, dose, read
from tests.synthetic.dicom import ORIENTATIONS, GridSpec, box_grid, grid_points, set_raw
from tests.synthetic.encode import encode, pad_pixels, shorten_pixels


def positions(geometry):
    """(nz, ny, nx, 3) voxel centres by the formula of `rtcheck.model.grid`."""
    _, ny, nx = geometry.shape
    planes = np.array(geometry.offsets_mm)[:, None, None, None] * np.array(geometry.normal)
    lines = (np.arange(ny) * geometry.spacing_mm[0])[None, :, None, None] * np.array(geometry.column)
    cells = (np.arange(nx) * geometry.spacing_mm[1])[None, None, :, None] * np.array(geometry.row)
    return np.array(geometry.origin_mm) + planes + lines + cells


def by_position(points, values):
    """Values in an order that depends on the positions only."""
    flat = np.round(points.reshape(-1, 3), 3)
    order = np.lexsort(flat.T)
    return flat[order], values.reshape(-1)[order]


def only_dose(case):
    assert len(case.doses) == 1, codes(case)
    return case.doses[0]


@pytest.mark.parametrize("position", list(ORIENTATIONS))
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("absolute", [False, True])
def test_every_orientation(tmp_path, position, descending, absolute):
    """Each dose value is at its place in space, in all orientations and forms of plane offsets (rows 41 to 43)."""
    grid = box_grid(
        (-11, 7, -33), (4, 20, -20), (2.0, 3.0, 2.5), position=position, descending=descending, absolute=absolute
    )
    values = np.arange(np.prod(grid.shape), dtype=float).reshape(grid.shape) / 100
    case = read(tmp_path, dose(values=values, grid=grid))
    if absolute and position != "HFS":
        assert case.doses == ()
        assert codes(case) == ["RTD210F"]
        return
    found = only_dose(case)
    expected = by_position(grid_points(grid), values)
    actual = by_position(positions(found.geometry), found.stored * found.scaling_gy)
    assert np.abs(actual[0] - expected[0]).max() < 1e-6
    assert np.abs(actual[1] - expected[1]).max() < 1e-9
    assert np.all(np.diff(found.geometry.offsets_mm) > 0)
    plain = position == "HFS" and not absolute
    assert codes(case) == ([] if plain else ["RTD214I"])


def test_non_square_pixels(tmp_path):
    """The step along a row is the second PixelSpacing (row 40)."""
    found = only_dose(read(tmp_path, dose()))
    assert found.geometry.spacing_mm == (2.0, 3.0)
    assert positions(found.geometry)[0, 1, 2].tolist() == [-10 + 2 * 3.0, -20 + 1 * 2.0, -30]


def test_first_position_zero_reads_the_same_both_ways(tmp_path):
    """Where the first plane is at z = 0 absolute and relative offsets are the same numbers."""
    grid = GridSpec((0.0, 0.0, 0.0), (3, 2, 2), (1.0, 1.0), (0.0, 2.0, 4.0), absolute=True)
    case = read(tmp_path, dose(values=np.ones((3, 2, 2)), grid=grid))
    assert only_dose(case).geometry.offsets_mm == (0.0, 2.0, 4.0)
    assert codes(case) == []


@pytest.mark.parametrize(
    ("offsets", "expected"),
    [
        (b"5\\7.5\\10\\12.5", "RTD210F"),  # starts neither at 0 nor at the z of the position
        (b"-30\\-27.5\\-25\\-22.5", "RTD214I"),  # absolute form
        (b"-30.1\\-27.5\\-25\\-22.5", "RTD210F"),  # near the absolute form is not the absolute form
        (b"0\\2.5\\2.5\\5", "RTD209F"),  # repeated
        (b"0\\2.5\\5\\4", "RTD209F"),  # turns back
        (b"0\\2.5\\5", "RTD209F"),  # one too few
        (b"0\\2.5\\5\\7.5\\10", "RTD209F"),  # one too many
        (b"0\\2.5\\5\\7.6", "RTD212W"),  # uneven
        (b"0\\2.5\\5\\7.505", None),  # rounding
        (b"0\\2.5\\5\\", "RTD009F"),  # empty slot
        (b"0\\2,5\\5\\7,5", "RTD008F"),
        (b"0\\2.5\\5\\nan", "RTD008F"),
        (b"", "RTD209F"),
    ],
)
def test_plane_offsets(tmp_path, offsets, expected):
    """Plane offsets are taken exactly or not at all (rows 9, 42, 43)."""
    ds = dose()
    set_raw(ds, "GridFrameOffsetVector", offsets)
    case = read(tmp_path, ds)
    assert codes(case) == ([expected] if expected else [])
    if expected == "RTD212W":
        assert only_dose(case).geometry.offsets_mm == (0.0, 2.5, 5.0, 7.6)


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ("4", None),
        ("3", "RTD209F"),
        ("5", "RTD209F"),
        ("1", "RTD209F"),
        (None, "RTD209F"),
        ("4.0", "RTD209F"),
        ("1A", "RTD209F"),
    ],
)
def test_number_of_frames(tmp_path, frames, expected):
    """NumberOfFrames, plane offsets and data must agree (row 9)."""
    ds = dose()
    del ds.NumberOfFrames
    if frames is not None:
        set_raw(ds, "NumberOfFrames", frames.encode())
    assert codes(read(tmp_path, ds)) == ([expected] if expected else [])


def test_frame_increment_pointer(tmp_path):
    """FrameIncrementPointer must point at the plane offsets."""
    ds = dose()
    ds.FrameIncrementPointer = 0x00181063
    assert codes(read(tmp_path / "other", ds)) == ["RTD209F"]
    del ds.FrameIncrementPointer
    assert codes(read(tmp_path / "absent", ds)) == ["RTD209F"]


def test_single_plane(tmp_path):
    """One plane has no dose around it and is refused."""
    grid = GridSpec((0.0, 0.0, 0.0), (1, 2, 2), (1.0, 1.0), (0.0,))
    assert codes(read(tmp_path, dose(values=np.ones((1, 2, 2)), grid=grid))) == ["RTD209F"]


@pytest.mark.parametrize(
    ("keyword", "value", "expected"),
    [
        ("DoseUnits", b"GY", None),
        ("DoseUnits", b"GY \0", None),
        ("DoseUnits", b"RELATIVE", "RTD201F"),
        ("DoseUnits", b"Gy", "RTD201F"),
        ("DoseUnits", b"CGY", "RTD201F"),
        ("DoseUnits", b"GY\t", "RTD201F"),
        ("DoseUnits", b"", "RTD201F"),
        ("DoseUnits", b"GY\\GY", "RTD009F"),
        ("DoseType", b"EFFECTIVE", None),
        ("DoseType", b"ERROR", "RTD201F"),
        ("DoseType", b"physical", "RTD013F"),
        ("DoseType", b"", "RTD012F"),
        ("DoseSummationType", b"BEAM", None),
        ("DoseSummationType", b"TOTAL", "RTD013F"),
        ("DoseSummationType", b"", "RTD012F"),
        ("DoseGridScaling", b"1e-3", None),
        ("DoseGridScaling", b"0", "RTD206F"),
        ("DoseGridScaling", b"-1e-3", "RTD206F"),
        ("DoseGridScaling", b"nan", "RTD206F"),
        ("DoseGridScaling", b"inf", "RTD206F"),
        ("DoseGridScaling", b"1e-400", "RTD206F"),
        ("DoseGridScaling", b"0,001", "RTD206F"),
        ("DoseGridScaling", b"1.0D-3", "RTD206F"),
        ("DoseGridScaling", b"0x10", "RTD206F"),
        ("DoseGridScaling", b"0.1_1", "RTD206F"),
        ("DoseGridScaling", b"1e-3\\1e-2", "RTD009F"),
        ("DoseGridScaling", b"", "RTD206F"),
        ("DoseGridScaling", b"1e305", "RTD206F"),
        ("DoseGridScaling", b"1e150", "RTD206F"),
        ("DoseGridScaling", b"1e6", "RTD206F"),
        ("PixelSpacing", b"9e307\\2", "RTD213F"),
        ("PixelSpacing", b"2\\5e-324", "RTD213F"),
        ("ImagePositionPatient", b"0\\1e300\\0", "RTD008F"),
        ("GridFrameOffsetVector", b"0\\2.5\\5\\1e300", "RTD008F"),
        ("ImageOrientationPatient", b"1\\0\\0\\0\\1\\0", None),
        ("ImageOrientationPatient", b"1\\0\\0\\0\\1\\0\\0", "RTD009F"),
        ("ImageOrientationPatient", b"1\\0\\0\\1\\0\\0", "RTD213F"),
        ("ImageOrientationPatient", b"1\\0\\0\\0\\2\\0", "RTD213F"),
        ("ImageOrientationPatient", b"0\\0\\0\\0\\0\\0", "RTD213F"),
        ("ImageOrientationPatient", b"", "RTD012F"),
        ("PixelSpacing", b"2\\0", "RTD213F"),
        ("PixelSpacing", b"2", "RTD009F"),
        ("PixelSpacing", b"-2\\3", "RTD213F"),
        ("ImagePositionPatient", b"1\\2", "RTD009F"),
        ("ImagePositionPatient", b"1\\2\\ ", "RTD009F"),
        ("ImagePositionPatient", b"1\\2\\1 .5", "RTD008F"),
        ("FrameOfReferenceUID", b"", "RTD012F"),
        ("FrameOfReferenceUID", b"frame", "RTD013F"),
        ("PhotometricInterpretation", b"RGB", "RTD207F"),
        ("SOPInstanceUID", b"", "RTD012F"),
        ("Modality", b"CT", "RTD015F"),
    ],
)
def test_one_attribute(tmp_path, keyword, value, expected):
    """An attribute that is not what the dose module says leaves no dose (rows 3, 4, 5, 20, 49)."""
    ds = dose()
    set_raw(ds, keyword, value)
    case = read(tmp_path, encode(ds, "implicit", header=keyword != "SOPInstanceUID"))
    assert [code for code in codes(case) if code != "RTD014W"] == ([expected] if expected else [])
    assert len(case.doses) == (expected is None)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PixelRepresentation", 1),
        ("BitsStored", 12),
        ("HighBit", 11),
        ("BitsAllocated", 8),
        ("SamplesPerPixel", 3),
        ("Rows", 0),
    ],
)
def test_pixel_description(tmp_path, keyword, value):
    """A pixel description that would turn 40000 into something else is refused (§1.1)."""
    ds = dose()
    setattr(ds, keyword, value)
    case = read(tmp_path, ds)
    assert codes(case) == ["RTD207F"]


def test_pixel_data_length(tmp_path):
    """Pixel data longer or shorter than the header says are refused (row 8)."""
    for name, change in (("long", 2), ("frame", 30), ("short", -2)):
        ds = dose()
        pad_pixels(ds, change) if change > 0 else shorten_pixels(ds, -change)
        assert codes(read(tmp_path / name, ds)) == ["RTD208F"]
    ds = dose()
    del ds.PixelData
    assert codes(read(tmp_path / "absent", ds)) == ["RTD208F"]


@pytest.mark.parametrize("encoding", ["implicit", "explicit", "big", "rle"])
@pytest.mark.parametrize("bits", [16, 32])
def test_encodings(tmp_path, encoding, bits):
    """The same integers come out of every supported encoding."""
    values = np.random.default_rng(3).integers(0, 2**bits - 2, (4, 3, 5)).astype(float)
    case = read(tmp_path, dose(values=values / 2**13, scaling="0.0001220703125", bits=bits), encoding=encoding)
    found = only_dose(case)
    assert found.stored.dtype == np.dtype(f"=u{bits // 8}")
    assert found.stored.astype(float).tolist() == values.tolist()
    assert not found.stored.flags.writeable
    assert codes(case) == []


def test_broken_rle(tmp_path):
    """RLE data that do not decode to whole frames, or too few frames, are refused without a warning."""
    data = encode(dose(), "rle")
    start = data.index(b"\xfe\xff\x00\xe0", data.index(b"\xe0\x7f\x10\x00OB") + 20)
    assert codes(read(tmp_path / "segment", data[: start + 8] + b"\x07" + data[start + 9 :])) == ["RTD208F"]
    for at in range(start + 8, len(data) - 8, 9):
        broken = data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]
        case = read(tmp_path / "bits", broken)
        assert set(codes(case)) <= {"RTD208F", "RTD002F"}


def test_unsupported_transfer_syntaxes(tmp_path):
    """Deflated, lossy, unknown and contradicted transfer syntaxes are refused (rows 11, 12)."""
    assert codes(read(tmp_path / "deflated", encode(dose(), "deflated"))) == ["RTD004F"]
    for number, claim in enumerate(
        ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.90", "1.2.3.4", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2")
    ):
        assert codes(read(tmp_path / str(number), encode(dose(), "explicit", claim=claim))) == ["RTD004F"], claim
    assert codes(read(tmp_path / "other", encode(dose(), "implicit", claim="1.2.840.10008.1.2.1"))) == ["RTD004F"]


def test_clipped_maximum(tmp_path):
    """Several voxels at the largest integer are a clipped dose, one is a grid scaled to its range."""
    for name, tops, expected in (
        ("two", [65535, 65535], "RTD217E"),
        ("one", [65535, 3], "RTD217I"),
        ("none", [65534, 65534], None),
    ):
        values = np.ones((4, 3, 5))
        values[1, 1, 1:3] = tops
        case = read(tmp_path / name, dose(values=values, scaling="1"))
        assert codes(case) == ([expected] if expected else [])
        assert only_dose(case).saturated == (expected == "RTD217E")


def test_rescale_is_ignored(tmp_path):
    """RescaleSlope is no part of a dose: it is said to be ignored."""
    ds = dose()
    ds.RescaleSlope, ds.RescaleIntercept = "2", "0"
    case = read(tmp_path, ds)
    assert codes(case) == ["RTD014I"]
    assert only_dose(case).stored.max() * only_dose(case).scaling_gy == pytest.approx(5.9)


@pytest.mark.parametrize(
    ("heterogeneity", "expected"),
    [
        ("IMAGE", None),
        (["IMAGE", "ROI_OVERRIDE"], None),
        ("WATER", "RTD221W"),
        (["IMAGE", "WATER"], "RTD221W"),
        (None, "RTD221W"),
    ],
)
def test_heterogeneity_correction(tmp_path, heterogeneity, expected):
    """A dose in water, or one that does not say, must be acknowledged."""
    ds = dose()
    del ds.TissueHeterogeneityCorrection
    if heterogeneity:
        ds.TissueHeterogeneityCorrection = heterogeneity
    assert codes(read(tmp_path, ds)) == ([expected] if expected else [])


def test_transformed_dose(tmp_path):
    """A dose that was moved is reported."""
    ds = dose()
    ds.add_new(0x30040005, "CS", "RIGID")
    case = read(tmp_path, ds)
    assert codes(case) == ["RTD221W"]
    assert only_dose(case).spatial_transform == "RIGID"


def test_references(tmp_path):
    """Plans, fraction group and beams of a dose are kept."""
    found = only_dose(read(tmp_path, dose(plan_uids=("1.2.3",), summation="BEAM", beams=(2, 5), fraction_group=1)))
    assert (found.plan_uids, found.fraction_group, found.beams) == (("1.2.3",), 1, (2, 5))
    found = only_dose(read(tmp_path / "several", dose(plan_uids=("1.2.3", "1.2.4"), summation="MULTI_PLAN")))
    assert found.plan_uids == ("1.2.3", "1.2.4")
    found = only_dose(read(tmp_path / "none", dose(plan_uids=())))
    assert found.plan_uids == ()


@given(
    angles=st.tuples(*[st.floats(-3, 3)] * 3),
    spacing=st.tuples(st.floats(0.5, 5), st.floats(0.5, 5)),
    steps=st.lists(st.floats(0.5, 6), min_size=1, max_size=4),
    falling=st.booleans(),
)
@settings(derandomize=True, max_examples=25, deadline=None)
def test_oblique_grids(tmp_path_factory, angles, spacing, steps, falling):
    """Any oblique grid with uneven planes is where the formula of the standard puts it."""
    a, b, c = angles
    turn_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    turn_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    turn_y = np.array([[np.cos(c), 0, np.sin(c)], [0, 1, 0], [-np.sin(c), 0, np.cos(c)]])
    row, column, _ = (turn_z @ turn_x @ turn_y).T
    spacing = tuple(round(value, 3) for value in spacing)
    offsets = tuple(round(float(value), 3) * (-1 if falling else 1) for value in np.cumsum([0.0, *steps]))
    grid = GridSpec((1.0, 2.0, 3.0), (len(offsets), 3, 4), spacing, offsets, tuple(row), tuple(column))
    values = np.arange(np.prod(grid.shape), dtype=float).reshape(grid.shape)
    found = only_dose(read(tmp_path_factory.mktemp("oblique"), dose(values=values, grid=grid, scaling="1")))
    stored = found.stored[::-1] if falling else found.stored
    places = positions(found.geometry)
    places = places[::-1] if falling else places
    assert stored.astype(float).tolist() == values.tolist()
    assert np.abs(places - grid_points(grid)).max() < 1e-6


def test_default_grid_is_plain(tmp_path):
    """The near miss of all these traps: an ordinary dose is read without a finding."""
    case = read(tmp_path, dose())
    assert codes(case) == []
    assert only_dose(case).geometry.shape == GRID.shape
