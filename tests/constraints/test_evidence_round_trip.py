"""Every row of the evidence: table, TOML, loaded constraint, printed page. Nothing is lost and no number changes.

What is expected is worked out here from the table, not by the script that wrote the files.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest

from rtcheck.catalogue.locate import constraints_folder, shipped_names, shipped_source_names
from rtcheck.catalogue.lookup import constraint_records, find_constraint
from rtcheck.catalogue.protocol import read_protocol
from rtcheck.dvh.notation import print_metric
from rtcheck.render.explain_text import explain_constraint
from tests.tools import generate_constraints as tool
from tests.tools.evidence import read_table

EVIDENCE = tool.ROOT.parent / "shared" / "evidence"
pytestmark = pytest.mark.skipif(
    not (EVIDENCE / "constraints.csv").is_file(), reason="the evidence tables are not beside this checkout"
)

RULE = "NCT06946849.1-40fx.patient.FEV1"
NO_CONSTRAINT = {
    "JCOG0403.4fx.patient.FEV1",
    "DOI-FOCAL-2016.3-30fx.LiverGTV.FocalDamageBED2",
    "RTOG-1112.5fx.KidneyLKidneyR.V10Gy",
}
STRUCTURES = {
    "PTV": "@lesion.ptv",
    "GTV": "@lesion.gtv",
    "BODY-PTV": "@lesion.ptv",
    "Liver-GTV": "Liver - @gtv",
    "Lungs-GTV": "Lungs - @gtv",
    "SpinalCord_PRV05": "SpinalCord + 5 mm",
}
METRICS = {
    "R100[ratio]": "CI_RTOG",
    "R50[ratio]": "R50",
    "D2cm[%Rx]": "D2cm[%]",
    "D99%[%Rx]": "D99%[%]",
    "D0.03cc[%Rx]": "D0.03cc[%]",
    "VBED20[%]": "V20Gy{BED;ab=8}[%]",
}
UNITS = {"% of prescription": "%", "ratio": ""}
COMPARATORS = ("<", "<=", ">", ">=")
ANCHOR = re.compile(r"PTV volume = ([\d.]+) cc")
WHEN = {
    "Child-Pugh A": {"child_pugh": ("A",)},
    "Child-Pugh A or no cirrhosis": {"child_pugh": ("A",)},
    "no cirrhosis or Child-Pugh A": {"child_pugh": ("A",)},
    "Child-Pugh B": {"child_pugh": ("B",)},
    "male patient": {"sex": ("M",)},
    "female patient": {"sex": ("F",)},
    "interstitial lung disease": {"interstitial_disease": (True,)},
}


@cache
def rows():
    return read_table(EVIDENCE / "constraints.csv")


@cache
def loaded():
    """Every constraint of the source files with its citation, by id; each id stands in one of them."""
    records = [record for name in shipped_source_names() for record in constraint_records(read_protocol(name))]
    by_id = {record.constraint.id: record for record in records}
    assert len(by_id) == len(records)
    return by_id


def key_of(row):
    return row["id"].rpartition(".v")[0] if ANCHOR.match(row["condition"]) else row["id"]


def is_carried(row):
    return row["id"] != RULE and row["id"] not in NO_CONSTRAINT


def when_of(constraint):
    return {condition.fact: condition.values for condition in constraint.when}


def test_every_row_is_accounted_for():
    """Each row is a constraint, a point of one, the trial's rule, or listed in the README with every field."""
    readme = (constraints_folder() / "README.md").read_text(encoding="utf-8")
    carried = [row for row in rows() if is_carried(row)]
    points = [row for row in carried if ANCHOR.match(row["condition"])]
    assert len(points) == 22
    assert len(rows()) == len(carried) + 1 + len(NO_CONSTRAINT)
    assert {key_of(row) for row in carried} == set(loaded())
    assert len(loaded()) == len(carried) - len(points) + 2
    for row in rows():
        if row["id"] in NO_CONSTRAINT:
            part = readme.split(f"- `{row['id']}`: ")[1].split("\n- `")[0]
            for key, value in row.items():
                assert not value or key == "id" or f"  - {key}: {value}\n" in part + "\n"


def test_the_rule_on_the_patient_is_an_eligibility_rule():
    """The FEV1 row is a rule of the protocol and of the complete lung set, with its number."""
    (row,) = (row for row in rows() if row["id"] == RULE)
    for name in ("nct06946849", "set-lung-function"):
        rule = next(rule for rule in read_protocol(name).eligibility if rule.id.endswith("FEV1"))
        (needs,) = rule.requires
        assert (needs.fact, needs.above, row["comparator"]) == ("fev1_l", float(row["limit_value"]), ">")
        assert rule.bears_on == "plan"


