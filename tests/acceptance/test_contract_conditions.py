"""Contract §3: conditions, derived facts, tiers, eligibility: three-valued throughout."""

from __future__ import annotations

import copy

import pytest

from tests.acceptance.kit import ABSENT, LESIONS, constraint, cord_limit, protocol_text, registry_text, volume_of

WORD = {True: ("MET", "VIOLATED"), False: ("NOT_APPLICABLE", "NOT_APPLICABLE"), None: ("MET", "NOT_EVALUATED")}
"""Truth of a condition: outcome of a limit that is kept, and of one that is broken, under it."""


def without(index=None, **changes):
    """The two lesions with changes of both, or of one."""
    lesions = copy.deepcopy(LESIONS)
    for number, lesion in enumerate(lesions):
        if index is None or number == index:
            lesion.update(changes)
    return lesions


UNKNOWN_LUNG = {key: ABSENT for key in ("impaired", "fev1_l", "fev1_percent", "prior_irradiation", "home_oxygen")}

CASES = {
    "above holds": ({"fev1_l": {"above": 2.3}}, {}, True),
    "above at its bound": ({"fev1_l": {"above": 2.4}}, {}, False),
    "at least at its bound": ({"fev1_l": {"at_least": 2.4}}, {}, True),
    "at least below it": ({"fev1_l": {"at_least": 2.41}}, {}, False),
    "below at its bound": ({"fev1_l": {"below": 2.4}}, {}, False),
    "below holds": ({"fev1_l": {"below": 2.5}}, {}, True),
    "up to at its bound": ({"fev1_l": {"up_to": 2.4}}, {}, True),
    "up to above it": ({"fev1_l": {"up_to": 2.39}}, {}, False),
    "inside a range": ({"fev1_l": {"above": 2.0, "up_to": 2.4}}, {}, True),
    "outside a range": ({"fev1_l": {"above": 2.4, "up_to": 3.0}}, {}, False),
    "range of an absent number": ({"fev1_l": {"above": 1.0}}, {"lung": {"fev1_l": ABSENT}}, None),
    "true and recorded false": ({"home_oxygen": True}, {}, False),
    "false and recorded false": ({"home_oxygen": False}, {}, True),
    "absent is not no": ({"home_oxygen": False}, {"lung": {"home_oxygen": ABSENT}}, None),
    "a value": ({"child_pugh": "A"}, {}, True),
    "another value": ({"child_pugh": "B"}, {}, False),
    "an absent value": ({"child_pugh": "A"}, {"liver": ABSENT}, None),
    "in a list": ({"child_pugh": ["A", "B"]}, {}, True),
    "not in a list": ({"child_pugh": ["B", "C"]}, {}, False),
    "with its table": ({"lung.impaired": ["known", "suspected"]}, {}, False),
    "all of two": ({"fev1_l": {"above": 1.0}, "child_pugh": "A"}, {}, True),
    "false beats unknown": ({"fev1_l": {"above": 1.0}, "child_pugh": "B"}, {"lung": {"fev1_l": ABSENT}}, False),
    "unknown beats true": ({"fev1_l": {"above": 1.0}, "child_pugh": "A"}, {"lung": {"fev1_l": ABSENT}}, None),
    "lung lesion": ({"lung_lesion": True}, {}, True),
    "no active lung lesion": ({"lung_lesion": True}, {"lesions": without(1, status="resolved")}, False),
    "liver lesion": ({"liver_lesion": True}, {}, True),
    "no liver lesion": ({"liver_lesion": False}, {"lesions": without(0, organ="kidney")}, True),
    "lung at risk by lesion": ({"lung_at_risk": True}, {"lung": UNKNOWN_LUNG}, True),
    "lung not at risk": ({"lung_at_risk": True}, {"lesions": without(1, organ="bone", kind="bone")}, False),
    "lung at risk by earlier treatment": (
        {"lung_at_risk": True},
        {"lesions": without(1, organ="bone", kind="bone"), "lung": {"prior_irradiation": True}},
        True,
    ),
    "lung at risk by an earlier course": (
        {"lung_at_risk": True},
        {"lesions": without(1, organ="bone", kind="bone"), "prior_courses": [{"organ": "lung"}],
         "lung": {"prior_irradiation": ABSENT}},
        True,
    ),
    "lung at risk not known": (
        {"lung_at_risk": True},
        {"lesions": without(1, organ="bone", kind="bone"), "lung": {"prior_irradiation": ABSENT}},
        None,
    ),
    "plan fractions": ({"plan_fractions": 5}, {}, True),
    "plan fractions in a range": ({"plan_fractions": {"at_least": 5, "up_to": 8}}, {}, True),
    "other plan fractions": ({"plan_fractions": {"above": 5}}, {}, False),
}  # fmt: skip


