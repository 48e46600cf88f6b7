"""Every criterion of the trial: met, broken, fact missing; alternatives; Child-Pugh; contradictions; facts that go."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcheck.catalogue.protocol import read_protocol
from rtcheck.model.record import PatientRecord, PriorCourse
from rtcheck.rules.child_pugh import child_pugh_classes, child_pugh_points
from rtcheck.rules.conditions import fact_table, look_up
from rtcheck.rules.constraint import LesionRules
from rtcheck.rules.contradictions import record_contradictions
from rtcheck.rules.counting import count_metastases, is_measurable, organ_system
from rtcheck.rules.eligibility import check_eligibility, judge_rule
from rtcheck.rules.laboratory import uln_ratio
from tests.boxes import lesion
from tests.rules.eligibility_cases import BONE, CASES, LIVER, PRIMARY
from tests.tools.eligibility_table import TARGET, table


@cache
def rules():
    return {rule.id: rule for rule in read_protocol("nct06946849").eligibility}


def record(facts, lesions=(PRIMARY,), **changes):
    return PatientRecord("P", (), dict(facts), tuple(lesions), **changes)


def state(name, facts, lesions=(PRIMARY,)):
    return judge_rule(rules()[name], fact_table(record(facts, lesions), (), 5))[0]


def test_every_rule_of_the_trial_has_its_cases():
    """No rule of the shipped file is without a case (Child-Pugh C is the evidence's, not the trial's)."""
    assert set(CASES) == {name for name in rules() if not name.startswith("SITE-DEFAULT")}


@pytest.mark.parametrize("name", CASES)
def test_met(name):
    """A record that meets the rule, at the limit itself."""
    case = CASES[name]
    for facts in case.met:
        assert state(name, {**case.when, **facts}, case.lesions) == "met", facts


@pytest.mark.parametrize("name", CASES)
def test_broken(name):
    """A record just beyond the limit breaks the rule."""
    case = CASES[name]
    for facts in case.broken:
        assert state(name, {**case.when, **facts}, case.lesions) == "broken", facts


@pytest.mark.parametrize("name", CASES)
def test_missing(name):
    """Without any fact, and without each one that it needs, the rule is never met."""
    case = CASES[name]
    assert state(name, case.when, case.lesions) == "not recorded"
    for facts in (*case.met, *case.broken):
        for gone in (key for key in facts if key in case.missing):
            left = {key: value for key, value in {**case.when, **facts}.items() if key != gone}
            before = state(name, {**case.when, **facts}, case.lesions)
            assert state(name, left, case.lesions) in ("not recorded", before), (facts, gone)


@pytest.mark.parametrize("name", ["alt", "ast", "alp"])
def test_five_times_normal_with_metastases(name):
    """ALT, AST and ALP may be five times normal with liver metastasis, ALP also with bone; the primary is none."""
    rule = f"NCT06946849.inclusion.{name.upper()}"
    facts = {f"labs.{name}_u_l": 200.0, f"labs.{name}_uln_u_l": 40.0}
    assert state(rule, facts) == "broken"
    assert state(rule, facts, (PRIMARY, LIVER)) == "met"
    assert state(rule, facts, (PRIMARY, BONE)) == ("met" if name == "alp" else "broken")
    assert state(rule, {**facts, f"labs.{name}_u_l": 201.0}, (PRIMARY, LIVER, BONE)) == "broken"
    assert state(rule, facts, ()) == "not recorded"
    assert state(rule, {**facts, f"labs.{name}_u_l": 100.0}, ()) == "met"


def test_dates_three_days_apart_do_not_tell_72_hours():
    """48 to 96 hours: the hours themselves are asked for."""
    facts = {"patient.sex": "F", "patient.childbearing_potential": True,
             "labs.pregnancy_test_on": date(2026, 3, 1), "trial.randomised_on": date(2026, 3, 4)}  # fmt: skip
    name = "NCT06946849.inclusion.pregnancy-test"
    assert state(name, facts) == "not recorded"
    assert state(name, {**facts, "labs.pregnancy_test_hours": 70.0}) == "met"
    assert state(name, {"patient.sex": "M"}) == "not asked"
    assert state(name, {"patient.sex": "F", "patient.childbearing_potential": False}) == "not asked"


def test_ratios_are_exact_at_the_limit():
    """2.5 times normal is 2.5, in any unit; a limit of zero makes no ratio."""
    assert uln_ratio("alt_uln", {"labs.alt_u_l": 87.5, "labs.alt_uln_u_l": 35.0}) == 2.5
    assert uln_ratio("bilirubin_uln", {"labs.bilirubin_mg_dl": 0.3, "labs.bilirubin_uln_mg_dl": 0.2}) == 1.5
    assert uln_ratio("creatinine_uln", {"labs.creatinine_mg_dl": 1.0, "labs.creatinine_uln_umol_l": 88.4}) == 1.0
    assert uln_ratio("alt_uln", {"labs.alt_u_l": 87.5, "labs.alt_uln_u_l": 0.0}) is None


ITEMS = {"labs.bilirubin_mg_dl": 1.0, "labs.albumin_g_dl": 4.0, "labs.inr": 1.0, "liver.ascites": "none",
         "liver.encephalopathy_grade": 0}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "points", "word"),
    [
        ({}, 5, "A"),
        ({"labs.albumin_g_dl": 3.5}, 6, "A"),
        ({"labs.albumin_g_dl": 2.8, "labs.bilirubin_mg_dl": 2.0}, 7, "B"),
        ({"labs.albumin_g_dl": 2.7, "labs.bilirubin_mg_dl": 3.1}, 9, "B"),
        ({"labs.inr": 2.31, "liver.ascites": "moderate", "liver.encephalopathy_grade": 2}, 10, "C"),
        ({"labs.inr": 1.7, "liver.ascites": "slight", "liver.encephalopathy_grade": 3}, 9, "B"),
    ],
)
def test_child_pugh_by_its_items(changes, points, word):
    """Points and class as in Pugh 1973; the class is a fact as if it were recorded."""
    facts = {**ITEMS, **changes}
    assert child_pugh_points(facts) == (points, points)
    assert look_up(fact_table(record(facts), (), 5), "child_pugh").value == word


def test_child_pugh_from_some_of_its_items():
    """What is missing may be anything: the class is known only where no points of it would change it."""
    some = {key: value for key, value in ITEMS.items() if key != "labs.inr"}
    fact = look_up(fact_table(record(some), (), 5), "child_pugh")
    assert (fact.value, fact.missing) == (None, ("labs.inr",))
    poor = {**some, "labs.albumin_g_dl": 3.0, "liver.ascites": "slight"}
    assert look_up(fact_table(record(poor), (), 5), "liver.child_pugh").value == "B"
    assert child_pugh_classes(*child_pugh_points({})) == ("A", "B", "C")


def test_a_contradicted_child_pugh_is_not_used():
    """Given A and items of B: a finding, and the class is not known."""
    kept = record({**ITEMS, "labs.albumin_g_dl": 2.7, "liver.ascites": "moderate", "liver.child_pugh": "A"})
    assert look_up(fact_table(kept, (), 5), "child_pugh").value is None
    (item,) = record_contradictions(kept)
    assert (item.code, item.severity, item.subject) == ("RTD760", "W", "liver.child_pugh")
    assert record_contradictions(record({**ITEMS, "liver.child_pugh": "A"})) == ()


def test_a_bone_metastasis_needs_soft_tissue_to_be_measurable():
    """Without it not, unknown with it unknown; recorded as measurable without it is a contradiction."""
    measurable = [is_measurable(lesion(kind="bone", measurable=True, soft_tissue=soft), LesionRules())
                  for soft in (True, False, None)]  # fmt: skip
    assert measurable == [True, False, None]
    assert is_measurable(lesion(kind="bone", measurable=None, soft_tissue=False), LesionRules()) is False
    found = record_contradictions(record({}, (lesion(kind="bone", measurable=True, soft_tissue=False),)))
    assert [(item.code, item.subject) for item in found] == [("RTD760", "L1")]


def test_other_contradictions():
    """Hours against dates, a male who can bear children, a lung course that was not."""
    facts = {"labs.pregnancy_test_hours": 20.0, "labs.pregnancy_test_on": date(2026, 3, 1),
             "trial.randomised_on": date(2026, 3, 5), "patient.sex": "M", "patient.childbearing_potential": True,
             "lung.prior_irradiation": False}  # fmt: skip
    found = record_contradictions(record(facts, prior_courses=(PriorCourse("Left lung"),)))
    assert [item.subject for item in found] == [
        "labs.pregnancy_test_hours", "patient.childbearing_potential", "lung.prior_irradiation"]  # fmt: skip


def test_organ_words():
    """A side, a plural or an underscore makes no other organ system."""
    for word in ("lung", "Lungs", "left lung", "Lung_R", "pulmonary", " LUNG "):
        assert organ_system(word) == "lung"
    assert organ_system("lymph_node") == organ_system("Lymph nodes") == "lymph node"
    lungs = [lesion(id=str(n), organ=word, kind="organ_metastasis")
             for n, word in enumerate(("left lung", "right lung", "lung", "lungs"))]  # fmt: skip
    assert count_metastases(lungs, LesionRules(), "lung") == 4


def test_the_switches_of_what_the_text_leaves_open():
    """Each switch changes only what it says; the default is the stricter reading or the trial's own words."""
    group = [lesion(id=str(n), organ="node", kind="nonregional_node", group="neck") for n in range(3)]
    assert count_metastases(group, LesionRules()) == 1
    assert count_metastases(group, LesionRules(groups_count_as_one=False)) == 3
    pain = [lesion(kind="bone", organ="bone", palliative=True)]
    assert [count_metastases(pain, LesionRules(palliative_count=on)) for on in (True, False)] == [1, 0]
    apart = LesionRules(groups_count_as_one=False, nodes_are_an_organ=False)
    assert (count_metastases(group, apart, "node"), count_metastases(group, apart)) == (0, 3)
    assert [is_measurable(lesion(), LesionRules(primary_can_be_measurable=on)) for on in (True, False)] == [True, False]


