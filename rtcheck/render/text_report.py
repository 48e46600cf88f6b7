"""The report for people at a terminal: 80 columns, the verdict first, readable without colour.

Order: what was checked, the verdict with its counts, lesions, organ limits, findings, exit code and the next command.
Rows that fail come first, each with value (low-high), goal, last acceptable value, state, margin, reason, what to do.
"""

from __future__ import annotations

from collections.abc import Sequence

from rtcheck.model.codes import CATALOGUE
from rtcheck.model.finding import Finding
from rtcheck.render.finding_lines import finding_lines
from rtcheck.render.numbers import limit_number
from rtcheck.render.reconciliation import reconciliation_notes
from rtcheck.render.rows import LEGEND, Row, layout, outcome_row, without_repeats
from rtcheck.render.terminal import WIDTH, Paint, cells, no_paint, visible, wrap
from rtcheck.report import Report
from rtcheck.rules.result import LesionResult, Outcome

__all__ = ["text_report"]

_FAILING = ("VIOLATED", "NOT_EVALUATED", "UNDECIDED", "VARIATION")
_LESION_ORDER = ("NOT_TREATED", "NOT_COVERED", "NOT_EVALUATED", "COVERED", "NOT_REQUIRED")
_PRIORITIES = (("mandatory", "ORGANS"), ("optimal", "ORGANS, optimal"), ("report", "ORGANS, for the record"))
_REPEATS = frozenset(("RTD603", "RTD701", "RTD702", "RTD703", "RTD705", "RTD706", "RTD757"))
_SEVERITIES = "FEWI"


def text_report(report: Report, paint: Paint = no_paint) -> str:
    """Return the report as text that ends in a newline.

    Args:
        report: the result.
        paint: colours verdict, states and severities; the default leaves the text plain.
    """
    blocks = [_header(report), _verdict(report, paint), _lesions(report, paint), *_organs(report, paint)]
    blocks += [_footnotes(report), finding_lines(_shown(report), paint), _ending(report)]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _header(report: Report) -> list[str]:
    """Return what was checked: program, patient, plans, protocol, conventions; and who must not read it."""
    provenance = report.provenance
    parts = [f"rtcheck {provenance.software.get('rtcheck', '')}".rstrip()]
    if report.patient_id:
        parts.append(visible(report.patient_id))
    if report.plans:
        counts = sorted({plan.fractions for plan in report.plans if plan.fractions is not None})
        fractions = f", {' and '.join(map(str, counts))} fraction{'s' * (counts != [1])}" if counts else ""
        parts.append(f"{_count(len(report.plans), 'plan')}{fractions}")
    if provenance.protocol.get("id"):
        status = " (draft)" if provenance.protocol.get("status") == "draft" or _has(report, "RTD805") else ""
        parts.append(visible(f"protocol {provenance.protocol['id']} {provenance.protocol.get('version', '')}{status}"))
    lines = _filled(parts)
    model = provenance.conventions.get("structure_model")
    if model and report.outcomes:
        accept = "; limits inside the interval: accepted" if provenance.conventions.get("undecided") == "accept" else ""
        lines += wrap(visible(f"structure model {model}{accept}"), "    ")
    if report.reveals_arm:
        lines += wrap("REVEALS THE TRIAL ARM: keep it from blinded outcome assessors (RTD759)", "    ")
    return lines


def _filled(parts: Sequence[str]) -> list[str]:
    """Put parts on as few lines as hold them, never breaking inside one that fits a line."""
    lines: list[str] = []
    for part in parts:
        joined = f"{lines[-1]}   {part}" if lines else part
        if cells(joined) <= WIDTH:
            lines[-1:] = [joined]
        else:
            lines += wrap(part, "    ")
    return lines


def _verdict(report: Report, paint: Paint) -> list[str]:
    """Return the verdict and what it rests on, in counts."""
    verdict = report.verdict or "NO VERDICT"
    lines = wrap("; ".join(_counts(report)) or "no limit to judge", " " * len(verdict) + "   ")
    return [paint(verdict, verdict) + lines[0][len(verdict):], *lines[1:]]


