"""The verdict as a truth table: contract §6."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtcheck.model.codes import CATALOGUE
from rtcheck.model.finding import Finding, finding
from rtcheck.report import LesionResult, Outcome
from rtcheck.rules.verdict import exit_code, fold_verdict, is_judged

STATES = ("MET", "VARIATION", "VIOLATED", "UNDECIDED", "NOT_EVALUATED", "NOT_APPLICABLE")
LESION_STATES = ("COVERED", "NOT_COVERED", "NOT_TREATED", "NOT_EVALUATED", "NOT_REQUIRED")


def outcome(state, priority="mandatory", accepted=False):
    return Outcome(
        "C", "Liver", None, "Mean[Gy]", 1.0, 1.0, 1.0, "Gy", "<= 1 Gy", None, priority, state, accepted=accepted
    )


def lesion(state):
    return LesionResult("L1", "liver", "primary", state, "", {}, ())


MET = outcome("MET")


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("MET", "PASS"),
        ("VARIATION", "REVIEW"),
        ("VIOLATED", "FAIL"),
        ("UNDECIDED", "REVIEW"),
        ("NOT_EVALUATED", "INCOMPLETE"),
        ("NOT_APPLICABLE", "PASS"),
    ],
)
def test_one_mandatory_outcome_decides(state, verdict):
    """A mandatory outcome beside one that is met."""
    assert fold_verdict([MET, outcome(state)], [], []) == verdict


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("MET", "PASS"),
        ("VARIATION", "REVIEW"),
        ("VIOLATED", "REVIEW"),
        ("UNDECIDED", "REVIEW"),
        ("NOT_EVALUATED", "REVIEW"),
        ("NOT_APPLICABLE", "PASS"),
    ],
)
def test_an_optimal_outcome_asks_for_review_at_most(state, verdict):
    """An optimal goal missed, undecided or not evaluated is REVIEW."""
    assert fold_verdict([MET, outcome(state, "optimal")], [], []) == verdict


@pytest.mark.parametrize("state", STATES)
def test_a_report_only_outcome_is_never_judged(state):
    """Whatever a report-only constraint shows, the verdict is that of the others."""
    assert fold_verdict([MET, outcome(state, "report")], [], []) == "PASS"


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("COVERED", "PASS"),
        ("NOT_COVERED", "FAIL"),
        ("NOT_TREATED", "FAIL"),
        ("NOT_EVALUATED", "INCOMPLETE"),
        ("NOT_REQUIRED", "PASS"),
    ],
)
def test_one_lesion_decides(state, verdict):
    """A lesion beside an outcome that is met."""
    assert fold_verdict([MET], [lesion("COVERED"), lesion(state)], []) == verdict


@pytest.mark.parametrize(("severity", "verdict"), [("F", None), ("E", "INCOMPLETE"), ("W", "REVIEW"), ("I", "PASS")])
def test_one_finding_decides(severity, verdict):
    """A finding of each severity beside an outcome that is met."""
    assert fold_verdict([MET], [], [Finding("RTD301", severity, "x", "y")]) == verdict


def test_every_code_that_fails_makes_the_verdict_fail():
    """A broken trial rule, limit or coverage is FAIL; the same code weakened to W is REVIEW."""
    for code in (code for code in CATALOGUE.values() if code.fails):
        assert fold_verdict([MET], [], [finding(code.code, "x", "y")]) == "FAIL"
        assert fold_verdict([MET], [], [finding(code.code, "x", "y", "W")]) == "REVIEW"


def test_a_refusal_beats_everything():
    """A finding of severity F gives no verdict, whatever else stands."""
    everything = [outcome(state) for state in STATES]
    assert fold_verdict(everything, [lesion(state) for state in LESION_STATES], [finding("RTD104", "x", "y")]) is None


def test_fail_beats_incomplete_beats_review():
    """The first that applies in the order of the contract."""
    assert fold_verdict([outcome("VIOLATED"), outcome("NOT_EVALUATED"), outcome("UNDECIDED")], [], []) == "FAIL"
    assert fold_verdict([outcome("NOT_EVALUATED"), outcome("UNDECIDED")], [], []) == "INCOMPLETE"


def test_an_accepted_undecided_outcome_counts_as_met():
    """With `undecided = "accept"` it counts as MET where it was accepted."""
    assert fold_verdict([outcome("UNDECIDED", accepted=True)], [], []) == "PASS"


def test_nothing_judged_never_passes():
    """No outcome at all, only report-only ones, or only such that do not apply."""
    assert fold_verdict([], [], []) == "INCOMPLETE"
    assert fold_verdict([outcome("MET", "report")], [lesion("COVERED")], []) == "INCOMPLETE"
    assert fold_verdict([outcome("NOT_APPLICABLE")], [], []) == "INCOMPLETE"
    assert not is_judged(outcome("MET", "report"))


@pytest.mark.parametrize(
    ("verdict", "fail_on", "code"),
    [
        ("PASS", None, 0),
        ("FAIL", None, 1),
        ("REVIEW", None, 3),
        ("INCOMPLETE", None, 3),
        (None, None, 4),
        ("PASS", "review", 0),
        ("FAIL", "review", 1),
        ("REVIEW", "review", 1),
        ("INCOMPLETE", "review", 1),
        (None, "review", 4),
        ("PASS", "never", 0),
        ("FAIL", "never", 0),
        ("REVIEW", "never", 0),
        ("INCOMPLETE", "never", 0),
        (None, "never", 4),
    ],
)
def test_the_exit_code_follows_the_table(verdict, fail_on, code):
    """Contract §1, with `--fail-on`."""
    assert exit_code(verdict, fail_on) == code


GOOD = {"PASS": 3, "REVIEW": 2, "INCOMPLETE": 1, "FAIL": 1, None: 1}
"""FAIL, INCOMPLETE and no verdict are equally far from PASS: knowing less may turn FAIL into INCOMPLETE, no further."""

outcomes = st.builds(
    outcome, st.sampled_from(STATES), st.sampled_from(["mandatory", "optimal", "report"]), st.booleans()
)
lesions = st.builds(lesion, st.sampled_from(LESION_STATES))
findings = st.builds(Finding, st.sampled_from(sorted(CATALOGUE)), st.sampled_from("FEWI"), st.just("x"), st.just("y"))
anything = st.tuples(st.lists(outcomes, max_size=4), st.lists(lesions, max_size=3), st.lists(findings, max_size=3))


@settings(derandomize=True, max_examples=300, deadline=None)
@given(anything, findings)
def test_one_more_finding_never_improves_a_verdict(everything, more):
    """A finding is bad news or no news."""
    judged, registered, noticed = everything
    before, after = fold_verdict(judged, registered, noticed), fold_verdict(judged, registered, [*noticed, more])
    assert GOOD[after] <= GOOD[before]


@settings(derandomize=True, max_examples=300, deadline=None)
@given(anything, st.data())
def test_knowing_less_never_improves_a_verdict(everything, data):
    """An outcome or lesion that turns NOT_EVALUATED leaves the verdict as far from PASS as it was, or further."""
    judged, registered, noticed = everything
    before = fold_verdict(judged, registered, noticed)
    if judged:
        index = data.draw(st.integers(0, len(judged) - 1))
        if judged[index].outcome != "NOT_APPLICABLE":
            less = [*judged[:index], outcome("NOT_EVALUATED", judged[index].priority), *judged[index + 1 :]]
            assert GOOD[fold_verdict(less, registered, noticed)] <= GOOD[before]
    if registered:
        less = [*registered[1:], lesion("NOT_EVALUATED")]
        assert GOOD[fold_verdict(judged, less, noticed)] <= GOOD[before]


@settings(derandomize=True, max_examples=200, deadline=None)
@given(anything, st.randoms(use_true_random=False))
def test_order_never_matters(everything, random):
    """The same parts in another order give the same verdict."""
    shuffled = [list(part) for part in everything]
    for part in shuffled:
        random.shuffle(part)
    assert fold_verdict(*shuffled) == fold_verdict(*everything)


def test_pass_needs_everything_to_be_good():
    """Over every pair of outcome states and every lesion state, PASS appears only where each part allows it."""
    for first, second, state in itertools.product(STATES, STATES, LESION_STATES):
        verdict = fold_verdict([outcome(first), outcome(second)], [lesion(state)], [])
        allowed = {first, second} <= {"MET", "NOT_APPLICABLE"} and "MET" in {first, second}
        assert (verdict == "PASS") == (allowed and state in ("COVERED", "NOT_REQUIRED"))
