"""The report as one HTML file: nothing outside it is needed, nothing outside it may be loaded.

The Content-Security-Policy in the page forbids every load; the one style and the one script run because their digests
stand in it, pictures are data. Static pictures make the page complete where no script runs; uPlot (MIT, bundled with
its licence) adds a plot that answers pointer and keyboard. Every text is escaped by the template engine, and the JSON
in it cannot end its element. Same document, same bytes.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from rtcheck.render.bar_svg import bar_svg
from rtcheck.render.document import Bar, Document, PictureSet, Plot, Tone
from rtcheck.render.dvh_svg import PAGE, curve_style, dose_range, plot_svg, swatch_svg
from rtcheck.render.picture_svg import isodose_legend, picture_svg
from rtcheck.render.svg import element

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import Template
    from markupsafe import Markup

__all__ = ["html_report"]

_WORDS = {
    "en": {
        "counts": "Counts",
        "isodoses": "Isodose lines",
        "read_at": "Read the curves at",
        "plot_key": "The tip of a mark points to the side on which the curve has to pass; a red one was not met.",
    },
    "zh": {
        "counts": "计数",
        "isodoses": "等剂量线",
        "read_at": "在此剂量读取曲线",
        "plot_key": "标记的尖端指向曲线应经过的一侧；红色标记表示未达标。",
    },
}
_FALLBACK = {"contents": "Contents", "skip": "Skip to the content", "curves": "Structures shown",
             "what_to_do": "what to do", "download_json": "Save the JSON"}


def html_report(document: Document) -> str:
    """Return the page of a document."""
    words = {**_FALLBACK, **dict(document.words), **_WORDS[document.language]}
    style = _asset("uPlot.min.css") + "\n" + _asset("report.css") + _page_header(document)
    script = _asset("uPlot.iife.min.js") + "\n" + _asset("report.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_digest(script)}'",
            f"style-src '{_digest(style)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return _template().render(
        document=document,
        word={**words, "do": words["what_to_do"]},
        policy=policy,
        style=_trusted(style),
        script=_trusted(script),
        report_json=_embedded(_compact(document.report_json)),
        exhibits_json=_embedded(_compact(document.exhibits_json or "null")),
        plots_json=_embedded(_plots(document, words)),
        bar=_bar,
        plot_svg=_markup(lambda plot: plot_svg(plot, PAGE)),
        swatch=_markup(lambda style: swatch_svg(style, PAGE)),
        plane_svg=_markup(picture_svg),
        isodoses=_isodoses,
        kind_of=lambda block: type(block).__name__,
    ).encode("utf-8", "backslashreplace").decode("utf-8")


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415  # only pages need it

    environment = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(_asset("report.html.j2"))


@cache
def _asset(name: str) -> str:
    """Return a file of the package, with line ends as browsers hash them."""
    return (files("rtcheck.render") / "html" / name).read_text("utf-8").replace("\r\n", "\n")


def _digest(text: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _markup(draw: Callable[..., str]) -> Callable[..., Markup]:
    """Mark what a drawing function returns as markup: it has escaped every text itself."""
    return lambda *arguments: _trusted(draw(*arguments))


def _trusted(text: str) -> Markup:
    """Mark a text that is made here, or has been escaped here, as markup."""
    from markupsafe import Markup  # noqa: PLC0415  # only pages need it

    return Markup(text)  # noqa: S704  # nothing from outside comes here unescaped


def _bar(bar: Bar, tone: Tone) -> Markup:
    return _markup(bar_svg)(bar, PAGE, f"var(--{bar.tone or tone})" if bar.tone in _SHADES or tone in _SHADES else "")


_SHADES = ("good", "bad", "warn", "open")


def _compact(text: str) -> str:
    """Return the same JSON without blanks between its parts: half the size where there are many numbers."""
    return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))


def _embedded(text: str) -> Markup:
    """Return JSON as it may stand in a script element: the same values, and nothing that could end the element."""
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return _trusted(text.strip())


def _page_header(document: Document) -> str:
    """Return the rule for printed pages: who and what on top, page numbers below."""
    before, _, rest = document.page_of.partition("{page}")
    between, _, after = rest.partition("{pages}")
    numbers = f"{_quoted(before)} counter(page) {_quoted(between)} counter(pages) {_quoted(after)}"
    small = 'font: 7.5pt system-ui, "Noto Sans", "Noto Sans CJK SC", sans-serif; color: #444'
    return (
        "\n@page { margin: 16mm 12mm 15mm; "
        f"@top-left {{ content: {_quoted(' · '.join(document.header))}; {small} }} "
        f"@bottom-left {{ content: {_quoted(document.title)}; {small} }} "
        f"@bottom-right {{ content: {numbers}; {small} }} }}\n"
    )


def _quoted(text: str) -> str:
    """Return a CSS string: every character that is not a letter or digit of ASCII as an escape."""
    return '"' + "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):x} " for c in text) + '"'


def _isodoses(pictures: PictureSet) -> list[tuple[Markup, str, str]]:
    """Return the legend of a set: a piece of each line, its per cent and its dose."""
    planes = [picture for picture, _, _ in pictures.planes]
    known = [float(np.nanmax(one.dose_gy)) for one in planes if not np.all(np.isnan(one.dose_gy))]
    if not known:
        return []
    line = _markup(
        lambda colour: element(
            "svg",
            {"xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 26 12", "aria_hidden": "true"},
            element("rect", {"width": 26, "height": 12, "rx": 2, "fill": "#111418"}),
            element("path", {"d": "M3 6h20", "stroke": colour, "stroke_width": 2.4}),
        )
    )
    legend = isodose_legend(planes[0].prescription_gy, max(known))
    return [(line(colour), percent, gy) for colour, percent, gy in legend]


def _plots(document: Document, words: dict[str, str]) -> str:
    """Return what the script needs of every plot, and its words, as JSON."""
    plots = [
        {
            "key": block.key,
            "dose_axis": block.dose_axis,
            "volume_axis": block.volume_axis,
            "highest": dose_range(block)[0],
            "lines": _lines(block, stored=bool(document.exhibits_json)),
        }
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Plot)
    ]
    spoken = {"read_at": words["read_at"], "save_json": words["download_json"]}
    return json.dumps({"words": spoken, "plots": plots}, ensure_ascii=True, separators=(",", ":"))


def _lines(plot: Plot, *, stored: bool) -> list[dict[str, object]]:
    """Return the curves; of those `stored` in the exhibits of the page only which they are."""
    out: list[dict[str, object]] = []
    for line in plot.lines:
        curve: dict[str, object] = {"path": line.path}
        if not stored:
            curve = {name: getattr(line.curve, name).tolist() for name in line.curve.__slots__}
        out.append(
            {
                "label": line.label,
                "target": line.role == "target",
                "shown": line.shown,
                "colour": line.style % len(PAGE.curves),
                "dash": [float(part) for part in curve_style(line.style, PAGE)[1].split()],
                **curve,
                "marks": [
                    {
                        "dose": mark.dose_gy,
                        "volume": mark.volume_percent,
                        "below": mark.allowed == "below",
                        "goal": mark.limit == "goal",
                        "bad": mark.tone == "bad",
                    }
                    for mark in line.marks
                ],
            }
        )
    return out
