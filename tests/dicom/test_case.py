"""From files to a case: what is read, what is ignored, what is refused, and that order never matters."""

import os
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from rtcheck.dicom import files
from rtcheck.dicom.case import read_case
from rtcheck.dicom.objects import read_object
from rtcheck.dicom.recognise import read_dicom
from rtcheck.errors import DicomError
from rtcheck.rules.links import several_patients
from tests.dicom.reading import GRID, all_findings, codes, dose, plan, read, struct
from tests.synthetic.dicom import Patient, ct_images, set_raw, uid
from tests.synthetic.encode import encode, flip_bit


def summary(case):
    """What must not depend on the order or place of files."""
    doses, sets = (
        [dose.sop_instance_uid for dose in case.doses],
        [item.sop_instance_uid for item in case.structure_sets],
    )
    return case.patient_id, case.inputs, case.ignored_files, case.findings, case.plans, doses, sets


def whole_case():
    return struct(), plan(), dose()


def test_whole_case(tmp_path):
    """Plan, dose and structure set of one patient become one case without a finding."""
    case = read(tmp_path, *whole_case())
    assert codes(case) == []
    assert case.patient_id == "TEST-0001"
    assert [len(group) for group in (case.plans, case.doses, case.structure_sets)] == [1, 1, 1]
    assert case.plans[0].structure_set_uid == case.structure_sets[0].sop_instance_uid
    assert case.doses[0].plan_uids == (case.plans[0].sop_instance_uid,)
    assert [len(entry.sha256) for entry in case.inputs] == [64, 64, 64]
    assert all(entry.used for entry in case.inputs)
    assert [entry.sop_instance_uid for entry in case.inputs] == sorted(entry.sop_instance_uid for entry in case.inputs)


def test_mixed_folder(tmp_path):
    """Files are recognised by content: names and extensions do not matter, other files are counted, images listed."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "notes.txt").write_text("nothing")
    (tmp_path / "a" / "empty").write_bytes(b"")
    (tmp_path / "plan.txt").write_bytes(encode(plan()))
    (tmp_path / "a" / "IM0001").write_bytes(encode(dose(), "implicit"))
    (tmp_path / "a" / "b" / "struct").write_bytes(encode(struct(), "big"))
    images = ct_images(np.zeros(GRID.shape, np.int16), GRID)
    for number, image in enumerate(images):
        (tmp_path / "a" / f"{number}").write_bytes(encode(image))
    case = read_case([tmp_path])
    assert codes(case) == []
    assert case.ignored_files == 2
    assert sorted(entry.modality for entry in case.inputs) == ["CT"] * len(images) + ["RTDOSE", "RTPLAN", "RTSTRUCT"]
    ct = next(entry for entry in case.inputs if entry.modality == "CT")
    assert (ct.used, len(ct.sha256)) == (False, 64)
    assert {entry.source for entry in case.inputs} >= {"plan.txt", "a/IM0001", "a/b/struct"}


def test_order_never_matters(tmp_path):
    """The same files in another order, under other names, or given one by one make the same case."""
    contents = [encode(ds) for ds in whole_case()]
    first = read(tmp_path / "one", *contents)
    paths = sorted((tmp_path / "one").iterdir())
    random.Random(1).shuffle(paths)
    assert summary(read_case(paths)) == summary(first)
    assert summary(read_case([tmp_path / "one", paths[0], str(paths[1])])) == summary(first)


def test_duplicates(tmp_path):
    """An equal copy is ignored with a note; the same identity with other content is fatal (row 15)."""
    first, second = dose(), dose()
    second.DoseGridScaling = "0.5"
    case = read(tmp_path / "equal", first, first)
    assert codes(case) == ["RTD007I"]
    assert len(case.doses) == 1
    assert codes(read(tmp_path / "conflict", first, second)) == ["RTD006F"]
    again = encode(first, "implicit")
    assert codes(read(tmp_path / "other encoding", encode(first, "explicit"), again)) == ["RTD006F"]


def test_more_than_one_patient(tmp_path):
    """Whose objects they are is told: only the registry can join two identifiers, and an object may be nobody's."""
    other = Patient("OTHER-7")
    case = read(tmp_path / "two", struct(), plan(patient=other), dose())
    assert codes(case) == []
    assert (case.patient_id, case.patient_ids) == ("", ("OTHER-7", "TEST-0001"))
    nobody = plan()
    nobody.PatientID = ""
    case = read(tmp_path / "none", struct(), nobody, dose())
    assert codes(case) == ["RTD012E"]
    assert case.patient_id == "TEST-0001"


