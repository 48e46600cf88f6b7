"""``rtcheck dvh``: DVHs and metrics, no judgement."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from rtcheck.cli.options import (
    deflated_option,
    format_option,
    jobs_option,
    paths_argument,
    registration_option,
    structure_model_option,
    time_limit_option,
)
from rtcheck.cli.reading import read_apart
from rtcheck.cli.streams import painter, print_json, print_text
from rtcheck.cli.time_limit import within
from rtcheck.cli.workers import crew, usable_processors

if TYPE_CHECKING:
    from rtcheck.dvh.metric import Metric
    from rtcheck.dvh_table import DVHTable
    from rtcheck.model.case import Case

__all__ = ["dvh"]

_UNASKED = ("Min[Gy]", "Mean[Gy]", "Max[Gy]", "D98%[Gy]", "D50%[Gy]", "D2%[Gy]")
"""Metrics shown when none is asked for."""

_INCOMPLETE = 3


@click.command(short_help="DVHs and metrics, no judgement.")
@paths_argument
@click.option("--roi", "names", multiple=True, metavar="NAME",
              help="A structure by its exact name or a listed synonym; repeatable. All structures when absent.")
@click.option("-m", "--metric", "metrics", multiple=True, metavar="METRIC",
              help="Such as 'D95%[Gy]' or 'V20Gy[%]'; repeatable.")
@format_option
@structure_model_option
@registration_option
@deflated_option
@time_limit_option
@jobs_option
def dvh(
    paths: tuple[Path, ...],
    names: tuple[str, ...],
    metrics: tuple[str, ...],
    output_format: str,
    structure_model: Literal["prism", "shape"] | None,
    registration: str | None,
    *,
    allow_deflated: bool,
    time_limit: float,
    jobs: int | None,
) -> int:
    """Measure the structures of an export, without judging anything.

    Exit 2 when a name given with --roi is absent or ambiguous, 3 when such a structure could not be measured, 4 when
    the export cannot be used. A metric without a value says why.
    """
    from rtcheck.dvh.notation import parse_metric
    asked = [parse_metric(text) for text in metrics or _UNASKED]
    for text, metric in zip(metrics, asked, strict=False):
        _refuse_percent_dose(text, metric)
    with within(time_limit) as clock, crew(jobs or usable_processors(), clock) as workers:
        reading = read_apart(workers, paths, allow_deflated=allow_deflated)
        from rtcheck.dvh_table import dvh_table
        from rtcheck.render.dvh_report import dvh_json, dvh_text

        aliases = None
        if names:  # only they are looked up, and reading the table takes as long as reading an export
            from rtcheck.catalogue.names import read_names

            aliases = read_names()
        case = reading()
        table = dvh_table(
            case, names, asked, model=structure_model, table=aliases, registration=registration, helpers=workers.share
        )
    _refuse_missing(table, names, case)
    exit_code = table.exit_code
    if not exit_code and names and any(item.severity == "E" for item in table.findings) and not table.rows:
        exit_code = _INCOMPLETE
    if output_format == "json":
        print_json(dvh_json(table, exit_code))
    else:
        print_text(dvh_text(table, exit_code, painter))
    return exit_code


def _refuse_percent_dose(text: str, metric: Metric) -> None:
    """Refuse a dose in per cent: it is of a lesion's prescription, and without a registry there is none.

    Raises:
        click.UsageError: with the spelling in Gy.
    """
    from rtcheck.dvh.notation import print_metric

    if metric.kind in ("V", "CV") and metric.at_unit == "%":
        instead = print_metric(replace(metric, at=20.0, at_unit="Gy"))
    elif metric.kind in ("D", "DC", "Mean", "Max", "Min", "Median") and metric.unit == "%":
        instead = print_metric(replace(metric, unit="Gy"))
    else:
        return
    raise click.UsageError(
        f"-m {text!r}: per cent of dose is of a lesion's prescription, which only `rtcheck check` knows (registry). "
        f"Give the dose in Gy, such as {instead!r}."
    )


def _refuse_missing(table: DVHTable, names: tuple[str, ...], case: Case) -> None:
    """Refuse names that no structure, or more than one, answers to; the nearest names are listed, none is chosen.

    Raises:
        click.UsageError: there are such names, and the export could be used.
    """
    if table.exit_code:
        return
    missed = [item for item in table.findings if item.code in ("RTD301", "RTD302") and item.subject in names]
    if not missed:
        return
    import difflib

    there = {roi.name.casefold(): roi.name for structures in case.structure_sets for roi in structures.rois}
    lines = []
    for item in missed:
        near = difflib.get_close_matches(item.subject.casefold(), there, n=3, cutoff=0.4)
        hint = ", ".join(repr(there[name]) for name in near) or "see rtcheck inspect"
        lines.append(f"--roi {item.subject!r}: {item.message} ({item.code}; nearest names: {hint})")
    raise click.UsageError("\n".join(lines))
