"""Every format of `-o`: a write that fails leaves no part of a file, and the exit code is that of an error."""

from __future__ import annotations

import errno
import gzip
import io
import json
from pathlib import Path

import pytest

from rtcheck.render.json_report import report_json
from tests.acceptance.kit import run
from tests.faults.inject import Fault, fail_the
from tests.golden.reports import failing
from tests.mutation.harness import Workbench
from tests.mutation.seeds import build

FORMATS = {"html": "r.html", "pdf": "r.pdf", "csv": "r.csv", "markdown": "r.md", "sarif": "r.sarif",
           "exhibits": "r.exhibits.json.gz"}  # fmt: skip
OPERATIONS = ("open", "write", "fsync", "rename")
CODES = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EACCES": errno.EACCES}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A small patient on disk with everything imported, and the files of a check in which nothing fails."""
    root = tmp_path_factory.mktemp("faults")
    build("explicit").write(root)
    (root / "out").mkdir()
    with Workbench():
        check(root, tuple(FORMATS), None)
        result, whole = check(root, tuple(FORMATS), None)
        assert sorted(whole) == sorted(name for kind, name in FORMATS.items() if kind in available())
        yield root, result, whole


def available():
    """Formats whose packages are installed."""
    try:
        import typst  # noqa: F401 - asked for only
    except ImportError:
        return tuple(kind for kind in FORMATS if kind != "pdf")
    return tuple(FORMATS)


def check(root, kinds, fault, before=None):
    """Run a check that stores formats, on top of older files; return the run and the files by name."""
    out = root / "out"
    for path in out.iterdir():
        path.unlink()
    for name, data in (before or {}).items():
        (out / name).write_bytes(data)
    words = ["check", root / "export", "--registry", root / "registry.toml", "--protocol", root / "protocol.toml",
             "--jobs", 1, "--format", "json"]  # fmt: skip
    for kind in kinds:
        if kind in available():
            words += ["-o", f"{kind}={out / FORMATS[kind]}"]
    if fault is None:
        result = run(*words)
    else:
        with fail_the(fault):
            result = run(*words)
    return result, {path.name: path.read_bytes() for path in out.iterdir()}


class Elsewhere(Fault):
    """A fault that strikes the n-th operation of storing results, and no other.

    A final name is opened only to see whether a DICOM file stands there.
    """

    def strike(self, kind, place=""):
        looked_at = kind == "open" and Path(str(place)).name in FORMATS.values()
        if "/out" in str(place) and not looked_at:
            super().strike(kind, place)


def refused_or(data, name):
    """Whether a file is a whole refusal: it says there is no verdict."""
    if name.endswith(".gz"):
        return json.loads(gzip.decompress(data))["structures"] == []
    if name.endswith(".pdf"):
        pypdf = pytest.importorskip("pypdf", reason="pypdf reads the pages back; it is in the group dev")
        text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
        return "NOVERDICT" in "".join(text.split())
    text = data.decode("utf-8")
    if name.endswith(".sarif"):
        return json.loads(text)["runs"][0]["properties"]["verdict"] is None
    return "NO_VERDICT" in text or "NO VERDICT" in text


def account(bench, kinds, fault, before=None):
    """Run with a fault; return what is wrong with how that ended."""
    root, base, whole = bench
    result, found = check(root, kinds, fault, before)
    label = f"{fault.kind} {fault.number} ({fault.place})"
    wrong = []
    if not fault.struck:
        return None
    if result.code != 5:
        wrong.append(f"{label}: exit {result.code}, not 5: {result.err[:200]}")
    if "RTD903" not in result.err + result.out:
        wrong.append(f"{label}: RTD903 is not said: {result.err[:200]}")
    if result.out and json.loads(result.out)["verdict"] is not None:
        wrong.append(f"{label}: a verdict on standard output")
    for name, data in found.items():
        if name not in FORMATS.values():
            wrong.append(f"{label}: {name} was left behind")
        elif data not in (whole.get(name), (before or {}).get(name)) and not refused_or(data, name):
            wrong.append(f"{label}: {name} is neither whole nor a refusal")
    assert base.code == 0
    return wrong


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_fails_half_written_and_once_more(bench, kind):
    """The disk is full at a write, or broken at a step before or after: exit 5, and no part of it under any name."""
    if kind not in available():
        pytest.skip("the extra pdf is not installed")
    codes = list(CODES.values())
    wrong = []
    turn = list(FORMATS).index(kind) % 3
    for operation in ("write", ("open", "fsync", "rename")[turn]):
        found = account(bench, (kind,), Elsewhere(operation, 0, codes[turn]))
        assert found is not None, f"{operation} was not reached"
        wrong += found
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_of_all_formats_fails(bench, operation, code):
    """The first to the last operation of storing all six formats, on an empty folder and over older results."""
    older = {name: b"an older result" for name in FORMATS.values()}
    wrong = []
    for before in (None, older):
        number = 0
        while (found := account(bench, tuple(FORMATS), Elsewhere(operation, number, CODES[code]), before)) is not None:
            wrong += found
            number += 1
        assert number >= len(available())
    assert wrong == []


def test_a_format_that_cannot_be_made_leaves_nothing(bench, monkeypatch):
    """A renderer that runs out of memory or has a bug: an error with no file, and nothing of it printed."""
    root, _, _ = bench
    for error in (MemoryError(), ValueError("PatientName in here")):

        def broken(*_args, error=error):
            raise error

        monkeypatch.setattr("rtcheck.render.html_report.html_report", broken)
        result, found = check(root, ("html",), None)
        assert result.code in (4, 5)
        assert found == {}
        assert "PatientName" not in result.out + result.err


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "exhibits"])
def test_a_stored_result_rendered_to_a_broken_disk(tmp_path, kind):
    """`report` fails the same way, and keeps the older file as it was."""
    if kind not in available():
        pytest.skip("the extra pdf is not installed")
    stored = tmp_path / "r.json"
    stored.write_text(report_json(failing()), encoding="utf-8")
    (tmp_path / "out").mkdir()
    place = tmp_path / "out" / FORMATS[kind]
    for operation in OPERATIONS:
        place.write_bytes(b"an older result")
        fault = Elsewhere(operation, 0, errno.ENOSPC)
        with fail_the(fault):
            result = run("report", stored, "-o", f"{kind}={place}")
        assert fault.struck
        assert result.code == 5
        assert "RTD903" in result.err
        assert [path.name for path in place.parent.iterdir()] == [place.name]
        if operation != "fsync":
            assert place.read_bytes() == b"an older result"
