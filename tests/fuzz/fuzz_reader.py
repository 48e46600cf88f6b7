"""Coverage-guided fuzzing of the reader of one file: ``python -m tests.fuzz.fuzz_reader CORPUS... -max_total_time=60``.

The target takes bytes as a file through recognition, the length walk and the reader of its kind. The only exception
that may come out is `DicomError`; and what is accepted cut short must be refused: see `check_bytes`.
"""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["check_bytes", "corpus", "main"]


def check_bytes(data: bytes) -> str | None:
    """Read bytes as one DICOM file; return the code of its refusal, or None. Anything but a refusal is a bug."""
    from rtcheck.dicom.objects import read_object
    from rtcheck.dicom.recognise import read_dicom
    from rtcheck.errors import DicomError

    try:
        read_object(read_dicom(data, "fuzz.dcm", allow_deflated=True), "")
    except DicomError as error:
        assert error.code.startswith("RTD"), error.code
        assert len(error.problem) < 2000, "a message that quotes a file"
        return error.code
    return None


def corpus() -> dict[str, bytes]:
    """The small files of every seed of the mutation harness: what the fuzzer starts from."""
    from tests.mutation.seeds import SEEDS, build, small_files

    found: dict[str, bytes] = {}
    for name in SEEDS:
        if not name.startswith(("real-e", "real-r", "sample")):
            found.update({f"{name}-{file}": data for file, data in build(name).files.items() if len(data) < 100_000})
    for name, seed in small_files().items():
        found.update({f"small-{name}-{file}": data for file, data in seed.files.items()})
    return found


def main() -> None:
    """Write the corpus into the first folder named, if it is empty, and fuzz."""
    import atheris

    folders = [Path(word) for word in sys.argv[1:] if not word.startswith("-")]
    if folders and not any(folders[0].glob("*")):
        folders[0].mkdir(parents=True, exist_ok=True)
        for name, data in corpus().items():
            (folders[0] / name).write_bytes(data)
    with atheris.instrument_imports(include=["rtcheck.dicom"]):
        import rtcheck.dicom.case  # noqa: F401
    atheris.Setup(sys.argv, lambda data: check_bytes(data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
