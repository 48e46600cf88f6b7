"""The margin of a value to its limit as a small picture: what is allowed, the limit, the value and its interval."""

from __future__ import annotations

from rtcheck.render.document import Bar
from rtcheck.render.dvh_svg import PAPER, Theme
from rtcheck.render.svg import element, text_element

__all__ = ["bar_svg"]

_WIDTH, _HEIGHT = 120.0, 18.0
_TRACK = (6.0, 6.0)
"""Top and height of the track."""


def bar_svg(bar: Bar, theme: Theme = PAPER, colour: str = "") -> str:
    """Draw a bar: the allowed side filled, the goal a line, the last acceptable value a dashed one.

    Args:
        bar: positions as shares of the length.
        theme: colours.
        colour: of the value; by default the ink of the theme.
    """
    top, height = _TRACK
    ink = colour or theme.ink
    value, low, high, goal = (_x(share) for share in (bar.value, bar.low, bar.high, bar.goal))
    allowed = (2.0, goal) if bar.upper else (goal, _WIDTH - 2)
    edge = f"M{goal:.1f} 1v{_HEIGHT - 2:g}"
    parts = [
        text_element("title", {}, bar.text),
        element("rect", {"x": 2, "y": top, "width": _WIDTH - 4, "height": height, "rx": 2, "fill": theme.grid}),
        element(
            "rect",
            {"x": allowed[0], "y": top, "width": max(0.0, allowed[1] - allowed[0]), "height": height, "rx": 2,
             "fill": theme.quiet, "fill_opacity": 0.45},
        ),
        element("path", {"d": edge, "stroke": theme.ink, "stroke_width": 1.6}),
        element(
            "path",
            {"d": "" if bar.variation is None else f"M{_x(bar.variation):.1f} 1v{_HEIGHT - 2:g}",
             "stroke": theme.ink, "stroke_width": 1.2, "stroke_dasharray": "2 2"},
        ),
        element(
            "rect",
            {"x": min(low, high), "y": top - 2, "width": max(1.0, abs(high - low)), "height": height + 4, "rx": 1.5,
             "fill": ink, "fill_opacity": 0.35},
        ),
        element(
            "circle",
            {"cx": value, "cy": top + height / 2, "r": 3.6, "fill": ink, "stroke": theme.ground, "stroke_width": 1},
        ),
    ]  # fmt: skip
    return element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {_WIDTH:g} {_HEIGHT:g}", "role": "img",
            "class": "bar",
        },
        *parts,
    )  # fmt: skip


def _x(share: float) -> float:
    return 4 + min(max(share, 0.0), 1.0) * (_WIDTH - 8)
