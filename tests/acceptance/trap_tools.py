"""What the tests of the pitfalls share: the cord of the box patient, changed, and how a trap must end."""

from __future__ import annotations

from dataclasses import replace

from tests.acceptance.kit import LESIONS, constraint, protocol_text, registry_text, volume_of
from tests.synthetic.simple import BOXES, box_contours, box_roi, box_volume_cc

__all__ = [
    "CORD",
    "CORD_VOLUME",
    "PALLIATIVE",
    "X",
    "Y",
    "Z",
    "check_cord",
    "contours_of",
    "cord",
    "cord_loops",
    "not_evaluated",
    "refused",
    "stopped",
]


PALLIATIVE = registry_text(lesions=[{**lesion, "intent": "palliative"} for lesion in LESIONS])
"""Leaves the targets out where a trap is about the cord alone: such a case passes by its cord."""


CORD = protocol_text(constraint("cord"), volume_of("volume", "SpinalCord"))
"""The cord (2 Gy) at most 10 Gy, and its volume for the record."""


X, Y, Z = (limits for limits in BOXES["SpinalCord"][1:])
CORD_VOLUME = box_volume_cc("SpinalCord")


def cord(loops, **changes):
    """The ROIs of the box patient with another cord."""
    rois = [box_roi(name, number) for number, name in enumerate(BOXES, 1)]
    return [replace(roi, contours=loops, **changes) if roi.name == "SpinalCord" else roi for roi in rois]


def cord_loops():
    return [loop.copy() for loop in box_contours(X, Y, Z)]


def check_cord(bench, loops, *arguments, dose=None, text=CORD, **changes):
    case = bench.build(rois=cord(loops, **changes), **({} if dose is None else {"dose": dose}))
    return bench.check(*arguments, export=case.folder, protocol=text, registry=PALLIATIVE)


def refused(result, code, severity="F"):
    """No verdict, exit 4, and the row's code at that severity."""
    assert severity in result.severity(code), f"{code} {severity} expected\n{result.text}"
    assert result.code == 4, result.text
    assert result.verdict is None


def not_evaluated(result, code, row="cord"):
    """The touched constraint is not evaluated, the row's code is E, and the case is no better than INCOMPLETE."""
    assert "E" in result.severity(code), f"{code} E expected\n{result.text}"
    assert result.state(row) == "NOT_EVALUATED", result.text
    assert result.verdict == "INCOMPLETE", result.text


def stopped(result, code):
    """Refused or not evaluated: the row's code stands as E or F and nothing passes."""
    assert result.severity(code) & {"E", "F"}, f"{code} expected\n{result.text}"
    assert result.verdict in (None, "INCOMPLETE"), result.text


def contours_of(datasets, name="SpinalCord"):
    """The contour items of one ROI."""
    struct = datasets["struct"]
    number = next(item.ROINumber for item in struct.StructureSetROISequence if item.ROIName == name)
    return next(item for item in struct.ROIContourSequence if item.ReferencedROINumber == number).ContourSequence
