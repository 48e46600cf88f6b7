"""Pitfalls of links, units, sums and use (rows 45 to 57 of the table): see `test_traps.py`."""

from __future__ import annotations

import pytest

from tests.acceptance.kit import constraint, protocol_text, run
from tests.acceptance.trap_tools import (
    CORD,
    cord,
    cord_loops,
    not_evaluated,
    refused,
    stopped,
)
from tests.synthetic.dicom import BeamSpec, RoiSpec, rt_dose, rt_plan, set_raw, uid
from tests.synthetic.simple import BOXES, GRID, box_roi, step, uniform


def test_row_45_dose_of_another_plan(bench):
    """A dose that refers to a plan that is not there, or to none, is refused: RTD102."""

    def other(datasets):
        item = datasets["dose"].ReferencedRTPlanSequence[0]
        item.ReferencedSOPInstanceUID = uid("another", "plan")

    refused(bench.check(export=bench.build(mutate=other).folder, protocol=CORD), "RTD102")

    def revised(datasets):
        datasets["plan"].SOPInstanceUID = uid("simple", "plan", "revised")

    refused(bench.check(export=bench.build(mutate=revised).folder, protocol=CORD), "RTD102")


def test_row_45_structures_of_another_plan(bench):
    """A plan that refers to another structure set than the one there is refused: RTD103."""

    def other(datasets):
        datasets["struct"].SOPInstanceUID = uid("simple", "struct", "revised")

    refused(bench.check(export=bench.build(mutate=other).folder, protocol=CORD), "RTD103")


def test_row_46_several_doses(bench):
    """Two PLAN doses of one plan are not a choice: RTD104, whatever their names and dates."""
    for names in (("dose", "a"), ("dose", "z")):

        def second(datasets, names=names):
            twin = rt_dose(step(low_gy=1.0), GRID, seed="simple", role="dose2")
            twin.InstanceCreationDate, twin.SeriesDate = "20270101", "20270101"
            datasets[names[1]] = twin

        refused(bench.check(export=bench.build(mutate=second).folder, protocol=CORD), "RTD104")


def beam_case(bench, doses, *, beams=(1, 2), summation="BEAM"):
    """A plan of several treatment beams and a setup field, with one dose for each entry of `doses` (beam -> share)."""
    plan_beams = [BeamSpec(number, f"B{number}", dose_gy=5.0, meterset=100.0) for number in beams]
    plan_beams.append(BeamSpec(99, "CBCT", "SETUP"))

    def build(datasets):
        old = datasets["plan"]
        plan = rt_plan(seed="simple", fractions=5, beams=plan_beams, label="SIMPLE")
        plan.DoseReferenceSequence = old.DoseReferenceSequence
        datasets["plan"] = plan
        del datasets["dose"]
        for number, share in doses.items():
            part = step(high_gy=53.0 * share, low_gy=2.0 * share)
            datasets[f"dose{number}"] = rt_dose(
                part, GRID, seed="simple", role=f"dose{number}", beams=(number,), summation=summation
            )

    return bench.build(mutate=build).folder


def test_row_47_beam_missing(bench):
    """Beam doses are summed when they are exactly the plan's treatment beams, else refused (RTD505)."""
    whole = bench.check(export=beam_case(bench, {1: 0.6, 2: 0.4}), protocol=CORD)
    assert whole.verdict == "PASS", whole.text
    assert whole.outcome("cord")["value"] == pytest.approx(2.0)
    refused(bench.check(export=beam_case(bench, {1: 0.5}), protocol=CORD), "RTD505")
    refused(bench.check(export=beam_case(bench, {1: 0.6, 2: 0.4}, beams=(1, 2, 3)), protocol=CORD), "RTD505")
    result = bench.check(export=beam_case(bench, {1: 0.6, 2: 0.4, 7: 0.1}), protocol=CORD)
    assert result.code == 4, result.text
    assert "RTD505" in result.codes


def test_row_48_session_dose(bench):
    """A dose of one session is not the plan's (RTD205); FRACTION means the whole fraction group and is."""

    def session(datasets):
        datasets["dose"] = rt_dose(
            step(high_gy=53.0 / 5, low_gy=2.0 / 5), GRID, seed="simple", summation="FRACTION_SESSION", fraction_group=1
        )

    stopped(bench.check(export=bench.build(mutate=session).folder, protocol=CORD), "RTD205")

    def total_called_session(datasets):
        datasets["dose"].DoseSummationType = "FRACTION_SESSION"

    stopped(bench.check(export=bench.build(mutate=total_called_session).folder, protocol=CORD), "RTD205")

    def group(datasets):
        datasets["dose"] = rt_dose(step(), GRID, seed="simple", summation="FRACTION", fraction_group=1)

    result = bench.check(export=bench.build(mutate=group).folder, protocol=CORD)
    assert result.verdict == "PASS", result.text
    assert result.outcome("cord")["value"] == pytest.approx(2.0)


