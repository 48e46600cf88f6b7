"""Dose-volume histograms and pictures: what is drawn, with its words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rtcheck.exhibits import LimitMark, PlanePicture, StructureExhibit
from rtcheck.render.cells import join_cells, number_cell, text_cell, tone_of
from rtcheck.render.document import Block, Cell, CurveLine, Facts, MarkShown, Paragraph, PictureSet, Plot, Section
from rtcheck.render.numbers import format_value
from rtcheck.render.page_strip import Page
from rtcheck.render.terminal import visible

__all__ = ["dvh_section", "pictures_section"]

_THIRD = {"axial": 2, "coronal": 1, "sagittal": 0}
"""The axis of `point_mm` across each plane."""


def dvh_section(page: Page) -> Section:
    """Return the section: one plot for each dose quantity, targets first, and what has no curve with the reason."""
    title = page.say("section.dvh")
    if page.exhibits is None:
        return Section("dvh", title, (Paragraph(text_cell(page.say("notice.no_exhibits")), "open"),))
    structures = list(enumerate(page.exhibits.structures))
    drawn = [item for item in structures if item[1].curve is not None]
    blocks: list[Block] = []
    if drawn:
        blocks.append(Paragraph(text_cell(page.say("dvh.note"))))
    blocks += [
        _plot(page, quantity, [item for item in drawn if item[1].quantity == quantity])
        for quantity in sorted({one.quantity for _, one in drawn})
    ]
    without = [(one.name, text_cell(one.reason)) for _, one in structures if one.curve is None]
    if without:
        items = tuple((visible(name), cell) for name, cell in without)
        blocks.append(Facts("dvh-without", page.say("dvh.without_curve"), items))
    if not structures:
        blocks.append(Paragraph(text_cell(page.say("dvh.none")), "open"))
    return Section("dvh", title, tuple(blocks))


def _plot(page: Page, quantity: str, items: Sequence[tuple[int, StructureExhibit]]) -> Plot:
    ranked = sorted(items, key=lambda item: (item[1].role != "target", item[0]))
    lines, used = [], set[str]()
    for style, (place, one) in enumerate(ranked):
        assert one.curve is not None
        label = _label(one, used)
        used.add(label)
        marks = tuple(_mark(page, mark) for mark in one.tested)
        lines.append(CurveLine(label, one.role, style, one.curve, marks, f"exhibits.structures[{place}]"))
    top = max(float(line.curve.dose_gy[-1]) for line in lines)
    names = ", ".join(line.label for line in lines)
    return Plot(
        key=f"dvh-{quantity or 'physical'}".lower().replace(";", "-").replace("=", "-").replace("/", "-"),
        title=visible(quantity) or page.say("dvh.physical"),
        dose_axis=page.say("dvh.dose") if not quantity else f"{visible(quantity)} [Gy]",
        volume_axis=page.say("dvh.volume"),
        lines=tuple(lines),
        summary=page.say("dvh.summary", count=len(lines), maximum=format_value(top), names=names),
    )


def _label(one: StructureExhibit, used: set[str]) -> str:
    """Return a name that no other curve of the plot has."""
    name = visible(one.name)
    if name in used and one.lesion:
        name = f"{name} ({visible(one.lesion)})"
    plain, number = name, 2
    while name in used:
        name, number = f"{plain} ({number})", number + 1
    return name


def _mark(page: Page, mark: LimitMark) -> MarkShown:
    outcome = page.report.outcomes[mark.outcome]
    limit = outcome.goal if mark.limit == "goal" else outcome.variation
    text = page.say("mark.text", metric=outcome.metric, limit=page.say(f"mark.{mark.limit}"), text=limit or "")
    return MarkShown(
        mark.dose_gy, mark.volume_percent, mark.volume_cm3, mark.allowed, mark.limit, tone_of(outcome.outcome),
        visible(text),
    )  # fmt: skip


def pictures_section(page: Page) -> Section:
    """Return the section: three planes for each failing lesion and for the worst organ."""
    title = page.say("section.pictures")
    if page.exhibits is None:
        return Section("pictures", title, (Paragraph(text_cell(page.say("notice.no_exhibits")), "open"),))
    blocks: list[Block] = []
    if page.exhibits.pictures_missing:
        blocks.append(Paragraph(text_cell(page.exhibits.pictures_missing), "open"))
    elif not page.exhibits.pictures:
        blocks.append(Paragraph(text_cell(page.say("pictures.none_needed"))))
    if page.exhibits.pictures:
        blocks.append(Paragraph(text_cell(page.say("pictures.lps"))))
        blocks.append(Paragraph(text_cell(page.say("pictures.outlines"))))
    numbered = list(enumerate(page.exhibits.pictures))
    for number, (_, group) in enumerate(groupby(numbered, key=lambda item: _subject(item[1])), start=1):
        blocks.append(_set(page, number, list(group)))
    return Section("pictures", title, tuple(blocks))


def _subject(picture: PlanePicture) -> tuple[str, str, tuple[float, float, float]]:
    return picture.kind, picture.subject, picture.point_mm


def _set(page: Page, number: int, planes: Sequence[tuple[int, PlanePicture]]) -> PictureSet:
    place, first = planes[0]
    caption = visible(first.reason)
    if first.prescription_gy is not None:
        dose = number_cell(f"exhibits.pictures[{place}].prescription_gy", first.prescription_gy)
        caption = f"{caption}. {page.say('pictures.isodoses', dose=dose.text)}"
    else:
        caption = f"{caption}. {page.say('pictures.isodoses_gy')}"
    return PictureSet(
        key=f"pictures-{number}",
        title=page.say("pictures.title", subject=visible(first.subject)),
        caption=caption,
        coordinates=_coordinates(page, place, first),
        planes=tuple((plane, *_words(page, plane)) for _, plane in planes),
    )


def _coordinates(page: Page, place: int, picture: PlanePicture) -> Cell:
    cells = [
        number_cell(f"exhibits.pictures[{place}].point_mm[{axis}]", number)
        for axis, number in enumerate(picture.point_mm)
    ]
    x, y, z = (cell.text for cell in cells)
    return Cell(page.say("pictures.at", x=x, y=y, z=z), join_cells(cells).numbers)


def _words(page: Page, plane: PlanePicture) -> tuple[str, str]:
    """Return the title of a plane, and the picture in words."""
    at = format_value(plane.point_mm[_THIRD[plane.orientation]])
    title = page.say(f"pictures.{plane.orientation}", at=at)
    names = ", ".join(visible(contour.name) for contour in plane.contours) or page.say("pictures.no_contours")
    left, _, top, _ = plane.letters
    over = page.say("pictures.over_ct") if plane.ct_hu is not None else ""
    return title, page.say("pictures.alt", plane=title, ct=over, names=names, left=left, top=top)
