"""Which extra brings which library, and one helpful error where it is missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from rtcheck.errors import MissingExtraError

__all__ = ["EXTRAS", "load_extra"]

EXTRAS = {"typst": "pdf"}
"""Module to the extra of the package that brings it."""


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
        extra = EXTRAS[module]
        raise MissingExtraError(
            f'this needs the optional package {module}: install it with  pip install "rtcheck[{extra}]"'
        ) from error
