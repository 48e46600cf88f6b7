"""Structure expressions resolved to the ROIs of a case: names, selectors and operators become a tree over ROIs.

Decisions beyond the letter of contract §3, written down here:

* ``@gtv`` is the union of the registered GTVs of all active consolidative lesions. A lesion registered without a GTV
  (PTV only) makes it NOT_EVALUATED: what is missing from the union is not known.
* With no active consolidative lesion ``@gtv`` is empty: ``Liver - @gtv`` is the liver, ``@gtv`` alone does not apply.
* ``Liver-GTV`` without blanks, when no such structure exists, means ``Liver - @gtv`` (also ``-GTVs``, ``-CTV``,
  ``-PTV``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from rtcheck.model.finding import Finding, finding
from rtcheck.model.structure import ROI
from rtcheck.rules.expression import Expression, Margin, Name, Operation, Selector, parse_expression
from rtcheck.rules.lesions import LesionBinding
from rtcheck.rules.names import NameTable, match_name

__all__ = [
    "BoundExpression",
    "BoundMargin",
    "BoundOperation",
    "BoundROI",
    "Resolution",
    "Unresolved",
    "has_lesion",
    "is_target_expression",
    "resolve",
    "rois_of",
    "union_of",
]

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


@dataclass(frozen=True, slots=True, eq=False)
class BoundMargin:
    """``operand`` grown by so many mm in all directions; shrunk where negative."""

    operand: BoundExpression
    mm: float


BoundExpression = BoundROI | BoundOperation | BoundMargin


@dataclass(slots=True)
class Resolution:
    """What resolving one expression gathers on its way."""

    rois: tuple[ROI, ...]
    names: NameTable
    consolidative: tuple[LesionBinding, ...]
    lesion: LesionBinding | None
    findings: list[Finding] = field(default_factory=list)


class Unresolved(Exception):  # noqa: N818 - never leaves this module
    """An expression cannot be evaluated: the code and the sentence that says why."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


def has_lesion(expression: Expression) -> bool:
    """Whether an expression has a selector of one lesion at a time."""
    match expression:
        case Selector():
            return expression.each_lesion
        case Operation():
            return has_lesion(expression.left) or has_lesion(expression.right)
        case Margin():
            return has_lesion(expression.operand)
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
    match bound:
        case BoundROI(roi):
            found = [roi]
        case BoundMargin(operand):
            found = [*rois_of(operand)]
        case BoundOperation(_, left, right):
            found = [*rois_of(left), *rois_of(right)]
    return tuple({id(roi): roi for roi in found}.values())


def resolve(expression: Expression, work: Resolution) -> BoundExpression | None:
    """Resolve an expression to ROIs; None is the empty set of an ``@gtv`` without lesions."""
    match expression:
        case Name():
            return _resolve_name(expression, work)
        case Selector():
            return _resolve_selector(expression, work)
        case Margin():
            operand = resolve(expression.operand, work)
            return None if operand is None else BoundMargin(operand, expression.mm)
        case Operation():
            return _resolve_operation(expression, work)


def _resolve_operation(expression: Operation, work: Resolution) -> BoundExpression | None:
    left = resolve(expression.left, work)
    right = resolve(expression.right, work)
    if expression.operator == "-":
        return left if left is None or right is None else BoundOperation("-", left, right)
    if expression.operator == "|":
        return (left or right) if left is None or right is None else BoundOperation("|", left, right)
    return None if left is None or right is None else BoundOperation("&", left, right)


def _resolve_selector(selector: Selector, work: Resolution) -> BoundExpression | None:
    if selector.each_lesion:
        assert work.lesion is not None
        return _lesion_solid(work.lesion, selector.role)
    parts = [_lesion_solid(binding, selector.role) for binding in work.consolidative]
    return union_of(parts) if parts else None


def _lesion_solid(binding: LesionBinding, role: str) -> BoundExpression:
    lesion = binding.lesion
    bound = binding.roles.get(role)
    if bound is None:
        raise Unresolved(
            "RTD301",
            f"Lesion {lesion.id} has no {role.upper()} in the registry (lesion {lesion.id}, "
            f"{role}). Register the name of its structure.",
        )
    if bound.problem:
        raise Unresolved(bound.code, bound.problem)
    return union_of([BoundROI(roi) for roi in bound.rois])


def union_of(parts: Sequence[BoundExpression]) -> BoundExpression:
    """Join one or more expressions by union."""
    out = parts[0]
    for part in parts[1:]:
        out = BoundOperation("|", out, part)
    return out


def _resolve_name(name: Name, work: Resolution) -> BoundExpression | None:
    match = match_name(name.text, work.rois, work.names)
    if match.kind in ("exact", "alias", "composed"):
        if match.kind != "exact":
            names = [roi.name for roi in match.rois]
            work.findings.append(finding(match.code, name.text, match.reason, rois=names))
        return union_of([BoundROI(roi) for roi in match.rois])
    split = _MINUS_TARGET.match(name.text)
    if match.kind == "absent" and split is not None:
        role: Literal["gtv", "ctv", "ptv"] = split["role"].lower()  # type: ignore[assignment]  # one of the three
        meant = Operation("-", Name(split["organ"], quoted=name.quoted), Selector(role, each_lesion=False))
        return resolve(meant, work)
    work.findings.append(finding(match.code, name.text, match.reason))
    raise Unresolved(match.code, match.reason)
