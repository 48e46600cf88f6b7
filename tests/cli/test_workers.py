"""Processes that compute ahead: the same results as one process alone, whatever becomes of the children."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rtcheck.catalogue.protocol import read_protocol
from rtcheck.catalogue.registry import read_record
from rtcheck.check import Settings, check, check_with_exhibits
from rtcheck.cli.parcels import pack, unpack
from rtcheck.cli.workers import MOST_JOBS, usable_processors
from rtcheck.dicom.case import read_case
from rtcheck.dvh.notation import parse_metric
from rtcheck.dvh_table import dvh_table
from tests.acceptance.kit import constraint, protocol_text, run_process, volume_of
from tests.synthetic.simple import REGISTRY, simple_case

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux forks safely")

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_dicom"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
ENVIRONMENT.pop("RTCHECK_DEBUG", None)

FRAME = """
import os, signal, sys, time
from rtcheck.cli.time_limit import within
from rtcheck.cli.workers import crew
parent = os.getpid()
def apart():
    return os.getpid() != parent
def childless():
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False
"""


def script(code: str, *arguments: object, **named):
    """Run Python code in a process with one thread, after the frame above."""
    return subprocess.run([sys.executable, "-c", FRAME + textwrap.dedent(code), *map(str, arguments)],
                          capture_output=True, text=True, env=ENVIRONMENT, check=False, timeout=300, **named)


def said(code: str) -> str:
    """What such code prints; it must end well and complain about nothing."""
    done = script(code)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.strip()


def test_tasks_are_shared_and_their_results_come_in_order():
    """Several processes take part, results are those of the places asked, and no child is left."""
    assert said("""
        import tempfile
        with tempfile.TemporaryDirectory() as here:
            def task(number):
                open(f"{here}/{os.getpid()}", "w").close()
                for _ in range(3000):  # until every process has a task, however late it starts
                    if len(os.listdir(here)) == 3:
                        break
                    time.sleep(0.02)
                return number, os.getpid()
            tasks = [lambda i=i: task(i) for i in range(40)]
            with within(0) as clock, crew(3, clock) as workers:
                take = workers.share(tasks)
                got = [take(place) for place in range(len(tasks))]
            assert childless()
        print([one[0] for one in got] == list(range(40)), len({one[1] for one in got}))""") == "True 3"


def test_results_may_be_asked_for_in_any_order_or_not_at_all():
    """Whatever is asked for, beyond what may wait too, is what the task gives."""
    assert said("""
        import random
        tasks = [lambda i=i: (i, bytes(i * 1000)) for i in range(60)]
        for seed in range(3):
            places = random.Random(seed).sample(range(60), 45)
            with within(0) as clock, crew(2, clock) as workers:
                take = workers.share(tasks)
                assert all(take(place) == tasks[place]() for place in places)
            assert childless()
        print("done")""") == "done"


@pytest.mark.parametrize("fault", [
    "os.kill(os.getpid(), signal.SIGKILL)",
    "os._exit(0)",
    "(_ for _ in ()).throw(MemoryError())",
    "lambda: 'cannot be pickled'",
    "print('to be seen', flush=True) or sys.stderr.write('too') and None or os.write(2, b'x') and [].pop()",
], ids=["killed", "gone", "memory", "unpicklable", "loud"])
def test_what_a_child_cannot_deliver_the_parent_computes(fault):
    """A child that dies, fails or talks changes no result and says nothing."""
    assert said(f"""
        tasks = [lambda i=i: i if not apart() else (time.sleep(0.01), {fault})[1] for i in range(20)]
        with within(0) as clock, crew(3, clock) as workers:
            take = workers.share(tasks)
            got = [take(place) for place in range(20)]
        print(got == list(range(20)), childless())""") == "True True"


def test_an_error_is_raised_where_its_result_is_asked_for():
    """A task that fails everywhere fails when it is asked for, as it would in one process; the others are there."""
    assert said("""
        def broken():
            time.sleep(0.01)
            raise ValueError("as ever")
        tasks = [broken if i % 5 == 3 else lambda i=i: i for i in range(20)]
        seen = []
        with within(0) as clock, crew(2, clock) as workers:
            take = workers.share(tasks)
            for place in range(20):
                try:
                    assert take(place) == place
                except ValueError as error:
                    seen.append((place, str(error)))
        print(seen == [(i, "as ever") for i in (3, 8, 13, 18)], childless())""") == "True True"


@pytest.mark.parametrize("where", ["apart()", "not apart()", "True"], ids=["child", "parent", "both"])
def test_the_time_limit_counts_children(where):
    """Whoever spends the time, all together get no more than the limit, and children end with it."""
    assert said(f"""
        from rtcheck.errors import DicomError
        import resource
        def spin():
            while {where}:
                pass
            time.sleep(0.2)
        code = None
        try:
            with within(0.6) as clock, crew(3, clock) as workers:
                take = workers.share([spin] * 12)
                for place in range(12):
                    take(place)
        except DicomError as error:
            code = error.code
        used = sum(map(sum, ((one.ru_utime, one.ru_stime) for one in map(
            resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))))
        print(code, childless(), used < 2.5)""") == "RTD005 True True"


@pytest.mark.parametrize("alone", [
    "jobs = 1",
    "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
    "sys.platform = 'win32'",
    "os.environ['RTCHECK_DEBUG'] = '1'",
    "tasks = tasks[:3]",
    "def refused():\n    raise OSError(11, 'no more processes')\nos.fork = refused",
    "def refused(name):\n    raise OSError(12, 'no memory')\nos.memfd_create = refused",
], ids=["one job", "threads", "another system", "looked into", "few tasks", "no process", "no memory"])
def test_alone_where_forking_is_not_possible_or_not_safe(alone):
    """Then everything is computed in the one process."""
    assert said("jobs = 4\ntasks = [lambda i=i: (i, os.getpid()) for i in range(8)]\n" + alone + """
