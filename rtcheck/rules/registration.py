"""Move structures into the frame of the dose with a Spatial Registration that was asked for by its UID.

A registration is never applied unasked: which of several is meant, and whether it is good enough, is a person's
decision. Its matrices map points of a *source* frame into the *registered* frame (PS3.3 §C.20.2.1.1); from a source S
to a dose in frame D the map is ``inverse(M_D) M_S``, where the registered frame itself has the identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rtcheck.model.arrays import FloatArray, frozen
from rtcheck.model.finding import Finding, finding
from rtcheck.model.registration import FrameTransform, SpatialRegistration
from rtcheck.model.structure import ROI, ContourSet, StructureSet
from rtcheck.rules.course import Course

__all__ = ["UnusableRegistrationError", "apply_registration", "rigid_between"]

_ORTHONORMAL = 1e-4
"""How far a rotation may be from orthonormal, and its determinant from 1: DS has up to 14 digits, systems write 6."""
_SAME_MM = 0.01
_REACH_MM = 500.0


class UnusableRegistrationError(ValueError):
    """Why a registration cannot move structures, as one sentence; never leaves this module's callers."""


def apply_registration(
    course: Course, registrations: Sequence[SpatialRegistration], wanted: str | None
) -> tuple[Course, tuple[Finding, ...]]:
    """Return the course with its structures in the frame of its doses, as far as the registration joins the two.

    Args:
        course: as linked.
        registrations: those of the export.
        wanted: SOP Instance UID of the one to apply; None applies none.

    Returns:
        The course, changed or as it was, and RTD402 (W) for every structure set that was moved, RTD403 (F) where the
        registration is absent, not rigid, singular, ambiguous, or does not join the frames. Structures that are
        already in the frame of the dose stay as they are.
    """
    if wanted is None:
        return course, ()
    frames = {grid.geometry.frame_of_reference_uid for grid in course.grids}
    if len(frames) != 1:
        return course, ()  # doses that cannot be summed, or none: refused elsewhere
    (target,) = frames
    sources = sorted({roi.frame_of_reference_uid for roi in course.rois} - {target, ""})
    chosen = next((item for item in registrations if item.sop_instance_uid == wanted), None)
    if chosen is None:
        problem = f"The export has no Spatial Registration {wanted}. Give the SOP Instance UID of one it has."
        there = sorted(item.sop_instance_uid for item in registrations)
        return course, (finding("RTD403", "registration", problem, registrations=there),)
    known = {chosen.registered_uid, *(item.source_uid for item in chosen.transforms)}
    joined = [source for source in sources if source in known and target in known]
    try:
        # a frame that it does not know stays: what uses a structure of that frame is refused by itself (RTD401)
        moves = {source: rigid_between(chosen, source, target) for source in joined or sources}
    except UnusableRegistrationError as why:
        return course, (finding("RTD403", chosen.source or "registration", f"{why}"),)
    if not moves:
        note = "All structures are in the frame of the dose: the registration that was asked for moved nothing."
        return course, (finding("RTD402", chosen.source or "registration", note, "I"),)
    sets, notes = [], []
    for structures in course.structure_sets:
        rois = tuple(_moved(roi, moves, target) for roi in structures.rois)
        sets.append(replace(structures, rois=rois))
        if any(new is not old for new, old in zip(rois, structures.rois, strict=True)):
            notes.append(_note(structures, chosen, moves))
    return replace(course, structure_sets=tuple(sets)), tuple(notes)


def rigid_between(registration: SpatialRegistration, source: str, target: str) -> FloatArray:
    """Return the rigid 4 x 4 map from frame `source` to frame `target`.

    Raises:
        UnusableRegistrationError: deformable, unreadable, not rigid, singular, ambiguous, or strange to a frame.
    """
    if registration.deformable:
        raise UnusableRegistrationError("The registration is deformable: it changes volumes and is not applied.")
    if registration.problem:
        raise UnusableRegistrationError(f"The registration cannot be read: {registration.problem}.")
    return np.asarray(np.linalg.inv(_into(registration, target)) @ _into(registration, source))


