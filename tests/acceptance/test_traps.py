"""Pitfalls of DICOM-RT that give a plausible wrong answer: one test for each row of the table in the design notes (§2).

Every trap is made from files that show it and run through `rtcheck check`; its clean twin passes. A trap's verdict is
never PASS where the row says refuse or not evaluable, and the finding carries the row's code.
"""

from __future__ import annotations

import itertools
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest

from tests.acceptance.kit import LESIONS, constraint, cord_limit, protocol_text, registry_text, run, volume_of
from tests.synthetic.dicom import BeamSpec, RoiSpec, number_text, rt_dose, rt_plan, set_raw, uid
from tests.synthetic.encode import cut, duplicate_element, element_span, encode, pad_pixels, shorten_pixels
from tests.synthetic.simple import BOXES, GRID, box_contours, box_roi, box_volume_cc, linear, step, uniform

ROWS: dict[int, tuple[tuple[str, ...], str]] = {
    1: (("RTD002",), "test_row_1_cut_short"),
    3: (("RTD008",), "test_row_3_malformed_numbers"),
    4: (("RTD008", "RTD608"), "test_row_4_numbers_that_are_none"),
    5: (("RTD009",), "test_row_5_empty_slots"),
    6: (("RTD305",), "test_row_6_long_contours"),
    8: (("RTD208",), "test_row_8_pixel_size"),
    9: (("RTD208", "RTD209"), "test_row_9_frame_count"),
    14: (("RTD010",), "test_row_14_repeated_elements"),
    15: (("RTD006", "RTD007"), "test_row_15_same_uid"),
    22: (("RTD603",), "test_row_22_end_slices"),
    23: (("RTD312",), "test_row_23_missing_slices"),
    24: (("RTD313",), "test_row_24_irregular_spacing"),
    25: (("RTD313",), "test_row_25_planes_a_hair_apart"),
    27: (("RTD307",), "test_row_27_bow_tie"),
    28: (("RTD308",), "test_row_28_keyhole"),
    29: (("RTD309",), "test_row_29_partial_overlap"),
    30: (("RTD311",), "test_row_30_contour_twice"),
    45: (("RTD102",), "test_row_45_dose_of_another_plan"),
    46: (("RTD104",), "test_row_46_several_doses"),
    47: (("RTD505",), "test_row_47_beam_missing"),
    48: (("RTD205",), "test_row_48_session_dose"),
    49: (("RTD201", "RTD219"), "test_row_49_units"),
    52: (("RTD508",), "test_row_52_unlike_fractionation"),
    56: (("RTD109", "RTD110"), "test_row_56_not_for_treatment"),
    57: (("RTD301",), "test_row_57_missing_structure"),
}
"""Row of the table: its codes and the test that shows it."""

REQUIRED = {1, 3, 4, 5, 6, 8, 9, 14, 15, 22, 23, 24, 25, 27, 28, 29, 30, 45, 46, 47, 48, 49, 52, 56, 57}

PALLIATIVE = registry_text(lesions=[{**lesion, "intent": "palliative"} for lesion in LESIONS])
"""Leaves the targets out where a trap is about the cord alone: such a case passes by its cord."""

CORD = protocol_text(constraint("cord"), volume_of("volume", "SpinalCord"))
"""The cord (2 Gy) at most 10 Gy, and its volume for the record."""

X, Y, Z = (limits for limits in BOXES["SpinalCord"][1:])
CORD_VOLUME = box_volume_cc("SpinalCord")


def test_every_required_row_is_here():
    """Each required row of the table has its test in this module, by name, and no test is without a row."""
    assert set(ROWS) >= REQUIRED
    module = sys.modules[__name__]
    named = {name for name in vars(module) if name.startswith("test_row_")}
    assert {name for _, name in ROWS.values()} <= named
    assert {int(name.split("_")[2]) for name in named} == set(ROWS)


