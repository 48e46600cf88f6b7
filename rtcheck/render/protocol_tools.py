"""What the tools for protocol files say: limits to confirm, changes between two, examples that fail."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Protocol as Shape

from rtcheck.dvh.notation import print_metric
from rtcheck.render.terminal import visible, wrap
from rtcheck.rules.constraint import Constraint, Example

__all__ = ["changes_json", "changes_text", "confirm_text", "examples_text"]

_REASONS = {
    "memory": "recalled, not read in the source",
    "site-default": "proposed for the trial, not published",
    "unstated": "says nothing about how its number was read",
    "note": "its note asks for a second look",
}


class _Doubt(Shape):
    @property
    def constraint(self) -> Constraint: ...
    @property
    def reason(self) -> str: ...


class _Change(Shape):
    @property
    def kind(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def effect(self) -> str: ...


class _Mismatch(Shape):
    @property
    def subject(self) -> str: ...
    @property
    def expected(self) -> str: ...
    @property
    def found(self) -> str: ...
    @property
    def reason(self) -> str: ...


class _Result(Shape):
    @property
    def example(self) -> Example: ...
    @property
    def mismatches(self) -> Sequence[_Mismatch]: ...
    @property
    def checked(self) -> int: ...


def confirm_text(doubts: Sequence[_Doubt]) -> str:
    """Return the limits a site has to confirm before it approves, by reason; empty when there are none.

    Limits read in a secondary source only are counted, the others listed with their number.
    """
    lines: list[str] = []
    for reason, words in _REASONS.items():
        group = [doubt.constraint for doubt in doubts if doubt.reason == reason]
        if group:
            lines += wrap(f"{len(group)} to confirm: {words}", "  ")
        for one in group:
            goal = "by a table" if one.goal_table else one.goal.text if one.goal else "no goal"
            lines += wrap(visible(f"{one.id}  {one.structure}  {print_metric(one.metric)}  {goal}"), "    ", "        ")
    secondary = sum(doubt.reason == "secondary-source" for doubt in doubts)
    if secondary:
        lines += wrap(f"{secondary} read in a secondary source only: compare them with the original.", "  ")
    return "".join(f"{line}\n" for line in lines)


def changes_text(old: str, new: str, changes: Sequence[_Change], notes: Sequence[str]) -> str:
    """Return the changes from one protocol to the other in words, limits first."""
    lines = wrap(visible(f"{old} -> {new}"), hanging="    ")
    for what, title in (("limit", "LIMITS"), ("tier", "TIERS"), ("rule", "RULES"), ("setting", "SETTINGS"),
                        ("citation", "CITATIONS")):
        group = [change for change in changes if change.what == what]
        if group:
            lines += ["", title]
        for change in group:
            lines += wrap(visible(change.text), "  ", "      ")
    if not changes:
        lines += wrap("The same limits, tiers, rules, settings and citations.", "  ")
    if notes:
        lines += ["", "IDENTITY AND APPROVAL (no difference in what is judged)"]
    for note in notes:
        lines += wrap(visible(note), "  ", "      ")
    return "\n".join(lines) + "\n"


def changes_json(old: str, new: str, changes: Sequence[_Change], notes: Sequence[str]) -> str:
    """Return the same as one JSON document."""
    document = {
        "schema": "rtcheck.protocol-diff/1", "old": old, "new": new, "equal": not changes,
        "changes": [{"kind": change.kind, "what": change.what, "id": change.id, "text": change.text,
                     "effect": change.effect} for change in changes],
        "notes": list(notes),
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def examples_text(name: str, results: Sequence[_Result]) -> str:
    """Return how the examples of a protocol ended; of those that fail what was expected and what was found."""
    failed = [result for result in results if result.mismatches]
    checked = sum(result.checked for result in results)
    lines = wrap(visible(f"{name}: {len(results)} examples with {checked} expectations, {len(failed)} failed"),
                 hanging="    ")
    if not results:
        lines += wrap("No example stands in it: write [[example]] tables (README, How to write a constraint).", "  ")
    for result in results:
        state = "FAILED" if result.mismatches else "holds "
        lines += wrap(visible(f"{state}  {result.example.name}"), "  ", "          ")
        for item in result.mismatches:
            reason = f" ({item.reason})" if item.reason else ""
            lines += wrap(visible(f"{item.subject}: expected {item.expected}, found {item.found}{reason}"),
                          "          ", "            ")
    return "\n".join(lines) + "\n"
