"""A cohort table (CSV, as REDCap exports it) to one registry file for each patient, or every fault by row and column.

All rows are read and every record is checked as a registry file is, before the first byte is written. The folder is
made whole under another name and then renamed, so that it is complete or not there.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rtcheck.catalogue.faults import Faults, describe
from rtcheck.catalogue.mapping import CohortMapping, Column
from rtcheck.catalogue.registry import REGISTRY_SCHEMA, check_data
from rtcheck.catalogue.registry_text import registry_text
from rtcheck.errors import FileFaultsError, OutputError

__all__ = ["read_cohort", "store_cohort"]

_LARGEST_FILE = 64 * 1024 * 1024
_INSTRUMENT, _INSTANCE = "redcap_repeat_instrument", "redcap_repeat_instance"
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
_WORDS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_ORDER = ("patient", "trial", "lung", "liver", "labs", "exclusion")


@dataclass
class _Patient:
    """What the rows of one patient say, and where each key came from: key path to (row, column)."""

    row: int
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[str, tuple[int, str]] = field(default_factory=dict)


def read_cohort(path: Path, mapping: CohortMapping) -> dict[str, str]:
    """Read a cohort table.

    Args:
        path: the CSV file: UTF-8, with a header.
        mapping: what its columns mean.

    Returns:
        File names and their texts, in the order of the table. A name is the patient's id where that is a plain
        pseudonym (letters, digits, _ and -), else a number; never other text of the table.

    Raises:
        FileFaultsError: a cell or a record is wrong; carries every fault with row and column. Values of the id column
            are never repeated.
    """
    faults = Faults(str(path))
    header, rows, digest = _rows(path, mapping, faults)
    patients = _patients(header, rows, mapping, faults) if not faults.found else {}
    for patient in patients.values():
        _check(patient, faults)
    if not patients and not faults.found:
        faults.add("", "no row with a patient", "at least one row below the header")
    if faults.found:
        raise FileFaultsError(tuple(faults.found))
    names = _file_names(list(patients))
    comment = f"Imported by rtcheck registry import from a table of SHA-256 {digest}."
    return {name: registry_text(patient.data, comment) for name, patient in zip(names, patients.values(), strict=True)}


def store_cohort(folder: Path, texts: Mapping[str, str]) -> None:
    """Write the files into a new folder that only its owner can read, all or none.

    Raises:
        OutputError: the folder exists and is not empty, or could not be written; nothing is left then.
    """
    try:
        taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
        work = None if taken else Path(tempfile.mkdtemp(prefix=".rtcheck-", dir=folder.absolute().parent))
    except OSError as error:
        raise OutputError(f"{folder} could not be made: {error.strerror or error}") from error
    if work is None:
        raise OutputError(f"{folder} exists and is not an empty folder; name a new one")
    try:
        for name, text in texts.items():
            handle = os.open(work / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
        if folder.exists():
            folder.rmdir()
        work.rename(folder)
    except BaseException as error:
        with suppress(OSError):
            shutil.rmtree(work)
        if isinstance(error, OSError):
            raise OutputError(f"{folder} could not be written: {error.strerror or error}") from error
        raise


def _rows(path: Path, mapping: CohortMapping, faults: Faults) -> tuple[list[str], list[tuple[int, list[str]]], str]:
    """Read the header and the rows with the line each begins in."""
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_FILE + 1)
        text = content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = "bytes that are not UTF-8" if isinstance(error, UnicodeDecodeError) else (
            getattr(error, "strerror", None) or "its name is not a file name")  # fmt: skip
        faults.add("", f"a file that cannot be read: {reason}", "a CSV file saved as UTF-8")
        return [], [], ""
    if len(content) > _LARGEST_FILE:
        faults.add("", f"more than {_LARGEST_FILE} bytes", "a table of at most 64 MiB")
        return [], [], ""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mapping.delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((line, row))
            line = reader.line_num + 1
    except csv.Error as error:
        faults.add(f"row {line}", f"no CSV: {error}", "a row of cells, quotes closed")
    if not rows:
        faults.add("", "no header", "a header row with the names of the columns")
        return [], [], ""
    header = [name.strip() for name in rows[0][1]]
    for name in dict.fromkeys(name for name in header if name and header.count(name) > 1):
        faults.add(f"row 1, column {name}", "a column twice", "each column once")
    for number, row in rows[1:]:
        if len(row) != len(header):
            faults.add(f"row {number}", f"{len(row)} cells", f"{len(header)} cells, as the header has")
    _refuse_missing_columns(header, mapping, faults)
    return header, rows[1:], hashlib.sha256(content).hexdigest()


def _refuse_missing_columns(header: Sequence[str], mapping: CohortMapping, faults: Faults) -> None:
    wanted = [mapping.id_column, *(entry.column for entry in mapping.facts)]
    lesions = mapping.lesions
    if lesions is not None:
        numbers = [str(n) for n in range(1, lesions.repeat + 1)] or [""]
        templates = [lesions.present, *(entry.column for entry in lesions.keys)]
        wanted += [template.replace("{n}", number) for template in templates for number in numbers]
        if lesions.instrument:
            wanted += [_INSTRUMENT, _INSTANCE]
    for name in dict.fromkeys(name for name in wanted if name):
        if name not in header:
            faults.add(f"row 1, column {name}", "no such column", "every column that the mapping names")


def _patients(
    header: Sequence[str], rows: Sequence[tuple[int, list[str]]], mapping: CohortMapping, faults: Faults
) -> dict[str, _Patient]:
    patients: dict[str, _Patient] = {}
    bases: set[str] = set()
    for number, cells in rows:
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        name = row[mapping.id_column]
        if name in mapping.missing or not name:
            faults.add(f"row {number}, column {mapping.id_column}", "no id", "the patient's id")
            continue
        patient = patients.setdefault(name, _Patient(number, {"schema": REGISTRY_SCHEMA, "patient": {"id": name}}))
        patient.places.setdefault("patient.id", (number, mapping.id_column))
        lesions = mapping.lesions
        instrument = row.get(_INSTRUMENT, "")
        if instrument:
            if lesions is not None and instrument == lesions.instrument:
                _add_lesion(patient, number, row, row.get(_INSTANCE, ""), mapping, faults)
            continue
        if name in bases:
            faults.add(f"row {number}, column {mapping.id_column}", "the id of an earlier row", "one row a patient")
            continue
        bases.add(name)
        for entry in mapping.facts:
            value = _value(entry, number, row, "", mapping, faults)
            if value is not None:
                table, _, key = entry.key.partition(".")
                patient.data.setdefault(table, {})[key] = value
            patient.places[entry.key] = (number, entry.column)
        for index in range(1, (lesions.repeat if lesions is not None else 0) + 1):
            _add_lesion(patient, number, row, str(index), mapping, faults)
    for name, patient in patients.items():
        if name not in bases:
            faults.add(f"row {patient.row}, column {mapping.id_column}", "a repeating row, but no row of the patient",
                       f"one row of the patient with an empty {_INSTRUMENT}")
    return patients


def _add_lesion(
    patient: _Patient, number: int, row: Mapping[str, str], n: str, mapping: CohortMapping, faults: Faults
) -> None:
    lesions = mapping.lesions
    if lesions is None:
        return
    present = lesions.present.replace("{n}", n)
    if present and row.get(present, "") in mapping.missing:
        left = [entry.column.replace("{n}", n) for entry in lesions.keys if entry.column]
        filled = [name for name in left if row.get(name, "") not in mapping.missing]
        if filled:
            faults.add(f"row {number}, column {present}", f"nothing, but {filled[0]} is filled",
                       "the lesion whole, or none of it")
        return
    index = len(patient.data.setdefault("lesion", [])) + 1
    lesion: dict[str, Any] = {}
    for entry in lesions.keys:
        value = _value(entry, number, row, n, mapping, faults)
        if value is not None:
            lesion[entry.key] = value
        patient.places[f"lesion[{index}].{entry.key}"] = (number, entry.column.replace("{n}", n))
    patient.places[f"lesion[{index}]"] = (number, present)
    patient.data["lesion"].append(lesion)


def _value(
    entry: Column, number: int, row: Mapping[str, str], n: str, mapping: CohortMapping, faults: Faults
) -> Any:
    """Return what a cell means, None when it is not recorded; a cell that cannot be read is a fault."""
    if entry.constant is not None:
        constant = entry.constant.replace("{n}", n) if isinstance(entry.constant, str) else entry.constant
        return [constant] if entry.kind == "list" else constant
    name = entry.column.replace("{n}", n)
    cell = row.get(name, "")
    if cell in mapping.missing:
        return None
    place = f"row {number}, column {name}"
    if entry.values is not None:
        if cell not in entry.values:
            faults.add(place, describe(cell), f"one of: {', '.join(entry.values)} (the mapping's values)")
            return None
        return entry.values[cell]
    if entry.kind == "list":
        parts = cell.split(entry.split) if entry.split else [cell]
        return [part.strip() for part in parts if part.strip()]
    if entry.kind == "number":
        if not _NUMBER.fullmatch(cell):
            faults.add(place, describe(cell), "a number with a point, without unit")
            return None
        return float(cell) if "." in cell else int(cell)
    if entry.kind == "yes/no":
        if cell.casefold() not in _WORDS:
            faults.add(place, describe(cell), "1 or 0, true or false, yes or no; or values in the mapping")
            return None
        return _WORDS[cell.casefold()]
    if entry.kind == "date":
        with suppress(ValueError):
            return datetime.strptime(cell, mapping.dates).date()  # noqa: DTZ007 - a date has no zone
        faults.add(place, describe(cell), f"a date in the form {mapping.dates}")
        return None
    return cell


def _check(patient: _Patient, faults: Faults) -> None:
    """Check one record as a registry file is checked; its faults name the cell they come from."""
    order = ("schema", *_ORDER, "lesion")
    patient.data = {key: patient.data[key] for key in order if key in patient.data}
    own = Faults(faults.file)
    check_data(patient.data, own)
    for fault in own.found:
        row, column = _place(fault.key_path, patient)
        where = f"row {row}, column {column}" if column else f"row {row}, {fault.key_path}"
        faults.add(where, fault.found, f"{fault.expected} ({fault.key_path})", fault.suggestion)


def _place(key_path: str, patient: _Patient) -> tuple[int, str]:
    """Return row and column of a key path; of the nearest part of it that came from a cell."""
    path = key_path
    while path:
        if path in patient.places:
            row, column = patient.places[path]
            return row, column if path == key_path else ""
        path = re.sub(r"(\.[^.\[]*|\[\d+\])$", "", path) if re.search(r"[.\[]", path) else ""
    return patient.row, ""


def _file_names(ids: Sequence[str]) -> list[str]:
    folded = [name.casefold() for name in ids]
    plain = all(_PSEUDONYM.fullmatch(name) and not _DEVICES.fullmatch(name) for name in ids)
    if plain and len(set(folded)) == len(ids):
        return [f"{name}.toml" for name in ids]
    return [f"patient-{index:04d}.toml" for index in range(1, len(ids) + 1)]
