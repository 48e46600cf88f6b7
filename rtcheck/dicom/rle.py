"""RLE Lossless (PS3.5 Annex G), bounded: nothing larger than a frame is ever made, whatever the fragment says."""

from __future__ import annotations

from struct import unpack_from

import numpy as np
from numpy.typing import NDArray

__all__ = ["RleError", "decode_frame"]

_HEADER = 64
"""Bytes of the header of a frame: the number of segments and the offsets of up to fifteen (PS3.5 §G.5)."""


class RleError(ValueError):
    """A fragment is not a frame of the size that the header of the object states."""


def decode_frame(fragment: bytes, pixels: int, bits: int) -> NDArray[np.uint16] | NDArray[np.uint32]:
    """Decode one frame of one sample for each pixel.

    Args:
        fragment: the frame's only fragment.
        pixels: rows times columns.
        bits: 16 or 32; as many segments as bytes, the most significant first (PS3.5 §G.2).

    Returns:
        (pixels,) unsigned integers, native byte order.

    Raises:
        RleError: the segments do not hold exactly `pixels` bytes each.
    """
    width = bits // 8
    if len(fragment) < _HEADER:
        raise RleError("shorter than the header of a frame")
    count, *offsets = unpack_from("<16I", fragment)
    if count != width:
        raise RleError(f"{count} segments, {width} expected")
    ends = [*offsets[1:count], len(fragment)]
    if offsets[0] != _HEADER or any(start >= end for start, end in zip(offsets[:count], ends, strict=True)):
        raise RleError("the segments are out of order or do not begin after the header")
    out = np.empty((pixels, width), dtype=np.uint8)
    for place, (start, end) in enumerate(zip(offsets[:count], ends, strict=True)):
        out[:, place] = np.frombuffer(_unpack(fragment[start:end], pixels), dtype=np.uint8)
    return out.view(f">u{width}").reshape(pixels).astype(f"u{width}")


def _unpack(segment: bytes, size: int) -> bytes:
    """Undo the byte packing of a segment (PS3.5 §G.3.2) into exactly `size` bytes."""
    out = bytearray()
    at = 0
    while at < len(segment) and len(out) < size:
        head = segment[at]
        if head < 128:
            out += segment[at + 1 : at + 2 + head]
            at += head + 2
        elif head > 128:
            out += segment[at + 1 : at + 2] * (257 - head)
            at += 2
        else:
            at += 1
    if at > len(segment) or len(out) != size:
        raise RleError(f"a segment holds {len(out)} bytes, {size} expected")
    if segment[at:].strip(b"\0\x80"):
        raise RleError("a segment goes on behind its last pixel")
    return bytes(out)
