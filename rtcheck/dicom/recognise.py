"""Tell by content whether bytes are DICOM, how they are encoded, where the data set starts (PS3.10 §7, PS3.5 §10)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from struct import unpack_from

from rtcheck.dicom.dataset import Dataset, Element, Encoding, Source, tag_name
from rtcheck.dicom.dictionary import representation_of_tag
from rtcheck.dicom.inflate import inflate
from rtcheck.dicom.walker import VALUE_REPRESENTATIONS, walk
from rtcheck.errors import DicomError

__all__ = ["DicomFile", "has_magic", "is_directory_file", "looks_headerless", "read_dicom"]

_IMPLICIT = Encoding(explicit=False, big_endian=False)
_EXPLICIT = Encoding(explicit=True, big_endian=False)
_BIG = Encoding(explicit=True, big_endian=True)
_NATIVE = {"1.2.840.10008.1.2": _IMPLICIT, "1.2.840.10008.1.2.1": _EXPLICIT, "1.2.840.10008.1.2.2": _BIG}
_DEFLATED = "1.2.840.10008.1.2.1.99"
_DIRECTORY = b"\x02\x00\x02\x00UI\x14\x001.2.840.10008.1.3.10"  # MediaStorageSOPClassUID of a DICOMDIR
_LONG_META = ("OB", "UN", "UT", "OW", "SQ")


@dataclass(frozen=True, slots=True)
class DicomFile:
    """A file whose lengths add up.

    Attributes:
        root: the data set.
        meta: the file meta information (group 0002); empty when there is none.
        transfer_syntax: its UID; empty for a file without meta information.
        part_10: whether preamble and meta information are there.
        deviations: harmless departures from the standard, one sentence each (RTD014).
    """

    root: Dataset
    meta: Dataset
    transfer_syntax: str
    part_10: bool
    deviations: tuple[str, ...]


def has_magic(head: bytes) -> bool:
    """Whether the first bytes of a file carry the DICOM prefix after its preamble."""
    return head[128:132] == b"DICM"


def is_directory_file(head: bytes) -> bool:
    """Whether this is a DICOMDIR: an index of other files, which is never followed."""
    return has_magic(head) and _DIRECTORY in head[132:400]


def looks_headerless(head: bytes) -> bool:
    """Whether a file without prefix may still start with a DICOM data set: worth a full walk, no proof.

    The first element must be of group 0002 or 0008, with the representation the dictionary gives or a small length. A
    preamble whose prefix is damaged counts as well.
    """
    return _plausible_encoding(head) is not None or _plausible_encoding(head[132:148]) is not None


def read_dicom(data: bytes, label: str, *, allow_deflated: bool = False) -> DicomFile:
    """Check the structure of a whole file and index it.

    Args:
        data: all bytes of the file.
        label: its name for messages.
        allow_deflated: inflate a deflated data set, within caps, instead of refusing it; byte positions in messages
            are then those of the inflated one.

    Raises:
        DicomError: RTD001 not DICOM, RTD002 lengths wrong, RTD004 transfer syntax unusable or contradicted, RTD005 cap,
            RTD010 meta information given twice.
    """
    part_10 = has_magic(data[:132])
    start = 132 if part_10 else 0
    plausible = _plausible_encoding(data[start : start + 16])
    if not part_10 and plausible is None:
        raise DicomError("RTD001", label, "neither a DICOM prefix nor a DICOM data set at the start of the file")
    deviations: list[str] = []
    meta_source = Source(data, label, _EXPLICIT)
    meta = Dataset(meta_source)
    has_meta = part_10 or data[:2] == b"\x02\x00"
    if has_meta:
        start = _read_meta(meta, start, deviations)
    if start >= len(data):
        raise DicomError("RTD002", label, "there is no data set after the file meta information")
    transfer_syntax = _meta_text(meta, 0x00020010)
    if has_meta:
        encoding = _encoding_of(transfer_syntax, label, allow_deflated=allow_deflated)
        if transfer_syntax == _DEFLATED:
            data, start = inflate(data, start, label), 0
        _refuse_contradiction(data, start, encoding, label)
    else:
        assert plausible is not None
        encoding = plausible
    source = Source(data, label, encoding)
    root = walk(source, start)
    source.misplaced[:0] = meta_source.misplaced
    if source.padding:
        deviations.append(f"{source.padding} zero bytes after the last element")
    if source.odd_lengths:
        deviations.append(f"{source.odd_lengths} values of odd length")
    return DicomFile(root, meta, transfer_syntax, part_10, tuple(deviations))


def _read_meta(meta: Dataset, position: int, deviations: list[str]) -> int:
    """Index group 0002, always explicit little endian (PS3.10 §7.1); return where the data set starts."""
    source = meta.source
    data, end = source.data, len(source.data)
    previous, stated_end = -1, None
    while end - position >= 2 and data[position : position + 2] == b"\x02\x00":
        if end - position < 8:
            raise DicomError("RTD002", source.label, f"byte {position}: the file meta information is cut short")
        group, element, raw_vr, length = unpack_from("<HH2sH", data, position)
        tag, value = group << 16 | element, position + 8
        vr = VALUE_REPRESENTATIONS.get(raw_vr, "")
        if not vr:
            raise DicomError("RTD004", source.label, f"{tag_name(tag)}: {raw_vr!r} is no value representation of DICOM")
        if vr in _LONG_META:
            if end - position < 12:
                raise DicomError("RTD002", source.label, f"byte {position}: the file meta information is cut short")
            length, value = unpack_from("<I", data, position + 8)[0], position + 12
        if value + length > end:
            raise DicomError("RTD002", source.label, f"{tag_name(tag)} needs {length} bytes, {end - value} are left")
        if tag <= previous:
            source.misplaced.append(tag_name(tag))
        if tag in meta.elements:
            raise DicomError("RTD010", source.label, f"{tag_name(tag)} is given twice in the file meta information")
        previous = tag
        meta.elements[tag] = Element(vr, value, length)
        position = value + length
        if tag == 0x00020000 and length == 4:
            stated_end = position + unpack_from("<I", data, value)[0]
    if stated_end != position:
        deviations.append("the length of the file meta information is missing or wrong")
    return position


def _meta_text(meta: Dataset, tag: int) -> str:
    element = meta.elements.get(tag)
    if element is None:
        return ""
    return meta.source.data[element.offset : element.offset + element.length].strip(b"\0 ").decode("ascii", "replace")


def _encoding_of(transfer_syntax: str, label: str, *, allow_deflated: bool) -> Encoding:
    if transfer_syntax in _NATIVE:
        return _NATIVE[transfer_syntax]
    if transfer_syntax == _DEFLATED:
        if allow_deflated:
            return _EXPLICIT  # PS3.5 §A.5
        problem = (
            "the data set is deflated; export it uncompressed (implicit or explicit little endian), or allow deflated "
            "files (--allow-deflated)"
        )
        raise DicomError("RTD004", label, f"TransferSyntaxUID (0002,0010): {problem}")
    if transfer_syntax not in _compressed():
        found = f"found {transfer_syntax!r}" if transfer_syntax else "it is absent"
        raise DicomError(
            "RTD004", label, f"TransferSyntaxUID (0002,0010): {found}, expected a transfer syntax of the standard"
        )
    # Compressed pixel data always come in an explicit little endian data set (PS3.5 §A.4).
    return _EXPLICIT


def _refuse_contradiction(data: bytes, start: int, encoding: Encoding, label: str) -> None:
    """Compare the first element with the encoding that the transfer syntax announces."""
    actual = _plausible_encoding(data[start : start + 16])
    if actual is not None and actual != encoding:
        problem = f"announces {encoding.name}, but the data set is {actual.name}; export it again"
        raise DicomError("RTD004", label, f"TransferSyntaxUID (0002,0010) {problem}")


@cache
def _compressed() -> frozenset[str]:
    from pydicom.uid import AllTransferSyntaxes

    return frozenset(map(str, AllTransferSyntaxes)) - _NATIVE.keys() - {_DEFLATED}


def _plausible_encoding(head: bytes) -> Encoding | None:
    """Return what the first element looks like, or None when it does not look like one."""
    if len(head) < 8:
        return None
    for encoding in (_EXPLICIT, _BIG, _IMPLICIT):
        order = ">" if encoding.big_endian else "<"
        group, element = unpack_from(order + "HH", head)
        if group not in (0x0002, 0x0008) or element > 0x1200:
            continue
        tag = group << 16 | element
        expected = representation_of_tag(tag)
        if expected is None:
            continue
        if encoding.explicit:
            if VALUE_REPRESENTATIONS.get(head[4:6]) == expected or head[4:6] == b"UN":
                return encoding
        elif group != 0x0002 and unpack_from("<I", head, 4)[0] < 0x10000:
            return encoding
    return None
