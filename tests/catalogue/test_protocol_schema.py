"""The JSON Schemas: current, sound, accepting every file of ours and refusing what the program refuses."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from rtcheck.catalogue.schema import protocol_schema, registry_schema, schema_text
from tests.catalogue.test_protocol import PROTOCOL, TABLE
from tests.catalogue.test_registry import RECORD
from tests.cli.test_command_line import run

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "constraints" / "schema"
NOT_PROTOCOLS = ("names.toml", "sources.toml")
SHIPPED = [path for path in sorted((ROOT / "constraints").rglob("*.toml")) if path.name not in NOT_PROTOCOLS]


def plain(value):
    """Parsed TOML as JSON has it: dates as texts."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def faults(schema, text):
    checker = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [error.message for error in checker.iter_errors(plain(tomllib.loads(text)))]


@pytest.mark.parametrize(("name", "make", "arguments"), [
    ("protocol", protocol_schema, ()), ("registry", registry_schema, ("--registry",)),
])
def test_the_committed_copies_are_current(name, make, arguments):
    """The file in constraints/schema is what the command prints; write it again after a change of the tables:
    rtcheck protocol schema [--registry] > constraints/schema/NAME.schema.json.
    """
    text = schema_text(make())
    Draft202012Validator.check_schema(json.loads(text))
    done = run("protocol", "schema", *arguments)
    assert (done.returncode, done.out) == (0, text)
    assert (FOLDER / f"{name}.schema.json").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_protocols_fit(path):
    """No shipped file has a key or value the schema refuses."""
    assert faults(protocol_schema(), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "sample_dicom").glob("*/registry.toml")), ids=lambda path: path.parent.name
)
def test_sample_records_fit(path):
    """No sample record has a key or value the schema refuses."""
    assert faults(registry_schema(), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(("old", "new"), [
    ("[3, 8]", "[3]"), ('"mandatory"', '"urgent"'), ("rank = 3", 'rank = "3"'), ("goal       ", "gaol       "),
    ("above = 1.0 }", "over = 1.0 }"), ("max_total = 5", "max_total = -1"), ('"rtcheck.protocol/1"', '"x"'),
    ("goal = [[1.8, 5.9], [3.8, 5.5]]", "goal = [[1.8, 5.9]]"), ('status = "draft"', 'status = "final"'),
])
def test_what_the_program_refuses_the_schema_refuses(old, new):
    """Wrong words, keys, types and lengths are seen while the file is written."""
    text = (PROTOCOL + TABLE).replace("goal =", "goal       =", 1)
    assert faults(protocol_schema(), text) == []
    assert old in text
    assert faults(protocol_schema(), text.replace(old, new, 1))


@pytest.mark.parametrize(("old", "new"), [("[patient]", "[patients]"), ('"liver"', "3"), ("[lung]", "[lungs]")])
def test_a_wrong_record_is_refused(old, new):
    """Tables and types of a record are checked as well."""
    assert faults(registry_schema(), RECORD) == []
    assert faults(registry_schema(), RECORD.replace(old, new, 1))


def test_every_key_says_what_it_is():
    """Each property of each table has a description, which editors show."""
    for schema in (protocol_schema(), registry_schema()):
        tables = [schema, *schema["$defs"].values()]
        for table in tables:
            for key, field in table.get("properties", {}).items():
                assert field.get("description") or "$ref" in field, key
        assert '"null"' not in schema_text(schema)
