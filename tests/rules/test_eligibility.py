"""The trial's rules on the record: counting, facts and arms (contract §3 and §4)."""

import pytest

from rtcheck.model.record import PriorCourse
from rtcheck.rules.conditions import fact_table
from rtcheck.rules.constraint import Condition, EligibilityRule, LesionRules, TrialRules
from rtcheck.rules.eligibility import check_eligibility, count_metastases
from tests.boxes import lesion, protocol, record


def many(count, organ="lung", kind="organ_metastasis", **changes):
    return [lesion(id=f"{organ}{kind}{index}", organ=organ, kind=kind, **changes) for index in range(count)]


def codes(*lesions, facts=None, rules=None, arms=(), eligibility=(), trial="NCT1", **changes):
    kept = record(*(lesions or (lesion(),)), facts=facts, **changes)
    asked = protocol(lesions=rules, trial=TrialRules(trial, arms) if arms else None, eligibility=tuple(eligibility))
    found = check_eligibility(kept, asked, fact_table(kept, (), 5))
    return [(item.code, item.severity) for item in found if item.code != "RTD759"]


TOTAL = LesionRules(max_total=5)


def test_five_metastases_are_allowed_and_six_are_not():
    """The limit itself is kept."""
    assert codes(*many(5), rules=TOTAL) == []
    assert codes(*many(6), rules=TOTAL) == [("RTD751", "E")]


def test_the_primary_is_a_site_and_not_a_metastasis():
    """Neither in total nor in its organ."""
    assert codes(*many(5), lesion(), rules=TOTAL) == []
    assert codes(*many(3, "liver"), lesion(), rules=LesionRules(max_per_organ=3)) == []


def test_resolved_lesions_are_not_counted_and_palliative_ones_are():
    """What has gone is gone; what is treated for symptoms is still there."""
    assert codes(*many(5), *many(1, "liver", active=False), rules=TOTAL) == []
    assert codes(*many(5), *many(1, "liver", palliative=True), rules=TOTAL) == [("RTD751", "E")]


def test_the_regional_nodes_together_are_one():
    """Where the protocol says so."""
    nodes = many(4, "node", "regional_node")
    assert codes(*many(4), *nodes, rules=TOTAL) == []
    apart = LesionRules(max_total=5, regional_nodes_count_as_one=False)
    assert codes(*many(4), *nodes, rules=apart) == [("RTD751", "E")]
    assert count_metastases([*many(4), *nodes], TOTAL) == 5


def test_nonregional_nodes_of_one_group_are_one():
    """A group counts once; two groups twice; without a group each counts."""
    group = many(3, "node", "nonregional_node", group="retroperitoneal")
    assert count_metastases(group, TOTAL) == 1
    assert count_metastases([*group, *many(1, "neck", "nonregional_node", group="neck")], TOTAL) == 2
    assert count_metastases(many(3, "node", "nonregional_node"), TOTAL) == 3
    assert count_metastases(many(2, "bone", "bone", group="spine"), TOTAL) == 2


def test_three_in_one_organ_are_allowed_and_four_are_not():
    """Each organ system for itself, whatever the case of its name."""
    rules = LesionRules(max_per_organ=3)
    assert codes(*many(3), *many(3, "liver"), rules=rules) == []
    assert codes(*many(3), *many(1, "Lung"), rules=rules) == [("RTD751", "E")]
    assert codes(*many(4), *many(4, "bone", "bone"), rules=rules) == [("RTD751", "E")] * 2


@pytest.mark.parametrize(
    ("measurable", "expected"),
    [
        ([True, False], []),
        ([False, False], [("RTD755", "W")]),
        ([False, None], [("RTD756", "I")]),
        ([None], [("RTD756", "I")]),
    ],
)
def test_one_measurable_lesion_is_asked_for(measurable, expected):
    """Broken is a warning, not recorded a note; a resolved lesion does not count."""
    lesions = [lesion(id=f"L{index}", measurable=value) for index, value in enumerate(measurable)]
    assert codes(*lesions, lesion(id="gone", active=False), rules=LesionRules(min_measurable=1)) == expected


REQUIRES = (Condition("fev1_l", above=1.0),)
WHEN = (Condition("impaired", ("known", "suspected")),)


@pytest.mark.parametrize(
    ("facts", "plan", "about_record"),
    [
        ({"lung.fev1_l": 1.4, "lung.impaired": "known"}, [], []),
        ({"lung.fev1_l": 1.0, "lung.impaired": "known"}, [("RTD752", "E")], [("RTD755", "W")]),
        ({"lung.fev1_l": 0.9, "lung.impaired": "no"}, [], []),
        ({"lung.impaired": "suspected"}, [("RTD753", "E")], [("RTD756", "I")]),
        ({"lung.fev1_l": 0.9}, [("RTD753", "E")], [("RTD756", "I")]),
        ({"lung.fev1_l": 1.4}, [], []),
        ({"lung.impaired": "no"}, [], []),
        ({}, [("RTD753", "E")], [("RTD756", "I")]),
    ],
)
def test_a_rule_is_kept_broken_or_not_known(facts, plan, about_record):
    """Where all of `when` hold, all of `requires` must; it bears on the plan or on the record."""
    for bears_on, expected in (("plan", plan), ("record", about_record)):
        assert codes(facts=facts, eligibility=[EligibilityRule("R", REQUIRES, WHEN, bears_on)]) == expected


def test_a_rule_that_cannot_be_told_names_the_registry_keys():
    """The reader learns what to record."""
    kept = record(facts={"lung.impaired": "known"})
    asked = protocol(eligibility=(EligibilityRule("R", REQUIRES, WHEN, "plan"),))
    (item,) = check_eligibility(kept, asked, fact_table(kept, (), 5))
    assert item.evidence["missing"] == ["lung.fev1_l"]


@pytest.mark.parametrize(("arm", "expected"), [("2L+RT", []), ("2L", [("RTD754", "E")]), (None, [("RTD753", "E")])])
def test_a_consolidative_plan_needs_an_arm_that_has_one(arm, expected):
    """Another arm breaks the trial; an arm that is not recorded is not known to be right."""
    assert codes(facts={"trial.arm": arm} if arm else {}, arms=("2L+RT",)) == expected


def test_a_palliative_plan_is_of_no_arm():
    """Only a consolidative lesion makes the plan one."""
    assert codes(lesion(palliative=True), facts={"trial.arm": "2L"}, arms=("2L+RT",)) == []


def test_the_record_of_another_trial_is_not_judged_by_this_one():
    """What the rules need, a patient of this trial, is not what the registry records."""
    assert codes(facts={"trial.id": "NCT2", "trial.arm": "2L+RT"}, arms=("2L+RT",)) == [("RTD753", "E")]
    assert codes(facts={"trial.id": "nct1", "trial.arm": "2L+RT"}, arms=("2L+RT",)) == []


def test_a_report_that_tells_the_arm_says_so():
    """RTD759 keeps it from blinded assessors."""
    kept = record(facts={"trial.arm": "2L+RT"})
    found = check_eligibility(kept, protocol(trial=TrialRules("NCT1")), fact_table(kept, (), 5))
    assert [(item.code, item.severity) for item in found] == [("RTD759", "I")]


def test_earlier_radiotherapy_is_a_warning():
    """Its dose is not in the sum; not recorded is not told."""
    assert codes(prior_courses=(PriorCourse("lung"),)) == [("RTD510", "W")]
    assert codes(facts={"lung.prior_irradiation": True}) == [("RTD510", "W")]
    assert codes(facts={"lung.prior_irradiation": False}, prior_courses=()) == []
    assert codes() == []
