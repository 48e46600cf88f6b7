"""How the columns of a cohort table become keys of registry files: the mapping file and its template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtcheck.catalogue.facts import recorded_facts
from rtcheck.catalogue.faults import Faults, check_schema, describe, suggest
from rtcheck.catalogue.registry_schema import LesionTable
from rtcheck.catalogue.toml_file import read_toml
from rtcheck.errors import FileFaultsError

__all__ = ["TEMPLATE", "CohortMapping", "Column", "LesionColumns", "read_mapping"]

MAPPING_SCHEMA = "rtcheck.mapping/1"
_MOST_LESIONS = 50

TEMPLATE = """\
schema = "rtcheck.mapping/1"
# How the columns of a cohort CSV, such as a REDCap export (raw data), become registry files:
#   rtcheck registry import COHORT.csv --mapping THIS.toml --out FOLDER
# Replace the column names on the right by yours and delete the lines you have no column for: a key without a column
# stays "not known", which is never "no". Rows with the same id are one patient.

[csv]
id = "record_id"            # the column of the patient's id: a pseudonym, equal to the DICOM PatientID
delimiter = ","
missing = ["", "NA"]        # cells that mean: not recorded
dates = "%Y-%m-%d"

[facts]                     # registry key = column, or a table that says what each code means
"patient.age" = "age"
"patient.sex" = { column = "sex", values = { "1" = "F", "2" = "M" } }
"patient.ecog" = "ecog"
"patient.life_expectancy_weeks" = "life_expectancy"
"patient.childbearing_potential" = "wocbp"          # yes/no: 1 or 0, true or false, yes or no
"patient.consent" = "consent"
"trial.id" = { text = "NCT06946849" }               # the same for every patient
"trial.arm" = { column = "arm", values = { "1" = "2L", "2" = "2L+RT" } }
"trial.regimen" = { column = "regimen", values = { "1" = "FOLFIRI", "2" = "FOLFOX", "3" = "Regorafenib" } }
"trial.registered_on" = "registration_date"
"trial.randomised_on" = "randomisation_date"
"lung.impaired" = { column = "lung_impaired", values = { "0" = "no", "1" = "suspected", "2" = "known" } }
"lung.fev1_l" = "fev1"
"lung.fev1_percent" = "fev1_pct"
"lung.prior_irradiation" = "prior_lung_rt"
"liver.ascites" = { column = "ascites", values = { "0" = "none", "1" = "slight", "2" = "moderate" } }
"liver.encephalopathy_grade" = "encephalopathy"
"labs.albumin_g_l" = "alb"
"labs.bilirubin_umol_l" = "tbil"
"labs.bilirubin_uln_umol_l" = { number = 21.0 }     # a constant, where the laboratory has one limit
"labs.inr" = "inr"
"exclusion.immunodeficiency" = "excl_immunodef"

[lesion]                    # either repeat: columns numbered 1 to so many; or instrument: REDCap repeating rows
repeat = 5                  # {n} in a column name is the number of the lesion
# instrument = "lesions"    # rows whose redcap_repeat_instrument is this; {n} is redcap_repeat_instance
present = "les{n}_organ"    # the lesion is there when this cell is not missing

