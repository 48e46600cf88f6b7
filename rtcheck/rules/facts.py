"""Patient facts as conditions see them: what the registry records, what follows from it, and what is missing.

Absent means not known, never "no". A fact that follows from others (`lung_at_risk`) is unknown while they leave it
open, and says which registry keys would settle it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from rtcheck.model.lesion import KINDS
from rtcheck.model.record import FactValue, PatientRecord
from rtcheck.rules.child_pugh import CHILD_PUGH_ITEMS, child_pugh_classes, child_pugh_points, missing_items
from rtcheck.rules.constraint import LesionRules
from rtcheck.rules.counting import count_metastases, organ_system
from rtcheck.rules.laboratory import ULN_RATIOS, fill_in_units, missing_for_ratio, uln_ratio

__all__ = [
    "DERIVED_FACTS", "DERIVED_NUMBERS", "REGISTRY_FACTS", "Fact", "FactTable", "base_facts", "look_up",
    "pregnancy_test_bounds", "qualified_fact",
]

REGISTRY_FACTS: tuple[str, ...] = (
    "patient.age", "patient.sex", "patient.ecog", "patient.life_expectancy_weeks", "patient.childbearing_potential",
    "patient.consent",
    "trial.id", "trial.arm", "trial.regimen", "trial.registered_on", "trial.randomised_on",
    "lung.impaired", "lung.fev1_l", "lung.fev1_percent", "lung.prior_irradiation", "lung.interstitial_disease",
    "lung.home_oxygen",
    "liver.child_pugh", "liver.ascites", "liver.encephalopathy_grade",
    "labs.neutrophils_10e9_l", "labs.platelets_10e9_l", "labs.haemoglobin_g_dl", "labs.haemoglobin_g_l",
    "labs.albumin_g_dl", "labs.albumin_g_l", "labs.bilirubin_umol_l", "labs.bilirubin_mg_dl",
    "labs.bilirubin_uln_umol_l", "labs.bilirubin_uln_mg_dl", "labs.alt_u_l", "labs.alt_uln_u_l", "labs.ast_u_l",
    "labs.ast_uln_u_l", "labs.alp_u_l", "labs.alp_uln_u_l", "labs.creatinine_umol_l", "labs.creatinine_mg_dl",
    "labs.creatinine_uln_umol_l", "labs.creatinine_uln_mg_dl", "labs.creatinine_clearance_ml_min", "labs.inr",
    "labs.prothrombin_prolonged_s", "labs.pregnancy_test_on", "labs.pregnancy_test_hours",
)  # fmt: skip
"""The registry's keys that conditions may name (contract §4); ``[exclusion]`` has free keys and is always qualified."""

DERIVED_NUMBERS: tuple[str, ...] = (
    "plan_fractions", "metastases", *ULN_RATIOS, "child_pugh_points", "pregnancy_test_hours_before_randomisation",
)
"""Facts that follow from others and are numbers."""

DERIVED_FACTS: tuple[str, ...] = (
    "lung_lesion", "liver_lesion", "liver_metastasis", "bone_metastasis", "lung_at_risk", *DERIVED_NUMBERS,
)

