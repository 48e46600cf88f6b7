"""The group of commands, and the one place where errors become exit codes.

0 PASS; 1 FAIL; 2 usage or a file of ours is wrong; 3 REVIEW or INCOMPLETE; 4 the export cannot be used; 5 internal
error; 130 interrupted; 141 the reader of standard output has gone.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Sequence
from itertools import pairwise

import click

from rtcheck.cli.check import check
from rtcheck.cli.dvh import dvh
from rtcheck.cli.explain import explain
from rtcheck.cli.inspect import inspect
from rtcheck.cli.protocol import protocol
from rtcheck.cli.refusal import INTERNAL, refusal_of, refuse
from rtcheck.cli.registry import registry
from rtcheck.cli.report import report
from rtcheck.cli.selftest import selftest
from rtcheck.cli.streams import note
from rtcheck.version import __version__

__all__ = ["rtcheck", "run"]

_INTERRUPTED = 130
_READER_GONE = 141


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(__version__, "-V", "--version", message="rtcheck %(version)s")
def rtcheck() -> None:
    """Check radiotherapy plans: is every registered lesion covered, every organ limit kept?

    A second check, never the only one. Exit codes: 0 PASS, 1 FAIL, 2 usage or a wrong file of ours, 3 REVIEW or
    INCOMPLETE, 4 the export cannot be used, 5 internal error.
    """


for _command in (check, dvh, explain, inspect, protocol, registry, report, selftest):
    rtcheck.add_command(_command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code. Nothing is raised.

    Args:
        arguments: without the program's name; those of the process when None.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = next((word for word in given if not word.startswith("-")), "")
    try:
        with warnings.catch_warnings():
            if not os.environ.get("RTCHECK_DEBUG"):
                # What libraries warn of is either a finding of ours or of no use to a physicist.
                warnings.simplefilter("ignore")
                logging.getLogger("pydicom").setLevel(logging.CRITICAL)
            code = rtcheck.main(given, prog_name="rtcheck", standalone_mode=False)
    except (KeyboardInterrupt, click.exceptions.Abort):
        note("interrupted; nothing was judged")
        return _INTERRUPTED
    except SystemExit:  # click leaves so when a help page was piped into a reader that has gone
        return _READER_GONE
    except Exception as error:  # noqa: BLE001 - the last wall: whatever it is, the exit code must not say PASS
        return _refused(error, command, as_json=_wants_json(given))
    return code if isinstance(code, int) else 0


def _refused(error: Exception, command: str, *, as_json: bool) -> int:
    try:
        return refuse(refusal_of(error), command, as_json=as_json)
    except Exception as again:  # noqa: BLE001 - as when standard output is full
        note(f"rtcheck: RTD903 the message could not be printed: {type(again).__name__}")
        return INTERNAL


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether the arguments ask for JSON, read without click, which may have refused them."""
    joined = any(word in ("--format=json", "--format=JSON") for word in arguments)
    return joined or any(word == "--format" and value.lower() == "json" for word, value in pairwise(arguments))
