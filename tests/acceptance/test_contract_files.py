"""Contract §3 and §4: registry and protocol files, their required keys, and every fault reported at once."""

from __future__ import annotations

import copy
import datetime as dt

import pytest

from tests.acceptance.kit import ABSENT, LESIONS, constraint, cord_limit, protocol_text, registry_text


def one(index=0, **changes):
    """The two lesions with one key of one of them changed or taken out."""
    lesions = copy.deepcopy(LESIONS)
    lesions[index].update(changes)
    return [{key: value for key, value in lesion.items() if value is not ABSENT} for lesion in lesions]


FULL_REGISTRY = {
    "patient": {
        "dicom_ids": ["TEST-0001", "OLD-3"], "life_expectancy_weeks": 40, "childbearing_potential": False,
        "consent": True,
    },
    "trial": {
        "regimen": "FOLFOX", "registered_on": dt.date(2026, 3, 2), "randomised_on": dt.date(2026, 3, 3),
    },
    "labs": {
        "neutrophils_10e9_l": 3.1, "platelets_10e9_l": 210, "haemoglobin_g_dl": 12.1, "albumin_g_dl": 3.9,
        "bilirubin_umol_l": 11, "bilirubin_uln_umol_l": 21, "alt_u_l": 30, "alt_uln_u_l": 40, "ast_u_l": 31,
        "ast_uln_u_l": 40, "alp_u_l": 90, "alp_uln_u_l": 120, "creatinine_umol_l": 70, "creatinine_uln_umol_l": 104,
        "creatinine_clearance_ml_min": 92, "pregnancy_test_on": dt.date(2026, 3, 1),
    },
    "exclusion": {"active_infection": False},
}  # fmt: skip


def test_every_key_of_the_contract_is_accepted(bench):
    """A registry that uses every key the contract names is judged."""
    lesions = one(site="segment VII", intent="consolidative", soft_tissue=False, group="a", ctv=["GTV_L1"])
    text = registry_text(
        lesions=lesions, plans=[{"label": "SIMPLE"}], prior_courses=[{"organ": "pelvis"}], **FULL_REGISTRY
    )
    result = bench.check(registry=text, protocol=protocol_text())
    assert result.verdict is not None, result.text
    other = {"labs": {"albumin_g_l": 39, "bilirubin_mg_dl": 0.7, "creatinine_mg_dl": 0.9, "haemoglobin_g_l": 121}}
    assert bench.check(registry=registry_text(**other), protocol=protocol_text()).verdict == "PASS"


def test_the_smallest_registry_is_accepted(bench):
    """Only patient.id and the lesions' required keys are needed; GTVs it does not name may be told as unclaimed."""
    keys = ("id", "organ", "kind", "status", "ptv", "dose_gy", "fractions")
    lesions = [{key: lesion[key] for key in keys} for lesion in LESIONS]
    lesions.append({"id": "L3", "organ": "bone", "kind": "bone", "status": "resolved"})
    text = registry_text(
        lesions=lesions,
        patient={key: ABSENT for key in ("age", "sex", "ecog")},
        trial=ABSENT,
        lung=ABSENT,
        liver=ABSENT,
    )
    result = bench.check(registry=text, protocol=protocol_text())
    assert result.verdict in ("PASS", "REVIEW"), result.text
    assert {item["code"] for item in result.doc["findings"] if item["severity"] != "I"} <= {"RTD758"}


WRONG_REGISTRIES = {
    "schema absent": ({"schema": ABSENT}, "schema"),
    "schema of another kind": ({"schema": "rtcheck.registry/99"}, "schema"),
    "patient.id absent": ({"patient": {"id": ABSENT}}, "id"),
    "patient.id empty": ({"patient": {"id": ""}}, "id"),
    "unknown key": ({"lung": {"fev1_litre": 2.0}}, "fev1_litre"),
    "unknown table": ({"lungs": {"impaired": "no"}}, "lungs"),
    "empty value": ({"liver": {"child_pugh": ""}}, "child_pugh"),
    "text for a number": ({"lung": {"fev1_l": "2.4"}}, "fev1_l"),
    "word that is none": ({"lung": {"impaired": "maybe"}}, "impaired"),
    "number for yes or no": ({"lung": {"home_oxygen": 1}}, "home_oxygen"),
    "regimen unknown": ({"trial": {"regimen": "FOLFIRINOX2"}}, "regimen"),
    "negative value": ({"lung": {"fev1_l": -2.4}}, "fev1_l"),
    "not a number": ({"lung": {"fev1_l": float("nan")}}, "fev1_l"),
    "both of a pair": ({"labs": {"albumin_g_dl": 3.9, "albumin_g_l": 39}}, "albumin"),
    "unknown lab": ({"labs": {"crp": 5}}, "crp"),
    "lesion without id": ({"lesions": one(id=ABSENT)}, "id"),
    "lesion without organ": ({"lesions": one(organ=ABSENT)}, "organ"),
    "lesion without kind": ({"lesions": one(kind=ABSENT)}, "kind"),
    "lesion without status": ({"lesions": one(status=ABSENT)}, "status"),
    "active lesion without dose": ({"lesions": one(dose_gy=ABSENT)}, "dose_gy"),
    "active lesion without fractions": ({"lesions": one(fractions=ABSENT)}, "fractions"),
    "active lesion without structures": ({"lesions": one(gtv=ABSENT, ptv=ABSENT)}, "tv"),
    "empty list of structures": ({"lesions": one(gtv=[])}, "gtv"),
    "structure that is no list": ({"lesions": one(gtv="GTV_L1")}, "gtv"),
    "kind unknown": ({"lesions": one(kind="metastasis")}, "kind"),
    "status unknown": ({"lesions": one(status="treated")}, "status"),
    "intent unknown": ({"lesions": one(intent="curative?")}, "intent"),
    "fractions not whole": ({"lesions": one(fractions=5.5)}, "fractions"),
    "fractions zero": ({"lesions": one(fractions=0)}, "fractions"),
    "dose zero": ({"lesions": one(dose_gy=0)}, "dose_gy"),
    "dose in cGy by mistake": ({"lesions": one(dose_gy=5000)}, "dose_gy"),
    "lesion id twice": ({"lesions": one(1, id="L1")}, "L1"),
    "misspelt lesion key": ({"lesions": one(fraction=5)}, "fraction"),
    "plan without a name": ({"plans": [{}]}, "plan"),
}


