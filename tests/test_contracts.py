"""The import contracts of pyproject.toml hold, and can fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def lint_imports(folder):
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run([sys.executable, "-c", code, "--no-cache"], cwd=folder, env=environment,
                          capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The package and its settings in a folder of their own, where a module may be broken."""
    folder = tmp_path_factory.mktemp("contracts")
    shutil.copytree(ROOT / "rtcheck", folder / "rtcheck", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_imports_go_downwards_only():
    """Layers, forbidden libraries and the ban on importing the root package all hold."""
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(("module", "statement", "contract"), [
    ("geometry/broken.py", "import rtcheck.rules.verdict", "Imports go downwards only"),
    ("check_later.py", "", "Imports go downwards only"),
    ("model/broken.py", "import pathlib", "The core knows no files"),
    ("rules/broken.py", "import pydicom", "pydicom only in dicom"),
    ("render/broken.py", "import click", "click only in cli"),
    ("render/broken.py", "import rtcheck.geometry.solid", "A judgement sees no voxels"),
    ("dvh/broken.py", "import rtcheck.model.structure", "A metric sees no contours"),
    ("rules/broken.py", "import rtcheck", "Inside the package import from the defining module"),
])
def test_each_contract_can_fail(copy, module, statement, contract):
    """A module that breaks a contract is caught by that contract; so is one that has no place in the layers."""
    path = copy / "rtcheck" / module
    path.write_text(f"{statement}\n", encoding="utf-8")
    try:
        done = lint_imports(copy)
    finally:
        path.unlink()
    assert done.returncode != 0
    output = " ".join(done.stdout.split())
    if statement:
        assert f"{contract}" in output
        assert "BROKEN" in output
        broken = [line for line in done.stdout.splitlines() if line.endswith("BROKEN")]
        assert any(line.startswith(contract) for line in broken), done.stdout
