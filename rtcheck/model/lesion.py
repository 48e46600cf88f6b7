"""A lesion as the trial registered it. The registry is a file; lesions are never inferred from structures."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KINDS", "Lesion"]

KINDS = ("primary", "regional_node", "nonregional_node", "organ_metastasis", "bone")
"""The kinds of lesion the registry knows. The primary is a site of known disease, not a metastasis."""


@dataclass(frozen=True, slots=True)
class Lesion:
    """One registered lesion.

    Attributes:
        id: as in the registry.
        organ: organ system, for the rule of at most so many in one, such as "liver".
        kind: one of `KINDS`.
        active: False when resolved under earlier treatment.
        measurable: RECIST 1.1; None when not recorded.
        gtv, ctv, ptv: ROI names as exported; several are united.
        dose_gy, fractions: its prescription; None only for a resolved lesion.
        palliative: intent is palliative: out of the consolidative coverage rule.
        site, soft_tissue, group: as recorded.
    """

    id: str
    organ: str
    kind: str
    active: bool
    measurable: bool | None = None
    gtv: tuple[str, ...] = ()
    ctv: tuple[str, ...] = ()
    ptv: tuple[str, ...] = ()
    dose_gy: float | None = None
    fractions: int | None = None
    palliative: bool = False
    site: str = ""
    soft_tissue: bool | None = None
    group: str = ""

    @property
    def consolidative(self) -> bool:
        """Whether the coverage rule applies: active and not palliative."""
        return self.active and not self.palliative
