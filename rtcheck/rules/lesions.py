"""Registered lesions against the structures of the export: which ROIs each lesion has, and the state it ends in.

Lesions are facts of the registry; they are never inferred from structures. Their structure names are "as exported":
they are matched exactly, else by the plain folding of case, width and blanks (RTD304 says so; several that fold to one
name are RTD302), never through the table of aliases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rtcheck.dvh.metric import MetricValue
from rtcheck.model.finding import Finding, finding
from rtcheck.model.lesion import Lesion
from rtcheck.model.structure import ROI, StructureSet
from rtcheck.rules.course import Course
from rtcheck.rules.names import called, fold_name
from rtcheck.rules.result import LesionState, Outcome

__all__ = [
    "ROLES", "LesionBinding", "RoleBinding", "bind_lesions", "lesion_state", "registered_names", "target_role",
    "unclaimed_targets",
]

ROLES = ("gtv", "ctv", "ptv")

_TARGET_TYPES = ("GTV", "CTV", "PTV")
_TARGET_PREFIXES = ("gtv", "ctv", "ptv", "itv")
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")


@dataclass(frozen=True, slots=True, eq=False)
class RoleBinding:
    """The structures a lesion has in one role.

    Attributes:
        names: as registered.
        rois: one for each name that was found exactly once, in the order of `names`.
        problem: why the role cannot be used, one sentence; empty when every name was found exactly once.
        code: RTD301 or RTD302 behind `problem`.
        folded: (name as registered, name as exported) where only case, width or blanks differ.
    """

    names: tuple[str, ...]
    rois: tuple[ROI, ...]
    problem: str = ""
    code: str = ""
    folded: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class LesionBinding:
    """One lesion and its structures.

    Attributes:
        lesion: as registered.
        roles: for each role that the registry names; others are absent.
        exists: whether any of its structures is in any structure set of the export.
    """

    lesion: Lesion
    roles: Mapping[str, RoleBinding]
    exists: bool


def registered_names(lesion: Lesion, role: str) -> tuple[str, ...]:
    """Return the names a lesion has in one role."""
    return {"gtv": lesion.gtv, "ctv": lesion.ctv, "ptv": lesion.ptv}[role]


def bind_lesions(lesions: Sequence[Lesion], course: Course) -> tuple[tuple[LesionBinding, ...], tuple[Finding, ...]]:
    """Find the structures of every registered lesion.

    Returns:
        One binding for each lesion in the order of the registry, and RTD301 (absent) or RTD302 (ambiguous) for every
        name that was not found exactly once: E for a lesion of the coverage rule, I for a palliative one, nothing for a
        resolved one; RTD304 for every name that was found by folding.
    """
    everywhere = {fold_name(roi.name) for structures in _all_sets(course) for roi in structures.rois}
    bindings: list[LesionBinding] = []
    findings: list[Finding] = []
    for lesion in lesions:
        roles = {role: _bind_role(lesion, role, course.rois) for role in ROLES if registered_names(lesion, role)}
        names = [name for role in ROLES for name in registered_names(lesion, role)]
        bindings.append(LesionBinding(lesion, roles, any(fold_name(name) in everywhere for name in names)))
        if not lesion.active or not course.structure_sets:
            continue  # without any structure set that is said once, by a finding of severity F (RTD102 or RTD103)
        findings += [
            finding(bound.code, lesion.id, bound.problem, "E" if lesion.consolidative else "I", role=role)
            for role, bound in roles.items()
            if bound.problem
        ]
        for role, bound in roles.items():
            for name, there in bound.folded:
                message = f'"{name}" was matched to "{there}": only case, width or blanks differ.'
                findings.append(finding("RTD304", lesion.id, message, role=role))
    return tuple(bindings), tuple(findings)


def _all_sets(course: Course) -> tuple[StructureSet, ...]:
    return (*course.structure_sets, *course.other_structure_sets)


def _bind_role(lesion: Lesion, role: str, rois: Sequence[ROI]) -> RoleBinding:
    names = registered_names(lesion, role)
    found: list[ROI] = []
    folded: list[tuple[str, str]] = []
    absent: list[str] = []
    ambiguous: list[str] = []
    for name in names:
        matches, only_folded = called(name, rois)
        if len(matches) == 1:
            found.append(matches[0])
            folded += [(name, matches[0].name)] if only_folded else []
        elif matches:
            candidates = ", ".join(f'"{roi.name}" (ROI {roi.number})' for roi in matches)
            ambiguous.append(f'"{name}": {candidates}')
        else:
            absent.append(name)
    where = f"registry: lesion {lesion.id}, {role}"
    if absent:
        quoted = ", ".join(f'"{name}"' for name in absent)
        return RoleBinding(
            names,
            tuple(found),
            f"No structure {quoted} in the structure set ({where}). Contour and "
            "export it, or correct the name in the registry.",
            "RTD301",
        )
    if ambiguous:
        return RoleBinding(
            names,
            tuple(found),
            f"More than one structure is called {'; '.join(ambiguous)} ({where}). Give each a name of its own.",
            "RTD302",
        )
    return RoleBinding(names, tuple(found), folded=tuple(folded))


def target_role(binding: LesionBinding) -> str | None:
    """Return the role whose dose says whether the lesion was treated: PTV, else CTV, else GTV, where usable."""
    for role in ("ptv", "ctv", "gtv"):
        bound = binding.roles.get(role)
        if bound is not None and not bound.problem:
            return role
    return None


def unclaimed_targets(lesions: Sequence[Lesion], course: Course) -> tuple[Finding, ...]:
    """Warn (RTD758) of every target-like structure with closed contours that no registered lesion names.

    Target-like: the interpreted type is GTV, CTV or PTV, or the name begins with GTV, CTV, PTV or ITV.
    """
    claimed = {fold_name(name) for lesion in lesions for role in ROLES for name in registered_names(lesion, role)}
    out = []
    for roi in course.rois:
        folded = fold_name(roi.name)
        like = roi.interpreted_type.upper() in _TARGET_TYPES or folded.startswith(_TARGET_PREFIXES)
        if not like or folded in claimed or not any(kind in _CLOSED for kind in roi.contours.kinds):
            continue
        out.append(
            finding(
                "RTD758",
                roi.name or f"ROI {roi.number}",
                "The structure looks like a target, but no registered lesion names it. Register the lesion, or "
                "acknowledge that it is none.",
                interpreted_type=roi.interpreted_type,
                number=roi.number,
            )
        )
    return tuple(out)


def lesion_state(
    binding: LesionBinding, outcomes: Sequence[Outcome], median: MetricValue | None
) -> tuple[LesionState, str]:
    """Decide the state of one lesion (contract §5).

    Args:
        binding: the lesion and its structures.
        outcomes: the outcomes of the ``@lesion`` constraints judged for it, of every priority.
        median: the median physical dose in its target, None where no target could be sampled.

    Returns:
        The state and the reason, empty for COVERED.
    """
    lesion = binding.lesion
    if not lesion.consolidative:
        return "NOT_REQUIRED", "resolved" if not lesion.active else "palliative: outside the coverage rule"
    if not binding.exists:
        names = ", ".join(f'"{name}"' for role in reversed(ROLES) for name in registered_names(lesion, role))
        return "NOT_TREATED", f"No target structure of it exists in any structure set (registered: {names})."
    dose = lesion.dose_gy
    if median is not None and median.value is not None and dose is not None and median.value < dose / 2:
        return "NOT_TREATED", (
            f"The median dose of its target, {median.value:.2f} Gy, is under half its prescription of {dose:g} Gy."
        )
    mandatory = [item for item in outcomes if item.priority == "mandatory" and item.outcome != "NOT_APPLICABLE"]
    violated = [item for item in mandatory if item.outcome == "VIOLATED"]
    if violated:
        return "NOT_COVERED", "; ".join(
            f"{item.structure} {item.metric} is beyond its limit" for item in violated
        ) + "."
    if not mandatory:
        return "NOT_EVALUATED", "No mandatory coverage constraint of the protocol applies to it."
    unclear = [item for item in mandatory if item.outcome not in ("MET", "VARIATION") and not item.accepted]
    if not unclear:
        return "COVERED", ""
    return "NOT_EVALUATED", "; ".join(f"{item.structure} {item.metric} is {item.outcome}" for item in unclear) + "."