def _counts(report: Report) -> list[str]:
    """Return the counts beside the verdict: lesions, limits, serious findings."""
    lesions = [
        f"{number} {word}" for number, word in (
            (_states(report, "NOT_COVERED"), "not covered"),
            (_states(report, "NOT_TREATED"), "not treated"),
            (_states(report, "NOT_EVALUATED"), "not evaluated"),
        ) if number
    ]
    if lesions:
        number, _, word = lesions[0].partition(" ")
        lesions[0] = f"{_count(int(number), 'lesion')} {word}"
    elif _states(report, "COVERED"):
        lesions = [f"{_count(_states(report, 'COVERED'), 'lesion')} covered"]
    own = {index for lesion in report.lesions for index in lesion.outcomes}
    judged = [one for one in report.outcomes if one.priority != "report"]
    organs = [one for index, one in enumerate(report.outcomes) if index not in own and one.priority != "report"]
    violated = sum(one.outcome == "VIOLATED" and one.priority == "mandatory" for one in organs)
    missed = sum(one.outcome in ("VIOLATED", "VARIATION") and one.priority == "optimal" for one in judged)
    variation = sum(one.outcome == "VARIATION" and one.priority == "mandatory" for one in judged)
    limits = [
        text for number, text in (
            (violated, f"{_count(violated, 'limit')} violated"),
            (_outcomes(organs, "NOT_EVALUATED"), f"{_outcomes(organs, 'NOT_EVALUATED')} not evaluated"),
            (_outcomes(judged, "UNDECIDED"), f"{_outcomes(judged, 'UNDECIDED')} undecided"),
            (variation, f"{variation} at variation"),
            (missed, f"{_count(missed, 'optimal goal')} missed"),
            (_outcomes(organs, "MET"), f"{_count(_outcomes(organs, 'MET'), 'limit')} met"),
        ) if number
    ]
    severities = [one.severity for one in _shown(report)]
    serious = [f"{severities.count(severity)} {severity}" for severity in _SEVERITIES[:3] if severity in severities]
    findings = [f"findings: {', '.join(serious)}"] if serious else []
    return [", ".join(part) for part in (lesions, limits, findings) if part]


def _lesions(report: Report, paint: Paint) -> list[str]:
    """Return the lesions, the worst first: of one that is covered the tightest row, else every row that fails."""
    if not report.lesions:
        return []
    active = sum(lesion.state != "NOT_REQUIRED" for lesion in report.lesions)
    rows: list[Row] = []
    for lesion in sorted(report.lesions, key=lambda one: _LESION_ORDER.index(one.state)):
        outcomes = [report.outcomes[index] for index in lesion.outcomes]
        met = sum(one.outcome == "MET" for one in outcomes)
        rows.append(_lesion_row(lesion, f"{met} met" if met else "", report.lesions))
        if lesion.state == "NOT_TREATED":
            continue
        shown = sorted((one for one in outcomes if one.outcome in _FAILING or _is_for_the_record(one)), key=_urgency)
        if not shown and met:
            shown = [min((one for one in outcomes if one.outcome == "MET"), key=_tightness)]
        rows += without_repeats([outcome_row(one, "    ", _cause(report, one)) for one in shown])
    return [f"LESIONS  {len(report.lesions)} registered, {active} to be covered", *layout(rows, paint)]


def _lesion_row(lesion: LesionResult, met: str, lesions: Sequence[LesionResult]) -> Row:
    """Return the line that names a lesion, its prescription and its state."""
    names = [name for role in ("ptv", "ctv", "gtv") for name in lesion.structures.get(role, ())]
    organ = lesion.organ.replace("_", " ")
    label = "  ".join(part for part in (lesion.id, organ, names[0] if names else "-") if part)
    prescribed = f"{lesion.dose_gy:g} Gy in {lesion.fractions}" if lesion.dose_gy and lesion.fractions else ""
    notes = [lesion.reason] if lesion.reason and lesion.state not in ("COVERED", "NOT_COVERED") else []
    notes += reconciliation_notes(lesion, lesions)
    if lesion.state == "NOT_TREATED":
        notes.append(f"do: {CATALOGUE['RTD757'].fix} (RTD757)")
    return Row(visible(label), prescribed, met, "", lesion.state, "", tuple(visible(note) for note in notes))


def _organs(report: Report, paint: Paint) -> list[list[str]]:
    """Return the limits that are not of one lesion, by priority, those that fail apart from those that are met."""
    blocks = []
    own = {index for lesion in report.lesions for index in lesion.outcomes}
    rest = sorted((one for index, one in enumerate(report.outcomes) if index not in own), key=_urgency)
    for priority, title in _PRIORITIES:
        of_priority = [one for one in rest if one.priority == priority and _applies(one)]
        for failing in (True, False):
            shown = [one for one in of_priority if (one.outcome in _FAILING) == failing]
            if shown:
                rows = without_repeats([outcome_row(one, cause=_cause(report, one)) for one in shown])
                met = "" if failing or priority == "report" else ", met"
                blocks.append(layout(rows, paint, Row(title + met, "value", "goal", "last", "", "margin")))
    return blocks


