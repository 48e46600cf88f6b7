"""Constraints bound to the structures, lesions and plans of one case, before any dose is sampled.

A constraint becomes one binding, or one for each active consolidative lesion where its expression has an ``@lesion``
selector. A binding either says what to evaluate or why not: nothing is left out, and nothing is guessed.

Decisions beyond the letter of contract §3, written down here:

* ``@gtv`` is the union of the registered GTVs of all active consolidative lesions. A lesion registered without a GTV
  (PTV only) adds nothing on the right of `` - `` where leaving tumour in cannot flatter the result (an upper limit, or a
  critical volume CV); anywhere else it makes the expression NOT_EVALUATED.
* With no active consolidative lesion ``@gtv`` is empty: ``Liver - @gtv`` is the liver, ``@gtv`` alone does not apply.
* ``Liver-GTV`` without blanks, when no such structure exists, means ``Liver - @gtv`` (also ``-GTVs``, ``-CTV``, ``-PTV``).
* Per cent of dose in a constraint that is not about one lesion refers to the prescription that all active consolidative
  lesions share; where they differ it is NOT_EVALUATED.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from rtcheck.dvh.metric import Metric
from rtcheck.model.finding import Finding, finding
from rtcheck.model.structure import ROI
from rtcheck.rules.conditions import FactTable, evaluate_conditions
from rtcheck.rules.constraint import Constraint
from rtcheck.rules.expression import Expression, Margin, Name, Operation, Selector, parse_expression
from rtcheck.rules.lesions import LesionBinding
from rtcheck.rules.links import Course
from rtcheck.rules.names import NameTable, match_name

__all__ = [
    "Binding",
    "BindingContext",
    "BoundExpression",
    "BoundOperation",
    "BoundROI",
    "bind_constraint",
    "is_target_expression",
    "needs_dose",
    "rois_of",
    "union_of",
]

_WITHOUT_DOSE = ("Volume", "RxTotal", "BED")
_MINUS_TARGET = re.compile(r"^(?P<organ>.+)-(?P<role>GTV|CTV|PTV)s?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class BoundROI:
    """One ROI of the case."""

    roi: ROI


@dataclass(frozen=True, slots=True, eq=False)
class BoundOperation:
    """``left operator right`` over ROIs."""

    operator: Literal["-", "|", "&"]
    left: BoundExpression
    right: BoundExpression


BoundExpression = BoundROI | BoundOperation


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """A constraint, judged once.

    Attributes:
        constraint: as in the protocol.
        metric: its metric with α/β filled in.
        lesion: for which it is judged, or None.
        applies: False: NOT_APPLICABLE; None: its condition is unknown (MET if it would be met, else NOT_EVALUATED).
        solid: what to sample; None when it does not apply or cannot be evaluated.
        lookup: what to sample for the constraint's goal table, or None.
        reason: why it does not apply, is not known to apply, or cannot be evaluated.
        code: the finding code behind a binding that cannot be evaluated; empty when it can be.
        prescription_gy, fractions: of the lesion, or those all lesions share.
        note: added to the reason whatever the outcome.
        findings: what binding brought up, with the severity of the catalogue.
    """

    constraint: Constraint
    metric: Metric
    lesion: LesionBinding | None = None
    applies: bool | None = True
    solid: BoundExpression | None = None
    lookup: BoundExpression | None = None
    reason: str = ""
    code: str = ""
    prescription_gy: float | None = None
    fractions: int | None = None
    note: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class BindingContext:
    """Everything a constraint is bound against.

    Attributes:
        course, lesions, names, facts: as their types say; `lesions` are all registered ones.
        contradicted: lesions whose registered prescription the plan contradicts.
        dose_doubt: (code, sentence) why no dose metric of this course may be evaluated, or None.
    """

    course: Course
    lesions: tuple[LesionBinding, ...]
    names: NameTable
    facts: FactTable
    contradicted: frozenset[str] = frozenset()
    dose_doubt: tuple[str, str] | None = None

    @property
    def consolidative(self) -> tuple[LesionBinding, ...]:
        """The active lesions of the coverage rule."""
        return tuple(binding for binding in self.lesions if binding.lesion.consolidative)


@dataclass(slots=True)
class _Resolution:
    """What resolving one expression gathers on its way."""

    context: BindingContext
    constraint: Constraint
    lesion: LesionBinding | None
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Unresolved(Exception):  # noqa: N818 - never leaves this module
    """An expression cannot be evaluated: the code and the sentence that says why."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


