"""Laboratory values in another unit, and as multiples of the upper limit of normal (ULN).

Every conversion is explicit and computed with decimals, so that a value at a limit stays at it:

| from | to | factor | source |
|---|---|---|---|
| g/dl | g/l | 10 | definition |
| bilirubin mg/dl | µmol/l | 17.104 | 10 over 0.58466 kg/mol, the molar mass of bilirubin (C33H36N4O6) |
| creatinine mg/dl | µmol/l | 88.4 | 10 over 0.11312 kg/mol, the molar mass of creatinine (C4H7N3O) |
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from rtcheck.model.record import FactValue

__all__ = ["ULN_RATIOS", "fill_in_units", "missing_for_ratio", "uln_ratio"]

_BILIRUBIN = Decimal("17.104")
_CREATININE = Decimal("88.4")

_SAME: tuple[tuple[str, str, Decimal], ...] = (
    ("labs.haemoglobin_g_dl", "labs.haemoglobin_g_l", Decimal(10)),
    ("labs.albumin_g_dl", "labs.albumin_g_l", Decimal(10)),
    ("labs.bilirubin_mg_dl", "labs.bilirubin_umol_l", _BILIRUBIN),
    ("labs.bilirubin_uln_mg_dl", "labs.bilirubin_uln_umol_l", _BILIRUBIN),
    ("labs.creatinine_mg_dl", "labs.creatinine_umol_l", _CREATININE),
    ("labs.creatinine_uln_mg_dl", "labs.creatinine_uln_umol_l", _CREATININE),
)
"""The same value in two units: (key, other key, factor from the first to the other)."""

ULN_RATIOS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "bilirubin_uln": (
        ("labs.bilirubin_umol_l", "labs.bilirubin_uln_umol_l"), ("labs.bilirubin_mg_dl", "labs.bilirubin_uln_mg_dl"),
    ),
    "alt_uln": (("labs.alt_u_l", "labs.alt_uln_u_l"),),
    "ast_uln": (("labs.ast_u_l", "labs.ast_uln_u_l"),),
    "alp_uln": (("labs.alp_u_l", "labs.alp_uln_u_l"),),
    "creatinine_uln": (
        ("labs.creatinine_umol_l", "labs.creatinine_uln_umol_l"),
        ("labs.creatinine_mg_dl", "labs.creatinine_uln_mg_dl"),
    ),
}  # fmt: skip
"""Each ratio: its pairs of value and upper limit of normal, each pair in one unit."""


def fill_in_units(recorded: Mapping[str, FactValue]) -> dict[str, FactValue]:
    """Return the facts with every laboratory value in its other unit as well, where only one is recorded."""
    out = dict(recorded)
    for key, other, factor in _SAME:
        value, same = _decimal(out.get(key)), _decimal(out.get(other))
        if value is not None and other not in out:
            out[other] = float(value * factor)
        elif same is not None and key not in out:
            out[key] = float(same / factor)
    return out


def uln_ratio(name: str, recorded: Mapping[str, FactValue]) -> float | None:
    """Return a value over its upper limit of normal, correctly rounded once; None where it cannot be told.

    Args:
        name: of `ULN_RATIOS`.
        recorded: facts as the registry has them. A pair recorded in one unit is divided in that unit; where value and
            limit are recorded in different ones, they are converted first.
    """
    for facts in (recorded, fill_in_units(recorded)):
        for key, limit in ULN_RATIOS[name]:
            value, normal = _decimal(facts.get(key)), _decimal(facts.get(limit))
            if value is not None and normal is not None and normal > 0:
                return float(Fraction(value) / Fraction(normal))
    return None


def missing_for_ratio(name: str, recorded: Mapping[str, FactValue]) -> tuple[str, ...]:
    """Return the registry keys that a ratio still needs, in the first of its units."""
    facts = fill_in_units(recorded)
    return tuple(key for key in ULN_RATIOS[name][0] if _decimal(facts.get(key)) is None)


def _decimal(value: FactValue | None) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return Decimal(repr(value))
