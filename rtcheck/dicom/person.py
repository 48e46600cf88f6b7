"""Whether objects that carry one PatientID are of one person (RTD101). What is read here is compared, never printed.

PatientID is the identity (PS3.3 §C.7.1.1), but an id can be typed wrongly or given twice. Another birth date or sex
under one id means another person. A name changes and is transcribed, so that another name is a warning.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from rtcheck.dicom.attributes import raw_value, text
from rtcheck.dicom.dataset import Dataset
from rtcheck.dicom.text import trim
from rtcheck.errors import DicomError
from rtcheck.model.finding import Finding, finding

__all__ = ["Person", "person_findings", "read_person", "unstated"]

_COMPARED = (
    ("birth_date", "PatientBirthDate (0010,0030)", True),
    ("sex", "PatientSex (0010,0040)", True),
    ("name", "PatientName (0010,0010)", False),
)
"""Field, attribute, and whether another value means another person."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who an object says it is of: PatientID, its name folded for comparison, birth date and sex (F or M);
    empty when absent.
    """

    id: str
    name: str = ""
    birth_date: str = ""
    sex: str = ""


def read_person(root: Dataset) -> Person:
    """Read the patient module of one object."""
    birth_date = _plain(root, "PatientBirthDate", "DA")
    sex = _plain(root, "PatientSex", "CS")
    return Person(
        text(root, "PatientID").value,
        _name(root),
        birth_date if birth_date.isdigit() else "",
        sex if sex in ("F", "M") else "",
    )


def _plain(root: Dataset, keyword: str, representation: str) -> str:
    """Return a value that only serves a comparison; one that cannot be read counts as absent."""
    try:
        return trim(raw_value(root, keyword, (representation,))).decode("ascii", "replace")
    except DicomError:
        return ""


def _name(root: Dataset) -> str:
    try:
        return _folded(text(root, "PatientName").value)
    except DicomError:
        return ""


def _folded(name: str) -> str:
    """Fold what does not distinguish two people: case, width, blanks, empty components, and all but the first group."""
    first = next((group for group in name.split("=") if group.strip("^ ")), "")
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", first).casefold())
    return " ".join(folded.replace("^", " ").split())


def person_findings(people: Iterable[tuple[str, Person]]) -> list[Finding]:
    """Compare all objects that carry one PatientID; what is absent is not compared.

    Args:
        people: file name and person of every object.
    """
    by_id: dict[str, list[tuple[str, Person]]] = defaultdict(list)
    for label, person in people:
        if person.id:
            by_id[person.id].append((label, person))
    out: list[Finding] = []
    for _, group in sorted(by_id.items()):
        for what, tag, severe in _COMPARED:
            values: dict[str, list[str]] = defaultdict(list)
            for label, person in group:
                if getattr(person, what):
                    values[getattr(person, what)].append(label)
            if len(values) < 2:
                continue
            rarest = min((len(labels), min(labels)) for labels in values.values())
            message = (
                f"{tag} differs between objects that carry one PatientID; {rarest[0]} of {len(group)} objects, such as "
                f"{rarest[1]}, differ from the others. "
                + (
                    "They are not of one patient: export this patient's alone."
                    if severe
                    else "Confirm that they are of one patient."
                )
            )
            out.append(finding("RTD101", "patient", message, "F" if severe else "W", values=len(values)))
    return out


def unstated(people: Iterable[Person]) -> tuple[str, ...]:
    """Return the attributes that some object does not state, or not so that they could be compared."""
    listed = list(people)
    return tuple(tag for what, tag, _ in _COMPARED if not all(getattr(person, what) for person in listed))
