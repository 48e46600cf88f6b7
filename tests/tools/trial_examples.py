"""Examples for the trial's protocol: facts and values in, outcomes out, every number from the evidence itself.

A value at the goal, at the last acceptable value and just beyond it shows on which side each limit counts; what is
missing is shown as well. `rtcheck protocol test` runs them.
"""

from __future__ import annotations

from tests.tools.constraint_rows import pair
from tests.tools.evidence import Evidence, Row
from tests.tools.lung_tiers import BEST_TIER, TIER

__all__ = ["trial_examples"]

BEYOND = 1.001
CLEAR = "home_oxygen = false, interstitial_disease = false, prior_irradiation = false"


def trial_examples(evidence: Evidence) -> str:
    """The ``[[example]]`` tables of the protocol."""
    rows = evidence.rows
    tiers = {word: [rows[f"SITE-DEFAULT.3-8fx.LungsGTV.{metric}.{word}"] for metric in ("V20Gy", "Mean")]
             for word in ("LF-A", "LF-B", "LF-C")}  # fmt: skip
    best = BEST_TIER.fullmatch(tiers["LF-A"][0]["condition"])
    lower = [TIER.fullmatch(tiers[word][0]["condition"]) for word in ("LF-B", "LF-C")]
    if best is None or None in lower:
        raise SystemExit("the conditions of the lung-function tiers are worded differently than expected")
    litres, percent = best.groups()
    upper = {"LF-B": lower[0].group(1), "LF-C": lower[1].group(1)}  # type: ignore[union-attr]  # None is refused above
    out = []
    good = f'impaired = "known", fev1_l = {float(litres) + 0.1:g}, fev1_percent = {percent}, {CLEAR}'
    out += _at_each_limit("FEV1 above the highest bound", good, tiers["LF-A"], '["lung"]', "LF-A")
    for word, other in (("LF-B", "LF-C"), ("LF-C", "LF-B")):
        facts = f'impaired = "known", fev1_l = {upper[word]}, fev1_percent = {percent}, {CLEAR}'
        words = f"FEV1 of {upper[word]} l with {percent} % of predicted: the worse of the two counts"
        out += _at_each_limit(words, facts, tiers[word], '["lung"]', word, tiers[other])
    oxygen = f'impaired = "no", fev1_l = {float(litres) + 0.1:g}, fev1_percent = {percent}, home_oxygen = true'
    out.append(_example("oxygen at home is the worst tier whatever the FEV1", oxygen, '["lung"]',
                        found={"lung_function": '"LF-C"'}))  # fmt: skip
    missing = f'impaired = "suspected", {CLEAR}'
    worst = tiers["LF-C"][0]
    out.append(_example(
        "no FEV1 with a lung lesion: the tier cannot be told, and what would break its limit is not evaluated",
        missing, '["lung"]', {worst["id"]: float(_last(worst))}, {worst["id"]: "NOT_EVALUATED"},
        {"lung_function": '"unknown"', "lung_at_risk": "true"},
    ))  # fmt: skip
    return "\n\n".join([*out, *_liver(evidence)])


def _liver(evidence: Evidence) -> list[str]:
    poor = evidence.rows["SITE-DEFAULT.3-15fx.LiverGTV.Mean.CPB"]
    left = evidence.rows["SITE-DEFAULT.3-15fx.LiverGTV.Volume.vol"]
    mean = evidence.rows["UK-SABR-2022.5fx.LiverGTV.Mean"]
    critical = evidence.rows["QUANTEC-LIVER.3-5fx.LiverGTV.CV15Gy"]
    limit = float(poor["limit_value"])
    out = _at_each_limit("mean liver dose with Child-Pugh A", 'child_pugh = "A"', [mean], '["liver"]', "")
    out.append(_example("Child-Pugh A: the limit for B does not apply", 'child_pugh = "A"', '["liver"]',
                        {poor["id"]: limit}, {poor["id"]: "NOT_APPLICABLE"}))  # fmt: skip
    out += _at_each_limit("Child-Pugh B", 'child_pugh = "B"', [poor], '["liver"]', "")
    out.append(_example("no Child-Pugh class: what would break the limit for B is not evaluated", "", '["liver"]',
                        {poor["id"]: limit}, {poor["id"]: "NOT_EVALUATED"}))  # fmt: skip
    volume = float(left["limit_value"])
    short = {left["id"]: volume / BEYOND, critical["id"]: volume / BEYOND}
    out.append(_example("too little liver is left: neither its volume nor the critical volume can be kept", "",
                        '["liver"]', short, dict.fromkeys(short, "VIOLATED")))  # fmt: skip
    kept = {left["id"]: volume, critical["id"]: float(critical["limit_value"])}
    out.append(_example("exactly enough liver is left and spared", "", '["liver"]', kept, dict.fromkeys(kept, "MET")))
    return out


def _last(row: Row) -> str:
    return row["acceptable_variation_value"] or row["limit_value"]


def _at_each_limit(
    words: str, facts: str, rows: list[Row], lesions: str, tier: str, others: list[Row] | None = None
) -> list[str]:
    """Examples at the goal, at the last acceptable value, and just beyond; the limits of other tiers do not apply."""
    found = {"lung_function": f'"{tier}"'} if tier else None
    at_goal = {row["id"]: float(row["limit_value"]) for row in rows}
    at_last = {row["id"]: float(_last(row)) for row in rows}
    beyond = {key: value * BEYOND for key, value in at_last.items()}
    elsewhere = {row["id"]: "NOT_APPLICABLE" for row in others or ()}
    inside = {row["id"]: float(row["limit_value"]) / BEYOND for row in rows}
    kept = "inside the goal", inside, dict.fromkeys(inside, "MET")
    last = "at the last acceptable value", at_last, _states(rows, "last")
    second, values, states = last if at_last != at_goal else kept
    return [
        _example(f"{words}; at the goal", facts, lesions, at_goal, {**_states(rows, "goal"), **elsewhere}, found),
        _example(f"{words}; {second}", facts, lesions, values, states, found),
        _example(f"{words}; beyond it", facts, lesions, beyond, dict.fromkeys(beyond, "VIOLATED"), found),
    ]


def _states(rows: list[Row], where: str) -> dict[str, str]:
    out = {}
    for row in rows:
        if row["acceptable_variation_value"]:
            out[row["id"]] = "VARIATION" if where == "last" or row["comparator"] == "<" else "MET"
        else:
            out[row["id"]] = "VIOLATED" if row["comparator"] == "<" else "MET"
    return out


def _example(
    name: str,
    facts: str,
    lesions: str,
    values: dict[str, float] | None = None,
    expect: dict[str, str] | None = None,
    found: dict[str, str] | None = None,
) -> str:
    lines = ["[[example]]", pair("name", name)]
    lines += [f"facts = {{ {facts} }}"] if facts else []
    lines += [f"lesions = {lesions}", "fractions = 5"]
    if values:
        lines.append(f"values = {{ {', '.join(f'{_quoted(key)} = {value:.12g}' for key, value in values.items())} }}")
    if expect:
        lines.append(f"expect = {{ {', '.join(pair(_quoted(key), word) for key, word in expect.items())} }}")
    if found:
        lines.append(f"expect_facts = {{ {', '.join(f'{key} = {word}' for key, word in found.items())} }}")
    return "\n".join(lines)


def _quoted(key: str) -> str:
    return f'"{key}"'
