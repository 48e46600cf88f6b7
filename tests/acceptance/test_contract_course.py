"""Contract §3 and §4: which plans make the course, and what their sum means."""

from __future__ import annotations

import pytest

from tests.acceptance.kit import LESIONS, constraint, protocol_text, registry_text
from tests.synthetic.dicom import uid
from tests.synthetic.simple import step, uniform

CORD = constraint("cord")


@pytest.fixture(scope="module")
def unlike(bench):
    """A treatment in 5 fractions (2 Gy to the cord) beside one in 15 (1 Gy everywhere)."""
    return bench.two_plans(step(), uniform(1.0), counts=(5, 15))


@pytest.fixture(scope="module")
def alike(bench):
    """Two plans of 5 fractions, each treating one lesion, 1 Gy to the cord each."""
    return bench.two_plans(step(["PTV_L1"], 52.0, 1.0), step(["PTV_L2"], 52.0, 1.0), counts=(5, 5))


def test_without_a_manifest_unlike_plans_are_not_summed_in_gy(bench, unlike):
    """Physical metrics of unlike fractionations are NOT_EVALUATED, targets included, and the case does not pass."""
    result = bench.check(export=unlike, protocol=protocol_text(CORD))
    if result.verdict is not None:
        assert result.state("cord") == "NOT_EVALUATED"
        assert {row["outcome"] for row in result.outcomes("cov")} == {"NOT_EVALUATED"}
    assert result.verdict in (None, "INCOMPLETE"), result.text
    assert "RTD508" in result.codes


@pytest.mark.parametrize("entry", [{"label": "P1"}, {"sop_instance_uid": uid("simple", "plan1")}])
def test_the_manifest_names_the_plans_of_the_course(bench, unlike, entry):
    """Named by label or by UID, one plan alone is the course."""
    result = bench.check(export=unlike, protocol=protocol_text(CORD), registry=registry_text(plans=[entry]))
    assert result.verdict == "PASS", result.text
    assert result.outcome("cord")["value"] == pytest.approx(2.0)
    assert [plan["label"] for plan in result.doc["case"]["plans"]] == ["P1"]


def test_the_other_plan_alone_does_not_treat(bench, unlike):
    """With the wrong plan named the lesions are not treated or contradicted, never covered."""
    result = bench.check(export=unlike, protocol=protocol_text(CORD), registry=registry_text(plans=[{"label": "P2"}]))
    assert result.verdict in ("FAIL", "INCOMPLETE", None), result.text


@pytest.mark.parametrize("plans", [[{"label": "P9"}], [{"label": "P1"}, {"sop_instance_uid": "1.2.3.4"}]])
def test_a_plan_that_the_manifest_names_must_be_there(bench, alike, plans):
    """A course of which a plan is missing is not judged as if it were complete."""
    result = bench.check(export=alike, protocol=protocol_text(CORD), registry=registry_text(plans=plans))
    assert result.verdict in (None, "INCOMPLETE", "FAIL"), result.text
    assert any(item["severity"] in "FE" for item in result.doc["findings"])


def test_all_plans_of_equal_fractionation_are_summed(bench, alike):
    """Two plans of five fractions are one course of five: doses add, `fractions` applies, EQD2 is of each plan."""
    text = protocol_text(
        CORD,
        constraint("five", fractions=[5, 5]),
        constraint("ten", fractions=[10, 10]),
        constraint("eqd2", metric="Mean{EQD2;ab=3}[Gy]", priority="report", goal="<= 9 Gy"),
    )
    result = bench.check(export=alike, protocol=text)
    assert result.verdict == "PASS", result.text
    assert result.outcome("cord")["value"] == pytest.approx(2.0)
    assert (result.state("five"), result.state("ten")) == ("MET", "NOT_APPLICABLE")
    assert result.outcome("eqd2")["value"] == pytest.approx(2 * 1 * (1 / 5 + 3) / 5)
    assert sorted(plan["label"] for plan in result.doc["case"]["plans"]) == ["P1", "P2"]


def test_half_the_course_is_not_the_course(bench, alike):
    """With one of the two plans the other lesion is not treated: FAIL, not a quieter organ."""
    registry = registry_text(plans=[{"label": "P1"}])
    result = bench.check(export=alike, protocol=protocol_text(CORD), registry=registry)
    assert result.lesion("L2")["state"] == "NOT_TREATED", result.text
    assert result.verdict == "FAIL"


def test_a_dose_without_its_plan_is_not_added_or_dropped_in_silence(bench, alike):
    """When the plan of one dose is gone, the sum is not judged as if nothing were missing."""
    (alike / "plan2.dcm").rename(alike / "plan2.away")
    data = (alike / "plan2.away").read_bytes()
    (alike / "plan2.away").unlink()
    try:
        result = bench.check(export=alike, protocol=protocol_text(CORD))
        assert result.verdict not in ("PASS", "REVIEW"), result.text
        one = [LESIONS[0], {**LESIONS[1], "intent": "palliative"}]
        result = bench.check(export=alike, protocol=protocol_text(CORD), registry=registry_text(lesions=one))
        assert result.verdict not in ("PASS", "REVIEW"), result.text
        assert "RTD102" in result.codes
    finally:
        (alike / "plan2.dcm").write_bytes(data)


def test_a_plan_without_its_dose_is_not_dropped_in_silence(bench, alike):
    """When the dose of one plan is gone, the sum is not judged as if nothing were missing."""
    data = (alike / "dose2.dcm").read_bytes()
    (alike / "dose2.dcm").unlink()
    try:
        one = [LESIONS[0], {**LESIONS[1], "intent": "palliative"}]
        result = bench.check(export=alike, protocol=protocol_text(CORD), registry=registry_text(lesions=one))
        assert result.verdict not in ("PASS", "REVIEW"), result.text
    finally:
        (alike / "dose2.dcm").write_bytes(data)


def test_an_earlier_course_is_told(bench):
    """Earlier radiotherapy that is not in this dose must be acknowledged (RTD510 W)."""
    registry = registry_text(prior_courses=[{"organ": "liver"}])
    result = bench.check(protocol=protocol_text(CORD), registry=registry)
    assert result.severity("RTD510") == {"W"}, result.text
    assert result.verdict == "REVIEW"
