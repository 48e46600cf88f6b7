"""Limits of other programs: right numbers and units, drafts only, and nothing dropped without being named."""

from __future__ import annotations

import json

import pytest

from rtcheck.catalogue.convert import convert_file
from rtcheck.catalogue.convert_csv import write_csv
from rtcheck.catalogue.protocol import read_protocol
from rtcheck.dvh.notation import print_metric
from rtcheck.errors import FileFaultsError
from tests.cli.test_command_line import run

CSV = """\
Structure ID,Structure Code,Aliases,DVH Objective,Evaluator,Variation,Priority,Met
Heart,7088,heart|HEART,D0.5cc[Gy],<=29,38,1,
Lung L,,,V2000cGy[%],<10,,2,
Cord,,,Max[cGy],<=2300,2500,1,
PTV,,,D95%[Gy],>=50,47.5,1,
Skin,,,D10cc[Gy],30,,1,
Liver,,,CI,<=1.2,,1,
Aorta,,,Mean[Gy],<=20,10,1,
"""
ITEM = ("<Item ID='{}' Primary='false'><Type>0</Type><Modifier>{}</Modifier><Parameter>{}</Parameter>"
        "<Dose>2</Dose><TotalDose>{}</TotalDose></Item>")
MEASURE = ("<MeasureItem ID='{}'><Type>{}</Type><Modifier>{}</Modifier><Value>{}</Value><TypeSpecifier>{}"
           "</TypeSpecifier><ReportDQPValueInAbsoluteUnits>{}</ReportDQPValueInAbsoluteUnits></MeasureItem>")
XML = ("<?xml version='1.0'?><Protocol><Preview ID='Liver SBRT'/><Phases><Phase ID='P1'>"
       "<FractionCount>5</FractionCount>"
       "<Prescription>{}</Prescription></Phase></Phases></Protocol>")


def converted(tmp_path, name, text):
    """The limits of a file as (structure, metric, goal, variation), what was left out, and the protocol."""
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    result = convert_file(path)
    out = tmp_path / "out.toml"
    out.write_text(result.text, encoding="utf-8")
    protocol = read_protocol(out)
    assert protocol.status == "draft"
    for left in result.left:
        assert left.why
        assert f"# - {left.place}: " in result.text
    rows = [(one.structure, print_metric(one.metric), f"{one.goal.comparator}{one.goal.value:g}",
             one.variation.value if one.variation else None) for one in protocol.constraints]
    return rows, result.left, protocol


def test_csv_with_alias_columns(tmp_path):
    """Units come from the objective, cGy becomes Gy, names with blanks are quoted; odd rows are named."""
    rows, left, protocol = converted(tmp_path, "site.csv", CSV)
    assert rows == [
        ("Heart", "D0.5cc[Gy]", "<=29", 38.0), ('"Lung L"', "V20Gy[%]", "<10", None), ("Cord", "Max[Gy]", "<=23", 25.0),
        ("PTV", "D95%[Gy]", ">=50", 47.5), ("Aorta", "Mean[Gy]", "<=20", None),
    ]  # fmt: skip
    assert [one.place for one in left] == ["row 6", "row 7", "row 8"]
    heart = protocol.constraints[0]
    assert "heart, HEART" in heart.note
    assert "Priority there: 1" in heart.note
    assert {one.confidence for one in protocol.constraints} == {"memory"}
    assert {one.priority for one in protocol.constraints} == {"mandatory"}
    assert "SHA-256" in protocol.sources[heart.source].citation


def test_a_stated_source_is_kept(tmp_path):
    """A row that names its source is a secondary source, the others stay recalled."""
    text = "Structure,Objective,Evaluator,Source\nHeart,Mean[Gy],<=5,A et al. 2020\nLiver,Mean[Gy],<=13,\n"
    _, _, protocol = converted(tmp_path, "s.csv", text)
    assert [one.confidence for one in protocol.constraints] == ["secondary-source", "memory"]
    assert "A et al. 2020" in protocol.sources[protocol.constraints[0].source].citation


