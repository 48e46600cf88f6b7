"""Structure expressions: names, ``@gtv`` and ``@lesion.ptv`` selectors, ``-``, ``|``, ``&``, margins, parentheses.

Operators stand between blanks, so that ``Liver-GTV`` is a name. Equal operators associate to the left. Unlike ones may
be read in two ways, which is a wrong dose and not a matter of taste: they are refused without parentheses.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal, NoReturn

from rtcheck.errors import ExpressionLimitError, ExpressionSyntaxError
from rtcheck.units import format_number, match_number, match_unit, scale_number, skip_blanks

__all__ = [
    "Expression",
    "Margin",
    "Name",
    "Operation",
    "Selector",
    "is_bare_name",
    "parse_expression",
    "print_expression",
]

_MAX_LENGTH = 1000
_MAX_DEPTH = 20
_MAX_OPERANDS = 100
_ENDS_NAME = frozenset(' \t\n\r\f\v"|&()+@')
_DASHES = "-‐‑‒–—−"


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
    """``operand + 5 mm``; negative: ``operand - 3 mm``."""

    operand: Expression
    mm: float


Expression = Name | Selector | Operation | Margin

_SELECTORS: dict[str, Selector] = {
    "@gtv": Selector("gtv", each_lesion=False),
    "@ctv": Selector("ctv", each_lesion=False),
    "@ptv": Selector("ptv", each_lesion=False),
    "@lesion.gtv": Selector("gtv", each_lesion=True),
    "@lesion.ctv": Selector("ctv", each_lesion=True),
    "@lesion.ptv": Selector("ptv", each_lesion=True),
}
_OPERATORS: dict[str, Literal["-", "|", "&"]] = {"-": "-", "|": "|", "&": "&"}
_MEANT = dict.fromkeys("‐‑‒–—−", "-") | {"\\": "-", "∪": "|", "∩": "&", "∖": "-"}


def is_bare_name(text: str) -> bool:
    """Whether a name can stand without quotes: no blanks, no operators, no dash at either end.

    A ``-`` inside a word belongs to the name, as in ``Liver-GTV``.
    """
    if not text or not text.isprintable() or any(letter in _ENDS_NAME or letter.isspace() for letter in text):
        return False
    return text[0] not in _DASHES and text[-1] not in _DASHES


def print_expression(expression: Expression) -> str:
    """Return the canonical text of an expression; reading it gives the expression back.

    Quotes stand where the name needs them or was written with them; a quote inside a name is doubled.
    """
    match expression:
        case Name(text, quoted):
            return f'"{text.replace(chr(34), chr(34) * 2)}"' if quoted or not is_bare_name(text) else text
        case Selector(role, each_lesion):
            return f"@lesion.{role}" if each_lesion else f"@{role}"
        case Margin(operand, mm):
            inner = print_expression(operand)
            return f"{_grouped(inner, operand)} {'+' if mm > 0 else '-'} {format_number(abs(mm))} mm"
        case Operation(operator, left, right):
            first = print_expression(left)
            if not (isinstance(left, Operation) and left.operator == operator):
                first = _grouped(first, left)
            return f"{first} {operator} {_grouped(print_expression(right), right)}"


def _grouped(text: str, expression: Expression) -> str:
    """Put an operation or a margin in parentheses."""
    return f"({text})" if isinstance(expression, Operation | Margin) else text


@dataclass(slots=True)
class _Reader:
    """The text, where reading stands, and how many operands were read."""

    text: str
    at: int = 0
    operands: int = 0

    def fail(self, position: int, problem: str, suggestion: str | None = None) -> NoReturn:
        raise ExpressionSyntaxError(self.text, position, problem, suggestion)

    def refuse(self, position: int, problem: str) -> NoReturn:
        raise ExpressionLimitError(self.text, position, problem)


def parse_expression(text: str) -> Expression:
    """Read a structure expression.

    Returns:
        The tree; names are as written, without their quotes.

    Raises:
        ExpressionSyntaxError: it is not an expression, or unlike operators stand without parentheses;
            `ExpressionLimitError` where it is longer or deeper than any real one.
    """
    reader = _Reader(text)
    if len(text) > _MAX_LENGTH:
        reader.refuse(_MAX_LENGTH, f"an expression has at most {_MAX_LENGTH} characters")
    for position, letter in enumerate(text):
        if not letter.isprintable():
            reader.refuse(position, "control characters and line breaks have no place in an expression")
    expression = _read_sequence(reader, 0)
    if reader.at < len(text):
        reader.fail(reader.at, "this ) closes nothing")
    return expression


def _read_sequence(reader: _Reader, depth: int) -> Expression:
    """Read operands joined by one kind of operator, up to the end or a closing parenthesis."""
    expression = _read_operand(reader, depth)
    used: str | None = None
    after_margin = False
    while True:
        before = reader.at
        reader.at = skip_blanks(reader.text, before)
        mark = reader.text[reader.at : reader.at + 1]
        if mark in ("", ")"):
            return expression
        operator_at = reader.at
        if mark not in _OPERATORS and mark != "+":
            _refuse_operator(reader, mark)
        _check_blanks(reader, before, operator_at)
        margin = mark == "+" or (mark == "-" and _is_length(reader.text, operator_at + 1))
        if used is not None and (used != mark or margin or after_margin):
            problem = (
                f"{used} and {mark} in one expression can be read in two ways; put parentheses around what goes first"
            )
            reader.fail(operator_at, problem, _grouped_suggestion(reader, expression, operator_at))
        used, after_margin = mark, margin
        reader.at = skip_blanks(reader.text, operator_at + 1)
        if margin:
            expression = _read_margin(reader, expression, -1 if mark == "-" else 1)
        else:
            expression = Operation(_OPERATORS[mark], expression, _read_operand(reader, depth))


def _read_operand(reader: _Reader, depth: int) -> Expression:
    """Read one name, selector or parenthesis."""
    reader.at = skip_blanks(reader.text, reader.at)
    start = reader.at
    mark = reader.text[start : start + 1]
    reader.operands += 1
    if reader.operands > _MAX_OPERANDS or depth > _MAX_DEPTH:
        reader.refuse(
            start, f"an expression has at most {_MAX_OPERANDS} structures and {_MAX_DEPTH} levels of parentheses"
        )
    if mark in ("", ")") or mark in _OPERATORS or mark == "+":
        reader.fail(start, "expected a structure name, a selector such as @gtv, or (", "Liver - @gtv")
    if mark == "(":
        reader.at = start + 1
        inner = _read_sequence(reader, depth + 1)
        if reader.text[reader.at : reader.at + 1] != ")":
            reader.fail(reader.at, f"expected ) for the ( at character {start + 1}")
        reader.at += 1
        return inner
    if mark == '"':
        return _read_quoted(reader)
    word = _read_word(reader)
    return _selector(reader, start, word) if mark == "@" else _name(reader, start, word)


def _read_word(reader: _Reader) -> str:
    """Read up to a blank, an operator character, a quote or a parenthesis; ``@`` may only begin a word."""
    start = reader.at
    end = start + 1
    while end < len(reader.text) and not reader.text[end].isspace() and reader.text[end] not in '"|&()+@':
        end += 1
    reader.at = end
    return reader.text[start:end]


def _read_quoted(reader: _Reader) -> Name:
    """Read a name in quotes; a doubled quote is one quote of the name."""
    start = reader.at
    letters: list[str] = []
    position = start + 1
    while position < len(reader.text):
        if reader.text[position] != '"':
            letters.append(reader.text[position])
            position += 1
        elif reader.text[position + 1 : position + 2] == '"':
            letters.append('"')
            position += 2
        else:
            break
    else:
        reader.fail(start, "this quote is never closed")
    name = "".join(letters)
    if not name.strip():
        reader.fail(start, "a structure name is not empty")
    reader.at = position + 1
    return Name(name, quoted=True)


def _selector(reader: _Reader, start: int, word: str) -> Selector:
    selector = _SELECTORS.get(word)
    if selector is None:
        near = difflib.get_close_matches(word.lower(), sorted(_SELECTORS), n=1, cutoff=0.5)
        reader.fail(start, f"unknown selector {word}; there are {', '.join(_SELECTORS)}", near[0] if near else None)
    return selector


def _name(reader: _Reader, start: int, word: str) -> Name:
    if not is_bare_name(word):
        at = start + len(word) - 1 if is_bare_name(word[:-1]) else start
        left, mark, right = reader.text[:at].strip(), reader.text[at], reader.text[at + 1 :].strip()
        mended = f"{left} {_MEANT.get(mark, mark)} {right}" if left and right else None
        reader.fail(at, "an operator stands between blanks; a name that begins or ends with a dash is quoted", mended)
    return Name(word)


def _read_margin(reader: _Reader, operand: Expression, sign: int) -> Margin:
    """Read the length after ``+``, or after a ``-`` that a length follows."""
    found = match_number(reader.text, reader.at)
    example = f"{print_expression(operand)} + 5 mm" if isinstance(operand, Name | Selector) else None
    if found is None:
        reader.fail(reader.at, "expected the margin, a number with mm or cm; structures are joined by |", example)
    unit_at = skip_blanks(reader.text, found[1])
    unit = match_unit(reader.text, unit_at)
    if unit is None or unit[0] != "mm":
        reader.fail(unit_at, "expected mm or cm", example)
    if found[0] == 0:
        reader.fail(reader.at, "a margin is greater than 0", example)
    reader.at = unit[2]
    return Margin(operand, sign * scale_number(found[0], unit[1]))


def _is_length(text: str, at: int) -> bool:
    """Whether a length such as ``5 mm`` stands here: ``PTV - 5 mm`` shrinks, it takes no structure named 5 away."""
    found = match_number(text, skip_blanks(text, at))
    unit = match_unit(text, skip_blanks(text, found[1])) if found else None
    return unit is not None and unit[0] == "mm"


def _check_blanks(reader: _Reader, before: int, operator_at: int) -> None:
    """Refuse an operator without a blank on both sides."""
    after = reader.text[operator_at + 1 : operator_at + 2]
    if operator_at > before and after in (" ", "\t", ""):
        return
    left, mark, right = reader.text[:operator_at].rstrip(), reader.text[operator_at], reader.text[operator_at + 1 :]
    mended = f"{left} {mark} {right.lstrip()}" if right.strip() else None
    reader.fail(operator_at, f"{mark} needs a blank on both sides; a name with {mark} in it is quoted", mended)


def _refuse_operator(reader: _Reader, mark: str) -> NoReturn:
    """Say that no operator stands where one is expected."""
    if mark in _MEANT:
        rest = reader.text[reader.at + 1 :]
        mended = f"{reader.text[: reader.at]}{_MEANT[mark]}{rest}"
        reader.fail(reader.at, f"the operator is written {_MEANT[mark]}", mended)
    problem = "expected an operator (-, |, &) or + and a margin; a name with blanks is quoted"
    plain = not any(letter in '"|&()+@' or letter in _MEANT for letter in reader.text) and " - " not in reader.text
    reader.fail(reader.at, problem, f'"{reader.text.strip()}"' if plain else None)


def _grouped_suggestion(reader: _Reader, expression: Expression, operator_at: int) -> str | None:
    """Return the text with parentheses around what was read so far, at the outermost level only."""
    if reader.text[:operator_at].count("(") != reader.text[:operator_at].count(")"):
        return None
    return f"({print_expression(expression)}) {reader.text[operator_at:]}"
