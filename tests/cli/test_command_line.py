"""The command line as a process: exit codes, streams, files, late imports, and no traceback whatever comes in."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import stat
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest

from rtcheck.cli.main import run as command_line
from tests.synthetic.simple import PROTOCOL as NARROW
from tests.synthetic.simple import REGISTRY, simple_case

PROTOCOL = NARROW.replace("<= 20 Gy", "<= 40 Gy")  # far from every value, so that no limit lies inside an interval

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def run(*arguments, **environment):
    """Run the command: as a process where the environment matters, else within this one, which is faster."""
    words = list(map(str, arguments))
    if environment:
        done = subprocess.run([sys.executable, "-m", "rtcheck", *words], capture_output=True, check=False,
                              env={**ENVIRONMENT, **environment})
        code, out, err = done.returncode, done.stdout, done.stderr
    else:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]), warnings.catch_warnings():
            code = command_line(words)
            for stream in streams:
                stream.flush()
        out, err = (stream.buffer.getvalue() for stream in streams)
    assert b"Traceback" not in err
    return SimpleNamespace(returncode=code, stdout=out, out=out.decode("utf-8"), err=err.decode("utf-8", "replace"))


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """The small box patient, whose verdict is PASS."""
    return simple_case(tmp_path_factory.mktemp("case") / "export", protocol=PROTOCOL)


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path
    return write


def check(case, *more, export=None, registry=None, protocol=None, **environment):
    return run("check", export or case.folder, "--registry", registry or case.registry, "--protocol",
               protocol or case.protocol, *more, **environment)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["check", "--help"], ["dvh", "--help"]])
def test_help_does_not_wait_for_heavy_libraries(arguments):
    """--version and --help import neither NumPy nor pydicom, SciPy, Shapely or pydantic."""
    code = ("import sys\nfrom rtcheck.cli.main import run\n"
            f"code = run({arguments!r})\n"
            "heavy = sorted({name.partition('.')[0] for name in sys.modules} & "
            "{'numpy', 'pydicom', 'scipy', 'shapely', 'pydantic', 'rich'})\n"
            "print('heavy:', heavy, file=sys.stderr)\nsys.exit(code)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert done.returncode == 0
    assert "heavy: []" in done.stderr
    assert "rtcheck" in done.stdout


COUNTED = """
import sys
calls = 0
def seen(frame, event, argument):
    global calls
    calls += event in ("call", "c_call")
