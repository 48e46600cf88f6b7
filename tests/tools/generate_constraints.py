"""Write ``constraints/*.toml`` (all but names.toml) and ``constraints/README.md`` from the evidence tables.

    python tests/tools/generate_constraints.py [EVIDENCE] [OUTPUT]

EVIDENCE is the folder of constraints.csv, default_sets.csv and sources.csv (default: ../shared/evidence), OUTPUT the
folder to write (default: constraints). No limit is typed here: every number of a limit comes out of the tables, the
bounds of the lung-function tiers out of the words of their conditions; only the lesion counts are the trial's text.
A row that cannot be carried over exactly is left out and listed in the README with the reason, never bent. A test
compares the output with the committed files.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Row = dict[str, str]

FILES = {
    "coverage.toml": ("COVERAGE", "Target coverage, judged for each registered lesion"),
    "liver-function.toml": ("LIVER_FUNCTION", "Liver limits that depend on liver function, and the least liver left"),
    "lung-function.toml": ("LUNG_FUNCTION", "Lung limits by lung function (FEV1 tiers)"),
    "sbrt-5fx.toml": ("SBRT_5FX", "Organ limits for 5 fractions"),
    "liver-15fx.toml": ("LIVER_ICC_15FX", "Organ limits for 15 fractions, liver-directed"),
}
"""File, the proposed set it carries, its title. A row of several sets goes into the first file that has it."""

JUDGED = (
    "Lungs Heart Esophagus Stomach Duodenum Bowel_Small Colon SpinalCord Kidneys GreatVes Chestwall Skin "
    "BileDuct_Common Trachea"
)
STRUCTURES = {
    "Liver-GTV": "Liver - @gtv",
    "Lungs-GTV": "Lungs - @gtv",
    "PTV": "@lesion.ptv",
    "GTV": "@lesion.gtv",
    **{name: name for name in JUDGED.split()},
}
"""Structure of the evidence to structure expression: what this first protocol judges."""

NOT_YET = {
    "usually not contoured in the abdomen and thorax; next version": (
        "BrachialPlex CaudaEquina SacralPlex Rib Bronchus_Main Bronchus_Small Kidney_Cortex Kidney_Hilum SpinalCanal "
        "Gallbladder"
    ).split(),
    "needs a margin around the cord; next version": ["SpinalCord_PRV05"],
    "small and large bowel are judged as Bowel_Small and Colon here; next version": ["Bowel_Large"],
    "needs the two kidneys compared; next version": ["Kidney_L|Kidney_R"],
}

CONDITIONS = {
    "Child-Pugh B": 'child_pugh = "B"',
    "no cirrhosis or Child-Pugh A": 'child_pugh = "A"',
    "male patient": 'sex = "M"',
    "female patient": 'sex = "F"',
    "FEV1 <= 1.5 L or < 60 % predicted": 'lung_function = ["LF-B", "LF-C"]',
    "FEV1 <= 1.5 L or < 60 % predicted, 9-15 fractions": 'lung_function = ["LF-B", "LF-C"]',
}
"""Conditions in words that a condition of the file can express."""

ALWAYS = {
    "SITE-DEFAULT.1-15fx.GTV.D99.cov": "the table asks it only where an organ limit lowers the PTV coverage; no data "
    "tell why a coverage is low, so it is asked always, which is stricter",
}
"""Rows whose condition is dropped because always is stricter than sometimes, and why."""

REMARKS = {
    "no cirrhosis or Child-Pugh A": '"no cirrhosis" is no fact of the registry: without a Child-Pugh class the row '
    "counts as met only when the value meets it",
}

TIER = re.compile(
    r"FEV1 > [\d.]+ to ([\d.]+) L, or FEV1 (?:< (\d+)|(\d+)-\d+) % predicted(, or home oxygen, or "
    r"interstitial lung disease)?"
)
BEST_TIER = re.compile(r"FEV1 > ([\d.]+) L and FEV1 >= (\d+) % predicted, or lung function not impaired")

CITED = """Citation, edition and how each source was checked: sources.toml, by the key in `source`.
Transcribed by: generated from the evidence tables by tests/tools/generate_constraints.py; do not edit by hand.
Checked by: nobody yet. Check every row against the original before a site approves its copy."""


class Evidence:
    """The three tables, and which rows of the proposed sets go where."""

    def __init__(self, folder: Path) -> None:
        self.rows = {row["id"]: row for row in _table(folder / "constraints.csv")}
        self.sources = _table(folder / "sources.csv")
        self.sets: dict[str, list[str]] = {}
        for entry in sorted(_table(folder / "default_sets.csv"), key=lambda e: (e["set_name"], int(e["order"]))):
            self.sets.setdefault(entry["set_name"], []).append(entry["constraint_id"])

    def file_rows(self) -> dict[str, list[Row]]:
        """Rows of each file in the order of the set, each row once."""
        seen: set[str] = set()
        out = {}
        for file, (name, _) in FILES.items():
            fresh = [key for key in self.sets[name] if key not in seen]
            seen.update(fresh)
            out[file] = [self.rows[key] for key in fresh]
        return out


def _table(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def reason_left_out(row: Row) -> str | None:
    """Why a row is no constraint of its file, or None when it is one."""
    if row["structure"] == "(patient)":
        return "a rule on the patient: carried as [[eligibility]] of nct06946849.toml"
    if row["confidence"] == "memory":
        return "recalled, no text retrieved (confidence memory): may not decide a verdict"
    for reason, names in NOT_YET.items():
        if row["structure"] in names:
            return reason
    if row["structure"] not in STRUCTURES:
        raise SystemExit(f"{row['id']}: nothing says what to do with the structure {row['structure']}")
    if row["condition"] and row["id"] not in ALWAYS and condition(row) is None:
        return f"its condition cannot be told from the data: {row['condition']}"
    return None


def condition(row: Row) -> str | None:
    """The row's condition as the inside of an inline table; None where words cannot be expressed."""
    words = row["condition"]
    if TIER.fullmatch(words) or BEST_TIER.fullmatch(words):
        return f'lung_function = "{row["id"].rpartition(".")[2]}"'
    return CONDITIONS.get(words)


