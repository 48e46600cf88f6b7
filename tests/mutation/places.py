"""Where the elements of a DICOM file stand, so that mutations can be aimed: a walk of its own, for intact files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from pydicom.datadict import dictionary_VR

__all__ = ["Place", "places"]

_LONG = {b"SQ", b"OB", b"OW", b"OF", b"OD", b"OL", b"UN", b"UT", b"UC", b"UR", b"OV", b"SV", b"UV"}
_UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True)
class Place:
    """One element or item: `start` of its tag, its value from `value` to `end`; `size` bytes of length at `length`."""

    tag: int
    vr: str
    start: int
    length: int
    size: int
    value: int
    end: int
    depth: int


@lru_cache(maxsize=128)
def places(data: bytes) -> tuple[Place, ...]:
    """Every element and item of an intact file, in file order; of one that is damaged, those whose header is there."""
    start, explicit, order = 0, False, "little"
    found: list[Place] = []
    try:
        if data[128:132] == b"DICM":
            start = 132
            while data[start : start + 2] == b"\x02\x00":
                start = _element(data, start, len(data), "little", True, 0, found)
            syntax = next(bytes(data[p.value : p.end]).strip(b"\0 ") for p in found if p.tag == 0x00020010)
            explicit = syntax != b"1.2.840.10008.1.2"
            order = "big" if syntax == b"1.2.840.10008.1.2.2" else "little"
            if syntax == b"1.2.840.10008.1.2.1.99":
                return tuple(found)
        else:
            explicit = data[4:6].isalpha() and data[4:6].isupper()
        _elements(data, start, len(data), order, explicit, 0, found)
    except (IndexError, ValueError, StopIteration, KeyError):
        pass
    return tuple(place for place in found if place.value <= len(data))


def _elements(data: bytes, at: int, end: int, order: str, explicit: bool, depth: int, found: list[Place]) -> int:
    while at < end:
        tag = int.from_bytes(data[at : at + 2], order) << 16 | int.from_bytes(data[at + 2 : at + 4], order)
        if tag in (0xFFFEE00D, 0xFFFEE0DD):
            return at + 8
        at = _element(data, at, end, order, explicit, depth, found)
    return at


def _element(data: bytes, at: int, end: int, order: str, explicit: bool, depth: int, found: list[Place]) -> int:
    tag = int.from_bytes(data[at : at + 2], order) << 16 | int.from_bytes(data[at + 2 : at + 4], order)
    item = tag == 0xFFFEE000
    vr = b"" if item or not explicit else data[at + 4 : at + 6]
    where, size = (at + 4, 4) if not vr else (at + 8, 4) if vr in _LONG else (at + 6, 2)
    value, length = where + size, int.from_bytes(data[where : where + size], order)
    if not vr and not item:
        try:
            vr = dictionary_VR(tag).encode()
        except KeyError:
            vr = b"UN"
    index = len(found)
    stop = value + length if length != _UNDEFINED else end
    found.append(Place(tag, "item" if item else vr.decode(), at, where, size, value, stop, depth))
    if item or vr == b"SQ" or (length == _UNDEFINED and vr in (b"OB", b"OW")):
        stop = _elements(data, value, stop, order, explicit, depth + 1, found) if length else stop
        if vr in (b"OB", b"OW"):
            stop = _after_fragments(data, value)
        place = found[index]
        found[index] = Place(place.tag, place.vr, place.start, where, size, value, stop, depth)
    return stop


def _after_fragments(data: bytes, at: int) -> int:
    while data[at : at + 4] == b"\xfe\xff\x00\xe0":
        at += 8 + int.from_bytes(data[at + 4 : at + 8], "little")
    return at + 8
