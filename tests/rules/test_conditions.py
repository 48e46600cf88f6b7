"""Conditions, tiers and facts in three-valued logic."""

from __future__ import annotations

import itertools
import math
from datetime import date

import pytest

from rtcheck.model.lesion import Lesion
from rtcheck.model.record import PatientRecord, PriorCourse
from rtcheck.rules.conditions import (
    FactTable,
    Truth,
    all_of,
    any_of,
    evaluate_condition,
    evaluate_conditions,
    evaluate_groups,
    fact_table,
)
from rtcheck.rules.constraint import Condition, Tier
from rtcheck.rules.facts import REGISTRY_FACTS, look_up, qualified_fact

LUNG_LESION = Lesion("L3", "lung", "organ_metastasis", active=True)
LIVER_LESION = Lesion("L1", "liver", "primary", active=True)

TIERS = (
    Tier(
        "lung_function",
        "LF-A",
        1,
        (
            (Condition("fev1_l", above=1.5), Condition("fev1_percent", at_least=60)),
            (Condition("impaired", values=("no",)),),
        ),
    ),
    Tier(
        "lung_function",
        "LF-B",
        2,
        (
            (Condition("fev1_l", above=1.2, up_to=1.5),),
            (Condition("fev1_percent", at_least=40, below=60),),
        ),
    ),
    Tier(
        "lung_function",
        "LF-C",
        3,
        (
            (Condition("fev1_l", up_to=1.2),),
            (Condition("fev1_percent", below=40),),
            (Condition("home_oxygen", values=(True,)),),
        ),
    ),
)


def record(*, lesions=(LIVER_LESION,), prior=None, **facts):
    """A record with these facts; `lung__fev1_l` stands for ``lung.fev1_l``."""
    named = {key.replace("__", "."): value for key, value in facts.items()}
    return PatientRecord("P1", (), named, tuple(lesions), prior_courses=prior)


def table(*, tiers=(), fractions=5, **facts):
    """The facts of a record."""
    return fact_table(record(**facts), tiers, fractions)


def kleene(values, beats):
    """The truth table itself: `beats` decides, else unknown, else the other."""
    if beats in values:
        return beats
    return None if None in values else (not beats)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_the_truth_tables_hold_for_every_combination(count):
    """All: false beats unknown beats true. Any: true beats unknown beats false. Empty: all hold, none holds."""
    for values in itertools.product((True, False, None), repeat=count):
        truths = [Truth(value) for value in values]
        assert all_of(truths).value is kleene(values, beats=False)
        assert any_of(truths).value is kleene(values, beats=True)


def test_an_unknown_answer_names_only_what_would_settle_it():
    """The keys of true and false parts do not appear; those of unknown parts do, once each."""
    joined = all_of([Truth(True), Truth(None, ("lung.fev1_l",), "a."), Truth(None, ("lung.fev1_l", "labs.x"), "b.")])
    assert (joined.value, joined.missing, joined.reason) == (None, ("lung.fev1_l", "labs.x"), "a. b.")
    assert all_of([Truth(False, (), "no."), Truth(None, ("lung.fev1_l",), "a.")]) == Truth(False, (), "no.")


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        (Condition("fev1_l", above=1.2), 1.2, False),
        (Condition("fev1_l", above=1.2), 1.2000001, True),
        (Condition("fev1_l", at_least=1.2), 1.2, True),
        (Condition("fev1_l", below=1.2), 1.2, False),
        (Condition("fev1_l", up_to=1.2), 1.2, True),
        (Condition("fev1_l", above=1.0, up_to=1.2), 1.1, True),
        (Condition("fev1_l", above=1.0, up_to=1.2), 1.0, False),
        (Condition("fev1_l", above=1.0, up_to=1.2), 1.3, False),
        (Condition("fev1_l", above=1.0), 2, True),
        (Condition("fev1_l", above=1.0), "much", None),
        (Condition("fev1_l", above=1.0), True, None),
        (Condition("fev1_l", above=1.0), math.nan, None),
        (Condition("fev1_l", above=1.0), math.inf, None),
        (Condition("fev1_l", above=math.nan), 2.0, None),
        (Condition("fev1_l"), 2.0, None),
        (Condition("fev1_l", values=(2,)), 2.0, True),
        (Condition("fev1_l", values=(1,)), True, None),
    ],
)
def test_ranges_and_values_of_numbers(condition, value, expected):
    """Bounds are inclusive or not as named; what is no finite number is not known, never false."""
    assert evaluate_condition(condition, table(lung__fev1_l=value)).value is expected


