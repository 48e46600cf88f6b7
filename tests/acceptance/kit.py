"""How the acceptance tests drive rtcheck: from outside, by command line and files, and what they expect of every run.

Nothing here imports anything of rtcheck but its public entry point. Protocol and registry files are written as text
from plain dictionaries, so that a test shows only what it is about.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import datetime as dt
import io
import json
import operator
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.synthetic.dicom import rt_dose, rt_plan, uid
from tests.synthetic.simple import GRID, REGISTRY, SimpleCase, simple_case

__all__ = [
    "ABSENT",
    "BETTER",
    "COVERAGE",
    "LESIONS",
    "Bench",
    "Run",
    "constraint",
    "cord_limit",
    "judge",
    "protocol_text",
    "registry_text",
    "run",
    "run_process",
    "toml",
    "volume_of",
]

ABSENT = object()
"""Takes a key out of a registry or protocol table."""

BETTER = {"PASS": 3, "REVIEW": 2, "INCOMPLETE": 1, "FAIL": 0, None: 0}
"""How near a verdict is to PASS."""

EXIT_OF = {"PASS": 0, "FAIL": 1, "REVIEW": 3, "INCOMPLETE": 3}

COVERAGE: dict[str, Any] = {
    "id": "cov",
    "structure": "@lesion.ptv",
    "metric": "V100%[%]",
    "goal": ">= 95 %",
    "variation": ">= 90 %",
    "priority": "mandatory",
    "source": "SITE-DEFAULT",
}

LESIONS: list[dict[str, Any]] = [
    {
        "id": "L1", "organ": "liver", "kind": "primary", "status": "active", "measurable": True,
        "gtv": ["GTV_L1"], "ptv": ["PTV_L1"], "dose_gy": 50.0, "fractions": 5,
    },
    {
        "id": "L2", "organ": "lung", "kind": "organ_metastasis", "status": "active", "measurable": True,
        "gtv": ["GTV_L2"], "ptv": ["PTV_L2"], "dose_gy": 50.0, "fractions": 5,
    },
]  # fmt: skip
"""The two lesions of the box patient."""

RECORD: dict[str, dict[str, Any]] = {
    "patient": {"id": "TEST-0001", "age": 61, "sex": "F", "ecog": 1},
    "trial": {"id": "NCT06946849", "arm": "2L+RT"},
    "lung": {
        "impaired": "no", "fev1_l": 2.4, "fev1_percent": 88,
        "prior_irradiation": False, "interstitial_disease": False, "home_oxygen": False,
    },
    "liver": {"child_pugh": "A"},
}  # fmt: skip


def toml(value: Any) -> str:
    """`value` as TOML: text, numbers, booleans, dates, lists, inline tables."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {toml(item)}" for key, item in value.items()) + " }"
    return "[" + ", ".join(toml(item) for item in value) + "]"


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)


def _table(header: str, values: Mapping[str, Any]) -> str:
    lines = [f"{_key(key)} = {toml(value)}" for key, value in values.items() if value is not ABSENT]
    return "\n".join([header, *lines, ""])


def constraint(name: str, **changes: Any) -> dict[str, Any]:
    """A constraint that the cord of the box patient meets (2 Gy everywhere in it), with changes."""
    values = {
        "id": name, "structure": "SpinalCord", "metric": "Max[Gy]", "goal": "<= 10 Gy",
        "priority": "mandatory", "source": "SITE-DEFAULT",
    }  # fmt: skip
    values.update(changes)
    return {key: value for key, value in values.items() if value is not ABSENT}


def cord_limit(name: str, *, met: bool, **changes: Any) -> dict[str, Any]:
    """A limit on the cord that the 2 Gy in it keep, or break."""
    return constraint(name, goal="<= 10 Gy" if met else "<= 1 Gy", **changes)


def volume_of(name: str, structure: str, **changes: Any) -> dict[str, Any]:
    """A report-only row with the volume of a structure expression."""
    return constraint(name, structure=structure, metric="Volume[cc]", goal=ABSENT, priority="report", **changes)


