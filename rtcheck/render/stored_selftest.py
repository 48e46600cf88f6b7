"""A stored self-test read again, strictly: one that was cut, edited or does not follow from its figures is refused.

It stands beside a result on its pages. It is no part of the result: neither in the JSON report nor in its digest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rtcheck.render.decode import Decoder, parse_json

__all__ = ["PARTS", "SCHEMA", "ClassHeld", "IntervalsHeld", "StoredSelfTest", "differing_software", "read_selftest"]

SCHEMA = "rtcheck.selftest/1"

PARTS = ("prisms", "solids", "files")
"""What was compared: with the prisms of the contours, the ideal solid, and after reading DICOM files."""

_CLASSES = ("Volume", "Mean dose", "Dose at a volume", "Volume at a dose", "Minimum, maximum")
_KEYS = ("schema", "exit_code", "passed", "software", "phantoms", *PARTS, "intervals")
_HELD = ("class", "percent_of", "count", "median", "worst", "judged", "target", "passed")
_INTERVALS = ("class", "count", "inside", "outside", "half_width_percent", "median_error_percent", "judged", "passed")
_RERUN = "a self-test as `rtcheck selftest --format json` prints it; run it again"
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+!_-]{0,63}")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class ClassHeld:
    """One class of metrics against its target; errors in per cent of `percent_of`, None where a value was missing.

    Attributes:
        part: one of `PARTS`.
        name: of the class.
        percent_of: what the errors are per cent of.
        count: number of readings.
        worst, judged: the largest error, and the one that the target is for.
        target: None where none is stated.
        passed: whether the target is met.
    """

    part: str
    name: str
    percent_of: str
    count: int
    worst: float | None
    judged: float | None
    target: float | None
    passed: bool


@dataclass(frozen=True, slots=True)
class IntervalsHeld:
    """How many intervals of one class held the truth; `judged` says whether all have to."""

    name: str
    count: int
    inside: int
    judged: bool
    passed: bool


@dataclass(frozen=True, slots=True)
class StoredSelfTest:
    """A self-test of some machine.

    Attributes:
        passed: whether everything held.
        software: package name to version, ``rtcheck`` among them.
        phantoms: number of phantoms measured.
        classes: against targets, by part.
        intervals: by class.
    """

    passed: bool
    software: dict[str, str]
    phantoms: int
    classes: tuple[ClassHeld, ...]
    intervals: tuple[IntervalsHeld, ...]


def read_selftest(text: str, file: str) -> StoredSelfTest:
    """Read a stored self-test.

    Args:
        text: of the JSON document.
        file: its name, for messages.

    Raises:
        FileFaultsError: it is not a whole self-test whose result follows from its figures; every fault at once.
    """
    decoder = Decoder(file)
    document = decoder.keys(parse_json(text, file), _KEYS, "")
    if document is not None and document["schema"] != SCHEMA:
        decoder.fault("schema", "another schema", f"{SCHEMA!r}: {_RERUN}")
    decoder.finish()
    assert document is not None
    passed = decoder.decode(bool, document["passed"], "passed")
    exit_code = decoder.decode(int, document["exit_code"], "exit_code")
    phantoms = decoder.decode(int, document["phantoms"], "phantoms")
    software = _software(decoder, document["software"])
    classes = tuple(row for part in PARTS for row in _rows(decoder, document[part], part))
    intervals = _intervals(decoder, document["intervals"])
    decoder.finish()
    if phantoms < 1:
        decoder.fault("phantoms", "none", f"at least one: {_RERUN}")
    if passed != (all(row.passed for row in classes) and all(row.passed for row in intervals)):
        decoder.fault("passed", "a result that does not follow from its figures", _RERUN)
    if exit_code != (0 if passed else 1):
        decoder.fault("exit_code", "one that does not go with the result", _RERUN)
    decoder.finish()
    return StoredSelfTest(passed, software, phantoms, classes, intervals)


def differing_software(selftest: StoredSelfTest, used: dict[str, str]) -> tuple[tuple[str, str, str], ...]:
    """Return (name, version of the self-test, version used, empty where there is none) where they differ."""
    names = sorted(selftest.software.keys() | used.keys(), key=lambda name: (name != "rtcheck", name))
    pairs = ((name, selftest.software.get(name, ""), used.get(name, "")) for name in names)
    return tuple(each for each in pairs if each[1] != each[2])


def _software(decoder: Decoder, value: object) -> dict[str, str]:
    found = decoder.decode(dict[str, str], value, "software") or {}
    if "rtcheck" not in found:
        decoder.fault("software.rtcheck", "nothing", f"a version: {_RERUN}")
    for name, version in found.items():
        if not _NAME.fullmatch(name) or (isinstance(version, str) and not _VERSION.fullmatch(version)):
            decoder.fault("software", "a text that is no package or no version", _RERUN)
    return found


def _objects(decoder: Decoder, value: object, keys: tuple[str, ...], path: str) -> list[dict[str, object]]:
    """Return the rows of one list; every class stands in it once and in order."""
    if not isinstance(value, list):
        decoder.fault(path, "no list", f"a list: {_RERUN}")
        return []
    rows = [decoder.keys(each, keys, f"{path}[{index}]") for index, each in enumerate(value)]
    whole = [row for row in rows if row is not None]
    if tuple(row["class"] for row in whole) != _CLASSES:
        decoder.fault(path, "other classes of metrics", f"{'; '.join(_CLASSES)}: {_RERUN}")
        return []
    return whole


def _rows(decoder: Decoder, value: object, part: str) -> list[ClassHeld]:
    if part == "files" and value == []:
        return []
    out = []
    for index, row in enumerate(_objects(decoder, value, _HELD, part)):
        at = f"{part}[{index}]"
        before = len(decoder.faults)
        percent_of = decoder.decode(str, row["percent_of"], f"{at}.percent_of")
        count = decoder.decode(int, row["count"], f"{at}.count")
        for key in ("median", "worst", "judged", "target"):
            decoder.decode(float | None, row[key], f"{at}.{key}")
        passed = decoder.decode(bool, row["passed"], f"{at}.passed")
        if len(decoder.faults) > before:
            continue
        found = ClassHeld(part, str(row["class"]), percent_of, count, _number(row["worst"]), _number(row["judged"]),
                          _number(row["target"]), passed)  # fmt: skip
        _follows(decoder, found, at)
        out.append(found)
    return out


def _follows(decoder: Decoder, row: ClassHeld, at: str) -> None:
    if row.percent_of != "volume" and not re.fullmatch(r"\d{1,3}(\.\d{1,3})? Gy", row.percent_of):
        decoder.fault(f"{at}.percent_of", "another text", f"volume, or a dose in Gy: {_RERUN}")
    if row.count < 1:
        decoder.fault(f"{at}.count", "none", f"at least one reading: {_RERUN}")
    if row.worst is not None and (row.worst < 0 or row.judged is None or not 0 <= row.judged <= row.worst):
        decoder.fault(f"{at}.worst", "errors that do not fit each other", _RERUN)
    met = row.target is None or (row.judged is not None and row.judged <= row.target)
    if row.passed != met:
        decoder.fault(f"{at}.passed", "a result that does not follow from its figures", _RERUN)


def _intervals(decoder: Decoder, value: object) -> tuple[IntervalsHeld, ...]:
    out = []
    for index, row in enumerate(_objects(decoder, value, _INTERVALS, "intervals")):
        at = f"intervals[{index}]"
        before = len(decoder.faults)
        count, inside = (decoder.decode(int, row[key], f"{at}.{key}") for key in ("count", "inside"))
        judged, passed = (decoder.decode(bool, row[key], f"{at}.{key}") for key in ("judged", "passed"))
        outside = decoder.decode(tuple[str, ...], row["outside"], f"{at}.outside")
        for key in ("half_width_percent", "median_error_percent"):
            decoder.decode(float | None, row[key], f"{at}.{key}")
        if len(decoder.faults) > before:
            continue
        if count < 1 or not 0 <= inside <= count or len(outside) != count - inside:
            decoder.fault(f"{at}.inside", "numbers that do not fit each other", _RERUN)
        if passed != (not judged or inside == count):
            decoder.fault(f"{at}.passed", "a result that does not follow from its figures", _RERUN)
        out.append(IntervalsHeld(str(row["class"]), count, inside, judged, passed))
    return tuple(out)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
