"""Contract §3: structure expressions, names, aliases: exact, listed, or an outcome that says so; never a guess."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from tests.acceptance.kit import LESIONS, constraint, protocol_text, registry_text, volume_of
from tests.synthetic.dicom import RoiSpec
from tests.synthetic.simple import BOXES, box_contours, box_roi, box_volume_cc

LIVER, GTV1, GTV2, PTV1, PTV2 = (box_volume_cc(name) for name in ("Liver", "GTV_L1", "GTV_L2", "PTV_L1", "PTV_L2"))
LUNGS = box_volume_cc("Lung_L") + box_volume_cc("Lung_R")


def rois(*changes, drop=(), extra=()):
    """The ROIs of the box patient; `changes` are (old name, new name)."""
    names = dict(changes)
    found = [box_roi(name, number) for number, name in enumerate(BOXES, 1) if name not in drop]
    found = [replace(roi, name=names.get(roi.name, roi.name)) for roi in found]
    return found + [replace(roi, number=100 + index) for index, roi in enumerate(extra)]


EXPRESSIONS = {
    "Liver": LIVER,
    '"Liver"': LIVER,
    "Liver - @gtv": LIVER - GTV1,
    "Liver - @ptv": LIVER - PTV1,
    "Liver - GTV_L1": LIVER - GTV1,
    'Liver - "GTV_L1"': LIVER - GTV1,
    "(Liver - GTV_L1)": LIVER - GTV1,
    "Lung_L | Lung_R": LUNGS,
    "Lung_R | Lung_L": LUNGS,
    "(Lung_L | Lung_R) - @gtv": LUNGS - GTV2,
    "(Lung_L - PTV_L2) | PTV_L2": box_volume_cc("Lung_L"),
    "Lung_L - GTV_L2 - PTV_L2": box_volume_cc("Lung_L") - PTV2,
    "Lung_L | Lung_R | PTV_L1": LUNGS + PTV1,
    "Lung_L - (PTV_L2 | PTV_L2)": box_volume_cc("Lung_L") - PTV2,
    "Liver & PTV_L1": PTV1,
    "Liver & (PTV_L1 - GTV_L1)": PTV1 - GTV1,
    "@gtv": GTV1 + GTV2,
    "@ptv": PTV1 + PTV2,
    "@ptv - @gtv": PTV1 + PTV2 - GTV1 - GTV2,
    "Liver-GTV": LIVER - GTV1,
}
"""Expression to volume in cm³, in closed form: the boxes are aligned and nested."""


@pytest.fixture(scope="module")
def volumes(bench):
    """All expressions in one run."""
    rows = [volume_of(f"e{number}", text) for number, text in enumerate(EXPRESSIONS)]
    result = bench.check(protocol=protocol_text(*rows))
    return {text: result.outcome(f"e{number}") for number, text in enumerate(EXPRESSIONS)}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions_have_their_closed_form(volumes, text):
    """Each expression has the volume that boxes give on paper, inside its interval."""
    found = volumes[text]
    assert found["value"] == pytest.approx(EXPRESSIONS[text], rel=5e-4), found
    assert found["low"] * (1 - 1e-9) <= EXPRESSIONS[text] <= found["high"] * (1 + 1e-9)


def test_lesion_selectors_are_judged_once_for_each_lesion(bench):
    """@lesion.gtv and @lesion.ptv give one outcome for each active consolidative lesion, of that lesion."""
    lesions = [
        *copy.deepcopy(LESIONS),
        {**LESIONS[1], "id": "L3", "organ": "bone", "kind": "bone", "status": "resolved"},
        {**LESIONS[1], "id": "L4", "organ": "bone", "kind": "bone", "intent": "palliative"},
    ]
    text = protocol_text(volume_of("g", "@lesion.gtv"), volume_of("p", "@lesion.ptv - @lesion.gtv"))
    result = bench.check(protocol=text, registry=registry_text(lesions=lesions))
    assert {row["lesion"]: pytest.approx(row["value"], rel=5e-4) for row in result.outcomes("g")} == {
        "L1": GTV1, "L2": GTV2,
    }  # fmt: skip
    assert {row["lesion"]: pytest.approx(row["value"], rel=5e-4) for row in result.outcomes("p")} == {
        "L1": PTV1 - GTV1, "L2": PTV2 - GTV2,
    }  # fmt: skip
    assert result.lesion("L3")["state"] == "NOT_REQUIRED"
    assert result.lesion("L4")["state"] == "NOT_REQUIRED"


def test_selectors_leave_out_resolved_and_palliative_lesions(bench):
    """@gtv is the GTVs of all active consolidative lesions together and of no others."""
    for change in ({"status": "resolved"}, {"intent": "palliative"}):
        lesions = [LESIONS[0], {**LESIONS[1], **change}]
        result = bench.check(protocol=protocol_text(volume_of("g", "@gtv")), registry=registry_text(lesions=lesions))
        assert result.outcome("g")["value"] == pytest.approx(GTV1, rel=5e-4), result.text


def test_several_structures_of_a_lesion_are_united(bench):
    """A GTV given as two ROIs is their union, also when they overlap."""
    halves = [
        RoiSpec("GTV_a", 1, box_contours((-42, -30), (-18, 0), (-24, -9)), "GTV"),
        RoiSpec("GTV_b", 2, box_contours((-34, -24), (-18, 0), (-24, -9)), "GTV"),
    ]
    case = bench.build(rois=rois(drop=("GTV_L1",), extra=halves))
    lesions = [{**LESIONS[0], "gtv": ["GTV_a", "GTV_b"]}, LESIONS[1]]
    result = bench.check(
        export=case.folder,
        protocol=protocol_text(volume_of("g", "@lesion.gtv")),
        registry=registry_text(lesions=lesions),
    )
    assert result.outcomes("g")[0]["value"] == pytest.approx(GTV1, rel=5e-4), result.text


def test_a_target_without_a_usable_structure_makes_the_selector_not_evaluated(bench):
    """Where one registered GTV is missing, `Liver - @gtv` is NOT_EVALUATED rather than smaller."""
    case = bench.build(rois=rois(drop=("GTV_L2",)))
    text = protocol_text(constraint("liver", structure="Liver - @gtv", metric="Mean[Gy]", goal="<= 40 Gy"))
    result = bench.check(export=case.folder, protocol=text)
    assert result.state("liver") == "NOT_EVALUATED"
    assert result.verdict == "INCOMPLETE", result.text


@pytest.mark.parametrize("role", ["gtv", "ctv"])
def test_a_target_that_a_lesion_lacks_is_not_nothing(bench, role):
    """A lesion registered without this target has one nobody knows of: the selector is not evaluated for any limit."""
    lesions = [LESIONS[0], {key: value for key, value in LESIONS[1].items() if key != role}]
    row = {"metric": "Mean[Gy]", "structure": f"Liver - @{role}"}
    text = protocol_text(
        constraint("upper", goal="<= 40 Gy", **row),
        constraint("lower", goal=">= 0.1 Gy", **row),
        constraint("alone", goal="<= 80 Gy", metric="Max[Gy]", structure=f"@{role}"),
        constraint("each", goal="<= 80 Gy", metric="Max[Gy]", structure=f"@lesion.{role}"),
    )
    result = bench.check(protocol=text, registry=registry_text(lesions=lesions))
    for name in ("upper", "lower", "alone"):
        assert result.state(name) == "NOT_EVALUATED", result.text
        assert "L" in result.outcome(name)["reason"]
    assert {row["outcome"] for row in result.outcomes("each") if row["lesion"] == "L2"} == {"NOT_EVALUATED"}
    assert result.verdict == "INCOMPLETE"


def test_liver_gtv_is_a_name_when_there_is_such_a_structure(bench):
    """`Liver-GTV` means the structure of that name if it exists, else Liver - @gtv."""
    drawn = RoiSpec("Liver-GTV", 1, box_contours((-60, -10), (-45, 25), (-45, 9)))
    case = bench.build(rois=rois(extra=[drawn]))
    result = bench.check(export=case.folder, protocol=protocol_text(volume_of("v", "Liver-GTV")))
    assert result.outcome("v")["value"] == pytest.approx(50 * 70 * 57 / 1000, rel=5e-4)


def test_quoted_names_may_have_blanks_and_operators(bench):
    """A name with blanks or operators is one name in quotes, and the operator outside them."""
    odd = [
        RoiSpec("Liver - old", 1, box_contours((-60, -50), (-45, -35), (-45, 9))),
        RoiSpec("Chest wall (R)", 2, box_contours((-60, -50), (-45, -35), (18, 57))),
    ]
    case = bench.build(rois=rois(extra=odd))
    text = protocol_text(
        volume_of("a", '"Liver - old"'),
        volume_of("b", 'Liver - "Liver - old"'),
        volume_of("c", '"Chest wall (R)" | "Liver - old"'),
    )
    result = bench.check(export=case.folder, protocol=text)
    assert result.outcome("a")["value"] == pytest.approx(5.7, rel=5e-4)
    assert result.outcome("b")["value"] == pytest.approx(LIVER - 5.7, rel=5e-4)
    assert result.outcome("c")["value"] == pytest.approx(5.7 + 4.2, rel=5e-4)


@pytest.mark.parametrize(
    "text",
    ["Liver - (GTV_L1", "Liver - ", "| Liver", "@lesion", "@oar", "@lesion.oar", '"Liver', "", "()", "Liver & & Lung_L",
     "SpinalCord + 5", "SpinalCord + 5 cc", "SpinalCord + -5 mm"],
)  # fmt: skip
def test_unclear_expressions_are_errors_of_the_file(bench, text):
    """An expression that cannot be read is exit 2 and names its key."""
    result = bench.check(protocol=protocol_text(constraint("bad", structure=text)))
    assert result.code == 2, result.text
    assert result.codes & {"RTD801", "RTD804"}
    assert "structure" in result.out


@pytest.mark.parametrize("text", ["Lung_L - PTV_L2 | PTV_L2", "Lung_L | Lung_R - @gtv"])
def test_mixed_operators_are_read_from_the_left_or_refused(bench, text):
    """The contract gives no rank of operators: without parentheses they go from left to right or are refused."""
    result = bench.check(protocol=protocol_text(volume_of("v", text)))
    expected = {"Lung_L - PTV_L2 | PTV_L2": box_volume_cc("Lung_L"), "Lung_L | Lung_R - @gtv": LUNGS - GTV2}[text]
    if result.code == 2:
        assert result.codes & {"RTD801", "RTD804"}
    else:
        assert result.outcome("v")["value"] == pytest.approx(expected, rel=5e-4)


def test_a_margin_is_never_silently_left_out(bench):
    """SpinalCord + 5 mm is larger than the cord, or not evaluated and no PASS."""
    row = constraint("prv", structure="SpinalCord + 5 mm", metric="Volume[cc]", goal="<= 1000 cc")
    result = bench.check(protocol=protocol_text(row))
    found = result.outcome("prv")
    if found["value"] is None:
        assert (found["outcome"], result.verdict) == ("NOT_EVALUATED", "INCOMPLETE")
    else:
        assert found["value"] > 1.5 * box_volume_cc("SpinalCord")


def test_an_empty_difference_is_no_pass(bench):
    """A structure of which nothing is left has no dose: not evaluated, never kept."""
    result = bench.check(protocol=protocol_text(constraint("none", structure="GTV_L1 - PTV_L1", goal="<= 60 Gy")))
    assert result.state("none") == "NOT_EVALUATED", result.text
    assert result.verdict == "INCOMPLETE"


ALIASES = ["SpinalCord", "Spinal Cord", "SPINAL CORD", "Spinal_Cord", "脊髓"]


@pytest.mark.parametrize("name", ALIASES)
def test_listed_names_match_with_a_note(bench, name):
    """A listed synonym of the cord is the cord; the match is noted unless it is the name itself."""
    case = bench.build(rois=rois(("SpinalCord", name)))
    result = bench.check(export=case.folder, protocol=protocol_text(constraint("c")))
    assert (result.verdict, result.state("c")) == ("PASS", "MET"), result.text
    assert result.severity("RTD304") == (set() if name == "SpinalCord" else {"I"})


@pytest.mark.parametrize(
    "name", ["SpinalCord_PRV05", "SpinalCord PRV", "Cord_opt", "SpinalCordx", "Spinal", "zSpinalCord"]
)
def test_unlisted_names_never_match(bench, name):
    """A planning risk volume, a helper or a near miss is not the organ."""
    case = bench.build(rois=rois(("SpinalCord", name)))
    result = bench.check(export=case.folder, protocol=protocol_text(constraint("c")))
    assert result.state("c") == "NOT_EVALUATED", result.text
    assert result.severity("RTD301") == {"E"}
    assert result.verdict == "INCOMPLETE"


def test_two_structures_for_one_name_are_not_a_choice(bench):
    """Two aliases, or the same name twice, are ambiguous: RTD302 and not evaluated."""
    for first, second in (("Spinal Cord", "脊髓"), ("SpinalCord", "SpinalCord")):
        twin = replace(box_roi("SpinalCord", 1), name=second)
        case = bench.build(rois=rois(("SpinalCord", first), extra=[twin]))
        result = bench.check(export=case.folder, protocol=protocol_text(constraint("c")))
        assert result.state("c") == "NOT_EVALUATED", result.text
        assert result.severity("RTD302") == {"E"}
        assert result.verdict == "INCOMPLETE"


def test_lesion_structures_are_matched_by_the_registered_name_only(bench):
    """A target named a little differently from the registry is missing, never taken for it."""
    case = bench.build(rois=rois(("PTV_L1", "PTV L1")))
    result = bench.check(export=case.folder, protocol=protocol_text())
    assert result.verdict in ("INCOMPLETE", "FAIL"), result.text
    assert result.lesion("L1")["state"] in ("NOT_EVALUATED", "NOT_TREATED")
    assert {row["outcome"] for row in result.outcomes("cov") if row["lesion"] == "L1"} <= {"NOT_EVALUATED"}


def test_a_target_name_that_is_there_twice_is_ambiguous(bench):
    """Two structures with a lesion's registered name: the lesion is not evaluated."""
    twin = replace(box_roi("PTV_L1", 1), contours=box_contours((40, 50), (20, 30), (-27, -6)))
    case = bench.build(rois=rois(extra=[twin]))
    result = bench.check(export=case.folder, protocol=protocol_text())
    assert "RTD302" in result.codes
    assert result.lesion("L1")["state"] == "NOT_EVALUATED"
    assert result.verdict == "INCOMPLETE"


