"""Patient facts as conditions see them: what the registry records, what follows from it, and what is missing.

Absent means not known, never "no". A fact that follows from others (`lung_at_risk`) is unknown while they leave it
open, and says which registry keys would settle it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from rtcheck.model.record import FactValue, PatientRecord

__all__ = ["DERIVED_FACTS", "REGISTRY_FACTS", "Fact", "FactTable", "base_facts", "look_up", "qualified_fact"]

REGISTRY_FACTS: tuple[str, ...] = (
    "patient.age", "patient.sex", "patient.ecog", "patient.life_expectancy_weeks", "patient.childbearing_potential",
    "patient.consent",
    "trial.id", "trial.arm", "trial.regimen", "trial.registered_on", "trial.randomised_on",
    "lung.impaired", "lung.fev1_l", "lung.fev1_percent", "lung.prior_irradiation", "lung.interstitial_disease",
    "lung.home_oxygen",
    "liver.child_pugh",
    "labs.neutrophils_10e9_l", "labs.platelets_10e9_l", "labs.haemoglobin_g_dl", "labs.haemoglobin_g_l",
    "labs.albumin_g_dl", "labs.albumin_g_l", "labs.bilirubin_umol_l", "labs.bilirubin_mg_dl",
    "labs.bilirubin_uln_umol_l", "labs.alt_u_l", "labs.alt_uln_u_l", "labs.ast_u_l", "labs.ast_uln_u_l",
    "labs.alp_u_l", "labs.alp_uln_u_l", "labs.creatinine_umol_l", "labs.creatinine_mg_dl",
    "labs.creatinine_uln_umol_l", "labs.creatinine_clearance_ml_min", "labs.pregnancy_test_on",
)  # fmt: skip
"""The registry's keys that conditions may name (contract §4); ``[exclusion]`` has free keys and is always qualified."""

DERIVED_FACTS: tuple[str, ...] = ("lung_lesion", "liver_lesion", "lung_at_risk", "plan_fractions")

_SAME_LAB: tuple[tuple[str, str, Decimal], ...] = (
    ("labs.haemoglobin_g_dl", "labs.haemoglobin_g_l", Decimal(10)),
    ("labs.albumin_g_dl", "labs.albumin_g_l", Decimal(10)),
    ("labs.bilirubin_mg_dl", "labs.bilirubin_umol_l", Decimal("17.104")),
    ("labs.creatinine_mg_dl", "labs.creatinine_umol_l", Decimal("88.4")),
)
"""The same value in two units: (key, other key, factor from the first to the other). The two molar factors are 10 over
the molar mass in kg/mol: bilirubin 584.66 g/mol, creatinine 113.12 g/mol."""

_ORGANS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "lung": (("lung", "lungs", "肺"), ("lung", "pulmo", "肺")),
    "liver": (("liver", "肝", "肝脏"), ("liver", "hepat", "肝")),
}
"""For each organ: the words that are it, and the parts of words that make it doubtful that another organ is meant."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: its value, or None with the registry keys that would settle it and a sentence where keys do not."""

    value: FactValue | None
    missing: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FactTable:
    """Every fact of one patient and course.

    Attributes:
        recorded: by ``table.key``.
        derived: those that follow from lesions and plans, and the tiers, by their own name. Always complete: a fact
            that cannot be told is here with the value None.
    """

    recorded: Mapping[str, FactValue] = field(default_factory=dict)
    derived: Mapping[str, Fact] = field(default_factory=dict)


def qualified_fact(key: str) -> str | None:
    """Return the registry key that `key` means, with its table; None when there is none, or several."""
    if key in REGISTRY_FACTS or (key.startswith("exclusion.") and key != "exclusion."):
        return key
    homes = [fact for fact in REGISTRY_FACTS if fact.partition(".")[2] == key]
    return homes[0] if len(homes) == 1 else None


def look_up(facts: FactTable, key: str) -> Fact:
    """Return the fact that a condition names: a tier, a derived fact, or a registry key."""
    if key in facts.derived:
        return facts.derived[key]
    fact = qualified_fact(key)
    if fact is None:
        return Fact(None, reason=f"There is no fact {key}.")
    value = facts.recorded.get(fact)
    return Fact(value) if value is not None else Fact(None, missing=(fact,))


def base_facts(record: PatientRecord | None, plan_fractions: int | None) -> FactTable:
    """Gather the recorded facts and those that follow from lesions and plans; the tiers come on top of them.

    Args:
        record: the registry's record, or None when there is none: then everything of it is unknown.
        plan_fractions: the fraction count of the course; None when its plans differ or do not say.
    """
    recorded = dict(record.facts) if record is not None else {}
    for key, other, factor in _SAME_LAB:
        _fill_in(recorded, key, other, factor)
    lung = _lesion_in(record, "lung")
    derived = {
        "lung_lesion": lung,
        "liver_lesion": _lesion_in(record, "liver"),
        "lung_at_risk": _lung_at_risk(record, recorded, lung),
        "plan_fractions": Fact(plan_fractions)
        if plan_fractions is not None
        else Fact(None, reason="The plans have no common number of fractions."),
    }
    return FactTable(recorded, derived)


def _fill_in(recorded: dict[str, FactValue], key: str, other: str, factor: Decimal) -> None:
    """Record a laboratory value in its other unit as well, where only one is recorded; converted as decimals."""
    value, same = _decimal(recorded.get(key)), _decimal(recorded.get(other))
    if value is not None and other not in recorded:
        recorded[other] = float(value * factor)
    elif same is not None and key not in recorded:
        recorded[key] = float(same / factor)


def _decimal(value: FactValue | None) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return Decimal(repr(value))


def _is_organ(text: str, organ: str) -> bool | None:
    """Whether a recorded organ is the one asked for; None where the word leaves it open (``left lung``)."""
    words, doubtful = _ORGANS[organ]
    folded = text.strip().casefold()
    if folded in words:
        return True
    return None if any(part in folded for part in doubtful) else False


def _lesion_in(record: PatientRecord | None, organ: str) -> Fact:
    """Whether an active lesion lies in `organ`. A record without lesions does not say."""
    if record is None or not record.lesions:
        return Fact(None, missing=("lesion.organ",))
    found = [_is_organ(lesion.organ, organ) for lesion in record.lesions if lesion.active]
    if True in found:
        return Fact(True)
    if None in found:
        return Fact(None, missing=("lesion.organ",), reason=f'A lesion\'s organ is not plainly "{organ}" or another.')
    return Fact(False)


def _lung_at_risk(record: PatientRecord | None, recorded: Mapping[str, FactValue], lesion: Fact) -> Fact:
    """Whether a lung lesion is active or the lung was irradiated before; either is enough, both must be excluded."""
    courses = (record.prior_courses or ()) if record is not None else ()
    before: list[bool | None] = [_is_organ(course.organ, "lung") for course in courses]
    told = recorded.get("lung.prior_irradiation")
    irradiated: bool | None = None
    if told is True or True in before:
        irradiated = True
    elif told is False and None not in before:  # earlier courses elsewhere do not say that the lung had none
        irradiated = False
    if lesion.value is True or irradiated is True:
        return Fact(True)
    if lesion.value is False and irradiated is False:
        return Fact(False)
    missing = list(lesion.missing) if lesion.value is None else []
    if irradiated is None:
        missing.append("prior_course.organ" if told is False else "lung.prior_irradiation")
    return Fact(None, missing=tuple(missing), reason=lesion.reason)