@pytest.mark.parametrize("name", WRONG_REGISTRIES)
def test_wrong_registries_are_refused(bench, name):
    """Each fault of a registry is exit 2 with a finding of severity F that names the key; nothing is judged."""
    changes, word = WRONG_REGISTRIES[name]
    result = bench.check(registry=registry_text(**changes), protocol=protocol_text())
    assert result.code == 2, result.text
    assert result.doc["outcomes"] == []
    assert any(item["code"].startswith("RTD8") and item["severity"] == "F" for item in result.doc["findings"])
    assert any(word in item["subject"] + item["message"] for item in result.doc["findings"]), result.text


def test_every_fault_of_a_registry_is_reported_at_once(bench):
    """Four faults give four messages, each with its key path, and a misspelt key the right one."""
    text = registry_text(
        lung={"fev1_litre": 2.0, "impaired": "maybe"}, patient={"age": "old"}, lesions=one(1, organ=ABSENT)
    )
    result = bench.check(registry=text, protocol=protocol_text())
    said = " ".join(f"{item['subject']} {item['message']}" for item in result.doc["findings"])
    for word in ("fev1_litre", "fev1_l", "lung.impaired", "patient.age", "lesion"):
        assert word in said, said
    assert "organ" in said
    assert "registry.toml" in said


def test_broken_toml_names_the_line(bench):
    """A file that is not TOML is exit 2 and says where."""
    for which in ("registry", "protocol"):
        texts = {"registry": registry_text(), "protocol": protocol_text()}
        texts[which] += "\n[unclosed\n"
        result = bench.check(**texts)
        assert result.code == 2
        assert f"{which}.toml" in result.out
        assert "line" in result.out
    result = bench.check(registry=registry_text() + "\n[lung]\nfev1_l = 1.0\n", protocol=protocol_text())
    assert result.code == 2, "a table twice"


WRONG_PROTOCOLS = {
    "schema absent": ({"top": {"schema": ABSENT}}, "schema"),
    "schema of a registry": ({"top": {"schema": "rtcheck.registry/1"}}, "schema"),
    "id absent": ({"top": {"id": ABSENT}}, "id"),
    "status unknown": ({"top": {"status": "fine"}}, "status"),
    "approved by nobody": ({"top": {"approved_by": ABSENT}}, "approved_by"),
    "approved at no time": ({"top": {"approved_on": ABSENT}}, "approved_on"),
    "unknown top key": ({"top": {"vresion": "2"}}, "vresion"),
    "include that is not there": ({"top": {"include": ["nowhere.toml"]}}, "nowhere.toml"),
    "unknown lesion rule": ({"lesions": {"max_totall": 5}}, "max_totall"),
    "unknown convention": ({"conventions": {"structure_model": "cylinder"}}, "structure_model"),
    "undecided unknown": ({"conventions": {"undecided": "ignore"}}, "undecided"),
    "bears on nothing": ({"eligibility": [{"id": "r", "requires": {"ecog": 1}, "bears_on": "x"}]}, "bears_on"),
    "tier without rank": ({"tiers": [{"fact": "t", "id": "A", "any": [{"ecog": 1}]}]}, "rank"),
}


@pytest.mark.parametrize("name", WRONG_PROTOCOLS)
def test_wrong_protocols_are_refused(bench, name):
    """Each fault of a protocol is exit 2, RTD801, and names the key."""
    changes, word = WRONG_PROTOCOLS[name]
    result = bench.check(protocol=protocol_text(cord_limit("c", met=True), **changes))
    assert result.code == 2, result.text
    assert "RTD801" in result.codes
    assert any(word in item["subject"] + item["message"] for item in result.doc["findings"]), result.text


