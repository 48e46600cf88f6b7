"""The README tells the truth: its commands exist and run, and every command is in it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from rtcheck.cli.main import rtcheck, run

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SAMPLE = ROOT / "sample_dicom" / "icc-0001" / "export"
CONSOLE = [line[2:] for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
           for line in block.splitlines() if line.startswith("$ ")]
SHELL = [block.strip() for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)]
EXPECTED = {"icc-0002/export --registry": 1, "--protocol nct06946849": 3}
"""Exit codes of the walk other than 0, by a piece of the command."""


def commands(group=rtcheck, prefix=()):
    """Every command with its words."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*prefix, name))
        else:
            yield (*prefix, name), command


COMMANDS = dict(commands())


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_is_in_the_readme(words):
    """The table of commands names each command and each of its options."""
    (row,) = [line for line in README.splitlines() if line.startswith(f"| `rtcheck {' '.join(words)}")]
    for parameter in COMMANDS[words].params:
        if isinstance(parameter, click.Option):
            assert any(option in row for option in parameter.opts), parameter.opts


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_says_what_it_does(words):
    """Each command has help, and so does each option."""
    assert COMMANDS[words].help
    assert all(parameter.help for parameter in COMMANDS[words].params if isinstance(parameter, click.Option))


def test_every_option_in_the_readme_exists():
    """No option is promised that the program does not have."""
    promised = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README))
    has = {option for command in COMMANDS.values() for parameter in command.params for option in parameter.opts}
    assert promised - has <= {"--help", "--version", "--group"}


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample patients are not built")
@pytest.mark.parametrize("line", CONSOLE)
def test_the_walk_runs(line, monkeypatch, capfd):
    """Each command of the walk ends with the exit code the README lets expect."""
    monkeypatch.chdir(ROOT)
    words = shlex.split(line)
    assert words[0] == "rtcheck"
    expected = next((code for piece, code in EXPECTED.items() if piece in line), 0)
    assert run(words[1:]) == expected, capfd.readouterr().err


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample patients are not built")
def test_the_first_command_passes_and_writes_its_result(tmp_path):
    """The check in the README's first command ends in PASS and writes the file it names."""
    words = shlex.split(SHELL[0].rpartition("&&")[2])
    assert words[0] == ".venv/bin/rtcheck"
    at = words.index("-o") + 1
    words[at] = f"json={tmp_path / 'result.json'}"
    done = subprocess.run([sys.executable, "-m", "rtcheck", *words[1:]], cwd=ROOT, capture_output=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert b"\nPASS " in done.stdout
    assert '"verdict": "PASS"' in (tmp_path / "result.json").read_text(encoding="utf-8")


def test_ci_runs_the_test_command_of_the_readme():
    """.ci/run sets up and tests exactly as the README says."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (command,) = [block for block in SHELL if block.endswith(".venv/bin/pytest -n 2")]
    assert command.replace("python3", '"$PYTHON"') in script


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample patients are not built")
def test_the_python_of_the_readme_runs():
    """The same call from Python gives the verdict."""
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.stdout.split() == ["PASS", "0"], done.stderr


def test_the_map_names_what_is_there():
    """Every path in the map exists, and every folder of the package is in it."""
    table = README[README.index("## Map of the house"):]
    for name in re.findall(r"^\| `([a-z_./]+)`", table, re.MULTILINE):
        assert (ROOT / name).exists(), name
    for folder in (path for path in (ROOT / "rtcheck").iterdir() if (path / "__init__.py").is_file()):
        assert f"`rtcheck/{folder.name}/`" in table


def test_the_public_names_are_sorted_and_exist():
    """What the package offers is listed once, in order, and each name can be imported."""
    import rtcheck as package

    assert sorted(package.__all__) == list(package.__all__)
    for name in package.__all__:
        assert getattr(package, name) is not None
    assert callable(package.check)
    with pytest.raises(AttributeError):
        package.nonsense


def test_the_function_check_is_not_hidden_by_its_module():
    """`from rtcheck import check` gives the function, whatever was imported before."""
    code = ("import rtcheck.check; from rtcheck import check; assert callable(check); "
            "from rtcheck.check import Settings; from rtcheck import check; assert callable(check)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
