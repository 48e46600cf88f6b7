"""One binding becomes one outcome: measured, evaluated, judged, with the findings that go with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rtcheck.conformity import AROUND_KINDS, evaluate_index
from rtcheck.dvh.curve import StructureDose
from rtcheck.dvh.evaluate import evaluate, evaluate_prescription
from rtcheck.dvh.metric import Metric, MetricValue
from rtcheck.dvh.notation import print_metric
from rtcheck.measure import Bench, Problem, measure, measured_findings, stack_of, usable_problem, weakened
from rtcheck.model.finding import Finding, finding
from rtcheck.rules.binding import Binding
from rtcheck.rules.near_point import near_point_finding
from rtcheck.rules.outcome import (
    Judgement,
    Limit,
    LookedUp,
    doubt_lookup,
    judge,
    outcome_findings,
    severity_for,
    table_limits,
)
from rtcheck.rules.resolve import BoundExpression, BoundROI, is_target_expression, rois_of
from rtcheck.rules.result import Outcome
from rtcheck.units import format_number

__all__ = ["Judged", "judge_binding", "measured_by", "settle", "severest"]

_GAPS = "gaps empty"
_PRESCRIBED = ("RxTotal", "BED")
"""Metrics of a prescription: no structure is measured for them."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An outcome and its findings, whose severity its priority has weakened."""

    outcome: Outcome
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Evaluated:
    """A metric value, and the dose it came from where one was needed."""

    value: MetricValue
    dose: StructureDose | None = None
    findings: tuple[Finding, ...] = ()


def judge_binding(binding: Binding, bench: Bench, *, accept: bool) -> Judged:
    """Measure, evaluate and judge one binding.

    Args:
        binding: says what to evaluate, or why not.
        bench: where structures are measured.
        accept: the protocol's ``undecided = "accept"``.
    """
    if binding.applies is False:
        return Judged(_outcome(binding, None, Judgement("NOT_APPLICABLE", binding.reason)))
    if binding.code or binding.solid is None:
        return _with_findings(
            binding,
            bench,
            _outcome(binding, None, Judgement("NOT_EVALUATED", binding.reason)),
            binding.code or "RTD706",
        )
    evaluated = _evaluate(binding, bench, binding.solid, binding.metric)
    limits = _limits(binding, bench)
    limit = limits.limit if isinstance(limits, LookedUp) else limits
    if isinstance(limit, str):
        judgement = Judgement("NOT_EVALUATED", limit, code="RTD706")
        limit = None
    elif limit is not None:
        judgement = judge(limit, evaluated.value, accept=accept)
        judgement = _judge_gaps(binding, bench, evaluated, judgement, limit)
        if isinstance(limits, LookedUp):
            judgement = doubt_lookup(judgement, limits, evaluated.value)
    elif evaluated.value.value is None:
        judgement = Judgement("NOT_EVALUATED", evaluated.value.reason, code=evaluated.value.code)
    else:
        judgement = Judgement("NOT_APPLICABLE", "Shown, not judged: the constraint has no goal.")
    judgement = settle(judgement, applies=binding.applies, reason=binding.reason, value=evaluated.value)
    outcome = _outcome(binding, evaluated, judgement, limit)
    return _with_findings(binding, bench, outcome, judgement.code, evaluated.findings)


def settle(judgement: Judgement, *, applies: bool | None, reason: str, value: MetricValue) -> Judgement:
    """Weigh a judgement by whether its constraint applies: where that is not known, only MET stands.

    Args:
        judgement: as if the constraint applied.
        applies: whether it does; None: not known.
        reason: why that is not known.
        value: what was judged, for the words.
    """
    if applies is None and judgement.state not in ("MET", "NOT_EVALUATED", "NOT_APPLICABLE"):
        return Judgement(
            "NOT_EVALUATED",
            f"Whether it applies is not known: {reason} If it applied it "
            f"would be {judgement.state} at {_shown(value)}.",
            code="RTD706",
        )
    if applies is None and judgement.state == "MET":
        return replace(judgement, reason=f"Met whether or not it applies. {reason}")
    return judgement


