"""Caps: what is larger, deeper, longer or more than any export is refused before memory is spent on it."""

import tracemalloc
import warnings
import zlib
from struct import pack

import numpy as np
import pytest

from rtcheck.dicom import attributes, contours, files, inflate, pixels, rtstruct
from rtcheck.dicom.case import read_case
from rtcheck.dicom.recognise import read_dicom
from rtcheck.dicom.rle import RleError, decode_frame
from rtcheck.errors import DicomError
from tests.dicom.reading import all_findings, codes, dose, plan, read, square, struct
from tests.synthetic.dicom import GridSpec, RoiSpec, ct_images, set_raw
from tests.synthetic.encode import element_span, encode


def peak_of(call):
    """Most bytes held at once while `call` ran."""
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def deflated(payload, level=9):
    """A file of the deflated transfer syntax with `payload` as its data set."""
    whole = encode(struct(), "deflated")
    _, _, end = element_span(whole, "TransferSyntaxUID")
    names = whole[end:]
    place = names.find(b"RTCHECK_SYNTH_1")  # the last element of the meta information
    head = whole[: end + place + 16] if place >= 0 else whole[:end]
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return head + packer.compress(payload) + packer.flush()


def test_file_size_is_checked_before_reading(tmp_path, monkeypatch):
    """A file over the cap is not read at all."""
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 1000)
    monkeypatch.setattr("rtcheck.dicom.case.MAX_FILE_BYTES", 1000)
    (tmp_path / "big.dcm").write_bytes(encode(struct(), "explicit") + bytes(50_000_000))
    assert peak_of(lambda: read_case([tmp_path])) < 1_000_000
    assert codes(read_case([tmp_path])) == ["RTD005F"]


def test_pixel_size_is_checked_before_allocating(tmp_path, monkeypatch):
    """A grid whose header asks for more than the cap is refused; nothing of it is allocated."""
    monkeypatch.setattr(pixels, "MAX_PIXEL_BYTES", 100)
    assert codes(read(tmp_path, dose())) == ["RTD005F"]


@pytest.mark.parametrize("bits", [16, 32])
def test_a_small_rle_frame_cannot_ask_for_a_large_grid(tmp_path, bits):
    """Two bytes of RLE make 128 at most: a header of another size is refused before anything is allocated."""
    ds = dose(bits=bits)
    data = encode(ds, "rle")
    for keyword in ("Rows", "Columns"):
        _, start, end = element_span(data, keyword)
        data = data[:start] + pack("<H", 6000) + data[end:]
    assert peak_of(lambda: read(tmp_path, data)) < 3_000_000
    assert codes(read(tmp_path, data)) == ["RTD208F"]


def test_an_rle_segment_cannot_grow():
    """A segment that goes on behind its pixels, or ends before, is refused and never unpacked beyond a frame."""
    good = pack("<16I", 2, 64, 66, *([0] * 13)) + bytes([257 - 4, 1]) + bytes([257 - 4, 2])
    assert decode_frame(good, 4, 16).tolist() == [0x102] * 4
    bomb = pack("<16I", 2, 64, 64 + 1_000_000, *([0] * 13)) + bytes([129, 1]) * 1_000_000

    def refused():
        with pytest.raises(RleError):
            decode_frame(bomb, 4, 16)

    assert peak_of(refused) < 3_000_000
    for wrong in (good[:-1], good[:60], good + b"\1\1", b"\3" + good[1:], good[:4] + b"\x41" + good[5:]):
        with pytest.raises(RleError):
            decode_frame(wrong, 4, 16)


def test_rle_agrees_with_the_second_reader():
    """Random frames packed by pydicom come back as they were."""
    from pydicom.pixels.encoders.native import _encode_frame

    random = np.random.default_rng(3)
    for width in (2, 4):
        for high in (2, 2**16 - 1):
            stored = random.integers(0, high, (13, 17)).astype(f"<u{width}")

            class Runner:
                rows, columns, samples_per_pixel, bits_allocated = 13, 17, 1, 8 * width

                def get_option(self, _name, default=None):
                    return "<" if _name == "byteorder" else default

            try:
                packed = _encode_frame(stored.tobytes(), Runner())
            except Exception as error:
                pytest.skip(f"pydicom's encoder has another form here: {error}")
            assert np.array_equal(decode_frame(bytes(packed), 13 * 17, 8 * width).reshape(13, 17), stored)


