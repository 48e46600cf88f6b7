"""Second looks at an export: what is compared, in which direction, and how far it counts."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import Dataset

from tests.acceptance.code_cases import override
from tests.acceptance.code_kit import (
    beams,
    both,
    boxes,
    change,
    cord_with,
    dvh_sequence,
    image_patient,
    iso,
    other_frame,
    plan,
    references,
    registration,
    rois_with,
    struct,
)
from tests.acceptance.kit import LESIONS, constraint, protocol_text, registry_text, volume_of
from tests.acceptance.trap_tools import CORD, CORD_VOLUME, PALLIATIVE
from tests.synthetic.attributes import uid
from tests.synthetic.dicom import RoiSpec, box_grid
from tests.synthetic.simple import BOXES, REGISTRY, box_contours, linear

UID = uid("simple", "registration")
GRADIENT = (0.05, 0.02, 0.03)
MOVED = ("SpinalCord", "Liver", "Lung_L")
FEET_FIRST = box_grid((-78, -66, -63), (78, 66, 72), position="FFS")


def messages(result, code):
    """The messages with which a code was found."""
    return " ".join(item["message"] for item in result.doc["findings"] if item["code"] == code)


@pytest.mark.parametrize("inverse", [False, True])
def test_a_registration_is_applied_in_the_right_direction(bench, inverse):
    """Turned and shifted structures get the dose of where they belong, whichever of the two frames is registered."""
    rows = protocol_text(
        *(constraint(name, structure=name, metric="Mean[Gy]", goal="<= 90 Gy") for name in MOVED),
        coverage=False,
    )
    field = linear(45.0, GRADIENT)
    straight = bench.check(export=bench.build(dose=field).folder, protocol=rows, registry=PALLIATIVE)
    moved = bench.build(dose=field, **other_frame(reg=registration(inverse=inverse)))
    result = bench.check("--registration", UID, export=moved.folder, protocol=rows, registry=PALLIATIVE)
    assert result.severity("RTD402") == {"W"}, result.text
    assert result.verdict == "REVIEW", result.text
    assert result.doc["provenance"]["conventions"]["registration"] == UID
    for name in MOVED:
        _, x, y, z = BOXES[name]
        centre = [(x[0] + x[1]) / 2, (y[0] + y[1]) / 2, (z[0] + z[1]) / 2]
        assert straight.outcome(name)["value"] == pytest.approx(45 + np.dot(GRADIENT, centre), rel=2e-3)
        assert result.outcome(name)["value"] == pytest.approx(straight.outcome(name)["value"], rel=1e-3)
    shown = bench.dvh("--registration", UID, "--roi", "Liver", "-m", "Mean[Gy]", export=moved.folder)
    assert shown.code == 0, shown.err
    found = shown.doc["structures"][0]["metrics"]["Mean[Gy]"]["value"]
    assert found == pytest.approx(straight.outcome("Liver")["value"], rel=1e-3)


def test_no_registration_is_applied_unasked(bench):
    """Frames that differ are refused (RTD401) though a registration lies beside them; a wrong UID is RTD403."""
    made = bench.build(**other_frame(reg=registration()))
    alone = bench.check(export=made.folder, protocol=CORD, registry=PALLIATIVE)
    assert (alone.code, alone.severity("RTD401")) == (4, {"F"}), alone.text
    assert "--registration" in messages(alone, "RTD401")
    wrong = bench.check("--registration", "1.2.3", export=made.folder, protocol=CORD, registry=PALLIATIVE)
    assert (wrong.code, wrong.severity("RTD403")) == (4, {"F"}), wrong.text


@pytest.mark.parametrize(("kind", "scale"), [("RIGID", 1.02), ("RIGID", 0.0), ("RIGID", -1.0), ("RIGID_SCALE", 1.0)])
def test_only_rigid_matrices_move_structures(bench, kind, scale):
    """A matrix that scales, mirrors or is singular is refused, and so is one that is not labelled rigid."""
    made = bench.build(**other_frame(reg=registration(kind, scale)))
    result = bench.check("--registration", UID, export=made.folder, protocol=CORD, registry=PALLIATIVE)
    assert (result.code, result.severity("RTD403")) == (4, {"F"}), result.text


def test_another_name_under_one_id_is_a_warning(bench):
    """A name may change or be transcribed: another one is W, another birth date or sex F; none of them is printed."""
    for keyword, value, severity in (
        ("PatientName", "Another^Person", "W"), ("PatientBirthDate", "19700101", "F"), ("PatientSex", "F", None),
    ):  # fmt: skip
        made = bench.build(**change("dose", **{keyword: value}))
        result = bench.check(export=made.folder, protocol=CORD, registry=PALLIATIVE)
        assert result.severity("RTD101") == ({severity} if severity else set()), result.text
        assert value not in result.out + result.err or keyword == "PatientSex"


def test_images(bench):
    """A contour off its image, or on an image that is missing beside others, is RTD319 W; with all there, nothing."""
    missing = bench.check(export=bench.build(**image_patient(missing=True)).folder, protocol=CORD, registry=PALLIATIVE)
    assert missing.severity("RTD319") == {"W"}, missing.text
    assert missing.verdict == "REVIEW"
    clean = bench.check(export=bench.build(**image_patient()).folder, protocol=CORD, registry=PALLIATIVE)
    assert (clean.verdict, clean.severity("RTD319")) == ("PASS", set()), clean.text


def test_what_was_not_compared_is_said(bench):
    """Images, stated volumes, beam doses or overrides that are absent: a note says that nothing was compared."""

    def without(*keywords):
        def mutate(datasets):
            image_patient()["mutate"](datasets)
            for item in datasets["struct"].ROIContourSequence:
                for loop in item.ContourSequence:
                    if "ContourImageSequence" in keywords:
                        del loop.ContourImageSequence
            if "images" in keywords:
                for name in [name for name in datasets if name.startswith("ct")]:
                    del datasets[name]
            if "BeamDose" in keywords:
                del datasets["plan"].FractionGroupSequence[0].ReferencedBeamSequence[0].BeamDose

        return {"mutate": mutate}

    def notes(**options):
        result = bench.check(export=bench.build(**options).folder, protocol=CORD, registry=PALLIATIVE)
        assert result.verdict == "PASS", result.text
        return {item["code"]: item["message"] for item in result.doc["findings"]
                if item["severity"] == "I" and item["code"] in ("RTD319", "RTD316", "RTD504", "RTD513")}  # fmt: skip

    assert set(notes(**without())) == {"RTD316"}
    assert "no planning images" in notes(**without("images"))["RTD319"]
    assert "SpinalCord" in notes(**without("ContourImageSequence"))["RTD319"]
    assert "BeamDose" in notes(**without("BeamDose"))["RTD504"]
    assert "SpinalCord" in notes()["RTD316"]
    assert "RTD316" not in notes(**cord_with(volume_cc=CORD_VOLUME))
    assert "RTD316" not in notes(**dvh_sequence(2.0, CORD_VOLUME))
    assert "ROI_OVERRIDE" in notes(**change("dose", TissueHeterogeneityCorrection=["IMAGE", "ROI_OVERRIDE"]))["RTD513"]


def without(role, *path):
    """Delete one attribute: of an object, or of the items of its sequences."""

    def mutate(datasets):
        items = [datasets[role]]
        for keyword in path[:-1]:
            items = [item for holder in items for item in holder[keyword].value]
        for item in items:
            if path[-1] in item:
                del item[path[-1]]

    return {"mutate": mutate}


@pytest.mark.parametrize(
    ("given", "taken", "code", "absent"),
    [
        (override((-40, -30)), without("struct", "RTROIObservationsSequence", "ROIPhysicalPropertiesSequence"),
         "RTD513", "ROIPhysicalPropertiesSequence"),
        (references(NominalPriorDose="20"), without("plan", "DoseReferenceSequence", "NominalPriorDose"), "RTD510",
         "NominalPriorDose"),
        (plan(ReviewDate="20260228"), without("plan", "ReviewDate"), "RTD112", "ReviewDate"),
        (plan(RTPlanDate="20260303", ReviewDate="20260304"), without("plan", "RTPlanDate"), "RTD112", "RTPlanDate"),
        (struct(StructureSetDate="20260303", ReviewDate="20260304"), without("struct", "StructureSetDate"), "RTD112",
         "StructureSetDate"),
        (struct(ReviewDate="20260228"), without("struct", "ReviewDate"), "RTD112", "ReviewDate"),
        (struct(StructureSetDate="20260303", ReviewDate="20260304"), without("dose", "InstanceCreationDate"), "RTD112",
         "InstanceCreationDate"),
        (plan(PlanIntent="VERIFICATION"), without("plan", "PlanIntent"), "RTD109", "PlanIntent"),
        (change("dose", PatientBirthDate="19700101"), without("dose", "PatientBirthDate"), "RTD101",
         "PatientBirthDate"),
        (change("dose", PatientName="Another^Person"), without("dose", "PatientName"), "RTD101", "PatientName"),
        (change("dose", SpatialTransformOfDose="RIGID"), without("dose", "SpatialTransformOfDose"), "RTD221",
         "SpatialTransformOfDose"),
        (iso(90, 0, 0), without("plan", "BeamSequence", "ControlPointSequence", "IsocenterPosition"), "RTD511",
         "IsocenterPosition"),
        (beams(NumberOfBoli=1), without("plan", "BeamSequence", "NumberOfBoli"), "RTD512", "NumberOfBoli"),
        (boxes(PTV_L1=("ORGAN", *BOXES["PTV_L1"][1:])),
         without("struct", "RTROIObservationsSequence", "RTROIInterpretedType"), "RTD320", "RTROIInterpretedType"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_nothing_gets_better_without_a_word(bench, given, taken, code, absent):
    """With the ground of a warning taken out of the export, the warning goes and RTD016 names what is absent."""
    before = bench.check(export=bench.build(**given).folder, registry=REGISTRY)
    assert before.severity(code) & {"W", "F"}, before.text
    both_changes = {**given, **both(*(option for option in (given, taken) if "mutate" in option))}
    after = bench.check(export=bench.build(**both_changes).folder, registry=REGISTRY)
    assert absent in messages(after, "RTD016"), after.text
    if code != "RTD320":  # without its type the outline of the body is gone as well
        assert after.verdict == "PASS", after.text


def test_the_time_of_day_counts(bench):
    """A plan of the evening is later than its dose of noon; without its time of day nothing is known, which is said."""
    late = plan(RTPlanDate="20260302", RTPlanTime="235900", ReviewDate="20260304")
    dose_at_noon = change("dose", InstanceCreationDate="20260302", InstanceCreationTime="120000")
    result = bench.check(export=bench.build(**both(late, dose_at_noon)).folder, protocol=CORD, registry=PALLIATIVE)
    assert result.severity("RTD112") == {"W"}, result.text
    gone = both(late, dose_at_noon, without("plan", "RTPlanTime"))
    result = bench.check(export=bench.build(**gone).folder, protocol=CORD, registry=PALLIATIVE)
    assert (result.verdict, result.severity("RTD112")) == ("PASS", set()), result.text
    assert "RTPlanTime" in messages(result, "RTD016")


def test_a_prescription_that_is_gone(bench):
    """Another prescription than the registry's is E; with none in the plan a note says that nothing confirms it."""
    other = bench.check(export=bench.build(**references(TargetPrescriptionDose="60")).folder, registry=REGISTRY)
    assert other.severity("RTD506") == {"E"}, other.text
    gone = bench.build(**without("plan", "DoseReferenceSequence", "TargetPrescriptionDose"))
    result = bench.check(export=gone.folder, registry=REGISTRY)
    assert (result.verdict, result.severity("RTD501")) == ("PASS", {"I"}), result.text


