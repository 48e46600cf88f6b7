"""Class C: edits that leave a well-formed file, with another meaning or none: digits, words, links, absent elements."""

from __future__ import annotations

import io
import warnings
from collections import deque
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import numpy as np
import pydicom
from pydicom import Dataset
from pydicom.datadict import tag_for_keyword

from tests.mutation.breaking import Mutation
from tests.mutation.places import Place, places
from tests.synthetic.encode import encode

__all__ = ["EDITS", "element_paths", "load", "store"]

Files = Mapping[str, bytes]

_NUMBERS = (
    b"nan", b"inf", b"-inf", b"1e400", b"1e-400", b"0,5", b"0x10", b"1.0D-3", b"0.1_1", b"1 .5", b"", b"-1", b"0",
    b"1e9", b"+5", b".5", b"5.", b"1e1", b"00005", b"30.0", b"--1", b"1.2.3", b"\xb2", b"1\\2", b"1\\", b"\\1",
    b"99999999999", b" 5",
)  # fmt: skip
_WORDS: dict[str, tuple[bytes, ...]] = {
    "DoseUnits": (b"RELATIVE", b"Gy", b"CGY", b"gy", b"", b"GY\\GY"),
    "DoseType": (b"EFFECTIVE", b"ERROR", b"", b"physical"),
    "DoseSummationType": (
        b"FRACTION", b"BEAM", b"MULTI_PLAN", b"BEAM_SESSION", b"FRACTION_SESSION", b"RECORD", b"CONTROL_POINT", b"",
        b"plan",
    ),
    "TissueHeterogeneityCorrection": (b"WATER", b"ROI_OVERRIDE", b"IMAGE\\WATER", b"NONE"),
    "ApprovalStatus": (b"UNAPPROVED", b"REJECTED", b"", b"approved"),
    "RTPlanGeometry": (b"TREATMENT_DEVICE", b"", b"patient"),
    "PlanIntent": (b"VERIFICATION", b"MACHINE_QA", b"RESEARCH", b"SERVICE", b"", b"PALLIATIVE"),
    "ContourGeometricType": (b"POINT", b"OPEN_PLANAR", b"CLOSEDPLANAR_XOR", b"OPEN_NONPLANAR", b"", b"closed_planar"),
    "RTROIInterpretedType": (b"EXTERNAL", b"PTV", b"ORGAN", b"", b"SUPPORT"),
    "Modality": (b"RTPLAN", b"RTDOSE", b"RTSTRUCT", b"CT", b""),
    "PhotometricInterpretation": (b"MONOCHROME1", b"RGB", b""),
    "TreatmentDeliveryType": (b"SETUP", b"VERIFICATION", b"OPEN_PORTFILM", b"CONTINUATION", b""),
    "DoseReferenceType": (b"ORGAN_AT_RISK", b"", b"target"),
    "SpecificCharacterSet": (
        b"GB18030", b"ISO_IR 100", b"ISO_IR 192", b"ISO 2022 IR 58", b"\\ISO 2022 IR 58", b"NONSENSE", b"",
    ),
    "ROIName": (b"PTV_L2", b"ptv_l1", b"SpinalCord", b"PTV_L1\t", b"PTV\\L1", b"\xd6\xd0", b"", b"A\0B", b"PTV_L1_PRV"),
    "PatientID": (b"TEST-0002", b"", b"test-0001", b"TEST-0001\\X"),
    "RTPlanLabel": (b"BOOST", b"", b"\xd6\xd0", b"<b>"),
}  # fmt: skip
_DIGITS = b"0123456789"


def load(data: bytes) -> Dataset:
    """A file with pydicom, every element converted, pixels native and little endian."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = pydicom.dcmread(io.BytesIO(data), force=True)
        deque(ds.iterall(), maxlen=0)
        if "PixelData" in ds and ds.file_meta.get("TransferSyntaxUID", "") == "1.2.840.10008.1.2.5":
            ds.decompress()
            ds["PixelData"].VR = "OW"
        elif "PixelData" in ds and ds.original_encoding[1] is False:
            ds["PixelData"].value = np.frombuffer(ds.PixelData, f">u{ds.BitsAllocated // 8}").byteswap().tobytes()
    return ds


def store(ds: Dataset) -> bytes:
    """The data set as an explicit little endian file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return encode(ds, "explicit")


