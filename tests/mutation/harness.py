"""Run one check on files as bytes, with a stopwatch, and keep what must be compared.

The check is the program's own from reading the files to printing the report. Runs share what pure functions returned:
the samples of a structure in a dose by the exact content of both, and an object by the bytes of its file.
"""

from __future__ import annotations

import importlib
import json
import pickle
import shutil
import signal
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from rtcheck.catalogue.protocol import read_protocol
from rtcheck.catalogue.registry import read_record
from rtcheck.check import check
from rtcheck.dicom.case import read_case
from rtcheck.model.case import Case
from rtcheck.render.json_report import report_json
from rtcheck.render.text_report import text_report
from tests.mutation.seeds import Seed

__all__ = ["MAX_MEMORY_MB", "MAX_SECONDS", "Result", "Workbench", "metrics_of"]

MAX_SECONDS = 10.0
"""Processor time of one check; more is a hang."""
MAX_MEMORY_MB = 500
"""What one check may take beyond what the process has; the largest seed needs a fifth of it."""
_KEPT = 500
_PURE = (
    ("rtcheck.measure", "sample_solid", False),
    ("rtcheck.measure", "structure_dose", True),
    ("rtcheck.judging", "evaluate", True),
    ("rtcheck.check", "evaluate", True),
)
"""Functions without side effects whose results are kept: module, name, whether by identity of the first argument."""


class HangError(Exception):
    """A check took longer than `MAX_SECONDS` of processor time."""


@dataclass(frozen=True)
class Result:
    """One check: its report as a document, the case it read, and what went wrong with the run itself."""

    document: Mapping[str, Any] = field(default_factory=dict)
    case: Case | None = None
    crash: str = ""
    seconds: float = 0.0

    @property
    def verdict(self) -> str | None:
        return self.document.get("verdict")


def metrics_of(document: Mapping[str, Any]) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Outcome, value and interval of every constraint that was evaluated, by constraint and lesion."""
    return {
        (row["constraint"], row["lesion"] or ""): (row["outcome"], row["value"], row["low"], row["high"])
        for row in document.get("outcomes", ())
        if row["outcome"] not in ("NOT_EVALUATED", "NOT_APPLICABLE")
    }


class Workbench:
    """A folder to write mutants to, and the samples that are kept between runs. Use as a context manager."""

    def __init__(self) -> None:
        memory = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(prefix="rtcheck-", dir=memory if memory.is_dir() else None))
        self.files: dict[str, tuple[Any, Any]] = {}
        self.kept: OrderedDict[Any, Any] = OrderedDict()
        self.replaced: list[tuple[Any, str, Any]] = []
        self.written: dict[str, bytes] = {}

    def __enter__(self) -> Self:
        reading = importlib.import_module("rtcheck.dicom.case")
        self.replaced.append((reading, "_read_file", reading._read_file))
        reading._read_file = self.remember_files(reading._read_file)
        for place, name, by_identity in _PURE:
            module = importlib.import_module(place)
            original = getattr(module, name)
            self.replaced.append((module, name, original))
            setattr(module, name, self.remember(original, by_identity=by_identity))
        return self

    def __exit__(self, *_: object) -> None:
        for module, name, original in self.replaced:
            setattr(module, name, original)
        shutil.rmtree(self.folder, ignore_errors=True)

    def remember_files(self, read: Callable[..., Any]) -> Callable[..., Any]:
        """Keep what was read from a file while its name and its bytes stay the very same object."""

        def remembered(file: Any, **options: Any) -> Any:
            data = self.written.get(file.label)
            key = ("file", file.label, id(data), tuple(sorted(options.items())))
            if data is None or key not in self.kept:
                self.kept[key] = read(file, **options), data
            self.kept.move_to_end(key)
            return self.kept[key][0]

        return remembered

    def remember(self, compute: Callable[..., Any], *, by_identity: bool) -> Callable[..., Any]:
        """Keep what a pure function returned, by the content of its arguments, or by the first one being the same."""

        def remembered(*arguments: Any, **options: Any) -> Any:
            rest = arguments[1:] if by_identity else arguments
            key = (compute, id(arguments[0]) if by_identity else 0, pickle.dumps((rest, sorted(options.items()))))
            if key not in self.kept:
                # The arguments are held too: an identity stays taken while its object lives.
                self.kept[key] = compute(*arguments, **options), arguments
            self.kept.move_to_end(key)
            while len(self.kept) > _KEPT:
                self.kept.popitem(last=False)
            return self.kept[key][0]

        return remembered

    def texts(self, registry: str, protocol: str) -> tuple[Any, Any]:
        """The record and the protocol of two texts."""
        key = registry + "\0" + protocol
        if key not in self.files:
            names = self.folder / "registry.toml", self.folder / "protocol.toml"
            for path, text in zip(names, (registry, protocol), strict=True):
                path.write_text(text, encoding="utf-8")
            self.files[key] = read_record(names[0]), read_protocol(str(names[1]))
        return self.files[key]

    def write(self, files: Mapping[str, bytes]) -> Path:
        """Write the files of one export, and nothing that is there already."""
        export = self.folder / "export"
        export.mkdir(exist_ok=True)
        for name in self.written.keys() - files.keys():
            (export / name).unlink()
        for name, data in files.items():
            if self.written.get(name) is not data:
                (export / name).write_bytes(data)
        self.written = dict(files)
        return export

    def run(self, seed: Seed, files: Mapping[str, bytes] | None = None) -> Result:
        """Check an export against the registry and the protocol of `seed`. Nothing is raised but KeyboardInterrupt."""
        record, protocol = self.texts(seed.registry, seed.protocol)
        export = self.write(seed.files if files is None else files)
        resident = _memory_mb("VmRSS")
        _forget_peak()
        start = time.process_time()
        case = None
        try:
            with _deadline(MAX_SECONDS):
                case = read_case([export])
                report = check(case, record, protocol)
                text_report(report)
                document = json.loads(report_json(report), parse_constant=_refuse)
        except Exception as error:
            return Result({}, case, _where(error), time.process_time() - start)
        seconds = time.process_time() - start
        used = _memory_mb("VmHWM") - resident
        crash = f"{used:.0f} MB of memory" if used > MAX_MEMORY_MB else ""
        return Result(document, case, crash, seconds)


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """Raise `HangError` after so much processor time."""

    def stop(*_: object) -> None:
        raise HangError(f"more than {seconds:g} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _memory_mb(what: str) -> float:
    """Resident memory of this process now (VmRSS) or at its peak (VmHWM); 0 where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return int(status.partition(f"{what}:")[2].split()[0]) / 1024


def _forget_peak() -> None:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} in the report")


def _where(error: BaseException) -> str:
    """Kind of the error and the last place in the package where it passed."""
    place, trace = "", error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "rtcheck" in Path(name).parts:
            place = f" in {Path(name).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}: {str(error)[:200]}{place}"