def test_a_stored_curve_is_missed(bench):
    """A DVH that disagrees is W though ROIVolume agrees; without it, RTD016 names the structure, and the reverse."""
    loops = cord_with(volume_cc=CORD_VOLUME)
    given = {**loops, **dvh_sequence(3.0, CORD_VOLUME)}
    assert bench.check(export=bench.build(**given).folder, protocol=CORD, registry=PALLIATIVE).verdict == "REVIEW"
    without_curve = bench.check(export=bench.build(**loops).folder, protocol=CORD, registry=PALLIATIVE)
    assert without_curve.verdict == "PASS", without_curve.text
    assert "a stored DVH (3004,0050) of SpinalCord" in messages(without_curve, "RTD016")
    curve = bench.check(export=bench.build(**dvh_sequence(2.0, CORD_VOLUME)).folder, protocol=CORD,
                        registry=PALLIATIVE)  # fmt: skip
    assert "ROIVolume (3006,002C) of SpinalCord" in messages(curve, "RTD016")


def test_parts_of_expressions_are_compared(bench):
    """A structure that stands only inside an expression has its stated volume compared; where it states none, the note
    names it.
    """
    row = constraint("c", structure="Liver - SpinalCord", metric="Mean[Gy]", goal="<= 90 Gy")
    rows = protocol_text(row, coverage=False)
    stated = bench.build(**cord_with(volume_cc=CORD_VOLUME))
    fits = bench.check(export=stated.folder, protocol=rows, registry=PALLIATIVE)
    assert fits.verdict == "PASS", fits.text
    assert "Liver" in messages(fits, "RTD316")
    assert "SpinalCord" not in messages(fits, "RTD316")
    off = bench.build(**cord_with(volume_cc=CORD_VOLUME * 1.05))
    result = bench.check(export=off.folder, protocol=rows, registry=PALLIATIVE)
    assert (result.verdict, "W" in result.severity("RTD316")) == ("REVIEW", True), result.text