sys.setprofile(seen)
{}
sys.setprofile(None)
print(calls, file=sys.stderr)
"""


def test_version_costs_little_more_than_python():
    """--version makes hardly more calls than importing click twice, and far fewer than importing NumPy.

    Calls are counted and not seconds: they are the same on a busy machine. Each is counted twice, for the first time
    the modules may have to be compiled.
    """

    def calls(code):
        command = [sys.executable, "-c", COUNTED.format(code)]
        runs = [subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT) for _ in range(2)]
        return min(int(done.stderr) for done in runs)

    version = calls("from rtcheck.cli.main import run\nrun(['--version'])")
    assert version < 2.5 * calls("import click")
    assert version < 0.67 * calls("import numpy")


def test_a_pass_is_zero_with_text_on_one_stream(case):
    """A plan without fault ends with 0, its text on standard output and nothing on standard error."""
    done = check(case, TERM="xterm")
    assert (done.returncode, done.err) == (0, "")
    assert "\nPASS " in done.out
    assert done.out.endswith("exit 0\n")


def test_json_is_one_document_and_nothing_else(case):
    """--format json prints one document with the exit code and verdict, also beside written files."""
    done = check(case, "--format", "json")
    document = json.loads(done.out)
    assert (document["schema"], document["verdict"], document["exit_code"]) == ("rtcheck.report/1", "PASS", 0)


def test_the_same_input_gives_the_same_bytes(case):
    """Locale, time zone and hash seed leave no trace."""
    first = check(case, "--format", "json", PYTHONHASHSEED="1", LC_ALL="C", TZ="UTC")
    second = check(case, "--format", "json", PYTHONHASHSEED="2", LC_ALL="C.UTF-8", TZ="Asia/Shanghai")
    assert first.stdout == second.stdout


def test_files_of_ours_that_are_wrong_are_told_together(case, write):
    """Exit 2 names file, key path, what was found and what was expected, for both files at once."""
    registry = write("registry.toml", REGISTRY.replace('organ = "liver"', 'organn = "liver"', 1))
    protocol = write("protocol.toml", PROTOCOL.replace("priority", "priorty", 1))
    done = check(case, "--format", "json", registry=registry, protocol=protocol)
    assert done.returncode == 2
    document = json.loads(done.out)
    assert document["verdict"] is None
    assert document["exit_code"] == 2
    assert {one["code"] for one in document["findings"]} == {"RTD801"}
    evidence = [one["evidence"] for one in document["findings"]]
    assert {"file", "key_path", "found", "expected", "suggestion"} <= set(evidence[0])
    assert {Path(one["file"]).name for one in evidence} == {"registry.toml", "protocol.toml"}
    assert "organn" in done.err
    assert "priorty" in done.err


@pytest.mark.parametrize("arguments", [
    (), ("check",), ("check", "x"), ("check", "x", "--registry", "r"), ("nonsense",), ("--nonsense",),
    ("dvh",), ("dvh", "x", "-m", "V20"), ("dvh", "x", "-m", "D95%[Gy"), ("explain",), ("explain", "RTD999"),
    ("explain", "V20"), ("explain", "No.Such.Constraint"), ("protocol", "show", "nowhere"),
    ("protocol", "check", "nowhere.toml"), ("registry", "check", "nowhere.toml"), ("registry",), ("protocol",),
    ("check", "x", "--registry", "r", "--protocol", "p", "--fail-on", "maybe"),
    ("check", "x", "--registry", "r", "--protocol", "p", "-o", "json"),
    ("check", "x", "--registry", "r", "--protocol", "p", "-o", "json=-"),
    ("check", "x", "--registry", "r", "--protocol", "p", "-o", "docx=x"),
    ("check", "x", "--registry", "r", "--protocol", "p", "-o", "json=a", "-o", "junit=a"),
    ("check", "x", "--registry", "r", "--protocol", "p", "-o", "json=r"),
    ("check", "x", "--registry", "r", "--protocol", "p", "--structure-model", "cube"),
], ids=" ".join)
def test_wrong_usage_is_two_with_a_message(arguments):
    """Whatever is wrong with the command line ends with 2, a message, and nothing on standard output."""
    done = run(*arguments)
    assert done.returncode == 2, done.err
    assert done.err.strip()
    assert done.out == ""


def test_suggestions_name_what_was_meant():
    """An unknown topic names its neighbours."""
    assert "V20Gy[%]" in run("explain", "V20").err
    assert "RTD905" in run("explain", "RTD907").err
    wrong = run("check", "x", "--registry", "r", "--protocol", "p", "-o", "docx=x")
    assert "'docx' is not a format" in wrong.err
    assert "html" in wrong.err


def test_a_metric_that_is_wrong_has_a_caret():
    """The faulty character of a metric on the command line is pointed at."""
    err = run("dvh", "x", "-m", "D95%[Gyy]").err.splitlines()
    at = next(index for index, line in enumerate(err) if line.strip() == "^")
    assert err[at - 1] == "D95%[Gyy]"


@pytest.mark.parametrize("name", ["absent", "empty", "text", "notdicom.dcm"])
def test_an_export_that_cannot_be_used_is_four(case, tmp_path, name):
    """No case, or a file that is no DICOM, ends with 4 and says which file."""
    path = tmp_path / name
    if name == "empty":
        path.mkdir()
    elif name == "text":
        path.mkdir()
        (path / "notes.txt").write_text("hello")
    elif name != "absent":
        path.write_bytes(b"hello, this is no DICOM file")
    done = check(case, "--format", "json", export=path)
    document = json.loads(done.out)
    assert (done.returncode, document["exit_code"], document["verdict"]) == (4, 4, None)
    assert any(one["severity"] == "F" for one in document["findings"])
    for command in ("dvh", "inspect"):
        other = run(command, path, "--format", "json")
        assert other.returncode == 4
        assert json.loads(other.out)["findings"]


def test_a_cut_file_is_four_and_named(case, tmp_path):
    """A structure set cut short ends with 4, and the message names the file."""
    import shutil

    folder = tmp_path / "cut"
    shutil.copytree(case.folder, folder)
    name = next(name for role, name in case.files.items() if "struct" in role.lower())
    target = folder / Path(name).name
    target.write_bytes(target.read_bytes()[:-700])
    done = check(case, export=folder)
    assert done.returncode == 4
    assert target.name in done.out
    assert "NO VERDICT" in done.out


@pytest.mark.parametrize(("fail_on", "expected"), [(None, 3), ("review", 1), ("never", 0)])
def test_fail_on_changes_the_code_and_not_the_verdict(case, write, fail_on, expected):
    """A draft protocol is REVIEW: 3, or what --fail-on makes of it."""
    draft = write("draft.toml", PROTOCOL.replace('status = "approved"', 'status = "draft"').replace("approved_", "# "))
    done = check(case, "--format", "json", *(["--fail-on", fail_on] if fail_on else []), protocol=draft)
    document = json.loads(done.out)
    assert (done.returncode, document["exit_code"], document["verdict"]) == (expected, expected, "REVIEW")


def test_outputs_are_whole_private_and_the_same_as_printed(case, tmp_path):
    """Each -o writes its file with mode 0600; no temporary file is left."""
    folder = tmp_path / "out"
    folder.mkdir()
    done = check(case, "--format", "json", *(f"-o{kind}={folder / name}" for kind, name in
                                             (("json", "a.json"), ("junit", "a.xml"), ("text", "a.txt"))))
    assert done.returncode == 0
    assert sorted(path.name for path in folder.iterdir()) == ["a.json", "a.txt", "a.xml"]
    assert (folder / "a.json").read_bytes() == done.stdout
    assert "\nPASS " in (folder / "a.txt").read_text(encoding="utf-8")
    ET.parse(folder / "a.xml")
    if os.name == "posix":
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir())


@pytest.mark.parametrize("name", ["nowhere/result.json", ".", "/dev/null"])
def test_an_output_that_cannot_be_stored_is_five(case, tmp_path, name):
    """A result that cannot be stored ends with 5 and RTD903; what stands there is left alone."""
    target = name if name.startswith("/") else tmp_path / name
    done = check(case, "--format", "json", "-o", f"json={target}")
    assert done.returncode == 5
    assert "RTD903" in done.err
    assert json.loads(done.out)["findings"][0]["code"] == "RTD903"
    assert not list(tmp_path.iterdir())


def test_an_input_is_never_overwritten(case):
    """-o refuses the name of the registry or the protocol."""
    before = case.registry.read_bytes()
    done = check(case, "-o", f"json={case.registry}")
    assert done.returncode == 2
    assert case.registry.read_bytes() == before


def test_a_refusal_takes_the_place_of_an_older_result(case, write, tmp_path):
    """When nothing could be judged the file asked for says so, and not what was judged before."""
    target = tmp_path / "result.json"
    check(case, "-o", f"json={target}")
    assert json.loads(target.read_text(encoding="utf-8"))["verdict"] == "PASS"
    check(case, "-o", f"json={target}", protocol=write("p.toml", "id = 3"))
    assert json.loads(target.read_text(encoding="utf-8"))["verdict"] is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_standard_output_is_five(case):
    """A result that could not be printed is no success."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-m", "rtcheck", "check", case.folder, "--registry", case.registry,
                               "--protocol", case.protocol], stdout=full, stderr=subprocess.PIPE, check=False,
                              env=ENVIRONMENT)
    assert done.returncode == 5
    assert b"Traceback" not in done.stderr
    assert b"RTD903" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX pipes")
