"""Limits as JSON: clinical goals as RayStation's scripts write them, and dose scorecards.

RayStation's scripting interface has doses in cGy, relative volumes as fractions of 1 and absolute volumes in cm3. A
file that says otherwise cannot be told from the keys, so a dose under 1 Gy or a relative volume over 1, which another
unit would explain, is listed and not carried over.

A scorecard scores each metric on a curve. The least demanding point of the full score becomes the goal and the point
flagged as acceptable variation the last acceptable value; the scores have no place in a limit and are listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rtcheck.catalogue.convert_limit import Foreign, ForeignLimit, plain_number, quoted_name

__all__ = ["read_json_limits"]

_CRITERIA = {"AtMost": "<=", "AtLeast": ">="}
_DOSE, _SHARE, _VOLUME = "dose", "share", "volume"
_GOALS: Mapping[str, tuple[str, str, str, str]] = {
    "DoseAtVolume": ("D", _SHARE, "%", _DOSE),
    "DoseAtAbsoluteVolume": ("D", _VOLUME, "cc", _DOSE),
    "VolumeAtDose": ("V", _DOSE, "Gy", _SHARE),
    "AbsoluteVolumeAtDose": ("V", _DOSE, "Gy", _VOLUME),
    "AverageDose": ("Mean", "", "", _DOSE),
}
"""Goal type to metric, quantity and unit of its parameter, and quantity of its acceptance level."""

_POWER = {_DOSE: -2, _SHARE: 2, _VOLUME: 0}
_UNIT = {_DOSE: "Gy", _SHARE: "%", _VOLUME: "cc"}
_UNITS = {"gy": "Gy", "cgy": "cGy", "%": "%", "cc": "cc", "percent": "%"}


def read_json_limits(data: object, name: str) -> Foreign | None:
    """Read clinical goals or a scorecard; None when it is neither."""
    templates = data.get("ScoreTemplates") if isinstance(data, Mapping) else data
    if isinstance(templates, list) and any(isinstance(one, Mapping) and "MetricType" in one for one in templates):
        return _scorecard(data, templates, name)
    goals = _goal_list(data)
    return None if goals is None else _clinical_goals(goals, name)


def _goal_list(data: object) -> list[Any] | None:
    candidates = [data, *(data.values() if isinstance(data, Mapping) else ())]
    return next((one for one in candidates if isinstance(one, list) and any(
        isinstance(item, Mapping) and ("GoalCriteria" in item or "PlanningGoal" in item) for item in one)), None)


def _clinical_goals(goals: list[Any], name: str) -> Foreign:
    found = Foreign("RayStation clinical goals", f"Limits of {name}")
    for index, raw in enumerate(goals, start=1):
        place = f"goal {index}"
        if not isinstance(raw, Mapping):
            found.leave(place, str(raw)[:80], "no clinical goal")
            continue
        inner = raw.get("PlanningGoal")
        goal = {**raw, **(inner if isinstance(inner, Mapping) else {})}
        region = goal.get("ForRegionOfInterest")
        roi = goal.get("RoiName") or (region.get("Name") if isinstance(region, Mapping) else None)
        what = " ".join(str(goal.get(key)) for key in ("GoalCriteria", "AcceptanceLevel", "PrimaryAcceptanceLevel",
                        "GoalType", "Type", "ParameterValue") if goal.get(key) is not None)
        read = _goal(goal)
        if not isinstance(roi, str) or not roi.strip():
            found.leave(place, what, "no structure (RoiName)")
        elif goal.get("IsComparativeGoal") is True:
            found.leave(place, f"{roi} {what}", "it compares two plans")
        elif isinstance(read, str):
            found.leave(place, f"{roi} {what}", read)
        else:
            note = f"Priority there: {goal['Priority']}" if goal.get("Priority") is not None else ""
            found.limits.append(ForeignLimit(place, quoted_name(roi.strip()), *read, note=note))
    return found


def _goal(goal: Mapping[str, Any]) -> tuple[str, str, str] | str:
    kind = _GOALS.get(str(goal.get("GoalType") or goal.get("Type")))
    comparator = _CRITERIA.get(str(goal.get("GoalCriteria")))
    if kind is None:
        return "a type of goal that has no metric here"
    if comparator is None:
        return "neither AtMost nor AtLeast"
    head, quantity, mark, level = kind
    at = _quantity(goal.get("ParameterValue"), quantity) if quantity else ""
    first = goal.get("PrimaryAcceptanceLevel", goal.get("AcceptanceLevel"))
    limit = _quantity(first, level)
    if at is None or limit is None:
        return "a number is missing, or another unit than cGy, cm3 and fractions of 1 would explain it"
    second = goal.get("SecondaryAcceptanceLevel")
    last = _quantity(second, level) if second is not None else ""
    if last is None:
        return "its secondary acceptance level is no number of the same kind"
    unit = _UNIT[level]
    return f"{head}{at}{mark}[{unit}]", f"{comparator} {limit} {unit}", f"{comparator} {last} {unit}" if last else ""


def _quantity(value: object, quantity: str) -> str | None:
    """Return a number in our unit, None when it is none or looks like one in another unit."""
    text = plain_number(value, power=_POWER[quantity])
    if text is None:
        return None
    number = Decimal(text)
    doubtful = (quantity == _DOSE and number < 1) or (quantity == _SHARE and number > 100)
    return None if doubtful else text


def _scorecard(data: object, templates: list[Any], name: str) -> Foreign:
    head: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    found = Foreign("scorecard", str(head.get("TemplateName") or f"Limits of {name}"))
    count = head.get("NumberOfFractions")
    fractions = (count, count) if type(count) is int and 0 < count < 200 else None
    for index, one in enumerate(templates, start=1):
        place = f"metric {index}"
        if not isinstance(one, Mapping):
            found.leave(place, str(one)[:80], "no metric")
            continue
        structure = one.get("Structure")
        names = structure if isinstance(structure, Mapping) else {}
        roi = str(names.get("TemplateStructureId") or names.get("StructureId") or "").strip()
        what = f"{roi} {one.get('MetricType')} {one.get('InputValue', '')}{one.get('InputUnit', '')}".strip()
        read = _score(one)
        if not roi:
            found.leave(place, what, "no structure")
        elif isinstance(read, str):
            found.leave(place, what, read)
        else:
            comment = one.get("MetricComment")
            note = f"Comment there: {' '.join(comment.split())}" if isinstance(comment, str) and comment.strip() else ""
            found.limits.append(ForeignLimit(place, quoted_name(roi), *read, fractions=fractions, note=note))
            found.leave(place, f"the scores of {what}", "a limit has no score; the goal is the point of the full score")
    return found


def _score(one: Mapping[str, Any]) -> tuple[str, str, str] | str:
    metric = _score_metric(one)
    points = one.get("ScorePoints")
    if metric is None:
        return "a metric that has no counterpart here, or a unit that is not known"
    if not isinstance(points, list) or len(points) < 2 or not all(isinstance(point, Mapping) for point in points):
        return "no curve of scores"
    pairs = [(plain_number(point.get("PointX")), plain_number(point.get("Score"))) for point in points]
    if any(x is None or score is None for x, score in pairs):
        return "a point of its curve is no number"
    curve = sorted((Decimal(x or 0), Decimal(score or 0), bool(point.get("Variation")))
                   for (x, score), point in zip(pairs, points, strict=True))
    scores = [score for _, score, _ in curve]
    falling, rising = scores == sorted(scores, reverse=True), scores == sorted(scores)
    if falling == rising:
        return "its score neither falls nor rises throughout"
    comparator = "<=" if falling else ">="
    full = [x for x, score, _ in curve if score == max(scores)]
    flagged = [x for x, _, flag in curve if flag]
    name, unit = metric
    if len(flagged) > 1:
        return "several points are flagged as acceptable variation"
    goal = max(full) if falling else min(full)
    variation = f"{comparator} {format(flagged[0], 'f')} {unit}" if flagged and flagged[0] != goal else ""
    return name, f"{comparator} {format(goal, 'f')} {unit}", variation


def _score_metric(one: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the metric and the unit of its limit."""
    kind = one.get("MetricType")
    unit = _UNITS.get(str(one.get("OutputUnit", "")).strip().casefold())
    at_unit = _UNITS.get(str(one.get("InputUnit", "")).strip().casefold())
    at = plain_number(one.get("InputValue"))
    bracket = "Gy" if unit == "cGy" else unit
    if kind == "Volume" and unit == "cc":
        return "Volume[cc]", unit
    if kind in ("MinDose", "MaxDose", "MeanDose") and unit in ("Gy", "cGy", "%"):
        return f"{str(kind).removesuffix('Dose')}[{bracket}]", unit
    if at is None or unit is None or at_unit is None:
        return None
    if kind == "DoseAtVolume" and at_unit in ("%", "cc") and unit in ("Gy", "cGy", "%"):
        return f"D{at}{at_unit}[{bracket}]", unit
    if kind == "VolumeAtDose" and at_unit in ("Gy", "cGy", "%") and unit in ("%", "cc"):
        return f"V{at}{at_unit}[{bracket}]", unit
    return None
