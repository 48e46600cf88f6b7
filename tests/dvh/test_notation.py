"""The notation of metrics."""

from __future__ import annotations

import pytest

from rtcheck.dvh.metric import Biological, Metric
from rtcheck.dvh.notation import parse_metric, print_metric
from rtcheck.errors import MetricSyntaxError

CANONICAL = [
    "D95%[Gy]",
    "D0.03cc[Gy]",
    "D95%[%]",
    "DC99%[Gy]",
    "V20Gy[%]",
    "V20Gy[cc]",
    "V100%[%]",
    "CV15Gy[cc]",
    "Mean[Gy]",
    "Max[Gy]",
    "Min[Gy]",
    "Median[Gy]",
    "Volume[cc]",
    "CI_Paddick",
    "CI_RTOG",
    "GI",
    "R50",
    "D2cm[Gy]",
    "D2cm[%]",
    "HI_ICRU83",
    "gEUD(a=8)[Gy]",
    "gEUD(a=-10)[Gy]",
    "BED10[Gy]",
    "D99%{BED;ab=10}[Gy]",
    "Mean{EQD2;ab=3}[Gy]",
    "Mean{EQD2}[Gy]",
    "RxTotal[Gy]",
    "Veff[%]",
    "V20Gy{EQD2;ab=2.5}[%]",
    "CV15Gy{BED;ab=3}[cc]",
    "Mean[%]",
]

SYNONYMS = [
    ("Dmean", "Mean[Gy]"),
    ("D_mean", "Mean[Gy]"),
    ("MLD", "Mean[Gy]"),
    ("MHD", "Mean[Gy]"),
    ("Dmax", "Max[Gy]"),
    ("dmin", "Min[Gy]"),
    ("Dmedian", "Median[Gy]"),
    ("D95", "D95%[Gy]"),
    ("D95%", "D95%[Gy]"),
    ("D2", "D2%[Gy]"),
    ("D97.5", "D97.5%[Gy]"),
    ("D95[%]", "D95%[%]"),
    ("D50%", "D50%[Gy]"),
    ("D0.03cc", "D0.03cc[Gy]"),
    ("D.03cc", "D0.03cc[Gy]"),
    ("D2cm3", "D2cc[Gy]"),
    ("D2cm^3[Gy]", "D2cc[Gy]"),
    ("D2 ml", "D2cc[Gy]"),
    ("D2cm", "D2cm[Gy]"),
    ("D99%[%Rx]", "D99%[%]"),
    ("D0.03cc[cGy]", "D0.03cc[Gy]"),
    ("V2000cGy", "V20Gy[%]"),
    ("V20Gy", "V20Gy[%]"),
    ("v20gy", "V20Gy[%]"),
    ("V20Gy[cm3]", "V20Gy[cc]"),
    ("V20 Gy [ml]", "V20Gy[cc]"),
    ("V100%", "V100%[%]"),
    ("V1234.5cGy[cc]", "V12.345Gy[cc]"),
    ("CV15Gy", "CV15Gy[cc]"),
    ("V20.0Gy", "V20Gy[%]"),
    ("V020Gy", "V20Gy[%]"),
    ("volume", "Volume[cc]"),
    ("BED3.0", "BED3[Gy]"),
    ("mean{eqd2; ab = 3.0}", "Mean{EQD2;ab=3}[Gy]"),
    ("geud( a = 8 )", "gEUD(a=8)[Gy]"),
    ("  D95%[Gy]  ", "D95%[Gy]"),
]

