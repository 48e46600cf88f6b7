"""`rtcheck report` makes from a stored result what the check made, and refuses what is not one."""

from __future__ import annotations

import json
import stat

import pytest

from tests.acceptance.kit import constraint, protocol_text, registry_text, run
from tests.mutation.seeds import datasets
from tests.synthetic.encode import encode

FORMATS = ("csv", "exhibits", "html", "json", "junit", "markdown", "sarif", "text")


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Every format of one check, in a folder."""
    root = tmp_path_factory.mktemp("stored")
    (root / "export").mkdir()
    for role, ds in datasets().items():
        (root / "export" / f"{role}.dcm").write_bytes(encode(ds))
    (root / "registry.toml").write_text(registry_text())
    (root / "protocol.toml").write_text(protocol_text(constraint("cord"), constraint("low", goal="<= 1 Gy")))
    asked = [part for kind in FORMATS for part in ("-o", f"{kind}={root / kind}")]
    done = run("check", root / "export", "--registry", root / "registry.toml", "--protocol", root / "protocol.toml",
               *asked)  # fmt: skip
    assert done.code in (0, 1, 3), done.text
    return root, done.code


def test_every_format_comes_out_again_byte_for_byte(stored, tmp_path):
    """Without the DICOM files, with the exit code of the check, for the owner's eyes only."""
    root, code = stored
    asked = [part for kind in FORMATS for part in ("-o", f"{kind}={tmp_path / kind}")]
    done = run("report", root / "json", "--exhibits", root / "exhibits", *asked)
    assert done.code == code, done.text
    for kind in FORMATS:
        assert (tmp_path / kind).read_bytes() == (root / kind).read_bytes(), kind
        assert stat.S_IMODE((tmp_path / kind).stat().st_mode) == 0o600


def test_without_exhibits_the_page_says_so(stored, tmp_path):
    """The result alone is enough for a page, which names what it lacks; exhibits cannot be made from nothing."""
    root, code = stored
    assert run("report", root / "json", "-o", f"html={tmp_path / 'r.html'}").code == code
    assert "Rendered from the stored result alone" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert run("report", root / "json", "-o", f"exhibits={tmp_path / 'x'}").code == 2
    assert not (tmp_path / "x").exists()


def test_standard_output_holds_text_or_json(stored):
    """As for the check itself."""
    root, _ = stored
    assert run("report", root / "json", "--format", "json").out.encode() == (root / "json").read_bytes()
    assert run("report", root / "json").out.encode() == (root / "text").read_bytes()


@pytest.mark.parametrize("what", ["edited", "cut", "other exhibits", "no such file", "a folder", "not a result"])
def test_what_is_not_that_result_is_refused(stored, tmp_path, what):
    """Exit 2, a message that names the file, and nothing written."""
    root, _ = stored
    text = (root / "json").read_text(encoding="utf-8")
    result, exhibits = tmp_path / "r.json", root / "exhibits"
    result.write_text(text, encoding="utf-8")
    if what == "edited":
        document = json.loads(text)
        document["outcomes"][0]["value"] = 1.0
        result.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    elif what == "cut":
        result.write_text(text[:-200], encoding="utf-8")
    elif what == "other exhibits":
        exhibits = root / "json"
    elif what == "no such file":
        result = tmp_path / "absent.json"
    elif what == "a folder":
        result = root / "export"
    else:
        result.write_text('{"schema": "rtcheck.dvh/1"}', encoding="utf-8")
    done = run("report", result, "--exhibits", exhibits, "-o", f"html={tmp_path / 'r.html'}")
    assert done.code == 2, done.text
    assert (exhibits.name if what == "other exhibits" else result.name) in done.err
    assert not (tmp_path / "r.html").exists()


def test_a_result_is_not_overwritten_by_its_page(stored):
    """An output that is the input is refused before anything is written."""
    root, _ = stored
    before = (root / "json").read_bytes()
    assert run("report", root / "json", "-o", f"html={root / 'json'}").code == 2
    assert (root / "json").read_bytes() == before


def test_a_chinese_page_is_in_chinese(stored, tmp_path):
    """Headings and notices, with the language of the page stated for screen readers."""
    root, _ = stored
    run("report", root / "json", "--exhibits", root / "exhibits", "--lang", "zh", "-o", f"html={tmp_path / 'r.html'}")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert 'lang="zh-Hans"' in page
    for term in ("剂量体积直方图", "处方剂量", "放疗计划核查报告"):
        assert term in page
