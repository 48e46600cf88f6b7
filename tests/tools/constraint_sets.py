"""Which set files there are, what each includes, and which rows stand in it.

No row stands in two set files, so that any of them can be included together. A row that several proposed sets share
stands in a file of its own that they include.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.tools.constraint_rows import not_a_constraint, unexpressed
from tests.tools.evidence import Evidence, Row

__all__ = ["SET_FILES", "SetFile", "reason_left_out", "set_rows", "sources_with_rows", "trial_files"]


@dataclass(frozen=True)
class SetFile:
    """A set file.

    Attributes:
        title: what it is.
        of: the proposed sets whose common rows it carries, less those of `include` and `beside`.
        include: files it includes.
        beside: files that carry rows of the same sets and are included beside it.
        trial: whether it carries only what the trial's draft judges.
        included_by_trial: whether the trial's draft includes it.
    """

    title: str
    of: tuple[str, ...]
    include: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    trial: bool = False
    included_by_trial: bool = False


_BASE, _LIVER, _LIVER_3_5 = "coverage-base.toml", "liver-function.toml", "liver-3-5fx.toml"

SET_FILES = {
    _BASE: SetFile("Target coverage that every set asks", ("COVERAGE", "SBRT_3FX", "SBRT_5FX", "SBRT_8_10FX",
                   "LIVER_ICC_15FX"), trial=True),
    "coverage.toml": SetFile("Target coverage, judged for each registered lesion", ("COVERAGE",), (_BASE,),
                             trial=True, included_by_trial=True),
    _LIVER: SetFile("Liver limits that depend on liver function, and the least liver left", ("LIVER_FUNCTION",),
                    trial=True, included_by_trial=True),
    "lung-function.toml": SetFile("Lung limits by lung function (FEV1 tiers)", ("LUNG_FUNCTION",), trial=True,
                                  included_by_trial=True),
    _LIVER_3_5: SetFile("Liver limit for 3 to 5 fractions", ("SBRT_3FX", "SBRT_5FX"), beside=(_BASE, _LIVER),
                        trial=True),
    "sbrt-5fx.toml": SetFile("Organ limits for 5 fractions", ("SBRT_5FX",), (_LIVER_3_5,), (_BASE, _LIVER),
                             trial=True, included_by_trial=True),
    "liver-15fx.toml": SetFile("Organ limits for 15 fractions, liver-directed", ("LIVER_ICC_15FX",),
                               beside=(_BASE, _LIVER), trial=True, included_by_trial=True),
    "set-coverage.toml": SetFile("Target coverage, complete", ("COVERAGE",), ("coverage.toml",)),
    "conformity.toml": SetFile("Conformity of the dose to the target, by target volume", ("CONFORMITY",)),
    "set-liver-function.toml": SetFile("Liver limits by liver function, complete", ("LIVER_FUNCTION",), (_LIVER,)),
    "set-lung-function.toml": SetFile("Lung limits by lung function, complete", ("LUNG_FUNCTION",),
                                      ("lung-function.toml",)),
    "set-3fx.toml": SetFile("Limits for 3 fractions, complete", ("SBRT_3FX",), (_BASE, _LIVER, _LIVER_3_5)),
    "set-5fx.toml": SetFile("Limits for 5 fractions, complete", ("SBRT_5FX",), (_BASE, _LIVER, "sbrt-5fx.toml")),
    "set-8-10fx.toml": SetFile("Limits for 8 and 10 fractions, complete", ("SBRT_8_10FX",), (_BASE, _LIVER)),
    "set-15fx.toml": SetFile("Limits for 15 fractions, liver-directed, complete", ("LIVER_ICC_15FX",),
                             (_BASE, _LIVER, "liver-15fx.toml")),
}  # fmt: skip
"""Every set file, each after those it includes."""

JUDGED = (
    "Liver-GTV Lungs-GTV PTV GTV Lungs Heart Esophagus Stomach Duodenum Bowel_Small Colon SpinalCord Kidneys GreatVes "
    "Chestwall Skin BileDuct_Common Trachea"
).split()
"""Structures that the trial's draft judges."""

NOT_IN_DRAFT = {
    "usually not contoured in the abdomen and thorax": (
        "BrachialPlex CaudaEquina SacralPlex Rib Bronchus_Main Bronchus_Small Kidney_Cortex Kidney_Hilum SpinalCanal "
        "Gallbladder"
    ).split(),
    "needs a margin around the cord": ["SpinalCord_PRV05"],
    "small and large bowel are judged as Bowel_Small and Colon there": ["Bowel_Large"],
    "needs the two kidneys compared": ["Kidney_L|Kidney_R"],
}
"""Why the trial's draft does not judge the others."""


def reason_left_out(row: Row) -> str | None:
    """Why the trial's draft leaves a row out, or None when it judges it."""
    if row["structure"] == "(patient)":
        return "a rule on the patient: carried as [[eligibility]]"
    if row["confidence"] == "memory":
        return "recalled, no text retrieved (confidence memory)"
    for reason, names in NOT_IN_DRAFT.items():
        if row["structure"] in names:
            return reason
    if row["structure"] not in JUDGED:
        raise SystemExit(f"{row['id']}: nothing says whether the draft judges the structure {row['structure']}")
    if unexpressed(row):
        return f"its condition cannot be told from the data: {row['condition']}"
    return None


def set_rows(evidence: Evidence) -> dict[str, list[Row]]:
    """Rows of each set file, in the order of the proposed set; those of included files are not repeated."""
    out: dict[str, list[Row]] = {}
    for file, what in SET_FILES.items():
        elsewhere = {row["id"] for each in _reached(what) for row in out[each]}
        first, *others = (evidence.sets[name] for name in what.of)
        rows = [evidence.rows[key] for key in first if all(key in other for other in others) and key not in elsewhere]
        out[file] = [row for row in rows if reason_left_out(row) is None] if what.trial else rows
    return out


def _reached(what: SetFile) -> set[str]:
    """The files that a set file includes, with what they include, and those beside it."""
    found: set[str] = set()
    for file in (*what.include, *what.beside):
        found |= {file} | _reached(SET_FILES[file])
    return found


def trial_files() -> list[str]:
    """The set files that the trial's draft includes, in order."""
    return [file for file, what in SET_FILES.items() if what.included_by_trial]


def sources_with_rows(evidence: Evidence) -> dict[str, list[Row]]:
    """For each source file its rows; a source without any constraint has no file."""
    out = {}
    for entry in evidence.sources:
        key = entry["source_key"]
        rows = evidence.rows_of(key)
        if any(not_a_constraint(row) is None for row in rows):
            if not re.fullmatch(r"[A-Z0-9-]+", key):
                raise SystemExit(f"{key}: a source key names a file, so it has capitals, digits and hyphens only")
            out[f"sources/{key.lower()}.toml"] = rows
    return out
