"""The CSV table: one row an outcome, numbers in full precision, texts that no spreadsheet runs, all read back."""

import csv
import io
import json
from dataclasses import replace

import pytest

from rtcheck.render.csv_report import COLUMNS, csv_report, safe_text
from rtcheck.render.json_report import report_json
from tests.golden.reports import failing, hostile, passing, refused
from tests.hostile import CORPUS

TEXTS = ("constraint", "structure", "metric", "unit", "goal", "variation", "priority", "outcome", "reason", "source",
         "where", "confidence", "endpoint", "note", "lesion")  # fmt: skip


def rows_of(report):
    text = csv_report(report)
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def back(text):
    return text.removeprefix("'")


@pytest.mark.parametrize("make", [failing, passing, hostile], ids=lambda make: make.__name__)
def test_every_field_equals_the_json(make):
    """Each outcome of the JSON is a row: numbers equal bit by bit, texts after one apostrophe less."""
    report = make()
    page = json.loads(report_json(report))
    rows = rows_of(report)
    assert len(rows) == len(page["outcomes"])
    for row, outcome in zip(rows, page["outcomes"]):
        for name in ("value", "low", "high", "margin", "volume_cm3"):
            if name in outcome:
                assert (float(row[name]) if row[name] else None) == outcome[name]
        for name in TEXTS:
            if name in outcome:
                told = (outcome[name] or "").encode("utf-8", "backslashreplace").decode("utf-8")
                assert back(row[name]) == told
        assert row["accepted"] == ("true" if outcome["accepted"] else "false")
        assert row["verdict"] == page["verdict"]
        assert row["result_sha256"] == page["sha256"]


def test_a_result_without_outcomes_does_not_look_good():
    """A refused case has one row, which has no verdict and says why."""
    (row,) = rows_of(refused())
    assert row["verdict"] == "NO_VERDICT"
    assert row["outcome"] == "NOT_EVALUATED"
    assert row["reason"].startswith("RTD")
    assert row["value"] == ""


@pytest.mark.parametrize("item", CORPUS, ids=lambda item: item.name)
def test_no_text_is_a_formula_and_all_come_back(item):
    """Five hundred hostile texts: none begins like a formula, and each is read back exactly."""
    kept = item.text.encode("utf-8", "backslashreplace").decode("utf-8")
    report = replace(failing(), patient_id=kept, outcomes=(replace(failing().outcomes[0], structure=kept, note=kept),))
    (row,) = rows_of(report)
    for name in ("patient_id", "structure", "note"):
        assert back(row[name]) == kept
        assert row[name].lstrip(" ")[:1] not in set("=+-@\t\r\n")


def test_numbers_stay_numbers():
    """A negative number is no text, and an apostrophe of the text itself is kept apart from ours."""
    assert safe_text("-rf") == "'-rf"
    assert safe_text("'quoted") == "''quoted"
    assert safe_text("  =1+1") == "'  =1+1"
    assert safe_text("PTV_L1") == "PTV_L1"
    assert safe_text("%") == "%"
    margins = [row["margin"] for row in rows_of(failing())]
    assert "-3.876544" in margins


def test_the_form_is_that_of_rfc_4180():
    """Lines end in CR LF, the header names every column once, and the same report gives the same text."""
    text = csv_report(failing())
    assert text == csv_report(failing())
    assert text[1:].splitlines()[0] == ",".join(COLUMNS)
    assert len(set(COLUMNS)) == len(COLUMNS)
    assert text.endswith("\r\n")
