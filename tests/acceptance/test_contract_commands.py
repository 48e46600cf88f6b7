"""Contract §1 and §7: commands, exit codes, options, what goes to which stream."""

from __future__ import annotations

import json
import shutil
from xml.etree import ElementTree as ET

import pytest

from tests.acceptance.kit import ABSENT, checked, constraint, cord_limit, protocol_text, registry_text, run, run_process
from tests.synthetic.simple import REGISTRY

SIX = ("PASS", "FAIL", "FILES", "REVIEW", "INCOMPLETE", "EXPORT")


@pytest.fixture(scope="module")
def situations(bench, tmp_path_factory):
    """One pair of arguments for each exit code: expected code, verdict, export, protocol, registry."""
    empty = tmp_path_factory.mktemp("empty")
    absent_roi = constraint("absent", structure="Heart")
    export = bench.standard.folder
    return {
        "PASS": (0, "PASS", export, protocol_text(), None),
        "FAIL": (1, "FAIL", export, protocol_text(cord_limit("cord", met=False)), None),
        "FILES": (2, None, export, protocol_text(constraint("bad", metric="V20")), None),
        "REVIEW": (3, "REVIEW", export, protocol_text(top={"status": "draft"}), None),
        "INCOMPLETE": (3, "INCOMPLETE", export, protocol_text(absent_roi), None),
        "EXPORT": (4, None, empty, protocol_text(), None),
    }


@pytest.mark.parametrize("name", SIX)
@pytest.mark.parametrize("fail_on", [None, "review", "never"])
def test_exit_codes_and_fail_on(bench, situations, name, fail_on):
    """Each situation has its exit code and verdict; --fail-on changes the code, never the verdict; both are told."""
    code, verdict, export, protocol, registry = situations[name]
    expected = {None: code, "review": 1 if code == 3 else code, "never": 0 if code in (1, 3) else code}[fail_on]
    options = ["--fail-on", fail_on] if fail_on else []
    result = bench.check(*options, export=export, protocol=protocol, registry=registry, judged=False)
    assert result.code == expected, result.text
    assert result.doc["schema"] == "rtcheck.report/1"
    assert result.doc["verdict"] == verdict, result.text
    assert result.doc["exit_code"] == expected
    if verdict is None:
        assert result.doc["findings"]


@pytest.mark.parametrize("name", SIX)
def test_text_says_the_verdict_first_in_eighty_columns(bench, situations, name):
    """Text output names the verdict or the reason, fits 80 columns, is without colour when captured."""
    code, verdict, export, protocol, registry = situations[name]
    result = run(
        "check", export, "--protocol", bench.write("p.toml", protocol), "--registry",
        bench.write("r.toml", registry or REGISTRY),
    )  # fmt: skip
    assert result.code == code
    both = result.out + result.err
    assert "\x1b" not in both
    if verdict is not None:
        assert verdict in result.out
        for other in {"PASS", "REVIEW", "INCOMPLETE", "FAIL"} - {verdict}:
            at = result.out.find(f"\n{other}  ")
            assert at < 0 or at > result.out.find(verdict)
        assert max(map(len, result.out.splitlines())) <= 80
    else:
        assert "RTD" in both
        assert "PASS" not in result.out


@pytest.mark.parametrize("name", ["PASS", "FAIL", "FILES", "EXPORT"])
def test_the_same_exit_code_as_a_process(bench, situations, name):
    """As a process the exit code is the same, standard output is one JSON document, and there is no traceback."""
    code, verdict, export, protocol, registry = situations[name]
    result = run_process(
        "check", export, "--protocol", bench.write("p.toml", protocol), "--registry",
        bench.write("r.toml", registry or REGISTRY), "--format", "json",
    )  # fmt: skip
    assert result.code == code, result.err
    assert result.doc["verdict"] == verdict
    assert "Traceback" not in result.err
    checked(result)


def test_internal_errors_have_their_own_code(bench, monkeypatch):
    """Whatever goes wrong inside gives 5, never a verdict and never a bare traceback on standard output."""
    import numpy as np

    def broken(*_arguments, **_options):
        raise ZeroDivisionError("made by the test")

    paths = bench.standard
    with monkeypatch.context() as patch:
        for name in ("bincount", "cumsum", "searchsorted", "unique", "lexsort", "repeat"):
            patch.setattr(np, name, broken)
        result = run(
            "check", paths.folder, "--registry", paths.registry, "--protocol", paths.protocol, "--format", "json"
        )
    assert result.code == 5, result.text
    assert '"PASS"' not in result.out


