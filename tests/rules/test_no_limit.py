"""An organ without a limit at the plan's number of fractions is named, and the plan cannot pass because of it."""

from __future__ import annotations

from functools import cache

import pytest

from rtcheck.catalogue.protocol import read_protocol
from rtcheck.model.record import PatientRecord
from rtcheck.rules.conditions import fact_table
from rtcheck.rules.constraint import Condition
from rtcheck.rules.names import NameTable, StandardName, build_table
from rtcheck.rules.no_limit import organs_without_limit
from tests.boxes import CORD, limit, protocol
from tests.rules.eligibility_cases import LUNG, PRIMARY

NAMES = NameTable((), {})


@cache
def trial():
    return read_protocol("nct06946849")


def found(fractions, *constraints, facts=None, names=NAMES):
    table = fact_table(PatientRecord("P", (), facts or {}, (PRIMARY, LUNG)), (), fractions)
    items = organs_without_limit(protocol(*constraints), table, fractions, names)
    return [(item.code, item.severity, item.subject) for item in items]


def at(constraint, low, high, **changes):
    return limit(changes.pop("name", f"{constraint}.{low}"), constraint, "Max[Gy]", "<= 10 Gy",
                 fractions=(low, high), **changes)  # fmt: skip


def shipped(fractions):
    facts = {"liver.child_pugh": "A", "lung.fev1_l": 2.0, "lung.fev1_percent": 80.0, "lung.home_oxygen": False,
             "lung.interstitial_disease": False, "lung.prior_irradiation": False, "lung.impaired": "no"}  # fmt: skip
    table = fact_table(PatientRecord("P", (), facts, (PRIMARY, LUNG)), trial().tiers, fractions)
    return {item.subject: item for item in organs_without_limit(trial(), table, fractions, trial().names)}


@pytest.mark.parametrize("fractions", [4, 7, 12, 20])
def test_a_fraction_count_that_no_set_covers_leaves_organs_without_a_limit(fractions):
    """Stomach, heart, cord, skin and the others are each named with the counts that have limits, as errors."""
    items = shipped(fractions)
    assert {"Stomach", "Heart", "SpinalCord", "Esophagus", "Duodenum", "Colon", "Skin", "Trachea"} <= set(items)
    heart = items["Heart"]
    assert (heart.code, heart.severity) == ("RTD506", "E")
    assert heart.message == f"no limit available at {fractions} fractions (only at 5, 15)"
    assert heart.evidence["fractions"] == fractions
    assert items["Chestwall"].severity == "W", "optimal limits only"


def test_the_liver_keeps_its_limit_where_a_set_has_one():
    """The mean liver dose is limited at 3 to 5 fractions and at 15, not between; a volume is no limit on dose."""
    assert ["Liver" in shipped(count) for count in (4, 7, 15)] == [False, True, False]
    assert ["Lungs" in shipped(count) for count in (4, 7, 20)] == [False, False, True]


def test_counts_with_a_set_leave_no_mandatory_organ_out():
    """At 5 and 15 fractions nothing mandatory is without a limit; 15 has none for the chest wall."""
    assert shipped(5) == {}
    assert {name: item.severity for name, item in shipped(15).items()} == {"Chestwall": "W"}


def test_one_applying_limit_is_enough():
    """Only an organ with no limit at all at this count is named, whichever structure expression its limits have."""
    assert found(4, at("Liver", 5, 5), CORD) == [("RTD506", "E", "Liver")]
    assert found(4, at("Liver", 5, 5), at("Liver - @gtv", 3, 8)) == []
    assert found(4, at("Liver-GTV", 5, 5), at("Liver", 3, 8),
                 names=build_table([StandardName("Liver", ("Hepar",))])) == []  # fmt: skip
    assert found(4, at("Hepar", 5, 5), at("Liver", 3, 8), names=build_table([StandardName("Liver", ("Hepar",))])) == []
    assert found(5, at("Liver", 5, 5)) == []
    assert found(None, at("Liver", 5, 5)) == []


def test_limits_on_targets_volumes_and_reported_rows_are_none_on_an_organ():
    """Coverage is the lesions' matter, a volume says nothing of dose, a reported row judges nothing."""
    assert found(4, at("@lesion.ptv", 5, 5), at("@gtv - Liver", 5, 5), CORD) == []
    assert found(4, at("Liver", 5, 5, priority="report"), CORD) == []
    volume = limit("v", "Liver", "Volume[cc]", ">= 700 cc")
    assert found(4, at("Liver", 5, 5, priority="optimal"), volume) == [("RTD506", "W", "Liver")]


def test_a_limit_of_which_it_is_not_known_whether_it_applies_is_none_to_rely_on():
    """So taking away a fact never takes the finding away; a limit for other patients is not asked for."""
    rows = at("Liver", 5, 5), at("Liver", 4, 4, when=(Condition("child_pugh", ("B",)),))
    states = [found(4, *rows, facts=facts) for facts in ({"liver.child_pugh": "B"}, {"liver.child_pugh": "A"}, {})]
    assert states == [[], [("RTD506", "E", "Liver")], [("RTD506", "E", "Liver")]]
    other = at("Liver", 5, 5, when=(Condition("child_pugh", ("B",)),))
    assert found(4, other, facts={"liver.child_pugh": "A"}) == []
    assert found(4, other) == [("RTD506", "E", "Liver")]
