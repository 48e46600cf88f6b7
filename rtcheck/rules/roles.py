"""Does what a structure says of itself (RTROIInterpretedType) fit the role in which it is used (RTD320)."""

from __future__ import annotations

from collections.abc import Iterable

from rtcheck.model.finding import Finding, finding
from rtcheck.model.structure import ROI
from rtcheck.rules.binding import Binding
from rtcheck.rules.lesions import LesionBinding
from rtcheck.rules.names import fold_name
from rtcheck.rules.resolve import rois_of

__all__ = ["is_typed", "role_findings"]

_FITTING = {"gtv": ("GTV", "CTV"), "ctv": ("CTV", "GTV"), "ptv": ("PTV",)}
_OTHER_TARGETS = ("TREATED_VOLUME", "IRRAD_VOLUME")
_TARGETS = ("GTV", "CTV", "PTV")
_TARGET_PREFIXES = ("gtv", "ctv", "ptv", "itv", "igtv", "ictv")
_NO_TISSUE = ("BOLUS", "SUPPORT", "FIXATION", "MARKER", "REGISTRATION", "ISOCENTER")
_KNOWN = (
    *_TARGETS, *_OTHER_TARGETS, *_NO_TISSUE, "EXTERNAL", "AVOIDANCE", "ORGAN", "CONTRAST_AGENT", "CAVITY",
    "BRACHY_CHANNEL", "BRACHY_ACCESSORY", "BRACHY_SRC_APP", "BRACHY_CHNL_SHLD", "CONTROL", "DOSE_REGION",
    "DOSE_MEASUREMENT",
)  # fmt: skip
"""Defined terms of RTROIInterpretedType (PS3.3 §C.8.8.8.1); other words say nothing about a role."""


def role_findings(lesions: Iterable[LesionBinding], bindings: Iterable[Binding]) -> tuple[Finding, ...]:
    """RTD320 for a target typed as something else, and for an organ typed as a target or as no tissue.

    A set may type its clinical target as GTV or CTV (an ITV has no type of its own); a PTV is typed PTV. A structure
    without a type, or with a word that is none of the standard's, is not judged by it.
    """
    out: dict[tuple[int, str], Finding] = {}
    targets: set[int] = set()
    for lesion in lesions:
        for role, bound in lesion.roles.items():
            for roi in bound.rois:
                targets.add(id(roi))
                if lesion.lesion.consolidative and is_typed(roi) and roi.interpreted_type not in _FITTING[role]:
                    message = (
                        f"{roi.name} is the {role.upper()} of lesion {lesion.lesion.id}, but its RTROIInterpretedType "
                        f"(3006,00A4) is {roi.interpreted_type}. Check that the registry names the right structure."
                    )
                    out[id(roi), "target"] = finding("RTD320", roi.name, message, type=roi.interpreted_type)
    for binding in bindings:
        if binding.applies is False or binding.solid is None:
            continue
        for roi in rois_of(binding.solid):
            if id(roi) in targets or fold_name(roi.name).startswith(_TARGET_PREFIXES):
                continue
            if roi.interpreted_type in (*_TARGETS, *_NO_TISSUE):
                message = (
                    f"{roi.name} is judged as an organ, but its RTROIInterpretedType (3006,00A4) is "
                    f"{roi.interpreted_type}. Check that it is the organ that the constraint means."
                )
                out[id(roi), "organ"] = finding("RTD320", roi.name, message, type=roi.interpreted_type)
    return tuple(out.values())


def is_typed(roi: ROI) -> bool:
    """Whether a structure has a type that the standard defines."""
    return roi.interpreted_type in _KNOWN