def test_every_number_of_every_row():
    """Comparator, limit, last acceptable value and unit are those of the table."""
    for row in rows():
        if not is_carried(row) or ANCHOR.match(row["condition"]):
            continue
        constraint = loaded()[row["id"]].constraint
        if row["comparator"] not in COMPARATORS:
            assert constraint.goal is None
            assert constraint.variation is None
            assert constraint.priority == "report"
            if row["comparator"] == "=":
                assert f"The table says: = {row['limit_value']} {row['limit_unit']};" in constraint.note
            else:
                assert row["limit_value"] == row["acceptable_variation_value"] == ""
            continue
        unit = UNITS.get(row["limit_unit"], row["limit_unit"])
        goal, last = constraint.goal, row["acceptable_variation_value"]
        assert (goal.comparator, goal.value, goal.unit) == (row["comparator"], float(row["limit_value"]), unit)
        assert goal.text == f"{row['comparator']} {row['limit_value']} {unit}".strip()
        if last:
            kept = constraint.variation
            assert (kept.comparator, kept.value, kept.unit) == (f"{row['comparator'][0]}=", float(last), unit)
        else:
            assert constraint.variation is None


def test_every_point_of_the_tables():
    """The anchor rows are the points of two tables, in the order of the target volume, and no other points are."""
    for key in ("RTOG-0813-0915.1-5fx.PTV.R50", "RTOG-0813-0915.1-5fx.BODYPTV.D2cm"):
        table = loaded()[key].constraint.goal_table
        anchors = [row for row in rows() if ANCHOR.match(row["condition"]) and key_of(row) == key]
        places = [float(ANCHOR.match(row["condition"]).group(1)) for row in anchors]
        assert table.goal == tuple(zip(places, (float(row["limit_value"]) for row in anchors), strict=True))
        lasts = [float(row["acceptable_variation_value"]) for row in anchors]
        assert table.variation == tuple(zip(places, lasts, strict=True))
        assert {row["comparator"] for row in anchors} == {table.comparator} == {"<"}
        assert (print_metric(table.by), table.of) == ("Volume[cc]", "@lesion.ptv")


def test_every_other_field_of_every_row():
    """Metric, structure, fractions, source, place, endpoint, confidence and note are those of the table."""
    for row in rows():
        if not is_carried(row):
            continue
        constraint = loaded()[key_of(row)].constraint
        metric = "D99%{BED;ab=10}[Gy]" if row["id"] == "SITE-DEFAULT.1-15fx.GTV.BED10.cov" else row["metric"]
        assert print_metric(constraint.metric) == METRICS.get(metric, metric)
        assert constraint.structure == STRUCTURES.get(row["structure"], row["structure"])
        assert constraint.fractions == (int(row["fractions_min"]), int(row["fractions_max"]))
        assert constraint.source == row["source_key"]
        assert constraint.where == f"{row['source_section']} ({row['site_or_protocol']})"
        assert constraint.endpoint == row["endpoint"]
        assert constraint.confidence == row["confidence"]
        for text in (row["note"].removesuffix("; anchor row"), row["structure_definition"]):
            assert text.rstrip(".") in constraint.note


def test_every_condition_and_priority():
    """A condition is what `when` says, or stands in the note of a row that is only shown; nothing is made stricter."""
    dropped = []
    for row in rows():
        if not is_carried(row) or ANCHOR.match(row["condition"]):
            continue
        constraint = loaded()[row["id"]].constraint
        words, lowered = row["condition"], row["priority"]
        if words in WHEN:
            assert when_of(constraint) == WHEN[words]
        elif "FEV1" in words and row["source_key"] == "SITE-DEFAULT":
            last = row["id"].rpartition(".")[2]
            tiers = {"LF-BC": ("LF-B", "LF-C")}.get(last, (last,))
            assert when_of(constraint) == {"lung_function": tiers}
        elif words and constraint.priority != "report":
            dropped.append(row["id"])
            assert words in constraint.note
            assert constraint.when == ()
        elif words:
            assert f"Condition of the table: {words}" in constraint.note
            expected = [WHEN[part] for part in words.split("; ") if part in WHEN]
            assert when_of(constraint) == {key: value for each in expected for key, value in each.items()}
            lowered = "report"
        else:
            assert constraint.when == ()
        if row["confidence"] == "memory" and lowered == "mandatory":
            lowered = "optimal"
        assert constraint.priority == lowered
        if lowered != row["priority"]:
            assert f"({row['priority']} in the table)" in constraint.note
    assert dropped == ["SITE-DEFAULT.1-15fx.GTV.D99.cov"]


