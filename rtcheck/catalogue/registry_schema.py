"""The tables of a registry file. Each field's description is what its error message says was expected.

Bounds are wide: they catch a wrong unit (a dose in cGy, a volume in ml), not an unusual patient.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from rtcheck.catalogue.faults import Table

__all__ = [
    "FACT_TABLES", "LabsTable", "LesionTable", "Line", "LiverTable", "LungTable", "PatientTable", "PlanTable",
    "PriorCourseTable", "TrialTable",
]

Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")]
"""One line of text: not empty, no control characters (they could rewrite a terminal)."""

_Names = Annotated[list[Line], Field(min_length=1)]
_Uid = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)+$", max_length=64)]


def _optional(expected: str) -> Any:
    return Field(default=None, description=expected)


def _number(what: str, low: float, high: float) -> Any:
    """Describe an optional number between two bounds, both allowed."""
    return Field(default=None, ge=low, le=high, description=f"{what}, a number from {low:g} to {high:g}")


def _yes_no(what: str) -> Any:
    return Field(default=None, description=f"{what}: true or false")


def _day(what: str) -> Any:
    return Field(default=None, description=f"{what}: a date without quotes, such as 2026-03-02")


class PatientTable(Table):
    """``[patient]``."""

    id: Line = Field(description="the patient's id in the trial or in DICOM, a text")
    dicom_ids: _Names | None = _optional("the patient's ids in DICOM, a list of texts, not empty")
    age: int | None = _number("age in whole years", 0, 120)
    sex: Literal["F", "M"] | None = _optional('"F" or "M"')
    ecog: int | None = _number("ECOG performance status, whole", 0, 4)
    life_expectancy_weeks: float | None = _number("life expectancy in weeks", 0, 5200)
    childbearing_potential: bool | None = _yes_no("whether the patient can bear children")
    consent: bool | None = _yes_no("whether consent was given")


class TrialTable(Table):
    """``[trial]``."""

    id: Line | None = _optional('the trial\'s id, such as "NCT06946849"')
    arm: Line | None = _optional('the trial arm, such as "2L+RT"')
    regimen: Literal["FOLFIRI", "FOLFOX", "Regorafenib"] | None = _optional('"FOLFIRI", "FOLFOX" or "Regorafenib"')
    registered_on: date | None = _day("registration")
    randomised_on: date | None = _day("randomisation")


class LungTable(Table):
    """``[lung]``."""

    impaired: Literal["known", "suspected", "no"] | None = _optional(
        'impaired lung function: "known", "suspected" or "no"'
    )
    fev1_l: float | None = _number("FEV1 in litres", 0.1, 10)
    fev1_percent: float | None = _number("FEV1 in percent of predicted", 5, 200)
    prior_irradiation: bool | None = _yes_no("earlier lung irradiation")
    interstitial_disease: bool | None = _yes_no("interstitial lung disease")
    home_oxygen: bool | None = _yes_no("oxygen at home")


class LiverTable(Table):
    """``[liver]``."""

    child_pugh: Literal["A", "B", "C"] | None = _optional('Child-Pugh class "A", "B" or "C"')
    ascites: Literal["none", "slight", "moderate"] | None = _optional('ascites: "none", "slight" or "moderate"')
    encephalopathy_grade: int | None = _number("grade of hepatic encephalopathy, whole, 0 where there is none", 0, 4)


class LabsTable(Table):
    """``[labs]``; units are in the keys."""

    neutrophils_10e9_l: float | None = _number("neutrophils in 10^9/l", 0, 500)
    platelets_10e9_l: float | None = _number("platelets in 10^9/l", 0, 5000)
    haemoglobin_g_dl: float | None = _number("haemoglobin in g/dl", 1, 30)
    haemoglobin_g_l: float | None = _number("haemoglobin in g/l", 10, 300)
    albumin_g_dl: float | None = _number("albumin in g/dl", 0.5, 10)
    albumin_g_l: float | None = _number("albumin in g/l", 5, 100)
    bilirubin_umol_l: float | None = _number("bilirubin in µmol/l", 0, 2000)
    bilirubin_mg_dl: float | None = _number("bilirubin in mg/dl", 0, 120)
    bilirubin_uln_umol_l: float | None = _number("upper limit of normal of bilirubin in µmol/l", 2, 100)
    bilirubin_uln_mg_dl: float | None = _number("upper limit of normal of bilirubin in mg/dl", 0.1, 6)
    alt_u_l: float | None = _number("ALT in U/l", 0, 50000)
    alt_uln_u_l: float | None = _number("upper limit of normal of ALT in U/l", 5, 500)
    ast_u_l: float | None = _number("AST in U/l", 0, 50000)
    ast_uln_u_l: float | None = _number("upper limit of normal of AST in U/l", 5, 500)
    alp_u_l: float | None = _number("ALP in U/l", 0, 50000)
    alp_uln_u_l: float | None = _number("upper limit of normal of ALP in U/l", 5, 1000)
    creatinine_umol_l: float | None = _number("creatinine in µmol/l", 5, 5000)
    creatinine_mg_dl: float | None = _number("creatinine in mg/dl", 0.05, 60)
    creatinine_uln_umol_l: float | None = _number("upper limit of normal of creatinine in µmol/l", 20, 500)
    creatinine_uln_mg_dl: float | None = _number("upper limit of normal of creatinine in mg/dl", 0.2, 6)
    creatinine_clearance_ml_min: float | None = _number("creatinine clearance in ml/min", 0, 400)
    inr: float | None = _number("international normalised ratio", 0.5, 20)
    prothrombin_prolonged_s: float | None = _number("prothrombin time beyond that of the control in s", -5, 200)
    pregnancy_test_on: date | None = _day("pregnancy test")
    pregnancy_test_hours: float | None = _number("hours from the pregnancy test to randomisation", -8760, 8760)


LAB_PAIRS = (
    ("haemoglobin_g_dl", "haemoglobin_g_l"),
    ("albumin_g_dl", "albumin_g_l"),
    ("bilirubin_umol_l", "bilirubin_mg_dl"),
    ("creatinine_umol_l", "creatinine_mg_dl"),
    ("bilirubin_uln_umol_l", "bilirubin_uln_mg_dl"),
    ("creatinine_uln_umol_l", "creatinine_uln_mg_dl"),
    ("inr", "prothrombin_prolonged_s"),
)
"""The same value in two units, or by two measures: a record gives one of the two."""


class LesionTable(Table):
    """``[[lesion]]``."""

    id: Line = Field(description='the lesion\'s id, such as "L1"')
    organ: Line = Field(description='the organ system, such as "liver"')
    kind: Literal["primary", "regional_node", "nonregional_node", "organ_metastasis", "bone"] = Field(
        description='"primary", "regional_node", "nonregional_node", "organ_metastasis" or "bone"'
    )
    status: Literal["active", "resolved"] = Field(description='"active" or "resolved"')
    measurable: bool | None = _yes_no("measurable by RECIST 1.1")
    gtv: _Names | None = _optional('ROI names in a list, such as ["GTV_L1"]')
    ctv: _Names | None = _optional('ROI names in a list, such as ["CTV_L1"]')
    ptv: _Names | None = _optional('ROI names in a list, such as ["PTV_L1"]')
    dose_gy: float | None = _number("prescribed dose in Gy", 0.1, 200)
    fractions: int | None = _number("fraction count, whole", 1, 100)
    intent: Literal["consolidative", "palliative"] | None = _optional('"consolidative" or "palliative"')
    site: Line | None = _optional("where it lies, a text")
    soft_tissue: bool | None = _yes_no("a soft-tissue part of a bone metastasis")
    group: Line | None = _optional("a name shared by lesions that are treated as one, a text")


class PlanTable(Table):
    """``[[plan]]``."""

    label: Line | None = _optional("the plan's label in DICOM, a text")
    sop_instance_uid: _Uid | None = _optional("the plan's SOP Instance UID: digits and dots, as text")


class PriorCourseTable(Table):
    """``[[prior_course]]``."""

    organ: Line = Field(description='the organ that was irradiated, such as "lung"')


FACT_TABLES: dict[str, type[Table]] = {
    "patient": PatientTable, "trial": TrialTable, "lung": LungTable, "liver": LiverTable, "labs": LabsTable,
}
"""The tables whose scalars are facts, in the order of the contract."""