@pytest.fixture(scope="module", autouse=True)
def clean_twin(bench):
    """The twin of nearly every trap: the box patient as it is, PASS."""
    for registry in (None, PALLIATIVE):
        result = bench.check(protocol=CORD, registry=registry)
        assert result.verdict == "PASS", result.text


def cord(loops, **changes):
    """The ROIs of the box patient with another cord."""
    rois = [box_roi(name, number) for number, name in enumerate(BOXES, 1)]
    return [replace(roi, contours=loops, **changes) if roi.name == "SpinalCord" else roi for roi in rois]


def cord_loops():
    return [loop.copy() for loop in box_contours(X, Y, Z)]


def check_cord(bench, loops, *, dose=None, text=CORD, **changes):
    case = bench.build(rois=cord(loops, **changes), **({} if dose is None else {"dose": dose}))
    return bench.check(export=case.folder, protocol=text, registry=PALLIATIVE)


def refused(result, code, severity="F"):
    """No verdict, exit 4, and the row's code at that severity."""
    assert severity in result.severity(code), f"{code} {severity} expected\n{result.text}"
    assert result.code == 4, result.text
    assert result.verdict is None


def not_evaluated(result, code, row="cord"):
    """The touched constraint is not evaluated, the row's code is E, and the case is no better than INCOMPLETE."""
    assert "E" in result.severity(code), f"{code} E expected\n{result.text}"
    assert result.state(row) == "NOT_EVALUATED", result.text
    assert result.verdict == "INCOMPLETE", result.text


def stopped(result, code):
    """Refused or not evaluated: the row's code stands as E or F and nothing passes."""
    assert result.severity(code) & {"E", "F"}, f"{code} expected\n{result.text}"
    assert result.verdict in (None, "INCOMPLETE"), result.text


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


def contours_of(datasets, name="SpinalCord"):
    """The contour items of one ROI."""
    struct = datasets["struct"]
    number = next(item.ROINumber for item in struct.StructureSetROISequence if item.ROIName == name)
    return next(item for item in struct.ROIContourSequence if item.ReferencedROINumber == number).ContourSequence


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


def test_row_22_end_slices(bench):
    """A volume limit that the end-slice convention decides is undecided (RTD603), not met and not violated."""
    low = round(0.999 * CORD_VOLUME, 4)
    rows = [
        constraint("above", metric="Volume[cc]", goal=f"<= {CORD_VOLUME * 1.001!r} cc"),
        constraint("below", metric="V1Gy[cc]", goal=f">= {low!r} cc"),
        constraint("clear", metric="Volume[cc]", goal=f"<= {CORD_VOLUME * 1.5!r} cc"),
        constraint("cut", metric="Volume[cc]", goal=f"<= {CORD_VOLUME * 117.5 / 120!r} cc"),
    ]
    result = bench.check(protocol=protocol_text(*rows))
    assert result.state("clear") == "MET", result.text
    assert result.state("below") == "UNDECIDED", "the stack cut at its last contours is within the interval"
    assert result.outcome("above")["low"] <= CORD_VOLUME * 117 / 120 * (1 + 1e-9)
    assert result.severity("RTD603") == {"W"}
    assert result.verdict in ("REVIEW", "FAIL")
    assert bench.check(protocol=protocol_text(*rows[1:3])).verdict == "REVIEW"
    text = str(result.doc["provenance"]["conventions"]).lower()
    assert "end" in text or "cap" in text, f"the end-slice convention is not stated: {text}"