def metric(row: Row) -> str:
    """The row's metric in the notation of the contract."""
    text = row["metric"].replace("[%Rx]", "[%]")
    bed = re.fullmatch(r"BED(\d+)\[Gy\]", text)
    if bed and row["structure"] == "GTV":
        if not row["note"].startswith("BED10 from GTV D99%"):
            raise SystemExit(f"{row['id']}: nothing says of which dose the BED is meant")
        return f"D99%{{BED;ab={bed.group(1)}}}[Gy]"
    return text


def constraint(row: Row) -> str:
    """One row as a ``[[constraint]]``."""
    unit = {"% of prescription": "%"}.get(row["limit_unit"], row["limit_unit"])
    lines = [
        "[[constraint]]",
        _pair("id", row["id"]),
        _pair("structure", STRUCTURES[row["structure"]]),
        _pair("metric", metric(row)),
        _pair("goal", f"{row['comparator']} {row['limit_value']} {unit}"),
    ]
    if row["acceptable_variation_value"]:
        last = f"{row['comparator'][0]}= {row['acceptable_variation_value']} {unit}"  # the value itself is acceptable
        lines.append(_pair("variation", last))
    lines += [_pair("priority", row["priority"]), f"fractions = [{row['fractions_min']}, {row['fractions_max']}]"]
    if row["condition"] and row["id"] not in ALWAYS:
        lines.append(f"when = {{ {condition(row)} }}")
    where = f"{row['source_section']} ({row['site_or_protocol']})"
    lines += [
        _pair("source", row["source_key"]),
        _pair("where", where),
        _pair("confidence", row["confidence"]),
        _pair("endpoint", row["endpoint"]),
        _pair("note", _note(row)),
    ]
    return "\n".join(lines)


def _note(row: Row) -> str:
    parts = [row["note"]]
    if row["structure_definition"]:
        parts.append(f"Structure: {row['structure_definition']}")
    if row["id"] in ALWAYS:
        parts.append(f"Condition of the table: {row['condition']}; {ALWAYS[row['id']]}")
    if row["condition"] in REMARKS:
        parts.append(f"Condition of the table: {row['condition']}; {REMARKS[row['condition']]}")
    return ". ".join(part.rstrip(".") for part in parts if part)


def _pair(key: str, value: str) -> str:
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"  # a JSON text is a TOML basic string


def _comment(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.splitlines())


def set_file(file: str, rows: list[Row], tables: str = "") -> str:
    """A constraint set."""
    title = FILES[file][1]
    kept = [row for row in rows if reason_left_out(row) is None]
    keys = ", ".join(sorted({row["source_key"] for row in kept}))
    head = _comment(f"{title}.\nSources: {keys}.\n{CITED}")
    top = "\n".join(
        [
            'schema = "rtcheck.protocol/1"',
            _pair("id", file.removesuffix(".toml")),
            _pair("title", title),
            'version = "0.1.0"',
            'status = "draft"',
        ]
    )
    return "\n\n".join(part for part in (f"{head}\n\n{top}", tables, *map(constraint, kept)) if part) + "\n"


