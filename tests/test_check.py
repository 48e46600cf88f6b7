"""A case from its doses to a verdict: contract §5 and §6 on a patient made of boxes."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from rtcheck.check import Settings, check, with_fail_on
from rtcheck.model.finding import finding
from rtcheck.rules.constraint import Condition, Conventions, GoalTable, TrialRules
from tests.boxes import (
    BOXES,
    CORD,
    COVERAGE,
    HIGH,
    LIVER,
    box,
    case,
    dose,
    lesion,
    limit,
    plan,
    protocol,
    record,
    rois,
    structures,
    with_beams,
)

DOSE = dose()
FEV1 = (Condition("fev1_l", above=1.0),)
SMALL = ((30, 38), (-38, -30), (-4, 4))


def uniform(gray, **changes):
    return dose(lambda x, y, z: gray, **changes)


def run(
    *constraints,
    doses=None,
    settings=None,
    lesions=(),
    facts=None,
    manifest=(),
    conventions=None,
    trial=None,
    status="approved",
    **changes,
):
    made = case(doses=(DOSE,) if doses is None else doses, **changes)
    asked = protocol(*constraints, status=status, conventions=conventions or Conventions(), trial=trial)
    return check(made, record(*lesions, facts=facts, plans=manifest), asked, settings)


def with_rois(*items, **extra):
    return (structures([*rois(**extra), *items]),)


ALWAYS = ("RTD016", "RTD216", "RTD316", "RTD319", "RTD504")
"""Notes on this patient whatever else is done to it: no images, stated volumes or beam doses; a dose with a step."""


def codes(report, *severities):
    found = [item for item in report.findings if item.severity in (severities or ("F", "E", "W"))]
    return sorted(item.code for item in found if item.severity != "I" or item.code not in ALWAYS)


def states(report):
    return {item.constraint: item.outcome for item in report.outcomes}


def test_the_default_case_passes_with_known_numbers():
    """Coverage is the high dose, the cord the low dose, and volumes are those of the boxes."""
    report = run()
    assert (report.verdict, report.exit_code, codes(report)) == ("PASS", 0, [])
    coverage, cord, liver = report.outcomes
    assert coverage.value == pytest.approx(HIGH)
    assert coverage.low <= coverage.value <= coverage.high
    assert (coverage.lesion, coverage.rois, coverage.unit) == ("L1", ("PTV_L1",), "Gy")
    assert coverage.volume_cm3 == pytest.approx(8.0)
    assert coverage.margin == pytest.approx(2.0)
    assert cord.value == pytest.approx(4.0)
    assert liver.volume_cm3 == pytest.approx(96.0 - 1.728)
    (result,) = report.lesions
    assert (result.state, result.outcomes, result.structures["ptv"]) == ("COVERED", (0,), ("PTV_L1",))


def test_a_violated_mandatory_limit_fails_and_an_optimal_one_asks_for_review():
    """RTD703 in both, with the severity of its priority; a report-only one is shown."""
    tight = limit("tight", "SpinalCord", "Max[Gy]", "<= 3 Gy")
    failed = run(COVERAGE, tight)
    assert (failed.verdict, failed.exit_code, codes(failed)) == ("FAIL", 1, ["RTD703"])
    wished = run(COVERAGE, CORD, replace(tight, priority="optimal"))
    assert (wished.verdict, codes(wished, "W")) == ("REVIEW", ["RTD703"])
    shown = run(COVERAGE, CORD, replace(tight, priority="report"))
    assert (shown.verdict, codes(shown, "I")) == ("PASS", ["RTD703"])
    assert shown.outcomes[2].value == pytest.approx(4.0)


def test_a_report_only_constraint_needs_no_goal():
    """Its value is shown, it is not judged; what cannot be evaluated says so."""
    report = run(
        COVERAGE,
        limit("r", "SpinalCord", "Mean[Gy]", priority="report"),
        limit("x", "Heart", "Mean[Gy]", priority="report"),
    )
    assert report.verdict == "PASS"
    assert (report.outcomes[1].outcome, report.outcomes[1].goal) == ("NOT_APPLICABLE", None)
    assert report.outcomes[1].value == pytest.approx(4.0)
    assert report.outcomes[2].outcome == "NOT_EVALUATED"
    assert set(codes(report, "I")) == {"RTD301", "RTD706"}


@pytest.mark.parametrize(
    ("priority", "verdict", "severity"),
    [("mandatory", "INCOMPLETE", "E"), ("optimal", "REVIEW", "W"), ("report", "PASS", "I")],
)
def test_a_missing_structure_weighs_as_much_as_its_constraint(priority, verdict, severity):
    """Row 57: never a pass where it is mandatory."""
    report = run(COVERAGE, CORD, limit("h", "Heart", "Max[Gy]", "<= 10 Gy", priority=priority))
    assert report.verdict == verdict
    assert codes(report, severity) == ["RTD301", "RTD706"]
    assert report.outcomes[2].value is None


def test_one_structure_missed_by_two_priorities_is_told_once_at_the_higher():
    """The same sentence stands once, as the mandatory constraint has it."""
    heart = limit("h", "Heart", "Max[Gy]", "<= 10 Gy")
    report = run(COVERAGE, heart, replace(heart, id="h2", priority="optimal"))
    assert [item.severity for item in report.findings if item.code == "RTD301"] == ["E"]


def test_a_limit_inside_the_interval_is_reviewed_or_accepted():
    """RTD603 W, or I where the protocol accepts it and the value meets the goal."""
    (liver,) = [item for item in run().outcomes if item.constraint == "liver"]
    inside = limit("liver", "Liver - @gtv", "Mean[Gy]", f"<= {liver.value + 0.2:.3f} Gy")
    report = run(COVERAGE, inside)
    assert (report.verdict, report.outcomes[1].outcome, codes(report)) == ("REVIEW", "UNDECIDED", ["RTD603"])
    accepted = run(COVERAGE, inside, conventions=Conventions(undecided="accept"))
    assert (accepted.verdict, codes(accepted), codes(accepted, "I")) == ("PASS", [], ["RTD603"])
    beyond = limit("liver", "Liver - @gtv", "Mean[Gy]", f"<= {liver.value - 0.2:.3f} Gy")
    assert run(COVERAGE, beyond, conventions=Conventions(undecided="accept")).verdict == "REVIEW"


def test_an_uncovered_lesion_fails():
    """NOT_COVERED with RTD701."""
    report = run(doses=[uniform(45.0)])
    assert (report.verdict, report.lesions[0].state) == ("FAIL", "NOT_COVERED")
    assert "RTD701" in codes(report)


def test_a_missed_lesion_fails():
    """Under half its prescription: RTD757, and the dose level is doubted too."""
    report = run(doses=[uniform(20.0)])
    assert (report.verdict, report.lesions[0].state) == ("FAIL", "NOT_TREATED")
    assert {"RTD757", "RTD219"} <= set(codes(report))


def test_a_lesion_without_structures_is_not_treated():
    """Row 57 for a lesion: FAIL, with the names that were looked for."""
    report = run(lesions=[lesion(), lesion(id="L2", gtv=("GTV_L2",), ptv=("PTV_L2",))])
    assert (report.verdict, report.lesions[1].state) == ("FAIL", "NOT_TREATED")
    assert {"RTD301", "RTD757"} <= set(codes(report))
    assert "PTV_L2" in report.lesions[1].reason


def test_a_lesion_that_no_coverage_constraint_reaches_is_incomplete():
    """Nothing said whether it is covered."""
    report = run(CORD)
    assert (report.verdict, report.lesions[0].state) == ("INCOMPLETE", "NOT_EVALUATED")


def test_a_hot_target_has_its_own_code():
    """RTD702 for an upper limit on a target."""
    report = run(COVERAGE, limit("hot", "@lesion.ptv", "Max[Gy]", "<= 51 Gy"))
    assert "RTD702" in codes(report)


def test_a_protocol_of_which_nothing_applies_gives_no_verdict():
    """RTD806; constraints that are only shown do not count."""
    for asked in (replace(CORD, fractions=(10, 15)), replace(CORD, priority="report")):
        report = run(asked)
        assert (report.verdict, report.exit_code, codes(report)[-1]) == (None, 4, "RTD806")


def test_a_draft_protocol_is_reviewed():
    """RTD805."""
    assert (run(status="draft").verdict, codes(run(status="draft"))) == ("REVIEW", ["RTD805"])


def test_another_patient_is_refused():
    """RTD101 F, without printing any identifier; `dicom_ids` may list the export's."""
    report = check(case(doses=[DOSE], patient_id="P2"), record(), protocol())
    assert (report.verdict, report.exit_code, codes(report, "F")) == (None, 4, ["RTD101"])
    assert "P2" not in report.findings[0].message
    assert check(case(doses=[DOSE], patient_id="P2"), record(dicom_ids=("P2",)), protocol()).verdict == "PASS"
    assert check(case(doses=[DOSE], patient_id=""), record(), protocol()).verdict is None


