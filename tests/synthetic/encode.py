"""Datasets to bytes: transfer syntaxes, headers, sequence lengths; and bytes made wrong on purpose."""

from __future__ import annotations

import copy
import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pydicom
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.tag import Tag

__all__ = [
    "SYNTAXES",
    "Encoding",
    "cut",
    "duplicate_element",
    "element_span",
    "encode",
    "flip_bit",
    "overwrite_value",
    "pad_pixels",
    "shorten_pixels",
    "swap_elements",
    "write",
]

Encoding = Literal["implicit", "explicit", "big", "rle", "deflated"]

SYNTAXES: dict[str, str] = {
    "implicit": "1.2.840.10008.1.2",
    "explicit": "1.2.840.10008.1.2.1",
    "deflated": "1.2.840.10008.1.2.1.99",
    "big": "1.2.840.10008.1.2.2",
    "rle": "1.2.840.10008.1.2.5",
}

UNDEFINED = 0xFFFFFFFF
ITEM_END = 0xFFFEE00D
LONG_VRS = {b"SQ", b"OB", b"OW", b"OF", b"OD", b"OL", b"UN", b"UT", b"UC", b"UR"}


def encode(
    ds: Dataset,
    encoding: Encoding = "explicit",
    *,
    header: bool = True,
    undefined_lengths: bool = False,
    claim: str | None = None,
) -> bytes:
    """`ds` as the bytes of a file.

    Args:
        ds: as `tests.synthetic.dicom` makes it: little endian, native pixels. Its content is not changed.
        encoding: transfer syntax; "rle" needs pixel data.
        header: whether preamble, prefix and file meta information are written.
        undefined_lengths: sequences and items end with delimiters instead of stating their length.
        claim: transfer syntax UID written into the header in place of the true one.
    """
    ds = Dataset(ds)
    if "PixelData" in ds:
        ds["PixelData"] = copy.copy(ds["PixelData"])
    little = encoding != "big"
    if not little and "PixelData" in ds:
        ds["PixelData"].value = np.frombuffer(ds.PixelData, f"<u{ds.BitsAllocated // 8}").byteswap().tobytes()
    _prepare(ds, undefined_lengths, encoding == "implicit", little)
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = ds.get("SOPClassUID", "1.2.3")
    meta.MediaStorageSOPInstanceUID = ds.get("SOPInstanceUID", "1.2.3")
    meta.ImplementationClassUID, meta.ImplementationVersionName = "2.25.2026030201", "RTCHECK_SYNTH_1"
    meta.TransferSyntaxUID = SYNTAXES[encoding]
    if encoding == "rle":
        ds["PixelData"].value = encapsulate([_rle_frame(frame) for frame in _frames(ds)])
        ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    out = io.BytesIO()
    if header:
        ds.file_meta, ds.preamble = meta, b"\0" * 128
        pydicom.dcmwrite(out, ds, enforce_file_format=True)
    else:
        ds.file_meta = FileMetaDataset()
        pydicom.dcmwrite(out, ds, implicit_vr=encoding == "implicit", little_endian=little)
    data = out.getvalue()
    return data if claim is None else _relabel(data, str(meta.TransferSyntaxUID), claim)


