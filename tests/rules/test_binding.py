"""Constraints bound to a case: conditions, fraction ranges and selectors of contract §3."""

from dataclasses import replace

import pytest

from rtcheck.rules.binding import BindingContext, bind_constraint
from rtcheck.rules.conditions import fact_table
from rtcheck.rules.constraint import Condition, GoalTable
from rtcheck.rules.course import Course, CoursePart
from rtcheck.rules.lesions import bind_lesions
from rtcheck.rules.names import NameTable, StandardName, build_table
from rtcheck.rules.resolve import BoundOperation, BoundROI, is_target_expression, rois_of
from tests.boxes import box, dose, lesion, limit, plan, record, rois, structures

DOSE = dose(half=10)
NAMES = build_table(
    [
        StandardName("SpinalCord", ("Cord", "脊髓")),
        StandardName("Lung_L"),
        StandardName("Lung_R"),
        StandardName("Lungs", (), ("Lung_L", "Lung_R")),
    ]
)
SECOND = ((0, 4), (0, 4), (0, 4))
L2 = lesion(id="L2", gtv=("GTV_L2",), ptv=("PTV_L2",))
FEV1 = (Condition("fev1_l", above=1.0),)


def context(*lesions, counts=(5,), extra=None, facts=None, names=NAMES, **changes):
    plans = tuple(plan(f"1.2.{index}", count) for index, count in enumerate(counts))
    parts = tuple(CoursePart((item,), (DOSE,), count) for item, count in zip(plans, counts, strict=True))
    course = Course(plans, changes.pop("parts", parts), (structures(rois(**(extra or {}))),))
    kept = record(*lesions, facts=facts)
    return BindingContext(
        course, bind_lesions(kept.lesions, course)[0], names, fact_table(kept, (), course.fractions), **changes
    )


def bind(constraint, *lesions, **changes):
    return bind_constraint(constraint, context(*lesions, **changes))


def shown(bound):
    if isinstance(bound, BoundROI):
        return bound.roi.name
    return f"({shown(bound.left)} {bound.operator} {shown(bound.right)})"


CORD = limit("c", "SpinalCord", "Max[Gy]", "<= 10 Gy")


@pytest.mark.parametrize(
    ("fractions", "count", "applies"),
    [
        ((3, 8), 5, True),
        ((5, 5), 5, True),
        ((3, 8), 3, True),
        ((3, 8), 8, True),
        ((3, 8), 15, False),
        ((3, 8), 2, False),
        (None, 30, True),
    ],
)
def test_fractions_choose_the_plans_a_constraint_applies_to(fractions, count, applies):
    """A count inside the range applies, its ends included; outside it it does not; without a range any applies."""
    (binding,) = bind(replace(CORD, fractions=fractions), counts=(count,))
    assert binding.applies is applies
    assert bool(binding.reason) is not applies


def test_equal_counts_of_several_plans_are_one_count():
    """Two plans of five fractions are judged like one."""
    (binding,) = bind(replace(CORD, fractions=(3, 8)), counts=(5, 5))
    assert (binding.applies, binding.code) == (True, "")


@pytest.mark.parametrize("fractions", [None, (3, 8), (20, 30)])
def test_unlike_counts_make_a_physical_metric_not_evaluated(fractions):
    """With a range or without, inside it or outside."""
    (binding,) = bind(replace(CORD, fractions=fractions), counts=(5, 15))
    assert binding.code == "RTD508"
    assert "5, 15" in binding.reason


@pytest.mark.parametrize("metric", ["D0.035cc{EQD2;ab=2}[Gy]", "Mean{BED;ab=3}[Gy]", "Volume[cc]"])
def test_unlike_counts_are_judged_on_eqd2_and_bed(metric):
    """Only what does not depend on the fractionation of physical dose."""
    goal = "<= 100 cc" if "cc]" in metric else "<= 100 Gy"
    (binding,) = bind(limit("c", "SpinalCord", metric, goal), counts=(5, 15))
    assert (binding.applies, binding.code) == (True, "")


