"""The trial from outside: lesions, limits and facts, as its physicists meet them."""

from __future__ import annotations

import pytest

from tests.acceptance.kit import ABSENT, LESIONS, constraint, cord_limit, protocol_text, registry_text
from tests.synthetic.simple import uniform


@pytest.fixture(scope="module")
def four(bench):
    """The box patient with a plan of four fractions."""
    return bench.build(fractions=4).folder


def test_an_organ_without_a_limit_at_this_fraction_count_leaves_the_plan_incomplete(bench, four):
    """Each such organ says "no limit available"; limits of other counts are never used."""
    rows = (cord_limit("cord-5", met=True, fractions=[5, 5]), cord_limit("cord-15", met=True, fractions=[15, 15]),
            constraint("liver", structure="Liver - @gtv", metric="Mean[Gy]", goal="<= 30 Gy"))  # fmt: skip
    four_fractions = registry_text(lesions=[{**lesion, "fractions": 4} for lesion in LESIONS])
    result = bench.check(export=four, protocol=protocol_text(*rows), registry=four_fractions)
    assert (result.verdict, result.code) == ("INCOMPLETE", 3), result.text
    (said,) = [item for item in result.doc["findings"] if item["code"] == "RTD506"]
    assert (said["subject"], said["severity"]) == ("SpinalCord", "E")
    assert said["message"] == "no limit available at 4 fractions (only at 5, 15)"
    assert result.state("cord-5") == result.state("cord-15") == "NOT_APPLICABLE"
    assert bench.check(protocol=protocol_text(*rows)).verdict == "PASS", "with five fractions there is one"


def serious(result):
    """The findings above a note: (code, severity)."""
    return sorted({(item["code"], item["severity"]) for item in result.doc["findings"] if item["severity"] != "I"})