def bind_constraint(constraint: Constraint, context: BindingContext) -> tuple[Binding, ...]:
    """Bind one constraint: once, or once for each active consolidative lesion.

    Returns:
        At least one binding. A lesion constraint of a case without such lesions is one that does not apply.
    """
    expression = parse_expression(constraint.structure)
    lookup = parse_expression(constraint.goal_table.of) if constraint.goal_table else None
    each = _has_lesion(expression) or (lookup is not None and _has_lesion(lookup))
    applies, reason = _applicability(constraint, context)
    if each and not context.consolidative:
        applies, reason = False, "No lesion is registered as active and consolidative."
    lesions: Sequence[LesionBinding | None] = context.consolidative if each and context.consolidative else (None,)
    if applies is False:
        return tuple(Binding(constraint, constraint.metric, lesion, applies=False, reason=reason) for lesion in lesions)
    return tuple(_bind_once(constraint, expression, lookup, context, lesion, applies, reason) for lesion in lesions)


def _applicability(constraint: Constraint, context: BindingContext) -> tuple[bool | None, str]:
    """Whether the constraint applies to this patient and course, and why not."""
    truth = evaluate_conditions(constraint.when, context.facts)
    if truth.value is False:
        return False, truth.reason
    count = context.course.fractions
    if constraint.fractions is not None and count is not None:
        low, high = constraint.fractions
        if not low <= count <= high:
            span = f"{low}" if low == high else f"{low} to {high}"
            return False, f"It is for plans of {span} fractions; this course has {count}."
    if truth.value is None:
        return None, truth.reason
    return True, ""


def _bind_once(
    constraint: Constraint,
    expression: Expression,
    lookup: Expression | None,
    context: BindingContext,
    lesion: LesionBinding | None,
    applies: bool | None,  # noqa: FBT001 - three-valued, as the field it fills
    reason: str,
) -> Binding:
    metric = constraint.metric
    if metric.biological is not None and metric.biological.ab is None:
        metric = replace(metric, biological=replace(metric.biological, ab=constraint.alpha_beta))
    dose_gy, fractions = _prescription(context, lesion)
    base = Binding(constraint, metric, lesion, applies, reason=reason, prescription_gy=dose_gy, fractions=fractions)
    work = _Resolution(context, constraint, lesion)
    try:
        solid = _resolve(expression, work, subtracted=False)
        table = _resolve(lookup, work, subtracted=False) if lookup is not None else None
        if solid is None or (lookup is not None and table is None):
            return replace(base, applies=False, reason="No active consolidative lesion has a structure of this kind.")
        _check_evaluable(metric, base, context)
        if constraint.goal_table is not None:
            _check_evaluable(constraint.goal_table.by, base, context)
    except _Unresolved as problem:
        return replace(base, reason=problem.reason, code=problem.code, findings=tuple(work.findings))
    note = " ".join(dict.fromkeys(work.notes))
    return replace(base, solid=solid, lookup=table, note=note, findings=tuple(work.findings))


def _prescription(context: BindingContext, lesion: LesionBinding | None) -> tuple[float | None, int | None]:
    """Return dose and fractions of the lesion, or those that all active consolidative lesions share."""
    if lesion is not None:
        return lesion.lesion.dose_gy, lesion.lesion.fractions
    shared = {(item.lesion.dose_gy, item.lesion.fractions) for item in context.consolidative}
    return shared.pop() if len(shared) == 1 else (None, None)


