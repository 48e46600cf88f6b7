"""From the samples of a solid to its dose-volume histogram under every convention that is left open.

`rtcheck.dvh.engine.sample_solid` takes the samples once per structure; here they become physical dose, EQD2 or BED.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rtcheck.dvh.curve import BEND, DVH, StructureDose
from rtcheck.dvh.drawn import drawn_range
from rtcheck.dvh.engine import SampledSolid
from rtcheck.dvh.extreme_range import bends_at_ends, extreme_range, within_surface
from rtcheck.dvh.field import Quantity
from rtcheck.dvh.one_plane import LABELS
from rtcheck.dvh.quantity import quantum, total
from rtcheck.dvh.sampling import Samples, ascending
from rtcheck.dvh.together import HIDDEN, together
from rtcheck.dvh.unseen import rounded
from rtcheck.geometry.variants import DOWN, EDGES, LONG, SHORT, UP
from rtcheck.model.arrays import FloatArray, frozen

__all__ = ["structure_dose"]

_BEYOND = 0.45
_BEYOND_PLANES = 1.4
"""How far beyond either structure model the interval reaches, as a share of their difference: the first plus the second
over the number of planes, at most all of it, since a solid of few contours is the least known. By calibration on closed
forms, and on boxes, cylinders and the like turned at random. Under `shape` the ends of prisms are most of the width,
but with half of them three lying cylinders of 2000 random solids were missed."""

_ENDS = (SHORT, LONG, DOWN, UP)
_LEANING = "prisms that lean"
_AREAS = "areas of the contours"


def structure_dose(sampled: SampledSolid, quantity: Quantity) -> StructureDose:
    """Return the dose-volume histograms of a sampled solid for one dose quantity.

    Physical dose is the sum over the parts of the course. EQD2 and BED are computed for each part at every sample,
    with that part's own number of fractions, before the sum.

    Raises:
        ValueError: a biological quantity without α/β.
    """
    if sampled.value is None:
        none = DVH(frozen(np.zeros(0)), frozen(np.zeros(0)), float("nan"), float("nan"))
        return StructureDose(none, (), None, 0.0, 0.0, sampled.model, sampled.findings)
    assert sampled.coarse is not None  # all of these are sampled together with the value
    assert sampled.bend_gy is not None
    assert sampled.other is not None
    assert sampled.surface is not None
    other_model = "shape" if sampled.model == "prism" else "prism"
    search = {"prism": sampled.extremes, "shape": sampled.surface}
    names = {"prism": sampled.variants, "shape": sampled.shapes}
    value = _histograms(sampled.value, search[sampled.model], sampled, quantity, len(names[sampled.model]))
    alternatives = list(zip(names[sampled.model][1:], value[1:], strict=True))
    other = _histograms(sampled.other, search[other_model], sampled, quantity, len(names[other_model]))
    labels = [f"{other_model}, {label}" if label else other_model for label in names[other_model]]
    alternatives.extend(zip(labels, other, strict=True))
    readings = [("", value[0]), *alternatives]
    share = min(_BEYOND + _BEYOND_PLANES / sampled.planes, 1.0)
    alternatives.append((f"beyond {other_model}", _beyond(other[0], value[0], share)))
    alternatives.append((f"beyond {sampled.model}", _beyond(value[0], other[0], share)))
    coarsely = [*labels, *(label for label, _ in alternatives[-2:])]
    if sampled.slope_gy is not None:
        # with few planes both the wall and the ends are in doubt, and may be wrong together
        for reading, dvh in readings:
            moved = rounded(dvh, sampled.coarse, sampled.slope_gy, sampled.fractions, quantity, sampled.share_out)
            named = [(f"{reading}, {label}" if reading else label, each) for label, each in moved]
            alternatives.extend(named)
            if reading in labels:
                coarsely.extend(label for label, _ in named)
    if sampled.slid is not None:
        leaning = LABELS if sampled.planes == 1 else (_LEANING,)
        alternatives.extend(
            zip(leaning, _histograms(sampled.slid, None, sampled, quantity, len(leaning)), strict=True)
        )
    if sampled.smooth_cm3 is not None:
        alternatives.append((_AREAS, _of_volume(value[0], sampled.smooth_cm3)))
    if sampled.drawn is not None and sampled.drawn.hidden >= HIDDEN:
        ends = [
            (dvh, histograms[0])
            for model, histograms in ((sampled.model, value), (other_model, other))
            for label, dvh in zip(names[model], histograms, strict=True)
            if label in _ENDS
        ]
        between = {other_model, f"beyond {other_model}", f"beyond {sampled.model}", _LEANING, _AREAS}
        between.update(*((edges, f"{other_model}, {edges}") for edges in EDGES))
        walls = [(dvh, value[0]) for label, dvh in alternatives if label in between]
        alternatives.extend(together(value[0], (ends, walls), sampled.drawn.hidden))
    if sampled.extreme_margin_gy > 0:
        alternatives.append(("bound of the extremes", _widened(value[0], sampled, quantity)))
    cubic = replace(sampled.coarse, dose_gy=sampled.coarse.dose_gy + sampled.bend_gy)
    doubted = replace(sampled.coarse, dose_gy=sampled.coarse.dose_gy + BEND * sampled.bend_gy)
    coarse, bent = (
        replace(
            _histograms(each, None, sampled, quantity, 1)[0],
            minimum_gy=value[0].minimum_gy,
            maximum_gy=value[0].maximum_gy,
        )
        for each in (sampled.coarse, doubted)
    )
    shape = value[0] if sampled.model == "shape" else other[0]
    within = within_surface(shape, _known(sampled.surface, sampled, quantity))
    known = (_known(each, sampled, quantity) for each in (sampled.coarse, cubic))
    bends = bends_at_ends(value[0], within, *known)
    drawn = None
    if sampled.drawn is not None:
        drawn = drawn_range(sampled.drawn, total(sampled.drawn.dose_gy, sampled.fractions, quantity))
    extremes = extreme_range((value[0], *(dvh for _, dvh in alternatives)), within, bends, drawn)
    return StructureDose(
        value=value[0],
        alternatives=tuple(alternatives),
        coarse=coarse,
        dose_error_gy=quantum(sampled.value.dose_gy, sampled.fractions, sampled.quantum_gy, quantity),
        volume_error_cm3=sampled.volume_error_cm3,
        model=sampled.model,
        findings=sampled.findings,
        bent=bent,
        minimum_gy=extremes[0] if extremes else None,
        maximum_gy=extremes[1] if extremes else None,
        coarsely=tuple(coarsely),
    )


def _known(samples: Samples, sampled: SampledSolid, quantity: Quantity) -> FloatArray:
    """(n,) dose at the samples of the first reading, where it is known."""
    dose = total(samples.dose_gy, sampled.fractions, quantity)[samples.mask & 1 == 1]
    return np.asarray(dose[~np.isnan(dose)])


def _beyond(near: DVH, far: DVH, share: float) -> DVH:
    """Return the histogram as far beyond `near`, seen from `far`, as `share` of what lies between them, rank by rank.

    The true solid need not lie between two models of it: it can be on the far side of either, by less than they differ.
    """
    if len(near.dose_gy) == 0 or len(far.dose_gy) == 0:
        return near
    at = (np.cumsum(near.volume_cm3) - near.volume_cm3 / 2) / np.sum(near.volume_cm3)
    at_far = (np.cumsum(far.volume_cm3) - far.volume_cm3 / 2) / np.sum(far.volume_cm3)
    dose = np.sort(np.maximum(near.dose_gy + share * (near.dose_gy - np.interp(at, at_far, far.dose_gy)), 0.0))
    size = max(1 + share * (1 - far.total_cm3 / near.total_cm3), 0.0)
    return DVH(
        dose_gy=frozen(dose),
        volume_cm3=frozen(near.volume_cm3 * size),
        minimum_gy=min(float(dose[0]), near.minimum_gy),
        maximum_gy=max(float(dose[-1]), near.maximum_gy),
        outside_cm3=near.outside_cm3 * size,
    )


def _of_volume(dvh: DVH, volume_cm3: float) -> DVH:
    """Return the histogram with all volumes scaled so that they add up to `volume_cm3`."""
    size = volume_cm3 / dvh.total_cm3
    return replace(dvh, volume_cm3=frozen(dvh.volume_cm3 * size), outside_cm3=dvh.outside_cm3 * size)


def _widened(dvh: DVH, sampled: SampledSolid, quantity: Quantity) -> DVH:
    """Return the histogram with its extremes moved out by the search's margin, taken as if one part had all of it."""
    assert sampled.value is not None
    margin = quantum(
        sampled.value.dose_gy, sampled.fractions, (sampled.extreme_margin_gy,) * len(sampled.fractions), quantity
    )
    return replace(dvh, minimum_gy=max(dvh.minimum_gy - margin, 0.0), maximum_gy=dvh.maximum_gy + margin)