def write(ds: Dataset, path: Path, encoding: Encoding = "explicit", **options: bool) -> Path:
    """Write `encode(ds, encoding, **options)` to `path` and return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(ds, encoding, **options))
    return path


def _frames(ds: Dataset) -> np.ndarray:
    """(frames, bytes per value, values) of native little endian pixels, the most significant byte first."""
    width = ds.BitsAllocated // 8
    values = np.frombuffer(ds.PixelData, np.uint8).reshape(int(ds.get("NumberOfFrames", 1)), -1, width)
    return values[:, :, ::-1].transpose(0, 2, 1)


def _rle_frame(planes: np.ndarray) -> bytes:
    """One frame as RLE Lossless (PS3.5 §G): a header of 16 numbers, then a PackBits segment for each byte plane.

    pydicom's own encoder refuses 32 bit, which exporting systems do write.
    """
    segments = [_pack_bits(plane) for plane in planes]
    offsets = np.cumsum([64, *map(len, segments)])[:-1]
    header = np.zeros(16, "<u4")
    header[: len(segments) + 1] = [len(segments), *offsets]
    return header.tobytes() + b"".join(segments)


def _pack_bits(plane: np.ndarray) -> bytes:
    out = bytearray()
    edges = [0, *(np.flatnonzero(np.diff(plane)) + 1).tolist(), len(plane)]
    for start, stop in itertools.pairwise(edges):
        for at in range(start, stop, 128):
            count = min(128, stop - at)
            out += bytes([(257 - count) % 256, int(plane[at])]) if count > 1 else bytes([0, int(plane[at])])
    return bytes(out) + b"\0" * (len(out) % 2)


def _prepare(ds: Dataset, undefined: bool, implicit: bool, little: bool) -> None:
    """Set sequence lengths; tell pydicom that raw elements are in the target encoding, so that it leaves them alone."""
    ds.set_original_encoding(implicit, little, ds._character_set)
    for tag in ds.keys():  # get_item keeps raw elements raw
        element = ds.get_item(tag)
        if element.VR == "SQ":
            element.is_undefined_length = undefined
            for item in element.value:
                item.is_undefined_length_sequence_item = undefined
                _prepare(item, undefined, implicit, little)


def _relabel(data: bytes, old: str, new: str) -> bytes:
    def element(uid: str) -> bytes:
        value = uid.encode() + b"\0" * (len(uid) % 2)
        return b"\x02\x00\x10\x00UI" + len(value).to_bytes(2, "little") + value

    shift = len(element(new)) - len(element(old))
    length = int.from_bytes(data[140:144], "little") + shift
    return data[:140] + length.to_bytes(4, "little") + data[144:].replace(element(old), element(new), 1)


def cut(data: bytes, at: int) -> bytes:
    """The first `at` bytes (negative: without the last ones), as an interrupted copy leaves them."""
    return data[:at]


def flip_bit(data: bytes, byte: int, bit: int) -> bytes:
    """`data` with one bit inverted."""
    return data[:byte] + bytes([data[byte] ^ (1 << bit)]) + data[byte + 1 :]


def element_span(data: bytes, *path: str | int) -> tuple[int, int, int]:
    """Where an element stands in an explicit little endian file with header: start of its tag, of its value, end.

    `path` alternates keywords and item numbers: ``"FractionGroupSequence", 0, "NumberOfFractionsPlanned"``.
    """
    start, end = 132, len(data)
    for position, part in enumerate(path):
        if isinstance(part, int):
            start, end = list(_items(data, start, end))[part]
            continue
        tag = Tag(part)
        head, start, end = next(
            (tell, value, stop) for found, tell, value, stop in _elements(data, start, end) if found == tag
        )
        if position == len(path) - 1:
            return head, start, end
    raise ValueError("a path ends with a keyword")


def _elements(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    while at < end:
        tag = int.from_bytes(data[at : at + 2], "little") << 16 | int.from_bytes(data[at + 2 : at + 4], "little")
        if tag == ITEM_END:
            return
        if data[at + 4 : at + 6] in LONG_VRS:
            value, length = at + 12, int.from_bytes(data[at + 8 : at + 12], "little")
        else:
            value, length = at + 8, int.from_bytes(data[at + 6 : at + 8], "little")
        stop = value + length if length != UNDEFINED else _last(_items(data, value, end), value) + 8
        yield tag, at, value, stop
        at = stop


def _items(data: bytes, at: int, end: int) -> Iterator[tuple[int, int]]:
    while at < end and data[at : at + 4] == b"\xfe\xff\x00\xe0":
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8
        if length != UNDEFINED:
            stop = at + length
            yield at, stop
            at = stop
        else:
            stop = max([at, *(last for *_, last in _elements(data, at, end))])
            yield at, stop
            at = stop + 8


def _last(items: Iterator[tuple[int, int]], start: int) -> int:
    """Where the sequence delimiter stands, behind the last item and its own delimiter."""
    stops = [stop for _, stop in items]
    return stops[-1] + 8 if stops else start


def overwrite_value(data: bytes, value: bytes, *path: str | int) -> bytes:
    """`data` with the value bytes at `path` replaced in place; `value` must have the same length."""
    _, start, end = element_span(data, *path)
    if len(value) != end - start:
        raise ValueError(f"{len(value)} bytes cannot replace {end - start}")
    return data[:start] + value + data[end:]


def duplicate_element(data: bytes, keyword: str, value: bytes) -> bytes:
    """`data` with a top-level short element repeated right behind itself with another value."""
    head, _, end = element_span(data, keyword)
    value += b" " * (len(value) % 2)
    twin = data[head : head + 6] + len(value).to_bytes(2, "little") + value
    return data[:end] + twin + data[end:]


def swap_elements(data: bytes, first: str, second: str) -> bytes:
    """`data` with two top-level elements in each other's place, so that tags no longer ascend."""
    a, _, b = element_span(data, first)
    c, _, d = element_span(data, second)
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def pad_pixels(ds: Dataset, extra: int) -> None:
    """Add `extra` zero bytes to the pixel data, more than the header announces."""
    ds["PixelData"].value = ds.PixelData + b"\0" * extra


def shorten_pixels(ds: Dataset, missing: int) -> None:
    """Take `missing` bytes away from the end of the pixel data."""
    ds["PixelData"].value = ds.PixelData[:-missing]
