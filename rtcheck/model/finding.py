"""A finding: something about the data, not about the plan, that a person should know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rtcheck.model.codes import CATALOGUE

__all__ = ["Finding", "Severity", "finding", "some_of"]

_NAMED = 5
"""Names that a message gives; the evidence has all of them."""

Severity = Literal["F", "E", "W", "I"]
"""F no verdict for the case; E touched constraints are not evaluated, the case cannot pass; W acknowledge; I note."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something noticed about the data, carried along and shown at the end.

    Attributes:
        code: stable code of the catalogue, such as ``RTD301``.
        severity: F, E, W or I.
        subject: what it is about: a file name, an ROI name, a lesion id, a key path. Never patient data.
        message: one or two sentences: what was found, what was expected, what to do.
        evidence: the numbers and names behind it; JSON values only.
    """

    code: str
    severity: Severity
    subject: str
    message: str
    evidence: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.code not in CATALOGUE:
            raise ValueError(f"{self.code} is not in the catalogue of finding codes")
        if self.severity not in ("F", "E", "W", "I"):
            raise ValueError(f"severity {self.severity!r} is not one of F, E, W, I")


def finding(code: str, subject: str, message: str, severity: Severity | None = None, **evidence: object) -> Finding:
    """Make a finding with the severity of the catalogue, or with the one given."""
    return Finding(code, severity or CATALOGUE[code].severity, subject, message, dict(sorted(evidence.items())))


def some_of(names: Sequence[str]) -> str:
    """Return the first few names for a message, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
