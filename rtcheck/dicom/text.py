"""Texts in the character sets of DICOM (PS3.5 §6.1, PS3.3 §C.12.1.1.2): doubt is said, nothing is guessed."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

from rtcheck.dicom.dataset import Dataset

__all__ = ["MAX_TEXT_BYTES", "Text", "character_set_doubt", "decode_text", "trim", "trim_number"]

MAX_TEXT_BYTES = 64 << 10
"""Texts and coded words longer than this are refused before they are decoded; no name or label is."""

_CHARACTER_SET = 0x00080005
_MAX_SET_BYTES = 1024
"""Longer lists of character sets are cut: the standard has some forty, each named in sixteen bytes or fewer."""
_ESCAPE_LEFT_OVER = re.compile(r"\x1b[\x20-\x2f]+[\x30-\x7e]|\$\)[A-Z](?=[^\x00-\x7f])")
_PAIRS_OF_HIGH_BYTES = re.compile(rb"(?:[\x00-\x7f]|[\xa1-\xfe]{2})*")
_LATIN = ("", "ISO_IR 6", "ISO_IR 100", "ISO 2022 IR 100")
_COMMON = frozenset(("", "ISO_IR 6", "ISO_IR 100", "ISO_IR 192"))
"""These are known without asking pydicom, which is not imported while all texts are ASCII."""
_CHINESE = ("GB18030", "GBK", "ISO 2022 IR 58")


@dataclass(frozen=True, slots=True)
class Text:
    """A decoded text.

    Attributes:
        value: the text.
        doubt: what is doubtful about its character set or its bytes, one sentence, or empty.
        raw: the bytes as they stand in the file, without padding.
    """

    value: str
    doubt: str = ""
    raw: bytes = b""


def trim(raw: bytes) -> bytes:
    """Without padding: NUL and blanks at the end, blanks at the start. A tab or anything else is part of the value."""
    return raw.rstrip(b"\0 ").lstrip(b" ")


def trim_number(raw: bytes) -> bytes:
    r"""Without the padding of a number: blanks, and at most one NUL at the end, which some systems write.

    Several NULs stay, so that the number is refused: a lost block would else turn ``0.00123`` into ``0.0``.
    """
    return raw.removesuffix(b"\0").strip(b" ")


def decode_text(dataset: Dataset, raw: bytes) -> Text:
    r"""Decode a text of `dataset` in the character set in force there.

    What cannot be decoded shows its bytes as ``\xNN``: such a name matches nothing, and nothing is guessed.
    """
    nuls = len(raw) - len(raw.rstrip(b"\0"))
    raw = trim(raw)
    found = _decode(dataset, raw)
    if nuls > 1 and raw and not found.doubt:
        return Text(found.value, f"a text that ends in {nuls} NUL bytes, as a damaged copy leaves them", raw)
    if b"\0" in raw and not found.doubt:
        return Text(found.value, "a text with NUL bytes in it, as a damaged copy leaves them", raw)
    return Text(found.value, found.doubt, raw)


def character_set_doubt(dataset: Dataset) -> str:
    """Say what is wrong with the character set that a data set declares, in one sentence; empty where nothing is.

    It matters where every text is ASCII, too: the declaration is damaged, and what else is damaged is not known.
    """
    element = dataset.elements.get(_CHARACTER_SET)
    if element is None:
        return ""
    if element.vr not in ("CS", "UN", ""):
        return f"SpecificCharacterSet (0008,0005) has value representation {element.vr}, expected CS"
    declared = _declared_sets(dataset)
    unknown = None
    if not _COMMON.issuperset(declared):
        from pydicom.charset import python_encoding

        unknown = next((part for part in declared if part not in python_encoding), None)
    if unknown is None and element.length <= _MAX_SET_BYTES:
        return ""
    return f"SpecificCharacterSet (0008,0005): {(unknown or '')[:20]!r} is no character set of DICOM"


def _decode(dataset: Dataset, raw: bytes) -> Text:
    if raw.isascii() and b"\x1b" not in raw:
        return Text(raw.decode("ascii"))
    declared = _declared_sets(dataset)
    shown = raw.decode("ascii", "backslashreplace")
    if not any(declared):
        other = _other_reading(raw)
        hint = f"; its bytes are valid {other}" if other else ""
        return Text(shown, f"a text that is not ASCII, but SpecificCharacterSet (0008,0005) is absent{hint}")
    from pydicom.charset import convert_encodings, decode_bytes

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # pydicom warns where it replaces characters
            value = decode_bytes(raw, convert_encodings(declared), {0x09, 0x0A, 0x0C, 0x0D})
    except (UserWarning, UnicodeError, LookupError):
        sets = "/".join(declared)
        return Text(shown, f"a text that cannot be decoded as SpecificCharacterSet (0008,0005) says ({sets})")
    if b"\x1b" in raw:
        value = _ESCAPE_LEFT_OVER.sub("", value)
    return Text(value, _second_reading(raw, declared))


def _declared_sets(dataset: Dataset) -> list[str]:
    """SpecificCharacterSet of the nearest enclosing data set that has one."""
    node: Dataset | None = dataset
    while node is not None:
        element = node.elements.get(_CHARACTER_SET)
        if element is not None:
            raw = node.source.data[element.offset : element.offset + min(element.length, _MAX_SET_BYTES)]
            return [part.strip(b"\0 ").decode("ascii", "replace") for part in raw.split(b"\\")]
        node = node.parent
    return []


def _second_reading(raw: bytes, declared: list[str]) -> str:
    """Whether the bytes are more likely another character set than the declared one."""
    first = declared[0]
    if first in _LATIN and len(declared) == 1:
        other = _other_reading(raw)
    elif first in _CHINESE and _is_utf8(raw):
        other = "UTF-8 (ISO_IR 192)"
    else:
        other = ""
    if not other:
        return ""
    return f"a text whose bytes also read as {other}; SpecificCharacterSet (0008,0005) says {first or 'ASCII'}"


def _other_reading(raw: bytes) -> str:
    """Character set, other than a Latin one, that the bytes fit; empty when there is none."""
    return "UTF-8 (ISO_IR 192)" if _is_utf8(raw) else "GB18030" if _is_chinese(raw) else ""


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not raw.isascii()


def _is_chinese(raw: bytes) -> bool:
    """Whether all bytes above ASCII come in pairs of the GB 2312 area and decode; accents of Latin text hardly do."""
    if raw.isascii() or _PAIRS_OF_HIGH_BYTES.fullmatch(raw) is None:
        return False
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True
