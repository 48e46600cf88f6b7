"""Reading registry files: the contract's example, and every class of fault with its exact key path."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest

from rtcheck.catalogue.registry import read_record
from rtcheck.errors import FileFaultsError
from rtcheck.model.record import PlanSelector, PriorCourse

RECORD = """\
schema = "rtcheck.registry/1"

[patient]
id = "ICC-0001"
age = 61
sex = "F"
ecog = 1

[trial]
id = "NCT06946849"
arm = "2L+RT"
regimen = "FOLFOX"
registered_on = 2026-03-02

[lung]
impaired = "suspected"
fev1_l = 1.45
fev1_percent = 58
prior_irradiation = false
interstitial_disease = false
home_oxygen = false

[liver]
child_pugh = "A"

[labs]
albumin_g_dl = 3.9

[[lesion]]
id = "L1"
organ = "liver"
kind = "primary"
status = "active"
measurable = true
gtv = ["GTV_L1"]
ptv = ["PTV_L1"]
dose_gy = 50.0
fractions = 5

[[plan]]
label = "ICC_A"

[[prior_course]]
organ = "lung"
"""


def read(tmp_path, text):
    path = tmp_path / "registry.toml"
    path.write_text(text, encoding="utf-8", newline="\n")
    return read_record(path)


def faults_of(tmp_path, text):
    with pytest.raises(FileFaultsError) as caught:
        read(tmp_path, text)
    return {fault.key_path: fault for fault in caught.value.faults}


def test_example_of_the_contract(tmp_path):
    """Every part of the contract's example arrives, facts keyed by table and key."""
    record = read(tmp_path, RECORD)
    assert record.patient_id == "ICC-0001"
    assert record.arm == "2L+RT"
    assert dict(record.facts) == {
        "patient.age": 61, "patient.sex": "F", "patient.ecog": 1, "trial.id": "NCT06946849", "trial.arm": "2L+RT",
        "trial.regimen": "FOLFOX", "trial.registered_on": date(2026, 3, 2), "lung.impaired": "suspected",
        "lung.fev1_l": 1.45, "lung.fev1_percent": 58.0, "lung.prior_irradiation": False,
        "lung.interstitial_disease": False, "lung.home_oxygen": False, "liver.child_pugh": "A",
        "labs.albumin_g_dl": 3.9,
    }  # fmt: skip
    (lesion,) = record.lesions
    assert (lesion.id, lesion.organ, lesion.kind, lesion.active, lesion.measurable) == (
        "L1",
        "liver",
        "primary",
        True,
        True,
    )
    assert (lesion.gtv, lesion.ctv, lesion.ptv) == (("GTV_L1",), (), ("PTV_L1",))
    assert (lesion.dose_gy, lesion.fractions, lesion.palliative) == (50.0, 5, False)
    assert record.plans == (PlanSelector(label="ICC_A"),)
    assert record.prior_courses == (PriorCourse("lung"),)
    assert record.source == "registry.toml"
    assert record.sha256 == hashlib.sha256(RECORD.encode()).hexdigest()


def test_absent_means_not_known(tmp_path):
    """A record of nothing but a patient has no facts at all: absent is never no."""
    record = read(tmp_path, 'schema = "rtcheck.registry/1"\n[patient]\nid = "P"\n')
    assert dict(record.facts) == {}
    assert record.prior_courses is None
    assert record.plans == ()


def test_order_of_tables_changes_nothing(tmp_path):
    """Facts come in the order of the contract, whatever the order of the file."""
    head, *tables = RECORD.split("\n\n")
    swapped = "\n\n".join([head, *reversed(tables)])
    assert list(read(tmp_path, swapped).facts.items()) == list(read(tmp_path, RECORD).facts.items())


def test_byte_order_mark_and_windows_lines_are_read(tmp_path):
    """A file saved by a Windows editor reads like any other."""
    path = tmp_path / "registry.toml"
    path.write_bytes(b"\xef\xbb\xbf" + RECORD.replace("\n", "\r\n").encode())
    assert read_record(path).facts == read(tmp_path, RECORD).facts


def test_exclusion_facts_have_free_keys(tmp_path):
    """Any yes/no fact may stand under [exclusion]."""
    record = read(tmp_path, RECORD + "\n[exclusion]\nother_malignancy = false\n")
    assert record.facts["exclusion.other_malignancy"] is False


def test_palliative_and_resolved_lesions(tmp_path):
    """A resolved lesion needs no dose and no structures; palliative intent takes a lesion out of the coverage rule."""
    text = RECORD + '[[lesion]]\nid = "L2"\norgan = "bone"\nkind = "bone"\nstatus = "resolved"\n'
    text += '[[lesion]]\nid = "L3"\norgan = "bone"\nkind = "bone"\nstatus = "active"\nptv = ["P"]\ndose_gy = 20\n'
    text += 'fractions = 5\nintent = "palliative"\nsite = "L4"\nsoft_tissue = false\ngroup = "A"\nctv = ["C"]\n'
    _, resolved, palliative = read(tmp_path, text).lesions
    assert (resolved.active, resolved.dose_gy, resolved.consolidative) == (False, None, False)
    assert (palliative.palliative, palliative.consolidative, palliative.soft_tissue) == (True, False, False)
    assert (palliative.site, palliative.group, palliative.ctv) == ("L4", "A", ("C",))


