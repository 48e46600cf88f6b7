"""Contract §2: how metrics are written, printed back and refused; goals and units."""

from __future__ import annotations

import pytest

from tests.acceptance.kit import ABSENT, constraint, judge, protocol_text, registry_text

CANONICAL = [
    "D95%[Gy]", "D0.03cc[Gy]", "D95%[%]", "DC99%[Gy]", "V20Gy[%]", "V20Gy[cc]", "V100%[%]", "CV15Gy[cc]", "Mean[Gy]",
    "Max[Gy]", "Min[Gy]", "Median[Gy]", "Volume[cc]", "CI_Paddick", "CI_RTOG", "GI", "R50", "D2cm[Gy]", "HI_ICRU83",
    "gEUD(a=8)[Gy]", "BED10[Gy]", "D99%{BED;ab=10}[Gy]", "Mean{EQD2;ab=3}[Gy]", "RxTotal[Gy]", "Veff[%]",
]  # fmt: skip

SYNONYMS = {
    "Dmean": "Mean[Gy]",
    "Dmax": "Max[Gy]",
    "Dmin": "Min[Gy]",
    "MLD": "Mean[Gy]",
    "D95": "D95%[Gy]",
    "D95%": "D95%[Gy]",
    "D0.03cm3[Gy]": "D0.03cc[Gy]",
    "D2cc": "D2cc[Gy]",
    "V2000cGy[%]": "V20Gy[%]",
    "V2000cGy[cc]": "V20Gy[cc]",
    "V20Gy[cm3]": "V20Gy[cc]",
    "Volume[cm3]": "Volume[cc]",
}

REFUSED = ["V20", "CI", "", "V20Gy[Gy]", "D95%[cc]", "D95x[Gy]", "D-5%[Gy]", "Dnan%[Gy]", "Dinf%[Gy]", "V20Gy[%] x",
           "D95%%[Gy]", "V20Gy[", "Mean[%%]", "gEUD(a=)[Gy]", "Mean{EQD2;ab=0}[Gy]", "Mean{EQD2;ab=-3}[Gy]", "Mean[cc]",
           "V１００%[%]x", "D1e999%[Gy]"]  # fmt: skip


def test_canonical_spellings_are_printed_back_exactly(bench):
    """Each spelling of the contract is accepted in a protocol and stands unchanged in the outcome."""
    rows = [
        constraint(f"m{number}", structure="@lesion.ptv", metric=text, goal=ABSENT, priority="report")
        for number, text in enumerate(CANONICAL)
    ]
    result = bench.check(protocol=protocol_text(*rows))
    for number, text in enumerate(CANONICAL):
        found = result.outcomes(f"m{number}")
        assert [row["metric"] for row in found] == [text] * 2, text
    assert result.verdict == "PASS", "report-only rows are shown, never judged: " + result.text


def test_synonyms_are_normalised(bench):
    """Common synonyms are accepted and printed in canonical form, in a protocol and by dvh."""
    rows = [
        constraint(f"m{number}", metric=text, goal=ABSENT, priority="report") for number, text in enumerate(SYNONYMS)
    ]
    result = bench.check(protocol=protocol_text(*rows))
    found = {text: result.outcome(f"m{number}")["metric"] for number, text in enumerate(SYNONYMS)}
    assert found == SYNONYMS
    metrics = bench.dvh("--roi", "SpinalCord", "-m", "Dmean", "-m", "V200cGy[%]").doc["structures"][0]["metrics"]
    assert list(metrics) == ["Mean[Gy]", "V2Gy[%]"]
    assert metrics["Mean[Gy]"]["value"] == pytest.approx(2.0)
    assert metrics["V2Gy[%]"]["value"] == pytest.approx(100.0)


@pytest.mark.parametrize("text", REFUSED)
def test_unclear_metrics_are_refused_with_a_caret(bench, text):
    """dvh refuses an unclear metric with exit 2 and a caret under the fault."""
    result = bench.dvh("-m", text)
    assert result.code == 2, f"{text!r} gave {result.code}: {result.out[:300]}"
    assert "^" in result.err + result.out


