"""Registered lesions: their structures, their states (contract §5) and their prescriptions."""

from dataclasses import replace

import pytest

from rtcheck.dvh.metric import MetricValue
from rtcheck.model.plan import DoseReference
from rtcheck.rules.course import Course, CoursePart
from rtcheck.rules.lesions import bind_lesions, lesion_state, target_role, unclaimed_targets
from rtcheck.rules.prescription import check_dose_level, check_prescriptions
from rtcheck.rules.result import Outcome
from tests.boxes import box, dose, lesion, plan, rois, structures

DOSE = dose(half=10)
SMALL = ((0, 4), (0, 4), (0, 4))


def course(*plans, items=None, others=()):
    made = plans or (plan(),)
    sets = (structures(items),)
    return Course(made, tuple(CoursePart((item,), (DOSE,), 5) for item in made), sets, others)


def bound(one, **changes):
    (binding,), findings = bind_lesions([one], course(**changes))
    return binding, [(item.code, item.severity) for item in findings]


def test_names_are_bound_as_exported():
    """Exactly, or by folding of case and width; never by an alias."""
    binding, findings = bound(lesion())
    assert {role: item.rois[0].name for role, item in binding.roles.items()} == {"gtv": "GTV_L1", "ptv": "PTV_L1"}
    assert (binding.exists, findings, target_role(binding)) == (True, [], "ptv")
    folded, findings = bound(lesion(gtv=("gtv_l1",), ptv=("ＰＴＶ_L1",)))
    assert {role: item.rois[0].name for role, item in folded.roles.items()} == {"gtv": "GTV_L1", "ptv": "PTV_L1"}
    assert findings == [("RTD304", "I")] * 2


def test_a_folded_name_is_never_a_guess():
    """Two structures that fold to the registered name are RTD302 and no target; the name as exported wins."""
    items = [*rois(), box(*SMALL, number=9, name="ptv_l1"), box(*SMALL, number=10, name="Ptv_L1")]
    assert bound(lesion(), items=items)[1] == []
    binding, findings = bound(lesion(ptv=("PTV_l1",)), items=items)
    assert findings == [("RTD302", "E")]
    assert binding.roles["ptv"].rois == ()
    assert '"ptv_l1" (ROI 9)' in binding.roles["ptv"].problem
    assert target_role(binding) == "gtv"
    assert bound(lesion(ptv=("PTV_L¹",)))[1] == [("RTD301", "E")]


def test_names_that_look_the_same_are_not_told_apart():
    """A composed and a decomposed letter are one name; two structures with it are RTD302."""
    items = [*rois(), box(*SMALL, number=9, name="PTV_é"), box(*SMALL, number=10, name="PTV_e\u0301")]
    assert bound(lesion(ptv=("PTV_é",)), items=items)[1] == [("RTD302", "E")]
    assert bound(lesion(ptv=("PTV_e\u0301",)), items=items[:-1])[1] == []


def test_a_missing_structure_is_told_and_the_lesion_still_exists():
    """RTD301 for the role; the rest of the lesion is there."""
    binding, findings = bound(lesion(ptv=("PTV_X",)))
    assert findings == [("RTD301", "E")]
    assert binding.exists
    assert target_role(binding) == "gtv"
    assert bound(lesion(ptv=("PTV_L1", "PTV_X")))[1] == [("RTD301", "E")]


def test_a_name_that_two_structures_have_is_ambiguous():
    """RTD302, also where the two are in different structure sets."""
    assert bound(lesion(), items=[*rois(), box(*SMALL, number=9, name="PTV_L1")])[1] == [("RTD302", "E")]
    two = course()
    two = replace(two, structure_sets=(*two.structure_sets, structures(uid="1.2.3.5")))
    assert [item.code for item in bind_lesions([lesion()], two)[1]] == ["RTD302", "RTD302"]


def test_a_palliative_lesion_is_a_note_and_a_resolved_one_nothing():
    """Their structures are not needed."""
    assert bound(lesion(ptv=("PTV_X",), palliative=True))[1] == [("RTD301", "I")]
    assert bound(lesion(ptv=("PTV_X",), active=False))[1] == []


