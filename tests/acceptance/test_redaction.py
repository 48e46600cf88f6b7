"""A redacted result names nobody, in any format; pseudonyms stay the same with a key; blinding holds or is refused."""

from __future__ import annotations

import gzip
import json
import re
import stat

import pytest

from tests.acceptance.kit import ABSENT, LESIONS, constraint, protocol_text, registry_text, run
from tests.mutation.seeds import datasets, rois
from tests.synthetic.dicom import RoiSpec, set_raw
from tests.synthetic.encode import encode

CANARIES = {
    "name": "Kanarienvogel^Gelb", "chinese": "金丝雀", "id": "CANARY-ID-7731", "birth": "19520229",
    "roi": "CanaryRoi7731",
    "target": "PTV Frau Kanarienvogel", "plan": "CanaryPlan77", "plan_name": "NameOfCanary", "text": "FreeCanaryText",
    "date": "20260311", "lesion": "CanaryLesion", "organ": "canary organ",
    "folder": "canaryfolder", "reg": "CanaryRegistry",
    "site": "CanarySite", "loose": "PTV CanaryLoose",
}  # fmt: skip
TEXTS = ("json", "html", "markdown", "csv", "sarif", "junit", "text", "exhibits")
UIDS = {}


def export(folder):
    """The small patient with canaries wherever an export holds words, numbers or dates about somebody."""
    objects = datasets(structures=[*rois(), RoiSpec(CANARIES["roi"], 9, rois()[1].contours),
                                  RoiSpec(CANARIES["loose"], 10, rois()[1].contours)])
    for role, ds in objects.items():
        ds.SpecificCharacterSet = "ISO_IR 192"
        set_raw(ds, "PatientName", f"{CANARIES['name']}={CANARIES['chinese']}".encode())
        set_raw(ds, "PatientID", CANARIES["id"].encode())
        set_raw(ds, "PatientBirthDate", CANARIES["birth"].encode())
        for keyword in ("StudyID", "AccessionNumber", "StudyDescription", "SeriesDescription", "OperatorsName"):
            set_raw(ds, keyword, CANARIES["text"].encode())
        set_raw(ds, "StudyDate", CANARIES["date"].encode())
        UIDS[role] = str(ds.SOPInstanceUID)
        if role == "plan":
            set_raw(ds, "RTPlanLabel", CANARIES["plan"].encode())
            set_raw(ds, "RTPlanName", CANARIES["plan_name"].encode())
            set_raw(ds, "RTPlanDescription", CANARIES["text"].encode())
            set_raw(ds, "RTPlanDate", CANARIES["date"].encode())
            set_raw(ds, "PlanIntent", b"CURATIVE")
            set_raw(ds.BeamSequence[0], "BeamName", CANARIES["text"].encode())
            set_raw(ds.DoseReferenceSequence[0], "DoseReferenceDescription", CANARIES["text"].encode())
        if role == "struct":
            set_raw(ds, "StructureSetLabel", CANARIES["text"].encode())
            set_raw(ds, "StructureSetDate", CANARIES["date"].encode())
            for item in ds.StructureSetROISequence:
                if item.ROIName == "PTV_L1":
                    set_raw(item, "ROIName", CANARIES["target"].encode())
    folder.mkdir(parents=True)
    for role, ds in objects.items():
        (folder / f"{role}-{CANARIES['text']}.dcm").write_bytes(encode(ds))


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """Arguments of the check: one lesion on a structure with a name in it, one that is not there at all."""
    root = tmp_path_factory.mktemp(CANARIES["folder"])
    export(root / "export")
    one = {key: value for key, value in LESIONS[0].items() if key != "gtv"} | {"ptv": [CANARIES["target"]]}
    two = {
        **one, "id": CANARIES["lesion"], "organ": CANARIES["organ"], "site": CANARIES["site"],
        "ptv": [f"PTV {CANARIES['reg']}"],
    }  # fmt: skip
    (root / "registry.toml").write_text(
        registry_text(lesions=[one, two], patient={"id": CANARIES["id"]}), encoding="utf-8"
    )
    rows = [
        constraint("cord"),
        constraint("covered", structure="@lesion.ptv", metric="D95%[Gy]", goal=">= 10 Gy"),
        constraint("absent", structure="Heart", metric="Max[Gy]", goal="<= 10 Gy", priority="optimal"),
    ]
    (root / "protocol.toml").write_text(protocol_text(*rows), encoding="utf-8")
    return root, [
        "check", root / "export", "--registry", root / "registry.toml", "--protocol", root / "protocol.toml",
    ]  # fmt: skip


