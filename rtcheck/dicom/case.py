"""Read an export: files to one `Case`. One bad file is a finding and never keeps the others from being read."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rtcheck.dicom.attributes import uid
from rtcheck.dicom.files import MAX_FILE_BYTES, FoundFile, find_files, read_bytes
from rtcheck.dicom.objects import SOP_CLASSES, ReadObject, read_object
from rtcheck.dicom.person import Person, person_findings, read_person, unstated
from rtcheck.dicom.recognise import DicomFile, has_magic, is_directory_file, looks_headerless, read_dicom
from rtcheck.errors import DicomError
from rtcheck.model.case import Case
from rtcheck.model.finding import Finding, finding

__all__ = ["read_case"]

_HEAD = 512


@dataclass(frozen=True, slots=True)
class _Entry:
    """One object that was read, with what identifies it and its patient."""

    read: ReadObject
    digest: str
    patient: Person


def read_case(
    paths: Sequence[Path | str], *, allow_headerless: bool = True, allow_deflated: bool = False
) -> Case:
    """Read all DICOM objects below `paths` as one case.

    Files are recognised by content. What is no DICOM is counted, unless the user gave it by name or its extension says
    DICOM: then it is a finding. Nothing about DICOM is ever raised; everything is in ``Case.findings``.

    Args:
        paths: files and folders; folders are searched recursively.
        allow_headerless: accept files without preamble and meta information where the content proves what they are
            (the whole file parses exactly, and SOP class and modality agree); each is reported (RTD014). Otherwise
            they are refused (RTD003).
        allow_deflated: inflate files of the deflated transfer syntax, within caps. Otherwise they are refused (RTD004):
            a small one can be made to grow without end, and no planning system has to export them.

    Returns:
        The case; its tuples are sorted by SOP Instance UID, so the order of files never matters.
    """
    findings: list[Finding] = []
    files, ignored = find_files(paths, findings)
    entries: list[_Entry] = []
    for file in files:
        try:
            entry = _read_file(file, allow_headerless=allow_headerless, allow_deflated=allow_deflated)
        except DicomError as error:
            # Whatever the code usually means: an object that is left out leaves no verdict.
            findings.append(finding(error.code, error.subject, error.problem, "F"))
            continue
        if entry is None:
            ignored += 1
        else:
            entries.append(entry)
    if not entries and not findings:
        findings.append(finding("RTD001", "PATH", "no DICOM object found in what was given"))
    entries = _without_duplicates(entries, findings)
    patient_ids = _patient_ids(entries, findings)
    for entry in entries:
        findings.extend(entry.read.findings)
    return Case(
        patient_id=patient_ids[0] if len(patient_ids) == 1 else "",
        plans=tuple(entry.read.plan for entry in entries if entry.read.plan is not None),
        doses=tuple(entry.read.dose for entry in entries if entry.read.dose is not None),
        structure_sets=tuple(entry.read.structure_set for entry in entries if entry.read.structure_set is not None),
        inputs=tuple(entry.read.input for entry in entries),
        ignored_files=ignored,
        findings=tuple(sorted(findings, key=lambda note: (note.code, note.subject, note.message))),
        patient_ids=patient_ids,
        registrations=tuple(entry.read.registration for entry in entries if entry.read.registration is not None),
        images=tuple(entry.read.image for entry in entries if entry.read.image is not None),
        person_unstated=unstated(entry.patient for entry in entries),
        sexes=tuple(sorted({entry.patient.sex for entry in entries} - {""})),
        birth_dates=tuple(sorted({entry.patient.birth_date for entry in entries} - {""})),
    )


def _read_file(file: FoundFile, *, allow_headerless: bool, allow_deflated: bool) -> _Entry | None:
    """Return the object in a file, or None when the file is no DICOM and nobody said it was."""
    try:
        head = read_bytes(file, _HEAD - 1)
        if is_directory_file(head):
            return None
        if not has_magic(head) and not looks_headerless(head):
            if file.should_be_dicom:
                problem = "the file is empty" if not head else "no DICOM prefix and no DICOM data set at its start"
                raise DicomError("RTD001", file.label, f"{problem}; export it again, or leave it out")
            return None
        if file.path.stat().st_size > MAX_FILE_BYTES:
            raise _too_large(file)
        data = read_bytes(file)
    except OSError as error:
        raise DicomError("RTD001", file.label, f"the file cannot be read: {error.strerror or error}") from error
    if len(data) > MAX_FILE_BYTES:
        raise _too_large(file)
    dicom = read_dicom(data, file.label, allow_deflated=allow_deflated)
    if not dicom.part_10:
        _check_headerless(dicom, file.label, allowed=allow_headerless)
    digest = hashlib.sha256(data).hexdigest()
    return _Entry(read_object(dicom, digest), digest, read_person(dicom.root))


def _too_large(file: FoundFile) -> DicomError:
    return DicomError("RTD005", file.label, f"larger than {MAX_FILE_BYTES >> 30} GiB; it was not read")


def _check_headerless(dicom: DicomFile, label: str, *, allowed: bool) -> None:
    """Refuse a file without preamble that does not say itself what it is (modality is compared later)."""
    if not allowed:
        raise DicomError("RTD003", label, "no preamble and no DICOM prefix; such files are not accepted here")
    if uid(dicom.root, "SOPClassUID") not in SOP_CLASSES:
        raise DicomError("RTD003", label, "no preamble and no DICOM prefix, and the content does not prove what it is")


def _without_duplicates(entries: list[_Entry], findings: list[Finding]) -> list[_Entry]:
    """Keep one entry for each SOP Instance UID, sorted by it; equal copies are noted, others fatal (RTD006)."""
    by_uid: dict[str, list[_Entry]] = defaultdict(list)
    for entry in entries:
        by_uid[entry.read.input.sop_instance_uid].append(entry)
    kept: list[_Entry] = []
    for sop_instance_uid in sorted(by_uid):
        first, *others = by_uid[sop_instance_uid]
        kept.append(first)
        for other in others:
            source = other.read.input.source
            names = f"{first.read.input.source} and {source}"
            if other.digest == first.digest:
                findings.append(finding("RTD007", source, f"{names} are the same file; one is ignored"))
            else:
                findings.append(
                    finding("RTD006", source, f"{names} have the same SOP Instance UID but differ; remove one")
                )
    return kept


def _patient_ids(entries: list[_Entry], findings: list[Finding]) -> tuple[str, ...]:
    """Return every patient id found, sorted. The ids themselves never appear in a message."""
    unnamed = sorted(entry.read.input.source for entry in entries if not entry.patient.id)
    if unnamed:
        problem = f"absent or empty in {len(unnamed)} objects; whose they are is not known"
        findings.append(finding("RTD012", unnamed[0], f"PatientID (0010,0020): {problem}"))
    findings.extend(person_findings([(entry.read.input.source, entry.patient) for entry in entries]))
    return tuple(sorted({entry.patient.id for entry in entries if entry.patient.id}))