def test_a_lesion_exists_where_any_structure_set_has_it():
    """Also one that the plan does not refer to; then it is not evaluated, not untreated."""
    gone = lesion(gtv=("GTV_X",), ptv=("PTV_X",))
    assert not bound(gone)[0].exists
    other = structures([box(*SMALL, name="PTV_X")], uid="9.9")
    binding, _ = bound(gone, others=(other,))
    assert binding.exists
    assert lesion_state(binding, [], None)[0] == "NOT_EVALUATED"


def outcome(state, priority="mandatory", accepted=False):
    return Outcome(
        "C", "@lesion.ptv", "L1", "D95%[Gy]", 1.0, 1.0, 1.0, "Gy", ">= 50 Gy", None, priority, state, accepted=accepted
    )


def gray(value):
    return MetricValue(value, value, value, "Gy")


def state(*states, one=None, median=52.0, **changes):
    binding, _ = bound(one or lesion(), **changes)
    made = [item if isinstance(item, Outcome) else outcome(item) for item in states]
    return lesion_state(binding, made, gray(median) if median is not None else None)[0]


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["MET"], "COVERED"),
        (["MET", "VARIATION"], "COVERED"),
        (["MET", "VIOLATED"], "NOT_COVERED"),
        (["NOT_EVALUATED", "VIOLATED"], "NOT_COVERED"),
        (["MET", "NOT_EVALUATED"], "NOT_EVALUATED"),
        (["MET", "UNDECIDED"], "NOT_EVALUATED"),
        (["MET", "NOT_APPLICABLE"], "COVERED"),
        (["NOT_APPLICABLE"], "NOT_EVALUATED"),
        ([], "NOT_EVALUATED"),
    ],
)
def test_the_state_follows_the_mandatory_outcomes(states, expected):
    """Covered needs every one met or at variation, and at least one that applies."""
    assert state(*states) == expected


def test_only_mandatory_outcomes_count():
    """An optimal or report-only one neither covers a lesion nor uncovers it."""
    assert state(outcome("MET"), outcome("VIOLATED", "optimal"), outcome("VIOLATED", "report")) == "COVERED"
    assert state(outcome("MET", "optimal")) == "NOT_EVALUATED"


def test_an_accepted_undecided_outcome_covers():
    """It counts as MET."""
    assert state(outcome("UNDECIDED", accepted=True)) == "COVERED"


@pytest.mark.parametrize(("median", "expected"), [(24.9, "NOT_TREATED"), (25.0, "NOT_COVERED"), (None, "NOT_COVERED")])
def test_a_median_under_half_the_prescription_is_not_treated(median, expected):
    """Half exactly is treated."""
    assert state("VIOLATED", median=median) == expected


def test_a_lesion_without_any_structure_is_not_treated():
    """No structure set has it."""
    assert state("NOT_EVALUATED", one=lesion(gtv=("A",), ptv=("B",)), median=None) == "NOT_TREATED"


@pytest.mark.parametrize("changes", [{"active": False}, {"palliative": True}])
def test_resolved_and_palliative_lesions_are_not_required(changes):
    """Whatever their dose and structures."""
    assert state("VIOLATED", one=lesion(**changes), median=0.0) == "NOT_REQUIRED"


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("GTV_L9", "", 1),
        ("ptv boost", "", 1),
        ("CTV", "", 1),
        ("ITV2", "", 1),
        ("Tumour", "GTV", 1),
        ("Ring", "PTV", 1),
        ("Heart", "ORGAN", 0),
        ("zPTV_opt", "", 0),
        ("PTV_L1", "PTV", 0),
    ],
)
def test_a_target_that_no_lesion_claims_is_told(name, kind, told):
    """RTD758 by name or interpreted type; structures of resolved lesions are claimed too."""
    items = [*rois(PTV_L1=None), box(*SMALL, number=9, name=name, kind=kind)]
    assert len(unclaimed_targets([lesion()], course(items=items))) == told
    assert unclaimed_targets([lesion(), lesion(id="L2", active=False, gtv=(name,))], course(items=items)) == ()


def test_a_target_without_contours_claims_no_attention():
    """Only what has a volume."""
    assert unclaimed_targets([lesion()], course(items=[*rois(), box(*SMALL, number=9, name="PTV9", planes=[])])) == ()


def prescribed(one, *plans, items=None):
    linked = course(*plans, items=items)
    check = check_prescriptions(linked, bind_lesions([one], linked)[0])
    return [(item.code, item.severity) for item in check.findings], check.contradicted


