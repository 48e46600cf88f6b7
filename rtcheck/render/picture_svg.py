"""One plane as a picture: CT, dose over it, isodoses, contours, scale bar, letters, the point. Standalone SVG.

The raster below is a JPEG inside the SVG, since CT noise does not compress losslessly; every line and word above it is
a vector, sharp on paper and readable by machines. Colours are literal, on dark ground, so that the picture looks the
same on a light page, on a dark one and in a PDF. The colours of dose are those of viridis, lightened for the dark
ground: their lightness rises throughout, so they read the same for every kind of colour vision and in grey.
"""

from __future__ import annotations

import io
from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtcheck.exhibits import PlaneContour, PlanePicture
from rtcheck.model.arrays import FloatArray
from rtcheck.render.svg import element, path_data, shorten, text_element

__all__ = ["ISODOSES", "SIDE", "isodose_legend", "picture_svg"]

SIDE = 360
"""Width and height of the drawing, in its own units."""

ISODOSES = (20.0, 50.0, 80.0, 95.0, 100.0, 120.0)
"""Isodose lines, per cent of the prescription; of the highest dose in the plane where there is none."""

_VIRIDIS = ("#8c7ae6", "#4aa3d8", "#2ec4a6", "#8fe04d", "#fde725", "#ffffff")
_HEAVY = 95.0
_UNNUMBERED = (95.0,)
"""Between its neighbours there is no room for its number; the legend has it."""
_WINDOW_HU = (-200.0, 300.0)
_WASH = 0.45
"""Most that the dose covers the CT."""
_WASH_FROM = 0.10
_GROUND = (17, 20, 24)
_HALO = "#0b0d10"
_FONT = "system-ui, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"
_TARGET = "#ffffff"
_ORGAN = "#f0a3cf"
_OTHER = "#9aa7b4"
_LABELS = 14
"""Structures named in one picture; the largest outlines come first."""


def picture_svg(picture: PlanePicture, title: str, description: str) -> str:
    """Draw a plane.

    Args:
        picture: what to draw.
        title: its name, for readers who do not see it.
        description: what it shows, likewise.

    Returns:
        One ``svg`` element. The same picture gives the same bytes.
    """
    frame = _Frame(picture)
    reference = _reference(picture)
    # the structure in focus is the one whose point this is
    boldest = max((each.name for each in picture.contours if each.name in picture.reason), key=len, default="")
    labels: list[tuple[float, float, float, float]] = []
    parts = [
        text_element("title", {}, title),
        text_element("desc", {}, description),
        element("rect", {"width": SIDE, "height": SIDE, "fill": "#{:02x}{:02x}{:02x}".format(*_GROUND)}),
        element(
            "image",
            {"width": SIDE, "height": SIDE, "preserveAspectRatio": "none", "href": _raster(picture, reference)},
        ),
        *_isodoses(picture, frame, reference),
        *(_outline(each, frame, bold=each.name == boldest) for each in _drawn_order(picture)),
        *_cross(frame.at_point()),
        *_letters(picture.letters, labels),
        _scale_bar(frame, labels),
        *_names(picture, frame, boldest, labels),
    ]
    return element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {SIDE} {SIDE}",
            "role": "img",
            "class": "plane",
            "font_family": _FONT,
            "font_size": 11,
        },
        *parts,
    )


def isodose_legend(prescription_gy: float | None, highest_gy: float) -> tuple[tuple[str, str, str], ...]:
    """Return (colour, per cent, dose in Gy) of every isodose line that a set of pictures may show.

    Args:
        prescription_gy: what per cent is of; None: `highest_gy`.
        highest_gy: the highest dose in the pictures; lines above it are left out.
    """
    reference = prescription_gy or highest_gy
    return tuple(
        (colour, f"{level:g}", f"{level * reference / 100:.1f}")
        for level, colour in zip(ISODOSES, _VIRIDIS, strict=True)
        if level * reference / 100 <= highest_gy
    )


class _Frame:
    """From patient coordinates in the plane to the drawing: rows grow downwards only where the picture is axial."""

    def __init__(self, picture: PlanePicture) -> None:
        columns, rows = picture.columns_mm, picture.rows_mm
        half = float(columns[1] - columns[0]) / 2
        self.left, self.right = float(columns[0]) - half, float(columns[-1]) + half
        half = float(rows[1] - rows[0]) / 2
        self.low, self.high = float(rows[0]) - half, float(rows[-1]) + half
        self.upright = picture.orientation != "axial"
        across, along = {"axial": (0, 1), "coronal": (0, 2), "sagittal": (1, 2)}[picture.orientation]
        self.point = np.array([[picture.point_mm[across], picture.point_mm[along]]])

    def place(self, points: FloatArray) -> FloatArray:
        """(n, 2) mm to drawing units."""
        x = (points[:, 0] - self.left) / (self.right - self.left) * SIDE
        y = (points[:, 1] - self.low) / (self.high - self.low) * SIDE
        return np.stack([x, SIDE - y if self.upright else y], axis=1)

    def at_point(self) -> tuple[float, float]:
        x, y = self.place(self.point)[0].tolist()
        return x, y

    def per_mm(self) -> float:
        return SIDE / (self.right - self.left)


