"""Class B: mutations that break a file as broken copies, bad disks and bad programs do. They edit bytes.

Each takes the files and a random generator and returns the files changed and a few words about what was done, or None
where it has nothing to act on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from tests.mutation.places import places

__all__ = ["BREAKING", "Mutation"]

Files = Mapping[str, bytes]
Mutation = Callable[[Files, Random], tuple[dict[str, bytes], str] | None]

_SYNTAXES = (
    b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1", b"1.2.840.10008.1.2.2", b"1.2.840.10008.1.2.5",
    b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.4.50", b"1.2.840.10008.1.2.4.90", b"1.2.3",
)  # fmt: skip
_VRS = (b"DS", b"IS", b"LO", b"UN", b"OB", b"OW", b"SQ", b"US", b"UI", b"UT", b"CS", b"PN", b"zz", b"\0\0")


def _one(change: Callable[[bytes, Random], tuple[bytes, str] | None]) -> Mutation:
    """A mutation of one file, chosen at random."""

    def mutate(files: Files, random: Random) -> tuple[dict[str, bytes], str] | None:
        name = random.choice(sorted(files))
        done = change(files[name], random)
        return None if done is None else ({**files, name: done[0]}, f"{name}: {done[1]}")

    return mutate


def _flip(data: bytes, random: Random) -> tuple[bytes, str]:
    out = bytearray(data)
    at = [random.randrange(len(data)) for _ in range(random.choice((1, 1, 1, 2, 4)))]
    for place in at:
        out[place] ^= 1 << random.randrange(8)
    return bytes(out), f"bits flipped at {at}"


def _flip_header(data: bytes, random: Random) -> tuple[bytes, str] | None:
    """A bit of a tag, a representation or a length."""
    found = places(data)
    if not found:
        return None
    place = random.choice(found)
    at = random.randrange(place.start, place.value)
    bit = random.randrange(8)
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :], f"bit {bit} of header byte {at} flipped"


def _set(data: bytes, random: Random) -> tuple[bytes, str]:
    at = random.randrange(len(data))
    new = random.choice((0, 0x20, 0x5C, 0xFF, 0x30, 0x2E, 0x1B, random.randrange(256)))
    return data[:at] + bytes([new]) + data[at + 1 :], f"byte {at} set to {new}"


def _cut(data: bytes, random: Random) -> tuple[bytes, str]:
    at = random.randrange(len(data))
    return data[:at], f"cut at {at}"


def _cut_at_element(data: bytes, random: Random) -> tuple[bytes, str] | None:
    found = places(data)
    if not found:
        return None
    at = random.choice((random.choice(found).start, random.choice(found).end, random.choice(found).value))
    return data[:at], f"cut at the boundary {at}"


def _zero_rest(data: bytes, random: Random) -> tuple[bytes, str]:
    at = random.randrange(len(data))
    return data[:at] + bytes(len(data) - at), f"zeros from {at} on"


def _zero_block(data: bytes, random: Random) -> tuple[bytes, str]:
    size = random.choice((1, 2, 4, 16, 64, 512, 4096))
    at = random.randrange(len(data))
    size = min(size, len(data) - at)
    return data[:at] + bytes(size) + data[at + size :], f"{size} zeros at {at}"


def _remove(data: bytes, random: Random) -> tuple[bytes, str]:
    at = random.randrange(len(data))
    size = random.choice((1, 2, 4, 8, 16, 100, 1000))
    return data[:at] + data[at + size :], f"{size} bytes removed at {at}"


def _insert(data: bytes, random: Random) -> tuple[bytes, str]:
    at = random.randrange(len(data) + 1)
    size = random.choice((1, 2, 4, 8, 64))
    return data[:at] + random.randbytes(size) + data[at:], f"{size} bytes inserted at {at}"


def _repeat(data: bytes, random: Random) -> tuple[bytes, str]:
    at = random.randrange(len(data))
    size = random.choice((1, 2, 8, 64, 512))
    return data[: at + size] + data[at : at + size] + data[at + size :], f"{size} bytes repeated at {at}"


def _swap_blocks(data: bytes, random: Random) -> tuple[bytes, str]:
    size = random.choice((1, 2, 8, 512))
    a, b = sorted((random.randrange(len(data)), random.randrange(len(data))))
    b = max(b, a + size)
    swapped = data[:a] + data[b : b + size] + data[a + size : b] + data[a : a + size] + data[b + size :]
    return swapped, f"{size} bytes swapped between {a} and {b}"


def _length(data: bytes, random: Random) -> tuple[bytes, str] | None:
    """A wrong length of an element or item."""
    found = places(data)
    if not found:
        return None
    place = random.choice(found)
    top = 1 << 8 * place.size
    old = int.from_bytes(data[place.length : place.value], "little")
    new = random.choice((0, 1, 2, old + 1, old - 1, old + 2, old - 2, old * 2, old // 2, top - 1, top - 2, top // 2))
    new = random.choice((new, random.randrange(top))) % top
    return data[: place.length] + new.to_bytes(place.size, "little") + data[place.value :], (
        f"length of {place.tag:08X} at {place.start} set to {new}"
    )


def _drop_element(data: bytes, random: Random) -> tuple[bytes, str] | None:
    """An element or item taken out, the lengths around it as they were."""
    found = places(data)
    if not found:
        return None
    place = random.choice(found)
    return data[: place.start] + data[place.end :], f"{place.tag:08X} at {place.start} taken out"


def _double_element(data: bytes, random: Random) -> tuple[bytes, str] | None:
    found = places(data)
    if not found:
        return None
    place = random.choice(found)
    return data[: place.end] + data[place.start : place.end] + data[place.end :], (
        f"{place.tag:08X} at {place.start} doubled"
    )


def _swap_elements(data: bytes, random: Random) -> tuple[bytes, str] | None:
    found = [place for place in places(data) if place.depth == 0]
    if len(found) < 2:
        return None
    first, second = sorted(random.sample(found, 2), key=lambda place: place.start)
    swapped = b"".join(
        (
            data[: first.start], data[second.start : second.end], data[first.end : second.start],
            data[first.start : first.end], data[second.end :],
        )
    )  # fmt: skip
    return swapped, f"{first.tag:08X} and {second.tag:08X} swapped"


def _representation(data: bytes, random: Random) -> tuple[bytes, str] | None:
    found = [place for place in places(data) if data[place.start + 4 : place.start + 6].isalpha()]
    if not found:
        return None
    place = random.choice(found)
    new = random.choice(_VRS)
    at = place.start + 4
    return data[:at] + new + data[at + 2 :], f"{place.tag:08X} at {place.start} is {new!r} now"


def _tag(data: bytes, random: Random) -> tuple[bytes, str] | None:
    """An element gets the tag of another."""
    found = [place for place in places(data) if place.vr != "item"]
    if not found:
        return None
    place, other = random.choice(found), random.choice(found)
    return data[: place.start] + data[other.start : other.start + 4] + data[place.start + 4 :], (
        f"{place.tag:08X} at {place.start} becomes {other.tag:08X}"
    )


def _syntax(data: bytes, random: Random) -> tuple[bytes, str] | None:
    """Another transfer syntax in the header."""
    place = next((place for place in places(data) if place.tag == 0x00020010), None)
    if place is None:
        return None
    new = random.choice(_SYNTAXES)
    new += b"\0" * (len(new) % 2)
    head = data[: place.length] + len(new).to_bytes(2, "little")
    return head + new + data[place.end :], f"transfer syntax {new!r}"


def _no_header(data: bytes, random: Random) -> tuple[bytes, str] | None:
    """Without preamble, or without preamble and meta information."""
    if data[128:132] != b"DICM":
        return None
    meta = [place for place in places(data) if place.tag >> 16 == 2]
    if random.random() < 0.5 or not meta:
        return data[132:], "preamble taken away"
    return data[meta[-1].end :], "preamble and meta information taken away"


def _tail(data: bytes, random: Random) -> tuple[bytes, str]:
    tail = random.choice((bytes(random.randrange(1, 600)), b"x", b"\n", random.randbytes(16), data[132:], data))
    return data + tail, f"{len(tail)} bytes behind the end"


def _crossed(files: Files, random: Random) -> tuple[dict[str, bytes], str] | None:
    """The head of one file with the tail of another."""
    if len(files) < 2:
        return None
    a, b = random.sample(sorted(files), 2)
    at = random.randrange(min(len(files[a]), len(files[b])))
    return {**files, a: files[a][:at] + files[b][at:]}, f"{a} goes on as {b} from {at}"


def _lost(files: Files, random: Random) -> tuple[dict[str, bytes], str]:
    name = random.choice(sorted(files))
    return {key: data for key, data in files.items() if key != name}, f"{name} lost"


def _emptied(files: Files, random: Random) -> tuple[dict[str, bytes], str]:
    name = random.choice(sorted(files))
    return {**files, name: b""}, f"{name} emptied"


def _twin(files: Files, random: Random) -> tuple[dict[str, bytes], str]:
    """A second copy of a file that is not quite the same."""
    name = random.choice(sorted(files))
    data, what = _flip(files[name], random)
    return {**files, f"copy-{name}": data}, f"copy of {name}, {what}"


BREAKING: dict[str, Mutation] = {
    "flip": _one(_flip), "flip-header": _one(_flip_header), "set": _one(_set), "cut": _one(_cut),
    "cut-at-element": _one(_cut_at_element), "zero-rest": _one(_zero_rest), "zero-block": _one(_zero_block),
    "remove": _one(_remove), "insert": _one(_insert), "repeat": _one(_repeat), "swap-blocks": _one(_swap_blocks),
    "length": _one(_length), "drop-element": _one(_drop_element), "double-element": _one(_double_element),
    "swap-elements": _one(_swap_elements), "representation": _one(_representation), "tag": _one(_tag),
    "syntax": _one(_syntax), "no-header": _one(_no_header), "tail": _one(_tail), "crossed": _crossed, "lost": _lost,
    "emptied": _emptied, "twin": _twin,
}  # fmt: skip
