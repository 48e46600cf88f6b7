"""Outcomes, lesion states and findings fold into one verdict. Contract §6, nothing else.

Missing data can never pass, and taking information away can never lead to PASS or REVIEW from a verdict below them:
the verdict is the worst that any one part allows, and every part is present even where it could not be judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rtcheck.model.codes import CATALOGUE
from rtcheck.model.finding import Finding
from rtcheck.rules.result import LesionResult, Outcome, Verdict

__all__ = ["exit_code", "fold_verdict", "is_judged"]

_EXIT: dict[Verdict | None, int] = {"PASS": 0, "FAIL": 1, "REVIEW": 3, "INCOMPLETE": 3, None: 4}


def is_judged(outcome: Outcome) -> bool:
    """Whether an outcome counts: mandatory or optimal, and its constraint applies or may apply."""
    return outcome.priority in ("mandatory", "optimal") and outcome.outcome != "NOT_APPLICABLE"


def fold_verdict(
    outcomes: Sequence[Outcome], lesions: Sequence[LesionResult], findings: Iterable[Finding]
) -> Verdict | None:
    """Fold everything into the verdict.

    Args:
        outcomes: every constraint that was looked at; report-only ones are ignored.
        lesions: every registered lesion.
        findings: everything noticed, with the severity that its touched constraints allow.

    Returns:
        None when a finding of severity F stands. Else FAIL, INCOMPLETE, REVIEW or PASS, the first that applies.
        Where nothing at all was judged the verdict is INCOMPLETE (`check` adds RTD806, which gives no verdict).
    """
    findings = tuple(findings)
    severities = {item.severity for item in findings}
    mandatory = [outcome for outcome in outcomes if outcome.priority == "mandatory"]
    optimal = [outcome for outcome in outcomes if outcome.priority == "optimal"]
    states = {lesion.state for lesion in lesions}
    if "F" in severities:
        return None
    if (
        any(outcome.outcome == "VIOLATED" for outcome in mandatory)
        or states & {"NOT_COVERED", "NOT_TREATED"}
        or any(CATALOGUE[item.code].fails and item.severity == "E" for item in findings)
    ):
        return "FAIL"
    if (
        any(outcome.outcome == "NOT_EVALUATED" for outcome in mandatory)
        or "NOT_EVALUATED" in states
        or "E" in severities
        or not any(is_judged(outcome) for outcome in outcomes)
    ):
        return "INCOMPLETE"
    missed = ("VARIATION", "VIOLATED", "NOT_EVALUATED")
    if (
        any(_open(outcome) or outcome.outcome == "VARIATION" for outcome in mandatory)
        or any(_open(outcome) or outcome.outcome in missed for outcome in optimal)
        or "W" in severities
    ):
        return "REVIEW"
    return "PASS"


def _open(outcome: Outcome) -> bool:
    return outcome.outcome == "UNDECIDED" and not outcome.accepted


def exit_code(verdict: Verdict | None, fail_on: str | None = None) -> int:
    """Return the exit code of a verdict (contract §1).

    Args:
        verdict: None is exit 4.
        fail_on: None; ``"review"`` turns 3 into 1; ``"never"`` turns 1 and 3 into 0. Exit 4 always stays.
    """
    code = _EXIT[verdict]
    if fail_on == "review" and code == 3:
        return 1
    if fail_on == "never" and code in (1, 3):
        return 0
    return code
