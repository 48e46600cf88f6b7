"""Typed getters: one attribute of a data set, read strictly, or an error that names file, place and tag.

Every getter returns None, an empty text or an empty tuple for what is absent or empty, unless its name starts with
``required``. A value that is there but wrong always raises `DicomError`; nothing is repaired in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from struct import Struct
from typing import NoReturn, ParamSpec, TypeVar

from rtcheck.dicom.dataset import DUPLICATE, Dataset, Element, tag_of
from rtcheck.dicom.numbers import FARTHEST_MM, DecimalError, parse_decimal, parse_decimals
from rtcheck.dicom.text import MAX_TEXT_BYTES, Text, decode_text, trim, trim_number
from rtcheck.errors import DicomError
from rtcheck.model.finding import Finding, Severity, finding

__all__ = [
    "MAX_VALUES",
    "attempt",
    "code",
    "codes",
    "decimal",
    "decimals",
    "fault",
    "has",
    "integer",
    "named_objects",
    "point",
    "raw_value",
    "required_code",
    "required_decimals",
    "required_integer",
    "required_sequence",
    "required_uid",
    "required_unsigned",
    "sequence",
    "text",
    "timestamp",
    "uid",
    "unsigned",
    "unsigned_pairs",
]

P = ParamSpec("P")
T = TypeVar("T")
U = TypeVar("U")

_INTEGER = re.compile(rb" *([+-]?[0-9]{1,11}) *")
_UID = re.compile(rb"[0-9]+(?:\.[0-9]+)*")
_DATE = re.compile(rb"[0-9]{8}")
_TIME = re.compile(rb"([0-9]{2}(?:[0-9]{2}(?:[0-9]{2})?)?)(?:\.[0-9]{1,6})?")
MAX_VALUES = 1_000_000
"""Decimal strings in one element beyond this are refused before they are parsed (contours have a cap of their own)."""

_US = {False: Struct("<H"), True: Struct(">H")}


def fault(code: str, dataset: Dataset, keyword: str, problem: str) -> DicomError:
    """Make an error about one attribute, with its file, place and tag."""
    return DicomError(code, dataset.source.label, f"{dataset.place(tag_of(keyword))}: {problem}")


def attempt(
    findings: list[Finding],
    severity: Severity | None,
    otherwise: U,
    read: Callable[P, T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T | U:
    """Call ``read(*args, **kwargs)``; when it fails note its error in `findings` and return `otherwise`.

    `severity` None means that of the catalogue.
    """
    try:
        return read(*args, **kwargs)
    except DicomError as error:
        findings.append(finding(error.code, error.subject, error.problem, severity))
        return otherwise


def has(dataset: Dataset, keyword: str) -> bool:
    """Whether the attribute is present, empty or not."""
    return tag_of(keyword) in dataset.elements


def raw_value(dataset: Dataset, keyword: str, representations: Collection[str]) -> bytes:
    """Return the bytes of a value; empty when absent.

    Args:
        dataset: where to look.
        keyword: of the attribute.
        representations: the value representations that may hold it where they are written; UN always may
            (PS3.5 §6.2.2: systems write UN for what does not fit their idea of the right one).

    Raises:
        DicomError: RTD010 when the tag occurs twice, RTD013 when it has another representation.
    """
    element = _element(dataset, keyword)
    if element is None:
        return b""
    if element.vr not in representations and element.vr not in ("", "UN"):
        expected = " or ".join(sorted(representations))
        raise fault("RTD013", dataset, keyword, f"found value representation {element.vr}, expected {expected}")
    return dataset.source.data[element.offset : element.offset + element.length]


def _short(dataset: Dataset, keyword: str, representations: Collection[str]) -> bytes:
    """Return the bytes of a value that may not be long (RTD005)."""
    raw = raw_value(dataset, keyword, representations)
    if len(raw) > MAX_TEXT_BYTES:
        raise fault("RTD005", dataset, keyword, f"{len(raw)} bytes, at most {MAX_TEXT_BYTES} are read")
    return raw


def text(dataset: Dataset, keyword: str) -> Text:
    """Return a text for people, decoded, never split at backslashes."""
    return decode_text(dataset, _short(dataset, keyword, ("LO", "SH", "LT", "ST", "UT", "UC", "PN", "CS")))


def code(dataset: Dataset, keyword: str) -> str:
    """Return a single coded word (CS); empty when absent. Letters are compared as written: ``Gy`` is not ``GY``."""
    raw = trim(_short(dataset, keyword, ("CS", "LO", "SH")))
    if b"\\" in raw:
        raise _several(dataset, keyword, raw)
    return _ascii(dataset, keyword, raw)


def codes(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """Coded words (CS), possibly several; empty when absent."""
    raw = trim(_short(dataset, keyword, ("CS", "LO", "SH")))
    return tuple(_ascii(dataset, keyword, trim(part)) for part in raw.split(b"\\")) if raw else ()


def required_code(dataset: Dataset, keyword: str, allowed: Collection[str], wrong: str = "RTD013") -> str:
    """Return a coded word that must be one of `allowed`; `wrong` is the code of the error when it is another."""
    found = code(dataset, keyword)
    if not found:
        raise fault("RTD012", dataset, keyword, f"absent or empty, expected one of {', '.join(allowed)}")
    if found not in allowed:
        raise fault(wrong, dataset, keyword, f"found {found!r}, expected one of {', '.join(allowed)}")
    return found


def uid(dataset: Dataset, keyword: str) -> str:
    """Return a unique identifier; empty when absent."""
    raw = trim(raw_value(dataset, keyword, ("UI",)))
    if raw and (len(raw) > 64 or _UID.fullmatch(raw) is None):
        raise fault("RTD013", dataset, keyword, "expected a UID: at most 64 digits and dots")
    return raw.decode("ascii")


def required_uid(dataset: Dataset, keyword: str) -> str:
    """Return a unique identifier that must be there."""
    return uid(dataset, keyword) or _absent(dataset, keyword)


def decimal(dataset: Dataset, keyword: str, wrong: str = "RTD008") -> float | None:
    """One decimal string (DS), finite; None when absent or empty."""
    raw = trim_number(raw_value(dataset, keyword, ("DS",)))
    if not raw:
        return None
    if b"\\" in raw:
        raise _several(dataset, keyword, raw)
    try:
        return parse_decimal(raw)
    except DecimalError as error:
        raise fault(wrong, dataset, keyword, error.problem) from None


def decimals(dataset: Dataset, keyword: str, count: int | None = None) -> tuple[float, ...]:
    """Decimal strings, exactly `count` of them unless None; empty when absent or empty."""
    raw = trim_number(raw_value(dataset, keyword, ("DS",)))
    if not raw:
        return ()
    found = raw.count(b"\\") + 1
    if count is not None and found != count:
        raise fault("RTD009", dataset, keyword, f"found {found} values, expected {count}")
    if found > MAX_VALUES:
        raise fault("RTD005", dataset, keyword, f"found {found} values, at most {MAX_VALUES} are read")
    try:
        values = tuple(parse_decimals(raw).values.tolist())
    except DecimalError as error:
        raise fault("RTD009" if error.empty else "RTD008", dataset, keyword, error.problem) from None
    return values


def required_decimals(dataset: Dataset, keyword: str, count: int | None = None) -> tuple[float, ...]:
    """Decimal strings that must be there."""
    return decimals(dataset, keyword, count) or _absent(dataset, keyword)


def point(dataset: Dataset, keyword: str, findings: list[Finding]) -> tuple[float, float, float] | None:
    """Return x, y, z in mm of an optional position; None when absent. A malformed one is a finding (W): a cross-check
    is lost, no number of a verdict.
    """
    found = attempt(findings, "W", (), decimals, dataset, keyword, 3)
    if found and max(map(abs, found)) > FARTHEST_MM:
        error = fault("RTD008", dataset, keyword, f"more than {FARTHEST_MM:g} mm away, where no patient is")
        findings.append(finding(error.code, error.subject, error.problem, "W"))
        return None
    return (found[0], found[1], found[2]) if found else None


def integer(dataset: Dataset, keyword: str, wrong: str = "RTD008") -> int | None:
    """One integer string (IS): digits with a sign, within 32 bits; ``30.0`` is none. None when absent or empty."""
    raw = trim_number(raw_value(dataset, keyword, ("IS",)))
    if not raw:
        return None
    match = _INTEGER.fullmatch(raw)
    if match is None or not -(2**31) <= int(match[1]) < 2**31:
        shown = raw[:24].decode("ascii", "backslashreplace")
        code_ = "RTD009" if b"\\" in raw else wrong
        raise fault(code_, dataset, keyword, f"found {shown!r}, expected one whole number")
    return int(match[1])


def required_integer(dataset: Dataset, keyword: str, wrong: str = "RTD008") -> int:
    """Return an integer string that must be there."""
    found = integer(dataset, keyword, wrong)
    return _absent(dataset, keyword) if found is None else found


def unsigned(dataset: Dataset, keyword: str) -> int | None:
    """One 16-bit unsigned integer (US); None when absent or empty."""
    raw = raw_value(dataset, keyword, ("US",))
    if not raw:
        return None
    if len(raw) != 2:
        raise fault("RTD009", dataset, keyword, f"found {len(raw)} bytes, expected one 16-bit number")
    return int(_US[dataset.source.encoding.big_endian].unpack(raw)[0])


def required_unsigned(dataset: Dataset, keyword: str, wrong: str = "RTD012") -> int:
    """Return a 16-bit unsigned integer that must be there; `wrong` is the code of the error when it is not."""
    found = unsigned(dataset, keyword)
    if found is None:
        raise fault(wrong, dataset, keyword, "absent or empty")
    return found


def unsigned_pairs(dataset: Dataset, keyword: str) -> tuple[int, ...]:
    """Attribute tags (AT) as numbers ``group << 16 | element``; empty when absent."""
    raw = _short(dataset, keyword, ("AT",))
    if len(raw) % 4:
        raise fault("RTD009", dataset, keyword, f"found {len(raw)} bytes, expected tags of 4 bytes each")
    read = _US[dataset.source.encoding.big_endian].unpack_from
    return tuple(read(raw, i)[0] << 16 | read(raw, i + 2)[0] for i in range(0, len(raw), 4))


def sequence(dataset: Dataset, keyword: str) -> tuple[Dataset, ...]:
    """Return the items of a sequence; empty when absent or empty."""
    element = _element(dataset, keyword)
    if element is None or element.length == 0:
        return ()
    if element.vr != "SQ":
        raise fault("RTD013", dataset, keyword, f"found value representation {element.vr}, expected SQ")
    return element.items


def required_sequence(dataset: Dataset, keyword: str) -> tuple[Dataset, ...]:
    """Return the items of a sequence that must have at least one."""
    return sequence(dataset, keyword) or _absent(dataset, keyword)


def named_objects(dataset: Dataset, *keywords: str) -> tuple[tuple[str, str], ...]:
    """Return the instance and class UIDs of the items of some sequences of references, as far as both are stated.

    It only serves a cross-check: what is wrong with a reference is a finding of whoever needs it.
    """
    found = []
    for keyword in keywords:
        for item in sequence(dataset, keyword):
            try:
                pair = uid(item, "ReferencedSOPInstanceUID"), uid(item, "ReferencedSOPClassUID")
            except DicomError:
                continue
            if all(pair):
                found.append(pair)
    return tuple(found)


def timestamp(dataset: Dataset, *keywords: tuple[str, str]) -> str:
    """Return the first whole date of some (date, time) pairs of attributes as YYYYMMDDHHMMSS.

    A date without a time is YYYYMMDD: midnight would come before everything of that day. Empty when there is none.
    A date is a hint for people and for the order of revisions, never an identity: a malformed one counts as absent.
    """
    for date_keyword, time_keyword in keywords:
        date = trim(raw_value(dataset, date_keyword, ("DA",)))
        time = _TIME.fullmatch(trim(raw_value(dataset, time_keyword, ("TM",))))
        if _DATE.fullmatch(date):
            return date.decode() + (time[1].decode().ljust(6, "0") if time else "")
    return ""


def _element(dataset: Dataset, keyword: str) -> Element | None:
    element = dataset.elements.get(tag_of(keyword))
    if element is not None and element.vr == DUPLICATE:
        raise fault("RTD010", dataset, keyword, "given more than once; which value counts cannot be told")
    return element


def _several(dataset: Dataset, keyword: str, raw: bytes) -> DicomError:
    count = raw.count(b"\\") + 1
    return fault("RTD009", dataset, keyword, f"found {count} values, expected one")


def _ascii(dataset: Dataset, keyword: str, raw: bytes) -> str:
    if not raw.isascii():
        raise fault("RTD013", dataset, keyword, "expected a coded word in ASCII")
    return raw.decode("ascii")


def _absent(dataset: Dataset, keyword: str) -> NoReturn:
    raise DicomError("RTD012", dataset.source.label, f"{dataset.place(tag_of(keyword))}: absent or empty, but required")
