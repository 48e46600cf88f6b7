"""What was found of one registered lesion, as sentences for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass

from rtcheck.render.numbers import format_value
from rtcheck.rules.result import LesionResult, LowestDose, Reconciliation, TargetLink
from rtcheck.units import format_number

__all__ = ["reconciliation_document", "reconciliation_notes"]


def reconciliation_notes(lesion: LesionResult, lesions: Sequence[LesionResult] = ()) -> list[str]:
    """Return what a reader of the lesion asks next: its targets and organ, its prescription, its lowest dose.

    Args:
        lesion: one lesion.
        lesions: all of the report, among which those of its group are.
    """
    found = lesion.reconciliation
    if found is None:
        return []
    group = [one.id for one in lesions if one.group == lesion.group and one.id != lesion.id] if lesion.group else []
    return [note for note in (_chain(found), _prescription(lesion, found), *map(_place, found.lowest),
                              _group(lesion, group)) if note]  # fmt: skip


def reconciliation_document(found: Reconciliation | None) -> dict[str, object] | None:
    """Return the same as plain values: the fields of `Reconciliation` and of what it holds, in full precision."""
    return None if found is None else _plain_fields(found)


def _plain_fields(value: object) -> dict[str, object]:
    assert is_dataclass(value)
    return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return _plain_fields(value) if is_dataclass(value) else value


def _chain(found: Reconciliation) -> str:
    """Return the volumes from the inside out, how much of each lies in the next, and the organ."""
    parts = []
    for index, link in enumerate(found.chain):
        outside = "" if link.inside_next in (None, 1.0) else f" ({_share(link.inside_next)} of it in the next)"
        following = any(not later.problem for later in found.chain[index + 1 :])
        joint = " in" if link.inside_next == 1.0 and following else ","
        parts.append(f"{_volume(link)}{outside}{joint}")
    text = " ".join(parts).rstrip(",").removesuffix(" in")
    return f"{text}; {_organ(found)}" if text else _organ(found)


def _volume(link: TargetLink) -> str:
    name = " | ".join(link.rois) or " | ".join(link.registered)
    if link.problem:
        role = link.role.upper()
        return f"{role} {name} cannot be used" if link.rois else f"no {role} {name} in the set"
    return name if link.volume.value is None else f"{name} {format_value(link.volume.value)} cc"


def _organ(found: Reconciliation) -> str:
    organ = found.organ
    if organ.share is None:
        if not organ.structure:
            return "no structure of its organ to compare with"
        if organ.rois:
            return f"not compared with its organ: {organ.reason.rstrip('.')}"
        return f"not compared with its organ: no {organ.structure} in the set, or several"
    if organ.share == 1.0:
        return f"{organ.role.upper()} wholly in {organ.structure}"
    if organ.share == 0.0:
        return f"{organ.role.upper()} OUTSIDE {organ.structure}"
    return f"{_share(organ.share)} of the {organ.role.upper()} in {organ.structure}"


def _share(share: float | None) -> str:
    return f"{format_value(100 * (share or 0.0), (0.0, 100.0))} %"


def _prescription(lesion: LesionResult, found: Reconciliation) -> str:
    """Return whether the plans say what the registry says, and the dose that half of the target gets at least."""
    said = []
    for plan in found.plans:
        doses = " or ".join(format_number(dose) for dose in plan.dose_gy)
        name = f'plan "{plan.label}"' if plan.label and len(found.plans) > 1 else "plan"
        if doses:
            said.append(f"{name}: {doses} Gy in {plan.fractions or 'unknown fractions'}")
        elif len(found.plans) == 1:
            said.append(f"{name}: {plan.fractions or 'unknown'} fractions, no dose stated for it")
    words = {"confirmed": "as registered", "contradicted": "NOT as registered", "not stated": ""}[found.prescription]
    text = " + ".join(said) + (f", {words}" if words and said else "")
    target = next((link for link in reversed(found.chain) if not link.problem), None)
    if target is not None and target.median.value is not None:
        share = ""
        if lesion.dose_gy:
            share = f" ({format_value(100 * target.median.value / lesion.dose_gy, (50.0, 100.0))} %)"
        text += f"; median of the target {format_value(target.median.value, _limits(lesion))} Gy{share}"
    return text.lstrip("; ")


def _limits(lesion: LesionResult) -> tuple[float, ...]:
    return () if lesion.dose_gy is None else (lesion.dose_gy, lesion.dose_gy / 2)


def _place(one: LowestDose) -> str:
    if one.at_mm is None or one.dose_gy is None:
        return f"lowest dose in {one.structure} not located: {one.reason.rstrip('.')}"
    x, y, z = (f"{value + 0.0:.1f}" for value in one.at_mm)
    return f"lowest dose in {one.structure} {format_value(one.dose_gy)} Gy at ({x}, {y}, {z}) mm"


def _group(lesion: LesionResult, others: Sequence[str]) -> str:
    if not others:
        return ""
    how = f"judged together with {', '.join(lesion.judged_with)}" if lesion.judged_with else "judged by itself"
    return f"counts as one lesion with {', '.join(others)} ({lesion.group}); {how}"
