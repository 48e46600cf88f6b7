"""``rtcheck registry check | init | import`` from outside: tables, drafts, cohorts, and what they refuse."""

from __future__ import annotations

import contextlib
import io
import json
import os
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from rtcheck.catalogue.draft import draft_record
from rtcheck.catalogue.registry import read_record
from rtcheck.cli.main import run as command_line
from rtcheck.model.case import Case
from rtcheck.model.plan import DoseReference
from tests.boxes import case as box_case
from tests.boxes import plan
from tests.synthetic.simple import simple_case

SAMPLES = Path(__file__).resolve().parents[2] / "sample_dicom"


def run(*arguments):
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        code = command_line(["registry", *map(str, arguments)])
        for stream in streams:
            stream.flush()
    out, err = (stream.buffer.getvalue().decode("utf-8") for stream in streams)
    assert "Traceback" not in err
    return SimpleNamespace(code=code, out=out, err=err)


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    return simple_case(tmp_path_factory.mktemp("draft") / "export").folder


def test_check_prints_the_rules_of_the_recorded_trial():
    """Each rule with what is asked, what is recorded and its state, in 80 columns; exit 0."""
    result = run("check", SAMPLES / "icc-0002" / "registry.toml")
    assert result.code == 0
    assert max(map(len, result.out.splitlines())) <= 80
    _, rest = result.out.split("  NOT RECORDED\n")
    unknown, met = rest.split("  MET\n")
    assert "* NCT06946849.inclusion-8.FEV1" in unknown
    assert "record lung.fev1_l" in unknown
    assert "albumin at least 2.8 g/dl; albumin_g_dl 3.6" in met


def test_check_names_declarations_that_no_rule_reads(tmp_path):
    """A misspelt declaration is no fault of the file, and is not silent either."""
    path = tmp_path / "r.toml"
    path.write_text('schema = "rtcheck.registry/1"\n[patient]\nid = "P"\n[exclusion]\nimunodeficiency = false\n')
    result = run("check", path, "--protocol", "nct06946849")
    assert result.code == 0
    assert "No rule of this protocol reads exclusion.imunodeficiency" in result.out
    assert "No protocol is known" in run("check", path).out


def test_check_as_json():
    """One document with every rule, its facts and its state."""
    result = run("check", SAMPLES / "icc-0001" / "registry.toml", "--format", "json")
    document = json.loads(result.out)
    assert (document["schema"], document["exit_code"], result.code) == ("rtcheck.registry-check/1", 0, 0)
    states = {item["id"]: item["state"] for item in document["eligibility"]}
    assert set(states.values()) == {"met", "not asked"}
    (albumin,) = (item for item in document["eligibility"] if item["id"].endswith("albumin"))
    assert albumin["facts"] == {"albumin_g_dl": 3.9}
    assert document["findings"] == []


def test_a_draft_marks_every_guess_and_is_refused(export, tmp_path):
    """Lesions, structures and prescriptions are drafted; the file is refused until the marks are gone."""
    path = tmp_path / "draft.toml"
    result = run("init", export, "-o", path)
    assert (result.code, result.out) == (0, "")
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text(encoding="utf-8")
    for line in text.splitlines():
        assert not line or line.startswith(("#", "[", "schema")) or "# CONFIRM" in line, line
    assert 'gtv = ["GTV_L1"]' in text
    assert 'ptv = ["PTV_L2"]' in text
    assert "dose_gy = 50.0" in text
    refused = run("check", path)
    assert refused.code == 2
    assert "still marked # CONFIRM" in refused.err
    assert run("init", export, "-o", path).code == 2
    assert run("init", export, "-o", path, "--force").code == 0
    assert run("init", export).out == text


def test_a_confirmed_draft_is_a_record(export):
    """With the marks gone and the required keys filled in, the draft reads."""
    text = run("init", export).out
    text = text.replace('# organ = ""', 'organ = "liver"').replace('# kind = ""', 'kind = "primary"')
    text = "\n".join(line.partition("  # CONFIRM")[0] for line in text.splitlines())
    path = export.parent / "confirmed.toml"
    path.write_text(text, encoding="utf-8")
    record = read_record(path)
    assert [lesion.id for lesion in record.lesions] == ["L1", "L2"]
    assert all((lesion.dose_gy, lesion.fractions) == (50.0, 5) for lesion in record.lesions)


@pytest.mark.parametrize(
    "references",
    [(), (DoseReference(1, "TARGET", "SITE", None, target_prescription_gy=50.0),),
     (DoseReference(1, "ORGAN_AT_RISK", "VOLUME", 2, target_prescription_gy=50.0),),
     (DoseReference(1, "TARGET", "VOLUME", 2, target_prescription_gy=50.0),
      DoseReference(2, "TARGET", "VOLUME", 2, target_prescription_gy=45.0))],
)  # fmt: skip
def test_a_dose_is_never_invented(references):
    """None, one of no structure, one of an organ, or two: no dose is drafted, only a comment."""
    text = draft_record(box_case(plans=[plan(dose_references=references)]))
    assert not [line for line in text.splitlines() if line.startswith("dose_gy")]
    assert "# dose_gy =  # CONFIRM: required" in text


