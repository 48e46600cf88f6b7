"""Walk the lengths of a DICOM file before anything in it is believed (PS3.5 §7.1, §7.5, §A.4).

With defined-length sequences a file cut short often still parses: contours are simply missing, an organ looks spared.
So every element must end inside its item, every item inside its sequence, and the last element where the file ends.
"""

from __future__ import annotations

from struct import Struct

from rtcheck.dicom.dataset import DUPLICATE, MAX_LISTED, Dataset, Element, Source, tag_name
from rtcheck.dicom.dictionary import representation_of_tag, sequence_tags
from rtcheck.errors import DicomError

__all__ = ["MAX_DEPTH", "MAX_ELEMENTS", "VALUE_REPRESENTATIONS", "walk"]

MAX_DEPTH = 32
"""Sequences nested deeper than this are refused; real objects stay under ten."""
MAX_ELEMENTS = 5_000_000
"""Elements and items of one file beyond this are refused."""

VALUE_REPRESENTATIONS = {
    vr.encode(): vr
    for vr in (
        *("AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "OB", "OD", "OF", "OL", "OV", "OW"),
        *("PN", "SH", "SL", "SQ", "SS", "ST", "SV", "TM", "UC", "UI", "UL", "UN", "UR", "US", "UT", "UV"),
    )
}
"""Every value representation of PS3.5 §6.2, by its two bytes."""
_LONG = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"))
_SEQUENCES = sequence_tags()
_PIXEL_DATA = 0x7FE00010
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF


def walk(source: Source, start: int) -> Dataset:
    """Index the data set that runs from byte `start` to the end of the file.

    Zero bytes after the last element are counted in ``source.padding``; elements out of order or given twice are listed
    in ``source.misplaced``.

    Raises:
        DicomError: RTD002 when lengths do not add up, RTD004 when a value representation is impossible, RTD005 when
            nesting or number of elements pass the caps.
    """
    root = Dataset(source)
    _Walk(source).dataset(root, start, len(source.data), delimited=False, explicit=source.encoding.explicit, depth=0)
    return root


class _Walk:
    """The walk over one file: what all levels share."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.data = source.data
        order = ">" if source.encoding.big_endian else "<"
        self.implicit_header = Struct(order + "HHI").unpack_from
        self.explicit_header = Struct(order + "HH2sH").unpack_from
        self.length_32 = Struct(order + "I").unpack_from
        self.count = 0

    def fail(self, code: str, node: Dataset, position: int, problem: str) -> DicomError:
        path = node.path()
        return DicomError(code, self.source.label, f"byte {position}{f', in {path}' if path else ''}: {problem}")

    def too_short(self, node: Dataset, position: int, what: str, needed: int, left: int) -> DicomError:
        problem = f"{what} needs {needed} bytes, {left} are left: the file is cut short or a length is wrong"
        return self.fail("RTD002", node, position, problem)

    def dataset(self, node: Dataset, position: int, end: int, *, delimited: bool, explicit: bool, depth: int) -> int:
        """Index elements into `node` up to `end`, or up to the item delimiter; return the position after it."""
        elements = node.elements
        previous = -1
        while position < end:
            if end - position < 8:
                if depth == 0 and not self.data[position:].strip(b"\0"):
                    self.source.padding = end - position
                    return end
                raise self.fail("RTD002", node, position, f"{end - position} bytes left, an element needs at least 8")
            vr = ""
            value = position + 8
            if explicit:
                group, element, raw_vr, length = self.explicit_header(self.data, position)
                if group == 0xFFFE:
                    length = self.length_32(self.data, position + 4)[0]
                elif group >= 8:
                    vr = VALUE_REPRESENTATIONS.get(raw_vr, "")
                    if not vr:
                        raise self.fail("RTD004", node, position, f"{raw_vr!r} is no value representation of DICOM")
                    if vr in _LONG:
                        if end - position < 12:
                            raise self.fail("RTD002", node, position, "the element's header is cut off")
                        length = self.length_32(self.data, position + 8)[0]
                        value = position + 12
            else:
                group, element, length = self.implicit_header(self.data, position)
            tag = group << 16 | element

            if group < 8 or group >= 0xFFFE:
                if tag == _ITEM_END and delimited and length == 0:
                    return value
                if tag == 0 and depth == 0 and not self.data[position:].strip(b"\0"):
                    self.source.padding = end - position
                    return end
                raise self.fail("RTD002", node, position, f"{tag_name(tag)} cannot stand here; a length is wrong")
            self.count += 1
            if self.count > MAX_ELEMENTS:
                raise self.fail("RTD005", node, position, f"more than {MAX_ELEMENTS} elements")

            found: Element
            if length == _UNDEFINED:
                found, position = self.undefined(node, tag, vr, value, end, explicit=explicit, depth=depth)
            else:
                stop = value + length
                if stop > end:
                    raise self.too_short(node, position, tag_name(tag), length, end - value)
                if vr == "SQ" or (tag in _SEQUENCES and vr in ("", "UN")):
                    inner = vr == "SQ"
                    items, _ = self.sequence(node, tag, value, stop, delimited=False, explicit=inner, depth=depth + 1)
                    found = Element("SQ", value, length, items)
                else:
                    found = Element(vr, value, length)
                if length & 1:
                    self.source.odd_lengths += 1
                position = stop
            if tag <= previous:
                if len(self.source.misplaced) < MAX_LISTED:
                    self.source.misplaced.append(node.place(tag))
                if tag in elements:
                    found = Element(DUPLICATE, found.offset, found.length)
            else:
                previous = tag
            elements[tag] = found
        if delimited:
            raise self.fail("RTD002", node, position, "the item's end mark is missing: the file is cut short")
        return position

    def undefined(
        self, node: Dataset, tag: int, vr: str, value: int, end: int, *, explicit: bool, depth: int
    ) -> tuple[Element, int]:
        """Index an element of undefined length: a sequence, or encapsulated pixel data (PS3.5 §7.5.2, §A.4)."""
        if tag == _PIXEL_DATA and vr in ("OB", "OW") and depth == 0:
            position = self.encapsulated(node, value, end)
            return Element(vr, value, position - value), position
        if vr not in ("SQ", "UN", ""):
            raise self.fail("RTD002", node, value, f"{tag_name(tag)} of representation {vr} has no length")
        known = representation_of_tag(tag)
        if known not in (None, "SQ", "UN"):
            # Read as a sequence it would hide what stood there, as a sequence whose tag was altered does.
            raise self.fail("RTD002", node, value, f"{tag_name(tag)} is no sequence ({known}) and has no length")
        # An unknown element of undefined length holds implicit items whatever the rest is (PS3.5 §6.2.2, note 4).
        inner = explicit and vr == "SQ"
        items, position = self.sequence(node, tag, value, end, delimited=True, explicit=inner, depth=depth + 1)
        return Element("SQ", value, position - value, items), position

    def sequence(
        self, node: Dataset, tag: int, position: int, end: int, *, delimited: bool, explicit: bool, depth: int
    ) -> tuple[tuple[Dataset, ...], int]:
        """Index the items of a sequence up to `end` exactly, or up to its delimiter; return them and where they end."""
        if depth > MAX_DEPTH:
            raise self.fail("RTD005", node, position, f"sequences nested deeper than {MAX_DEPTH}")
        if not explicit and self.source.encoding.big_endian:
            raise self.fail("RTD004", node, position, "a sequence of unknown representation in a big endian file")
        items: list[Dataset] = []
        while delimited or position < end:
            if end - position < 8:
                raise self.fail("RTD002", node, position, f"{tag_name(tag)}: an item or its end mark is cut off")
            group, element, length = self.implicit_header(self.data, position)
            mark = group << 16 | element
            if mark == _SEQUENCE_END and delimited and length == 0:
                return tuple(items), position + 8
            if mark != _ITEM:
                raise self.fail("RTD002", node, position, f"{tag_name(tag)}: an item expected, {tag_name(mark)} found")
            self.count += 1
            if self.count > MAX_ELEMENTS:
                raise self.fail("RTD005", node, position, f"more than {MAX_ELEMENTS} items")
            child = Dataset(self.source, node, tag, len(items) + 1)
            if length == _UNDEFINED:
                position = self.dataset(child, position + 8, end, delimited=True, explicit=explicit, depth=depth)
            else:
                stop = position + 8 + length
                if stop > end:
                    raise self.too_short(child, position, "the item", length, end - position - 8)
                position = self.dataset(child, position + 8, stop, delimited=False, explicit=explicit, depth=depth)
            items.append(child)
        return tuple(items), position

    def encapsulated(self, node: Dataset, position: int, end: int) -> int:
        """Note the fragments of encapsulated pixel data; return the position after them."""
        while end - position >= 8:
            group, element, length = self.implicit_header(self.data, position)
            mark = group << 16 | element
            if mark == _SEQUENCE_END and length == 0:
                return position + 8
            if mark != _ITEM or length > end - position - 8:
                raise self.fail("RTD002", node, position, "a fragment of the pixel data is cut short")
            self.source.fragments.append((position + 8, length))
            self.count += 1
            if self.count > MAX_ELEMENTS:
                raise self.fail("RTD005", node, position, f"more than {MAX_ELEMENTS} fragments")
            position += 8 + length
        raise self.fail("RTD002", node, position, "the end mark of the pixel data is missing: the file is cut short")
