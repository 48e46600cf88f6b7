"""approve, diff and test from outside: exit codes, streams, files, and a plan judged alike with the pinned copy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_command_line import run
from tests.synthetic.simple import PROTOCOL, simple_case

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_dicom"
BY = ("--by", "A. Physicist", "--on", "2026-03-02")


@pytest.fixture
def site(tmp_path):
    """A protocol without anything to confirm."""
    path = tmp_path / "site.toml"
    text = PROTOCOL.replace('source = "SITE-DEFAULT"', 'source = "SITE-DEFAULT"\nconfidence = "primary-text"')
    path.write_text(text, encoding="utf-8")
    return path


def test_approve_writes_a_copy_that_is_never_overwritten(site, tmp_path):
    """The copy is written whole, and a second time under another name only."""
    out = tmp_path / "approved.toml"
    done = run("protocol", "approve", site, *BY, "-o", out)
    assert done.returncode == 0, done.err
    assert done.out == ""
    assert "approved by A. Physicist on 2026-03-02" in done.err
    before = out.read_bytes()
    again = run("protocol", "approve", site, *BY, "-o", out)
    assert again.returncode == 2
    assert "exists already" in again.err
    assert out.read_bytes() == before
    checked = run("protocol", "check", out)
    assert checked.returncode == 0
    assert "pinned copy of simple" in " ".join(checked.out.split())


def test_approve_wants_doubtful_limits_confirmed(site, tmp_path):
    """A recalled limit is listed, stops the approval, and is named in the copy that --confirmed makes."""
    text = site.read_text(encoding="utf-8").replace('confidence = "primary-text"', 'confidence = "memory"', 1)
    site.write_text(text, encoding="utf-8")
    out = tmp_path / "approved.toml"
    refused = run("protocol", "approve", site, *BY, "-o", out)
    assert refused.returncode == 2
    assert not out.exists()
    assert "T.PTV.V100" in refused.out
    assert "T.GTV.D99" not in refused.out
    assert "--confirmed" in refused.err
    assert "T.PTV.V100" in run("protocol", "check", site).out
    done = run("protocol", "approve", site, *BY, "--confirmed", "-o", out)
    assert done.returncode == 0
    assert 'confirmed = ["T.PTV.V100"]' in out.read_text(encoding="utf-8")
    assert "to confirm" not in run("protocol", "check", out).out


@pytest.mark.parametrize("by", ["", "  ", "a\nb", "a\x1b[31m"])
def test_a_name_that_is_none_is_refused(site, tmp_path, by):
    """Whoever approves has a name that can be printed."""
    done = run("protocol", "approve", site, "--by", by, "-o", tmp_path / "out.toml")
    assert done.returncode == 2
    assert not (tmp_path / "out.toml").exists()


def test_a_faulty_protocol_is_not_approved(site, tmp_path):
    """Faults are listed and nothing is written."""
    site.write_text(site.read_text(encoding="utf-8").replace("<= 25 Gy", "25 Gy"), encoding="utf-8")
    done = run("protocol", "approve", site, *BY, "--confirmed", "-o", tmp_path / "out.toml")
    assert done.returncode == 2
    assert "constraint[3].goal" in done.err
    assert not (tmp_path / "out.toml").exists()


def test_a_plan_is_judged_alike_with_the_copy(tmp_path):
    """Verdict, outcomes, lesions and findings are the same; only the provenance names the copy."""
    case = simple_case(tmp_path / "export", protocol=PROTOCOL.replace("<= 25 Gy", "<= 1 Gy"))
    out = tmp_path / "approved.toml"
    assert run("protocol", "approve", case.protocol, *BY, "--confirmed", "-o", out).returncode == 0
    documents = []
    for protocol in (case.protocol, out):
        done = run("check", case.folder, "--registry", case.registry, "--protocol", protocol, "--format", "json")
        document = json.loads(done.out)
        documents.append((done.returncode, {key: document[key] for key in
                                            ("verdict", "exit_code", "case", "lesions", "outcomes", "findings")}))
    assert documents[0] == documents[1]
    assert documents[0][1]["verdict"] == "FAIL"


@pytest.mark.skipif(not (SAMPLE / "icc-0001" / "export").is_dir(), reason="the sample patients are not built")
def test_the_sample_passes_with_a_copy_of_its_protocol(tmp_path):
    """The README's patient has the same outcomes with the pinned copy as with what it was made of."""
    out = tmp_path / "approved.toml"
    assert run("protocol", "approve", SAMPLE / "protocol.toml", *BY, "--confirmed", "-o", out).returncode == 0
    found = []
    for protocol in (SAMPLE / "protocol.toml", out):
        done = run("check", SAMPLE / "icc-0001" / "export", "--registry", SAMPLE / "icc-0001" / "registry.toml",
                   "--protocol", protocol, "--format", "json")
        document = json.loads(done.out)
        found.append((document["verdict"], document["outcomes"], document["findings"]))
    assert found[0] == found[1]


