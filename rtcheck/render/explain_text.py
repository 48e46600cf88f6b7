"""Pages of `rtcheck explain`: a finding code, a metric, a constraint. Each is made from the record itself."""

from __future__ import annotations

from collections.abc import Sequence

from rtcheck.dvh.glossary import CONVENTION, GLOSSARY
from rtcheck.dvh.metric import Metric
from rtcheck.dvh.notation import print_metric
from rtcheck.model.code import Code
from rtcheck.render.rows import LEGEND
from rtcheck.render.terminal import visible, wrap
from rtcheck.rules.constraint import Condition, Constraint, EligibilityRule, GoalTable, Source
from rtcheck.units import format_number

__all__ = [
    "condition_text", "explain_code", "explain_constraint", "explain_metric", "explain_rule", "fractions_text",
    "limits_text",
]

_SEVERITY = {
    "F": "no verdict for the case (exit 4)",
    "E": "touched limits are not evaluated; the case cannot pass",
    "W": "evaluated; somebody has to acknowledge it",
    "I": "a note",
}


def explain_code(code: Code) -> str:
    """Return the page of one finding code."""
    severity = "the verdict is FAIL" if code.fails else _SEVERITY[code.severity]
    return _page(f"{code.code}  {code.title}", [
        ("Severity", f"{code.severity}: {severity}"),
        ("Why", code.why),
        ("What to do", code.fix),
        ("Reference", code.reference),
    ])


def explain_metric(metric: Metric) -> str:
    """Return the page of one metric: definition in words, unit, convention, source."""
    meaning = GLOSSARY[metric.kind]
    at = ""
    if metric.at is not None:
        of = {"%": " % of the volume" if metric.kind in ("D", "DC") else " % of the lesion's prescription",
              "cc": " cm³", "Gy": " Gy"}.get(metric.at_unit, " Gy" if metric.kind == "BED" else "")
        at = f"{format_number(metric.at)}{of}"
    unit = {"Gy": "Gy", "cc": "cm³", "": "none, a ratio"}.get(metric.unit, "")
    if metric.unit == "%":
        dose = metric.kind in ("D", "DC", "Mean", "Max", "Min", "Median", "D2cm")
        unit = "% of the lesion's prescription" if dose else "% of the structure's volume"
    biological = ""
    if metric.biological is not None:
        ab = "the constraint's α/β" if metric.biological.ab is None else f"α/β {format_number(metric.biological.ab)} Gy"
        formula = {"EQD2": "D (D/n + α/β) / (2 + α/β)", "BED": "D (1 + (D/n) / (α/β))"}[metric.biological.kind]
        biological = f"{metric.biological.kind} with {ab}: {formula} at every sample, before plans are summed."
    return _page(f"{print_metric(metric)}  {meaning.title}", [
        ("Definition", meaning.definition.format(at=at)),
        ("Formula", meaning.formula),
        ("Unit", unit),
        ("Dose quantity", biological),
        ("Here", meaning.convention),
        ("Convention", "" if metric.kind in ("BED", "RxTotal") else CONVENTION),
        ("Fails", meaning.fails),
        ("Source", meaning.source),
    ])


def explain_constraint(constraint: Constraint, source: Source | None, holders: Sequence[str] = ()) -> str:
    """Return the page of one constraint: its limits, where it applies, its citation, which shipped sets hold it."""
    citation = constraint.source if source is None else f"{constraint.source}: {source.citation}"
    if source is not None and source.reference:
        citation += f" ({source.reference})"
    confidence = constraint.confidence
    if confidence in LEGEND:
        confidence += f": {LEGEND[confidence][1]}"
    return _page(constraint.id, [
        ("Structure", constraint.structure),
        ("Metric", f"{print_metric(constraint.metric)}  {GLOSSARY[constraint.metric.kind].title}"),
        *limits_text(constraint),
        ("Priority", {"mandatory": "mandatory: breaking it fails the plan",
                      "optimal": "optimal: missing it asks for review",
                      "report": "report: shown, never judged"}[constraint.priority]),
        ("Fractions", fractions_text(constraint)),
        ("Applies when", " and ".join(condition_text(one) for one in constraint.when) or "always"),
        ("α/β", "" if constraint.alpha_beta is None else f"{format_number(constraint.alpha_beta)} Gy"),
        ("Endpoint", constraint.endpoint),
        ("Note", constraint.note),
        ("Citation", citation),
        ("Where", constraint.where),
        ("Checked", source.verified if source is not None else ""),
        ("Confidence", confidence),
        ("In", ", ".join(holders)),
        ("File", f"{constraint.file}, {constraint.key_path}" if constraint.key_path else constraint.file),
    ])