USAGE = {
    "no arguments to check": ["check"],
    "no registry": ["check", "EXPORT", "--protocol", "PROTOCOL"],
    "no protocol": ["check", "EXPORT", "--registry", "REGISTRY"],
    "unknown option": ["check", "EXPORT", "--registry", "REGISTRY", "--protocol", "PROTOCOL", "--quick"],
    "unknown format": ["check", "EXPORT", "--registry", "REGISTRY", "--protocol", "PROTOCOL", "--format", "yaml"],
    "unknown fail-on": ["check", "EXPORT", "--registry", "REGISTRY", "--protocol", "PROTOCOL", "--fail-on", "luck"],
    "unknown output": ["check", "EXPORT", "--registry", "REGISTRY", "--protocol", "PROTOCOL", "-o", "docx=x"],
    "output without file": ["check", "EXPORT", "--registry", "REGISTRY", "--protocol", "PROTOCOL", "-o", "json"],
    "absent registry": ["check", "EXPORT", "--registry", "nowhere.toml", "--protocol", "PROTOCOL"],
    "absent protocol": ["check", "EXPORT", "--registry", "REGISTRY", "--protocol", "no-such-protocol"],
    "unknown command": ["judge"],
    "unknown metric": ["dvh", "EXPORT", "-m", "Loudness"],
}


@pytest.mark.parametrize("name", USAGE)
def test_usage_errors_are_two(bench, name):
    """A wrong command line gives 2 and a message, and nothing was judged."""
    paths = bench.standard
    names = {"EXPORT": paths.folder, "REGISTRY": paths.registry, "PROTOCOL": paths.protocol}
    result = run(*(names.get(part, part) for part in USAGE[name]))
    assert result.code == 2, result.text
    assert (result.err + result.out).strip()
    assert "PASS" not in result.out


def test_absent_and_empty_paths_are_no_case(bench, tmp_path):
    """A path that is not there, an empty folder and a folder without DICOM give no verdict."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "notes.txt").write_text("nothing here")
    assert bench.check(export=tmp_path / "absent", judged=False).code in (2, 4)
    for name in ("empty", "text"):
        result = bench.check(export=tmp_path / name)
        assert result.code == 4
        for command in ("dvh", "inspect"):
            assert run(command, tmp_path / name).code == 4


def test_files_are_found_by_content_in_nested_folders(bench, tmp_path):
    """Extensions and folders do not matter, and files of other kinds are passed over."""
    for number, (role, path) in enumerate(bench.standard.files.items()):
        target = tmp_path / "a" / ("b" * number) / f"{role}.{('jpg', 'txt', 'x')[number % 3]}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    (tmp_path / "a" / "README.txt").write_text("Exported on Monday.\n")
    (tmp_path / "a" / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    (tmp_path / "a" / "Thumbs.db").write_bytes(b"")
    assert bench.check(export=tmp_path, protocol=protocol_text()).verdict == "PASS"


def test_several_paths_make_one_case(bench):
    """The objects may be given as single files."""
    paths = bench.standard
    result = run(
        "check", *paths.files.values(), "--registry", paths.registry, "--protocol", paths.protocol, "--format", "json"
    )
    assert (result.code, result.verdict) == (0, "PASS"), result.text


def test_objects_of_two_patients_are_refused(bench):
    """Objects of more than one patient in one check are refused, unless the registry lists every id."""

    def other(datasets):
        datasets["dose"].PatientID = "OTHER-7"

    case = bench.build(mutate=other)
    result = bench.check(export=case.folder, protocol=protocol_text())
    assert result.code == 4
    assert result.severity("RTD101") == {"F"}
    listed = registry_text(patient={"dicom_ids": ["OTHER-7"]})
    accepted = bench.check(export=case.folder, protocol=protocol_text(), registry=listed)
    assert accepted.verdict is not None, accepted.text
    dvh = bench.dvh("--roi", "SpinalCord", "-m", "Max[Gy]", export=case.folder)
    assert dvh.code == 0
    assert {item["severity"] for item in dvh.doc["findings"] if item["code"] == "RTD101"} == {"W"}
    assert dvh.doc["structures"][0]["metrics"]["Max[Gy]"]["value"] == pytest.approx(2.0)


def test_outputs_are_written_beside_the_text(bench, tmp_path):
    """-o is repeatable; its JSON is the document that --format json prints."""
    paths = bench.standard
    common = ["check", paths.folder, "--registry", paths.registry, "--protocol", paths.protocol]
    result = run(*common, "-o", f"json={tmp_path / 'a.json'}", "-o", f"junit={tmp_path / 'b.xml'}")
    assert result.code == 0
    assert "PASS" in result.out
    printed = run(*common, "--format", "json").doc
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == printed
    root = ET.parse(tmp_path / "b.xml").getroot()
    assert root.tag in ("testsuites", "testsuite")
    assert len(list(root.iter("testcase"))) >= len(printed["outcomes"])
    assert not list(root.iter("failure"))
    assert not list(root.iter("error"))


@pytest.mark.parametrize("name", ["FAIL", "REVIEW", "INCOMPLETE"])
def test_junit_is_not_green_unless_the_verdict_is_pass(bench, situations, tmp_path, name):
    """A CI job that reads only the JUnit file sees that the plan did not pass."""
    _, _, export, protocol, _ = situations[name]
    bench.check("-o", f"junit={tmp_path / 'b.xml'}", export=export, protocol=protocol)
    root = ET.parse(tmp_path / "b.xml").getroot()
    assert list(root.iter("failure")) + list(root.iter("error"))


@pytest.mark.parametrize("name", ["EXPORT", "FILES"])
def test_a_refused_run_does_not_leave_an_old_result_standing(bench, situations, tmp_path, name):
    """After a run without a verdict the output file asked for does not still say PASS."""
    _, _, export, protocol, _ = situations[name]
    target = tmp_path / "result.json"
    bench.check("-o", f"json={target}")
    assert '"PASS"' in target.read_text(encoding="utf-8")
    bench.check("-o", f"json={target}", export=export, protocol=protocol)
    assert not target.exists() or json.loads(target.read_text(encoding="utf-8"))["verdict"] is None


def test_an_output_that_cannot_be_written_is_an_error(bench, tmp_path):
    """A result that could not be stored is not reported as success."""
    (tmp_path / "file").write_text("in the way")
    result = bench.check("-o", f"json={tmp_path / 'file' / 'a.json'}", judged=False)
    assert result.code in (2, 4, 5), result.text


def test_structure_model_overrides_the_protocol(bench):
    """The model is printed with the result: the protocol's, or that of the command line, which wins."""
    text = protocol_text(conventions={"structure_model": "prism"})
    for arguments, expected in (((), "prism"), (("--structure-model", "shape"), "shape")):
        conventions = bench.check(*arguments, protocol=text).doc["provenance"]["conventions"]
        assert conventions["structure_model"] == expected