@pytest.mark.parametrize(("summation", "code"), [("CONTROL_POINT", "RTD204"), ("RECORD", "RTD204")])
def test_row_48_other_sums(bench, summation, code):
    """A dose of a control point or a record is not that of the course."""

    def other(datasets):
        datasets["dose"].DoseSummationType = summation

    refused(bench.check(export=bench.build(mutate=other).folder, protocol=CORD), code)


@pytest.mark.parametrize(("keyword", "value"), [
    ("DoseUnits", "RELATIVE"), ("DoseType", "ERROR"), ("DoseUnits", "CGY"), ("DoseUnits", ""), ("DoseUnits", "gy"),
])  # fmt: skip
def test_row_49_units(bench, keyword, value):
    """Units other than GY and differences are refused: RTD201, or RTD012/RTD013 for what is absent or unknown."""

    def other(datasets):
        set_raw(datasets["dose"], keyword, value.encode())

    result = bench.check(export=bench.build(mutate=other).folder, protocol=CORD)
    assert result.code == 4 or result.verdict == "INCOMPLETE", result.text
    expected = {"RTD201"} if value in ("RELATIVE", "ERROR") else {"RTD201", "RTD012", "RTD013"}
    assert result.codes & expected, result.text
    if value in ("RELATIVE", "ERROR"):
        refused(result, "RTD201")


@pytest.mark.parametrize("factor", [100.0, 0.01, 5.0, 0.2])
def test_row_49_implausible_level(bench, factor):
    """A dose of the wrong scale (cGy, percent, per fraction) is RTD219 and no PASS, though every limit looks kept."""
    text = protocol_text(
        constraint("cord", goal="<= 1000 Gy"),
        constraint("c2", structure="@lesion.ptv", metric="Min[Gy]", goal=">= 0.1 Gy"),
        {**constraint("cov", structure="@lesion.ptv", metric="V0.1Gy[%]", goal=">= 95 %")}, coverage=False,
    )  # fmt: skip
    clean = bench.check(protocol=text)
    assert clean.verdict == "PASS", clean.text
    case = bench.build(dose=step(high_gy=53.0 * factor, low_gy=2.0 * factor), bits=32)
    result = bench.check(export=case.folder, protocol=text)
    assert "E" in result.severity("RTD219"), result.text
    assert result.verdict in ("INCOMPLETE", "FAIL"), result.text
    assert "PASS" != result.verdict
    assert result.state("cord") == "NOT_EVALUATED"


def test_row_52_unlike_fractionation(bench):
    """Plans of unlike fractionation: physical metrics are not evaluated (RTD508), EQD2 is summed voxel by voxel."""
    folder = bench.two_plans(step(high_gy=33.0, low_gy=20.0), step(high_gy=30.0, low_gy=30.0), counts=(5, 15))
    text = protocol_text(
        constraint("cord", goal="<= 60 Gy"),
        constraint("eqd2", metric="Mean{EQD2;ab=3}[Gy]", goal="<= 60 Gy"),
        constraint("default", metric="Max{EQD2}[Gy]", alpha_beta=3.0, goal="<= 57 Gy"),
    )
    result = bench.check(export=folder, protocol=text)
    assert "RTD508" in result.codes, result.text
    assert result.verdict is None or result.state("cord") == "NOT_EVALUATED"
    assert result.verdict != "PASS"
    if result.verdict is not None:
        expected = 20 * (20 / 5 + 3) / 5 + 30 * (30 / 15 + 3) / 5
        assert result.outcome("eqd2")["value"] == pytest.approx(expected)
        assert result.state("eqd2") == "MET"
        assert result.state("default") == "VIOLATED", "alpha_beta is the default of ab"
        assert result.verdict == "FAIL"


