"""Exhibits without the patient: as `rtcheck.render.redact` says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rtcheck.dvh.metric import MetricValue
from rtcheck.exhibits import Composite, Exhibits, LesionExhibit, PlanePicture, PlanFacts, StructureExhibit
from rtcheck.render.pseudonyms import Pseudonyms, pseudonym

__all__ = ["redact_exhibits"]

Clean = Callable[[str], str]

_INTENTS = ("CURATIVE", "PALLIATIVE", "PROPHYLACTIC", "VERIFICATION", "MACHINE_QA", "RESEARCH", "SERVICE", "")
_GEOMETRIES = ("PATIENT", "TREATMENT_DEVICE", "")
_CORRECTIONS = ("IMAGE", "ROI_OVERRIDE", "WATER")
_KINDS = ("RTPLAN", "RTDOSE", "RTSTRUCT", "REG", "CT", "FRAME", "MISSING")


def redact_exhibits(exhibits: Exhibits, names: Pseudonyms, structure: Clean, clean: Clean) -> Exhibits:
    """Return exhibits with pseudonyms.

    Args:
        exhibits: as gathered.
        names: pseudonyms given out so far, those of every identifier of the exhibits among them.
        structure: what becomes of a structure's name.
        clean: what becomes of a sentence.
    """

    def uid(original: str) -> str:
        return pseudonym(names, "UID", original)

    return replace(
        exhibits,
        structures=tuple(_structure(one, names, structure, clean) for one in exhibits.structures),
        lesions=tuple(_lesion(one, names, structure, clean) for one in exhibits.lesions),
        pictures=tuple(_picture(one, names, structure, clean) for one in exhibits.pictures),
        pictures_missing=clean(exhibits.pictures_missing),
        nodes=tuple(
            replace(node, uid=uid(node.uid), kind=node.kind if node.kind in _KINDS else "OTHER", label="")
            for node in exhibits.nodes
        ),
        links=tuple(replace(link, source=uid(link.source), target=uid(link.target)) for link in exhibits.links),
        plans=tuple(_plan(plan, names, structure) for plan in exhibits.plans),
        grids=tuple(
            replace(
                grid,
                sop_instance_uid=uid(grid.sop_instance_uid),
                frame_of_reference_uid=uid(grid.frame_of_reference_uid),
                heterogeneity_correction=tuple(each for each in grid.heterogeneity_correction if each in _CORRECTIONS),
                created="",
            )
            for grid in exhibits.grids
        ),
        composite=None if exhibits.composite is None else _composite(exhibits.composite, names),
        report_sha256="",
    )


def _value(value: MetricValue, clean: Clean) -> MetricValue:
    return replace(value, reason=clean(value.reason))


def _structure(one: StructureExhibit, names: Pseudonyms, structure: Clean, clean: Clean) -> StructureExhibit:
    return replace(
        one,
        name=structure(one.name) if one.name in one.rois else clean(one.name),
        rois=tuple(map(structure, one.rois)),
        lesion=None if one.lesion is None else names.given.get(one.lesion, one.lesion),
        volume=_value(one.volume, clean),
        minimum=_value(one.minimum, clean),
        maximum=_value(one.maximum, clean),
        mean=_value(one.mean, clean),
        reason=clean(one.reason),
    )


def _lesion(one: LesionExhibit, names: Pseudonyms, structure: Clean, clean: Clean) -> LesionExhibit:
    nearest = replace(
        one.nearest,
        organ=names.given.get(one.nearest.organ, clean(one.nearest.organ)),
        distance=_value(one.nearest.distance, clean),
    )
    return replace(
        one,
        id=names.given.get(one.id, one.id),
        organ=names.given.get(one.organ, one.organ),
        structure=" | ".join(map(structure, one.structure.split(" | "))) if one.structure else "",
        minimum_where=clean(one.minimum_where),
        nearest=nearest,
        volume=_value(one.volume, clean),
        d98=_value(one.d98, clean),
        d95=_value(one.d95, clean),
        d50=_value(one.d50, clean),
        d2=_value(one.d2, clean),
        v100=_value(one.v100, clean),
        minimum=_value(one.minimum, clean),
        ci=_value(one.ci, clean),
        gi=_value(one.gi, clean),
    )


def _picture(one: PlanePicture, names: Pseudonyms, structure: Clean, clean: Clean) -> PlanePicture:
    lesion = one.kind == "lesion"
    return replace(
        one,
        subject=names.given.get(one.subject, one.subject if lesion else clean(one.subject)),
        reason=clean(one.reason),
        contours=tuple(replace(each, name=structure(each.name)) for each in one.contours),
    )


def _plan(plan: PlanFacts, names: Pseudonyms, structure: Clean) -> PlanFacts:
    return replace(
        plan,
        sop_instance_uid=pseudonym(names, "UID", plan.sop_instance_uid),
        label=pseudonym(names, "PLAN", plan.label),
        name="",
        intent=plan.intent if plan.intent in _INTENTS else "",
        geometry=plan.geometry if plan.geometry in _GEOMETRIES else "",
        approval_status=plan.approval_status
        if plan.approval_status in ("APPROVED", "UNAPPROVED", "REJECTED", "")
        else "UNAPPROVED",
        created="",
        prescriptions=tuple(
            replace(each, roi=structure(each.roi) if each.roi else "", description="") for each in plan.prescriptions
        ),
        structure_set_uid=pseudonym(names, "UID", plan.structure_set_uid),
        dose_sop_instance_uids=tuple(pseudonym(names, "UID", uid) for uid in plan.dose_sop_instance_uids),
    )


def _composite(composite: Composite, names: Pseudonyms) -> Composite:
    return replace(
        composite,
        parts=tuple(
            replace(
                part,
                plans=tuple(names.given.get(label) or pseudonym(names, "PLAN", label) for label in part.plans),
                dose_sop_instance_uids=tuple(pseudonym(names, "UID", uid) for uid in part.dose_sop_instance_uids),
            )
            for part in composite.parts
        ),
    )
