"""Every finding code, raised by files and nearly raised by files, through the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtcheck.model.codes import CATALOGUE
from tests.acceptance.code_cases import CASES, ELSEWHERE
from tests.acceptance.code_kit import Case
from tests.acceptance.kit import Run, constraint, protocol_text, run
from tests.acceptance.trap_tools import CORD, PALLIATIVE
from tests.synthetic.simple import REGISTRY


def built(bench, case: Case, *, near: bool):
    """The export of a case, and the arguments of its command; ``{read_only}`` in them is a result that is there."""
    made = bench.build(**dict(case.near if near else case.trigger))
    if not near:
        files = {role: path.read_bytes() for role, path in made.files.items()}
        for name, write in case.extra.items():
            (made.folder / name).write_bytes(write(files))
    old = made.folder.parent / "old.json"
    old.write_text("{}", encoding="utf-8")
    old.chmod(0o444)
    given = case.near_args if near else case.args
    return made, tuple(part.replace("{read_only}", str(old)) for part in given)


def run_case(bench, case: Case, *, near: bool) -> Run:
    """Build the export of a case and run its command."""
    made, arguments = built(bench, case, near=near)
    if case.command == "dvh":
        return bench.dvh(*arguments, export=made.folder)
    protocol = (case.near_protocol if near else None) or case.protocol
    registry = (case.near_registry if near else None) or case.registry
    return bench.check(*arguments, export=made.folder, protocol=protocol, registry=registry, judged=False)


def test_every_code_has_a_case():
    """Each code of the catalogue is raised from files here, or it says where and why not."""
    assert set(CASES) | set(ELSEWHERE) == set(CATALOGUE)
    assert not set(CASES) & set(ELSEWHERE)
    for module, reason in ELSEWHERE.values():
        assert reason
        assert not module or (Path(__file__).parents[2] / module).is_file()


@pytest.mark.parametrize("code", CASES)
def test_trigger(bench, code):
    """The export raises the code with its severity, and nothing passes that it should stop."""
    case = CASES[code]
    result = run_case(bench, case, near=False)
    assert case.severity in result.severity(code), result.text
    if case.command == "check":
        assert result.verdict is None or case.severity != "F", result.text
        assert result.verdict != "PASS" or case.severity == "I", result.text


@pytest.mark.parametrize("code", CASES)
def test_near_miss(bench, code):
    """An export that comes near does not raise the code, and is judged: no other refusal hides it."""
    result = run_case(bench, CASES[code], near=True)
    assert CASES[code].command == "dvh" or result.verdict is not None, result.text
    assert result.severity(code) <= ({"I"} if CASES[code].near_note else set()), result.text


PLAIN_PROTOCOLS = {CORD, *(protocol_text(constraint(name), coverage=False) for name in ("c", "cord"))}


@pytest.mark.parametrize("code", CASES)
def test_near_misses_come_near(bench, code):
    """No near miss is the plain export with a plain registry and protocol: each has something that nearly is it."""
    case = CASES[code]
    made, _ = built(bench, case, near=True)
    plain = {path.name: path.read_bytes() for path in bench.standard.folder.iterdir()}
    same = {path.name: path.read_bytes() for path in made.folder.iterdir()} == plain
    protocol, registry = case.near_protocol or case.protocol, case.near_registry or case.registry
    usual = protocol in PLAIN_PROTOCOLS and registry in (PALLIATIVE, REGISTRY)
    assert not (same and usual and case.near_args in ((), case.args)), "the near miss is the plain export"


@pytest.mark.parametrize("code", CATALOGUE)
def test_explain(code):
    """`rtcheck explain` says of every code what it means, why it matters, what to do, and on what it rests."""
    result = run("explain", code)
    assert result.code == 0
    record = CATALOGUE[code]
    shown = " ".join(result.out.split())
    for text in (code, record.title, record.why, record.fix, record.reference):
        assert text
        assert " ".join(text.split()) in shown
