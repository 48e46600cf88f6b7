"""The programs of the benchmark: how each is installed in an environment of its own, and how it is run."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
METRICS = ("Mean", "D98", "D95", "D50", "D2")
REFERENCE_GY = 50.0
ASKED = ("Volume[cc]", "Mean[Gy]", "D98%[Gy]", "D95%[Gy]", "D50%[Gy]", "D2%[Gy]")


@dataclass(frozen=True)
class Program:
    """One row of the table.

    Attributes:
        name: shown.
        environment: folder of its virtual environment; empty for the one that runs the benchmark.
        packages: what pip installs there.
        commands: functions of (python, case folder, result file) to the commands that are timed together.
        reader: the same for what turns its output into our metrics, not timed; None when the commands do.
        note: what has to be known about it.
    """

    name: str
    environment: str
    packages: tuple[str, ...]
    commands: object
    reader: object = None
    note: str = ""


def _rtcheck(model, jobs=1):
    def commands(python, case, out):
        asked = [word for metric in ASKED for word in ("-m", metric)]
        options = ["--structure-model", model, "--jobs", str(jobs), "--format", "json"]
        return [[python, "-m", "rtcheck", "dvh", case / "export", *options, *asked]]

    return commands


def _script(name, *words):
    return lambda python, case, out: [[python, PEERS / name, case, out, *words]]


def _plastimatch_default(python, case, out):
    binary = Path(python).parent / "plastimatch"
    return [[binary, "dvh", "--input", case / "export", "--normalization", "vox", "--bin-width", "0.1",
             "--num-bins", "800", "--output-csv", out.with_suffix(".csv")]]  # fmt: skip


def _plastimatch_on_dose(python, case, out):
    binary, image, names = Path(python).parent / "plastimatch", out.with_suffix(".nrrd"), out.with_suffix(".txt")
    dose = case / "export" / "dose.dcm"
    return [
        [binary, "convert", "--input", case / "export" / "struct.dcm", "--fixed", dose, "--output-ss-img", image,
         "--output-ss-list", names],
        [binary, "dvh", "--input-ss-img", image, "--input-ss-list", names, "--input-dose", dose, "--normalization",
         "vox", "--bin-width", "0.1", "--num-bins", "800", "--output-csv", out.with_suffix(".csv")],
    ]  # fmt: skip


_GAPS = "contours drawn on the nearest planes of the dose, so that others stay empty"
_DICOMPYLER = ("dicompyler-core==0.5.6", "pydicom<3", "numpy<2", "matplotlib", "scikit-image")

PROGRAMS = (
    Program("rtcheck (shape)", "", (), _rtcheck("shape"), note="metrics with intervals"),
    Program("rtcheck (prism)", "", (), _rtcheck("prism"), note="metrics with intervals"),
    Program("rtcheck (shape), two processes", "", (), _rtcheck("shape", 2), note="as by default on two cores"),
    Program("rtcheck (prism), two processes", "", (), _rtcheck("prism", 2), note="as by default on two cores"),
    Program("plastimatch", "plastimatch", ("plastimatch==1.10.0",), _plastimatch_default,
            _script("plastimatch_read.py", "0.779297,0.779297,3"), "`dvh --input`: its own grid of 512 x 512"),
    Program("plastimatch, dose grid", "plastimatch", ("plastimatch==1.10.0",), _plastimatch_on_dose,
            _script("plastimatch_read.py", "DOSE"), _GAPS),
    Program("dicompyler-core", "dicompyler-core", _DICOMPYLER, _script("dicompyler.py")),
    Program("dicompyler-core, extents", "dicompyler-core", _DICOMPYLER, _script("dicompyler.py", "extents"),
            note="`use_structure_extents`"),
    Program("dosemetrics", "dosemetrics", ("dosemetrics==0.4.1",), _script("dosemetrics_dvh.py"),
            note=_GAPS),
    Program("platipy", "platipy", ("platipy==0.7.2",), _script("platipy_masks.py"), note="reads 102 CT slices too"),
    Program("pycerr", "pycerr", ("pycerr==2.5.1",), _script("pycerr_dvh.py"), note="reads 102 CT slices too"),
    Program("pymedphys", "pymedphys", ("pymedphys==0.41.0", "pydicom<3", "numpy<2", "shapely", "scipy", "matplotlib"),
            _script("pymedphys_masks.py"), note="wants contours on every plane of the dose, which this case has not"),
)  # fmt: skip


def python_of(program, cache):
    """The interpreter of a program, installed when it is not there yet; None when it cannot be installed."""
    if not program.environment:
        return sys.executable
    home = cache / program.environment
    python = home / "bin" / "python"
    stamp = home / "installed.txt"
    wanted = "\n".join(program.packages)
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return str(python)
    print(f"installing {program.environment} ...", file=sys.stderr)
    made = subprocess.run([sys.executable, "-m", "venv", home], check=False)
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *program.packages]
    if made.returncode or subprocess.run(pip, check=False).returncode:
        return None
    stamp.write_text(wanted)
    return str(python)
