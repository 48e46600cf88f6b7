"""Findings as lines: those that matter one by one with what to do, notes of one code together."""

from __future__ import annotations

from collections.abc import Sequence

from rtcheck.model.codes import CATALOGUE
from rtcheck.model.finding import Finding
from rtcheck.render.terminal import Paint, no_paint, visible, wrap

__all__ = ["finding_lines"]

_SEVERITIES = "FEWI"
_HANGING = " " * 12
_MOST_RULES = 3
"""Rules of the record that are named one by one when their facts are not recorded; more are counted."""
_EACH = ("RTD304",)
"""Notes that are said one by one: which structure was taken for which name is for the reader to check."""


def finding_lines(findings: Sequence[Finding], paint: Paint = no_paint) -> list[str]:
    """Return findings as lines, the serious ones first; nothing when there are none."""
    if not findings:
        return []
    lines = ["FINDINGS"]
    serious = sorted((one for one in findings if one.severity != "I"),
                     key=lambda one: (_SEVERITIES.index(one.severity), one.code))
    last = {one.code: index for index, one in enumerate(serious)}
    for index, one in enumerate(serious):
        mark = f"{one.code} {one.severity}"
        first, *others = wrap(f"{mark}  {visible(_said(one))}", "  ", _HANGING)
        lines += [first.replace(mark, paint(mark, one.severity), 1), *others]
        if one.severity in "FE" and last[one.code] == index:  # said once for all of one code
            lines += wrap(f"do: {CATALOGUE[one.code].fix}", _HANGING)
    notes: dict[str, list[Finding]] = {}
    for one in findings:
        if one.severity == "I":
            notes.setdefault(one.code, []).append(one)
    for code, same in notes.items():
        if code in _EACH:
            for one in same:
                lines += wrap(visible(f"{code} I  {_said(one)}"), "  ", _HANGING)
            continue
        said = _said(same[0])
        if code == "RTD756" and len(same) > _MOST_RULES:
            said = f"{CATALOGUE[code].title}: {len(same)} rules; rtcheck registry check FILE names each"
        elif len(same) > 1:
            said = f"{CATALOGUE[code].title}: " + ", ".join(dict.fromkeys(one.subject for one in same if one.subject))
        lines += wrap(visible(f"{code} I  {said}"), "  ", _HANGING)
    return lines


def _said(one: Finding) -> str:
    """Return subject and message; a subject that the message begins with is not said twice."""
    return one.message if not one.subject or one.message.startswith(one.subject) else f"{one.subject}: {one.message}"