def test_two_identifiers_are_one_patient_only_where_the_registry_says_so():
    """Objects of two patients are refused; two identifiers that the registry lists are a warning."""
    made = case(doses=[DOSE], patient_id="", patient_ids=("P1", "P1-RT"))
    assert check(made, record(), protocol()).verdict is None
    assert codes(check(made, record(dicom_ids=("P1-RT",)), protocol())) == ["RTD101"]
    assert check(made, record(dicom_ids=("P1-RT",)), protocol()).verdict == "REVIEW"


def test_a_refusal_of_the_reader_gives_no_verdict():
    """Nothing is judged on a file that could not be read."""
    report = run(findings=(finding("RTD002", "rs.dcm", "cut short"),))
    assert (report.verdict, report.outcomes, report.lesions) == (None, (), ())


@pytest.mark.parametrize(
    ("facts", "met", "outcome", "verdict"),
    [
        ({"lung.fev1_l": 1.5}, True, "MET", "PASS"),
        ({"lung.fev1_l": 1.5}, False, "VIOLATED", "FAIL"),
        ({"lung.fev1_l": 0.9}, True, "NOT_APPLICABLE", "PASS"),
        ({"lung.fev1_l": 0.9}, False, "NOT_APPLICABLE", "PASS"),
        ({}, True, "MET", "PASS"),
        ({}, False, "NOT_EVALUATED", "INCOMPLETE"),
    ],
)
def test_a_constraint_of_unknown_condition_is_met_only_if_it_would_be(facts, met, outcome, verdict):
    """Else it is NOT_EVALUATED, with the registry key that is missing."""
    asked = replace(limit("c", "SpinalCord", "Max[Gy]", "<= 10 Gy" if met else "<= 1 Gy"), when=FEV1)
    report = run(COVERAGE, asked, facts=facts)
    assert (report.outcomes[1].outcome, report.verdict) == (outcome, verdict)
    if outcome == "NOT_EVALUATED":
        assert "lung.fev1_l" in report.outcomes[1].reason
        assert report.outcomes[1].value is None


