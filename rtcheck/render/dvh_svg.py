"""Cumulative dose-volume histograms as a static picture: curves with their band, limits as marks, names at the curves.

The plot of a page without JavaScript, and of a printed one. Curves differ in colour and in dash pattern, so that they
can be told apart in grey and by every kind of colour vision; colours are those of Okabe and Ito, without yellow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtcheck.model.arrays import FloatArray
from rtcheck.render.document import CurveLine, MarkShown, Plot
from rtcheck.render.svg import element, path_data, shorten, text_element

__all__ = ["DASHES", "PAGE", "PAPER", "Theme", "curve_style", "dose_range", "plot_svg", "swatch_svg"]

DASHES = ("", "7 3", "2 2.5", "9 3 2 3")
"""Dash patterns in turn; with the colours they repeat only after 28 curves."""

_WIDTH, _HEIGHT = 960.0, 500.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 18.0, 14.0, 50.0
_FONT = "system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"
_STEPS = (0.5, 1, 2, 5, 10, 20, 50, 100)
_NAME = 26


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours, each anything that SVG takes: a literal colour, or a custom property of the page."""

    curves: tuple[str, ...]
    ink: str
    quiet: str
    grid: str
    ground: str
    bad: str


PAPER = Theme(
    curves=("#0072b2", "#c44e00", "#007d5a", "#a8457f", "#2b8cc4", "#9a6a00", "#3a3a3a"),
    ink="#1b1f24", quiet="#59636e", grid="#dfe3e8", ground="#ffffff", bad="#b3261e",
)  # fmt: skip
"""Literal colours for white paper; each has a contrast of at least 3 to 1 with it."""

PAGE = Theme(
    curves=tuple(f"var(--curve-{number})" for number in range(7)),
    ink="var(--ink)", quiet="var(--quiet)", grid="var(--line)", ground="var(--page)", bad="var(--bad)",
)  # fmt: skip
"""The page's own colours, which follow light and dark."""


def curve_style(style: int, theme: Theme) -> tuple[str, str]:
    """Return colour and dash pattern of a `CurveLine.style`."""
    return theme.curves[style % len(theme.curves)], DASHES[style % len(DASHES)]


def dose_range(plot: Plot) -> tuple[float, float]:
    """Return the end of the dose axis and the step of its ticks, Gy: all curves and marks are within."""
    highest = 1.0
    for line in plot.lines:
        with_volume = line.curve.dose_gy[line.curve.high_percent > 0]
        if len(with_volume):
            highest = max(highest, float(with_volume[-1]))
        highest = max([highest, *(mark.dose_gy for mark in line.marks)])
    step = next((step for step in _STEPS if highest / step <= 12), 200)
    return float(np.ceil(highest * 1.02 / step) * step), float(step)


def plot_svg(plot: Plot, theme: Theme = PAPER) -> str:
    """Draw a plot.

    Args:
        plot: what to draw.
        theme: colours.

    Returns:
        One ``svg`` element that is as wide as its place allows. The same plot gives the same bytes.
    """
    axes = _Axes(*dose_range(plot))
    taken: list[tuple[float, float, float, float]] = []
    names = [name for line in plot.lines if (name := _name(line, axes, theme, taken, plot))]
    return element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {_WIDTH:g} {_HEIGHT:g}",
            "role": "img",
            "class": "plot",
            "font_family": _FONT,
            "font_size": 12,
        },
        text_element("title", {}, plot.title),
        text_element("desc", {}, plot.summary),
        element("rect", {"width": _WIDTH, "height": _HEIGHT, "fill": theme.ground}),
        *axes.drawn(plot, theme),
        *(_band(line, axes, theme) for line in plot.lines),
        *(_curve(line, axes, theme) for line in plot.lines),
        *(_mark(mark, line, axes, theme) for line in plot.lines for mark in line.marks),
        *names,
    )


