"""The lesion matrix: one row for each registered lesion, the untreated ones first."""

from __future__ import annotations

from rtcheck.dvh.metric import MetricValue
from rtcheck.exhibits import LesionExhibit
from rtcheck.render.cells import interval_cell, join_cells, missing_cell, number_cell, text_cell, tone_of, whole_cell
from rtcheck.render.document import Block, Cell, Column, Paragraph, Row, Section, Table
from rtcheck.render.page_strip import Page
from rtcheck.render.reconciliation import reconciliation_notes
from rtcheck.render.terminal import visible
from rtcheck.rules.result import LesionResult

__all__ = ["LESION_ORDER", "lesions_section"]

LESION_ORDER = ("NOT_TREATED", "NOT_COVERED", "NOT_EVALUATED", "COVERED", "NOT_REQUIRED")
"""States in the order of their rows."""

_DOSES = ("d98", "d95", "d50", "d2", "v100", "minimum")


def lesions_section(page: Page) -> Section:
    """Return the section."""
    blocks: list[Block] = [_matrix(page)] if page.report.lesions else [Paragraph(text_cell(page.say("lesions.none")))]
    return Section("lesions", page.say("section.lesions"), tuple(blocks))


def _matrix(page: Page) -> Table:
    left = ("lesion", "organ", "target", "where", "nearest", "state")
    keys = ("lesion", "organ", "target", "volume", "prescription", *_DOSES, "where", "ci", "gi", "nearest", "state")
    columns = tuple(
        Column(key, page.say(f"column.{key}"), "left" if key in left else "right", wide=key in ("target", "nearest"))
        for key in keys
    )
    ranked = sorted(
        enumerate(page.report.lesions), key=lambda item: (LESION_ORDER.index(item[1].state), item[0])
    )
    rows = tuple(_row(page, index, lesion) for index, lesion in ranked)
    return Table("lesions", page.say("lesions.caption"), columns, rows)


def _row(page: Page, index: int, lesion: LesionResult) -> Row:
    shown, place = None, 0
    if page.exhibits is not None:
        found = [item for item in enumerate(page.exhibits.lesions) if item[1].id == lesion.id]
        place, shown = found[0] if found else (0, None)
    kind = page.say(f"kind.{lesion.kind}") if lesion.kind else ""
    names = [name for role in ("ptv", "ctv", "gtv") for name in lesion.structures.get(role, ())]
    state = text_cell(page.say(f"state.{lesion.state}"), tone=tone_of(lesion.state))
    cells = (
        text_cell(lesion.id),
        text_cell(", ".join(dict.fromkeys(part for part in (lesion.organ, kind) if part))),
        text_cell(shown.structure if shown is not None and shown.structure else ", ".join(names[:1])),
        *_measured(page, lesion, index, shown, f"exhibits.lesions[{place}]"),
        state,
    )
    told = ([lesion.reason] if lesion.reason else []) + reconciliation_notes(lesion, page.report.lesions)
    notes = tuple(visible(note) for note in told)
    return Row(f"lesion-{index + 1}", cells, tone_of(lesion.state), notes)


def _measured(
    page: Page, lesion: LesionResult, index: int, shown: LesionExhibit | None, path: str
) -> tuple[Cell, ...]:
    """Return the cells from volume to nearest organ."""
    prescription = _prescription(page, lesion, index)
    if shown is None:
        none = missing_cell(page.say("notice.no_exhibits"))
        return (none, prescription, *[none] * (len(_DOSES) + 4))
    prescribed = (shown.prescription_gy,) if shown.prescription_gy is not None else ()
    values: dict[str, MetricValue] = {key: getattr(shown, key) for key in ("volume", *_DOSES, "ci", "gi")}
    cells = {
        key: interval_cell(
            f"{path}.{key}", value, (100.0,) if key == "v100" else prescribed if value.unit == "Gy" else (), unit=""
        )
        for key, value in values.items()
    }
    return (
        cells["volume"],
        prescription,
        *(cells[key] for key in _DOSES),
        _where(shown, path),
        cells["ci"],
        cells["gi"],
        _nearest(shown, path),
    )


def _prescription(page: Page, lesion: LesionResult, index: int) -> Cell:
    if lesion.dose_gy is None or lesion.fractions is None:
        return missing_cell(page.say("unknown"))
    path = f"report.lesions[{index}]"
    return join_cells(
        (
            number_cell(f"{path}.dose_gy", lesion.dose_gy, "Gy"),
            text_cell("/"),
            whole_cell(f"{path}.fractions", lesion.fractions),
        )
    )


def _where(shown: LesionExhibit, path: str) -> Cell:
    if shown.minimum_at_mm is None:
        return missing_cell(shown.minimum_where)
    cells = [
        number_cell(f"{path}.minimum_at_mm[{axis}]", number) for axis, number in enumerate(shown.minimum_at_mm)
    ]
    return join_cells(cells, ", ")


def _nearest(shown: LesionExhibit, path: str) -> Cell:
    nearest = shown.nearest
    if nearest.distance.value is None:
        return missing_cell(nearest.distance.reason)
    return join_cells((text_cell(nearest.organ), interval_cell(f"{path}.nearest.distance", nearest.distance, (0.0,))))