@pytest.mark.parametrize(
    ("fact", "key", "values", "value", "expected"),
    [
        ("child_pugh", "liver__child_pugh", ("A",), "A", True),
        ("child_pugh", "liver__child_pugh", ("A",), "B", False),
        ("child_pugh", "liver__child_pugh", ("A",), "a", False),
        ("impaired", "lung__impaired", ("known", "suspected"), "suspected", True),
        ("lung.impaired", "lung__impaired", ("known", "suspected"), "no", False),
        ("home_oxygen", "lung__home_oxygen", (True,), True, True),
        ("home_oxygen", "lung__home_oxygen", (False,), True, False),
        ("home_oxygen", "lung__home_oxygen", (True,), 1, None),
        ("home_oxygen", "lung__home_oxygen", ("yes",), True, None),
        ("registered_on", "trial__registered_on", (date(2026, 3, 2),), date(2026, 3, 2), True),
        ("exclusion.other_cancer", "exclusion__other_cancer", (False,), False, True),
    ],
)
def test_values_are_compared_exactly_and_within_their_kind(fact, key, values, value, expected):
    """Words, flags and dates are equal or not; a flag is no number and no word."""
    assert evaluate_condition(Condition(fact, values=values), table(**{key: value})).value is expected


def test_a_fact_that_is_not_recorded_is_unknown_and_named_by_its_key():
    """Absent means not known, never no, and the message says which registry key is missing."""
    truth = evaluate_condition(Condition("fev1_l", above=1.0), table())
    assert (truth.value, truth.missing) == (None, ("lung.fev1_l",))
    assert truth.reason == "FEV1 is not recorded (registry: lung.fev1_l)."
    assert evaluate_condition(Condition("home_oxygen", values=(False,)), table()).value is None
    assert evaluate_condition(Condition("fev1_l", above=1.0), fact_table(None, (), None)).value is None


def test_a_fact_that_does_not_exist_is_unknown():
    """A key of no table, or of several, is never false."""
    for key in ("fev1", "labs", "exclusion.", "lung.", "lungs.fev1_l"):
        assert evaluate_condition(Condition(key, values=(True,)), table()).value is None
        assert qualified_fact(key) is None
    assert qualified_fact("fev1_l") == "lung.fev1_l"
    assert qualified_fact("lung.fev1_l") == "lung.fev1_l"
    assert qualified_fact("exclusion.pregnant") == "exclusion.pregnant"


def test_unqualified_keys_are_unique():
    """Every key of the registry can be written without its table."""
    keys = [fact.partition(".")[2] for fact in REGISTRY_FACTS]
    assert len(keys) == len(set(keys))


def test_conditions_and_groups_are_joined():
    """All conditions of a group must hold; one group is enough; false decides over unknown."""
    facts = table(lung__fev1_l=1.1)
    holds, fails, open_ = (
        Condition("fev1_l", up_to=1.2),
        Condition("fev1_l", above=1.2),
        Condition("home_oxygen", values=(True,)),
    )
    assert evaluate_conditions((), facts).value is True
    assert evaluate_conditions((holds, open_), facts).value is None
    assert evaluate_conditions((fails, open_), facts).value is False
    assert evaluate_groups((), facts).value is False
    assert evaluate_groups(((fails,), (holds,)), facts).value is True
    assert evaluate_groups(((fails,), (open_,)), facts).value is None
    assert evaluate_groups(((holds,), (open_,)), facts).value is True


@pytest.mark.parametrize(
    ("facts", "tier", "missing"),
    [
        ({"lung__fev1_l": 1.1, "lung__fev1_percent": 70, "lung__home_oxygen": False}, "LF-C", ()),
        ({"lung__fev1_l": 1.1}, "LF-C", ()),
        ({"lung__fev1_l": 1.4, "lung__fev1_percent": 70, "lung__home_oxygen": False}, "LF-B", ()),
        ({"lung__fev1_l": 1.4, "lung__fev1_percent": 70}, None, ("lung.home_oxygen",)),
        ({"lung__fev1_l": 1.4, "lung__home_oxygen": False}, None, ("lung.fev1_percent",)),
        ({"lung__fev1_l": 2.0, "lung__fev1_percent": 80, "lung__home_oxygen": False}, "LF-A", ()),
        ({"lung__fev1_percent": 80, "lung__home_oxygen": False}, None, ("lung.fev1_l",)),
        ({"lung__impaired": "no"}, None, ("lung.fev1_l", "lung.fev1_percent", "lung.home_oxygen")),
        ({}, None, ("lung.fev1_l", "lung.fev1_percent", "lung.home_oxygen")),
    ],
)
def test_the_worst_tier_that_cannot_be_excluded_decides(facts, tier, missing):
    """A tier is known only when no worse one is possible; else the keys that would settle it are named."""
    found = look_up(table(tiers=TIERS, **facts), "lung_function")
    assert (found.value, found.missing) == (tier, missing)
    truth = evaluate_condition(Condition("lung_function", values=("LF-C",)), table(tiers=TIERS, **facts))
    assert truth.value is (None if tier is None else tier == "LF-C")
    assert truth.missing == missing