def test_a_structure_without_contours_is_not_evaluated(bench):
    """An ROI with no contour, or with points only, is RTD303 and no value."""
    for loops, kind in (((), "CLOSED_PLANAR"), ([box_contours((0, 1), (0, 1), (0, 0))[0][:1]], "POINT")):
        empty = replace(box_roi("SpinalCord", 1), contours=loops, kind=kind)
        case = bench.build(rois=rois(drop=("SpinalCord",), extra=[empty]))
        result = bench.check(export=case.folder, protocol=protocol_text(constraint("c")))
        assert result.state("c") == "NOT_EVALUATED", result.text
        assert "RTD303" in result.codes
        assert result.verdict == "INCOMPLETE"


def test_target_like_structures_that_no_lesion_claims(bench):
    """A PTV in the set that no registered lesion claims is RTD758 and at best REVIEW."""
    extra = RoiSpec("PTV_new", 1, box_contours((30, 45), (20, 35), (-30, -12)), "PTV")
    case = bench.build(rois=rois(extra=[extra]))
    result = bench.check(export=case.folder, protocol=protocol_text())
    assert result.severity("RTD758") == {"W"}
    assert any("PTV_new" in item["subject"] + item["message"] for item in result.doc["findings"])
    assert result.verdict == "REVIEW", result.text
