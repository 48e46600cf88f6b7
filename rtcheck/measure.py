"""The bench on which structures are measured: each ROI stacked once, each solid sampled once, each dose made once.

Both compositions, `rtcheck.check` and `rtcheck.dvh_table`, work on it; it holds what was computed and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

import numpy as np

from rtcheck.dvh.conventions import structure_dose
from rtcheck.dvh.cumulative import forget_curves
from rtcheck.dvh.curve import StructureDose
from rtcheck.dvh.engine import SampledSolid, sample_solid
from rtcheck.dvh.field import DoseField, DosePart, Quantity
from rtcheck.dvh.isodose import IsodoseVolume, Parcels
from rtcheck.dvh.nodes import DoseNodes
from rtcheck.dvh.readings import with_readings
from rtcheck.geometry.margin import margin_layer_mm, with_margin
from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.slabs import Slabs, empty_slabs, parallel, slabs_of
from rtcheck.geometry.solid import Combination, ContourStack, Leaf, Solid
from rtcheck.geometry.surface import Body
from rtcheck.geometry.variants import DOWN, GAPS_EMPTY, LONG, SHORT, UP, VALUE
from rtcheck.model.finding import Finding, finding
from rtcheck.model.structure import ROI
from rtcheck.rules.course import CoursePart
from rtcheck.rules.resolve import BoundExpression, BoundMargin, BoundOperation, BoundROI, rois_of

__all__ = [
    "Bench",
    "Helpers",
    "Problem",
    "by_solid",
    "dose_field",
    "expression_key",
    "frame_findings",
    "has_margin",
    "measure",
    "measure_ahead",
    "measured_findings",
    "release",
    "roi_findings",
    "slabs_in",
    "solid_in",
    "stack_of",
    "usable_problem",
    "weakened",
]

_Key = tuple[object, ...]
_Stacked = tuple[ContourStack | None, tuple[Finding, ...]]
_Readings = tuple[tuple[str, SampledSolid], ...]

Helpers = Callable[[Sequence[Callable[[], object]]], Callable[[int], object]]
"""Takes pure tasks, in the order in which their results will be asked for, and returns what gives the result of the
task at a place, whoever computed it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a structure cannot be measured: the finding code and one sentence."""

    code: str
    reason: str


@dataclass(slots=True, eq=False)
class Bench:
    """The dose of the course, the structure model, and everything measured so far.

    ROIs are known by their identity: `rois` are those that were stacked, so that no other can take it.
    `targets` (lesion id and target, None where it has none) and `external` say whose the dose around a target is.
    `stacks` are those asked for; what `known` holds beyond them was stacked ahead, and nobody sees it before asking.
    `ahead` gives what is sampled ahead, by its name and what it is made of, as often as it will be sampled.
    """

    dose: DoseField
    model: Literal["prism", "shape"]
    rois: dict[int, ROI] = field(default_factory=dict)
    stacks: dict[int, _Stacked] = field(default_factory=dict)
    known: dict[int, _Stacked] = field(default_factory=dict)
    ahead: dict[tuple[str, _Key], list[Callable[[], object]]] = field(default_factory=dict)
    sampled: dict[_Key, SampledSolid] = field(default_factory=dict)
    doses: dict[tuple[_Key, Quantity], StructureDose] = field(default_factory=dict)
    findings: dict[_Key, tuple[Finding, ...]] = field(default_factory=dict)
    readings: dict[_Key, _Readings] = field(default_factory=dict)
    slabs: dict[tuple[_Key, str, str, float], Slabs] = field(default_factory=dict)
    targets: tuple[tuple[str, BoundExpression | None], ...] = ()
    external: ROI | None = None
    nodes: DoseNodes | None = None
    bodies: dict[tuple[_Key, str, str, float], Body] = field(default_factory=dict)
    isodoses: dict[tuple[_Key, float], IsodoseVolume] = field(default_factory=dict)
    parcels: dict[_Key, Parcels] = field(default_factory=dict)


def dose_field(parts: Iterable[CoursePart]) -> DoseField:
    """Return the dose of a course.

    A part of unknown fraction number counts as one fraction here: binding has refused whatever depends on that number.
    """
    return DoseField(tuple(DosePart(part.grids, part.fractions or 1) for part in parts))


def frame_findings(rois: Iterable[ROI], course_field: DoseField) -> tuple[Finding, ...]:
    """Refuse (RTD401, F) every ROI whose frame of reference is not that of the dose; RTD404 where it has none."""
    frames = {grid.geometry.frame_of_reference_uid for part in course_field.parts for grid in part.grids}
    out = []
    for roi in rois:
        name = roi.name or f"ROI {roi.number}"
        if not roi.frame_of_reference_uid:
            out.append(
                finding(
                    "RTD404",
                    name,
                    f"{name} states no frame of reference (3006,0024): it is not known "
                    "where it lies in the dose. Export it with its frame of reference.",
                )
            )
        elif frames != {roi.frame_of_reference_uid}:
            out.append(
                finding(
                    "RTD401",
                    name,
                    f"{name} and the dose have different frames of reference, and no "
                    "registration joins them. Export dose and structures in one frame of reference, or name the "
                    "Spatial Registration to apply (--registration UID).",
                    roi=roi.frame_of_reference_uid,
                    dose=sorted(frames),
                )
            )
    return tuple(out)


def stack_of(bench: Bench, roi: ROI) -> _Stacked:
    """Return the contour stack of an ROI and what stacking brought up; None: unusable, with a finding of severity E."""
    if id(roi) not in bench.stacks:
        bench.rois[id(roi)] = roi
        if id(roi) not in bench.known:
            framed = bool(roi.frame_of_reference_uid)
            bench.known[id(roi)] = stack_contours(roi) if framed else (None, frame_findings((roi,), bench.dose))
        bench.stacks[id(roi)] = bench.known[id(roi)]
    return bench.stacks[id(roi)]


def roi_findings(bench: Bench, roi: ROI) -> tuple[Finding, ...]:
    """Return what reading and stacking one ROI brought up, each once."""
    gathered = (*roi.findings, *(bench.stacks[id(roi)][1] if id(roi) in bench.stacks else ()))
    return tuple({(item.code, item.severity, item.subject, item.message): item for item in gathered}.values())


def usable_problem(bench: Bench, bound: BoundExpression) -> Problem | None:
    """Return why some ROI of the expression cannot be used, or None."""
    for roi in rois_of(bound):
        stack, findings = stack_of(bench, roi)
        if stack is None:
            worst = next((item for item in findings if item.severity in ("E", "F")), None)
            if worst is None:
                return Problem("RTD303", f"{roi.name} cannot be used.")
            return Problem(worst.code, worst.message)
    return None


def measure(bench: Bench, name: str, bound: BoundExpression, quantity: Quantity) -> StructureDose | Problem:
    """Measure the dose in a structure expression.

    Args:
        bench: with the dose of the course.
        name: what messages call the structure; one that has been sampled before keeps its samples.
        bound: the expression over ROIs.
        quantity: physical dose, or EQD2 or BED with α/β.

    Returns:
        The dose; its findings are about `name`. A `Problem` where an ROI cannot be used or nothing is left of it.
    """
    key = expression_key(bound)
    if key not in bench.sampled:
        found = _delivered(bench, name, bound) if (name, key) in bench.ahead else _sampled(bench, name, bound)
        if isinstance(found, Problem):
            return found
        bench.sampled[key], bench.readings[key] = found
        bench.findings.setdefault(key, bench.sampled[key].findings)
    if (key, quantity) not in bench.doses:
        others = [(label, structure_dose(sampled, quantity)) for label, sampled in bench.readings.get(key, ())]
        bench.doses[key, quantity] = with_readings(structure_dose(bench.sampled[key], quantity), others)
    dose = bench.doses[key, quantity]
    fault = next((item for item in dose.findings if item.severity == "E" and item.code != "RTD601"), None)
    return dose if fault is None else Problem(fault.code, fault.message)


def measure_ahead(bench: Bench, expected: Iterable[tuple[str, BoundExpression]], helpers: Helpers) -> None:
    """Have structures sampled before `measure` asks for them; what it returns is the same.

    Args:
        bench: on which they will be measured.
        expected: name and expression of every structure that will be sampled, in that order; one that is forgotten
            and sampled again stands there again. What is not expected is sampled when it is asked for.
        helpers: who computes.
    """
    apart = Bench(bench.dose, bench.model, known=bench.known)
    wanted = list(expected)
    take = helpers([partial(_apart, apart, frozenset(bench.known), name, bound) for name, bound in wanted])
    for place, (name, bound) in enumerate(wanted):
        bench.ahead.setdefault((name, expression_key(bound)), []).append(partial(take, place))


@dataclass(frozen=True, slots=True, eq=False)
class _Delivered:
    """What sampling an expression apart from the bench gave, and the ROIs that were stacked for it."""

    found: Problem | tuple[SampledSolid, _Readings]
    stacked: dict[int, _Stacked]


def _apart(bench: Bench, known: frozenset[int], name: str, bound: BoundExpression) -> _Delivered:
    found = _sampled(bench, name, bound)
    ids = [id(roi) for roi in rois_of(bound)]
    return _Delivered(found, {one: bench.known[one] for one in ids if one in bench.known and one not in known})


def _delivered(bench: Bench, name: str, bound: BoundExpression) -> Problem | tuple[SampledSolid, _Readings]:
    """Return what was sampled ahead, and leave the bench as if it were sampled now."""
    key = name, expression_key(bound)
    delivered = bench.ahead[key].pop(0)()
    if not bench.ahead[key]:
        del bench.ahead[key]
    assert isinstance(delivered, _Delivered)
    for one, stacked in delivered.stacked.items():
        bench.known.setdefault(one, stacked)
    usable_problem(bench, bound)  # stacks as many of the ROIs as sampling here would have
    return delivered.found


def _sampled(bench: Bench, name: str, bound: BoundExpression) -> Problem | tuple[SampledSolid, _Readings]:
    """Sample an expression, under every reading where it has margins."""
    problem = usable_problem(bench, bound)
    if problem is not None:
        return problem
    if not _all_parallel(bench, bound):
        return Problem("RTD306", f"{name} joins structures whose contour planes are not parallel to each other.")
    solid = solid_in(bench, bound, bench.model, VALUE)
    if solid is None:
        return Problem("RTD605", f"{name} is empty: no volume is left.")
    sampled = sample_solid(name, solid, bench.dose, bench.model)
    return sampled, _other_readings(bench, name, bound) if has_margin(bound) else ()


def slabs_in(
    bench: Bench, bound: BoundExpression, model: Literal["prism", "shape"], reading: str, layer_mm: float
) -> Slabs | Problem:
    """Return an expression as plane regions under one reading (see `rtcheck.geometry.slabs`).

    Returns:
        The regions. A `Problem` where an ROI cannot be used, planes are not parallel or nothing is left of it.
    """
    key = (expression_key(bound), model, reading, layer_mm)
    if key not in bench.slabs:
        problem = usable_problem(bench, bound)
        if problem is not None:
            return problem
        if not _all_parallel(bench, bound):
            return Problem("RTD306", "It joins structures whose contour planes are not parallel to each other.")
        solid = solid_in(bench, bound, model, reading)
        bench.slabs[key] = empty_slabs(np.eye(3)) if solid is None else slabs_of(solid, model, reading, layer_mm)
    found = bench.slabs[key]
    return Problem("RTD605", "It is empty: no volume is left.") if found.empty else found


def _all_parallel(bench: Bench, bound: BoundExpression) -> bool:
    axes = [stack.axes for roi in rois_of(bound) if (stack := stack_of(bench, roi)[0]) is not None]
    return all(parallel(axes[0], other) for other in axes[1:])


def _other_readings(bench: Bench, name: str, bound: BoundExpression) -> tuple[tuple[str, SampledSolid], ...]:
    """Sample an expression with margins under every reading of its contours but the value."""
    other: Literal["prism", "shape"] = "prism" if bench.model == "shape" else "shape"
    gaps = any(stack is not None and stack.gaps for stack, _ in (stack_of(bench, roi) for roi in rois_of(bound)))
    asked = [(other, VALUE), *((bench.model, label) for label in (SHORT, LONG, DOWN, UP, *((GAPS_EMPTY,) * gaps)))]
    out = []
    for model, reading in asked:
        solid = solid_in(bench, bound, model, reading)
        if solid is not None:
            out.append((reading or other, sample_solid(name, solid, bench.dose, bench.model)))
    return tuple(out)


def measured_findings(bench: Bench, bound: BoundExpression) -> tuple[Finding, ...]:
    """Return what sampling an expression brought up; empty when it was not sampled."""
    return bench.findings.get(expression_key(bound), ())


def release(bench: Bench, bound: BoundExpression) -> None:
    """Forget the samples and doses of an expression that nothing will ask for again; what it brought up is kept."""
    key = expression_key(bound)
    bench.sampled.pop(key, None)
    bench.readings.pop(key, None)
    for known in [item for item in bench.doses if item[0] == key]:
        del bench.doses[known]
    forget_curves()


def by_solid(bounds: Iterable[BoundExpression | None]) -> tuple[tuple[int, ...], ...]:
    """Group the places of expressions by what they are made of, in the order of their first appearance."""
    groups: dict[_Key | None, list[int]] = {}
    for place, bound in enumerate(bounds):
        groups.setdefault(expression_key(bound) if bound is not None else None, []).append(place)
    return tuple(tuple(places) for places in groups.values())


def expression_key(bound: BoundExpression) -> _Key:
    """Return what an expression is made of: two with the same key are the same solid."""
    match bound:
        case BoundROI(roi):
            return (id(roi),)
        case BoundMargin(operand, mm):
            return "margin", mm, expression_key(operand)
        case BoundOperation(operator, left, right):
            return operator, expression_key(left), expression_key(right)


_OPPOSITE = {SHORT: LONG, LONG: SHORT, DOWN: UP, UP: DOWN}


def solid_in(bench: Bench, bound: BoundExpression, model: Literal["prism", "shape"], reading: str) -> Solid | None:
    """Return an expression as a solid; its margins are made of one reading, and what is taken away of the opposite one.

    Returns:
        The solid; None where a margin or what is left of its operand is empty, and with it the whole.
    """
    match bound:
        case BoundROI(roi):
            stack, _ = stack_of(bench, roi)
            assert stack is not None
            return Leaf(stack)
        case BoundMargin(operand, mm):
            inner = solid_in(bench, operand, model, reading)
            slabs = slabs_of(inner, model, reading, margin_layer_mm(mm)) if inner is not None else None
            return None if slabs is None or slabs.empty else with_margin(slabs, mm, "margin")
        case BoundOperation(operator, left, right):
            one = solid_in(bench, left, model, reading)
            two = solid_in(bench, right, model, _OPPOSITE.get(reading, reading) if operator == "-" else reading)
            if one is not None and two is not None:
                return Combination(operator, one, two)
            return one if operator == "-" else ((one or two) if operator == "|" else None)


def has_margin(bound: BoundExpression) -> bool:
    """Whether an expression has a margin."""
    match bound:
        case BoundROI():
            return False
        case BoundMargin():
            return True
        case BoundOperation(_, left, right):
            return has_margin(left) or has_margin(right)


def weakened(item: Finding, severity: Literal["F", "E", "W", "I"], note: str = "") -> Finding:
    """Return the finding with another severity, and a note after its message."""
    return replace(item, severity=severity, message=f"{item.message} {note}".strip())
