"""A patient made of boxes, in memory: structures with closed-form volumes in a dose that is known at every point.

Contours lie on planes 2 mm apart, the dose grid has 2 mm voxels; a box of n planes has n × 2 mm with half-slice caps.
The default case has one plan of five fractions: 52 Gy within 10 mm of the target, 4 Gy elsewhere.
"""

from dataclasses import replace

import numpy as np

from rtcheck.dvh.notation import parse_metric
from rtcheck.model.case import Case
from rtcheck.model.grid import DoseGrid, GridGeometry
from rtcheck.model.lesion import Lesion
from rtcheck.model.plan import Beam, DoseReference, FractionGroup, Plan
from rtcheck.model.record import PatientRecord
from rtcheck.model.structure import ROI, ContourSet, StructureSet
from rtcheck.rules.constraint import Constraint, Protocol
from rtcheck.rules.goal import parse_goal

FRAME = "1.2.3.0"
HIGH, LOW = 52.0, 4.0
SCALE = 0.001

BOXES = {
    "Liver": ((-40, 0), (-40, 0), (-30, 30)),
    "PTV_L1": ((-30, -10), (-30, -10), (-10, 10)),
    "GTV_L1": ((-26, -14), (-26, -14), (-6, 6)),
    "SpinalCord": ((20, 30), (20, 30), (-30, 30)),
    "BODY": ((-46, 46), (-46, 46), (-44, 44)),
}
TYPES = {"PTV_L1": "PTV", "GTV_L1": "GTV", "Liver": "ORGAN", "SpinalCord": "ORGAN", "BODY": "EXTERNAL"}


def box(x, y, z, number=1, name="Box", kind="", frame=FRAME, planes=None, **changes):
    """An ROI whose contours are one rectangle on each plane; `z` is the extent with half-slice caps of 1 mm."""
    levels = planes if planes is not None else np.arange(z[0] + 1, z[1], 2.0)
    ring = [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])]
    points = np.array([(u, v, w) for w in levels for u, v in ring], dtype=float).reshape(-1, 3)
    starts = np.arange(len(levels) + 1, dtype=np.int64) * 4
    points.setflags(write=False)
    starts.setflags(write=False)
    return ROI(number, name, kind, frame, ContourSet(points, starts, ("CLOSED_PLANAR",) * len(levels)), **changes)


def rois(**extra):
    """The standard boxes and further ones, numbered in order."""
    shapes = {**BOXES, **extra}
    return tuple(
        box(*shape, number=index, name=name, kind=TYPES.get(name, ""))
        for index, (name, shape) in enumerate(shapes.items(), start=1)
        if shape is not None
    )


def structures(items=None, uid="1.2.3.1", **changes):
    """A structure set of the standard boxes."""
    return StructureSet(uid, "CT", rois() if items is None else tuple(items), (FRAME,), source="rs.dcm", **changes)


def geometry(half=50, frame=FRAME):
    """A cube of 2 mm voxels with centres from -half to half."""
    count = half + 1
    return GridGeometry(
        (-half, -half, -half), (1, 0, 0), (0, 1, 0), (2, 2), tuple(2.0 * k for k in range(count)), count, count, frame
    )


def dose(field=None, uid="1.2.3.2", plan="1.2.3.3", half=50, frame=FRAME, **changes):
    """A dose grid; `field` maps coordinate arrays x, y, z in mm to Gy."""
    axis = np.arange(-half, half + 1, 2.0)
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    gray = (target_dose if field is None else field)(x, y, z)
    stored = np.round(np.broadcast_to(gray, x.shape) / SCALE).astype(np.uint32)
    stored.setflags(write=False)
    values = {
        "dose_type": "PHYSICAL",
        "summation_type": "PLAN",
        "plan_uids": (plan,),
        "source": f"rd {uid}.dcm",
        **changes,
    }
    return DoseGrid(
        geometry(half, frame),
        stored,
        values.pop("scaling_gy", SCALE),
        values.pop("dose_type"),
        values.pop("summation_type"),
        uid,
        values.pop("plan_uids"),
        **values,
    )


def target_dose(x, y, z):
    """52 Gy within 10 mm of PTV_L1, 4 Gy elsewhere."""
    near = (np.abs(x + 20) <= 20) & (np.abs(y + 20) <= 20) & (np.abs(z) <= 20)
    return np.where(near, HIGH, LOW)


def plan(uid="1.2.3.3", fractions=5, label="ICC_A", structure_set="1.2.3.1", **changes):
    """An approved plan of two beams."""
    values = {
        "fraction_groups": (FractionGroup(1, fractions, ((1, 5.0), (2, 5.0))),),
        "beams": (Beam(1), Beam(2)),
        "dose_references": (DoseReference(1, "TARGET", "VOLUME", 2, target_prescription_gy=50.0),),
        "approval_status": "APPROVED",
        "intent": "CURATIVE",
        "geometry": "PATIENT",
        **changes,
    }
    return Plan(uid, label, "RT", structure_set_uid=structure_set, source=f"rp {uid}.dcm", **values)


def case(plans=None, doses=None, sets=None, **changes):
    """The default case, or one of other parts."""
    patient = changes.pop("patient_id", "P1")
    return Case(
        patient,
        tuple(plans) if plans is not None else (plan(),),
        tuple(doses) if doses is not None else (dose(),),
        tuple(sets) if sets is not None else (structures(),),
        patient_ids=changes.pop("patient_ids", (patient,) if patient else ()),
        **changes,
    )


def lesion(**changes):
    """The one registered lesion of the default record."""
    values = {
        "id": "L1",
        "organ": "liver",
        "kind": "primary",
        "active": True,
        "measurable": True,
        "gtv": ("GTV_L1",),
        "ptv": ("PTV_L1",),
        "dose_gy": 50.0,
        "fractions": 5,
        **changes,
    }
    return Lesion(**values)


def record(*lesions, facts=None, **changes):
    """The record of patient P1."""
    return PatientRecord(
        changes.pop("patient_id", "P1"),
        changes.pop("dicom_ids", ()),
        dict(facts or {}),
        lesions or (lesion(),),
        source="registry.toml",
        sha256="0" * 64,
        **changes,
    )


def limit(name, structure, metric, goal=None, variation=None, priority="mandatory", **changes):
    """A constraint in the contract's notation."""
    asked = parse_metric(metric)
    return Constraint(
        name,
        structure,
        asked,
        priority,
        "SRC",
        parse_goal(goal, asked) if goal else None,
        parse_goal(variation, asked) if variation else None,
        **changes,
    )


COVERAGE = limit("cov", "@lesion.ptv", "D95%[Gy]", ">= 50 Gy", ">= 47.5 Gy")
CORD = limit("cord", "SpinalCord", "Max[Gy]", "<= 10 Gy")
LIVER = limit("liver", "Liver - @gtv", "Mean[Gy]", "<= 40 Gy")


def protocol(*constraints, status="approved", **changes):
    """A protocol of these constraints; without any: coverage, cord and liver, all met in the default case."""
    return Protocol("test", "Test", "1", status, constraints or (COVERAGE, CORD, LIVER), **changes)


def with_beams(doses, *numbers):
    """One dose as BEAM doses of these beams, each a share of it; no two are alike."""
    whole = sum(range(1, len(numbers) + 1))
    return tuple(
        replace(
            doses,
            summation_type="BEAM",
            beams=(number,),
            sop_instance_uid=f"{doses.sop_instance_uid}.{number}",
            scaling_gy=doses.scaling_gy * share / whole,
        )
        for share, number in enumerate(numbers, start=1)
    )
