"""Contract §5 and §6: lesion states, trial rules, intervals, and how they fold into the verdict."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from tests.acceptance.kit import ABSENT, COVERAGE, LESIONS, constraint, cord_limit, judge, protocol_text, registry_text
from tests.synthetic.dicom import GridSpec, RoiSpec
from tests.synthetic.simple import BOXES, box_contours, box_roi, linear, step

LIMITS = {"max_total": 5, "max_per_organ": 3, "regional_nodes_count_as_one": True, "min_measurable": 1}


def without(*names, extra=()):
    """The ROIs of the box patient but some."""
    return [box_roi(name, number) for number, name in enumerate(BOXES, 1) if name not in names] + list(extra)


def target_dose(first, second):
    """Doses of the two targets, elsewhere 2 Gy."""
    one, two = step(["PTV_L1"], first, 0.0), step(["PTV_L2"], second, 0.0)
    return lambda points: (one(points) + two(points)).clip(2.0)


def lesions(*changes):
    """The two lesions, the second one changed, and further ones."""
    found = copy.deepcopy(LESIONS)
    if changes:
        found[1].update(changes[0])
    return [*found, *changes[1:]]


def extra_lesion(name, organ, **changes):
    """A further active lesion on the structures of L2."""
    return {**LESIONS[1], "id": name, "organ": organ, "kind": "organ_metastasis", **changes}


def test_the_clean_case_passes(bench):
    """Everything met, everything evaluated, nothing to acknowledge: PASS, exit 0."""
    result = bench.check(protocol=protocol_text(cord_limit("c", met=True)))
    assert (result.code, result.verdict) == (0, "PASS"), result.text
    assert {item["severity"] for item in result.doc["findings"]} <= {"I"}
    assert [item["state"] for item in result.doc["lesions"]] == ["COVERED", "COVERED"]
    assert bench.check().verdict == "PASS", "the box patient with its own protocol"


def test_not_covered(bench):
    """A violated mandatory coverage row makes the lesion NOT_COVERED and the verdict FAIL; the other stays COVERED."""
    case = bench.build(dose=target_dose(53.0, 40.0))
    result = bench.check(export=case.folder, protocol=protocol_text())
    assert [item["state"] for item in result.doc["lesions"]] == ["COVERED", "NOT_COVERED"], result.text
    assert (result.code, result.verdict) == (1, "FAIL")
    assert result.severity("RTD701") == {"E"}


def test_covered_with_variation(bench):
    """Between goal and variation the lesion is COVERED and the verdict REVIEW."""
    case = bench.build(dose=target_dose(53.0, 48.0))
    row = {**COVERAGE, "metric": "D95%[%]", "goal": ">= 100 %", "variation": ">= 95 %"}
    result = bench.check(export=case.folder, protocol=protocol_text(row, coverage=False))
    assert result.lesion("L2")["state"] == "COVERED", result.text
    assert [item["outcome"] for item in result.outcomes("cov")] == ["MET", "VARIATION"]
    assert result.severity("RTD705") == {"W"}
    assert result.verdict == "REVIEW"


def test_optimal_rows_do_not_decide_coverage(bench):
    """Only mandatory @lesion outcomes decide the state."""
    row = constraint("o", structure="@lesion.ptv", metric="D95%[Gy]", goal=">= 60 Gy", priority="optimal")
    result = bench.check(protocol=protocol_text(row))
    assert [item["state"] for item in result.doc["lesions"]] == ["COVERED", "COVERED"]
    assert result.verdict == "REVIEW"


def test_not_treated_without_any_target_structure(bench):
    """A registered active lesion of which no target structure exists is NOT_TREATED, RTD757, FAIL."""
    case = bench.build(rois=without("GTV_L2", "PTV_L2"))
    result = bench.check(export=case.folder, protocol=protocol_text())
    assert result.lesion("L2")["state"] == "NOT_TREATED", result.text
    assert result.severity("RTD757") == {"E"}
    assert (result.code, result.verdict) == (1, "FAIL")


def test_not_treated_at_less_than_half_the_dose(bench):
    """A target whose median is under half its prescription was not treated; at half it was, and badly."""
    for dose, state in ((24.0, "NOT_TREATED"), (26.0, "NOT_COVERED")):
        case = bench.build(dose=target_dose(53.0, dose))
        result = bench.check(export=case.folder, protocol=protocol_text())
        assert result.lesion("L2")["state"] == state, result.text
        assert result.verdict == "FAIL"
        assert ("RTD757" in result.codes) == (state == "NOT_TREATED")


@pytest.mark.parametrize("change", [{"status": "resolved"}, {"intent": "palliative"}])
def test_not_required(bench, change):
    """Resolved and palliative lesions need no coverage, even where nothing of them is there."""
    case = bench.build(rois=without("GTV_L2", "PTV_L2"), dose=target_dose(53.0, 2.0))
    result = bench.check(export=case.folder, protocol=protocol_text(), registry=registry_text(lesions=lesions(change)))
    assert result.lesion("L2")["state"] == "NOT_REQUIRED", result.text
    assert {row["lesion"] for row in result.outcomes("cov") if row["outcome"] != "NOT_APPLICABLE"} == {"L1"}
    assert result.verdict == "PASS", result.text


def test_not_evaluated_when_no_coverage_constraint_applies(bench):
    """Without a mandatory @lesion row that applies, a lesion is NOT_EVALUATED and the verdict INCOMPLETE."""
    row = {**COVERAGE, "fractions": [10, 20]}
    result = bench.check(protocol=protocol_text(row, cord_limit("c", met=True), coverage=False))
    assert [item["state"] for item in result.doc["lesions"]] == ["NOT_EVALUATED"] * 2, result.text
    assert result.verdict == "INCOMPLETE"


def test_not_evaluated_when_the_target_cannot_be_used(bench):
    """A PTV that is absent while the GTV is there leaves the lesion NOT_EVALUATED."""
    case = bench.build(rois=without("PTV_L2"))
    result = bench.check(export=case.folder, protocol=protocol_text())
    assert result.lesion("L2")["state"] == "NOT_EVALUATED", result.text
    assert result.severity("RTD301") == {"E"}
    assert result.verdict == "INCOMPLETE"


def test_fail_beats_incomplete_beats_review(bench):
    """The worst of all outcomes is the verdict, and all of them are listed."""
    fail, absent = cord_limit("f", met=False), constraint("n", structure="Heart")
    variation = constraint("v", goal="<= 1 Gy", variation="<= 5 Gy")
    assert bench.check(protocol=protocol_text(fail, absent, variation)).verdict == "FAIL"
    assert bench.check(protocol=protocol_text(absent, variation)).verdict == "INCOMPLETE"
    assert bench.check(protocol=protocol_text(variation)).verdict == "REVIEW"


COUNTS = {
    "five metastases": (
        [extra_lesion(f"M{n}", organ) for n, organ in enumerate(("bone", "adrenal", "spleen", "skin"))],
        False,
    ),
    "six metastases": (
        [extra_lesion(f"M{n}", organ) for n, organ in enumerate(("bone", "adrenal", "spleen", "skin", "ovary"))],
        True,
    ),
    "three in the lung": ([extra_lesion("M1", "lung"), extra_lesion("M2", "lung")], False),
    "four in the lung": ([extra_lesion(f"M{n}", "lung") for n in range(3)], True),
    "many regional nodes": ([extra_lesion(f"M{n}", "lymph node", kind="regional_node") for n in range(6)], False),
}


@pytest.mark.parametrize("name", COUNTS)
def test_lesion_counts(bench, name):
    """More lesions than the trial allows, in total or in an organ, are RTD751; regional nodes count as one."""
    more, broken = COUNTS[name]
    if name == "five metastases":
        more = more[:3]  # with the primary five in all: allowed however the primary is counted
    result = bench.check(protocol=protocol_text(lesions=LIMITS), registry=registry_text(lesions=[*lesions(), *more]))
    assert ("RTD751" in result.codes) == broken, result.text
    if broken:
        assert result.severity("RTD751") == {"E"}
        assert (result.code, result.verdict) == (1, "FAIL")
    else:
        assert result.verdict == "PASS", result.text


def test_nodes_counted_one_by_one_when_the_protocol_says_so(bench):
    """With regional_nodes_count_as_one = false every node counts."""
    nodes = [extra_lesion(f"M{n}", "lymph node", kind="regional_node") for n in range(6)]
    limits = {**LIMITS, "regional_nodes_count_as_one": False}
    result = bench.check(protocol=protocol_text(lesions=limits), registry=registry_text(lesions=[*lesions(), *nodes]))
    assert "RTD751" in result.codes
    assert result.verdict == "FAIL"


def test_measurable_lesions(bench):
    """Without a measurable lesion where one is needed the case does not pass; with unknown ones neither."""
    for value in (False, ABSENT):
        found = [{**lesion, "measurable": value} for lesion in LESIONS]
        found = [{key: item for key, item in lesion.items() if item is not ABSENT} for lesion in found]
        result = bench.check(protocol=protocol_text(lesions=LIMITS), registry=registry_text(lesions=found))
        assert result.verdict != "PASS" or result.codes & {"RTD755", "RTD756"}, result.text


def test_arm_without_consolidation(bench):
    """A consolidative plan for another arm breaks the trial: RTD754, FAIL; an arm not recorded is no PASS."""
    trial = {"id": "NCT06946849", "consolidative_arms": ["2L+RT"]}
    good = bench.check(protocol=protocol_text(trial=trial))
    assert good.verdict == "PASS", good.text
    assert good.severity("RTD759") == {"I"}
    assert good.doc["reveals_arm"] is True
    bad = bench.check(protocol=protocol_text(trial=trial), registry=registry_text(trial={"arm": "2L"}))
    assert bad.severity("RTD754") == {"E"}
    assert bad.verdict == "FAIL"
    unknown = bench.check(protocol=protocol_text(trial=trial), registry=registry_text(trial={"arm": ABSENT}))
    assert unknown.verdict != "PASS", unknown.text
    assert unknown.verdict != "FAIL", "not known is not broken"


@pytest.fixture(scope="module")
def graded(bench):
    """The box patient in a dose with a gradient through the liver, so that metrics have a width."""
    high = target_dose(53.0, 53.0)
    slope = linear(12.0, (0.02, -0.1, 0.03))
    return bench.build(
        dose=lambda points: high(points).clip(2.0) * (high(points) > 10) + slope(points) * (high(points) <= 10)
    )


@pytest.mark.parametrize("metric", ["V14Gy[cc]", "D60%[Gy]"])
def test_intervals_are_judged_at_both_ends(bench, graded, metric):
    """Around a value with a width, every limit has the outcome that the three judgements give; UNDECIDED names both."""
    report = constraint("r", structure="Liver", metric=metric, goal=ABSENT, priority="report")
    found = bench.check(export=graded.folder, protocol=protocol_text(report)).outcome("r")
    low, value, high, unit = (found[key] for key in ("low", "value", "high", "unit"))
    assert low < value < high, "the volume of a stack and its doses have a width"
    below, above = 0.9 * low, 1.1 * high
    points = [below, low, (low + value) / 2, value, (value + high) / 2, high, above]
    rows, expected = [], {}
    for comparator in ("<=", ">="):
        for first, goal in enumerate(points):
            for variation in [None, *(points[first + 1 :] if comparator == "<=" else points[:first])]:
                name = f"{comparator}{goal!r}~{variation!r}"
                extra = {} if variation is None else {"variation": f"{comparator} {variation!r} {unit}"}
                goal_text = f"{comparator} {goal!r} {unit}"
                rows.append(constraint(name, structure="Liver", metric=metric, goal=goal_text, **extra))
                expected[name] = judge(low, value, high, comparator, goal, variation)
    result = bench.check(export=graded.folder, protocol=protocol_text(*rows))
    assert {name: result.state(name) for name in expected} == expected
    undecided = [name for name, state in expected.items() if state == "UNDECIDED"]
    assert undecided
    for name in undecided:
        reason = result.outcome(name)["reason"]
        words = [word for word in ("met", "variation", "violated") if word in reason.lower()]
        assert len(words) >= 2, reason


@pytest.mark.parametrize(("undecided", "inside", "verdict", "severity"), [
    (None, True, "REVIEW", {"W"}), ("review", True, "REVIEW", {"W"}), ("accept", True, "PASS", {"I"}),
    ("accept", False, "REVIEW", {"W"}),
])  # fmt: skip
def test_undecided(bench, graded, undecided, inside, verdict, severity):
    """A limit inside the interval is REVIEW; accepted only where the protocol says so and the value itself meets it."""
    report = constraint("r", structure="Liver", metric="V14Gy[cc]", goal=ABSENT, priority="report")
    found = bench.check(export=graded.folder, protocol=protocol_text(report)).outcome("r")
    goal = (found["value"] + found["high"]) / 2 if inside else (found["low"] + found["value"]) / 2
    conventions = None if undecided is None else {"undecided": undecided}
    row = constraint("u", structure="Liver", metric="V14Gy[cc]", goal=f"<= {goal!r} cc")
    result = bench.check(export=graded.folder, protocol=protocol_text(row, conventions=conventions))
    assert result.state("u") in ("UNDECIDED", "MET" if verdict == "PASS" else "UNDECIDED"), result.text
    assert result.severity("RTD603") == severity
    assert result.verdict == verdict, result.text
    conventions = result.doc["provenance"]["conventions"]
    assert (undecided or "review") in conventions.values()


def test_dose_outside_the_grid_never_keeps_a_maximum(bench):
    """An organ that leaves the dose grid cannot keep a maximum dose limit."""
    long = RoiSpec("SpinalCord", 5, box_contours((-5, 5), (42, 52), (-54, 120)))
    case = bench.build(rois=[*without("SpinalCord"), replace(long, number=50)])
    result = bench.check(export=case.folder, protocol=protocol_text(cord_limit("c", met=True)))
    assert result.state("c") == "NOT_EVALUATED", result.text
    assert result.severity("RTD601") == {"E"}
    assert result.verdict == "INCOMPLETE"


def test_a_bounded_metric_partly_outside_the_grid_is_at_best_review(bench):
    """What can be bounded although part lies outside is judged at its bounds and acknowledged (RTD602 W)."""
    long = RoiSpec("SpinalCord", 50, box_contours((-5, 5), (42, 52), (-54, 75)))
    grid = GridSpec((-78.0, -66.0, -63.0), (46, 45, 53), (3.0, 3.0))
    case = bench.build(rois=[*without("SpinalCord"), long], grid=grid)
    row = constraint("c", metric="V1Gy[%]", goal=">= 50 %")
    result = bench.check(export=case.folder, protocol=protocol_text(row))
    assert result.verdict in ("REVIEW", "INCOMPLETE"), result.text
    assert result.codes & {"RTD601", "RTD602"}
    found = result.outcome("c")
    if found["value"] is not None:
        assert found["low"] < found["high"]


def test_a_small_metric_volume_larger_than_the_structure_is_undefined(bench):
    """D2000cc of a 15 cc cord does not exist: RTD605, not evaluated."""
    result = bench.check(protocol=protocol_text(constraint("c", metric="D2000cc[Gy]", goal="<= 10 Gy")))
    assert result.state("c") == "NOT_EVALUATED"
    assert "RTD605" in result.codes
    assert result.verdict == "INCOMPLETE"
