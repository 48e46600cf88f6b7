"""Write ``constraints/`` (all but names.toml) from the evidence tables.

    python -m tests.tools.generate_constraints [EVIDENCE] [OUTPUT]

EVIDENCE is the folder of constraints.csv, default_sets.csv and sources.csv (default: ../shared/evidence), OUTPUT the
folder to write (default: constraints). No limit is typed here: every number of a limit comes out of the tables, the
bounds of the lung-function tiers out of the words of their conditions; only the lesion counts are the trial's text.
A row that cannot be judged as the table means it is shown and not judged, and its note says why; a row that can be no
constraint is listed in the README with all its fields. Tests compare the output with the committed files and every
row with what is loaded from them.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from tests.tools.constraint_rows import entries, pair
from tests.tools.constraint_sets import SET_FILES, set_rows, sources_with_rows, trial_files
from tests.tools.constraints_readme import readme
from tests.tools.evidence import Evidence, Row
from tests.tools.lung_tiers import TIER_TEXT, lung_tiers
from tests.tools.trial_examples import trial_examples

__all__ = ["FEV1_RULE", "ROOT", "generate", "main"]

ROOT = Path(__file__).resolve().parents[2]

FEV1_RULE = "NCT06946849.1-40fx.patient.FEV1"
"""The row that is a rule of the trial on the patient."""

CITED = """Citation, edition and how each source was checked: sources.toml, by the key in `source`.
Transcribed by: generated from the evidence tables by tests/tools/generate_constraints.py; do not edit by hand.
Checked by: nobody yet. Check every row against the original before a site approves its copy."""

SOURCE_TEXT = """All limits that the evidence tables took from this source, at every fraction count.
The set files hold some of these rows: include the one or the other, not both."""


def comment(text: str) -> str:
    """A text as comment lines."""
    return "\n".join(f"# {line}".rstrip() for line in text.splitlines())


def _top(file: str, title: str, include: tuple[str, ...] = ()) -> str:
    names = ", ".join(f'"{name}"' for name in include)
    return "\n".join([
        'schema = "rtcheck.protocol/1"',
        pair("id", Path(file).stem),
        pair("title", title),
        'version = "0.1.0"',
        'status = "draft"',
        *([f"include = [{names}]"] if include else []),
    ])  # fmt: skip


def set_file(file: str, rows: list[Row], evidence: Evidence) -> str:
    """A set of constraints."""
    what = SET_FILES[file]
    keys = ", ".join(sorted({row["source_key"] for row in rows}))
    head = comment(f"{what.title}.\nSources: {keys}.\n{CITED}")
    tables = []
    if any("LF-" in row["id"] for row in rows):
        tables.append(_tiers(rows))
    if any(row["id"] == FEV1_RULE for row in rows):
        tables.append(_fev1_rule(evidence, FEV1_RULE))
    return "\n\n".join([head, _top(file, what.title, what.include), *tables, *entries(rows)]) + "\n"


def source_file(file: str, rows: list[Row], evidence: Evidence) -> str:
    """All constraints of one source."""
    (entry,) = (each for each in evidence.sources if each["source_key"] == rows[0]["source_key"])
    words = [entry["full_citation"], f"{entry['year']}. {entry['doi_or_pmid']}", f"Verified: {entry['how_verified']}"]
    head = comment("\n".join(
        [*(line for text in words for line in textwrap.wrap(text, 116, break_long_words=False)), SOURCE_TEXT, CITED]
    ))  # fmt: skip
    tables = [_tiers(rows)] if any("LF-" in row["id"] for row in rows) else []
    title = f"Limits of {entry['source_key']}: {entry['full_citation']}"
    return "\n\n".join([head, _top(file, title), *tables, *entries(rows)]) + "\n"


def _tiers(rows: list[Row]) -> str:
    return comment(TIER_TEXT) + "\n" + lung_tiers(rows)


def _fev1_rule(evidence: Evidence, rule_id: str) -> str:
    gate = evidence.rows[FEV1_RULE]
    if (gate["metric"], gate["comparator"]) != ("FEV1[L]", ">"):
        raise SystemExit("the FEV1 rule is worded differently than expected")
    words = comment(f"{gate['id']} ({gate['confidence']}): {gate['condition']}.")
    return f"""{words}
