"""``rtcheck check``: one patient, one verdict."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from rtcheck.cli.options import (
    deflated_option,
    format_option,
    parse_outputs,
    paths_argument,
    registration_option,
    structure_model_option,
    time_limit_option,
)
from rtcheck.cli.refusal import refusal_of, refusal_report
from rtcheck.cli.streams import note, painter, print_json, print_text
from rtcheck.cli.time_limit import within
from rtcheck.errors import Fault, FileFaultsError, OutputError

if TYPE_CHECKING:
    from rtcheck.model.record import PatientRecord
    from rtcheck.report import Report
    from rtcheck.rules.constraint import Protocol

__all__ = ["check"]


@click.command(short_help="One patient, one verdict.")
@paths_argument
@click.option("--registry", "registry_file", required=True, metavar="FILE", type=click.Path(path_type=Path),
              help="The trial's record of the patient (TOML).")
@click.option("--protocol", "protocol_name", required=True, metavar="NAME|FILE",
              help="A shipped protocol by name (see: rtcheck protocol list), or a file.")
@format_option
@click.option("-o", "--output", "outputs", multiple=True, metavar="FORMAT=FILE", callback=parse_outputs,
              help="Also write json, junit or text to a file; repeatable.")
@structure_model_option
@registration_option
@deflated_option
@time_limit_option
@click.option("--fail-on", type=click.Choice(["review", "never"]),
              help="review: exit 3 becomes 1. never: exits 1 and 3 become 0. The verdict stays.")
def check(
    paths: tuple[Path, ...],
    registry_file: Path,
    protocol_name: str,
    output_format: str,
    outputs: tuple[tuple[str, Path], ...],
    structure_model: Literal["prism", "shape"] | None,
    fail_on: Literal["review", "never"] | None,
    registration: str | None,
    *,
    allow_deflated: bool,
    time_limit: float,
) -> int:
    """Judge one patient's plans against the registered lesions and a protocol.

    PATH is a file or a folder, searched recursively; objects are recognised by content.
    """
    _refuse_overwriting(outputs, registry_file, protocol_name)
    try:
        with within(time_limit):
            report = _judged(
                paths, registry_file, protocol_name, structure_model, fail_on, registration,
                allow_deflated=allow_deflated,
            )
    except Exception as error:
        # An older result must not go on standing under the name that was asked for.
        refused = refusal_report(refusal_of(error))
        for kind, path in outputs:
            with suppress(OutputError):
                _store(refused, kind, path)
        raise
    for kind, path in outputs:
        _store(report, kind, path)
    if output_format == "json":
        print_json(_rendered(report, "json"))
    else:
        print_text(_rendered(report, "painted"))
    return report.exit_code


def _judged(
    paths: tuple[Path, ...],
    registry_file: Path,
    protocol_name: str,
    structure_model: Literal["prism", "shape"] | None,
    fail_on: Literal["review", "never"] | None,
    registration: str | None,
    *,
    allow_deflated: bool,
) -> Report:
    """Read everything and check it."""
    from rtcheck.check import Settings
    from rtcheck.check import check as judge
    from rtcheck.cli.software import software
    from rtcheck.dicom.case import read_case

    record, protocol = _read_files(registry_file, protocol_name)
    settings = Settings(
        structure_model=structure_model, software=software(), fail_on=fail_on, registration=registration
    )
    return judge(read_case(paths, allow_deflated=allow_deflated), record, protocol, settings)


def _read_files(registry_file: Path, protocol_name: str) -> tuple[PatientRecord, Protocol]:
    """Read registry and protocol; the faults of both are told together.

    Raises:
        FileFaultsError: one of them is wrong, or both.
    """
    from rtcheck.catalogue.protocol import read_protocol
    from rtcheck.catalogue.registry import read_record

    faults: list[Fault] = []
    record = protocol = None
    try:
        record = read_record(registry_file)
    except FileFaultsError as error:
        faults += error.faults
    try:
        protocol = read_protocol(protocol_name)
    except FileFaultsError as error:
        faults += error.faults
    if record is None or protocol is None:
        raise FileFaultsError(tuple(faults))
    return record, protocol


def _rendered(report: Report, kind: str) -> str:
    """Return the report in one format; ``painted`` is text with colour where the terminal shows it."""
    if kind == "json":
        from rtcheck.render.json_report import report_json

        return report_json(report)
    if kind == "junit":
        from rtcheck.render.junit_report import junit_report

        return junit_report(report)
    from rtcheck.render.text_report import text_report

    return text_report(report, painter) if kind == "painted" else text_report(report)


def _store(report: Report, kind: str, path: Path) -> None:
    from rtcheck.render.store import store_text

    store_text(path, _rendered(report, kind))
    note(f"{kind} written to {path}")


def _refuse_overwriting(outputs: tuple[tuple[str, Path], ...], *inputs: str | Path) -> None:
    """Refuse to write a result over a file that the result is made from, or over any DICOM file."""
    kept = {Path(given).resolve() for given in inputs}
    for _, path in outputs:
        if path.resolve() in kept:
            raise click.UsageError(f"-o would overwrite {path}, which is an input")
        if _is_dicom(path):
            raise click.UsageError(f"-o would overwrite {path}, which is a DICOM file")


def _is_dicom(path: Path) -> bool:
    """Whether a DICOM file stands under the name."""
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False
