"""Names in every character set: decoded as declared, doubted where due, never guessed."""

import warnings

import pytest

from tests.dicom.reading import codes, read, square, struct
from tests.synthetic.dicom import RoiSpec, set_raw
from tests.synthetic.encode import encode

ESC = b"\x1b"


def name_of(tmp_path, raw, character_set):
    """Name and findings of an ROI whose name is written as `raw` under `character_set` (None: empty)."""
    ds = struct(RoiSpec("x", 1, [square(0.0)]))
    set_raw(ds, "SpecificCharacterSet", (character_set or "").encode())
    set_raw(ds.StructureSetROISequence[0], "ROIName", raw)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom on writing a character set it does not know
        data = encode(ds, "explicit")
    case = read(tmp_path, data)
    roi = case.structure_sets[0].rois[0]
    return roi.name, codes(roi.findings)


@pytest.mark.parametrize(
    ("raw", "character_set", "expected"),
    [
        (b"Lung_L", None, "Lung_L"),
        (b" Lung_L \0", "ISO_IR 100", "Lung_L"),
        (b"", "ISO_IR 100", ""),
        ("左肺".encode(), "ISO_IR 192", "左肺"),
        ("左肺".encode("gb18030"), "GB18030", "左肺"),
        ("左肺".encode("gbk"), "GBK", "左肺"),
        ("Ösophagus".encode("latin-1"), "ISO_IR 100", "Ösophagus"),
        ("Wątroba".encode("iso8859_2"), "ISO_IR 101", "Wątroba"),
        ("心臓".encode("shift_jis"), "ISO_IR 13", "心臓"),
        (ESC + b"$)A" + "左肺".encode("gb2312"), "\\ISO 2022 IR 58", "左肺"),
        (b"PTV " + ESC + b"$B" + "心臓".encode("iso2022_jp")[3:-3] + ESC + b"(B", "\\ISO 2022 IR 87", "PTV 心臓"),
    ],
)
def test_name(tmp_path, raw, character_set, expected):
    """A name in its declared character set is decoded without comment, escapes removed (row 17)."""
    assert name_of(tmp_path, raw, character_set) == (expected, [])


@pytest.mark.parametrize(
    ("raw", "character_set", "expected"),
    [
        ("王小明".encode("gbk"), "ISO_IR 100", "ÍõÐ¡Ã÷"),  # row 16
        ("左肺".encode(), "ISO_IR 100", "å·¦è\x82º"),
        ("左肺".encode(), "GB18030", "宸﹁偤"),  # row 18
        ("王小明".encode("gbk"), None, "\\xcd\\xf5\\xd0\\xa1\\xc3\\xf7"),
        ("王小明".encode("gbk"), "ISO_IR 192", "\\xcd\\xf5\\xd0\\xa1\\xc3\\xf7"),
        (b"\xff\xfe", "GB18030", "\\xff\\xfe"),
        ("Ö".encode("latin-1"), "ISO_IR 999", "\\xd6"),
    ],
)
def test_doubtful_name(tmp_path, raw, character_set, expected):
    """A character set that is missing, wrong or ambiguous is said, and no other one is tried."""
    assert name_of(tmp_path, raw, character_set) == (expected, ["RTD011W"])


def test_backslash_in_name(tmp_path):
    """A backslash is part of the name; the second byte of a Chinese character that looks like one is not (row 19)."""
    assert name_of(tmp_path / "latin", b"Lung\\L", "ISO_IR 100") == ("Lung\\L", ["RTD014W"])
    character = next(c for c in map(chr, range(0x4E00, 0x9FFF)) if c.encode("gb18030").endswith(b"\\"))
    assert name_of(tmp_path / "chinese", character.encode("gb18030"), "GB18030") == (character, [])


def test_tab_is_part_of_a_name(tmp_path):
    """Only NUL and blanks are padding (row 20)."""
    assert name_of(tmp_path, b"Cord\t", "ISO_IR 100") == ("Cord\t", [])
