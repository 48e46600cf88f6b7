"""A draft of a registry file from an export: what the structure names and the plan say, every guess marked.

Nothing here is a record. Lesions are grouped by the names of their targets (``GTV_L1``, ``PTV_L1``), a prescription is
taken only where exactly one target dose reference of one plan names a PTV or GTV of the lesion, and whatever is not
known is left out as a comment. Each guess ends in ``# CONFIRM``; a file with such a mark is refused until a person has
checked the guess and removed it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rtcheck.catalogue.registry import REGISTRY_SCHEMA
from rtcheck.catalogue.registry_text import toml_value
from rtcheck.model.case import Case
from rtcheck.model.plan import Plan
from rtcheck.model.structure import ROI, StructureSet
from rtcheck.rules.course import describe_plan, fraction_count

__all__ = ["draft_record"]

_ROLE = re.compile(r"(GTV|CTV|PTV|ITV)(?![A-Za-z]*\bPRV)(.*)", re.IGNORECASE)
_DOSE = re.compile(r"[_ ]?(\d+(?:[.p]\d+)?\s*c?Gy|\d{4,5})$", re.IGNORECASE)
_HELPER = re.compile(r"(^|[^a-z])(opt|eval|ring|crop|total|all|sum|avoid|prv|minus|sub|help|temp|old|copy|boolean)"
                     r"([^a-z]|$)|[-+&|!~*]", re.IGNORECASE)  # fmt: skip
_HINTS = (
    (re.compile(r"lung|pulm", re.IGNORECASE), "lung", "organ_metastasis"),
    (re.compile(r"bone|vertebra|rib", re.IGNORECASE), "bone", "bone"),
    (re.compile(r"adren", re.IGNORECASE), "adrenal", "organ_metastasis"),
    (re.compile(r"liver|hep", re.IGNORECASE), "liver", ""),
    (re.compile(r"node|(^|[^a-z])LN", re.IGNORECASE), "lymph_node", ""),
)
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_KINDS = "primary, regional_node, nonregional_node, organ_metastasis or bone"


@dataclass
class _Group:
    """Structures that seem to be one lesion: names by role, and the numbers of PTV and GTV in their sets."""

    label: str
    names: dict[str, list[str]] = field(default_factory=dict)
    numbers: set[tuple[str, int]] = field(default_factory=set)


def draft_record(case: Case) -> str:
    """Return the text of a draft. It is not valid before a person has gone through it.

    Args:
        case: the export; its findings are not repeated here.
    """
    groups, unused = _grouped(case)
    lines = [
        f"schema = {toml_value(REGISTRY_SCHEMA)}",
        "# A draft by rtcheck registry init. Check each guess against the patient's record, then remove its mark; fill",
        "# in what is left out. The file is refused while a mark is in it: a guess is not a record.",
        "",
        "[patient]",
        f"id = {toml_value(case.patient_id)}  # CONFIRM: the PatientID of the export; where the trial has its own id,",
        "#                      put that here and this one into dicom_ids",
        "# age, sex, ecog, life_expectancy_weeks, childbearing_potential, consent: not in the export",
        "",
        "[trial]",
        "# id, arm, regimen, registered_on, randomised_on: not in the export",
        "",
        "# [lung], [liver], [labs], [exclusion]: not in the export",
    ]
    for index, group in enumerate(groups, start=1):
        lines += _lesion_lines(group, index, case)
    if not groups:
        lines += ["", "# No structure with closed contours is named as a target (GTV, CTV, PTV): add each [[lesion]]."]
    if unused:
        lines += ["", "# Structures named as targets that are in no lesion here; add those that are targets:"]
        lines += [f"#   {toml_value(name)}" for name in unused]
    return "\n".join(lines) + "\n"


def _grouped(case: Case) -> tuple[list[_Group], list[str]]:
    """Group the targets of the plans' structure sets (of all, where no plan names one) by the rest of their names."""
    groups: dict[str, _Group] = {}
    unused: list[str] = []
    for structures in _structure_sets(case):
        for roi in structures.rois:
            match = _ROLE.fullmatch(roi.name.strip())
            if match is None or not any(kind in _CLOSED for kind in roi.contours.kinds):
                continue
            role, rest = match.group(1).lower(), match.group(2)
            if role == "itv" or _HELPER.search(rest):
                unused.append(roi.name)
                continue
            _add(groups, role, rest, roi, structures)
    ordered = sorted(groups.values(), key=lambda group: [
        (int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", group.label.casefold())
    ])  # fmt: skip
    return ordered, sorted(set(unused))


def _add(groups: dict[str, _Group], role: str, rest: str, roi: ROI, structures: StructureSet) -> None:
    label = _DOSE.sub("", rest).strip(" _.:")
    group = groups.setdefault(label.casefold().replace("_", "").replace(" ", ""), _Group(label))
    names = group.names.setdefault(role, [])
    if roi.name not in names:
        names.append(roi.name)
    if role in ("gtv", "ptv"):
        group.numbers.add((structures.sop_instance_uid, roi.number))


def _structure_sets(case: Case) -> Sequence[StructureSet]:
    wanted = {plan.structure_set_uid for plan in case.plans}
    return [one for one in case.structure_sets if one.sop_instance_uid in wanted] or case.structure_sets


def _lesion_lines(group: _Group, index: int, case: Case) -> list[str]:
    hints = [hint for hint in _HINTS if hint[0].search(group.label)]
    organ, kind = (hints[0][1], hints[0][2]) if len(hints) == 1 else ("", "")
    lines = ["", "[[lesion]]", f"id = {toml_value(group.label or str(index))}  # CONFIRM"]
    lines.append(f"organ = {toml_value(organ)}  # CONFIRM: guessed from the name" if organ
                 else '# organ = ""  # CONFIRM: required, the organ system, such as "liver"')  # fmt: skip
    lines.append(f"kind = {toml_value(kind)}  # CONFIRM: guessed from the name" if kind
                 else f'# kind = ""  # CONFIRM: required, {_KINDS}')  # fmt: skip
    lines.append('status = "active"  # CONFIRM')
    lines.append("# measurable, soft_tissue, site, group, intent: not in the export")
    lines += [f"{role} = {toml_value(group.names[role])}  # CONFIRM" for role in ("gtv", "ctv", "ptv")
              if role in group.names]  # fmt: skip
    return lines + _prescription_lines(group, case.plans)


def _prescription_lines(group: _Group, plans: Sequence[Plan]) -> list[str]:
    """Return dose and fractions where exactly one dose reference says them; else what there is, as comments."""
    found = [
        (plan, reference.number, reference.target_prescription_gy)
        for plan in plans
        for reference in plan.dose_references
        if reference.kind == "TARGET" and reference.roi_number is not None
        and (plan.structure_set_uid, reference.roi_number) in group.numbers
        and reference.target_prescription_gy is not None
    ]  # fmt: skip
    if len(found) != 1:
        lines = ["# dose_gy =  # CONFIRM: required, in Gy; "
                 + ("several dose references name this target:" if found else "no dose reference of a plan names it")]
        lines += [f"#   {dose:g} Gy, dose reference {number} of {_plan(plan)}" for plan, number, dose in found]
        return [*lines, "# fractions =  # CONFIRM: required"]
    plan, number, dose = found[0]
    count = fraction_count(plan)
    lines = [f"dose_gy = {toml_value(dose)}  # CONFIRM: dose reference {number} of {_plan(plan)}"]
    lines.append(f"fractions = {count}  # CONFIRM: of the same plan" if count is not None
                 else "# fractions =  # CONFIRM: required; the plan does not say")  # fmt: skip
    return lines


def _plan(plan: Plan) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in describe_plan(plan))
