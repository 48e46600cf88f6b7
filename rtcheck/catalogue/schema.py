"""JSON Schemas of protocol and registry files, so that editors complete and check them while they are written.

They are made from the very tables that read the files; each description is what a fault says was expected. A schema
cannot hold every rule (that a unit fits its metric, that an id is unique): `rtcheck protocol check` has the last word.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from rtcheck.catalogue.protocol_file import PROTOCOL_SCHEMA
from rtcheck.catalogue.protocol_schema import (
    ConstraintTable,
    ConventionsTable,
    EligibilityTable,
    ExampleTable,
    GoalTableTable,
    HeadTable,
    LesionsTable,
    PinnedTable,
    SourceTable,
    TierTable,
    TrialTable,
)
from rtcheck.catalogue.registry import REGISTRY_SCHEMA
from rtcheck.catalogue.registry_schema import FACT_TABLES, LesionTable, PatientTable, PlanTable, PriorCourseTable

__all__ = ["protocol_schema", "registry_schema", "schema_text"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCALAR = ["boolean", "number", "string"]
_CONDITION = {
    "description": "a value, a list of values, true or false, or a range with above, at_least, below, up_to",
    "anyOf": [
        {"type": _SCALAR},
        {"type": "array", "items": {"type": _SCALAR}, "minItems": 1},
        {
            "type": "object",
            "properties": {key: {"type": "number"} for key in ("above", "at_least", "below", "up_to")},
            "additionalProperties": False,
            "minProperties": 1,
        },
    ],
}
_CONDITIONS = {"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#/$defs/Condition"}}


def protocol_schema() -> dict[str, Any]:
    """Return the schema of a protocol or constraint file."""
    fields: dict[str, Any] = {
        "schema_": (Literal["rtcheck.protocol/1"], Field(alias="schema", description=f'"{PROTOCOL_SCHEMA}"')),
        **{name: (field.annotation, field) for name, field in HeadTable.model_fields.items()},
        "lesions": _table(LesionsTable), "trial": _table(TrialTable), "conventions": _table(ConventionsTable),
        "pinned": _table(PinnedTable), "eligibility": _list(EligibilityTable), "tier": _list(TierTable),
        "constraint": _list(ConstraintTable), "example": _list(ExampleTable),
        "sources": (dict[str, SourceTable] | None, Field(default=None, description="citations by their key")),
    }  # fmt: skip
    schema = _schema("Protocol", "rtcheck protocol or constraint file", fields, (GoalTableTable,))
    definitions = schema["$defs"]
    definitions["Condition"] = _CONDITION
    for name in ("ConstraintTable", "EligibilityTable", "TierTable"):
        _with_conditions(definitions[name]["properties"])
    definitions["ConstraintTable"]["properties"]["goal_table"] = {"$ref": "#/$defs/GoalTableTable"}
    return schema


def registry_schema() -> dict[str, Any]:
    """Return the schema of a registry file."""
    fields: dict[str, Any] = {
        "schema_": (Literal["rtcheck.registry/1"], Field(alias="schema", description=f'"{REGISTRY_SCHEMA}"')),
        **{name: _table(model) for name, model in FACT_TABLES.items()},
        "patient": (PatientTable, Field(description="the patient")),
        "exclusion": (dict[str, bool] | None, Field(default=None, description="exclusion criteria, each yes or no")),
        "lesion": _list(LesionTable), "plan": _list(PlanTable), "prior_course": _list(PriorCourseTable),
    }  # fmt: skip
    return _schema("Registry", "rtcheck registry file: the trial's record of one patient", fields, ())


def schema_text(schema: Mapping[str, Any]) -> str:
    """Return a schema as text, the same bytes each time."""
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


def _table(model: type[BaseModel]) -> tuple[Any, Any]:
    return (model | None, Field(default=None, description=_first_line(model)))


def _list(model: type[BaseModel]) -> tuple[Any, Any]:
    return (list[model] | None, Field(default=None, min_length=1, description=_first_line(model)))  # type: ignore[valid-type]


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().split("\n")[0].replace("``", "")


def _schema(name: str, title: str, fields: dict[str, Any], extra: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    # the key "schema" has an alias, because a method of pydantic's base class has that name
    model = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
    schema = model.model_json_schema(by_alias=True)
    for one in extra:
        schema["$defs"][one.__name__] = one.model_json_schema()
    plain = _without_null(schema)
    plain.pop("title", None)
    return {"$schema": _DIALECT, "title": title, **plain}


def _without_null(node: Any) -> Any:
    """Drop what TOML cannot say: null as a type and as a default; and titles made from names, which say nothing."""
    if isinstance(node, list):
        return [_without_null(item) for item in node]
    if not isinstance(node, dict):
        return node
    out: dict[str, Any] = {}
    for key, value in node.items():
        if (key == "default" and value is None) or (key == "title" and isinstance(value, str)):
            continue
        if key == "anyOf":
            choices = [_without_null(choice) for choice in value if choice != {"type": "null"}]
            if len(choices) == 1:
                out = {**choices[0], **out}
            else:
                out[key] = choices
            continue
        out[key] = _without_null(value)
    return out


def _with_conditions(properties: dict[str, Any]) -> None:
    for key in ("requires", "when"):
        if key in properties:
            properties[key] = {**_CONDITIONS, "description": properties[key].get("description", "")}
    if "any" in properties:
        properties["any"] = {**properties["any"], "items": _CONDITIONS}