def swatch_svg(style: int, theme: Theme = PAPER) -> str:
    """Draw a short piece of a curve, for a legend."""
    colour, dash = curve_style(style, theme)
    return element(
        "svg",
        {"xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 28 10", "class": "swatch", "aria_hidden": "true"},
        element(
            "path",
            {"d": "M1 5h26", "fill": "none", "stroke": colour, "stroke_width": 2.4, "stroke_dasharray": dash or None},
        ),
    )


class _Axes:
    """From dose in Gy and volume in per cent to the drawing."""

    def __init__(self, highest: float, step: float) -> None:
        self.highest, self.step = highest, step

    def x(self, dose: float) -> float:
        return _LEFT + dose / self.highest * (_WIDTH - _LEFT - _RIGHT)

    def y(self, percent: float) -> float:
        return _TOP + (1 - percent / 102) * (_HEIGHT - _TOP - _BOTTOM)

    def line(self, dose: FloatArray, percent: FloatArray) -> FloatArray:
        x = _LEFT + dose / self.highest * (_WIDTH - _LEFT - _RIGHT)
        return np.stack([x, _TOP + (1 - percent / 102) * (_HEIGHT - _TOP - _BOTTOM)], axis=1)

    def drawn(self, plot: Plot, theme: Theme) -> list[str]:
        """Grid lines, ticks and titles."""
        doses = np.arange(0, self.highest + self.step / 2, self.step).tolist()
        volumes = list(range(0, 101, 20))
        right, base = self.x(self.highest), self.y(0)
        grid = "".join(f"M{self.x(dose):.1f} {_TOP:.1f}V{base:.1f}" for dose in doses)
        grid += "".join(f"M{_LEFT:.1f} {self.y(volume):.1f}H{right:.1f}" for volume in volumes)
        quiet = theme.quiet
        middle = (_TOP + base) / 2
        return [
            element("path", {"d": grid, "fill": "none", "stroke": theme.grid, "stroke_width": 1}),
            element("path", {"d": f"M{_LEFT:.1f} {_TOP:.1f}V{base:.1f}H{right:.1f}", "fill": "none", "stroke": quiet}),
            *(
                text_element("text", {"x": self.x(dose), "y": base + 17, "fill": quiet, "text_anchor": "middle"},
                             f"{dose:g}")
                for dose in doses
            ),
            *(
                text_element("text", {"x": _LEFT - 8, "y": self.y(volume) + 4, "fill": quiet, "text_anchor": "end"},
                             f"{volume}")
                for volume in volumes
            ),
            text_element(
                "text", {"x": (_LEFT + right) / 2, "y": _HEIGHT - 10, "fill": theme.ink, "text_anchor": "middle"},
                plot.dose_axis,
            ),
            text_element(
                "text",
                {"x": 15, "y": middle, "fill": theme.ink, "text_anchor": "middle",
                 "transform": f"rotate(-90 15 {middle:.1f})"},
                plot.volume_axis,
            ),
        ]  # fmt: skip


def _seen(line: CurveLine) -> slice:
    """Return the points up to the first where even the upper end of the interval has no volume."""
    with_volume = np.flatnonzero(line.curve.high_percent > 0)
    return slice(0, int(with_volume[-1]) + 2 if len(with_volume) else 1)


def _band(line: CurveLine, axes: _Axes, theme: Theme) -> str:
    curve, seen = line.curve, _seen(line)
    dose = curve.dose_gy[seen]
    upper, lower = axes.line(dose, curve.high_percent[seen]), axes.line(dose, curve.low_percent[seen])
    ring = np.concatenate([upper, lower[::-1], upper[:1]])
    return element("path", {"d": path_data([ring]), "fill": curve_style(line.style, theme)[0], "fill_opacity": 0.18})