[[eligibility]]
{pair("id", rule_id)}
criterion = "inclusion 8"
text = "FEV1 above {gate["limit_value"]} l, where lung function is impaired or suspected to be and the lung is at risk"
requires = {{ fev1_l = {{ above = {gate["limit_value"]} }} }}
when = {{ impaired = ["known", "suspected"], lung_at_risk = true }}
bears_on = "plan\""""


def sources_file(evidence: Evidence) -> str:
    """All citations of the evidence."""
    head = comment("Citations, and how each was checked. Generated from the evidence tables by "
                    "tests/tools/generate_constraints.py;\ndo not edit by hand. A site adds its own in a sources.toml "
                    "beside its protocol or as [sources.KEY] in it.")  # fmt: skip
    tables = []
    for row in evidence.sources:
        lines = [f"[sources.{row['source_key']}]", pair("citation", row["full_citation"])]
        lines += [pair(key, row[column]) for key, column in
                  (("year", "year"), ("reference", "doi_or_pmid"), ("verified", "how_verified"))
                  if row[column] not in ("", "n/a")]  # fmt: skip
        tables.append("\n".join(lines))
    return "\n\n".join([head, 'schema = "rtcheck.sources/1"', *tables]) + "\n"


def protocol_file(evidence: Evidence) -> str:
    """The first protocol: the trial's own rules, and the sets."""
    head = comment(f"""Consolidative radiotherapy in oligometastatic or locally advanced intrahepatic
cholangiocarcinoma, ClinicalTrials.gov NCT06946849. The registry entry gives no dose and no organ limit: the sets
included here are published limits and proposals, for a physicist to edit and approve. Not for clinical use as it is.
{CITED}
Covers plans of 5 and of 15 fractions. What was left out, and why: README.md beside this file.""")
    include = "\n".join(f'  "{file}",' for file in ("nct06946849-eligibility.toml", *trial_files()))
    title = "Consolidative radiotherapy in oligometastatic or locally advanced ICC"
    return f"""{head}

schema = "rtcheck.protocol/1"
id = "nct06946849"
{pair("title", title)}
version = "0.1.0"
status = "draft"
include = [
{include}
]

[lesions]
criterion = "inclusion 4"
max_total = 5
max_per_organ = 3
regional_nodes_count_as_one = true
min_measurable = 1

[conventions]
structure_model = "prism"
undecided = "review"

[trial]
id = "NCT06946849"
consolidative_arms = ["2L+RT"]

{_fev1_rule(evidence, "NCT06946849.inclusion-8.FEV1")}

# The evidence's liver rule: Child-Pugh C never passes by itself. The trial states no Child-Pugh limit.
[[eligibility]]
id = "SITE-DEFAULT.child-pugh-C"
text = "Child-Pugh class A or B; C is the physicians' decision"
requires = {{ child_pugh = ["A", "B"] }}
bears_on = "record"

# Examples: `rtcheck protocol test nct06946849` runs them. Their numbers are those of the evidence.

{trial_examples(evidence)}
"""


def generate(evidence_folder: Path) -> dict[str, str]:
    """Every generated file by its path in the output folder."""
    evidence = Evidence(evidence_folder)
    out = {file: set_file(file, rows, evidence) for file, rows in set_rows(evidence).items()}
    out |= {file: source_file(file, rows, evidence) for file, rows in sources_with_rows(evidence).items()}
    out["sources.toml"] = sources_file(evidence)
    out["nct06946849.toml"] = protocol_file(evidence)
    out["README.md"] = readme(evidence)
    return out


def main(arguments: list[str]) -> None:
    """Write the files, and remove those that are written no more."""
    folder = Path(arguments[0]) if arguments else ROOT.parent / "shared" / "evidence"
    output = Path(arguments[1]) if len(arguments) > 1 else ROOT / "constraints"
    (output / "sources").mkdir(parents=True, exist_ok=True)
    texts = generate(folder)
    for name, text in texts.items():
        (output / name).write_text(text, encoding="utf-8", newline="\n")
    for path in (output / "sources").glob("*.toml"):
        if f"sources/{path.name}" not in texts:
            path.unlink()


if __name__ == "__main__":
    main(sys.argv[1:])
