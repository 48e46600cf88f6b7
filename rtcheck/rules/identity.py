"""Does what a structure is coded and labelled as agree with its name (RTD320).

RTROIIdentificationCodeSequence tells in the terms of a coding scheme what an ROI is, ROIObservationLabel in free text
(PS3.3 §C.8.8.8). Both are compared through the table of names, for their words are others' words: what the table does
not know says nothing, for a wrong alarm about every second structure would be read by nobody.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from rtcheck.model.finding import Finding, finding
from rtcheck.model.structure import ROI
from rtcheck.rules.laterality import side_of_name
from rtcheck.rules.lesions import LesionBinding
from rtcheck.rules.names import NameTable, StandardName, fold_name

__all__ = ["copied_findings", "identity_findings"]

_TARGET = re.compile(r"^(?:i?gtv|i?ctv|ptv|itv)|target volume|tumou?r volume|靶区|肿瘤体积")
_SURFACE = frozenset(("External", "Skin"))
"""Outlines of the body are coded as skin, for coding schemes of anatomy have no other word for them."""
_WORDS = re.compile(r"[^a-z0-9]+")


def identity_findings(judged: Iterable[ROI], rois: Sequence[ROI], names: NameTable) -> tuple[Finding, ...]:
    """RTD320 for every structure of `judged` that its code or label says is another one than its name says.

    Two texts contradict each other where the table knows both as different structures, neither being a part or a kind
    of the other; where one is left and the other right; and where one is a target and the other a structure of the
    table. A label that is the name of another structure of the set shows observations that belong to that one.

    Args:
        judged: the structures to look at.
        rois: all structures, for the names of the others.
        names: the table of names.
    """
    taken = {fold_name(roi.name) for roi in rois if roi.name}
    out = []
    for roi in judged:
        own = fold_name(roi.name)
        if not own:
            continue
        said = [(text, "coded (RTROIIdentificationCodeSequence (3006,0086))") for text in roi.coded]
        said += [(text, "labelled (ROIObservationLabel (3006,0085))") for text in roi.labels]
        wrong = [
            f'{how} as "{text}"' for text, how in said
            if _contradicts(roi.name, text, names) or (text in roi.labels and fold_name(text) in taken - {own})
        ]  # fmt: skip
        if wrong:
            message = (
                f"{roi.name} is {' and '.join(wrong)}, which is another structure than its name says. Check in the "
                "planning system which it is."
            )
            out.append(finding("RTD320", roi.name, message, said=sorted({text for text, _ in said})))
    return tuple(out)


def copied_findings(
    judged: Iterable[ROI], rois: Sequence[ROI], bindings: Iterable[LesionBinding], names: NameTable
) -> tuple[Finding, ...]:
    """RTD320 for every structure of `judged` that has the contours of another one that it cannot be.

    One of two organs, of an organ and a target, or of the targets of two lesions was not drawn but copied.

    Args:
        judged: the structures to look at.
        rois: all structures.
        bindings: of the registered lesions.
        names: the table of names.
    """
    lesion_of = {id(roi): binding.lesion.id for binding in bindings
                 for role in binding.roles.values() for roi in role.rois}  # fmt: skip
    alike: dict[tuple[int, bytes], list[ROI]] = defaultdict(list)
    for roi in rois:
        if len(roi.contours.points_mm):
            alike[len(roi.contours.points_mm), roi.contours.points_mm.tobytes()].append(roi)
    out = []
    for roi in judged:
        same = alike.get((len(roi.contours.points_mm), roi.contours.points_mm.tobytes()), [])
        others = sorted(
            other.name for other in same if other is not roi and (
                _contradicts(roi.name, other.name, names)
                or lesion_of.get(id(roi), "") != lesion_of.get(id(other), lesion_of.get(id(roi), ""))
            )
        )  # fmt: skip
        if others:
            message = (
                f"{roi.name} has exactly the contours of {', '.join(others)}: one of them is a copy under another "
                "name. Check which was drawn."
            )
            out.append(finding("RTD320", roi.name or f"ROI {roi.number}", message, others=others))
    return tuple(out)


def _contradicts(name: str, text: str, names: NameTable) -> bool:
    """Whether a name and another text cannot be of one structure."""
    sides = {side_of_name(name), side_of_name(text)} - {""}
    if len(sides) == 2:
        return True
    one, other = names.by_spelling.get(fold_name(name)), names.by_spelling.get(fold_name(text))
    if one is not None and other is not None:
        return not _akin(one, other)
    target, target_text = (_TARGET.search(fold_name(part)) is not None for part in (name, text))
    return (target and other is not None) or (one is not None and target_text)


def _akin(one: StandardName, other: StandardName) -> bool:
    """Whether two standard names are one, or one is a part or a kind of the other."""
    if one.name == other.name or {one.name, other.name} <= _SURFACE:
        return True
    if one.name in other.composed_of or other.name in one.composed_of:
        return True
    first, second = (_WORDS.split(item.name.casefold()) for item in (one, other))
    short = min(len(first), len(second))
    return len(first) != len(second) and first[:short] == second[:short]
