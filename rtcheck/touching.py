"""Which ROIs the constraints and lesions of a check touch, and how far what is known of an ROI counts for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rtcheck.measure import Bench, roi_findings, weakened
from rtcheck.model.finding import Finding
from rtcheck.model.structure import ROI
from rtcheck.rules.binding import Binding
from rtcheck.rules.constraint import Priority
from rtcheck.rules.course import Course
from rtcheck.rules.lesions import LesionBinding
from rtcheck.rules.outcome import severity_for
from rtcheck.rules.resolve import rois_of

__all__ = ["Touched", "structure_findings", "touched_rois", "unconstrained", "weaken_by_touch"]

_CORRUPT = ("RTD008", "RTD009", "RTD010", "RTD305")
"""Findings about an ROI that put the whole file in doubt: they stand even where nothing uses the ROI."""

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")

Touched = dict[int, tuple[ROI, Priority]]


def touched_rois(bindings: Iterable[Binding], lesions: Iterable[LesionBinding]) -> Touched:
    """Return every ROI that a constraint or a lesion uses, with the highest priority among them."""
    order: tuple[Priority, ...] = ("report", "optimal", "mandatory")
    out: Touched = {}

    def touch(roi: ROI, priority: Priority) -> None:
        known = out.get(id(roi))
        if known is None or order.index(known[1]) < order.index(priority):
            out[id(roi)] = roi, priority

    for binding in bindings:
        for solid in (binding.solid, binding.lookup):
            if solid is not None and binding.applies is not False:
                for roi in rois_of(solid):
                    touch(roi, binding.constraint.priority)
    for lesion in lesions:
        if lesion.lesion.consolidative:
            for bound in lesion.roles.values():
                for roi in bound.rois:
                    touch(roi, "mandatory")
    return out


def weaken_by_touch(items: Iterable[Finding], touched: Touched) -> list[Finding]:
    """Weaken findings whose subject is a touched ROI by the priority of what touches it."""
    priority = {roi.name or f"ROI {roi.number}": priority for roi, priority in touched.values()}
    return [weakened(item, severity_for(item.severity, priority.get(item.subject, "mandatory"))) for item in items]


def structure_findings(bench: Bench, course: Course, touched: Touched) -> list[Finding]:
    """Collect what is known of every ROI; of one that nothing uses only what puts the file in doubt stands."""
    out: list[Finding] = []
    for roi in course.rois:
        for item in roi_findings(bench, roi):
            if item.code in _CORRUPT and item.severity in ("E", "F"):
                out.append(item)
            elif id(roi) in touched:
                out.append(weakened(item, severity_for(item.severity, touched[id(roi)][1])))
            else:
                out.append(weakened(item, "I", "(No constraint or lesion uses this structure.)"))
    return out


def unconstrained(course: Course, bindings: Sequence[Binding]) -> tuple[str, ...]:
    """Return the names of structures with a volume for which no constraint applies."""
    used = {
        id(roi)
        for binding in bindings
        if binding.applies is not False
        for solid in (binding.solid, binding.lookup)
        if solid is not None
        for roi in rois_of(solid)
    }
    names = {
        roi.name or f"ROI {roi.number}"
        for roi in course.rois
        if id(roi) not in used and any(kind in _CLOSED for kind in roi.contours.kinds)
    }
    return tuple(sorted(names))
