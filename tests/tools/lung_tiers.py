"""The lung-function tiers, their bounds read from the words of the evidence's conditions."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tests.tools.evidence import Row

__all__ = ["TIER_TEXT", "lung_tiers"]

TIER = re.compile(
    r"FEV1 > [\d.]+ to ([\d.]+) L, or FEV1 (?:< (\d+)|(\d+)-\d+) % predicted(, or home oxygen, or "
    r"interstitial lung disease)?"
)
BEST_TIER = re.compile(r"FEV1 > ([\d.]+) L and FEV1 >= (\d+) % predicted, or lung function not impaired")

TIER_TEXT = """The FEV1 tiers, a proposal for this trial and not a published rule. The worst tier that applies wins;
a tier is unknown while a worse one cannot be excluded.
A FEV1 group counts where lung function is known or suspected to be impaired, or where the lung is at risk (a lung
lesion or earlier lung irradiation). So a patient whose record says impaired = "no", without a lung lesion or earlier
lung irradiation, is LF-A without a FEV1, as the evidence says; with the lung at risk and no FEV1 the tier stays
unknown, as the evidence also says. The FEV1 counts as recorded, whatever impaired says, where the lung is at risk.
Oxygen at home and interstitial disease stand alone: they must be recorded as false before LF-C can be excluded.
LF-C is open downwards: a FEV1 at or under the eligibility limit never gets a better tier than one just above it.
59 to 60 percent of predicted belongs to LF-B: LF-A begins at 60."""


def lung_tiers(rows: Iterable[Row]) -> str:
    """The tiers, their bounds read from the words of the conditions."""
    words = {row["id"].rpartition(".")[2]: row["condition"] for row in rows if ".V20Gy.LF-" in row["id"]}
    best = BEST_TIER.fullmatch(words["LF-A"])
    middle, worst = TIER.fullmatch(words["LF-B"]), TIER.fullmatch(words["LF-C"])
    if not (best and middle and worst and worst.group(4)):
        raise SystemExit("the conditions of the lung-function tiers are worded differently than expected")
    litres, percent = best.groups()
    middle_litres, middle_percent = middle.group(1), middle.group(3)
    worst_litres, worst_percent = worst.group(1), worst.group(2)
    if (middle_litres, middle_percent) != (litres, worst_percent) or f"> {worst_litres} to" not in words["LF-B"]:
        raise SystemExit("the lung-function tiers leave a gap")
    groups_b = [
        f"fev1_l = {{ above = {worst_litres}, up_to = {litres} }}",
        f"fev1_percent = {{ at_least = {middle_percent}, below = {percent} }}",
    ]
    groups_c = [f"fev1_l = {{ up_to = {worst_litres} }}", f"fev1_percent = {{ below = {worst_percent} }}"]
    return "\n\n".join([
        _tier("LF-A", 1, [
            f"fev1_l = {{ above = {litres} }}, fev1_percent = {{ at_least = {percent} }}", 'impaired = "no"']),
        _tier("LF-B", 2, _where_it_counts(groups_b)),
        _tier("LF-C", 3, [*_where_it_counts(groups_c), "home_oxygen = true", "interstitial_disease = true"]),
    ])  # fmt: skip


def _where_it_counts(groups: list[str]) -> list[str]:
    return [f"{group}, {where}" for group in groups
            for where in ('impaired = ["known", "suspected"]', "lung_at_risk = true")]  # fmt: skip


def _tier(name: str, rank: int, groups: list[str]) -> str:
    lines = ",\n".join(f"  {{ {group} }}" for group in groups)
    return f'[[tier]]\nfact = "lung_function"\nid = "{name}"\nrank = {rank}\nany = [\n{lines},\n]'
