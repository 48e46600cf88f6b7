"""The part of a plan check that the plan object can show: isocentre, bolus and couch, density overrides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import shapely

from rtcheck.crosschecks.anatomy import outside_body, region_near
from rtcheck.crosschecks.outline import Outline
from rtcheck.geometry.polygons import plane_region
from rtcheck.geometry.solid import ContourStack
from rtcheck.measure import Bench, stack_of
from rtcheck.model.finding import Finding, finding
from rtcheck.model.plan import Beam, Plan
from rtcheck.model.structure import ROI
from rtcheck.rules.course import Course, describe_plan
from rtcheck.rules.dose_links import treatment_beams
from rtcheck.rules.lesions import LesionBinding

__all__ = ["accessory_findings", "delivered", "isocentre_findings", "override_findings"]

_ISOCENTRE_MM = 2.0
_TABLE = ("SUPPORT", "FIXATION")
_DENSITY = ("REL_MASS_DENSITY", "REL_ELEC_DENSITY", "EFFECTIVE_Z", "EFF_Z_PER_A", "REL_STOP_RATIO", "ELEM_FRACTION",
            "MEAN_EXCI_ENERGY")  # fmt: skip


def delivered(plan: Plan) -> list[Beam]:
    """Return the beams that deliver treatment dose."""
    numbers = set(treatment_beams(plan, plan.fraction_groups))
    return [beam for beam in plan.beams if beam.number in numbers]


def isocentre_findings(plans: Iterable[Plan], outline: Outline) -> tuple[Finding, ...]:
    """RTD511 for every treatment isocentre outside the body outline, and for a plan that is in another frame."""
    out = []
    for plan in plans:
        if plan.frame_of_reference_uid not in ("", outline.roi.frame_of_reference_uid):
            message = (
                "The plan is in another frame of reference than the body and the dose: its isocentre was not compared "
                "with them. Check that plan, dose and structures are of one planning image."
            )
            out.append(finding("RTD511", describe_plan(plan), message))
            continue
        places: dict[tuple[float, float, float], list[int]] = {}
        for beam in delivered(plan):
            for place in beam.isocentres_mm:
                places.setdefault(place, []).append(beam.number)
        for place, beams in sorted(places.items()):
            away = outside_body(outline, place)
            if away > _ISOCENTRE_MM:
                shown = ", ".join(f"{value:g}" for value in place)
                out.append(
                    finding(
                        "RTD511",
                        describe_plan(plan),
                        f"The isocentre ({shown}) mm of beam {', '.join(map(str, beams))} lies {away:.0f} mm outside "
                        f"the body ({outline.roi.name}). Check the plan and its image.",
                        outside_mm=round(away, 3),
                        beams=beams,
                    )
                )
    return tuple(out)


def accessory_findings(course: Course) -> tuple[Finding, ...]:
    """RTD512: bolus of beams against bolus structures (W); what is drawn of couch and immobilisation (I)."""
    out = []
    used: set[tuple[str, int]] = set()
    for plan in course.plans:
        own = next((item for item in course.structure_sets if item.sop_instance_uid == plan.structure_set_uid), None)
        numbers = {roi.number for roi in own.rois if len(roi.contours.kinds)} if own is not None else set()
        for beam in delivered(plan):
            used.update((plan.structure_set_uid, number) for number in beam.bolus_rois)
            absent = sorted(set(beam.bolus_rois) - numbers)
            unnamed = (beam.boli or 0) - len(beam.bolus_rois)
            if absent or unnamed > 0:
                what = f"ROI {', '.join(map(str, absent))}" if absent else "none named"
                out.append(
                    finding(
                        "RTD512",
                        describe_plan(plan),
                        f"Beam {beam.number} has bolus ({what}) that is not drawn in the structure set: whether it was "
                        "in the dose calculation cannot be seen. Export the bolus structure.",
                        beam=beam.number,
                    )
                )
    for structures in course.structure_sets:
        for roi in structures.rois:
            name = roi.name or f"ROI {roi.number}"
            if not len(roi.contours.kinds):
                continue
            if roi.interpreted_type == "BOLUS" and (structures.sop_instance_uid, roi.number) not in used:
                message = f"{name} is bolus, but no beam refers to it. Check whether it is meant to be used."
                out.append(finding("RTD512", name, message))
            elif roi.interpreted_type in _TABLE:
                density = "with" if roi.density_override else "without"
                message = f"{name} ({roi.interpreted_type}) is drawn, {density} a density of its own."
                out.append(finding("RTD512", name, message, "I"))
    return tuple(out)


def override_findings(bench: Bench, course: Course, bindings: Iterable[LesionBinding]) -> tuple[Finding, ...]:
    """RTD513 for every structure with an overridden density that overlaps a target of a consolidative lesion.

    A dose that says it was calculated with overrides, of which the structures show none, is a note (I).
    """
    overridden = [roi for roi in course.rois if set(roi.density_override) & set(_DENSITY)]
    if not overridden:
        if not any("ROI_OVERRIDE" in grid.heterogeneity_correction for grid in course.grids):
            return ()
        message = (
            "The dose was calculated with overridden densities (TissueHeterogeneityCorrection (3004,0014), "
            "ROI_OVERRIDE), but no structure says which: whether a target has one was not checked."
        )
        return (finding("RTD513", "dose", message, "I"),)
    targets: dict[int, ROI] = {}
    for binding in bindings:
        if binding.lesion.consolidative:
            targets.update({id(roi): roi for bound in binding.roles.values() for roi in bound.rois})
    out = []
    for roi in overridden:
        stack, _ = stack_of(bench, roi)
        touched = [target.name for target in targets.values() if stack and _overlap(stack, stack_of(bench, target)[0])]
        if not touched:
            continue
        name = roi.name or f"ROI {roi.number}"
        out.append(
            finding(
                "RTD513",
                name,
                f"{name} has its density overridden ({', '.join(roi.density_override)}) and overlaps "
                f"{', '.join(sorted(touched))}: the dose there was not calculated on the image. Confirm the override.",
                properties=list(roi.density_override),
                targets=sorted(touched),
            )
        )
    return tuple(out)


def _overlap(stack: ContourStack, target: ContourStack | None) -> bool:
    """Whether two structures share area on some plane of the second."""
    if target is None:
        return False
    planes: Sequence[float] = target.planes_mm.tolist()
    for plane, w in enumerate(planes):
        shared = shapely.intersection(plane_region(target, plane), region_near((stack,), target.axes, w))
        if float(shapely.area(shared)) > 1.0:
            return True
    return False