def test_an_unreadable_dose_is_said_once(bench):
    """The refused file is the cause; that no dose is left for the plan is not told beside it."""
    case = bench.build(mutate_bytes={"dose": lambda data: data[: len(data) // 2]})
    assert serious(bench.check(export=case.folder)) == [("RTD002", "F")]
    case.files["dose"].unlink()
    assert serious(bench.check(export=case.folder)) == [("RTD102", "F")]


def test_a_missing_structure_set_is_said_once(bench):
    """Not once for every lesion."""
    case = bench.build()
    case.files["struct"].unlink()
    assert serious(bench.check(export=case.folder)) == [("RTD103", "F")]


FACTS = ("liver-function.toml", "liver-3-5fx.toml", "set-lung-function.toml")
TOP = {"include": list(FACTS)}
LF = "SITE-DEFAULT.3-8fx.LungsGTV.V20Gy.LF-"
CPB = "SITE-DEFAULT.3-15fx.LiverGTV.Mean.CPB"


def judged(bench, **tables):
    """The box patient by the shipped liver and lung rules, with the lung at risk (its second lesion)."""
    return bench.check(protocol=protocol_text(top=TOP), registry=registry_text(**tables))


def test_too_little_liver_stops_the_critical_volume_rule(bench):
    """The box liver without its GTV is under 700 cc: neither the volume nor the critical volume can be kept."""
    result = judged(bench)
    volume = result.outcome("SITE-DEFAULT.3-15fx.LiverGTV.Volume.vol")
    critical = result.outcome("QUANTEC-LIVER.3-5fx.LiverGTV.CV15Gy")
    assert 150 < volume["value"] < 700
    assert (volume["outcome"], critical["outcome"]) == ("VIOLATED", "VIOLATED")
    assert critical["value"] <= volume["value"]
    assert result.verdict == "FAIL"


ITEMS = {"labs": {"bilirubin_umol_l": 15.0, "albumin_g_dl": 3.9, "inr": 1.0}}
B7 = {"labs": {"bilirubin_umol_l": 40.0, "albumin_g_dl": 3.0, "inr": 1.0}}
BY_ITEMS = {"child_pugh": ABSENT, "ascites": "none", "encephalopathy_grade": 0}


@pytest.mark.parametrize(("liver", "labs", "state"), [
    ({"child_pugh": "A"}, {}, "NOT_APPLICABLE"),
    ({"child_pugh": "B"}, {}, "VIOLATED"),
    ({"child_pugh": ABSENT}, {}, "NOT_EVALUATED"),
    (BY_ITEMS, ITEMS, "NOT_APPLICABLE"),
    (BY_ITEMS, B7, "VIOLATED"),
    ({**BY_ITEMS, "ascites": ABSENT}, B7, "VIOLATED"),
    ({**BY_ITEMS, "ascites": ABSENT}, ITEMS, "NOT_EVALUATED"),
])
def test_the_liver_limit_follows_the_child_pugh_class(bench, liver, labs, state):
    """Given, or computed from its five items with their units; a missing item costs the judgement where it matters."""
    result = bench.check(
        protocol=protocol_text(constraint("mean", structure="Liver - @gtv", metric="Mean[Gy]", goal="<= 6 Gy",
                                          when={"child_pugh": "B"}), cord_limit("cord", met=True), coverage=False),
        registry=registry_text(liver=liver, **labs),
    )  # fmt: skip
    assert result.state("mean") == state, result.text


def test_the_worst_fev1_tier_judges_the_lungs(bench):
    """Litres of one tier and per cent of a better one: the limits of the worse tier apply, the others do not."""
    tiers = {1.45: "B", 1.15: "C", 2.4: "A"}
    for litres, tier in tiers.items():
        result = judged(bench, lung={"impaired": "known", "fev1_l": litres, "fev1_percent": 88})
        for other in "ABC":
            assert (result.state(LF + other) == "NOT_APPLICABLE") == (other != tier), (litres, other)


def test_a_missing_fev1_with_a_lung_lesion_cannot_pass(bench):
    """Neither the trial's rule nor the limits of the lungs can be judged, and each says what to record."""
    result = judged(bench, lung={"impaired": "suspected", "fev1_l": ABSENT, "fev1_percent": ABSENT})
    assert result.severity("RTD753") == {"E"}
    assert result.verdict in ("INCOMPLETE", "FAIL")
    (said,) = [item for item in result.doc["findings"] if item["code"] == "RTD753"]
    assert said["evidence"]["criterion"] == "inclusion 8"
    assert said["evidence"]["missing"] == ["lung.fev1_l"]
    assert "Inclusion 8" in said["message"]


@pytest.mark.parametrize(("litres", "broken"), [(1.0, True), (0.8, True), (1.01, False)])
def test_fev1_at_the_limit_breaks_the_trial(bench, litres, broken):
    """1 l with impaired function is a violated rule of the trial (RTD752); just above it is none."""
    result = judged(bench, lung={"impaired": "known", "fev1_l": litres, "fev1_percent": 88})
    assert ("RTD752" in result.codes) == broken
    if broken:
        assert result.verdict == "FAIL"
        assert result.severity("RTD752") == {"E"}


def test_the_lung_limit_is_on_the_sum_of_all_plans(bench):
    """15 Gy from each of two plans is over 20 Gy everywhere; of one plan alone it is nowhere."""
    both = bench.two_plans(uniform(15.0), uniform(15.0), counts=(5, 5))
    rules = protocol_text(top={"include": ["lung-function.toml"]}, coverage=False)
    name = f"{LF}A"
    assert bench.check(export=both, protocol=rules).outcome(name)["value"] == 100.0
    alone = bench.build(dose=uniform(15.0)).folder
    assert bench.check(export=alone, protocol=rules).outcome(name)["value"] == 0.0


def test_palliative_intent_is_kept_apart_in_both_arms(bench):
    """In either arm a palliative lesion is not required; only a consolidative one makes the plan one of its arm."""
    trial = {"id": "NCT06946849", "consolidative_arms": ["2L+RT"]}
    rules = protocol_text(cord_limit("cord", met=True), trial=trial)
    eased = [{**lesion, "intent": "palliative"} for lesion in LESIONS]
    for arm in ("2L", "2L+RT"):
        result = bench.check(protocol=rules, registry=registry_text(trial={"arm": arm}, lesions=eased))
        assert result.verdict == "PASS", result.text
        assert {item["state"] for item in result.doc["lesions"]} == {"NOT_REQUIRED"}
        assert {item["intent"] for item in result.doc["lesions"]} == {"palliative"}
        mixed = bench.check(protocol=rules, registry=registry_text(trial={"arm": arm}, lesions=[LESIONS[0], eased[1]]))
        assert [item["state"] for item in mixed.doc["lesions"]] == ["COVERED", "NOT_REQUIRED"]
        assert mixed.verdict == ("FAIL" if arm == "2L" else "PASS"), mixed.text
        assert ("RTD754" in mixed.codes) == (arm == "2L")


def test_a_resolved_lesion_needs_no_dose_and_counts_for_nothing(bench):
    """Six registered, one of them resolved: the trial's five are kept."""
    more = [{"id": f"R{n}", "organ": "spleen", "kind": "organ_metastasis", "status": "resolved"} for n in range(3)]
    rules = protocol_text(cord_limit("cord", met=True), lesions={"max_total": 1, "max_per_organ": 1})
    result = bench.check(protocol=rules, registry=registry_text(lesions=[*LESIONS, *more]))
    assert result.verdict == "PASS", result.text
    assert [item["state"] for item in result.doc["lesions"]] == ["COVERED", "COVERED", *["NOT_REQUIRED"] * 3]


def test_the_reconciliation_is_in_the_report(bench):
    """Chain, prescription, lowest dose and organ of each lesion stand in the document, in full precision."""
    result = bench.check(protocol=protocol_text(cord_limit("cord", met=True)))
    found = result.lesion("L1")["reconciliation"]
    assert [link["role"] for link in found["chain"]] == ["gtv", "ptv"]
    assert found["chain"][0]["inside_next"] == 1.0
    assert found["prescription"] in ("confirmed", "not stated")
    assert found["plans"][0]["fractions"] == 5
    assert [one["structure"] for one in found["lowest"]] == ["PTV_L1", "GTV_L1"]
    assert all(len(one["at_mm"]) == 3 for one in found["lowest"])
    assert (found["organ"]["structure"], found["organ"]["share"]) == ("Liver", 1.0)
    assert result.lesion("L2")["reconciliation"]["organ"]["structure"] == "Lungs"
