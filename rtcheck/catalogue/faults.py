"""Turning what is wrong in one of our files into `Fault` values: every fault, its key path, what was expected.

The words after "expected" stand beside each field of the schemas (the field's description), so that message, schema
and documentation cannot drift apart. Values of patient-identifying keys are never repeated in a message.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from rtcheck.errors import ExpressionLimitError, Fault, FileFaultsError, NotationError

__all__ = ["Faults", "Table", "check_schema", "describe", "misplaced_key", "suggest", "validate_table"]

_IDENTIFYING = frozenset({"patient.id", "patient.dicom_ids"})
_LONGEST_ECHO = 60
_MOST_FAULTS = 500

T = TypeVar("T", bound=BaseModel)


class Table(BaseModel):
    """Base of every table of our files: no unknown keys, no conversion between types, no NaN or infinity."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Faults:
    """The faults of one file, collected while it is read."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Fault] = []
        self._places: set[str] = set()

    def add(self, key_path: str, found: str, expected: str, suggestion: str = "", code: str = "RTD801") -> None:
        """Note one fault; of one place only the first, which is the most basic.

        Raises:
            FileFaultsError: there are so many that the file cannot be what it is taken for; the rest is not looked at.
        """
        if key_path and key_path in self._places:
            return
        self._places.add(key_path)
        if len(self.found) == _MOST_FAULTS:
            self.found.append(Fault(self.file, "", f"more than {_MOST_FAULTS} faults", "a file of this kind"))
            raise FileFaultsError(tuple(self.found))
        self.found.append(Fault(self.file, key_path, found, expected, suggestion, code))

    def add_notation(self, key_path: str, error: NotationError, expected: str) -> None:
        """Note a fault of one of our notations, with the position of the faulty character."""
        found = f"{error.text!r}, character {error.position + 1}: {error.problem}"
        code = "RTD804" if isinstance(error, ExpressionLimitError) else "RTD801"
        self.add(key_path, found, expected, error.suggestion or "", code)


def check_schema(data: Mapping[str, Any], schema: str, faults: Faults) -> None:
    """Note a fault unless the file's ``schema`` is the one this program reads."""
    found = data.get("schema")
    if found == schema:
        return
    kind = schema.partition("/")[0]
    if isinstance(found, str) and found.startswith(f"{kind}/"):
        faults.add("schema", describe(found), f'"{schema}", the only version this program reads', schema)
    else:
        faults.add("schema", describe(found) if found is not None else "no such key", f'"{schema}"', schema)


def describe(value: object) -> str:
    """Say what stands in the file, in TOML's words, short enough for one line."""
    match value:
        case bool():
            return f"{str(value).lower()} (yes/no)"
        case int() | float():
            return f"{value!r} (a number)" if abs(value) < 1e300 else "a number out of all bounds"
        case str():
            text = value if len(value) <= _LONGEST_ECHO else value[: _LONGEST_ECHO - 1] + "…"
            return f'"{text}" (text)' if value.strip() else "an empty text"
        case datetime():
            return f"{value.isoformat()} (a date with a time)"
        case date():
            return f"{value.isoformat()} (a date)"
        case time():
            return f"{value.isoformat()} (a time)"
        case list():
            return f"a list of {len(value)}" if value else "an empty list"
        case dict():
            return "a table" if value else "an empty table"
        case None:
            return "nothing"
        case _:
            return f"a {type(value).__name__}"


def suggest(word: str, known: Iterable[str]) -> str:
    """Return the known word that `word` most probably stands for, or an empty text; their order does not matter."""
    choices = sorted(set(known))
    folded = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(word.casefold(), sorted(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else ""


def misplaced_key(key: str, tables: Mapping[str, Iterable[str]]) -> str:
    """Return where a key would belong, such as ``lung.fev1_l``, when another table knows exactly this key."""
    homes = sorted(f"{table}.{key}" for table, keys in tables.items() if key in set(keys))
    return homes[0] if len(homes) == 1 else ""


def validate_table(
    model: type[T], raw: object, key_path: str, faults: Faults, elsewhere: Mapping[str, Iterable[str]] | None = None
) -> T | None:
    """Check one table against its schema and note every fault in it.

    Args:
        model: the schema; each field's description says what is expected.
        raw: what the file holds at `key_path`.
        key_path: place of the table, such as ``lesion[2]``; empty for the top level.
        faults: collector.
        elsewhere: keys of the other tables, to say where a misplaced key belongs.

    Returns:
        The table, or None when anything in it is wrong.
    """
    if not isinstance(raw, dict):
        faults.add(key_path, describe(raw), f"a table, written [{key_path}]")
        return None
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
    for problem in problems:
        loc = problem["loc"]
        key = str(loc[0])
        path = _join(key_path, loc)
        field = model.model_fields.get(key)
        value = _value_at(raw, loc)
        if problem["type"] == "extra_forbidden":
            hint = suggest(key, model.model_fields) or misplaced_key(key, elsewhere or {})
            known = ", ".join(model.model_fields)
            faults.add(path, "an unknown key", f"one of: {known}", hint)
        elif problem["type"] == "missing":
            faults.add(path, "no such key", _expected(field))
        elif _identifying(path):
            faults.add(path, f"a wrong value ({type(value).__name__})", _expected(field))
        else:
            hint = suggest(value, _choices(field)) if isinstance(value, str) else ""
            faults.add(path, describe(value), _expected(field), hint)
    return None


def _identifying(path: str) -> bool:
    return path.partition("[")[0] in _IDENTIFYING


def _join(key_path: str, loc: Sequence[int | str]) -> str:
    """Key path of a problem: indices are shown counting from 1, as people count tables."""
    path = key_path
    for part in loc:
        path += f"[{part + 1}]" if isinstance(part, int) else (f".{part}" if path else part)
    return path


def _value_at(raw: object, loc: Sequence[int | str]) -> object:
    value: Any = raw
    for part in loc:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _expected(field: FieldInfo | None) -> str:
    if field is None or not field.description:
        return "another value"
    return field.description


def _choices(field: FieldInfo | None) -> tuple[str, ...]:
    """Collect the words of an enumeration, found anywhere inside the field's type."""
    words: list[str] = []

    def collect(annotation: object) -> None:
        for argument in get_args(annotation):
            if isinstance(argument, str):
                words.append(argument)
            else:
                collect(argument)

    if field is not None:
        collect(field.annotation)
    return tuple(words)
