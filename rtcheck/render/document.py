"""The content of a report page: ordered, worded in one language and rounded. HTML, PDF, Markdown and CSV only set it.

`rtcheck.render.build_document.build_document` makes a `Document` from a report and its exhibits. A renderer walks over
`Document.sections` and sets every block of every section, in order, leaving none out: so that all formats say the same.
Texts are ready to print: rounded by `rtcheck.render.numbers`, and made visible (control and bidirectional characters
as escapes). They are plain text: whatever has a syntax of its own (HTML, Typst, Markdown, CSV) escapes them.

Every number shown stands in a `Cell.numbers` too, with its JSON path and full precision. Paths start with ``report``
(the JSON report, embedded as `Document.report_json`) or ``exhibits`` (`Document.exhibits_json`), such as
``report.outcomes[3].value``; a test follows each of them and rounds again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rtcheck.exhibits import Curve, PlanePicture

__all__ = [
    "Bar",
    "Block",
    "Cell",
    "Column",
    "CurveLine",
    "Document",
    "Facts",
    "FindingItem",
    "FindingList",
    "Language",
    "MarkShown",
    "Number",
    "Paragraph",
    "PictureSet",
    "Plot",
    "Row",
    "Section",
    "SignOff",
    "Table",
    "Tone",
    "VerdictStrip",
]

Language = Literal["en", "zh"]

Tone = Literal["", "good", "bad", "warn", "open", "quiet"]
"""How a text is meant, for colour beside the word, never instead of it: good (met, covered), bad (violated, not
covered, not treated, F), warn (variation, undecided, W), open (not evaluated, E), quiet (not applicable, notes)."""


@dataclass(frozen=True, slots=True)
class Number:
    """One number shown in a text.

    Attributes:
        path: where it stands in the JSON.
        value: that number, in full precision.
        text: how it is shown; a part of the cell's text.
    """

    path: str
    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """The margin of one value to its limit, ready to draw. All positions are shares of the bar's length, 0 to 1.

    Attributes:
        value, low, high: of the value and its interval.
        goal: of the limit.
        variation: of the last acceptable value, or None.
        upper: whether the limit is an upper one: allowed is left of it; else right of it.
        tone: as the outcome's.
        text: what the bar shows, in words, for readers who do not see it.
    """

    value: float
    low: float
    high: float
    goal: float
    variation: float | None
    upper: bool
    tone: Tone
    text: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table or one fact.

    Attributes:
        text: ready to print; may be empty.
        numbers: every number in it that comes from the JSON.
        tone: for colour and weight.
        bar: drawn beside or instead of the text, which then says the same.
        anchor: id of the `Row` or `Section` in the same document it refers to, or empty.
        title: a longer text (the whole UID, the reason why a value is missing), for a tooltip or a note.
    """

    text: str
    numbers: tuple[Number, ...] = ()
    tone: Tone = ""
    bar: Bar | None = None
    anchor: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: a stable key (CSV header, CSS class), its title, and the side its texts stand at."""

    key: str
    title: str
    align: Literal["left", "right"] = "left"
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        id: unique in the document, ``[a-z0-9-]+``: an anchor.
        cells: one for each column.
        tone: of the whole row.
        notes: sentences below the row: why it is so and what to do.
    """

    id: str
    cells: tuple[Cell, ...]
    tone: Tone = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `caption` says what it holds; `header_column` is the index of the column that names a row.

    `folded`: the reader opens it (passed checks); on paper it is printed open.
    """

    key: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    header_column: int = 0
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `tone` other than "" is a notice that stands out."""

    cell: Cell
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """A list of labelled facts: (label, cell) in order, under an optional title."""

    key: str
    title: str
    items: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class FindingItem:
    """One finding, worded.

    Attributes:
        code, severity: of the catalogue.
        severity_word: in the language of the document.
        title: of the code, in the language of the document.
        subject: what it is about; may be empty.
        message: as generated from the data, English (a foreign-language document says so once).
        why, fix: of the code, in the language of the document; empty for notes.
        path: of the finding in the JSON, ``report.findings[4]``.
    """

    code: str
    severity: str
    severity_word: str
    tone: Tone
    title: str
    subject: str
    message: str
    why: str
    fix: str
    path: str


