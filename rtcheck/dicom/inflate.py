"""A deflated data set made whole again (PS3.5 §A.5), in pieces, and never beyond what a real export needs.

A megabyte can hold a gigabyte of zeros. So the size is capped twice: by what was read so far, and in all.
"""

from __future__ import annotations

import zlib

from rtcheck.errors import DicomError

__all__ = ["MAX_INFLATED_BYTES", "MAX_RATIO", "inflate"]

MAX_INFLATED_BYTES = 1 << 30
"""A data set larger than this is refused while it is being made."""
MAX_RATIO = 200
"""A data set more than so many times larger than its file is refused while it is being made."""
_PIECE = 1 << 20


def inflate(data: bytes, start: int, label: str) -> bytes:
    """Inflate the data set that begins at byte `start` and runs to the end of the file.

    Args:
        data: the whole file.
        start: where the deflated part begins: raw, without a header of its own (RFC 1951).
        label: the file, for messages.

    Raises:
        DicomError: RTD005 larger than the caps, RTD002 cut short or damaged, or bytes behind its end.
    """
    most = min(MAX_INFLATED_BYTES, MAX_RATIO * (len(data) - start))
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    out = bytearray()
    rest: bytes | memoryview = memoryview(data)[start:]
    try:
        while not stream.eof:
            piece = stream.decompress(rest, min(_PIECE, most + 1 - len(out)))
            if not piece and not stream.eof:
                raise DicomError("RTD002", label, "the deflated data set is cut short; export the file again")
            out += piece
            if len(out) > most:
                problem = f"inflates to more than {most} bytes (at most {MAX_RATIO} times its size, and 1 GiB)"
                raise DicomError("RTD005", label, f"the deflated data set {problem}; export it uncompressed")
            rest = stream.unconsumed_tail
    except zlib.error as error:
        raise DicomError("RTD002", label, "the deflated data set is damaged; export the file again") from error
    if stream.unused_data.strip(b"\0"):
        problem = f"{len(stream.unused_data)} bytes behind the deflated data set"
        raise DicomError("RTD002", label, f"{problem}; export the file again")
    return bytes(out)
