"""Contour points from the raw bytes of ContourData: all contours of an ROI in one strict pass (PS3.3 §C.8.8.6)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from rtcheck.dicom.attributes import attempt, code, decimal, integer, raw_value, sequence, uid
from rtcheck.dicom.dataset import Dataset, tag_of
from rtcheck.dicom.numbers import FARTHEST_MM, DecimalError, parse_decimals
from rtcheck.dicom.text import trim_number
from rtcheck.errors import DicomError
from rtcheck.model.arrays import frozen
from rtcheck.model.finding import Finding, finding
from rtcheck.model.structure import ContourSet

__all__ = ["MAX_POINTS", "NO_CONTOURS", "check_point_count", "read_contours"]

MAX_POINTS = 20_000_000
"""Points of one structure set beyond this are refused."""

_LARGEST_MM = 3000.0
"""No structure of a patient, a couch or a mask spans more: a vertex has been lost or altered."""

_THICKNESS_MM = (0.1, 20.0)
"""What a slice of a planning image can be thick; a stated thickness outside is a mistake (RTD008 W) and not used."""

_CONTOUR_SEQUENCE, _CONTOUR_DATA = tag_of("ContourSequence"), tag_of("ContourData")
_SLAB = tag_of("ContourSlabThickness")
_KINDS = frozenset(("POINT", "OPEN_PLANAR", "OPEN_NONPLANAR", "CLOSED_PLANAR", "CLOSEDPLANAR_XOR"))

NO_CONTOURS = ContourSet(frozen(np.empty((0, 3))), frozen(np.zeros(1, dtype=np.int64)), ())
"""What an ROI without contours has, and one whose contours cannot be trusted."""


def check_point_count(contour_items: Iterable[Dataset]) -> None:
    """Refuse more points than the cap before any of them is parsed: they are counted by their separators.

    Args:
        contour_items: of ROIContourSequence, of all ROIs.

    Raises:
        DicomError: RTD005.
    """
    values = 0
    for item in contour_items:
        element = item.elements.get(_CONTOUR_SEQUENCE)
        for contour in element.items if element is not None else ():
            data = contour.elements.get(_CONTOUR_DATA)
            if data is not None and data.length:
                values += contour.source.data.count(b"\\", data.offset, data.offset + data.length) + 1
                if values > 3 * MAX_POINTS:
                    raise DicomError("RTD005", item.source.label, f"more than {MAX_POINTS} contour points")


def read_contours(items: tuple[Dataset, ...], subject: str, findings: list[Finding]) -> ContourSet:
    """Return the contours of one ROI, in stored order, points in LPS mm.

    Args:
        items: its items of ROIContourSequence (one in a proper file).
        subject: the ROI, for messages.
        findings: appended to. When a contour is unusable the whole ROI is (severity E) and `NO_CONTOURS` returned:
            an organ short of one contour looks spared.
    """
    kinds: list[str] = []
    values: list[bytes] = []
    counts: list[int] = []
    try:
        contours = [contour for item in items for contour in sequence(item, "ContourSequence")]
        for contour in contours:
            kind, count, value = _read_contour(contour)
            kinds.append(kind)
            counts.append(count)
            values.append(value)
    except DicomError as error:
        findings.append(finding(error.code, subject, error.problem, "E", file=error.subject))
        return NO_CONTOURS
    if not values:
        return NO_CONTOURS
    try:
        numbers = parse_decimals(b"\\".join(values))
    except DecimalError as error:
        number, within = _locate(error.index, counts)
        code_, problem = ("RTD009", "is empty") if error.empty else ("RTD008", "is not a finite decimal number")
        place = f"{contours[number].path()}.ContourData (3006,0050)"
        message = f"{place}: value {within + 1} {problem}; export the structure set again"
        findings.append(finding(code_, subject, message, "E", found=error.problem))
        return NO_CONTOURS
    far = np.abs(numbers.values) > FARTHEST_MM
    if far.any():
        number, within = _locate(int(np.argmax(far)), counts)
        message = (
            f"{contours[number].path()}.ContourData (3006,0050): value {within + 1} lies more than {FARTHEST_MM:g} mm "
            "away; export the structure set again"
        )
        findings.append(finding("RTD008", subject, message, "E"))
        return NO_CONTOURS
    if numbers.overlong:
        findings.append(
            finding("RTD014", subject, f"{numbers.overlong} coordinates are longer than 16 characters; read as written")
        )
    starts = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(np.asarray(counts) // 3, out=starts[1:])
    points = numbers.values.reshape(-1, 3)
    span = float(np.max(np.ptp(points, axis=0)))
    if span > _LARGEST_MM:
        message = (
            f"its contours span {span:.0f} mm, more than any structure (at most {_LARGEST_MM:.0f} mm): a coordinate is "
            "damaged; export the structure set again"
        )
        findings.append(finding("RTD305", subject, message, "E"))
        return NO_CONTOURS
    slabs = _slabs(contours, subject, findings)
    return ContourSet(frozen(points), frozen(starts), tuple(kinds), _images(contours), slabs)


def _images(contours: list[Dataset]) -> tuple[str, ...]:
    """Return the image of each contour, as far as the file names exactly one; it only serves a cross-check."""
    found = []
    for contour in contours:
        try:
            items = sequence(contour, "ContourImageSequence")
            found.append(uid(items[0], "ReferencedSOPInstanceUID") if len(items) == 1 else "")
        except DicomError:
            found.append("")
    return tuple(found) if any(found) else ()


def _slabs(contours: list[Dataset], subject: str, findings: list[Finding]) -> tuple[float, ...]:
    """Return the stated thickness of the slab of each contour, mm; 0 where none is valid (PS3.3-2020 §C.8.8.6.2)."""
    if not any(_SLAB in contour.elements for contour in contours):
        return ()
    noted: list[Finding] = []
    low, high = _THICKNESS_MM
    found = []
    for contour in contours:
        stated = attempt(noted, "W", None, decimal, contour, "ContourSlabThickness") or 0.0
        if stated and not low <= stated <= high:
            problem = f"found {stated:g} mm, expected {low:g} to {high:g}; it is not used"
            place = f"{contour.path()}.ContourSlabThickness (3006,0044)"
            noted.append(finding("RTD008", subject, f"{place}: {problem}", "W"))
            stated = 0.0
        found.append(stated)
    findings += noted[:1]  # one says enough: systems write the same for all contours
    return tuple(found) if any(found) else ()


def _read_contour(contour: Dataset) -> tuple[str, int, bytes]:
    """Type, number of values and text of one contour; the number of points is checked, the numbers are not yet."""
    kind = code(contour, "ContourGeometricType")
    if kind not in _KINDS:
        raise _fault(contour, f"ContourGeometricType (3006,0042) is {kind!r}, not one of {', '.join(sorted(_KINDS))}")
    points = integer(contour, "NumberOfContourPoints", "RTD305")
    value = trim_number(raw_value(contour, "ContourData", ("DS",)))
    count = value.count(b"\\") + 1 if value else 0
    if points is None or points < 1:
        raise _fault(contour, "NumberOfContourPoints (3006,0046) is absent or not positive")
    if count != 3 * points:
        if value and not all(part.strip() for part in value.split(b"\\")):
            problem = f"{contour.path()}: ContourData (3006,0050) has an empty slot; export the structure set again"
            raise DicomError("RTD009", contour.source.label, problem)
        raise _fault(contour, f"ContourData (3006,0050) has {count} values, {points} points need {3 * points}")
    if kind == "POINT" and points != 1:
        raise _fault(contour, f"a contour of type POINT has {points} points")
    if raw_value(contour, "ContourOffsetVector", ("DS",)).strip(b"\\ \0+-.0"):
        raise _fault(contour, "ContourOffsetVector (3006,0045) shifts the contour; this retired form is not supported")
    return kind, count, value


def _fault(contour: Dataset, problem: str) -> DicomError:
    return DicomError("RTD305", contour.source.label, f"{contour.path()}: {problem}")


def _locate(index: int, counts: list[int]) -> tuple[int, int]:
    """Which contour a value belongs to, and its index there."""
    for number, count in enumerate(counts):
        if index < count:
            return number, index
        index -= count
    raise IndexError(index)
