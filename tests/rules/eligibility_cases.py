"""For each eligibility rule of the trial: a record that meets it, one that breaks it, and the facts it needs.

`tests/rules/test_eligibility_rules.py` judges every case, `tests/tools/eligibility_table.py` lists them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rtcheck.model.lesion import Lesion

__all__ = ["CASES", "Case"]

PRIMARY = Lesion("L1", "liver", "primary", active=True)
LUNG = Lesion("L2", "lung", "organ_metastasis", active=True)
LIVER = Lesion("L3", "liver", "organ_metastasis", active=True)
BONE = Lesion("L4", "bone", "bone", active=True)


@dataclass(frozen=True)
class Case:
    """One rule's cases. `missing` are keys of `met` or `when` without which the answer is not known, each by itself."""

    met: tuple[dict[str, Any], ...]
    broken: tuple[dict[str, Any], ...]
    missing: tuple[str, ...]
    when: dict[str, Any] = field(default_factory=dict)
    lesions: tuple[Lesion, ...] = (PRIMARY,)


def _simple(key: str, met: tuple[Any, ...], broken: tuple[Any, ...]) -> Case:
    return Case(tuple({key: value} for value in met), tuple({key: value} for value in broken), (key,))


def _declared(key: str, **changes: Any) -> Case:
    return Case(({f"exclusion.{key}": False},), ({f"exclusion.{key}": True},), (f"exclusion.{key}",), **changes)


def _ratio(name: str, met: float, broken: float) -> Case:
    value, limit = f"labs.{name}_u_l", f"labs.{name}_uln_u_l"
    return Case(({value: met, limit: 40.0},), ({value: broken, limit: 40.0},), (value, limit))


_SPIROMETRY = {"lung.impaired": "known"}

CASES: dict[str, Case] = {
    "NCT06946849.inclusion-8.FEV1": Case(
        ({"lung.fev1_l": 1.01},), ({"lung.fev1_l": 1.0},), ("lung.fev1_l",), _SPIROMETRY, (PRIMARY, LUNG)
    ),
    "NCT06946849.inclusion.age": _simple("patient.age", (18, 80), (17, 81)),
    "NCT06946849.inclusion.ECOG": _simple("patient.ecog", (0, 1), (2,)),
    "NCT06946849.inclusion.life-expectancy": _simple("patient.life_expectancy_weeks", (12.1,), (12.0,)),
    "NCT06946849.inclusion.neutrophils": _simple("labs.neutrophils_10e9_l", (1.5,), (1.49,)),
    "NCT06946849.inclusion.platelets": _simple("labs.platelets_10e9_l", (100.0,), (99.0,)),
    "NCT06946849.inclusion.haemoglobin": Case(
        ({"labs.haemoglobin_g_dl": 9.0}, {"labs.haemoglobin_g_l": 90.0}),
        ({"labs.haemoglobin_g_dl": 8.9}, {"labs.haemoglobin_g_l": 89.0}),
        ("labs.haemoglobin_g_dl", "labs.haemoglobin_g_l"),
    ),
    "NCT06946849.inclusion.albumin": Case(
        ({"labs.albumin_g_dl": 2.8}, {"labs.albumin_g_l": 28.0}),
        ({"labs.albumin_g_dl": 2.79}, {"labs.albumin_g_l": 27.9}),
        ("labs.albumin_g_dl", "labs.albumin_g_l"),
    ),
    "NCT06946849.inclusion.bilirubin": Case(
        (
            {"labs.bilirubin_umol_l": 31.5, "labs.bilirubin_uln_umol_l": 21.0},
            {"labs.bilirubin_mg_dl": 1.8, "labs.bilirubin_uln_mg_dl": 1.2},
            {"labs.bilirubin_mg_dl": 1.8, "labs.bilirubin_uln_umol_l": 20.6},
        ),
        (
            {"labs.bilirubin_umol_l": 31.6, "labs.bilirubin_uln_umol_l": 21.0},
            {"labs.bilirubin_mg_dl": 1.9, "labs.bilirubin_uln_umol_l": 20.6},
        ),
        ("labs.bilirubin_umol_l", "labs.bilirubin_uln_umol_l", "labs.bilirubin_mg_dl", "labs.bilirubin_uln_mg_dl"),
    ),
    "NCT06946849.inclusion.ALT": _ratio("alt", 100.0, 101.0),
    "NCT06946849.inclusion.AST": _ratio("ast", 100.0, 101.0),
    "NCT06946849.inclusion.ALP": _ratio("alp", 100.0, 101.0),
    "NCT06946849.inclusion.creatinine": Case(
        (
            {"labs.creatinine_umol_l": 126.0, "labs.creatinine_uln_umol_l": 84.0},
            {"labs.creatinine_umol_l": 200.0, "labs.creatinine_uln_umol_l": 84.0,
             "labs.creatinine_clearance_ml_min": 60.1},
        ),
        ({"labs.creatinine_umol_l": 126.1, "labs.creatinine_uln_umol_l": 84.0,
          "labs.creatinine_clearance_ml_min": 60.0},),
        ("labs.creatinine_uln_umol_l", "labs.creatinine_umol_l", "labs.creatinine_clearance_ml_min"),
    ),
    "NCT06946849.inclusion.pregnancy-test": Case(
        (
            {"labs.pregnancy_test_hours": 72.0},
            {"labs.pregnancy_test_on": date(2026, 3, 1), "trial.randomised_on": date(2026, 3, 3)},
            {"labs.pregnancy_test_on": date(2026, 3, 3), "trial.randomised_on": date(2026, 3, 3)},
        ),
        (
            {"labs.pregnancy_test_hours": 72.5},
            {"labs.pregnancy_test_on": date(2026, 3, 1), "trial.randomised_on": date(2026, 3, 5)},
            {"labs.pregnancy_test_on": date(2026, 3, 4), "trial.randomised_on": date(2026, 3, 2)},
        ),
        ("labs.pregnancy_test_hours", "labs.pregnancy_test_on", "trial.randomised_on"),
        {"patient.sex": "F", "patient.childbearing_potential": True},
    ),
    "NCT06946849.inclusion.consent": _simple("patient.consent", (True,), (False,)),
    "NCT06946849.inclusion.no-earlier-local-treatment": _declared("earlier_local_treatment"),
    "NCT06946849.exclusion.histology": _declared("excluded_histology"),
    "NCT06946849.exclusion.complete-response": _declared("complete_response_to_first_line"),
    "NCT06946849.exclusion.more-than-five-metastases": _declared("more_than_five_metastases"),
    "NCT06946849.exclusion.brain-or-cord": _declared("uncontrolled_brain_metastases_or_cord_compression"),
    "NCT06946849.exclusion.effusion": _declared("effusion_needing_repeated_drainage"),
    "NCT06946849.exclusion.pregnancy": _declared("pregnant_or_breast_feeding", when={"patient.sex": "F"}),
    "NCT06946849.exclusion.immunodeficiency": _declared("immunodeficiency"),
    "NCT06946849.exclusion.other-malignancy": _declared("other_malignancy_within_five_years"),
}  # fmt: skip