def _pick(files: Files, random: Random, wanted: set[str] | None = None, tags: set[int] | None = None) -> Any:
    """A file, and an element of it of one of these representations or tags."""
    candidates: list[tuple[str, Place]] = []
    for name in sorted(files):
        found = [
            place for place in places(files[name])
            if place.tag >> 16 != 2 and (not wanted or place.vr in wanted) and (not tags or place.tag in tags)
        ]  # fmt: skip
        if found:
            candidates.append((name, random.choice(found)))
    return random.choice(candidates) if candidates else (None, None)


def _digit(files: Files, random: Random) -> tuple[dict[str, bytes], str] | None:
    """One digit of one number becomes another."""
    name, place = _pick(files, random, {"DS", "IS", "UI"})
    if name is None:
        return None
    data = files[name]
    at = [index for index in range(place.value, place.end) if data[index] in _DIGITS]
    if not at:
        return None
    where, new = random.choice(at), random.choice(_DIGITS)
    return {**files, name: data[:where] + bytes([new]) + data[where + 1 :]}, (
        f"{name}: digit of {place.tag:08X} at {where} becomes {new - 48}"
    )


def _character(files: Files, random: Random) -> tuple[dict[str, bytes], str] | None:
    """One character of a value becomes a sign that numbers and texts are made of."""
    name, place = _pick(files, random, {"DS", "IS", "LO", "SH", "CS", "PN", "DA", "TM", "UI"})
    if name is None or place.value == place.end:
        return None
    data = files[name]
    where, new = random.randrange(place.value, place.end), random.choice(b"\\.-+eE _,0\x00\x1b\xc4")
    return {**files, name: data[:where] + bytes([new]) + data[where + 1 :]}, (
        f"{name}: character of {place.tag:08X} at {where} becomes {bytes([new])!r}"
    )


def _pixel(files: Files, random: Random) -> tuple[dict[str, bytes], str] | None:
    """Stored doses change."""
    name, place = _pick(files, random, tags={0x7FE00010})
    if name is None:
        return None
    out = bytearray(files[name])
    count = random.choice((1, 2, 16, 256))
    for _ in range(count):
        out[random.randrange(place.value, place.end)] = random.randrange(256)
    return {**files, name: bytes(out)}, f"{name}: {count} bytes of PixelData"


def _scale(files: Files, random: Random) -> tuple[dict[str, bytes], str] | None:
    """All stored doses times a factor: still a smooth dose."""
    name, _ = _pick(files, random, tags={0x3004000E})
    if name is None:
        return None
    ds = load(files[name])
    factor = random.choice((0.01, 0.2, 0.5, 0.9, 0.99, 1.01, 1.1, 2, 5, 100))
    ds.DoseGridScaling = f"{float(ds.DoseGridScaling) * factor:.10g}"
    return {**files, name: store(ds)}, f"{name}: dose times {factor}"


def _nodes(ds: Dataset) -> Iterator[Dataset]:
    yield ds
    for element in ds:
        if element.VR == "SQ":
            for item in element.value:
                yield from _nodes(item)


def element_paths(ds: Dataset) -> list[tuple[Dataset, int]]:
    """Every element of a data set and its items: the data set that holds it, and its tag."""
    return [(node, int(element.tag)) for node in _nodes(ds) for element in node]