def test_alpha_beta_is_the_default_of_the_metric():
    """The metric's own α/β stands; without it the constraint's; without both it is not evaluated."""
    bare = limit("c", "SpinalCord", "Mean{EQD2}[Gy]", "<= 100 Gy")
    assert bind(replace(bare, alpha_beta=3.0))[0].metric.biological.ab == 3.0
    own = limit("c", "SpinalCord", "Mean{EQD2;ab=2}[Gy]", "<= 100 Gy", alpha_beta=3.0)
    assert bind(own)[0].metric.biological.ab == 2.0
    assert bind(bare)[0].code == "RTD508"


def test_eqd2_needs_the_fractions_and_the_dose_of_each_plan():
    """An unknown count, or only a sum of several plans, is not evaluated."""
    asked = limit("c", "SpinalCord", "Mean{EQD2;ab=2}[Gy]", "<= 100 Gy")
    assert bind(asked, counts=(None,))[0].code == "RTD502"
    both = (plan("1.2.0"), plan("1.2.1"))
    assert bind(asked, counts=(5, 5), parts=(CoursePart(both, (DOSE,), 5),))[0].code == "RTD508"


def test_an_unknown_fraction_count_is_never_inside_a_range():
    """A physical metric with a range is not evaluated; one without a range is, on a single plan only."""
    assert bind(replace(CORD, fractions=(3, 8)), counts=(None,))[0].code == "RTD502"
    assert bind(CORD, counts=(None,))[0].code == ""
    assert bind(CORD, counts=(5, None))[0].code == "RTD502"


@pytest.mark.parametrize(
    ("facts", "applies"), [({"lung.fev1_l": 1.5}, True), ({"lung.fev1_l": 1.0}, False), ({}, None)]
)
def test_conditions_are_three_valued(facts, applies):
    """True applies, false does not, not recorded is neither; the reason names the registry key."""
    (binding,) = bind(replace(CORD, when=FEV1), facts=facts)
    assert binding.applies is applies
    if applies is None:
        assert "lung.fev1_l" in binding.reason
        assert binding.solid is not None


def test_a_false_condition_beats_everything_else():
    """A constraint that does not apply is not held up by a missing structure or unlike fractions."""
    (binding,) = bind(
        replace(limit("c", "Heart", "Max[Gy]", "<= 1 Gy"), when=FEV1), facts={"lung.fev1_l": 0.9}, counts=(5, 15)
    )
    assert binding.applies is False
    assert binding.findings == ()


def test_a_lesion_constraint_is_judged_once_for_each_active_consolidative_lesion():
    """Resolved and palliative lesions have no outcome of it."""
    extra = {"PTV_L2": SECOND, "GTV_L2": SECOND}
    asked = limit("c", "@lesion.ptv", "D95%[%]", ">= 100 %")
    bindings = bind(
        asked,
        lesion(),
        replace(L2, dose_gy=30.0),
        lesion(id="L3", active=False),
        lesion(id="L4", palliative=True),
        extra=extra,
    )
    assert [binding.lesion.lesion.id for binding in bindings] == ["L1", "L2"]
    assert [shown(binding.solid) for binding in bindings] == ["PTV_L1", "PTV_L2"]
    assert [binding.prescription_gy for binding in bindings] == [50.0, 30.0]


def test_a_lesion_constraint_without_lesions_does_not_apply():
    """It is still listed."""
    (binding,) = bind(limit("c", "@lesion.ptv", "Mean[Gy]", ">= 1 Gy"), lesion(active=False))
    assert (binding.applies, binding.lesion) == (False, None)


def test_several_names_of_one_role_are_united():
    """The structures of a lesion's role together are its structure."""
    united = lesion(ptv=("PTV_L1", "PTV_L2"))
    (binding,) = bind(limit("c", "@lesion.ptv", "Mean[Gy]", ">= 1 Gy"), united, extra={"PTV_L2": SECOND})
    assert shown(binding.solid) == "(PTV_L1 | PTV_L2)"


