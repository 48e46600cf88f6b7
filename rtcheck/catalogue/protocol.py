"""A protocol (a shipped name or a file) with everything it includes to a `Protocol`, or every fault at once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rtcheck.catalogue.condition_table import check_facts
from rtcheck.catalogue.faults import Faults, describe, suggest
from rtcheck.catalogue.locate import constraints_folder, shipped_file, shipped_names
from rtcheck.catalogue.names import read_names
from rtcheck.catalogue.protocol_file import ProtocolPart, read_part
from rtcheck.catalogue.sources import read_sources_file
from rtcheck.catalogue.toml_file import TomlFile, read_toml
from rtcheck.errors import FileFaultsError
from rtcheck.rules.constraint import (
    Constraint,
    Conventions,
    EligibilityRule,
    Protocol,
    ProtocolFile,
    Source,
    Tier,
)

__all__ = ["read_parts", "read_protocol"]

_MOST_FILES = 64


@dataclass
class _Reading:
    """What has been read so far, over all files."""

    parts: list[ProtocolPart] = field(default_factory=list)
    faults: list[Faults] = field(default_factory=list)
    files: list[TomlFile] = field(default_factory=list)
    done: set[Path] = field(default_factory=set)
    folders: list[Path] = field(default_factory=list)


def read_protocol(name_or_path: str | Path) -> Protocol:
    """Read a protocol with everything it includes.

    An included file may itself be a protocol: its constraints, tiers, eligibility rules and tables are inherited. Of
    ``[lesions]``, ``[trial]`` and ``[conventions]`` the table of the including file stands, whole; among included
    files that of the last. Identity and approval (`id`, `title`, `version`, `status`) are those of the named file
    alone: whoever approves a file approves what it includes, as pinned by the digest.

    Args:
        name_or_path: a shipped name such as ``nct06946849``, or a file. A text with a folder separator or the ending
            ``.toml`` is a file, and so is a text that no shipped file has as its name.

    Returns:
        The protocol: constraints of included files first, in the order of inclusion. `sha256` is over the names and
        bytes of all `files`, the named one first, then each included one where it is first included, then the
        citations. `names` is the shipped table of structure names.

    Raises:
        FileFaultsError: anything is wrong in any of the files; carries every fault of every file.
    """
    return _read(name_or_path)[0]


def read_parts(name_or_path: str | Path) -> tuple[Protocol, tuple[ProtocolPart, ...]]:
    """Read a protocol as `read_protocol` does, and return with it the parts of its files, the named file last.

    Raises:
        FileFaultsError: anything is wrong in any of the files; carries every fault of every file.
    """
    return _read(name_or_path)


def _read(name_or_path: str | Path) -> tuple[Protocol, tuple[ProtocolPart, ...]]:
    path, shown = _find(name_or_path)
    reading = _Reading()
    _read_file(path, shown, reading, [])
    known = _read_sources(reading)
    uses = [use for part in reading.parts for use in part.uses]
    tiers = tuple(tier for part in reading.parts for tier in part.tiers)
    if len(reading.parts) == len(reading.done):  # with a file unread, its tiers would be unknown for the wrong reason
        check_facts(uses, [word for part in reading.parts for word in part.tier_words])
        _check_sources(reading.parts, known)
    _refuse_doubles(reading.parts)
    found = tuple(fault for faults in reading.faults for fault in faults.found)
    if found or not reading.parts:
        raise FileFaultsError(found)
    return replace(_protocol(reading, known, tiers), names=read_names()), tuple(reading.parts)


def _find(name_or_path: str | Path) -> tuple[Path, str]:
    """Return the file meant, and how to call it in messages."""
    text = str(name_or_path)
    is_name = isinstance(name_or_path, str) and not text.endswith(".toml") and "/" not in text and "\\" not in text
    if not is_name:
        return Path(name_or_path), text
    shipped = shipped_file(text)
    if shipped is not None:
        return shipped, shipped.name
    if _is_file(Path(text)):
        return Path(text), text
    faults = Faults(text)
    known = ", ".join(shipped_names()) or "none: the installation lacks them"
    faults.add("", "neither a shipped protocol nor a file of this name", f"a file, or one of: {known}",
               suggest(text, shipped_names()))
    raise FileFaultsError(tuple(faults.found))


def _read_file(path: Path, shown: str, reading: _Reading, above: Sequence[Path]) -> None:
    """Read one file after the files it includes; a file that is included twice is read once."""
    real = _real(path)
    reading.done.add(real)
    faults = Faults(shown)
    reading.faults.append(faults)
    file = read_toml(path, faults)
    if file is None:
        return
    reading.files.append(file)
    if path.parent not in reading.folders:
        reading.folders.append(path.parent)
    part = read_part(file, faults, included=bool(above))
    for index, name in enumerate(part.include, start=1):
        key_path = f"include[{index}]"
        target = _included(name, path.parent, key_path, faults)
        if target is None:
            continue
        if _real(target) in (*above, real):
            faults.add(key_path, f'"{name}", which includes this file again', "files that do not include each other")
        elif _real(target) not in reading.done:
            if len(reading.done) >= _MOST_FILES:
                faults.add(key_path, f"more than {_MOST_FILES} files", "a protocol of fewer files")
                break
            shown_there = name if target.parent == constraints_folder() else str(target)
            _read_file(target, shown_there, reading, (*above, real))
    reading.parts.append(part)


def _included(name: str, folder: Path, key_path: str, faults: Faults) -> Path | None:
    """Find the included file: beside the including one, else among the shipped ones."""
    if "\\" in name or name.startswith("/") or ":" in name or not name.endswith(".toml"):
        faults.add(key_path, f'"{name}"', "a file name with / and .toml, relative to this file", "")
        return None
    beside = folder / name
    if _is_file(beside):
        return beside
    shipped = shipped_file(name) if "/" not in name else None
    if shipped is None:
        choices = [f"{known}.toml" for known in shipped_names()]
        if _real(folder).is_dir():
            choices += [path.name for path in folder.glob("*.toml")]
        faults.add(key_path, f'"{name}", which is neither beside this file nor shipped', "an existing file",
                   suggest(name, choices))
    return shipped


def _is_file(path: Path) -> bool:
    """Whether there is such a file; a name that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _real(path: Path) -> Path:
    """Return where a path leads, so that one file under two names is one; also when its links lead nowhere."""
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        return path


