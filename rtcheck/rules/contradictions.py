"""What a record says twice, and not the same: findings on the record alone (RTD760).

A record that contradicts itself is wrong in one of two places, and nothing tells which. So neither statement is used
where that can be avoided, and the finding stands until the record is corrected. This is the one place where taking a
statement away can make a verdict better, because only then there is nothing left that contradicts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rtcheck.model.finding import Finding, finding
from rtcheck.model.record import PatientRecord
from rtcheck.rules.child_pugh import child_pugh_classes, child_pugh_points
from rtcheck.rules.counting import organ_system
from rtcheck.rules.facts import pregnancy_test_bounds

__all__ = ["record_contradictions"]


def record_contradictions(record: PatientRecord) -> tuple[Finding, ...]:
    """Find every place where the record contradicts itself."""
    return tuple(finding("RTD760", subject, message) for subject, message in _contradictions(record))


def _contradictions(record: PatientRecord) -> Iterator[tuple[str, str]]:
    for lesion in record.lesions:
        if lesion.kind == "bone" and lesion.soft_tissue is False and lesion.measurable is True:
            yield lesion.id, ("A bone metastasis without a soft-tissue part is recorded as measurable (registry: "
                              "lesion.soft_tissue, lesion.measurable). It is not counted as measurable.")
    facts = record.facts
    given = facts.get("liver.child_pugh")
    low, high = child_pugh_points(facts)
    possible = child_pugh_classes(low, high)
    if given is not None and given not in possible:
        points = f"{low}" if low == high else f"{low} to {high}"
        yield "liver.child_pugh", (f"The class is recorded as {given}, but its items as recorded make {points} points, "
                                   f"{' or '.join(possible)}. Neither is used.")
    yield from _pregnancy_test(record)
    if facts.get("patient.sex") == "M" and facts.get("patient.childbearing_potential") is True:
        yield "patient.childbearing_potential", ("Childbearing potential is recorded of a male patient (registry: "
                                                 "patient.sex, patient.childbearing_potential).")
    irradiated = any(organ_system(course.organ) == "lung" for course in record.prior_courses or ())
    if irradiated and facts.get("lung.prior_irradiation") is False:
        yield "lung.prior_irradiation", ("Earlier lung irradiation is recorded as false, but [[prior_course]] has one "
                                         "of the lung. The lung is taken as irradiated.")


def _pregnancy_test(record: PatientRecord) -> Iterator[tuple[str, str]]:
    hours = record.facts.get("labs.pregnancy_test_hours")
    test, randomised = record.facts.get("labs.pregnancy_test_on"), record.facts.get("trial.randomised_on")
    if isinstance(hours, bool) or not isinstance(hours, int | float):
        return
    if not isinstance(test, date) or not isinstance(randomised, date):
        return
    low, high = pregnancy_test_bounds((randomised - test).days)
    if test == randomised:
        low = -high  # of two times of one day either may be the earlier
    if not low <= hours <= high:
        yield "labs.pregnancy_test_hours", (f"{hours:g} h before randomisation is recorded, but the dates of test and "
                                            f"randomisation are {low:.0f} to {high:.0f} h apart.")
