"""Choosing the plans, doses and structures of the course: rows 44 to 57 of the notes."""

from dataclasses import replace

import numpy as np
import pytest

from rtcheck.model.finding import finding
from rtcheck.model.plan import Beam, FractionGroup
from rtcheck.model.record import PlanSelector
from rtcheck.rules.course import fraction_count
from rtcheck.rules.links import select_course
from tests.boxes import case, dose, plan, record, structures, with_beams

DOSE = dose(half=10)
B = {"uid": "1.2.3.9", "label": "BOOST"}


def codes(course, *severities):
    return sorted(item.code for item in course.findings if item.severity in (severities or ("F", "E", "W")))


def chosen(*, plans=None, doses=(DOSE,), sets=None, manifest=(), **changes):
    return select_course(case(plans, doses, sets, **changes), record(plans=manifest))


def as_(summation, **changes):
    return replace(DOSE, summation_type=summation, sop_instance_uid=f"1.9.{summation}", **changes)


def test_one_plan_with_one_dose_and_its_structure_set_is_a_course():
    """The plain case has no finding."""
    course = chosen()
    assert course.findings == ()
    assert [part.grids for part in course.parts] == [(DOSE,)]
    assert course.structure_sets[0].label == "CT"
    assert (course.fractions, course.unlike) == (5, False)


def test_all_plans_of_the_export_make_the_course():
    """Without a list in the registry every plan is part of the course, each with its own dose."""
    second = replace(DOSE, sop_instance_uid="1.9.2", plan_uids=("1.2.3.9",), scaling_gy=0.0004)
    course = chosen(plans=[plan(), plan(**B)], doses=[DOSE, second])
    assert course.findings == ()
    assert [part.grids for part in course.parts] == [(DOSE,), (second,)]
    assert course.fractions == 5


def test_the_registry_may_name_the_plans_of_the_course():
    """A plan that is left out is neither judged nor a reason to refuse, whatever it is."""
    other = plan(**B, intent="VERIFICATION", approval_status="REJECTED")
    second = replace(DOSE, sop_instance_uid="1.9.2", plan_uids=("1.2.3.9",))
    for selector in (PlanSelector("ICC_A"), PlanSelector(sop_instance_uid="1.2.3.3")):
        course = chosen(plans=[plan(), other], doses=[DOSE, second], manifest=[selector])
        assert codes(course) == []
        assert [item.label for item in course.plans] == ["ICC_A"]
        assert course.grids == (DOSE,)


@pytest.mark.parametrize(
    "selector", [PlanSelector("ICC_B"), PlanSelector(sop_instance_uid="9.9"), PlanSelector("ICC_A")]
)
def test_a_named_plan_must_be_there_exactly_once(selector):
    """RTD105 where a named plan is absent, or two plans have the name."""
    course = chosen(plans=[plan(), plan("1.2.3.9", label="ICC_A")], manifest=[selector])
    assert "RTD105" in codes(course, "F")


@pytest.mark.parametrize(
    "changes",
    [
        {"intent": "VERIFICATION"},
        {"intent": "MACHINE_QA"},
        {"intent": "RESEARCH"},
        {"intent": "SERVICE"},
        {"geometry": "TREATMENT_DEVICE"},
    ],
)
def test_a_plan_that_is_not_for_this_patient_is_refused(changes):
    """Row 56: verification, QA, research, service, or a treatment device."""
    assert codes(chosen(plans=[plan(**changes)]), "F") == ["RTD109"]


@pytest.mark.parametrize(
    ("status", "severity"), [("", "W"), ("UNAPPROVED", "W"), ("REJECTED", "F"), ("APPROVED", None)]
)
def test_approval_is_asked_for(status, severity):
    """RTD110 is a warning where approval is absent and a refusal where the plan was rejected."""
    course = chosen(plans=[plan(approval_status=status)])
    assert [item.severity for item in course.findings if item.code == "RTD110"] == ([severity] if severity else [])


def test_a_dose_of_another_plan_is_never_used():
    """Row 45: a dose that refers to a plan outside the export is a refusal, also beside the right one."""
    other = replace(DOSE, sop_instance_uid="1.9.2", plan_uids=("9.9",))
    assert codes(chosen(doses=[other]), "F") == ["RTD102", "RTD102"]
    course = chosen(doses=[DOSE, other])
    assert codes(course, "F") == ["RTD102"]
    assert course.grids == (DOSE,)


def test_a_dose_of_another_plan_is_a_note_where_the_registry_names_the_plans():
    """With a list of plans nothing can be missing."""
    other = replace(DOSE, sop_instance_uid="1.9.2", plan_uids=("9.9",))
    course = chosen(doses=[DOSE, other], manifest=[PlanSelector("ICC_A")])
    assert codes(course) == []
    assert codes(course, "I") == ["RTD102"]
    assert course.grids == (DOSE,)


