"""Laws of three-valued conditions: taking facts away never turns an answer into another one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rtcheck.model.lesion import Lesion
from rtcheck.model.record import PatientRecord
from rtcheck.rules.conditions import evaluate_groups, fact_table, look_up
from rtcheck.rules.constraint import Condition, Tier

FACTS = {
    "lung.fev1_l": st.sampled_from([0.9, 1.0, 1.1, 1.2, 1.3, 1.5, 1.6, 2.5]),
    "lung.fev1_percent": st.sampled_from([35, 40, 50, 59.5, 60, 85]),
    "lung.home_oxygen": st.booleans(),
    "lung.impaired": st.sampled_from(["known", "suspected", "no"]),
    "lung.prior_irradiation": st.booleans(),
    "liver.child_pugh": st.sampled_from(["A", "B", "C"]),
    "labs.albumin_g_l": st.sampled_from([25.0, 28.0, 35.0]),
}
CONDITIONS = [
    Condition("fev1_l", above=1.0),
    Condition("fev1_l", above=1.2, up_to=1.5),
    Condition("fev1_percent", below=40),
    Condition("fev1_percent", at_least=60),
    Condition("home_oxygen", values=(True,)),
    Condition("home_oxygen", values=(False,)),
    Condition("impaired", values=("known", "suspected")),
    Condition("impaired", values=("no",)),
    Condition("lung_at_risk", values=(True,)),
    Condition("lung_at_risk", values=(False,)),
    Condition("child_pugh", values=("A", "B")),
    Condition("albumin_g_dl", at_least=2.8),
    Condition("albumin_g_l", above=30),
    Condition("lung_lesion", values=(True,)),
]
LESIONS = [Lesion("L1", "liver", "primary", active=True), Lesion("L2", "lung", "organ_metastasis", active=True)]

groups = st.lists(st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=3).map(tuple), min_size=1, max_size=3).map(
    tuple
)
tiers = st.lists(groups, min_size=1, max_size=3).map(
    lambda each: tuple(Tier("tier", f"T{rank}", rank, group) for rank, group in enumerate(each, start=1))
)
recorded = st.fixed_dictionaries({}, optional=FACTS).filter(
    lambda facts: not (facts.get("liver.child_pugh") == "A" and facts.get("labs.albumin_g_l") == 25.0)
)
"""Records that do not contradict themselves: albumin of 25 g/l leaves no class A, which is a finding of its own."""


def facts_of(facts, lesions, tier_list):
    """The fact table of a record with these facts."""
    return fact_table(PatientRecord("P", (), facts, tuple(lesions)), tier_list, 5)


@settings(derandomize=True, max_examples=120)
@given(recorded, st.sampled_from([LESIONS[:1], LESIONS]), groups, tiers)
def test_removing_a_fact_only_moves_an_answer_to_unknown(facts, lesions, asked, tier_list):
    """With any one fact gone, every answer and every tier is what it was, or not known and named."""
    full = facts_of(facts, lesions, tier_list)
    answer, tier = evaluate_groups(asked, full), look_up(full, "tier")
    for gone in facts:
        less = facts_of({key: value for key, value in facts.items() if key != gone}, lesions, tier_list)
        assert evaluate_groups(asked, less).value in (answer.value, None)
        assert look_up(less, "tier").value in (tier.value, None)


@settings(derandomize=True, max_examples=120)
@given(recorded, groups)
def test_recording_what_is_missing_settles_an_unknown_answer(facts, asked):
    """An answer that is not known names keys of the registry, and none of them is recorded."""
    answer = evaluate_groups(asked, facts_of(facts, LESIONS[:1], ()))
    assert (answer.value is None) == bool(answer.missing)
    assert not set(answer.missing) & set(facts)
    assert all(key in FACTS or key == "labs.albumin_g_dl" for key in answer.missing)


@settings(derandomize=True, max_examples=120)
@given(recorded, tiers)
def test_a_known_tier_is_the_highest_that_applies(facts, tier_list):
    """A known tier holds, and every worse one is known not to hold."""
    full = facts_of(facts, LESIONS[:1], tier_list)
    known = look_up(full, "tier").value
    truths = {tier.id: evaluate_groups(tier.any, full).value for tier in tier_list}
    worst_open = next((tier.id for tier in reversed(tier_list) if truths[tier.id] is not False), None)
    expected = worst_open if worst_open is not None and truths[worst_open] is True else None
    assert known == expected