def leaks(text):
    """Canaries and original UIDs in a text, also in the pieces that tell the patient."""
    words = {**CANARIES, "surname": "Kanarienvogel", "dashed": "2026-03-11", **UIDS}
    found = {name for name, word in words.items() if word.casefold() in text.casefold()}
    # digits of the id, where they are not those of a number
    return sorted(found | ({"number"} if re.search(r"(?<![\d.])7731(?!\d)", text) else set()))


def content(path):
    data = path.read_bytes()
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8")


@pytest.fixture(scope="module")
def written(case, tmp_path_factory):
    """Every format of the redacted result, made at once, with the key."""
    folder = tmp_path_factory.mktemp("out")
    _, arguments = case
    asked = [part for kind in TEXTS for part in ("-o", f"{kind}={folder / kind}")]
    result = run(*arguments, *asked, "--redact", "--redact-key", folder / "key.json")
    assert result.code in (1, 3), result.text
    return folder, result


def test_the_plain_result_holds_the_canaries(case, tmp_path):
    """Without redaction they are there: the test looks at the right places."""
    _, arguments = case
    assert run(*arguments, "-o", f"html={tmp_path / 'r.html'}").code in (1, 3)
    found = leaks(content(tmp_path / "r.html"))
    assert {"id", "plan", "plan_name", "target", "lesion", "organ", "roi", "struct", "plan", "dose"} <= set(found)


@pytest.mark.parametrize("kind", TEXTS)
def test_no_format_of_a_redacted_result_names_anybody(written, kind):
    """No name, identifier, date, original UID or free text in any of them."""
    folder, _ = written
    assert leaks(content(folder / kind)) == []


def test_nor_does_the_pdf(written, case, tmp_path):
    """Neither its text nor its metadata names anybody."""
    pytest.importorskip("typst", reason="the pdf extra is not installed")
    pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")
    folder, _ = written
    _, arguments = case
    (tmp_path / "key").write_bytes((folder / "key.json").read_bytes())
    for name, more in (("plain", ()), ("redacted", ("--redact", "--redact-key", tmp_path / "key"))):
        assert run(*arguments, "-o", f"pdf={tmp_path / name}", *more).code in (1, 3)
    texts = {}
    for name in ("plain", "redacted"):
        reader = pypdf.PdfReader(tmp_path / name)
        pages = "\n".join(page.extract_text() for page in reader.pages)
        xmp = reader.trailer["/Root"].get("/Metadata")
        texts[name] = f"{pages}\n{reader.metadata}\n{xmp.get_data().decode() if xmp else ''}"
    assert "id" in leaks(texts["plain"])
    assert leaks(texts["redacted"]) == []


def test_nor_does_what_is_printed(written):
    """Standard output is redacted too."""
    assert leaks(written[1].out) == []


def test_the_redacted_result_still_says_what_was_found(written, case):
    """Verdict, outcomes, values and severities are those of the plain result."""
    folder, _ = written
    _, arguments = case
    plain = json.loads(run(*arguments, "--format", "json").out)
    redacted = json.loads(content(folder / "json"))
    assert redacted["verdict"] == plain["verdict"]
    keys = ("constraint", "metric", "value", "low", "high", "outcome", "margin")
    assert [[one[key] for key in keys] for one in redacted["outcomes"]] == [
        [one[key] for key in keys] for one in plain["outcomes"]
    ]
    counted = sorted((one["code"], one["severity"]) for one in plain["findings"])
    assert sorted((one["code"], one["severity"]) for one in redacted["findings"]) == counted
    assert redacted["provenance"]["conventions"]["redacted"] == "yes"
    assert "redacted" in content(folder / "html")


