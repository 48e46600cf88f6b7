"""Other people's limits to a protocol file of ours: always a draft, every limit to be confirmed, nothing lost silently.

The form is told by the content. Whatever is not carried over is returned, and stands as comments in the output.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rtcheck.catalogue.convert_csv import read_csv
from rtcheck.catalogue.convert_eclipse import XmlRefusedError, read_eclipse
from rtcheck.catalogue.convert_json import read_json_limits
from rtcheck.catalogue.convert_limit import Foreign, ForeignLimit, LeftOut
from rtcheck.catalogue.faults import Faults
from rtcheck.catalogue.protocol_file import PROTOCOL_SCHEMA, read_part
from rtcheck.catalogue.toml_file import LARGEST_FILE, TomlFile
from rtcheck.catalogue.toml_text import toml_comment, toml_document
from rtcheck.dvh.notation import parse_metric, print_metric
from rtcheck.errors import FileFaultsError, NotationError
from rtcheck.rules.expression import parse_expression, print_expression
from rtcheck.rules.goal import parse_goal

__all__ = ["Converted", "convert_file"]


@dataclass(frozen=True, slots=True)
class Converted:
    """The text of the draft, how many limits it holds, from what form, and what was not carried over."""

    text: str
    count: int
    form: str
    left: tuple[LeftOut, ...]


def convert_file(path: Path) -> Converted:
    """Read a file of limits of another program and make a draft of it.

    Every limit becomes ``mandatory``, the stricter reading, unless the file uses our own words; its priority there
    stands in the note. Its confidence is ``secondary-source`` where the file states a source, else ``memory``.

    Raises:
        FileFaultsError: the file cannot be read, has no form that is known, or holds no limit.
    """
    content = _content(path)
    found = _read(path, content)
    digest = hashlib.sha256(content).hexdigest()
    kept = _kept(found)
    if not kept:
        why = "; ".join(f"{one.place}: {one.why}" for one in found.left[:3])
        raise _fault(path, f"a {found.form} file without a limit that can be carried over ({why})", "limits")
    text = _document(path, found, kept, digest)
    _check(path, text)
    return Converted(text, len(kept), found.form, tuple(found.left))


def _fault(path: Path, what: str, expected: str) -> FileFaultsError:
    faults = Faults(str(path))
    faults.add("", what, expected)
    return FileFaultsError(tuple(faults.found))


def _content(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise _fault(path, "no such file", "a file of limits: CSV, XML or JSON")
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, FileFaultsError):
            raise
        raise _fault(path, "a file that cannot be read", "a readable file") from error
    if len(content) > LARGEST_FILE:
        raise _fault(path, f"more than {LARGEST_FILE} bytes", "a file of at most 1 MiB")
    return content


def _read(path: Path, content: bytes) -> Foreign:
    start = content.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")[:1]
    if start == b"<":
        try:
            return read_eclipse(content, path.name)
        except XmlRefusedError as error:
            raise _fault(path, str(error), "Eclipse protocol XML") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _fault(path, "bytes that are not UTF-8", "a text file saved as UTF-8") from error
    if start in (b"{", b"["):
        try:
            found = read_json_limits(json.loads(text), path.name)
        except (ValueError, RecursionError) as error:
            raise _fault(path, "no well-formed JSON", "clinical goals or a scorecard as JSON") from error
        if found is None:
            raise _fault(path, "JSON of another form", "clinical goals (GoalCriteria) or a scorecard (ScoreTemplates)")
        return found
    if "," not in text:
        raise _fault(path, "neither CSV nor XML nor JSON", "a file of limits")
    try:
        return read_csv(text, path.name)
    except csv.Error as error:
        raise _fault(path, f"no well-formed CSV: {error}", "a table of limits") from error


def _kept(found: Foreign) -> list[ForeignLimit]:
    """Return the limits that our notation can say; the others are noted."""
    kept = []
    for limit in found.limits:
        what = f"{limit.structure} {limit.metric} {limit.goal}"
        try:
            metric = parse_metric(limit.metric)
            goal = parse_goal(limit.goal, metric)
            structure = print_expression(parse_expression(limit.structure))
        except NotationError as error:
            found.leave(limit.place, what, error)
            continue
        if metric.biological is not None and metric.biological.ab is None:
            found.leave(limit.place, what, "the metric needs an alpha/beta: write it as alpha_beta")
            continue
        clean = replace(limit, metric=print_metric(metric), structure=structure, note=_line(limit.note))
        if limit.variation:
            try:
                last = parse_goal(limit.variation, metric)
            except NotationError as error:
                found.leave(limit.place, f"variation {limit.variation} of {what}", error)
                clean = replace(clean, variation="")
            else:
                room = last.value - goal.value if goal.comparator[0] == "<" else goal.value - last.value
                if room < 0:
                    found.leave(limit.place, f"variation {limit.variation} of {what}", "it is stricter than the goal")
                    clean = replace(clean, variation="")
        kept.append(clean)
    return kept


def _line(text: str) -> str:
    """Return a text as one line without control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _document(path: Path, found: Foreign, kept: list[ForeignLimit], digest: str) -> str:
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-") or "file"
    key = f"IMPORTED-{stem}"
    name = _line(path.name)
    stated = list(dict.fromkeys(limit.source for limit in kept if limit.source))
    keys = {source: f"{key}-{index}" for index, source in enumerate(stated, start=1)}
    used: dict[str, int] = {}
    entries = [_entry(limit, keys.get(limit.source, key), used) for limit in kept]
    sources = {key: {"citation": f"{name} ({found.form}), SHA-256 {digest}",
                     "verified": "not checked: imported, and the file states no source"}}
    if all(limit.source for limit in kept):
        sources = {}
    for source, its in keys.items():
        sources[its] = {"citation": f"{_line(source)}, as stated in {name} ({found.form}), SHA-256 {digest}",
                        "verified": "not checked: as stated in the imported file"}
    head = (f"Imported from {name} ({found.form}). A draft: compare each limit with its source, and with the planning\n"
            "system, before a site approves its copy. All limits are mandatory unless the file said otherwise in our\n"
            "own words; where the file states no source, their confidence is memory.\n")
    if found.left:
        head += "\nNot carried over:\n" + "\n".join(f"- {one.place}: {_line(one.what)}: {_line(one.why)}"
                                                    for one in found.left)
    else:
        head += "\nEverything was carried over."
    document: dict[str, Any] = {
        "schema": PROTOCOL_SCHEMA, "id": f"imported-{stem}", "title": _line(found.title) or name, "version": "0.1.0",
        "status": "draft", "constraint": entries, "sources": sources,
    }
    return toml_comment(head) + "\n" + toml_document(document)


