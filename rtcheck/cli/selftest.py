"""``rtcheck selftest``: analytic phantoms, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rtcheck.cli.options import format_option
from rtcheck.cli.streams import painter, print_json, print_text

if TYPE_CHECKING:
    from rtcheck.selftest import Held

__all__ = ["selftest"]

_FAILED = 1


@click.command(short_help="Analytic phantoms, on this machine.")
@format_option
def selftest(output_format: str) -> int:
    """Measure solids whose dose-volume histogram is known, and compare.

    Nothing is read and nothing is left behind: the phantoms are made in memory, and one of them goes through DICOM
    files in a temporary folder. It takes some ten seconds. File the page when you commission this software on a
    machine, and after every update. Exit 0 when every target is held, 1 when one is missed.
    """
    from dataclasses import replace

    from rtcheck.cli.software import software
    from rtcheck.render.selftest_report import selftest_json, selftest_text
    from rtcheck.selftest import self_test

    result = replace(self_test(), files=_through_files())
    exit_code = 0 if result.passed else _FAILED
    if output_format == "json":
        print_json(selftest_json(result, software(), exit_code))
    else:
        print_text(selftest_text(result, software(), exit_code, painter))
    return exit_code


def _through_files() -> tuple[Held, ...]:
    """Write one phantom as DICOM, read it as a check would, and compare with the truth."""
    import tempfile

    from rtcheck.dicom.case import read_case
    from rtcheck.dicom.phantom_files import phantom_files
    from rtcheck.phantom.cases import through_files
    from rtcheck.phantom.objects import dose_grid, region
    from rtcheck.selftest import file_readings

    phantom = through_files()
    files = phantom_files(
        region(phantom.solid, phantom.setting), dose_grid(phantom.solid, phantom.dose, phantom.setting)
    )
    with tempfile.TemporaryDirectory(prefix="rtcheck-") as folder:
        for name, data in files.items():
            Path(folder, name).write_bytes(data)
        case = read_case([folder])
    return file_readings(phantom, case)