def test_a_draft_of_nothing_is_refused(tmp_path):
    """No structure set: exit 4 and the reason; a draft of a case without targets says so."""
    (tmp_path / "empty").mkdir()
    assert run("init", tmp_path / "empty").code == 4
    assert "add each [[lesion]]" in draft_record(Case("P"))


MAPPING = """\
schema = "rtcheck.mapping/1"
[csv]
id = "record_id"
[facts]
"patient.age" = "age"
"patient.sex" = { column = "sex", values = { "1" = "F", "2" = "M" } }
"trial.registered_on" = "day"
[lesion]
repeat = 2
present = "les{n}_organ"
[lesion.keys]
id = { text = "L{n}" }
organ = "les{n}_organ"
kind = { text = "organ_metastasis" }
status = { text = "active" }
ptv = { column = "les{n}_ptv", split = ";" }
dose_gy = "les{n}_dose"
fractions = { number = 5 }
"""
HEADER = "record_id,age,sex,day,les1_organ,les1_ptv,les1_dose,les2_organ,les2_ptv,les2_dose\n"


def import_(tmp_path, rows, mapping=MAPPING, header=HEADER):
    table, map_file = tmp_path / "c.csv", tmp_path / "map.toml"
    table.write_text(header + rows, encoding="utf-8")
    map_file.write_text(mapping, encoding="utf-8")
    return run("import", table, "--mapping", map_file, "--out", tmp_path / "out")


def test_a_cohort_becomes_one_record_each(tmp_path):
    """Types, codes, dates, lists and empty cells; only the owner can read the files."""
    result = import_(tmp_path, "P-1,61,1,2026-03-02,liver,PTV_1;PTV_1b,50,,,\nP-2,,2,,lung,PTV_2,45.5,bone,P3,30\n")
    assert result.code == 0, result.err
    first, second = (read_record(tmp_path / "out" / name) for name in ("P-1.toml", "P-2.toml"))
    assert {key: str(value) for key, value in first.facts.items()} == {
        "patient.age": "61", "patient.sex": "F", "trial.registered_on": "2026-03-02"}  # fmt: skip
    assert first.lesions[0].ptv == ("PTV_1", "PTV_1b")
    assert [lesion.id for lesion in second.lesions] == ["L1", "L2"]
    assert "patient.age" not in second.facts
    if os.name == "posix":
        assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").iterdir()} == {0o600}
    again = import_(tmp_path, "P-1,61,1,,liver,PTV_1,50,,,\n")
    assert again.code != 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["P-1.toml", "P-2.toml"]


def test_every_fault_of_a_cohort_is_told_at_once_and_nothing_is_written(tmp_path):
    """Each by row and column; ids are not repeated."""
    result = import_(tmp_path, "SECRET,6x,3,2.3.26,liver,PTV_1,50000,,PTV_2,\nSECRET,61,1,,,,,,,\n,1,1,,,,,,,\n")
    assert result.code == 2
    for place in ("row 2, column age", "row 2, column sex", "row 2, column day", "row 2, column les1_dose",
                  "row 2, column les2_organ", "row 3, column record_id", "row 4, column record_id"):  # fmt: skip
        assert place in result.err, place
    assert "SECRET" not in result.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.csv", "map.toml"]


@pytest.mark.parametrize("name", ["../../etc", "a/b", "con", "x" * 90, "張三", "a b"])
def test_file_names_are_never_text_of_the_table(tmp_path, name):
    """Whatever is no plain pseudonym gets a number."""
    assert import_(tmp_path, f"{name},61,1,,liver,PTV_1,50,,,\n").code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["patient-0001.toml"]
    assert read_record(tmp_path / "out" / "patient-0001.toml").patient_id == name


def test_repeating_rows_of_redcap(tmp_path):
    """Lesions in rows of their own belong to the patient of the same id."""
    mapping = MAPPING.replace('repeat = 2\npresent = "les{n}_organ"', 'instrument = "lesions"')
    mapping = mapping.replace("les{n}", "les1")
    header = HEADER.replace("record_id,", "record_id,redcap_repeat_instrument,redcap_repeat_instance,")
    rows = "P-1,,,61,1,,,,,,,\nP-1,lesions,1,,,,liver,PTV_1,50,,,\nP-1,lesions,2,,,,lung,PTV_2,45,,,\n"
    result = import_(tmp_path, rows, mapping, header)
    assert result.code == 0, result.err
    assert [item.organ for item in read_record(tmp_path / "out" / "P-1.toml").lesions] == ["liver", "lung"]
    (tmp_path / "b").mkdir()
    alone = import_(tmp_path / "b", "P-1,lesions,1,,,,liver,PTV_1,50,,,\n", mapping, header)
    assert "no row of the patient" in alone.err


def test_the_template_is_a_mapping_and_faults_of_a_mapping_are_told(tmp_path):
    """What --template prints reads; unknown keys and missing columns are faults."""
    template = run("import", "--template").out
    assert "no such column" in import_(tmp_path, "", template).err
    wrong = MAPPING.replace('"patient.age"', '"patient.agee"').replace("repeat = 2", "repeat = 900")
    err = import_(tmp_path, "", wrong).err
    assert 'facts."patient.agee"' in err
    assert "lesion.repeat" in err
    assert run("import").code == 2
