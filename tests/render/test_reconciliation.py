"""What the text says of a lesion beside its limits: targets, organ, prescription, lowest dose, group."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rtcheck.dvh.metric import MetricValue
from rtcheck.render.reconciliation import reconciliation_document, reconciliation_notes
from rtcheck.rules.result import LesionResult, LowestDose, OrganCheck, PlanStatement, Reconciliation, TargetLink


def value(number, unit="Gy"):
    return MetricValue(number, number, number, unit)


def link(role, cc, inside=None, **changes):
    return TargetLink(role, (f"{role.upper()}_L1",), (f"{role.upper()}_L1",), "", value(cc, "cc"), value(47.0),
                      value(52.0), inside, **changes)  # fmt: skip


FOUND = Reconciliation(
    (link("gtv", 10.0, 1.0), link("ptv", 20.0)),
    (PlanStatement("ICC_A", "1.2.3", 5, (50.0,), True),),
    "confirmed",
    (LowestDose("ptv", "PTV_L1", 46.874, (-65.51, 0.0, 37.5)),),
    OrganCheck("Liver", ("Liver",), "gtv", 1.0),
)
LESION = LesionResult("L1", "liver", "primary", "COVERED", "", {}, (), 50.0, 5, reconciliation=FOUND)


def notes(**changes):
    return reconciliation_notes(replace(LESION, reconciliation=replace(FOUND, **changes)))


def test_a_lesion_in_order_is_three_short_lines():
    """Volumes from the inside out, the plan's prescription, the lowest dose and its place."""
    assert notes() == [
        "GTV_L1 10.0 cc in PTV_L1 20.0 cc; GTV wholly in Liver",
        "plan: 50 Gy in 5, as registered; median of the target 52.0 Gy (104.0 %)",
        "lowest dose in PTV_L1 46.9 Gy at (-65.5, 0.0, 37.5) mm",
    ]


@pytest.mark.parametrize(("share", "said"), [
    (0.0, "GTV OUTSIDE Liver"), (0.25, "25.0 % of the GTV in Liver"), (0.99999, "99.999 % of the GTV in Liver"),
    (1.0, "GTV wholly in Liver"),
])  # fmt: skip
def test_a_share_is_never_rounded_to_all_or_nothing(share, said):
    """Outside and wholly inside are said only where they are so."""
    assert notes(organ=OrganCheck("Liver", ("Liver",), "gtv", share))[0].endswith(said)


def test_what_could_not_be_compared_is_said():
    """No organ structure, no such structure in the set, a target that is absent or sticks out."""
    assert notes(organ=OrganCheck("", (), "", None, "x."))[0].endswith("no structure of its organ to compare with")
    assert "no Glnd_Adrenals in the set" in notes(organ=OrganCheck("Glnd_Adrenals", (), "", None, "absent"))[0]
    absent = replace(link("ptv", 1.0), rois=(), problem="No structure.", volume=MetricValue(None, None, None, "cc"))
    assert notes(chain=(link("gtv", 10.0), absent))[0].startswith("GTV_L1 10.0 cc, no PTV PTV_L1 in the set;")
    out = notes(chain=(link("gtv", 10.0, 0.5), link("ptv", 20.0)))[0]
    assert out.startswith("GTV_L1 10.0 cc (50.0 % of it in the next), PTV_L1 20.0 cc;")


def test_a_contradicted_prescription_is_shouted_and_one_not_stated_is_said():
    """The reader sees what the plan says beside what is registered."""
    assert "NOT as registered" in notes(prescription="contradicted")[1]
    silent = notes(plans=(PlanStatement("ICC_A", "1.2.3", 5, (), False),), prescription="not stated")[1]
    assert silent.startswith("plan: 5 fractions, no dose stated for it; median")


def test_a_place_that_is_not_known_says_why():
    """Outside the dose grid the dose may be lower still."""
    gone = notes(lowest=(LowestDose("ptv", "PTV_L1", None, None, "Part of it lies outside the dose grid."),))
    assert gone[2] == "lowest dose in PTV_L1 not located: Part of it lies outside the dose grid"


def test_a_group_names_its_members_and_how_it_was_judged():
    """Alone in its group a lesion says nothing of it."""
    one = replace(LESION, group="regional nodes")
    two = replace(one, id="L2")
    assert reconciliation_notes(one, (one,)) == reconciliation_notes(LESION, (LESION,))
    assert reconciliation_notes(one, (one, two))[-1] == (
        "counts as one lesion with L2 (regional nodes); judged by itself")  # fmt: skip
    together = replace(one, judged_with=("L2",))
    assert reconciliation_notes(together, (together, two))[-1].endswith("judged together with L2")


def test_the_document_has_every_field_in_full_precision():
    """Numbers are not rounded, and nothing is left out; no reconciliation is null."""
    document = reconciliation_document(FOUND)
    assert document["lowest"][0]["dose_gy"] == 46.874
    assert document["chain"][0]["volume"] == {"value": 10.0, "low": 10.0, "high": 10.0, "unit": "cc", "reason": "",
                                              "code": ""}  # fmt: skip
    assert reconciliation_document(None) is None
