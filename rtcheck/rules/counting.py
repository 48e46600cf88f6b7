"""Counting registered lesions as the trial counts them (contract §3 ``[lesions]``, NCT06946849 inclusion 4).

Metastases are the active lesions other than the primary, which is a site of disease and must be covered. A lesion that
was resolved under earlier treatment does not count. All positive regional nodes together are one; adjacent nonregional
nodes that the registry gives the same ``group`` are one. A bone metastasis counts with or without a soft-tissue part;
without one it is not measurable (RECIST 1.1: lytic or mixed lesions are measurable by their soft-tissue part only).

What the trial's text leaves open is a switch of `LesionRules`, with the stricter reading as its default.
"""

from __future__ import annotations

from collections.abc import Sequence

from rtcheck.model.lesion import Lesion
from rtcheck.rules.constraint import LesionRules

__all__ = ["REGIONAL", "count_metastases", "group_of", "is_measurable", "measurable_lesions", "organ_system",
           "organ_systems"]

REGIONAL = "regional nodes"
"""The name of the group that all positive regional nodes make together."""

_NODES = ("regional_node", "nonregional_node")

_SIDES = frozenset(("left", "right", "bilateral", "both", "l", "r"))

_SYSTEMS = {
    "lungs": "lung", "pulmonary": "lung", "肺": "lung", "hepatic": "liver", "肝": "liver", "肝脏": "liver",
    "bones": "bone", "bony": "bone", "osseous": "bone", "skeleton": "bone", "骨": "bone", "adrenals": "adrenal",
    "adrenal gland": "adrenal", "adrenal glands": "adrenal", "kidneys": "kidney", "lymph nodes": "lymph node",
    "node": "lymph node", "nodes": "lymph node", "ln": "lymph node", "lymphnode": "lymph node",
}  # fmt: skip
"""Other words for an organ system. A side never makes another system: three in each lung are six in the lungs."""


def organ_system(organ: str) -> str:
    """Return the organ system that a recorded organ names, whatever its case, side, blanks or number."""
    words = organ.strip().casefold().replace("_", " ").replace("-", " ").split()
    joined = " ".join(word for word in words if word not in _SIDES) or " ".join(words)
    return _SYSTEMS.get(joined, joined)


def organ_systems(lesions: Sequence[Lesion], rules: LesionRules) -> tuple[str, ...]:
    """Return the organ systems in which metastases are counted, sorted."""
    return tuple(sorted({organ_system(lesion.organ) for lesion in lesions
                         if _counts(lesion, rules) and _in_an_organ(lesion, rules)}))  # fmt: skip


def count_metastases(lesions: Sequence[Lesion], rules: LesionRules, organ: str | None = None) -> int:
    """Count the active metastases, in one organ system or in all.

    Args:
        lesions: all registered ones; their order does not matter.
        rules: what counts as one, and what counts at all.
        organ: organ system, in any of its words; None: all.
    """
    counted = set()
    for lesion in lesions:
        if not _counts(lesion, rules):
            continue
        if organ is not None and not (
            _in_an_organ(lesion, rules) and organ_system(lesion.organ) == organ_system(organ)
        ):
            continue
        group = group_of(lesion, rules)
        counted.add(("group", group) if group else ("lesion", lesion.id))
    return len(counted)


def group_of(lesion: Lesion, rules: LesionRules | None = None) -> str:
    """Return the group of nodes with which an active lesion is one for the trial; empty where it stands alone.

    Args:
        lesion: as registered.
        rules: what makes a group; None: the defaults.
    """
    rules = rules or LesionRules()
    if not lesion.active:
        return ""
    if lesion.kind == "regional_node" and rules.regional_nodes_count_as_one:
        return REGIONAL
    if lesion.kind == "nonregional_node" and rules.groups_count_as_one:
        return lesion.group.strip().casefold()
    return ""


def is_measurable(lesion: Lesion, rules: LesionRules) -> bool | None:
    """Whether an active lesion is measurable by RECIST 1.1; None where the record leaves it open.

    A bone metastasis without a soft-tissue part is not, whatever the record says of it; one whose soft-tissue part is
    not recorded is not known to be.
    """
    if lesion.kind == "primary" and not rules.primary_can_be_measurable:
        return False
    if lesion.kind == "bone" and lesion.soft_tissue is not True and lesion.measurable is not False:
        return False if lesion.soft_tissue is False else None
    return lesion.measurable


def measurable_lesions(lesions: Sequence[Lesion], rules: LesionRules) -> tuple[int, tuple[str, ...]]:
    """Return how many active lesions are measurable, and the ids of those of which it is not known."""
    active = [(lesion.id, is_measurable(lesion, rules)) for lesion in lesions if lesion.active]
    return sum(answer is True for _, answer in active), tuple(name for name, answer in active if answer is None)


def _counts(lesion: Lesion, rules: LesionRules) -> bool:
    return lesion.active and lesion.kind != "primary" and (rules.palliative_count or not lesion.palliative)


def _in_an_organ(lesion: Lesion, rules: LesionRules) -> bool:
    return rules.nodes_are_an_organ or lesion.kind not in _NODES
