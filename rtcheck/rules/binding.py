"""Constraints bound to the structures, lesions and plans of one case, before any dose is sampled.

A constraint becomes one binding, or one for each active consolidative lesion where its expression has an ``@lesion``
selector. A binding either says what to evaluate or why not: nothing is left out, and nothing is guessed.

Per cent of dose is of the lesion's prescription: a constraint that is not about one lesion has none and is not
evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rtcheck.dvh.metric import Metric
from rtcheck.model.finding import Finding
from rtcheck.rules.conditions import FactTable, evaluate_conditions
from rtcheck.rules.constraint import Constraint
from rtcheck.rules.course import Course
from rtcheck.rules.expression import Expression, parse_expression
from rtcheck.rules.lesions import LesionBinding
from rtcheck.rules.names import NameTable
from rtcheck.rules.resolve import BoundExpression, Resolution, Unresolved, has_lesion, resolve

__all__ = ["Binding", "BindingContext", "applicability", "bind_constraint", "needs_dose"]

_WITHOUT_DOSE = ("Volume", "RxTotal", "BED")


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """A constraint, judged once.

    Attributes:
        constraint: as in the protocol.
        metric: its metric with α/β filled in.
        lesion: for which it is judged, or None.
        applies: False: NOT_APPLICABLE; None: its condition is unknown (MET if it would be met, else NOT_EVALUATED).
        solid: what to sample; None when it does not apply or no structure was found.
        lookup: what to sample for the constraint's goal table, or None.
        reason: why it does not apply, is not known to apply, or cannot be evaluated.
        code: the finding code behind a binding that cannot be evaluated; empty when it can be.
        prescription_gy, fractions: of the lesion; None without one.
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
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class BindingContext:
    """Everything a constraint is bound against.

    Attributes:
        course, lesions, names, facts: as their types say; `lesions` are all registered ones.
        contradicted: lesions whose registered prescription the plan contradicts.
        dose_doubt: (code, sentence) why no dose metric of this course may be evaluated, or None.
        joined: for each lesion that is judged with others, itself with the structures of all (`rtcheck.rules.groups`).
    """

    course: Course
    lesions: tuple[LesionBinding, ...]
    names: NameTable
    facts: FactTable
    contradicted: frozenset[str] = frozenset()
    dose_doubt: tuple[str, str] | None = None
    joined: Mapping[str, LesionBinding] = field(default_factory=dict)

    @property
    def consolidative(self) -> tuple[LesionBinding, ...]:
        """The active lesions of the coverage rule."""
        return tuple(binding for binding in self.lesions if binding.lesion.consolidative)