[lesion.keys]
id = { text = "L{n}" }
organ = { column = "les{n}_organ", values = { "1" = "liver", "2" = "lung", "3" = "lymph_node", "4" = "bone" } }
kind = "les{n}_kind"
status = { column = "les{n}_status", values = { "1" = "active", "2" = "resolved" } }
measurable = "les{n}_measurable"
gtv = { text = "GTV_L{n}" }
ptv = { column = "les{n}_ptv", split = ";" }        # several names in one cell
dose_gy = "les{n}_dose"
fractions = "les{n}_fx"
"""
"""A mapping file that shows everything a mapping can say."""

_LISTS = ("gtv", "ctv", "ptv")
_YES_NO = ("measurable", "soft_tissue")
_NUMBERS = ("dose_gy", "fractions")


@dataclass(frozen=True, slots=True)
class Column:
    """Where one key comes from: a column with the meaning of its codes, or a constant.

    Attributes:
        key: of the registry, such as ``patient.age``, or of a lesion.
        kind: number, yes/no, text, date or list.
        column: name, with ``{n}`` for the lesion's number; empty for a constant.
        values: what each cell text means; empty: the cell itself.
        constant: a text, with ``{n}``, or a number; None where there is a column.
        split: what parts several names in one cell; empty: one name.
    """

    key: str
    kind: str
    column: str = ""
    values: Mapping[str, Any] | None = None
    constant: str | float | None = None
    split: str = ""


@dataclass(frozen=True, slots=True)
class LesionColumns:
    """Where lesions come from: numbered columns (`repeat`) or repeating rows (`instrument`)."""

    keys: tuple[Column, ...]
    present: str = ""
    repeat: int = 0
    instrument: str = ""


@dataclass(frozen=True, slots=True)
class CohortMapping:
    """A mapping file as a value."""

    id_column: str
    facts: tuple[Column, ...]
    lesions: LesionColumns | None
    delimiter: str = ","
    missing: tuple[str, ...] = ("",)
    dates: str = "%Y-%m-%d"


def read_mapping(path: str | Path) -> CohortMapping:
    """Read a mapping file.

    Raises:
        FileFaultsError: anything is wrong with it; carries every fault.
    """
    faults = Faults(str(path))
    file = read_toml(Path(path), faults)
    mapping = None if file is None else _mapping(file.data, faults)
    if mapping is None or faults.found:
        raise FileFaultsError(tuple(faults.found))
    return mapping


def _mapping(data: Mapping[str, Any], faults: Faults) -> CohortMapping | None:
    check_schema(data, MAPPING_SCHEMA, faults)
    _known(data, "", ("schema", "csv", "facts", "lesion"), faults)
    table = _table(data, "csv", faults)
    _known(table, "csv.", ("id", "delimiter", "missing", "dates"), faults)
    id_column = _text(table.get("id"), "csv.id", faults)
    delimiter = table.get("delimiter", ",")
    if not isinstance(delimiter, str) or len(delimiter) != 1:
        faults.add("csv.delimiter", describe(delimiter), "one character")
    missing = table.get("missing", [""])
    if not isinstance(missing, list) or not all(isinstance(item, str) for item in missing):
        faults.add("csv.missing", describe(missing), 'a list of texts, such as ["", "NA"]')
        missing = []
    dates = _text(table.get("dates", "%Y-%m-%d"), "csv.dates", faults)
    kinds = {key: kind.type for key, kind in recorded_facts().items()}
    facts = [
        _column(key, _fact_kind(key, kinds, faults), raw, f'facts."{key}"', faults)
        for key, raw in _table(data, "facts", faults).items()
    ]
    lesions = _lesions(data["lesion"], faults) if "lesion" in data else None
    return CohortMapping(id_column, tuple(facts), lesions, delimiter, tuple(missing), dates)


def _fact_kind(key: str, kinds: Mapping[str, str], faults: Faults) -> str:
    if key.startswith("exclusion.") and key != "exclusion.":
        return "yes/no"
    if key not in kinds:
        faults.add(f'facts."{key}"', "an unknown key", "a key of the registry with its table", suggest(key, kinds))
    return kinds.get(key, "text")


def _lesions(raw: object, faults: Faults) -> LesionColumns | None:
    if not isinstance(raw, dict):
        faults.add("lesion", describe(raw), "a table [lesion]")
        return None
    _known(raw, "lesion.", ("repeat", "instrument", "present", "keys"), faults)
    repeat, instrument = raw.get("repeat", 0), raw.get("instrument", "")
    if ("repeat" in raw) == ("instrument" in raw):
        faults.add("lesion", "both repeat and instrument" if "repeat" in raw else "neither repeat nor instrument",
                   "exactly one of the two")
    if isinstance(repeat, bool) or not isinstance(repeat, int) or not 0 <= repeat <= _MOST_LESIONS:
        faults.add("lesion.repeat", describe(repeat), f"a whole number up to {_MOST_LESIONS}")
        repeat = 0
    if "instrument" in raw:
        instrument = _text(instrument, "lesion.instrument", faults)
    if "repeat" in raw and "present" not in raw:
        faults.add("lesion.present", "no such key", "the column that tells whether the lesion is there, with {n}")
    present = _text(raw["present"], "lesion.present", faults) if "present" in raw else ""
    keys = []
    for key, entry in _table(raw, "keys", faults).items():
        path = f"lesion.keys.{key}"
        if key not in LesionTable.model_fields:
            faults.add(path, "an unknown key", "a key of a lesion", suggest(key, LesionTable.model_fields))
        kind = ("list" if key in _LISTS else "yes/no" if key in _YES_NO else "number" if key in _NUMBERS else "text")
        keys.append(_column(key, kind, entry, path, faults))
    return LesionColumns(tuple(keys), present, repeat, instrument)


def _column(key: str, kind: str, raw: object, path: str, faults: Faults) -> Column:
    if isinstance(raw, str) and raw.strip():
        return Column(key, kind, raw)
    if not isinstance(raw, dict):
        faults.add(path, describe(raw), 'a column name, or a table such as { column = "sex", values = { "1" = "F" } }')
        return Column(key, kind)
    _known(raw, f"{path}.", ("column", "values", "split", "text", "number"), faults)
    sources = [name for name in ("column", "text", "number") if name in raw]
    if len(sources) != 1:
        faults.add(path, " and ".join(sources) or "none of column, text and number", "exactly one of the three")
        return Column(key, kind)
    if "number" in raw:
        number = raw["number"]
        if isinstance(number, bool) or not isinstance(number, int | float) or kind != "number":
            faults.add(f"{path}.number", describe(number), "a number, for a key that is one")
            return Column(key, kind)
        return Column(key, kind, constant=number)
    if "text" in raw:
        return Column(key, kind, constant=_text(raw["text"], f"{path}.text", faults))
    values = raw.get("values")
    if values is not None and (not isinstance(values, dict) or not values):
        faults.add(f"{path}.values", describe(values), 'a table from cells to values, such as { "1" = "F" }')
        values = None
    split = _text(raw["split"], f"{path}.split", faults) if "split" in raw else ""
    return Column(key, kind, _text(raw["column"], f"{path}.column", faults), values, None, split)


def _table(data: Mapping[str, Any], key: str, faults: Faults) -> dict[str, Any]:
    raw = data.get(key, {})
    if key not in data or not isinstance(raw, dict):
        faults.add(key, "no such table" if key not in data else describe(raw), f"a table [{key}]")
        return {}
    return raw


def _text(raw: object, path: str, faults: Faults) -> str:
    if not isinstance(raw, str) or not raw.strip():
        faults.add(path, "no such key" if raw is None else describe(raw), "a text")
        return ""
    return raw


def _known(data: Mapping[str, Any], prefix: str, known: tuple[str, ...], faults: Faults) -> None:
    for key in data:
        if key not in known:
            faults.add(f"{prefix}{key}", "an unknown key", f"one of: {', '.join(known)}", suggest(key, known))
