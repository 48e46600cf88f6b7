"""Contract §5: the document's keys, types and digests, and that the same input gives the same bytes."""

from __future__ import annotations

import hashlib
import os
import re
import shutil

import pytest

from tests.acceptance.kit import (
    LESIONS,
    constraint,
    cord_limit,
    protocol_text,
    registry_text,
    run,
    run_process,
    volume_of,
)
from tests.synthetic.encode import cut

SEVERITIES = {"F", "E", "W", "I"}
STATES = {"MET", "VARIATION", "VIOLATED", "UNDECIDED", "NOT_EVALUATED", "NOT_APPLICABLE"}
LESION_STATES = {"COVERED", "NOT_COVERED", "NOT_TREATED", "NOT_EVALUATED", "NOT_REQUIRED"}
DIGEST = re.compile(r"[0-9a-f]{64}")
RICH = protocol_text(
    cord_limit("met", met=True),
    cord_limit("violated", met=False),
    constraint("absent", structure="Heart"),
    constraint("other", fractions=[20, 30]),
    constraint("variation", goal="<= 1 Gy", variation="<= 5 Gy"),
    volume_of("volume", "Liver - @gtv"),
    constraint("index", structure="@lesion.ptv", metric="CI_Paddick", goal="<= 1.3", priority="optimal"),
)

PLAIN = protocol_text(
    cord_limit("violated", met=False),
    constraint("absent", structure="Heart"),
    constraint("variation", goal="<= 1 Gy", variation="<= 5 Gy"),
    coverage=False,
)
"""A few rows with findings, for what has to be run many times."""


def number_or_null(value):
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


@pytest.fixture(scope="module")
def rich(bench):
    """A document with every kind of row."""
    lesions = [*LESIONS, {"id": "L3", "organ": "bone", "kind": "bone", "status": "resolved"}]
    return bench.check(protocol=RICH, registry=registry_text(lesions=lesions))


def test_top_level(rich):
    """The keys of the contract, a verdict and its exit code."""
    document = rich.doc
    assert set(document) >= {"schema", "verdict", "exit_code", "case", "provenance", "lesions", "outcomes", "findings"}
    assert document["schema"] == "rtcheck.report/1"
    assert (document["verdict"], document["exit_code"]) == ("FAIL", 1)
    assert document["case"]["patient_id"] == "TEST-0001"
    (plan,) = document["case"]["plans"]
    assert plan["label"] == "SIMPLE"
    assert plan["fractions"] == 5
    assert re.fullmatch(r"[0-9.]+", plan["sop_instance_uid"])


def test_provenance_names_every_input_by_its_digest(bench, rich):
    """Inputs, registry and protocol carry SHA-256 digests of the very bytes that were read."""
    provenance = rich.doc["provenance"]
    assert set(provenance) >= {"software", "inputs", "protocol", "registry", "conventions"}
    expected = {hashlib.sha256(path.read_bytes()).hexdigest() for path in bench.standard.files.values()}
    assert {item["sha256"] for item in provenance["inputs"]} == expected
    assert sorted(item["modality"] for item in provenance["inputs"]) == ["RTDOSE", "RTPLAN", "RTSTRUCT"]
    assert all(item["sop_instance_uid"] for item in provenance["inputs"])
    assert provenance["protocol"]["id"] == "acceptance"
    assert provenance["protocol"]["version"] == "1.0.0"
    assert DIGEST.fullmatch(provenance["protocol"]["sha256"])
    assert provenance["software"]["rtcheck"]
    registry = bench.write("registry.toml", registry_text())
    document = bench.check(registry=registry, protocol=protocol_text()).doc
    assert document["provenance"]["registry"]["sha256"] == hashlib.sha256(registry.read_bytes()).hexdigest()


def test_protocol_digest_follows_its_content(bench):
    """Another limit is another protocol digest, also when the version stays."""
    first = bench.check(protocol=protocol_text(cord_limit("a", met=True))).doc["provenance"]["protocol"]["sha256"]
    second = bench.check(protocol=protocol_text(constraint("a", goal="<= 9 Gy"))).doc["provenance"]["protocol"][
        "sha256"
    ]
    assert first != second


def test_outcomes(rich):
    """Every outcome has the keys and types of the contract; what was not evaluated has no value and a reason."""
    document = rich.doc
    keys = {
        "constraint", "structure", "lesion", "metric", "value", "low", "high", "unit", "goal", "variation",
        "priority", "outcome", "reason",
    }  # fmt: skip
    for row in document["outcomes"]:
        assert set(row) >= keys
        assert row["outcome"] in STATES
        assert row["priority"] in {"mandatory", "optimal", "report"}
        assert row["lesion"] is None or row["lesion"] in {"L1", "L2", "L3"}
        assert all(number_or_null(row[key]) for key in ("value", "low", "high"))
        assert all(isinstance(row[key], str) for key in ("constraint", "structure", "metric", "unit", "reason"))
        if row["outcome"] == "NOT_EVALUATED":
            assert row["value"] is None or row["reason"]
            assert row["reason"]
        if row["value"] is not None:
            assert row["low"] <= row["value"] <= row["high"]
    assert rich.outcome("absent")["value"] is None
    assert rich.state("met") == "MET"
    assert rich.state("violated") == "VIOLATED"
    assert rich.state("absent") == "NOT_EVALUATED"
    assert "Heart" in rich.outcome("absent")["reason"]
    assert rich.state("other") == "NOT_APPLICABLE"
    assert rich.state("variation") == "VARIATION"
    assert {row["lesion"] for row in rich.outcomes("cov")} == {"L1", "L2"}
    assert rich.outcome("variation")["variation"] == "<= 5 Gy"
    assert rich.outcome("met")["variation"] is None