def _read_sources(reading: _Reading) -> dict[str, Source]:
    """Read the citations: shipped, beside the files read, and of their own tables; the files join `reading.files`."""
    known: dict[str, Source] = {}
    if len(reading.done) == 1 and reading.parts and reading.parts[0].pinned is not None:
        reading.parts[0].add_sources(known)  # a pinned copy stands alone: a later edition of ours cannot change it
        return known
    shipped = constraints_folder()
    folders = [shipped] if shipped is not None else []
    folders += [folder for folder in reading.folders if shipped is None or folder.resolve() != shipped.resolve()]
    for folder in folders:
        path = folder / "sources.toml"
        if _is_file(path):
            faults = Faults(str(path) if folder != shipped else path.name)
            reading.faults.append(faults)
            file = read_sources_file(path, known, faults)
            if file is not None:
                reading.files.append(file)
    for part in reading.parts:
        part.add_sources(known)
    return known


def _check_sources(parts: Sequence[ProtocolPart], known: dict[str, Source]) -> None:
    for part in parts:
        for key, key_path in part.cited:
            if key not in known:
                expected = "a key of sources.toml or of [sources.KEY] in this file"
                part.faults.add(key_path, f"{describe(key)}, an unknown source", expected, suggest(key, known))


def _refuse_doubles(parts: Sequence[ProtocolPart]) -> None:
    """Note ids used twice over all files: of constraints, of eligibility rules, of the tiers of one fact."""
    first: dict[tuple[str, str], str] = {}
    for part in parts:
        for kind, name, key_path in part.ids:
            place = f"{part.name}: {key_path}"
            if (kind, name) in first:
                part.faults.add(f"{key_path}", f'"{name}", used already by {first[kind, name]}', "an id of its own")
            first.setdefault((kind, name), place)


def _protocol(reading: _Reading, known: dict[str, Source], tiers: tuple[Tier, ...]) -> Protocol:
    constraints: list[Constraint] = []
    eligibility: list[EligibilityRule] = []
    for part in reading.parts:
        constraints.extend(part.constraints)
        eligibility.extend(part.eligibility)
    used = {constraint.source for constraint in constraints}
    used |= {rule.id.partition(".")[0] for rule in eligibility} & set(known)  # a rule's id begins with its source
    root = reading.parts[-1]
    lesions = [part.lesions for part in reading.parts if part.lesions is not None]
    trial = [part.trial for part in reading.parts if part.trial is not None]
    conventions = [part.conventions for part in reading.parts if part.conventions is not None]
    return Protocol(
        id=root.head.id or "",
        title=root.head.title or "",
        version=root.head.version or "",
        status=root.head.status or "draft",
        constraints=tuple(constraints),
        lesions=lesions[-1] if lesions else None,
        trial=trial[-1] if trial else None,
        conventions=conventions[-1] if conventions else Conventions(),
        eligibility=tuple(eligibility),
        tiers=tiers,
        sources={key: known[key] for key in sorted(used)},
        approved_by=root.head.approved_by or "",
        approved_on=root.head.approved_on.isoformat() if root.head.approved_on is not None else "",
        files=tuple(ProtocolFile(file.name, file.sha256) for file in reading.files),
        sha256=_digest(reading.files),
        examples=tuple(example for part in reading.parts for example in part.examples),
        pinned=root.pinned,
    )


def _digest(files: Sequence[TomlFile]) -> str:
    """SHA-256 over the files, each as name, length and bytes, so that no two lists of files read the same."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name}\0{len(file.content)}\0".encode())
        digest.update(file.content)
    return digest.hexdigest()