def refs(*doses, kind="VOLUME", number=2):
    return tuple(
        DoseReference(index, "TARGET", kind, number, target_prescription_gy=value) for index, value in enumerate(doses)
    )


@pytest.mark.parametrize(("count", "expected"), [(5, []), (15, [("RTD506", "E")]), (None, [])])
def test_the_lesion_s_fractions_are_those_of_a_plan(count, expected):
    """RTD506 where no plan has them; an unknown count is RTD502 elsewhere."""
    findings, contradicted = prescribed(lesion(), plan(fractions=count))
    assert findings == expected
    assert contradicted == ({"L1"} if expected else set())


def test_a_lesion_may_belong_to_one_of_several_plans():
    """Unlike plans: the lesion has the number of one of them."""
    assert prescribed(lesion(), plan(), plan("1.9", 15))[0] == []


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        (refs(50.0), []),
        (refs(50.2), []),
        (refs(48.0), [("RTD506", "E")]),
        (refs(50.0, 50.1), []),
        (refs(60.0, 50.0), [("RTD501", "W")]),
        ((), [("RTD501", "I")]),
        (refs(50.0, kind="SITE", number=None), []),
        (refs(40.0, kind="SITE", number=None), [("RTD506", "E")]),
        (refs(70.0, number=4), [("RTD320", "W"), ("RTD501", "I")]),
        ((DoseReference(1, "ORGAN_AT_RISK", "VOLUME", 2, "", 10.0),), [("RTD501", "W"), ("RTD501", "I")]),
        ((DoseReference(1, "ORGAN_AT_RISK", "VOLUME", 2),), [("RTD501", "I")]),
        ((DoseReference(1, "TARGET", "VOLUME", 2, "", 50.0, 47.5, 53.5),), []),
        ((DoseReference(1, "TARGET", "VOLUME", 2, "", 50.0, 53.5, 47.5),), [("RTD501", "W")]),
        ((DoseReference(1, "TARGET", "VOLUME", 2, "", 50.0, None, 40.0),), [("RTD501", "W")]),
        ((DoseReference(1, "TARGET", "VOLUME", 2),), [("RTD501", "I")]),
    ],
)
def test_the_plan_confirms_the_prescription(references, expected):
    """By the lesion's ROI number, else by the site; silence is a note, contradiction an error."""
    assert prescribed(lesion(), plan(dose_references=references))[0] == expected


def test_doses_of_two_plans_add_up():
    """A plan of 30 Gy and one of 20 Gy make a prescription of 50 Gy."""
    assert prescribed(lesion(), plan(dose_references=refs(30.0)), plan("1.9", dose_references=refs(20.0)))[0] == []
    assert prescribed(lesion(), plan(dose_references=refs(30.0)), plan("1.9", dose_references=refs(10.0)))[0] == [
        ("RTD506", "E")
    ]


def level(*ratios, fractions=5):
    made = check_dose_level(
        [(lesion(id=f"L{index}"), gray(50 * ratio)) for index, ratio in enumerate(ratios)], fractions
    )
    return [item.code for item in made.findings], made.scale_error


@pytest.mark.parametrize("ratios", [(1.0,), (0.8,), (1.3,), (1.0, 0.1), ()])
def test_a_plausible_dose_level_is_silent(ratios):
    """One lesion within 0.8 to 1.3 and none above is enough."""
    assert level(*ratios) == ([], "")


@pytest.mark.parametrize(
    ("ratios", "guess"),
    [
        ((105.0,), "100 times too high"),
        ((0.0104,), "100 times too low"),
        ((5.2, 5.1), "5 times too high"),
        ((0.21,), "5 times too low"),
        ((0.6,), ""),
        ((1.0, 1.5), ""),
        ((0.21, 0.7), ""),
    ],
)
def test_an_implausible_dose_level_is_told_with_its_likely_cause(ratios, guess):
    """RTD219; a cause only where one factor explains every lesion within 20 %."""
    codes, cause = level(*ratios)
    assert codes == ["RTD219"]
    assert cause.startswith(guess) if guess else cause == ""


def test_without_a_known_fraction_count_only_the_factor_of_units_is_tried():
    """The number of fractions explains nothing when it is not known."""
    assert level(0.2, fractions=None) == (["RTD219"], "")