RECORDS = {name: registry_text(**record) for name, (_, record, _) in CASES.items()}


@pytest.fixture(scope="module")
def judged(bench):
    """One run for each different registry, with all the conditions that are tried on it."""
    runs = {}
    for text in dict.fromkeys(RECORDS.values()):
        rows = [
            cord_limit(f"{word} {name}", met=word == "kept", when=CASES[name][0])
            for name, own in RECORDS.items()
            for word in ("kept", "broken")
            if own == text
        ]
        rows.append(cord_limit("in any case", met=True))  # without it nothing might apply at all
        runs[text] = bench.check(protocol=protocol_text(*rows, coverage=False), registry=text)
    return runs


@pytest.mark.parametrize("name", CASES)
def test_conditions_are_three_valued(judged, name):
    """A limit under a condition is judged, not applicable, or met only if it would be met anyway."""
    truth = CASES[name][2]
    result = judged[RECORDS[name]]
    assert (result.state(f"kept {name}"), result.state(f"broken {name}")) == WORD[truth], result.text
    if truth is None:
        assert result.outcome(f"broken {name}")["reason"]
    elif truth:
        assert result.verdict == "FAIL"


def test_a_condition_that_is_not_known_is_incomplete(bench):
    """A limit that would be broken were it to apply, under an unknown condition, is no REVIEW and no PASS."""
    text = protocol_text(cord_limit("broken", met=False, when={"fev1_l": {"above": 1.0}}))
    result = bench.check(protocol=text, registry=registry_text(lung={"fev1_l": ABSENT}))
    assert (result.state("broken"), result.verdict) == ("NOT_EVALUATED", "INCOMPLETE"), result.text


def test_an_unknown_condition_on_a_kept_limit_does_not_spoil_a_pass(bench):
    """A constraint whose condition is unknown is MET if it would be met were it to apply."""
    text = protocol_text(cord_limit("kept", met=True, when={"fev1_l": {"above": 1.0}}))
    result = bench.check(protocol=text, registry=registry_text(lung={"fev1_l": ABSENT}))
    assert result.state("kept") == "MET"
    assert result.verdict == "PASS", result.text


def test_an_unknown_condition_on_a_missing_structure_is_not_evaluated(bench):
    """What cannot be evaluated under a condition that may hold stays not evaluated."""
    text = protocol_text(constraint("heart", structure="Heart", when={"fev1_l": {"above": 1.0}}))
    result = bench.check(protocol=text, registry=registry_text(lung={"fev1_l": ABSENT}))
    assert result.state("heart") == "NOT_EVALUATED"
    assert result.verdict == "INCOMPLETE"


def test_a_false_condition_on_a_missing_structure_is_nothing(bench):
    """A constraint that is known not to apply does not ask for its structure."""
    text = protocol_text(constraint("heart", structure="Heart", when={"fev1_l": {"above": 5.0}}))
    result = bench.check(protocol=text)
    assert result.state("heart") == "NOT_APPLICABLE"
    assert result.verdict == "PASS", result.text


