"""Exhibits gathered during one check: what is shown of a structure is taken before its samples are released.

Gathering never changes the report: it only looks at what the judgement has measured anyway, so that a check with and
without exhibits gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rtcheck.dvh.curve import StructureDose
from rtcheck.exhibits import Exhibits, LesionExhibit, StructureExhibit
from rtcheck.gather.course import composite, grid_facts, link_graph, plan_facts
from rtcheck.gather.lesions import Doubt, absent_lesion, lesion_exhibit, target_dose, worst_outcome
from rtcheck.gather.places import indexed_lesion, limiting_organs, located_lesion, located_organ
from rtcheck.gather.structures import structure_exhibits, target_exhibit
from rtcheck.judging import Judged
from rtcheck.measure import Bench
from rtcheck.model.case import Case
from rtcheck.rules.binding import Binding
from rtcheck.rules.course import Course
from rtcheck.rules.lesions import LesionBinding, target_role
from rtcheck.rules.resolve import BoundROI, union_of
from rtcheck.rules.result import LesionResult, Outcome

__all__ = ["Gallery", "exhibits_of", "note_doubts", "show_lesions", "show_structures", "show_targets"]


@dataclass(slots=True, eq=False)
class Gallery:
    """What one check has shown so far.

    Attributes:
        doubt: why no dose of this course is to be trusted, or None.
        physical_doubt: why none of physical dose is shown; `doubt` where that stands.
        lesions: rows of the matrix by lesion id.
        structures: exhibits by the place of the first binding of their solid.
        bindings: of the check; empty until the first was judged.
        outcomes: of the bindings judged so far, by place.
        doses: in the target of each lesion whose doses may be shown, kept for its indices.
        targets: of lesions whose target no constraint was measured on.
    """

    doubt: Doubt | None = None
    physical_doubt: Doubt | None = None
    lesions: dict[str, LesionExhibit] = field(default_factory=dict)
    structures: dict[int, tuple[StructureExhibit, ...]] = field(default_factory=dict)
    bindings: Sequence[Binding] = ()
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    doses: dict[str, StructureDose] = field(default_factory=dict)
    targets: list[StructureExhibit] = field(default_factory=list)


def note_doubts(gallery: Gallery, course: Course, doubt: Doubt | None, scale_error: str) -> None:
    """Note why doses of this course are not shown as numbers.

    Args:
        gallery: is changed.
        course: whose plans may be of unlike fractionation.
        doubt: why no dose metric may be evaluated, or None.
        scale_error: the wrong scale that would explain the dose of every target, or empty.
    """
    if doubt is None and scale_error:
        doubt = "RTD219", f"The dose level is implausible: it would be {scale_error}."
    gallery.doubt = gallery.physical_doubt = doubt
    if doubt is None and len(course.plans) > 1 and course.fractions is None:
        unlike = "Plans of unlike or unknown fractionation are summed: physical dose is not shown."
        gallery.physical_doubt = "RTD508", unlike


def show_lesions(
    gallery: Gallery, lesions: Sequence[LesionBinding], bench: Bench, contradicted: Collection[str]
) -> None:
    """Take the rows of the lesion matrix, after the median dose of every target was measured.

    Args:
        gallery: is added to.
        lesions: all registered ones; those outside the coverage rule are not measured.
        bench: with their targets measured.
        contradicted: ids of lesions whose registered prescription the plan contradicts.
    """
    for binding in lesions:
        lesion = binding.lesion
        if not lesion.consolidative:
            why = "resolved" if not lesion.active else "palliative"
            row = absent_lesion(binding, f"The lesion is {why}: the coverage rule does not ask for it.", "")
        else:
            row = lesion_exhibit(binding, bench, gallery.physical_doubt, contradicted=lesion.id in contradicted)
            dose = target_dose(binding, bench)
            if row.d95.value is not None and isinstance(dose, StructureDose):
                gallery.doses[lesion.id] = dose
        gallery.lesions[lesion.id] = row


def show_structures(
    gallery: Gallery, bindings: Sequence[Binding], judged: Mapping[int, Judged], places: Sequence[int], bench: Bench
) -> None:
    """Take the curves of one solid, after its bindings were judged and before its samples are released."""
    outcomes = {place: judged[place].outcome for place in places}
    gallery.bindings = bindings
    gallery.outcomes.update(outcomes)
    found = structure_exhibits(bindings, outcomes, places, bench, (gallery.doubt, gallery.physical_doubt))
    if found:
        gallery.structures[min(places)] = found


def show_targets(gallery: Gallery, lesions: Sequence[LesionBinding], bench: Bench) -> None:
    """Take what waits for the report to be made: curves of targets without a constraint, and where things are."""
    shown = {one.rois for group in gallery.structures.values() for one in group}
    for binding in lesions:
        role = target_role(binding)
        if role is None or not binding.lesion.consolidative:
            continue
        rois = binding.roles[role].rois
        names = tuple(roi.name for roi in rois)
        if names not in shown:
            shown.add(names)
            name = gallery.lesions[binding.lesion.id].structure
            solid = union_of([BoundROI(roi) for roi in rois])
            gallery.targets.append(target_exhibit(name, binding.lesion.id, solid, bench, gallery.physical_doubt))
    organs = limiting_organs(gallery.bindings)
    for binding in lesions:
        key = binding.lesion.id
        if binding.lesion.consolidative:
            row = indexed_lesion(gallery.lesions[key], binding, gallery.doses.get(key), bench)
            gallery.lesions[key] = located_lesion(row, binding, organs, bench)
    gallery.structures = located_organ(gallery.structures, gallery.bindings, gallery.outcomes, bench)


def exhibits_of(
    gallery: Gallery | None, case: Case, course: Course, outcomes: Sequence[Outcome], results: Sequence[LesionResult]
) -> Exhibits:
    """Return the exhibits of a check that is done; without structures where a finding of severity F ended it.

    None: no exhibits were asked for.
    """
    if gallery is None:
        return Exhibits()
    nodes, links = link_graph(case)
    ordered = [one for place in sorted(gallery.structures) for one in gallery.structures[place]]
    return Exhibits(
        structures=(*gallery.targets, *ordered),
        lesions=tuple(
            replace(gallery.lesions[result.id], worst_outcome=worst_outcome(outcomes, result.outcomes))
            for result in results
            if result.id in gallery.lesions
        ),
        pictures_missing="No pictures were made.",
        nodes=nodes,
        links=links,
        plans=plan_facts(course),
        grids=grid_facts(course),
        composite=composite(course, outcomes),
    )
