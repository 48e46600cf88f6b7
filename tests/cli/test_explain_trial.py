"""`explain` gives the citation of every limit and every rule that a report of the trial can show."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from rtcheck.catalogue.protocol import read_protocol
from rtcheck.model.codes import CATALOGUE
from rtcheck.render.explain_text import explain_code, explain_constraint, explain_rule
from tests.acceptance.kit import run

ROOT = Path(__file__).resolve().parents[2]


@cache
def samples():
    return read_protocol(str(ROOT / "sample_dicom" / "protocol.toml"))


def entries(page):
    """The named paragraphs of a page, each in one line."""
    out = {}
    name = ""
    for line in page.splitlines()[1:]:
        if line[2:3].strip():
            name, _, text = line.strip().partition(":")
            out[name] = text.strip()
        else:
            out[name] += " " + line.strip()
    return out


def test_every_limit_has_its_citation_place_and_confidence():
    """Whatever row the report of a sample shows, its page says where the number is from and how it was read."""
    for constraint in samples().constraints:
        page = explain_constraint(constraint, samples().sources.get(constraint.source))
        found = entries(page)
        assert found["Citation"].startswith(f"{constraint.source}: "), constraint.id
        assert found["Where"], constraint.id
        assert found["Confidence"], constraint.id
        assert max(map(len, page.splitlines())) <= 80


def test_every_rule_has_a_page():
    """What it asks, what follows when it is broken or not recorded, its number where the protocol gives it."""
    for rule in samples().eligibility:
        page = explain_rule(rule, samples().sources.get(rule.id.partition(".")[0]))
        found = entries(page)
        assert found["Broken"].startswith("RTD752" if rule.bears_on == "plan" else "RTD755")
        assert found["Citation"]
        assert found["Criterion"]
        assert max(map(len, page.splitlines())) <= 80


@pytest.mark.parametrize(("topic", "said"), [
    ("NCT06946849.inclusion-8.FEV1", "inclusion 8"), ("nct06946849.inclusion.age", "no number in the protocol file"),
    ("UK-SABR-2022.5fx.LiverGTV.Mean", "Diez"), ("RTD506", "fraction"),
])
def test_explain_answers_what_the_report_names(topic, said):
    """A rule, a limit and a code, as the report spells them."""
    result = run("explain", topic)
    assert result.code == 0, result.err
    assert said in result.out


def test_every_code_has_a_page():
    """The findings of a report are explained as well."""
    assert all(code in explain_code(CATALOGUE[code]) for code in CATALOGUE)


def test_the_record_table_names_the_numbers_it_has_and_reveals_the_arm_openly():
    """`registry check` prints inclusion 4 and 8, counts the rules without a number, and warns of the arm."""
    result = run("registry", "check", ROOT / "sample_dicom" / "icc-0002" / "registry.toml")
    assert result.code == 0
    assert "NCT06946849.inclusion-8.FEV1 (inclusion 8)" in result.out
    assert "lesions (inclusion 4)" in result.out
    assert "rules stand without the number of the trial's criterion" in result.out
    assert "REVEALS THE TRIAL ARM" in result.out


def test_protocol_check_names_what_a_site_decides():
    """The structure model, the undecided limits, the groups of nodes and the rules that only warn."""
    result = run("protocol", "check", "nct06946849")
    assert result.code == 0
    text = " ".join(result.out.split())
    assert "structure model prism (the program's default is shape" in text
    assert "a limit inside the interval: review" in text
    assert "coverage of nodes that count as one: each by itself" in text
    assert "24 of 25 eligibility rules warn only" in text
