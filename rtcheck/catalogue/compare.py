"""What changed between two protocols, in words: limits, tiers, rules, conventions and citations.

Limits are matched by their id. A change of a limit says whether it became looser or stricter, so that a typing error
such as 2 % for 2 cc cannot hide among wording. Identity and approval (`id`, `title`, `version`, `status`) are told, but
are no difference: a pinned copy differs from what it was made of in nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from rtcheck.dvh.notation import print_metric
from rtcheck.rules.conditions import condition_text
from rtcheck.rules.constraint import Condition, Constraint, EligibilityRule, Goal, GoalTable, Protocol, Tier
from rtcheck.rules.goal import print_goal
from rtcheck.units import format_number

__all__ = ["Change", "Comparison", "compare_protocols"]

Effect = Literal["looser", "stricter", ""]


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Attributes:
        kind: what happened.
        what: what it happened to.
        id: of the limit, rule or tier; the key of a setting.
        text: the change in words.
        effect: looser or stricter where the change of a limit is one; empty where it cannot be told from the number.
    """

    kind: Literal["changed", "added", "removed", "renamed"]
    what: Literal["limit", "tier", "rule", "setting", "citation"]
    id: str
    text: str
    effect: Effect = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The changes from one protocol to the other, and how their identity and approval differ, in words."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...]


def compare_protocols(old: Protocol, new: Protocol) -> Comparison:
    """Compare two protocols; the changes come in the order limits, tiers, rules, settings, citations."""
    changes = [
        *_limits(old, new),
        *_by_id("tier", _tiers(old), _tiers(new)),
        *_by_id("rule", {one.id: _rule_text(one) for one in old.eligibility},
                {one.id: _rule_text(one) for one in new.eligibility}),
        *_settings(old, new),
        *_by_id("citation", _citations(old), _citations(new)),
    ]
    notes = [
        f"{word}: {before or 'none'} became {after or 'none'}"
        for word, before, after in (
            ("id", old.id, new.id), ("title", old.title, new.title), ("version", old.version, new.version),
            ("status", old.status, new.status), ("approved by", old.approved_by, new.approved_by),
            ("approved on", old.approved_on, new.approved_on),
        )
        if before != after
    ]
    return Comparison(tuple(changes), tuple(notes))


# --- limits -----------------------------------------------------------------------------------------------------------


def _limits(old: Protocol, new: Protocol) -> list[Change]:
    before, after = ({one.id: one for one in protocol.constraints} for protocol in (old, new))
    changes: list[Change] = []
    removed = [one for one in old.constraints if one.id not in after]
    added = [one for one in new.constraints if one.id not in before]
    for one in old.constraints:
        if one.id in after:
            changes += _changed(one, after[one.id])
    for one in removed:
        twin = next((other for other in added if _content(other) == _content(one)), None)
        if twin is None:
            changes.append(Change("removed", "limit", one.id, f"{_head(one)}: {_limit_text(one)} was removed"))
        else:
            added.remove(twin)
            changes.append(Change("renamed", "limit", one.id, f"{_head(one)}: is called {twin.id} now"))
    changes += [Change("added", "limit", one.id, f"{_head(one)}: {_limit_text(one)} was added") for one in added]
    return changes


def _content(one: Constraint) -> Constraint:
    return replace(_canonical(one), id="")


def _canonical(one: Constraint) -> Constraint:
    """Return a constraint without what does not matter: the file it stands in, and how its goals are spelled."""
    return replace(one, file="", key_path="", goal=_plain(one.goal), variation=_plain(one.variation))


def _plain(goal: Goal | None) -> Goal | None:
    return None if goal is None else replace(goal, text=print_goal(goal))


def _changed(old: Constraint, new: Constraint) -> list[Change]:
    """Say every key of a limit that changed, one change each."""
    head = _head(old)
    changes: list[Change] = []

    def note(text: str, effect: Effect = "") -> None:
        shown = f" ({effect})" if effect else ""
        changes.append(Change("changed", "limit", old.id, f"{head}: {text}{shown}", effect))

    one, two = _canonical(old), _canonical(new)
    comparable = one.metric == two.metric and one.structure == two.structure
    for word in ("goal", "variation"):
        before, after = getattr(one, word), getattr(two, word)
        if before != after:
            note(*_goal_change(word, before, after, has_goal=two.goal is not None, comparable=comparable))
    for item in fields(Constraint):
        key = item.name
        before, after = getattr(one, key), getattr(two, key)
        if before != after and key not in ("goal", "variation"):
            show = _SHOW.get(key, _any_text)
            note(f"{key} {show(before)} became {show(after)}", _effect_of(key, before, after))
    return changes


def _goal_change(
    word: str, before: Goal | None, after: Goal | None, *, has_goal: bool, comparable: bool
) -> tuple[str, Effect]:
    name = "last acceptable value" if word == "variation" else word
    if before is None and after is not None:
        return f"{name} {after.text} was added", "looser" if word == "variation" else "stricter"
    if after is None and before is not None:
        effect: Effect = "" if word == "goal" else ("stricter" if has_goal else "")
        return f"{name} {before.text} was removed", effect
    assert before is not None
    assert after is not None
    return f"{name} {before.text} became {after.text}", _goal_effect(before, after) if comparable else ""