@pytest.mark.parametrize("missing", [(12,), (12, 13, 14), (5, 20)])
def test_row_23_missing_slices(bench, missing):
    """A gap in a structure is RTD312: not evaluable where it changes the result, at best REVIEW where it does not."""
    loops = [loop for index, loop in enumerate(cord_loops()) if index not in missing]
    result = check_cord(bench, loops)
    assert result.codes & {"RTD312"}, result.text
    assert result.verdict in ("REVIEW", "INCOMPLETE"), result.text
    hot = linear(2.0, (0, 0, 0.0))
    gap = Z[0] + 3 * np.mean(missing)

    def spike(points):
        inside = (np.abs(points[..., 2] - gap) < 3.1) & (np.abs(points[..., 0]) < 9) & (points[..., 1] > 38)
        return np.where(inside, 30.0, np.maximum(step()(points), hot(points)))

    if len(set(np.diff(missing))) <= 1 and max(np.diff(missing), default=1) == 1:
        hidden = check_cord(bench, loops, dose=spike)
        assert "RTD312" in hidden.codes, hidden.text
        assert hidden.verdict in ("INCOMPLETE", "FAIL"), hidden.text
        assert hidden.state("cord") in ("NOT_EVALUATED", "VIOLATED")
    if len(missing) == 3:
        volume = check_cord(bench, loops, text=protocol_text(constraint("cord", metric="Volume[cc]", goal="<= 99 cc")))
        found = volume.outcome("cord")
        assert found["outcome"] == "NOT_EVALUATED" or found["low"] <= CORD_VOLUME * 37 / 40 <= found["high"] * 1.001


def test_row_24_irregular_spacing(bench):
    """Uneven planes each have their own thickness (RTD313 W): the volume is that of the stack."""
    z = [-54.0, -51.0, -48.0, -46.0, -43.0, -40.0, -36.5, -33.5, -30.5, -28.0, -25.0]
    wide = [(-5, 5) if index % 2 else (-4, 6) for index in range(len(z))]
    loops = [box_contours(x, (42, 52), (w, w))[0] for x, w in zip(wide, z, strict=True)]
    loops[4] = box_contours((-5, 5), (32, 52), (z[4], z[4]))[0]
    expected = (z[-1] - z[0] + 1.5 + 1.5) * 100 / 1000 + (z[5] - z[3]) / 2 * 100 / 1000
    result = check_cord(bench, loops)
    assert result.severity("RTD313") == {"W"}, result.text
    found = result.outcome("volume")
    assert found["value"] == pytest.approx(expected, rel=1e-4), result.text
    assert result.verdict == "REVIEW", result.text


def test_row_25_planes_a_hair_apart(bench):
    """Contours of one slice whose z differ by rounding are one plane: counted once, and said (RTD313)."""
    loops = []
    for index, loop in enumerate(cord_loops()):
        left, right = loop.copy(), loop.copy()
        left[:, 0] = np.clip(left[:, 0], -5, -1)
        right[:, 0] = np.clip(right[:, 0], 1, 5)
        right[:, 2] += 0.01 * (index % 3 - 1)
        loops += [left, right]
    result = check_cord(bench, loops)
    assert result.outcome("volume")["value"] == pytest.approx(0.8 * CORD_VOLUME, rel=2e-3), result.text
    assert result.severity("RTD313") == {"W"}, result.text
    assert result.verdict == "REVIEW"


def test_row_27_bow_tie(bench):
    """A contour that crosses itself encloses different areas under the two fill rules: RTD307, not evaluable."""
    loops = cord_loops()
    loops[15] = loops[15][[0, 1, 3, 2]]
    not_evaluated(check_cord(bench, loops), "RTD307")
    every = [loop[[0, 1, 3, 2]] for loop in cord_loops()]
    result = check_cord(bench, every)
    assert result.codes & {"RTD307", "RTD305"}
    assert result.state("cord") == "NOT_EVALUATED"


def pentagram(z):
    """A star drawn in one stroke: its middle is wound twice, so even-odd leaves it out."""
    angle = np.pi / 2 + 4 * np.pi / 5 * np.arange(5)
    return np.column_stack([5 * np.cos(angle), 47 + 5 * np.sin(angle), np.full(5, z)])


def test_row_27_pentagram(bench):
    """A pentagram has twice-wound parts: even-odd and non-zero disagree, so RTD307."""
    not_evaluated(check_cord(bench, [pentagram(loop[0, 2]) for loop in cord_loops()]), "RTD307")


