"""``python -m tests.bench.run``: every program on the same case, one after the other, and a table of what it cost.

Each program is installed in an environment of its own below ``--cache`` and runs once as a process of its own. Time is
wall clock, CPU is user and system time, memory the peak of the process. Accuracy is against the solids themselves:
their volume by formula, their doses by a million stratified points under the formula of the dose. The numbers of one
run compare with each other, not with those of another machine or another hour.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import rtcheck
from tests.bench.programs import ASKED, METRICS, PROGRAMS, REFERENCE_GY, python_of
from tests.bench.where import PARTS

DOSES = ("D98", "D95", "D50", "D2")
LIMIT_S = 900


@dataclass(frozen=True)
class Run:
    """What one program cost and found; `failed` says why it found nothing."""

    name: str
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    found: dict | None = None
    failed: str = ""


def timed(command, log, out=None):
    """Run a command; wall and CPU seconds, peak memory in MB, exit code. Children count.

    What it prints goes to the log; its standard output to `out` where that is given.
    """
    # what pip installs is compiled; so is rtcheck, by `main`
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    with log.open("ab") as told, (out or log).open("wb" if out else "ab") as sink:
        words = [str(word) for word in command]
        process = subprocess.Popen(words, stdout=sink, stderr=told, env=environment)
        guard = threading.Timer(LIMIT_S, process.kill)
        guard.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        guard.cancel()
    return (time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode)


def measured(program, python, case, scratch):
    """Run one program on the case."""
    slug = "".join(letter if letter.isalnum() else "-" for letter in program.name)
    out, log = scratch / f"{slug}.json", scratch / f"{slug}.log"
    wall = cpu = peak = 0.0
    for command in program.commands(python, case, out):
        seconds, used, memory, code = timed(command, log, None if program.environment else out)
        wall, cpu, peak = wall + seconds, cpu + used, max(peak, memory)
        if code:
            return Run(program.name, failed=_last_line(log))
    if program.reader is not None:
        spacing = json.loads((case / "about.json").read_text())["spacing"]
        (command,) = program.reader(sys.executable, case, out)
        command = [",".join([str(spacing)] * 3) if word == "DOSE" else str(word) for word in command]
        subprocess.run(command, check=True)
    page = json.loads(out.read_text())
    return Run(program.name, wall, cpu, peak, page if program.environment else _ours(page))


def _ours(page):
    out = {}
    for each in page["structures"]:
        out[each["name"]] = region = {}
        for name, text in zip(("Volume", *METRICS), ASKED):
            metric = each["metrics"][text]
            region[name], region[f"{name} interval"] = metric["value"], [metric["low"], metric["high"]]
    return out


def _last_line(log):
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1][:150] if lines else "no message"


def errors(found, truth):
    """(volume %, mean %, doses %) of every region, doses in per cent of 50 Gy; what is missing is infinitely wrong."""
    volume, mean, doses = [], [], []
    for name, exact in truth.items():
        region = found.get(name, {})

        def off(key, of, region=region, exact=exact):
            value = region.get(key)
            return np.inf if value is None or not np.isfinite(value) else 100 * abs(value - exact[key]) / of

        volume.append(off("Volume", exact["Volume"]))
        mean.append(off("Mean", REFERENCE_GY))
        doses += [off(key, REFERENCE_GY) for key in DOSES]
    return np.array(volume), np.array(mean), np.array(doses)


def intervals(found, truth):
    """How many intervals there are and how many hold the truth, to 0.05 % of 50 Gy or of the volume."""
    held = count = 0
    for name, exact in truth.items():
        for key in ("Volume", *METRICS):
            low, high = found[name][f"{key} interval"]
            slack = 5e-4 * (exact[key] if key == "Volume" else REFERENCE_GY)
            held += low - slack <= exact[key] <= high + slack
            count += 1
    return count, held


def widths(found, truth):
    """Median half width of the intervals beside the median error of the values, in per cent, for each class."""
    out = []
    classes = {"volume": ("Volume",), "mean": ("Mean",), "D98 to D2": DOSES}
    for name, keys in classes.items():
        pairs = []
        for region, exact in truth.items():
            for key in keys:
                of = exact[key] if key == "Volume" else REFERENCE_GY
                low, high = found[region][f"{key} interval"]
                pairs.append((50 * (high - low) / of, 100 * abs(found[region][key] - exact[key]) / of))
        width, error = np.median(pairs, axis=0)
        out.append(f"{name} {_short(width)} / {_short(error)}")
    return "; ".join(out)


def table(runs, truth):
    """Markdown rows: cost as measured and as a multiple of the first program's, errors as median / worst."""
    first = runs[0]
    lines = [
        "| program | time s | CPU s | CPU, times | memory MB | volume % | mean % | D98 to D2 % |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        if run.failed:
            lines.append(f"| {run.name} | none: {run.failed.replace('|', '/')} | | | | | | |")
            continue
        parts = [f"{_short(np.median(part))} / {_short(part.max())}" for part in errors(run.found, truth)]
        lines.append(
            f"| {run.name} | {run.wall_s:.2f} | {run.cpu_s:.2f} | {run.cpu_s / first.cpu_s:.1f} | {run.peak_mb:.0f} | "
            f"{' | '.join(parts)} |"
        )
    return lines


def series(scratch, copies=(1, 2, 4, 8), rounds=1):
    """Rows of rtcheck's cost on the small case with its regions repeated: it grows with their number, no faster.

    With several rounds the sizes are measured in turn, and the least of each counts: what else the machine does only
    adds to it.
    """
    lines = ["| structures | contour points | CPU s | CPU s a structure |", "|---|---|---|---|"]
    program = PROGRAMS[0]
    about = {many: built(scratch / str(many), "--small", "--copies", many) for many in copies}
    spent = [[measured(program, sys.executable, scratch / str(many), scratch).cpu_s for many in copies]
             for _ in range(rounds)]  # fmt: skip
    for many, cpu_s in zip(copies, map(min, zip(*spent, strict=True)), strict=True):
        regions = about[many]["regions"]
        lines.append(f"| {regions} | {about[many]['points']} | {cpu_s:.2f} | {cpu_s / regions:.3f} |")
    return lines


def built(folder, *options):
    """Build a case in a process of its own: a process that has been large would make its children look large."""
    command = [sys.executable, "-m", "tests.bench.case", folder, *options]
    root = Path(__file__).resolve().parents[2]
    subprocess.run([str(word) for word in command], check=True, cwd=root, stdout=subprocess.DEVNULL)
    return json.loads((folder / "about.json").read_text())


def _short(value):
    return "missing" if not np.isfinite(value) else f"{value:.2g}" if value < 10 else f"{value:.0f}"


def main(arguments=None):
    """Build the case, run what is asked for, print the table; the exit code is 1 when rtcheck itself failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.run", description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "rtcheck-bench",
                        help="where the other programs are installed")
    parser.add_argument("--case", type=Path, help="keep the case here, and use it again")
    parser.add_argument("--small", action="store_true", help="a case of few points, and rtcheck alone")
    parser.add_argument("--series", action="store_true", help="rtcheck alone, on more and more structures")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="programs whose name begins so")
    given = parser.parse_args(arguments)
    compileall.compile_dir(Path(rtcheck.__file__).parent, quiet=2)
    with tempfile.TemporaryDirectory(prefix="rtcheck-bench-") as scratch:
        scratch = Path(scratch)
        if given.series:
            print("\n".join(series(scratch)))
            return 0
        case = given.case or scratch / "case"
        about = case / "about.json"
        if not about.exists() or json.loads(about.read_text())["small"] != given.small:
            built(case, "--small" if given.small else "--images")
        size = json.loads(about.read_text())
        truth = json.loads((case / "truth.json").read_text())
        wanted = [
            program for program in PROGRAMS
            if not (given.small and program.environment)
            and (not given.only or any(program.name.startswith(name) for name in given.only))
        ]  # fmt: skip
        runs = []
        for program in wanted:
            python = python_of(program, given.cache)
            if python is None:
                runs.append(Run(program.name, failed="not installed here"))
                continue
            print(f"running {program.name} ...", file=sys.stderr)
            runs.append(measured(program, python, case, scratch))
        print(f"{size['regions']} regions, {size['contours']} contours, {size['points']} contour points, dose "
              f"{'x'.join(map(str, reversed(size['voxels'])))}; one run each.\n")  # fmt: skip
        if runs and not runs[0].failed:
            print("\n".join(table(runs, truth)))
        print("\nErrors are median / worst over the regions, against the solids themselves; doses in % of 50 Gy. "
              "Missing: no number for some region.")
        for run in runs:
            if run.found and run.name.startswith("rtcheck"):
                count, held = intervals(run.found, truth)
                print(f"{run.name}: the truth lies in {held} of {count} intervals. Half width / error, medians in %: "
                      f"{widths(run.found, truth)}.")  # fmt: skip
        _print_where(case, scratch)
        _print_floor(case, scratch)
        for program in wanted:
            if program.note:
                print(f"- {program.name}: {program.note}.")
    return int(not runs or bool(runs[0].failed))


def _print_where(case, scratch):
    """What each part of one process costs: the value alone is a small one, its interval is most."""
    lines = [f"| CPU s | {' | '.join(PARTS)} |", "|---" * (len(PARTS) + 1) + "|"]
    for model in ("shape", "prism"):
        out, log = scratch / "where.json", scratch / "where.log"
        command = [sys.executable, "-m", "tests.bench.where", case / "export", model, out, *ASKED]
        if timed(command, log, scratch / "printed.json")[3]:
            print(f"Where the time goes under {model}: {_last_line(log)}")
            return
        spent = json.loads(out.read_text())
        lines.append(f"| {model} | {' | '.join(f'{spent[part]:.3f}' for part in PARTS)} |")
    print("\n".join(["", *lines, ""]))


def _print_floor(case, scratch):
    bare = timed([sys.executable, "-c", "import numpy"], scratch / "bare.log")
    out = scratch / "floor.json"
    timed([sys.executable, Path(__file__).parent / "floor.py", case, out], scratch / "floor.log")
    floor = json.loads(out.read_text())
    print(f"The floor: {floor['read_s']:.3f} s to read {floor['bytes'] / 1e6:.1f} MB, {floor['pass_s']:.3f} s for one "
          f"weighted histogram of 2.4 million samples, and {bare[1]:.2f} s CPU, {bare[2]:.0f} MB to start Python with "
          "NumPy.")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
