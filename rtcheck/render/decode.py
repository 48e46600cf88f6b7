"""From JSON back to frozen values, strictly: every unknown, missing or ill-typed key is told with its path.

The type of every field is read from the dataclass it belongs to. Nothing is guessed or converted: a whole number stands
for a number, and that is all.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import math
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from rtcheck.errors import Fault, FileFaultsError

__all__ = ["Decoder", "packed", "parse_json"]

_MOST_VALUES = 4_000_000
"""Numbers an array may hold: far more than any picture has."""
_DTYPES = ("float32", "float64")


def packed(array: np.ndarray[Any, Any]) -> dict[str, object]:
    """Return an array as JSON: its shape, and its values as little-endian bytes in base64."""
    name = "float32" if array.dtype == np.float32 else "float64"
    data = np.ascontiguousarray(array, dtype=f"<f{4 if name == 'float32' else 8}").tobytes()
    return {"shape": list(array.shape), name: base64.b64encode(data).decode("ascii")}


def parse_json(text: str, file: str) -> object:
    """Read one JSON document; a repeated key, NaN or Infinity is refused.

    Raises:
        FileFaultsError: it is no such document.
    """

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key stands twice in one object")
        return found

    def refuse(word: str) -> object:
        raise ValueError(f"{word} is not a number in JSON")

    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    except RecursionError as error:
        raise _not_json(file, "objects nested too deeply") from error
    except ValueError as error:
        raise _not_json(file, str(error)) from error


def _not_json(file: str, problem: str) -> FileFaultsError:
    return FileFaultsError((Fault(file, "", problem, "one JSON document as rtcheck writes it"),))


class Decoder:
    """Gathers the faults of one file while its values are made; a value with a fault is None and must not be used."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def fault(self, path: str, found: str, expected: str) -> None:
        """Note one fault."""
        self.faults.append(Fault(self.file, path, found, expected))

    def finish(self) -> None:
        """Raise all faults at once.

        Raises:
            FileFaultsError: there are some.
        """
        if self.faults:
            raise FileFaultsError(tuple(self.faults))

    def keys(self, value: object, wanted: tuple[str, ...], path: str) -> dict[str, object] | None:
        """Return an object that has exactly the wanted keys, or None with the faults."""
        if not isinstance(value, dict):
            self.fault(path, _kind(value), "an object")
            return None
        for key in value.keys() - set(wanted):
            self.fault(_joined(path, str(key)[:60]), "an unknown key", f"one of {', '.join(wanted)}")
        missing = [key for key in wanted if key not in value]
        for key in missing:
            self.fault(_joined(path, key), "nothing", "a value: the key is missing")
        return None if missing else value

    def decode(self, wanted: Any, value: object, path: str) -> Any:
        """Return a value of the wanted type; None with a fault noted where it is not one."""
        origin = get_origin(wanted)
        if dataclasses.is_dataclass(wanted) and isinstance(wanted, type):
            return self._dataclass(wanted, value, path)
        if origin in (Union, types.UnionType):
            return self._union(wanted, value, path)
        if origin is Literal:
            if value not in get_args(wanted) or isinstance(value, bool):
                self.fault(path, _kind(value), "one of " + ", ".join(map(str, get_args(wanted))))
            return value
        if origin is tuple:
            return self._tuple(get_args(wanted), value, path)
        if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
            return self._mapping(get_args(wanted)[1], value, path)
        if origin is np.ndarray or wanted is np.ndarray:
            return self._array(value, path)
        return self._plain(wanted, value, path)

    def _plain(self, wanted: Any, value: object, path: str) -> Any:
        if wanted is object:
            return value
        if wanted is float:
            if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
                return value
        elif isinstance(value, wanted) and not (wanted is int and isinstance(value, bool)):
            return value
        names = {float: "a number", int: "a whole number", str: "a text", bool: "true or false"}
        self.fault(path, _kind(value), names.get(wanted, str(wanted)))
        return None

    def _union(self, wanted: Any, value: object, path: str) -> Any:
        choices = [each for each in get_args(wanted) if each is not type(None)]
        if value is None and len(choices) < len(get_args(wanted)):
            return None
        return self.decode(choices[0], value, path)

    def _tuple(self, parts: tuple[Any, ...], value: object, path: str) -> Any:
        if not isinstance(value, list):
            self.fault(path, _kind(value), "a list")
            return None
        if len(parts) == 2 and parts[1] is Ellipsis:
            return tuple(self.decode(parts[0], each, f"{path}[{index}]") for index, each in enumerate(value))
        if len(value) != len(parts):
            self.fault(path, f"{len(value)} values", f"{len(parts)} values")
            return None
        return tuple(
            self.decode(part, each, f"{path}[{index}]")
            for index, (part, each) in enumerate(zip(parts, value, strict=True))
        )

    def _mapping(self, wanted: Any, value: object, path: str) -> Any:
        if not isinstance(value, dict):
            self.fault(path, _kind(value), "an object")
            return None
        return {key: self.decode(wanted, each, _joined(path, key[:60])) for key, each in value.items()}

    def _dataclass(self, wanted: type, value: object, path: str) -> Any:
        hints = _hints(wanted)
        found = self.keys(value, tuple(hints), path)
        if found is None:
            return None
        before = len(self.faults)
        fields = {name: self.decode(hint, found[name], _joined(path, name)) for name, hint in hints.items()}
        if len(self.faults) > before:
            return None
        try:
            return wanted(**fields)
        except ValueError as error:
            self.fault(path, str(error), "values that fit each other")
            return None

    def _array(self, value: object, path: str) -> Any:
        if isinstance(value, list):
            numbers = [self.decode(float, each, f"{path}[{index}]") for index, each in enumerate(value)]
            return None if None in numbers else np.array(numbers, dtype=np.float64)
        name = next((each for each in _DTYPES if isinstance(value, dict) and each in value), "")
        found = self.keys(value, ("shape", name or "float64"), path)
        if found is None:
            return None
        shape, data = found["shape"], found[name or "float64"]
        whole = isinstance(shape, list) and all(type(n) is int and 0 <= n <= _MOST_VALUES for n in shape)
        if not whole or not isinstance(shape, list) or math.prod(shape) > _MOST_VALUES or not isinstance(data, str):
            self.fault(path, "a shape or data that cannot be used", "a packed array")
            return None
        try:
            raw = base64.b64decode(data, validate=True)
            return np.frombuffer(raw, dtype="<f4" if name == "float32" else "<f8").reshape(shape).copy()
        except (binascii.Error, ValueError) as error:
            self.fault(path, str(error), "a packed array")
            return None


@cache
def _hints(wanted: type) -> dict[str, Any]:
    hints = get_type_hints(wanted)
    return {item.name: hints[item.name] for item in dataclasses.fields(wanted)}


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _kind(value: object) -> str:
    """Name what was found, without repeating a text that may hold patient data."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object"
