"""Forty exports as a physicist has seen them go wrong; each is judged by the cord alone, which the fault spares.

The lesions are palliative, so that nothing but a look at the plan's own statements can notice. `NEAR` are as like and
right.
"""

from __future__ import annotations

import copy

import numpy as np
import pytest
from pydicom import Dataset

from tests.acceptance.code_cases import beam_doses, plans
from tests.acceptance.code_kit import beams, both, boxes, change, cord_with, dose, plan, references, rois_with, struct
from tests.acceptance.kit import registry_text
from tests.acceptance.trap_tools import CORD, PALLIATIVE, cord_loops
from tests.synthetic.attributes import SOP_CLASS, sop_reference, uid
from tests.synthetic.dicom import RoiSpec, box_grid, rt_dose
from tests.synthetic.simple import BOXES, GRID, REGISTRY, box_contours, step

IONS = "1.2.840.10008.5.1.4.1.1.481.8"


def pixels(turn):
    """Store other pixels in the same frame: `turn` gets them (planes, rows, columns)."""

    def mutate(datasets):
        ds = datasets["dose"]
        values = np.frombuffer(ds.PixelData, "<u2").reshape(ds.NumberOfFrames, ds.Rows, ds.Columns)
        ds["PixelData"].value = np.ascontiguousarray(turn(values)).tobytes()

    return {"mutate": mutate}


def sizes_exchanged(datasets):
    """Rows are columns and columns are rows in the header."""
    ds = datasets["dose"]
    ds.Rows, ds.Columns = ds.Columns, ds.Rows


def moved(change_, only=None):
    """Structures with changed points."""
    rois = []
    for number, (name, (kind, *limits)) in enumerate(BOXES.items(), start=1):
        loops = box_contours(*limits)
        rois.append(RoiSpec(name, number, [change_(loop) if only in (None, name) else loop for loop in loops], kind))
    return {"rois": rois}


def prescribed_to(number):
    """Every dose reference names another structure."""
    return references(ReferencedROINumber=number)


def same_dose_twice(datasets):
    """The dose of the whole course is that of both of its plans."""
    plans(5, 5)["mutate"](datasets)
    for index in (1, 2):
        uids = [uid("simple", f"plan{index}")]
        datasets[f"dose{index}"] = rt_dose(step(), GRID, seed="simple", role=f"dose{index}", plan_uids=uids)


def one_beam_twice(datasets):
    """The dose of the first beam was exported as that of the second."""
    beam_doses(1, 2)["mutate"](datasets)
    for number in (1, 2):
        part = step(high_gy=26.5, low_gy=1.0)
        datasets[f"dose{number}"] = rt_dose(
            part, GRID, seed="simple", role=f"dose{number}", beams=(number,), summation="BEAM"
        )


def sum_beside(scale):
    """A sum of both plans beside the doses of each, `scale` times theirs."""

    def mutate(datasets):
        plans(5, 5)["mutate"](datasets)
        uids = [uid("simple", "plan1"), uid("simple", "plan2")]
        field = step(high_gy=53.0 * scale, low_gy=2.0 * scale)
        datasets["sum"] = rt_dose(field, GRID, seed="simple", role="sum", summation="MULTI_PLAN", plan_uids=uids)

    return {"mutate": mutate}


def beams_beside(scale):
    """Doses of the beams beside that of the plan, `scale` times the plan's."""

    def mutate(datasets):
        beam_doses()["mutate"](datasets)
        datasets["dose"] = rt_dose(step(), GRID, seed="simple")
        for number in (1, 2):
            field = step(high_gy=53.0 * scale * number / 3, low_gy=2.0 * scale * number / 3)
            datasets[f"dose{number}"] = rt_dose(
                field, GRID, seed="simple", role=f"dose{number}", beams=(number,), summation="BEAM"
            )

    return {"mutate": mutate}


def counted_twice(datasets):
    """A sum of two plans that lists one of them twice."""
    plans(5, 5, summed=("plan1", "plan2"))["mutate"](datasets)
    items = datasets["dose"].ReferencedRTPlanSequence
    items.append(copy.deepcopy(items[0]))


