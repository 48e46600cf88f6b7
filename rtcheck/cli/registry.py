"""``rtcheck registry``: the trial's records of patients."""

from __future__ import annotations

from pathlib import Path

import click

from rtcheck.cli.streams import print_text

__all__ = ["registry"]


@click.group(short_help="The trial's records: check FILE.")
def registry() -> None:
    """Validate the trial's record of a patient."""


@registry.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> int:
    """Read a registry file and report every fault in it: where, what stands there, what should."""
    from rtcheck.catalogue.registry import read_record
    from rtcheck.render.terminal import visible, wrap

    record = read_record(file)
    active = sum(lesion.consolidative for lesion in record.lesions)
    arm = f", arm {record.arm}" if record.arm else ""
    lines = wrap(visible(f"{file}: valid. Patient {record.patient_id}{arm}, {len(record.lesions)} lesions, "
                         f"{active} of them to be covered."), hanging="    ")
    for lesion in record.lesions:
        dose = f"{lesion.dose_gy:g} Gy in {lesion.fractions}" if lesion.dose_gy and lesion.fractions else "no dose"
        names = ", ".join((*lesion.gtv, *lesion.ctv, *lesion.ptv)) or "no structure"
        state = "" if lesion.consolidative else "  (palliative)" if lesion.active else "  (resolved)"
        lines += wrap(visible(f"{lesion.id}  {lesion.organ}  {lesion.kind}  {dose}  {names}{state}"), "  ", "      ")
    print_text("\n".join(lines) + "\n")
    return 0