def test_patient_id_padding(tmp_path):
    """Blanks and NUL around a patient id are padding."""
    padded = plan()
    set_raw(padded, "PatientID", b"TEST-0001  \0")
    assert codes(read(tmp_path, struct(), padded, dose())) == []


def test_files_that_should_be_dicom(tmp_path):
    """An empty or foreign file is refused when its extension says DICOM or the user named it, else counted."""
    (tmp_path / "a.dcm").write_bytes(b"")
    (tmp_path / "b.IMA").write_bytes(b"hello")
    (tmp_path / "c.txt").write_bytes(b"hello")
    case = read_case([tmp_path])
    assert codes(case) == ["RTD001F", "RTD001F"]
    assert case.ignored_files == 1
    assert [note.subject for note in case.findings] == ["a.dcm", "b.IMA"]
    assert codes(read_case([tmp_path / "c.txt"])) == ["RTD001F"]


def test_nothing_there(tmp_path):
    """A PATH that does not exist, and a folder without DICOM, are findings of severity F."""
    assert codes(read_case([tmp_path / "missing"])) == ["RTD001F"]
    (tmp_path / "c.txt").write_bytes(b"hello")
    assert codes(read_case([tmp_path])) == ["RTD001F"]
    assert codes(read_case([])) == ["RTD001F"]


def test_one_bad_file_does_not_hide_the_others(tmp_path):
    """The rest of the export is read when one file is cut short."""
    bad = encode(struct(), "implicit")[:-40]
    case = read(tmp_path, bad, plan(), dose())
    assert codes(case) == ["RTD002F"]
    assert (len(case.plans), len(case.doses), case.structure_sets) == (1, 1, ())


def test_cut_image(tmp_path):
    """A truncated file of any kind is fatal, also one that would not be used."""
    image = encode(ct_images(np.zeros(GRID.shape, np.int16), GRID)[0])
    assert codes(read(tmp_path, *whole_case(), image[:-10])) == ["RTD002F"]


@pytest.mark.parametrize("encoding", ["implicit", "explicit", "big"])
def test_without_preamble(tmp_path, encoding):
    """A file without preamble is read when its content proves it, with a note, unless that is forbidden (row 10)."""
    data = [encode(ds, encoding, header=False) for ds in whole_case()]
    case = read(tmp_path, *data)
    assert codes(case) == ["RTD014W"] * 3
    assert (len(case.plans), len(case.doses), len(case.structure_sets)) == (1, 1, 1)
    assert codes(read(tmp_path, *data, allow_headerless=False)) == ["RTD003F"] * 3


def test_without_preamble_but_with_meta_information(tmp_path):
    """Group 0002 without preamble says the transfer syntax."""
    for encoding in ("implicit", "explicit", "rle"):
        case = read(tmp_path / encoding, encode(dose(), encoding)[132:])
        assert codes(case) == ["RTD014W"]
        assert len(case.doses) == 1


def test_without_preamble_and_without_proof(tmp_path):
    """Without preamble an object of another SOP class, or one that does not parse to its last byte, is refused."""
    image = encode(ct_images(np.zeros(GRID.shape, np.int16), GRID)[0], "implicit", header=False)
    assert codes(read(tmp_path / "ct", image)) == ["RTD003F"]
    data = encode(dose(), "implicit", header=False)
    assert codes(read(tmp_path / "cut", data[:-1])) == ["RTD002F"]
    changed = dose()
    changed.Modality = "RTPLAN"
    assert codes(read(tmp_path / "modality", encode(changed, "implicit", header=False))) == ["RTD015F"]