def test_the_key_is_apart_and_tells_who_is_who(written):
    """The key file is its owner's only and maps every pseudonym back; files too are the owner's only."""
    folder, _ = written
    key = json.loads(content(folder / "key.json"))
    patient = json.loads(content(folder / "json"))["case"]["patient_id"]
    assert re.fullmatch(r"PATIENT-[0-9A-F]{10}", patient)
    assert key["pseudonyms"][patient] == CANARIES["id"]
    assert CANARIES["target"] in key["pseudonyms"].values()
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_the_same_key_gives_the_same_bytes_and_another_does_not(written, case, tmp_path):
    """Pseudonyms are stable with a key, and without it they tell nothing across results."""
    folder, _ = written
    _, arguments = case
    (tmp_path / "key").write_bytes((folder / "key.json").read_bytes())
    run(*arguments, "--redact", "--redact-key", tmp_path / "key", "-o", f"json={tmp_path / 'same'}")
    run(*arguments, "--redact", "--redact-key", tmp_path / "new", "-o", f"json={tmp_path / 'other'}")
    run(*arguments, "--redact", "-o", f"json={tmp_path / 'none'}")
    run(*arguments, "--redact", "-o", f"json={tmp_path / 'again'}")
    assert content(tmp_path / "same") == content(folder / "json")
    assert content(tmp_path / "other") != content(folder / "json")
    assert content(tmp_path / "none") == content(tmp_path / "again")
    assert json.loads(content(tmp_path / "none"))["case"]["patient_id"] == "PATIENT-1"


def test_a_stored_result_is_redacted_the_same_way(case, written, tmp_path):
    """`rtcheck report --redact` with the key makes the pages that the check made."""
    folder, _ = written
    _, arguments = case
    run(*arguments, "-o", f"json={tmp_path / 'r.json'}", "-o", f"exhibits={tmp_path / 'r.gz'}")
    (tmp_path / "key").write_bytes((folder / "key.json").read_bytes())
    asked = [part for kind in TEXTS for part in ("-o", f"{kind}={tmp_path / kind}")]
    result = run("report", tmp_path / "r.json", "--exhibits", tmp_path / "r.gz", "--redact", "--redact-key",
                 tmp_path / "key", *asked)  # fmt: skip
    assert result.code in (1, 3), result.text
    for kind in TEXTS:
        assert leaks(content(tmp_path / kind)) == []
        assert content(tmp_path / kind) == content(folder / kind), kind


def test_a_refused_export_leaves_no_name_either(case, tmp_path):
    """Where nothing could be judged the files say so, redacted like any other."""
    root, arguments = case
    (tmp_path / "registry.toml").write_text(registry_text(patient={"id": "ANOTHER-CANARY-ID-7731"}))
    done = run("check", root / "export", "--registry", tmp_path / "registry.toml", *arguments[4:], "--redact",
               "-o", f"json={tmp_path / 'r.json'}", "-o", f"html={tmp_path / 'r.html'}")  # fmt: skip
    assert done.code == 4
    assert leaks(content(tmp_path / "r.json")) == leaks(content(tmp_path / "r.html")) == []


def test_a_key_that_is_no_key_is_refused_and_kept(case, tmp_path):
    """A file of something else under the name of the key is not overwritten."""
    _, arguments = case
    (tmp_path / "key").write_text("{}")
    assert run(*arguments, "--redact", "--redact-key", tmp_path / "key").code == 2
    assert (tmp_path / "key").read_text() == "{}"
    assert run(*arguments, "--redact-key", tmp_path / "new").code == 2
    assert not (tmp_path / "new").exists()


def test_without_an_arm_a_report_can_be_blinded(case, tmp_path):
    """A record without an arm, under a protocol without arms: the page says that it is blinded."""
    _, arguments = case
    one = {key: value for key, value in LESIONS[0].items() if key != "gtv"} | {"ptv": [CANARIES["target"]]}
    text = registry_text(lesions=[one], patient={"id": CANARIES["id"]}, trial=ABSENT)
    (tmp_path / "registry.toml").write_text(text, encoding="utf-8")
    given = [*arguments[:3], tmp_path / "registry.toml", *arguments[4:]]
    done = run(*given, "--blinded", "-o", f"html={tmp_path / 'b.html'}", "-o", f"json={tmp_path / 'b.json'}")
    assert done.code in (1, 3), done.text
    document = json.loads(content(tmp_path / "b.json"))
    assert document["reveals_arm"] is False
    assert document["provenance"]["registry"] == {}


def test_a_report_that_tells_the_arm_by_itself_is_not_blinded(case, tmp_path):
    """With the arm recorded and a consolidative plan nothing is written but the refusal, which does not tell it."""
    _, arguments = case
    done = run(*arguments, "--blinded", "-o", f"json={tmp_path / 'b.json'}")
    assert done.code == 2
    assert "RTD759" in done.err
    assert "arm" not in content(tmp_path / "b.json").replace("reveals_arm", "")
    assert json.loads(content(tmp_path / "b.json"))["verdict"] is None
