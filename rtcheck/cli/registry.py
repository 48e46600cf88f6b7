"""``rtcheck registry``: the trial's records of patients."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rtcheck.cli.options import format_option, paths_argument
from rtcheck.cli.refusal import CANNOT_USE
from rtcheck.cli.streams import note, print_json, print_text

if TYPE_CHECKING:
    from rtcheck.model.record import PatientRecord
    from rtcheck.rules.constraint import Protocol

__all__ = ["registry"]


@click.group(short_help="The trial's records: init PATH, check FILE, import CSV.")
def registry() -> None:
    """Draft, validate and import the trial's records of patients."""


@registry.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--protocol", "protocol_name", metavar="NAME|FILE",
              help="Whose rules to apply; by default the shipped protocol of the recorded trial.")
@format_option
def check(file: Path, protocol_name: str | None, output_format: str) -> int:
    """Read a registry file: every fault in it, or what it holds and the trial's rules on it, rule by rule.

    Exit 0 for a valid file, whatever the rules say of the patient; 2 for faults.
    """
    from rtcheck.catalogue.registry import read_record
    from rtcheck.render.eligibility_text import eligibility_json, eligibility_lines
    from rtcheck.rules.conditions import fact_table
    from rtcheck.rules.contradictions import record_contradictions
    from rtcheck.rules.eligibility import eligibility_table

    record = read_record(file)
    protocol = _protocol(record, protocol_name)
    facts = fact_table(record, protocol.tiers if protocol else (), None, protocol.lesions if protocol else None)
    table = eligibility_table(record, protocol, facts) if protocol else ()
    contradictions = record_contradictions(record)
    if output_format == "json":
        print_json(eligibility_json(record, protocol, table, facts, contradictions))
        return 0
    lines = _record_lines(file, record)
    if protocol is not None:
        lines += eligibility_lines(protocol, table, facts, contradictions)
        lines += _unread(record, protocol)
    else:
        lines += ["", "No protocol is known for its trial: name one with --protocol to see the rules."]
    print_text("\n".join(lines) + "\n")
    return 0


@registry.command()
@paths_argument
@click.option("-o", "--output", "output", metavar="FILE", type=click.Path(path_type=Path),
              help="Write the draft to a file instead of standard output.")
@click.option("--force", is_flag=True, help="Replace the file named by -o.")
def init(paths: tuple[Path, ...], output: Path | None, force: bool) -> int:  # noqa: FBT001 - a flag of the command
    """Draft a record from an export: lesions from the names of structures, prescriptions from the plan.

    Every guess is marked "# CONFIRM", and the file is refused until a person has checked it and removed the mark.
    """
    from rtcheck.catalogue.draft import draft_record
    from rtcheck.dicom.case import read_case
    from rtcheck.render.store import store_text

    if output is not None and not force and output.exists():
        raise click.UsageError(f"{output} exists; name another file, or replace it with --force")
    case = read_case(paths)
    problem = ("the export has no RT Structure Set that could be read" if not case.structure_sets else
               "the export has objects of more than one patient; draft one patient at a time"
               if len(case.patient_ids) > 1 else "")  # fmt: skip
    if problem:
        said = [f"  {item.code} {item.subject}: {item.message}" for item in case.findings if item.severity in "FE"]
        note("\n".join([f"rtcheck registry init: {problem}", *said[:20]]))
        return CANNOT_USE
    text = draft_record(case)
    if output is None:
        print_text(text)
    else:
        store_text(output, text)
        note(f"{output}: a draft. Check each guess, remove its mark, then: rtcheck registry check {output}")
    return 0


@registry.command("import")
@click.argument("cohort", metavar="COHORT.csv", required=False, type=click.Path(path_type=Path))
@click.option("--mapping", "mapping_file", metavar="MAP.toml", type=click.Path(path_type=Path),
              help="What the columns mean (TOML).")
@click.option("--out", "folder", metavar="FOLDER", type=click.Path(path_type=Path),
              help="A new folder for the registry files.")
@click.option("--template", is_flag=True, help="Print a documented mapping file and stop.")
def import_(cohort: Path | None, mapping_file: Path | None, folder: Path | None, template: bool) -> int:  # noqa: FBT001 - a flag
    """Make one registry file for each patient of a cohort table (CSV, REDCap style).

    Faults are listed by row and column, all at once, and then nothing is written.
    """
    from rtcheck.catalogue.cohort import read_cohort, store_cohort
    from rtcheck.catalogue.mapping import TEMPLATE, read_mapping

    if template:
        print_text(TEMPLATE)
        return 0
    if cohort is None or mapping_file is None or folder is None:
        raise click.UsageError("COHORT.csv, --mapping and --out are needed; --template prints a mapping")
    texts = read_cohort(cohort, read_mapping(mapping_file))
    store_cohort(folder, texts)
    print_text(f"{len(texts)} registry file{'s' * (len(texts) != 1)} in {folder}\n")
    return 0


def _protocol(record: PatientRecord, name: str | None) -> Protocol | None:
    """Return the protocol asked for, else the shipped one whose name is the recorded trial's id."""
    from rtcheck.catalogue.locate import shipped_names
    from rtcheck.catalogue.protocol import read_protocol

    if name is None:
        trial = str(record.facts.get("trial.id", "")).strip().casefold()
        name = trial if trial in shipped_names() else None
    return None if name is None else read_protocol(name)


def _record_lines(file: Path, record: PatientRecord) -> list[str]:
    from rtcheck.render.terminal import visible, wrap

    active = sum(lesion.consolidative for lesion in record.lesions)
    arm = f", arm {record.arm}" if record.arm else ""
    lines = wrap(visible(f"{file}: valid. Patient {record.patient_id}{arm}, {len(record.lesions)} lesions, "
                         f"{active} of them to be covered."), hanging="    ")
    if record.arm:
        lines += wrap("REVEALS THE TRIAL ARM: keep it from blinded outcome assessors (RTD759)", "  ")
    for lesion in record.lesions:
        dose = f"{lesion.dose_gy:g} Gy in {lesion.fractions}" if lesion.dose_gy and lesion.fractions else "no dose"
        names = ", ".join((*lesion.gtv, *lesion.ctv, *lesion.ptv)) or "no structure"
        state = "" if lesion.consolidative else "  (palliative)" if lesion.active else "  (resolved)"
        lines += wrap(visible(f"{lesion.id}  {lesion.organ}  {lesion.kind}  {dose}  {names}{state}"), "  ", "      ")
    return lines


def _unread(record: PatientRecord, protocol: Protocol) -> list[str]:
    """Name the declarations that no rule reads: [exclusion] has free keys, so a wrong spelling is no fault."""
    from rtcheck.render.terminal import visible, wrap

    groups = [group for rule in protocol.eligibility for group in (rule.requires, rule.when, *rule.any)]
    groups += [group for tier in protocol.tiers for group in tier.any]
    groups += [constraint.when for constraint in protocol.constraints]
    read = {condition.fact for group in groups for condition in group}
    unread = [key for key in record.facts if key.startswith("exclusion.") and key not in read]
    if not unread:
        return []
    return ["", *wrap(visible(f"No rule of this protocol reads {', '.join(unread)}: check the spelling."))]