def test_a_body_in_another_frame_is_no_body(bench):
    """An outline that is not in the frame of the dose says nothing about where targets lie: as if it were absent."""
    number = list(BOXES).index("BODY")

    def mutate(datasets):
        datasets["struct"].StructureSetROISequence[number].ReferencedFrameOfReferenceUID = uid("other", "frame")

    result = bench.check(export=bench.build(mutate=mutate).folder, protocol=CORD, registry=PALLIATIVE)
    assert (result.verdict, result.severity("RTD320")) == ("REVIEW", {"W"}), result.text


def test_an_isocentre_in_another_frame_is_not_compared(bench):
    """A plan in another frame of reference than the body is to be looked at: a number would mean nothing."""
    made = bench.build(**change("plan", FrameOfReferenceUID=uid("other", "frame")))
    result = bench.check(export=made.folder, protocol=CORD, registry=PALLIATIVE)
    assert result.severity("RTD511") == {"W"}, result.text
    assert "mm outside" not in messages(result, "RTD511")


def test_the_body(bench):
    """Without an outline nothing tells whether targets lie in the patient: W; a target that leaves it is W too."""
    names = [name for name in BOXES if name != "BODY"]
    rois = [RoiSpec(name, i, box_contours(*BOXES[name][1:]), BOXES[name][0]) for i, name in enumerate(names, 1)]
    bare = bench.build(rois=rois)
    result = bench.check(export=bench.build(**boxes()).folder)
    assert result.verdict == "PASS", result.text
    absent = bench.check(export=bare.folder, protocol=CORD, registry=PALLIATIVE)
    assert (absent.verdict, absent.severity("RTD320")) == ("REVIEW", {"W"}), absent.text
    out = bench.check(export=bench.build(**boxes(BODY=((-72, 72), (-60, 48), (-54, 63)))).folder, protocol=CORD,
                      registry=PALLIATIVE)  # fmt: skip
    assert out.severity("RTD320") == {"W"}, out.text
    assert "4.0 mm outside the body" in messages(out, "RTD320")


