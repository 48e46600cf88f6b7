"""Every shipped file reads, means what the evidence says, and is what the script writes."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

import pytest

from rtcheck.catalogue.locate import constraints_folder, shipped_names
from rtcheck.catalogue.protocol import read_protocol
from rtcheck.dvh.notation import parse_metric, print_metric
from rtcheck.rules.expression import parse_expression, print_expression
from rtcheck.rules.goal import print_goal
from tests.tools import generate_constraints as tool

EVIDENCE = tool.ROOT.parent / "shared" / "evidence"
needs_evidence = pytest.mark.skipif(
    not (EVIDENCE / "constraints.csv").is_file(), reason="the evidence tables are not beside this checkout"
)
SETS = [name for name in shipped_names() if name != "nct06946849"]


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_file_reads(name):
    """A shipped file has no fault, is a draft, and each constraint has its citation, place and confidence."""
    protocol = read_protocol(name)
    assert protocol.id == name
    assert protocol.status == "draft"
    assert protocol.constraints or protocol.eligibility
    for constraint in protocol.constraints:
        assert protocol.sources[constraint.source].citation
        assert constraint.where
        assert constraint.confidence in ("primary-text", "secondary-source", "site-default")
        assert constraint.note


def test_ids_are_unique_over_all_files():
    """No id stands in two sets."""
    ids = [constraint.id for name in SETS for constraint in read_protocol(name).constraints]
    assert len(ids) == len(set(ids))


def test_the_protocol_is_its_sets():
    """The first protocol holds every constraint of every set, once."""
    protocol = read_protocol("nct06946849")
    assert {constraint.id for constraint in protocol.constraints} == {
        constraint.id for name in SETS for constraint in read_protocol(name).constraints
    }


def test_notation_is_canonical():
    """Metrics, structures and goals are written as they are printed."""
    protocol = read_protocol("nct06946849")
    texts = {each["id"]: each for each in _raw_constraints()}
    for constraint in protocol.constraints:
        raw = texts[constraint.id]
        assert print_metric(constraint.metric) == raw["metric"]
        assert parse_metric(raw["metric"]) == constraint.metric
        assert print_expression(parse_expression(constraint.structure)) == constraint.structure
        assert print_goal(constraint.goal) == constraint.goal.text
        if constraint.variation is not None:
            assert print_goal(constraint.variation) == constraint.variation.text


def _raw_constraints():
    return [
        entry
        for name in SETS
        for entry in tomllib.loads((constraints_folder() / f"{name}.toml").read_text(encoding="utf-8")).get("constraint", [])
    ]


def test_only_fractions_5_and_15_matter():
    """Every constraint applies to plans of 5 or of 15 fractions."""
    for constraint in read_protocol("nct06946849").constraints:
        low, high = constraint.fractions
        assert low <= 5 <= high or low <= 15 <= high


def test_demonstration_protocol():
    """The sample patients' protocol is the shipped draft, approved for demonstration."""
    sample = read_protocol(tool.ROOT / "sample_dicom" / "protocol.toml")
    shipped = read_protocol("nct06946849")
    assert (sample.id, sample.status, sample.approved_by) == (
        "sample-demonstration",
        "approved",
        "for demonstration only",
    )
    assert sample.approved_on
    assert (sample.constraints, sample.tiers, sample.eligibility) == (
        shipped.constraints,
        shipped.tiers,
        shipped.eligibility,
    )
    assert (sample.lesions, sample.trial, sample.conventions) == (shipped.lesions, shipped.trial, shipped.conventions)


@needs_evidence
def test_committed_files_are_what_the_script_writes():
    """Nobody has edited a generated file by hand."""
    for name, text in tool.generate(EVIDENCE).items():
        assert (constraints_folder() / name).read_text(encoding="utf-8") == text, name


@needs_evidence
def test_no_row_of_the_sets_is_lost():
    """Each row of the proposed sets is a constraint, the eligibility rule, or listed in the README with its reason."""
    protocol = read_protocol("nct06946849")
    readme = (constraints_folder() / "README.md").read_text(encoding="utf-8")
    ids = {constraint.id for constraint in protocol.constraints}
    sets = {name for name, _ in tool.FILES.values()}
    rows = _rows(EVIDENCE / "default_sets.csv")
    wanted = {row["constraint_id"] for row in rows if row["set_name"] in sets}
    assert ids <= wanted
    for row_id in sorted(wanted - ids):
        assert f"  - `{row_id}`" in readme
    assert len(wanted) == len(ids) + readme.count("\n  - `")


@needs_evidence
def test_every_number_is_the_evidence_number():
    """Limit, last acceptable value, comparator, fractions, priority and source are those of the evidence row."""
    rows = {row["id"]: row for row in _rows(EVIDENCE / "constraints.csv")}
    for constraint in read_protocol("nct06946849").constraints:
        row = rows[constraint.id]
        assert constraint.goal.value == float(row["limit_value"])
        assert constraint.goal.comparator == row["comparator"]
        last = row["acceptable_variation_value"]
        assert (constraint.variation.value if constraint.variation else None) == (float(last) if last else None)
        assert constraint.fractions == (int(row["fractions_min"]), int(row["fractions_max"]))
        assert (constraint.priority, constraint.source, constraint.confidence) == (
            row["priority"], row["source_key"], row["confidence"],
        )  # fmt: skip
        assert constraint.goal.unit == row["limit_unit"].replace("% of prescription", "%")
        if row["structure"] != "GTV":
            assert print_metric(constraint.metric) == row["metric"].replace("%Rx", "%")
        assert bool(constraint.when) == (bool(row["condition"]) and constraint.id not in tool.ALWAYS)


@needs_evidence
def test_every_source_is_there():
    """All citations of the evidence can be used by a site's file."""
    text = (constraints_folder() / "sources.toml").read_text(encoding="utf-8")
    for row in _rows(EVIDENCE / "sources.csv"):
        assert f"[sources.{row['source_key']}]" in text


def _rows(path: Path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))
