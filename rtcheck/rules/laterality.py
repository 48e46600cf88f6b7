"""Does a structure that is named left lie on the patient's left (RTD322).

DICOM patient coordinates are LPS whatever the patient's position: x grows towards the patient's left (PS3.3
§C.7.6.2.1.1). Sides are told from the middle of the body outline, or from the structure of the other side.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from rtcheck.model.finding import Finding, finding
from rtcheck.model.structure import ROI
from rtcheck.rules.names import fold_name

__all__ = ["laterality_findings", "side_of_name"]

_MARGIN_MM = 10.0
"""A structure must lie this far on the other side before its name is doubted."""
_LEFT, _RIGHT = frozenset(("l", "lt", "left")), frozenset(("r", "rt", "right"))
_TARGET = ("gtv", "ctv", "ptv", "itv", "igtv", "ictv")
_NOT_LATERAL = re.compile(
    r"^(?:[av]_)|atri|ventric|coronar|heart|cardi|lad\b|lobe|liver|hepat|colon|flexure|心|肝|冠状|叶|结肠"
)
"""Parts of midline organs and vessels whose name says left or right of the organ, not of the patient."""


def side_of_name(name: str) -> str:
    """Return "left" or "right" where a name says so, else an empty text.

    TG-263 puts ``_L`` or ``_R`` at the end; words and 左/右 count too. Single letters do not count in the names of
    targets, where they may mean anything.
    """
    folded = fold_name(name)
    if _NOT_LATERAL.search(folded):
        return ""
    words = set(re.split(r"[^a-z0-9]+", folded))
    if folded.startswith(_TARGET):
        words -= {"l", "r"}
    left = bool(words & _LEFT) or "左" in folded
    right = bool(words & _RIGHT) or "右" in folded
    return "" if left == right else "left" if left else "right"


def laterality_findings(rois: Sequence[ROI], body: ROI | None, judged: Iterable[ROI]) -> tuple[Finding, ...]:
    """RTD322 for every structure of `judged` whose centroid lies on the other side than its name says.

    Args:
        rois: all structures, in which the other one of a pair is looked up when there is no body.
        body: the outline of the body, or None.
        judged: the structures to look at.
    """
    middle = _centroid_x(body) if body is not None else None
    partners = {(_bare(roi.name), side_of_name(roi.name)): roi for roi in rois if side_of_name(roi.name)}

    def lies(roi: ROI, side: str) -> tuple[float, float] | None:
        """Return where the middle of a structure is, and that of the patient; None where that is not known."""
        x, centre = _centroid_x(roi), middle
        if centre is None or (body is not None and body.frame_of_reference_uid != roi.frame_of_reference_uid):
            other = partners.get((_bare(roi.name), "right" if side == "left" else "left"))
            same = other is not None and other.frame_of_reference_uid == roi.frame_of_reference_uid
            far = _centroid_x(other) if other is not None and same else None
            centre = None if far is None or x is None else (far + x) / 2
        return None if x is None or centre is None else (x, centre)

    looked = list(judged)
    out = _mirrored([(side, lies(roi, side)) for roi in rois if (side := side_of_name(roi.name))])
    for roi in looked:
        side = side_of_name(roi.name)
        place = lies(roi, side) if side else None
        if place is None:
            continue
        x, centre = place
        towards_left = x - centre
        if (towards_left if side == "right" else -towards_left) > _MARGIN_MM:
            found = "left" if side == "right" else "right"
            out.append(
                finding(
                    "RTD322",
                    roi.name,
                    f"{roi.name} is named {side}, but its centre lies {abs(towards_left):.0f} mm to the patient's "
                    f"{found} of the middle. Correct the name or the contours.",
                    centre_x_mm=round(x, 3),
                    middle_x_mm=round(centre, 3),
                )
            )
    return tuple(out)


def _mirrored(places: Iterable[tuple[str, tuple[float, float] | None]]) -> list[Finding]:
    """RTD322 where structures of both sides lie on the other one and none on its own: the whole set is mirrored."""
    known = [(side, place[0] - place[1]) for side, place in places if place is not None]
    wrong = {side for side, towards_left in known
             if (towards_left if side == "right" else -towards_left) > _MARGIN_MM}  # fmt: skip
    right = any((towards_left if side == "left" else -towards_left) > _MARGIN_MM for side, towards_left in known)
    if right or len(wrong) < 2:
        return []
    message = (
        f"None of the {len(known)} structures named left or right lies on its side: the structure set seems mirrored, "
        "or its names exchanged. Compare it with its images."
    )
    return [finding("RTD322", "structure set", message, structures=len(known))]


def _bare(name: str) -> str:
    """Return a name without the word that says its side."""
    parts = [part for part in re.split(r"[^a-z0-9\u4e00-\u9fff]+", fold_name(name)) if part not in _LEFT | _RIGHT]
    return " ".join(parts).replace("左", "").replace("右", "")


def _centroid_x(roi: ROI) -> float | None:
    """Return the x of the centroid of the areas of all contours; of the vertices where these enclose nothing."""
    points, starts = roi.contours.points_mm, roi.contours.starts
    if len(points) == 0:
        return None
    following = np.arange(1, len(points) + 1)
    filled = np.diff(starts) > 0
    following[starts[1:][filled] - 1] = starts[:-1][filled]
    middle = points.mean(axis=0)
    x, y = (points - middle)[:, 0], (points - middle)[:, 1]
    cross = x * y[following] - x[following] * y
    first = starts[:-1][filled]
    area = np.add.reduceat(cross, first) / 2
    moment = np.add.reduceat(cross * (x + x[following]), first) / 6
    whole = float(np.sum(np.abs(area)))
    if whole <= 0:
        return float(middle[0])
    return float(middle[0] + np.sum(np.sign(area) * moment) / whole)
