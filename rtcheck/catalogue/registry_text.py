"""A record as the text of a registry file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

__all__ = ["registry_text", "toml_value"]


def registry_text(data: Mapping[str, Any], comment: str = "") -> str:
    """Return a registry file: ``schema``, the tables, then the lists of tables, in the order given."""
    lines = [f"schema = {toml_value(data['schema'])}"]
    if comment:
        lines.append(f"# {comment}")
    for name, value in data.items():
        if name == "schema":
            continue
        for table in value if isinstance(value, list) else [value]:
            lines += ["", f"[[{name}]]" if isinstance(value, list) else f"[{name}]"]
            lines += [f"{key} = {toml_value(item)}" for key, item in table.items()]
    return "\n".join(lines) + "\n"


def toml_value(value: object) -> str:
    """Return a text, number, yes/no, date or list of texts as TOML has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    # JSON's escapes are TOML's as well; only the delete character, which TOML wants escaped, JSON leaves alone.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
