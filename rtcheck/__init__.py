"""rtcheck: checks radiotherapy plans against a trial's registered lesions and a protocol's limits.

Everything here is imported when it is first asked for, so that ``rtcheck --help`` does not wait for NumPy.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

from rtcheck.version import __version__

if TYPE_CHECKING:
    from rtcheck.catalogue.protocol import read_protocol
    from rtcheck.catalogue.registry import read_record
    from rtcheck.check import Settings, check
    from rtcheck.dicom.case import read_case
    from rtcheck.dvh.metric import Metric, MetricValue
    from rtcheck.dvh.notation import parse_metric, print_metric
    from rtcheck.errors import (
        DicomError,
        Fault,
        FileFaultsError,
        MetricSyntaxError,
        MissingExtraError,
        NotationError,
        OutputError,
        RtcheckError,
    )
    from rtcheck.model.case import Case
    from rtcheck.model.finding import Finding
    from rtcheck.model.lesion import Lesion
    from rtcheck.model.record import PatientRecord
    from rtcheck.report import Report
    from rtcheck.rules.constraint import Constraint, Protocol
    from rtcheck.rules.result import LesionResult, Outcome

__all__ = [
    "Case",
    "Constraint",
    "DicomError",
    "Fault",
    "FileFaultsError",
    "Finding",
    "Lesion",
    "LesionResult",
    "Metric",
    "MetricSyntaxError",
    "MetricValue",
    "MissingExtraError",
    "NotationError",
    "Outcome",
    "OutputError",
    "PatientRecord",
    "Protocol",
    "Report",
    "RtcheckError",
    "Settings",
    "__version__",
    "check",
    "parse_metric",
    "print_metric",
    "read_case",
    "read_protocol",
    "read_record",
]

_HOME = {
    "rtcheck.catalogue.protocol": ("read_protocol",),
    "rtcheck.catalogue.registry": ("read_record",),
    "rtcheck.check": ("Settings", "check"),
    "rtcheck.dicom.case": ("read_case",),
    "rtcheck.dvh.metric": ("Metric", "MetricValue"),
    "rtcheck.dvh.notation": ("parse_metric", "print_metric"),
    "rtcheck.errors": (
        "DicomError", "Fault", "FileFaultsError", "MetricSyntaxError", "MissingExtraError", "NotationError",
        "OutputError", "RtcheckError",
    ),
    "rtcheck.model.case": ("Case",),
    "rtcheck.model.finding": ("Finding",),
    "rtcheck.model.lesion": ("Lesion",),
    "rtcheck.model.record": ("PatientRecord",),
    "rtcheck.report": ("Report",),
    "rtcheck.rules.constraint": ("Constraint", "Protocol"),
    "rtcheck.rules.result": ("LesionResult", "Outcome"),
}
"""The module that defines each public name."""


class _Package(ModuleType):
    """A package whose submodule ``rtcheck.check``, once imported, does not hide the function of the same name."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "check" and isinstance(value, ModuleType):
            value = vars(value)["check"]
        super().__setattr__(name, value)


def __getattr__(name: str) -> object:
    for home, names in _HOME.items():
        if name in names:
            return getattr(importlib.import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)


sys.modules[__name__].__class__ = _Package