TIER_TEXT = """The FEV1 tiers, a proposal for this trial and not a published rule. The worst tier that applies wins;
a tier is unknown while a worse one cannot be excluded.
A FEV1 group counts where lung function is known or suspected to be impaired, or where the lung is at risk (a lung
lesion or earlier lung irradiation). So a patient whose record says impaired = "no", without a lung lesion or earlier
lung irradiation, is LF-A without a FEV1, as the evidence says; with the lung at risk and no FEV1 the tier stays
unknown, as the evidence also says. The FEV1 counts as recorded, whatever impaired says, where the lung is at risk.
Oxygen at home and interstitial disease stand alone: they must be recorded as false before LF-C can be excluded.
LF-C is open downwards: a FEV1 at or under the eligibility limit never gets a better tier than one just above it.
59 to 60 percent of predicted belongs to LF-B: LF-A begins at 60."""


def lung_tiers(rows: list[Row]) -> str:
    """The tiers, their bounds read from the words of the conditions."""
    words = {row["id"].rpartition(".")[2]: row["condition"] for row in rows if ".V20Gy.LF-" in row["id"]}
    best = BEST_TIER.fullmatch(words["LF-A"])
    middle, worst = TIER.fullmatch(words["LF-B"]), TIER.fullmatch(words["LF-C"])
    if not (best and middle and worst and worst.group(4)):
        raise SystemExit("the conditions of the lung-function tiers are worded differently than expected")
    litres, percent = best.groups()
    middle_litres, middle_percent = middle.group(1), middle.group(3)
    worst_litres, worst_percent = worst.group(1), worst.group(2)
    if (middle_litres, middle_percent) != (litres, worst_percent) or f"> {worst_litres} to" not in words["LF-B"]:
        raise SystemExit("the lung-function tiers leave a gap")
    groups_b = [
        f"fev1_l = {{ above = {worst_litres}, up_to = {litres} }}",
        f"fev1_percent = {{ at_least = {middle_percent}, below = {percent} }}",
    ]
    groups_c = [f"fev1_l = {{ up_to = {worst_litres} }}", f"fev1_percent = {{ below = {worst_percent} }}"]
    return "\n\n".join([
        _comment(TIER_TEXT) + "\n" + _tier("LF-A", 1, [
            f"fev1_l = {{ above = {litres} }}, fev1_percent = {{ at_least = {percent} }}", 'impaired = "no"']),
        _tier("LF-B", 2, _where_it_counts(groups_b)),
        _tier("LF-C", 3, [*_where_it_counts(groups_c), "home_oxygen = true", "interstitial_disease = true"]),
    ])  # fmt: skip


def _where_it_counts(groups: list[str]) -> list[str]:
    return [f"{group}, {where}" for group in groups
            for where in ('impaired = ["known", "suspected"]', "lung_at_risk = true")]  # fmt: skip


def _tier(name: str, rank: int, groups: list[str]) -> str:
    lines = ",\n".join(f"  {{ {group} }}" for group in groups)
    return f'[[tier]]\nfact = "lung_function"\nid = "{name}"\nrank = {rank}\nany = [\n{lines},\n]'


def sources_file(evidence: Evidence) -> str:
    """All citations of the evidence."""
    head = _comment("Citations, and how each was checked. Generated from the evidence tables by "
                    "tests/tools/generate_constraints.py;\ndo not edit by hand. A site adds its own in a sources.toml "
                    "beside its protocol or as [sources.KEY] in it.")  # fmt: skip
    tables = []
    for row in evidence.sources:
        lines = [f"[sources.{row['source_key']}]", _pair("citation", row["full_citation"])]
        lines += [_pair(key, row[column]) for key, column in
                  (("year", "year"), ("reference", "doi_or_pmid"), ("verified", "how_verified"))
                  if row[column] not in ("", "n/a")]  # fmt: skip
        tables.append("\n".join(lines))
    return "\n\n".join([head, 'schema = "rtcheck.sources/1"', *tables]) + "\n"


