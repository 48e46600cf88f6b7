"""Options on how a result is shown, shared by ``check`` and ``report``: language, redaction, blinding."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from rtcheck.cli.renderers import Rendering
from rtcheck.cli.stored_files import read_stored_text
from rtcheck.cli.streams import note

if TYPE_CHECKING:
    from rtcheck.exhibits import Exhibits
    from rtcheck.render.pseudonyms import Pseudonyms
    from rtcheck.render.stored_selftest import StoredSelfTest
    from rtcheck.report import Report

__all__ = ["Presenting", "presented", "presenting_options", "selftest_of"]


@dataclass(frozen=True, slots=True)
class Presenting:
    """What was asked for."""

    language: Literal["en", "zh"] = "en"
    redact: bool = False
    redact_key: Path | None = None
    blinded: bool = False
    selftest: StoredSelfTest | None = None


def presenting_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command; it gets them as ``lang``, ``redact``, ``redact_key``, ``blinded``, ``selftest``."""
    for option in reversed((
        click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True,
                     help="Language of html, pdf, markdown and csv: English or Simplified Chinese."),
        click.option("--redact", is_flag=True, help="Leave out names, identifiers, dates and UIDs everywhere."),
        click.option("--redact-key", metavar="FILE", type=click.Path(path_type=Path),
                     help="Keep the pseudonyms of --redact in this file; one that exists is used again and added to."),
        click.option("--blinded", is_flag=True,
                     help="Leave out what tells the trial arm; refused where the plan itself tells it."),
        click.option("--selftest", metavar="FILE", type=click.Path(path_type=Path),
                     help="Show this self-test on pages (rtcheck selftest --format json > FILE)."),
    )):
        command = option(command)
    return command


def selftest_of(path: Path | None) -> StoredSelfTest | None:
    """Return a stored self-test; None where none was asked for.

    Raises:
        FileFaultsError: it cannot be read or is wrong.
    """
    if path is None:
        return None
    from rtcheck.render.stored_selftest import read_selftest

    return read_selftest(read_stored_text(path), str(path))


def presented(report: Report, exhibits: Exhibits | None, asked: Presenting) -> Rendering:
    """Return a result as it was asked to be shown: blinded, then redacted.

    Raises:
        click.UsageError: a key without redaction.
        BlindingError: it cannot be blinded.
        FileFaultsError: the key file is wrong.
        OutputError: the key file could not be written.
    """
    if asked.redact_key is not None and not asked.redact:
        raise click.UsageError("--redact-key needs --redact")
    if asked.blinded:
        from rtcheck.render.blind import blind

        report, exhibits = blind(report, exhibits)
    if asked.redact:
        report, exhibits = _redacted(report, exhibits, asked.redact_key)
    return Rendering(report, exhibits, asked.language, asked.selftest)


def _redacted(report: Report, exhibits: Exhibits | None, key: Path | None) -> tuple[Report, Exhibits | None]:
    from rtcheck.catalogue.names import read_names
    from rtcheck.render.pseudonyms import Pseudonyms, key_text
    from rtcheck.render.redact import redact
    from rtcheck.render.store import store_text

    names, known = _opened(key) if key is not None else (Pseudonyms(), {})
    redacted = redact(report, exhibits, names, tuple(read_names().by_spelling))
    if key is not None:
        store_text(key, key_text(names, known))
        note(f"pseudonyms kept in {key}: keep it apart from what was redacted")
    return redacted


def _opened(key: Path) -> tuple[Pseudonyms, dict[str, str]]:
    """Return the secret of a key file, or a new one where there is no file yet."""
    from rtcheck.render.pseudonyms import Pseudonyms, read_key

    if not key.exists():
        return Pseudonyms(os.urandom(32)), {}
    secret, known = read_key(read_stored_text(key), str(key))
    return Pseudonyms(secret), known