WRONG_CONSTRAINTS = {
    "id": {"id": ABSENT}, "structure": {"structure": ABSENT}, "metric": {"metric": ABSENT}, "goal": {"goal": ABSENT},
    "priority": {"priority": ABSENT}, "source": {"source": ABSENT}, "source of nowhere": {"source": "NO-SUCH-2099"},
    "priority unknown": {"priority": "important"}, "unknown key": {"gaol": "<= 5 Gy"},
    "fractions alone": {"fractions": 5},
    "fractions reversed": {"fractions": [8, 3]}, "alpha_beta zero": {"alpha_beta": 0.0},
    "confidence unknown": {"confidence": "sure"}, "goal and table": {
        "goal_table": {"by": "Volume[cc]", "of": "@ptv", "goal": [[1.0, 2.0], [2.0, 3.0]]},
    },
    "table not ascending": {
        "goal": ABSENT, "goal_table": {"by": "Volume[cc]", "of": "@ptv", "goal": [[2.0, 2.0], [1.0, 3.0]]},
    },
    "table without points": {"goal": ABSENT, "goal_table": {"by": "Volume[cc]", "of": "@ptv", "goal": []}},
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_CONSTRAINTS)
def test_wrong_constraints_are_refused(bench, name):
    """Each missing or wrong key of a constraint is exit 2 with RTD801."""
    row = constraint("c")
    row.update(WRONG_CONSTRAINTS[name])
    result = bench.check(protocol=protocol_text({key: value for key, value in row.items() if value is not ABSENT}))
    assert result.code == 2, result.text
    assert "RTD801" in result.codes
    assert "constraint" in result.out


def test_an_id_twice_is_refused(bench):
    """Two constraints of one id are an error of the file, also when they agree."""
    result = bench.check(protocol=protocol_text(cord_limit("c", met=True), cord_limit("c", met=True)))
    assert result.code == 2
    assert "RTD801" in result.codes


def test_every_fault_of_a_protocol_is_reported_at_once(bench):
    """Five faults in five rows are five messages."""
    text = protocol_text(
        constraint("a", metric="V20"),
        constraint("b", goal="<= 5"),
        constraint("c", structure="Liver - ("),
        constraint("d", goal="<= 5 Gy", variation="<= 3 Gy"),
        constraint("e", prioritee="x"),
    )
    result = bench.check(protocol=text)
    said = " ".join(f"{item['subject']} {item['message']}" for item in result.doc["findings"])
    assert result.code == 2
    for word in ("metric", "goal", "structure", "variation", "prioritee", "protocol.toml"):
        assert word in said, said
    assert len(result.doc["findings"]) >= 5


def test_registry_and_protocol_faults_together(bench):
    """Faults of both files are told in one run."""
    result = bench.check(
        registry=registry_text(lung={"fev1_litre": 2.0}), protocol=protocol_text(constraint("a", metric="V20"))
    )
    assert result.code == 2
    assert "fev1_litre" in result.out
    assert "V20" in result.out


def test_included_files_count(bench):
    """A protocol's included set is judged like its own rows, and its faults are named by its file."""
    path = bench.write("protocol.toml", protocol_text(top={"include": ["extra.toml"]}))
    extra = path.parent / "extra.toml"
    body = protocol_text(cord_limit("from-extra", met=False), coverage=False)
    extra.write_text(body, encoding="utf-8")
    result = bench.check(protocol=path)
    assert result.state("from-extra") == "VIOLATED", result.text
    assert result.verdict == "FAIL"
    extra.write_text(body.replace("<= 1 Gy", "<= 1"), encoding="utf-8")
    result = bench.check(protocol=path)
    assert result.code == 2
    assert "extra.toml" in result.out


def test_a_draft_is_usable_and_never_passes(bench):
    """status = "draft" raises RTD805 (W): at best REVIEW."""
    result = bench.check(protocol=protocol_text(top={"status": "draft", "approved_by": ABSENT, "approved_on": ABSENT}))
    assert result.severity("RTD805") == {"W"}
    assert result.verdict == "REVIEW", result.text


def test_a_protocol_of_which_nothing_applies_gives_no_verdict(bench):
    """RTD806 F: no constraint for this plan, so nothing was judged."""
    row = cord_limit("c", met=True, fractions=[20, 30])
    result = bench.check(protocol=protocol_text(row, coverage=False))
    assert result.severity("RTD806") == {"F"}, result.text
    assert result.code == 4
    both = cord_limit("d", met=True, when={"child_pugh": "C"})
    assert bench.check(protocol=protocol_text(row, both, coverage=False)).code == 4
    empty = bench.check(protocol=protocol_text(coverage=False))
    assert empty.code in (2, 4), empty.text