def _into(registration: SpatialRegistration, frame: str) -> FloatArray:
    """Return the map from a frame into the registered frame."""
    own = [item for item in registration.transforms if item.source_uid == frame]
    if frame == registration.registered_uid:
        for item in own:
            if not np.allclose(_matrix(item), np.eye(4), rtol=0, atol=1e-6):
                problem = "The registration moves its own registered frame: its direction is unclear."
                raise UnusableRegistrationError(problem)
        return np.eye(4)
    if not own:
        problem = "The registration does not join the frames of the structures and the dose."
        raise UnusableRegistrationError(problem)
    found = [_matrix(item) for item in own]
    if any(not np.allclose(matrix, found[0], rtol=0, atol=1e-6) for matrix in found[1:]):
        raise UnusableRegistrationError("The registration holds several different matrices for one frame.")
    return found[0]


def _matrix(item: FrameTransform) -> FloatArray:
    """Return the product of the matrices of one item, proved rigid."""
    if any(kind != "RIGID" for kind in item.kinds) or not item.matrices:
        kinds = ", ".join(sorted(set(item.kinds))) or "absent"
        problem = f"FrameOfReferenceTransformationMatrixType is {kinds}, expected RIGID: volumes would change."
        raise UnusableRegistrationError(problem)
    matrices = [np.array(values).reshape(4, 4) for values in item.matrices]
    for matrix in matrices:
        rotation = matrix[:3, :3]
        if np.any(matrix[3] != (0, 0, 0, 1)):
            raise UnusableRegistrationError("The last row of the matrix is not 0, 0, 0, 1.")
        off = float(np.max(np.abs(rotation @ rotation.T - np.eye(3))))
        if not off <= _ORTHONORMAL or not abs(float(np.linalg.det(rotation)) - 1) <= _ORTHONORMAL:
            problem = "The matrix is not rigid (a rotation with determinant 1): it is singular, scales or mirrors."
            raise UnusableRegistrationError(problem)
    product = _product(matrices)
    corners = _REACH_MM * np.array([(1, 1, 1, 0), (1, -1, 1, 0), (-1, 1, 1, 0), (0, 0, 0, 0)]) + (0, 0, 0, 1)
    if float(np.max(np.abs((product - _product(matrices[::-1])) @ corners.T))) > _SAME_MM:
        problem = (
            "The registration consists of several matrices whose order matters, and systems differ in it: its "
            "direction is unclear. Export it as one matrix."
        )
        raise UnusableRegistrationError(problem)
    return product


def _product(matrices: Sequence[FloatArray]) -> FloatArray:
    out = np.eye(4)
    for matrix in matrices:
        out = out @ matrix
    return out


def _moved(roi: ROI, moves: dict[str, FloatArray], target: str) -> ROI:
    matrix = moves.get(roi.frame_of_reference_uid)
    if matrix is None:
        return roi
    points = roi.contours.points_mm @ matrix[:3, :3].T + matrix[:3, 3]
    contours = ContourSet(frozen(points), roi.contours.starts, roi.contours.kinds)
    return replace(roi, contours=contours, frame_of_reference_uid=target)


def _note(structures: StructureSet, chosen: SpatialRegistration, moves: dict[str, FloatArray]) -> Finding:
    used = {roi.frame_of_reference_uid for roi in structures.rois} & moves.keys()
    shift = max(float(np.linalg.norm(moves[frame][:3, 3])) for frame in used)
    return finding(
        "RTD402",
        structures.label or structures.source,
        f"The structures were moved into the frame of the dose by the registration {chosen.sop_instance_uid}, as asked "
        f"(shift of the origin {shift:.1f} mm). Its accuracy bounds that of every number: have it reviewed.",
        registration=chosen.sop_instance_uid,
        matrices={frame: moves[frame].ravel().tolist() for frame in sorted(used)},
    )