@pytest.mark.parametrize(
    "when", [{"fev1_litre": {"above": 1.0}}, {"fev1_l": {"over": 1.0}}, {"lung_risk": True}, {"lung.child_pugh": "A"}]
)
def test_misspelt_facts_and_tests_are_errors_of_the_file(bench, when):
    """A condition on a fact or with a test that does not exist is exit 2, not a condition that is never known."""
    result = bench.check(protocol=protocol_text(cord_limit("x", met=True, when=when)))
    assert result.code == 2, result.text
    assert "RTD801" in result.codes


TIERS = [
    {"fact": "lung_function", "id": "LF-A", "rank": 1, "any": [{"fev1_l": {"above": 2.0}}]},
    {"fact": "lung_function", "id": "LF-B", "rank": 2,
     "any": [{"fev1_l": {"above": 1.2, "up_to": 2.0}}, {"impaired": "suspected", "interstitial_disease": True}]},
    {"fact": "lung_function", "id": "LF-C", "rank": 3,
     "any": [{"fev1_l": {"above": 1.0, "up_to": 1.2}}, {"fev1_percent": {"below": 40}}, {"home_oxygen": True}]},
]  # fmt: skip
"""Three tiers; the worst that applies wins."""

TIER_CASES = {
    "the only one": ({}, "LF-A"),
    "worst wins": ({"home_oxygen": True}, "LF-C"),
    "worst wins over the middle": ({"impaired": "suspected", "interstitial_disease": True, "fev1_percent": 39}, "LF-C"),
    "the middle": ({"fev1_l": 1.5}, "LF-B"),
    "the middle by its second group": ({"impaired": "suspected", "interstitial_disease": True}, "LF-B"),
    "a group needs all its tests": ({"impaired": "suspected"}, "LF-A"),
    "worse cannot be excluded": ({"home_oxygen": ABSENT}, None),
    "worse cannot be excluded by percent": ({"fev1_percent": ABSENT}, None),
    "only the middle cannot be excluded": ({"impaired": ABSENT, "interstitial_disease": True}, None),
    "a false test excludes the group": ({"impaired": ABSENT}, "LF-A"),
    "the worst is known whatever else is not": (
        {"home_oxygen": True, "fev1_l": ABSENT, "fev1_percent": ABSENT, "impaired": ABSENT}, "LF-C",
    ),
    "none applies": ({"fev1_l": 0.9}, None),
    "nothing is known": ({"fev1_l": ABSENT, "fev1_percent": ABSENT, "home_oxygen": ABSENT}, None),
    "at a bound": ({"fev1_l": 2.0}, "LF-B"),
    "at the lower bound": ({"fev1_l": 1.2}, "LF-C"),
}  # fmt: skip


@pytest.mark.parametrize("name", TIER_CASES)
def test_tiers(bench, name):
    """The worst tier that applies wins; it is unknown while a worse one is possible, and when none applies."""
    lung, expected = TIER_CASES[name]
    rows = [
        cord_limit(f"{word} {tier['id']}", met=word == "kept", when={"lung_function": tier["id"]})
        for tier in TIERS
        for word in ("kept", "broken")
    ]
    rows.append(volume_of("cord", "SpinalCord"))
    done = [{**lesion, "intent": "palliative"} for lesion in LESIONS]
    result = bench.check(
        protocol=protocol_text(*rows, coverage=False, tiers=TIERS), registry=registry_text(lung=lung, lesions=done)
    )
    for tier in TIERS:
        name = tier["id"]
        truth = None if expected is None else name == expected
        states = result.state(f"kept {name}"), result.state(f"broken {name}")
        if expected is None and states == WORD[False]:
            continue  # a tier that is itself excluded may be known to be false although the fact is unknown
        assert states == WORD[truth], f"{name}: {states}\n{result.text}"
    states = [result.state(f"broken {tier['id']}") for tier in TIERS]
    if expected is None:
        assert "NOT_EVALUATED" in states
        assert "VIOLATED" not in states
        assert result.verdict == "INCOMPLETE"
    else:
        assert result.verdict == "FAIL"