def changed(pick, attributes):
    """Attributes of the item that `pick` finds in the datasets."""

    def mutate(datasets):
        for keyword, value in attributes.items():
            setattr(pick(datasets), keyword, value)

    return {"mutate": mutate}


def dose_names(**attributes):
    """The dose's reference to its plan, changed."""
    return changed(lambda datasets: datasets["dose"].ReferencedRTPlanSequence[0], attributes)


def another_plan_too(datasets):
    """A dose of one plan that names two."""
    datasets["dose"].ReferencedRTPlanSequence.append(sop_reference(SOP_CLASS["RTPLAN"], uid("elsewhere")))


def structures_of_class(datasets):
    """The plan refers to its structure set as if it were a dose."""
    datasets["plan"].ReferencedStructureSetSequence[0].ReferencedSOPClassUID = SOP_CLASS["RTDOSE"]


def group_without_beams(datasets):
    """A fraction group that delivers nothing."""
    group = datasets["plan"].FractionGroupSequence[0]
    group.ReferencedBeamSequence, group.NumberOfBeams = [], 0


def brachy_counted(datasets):
    """A group of beams that counts brachytherapy setups."""
    datasets["plan"].FractionGroupSequence[0].NumberOfBrachyApplicationSetups = 2


def organ_prescribed(datasets):
    """The prescription stands in references of organs at risk."""
    for item in datasets["plan"].DoseReferenceSequence:
        item.DoseReferenceType = "ORGAN_AT_RISK"


def observations_of_none(datasets):
    """Observations of a structure that the set does not have."""
    datasets["struct"].RTROIObservationsSequence[4].ReferencedROINumber = 77


def emptied(datasets):
    """The last contours of the cord have no points any more."""
    for loop in datasets["struct"].ROIContourSequence[4].ContourSequence[-3:]:
        loop.NumberOfContourPoints = 0
        loop["ContourData"].value = b"" if isinstance(loop["ContourData"].value, bytes) else ""


def hollow(datasets):
    """The last contours of the cord are items without anything."""
    loops = datasets["struct"].ROIContourSequence[4].ContourSequence
    loops[-1], loops[-2] = Dataset(), Dataset()


def everywhere(**attributes):
    """Attributes of the patient in every object."""

    def mutate(datasets):
        for ds in datasets.values():
            for keyword, value in attributes.items():
                setattr(ds, keyword, value)

    return {"mutate": mutate}


def first_beam(**attributes):
    """Attributes of the treatment beam."""
    return changed(lambda datasets: datasets["plan"].BeamSequence[0], attributes)


def one_number(datasets):
    """Both dose references have one number."""
    datasets["plan"].DoseReferenceSequence[1].DoseReferenceNumber = 1


FIRST, SECOND = (BOXES[name][1:] for name in ("PTV_L1", "PTV_L2"))
LIVER = box_contours(*BOXES["Liver"][1:])

