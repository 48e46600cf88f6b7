"""Is the record of the person that the export is of (RTD101). No value of a person is ever printed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from rtcheck.model.case import Case
from rtcheck.model.finding import Finding, finding

__all__ = ["record_findings"]

_YEARS = 2.0
"""An age is of the day it was asked for, and the plan may be of another year."""
_YEAR_DAYS = 365.25


def record_findings(case: Case, facts: Mapping[str, object]) -> list[Finding]:
    """Compare sex and age of the record with the export's, where each is stated, under an id that agrees.

    The id is the identity (contract §4): another sex or age under it is a warning, for records are typed by people.

    Args:
        case: the export; its sexes, birth dates, and plans with their dates.
        facts: of the record.
    """
    out = []
    sex = facts.get("patient.sex")
    if sex in ("F", "M") and case.sexes and sex not in case.sexes:
        out.append(_another("sex", "PatientSex (0010,0040)"))
    age = facts.get("patient.age")
    days = [birth for stamp in case.birth_dates if (birth := _day(stamp)) is not None]
    registered = facts.get("trial.registered_on")
    on = registered if isinstance(registered, date) else max(
        (day for plan in case.plans if (day := _day(plan.created)) is not None), default=None
    )  # fmt: skip
    if isinstance(age, int | float) and not isinstance(age, bool) and days and on is not None:
        years = [(on - birth).days / _YEAR_DAYS for birth in days]
        if not any(age - _YEARS < value < age + 1 + _YEARS for value in years):
            out.append(_another("age", "PatientBirthDate (0010,0030)"))
    return out


def _another(key: str, attribute: str) -> Finding:
    message = (
        f"{attribute} of the export does not fit the registry (patient.{key}), although the ids agree. Confirm that "
        "the record is this patient's."
    )
    return finding("RTD101", "patient", message, "W", key=f"patient.{key}")


def _day(stamp: str) -> date | None:
    """Return the day of a DICOM date YYYYMMDD…; None where there is none."""
    try:
        return date(int(stamp[:4]), int(stamp[4:6]), int(stamp[6:8]))
    except ValueError:
        return None