def needs_dose(metric: Metric) -> bool:
    """Whether the metric depends on the dose distribution, and not on the volume or the prescription alone."""
    return metric.kind not in _WITHOUT_DOSE


def _check_evaluable(metric: Metric, binding: Binding, context: BindingContext) -> None:
    """Refuse a metric that this course, dose or prescription cannot answer."""
    course, constraint = context.course, binding.constraint
    if metric.kind != "Volume" and binding.lesion is not None and binding.lesion.lesion.id in context.contradicted:
        raise _Unresolved("RTD506", f"The registered prescription of lesion {binding.lesion.lesion.id} differs from "
                          "the plan's: it is not known what to judge against. Correct the registry or the plan.")
    if metric.needs_prescription and binding.prescription_gy is None:
        raise _Unresolved("RTD501", "The metric refers to a prescription, and the lesions of this patient do not "
                          "share one. Use @lesion, or a limit in Gy.")
    if not needs_dose(metric):
        return
    if context.dose_doubt is not None:
        raise _Unresolved(*context.dose_doubt)
    if metric.biological is None:
        _check_physical(course, constraint)
        return
    if metric.biological.ab is None:
        raise _Unresolved("RTD508", "The metric needs an α/β and neither it nor the constraint gives one.")
    if any(part.fractions is None for part in course.parts):
        raise _Unresolved("RTD502", f"{metric.biological.kind} needs the number of fractions of every plan. Correct "
                          "the plan's fraction group.")
    if any(len(part.plans) > 1 for part in course.parts):
        raise _Unresolved("RTD508", f"{metric.biological.kind} needs the dose of each plan; the export has only their "
                                    "sum.")


def _check_physical(course: Course, constraint: Constraint) -> None:
    if len(course.plans) > 1 and course.fractions is None:
        counts = ", ".join("unknown" if count is None else str(count) for count in course.fraction_counts)
        code = "RTD508" if course.unlike else "RTD502"
        raise _Unresolved(code, f"Plans of unlike fractionation are summed ({counts} fractions): a limit on physical "
                          "dose is not judged on them, only one on EQD2 or BED.")
    if constraint.fractions is not None and course.fractions is None:
        low, high = constraint.fractions
        raise _Unresolved("RTD502", f"It is for plans of {low} to {high} fractions, and the number of fractions of "
                          "this plan is not known (NumberOfFractionsPlanned).")


def _has_lesion(expression: Expression) -> bool:
    match expression:
        case Selector():
            return expression.each_lesion
        case Operation():
            return _has_lesion(expression.left) or _has_lesion(expression.right)
        case Margin():
            return _has_lesion(expression.operand)
        case _:
            return False


def is_target_expression(text: str) -> bool:
    """Whether an expression is about targets: what it starts from, left of every `` - ``, is a selector."""
    expression = parse_expression(text)
    while isinstance(expression, Operation | Margin):
        expression = expression.left if isinstance(expression, Operation) else expression.operand
    return isinstance(expression, Selector)


def rois_of(bound: BoundExpression) -> tuple[ROI, ...]:
    """Return the ROIs of a bound expression, each once, in reading order."""
    found = [bound.roi] if isinstance(bound, BoundROI) else [*rois_of(bound.left), *rois_of(bound.right)]
    return tuple({id(roi): roi for roi in found}.values())


def _resolve(expression: Expression, work: _Resolution, *, subtracted: bool) -> BoundExpression | None:
    """Resolve an expression to ROIs; None is the empty set of an ``@gtv`` without lesions."""
    match expression:
        case Name():
            return _resolve_name(expression, work, subtracted=subtracted)
        case Selector():
            return _resolve_selector(expression, work, subtracted=subtracted)
        case Margin():
            raise _Unresolved("RTD706", f"Margins (+ {expression.mm:g} mm) are not evaluated in this version. Contour "
                              "and export the expanded structure and name it in the constraint.")
        case Operation():
            return _resolve_operation(expression, work, subtracted=subtracted)