@dataclass(frozen=True, slots=True)
class FindingList:
    """Findings, the serious first. `folded` as in `Table`."""

    key: str
    title: str
    items: tuple[FindingItem, ...]
    folded: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class MarkShown:
    """A limit mark of the plot with its words; positions as in `rtcheck.exhibits.LimitMark`."""

    dose_gy: float
    volume_percent: float | None
    volume_cm3: float | None
    allowed: Literal["below", "above"]
    limit: Literal["goal", "variation"]
    tone: Tone
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class CurveLine:
    """One curve of the plot.

    Attributes:
        label: name to stand at the curve; unique in the plot.
        style: number of its colour and dash pattern (a renderer takes it modulo its palette); targets and organs are
            counted together, in the order of the plot.
        curve: dose in Gy, volumes with interval, in cm3 and per cent.
        path: of the structure in the exhibits.
        shown: whether it is switched on at first.
    """

    label: str
    role: Literal["target", "organ"]
    style: int
    curve: Curve
    marks: tuple[MarkShown, ...]
    path: str
    shown: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """A cumulative DVH plot of one dose quantity.

    Attributes:
        title, dose_axis, volume_axis: worded; the axis titles hold the units.
        lines: targets first.
        summary: the plot in words, for readers who do not see it.
    """

    key: str
    title: str
    dose_axis: str
    volume_axis: str
    lines: tuple[CurveLine, ...]
    summary: str


@dataclass(frozen=True, slots=True, eq=False)
class PictureSet:
    """The planes through one point: axial, coronal, sagittal. `caption` and `coordinates` are worded.

    `planes` pairs each picture with its title (``axial, z = -12.5 mm``) and its text for readers who do not see it.
    """

    key: str
    title: str
    caption: str
    coordinates: Cell
    planes: tuple[tuple[PlanePicture, str, str], ...]


@dataclass(frozen=True, slots=True)
class SignOff:
    """The box to sign: labels of empty fields, and the sentence above them."""

    text: str
    fields: tuple[str, ...]


Block = Facts | FindingList | Paragraph | PictureSet | Plot | SignOff | Table


@dataclass(frozen=True, slots=True)
class Section:
    """One section. `key` is stable and unique (an anchor); keys in their order:

    ``identity``, ``lesions``, ``constraints``, ``dvh``, ``pictures``, ``findings``, ``passed``, ``composite`` (several
    plans only), ``method``, ``data``. A section of which nothing is known stands all the same and says so.
    """

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class VerdictStrip:
    """The head of the page, before all sections.

    Attributes:
        verdict: the word in the language of the document; `verdict_code` the contract's, ``NO VERDICT`` where null.
        tone: good only for PASS.
        sentence: what the verdict means.
        counts: (label, cell) such as lesions not covered, limits violated, findings by severity; zeros are left out.
        facts: protocol, version, approval state, software, redaction state and the like.
        notices: that stand out: draft protocol, blinding (RTD759), redacted, blinded, missing exhibits.
        sign_off: the box.
    """

    verdict: str
    verdict_code: str
    tone: Tone
    sentence: str
    counts: tuple[tuple[str, Cell], ...]
    facts: tuple[tuple[str, Cell], ...]
    notices: tuple[Paragraph, ...]
    sign_off: SignOff


@dataclass(frozen=True, slots=True)
class Document:
    """One page, complete and in order: strip, sections, JSON.

    Attributes:
        language: of the texts; `html_language` is its BCP 47 tag.
        title: of the page and window.
        header: short parts for the running header of a printed page: patient, plan, verdict.
        page_of: pattern for page numbers with ``{page}`` and ``{pages}``.
        words: labels a renderer needs itself (``show_curves``, ``dose``, ``volume``, ``scale_bar``, ``print`` ...):
            see `rtcheck.render.messages`, keys that begin with ``ui.`` without that prefix.
        strip, sections: the content.
        report_json: the JSON report, exactly as ``-o json`` writes it.
        exhibits_json: the numbers of the exhibits (curves and matrix, no pictures) as JSON, or empty.
    """

    language: Language
    html_language: str
    title: str
    header: tuple[str, ...]
    page_of: str
    words: tuple[tuple[str, str], ...]
    strip: VerdictStrip
    sections: tuple[Section, ...]
    report_json: str
    exhibits_json: str