def test_deflated_files_are_refused_unless_allowed(tmp_path):
    """The deflated transfer syntax is off; when it is on the same objects are read."""
    for ds in (struct(), plan(), dose()):
        data = encode(ds, "deflated")
        with pytest.raises(DicomError, match="--allow-deflated"):
            read_dicom(data, "x")
    (tmp_path / "s.dcm").write_bytes(encode(struct(), "deflated"))
    (tmp_path / "d.dcm").write_bytes(encode(dose(), "deflated"))
    assert codes(read_case([tmp_path])) == ["RTD004F", "RTD004F"]
    case = read_case([tmp_path], allow_deflated=True)
    plain = read(tmp_path / "plain", struct(), dose())
    assert [note.code for note in all_findings(case)] == [note.code for note in all_findings(plain)]
    assert np.array_equal(case.doses[0].stored, plain.doses[0].stored)
    assert np.array_equal(
        case.structure_sets[0].rois[0].contours.points_mm, plain.structure_sets[0].rois[0].contours.points_mm
    )


def test_a_deflated_bomb_is_stopped_while_it_grows():
    """A file that inflates beyond 200 times its size is refused; no more than that is ever held (row 12)."""
    data = deflated(bytes(300_000_000))
    assert len(data) < 400_000

    def attempt():
        with pytest.raises(DicomError) as caught:
            read_dicom(data, "x", allow_deflated=True)
        assert caught.value.code == "RTD005"

    assert peak_of(attempt) < 200_000_000


def test_a_deflated_bomb_below_the_ratio_is_stopped_by_size(monkeypatch):
    """The cap on the whole holds where the ratio does."""
    monkeypatch.setattr(inflate, "MAX_INFLATED_BYTES", 10_000)
    data = deflated(np.random.default_rng(1).bytes(50_000), level=0)
    with pytest.raises(DicomError) as caught:
        read_dicom(data, "x", allow_deflated=True)
    assert caught.value.code == "RTD005"


def test_deflated_files_cut_anywhere():
    """A deflated file cut at any byte is refused."""
    data = encode(struct(RoiSpec("A", 1, [square(0.0)])), "deflated")
    accepted = []
    for at in range(len(data)):
        try:
            read_dicom(data[:at], "x", allow_deflated=True)
        except DicomError:
            continue
        accepted.append(at)
    assert [at for at in accepted if at < len(data) - 1] == []  # the last byte may be padding


def test_bytes_behind_a_deflated_data_set():
    """Zeros pad a deflated file, anything else is another file or damage."""
    data = encode(struct(), "deflated")
    read_dicom(data + bytes(3), "x", allow_deflated=True)
    with pytest.raises(DicomError):
        read_dicom(data + b"tail", "x", allow_deflated=True)


def test_contour_points_are_counted_before_parsing(tmp_path, monkeypatch):
    """More points than the cap are refused by counting, over all ROIs together; none is parsed."""
    monkeypatch.setattr(contours, "MAX_POINTS", 11)
    rois = [RoiSpec("A", 1, [square(0.0), square(3.0)]), RoiSpec("B", 2, [square(0.0)])]
    monkeypatch.setattr(contours, "parse_decimals", lambda _: pytest.fail("parsed before it was counted"))
    assert codes(read(tmp_path, struct(*rois))) == ["RTD005F"]


def test_number_of_rois(tmp_path, monkeypatch):
    """More ROIs than the cap are refused."""
    monkeypatch.setattr(rtstruct, "MAX_ROIS", 1)
    rois = [RoiSpec("A", 1, [square(0.0)]), RoiSpec("B", 2, [square(0.0)])]
    assert codes(read(tmp_path, struct(*rois))) == ["RTD005F"]


@pytest.mark.parametrize("size", [64 << 10, (64 << 10) + 2])
def test_long_texts(tmp_path, size):
    """A name of 64 KiB is read, a longer one refused before it is decoded."""
    ds = struct()
    set_raw(ds.StructureSetROISequence[0], "ROIName", b"N" * size)
    found = codes(read(tmp_path, ds, encoding="implicit"))
    assert found == ([] if size == 64 << 10 else ["RTD005F"])