def test_at_variation_with_an_unknown_condition_is_not_evaluated():
    """Only MET is certain whether or not it applies."""
    asked = replace(limit("c", "SpinalCord", "Max[Gy]", "<= 3 Gy", "<= 5 Gy"), when=FEV1)
    assert run(COVERAGE, asked).outcomes[1].outcome == "NOT_EVALUATED"


def test_two_plans_of_equal_fractionation_are_summed_at_the_points():
    """Two parts of the dose in two plans are the dose."""
    plans = [plan(dose_references=()), plan("1.2.3.9", label="B", dose_references=())]
    halves = [
        replace(DOSE, scaling_gy=0.0004),
        replace(DOSE, scaling_gy=0.0006, plan_uids=("1.2.3.9",), sop_instance_uid="1.9"),
    ]
    report = run(plans=plans, doses=halves)
    assert report.verdict == "PASS"
    assert report.outcomes[0].value == pytest.approx(HIGH)
    assert [item.fractions for item in report.plans] == [5, 5]


def test_two_plans_of_unlike_fractionation_are_judged_on_eqd2_only():
    """Row 52: each plan is converted with its own number of fractions before the sum."""
    plans = [plan(dose_references=()), plan("1.2.3.9", 15, "B", dose_references=())]
    doses = [uniform(20.0), uniform(30.0, uid="1.9", plan="1.2.3.9")]
    ab = 3.0
    expected = 20 * (20 / 5 + ab) / (2 + ab) + 30 * (30 / 15 + ab) / (2 + ab)
    report = run(
        CORD, limit("eqd2", "SpinalCord", "Mean{EQD2}[Gy]", "<= 100 Gy", alpha_beta=ab), plans=plans, doses=doses
    )
    assert states(report) == {"cord": "NOT_EVALUATED", "eqd2": "MET"}
    assert report.outcomes[1].value == pytest.approx(expected, rel=1e-6)
    assert report.verdict == "INCOMPLETE"
    assert "RTD508" in codes(report, "E")