def test_refusals_suggest_what_was_meant(bench):
    """A bare V20, a bare CI and a percent dose without a prescription name the spellings to choose from."""
    assert "V20Gy[%]" in bench.dvh("-m", "V20").err
    assert "CI_Paddick" in bench.dvh("-m", "CI").err
    percent = bench.dvh("--roi", "PTV_L1", "-m", "D95%[%]")
    assert percent.code == 2, percent.text
    assert "prescription" in percent.err
    assert "D95%[Gy]" in percent.err


@pytest.mark.parametrize("text", [text for text in REFUSED if text.isascii()])
def test_unclear_metrics_make_a_protocol_wrong(bench, text):
    """The same metrics in a protocol are an error of the file: exit 2, RTD801, and the key path."""
    result = bench.check(protocol=protocol_text(constraint("bad", metric=text)))
    assert result.code == 2
    assert result.verdict is None
    assert "RTD801" in result.codes
    assert "metric" in result.out


def test_a_percent_dose_needs_a_prescription(bench):
    """A dose in percent of the prescription on an organ, which has none, is never a number."""
    result = bench.check(protocol=protocol_text(constraint("organ", metric="V100%[%]", goal="<= 50 %")))
    assert result.code in (2, 3), result.text
    if result.code == 3:
        assert result.outcome("organ")["value"] is None
        assert result.state("organ") == "NOT_EVALUATED"
        assert result.verdict == "INCOMPLETE"


def test_percent_of_dose_is_of_the_lesion_s_prescription(bench):
    """The same 53 Gy is 106 % for a lesion prescribed 50 Gy."""
    rows = [
        constraint("d", structure="@lesion.ptv", metric="D95%[%]", goal=">= 105.9 %"),
        constraint("v", structure="@lesion.ptv", metric="V105.9%[%]", goal=">= 100 %"),
        constraint("over", structure="@lesion.ptv", metric="V106.1%[%]", goal="<= 0 %"),
    ]
    result = bench.check(protocol=protocol_text(*rows))
    for row in rows:
        for outcome in result.outcomes(row["id"]):
            assert outcome["outcome"] == "MET", result.text
    assert result.outcomes("d")[0]["value"] == pytest.approx(106.0)


LIMITS = {
    "<= 10 Gy": "MET", "<= 1000 cGy": "MET", "<= 1.999 Gy": "VIOLATED", "<= 199.9 cGy": "VIOLATED",
    ">= 2.001 Gy": "VIOLATED", ">= 200.1 cGy": "VIOLATED", "<=10Gy": "MET", "< 2.001 Gy": "MET", "> 1.999 Gy": "MET",
}  # fmt: skip


def test_limits_in_gy_and_cgy(bench):
    """cGy is a hundredth of a Gy; blanks do not matter."""
    rows = [constraint(f"c{number}", goal=text) for number, text in enumerate(LIMITS)]
    result = bench.check(protocol=protocol_text(*rows))
    assert {text: result.state(f"c{number}") for number, text in enumerate(LIMITS)} == LIMITS, result.text


def test_a_limit_met_exactly_is_met(bench):
    """At each end of the interval the inclusive comparators hold and the strict ones do not, to the last digit."""
    report = constraint("r", goal=ABSENT, priority="report")
    found = bench.check(protocol=protocol_text(report)).outcome("r")
    rows, expected = [], {}
    for comparator in ("<=", "<", ">=", ">"):
        for number in sorted({found["low"], found["value"], found["high"]}):
            for goal in (f"{comparator} {number!r} Gy", f"{comparator} {number * 100!r} cGy"):
                if "cGy" in goal and number * 100 / 100 != number:
                    continue
                rows.append(constraint(goal, goal=goal))
                expected[goal] = judge(found["low"], found["value"], found["high"], comparator, number, None)
    result = bench.check(protocol=protocol_text(*rows))
    assert {name: result.state(name) for name in expected} == expected
    assert {"MET", "VIOLATED"} <= set(expected.values())