def test_every_constraint_of_the_protocol_is_listed(rich):
    """A FAIL hides nothing: every constraint has at least one outcome."""
    found = {row["constraint"] for row in rich.doc["outcomes"]}
    assert found == {"cov", "met", "violated", "absent", "other", "variation", "volume", "index"}


def test_lesions_point_at_their_outcomes(rich):
    """Each registered lesion is there with its state, its structures and the indices of its outcomes."""
    document = rich.doc
    assert [item["id"] for item in document["lesions"]] == ["L1", "L2", "L3"]
    for item in document["lesions"]:
        assert item["state"] in LESION_STATES
        assert all(document["outcomes"][index]["lesion"] == item["id"] for index in item["outcomes"])
    first = document["lesions"][0]
    assert first["organ"] == "liver"
    assert first["structures"]["gtv"] == ["GTV_L1"]
    assert first["structures"]["ptv"] == ["PTV_L1"]
    assert any(document["outcomes"][index]["constraint"] == "cov" for index in first["outcomes"])


def test_findings(rich):
    """Every finding has a code, a severity, a subject, a message and its evidence."""
    for item in rich.doc["findings"]:
        assert set(item) >= {"code", "severity", "subject", "message", "evidence"}
        assert re.fullmatch(r"RTD\d{3}", item["code"])
        assert item["severity"] in SEVERITIES
        assert isinstance(item["evidence"], dict)
        assert item["message"]
    assert rich.codes >= {"RTD301", "RTD703"}
    assert rich.severity("RTD703") == {"E"}


def test_numbers_have_full_precision(bench):
    """Values are not rounded in JSON: the volume of the cord is the closed form to nine digits."""
    value = bench.check(protocol=protocol_text(volume_of("v", "PTV_L1"))).outcome("v")["value"]
    assert value == pytest.approx(26 * 26 * 24 / 1000, rel=1e-9)


def test_no_patient_name_anywhere(bench, rich):
    """The patient's name and birth date are not repeated."""
    for text in (rich.out, rich.err):
        assert "Phantom" not in text
        assert "19650101" not in text


def test_not_a_number_never_appears(bench):
    """An export full of odd numbers still gives a document without NaN or Infinity."""

    def odd(datasets):
        datasets["dose"].DoseGridScaling = "1e300"

    case = bench.build(mutate=odd)
    result = bench.check(export=case.folder, judged=False)
    assert "NaN" not in result.out
    assert "Infinity" not in result.out
    assert result.verdict is None or result.verdict != "PASS"


def rename_reversed(source, target):
    """Copy the files under names that sort the other way round, in other folders."""
    for number, path in enumerate(sorted(source.iterdir(), reverse=True)):
        folder = target / f"{number}"
        folder.mkdir(parents=True)
        shutil.copy(path, folder / f"{number}_{path.stem}")
        os.utime(folder / f"{number}_{path.stem}", (1, 1_000_000_000 * number))


def test_same_bytes_whatever_the_order_and_place_of_files(bench, tmp_path):
    """File names, folders, order and times do not reach the document."""
    rename_reversed(bench.standard.folder, tmp_path / "elsewhere")
    registry, protocol = bench.write("registry.toml", registry_text()), bench.write("protocol.toml", PLAIN)
    first = bench.check(protocol=protocol, registry=registry)
    second = bench.check(protocol=protocol, registry=registry, export=tmp_path / "elsewhere")
    assert first.out == second.out
    some = ("--roi", "SpinalCord", "--roi", "GTV_L1")
    assert bench.dvh(*some).out == bench.dvh(*some, export=tmp_path / "elsewhere").out
    files = list(bench.standard.files.values())
    orders = [
        run("check", *order, "--registry", registry, "--protocol", protocol, "--format", "json").out
        for order in (files, files[::-1])
    ]
    assert orders == [first.out] * 2


def test_same_bytes_in_another_folder_also_with_findings(bench, tmp_path):
    """A document about a broken file does not depend on where the folder stands."""
    case = bench.build(mutate_bytes={"struct": lambda data: cut(data, 4000)})
    shutil.copytree(case.folder, tmp_path / "copy")
    registry, protocol = bench.write("registry.toml", registry_text()), bench.write("protocol.toml", PLAIN)
    outs = [
        bench.check(export=folder, registry=registry, protocol=protocol).out
        for folder in (case.folder, tmp_path / "copy")
    ]
    assert outs[0] == outs[1]


ENVIRONMENTS = [
    {"TZ": "Asia/Shanghai", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
    {"TZ": "America/St_Johns", "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "4242"},
]


def test_same_bytes_in_any_locale_time_zone_and_hash_seed(bench):
    """Processes under other environments print the bytes that this process prints."""
    registry, protocol = bench.write("registry.toml", registry_text()), bench.write("protocol.toml", PLAIN)
    here = bench.check(protocol=protocol, registry=registry)
    for environment in ENVIRONMENTS:
        there = run_process(
            "check", bench.standard.folder, "--registry", registry, "--protocol", protocol, "--format", "json",
            env=environment,
        )  # fmt: skip
        assert there.out == here.out, environment


def test_a_narrow_terminal_encoding_does_not_break_the_result(bench):
    """Chinese names on an ASCII terminal change characters, not the exit code."""
    registry = bench.write("registry.toml", registry_text())
    protocol = bench.write("protocol.toml", protocol_text(constraint("脊髓", structure="脊髓")))
    result = run_process(
        "check", bench.standard.folder, "--registry", registry, "--protocol", protocol,
        env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert result.code in (0, 3), result.err
    assert "Traceback" not in result.err
