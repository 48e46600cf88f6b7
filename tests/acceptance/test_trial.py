"""The trial from outside: lesions, limits and facts, as its physicists meet them."""

from __future__ import annotations

import pytest

from tests.acceptance.kit import LESIONS, constraint, cord_limit, protocol_text, registry_text


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
