"""Find the files below the PATHs a user gives, in an order that does not depend on the file system."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rtcheck.model.finding import Finding, finding

__all__ = ["MAX_FILE_BYTES", "FoundFile", "find_files", "read_bytes"]

MAX_FILE_BYTES = 2 << 30
"""Files larger than this are not read."""

_DICOM_EXTENSIONS = (".dcm", ".dicom", ".ima")


@dataclass(frozen=True, slots=True, order=True)
class FoundFile:
    """One regular file.

    Attributes:
        label: name relative to the PATH given, with forward slashes; for messages and reports.
        path: where it is.
        named: given by the user as a file, rather than found in a folder.
    """

    label: str
    path: Path
    named: bool

    @property
    def should_be_dicom(self) -> bool:
        """Whether a user would expect it to be read: given by name, or with a usual DICOM extension."""
        return self.named or self.path.suffix.lower() in _DICOM_EXTENSIONS


def find_files(paths: Sequence[Path | str], findings: list[Finding]) -> tuple[list[FoundFile], int]:
    """All regular files of `paths`, folders searched recursively, each file once, sorted by label.

    Links are followed; a folder that leads back to itself is entered once. A PATH that does not exist or cannot be
    listed is a finding (F): what would have been there is unknown.

    Returns:
        the files, and the number of things that are neither file nor folder (sockets, pipes).
    """
    found: dict[str, FoundFile] = {}
    special = 0
    for given in sorted(Path(path) for path in paths):
        if given.is_dir():
            special += _search(given, found, findings)
        elif given.is_file():
            _add(FoundFile(given.name, given, named=True), found)
        else:
            problem = "is neither a file nor a folder" if given.exists() else "does not exist"
            findings.append(finding("RTD001", given.name or str(given), f"this PATH {problem}; nothing was read"))
    return sorted(found.values()), special


def _search(top: Path, found: dict[str, FoundFile], findings: list[Finding]) -> int:
    """Add the files below `top` to `found`; return how many entries are neither file nor folder."""
    special = 0
    seen: set[str] = set()

    def unreadable(error: OSError) -> None:
        name = Path(str(error.filename or top))
        label = name.relative_to(top).as_posix() if name.is_relative_to(top) else name.name
        findings.append(finding("RTD001", label, f"this folder cannot be listed: {error.strerror}"))

    for folder, subfolders, names in os.walk(top, onerror=unreadable, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        subfolders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            try:
                regular = stat.S_ISREG(path.stat().st_mode)
            except OSError as error:
                label = path.relative_to(top).as_posix()
                findings.append(finding("RTD001", label, f"this file cannot be read: {error.strerror}"))
                continue
            if regular:
                _add(FoundFile(path.relative_to(top).as_posix(), path, named=False), found)
            else:
                special += 1
    return special


def _add(file: FoundFile, found: dict[str, FoundFile]) -> None:
    """Keep one entry for each real file: the one given by name, else the first by label."""
    real = os.path.realpath(file.path)
    known = found.get(real)
    if known is None or (not file.named, file) < (not known.named, known):
        found[real] = file


def read_bytes(file: FoundFile, limit: int = MAX_FILE_BYTES) -> bytes:
    """At most `limit` + 1 bytes from the start of the file.

    Raises:
        OSError: it cannot be read.
    """
    with file.path.open("rb") as stream:
        # Python makes room for all that is asked for, so no more is asked for than there is.
        size = os.fstat(stream.fileno()).st_size
        return stream.read(min(limit, size) + 1)