def test_a_dose_without_a_plan_reference_is_not_linked_by_guess():
    """No fallback by frame, study or folder."""
    assert "RTD102" in codes(chosen(doses=[replace(DOSE, plan_uids=())]), "F")


@pytest.mark.parametrize(("plans", "doses"), [([], [DOSE]), (None, []), ([], [])])
def test_no_plan_or_no_dose_is_refused(plans, doses):
    """A course needs a plan and its dose."""
    assert "RTD102" in codes(chosen(plans=plans, doses=doses), "F")


def test_two_doses_of_one_plan_are_refused():
    """Row 46: never the first, never the latest."""
    late = replace(DOSE, sop_instance_uid="1.9.2", created="20990101000000")
    course = chosen(doses=[DOSE, late])
    assert codes(course, "F") == ["RTD104"]
    assert course.grids == ()


@pytest.mark.parametrize("kind", ["BEAM", "FRACTION", "FRACTION_SESSION", "CONTROL_POINT", "BEAM_SESSION"])
def test_a_plan_dose_makes_partial_doses_irrelevant(kind):
    """Doses of beams, sessions and control points beside the plan dose are not used."""
    course = chosen(doses=[DOSE, as_(kind, beams=(1,))])
    assert codes(course) == []
    assert course.grids == (DOSE,)


def test_a_fraction_dose_is_the_whole_delivery_of_its_group():
    """Row 48: FRACTION is a fraction group with all its fractions, so with one group it is the plan."""
    whole = as_("FRACTION", fraction_group=1)
    assert chosen(doses=[whole]).grids == (whole,)
    assert codes(chosen(doses=[as_("FRACTION", fraction_group=2)]), "F") == ["RTD204"]
    groups = (FractionGroup(1, 5, ((1, 5.0),)), FractionGroup(2, 3, ((2, 5.0),)))
    course = chosen(plans=[plan(fraction_groups=groups)], doses=[whole])
    assert codes(course, "F") == ["RTD204"]
    assert codes(course, "E") == ["RTD502"]


@pytest.mark.parametrize("kind", ["FRACTION_SESSION", "BEAM_SESSION", "BRACHY_SESSION"])
def test_a_session_dose_is_not_multiplied_by_a_guess(kind):
    """Row 48: no policy says how many sessions there are."""
    course = chosen(doses=[as_(kind, beams=(1,))])
    assert codes(course, "E", "F") == ["RTD204", "RTD205"]
    assert course.grids == ()


@pytest.mark.parametrize("kind", ["CONTROL_POINT", "BRACHY"])
def test_a_dose_of_a_part_never_stands_for_the_plan(kind):
    """A control point or a set of sources is not the plan."""
    assert "RTD204" in codes(chosen(doses=[as_(kind)]), "F")


@pytest.mark.parametrize("kind", ["RECORD", "PLAN_OVERVIEW"])
def test_records_and_overviews_are_never_used(kind):
    """They need not refer to a plan, and do not disturb one that has its dose."""
    course = chosen(doses=[DOSE, as_(kind, plan_uids=())])
    assert codes(course) == []
    assert course.grids == (DOSE,)
    assert "RTD102" in codes(chosen(doses=[as_(kind, plan_uids=())]), "F")


def test_beam_doses_are_summed_where_they_are_exactly_the_treatment_beams():
    """Row 47: a setup beam is not a treatment beam."""
    beams = with_beams(DOSE, 1, 2)
    both = ((1, 5.0), (2, 5.0), (3, None))
    setup = plan(beams=(Beam(1), Beam(2), Beam(3, "CBCT", "SETUP")), fraction_groups=(FractionGroup(1, 5, both),))
    course = chosen(plans=[setup], doses=beams)
    assert codes(course) == []
    assert course.grids == beams


@pytest.mark.parametrize(
    "beams",
    [
        with_beams(DOSE, 1),
        with_beams(DOSE, 1, 2, 3),
        (*with_beams(DOSE, 1, 2), replace(with_beams(DOSE, 2)[0], sop_instance_uid="1.9.7")),
        (replace(with_beams(DOSE, 1)[0], beams=()), *with_beams(DOSE, 1, 2)),
    ],
    ids=["one missing", "one too many", "one twice", "one of no beam"],
)
def test_beam_doses_that_are_not_the_planned_beams_are_refused(beams):
    """Row 47: a sum that lacks a beam is too low."""
    course = chosen(doses=beams)
    assert codes(course, "F") == ["RTD505"]
    assert course.grids == ()


def test_beam_doses_on_different_grids_are_refused():
    """They would have to be resampled."""
    first, second = with_beams(DOSE, 1, 2)
    moved = replace(second.geometry, origin_mm=(-9.0, -10.0, -10.0))
    assert codes(chosen(doses=[first, replace(second, geometry=moved)]), "F") == ["RTD505"]


