"""The bundled sample patients: they rebuild to the same bytes, stay small and get the verdicts they are made for."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from rtcheck.catalogue.protocol import read_protocol
from rtcheck.catalogue.registry import read_record
from rtcheck.check import check
from rtcheck.dicom.case import read_case
from rtcheck.report import Outcome, Report
from tests.synthetic.make_samples import export
from tests.synthetic.samples import SAMPLES, Sample

ROOT = Path(__file__).parents[1] / "sample_dicom"
DRAFT = "nct06946849"


@cache
def _report(name: str, protocol: str) -> Report:
    case = read_case([ROOT / name / "export"])
    return check(case, read_record(ROOT / name / "registry.toml"), read_protocol(protocol))


def _own(name: str) -> Report:
    return _report(name, str(ROOT / "protocol.toml"))


def _severe(report: Report) -> set[tuple[str, str]]:
    return {(item.code, item.severity) for item in report.findings if item.severity != "I"}


def _outcome(report: Report, constraint: str, lesion: str | None = None) -> Outcome:
    (found,) = (item for item in report.outcomes if item.constraint == constraint and item.lesion == lesion)
    return found


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.folder)
def test_rebuilding_gives_the_same_bytes(sample: Sample, tmp_path: Path):
    """The script that made the sample makes it again, file by file and byte by byte."""
    rebuilt = {path.name: path.read_bytes() for path in export(sample, tmp_path)}
    bundled = {path.name: path.read_bytes() for path in (ROOT / sample.folder / "export").iterdir()}
    assert sorted(rebuilt) == sorted(bundled)
    assert [name for name in sorted(rebuilt) if rebuilt[name] != bundled[name]] == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.folder)
def test_a_sample_is_small_and_complete(sample: Sample):
    """Each patient is under 12 MB and has an export, a registry and a README that states the verdict."""
    folder = ROOT / sample.folder
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 12e6
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert f"**{_own(sample.folder).verdict}**" in readme


def test_the_first_sample_passes():
    """Nothing is undecided, missed or to be acknowledged in icc-0001, and no limit lies inside an interval."""
    report = _own("icc-0001")
    assert (report.verdict, report.exit_code) == ("PASS", 0)
    assert [lesion.state for lesion in report.lesions] == ["COVERED"] * 5
    assert {item.outcome for item in report.outcomes} <= {"MET", "NOT_APPLICABLE"}
    assert _severe(report) == set()


def test_the_draft_protocol_holds_the_first_sample_for_review():
    """Only the draft status of the shipped protocol stands between icc-0001 and a pass."""
    report = _report("icc-0001", DRAFT)
    assert (report.verdict, report.exit_code) == ("REVIEW", 3)
    assert _severe(report) == {("RTD805", "W")}


@pytest.mark.parametrize("protocol", [str(ROOT / "protocol.toml"), DRAFT], ids=["demonstration", "draft"])
def test_the_second_sample_fails(protocol: str):
    """icc-0002 fails by both protocols: a lesion missed, a lesion underdosed, a liver limit broken."""
    report = _report("icc-0002", protocol)
    assert (report.verdict, report.exit_code) == ("FAIL", 1)
    states = {lesion.id: lesion.state for lesion in report.lesions}
    assert states == {"L1": "COVERED", "L2": "COVERED", "L3": "NOT_COVERED", "L4": "NOT_TREATED", "L5": "COVERED"}


def test_the_second_sample_breaks_the_mean_liver_dose():
    """The mean dose of the liver outside the GTVs is beyond the last acceptable value at both ends of its interval."""
    liver = _outcome(_own("icc-0002"), "UK-SABR-2022.5fx.LiverGTV.Mean")
    assert liver.outcome == "VIOLATED"
    assert liver.low is not None and liver.low > 15.2


def test_the_second_sample_has_lung_limits_that_cannot_be_chosen():
    """Without a FEV1 the limits of the worse lung tiers are not evaluated and the eligibility fact is asked for."""
    report = _own("icc-0002")
    waiting = [item for item in report.outcomes if item.outcome == "NOT_EVALUATED" and item.lesion is None]
    assert {item.structure for item in waiting} == {"Lungs - @gtv"}
    assert {item.metric for item in waiting} == {"V20Gy[%]", "Mean[Gy]"}
    assert ("RTD753", "E") in _severe(report)
    assert any(item.code == "RTD301" and "PTV_L4" in item.message for item in report.findings)