def test_kind_contradictions(tmp_path):
    """SOP class, modality and meta information must agree."""
    wrong = plan()
    wrong.Modality = "RTDOSE"
    assert codes(read(tmp_path / "modality", wrong)) == ["RTD015F"]
    image = ct_images(np.zeros(GRID.shape, np.int16), GRID)[0]
    image.Modality = "RTSTRUCT"
    assert codes(read(tmp_path / "class", image)) == ["RTD015F"]
    data = encode(plan())
    at = data.index(b"1.2.840.10008.5.1.4.1.1.481.5") + 28
    assert codes(read(tmp_path / "meta", data[:at] + b"3" + data[at + 1 :])) == ["RTD015F"]


def test_second_generation_objects(tmp_path):
    """An RT Physician Intent or its kind is listed, not used, and keeps the case from passing."""
    other = plan()
    other.SOPClassUID, other.Modality, other.SOPInstanceUID = (
        "1.2.840.10008.5.1.4.1.1.481.10",
        "RTINTENT",
        uid("intent"),
    )
    case = read(tmp_path, *whole_case(), other)
    assert codes(case) == ["RTD013E"]
    assert [entry.used for entry in case.inputs if entry.modality == "RTINTENT"] == [False]


def test_damaged_prefix(tmp_path):
    """A file whose DICOM prefix is damaged is refused, whatever its name: it must not vanish among ignored files."""
    tmp_path.joinpath("plan").write_bytes(flip_bit(encode(plan()), 129, 3))
    case = read_case([tmp_path])
    assert (codes(case), case.ignored_files) == (["RTD001F"], 0)


def test_directory_file(tmp_path):
    """A DICOMDIR is neither read nor followed."""
    directory = Dataset()
    directory.SOPClassUID, directory.SOPInstanceUID = "1.2.840.10008.1.3.10", uid("directory")
    (tmp_path / "DICOMDIR").write_bytes(encode(directory))
    (tmp_path / "plan").write_bytes(encode(plan()))
    case = read_case([tmp_path])
    assert codes(case) == []
    assert (len(case.inputs), case.ignored_files) == (1, 1)