def _reference(picture: PlanePicture) -> float:
    """Return the dose that 100 % stands for."""
    if picture.prescription_gy:
        return picture.prescription_gy
    known = picture.dose_gy[~np.isnan(picture.dose_gy)]
    return float(known.max()) if len(known) and known.max() > 0 else 1.0


def _raster(picture: PlanePicture, reference: float) -> str:
    """Return CT and dose as the address of a JPEG; where the dose is unknown, a weave of dots."""
    from PIL import Image  # noqa: PLC0415  # only pages with pictures need it

    shape = picture.dose_gy.shape
    low, high = _WINDOW_HU
    if picture.ct_hu is None:
        grey = np.zeros((*shape, 3)) + _GROUND
    else:
        level = np.clip((np.nan_to_num(picture.ct_hu, nan=low) - low) / (high - low), 0, 1)
        grey = np.repeat((level * 225)[..., None], 3, axis=2)
    share = picture.dose_gy.astype(np.float64) / reference
    unknown = np.isnan(share)
    share = np.nan_to_num(share)
    knots = np.array(ISODOSES) / 100
    colours = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in _VIRIDIS], dtype=float)
    wash = np.stack([np.interp(share, knots, colours[:, channel]) for channel in range(3)], axis=2)
    strength = np.interp(share, [_WASH_FROM, 0.5, 1.0], [0.0, 0.75 * _WASH, _WASH])[..., None]
    out = grey * (1 - strength) + wash * strength
    j, i = np.indices(shape)
    weave = unknown & ((i // 2 + j // 2) % 3 == 0)
    out[weave] = out[weave] * 0.6 + 60
    if picture.orientation != "axial":
        out = out[::-1]
    image: Any = Image.fromarray(np.clip(np.rint(out), 0, 255).astype(np.uint8))
    image = image.resize((shape[1] * 2, shape[0] * 2), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80, optimize=True)
    return "data:image/jpeg;base64," + b64encode(buffer.getvalue()).decode("ascii")


def _isodoses(picture: PlanePicture, frame: _Frame, reference: float) -> list[str]:
    """Draw the isodose lines of the dose as sampled, each with its per cent on it."""
    from contourpy import contour_generator  # noqa: PLC0415  # only pages with pictures need it

    dose = np.ma.masked_invalid(picture.dose_gy.astype(np.float64))
    if dose.count() == 0:
        return []
    generator: Any = contour_generator(picture.columns_mm, picture.rows_mm, dose)
    out, texts = [], []
    for level, colour in zip(ISODOSES, _VIRIDIS, strict=True):
        lines = [frame.place(np.asarray(line)) for line in generator.lines(level * reference / 100)]
        data = path_data(lines)
        if not data:
            continue
        width = 1.8 if level >= _HEAVY else 1.1
        out.append(element("path", {"d": data, "fill": "none", "stroke": colour, "stroke_width": width}))
        longest = max(lines, key=len)
        inside = longest[np.all((longest > 14) & (longest < SIDE - 14), axis=1)]
        if len(inside) > 12 and level not in _UNNUMBERED:
            # each level on another side of the point, so that nested lines do not stack their numbers
            angle = np.radians(-60 + 35 * ISODOSES.index(level))
            at = inside[int(np.argmax(inside @ [np.cos(angle), np.sin(angle)]))]
            texts.append(_label(at[0], at[1] + 3.5, f"{level:g}", colour, size=10, anchor="middle"))
    return out + texts


def _drawn_order(picture: PlanePicture) -> list[PlaneContour]:
    """Targets last, on top."""
    order = {"other": 0, "organ": 1, "target": 2}
    return sorted(picture.contours, key=lambda each: (order[each.role], each.number))


def _outline(contour: PlaneContour, frame: _Frame, *, bold: bool) -> str:
    data = path_data(frame.place(line) for line in contour.lines_mm)
    colour, width, dash = _style(contour, bold=bold)
    halo = element(
        "path", {"d": data, "fill": "none", "stroke": _HALO, "stroke_width": width + 1.2, "stroke_opacity": 0.4}
    )
    return halo + element(
        "path", {"d": data, "fill": "none", "stroke": colour, "stroke_width": width, "stroke_dasharray": dash}
    )


def _style(contour: PlaneContour, *, bold: bool) -> tuple[str, float, str | None]:
    if contour.role == "target":
        return _TARGET, 2.2 if bold else 1.2, None if bold else "4 2.5"
    if contour.role == "organ":
        return _ORGAN, 2.0 if bold else 0.9, None
    return _OTHER, 0.9, None


def _cross(at: tuple[float, float]) -> list[str]:
    """Mark the point: a ring, and ticks at the border that lead to it."""
    x, y = at
    ticks = f"M{x:.1f} 0v9M{x:.1f} {SIDE}v-9M0 {y:.1f}h9M{SIDE} {y:.1f}h-9"
    arms = f"M{x - 13:.1f} {y:.1f}h7M{x + 6:.1f} {y:.1f}h7M{x:.1f} {y - 13:.1f}v7M{x:.1f} {y + 6:.1f}v7"
    return [
        element("path", {"d": ticks + arms, "fill": "none", "stroke": _HALO, "stroke_width": 4}),
        element("path", {"d": ticks + arms, "fill": "none", "stroke": "#ff6f3c", "stroke_width": 2}),
    ]


def _label(x: float, y: float, text: str, colour: str, *, size: float = 11, anchor: str | None = None) -> str:
    """Return a text with a dark edge around its letters, readable on any ground."""
    return text_element(
        "text",
        {
            "x": x, "y": y, "fill": colour, "stroke": _HALO, "stroke_width": 3, "stroke_linejoin": "round",
            "paint_order": "stroke", "font_size": size, "text_anchor": anchor,
        },
        text,
    )  # fmt: skip


def _letters(letters: tuple[str, str, str, str], taken: list[tuple[float, float, float, float]]) -> list[str]:
    """Write the orientation letters in the middle of the four sides, beside the ticks of the point."""
    left, right, top, bottom = letters
    half = SIDE / 2
    places = ((12.0, half + 5), (SIDE - 12.0, half + 5), (half, 17.0), (half, SIDE - 8.0))
    taken += [(x - 8, y - 14, x + 8, y + 4) for x, y in places]
    return [
        _label(x, y, letter, "#ffffff", size=14, anchor="middle")
        for (x, y), letter in zip(places, (left, right, top, bottom), strict=True)
    ]


def _scale_bar(frame: _Frame, taken: list[tuple[float, float, float, float]]) -> str:
    """Draw a bar of 50 mm, or of 20 mm in a small picture, at the lower left."""
    length = 50 if 50 * frame.per_mm() < SIDE * 0.4 else 20
    width = length * frame.per_mm()
    y = SIDE - 12.0
    taken.append((8, y - 20, 16 + width, SIDE))
    bar = f"M12 {y - 4:.1f}v4h{width:.1f}v-4"
    return (
        element("path", {"d": bar, "fill": "none", "stroke": _HALO, "stroke_width": 4})
        + element("path", {"d": bar, "fill": "none", "stroke": "#ffffff", "stroke_width": 1.6})
        + _label(12 + width / 2, y - 7, f"{length} mm", "#ffffff", anchor="middle")
    )


def _names(
    picture: PlanePicture, frame: _Frame, boldest: str, taken: list[tuple[float, float, float, float]]
) -> list[str]:
    """Write names at the outlines where there is room: that in focus first, then targets, then the largest."""
    x, y = frame.at_point()
    taken.append((x - 14, y - 14, x + 14, y + 14))
    named = []
    placed = {name: np.concatenate([frame.place(line) for line in lines]) for name, lines in (
        (each.name, each.lines_mm) for each in picture.contours)}
    order = sorted(
        (each for each in picture.contours if each.role != "other"),
        key=lambda each: (each.name != boldest, each.role != "target", -len(placed[each.name]), each.number),
    )
    for each in order[:_LABELS]:
        points = placed[each.name]
        text = shorten(each.name, 22)
        width, height = 6.1 * sum(2 if ord(letter) > 0x2E80 else 1 for letter in text) + 4, 13.0
        colour, _, _ = _style(each, bold=each.name == boldest)
        where = _free_place(points, width, height, taken)
        if where is None:
            named.append(_unplaced(text))
            continue
        taken.append((where[0], where[1] - height, where[0] + width, where[1]))
        named.append(_label(where[0] + 2, where[1] - 3, text, colour, size=11 if each.role == "target" else 10))
    return named


def _unplaced(text: str) -> str:
    """Keep a name for which there is no room, unseen: how many elements there are must not depend on names."""
    return text_element("text", {"display": "none"}, text)


def _free_place(
    points: NDArray[np.float64], width: float, height: float, taken: list[tuple[float, float, float, float]]
) -> tuple[float, float] | None:
    """Return the lower left corner of a label beside an outline that covers nothing yet, or None."""
    right = points[np.argmax(points[:, 0])]
    left = points[np.argmin(points[:, 0])]
    top = points[np.argmin(points[:, 1])]
    low = points[np.argmax(points[:, 1])]
    tries = (
        (right[0] + 4, right[1] + height / 2), (left[0] - width - 4, left[1] + height / 2),
        (top[0] - width / 2, top[1] - 3), (low[0] - width / 2, low[1] + height + 2),
        (right[0] - width - 6, right[1] + height / 2), (left[0] + 6, left[1] + height / 2),
    )  # fmt: skip
    for x, y in tries:
        box = (x, y - height, x + width, y)
        outside = box[0] < 3 or box[1] < 3 or box[2] > SIDE - 3 or box[3] > SIDE - 3
        if not outside and not any(_meet(box, other) for other in taken):
            return x, y
    return None


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