def test_beam_doses_are_summed():
    """Two beams that share the dose are the plan."""
    report = run(doses=with_beams(DOSE, 1, 2))
    assert report.verdict == "PASS"
    assert report.outcomes[0].value == pytest.approx(HIGH)


def test_an_effective_dose_is_not_compared_with_physical_limits():
    """Row 53: RTD203 E; the volume is still known."""
    report = run(COVERAGE, limit("v", "Liver", "Volume[cc]", "<= 100 cc"), doses=[replace(DOSE, dose_type="EFFECTIVE")])
    assert states(report) == {"cov": "NOT_EVALUATED", "v": "MET"}
    assert (report.verdict, "RTD203" in codes(report, "E")) == ("INCOMPLETE", True)


@pytest.mark.parametrize("scale", [100, 0.01, 5, 0.2])
def test_a_dose_that_is_wrong_by_a_known_factor_is_never_judged(scale):
    """Row 49: RTD219, and no dose metric has a value."""
    report = run(doses=[replace(DOSE, scaling_gy=DOSE.scaling_gy * scale)])
    assert report.verdict in ("INCOMPLETE", "FAIL")
    assert "RTD219" in codes(report, "E")
    assert set(states(report).values()) == {"NOT_EVALUATED"}


def test_a_saturated_dose_is_not_judged():
    """Row 50: an E finding of the dose stops its dose metrics."""
    report = run(doses=[replace(DOSE, findings=(finding("RTD217", "rd.dcm", "saturated"),))])
    assert report.verdict == "INCOMPLETE"
    assert set(states(report).values()) == {"NOT_EVALUATED"}


def test_a_structure_in_another_frame_of_reference_is_refused_where_it_is_used():
    """Row 44: RTD401 F; one that nothing uses does not matter."""
    astray = box(*SMALL, number=9, name="Heart", frame="9.9")
    assert run(sets=with_rois(astray)).verdict == "PASS"
    report = run(COVERAGE, limit("h", "Heart", "Max[Gy]", "<= 10 Gy"), sets=with_rois(astray))
    assert (report.verdict, codes(report, "F")) == (None, ["RTD401"])


def test_a_structure_without_a_frame_of_reference_is_not_evaluated():
    """RTD404 E for what uses it."""
    report = run(
        COVERAGE,
        limit("h", "Heart", "Max[Gy]", "<= 10 Gy"),
        sets=with_rois(box(*SMALL, number=9, name="Heart", frame="")),
    )
    assert (report.verdict, "RTD404" in codes(report, "E")) == ("INCOMPLETE", True)


@pytest.mark.parametrize("code", ["RTD303", "RTD306", "RTD307", "RTD309", "RTD312"])
def test_what_is_wrong_with_an_unused_structure_is_a_note(code):
    """Used, it is an error; unused, it is listed and does not stand."""
    broken = box(*SMALL, number=9, name="Heart", findings=(finding(code, "Heart", "broken", "E"),))
    unused = run(sets=with_rois(broken))
    assert (unused.verdict, codes(unused, "I")) == ("PASS", [code])
    used = run(COVERAGE, limit("h", "Heart", "Max[Gy]", "<= 10 Gy"), sets=with_rois(broken))
    assert (used.verdict, states(used)["h"]) == ("INCOMPLETE", "NOT_EVALUATED")
    assert code in codes(used, "E")


@pytest.mark.parametrize("code", ["RTD008", "RTD009", "RTD010", "RTD305"])
def test_corruption_of_any_structure_stands(code):
    """It puts the file in doubt, used or not."""
    broken = box(*SMALL, number=9, name="Heart", findings=(finding(code, "Heart", "corrupt", "E"),))
    assert run(sets=with_rois(broken)).verdict == "INCOMPLETE"


def test_an_unusable_gtv_makes_the_liver_not_evaluated():
    """`@gtv` is NOT_EVALUATED where a registered GTV has no usable structure."""
    empty = box(*BOXES["GTV_L1"], number=3, name="GTV_L1", kind="GTV", planes=[])
    items = [empty if item.name == "GTV_L1" else item for item in rois()]
    report = run(sets=(structures(items),))
    assert states(report)["liver"] == "NOT_EVALUATED"
    assert report.verdict == "INCOMPLETE"


