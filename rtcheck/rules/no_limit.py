"""Organs that the protocol limits at other numbers of fractions only: nothing says what they may receive in this plan.

A limit is never carried over to another fractionation (rows apply inside their range of fractions, or not at all), so
such an organ has no limit available, and a plan cannot pass because nobody looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rtcheck.model.finding import Finding, finding
from rtcheck.rules.binding import applicability, needs_dose
from rtcheck.rules.conditions import FactTable, evaluate_conditions
from rtcheck.rules.constraint import Constraint, Protocol
from rtcheck.rules.expression import Expression, Margin, Name, Operation, parse_expression, print_expression
from rtcheck.rules.names import NameTable, fold_name
from rtcheck.rules.outcome import severity_for
from rtcheck.rules.resolve import is_target_expression

__all__ = ["organs_without_limit"]


def organs_without_limit(
    protocol: Protocol, facts: FactTable, fractions: int | None, names: NameTable
) -> tuple[Finding, ...]:
    """Say of each organ for which the protocol has dose limits, but none at this number of fractions (RTD506).

    Args:
        protocol: its judged limits on the dose in organs count; those on targets, volumes and prescriptions do not.
        facts: of the patient. A limit of which it is not known whether it applies is none to rely on: so taking a fact
            away never takes the finding away.
        fractions: of the course; None where its plans differ or do not say: then the limits themselves say so.
        names: the table in which two spellings are one organ.

    Returns:
        One finding for each organ, sorted by its name: E where a limit at another number is mandatory, else W.
    """
    if fractions is None:
        return ()
    organs: dict[str, list[Constraint]] = {}
    for constraint in protocol.constraints:
        dose_limit = constraint.priority != "report" and needs_dose(constraint.metric)
        if dose_limit and not is_target_expression(constraint.structure):
            organs.setdefault(_organ(constraint.structure, names), []).append(constraint)
    out = []
    for organ in sorted(organs):
        answers = {one.id: applicability(one, facts, fractions, known=True)[0] for one in organs[organ]}
        elsewhere = [one for one in organs[organ] if _only_by_fractions(one, facts, fractions)]
        if elsewhere and True not in answers.values():
            out.append(_finding(organ, elsewhere, answers, fractions))
    return tuple(out)


def _only_by_fractions(one: Constraint, facts: FactTable, fractions: int) -> bool:
    """Whether nothing but the number of fractions keeps a limit from applying, as far as is known."""
    if one.fractions is None or one.fractions[0] <= fractions <= one.fractions[1]:
        return False
    return evaluate_conditions(one.when, facts).value is not False


def _finding(organ: str, elsewhere: list[Constraint], answers: Mapping[str, bool | None], fractions: int) -> Finding:
    spans = sorted({one.fractions for one in elsewhere if one.fractions is not None})
    shown = ", ".join(f"{low}" if low == high else f"{low}-{high}" for low, high in spans)
    doubtful = sorted(name for name, answer in answers.items() if answer is None)
    maybe = f"; whether {', '.join(doubtful)} applies is not known" if doubtful else ""
    mandatory = any(one.priority == "mandatory" for one in elsewhere)
    return finding(
        "RTD506",
        organ,
        f"no limit available at {_count(fractions)} (only at {shown}){maybe}",
        severity_for("E", "mandatory" if mandatory else "optimal"),
        fractions=fractions,
        limits=[one.id for one in elsewhere],
    )


def _count(fractions: int) -> str:
    return f"{fractions} fraction{'s' * (fractions != 1)}"


def _organ(structure: str, names: NameTable) -> str:
    """Return the organ of a structure expression: what is left when targets are taken out and margins taken off."""
    expression = _base(parse_expression(structure))
    text = print_expression(expression)
    if isinstance(expression, Name):
        for spelling in _spellings(expression.text):
            standard = names.by_spelling.get(fold_name(spelling))
            if standard is not None:
                return standard.name
    return text


def _spellings(text: str) -> Iterable[str]:
    """Yield a name, and what is left of ``Liver-GTV`` without the targets."""
    yield text
    head, _, tail = text.rpartition("-")
    if head and tail.casefold().rstrip("s") in ("gtv", "ctv", "ptv"):
        yield head


def _base(expression: Expression) -> Expression:
    while True:
        match expression:
            case Margin():
                expression = expression.operand
            case Operation(operator="-"):
                expression = expression.left
            case _:
                return expression