with within(5) as clock, crew(jobs, clock) as workers:
    take = workers.share(tasks)
    got = [take(place) for place in range(len(tasks))]
print(got == [(i, parent) for i in range(len(tasks))], childless())""") == "True True"


SLOW = """
import rtcheck.measure
folder = sys.argv.pop(1)
def slow(*_):
    with open(f"{folder}/{os.getpid()}", "w"):
        time.sleep(600)
rtcheck.measure.sample_solid = slow
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from rtcheck.__main__ import main
"""


def group_ends(group: int) -> bool:
    """Whether all processes of a group are gone within some seconds."""
    for _ in range(600):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """The box patient with limits on many structures, expressions and a margin among them."""
    folder = tmp_path_factory.mktemp("workers")
    built = simple_case(folder / "export")
    rows = [
        *(constraint(f"c{number}", structure=name) for number, name in enumerate(("SpinalCord", "Liver - @gtv"))),
        *(volume_of(f"v{number}", name) for number, name in enumerate((
            "GTV_L1 | GTV_L2", "PTV_L1 - GTV_L1", "PTV_L2 & GTV_L2", "Liver", "GTV_L2 + 5mm", "@gtv", "GTV_L2 - 2mm"))),
    ]  # fmt: skip
    (folder / "protocol.toml").write_text(protocol_text(*rows), encoding="utf-8")
    (folder / "registry.toml").write_text(REGISTRY, encoding="utf-8")
    return built.folder, folder / "registry.toml", folder / "protocol.toml"


def arguments(case) -> list[object]:
    """The arguments of a check of the case."""
    return ["check", case[0], "--registry", case[1], "--protocol", case[2], "--format", "json"]


def test_children_end_with_an_interrupted_check(case, tmp_path):
    """Ctrl-C reaches all processes of a check: exit 130, one line, no traceback, nobody left."""
    words = [sys.executable, "-c", FRAME + SLOW + "main()", str(tmp_path), *map(str, arguments(case)), "--jobs", "3"]
    started = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT,
                               start_new_session=True)  # fmt: skip
    try:
        for _ in range(2400):
            if len(list(tmp_path.iterdir())) == 3 or started.poll() is not None:
                break
            time.sleep(0.05)
        assert len(list(tmp_path.iterdir())) == 3
        os.killpg(started.pid, signal.SIGINT)
    finally:
        if started.poll() is None and len(list(tmp_path.iterdir())) != 3:
            os.killpg(started.pid, signal.SIGKILL)
        out, err = started.communicate(timeout=120)
    assert (started.returncode, out) == (130, b"")
    assert err.decode().strip() == "interrupted; nothing was judged"
    assert group_ends(started.pid)


def test_children_without_a_parent_end_when_their_task_is_done():
    """A child whose parent was killed finds nobody to work for."""
    done = script("""
        tasks = [lambda: time.sleep(0.2)] * 40
        with within(0) as clock, crew(3, clock) as workers:
            take = workers.share(tasks)
            take(0)
            os.kill(parent, signal.SIGKILL)""", start_new_session=True)
    assert done.returncode == -signal.SIGKILL  # and both streams were closed, which subprocess waits for
    assert done.stderr == ""


@pytest.mark.parametrize("array", [
    np.arange(12.0).reshape(3, 4), np.arange(12.0).reshape(3, 4).T, np.arange(20)[::3], np.zeros((3, 0)),
    np.array([np.nan, -0.0, np.inf]),
], ids=["rows", "columns", "strided", "empty", "special"])  # fmt: skip
def test_an_array_comes_back_as_it_was(array):
    """Same numbers, same order in memory, writable or not as before; it owns its memory."""
    frozen = array.copy()
    frozen.setflags(write=False)
    file = os.memfd_create("test")
    try:
        size = pack(file, {"a": array, "b": frozen, "c": [1.5, "x"]})
        back = unpack(file, size)
        first = unpack(file, size)
        pack(file, [bytes(500_000)])
    finally:
        os.close(file)
    assert back["c"] == [1.5, "x"]
    assert first["a"] is not back["a"]
    for name, given in (("a", array), ("b", frozen)):
        assert back[name].flags.writeable == given.flags.writeable
        assert back[name].flags.f_contiguous == given.flags.f_contiguous or not given.flags.forc
        assert back[name].tolist() == given.tolist() or np.array_equal(back[name], given, equal_nan=True)


def test_many_arrays_at_once():
    """More arrays than a system reads in one call."""
    file = os.memfd_create("test")
    try:
        many = [np.full(3, number) for number in range(1500)]
        back = unpack(file, pack(file, many))
    finally:
        os.close(file)
    assert all(np.array_equal(one, other) for one, other in zip(many, back, strict=True))


class Recording:
    """Helpers that pass every result through a parcel, as a child would, and keep what was asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.count = 0

    def __call__(self, tasks):
        self.count = len(tasks)
        file = os.memfd_create("test")
        late = {place: unpack(file, pack(file, tasks[place]())) for place in reversed(range(len(tasks)))}
        os.close(file)

        def take(place):
            self.asked.append(place)
            return late.pop(place)

        return take