def test_a_structure_partly_outside_the_dose_grid_never_passes():
    """Row 34: outside the grid the dose is unknown; its findings are carried along."""
    wide = box((30, 70), (-10, 10), (-10, 10), number=9, name="Stomach")
    report = run(COVERAGE, limit("s", "Stomach", "Max[Gy]", "<= 10 Gy"), sets=with_rois(wide))
    assert states(report)["s"] != "MET"
    assert report.verdict != "PASS"
    assert {"RTD601", "RTD602"} & set(codes(report))


def test_missing_slices_that_change_the_result_are_not_evaluated():
    """Row 23: RTD312 E where filling the gap or not decides, W where it does not."""
    wide = box((-30, -10), (-30, -10), (-10, 10), number=9, name="Bowel", planes=[-9, -7, -5, -3, 3, 5, 7, 9])
    much = run(COVERAGE, limit("m", "Bowel", "Mean[Gy]", "<= 60 Gy"), sets=with_rois(wide))
    assert (states(much)["m"], much.verdict) == ("NOT_EVALUATED", "INCOMPLETE")
    assert "RTD312" in codes(much, "E")
    levels = [value for value in np.arange(-29.5, 30) if value != 0.5]
    small = box((-30, -10), (-30, -10), (-30, 30), number=9, name="Bowel", planes=levels)
    little = run(COVERAGE, limit("m", "Bowel", "Mean[Gy]", "<= 60 Gy"), sets=with_rois(small))
    assert (states(little)["m"], little.verdict, codes(little, "W")) == ("MET", "REVIEW", ["RTD312"])
    decides = run(COVERAGE, limit("v", "Bowel", "Volume[cc]", ">= 23.8 cc"), sets=with_rois(small))
    assert (states(decides)["v"], decides.verdict) == ("NOT_EVALUATED", "INCOMPLETE")
    assert "RTD312" in codes(decides, "E")


def test_a_goal_table_is_looked_up_for_each_lesion():
    """The limit is that of the looked-up volume; outside the table the constraint is not evaluated."""
    by = limit("v", "Liver", "Volume[cc]", "<= 1 cc").metric
    table = GoalTable(by, "@lesion.ptv", "<=", ((4.0, 60.0), (12.0, 60.0)))
    asked = replace(limit("t", "@lesion.ptv", "Max[Gy]"), goal_table=table)
    report = run(COVERAGE, asked)
    assert (report.outcomes[1].outcome, report.outcomes[1].goal) == ("MET", "<= 60 Gy")
    far = replace(asked, goal_table=replace(table, goal=((20.0, 60.0), (30.0, 60.0))))
    assert run(COVERAGE, far).outcomes[1].outcome == "NOT_EVALUATED"


def test_metrics_of_the_prescription_need_no_dose():
    """RxTotal and BED10 of a lesion: 50 Gy in 5 fractions."""
    report = run(
        COVERAGE,
        limit("rx", "@lesion.ptv", "RxTotal[Gy]", ">= 50 Gy"),
        limit("bed", "@lesion.ptv", "BED10[Gy]", ">= 70 Gy"),
    )
    assert [item.value for item in report.outcomes[1:]] == [50.0, pytest.approx(100.0)]
    assert report.verdict == "PASS"


def test_a_contradicted_prescription_is_incomplete():
    """RTD506: fractions of the registry and the plan differ."""
    report = run(lesions=[lesion(fractions=10)])
    assert (report.verdict, report.lesions[0].state) == ("INCOMPLETE", "NOT_EVALUATED")
    assert "RTD506" in codes(report, "E")


def test_an_unclaimed_target_is_reviewed():
    """RTD758: a lesion left out of the registry does not pass."""
    report = run(sets=with_rois(box(*SMALL, number=9, name="PTV_L2", kind="PTV")))
    assert (report.verdict, codes(report)) == ("REVIEW", ["RTD758"])


def test_structures_without_a_constraint_are_listed():
    """Also those whose constraint does not apply; structures without a volume are none."""
    heart, empty = box(*SMALL, number=9, name="Heart"), box(*SMALL, number=10, name="Empty", planes=[])
    report = run(COVERAGE, LIVER, replace(CORD, fractions=(10, 15)), sets=with_rois(heart, empty))
    assert report.unconstrained == ("BODY", "Heart", "SpinalCord")