def _footnotes(report: Report) -> list[str]:
    """Return what the tables leave out, and the legend of the marks in them."""
    lines = []
    skipped = sum(not _applies(one) for one in report.outcomes)
    if skipped:
        lines += wrap(f"{_count(skipped, 'row')} not applicable to this plan or patient.", "  ")
    if report.unconstrained:
        lines += wrap("No limit applies to: " + ", ".join(visible(name) for name in report.unconstrained), "  ", "    ")
    shown = {one.confidence for one in report.outcomes if _applies(one) and one.goal}
    legend = [f"{mark} {meaning}" for confidence, (mark, meaning) in LEGEND.items() if confidence in shown]
    if legend:
        lines += wrap("Limits marked " + ", ".join(legend) + ".", "  ", "    ")
    return lines


def _ending(report: Report) -> list[str]:
    """Return the exit code and the command that explains the worst of it."""
    ranked = sorted(report.findings, key=lambda one: (not CATALOGUE[one.code].fails, _SEVERITIES.index(one.severity)))
    failing = [one for one in sorted(report.outcomes, key=_urgency) if one.outcome in _FAILING]
    topic = ""
    if ranked and ranked[0].severity != "I":
        topic = ranked[0].code
    elif failing:
        topic = failing[0].constraint
    command = f"   rtcheck explain {visible(topic)}" if topic else ""
    return wrap(f"exit {report.exit_code}{command}", hanging="    ")


def _shown(report: Report) -> list[Finding]:
    """Return the findings that do not repeat a row of the tables, each once."""
    rows = {_subject(one) for one in report.outcomes if one.outcome in _FAILING}
    rows |= {one.id for one in report.lesions if one.state in _LESION_ORDER[:3]}
    reasons = {one.reason for one in report.outcomes if one.outcome == "NOT_EVALUATED"}
    shown: dict[tuple[str, str, str], Finding] = {}
    for one in report.findings:
        told = one.code in _REPEATS and one.subject in rows
        if not told and one.message not in reasons:
            shown.setdefault((one.code, one.subject, one.message), one)
    return list(shown.values())


def _is_for_the_record(outcome: Outcome) -> bool:
    return outcome.priority == "report" and outcome.value is not None


def _tightness(outcome: Outcome) -> tuple[bool, float]:
    """Order met rows by the share of the limit that is left, mandatory ones first."""
    limit = limit_number(outcome.goal) or 1.0
    return outcome.priority != "mandatory", (outcome.margin or 0.0) / abs(limit)


def _applies(outcome: Outcome) -> bool:
    """Whether a row is shown: it applies, or it is a report-only value, which is shown and never judged."""
    return outcome.outcome != "NOT_APPLICABLE" or _is_for_the_record(outcome)


def _subject(outcome: Outcome) -> str:
    """Return what the finding that goes with an outcome is about: the constraint, and the lesion where there is one."""
    return outcome.constraint if outcome.lesion is None else f"{outcome.constraint} {outcome.lesion}"


def _cause(report: Report, outcome: Outcome) -> str:
    """Return the code behind an outcome that was not evaluated, from the finding that goes with it."""
    subject = _subject(outcome)
    causes = (str(one.evidence.get("cause", "")) for one in report.findings
              if one.code == "RTD706" and one.subject == subject)
    return next(causes, "")


def _urgency(outcome: Outcome) -> tuple[int, int]:
    states = (*_FAILING, "MET", "NOT_APPLICABLE")
    return ("mandatory", "optimal", "report").index(outcome.priority), states.index(outcome.outcome)


def _states(report: Report, state: str) -> int:
    return sum(lesion.state == state for lesion in report.lesions)


def _outcomes(outcomes: Sequence[Outcome], state: str) -> int:
    return sum(outcome.outcome == state for outcome in outcomes)


def _has(report: Report, code: str) -> bool:
    return any(one.code == code for one in report.findings)


def _count(number: int, noun: str) -> str:
    """Return the number with its noun, in the plural where it must be."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
