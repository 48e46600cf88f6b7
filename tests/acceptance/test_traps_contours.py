"""Pitfalls of contours (rows 22 to 30 of the table): see `test_traps.py`."""

from __future__ import annotations

import numpy as np
import pytest

from tests.acceptance.kit import constraint, protocol_text
from tests.acceptance.trap_tools import (
    CORD_VOLUME,
    Z,
    check_cord,
    cord_loops,
    not_evaluated,
)
from tests.synthetic.simple import box_contours, linear, step


def test_row_22_end_slices(bench):
    """A volume limit that the end-slice convention decides is undecided (RTD603), not met and not violated."""
    low = round(0.999 * CORD_VOLUME, 4)
    rows = [
        constraint("above", metric="Volume[cc]", goal=f"<= {CORD_VOLUME * 1.001!r} cc"),
        constraint("below", metric="V1Gy[cc]", goal=f">= {low!r} cc"),
        constraint("clear", metric="Volume[cc]", goal=f"<= {CORD_VOLUME * 1.5!r} cc"),
        constraint("cut", metric="Volume[cc]", goal=f"<= {CORD_VOLUME * 117.5 / 120!r} cc"),
    ]
    result = bench.check(protocol=protocol_text(*rows))
    assert result.state("clear") == "MET", result.text
    assert result.state("below") == "UNDECIDED", "the stack cut at its last contours is within the interval"
    assert result.outcome("above")["low"] <= CORD_VOLUME * 117 / 120 * (1 + 1e-9)
    assert result.severity("RTD603") == {"W"}
    assert result.verdict in ("REVIEW", "FAIL")
    assert bench.check(protocol=protocol_text(*rows[1:3])).verdict == "REVIEW"
    text = str(result.doc["provenance"]["conventions"]).lower()
    assert "end" in text or "cap" in text, f"the end-slice convention is not stated: {text}"


@pytest.mark.parametrize("missing", [(12,), (12, 13, 14), (5, 20)])
def test_row_23_missing_slices(bench, missing):
    """A gap in a structure is RTD312: not evaluable where it changes the result, at best REVIEW where it does not."""
    loops = [loop for index, loop in enumerate(cord_loops()) if index not in missing]
    result = check_cord(bench, loops)
    assert result.codes & {"RTD312"}, result.text
    assert result.verdict in ("REVIEW", "INCOMPLETE"), result.text
    hot = linear(2.0, (0, 0, 0.0))
    gap = Z[0] + 3 * np.mean(missing)

    def spike(points):
        inside = (np.abs(points[..., 2] - gap) < 3.1) & (np.abs(points[..., 0]) < 9) & (points[..., 1] > 38)
        return np.where(inside, 30.0, np.maximum(step()(points), hot(points)))

    if len(set(np.diff(missing))) <= 1 and max(np.diff(missing), default=1) == 1:
        hidden = check_cord(bench, loops, dose=spike)
        assert "RTD312" in hidden.codes, hidden.text
        assert hidden.verdict in ("INCOMPLETE", "FAIL"), hidden.text
        assert hidden.state("cord") in ("NOT_EVALUATED", "VIOLATED")
    if len(missing) == 3:
        volume = check_cord(bench, loops, text=protocol_text(constraint("cord", metric="Volume[cc]", goal="<= 99 cc")))
        found = volume.outcome("cord")
        assert found["outcome"] == "NOT_EVALUATED" or found["low"] <= CORD_VOLUME * 37 / 40 <= found["high"] * 1.001


def test_row_24_irregular_spacing(bench):
    """Uneven planes each have their own thickness (RTD313 W): the volume is that of the stack."""
    z = [-54.0, -51.0, -48.0, -46.0, -43.0, -40.0, -36.5, -33.5, -30.5, -28.0, -25.0]
    wide = [(-5, 5) if index % 2 else (-4, 6) for index in range(len(z))]
    loops = [box_contours(x, (42, 52), (w, w))[0] for x, w in zip(wide, z, strict=True)]
    loops[4] = box_contours((-5, 5), (32, 52), (z[4], z[4]))[0]
    expected = (z[-1] - z[0] + 1.5 + 1.5) * 100 / 1000 + (z[5] - z[3]) / 2 * 100 / 1000
    result = check_cord(bench, loops, "--structure-model", "prism")
    assert result.severity("RTD313") == {"W"}, result.text
    found = result.outcome("volume")
    assert found["value"] == pytest.approx(expected, rel=1e-4), result.text
    assert result.verdict == "REVIEW", result.text
    shaped = check_cord(bench, loops, "--structure-model", "shape").outcome("volume")
    assert shaped["low"] <= expected <= shaped["high"]