def protocol_text(
    *constraints: Mapping[str, Any],
    coverage: bool = True,
    top: Mapping[str, Any] | None = None,
    lesions: Mapping[str, Any] | None = None,
    trial: Mapping[str, Any] | None = None,
    conventions: Mapping[str, Any] | None = None,
    tiers: Iterable[Mapping[str, Any]] = (),
    eligibility: Iterable[Mapping[str, Any]] = (),
) -> str:
    """A protocol file, approved, with the coverage constraint and `constraints`."""
    head = {
        "schema": "rtcheck.protocol/1", "id": "acceptance", "title": "Acceptance", "version": "1.0.0",
        "status": "approved", "approved_by": "the tests", "approved_on": dt.date(2026, 3, 2),
    }  # fmt: skip
    head.update(top or {})
    parts = [_table("", head)]
    for name, table in (("lesions", lesions), ("trial", trial), ("conventions", conventions)):
        if table is not None:
            parts.append(_table(f"[{name}]", table))
    parts += [_table("[[tier]]", tier) for tier in tiers]
    parts += [_table("[[eligibility]]", rule) for rule in eligibility]
    parts += [_table("[[constraint]]", row) for row in ([COVERAGE] if coverage else []) + list(constraints)]
    return "\n".join(parts)


def registry_text(
    *,
    lesions: Iterable[Mapping[str, Any]] | None = None,
    plans: Iterable[Mapping[str, Any]] = (),
    prior_courses: Iterable[Mapping[str, Any]] = (),
    schema: Any = "rtcheck.registry/1",
    **tables: Mapping[str, Any] | object,
) -> str:
    """The registry file of the box patient; a table given changes or adds keys, ABSENT takes it (or a key) out."""
    record: dict[str, Any] = copy.deepcopy(RECORD)
    for name, change in tables.items():
        if change is ABSENT:
            record.pop(name, None)
        else:
            record.setdefault(name, {}).update(change)
    parts = [] if schema is ABSENT else [f"schema = {toml(schema)}\n"]
    parts += [_table(f"[{name}]", values) for name, values in record.items()]
    parts += [_table("[[lesion]]", values) for values in (LESIONS if lesions is None else lesions)]
    parts += [_table("[[plan]]", values) for values in plans]
    parts += [_table("[[prior_course]]", values) for values in prior_courses]
    return "\n".join(parts)


def judge(low: float, value: float, high: float, comparator: str, goal: float, variation: float | None) -> str:
    """§6 in a few lines: judged at the value and at both ends of its interval; where they differ, undecided."""
    keeps: dict[str, Callable[[float, float], bool]] = {
        "<=": operator.le, "<": operator.lt, ">=": operator.ge, ">": operator.gt,
    }  # fmt: skip
    keep = keeps[comparator]

    def state(number: float) -> str:
        if keep(number, goal):
            return "MET"
        return "VARIATION" if variation is not None and keep(number, variation) else "VIOLATED"

    states = {state(number) for number in (low, value, high)}
    return states.pop() if len(states) == 1 else "UNDECIDED"


def _refuse_constant(text: str) -> Any:
    raise AssertionError(f"{text} in JSON output")


@dataclasses.dataclass(frozen=True)
class Run:
    """What one run of the program gave."""

    code: int
    out: str
    err: str
    argv: tuple[str, ...] = ()

    @property
    def doc(self) -> dict[str, Any]:
        """Standard output as one JSON document; NaN and Infinity are refused."""
        try:
            document = json.loads(self.out, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            raise AssertionError(f"no JSON document (exit {self.code}): {self.out[:300]!r} {self.err[:600]}") from error
        assert isinstance(document, dict)
        return document

    @property
    def verdict(self) -> str | None:
        """The verdict of the JSON document."""
        return self.doc["verdict"]

    @property
    def codes(self) -> set[str]:
        """All finding codes."""
        return {item["code"] for item in self.doc["findings"]}

    def severity(self, code: str) -> set[str]:
        """The severities with which `code` was found."""
        return {item["severity"] for item in self.doc["findings"] if item["code"] == code}

    def outcomes(self, name: str) -> list[dict[str, Any]]:
        """The outcomes of one constraint."""
        return [item for item in self.doc["outcomes"] if item["constraint"] == name]

    def outcome(self, name: str) -> dict[str, Any]:
        """The only outcome of one constraint."""
        found = self.outcomes(name)
        assert len(found) == 1, f"{len(found)} outcomes of {name}: {self.text}"
        return found[0]

    def state(self, name: str) -> str:
        """The outcome state of one constraint."""
        return self.outcome(name)["outcome"]

    def lesion(self, name: str) -> dict[str, Any]:
        """One lesion of the report."""
        return next(item for item in self.doc["lesions"] if item["id"] == name)

    @property
    def text(self) -> str:
        """A short account for assertion messages."""
        rows = [f"exit {self.code}"]
        with contextlib.suppress(AssertionError, KeyError):
            rows.append(f"verdict {self.doc['verdict']}")
            rows += [f"{f['code']} {f['severity']} {f['subject']}: {f['message']}" for f in self.doc["findings"]]
            rows += [f"{o['constraint']} {o['lesion']} {o['outcome']} {o['reason']}" for o in self.doc["outcomes"]]
            rows += [f"lesion {i['id']} {i['state']}" for i in self.doc["lesions"]]
        return "\n".join([*rows, self.err[-1500:]])


def run(*argv: object) -> Run:
    """Run the program inside this process through its entry point."""
    from rtcheck.__main__ import main

    arguments = tuple(map(str, argv))
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2)]
    before, code = sys.argv, 0
    sys.argv = ["rtcheck", *arguments]
    try:
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            try:
                returned = main()
                code = returned if isinstance(returned, int) else 0
            except SystemExit as stop:
                code = stop.code if isinstance(stop.code, int) else (0 if stop.code is None else 1)
    finally:
        sys.argv = before
    texts = []
    for stream in streams:
        stream.flush()
        texts.append(stream.buffer.getvalue().decode("utf-8"))  # type: ignore[attr-defined]
    assert "Traceback" not in texts[1], texts[1]
    return Run(code, texts[0], texts[1], arguments)