def test_types_and_organs(bench):
    """A target typed as an organ, an organ typed as a target, and a lesion outside its organ are RTD320."""
    organ = bench.build(**boxes(PTV_L1=("ORGAN", *BOXES["PTV_L1"][1:])))
    assert "interpretedtype" in messages(bench.check(export=organ.folder), "RTD320").lower()
    target = bench.build(**boxes(SpinalCord=("PTV", *BOXES["SpinalCord"][1:])))
    found = bench.check(export=target.folder, protocol=CORD, registry=PALLIATIVE)
    assert "judged as an organ" in messages(found, "RTD320")
    assert found.verdict == "REVIEW"
    lung = registry_text(lesions=[{**LESIONS[0], "organ": "lung"}, LESIONS[1]])
    rows = protocol_text(constraint("lungs", structure="Lung_L | Lung_R", metric="Mean[Gy]", goal="<= 40 Gy"))
    elsewhere = bench.check(protocol=rows, registry=lung)
    assert "registered in the lung" in messages(elsewhere, "RTD320"), elsewhere.text
    assert elsewhere.verdict == "REVIEW"


def test_laterality_is_of_the_patient(bench):
    """Names in words and in Chinese count, on a feet-first grid too; GTV_L1 says nothing about a side."""
    lung = constraint("x", structure='"左肺"', metric="Mean[Gy]", goal="<= 40 Gy")
    rows = protocol_text(constraint("c"), lung, coverage=False)
    right = bench.build(**rois_with(Lung_L="左肺", Lung_R="右肺"))
    assert "RTD322" not in bench.check(export=right.folder, protocol=rows, registry=PALLIATIVE).codes
    wrong = bench.build(grid=FEET_FIRST, **rois_with(Lung_R="左肺", Lung_L="右肺"))
    assert bench.check(export=wrong.folder, protocol=rows, registry=PALLIATIVE).severity("RTD322") == {"W"}