@pytest.mark.parametrize(("item", "row"), [
    (ITEM.format("PTV", 0, 95, 50), ("PTV", "V50Gy[%]", ">=95", None)),
    (ITEM.format("Lung", 1, 10, 20), ("Lung", "V20Gy[%]", "<=10", None)),
    (ITEM.format("Liver", 8, "", 13), ("Liver", "Mean[Gy]", "<13", None)),
    (ITEM.format("Cord", 10, "", 23), ("Cord", "Max[Gy]", "<23", None)),
    (ITEM.format("PTV", 7, "", 50), ("PTV", "Mean[Gy]", ">50", None)),
    (ITEM.format("PTV", 9, "", 45), ("PTV", "Min[Gy]", ">45", None)),
    (MEASURE.format("Lung", 3, 1, 10, 20, "false"), ("Lung", "V20Gy[%]", "<10", None)),
    (MEASURE.format("PTV", 2, 0, 95, 100, "false"), ("PTV", "V100%[%]", ">95", None)),
    (MEASURE.format("Heart", 5, 1, 29, 0.5, "true"), ("Heart", "D0.5cc[Gy]", "<29", None)),
    (MEASURE.format("PTV", 4, 0, 95, 98, "false"), ("PTV", "D98%[%]", ">95", None)),
])
def test_eclipse_codes_that_are_agreed_on(tmp_path, item, row):
    """Plan objectives and indices keep structure, metric, direction and number; the phase gives the fractions."""
    rows, left, protocol = converted(tmp_path, "p.xml", XML.format(item))
    assert rows == [row]
    assert left == ()
    assert protocol.constraints[0].fractions == (5, 5)
    assert protocol.title == "Liver SBRT"


@pytest.mark.parametrize("item", [
    ITEM.format("X", 2, "", 50), ITEM.format("X", 4, "", 50), ITEM.format("X", 5, "", 50),
    MEASURE.format("X", 3, 3, 10, 20, "false"), MEASURE.format("X", 3, 4, 10, 20, "false"),
    MEASURE.format("X", 6, 1, 10, 0, "true"), MEASURE.format("X", 7, 1, 10, 0, "true"),
    MEASURE.format("X", 3, 1, 10, 20, "true"), MEASURE.format("X", 0, 1, 1.2, 95, "false"),
])
def test_eclipse_codes_that_are_not_agreed_on_are_listed(tmp_path, item):
    """Where descriptions of a code contradict each other nothing is guessed."""
    rows, left, _ = converted(tmp_path, "p.xml", XML.format(ITEM.format("Liver", 8, "", 13) + item))
    assert len(rows) == 1
    (one,) = left
    assert one.what.startswith("X ")


@pytest.mark.parametrize("text", [
    "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "<a><b></a>",
    "<a>" * 60 + "</a>" * 60, "{", "[1]", "{}", "words", "a,b\n1,2\n", "", '{"ScoreTemplates": []}',
    "<?xml version='1.0' encoding='x-none'?><a/>", "Structure,Objective,Evaluator\n" + "x" * 200_000 + ",Max[Gy],<=1\n",
])
def test_files_that_are_none_are_refused(tmp_path, text):
    """Document types, broken files and other forms are faults of the file, never limits."""
    path = tmp_path / "x"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileFaultsError):
        convert_file(path)


def goal(roi, criteria, kind, level, parameter, **more):
    return {"RoiName": roi, "GoalCriteria": criteria, "GoalType": kind, "AcceptanceLevel": level,
            "ParameterValue": parameter, **more}


def test_raystation_clinical_goals(tmp_path):
    """cGy, fractions of 1 and cm3 become Gy, per cent and cc; what another unit would explain is listed."""
    goals = [
        goal("Heart", "AtMost", "DoseAtAbsoluteVolume", 2900, 0.5, Priority=1),
        goal("Lungs", "AtMost", "VolumeAtDose", 0.1, 2000),
        goal("Liver", "AtLeast", "AbsoluteVolumeAtDose", 700, 1500),
        goal("PTV", "AtLeast", "DoseAtVolume", 4750, 0.95),
        goal("Liver", "AtMost", "AverageDose", 1300, 0),
        {"PlanningGoal": {"GoalCriteria": "AtMost", "Type": "AverageDose", "PrimaryAcceptanceLevel": 500,
                          "SecondaryAcceptanceLevel": 700}, "ForRegionOfInterest": {"Name": "Spleen"}},
        goal("A", "AtMost", "AverageDose", 13, 0), goal("B", "AtMost", "VolumeAtDose", 10, 2000),
        goal("C", "AtMost", "ConformityIndex", 1.2, 5000), goal("D", "Near", "AverageDose", 1300, 0),
        goal("E", "AtMost", "AverageDose", 1300, 0, IsComparativeGoal=True), goal("", "AtMost", "AverageDose", 1300, 0),
    ]
    rows, left, _ = converted(tmp_path, "g.json", json.dumps({"goals": goals}))
    assert rows == [
        ("Heart", "D0.5cc[Gy]", "<=29", None), ("Lungs", "V20Gy[%]", "<=10", None),
        ("Liver", "V15Gy[cc]", ">=700", None),
        ("PTV", "D95%[Gy]", ">=47.5", None), ("Liver", "Mean[Gy]", "<=13", None), ("Spleen", "Mean[Gy]", "<=5", 7.0),
    ]  # fmt: skip
    assert [one.place for one in left] == [f"goal {number}" for number in range(7, 13)]


