"""The constraint files are found from a wheel, from an editable install and from a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = sorted(path.stem for path in (ROOT / "constraints").glob("*.toml") if path.stem not in ("names", "sources"))


def run(*arguments, cwd, **environment):
    return subprocess.run([sys.executable, *map(str, arguments)], cwd=cwd, env={**os.environ, **environment},
                          capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from this tree without network."""
    folder = tmp_path_factory.mktemp("wheel")
    done = run("-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The wheel installed into a folder of its own; its dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("installed")
    done = run("-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", folder, wheel, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def names_listed(done):
    assert done.returncode == 0, done.stderr
    return sorted(line.split()[0] for line in done.stdout.splitlines() if not line.startswith(" "))


def test_the_wheel_holds_every_constraint_file_and_no_tests(wheel):
    """All of constraints/ is in the wheel, and neither tests nor sample patients are."""
    names = zipfile.ZipFile(wheel).namelist()
    for path in (ROOT / "constraints").rglob("*.toml"):
        assert f"rtcheck/constraints/{path.relative_to(ROOT / 'constraints').as_posix()}" in names
    assert "rtcheck/py.typed" in names
    for path in (ROOT / "rtcheck" / "render" / "html").iterdir():
        assert f"rtcheck/render/html/{path.name}" in names
    assert not [name for name in names if name.startswith(("tests/", "sample_dicom/", "constraints/"))]


def test_protocols_are_found_from_the_wheel(installed, tmp_path):
    """An installed wheel lists the shipped files from any folder."""
    done = run("-P", "-m", "rtcheck", "protocol", "list", cwd=tmp_path, PYTHONPATH=str(installed))
    assert names_listed(done) == SHIPPED
    place = run("-P", "-c", "import rtcheck; print(rtcheck.__file__)", cwd=tmp_path, PYTHONPATH=str(installed))
    assert Path(place.stdout.strip()).is_relative_to(installed), "the wheel was not what ran"


def test_protocols_are_found_from_a_checkout(tmp_path):
    """The tree itself, as an editable install sees it, lists the same files."""
    done = run("-P", "-m", "rtcheck", "protocol", "list", cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert names_listed(done) == SHIPPED


def test_protocols_are_found_from_an_editable_install(tmp_path):
    """An editable install, made apart, lists the same files."""
    pytest.importorskip("editables", reason="the dev group brings it; without it no editable install can be built")
    done = run("-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-build-isolation", "--target",
               tmp_path / "at", "-e", ROOT, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    code = (f"import site, sys; site.addsitedir({str(tmp_path / 'at')!r}); "
            "sys.argv = ['rtcheck', 'protocol', 'list']; from rtcheck.__main__ import main; main()")
    assert names_listed(run("-P", "-c", code, cwd=tmp_path)) == SHIPPED