RANK = {"E": 2, "W": 1, "I": 0}
FULL = {key: value for case in CASES.values() for key, value in {**case.when, **case.met[0]}.items()}
BAD = {key: value for case in CASES.values() for key, value in {**case.when, **case.broken[0]}.items()}


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.data())
def test_removing_a_fact_never_improves_the_record(data):
    """Mixed records: with any fact gone, no rule becomes met. Broken may become not recorded, which the contract makes
    a note (RTD756) for the rules of the record; a rule on the plan stays E."""
    facts = {key: data.draw(st.sampled_from([FULL[key], BAD.get(key, FULL[key])]), label=key) for key in sorted(FULL)}
    gone = data.draw(st.sampled_from(sorted(facts)))
    less = {key: value for key, value in facts.items() if key != gone}
    for name in CASES:
        case = CASES[name]
        before, after = state(name, facts, case.lesions), state(name, less, case.lesions)
        assert after in (before, "not recorded"), (name, gone)
    protocol = read_cached()

    def plan(kept):
        table = fact_table(record(kept), (), 5, protocol.lesions)
        return max((RANK[item.severity] for item in check_eligibility(record(kept), protocol, table)
                    if item.code in ("RTD752", "RTD753")), default=0)  # fmt: skip
    assert plan(less) >= plan(facts)


@cache
def read_cached():
    return read_protocol("nct06946849")


def test_the_table_of_criteria_is_what_the_script_writes():
    """constraints/eligibility.md lists every rule and names tests that exist."""
    text = table()
    assert TARGET.read_text(encoding="utf-8") == text
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parents[1].rglob("test_*.py"))
    for name in set(re.findall(r"`(test_\w+)`", text)):
        assert f"def {name}(" in tests, name
