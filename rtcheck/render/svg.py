"""Elements of a vector picture as text: every name and value escaped, coordinates rounded, the same bytes each time."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from rtcheck.model.arrays import FloatArray
from rtcheck.render.terminal import visible

__all__ = ["element", "number", "path_data", "shorten", "text_element"]

Attribute = str | float | int | None


def element(name: str, attributes: dict[str, Attribute], *children: str) -> str:
    """Return one element; attributes of None are left out, ``_`` in their names stands for ``-``.

    Args:
        name: of the element.
        attributes: texts and numbers, escaped here.
        *children: markup, written as it is: texts come through `text_element`.
    """
    written = "".join(
        f" {key.replace('_', '-')}={quoteattr(value if isinstance(value, str) else number(value))}"
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(children)
    return f"<{name}{written}>{inner}</{name}>" if inner else f"<{name}{written}/>"


def text_element(name: str, attributes: dict[str, Attribute], text: str) -> str:
    """Return an element that holds a text from anywhere: hidden characters as escapes, markup as plain text."""
    return element(name, attributes, escape(visible(text)))


def number(value: float) -> str:
    """Return a coordinate with up to two decimals, never an exponent or a negative zero."""
    text = f"{float(value):.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def path_data(lines: Iterable[FloatArray], decimals: int = 1) -> str:
    """Return the ``d`` of a path through polylines (n, 2); one whose last point is its first is closed.

    Points that fall together after rounding are left out, steps are written relative: half the size.
    """
    scale = 10**decimals
    out = []
    for line in lines:
        points = np.rint(np.asarray(line) * scale).astype(np.int64)
        keep = np.concatenate([[True], np.any(np.diff(points, axis=0) != 0, axis=1)])
        points = points[keep]
        if len(points) < 2:
            continue
        closed = bool(np.array_equal(points[0], points[-1]))
        steps = np.diff(points[:-1] if closed else points, axis=0)
        start = f"M{_short(points[0, 0], scale)} {_short(points[0, 1], scale)}"
        rest = "l" + " ".join(f"{_short(x, scale)} {_short(y, scale)}" for x, y in steps.tolist()) if len(steps) else ""
        out.append(start + rest + ("z" if closed else ""))
    return "".join(out)


def shorten(text: str, most: int) -> str:
    """Return at most `most` characters of a label; what is left out shows as an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _short(value: int, scale: int) -> str:
    text = f"{value / scale:g}" if abs(value) < 10**6 else str(round(value / scale))
    return "0" if text == "-0" else text
