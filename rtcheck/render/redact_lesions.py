"""What a result says of registered lesions, without names that may name somebody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rtcheck.dvh.metric import MetricValue
from rtcheck.render.pseudonyms import Pseudonyms, pseudonym
from rtcheck.report import Report
from rtcheck.rules.counting import REGIONAL
from rtcheck.rules.result import LesionResult, Reconciliation, TargetLink

__all__ = ["lesion_structure_names", "redact_lesion"]

Change = Callable[[str], str]
_JOINED = " | "


def lesion_structure_names(report: Report) -> set[str]:
    """Return every structure name that the lesions of a report hold, registered ones included."""
    found = {name for lesion in report.lesions for each in lesion.structures.values() for name in each}
    for lesion in report.lesions:
        if lesion.reconciliation is not None:
            found |= {name for link in lesion.reconciliation.chain for name in (*link.registered, *link.rois)}
            found |= set(lesion.reconciliation.organ.rois)
    return found


def redact_lesion(lesion: LesionResult, names: Pseudonyms, structure: Change, clean: Change) -> LesionResult:
    """Return a lesion with pseudonyms. Its site is free text and goes; so does the name of a group."""
    found = lesion.reconciliation
    return replace(
        lesion,
        id=names.given.get(lesion.id, lesion.id),
        organ=names.given.get(lesion.organ, lesion.organ),
        reason=clean(lesion.reason),
        structures={role: tuple(map(structure, each)) for role, each in lesion.structures.items()},
        site="",
        group=lesion.group if lesion.group in ("", REGIONAL) else "group",
        judged_with=tuple(names.given.get(each, each) for each in lesion.judged_with),
        reconciliation=None if found is None else _reconciliation(found, names, structure, clean),
    )


def _reconciliation(found: Reconciliation, names: Pseudonyms, structure: Change, clean: Change) -> Reconciliation:
    return replace(
        found,
        chain=tuple(_link(link, structure, clean) for link in found.chain),
        plans=tuple(
            replace(
                plan,
                label=pseudonym(names, "PLAN", plan.label),
                sop_instance_uid=pseudonym(names, "UID", plan.sop_instance_uid),
            )
            for plan in found.plans
        ),
        lowest=tuple(
            replace(
                one, structure=_JOINED.join(map(structure, one.structure.split(_JOINED))), reason=clean(one.reason)
            )
            for one in found.lowest
        ),
        organ=replace(
            found.organ, rois=tuple(map(structure, found.organ.rois)), reason=clean(found.organ.reason)
        ),
    )  # fmt: skip


def _link(link: TargetLink, structure: Change, clean: Change) -> TargetLink:
    def value(one: MetricValue) -> MetricValue:
        return replace(one, reason=clean(one.reason))

    return replace(
        link,
        registered=tuple(map(structure, link.registered)),
        rois=tuple(map(structure, link.rois)),
        problem=clean(link.problem),
        volume=value(link.volume),
        minimum=value(link.minimum),
        median=value(link.median),
    )