def test_a_reader_that_has_gone_changes_nothing(case):
    """A broken pipe leaves the exit code of the result and no traceback."""
    read, write_end = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-m", "rtcheck", "check", case.folder, "--registry", case.registry,
                           "--protocol", case.protocol], stdout=write_end, stderr=subprocess.PIPE, check=False,
                          env=ENVIRONMENT)
    os.close(write_end)
    assert done.returncode == 0
    assert done.stderr == b""


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_an_interrupt_is_130_without_a_traceback(case):
    """Ctrl-C ends with 130."""
    code = ("import os, signal, sys\nimport rtcheck.dicom.case as module\n"
            "import time\n"
            "signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it\n"
            "module.read_case = lambda *a, **k: (os.kill(os.getpid(), signal.SIGINT), time.sleep(30))\n"
            "from rtcheck.cli.main import run\nsys.exit(run(sys.argv[1:]))")
    done = subprocess.run([sys.executable, "-c", code, "check", case.folder, "--registry", case.registry, "--protocol",
                           case.protocol], capture_output=True, check=False, env=ENVIRONMENT)
    assert done.returncode == 130
    assert b"Traceback" not in done.stderr
    assert signal.SIGINT


BUG = ("import sys\nimport rtcheck.dicom.case as module\n"
       "def broken(*a, **k):\n    raise KeyError('PatientName SECRET^NAME')\n"
       "module.read_case = broken\nfrom rtcheck.cli.main import run\nsys.exit(run(sys.argv[1:]))")


@pytest.mark.parametrize("debug", [False, True])
def test_a_bug_is_five_and_keeps_patient_data_to_itself(case, debug):
    """An unexpected error ends with 5 and a document; its text, which may name a patient, only with RTCHECK_DEBUG."""
    environment = {**ENVIRONMENT, **({"RTCHECK_DEBUG": "1"} if debug else {})}
    done = subprocess.run([sys.executable, "-c", BUG, "check", case.folder, "--registry", case.registry, "--protocol",
                           case.protocol, "--format", "json"], capture_output=True, check=False, env=environment)
    assert done.returncode == 5
    document = json.loads(done.stdout)
    assert (document["verdict"], document["findings"][0]["code"]) == (None, "RTD901")
    assert b"SECRET" not in done.stdout
    assert (b"SECRET" in done.stderr) == debug
    assert (b"Traceback" in done.stderr) == debug


