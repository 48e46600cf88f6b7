"""A result from which the trial arm cannot be told, or a refusal.

Where only patients of one arm get consolidative radiotherapy, the plan itself tells the arm: such a report cannot be
blinded, whatever is left out of it, and saying so is the only honest answer. Otherwise findings and reasons that speak
of the trial's record go, and the digest of the registry file, from which the arm could be found by trying.
"""

from __future__ import annotations

import re
from dataclasses import replace

from rtcheck.errors import BlindingError
from rtcheck.exhibits import Exhibits
from rtcheck.report import Report
from rtcheck.rules.verdict import fold_verdict

__all__ = ["blind"]

_TELLS = re.compile(r"\barms?\b|\btrial\.|\bregimen\b|randomi[sz]ed", re.IGNORECASE)
_HIDDEN = "A condition on the trial's record decides this; it was left out because the report is blinded."


def blind(report: Report, exhibits: Exhibits | None) -> tuple[Report, Exhibits | None]:
    """Return a result without what tells the arm.

    Raises:
        BlindingError: the plan or the verdict tells it by itself.
    """
    planned = any(lesion.state != "NOT_REQUIRED" for lesion in report.lesions)
    if any(one.code == "RTD754" for one in report.findings):
        raise BlindingError("the verdict rests on the arm (RTD754): no report of this check can be blinded")
    if report.reveals_arm and planned:
        raise BlindingError(
            "a consolidative plan alone tells the arm of this trial (RTD759): no report of it can be blinded. Do not "
            "show it to a blinded outcome assessor"
        )
    findings = tuple(one for one in report.findings if not _tells(one.code, one.subject, one.message))
    outcomes = tuple(
        replace(one, reason=_HIDDEN) if _TELLS.search(one.reason) else one for one in report.outcomes
    )
    lesions = tuple(
        replace(one, reason=_HIDDEN) if _TELLS.search(one.reason) else one for one in report.lesions
    )
    if fold_verdict(outcomes, lesions, findings) != report.verdict:
        raise BlindingError("the verdict rests on the trial's record: no report of this check can be blinded")
    provenance = replace(
        report.provenance, registry={}, conventions={**report.provenance.conventions, "blinded": "yes"}
    )
    blinded = replace(
        report, findings=findings, outcomes=outcomes, lesions=lesions, provenance=provenance, reveals_arm=False
    )
    return blinded, exhibits


def _tells(code: str, subject: str, message: str) -> bool:
    return code == "RTD759" or bool(_TELLS.search(subject) or _TELLS.search(message))
