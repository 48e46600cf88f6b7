"""``rtcheck inspect``: what is in the export, and what hangs on what."""

from __future__ import annotations

from pathlib import Path

import click

from rtcheck.cli.options import deflated_option, format_option, paths_argument, time_limit_option
from rtcheck.cli.refusal import CANNOT_USE
from rtcheck.cli.streams import painter, print_json, print_text
from rtcheck.cli.time_limit import within

__all__ = ["inspect"]


@click.command(short_help="What is in the export, and what hangs on what.")
@paths_argument
@format_option
@deflated_option
@time_limit_option
def inspect(paths: tuple[Path, ...], output_format: str, *, allow_deflated: bool, time_limit: float) -> int:
    """List the objects of an export, their links, structures, dose grids and what is wrong with them.

    Exit 4 when something could not be read, else 0: nothing is judged.
    """
    from rtcheck.dicom.case import read_case
    from rtcheck.inventory import take_inventory
    from rtcheck.render.inspect_report import inspect_json, inspect_text

    with within(time_limit):
        inventory = take_inventory(read_case(paths, allow_deflated=allow_deflated))
    exit_code = 0 if inventory.usable else CANNOT_USE
    if output_format == "json":
        print_json(inspect_json(inventory, exit_code))
    else:
        print_text(inspect_text(inventory, exit_code, painter))
    return exit_code