def severest(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings by severity, code and subject; of those that say the same only the most severe stays."""
    order = "FEWI"
    ranked = sorted(findings, key=lambda item: (order.index(item.severity), item.code, item.subject, item.message))
    kept: dict[tuple[str, str, str], Finding] = {}
    for item in ranked:
        kept.setdefault((item.code, item.subject, item.message), item)
    return tuple(kept.values())


def _structure_name(binding: Binding, bound: BoundExpression) -> str:
    if isinstance(bound, BoundROI):
        return bound.roi.name
    text = binding.constraint.structure
    return text if binding.lesion is None else f"{text} of {binding.lesion.lesion.id}"


def _evaluate(binding: Binding, bench: Bench, bound: BoundExpression, metric: Metric) -> _Evaluated:
    if metric.kind in _PRESCRIBED:
        problem = usable_problem(bench, bound)
        if problem is not None:
            return _Evaluated(MetricValue(None, None, None, metric.unit, problem.reason, problem.code))
        return _Evaluated(evaluate_prescription(metric, binding.prescription_gy, binding.fractions))
    if metric.kind in AROUND_KINDS:
        lesion = binding.lesion.lesion.id if binding.lesion is not None else ""
        name = _structure_name(binding, bound)
        found = evaluate_index(bench, name, bound, metric, binding.prescription_gy, lesion)
        return _Evaluated(found.value, found.dose, found.findings)
    dose = measure(bench, _structure_name(binding, bound), bound, metric.biological)
    if isinstance(dose, Problem):
        return _Evaluated(MetricValue(None, None, None, metric.unit, dose.reason, dose.code))
    return _Evaluated(evaluate(dose, metric, binding.prescription_gy), dose)


def measured_by(binding: Binding) -> Iterator[tuple[str, BoundExpression]]:
    """Give name and expression of each structure that judging a binding measures, in that order."""
    if binding.applies is False or binding.code or binding.solid is None:
        return
    table = binding.constraint.goal_table
    asked = [(binding.solid, binding.metric), *([(binding.lookup, table.by)] if table is not None else [])]
    for bound, metric in asked:
        if bound is not None and metric.kind not in _PRESCRIBED:
            yield _structure_name(binding, bound), bound


def _limits(binding: Binding, bench: Bench) -> Limit | LookedUp | str | None:
    """Return the limit to judge against; None for a report-only constraint without a goal; a reason where unknown."""
    constraint = binding.constraint
    if constraint.goal_table is not None and binding.lookup is not None:
        lookup = _evaluate(binding, bench, binding.lookup, constraint.goal_table.by)
        return table_limits(constraint.goal_table, lookup.value, binding.metric.unit)
    return Limit(constraint.goal, constraint.variation) if constraint.goal is not None else None


def _judge_gaps(binding: Binding, bench: Bench, evaluated: _Evaluated, judgement: Judgement, limit: Limit) -> Judgement:
    """Refuse a judgement that filling or not filling missing slices would change (RTD312)."""
    if evaluated.dose is None or binding.solid is None:
        return judgement
    names = _gap_names(bench, binding.solid)
    if not names or judgement.state == "NOT_EVALUATED":
        return judgement
    at_value = judge(limit, _point(evaluated.value))
    for label, dvh in evaluated.dose.alternatives:
        if not label.startswith(_GAPS):
            continue
        alone = StructureDose(dvh, (), None, 0.0, 0.0, evaluated.dose.model)
        if binding.metric.kind in AROUND_KINDS:
            lesion = binding.lesion.lesion.id if binding.lesion is not None else ""
            emptied = evaluate_index(
                bench, names, binding.solid, binding.metric, binding.prescription_gy, lesion, instead=alone
            ).value
        else:
            emptied = evaluate(alone, binding.metric, binding.prescription_gy)
        other = judge(limit, _point(emptied))
        if other.state != at_value.state:
            return Judgement(
                "NOT_EVALUATED",
                f"Contour slices are missing in {names}, and filling the gap or leaving "
                f"it empty changes the result ({at_value.state} or {other.state}). Contour the missing "
                "slices.",
                code="RTD312",
            )
    return judgement


def _point(value: MetricValue) -> MetricValue:
    return replace(value, low=value.value, high=value.value)


def _gap_names(bench: Bench, bound: BoundExpression) -> str:
    names = []
    for roi in rois_of(bound):
        stack, _ = stack_of(bench, roi)
        if stack is not None and stack.gaps:
            names.append(roi.name)
    return ", ".join(names)


def _shown(value: MetricValue) -> str:
    if value.value is None:
        return "no value"
    return " ".join(filter(None, (format_number(round(value.value, 3)), value.unit)))


def _outcome(
    binding: Binding, evaluated: _Evaluated | None, judgement: Judgement, limit: Limit | None = None
) -> Outcome:
    constraint = binding.constraint
    goal, variation = (limit.goal, limit.variation) if limit else (constraint.goal, constraint.variation)
    shown = evaluated is not None and judgement.state != "NOT_EVALUATED"
    value = evaluated.value if evaluated is not None and shown else MetricValue(None, None, None, binding.metric.unit)
    dose = evaluated.dose if evaluated is not None else None
    return Outcome(
        constraint=constraint.id,
        structure=constraint.structure,
        lesion=binding.lesion.lesion.id if binding.lesion else None,
        metric=print_metric(binding.metric),
        value=value.value,
        low=value.low,
        high=value.high,
        unit=value.unit,
        goal=goal.text if goal else None,
        variation=variation.text if variation else None,
        priority=constraint.priority,
        outcome=judgement.state,
        reason=_sentence(judgement.reason),
        margin=judgement.margin,
        rois=tuple(roi.name for roi in rois_of(binding.solid)) if binding.solid is not None else (),
        volume_cm3=dose.value.total_cm3 if dose is not None else None,
        source=constraint.source,
        where=constraint.where,
        confidence=constraint.confidence,
        endpoint=constraint.endpoint,
        note=constraint.note,
        accepted=judgement.accepted,
    )


def _sentence(text: str) -> str:
    """Return the text with a capital at the start and a full stop at the end."""
    if not text:
        return ""
    text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _with_findings(
    binding: Binding, bench: Bench, outcome: Outcome, code: str, more: tuple[Finding, ...] = ()
) -> Judged:
    """Add the findings of binding, sampling and judging, weakened by the priority of the constraint."""
    priority = binding.constraint.priority
    noticed = [*binding.findings, *more]
    for bound in (binding.solid, binding.lookup):
        if bound is None:
            continue
        noticed += measured_findings(bench, bound)
    if outcome.value is not None:
        subject = _structure_name(binding, binding.solid) if binding.solid is not None else outcome.structure
        grids = [grid for part in bench.dose.parts for grid in part.grids]
        noticed += near_point_finding(binding.metric, outcome.metric, subject, outcome.volume_cm3, grids)
    out = [weakened(item, severity_for(item.severity, priority)) for item in noticed]
    if code in _CAUSES and outcome.outcome == "NOT_EVALUATED":
        subject = outcome.lesion or outcome.structure
        out.append(finding(code, subject, outcome.reason, severity_for("E", priority)))
    target = is_target_expression(binding.constraint.structure)
    return Judged(outcome, (*out, *outcome_findings(outcome, code, target=target)))


_CAUSES = ("RTD312", "RTD501", "RTD508", "RTD601", "RTD605")
"""Causes of NOT_EVALUATED with a finding of their own beside RTD706; others are reported where they are noticed."""
