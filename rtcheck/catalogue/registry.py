"""A registry file (TOML) to a `PatientRecord`, or every fault in it at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rtcheck.catalogue.faults import Faults, Table, check_schema, describe, misplaced_key, suggest, validate_table
from rtcheck.catalogue.registry_schema import (
    FACT_TABLES,
    LAB_PAIRS,
    LesionTable,
    PatientTable,
    PlanTable,
    PriorCourseTable,
)
from rtcheck.catalogue.toml_file import read_toml
from rtcheck.errors import FileFaultsError
from rtcheck.model.lesion import Lesion
from rtcheck.model.record import FactValue, PatientRecord, PlanSelector, PriorCourse

__all__ = ["REGISTRY_SCHEMA", "check_data", "read_record"]

REGISTRY_SCHEMA = "rtcheck.registry/1"

_NOT_FACTS = frozenset({"patient.id", "patient.dicom_ids"})
_LISTS: dict[str, type[Table]] = {"lesion": LesionTable, "plan": PlanTable, "prior_course": PriorCourseTable}
_KEYS_ELSEWHERE = {name: tuple(table.model_fields) for name, table in FACT_TABLES.items()}
_UNCONFIRMED = re.compile(rb"#\s*CONFIRM\b")
_EXCLUSION_KEY = re.compile(r"[A-Za-z0-9_]+")


def read_record(path: str | Path) -> PatientRecord:
    """Read a registry file.

    Args:
        path: the file.

    Returns:
        The record; facts are keyed ``table.key`` in the order of the contract, so the same record gives the same
        value whatever the order of tables in the file.

    Raises:
        FileFaultsError: anything is wrong with the file; carries every fault.
    """
    path = Path(path)
    faults = Faults(str(path))
    file = read_toml(path, faults)
    if file is not None:
        _refuse_unconfirmed(file.content, faults)
    record = None if file is None else _record(file.data, file.name, file.sha256, faults)
    if record is None or faults.found:
        raise FileFaultsError(tuple(faults.found))
    return record


def check_data(data: Mapping[str, Any], faults: Faults) -> PatientRecord | None:
    """Check a record that stands in no file yet; every fault in it is noted, and then None is returned."""
    return _record(data, faults.file, "", faults)


def _refuse_unconfirmed(content: bytes, faults: Faults) -> None:
    """Note what `rtcheck registry init` guessed and nobody confirmed: a guess is not a record."""
    lines = [str(number) for number, line in enumerate(content.split(b"\n"), start=1) if _UNCONFIRMED.search(line)]
    if lines:
        shown = ", ".join(lines[:10]) + (" and more" if len(lines) > 10 else "")
        faults.add("", f"{len(lines)} guesses still marked # CONFIRM (line{'s' * (len(lines) > 1)} {shown})",
                   "each one checked against the patient's record, and its mark removed")


def _record(data: Mapping[str, Any], name: str, sha256: str, faults: Faults) -> PatientRecord | None:
    check_schema(data, REGISTRY_SCHEMA, faults)
    _refuse_unknown_tables(data, faults)
    facts = _facts(data, faults)
    patient = data.get("patient")
    tables = {key: _tables(data, key, faults) for key in _LISTS}
    lesions = tuple(
        _lesion(table) for table in tables["lesion"] if isinstance(table, LesionTable)
    )
    _refuse_double_lesions(data, faults)
    plans = tuple(
        PlanSelector(table.label, table.sop_instance_uid) for table in tables["plan"] if isinstance(table, PlanTable)
    )
    courses = tuple(PriorCourse(table.organ) for table in tables["prior_course"] if isinstance(table, PriorCourseTable))
    if faults.found or not isinstance(patient, dict):
        return None
    return PatientRecord(
        patient_id=patient["id"],
        dicom_ids=tuple(patient.get("dicom_ids", ())),
        facts=facts,
        lesions=lesions,
        plans=plans,
        prior_courses=courses if "prior_course" in data else None,
        source=name,
        sha256=sha256,
    )


def _refuse_unknown_tables(data: Mapping[str, Any], faults: Faults) -> None:
    known = ("schema", *FACT_TABLES, "exclusion", *_LISTS)
    for key in data:
        if key not in known:
            hint = suggest(key, known) or misplaced_key(key, _KEYS_ELSEWHERE)
            faults.add(key, "an unknown key", f"one of: {', '.join(known)}", hint)


def _facts(data: Mapping[str, Any], faults: Faults) -> dict[str, FactValue]:
    """Collect every recorded scalar by ``table.key``; absent keys stay absent, they mean not known."""
    facts: dict[str, FactValue] = {}
    for name, model in FACT_TABLES.items():
        if name not in data:
            if model is PatientTable:
                faults.add("patient", "no such table", "a table [patient] with the key id")
            continue
        table = validate_table(model, data[name], name, faults, _KEYS_ELSEWHERE)
        if name == "labs" and isinstance(data[name], dict):
            _refuse_lab_pairs(data[name], faults)
        if table is None:
            continue
        for key in model.model_fields:
            value = getattr(table, key)
            if value is not None and f"{name}.{key}" not in _NOT_FACTS:
                facts[f"{name}.{key}"] = value
    exclusion = data.get("exclusion", {})
    if not isinstance(exclusion, dict):
        faults.add("exclusion", describe(exclusion), "a table [exclusion] of yes/no facts")
        return facts
    for key in sorted(exclusion):
        if not _EXCLUSION_KEY.fullmatch(key):
            faults.add("exclusion", "a key with other characters", "keys of letters, digits and _")
        elif not isinstance(exclusion[key], bool):
            faults.add(f"exclusion.{key}", describe(exclusion[key]), "true or false, without quotes")
        else:
            facts[f"exclusion.{key}"] = exclusion[key]
    return facts


def _refuse_lab_pairs(labs: Mapping[str, Any], faults: Faults) -> None:
    for first, second in LAB_PAIRS:
        if first in labs and second in labs:
            faults.add(f"labs.{second}", f"{first} as well", "the value in one unit only")


def _tables(data: Mapping[str, Any], key: str, faults: Faults) -> list[Table | None]:
    """Return the validated tables of one ``[[key]]``; None for each faulty one."""
    raw = data.get(key)
    if raw is None:
        return []
    if not isinstance(raw, list) or not raw:
        faults.add(key, describe(raw), f"tables, each headed [[{key}]], or nothing at all")
        return []
    tables = []
    for index, entry in enumerate(raw, start=1):
        if isinstance(entry, dict):
            _check_together(key, entry, f"{key}[{index}]", faults)
        tables.append(validate_table(_LISTS[key], entry, f"{key}[{index}]", faults, _KEYS_ELSEWHERE))
    return tables


def _check_together(kind: str, entry: Mapping[str, Any], key_path: str, faults: Faults) -> None:
    """Check what no single key can tell. Works on the raw table, so that it speaks also when a key is faulty."""
    if kind == "plan" and ("label" in entry) == ("sop_instance_uid" in entry):
        found = "both label and sop_instance_uid" if "label" in entry else "neither label nor sop_instance_uid"
        faults.add(key_path, found, "exactly one of the two")
    if kind == "lesion" and entry.get("status") == "active":
        for key, words in (("dose_gy", "prescribed dose in Gy"), ("fractions", "fraction count")):
            if key not in entry:
                faults.add(f"{key_path}.{key}", "no such key", f"the {words} of an active lesion")
        if "gtv" not in entry and "ptv" not in entry:
            faults.add(key_path, "neither gtv nor ptv", "at least one of the two for an active lesion")
    if kind == "lesion":
        for role in ("gtv", "ctv", "ptv"):
            _check_names(entry.get(role), f"{key_path}.{role}", faults)


def _check_names(names: object, key_path: str, faults: Faults) -> None:
    if isinstance(names, str) and names.strip():
        faults.add(key_path, describe(names), "ROI names in a list", f'["{names}"]')
    if isinstance(names, list) and all(isinstance(name, str) for name in names) and len(set(names)) < len(names):
        faults.add(key_path, "a ROI name twice", "each name once")


def _refuse_double_lesions(data: Mapping[str, Any], faults: Faults) -> None:
    raw = data.get("lesion")
    first: dict[str, int] = {}
    for index, entry in enumerate(raw if isinstance(raw, list) else [], start=1):
        lesion_id = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(lesion_id, str):
            continue
        if lesion_id in first:
            found = f"{describe(lesion_id)}, the id of lesion[{first[lesion_id]}]"
            faults.add(f"lesion[{index}].id", found, "an id of its own")
        first.setdefault(lesion_id, index)


def _lesion(table: LesionTable) -> Lesion:
    return Lesion(
        id=table.id,
        organ=table.organ,
        kind=table.kind,
        active=table.status == "active",
        measurable=table.measurable,
        gtv=tuple(table.gtv or ()),
        ctv=tuple(table.ctv or ()),
        ptv=tuple(table.ptv or ()),
        dose_gy=table.dose_gy,
        fractions=table.fractions,
        palliative=table.intent == "palliative",
        site=table.site or "",
        soft_tissue=table.soft_tissue,
        group=table.group or "",
    )
