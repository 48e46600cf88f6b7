"""A result without the patient: identifiers become pseudonyms, dates go, free text that may name somebody goes.

What is kept is said, and the rest goes. A structure keeps its name when the limits of the protocol or the table of
names know it, or when it is built like a target's (``PTV_L1``); a lesion keeps its id when it is built like ``L1``;
an organ when it is one of a list. Messages about how the export is written and linked (codes 0xx, 1xx, 4xx, 5xx, 8xx,
9xx) can quote anything, so the title of their code stands for them; in all others known identifiers are replaced and
what is quoted, dated, or looks like a UID or a file name is left out. Of evidence only numbers stay.

DICOM PS3.15 annex E is the measure: names, identifiers, dates, UIDs, descriptions. Pictures stay: a few planes of the
trunk; do not pass on those of a head.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from rtcheck.exhibits import Exhibits
from rtcheck.model.codes import CATALOGUE
from rtcheck.model.finding import Finding
from rtcheck.render.pseudonyms import Pseudonyms, pseudonym
from rtcheck.render.redact_exhibits import redact_exhibits
from rtcheck.render.redact_lesions import lesion_structure_names, redact_lesion
from rtcheck.report import Report
from rtcheck.rules.names import fold_name

__all__ = ["redact"]

_UID = re.compile(r"\b\d+(?:\.\d+){4,}\b")
_DATE = re.compile(r"\b(?:19|20)\d{2}[-./]?(?:0[1-9]|1[0-2])[-./]?(?:0[1-9]|[12]\d|3[01])(?:\d{4,6})?\b")
_FILE = re.compile(r"\S*[/\\]\S*|\S+\.(?:dcm|DCM|dicom|ima|IMA|toml|json)\b")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|“[^”]*”|‘[^’]*’")
_TARGET = re.compile(r"i?(?:gtv|ctv|ptv|itv)s?(?:[ _-]?[a-z]{0,2}\d{0,4})?(?:[ _-]\d{1,5}(?:c?gy)?)?", re.IGNORECASE)
_LESION = re.compile(r"[A-Za-z]{1,2}[-_ ]?\d{1,3}")
_ORGANS = frozenset((
    "liver", "lung", "lungs", "bone", "bones", "brain", "adrenal", "adrenals", "kidney", "spleen", "peritoneum",
    "pleura", "pancreas", "skin", "breast", "prostate", "bile duct", "bile_duct", "lymph node", "lymph nodes", "node",
    "nodes", "lymph_node", "lymph_nodes", "soft tissue", "soft_tissue", "spine", "thyroid", "ovary", "bowel", "stomach",
))  # fmt: skip
_QUOTES_NOTHING = ("RTD2", "RTD3", "RTD6", "RTD7")
_MOST = 10_000_000
"""A number of evidence from here on may be a date or an identifier."""
_OMITTED = "…"


def redact(
    report: Report, exhibits: Exhibits | None, names: Pseudonyms, known_names: Collection[str] = ()
) -> tuple[Report, Exhibits | None]:
    """Return a result and its exhibits without anything that names the patient.

    Args:
        report: the result.
        exhibits: of the same check, or None.
        names: pseudonyms, to which those of this result are added.
        known_names: structure names that name nobody, such as those of TG-263 with their synonyms.
    """
    kept = {fold_name(name) for name in known_names}
    kept |= {fold_name(word) for one in report.outcomes for word in _words(one.structure)}
    structures = _structure_names(report, exhibits)

    def structure(name: str) -> str:
        return name if fold_name(name) in kept or _TARGET.fullmatch(name) else pseudonym(names, "STRUCT", name)

    # each kind in sorted order, so that numbered pseudonyms do not tell an order of the export
    pseudonym(names, "PATIENT", report.patient_id)
    for label in sorted({plan.label for plan in report.plans} | _plan_labels(exhibits)):
        pseudonym(names, "PLAN", label)
    for lesion in sorted(lesion.id for lesion in report.lesions):
        if not _LESION.fullmatch(lesion):
            pseudonym(names, "LESION", lesion)
    for organ in sorted({lesion.organ for lesion in report.lesions}):
        if organ.casefold() not in _ORGANS:
            pseudonym(names, "ORGAN", organ)
    for name in sorted(structures):
        structure(name)
    for uid in sorted(_uids(report, exhibits)):
        pseudonym(names, "UID", uid)
    clean = _cleaner(names)
    findings = tuple(_finding(one, names, clean, structures, kept) for one in report.findings)
    redacted = replace(
        report,
        patient_id=pseudonym(names, "PATIENT", report.patient_id),
        plans=tuple(
            replace(
                plan,
                label=pseudonym(names, "PLAN", plan.label),
                sop_instance_uid=pseudonym(names, "UID", plan.sop_instance_uid),
                approval_status=_approval(plan.approval_status),
                dose_sop_instance_uids=tuple(pseudonym(names, "UID", uid) for uid in plan.dose_sop_instance_uids),
            )
            for plan in report.plans
        ),
        lesions=tuple(redact_lesion(lesion, names, structure, clean) for lesion in report.lesions),
        outcomes=tuple(
            replace(
                one,
                lesion=None if one.lesion is None else names.given.get(one.lesion, one.lesion),
                rois=tuple(map(structure, one.rois)),
                reason=clean(one.reason),
            )
            for one in report.outcomes
        ),
        findings=findings,
        provenance=replace(
            report.provenance,
            inputs=tuple(
                replace(one, sop_instance_uid=pseudonym(names, "UID", one.sop_instance_uid), sha256="", source="",
                        description="", study_uid="", series_uid="", frame_of_reference_uid="")
                for one in report.provenance.inputs
            ),
            # the digest of a short file can be found by trying what may stand in it
            registry={},
            conventions={**report.provenance.conventions, "redacted": "yes"},
        ),
        unconstrained=tuple(sorted(map(structure, report.unconstrained))),
    )  # fmt: skip
    return redacted, None if exhibits is None else redact_exhibits(exhibits, names, structure, clean)


def _words(expression: str) -> list[str]:
    """Return a structure expression of the protocol and the names in it."""
    return [expression, *(part.strip(" ()\"'") for part in re.split(r" [-|&+] ", expression))]


def _structure_names(report: Report, exhibits: Exhibits | None) -> set[str]:
    found = lesion_structure_names(report)
    found |= {name for one in report.outcomes for name in one.rois} | set(report.unconstrained)
    if exhibits is not None:
        found |= {name for one in exhibits.structures for name in one.rois}
        found |= {contour.name for picture in exhibits.pictures for contour in picture.contours}
        found |= {one.roi for plan in exhibits.plans for one in plan.prescriptions}
        found |= {name for one in exhibits.lesions for name in one.structure.split(" | ")}
    return found - {""}


def _plan_labels(exhibits: Exhibits | None) -> set[str]:
    if exhibits is None:
        return set()
    return {text for plan in exhibits.plans for text in (plan.label, plan.name) if text}


def _uids(report: Report, exhibits: Exhibits | None) -> set[str]:
    found = {plan.sop_instance_uid for plan in report.plans}
    found |= {uid for plan in report.plans for uid in plan.dose_sop_instance_uids}
    found |= {one.sop_instance_uid for one in report.provenance.inputs}
    if exhibits is not None:
        found |= {node.uid for node in exhibits.nodes} | {grid.frame_of_reference_uid for grid in exhibits.grids}
    return found - {""}


def _approval(state: str) -> str:
    return state if state in ("APPROVED", "UNAPPROVED", "REJECTED", "") else "UNAPPROVED"


def _cleaner(names: Pseudonyms) -> Callable[[str], str]:
    """Return the function that takes known identifiers and what may be one out of a text."""
    known = sorted((each for each in names.given if len(each) > 1), key=lambda each: (-len(each), each))
    pattern = re.compile("|".join(map(re.escape, known)), re.IGNORECASE) if known else None
    folded = {original.casefold(): made for original, made in names.given.items()}

    def clean(text: str) -> str:
        if pattern is not None:
            text = pattern.sub(lambda found: folded.get(found.group().casefold(), _OMITTED), text)
        text = _QUOTED.sub(lambda found: _quoted(found.group(), names), text)
        for each in (_FILE, _DATE):
            text = each.sub(_OMITTED, text)
        given = names.given.values()
        return _UID.sub(lambda found: found.group() if found.group() in given else _OMITTED, text)

    return clean


def _quoted(text: str, names: Pseudonyms) -> str:
    inner = text[1:-1]
    safe = inner in names.given.values() or _TARGET.fullmatch(inner) or _LESION.fullmatch(inner)
    return text if safe else text[0] + _OMITTED + text[-1]


def _finding(
    one: Finding, names: Pseudonyms, clean: Callable[[str], str], structures: Iterable[str], kept: Collection[str]
) -> Finding:
    quiet = one.code.startswith(_QUOTES_NOTHING)
    subject = _subject(one, names, clean, structures, kept)
    if not quiet:
        message = f"{CATALOGUE[one.code].title[:1].upper()}{CATALOGUE[one.code].title[1:]}."
    else:
        message = clean(one.message if subject == clean(one.subject) else one.message.replace(one.subject, subject))
    evidence = {
        key: value
        for key, value in one.evidence.items()
        if isinstance(value, bool)
        or (isinstance(value, (int, float)) and abs(value) < _MOST)
        or (key == "cause" and isinstance(value, str) and value in CATALOGUE)
    }
    return replace(one, subject=subject, message=message, evidence=evidence)


def _subject(
    one: Finding, names: Pseudonyms, clean: Callable[[str], str], structures: Iterable[str], kept: Collection[str]
) -> str:
    """Return what a finding is about: kept where it is ours (a constraint, a key), else a pseudonym."""
    subject = one.subject
    ours = one.code.startswith("RTD7") and one.code != "RTD758"  # constraints, rules, lesions and keys
    if not ours and subject in names.given:
        return names.given[subject]  # given out for an earlier finding, which `clean` does not know of
    if ours or subject in structures:
        return clean(subject)
    if not subject or fold_name(subject) in kept or _TARGET.fullmatch(subject) or _LESION.fullmatch(subject):
        return subject
    if subject in ("patient", "dose", "plan", "export", "trial.arm", "prior_course", "rtcheck", "command line"):
        return subject
    if one.code.startswith(("RTD3", "RTD6", "RTD7")):
        return pseudonym(names, "STRUCT", subject)
    return pseudonym(names, "FILE", subject)
