"""Patient data stay in results: never in messages to standard error, exceptions, exit messages or file names."""

from __future__ import annotations

import errno
import os
from random import Random

import pytest

from tests.acceptance.kit import constraint, protocol_text, registry_text, run
from tests.acceptance.test_hostile_texts import ONE_LESION
from tests.faults.inject import Fault, fail_the
from tests.mutation.breaking import BREAKING
from tests.mutation.harness import Workbench
from tests.mutation.seeds import datasets, rois
from tests.synthetic.attributes import Patient
from tests.synthetic.dicom import RoiSpec, set_raw
from tests.synthetic.encode import encode

CANARIES = {
    "name": "Kanarienvogel^Gelb", "id": "CANARY-ID-7731", "birth": "19520229",
    "roi": "CanaryRoi7731", "plan": "CanaryPlan77",
}  # fmt: skip
"""What identifies the patient, and free text that may."""


def export(folder):
    """The small patient with canaries in its name, id, birth date, structure and plan names."""
    objects = datasets(structures=[*rois(), RoiSpec(CANARIES["roi"], 9, rois()[1].contours)])
    for ds in objects.values():
        set_raw(ds, "PatientName", CANARIES["name"].encode())
        set_raw(ds, "PatientID", CANARIES["id"].encode())
        set_raw(ds, "PatientBirthDate", CANARIES["birth"].encode())
    set_raw(objects["plan"], "RTPlanLabel", CANARIES["plan"].encode())
    folder.mkdir(parents=True, exist_ok=True)
    files = {f"{role}.dcm": encode(ds) for role, ds in objects.items()}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return files


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """Folder, files and arguments of the check."""
    root = tmp_path_factory.mktemp("canary")
    files = export(root / "export")
    (root / "registry.toml").write_text(registry_text(lesions=ONE_LESION, patient={"id": CANARIES["id"]}))
    (root / "protocol.toml").write_text(protocol_text(constraint("cord")))
    arguments = ["check", root / "export", "--registry", root / "registry.toml", "--protocol", root / "protocol.toml"]
    with Workbench():
        yield root, files, arguments


def leaks(text):
    """Canaries in a text, also in pieces long enough to tell the patient."""
    words = {**CANARIES, "surname": "Kanarienvogel", "number": "7731"}
    return sorted(name for name, word in words.items() if word.casefold() in text.casefold())


def test_a_result_is_printed_and_nothing_else(case):
    """A check says nothing on standard error, and the result holds the id, as it must."""
    _, _, arguments = case
    result = run(*arguments)
    assert result.code in (0, 3), result.text
    assert CANARIES["id"] in result.out
    assert leaks(result.err) == []


@pytest.mark.parametrize("block", range(3))
def test_broken_files(case, block):
    """Whatever is wrong with the files, standard error names no patient, with and without JSON."""
    root, files, arguments = case
    random = Random(f"canary/{block}")
    for _ in range(12):
        done = BREAKING[random.choice(sorted(BREAKING))](files, random)
        if done is None:
            continue
        for path in (root / "export").iterdir():
            path.unlink()
        for name, data in done[0].items():
            (root / "export" / name).write_bytes(data)
        result = run(*arguments, *random.choice(((), ("--format", "json"))))
        assert leaks(result.err) == [], done[1]
    for name in os.listdir(root / "export"):
        (root / "export" / name).unlink()
    export(root / "export")


@pytest.mark.parametrize("number", range(0, 600, 100))
def test_internal_errors(case, number):
    """An error inside, wherever it comes from, is told without what was being read."""
    _, _, arguments = case
    with fail_the(Fault("memory", number)):
        result = run(*arguments)
    assert leaks(result.err) == []


def test_an_error_that_carries_data(case, monkeypatch):
    """A bug whose message holds a name is told by its kind and place only."""
    _, _, arguments = case

    def broken(*_args, **_options):
        raise ValueError(f"cannot treat {CANARIES['name']} {CANARIES['id']}")

    monkeypatch.setattr("rtcheck.dicom.case.read_case", broken)
    result = run(*arguments, "--format", "json")
    assert result.code == 5
    assert leaks(result.err) == leaks(result.out) == []