def _resolve_operation(expression: Operation, work: _Resolution, *, subtracted: bool) -> BoundExpression | None:
    left = _resolve(expression.left, work, subtracted=subtracted)
    # what is subtracted twice is added again: only the first minus makes the right side one that may lack a lesion
    right = _resolve(expression.right, work, subtracted=expression.operator == "-" and not subtracted)
    if expression.operator == "-":
        return left if left is None or right is None else BoundOperation("-", left, right)
    if expression.operator == "|":
        return (left or right) if left is None or right is None else BoundOperation("|", left, right)
    return None if left is None or right is None else BoundOperation("&", left, right)


def _resolve_selector(selector: Selector, work: _Resolution, *, subtracted: bool) -> BoundExpression | None:
    role = selector.role
    if selector.each_lesion:
        assert work.lesion is not None
        return _lesion_solid(work.lesion, role)
    parts: list[BoundExpression] = []
    for binding in work.context.consolidative:
        if role not in binding.roles and _may_lack(work.constraint, subtracted=subtracted):
            work.notes.append(f"Lesion {binding.lesion.id} has no registered {role.upper()}: nothing is subtracted "
                              "for it.")
            continue
        parts.append(_lesion_solid(binding, role))
    return union_of(parts) if parts else None


def _may_lack(constraint: Constraint, *, subtracted: bool) -> bool:
    """Whether leaving a target in the structure cannot flatter the result: an upper limit, or a critical volume."""
    if not subtracted:
        return False
    if constraint.metric.kind == "CV" or constraint.priority == "report":
        return True
    comparator = constraint.goal.comparator if constraint.goal else \
        constraint.goal_table.comparator if constraint.goal_table else ">="
    return comparator in ("<=", "<")


def _lesion_solid(binding: LesionBinding, role: str) -> BoundExpression:
    lesion = binding.lesion
    bound = binding.roles.get(role)
    if bound is None:
        raise _Unresolved("RTD301", f"Lesion {lesion.id} has no {role.upper()} in the registry (lesion {lesion.id}, "
                          f"{role}). Register the name of its structure.")
    if bound.problem:
        raise _Unresolved(bound.code, bound.problem)
    return union_of([BoundROI(roi) for roi in bound.rois])


def union_of(parts: Sequence[BoundExpression]) -> BoundExpression:
    """Join one or more expressions by union."""
    out = parts[0]
    for part in parts[1:]:
        out = BoundOperation("|", out, part)
    return out


def _resolve_name(name: Name, work: _Resolution, *, subtracted: bool) -> BoundExpression | None:
    match = match_name(name.text, work.context.course.rois, work.context.names)
    if match.kind in ("exact", "alias", "composed"):
        if match.kind != "exact":
            found = ", ".join(f'"{roi.name}"' for roi in match.rois)
            work.findings.append(finding("RTD304", name.text, f'"{name.text}" was matched to {found} through the table of names.',
                                         rois=[roi.name for roi in match.rois]))
        return union_of([BoundROI(roi) for roi in match.rois])
    split = _MINUS_TARGET.match(name.text)
    if match.kind == "absent" and split is not None:
        role: Literal["gtv", "ctv", "ptv"] = split["role"].lower()  # type: ignore[assignment]  # one of the three
        meant = Operation("-", Name(split["organ"], quoted=name.quoted), Selector(role, each_lesion=False))
        return _resolve(meant, work, subtracted=subtracted)
    code = "RTD302" if match.kind == "ambiguous" else "RTD301"
    work.findings.append(finding(code, name.text, match.reason))
    raise _Unresolved(code, match.reason)