def test_a_tier_that_none_fits_never_passes(bench):
    """With a tier fact unknown because no tier applies, a broken limit under each tier gives no PASS."""
    rows = [cord_limit(tier["id"], met=False, when={"lung_function": tier["id"]}) for tier in TIERS]
    result = bench.check(protocol=protocol_text(*rows, tiers=TIERS), registry=registry_text(lung={"fev1_l": 0.5}))
    assert result.verdict == "INCOMPLETE", result.text


FRACTIONS = {
    "inside": ([3, 8], "VIOLATED"), "at the lower end": ([5, 8], "VIOLATED"), "at the upper end": ([1, 5], "VIOLATED"),
    "only": ([5, 5], "VIOLATED"), "above": ([6, 30], "NOT_APPLICABLE"), "below": ([1, 4], "NOT_APPLICABLE"),
}  # fmt: skip


def test_fraction_ranges_include_their_ends(bench):
    """A constraint applies to plans whose fraction count lies in its range, both ends included."""
    rows = [cord_limit(name, met=False, fractions=fractions) for name, (fractions, _) in FRACTIONS.items()]
    result = bench.check(protocol=protocol_text(*rows))
    assert {name: result.state(name) for name in FRACTIONS} == {name: state for name, (_, state) in FRACTIONS.items()}


RULES = {
    "kept": ({"fev1_l": {"above": 1.0}}, "plan", {}, None, "PASS"),
    "broken, plan": ({"fev1_l": {"above": 3.0}}, "plan", {}, "RTD752", "FAIL"),
    "unknown, plan": ({"fev1_l": {"above": 1.0}}, "plan", {"lung": {"fev1_l": ABSENT}}, "RTD753", "INCOMPLETE"),
    "broken, record": ({"ecog": {"up_to": 0}}, "record", {}, "RTD755", "REVIEW"),
    "unknown, record": ({"ecog": {"up_to": 0}}, "record", {"patient": {"ecog": ABSENT}}, "RTD756", "PASS"),
    "two needs, one broken": (
        {"fev1_l": {"above": 3.0}, "ecog": {"up_to": 2}}, "plan", {"patient": {"ecog": ABSENT}}, "RTD752", "FAIL",
    ),
}  # fmt: skip
SEVERITY = {"RTD752": "E", "RTD753": "E", "RTD755": "W", "RTD756": "I"}


@pytest.mark.parametrize("name", RULES)
def test_eligibility_rules(bench, name):
    """Broken and unknown rules have their codes and verdicts, by what they bear on."""
    requires, bears_on, record, code, verdict = RULES[name]
    rule = {"id": "T.rule", "requires": requires, "bears_on": bears_on}
    result = bench.check(protocol=protocol_text(eligibility=[rule]), registry=registry_text(**record))
    found = result.codes & set(SEVERITY)
    assert found == ({code} if code else set()), result.text
    if code:
        assert result.severity(code) == {SEVERITY[code]}
        assert any("T.rule" in item["subject"] + item["message"] for item in result.doc["findings"])
    assert result.verdict == verdict, result.text


RULES_WHEN = {
    "does not apply": ({"impaired": ["known", "suspected"]}, {}, None, "PASS"),
    "applies": ({"impaired": "no"}, {}, "RTD752", "FAIL"),
    "not known whether": ({"impaired": "no"}, {"lung": {"impaired": ABSENT}}, "RTD753", "INCOMPLETE"),
    "false beats unknown": ({"impaired": "known", "child_pugh": "B"}, {"lung": {"impaired": ABSENT}}, None, "PASS"),
}