def test_inspect_lists_what_is_there(bench):
    """inspect names every structure, the plan, and needs neither registry nor protocol."""
    result = run("inspect", bench.standard.folder)
    assert result.code == 0
    for word in ("PTV_L1", "SpinalCord", "SIMPLE", "GTV_L2"):
        assert word in result.out
    assert "Traceback" not in result.err


def test_explain_knows_codes_metrics_and_refuses_others():
    """explain prints a code's meaning and a metric's canonical form; an unknown word is a usage error."""
    result = run("explain", "RTD301")
    assert result.code == 0
    assert "required ROI not found" in result.out
    metric = run("explain", "V2000cGy[%]")
    assert metric.code == 0
    assert "V20Gy[%]" in metric.out
    assert run("explain", "RTD999").code == 2


def test_registry_and_protocol_files_can_be_checked_alone(bench):
    """registry check and protocol check give 0 for a good file and 2 for a wrong one, naming the key."""
    assert run("registry", "check", bench.standard.registry).code == 0
    assert run("protocol", "check", bench.standard.protocol).code == 0
    bad = run("registry", "check", bench.write("r.toml", registry_text(lung={"fev1_litre": 2.0})))
    assert bad.code == 2
    assert "fev1_litre" in bad.out + bad.err
    bad = run("protocol", "check", bench.write("p.toml", protocol_text(constraint("x", goal="<= 5"))))
    assert bad.code == 2
    assert "goal" in bad.out + bad.err


def test_shipped_protocols_are_listed_shown_and_used_by_name(bench):
    """The names that protocol list prints are accepted by protocol show and by check."""
    result = run("protocol", "list")
    assert result.code == 0
    assert "nct06946849" in result.out
    shown = run("protocol", "show", "nct06946849")
    assert shown.code == 0
    assert "PTV" in shown.out
    paths = bench.standard
    judged = run("check", paths.folder, "--registry", paths.registry, "--protocol", "nct06946849", "--format", "json")
    assert judged.doc["provenance"]["protocol"]["id"] == "nct06946849"
    assert "RTD805" in judged.codes, "the shipped protocol is a draft"
    assert judged.verdict != "PASS"
    assert run("protocol", "show", "no-such").code == 2


def test_version_and_help():
    """--version and --help answer."""
    assert run("--version").code == 0
    shown = run("--help")
    assert shown.code == 0
    for command in ("check", "dvh", "inspect", "registry", "protocol", "explain"):
        assert command in shown.out


def test_registry_of_another_patient_is_refused(bench):
    """A registry of another patient is RTD101 and exit 4; dicom_ids names further ids of the same patient."""
    wrong = bench.check(registry=registry_text(patient={"id": "ICC-0009"}), protocol=protocol_text())
    assert wrong.code == 4
    assert wrong.severity("RTD101") == {"F"}
    right = bench.check(
        registry=registry_text(patient={"id": "ICC-0009", "dicom_ids": ["X", "TEST-0001"]}), protocol=protocol_text()
    )
    assert right.verdict == "PASS", right.text
    absent = bench.check(registry=registry_text(patient={"id": ABSENT}), protocol=protocol_text())
    assert absent.code == 2
