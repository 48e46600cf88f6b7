"""The stored integers of a dose grid or an image (PS3.3 §C.8.8.3.4, §C.7.6.3; PS3.5 §8, annexes A.4.2 and G)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtcheck.dicom.attributes import fault, has, integer, required_code, required_unsigned
from rtcheck.dicom.dataset import DUPLICATE, Dataset, tag_of
from rtcheck.dicom.rle import RleError, decode_frame

__all__ = ["MAX_PIXEL_BYTES", "decode_values", "read_stored_values"]

MAX_PIXEL_BYTES = 2 << 30
"""Decoded pixel data beyond this are refused before anything is allocated."""

_RLE = "1.2.840.10008.1.2.5"
_NATIVE = ("", *(f"1.2.840.10008.1.2{suffix}" for suffix in ("", ".1", ".2", ".1.99")))
"""Transfer syntaxes whose pixels stand as they are (PS3.5 §A.1 to §A.3, §A.5); empty: the file does not state one."""


def read_stored_values(root: Dataset, transfer_syntax: str, shape: tuple[int, int, int]) -> NDArray[Any]:
    """Return the unsigned integers of all planes as stored, (planes, rows, columns), native byte order, writable.

    Args:
        root: an RT Dose.
        transfer_syntax: its UID, empty when the file does not state one.
        shape: (planes, rows, columns) of its geometry; NumberOfFrames and the data must agree.

    Raises:
        DicomError: RTD004 compressed in an unsupported way, RTD005 too large, RTD207 not as the dose module says,
            RTD208 size differs from the header, RTD209 NumberOfFrames differs from the planes.
    """
    planes = shape[0]
    bits = _bits(root)
    frames = integer(root, "NumberOfFrames", "RTD209")
    if (frames if frames is not None else 1) != planes:
        found = "absent" if frames is None else f"found {frames}"
        raise fault("RTD209", root, "NumberOfFrames", f"{found}, but there are {planes} plane offsets")
    return decode_values(root, transfer_syntax, shape, bits)


def decode_values(root: Dataset, transfer_syntax: str, shape: tuple[int, int, int], bits: int) -> NDArray[Any]:
    """Return the pixel data of an object as unsigned integers of `bits` bits, (planes, rows, columns), writable.

    Args:
        root: an object with one sample for each pixel.
        transfer_syntax: its UID, empty when the file does not state one.
        shape: (planes, rows, columns); the data must have exactly this size.
        bits: BitsAllocated, 16 or 32.

    Raises:
        DicomError: RTD004 compressed in an unsupported way, RTD005 too large, RTD208 size differs from the header.
    """
    planes, rows, columns = shape
    expected = planes * rows * columns * bits // 8
    if expected > MAX_PIXEL_BYTES:
        raise fault("RTD005", root, "PixelData", f"{expected} bytes, at most {MAX_PIXEL_BYTES} are read")
    if transfer_syntax == _RLE:
        return _decode_rle(root, planes, rows, columns, bits)
    if transfer_syntax not in _NATIVE:
        raise fault(
            "RTD004",
            root,
            "PixelData",
            f"compressed with transfer syntax {transfer_syntax}; lossy compression alters dose: export it uncompressed",
        )
    return _native(root, expected, bits).reshape(planes, rows, columns)


def _bits(root: Dataset) -> int:
    """Bits of one value; everything else that the dose module fixes is checked."""
    wrong = "RTD207"
    samples = required_unsigned(root, "SamplesPerPixel", wrong)
    if samples != 1:
        raise fault(wrong, root, "SamplesPerPixel", f"found {samples}, expected 1")
    required_code(root, "PhotometricInterpretation", ("MONOCHROME2",), wrong)
    bits = required_unsigned(root, "BitsAllocated", wrong)
    if bits not in (16, 32):
        raise fault(wrong, root, "BitsAllocated", f"found {bits}, expected 16 or 32")
    for keyword, expected in (("BitsStored", bits), ("HighBit", bits - 1), ("PixelRepresentation", 0)):
        found = required_unsigned(root, keyword, wrong)
        if found != expected:
            raise fault(wrong, root, keyword, f"found {found}, expected {expected}")
    for keyword in ("FloatPixelData", "DoubleFloatPixelData"):
        if has(root, keyword):
            raise fault(wrong, root, keyword, "floating-point pixel data are not part of RT Dose")
    return bits


def _native(root: Dataset, expected: int, bits: int) -> NDArray[Any]:
    element = root.elements.get(tag_of("PixelData"))
    if element is None or element.vr == DUPLICATE:
        raise fault("RTD208", root, "PixelData", "absent or given twice: there is no dose grid")
    source = root.source
    # Bytes (OB) and unknowns (UN) are swapped by nobody, so that in a big endian file their order is anybody's guess.
    allowed = ("", "OW") if source.encoding.big_endian else ("", "OW", "OB", "UN")
    if element.vr not in allowed:
        raise fault("RTD207", root, "PixelData", f"found value representation {element.vr}, expected OW")
    if source.fragments:
        raise fault("RTD004", root, "PixelData", "encapsulated, but the transfer syntax is an uncompressed one")
    if element.length not in (expected, expected + (expected & 1)):
        raise fault("RTD208", root, "PixelData", f"found {element.length} bytes, the header needs {expected}")
    stored = np.dtype(f"{'>' if source.encoding.big_endian else '<'}u{bits // 8}")
    values = np.frombuffer(source.data, stored, expected * 8 // bits, element.offset)
    return values.astype(stored.newbyteorder("="))


def _decode_rle(root: Dataset, planes: int, rows: int, columns: int, bits: int) -> NDArray[Any]:
    """RLE Lossless: one fragment for each frame after the offset table (PS3.5 §A.4.2)."""
    source = root.source
    fragments = source.fragments[1:]
    if len(fragments) != planes:
        raise fault("RTD208", root, "PixelData", f"found {len(fragments)} compressed frames, expected {planes}")
    _check_offset_table(root)
    largest = 64 * sum(length for _, length in fragments)  # two bytes make at most 128 (PS3.5 §G.3.1)
    if planes * rows * columns * bits // 8 > largest:
        raise fault("RTD208", root, "PixelData", "the compressed frames are too short for the size of the grid")
    out = np.empty((planes, rows * columns), dtype=f"u{bits // 8}")
    for number, (offset, length) in enumerate(fragments):
        try:
            out[number] = decode_frame(source.data[offset : offset + length], rows * columns, bits)
        except RleError as error:
            raise fault("RTD208", root, "PixelData", f"frame {number + 1} cannot be decoded: {error}") from error
    return out.reshape(planes, rows, columns)


def _check_offset_table(root: Dataset) -> None:
    """Compare the basic offset table, where there is one, with where the frames are (PS3.5 §A.4)."""
    source = root.source
    (start, length), *frames = source.fragments
    if not length:
        return
    found = np.frombuffer(source.data, "<u4", length // 4, start).tolist()
    if length % 4 or found != [offset - frames[0][0] for offset, _ in frames]:
        raise fault("RTD208", root, "PixelData", "the basic offset table does not fit the compressed frames")
