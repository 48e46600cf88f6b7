"""Where an image lies: what is needed to tell whether a contour was drawn on it. Pixels are not read for this."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ImagePlane"]


@dataclass(frozen=True, slots=True)
class ImagePlane:
    """One cross-sectional image.

    Attributes:
        position_mm: centre of its first pixel, LPS.
        row, column: unit vectors of growing column and row index, LPS.
        series_uid: of its series, empty when absent.
    """

    sop_instance_uid: str
    frame_of_reference_uid: str
    position_mm: tuple[float, float, float]
    row: tuple[float, float, float]
    column: tuple[float, float, float]
    series_uid: str = ""
