"""What a finding code is: a stable name with its severity, meaning, reason, remedy and reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Code"]


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding.

    Attributes:
        code: ``RTD`` and three digits.
        severity: the usual severity; a rule may lower or raise it where the catalogue says so.
        title: what was found, in a few words.
        why: what would go wrong if it were ignored.
        fix: what a physicist can do about it.
        reference: clause, paper or design rule behind it.
        fails: whether it makes the verdict FAIL by itself.
    """

    code: str
    severity: Literal["F", "E", "W", "I"]
    title: str
    why: str = ""
    fix: str = ""
    reference: str = ""
    fails: bool = False