def bind_constraint(constraint: Constraint, context: BindingContext) -> tuple[Binding, ...]:
    """Bind one constraint: once, or once for each active consolidative lesion.

    Returns:
        At least one binding. A lesion constraint of a case without such lesions is one that does not apply.
    """
    expression = parse_expression(constraint.structure)
    lookup = parse_expression(constraint.goal_table.of) if constraint.goal_table else None
    each = has_lesion(expression) or (lookup is not None and has_lesion(lookup))
    counts = context.course.fraction_counts
    applies, reason = applicability(constraint, context.facts, context.course.fractions, known=None not in counts)
    if each and not context.consolidative:
        applies, reason = False, "No lesion is registered as active and consolidative."
    lesions: Sequence[LesionBinding | None] = context.consolidative if each and context.consolidative else (None,)
    if applies is False:
        return tuple(Binding(constraint, constraint.metric, lesion, applies=False, reason=reason) for lesion in lesions)
    asked = _Asked(constraint, expression, lookup, applies, reason)
    return tuple(_bind_once(asked, context, lesion) for lesion in lesions)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A constraint with its parsed expressions, and whether it applies (None: not known) with the reason."""

    constraint: Constraint
    expression: Expression
    lookup: Expression | None
    applies: bool | None
    reason: str


def applicability(
    constraint: Constraint, facts: FactTable, count: int | None, *, known: bool
) -> tuple[bool | None, str]:
    """Answer whether the constraint applies to this patient and course, and why not; None: not known.

    Args:
        constraint: with its conditions and fraction range.
        facts: of the patient.
        count: the common fraction count of the plans that are summed; None where they differ or do not say.
        known: whether every plan says its fraction count.
    """
    truth = evaluate_conditions(constraint.when, facts)
    if truth.value is False:
        return False, truth.reason
    if constraint.fractions is not None and count is not None:
        low, high = constraint.fractions
        if not low <= count <= high:
            span = f"{low}" if low == high else f"{low} to {high}"
            return False, f"It is for plans of {span} fractions; this course has {count}."
    if truth.value is None:
        return None, truth.reason
    if constraint.fractions is not None and not known:
        low, high = constraint.fractions
        return None, (
            f"It is for plans of {low} to {high} fractions, and the number of fractions of a plan is not known "
            "(NumberOfFractionsPlanned)."
        )
    return True, ""


def _bind_once(asked: _Asked, context: BindingContext, lesion: LesionBinding | None) -> Binding:
    constraint = asked.constraint
    metric = constraint.metric
    if metric.biological is not None and metric.biological.ab is None:
        metric = replace(metric, biological=replace(metric.biological, ab=constraint.alpha_beta))
    base = Binding(constraint, metric, lesion, asked.applies, reason=asked.reason)
    if lesion is not None:
        base = replace(base, prescription_gy=lesion.lesion.dose_gy, fractions=lesion.lesion.fractions)
    judged = None if lesion is None else context.joined.get(lesion.lesion.id, lesion)
    work = Resolution(context.course.rois, context.names, context.consolidative, judged)
    try:
        solid = resolve(asked.expression, work)
        table = resolve(asked.lookup, work) if asked.lookup is not None else None
        if solid is None or (asked.lookup is not None and table is None):
            return replace(base, applies=False, reason="No active consolidative lesion has a structure of this kind.")
        base = replace(base, solid=solid, lookup=table)
        _check_evaluable(metric, base, context)
        if constraint.goal_table is not None:
            _check_evaluable(constraint.goal_table.by, base, context)
    except Unresolved as problem:
        return replace(base, reason=problem.reason, code=problem.code, findings=tuple(work.findings))
    return replace(base, findings=tuple(work.findings))


def needs_dose(metric: Metric) -> bool:
    """Whether the metric depends on the dose distribution, and not on the volume or the prescription alone."""
    return metric.kind not in _WITHOUT_DOSE


def _check_evaluable(metric: Metric, binding: Binding, context: BindingContext) -> None:
    """Refuse a metric that this course, dose or prescription cannot answer."""
    course, constraint = context.course, binding.constraint
    if metric.kind != "Volume" and binding.lesion is not None and binding.lesion.lesion.id in context.contradicted:
        raise Unresolved(
            "RTD506",
            f"The registered prescription of lesion {binding.lesion.lesion.id} differs from "
            "the plan's: it is not known what to judge against. Correct the registry or the plan.",
        )
    if metric.needs_prescription and binding.prescription_gy is None:
        raise Unresolved(
            "RTD501",
            "The metric refers to a prescription, and only a lesion has one. Use @lesion.ptv or @lesion.gtv, or a "
            "limit in Gy.",
        )
    if not needs_dose(metric):
        return
    if context.dose_doubt is not None:
        raise Unresolved(*context.dose_doubt)
    if metric.biological is None:
        _check_physical(course, constraint)
        return
    if metric.biological.ab is None:
        raise Unresolved("RTD508", "The metric needs an α/β and neither it nor the constraint gives one.")
    if any(part.fractions is None for part in course.parts):
        raise Unresolved(
            "RTD502",
            f"{metric.biological.kind} needs the number of fractions of every plan. Correct the plan's fraction group.",
        )
    if any(len(part.plans) > 1 for part in course.parts):
        raise Unresolved(
            "RTD508", f"{metric.biological.kind} needs the dose of each plan; the export has only their sum."
        )


def _check_physical(course: Course, constraint: Constraint) -> None:
    if len(course.plans) > 1 and course.fractions is None:
        counts = ", ".join("unknown" if count is None else str(count) for count in course.fraction_counts)
        code = "RTD508" if course.unlike else "RTD502"
        raise Unresolved(
            code,
            f"Plans of unlike fractionation are summed ({counts} fractions): a limit on physical "
            "dose is not judged on them, only one on EQD2 or BED.",
        )
    if constraint.fractions is not None and course.fractions is None:
        low, high = constraint.fractions
        raise Unresolved(
            "RTD502",
            f"It is for plans of {low} to {high} fractions, and the number of fractions of "
            "this plan is not known (NumberOfFractionsPlanned).",
        )
