"""The structure of the organ that the registry names for a lesion, so that a lesion drawn elsewhere is seen."""

from __future__ import annotations

from collections.abc import Sequence

from rtcheck.model.lesion import Lesion
from rtcheck.model.structure import ROI
from rtcheck.rules.counting import organ_system
from rtcheck.rules.names import NameTable, fold_name, match_name

__all__ = ["organ_rois"]

_PAIRS = {"lung": "Lungs", "kidney": "Kidneys", "adrenal": "Glnd_Adrenals"}
"""Organ systems of two structures; a lesion in one of them lies in the union. Names are those of TG-263."""

_NODES = ("regional_node", "nonregional_node")


def organ_rois(lesion: Lesion, rois: Sequence[ROI], names: NameTable) -> tuple[str, tuple[ROI, ...], str]:
    """Find the structures of a lesion's organ.

    Returns:
        The standard name, empty where the organ has no structure of its own; the ROIs whose union it is; and why there
        is none, in one sentence, empty where there is one.
    """
    system = organ_system(lesion.organ)
    if lesion.kind in _NODES or lesion.kind == "bone":
        return "", (), f"No one structure holds every {system}."
    standard = names.by_spelling.get(fold_name(_PAIRS.get(system, system))) or names.by_spelling.get(
        fold_name(lesion.organ)
    )
    if standard is None:
        return "", (), f"The table of names has no structure for the organ {system}."
    match = match_name(standard.name, rois, names)
    if match.kind in ("absent", "ambiguous"):
        return standard.name, (), match.reason
    return standard.name, match.rois, ""