def run_process(*argv: object, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Run:
    """Run the program as a process of its own, as a script would."""
    arguments = tuple(map(str, argv))
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), **(env or {})}
    done = subprocess.run(
        [sys.executable, "-m", "rtcheck", *arguments], capture_output=True, env=environment, cwd=cwd, check=False
    )
    return Run(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8", "replace"), arguments)


def checked(result: Run) -> Run:
    """What holds for every judged run: exit code, verdict and document agree, and every number is finite."""
    document = result.doc
    assert document["schema"] == "rtcheck.report/1"
    assert document["exit_code"] == result.code, result.text
    if document["verdict"] is None:
        assert result.code in (2, 4), result.text
        assert document["findings"], "no verdict and no finding that says why"
        if result.code == 4:
            assert any(item["severity"] == "F" for item in document["findings"]), result.text
    else:
        assert result.code == EXIT_OF[document["verdict"]], result.text
        assert not any(item["severity"] == "F" for item in document["findings"]), result.text
    return result


class Bench:
    """A patient export in a folder, and checks of it with changing registries and protocols."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        self._standard: SimpleCase | None = None

    @property
    def standard(self) -> SimpleCase:
        """The box patient as built; PASS with its own registry and protocol."""
        if self._standard is None:
            self._standard = simple_case(self.folder / "standard")
        return self._standard

    def build(self, *, mutate: Callable[[dict[str, Any]], None] | None = None, **options: Any) -> SimpleCase:
        """Write another box patient; arguments as for `simple_case`."""
        self.count += 1
        return simple_case(self.folder / f"case{self.count}", mutate=mutate, **options)

    def two_plans(self, first: Any, second: Any, *, counts: tuple[int, int]) -> Path:
        """Export with two plans P1 and P2 on one structure set, each with its dose; `counts` are their fractions."""

        def build(datasets: dict[str, Any]) -> None:
            references = datasets["plan"].DoseReferenceSequence
            del datasets["plan"], datasets["dose"]
            for index, (dose, count) in enumerate(zip((first, second), counts, strict=True), 1):
                plan = rt_plan(seed="simple", fractions=count, label=f"P{index}", role=f"plan{index}")
                plan.DoseReferenceSequence = copy.deepcopy(references)
                datasets[f"plan{index}"] = plan
                datasets[f"dose{index}"] = rt_dose(
                    dose, GRID, seed="simple", role=f"dose{index}", plan_uids=[uid("simple", f"plan{index}")]
                )

        return self.build(mutate=build).folder

    def write(self, name: str, text: str) -> Path:
        """A file of its own for each call."""
        self.count += 1
        path = self.folder / f"{self.count}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def check(
        self,
        *arguments: object,
        protocol: str | Path | None = None,
        registry: str | Path | None = None,
        export: Path | None = None,
        judged: bool = True,
    ) -> Run:
        """Run ``check --format json`` on an export (the standard one if not given)."""
        registry_path = registry if isinstance(registry, Path) else self.write("registry.toml", registry or REGISTRY)
        if isinstance(protocol, Path):
            protocol_path = protocol
        else:
            protocol_path = self.standard.protocol if protocol is None else self.write("protocol.toml", protocol)
        result = run(
            "check", export or self.standard.folder, "--registry", registry_path, "--protocol", protocol_path,
            "--format", "json", *arguments,
        )  # fmt: skip
        return checked(result) if judged else result

    def dvh(self, *arguments: object, export: Path | None = None) -> Run:
        """Run ``dvh --format json``."""
        return run("dvh", export or self.standard.folder, "--format", "json", *arguments)
