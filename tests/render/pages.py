"""A document with one of everything, made by hand: what renderers of pages are tried on without a check."""

from __future__ import annotations

import json

import numpy as np

from rtcheck.exhibits import Curve, PlaneContour, PlanePicture
from rtcheck.render.document import (
    Bar,
    Cell,
    Column,
    CurveLine,
    Document,
    Facts,
    FindingItem,
    FindingList,
    MarkShown,
    Paragraph,
    PictureSet,
    Plot,
    Row,
    Section,
    SignOff,
    Table,
    VerdictStrip,
)

__all__ = ["document", "picture"]


def curve(middle, top):
    dose = np.linspace(0, top, 120)
    value = 100 / (1 + np.exp((dose - middle) / 2.5))
    value[-1] = 0
    low, high = np.clip(value - 1.5, 0, 100), np.clip(value + 1.5, 0, 100)
    return Curve(dose, low * 3, value * 3, high * 3, low, value, high)


def picture(orientation="axial", name="PTV_L1", subject="L1", ct=True, points=61):
    columns = np.linspace(-80, 80, points)
    rows = np.linspace(-70, 90, points)
    x, y = np.meshgrid(columns, rows)
    dose = 60 * np.exp(-(x**2 + (y - 10) ** 2) / 1800)
    dose[:6] = np.nan
    angle = np.linspace(0, 2 * np.pi, 40)
    ring = np.stack([25 * np.cos(angle), 10 + 20 * np.sin(angle)], axis=1)
    ring[-1] = ring[0]
    letters = ("R", "L", "A", "P") if orientation == "axial" else ("R", "L", "H", "F")
    return PlanePicture(
        subject=subject,
        kind="lesion",
        reason=f"coldest point of {name}",
        orientation=orientation,
        point_mm=(3.0, 12.0, 12.0),
        columns_mm=columns,
        rows_mm=rows,
        dose_gy=dose.astype(np.float32),
        ct_hu=np.where(x > 40, -800, 40).astype(np.float32) if ct else None,
        contours=(
            PlaneContour(name, "target", 0, (ring,)),
            PlaneContour(f"organ {name}", "organ", 1, (ring * 1.6,)),
            PlaneContour("BODY", "other", 2, (ring * 2.4,)),
        ),
        prescription_gy=50.0,
        letters=letters,
    )


def document(words="PTV_L1", language="en", curves=4, points=61):
    """Return a document in which `words` stands wherever a text from outside can stand."""
    w = words
    cell = Cell(w, title=w)
    bar = Bar(0.6, 0.55, 0.64, 0.5, 0.7, True, "warn", f"{w} over the goal")
    rows = tuple(
        Row(f"row-{i}", (cell, Cell("50.1 Gy", tone="bad"), Cell("", bar=bar, tone="warn")), "bad", (w, "do: " + w))
        for i in range(3)
    )
    columns = (Column("structure", w), Column("value", "value", "right"), Column("margin", "margin", wide=True))
    lines = tuple(
        CurveLine(
            f"{w} {i}", "target" if i < 2 else "organ", i, curve(50 - 6 * i, 65 - 4 * i),
            (
                MarkShown(46 - 6 * i, 95.0, 285.0, "above" if i < 2 else "below", "goal", "bad" if i else "good", w),
                MarkShown(12.0, None, None, "below", "variation", "warn", w),
            ),
            f"exhibits.structures[{i}]",
        )
        for i in range(curves)
    )  # fmt: skip
    finding = FindingItem("RTD301", "E", "error", "open", w, w, w, w, w, "report.findings[0]")
    return Document(
        language=language,
        html_language="zh-Hans" if language == "zh" else "en",
        title=w,
        header=(w, "plan A", "FAIL"),
        page_of="page {page} of {pages}",
        words=(("what_to_do", "what to do"),),
        strip=VerdictStrip(
            "FAIL", "FAIL", "bad", w, (("lesions not covered", Cell("1", tone="bad")),), (("protocol", cell),),
            (Paragraph(cell, "warn"),), SignOff(w, ("name", "date", "signature")),
        ),
        sections=(
            Section("identity", "Identity", (Facts("plan", w, (("plan", cell), ("dose", Cell("x", anchor="row-0")))),)),
            Section("lesions", "Lesions", (Table("lesions", w, columns, rows[:1]),)),
            Section("constraints", "Limits", (Table("constraints", w, columns, rows[1:2]), Paragraph(cell))),
            Section("dvh", "DVH", (Plot("physical", w, "dose [Gy]", "volume [%]", lines, w),)),
            Section(
                "pictures",
                "Pictures",
                (
                    PictureSet(
                        "l1", w, w, cell,
                        tuple(
                            (picture(kind, w, w, points=points), f"{kind} {w}", w)
                            for kind in ("axial", "coronal", "sagittal")
                        ),
                    ),
                ),
            ),
            Section("findings", "Findings", (FindingList("findings", w, (finding,)),)),
            Section("passed", "Passed", (Table("passed", w, columns, rows[2:], folded=True),)),
            Section("method", "Method", (Paragraph(cell),)),
            Section("data", "Data", (Paragraph(cell),)),
        ),
        report_json=json.dumps({"schema": "rtcheck.report/1", "name": w}, ensure_ascii=False) + "\n",
        exhibits_json="",
    )  # fmt: skip
