"""What a check costs, as numbers of samples and as memory: never in seconds, which depend on the machine."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rtcheck.dvh import engine
from rtcheck.geometry.rings import stack_contours
from rtcheck.geometry.solid import Leaf
from tests.analytic.phantoms import field_of, grid_of, roi_of, sphere

ROOT = Path(__file__).parents[2] / "sample_dicom"
PEAK_MB = 400

MEMORY = """
import sys
from rtcheck.catalogue.protocol import read_protocol
from rtcheck.catalogue.registry import read_record
from rtcheck.check import check
from rtcheck.dicom.case import read_case
from pathlib import Path
root = Path(sys.argv[1])
case = read_case([root / "icc-0001" / "export"])
check(case, read_record(root / "icc-0001" / "registry.toml"), read_protocol(str(root / "protocol.toml")))
# not ru_maxrss, which a child process takes over from its parent
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.fixture
def samples_of(monkeypatch):
    """Numbers of samples drawn, drawing by drawing, of a sphere in a dose that climbs by `slope` Gy/mm."""
    drawn = []

    def counted(function):
        def draw(*given, **options):
            samples, more = function(*given, **options)
            drawn.append(len(samples.volume_cm3))
            return samples, more

        return draw

    for name in ("sample_prisms", "sample_shape"):
        monkeypatch.setattr(engine, name, counted(getattr(engine, name)))

    def numbers(radius, slope=0.0, model="prism"):
        drawn.clear()
        stack, _ = stack_contours(roi_of(sphere(radius), 2.5, 0.5))
        field = field_of(grid_of(lambda x, y, z: 40 + slope * x + 0 * y + 0 * z, 2.5, radius + 4))
        engine.sample_solid("A", Leaf(stack), field, model)
        return list(drawn)

    return numbers


@pytest.mark.parametrize(("model", "most"), [("prism", 32_000), ("shape", 60_000)])
def test_samples_do_not_grow_with_the_structure(model, most, samples_of):
    """From 4 to 900 cm³ a uniform dose takes the same number of samples, of all readings, within a factor of two."""
    counts = np.array([samples_of(radius, model=model) for radius in (10, 20, 40, 60)])
    assert counts.shape == (4, 3)  # the value, the coarser sampling of it and the other model
    assert np.all(counts.max(axis=0) <= 2 * counts.min(axis=0))
    assert counts[:, 0].max() <= most


@pytest.mark.parametrize("model", ["prism", "shape"])
def test_steep_doses_take_more_samples_but_few(model, samples_of):
    """In a gradient the tails are cut, in more rounds the larger the structure: up to sixteen times the samples."""
    for radius in (10, 40, 60):
        flat, steep = samples_of(radius, model=model), samples_of(radius, 0.5, model)
        assert flat[0] < steep[0]
        assert max(steep) <= 16 * flat[0]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the peak memory of a process")
def test_peak_memory_of_the_sample():
    """A check of the sample patient, as a process of its own, peaks under 400 MB."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(ROOT)], capture_output=True, text=True, check=True, timeout=300
    )
    assert int(done.stdout) / 1000 < PEAK_MB
