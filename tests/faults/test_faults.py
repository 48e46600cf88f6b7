"""Every operation that can fail is made to fail once: the exit code says so, and nothing partial stands as a result."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.acceptance.kit import run
from tests.faults.inject import Fault, fail_the
from tests.mutation.harness import Workbench
from tests.mutation.seeds import build

CODES = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EACCES": errno.EACCES, "ENOMEM": errno.ENOMEM}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A small patient on disk, and what a check of it gives when nothing fails."""
    root = tmp_path_factory.mktemp("faults")
    build("explicit").write(root)
    with Workbench():
        for _ in range(2):  # the second time nothing is imported any more
            check(root, None)
        yield root


def check(root: Path, fault: Fault | None):
    """Run the check with two results to store; return exit code, results by name, and what else was left behind."""
    out = root / "out"
    out.mkdir(exist_ok=True)
    for path in out.iterdir():
        path.unlink()
    arguments = ["check", root / "export", "--registry", root / "registry.toml", "--jobs", 1,
                 "--protocol", root / "protocol.toml", "--format", "json", "-o", f"json={out / 'r.json'}",
                 "-o", f"junit={out / 'r.xml'}"]  # fmt: skip
    if fault is None:
        result = run(*arguments)
    else:
        with fail_the(fault):
            result = run(*arguments)
    return result, {path.name: path.read_bytes() for path in out.iterdir()}


def expected_exits(root: Path, fault: Fault) -> set[int]:
    """Exit codes that are right for what failed."""
    place = Path(fault.place)
    if fault.kind == "memory":
        return {4, 5}
    if place.is_relative_to(root / "export"):
        return {4}
    if place.suffix == ".toml" and "out" not in place.parts:
        return {2}
    return {5}


def account(root: Path, whole, fault: Fault) -> list[str]:
    """Run with a fault; return what is wrong with how that ended."""
    base, stored = whole
    result, found = check(root, fault)
    if fault.struck and fault.place.endswith("METADATA") and result.code == base.code:
        # The version of a package cannot be told: the report says so and is the same otherwise.
        return [] if without_versions(result) == without_versions(base) else ["another result without METADATA"]
    label = f"{fault.kind} {fault.number} ({fault.place})"
    wrong = []
    if not fault.struck:
        return [] if result.code == base.code and found == stored else [f"{label}: not reached, and another result"]
    if result.code == base.code:
        if result.out != base.out or found != stored:
            wrong.append(f"{label}: exit {result.code} with another result")
    elif result.code not in expected_exits(root, fault):
        wrong.append(f"{label}: exit {result.code} {result.err[:200]}")
    if result.code != base.code and result.out:
        document = json.loads(result.out)
        if document["verdict"] is not None or not document["findings"]:
            wrong.append(f"{label}: a verdict on standard output")
    wrong += [f"{label}: {problem}" for problem in partial(found, stored)]
    return wrong


def without_versions(result):
    document = json.loads(result.out)
    return {key: document[key] for key in ("verdict", "exit_code", "case", "lesions", "outcomes", "findings")}


def partial(found: dict[str, bytes], stored: dict[str, bytes]) -> list[str]:
    """Files under the folder of results that are neither the whole result nor a whole refusal."""
    wrong = []
    for name, data in found.items():
        if name not in stored:
            wrong.append(f"{name} was left behind")
        elif data != stored[name]:
            try:
                if name.endswith(".json"):
                    if json.loads(data)["verdict"] is not None:
                        wrong.append(f"{name} has another verdict")
                else:
                    ET.fromstring(data)
            except (ValueError, ET.ParseError, KeyError) as error:
                wrong.append(f"{name} is partial: {error}")
    return wrong


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kind", ["open", "write", "fsync", "rename"])
def test_each_operation_fails_once(bench, kind, code):
    """The first, the second, ... the last operation of each kind fails: the exit is not that of a result."""
    whole = check(bench, None)
    wrong, number, struck = [], 0, []
    while True:
        fault = Fault(kind, number, CODES[code])
        wrong += account(bench, whole, fault)
        if not fault.struck:
            break
        struck.append(fault.place)
        number += 1
    assert wrong == []
    assert len(struck) >= {"open": 9, "write": 2, "fsync": 4, "rename": 2}[kind], struck


def calls(bench) -> int:
    """Calls of functions of the package during one check."""
    fault = Fault("memory", 1 << 60)
    with fail_the(fault):
        check_inside = run("check", bench / "export", "--registry", bench / "registry.toml", "--protocol",
                           bench / "protocol.toml", "--jobs", 1, "--format", "json")  # fmt: skip
    assert check_inside.code == 0
    return fault.count


def test_memory_runs_out_here_and_there(bench):
    """A sample of the calls of a check run out of memory."""
    whole, total = check(bench, None), calls(bench)
    assert total > 1000
    assert [problem for number in range(3, total, total // 25) for problem in account(
        bench, whole, Fault("memory", number))] == []  # fmt: skip


BLOCKS = 16


@pytest.mark.slow
@pytest.mark.parametrize("block", range(BLOCKS))
def test_memory_runs_out_everywhere(bench, block):
    """Every call of a check runs out of memory once; each block has every sixteenth of them."""
    whole, total = check(bench, None), calls(bench)
    numbers = range(block, total + 50, BLOCKS)
    wrong = [problem for number in numbers for problem in account(bench, whole, Fault("memory", number))]
    print(f"block {block}: {len(numbers)} of {total} calls", flush=True)
    assert wrong == []


def test_standard_output_is_full(bench):
    """A full standard output is an error, with the exit code of one, and no result is taken for printed."""
    from tests.acceptance.kit import run_process

    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    import subprocess
    import sys

    arguments = ["check", bench / "export", "--registry", bench / "registry.toml", "--protocol",
                 bench / "protocol.toml"]  # fmt: skip
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-m", "rtcheck", *map(str, arguments)], stdout=full,
                              stderr=subprocess.PIPE, check=False)  # fmt: skip
    assert done.returncode == 5
    assert b"RTD903" in done.stderr
    assert run_process(*arguments).code == 0