def test_a_recalled_row_never_fails_and_says_so():
    """Confidence memory is never mandatory in any shipped file, and its note asks for the original."""
    found = 0
    for name in (*shipped_names(), *shipped_source_names()):
        for constraint in read_protocol(name).constraints:
            if constraint.confidence == "memory":
                found += 1
                assert constraint.priority in ("optimal", "report")
                assert "confirm it in the original before use" in constraint.note
    assert found >= sum(row["confidence"] == "memory" and is_carried(row) for row in rows())


def test_every_page_says_what_the_row_says():
    """The page of each row has its limit, its last value, fractions, citation, confidence and condition."""
    sources = {row["source_key"]: row for row in read_table(EVIDENCE / "sources.csv")}
    for row in rows():
        if not is_carried(row):
            continue
        record = loaded()[key_of(row)]
        page = " ".join(explain_constraint(record.constraint, record.source).split()).replace("- ", "-")
        counts = " to ".join(dict.fromkeys((row["fractions_min"], row["fractions_max"])))
        wanted = [key_of(row), print_metric(record.constraint.metric), row["confidence"], row["endpoint"],
                  f"Fractions: {counts} ", sources[row["source_key"]]["full_citation"]]
        if ANCHOR.match(row["condition"]):
            place = f"{float(ANCHOR.match(row['condition']).group(1)):g}"
            wanted += [f"{float(row[key]):g} at {place}" for key in ("limit_value", "acceptable_variation_value")]
        elif row["comparator"] in COMPARATORS:
            unit = UNITS.get(row["limit_unit"], row["limit_unit"])
            wanted.append(f"Goal: {row['comparator']} {row['limit_value']} {unit}".strip())
            if row["acceptable_variation_value"]:
                kept = f"{row['comparator'][0]}= {row['acceptable_variation_value']} {unit}".strip()
                wanted.append(f"Last acceptable: {kept}")
        elif row["comparator"] == "=":
            wanted.append(f"= {row['limit_value']} {row['limit_unit']}")
        if not record.constraint.when and not ANCHOR.match(row["condition"]):
            wanted.append(row["condition"])
        for text in wanted:
            assert " ".join(text.split()).replace("- ", "-") in page, (row["id"], text)


def test_a_point_of_a_table_is_found_by_its_row():
    """The id of an anchor row leads to the constraint that holds the table; a made-up one does not."""
    protocol = read_protocol("rtog-0813-0915")
    for row in rows():
        if ANCHOR.match(row["condition"]):
            assert find_constraint(protocol, row["id"]).constraint.id == key_of(row)
    assert find_constraint(protocol, "RTOG-0813-0915.1-5fx.PTV.R100.v22") is None


SETS = {
    "COVERAGE": "set-coverage",
    "CONFORMITY": "conformity",
    "LIVER_FUNCTION": "set-liver-function",
    "LUNG_FUNCTION": "set-lung-function",
    "SBRT_3FX": "set-3fx",
    "SBRT_5FX": "set-5fx",
    "SBRT_8_10FX": "set-8-10fx",
    "LIVER_ICC_15FX": "set-15fx",
}


def test_the_complete_sets_are_the_proposed_sets():
    """Each set file with what it includes has the rows of the proposed set, less those that are no constraint."""
    by_id = {row["id"]: row for row in rows()}
    proposed: dict[str, set[str]] = {}
    for entry in read_table(EVIDENCE / "default_sets.csv"):
        proposed.setdefault(entry["set_name"], set()).add(entry["constraint_id"])
    assert set(SETS) == set(proposed)
    for name, file in SETS.items():
        protocol = read_protocol(file)
        have = {constraint.id for constraint in protocol.constraints} | {rule.id for rule in protocol.eligibility}
        assert have == {key_of(by_id[key]) for key in proposed[name] if key not in NO_CONSTRAINT}


def test_a_row_reads_the_same_in_its_set_and_its_source():
    """A constraint of a set equals that of the source's file but for the place it stands in."""
    seen = 0
    for name in shipped_names():
        for constraint in read_protocol(name).constraints:
            other = loaded()[constraint.id].constraint
            assert replace(constraint, file="", key_path="") == replace(other, file="", key_path="")
            seen += 1
    assert seen > 300
