"""Matching of structure names: exact, through the table, composed, ambiguous or absent."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from rtcheck.model.structure import ROI, ContourSet
from rtcheck.rules.names import StandardName, build_table, fold_name, match_name, table_faults

TABLE = build_table(
    [
        StandardName("Lungs", ("Both Lungs", "双肺"), ("Lung_L", "Lung_R")),
        StandardName("Lung_L", ("Left Lung", "左肺")),
        StandardName("Lung_R", ("Right Lung", "右肺")),
        StandardName("SpinalCord", ("Cord", "脊髓")),
        StandardName("Liver", ("肝", "肝脏")),
    ]
)


def rois(*names):
    """ROIs with these names, numbered from 1, without contours."""
    empty = ContourSet(np.zeros((0, 3)), np.zeros(1, dtype=np.int64), ())
    return tuple(ROI(number, name, "", "1.2", empty) for number, name in enumerate(names, start=1))


def found(name, *names):
    """Kind, code and names of a match."""
    match = match_name(name, rois(*names), TABLE)
    return match.kind, match.code, [roi.name for roi in match.rois]


@pytest.mark.parametrize(
    ("name", "present", "expected"),
    [
        ("Liver", ["Liver", "肝"], ("exact", "", ["Liver"])),
        ("Liver", ["Liver ", "Heart"], ("exact", "", ["Liver "])),
        ("GTV_L1", ["GTV_L1"], ("exact", "", ["GTV_L1"])),
        ("Liver", ["肝"], ("alias", "RTD304", ["肝"])),
        ("Liver", ["LIVER"], ("alias", "RTD304", ["LIVER"])),
        ("Liver", ["Ｌｉｖｅｒ"], ("alias", "RTD304", ["Ｌｉｖｅｒ"])),
        ("肝脏", ["肝"], ("alias", "RTD304", ["肝"])),
        ("cord", ["SpinalCord"], ("alias", "RTD304", ["SpinalCord"])),
        ("Liver", ["肝", "LIVER"], ("ambiguous", "RTD302", ["肝", "LIVER"])),
        ("Liver", ["Liver", "Liver"], ("ambiguous", "RTD302", ["Liver", "Liver"])),
        ("Lungs", ["Lungs", "Lung_L", "Lung_R"], ("exact", "", ["Lungs"])),
        ("Lungs", ["双肺", "Lung_L", "Lung_R"], ("alias", "RTD304", ["双肺"])),
        ("Lungs", ["Lung_R", "Lung_L"], ("composed", "RTD304", ["Lung_L", "Lung_R"])),
        ("双肺", ["左肺", "Right Lung"], ("composed", "RTD304", ["左肺", "Right Lung"])),
        ("Lungs", ["Lung_L"], ("absent", "RTD301", [])),
        ("Lungs", ["Lung_L", "Lung_R", "Lung_R"], ("ambiguous", "RTD302", ["Lung_R", "Lung_R"])),
        ("Lungs", ["Lung_L", "Left Lung", "Lung_R"], ("composed", "RTD304", ["Lung_L", "Lung_R"])),
        ("Lungs", ["左肺", "Left Lung", "Lung_R"], ("ambiguous", "RTD302", ["左肺", "Left Lung"])),
        ("Lung_L", ["Lungs"], ("absent", "RTD301", [])),
        ("Heart", ["Liver"], ("absent", "RTD301", [])),
        ("Heart", ["HEART"], ("alias", "RTD304", ["HEART"])),
        ("Ring_30", ["ＲＩＮＧ＿３０"], ("alias", "RTD304", ["ＲＩＮＧ＿３０"])),
        ("Ring_30", ["ring_30", "Ring_30"], ("exact", "", ["Ring_30"])),
        ("Ring_30", ["ring_30", "RING_30"], ("ambiguous", "RTD302", ["ring_30", "RING_30"])),
        ("Ring²", ["Ring2"], ("absent", "RTD301", [])),
        ("ガンマ", ["ｶﾞﾝﾏ"], ("alias", "RTD304", ["ｶﾞﾝﾏ"])),
        ("SpinalCord", ["Spinal Cord"], ("absent", "RTD301", [])),
        ("SpinalCord", ["", "  "], ("absent", "RTD301", [])),
    ],
)
def test_a_name_is_matched_exactly_then_through_the_table_then_by_its_parts(name, present, expected):
    """Exact beats alias beats composition; two candidates are ambiguous; likeness never matches."""
    assert found(name, *present) == expected


@pytest.mark.parametrize(
    "variant",
    [
        "SpinalCord_PRV05",
        "Cord_PRV",
        "Cord+5mm",
        "PRV_SpinalCord",
        "optSpinalCord",
        "SpinalCord_opt",
        "Cord-PTV",
        "zSpinalCord",
        "SpinalCord1",
        "Cord2",
        "脊髓PRV",
        "脊髓_PRV",
        "脊髓外扩",
    ],
)
def test_variants_of_an_organ_are_other_structures(variant):
    """A planning risk volume, an optimisation structure or a cropped organ never stands for the organ."""
    assert found("SpinalCord", variant) == ("absent", "RTD301", [])


def test_composed_letters_are_levelled():
    """A name with a composed and one with a decomposed letter are the same name."""
    assert found("Œsophage é", "Œsophage e\u0301")[0] == "exact"


def test_the_reason_names_the_candidates_with_their_numbers():
    """An ambiguous match names every candidate, an alias what was matched, an absence what only looks alike."""
    assert '"肝" (ROI 1), "LIVER" (ROI 2)' in match_name("Liver", rois("肝", "LIVER"), TABLE).reason
    assert '"Liver" was matched to "肝"' in match_name("Liver", rois("肝"), TABLE).reason
    assert '"Heart" was matched to "HEART": only case' in match_name("Heart", rois("HEART"), TABLE).reason
    assert 'only "Lung_L" exists' in match_name("Lungs", rois("Lung_L"), TABLE).reason


def test_a_spelling_listed_twice_is_an_error_of_the_table():
    """An alias of two structures, an unknown part and an empty name are faults, all named."""
    bad = [
        StandardName("Heart", ("心", "")),
        StandardName("Skin", ("ＨＥＡＲＴ",)),
        StandardName("Eyes", (), ("Eye_L", "Eye_R")),
        StandardName("Lungs", (), ("Heart",)),
    ]
    faults = table_faults(bad)
    assert [index for index, _ in faults] == [0, 1, 2, 2, 3]
    assert "also stands for Heart" in faults[1][1]
    with pytest.raises(ValueError, match=r"Skin: .*Eyes: .*Eye_L"):
        build_table(bad)


def test_an_alias_may_repeat_its_own_structure():
    """The same structure twice in its own list is no fault: it means one structure."""
    assert table_faults([StandardName("Heart", ("HEART", "heart", "心脏"))]) == ()


def shipped():
    """The shipped table, read here without the reader of the package."""
    path = Path(__file__).parents[2] / "constraints" / "names.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    assert data["schema"] == "rtcheck.names/1"
    return [
        StandardName(each["name"], tuple(each["aliases"]), tuple(each.get("composed_of", ())))
        for each in data["structure"]
    ]


def test_the_shipped_table_has_no_faults_and_no_repetition():
    """Every spelling means one structure and is listed once; every part of a composition is listed."""
    structures = shipped()
    assert table_faults(structures) == ()
    for structure in structures:
        folded = [fold_name(spelling) for spelling in (structure.name, *structure.aliases)]
        assert len(folded) == len(set(folded)), structure.name
    assert [each.name for each in structures] == list(dict.fromkeys(each.name for each in structures))


def test_the_shipped_table_lists_no_variant_and_no_word_for_two_structures():
    """No alias is a risk volume, a cropped or an optimisation structure, or a word used for one and for two organs."""
    spellings = {fold_name(s) for each in shipped() for s in (each.name, *each.aliases)}
    plain = [spelling.replace("optic", "").replace("vessel", "") for spelling in spellings]
    for bad in ("prv", "ptv", "gtv", "ctv", "itv", "opt", "avoid", "ring", "外扩", "计划"):
        assert not [spelling for spelling in plain if bad in spelling]
    for word in ("lung", "肺", "kidney", "肾", "canal", "eye", "breast", "femur", "bile duct", "nerve"):
        assert word not in spellings


def test_sides_are_not_exchanged_in_the_shipped_table():
    """No spelling of a left organ says right, and none of a right organ says left."""
    for each in shipped():
        for spelling in each.aliases:
            folded = fold_name(spelling)
            if each.name.endswith("_L"):
                assert not any(word in folded for word in ("right", "右", "rt_", "rt ", "rt-"))
            if each.name.endswith("_R"):
                assert not any(word in folded for word in ("left", "左", "lt_", "lt ", "lt-"))


@pytest.mark.parametrize(
    ("name", "exported"),
    [
        ("Esophagus", "Oesophagus"),
        ("Esophagus", "食管"),
        ("Lung_L", "LT LUNG"),
        ("Lung_L", "Lt Lung"),
        ("Lung_L", "Lung Left"),
        ("Lung_L", "肺_L"),
        ("Lung_R", "右肺"),
        ("Lungs", "全肺"),
        ("SpinalCord", "Cord"),
        ("SpinalCord", "脊髓"),
        ("Heart", "心脏"),
        ("Stomach", "胃"),
        ("Duodenum", "十二指肠"),
        ("Bowel_Small", "小肠"),
        ("Colon", "结肠"),
        ("Kidney_L", "左肾"),
        ("Kidneys", "双肾"),
        ("Spleen", "脾"),
        ("Chestwall", "胸壁"),
        ("Trachea", "气管"),
        ("GreatVes", "大血管"),
        ("BileDuct_Common", "胆总管"),
        ("Skin", "皮肤"),
        ("External", "体表"),
        ("External", "BODY"),
        ("BODY", "External"),
        ("Liver", "肝脏"),
        ("Bronchus_Main", "PBT"),
        ("Kidney_R", "Kidney Rt"),
        ("Bowel_Small", "SmallBowel"),
    ],
)
def test_usual_exports_are_known(name, exported):
    """English, old and Chinese names of the torso reach their standard name."""
    match = match_name(name, rois(exported, "Unrelated"), build_table(shipped()))
    assert [roi.name for roi in match.rois] == [exported]
    assert match.kind == "alias"