def test_long_coded_words(tmp_path):
    """A coded word of megabytes is refused by its length, not shown in a message."""
    ds = dose()
    set_raw(ds, "DoseUnits", b"G" * 1_000_000)
    case = read(tmp_path, ds, encoding="implicit")
    assert codes(case) == ["RTD005F"]
    assert max(len(note.message) for note in all_findings(case)) < 400


def test_long_vectors_are_counted_before_parsing(tmp_path, monkeypatch):
    """A vector of more numbers than the cap is refused by counting; one of fixed length by its count."""
    monkeypatch.setattr(attributes, "MAX_VALUES", 3)
    monkeypatch.setattr(attributes, "parse_decimals", lambda _: pytest.fail("parsed before it was counted"))
    ds = dose()
    set_raw(ds, "ImagePositionPatient", b"\\".join([b"0"] * 100_000))
    assert codes(read(tmp_path, ds, encoding="implicit")) == ["RTD009F"]


@pytest.mark.parametrize(("padding", "expected"), [(b"", []), (b" ", []), (b"\0", []), (b"\0\0\0", ["RTD206F"])])
def test_nul_bytes_behind_a_number(tmp_path, padding, expected):
    """One NUL pads a number; several are a lost block, which would leave another number."""
    ds = dose()
    set_raw(ds, "DoseGridScaling", (b"0.01" + padding).ljust(8, b" ") if padding != b"\0\0\0" else b"0.01\0\0\0\0")
    if padding == b"\0":
        set_raw(ds, "DoseGridScaling", b"0.001\0")
    assert codes(read(tmp_path, ds)) == expected


def test_nul_bytes_behind_a_name(tmp_path):
    """A name that ends in several NULs may be the rest of a longer one, and says so."""
    ds = struct()
    set_raw(ds.StructureSetROISequence[0], "ROIName", b"Heart\0\0\0")
    case = read(tmp_path, ds)
    assert codes(case) == ["RTD011W"]
    assert case.structure_sets[0].rois[0].name == "Heart"


@pytest.mark.parametrize("name", [b"\0Heart", b"He\0rt"])
def test_nul_bytes_in_a_name(tmp_path, name):
    """A NUL before or in a name is damage, and is said; the name stays as it is and matches nothing."""
    ds = struct()
    set_raw(ds.StructureSetROISequence[0], "ROIName", name)
    case = read(tmp_path, ds)
    assert codes(case) == ["RTD011W"]
    assert case.structure_sets[0].rois[0].name == name.decode()


@pytest.mark.parametrize("value", [b"ISO_IR 19", b"ISO_IR 192\\nonsense", b"\\".join([b"ISO_IR 6"] * 300)])
def test_a_character_set_that_there_is_not(tmp_path, value):
    """A declaration that names no character set, or hundreds, is said though every text is ASCII."""
    ds = struct()
    set_raw(ds, "SpecificCharacterSet", value + b" " * (len(value) % 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom on writing a character set it does not know
        data = encode(ds, "explicit")
    case = read(tmp_path, data)
    assert codes(case) == ["RTD011W"]
    assert case.structure_sets[0].rois[0].name == "Heart"


def test_a_character_set_of_another_representation(tmp_path):
    """SpecificCharacterSet whose representation a bit error changed (CS to SS) is said."""
    data = encode(struct(), "explicit").replace(b"\x08\x00\x05\x00CS", b"\x08\x00\x05\x00SS")
    case = read(tmp_path, data)
    assert codes(case) == ["RTD011W"]


def test_an_image_with_millions_of_positions(tmp_path):
    """The numbers of an image's position are counted before they are taken apart."""
    (image,) = ct_images(np.zeros((1, 2, 2), np.int16), GridSpec((0.0, 0.0, 0.0), (1, 2, 2), (1.0, 1.0), (0.0,)))
    set_raw(image, "ImagePositionPatient", b"0\\" * 3_000_000 + b"0 ")
    data = encode(image, "implicit")
    assert peak_of(lambda: read(tmp_path, data)) < 6 * len(data)
    assert read(tmp_path, data).images == ()
