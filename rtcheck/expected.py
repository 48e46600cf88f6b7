"""Which structures a check will sample, in which order and under which name: told beforehand, so that others may help.

It follows `rtcheck.check` step by step. A structure that it misses is sampled when it is asked for, one too many is
sampled in vain: neither changes a result.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rtcheck.judging import measured_by
from rtcheck.measure import by_solid, expression_key
from rtcheck.reconcile import role_solids
from rtcheck.rules.binding import Binding
from rtcheck.rules.lesions import LesionBinding, target_role
from rtcheck.rules.resolve import BoundExpression, BoundROI, union_of

__all__ = ["expected_structures", "target_of"]


def target_of(binding: LesionBinding) -> tuple[str, BoundExpression] | None:
    """Return what messages call the target of a lesion, and the target; None where it has none that can be used."""
    role = target_role(binding)
    target = None if role is None else union_of([BoundROI(roi) for roi in binding.roles[role].rois])
    if target is None:
        return None
    return target.roi.name if isinstance(target, BoundROI) else f"target of {binding.lesion.id}", target


def expected_structures(
    lesions: Iterable[LesionBinding], bindings: Sequence[Binding]
) -> tuple[tuple[str, BoundExpression], ...]:
    """List what will be sampled for the medians of targets, the reconciliation of lesions and the judging of bindings.

    Args:
        lesions: all registered ones.
        bindings: in their order; each solid is forgotten after its last one was judged.

    Returns:
        Name and expression of each; one that is sampled again after it was forgotten stands there again.
    """
    out: list[tuple[str, BoundExpression]] = []
    there = set()

    def ask(name: str, bound: BoundExpression) -> None:
        key = expression_key(bound)
        if key not in there:
            there.add(key)
            out.append((name, bound))

    known = list(lesions)
    for lesion in known:
        target = target_of(lesion) if lesion.lesion.consolidative else None
        if target is not None:
            ask(*target)
    for lesion in known:
        for name, solid in role_solids(lesion).values() if lesion.lesion.active else ():
            if solid is not None:
                ask(name, solid)
    for places in by_solid(binding.solid for binding in bindings):
        for place in places:
            for name, bound in measured_by(bindings[place]):
                ask(name, bound)
        solid = bindings[places[0]].solid
        if solid is not None:
            there.discard(expression_key(solid))
    return tuple(out)