def test_a_plan_dose_that_lists_a_part_of_the_beams_is_refused():
    """The label says PLAN, the list says otherwise."""
    assert codes(chosen(doses=[replace(DOSE, beams=(1,))]), "F") == ["RTD505"]
    assert codes(chosen(doses=[replace(DOSE, beams=(1, 2))])) == []


def test_a_multi_plan_dose_stands_for_exactly_the_plans_of_the_course():
    """One part for both plans; its fraction count is known where the plans agree."""
    both = replace(DOSE, summation_type="MULTI_PLAN", plan_uids=("1.2.3.3", "1.2.3.9"))
    course = chosen(plans=[plan(), plan(**B)], doses=[both])
    assert codes(course) == []
    assert [(part.grids, part.fractions) for part in course.parts] == [((both,), 5)]
    unlike = chosen(plans=[plan(), plan(**B, fractions=15)], doses=[both])
    assert unlike.parts[0].fractions is None
    assert unlike.unlike


def test_a_multi_plan_dose_of_other_plans_is_refused():
    """RTD106 where a member is missing or another plan is included."""
    third = plan("1.2.3.8", label="THIRD")
    for uids in (("1.2.3.3", "1.2.3.9"), ("1.2.3.3",)):
        partial = replace(DOSE, summation_type="MULTI_PLAN", plan_uids=uids)
        course = chosen(plans=[plan(), plan(**B), third], doses=[partial])
        assert "RTD106" in codes(course, "E")
        assert "RTD204" in codes(course, "F")
        assert course.grids == ()


def test_two_multi_plan_doses_are_refused():
    """No rule chooses one."""
    both = replace(DOSE, summation_type="MULTI_PLAN", plan_uids=("1.2.3.3", "1.2.3.9"))
    course = chosen(plans=[plan(), plan(**B)], doses=[both, replace(both, sop_instance_uid="1.9.2")])
    assert "RTD104" in codes(course, "F")


def test_plan_doses_make_a_multi_plan_dose_irrelevant():
    """The doses of the single plans are used, so that nothing is counted twice."""
    second = replace(DOSE, sop_instance_uid="1.9.2", plan_uids=("1.2.3.9",), scaling_gy=DOSE.scaling_gy / 2)
    both = replace(
        DOSE, sop_instance_uid="1.9.3", summation_type="MULTI_PLAN", plan_uids=("1.2.3.3", "1.2.3.9"),
        scaling_gy=DOSE.scaling_gy * 1.5,
    )  # fmt: skip
    course = chosen(plans=[plan(), plan(**B)], doses=[DOSE, second, both])
    assert codes(course) == []
    assert codes(course, "I") == ["RTD104"]
    assert course.grids == (DOSE, second)


def test_a_whole_that_its_parts_contradict_is_said():
    """A sum of plans, or a dose of beams, that differs from what is used is of another state: RTD104 W."""
    second = replace(DOSE, sop_instance_uid="1.9.2", plan_uids=("1.2.3.9",), scaling_gy=DOSE.scaling_gy / 2)
    both = replace(DOSE, sop_instance_uid="1.9.3", summation_type="MULTI_PLAN", plan_uids=("1.2.3.3", "1.2.3.9"))
    course = chosen(plans=[plan(), plan(**B)], doses=[DOSE, second, both])
    assert codes(course) == ["RTD104"]
    assert "differ by up to" in course.findings[0].message
    elsewhere = replace(both, geometry=replace(both.geometry, origin_mm=(0.0, 0.0, 0.0)))
    assert codes(chosen(plans=[plan(), plan(**B)], doses=[DOSE, second, elsewhere])) == []
    groups = (FractionGroup(1, 5, ((1, 5.0), (2, 5.0))),)
    beams = with_beams(DOSE, 1, 2)
    changed = (beams[0], replace(beams[1], scaling_gy=beams[1].scaling_gy * 2))
    planned = plan(beams=(Beam(1), Beam(2)), fraction_groups=groups)
    assert codes(chosen(plans=[planned], doses=[DOSE, *beams])) == []
    assert codes(chosen(plans=[planned], doses=[DOSE, *changed])) == ["RTD104"]


def test_a_dose_that_is_a_copy_is_said():
    """Two doses that are the same voxel for voxel and are summed: RTD104 W; zeros everywhere are not alike."""
    second = replace(DOSE, sop_instance_uid="1.9.2", plan_uids=("1.2.3.9",))
    assert codes(chosen(plans=[plan(), plan(**B)], doses=[DOSE, second])) == ["RTD104"]
    nothing = np.zeros_like(DOSE.stored)
    nothing.setflags(write=False)
    empty = [replace(item, stored=nothing) for item in (DOSE, second)]
    assert codes(chosen(plans=[plan(), plan(**B)], doses=empty)) == []


