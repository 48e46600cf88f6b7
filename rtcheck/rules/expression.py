"""Structure expressions: names, ``@gtv`` and ``@lesion.ptv`` selectors, ``-``, ``|``, ``&``, margins, parentheses.

This head defines the tree; parsing and printing follow below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Expression", "Margin", "Name", "Operation", "Selector"]


@dataclass(frozen=True, slots=True)
class Name:
    """A structure name as written, without quotes."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Selector:
    """``@gtv``: those of all active consolidative lesions together; ``@lesion.gtv``: of one lesion at a time."""

    role: Literal["gtv", "ctv", "ptv"]
    each_lesion: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """``left operator right``; operators of one expression associate to the left."""

    operator: Literal["-", "|", "&"]
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Margin:
    """``operand + 5 mm``."""

    operand: Expression
    mm: float


Expression = Name | Selector | Operation | Margin
