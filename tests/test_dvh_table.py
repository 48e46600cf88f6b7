"""DVHs without judgement: what `rtcheck dvh` shows."""

from dataclasses import replace

import numpy as np
import pytest

from rtcheck.dvh.notation import parse_metric
from rtcheck.dvh_table import dvh_table
from tests.boxes import HIGH, box, case, dose, plan, rois, structures

DOSE = dose()
MEAN = (parse_metric("Mean[Gy]"),)


def codes(table, *severities):
    return sorted(item.code for item in table.findings if item.severity in (severities or ("F", "E", "W")))


def test_every_structure_with_a_volume_has_a_row():
    """Volume, metrics and curve of each; a structure without contours has none."""
    table = dvh_table(
        case(doses=[DOSE], sets=[structures([*rois(), box((0, 1), (0, 1), (0, 1), 9, "Empty", planes=[])])]), (), MEAN
    )
    assert [row.name for row in table.rows] == ["Liver", "PTV_L1", "GTV_L1", "SpinalCord", "BODY"]
    # notes only: the dose has a step, and there are no volumes to compare
    assert (table.exit_code, codes(table), codes(table, "I")) == (0, [], ["RTD216", "RTD216", "RTD316"])
    target = table.rows[1]
    assert target.volume.value == pytest.approx(8.0)
    ((text, value),) = target.metrics
    assert (text, value.value) == ("Mean[Gy]", pytest.approx(HIGH))
    assert target.dose_gy[0] == 0
    assert target.volume_cm3[0] == pytest.approx(8.0)
    assert np.all(np.diff(target.volume_cm3) <= 0)


def test_wanted_structures_are_matched_like_in_a_check():
    """Only those asked; one that is absent is told."""
    table = dvh_table(case(doses=[DOSE]), ("SpinalCord", "Heart"), MEAN)
    assert [row.name for row in table.rows] == ["SpinalCord"]
    assert codes(table) == ["RTD301"]


def test_one_dose_and_one_structure_set_need_no_plan():
    """They are taken together with a warning; two doses are not."""
    alone = case(plans=[], doses=[DOSE])
    table = dvh_table(alone, ("PTV_L1",), MEAN)
    assert (table.exit_code, codes(table), len(table.rows)) == (0, ["RTD108"], 1)
    two = dvh_table(case(plans=[], doses=[DOSE, replace(DOSE, sop_instance_uid="1.9")]), (), MEAN)
    assert (two.exit_code, two.rows) == (4, ())


def test_another_frame_of_reference_is_refused():
    """Row 44, also without a plan."""
    table = dvh_table(case(plans=[], doses=[dose(half=10, frame="9.9")]), (), MEAN)
    assert (table.exit_code, table.rows, "RTD401" in codes(table, "F")) == (4, (), True)


def test_a_refused_link_is_refused_here_too():
    """Two doses of one plan."""
    table = dvh_table(case(doses=[DOSE, replace(DOSE, sop_instance_uid="1.9")]), (), MEAN)
    assert (table.exit_code, codes(table, "F")) == (4, ["RTD104"])


def test_metrics_without_their_input_say_why():
    """No prescription, no α/β, no fraction count."""
    asked = [parse_metric(text) for text in ("D95%[%]", "BED10[Gy]", "Mean{EQD2;ab=3}[Gy]")]
    values = dict(dvh_table(case(doses=[DOSE]), ("PTV_L1",), asked).rows[0].metrics)
    assert values["D95%[%]"].code == "RTD501"
    assert values["BED10[Gy]"].code == "RTD501"
    assert values["Mean{EQD2;ab=3}[Gy]"].value == pytest.approx(HIGH * (HIGH / 5 + 3) / 5)
    unknown = dvh_table(case(plans=[plan(fractions=None)], doses=[DOSE]), ("PTV_L1",), asked).rows[0].metrics
    assert dict(unknown)["Mean{EQD2;ab=3}[Gy]"].code == "RTD502"


def test_an_unusable_structure_has_no_row():
    """Its finding says why; the others have theirs."""
    bow = box((0, 10), (0, 10), (-4, 4), number=9, name="Bow")
    kinds = ("CLOSEDPLANAR_XOR", *bow.contours.kinds[1:])
    bow = replace(bow, contours=replace(bow.contours, kinds=kinds))
    table = dvh_table(case(doses=[DOSE], sets=[structures([*rois(), bow])]), ("Bow", "PTV_L1"), MEAN)
    assert [row.name for row in table.rows] == ["PTV_L1"]
    assert "RTD309" in codes(table, "E")