def test_a_tier_is_unknown_when_none_applies_or_two_of_one_rank_do():
    """Facts outside every tier, and two tiers of equal rank, leave the tier unknown with the reason."""
    none = look_up(table(tiers=TIERS[1:2], lung__fev1_l=3.0, lung__fev1_percent=90), "lung_function")
    assert (none.value, none.missing) == (None, ())
    assert "none of LF-B applies" in none.reason
    twins = (
        Tier("t", "a", 1, ((Condition("fev1_l", above=1.0),),)),
        Tier("t", "b", 1, ((Condition("fev1_l", above=2.0),),)),
    )
    assert look_up(table(tiers=twins, lung__fev1_l=1.5), "t").value == "a"
    both = look_up(table(tiers=twins, lung__fev1_l=3.0), "t")
    assert both.value is None
    assert "a and b apply" in both.reason


def test_the_unknown_tier_is_explained_with_the_registry_key():
    """The sentence says which tier is open and which key is missing."""
    reason = look_up(table(tiers=TIERS[2:], lung__fev1_percent=70, lung__home_oxygen=False), "lung_function").reason
    assert "LF-C cannot be excluded" in reason
    assert "registry: lung.fev1_l" in reason


@pytest.mark.parametrize(
    ("organs", "lung", "liver"),
    [
        (["lung", "liver"], True, True),
        (["Liver"], False, True),
        (["肺"], True, False),
        (["left lung"], None, False),
        (["left lung", "lung"], True, False),
        (["hepatic hilum"], False, None),
        (["bone"], False, False),
        ([], None, None),
    ],
)
def test_lesions_say_where_they_lie(organs, lung, liver):
    """An active lesion in the organ makes the fact true; a doubtful organ, or no lesion at all, leaves it unknown."""
    lesions = [Lesion(f"L{n}", organ, "organ_metastasis", active=True) for n, organ in enumerate(organs)]
    facts = table(lesions=lesions)
    assert (look_up(facts, "lung_lesion").value, look_up(facts, "liver_lesion").value) == (lung, liver)


def test_a_resolved_lesion_is_no_lung_lesion():
    """Only active lesions count."""
    gone = Lesion("L3", "lung", "organ_metastasis", active=False)
    assert look_up(table(lesions=[gone, LIVER_LESION]), "lung_lesion").value is False


@pytest.mark.parametrize(
    ("lesions", "told", "prior", "expected"),
    [
        ([LUNG_LESION], None, None, True),
        ([LUNG_LESION], False, None, True),
        ([LIVER_LESION], True, None, True),
        ([LIVER_LESION], False, None, False),
        ([LIVER_LESION], None, None, None),
        ([LIVER_LESION], None, (), None),
        ([LIVER_LESION], None, (PriorCourse("lung"),), True),
        ([LIVER_LESION], False, (PriorCourse("lung"),), True),
        ([LIVER_LESION], None, (PriorCourse("breast"),), None),
        ([LIVER_LESION], False, (PriorCourse("breast"),), False),
        ([LIVER_LESION], False, (PriorCourse("right lung"),), None),
        ([], False, None, None),
        ([], True, None, True),
    ],
)
def test_the_lung_is_at_risk_unless_lesion_and_irradiation_are_excluded(lesions, told, prior, expected):
    """A lung lesion or earlier lung irradiation puts it at risk; both must be known absent for no."""
    facts = {} if told is None else {"lung__prior_irradiation": told}
    found = look_up(table(lesions=lesions, prior=prior, **facts), "lung_at_risk")
    assert found.value is expected
    assert (found.missing == ()) == (expected is not None)


def test_the_fraction_count_is_a_fact():
    """Plans of unlike fractionation leave it unknown."""
    assert evaluate_condition(Condition("plan_fractions", at_least=3, up_to=8), table(fractions=5)).value is True
    truth = evaluate_condition(Condition("plan_fractions", values=(5,)), table(fractions=None))
    assert (truth.value, truth.missing) == (None, ())
    assert "no common number" in truth.reason


def test_a_laboratory_value_is_known_in_both_units():
    """A rule in one unit is answered from a record in the other."""
    facts = table(
        labs__albumin_g_l=28.0, labs__creatinine_mg_dl=1.0, labs__bilirubin_mg_dl=1, labs__haemoglobin_g_dl=9.1
    )
    assert evaluate_condition(Condition("albumin_g_dl", at_least=2.8), facts).value is True
    assert evaluate_condition(Condition("albumin_g_dl", above=2.8), facts).value is False
    assert look_up(facts, "creatinine_umol_l").value == 88.4
    assert look_up(facts, "bilirubin_umol_l").value == 17.104
    assert look_up(facts, "haemoglobin_g_l").value == 91.0
    assert look_up(facts, "alt_u_l").value is None


def test_the_known_facts_are_those_of_the_registry_reader():
    """The keys conditions may name are those the registry file has."""
    facts = pytest.importorskip("rtcheck.catalogue.facts")
    assert set(REGISTRY_FACTS) == set(facts.recorded_facts())


def test_an_empty_fact_table_knows_nothing():
    """Without any facts every test is unknown."""
    assert evaluate_condition(Condition("lung_lesion", values=(True,)), FactTable()).value is None