FOUND = {
    # --- scale -----------------------------------------------------------------------------------------------------
    "half of the beams": ({"dose": step(high_gy=26.5, low_gy=1.0)}, "RTD219", "E"),
    "scaled twice": ({"dose": step(high_gy=106.0, low_gy=4.0)}, "RTD219", "E"),
    "dose of one of two phases": ({"dose": step(high_gy=36.0, low_gy=1.4)}, "RTD219", "E"),
    "dose too high by a half": ({"dose": step(high_gy=75.0, low_gy=3.0)}, "RTD219", "W"),
    "prescription in cGy": (references(TargetPrescriptionDose="5000"), "RTD219", "E"),
    "prescription of one fraction": (references(TargetPrescriptionDose="10"), "RTD219", "E"),
    "prescription of the boost": (both(references(TargetPrescriptionDose="20"), beams(BeamDose="4")), "RTD219", "E"),
    "whole dose under both plans": ({"mutate": same_dose_twice}, "RTD104", "W"),
    # --- place -----------------------------------------------------------------------------------------------------
    "rows and columns exchanged": ({"mutate": sizes_exchanged}, "RTD219", "E"),
    "pixels transposed": (pixels(lambda values: values.transpose(0, 2, 1)), "RTD219", "E"),
    "pixels mirrored": (pixels(lambda values: values[:, :, ::-1]), "RTD219", "E"),
    "planes in reverse": (pixels(lambda values: values[::-1]), "RTD219", "E"),
    "prone pixels in a supine frame": (pixels(lambda values: values[:, ::-1, ::-1]), "RTD219", "E"),
    "grid from the centre of the body": (dose(ImagePositionPatient=["-78", "-66", "-93"]), "RTD219", "E"),
    "spacings in the wrong order": (
        {"grid": box_grid((-78, -66, -63), (78, 66, 72), (2, 3, 3)), **dose(PixelSpacing=["2", "3"])}, "RTD219", "E",
    ),
    "falling offsets of rising planes": (dose(GridFrameOffsetVector=[-3 * k for k in range(46)]), "RTD601", "E"),
    "grid in centimetres": (dose(GridFrameOffsetVector=[0.3 * k for k in range(46)]), "RTD601", "E"),
    "grid that ends in a target": ({"grid": box_grid((-78, -66, -63), (42, 66, 72))}, "RTD602", "W"),
    "structures mirrored": (moved(lambda loop: loop * [-1, 1, 1]), "RTD322", "W"),
    "structures to the side": (moved(lambda loop: np.add(loop, (30, 0, 0))), "RTD219", "E"),
    "structures in centimetres": (moved(lambda loop: loop / 10), "RTD219", "E"),
    "one contour on another scan": (cord_with([*cord_loops()[:-1], cord_loops()[-1] + [0, 0, 300]]), "RTD312", "E"),
    "every contour on one plane": (cord_with([loop * [1, 1, 0] for loop in cord_loops()]), "RTD311", "W"),
    # --- links -----------------------------------------------------------------------------------------------------
    "one beam's dose for two": ({"mutate": one_beam_twice}, "RTD104", "W"),
    "sum that its parts contradict": (sum_beside(1.1), "RTD104", "W"),
    "beams that their plan contradicts": (beams_beside(0.9), "RTD104", "W"),
    "boost in the sum twice": ({"mutate": counted_twice}, "RTD106", "E"),
    "dose of one plan that names two": ({"mutate": another_plan_too}, "RTD102", "F"),
    "plan of another class": (dose_names(ReferencedSOPClassUID=IONS), "RTD015", "W"),
    "structures of another class": ({"mutate": structures_of_class}, "RTD015", "W"),
    "group without beams": ({"mutate": group_without_beams}, "RTD505", "W"),
    "brachytherapy that is counted": ({"mutate": brachy_counted}, "RTD009", "E"),
    "five hundred fractions": ({"fractions": 500}, "RTD504", "W"),
    # --- prescription ----------------------------------------------------------------------------------------------
    "prescription to the body": (prescribed_to(1), "RTD320", "W"),
    "prescription to an organ": (prescribed_to(4), "RTD320", "W"),
    "prescription of an organ at risk": ({"mutate": organ_prescribed}, "RTD501", "W"),
    "minimum above maximum": (references(TargetMinimumDose="55", TargetMaximumDose="40"), "RTD501", "W"),
    "minimum above the prescription": (references(TargetMinimumDose="70"), "RTD501", "W"),
    "prescription of nothing": (references(TargetPrescriptionDose="0"), "RTD501", "W"),
    "two references of one number": ({"mutate": one_number}, "RTD010", "W"),
    "control points that are lost": (first_beam(NumberOfControlPoints=180), "RTD009", "W"),
    "control points that end early": (first_beam(FinalCumulativeMetersetWeight="2"), "RTD009", "W"),
    "structures newer than their approval": (struct(ReviewDate="20260227"), "RTD112", "W"),
    # --- structures and patient ------------------------------------------------------------------------------------
    "observations of no structure": ({"mutate": observations_of_none}, "RTD305", "W"),
    "contours without points": ({"mutate": emptied}, "RTD305", "E"),
    "contours that are empty items": ({"mutate": hollow}, "RTD305", "E"),
    "cord with the contours of the liver": (cord_with(LIVER), "RTD320", "W"),
    "volume in mm3": (cord_with(volume_cc=12000), "RTD316", "W"),
    "ring for optimisation as a target": (
        rois_with(RoiSpec("NTO", 30, box_contours((-70, 70), (-55, 55), (-30, 30)), "PTV")), "RTD758", "W",
    ),
    "patient of another sex": (everywhere(PatientSex="M"), "RTD101", "W"),
    "patient of another age": (everywhere(PatientBirthDate="20150101"), "RTD101", "W"),
    "high bit below the stored bits": (dose(HighBit=14), "RTD207", "F"),
    "offsets that are neither": (dose(GridFrameOffsetVector=[3 * k + 3 for k in range(46)]), "RTD210", "F"),
}  # fmt: skip