def test_a_role_that_is_not_registered_or_not_there_is_not_evaluated():
    """Missing in the registry, or missing in the export."""
    for one in (lesion(ptv=()), lesion(ptv=("PTV_X",)), lesion(ptv=("PTV_L1", "PTV_X"))):
        (binding,) = bind(limit("c", "@lesion.ptv", "Mean[Gy]", ">= 1 Gy"), one)
        assert binding.code == "RTD301"
        assert "registry" in binding.reason


def test_all_selectors_unite_the_lesions():
    """`@gtv` is the union over all active consolidative lesions, in the order of the registry."""
    (binding,) = bind(
        limit("c", "Liver - @gtv", "Mean[Gy]", "<= 13 Gy"), lesion(), L2, extra={"PTV_L2": SECOND, "GTV_L2": SECOND}
    )
    assert shown(binding.solid) == "(Liver - (GTV_L1 | GTV_L2))"


@pytest.mark.parametrize("second", [L2, lesion(id="L2", gtv=(), ptv=("PTV_L2",))])
def test_one_lesion_without_a_usable_gtv_makes_the_union_not_evaluated(second):
    """Absent in the export or in the registry: what is missing from the union is not known."""
    for text in ("Liver - @gtv", "@gtv", "Liver & @gtv"):
        (binding,) = bind(limit("c", text, "Mean[Gy]", "<= 13 Gy"), lesion(), second, extra={"PTV_L2": SECOND})
        assert binding.code == "RTD301"


def test_without_lesions_there_is_nothing_to_subtract():
    """`Liver - @gtv` is the liver, `@gtv` alone does not apply."""
    none = lesion(active=False)
    assert shown(bind(limit("c", "Liver - @gtv", "Mean[Gy]", "<= 13 Gy"), none)[0].solid) == "Liver"
    assert shown(bind(limit("c", "Liver | @gtv", "Mean[Gy]", "<= 13 Gy"), none)[0].solid) == "Liver"
    for text in ("@gtv", "@gtv - Liver", "Liver & @gtv"):
        assert bind(limit("c", text, "Mean[Gy]", "<= 13 Gy"), none)[0].applies is False


def test_operators_associate_to_the_left_and_parentheses_bind():
    """The tree over ROIs is that of the expression."""
    (binding,) = bind(limit("c", "Liver - (PTV_L1 | SpinalCord)", "Mean[Gy]", "<= 1 Gy"))
    assert shown(binding.solid) == "(Liver - (PTV_L1 | SpinalCord))"
    assert isinstance(binding.solid, BoundOperation)
    assert [roi.name for roi in rois_of(binding.solid)] == ["Liver", "PTV_L1", "SpinalCord"]


def test_a_name_with_gtv_behind_it_means_the_subtraction_where_no_such_structure_exists():
    """`Liver-GTV` is a name first."""
    asked = limit("c", "Liver-GTV", "Mean[Gy]", "<= 13 Gy")
    assert shown(bind(asked)[0].solid) == "(Liver - GTV_L1)"
    assert shown(bind(asked, extra={"Liver-GTV": SECOND})[0].solid) == "Liver-GTV"
    assert bind(limit("c", "Heart-GTV", "Mean[Gy]", "<= 13 Gy"))[0].code == "RTD301"