def test_diff_says_what_changed(site, tmp_path):
    """0 the same, 1 different, 2 a fault; JSON holds the same changes as the text."""
    other = tmp_path / "other.toml"
    text = site.read_text(encoding="utf-8")
    other.write_text(text.replace("<= 25 Gy", "<= 26 Gy").replace('"1.0.0"', '"1.1.0"'), encoding="utf-8")
    assert run("protocol", "diff", site, site).returncode == 0
    done = run("protocol", "diff", site, other)
    assert done.returncode == 1
    assert "goal <= 25 Gy became <= 26 Gy (looser)" in " ".join(done.out.split())
    assert "version: 1.0.0 became 1.1.0" in done.out
    document = json.loads(run("protocol", "diff", site, other, "--format", "json").out)
    assert (document["schema"], document["equal"]) == ("rtcheck.protocol-diff/1", False)
    assert [(one["id"], one["effect"]) for one in document["changes"]] == [("T.LiverGTV.Mean", "looser")]
    other.write_text("x", encoding="utf-8")
    assert run("protocol", "diff", site, other).returncode == 2


def test_test_runs_the_examples(site):
    """0 all hold, 1 one fails and is named, 2 a fault."""
    assert run("protocol", "test", site).returncode == 0
    example = ('\n[[example]]\nname = "a liver too hot"\nvalues = {{ "T.LiverGTV.Mean" = 25.5 }}\n'
               'expect = {{ "T.LiverGTV.Mean" = "{}" }}\n')
    plain = site.read_text(encoding="utf-8")
    site.write_text(plain + example.format("VIOLATED"), encoding="utf-8")
    assert run("protocol", "test", site).returncode == 0
    site.write_text(plain + example.format("MET"), encoding="utf-8")
    failed = run("protocol", "test", site)
    assert failed.returncode == 1
    assert "expected MET, found VIOLATED" in " ".join(failed.out.split())
    site.write_text(plain + example.format("FINE"), encoding="utf-8")
    assert run("protocol", "test", site).returncode == 2


def test_list_shows_protocols_then_sets_and_counts_sources():
    """Protocols come first; files of one source are counted, and listed by --all; each name can be shown."""
    short, whole = run("protocol", "list"), run("protocol", "list", "--all")
    assert (short.returncode, whole.returncode) == (0, 0)
    kinds = [line.split()[1] for line in short.out.splitlines() if not line.startswith(" ")]
    assert kinds == sorted(kinds)
    assert set(kinds) == {"protocol", "set"}
    rows = [line.split() for line in whole.out.splitlines() if not line.startswith(" ")]
    sources = [row[0] for row in rows if row[1] == "source"]
    assert sources
    assert f"{len(sources)} files" in short.out
    assert "--all" not in whole.out
    assert run("protocol", "check", sources[0]).returncode == 0
