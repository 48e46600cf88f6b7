"""A registered lesion against structures, plans, dose and organ: known boxes in a dose that is known everywhere."""

from __future__ import annotations

import pytest

from rtcheck.check import check
from rtcheck.model.plan import DoseReference
from rtcheck.rules.constraint import LesionRules
from rtcheck.rules.names import StandardName, build_table
from tests.boxes import CORD, COVERAGE, box, case, dose, lesion, plan, protocol, record, rois, structures

LIVER_NAMES = build_table([StandardName("Liver", ("Hepar",)), StandardName("Lungs", (), ("Lung_L", "Lung_R")),
                           StandardName("Lung_L"), StandardName("Lung_R")])  # fmt: skip


def run(*constraints, lesions=(), names=LIVER_NAMES, sets=None, plans=None, doses=None, **changes):
    asked = protocol(*(constraints or (COVERAGE, CORD)), names=names, **changes)
    return check(case(plans=plans, doses=doses, sets=sets), record(*(lesions or (lesion(),))), asked)


def one(report, name="L1"):
    return next(item for item in report.lesions if item.id == name)


def test_the_chain_has_its_volumes_and_lies_inside_itself():
    """GTV 3.456 cc in PTV 8 cc, wholly inside; the CTV is not registered and is no link."""
    found = one(run()).reconciliation
    assert [link.role for link in found.chain] == ["gtv", "ptv"]
    gtv, ptv = found.chain
    assert gtv.volume.value == pytest.approx(12 * 12 * 12 / 1000, rel=0.01)
    assert ptv.volume.value == pytest.approx(20 * 20 * 20 / 1000, rel=0.01)
    assert (gtv.inside_next, ptv.inside_next) == (1.0, None)
    assert gtv.median.value == pytest.approx(52.0, abs=0.01)


def test_a_target_that_leaves_the_next_one_says_how_much():
    """Half of the GTV outside the PTV is a share of one half."""
    moved = {"GTV_L1": ((-36, -24), (-26, -14), (-6, 6))}
    found = one(run(sets=(structures(rois(**moved)),))).reconciliation
    assert found.chain[0].inside_next == pytest.approx(0.5)


def test_a_lesion_lies_in_its_organ_or_does_not():
    """The share of the GTV inside the structure that the table of names has for the organ."""
    inside = one(run()).reconciliation.organ
    assert (inside.structure, inside.rois, inside.role, inside.share) == ("Liver", ("Liver",), "gtv", 1.0)
    away = {"Liver": ((30, 40), (30, 40), (-30, 30))}
    assert one(run(sets=(structures(rois(**away)),))).reconciliation.organ.share == 0.0
    half = {"Liver": ((-40, -20), (-40, 0), (-30, 30))}
    assert one(run(sets=(structures(rois(**half)),))).reconciliation.organ.share == pytest.approx(0.5)


def test_an_organ_of_two_structures_is_their_union():
    """A lesion of the lung may lie in either; in the registry the organ is one."""
    both = {"Lung_L": ((-40, -20), (-40, 0), (-30, 30)), "Lung_R": ((-20, 0), (-40, 0), (-30, 30)), "Liver": None}
    found = one(run(lesions=(lesion(organ="left lung"),), sets=(structures(rois(**both)),))).reconciliation.organ
    assert (found.structure, found.rois, found.share) == ("Lungs", ("Lung_L", "Lung_R"), 1.0)


@pytest.mark.parametrize(("organ", "kind", "structure", "said"), [
    ("lung", "organ_metastasis", "Lungs", 'No structure "Lungs"'),
    ("spleen", "organ_metastasis", "", "The table of names has no structure for the organ spleen."),
    ("lymph_node", "regional_node", "", "No one structure holds every lymph node."),
    ("bone", "bone", "", "No one structure holds every bone."),
])  # fmt: skip
def test_an_organ_that_cannot_be_compared_says_why(organ, kind, structure, said):
    """A missing organ structure is said, never taken for a lesion in its organ."""
    found = one(run(lesions=(lesion(organ=organ, kind=kind),))).reconciliation.organ
    assert (found.structure, found.share) == (structure, None)
    assert found.reason.startswith(said)


