"""``rtcheck check``: one patient, one verdict."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from rtcheck.cli.options import (
    deflated_option,
    format_option,
    jobs_option,
    parse_outputs,
    paths_argument,
    refuse_overwriting,
    registration_option,
    structure_model_option,
    time_limit_option,
)
from rtcheck.cli.presenting import Presenting, presented, presenting_options, selftest_of
from rtcheck.cli.reading import read_apart
from rtcheck.cli.refusal import refusal_of, refusal_report
from rtcheck.cli.renderers import EXHIBITED, FORMATS, PICTURED, store_rendered
from rtcheck.cli.streams import painter, print_json, print_text
from rtcheck.cli.time_limit import within
from rtcheck.cli.workers import Crew, crew, usable_processors
from rtcheck.errors import Fault, FileFaultsError, MissingExtraError, OutputError

if TYPE_CHECKING:
    from rtcheck.exhibits import Exhibits
    from rtcheck.model.case import Case
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
              help=f"Also write a format to a file; repeatable: {', '.join(FORMATS)}.")
@structure_model_option
@registration_option
@deflated_option
@time_limit_option
@jobs_option
@presenting_options
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
    jobs: int | None,
    lang: Literal["en", "zh"],
    redact: bool,
    redact_key: Path | None,
    blinded: bool,
    selftest: Path | None,
) -> int:
    """Judge one patient's plans against the registered lesions and a protocol.

    PATH is a file or a folder, searched recursively; objects are recognised by content.
    """
    refuse_overwriting(outputs, registry_file, protocol_name, *(file for file in (redact_key, selftest) if file))
    kinds = frozenset(kind for kind, _ in outputs)
    try:
        asked = Presenting(lang, redact, redact_key, blinded, selftest_of(selftest))
        with within(time_limit) as clock, crew(jobs or usable_processors(), clock) as workers:
            report, exhibits = _judged(
                paths, registry_file, protocol_name, structure_model, fail_on, registration, kinds, workers,
                allow_deflated=allow_deflated,
            )
        rendering = presented(report, exhibits, asked)
    except Exception as error:
        # An older result must not go on standing under the name that was asked for.
        refused = presented(refusal_report(refusal_of(error)), None, Presenting(lang, redact))
        for kind, path in outputs:
            with suppress(OutputError, MissingExtraError):
                store_rendered(refused, kind, path)
        raise
    for kind, path in outputs:
        store_rendered(rendering, kind, path)
    if output_format == "json":
        from rtcheck.render.json_report import report_json

        print_json(report_json(rendering.report))
    else:
        from rtcheck.render.text_report import text_report

        print_text(text_report(rendering.report, painter))
    return rendering.report.exit_code


def _judged(
    paths: tuple[Path, ...],
    registry_file: Path,
    protocol_name: str,
    structure_model: Literal["prism", "shape"] | None,
    fail_on: Literal["review", "never"] | None,
    registration: str | None,
    kinds: frozenset[str],
    workers: Crew,
    *,
    allow_deflated: bool,
) -> tuple[Report, Exhibits | None]:
    """Read everything and check it; with exhibits and pictures where a format shows them."""
    reading = read_apart(workers, paths, allow_deflated=allow_deflated)
    record, protocol = _read_files(registry_file, protocol_name)
    from rtcheck.check import Settings, check_with_exhibits
    from rtcheck.check import check as judge
    from rtcheck.cli.software import software

    settings = Settings(structure_model, None, software(), fail_on, registration, workers.share)
    case = reading()
    if not kinds & EXHIBITED:
        return judge(case, record, protocol, settings), None
    report, exhibits = check_with_exhibits(case, record, protocol, settings)
    return report, _pictured(paths, case, record, report, exhibits) if kinds & PICTURED else exhibits


def _pictured(
    paths: tuple[Path, ...], case: Case, record: PatientRecord, report: Report, exhibits: Exhibits
) -> Exhibits:
    """Return exhibits with pictures over the CT of the export, where it has one that fits."""
    from rtcheck.dicom.images import read_images
    from rtcheck.gather.planes import picture_frame, with_pictures

    image, why_none = read_images(paths, case, picture_frame(case))
    return with_pictures(exhibits, report, case, record, image, why_none)


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
