"""Objects that contradict themselves or each other and still read well: none of them passes."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from pydicom import Dataset

from tests.acceptance.code_kit import change, cord_with, plan, rois_with, struct
from tests.acceptance.trap_tools import CORD, PALLIATIVE, cord_loops
from tests.synthetic.attributes import SOP_CLASS, sop_reference, uid
from tests.synthetic.dicom import RoiSpec, rt_plan, set_raw
from tests.synthetic.simple import BOXES, box_contours, step

_CORD = list(BOXES).index("SpinalCord")


def prescribed_elsewhere(datasets):
    """The dose references name a structure that the set does not have."""
    for item in datasets["plan"].DoseReferenceSequence:
        item.ReferencedROINumber = 77


def other_structures(datasets):
    """The dose was calculated with another structure set than the plan's."""
    reference = sop_reference(SOP_CLASS["RTSTRUCT"], uid("other", "struct"))
    datasets["dose"].ReferencedStructureSetSequence = [reference]


def typed(kind, first, *, points=False):
    """Contours of the cord from the first on get another type; the volume of a lenient reader shrinks."""

    def mutate(datasets):
        for loop in datasets["struct"].ROIContourSequence[_CORD].ContourSequence[first:]:
            loop.ContourGeometricType = kind
            if points:
                loop.NumberOfContourPoints = 1
                set_raw(loop, "ContourData", b"0\\47\\10")

    return mutate


def beams_lost(datasets):
    """The fraction group counts more beams than it lists."""
    datasets["plan"].FractionGroupSequence[0].NumberOfBeams = 5


def second_beam(*, delivery="TREATMENT", group=False, listed=False):
    """A second beam that the fraction group names or not, and that the dose lists or not."""

    def mutate(datasets):
        beams, groups = datasets["plan"].BeamSequence, datasets["plan"].FractionGroupSequence
        beams.append(copy.deepcopy(beams[0]))
        beams[-1].BeamNumber, beams[-1].TreatmentDeliveryType = 2, delivery
        if group:
            groups[0].ReferencedBeamSequence.append(copy.deepcopy(groups[0].ReferencedBeamSequence[0]))
            groups[0].ReferencedBeamSequence[-1].ReferencedBeamNumber = 2
            groups[0].NumberOfBeams = len(groups[0].ReferencedBeamSequence)
        if listed:
            part = Dataset()
            part.ReferencedFractionGroupNumber, part.ReferencedBeamSequence = 1, []
            for number in (1, 2):
                beam = Dataset()
                beam.ReferencedBeamNumber = number
                part.ReferencedBeamSequence.append(beam)
            datasets["dose"].ReferencedRTPlanSequence[0].ReferencedFractionGroupSequence = [part]

    return mutate


def all_setup(datasets):
    """No beam of the plan is a treatment beam."""
    for beam in datasets["plan"].BeamSequence:
        beam.TreatmentDeliveryType = "SETUP"


def no_units(datasets):
    """A treatment beam without monitor units."""
    datasets["plan"].FractionGroupSequence[0].ReferencedBeamSequence[0].BeamMeterset = "0"


def ions(datasets):
    """An ion plan whose dose is physical."""
    kept = datasets["plan"].DoseReferenceSequence
    datasets["plan"] = rt_plan(seed="simple", kind="ION", fractions=5, label="SIMPLE")
    datasets["plan"].DoseReferenceSequence = kept


def protons(datasets):
    """Proton beams in a plan of the other class."""
    for beam in datasets["plan"].BeamSequence:
        beam.RadiationType = "PROTON"


def prescribed_twice(datasets):
    """One structure is prescribed 50 and 60 Gy."""
    items = datasets["plan"].DoseReferenceSequence
    items.append(copy.deepcopy(items[0]))
    items[-1].DoseReferenceNumber, items[-1].TargetPrescriptionDose = 9, "60"


