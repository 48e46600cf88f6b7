"""``rtcheck report``: a stored result once more, in any format, without the DICOM files."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from rtcheck.cli.options import format_option, parse_outputs, refuse_overwriting
from rtcheck.cli.presenting import Presenting, presented, presenting_options, selftest_of
from rtcheck.cli.renderers import store_rendered
from rtcheck.cli.stored_files import read_stored, read_stored_text
from rtcheck.cli.streams import painter, print_json, print_text

__all__ = ["report"]


@click.command(short_help="Render a stored result again.")
@click.argument("result", type=click.Path(path_type=Path), metavar="RESULT.json")
@click.option("--exhibits", "exhibits_file", metavar="FILE", type=click.Path(path_type=Path),
              help="Curves, pictures and lesion doses stored with the result (check -o exhibits=FILE).")
@format_option
@click.option("-o", "--output", "outputs", multiple=True, metavar="FORMAT=FILE", callback=parse_outputs,
              help="Write a format to a file; repeatable.")
@presenting_options
def report(
    result: Path,
    exhibits_file: Path | None,
    output_format: str,
    outputs: tuple[tuple[str, Path], ...],
    *,
    lang: Literal["en", "zh"],
    redact: bool,
    redact_key: Path | None,
    blinded: bool,
    selftest: Path | None,
) -> int:
    """Render RESULT.json, as ``rtcheck check -o json=RESULT.json`` wrote it.

    The result is checked first: one that was cut or changed is refused. Without --exhibits pages say what is missing.
    The exit code is that of the check.
    """
    from rtcheck.render.json_report import report_json
    from rtcheck.render.stored_exhibits import read_exhibits
    from rtcheck.render.stored_report import read_report
    from rtcheck.render.text_report import text_report

    refuse_overwriting(outputs, result, *(file for file in (exhibits_file, selftest) if file))
    found = read_report(read_stored_text(result), str(result))
    shown = Presenting(lang, redact, redact_key, blinded, selftest_of(selftest))
    exhibits = None
    if exhibits_file is not None:
        exhibits = read_exhibits(read_stored(exhibits_file), found, str(exhibits_file))
    elif any(kind == "exhibits" for kind, _ in outputs):
        raise click.UsageError("-o exhibits needs --exhibits: a stored result alone has none")
    rendering = presented(found, exhibits, shown)
    for kind, path in outputs:
        store_rendered(rendering, kind, path)
    if output_format == "json":
        print_json(report_json(rendering.report))
    elif not outputs:
        print_text(text_report(rendering.report, painter))
    return rendering.report.exit_code