def explain_rule(rule: EligibilityRule, source: Source | None) -> str:
    """Return the page of one eligibility rule: what it asks, of whom, what follows, the trial's criterion."""
    groups = [_conditions(group) for group in rule.any]
    broken, unknown = ("RTD752: the verdict is FAIL", "RTD753: INCOMPLETE at best") if rule.bears_on == "plan" else (
        "RTD755: a warning, REVIEW at best", "RTD756: a note")  # fmt: skip
    return _page(rule.id, [
        ("Criterion", rule.criterion or "no number in the protocol file; the id names it"),
        ("Asks", rule.text),
        ("Requires", _conditions(rule.requires)),
        ("One of", "; or ".join(groups)),
        ("Asked where", _conditions(rule.when) or "always"),
        ("Bears on", rule.bears_on),
        ("Broken", broken),
        ("Not recorded", unknown),
        ("Citation", "" if source is None else f"{source.key}: {source.citation}"),
        ("Checked", "" if source is None else source.verified),
    ])


def _conditions(group: Sequence[Condition]) -> str:
    return " and ".join(condition_text(one) for one in group)


def limits_text(constraint: Constraint) -> list[tuple[str, str]]:
    """Return the limits of a constraint as (name, text) pairs; empty texts where there is none."""
    if constraint.goal_table is not None:
        return [("Goal", _table_text(constraint.goal_table, "goal", constraint.metric.unit)),
                ("Last acceptable", _table_text(constraint.goal_table, "variation", constraint.metric.unit))]
    goal = "none" if constraint.goal is None else constraint.goal.text
    return [("Goal", goal), ("Last acceptable", "" if constraint.variation is None else constraint.variation.text)]


def fractions_text(constraint: Constraint) -> str:
    """Return the numbers of fractions a constraint applies to."""
    if constraint.fractions is None:
        return "any"
    least, most = constraint.fractions
    return str(least) if least == most else f"{least} to {most}"


def condition_text(condition: Condition) -> str:
    """Return a condition in words."""
    if condition.values:
        return f"{condition.fact} is {' or '.join(_value_text(value) for value in condition.values)}"
    bounds = (("above", condition.above), ("at least", condition.at_least), ("below", condition.below),
              ("up to", condition.up_to))
    return f"{condition.fact} is " + " and ".join(f"{word} {format_number(bound)}" for word, bound in bounds
                                                  if bound is not None)


def _value_text(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _table_text(table: GoalTable, which: str, unit: str) -> str:
    points = table.goal if which == "goal" else table.variation
    if not points:
        return ""
    pairs = ", ".join(f"{format_number(y)} at {format_number(x)}" for x, y in points)
    value = f"the value in {unit}" if unit else "the value"
    return f"{table.comparator} {value} read off a table by {print_metric(table.by)} of {table.of}: {pairs}"


def _page(title: str, entries: list[tuple[str, str]]) -> str:
    """Return a page: a title, then named paragraphs."""
    lines = wrap(visible(title), hanging="    ")
    for name, text in entries:
        if text:
            lines += wrap(visible(f"{name + ':':<17}{text}"), "  ", " " * 19)
    return "\n".join(lines) + "\n"
