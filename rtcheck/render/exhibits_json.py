"""Exhibits as JSON, schema ``rtcheck.exhibits/1``: the numbers a page shows beside the report."""

from __future__ import annotations

from rtcheck.dvh.metric import MetricValue
from rtcheck.exhibits import Curve, Exhibits, LesionExhibit, StructureExhibit
from rtcheck.render.json_report import plain_json

__all__ = ["SCHEMA", "exhibits_document"]

SCHEMA = "rtcheck.exhibits/1"


def exhibits_document(exhibits: Exhibits) -> dict[str, object]:
    """Return exhibits as plain dicts and lists; of pictures where they lie and of what, not their arrays."""
    document: dict[str, object] = {
        "schema": SCHEMA,
        "report_sha256": exhibits.report_sha256,
        "structures": [_structure(one) for one in exhibits.structures],
        "lesions": [_lesion(one) for one in exhibits.lesions],
        "pictures": [
            {
                "subject": one.subject,
                "kind": one.kind,
                "reason": one.reason,
                "orientation": one.orientation,
                "point_mm": list(one.point_mm),
                "prescription_gy": one.prescription_gy,
                "letters": list(one.letters),
            }
            for one in exhibits.pictures
        ],
        "pictures_missing": exhibits.pictures_missing,
        "nodes": [_fields(one) for one in exhibits.nodes],
        "links": [_fields(one) for one in exhibits.links],
        "plans": [
            {**_fields(one), "prescriptions": [_fields(each) for each in one.prescriptions]}
            for one in exhibits.plans
        ],
        "grids": [_fields(one) for one in exhibits.grids],
        "composite": None,
    }
    if exhibits.composite is not None:
        composite = exhibits.composite
        document["composite"] = {**_fields(composite), "parts": [_fields(one) for one in composite.parts]}
    return document


def _fields(value: object) -> dict[str, object]:
    """Return the fields of a frozen value whose fields are JSON values, or tuples of them."""
    return {name: plain_json(getattr(value, name)) for name in value.__slots__}  # type: ignore[attr-defined]


def _metric(value: MetricValue) -> dict[str, object]:
    return _fields(value)


def _structure(one: StructureExhibit) -> dict[str, object]:
    return {
        "name": one.name,
        "rois": list(one.rois),
        "role": one.role,
        "lesion": one.lesion,
        "quantity": one.quantity,
        "volume": _metric(one.volume),
        "minimum": _metric(one.minimum),
        "maximum": _metric(one.maximum),
        "mean": _metric(one.mean),
        "curve": None if one.curve is None else _curve(one.curve),
        "tested": [_fields(mark) for mark in one.tested],
        "reason": one.reason,
        "minimum_at_mm": plain_json(one.minimum_at_mm),
        "maximum_at_mm": plain_json(one.maximum_at_mm),
    }


def _curve(curve: Curve) -> dict[str, object]:
    return {name: getattr(curve, name).tolist() for name in curve.__slots__}


def _lesion(one: LesionExhibit) -> dict[str, object]:
    out: dict[str, object] = {}
    for name in one.__slots__:
        value = getattr(one, name)
        if isinstance(value, MetricValue):
            out[name] = _metric(value)
        elif name == "nearest":
            out[name] = {
                "organ": one.nearest.organ,
                "distance": _metric(one.nearest.distance),
                "at_mm": plain_json(one.nearest.at_mm),
            }
        else:
            out[name] = plain_json(value)
    return out