def test_captured_output_has_no_colour(case):
    """Away from a terminal there are no escape sequences, whatever the environment asks for."""
    assert "\x1b" not in check(case, FORCE_COLOR="1", CLICOLOR_FORCE="1").out


def test_a_terminal_without_the_characters_gets_escapes(case):
    """An ASCII-only output shows escapes instead of failing."""
    done = run("explain", "D99%{BED;ab=10}[Gy]", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0
    assert "\\u03b1" in done.out


def test_dvh_measures_what_is_named(case):
    """dvh gives the named structures with their metrics in the canonical spelling."""
    done = run("dvh", case.folder, "--roi", "SpinalCord", "-m", "Dmean", "-m", "V200cGy[%]", "--format", "json")
    assert done.returncode == 0, done.err
    document = json.loads(done.out)
    assert document["schema"] == "rtcheck.dvh/1"
    (structure,) = document["structures"]
    assert structure["name"] == "SpinalCord"
    assert list(structure["metrics"]) == ["Mean[Gy]", "V2Gy[%]"]
    assert structure["metrics"]["Mean[Gy]"]["value"] == pytest.approx(2.0)
    assert len(structure["curve"]["dose_gy"]) == len(structure["curve"]["volume_cc"]) > 1
    text = run("dvh", case.folder, "--roi", "SpinalCord")
    assert "SpinalCord" in text.out
    assert max(map(len, text.out.splitlines())) <= 80


def test_dvh_refuses_a_name_it_does_not_find(case):
    """An absent name ends with 2 and lists the nearest ones; nothing is chosen instead."""
    done = run("dvh", case.folder, "--roi", "SpinalCort", "--format", "json")
    assert done.returncode == 2
    assert "SpinalCord" in done.err
    assert json.loads(done.out)["structures"] == []


def test_inspect_shows_objects_links_and_structures(case):
    """inspect lists plans, doses, structures and which refers to which, as text and as JSON."""
    document = json.loads(run("inspect", case.folder, "--format", "json").out)
    assert document["schema"] == "rtcheck.inspect/1"
    assert {link["kind"] for link in document["links"]} == {"plan -> structure set", "dose -> plan"}
    assert all(link["found"] for link in document["links"])
    rois = {roi["name"]: roi for roi in document["structure_sets"][0]["rois"]}
    assert rois["SpinalCord"]["planes"] == rois["SpinalCord"]["contours"] > 1
    text = run("inspect", case.folder)
    assert text.returncode == 0
    assert max(map(len, text.out.splitlines())) <= 80


def test_explain_knows_every_code_and_kind_of_metric():
    """Each finding code and each kind of metric has a page of 80 columns."""
    from rtcheck.dvh.glossary import GLOSSARY
    from rtcheck.dvh.notation import _KNOWN, parse_metric
    from rtcheck.model.codes import CATALOGUE
    from rtcheck.render.explain_text import explain_code, explain_metric

    metrics = [parse_metric(text) for text in (*_KNOWN, "D99%{EQD2}[Gy]", "V100%[%]", "Mean[%]")]
    assert {metric.kind for metric in metrics} == set(GLOSSARY)
    pages = [*map(explain_code, CATALOGUE.values()), *map(explain_metric, metrics)]
    for page in pages:
        assert max(map(len, page.splitlines())) <= 80
        assert "Source:" in page or "Reference:" in page
    assert all(code.why and code.fix and code.reference for code in CATALOGUE.values())


def test_explain_shows_a_shipped_constraint():
    """A constraint's page has its limits, conditions, fractions, citation and confidence."""
    done = run("explain", "SITE-DEFAULT.3-8fx.LungsGTV.V20Gy.LF-C")
    assert done.returncode == 0, done.err
    for part in ("Goal:", "Last acceptable:", "Fractions:", "lung_function is LF-C", "Citation:", "Confidence:"):
        assert part in done.out


def test_protocols_can_be_listed_shown_and_checked():
    """list names what show and check accept."""
    listed = run("protocol", "list")
    assert listed.returncode == 0
    names = [line.split()[0] for line in listed.out.splitlines() if not line.startswith(" ")]
    assert "nct06946849" in names
    for name in names:
        shown, checked = run("protocol", "show", name), run("protocol", "check", name)
        assert (shown.returncode, checked.returncode) == (0, 0)
        assert "LIMITS" in shown.out
        assert max(map(len, shown.out.splitlines())) <= 80
        assert "valid" in checked.out


def test_a_good_registry_is_summed_up(case):
    """registry check says what it understood."""
    done = run("registry", "check", case.registry)
    assert done.returncode == 0
    assert "valid" in done.out
    assert "L1" in done.out
