"""Every error that rtcheck raises on purpose.

::

    RtcheckError
    ├── NotationError        (ValueError)  a text in our notation is wrong: the text, the position, what was expected
    │   ├── MetricSyntaxError              a metric such as "D95%[Gy]"
    │   ├── ExpressionSyntaxError          a structure expression such as "Liver - @gtv"
    │   └── GoalSyntaxError                a goal such as "<= 13 Gy"
    ├── FileFaultsError      (ValueError)  a protocol or registry file is wrong: every fault at once
    ├── DicomError           (ValueError)  one DICOM object cannot be used: carries the finding that says why
    ├── BlindingError        (ValueError)  a report that tells the trial arm by itself cannot be blinded
    ├── OutputError          (OSError)     a result could not be written durably
    └── MissingExtraError    (ImportError) an optional package is not installed

A bad plan is an outcome, doubtful data is a finding, unusable input is an error. Anything else raised is a bug.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "BlindingError",
    "DicomError",
    "ExpressionSyntaxError",
    "Fault",
    "FileFaultsError",
    "GoalSyntaxError",
    "MetricSyntaxError",
    "MissingExtraError",
    "NotationError",
    "OutputError",
    "RtcheckError",
]


class RtcheckError(Exception):
    """Root of the tree: whatever rtcheck raises on purpose is one of these."""


class NotationError(RtcheckError, ValueError):
    """A text in one of our small notations is wrong.

    Attributes:
        text: the whole text as given.
        position: index of the faulty character in `text` (``len(text)`` when something is missing at the end).
        problem: what was found and what was expected, one sentence without the text itself.
        suggestion: a text that would have been accepted, or None.
    """

    def __init__(self, text: str, position: int, problem: str, suggestion: str | None = None) -> None:
        self.text = text
        self.position = position
        self.problem = problem
        self.suggestion = suggestion
        super().__init__(self.one_line())

    def one_line(self) -> str:
        """Say the fault in one line, for key-path messages."""
        hint = f"; did you mean {self.suggestion!r}?" if self.suggestion else ""
        return f"{self.text!r}, character {self.position + 1}: {self.problem}{hint}"

    def with_caret(self) -> str:
        """Say the fault in three lines, a caret under the faulty character."""
        hint = f"; did you mean {self.suggestion!r}?" if self.suggestion else ""
        return f"{self.text}\n{' ' * self.position}^\n{self.problem}{hint}"


class MetricSyntaxError(NotationError):
    """A metric is not in the notation of the contract."""


class ExpressionSyntaxError(NotationError):
    """A structure expression is not in the notation of the contract."""


class ExpressionLimitError(ExpressionSyntaxError):
    """A structure expression is longer or deeper than any real one, or hides characters (RTD804)."""


class GoalSyntaxError(NotationError):
    """A goal is not a comparator, a number and a unit that fits its metric."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a protocol, registry or command-line input.

    Attributes:
        file: name of the file as the user gave it.
        key_path: where in the file, such as ``constraint[3].goal``; empty for the file as a whole.
        found: what stands there.
        expected: what should stand there, and what to do.
        suggestion: a spelling that would have been accepted, or empty.
        code: of the finding it becomes.
    """

    file: str
    key_path: str
    found: str
    expected: str
    suggestion: str = ""
    code: str = "RTD801"

    def __str__(self) -> str:
        where = f"{self.file}: {self.key_path}" if self.key_path else self.file
        hint = f" (did you mean {self.suggestion!r}?)" if self.suggestion else ""
        return f"{where}: found {self.found}; expected {self.expected}{hint}"


class FileFaultsError(RtcheckError, ValueError):
    """A file of ours is wrong. All faults are collected before this is raised; nothing is judged."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


class DicomError(RtcheckError, ValueError):
    """One DICOM object cannot be used.

    Attributes:
        code: the finding code that says why, such as ``RTD206``.
        subject: the object, as a file name or a short description without patient data.
        problem: tag, what was found, what was expected, what to do.
    """

    def __init__(self, code: str, subject: str, problem: str) -> None:
        self.code = code
        self.subject = subject
        self.problem = problem
        super().__init__(f"{code} {subject}: {problem}")


class BlindingError(RtcheckError, ValueError):
    """A report tells the trial arm by itself: it cannot be blinded, and is not written as if it were."""


class OutputError(RtcheckError, OSError):
    """A result could not be written durably; nothing partial was left under the final name."""


class MissingExtraError(RtcheckError, ImportError):
    """An optional package is missing; the message names the extra that brings it."""
