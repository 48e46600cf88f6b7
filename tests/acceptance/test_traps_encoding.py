"""Pitfalls of bytes, numbers and pixels (rows 1 to 15 of the table): see `test_traps.py`."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

from tests.acceptance.kit import cord_limit
from tests.acceptance.trap_tools import (
    CORD,
    CORD_VOLUME,
    PALLIATIVE,
    contours_of,
    cord,
    cord_loops,
    not_evaluated,
    refused,
    stopped,
)
from tests.synthetic.dicom import number_text, rt_dose, set_raw
from tests.synthetic.encode import cut, duplicate_element, element_span, encode, pad_pixels, shorten_pixels
from tests.synthetic.simple import GRID, step, uniform


@pytest.mark.parametrize("role", ["struct", "plan", "dose"])
@pytest.mark.parametrize("encoding", ["explicit", "implicit"])
def test_row_1_cut_short(bench, role, encoding):
    """A file cut anywhere, with stated lengths, is refused with RTD002, never read as a shorter one."""
    case = bench.build(encoding=encoding)
    data = case.files[role].read_bytes()
    random = np.random.default_rng(1)
    cuts = [len(data) - 1, len(data) - 2, len(data) - 10, *random.integers(600, len(data) - 10, 2)]
    for at in cuts:
        case.files[role].write_bytes(cut(data, int(at)))
        result = bench.check(export=case.folder, protocol=CORD)
        assert result.verdict is None, f"cut at {at} of {len(data)}\n{result.text}"
        assert result.code == 4
        assert result.codes & {"RTD002", "RTD001"}
        if at < len(data) - 2:
            assert "RTD002" in result.codes, f"cut at {at} of {len(data)}\n{result.text}"


@pytest.mark.parametrize("text", ["0,001", "1.0D-3", "0x10", "1 .5", "1e", "--1", "1.2.3", "five", "+", "１"])
def test_row_3_malformed_numbers(bench, text):
    """A decimal string that is no number is RTD008 and stops, in the scaling and in a contour."""

    def scaling(datasets):
        set_raw(datasets["dose"], "DoseGridScaling", text.encode())

    scaling_refused(bench.check(export=bench.build(mutate=scaling).folder, protocol=CORD))

    def spacing(datasets):
        set_raw(datasets["dose"], "PixelSpacing", b"3\\" + text.encode())

    stopped(bench.check(export=bench.build(mutate=spacing).folder, protocol=CORD), "RTD008")

    def point(datasets):
        broken_point(datasets, 4, text)

    not_evaluated(bench.check(export=bench.build(mutate=point).folder, protocol=CORD, registry=PALLIATIVE), "RTD008")


def scaling_refused(result):
    """A dose scaling that is no number has a code of its own (RTD206) beside that of any other number."""
    assert result.codes & {"RTD008", "RTD206"}, result.text
    assert (result.code, result.verdict) == (4, None), result.text


def broken_point(datasets, index, text, name="SpinalCord"):
    """Replace one number of one contour by `text`."""
    contour = contours_of(datasets, name)[7]
    values = [number_text(float(value)) for value in contour.ContourData]
    values[index] = text
    set_raw(contour, "ContourData", "\\".join(values).encode())


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "NaN", "0.1_1", "1e-400", "1e400", "infinity"])
def test_row_4_numbers_that_are_none(bench, text):
    """NaN, infinity, underflow and underscores are refused before they can make a limit look kept."""

    def scaling(datasets):
        set_raw(datasets["dose"], "DoseGridScaling", text.encode())

    scaling_refused(bench.check(export=bench.build(mutate=scaling).folder, protocol=CORD))

    def position(datasets):
        set_raw(datasets["dose"], "ImagePositionPatient", f"-78\\{text}\\-63".encode())

    stopped(bench.check(export=bench.build(mutate=position).folder, protocol=CORD), "RTD008")

    def point(datasets):
        broken_point(datasets, 4, text)

    not_evaluated(bench.check(export=bench.build(mutate=point).folder, protocol=CORD, registry=PALLIATIVE), "RTD008")


VECTORS = {
    "trailing backslash in the position": ("dose", "ImagePositionPatient", b"-78\\-66\\-63\\"),
    "empty slot in the position": ("dose", "ImagePositionPatient", b"-78\\\\-63"),
    "two of three": ("dose", "ImagePositionPatient", b"-78\\-66"),
    "one spacing": ("dose", "PixelSpacing", b"3"),
    "three spacings": ("dose", "PixelSpacing", b"3\\3\\3"),
    "two scalings": ("dose", "DoseGridScaling", b"1e-3\\1e-3"),
    "five direction cosines": ("dose", "ImageOrientationPatient", b"1\\0\\0\\0\\1"),
}


@pytest.mark.parametrize("name", VECTORS)
def test_row_5_empty_slots(bench, name):
    """An empty slot or another number of values than the attribute has is RTD009 and stops."""
    role, keyword, value = VECTORS[name]

    def vector(datasets):
        set_raw(datasets[role], keyword, value)

    stopped(bench.check(export=bench.build(mutate=vector).folder, protocol=CORD), "RTD009")


@pytest.mark.parametrize("form", ["empty slot", "trailing backslash", "leading backslash"])
def test_row_5_empty_slots_in_contours(bench, form):
    """An empty slot in ContourData is RTD009: coordinates after it would shift."""

    def contour(datasets):
        item = contours_of(datasets)[7]
        values = "\\".join(number_text(float(value)) for value in item.ContourData)
        first, rest = values.split("\\", 1)
        text = {
            "empty slot": f"{first}\\\\{rest}", "trailing backslash": values + "\\", "leading backslash": "\\" + values,
        }[form]  # fmt: skip
        set_raw(item, "ContourData", text.encode())

    not_evaluated(bench.check(export=bench.build(mutate=contour).folder, protocol=CORD, registry=PALLIATIVE), "RTD009")


def dense(loop, count):
    """The same rectangle with many points on its sides."""
    corners = [*loop, loop[0]]
    parts = [
        first + (second - first) * np.arange(count)[:, None] / count for first, second in itertools.pairwise(corners)
    ]
    return np.concatenate(parts)


@pytest.mark.parametrize("encoding", ["explicit", "implicit"])
def test_row_6_long_contours(bench, encoding):
    """Contours longer than 65534 bytes (VR UN under explicit encoding) are read in full, and their count checked."""
    loops = cord_loops()
    for index in (10, 11):
        loops[index] = dense(loops[index], 1200)
    rois = cord(loops)

    def fewer(datasets):
        item = contours_of(datasets)[10]
        values = [float(value) for value in item.ContourData]
        set_raw(item, "ContourData", "\\".join(f"{value:.2f}" for value in values[:-300]).encode(), vr="UN")

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*exceeds the size of 64 kByte.*")
        case = bench.build(rois=rois, encoding=encoding)
        broken = bench.build(rois=rois, encoding=encoding, mutate=fewer)
    if encoding == "explicit":
        assert b"\x06\x30\x50\x00UN" in case.files["struct"].read_bytes(), "the trap is not in the file"
    result = bench.check(export=case.folder, protocol=CORD)
    assert result.verdict == "PASS", result.text
    assert result.outcome("volume")["value"] == pytest.approx(CORD_VOLUME, rel=1e-6)

    not_evaluated(bench.check(export=broken.folder, protocol=CORD, registry=PALLIATIVE), "RTD305")


@pytest.mark.parametrize("change", [-1, 1, -2, 2])
def test_row_6_point_counts(bench, change):
    """NumberOfContourPoints that disagrees with the coordinates is RTD305."""

    def count(datasets):
        contours_of(datasets)[7].NumberOfContourPoints += change

    not_evaluated(bench.check(export=bench.build(mutate=count).folder, protocol=CORD, registry=PALLIATIVE), "RTD305")


PIXELS = {
    "two bytes too long": lambda ds: pad_pixels(ds, 2),
    "a frame too long": lambda ds: pad_pixels(ds, 2 * ds.Rows * ds.Columns),
    "two bytes short": lambda ds: shorten_pixels(ds, 2),
    "a frame short": lambda ds: shorten_pixels(ds, 2 * ds.Rows * ds.Columns),
    "half": lambda ds: shorten_pixels(ds, len(ds.PixelData) // 2),
}


@pytest.mark.parametrize("name", PIXELS)
def test_row_8_pixel_size(bench, name):
    """Pixel data of another size than rows × columns × frames is refused with RTD208."""
    case = bench.build(mutate=lambda datasets: PIXELS[name](datasets["dose"]))
    refused(bench.check(export=case.folder, protocol=CORD), "RTD208")


FRAMES = {
    "absent": lambda ds: delattr(ds, "NumberOfFrames"),
    "one": lambda ds: setattr(ds, "NumberOfFrames", 1),
    "one less": lambda ds: setattr(ds, "NumberOfFrames", int(ds.NumberOfFrames) - 1),
    "one more": lambda ds: setattr(ds, "NumberOfFrames", int(ds.NumberOfFrames) + 1),
    "an offset less": lambda ds: setattr(ds, "GridFrameOffsetVector", list(ds.GridFrameOffsetVector)[:-1]),
    "an offset twice": lambda ds: setattr(
        ds, "GridFrameOffsetVector", [*list(ds.GridFrameOffsetVector)[:-1], list(ds.GridFrameOffsetVector)[-2]]
    ),
    "offsets absent": lambda ds: delattr(ds, "GridFrameOffsetVector"),
    "offsets out of order": lambda ds: setattr(
        ds, "GridFrameOffsetVector", [*list(ds.GridFrameOffsetVector)[:2][::-1], *list(ds.GridFrameOffsetVector)[2:]]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMES)
def test_row_9_frame_count(bench, name):
    """Frames, offsets and pixels must agree: else RTD208 or RTD209 and no verdict."""
    result = bench.check(
        export=bench.build(mutate=lambda datasets: FRAMES[name](datasets["dose"])).folder, protocol=CORD
    )
    assert result.codes & {"RTD208", "RTD209", "RTD210"}, result.text
    if name != "offsets out of order":
        assert result.codes & {"RTD208", "RTD209"}, result.text
    assert (result.code, result.verdict) == (4, None), result.text


@pytest.mark.parametrize(("role", "keyword", "value"), [
    ("dose", "DoseGridScaling", b"0.00001"), ("dose", "PixelSpacing", b"2\\2"), ("plan", "ApprovalStatus", b"APPROVED"),
    ("dose", "DoseSummationType", b"PLAN"),
])  # fmt: skip
def test_row_14_repeated_elements(bench, role, keyword, value):
    """The same element twice is RTD010: which one holds is a matter of the reader."""
    case = bench.build(mutate_bytes={role: lambda data: duplicate_element(data, keyword, value)})
    stopped(bench.check(export=case.folder, protocol=CORD), "RTD010")


def test_row_15_same_uid(bench):
    """The same SOP Instance UID with other content is refused; a byte-identical copy is a note."""
    case = bench.build()
    (case.folder / "copy.dcm").write_bytes(case.files["dose"].read_bytes())
    same = bench.check(export=case.folder, protocol=CORD)
    assert same.severity("RTD007") == {"I"}, same.text
    assert same.verdict == "PASS", same.text
    for name in ("0", "zzz"):
        other = bench.build()
        twin = rt_dose(step(low_gy=1.0), GRID, seed="simple")
        (other.folder / f"{name}.dcm").write_bytes(encode(twin))
        refused(bench.check(export=other.folder, protocol=CORD), "RTD006")


def test_the_traps_are_in_the_files():
    """The byte mutators put what they say where they say it."""
    data = encode(rt_dose(uniform(2.0), GRID, seed="simple"))
    assert duplicate_element(data, "DoseGridScaling", b"1").count(b"\x04\x30\x0e\x00DS") == 2
    head, start, end = element_span(data, "PixelData")
    assert head < start < end == len(data)
    assert cord_limit("x", met=True)["goal"] == "<= 10 Gy"