def test_stored_volume_shows_a_missing_end_contour(bench):
    """ROIVolume of the whole cord and contours of all but one end: RTD316 says how many are missing."""
    loops = box_contours(*BOXES["SpinalCord"][1:])[:-1]
    made = bench.build(**cord_with(loops, volume_cc=CORD_VOLUME))
    result = bench.check(export=made.folder, protocol=CORD, registry=PALLIATIVE)
    assert result.severity("RTD316") == {"W"}, result.text
    assert "1 end contour" in messages(result, "RTD316")
    assert result.verdict == "REVIEW"


@pytest.mark.parametrize("edges", [False, True])
def test_stored_curves_are_compared_and_never_used(bench, edges):
    """Bins as widths or as edges are read alike; a curve that disagrees changes no number, it asks to be looked at."""
    plain = bench.check(protocol=CORD, registry=PALLIATIVE)
    for dose_gy, severity in ((2.0, {"I"}), (3.0, {"W"})):
        made = bench.build(**dvh_sequence(dose_gy, CORD_VOLUME, edges=edges))
        result = bench.check(export=made.folder, protocol=CORD, registry=PALLIATIVE)
        assert result.severity("RTD222") == severity, result.text
        assert result.doc["outcomes"] == plain.doc["outcomes"]
        assert bench.dvh("--roi", "SpinalCord", export=made.folder).severity("RTD222") == severity


def test_beam_doses_at_their_point(bench):
    """A sum that is no prescription is right where the dose grid has it at the beams' point, and W where it has not."""
    point = {"BeamDoseSpecificationPoint": ["-33", "-9", "-15"]}
    right = bench.build(**beams(BeamDose="10.6", **point), dose=None)
    assert "RTD504" not in bench.check(export=right.folder, protocol=CORD, registry=PALLIATIVE).codes
    wrong = bench.build(**beams(BeamDose="12", **point))
    result = bench.check(export=wrong.folder, protocol=CORD, registry=PALLIATIVE)
    assert result.severity("RTD504") == {"W"}, result.text
    assert "53.00 Gy at that point" in messages(result, "RTD504")


def test_dates_out_of_order(bench):
    """A plan newer than its approval was approved in an earlier state: RTD112."""
    made = bench.build(**plan(ReviewDate="20260228"))
    assert bench.check(export=made.folder, protocol=CORD, registry=PALLIATIVE).severity("RTD112") == {"W"}


