"""SARIF 2.1.0 of a result: every outcome and finding once, with kinds and levels that go together."""

from __future__ import annotations

import json

import pytest

from rtcheck.render.sarif_report import sarif_report
from tests.golden.reports import failing, hostile, passing, refused


@pytest.mark.parametrize("make", [failing, hostile, passing, refused])
def test_every_outcome_and_finding_is_one_result_of_its_rule(make):
    """Nothing is left out, and each result names the rule at its index."""
    report = make()
    document = json.loads(sarif_report(report))
    (run,) = document["runs"]
    assert document["version"] == "2.1.0"
    assert len(run["results"]) == len(report.findings) + len(report.outcomes)
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]


@pytest.mark.parametrize("make", [failing, hostile, passing, refused])
def test_a_level_goes_with_a_failure_only(make):
    """SARIF 3.27.10: where the kind is not fail the level is none."""
    for result in json.loads(sarif_report(make()))["runs"][0]["results"]:
        assert (result["kind"] == "fail") == (result["level"] != "none"), result
        assert result["level"] in ("none", "note", "warning", "error")


def test_states_have_their_kinds():
    """A mandatory violation is an error, what could not be evaluated is open, what is met passes."""
    results = {(one["properties"].get("outcome"), one["properties"].get("priority")): (one["kind"], one["level"])
               for one in json.loads(sarif_report(failing()))["runs"][0]["results"]}  # fmt: skip
    assert results["VIOLATED", "mandatory"] == ("fail", "error")
    assert results["VIOLATED", "optimal"] == ("fail", "warning")
    assert results["NOT_EVALUATED", "mandatory"] == ("open", "none")
    assert results["MET", "mandatory"] == ("pass", "none")


def test_numbers_are_those_of_the_report():
    """Properties hold full precision."""
    report = failing()
    results = json.loads(sarif_report(report))["runs"][0]["results"][len(report.findings):]
    assert [one["properties"]["value"] for one in results] == [one.value for one in report.outcomes]
