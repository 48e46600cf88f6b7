"""CT as a volume: the picture behind dose and contours. No number of a report is made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from rtcheck.model.grid import GridGeometry

__all__ = ["ImageVolume"]


@dataclass(frozen=True, slots=True, eq=False)
class ImageVolume:
    """The images of one CT series, stacked.

    Attributes:
        geometry: where the voxels are, with the frame of reference that the images state.
        hounsfield: int16 (nz, ny, nx), read-only; planes ascend along ``row x column``.
        series_uid: of the series.
        sop_instance_uids: of the images, in the order of the planes.
    """

    geometry: GridGeometry
    hounsfield: NDArray[Any]
    series_uid: str
    sop_instance_uids: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.hounsfield.shape != self.geometry.shape:
            raise ValueError(f"image array {self.hounsfield.shape} does not fit its geometry {self.geometry.shape}")
        if self.hounsfield.flags.writeable or self.hounsfield.dtype.name != "int16":
            raise ValueError("image array must be int16 and read-only")