def _curve(line: CurveLine, axes: _Axes, theme: Theme) -> str:
    curve, seen = line.curve, _seen(line)
    colour, dash = curve_style(line.style, theme)
    return element(
        "path",
        {
            "d": path_data([axes.line(curve.dose_gy[seen], curve.value_percent[seen])]),
            "fill": "none", "stroke": colour, "stroke_width": 2.2 if line.role == "target" else 1.5,
            "stroke_dasharray": dash or None, "stroke_linejoin": "round",
            "stroke_opacity": None if line.shown else 0.45,
        },
    )  # fmt: skip


def _mark(mark: MarkShown, line: CurveLine, axes: _Axes, theme: Theme) -> str:
    """Draw a triangle whose flat side is the limit and whose tip points to where the curve has to pass.

    The goal's is filled, that of the last acceptable value hollow. A limit on a mean is a mark below the dose axis.
    """
    colour, _ = curve_style(line.style, theme)
    if mark.tone == "bad":
        colour = theme.bad
    x = axes.x(mark.dose_gy)
    if mark.volume_percent is None:
        sign = -1 if mark.allowed == "below" else 1
        y = axes.y(0)
        shape = f"M{x:.1f} {y + 1:.1f}v-11M{x:.1f} {y - 10:.1f}l{7 * sign} 4.5l{-7 * sign} 4.5z"
    else:
        y = axes.y(mark.volume_percent)
        sign = 1 if mark.allowed == "below" else -1
        shape = f"M{x - 6:.1f} {y:.1f}h12l-6 {8 * sign}z"
    fill = colour if mark.limit == "goal" else theme.ground
    return element(
        "path",
        {"d": shape, "fill": fill, "stroke": colour, "stroke_width": 1.4, "stroke_linejoin": "round"},
        text_element("title", {}, mark.text),
    )


def _name(
    line: CurveLine, axes: _Axes, theme: Theme, taken: list[tuple[float, float, float, float]], plot: Plot
) -> str:
    """Write the name at its curve, where it covers neither another name nor, if it can be helped, another curve."""
    if not line.shown:
        return ""
    curve = line.curve
    text = shorten(line.label, _NAME)
    width = 6.7 * sum(2 if ord(letter) > 0x2E80 else 1 for letter in text) + 4
    best: tuple[float, float, float] | None = None
    for percent in (62, 50, 74, 38, 84, 26, 92, 16, 8, 4):
        # the dose at which the curve falls through this volume
        at = int(np.searchsorted(-curve.value_percent, -float(percent)))
        if at >= len(curve.dose_gy):
            continue
        x, y = axes.x(float(curve.dose_gy[at])) + 5, axes.y(percent) + 4
        if x + width > _WIDTH - 4:
            x -= width + 10
        box = (x, y - 12, x + width, y + 3)
        if box[0] < _LEFT or any(_meet(box, other) for other in taken):
            continue
        cost = sum(_crosses(other, box, axes) for other in plot.lines if other is not line)
        if best is None or cost < best[0]:
            best = (cost, x, y)
        if cost == 0:
            break
    if best is None:
        # no room: kept unseen, since how many elements there are must not depend on names
        return text_element("text", {"display": "none"}, text)
    _, x, y = best
    taken.append((x, y - 12, x + width, y + 3))
    colour, _ = curve_style(line.style, theme)
    return text_element(
        "text",
        {
            "x": x, "y": y, "fill": colour, "font_weight": 600, "stroke": theme.ground, "stroke_width": 3.5,
            "stroke_linejoin": "round", "paint_order": "stroke",
        },
        text,
    )  # fmt: skip


def _crosses(line: CurveLine, box: tuple[float, float, float, float], axes: _Axes) -> float:
    """Return how much of a curve lies in a box, as a number of its points."""
    points = axes.line(line.curve.dose_gy, line.curve.value_percent)
    inside = (points[:, 0] > box[0]) & (points[:, 0] < box[2]) & (points[:, 1] > box[1]) & (points[:, 1] < box[3])
    return float(np.count_nonzero(inside))


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
