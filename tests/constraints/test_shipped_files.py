"""Every shipped file reads, means what the evidence says, and is what the script writes."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

import pytest

from rtcheck.catalogue.examples import run_examples
from rtcheck.catalogue.locate import constraints_folder, shipped_file, shipped_names, shipped_source_names
from rtcheck.catalogue.names import read_names
from rtcheck.catalogue.protocol import read_protocol
from rtcheck.dvh.notation import parse_metric, print_metric
from rtcheck.rules.expression import Margin, Name, Operation, parse_expression, print_expression
from rtcheck.rules.goal import print_goal
from rtcheck.rules.names import fold_name
from tests.tools import generate_constraints as tool
from tests.tools.constraint_rows import ALWAYS

EVIDENCE = tool.ROOT.parent / "shared" / "evidence"
needs_evidence = pytest.mark.skipif(
    not (EVIDENCE / "constraints.csv").is_file(), reason="the evidence tables are not beside this checkout"
)
SETS = [name for name in shipped_names() if name != "nct06946849"]
EVERY = (*shipped_names(), *shipped_source_names())
TRIAL = ["coverage", "liver-function", "lung-function", "sbrt-5fx", "liver-15fx"]


@pytest.mark.parametrize("name", EVERY)
def test_every_shipped_file_reads(name):
    """A shipped file has no fault, is a draft, and each constraint has its citation, place and confidence."""
    protocol = read_protocol(name)
    assert protocol.id == name
    assert protocol.status == "draft"
    assert protocol.constraints or protocol.eligibility
    for constraint in protocol.constraints:
        assert protocol.sources[constraint.source].citation
        assert constraint.where
        assert constraint.confidence in ("primary-text", "secondary-source", "memory", "site-default")
        assert constraint.note


def test_sets_can_be_included_together(tmp_path):
    """No id stands in two sets: a protocol that includes all of them, with the trial's, reads."""
    ids = [entry["id"] for entry in _raw_constraints()]
    assert len(ids) == len(set(ids))
    names = ", ".join(f'"{name}.toml"' for name in shipped_names())
    path = tmp_path / "all.toml"
    path.write_text(f'schema = "rtcheck.protocol/1"\nid = "all"\ninclude = [{names}]\n', encoding="utf-8")
    assert {constraint.id for constraint in read_protocol(path).constraints} == set(ids)


def test_a_source_file_can_be_included_by_its_name(tmp_path):
    """A site's protocol includes the limits of one source as it includes a set."""
    path = tmp_path / "site.toml"
    path.write_text('schema = "rtcheck.protocol/1"\nid = "site"\ninclude = ["tg101-2010.toml"]\n', encoding="utf-8")
    protocol = read_protocol(path)
    assert {constraint.source for constraint in protocol.constraints} == {"TG101-2010"}


def test_a_source_file_holds_its_source_alone():
    """Each file of a source is named by its key, and cites nothing else."""
    for name in shipped_source_names():
        protocol = read_protocol(name)
        assert {constraint.source for constraint in protocol.constraints} == {name.upper()}
        assert not set(shipped_names()).intersection([name])


def test_the_protocol_is_its_sets():
    """The first protocol holds every constraint of its sets, once."""
    protocol = read_protocol("nct06946849")
    ids = [constraint.id for constraint in protocol.constraints]
    assert len(ids) == len(set(ids)) == 87
    assert set(ids) == {constraint.id for name in TRIAL for constraint in read_protocol(name).constraints}


@pytest.mark.parametrize("name", EVERY)
def test_notation_is_canonical(name):
    """Metrics, structures and goals are written as they are printed, and every structure is in the table of names."""
    texts = {each["id"]: each for each in _entries(name)}
    table = read_names()
    for constraint in read_protocol(name).constraints:
        expression = parse_expression(constraint.structure)
        for one in _names_in(expression):
            assert table.by_spelling[fold_name(one)].name == one
        if constraint.id not in texts:
            continue
        raw = texts[constraint.id]
        assert print_metric(constraint.metric) == raw["metric"]
        assert parse_metric(raw["metric"]) == constraint.metric
        assert print_expression(expression) == constraint.structure
        for goal in (constraint.goal, constraint.variation):
            assert goal is None or print_goal(goal) == goal.text


def _names_in(expression):
    match expression:
        case Name():
            return [expression.text]
        case Operation():
            return [*_names_in(expression.left), *_names_in(expression.right)]
        case Margin():
            return _names_in(expression.operand)
        case _:
            return []


def _entries(name):
    data = tomllib.loads(shipped_file(name).read_text(encoding="utf-8"))
    return data.get("constraint", [])


def _raw_constraints():
    return [entry for name in shipped_names() for entry in _entries(name)]


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
def test_no_file_is_left_behind():
    """Every shipped TOML file with limits is one that the script writes."""
    folder = constraints_folder()
    written = {name for name in tool.generate(EVIDENCE) if name.endswith(".toml")}
    for path in folder.rglob("*.toml"):
        if path.relative_to(folder).as_posix() not in written:
            assert "constraint" not in tomllib.loads(path.read_text(encoding="utf-8"))


@needs_evidence
def test_what_the_trial_leaves_out_is_listed():
    """Each row of the trial's proposed sets is a constraint of its protocol or listed in the README with its reason."""
    readme = (constraints_folder() / "README.md").read_text(encoding="utf-8")
    left_out = readme.split("## Left out of the trial's protocol")[1]
    ids = {constraint.id for constraint in read_protocol("nct06946849").constraints}
    sets = {"COVERAGE", "LIVER_FUNCTION", "LUNG_FUNCTION", "SBRT_5FX", "LIVER_ICC_15FX"}
    wanted = {row["constraint_id"] for row in _rows(EVIDENCE / "default_sets.csv") if row["set_name"] in sets}
    assert ids <= wanted
    assert {line[5:-1] for line in left_out.splitlines() if line.startswith("  - `")} == wanted - ids


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
        assert bool(constraint.when) == (bool(row["condition"]) and constraint.id not in ALWAYS)


@needs_evidence
def test_every_source_is_there():
    """All citations of the evidence can be used by a site's file."""
    text = (constraints_folder() / "sources.toml").read_text(encoding="utf-8")
    for row in _rows(EVIDENCE / "sources.csv"):
        assert f"[sources.{row['source_key']}]" in text


def _rows(path: Path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("name", ["nct06946849", str(tool.ROOT / "sample_dicom" / "protocol.toml")])
def test_the_examples_inside_the_protocols_hold(name):
    """The trial's protocol and the samples' show by example how tiers and liver limits judge, and every one holds."""
    results = run_examples(read_protocol(name))
    assert len(results) >= 20
    assert [result.example.name for result in results if result.mismatches] == []
    expected = {one for result in results for one in result.example.expect.values()}
    assert expected == {"MET", "VARIATION", "VIOLATED", "NOT_EVALUATED", "NOT_APPLICABLE"}