def test_files_that_cannot_be_read_or_written(case):
    """Errors of the system name the file, never the patient."""
    root, _, arguments = case
    for kind in ("open", "write", "fsync", "rename"):
        for number in range(1, 24, 5):
            with fail_the(Fault(kind, number, errno.EIO)):
                result = run(*arguments, "-o", f"json={root / 'r.json'}")
            assert leaks(result.err) == []


PAGES = {"html": "r.html", "pdf": "r.pdf", "csv": "r.csv", "markdown": "r.md", "sarif": "r.sarif",
         "exhibits": "r.exhibits.json.gz"}  # fmt: skip


def stored(root, kinds=tuple(PAGES)):
    """Arguments that store formats, each under a name of its own; without PDF where it cannot be made."""
    out = root / "pages"
    out.mkdir(exist_ok=True)
    for path in out.iterdir():
        path.unlink()
    try:
        import typst  # noqa: F401 - asked for only
    except ImportError:
        kinds = tuple(kind for kind in kinds if kind != "pdf")
    return [word for kind in kinds for word in ("-o", f"{kind}={out / PAGES[kind]}")]


def test_every_format_is_stored_without_a_word_on_the_patient(case):
    """Pages hold the patient, the messages about them only file names, and no file is named after the patient."""
    root, _, arguments = case
    result = run(*arguments, *stored(root))
    assert result.code in (0, 3), result.text
    assert leaks(result.err) == []
    assert CANARIES["id"] in (root / "pages" / "r.html").read_text(encoding="utf-8")
    assert leaks(" ".join(os.listdir(root / "pages"))) == []


@pytest.mark.parametrize("kind", ["open", "write", "fsync", "rename"])
def test_pages_that_cannot_be_written(case, kind):
    """An error while a page is stored names the file, never the patient, and leaves no part of it."""
    root, _, arguments = case
    for number, shown in enumerate(("html", "sarif", "exhibits")):
        out = root / "pages"
        words = stored(root, (shown,))
        fault = _OnPages(kind, number % 2 if kind == "fsync" else 0)
        with fail_the(fault):
            result = run(*arguments, *words)
        assert fault.struck
        assert result.code == 5
        assert leaks(result.err) == leaks(result.out) == []
        assert {path.name for path in out.iterdir()} <= {PAGES[shown]}


class _OnPages(Fault):
    """Strikes what is stored only."""

    def strike(self, kind, place=""):
        looked_at = kind == "open" and os.path.basename(str(place)) in PAGES.values()
        if "/pages" in str(place) and not looked_at:
            super().strike(kind, place)


@pytest.mark.parametrize("place", [
    "rtcheck.render.html_report.html_report", "rtcheck.render.build_document.build_document",
    "rtcheck.render.sarif_report.sarif_report", "rtcheck.render.csv_report.csv_report",
    "rtcheck.render.stored_exhibits.exhibits_bytes",
])  # fmt: skip
def test_a_renderer_with_a_bug(case, monkeypatch, place):
    """A bug in a renderer whose message holds a name is told by its kind and place only."""
    root, _, arguments = case

    def broken(*_args, **_options):
        raise ValueError(f"cannot draw {CANARIES['name']} {CANARIES['roi']}")

    monkeypatch.setattr(place, broken)
    result = run(*arguments, "--format", "json", *stored(root, ("csv", "sarif", "html", "exhibits")))
    assert result.code == 5
    assert leaks(result.err) == leaks(result.out) == []


def test_another_patient(case):
    """That a record belongs to somebody else is said without either identifier."""
    root, _, arguments = case
    other = root / "other.toml"
    other.write_text(registry_text(lesions=ONE_LESION, patient={"id": "SOMEBODY-ELSE"}))
    result = run(*[other if str(word).endswith("registry.toml") else word for word in arguments])
    assert result.code == 4
    assert leaks(result.err) == []
    assert "SOMEBODY-ELSE" not in result.err


def test_patients_of_the_builders_are_not_real():
    """The default patient of the builders has no name of a person."""
    assert "Synthetic" in Patient().name