def keyhole(z, channel=0.0):
    """A 10 mm square with a 6 mm hole, drawn as one path through a channel."""
    outer = [(-5, 42), (5, 42), (5, 52), (-5, 52), (-5, 42)]
    inner = [(-3, 44), (-3, 50), (3, 50), (3, 44), (-3 + channel, 44)]
    path = [*outer, *inner] if not channel else [*outer[1:], (-5 + channel / 2, 42), *inner[::-1]]
    return np.array([(a, b, z) for a, b in path], float)


def test_row_28_keyhole(bench):
    """A hole drawn as one path through a thin channel is a hole: area 64 of 100, a note (RTD308), and a PASS."""
    result = check_cord(bench, [keyhole(loop[0, 2]) for loop in cord_loops()])
    assert result.outcome("volume")["value"] == pytest.approx(0.64 * CORD_VOLUME, rel=1e-6), result.text
    assert result.severity("RTD308") == {"I"}, result.text
    assert result.verdict == "PASS", result.text


def test_row_29_partial_overlap(bench):
    """Partly overlapping contours of one structure on a plane read 150 or 100: RTD309, not evaluable."""
    loops = cord_loops()
    not_evaluated(check_cord(bench, [*loops, loops[20] + [5, 0, 0]]), "RTD309")
    apart = check_cord(bench, [*loops, loops[20] + [12, 0, 0]])
    assert "RTD309" not in apart.codes, apart.text
    assert apart.verdict == "PASS", apart.text


def test_row_29_mixed_types(bench):
    """CLOSED_PLANAR and CLOSEDPLANAR_XOR in one ROI are two rules at once: RTD309."""
    loops = cord_loops()
    kinds = ["CLOSED_PLANAR" if index % 2 else "CLOSEDPLANAR_XOR" for index in range(len(loops))]
    result = check_cord(bench, loops, kind=kinds)
    assert "RTD309" in result.codes, result.text
    assert result.verdict == "INCOMPLETE"


def test_row_30_contour_twice(bench):
    """A contour stored twice counts once (RTD311 W), also with another start and the other way round."""
    loops = cord_loops()
    for twin in (loops[9].copy(), np.roll(loops[9], 2, axis=0), loops[9][::-1]):
        result = check_cord(bench, [*loops, twin])
        assert result.severity("RTD311") == {"W"}, result.text
        assert result.outcome("volume")["value"] == pytest.approx(CORD_VOLUME, rel=1e-6)
        assert result.verdict == "REVIEW", result.text


def test_row_45_dose_of_another_plan(bench):
    """A dose that refers to a plan that is not there, or to none, is refused: RTD102."""

    def other(datasets):
        item = datasets["dose"].ReferencedRTPlanSequence[0]
        item.ReferencedSOPInstanceUID = uid("another", "plan")

    refused(bench.check(export=bench.build(mutate=other).folder, protocol=CORD), "RTD102")

    def revised(datasets):
        datasets["plan"].SOPInstanceUID = uid("simple", "plan", "revised")

    refused(bench.check(export=bench.build(mutate=revised).folder, protocol=CORD), "RTD102")


def test_row_45_structures_of_another_plan(bench):
    """A plan that refers to another structure set than the one there is refused: RTD103."""

    def other(datasets):
        datasets["struct"].SOPInstanceUID = uid("simple", "struct", "revised")

    refused(bench.check(export=bench.build(mutate=other).folder, protocol=CORD), "RTD103")


def test_row_46_several_doses(bench):
    """Two PLAN doses of one plan are not a choice: RTD104, whatever their names and dates."""
    for names in (("dose", "a"), ("dose", "z")):

        def second(datasets, names=names):
            twin = rt_dose(step(low_gy=1.0), GRID, seed="simple", role="dose2")
            twin.InstanceCreationDate, twin.SeriesDate = "20270101", "20270101"
            datasets[names[1]] = twin

        refused(bench.check(export=bench.build(mutate=second).folder, protocol=CORD), "RTD104")


