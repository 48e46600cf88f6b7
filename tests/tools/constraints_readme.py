"""``constraints/README.md``: counts, what is read differently, and every row that is not judged as the table has it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.tools.constraint_rows import (
    ALWAYS,
    REMARKS,
    anchor_id,
    not_a_constraint,
    priority,
    unexpressed,
)
from tests.tools.constraint_sets import SET_FILES, reason_left_out, set_rows, sources_with_rows, trial_files
from tests.tools.evidence import Evidence, Row

__all__ = ["readme"]

_SECOND_HAND = ("secondary-source", "memory", "site-default")


def readme(evidence: Evidence) -> str:
    """The page."""
    rows = list(evidence.rows.values())
    by_source = sources_with_rows(evidence)
    constraints = [row for row in rows if not_a_constraint(row) is None]
    rules = [row for row in rows if reason_of_rule(row)]
    listed = [row for row in rows if not_a_constraint(row) is not None and row not in rules]
    memory = [row for row in constraints if row["confidence"] == "memory"]
    shown = _grouped((row["condition"], row) for row in constraints if unexpressed(row))
    equal = [row for row in constraints if row["comparator"] == "=" and not unexpressed(row)]
    different = [f"- `{key}`: {why}." for key, why in ALWAYS.items()]
    different += [f"- `{row['id']}`: {REMARKS[row['condition']]}." for row in rows if row["condition"] in REMARKS]
    with_rows = {row["source_key"] for each in by_source.values() for row in each}
    template = (Path(__file__).parent / "constraints_readme.md").read_text(encoding="utf-8")
    return template.format(
        sets=_sets_table(evidence),
        rows=len(rows),
        constraints=_count(constraints),
        files=len(by_source),
        example=Path(next(iter(by_source))).stem,
        sources="\n".join(_source_line(file, each) for file, each in sorted(by_source.items())),
        cited=", ".join(sorted(each["source_key"] for each in evidence.sources if each["source_key"] not in with_rows)),
        optimal_5=_optimal_only(evidence, 5),
        optimal_15=_optimal_only(evidence, 15),
        different="\n".join(different),
        anchors=", ".join(_anchors(rows)),
        memory_count=len(memory),
        memory=_listed(memory),
        shown="\n".join(f"- {condition}:\n{_listed(each)}" for condition, each in shown.items()),
        equal_count=len(equal),
        equal=_listed(equal),
        listed="\n".join(_whole(row) for row in listed),
        rule=_listed(rules),
        left_out=_left_out(evidence),
    )


def reason_of_rule(row: Row) -> bool:
    """Whether a row is a rule of the trial itself on the patient."""
    return row["structure"] == "(patient)" and row["source_key"] == "NCT06946849"


def _sets_table(evidence: Evidence) -> str:
    lines = []
    for file, rows in set_rows(evidence).items():
        what = SET_FILES[file]
        kept = [row for row in rows if not_a_constraint(row) is None]
        mark = " *" if file in trial_files() else ""
        of = ", ".join(what.of) if len(what.of) < 3 else "all but the function and conformity sets"
        lines.append(f"| `{file}`{mark} | {_count(kept)} | {sum(priority(row) == 'mandatory' for row in kept)} | "
                     f"{', '.join(name.removesuffix('.toml') for name in what.include)} | {of} |")  # fmt: skip
    return "\n".join(lines)


def _source_line(file: str, rows: list[Row]) -> str:
    kept = [row for row in rows if not_a_constraint(row) is None]
    mandatory = sum(priority(row) == "mandatory" for row in kept)
    second = _count([row for row in kept if row["confidence"] in _SECOND_HAND])
    return f"| `{file}` | {_count(kept)} | {mandatory} | {second} |"


def _count(rows: list[Row]) -> int:
    """Constraints that some rows make."""
    return len({anchor_id(row) or row["id"] for row in rows})


def _anchors(rows: list[Row]) -> list[str]:
    found: dict[str, int] = {}
    for row in rows:
        key = anchor_id(row)
        if key:
            found[key] = found.get(key, 0) + 1
    return [f"`{key}` ({count} rows)" for key, count in found.items()]


def _grouped(pairs: Iterable[tuple[str, Row]]) -> dict[str, list[Row]]:
    out: dict[str, list[Row]] = {}
    for key, row in pairs:
        out.setdefault(key, []).append(row)
    return dict(sorted(out.items()))


def _listed(rows: list[Row]) -> str:
    return "\n".join(f"  - `{row['id']}`" for row in rows)


def _whole(row: Row) -> str:
    fields = "\n".join(f"  - {key}: {value}" for key, value in row.items() if value and key != "id")
    return f"- `{row['id']}`: {not_a_constraint(row)}\n{fields}"


def _left_out(evidence: Evidence) -> str:
    names = {name for file in trial_files() for name in SET_FILES[file].of}
    keys = dict.fromkeys(key for name in sorted(names) for key in evidence.sets[name])
    pairs = ((reason_left_out(evidence.rows[key]), evidence.rows[key]) for key in keys)
    groups = _grouped((reason, row) for reason, row in pairs if reason is not None)
    return "\n".join(f"- {reason} ({len(rows)}):\n{_listed(rows)}" for reason, rows in groups.items())


def _optimal_only(evidence: Evidence, count: int) -> str:
    """Structures of the trial's protocol with a row but no mandatory one at a fraction count."""
    files = {*trial_files(), *(name for file in trial_files() for name in SET_FILES[file].include)}
    rows = [row for file, each in set_rows(evidence).items() if file in files for row in each
            if int(row["fractions_min"]) <= count <= int(row["fractions_max"])]  # fmt: skip
    mandatory = {row["structure"] for row in rows if priority(row) == "mandatory"}
    return ", ".join(sorted({row["structure"] for row in rows} - mandatory)) or "none"
