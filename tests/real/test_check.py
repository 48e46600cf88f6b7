"""The main job on exports that other systems wrote, from the command line to a verdict."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REAL = HERE.parents[2] / "shared" / "data" / "real"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real exports in ../shared are not here")


def rtcheck(*arguments):
    """Run the program as a process; give its exit code, its JSON document and its stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "rtcheck", *map(str, arguments), "--format", "json"], capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


def check(folder, registry):
    return rtcheck("check", REAL / folder, "--registry", HERE / registry, "--protocol", HERE / "protocol.toml")


def outcome(report, constraint):
    return next(item for item in report["outcomes"] if item["constraint"] == constraint)


def codes(report):
    return {item["code"] + item["severity"] for item in report["findings"]}


def test_eclipse():
    """The Eclipse export reaches a verdict: an unapproved plan whose target is covered and whose organs are spared."""
    code, report, _ = check("eclipse-breast-dvh", "eclipse-registry.toml")
    assert (code, report["verdict"]) == (3, "REVIEW")
    assert "RTD110W" in codes(report)
    assert {item["outcome"] for item in report["outcomes"]} == {"MET"}
    assert [item["state"] for item in report["lesions"]] == ["COVERED"]
    assert outcome(report, "heart.mean")["value"] == pytest.approx(0.6476, abs=0.03)


def test_raystation_effective_dose():
    """A proton plan of DoseType EFFECTIVE is not held against limits on physical dose: INCOMPLETE, and it says why."""
    code, report, _ = check("raystation-proton-slope", "raystation-registry.toml")
    assert (code, report["verdict"]) == (3, "INCOMPLETE")
    assert {"RTD101W", "RTD203E"} <= codes(report)
    assert outcome(report, "target.D95")["outcome"] == "NOT_EVALUATED"
    assert outcome(report, "target.volume")["outcome"] == "MET"
    assert outcome(report, "heart.mean")["outcome"] == "NOT_EVALUATED"


def test_record_of_another_patient():
    """The RayStation export against a record that does not list both of its identifiers is refused."""
    code, report, _ = check("raystation-proton-slope", "eclipse-registry.toml")
    assert (code, report["verdict"]) == (4, None)
    assert "RTD101F" in codes(report)


@pytest.mark.parametrize(
    ("folder", "dvh_code"),
    [
        ("eclipse-breast-dvh", 0), ("raystation-proton-slope", 0), ("eclipse-feet-first", 4), ("mim-struct", 4),
        ("monaco-plans", 4), ("pydicom-odd", 4),
    ],
)  # fmt: skip
def test_dvh_and_inspect(folder, dvh_code):
    """`inspect` lists every folder; `dvh` measures what is whole and refuses the rest with the reason."""
    code, document, _ = rtcheck("dvh", REAL / folder, "-m", "Mean", "-m", "D2%")
    assert code == dvh_code
    assert bool(document["structures"]) == (dvh_code == 0)
    if dvh_code:
        assert any(item["severity"] == "F" for item in document["findings"])
    effective = any(item["code"] == "RTD203" for item in document["findings"])
    assert effective == (folder == "raystation-proton-slope")
    _, listing, _ = rtcheck("inspect", REAL / folder)
    assert listing["schema"] == "rtcheck.inspect/1"
