"""Doses that are zero where a copy stopped or lost blocks: the bytes are there, and every one of them is zero.

A copy into a file of the full length that is interrupted leaves zeros at the end; a bad block or the hole of a sparse
file leaves them in the middle. All lengths are right, and the organs there look spared. What gives it away is that dose
does not end so: the planes on either side of the zeros are as hot as ever. The thresholds are ours; a false alarm asks
for another copy, a miss would pass an organ.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtcheck.model.finding import Finding, finding

__all__ = ["zero_fill_findings"]

_HOT = 0.1
"""Share of the largest dose from which a neighbour of zeros is hot: dose falls to zero through everything between."""
_UNCHANGED = 0.5
"""Share of its neighbour's dose that the part of a plane before the zeros must have: there the dose has not ended."""
_PLANE = 0.25
"""Share of the largest dose of a plane from which a plane is hot: towards the ends of a field it is much less."""
_MISSING = 0.1
"""Share of the dose of a plane that must lie where its successor is zero: a dose that shrinks leaves less."""
_WINDOW = 64
"""Voxels of a run that is looked for: a lost block of 512 bytes holds at least one such run wherever it begins."""
_AT_ONCE = 4096
"""Runs compared at a time, so that the working arrays stay small."""


def zero_fill_findings(stored: NDArray[Any], label: str) -> list[Finding]:
    """Find zeros that look like a copy that was not finished, or lost a block (RTD208).

    Args:
        stored: (planes, rows, columns), in the order of the file.
        label: the file, for messages.
    """
    top = int(stored.max(initial=0))
    if top == 0:
        return []
    flat = stored.reshape(-1)
    end = flat.size - int(np.argmax(flat[::-1] != 0))
    hole = _first_hole(flat[:end], stored[0].size, _HOT * top)
    if hole is not None:
        message = (
            f"a block of zeros begins at voxel {hole} of the pixel data, between planes that are hot there: a part of "
            "the file is lost; copy or export it again"
        )
        return [finding("RTD208", label, message, "E", voxel=hole)]
    return _ending(stored, end, label)


def _first_hole(flat: NDArray[Any], plane: int, hot: float) -> int | None:
    """Index of the first run of zeros whose voxels in both neighbouring planes are hot on average; None without one."""
    first, last = plane, flat.size - plane
    count = (last - first) // _WINDOW
    if count < 1:
        return None
    inner = flat[first : first + count * _WINDOW].reshape(count, _WINDOW)
    starts = first + _WINDOW * np.flatnonzero(~inner.any(axis=1))
    for some in np.array_split(starts, len(starts) // _AT_ONCE + 1):
        voxels = some[:, None] + np.arange(_WINDOW)
        found = np.minimum(flat[voxels - plane].mean(axis=1), flat[voxels + plane].mean(axis=1)) >= hot
        if found.any():
            return int(some[np.argmax(found)])
    return None


def _ending(stored: NDArray[Any], end: int, label: str) -> list[Finding]:
    """Judge the zeros from voxel `end` to the last one."""
    number, part = divmod(end - 1, stored[0].size)
    if end == stored.size:
        return []
    sums = stored.sum(axis=(1, 2), dtype=np.float64)
    if number > 0:
        before, head = stored[number - 1].reshape(-1), stored[number].reshape(-1)[: part + 1]
        lost = float(before[part + 1 :].sum(dtype=np.float64))
        hot = sums[number - 1] >= _PLANE * sums.max()
        if hot and lost >= _MISSING * sums[number - 1] and head.max() >= _UNCHANGED * before[: part + 1].max():
            message = (
                f"every voxel from the middle of plane {number + 1} of {len(stored)} on is zero, where the plane "
                "before is hot: the copy of the file was not finished; copy or export it again"
            )
            return [finding("RTD208", label, message, "E", voxel=end)]
    if number + 1 < len(stored) and sums[number] >= _UNCHANGED * sums.max():
        message = (
            f"planes {number + 2} to {len(stored)} are zero, and plane {number + 1} is among the hottest: the copy of "
            "the file was not finished, or the dose was calculated in a part of the grid only"
        )
        return [finding("RTD208", label, message, "W", voxel=end)]
    return []
