"""The benchmark's own parts: its case, its truth, its table; programs other than rtcheck are not run here."""

import json

import numpy as np
import pytest

from tests.bench.case import REGIONS, build, contours, dose_at, truth
from tests.bench.run import Run, errors, main, series, table, widths
from tests.bench.where import PARTS


def test_the_small_benchmark_runs(tmp_path, capsys):
    """One command builds the case, runs rtcheck, and prints costs, errors, intervals and the floor."""
    assert main(["--small", "--case", str(tmp_path / "case"), "--cache", str(tmp_path / "none")]) == 0
    out = capsys.readouterr().out
    rows = [line for line in out.splitlines() if line.startswith("| rtcheck")]
    assert len(rows) == 4
    found = [row.split("|")[6:] for row in rows]
    assert found[:2] == found[2:]  # two processes find what one finds
    assert "the truth lies in 42 of 42 intervals. Half width / error, medians in %: volume " in out
    assert "The floor:" in out
    spent = {row[0]: [float(part) for part in row[1:]] for row in _rows(out, ("shape", "prism"))}
    assert set(spent) == {"shape", "prism"}
    for parts in spent.values():  # a part that is never under way ends the command with a message instead of a row
        assert len(parts) == len(PARTS)
    assert not (tmp_path / "none").exists()
    about = json.loads((tmp_path / "case" / "about.json").read_text())
    assert about["regions"] == 7
    names = sorted(path.name for path in (tmp_path / "case" / "export").iterdir())
    assert names == ["dose.dcm", "plan.dcm", "struct.dcm"]


def _rows(out, names):
    """Cells of the rows of a printed table that begin with a name."""
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in out.splitlines()]
    return [row for row in rows if row[0] in names]


def test_the_series_has_a_row_for_each_size(tmp_path):
    """More structures are more work, and each costs about the same."""
    rows = [[float(part) for part in row.strip("| ").split("|")] for row in series(tmp_path, (1, 2), rounds=3)[2:]]
    assert [row[0] for row in rows] == [7, 14]
    assert rows[1][1] == 2 * rows[0][1]
    assert rows[1][3] < 1.5 * rows[0][3]


def test_the_case_is_the_same_every_time(tmp_path):
    """Two builds have the same bytes."""
    for name in ("a", "b"):
        build(tmp_path / name, small=True)
    for path in (tmp_path / "a").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_the_large_case_has_the_size_it_promises():
    """Thirty regions of about 285,000 points, drawn with the area of their sections; flat ends are bisected."""
    drawn = [contours(region, 0.8) for region in REGIONS]
    assert len(drawn) == 30
    assert sum(len(ring) for rings in drawn for ring in rings) == pytest.approx(285_000, rel=0.01)
    for region, rings in zip(REGIONS, drawn):
        if region.flat:
            x, y = rings[0][:, :2].T
            area = abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2
            assert area * 3 * len(rings) / 1000 == pytest.approx(region.volume_cm3, rel=1e-9)


@pytest.mark.parametrize("region", [REGIONS[3], REGIONS[9]], ids=lambda region: region.name)
def test_the_truth_is_that_of_random_points(region):
    """Mean and median dose of the stratified points are those of points thrown into the box about the region."""
    rng = np.random.default_rng(5)
    unit = rng.uniform(-1, 1, (400_000, 3))
    radius2 = np.sum(unit[:, :2] ** 2, axis=1)
    unit = unit[radius2 <= 1] if region.flat else unit[radius2 + unit[:, 2] ** 2 <= 1]
    values = dose_at(np.asarray(region.centre) + unit * region.half)
    exact = truth(region, 60_000)
    assert exact["Mean"] == pytest.approx(values.mean(), abs=0.06)
    assert exact["D50"] == pytest.approx(np.median(values), abs=0.12)


def test_half_widths_stand_beside_errors():
    """Half the interval and the error of the value, per cent of the volume and of 50 Gy, as medians of each class."""
    keys = ("Volume", "Mean", "D98", "D95", "D50", "D2")
    exact = {"A": dict.fromkeys(keys, 50.0)}
    found = {"A": dict.fromkeys(keys, 50.5) | {f"{key} interval": [49.0, 51.0] for key in keys}}
    assert widths(found, exact) == "volume 2 / 1; mean 2 / 1; D98 to D2 2 / 1"


def test_what_is_missing_is_never_accurate():
    """A region that a program left out, or gave no number for, is shown as missing; a failed one with its message."""
    exact = {"A": dict.fromkeys(("Volume", "Mean", "D98", "D95", "D50", "D2"), 50.0)}
    assert all(np.all(np.isinf(part)) for part in errors({}, exact))
    assert np.isinf(errors({"A": exact["A"] | {"Mean": float("nan")}}, exact)[1]).all()
    rows = table([Run("one", 1.0, 2.0, 3.0, exact), Run("two", failed="why | not"), Run("three", 2, 6, 9, {})], exact)
    assert rows[2] == "| one | 1.00 | 2.00 | 1.0 | 3 | 0 / 0 | 0 / 0 | 0 / 0 |"
    assert rows[3].startswith("| two | none: why / not |")
    assert "3.0 | 9 | missing / missing" in rows[4]