def test_names_are_matched_exactly_then_through_the_table():
    """An alias or composition is a note; absent and ambiguous are outcomes."""
    (alias,) = bind(limit("c", "Cord", "Max[Gy]", "<= 10 Gy"))
    assert shown(alias.solid) == "SpinalCord"
    assert [(item.code, item.severity) for item in alias.findings] == [("RTD304", "I")]
    (whole,) = bind(limit("c", "Lungs", "Mean[Gy]", "<= 10 Gy"), extra={"Lung_L": SECOND, "Lung_R": SECOND})
    assert shown(whole.solid) == "(Lung_L | Lung_R)"
    (absent,) = bind(limit("c", "Lungs", "Mean[Gy]", "<= 10 Gy"), extra={"Lung_L": SECOND})
    assert (absent.code, absent.findings[0].code) == ("RTD301", "RTD301")
    assert bind(limit("c", "Cord", "Max[Gy]", "<= 10 Gy"), names=NameTable((), {}))[0].code == "RTD301"
    twice = context()
    doubled = replace(twice.course, structure_sets=(structures([*rois(), box(*SECOND, number=9, name="SpinalCord")]),))
    assert bind_constraint(CORD, replace(twice, course=doubled))[0].code == "RTD302"


def test_margins_are_bound_with_their_sign():
    """A margin is bound to what it is about, grown or shrunk; of nothing it is nothing."""
    (binding,) = bind(limit("c", "SpinalCord + 5 mm", "Max[Gy]", "<= 10 Gy"))
    assert (binding.code, binding.solid.mm, binding.solid.operand.roi.name) == ("", 5.0, "SpinalCord")
    (shrunk,) = bind(limit("c", "(SpinalCord - 3 mm) | Liver", "Max[Gy]", "<= 10 Gy"))
    assert shrunk.solid.left.mm == -3.0
    assert [roi.name for roi in rois_of(shrunk.solid)] == ["SpinalCord", "Liver"]


@pytest.mark.parametrize("metric", ["D95%[%]", "V100%[%]", "RxTotal[Gy]", "BED10[Gy]"])
def test_only_a_lesion_has_a_prescription(metric):
    """Per cent of dose elsewhere is not evaluated, whatever the lesions share."""
    goal = ">= 1 Gy" if metric.endswith("[Gy]") else ">= 1 %"
    assert bind(limit("c", "SpinalCord", metric, goal))[0].code == "RTD501"
    assert bind(limit("c", "@ptv", metric, goal))[0].code == "RTD501"
    assert bind(limit("c", "@lesion.ptv", metric, goal))[0].code == ""


def test_a_contradicted_prescription_is_not_judged():
    """Nothing but the volume of a lesion whose prescription the plan contradicts."""
    changed = {"contradicted": frozenset({"L1"})}
    assert bind(limit("c", "@lesion.ptv", "D95%[Gy]", ">= 50 Gy"), **changed)[0].code == "RTD506"
    assert bind(limit("c", "@lesion.ptv", "Volume[cc]", "<= 50 cc"), **changed)[0].code == ""
    assert bind(CORD, **changed)[0].code == ""


def test_a_doubtful_dose_stops_dose_metrics_only():
    """The volume does not need it."""
    changed = {"dose_doubt": ("RTD217", "saturated")}
    assert bind(CORD, **changed)[0].code == "RTD217"
    assert bind(limit("c", "SpinalCord", "Volume[cc]", "<= 50 cc"), **changed)[0].code == ""


def test_a_goal_table_is_bound_like_the_structure():
    """What is looked up may be one lesion's structure; where it cannot be resolved the constraint is not evaluated."""
    volume = limit("v", "Liver", "Volume[cc]", "<= 1 cc").metric
    table = GoalTable(volume, "@lesion.ptv", "<=", ((1.0, 5.0), (9.0, 4.0)))
    asked = replace(limit("c", "SpinalCord", "Max[Gy]"), goal_table=table)
    (binding,) = bind(asked)
    assert (shown(binding.solid), shown(binding.lookup)) == ("SpinalCord", "PTV_L1")
    assert binding.lesion.lesion.id == "L1"
    assert bind(asked, lesion(ptv=()))[0].code == "RTD301"


def test_what_a_constraint_is_about_decides_its_code():
    """Targets are what starts from a selector."""
    assert is_target_expression("@lesion.ptv")
    assert is_target_expression("@ptv - SpinalCord")
    assert not is_target_expression("Liver - @gtv")
    assert not is_target_expression("SpinalCord")