def _histograms(
    samples: Samples, search: Samples | None, sampled: SampledSolid, quantity: Quantity, variants: int
) -> list[DVH]:
    """One histogram for each of the first `variants` variants; extremes from samples and from their own search."""
    dose = total(samples.dose_gy, sampled.fractions, quantity)
    order = ascending(dose)
    dose, volume = dose[order], samples.volume_cm3[order]
    # there are ten readings at most (`variants_of`, `with_edges`), and each looks at all masks: so they are made small
    assert variants <= np.iinfo(np.uint16).bits
    mask = samples.mask[order].astype(np.uint16)
    known = len(dose) - int(np.count_nonzero(np.isnan(dose)))
    candidates = np.zeros(0) if search is None else total(search.dose_gy, sampled.fractions, quantity)
    out = []
    for i in range(variants):
        member = mask & np.uint16(1 << i)
        inside = np.flatnonzero(member[:known])
        own = dose[inside]
        extra = candidates if search is None else candidates[(search.mask >> i) & 1 == 1]
        ends = np.concatenate([own[:1], own[-1:], extra[~np.isnan(extra)]])
        out.append(
            DVH(
                dose_gy=frozen(own),
                volume_cm3=frozen(volume[inside]),
                minimum_gy=float(ends.min()) if len(own) else float("nan"),
                maximum_gy=float(ends.max()) if len(own) else float("nan"),
                outside_cm3=float(np.sum(volume[known:][member[known:] != 0])),
            )
        )
    return out