def test_earlier_dose_in_the_plan(bench):
    """NominalPriorDose says of earlier treatment what no dose of the plan holds: RTD510 W, no PASS."""
    made = bench.build(**references(NominalPriorDose="20"))
    result = bench.check(export=made.folder, protocol=CORD, registry=PALLIATIVE)
    assert (result.verdict, result.severity("RTD510")) == ("REVIEW", {"W"}), result.text


def test_a_plan_defined_elsewhere(bench):
    """A plan whose prescription comes from an object that is not read is never judged as if it did not: RTD013."""

    def mutate(datasets):
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.481.10", uid("intent")
        datasets["plan"].DoseReferenceSequence[0].DefinitionSourceSequence = [item]

    result = bench.check(export=bench.build(mutate=mutate).folder, protocol=CORD, registry=PALLIATIVE)
    assert (result.verdict, result.severity("RTD013")) == ("INCOMPLETE", {"E"}), result.text


CUT = box_grid((-78, -66, -63), (78, 66, 30))
"""A dose grid that ends at z = 30: 33 + 1.5 of the 120 mm of the cord lie above."""
SHARE = 34.5 / 120


def test_a_structure_cut_by_the_dose_grid(bench):
    """The share outside is stated; what can be bounded is bounded, and what cannot is not evaluated."""
    rows = protocol_text(
        constraint("met", metric="V1Gy[cc]", goal=">= 5 cc"),
        constraint("bounded", metric="V20Gy[%]", goal="<= 50 %"),
        constraint("undecided", metric="V20Gy[%]", goal="<= 20 %"),
        constraint("cold", metric="DC1cc[Gy]", goal=">= 1 Gy"),
        constraint("max"),
        constraint("mean", metric="Mean[Gy]"),
        constraint("small", metric="D0.035cc[Gy]"),
        constraint("large", metric="D11cc[Gy]"),
        volume_of("volume", "SpinalCord"),
        coverage=False,
    )
    result = bench.check(export=bench.build(grid=CUT).folder, protocol=rows, registry=PALLIATIVE)
    found = [item for item in result.doc["findings"] if item["code"] == "RTD602" and item["severity"] == "W"]
    (outside,) = [item for item in found if item["subject"] == "SpinalCord"]
    assert [item["subject"] for item in found if item is not outside] == ["PTV_L2"], "which the plan prescribes to"
    assert outside["evidence"]["fraction"] == pytest.approx(SHARE, abs=0.005), result.text
    assert result.state("bounded") == "MET"
    assert result.outcome("bounded")["low"] == 0
    assert result.outcome("bounded")["high"] == pytest.approx(100 * SHARE, abs=3)
    assert result.state("undecided") == "UNDECIDED"
    assert result.state("met") == "MET"
    for name in ("max", "mean", "small"):
        assert result.state(name) == "NOT_EVALUATED", name
    assert result.severity("RTD601") == {"E"}
    assert result.state("large") == "MET"
    assert result.outcome("volume")["value"] == pytest.approx(CORD_VOLUME, rel=1e-3)
    assert result.verdict == "INCOMPLETE"
    only = protocol_text(constraint("bounded", metric="V20Gy[%]", goal="<= 50 %"), coverage=False)
    assert bench.check(export=bench.build(grid=CUT).folder, protocol=only, registry=PALLIATIVE).verdict == "REVIEW"


def test_what_counts_for_an_unused_structure(bench):
    """What a second look finds about a structure that nothing uses does not weigh on the verdict."""
    made = bench.build(**boxes(Liver=((-60, 0), (-45, 25), (-45, 9)), SpinalCord=((-5, 5), (42, 52), (-54, 63)),
                               Lung_R=((-80, -8), (-45, 40), (18, 57))))  # fmt: skip
    result = bench.check(export=made.folder, protocol=CORD, registry=PALLIATIVE)
    assert result.verdict == "PASS", result.text


def test_the_box_patient_passes_with_its_targets(bench):
    """Nothing of all this speaks against the plain box patient."""
    result = bench.check(registry=REGISTRY)
    assert result.verdict == "PASS", result.text
    assert {item["severity"] for item in result.doc["findings"]} <= {"I"}