def verifies(datasets):
    """The plan says that it verifies another one."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = datasets["plan"].SOPClassUID, uid("treated")
    item.RTPlanRelationship = "VERIFIED_PLAN"
    datasets["plan"].ReferencedRTPlanSequence = [item]


def changed_loop(index, change):
    """The cord with one contour changed."""
    loops = cord_loops()
    loops[index] = change(loops[index])
    return cord_with(loops)


def aside(loop):
    """Forty millimetres to the left."""
    return loop + np.array([40, 0, 0])


def flat(loop):
    """Three points on a line."""
    return np.array([[-5.0, 42.0, loop[0, 2]], [0.0, 47.0, loop[0, 2]], [5.0, 52.0, loop[0, 2]]])


FOUND = {
    "one structure prescribed twice": ({"mutate": prescribed_twice}, "RTD501", "W", "REVIEW"),
    "plan that verifies another": ({"mutate": verifies}, "RTD109", "W", "REVIEW"),
    "end contour without area": (changed_loop(-1, flat), "RTD305", "W", "REVIEW"),
    "contour beside its neighbours": (changed_loop(20, aside), "RTD305", "W", "REVIEW"),
    "dose of a hundredth": ({"dose": step(high_gy=0.53, low_gy=0.02)}, "RTD219", "E", "INCOMPLETE"),
    "dose of one fraction": ({"dose": step(high_gy=10.6, low_gy=0.4)}, "RTD219", "E", "INCOMPLETE"),
    "dose times fractions": ({"dose": step(high_gy=265.0, low_gy=2.0)}, "RTD219", "E", "INCOMPLETE"),
    "prescription to a structure that is absent": ({"mutate": prescribed_elsewhere}, "RTD103", "W", "REVIEW"),
    "dose of other structures": ({"mutate": other_structures}, "RTD103", "W", "REVIEW"),
    "open end contour": ({"mutate": typed("OPEN_PLANAR", -1)}, "RTD309", "E", "INCOMPLETE"),
    "open contours of one half": ({"mutate": typed("OPEN_PLANAR", 20)}, "RTD309", "E", "INCOMPLETE"),
    "points instead of contours": ({"mutate": typed("POINT", 20, points=True)}, "RTD305", "W", "REVIEW"),
    "beams lost from the group": ({"mutate": beams_lost}, "RTD009", "E", "INCOMPLETE"),
    "treatment beam in no group": ({"mutate": second_beam()}, "RTD505", "W", "REVIEW"),
    "dose of a beam in no group": ({"mutate": second_beam(listed=True)}, "RTD505", "F", None),
    "setup beam with a dose": ({"mutate": second_beam(delivery="SETUP", group=True)}, "RTD505", "W", "REVIEW"),
    "no treatment beam": ({"mutate": all_setup}, "RTD505", "W", "REVIEW"),
    "beam without monitor units": ({"mutate": no_units}, "RTD504", "W", "REVIEW"),
    "plan in another frame": (plan(FrameOfReferenceUID=uid("other", "frame")), "RTD511", "W", "REVIEW"),
    "rejected structures": (struct(ApprovalStatus="REJECTED"), "RTD110", "F", None),
    "intent of no term": (plan(PlanIntent="QA"), "RTD109", "W", "REVIEW"),
    "intent in other case": (plan(PlanIntent="verification"), "RTD109", "W", "REVIEW"),
    "ions with a physical dose": ({"mutate": ions}, "RTD203", "W", "REVIEW"),
    "protons with a physical dose": ({"mutate": protons}, "RTD203", "W", "REVIEW"),
    "a box as a second body": (
        rois_with(RoiSpec("BOX", 30, box_contours((-78, 78), (-66, 66), (-63, 72)), "EXTERNAL")),
        "RTD320", "W", "REVIEW",
    ),
}  # fmt: skip


def prescribed_alike(datasets):
    """One structure is prescribed the same dose twice."""
    prescribed_twice(datasets)
    datasets["plan"].DoseReferenceSequence[-1].TargetPrescriptionDose = "50"


ACCEPTED = {
    "the same prescription twice": prescribed_alike,
    "a second treatment beam in the group": second_beam(group=True),
    "setup beam that the dose lists": second_beam(delivery="SETUP", listed=True),
    "structures that nobody approved": struct(ApprovalStatus="UNAPPROVED")["mutate"],
    "dose of the plan's structures": change(
        "dose", ReferencedStructureSetSequence=[sop_reference(SOP_CLASS["RTSTRUCT"], uid("simple", "struct"))]
    )["mutate"],
    "no unit stated": lambda datasets: datasets["plan"]
    .FractionGroupSequence[0]
    .ReferencedBeamSequence[0]
    .__delattr__("BeamMeterset"),
    "palliative intent": plan(PlanIntent="PALLIATIVE")["mutate"],
}


@pytest.mark.filterwarnings("ignore:Invalid value for VR CS")
@pytest.mark.parametrize("name", FOUND)
def test_contradictions_are_found(bench, name):
    """Each is found by its code and keeps the case from passing."""
    options, code, severity, verdict = FOUND[name]
    result = bench.check(export=bench.build(**options).folder, protocol=CORD, registry=PALLIATIVE)
    assert severity in result.severity(code), result.text
    assert result.verdict == verdict, result.text


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_comes_near_passes(bench, name):
    """What is alike and means nothing bad passes, or is found by another code alone."""
    result = bench.check(export=bench.build(mutate=ACCEPTED[name]).folder, protocol=CORD, registry=PALLIATIVE)
    worse = {item["code"] for item in result.doc["findings"] if item["severity"] != "I"}
    # the second treatment beam doubles the sum of the beam doses, which is another finding
    assert worse <= ({"RTD504"} if name.startswith("a second treatment") else set()), result.text