def beam_case(bench, doses, *, beams=(1, 2), summation="BEAM"):
    """A plan of several treatment beams and a setup field, with one dose for each entry of `doses` (beam -> share)."""
    plan_beams = [BeamSpec(number, f"B{number}", dose_gy=5.0, meterset=100.0) for number in beams]
    plan_beams.append(BeamSpec(99, "CBCT", "SETUP"))

    def build(datasets):
        old = datasets["plan"]
        plan = rt_plan(seed="simple", fractions=5, beams=plan_beams, label="SIMPLE")
        plan.DoseReferenceSequence = old.DoseReferenceSequence
        datasets["plan"] = plan
        del datasets["dose"]
        for number, share in doses.items():
            part = step(high_gy=53.0 * share, low_gy=2.0 * share)
            datasets[f"dose{number}"] = rt_dose(
                part, GRID, seed="simple", role=f"dose{number}", beams=(number,), summation=summation
            )

    return bench.build(mutate=build).folder


def test_row_47_beam_missing(bench):
    """Beam doses are summed when they are exactly the plan's treatment beams, else refused (RTD505)."""
    whole = bench.check(export=beam_case(bench, {1: 0.5, 2: 0.5}), protocol=CORD)
    assert whole.verdict == "PASS", whole.text
    assert whole.outcome("cord")["value"] == pytest.approx(2.0)
    refused(bench.check(export=beam_case(bench, {1: 0.5}), protocol=CORD), "RTD505")
    refused(bench.check(export=beam_case(bench, {1: 0.5, 2: 0.5}, beams=(1, 2, 3)), protocol=CORD), "RTD505")
    result = bench.check(export=beam_case(bench, {1: 0.5, 2: 0.5, 7: 0.1}), protocol=CORD)
    assert result.code == 4, result.text
    assert "RTD505" in result.codes


def test_row_48_session_dose(bench):
    """A dose of one session is not the plan's (RTD205); FRACTION means the whole fraction group and is."""

    def session(datasets):
        datasets["dose"] = rt_dose(
            step(high_gy=53.0 / 5, low_gy=2.0 / 5), GRID, seed="simple", summation="FRACTION_SESSION", fraction_group=1
        )

    stopped(bench.check(export=bench.build(mutate=session).folder, protocol=CORD), "RTD205")

    def total_called_session(datasets):
        datasets["dose"].DoseSummationType = "FRACTION_SESSION"

    stopped(bench.check(export=bench.build(mutate=total_called_session).folder, protocol=CORD), "RTD205")

    def group(datasets):
        datasets["dose"] = rt_dose(step(), GRID, seed="simple", summation="FRACTION", fraction_group=1)

    result = bench.check(export=bench.build(mutate=group).folder, protocol=CORD)
    assert result.verdict == "PASS", result.text
    assert result.outcome("cord")["value"] == pytest.approx(2.0)


@pytest.mark.parametrize(("summation", "code"), [("CONTROL_POINT", "RTD204"), ("RECORD", "RTD204")])
def test_row_48_other_sums(bench, summation, code):
    """A dose of a control point or a record is not that of the course."""

    def other(datasets):
        datasets["dose"].DoseSummationType = summation

    refused(bench.check(export=bench.build(mutate=other).folder, protocol=CORD), code)


@pytest.mark.parametrize(("keyword", "value"), [
    ("DoseUnits", "RELATIVE"), ("DoseType", "ERROR"), ("DoseUnits", "CGY"), ("DoseUnits", ""), ("DoseUnits", "gy"),
])  # fmt: skip
def test_row_49_units(bench, keyword, value):
    """Units other than GY and differences are refused: RTD201, or RTD012/RTD013 for what is absent or unknown."""

    def other(datasets):
        set_raw(datasets["dose"], keyword, value.encode())

    result = bench.check(export=bench.build(mutate=other).folder, protocol=CORD)
    assert result.code == 4 or result.verdict == "INCOMPLETE", result.text
    expected = {"RTD201"} if value in ("RELATIVE", "ERROR") else {"RTD201", "RTD012", "RTD013"}
    assert result.codes & expected, result.text
    if value in ("RELATIVE", "ERROR"):
        refused(result, "RTD201")