def test_one_plan_of_two_without_a_dose_is_refused():
    """A course is judged whole or not at all."""
    assert codes(chosen(plans=[plan(), plan(**B)]), "F") == ["RTD102"]


@pytest.mark.parametrize("uid", ["", "9.9"])
def test_a_plan_without_its_structure_set_is_refused(uid):
    """RTD103, although another set is in the export."""
    course = chosen(plans=[plan(structure_set=uid)])
    assert codes(course, "F") == ["RTD103"]
    assert course.rois == ()
    assert [item.label for item in course.other_structure_sets] == ["CT"]


def test_names_are_looked_up_over_all_structure_sets_of_the_course():
    """Two plans with two sets: both are searched, each once."""
    second = replace(DOSE, sop_instance_uid="1.9.2", plan_uids=("1.2.3.9",))
    course = chosen(
        plans=[plan(), plan(**B, structure_set="1.2.3.5")],
        doses=[DOSE, second],
        sets=[structures(), structures(uid="1.2.3.5")],
    )
    assert len(course.structure_sets) == 2
    assert len(course.rois) == 10
    assert len(chosen(plans=[plan(), plan(**B)], doses=[DOSE, second]).structure_sets) == 1


def test_doses_of_different_frames_are_refused():
    """Row 44: nothing joins them."""
    second = dose(half=10, uid="1.9.2", plan="1.2.3.9", frame="9.9")
    assert codes(chosen(plans=[plan(), plan(**B)], doses=[DOSE, second]), "F") == ["RTD401"]


def test_physical_and_effective_doses_are_not_summed():
    """Row 53."""
    second = replace(DOSE, sop_instance_uid="1.9.2", plan_uids=("1.2.3.9",), dose_type="EFFECTIVE")
    assert codes(chosen(plans=[plan(), plan(**B)], doses=[DOSE, second]), "E") == ["RTD203"]


@pytest.mark.parametrize(
    ("plan_date", "set_date", "dose_date", "expected"),
    [
        ("20260302100000", "20260301100000", "20260302110000", []),
        ("20260302120000", "20260301100000", "20260302110000", ["RTD112"]),
        ("20260302100000", "20260303100000", "20260302110000", ["RTD112"]),
        ("20260302120000", "", "20260302", []),
        ("20260303", "", "20260302120000", ["RTD112"]),
        ("", "", "20260302120000", []),
        ("20260302120000", "20260302120000", "", []),
    ],
)
def test_a_plan_or_structure_set_dated_after_the_dose_is_a_warning(plan_date, set_date, dose_date, expected):
    """Row 45: dates are compared to the precision both have; absent dates say nothing."""
    course = chosen(
        plans=[plan(created=plan_date)], doses=[replace(DOSE, created=dose_date)], sets=[structures(created=set_date)]
    )
    assert codes(course, "W") == expected


@pytest.mark.parametrize(
    ("groups", "count"),
    [
        ((FractionGroup(1, 5),), 5),
        ((FractionGroup(1, None),), None),
        ((FractionGroup(1, 0),), None),
        ((FractionGroup(1, -5),), None),
        ((), None),
        ((FractionGroup(1, 5), FractionGroup(2, 5)), None),
    ],
)
def test_fractions_come_from_the_only_fraction_group(groups, count):
    """RTD502 where there is none, more than one, or no positive number."""
    made = plan(fraction_groups=groups)
    assert fraction_count(made) == count
    assert codes(chosen(plans=[made]), "E") == ([] if count else ["RTD502"])


def test_brachytherapy_is_recognised_and_refused():
    """A plan with application setups is not judged."""
    assert "RTD204" in codes(chosen(plans=[plan(fraction_groups=(FractionGroup(1, 5, (), (1, 2)),))]), "F")


def test_findings_of_what_is_used_are_carried_along():
    """What reading noticed about a used plan, dose and set stands; of an unused dose it does not."""
    note = finding("RTD217", "x", "y")
    course = chosen(
        plans=[plan(findings=(note,))],
        doses=[replace(DOSE, findings=(note,)), as_("BEAM", findings=(note,))],
        sets=[structures(findings=(note,))],
    )
    assert codes(course, "E") == ["RTD217"] * 3


def test_the_order_of_the_export_never_matters():
    """Plans and doses in another order give the same course."""
    second = replace(DOSE, sop_instance_uid="1.9.2", plan_uids=("1.2.3.9",))
    plans, doses = [plan(), plan(**B)], [DOSE, second]
    assert [part.grids for part in chosen(plans=plans, doses=doses).parts] == [
        part.grids for part in chosen(plans=plans, doses=doses[::-1]).parts
    ]
