"""Examples inside a protocol: they judge as a check does, with what is given and with what is missing."""

from __future__ import annotations

import pytest

from rtcheck.catalogue.examples import run_examples
from rtcheck.catalogue.protocol import read_protocol
from rtcheck.errors import FileFaultsError
from tests.catalogue.test_protocol import PROTOCOL, TABLE, write

TIERS = """
[[tier]]
fact = "lung_function"
id = "LF-A"
rank = 1
any = [{ fev1_l = { above = 1.2 } }]
"""
WORST = "{ fev1_l = 1.1, fev1_percent = 80, home_oxygen = false }"


def results(tmp_path, *examples, base=PROTOCOL + TIERS + TABLE):
    text = base + "".join(f'\n[[example]]\nname = "{number}"\n{example}\n' for number, example in enumerate(examples))
    return run_examples(read_protocol(write(tmp_path, "p.toml", text)))


@pytest.mark.parametrize(("facts", "fractions", "value", "outcome"), [
    (WORST, "fractions = 5", "6.5", "MET"),
    (WORST, "fractions = 5", "6.6", "VARIATION"),
    (WORST, "fractions = 5", "10.1", "VIOLATED"),
    (WORST, "fractions = 5", "[6, 5.5, 7]", "UNDECIDED"),
    (WORST, "fractions = 5", None, "NOT_EVALUATED"),
    (WORST, "fractions = 15", "99", "NOT_APPLICABLE"),
    (WORST, "", "99", "NOT_EVALUATED"),
    (WORST, "", "1", "MET"),
    ("{ fev1_l = 2.0, fev1_percent = 80, home_oxygen = false }", "fractions = 5", "99", "NOT_APPLICABLE"),
    ("{ fev1_l = 2.0 }", "fractions = 5", "99", "NOT_EVALUATED"),
    ("{ fev1_l = 2.0 }", "fractions = 5", "1", "MET"),
])
def test_every_outcome_can_be_shown(tmp_path, facts, fractions, value, outcome):
    """Conditions, tiers, fractions, the interval and missing facts decide as in a check."""
    values = "" if value is None else f'values = {{ "V20Gy.LF-C" = {value} }}'
    (result,) = results(tmp_path, f'facts = {facts}\n{fractions}\n{values}\nexpect = {{ "V20Gy.LF-C" = "{outcome}" }}')
    assert result.mismatches == ()
    assert result.checked == 1


def test_a_wrong_expectation_is_named(tmp_path):
    """What was expected and what was found stand in the result, with the reason."""
    good, bad = (f'facts = {WORST}\nfractions = 5\nvalues = {{ "V20Gy.LF-C" = 11 }}\n'
                 f'expect = {{ "V20Gy.LF-C" = "{word}" }}' for word in ("VIOLATED", "MET"))
    first, second = results(tmp_path, good, bad)
    assert first.mismatches == ()
    (wrong,) = second.mismatches
    assert (wrong.subject, wrong.expected, wrong.found) == ("V20Gy.LF-C", "MET", "VIOLATED")
    assert wrong.reason == "Beyond <= 10 %."


@pytest.mark.parametrize(("lookup", "value", "outcome"), [
    ("2.8", "5.7", "MET"), ("2.8", "6.9", "VARIATION"), ("2.8", "7.1", "VIOLATED"), ("1.0", "5", "NOT_EVALUATED"),
    (None, "5", "NOT_EVALUATED"),
])
def test_goal_tables_are_looked_up(tmp_path, lookup, value, outcome):
    """The value a table is looked up with is given in lookups; outside the table nothing is judged."""
    given = "" if lookup is None else f"lookups = {{ R50 = {lookup} }}\n"
    (result,) = results(tmp_path, f'{given}values = {{ R50 = {value} }}\nexpect = {{ R50 = "{outcome}" }}')
    assert result.mismatches == ()


def test_tiers_and_facts_can_be_expected(tmp_path):
    """A tier is found from the facts; one that a missing fact leaves open is unknown."""
    ok = results(
        tmp_path,
        f'facts = {WORST}\nexpect_facts = {{ lung_function = "LF-C" }}',
        'facts = { fev1_l = 2.0 }\nexpect_facts = { lung_function = "unknown" }',
        'lesions = ["lung"]\nexpect_facts = { lung_at_risk = true, lung_lesion = true }',
        'lesions = ["liver"]\nexpect_facts = { lung_at_risk = "unknown" }',
    )
    assert [result.mismatches for result in ok] == [()] * 4
    (wrong,) = results(tmp_path, 'facts = { fev1_l = 2.0 }\nexpect_facts = { lung_function = "LF-A" }')
    assert (wrong.mismatches[0].expected, wrong.mismatches[0].found) == ("LF-A", "unknown")


@pytest.mark.parametrize(("example", "place"), [
    ('expect = { nothing = "MET" }', 'expect."nothing"'),
    ('values = { nothing = 1 }\nexpect = { R50 = "MET" }', 'values."nothing"'),
    ('lookups = { "V20Gy.LF-C" = 1 }\nexpect = { R50 = "MET" }', 'lookups."V20Gy.LF-C"'),
    ('expect_facts = { tier_of_nothing = "A" }', "expect_facts.tier_of_nothing"),
    ('expect = { R50 = "met" }', 'expect."R50"'),
    ('values = { R50 = [1, 2, 3] }\nexpect = { R50 = "MET" }', 'values."R50"'),
    ('values = { R50 = "1" }\nexpect = { R50 = "MET" }', 'values."R50"'),
    ('facts = { lung_at_risk = true }\nexpect = { R50 = "MET" }', "facts.lung_at_risk"),
    ('facts = { fev1 = 1 }\nexpect = { R50 = "MET" }', "facts.fev1"),
    ('facts = { fev1_l = true }\nexpect = { R50 = "MET" }', "facts.fev1_l"),
    ('facts = { impaired = "maybe" }\nexpect = { R50 = "MET" }', "facts.impaired"),
    ("fractions = 5", ""),
    ('fraction = 5\nexpect = { R50 = "MET" }', "fraction"),
])
def test_a_faulty_example_names_its_place(tmp_path, example, place):
    """Names that do not exist and values of the wrong kind are faults of the file, never a failing example."""
    with pytest.raises(FileFaultsError) as caught:
        results(tmp_path, example)
    assert f"example[1].{place}".rstrip(".") in [fault.key_path for fault in caught.value.faults]


def test_a_check_ignores_examples(tmp_path):
    """A protocol with examples that fail has the same limits, rules and tiers as one without."""
    example = '\n[[example]]\nname = "x"\nvalues = { R50 = 99 }\nlookups = { R50 = 2 }\nexpect = { R50 = "MET" }\n'
    plain = read_protocol(write(tmp_path, "p.toml", PROTOCOL + TABLE))
    noted = read_protocol(write(tmp_path, "p.toml", PROTOCOL + TABLE + example))
    assert (noted.constraints, noted.tiers, noted.eligibility) == (plain.constraints, plain.tiers, plain.eligibility)
    assert run_examples(noted)[0].mismatches