@pytest.mark.parametrize("factor", [100.0, 0.01, 5.0, 0.2])
def test_row_49_implausible_level(bench, factor):
    """A dose of the wrong scale (cGy, percent, per fraction) is RTD219 and no PASS, though every limit looks kept."""
    text = protocol_text(
        constraint("cord", goal="<= 1000 Gy"),
        constraint("c2", structure="@lesion.ptv", metric="Min[Gy]", goal=">= 0.1 Gy"),
        {**constraint("cov", structure="@lesion.ptv", metric="V0.1Gy[%]", goal=">= 95 %")}, coverage=False,
    )  # fmt: skip
    clean = bench.check(protocol=text)
    assert clean.verdict == "PASS", clean.text
    case = bench.build(dose=step(high_gy=53.0 * factor, low_gy=2.0 * factor), bits=32)
    result = bench.check(export=case.folder, protocol=text)
    assert "E" in result.severity("RTD219"), result.text
    assert result.verdict in ("INCOMPLETE", "FAIL"), result.text
    assert "PASS" != result.verdict
    assert result.state("cord") == "NOT_EVALUATED"


def test_row_52_unlike_fractionation(bench):
    """Plans of unlike fractionation: physical metrics are not evaluated (RTD508), EQD2 is summed voxel by voxel."""
    folder = bench.two_plans(step(high_gy=33.0, low_gy=20.0), step(high_gy=30.0, low_gy=30.0), counts=(5, 15))
    text = protocol_text(
        constraint("cord", goal="<= 60 Gy"),
        constraint("eqd2", metric="Mean{EQD2;ab=3}[Gy]", goal="<= 60 Gy"),
        constraint("default", metric="Max{EQD2}[Gy]", alpha_beta=3.0, goal="<= 57 Gy"),
    )
    result = bench.check(export=folder, protocol=text)
    assert "RTD508" in result.codes, result.text
    assert result.verdict is None or result.state("cord") == "NOT_EVALUATED"
    assert result.verdict != "PASS"
    if result.verdict is not None:
        expected = 20 * (20 / 5 + 3) / 5 + 30 * (30 / 15 + 3) / 5
        assert result.outcome("eqd2")["value"] == pytest.approx(expected)
        assert result.state("eqd2") == "MET"
        assert result.state("default") == "VIOLATED", "alpha_beta is the default of ab"
        assert result.verdict == "FAIL"


def test_row_52_equal_fractionation(bench):
    """Plans of equal fractionation are one course, summed where each dose is sampled."""
    folder = bench.two_plans(step(["PTV_L1"], 52.0, 1.0), step(["PTV_L2"], 52.0, 1.0), counts=(5, 5))
    result = bench.check(export=folder, protocol=CORD)
    assert result.verdict == "PASS", result.text
    assert result.outcome("cord")["value"] == pytest.approx(2.0)
    one = run("dvh", folder, "--format", "json", "--roi", "PTV_L1", "-m", "D95%[Gy]").doc
    assert one["structures"][0]["metrics"]["D95%[Gy]"]["value"] == pytest.approx(53.0)


USE = {
    "verification": ("PlanIntent", "VERIFICATION", "RTD109", None),
    "machine quality assurance": ("PlanIntent", "MACHINE_QA", "RTD109", None),
    "research": ("PlanIntent", "RESEARCH", "RTD109", None),
    "service": ("PlanIntent", "SERVICE", "RTD109", None),
    "phantom": ("RTPlanGeometry", "TREATMENT_DEVICE", "RTD109", None),
    "rejected": ("ApprovalStatus", "REJECTED", "RTD110", None),
    "unapproved": ("ApprovalStatus", "UNAPPROVED", "RTD110", "REVIEW"),
    "approval absent": ("ApprovalStatus", None, "RTD110", "REVIEW"),
}