EDITS = [
    # old text, new text, key path, part of found, part of expected, suggestion
    ('schema = "rtcheck.registry/1"', "", "schema", "no such key", "rtcheck.registry/1", "rtcheck.registry/1"),
    ("registry/1", "registry/2", "schema", "registry/2", "only version", "rtcheck.registry/1"),
    ("registry/1", "protocol/1", "schema", "protocol/1", "registry/1", "rtcheck.registry/1"),
    ('id = "ICC-0001"', "", "patient.id", "no such key", "text", ""),
    ('id = "ICC-0001"', "id = 17", "patient.id", "int", "text", ""),
    ('id = "ICC-0001"', 'id = " "', "patient.id", "wrong value", "text", ""),
    ('id = "ICC-0001"', 'id = "P"\ndicom_ids = []', "patient.dicom_ids", "wrong value", "not empty", ""),
    ("age = 61", 'age = "61"', "patient.age", '"61" (text)', "whole years", ""),
    ("age = 61", "age = 61.0", "patient.age", "61.0", "whole years", ""),
    ("age = 61", "age = true", "patient.age", "true", "whole years", ""),
    ("age = 61", "age = -1", "patient.age", "-1", "0 to 120", ""),
    ("age = 61", "age = 1e999", "patient.age", "not finite", "finite", ""),
    ("age = 61", "agee = 61", "patient.agee", "unknown key", "age", "age"),
    ("ecog = 1", "fev1_l = 1.2", "patient.fev1_l", "unknown key", "ecog", "lung.fev1_l"),
    ('sex = "F"', 'sex = "f"', "patient.sex", '"f"', '"M"', "F"),
    ('regimen = "FOLFOX"', 'regimen = "Folfox"', "trial.regimen", "Folfox", "FOLFIRI", "FOLFOX"),
    ('arm = "2L+RT"', 'arm = ""', "trial.arm", "empty text", "arm", ""),
    ("2026-03-02", '"2026-03-02"', "trial.registered_on", "(text)", "without quotes", ""),
    ("2026-03-02", "2026-03-02T10:00:00", "trial.registered_on", "with a time", "without quotes", ""),
    ('"suspected"', '"suspect"', "lung.impaired", '"suspect"', "known", "suspected"),
    ("fev1_l = 1.45", "fev1_l = 1450", "lung.fev1_l", "1450", "litres", ""),
    ("fev1_l = 1.45", "fev1_l = nan", "lung.fev1_l", "not finite", "finite", ""),
    ("fev1_l = 1.45", "fev1_l = false", "lung.fev1_l", "false", "litres", ""),
    ("fev1_percent = 58", "fev1_percent = 0.58", "lung.fev1_percent", "0.58", "percent", ""),
    ("home_oxygen = false", "home_oxygen = 0", "lung.home_oxygen", "0 (a number)", "true or false", ""),
    ('child_pugh = "A"', 'child_pugh = "a"', "liver.child_pugh", '"a"', '"B"', "A"),
    ("albumin_g_dl = 3.9", "albumin_g_l = 3.9", "labs.albumin_g_l", "3.9", "g/l", ""),
    ("albumin_g_dl = 3.9", "albumin = 3.9", "labs.albumin", "unknown key", "albumin_g_dl", "albumin_g_l"),
    ("albumin_g_dl = 3.9", "albumin_g_dl = 3.9\nalbumin_g_l = 39", "labs.albumin_g_l", "as well", "one unit", ""),
    ("[liver]", "[livers]", "livers", "unknown key", "liver", "liver"),
    ("[labs]\nalbumin_g_dl = 3.9", "[exclusion]\npregnant = 1", "exclusion.pregnant", "1", "true or false", ""),
    ('organ = "liver"', "", "lesion[1].organ", "no such key", "organ", ""),
    ('kind = "primary"', 'kind = "regional node"', "lesion[1].kind", "regional node", "bone", "regional_node"),
    ('status = "active"', 'status = "aktiv"', "lesion[1].status", "aktiv", "resolved", "active"),
    ('gtv = ["GTV_L1"]', "gtv = []", "lesion[1].gtv", "empty list", "ROI names", ""),
    ('gtv = ["GTV_L1"]', 'gtv = "GTV_L1"', "lesion[1].gtv", '"GTV_L1"', "list", '["GTV_L1"]'),
    ('gtv = ["GTV_L1"]', 'gtv = ["A", "A"]', "lesion[1].gtv", "twice", "once", ""),
    ('gtv = ["GTV_L1"]', 'gtv = ["A", ""]', "lesion[1].gtv[2]", "empty text", "ROI names", ""),
    ('gtv = ["GTV_L1"]', 'gtv = ["A\\u001b[2J"]', "lesion[1].gtv[1]", "text", "ROI names", ""),
    ('gtv = ["GTV_L1"]\nptv = ["PTV_L1"]\n', "", "lesion[1]", "neither gtv nor ptv", "at least one", ""),
    ("dose_gy = 50.0\n", "", "lesion[1].dose_gy", "no such key", "dose", ""),
    ("dose_gy = 50.0", "dose_gy = 5000", "lesion[1].dose_gy", "5000", "Gy", ""),
    ("dose_gy = 50.0", "dose_gy = 0", "lesion[1].dose_gy", "0", "Gy", ""),
    ("dose_gy = 50.0", "dose_gy = 50.0\ndose_cgy = 5000", "lesion[1].dose_cgy", "unknown key", "dose_gy", "dose_gy"),
    ("fractions = 5", "", "lesion[1].fractions", "no such key", "fraction count", ""),
    ("fractions = 5", "fractions = 5.0", "lesion[1].fractions", "5.0", "whole", ""),
    ("fractions = 5", "fractions = 0", "lesion[1].fractions", "0", "1 to", ""),
    ("fractions = 5", 'fractions = 5\nintent = "paliative"', "lesion[1].intent", "paliative", "consol", "palliative"),
    ('label = "ICC_A"', "", "plan[1]", "neither", "exactly one", ""),
    ('label = "ICC_A"', 'label = "A"\nsop_instance_uid = "1.2"', "plan[1]", "both", "exactly one", ""),
    ('label = "ICC_A"', 'sop_instance_uid = "1.2x"', "plan[1].sop_instance_uid", "1.2x", "digits and dots", ""),
    ('[[prior_course]]\norgan = "lung"', "[[prior_course]]", "prior_course[1].organ", "no such key", "organ", ""),
    ("[[plan]]", "[plan]", "plan", "a table", "[[plan]]", ""),
]


