"""Hostile strings through patient, plan, ROI, registry and protocol: nothing leaves its place, runs, or deceives."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from tests.acceptance.kit import LESIONS, constraint, protocol_text, registry_text, run
from tests.hostile import CANARY, CORPUS, KINDS, assert_not_executed, assert_plain, sample, snapshot
from tests.mutation.harness import Workbench
from tests.mutation.seeds import datasets, rois
from tests.synthetic.dicom import RoiSpec, set_raw
from tests.synthetic.encode import encode

ONE_LESION = [{key: value for key, value in LESIONS[0].items() if key != "gtv"}]


def test_the_corpus():
    """Five hundred different strings of every kind."""
    assert len({item.text for item in CORPUS}) == len({item.name for item in CORPUS}) == 500
    assert {item.kind for item in CORPUS} == set(KINDS)
    assert {item.kind for item in sample(30)} == set(KINDS)


@pytest.fixture(scope="module")
def samples_kept():
    """Structures are sampled once: only names differ between the runs."""
    with Workbench() as bench:
        yield bench


def export_with(text, folder):
    """The small patient with `text` as patient, plan and structure names, in UTF-8."""
    objects = datasets(structures=[*rois(), RoiSpec("X", 9, rois()[1].contours)])
    raw = text.encode("utf-8")
    for role, ds in objects.items():
        ds.SpecificCharacterSet = "ISO_IR 192"
        for keyword in ("PatientName", "PatientID", "StudyID", "AccessionNumber"):
            set_raw(ds, keyword, raw)
        if role == "struct":
            set_raw(ds.StructureSetROISequence[3], "ROIName", raw)
            set_raw(ds, "StructureSetLabel", raw)
        if role == "plan":
            for keyword in ("RTPlanLabel", "RTPlanName", "RTPlanDescription"):
                set_raw(ds, keyword, raw)
            set_raw(ds.BeamSequence[0], "BeamName", raw)
            set_raw(ds.DoseReferenceSequence[0], "DoseReferenceDescription", raw)
    folder.mkdir(parents=True)
    for role, ds in objects.items():
        (folder / f"{role}.dcm").write_bytes(encode(ds, "implicit"))


def texts_with(text):
    """Registry and protocol with `text` wherever they hold words."""
    lesion = {**ONE_LESION[0], "site": text, "ptv": ["PTV_L1"]}
    record = registry_text(lesions=[lesion], patient={"id": text, "dicom_ids": [text.strip()]})
    rows = [
        constraint("cord", note=text, where=text, endpoint=text),
        constraint("other", structure=json.dumps(text, ensure_ascii=False), metric="Volume[cc]", goal="<= 9 cc",
                   priority="optimal"),
        constraint(f"id {text}", priority="optimal"),
    ]  # fmt: skip
    return record, protocol_text(*rows, top={"title": text}), protocol_text(constraint("cord"), top={"title": "x"})


def check_one(text, folder):
    """Run the check with one string everywhere; return how it ended."""
    export_with(text, folder / "export")
    record, protocol, plain = texts_with(text)
    inputs = {"registry.toml": record, "protocol.toml": protocol, "plain.toml": plain, "simple.toml": registry_text(
        lesions=ONE_LESION)}  # fmt: skip
    for name, content in inputs.items():
        (folder / name).write_text(content, encoding="utf-8", newline="")
    out = folder / "out"
    out.mkdir()
    before = snapshot(folder)
    ends = []
    for registry, rules in (("registry.toml", "protocol.toml"), ("simple.toml", "plain.toml")):
        outputs = [f"json={out / 'r.json'}", f"junit={out / 'r.xml'}", f"text={out / 'r.txt'}"]
        arguments = [folder / "export", "--registry", folder / registry, "--protocol", folder / rules]
        result = run("check", *arguments, *(word for output in outputs for word in ("-o", output)))
        assert result.code in (0, 1, 2, 3, 4), result.text
        for shown in (result.out, result.err, (out / "r.txt").read_text(encoding="utf-8")):
            assert_plain(shown)
        document = json.loads((out / "r.json").read_text(encoding="utf-8"))
        assert document["verdict"] in ("PASS", "REVIEW", "INCOMPLETE", "FAIL", None)
        assert document["exit_code"] == result.code
        ET.parse(out / "r.xml")
        ends.append(result.code)
    assert run("inspect", folder / "export").code in (0, 4)
    after = snapshot(folder)
    written = {name for name in after if after[name] != before.get(name)}
    assert written == {str(out / name) for name in ("r.json", "r.xml", "r.txt")}
    assert before.keys() <= after.keys()
    assert_not_executed(folder, out, folder / "export")
    return ends


@pytest.mark.parametrize("item", sample(30), ids=lambda item: item.name)
def test_a_sample_of_hostile_strings(item, tmp_path, samples_kept, monkeypatch):
    """Each kind of string in every place: files stay where they are told, and what is shown is plain."""
    monkeypatch.chdir(tmp_path)
    check_one(item.text, tmp_path / "case")
    assert not (tmp_path / CANARY).exists()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_all_hostile_strings(kind, tmp_path, samples_kept, monkeypatch):
    """All five hundred."""
    monkeypatch.chdir(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    for item in CORPUS:
        if item.kind == kind:
            check_one(item.text, tmp_path / item.name)
    assert sorted(set(path.name for path in tmp_path.iterdir()) - {item.name for item in CORPUS}) == before


def test_names_in_messages_to_the_terminal(tmp_path):
    """File names and options that are hostile are shown harmless too."""
    for item in sample(24):
        text = item.text.replace("\0", "")[:80]
        result = run("check", text or "x", "--registry", text or "x", "--protocol", text or "x")
        assert result.code in (2, 4)
        assert_plain(result.out)
        assert_plain(result.err)