def _value(files: Files, random: Random) -> tuple[dict[str, bytes], str] | None:
    """A number becomes one that tests the grammar, a coded word another, a name another."""
    name = random.choice(sorted(files))
    ds = load(files[name])
    found = [
        (node, tag) for node, tag in element_paths(ds)
        if node[tag].VR in ("DS", "IS") or node[tag].keyword in _WORDS
    ]  # fmt: skip
    if not found:
        return None
    keyword = random.choice(sorted({node[tag].keyword for node, tag in found}))
    node, tag = random.choice([(node, tag) for node, tag in found if node[tag].keyword == keyword])
    element = node[tag]
    if element.keyword in _WORDS:
        new = random.choice(_WORDS[element.keyword])
    else:
        old = element.value if isinstance(element.value, bytes) else _written(element.value)
        parts = old.split(b"\\")
        parts[random.randrange(len(parts))] = random.choice(_NUMBERS)
        new = b"\\".join(parts)
    _put(node, keyword, new)
    return {**files, name: store(ds)}, f"{name}: {element.keyword} becomes {new[:40]!r}"


def _written(value: Any) -> bytes:
    items = [value] if isinstance(value, str) or not hasattr(value, "__iter__") else value
    return "\\".join("" if item is None else str(item) for item in items).encode("utf-8", "replace")


def _put(node: Dataset, keyword: str, value: bytes) -> None:
    """Write raw bytes, whatever pydicom thinks of them, under a representation of texts that it leaves alone."""
    from tests.synthetic.dicom import set_raw

    set_raw(node, keyword, value)


def _absent(files: Files, random: Random) -> tuple[dict[str, bytes], str] | None:
    """An element is taken out or emptied; the lengths around it stay right."""
    name = random.choice(sorted(files))
    ds = load(files[name])
    node, tag = random.choice(element_paths(ds))
    keyword = node[tag].keyword
    if tag in (0x00080016, 0x00080018) and node is ds:
        return None
    if random.random() < 0.5:
        del node[tag]
        return {**files, name: store(ds)}, f"{name}: {keyword} taken out"
    node[tag].value = [] if node[tag].VR == "SQ" else b"" if node[tag].VR in ("OB", "OW", "UN") else None
    return {**files, name: store(ds)}, f"{name}: {keyword} emptied"


def _items(files: Files, random: Random) -> tuple[dict[str, bytes], str] | None:
    """An item of a sequence is lost, doubled, or moved."""
    name = random.choice(sorted(files))
    ds = load(files[name])
    found = [(node, tag) for node, tag in element_paths(ds) if node[tag].VR == "SQ" and len(node[tag].value)]
    if not found:
        return None
    node, tag = random.choice(found)
    items = list(node[tag].value)
    what = random.choice(("lost", "doubled", "moved"))
    at = random.randrange(len(items))
    if what == "doubled":
        items.insert(random.randrange(len(items) + 1), items[at])
    else:
        item = items.pop(at)
        if what == "moved":
            items.insert(random.randrange(len(items) + 1), item)
    node[tag].value = items
    return {**files, name: store(ds)}, f"{name}: item {at} of {node[tag].keyword} {what}"


def _exchanged(files: Files, random: Random) -> tuple[dict[str, bytes], str] | None:
    """Two elements of the same kind exchange their values."""
    name = random.choice(sorted(files))
    ds = load(files[name])
    by_keyword: dict[str, list[Dataset]] = {}
    for node, tag in element_paths(ds):
        if node[tag].VR != "SQ" and node[tag].keyword:
            by_keyword.setdefault(node[tag].keyword, []).append(node)
    found = sorted(keyword for keyword, nodes in by_keyword.items() if len(nodes) > 1)
    if not found:
        return None
    keyword = random.choice(found)
    a, b = random.sample(by_keyword[keyword], 2)
    tag = tag_for_keyword(keyword)
    assert tag is not None
    a[tag], b[tag] = b[tag], a[tag]
    return {**files, name: store(ds)}, f"{name}: {keyword} exchanged"


EDITS: dict[str, Mutation] = {
    "digit": _digit, "character": _character, "pixel": _pixel, "scale": _scale, "value": _value, "absent": _absent,
    "items": _items, "exchanged": _exchanged,
}  # fmt: skip