@pytest.mark.parametrize("name", USE)
def test_row_56_not_for_treatment(bench, name):
    """Verification, service and phantom plans and rejected ones are refused; an unapproved one is at best REVIEW."""
    keyword, value, code, verdict = USE[name]

    def change(datasets):
        if value is None:
            delattr(datasets["plan"], keyword)
        else:
            setattr(datasets["plan"], keyword, value)

    result = bench.check(export=bench.build(mutate=change).folder, protocol=CORD)
    if verdict is None:
        refused(result, code)
    else:
        assert result.severity(code) == {"W"}, result.text
        assert result.verdict == verdict, result.text


def test_row_57_missing_structure(bench):
    """A constraint on a structure that is not there is not evaluated and the case does not pass."""
    rois = [box_roi(name, number) for number, name in enumerate(BOXES, 1) if name != "SpinalCord"]
    case = bench.build(rois=rois)
    result = bench.check(export=case.folder, protocol=CORD)
    not_evaluated(result, "RTD301")
    assert "SpinalCord" in result.outcome("cord")["reason"]
    listed = bench.build(rois=[*rois, RoiSpec("SpinalCord", 50)])
    assert bench.check(export=listed.folder, protocol=CORD).verdict == "INCOMPLETE"


def test_a_dose_of_zero_is_not_a_kept_limit(bench):
    """A dose grid of nothing but zeros is implausible for the prescription: never PASS."""
    text = protocol_text(
        constraint("cord"), {**constraint("cov", structure="@lesion.ptv", metric="Max[Gy]")}, coverage=False
    )
    result = bench.check(export=bench.build(dose=uniform(0.0)).folder, protocol=text)
    assert result.verdict not in ("PASS", "REVIEW"), result.text


def test_registered_fractions_must_be_those_of_the_plan(bench):
    """A plan of another fractionation than the lesion's prescription is RTD506 and does not pass."""
    case = bench.build(fractions=15)
    result = bench.check(export=case.folder, protocol=CORD)
    assert "RTD506" in result.codes, result.text
    assert result.verdict not in ("PASS", "REVIEW")


@pytest.mark.parametrize("value", ["", "0", "-5", "5.5", "five"])
def test_fraction_counts_are_whole_and_positive(bench, value):
    """A missing or impossible fraction count is RTD502 and does not pass."""

    def change(datasets):
        set_raw(datasets["plan"].FractionGroupSequence[0], "NumberOfFractionsPlanned", value.encode())

    result = bench.check(export=bench.build(mutate=change).folder, protocol=CORD)
    assert "RTD502" in result.codes or result.codes & {"RTD008", "RTD012"}, result.text
    assert result.verdict not in ("PASS", "REVIEW"), result.text


def test_frames_of_reference_must_agree(bench):
    """Dose and structures of unlike frames of reference are unrelated numbers: RTD401, also for a single ROI."""

    def dose(datasets):
        datasets["dose"].FrameOfReferenceUID = uid("other", "frame")

    refused(bench.check(export=bench.build(mutate=dose).folder, protocol=CORD), "RTD401")
    case = bench.build(rois=cord(cord_loops(), frame=uid("other", "frame")))
    result = bench.check(export=case.folder, protocol=CORD)
    assert result.codes & {"RTD401", "RTD404"}, result.text
    assert result.verdict not in ("PASS", "REVIEW")


def test_the_traps_are_in_the_files():
    """The byte mutators put what they say where they say it."""
    data = encode(rt_dose(uniform(2.0), GRID, seed="simple"))
    assert duplicate_element(data, "DoseGridScaling", b"1").count(b"\x04\x30\x0e\x00DS") == 2
    head, start, end = element_span(data, "PixelData")
    assert head < start < end == len(data)
    assert cord_limit("x", met=True)["goal"] == "<= 10 Gy"
