"""Where much of a solid lies hidden between two planes: what is left open about it may be wrong all the same way.

The interval of a metric is the envelope of its readings, each of which changes one thing: where the solid ends, or what
lies between its contours. Where a large part of it comes or goes between two neighbouring planes, and the others do not
show how (a flat face cut aslant, a knife edge, the corner of a box), both questions are about the same piece of it and
are answered wrong together. There two more readings take the worst answer to each, rank by rank of the dose: all that
makes it colder, and all that makes it hotter. The volume stays: its readings hold it as they are. By calibration on
boxes and cylinders turned at random; most solids show what they do over several planes, and nothing is added.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from rtcheck.dvh.curve import DVH
from rtcheck.model.arrays import FloatArray, frozen

__all__ = ["HIDDEN", "together"]

HIDDEN = 0.005
"""A share of the volume that is hidden between planes counts from here on, ever more, ..."""
_MUCH = 0.025
"""... and from here on in full: the answers are then added ..."""
_FURTHER = 1.3
"""... and taken this much further than the readings go: of 2500 solids the worst wanted as much."""
_TAIL = np.geomspace(1e-4, 0.5, 40)
_RANKS = np.concatenate([[0.0], _TAIL, 1 - _TAIL[-2::-1], [1.0]])
"""Where the readings are compared, from the coldest to the hottest, densely at both ends."""

Changes = Iterable[tuple[DVH, DVH]]
"""Readings that answer one question in different ways, each with the reading that it changes."""


def together(value: DVH, questions: Iterable[Changes], hidden: float) -> list[tuple[str, DVH]]:
    """Return the readings with all answers that make the dose colder, and with all that make it hotter.

    Args:
        value: the histogram.
        questions: what is left open.
        hidden: share of the volume that comes or goes unseen, at least `HIDDEN`.

    Returns:
        Labels and histograms; none without samples. Their doses stay between the extremes of all readings.
    """
    if len(value.dose_gy) == 0:
        return []
    part = min((hidden - HIDDEN) / (_MUCH - HIDDEN), 1.0)
    least, most = value.minimum_gy, value.maximum_gy
    colder, hotter = np.zeros(len(_RANKS)), np.zeros(len(_RANKS))
    for changes in questions:
        down, up = np.zeros(len(_RANKS)), np.zeros(len(_RANKS))
        for dvh, base in changes:
            if len(dvh.dose_gy) == 0 or len(base.dose_gy) == 0:
                continue
            apart = _at_ranks(dvh) - _at_ranks(base)
            down, up = np.minimum(down, apart), np.maximum(up, apart)
            least, most = min(least, dvh.minimum_gy), max(most, dvh.maximum_gy)
        colder, hotter = colder + _FURTHER * part * down, hotter + _FURTHER * part * up
    rank = _ranks(value)
    out = []
    for label, shift in (("all that is colder", colder), ("all that is hotter", hotter)):
        dose = np.sort(np.clip(value.dose_gy + np.interp(rank, _RANKS, shift), least, most))
        lowest, highest = min(float(dose[0]), value.minimum_gy), max(float(dose[-1]), value.maximum_gy)
        out.append((label, replace(value, dose_gy=frozen(dose), minimum_gy=lowest, maximum_gy=highest)))
    return out


def _ranks(dvh: DVH) -> FloatArray:
    """(n,) rank of the middle of each sample, 0 to 1."""
    return np.asarray((np.cumsum(dvh.volume_cm3) - dvh.volume_cm3 / 2) / np.sum(dvh.volume_cm3))


def _at_ranks(dvh: DVH) -> FloatArray:
    return np.asarray(np.interp(_RANKS, _ranks(dvh), dvh.dose_gy))
