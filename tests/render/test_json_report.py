"""The JSON of the contract: its keys, full precision, the same bytes for the same report."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcheck.model.finding import finding
from rtcheck.render.json_report import document_text, plain_json, report_json, table_text
from tests.golden.reports import failing, hostile, passing, refused


def keys(report):
    return json.loads(report_json(report))


def test_the_document_has_the_keys_of_the_contract():
    """Every key of the contract is there, at its place."""
    document = keys(failing())
    assert list(document)[:7] == ["schema", "verdict", "exit_code", "case", "provenance", "lesions", "outcomes"]
    assert document["schema"] == "rtcheck.report/1"
    assert set(document["case"]) == {"patient_id", "plans"}
    assert {"label", "sop_instance_uid", "fractions"} <= set(document["case"]["plans"][0])
    assert set(document["provenance"]) == {"software", "inputs", "protocol", "registry", "conventions"}
    assert set(document["provenance"]["inputs"][0]) == {"modality", "sop_instance_uid", "sha256"}
    assert {"id", "organ", "state", "structures", "outcomes"} <= set(document["lesions"][0])
    assert {"constraint", "structure", "lesion", "metric", "value", "low", "high", "unit", "goal", "variation",
            "priority", "outcome", "reason"} <= set(document["outcomes"][0])
    assert set(document["findings"][0]) == {"code", "severity", "subject", "message", "evidence"}


def test_numbers_keep_full_precision():
    """A number is read back exactly."""
    report = failing()
    document = keys(report)
    assert [one["value"] for one in document["outcomes"]] == [one.value for one in report.outcomes]


def test_no_verdict_is_null():
    """A refused export has the same document with a null verdict and its findings."""
    document = keys(refused())
    assert document["verdict"] is None
    assert document["exit_code"] == 4
    assert document["findings"][0]["evidence"] == {"found": "0", "value": "nan"}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_never_appears(number):
    """A metric value that is not finite is refused, not written."""
    report = passing()
    broken = replace(report, outcomes=(replace(report.outcomes[0], value=number),))
    with pytest.raises(ValueError, match="not JSON compliant"):
        report_json(broken)


def test_paths_and_order_of_inputs_leave_no_trace():
    """The same objects in another order and another folder give the same bytes."""
    report = failing()
    moved = tuple(replace(one, source="elsewhere/" + one.source) for one in reversed(report.provenance.inputs))
    other = replace(report, provenance=replace(report.provenance, inputs=moved))
    assert report_json(other) == report_json(report)
    assert "plan.dcm" not in report_json(report)


def test_names_that_no_encoder_takes_are_written_as_escapes():
    """Lone surrogates do not break the output; Chinese stays readable."""
    text = report_json(hostile())
    assert text.encode("utf-8").decode("utf-8") == text
    assert "肝" in text
    assert json.loads(text)["verdict"] == "FAIL"


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8))
def test_any_evidence_becomes_json(value):
    """Evidence of any shape is written, and the whole ends in one newline."""
    report = replace(refused(), findings=(finding("RTD008", "x", "y", value=value),))
    text = report_json(report)
    assert text.endswith("}\n")
    json.loads(text, parse_constant=lambda name: pytest.fail(name))


def test_sets_in_evidence_are_sorted():
    """No order of a set reaches the output."""
    assert plain_json({"b", "a", "c"}) == ["a", "b", "c"]


def test_a_table_differs_from_a_document_in_lists_of_numbers_only():
    """Numbers stand in one line of a table; all else has the form that every document has, and both say the same."""
    same = {"b": {"c": None, "d": [], "e": {}}, "f": ["x", {"g": 1, "h": True}, [{}]], "h": 'é"\n\u202e', "": 1.5}
    assert table_text(same) == document_text(same)
    curve = {"dose_gy": [0.0, 1e-3, 2], "volume_cc": [3.25, 0.5, 0.0]}
    assert table_text({"curve": curve}).splitlines()[2:4] == [
        '    "dose_gy": [0.0, 0.001, 2],',
        '    "volume_cc": [3.25, 0.5, 0.0]',
    ]
    assert json.loads(table_text({"curve": curve})) == {"curve": curve}
    with pytest.raises(ValueError, match="JSON compliant"):
        table_text({"curve": [0.0, float("nan")]})