def protocol_file(evidence: Evidence) -> str:
    """The first protocol: the trial's own rules, and the sets."""
    gate = evidence.rows["NCT06946849.1-40fx.patient.FEV1"]
    if (gate["metric"], gate["comparator"]) != ("FEV1[L]", ">"):
        raise SystemExit("the FEV1 rule is worded differently than expected")
    head = _comment(f"""Consolidative radiotherapy in oligometastatic or locally advanced intrahepatic
cholangiocarcinoma, ClinicalTrials.gov NCT06946849. The registry entry gives no dose and no organ limit: the sets
included here are published limits and proposals, for a physicist to edit and approve. Not for clinical use as it is.
{CITED}
Covers plans of 5 and of 15 fractions. What was left out, and why: README.md beside this file.""")
    include = "\n".join(f'  "{file}",' for file in ("nct06946849-eligibility.toml", *FILES))
    title = "Consolidative radiotherapy in oligometastatic or locally advanced ICC"
    return f"""{head}

schema = "rtcheck.protocol/1"
id = "nct06946849"
{_pair("title", title)}
version = "0.1.0"
status = "draft"
include = [
{include}
]

[lesions]
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

{_comment(f"{gate['id']} ({gate['confidence']}): {gate['condition']}.")}
[[eligibility]]
id = "NCT06946849.inclusion-8.FEV1"
requires = {{ fev1_l = {{ above = {gate["limit_value"]} }} }}
when = {{ impaired = ["known", "suspected"], lung_at_risk = true }}
bears_on = "plan"

# The evidence's liver rule: Child-Pugh C never passes by itself. The trial states no Child-Pugh limit.
[[eligibility]]
id = "SITE-DEFAULT.child-pugh-C"
requires = {{ child_pugh = ["A", "B"] }}
bears_on = "record"
"""


def readme(evidence: Evidence) -> str:
    """Counts, what is read differently, and every row left out."""
    files = evidence.file_rows()
    kept = {file: [row for row in rows if reason_left_out(row) is None] for file, rows in files.items()}
    table = [f"| `{file}` | {len(kept[file])} | {sum(row['priority'] == 'mandatory' for row in kept[file])} | "
             f"{name}, {len(evidence.sets[name])} rows |" for file, (name, _) in FILES.items()]  # fmt: skip
    left: dict[str, list[str]] = {}
    for rows in files.values():
        for row in rows:
            reason = reason_left_out(row)
            if reason is not None:
                left.setdefault(reason, []).append(row["id"])
    left_out = [f"- {reason} ({len(ids)}):\n{_listed(ids)}" for reason, ids in sorted(left.items())]
    different = [f"- `{key}`: {why}." for key, why in ALWAYS.items()]
    different += [f"- `{row['id']}`: {REMARKS[row['condition']]}." for rows in kept.values() for row in rows
                  if row["condition"] in REMARKS]  # fmt: skip
    in_sets = {key for name, _ in FILES.values() for key in evidence.sets[name]} | set(evidence.sets["CONFORMITY"])
    others = [row for row in evidence.rows.values() if row["id"] not in in_sets and any(
        int(row["fractions_min"]) <= count <= int(row["fractions_max"]) for count in (5, 15))]  # fmt: skip
    return (Path(__file__).parent / "constraints_readme.md").read_text(encoding="utf-8").format(
        table="\n".join(table), optimal_5=_optimal_only(kept, 5), optimal_15=_optimal_only(kept, 15),
        conformity=len(evidence.sets["CONFORMITY"]), others=len(others), different="\n".join(different),
        left_out="\n".join(left_out),
    )  # fmt: skip


def _listed(ids: list[str]) -> str:
    return "\n".join(f"  - `{key}`" for key in ids)


def _optimal_only(kept: dict[str, list[Row]], count: int) -> str:
    """Structures with a row but no mandatory one at a fraction count."""
    rows = [row for each in kept.values() for row in each
            if int(row["fractions_min"]) <= count <= int(row["fractions_max"])]  # fmt: skip
    mandatory = {row["structure"] for row in rows if row["priority"] == "mandatory"}
    return ", ".join(sorted({row["structure"] for row in rows} - mandatory)) or "none"


def generate(evidence_folder: Path) -> dict[str, str]:
    """Every generated file by name."""
    evidence = Evidence(evidence_folder)
    rows = evidence.file_rows()
    out = {file: set_file(file, rows[file], lung_tiers(rows[file]) if file == "lung-function.toml" else "")
           for file in FILES}  # fmt: skip
    out["sources.toml"] = sources_file(evidence)
    out["nct06946849.toml"] = protocol_file(evidence)
    out["README.md"] = readme(evidence)
    return out


def main(arguments: list[str]) -> None:
    """Write the files."""
    folder = Path(arguments[0]) if arguments else ROOT.parent / "shared" / "evidence"
    output = Path(arguments[1]) if len(arguments) > 1 else ROOT / "constraints"
    output.mkdir(exist_ok=True)
    for name, text in generate(folder).items():
        (output / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
