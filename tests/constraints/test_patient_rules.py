"""The shipped tiers and conditions on real facts: the table of the evidence, and what missing facts may do."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import pytest

from rtcheck.catalogue.protocol import read_protocol
from rtcheck.model.lesion import Lesion
from rtcheck.model.record import PatientRecord
from rtcheck.rules.conditions import evaluate_conditions, fact_table

LUNG = Lesion("L2", "lung", "organ_metastasis", active=True)
LIVER = Lesion("L1", "liver", "primary", active=True)
CLEAR = {"lung.home_oxygen": False, "lung.interstitial_disease": False, "lung.prior_irradiation": False}


@cache
def protocol():
    return read_protocol("nct06946849")


def facts_of(facts, *lesions):
    return fact_table(PatientRecord("P", (), facts, lesions or (LIVER,)), protocol().tiers, 5)


def tier(facts, *lesions):
    return facts_of(facts, *lesions).derived["lung_function"].value


def spirometry(litres, percent, impaired="known"):
    return {**CLEAR, "lung.fev1_l": litres, "lung.fev1_percent": percent, "lung.impaired": impaired}


@pytest.mark.parametrize(
    ("litres", "percent", "expected"),
    [
        (1.51, 60.0, "LF-A"),
        (3.0, 90.0, "LF-A"),
        (1.5, 60.0, "LF-B"),
        (1.21, 90.0, "LF-B"),
        (1.2, 90.0, "LF-C"),
        (1.01, 90.0, "LF-C"),
        (0.9, 90.0, "LF-C"),
        (0.9, 45.0, "LF-C"),
        (2.0, 59.9, "LF-B"),
        (2.0, 40.0, "LF-B"),
        (2.0, 39.9, "LF-C"),
        (1.45, 58.0, "LF-B"),
    ],
)
@pytest.mark.parametrize("impaired", ["known", "suspected"])
def test_worst_tier_wins(litres, percent, expected, impaired):
    """FEV1 in litres and in percent each name a tier, and the worse one counts."""
    assert tier(spirometry(litres, percent, impaired)) == expected
    assert tier(spirometry(litres, percent, impaired), LIVER, LUNG) == expected


@pytest.mark.parametrize("key", ["lung.home_oxygen", "lung.interstitial_disease"])
def test_oxygen_and_interstitial_disease_are_the_worst_tier(key):
    """Neither needs a FEV1, and no FEV1 makes up for it."""
    assert tier({key: True}) == "LF-C"
    assert tier({**spirometry(3.0, 90.0), key: True}) == "LF-C"


def test_not_impaired_without_a_lung_lesion():
    """A patient whose lung is neither impaired nor at risk needs no FEV1."""
    assert tier({**CLEAR, "lung.impaired": "no"}) == "LF-A"


def test_lung_lesion_without_fev1_is_unknown():
    """With the lung at risk and no FEV1 the tier is unknown, whatever the record says of impairment."""
    for impaired in ("no", "known", "suspected"):
        assert tier({**CLEAR, "lung.impaired": impaired}, LIVER, LUNG) is None


def test_a_recorded_fev1_counts_with_a_lung_lesion():
    """A low FEV1 is not overruled by the word that function is not impaired, where the lung is at risk."""
    assert tier(spirometry(1.3, 65.0, "no"), LIVER, LUNG) == "LF-B"
    assert tier({**spirometry(1.1, 65.0, "no"), "lung.prior_irradiation": True}) == "LF-C"


def test_taking_facts_away_never_gives_another_tier():
    """With any facts removed the tier is the same or unknown."""
    for lesions in ((LIVER,), (LIVER, LUNG)):
        for impaired in ("no", "known"):
            for litres, percent in ((3.0, 90.0), (1.3, 90.0), (1.1, 50.0), (0.9, 30.0), (2.0, 45.0)):
                full = spirometry(litres, percent, impaired)
                whole = tier(full, *lesions)
                assert whole is not None
                for count in range(1, len(full) + 1):
                    for gone in combinations(full, count):
                        left = {key: value for key, value in full.items() if key not in gone}
                        assert tier(left, *lesions) in (whole, None)


def test_fev1_rule():
    """The FEV1 rule bears on the plan: kept, broken, not known, or not asked."""
    rule = next(rule for rule in protocol().eligibility if rule.id.endswith("FEV1"))
    assert rule.bears_on == "plan"

    def answers(facts, *lesions):
        table = facts_of(facts, *lesions)
        return evaluate_conditions(rule.when, table).value, evaluate_conditions(rule.requires, table).value

    assert answers(spirometry(1.01, 50.0), LUNG) == (True, True)
    assert answers(spirometry(1.0, 50.0), LUNG) == (True, False)
    assert answers({**CLEAR, "lung.impaired": "suspected"}, LUNG) == (True, None)
    assert answers(spirometry(0.9, 50.0, "no"), LUNG)[0] is False
    assert answers(spirometry(0.9, 50.0), LIVER)[0] is False
    assert answers({**CLEAR}, LUNG)[0] is None


def test_child_pugh_c_is_left_for_review():
    """Child-Pugh C breaks a rule of the record, A and B keep it."""
    rule = next(rule for rule in protocol().eligibility if "child-pugh" in rule.id)
    assert rule.bears_on == "record"
    answers = [evaluate_conditions(rule.requires, facts_of({"liver.child_pugh": word})).value for word in "ABC"]
    assert answers == [True, True, False]