@pytest.mark.parametrize("name", RULES_WHEN)
def test_eligibility_rules_with_conditions(bench, name):
    """A rule asks only where its conditions hold; where that is unknown, it is unknown."""
    when, record, code, verdict = RULES_WHEN[name]
    rule = {"id": "T.rule", "requires": {"fev1_l": {"above": 3.0}}, "when": when, "bears_on": "plan"}
    result = bench.check(protocol=protocol_text(eligibility=[rule]), registry=registry_text(**record))
    assert result.codes & set(SEVERITY) == ({code} if code else set()), result.text
    assert result.verdict == verdict


def test_priority_optimal_and_report(bench):
    """A missed optimal goal is REVIEW, a missing structure for it a W; a report-only row is shown and never judged."""
    optimal = bench.check(protocol=protocol_text(cord_limit("o", met=False, priority="optimal")))
    assert (optimal.verdict, optimal.state("o")) == ("REVIEW", "VIOLATED"), optimal.text
    absent = bench.check(protocol=protocol_text(constraint("o", structure="Heart", priority="optimal")))
    assert absent.verdict == "REVIEW", absent.text
    assert absent.severity("RTD301") == {"W"}
    shown = bench.check(protocol=protocol_text(cord_limit("r", met=False, priority="report")))
    assert shown.verdict == "PASS", shown.text
    assert shown.outcome("r")["value"] == pytest.approx(2.0)
    bare = bench.check(protocol=protocol_text(volume_of("r", "SpinalCord"), volume_of("gone", "Heart")))
    assert bare.verdict == "PASS", bare.text
    assert bare.outcome("r")["goal"] is None
    assert bare.severity("RTD301") == {"I"}


def test_goal_tables(bench):
    """A goal that depends on a volume: linear between its points, not evaluated outside them."""
    volume = 26 * 26 * 24 / 1000  # of PTV_L1, 16.224 cm³; its maximum dose is 53 Gy

    def row(name, goal, variation=None):
        table = {"by": "Volume[cc]", "of": "PTV_L1", "goal": goal}
        if variation:
            table["variation"] = variation
        return constraint(name, structure="PTV_L1", goal=ABSENT, goal_table=table)

    def line(value):
        """Points 10 and 20 cc whose interpolation at the volume is `value`."""
        return [[10.0, value - (volume - 10)], [20.0, value + (20 - volume)]]

    result = bench.check(
        protocol=protocol_text(
            row("kept", line(53.5), line(54.0)),
            row("between", line(52.5), line(53.5)),
            row("broken", line(51.0), line(52.5)),
            row("below", [[20.0, 60.0], [30.0, 60.0]], [[20.0, 70.0], [30.0, 70.0]]),
            row("above", [[2.0, 60.0], [10.0, 60.0]], [[2.0, 70.0], [10.0, 70.0]]),
        )
    )
    states = {name: result.state(name) for name in ("kept", "between", "broken", "below", "above")}
    assert states == {
        "kept": "MET", "between": "VARIATION", "broken": "VIOLATED", "below": "NOT_EVALUATED", "above": "NOT_EVALUATED",
    }, result.text  # fmt: skip


def test_a_goal_table_of_each_lesion_looks_up_that_lesion(bench):
    """`@lesion.ptv` in a table is the PTV of the lesion that is judged."""
    volumes = 16.224, 22 * 22 * 21 / 1000
    middle = sum(volumes) / 2
    table = {
        "by": "Volume[cc]", "of": "@lesion.ptv",
        "goal": [[5.0, 50.0], [middle - 0.5, 50.0], [middle + 0.5, 60.0], [30.0, 60.0]],
        "variation": [[5.0, 61.0], [30.0, 61.0]],
    }  # fmt: skip
    result = bench.check(
        protocol=protocol_text(constraint("t", structure="@lesion.ptv", goal=ABSENT, goal_table=table))
    )
    found = {row["lesion"]: row["outcome"] for row in result.outcomes("t")}
    assert found == {"L1": "MET", "L2": "VARIATION"}, result.text