def test_links_in_folders(tmp_path):
    """A folder that links back to itself ends, and a file reached twice is read once."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "plan.dcm").write_bytes(encode(plan()))
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "again.dcm").symlink_to(tmp_path / "a" / "plan.dcm")
    case = read_case([tmp_path])
    assert codes(case) == []
    assert len(case.inputs) == 1
    assert case.inputs[0].source == "a/plan.dcm"


def test_dangling_link_and_pipe(tmp_path):
    """A link to nowhere is a finding; a pipe is not opened."""
    (tmp_path / "plan.dcm").write_bytes(encode(plan()))
    os.mkfifo(tmp_path / "pipe")
    case = read_case([tmp_path])
    assert (codes(case), case.ignored_files) == ([], 1)
    (tmp_path / "lost.dcm").symlink_to(tmp_path / "nowhere")
    assert codes(read_case([tmp_path])) == ["RTD001F"]
    assert codes(read_case([tmp_path / "pipe"])) == ["RTD001F"]


def test_unreadable_file(tmp_path, monkeypatch):
    """A file that the system does not let us read is a finding: it could be anything."""
    (tmp_path / "plan").write_bytes(encode(plan()))

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("rtcheck.dicom.case.read_bytes", refuse)
    case = read_case([tmp_path])
    assert codes(case) == ["RTD001F"]
    assert "Permission denied" in case.findings[0].message


def test_file_size_cap(tmp_path, monkeypatch):
    """A file beyond the cap is refused without being taken for a shorter one."""
    (tmp_path / "plan.dcm").write_bytes(encode(plan()))
    monkeypatch.setattr("rtcheck.dicom.case.MAX_FILE_BYTES", 600)
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 600)
    assert codes(read_case([tmp_path])) == ["RTD005F"]


def test_meta_information_deviations(tmp_path):
    """A wrong length of the meta information is harmless and noted; cut short, or with a tag twice, it is not."""
    data = encode(plan())
    wrong = data[:140] + bytes([data[140] ^ 2]) + data[141:]
    assert codes(read(tmp_path / "length", wrong)) == ["RTD014W"]
    assert codes(read(tmp_path / "cut", data[:150])) == ["RTD002F"]
    twice = data[:132] + data[132:144] + data[132:]
    assert codes(read(tmp_path / "twice", twice)) == ["RTD010F"]


def test_other_instance_uid_in_meta_information(tmp_path):
    """An anonymiser that forgot the meta information is noted."""
    ds = plan()
    data = encode(ds)
    at = data.index(str(ds.SOPInstanceUID).encode())
    digit = b"1" if data[at + 6 : at + 7] != b"1" else b"2"
    assert codes(read(tmp_path, data[: at + 6] + digit + data[at + 7 :])) == ["RTD014W"]


def test_no_patient_data_in_findings(tmp_path):
    """Whatever is wrong with a file, no finding and no description repeats who the patient is."""
    canary = Patient("CANARY-4711", "Canary^Patient", "F", "19510203")
    broken = [
        encode(struct(patient=canary), "implicit")[:-9], encode(plan(patient=canary), header=False),
        encode(dose(patient=canary, units="RELATIVE")), encode(dose(patient=Patient("OTHER", "Canary^Two"))),
    ]  # fmt: skip
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "StudyDate"):
        ds = plan(patient=canary)
        set_raw(ds, keyword, b"\xc3CANARY\\x")
        ds.SOPInstanceUID = uid(keyword)
        broken.append(encode(ds, "implicit"))
    case = read(tmp_path, *broken)
    notes = [*all_findings(case), *several_patients(case)]
    assert len(notes) >= 4
    shown = repr([(note.subject, note.message, note.evidence) for note in notes])
    shown += repr([entry.description for entry in case.inputs])
    for secret in ("CANARY", "Canary", "4711", "1951"):
        assert secret not in shown


SEEDS = [
    encode(ds, encoding, undefined_lengths=undefined)
    for ds in (struct(), plan(), dose())
    for encoding, undefined in (("implicit", False), ("explicit", True))
]


@given(
    seed=st.sampled_from(range(len(SEEDS))),
    places=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 7)), min_size=1, max_size=3),
)
@settings(derandomize=True, max_examples=1500, deadline=None)
def test_flipped_bits_are_contained(seed, places):
    """Whatever bits are flipped, reading ends in an object or in a DicomError, never in another exception."""
    data = SEEDS[seed]
    for where, bit in places:
        data = flip_bit(data, int(where * len(data)), bit)
    try:
        read_object(read_dicom(data, "x.dcm"), "")
    except DicomError as error:
        assert error.subject == "x.dcm"


@given(
    seed=st.sampled_from(range(len(SEEDS))),
    at=st.floats(0, 0.999),
    noise=st.binary(max_size=20),
    drop=st.integers(0, 30),
)
@settings(derandomize=True, max_examples=1500, deadline=None)
def test_spliced_bytes_are_contained(seed, at, noise, drop):
    """The same for bytes cut out and put in."""
    data = SEEDS[seed]
    place = int(at * len(data))
    try:
        read_object(read_dicom(data[:place] + noise + data[place + drop :], "x.dcm"), "")
    except DicomError as error:
        assert error.subject == "x.dcm"


@given(st.binary(max_size=300))
@settings(derandomize=True, max_examples=300, deadline=None)
def test_noise_is_contained(data):
    """Bytes that are no DICOM are refused as such."""
    for prefix in (b"", bytes(128) + b"DICM", b"\x08\x00", b"\x02\x00\x00\x00UL\x04\x00"):
        with pytest.raises(DicomError):
            read_object(read_dicom(prefix + data, "x.dcm"), "")
