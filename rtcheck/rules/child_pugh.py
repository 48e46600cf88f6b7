"""Child-Pugh points and class from the five recorded items, as far as those are recorded.

Each item has 1, 2 or 3 points: 5 to 6 are class A, 7 to 9 B, 10 to 15 C (Pugh et al., Br J Surg 1973;60:646-649). The
international normalised ratio stands for the prothrombin time as in later practice.

| item | 1 | 2 | 3 |
|---|---|---|---|
| bilirubin | < 2 mg/dl, < 34 µmol/l | 2 to 3 mg/dl, 34 to 50 µmol/l | more |
| albumin | > 3.5 g/dl | 2.8 to 3.5 g/dl | less |
| prothrombin time | prolonged < 4 s, INR < 1.7 | 4 to 6 s, 1.7 to 2.3 | more |
| ascites | none | slight | moderate |
| encephalopathy | none | grade 1 or 2 | grade 3 or 4 |

Bilirubin is scored in the unit it was recorded in: the table in µmol/l is rounded, and its 50 µmol/l is a little
stricter than 3 mg/dl. The modified table for cholestatic disease is not used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from rtcheck.model.record import FactValue

__all__ = ["CHILD_PUGH_ITEMS", "child_pugh_classes", "child_pugh_points", "missing_items"]

CHILD_PUGH_ITEMS: tuple[tuple[str, ...], ...] = (
    ("labs.bilirubin_umol_l", "labs.bilirubin_mg_dl"),
    ("labs.albumin_g_dl", "labs.albumin_g_l"),
    ("labs.inr", "labs.prothrombin_prolonged_s"),
    ("liver.ascites",),
    ("liver.encephalopathy_grade",),
)
"""The registry keys of each item; one of them is enough."""

_RISING: Mapping[str, tuple[float, float]] = {
    "labs.bilirubin_umol_l": (34.0, 50.0),
    "labs.bilirubin_mg_dl": (2.0, 3.0),
    "labs.inr": (1.7, 2.3),
    "labs.prothrombin_prolonged_s": (4.0, 6.0),
    "liver.encephalopathy_grade": (1.0, 2.0),
}
"""Two points from the first number to the second, both included; one below, three above."""

_FALLING: Mapping[str, tuple[float, float]] = {"labs.albumin_g_dl": (3.5, 2.8), "labs.albumin_g_l": (35.0, 28.0)}
"""Two points from the second number to the first, both included; one above, three below."""

_ASCITES = {"none": 1, "slight": 2, "moderate": 3}
_LEAST, _MOST = 1, 3


def child_pugh_points(recorded: Mapping[str, FactValue]) -> tuple[int, int]:
    """Return the fewest and the most points that the recorded items allow, from 5 to 15; equal where all are there.

    Args:
        recorded: facts by ``table.key`` as the registry has them, not converted to other units.
    """
    points = [_points(keys, recorded) for keys in CHILD_PUGH_ITEMS]
    return (
        sum(_LEAST if each is None else each for each in points),
        sum(_MOST if each is None else each for each in points),
    )


def child_pugh_classes(low: int, high: int) -> tuple[str, ...]:
    """Return the classes that lie between two numbers of points, both included, best first."""
    limits = (("A", 5, 6), ("B", 7, 9), ("C", 10, 15))
    return tuple(word for word, least, most in limits if low <= most and high >= least)


def missing_items(recorded: Mapping[str, FactValue]) -> tuple[str, ...]:
    """Return the first key of every item that is not recorded."""
    return tuple(keys[0] for keys in CHILD_PUGH_ITEMS if _points(keys, recorded) is None)


def _points(keys: tuple[str, ...], recorded: Mapping[str, FactValue]) -> int | None:
    """Points of one item; None where it is not recorded, or no value it can have."""
    for key in keys:
        value = recorded.get(key)
        if key == "liver.ascites":
            return _ASCITES.get(str(value)) if value is not None else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            continue
        if key in _RISING:
            first, last = _RISING[key]
            return 1 if value < first else 2 if value <= last else 3
        first, last = _FALLING[key]
        return 1 if value > first else 2 if value >= last else 3
    return None
