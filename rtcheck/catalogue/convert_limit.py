"""What the readers of other programs' limits hand over: limits in our notation, and what could not be carried over."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from rtcheck.errors import NotationError
from rtcheck.rules.expression import is_bare_name

__all__ = ["Foreign", "ForeignLimit", "LeftOut", "plain_number", "quoted_name"]


@dataclass(frozen=True, slots=True)
class ForeignLimit:
    """One limit in our notation, not yet parsed.

    Attributes:
        place: where it stood, such as ``row 3``.
        structure, metric, goal, variation: texts; `variation` is empty where there is none.
        fractions: of the plans it is for; None: any.
        note: what a reader has to know: aliases, the priority there.
        source, where, endpoint, priority, id: as the file states them; empty where it does not.
    """

    place: str
    structure: str
    metric: str
    goal: str
    variation: str = ""
    fractions: tuple[int, int] | None = None
    note: str = ""
    source: str = ""
    where: str = ""
    endpoint: str = ""
    priority: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that was not carried over: where it stood, what it was, and why."""

    place: str
    what: str
    why: str


@dataclass(slots=True)
class Foreign:
    """What a reader found in one file."""

    form: str
    title: str
    limits: list[ForeignLimit] = field(default_factory=list)
    left: list[LeftOut] = field(default_factory=list)

    def leave(self, place: str, what: str, why: str | NotationError) -> None:
        """Note something that is not carried over."""
        self.left.append(LeftOut(place, what, why.one_line() if isinstance(why, NotationError) else why))


def quoted_name(name: str) -> str:
    """Return a structure name as an expression that means just this name, in quotes where it needs them."""
    doubled = name.replace('"', '""')
    return name if is_bare_name(name) else f'"{doubled}"'


def plain_number(value: object, *, power: int = 0) -> str | None:
    """Return a number times ten to the `power` as decimal text without exponent; None for what is no finite number.

    Works on the digits, so that 2.3 stays 2.3 and 5000 cGy is exactly 50 Gy.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) > Decimal("1e9") or number < 0:
        return None
    text = format(number.scaleb(power), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text or "0"