def _entry(limit: ForeignLimit, source: str, used: dict[str, int]) -> dict[str, Any]:
    wanted = _line(limit.id) or f"IMPORTED.{limit.structure}.{limit.metric}"
    used[wanted] = used.get(wanted, 0) + 1
    number = used[wanted]
    entry: dict[str, Any] = {
        "id": wanted if number == 1 else f"{wanted} ({number})", "structure": limit.structure, "metric": limit.metric,
        "goal": limit.goal,
    }
    if limit.variation:
        entry["variation"] = limit.variation
    entry["priority"] = limit.priority or "mandatory"
    if limit.fractions is not None:
        entry["fractions"] = list(limit.fractions)
    return {
        **entry, "source": source, "where": _line(limit.where) or limit.place,
        "confidence": "secondary-source" if limit.source else "memory",
        "endpoint": _line(limit.endpoint), "note": limit.note,
    }


def _check(path: Path, text: str) -> None:
    """Read the draft as a protocol file is read: what is written has no fault.

    Raises:
        FileFaultsError: it has one all the same, such as an odd fraction range in the imported file.
    """
    faults = Faults(str(path))
    content = text.encode("utf-8")
    file = TomlFile(path.name, tomllib.loads(text), hashlib.sha256(content).hexdigest(), content)
    read_part(file, faults, included=False)
    if faults.found:
        raise FileFaultsError(tuple(faults.found))
