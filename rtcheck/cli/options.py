"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rtcheck.cli.renderers import FORMATS
from rtcheck.cli.time_limit import DEFAULT_SECONDS
from rtcheck.cli.workers import MOST_JOBS
from rtcheck.errors import OutputError
from rtcheck.extras import require_extra

__all__ = [
    "deflated_option",
    "format_option",
    "jobs_option",
    "parse_outputs",
    "paths_argument",
    "refuse_overwriting",
    "registration_option",
    "structure_model_option",
    "time_limit_option",
]

paths_argument = click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
format_option = click.option(
    "--format", "output_format", type=click.Choice(["text", "json"], case_sensitive=False), default="text",
    show_default=True, help="What standard output holds; json: one document and nothing else.",
)
structure_model_option = click.option(
    "--structure-model", type=click.Choice(["prism", "shape"]),
    help="What fills the space between and beyond the contours; overrides the protocol, printed with the result.",
)


deflated_option = click.option(
    "--allow-deflated", is_flag=True,
    help="Read files of the deflated transfer syntax too, within caps; they are refused otherwise.",
)
time_limit_option = click.option(
    "--time-limit", type=click.FloatRange(min=0), default=DEFAULT_SECONDS, show_default=True, metavar="SECONDS",
    help="Processor time after which the case is refused; 0: none.",
)
jobs_option = click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N",
    help=f"Processes that measure structures; 1: this one alone. By default as many as there are processors, at most "
         f"{MOST_JOBS}. The result is the same.",
)
registration_option = click.option(
    "--registration", metavar="UID",
    help="Move the structures into the frame of the dose by the rigid Spatial Registration of this SOP Instance UID "
         "(see: rtcheck inspect). None is ever applied unasked.",
)


def parse_outputs(_context: click.Context, _parameter: click.Parameter, values: Any) -> tuple[tuple[str, Path], ...]:
    """Read every ``FORMAT=FILE``.

    Raises:
        click.BadParameter: not of that form, an unknown format, or one file named twice.
        MissingExtraError: a format needs a package that is not installed; told before anything is measured.
    """
    outputs: list[tuple[str, Path]] = []
    for value in values:
        kind, equals, name = str(value).partition("=")
        if not equals or not name or name == "-":
            raise click.BadParameter(f"{value!r} is not FORMAT=FILE, such as json=result.json")
        if kind not in FORMATS:
            raise click.BadParameter(f"{kind!r} is not a format; there are {', '.join(FORMATS)}")
        path = Path(name)
        if any(path.absolute() == other.absolute() for _, other in outputs):
            raise click.BadParameter(f"{name} is named twice")
        if kind == "pdf":
            require_extra("typst")
        outputs.append((kind, path))
    return tuple(outputs)


def refuse_overwriting(outputs: tuple[tuple[str, Path], ...], *inputs: str | Path) -> None:
    """Refuse to write a result over a file that the result is made from, or over any DICOM file.

    Raises:
        click.UsageError: an output is one of the inputs, or a DICOM file.
        OutputError: what stands under its name cannot be read.
    """
    kept = {Path(given).resolve() for given in inputs}
    for _, path in outputs:
        if path.resolve() in kept:
            raise click.UsageError(f"-o would overwrite {path}, which is an input")
        if _is_dicom(path):
            raise click.UsageError(f"-o would overwrite {path}, which is a DICOM file")


def _is_dicom(path: Path) -> bool:
    """Whether a DICOM file stands under the name.

    Raises:
        OutputError: what stands there cannot be read, so that nobody knows.
    """
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except PermissionError as error:
        if path.is_dir():
            return False
        raise OutputError(f"{path} is there and cannot be read: it may be a DICOM file; name another") from error
    except OSError:
        return False
