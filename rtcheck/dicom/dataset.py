"""The index of one DICOM object: where every element's value lies in the file's bytes.

pydicom turns each element into a Python object before anyone has checked that the lengths add up, and it guesses where
a file is wrong. Here the bytes stay bytes: the walker (`rtcheck.dicom.walker`) checks the structure and notes offsets,
the getters (`rtcheck.dicom.attributes`) read single values strictly. pydicom supplies the dictionary and the character
sets, and is the second reader in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from rtcheck.dicom.dictionary import keyword_of_tag, tag_of_keyword

__all__ = ["DUPLICATE", "MAX_LISTED", "Dataset", "Element", "Encoding", "Source", "tag_name", "tag_of"]

DUPLICATE = "duplicate"
"""Stands in `Element.vr` for a tag that occurs twice in one data set: its value is anybody's guess."""


MAX_LISTED = 10
"""Misplaced elements beyond this are not listed: a hostile file could have millions."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How elements are written (PS3.5 §7.1, §10): `explicit` value representations or not, byte order."""

    explicit: bool
    big_endian: bool

    @property
    def name(self) -> str:
        """For messages."""
        return f"{'explicit' if self.explicit else 'implicit'} {'big' if self.big_endian else 'little'} endian"


@dataclass(slots=True)
class Source:
    """The bytes of one file, with the name to use in messages.

    Attributes:
        data: the whole file.
        label: file name relative to the PATH given.
        encoding: of the data set (the meta information is always explicit little endian).
        fragments: of encapsulated pixel data, (offset, length) each, the basic offset table first.
        misplaced: paths of elements out of ascending order or given twice, the first `MAX_LISTED` of them.
        odd_lengths: number of values of odd length.
        padding: number of zero bytes after the last element.
    """

    data: bytes
    label: str
    encoding: Encoding
    fragments: list[tuple[int, int]] = field(default_factory=list)
    misplaced: list[str] = field(default_factory=list)
    odd_lengths: int = 0
    padding: int = 0


class Element(NamedTuple):
    """One element: its value is ``data[offset:offset + length]``.

    `vr` is as written; empty where the encoding has none; "SQ" when `items` were read; `DUPLICATE` when given twice.
    """

    vr: str
    offset: int
    length: int
    items: tuple[Dataset, ...] = ()


class Dataset:
    """The elements of a data set or of one sequence item, by tag; knows its place for messages."""

    __slots__ = ("elements", "number", "parent", "source", "tag")

    def __init__(self, source: Source, parent: Dataset | None = None, tag: int = 0, number: int = 0) -> None:
        self.source = source
        self.elements: dict[int, Element] = {}
        self.parent = parent
        self.tag = tag
        self.number = number

    def path(self) -> str:
        """Such as ``ROIContourSequence[3].ContourSequence[12]`` (counted from 1); empty for the object itself."""
        parts = []
        node: Dataset | None = self
        while node is not None and node.parent is not None:
            parts.append(f"{keyword_of_tag(node.tag) or tag_name(node.tag)}[{node.number}]")
            node = node.parent
        return ".".join(reversed(parts))

    def place(self, tag: int) -> str:
        """Where an element of this data set is: path, keyword and tag."""
        path = self.path()
        return f"{path}.{tag_name(tag)}" if path else tag_name(tag)


@cache
def tag_of(keyword: str) -> int:
    """Return the tag of a keyword of the data dictionary (PS3.6)."""
    tag = tag_of_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return tag


@cache
def tag_name(tag: int) -> str:
    """Such as ``DoseUnits (3004,0002)``; the bare tag where the dictionary does not know it."""
    bare = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
    keyword = keyword_of_tag(tag)
    return f"{keyword} {bare}" if keyword else bare
