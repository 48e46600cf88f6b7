"""What is said when nothing can be judged: an error becomes findings, an exit code, a message and a document."""

from __future__ import annotations

import os
import traceback
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

import click

from rtcheck.cli.streams import note, print_json
from rtcheck.errors import BlindingError, DicomError, FileFaultsError, MissingExtraError, NotationError, OutputError
from rtcheck.model.finding import Finding, finding

if TYPE_CHECKING:
    from rtcheck.report import Report

__all__ = ["CANNOT_USE", "INTERNAL", "USAGE", "Refusal", "refusal_of", "refusal_report", "refuse"]

USAGE = 2
CANNOT_USE = 4
INTERNAL = 5

_SCHEMAS = {"dvh": "rtcheck.dvh/1", "inspect": "rtcheck.inspect/1"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command stopped: the exit code of the contract, the findings of the document, the message for people."""

    exit_code: int
    findings: tuple[Finding, ...]
    message: str


def refusal_of(error: Exception) -> Refusal:
    """Put an error into the words of the contract."""
    if isinstance(error, FileFaultsError):
        findings = tuple(
            finding(fault.code, fault.file, str(fault), file=fault.file, key_path=fault.key_path, found=fault.found,
                    expected=fault.expected, suggestion=fault.suggestion)
            for fault in error.faults
        )
        head = f"RTD801 {len(findings)} fault{'s' * (len(findings) != 1)} in the files given; nothing was judged"
        return Refusal(USAGE, findings, "\n".join([head, *(f"  {fault}" for fault in error.faults)]))
    if isinstance(error, NotationError):
        found = finding("RTD801", "command line", error.one_line(), found=error.text, position=error.position)
        return Refusal(USAGE, (found,), "\n" + error.with_caret())
    if isinstance(error, click.ClickException):
        message = error.format_message()
        return Refusal(USAGE, (finding("RTD801", "command line", message, file="command line"),), message)
    if isinstance(error, BlindingError):
        # the message tells what the file must not: it goes to the one who asked, not into the report
        found = finding("RTD801", "command line", "This result cannot be blinded.")
        return Refusal(USAGE, (found,), f"--blinded: {error}")
    if isinstance(error, MissingExtraError):
        return Refusal(USAGE, (finding("RTD801", "command line", str(error)),), str(error))
    if isinstance(error, DicomError):
        found = finding(error.code, error.subject, error.problem, "F")
        return Refusal(CANNOT_USE, (found,), f"{error.code} {error.problem}")
    if isinstance(error, OutputError):
        return Refusal(INTERNAL, (finding("RTD903", "output", str(error)),), f"RTD903 {error}")
    found = _internal(error)
    return Refusal(INTERNAL, (found,), f"RTD901 {found.message}")


def refuse(refusal: Refusal, command: str, *, as_json: bool) -> int:
    """Print the message to standard error and, where asked for, the document to standard output.

    Args:
        refusal: what to say.
        command: name of the command, such as ``check``; decides the schema.
        as_json: whether standard output is to hold one JSON document.

    Returns:
        The exit code.
    """
    from rtcheck.render.json_report import document_text, findings_list, report_json
    from rtcheck.render.terminal import visible

    program = f"rtcheck {command}".rstrip()
    note("\n".join(visible(line) for line in f"{program}: {refusal.message}".split("\n")))
    if as_json and command in _SCHEMAS:
        print_json(document_text({"schema": _SCHEMAS[command], "exit_code": refusal.exit_code, "structures": [],
                                  "findings": findings_list(refusal.findings)}))
    elif as_json:
        print_json(report_json(refusal_report(refusal)))
    return refusal.exit_code


def refusal_report(refusal: Refusal) -> Report:
    """Return the report of a check that judged nothing: no verdict, and the findings that say why."""
    from rtcheck.cli.software import software
    from rtcheck.report import Provenance, Report

    provenance = Provenance(software(), (), {}, {}, {})
    return Report(None, refusal.exit_code, "", (), (), (), refusal.findings, provenance)


def _internal(error: Exception) -> Finding:
    """Return RTD901 for a bug: its kind and place, never its message, which may hold patient data."""
    if os.environ.get("RTCHECK_DEBUG"):
        note("".join(traceback.format_exception(error)).rstrip())
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)
              if "rtcheck" in PurePath(frame.filename).parts]
    place = f" in {PurePath(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return finding("RTD901", "rtcheck", f"internal error: {type(error).__name__}{place}. Nothing was judged. Run the "
                   "command again with RTCHECK_DEBUG=1 and report what it prints, without patient data.")