@pytest.fixture(scope="module")
def alone(case):
    """The case as read, what it is checked with, and what a check in one process gives, with exhibits."""
    given = read_case([case[0]]), read_record(case[1]), read_protocol(str(case[2]))
    return given, check_with_exhibits(*given)


def test_what_is_expected_is_what_is_sampled(alone, monkeypatch):
    """A check asks for every structure that was announced, in that order, once, and samples none itself."""
    from rtcheck import measure

    helpers, helping, sampled = Recording(), [False], []

    def take_apart(tasks):
        helping[0] = True
        take = helpers(tasks)
        helping[0] = False
        return take

    def sample(name, *given):
        if not helping[0]:
            sampled.append(name)
        return original(name, *given)

    original = measure.sample_solid
    monkeypatch.setattr(measure, "sample_solid", sample)
    given, (report, exhibits) = alone
    helped = check_with_exhibits(*given, Settings(helpers=take_apart))
    assert sampled == []
    assert helpers.asked == list(range(helpers.count))
    assert helpers.count >= 10
    assert helped[0] == report
    assert [one.name for one in helped[1].structures] == [one.name for one in exhibits.structures]


def test_a_table_with_helpers_is_the_same(case):
    """Of ``rtcheck dvh``: values, curves and findings."""
    export = read_case([case[0]])
    metrics = [parse_metric("D95%[Gy]"), parse_metric("Mean{EQD2;ab=3}[Gy]")]
    helpers, names = Recording(), ("SpinalCord", "GTV_L1", "GTV_L2", "PTV_L2")
    alone, helped = (dvh_table(export, names, metrics, helpers=used) for used in (None, helpers))
    assert helpers.asked == list(range(helpers.count))
    assert helped.findings == alone.findings
    for one, other in zip(alone.rows, helped.rows, strict=True):
        assert (one.name, one.volume, one.metrics) == (other.name, other.volume, other.metrics)
        assert np.array_equal(one.volume_cm3, other.volume_cm3)


def test_a_structure_that_cannot_be_used_is_the_same_problem_with_helpers(alone):
    """What stacking brings up is sent as it would be found here."""
    export, registry, _ = alone[0]
    protocol = replace(alone[0][2], constraints=alone[0][2].constraints[:4])
    (structures,) = export.structure_sets
    damaged = tuple(
        replace(roi, frame_of_reference_uid="") if roi.name == "Liver" else roi for roi in structures.rois
    )
    export = replace(export, structure_sets=(replace(structures, rois=damaged),))
    assert check(export, registry, protocol, Settings(helpers=Recording())) == check(export, registry, protocol)


def outputs(case, ways, seed=0):
    """What checks of a case print, one for each way: (jobs, threads, whether files are given one by one)."""
    out = set()
    for jobs, threads, shuffled in ways:
        words = arguments(case)
        if shuffled:
            files = sorted(path for path in Path(case[0]).rglob("*") if path.is_file())
            random.Random(f"{seed} {jobs} {threads}").shuffle(files)
            words[1:2] = files
        given = {name: str(threads) for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")} if threads else {}
        done = run_process(*words, "--jobs", jobs, env={**given, "PYTHONHASHSEED": str(seed)})
        assert done.err == ""
        assert json.loads(done.out)["verdict"] is not None
        out.add(done.out)
    return out


def test_the_same_bytes_whatever_the_number_of_processes(case):
    """Jobs, threads of libraries and the order of files change no byte of the result."""
    assert len(outputs(case, [(1, 4, False), (2, 0, True), (3, 1, False), (2, 2, True)])) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["icc-0001", "icc-0002"])
def test_the_samples_give_the_same_bytes_for_any_number_of_processes(name):
    """Both sample patients, by 20 runs of any jobs, threads and order of files."""
    ways = list(itertools.product((1, 2, 3, 4), (0, 1, 2, 4), (False, True)))
    chosen = [(1, 0, False), (2, 0, False), (3, 0, False), *random.Random(name).sample(ways, 17)]
    folder = SAMPLES / name
    case = folder / "export", folder / "registry.toml", SAMPLES / "protocol.toml"
    assert len(set().union(*(outputs(case, [way], seed) for seed, way in enumerate(chosen)))) == 1


def test_the_number_of_processes_is_bounded():
    """As many as the process may use, at most four."""
    assert 1 <= usable_processors() <= MOST_JOBS