def test_scorecards(tmp_path):
    """Full score is the goal, the flagged point the last acceptable value; the scores are listed."""
    def metric(kind, points, **more):
        return {"Structure": {"StructureId": "Liver"}, "MetricType": kind, **more,
                "ScorePoints": [{"PointX": x, "Score": score, "Variation": flag} for x, score, flag in points]}
    falling = [(10, 5, False), (13, 5, False), (15, 2, True), (20, 0, False)]
    card = {"TemplateName": "T", "NumberOfFractions": 5, "ScoreTemplates": [
        metric("MeanDose", falling, OutputUnit="Gy"),
        metric("DoseAtVolume", [(4500, 0, False), (4750, 1, True), (5000, 2, False)], InputValue=95.0, InputUnit="%",
               OutputUnit="cGy"),
        metric("VolumeAtDose", falling, InputValue=20, InputUnit="Gy", OutputUnit="%"),
        metric("HomogeneityIndex", falling), metric("MeanDose", [(1, 0, False), (2, 1, False), (3, 0, False)],
                                                    OutputUnit="Gy"),
    ]}  # fmt: skip
    rows, left, protocol = converted(tmp_path, "c.json", json.dumps(card))
    assert rows == [("Liver", "Mean[Gy]", "<=13", 15.0), ("Liver", "D95%[Gy]", ">=50", 47.5),
                    ("Liver", "V20Gy[%]", "<=13", 15.0)]
    assert protocol.constraints[0].fractions == (5, 5)
    assert len(left) == 5


def test_export_lists_what_a_table_cannot_hold():
    """Every limit is a row or is named; conditions, tiers and rules are named."""
    protocol = read_protocol("nct06946849")
    text, lost = write_csv(protocol)
    assert text.count("\r\n") == 1 + sum(one.goal is not None for one in protocol.constraints)
    for one in protocol.constraints:
        if one.when or one.goal is None:
            assert any(line.startswith(f"{one.id}: ") for line in lost)
    assert any("tiers" in line for line in lost)


def test_export_and_import_meet(tmp_path):
    """What we export comes back with the same limits, those under a condition apart."""
    protocol = read_protocol("nct06946849")
    rows, left, back = converted(tmp_path, "x.csv", write_csv(protocol)[0])
    known = {one.id: one for one in protocol.constraints}
    assert len(rows) + sum(bool(one.when) and one.goal is not None for one in protocol.constraints) \
        + sum(one.goal is None for one in protocol.constraints) == len(known)
    for one in back.constraints:
        twin = known[one.id]
        assert (one.structure, one.metric, one.goal.value, one.goal.comparator, one.fractions, one.priority) == (
            twin.structure, twin.metric, twin.goal.value, twin.goal.comparator, twin.fractions, twin.priority)
    assert all("condition" in item.why for item in left)


def test_the_command(tmp_path):
    """What is left out is on standard error; an existing file is not replaced; another ending is refused."""
    source, out = tmp_path / "s.csv", tmp_path / "o.toml"
    source.write_text(CSV, encoding="utf-8")
    done = run("protocol", "convert", source, "-o", out)
    assert done.returncode == 0
    assert done.err.count("not carried over") == 3
    assert run("protocol", "check", out).returncode == 0
    assert run("protocol", "convert", source, "-o", out).returncode == 2
    assert run("protocol", "convert", source, "-o", tmp_path / "o.xlsx").returncode == 2
    assert run("protocol", "convert", out, "-o", tmp_path / "o.csv").returncode == 0
