"""PDF, Markdown and CSV from the command line, and what is said where the package for PDF is missing."""

import csv
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STORED = ROOT / "tests" / "golden" / "failing.json"


def run(folder, *words, code="from rtcheck.__main__ import main; main()"):
    """Run the command as a process of its own in a folder."""
    return subprocess.run([sys.executable, "-c", code, *map(str, words)], cwd=folder, capture_output=True, check=False,
                          text=True, encoding="utf-8", env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "markdown", "pdf"])
def test_a_stored_result_is_written_in_each_format(tmp_path, kind):
    """The file is whole, readable by its owner only, and the same every time; the exit code is that of the result."""
    if kind == "pdf":
        pytest.importorskip("typst", reason="the extra pdf is not installed")
    page = json.loads(STORED.read_text("utf-8"))
    for name in ("one", "two"):
        done = run(tmp_path, "report", STORED, "-o", f"{kind}={name}")
        assert done.returncode == page["exit_code"], done.stderr
    one, two = tmp_path / "one", tmp_path / "two"
    assert one.read_bytes() == two.read_bytes()
    if sys.platform != "win32":
        assert stat.S_IMODE(one.stat().st_mode) == 0o600
    if kind == "csv":
        with one.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["outcome"] for row in rows] == [each["outcome"] for each in page["outcomes"]]
    elif kind == "markdown":
        assert one.read_text("utf-8").startswith("# ")
    else:
        assert one.read_bytes().startswith(b"%PDF-")


WITHOUT = "import sys; sys.modules['typst'] = None; from rtcheck.__main__ import main; main()"


def test_without_the_package_pdf_is_refused_at_once(tmp_path):
    """Exit 2, the message says what to install, nothing is written, and nothing was measured first."""
    done = run(tmp_path, "report", STORED, "-o", "pdf=out.pdf", "-o", "csv=out.csv", code=WITHOUT)
    assert done.returncode == 2
    assert 'pip install "rtcheck[pdf]"' in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
    asked = ("check", "nowhere", "--registry", "r.toml", "--protocol", "nct06946849", "-o", "pdf=out.pdf")
    done = run(tmp_path, *asked, code=WITHOUT)
    assert done.returncode == 2
    assert "rtcheck[pdf]" in done.stderr


def test_other_formats_need_no_further_package(tmp_path):
    """Where Typst is missing, everything else is written."""
    assert run(tmp_path, "report", STORED, "-o", "markdown=a.md", "-o", "csv=a.csv", code=WITHOUT).returncode == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.md"]
