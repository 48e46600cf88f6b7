"""DVHs and metrics as text of 80 columns and as JSON, schema ``rtcheck.dvh/1``."""

from __future__ import annotations

from rtcheck.dvh.metric import MetricValue
from rtcheck.dvh_table import DVHRow, DVHTable
from rtcheck.render.finding_lines import finding_lines
from rtcheck.render.json_report import findings_list, table_text
from rtcheck.render.numbers import format_interval
from rtcheck.render.terminal import Paint, cells, no_paint, pad, visible, wrap

__all__ = ["SCHEMA", "dvh_json", "dvh_text"]

SCHEMA = "rtcheck.dvh/1"


def dvh_json(table: DVHTable, exit_code: int) -> str:
    """Return the table as one JSON document; a metric without a value has nulls and the reason."""
    return table_text({
        "schema": SCHEMA,
        "exit_code": exit_code,
        "structure_model": table.model,
        "structures": [
            {
                "name": row.name,
                "number": row.number,
                "volume_cc": {"value": row.volume.value, "low": row.volume.low, "high": row.volume.high},
                "metrics": {name: _metric(value) for name, value in row.metrics},
                "curve": {"dose_gy": row.dose_gy.tolist(), "volume_cc": row.volume_cm3.tolist()},
            }
            for row in table.rows
        ],
        "findings": findings_list(table.findings),
    })


def dvh_text(table: DVHTable, exit_code: int, paint: Paint = no_paint) -> str:
    """Return the table as text that ends in a newline: a block for each structure, a line for each metric."""
    lines = [f"structure model {table.model}"] if table.rows else []
    blocks = [lines, *(_structure(row) for row in table.rows), finding_lines(table.findings, paint),
              [f"exit {exit_code}"]]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _metric(value: MetricValue) -> dict[str, object]:
    out: dict[str, object] = {"value": value.value, "low": value.low, "high": value.high, "unit": value.unit}
    if value.reason:
        out["reason"] = value.reason
    return out


def _structure(row: DVHRow) -> list[str]:
    volume = _shown(row.volume)
    lines = wrap(visible(f"{row.name}   {volume} cc   (number {row.number})"), hanging="    ")
    width = max((cells(name) for name, _ in row.metrics), default=0)
    for name, value in row.metrics:
        text = f"{pad(name, width)}  {_shown(value)}"
        lines += wrap(visible(text), "  ", "      ")
    return lines


def _shown(value: MetricValue) -> str:
    if value.value is None:
        return f"no value: {value.reason}" if value.reason else "no value"
    shown, interval = format_interval(value.value, value.low, value.high)
    return f"{shown} ({interval})" if interval else shown
