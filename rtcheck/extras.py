"""Which extra brings which library, and one helpful error where it is missing."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from rtcheck.errors import MissingExtraError

__all__ = ["EXTRAS", "load_extra", "require_extra"]

EXTRAS = {"typst": "pdf"}
"""Module to the extra of the package that brings it."""


def require_extra(module: str) -> None:
    """Make sure that an optional library is there, without the time that importing it takes.

    Raises:
        MissingExtraError: it is not installed.
    """
    if importlib.util.find_spec(module) is None:
        raise _missing(module)


def load_extra(module: str) -> ModuleType:
    """Import an optional library.

    Raises:
        MissingExtraError: it is not installed; the message names the extra that brings it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise _missing(module) from error


def _missing(module: str) -> MissingExtraError:
    return MissingExtraError(
        f'this needs the optional package {module}: install it with  pip install "rtcheck[{EXTRAS[module]}]"'
    )