def test_the_lowest_dose_is_where_it_was_put():
    """A dose that falls along x is lowest on the far face of the target, and on that of the GTV."""
    falling = dose(lambda x, y, z: 80.0 + x)
    found = one(run(doses=(falling,))).reconciliation.lowest
    assert [(item.role, item.structure) for item in found] == [("ptv", "PTV_L1"), ("gtv", "GTV_L1")]
    assert found[0].dose_gy == pytest.approx(50.0, abs=0.01)
    assert found[0].at_mm[0] == pytest.approx(-30.0, abs=0.02)
    assert found[1].dose_gy == pytest.approx(54.0, abs=0.01)
    assert -26.0 == pytest.approx(found[1].at_mm[0], abs=0.02)


def test_no_dose_is_told_where_the_dose_is_in_doubt():
    """An effective dose has no minimum to show, and no place of it; volumes stay."""
    found = one(run(doses=(dose(dose_type="EFFECTIVE"),))).reconciliation
    assert all(link.minimum.value is None and link.median.value is None for link in found.chain)
    assert all(item.dose_gy is None and item.at_mm is None and item.reason for item in found.lowest)
    assert found.chain[0].volume.value is not None


@pytest.mark.parametrize(("stated", "fractions", "state"), [
    ((50.0,), 5, "confirmed"), ((48.0,), 5, "contradicted"), ((50.0,), 10, "contradicted"), ((), 5, "not stated"),
])  # fmt: skip
def test_the_prescription_of_the_plan_is_compared_with_the_registry(stated, fractions, state):
    """Dose and fractions as registered, another, or none at all."""
    references = tuple(DoseReference(number, "TARGET", "VOLUME", 2, target_prescription_gy=value)
                       for number, value in enumerate(stated, 1))  # fmt: skip
    found = one(run(plans=(plan(fractions=fractions, dose_references=references),))).reconciliation
    assert found.prescription == state
    assert [(item.fractions, item.dose_gy) for item in found.plans] == [(fractions, stated)]


def test_every_state_has_a_reconciliation_and_a_resolved_lesion_none():
    """Covered, not covered, not treated, not evaluated, palliative: all are reconciled; resolved ones need no dose."""
    cold = dose(lambda x, y, z: 4.0 + 0 * x)
    less = dose(lambda x, y, z: 45.0 + 0 * x)
    absent = (lesion(gtv=("GTV_X",), ptv=("PTV_X",)),)
    states = {
        "COVERED": run(), "NOT_TREATED": run(doses=(cold,)), "NOT_COVERED": run(doses=(less,)),
        "NOT_EVALUATED": run(CORD), "NOT_REQUIRED": run(lesions=(lesion(palliative=True),)),
    }  # fmt: skip
    for state, report in states.items():
        assert one(report).state == state
        assert one(report).reconciliation is not None, state
    missing = one(run(lesions=absent))
    assert missing.state == "NOT_TREATED"
    assert all(link.problem and link.volume.value is None for link in missing.reconciliation.chain)
    assert missing.reconciliation.lowest == ()
    resolved = one(run(lesions=(lesion(), lesion(id="L2", active=False, gtv=(), ptv=(), dose_gy=None))), "L2")
    assert (resolved.intent, resolved.reconciliation) == ("resolved", None)


def test_intent_is_told():
    """A palliative lesion is kept apart."""
    assert one(run(lesions=(lesion(palliative=True),))).intent == "palliative"
    assert one(run()).intent == "consolidative"


NODES = tuple(lesion(id=name, organ="lymph_node", kind="regional_node", gtv=(), ptv=(f"PTV_{name}",))
              for name in ("L1", "L2"))  # fmt: skip


@pytest.mark.parametrize("together", [False, True])
def test_groups(together):
    """Groups of nodes are judged as the protocol says; the default is the stricter reading."""
    shallow = dose(lambda x, y, z: 52.0 - 7.0 * (x > 6))
    small = box((0, 10), (-30, -20), (-2, 2), number=9, name="PTV_L2", kind="PTV")
    report = check(
        case(doses=(shallow,), sets=(structures((*rois(), small)),)),
        record(*NODES),
        protocol(COVERAGE, CORD, names=LIVER_NAMES, lesions=LesionRules(groups_judged_together=together)),
    )
    states = [item.state for item in report.lesions]
    assert states == (["COVERED", "COVERED"] if together else ["COVERED", "NOT_COVERED"])
    assert [item.group for item in report.lesions] == ["regional nodes"] * 2
    assert [item.judged_with for item in report.lesions] == ([("L2",), ("L1",)] if together else [(), ()])