REFUSED = [
    ("V20", 3, "V20Gy[%]"),
    ("V20[%]", 3, "V20Gy[%]"),
    ("V20[cc]", 3, "V20Gy[cc]"),
    ("CV15", 4, "CV15Gy[cc]"),
    ("CI", 0, "CI_Paddick"),
    ("HI", 0, "HI_ICRU83"),
    ("R100", 0, "CI_RTOG"),
    ("BED", 0, "BED10[Gy]"),
    ("D95Gy", 3, "V95Gy[%]"),
    ("D1Gy", 2, "V1Gy[%]"),
    ("V0.5x", 4, "V0.5Gy[%]"),
    ("V150x", 4, "V150Gy[%]"),
    ("D0x", 2, "D95%[Gy]"),
    ("D99.5x", 5, "D99.5%[Gy]"),
    ("D100x", 4, "D100%[Gy]"),
    ("D100.5x", 6, "D95%[Gy]"),
    ("DC150", 5, "DC99%[Gy]"),
    ("V20cc", 3, "D20cc[Gy]"),
    ("V20%[Gy]", 5, "V20%[%]"),
    ("D95%[cc]", 5, "D95%[Gy]"),
    ("Volume[Gy]", 7, "Volume[cc]"),
    ("GI[Gy]", 2, "GI"),
    ("D150%", 1, "D95%[Gy]"),
    ("D0%", 1, "Max[Gy]"),
    ("DC0cc", 2, "Min[Gy]"),
    ("V0Gy", 1, "Volume[cc]"),
    ("D-5%", 1, "D95%[Gy]"),
    ("V5000%", 1, "V5000cGy"),
    ("D0.03", 5, "D0.03cc[Gy]"),
    ("D0.5[Gy]", 4, "D0.5cc[Gy]"),
    ("DC99", 4, "DC99%[Gy]"),
    ("D1cm", 2, "D2cm[Gy]"),
    ("D0,03cc", 2, "D0.03cc"),
    ("D", 1, "D95%[Gy]"),
    ("V", 1, "V20Gy[%]"),
    ("", 0, "D95%[Gy]"),
    ("D95%[Gy]x", 8, "D95%[Gy]"),
    ("D95%Gy", 4, "D95%[Gy]"),
    ("D95%[Gy", 7, "D95%[Gy]"),
    ("Mean[Gy][Gy]", 8, "Mean[Gy]"),
    ("Maen[Gy]", 0, "Mean[Gy]"),
    ("Medain", 0, "Median[Gy]"),
    ("CI_Padick", 0, "CI_Paddick"),
    ("Vol_cc", 0, "Volume[cc]"),
    ("Heart", 0, None),
    ("FEV1[L]", 0, None),
    ("V1e1Gy", 2, "V1Gy[%]"),
    ("V0x10Gy", 2, "V20Gy[%]"),
    ("V1_0Gy", 1, "V20Gy[%]"),
    ("VnanGy", 0, None),
    ("Vinf", 0, None),
    ("D95％", 3, "D95%[Gy]"),
    ("V100%{EQD2}[%]", 5, "V100%[%]"),
    ("D95%{EQD2;ab=3}[%]", 15, "D95%{EQD2;ab=3}[Gy]"),
    ("Mean{XX}[Gy]", 5, "Mean{EQD2;ab=3}[Gy]"),
    ("Mean{EQD2;ab=0}", 13, None),
    ("D95%{BED;xy=3}[Gy]", 9, "D95%{BED;ab=3}[Gy]"),
    ("Mean{EQD2[Gy]", 9, "Mean{EQD2}[Gy]"),
    ("RxTotal{EQD2;ab=3}", 7, "BED10[Gy]"),
    ("Volume{BED;ab=3}", 6, None),
    ("gEUD", 4, "gEUD(a=8)[Gy]"),
    ("gEUD(a=0)", 7, "gEUD(a=8)[Gy]"),
    ("gEUD(a=8[Gy]", 8, "gEUD(a=8)[Gy]"),
    ("BED0", 3, "BED10[Gy]"),
    ("EQD2", 0, "Mean{EQD2;ab=3}[Gy]"),
    ("D95%\n", 4, "D95%[Gy]"),
    ("D" * 81, 80, None),
]


@pytest.mark.parametrize("text", CANONICAL)
def test_canonical_spellings_print_back_unchanged(text):
    """What the contract calls canonical is printed back exactly so."""
    assert print_metric(parse_metric(text)) == text


@pytest.mark.parametrize(("text", "canonical"), SYNONYMS)
def test_synonyms_are_normalised(text, canonical):
    """A usual synonym becomes the canonical spelling."""
    assert print_metric(parse_metric(text)) == canonical


@pytest.mark.parametrize(("text", "position", "suggestion"), REFUSED)
def test_doubtful_texts_are_refused_at_the_faulty_character(text, position, suggestion):
    """A text that is wrong or could mean two things is refused, with its place and what to write instead."""
    with pytest.raises(MetricSyntaxError) as caught:
        parse_metric(text)
    assert (caught.value.position, caught.value.suggestion) == (position, suggestion)
    assert caught.value.problem


@pytest.mark.parametrize("suggestion", sorted({s for _, _, s in REFUSED if s}))
def test_every_suggestion_is_accepted(suggestion):
    """What a message tells people to write is a metric."""
    assert parse_metric(suggestion)


def test_a_blank_between_letter_and_number_is_refused():
    """V 20 Gy is no metric: letter and number belong together."""
    with pytest.raises(MetricSyntaxError):
        parse_metric("V 20 Gy")


def test_the_parts_of_a_metric_are_read():
    """Kind, number, units and dose quantity land in their own fields."""
    assert parse_metric("V20Gy{EQD2;ab=3}[cc]") == Metric("V", 20.0, "Gy", "cc", Biological("EQD2", 3.0))
    assert parse_metric("D95%[%]") == Metric("D", 95.0, "%", "%")
    assert parse_metric("BED10") == Metric("BED", 10.0, "", "Gy")


def test_the_caret_stands_under_the_faulty_character():
    """The three-line form points at the place."""
    with pytest.raises(MetricSyntaxError) as caught:
        parse_metric("V20")
    assert caught.value.with_caret() == "V20\n   ^\nV20 does not say whether Gy or %; did you mean 'V20Gy[%]'?"