WRONG_GOALS = {
    "no unit": "<= 20", "no comparator": "20 Gy", "unit of another kind": "<= 20 %", "number only": 20,
    "no number": "<= Gy",
    "equals": "= 20 Gy", "not a number": "<= nan Gy", "infinite": "<= inf Gy", "comma": "<= 1,5 Gy", "empty": "",
    "two limits": "<= 20 Gy <= 10 Gy", "cc": "<= 3 cc", "overflow": "<= 1e999 Gy",
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_GOALS)
def test_a_goal_is_comparator_number_and_unit(bench, name):
    """Anything else is an error of the file that names the key."""
    result = bench.check(protocol=protocol_text(constraint("bad", goal=WRONG_GOALS[name])))
    assert result.code == 2, result.text
    assert "RTD801" in result.codes
    assert "goal" in result.out


WRONG_VARIATIONS = {
    "stricter than the goal": ("<= 10 Gy", "<= 8 Gy"),
    "stricter than the goal from below": (">= 10 Gy", ">= 12 Gy"),
    "the other way round": ("<= 10 Gy", ">= 12 Gy"),
    "another unit": ("<= 10 Gy", "<= 12 %"),
    "bare": ("<= 10 Gy", "<= 12"),
}


@pytest.mark.parametrize("name", WRONG_VARIATIONS)
def test_a_variation_is_a_wider_limit_of_the_same_kind(bench, name):
    """A variation stricter than its goal, or of another kind, is an error of the file."""
    goal, variation = WRONG_VARIATIONS[name]
    result = bench.check(protocol=protocol_text(constraint("bad", goal=goal, variation=variation)))
    assert result.code == 2, result.text
    assert "RTD801" in result.codes
    assert "variation" in result.out


def test_biological_doses_have_their_closed_form(bench):
    """EQD2 and BED of 2 Gy and 53 Gy in five fractions, with the alpha/beta of the metric or of the constraint."""
    rows = [
        constraint("eqd2", metric="Mean{EQD2;ab=3}[Gy]", goal=ABSENT, priority="report"),
        constraint("default", metric="Mean{EQD2}[Gy]", alpha_beta=3.0, goal=ABSENT, priority="report"),
        constraint("own", metric="Mean{EQD2;ab=10}[Gy]", alpha_beta=3.0, goal=ABSENT, priority="report"),
        constraint("bed", structure="@lesion.ptv", metric="D99%{BED;ab=10}[Gy]", goal=ABSENT, priority="report"),
    ]
    result = bench.check(protocol=protocol_text(*rows))
    assert result.outcome("eqd2")["value"] == pytest.approx(2 * (0.4 + 3) / 5)
    assert result.outcome("default")["value"] == pytest.approx(2 * (0.4 + 3) / 5)
    assert result.outcome("own")["value"] == pytest.approx(2 * (0.4 + 10) / 12)
    assert result.outcomes("bed")[0]["value"] == pytest.approx(53 * (1 + 10.6 / 10))


def test_a_biological_dose_without_alpha_beta_is_never_a_number(bench):
    """EQD2 without any alpha/beta is an error of the file or not evaluated."""
    result = bench.check(protocol=protocol_text(constraint("bare", metric="Mean{EQD2}[Gy]")))
    assert result.code == 2 or result.outcome("bare")["value"] is None
    assert result.verdict != "PASS"


def test_prescription_metrics_are_of_the_lesion(bench):
    """RxTotal is the lesion's registered prescription, BED10 that prescription's BED."""
    rows = [
        constraint("rx", structure="@lesion.ptv", metric="RxTotal[Gy]", goal=">= 50 Gy"),
        constraint("bed", structure="@lesion.ptv", metric="BED10[Gy]", goal=">= 100 Gy"),
    ]
    result = bench.check(protocol=protocol_text(*rows), registry=registry_text())
    if all(row["outcome"] == "NOT_EVALUATED" for row in result.outcomes("rx") + result.outcomes("bed")):
        assert result.verdict == "INCOMPLETE"
    else:
        assert result.outcomes("rx")[0]["value"] == pytest.approx(50.0)
        assert result.outcomes("bed")[0]["value"] == pytest.approx(100.0)
        assert result.verdict == "PASS"