NEAR = {
    "a final weight of few digits": first_beam(FinalCumulativeMetersetWeight="0.9996"),
    "structures as old as their approval": struct(ReviewDate="20260301", StructureSetDate="20260301"),
    "a target that is hot": {"dose": step(high_gy=62.5)},
    "a target that is prescribed a little less": references(TargetPrescriptionDose="48"),
    "a sum that agrees": sum_beside(1.0),
    "beams that agree": beams_beside(1.001),
    "bounds in order": references(TargetMinimumDose="47.5", TargetMaximumDose="53.5"),
    "patient of the sex recorded": everywhere(PatientSex="F"),
    "patient of about the age recorded": everywhere(PatientBirthDate="19630101"),
    "patient of no sex that is compared": everywhere(PatientSex="O"),
    "the same contours under a name of their own": rois_with(RoiSpec("Cord_copy", 30, cord_loops())),
    "two lesions with one target each": boxes(GTV_L1=FIRST, GTV_L2=SECOND),
    "plan by its class": dose_names(ReferencedSOPClassUID=SOP_CLASS["RTPLAN"]),
    "a lung that crosses the middle": boxes(Lung_L=((-20, 60), *BOXES["Lung_L"][2:])),
    "no brachytherapy": plan(PlanIntent="PALLIATIVE"),
    "rescaling that is none": change("dose", RescaleSlope="1", RescaleIntercept="0"),
}


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
@pytest.mark.parametrize("name", FOUND)
def test_what_went_wrong_is_found(bench, name):
    """Each is found by its code, and nothing of it passes."""
    options, code, severity = FOUND[name]
    result = bench.check(export=bench.build(**options).folder, protocol=CORD, registry=PALLIATIVE)
    assert severity in result.severity(code), result.text
    assert result.verdict in {"W": ("REVIEW", "INCOMPLETE", "FAIL"), "E": ("INCOMPLETE", "FAIL", None), "F": (None,)}[
        severity
    ], result.text


@pytest.mark.parametrize("name", NEAR)
def test_what_is_right_passes(bench, name):
    """What is alike and right passes, or is found by the sum of its beams alone."""
    result = bench.check(export=bench.build(**NEAR[name]).folder, protocol=CORD, registry=PALLIATIVE)
    assert result.verdict == "PASS", result.text


def test_one_target_under_two_names(bench):
    """Two lesions with one target between them: one of them has the contours of the other."""
    made = bench.build(**boxes(PTV_L2=FIRST, GTV_L2=BOXES["GTV_L1"][1:]))
    result = bench.check(export=made.folder, protocol=CORD, registry=REGISTRY)
    messages = [item["message"] for item in result.doc["findings"] if item["code"] == "RTD320"]
    assert any("exactly the contours of PTV_L1" in message for message in messages), result.text
    assert result.verdict == "REVIEW", result.text


def test_without_an_age_or_a_day_nothing_is_compared(bench):
    """A record without age is compared with nobody's; the day of registration goes before that of the plan."""
    other = bench.build(**everywhere(PatientBirthDate="20150101")).folder
    lesions = [{"id": "L1", "organ": "liver", "kind": "primary", "status": "resolved"}]
    unknown = registry_text(lesions=lesions, patient={"age": 11})
    assert "RTD101" not in bench.check(export=other, protocol=CORD, registry=unknown).codes
    undated = bench.build(**both(everywhere(PatientBirthDate="20150101"), plan(RTPlanDate=""))).folder
    assert "RTD101" not in bench.check(export=undated, protocol=CORD, registry=PALLIATIVE).codes