def test_a_consolidative_plan_of_another_arm_fails():
    """A trial rule broken by the record."""
    report = run(trial=TrialRules("NCT1", ("2L+RT",)), facts={"trial.arm": "2L"})
    assert (report.verdict, codes(report)) == ("FAIL", ["RTD754"])


def test_the_structure_model_is_chosen_and_told():
    """The caller's choice beats the protocol's, and both are printed with the result."""
    told = [
        run(settings=settings, conventions=conventions).provenance.conventions["structure_model"]
        for settings, conventions in (
            (None, None),
            (None, Conventions(structure_model="prism")),
            (Settings(structure_model="shape"), Conventions(structure_model="prism")),
        )
    ]
    assert told == ["shape", "prism", "shape"]


def test_fail_on_changes_the_exit_code_and_not_the_verdict():
    """The report's exit code is the code returned."""
    report = run(status="draft", settings=Settings(fail_on="review"))
    assert (report.verdict, report.exit_code) == ("REVIEW", 1)
    assert with_fail_on(report, "never").exit_code == 0
    assert with_fail_on(report, None).exit_code == 3


def test_the_same_input_gives_the_same_report_in_any_order():
    """Order of ROIs and plans does not matter, and every number is finite JSON."""
    first = run(COVERAGE, CORD, LIVER, limit("h", "Heart", "Max[Gy]", "<= 10 Gy"))
    again = run(COVERAGE, CORD, LIVER, limit("h", "Heart", "Max[Gy]", "<= 10 Gy"), sets=(structures(rois()[::-1]),))
    dumped = [
        json.dumps(asdict(replace(item, provenance=replace(item.provenance))), allow_nan=False, sort_keys=True)
        for item in (first, again)
    ]
    assert dumped[0] == dumped[1]
    order = "FEWI"
    keys = [(order.index(item.severity), item.code, item.subject) for item in first.findings]
    assert keys == sorted(keys)


GOOD = {"PASS": 3, "REVIEW": 2, "INCOMPLETE": 1, "FAIL": 1, None: 1}
FULL = (COVERAGE, CORD, LIVER, replace(limit("f", "SpinalCord", "Max[Gy]", "<= 5 Gy"), when=FEV1))


@pytest.mark.parametrize(
    "less",
    [
        *({"sets": (structures([item for item in rois() if item.name != name]),)} for name in BOXES),
        {"plans": ()},
        {"doses": ()},
        {"sets": ()},
        {"plans": (plan(fractions=None),)},
        {"plans": (plan(approval_status=""),)},
        {"plans": (plan(structure_set=""),)},
        {"doses": (replace(DOSE, plan_uids=()),)},
        {"lesions": [lesion(ptv=())]},
        {"lesions": [lesion(gtv=())]},
        {"patient_id": ""},
    ],
    ids=[
        *(f"without {name}" for name in BOXES),
        "no plan",
        "no dose",
        "no structures",
        "no fractions",
        "no approval",
        "no structure reference",
        "no plan reference",
        "no PTV name",
        "no GTV name",
        "no patient",
    ],
)
def test_taking_information_away_never_passes(less):
    """The full case passes; with any one part gone it does not."""
    facts = {"lung.fev1_l": 1.5}
    assert run(*FULL, facts=facts).verdict == "PASS"
    changed = run(*FULL, facts=facts, **less)
    assert GOOD[changed.verdict] < GOOD["PASS"]


def test_numbers_do_not_depend_on_where_the_patient_lies():
    """Case and grid moved together give the same numbers."""
    shift = np.array([13.0, -7.0, 5.0])
    moved_rois = []
    for item in rois():
        points = item.contours.points_mm + shift
        points.setflags(write=False)
        moved_rois.append(replace(item, contours=replace(item.contours, points_mm=points)))
    origin = tuple(float(value) for value in np.array(DOSE.geometry.origin_mm) + shift)
    moved = run(
        doses=[replace(DOSE, geometry=replace(DOSE.geometry, origin_mm=origin))], sets=(structures(moved_rois),)
    )
    for here, there in zip(run().outcomes, moved.outcomes, strict=True):
        assert there.value == pytest.approx(here.value, rel=1e-6)