def _goal_effect(before: Goal, after: Goal) -> Effect:
    """Whether more values meet the new limit; not told where direction or unit changed."""
    if before.comparator[0] != after.comparator[0] or before.unit != after.unit:
        return ""
    if before.value != after.value:
        higher = after.value > before.value
        return "looser" if higher == (before.comparator[0] == "<") else "stricter"
    return "looser" if len(after.comparator) > len(before.comparator) else "stricter"


def _effect_of(key: str, before: Any, after: Any) -> Effect:
    if key == "priority":
        order = ("report", "optimal", "mandatory")
        return "stricter" if order.index(after) > order.index(before) else "looser"
    if key == "fractions" and (before is None or after is None):
        return "stricter" if after is None else "looser"
    if key == "fractions":
        if after[0] <= before[0] and after[1] >= before[1]:
            return "stricter"
        return "looser" if after[0] >= before[0] and after[1] <= before[1] else ""
    if key == "when" and (not before or not after):
        return "looser" if after else "stricter"
    return ""


def _head(one: Constraint) -> str:
    return f"{one.structure} {print_metric(one.metric)} [{one.id}]"


def _limit_text(one: Constraint) -> str:
    if one.goal_table is not None:
        return _table_text(one.goal_table)
    goal = "no goal" if one.goal is None else f"goal {one.goal.text}"
    return goal if one.variation is None else f"{goal}, last acceptable value {one.variation.text}"


def _table_text(table: GoalTable | None) -> str:
    if table is None:
        return "none"

    def points(pairs: Sequence[tuple[float, float]]) -> str:
        return ", ".join(f"{format_number(y)} at {format_number(x)}" for x, y in pairs)

    last = f"; last acceptable {points(table.variation)}" if table.variation else ""
    return f"{table.comparator} by {print_metric(table.by)} of {table.of}: {points(table.goal)}{last}"


def _when_text(conditions: Sequence[Condition]) -> str:
    return " and ".join(f"{one.fact} is {condition_text(one)}" for one in conditions) or "always"


def _groups_text(groups: Sequence[Sequence[Condition]]) -> str:
    return ", or ".join(_when_text(group) for group in groups)


def _any_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return format_number(value)
    if isinstance(value, tuple):
        return " to ".join(map(str, value)) if value else "none"
    return '""' if value == "" else "none" if value is None else str(value)


_SHOW: Mapping[str, Callable[[Any], str]] = {
    "metric": print_metric, "goal_table": _table_text, "when": _when_text,
    "fractions": lambda value: "any" if value is None else _any_text(value),
}


# --- the rest ---------------------------------------------------------------------------------------------------------


def _by_id(what: Literal["tier", "rule", "citation"], old: Mapping[str, str], new: Mapping[str, str]) -> list[Change]:
    changes = [
        Change("changed", what, key, f"{key}: {text} became {new[key]}")
        for key, text in old.items() if key in new and new[key] != text
    ]  # fmt: skip
    changes += [Change("removed", what, key, f"{key}: {text} was removed") for key, text in old.items()
                if key not in new]
    return changes + [Change("added", what, key, f"{key}: {text} was added") for key, text in new.items()
                      if key not in old]


def _tiers(protocol: Protocol) -> dict[str, str]:
    return {f"{one.fact} {one.id}": _tier_text(one) for one in protocol.tiers}


def _tier_text(one: Tier) -> str:
    return f"rank {one.rank} where {_groups_text(one.any)}"


def _rule_text(one: EligibilityRule) -> str:
    """Return a rule in words; keys this module does not know by name are shown as they are."""
    known = {"id", "requires", "when", "bears_on", "any"}
    parts = [_when_text(one.requires)] if one.requires else []
    groups = getattr(one, "any", ())
    parts += [f"one of: {_groups_text(groups)}"] if groups else []
    where = f", where {_when_text(one.when)}" if one.when else ""
    rest = "".join(f"; {item.name} {getattr(one, item.name)}" for item in fields(one)
                   if item.name not in known and getattr(one, item.name))
    return f"{' and '.join(parts)}{where} (bears on the {one.bears_on}){rest}"


def _settings(old: Protocol, new: Protocol) -> list[Change]:
    changes = []
    for table in ("lesions", "trial", "conventions"):
        before, after = _fields(getattr(old, table)), _fields(getattr(new, table))
        for key in dict.fromkeys((*before, *after)):
            one, two = before.get(key, "not set"), after.get(key, "not set")
            if one != two:
                changes.append(Change("changed", "setting", f"{table}.{key}", f"{table}.{key}: {one} became {two}"))
    return changes


def _fields(table: Any) -> dict[str, str]:
    return {} if table is None else {item.name: _any_text(getattr(table, item.name)) for item in fields(table)}


def _citations(protocol: Protocol) -> dict[str, str]:
    return {
        key: " ".join(filter(None, (one.citation, one.reference, f"(checked: {one.verified})" if one.verified else "")))
        for key, one in protocol.sources.items()
    }