@pytest.mark.parametrize("edit", EDITS)
def test_each_fault_names_its_place(tmp_path, edit):
    """One edit of a good record gives one fault, with its key path, what was found, what was expected."""
    old, new, key_path, found, expected, suggestion = edit
    assert RECORD.count(old) >= 1
    faults = faults_of(tmp_path, RECORD.replace(old, new, 1))
    assert list(faults) == [key_path]
    fault = faults[key_path]
    assert fault.file == str(tmp_path / "registry.toml")
    assert found in fault.found
    assert expected in fault.expected
    assert fault.suggestion == suggestion


def test_double_lesion_id(tmp_path):
    """The second of two lesions with one id is the faulty one, and the first is named."""
    lesion = RECORD[RECORD.index("[[lesion]]") : RECORD.index("[[plan]]")]
    faults = faults_of(tmp_path, RECORD + lesion)
    assert list(faults) == ["lesion[2].id"]
    assert "lesion[1]" in faults["lesion[2].id"].found


def test_all_faults_of_a_file_at_once(tmp_path):
    """Faults in many tables are all reported, each once."""
    text = RECORD
    edits = [
        ('sex = "F"', 'sex = "X"'),
        ("fev1_l = 1.45", 'fev1_l = "1.45"'),
        ("dose_gy = 50.0", "dose_gy = -1"),
        ('label = "ICC_A"', ""),
        ('organ = "liver"', ""),
        ("[labs]", "[lab]"),
    ]
    for old, new in edits:
        text = text.replace(old, new)
    assert set(faults_of(tmp_path, text)) == {
        "patient.sex", "lung.fev1_l", "lesion[1].dose_gy", "lesion[1].organ", "plan[1]", "lab",
    }  # fmt: skip


def test_no_patient_identity_in_messages(tmp_path):
    """What stands in identifying keys is not repeated, whatever is wrong with it."""
    for identity in ('["CANARY-77"]', '"CANARY-77\\u0007"', '{ canary-77 = "CANARY-77" }'):
        with pytest.raises(FileFaultsError) as caught:
            read(tmp_path, RECORD.replace('id = "ICC-0001"', f"id = {identity}"))
        assert "canary" not in str(caught.value).casefold()
    with pytest.raises(FileFaultsError) as caught:
        read(tmp_path, RECORD.replace('id = "ICC-0001"', 'id = "P"\ndicom_ids = ["A", "CANARY\\u0007", 5]'))
    assert "CANARY" not in str(caught.value)


def test_patient_table_is_required(tmp_path):
    """A record without a patient is refused."""
    assert list(faults_of(tmp_path, 'schema = "rtcheck.registry/1"\n')) == ["patient"]


def test_empty_file(tmp_path):
    """An empty file lacks its schema and its patient."""
    assert set(faults_of(tmp_path, "")) == {"schema", "patient"}