def test_row_52_equal_fractionation(bench):
    """Plans of equal fractionation are one course, summed where each dose is sampled."""
    folder = bench.two_plans(step(["PTV_L1"], 52.0, 1.0), step(["PTV_L2"], 52.0, 1.0), counts=(5, 5))
    result = bench.check(export=folder, protocol=CORD)
    assert result.verdict == "PASS", result.text
    assert result.outcome("cord")["value"] == pytest.approx(2.0)
    one = run("dvh", folder, "--format", "json", "--roi", "PTV_L1", "-m", "D95%[Gy]").doc
    assert one["structures"][0]["metrics"]["D95%[Gy]"]["value"] == pytest.approx(53.0)


USE = {
    "verification": ("PlanIntent", "VERIFICATION", "RTD109", None),
    "machine quality assurance": ("PlanIntent", "MACHINE_QA", "RTD109", None),
    "research": ("PlanIntent", "RESEARCH", "RTD109", None),
    "service": ("PlanIntent", "SERVICE", "RTD109", None),
    "phantom": ("RTPlanGeometry", "TREATMENT_DEVICE", "RTD109", None),
    "rejected": ("ApprovalStatus", "REJECTED", "RTD110", None),
    "unapproved": ("ApprovalStatus", "UNAPPROVED", "RTD110", "REVIEW"),
    "approval absent": ("ApprovalStatus", None, "RTD110", "REVIEW"),
}


@pytest.mark.parametrize("name", USE)
def test_row_56_not_for_treatment(bench, name):
    """Verification, service and phantom plans and rejected ones are refused; an unapproved one is at best REVIEW."""
    keyword, value, code, verdict = USE[name]

    def change(datasets):
        if value is None:
            delattr(datasets["plan"], keyword)
        else:
            setattr(datasets["plan"], keyword, value)

    result = bench.check(export=bench.build(mutate=change).folder, protocol=CORD)
    if verdict is None:
        refused(result, code)
    else:
        assert result.severity(code) == {"W"}, result.text
        assert result.verdict == verdict, result.text


def test_row_57_missing_structure(bench):
    """A constraint on a structure that is not there is not evaluated and the case does not pass."""
    rois = [box_roi(name, number) for number, name in enumerate(BOXES, 1) if name != "SpinalCord"]
    case = bench.build(rois=rois)
    result = bench.check(export=case.folder, protocol=CORD)
    not_evaluated(result, "RTD301")
    assert "SpinalCord" in result.outcome("cord")["reason"]
    listed = bench.build(rois=[*rois, RoiSpec("SpinalCord", 50)])
    assert bench.check(export=listed.folder, protocol=CORD).verdict == "INCOMPLETE"


def test_a_dose_of_zero_is_not_a_kept_limit(bench):
    """A dose grid of nothing but zeros is implausible for the prescription: never PASS."""
    text = protocol_text(
        constraint("cord"), {**constraint("cov", structure="@lesion.ptv", metric="Max[Gy]")}, coverage=False
    )
    result = bench.check(export=bench.build(dose=uniform(0.0)).folder, protocol=text)
    assert result.verdict not in ("PASS", "REVIEW"), result.text


def test_registered_fractions_must_be_those_of_the_plan(bench):
    """A plan of another fractionation than the lesion's prescription is RTD506 and does not pass."""
    case = bench.build(fractions=15)
    result = bench.check(export=case.folder, protocol=CORD)
    assert "RTD506" in result.codes, result.text
    assert result.verdict not in ("PASS", "REVIEW")


@pytest.mark.parametrize("value", ["", "0", "-5", "5.5", "five"])
def test_fraction_counts_are_whole_and_positive(bench, value):
    """A missing or impossible fraction count is RTD502 and does not pass."""

    def change(datasets):
        set_raw(datasets["plan"].FractionGroupSequence[0], "NumberOfFractionsPlanned", value.encode())

    result = bench.check(export=bench.build(mutate=change).folder, protocol=CORD)
    assert "RTD502" in result.codes or result.codes & {"RTD008", "RTD012"}, result.text
    assert result.verdict not in ("PASS", "REVIEW"), result.text


def test_frames_of_reference_must_agree(bench):
    """Dose and structures of unlike frames of reference are unrelated numbers: RTD401, also for a single ROI."""

    def dose(datasets):
        datasets["dose"].FrameOfReferenceUID = uid("other", "frame")

    refused(bench.check(export=bench.build(mutate=dose).folder, protocol=CORD), "RTD401")
    case = bench.build(rois=cord(cord_loops(), frame=uid("other", "frame")))
    result = bench.check(export=case.folder, protocol=CORD)
    assert result.codes & {"RTD401", "RTD404"}, result.text
    assert result.verdict not in ("PASS", "REVIEW")
