"""Options that guard the reading: time, deflated files, and inputs that a result must not overwrite."""

import threading
import time
from pathlib import Path

import pytest

from rtcheck.cli.options import refuse_overwriting
from rtcheck.cli.time_limit import within
from rtcheck.errors import DicomError, OutputError
from tests.acceptance.kit import run
from tests.mutation.seeds import build


@pytest.fixture
def case(tmp_path):
    """A small patient on disk: the arguments of a check."""
    build("explicit").write(tmp_path)
    return [tmp_path / "export", "--registry", tmp_path / "registry.toml", "--protocol", tmp_path / "protocol.toml"]


def test_a_case_that_takes_too_long(case, monkeypatch):
    """Beyond the limit a case is refused with RTD005 and exit 4, and a stored result says so."""

    def slow(*_args, **_options):
        while True:
            pass

    monkeypatch.setattr("rtcheck.dicom.case.read_case", slow)
    stored = case[0].parent / "result.json"
    result = run("check", *case, "--format", "json", "--time-limit", "0.1", "-o", f"json={stored}")
    assert result.code == 4
    assert result.codes == {"RTD005"}
    assert '"verdict": null' in stored.read_text(encoding="utf-8")


@pytest.mark.parametrize("limit", ["0", "60"])
def test_no_limit_and_a_long_one(case, limit):
    """Zero sets no limit; the usual one is not felt."""
    assert run("check", *case, "--format", "json", "--time-limit", limit).verdict == "PASS"


def test_the_limit_ends_with_what_it_limits():
    """After the block nothing is stopped any more; in another thread nothing is limited."""
    with within(0.05):
        pass
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
    with pytest.raises(DicomError), within(0.02):
        while True:
            pass
    seen = []

    def other():
        with within(1e-6):
            seen.append(sum(range(200_000)))

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen


def test_deflated_files_by_option(tmp_path):
    """Deflated files are refused, and give the same verdict as plain ones where they are allowed."""
    build("deflated").write(tmp_path)
    arguments = ["check", tmp_path / "export", "--registry", tmp_path / "registry.toml", "--protocol",
                 tmp_path / "protocol.toml", "--format", "json"]  # fmt: skip
    refused = run(*arguments)
    assert refused.code == 4
    assert "RTD004" in refused.codes
    assert run(*arguments, "--allow-deflated").verdict == "PASS"
    assert run("inspect", tmp_path / "export", "--allow-deflated").code == 0
    assert run("inspect", tmp_path / "export").code == 4


@pytest.mark.parametrize("name", ["plan.dcm", "../registry.toml", "../protocol.toml"])
def test_no_result_over_an_input(case, name):
    """A result is never written over a file of the export, nor over registry or protocol."""
    target = case[0] / name
    before = target.read_bytes()
    assert run("check", *case, "-o", f"json={target}").code == 2
    assert target.read_bytes() == before


def test_no_result_over_what_cannot_be_read(tmp_path, monkeypatch):
    """A file that may be a DICOM file and cannot be read is not written over; a new name may be written."""
    locked = tmp_path / "locked.dcm"
    locked.write_bytes(bytes(128) + b"DICM")
    opened = Path.open

    def guarded(path, *arguments, **named):
        if path == locked:
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **named)

    monkeypatch.setattr(Path, "open", guarded)
    refuse_overwriting((("json", tmp_path / "new.json"),))
    with pytest.raises(OutputError, match="cannot be read"):
        refuse_overwriting((("json", locked),))
