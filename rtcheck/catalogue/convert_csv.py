"""CSV tables of limits in the manner of ESAPI scripts: one limit a row, aliases and objective in columns.

Columns are found by their heading, whatever their order: structure, code, aliases (``a|b``), DVH objective such as
``V20Gy[%]``, evaluator such as ``<=10``, variation (a number), priority. Evaluator and variation have the unit in the
brackets of the objective. Columns of ours (fractions, when, source ...) are read as well.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping

from rtcheck.catalogue.convert_limit import Foreign, ForeignLimit, plain_number, quoted_name
from rtcheck.dvh.notation import print_metric
from rtcheck.rules.constraint import Protocol
from rtcheck.rules.goal import print_goal
from rtcheck.units import format_number

__all__ = ["read_csv", "write_csv"]

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "structure": ("structure", "structure id", "structure ids", "structureid", "structure name", "organ"),
    "code": ("structure code", "structure codes", "code"),
    "aliases": ("aliases", "alias", "idaliases", "structure aliases"),
    "objective": ("dvh objective", "dvhobjective", "objective", "metric"),
    "evaluator": ("evaluator", "evaluation point", "goal", "limit"),
    "variation": ("variation",),
    "priority": ("priority",),
    "source": ("source",), "where": ("where",), "confidence": ("confidence",), "endpoint": ("endpoint",),
    "note": ("note", "comment"), "fractions": ("fractions",), "when": ("when",), "id": ("id",),
    "alpha_beta": ("alpha/beta",),
}  # fmt: skip
_EVALUATOR = re.compile(r"\s*(<=|>=|<|>)\s*([0-9.]+)\s*")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]\s*$")
_FRACTIONS = re.compile(r"(\d+)(?:\s*-\s*(\d+))?")
_HEADER = ("Structure ID", "Structure Code", "Aliases", "DVH Objective", "Evaluator", "Variation", "Priority",
           "Fractions", "When", "Alpha/Beta", "ID", "Source", "Where", "Confidence", "Endpoint", "Note")


def read_csv(text: str, name: str) -> Foreign:
    """Read a table of limits; what cannot be carried over is noted."""
    found = Foreign("CSV", f"Limits of {name}")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=False))
    if not rows:
        return found
    header = [cell.strip().casefold() for cell in rows[0]]
    places = {key: next((header.index(word) for word in words if word in header), None)
              for key, words in _COLUMNS.items()}
    missing = [key for key in ("structure", "objective", "evaluator") if places[key] is None]
    if missing:
        found.leave("row 1", ", ".join(rows[0])[:200], f"no column for: {', '.join(missing)}")
        return found
    used = {place for place in places.values() if place is not None}
    for at, title in enumerate(rows[0]):
        if at not in used and any(at < len(row) and row[at].strip() for row in rows[1:]):
            found.leave("row 1", f"the column {title.strip() or at + 1}", "its meaning is not known")
    for number, row in enumerate(rows[1:], start=2):
        cells = {key: row[place].strip() if place is not None and place < len(row) else ""
                 for key, place in places.items()}
        if any(cell.strip() for cell in row):
            _read_row(cells, f"row {number}", found)
    return found


def _read_row(cells: Mapping[str, str], place: str, found: Foreign) -> None:
    what = f"{cells['structure']} {cells['objective']} {cells['evaluator']}"
    if not cells["structure"] or not cells["objective"]:
        found.leave(place, what, "no structure or no objective")
        return
    if cells["when"]:
        found.leave(place, what, f"its condition ({cells['when']}) is not read from a table; write it as when = {{ }}")
        return
    evaluator = _EVALUATOR.fullmatch(cells["evaluator"])
    bracket = _BRACKETS.search(cells["objective"])
    if evaluator is None:
        found.leave(place, what, "the evaluator is no comparator and number, such as <=10")
        return
    if bracket is None:
        found.leave(place, what, "the objective does not say the unit of its limit, such as V20Gy[%]")
        return
    unit = bracket[1].strip()
    metric = cells["objective"] if unit.casefold() != "cgy" else _BRACKETS.sub("[Gy]", cells["objective"])
    variation = ""
    if cells["variation"]:
        last = plain_number(re.sub(r"^\s*[<>]=?\s*", "", cells["variation"]))
        if last is None:
            found.leave(place, f"variation {cells['variation']} of {what}", "it is no number")
        else:
            variation = f"{evaluator[1]} {last} {unit}".rstrip()
    fractions = _FRACTIONS.fullmatch(cells["fractions"])
    if cells["fractions"] and fractions is None:
        found.leave(place, what, f"its fractions ({cells['fractions']}) are no count or range such as 3-8")
        return
    if cells["alpha_beta"]:
        found.leave(place, f"alpha/beta {cells['alpha_beta']} of {what}", "write it as alpha_beta")
    notes = [cells["note"]] if cells["note"] else []
    notes += [f"Aliases there: {cells['aliases'].replace('|', ', ')}"] if cells["aliases"] else []
    notes += [f"Structure code there: {cells['code']}"] if cells["code"] else []
    notes += [f"Priority there: {cells['priority']}"] if cells["priority"] else []
    notes += [f"Confidence there: {cells['confidence']}"] if cells["confidence"] else []
    ours = cells["priority"] if cells["priority"] in ("mandatory", "optimal", "report") else ""
    structure = cells["structure"]
    found.limits.append(ForeignLimit(
        place, structure if cells["id"] and ours else quoted_name(structure), metric,
        f"{evaluator[1]} {evaluator[2]} {unit}".rstrip(), variation,
        None if fractions is None else (int(fractions[1]), int(fractions[2] or fractions[1])),
        "; ".join(notes), cells["source"],
        cells["where"], cells["endpoint"], ours, cells["id"],
    ))  # fmt: skip


def write_csv(protocol: Protocol) -> tuple[str, list[str]]:
    """Return a protocol's limits as a table, and in words what the table cannot hold."""
    lost: list[str] = []
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_HEADER)
    aliases = {one.name: "|".join(one.aliases) for one in protocol.names.structures}
    for one in protocol.constraints:
        if one.goal is None:
            lost.append(f"{one.id}: {'its goal_table' if one.goal_table else 'it has no goal'}; the row is left out")
            continue
        when = "; ".join(f"{test.fact}" for test in one.when)
        if when:
            lost.append(f"{one.id}: holds only under a condition on {when}; other programs will judge it always")
        comparator, number = print_goal(one.goal).split(" ")[:2]
        if one.variation is not None and one.variation.comparator != one.goal.comparator:
            lost.append(f"{one.id}: the last acceptable value {print_goal(one.variation)} loses its comparator")
        fractions = "" if one.fractions is None else "-".join(map(str, dict.fromkeys(one.fractions)))
        cells = (
            one.structure, "", aliases.get(one.structure, ""), print_metric(one.metric), f"{comparator}{number}",
            "" if one.variation is None else format_number(one.variation.value), one.priority, fractions, when,
            "" if one.alpha_beta is None else format_number(one.alpha_beta), one.id, one.source, one.where,
            one.confidence, one.endpoint, one.note,
        )  # fmt: skip
        writer.writerow(cells)
    for count, what in ((len(protocol.tiers), "tiers"), (len(protocol.eligibility), "eligibility rules"),
                        (len(protocol.examples), "examples")):
        if count:
            lost.append(f"{count} {what}")
    lost += [f"the table [{key}]" for key in ("lesions", "trial") if getattr(protocol, key) is not None]
    lost.append("conventions, identity and approval; of the sources only the keys")
    return out.getvalue(), lost