def test_row_25_planes_a_hair_apart(bench):
    """Contours of one slice whose z differ by rounding are one plane: counted once, and said (RTD313)."""
    loops = []
    for index, loop in enumerate(cord_loops()):
        left, right = loop.copy(), loop.copy()
        left[:, 0] = np.clip(left[:, 0], -5, -1)
        right[:, 0] = np.clip(right[:, 0], 1, 5)
        right[:, 2] += 0.01 * (index % 3 - 1)
        loops += [left, right]
    result = check_cord(bench, loops)
    assert result.outcome("volume")["value"] == pytest.approx(0.8 * CORD_VOLUME, rel=2e-3), result.text
    assert result.severity("RTD313") == {"W"}, result.text
    assert result.verdict == "REVIEW"


def test_row_27_bow_tie(bench):
    """A contour that crosses itself encloses different areas under the two fill rules: RTD307, not evaluable."""
    loops = cord_loops()
    loops[15] = loops[15][[0, 1, 3, 2]]
    not_evaluated(check_cord(bench, loops), "RTD307")
    every = [loop[[0, 1, 3, 2]] for loop in cord_loops()]
    result = check_cord(bench, every)
    assert result.codes & {"RTD307", "RTD305"}
    assert result.state("cord") == "NOT_EVALUATED"


def pentagram(z):
    """A star drawn in one stroke: its middle is wound twice, so even-odd leaves it out."""
    angle = np.pi / 2 + 4 * np.pi / 5 * np.arange(5)
    return np.column_stack([5 * np.cos(angle), 47 + 5 * np.sin(angle), np.full(5, z)])


def test_row_27_pentagram(bench):
    """A pentagram has twice-wound parts: even-odd and non-zero disagree, so RTD307."""
    not_evaluated(check_cord(bench, [pentagram(loop[0, 2]) for loop in cord_loops()]), "RTD307")


def keyhole(z, channel=0.0):
    """A 10 mm square with a 6 mm hole, drawn as one path through a channel."""
    outer = [(-5, 42), (5, 42), (5, 52), (-5, 52), (-5, 42)]
    inner = [(-3, 44), (-3, 50), (3, 50), (3, 44), (-3 + channel, 44)]
    path = [*outer, *inner] if not channel else [*outer[1:], (-5 + channel / 2, 42), *inner[::-1]]
    return np.array([(a, b, z) for a, b in path], float)


def test_row_28_keyhole(bench):
    """A hole drawn as one path through a thin channel is a hole: area 64 of 100, a note (RTD308), and a PASS."""
    result = check_cord(bench, [keyhole(loop[0, 2]) for loop in cord_loops()])
    assert result.outcome("volume")["value"] == pytest.approx(0.64 * CORD_VOLUME, rel=1e-6), result.text
    assert result.severity("RTD308") == {"I"}, result.text
    assert result.verdict == "PASS", result.text


def test_row_29_partial_overlap(bench):
    """Partly overlapping contours of one structure on a plane read 150 or 100: RTD309, not evaluable."""
    loops = cord_loops()
    not_evaluated(check_cord(bench, [*loops, loops[20] + [5, 0, 0]]), "RTD309")
    apart = check_cord(bench, [*loops, loops[20] + [12, 0, 0]])
    assert "RTD309" not in apart.codes, apart.text
    assert apart.verdict == "PASS", apart.text


def test_row_29_mixed_types(bench):
    """CLOSED_PLANAR and CLOSEDPLANAR_XOR in one ROI are two rules at once: RTD309."""
    loops = cord_loops()
    kinds = ["CLOSED_PLANAR" if index % 2 else "CLOSEDPLANAR_XOR" for index in range(len(loops))]
    result = check_cord(bench, loops, kind=kinds)
    assert "RTD309" in result.codes, result.text
    assert result.verdict == "INCOMPLETE"


def test_row_30_contour_twice(bench):
    """A contour stored twice counts once (RTD311 W), also with another start and the other way round."""
    loops = cord_loops()
    for twin in (loops[9].copy(), np.roll(loops[9], 2, axis=0), loops[9][::-1]):
        result = check_cord(bench, [*loops, twin])
        assert result.severity("RTD311") == {"W"}, result.text
        assert result.outcome("volume")["value"] == pytest.approx(CORD_VOLUME, rel=1e-6)
        assert result.verdict == "REVIEW", result.text
