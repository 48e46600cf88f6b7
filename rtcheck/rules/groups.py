"""Nodes that count as one lesion: how their coverage is judged.

The trial counts all positive regional nodes as one lesion and lets adjacent nonregional ones be one; it does not say
whether each node of such a group must be covered. The default is the stricter reading: each registered entry is judged
by itself. With ``groups_judged_together`` every ``@lesion`` constraint of an entry is judged on the structures of its
whole group; an entry whose own target gets less than half its prescription is not treated all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rtcheck.rules.constraint import LesionRules
from rtcheck.rules.counting import group_of
from rtcheck.rules.lesions import ROLES, LesionBinding, RoleBinding

__all__ = ["join_groups"]


def join_groups(bindings: Sequence[LesionBinding], rules: LesionRules | None) -> dict[str, tuple[LesionBinding, ...]]:
    """Return for each lesion that is judged with others: itself with the structures of all, then the others.

    Only consolidative entries of one group with the same prescription are joined; without a common prescription there
    is none to judge a joint structure by, and each is judged by itself. Empty where the protocol does not ask for it.
    """
    if rules is None or not rules.groups_judged_together:
        return {}
    groups: dict[tuple[object, ...], list[LesionBinding]] = {}
    for binding in bindings:
        lesion = binding.lesion
        group = group_of(lesion, rules)
        if group and lesion.consolidative:
            groups.setdefault((group, lesion.dose_gy, lesion.fractions), []).append(binding)
    out: dict[str, tuple[LesionBinding, ...]] = {}
    for members in groups.values():
        if len(members) < 2:
            continue
        roles = {role: _joined(members, role) for role in ROLES if any(role in each.roles for each in members)}
        for binding in members:
            others = tuple(each for each in members if each is not binding)
            out[binding.lesion.id] = (replace(binding, roles=roles), *others)
    return out


def _joined(members: Sequence[LesionBinding], role: str) -> RoleBinding:
    """Join one role of all members; where one of them has no such structure the joint one cannot be used."""
    own = [binding.roles[role] for binding in members if role in binding.roles]
    without = [binding.lesion.id for binding in members if role not in binding.roles]
    problem, code = next(((each.problem, each.code) for each in own if each.problem), ("", ""))
    if without and not problem:
        code = "RTD301"
        problem = f"Lesion {', '.join(without)} of the group has no {role.upper()} in the registry."
    rois = {id(roi): roi for each in own for roi in each.rois}
    names = dict.fromkeys(name for each in own for name in each.names)
    return RoleBinding(tuple(names), tuple(rois.values()), problem, code)
