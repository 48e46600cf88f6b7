"""Structure names: exact match first, then folded, with a table of aliases and compositions. Never by likeness.

A wrong match is a wrong organ's dose, so nothing is guessed. What folding levels (case, character width, composed
letters, blanks at the ends) distinguishes no two structures; an alias counts only if the table lists it; a planning
risk volume, an optimisation structure or a cropped organ is another structure and is in no list. The name as exported
wins over one that is equal only when folded; more than one candidate at a step is ambiguous, whatever their contents.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rtcheck.model.structure import ROI

__all__ = ["NameMatch", "NameTable", "StandardName", "build_table", "called", "fold_name", "match_name", "table_faults"]

_SAME_SHOWN = ("<wide>", "<narrow>", "<noBreak>")
"""Compatibility forms that are the same character in another width. A superscript or a circled digit is another one."""


@dataclass(frozen=True, slots=True)
class StandardName:
    """One TG-263 name.

    Attributes:
        name: the standard name.
        aliases: what else it is called in exports.
        composed_of: standard names whose union it is, where the structure itself was not contoured.
    """

    name: str
    aliases: tuple[str, ...] = ()
    composed_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NameTable:
    """The names and, for every folded spelling, the standard name it means. Make it with `build_table`.

    `sha256` is the digest of the file it was read from, for the provenance; empty when it was made in memory.
    """

    structures: tuple[StandardName, ...]
    by_spelling: Mapping[str, StandardName]
    sha256: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class NameMatch:
    """What a name was matched to.

    Attributes:
        kind: exact, alias (of the table, or equal when folded): one ROI; composed: the ROIs whose union is meant;
            ambiguous, absent: none is usable.
        rois: the ROIs; of an ambiguous match all candidates; empty when absent.
        reason: one sentence for people; empty for an exact match.
        code: RTD304 for alias and composed, RTD302 ambiguous, RTD301 absent, empty for exact.
    """

    kind: Literal["exact", "alias", "composed", "ambiguous", "absent"]
    rois: tuple[ROI, ...]
    reason: str = ""
    code: str = ""


def fold_name(name: str) -> str:
    """Fold what never distinguishes two structures: case, character width, composed letters, blanks at the ends."""
    if name.isascii():
        return name.casefold().strip()
    return unicodedata.normalize("NFC", _one_width(unicodedata.normalize("NFC", name)).casefold()).strip()


def _one_width(text: str) -> str:
    """Replace wide and narrow forms by the usual ones (Unicode Standard Annex 11; decompositions of Annex 15)."""
    out = []
    for character in text:
        kind, _, codes = unicodedata.decomposition(character).partition(" ")
        out.append("".join(chr(int(code, 16)) for code in codes.split()) if kind in _SAME_SHOWN else character)
    return "".join(out)


def called(name: str, rois: Iterable[ROI]) -> tuple[tuple[ROI, ...], bool]:
    """Find the ROIs that have a name as exported, else those whose name is equal to it when folded.

    Returns:
        The ROIs, all of them where there are several, and whether only folding makes the names equal.
    """
    named = [roi for roi in rois if roi.name]
    wanted, folded = _exported(name), fold_name(name)
    exact = tuple(roi for roi in named if _exported(roi.name) == wanted)
    alike = () if exact else tuple(roi for roi in named if fold_name(roi.name) == folded)
    return exact or alike, bool(alike)


def table_faults(structures: Sequence[StandardName]) -> tuple[tuple[int, str], ...]:
    """Find what is wrong in a table: (index of the structure, what is wrong), in order."""
    faults: list[tuple[int, str]] = []
    owner: dict[str, int] = {}
    names = {structure.name for structure in structures}
    for index, structure in enumerate(structures):
        for spelling in (structure.name, *structure.aliases):
            folded = fold_name(spelling)
            if not folded:
                faults.append((index, "an empty name"))
            elif owner.setdefault(folded, index) != index:
                other = structures[owner[folded]].name
                faults.append((index, f'"{spelling}", which also stands for {other}; a spelling means one structure'))
        faults += [
            (index, f'composed of "{part}", which is no other standard name of the table')
            for part in structure.composed_of
            if part not in names or part == structure.name
        ]
        if len(set(structure.composed_of)) != len(structure.composed_of) or len(structure.composed_of) == 1:
            faults.append((index, "a composition that does not name at least two different parts"))
    return tuple(faults)


def build_table(structures: Iterable[StandardName]) -> NameTable:
    """Index a table of names.

    Raises:
        ValueError: a spelling stands for two structures, or a part of a composition is unknown; all faults are named.
    """
    listed = tuple(structures)
    faults = table_faults(listed)
    if faults:
        raise ValueError("; ".join(f"{listed[index].name}: {problem}" for index, problem in faults))
    spellings = {
        fold_name(spelling): structure for structure in listed for spelling in (structure.name, *structure.aliases)
    }
    return NameTable(listed, spellings)


def match_name(name: str, rois: Sequence[ROI], table: NameTable) -> NameMatch:
    """Find the structure that `name` means among `rois`.

    Args:
        name: a name as exported, a standard name, or an alias.
        rois: of the structure set.
        table: aliases and compositions.

    Returns:
        The exact match; else the one ROI whose name is equal when folded or listed by the table for the same
        structure; else the union of the parts, each matched exactly once. More than one candidate at any step is
        ambiguous.
    """
    found, folded = called(name, rois)
    if len(found) == 1 and not folded:
        return NameMatch("exact", found)
    if len(found) > 1:
        return _ambiguous(name, found)
    standard = table.by_spelling.get(fold_name(name))
    if standard is None:
        if not found:
            return _absent(name)
        reason = f'"{name}" was matched to "{found[0].name}": only case, width or blanks differ.'
        return NameMatch("alias", found, reason, "RTD304")
    named = _named(standard, rois, table)
    if len(named) == 1:
        reason = f'"{name}" was matched to "{named[0].name}": the table of names lists both for {standard.name}.'
        return NameMatch("alias", named, reason, "RTD304")
    if named:
        return _ambiguous(name, named)
    return _composed(name, standard, rois, table)


def _composed(name: str, standard: StandardName, rois: Sequence[ROI], table: NameTable) -> NameMatch:
    """Match the parts of a composition, each exactly once."""
    parts: list[ROI] = []
    missing: list[str] = []
    for part in standard.composed_of:
        found = tuple(roi for roi in rois if _exported(roi.name) == part) or _named(
            table.by_spelling[fold_name(part)], rois, table
        )
        if len(found) > 1:
            return _ambiguous(part, found)
        parts += found
        if not found:
            missing.append(part)
    if not parts:
        return _absent(name)
    if missing:
        there = ", ".join(f'"{roi.name}"' for roi in parts)
        reason = f'No structure "{name}": it could be made of {" | ".join(standard.composed_of)}, and of these '
        return NameMatch("absent", (), f"{reason}only {there} exists. Contour and export what is missing.", "RTD301")
    union = " | ".join(f'"{roi.name}"' for roi in parts)
    return NameMatch("composed", tuple(parts), f'"{name}" was made of {union}.', "RTD304")


def _named(standard: StandardName, rois: Sequence[ROI], table: NameTable) -> tuple[ROI, ...]:
    """All ROIs whose name the table lists for one standard name."""
    return tuple(roi for roi in rois if roi.name and table.by_spelling.get(fold_name(roi.name)) is standard)


def _exported(name: str) -> str:
    """Level only how letters are composed and the blanks at the ends; else the name stays as exported."""
    return unicodedata.normalize("NFC", name).strip()


def _ambiguous(name: str, rois: tuple[ROI, ...]) -> NameMatch:
    listed = ", ".join(f'"{roi.name}" (ROI {roi.number})' for roi in rois)
    reason = f'"{name}" matches more than one structure: {listed}. Rename or remove all but one in the export.'
    return NameMatch("ambiguous", rois, reason, "RTD302")


def _absent(name: str) -> NameMatch:
    reason = f'No structure "{name}" in the structure set, and no alias of it. Contour and export it, or write the '
    return NameMatch("absent", (), f"{reason}name as exported.", "RTD301")