_ORGANS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "lung": (("lung", "lungs", "肺"), ("lung", "pulmo", "肺")),
    "liver": (("liver", "肝", "肝脏"), ("liver", "hepat", "肝")),
}
"""For each organ: the words that are it, and the parts of words that make it doubtful that another organ is meant."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: its value, or None with the registry keys that would settle it and a sentence where keys do not.

    `low` and `high` bound a number whose value is None: a range that holds or excludes both decides all the same.
    """

    value: FactValue | None
    missing: tuple[str, ...] = ()
    reason: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class FactTable:
    """Every fact of one patient and course.

    Attributes:
        recorded: by ``table.key``.
        derived: those that follow from lesions and plans, and the tiers, by their own name. Always complete: a fact
            that cannot be told is here with the value None. A registry key here (``liver.child_pugh``) goes before
            what is recorded.
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
    if fact in facts.derived:
        return facts.derived[fact]
    value = facts.recorded.get(fact)
    return Fact(value) if value is not None else Fact(None, missing=(fact,))


def base_facts(
    record: PatientRecord | None, plan_fractions: int | None, lesion_rules: LesionRules | None = None
) -> FactTable:
    """Gather the recorded facts and those that follow from lesions and plans; the tiers come on top of them.

    Args:
        record: the registry's record, or None when there is none: then everything of it is unknown.
        plan_fractions: the fraction count of the course; None when its plans differ or do not say.
        lesion_rules: how metastases are counted; None: by the defaults.
    """
    stated = dict(record.facts) if record is not None else {}
    recorded = fill_in_units(stated)
    lung = _lesion_in(record, "lung")
    derived = {
        "lung_lesion": lung,
        "liver_lesion": _lesion_in(record, "liver"),
        "liver_metastasis": _lesion_in(record, "liver", ("organ_metastasis",)),
        "bone_metastasis": _bone_metastasis(record),
        "lung_at_risk": _lung_at_risk(record, recorded, lung),
        "metastases": _metastases(record, lesion_rules or LesionRules()),
        "plan_fractions": Fact(plan_fractions)
        if plan_fractions is not None
        else Fact(None, reason="The plans have no common number of fractions."),
        **{name: _ratio(name, stated) for name in ULN_RATIOS},
        "child_pugh_points": _points(stated),
        "liver.child_pugh": _child_pugh(stated),
        "pregnancy_test_hours_before_randomisation": _pregnancy_test_hours(stated),
    }
    return FactTable(recorded, derived)


def _ratio(name: str, stated: Mapping[str, FactValue]) -> Fact:
    value = uln_ratio(name, stated)
    if value is not None:
        return Fact(value)
    return Fact(None, missing_for_ratio(name, stated))


def _points(stated: Mapping[str, FactValue]) -> Fact:
    low, high = child_pugh_points(stated)
    return Fact(low) if low == high else Fact(None, missing_items(stated), low=low, high=high)


def _child_pugh(stated: Mapping[str, FactValue]) -> Fact:
    """Child-Pugh class as given, or as its items leave no other; not known where the two contradict each other."""
    given = stated.get("liver.child_pugh")
    low, high = child_pugh_points(stated)
    possible = child_pugh_classes(low, high)
    if given in ("A", "B", "C") and given not in possible:
        points = str(low) if low == high else f"{low} to {high}"
        return Fact(None, (), f"The Child-Pugh class is recorded as {given}, but the recorded items make {points} "
                              f"points ({' or '.join(possible)}).")
    if given is not None:
        return Fact(given)
    if len(possible) == 1:
        return Fact(possible[0])
    begun = any(key in stated for key in ("liver.ascites", "liver.encephalopathy_grade", *CHILD_PUGH_ITEMS[2]))
    return Fact(None, missing_items(stated) if begun else ("liver.child_pugh",))


def _pregnancy_test_hours(stated: Mapping[str, FactValue]) -> Fact:
    """Hours from the pregnancy test to randomisation: as recorded, else as the two dates bound them, to the minute.

    Two dates `n` days apart are between 24 (n - 1) and 24 (n + 1) hours apart. A test of the day of randomisation is
    taken to be before it.
    """
    hours = stated.get("labs.pregnancy_test_hours")
    if isinstance(hours, int | float) and not isinstance(hours, bool):
        return Fact(hours)
    test, randomised = stated.get("labs.pregnancy_test_on"), stated.get("trial.randomised_on")
    if isinstance(test, date) and isinstance(randomised, date):
        days = (randomised - test).days
        low, high = pregnancy_test_bounds(days)
        return Fact(None, ("labs.pregnancy_test_hours",), f"The pregnancy test was {days} days before randomisation by "
                    f"date, {low:.0f} to {high:.0f} h; the hours are not recorded (labs.pregnancy_test_hours).",
                    low=low, high=high)
    dates = ("labs.pregnancy_test_on", "trial.randomised_on")
    return Fact(None, tuple(key for key in dates if not isinstance(stated.get(key), date)))


def pregnancy_test_bounds(days: int) -> tuple[float, float]:
    """Return the fewest and most hours between two times whose dates are `days` apart, to the minute."""
    minute = 1 / 60
    return 0.0 if days == 0 else 24 * (days - 1) + minute, 24 * (days + 1) - minute


def _is_organ(text: str, organ: str) -> bool | None:
    """Whether a recorded organ is the one asked for; None where the word leaves it open (``left lung``)."""
    words, doubtful = _ORGANS[organ]
    folded = text.strip().casefold()
    if folded in words:
        return True
    return None if any(part in folded for part in doubtful) else False


def _metastases(record: PatientRecord | None, rules: LesionRules) -> Fact:
    """Count the active metastases. A record without lesions does not say that there are none."""
    if record is None or not record.lesions:
        return Fact(None, missing=("lesion",))
    return Fact(count_metastases(record.lesions, rules))


def _bone_metastasis(record: PatientRecord | None) -> Fact:
    """Whether a metastasis lies in bone: by its kind, or by its organ."""
    if record is None or not record.lesions:
        return Fact(None, missing=("lesion.kind",))
    return Fact(any(lesion.active and lesion.kind != "primary"
                    and (lesion.kind == "bone" or organ_system(lesion.organ) == "bone") for lesion in record.lesions))


def _lesion_in(record: PatientRecord | None, organ: str, kinds: tuple[str, ...] = KINDS) -> Fact:
    """Whether an active lesion of these kinds lies in `organ`. A record without lesions does not say."""
    if record is None or not record.lesions:
        return Fact(None, missing=("lesion.organ",))
    found = [_is_organ(lesion.organ, organ) for lesion in record.lesions if lesion.active and lesion.kind in kinds]
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
